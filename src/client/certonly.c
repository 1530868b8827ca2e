/* certonly: one certificate, new or again. */
#include "base/clock.h"
#include "base/log.h"
#include "client/hold.h"
#include "client/install.h"
#include "client/lineages.h"
#include "client/obtain.h"
#include "client/owe.h"
#include "options/table.h"
#include "plan/names.h"
#include "plan/pick.h"
#include <assert.h>
#include <stdlib.h>

/* Everything certonly finds out before it does anything. */
struct target {
    struct strlist domains, ips, asked; /* asked: both in one list */
    struct lineage *lineage;            /* the one to renew; NULL: a new one */
    struct buf name;                    /* of the new lineage */
    bool exact;                         /* … given by --cert-name */
    bool keep;                          /* nothing to do */
    bool install;                       /* verb run: put it to use */
};

static void target_done(struct target *t)
{
    strlist_done(&t->domains);
    strlist_done(&t->ips);
    strlist_done(&t->asked);
    lineage_free(t->lineage);
    buf_done(&t->name);
}

/* ---- which names ---- */

static int given_names(struct run *r, struct target *t, struct err *e)
{
    const struct request *req = r->req;
    int rc;
    for (size_t i = 0; i < req->domains.n; i++)
        if ((rc = name_add_domain(&t->domains, str_of(req->domains.v[i]), e)))
            return rc;
    for (size_t i = 0; i < req->ip_addresses.n; i++)
        if ((rc = name_add_ip(&t->ips, str_of(req->ip_addresses.v[i]), e)))
            return rc;
    return 0;
}

static int ask_names(struct run *r, struct target *t, struct err *e)
{
    BUF_AUTO(text, 64u * 1024u);
    STRLIST_AUTO(parts);
    struct ca_slot *slot;
    /* The account first, as with certbot: whoever has typed 100 names wants to be asked for nothing more. */
    int rc = r->ui->interactive ? account_obtain(r, r->req, &slot, e) : 0;
    if (rc)
        return rc;
    if (r->req->verb == VERB_RUN)
        return install_ask_names(r, &t->domains, e);
    rc = r->ui->ops->input(r->ui, "Names for the certificate (with commas or spaces between them)", "--domains", &text,
                           e);
    if (rc)
        return rc;
    for (size_t i = 0; i < text.n; i++)
        if (text.p[i] == ' ')
            text.p[i] = ',';
    if (strlist_split(&parts, buf_str(&text), ','))
        return err_nomem(e);
    for (size_t i = 0; !rc && i < parts.n; i++)
        rc = name_add_domain(&t->domains, str_of(parts.v[i]), e);
    if (!rc && !t->domains.n)
        rc = err_set(e, SIGNET_EUSAGE,
                     "No name was given: --domains says which, or --cert-name a certificate that is there already.");
    return rc;
}

static int join_names(struct target *t, struct err *e)
{
    if (strlist_copy(&t->asked, &t->domains))
        return err_nomem(e);
    for (size_t i = 0; i < t->ips.n; i++)
        if (strlist_addz(&t->asked, t->ips.v[i]))
            return err_nomem(e);
    return 0;
}

static int open_named(struct run *r, struct target *t, struct err *e)
{
    if (!r->req->certname)
        return 0;
    int rc = lineage_open_whole(r, r->req->certname, &t->lineage, e);
    if (rc != SIGNET_ENOTFOUND)
        return rc;
    err_clear(e);
    return 0;
}

static int find_names(struct run *r, struct target *t, struct err *e)
{
    int rc;
    if ((rc = given_names(r, t, e)) || (rc = open_named(r, t, e)))
        return rc;
    if (!t->domains.n && !t->ips.n)
        rc = t->lineage ? lineage_names(t->lineage, &t->domains, &t->ips, e) : ask_names(r, t, e);
    return rc ? rc : join_names(t, e);
}

/* ---- which lineage ---- */

struct shelf {
    struct pick_lineage *v;
    struct strlist *names; /* one list per lineage */
    struct strlist ids;
    size_t n;
};

static void shelf_done(struct shelf *s)
{
    for (size_t i = 0; i < s->n; i++)
        strlist_done(&s->names[i]);
    free(s->names);
    free(s->v);
    strlist_done(&s->ids);
}

