#include "crypto/tlsalpn.h"
#include "net/listen.h"
#include "net/serve.h"
#include <stdlib.h>

struct alpn_listener {
    struct server *server;
    struct tlsalpn *names;
};

static void *conn_open(void *owner)
{
    struct alpn_listener *a = owner;
    struct tlsalpn_conn *c;
    return tlsalpn_accept(&c, a->names) ? NULL : c;
}

static int conn_feed(void *owner, void *conn, signet_str in, struct buf *out)
{
    (void)owner;
    return tlsalpn_feed(conn, in, out);
}

static void conn_close(void *conn)
{
    tlsalpn_conn_free(conn);
}

static int start(struct alpn_listener **ret, struct loop *l, struct serve_config *config, struct err *e)
{
    static const struct serve_ops ops = { conn_open, conn_feed, conn_close };
    struct alpn_listener *a = calloc(1, sizeof(*a));
    int r = a ? tlsalpn_new(&a->names, e) : err_nomem(e);
    if (r)
        listen_refuse(config->sockets);
    if (!r) {
        config->ops = &ops;
        config->owner = a;
        config->limits = SERVE_LIMITS;
        r = server_new(&a->server, l, config, e);
    }
    if (r)
        alpn_listener_free(a);
    else
        *ret = a;
    return r;
}

int alpn_listen(struct alpn_listener **ret, struct loop *l, const char *address, unsigned port, struct err *e)
{
    return start(ret, l, &(struct serve_config){ .address = address, .port = port }, e);
}

int alpn_listen_on(struct alpn_listener **ret, struct loop *l, const struct listen_sockets *s, struct err *e)
{
    return start(ret, l, &(struct serve_config){ .sockets = s }, e);
}

unsigned alpn_listener_port(const struct alpn_listener *a)
{
    return server_port(a->server);
}

int alpn_listener_add(struct alpn_listener *a, const signet_ident *id, signet_str key_auth, struct err *e)
{
    return tlsalpn_add(a->names, id, key_auth, e);
}

void alpn_listener_remove(struct alpn_listener *a, const signet_ident *id)
{
    tlsalpn_remove(a->names, id);
}

void alpn_listener_free(struct alpn_listener *a)
{
    if (!a)
        return;
    server_free(a->server);
    if (a->names)
        tlsalpn_free(a->names);
    free(a);
}
