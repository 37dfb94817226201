/**
 * gimlet/pull.h: the words of a source that is asked for its next piece: gimlet/stream.h.
 */
#ifndef GIMLET_PULL_H
#define GIMLET_PULL_H

/** What a pull says of what comes next. */
enum gim_pull {
    GIM_PULL_MORE, /* ask again once this has left */
    GIM_PULL_WAIT, /* nothing for now: ask again after a gim_resume(handle, NULL), see below */
    GIM_PULL_END,  /* that was all */
    GIM_PULL_FAIL, /* cannot go on: the connection is cut, so that the client knows */
};

/** The length of a stream that is not known beforehand. */
#define GIM_LENGTH_UNKNOWN (-1)

#endif
