/* method.h: request methods as small numbers. Custom methods are tokens known to the router only.
 */
#ifndef HTTP_METHOD_H
#define HTTP_METHOD_H

#include <gimlet/str.h>

enum gim_method {
    GIM_METHOD_OTHER, /* a valid token that is none of the below */
    GIM_METHOD_GET,
    GIM_METHOD_HEAD,
    GIM_METHOD_POST,
    GIM_METHOD_PUT,
    GIM_METHOD_PATCH,
    GIM_METHOD_DELETE,
    GIM_METHOD_OPTIONS,
    GIM_METHOD_TRACE,
    GIM_METHOD_CONNECT,
    GIM_METHODS
};

enum gim_method gim_method_of(gim_str token);
gim_str gim_method_name(enum gim_method m); /* "GET"; absent for OTHER */

#endif
