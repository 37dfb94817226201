/**
 * gimlet: a REST framework in C. Applications include this file and nothing else of gimlet.
 *
 *   app.h     routes, groups, middleware, gim_main     start here
 *   ctx.h     one request and its reply
 *   schema.h  one description per type: bind, check, encode
 *   openapi.h the API describes itself: a document and a page
 *   stream.h  replies made while they are sent
 *   sse.h topic.h   server-sent events; one source, many readers
 *   upload.h  files that clients send
 *   files.h   files from the disk: a folder, a download
 *   negotiate.h which of several answers a client wants
 *   task.h    timers, work for a loop, work in the background
 *   fetch.h   an HTTP client on the same loop
 *   compress.h gzip and zstd for replies
 *   metrics.h figures for Prometheus
 *   trace.h   W3C traceparent
 *   auth.h client.h   who asks: guards with a typed value, Basic, bearer; addresses behind proxies
 *   cookie.h  cookies, also signed
 *   cors.h security_headers.h   what browsers may do
 *   rate_limit.h   how often somebody may ask
 *   websocket.h messages in both directions on one connection
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
#include <gimlet/auth.h>
#include <gimlet/client.h>
#include <gimlet/cookie.h>
#include <gimlet/cors.h>
#include <gimlet/compress.h>
#include <gimlet/ctx.h>
#include <gimlet/fetch.h>
#include <gimlet/files.h>
#include <gimlet/json.h>
#include <gimlet/log.h>
#include <gimlet/metrics.h>
#include <gimlet/negotiate.h>
#include <gimlet/openapi.h>
#include <gimlet/option.h>
#include <gimlet/rate_limit.h>
#include <gimlet/schema.h>
#include <gimlet/security_headers.h>
#include <gimlet/sse.h>
#include <gimlet/str.h>
#include <gimlet/stream.h>
#include <gimlet/task.h>
#include <gimlet/test.h>
#include <gimlet/time.h>
#include <gimlet/websocket.h>
#include <gimlet/topic.h>
#include <gimlet/trace.h>
#include <gimlet/upload.h>

#endif
