// main.cpp: a service in C++ on gimlet. Its schema is C (schema.c): descriptors are C's initialisers.
#include <cstdio>
#include <gimlet.h>
#include <string_view>

#include "greeting.h"

namespace
{

int greet(gim_ctx *c)
{
    auto *in = static_cast<greeting *>(gim_body(c));

    in->text = gim_printf(gim_arena(c), "Hello, %.*s!", GIM_FMT(in->name));
    return gim_reply(c, 201, &greeting_schema, in);
}

const gim_route routes[] = {
    GIM_POST("/greetings", greet, .body = &greeting_schema, .reply = &greeting_schema),
    {},
};

} // namespace

int main(int argc, char **argv)
{
    gim_app_spec spec = {};

    spec.name = "cxx";
    spec.routes = routes;
    if (argc > 1)
        return gim_main_run(argc, argv, &spec);

    char why[512];
    gim_app *app = gim_app_new(&spec, why, sizeof why);
    gim_test_reply r = gim_test_call(app, "POST", "/greetings", nullptr, "{\"name\":\"Ada\"}");
    bool good = r.status == 201 &&
                std::string_view(r.body.ptr, r.body.len) == "{\"name\":\"Ada\",\"text\":\"Hello, Ada!\"}";

    if (!good)
        std::fprintf(stderr, "%.*s\n", static_cast<int>(r.raw.len), r.raw.ptr);
    gim_test_free(&r);
    gim_app_free(app);
    return good ? 0 : 1;
}
