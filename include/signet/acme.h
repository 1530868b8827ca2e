/* libsignet: ACME (RFC 8555) as state machines. This library never opens a socket or a file, never
 * sleeps and never asks for the time: it says what is to be done, the embedder does it and reports back.
 *
 * The loop of an embedder:
 *
 *     signet_session_new(&s, &config, &signer, saved);
 *     signet_order_start(s, &params, &job);
 *     while (signet_job_status(job) == SIGNET_JOB_RUNNING) {
 *         while (signet_poll(s, now_ms, &act) == 1)  ... carry the action out, or start to ...
 *         ... wait for any of them to complete, or until signet_deadline(s) ...
 *         ... signet_http_done / signet_sign_done / signet_challenge_done ...
 *     }
 *
 * Many jobs and many actions may be in flight; each action has an id, by which it is completed, in any
 * order. One session is one CA and one account key. A session and its jobs belong to one thread at a time.
 *
 * Every struct that the caller fills starts with `size`, to be set to sizeof of that struct; members that
 * are zero take their defaults. Views given to a call are copied before it returns. Views handed out
 * stay valid until the action is completed or the job freed, as said at each place. Texts handed out (not bodies, not
 * what is to be signed) end in a NUL that is not counted.
 *
 * JSON is read with jansson, whose parser does not survive an allocation that fails in the middle of a text: a program
 * that must not be broken by that gives jansson an allocator that ends the program instead (json_set_alloc_funcs).
 *
 * SPDX-License-Identifier: MIT */
#ifndef SIGNET_ACME_H
#define SIGNET_ACME_H

#include <signet/types.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct signet_session signet_session; /* one CA and one account key */
typedef struct signet_job signet_job;         /* one account, order, revocation, rollover or ARI run */

/* JWS algorithms (RFC 7518, RFC 8037). */
typedef enum {
    SIGNET_ALG_UNKNOWN = 0,
    SIGNET_ALG_ES256,
    SIGNET_ALG_ES384,
    SIGNET_ALG_ES512,
    SIGNET_ALG_RS256,
    SIGNET_ALG_EDDSA,
    SIGNET_ALG_HS256, /* these three (RFC 2104 MACs) for external account binding only */
    SIGNET_ALG_HS384,
    SIGNET_ALG_HS512
} signet_alg;

typedef enum {
    SIGNET_CHAL_UNKNOWN = 0,
    SIGNET_CHAL_HTTP_01,        /* RFC 8555 section 8.3 */
    SIGNET_CHAL_DNS_01,         /* RFC 8555 section 8.4 */
    SIGNET_CHAL_TLS_ALPN_01,    /* RFC 8737 */
    SIGNET_CHAL_DNS_ACCOUNT_01, /* draft-ietf-acme-dns-account-label */
    SIGNET_CHAL_DNS_PERSIST_01  /* draft-ietf-acme-dns-persist */
} signet_chal;
#define SIGNET_CHAL_COUNT 6

typedef enum { SIGNET_IDENT_DNS = 1, SIGNET_IDENT_IP = 2 } signet_ident_type;

typedef struct {
    signet_ident_type type;
    signet_str value; /* "example.com", "*.example.com", "192.0.2.1", "2001:db8::7" */
} signet_ident;

/* A key that signs. `sign` may be NULL: then the session asks with SIGNET_ACT_SIGN. `sign` writes a JWS
 * signature (ECDSA: R and S, fixed width, RFC 7518 section 3.4) of at most *len bytes to out, sets *len, and
 * returns 0 or a negative code. `jwk` is the public key in its canonical form (RFC 7638 section 3: required
 * members only, in order, without spaces). */
typedef struct {
    size_t size;
    signet_alg alg;
    signet_str jwk;
    int (*sign)(void *ctx, signet_str to_be_signed, uint8_t *out, size_t *len);
    void *ctx;
} signet_signer;

/* ---- sessions ---- */

typedef struct {
    size_t size;
    signet_str directory_url; /* https, or http on a loopback address if allow_http is set */
    signet_str user_agent;
    signet_str account_url; /* "" when not known yet; then the account is looked up by its key when needed */
    unsigned max_nonces;    /* requests in flight that need a nonce; 0: 10 */
    unsigned poll_first_ms; /* first look after the challenges (finalize: twice that); 0: 15. From then on a Retry-After
                               is obeyed (up to 60 s) */
    unsigned poll_max_ms;   /* pauses grow up to this; 0: 15000 */
    unsigned order_timeout_s;    /* longest time for an order, from start to certificate, but for the time in which
                                  * challenges are set up (2 h at most); 0: 900 */
    unsigned finalize_timeout_s; /* longest wait for the certificate after finalize; 0: what order_timeout_s leaves */
    unsigned retries;            /* tries of one request after transient faults; 0: 4 */
    int allow_http;              /* accept http: URLs whose host is a loopback address (tests only) */
    uint32_t seed;               /* for jitter; any value */
} signet_config;