/* All lineages with their names. A broken one is passed over with a warning: it must not stop another's certificate. */
static int shelf_load(struct run *r, struct shelf *s, struct err *e)
{
    int rc = lineage_list(r->tree, &s->ids, e);
    if (rc)
        return rc;
    s->v = calloc(s->ids.n + 1, sizeof *s->v);
    s->names = calloc(s->ids.n + 1, sizeof *s->names);
    s->n = 0;
    if (!s->v || !s->names)
        return err_nomem(e);
    for (size_t i = 0; i < s->ids.n; i++) {
        struct lineage *l = NULL;
        STRLIST_AUTO(ips);
        struct err why = { 0 };
        struct strlist *names = &s->names[s->n];
        if (lineage_open_whole(r, s->ids.v[i], &l, &why) || lineage_names(l, names, &ips, &why)) {
            log_warn("client", "%s is passed over: %s", s->ids.v[i], why.text);
            strlist_done(names);
        } else {
            for (size_t k = 0; k < ips.n; k++)
                strlist_addz(names, ips.v[k]);
            s->v[s->n++] = (struct pick_lineage){ s->ids.v[i], names };
        }
        lineage_free(l);
    }
    return 0;
}

static int confirm_expand(struct run *r, const struct target *t, const struct pick_lineage *old, struct err *e)
{
    BUF_AUTO(q, 256u * 1024u);
    bool yes = false;
    if (r->req->expand || r->req->renew_by_default)
        return 0;
    buf_addz(&q, "There is a certificate for a part of these names (ref: ");
    buf_addf(&q, "%s/renewal/%s.conf)\n\nIts names: ", r->tree->config_dir, old->name);
    strlist_join(old->names, ", ", &q);
    buf_addz(&q, "\n\nAsked for: ");
    strlist_join(&t->asked, ", ", &q);
    buf_addz(&q, ".\n\nReplace it by one for all of them?");
    int rc = r->ui->ops->yesno(r->ui, buf_z(&q), "Expand", "Cancel", "--expand", &yes, e);
    if (rc || yes)
        return rc;
    return err_set(e, SIGNET_ECANCELED,
                   "Nothing was changed. --duplicate makes a certificate of its own and leaves %s as it is.",
                   old->name);
}

/* Those of `names` that are not among `others`, one a line. */
static void list_missing(struct buf *to, const struct strlist *names, const struct strlist *others, char sign)
{
    size_t before = to->n;
    for (size_t i = 0; i < names->n; i++)
        if (!strlist_has(others, str_of(names->v[i])))
            buf_addf(to, "\n%c %s", sign, names->v[i]);
    if (to->n == before)
        buf_addz(to, "\n(None)");
}

static int confirm_other_names(struct run *r, const struct target *t, const struct pick_lineage *old, struct err *e)
{
    BUF_AUTO(q, 256u * 1024u);
    bool yes = false;
    if (r->req->renew_with_new_domains || !r->ui->interactive)
        return 0;
    buf_addf(&q, "Certificate %s would gain these names:", old->name);
    list_missing(&q, &t->asked, old->names, '+');
    buf_addz(&q, "\n\nand lose these:");
    list_missing(&q, old->names, &t->asked, '-');
    buf_addz(&q, "\n\nIs that what you want?");
    int rc = r->ui->ops->yesno(r->ui, buf_z(&q), "Update certificate", "Cancel", "--renew-with-new-domains", &yes, e);
    return rc || yes ? rc
                     : err_set(e, SIGNET_ECANCELED,
                               "Nothing was changed: --cert-name and the names given do not belong together.");
}

static const char *key_words(const char *type)
{
    return strcmp(type, "rsa") ? "ECDSA" : "RSA";
}

