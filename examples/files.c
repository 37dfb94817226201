/* files.c: serves a folder, and its files as downloads under a name of the client's.
 *   files --root docs
 *   curl -i localhost:8080/README.md
 *   curl -r 0-99 localhost:8080/README.md
 *   curl -OJ 'localhost:8080/download/README.md?as=Gimlet%20manual.md' */
#include <gimlet.h>

static struct gim_files site = {
    .cache_control = "max-age=60",
    .precompressed = true, /* README.md.gz beside README.md, to those who take gzip */
};

struct as {
    gim_str as;
};
static const struct gim_field as_fields[] = {GIM_STR(struct as, as, .max_len = 100)};
static const struct gim_schema as_schema = GIM_SCHEMA("As", struct as, as_fields);

static int download(struct gim_ctx *c)
{
    const struct as *q = gim_query(c);
    gim_str path = gim_param(c, GIM_S("path"));

    gim_attachment(c, q->as.len ? q->as : path);
    return gim_file(c, &site, path); /* 404 unless it is a file beneath the root */
}

static const struct gim_route routes[] = {
    GIM_GET("/download/*path", download, .query = &as_schema, .streams = true),
    GIM_FILES("/", &site),
    {0},
};

struct settings {
    const char *root;
};
static const struct gim_option options[] = {
    {"root", GIM_OPTION_STR, GIM_OPTION_AT(struct settings, root), ".",
     .help = "the folder that is served", .group = "Files"},
    {0},
};
static int start(struct gim_app *app, void *state)
{
    const struct settings *s = state;

    (void)app;
    site.root = s->root;
    return gim_files_check(&site) ? 1 : 0;
}

int main(int argc, char **argv)
{
    struct settings settings = {0};

    return gim_main(argc, argv, .name = "files", .routes = routes, .options = options,
                    .state = &settings, .start = start);
}
