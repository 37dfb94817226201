/* take.c: one value of each kind, from its first byte into the member.
 *
 * A value of another type than the row's is a fault, not a syntax error: it is skipped, checked as
 * JSON all the same, and reading goes on, so that one reply names every fault. */
#include "bind.h"
#include "number.h"
#include "rules.h"

/* What a value is, by its first byte, for "expected a string, got a number". */
static const char *kind_of(char first)
{
    switch (first) {
    case '"':
        return "a string";
    case '{':
        return "an object";
    case '[':
        return "an array";
    case 't':
    case 'f':
        return "a boolean";
    case 'n':
        return "null";
    default:
        return "a number";
    }
}

bool gim_take_skip(struct gim_binder *b)
{
    return gim_scan_value(&b->scan, &b->names, b->depth);
}

static bool take_null(struct gim_binder *b, struct gim_frame *f, const struct gim_field *row,
                      void *into, const char *wanted)
{
    bool patch = f && f->patch;

    if (!gim_scan_literal(&b->scan, "null", 4))
        return false;
    if (row->nullable || (patch && !row->required)) {
        memset(into, 0, row->size);
        if (f)
            f->null |= f->bit;
    } else if (patch) {
        gim_sink_fault(&b->sink, "required", "must not be removed");
    } else {
        gim_sink_fault(&b->sink, "null", "expected %s, got null", wanted);
    }
    return true;
}

bool gim_take_wrong(struct gim_binder *b, struct gim_frame *f, const struct gim_field *row,
                    void *into, const char *wanted)
{
    char first = gim_scan_peek(&b->scan);

    if (first == 'n')
        return take_null(b, f, row, into, wanted);
    if (!gim_take_skip(b))
        return false;
    gim_sink_fault(&b->sink, "type", "expected %s, got %s", wanted, kind_of(first));
    return true;
}

static bool take_bool(struct gim_binder *b, struct gim_frame *f, const struct gim_field *row,
                      void *into)
{
    bool *v = into;
    char first = gim_scan_peek(&b->scan);

    if (first != 't' && first != 'f')
        return gim_take_wrong(b, f, row, into, "true or false");
    if (!gim_scan_literal(&b->scan, first == 't' ? "true" : "false", first == 't' ? 4 : 5))
        return false;
    *v = first == 't';
    gim_rules_own(&b->sink, row->check, v);
    return true;
}

static bool take_int(struct gim_binder *b, struct gim_frame *f, const struct gim_field *row,
                     void *into)
{
    struct gim_number number;
    int64_t *v = into;

    if (!gim_scan_at_number(&b->scan))
        return gim_take_wrong(b, f, row, into, "an integer");
    if (!gim_scan_number(&b->scan, &number))
        return false;
    switch (gim_number_int(&number, v)) {
    case GIM_NUMBER_OK:
        gim_rules_int(&b->sink, row, v);
        break;
    case GIM_NUMBER_FRACTION:
        gim_sink_fault(&b->sink, "type", "expected an integer, without fraction or exponent");
        break;
    case GIM_NUMBER_RANGE:
        gim_sink_fault(&b->sink, "range", "from %lld to %lld", (long long)INT64_MIN,
                       (long long)INT64_MAX);
        break;
    }
    return true;
}

static bool take_double(struct gim_binder *b, struct gim_frame *f, const struct gim_field *row,
                        void *into)
{
    struct gim_number number;
    double *v = into;

    if (!gim_scan_at_number(&b->scan))
        return gim_take_wrong(b, f, row, into, "a number");
    if (!gim_scan_number(&b->scan, &number))
        return false;
    if (gim_number_double(&number, v))
        gim_rules_double(&b->sink, row, v);
    else
        gim_sink_fault(&b->sink, "range", "too big for a double");
    return true;
}

static bool take_str(struct gim_binder *b, struct gim_frame *f, const struct gim_field *row,
                     void *into)
{
    struct gim_text text;
    gim_str *v = into;

    if (gim_scan_peek(&b->scan) != '"')
        return gim_take_wrong(b, f, row, into, "a string");
    if (!gim_scan_string(&b->scan, &text))
        return false;
    *v = gim_text_decode(&text, b->sink.arena);
    gim_rules_str(&b->sink, row, v, text.ascii);
    return true;
}

static bool take_time(struct gim_binder *b, struct gim_frame *f, const struct gim_field *row,
                      void *into)
{
    struct gim_text text;
    gim_time *v = into;

    if (gim_scan_peek(&b->scan) != '"')
        return gim_take_wrong(b, f, row, into, "a date-time in a string");
    if (!gim_scan_string(&b->scan, &text))
        return false;
    if (gim_rules_time(&b->sink, gim_text_decode(&text, b->sink.arena), v))
        gim_rules_own(&b->sink, row->check, v);
    return true;
}

static bool take_enum(struct gim_binder *b, struct gim_frame *f, const struct gim_field *row,
                      void *into)
{
    struct gim_text text;
    int *v = into, found;

    if (gim_scan_peek(&b->scan) != '"')
        return gim_take_wrong(b, f, row, into, "a string");
    if (!gim_scan_string(&b->scan, &text))
        return false;
    found = gim_rules_enum(&b->sink, row, gim_text_decode(&text, b->sink.arena));
    if (found >= 0) {
        *v = found;
        gim_rules_own(&b->sink, row->check, v);
    }
    return true;
}

/* A null is a value here as any other, unless the row or a patch gives it a meaning of its own. */
static bool take_raw(struct gim_binder *b, struct gim_frame *f, const struct gim_field *row,
                     void *into)
{
    const char *start = b->scan.at;
    gim_raw *v = into;

    if (gim_scan_peek(&b->scan) == 'n' && (row->nullable || (f && f->patch)))
        return gim_take_wrong(b, f, row, into, "a value");
    if (!gim_take_skip(b))
        return false;
    v->json = (gim_str){start, (size_t)(b->scan.at - start)};
    gim_rules_own(&b->sink, row->check, v);
    return true;
}

bool gim_take_value(struct gim_binder *b, struct gim_frame *f, const struct gim_field *row,
                    void *into)
{
    bool patch = f && f->patch;

    switch (row->kind) {
    case GIM_KIND_STR:
        return take_str(b, f, row, into);
    case GIM_KIND_INT:
        return take_int(b, f, row, into);
    case GIM_KIND_BOOL:
        return take_bool(b, f, row, into);
    case GIM_KIND_DOUBLE:
        return take_double(b, f, row, into);
    case GIM_KIND_TIME:
        return take_time(b, f, row, into);
    case GIM_KIND_ENUM:
        return take_enum(b, f, row, into);
    case GIM_KIND_RAW:
        return take_raw(b, f, row, into);
    case GIM_KIND_OBJECT:
        if (gim_scan_peek(&b->scan) != '{')
            return gim_take_wrong(b, f, row, into, "an object");
        return gim_open_object(b, row, row->schema, into, patch);
    case GIM_KIND_MAP:
        if (gim_scan_peek(&b->scan) != '{')
            return gim_take_wrong(b, f, row, into, "an object");
        return gim_open_elements(b, row, into, patch);
    case GIM_KIND_ARRAY:
        if (gim_scan_peek(&b->scan) != '[')
            return gim_take_wrong(b, f, row, into, "an array");
        return gim_open_elements(b, row, into, false);
    default:
        return gim_take_skip(b);
    }
}
