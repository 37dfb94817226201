/* test_openapi.c: the document that routes and schemas make, piece by piece; what is refused at the
 * start; and the page. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "gimlet/base/arena.h"
#include "gimlet/base/buf.h"
#include <gimlet.h>
#include <gimlet/upload.h>

/* ---- an application with one of everything ---------------------------------------------------- */

struct place {
    gim_str town;
};
static const struct gim_field place_fields[] = {GIM_STR(struct place, town, .required = true)};
static const struct gim_schema place_schema = GIM_SCHEMA("Place", struct place, place_fields);

struct thing {
    int64_t id, count;
    gim_str name, mail, code, odd, secret;
    gim_time made_at;
    double weight;
    bool on;
    int color;
    struct place home, away;
    gim_array tags, places;
    gim_map labels;
    gim_raw more;
};

static const char *const colors[] = {"red", "green", NULL};

static const struct gim_field thing_fields[] = {
    GIM_INT(struct thing, id, .read_only = true, .doc = "Given by the \"service\"."),
    GIM_INT(struct thing, count, GIM_MIN(-2), GIM_MAX(10), .def = "1"),
    GIM_STR(struct thing, name, .required = true, .min_len = 1, .max_len = 20,
            .example = "\"lamp\""),
    GIM_STR(struct thing, mail, .format = GIM_FORMAT_EMAIL, .nullable = true),
    GIM_STR(struct thing, code, .pattern = "^[a-z]{2}\\d+$"),
    GIM_STR(struct thing, odd, .pattern = "\\@"),
    GIM_STR(struct thing, secret, .write_only = true),
    GIM_TIME(struct thing, made_at, .as = "madeAt", .read_only = true),
    GIM_DOUBLE(struct thing, weight, GIM_DMIN(0.5), .omit_empty = true),
    GIM_BOOL(struct thing, on, .nullable = true),
    GIM_ENUM(struct thing, color, .names = colors, .nullable = true),
    GIM_OBJECT(struct thing, home, .schema = &place_schema, .doc = "Where it is."),
    GIM_OBJECT(struct thing, away, .schema = &place_schema, .nullable = true),
    GIM_ARRAY(struct thing, tags, .min_items = 1, .max_items = 3, .unique = true,
              .items = GIM_ITEM_STR(.max_len = 5)),
    GIM_ARRAY(struct thing, places, .items = GIM_ITEM_OBJECT(struct place, &place_schema)),
    GIM_MAP(struct thing, labels, .max_items = 9, .items = GIM_ITEM_STR(.max_len = 7)),
    GIM_RAW(struct thing, more),
};
static const struct gim_schema thing_schema =
    GIM_SCHEMA("Thing", struct thing, thing_fields, .strict = true, .doc = "A thing.");

struct found {
    gim_array items;
    gim_str next;
};
static const struct gim_field found_fields[] = {
    GIM_ARRAY(struct found, items, .items = GIM_ITEM_OBJECT(struct thing, &thing_schema)),
    GIM_STR(struct found, next, .omit_empty = true),
};
static const struct gim_schema found_schema = GIM_SCHEMA("Found", struct found, found_fields);

struct filter {
    int64_t limit;
    gim_array tags;
};
static const struct gim_field filter_fields[] = {
    GIM_INT(struct filter, limit, GIM_MIN(1), .def = "10", .doc = "How many."),
    GIM_ARRAY(struct filter, tags, .required = true, .items = GIM_ITEM_STR()),
};
static const struct gim_schema filter_schema = GIM_SCHEMA("Filter", struct filter, filter_fields);

struct key {
    int64_t id;
};
static const struct gim_field key_fields[] = {GIM_INT(struct key, id, .doc = "Which.")};
static const struct gim_schema key_schema = GIM_SCHEMA("Key", struct key, key_fields);

static int nothing(struct gim_ctx *c)
{
    return gim_empty(c, 204);
}

static const struct gim_security token = {"token", "http", "bearer", "JWT", NULL, NULL, "Ours."};
static const struct gim_security cookie = {
    .name = "session", .type = "apiKey", .in = "cookie", .field = "sid"};
static const struct gim_answer too_many[] = {{429, .doc = "Slower."}, {0}};
static const struct gim_middleware guard = {"guard", NULL, NULL, .security = &token};
static const struct gim_middleware rate = {"rate", NULL, NULL, .answers = too_many};
static const struct gim_middleware session = {"session", NULL, NULL, .security = &cookie};
static const struct gim_middleware *const rated[] = {&rate, NULL};
static const struct gim_middleware *const guarded[] = {&guard, &session, NULL};

