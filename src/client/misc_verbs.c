/* Small verbs: update_symlinks, plugins. */
#include "challenge/solver.h"
#include "client/client.h"

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

int verb_plugins(struct run *r, struct err *e)
{
    BUF_AUTO(text, 65536);
    size_t n;
    const struct solver_ops *const *all = solver_all(&n);
    for (size_t i = 0; i < n && !r->req->installers; i++)
        buf_addf(&text, "%s* %s\nDescription: %s\nInterfaces: Authenticator, Plugin", i ? "\n\n" : "", all[i]->name, all[i]->description);
    if (buf_err(&text))
        return err_nomem(e);
    r->ui->ops->frame(r->ui, text.n ? buf_z(&text) : "No plugins were found that match.", false);
    return 0;
}
