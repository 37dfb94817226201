/**
 * gimlet: a REST framework in C. Applications include this file and nothing else of gimlet.
 *
 *   app.h     routes, groups, middleware, gim_main     start here
 *   ctx.h     one request and its reply
 *   schema.h  one description per type: bind, check, encode
 *   json.h    a read-only tree over raw JSON
 *   option.h  settings as rows
 *   test.h    call the application without a socket
 *   log.h     lines for the operator
 *   str.h arena.h time.h   bytes with a length, memory by lifetime, instants
 */
#ifndef GIMLET_H
#define GIMLET_H

#include <gimlet/app.h>
#include <gimlet/arena.h>
#include <gimlet/ctx.h>
#include <gimlet/json.h>
#include <gimlet/log.h>
#include <gimlet/option.h>
#include <gimlet/schema.h>
#include <gimlet/str.h>
#include <gimlet/test.h>
#include <gimlet/time.h>

#endif
