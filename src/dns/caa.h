/* CAA (RFC 8659): may the CA issue for a name, as far as its records can be seen from here? Pure, as find. What is
 * found out is for a warning: the CA decides, and sees the records from elsewhere. */
#ifndef DNS_CAA_H
#define DNS_CAA_H

#include "dns/answer.h"

#define CAA_ALIASES_MAX 8u

struct caa_question {
    const char *name; /* without "*." */
    bool wildcard;
    const struct strlist *ca; /* the names under which the CA may be allowed, as its directory tells; at least one */
    const char *account;      /* its URL, for accounturi (RFC 8657); NULL or "": not known */
    const char *method;       /* "dns-01", for validationmethods */
};

/* 1 known, 0 not yet. *ret_words gets a sentence when the records forbid it, or cannot be seen; else nothing. */
int dns_caa(const struct dns_ask *ask, const struct caa_question *q, struct buf *ret_words);

#endif