/* `saved` is empty or what an earlier signet_session_save gave (another process, another day): the directory then
 * need not be fetched. Anything unfit in it is ignored. The first signet_poll calls already prefetch what
 * every job needs (directory, nonce). */
SIGNET_API int signet_session_new(signet_session **ret, const signet_config *cfg, const signet_signer *key,
                                  signet_str saved, int64_t now_ms);
SIGNET_API void signet_session_free(signet_session *s); /* frees its jobs too; NULL is fine */

/* Text that signet_session_new takes as `saved`; no secrets. Valid until the session is used again. SIGNET_ENOTFOUND
 * while there is no directory to save. */
SIGNET_API int signet_session_save(signet_session *s, signet_str *ret);

/* What the directory says of the CA (RFC 8555 section 7.1.1). Valid until the session is freed. SIGNET_ENOTFOUND before
 * the directory is there (start a directory job and let it end). */
typedef struct {
    signet_str terms_of_service, website;
    const signet_str *caa_identities;
    size_t n_caa_identities;
    int external_account_required;
    const signet_str *profiles; /* names, with descriptions at the same index */
    const signet_str *profile_texts;
    size_t n_profiles;
    int has_renewal_info;
} signet_meta;
SIGNET_API int signet_session_meta(const signet_session *s, signet_meta *ret);

/* The account URL, "" while unknown. Valid until the session is used again. The session learns it by an account job, or
 * by itself when a job needs it (onlyReturnExisting). */
SIGNET_API signet_str signet_session_account(const signet_session *s);

/* Key authorization thumbprint of the account key (RFC 7638), base64url. Valid as long as the session. */
SIGNET_API signet_str signet_session_thumbprint(const signet_session *s);

/* ---- jobs ---- */

typedef enum { SIGNET_JOB_RUNNING = 0, SIGNET_JOB_DONE = 1, SIGNET_JOB_FAILED = -1 } signet_job_state;

/* Fetches the directory (again), so that signet_session_meta works. */
SIGNET_API int signet_directory_start(signet_session *s, signet_job **ret);

typedef enum {
    SIGNET_ACCOUNT_NEW = 1,   /* newAccount; an account that exists for the key is returned as it is (section 7.3) */
    SIGNET_ACCOUNT_FIND,      /* onlyReturnExisting (section 7.3.1) */
    SIGNET_ACCOUNT_FETCH,     /* read the account */
    SIGNET_ACCOUNT_UPDATE,    /* replace contacts, agree to changed terms (sections 7.3.2, 7.3.3) */
    SIGNET_ACCOUNT_DEACTIVATE /* section 7.3.6 */
} signet_account_op;

typedef struct {
    size_t size;
    signet_account_op op;
    const signet_str *contacts; /* "mailto:a@example.com" */
    size_t n_contacts;
    int terms_agreed;
    signet_str eab_kid;      /* external account binding (section 7.3.4) when not empty */
    signet_str eab_hmac_key; /* the raw key, decoded. Empty: the session asks with SIGNET_ACT_SIGN (SIGNET_KEY_JOB, alg
                              * eab_alg) for the MAC, and never sees the key */
    signet_alg eab_alg;      /* 0: HS256 */
} signet_account_params;
SIGNET_API int signet_account_start(signet_session *s, const signet_account_params *p, signet_job **ret);

typedef struct {
    signet_str url;    /* the account URL */
    signet_str status; /* "valid", "deactivated", "revoked" */
    const signet_str *contacts;
    size_t n_contacts;
    signet_str orders_url; /* "" when not given */
    int created;           /* the CA made it just now */
} signet_account;
/* After an account job is done; valid until the job is freed. */
SIGNET_API int signet_job_account(const signet_job *j, signet_account *ret);

typedef struct {
    signet_ident ident;
    /* Challenge types to accept, most wanted first, in the low nibbles: SIGNET_PREFS(SIGNET_CHAL_DNS_01, 0, 0, 0).
     * 0: any of http-01, tls-alpn-01, dns-01 that is offered, in this order (wildcards: dns-01). */
    uint32_t prefs;
} signet_order_ident;
#define SIGNET_PREFS(a, b, c, d) ((uint32_t)(a) | (uint32_t)(b) << 4 | (uint32_t)(c) << 8 | (uint32_t)(d) << 12)

