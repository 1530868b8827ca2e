/* renew: everything that is due, all at once; one failure holds back nothing else. */
#include "base/clock.h"
#include "base/log.h"
#include "client/lineages.h"
#include "client/obtain.h"
#include "crypto/digest.h"
#include "plan/names.h"
#include <stdlib.h>
#include <unistd.h>

#define ARI_IN_FLIGHT 64
#define SLEEP_MAX_MS (480u * 1000u)

enum outcome { SKIPPED, SUCCESS, FAILURE, PARSE_FAILURE };

/* A lineage as far as the scan needs it: thousands are held at once. */
struct candidate {
    char *name, *fullchain; /* fullchain: what the summary lists; for a broken file its own path */
    char *why_broken;       /* NULL: fine */
    struct due_input in;
    struct due due;
    bool ask_ari;
    enum outcome outcome;
    struct report_entry *report;
};

struct renewal {
    struct run *r;
    struct candidate *v;
    size_t n;
    struct issuer *issuer;
    bool slept;
};

/* One lineage under way. */
struct flight {
    struct issue issue;
    struct lineage *lineage;
    struct candidate *c;
};

static void renewal_done(struct renewal *w)
{
    for (size_t i = 0; i < w->n; i++) {
        free(w->v[i].name);
        free(w->v[i].fullchain);
        free(w->v[i].why_broken);
    }
    free(w->v);
    issuer_free(w->issuer);
}

/* ---- looking ---- */

static void broken(struct candidate *c, const char *path, const struct err *why)
{
    c->outcome = PARSE_FAILURE;
    free(c->fullchain);
    c->fullchain = str_dup(str_of(path));
    c->why_broken = str_dup(str_of(why->text));
}

static void look(struct renewal *w, struct candidate *c, int64_t now)
{
    struct run *r = w->r;
    struct lineage *l = NULL;
    struct request req = { 0 };
    struct err e = { 0 };
    BUF_AUTO(path, 8192);
    buf_addf(&path, "%s/renewal/%s.conf", r->tree->config_dir, c->name);
    int rc = lineage_open_whole(r, c->name, &l, &e);
    if (!rc && !l->newest)
        rc = err_set(&e, SIGNET_EFORMAT, "no version of it is complete in %s", l->archive_dir);
    if (!rc)
        rc = lineage_request(l, r->req, &req, &e);
    if (!rc && !req.authenticator)
        rc = err_set(&e, SIGNET_EFORMAT, "Renewal configuration file %s does not specify an authenticator. Skipping.", l->conf_path);
    if (!rc)
        rc = due_gather(l, &req, now, &c->in, &e);
    if (rc) {
        broken(c, buf_z(&path), &e);
    } else {
        c->fullchain = str_dup(str_of(l->live[KIND_FULLCHAIN]));
        c->ask_ari = due_ask_ari(l, &c->in);
    }
    request_done(&req);
    lineage_free(l);
}

static int scan(struct renewal *w, struct err *e)
{
    STRLIST_AUTO(names);
    const char *only = w->r->req->certname;
    int64_t now = clock_wall_s();
    int rc = only ? (strlist_addz(&names, only) ? err_nomem(e) : 0) : lineage_list(w->r->tree, &names, e);
    if (rc)
        return rc;
    if (only) {
        struct lineage *l = NULL;
        if (lineage_open_whole(w->r, only, &l, e) == SIGNET_ENOTFOUND)
            return err_set(e, SIGNET_ENOTFOUND, "No certificate found with name %s (expected %s/renewal/%s.conf).", only,
                           w->r->tree->config_dir, only);
        err_clear(e);
        lineage_free(l);
    }
    if (!(w->v = calloc(names.n + 1, sizeof *w->v)))
        return err_nomem(e);
    for (size_t i = 0; i < names.n; i++) {
        struct candidate *c = &w->v[w->n++];
        c->name = names.v[i];
        names.v[i] = NULL;
        look(w, c, now);
    }
    names.n = 0;
    return 0;
}

/* ---- asking the CAs ---- */

static int open_ca(struct run *r, const struct request *req, struct ca_slot **ret, struct err *e)
{
    struct account *a;
    if ((*ret = cas_find(r, req->server, req->account)))
        return 0;
    int rc = account_pick(r, req, &a, e);
    return rc ? rc : cas_open(r, req, req->server, a, ret, e);
}

