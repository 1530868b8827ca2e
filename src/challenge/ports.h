/* The listeners of this process, shared by all solver instances: the orders of many lineages that run side by side
 * answer on one port. A listener is opened for its first answer and closed with its last. */
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
};

struct answer; /* one thing that is being answered, or one more user of it */

/* HTTP: `key_auth` for the token id->value (the type does not count); ALPN: for the identifier. The same answer twice
 * is one answer with two users. SIGNET_EEXIST when the same identifier is being answered with something else (an order
 * of another account): try later. Errors of the listener as in net/listen.h. */
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