typedef struct {
    size_t size;
    const signet_order_ident *idents;
    size_t n_idents;
    signet_str csr_der;               /* PKCS#10; may be given later with signet_order_set_csr */
    signet_str profile;               /* draft-ietf-acme-profiles; "" none */
    int profile_optional;             /* leave the profile out when the directory does not offer it */
    signet_str not_before, not_after; /* RFC 3339, "" none */
    signet_str replaces;  /* ARI certificate id of the predecessor (RFC 9773 section 5), "" none. Refused: ordered once
                             more without */
    signet_str order_url; /* go on with this order instead of making one (an earlier run placed it) */
    signet_str preferred_chain; /* common name of the topmost issuer wanted; no match: the default chain */
    int fetch_alternates;       /* fetch every alternate chain, too */
    int revalidate;   /* deactivate authorizations that are valid already and order again, so that validation really
                         happens */
    int release;      /* deactivate the authorizations once the certificate is there */
    int keep_pending; /* leave pending authorizations of a failed order as they are (default: deactivate them) */
    int one_by_one;   /* a challenge is presented when the one before it was validated and taken away: for those who can
                         hold one answer at a time. Slow */
} signet_order_params;
SIGNET_API int signet_order_start(signet_session *s, const signet_order_params *p, signet_job **ret);
/* Gives the CSR to an order that was started without one. */
SIGNET_API int signet_order_set_csr(signet_job *j, signet_str csr_der);

/* The order's URL once the CA has made it ("" before): what a journal keeps. Valid until the job is freed. */
SIGNET_API signet_str signet_job_order_url(const signet_job *j);
/* Where the CA has the certificate of an order that is done ("" before). Valid until the job is freed. */
SIGNET_API signet_str signet_job_cert_url(const signet_job *j);
/* Chain i in PEM, leaf first, normalised: 0 the chosen one, 1 … the others fetched. SIGNET_ENOTFOUND past the last.
 * Valid until the job is freed. The library has checked only its form (CERTIFICATE blocks alone, RFC 8555
 * section 11.4); whether it fits key and names is for whoever holds the key (see crypto). */
SIGNET_API int signet_job_chain(const signet_job *j, size_t i, signet_str *ret_pem);
/* 1 when preferred_chain was asked for and no chain of the CA matched it. */
SIGNET_API int signet_job_chain_missed(const signet_job *j);

typedef struct {
    size_t size;
    signet_str cert_der;
    int reason;               /* RFC 5280 section 5.3.1; -1: none sent */
    const signet_signer *key; /* the certificate's own key; NULL: the account key */
} signet_revoke_params;
SIGNET_API int signet_revoke_start(signet_session *s, const signet_revoke_params *p, signet_job **ret);

typedef struct {
    size_t size;
    const signet_signer *new_key; /* signs the inner JWS (section 7.3.5); SIGN actions say SIGNET_KEY_JOB */
} signet_rollover_params;
/* After it is done the session signs with the new key: a signer without `sign` is then asked for it as
 * SIGNET_KEY_ACCOUNT. */
SIGNET_API int signet_rollover_start(signet_session *s, const signet_rollover_params *p, signet_job **ret);

/* Deactivates one authorization by its URL (section 7.5.2). */
SIGNET_API int signet_deactivate_start(signet_session *s, signet_str authz_url, signet_job **ret);

/* Renewal information (RFC 9773) for a certificate id, base64url(AKI) "." base64url(serial): no signature, no nonce. */
SIGNET_API int signet_ari_start(signet_session *s, signet_str cert_id, signet_job **ret);
typedef struct {
    int64_t start_s, end_s;     /* suggested window, seconds since 1970; end > start */
    int64_t retry_after_s;      /* clamped to 60 … 86400 */
    signet_str explanation_url; /* "" when none */
} signet_ari;
SIGNET_API int signet_job_ari(const signet_job *j, signet_ari *ret);

SIGNET_API signet_job_state signet_job_status(const signet_job *j);
/* The error code of a failed job: what signet_strerror takes. 0 otherwise. */
SIGNET_API int signet_job_error(const signet_job *j);
/* Ends a job at once. The job pointer is gone after it; requests that are out are to be completed as ever, and their
 * answers are dropped. What was presented is still taken away: the session emits the CLEANUP actions with `job` NULL,
 * also for a PRESENT that is not completed yet (whose own id is void from then on). NULL is fine. */
SIGNET_API void signet_job_free(signet_job *j);
/* Asks a running job to stop: it cleans up, then fails with SIGNET_ECANCELED. A job that fails waits up to 30 s
 * (cancelled: 4 s) for the PRESENT actions that are out and for the CA to take note; then it ends, and CLEANUPs that
 * are still due are emitted all the same. */
SIGNET_API void signet_job_cancel(signet_job *j);
SIGNET_API void signet_job_set_data(signet_job *j, void *data); /* the embedder's own */
SIGNET_API void *signet_job_data(const signet_job *j);

/* Why a job failed: the CA's problem document (RFC 7807) or our own words in the same form. All text in it is
 * the peer's: escape it before it is shown. */
