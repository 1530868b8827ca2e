/* lego's face: revoke. */
#include "base/clock.h"
#include "base/log.h"
#include "client/lego.h"
#include "plan/names.h"
#include "store/lego.h"

static int revoke_one(struct run *r, struct ca_slot *s, const char *name, struct err *e)
{
    BUF_AUTO(pem, CHAIN_MAX_BYTES);
    BUF_AUTO(der, CHAIN_MAX_BYTES);
    struct lineage *l = NULL;
    struct ca_event ev;
    ca_job job;
    int rc = lineage_open(&l, r->tree, name, e);
    if (!rc)
        rc = lineage_read(l, KIND_CERT, l->newest, &pem, e);
    lineage_free(l);
    if (rc || (rc = cert_to_der(buf_str(&pem), &der, e)) ||
        (rc = ca_revoke(s->ca, buf_str(&der), (int)r->req->lego.reason, NULL, NULL, &job, e)))
        return rc;
    return cas_wait(r, s, job, &ev, e);
}

static int revoke_named(struct run *r, struct ca_slot *s, const char *domain, struct err *e)
{
    BUF_AUTO(name, 1024);
    BUF_AUTO(what, 1024);
    ui_alert(r->ui, "Trying to revoke certificate for domain %s", domain);
    int rc = name_for_lego(&name, str_of(domain), lego_tree_is_v5(r->tree), e);
    if (!rc)
        rc = revoke_one(r, s, buf_z(&name), e);
    buf_addf(&what, "Error while revoking the certificate for domain %s", domain);
    if (rc)
        return lego_wrap(e, buf_z(&what));
    ui_alert(r->ui, "Certificate was revoked.");
    report_text(report_certificate(&r->report, domain), "status", "revoked");
    if (r->req->lego.keep)
        return 0;
    rc = lego_archive(r->tree, buf_z(&name), clock_wall_s(), e);
    if (!rc)
        ui_alert(r->ui, "Certificate was archived for domain: %s", domain);
    return rc;
}

/* RFC 5280 section 5.3.1: 7 is unused. */
static int check_reason(unsigned reason, struct err *e)
{
    if (reason <= 10 && reason != 7)
        return 0;
    return err_set(e, SIGNET_EINVAL, "--reason %u: no such reason; 0 to 6 and 8 to 10 are (RFC 5280 section 5.3.1).",
                   reason);
}

int verb_lego_revoke(struct run *r, struct err *e)
{
    const struct request *q = r->req;
    struct ca_slot *s;
    int rc = check_reason(q->lego.reason, e);
    if (!rc && !q->domains.n && !q->certnames.n && !(q->certname && q->certname[0]))
        rc = err_set(e, SIGNET_EINVAL, "Please specify --domains/-d: the name of the certificate to revoke");
    if (rc || (rc = lego_open_account(r, &s, e)))
        return rc;
    for (size_t i = 0; !rc && i < q->certnames.n; i++)
        rc = revoke_named(r, s, q->certnames.v[i], e);
    if (q->certnames.n)
        return rc;
    if (q->certname && q->certname[0])
        return revoke_named(r, s, q->certname, e);
    for (size_t i = 0; !rc && i < q->domains.n; i++)
        rc = revoke_named(r, s, q->domains.v[i], e);
    return rc;
}
