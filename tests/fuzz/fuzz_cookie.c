/* fuzz_cookie.c: Cookie, Authorization, Forwarded, X-Forwarded-For and Origin, whatever they hold.
 *
 * The first byte chooses the field. What must hold besides reading no byte too far: every slice that
 * comes out lies in the input; a cookie that was read can be told from its name; an address that was
 * found has one text that reads back the same; a value that passes for a Set-Cookie breaks no line;
 * and whatever a client has written, what its proxy appends to that line is believed. */
#include "../../gimlet/base/base64.h"
#include "../../gimlet/http/cookie.h"
#include "../../gimlet/http/credentials.h"
#include "../../gimlet/http/forwarded.h"
#include "../../gimlet/http/message.h"
#include "../../gimlet/http/origin.h"
#include "must.h"

static bool lies_in(gim_str part, gim_str whole)
{
    return part.ptr >= whole.ptr && part.ptr + part.len <= whole.ptr + whole.len;
}

static void try_cookie(gim_str in)
{
    struct gim_buf b = {0};
    gim_str left = in;
    gim_pair cookie;

    while (gim_cookie_next(&left, &cookie)) {
        char name[64];
        struct gim_cookie again = {.name = name, .max_age = 1};

        must(lies_in(cookie.key, in) && lies_in(cookie.value, in) && cookie.key.len);
        must(gim_cookie_find(in, cookie.key).ptr != NULL);
        if (cookie.key.len >= sizeof name)
            continue;
        memcpy(name, cookie.key.ptr, cookie.key.len);
        name[cookie.key.len] = '\0';
        if (gim_cookie_defect(&again, cookie.value))
            continue;
        b.len = 0;
        gim_cookie_write(&b, &again, cookie.value, 0);
        must(gim_field_ok(GIM_S("Set-Cookie"), gim_buf_view(&b)));
    }
    gim_buf_free(&b);
}

static void try_authorization(gim_str in)
{
    char *room = malloc(GIM_BASE64_BYTES(in.len) + 1);
    gim_str user, password, token;

    must(room != NULL);
    if (gim_bearer_read(in, &token) == GIM_CREDENTIALS_GIVEN)
        must(lies_in(token, in) && token.len);
    if (gim_basic_read(in, room, &user, &password) == GIM_CREDENTIALS_GIVEN)
        must(user.ptr == room && password.ptr == user.ptr + user.len + 1);
    free(room);
}

static void try_forwarded(gim_str in, void (*line)(struct gim_forwarded *f, gim_str line))
{
    struct gim_trusted trusted;
    struct gim_forwarded f = {.trusted = &trusted};
    struct gim_address again;
    char text[GIM_ADDRESS_MAX];

    (void)gim_trusted_read(&trusted, GIM_S("10.0.0.0/8, ::/1"));
    line(&f, in);
    if (!f.known)
        return;
    gim_address_write(text, &f.client);
    must(!gim_address_read(gim_str_of(text), &again));
    must(memcmp(&again, &f.client, sizeof again) == 0);
}

/* The client's line with what a trusted proxy appends: it was called by ...7. */
static void try_appended(gim_str in, const char *appended,
                         void (*line)(struct gim_forwarded *f, gim_str line))
{
    struct gim_trusted trusted;
    struct gim_forwarded f = {.trusted = &trusted};
    struct gim_address proxy, client;
    struct gim_buf b = {0};

    if (!gim_field_ok(GIM_S("Forwarded"), in) ||
        gim_trusted_read(&trusted, GIM_S("10.0.0.0/8")).ptr)
        return; /* the head's parser lets none of that through */
    gim_buf_str(&b, in);
    gim_buf_str(&b, gim_str_of(appended));
    line(&f, gim_buf_view(&b));
    must(!gim_address_read(GIM_S("10.0.0.1"), &proxy));
    must(!gim_address_read(GIM_S("192.0.2.7"), &client));
    gim_forwarded_next(&f, &proxy);
    must(f.known && memcmp(&f.client, &client, sizeof client) == 0);
    gim_buf_free(&b);
}

static void try_all_appended(gim_str in)
{
    static const char *const appended[] = {
        ", for=192.0.2.7",
        ", for=\"192.0.2.7:4711\";proto=https",
        ", by=\"10.0.0.1:80\";for=192.0.2.7, for=10.0.0.2",
        ", for=192.0.2.7;host=\"a.example\"",
    };

    for (size_t i = 0; i < sizeof appended / sizeof appended[0]; i++)
        try_appended(in, appended[i], gim_forwarded_line);
    try_appended(in, ", 192.0.2.7", gim_forwarded_list);
    try_appended(in, ", 192.0.2.7, 10.0.0.2", gim_forwarded_list);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct gim_trusted trusted;
    char *copy;
    gim_str in;

    if (!size)
        return 0;
    copy = fuzz_copy(data + 1, size - 1);
    in = (gim_str){copy, size - 1};
    switch (data[0] % 5) {
    case 0:
        try_cookie(in);
        break;
    case 1:
        try_authorization(in);
        break;
    case 2:
        try_forwarded(in, gim_forwarded_list);
        break;
    case 3:
        try_forwarded(in, gim_forwarded_line);
        try_all_appended(in);
        break;
    default:
        (void)gim_origin_in(GIM_S("https://*.example.com, https://a.example"), in);
        (void)gim_trusted_read(&trusted, in);
        (void)gim_origin_entry_ok(in);
    }
    free(copy);
    return 0;
}
