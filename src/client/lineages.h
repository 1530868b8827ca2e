/* Looking at lineages: their certificates, and whether they are due. Shared by certonly, renew, certificates, explain.
 */
#ifndef CLIENT_LINEAGES_H
#define CLIENT_LINEAGES_H

#include "client/client.h"
#include "crypto/cert.h"
#include "plan/due.h"

/* lineage_open for verbs that change something: what an interrupted run left in it is repaired first, and said. */
int lineage_open_whole(struct run *r, const char *name, struct lineage **ret, struct err *e);
/* The lineages that the command line names, in its order; without any, all of them. */
int lineages_asked(const struct run *r, struct strlist *ret, struct err *e);
/* The identifiers of a lineage's newest certificate. */
int lineage_names(const struct lineage *l, struct strlist *domains, struct strlist *ips, struct err *e);
/* Everything in its newest certificate. */
int lineage_cert(const struct lineage *l, struct cert_info *ret, struct err *e);

/* What due_decide needs, from certificate, renewal file and request. The ARI part comes from the file while what is
 * stored there is still fresh (due_ari_fresh). */
int due_gather(const struct lineage *l, const struct request *req, int64_t now, struct due_input *ret, struct err *e);
/* Must the CA be asked (RFC 9773 section 4.3: not before its Retry-After)? */
bool due_ask_ari(const struct lineage *l, const struct due_input *in);
/* Keeps an answer (or, with a NULL one, a failure) in the renewal file: certbot's ari_retry_after, and the window
 * beside it. */
int due_store_ari(struct lineage *l, const signet_ari *a, int64_t now, struct err *e);
/* Asks the CA now and stores the answer; failures only warn. */
void due_fetch_ari(struct run *r, struct ca_slot *s, struct lineage *l, struct due_input *in);
/* A certificate of a test CA? By the issuer's name, as certbot tells them. */
bool cert_is_test(const struct cert_info *c, const struct request *req);
/* A certificate that people trust is not replaced by one of a staging CA (told by its URL, as certbot does) unless
 * --break-my-certs says so. SIGNET_EINVAL. */
int lineage_keep_real(const struct lineage *l, const struct request *q, bool dry_run, struct err *e);

#endif