/* Another type than the lineage's key has: only when that is clearly meant. Else the type stays as it is. */
static int check_key_type(struct run *r, const struct lineage *l, bool *ret_change, struct err *e)
{
    struct request *req = r->req;
    struct cert_info c = { 0 };
    BUF_AUTO(q, 8192);
    bool said = opt_by_user(req, "key-type");
    int rc = lineage_cert(l, &c, e);
    const char *old = c.key_type == KEY_RSA ? "rsa" : "ecdsa";
    cert_info_done(&c);
    *ret_change = !rc && said && req->certname && strcmp(old, req->key_type);
    if (rc || *ret_change || !strcmp(old, req->key_type))
        return rc;
    buf_addf(&q, "Certificate %s has an %s key. Is the next one to be %s?", l->name, key_words(old),
             key_words(req->key_type));
    if (r->ui->interactive && !req->renew_by_default &&
        (rc = r->ui->ops->yesno(r->ui, buf_z(&q), "Update key type", "Keep existing key type", "--key-type", ret_change,
                                e)))
        return rc;
    if (*ret_change) {
        req->from[OPT_ID_KEY_TYPE] = FROM_CLI; /* said now */
        return 0;
    }
    if (!said)
        return 0;
    return err_set(e, SIGNET_EINVAL,
                   "Certificate %s has an %s key; another type, %s, is given to it only when --cert-name and "
                   "--key-type both say so.",
                   l->name, key_words(old), key_words(req->key_type));
}

/* The same names as a lineage has: is it time, or does the user want it anyway? */
static int decide_same(struct run *r, struct target *t, struct err *e)
{
    const struct request *req = r->req;
    static const char *const choices[] = { "Keep the existing certificate for now",
                                           "Renew & replace the certificate (may be subject to CA rate limits)" };
    BUF_AUTO(why, 4096);
    BUF_AUTO(question, 8192);
    bool other_key;
    struct due_input in;
    size_t choice;
    int rc = check_key_type(r, t->lineage, &other_key, e);
    if (rc || other_key || (rc = due_gather(t->lineage, req, clock_wall_s(), &in, e)))
        return rc;
    if (due_ask_ari(t->lineage, &in)) {
        struct ca_slot *slot;
        struct err ignored = { 0 };
        if (!account_obtain(r, req, &slot, &ignored))
            due_fetch_ari(r, slot, t->lineage, &in);
    }
    struct due d = due_decide(&in);
    due_words(&why, &in, &d);
    log_info("plan", "%s: %s", t->lineage->name, buf_z(&why));
    if (d.due)
        return 0;
    ui_say(r->ui, "Certificate not yet due for renewal");
    if (req->keep_until_expiring || !r->ui->interactive) {
        t->keep = true;
        return 0;
    }
    buf_addf(&question,
             "There is a certificate for exactly these names, and it is not due yet.\n(ref: %s)\n\nWhat would you like "
             "to do?",
             t->lineage->conf_path);
    rc = r->ui->ops->menu(r->ui, buf_z(&question), choices, 2, "--keep-until-expiring", &choice, e);
    t->keep = !rc && choice == 0;
    return rc;
}

static int open_picked(struct run *r, struct target *t, const char *name, struct err *e)
{
    return t->lineage ? 0 : lineage_open_whole(r, name, &t->lineage, e);
}

static int decide(struct run *r, struct target *t, struct err *e)
{
    const struct request *req = r->req;
    struct shelf s = { 0 };
    struct pick p = { .kind = PICK_NEW };
    bool other_key;
    int rc = 0;
    if ((!req->duplicate || req->certname) && !(rc = shelf_load(r, &s, e)))
        p = pick_lineage(s.v, s.n, &t->asked, req->certname, req->duplicate);
    assert(p.kind == PICK_NEW || p.index < s.n);
    switch (p.kind) {
    case PICK_NEW:
        break;
    case PICK_SAME:
        if (!(rc = open_picked(r, t, s.v[p.index].name, e)))
            rc = decide_same(r, t, e);
        break;
    case PICK_EXPAND:
        if (!(rc = open_picked(r, t, s.v[p.index].name, e)) && !(rc = check_key_type(r, t->lineage, &other_key, e)))
            rc = confirm_expand(r, t, &s.v[p.index], e);
        break;
    case PICK_NAMED:
        if (!t->lineage || !(rc = check_key_type(r, t->lineage, &other_key, e)))
            rc = confirm_other_names(r, t, &s.v[p.index], e);
        break;
    }
    shelf_done(&s);
    return rc;
}

