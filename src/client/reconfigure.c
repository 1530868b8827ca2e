/* reconfigure: other options for a lineage's next renewals, tried by a dry run before they are kept. */
#include "base/clock.h"
#include "client/lineages.h"
#include "client/obtain.h"
#include "options/table.h"
#include "plan/names.h"
#include <stdlib.h>

/* The lineage's own CA; but never a real order at Let's Encrypt, which has staging for that. */
static int rehearse_where(struct request *req, struct err *e)
{
    if (!str_eq(str_of(req->server), STR(SERVER_PRODUCTION)))
        return 0;
    free(req->server);
    free(req->account);
    req->account = NULL;
    req->server = str_dup(STR(SERVER_STAGING));
    req->agree_tos = req->register_unsafely_without_email = true; /* as to the real one before */
    return req->server ? 0 : err_nomem(e);
}

static int try_out(struct run *r, const struct lineage *l, const struct request *stored, struct err *e)
{
    BUF_AUTO(names, 4096);
    BUF_AUTO(live, 8192);
    struct issue i;
    struct issuer *s = NULL;
    int rc;
    issue_init(&i);
    if (request_copy(&i.req, stored))
        rc = err_nomem(e);
    else if (!(rc = lineage_names(l, &i.domains, &i.ips, e))) {
        i.req.dry_run = true;
        rc = rehearse_where(&i.req, e);
    }
    if (!rc) {
        name_summary(&names, &i.domains, &i.ips);
        rc = account_obtain(r, &i.req, &i.slot, e);
    }
    if (!rc && !(rc = obtain_prepare(&i, l, e)) && !(rc = hooks_pre(&r->hooks, &i.req, e)) &&
        !(rc = issuer_new(&s, r, 1, e))) {
        ui_say(r->ui, "Simulating renewal of an existing certificate for %s", buf_z(&names));
        issuer_add(s, &i);
        issuer_next(s);
        if (!i.err.code) { /* --run-deploy-hooks */
            lineage_live_dir(l, &live);
            rc = hooks_deploy(&r->hooks, &i.req, buf_z(&live), &i.all_names, e);
        }
        hooks_post(&r->hooks, &i.req, false, &(struct err){ 0 });
        if (i.err.code) {
            obtain_tell_failure(r, &i);
            *e = i.err;
            rc = i.authz_failed ? err_set(e, SIGNET_EAUTHZ, "Some challenges have failed.") : e->code;
        }
    }
    issuer_free(s);
    issue_done(&i);
    return rc;
}

static int choose(struct run *r, struct err *e)
{
    STRLIST_AUTO(names);
    size_t i;
    if (r->req->certname)
        return 0;
    int rc = lineage_list(r->tree, &names, e);
    if (!rc && !names.n)
        rc = err_set(e, SIGNET_ENOTFOUND, "No existing certificates found.");
    if (!rc)
        rc = r->ui->ops->menu(r->ui, "Which certificate would you like to reconfigure?", (const char *const *)names.v,
                              names.n, "--cert-name", &i, e);
    if (!rc && !(r->req->certname = str_dup(str_of(names.v[i]))))
        rc = err_nomem(e);
    return rc;
}

/* Another account or CA is another order, not another way to renew. */
static int refuse_other_ca(const struct run *r, const struct lineage *l, struct err *e)
{
    static const struct {
        const char *option, *key;
    } fixed[] = { { "account", "account" }, { "server", "server" } };
    for (size_t i = 0; i < sizeof fixed / sizeof *fixed; i++) {
        BUF_AUTO(stored, 4096);
        const char *now = i ? r->req->server : r->req->account;
        if (!opt_by_user(r->req, fixed[i].option) || !conf_get(l->conf, "renewalparams", fixed[i].key, &stored))
            continue;
        if (!str_eq(i ? server_today(buf_str(&stored)) : buf_str(&stored), str_of(now)))
            return err_set(e, SIGNET_EINVAL,
                           "Using reconfigure to change the ACME account or server is not supported: renew "
                           "--cert-name %s --force-renewal with --%s does it.",
                           l->name, fixed[i].option);
    }
    return 0;
}

static bool changed(const struct conf *c, signet_str before)
{
    BUF_AUTO(now, 8u << 20);
    conf_print(c, &now);
    return !str_eq(buf_str(&now), before);
}

int verb_reconfigure(struct run *r, struct err *e)
{
    BUF_AUTO(before, 8u << 20);
    struct lineage *l = NULL;
    struct request req = { 0 };
    int rc;
    if (r->req->domains.n || r->req->ip_addresses.n)
        return err_set(
            e, SIGNET_EINVAL,
            "You have specified domains, but this function cannot be used to modify the domains in a certificate. "
            "If you would like to do so, follow the instructions for changing a certificate's domains: use certonly "
            "with --cert-name and --domains.");
    if (r->req->dry_run)
        return err_set(e, SIGNET_EINVAL,
                       "reconfigure rehearses by itself before it changes anything: leave --dry-run away.");
    if (!(rc = choose(r, e)) && !(rc = hooks_validate(r->req, e)) &&
        !(rc = lineage_open_whole(r, r->req->certname, &l, e)) && !(rc = refuse_other_ca(r, l, e)) &&
        !(rc = lineage_request(l, r->req, &req, e))) {
        conf_print(l->conf, &before);
        if (!(rc = lineage_remember(l->conf, &req, e))) {
            if (!changed(l->conf, buf_str(&before)))
                ui_say(r->ui, "No changes were made to the renewal configuration.");
            else if (!(rc = try_out(r, l, &req, e)) && !(rc = lineage_write_conf(l, e)))
                ui_say(r->ui, "\nSuccessfully updated configuration.\nChanges will apply when the certificate renews.");
        }
    }
    request_done(&req);
    lineage_free(l);
    return rc;
}
