/* status: is all well? For people and for monitoring: asks nobody, changes nothing, and its exit status says so. */
#include "base/clock.h"
#include "client/hold.h"
#include "client/lineages.h"
#include "client/obtain.h"
#include "store/runs.h"
#include <stdlib.h>

#define DAY     (24 * 3600)
#define OVERDUE (2 * DAY) /* due for so long: a run a day has had its chance */

struct look {
    struct run *r;
    struct buf text;
    size_t trouble;
    int64_t now;
    int64_t window_s, since; /* for runs_judge */
};

/* "3 days", "5 hours", "12 minutes" */
static void add_span(struct buf *to, int64_t s)
{
    int64_t n = s >= 2 * DAY ? s / DAY : s >= 2 * 3600 ? s / 3600 : s / 60;
    const char *unit = s >= 2 * DAY ? "day" : s >= 2 * 3600 ? "hour" : "minute";
    buf_addf(to, "%lld %s%s", (long long)n, unit, n == 1 ? "" : "s");
}

static void note_times(struct look *k, const struct due_input *in, const struct due *d)
{
    int64_t window = d->at ? in->not_after - d->at : 0;
    if (d->why == DUE_EXPIRED || window <= 0) /* by the rule that would have held before */
        window = (in->not_after - in->not_before) / 3;
    if (!k->window_s || window < k->window_s)
        k->window_s = window;
    if (!k->since || in->not_before < k->since)
        k->since = in->not_before;
}

/* One word for machines, a sentence for people. */
static const char *judge(const struct look *k, const struct due_input *in, const struct due *d, const struct backoff *b,
                         struct buf *words)
{
    int64_t left = in->not_after - k->now;
    const char *state = "well";
    if (left <= 0) {
        buf_addz(words, "expired ");
        add_span(words, -left);
        buf_addz(words, " ago");
        state = "expired";
    } else {
        add_span(words, left);
        buf_addz(words, " left");
    }
    if (b->failures || backoff_until(b, k->now)) {
        buf_addz(words, "; renewal fails, held back ");
        hold_words(words, b);
        return left <= 0 ? state : "failing";
    }
    if (d->why == DUE_OFF) {
        buf_addz(words, "; its renewal is switched off");
        return left > 0 && left < (in->not_after - in->not_before) / 3 ? "off" : state;
    }
    if (!d->due && d->at) {
        buf_addz(words, "; renewed from ");
        clock_fmt_date(words, d->at);
        buf_addz(words, " on");
    } else if (d->due && left > 0) {
        buf_addz(words, "; due");
        if (d->at && k->now - d->at > OVERDUE) {
            buf_addz(words, " for ");
            add_span(words, k->now - d->at);
            return "overdue";
        }
    }
    return state;
}

static int look_at(struct look *k, const char *name, struct err *e)
{
    BUF_AUTO(words, 4096);
    STRLIST_AUTO(domains);
    STRLIST_AUTO(ips);
    struct lineage *l = NULL;
    struct request q = { 0 };
    struct due_input in;
    struct backoff b;
    int rc;
    if (!(rc = lineage_open(&l, k->r->tree, name, e)) && !(rc = lineage_request(l, k->r->req, &q, e)) &&
        !(rc = due_gather(l, &q, k->now, &in, e)) && !(rc = lineage_names(l, &domains, &ips, e))) {
        struct due d = due_decide(&in);
        struct report_entry *o = report_certificate(&k->r->report, name);
        hold_look(k->r, q.server, &domains, &ips, &b);
        if (in.autorenew)
            note_times(k, &in, &d);
        const char *state = judge(k, &in, &d, &b, &words);
        k->trouble += strcmp(state, "well") != 0;
        buf_addf(&k->text, "\n  %s %s: %s", strcmp(state, "well") ? "!" : " ", name, buf_z(&words));
        report_text(o, "status", state);
        report_text(o, "reason", buf_z(&words));
        report_time(o, "not_after", in.not_after);
        if (d.at)
            report_time(o, "due_at", d.at);
        hold_report(o, &b, k->now);
    }
    request_done(&q);
    lineage_free(l);
    return rc;
}