static const struct gim_answer answers[] = {
    {200, NULL, "text/csv", "As a table."},
    {409, .doc = "Taken."},
    {409, .doc = "Or gone."},
    {422, .doc = "Or too late."},
    {418, &place_schema, NULL, "A teapot."},
    {0},
};
static const struct gim_header_note headers[] = {
    {"If-Match", .doc = "What it was."},
    {"ETag", "What it is.", 200, true},
    {"Retry-After", "Own words.", .status = 503},
    {0},
};
static const struct gim_file_field files[] = {
    {.name = "photo", .media_types = "image/png", .required = true, .doc = "It."},
    {.name = "more", .max_files = 3},
    {0},
};

static const struct gim_route rows[] = {
    GIM_GET("/things", nothing, .query = &filter_schema, .reply = &found_schema, .summary = "Find",
            .doc = "Finds *things*.", .id = "find"),
    GIM_POST("/things", nothing, .body = &thing_schema, .reply = &thing_schema),
    GIM_GET("/things/:id", nothing, .path = &key_schema, .reply = &thing_schema, .suspends = true,
            .answers = answers, .headers = headers, .tag = "one"),
    GIM_PATCH("/things/:key", nothing, .body_raw = true, .patch = &thing_schema,
              .reply = &thing_schema, .media_types = "application/merge-patch+json"),
    GIM_ROUTE("PUT|DELETE|PURGE", "/things/:id", nothing, .body_raw = true, .id = "write",
              .deprecated = true),
    GIM_GET("/hidden", nothing, .undocumented = true),
    GIM_GET("/files/"
            "*rest",
            nothing),
    GIM_ROUTE("*", "/any", nothing, .status = 202),
    GIM_GET("/any", nothing, .summary = "By name"),
    GIM_ROUTE("PURGE", "/purge", nothing),
    GIM_POST("/forms", nothing, .form = &key_schema, .upload = GIM_UPLOAD(.files = files)),
    GIM_GET("/by/id", nothing),
    GIM_GET("/:id", nothing),
    GIM_GET("/by_id", nothing),
    {0},
};
static const struct gim_group groups[] = {
    {.prefix = "/api/v2/own",
     .routes = (const struct gim_route[]){GIM_GET("/:a", nothing), {0}},
     .middleware = guarded},
    {0},
};

static const char *const servers[] = {"https://example.org", NULL};
static const struct gim_tag tags[] = {{"things", "All of them."}, {0}};
static const struct gim_openapi api =
    GIM_OPENAPI(.title = "Things \"and\" more", .doc = "Many.\nThings.",
                .terms = "https://example.org/t", .contact_name = "Ada",
                .contact_email = "ada@example.org", .license = "MIT",
                .license_url = "https://example.org/mit", .servers = servers, .tags = tags);

static const struct gim_app_spec spec = {.name = "things",
                                         .version = "1.2",
                                         .routes = rows,
                                         .groups = groups,
                                         .middleware = rated,
                                         .openapi = &api};

/* ---- helpers --------------------------------------------------------------------------------- */

static struct gim_app *build(const struct gim_app_spec *s)
{
    char err[1024] = "";
    struct gim_app *app = gim_app_new(s, err, sizeof err);

    if (!app)
        fail_msg("%s", err);
    return app;
}

/* Why the start is refused. */
static const char *refusal(const struct gim_app_spec *s)
{
    static char err[1024];
    struct gim_app *app = gim_app_new(s, err, sizeof err);

    assert_null(app);
    return err;
}

struct document {
    struct gim_app *app;
    struct gim_test_reply reply;
};

static struct document document_of(const struct gim_app_spec *s)
{
    struct document d = {build(s), {0}};
    struct gim_arena a = {0};
    struct gim_json_error err;

    d.reply = gim_test_call(d.app, "GET", "/openapi.json", NULL, NULL);
    assert_int_equal(d.reply.status, 200);
    if (gim_json_check(d.reply.body, &a, &err))
        fail_msg("%u:%u: %s", err.line, err.column, err.reason);
    gim_arena_reset(&a);
    return d;
}

static void drop(struct document *d)
{
    gim_test_free(&d->reply);
    gim_app_free(d->app);
}

/* The text at "paths|/things|get": names and indices, '|' between them; absent when there is none. */
static gim_str at(const struct document *d, const char *path)
{
    gim_str left = gim_str_of(path);
    gim_json v = gim_json_root(d->reply.body);

    while (left.ptr) {
        gim_str name = gim_str_cut(&left, '|');
        int64_t i;

        if (gim_json_type(v) == GIM_JSON_ARRAY && gim_str_to_int(name, &i) == 0)
            v = gim_json_at(v, (size_t)i);
        else
            v = gim_json_get(v, name);
    }
    return v.text;
}

static void assert_at(const struct document *d, const char *path, const char *want)
{
    gim_str got = at(d, path);

    if (!want && !got.ptr)
        return;
    if (!want || !got.ptr || !gim_str_eq(got, gim_str_of(want)))
        fail_msg("%s\n is %.*s\nnot %s", path, got.ptr ? (int)got.len : 6,
                 got.ptr ? got.ptr : "absent", want ? want : "absent");
}

