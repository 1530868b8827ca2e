#include "plan/lego_due.h"
#include "base/clock.h"

enum { DAY = 86400, SHORT_DAYS = 10 };

void lego_duration_words(struct buf *to, int64_t s)
{
    if (s < 0)
        buf_addc(to, '-');
    s = s < 0 ? -s : s;
    if (s >= 3600)
        buf_addf(to, "%lldh", (long long)(s / 3600));
    if (s >= 60)
        buf_addf(to, "%lldm", (long long)(s / 60 % 60));
    buf_addf(to, "%llds", (long long)(s % 60));
}

static bool due_by_lifetime(const struct lego_due *d, struct buf *why)
{
    int64_t life = d->not_after - d->not_before;
    bool is_short = (life + DAY / 2) / DAY <= SHORT_DAYS;
    int64_t at = d->not_after - life / (is_short ? 2 : 3);
    if (at < d->now)
        return true;
    buf_addz(why, "The certificate expires at ");
    clock_fmt_rfc3339(why, d->not_after);
    buf_addz(why, ", the renewal can be performed in ");
    lego_duration_words(why, at - d->now);
    buf_addz(why, ": no renewal.");
    return false;
}

bool lego_is_due(const struct lego_due *d, struct buf *why)
{
    if (d->dynamic)
        return due_by_lifetime(d, why);
    int64_t left = (d->not_after - d->now) / DAY;
    if (d->days < 0 || left <= d->days)
        return true;
    buf_addf(
        why,
        "The certificate expires in %lld days, the number of days defined to perform the renewal is %d: no renewal.",
        (long long)left, d->days);
    return false;
}

bool lego_window_at(const struct lego_window *w, int64_t *ret_at)
{
    uint64_t length = w->end > w->start ? (uint64_t)(w->end - w->start) : 1;
    int64_t at = w->start + (int64_t)(w->random % length);
    if (at > w->now + w->wait_s)
        return false;
    *ret_at = at < w->now ? w->now : at;
    return true;
}