static int start_ari(struct renewal *w, struct candidate *c, struct err *e)
{
    BUF_AUTO(pem, CHAIN_MAX_BYTES);
    BUF_AUTO(id, 1024);
    struct lineage *l = NULL;
    struct request req = { 0 };
    struct ca_slot *slot;
    ca_job job;
    int rc;
    if (!(rc = lineage_open_whole(w->r, c->name, &l, e)) && !(rc = lineage_request(l, w->r->req, &req, e)) &&
        !(rc = lineage_read(l, KIND_CERT, l->newest, &pem, e)) && !(rc = cert_ari_id(buf_str(&pem), &id, e)) &&
        !(rc = open_ca(w->r, &req, &slot, e)))
        rc = ca_ari(slot->ca, buf_str(&id), c, &job, e);
    request_done(&req);
    lineage_free(l);
    return rc;
}

static void keep_ari(struct renewal *w, struct candidate *c, const signet_ari *a)
{
    struct lineage *l = NULL;
    struct err e = { 0 };
    if (lineage_open_whole(w->r, c->name, &l, &e) || due_store_ari(l, a, c->in.now, &e))
        log_warn("client", "%s", e.text);
    lineage_free(l);
}

static void take_ari(struct renewal *w, struct candidate *c, const struct ca_event *ev)
{
    if (ev->u.done.ok) {
        c->in.have_ari = true;
        c->in.ari_start = ev->u.done.ari.start_s;
        c->in.ari_end = ev->u.done.ari.end_s;
        if (ev->u.done.ari.explanation_url.n) {
            BUF_AUTO(url, 4096);
            buf_add_escaped(&url, ev->u.done.ari.explanation_url, 2048);
            ui_say(w->r->ui, "The CA explains its renewal window for %s at %s", c->name, buf_z(&url));
        }
        keep_ari(w, c, &ev->u.done.ari);
    } else if (ev->u.done.problem && ev->u.done.problem->code != SIGNET_ENOTFOUND) {
        log_warn("client", "An error occurred requesting ACME Renewal Information (ARI) for %s; its lifetime decides: %s", c->name,
                 ev->u.done.problem->detail);
        keep_ari(w, c, NULL);
    }
}

/* Takes answers until fewer than `most` questions are open. */
static int drain_ari(struct renewal *w, size_t *open, size_t most, struct err *e)
{
    struct ca_event ev;
    while (*open > most) {
        bool any = false;
        for (size_t k = 0; k < w->r->n_slots; k++) {
            int rc = ca_next(w->r->slots[k]->ca, w->r->n_slots == 1 ? -1 : 0, &ev);
            if (rc == SIGNET_ECANCELED)
                return err_set(e, rc, "Exiting due to user request.");
            if (rc < 0 || (rc == 1 && ev.kind == CA_LOST)) {
                *open = 0; /* renewal goes on without the CA's advice */
                return 0;
            }
            if (rc != 1 || ev.kind != CA_DONE || !ev.data)
                continue;
            take_ari(w, ev.data, &ev);
            any = true;
            --*open;
        }
        if (!any && w->r->n_slots > 1 && loop_step(w->r->loop, 1000) == SIGNET_ECANCELED)
            return err_set(e, SIGNET_ECANCELED, "Exiting due to user request.");
    }
    return 0;
}

static int ask_all(struct renewal *w, struct err *e)
{
    size_t open = 0;
    for (size_t i = 0; i < w->n; i++) {
        struct candidate *c = &w->v[i];
        struct err why = { 0 };
        int rc;
        if (c->why_broken || !c->ask_ari)
            continue;
        if ((rc = start_ari(w, c, &why)))
            log_debug("client", "%s: no renewal information asked for: %s", c->name, why.text);
        else
            open++;
        if ((rc = drain_ari(w, &open, ARI_IN_FLIGHT - 1, e)))
            return rc;
    }
    return drain_ari(w, &open, 0, e);
}

/* ---- renewing ---- */

static void tell_failed(struct renewal *w, struct candidate *c, const struct err *why, const struct ca_problem *p)
{
    c->outcome = FAILURE;
    report_error(c->report, why, p);
    ui_alert(w->r->ui, "Failed to renew certificate %s with error: %s", c->name, why->text);
    if (why->hint[0])
        log_warn("client", "%s", why->hint);
}

static void flight_free(struct flight *f)
{
    if (!f)
        return;
    lineage_free(f->lineage);
    issue_done(&f->issue);
    free(f);
}

static int put_in_place(struct renewal *w, struct flight *f, struct err *e)
{
    BUF_AUTO(live, 8192);
    struct run *r = w->r;
    struct issue *i = &f->issue;
    int rc;
    if (f->issue.chain_missed)
        log_warn("client", "%s: the CA offers no chain whose topmost issuer is named \"%s\"; its default chain is used.", f->c->name,
                 i->req.preferred_chain);
    if (!r->req->dry_run)
        conf_unset_section(f->lineage->conf, "acme_renewal_info"); /* it spoke of the certificate before */
    rc = r->req->dry_run ? obtain_check(i, e) : obtain_save(r, i, &f->lineage, NULL, true, e);
    if (rc)
        return rc;
    lineage_live_dir(f->lineage, &live);
    return hooks_deploy(&r->hooks, &i->req, buf_z(&live), &i->all_names, e);
}

