/* What a run owes, noted in the journal while it goes on (store/journal.h), and paid by the next run when it could not
 * do so itself: challenges that are up, orders under way, deploy and post hooks. */
#ifndef CLIENT_OWE_H
#define CLIENT_OWE_H

#include "client/issue.h"

/* How long an order of an earlier run is worth going on with. */
#define OWE_ORDER_MAX_S     (7 * 24 * 3600)
#define OWE_CHALLENGE_MAX_S (7 * 24 * 3600) /* one that cannot be taken away is tried for so long */

/* Opens the journal, touching nothing yet; hooks are noted from here on. */
int owe_start(struct run *r, struct err *e);
/* Is there room for what an order will bring? Asked once a run, before the first order: 16 KiB are written and synced
 * where the certificates and where the journal go, and removed. The error names path and need; nothing was ordered
 * then. */
int owe_room(struct run *r, struct err *e);

/* A challenge, before and after it is put up. Failing to note it is only logged. */
void owe_challenge(struct run *r, const struct issue *i, const struct challenge *c, uint64_t *note);
/* What was noted outlives a power cut from here on: a record or a file that is put up outlives it, too. */
void owe_sync(struct run *r);

/* An order that the CA has placed: its URL, key and CSR, and the deploy hooks that its certificate will need, on disk
 * for good when this returns 0. Else a crash could lose the certificate: i->err says so, and the order is to be given
 * up. */
int owe_order(struct run *r, struct issue *i, signet_str url);
/* Who the issue is for: a lineage, or a new one by that name. Then, if an earlier run has placed an order for the same
 * names with the same kind of key, the issue goes on with that. Call after obtain_prepare. */
int owe_resume(struct run *r, struct issue *i, const struct lineage *l, const char *name, struct err *e);
/* The issue has failed: its order stays for the next run when it may still lead to a certificate, else it is forgotten.
 */
void owe_failed(struct run *r, struct issue *i);
/* The order cannot be used any more, or is not needed any more. */
void owe_forget(struct run *r, struct issue *i);
/* The certificate is in place; runs the deploy hooks, then the order is paid for. */
int owe_deploy(struct run *r, struct issue *i, const struct lineage *l, struct err *e);

/* Pays what dead runs have left, saying what was done. Only a signal or want of memory is an error: then the rest stays
 * for the next run. */
int owe_recover(struct run *r, struct err *e);

#endif
