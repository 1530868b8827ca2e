#include "acme/core.h"
#include <stdlib.h>

/* RFC 8555 section 7.6. */

struct revoke_job {
    signet_job j;
};

static void revoke_done(struct req *r, struct reply *rp)
{
    signet_job *j = r->job;
    /* a try whose answer was lost has done it: then "already revoked" is what we wanted */
    if (rp->code != 0 && !(prob_is(rp->problem, "alreadyRevoked") && req_was_repeated(r)))
        job_fail(j, rp->problem);
    else
        job_end(j);
}

static char *revoke_payload(const signet_revoke_params *p)
{
    BUF_AUTO(cert, LIM_CHAIN_BODY);
    b64url_enc(&cert, p->cert_der);
    json_t *o = json_object();
    int bad = !o || buf_err(&cert) || json_object_set_new(o, "certificate", json_stringn(buf_z(&cert), cert.n)) != 0;
    if (p->reason >= 0)
        bad = bad || json_object_set_new(o, "reason", json_integer(p->reason)) != 0;
    if (bad) {
        json_decref(o);
        return NULL;
    }
    return js_dump(o);
}

static const struct job_ops REVOKE_OPS = { 0 };

int signet_revoke_start(signet_session *s, const signet_revoke_params *p, signet_job **ret)
{
    if (!p || p->size < sizeof(*p) || !p->cert_der.n || p->cert_der.n > LIM_BODY || p->reason > 10)
        return SIGNET_EINVAL;
    signet_job *j = job_new(s, &REVOKE_OPS, sizeof(struct revoke_job), true);
    if (!j)
        return SIGNET_ENOMEM;
    struct req *r;
    struct req_spec spec = { .res = RES_REVOKE,
                             .auth = p->key ? AUTH_JWK : AUTH_KID,
                             .doing = "revoking the certificate",
                             .done = revoke_done };
    int rc = p->key ? signer_copy(&j->key, p->key) : 0;
    if (rc == 0) {
        spec.payload = revoke_payload(p);
        rc = spec.payload ? req_start(s, j, &spec, &r) : SIGNET_ENOMEM;
    }
    if (rc != 0) {
        job_destroy(j);
        return rc;
    }
    r->job_key = p->key != NULL;
    *ret = j;
    return 0;
}
