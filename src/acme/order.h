/* An order from newOrder to the certificate (RFC 8555 sections 7.4, 7.5, 8): the job that order.c, authz.c, challenge.c
 * and issue.c share.
 *
 *   NEW ─► AUTHZ ─► CHALLENGE ─► POLL ─► CSR ─► FINALIZE ─► ISSUE ─► CERT ─► (ALTERNATES) ─► END
 *              └► REVALIDATE ─► NEW       └► COLLECT ─► failure
 *
 * An order that comes back ready or valid skips what is behind it already. */
#ifndef ACME_ORDER_H
#define ACME_ORDER_H

#include "acme/core.h"

enum order_status { ORDER_UNKNOWN, ORDER_PENDING, ORDER_READY, ORDER_PROCESSING, ORDER_VALID, ORDER_INVALID };
enum authz_status { AUTHZ_UNKNOWN, AUTHZ_PENDING, AUTHZ_VALID, AUTHZ_INVALID, AUTHZ_GONE };
enum chal_step { CHAL_NONE, CHAL_PRESENTING, CHAL_PRESENTED, CHAL_FAILED, CHAL_CLEANING, CHAL_CLEAN };
enum order_phase {
    PHASE_NEW,
    PHASE_AUTHZ,
    PHASE_REVALIDATE,
    PHASE_CHALLENGE,
    PHASE_POLL,
    PHASE_CSR,
    PHASE_FINALIZE,
    PHASE_ISSUE,
    PHASE_CERT,
    PHASE_ALTERNATES,
    PHASE_COLLECT,
    PHASE_END
};

struct order_job;

/* One authorization, and the challenge chosen from it. */
struct authz {
    struct order_job *o;
    signet_str url;
    signet_order_ident *ident; /* NULL until it is known whose it is */
    enum authz_status status;
    struct item it; /* PRESENT, later CLEANUP */
    enum chal_step step;
    signet_chal type;
    signet_str chal_url, token, key_auth, name, value;
    uint64_t chal_id;
    unsigned left;
    bool started; /* the CA is at it already: nothing to POST */
};

struct order_job {
    signet_job j;
    enum order_phase phase;
    signet_order_ident *idents;
    bool *taken; /* identifiers that have their authorization */
    size_t n_idents;
    struct buf csr;
    signet_str profile, not_before, not_after, replaces, preferred_chain;
    bool fetch_alternates, profile_optional, revalidate, keep_pending, release, one_by_one, resumed;
    signet_str url, finalize_url, cert_url;
    struct authz *authz;
    size_t n_authz;
    unsigned n_waiting;    /* answers of this phase still to come */
    unsigned n_presenting; /* PRESENT queued or out */
    unsigned n_cleaning;   /* CLEANUP queued or out */
    unsigned total;        /* challenges of this order */
    unsigned polls, pause_ms, finalizes, finalize_faults;
    size_t next_look;
    struct problem why; /* of an invalid order */
    bool have_cert;
    struct buf chains[1 + LIM_ALTERNATES];
    size_t n_chains;
    signet_str alt[LIM_ALTERNATES];
    size_t n_alt;
    bool missed;
};

static inline struct order_job *order_of(signet_job *j)
{
    return (struct order_job *)j;
}

/* order.c */
void order_new(struct order_job *o);
void order_resume(struct order_job *o); /* reads the order at o->url, then goes on from its state */
void order_forget_hint(
    struct order_job *o); /* the nonces fetched ahead for its authorizations are not needed (any more) */
void order_step(struct order_job *o, json_t *doc, int64_t retry_after_s);
void order_poll_first(struct order_job *o);
void order_poll_in(struct order_job *o, int64_t ms);
/* A POST-as-GET (payload NULL), or a POST; the URL has been checked. `ctx` goes to the handler. */
int order_post(struct order_job *o, signet_str url, char *payload, unsigned flags, const char *doing,
               void (*done)(struct req *, struct reply *), void *ctx);
/* A member of an answer that is to be a URL of this CA: into the job's memory. On failure the job has failed. */
int order_url(struct order_job *o, signet_str url, const char *what, signet_str *ret);
char *status_payload(const char *status); /* {"status": …} */

/* order_job.c */
void order_settle(struct order_job *o);

/* authz.c */
int authz_list(struct order_job *o, json_t *urls); /* 0, or the job has failed */
void authz_fetch_all(struct order_job *o);
enum authz_status authz_status(signet_str s); /* of a status in words */
void authz_collect(struct order_job *o, json_t *error);
void authz_look(struct order_job *o);
void authz_deactivate_pending(struct order_job *o);
void authz_release(struct order_job *o); /* all of them, when the certificate is there */
void authz_reset(struct order_job *o);

/* challenge.c */
int chal_choose(struct authz *a, json_t *challenges); /* 0, or the job has failed */
void chal_present_all(struct order_job *o);
void chal_clean_all(struct order_job *o, bool at_once); /* at_once: also those whose PRESENT is still out */

/* issue.c */
void issue_ready(struct order_job *o);
void issue_fetch(struct order_job *o);

#endif
