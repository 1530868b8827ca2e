/* revoke: by lineage or file, with the account's or the certificate's own key. */
#include "base/fs.h"
#include "base/log.h"
#include "client/in_use.h"
#include "client/obtain.h"
#include "crypto/cert.h"
#include "options/table.h"
#include <fcntl.h>
#include <stdlib.h>

static int reason_code(const char *word, int *ret, struct err *e)
{
    static const struct {
        const char *word;
        int code; /* RFC 5280 section 5.3.1 */
    } reasons[] = {
        { "unspecified", 0 }, { "keycompromise", 1 },        { "affiliationchanged", 3 },
        { "superseded", 4 },  { "cessationofoperation", 5 },
    };
    *ret = 0;
    if (!word)
        return 0;
    for (size_t i = 0; i < sizeof reasons / sizeof *reasons; i++)
        if (str_ieq(str_of(word), str_of(reasons[i].word))) {
            *ret = reasons[i].code;
            return 0;
        }
    return err_set(e, SIGNET_EUSAGE, "argument --reason: invalid choice: '%s'", word);
}

/* What is to be revoked. */
struct victim {
    char *path; /* the certificate file */
    char *name; /* its lineage, NULL when it is none of ours */
    struct buf pem;
    struct request req; /* server and account of the lineage */
};

static void victim_done(struct victim *v)
{
    free(v->path);
    free(v->name);
    buf_done(&v->pem);
    request_done(&v->req);
}

static int open_lineage(struct run *r, struct victim *v, struct err *e)
{
    struct lineage *l = NULL;
    int rc = lineage_open(&l, r->tree, v->name, e);
    if (!rc && !(rc = lineage_request(l, r->req, &v->req, e)) && !v->path &&
        !(v->path = str_dup(str_of(l->live[KIND_CERT]))))
        rc = err_nomem(e);
    lineage_free(l);
    return rc;
}

static int find_victim(struct run *r, struct victim *v, struct err *e)
{
    const struct request *req = r->req;
    BUF_AUTO(name, 4096);
    int rc;
    v->pem = BUF_INIT(CHAIN_MAX_BYTES);
    if (!req->cert_path == !req->certname)
        return err_set(e, SIGNET_EINVAL, "Error! Exactly one of --cert-path or --cert-name must be specified!");
    if (req->cert_path) {
        if (!(v->path = str_dup(str_of(req->cert_path))))
            return err_nomem(e);
        rc = lineage_by_path(r->tree, req->cert_path, &name, e);
        if (rc && rc != SIGNET_ENOTFOUND)
            return rc;
        if (rc) {
            err_clear(e);
            rc = request_copy(&v->req, req) ? err_nomem(e) : 0;
        } else if (!(v->name = str_dup(buf_str(&name)))) {
            rc = err_nomem(e);
        }
    } else {
        v->name = str_dup(str_of(req->certname));
        rc = v->name ? 0 : err_nomem(e);
    }
    if (!rc && v->name)
        rc = open_lineage(r, v, e);
    return rc ? rc : fs_read(AT_FDCWD, v->path, &v->pem, e);
}

static int read_key(const char *path, struct key **ret, struct err *e)
{
    BUF_AUTO(pem, 64u * 1024u);
    int rc = fs_read(AT_FDCWD, path, &pem, e);
    return rc ? rc : key_from_pem(ret, buf_str(&pem), e);
}

/* With --key-path the certificate's own key signs; then no account is needed, and a throw-away key serves the session.
 */
static int open_session(struct run *r, const struct victim *v, const struct key *own, struct ca_slot **ret,
                        struct err *e)
{
    struct account *a;
    if (!own)
        return account_obtain(r, &v->req, ret, e);
    if (!(a = calloc(1, sizeof *a)))
        return err_nomem(e);
    int rc = key_new(&a->key, KEY_EC, 256, e);
    if (rc || !(a->id = str_dup(STR("none")))) {
        account_free(a);
        return rc ? rc : err_nomem(e);
    }
    return cas_open(r, &v->req, v->req.server, a, ret, e);
}

static int revoke_at_ca(struct run *r, const struct victim *v, const struct key *own, int reason, struct err *e)
{
    BUF_AUTO(der, CHAIN_MAX_BYTES);
    struct ca_slot *s;
    struct ca_event ev;
    ca_job job;
    int rc;
    if ((rc = cert_to_der(buf_str(&v->pem), &der, e)))
        return err_wrap(e, "%s", v->path);
    if ((rc = open_session(r, v, own, &s, e)) || (rc = ca_revoke(s->ca, buf_str(&der), reason, own, NULL, &job, e)))
        return rc;
    return cas_wait(r, s, job, &ev, e);
}

static int wants_delete(struct run *r, bool *ret, struct err *e)
{
    *ret = r->req->delete_after_revoke != TRI_NO;
    if (r->req->delete_after_revoke != TRI_UNSET || !r->ui->interactive)
        return 0;
    return r->ui->ops->yesno(r->ui, "Delete the files of the revoked certificate, all versions of it?",
                             "Yes (recommended)", "No", "--delete-after-revoke", ret, e);
}

static int clean_up(struct run *r, const struct victim *v, struct err *e)
{
    STRLIST_AUTO(places);
    bool yes = false, shared = false;
    int rc = wants_delete(r, &yes, e);
    if (rc || !yes || !v->name)
        return rc;
    if ((rc = lineage_shares_archive(r->tree, v->name, &shared, e)))
        return rc;
    if (shared) {
        ui_say(r->ui, "Nothing was deleted: another certificate has its files in the archive folder of %s, too.",
               v->name);
        return 0;
    }
    if (!r->req->delete_in_use && (rc = in_use_find(r, v->name, &places, e)))
        return rc;
    if (places.n) {
        BUF_AUTO(at, IN_USE_BYTES_MAX);
        in_use_tell(&places, &at);
        ui_alert(r->ui,
                 "Nothing was deleted: files of %s are named at %s, and the web server would fail at its next start. "
                 "Give it another certificate; then \"delete --cert-name %s\".",
                 v->name, buf_z(&at), v->name);
        return 0;
    }
    if ((rc = lineage_delete(r->tree, v->name, e)))
        return rc;
    ui_say(r->ui, "Deleted all files relating to certificate %s.", v->name);
    return 0;
}

int verb_revoke(struct run *r, struct err *e)
{
    struct victim v = { 0 };
    struct key *own = NULL;
    int reason, rc;
    if (!(rc = reason_code(r->req->reason, &reason, e)) && !(rc = find_victim(r, &v, e)) &&
        !(rc = r->req->key_path ? read_key(r->req->key_path, &own, e) : 0) &&
        !(rc = revoke_at_ca(r, &v, own, reason, e))) {
        report_text(report_certificate(&r->report, v.name ? v.name : v.path), "status", "revoked");
        rc = clean_up(r, &v, e);
        /* Last, as certbot has it, and whatever became of the files: it is revoked. */
        ui_say(r->ui, "Congratulations! You have successfully revoked the certificate that was located at %s.", v.path);
    }
    cas_close(r); /* before the key that it borrows goes */
    key_free(own);
    victim_done(&v);
    return rc;
}
