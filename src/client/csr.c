/* certonly --csr: a certificate for somebody else's key. No lineage, no hooks, no renewal (contract.md A6). */
#include "crypto/csr.h"
#include "base/clock.h"
#include "base/fs.h"
#include "base/log.h"
#include "client/obtain.h"
#include "crypto/cert.h"
#include "plan/names.h"
#include <fcntl.h>
#include <stdlib.h>

#define CSR_FILE_MAX (1u << 20)
#define NUMBERS_MAX  10000

static int read_csr(const char *path, struct csr_info *info, struct err *e)
{
    BUF_AUTO(text, CSR_FILE_MAX);
    int rc = fs_read(AT_FDCWD, path, &text, e);
    if (!rc && (rc = csr_read(info, buf_str(&text), e)))
        err_wrap(e, "%s", path);
    return rc;
}

/* The CSR alone says which names are ordered; -d may only repeat some of them. */
static int take_names(const struct request *req, const struct csr_info *info, struct issue *i, struct err *e)
{
    STRLIST_AUTO(given);
    int rc = 0;
    for (size_t k = 0; !rc && k < info->dns.n; k++)
        rc = name_add_domain(&i->domains, str_of(info->dns.v[k]), e);
    for (size_t k = 0; !rc && k < info->ips.n; k++)
        rc = name_add_ip(&i->ips, str_of(info->ips.v[k]), e);
    for (size_t k = 0; !rc && k < req->domains.n; k++)
        rc = name_add_domain(&given, str_of(req->domains.v[k]), e);
    if (rc)
        return rc;
    if (!i->domains.n && !i->ips.n)
        return err_set(e, SIGNET_EINVAL, "The CSR %s names no domain and no address.", req->csr);
    if (!strlist_subset(&given, &i->domains))
        return err_set(e, SIGNET_EINVAL, "Inconsistent requests: --domains gives names that are not in the CSR %s.",
                       req->csr);
    buf_add(&i->csr, buf_str(&info->der));
    return buf_err(&i->csr) ? err_nomem(e) : 0;
}

/* A path that the user named must be free, and its folder there, before anything is ordered: afterwards the certificate
 * would be lost. Without a certificate to come nothing is made. */
static int check_place(const struct request *req, const char *path, struct err *e)
{
    BUF_AUTO(dir, 8192);
    if (!path || req->dry_run)
        return 0;
    if (fs_exists(AT_FDCWD, path))
        return err_set(e, SIGNET_EEXIST, "%s exists already; nothing was ordered. Remove it or name another file.",
                       path);
    const char *slash = strrchr(path, '/');
    if (!slash || slash == path)
        return 0;
    buf_add(&dir, (signet_str){ path, (size_t)(slash - path) });
    return fs_mkdirs(buf_z(&dir), 0755, e);
}

/* dir/NNNN_base, the first number that is free, as certbot numbers them. */
static int write_numbered(const char *path, signet_str pem, struct buf *ret, struct err *e)
{
    const char *slash = strrchr(path, '/');
    const char *base = slash ? slash + 1 : path;
    for (unsigned n = 0; n < NUMBERS_MAX; n++) {
        buf_clear(ret);
        buf_addf(ret, "%.*s%04u_%s", (int)(base - path), path, n, base);
        int rc = fs_create(AT_FDCWD, buf_z(ret), pem, 0644, e);
        if (rc != SIGNET_EEXIST)
            return rc;
        err_clear(e);
    }
    return err_set(e, SIGNET_ELIMIT, "No free name is left for %s.", path);
}

static int write_out(const char *given, const char *fallback, signet_str pem, struct buf *ret, struct err *e)
{
    BUF_AUTO(path, 8192);
    int rc = fs_absolute(given ? given : fallback, &path, e);
    if (rc)
        return rc;
    if (!given)
        return write_numbered(buf_z(&path), pem, ret, e);
    buf_add(ret, buf_str(&path));
    return fs_create(AT_FDCWD, buf_z(&path), pem, 0644, e);
}

