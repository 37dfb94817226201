/* unset.h: for large objects on the stack that their first call fills in.
 *
 * A hardened release clears what a function does not set (-ftrivial-auto-var-init=zero). Where that
 * is kilobytes a request, and an init function right below says what is set, this leaves it out. */
#ifndef BASE_UNSET_H
#define BASE_UNSET_H

#if __has_attribute(uninitialized)
#define GIM_UNSET __attribute__((uninitialized))
#else
#define GIM_UNSET
#endif

#endif
