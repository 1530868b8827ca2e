/* rollback and config_changes: the checkpoints of earlier changes, ours and certbot's. */
#include "base/clock.h"
#include "base/log.h"
#include "client/install.h"
#include "deploy/checkpoint.h"
#include <stdlib.h>

/* ---- rollback ---- */

/* The server to be told: the one that is named, else that of the checkpoint, else the only one there is. */
static int tell_server(struct run *r, const struct record *server, struct err *e)
{
    const char *noted = record_get(server, "installer");
    const char *name = r->req->installer ? r->req->installer : r->req->authenticator ? r->req->authenticator : noted;
    RECORD_AUTO(none);
    struct installer_ctx ctx = { .loop = r->loop, .req = r->req, .ui = r->ui };
    if (!name) {
        int rc = install_choose(r, e);
        if (rc)
            return rc;
        name = r->req->installer;
    }
    const struct installer_ops *ops = installer_find(name);
    if (!ops)
        return err_set(e, SIGNET_EINVAL, "The requested %s plugin does not appear to be installed", name);
    bool same = noted && !strcmp(noted, ops->name) && !r->req->foreign.n;
    return ops->reload(&ctx, same ? server : &none, e);
}

static int undo_last(struct run *r, const struct strlist *names, size_t n, struct record *server, struct err *e)
{
    int rc = 0;
    for (size_t i = 0; !rc && i < n; i++) {
        STRLIST_AUTO(files);
        RECORD_AUTO(one);
        const struct checkpoint_undo u = { .run = install_run_undo, .ctx = r, .ret_server = &one, .did = &files };
        rc = checkpoint_undo_backup(r->tree->work_dir, names->v[names->n - 1 - i], &u, e);
        for (size_t k = 0; k < files.n; k++)
            log_info("deploy", "restored %s", files.v[k]);
        if (!rc && one.names.n)
            rc = record_copy(server, &one) ? err_nomem(e) : 0;
    }
    return rc;
}

int verb_rollback(struct run *r, struct err *e)
{
    STRLIST_AUTO(names);
    RECORD_AUTO(server);
    size_t want = r->req->checkpoints;
    int rc = checkpoint_list(r->tree->work_dir, &names, e);
    if (rc)
        return rc;
    if (!names.n) {
        log_warn("client", "Certbot hasn't modified your configuration, so rollback isn't available.");
        return 0;
    }
    if (names.n < want) {
        log_warn("client", "Unable to rollback %zu checkpoints, only %zu exist", want, names.n);
        want = names.n;
    }
    if (r->req->installer && !installer_find(r->req->installer))
        return err_set(e, SIGNET_EINVAL, "The requested %s plugin does not appear to be installed", r->req->installer);
    if ((rc = undo_last(r, &names, want, &server, e)))
        return rc;
    if (want && (rc = tell_server(r, &server, e)))
        return err_wrap(e, "The files were put back, but the server could not be told");
    return 0;
}

/* ---- config_changes ---- */

static void add_date(const char *name, struct buf *to)
{
    clock_fmt_iso_space(to, strtoll(name, NULL, 10));
}

static int add_checkpoint(struct run *r, const char *name, struct buf *to, struct err *e)
{
    struct checkpoint_info info = { 0 };
    BUF_AUTO(date, 64);
    int rc = checkpoint_read(r->tree->work_dir, name, &info, e);
    if (rc)
        return rc;
    add_date(name, &date);
    struct report_entry *o = report_item(&r->report, "changes");
    report_text(o, "checkpoint", name);
    report_text(o, "date", buf_z(&date));
    report_text(o, "notes", buf_z(&info.notes));
    report_strings(o, "files", &info.files);
    report_strings(o, "new_files", &info.new_files);
    signet_str notes = str_trim(buf_str(&info.notes));
    buf_addf(to, "%s%s\n%.*s", to->n ? "\n\n" : "", buf_z(&date), STR_ARG(notes));
    buf_addz(to, info.files.n ? "\nAffected files:" : "");
    for (size_t i = 0; i < info.files.n; i++)
        buf_addf(to, "\n  %s", info.files.v[i]);
    buf_addz(to, info.new_files.n ? "\nNew Configuration Files:" : "");
    for (size_t i = 0; i < info.new_files.n; i++)
        buf_addf(to, "\n  %s", info.new_files.v[i]);
    checkpoint_info_done(&info);
    return 0;
}

int verb_config_changes(struct run *r, struct err *e)
{
    STRLIST_AUTO(names);
    BUF_AUTO(text, 16u << 20);
    int rc = checkpoint_list(r->tree->work_dir, &names, e);
    size_t n = r->req->num && r->req->num < names.n ? r->req->num : names.n;
    for (size_t i = 0; !rc && i < n; i++)
        rc = add_checkpoint(r, names.v[names.n - 1 - i], &text, e);
    if (rc)
        return rc;
    if (!n)
        buf_addz(&text, "The Let's Encrypt client has not made any changes to your configuration.");
    r->ui->ops->frame(r->ui, buf_z(&text), false);
    return 0;
}
