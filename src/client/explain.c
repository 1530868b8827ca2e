/* explain: what the next renew would do with each lineage, and why. Asks nobody, changes nothing. */
#include "base/clock.h"
#include "client/hold.h"
#include "client/lineages.h"
#include "client/obtain.h"
#include <stdlib.h>

/* The hooks that would run, those in the folders included. */
static int explain_hooks(struct run *r, const struct request *q, struct buf *to, struct report_entry *o, struct err *e)
{
    STRLIST_AUTO(pre);
    STRLIST_AUTO(deploy);
    STRLIST_AUTO(post);
    const struct {
        const struct strlist *commands;
        const char *words, *key;
    } kinds[] = { { &pre, "Pre-hook", "pre_hooks" },
                  { &deploy, "Deploy-hook", "deploy_hooks" },
                  { &post, "Post-hook", "post_hooks" } };
    int rc;
    if ((rc = hooks_commands(&r->hooks, q, "pre", &pre, e)) || (rc = hooks_deploy_commands(&r->hooks, q, &deploy, e)) ||
        (rc = hooks_commands(&r->hooks, q, "post", &post, e)))
        return rc;
    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
        for (size_t i = 0; i < kinds[k].commands->n; i++)
            buf_addf(to, "\n    %s: %s", kinds[k].words, kinds[k].commands->v[i]);
        report_strings(o, kinds[k].key, kinds[k].commands);
    }
    return 0;
}

/* Earlier failures hold a renewal back. */
static int explain_hold(struct run *r, const struct lineage *l, const struct request *q, int64_t now, struct buf *to,
                        struct report_entry *o, struct err *e)
{
    STRLIST_AUTO(domains);
    STRLIST_AUTO(ips);
    struct backoff b;
    int rc = lineage_names(l, &domains, &ips, e);
    if (rc)
        return rc;
    hold_look(r, q->server, &domains, &ips, &b);
    hold_report(o, &b, now);
    if (!backoff_until(&b, now))
        return 0;
    buf_addz(to, "\n    Held back: when due, ");
    hold_words(to, &b);
    return 0;
}

static int explain_one(struct run *r, const char *name, struct buf *to, struct err *e)
{
    BUF_AUTO(why, 4096);
    struct lineage *l = NULL;
    struct request q = { 0 };
    struct due_input in;
    int rc;
    if (!(rc = lineage_open(&l, r->tree, name, e)) && !(rc = lineage_request(l, r->req, &q, e)) &&
        !(rc = due_gather(l, &q, clock_wall_s(), &in, e))) {
        struct due d = due_decide(&in);
        struct report_entry *o = report_certificate(&r->report, name);
        bool ask = due_ask_ari(l, &in);
        due_words(&why, &in, &d);
        buf_addf(to, "\n  Certificate Name: %s\n    Next renew: %s%s\n    Server: %s\n    Account: %s\n    Solver: %s",
                 name, buf_z(&why), ask ? "; the CA's renewal information (ARI) will be asked for first" : "", q.server,
                 q.account ? q.account : "any", q.authenticator ? q.authenticator : "none");
        rc = explain_hold(r, l, &q, in.now, to, o, e);
        if (!rc)
            rc = explain_hooks(r, &q, to, o, e);
        report_text(o, "reason", buf_z(&why));
        report_bool(o, "due", d.due);
        if (d.at)
            report_time(o, "due_at", d.at);
        report_bool(o, "ari_asked_first", ask);
        report_time(o, "not_after", in.not_after);
        report_text(o, "server", q.server);
        report_text(o, "authenticator", q.authenticator);
        report_text(o, "pre_hook", q.pre_hook);
        report_text(o, "deploy_hook", q.deploy_hook);
        report_text(o, "post_hook", q.post_hook);
    }
    request_done(&q);
    lineage_free(l);
    return rc;
}

static int explain_all(struct run *r, const struct strlist *names, struct buf *text, struct err *e)
{
    int first = 0;
    for (size_t i = 0; i < names->n; i++) {
        struct err why = { 0 };
        if (explain_one(r, names->v[i], text, &why)) {
            buf_addf(text, "\n  Certificate Name: %s\n    Broken: %s", names->v[i], why.text);
            report_error(report_certificate(&r->report, names->v[i]), &why, NULL);
            if (!first)
                *e = why;
            first = why.code;
        }
    }
    return first;
}

int verb_explain(struct run *r, struct err *e)
{
    STRLIST_AUTO(names);
    BUF_AUTO(text, 64u << 20);
    int rc = lineages_asked(r, &names, e);
    if (rc)
        return rc;
    buf_addz(&text, names.n ? "What the next renew would do:" : "No certificates found.");
    rc = explain_all(r, &names, &text, e);
    r->ui->ops->frame(r->ui, buf_z(&text), false);
    return rc;
}
