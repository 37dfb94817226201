/* footprint.h: giving memory back that was needed once. */
#ifndef BASE_FOOTPRINT_H
#define BASE_FOOTPRINT_H

/** Gives free heap pages back to the system. Milliseconds for a large heap: at most now and then. */
void gim_heap_trim(void);

/** Start-up is over: unmaps the pages of code and constants that it read. What serving needs comes
 *  back from the page cache by soft faults. Only segments that are never written are touched.
 *  Does nothing to the code of a process that is being debugged. Call once, before serving. */
void gim_forget_start(void);

#endif
