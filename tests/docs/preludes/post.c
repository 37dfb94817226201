/* A struct for single rows. */
#include <gimlet.h>

struct post {
    gim_str slug;
};