/* ---- pieces ---------------------------------------------------------------------------------- */

#define PROBLEM                                                                                    \
    "{\"application/problem+json\":{\"schema\":{\"$ref\":\"#/components/schemas/Problem\"}}}"
#define T "components|schemas|Thing|properties|"

static const struct {
    const char *path, *want; /* NULL: it is not there */
} pieces[] = {
    {"openapi", "\"3.1.0\""},
    {"info", "{\"title\":\"Things \\\"and\\\" "
             "more\",\"version\":\"1.2\",\"description\":\"Many.\\nThings.\","
             "\"termsOfService\":\"https://example.org/t\",\"contact\":{\"name\":\"Ada\","
             "\"email\":\"ada@example.org\"},\"license\":{\"name\":\"MIT\","
             "\"url\":\"https://example.org/mit\"}}"},
    {"servers", "[{\"url\":\"https://example.org\"}]"},
    {"tags", "[{\"name\":\"things\",\"description\":\"All of them.\"}]"},
    /* paths */
    {"paths|/things|get|operationId", "\"find\""},
    {"paths|/things|get|summary", "\"Find\""},
    {"paths|/things|get|description", "\"Finds *things*.\""},
    {"paths|/things|get|tags", "[\"things\"]"},
    {"paths|/things|get|parameters|0",
     "{\"name\":\"limit\",\"in\":\"query\",\"description\":\"How many.\",\"schema\":{\"type\":"
     "\"integer\",\"format\":\"int64\",\"minimum\":1,\"default\":10}}"},
    {"paths|/things|get|parameters|1",
     "{\"name\":\"tags\",\"in\":\"query\",\"required\":true,\"schema\":{\"type\":\"array\","
     "\"items\":{\"type\":\"string\"}}}"},
    {"paths|/things|get|responses|422",
     "{\"$ref\":\"#/components/responses/UnprocessableContent\"}"},
    {"paths|/things|get|responses|413", NULL},
    {"paths|/things|get|responses|404", NULL},
    {"paths|/things|get|responses|401", NULL},
    {"paths|/things|get|responses|503", NULL},
    {"paths|/things|get|responses|429", "{\"description\":\"Slower.\",\"content\":" PROBLEM "}"},
    {"paths|/things|get|security", NULL},
    {"paths|/things|post|operationId", "\"post_things\""},
    {"paths|/things|post|requestBody",
     "{\"required\":true,\"content\":{\"application/json\":{\"schema\":{\"$ref\":"
     "\"#/components/schemas/Thing\"}}}}"},
    {"paths|/things|post|responses|201",
     "{\"description\":\"Created\",\"content\":{\"application/json\":{\"schema\":{\"$ref\":"
     "\"#/components/schemas/Thing\"}}}}"},
    {"paths|/things|post|responses|413", "{\"$ref\":\"#/components/responses/ContentTooLarge\"}"},
    {"paths|/things|post|responses|415", NULL},
    {"paths|/things/{id}|get|tags", "[\"one\"]"},
    {"paths|/things/{id}|get|parameters",
     "[{\"name\":\"id\",\"in\":\"path\",\"required\":true,\"description\":\"Which.\",\"schema\":"
     "{\"type\":\"integer\",\"format\":\"int64\"}},{\"name\":\"If-Match\",\"in\":\"header\","
     "\"description\":\"What it was.\",\"schema\":{\"type\":\"string\"}}]"},
    {"paths|/things/{id}|get|responses|200|headers",
     "{\"ETag\":{\"description\":\"What it is.\",\"required\":true,\"schema\":{\"type\":"
     "\"string\"}}}"},
    {"paths|/things/{id}|get|responses|200|description", "\"As a table.\""},
    {"paths|/things/{id}|get|responses|200|content|text/csv", "{}"},
    {"paths|/things/{id}|get|responses|200|content|application/json",
     "{\"schema\":{\"$ref\":\"#/components/schemas/Thing\"}}"},
    {"paths|/things/{id}|get|responses|409",
     "{\"description\":\"Taken. Or gone.\",\"content\":" PROBLEM "}"},
    {"paths|/things/{id}|get|responses|422|description",
     "\"Rules are broken; `errors` lists all that are. Or too late.\""},
    {"paths|/things/{id}|get|responses|418|content",
     "{\"application/json\":{\"schema\":{\"$ref\":\"#/components/schemas/Place\"}}}"},
    {"paths|/things/{id}|get|responses|503|headers",
     "{\"Retry-After\":{\"description\":\"Own words.\",\"schema\":{\"type\":\"string\"}}}"},
    {"paths|/things/{id}|get|responses|404", "{\"$ref\":\"#/components/responses/NotFound\"}"},
    {"paths|/things/{key}", NULL},
    {"paths|/things/{id}|patch|operationId", "\"patch_things_by_key\""},
    {"paths|/things/{id}|patch|parameters",
     "[{\"name\":\"id\",\"in\":\"path\",\"required\":true,\"schema\":{\"type\":\"string\"}}]"},
    {"paths|/things/{id}|patch|requestBody|content|application/merge-patch+json",
     "{\"schema\":{\"$ref\":\"#/components/schemas/ThingPatch\"}}"},
    {"paths|/things/{id}|patch|requestBody|content|application/json",
     "{\"schema\":{\"$ref\":\"#/components/schemas/ThingPatch\"}}"},
    {"paths|/things/{id}|patch|responses|415",
     "{\"$ref\":\"#/components/responses/UnsupportedMediaType\"}"},
    {"paths|/things/{id}|put|operationId", "\"write_put\""},
    {"paths|/things/{id}|put|deprecated", "true"},
    {"paths|/things/{id}|put|requestBody", "{\"content\":{\"*/*\":{}}}"},
    {"paths|/things/{id}|put|responses|204", "{\"description\":\"No Content\"}"},
    {"paths|/things/{id}|delete|operationId", "\"write_delete\""},
    {"paths|/things/{id}|delete|requestBody", NULL},
    {"paths|/things/{id}|purge", NULL},
    {"paths|/hidden", NULL},
    {"paths|/openapi.json", NULL},
    {"paths|/docs", NULL},
    {"paths|/files/{rest}|get|parameters",
     "[{\"name\":\"rest\",\"in\":\"path\",\"required\":true,\"description\":\"The rest of the "
     "path; it "
     "may hold `/`.\",\"x-rest\":true,\"schema\":{\"type\":\"string\"}}]"},
    {"paths|/files/{rest}|get|responses|200", "{\"description\":\"OK\"}"},
    {"paths|/any|put|responses|202", "{\"description\":\"Accepted\"}"},
    {"paths|/any|get|summary", "\"By name\""},
    {"paths|/any|post|summary", NULL},
    {"paths|/any|delete|operationId", "\"delete_any\""},
    {"paths|/any|head", NULL},
    {"paths|/purge", NULL},
    {"paths|/forms|post|requestBody|content|application/x-www-form-urlencoded",
     "{\"schema\":{\"$ref\":\"#/components/schemas/Key\"}}"},
    {"paths|/forms|post|requestBody|content|multipart/form-data|schema",
     "{\"type\":\"object\",\"properties\":{\"id\":{\"type\":\"integer\",\"format\":\"int64\"},"
     "\"photo\":{\"type\":\"string\",\"contentMediaType\":\"image/png\",\"description\":\"It.\"},"
     "\"more\":{\"type\":\"array\",\"maxItems\":3,\"items\":{\"type\":\"string\","
     "\"contentMediaType\":\"application/octet-stream\"}}},\"required\":[\"photo\"]}"},
    {"paths|/by/id|get|operationId", "\"get_by_id\""},
    {"paths|/{id}|get|operationId", "\"get_by_id_2\""},
    {"paths|/{id}|get|tags", NULL},
    {"paths|/by_id|get|operationId", "\"get_by_id_3\""},
    {"paths|/api/v2/own/{a}|get|tags", "[\"own\"]"},
    {"paths|/api/v2/own/{a}|get|security", "[{\"token\":[],\"session\":[]}]"},
    {"paths|/api/v2/own/{a}|get|responses|401",
     "{\"$ref\":\"#/components/responses/Unauthorized\"}"},
    {"paths|/livez|get|tags", "[\"health\"]"},
    {"paths|/readyz|get|responses|503|content", PROBLEM},
    /* schemas */
    {"components|schemas|Thing|type", "\"object\""},
    {"components|schemas|Thing|description", "\"A thing.\""},
    {"components|schemas|Thing|additionalProperties", "false"},
    {"components|schemas|Thing|required", "[\"id\",\"name\",\"madeAt\"]"},
    {T "id", "{\"type\":\"integer\",\"format\":\"int64\",\"description\":\"Given by the "
             "\\\"service\\\".\",\"readOnly\":true}"},
    {T "count", "{\"type\":\"integer\",\"format\":\"int64\",\"minimum\":-2,\"maximum\":10,"
                "\"default\":1}"},
    {T "name", "{\"type\":\"string\",\"minLength\":1,\"maxLength\":20,\"examples\":[\"lamp\"]}"},
    {T "mail", "{\"type\":[\"string\",\"null\"],\"format\":\"email\"}"},
    {T "code", "{\"type\":\"string\",\"pattern\":\"^[a-z]{2}\\\\d+$\"}"},
    {T "odd", "{\"type\":\"string\"}"},
    {T "secret", "{\"type\":\"string\",\"writeOnly\":true}"},
    {T "madeAt", "{\"type\":\"string\",\"format\":\"date-time\",\"readOnly\":true}"},
    {T "weight", "{\"type\":\"number\",\"minimum\":0.5}"},
    {T "on", "{\"type\":[\"boolean\",\"null\"]}"},
    {T "color", "{\"type\":[\"string\",\"null\"],\"enum\":[\"red\",\"green\",null]}"},
    {T "home", "{\"$ref\":\"#/components/schemas/Place\",\"description\":\"Where it is.\"}"},
    {T "away", "{\"anyOf\":[{\"$ref\":\"#/components/schemas/Place\"},{\"type\":\"null\"}]}"},
    {T "tags", "{\"type\":\"array\",\"minItems\":1,\"maxItems\":3,\"uniqueItems\":true,"
               "\"items\":{\"type\":\"string\",\"maxLength\":5}}"},
    {T "places", "{\"type\":\"array\",\"items\":{\"$ref\":\"#/components/schemas/Place\"}}"},
    {T "labels", "{\"type\":\"object\",\"maxProperties\":9,\"additionalProperties\":{\"type\":"
                 "\"string\",\"maxLength\":7}}"},
    {T "more", "{}"},
    {"components|schemas|ThingPatch|required", NULL},
    {"components|schemas|ThingPatch|properties|count|default", NULL},
    {"components|schemas|ThingPatch|properties|count|type", "[\"integer\",\"null\"]"},
    {"components|schemas|ThingPatch|properties|name|type", "\"string\""},
    {"components|schemas|ThingPatch|properties|home|anyOf|0",
     "{\"$ref\":\"#/components/schemas/PlacePatch\"}"},
    {"components|schemas|ThingPatch|properties|places|items",
     "{\"$ref\":\"#/components/schemas/Place\"}"},
    {"components|schemas|ThingPatch|properties|labels|additionalProperties|type",
     "[\"string\",\"null\"]"},
    {"components|schemas|PlacePatch|required", NULL},
    {"components|schemas|Place|required", "[\"town\"]"},
    {"components|schemas|Found|required", "[\"items\"]"},
    {"components|schemas|Filter", NULL},
    {"components|schemas|Problem|required", "[\"type\",\"title\",\"status\"]"},
    {"components|schemas|Problem|properties|errors|items",
     "{\"$ref\":\"#/components/schemas/Fault\"}"},
    {"components|responses|NotFound",
     "{\"description\":\"There is nothing at this path.\",\"content\":" PROBLEM "}"},
    {"components|responses|ServiceUnavailable|headers|Retry-After|description",
     "\"Seconds to wait.\""},
    {"components|securitySchemes",
     "{\"token\":{\"type\":\"http\",\"description\":\"Ours.\",\"scheme\":\"bearer\","
     "\"bearerFormat\":"
     "\"JWT\"},\"session\":{\"type\":\"apiKey\",\"in\":\"cookie\",\"name\":\"sid\"}}"},
};

