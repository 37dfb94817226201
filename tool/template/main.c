/* main.c: @name@, a service on gimlet. `@name@ --help` lists its options, `@name@ --routes` its routes.
 *   curl -i -d '{"text":"buy milk"}' localhost:8080/notes */
#include "notes.h"

int main(int argc, char **argv)
{
    static struct notes notes;

    return gim_main(argc, argv, .name = "@name@", .version = "0.1.0", .about = "Keeps notes.",
                    .routes = notes_routes, .state = &notes, .workers = 1);
}
