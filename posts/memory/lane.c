/* lane.c: a sorted log of posts. What a lane is stands in lane.h.
 *
 * Ids rise, so a new post goes to the end, and the index is no tree and no hash but an array cut
 * into 64 KiB pages of 16-byte entries: id, where the record is, and a tag of the author, which
 * lets a filtered list run over entries without touching a record (a million posts are 16 MB read
 * in order). Finding an id is a binary search of the fences, then of one page; the newest page,
 * where most calls go, is tried first. That is log n in name; it costs less than one cache miss
 * more than a hash would, and takes no bytes.
 *
 * A deleted post leaves an entry without a record. A page without live entries is freed, and two
 * neighbours that fit into half a page become one, so the index shrinks with the posts.
 *
 * A record is never changed while a key keeps it (kept, refs 2): the update writes a new one. */
#include "lane.h"

#include <stdlib.h>

struct record {
    int64_t created_us, updated_us;
    uint32_t version;
    uint32_t title_len, body_len;
    uint32_t author_len; /* NO_AUTHOR: absent */
    uint32_t refs;       /* the index, and a key */
    char text[];         /* title, body, author */
};

struct entry {
    int64_t id;
    uint32_t ref; /* 0: deleted */
    uint32_t tag;
};

#define NO_AUTHOR UINT32_MAX
#define TEXT_MAX ((size_t)UINT32_MAX / 4)
#define RECORD_HEAD offsetof(struct record, text)

enum {
    PAGE_ENTRIES = 4095, /* 64 KiB with the page's head */
    SCAN_STEP = 1024,    /* entries looked at before others may have the lock */
};

struct lane_page {
    uint32_t n, live;
    uint64_t unused;
    struct entry entries[PAGE_ENTRIES];
};

/* ---- records --------------------------------------------------------------------------------- */

static size_t texts_size(const struct store_post *p)
{
    return p->title.len + p->body.len + p->author.len;
}

static size_t record_size(const struct record *r)
{
    size_t author = r->author_len == NO_AUTHOR ? 0 : r->author_len;

    return RECORD_HEAD + r->title_len + r->body_len + author;
}

static char *put_text(char *at, gim_str s)
{
    if (s.len)
        memcpy(at, s.ptr, s.len);
    return at + s.len;
}

static void fill_texts(struct record *r, const struct store_post *p)
{
    char *at = r->text;

    r->title_len = (uint32_t)p->title.len;
    r->body_len = (uint32_t)p->body.len;
    r->author_len = p->author.ptr ? (uint32_t)p->author.len : NO_AUTHOR;
    at = put_text(at, p->title);
    at = put_text(at, p->body);
    put_text(at, p->author);
}

/* A record for `p`'s texts, its head zero but for the lengths; 0: no memory. */
static uint32_t new_record(struct lane *l, const struct store_post *p)
{
    if (p->title.len > TEXT_MAX || p->body.len > TEXT_MAX || p->author.len > TEXT_MAX)
        return 0;
    uint32_t ref = slab_alloc(&l->slab, RECORD_HEAD + texts_size(p));

    if (ref)
        fill_texts(slab_at(&l->slab, ref), p);
    return ref;
}

static void unref(struct lane *l, uint32_t ref)
{
    struct record *r = slab_at(&l->slab, ref);

    if (--r->refs == 0)
        slab_free(&l->slab, ref, record_size(r));
}

/* Copies a record into the arena: one allocation, one memcpy. */
static void copy_out(const struct record *r, int64_t id, struct gim_arena *a, struct store_post *p)
{
    size_t size = record_size(r) - RECORD_HEAD;
    char *text = gim_alloc_raw(a, size + 1, 1);

    memcpy(text, r->text, size);
    p->id = id;
    p->version = r->version;
    p->created_at.us = r->created_us;
    p->updated_at.us = r->updated_us;
    p->title = (gim_str){text, r->title_len};
    p->body = (gim_str){text + r->title_len, r->body_len};
    p->author = (gim_str){0};
    if (r->author_len != NO_AUTHOR)
        p->author = (gim_str){text + r->title_len + r->body_len, r->author_len};
}

/* ---- the index ------------------------------------------------------------------------------- */

/* The page that holds `id` if any does. */
static uint32_t page_of(const struct lane *l, int64_t id)
{
    uint32_t low = 0, high = l->n;

    if (l->n && l->pages[l->n - 1].first <= id)
        return l->n - 1;
    while (high - low > 1) {
        uint32_t mid = low + (high - low) / 2;

        if (l->pages[mid].first <= id)
            low = mid;
        else
            high = mid;
    }
    return low;
}