static void the_document_says_what_the_rows_say(void **state)
{
    struct document d = document_of(&spec);

    (void)state;
    for (size_t i = 0; i < sizeof pieces / sizeof pieces[0]; i++)
        assert_at(&d, pieces[i].path, pieces[i].want);
    drop(&d);
}

static void the_title_and_more_have_defaults(void **state)
{
    static const struct gim_openapi bare = GIM_OPENAPI(.title = NULL);
    struct document d = document_of(&(const struct gim_app_spec){
        .name = "bare", .about = "Little.", .routes = rows, .openapi = &bare});

    (void)state;
    assert_at(&d, "info", "{\"title\":\"bare\",\"version\":\"0\",\"description\":\"Little.\"}");
    assert_at(&d, "servers", NULL);
    assert_at(&d, "tags", NULL);
    assert_at(&d, "components|securitySchemes", NULL);
    drop(&d);
}

static void with_strict_content_types_415_is_promised(void **state)
{
    struct document d = document_of(
        &(const struct gim_app_spec){.routes = rows, .openapi = &api, .strict_content_type = true});

    (void)state;
    assert_at(&d, "paths|/things|post|responses|415",
              "{\"$ref\":\"#/components/responses/UnsupportedMediaType\"}");
    drop(&d);
}

/* ---- patterns -------------------------------------------------------------------------------- */

