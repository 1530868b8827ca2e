/* renew: everything that is due, all at once; one failure holds back nothing else. */
#include "base/clock.h"
#include "base/log.h"
#include "client/hold.h"
#include "client/owe.h"
#include "client/renew_in.h"
#include "crypto/digest.h"
#include "plan/names.h"
#include "store/runs.h"
#include <stdlib.h>
#include <unistd.h>

#define SLEEP_MAX_MS (480u * 1000u)
#define WAITING_MAX  256 /* orders that have ended, kept in memory until their turn comes */

/* One lineage under way. */
struct flight {
    struct issue issue;
    struct lineage *lineage;
    struct candidate *c;
    bool live;  /* the new version is in place (or the rehearsal went well): deploy hooks are due */
    bool tried; /* … and post hooks */
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
    install_reloads_done(&w->reloads);
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
    if (!rc && (rc = lineage_request(l, r->req, &req, &e)))
        c->bad_value = true;
    if (!rc && (c->no_authenticator = !req.authenticator))
        rc = err_set(&e, SIGNET_EFORMAT, "Renewal configuration file %s does not specify an authenticator.",
                     l->conf_path);
    if (!rc)
        rc = due_gather(l, &req, now, &c->in, &e);
    if (rc) {
        broken(c, buf_z(&path), &e);
    } else {
        c->fullchain = str_dup(str_of(l->live[KIND_FULLCHAIN]));
        c->ask_ari = due_ask_ari(l, &c->in);
        if (w->hsts && install_note_use(&w->reloads, &req))
            log_warn("client", "%s: its max-age will not be raised: out of memory", c->name);
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
            return err_set(e, SIGNET_ENOTFOUND, "No certificate found with name %s (expected %s/renewal/%s.conf).",
                           only, w->r->tree->config_dir, only);
        err_clear(e);
        lineage_free(l);
    }
    w->hsts = !w->r->req->dry_run && !w->r->req->disable_renew_updates && install_hsts_any(w->r);
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

/* Is anything still to be changed in the tree? */
static bool is_last(const struct renewal *w)
{
    bool more = issuer_running(w->issuer) > 0;
    for (size_t i = w->at + 1; !more && i < w->n; i++)
        more = !w->v[i].why_broken && due_decide(&w->v[i].in).due;
    return !more;
}

static int put_in_place(struct renewal *w, struct flight *f, struct err *e)
{
    struct run *r = w->r;
    struct issue *i = &f->issue;
    bool live = r->req->dry_run;
    if (f->issue.chain_missed)
        log_warn("client",
                 "%s: the CA offers no chain whose topmost issuer is named \"%s\"; its default chain is used.",
                 f->c->name, i->req.preferred_chain);
    if (!r->req->dry_run)
        conf_unset_section(f->lineage->conf, "acme_renewal_info"); /* it spoke of the certificate before */
    int rc = r->req->dry_run ? obtain_check(i, e) : obtain_save(r, i, &f->lineage, NULL, true, &live, e);
    if (rc)
        i->err = *e;
    f->live = live && !(rc && r->req->dry_run);
    if (!f->live) {
        owe_failed(r, i);
        return rc;
    }
    hold_succeeded(r, i);
    if (!r->req->dry_run && install_note_renewed(&w->reloads, &i->req, f->lineage, &i->all_names))
        log_warn("client", "%s: its web server will not be told: out of memory", f->c->name);
    return rc;
}

/* Its deploy hooks, and what the post hooks will be told of it. */
static void settle(struct renewal *w, struct flight *f)
{
    struct run *r = w->r;
    struct err e = { 0 };
    if (f->live && is_last(w))
        tree_unlock(r->tree); /* who waits for the tree need not wait for hooks */
    if (f->live && owe_deploy(r, &f->issue, f->lineage, &e) && f->c->outcome == SUCCESS)
        tell_failed(w, f->c, &e, NULL);
    obtain_note_names(f->c->outcome == SUCCESS ? &r->hooks.renewed : &r->hooks.failed, &f->issue);
    if (f->tried)
        hooks_post(&r->hooks, &f->issue.req, true, &(struct err){ 0 });
    flight_free(f);
}

/* The candidate's order, if it has ended and is not settled yet. */
static void settle_one(struct renewal *w, struct candidate *c)
{
    struct flight *f = c->landed;
    if (!f)
        return;
    c->landed = NULL;
    w->waiting--;
    settle(w, f);
}

/* Orders end in any order; hooks run in that of the lineages' names, as with certbot: those of a lineage when all
 * before it have ended. Only when very many wait for a slow one they go first. */
static void settle_ready(struct renewal *w)
{
    for (; w->settled < w->at && !w->v[w->settled].flying; w->settled++)
        settle_one(w, &w->v[w->settled]);
    for (size_t i = w->settled; w->waiting > WAITING_MAX && i < w->at; i++)
        settle_one(w, &w->v[i]);
}

static void land(struct renewal *w, struct flight *f)
{
    struct run *r = w->r;
    struct err e = f->issue.err;
    f->tried = true;
    if (e.code)
        owe_failed(r, &f->issue);
    else if (!put_in_place(w, f, &e))
        f->c->outcome = SUCCESS;
    if (e.code)
        hold_failed(r, &f->issue, &e);
    if (e.code && f->issue.authz_failed)
        err_set(&e, SIGNET_EAUTHZ, "%s challenges have failed.", obtain_all_failed(&f->issue) ? "All" : "Some");
    if (e.code)
        tell_failed(w, f->c, &e, f->issue.has_problem ? &f->issue.problem : NULL);
    f->c->flying = false;
    f->c->landed = f;
    w->waiting++;
}

static void take_one(struct renewal *w)
{
    struct issue *i = issuer_next(w->issuer);
    if (!i)
        return;
    struct flight *f = i->data;
    if (i->err.code) {
        if (!i->resumed)
            obtain_tell_failure(w->r, i);
        if (obtain_revive(w->r, i) || obtain_without_old_order(w->r, i) || obtain_drop_failed(w->r, i)) {
            issuer_add(w->issuer, i);
            return;
        }
    }
    land(w, f);
    settle_ready(w);
}

/* One pause at a random length before the first renewal of an unattended run, so that machines do not all come at the
 * full hour. The locks are free meanwhile: somebody at the keyboard must not wait for a cron job's pause. */
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

static int open_flight(struct renewal *w, struct flight *f, struct err *e)
{
    struct run *r = w->r;
    struct issue *i = &f->issue;
    int rc;
    if ((rc = lineage_open_whole(r, f->c->name, &f->lineage, e)) ||
        (rc = lineage_request(f->lineage, r->req, &i->req, e)) ||
        (rc = lineage_names(f->lineage, &i->domains, &i->ips, e)))
        return rc;
    return lineage_keep_real(f->lineage, &i->req, r->req->dry_run, e);
}

/* After a pause without locks. */
static int reopen_flight(struct renewal *w, struct flight *f, struct err *e)
{
    lineage_free(f->lineage);
    f->lineage = NULL;
    request_done(&f->issue.req);
    f->issue.req = (struct request){ 0 };
    strlist_done(&f->issue.domains);
    strlist_done(&f->issue.ips);
    return open_flight(w, f, e);
}

/* After earlier failures a run that nobody watches waits longer and longer. The exit status says that something is due
 * and not done. */
static bool is_held(struct renewal *w, struct flight *f)
{
    BUF_AUTO(words, 4096);
    struct backoff b;
    const struct request *req = &f->issue.req;
    if (req->dry_run)
        return false;
    hold_look(w->r, req->server, &f->issue.domains, &f->issue.ips, &b);
    int64_t until = backoff_until(&b, clock_wall_s());
    if (!until)
        return false;
    hold_words(&words, &b);
    hold_report(f->c->report, &b, clock_wall_s());
    if (w->r->req->renew_by_default || isatty(STDIN_FILENO)) {
        log_warn("client", "%s: unattended renewals of it are held back %s. Trying all the same, as you ask for it.",
                 f->c->name, buf_z(&words));
        return false;
    }
    f->c->outcome = HELD;
    f->c->held_until = until;
    ui_alert(w->r->ui, "Skipped %s: it is held back %s. --force-renewal tries all the same, once.", f->c->name,
             buf_z(&words));
    return true;
}

/* During the pause somebody else may have renewed it. */
static bool still_due(struct renewal *w, struct candidate *c)
{
    uint64_t random = c->in.random;
    if (!w->slept)
        return true;
    free(c->fullchain);
    c->fullchain = NULL;
    look(w, c, clock_wall_s());
    c->in.random = random;
    if (!c->why_broken)
        c->due = due_decide(&c->in);
    if (c->why_broken || !c->due.due)
        ui_say(w->r->ui, "Certificate not yet due for renewal");
    return !c->why_broken && c->due.due;
}

static int prepare(struct renewal *w, struct flight *f, struct err *e)
{
    BUF_AUTO(names, 4096);
    struct run *r = w->r;
    struct issue *i = &f->issue;
    int rc;
    if ((rc = owe_room(r, e)) || (rc = account_obtain(r, &i->req, &i->slot, e)) ||
        (rc = obtain_prepare(i, f->lineage, e)) || (rc = owe_resume(r, i, f->lineage, f->c->name, e)))
        return rc;
    f->tried = true;
    if ((rc = hooks_pre(&r->hooks, &i->req, e)))
        return rc;
    name_summary(&names, &i->domains, &i->ips);
    ui_say(r->ui, "%s existing certificate for %s", r->req->dry_run ? "Simulating renewal of an" : "Renewing an",
           buf_z(&names));
    return 0;
}

static int give_up(struct renewal *w, struct flight *f, const struct err *why, struct err *e)
{
    tell_failed(w, f->c, why, NULL);
    f->c->landed = f;
    w->waiting++;
    return why->code == SIGNET_ECANCELED ? err_set(e, why->code, "%s", why->text) : 0;
}

static int launch(struct renewal *w, struct candidate *c, struct err *e)
{
    struct err why = { 0 };
    struct flight *f = calloc(1, sizeof *f);
    if (!f)
        return err_nomem(e);
    issue_init(&f->issue);
    f->c = c;
    f->issue.data = f;
    if (open_flight(w, f, &why))
        return give_up(w, f, &why, e);
    bool again = !w->slept;
    int rc = 0;
    if (is_held(w, f) || (rc = pause_once(w, e)) || !still_due(w, c)) {
        flight_free(f);
        return rc;
    }
    if (again && w->slept && reopen_flight(w, f, &why))
        return give_up(w, f, &why, e);
    if (prepare(w, f, &why))
        return give_up(w, f, &why, e);
    issuer_add(w->issuer, &f->issue);
    c->flying = true;
    report_strings(c->report, "identifiers", &f->issue.all_names);
    return 0;
}

/* A file that says what it needs to say, but not in a way that can be used, has certbot's other words. */
static void tell_broken(struct renewal *w, struct candidate *c)
{
    const char *dir = w->r->tree->config_dir;
    if (c->no_authenticator)
        ui_alert(w->r->ui, "%s Skipping.", c->why_broken);
    else if (c->bad_value)
        ui_alert(w->r->ui, "An error occurred while parsing %s/renewal/%s.conf. The error was %s. Skipping the file.",
                 dir, c->name, c->why_broken);
    else
        ui_alert(w->r->ui, "Renewal configuration file %s/renewal/%s.conf is broken.\nThe error was: %s\nSkipping.",
                 dir, c->name, c->why_broken);
}

static void tell_candidate(struct renewal *w, struct candidate *c)
{
    BUF_AUTO(text, 8192);
    BUF_AUTO(why, 4096);
    buf_addf(&text, "Processing %s/renewal/%s.conf", w->r->tree->config_dir, c->name);
    w->r->ui->ops->frame(w->r->ui, buf_z(&text), false);
    c->report = report_certificate(&w->r->report, c->name);
    if (c->why_broken) {
        tell_broken(w, c);
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
        w->at = i;
        tell_candidate(w, &w->v[i]);
        if (w->v[i].why_broken || !w->v[i].due.due)
            continue;
        while (issuer_running(w->issuer) >= most)
            take_one(w);
        bool stop = loop_signal(w->r->loop) || issuer_cancelled(w->issuer);
        rc = stop ? err_set(e, SIGNET_ECANCELED, "Exiting due to user request.") : launch(w, &w->v[i], e);
    }
    w->at = w->n;
    while (w->issuer && issuer_running(w->issuer))
        take_one(w);
    settle_ready(w);
    if (!rc && issuer_cancelled(w->issuer))
        rc = err_set(e, SIGNET_ECANCELED, "Exiting due to user request.");
    return rc;
}

static int check_usage(const struct request *req, struct err *e)
{
    if (!req->domains.n && !req->ip_addresses.n)
        return 0;
    return err_set(e, SIGNET_EINVAL,
                   "renew takes no names (-d, --ip-address): it renews all certificates that are due, or one with "
                   "--cert-name. certonly takes names.");
}

/* For `status`: that it ran, and how it ended. One certificate by itself, or a rehearsal, says nothing of the others.
 */
static void note_run(const struct run *r, int rc)
{
    struct err e = { 0 };
    if (r->req->dry_run || r->req->certname || rc == SIGNET_ECANCELED)
        return;
    if (runs_note(r->tree, (struct renew_run){ .at = clock_wall_s(), .well = !rc }, &e))
        log_warn("client", "That renew ran could not be noted for \"status\": %s", e.text);
}

int verb_renew(struct run *r, struct err *e)
{
    struct renewal w = { .r = r };
    int rc;
    if ((rc = check_usage(r->req, e)) || (rc = hooks_validate(r->req, e)))
        return rc;
    if (!(rc = scan(&w, e)) && !(rc = renew_ask_ari(&w, e))) {
        rc = renew_due(&w, e);
        struct err unserved = { 0 };
        int served = install_reload_all(r, &w.reloads, &unserved);
        renew_report_outcomes(&w);
        renew_tell_summary(&w);
        tree_unlock(r->tree); /* what is left are hooks: nobody need wait for them */
        int post = hooks_post_all(&r->hooks, rc ? &(struct err){ 0 } : e);
        size_t bad = renew_count(&w, FAILURE), unread = renew_count(&w, PARSE_FAILURE), held = renew_count(&w, HELD);
        if (!rc)
            rc = post;
        if (!rc && held)
            rc = err_set(e, SIGNET_EAUTHZ, "%zu renew failure(s), %zu parse failure(s), %zu held back", bad, unread,
                         held);
        else if (!rc && (bad || unread))
            rc = err_set(e, SIGNET_EAUTHZ, "%zu renew failure(s), %zu parse failure(s)", bad, unread);
        else if (!rc && served)
            *e = unserved;
        rc = rc ? rc : served;
    }
    note_run(r, rc);
    renewal_done(&w);
    return rc;
}