typedef struct {
    signet_str type; /* "urn:ietf:params:acme:error:unauthorized"; "" when the failure is not the CA's */
    signet_str detail;
    signet_str ident; /* the identifier concerned, "" none; wildcards with their "*." */
    signet_chal chal; /* the challenge concerned, 0 none */
} signet_subproblem;

typedef struct {
    int code;        /* SIGNET_E… */
    int http_status; /* 0 when there was no answer */
    signet_str type, detail;
    signet_str url;               /* the resource */
    signet_str doing;             /* "placing the order", "validating example.com" … */
    int64_t retry_after_s;        /* 0: not said */
    const signet_subproblem *sub; /* per identifier, among them every failed authorization */
    size_t n_sub;
} signet_problem;
/* NULL while the job has not failed. Valid until the job is freed. */
SIGNET_API const signet_problem *signet_job_problem(const signet_job *j);

/* ---- actions ---- */

typedef enum {
    SIGNET_ACT_HTTP = 1, /* send the request; complete with signet_http_done */
    SIGNET_ACT_SIGN,     /* sign u.sign.tbs with the key named; complete with signet_sign_done */
    SIGNET_ACT_PRESENT,  /* make the challenge's answer visible; complete with signet_challenge_done */
    SIGNET_ACT_CLEANUP, /* take it away again; complete with signet_challenge_done. Also after a PRESENT that failed: it
                           may be half there */
    SIGNET_ACT_DONE     /* the job has ended, see signet_job_status; nothing to complete */
} signet_act;

typedef enum { SIGNET_KEY_ACCOUNT = 0, SIGNET_KEY_JOB = 1 } signet_key_role;

typedef struct {
    signet_act kind;
    uint64_t id;     /* completes the action; a CLEANUP has the same `chal_id` as its PRESENT */
    signet_job *job; /* NULL for what the session does for all */
    union {
        struct {
            signet_str method, url, content_type, accept, body; /* content_type and accept may be empty */
            signet_str user_agent;                              /* of signet_config */
            size_t max_body; /* drop the answer beyond this many bytes and report SIGNET_ELIMIT */
        } http;
        struct {
            signet_key_role key;
            signet_alg alg;
            signet_str tbs;
        } sign;
        struct {
            uint64_t chal_id;
            signet_chal type;
            signet_ident ident;  /* as ordered; for a wildcard with its "*." */
            signet_str token;    /* checked: 1 to 256 characters of the base64url alphabet */
            signet_str key_auth; /* token "." thumbprint */
            signet_str name;  /* DNS types: the record's name, such as "_acme-challenge.example.com" (no final dot) */
            signet_str value; /* DNS types: the TXT value. http-01: the file's body (= key_auth). tls-alpn-01: hex
                                 SHA-256 of key_auth */
            unsigned left;    /* challenges of this job still to be emitted (or cleaned) after this one */
            unsigned total;
        } chal;
    } u;
} signet_action;

/* One action to carry out: 1; none now: 0; negative: the session is unusable. Call until it gives 0, after every
 * completion and when signet_deadline has passed. Views in *ret are valid until the action is completed (DONE: until
 * the job is freed). */
SIGNET_API int signet_poll(signet_session *s, int64_t now_ms, signet_action *ret);
/* When signet_poll is to be called next even if nothing happens, on the clock of now_ms; INT64_MAX: never. now_ms is
 * wall clock milliseconds since 1970; jumps are tolerated. */
SIGNET_API int64_t signet_deadline(const signet_session *s);

typedef struct {
    size_t size;
    int net_err; /* 0, or SIGNET_ENET, SIGNET_ETIMEOUT, SIGNET_ETLS, SIGNET_ELIMIT: then the rest does not count */
    signet_str net_text; /* words for net_err, "" none */
    int status;
    signet_str content_type, location, nonce, retry_after;
    const signet_str *links; /* each Link header field's value */
    size_t n_links;
    signet_str body;
} signet_http_res;
SIGNET_API int signet_http_done(signet_session *s, uint64_t id, int64_t now_ms, const signet_http_res *r);
SIGNET_API int signet_sign_done(signet_session *s, uint64_t id, signet_str sig); /* sig empty: the key could not sign */
/* err 0: presented and visible (or taken away); negative: it could not be done, `why` in words for the job's problem.
 */
SIGNET_API int signet_challenge_done(signet_session *s, uint64_t id, int64_t now_ms, int err, signet_str why);

/* Text forms. Never NULL. */
SIGNET_API const char *signet_alg_name(signet_alg a);   /* "ES256" … */
SIGNET_API const char *signet_chal_name(signet_chal c); /* "http-01" … */
SIGNET_API signet_chal signet_chal_from_name(signet_str name);

#ifdef __cplusplus
}
#endif
#endif
