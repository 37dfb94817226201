/* main.c: proof-null as a program of its own. `proof null` is the same function. */
#include "null.h"

int main(int argc, char **argv)
{
    return null_main(argc, argv);
}
