/* Main's end of the line to a CA. The other end is the program signet-talker: it speaks TLS, HTTP and ACME, parses what
 * the CA sends, and holds no key. This end signs what it asks for, and hands on what it reports. One `struct ca` is one
 * talker process: one directory, one account key. Starting is cheap to overlap: ca_open returns at once, the talker
 * connects, fetches the directory and nonces while the caller makes keys. */
#ifndef TALKER_CA_H
#define TALKER_CA_H

#include "base/buf.h"
#include "crypto/key.h"
#include "net/loop.h"

struct ca;

struct ca_config {
    const char *directory_url, *user_agent;
    const char *account_url;       /* "" or NULL: unknown */
    const struct key *account_key; /* borrowed until ca_close or ca_set_key */
    signet_str saved;              /* what ca_saved gave once; empty: none */
    bool no_verify;                /* --no-verify-ssl */
    bool allow_http;               /* accept http: URLs of loopback addresses (tests only) */
    const char *ca_file;     /* bundle of roots, or a folder of them as c_rehash names them; NULL: REQUESTS_CA_BUNDLE,
                              * SSL_CERT_FILE, else the system's */
    unsigned http_timeout_s; /* one request; 0: 45 */
    unsigned order_timeout_s, finalize_timeout_s; /* see signet_config */
    unsigned max_nonces;                          /* see signet_config */
    unsigned request_limit;                       /* requests in one second, at most; 0: no limit */
    const char *server_name;                      /* the name in the CA's TLS certificate; NULL: its host's */
    const char *ca_list;  /* files of roots, with ':' between them, in place of ca_file; NULL: none */
    bool ca_list_adds;    /* … beside the system's */
    bool require_sandbox; /* talker and signer refuse to work when their sandboxes are not whole */
    bool separate_signer; /* the keys go into a process of their own, which is this program again (its main begins with
                           * roles_run); without it what is signed is checked and signed here */
    bool trace;           /* log requests and answers at debug level (always without signatures) */
    /* An order is placed: called with the `data` of ca_order, from within the loop, whoever steps it, and before
     * anything else of that order is signed. Not 0: the order is given up. NULL: CA_ORDER_PLACED tells. */
    int (*placed)(void *ctx, void *data, signet_str order_url);
    void *placed_ctx;
};

int ca_open(struct ca **ret, struct loop *l, const struct ca_config *c, struct err *e);
/* Ends the talker (it is killed when it does not go by itself in 2 s). NULL is fine. */
void ca_close(struct ca *c);

/* Starting jobs: the same parameters as libsignet's, copied. `data` comes back with the job's events. *ret_job names
 * it. */
typedef uint32_t ca_job;
int ca_directory(struct ca *c, void *data, ca_job *ret_job, struct err *e);
int ca_account(struct ca *c, const signet_account_params *p, void *data, ca_job *ret_job, struct err *e);
int ca_order(struct ca *c, const signet_order_params *p, void *data, ca_job *ret_job, struct err *e);
int ca_order_csr(struct ca *c, ca_job job, signet_str csr_der, struct err *e);
/* `key` NULL: revoke by the account key; else by the certificate's own key (borrowed until the job ends). */
int ca_revoke(struct ca *c, signet_str cert_der, int reason, const struct key *key, void *data, ca_job *ret_job,
              struct err *e);
int ca_rollover(struct ca *c, const struct key *new_key, void *data, ca_job *ret_job, struct err *e);
int ca_ari(struct ca *c, signet_str cert_id, void *data, ca_job *ret_job, struct err *e);
void ca_cancel(struct ca *c, ca_job job);                    /* it still ends with a DONE event */
int ca_set_key(struct ca *c, const struct key *account_key); /* after a rollover; SIGNET_ECRYPTO, SIGNET_ENOMEM */

enum ca_event_kind { CA_PRESENT, CA_CLEANUP, CA_ORDER_PLACED, CA_DONE, CA_LOST };

/* A failure as main keeps it: owned copies of a signet_problem, text already escaped for the terminal. */
struct ca_subproblem {
    char *type, *detail, *ident;
    signet_chal chal;
};
struct ca_problem {
    int code, http_status;
    char *type, *detail, *url, *doing; /* never NULL */
    int64_t retry_after_s;
    struct ca_subproblem *sub;
    size_t n_sub;
};

struct ca_event {
    enum ca_event_kind kind;
    ca_job job;
    void *data;
    union {
        struct {
            uint64_t action_id; /* for ca_challenge_done */
            uint64_t chal_id;   /* pairs a CLEANUP with its PRESENT */
            signet_chal type;
            signet_ident ident;
            signet_str token, key_auth, name, value;
            unsigned left, total;
        } chal;
        signet_str order_url; /* CA_ORDER_PLACED */
        struct {
            bool ok;
            const struct ca_problem *problem; /* when not ok */
            /* account jobs */
            signet_account account;
            /* order jobs: the chosen chain first */
            const signet_str *chains;
            size_t n_chains;
            bool chain_missed;
            signet_str cert_url;
            /* ARI jobs */
            signet_ari ari;
            /* directory jobs */
            signet_meta meta;
        } done;
        const char
            *lost; /* CA_LOST: the talker is gone (in words); every job of it has failed, without a CA_DONE of its own,
                    * and what was presented is the caller's to take away. Every later ca_next says so again */
    } u;
};

/* The next thing that a CA reports. Steps the loop until there is one or timeout_ms passed (negative: wait for ever).
 * 1: *ret is filled, its views valid until the next ca_next on this ca. 0: nothing in time.
 * SIGNET_ECANCELED: a terminating signal came (the caller cancels its jobs and calls on). */
int ca_next(struct ca *c, int timeout_ms, struct ca_event *ret);
int ca_challenge_done(struct ca *c, uint64_t action_id, int err, signet_str why);

/* What to keep for the next run so that the directory need not be fetched ("" when there is nothing). Valid until the
 * next ca_next. */
signet_str ca_saved(const struct ca *c);
/* Meta of the directory, once any job has ended; false before. */
bool ca_meta(const struct ca *c, signet_meta *ret);
/* The account URL as far as it is known: "" or the URL. */
signet_str ca_account_url(const struct ca *c);

#endif