static int name_new(struct run *r, struct target *t, struct err *e)
{
    t->name = BUF_INIT(4096);
    t->exact = r->req->certname != NULL;
    if (!r->req->certname)
        return name_for_lineage(&t->name, &t->domains, &t->ips, e);
    if (strchr(r->req->certname, '/') || !r->req->certname[0] || r->req->certname[0] == '.')
        return err_set(e, SIGNET_EUSAGE,
                       "Provided certificate name %s cannot be used as a file name. Choose one without '/'.",
                       r->req->certname);
    buf_addz(&t->name, r->req->certname);
    return 0;
}

/* ---- doing it ---- */

static void tell_start(struct run *r, const struct target *t)
{
    BUF_AUTO(names, 4096);
    const char *dry = r->req->dry_run ? "Simulating" : NULL;
    name_summary(&names, &t->domains, &t->ips);
    if (t->lineage)
        ui_say(r->ui, "%s %s existing certificate for %s", dry ? dry : "Renewing", dry ? "renewal of an" : "an",
               buf_z(&names));
    else
        ui_say(r->ui, "%s a certificate%s for %s", dry ? dry : "Requesting", dry ? " request" : "", buf_z(&names));
}

/* Nobody is there to set up a challenge by hand when a timer renews. */
static bool by_hand(const struct request *req)
{
    return !strcmp(req->authenticator, "manual") && !req->manual_auth_hook;
}

static void tell_saved(struct run *r, const struct lineage *l, int64_t not_after)
{
    BUF_AUTO(date, 64);
    const struct request *req = r->req;
    clock_fmt_date(&date, not_after);
    ui_say(r->ui,
           "\nSuccessfully received certificate.\nCertificate is saved at: %s\nKey is saved at:         %s\n"
           "This certificate expires on %s.\nThese files will be updated when the certificate renews.%s",
           l->live[KIND_FULLCHAIN], l->live[KIND_PRIVKEY], buf_z(&date),
           req->preconfigured_renewal && !by_hand(req)
               ? "\nCertbot has set up a scheduled task to automatically renew this certificate in the background."
               : "");
}

/* `installed`: what came of putting it to use. */
static void tell_next_steps(struct run *r, const struct lineage *l, bool is_new, int installed)
{
    BUF_AUTO(text, 16384);
    const struct request *req = r->req;
    if (installed && req->verb == VERB_RUN)
        buf_addf(&text,
                 "\n- The certificate is saved, but not installed (installer: %s). When the error below is mended, "
                 "this installs it:\n  certbot install --cert-name %s",
                 req->installer, l->name);
    else if (installed)
        buf_addf(&text,
                 "\n- The certificate was saved, but %s did not take it, as it could not be reloaded. When the error "
                 "below is mended, reload %s.",
                 req->installer, req->installer);
    if (is_new && by_hand(req))
        buf_addz(&text,
                 "\n- No timer can renew this certificate, as --manual was used without a --manual-auth-hook. Give "
                 "one, or run this command again in time.");
    else if (is_new && !req->preconfigured_renewal)
        buf_addz(&text, "\n- Have \"renew\" run twice a day (cron or a systemd timer), if nothing does so yet: it "
                        "renews what is due and does nothing else.");
    if (text.n)
        ui_say(r->ui, "\nNEXT STEPS:%s", buf_z(&text));
}

static void report_saved(struct run *r, struct report_entry *c, const struct lineage *l, const struct cert_info *info)
{
    (void)r;
    report_text(c, "name", l->name);
    report_text(c, "fullchain_path", l->live[KIND_FULLCHAIN]);
    report_text(c, "privkey_path", l->live[KIND_PRIVKEY]);
    report_time(c, "not_after", info->not_after);
    report_text(c, "serial", buf_z(&info->serial_hex));
}

/* ---- putting it to use ---- */

/* What would be changed; a new lineage's files have the names that it would get. */
static int rehearse_install(struct run *r, const struct target *t, struct err *e)
{
    BUF_AUTO(dir, 8192);
    struct lineage would = { 0 };
    int rc = 0;
    if (t->lineage)
        return install_lineage(r, t->lineage, &t->asked, true, e);
    for (int k = 0; k < KIND_COUNT; k++) {
        buf_clear(&dir);
        buf_addf(&dir, "%s/live/%s/%s.pem", r->tree->config_dir, buf_z(&t->name), kind_name((enum kind)k));
        if (!(would.live[k] = str_dup(buf_str(&dir))))
            rc = err_nomem(e);
    }
    if (!rc)
        rc = install_lineage(r, &would, &t->asked, true, e);
    for (int k = 0; k < KIND_COUNT; k++)
        free(would.live[k]);
    return rc;
}

