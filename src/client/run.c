#include "base/log.h"
#include "challenge/solver.h"
#include "client/install.h"
#include "client/lego.h"
#include "client/owe.h"
#include <stdlib.h>

typedef int verb_fn(struct run *r, struct err *e);

struct verb_row {
    verb_fn *fn;
    bool changes; /* makes folders, takes locks, keeps a log */
    bool loop;    /* waits for something: needs the event loop and its signals */
};

static const struct verb_row verbs[VERB_COUNT] = {
    [VERB_RUN] = { verb_run, true, true },
    [VERB_CERTONLY] = { verb_certonly, true, true },
    [VERB_RENEW] = { verb_renew, true, true },
    [VERB_CERTIFICATES] = { verb_certificates, false, false },
    [VERB_DELETE] = { verb_delete, true, true },
    [VERB_REVOKE] = { verb_revoke, true, true },
    [VERB_REGISTER] = { verb_register, true, true },
    [VERB_UNREGISTER] = { verb_unregister, true, true },
    [VERB_UPDATE_ACCOUNT] = { verb_update_account, true, true },
    [VERB_SHOW_ACCOUNT] = { verb_show_account, false, true },
    [VERB_RECONFIGURE] = { verb_reconfigure, true, true },
    [VERB_ENHANCE] = { verb_enhance, true, true },
    [VERB_INSTALL] = { verb_install, true, true },
    [VERB_ROLLBACK] = { verb_rollback, true, true },
    [VERB_PLUGINS] = { verb_plugins, false, true },
    [VERB_UPDATE_SYMLINKS] = { verb_update_symlinks, true, false },
    [VERB_CONFIG_CHANGES] = { verb_config_changes, false, false },
    [VERB_EXPLAIN] = { verb_explain, false, false },
    [VERB_STATUS] = { verb_status, false, false },
    [VERB_MIGRATE] = { verb_migrate, true, true },
    [VERB_LEGO_RUN] = { verb_lego_run, true, true },
    [VERB_LEGO_RENEW] = { verb_lego_renew, true, true },
    [VERB_LEGO_REVOKE] = { verb_lego_revoke, true, true },
    [VERB_LEGO_LIST] = { verb_lego_list, false, false },
    [VERB_LEGO_ACCOUNT_LIST] = { verb_lego_account_list, false, false },
    [VERB_LEGO_ACCOUNT_REGISTER] = { verb_lego_account_register, true, true },
    [VERB_LEGO_ACCOUNT_RECOVER] = { verb_lego_account_recover, true, true },
    [VERB_LEGO_ACCOUNT_ROLLOVER] = { verb_lego_account_rollover, true, true },
    [VERB_LEGO_ARCHIVE_LIST] = { verb_lego_archive_list, false, false },
    [VERB_LEGO_ARCHIVE_RESTORE] = { verb_lego_archive_restore, true, false },
    [VERB_LEGO_CONFIG] = { verb_lego_config, true, true },
};

bool verb_changes(enum verb v)
{
    return v < VERB_COUNT && verbs[v].changes;
}

/* What an interrupted run left half done is put right before anything is added to it. */
static int recover(struct run *r, struct err *e)
{
    STRLIST_AUTO(did);
    int rc = lineage_recover_tree(r->tree, &did, e);
    for (size_t i = 0; i < did.n; i++)
        log_warn("store", "%s", did.v[i]);
    if (!rc)
        rc = install_recover(r, e);
    if (!rc)
        rc = owe_start(r, e);
    return rc ? rc : owe_recover(r, e);
}

static int start(struct run *r, const struct request *req, struct err *e)
{
    int rc;
    r->req = calloc(1, sizeof *r->req);
    if (!r->req || request_copy(r->req, req) || report_init(&r->report, verb_name(req->verb)))
        return err_nomem(e);
    if (verbs[req->verb].loop && (rc = loop_new(&r->loop, e)))
        return rc;
    hooks_init(&r->hooks, r->loop, r->ui, r->tree->config_dir);
    if (tree_names_accounts(r->tree))
        r->hooks.lego = r->req;
    if (!verbs[req->verb].changes)
        return 0;
    if ((rc = recover(r, e)))
        return rc;
    return tree_names_accounts(r->tree) && verbs[req->verb].loop ? lego_settle_rollover(r, e) : 0;
}

static void finish(struct run *r)
{
    cas_close(r);
    journal_close(r->journal);
    hooks_done(&r->hooks);
    solvers_done();
    loop_free(r->loop);
    report_done(&r->report);
    if (r->req)
        request_done(r->req);
    free(r->req);
}

int client_run(const struct request *req, struct tree *tree, struct ui *ui, struct buf *json, struct err *e)
{
    struct run r = { .tree = tree, .ui = ui };
    if (req->verb >= VERB_COUNT || !verbs[req->verb].fn)
        return err_set(e, SIGNET_EUSAGE, "%s is nothing that can be run.", verb_name(req->verb));
    int rc = start(&r, req, e);
    if (!rc)
        rc = verbs[req->verb].fn(&r, e);
    if (req->json && r.report.root)
        report_print(&r.report, rc ? e : &(struct err){ 0 }, json);
    finish(&r);
    return rc;
}
