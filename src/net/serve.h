/* Inside net: what the two listeners share. Sockets on one port of both families, and connections on which a protocol
 * is fed what arrives and says what is sent back. Every connection is bounded in time, and a new one is let in soon:
 * when all places are taken it waits for one, and gets that of the oldest which has had some time, so that slow
 * strangers cannot keep the CA out, and a crowd of the CA's own requests loses none. */
#ifndef NET_SERVE_H
#define NET_SERVE_H

#include "base/buf.h"
#include "net/loop.h"

/* ---- sockets (listen.c) ---- */

#define LISTEN_SOCKETS_MAX 2
struct listen_sockets {
    int fd[LISTEN_SOCKETS_MAX];
    unsigned n;
    unsigned port;
};
/* Bound, listening, non-blocking. Errors as http_listen's. */
int listen_open(struct listen_sockets *ret, const char *address, unsigned port, struct err *e);
void listen_close(struct listen_sockets *s);
void listen_refuse(const struct listen_sockets *s); /* closes what was handed over; NULL is fine */

/* ---- who holds a port (port_holder.c) ---- */

/* Inodes of the sockets that listen on `port` in a table in the form of /proc/net/tcp; at most `max` are stored. */
size_t port_holder_inodes(signet_str table, unsigned port, uint64_t *ret, size_t max);
/* Adds "nginx (process 1234)" for the first process that holds the port; false when that cannot be told. */
bool port_holder(unsigned port, struct buf *ret);

/* ---- connections (serve.c) ---- */

struct serve_ops {
    void *(*open)(void *owner); /* the protocol's state of one connection; NULL refuses it */
    /* 1: go on; otherwise the connection ends once `out` is sent. */
    int (*feed)(void *owner, void *conn, signet_str in, struct buf *out);
    void (*close)(void *conn);
};
struct serve_limits {
    unsigned conns;
    int64_t idle_ms, total_ms;
    size_t out_max; /* bytes waiting to be sent */
};
#define SERVE_LIMITS ((struct serve_limits){ .conns = 64, .idle_ms = 5000, .total_ms = 10000, .out_max = 128 * 1024 })

struct server;
struct serve_config {
    const struct listen_sockets *sockets; /* bound already, taken over also on failure; NULL: bind these: */
    const char *address;
    unsigned port;
    const struct serve_ops *ops;
    void *owner;
    struct serve_limits limits;
};
int server_new(struct server **ret, struct loop *l, const struct serve_config *config, struct err *e);
unsigned server_port(const struct server *s);
void server_free(struct server *s); /* closes all; NULL is fine */

#endif
