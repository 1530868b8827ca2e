/* The process that answers on ports 80 and 443. Everybody on the internet may write to it, so it holds nothing: main
 * binds the sockets (which may need root) and passes them on; the process speaks the two protocols of net/listen.h on
 * them, in a sandbox without files, without connections of its own and without keys but the throw-away ones of
 * tls-alpn-01, which it makes itself. One process serves all listeners of a run. Every call waits for its confirmation
 * (stepping the loop meanwhile): what was added is answered when the call returns. */
#ifndef NET_RESPONDER_H
#define NET_RESPONDER_H

#include "net/loop.h"
#include "net/serve.h"
#include <signet/acme.h>

#define RESPONDER_WORD    "signet: responder" /* what it is called by (net/role.h) */
#define RESPONDER_WAIT_MS 15000               /* for one confirmation, the start of the process included */
#define RESPONDER_PORTS   64u

enum responder_kind { RESPOND_HTTP, RESPOND_ALPN };

struct responder;
struct responder_config {
    bool require_sandbox; /* it refuses to serve when its sandbox is not whole (told by the first call that waits) */
    bool alpn; /* tls-alpn-01 is likely: OpenSSL is set up while its configuration can be read. Without it, it is with
                  defaults */
};
/* Starts the process and returns at once; it gets ready while the caller does other things. */
int responder_new(struct responder **ret, struct loop *l, const struct responder_config *c, struct err *e);
void responder_free(struct responder *r); /* ends it; NULL is fine */

/* Passes on bound sockets, which stay the caller's, too. *ret_id names the listener. */
int responder_open(struct responder *r, enum responder_kind kind, const struct listen_sockets *s, unsigned *ret_id,
                   struct err *e);
void responder_close(struct responder *r, unsigned id); /* its sockets and connections are closed on return */
/* HTTP: the token ident.value answers with key_auth, and only requests whose field `header` names `host` (http_host.h)
 * when that is not empty. ALPN: the identifier. */
struct responder_answer {
    signet_ident ident;
    signet_str key_auth, header, host;
};
int responder_put(struct responder *r, unsigned id, const struct responder_answer *a, struct err *e);
static inline int responder_add(struct responder *r, unsigned id, const signet_ident *ident, signet_str key_auth,
                                struct err *e)
{
    return responder_put(r, id, &(struct responder_answer){ .ident = *ident, .key_auth = key_auth }, e);
}
void responder_remove(struct responder *r, unsigned id, const signet_ident *ident);
unsigned responder_hits(struct responder *r, unsigned id); /* HTTP: requests that found their token */

/* The process itself; its exit status. */
int responder_main(void);

#endif