static const struct {
    const char *pattern;
    bool kept;
} patterns[] = {
    {"^a+$", true},     {"\\.\\*\\/", true}, {"[\\w-]", true},   {"[a\\-z]", true},
    {"\\x41", true},    {"\\-", false},      {"\\@", false},     {"\\_", false},
    {"[\\w-a]", false}, {"[\\@]", false},    {"\\u00e9", true},  {"\\0", true},
    {"\\01", false},    {"\\]\\-", false},   {"[\\]\\-]", true}, {"\xc3\xa9", true},
};

static void patterns_that_unicode_mode_refuses_are_left_out(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof patterns / sizeof patterns[0]; i++) {
        const struct gim_field fields[] = {
            GIM_STR(struct place, town, .pattern = patterns[i].pattern)};
        const struct gim_schema schema = GIM_SCHEMA("P", struct place, fields);
        const struct gim_route routes[] = {GIM_POST("/p", nothing, .body = &schema), {0}};
        struct document d =
            document_of(&(const struct gim_app_spec){.routes = routes, .openapi = &api});

        if (!!at(&d, "components|schemas|P|properties|town|pattern").ptr != patterns[i].kept)
            fail_msg("%s", patterns[i].pattern);
        drop(&d);
    }
}

/* ---- what is refused ------------------------------------------------------------------------- */