static void land(struct renewal *w, struct flight *f)
{
    struct run *r = w->r;
    struct err e = f->issue.err;
    if (!e.code) {
        int rc = put_in_place(w, f, &e);
        if (!rc)
            f->c->outcome = SUCCESS;
    }
    if (e.code && f->issue.authz_failed)
        err_set(&e, SIGNET_EAUTHZ, "Some challenges have failed.");
    obtain_note_names(e.code ? &r->hooks.failed : &r->hooks.renewed, &f->issue);
    hooks_post(&r->hooks, &f->issue.req, true, &(struct err){ 0 });
    if (e.code)
        tell_failed(w, f->c, &e, f->issue.has_problem ? &f->issue.problem : NULL);
}

static void take_one(struct renewal *w)
{
    struct issue *i = issuer_next(w->issuer);
    if (!i)
        return;
    struct flight *f = i->data;
    if (i->err.code) {
        obtain_tell_failure(w->r, i);
        if (obtain_revive(w->r, i) || obtain_drop_failed(w->r, i)) {
            issuer_add(w->issuer, i);
            return;
        }
    }
    land(w, f);
    flight_free(f);
}

/* One pause at a random length before the first renewal of an unattended run, so that machines do not all come at the full hour.
 * The locks are free meanwhile: somebody at the keyboard must not wait for a cron job's pause. */
static int pause_once(struct renewal *w, struct err *e)
{
    uint64_t ms;
    if (w->slept || w->r->req->no_random_sleep_on_renew || isatty(STDIN_FILENO))
        return 0;
    w->slept = true;
    if (random_below(SLEEP_MAX_MS - 1000, &ms))
        return 0;
    log_info("client", "Non-interactive renewal: random delay of %llu seconds", (unsigned long long)(ms + 1000) / 1000);
    int64_t until = clock_mono_ms() + (int64_t)ms + 1000;
    tree_unlock(w->r->tree);
    for (int64_t left; (left = until - clock_mono_ms()) > 0;)
        if (loop_step(w->r->loop, left > 10000 ? 10000 : (int)left))
            return err_set(e, SIGNET_ECANCELED, "Exiting due to user request.");
    return tree_lock(w->r->tree, e);
}

static int check_not_test(const struct renewal *w, const struct flight *f, struct err *e)
{
    BUF_AUTO(stored, 4096);
    const struct request *req = &f->issue.req;
    if (w->r->req->dry_run || req->break_my_certs || !strstr(req->server, "staging") ||
        !conf_get(f->lineage->conf, "renewalparams", "server", &stored) || strstr(buf_z(&stored), "staging"))
        return 0;
    return err_set(e, SIGNET_EINVAL,
                   "You've asked to renew/replace a seemingly valid certificate with a test certificate (%s). We will not do that unless you use "
                   "the --break-my-certs flag!",
                   f->c->name);
}

static int prepare(struct renewal *w, struct flight *f, struct err *e)
{
    BUF_AUTO(names, 4096);
    struct run *r = w->r;
    struct issue *i = &f->issue;
    int rc;
    if ((rc = lineage_open_whole(r, f->c->name, &f->lineage, e)) || (rc = lineage_request(f->lineage, r->req, &i->req, e)) ||
        (rc = lineage_names(f->lineage, &i->domains, &i->ips, e)) || (rc = check_not_test(w, f, e)))
        return rc;
    name_summary(&names, &i->domains, &i->ips);
    ui_say(r->ui, "%s existing certificate for %s", r->req->dry_run ? "Simulating renewal of an" : "Renewing an", buf_z(&names));
    if ((rc = account_obtain(r, &i->req, &i->slot, e)) || (rc = obtain_prepare(i, f->lineage, e)))
        return rc;
    return hooks_pre(&r->hooks, &i->req, e);
}

static int launch(struct renewal *w, struct candidate *c, struct err *e)
{
    struct flight *f;
    struct err why = { 0 };
    int rc = pause_once(w, e);
    if (rc)
        return rc;
    if (!(f = calloc(1, sizeof *f)))
        return err_nomem(e);
    issue_init(&f->issue);
    f->c = c;
    f->issue.data = f;
    if (prepare(w, f, &why)) {
        tell_failed(w, c, &why, NULL);
        obtain_note_names(&w->r->hooks.failed, &f->issue);
        flight_free(f);
        return why.code == SIGNET_ECANCELED ? err_set(e, why.code, "%s", why.text) : 0;
    }
    issuer_add(w->issuer, &f->issue);
    report_strings(c->report, "identifiers", &f->issue.all_names);
    return 0;
}