static int save(struct run *r, const struct issue *i, struct report_entry *c, struct err *e)
{
    const struct request *req = r->req;
    BUF_AUTO(cert, CHAIN_MAX_BYTES);
    BUF_AUTO(chain, CHAIN_MAX_BYTES);
    BUF_AUTO(full, CHAIN_MAX_BYTES);
    BUF_AUTO(cert_path, 8192);
    BUF_AUTO(chain_path, 8192);
    BUF_AUTO(full_path, 8192);
    BUF_AUTO(date, 64);
    int64_t from, until;
    int rc;
    if ((rc = chain_split(buf_str(&i->chain), &cert, &chain, &full, e)) ||
        (rc = cert_read_dates(buf_str(&cert), &from, &until, e)) ||
        (rc = write_out(req->cert_path, "cert.pem", buf_str(&cert), &cert_path, e)) ||
        (rc = write_out(req->chain_path, "chain.pem", buf_str(&chain), &chain_path, e)) ||
        (rc = write_out(req->fullchain_path, "chain.pem", buf_str(&full), &full_path, e))) {
        /* The certificate is issued and counts: it must not be lost with the path. */
        r->ui->ops->notify(r->ui, buf_z(&i->chain));
        err_hint(e, "The certificate was issued; it stands above.");
        return rc;
    }
    report_text(c, "cert_path", buf_z(&cert_path));
    report_text(c, "chain_path", buf_z(&chain_path));
    report_text(c, "fullchain_path", buf_z(&full_path));
    report_time(c, "not_after", until);
    clock_fmt_date(&date, until);
    ui_say(r->ui,
           "\nSuccessfully received certificate.\nCertificate is saved at:            %s\nIntermediate CA chain is "
           "saved at:  %s\nFull certificate chain is saved at: %s\nThis certificate expires on %s.\nNEXT STEPS:\n- "
           "Nothing renews a certificate for a CSR by itself. Run this command again in time.",
           buf_z(&cert_path), buf_z(&chain_path), buf_z(&full_path), buf_z(&date));
    return 0;
}

static int check_issued(const struct issue *i, const struct csr_info *info, struct err *e)
{
    struct key *leaf = NULL;
    int future;
    int rc = csr_key(&leaf, buf_str(&info->der), e);
    if (!rc)
        rc = chain_check(buf_str(&i->chain), leaf, &i->domains, &i->ips, clock_wall_s(), &future, e);
    key_free(leaf);
    return rc;
}

static int order(struct run *r, struct issue *i, const struct csr_info *info, struct report_entry *c, struct err *e)
{
    BUF_AUTO(names, 4096);
    struct issuer *s;
    int rc = account_obtain(r, r->req, &i->slot, e);
    if (rc || (rc = issuer_new(&s, r, 1, e)))
        return rc;
    name_summary(&names, &i->domains, &i->ips);
    ui_say(r->ui, "%s %s", r->req->dry_run ? "Simulating a certificate request for" : "Requesting a certificate for",
           buf_z(&names));
    issuer_add(s, i);
    issuer_next(s);
    issuer_free(s);
    if (i->err.code) {
        obtain_tell_failure(r, i);
        *e = i->err;
        return i->authz_failed ? err_set(e, SIGNET_EAUTHZ, "Some challenges have failed.") : e->code;
    }
    if ((rc = check_issued(i, info, e)))
        return rc;
    if (r->req->dry_run) {
        ui_say(r->ui, "The dry run was successful.");
        return 0;
    }
    return save(r, i, c, e);
}

int certonly_csr(struct run *r, struct err *e)
{
    const struct request *req = r->req;
    struct csr_info info = { 0 };
    struct report_entry *c = report_certificate(&r->report, req->csr);
    struct issue i;
    int rc;
    issue_init(&i);
    if (req->allow_subset_of_names)
        rc = err_set(e, SIGNET_EUSAGE, "--allow-subset-of-names cannot be used with --csr");
    else if (!(rc = request_choose_authenticator(r, e)) && request_copy(&i.req, req))
        rc = err_nomem(e);
    if (!rc && !(rc = read_csr(req->csr, &info, e)) && !(rc = take_names(req, &info, &i, e)) &&
        !(rc = check_place(req, req->cert_path, e)) && !(rc = check_place(req, req->chain_path, e)) &&
        !(rc = check_place(req, req->fullchain_path, e)))
        rc = order(r, &i, &info, c, e);
    report_strings(c, "identifiers", &i.all_names);
    report_bool(c, "dry_run", req->dry_run);
    report_text(c, "status", rc ? "failed" : req->dry_run ? "simulated" : "obtained");
    if (rc)
        report_error(c, e, i.has_problem ? &i.problem : NULL);
    issue_done(&i);
    csr_info_done(&info);
    return rc;
}
