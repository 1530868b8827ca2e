/* The conductor: orders in flight, their challenges, their certificates. Add issues, take the finished ones; everything
 * that can go on at the same time does. */
#ifndef CLIENT_ISSUE_H
#define CLIENT_ISSUE_H

#include "challenge/solver.h"
#include "client/client.h"

/* One certificate to obtain. The maker fills the first part and owns the struct; issuer_next gives it back. */
struct issue {
    struct request req; /* the options of this lineage; owned */
    struct ca_slot *slot;
    struct strlist domains, ips;
    struct key *key;         /* the certificate's key; NULL with a CSR from outside */
    const char *common_name; /* of the CSR, NULL: an empty subject; lives as long as the issue */
    struct buf csr;          /* DER; made from the key when empty */
    struct buf replaces;     /* ARI id of the predecessor, empty: none */
    void *data;              /* the maker's own */
    /* for the journal; nothing is noted of an issue without a name */
    char *lineage_name;       /* the lineage's, or the name that a new one is to get; owned */
    unsigned lineage_version; /* its newest version; 0: a new one */
    uint64_t order_note;      /* the order's entry in the journal */
    struct buf order_url;     /* go on with this order; empty: place one */

    /* results */
    struct err err;            /* code 0: obtained */
    struct ca_problem problem; /* a copy, when has_problem */
    bool has_problem;
    struct buf chain;    /* PEM, leaf first, already in normal form */
    struct buf cert_url; /* where the CA has it */
    bool chain_missed;   /* --preferred-chain matched nothing */
    bool revived;        /* tried again after the account was registered anew */
    bool resumed;        /* went on with an order of an earlier run */
    bool overslept;      /* placed once more, as the first order had stood still for long */
    int64_t begun_s;     /* when it was last started, wall clock */
    bool may_be_issued;  /* ended by a signal when the CA may have made the certificate already */
    bool authz_failed;   /* problem.sub names identifiers that could not be validated */

    /* the conductor's */
    struct solver *solver;
    const struct solver_ops *ops;
    struct strlist all_names; /* domains and ips in one list, for the solvers */
    struct strlist ca_names;  /* what CAA records call the CA */
    struct chal_item *chals;
    size_t n_chals, cap_chals;
    ca_job job;
    bool running, ending, finished; /* ending: only its answers are still being taken away */
};
void issue_init(struct issue *i);
void issue_done(struct issue *i);              /* also frees key */
void issue_forget_challenges(struct issue *i); /* before a finished issue is added again */

struct issuer;
/* `room`: the most issues it holds at a time. */
int issuer_new(struct issuer **ret, struct run *r, size_t room, struct err *e);
void issuer_free(struct issuer *s);
/* Starts it. A failure to start is that issue's result, not the caller's: it comes out of issuer_next. */
void issuer_add(struct issuer *s, struct issue *i);
size_t issuer_running(const struct issuer *s);
bool issuer_cancelled(const struct issuer *s); /* a signal came: nothing more is begun */
/* The next finished issue, waiting for it; NULL when there is none left. After a terminating signal every order is
 * cancelled, cleaned up and handed back with SIGNET_ECANCELED. */
struct issue *issuer_next(struct issuer *s);

void ca_problem_done(struct ca_problem *p);

#endif
