/* The process that looks at our own web server from outside, as a visitor would: does it serve the new certificate,
 * does it answer the challenge? main makes no connection, so a process of its own does, without files, in a sandbox. It
 * connects only to addresses of this machine that main names. */
#ifndef NET_PROBER_H
#define NET_PROBER_H

#include "net/loop.h"
#include <signet/types.h>

#define PROBER_WORD     "signet: prober"
#define PROBER_NAME_MAX 256u
#define PROBER_AUTH_MAX 1024u
#define PROBER_WAIT_MS  3000 /* for one look */

struct probe_place {
    char ip[64]; /* numeric */
    unsigned port;
    bool proxy_protocol; /* the listener wants a PROXY line first */
};

struct prober;
int prober_new(struct prober **ret, struct loop *l, bool require_sandbox, struct err *e);
void prober_free(struct prober *p); /* NULL is fine */

enum probe_key { PROBE_ANY_KEY, PROBE_RSA, PROBE_EC };
/* The SHA-256 of the certificate that is served for `name` there. SIGNET_ENET when nothing listens, SIGNET_ETLS when
 * TLS fails. */
int prober_leaf(struct prober *p, const struct probe_place *at, const char *name, enum probe_key key, uint8_t ret[32],
                struct err *e);
/* Is http://name/path answered there with 200 and exactly `body`? SIGNET_EPROTO, saying how else, when not. */
int prober_http(struct prober *p, const struct probe_place *at, const char *name, const char *path, signet_str body,
                struct err *e);

/* The process itself; its exit status. */
int prober_main(void);

#endif