static void two_schemas_of_one_name_refuse_the_start(void **state)
{
    static const struct gim_schema other = GIM_SCHEMA("Place", struct key, key_fields);
    static const struct gim_schema problem = GIM_SCHEMA("Problem", struct key, key_fields);
    static const struct gim_route routes[] = {
        GIM_POST("/a", nothing, .body = &thing_schema),
        GIM_POST("/b", nothing, .body = &other),
        GIM_GET("/c", nothing, .reply = &problem),
        {0},
    };
    const char *said = refusal(&(const struct gim_app_spec){.routes = routes, .openapi = &api});

    (void)state;
    assert_non_null(strstr(said, "another schema is called 'Place'"));
    assert_non_null(strstr(said, "another schema is called 'Problem'"));
    assert_non_null(strstr(said, "test_openapi.c:"));
}

static void two_operations_of_one_id_refuse_the_start(void **state)
{
    static const struct gim_route routes[] = {
        GIM_GET("/a", nothing, .id = "x"), GIM_GET("/b", nothing, .id = "x"), {0}};
    const char *said = refusal(&(const struct gim_app_spec){.routes = routes, .openapi = &api});

    (void)state;
    assert_non_null(strstr(said, "GET /b: another operation has the id 'x'"));
}

static void two_security_schemes_of_one_name_refuse_the_start(void **state)
{
    static const struct gim_security other = {"token", "http", "basic", NULL, NULL, NULL, NULL};
    static const struct gim_middleware basic = {"basic", NULL, NULL, .security = &other};
    static const struct gim_middleware *const chain[] = {&basic, NULL};
    static const struct gim_route routes[] = {GIM_GET("/a", nothing, .middleware = guarded),
                                              GIM_GET("/b", nothing, .middleware = chain),
                                              {0}};
    const char *said = refusal(&(const struct gim_app_spec){.routes = routes, .openapi = &api});

    (void)state;
    assert_non_null(strstr(said, "GET /b: another security scheme is called 'token'"));
}

static void a_patch_and_a_schema_of_its_name_refuse_the_start(void **state)
{
    static const struct gim_schema other = GIM_SCHEMA("PlacePatch", struct key, key_fields);
    static const struct gim_schema close = GIM_SCHEMA("PlacePatches", struct key, key_fields);
    static const struct gim_route routes[] = {
        GIM_PATCH("/a", nothing, .body_raw = true, .patch = &place_schema),
        GIM_POST("/b", nothing, .body = &other, .reply = &close),
        {0}};
    const char *said = refusal(&(const struct gim_app_spec){.routes = routes, .openapi = &api});

    (void)state;
    assert_non_null(strstr(said, "another schema is called 'PlacePatch'\n"));
    assert_null(strstr(said, "PlacePatches"));
}

static void what_only_the_document_reads_is_checked_too(void **state)
{
    static const struct gim_field broken[] = {GIM_ENUM(struct thing, color)};
    static const struct gim_schema schema = GIM_SCHEMA("Broken", struct thing, broken);
    static const struct gim_answer says[] = {{200, &schema, NULL, NULL}, {0}};
    static const struct gim_security nameless = {.type = "http"};
    static const struct gim_middleware asks = {"asks", NULL, NULL, .security = &nameless};
    static const struct gim_middleware *const chain[] = {&asks, NULL};
    static const struct gim_route routes[] = {
        GIM_GET("/a", nothing, .answers = says), GIM_GET("/b", nothing, .middleware = chain), {0}};
    const char *said = refusal(&(const struct gim_app_spec){.routes = routes, .openapi = &api});

    (void)state;
    assert_non_null(
        strstr(said, "GET /a: a reply of .answers is not sound:\nschema Broken, field color"));
    assert_non_null(strstr(said, "GET /b: a security scheme lacks .name or .type"));
}

