/* install and enhance. */
#include "base/fs.h"
#include "base/log.h"
#include "client/install.h"
#include "client/lineages.h"
#include "crypto/cert.h"
#include "plan/names.h"
#include <fcntl.h>
#include <stdlib.h>

static int choose_lineage(struct run *r, const char *question, struct err *e)
{
    STRLIST_AUTO(names);
    size_t i;
    if (r->req->certname)
        return 0;
    int rc = lineage_list(r->tree, &names, e);
    if (!rc && !names.n)
        rc = err_set(e, SIGNET_ENOTFOUND, "No existing certificates found.");
    if (!rc)
        rc = r->ui->ops->menu(r->ui, question, (const char *const *)names.v, names.n, "--cert-name", &i, e);
    if (!rc && !(r->req->certname = str_dup(str_of(names.v[i]))))
        rc = err_nomem(e);
    return rc;
}

/* Those given with -d, else the certificate's. */
static int names_for(struct run *r, const struct strlist *of_cert, struct strlist *ret, struct err *e)
{
    int rc = 0;
    for (size_t i = 0; !rc && i < r->req->domains.n; i++)
        rc = name_add_domain(ret, str_of(r->req->domains.v[i]), e);
    if (!rc && !ret->n && strlist_copy(ret, of_cert))
        rc = err_nomem(e);
    if (!rc && !ret->n)
        rc = err_set(e, SIGNET_EUSAGE,
                     "No name was given: --domains says which, or --cert-name a certificate that is there already.");
    return rc;
}

static int lineage_all_names(const struct lineage *l, struct strlist *ret, struct err *e)
{
    STRLIST_AUTO(ips);
    int rc = lineage_names(l, ret, &ips, e);
    for (size_t i = 0; !rc && !ret->n && i < ips.n; i++)
        rc = strlist_addz(ret, ips.v[i]) ? err_nomem(e) : 0;
    return rc;
}

/* ---- a certificate from elsewhere ---- */

static int check_pair(const struct request *q, struct err *e)
{
    BUF_AUTO(pem, CHAIN_MAX_BYTES);
    BUF_AUTO(key_pem, CHAIN_MAX_BYTES);
    struct key *of_cert = NULL, *own = NULL;
    const char *cert = q->fullchain_path ? q->fullchain_path : q->cert_path;
    int rc = fs_read(AT_FDCWD, cert, &pem, e);
    if (!rc)
        rc = fs_read(AT_FDCWD, q->key_path, &key_pem, e);
    if (!rc && (rc = cert_key(&of_cert, buf_str(&pem), e)))
        err_wrap(e, "%s", cert);
    if (!rc && (rc = key_from_pem(&own, buf_str(&key_pem), e)))
        err_wrap(e, "%s", q->key_path);
    if (!rc && !key_same(of_cert, own))
        rc = err_set(e, SIGNET_EINVAL, "The key in %s does not belong to the certificate in %s.", q->key_path, cert);
    key_free(of_cert);
    key_free(own);
    return rc;
}

static int install_files(struct run *r, struct err *e)
{
    STRLIST_AUTO(names);
    BUF_AUTO(pem, CHAIN_MAX_BYTES);
    struct cert_info info = { 0 };
    struct request *q = r->req;
    if (!q->key_path || !q->cert_path)
        return err_set(e, SIGNET_EINVAL,
                       "Which certificate? --cert-name names one of those listed by \"certificates\"; any other takes "
                       "--cert-path and --key-path.");
    if (!q->fullchain_path)
        return err_set(e, SIGNET_EINVAL, "The %s plugin currently requires --fullchain-path to install a cert.",
                       q->installer);
    int rc = check_pair(q, e);
    if (!rc)
        rc = fs_read(AT_FDCWD, q->fullchain_path, &pem, e);
    if (!rc)
        rc = cert_read(&info, buf_str(&pem), e);
    if (rc)
        return rc;
    rc = names_for(r, &info.dns, &names, e);
    cert_info_done(&info);
    struct install_job j = { .names = &names,
                             .fullchain = q->fullchain_path,
                             .cert = q->cert_path,
                             .key = q->key_path,
                             .chain = q->chain_path,
                             .deploy = true,
                             .redirect_default = true };
    return rc ? rc : install_carry_out(r, &j, e);
}

