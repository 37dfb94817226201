/**
 * gimlet/tls.h: HTTPS without a proxy.
 *
 *     int main(int argc, char **argv)
 *     {
 *         return gim_main(argc, argv, .name = "shop", .routes = routes, .tls = &gim_tls_server);
 *     }
 *
 *     shop --tls-cert fullchain.pem --tls-key key.pem
 *
 * gives the program the options --tls-cert, --tls-key and --tls-min. With a certificate it speaks HTTPS
 * on its port, and nothing else; without one plain HTTP as before. SIGHUP reads both files again: new
 * connections get the new certificate, those that are there live on, and files that cannot be used
 * are told in the log while the old certificate stays.
 *
 * TLS 1.2 and 1.3, HTTP/1.1 (ALPN "http/1.1"); one certificate, for all the names it holds. Sessions are
 * resumed by tickets whose keys change every hour and never leave the process. No early data, no
 * client certificates, no OCSP stapling, no kernel TLS.
 *
 * Naming gim_tls_server links OpenSSL, which a program that does not name it neither links nor loads.
 * It costs memory also where no certificate is set (libssl and libcrypto: 2 to 3 MB when they are
 * shared libraries); a program for both can name gim_tls_elsewhere, and run another in its place.
 */
#ifndef GIMLET_TLS_H
#define GIMLET_TLS_H

#include <gimlet/app.h>

#ifdef __cplusplus
extern "C" {
#endif

/** What .tls of an application points at. */
struct gim_tls_server;

/** HTTPS by OpenSSL. */
extern const struct gim_tls_server gim_tls_server;

/** The options only, and no OpenSSL: for a program that hands over to one with gim_tls_server, in
 *  .configured, when gim_tls_is_set. Where it does not, a certificate ends the start (exit 2). */
extern const struct gim_tls_server gim_tls_elsewhere;

/** Is a certificate or a key set? From .configured on; any thread. */
bool gim_tls_is_set(const struct gim_app *app);

/** Did this request come by TLS to this process? (Not: to a proxy before it.) Loop thread, or the
 *  handler's. */
bool gim_is_tls(const struct gim_ctx *c);

#ifdef __cplusplus
}
#endif
#endif