static void an_openapi_built_by_hand_refuses_the_start(void **state)
{
    static const struct gim_openapi bare = {.title = "x"};

    (void)state;
    assert_non_null(strstr(refusal(&(const struct gim_app_spec){.routes = rows, .openapi = &bare}),
                           "GIM_OPENAPI"));
}

static void an_example_that_breaks_its_own_rules_refuses_the_start(void **state)
{
    static const struct gim_field fields[] = {
        GIM_STR(struct place, town, .max_len = 3, .example = "\"Berne\"")};
    static const struct gim_field bad[] = {GIM_STR(struct place, town, .example = "Berne")};
    static const struct gim_schema broken = GIM_SCHEMA("B", struct place, fields);
    static const struct gim_schema no_json = GIM_SCHEMA("N", struct place, bad);
    static const struct gim_route routes[] = {
        GIM_POST("/b", nothing, .body = &broken), GIM_POST("/n", nothing, .body = &no_json), {0}};
    const char *said = refusal(&(const struct gim_app_spec){.routes = routes});

    (void)state;
    assert_non_null(strstr(said, ".example breaks the row's own rules: at most 3 characters"));
    assert_non_null(strstr(said, ".example is not JSON: Berne"));
}

/* ---- how it is served ------------------------------------------------------------------------ */

static void without_openapi_there_is_nothing_of_it(void **state)
{
    struct gim_app *app = build(&(const struct gim_app_spec){.routes = groups[0].routes});
    struct gim_test_reply r = gim_test_call(app, "GET", "/openapi.json/", NULL, NULL);

    (void)state;
    assert_int_equal(r.status, 404);
    gim_test_free(&r);
    r = gim_test_call(app, "GET", "/docs/page.js", NULL, NULL);
    assert_int_equal(r.status, 404);
    gim_test_free(&r);
    gim_app_free(app);
}

static void the_document_is_the_same_each_time_and_is_not_sent_twice(void **state)
{
    struct document d = document_of(&spec), e = document_of(&spec);
    gim_str tag = gim_test_header(&d.reply, "ETag");
    char known[96];
    struct gim_test_reply r;

    (void)state;
    assert_true(gim_str_eq(d.reply.body, e.reply.body));
    assert_true(gim_str_eq(gim_test_header(&d.reply, "Content-Type"), GIM_S("application/json")));
    assert_true(gim_str_eq(gim_test_header(&d.reply, "Cache-Control"), GIM_S("no-cache")));
    snprintf(known, sizeof known, "If-None-Match: %.*s\r\n", GIM_FMT(tag));
    r = gim_test_call(d.app, "GET", "/openapi.json", known, NULL);
    assert_int_equal(r.status, 304);
    gim_test_free(&r);
    r = gim_test_call(d.app, "GET", "/docs", "Accept-Encoding: gzip\r\n", NULL);
    assert_true(gim_str_eq(gim_test_header(&r, "Content-Encoding"), GIM_S("gzip")));
    snprintf(known, sizeof known, "Accept-Encoding: gzip\r\nIf-None-Match: %.*s\r\n",
             GIM_FMT(gim_test_header(&r, "ETag")));
    gim_test_free(&r);
    r = gim_test_call(d.app, "GET", "/docs", known, NULL);
    assert_int_equal(r.status, 304);
    assert_null(gim_test_header(&r, "Content-Encoding").ptr);
    gim_test_free(&r);
    r = gim_test_call(d.app, "GET", "/openapi.json", NULL, NULL);
    assert_true(gim_str_eq(r.body, d.reply.body));
    gim_test_free(&r);
    drop(&d);
    drop(&e);
}

/* Text without white space outside strings. */
static void squeeze(struct gim_buf *out, gim_str text)
{
    bool quoted = false;

    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];

        if (c == '"' && (i == 0 || text.ptr[i - 1] != '\\'))
            quoted = !quoted;
        if (quoted || (c != ' ' && c != '\n'))
            gim_buf_char(out, c);
    }
}

static void the_printed_document_is_the_served_one_with_lines(void **state)
{
    struct document d = document_of(&spec);
    struct gim_buf printed = {0}, squeezed = {0};

    (void)state;
    gim_openapi_write(d.app, &printed);
    squeeze(&squeezed, gim_buf_view(&printed));
    assert_true(gim_str_eq(gim_buf_view(&squeezed), d.reply.body));
    assert_true(gim_str_starts(gim_buf_view(&printed),
                               GIM_S("{\n  \"openapi\": \"3.1.0\",\n  \"info\": {\n")));
    assert_memory_equal(printed.ptr + printed.len - 3, "\n}\n", 3);
    gim_buf_free(&printed);
    gim_buf_free(&squeezed);
    drop(&d);
}

