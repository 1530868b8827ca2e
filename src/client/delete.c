/* delete: a lineage with all its files. */
#include "client/in_use.h"

static int choose(struct run *r, struct strlist *ret, struct err *e)
{
    STRLIST_AUTO(names);
    int rc = lineage_list(r->tree, &names, e);
    if (rc)
        return rc;
    if (!names.n)
        return err_set(e, SIGNET_ENOTFOUND, "No existing certificates found.");
    return r->ui->ops->checklist(r->ui, "Which certificate(s) would you like to delete?", &names, "--cert-name", ret,
                                 e);
}

/* With nobody to be asked, what a web server needs is not taken from it. */
static int refuse(const struct strlist *names, const struct strlist *places, struct err *e)
{
    BUF_AUTO(at, IN_USE_BYTES_MAX);
    if (!places->n)
        return 0;
    in_use_tell(places, &at);
    err_set(e, SIGNET_ESTATE,
            "Nothing was deleted: files of %s are named at %s. The web server would fail at its next start.",
            names->n == 1 ? names->v[0] : "these certificates", buf_z(&at));
    err_hint(e, "Take these lines out, or give that server another certificate, and delete then; --delete-in-use "
                "deletes all the same.");
    return SIGNET_ESTATE;
}

static int confirm(struct run *r, const struct strlist *names, bool *yes, struct err *e)
{
    BUF_AUTO(q, 1u << 20);
    STRLIST_AUTO(places);
    *yes = true;
    int rc = 0;
    for (size_t i = 0; !rc && !r->req->delete_in_use && i < names->n; i++)
        rc = in_use_find(r, names->v[i], &places, e);
    if (rc || !r->ui->interactive)
        return rc ? rc : refuse(names, &places, e);
    buf_addz(&q, "The following certificate(s) are selected for deletion:\n\n  * ");
    strlist_join(names, "\n  * ", &q);
    buf_addz(&q, "\n\nMake sure that no server still uses their files: it would fail at its next start.");
    if (places.n) {
        buf_addz(&q, " They are named at ");
        in_use_tell(&places, &q);
        buf_addz(&q, ".");
    }
    buf_addz(&q, "\n\nAre you sure you want to delete the above certificate(s)?");
    return r->ui->ops->yesno(r->ui, buf_z(&q), "Yes", "No", "--cert-name", yes, e);
}

int verb_delete(struct run *r, struct err *e)
{
    STRLIST_AUTO(names);
    bool yes = false;
    int rc = r->req->certname ? (strlist_addz(&names, r->req->certname) ? err_nomem(e) : 0) : choose(r, &names, e);
    if (rc || (rc = confirm(r, &names, &yes, e)) || !yes)
        return rc;
    for (size_t i = 0; i < names.n; i++) {
        if ((rc = lineage_delete(r->tree, names.v[i], e)))
            return rc;
        report_text(report_certificate(&r->report, names.v[i]), "status", "deleted");
        ui_say(r->ui, "Deleted all files relating to certificate %s.", names.v[i]);
    }
    return 0;
}
