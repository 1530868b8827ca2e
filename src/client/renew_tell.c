/* renew: the summary, in certbot's words. */
#include "base/clock.h"
#include "client/renew_in.h"

static const char *const outcome_words[] = {
    [SKIPPED] = "skipped", [SUCCESS] = "success", [FAILURE] = "failure", [HELD] = "held", [PARSE_FAILURE] = "parsefail"
};

size_t renew_count(const struct renewal *w, enum outcome o)
{
    size_t n = 0;
    for (size_t i = 0; i < w->n; i++)
        n += w->v[i].outcome == o;
    return n;
}

static void list(const struct renewal *w, enum outcome o, struct buf *to)
{
    for (size_t i = 0; i < w->n; i++) {
        const struct candidate *c = &w->v[i];
        if (c->outcome != o)
            continue;
        buf_addf(to, "\n  %s", c->fullchain ? c->fullchain : c->name);
        if (o == SKIPPED) {
            buf_addz(to, " expires on ");
            clock_fmt_date(to, c->in.not_after);
        }
        if (o == HELD) {
            buf_addz(to, " until ");
            clock_fmt_iso_space(to, c->held_until);
        }
        buf_addf(to, " (%s)", outcome_words[o]);
    }
}

static bool hooks_given(const struct request *q)
{
    return q->pre_hook || q->post_hook || q->deploy_hook;
}

#define FRAME "- - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - -"

void renew_tell_summary(const struct renewal *w)
{
    /* ten thousand lineages with long paths still fit */
    BUF_AUTO(out, 64u << 20);
    BUF_AUTO(failed, 64u << 20);
    const char *noun = w->r->req->dry_run ? "simulated renewal" : "renewal";
    size_t good = renew_count(w, SUCCESS), bad = renew_count(w, FAILURE);
    buf_addz(&out, "\n" FRAME);
    if (renew_count(w, SKIPPED)) {
        buf_addz(&out, "\nThe following certificates are not due for renewal yet:");
        list(w, SKIPPED, &out);
    }
    if (!good && !bad) {
        buf_addf(&out, "\nNo %ss were attempted.", noun);
        if (hooks_given(w->r->req))
            buf_addz(&out, "\nNo hooks were run.");
    } else if (!bad) {
        buf_addf(&out, "\nCongratulations, all %ss succeeded: ", noun);
        list(w, SUCCESS, &out);
    } else if (good) {
        buf_addf(&out, "\nThe following %ss succeeded:", noun);
        list(w, SUCCESS, &out);
        buf_addc(&out, '\n');
        buf_addf(&failed, "The following %ss failed:", noun);
    } else {
        buf_addf(&failed, "All %ss failed. The following certificates could not be renewed:", noun);
    }
    w->r->ui->ops->notify(w->r->ui, buf_z(&out));
    if (bad) {
        list(w, FAILURE, &failed);
        w->r->ui->ops->alert(w->r->ui, buf_z(&failed));
    }
    buf_clear(&failed);
    if (renew_count(w, HELD)) {
        buf_addz(&failed, "The following certificates are due, but held back after earlier failures:");
        list(w, HELD, &failed);
        w->r->ui->ops->alert(w->r->ui, buf_z(&failed));
    }
    buf_clear(&out);
    if (renew_count(w, PARSE_FAILURE)) {
        buf_addz(&out, "\nAdditionally, the following renewal configurations were invalid: ");
        list(w, PARSE_FAILURE, &out);
        buf_addc(&out, '\n');
    }
    buf_addz(&out, FRAME);
    w->r->ui->ops->notify(w->r->ui, buf_z(&out));
}

void renew_report_outcomes(const struct renewal *w)
{
    for (size_t i = 0; i < w->n; i++) {
        const struct candidate *c = &w->v[i];
        report_text(c->report, "status", outcome_words[c->outcome]);
        if (c->why_broken)
            report_text(c->report, "broken", c->why_broken);
    }
}