/* How many entries of the page are below `id`. */
static uint32_t rank_of(const struct lane_page *page, int64_t id)
{
    uint32_t low = 0, high = page->n;

    while (low < high) {
        uint32_t mid = low + (high - low) / 2;

        if (page->entries[mid].id < id)
            low = mid + 1;
        else
            high = mid;
    }
    return low;
}

/* The live entry of `id`, or NULL. */
static struct entry *find(const struct lane *l, int64_t id, uint32_t *page_at)
{
    if (!l->n)
        return NULL;
    *page_at = page_of(l, id);
    struct lane_page *page = l->pages[*page_at].page;
    uint32_t at = rank_of(page, id);

    if (at == page->n || page->entries[at].id != id || !page->entries[at].ref)
        return NULL;
    return &page->entries[at];
}

static int grow_fences(struct lane *l)
{
    if (l->n < l->capacity)
        return 0;
    uint32_t capacity = l->capacity ? l->capacity * 2 : 16;
    struct lane_fence *pages = realloc(l->pages, capacity * sizeof *pages);

    if (!pages)
        return -1;
    l->pages = pages;
    l->capacity = capacity;
    return 0;
}

/* Room for one more entry: the newest page, which has it, or NULL when there is no memory. */
static struct lane_page *room_at_end(struct lane *l)
{
    if (l->n && l->pages[l->n - 1].page->n < PAGE_ENTRIES)
        return l->pages[l->n - 1].page;
    struct lane_page *page =
        grow_fences(l) == 0 ? slab_heap_alloc(l->slab.budget, sizeof *page) : NULL;

    if (!page)
        return NULL;
    page->n = page->live = 0;
    l->pages[l->n++] = (struct lane_fence){INT64_MAX, page};
    return page;
}

static void append(struct lane *l, struct lane_page *page, struct entry e)
{
    if (page->n == 0)
        l->pages[l->n - 1].first = e.id;
    page->entries[page->n++] = e;
    page->live++;
}

static void drop_page(struct lane *l, uint32_t at)
{
    slab_heap_free(l->slab.budget, l->pages[at].page, sizeof *l->pages[at].page);
    memmove(&l->pages[at], &l->pages[at + 1], (l->n - at - 1) * sizeof *l->pages);
    l->n--;
}

static void pull_live(struct lane_page *to, uint32_t n, const struct lane_page *from)
{
    for (uint32_t i = 0; i < from->n; i++) {
        if (from->entries[i].ref)
            to->entries[n++] = from->entries[i];
    }
    to->n = to->live = n;
}

/* Joins page `at` and the next when together they fill at most half a page. */
static void join_pages(struct lane *l, uint32_t at)
{
    if (at + 1 >= l->n)
        return;
    struct lane_page *page = l->pages[at].page, *next = l->pages[at + 1].page;

    if (page->live + next->live > PAGE_ENTRIES / 2)
        return;
    pull_live(page, 0, page);
    pull_live(page, page->live, next);
    drop_page(l, at + 1);
    l->pages[at].first = page->n ? page->entries[0].id : INT64_MAX;
}

/* After a delete: gives back what the page no longer needs. */
static void shrink(struct lane *l, uint32_t at)
{
    struct lane_page *page = l->pages[at].page;

    if (page->live == 0) {
        page->n = 0;
        l->pages[at].first = INT64_MAX;
        if (at + 1 < l->n)
            drop_page(l, at);
        return;
    }
    join_pages(l, at);
    if (at)
        join_pages(l, at - 1);
}

/* Looks back from `*before` over at most SCAN_STEP entries. Returns the id found, 0 for none; sets
 * `*before` to where to go on, 0 at the end. */
static int64_t scan_back(const struct lane *l, int64_t *before, uint32_t tag)
{
    uint32_t left = SCAN_STEP;
    uint32_t at = l->n ? page_of(l, *before) + 1 : 0;

    while (at-- > 0) {
        const struct lane_page *page = l->pages[at].page;

        for (uint32_t i = rank_of(page, *before); i-- > 0;) {
            const struct entry *e = &page->entries[i];

            if (e->ref && (!tag || e->tag == tag))
                return e->id;
            if (--left == 0) {
                *before = e->id;
                return 0;
            }
        }
    }
    *before = 0;
    return 0;
}

/* ---- public ---------------------------------------------------------------------------------- */

uint32_t lane_author_tag(gim_str author)
{
    uint32_t h = 2166136261u; /* FNV-1a */

    if (!author.ptr)
        return 0;
    for (size_t i = 0; i < author.len; i++)
        h = (h ^ (uint8_t)author.ptr[i]) * 16777619u;
    return h ? h : 1;
}

void lane_init(struct lane *l, struct slab_budget *budget)
{
    *l = (struct lane){.slab = {.budget = budget}};
    pthread_mutex_init(&l->lock, NULL);
}

