#include "client/hold.h"
#include "base/clock.h"
#include "base/log.h"

#define ROOM  "client.hold"
#define OFTEN 3u /* from the next one on a warning is due */

static int identifiers(const struct strlist *domains, const struct strlist *ips, struct strlist *to)
{
    int rc = strlist_copy(to, domains);
    for (size_t i = 0; !rc && i < ips->n; i++)
        rc = strlist_addz(to, ips->v[i]);
    return rc;
}

void hold_look(struct run *r, const char *server, const struct strlist *domains, const struct strlist *ips,
               struct backoff *ret)
{
    STRLIST_AUTO(all);
    *ret = (struct backoff){ 0 };
    if (!identifiers(domains, ips, &all))
        backoff_load(r->tree, server, &all, ret);
}

void hold_words(struct buf *to, const struct backoff *b)
{
    buf_addz(to, "until ");
    clock_fmt_iso_space(to, b->not_before);
    if (b->kind == BACKOFF_FAILED)
        buf_addf(to, ", after %u failure%s in a row", b->failures, b->failures == 1 ? "" : "s");
    else
        buf_addz(to, b->kind == BACKOFF_PAUSED ? ", because the CA has paused this account for these names"
                                               : ", because the CA limits the rate");
    if (b->why[0])
        buf_addf(to, " (%s)", b->why);
}

void hold_report(struct report_entry *c, const struct backoff *b, int64_t now)
{
    int64_t until = backoff_until(b, now);
    if (b->failures)
        report_number(c, "failures", b->failures);
    if (until) {
        report_time(c, "held_until", until);
        report_text(c, "held_why", b->why);
    }
}

/* A CA of one's own or a test CA has no weekly limits. */
static bool limits_the_week(const char *server)
{
    return server && !strstr(server, "staging") && !strstr(server, "//127.") && !strstr(server, "//localhost") &&
           !strstr(server, "//[::1]");
}

void hold_warn_often(const char *server, const struct backoff *b)
{
    size_t n = backoff_issued(b, clock_wall_s());
    if (n >= OFTEN && limits_the_week(server))
        log_warn(ROOM,
                 "%zu certificates for exactly these names were issued within the last 7 days. Let's Encrypt issues no "
                 "more than 5; after that you will have to wait. Use --staging or --dry-run for tests.",
                 n);
}

/* Let's Encrypt answers 429 and says where to unpause the account. */
static bool is_paused(const struct ca_problem *p)
{
    return strstr(p->detail, "unpause") || strstr(p->detail, "is paused") ||
           strstr(p->detail, "temporarily prevented from requesting");
}

static enum backoff_kind kind_of(const struct issue *i, const struct err *why)
{
    bool ca_is_ill = i->has_problem && i->problem.http_status >= 500;
    if (why->code == SIGNET_ERATE || (i->has_problem && i->problem.http_status == 429))
        return i->has_problem && is_paused(&i->problem) ? BACKOFF_PAUSED : BACKOFF_RATE;
    if (why->code == SIGNET_EAUTHZ || why->code == SIGNET_ECERT || (why->code == SIGNET_EPROBLEM && !ca_is_ill))
        return BACKOFF_FAILED;
    return BACKOFF_NONE;
}

static void save(struct run *r, const struct issue *i, const struct strlist *all, const struct backoff *b)
{
    struct err e = { 0 };
    if (backoff_save(r->tree, i->req.server, all, b, &e))
        log_warn(ROOM, "When to try again is not kept: %s", e.text);
}

void hold_failed(struct run *r, const struct issue *i, const struct err *why)
{
    STRLIST_AUTO(all);
    BUF_AUTO(words, 4096);
    struct backoff b;
    enum backoff_kind kind = kind_of(i, why);
    if (kind == BACKOFF_NONE || i->req.dry_run || identifiers(&i->domains, &i->ips, &all))
        return;
    backoff_load(r->tree, i->req.server, &all, &b);
    backoff_fail(&b, clock_wall_s(), kind, i->has_problem ? i->problem.retry_after_s : 0,
                 i->err.code ? i->err.text : why->text);
    save(r, i, &all, &b);
    hold_words(&words, &b);
    log_info(ROOM, "Unattended renewals of it are held back %s.", buf_z(&words));
}

void hold_succeeded(struct run *r, const struct issue *i)
{
    STRLIST_AUTO(all);
    struct backoff b;
    bool count = limits_the_week(i->req.server);
    if (i->req.dry_run || identifiers(&i->domains, &i->ips, &all))
        return;
    backoff_load(r->tree, i->req.server, &all, &b);
    if (b.kind == BACKOFF_NONE && !b.n_issued && !count)
        return;
    backoff_success(&b, clock_wall_s(), count);
    save(r, i, &all, &b);
}
