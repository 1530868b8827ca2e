/* Inside of renew*.c: the run of a `renew`. */
#ifndef CLIENT_RENEW_IN_H
#define CLIENT_RENEW_IN_H

#include "client/install.h"
#include "client/lineages.h"
#include "client/obtain.h"

enum outcome {
    SKIPPED, /* not due */
    SUCCESS,
    FAILURE,
    HELD, /* due, but held back after earlier failures: not tried */
    PARSE_FAILURE
};

/* A lineage as far as the scan needs it: thousands are held at once. */
struct candidate {
    char *name, *fullchain; /* fullchain: what the summary lists; for a broken file its own path */
    char *why_broken;       /* NULL: fine */
    struct due_input in;
    struct due due;
    bool ask_ari;
    bool no_authenticator, bad_value; /* what kind of broken */
    bool flying;                      /* its order is under way */
    struct flight *landed;            /* its order has ended; hooks and the rest wait for those before it */
    enum outcome outcome;
    int64_t held_until;
    struct report_entry *report;
};

struct renewal {
    struct run *r;
    struct candidate *v;
    size_t n, at;   /* at: the candidate that is looked at now */
    size_t waiting; /* candidates with `landed` */
    size_t settled; /* candidates before this one are through with everything but post hooks */
    struct issuer *issuer;
    bool slept;
    bool hsts;                      /* --auto-hsts has something to raise */
    struct install_reloads reloads; /* web servers that use what was renewed */
};

/* renew_ari.c: asks the CAs for renewal information, as far as they want to be asked now; the answers go into the
 * candidates and their renewal files. Fails only on a signal. */
int renew_ask_ari(struct renewal *w, struct err *e);

/* renew_tell.c */
size_t renew_count(const struct renewal *w, enum outcome o);
void renew_tell_summary(const struct renewal *w);
void renew_report_outcomes(const struct renewal *w);

#endif