/* run: into the web server. certonly with an installer: the server reads the files again, as with certbot. */
static int put_to_use(struct run *r, const struct target *t, struct err *e)
{
    struct install_reloads x = { 0 };
    if (t->install)
        return install_lineage(r, t->lineage, &t->asked, true, e);
    if (!r->req->installer || !installer_find(r->req->installer))
        return 0;
    int rc = install_note_renewed(&x, r->req, t->lineage, &t->asked) ? err_nomem(e) : install_reload_all(r, &x, e);
    install_reloads_done(&x);
    return rc;
}

static void tell_installed(struct run *r, const struct target *t, bool renewed)
{
    if (t->install && renewed)
        ui_say(r->ui, "The certificate was renewed and the new one installed.");
    else if (t->install)
        install_congratulate(r, &t->asked);
}

/* The end of a dry run. */
static int finish_dry(struct run *r, const struct target *t, const struct issue *i, bool *ret_hooks_ran, struct err *e)
{
    BUF_AUTO(live, 8192);
    int rc = obtain_check(i, e);
    if (rc)
        return rc;
    *ret_hooks_ran = true;
    obtain_note_names(&r->hooks.renewed, i);
    if (t->lineage) { /* --run-deploy-hooks; a certificate that does not exist has no folder to tell of */
        lineage_live_dir(t->lineage, &live);
        rc = hooks_deploy(&r->hooks, r->req, buf_z(&live), &i->all_names, e);
    }
    int post = hooks_post(&r->hooks, r->req, false, rc ? &(struct err){ 0 } : e);
    if (!rc && !(rc = post) && t->install)
        rc = rehearse_install(r, t, e);
    if (!rc)
        ui_say(r->ui, "The dry run was successful.");
    return rc;
}

/* Saved, perhaps not quite (`saved` says so, the certificate is in place all the same): telling, use, hooks. */
static int finish_saved(struct run *r, struct target *t, struct issue *i, struct report_entry *c, int saved,
                        struct err *e)
{
    struct cert_info info = { 0 };
    struct err why = { 0 }, use_err = { 0 };
    bool renewed = i->lineage_version > 0;
    int use = 0;
    hold_succeeded(r, i);
    obtain_note_names(&r->hooks.renewed, i);
    int rc = cert_read(&info, buf_str(&i->chain), &why);
    if (!rc)
        report_saved(r, c, t->lineage, &info);
    if (!saved && !rc) {
        if (t->install)
            tell_saved(r, t->lineage, info.not_after);
        use = put_to_use(r, t, &use_err);
        if (!use)
            tell_installed(r, t, renewed);
    }
    /* Nothing more is changed in the tree: who waits for it need not wait for hooks. */
    tree_unlock(r->tree);
    rc = owe_deploy(r, i, t->lineage, &why);
    int post = hooks_post(&r->hooks, r->req, false, rc ? &(struct err){ 0 } : &why);
    if (!rc)
        rc = post;
    if (!saved && rc)
        *e = why;
    if (!saved && !rc && !t->install)
        tell_saved(r, t->lineage, info.not_after);
    if (!saved && !rc)
        tell_next_steps(r, t->lineage, true, use);
    if (!saved && !rc && use)
        *e = use_err;
    cert_info_done(&info);
    return saved ? saved : rc ? rc : use;
}

static int finish(struct run *r, struct target *t, struct issue *i, struct report_entry *c, bool *ret_hooks_ran,
                  struct err *e)
{
    bool live = false;
    if (r->req->dry_run)
        return finish_dry(r, t, i, ret_hooks_ran, e);
    if (i->chain_missed)
        log_warn("client", "The CA offers no chain whose topmost issuer is named \"%s\"; its default chain is used.",
                 r->req->preferred_chain);
    int rc = obtain_save(r, i, &t->lineage, buf_z(&t->name), t->exact, &live, e);
    if (rc)
        i->err = *e;
    if (!live)
        return rc;
    *ret_hooks_ran = true;
    return finish_saved(r, t, i, c, rc, e);
}