void lane_release(struct lane *l)
{
    for (uint32_t i = 0; i < l->n; i++)
        free(l->pages[i].page);
    free(l->pages);
    slab_release(&l->slab);
    pthread_mutex_destroy(&l->lock);
}

uint32_t lane_create(struct lane *l, unsigned number, struct post_ids *ids, struct store_post *p,
                     gim_time now, bool kept)
{
    uint32_t tag = lane_author_tag(p->author);

    pthread_mutex_lock(&l->lock);
    struct lane_page *page = room_at_end(l);
    uint32_t ref = page ? new_record(l, p) : 0;

    if (ref) {
        struct record *r = slab_at(&l->slab, ref);

        p->id = post_ids_next(ids, now.us / 1000, number);
        r->created_us = r->updated_us = now.us;
        r->version = 1;
        r->refs = kept ? 2 : 1;
        append(l, page, (struct entry){p->id, ref, tag});
    }
    pthread_mutex_unlock(&l->lock);
    p->version = 1;
    p->created_at = p->updated_at = now;
    return ref;
}

void lane_kept(struct lane *l, uint32_t ref, int64_t id, struct gim_arena *a, struct store_post *p)
{
    pthread_mutex_lock(&l->lock);
    copy_out(slab_at(&l->slab, ref), id, a, p);
    pthread_mutex_unlock(&l->lock);
}

void lane_unkeep(struct lane *l, uint32_t ref)
{
    pthread_mutex_lock(&l->lock);
    unref(l, ref);
    pthread_mutex_unlock(&l->lock);
}

enum store_result lane_read(struct lane *l, int64_t id, struct gim_arena *a, struct store_post *p)
{
    uint32_t page_at;

    pthread_mutex_lock(&l->lock);
    const struct entry *e = find(l, id, &page_at);

    if (e)
        copy_out(slab_at(&l->slab, e->ref), id, a, p);
    pthread_mutex_unlock(&l->lock);
    return e ? STORE_OK : STORE_NOT_FOUND;
}

/* The entry that a change may touch, or why not. */
static enum store_result find_version(struct lane *l, const struct store_op *op, struct entry **e,
                                      uint32_t *page_at)
{
    *e = find(l, op->post.id, page_at);
    if (!*e)
        return STORE_NOT_FOUND;
    const struct record *r = slab_at(&l->slab, (*e)->ref);

    return op->expect_version && op->expect_version != r->version ? STORE_STALE : STORE_OK;
}

/* Puts `p`'s texts in the place of the entry's record. */
static enum store_result replace(struct lane *l, struct entry *e, struct store_post *p,
                                 gim_time now)
{
    const struct record *old = slab_at(&l->slab, e->ref);
    bool in_place =
        old->refs == 1 && slab_same_class(record_size(old), RECORD_HEAD + texts_size(p));
    uint32_t ref = in_place ? e->ref : new_record(l, p);

    if (!ref)
        return STORE_FULL;
    struct record *r = slab_at(&l->slab, ref);

    old = slab_at(&l->slab, e->ref);
    p->version = (int64_t)old->version + 1;
    p->created_at.us = old->created_us;
    p->updated_at = now;
    *r = (struct record){.created_us = old->created_us,
                         .updated_us = now.us,
                         .version = old->version + 1,
                         .refs = 1};
    fill_texts(r, p);
    if (!in_place)
        unref(l, e->ref);
    e->ref = ref;
    e->tag = lane_author_tag(p->author);
    return STORE_OK;
}

enum store_result lane_update(struct lane *l, struct store_op *op, gim_time now)
{
    struct entry *e;
    uint32_t page_at;

    pthread_mutex_lock(&l->lock);
    enum store_result result = find_version(l, op, &e, &page_at);

    if (result == STORE_OK)
        result = replace(l, e, &op->post, now);
    pthread_mutex_unlock(&l->lock);
    return result;
}

enum store_result lane_delete(struct lane *l, struct store_op *op)
{
    struct entry *e;
    uint32_t page_at;

    pthread_mutex_lock(&l->lock);
    enum store_result result = find_version(l, op, &e, &page_at);

    if (result == STORE_OK) {
        unref(l, e->ref);
        e->ref = 0;
        l->pages[page_at].page->live--;
        shrink(l, page_at);
    }
    pthread_mutex_unlock(&l->lock);
    return result;
}

int64_t lane_below(struct lane *l, int64_t before, uint32_t tag)
{
    int64_t id = 0;
    int64_t at = before ? before : INT64_MAX;

    while (!id && at) {
        pthread_mutex_lock(&l->lock);
        id = scan_back(l, &at, tag);
        pthread_mutex_unlock(&l->lock);
    }
    return id;
}
