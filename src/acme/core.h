/* The inside of libsignet: what the files of this room share.
 *
 * A session owns its jobs; a job owns its requests. A request walks through waiting rooms, each a queue of the session:
 * for the directory (it names a resource, not a URL), for the account URL (it is signed with kid), for a nonce; then it
 * is signed (inline, or by a SIGN action) and goes out. The answer is judged in one place (request.c), which repeats
 * what may be repeated; only what is final reaches the job's handler. Everything that waits for an answer of the
 * embedder is an item with a slot in a table, so that completions are found in one step. */
#ifndef ACME_CORE_H
#define ACME_CORE_H

#include "acme/limits.h"
#include "acme/mem.h"
#include "base/b64.h"
#include "base/buf.h"
#include "base/err.h"
#include <jansson.h>
#include <signet/acme.h>

/* ---- items: what the embedder has been asked to do ---- */

enum item_owner { ITEM_REQ, ITEM_INNER, ITEM_CHAL, ITEM_DONE };
enum item_state { ITEM_IDLE, ITEM_QUEUED, ITEM_OUT };

struct item {
    struct link link; /* in an outbox while QUEUED */
    enum item_owner owner;
    enum item_state state;
    signet_act act;
    uint32_t slot;
    uint64_t id; /* valid while OUT */
};

struct slot {
    struct item *it;
    uint32_t gen;  /* so that a late completion never meets the slot's next user */
    uint32_t next; /* free list */
};

int item_init(signet_session *s, struct item *it, enum item_owner owner); /* 0 or SIGNET_ENOMEM */
void item_done(signet_session *s, struct item *it); /* gives the slot back; fine when never initialised (zeros) */
void item_queue(signet_session *s, struct item *it, signet_act act);
void item_idle(struct item *it); /* completed or withdrawn */

/* ---- keys ---- */

struct signer {
    signet_alg alg;
    json_t *jwk;
    char *jwk_text;
    int (*sign)(void *ctx, signet_str tbs, uint8_t *out, size_t *len);
    void *ctx;
};
int signer_copy(struct signer *to, const signet_signer *from); /* SIGNET_EINVAL, SIGNET_ENOMEM */
void signer_done(struct signer *k);
int signer_thumbprint(const struct signer *k, struct buf *to);

/* ---- problems ---- */

struct problem {
    signet_problem pub;
    struct arena mem;
    signet_subproblem *sub;
    size_t n, cap;
};
void prob_done(struct problem *p);
/* Texts are copied, cut at LIM_TEXT. Memory running out costs text, never the failure itself. */
void prob_set(struct problem *p, int code, const char *doing, signet_str url, const char *fmt, ...)
    __attribute__((format(printf, 5, 6)));
void prob_where(struct problem *p, const char *doing, signet_str url);
void prob_decode(struct problem *p,
                 json_t *doc); /* an RFC 7807 document; any member may be missing or of a wrong type */
void prob_sub(struct problem *p, signet_str type, signet_str detail, signet_str ident, signet_chal chal);
void prob_copy(struct problem *to, const struct problem *from);
void prob_move(struct problem *to, struct problem *from);
bool prob_is(const struct problem *p, const char *acme_type); /* "badNonce" */
bool prob_type_is(signet_str type, const char *acme_type);

/* ---- requests ---- */

enum resource {
    RES_NONE,
    RES_NEW_NONCE,
    RES_NEW_ACCOUNT,
    RES_NEW_ORDER,
    RES_REVOKE,
    RES_KEY_CHANGE,
    RES_ARI,
    RES_DIRECTORY,
    RES_ACCOUNT
};
#define RES_COUNT 9

enum req_auth { AUTH_NONE, AUTH_JWK, AUTH_KID };

enum {
    REQ_JSON = 1,      /* a 2xx answer without a JSON object in it counts as lost */
    REQ_ONCE = 2,      /* faults are the handler's: it knows better than to repeat */
    REQ_NO_RATE = 4,   /* 429 is final (a new order costs what is limited) */
    REQ_500_FINAL = 8, /* a 500 may be the CA's answer to what was asked */
    REQ_HEAD = 16,
    REQ_BEST_EFFORT = 32, /* no repeats after faults; nobody waits for it */
    REQ_LOST_FIRST = 64   /* the handler sees a lost answer first, and may still call req_again */
};

struct reply {
    int code; /* 0: a 2xx answer */
    int status;
    json_t *json; /* borrowed; only with REQ_JSON */
    const signet_http_res *http;
    struct problem *problem; /* filled when code is not 0; may be taken with prob_move */
    int64_t retry_after_s;   /* -1: not said */
    bool lost;               /* no usable answer: the CA may or may not have done it */
};