/* The CA has said not before when. A script that calls us again and again must not go on asking; a person may. */
static int check_held(struct run *r, const struct target *t, struct err *e)
{
    struct backoff b;
    BUF_AUTO(words, 4096);
    hold_look(r, r->req->server, &t->domains, &t->ips, &b);
    if (r->req->dry_run)
        return 0;
    hold_warn_often(r->req->server, &b);
    if (!backoff_until(&b, clock_wall_s()) || r->req->renew_by_default)
        return 0;
    hold_words(&words, &b);
    if (b.kind == BACKOFF_FAILED || r->ui->interactive) {
        log_warn("client",
                 "Unattended renewals of these names are held back %s. Trying all the same, as you ask for it.",
                 buf_z(&words));
        return 0;
    }
    err_set(e, SIGNET_ERATE, "Nothing was asked for: these names are held back %s.", buf_z(&words));
    err_hint(e, "--force-renewal asks the CA all the same, once.");
    return SIGNET_ERATE;
}

static int prepare(struct run *r, struct target *t, struct issue *i, struct err *e)
{
    int rc;
    if (request_copy(&i->req, r->req) || strlist_copy(&i->domains, &t->domains) || strlist_copy(&i->ips, &t->ips))
        return err_nomem(e);
    if ((rc = obtain_prepare(i, t->lineage, e)))
        return rc;
    return owe_resume(r, i, t->lineage, t->lineage ? t->lineage->name : buf_z(&t->name), e);
}

static int obtain(struct run *r, struct target *t, struct err *e)
{
    struct issue i;
    struct report_entry *c = report_certificate(&r->report, t->lineage ? t->lineage->name : buf_z(&t->name));
    bool hooks_ran = false;
    int rc;
    issue_init(&i);
    report_strings(c, "identifiers", &t->asked);
    report_bool(c, "dry_run", r->req->dry_run);
    if (!(rc = check_held(r, t, e)) && !(rc = owe_room(r, e)) && !(rc = account_obtain(r, r->req, &i.slot, e))) {
        if (!(rc = hooks_pre(&r->hooks, r->req, e))) {
            tell_start(r, t);
            if (!(rc = prepare(r, t, &i, e)) && !(rc = obtain_order(r, &i, obtain_tell_failure, e)))
                rc = finish(r, t, &i, c, &hooks_ran, e);
        }
        if (!hooks_ran) {
            hold_failed(r, &i, e);
            owe_failed(r, &i);
            tree_unlock(r->tree);
            hooks_post(&r->hooks, r->req, false, &(struct err){ 0 });
        }
    }
    report_text(c, "status", rc ? "failed" : r->req->dry_run ? "simulated" : "obtained");
    if (rc)
        report_error(c, e, i.has_problem ? &i.problem : NULL);
    issue_done(&i);
    return rc;
}

/* Not due: certonly does nothing, run installs what is there. */
static int keep(struct run *r, struct target *t, struct err *e)
{
    if (!t->install) {
        r->ui->ops->frame(r->ui, "Certificate not yet due for renewal; no action taken.", false);
        return 0;
    }
    int rc = install_lineage(r, t->lineage, &t->asked, true, e);
    if (rc)
        tell_next_steps(r, t->lineage, false, rc);
    else if (!r->req->dry_run)
        tell_installed(r, t, false);
    return rc;
}

static int certonly(struct run *r, struct target *t, struct err *e)
{
    int rc;
    if ((rc = request_choose_authenticator(r, e)) || (rc = hooks_validate(r->req, e)) || (rc = find_names(r, t, e)) ||
        (rc = decide(r, t, e)))
        return rc;
    if (t->keep)
        return keep(r, t, e);
    rc = t->lineage ? lineage_keep_real(t->lineage, r->req, r->req->dry_run, e) : name_new(r, t, e);
    return rc ? rc : obtain(r, t, e);
}

int verb_certonly(struct run *r, struct err *e)
{
    struct target t = { .name = BUF_INIT(4096) };
    int rc = r->req->csr ? certonly_csr(r, e) : certonly(r, &t, e);
    target_done(&t);
    return rc;
}

int verb_run(struct run *r, struct err *e)
{
    struct target t = { .name = BUF_INIT(4096), .install = true };
    int rc = install_choose(r, e);
    if (!rc)
        rc = certonly(r, &t, e);
    target_done(&t);
    return rc;
}
