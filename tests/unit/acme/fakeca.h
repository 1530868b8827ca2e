/* A CA in memory: it answers the HTTP actions of a session, keeps the rules of RFC 8555 (nonces once, JWS of the right
 * shape, states), and misbehaves where a test says so. Time is virtual: it goes on only when nothing is in flight. */
#ifndef TESTS_FAKECA_H
#define TESTS_FAKECA_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
/* cmocka wants the three above first */
#include <cmocka.h>

#include "acme/core.h"

#define CA_AUTHZ_MAX   256
#define CA_ORDERS_MAX  16
#define CA_NONCES_MAX  4096
#define FAKE_LINKS_MAX 12
#define CA_URL         "https://ca.test"

enum fault { FAULT_NONE, FAULT_NET, FAULT_LOST, FAULT_500, FAULT_503, FAULT_CUT, FAULT_BADNONCE, FAULT_KINDS };

struct fake_authz {
    char value[64];
    bool ip, wild;
    const char *status;
    char token[64];
    bool answered;
    unsigned looks;
};

struct fake_order {
    bool used;
    const char *status;
    size_t first, n; /* authorizations */
    unsigned looks;  /* since it left pending or ready */
    char *csr;
};

struct fake_res {
    int status;
    char *body; /* owned */
    size_t n;
    char location[256], nonce[300], retry_after[64];
    char links[FAKE_LINKS_MAX][256];
    size_t n_links;
    int net_err;
};

struct fakeca;
typedef void fake_tweak(struct fakeca *ca, const char *path, json_t *doc, struct fake_res *r);

struct fakeca {
    /* knobs */
    enum fault fault;
    unsigned fault_at, fault_n; /* requests fault_at … fault_at + fault_n - 1 */
    const char *fault_path;     /* only requests whose path starts so; NULL: any */
    unsigned validate_looks;    /* order looks until the names are valid */
    unsigned process_looks;     /* order looks until the certificate is there */
    const char *bad_name;       /* its validation fails */
    bool born_valid;            /* authorizations are valid already */
    unsigned each_looks;        /* each becomes valid by itself, at the N-th look at it; 0: all with the order */
    bool no_account, eab_required;
    const char *refuse_replaces; /* "alreadyReplaced" … */
    int refuse_status;
    unsigned not_ready; /* orderNotReady answers at finalize */
    unsigned n_alternates;
    char *chain[4]; /* PEM; [0] default; NULL: a made-up one */
    const char *ari_body, *ari_retry_after;
    fake_tweak *tweak;     /* before a JSON answer is written */
    fake_tweak *tweak_raw; /* after it is written */
    const char *challenge_types[6];
    bool only_dns_error;
    /* what happened */
    bool nonce_used[CA_NONCES_MAX];
    unsigned n_nonces, requests, posts, heads, gets, orders, finalized, certs, deactivated, revoked, key_changes,
        faulted;
    char last_csr[256];
    char *account_jwk, *contact, *old_jwk;
    char order_payload[65536];
    char eab_kid[64], eab_alg[16];
    int revoke_reason;
    bool revoke_by_jwk, account_deactivated;
    struct fake_authz authz[CA_AUTHZ_MAX];
    size_t n_authz;
    struct fake_order order[CA_ORDERS_MAX];
    char log[16384]; /* METHOD path, one a line */
};

struct fly {
    signet_action a;
};

struct seen {
    uint64_t chal_id;
    char token[300], ident[80], name[300], value[2600];
    signet_chal type;
    unsigned left, total;
    bool cleaned;
};

struct run {
    struct fakeca ca;
    signet_session *s;
    signet_config cfg;
    int64_t now, start;
    struct fly fly[256];
    size_t n_fly;
    unsigned max_fly, rounds, presents, cleanups, done, signs;
    struct seen seen[CA_AUTHZ_MAX];
    const char *present_fail; /* identifier whose challenge cannot be set up */
    bool hold_present;        /* PRESENT is never completed */
    unsigned stop_after;      /* actions; 0: none */
    unsigned actions;
    bool ask_sign; /* SIGN actions instead of a callback */
    bool mute;     /* keys of jobs do not sign */
    bool may_fail; /* memory is short: starting a session or a job may fail */
};

/* Tests that let allocations fail stop doing so while the fake CA itself is at work: set by them, NULL otherwise. */
extern void (*fake_at_work)(bool);

/* The fake key: signs with SHA-256 over its name and the text, so that the CA can check without a curve. */
signet_signer fake_signer(const char *name);
void fake_sign(const char *name, signet_str tbs, uint8_t out[32]);
char *fake_jwk(const char *name); /* static text for "a", "b" */

void run_open(struct run *r, const char *account_url, signet_str saved);
void run_close(struct run *r);                /* checks that everything presented was cleaned */
bool run_step(struct run *r);                 /* one batch; false: nothing more to do without time passing */
void run_until(struct run *r, signet_job *j); /* to the end of the job */
void run_idle(struct run *r);                 /* until nothing is queued or in flight */
signet_job *run_order(struct run *r, const char *const *names, size_t n, const signet_order_params *more);
char *test_chain_of(unsigned root); /* PEM of a chain whose topmost issuer is "Root N"; owned by the caller */
void ca_free(struct fakeca *ca);
void ca_respond(struct fakeca *ca, const signet_action *a, struct fake_res *res);

static inline void assert_str(signet_str got, const char *want)
{
    assert_int_equal(got.n, strlen(want));
    assert_memory_equal(got.n ? got.p : "", want, got.n);
}

#endif