struct req {
    struct item it;
    struct tmr tmr;
    struct link q;   /* the waiting room it is in */
    struct link own; /* the job's list, or the session's */
    signet_session *s;
    signet_job *job; /* NULL: the session's own, or nobody's any more */
    enum resource res;
    enum req_auth auth;
    unsigned flags;
    char *url;     /* set when it goes out, or at once when res is RES_NONE */
    char *suffix;  /* RES_ARI: what follows the resource's URL */
    char *payload; /* NULL: GET or HEAD; "" POST-as-GET */
    char *nonce;
    struct buf tbs, body;
    size_t max_body;
    const char *accept, *doing;
    unsigned faults, busy, redirects, refused; /* refused: nonces that were not taken */
    unsigned fault_max;
    bool in_flight; /* holds one of the session's max_nonces places */
    bool orphan;    /* its job ended: completed, then forgotten */
    bool job_key;   /* AUTH_JWK with the job's key, not the account's */
    bool again;     /* queued once more by its handler */
    void (*done)(struct req *r, struct reply *rp);
    void *ctx;
};

/* May an earlier try of it have got through, its answer lost? A refused nonce is a sign, too: HTTP libraries repeat a
 * POST by themselves when a kept connection breaks. */
static inline bool req_was_repeated(const struct req *r)
{
    return r->faults || r->busy || r->refused;
}

struct req_spec {
    enum resource res;
    signet_str url; /* when res is RES_NONE */
    enum req_auth auth;
    unsigned flags;
    char *payload; /* taken, freed also on failure */
    size_t max_body;
    const char *accept, *doing; /* static text */
    void (*done)(struct req *r, struct reply *rp);
    void *ctx;
};
/* Queues a request; `job` NULL: the session's own. On SIGNET_ENOMEM a job has failed already. ret may be NULL. */
int req_start(signet_session *s, signet_job *job, const struct req_spec *spec, struct req **ret);
/* As req_start, going out only after a pause. */
int req_start_in(signet_session *s, signet_job *job, const struct req_spec *spec, int64_t ms, struct req **ret);
void req_route(struct req *r); /* to the waiting room that it needs next */
void req_send(struct req *r);  /* has its nonce: sign, go out */
void req_move_all(struct link *from, struct link *to);
void req_fail_all(struct link *queue, struct problem *p);
bool req_again(struct req *r,
               struct reply *rp); /* a handler found the answer garbled: once more, if faults may still be repeated */
void req_fail(struct req *r, struct problem *p); /* ends it through its handler; p is copied */
void req_free(struct req *r);
void req_cancel_all(signet_job *j);
int64_t backoff_ms(signet_session *s, unsigned n);
int64_t retry_after_of(signet_session *s, const signet_http_res *h); /* seconds, -1 when not said */

/* answer.c: is it final; or was it lost, was the CA busy, did it want another nonce, did it redirect, is the resource
 * gone? */
enum verdict { FINAL, LOST, BUSY, NONCE, MOVED, STALE };
enum verdict answer_judge(struct req *r, const signet_http_res *h, struct reply *rp);
int req_http_done(struct req *r, const signet_http_res *h);
int req_signed(struct req *r, signet_str sig);

/* ---- the directory ---- */

struct directory {
    struct directory *older; /* kept for views given out */
    json_t *doc;
    char *saved; /* what signet_session_save gives */
    int64_t fetched_s;
    const char *url[RES_COUNT]; /* into doc; NULL: not offered */
    char *origin[RES_COUNT];    /* scheme://host:port of each, and of the directory itself */
    signet_meta meta;
    signet_str *caa, *profiles, *profile_texts;
    bool from_saved;
};
enum dir_state { DIR_NONE, DIR_FETCHING, DIR_READY };

int dir_load_saved(signet_session *s, signet_str saved); /* 0, or negative: unfit */
void dir_fetch(signet_session *s);
void dir_wait(signet_job *j);       /* ops->ready is called when the directory is there, perhaps at once */
void dir_forget(signet_session *s); /* the next request fetches it again */
void dir_free_all(signet_session *s);
bool dir_fresh(const signet_session *s);
/* A URL that the CA gave: may a signed request go there? */
bool dir_allows(const signet_session *s, signet_str url);

/* ---- sessions ---- */

struct signet_session {
    char *directory_url, *user_agent, *account_url, *thumbprint;
    struct signer key;
    unsigned max_nonces, poll_first_ms, poll_max_ms, order_timeout_s, finalize_timeout_s, retries;
    bool allow_http;
    uint64_t rng;
    int64_t now_ms; /* the caller's clock */
    int64_t t;      /* our own: never jumps, starts at 0 */
    struct tmr_heap timers;
    struct slot *slots;
    uint32_t n_slots, free_slot; /* free_slot: index + 1, 0 none */
    struct link out_http, out_chal, out_done;
    struct link jobs, orphans; /* orphans: freed by the embedder, still cleaning up */
    struct link reqs;          /* the session's own, and those whose job ended while they were out */
    struct link incoming;      /* requests to be routed by the next pump */
    struct link wait_dir, wait_acct, wait_nonce;
    struct link dir_jobs; /* jobs that wait for the directory itself */
    enum dir_state dir_state;
    struct directory *dir;
    struct req *acct_lookup;
    char *nonces[LIM_NONCES];
    unsigned n_nonces, n_heads, n_flight, nonce_fails, nonce_hint;
    unsigned bad_nonces; /* refusals in a row */
    struct tmr nonce_pause;
    bool prefetched, dirty;
    unsigned n_signing_jobs;
    uint64_t next_chal_id;
};

