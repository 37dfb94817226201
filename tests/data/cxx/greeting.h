/* greeting.h: a type that C describes and C++ uses. */
#ifndef GREETING_H
#define GREETING_H

#include <gimlet.h>

struct greeting {
    gim_str name, text;
};

#ifdef __cplusplus
extern "C"
#else
extern
#endif
    const struct gim_schema greeting_schema;

#endif
