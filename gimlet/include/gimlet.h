/**
 * gimlet: a REST framework in C. Applications include this file and nothing else of gimlet.
 *
 * Every service has:
 *   app.h     routes, groups, middleware, gim_main     start here
 *   ctx.h     one request and its reply
 *   schema.h  one description per type: bind, check, encode
 *   option.h  settings as rows
 *   log.h     lines for the operator
 *   test.h    call the application without a socket
 *
 * And it names what else it wants. What comes in:
 *   upload.h  files that clients send
 *   cookie.h  cookies, also signed (set_cookie.h: what one says)
 *   json.h    a read-only tree over raw JSON
 *
 * What goes out:
 *   negotiate.h   which of several answers a client wants
 *   files.h       files from the disk: a folder, a download
 *   compress.h    gzip and zstd for replies
 *   stream.h      replies made while they are sent (pull.h: the words of a source)
 *   sse.h topic.h server-sent events; one source, many readers
 *   websocket.h   messages in both directions on one connection
 *
 * Who may ask:
 *   auth.h client.h   guards with a typed value, Basic, bearer; addresses behind proxies
 *   cors.h security_headers.h   what browsers may do
 *   rate_limit.h  how often somebody may ask
 *
 * What happens beside the requests:
 *   task.h    timers, work for a loop, work in the background
 *   fetch.h   an HTTP client on the same loop
 *
 * What is seen from outside:
 *   openapi.h the API describes itself: a document and a page
 *   metrics.h figures for Prometheus
 *   trace.h   W3C traceparent
 *   tls.h     HTTPS without a proxy
 *   sandbox.h a service that was taken over can do little
 *
 * Beneath all: str.h arena.h time.h, bytes with a length, memory by lifetime, instants.
 */
#ifndef GIMLET_H
#define GIMLET_H

#include <gimlet/app.h>
#include <gimlet/arena.h>
#include <gimlet/auth.h>
#include <gimlet/client.h>
#include <gimlet/compress.h>
#include <gimlet/cookie.h>
#include <gimlet/cors.h>
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
#include <gimlet/sandbox.h>
#include <gimlet/schema.h>
#include <gimlet/security_headers.h>
#include <gimlet/sse.h>
#include <gimlet/str.h>
#include <gimlet/stream.h>
#include <gimlet/task.h>
#include <gimlet/test.h>
#include <gimlet/time.h>
#include <gimlet/tls.h>
#include <gimlet/token.h>
#include <gimlet/topic.h>
#include <gimlet/trace.h>
#include <gimlet/upload.h>
#include <gimlet/websocket.h>

#endif
