/* The ports 80 and 443 for as long as challenges are up: sockets bound on IPv4 and IPv6, and the two protocols spoken
 * on them. Only the tokens given are answered; a request never names a file. Limits: 64 connections, request line 2
 * KiB, headers 8 KiB, 5 s idle, 10 s in all. */
#ifndef NET_LISTEN_H
#define NET_LISTEN_H

#include "net/loop.h"
#include "net/serve.h"
#include <signet/acme.h>

struct http_listener;
/* address "" or NULL: every address of both families (port 0: the kernel's choice, see …_port). On EADDRINUSE the error
 * says which process holds the port, as far as /proc tells, and its code is SIGNET_EBUSY; EACCES says that root or
 * CAP_NET_BIND_SERVICE is needed. */
int http_listen(struct http_listener **ret, struct loop *l, const char *address, unsigned port, struct err *e);
/* As http_listen, on sockets that are bound already; takes them, also on failure. */
int http_listen_on(struct http_listener **ret, struct loop *l, const struct listen_sockets *s, struct err *e);
unsigned http_listener_port(const struct http_listener *h);
/* GET and HEAD of /.well-known/acme-challenge/TOKEN answer `body` (text/plain, nosniff). */
int http_listener_add(struct http_listener *h, signet_str token, signet_str body);
/* The answer of a token that is there is only for requests whose field `header` names `host` (http_host.h); others get
 * what an unknown token gets. */
int http_listener_guard(struct http_listener *h, signet_str token, signet_str header, signet_str host);
void http_listener_remove(struct http_listener *h, signet_str token);
unsigned http_listener_hits(const struct http_listener *h); /* requests that found their token */
void http_listener_free(struct http_listener *h);           /* closes all; NULL is fine */

struct alpn_listener;
int alpn_listen(struct alpn_listener **ret, struct loop *l, const char *address, unsigned port, struct err *e);
int alpn_listen_on(struct alpn_listener **ret, struct loop *l, const struct listen_sockets *s, struct err *e);
unsigned alpn_listener_port(const struct alpn_listener *a);
int alpn_listener_add(struct alpn_listener *a, const signet_ident *id, signet_str key_auth, struct err *e);
void alpn_listener_remove(struct alpn_listener *a, const signet_ident *id);
void alpn_listener_free(struct alpn_listener *a);

#endif
