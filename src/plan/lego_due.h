/* Is a certificate due by lego's rules? Pure. */
#ifndef PLAN_LEGO_DUE_H
#define PLAN_LEGO_DUE_H

#include "base/buf.h"

struct lego_due {
    int64_t now, not_before, not_after; /* seconds since 1970 */
    int days;                           /* due with as many whole days left, or fewer; negative: always */
    bool dynamic; /* a third of the lifetime is left; a half when the lifetime is ten days or less. days counts not */
};
/* False: `why` gets lego's words for it, to stand behind "[NAME] ". */
bool lego_is_due(const struct lego_due *d, struct buf *why);

/* The CA's window: when to renew (RFC 9773 section 4.2), `random` chooses the point in it. False: not now, nor within
 * `wait_s`. */
struct lego_window {
    int64_t now, start, end, wait_s;
    uint64_t random;
};
bool lego_window_at(const struct lego_window *w, int64_t *ret_at);

/* Seconds as Go prints a duration: "71h59m58s". */
void lego_duration_words(struct buf *to, int64_t s);

#endif