static void broken(struct look *k, const char *name, const struct err *why)
{
    struct report_entry *o = report_certificate(&k->r->report, name);
    buf_addf(&k->text, "\n  ! %s: broken: %s", name, why->text);
    report_text(o, "status", "broken");
    report_error(o, why, NULL);
    k->trouble++;
}

static const char *const states[] = { [RUNS_WELL] = "well",
                                      [RUNS_NONE] = "none",
                                      [RUNS_STOPPED] = "stopped",
                                      [RUNS_FAILING] = "failing",
                                      [RUNS_RARE] = "rare" };

static void runs_words(const struct look *k, const struct runs_verdict *v, struct buf *to)
{
    if (!v->last) {
        buf_addz(to, v->state == RUNS_NONE ? "no renew is known to have run here: is there a timer, or a cron line, "
                                             "that starts it?"
                                           : "no renew is known to have run here yet");
        return;
    }
    buf_addz(to, "the last renew ran ");
    add_span(to, k->now - v->last);
    buf_addf(to, " ago and %s", v->last == v->last_well ? "ended well" : "failed");
    if (v->last != v->last_well && v->last_well) {
        buf_addz(to, "; the last that ended well ran ");
        add_span(to, k->now - v->last_well);
        buf_addz(to, " ago");
    }
    if (v->apart_s) {
        buf_addz(to, "; they come every ");
        add_span(to, v->apart_s);
    }
    if (v->state == RUNS_STOPPED)
        buf_addz(to, ": does the timer, or the cron line, still start it?");
    else if (v->state == RUNS_RARE) {
        buf_addz(to, ", which is too rare: a certificate here can be renewed in its last ");
        add_span(to, k->window_s);
        buf_addz(to, " only, and one failure must leave time for another try");
    }
}

static void look_at_runs(struct look *k)
{
    BUF_AUTO(words, 2048);
    struct renew_run v[RUNS_KEPT];
    size_t n = runs_load(k->r->tree, v);
    struct runs_verdict verdict = runs_judge(v, n, k->now, k->window_s, k->since);
    struct report_entry *o = report_object(&k->r->report, "renewals");
    runs_words(k, &verdict, &words);
    buf_addf(&k->text, "\n  %s renewals: %s", verdict.state == RUNS_WELL ? " " : "!", buf_z(&words));
    k->trouble += verdict.state != RUNS_WELL;
    report_text(o, "status", states[verdict.state]);
    report_text(o, "reason", buf_z(&words));
    if (verdict.last)
        report_time(o, "last", verdict.last);
    if (verdict.last_well)
        report_time(o, "last_well", verdict.last_well);
    if (verdict.apart_s)
        report_number(o, "apart_s", verdict.apart_s);
}

int verb_status(struct run *r, struct err *e)
{
    STRLIST_AUTO(names);
    struct look k = { .r = r, .now = clock_wall_s(), .text = BUF_INIT(64u << 20) };
    int rc = lineages_asked(r, &names, e);
    if (rc)
        return rc;
    buf_addz(&k.text, names.n ? "Is all well?" : "No certificates found.");
    for (size_t i = 0; i < names.n; i++) {
        struct err why = { 0 };
        if (look_at(&k, names.v[i], &why))
            broken(&k, names.v[i], &why);
    }
    if (names.n)
        look_at_runs(&k);
    r->ui->ops->frame(r->ui, buf_z(&k.text), false);
    buf_done(&k.text);
    if (!k.trouble)
        return 0;
    return err_set(e, SIGNET_ESYS, "%zu of the lines above need%s a look (marked !).", k.trouble,
                   k.trouble == 1 ? "s" : "");
}
