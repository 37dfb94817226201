/* bind.h: the machine that reads JSON into structs, shared by decode, patch and defaults.
 *
 * A binder holds one frame for each open object, array or map that a schema describes; values that
 * no row wants are skipped by the scanner alone. bind.c works the frames, take.c reads the values,
 * patch.c is what a merge patch does otherwise. */
#ifndef JSON_BIND_H
#define JSON_BIND_H

#include "scan.h"
#include "sink.h"

struct gim_frame {
    const struct gim_schema *schema; /* objects */
    const struct gim_field *row;     /* who wants this container; NULL: the root */
    const struct gim_field *items;   /* arrays and maps: what an element is */
    char *into;                      /* the struct, gim_array or gim_map */
    char *elements;                  /* arrays and maps: what was read so far */
    size_t n, cap;                   /* elements begun (the last is the present one), room */
    gim_str name;                    /* objects and maps: the present member's name */
    uint64_t seen;                   /* objects: bit i: row i stood in the text */
    uint64_t present, null;          /* objects: as in gim_set */
    uint64_t bit;                    /* of the present row; 0: not a row's */
    uint32_t hint;                   /* objects: the row after the last one */
    uint32_t mark;                   /* names of this container begin here */
    uint32_t faults;                 /* how many there were when it opened */
    uint8_t kind;                    /* GIM_KIND_OBJECT, _ARRAY, _MAP */
    bool first;                      /* nothing read of it yet */
    bool patch;                      /* merges into what `into` holds */
};

struct gim_binder {
    struct gim_sink sink; /* first: the sink's pointer function finds the frames by it */
    struct gim_scan scan;
    struct gim_names names;
    unsigned depth;     /* open frames */
    unsigned level;     /* defaults inside defaults */
    bool read_only_too; /* bind rows that are read-only (a default's own rows) */
    struct gim_frame frames[GIM_JSON_MAX_DEPTH]; /* never cleared as a whole */
};

static inline struct gim_frame *gim_binder_top(struct gim_binder *b)
{
    return &b->frames[b->depth - 1];
}

/** Ready for `json`; the faults are added to `faults`. */
void gim_binder_init(struct gim_binder *b, gim_str json, struct gim_arena *a,
                     struct gim_faults *faults);
/** Reads the whole text into the struct at `into`, by decode or (`patch`) by merging. */
enum gim_bind gim_binder_run(struct gim_binder *b, const struct gim_schema *s, void *into,
                             bool patch, struct gim_json_error *err);
/** Binds `text`, a row's default, to `into`. False: it is not JSON. `level`: defaults already under
 *  way. */
bool gim_bind_default(struct gim_sink *sink, const struct gim_field *row, void *into,
                      unsigned level);

/* take.c: at the first byte of a value; false after a syntax error. `f` is the frame the value
 * stands in, NULL at the root of a default. */
bool gim_take_value(struct gim_binder *b, struct gim_frame *f, const struct gim_field *row,
                    void *into);
/** A value that is not of the wanted type: null if that is allowed, else a fault; skipped. */
bool gim_take_wrong(struct gim_binder *b, struct gim_frame *f, const struct gim_field *row,
                    void *into, const char *wanted);
bool gim_take_skip(struct gim_binder *b);

/* bind.c: at the opening bracket. */
bool gim_open_object(struct gim_binder *b, const struct gim_field *row, const struct gim_schema *s,
                     void *into, bool patch);
bool gim_open_elements(struct gim_binder *b, const struct gim_field *row, void *into, bool patch);

/* patch.c: a patch's map into the one that was there. The frame's names are still known. */
void gim_patch_map(struct gim_binder *b, const struct gim_frame *f, gim_map *map);

#endif