/* What the renewal file says about the installer counts for its later renewals. */
static int remember_installer(struct run *r, struct lineage *l, struct err *e)
{
    BUF_AUTO(had, 4096);
    struct request *q = r->req;
    if (q->dry_run ||
        (conf_get(l->conf, "renewalparams", "installer", &had) && str_eq(buf_str(&had), str_of(q->installer))))
        return 0;
    int rc = conf_set(l->conf, "renewalparams", "installer", str_of(q->installer));
    for (size_t i = 0; !rc && i + 1 < q->foreign.n; i += 2)
        if (str_starts(str_of(q->foreign.v[i]), str_of(q->installer)))
            rc = conf_set(l->conf, "renewalparams", q->foreign.v[i], str_of(q->foreign.v[i + 1]));
    return rc ? err_nomem(e) : lineage_write_conf(l, e);
}

static int install_named(struct run *r, struct err *e)
{
    STRLIST_AUTO(of_cert);
    STRLIST_AUTO(names);
    struct lineage *l = NULL;
    int rc = lineage_open_whole(r, r->req->certname, &l, e);
    if (!rc)
        rc = lineage_all_names(l, &of_cert, e);
    if (!rc)
        rc = names_for(r, &of_cert, &names, e);
    if (!rc)
        rc = install_lineage(r, l, &names, true, e);
    if (!rc)
        rc = remember_installer(r, l, e);
    lineage_free(l);
    return rc;
}

int verb_install(struct run *r, struct err *e)
{
    const struct request *q = r->req;
    bool files = q->key_path && q->cert_path;
    int rc = install_choose(r, e);
    if (!rc && !q->certname && !files && (q->key_path || q->cert_path || q->fullchain_path))
        return install_files(r, e);
    if (!rc && !q->certname && !files)
        rc = choose_lineage(r, "Which certificate would you like to install?", e);
    if (rc)
        return rc;
    return q->certname ? install_named(r, e) : install_files(r, e);
}

/* ---- enhance ---- */

static int choose_names(struct run *r, const struct strlist *of_cert, struct strlist *ret, struct err *e)
{
    if (r->req->domains.n || !r->ui->interactive)
        return names_for(r, of_cert, ret, e);
    int rc = r->ui->ops->checklist(r->ui, "For which names?", of_cert, "--domains", ret, e);
    if (!rc && !ret->n)
        rc = err_set(e, SIGNET_ECANCELED, "User cancelled the domain selection. No domains defined, exiting.");
    return rc;
}

int verb_enhance(struct run *r, struct err *e)
{
    STRLIST_AUTO(of_cert);
    STRLIST_AUTO(names);
    struct lineage *l = NULL;
    const struct request *q = r->req;
    if (q->redirect != TRI_YES && q->hsts != TRI_YES && q->uir != TRI_YES && q->staple_ocsp != TRI_YES &&
        !q->auto_hsts) {
        log_error("client", "Nothing to enhance was named: --redirect, --hsts, --uir, --staple-ocsp ...; "
                            "see\n\ncertbot --help enhance\n");
        return err_set(e, SIGNET_EINVAL, "No enhancements requested, exiting.");
    }
    int rc = install_choose(r, e);
    if (!rc)
        rc = choose_lineage(r, "Which certificate?", e);
    if (!rc)
        rc = lineage_open_whole(r, q->certname, &l, e);
    if (!rc)
        rc = lineage_all_names(l, &of_cert, e);
    if (!rc)
        rc = choose_names(r, &of_cert, &names, e);
    struct install_job j = { .names = &names };
    if (!rc) {
        j.fullchain = l->live[KIND_FULLCHAIN];
        j.cert = l->live[KIND_CERT];
        j.key = l->live[KIND_PRIVKEY];
        j.chain = q->chain_path ? q->chain_path : l->live[KIND_CHAIN];
        rc = install_carry_out(r, &j, e);
    }
    if (!rc && q->auto_hsts) /* its renewals are to go on with it */
        rc = remember_installer(r, l, e);
    lineage_free(l);
    return rc;
}
