/* The listeners of a run, shared by all solver instances: the orders of many lineages that run side by side answer on
 * one port. A listener is opened for its first answer and closed with its last. They run in the responder
 * (net/responder.h), a process without rights, once ports_prepare was called; else in this one, as tests want it. */
#ifndef CHALLENGE_PORTS_H
#define CHALLENGE_PORTS_H

#include "base/err.h"
#include "net/loop.h"
#include <signet/acme.h>

enum port_kind { PORT_HTTP, PORT_ALPN };

struct port_spec {
    struct loop *loop;
    enum port_kind kind;
    const char *address; /* NULL or "": every address */
    unsigned port;
    /* HTTP: the answer is only for requests whose field `header` names `host`; empty: for all. Belongs to the answer,
     * not to the port. */
    signet_str header, host;
};

/* Starts the responder, so that it is ready when the first port is asked for; a second call does nothing. `alpn`:
 * PORT_ALPN is likely. Its failure shows at the first answer_add; without `require_sandbox` this process then listens
 * itself, with a warning. */
void ports_prepare(struct loop *l, bool require_sandbox, bool alpn);
void ports_done(void); /* before the loop goes: ends the responder and all listeners in it */

struct answer; /* one thing that is being answered, or one more user of it */

/* HTTP: `key_auth` for the token id->value (the type does not count); ALPN: for the identifier. The same answer twice
 * is one answer with two users. SIGNET_EEXIST when the same identifier is being answered with something else (an order
 * of another account): try later. Errors of the listener as in net/listen.h. */
/* When it returns 0 the answer is being served. */
int answer_add(struct answer **ret, const struct port_spec *where, const signet_ident *id, signet_str key_auth,
               struct err *e);
/* Would answer_add say SIGNET_EEXIST? */
bool answer_busy(const struct port_spec *where, const signet_ident *id, signet_str key_auth);
/* How many requests the answer's listener has served since it was opened; 0 for ALPN. */
unsigned answer_hits(const struct answer *a);
void answer_remove(struct answer *a); /* NULL is fine */

/* The port a listener is bound to (which the kernel chose when 0 was asked for); 0 when it is not open. */
unsigned port_open(const struct port_spec *where);

#endif