static void tell_candidate(struct renewal *w, struct candidate *c)
{
    BUF_AUTO(text, 8192);
    BUF_AUTO(why, 4096);
    buf_addf(&text, "Processing %s/renewal/%s.conf", w->r->tree->config_dir, c->name);
    w->r->ui->ops->frame(w->r->ui, buf_z(&text), false);
    c->report = report_certificate(&w->r->report, c->name);
    if (c->why_broken) {
        log_warn("client", "Renewal configuration file %s/renewal/%s.conf is broken.", w->r->tree->config_dir, c->name);
        ui_alert(w->r->ui, "The error was: %s\nSkipping.", c->why_broken);
        return;
    }
    c->due = due_decide(&c->in);
    due_words(&why, &c->in, &c->due);
    log_info("plan", "%s: %s", c->name, buf_z(&why));
    report_text(c->report, "reason", buf_z(&why));
    report_time(c->report, "not_after", c->in.not_after);
    if (!c->due.due)
        ui_say(w->r->ui, "Certificate not yet due for renewal");
}

static int renew_due(struct renewal *w, struct err *e)
{
    size_t most = w->r->req->parallel ? w->r->req->parallel : 1;
    int rc = issuer_new(&w->issuer, w->r, most, e);
    for (size_t i = 0; !rc && i < w->n; i++) {
        tell_candidate(w, &w->v[i]);
        if (w->v[i].why_broken || !w->v[i].due.due)
            continue;
        while (issuer_running(w->issuer) >= most)
            take_one(w);
        rc = loop_signal(w->r->loop) ? err_set(e, SIGNET_ECANCELED, "Exiting due to user request.") : launch(w, &w->v[i], e);
    }
    while (w->issuer && issuer_running(w->issuer))
        take_one(w);
    return rc;
}

/* ---- telling ---- */

static const char *const outcome_words[] = { [SKIPPED] = "skipped", [SUCCESS] = "success", [FAILURE] = "failure", [PARSE_FAILURE] = "parsefail" };

static size_t count(const struct renewal *w, enum outcome o)
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
        buf_addf(to, " (%s)", outcome_words[o]);
    }
}

static bool hooks_given(const struct request *q)
{
    return q->pre_hook || q->post_hook || q->deploy_hook;
}

#define FRAME "- - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - -"

static void tell_summary(const struct renewal *w)
{
    /* ten thousand lineages with long paths still fit */
    BUF_AUTO(out, 64u << 20);
    BUF_AUTO(failed, 64u << 20);
    const char *noun = w->r->req->dry_run ? "simulated renewal" : "renewal";
    size_t good = count(w, SUCCESS), bad = count(w, FAILURE);
    buf_addz(&out, "\n" FRAME);
    if (count(w, SKIPPED)) {
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
    buf_clear(&out);
    if (count(w, PARSE_FAILURE)) {
        buf_addz(&out, "\nAdditionally, the following renewal configurations were invalid: ");
        list(w, PARSE_FAILURE, &out);
        buf_addc(&out, '\n');
    }
    buf_addz(&out, FRAME);
    w->r->ui->ops->notify(w->r->ui, buf_z(&out));
}

static void report_outcomes(const struct renewal *w)
{
    for (size_t i = 0; i < w->n; i++) {
        const struct candidate *c = &w->v[i];
        report_text(c->report, "status", outcome_words[c->outcome]);
        if (c->why_broken)
            report_text(c->report, "broken", c->why_broken);
    }
}

static int check_usage(const struct request *req, struct err *e)
{
    if (!req->domains.n && !req->ip_addresses.n)
        return 0;
    return err_set(e, SIGNET_EINVAL,
                   "Currently, the renew verb is capable of either renewing all installed certificates that are due to be renewed or renewing a "
                   "single certificate specified by its name using the --cert-name option. If you would like to renew specific certificates by "
                   "their domains, use the certonly command instead.");
}

int verb_renew(struct run *r, struct err *e)
{
    struct renewal w = { .r = r };
    int rc;
    if ((rc = check_usage(r->req, e)) || (rc = hooks_validate(r->req, e)))
        return rc;
    if (!(rc = scan(&w, e)) && !(rc = ask_all(&w, e))) {
        rc = renew_due(&w, e);
        report_outcomes(&w);
        tell_summary(&w);
        int post = hooks_post_all(&r->hooks, rc ? &(struct err){ 0 } : e);
        size_t bad = count(&w, FAILURE), unread = count(&w, PARSE_FAILURE);
        if (!rc)
            rc = post;
        if (!rc && (bad || unread))
            rc = err_set(e, SIGNET_EAUTHZ, "%zu renew failure(s), %zu parse failure(s)", bad, unread);
    }
    renewal_done(&w);
    return rc;
}
