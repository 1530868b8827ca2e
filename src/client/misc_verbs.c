/* Small verbs: update_symlinks, plugins. */
#include "challenge/solver.h"
#include "client/client.h"
#include "client/install.h"

int verb_update_symlinks(struct run *r, struct err *e)
{
    STRLIST_AUTO(names);
    int rc = lineage_list(r->tree, &names, e);
    for (size_t i = 0; !rc && i < names.n; i++) {
        struct lineage *l = NULL;
        if (r->req->certname && strcmp(r->req->certname, names.v[i]))
            continue;
        if (!(rc = lineage_open_broken(&l, r->tree, names.v[i], e)))
            rc = lineage_relink(l, e);
        if (rc)
            err_wrap(e, "%s", names.v[i]);
        lineage_free(l);
    }
    return rc;
}

/* --prepare: whether it could be used with the options given. */
static void prepared(struct run *r, const struct solver_ops *ops, struct buf *to, struct report_entry *o)
{
    struct solver_ctx ctx = { .loop = r->loop, .req = r->req, .ui = r->ui };
    struct solver *s = NULL;
    struct err e = { 0 };
    const struct installer_ops *inst = installer_find(ops->name);
    int rc = ops->open(&s, &ctx, &e);
    ops->close(s);
    if (!rc && inst) {
        struct installer *i = NULL;
        const struct installer_ctx with = { .loop = r->loop, .req = r->req, .ui = r->ui };
        rc = inst->open(&i, &with, &e);
        inst->close(i);
    }
    buf_addf(to, "\nPrep: %s", rc ? e.text : "True");
    report_bool(o, "prepared", rc == 0);
    if (rc)
        report_error(o, &e, NULL);
}

int verb_plugins(struct run *r, struct err *e)
{
    BUF_AUTO(text, 65536);
    size_t n;
    const struct solver_ops *const *all = solver_all(&n);
    bool only_installers = r->req->installers && !r->req->authenticators; /* all that there is are authenticators */
    for (size_t i = 0; i < n; i++) {
        bool installs = installer_find(all[i]->name) != NULL;
        if (only_installers && !installs)
            continue;
        buf_addf(&text, "%s* %s\nDescription: %s\nInterfaces: Authenticator, %sPlugin\nEntry point: %s = signet",
                 text.n ? "\n\n" : "", all[i]->name, all[i]->description, installs ? "Installer, " : "", all[i]->name);
        struct report_entry *o = report_item(&r->report, "plugins");
        report_text(o, "name", all[i]->name);
        report_text(o, "description", all[i]->description);
        if (r->req->prepare)
            prepared(r, all[i], &text, o);
    }
    if (buf_err(&text))
        return err_nomem(e);
    r->ui->ops->frame(r->ui, text.n ? buf_z(&text) : "No plugins", false);
    return 0;
}
