/* How often a certificate could not be had, and when it may be asked for again, kept between runs: one file for each CA
 * and set of identifiers, WORK_DIR/signet/backoff/<hash>.json. It can be lost at any time: then there is simply no
 * pause. */
#ifndef STORE_BACKOFF_H
#define STORE_BACKOFF_H

#include "store/tree.h"

#define BACKOFF_LADDER_MAX_S (24 * 3600)     /* the longest pause of our own making */
#define BACKOFF_CA_MAX_S     (7 * 24 * 3600) /* … of the CA's */
#define BACKOFF_CA_DEFAULT_S 3600            /* rate limited without a word on how long */
#define BACKOFF_WEEK_S       (7 * 24 * 3600) /* how long issuances are counted */
#define BACKOFF_ISSUED_MAX   8               /* … and how many */

enum backoff_kind {
    BACKOFF_NONE,
    BACKOFF_FAILED, /* refused, or not validated: the ladder of Let's Encrypt's integration guide */
    BACKOFF_RATE,   /* rate limited: the CA said until when */
    BACKOFF_PAUSED  /* the CA has paused the account for these names */
};

struct backoff {
    enum backoff_kind kind; /* of the last failure */
    unsigned failures;      /* in a row */
    int64_t failed_at, not_before;
    char why[512];                      /* the last failure in words */
    int64_t issued[BACKOFF_ISSUED_MAX]; /* oldest first, of the last week */
    size_t n_issued;
};

/* Nothing known, or a file that cannot be read: all zero. */
void backoff_load(const struct tree *t, const char *server, const struct strlist *identifiers, struct backoff *ret);
/* With nothing in it the file is removed. */
int backoff_save(const struct tree *t, const char *server, const struct strlist *identifiers, const struct backoff *b,
                 struct err *e);

/* Pure. One more failure: 1 minute, 10 minutes, 100 minutes, then a day; for the CA's own words its `retry_after_s` (0:
 * not said), a pause at least a day. */
void backoff_fail(struct backoff *b, int64_t now, enum backoff_kind kind, int64_t retry_after_s, const char *why);
void backoff_success(struct backoff *b, int64_t now, bool count);
/* Until when it is held back; 0: it is not. A time that we cannot have stored (the clock has gone back) holds nothing.
 */
int64_t backoff_until(const struct backoff *b, int64_t now);
/* Issuances within the last week. */
size_t backoff_issued(const struct backoff *b, int64_t now);

#endif
