#include "plan/due.h"
#include "base/clock.h"
#include <inttypes.h>

#define DAY_S 86400
/* Below this lifetime half of it, not two thirds, is the moment (certbot, Let's Encrypt's integration guide). */
#define SHORT_LIFETIME_S (10 * DAY_S)

/* The point of `random` in [start, end), so that many clients spread over the window (RFC 9773 section 4.2). */
static int64_t ari_point(int64_t start, int64_t end, uint64_t random)
{
    uint64_t width = end > start ? (uint64_t)(end - start) : 1;
    return start + (int64_t)(random % width);
}

static int64_t lifetime_point(int64_t not_before, int64_t not_after)
{
    int64_t life = not_after - not_before;
    if (life <= 0)
        return not_after;
    return life < SHORT_LIFETIME_S ? not_before + life / 2 : not_before + life / 3 * 2 + life % 3 * 2 / 3;
}

static struct due at_time(enum due_why why, int64_t at, int64_t now)
{
    return (struct due){ .due = now >= at, .why = why, .at = at };
}

struct due due_decide(const struct due_input *in)
{
    int64_t life_at = lifetime_point(in->not_before, in->not_after);
    if (in->force)
        return (struct due){ .due = true, .why = DUE_FORCED };
    if (in->dry_run)
        return (struct due){ .due = true, .why = DUE_DRY_RUN };
    if (!in->autorenew)
        return (struct due){ .due = false, .why = DUE_OFF };
    if (in->revoked)
        return (struct due){ .due = true, .why = DUE_REVOKED };
    if (in->now >= in->not_after)
        return (struct due){ .due = true, .why = DUE_EXPIRED, .at = in->not_after };
    /* The CA's "now" comes before everything, its "later" does not hold against what the admin wrote into the file. */
    struct due ari =
        at_time(DUE_ARI, in->have_ari ? ari_point(in->ari_start, in->ari_end, in->random) : INT64_MAX, in->now);
    if (ari.due)
        return ari;
    if (in->have_before)
        return at_time(DUE_BEFORE, in->not_after - in->before_s, in->now);
    /* A window that lies after the end of the certificate, or so near it that one failed run would be the last, is not
     * believed: the lifetime rule holds then (reliability CA-23). */
    int64_t latest = in->not_after - (in->not_after - in->not_before) / 8;
    return in->have_ari && ari.at <= latest ? ari : at_time(DUE_LIFETIME, life_at, in->now);
}

static void add_time(struct buf *to, int64_t t)
{
    clock_fmt_iso_space(to, t);
}

void due_words(struct buf *to, const struct due_input *in, const struct due *d)
{
    const char *state = d->due ? "due" : "not due";
    switch (d->why) {
    case DUE_FORCED:
        buf_addz(to, "due: renewal was asked for on the command line");
        return;
    case DUE_DRY_RUN:
        buf_addz(to, "due: a dry run renews everything");
        return;
    case DUE_OFF:
        buf_addz(to, "not due: renewal is switched off for this certificate (autorenew = False)");
        return;
    case DUE_REVOKED:
        buf_addz(to, "due: the certificate has been revoked");
        return;
    case DUE_EXPIRED:
        buf_addz(to, "due: the certificate expired at ");
        add_time(to, d->at);
        return;
    case DUE_ARI:
        buf_addf(to, "%s: the CA suggests to renew between ", state);
        add_time(to, in->ari_start);
        buf_addz(to, " and ");
        add_time(to, in->ari_end);
        buf_addz(to, "; the point drawn is ");
        add_time(to, d->at);
        return;
    case DUE_BEFORE:
        buf_addf(to, "%s: renew_before_expiry sets the time to ", state);
        add_time(to, d->at);
        return;
    case DUE_LIFETIME:
        buf_addf(to, "%s: %s of its lifetime %s over at ", state,
                 in->not_after - in->not_before < SHORT_LIFETIME_S ? "half" : "two thirds", d->due ? "was" : "will be");
        add_time(to, d->at);
        return;
    }
}

static int unit_seconds(signet_str u, int64_t *ret)
{
    static const struct {
        const char *names;
        int64_t s;
    } units[] = {
        { "second seconds sec secs s", 1 }, { "minute minutes min mins m", 60 },
        { "hour hours hr hrs h", 3600 },    { "day days d", DAY_S },
        { "week weeks w", 7 * DAY_S },      { "month months mon", 30 * DAY_S },
        { "year years yr y", 365 * DAY_S },
    };
    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        signet_str rest = str_of(units[i].names), word;
        bool more = true;
        while (more) {
            more = str_cut(rest, ' ', &word, &rest);
            if (str_ieq(word, u)) {
                *ret = units[i].s;
                return 0;
            }
        }
    }
    return SIGNET_EINVAL;
}

static signet_str take_while(signet_str *s, bool (*is)(char))
{
    signet_str head = { s->p, 0 };
    while (head.n < s->n && is(s->p[head.n]))
        head.n++;
    *s = str_skip(*s, head.n);
    return head;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_gap(char c)
{
    return c == ' ' || c == '\t' || c == ',' || c == '+';
}

static bool is_alpha(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

int due_parse_interval(signet_str text, int64_t *ret_s)
{
    signet_str s = str_trim(text);
    int64_t sum = 0;
    if (s.n == 0)
        return SIGNET_EINVAL;
    while (s.n) {
        uint64_t n;
        int64_t unit = DAY_S;
        signet_str digits = take_while(&s, is_digit);
        if (str_u64(digits, 36500u * 24u * 3600u, &n))
            return SIGNET_EINVAL;
        take_while(&s, is_gap);
        signet_str word = take_while(&s, is_alpha);
        if (word.n && unit_seconds(word, &unit))
            return SIGNET_EINVAL;
        if (__builtin_mul_overflow((int64_t)n, unit, &unit) || __builtin_add_overflow(sum, unit, &sum))
            return SIGNET_EINVAL;
        take_while(&s, is_gap);
    }
    if (sum > INT64_C(36500) * DAY_S)
        return SIGNET_EINVAL;
    *ret_s = sum;
    return 0;
}
