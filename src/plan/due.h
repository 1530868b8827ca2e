/* Is it due? The decision of contract.md A9, pure: everything it needs is an argument, and it says its reasons in words
 * that `renew -v`, `--dry-run -v` and `signet explain` show alike. */
#ifndef PLAN_DUE_H
#define PLAN_DUE_H

#include "base/buf.h"

struct due_input {
    int64_t now, not_before, not_after; /* seconds since 1970 */
    bool force;                         /* --force-renewal */
    bool dry_run;
    bool autorenew; /* autorenew = False gives false */
    bool have_ari;  /* the CA answered (or a stored answer is still good) */
    int64_t ari_start, ari_end;
    uint64_t random;  /* any 64 random bits: the point within the window */
    bool revoked;     /* known to be revoked */
    bool have_before; /* renew_before_expiry is set in the file */
    int64_t before_s; /* … its length in seconds */
};

enum due_why { DUE_FORCED, DUE_DRY_RUN, DUE_OFF, DUE_ARI, DUE_REVOKED, DUE_BEFORE, DUE_LIFETIME, DUE_EXPIRED };

struct due {
    bool due;
    enum due_why why;
    int64_t at; /* when it becomes (became) due by the rule that decided; 0: no time */
};
struct due due_decide(const struct due_input *in);
/* One sentence: "due: 60 of 90 days are gone (two thirds of its lifetime)". */
void due_words(struct buf *to, const struct due_input *in, const struct due *d);
/* "30 days", "720 hours", "1 day 12 hours", a bare number of days as certbot's parser reads them; seconds. */
int due_parse_interval(signet_str text, int64_t *ret_s);

#endif