static void its_routes_can_stand_in_a_group_of_ones_own(void **state)
{
    static const struct gim_openapi mine = GIM_OPENAPI(.no_routes = true);
    static const struct gim_group inner[] = {{.prefix = "/inner", .routes = gim_openapi_routes},
                                             {0}};
    struct gim_app *app =
        build(&(const struct gim_app_spec){.routes = rows, .groups = inner, .openapi = &mine});
    struct gim_test_reply r = gim_test_call(app, "GET", "/inner/openapi.json", NULL, NULL);

    (void)state;
    assert_int_equal(r.status, 200);
    gim_test_free(&r);
    r = gim_test_call(app, "GET", "/docs/page.js", NULL, NULL);
    assert_int_equal(r.status, 404);
    gim_test_free(&r);
    gim_app_free(app);
}

/* ---- the page -------------------------------------------------------------------------------- */

static const struct {
    const char *target, *media_type, *begins;
} page[] = {
    {"/docs", "text/html; charset=utf-8", "<!doctype html>"},
    {"/docs/page.css", "text/css; charset=utf-8", "/* page.css"},
    {"/docs/page.js", "text/javascript; charset=utf-8", "// page.js"},
};

static void the_page_is_sent_packed_to_who_takes_it(void **state)
{
    struct gim_app *app = build(&spec);

    (void)state;
    for (size_t i = 0; i < sizeof page / sizeof page[0]; i++) {
        struct gim_test_reply plain = gim_test_call(app, "GET", page[i].target, NULL, NULL);
        struct gim_test_reply packed =
            gim_test_call(app, "GET", page[i].target, "Accept-Encoding: br, gzip\r\n", NULL);
        struct gim_test_reply never =
            gim_test_call(app, "GET", page[i].target, "Accept-Encoding: gzip;q=0\r\n", NULL);

        assert_int_equal(plain.status, 200);
        assert_true(gim_str_starts(plain.body, gim_str_of(page[i].begins)));
        assert_true(
            gim_str_eq(gim_test_header(&plain, "Content-Type"), gim_str_of(page[i].media_type)));
        assert_true(gim_str_eq(gim_test_header(&plain, "Vary"), GIM_S("Accept-Encoding")));
        assert_true(gim_str_starts(gim_test_header(&plain, "Content-Security-Policy"),
                                   GIM_S("default-src 'none'; script-src 'self';")));
        assert_null(gim_test_header(&plain, "Content-Encoding").ptr);
        assert_true(gim_str_eq(gim_test_header(&packed, "Content-Encoding"), GIM_S("gzip")));
        assert_memory_equal(packed.body.ptr, "\x1f\x8b", 2);
        assert_true(packed.body.len < plain.body.len);
        assert_false(gim_str_eq(gim_test_header(&packed, "ETag"), gim_test_header(&plain, "ETag")));
        assert_true(gim_str_eq(never.body, plain.body));
        gim_test_free(&plain);
        gim_test_free(&packed);
        gim_test_free(&never);
    }
    gim_app_free(app);
}

static void where_both_slashes_are_one_the_page_has_one_place(void **state)
{
    struct gim_app *app = build(&(const struct gim_app_spec){
        .routes = groups[0].routes, .openapi = &api, .slash = GIM_SLASH_IGNORE});
    struct gim_test_reply r = gim_test_call(app, "GET", "/docs/", NULL, NULL);

    (void)state;
    assert_int_equal(r.status, 308);
    assert_true(gim_str_eq(gim_test_header(&r, "Location"), GIM_S("../docs")));
    gim_test_free(&r);
    gim_app_free(app);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_document_says_what_the_rows_say),
        cmocka_unit_test(the_title_and_more_have_defaults),
        cmocka_unit_test(with_strict_content_types_415_is_promised),
        cmocka_unit_test(patterns_that_unicode_mode_refuses_are_left_out),
        cmocka_unit_test(two_schemas_of_one_name_refuse_the_start),
        cmocka_unit_test(two_operations_of_one_id_refuse_the_start),
        cmocka_unit_test(two_security_schemes_of_one_name_refuse_the_start),
        cmocka_unit_test(a_patch_and_a_schema_of_its_name_refuse_the_start),
        cmocka_unit_test(what_only_the_document_reads_is_checked_too),
        cmocka_unit_test(an_openapi_built_by_hand_refuses_the_start),
        cmocka_unit_test(an_example_that_breaks_its_own_rules_refuses_the_start),
        cmocka_unit_test(without_openapi_there_is_nothing_of_it),
        cmocka_unit_test(the_document_is_the_same_each_time_and_is_not_sent_twice),
        cmocka_unit_test(the_printed_document_is_the_served_one_with_lines),
        cmocka_unit_test(its_routes_can_stand_in_a_group_of_ones_own),
        cmocka_unit_test(the_page_is_sent_packed_to_who_takes_it),
        cmocka_unit_test(where_both_slashes_are_one_the_page_has_one_place),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