void session_pump(signet_session *s);
uint32_t session_random(signet_session *s, uint32_t below);
bool nonce_put(signet_session *s, signet_str n); /* false: unfit, ignored */
char *nonce_take(signet_session *s);             /* NULL: none there */
void nonce_pump(signet_session *s);
void nonce_done(signet_session *s);
void acct_pump(signet_session *s);
int acct_learn(signet_session *s, signet_str url);

/* ---- jobs ---- */

struct job_ops {
    void (*ready)(signet_job *j); /* the directory that it waited for in dir_jobs is there; NULL: that was all */
    void (*wind)(signet_job *j);  /* after a failure: clean up, then job_end; NULL: job_end at once */
    bool (*busy)(signet_job *j);  /* freed now: still something to be taken away by the embedder? NULL: no */
    void (*leave)(signet_job *j); /* freed while running: queue CLEANUPs */
    void (*late)(signet_job *j);  /* the deadline passed */
    void (*free)(signet_job *j);  /* members beyond signet_job */
};

struct signet_job {
    struct link own;
    struct link wait; /* in dir_jobs */
    signet_session *s;
    const struct job_ops *ops;
    signet_job_state state;
    bool failing; /* the problem stands; winding down */
    bool orphan;
    bool signs; /* needs nonces */
    struct problem problem;
    struct arena mem;
    struct link reqs;
    struct item done;
    struct tmr deadline;
    struct signer key; /* revocation by certificate key, rollover */
    void *data;
};

/* Zeroed memory of `size` bytes with signet_job first, linked into the session. NULL: no memory. */
signet_job *job_new(signet_session *s, const struct job_ops *ops, size_t size, bool signs);
void job_fail(signet_job *j, struct problem *p); /* takes p's content */
void job_fail_own(signet_job *j, int code, const char *doing, signet_str url, const char *fmt, ...)
    __attribute__((format(printf, 5, 6)));
void job_nomem(signet_job *j);
void job_end(signet_job *j); /* DONE is queued */
void job_destroy(signet_job *j);
int job_challenge_done(struct item *it, int err, signet_str why); /* authz.c */
void chal_action(const struct item *it, signet_action *a);        /* authz.c */

/* ---- a JWS in the payload of a request, by another key than the request's (sections 7.3.4, 7.3.5) ---- */

struct inner {
    struct item it;
    signet_job *job; /* set by inner_init; its owner, which frees this */
    signet_alg alg;
    struct buf tbs;                                      /* filled (jws_tbs) before inner_sign */
    void (*done)(signet_job *j, int rc, signet_str jws); /* rc 0: the whole JWS; SIGNET_ENOMEM; the key's own error */
};
int inner_init(struct inner *k, signet_job *j);
void inner_free(struct inner *k); /* fine when never initialised (zeros) */
/* Has it signed, by `sign` or, when that is NULL, by the embedder. `done` may be called within. */
void inner_sign(struct inner *k, int (*sign)(void *ctx, signet_str tbs, uint8_t *out, size_t *len), void *ctx);
int inner_signed(struct item *it, signet_str sig);
void inner_action(const struct item *it, signet_action *a);

/* ---- JWS (RFC 7515, RFC 8555 section 6.2) ---- */

struct jws_head {
    const char *alg;
    json_t *jwk; /* borrowed; this or kid */
    const char *kid;
    const char *nonce; /* NULL: none */
    const char *url;
};
int jws_tbs(struct buf *to, const struct jws_head *h, signet_str payload); /* what is signed */
int jws_body(struct buf *to, signet_str tbs, signet_str sig);              /* the flattened form */

/* ---- small helpers ---- */

/* JSON from a peer: caps first, then jansson. NULL with the reason in *why (static text). */
json_t *js_load(signet_str text, const char **why); /* an object */
const char *js_text(json_t *o, const char *key);    /* NULL when missing or no string */
signet_str js_str(json_t *o, const char *key);      /* "" when missing or no string */
char *js_dump(json_t *o);                           /* compact; steals o; NULL: no memory */

bool url_ok(signet_str url, bool allow_http);
char *url_origin(signet_str url); /* "https://host:port" in lower case; NULL: unfit or no memory */
bool url_same_origin(signet_str url, const char *origin);
bool text_token_ok(signet_str t); /* base64url alphabet, 1 … LIM_TOKEN */
bool ip_parse(signet_str text, uint8_t out[16], size_t *len);
bool ident_ok(const signet_ident *id);
bool ident_wild(const signet_ident *id);
bool ident_same(const signet_ident *a, signet_ident_type type, signet_str value, bool wild);

#endif
