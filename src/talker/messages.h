/* The messages as structs, writing and reading of each side by side. What msg_get_… fills are views into the frame;
 * lists live in the msg_mem given. Each returns 0, or SIGNET_EPROTO (get), SIGNET_ELIMIT, SIGNET_ENOMEM; text is not
 * judged here. */
#ifndef TALKER_MESSAGES_H
#define TALKER_MESSAGES_H

#include "talker/wire.h"
#include <signet/acme.h>

/* What is decoded together and dies together. */
struct msg_mem {
    struct msg_block *head;
};
void *msg_alloc(struct msg_mem *m, size_t n,
                size_t size); /* zeroed array; NULL when memory is short; never NULL for n = 0 */
void msg_join(struct msg_mem *m, struct msg_mem *other); /* other's become m's */
void msg_free(struct msg_mem *m);

struct msg_config {
    signet_str directory_url, user_agent, account_url, saved;
    signet_alg alg; /* of the account key */
    signet_str jwk; /* its public part */
    bool no_verify, allow_http, trace, require_sandbox;
    bool has_roots; /* descriptor 4 is open on the bundle of roots */
    unsigned http_timeout_s, order_timeout_s, finalize_timeout_s, max_nonces, request_limit;
    signet_str server_name;
};
int msg_put_config(struct wire *w, const struct msg_config *c);
int msg_get_config(struct wire_reader *r, struct msg_config *ret);

/* Without eab_hmac_key: the talker has the binding signed (WIRE_SIGN). */
int msg_put_account(struct wire *w, uint32_t job, const signet_account_params *p);
int msg_get_account(struct wire_reader *r, struct msg_mem *m, signet_account_params *ret);
int msg_put_order(struct wire *w, uint32_t job, const signet_order_params *p);
int msg_get_order(struct wire_reader *r, struct msg_mem *m, signet_order_params *ret);

/* WIRE_REVOKE and WIRE_ROLLOVER: alg 0 means the account key. */
struct msg_key {
    signet_alg alg;
    signet_str jwk;
};
int msg_put_revoke(struct wire *w, uint32_t job, signet_str cert_der, int reason, const struct msg_key *key);
int msg_get_revoke(struct wire_reader *r, signet_str *cert_der, int *reason, struct msg_key *key);
int msg_put_rollover(struct wire *w, uint32_t job, const struct msg_key *key);
int msg_get_rollover(struct wire_reader *r, struct msg_key *key);

/* Frames of one string or none: directory, CSR, ARI, cancel, order URL, chain, saved, account URL, trace. */
int msg_put_text(struct wire *w, enum wire_type type, uint32_t job, signet_str text);
int msg_put_empty(struct wire *w, enum wire_type type, uint32_t job);
int msg_get_text(struct wire_reader *r, signet_str *ret);

int msg_put_signed(struct wire *w, uint64_t id, signet_str sig);
int msg_get_signed(struct wire_reader *r, uint64_t *id, signet_str *sig);
/* WIRE_CHAL_DONE (id of the action) and WIRE_FATAL (id 0): a code and its words. */
int msg_put_outcome(struct wire *w, enum wire_type type, uint64_t id, int err, signet_str why);
int msg_get_outcome(struct wire_reader *r, uint64_t *id, int *err, signet_str *why);

struct msg_sign {
    uint64_t id;
    signet_key_role role;
    signet_alg alg;
    signet_str tbs;
};
int msg_put_sign(struct wire *w, uint32_t job, const struct msg_sign *s);
int msg_get_sign(struct wire_reader *r, struct msg_sign *ret);

struct msg_chal {
    uint64_t id, chal_id;
    signet_chal type;
    signet_ident ident;
    signet_str token, key_auth, name, value;
    unsigned left, total;
};
int msg_put_chal(struct wire *w, enum wire_type type, uint32_t job, const struct msg_chal *c);
int msg_get_chal(struct wire_reader *r, struct msg_chal *ret);

struct msg_done {
    bool ok;
    signet_problem problem; /* when not ok */
    signet_account account;
    bool chain_missed;
    signet_str cert_url; /* orders */
    signet_ari ari;
};
/* Long texts of the problem are cut and the list of subproblems ends at 200, so that a frame never gets too long. */
int msg_put_done(struct wire *w, uint32_t job, const struct msg_done *d);
int msg_get_done(struct wire_reader *r, struct msg_mem *m, struct msg_done *ret);

int msg_put_meta(struct wire *w, const signet_meta *meta);
int msg_get_meta(struct wire_reader *r, struct msg_mem *m, signet_meta *ret);

#endif
