/* rollback and config_changes: the checkpoints of earlier changes, ours and certbot's. */
#include "deploy/rollback.h"
#include "base/clock.h"
#include "base/log.h"
#include "client/install.h"
#include <stdlib.h>

/* ---- rollback ---- */

/* The servers that are told, each once. */
struct told {
    const struct installer_ops **ops;
    struct server **server;
    size_t n;
};

static void told_done(struct told *t)
{
    for (size_t i = 0; i < t->n; i++)
        t->ops[i]->leave(t->server[i]);
    free(t->ops);
    free(t->server);
}

static int told_add(struct told *t, const struct installer_ops *ops, struct server *server, struct err *e)
{
    for (size_t i = 0; i < t->n; i++)
        if (server_same(t->server[i], server)) {
            ops->leave(server);
            return 0;
        }
    t->ops[t->n] = ops;
    t->server[t->n++] = server;
    return server_lock(server, e);
}

/* Where the record of a checkpoint names no plugin: the one that is asked for, else the only one there is. */
static int plugin_of(struct run *r, const struct record *noted, const struct installer_ops **ret, struct err *e)
{
    const char *name = record_get(noted, "installer");
    if (!name)
        name = r->req->installer ? r->req->installer : r->req->authenticator;
    if (!name) {
        int rc = install_choose(r, e);
        if (rc)
            return rc;
        name = r->req->installer;
    }
    *ret = installer_find(name);
    return *ret ? 0 : err_set(e, SIGNET_EINVAL, "The requested %s plugin does not appear to be installed", name);
}

/* Options that say where this server is. */
static bool is_placed(const struct request *q, const struct installer_ops *ops)
{
    for (size_t i = 0; i + 1 < q->foreign.n; i += 2)
        if (str_starts(str_of(q->foreign.v[i]), str_of(ops->name)))
            return true;
    return false;
}

static int find_server(struct run *r, const char *checkpoint, struct told *t, struct err *e)
{
    struct installer_ctx ctx = { .loop = r->loop, .req = r->req, .ui = r->ui };
    struct checkpoint_info info = { 0 };
    const struct installer_ops *ops = NULL;
    struct server *server = NULL;
    RECORD_AUTO(none);
    int rc = checkpoint_read(r->tree->work_dir, checkpoint, &info, e);
    if (!rc)
        rc = plugin_of(r, &info.server, &ops, e);
    if (!rc)
        rc = ops->find(&server, &ctx, is_placed(r->req, ops) ? &none : &info.server, e);
    if (!rc)
        rc = told_add(t, ops, server, e);
    checkpoint_info_done(&info);
    return rc;
}

static int go_back(struct run *r, const struct strlist *names, size_t n, struct err *e)
{
    STRLIST_AUTO(files);
    struct told t = { .ops = calloc(n, sizeof *t.ops), .server = calloc(n, sizeof *t.server) };
    int rc = t.ops && t.server ? 0 : err_nomem(e);
    for (size_t i = 0; !rc && i < n; i++)
        rc = find_server(r, names->v[names->n - 1 - i], &t, e);
    const struct rollback back = { .work_dir = r->tree->work_dir,
                                   .names = names,
                                   .n = n,
                                   .servers = t.server,
                                   .n_servers = t.n,
                                   .run = install_run_undo,
                                   .ctx = r };
    if (!rc)
        rc = rollback_run(&back, &files, e);
    for (size_t i = 0; !rc && i < files.n; i++)
        log_info("deploy", "restored %s", files.v[i]);
    told_done(&t);
    return rc;
}

int verb_rollback(struct run *r, struct err *e)
{
    STRLIST_AUTO(names);
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
    return want ? go_back(r, &names, want, e) : 0;
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
