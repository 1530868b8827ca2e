/* DNS UPDATE (RFC 2136): the message that puts TXT values into a zone or takes them out, and what its answer means.
 * Pure. */
#ifndef DNS_UPDATE_H
#define DNS_UPDATE_H

#include "dns/tsig.h"

struct update_item {
    const char *fqdn;
    signet_str value;
    bool remove; /* this very value, no other of the name (section 2.5.4) */
};
/* A whole message for one zone, signed when there is a key (then ret_mac is for update_read). SIGNET_ELIMIT: more than
 * fits into one message. */
struct update {
    unsigned id;
    const char *zone;
    uint32_t ttl;
    const struct tsig_key *key; /* NULL: not signed */
    int64_t now_s;
};
int update_make(struct buf *to, const struct update *u, const struct update_item *v, size_t n, struct buf *ret_mac);

/* What the server says: 0: done. Else e says what it refused and what to look at; `server` is for the text.
 * SIGNET_EPROBLEM: it refused; SIGNET_EPROTO: this is no answer to it, or its signature is wrong. */
int update_read(signet_str answer, const struct update *u, signet_str mac, const char *server, struct err *e);

#endif
