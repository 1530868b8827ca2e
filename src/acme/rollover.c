#include "acme/core.h"
#include <stdlib.h>

/* RFC 8555 section 7.3.5: an inner JWS by the new key says "this account, so far of that key", an outer one by the old
 * key carries it. */

struct rollover_job {
    signet_job j;
    struct inner inner;
};

static void rollover_done(struct req *r, struct reply *rp)
{
    signet_job *j = r->job;
    signet_session *s = r->s;
    BUF_AUTO(thumb, 64);
    if (rp->code != 0) {
        job_fail(j, rp->problem);
        return;
    }
    int rc = signer_thumbprint(&j->key, &thumb);
    char *text = rc == 0 ? buf_take(&thumb) : NULL;
    if (!text) {
        job_nomem(j);
        return;
    }
    struct signer old = s->key;
    s->key = j->key;
    j->key = old; /* goes with the job */
    free(s->thumbprint);
    s->thumbprint = text;
    job_end(j);
}

static void rollover_signed(signet_job *j, int rc, signet_str jws)
{
    struct req_spec spec = {
        .res = RES_KEY_CHANGE, .auth = AUTH_KID, .doing = "changing the account key", .done = rollover_done
    };
    if (rc != 0 && rc != SIGNET_ENOMEM)
        job_fail_own(j, rc, spec.doing, STR(""), "the new key could not sign");
    else if (rc != 0 || !(spec.payload = str_dup(jws)))
        job_nomem(j);
    else
        (void)req_start(j->s, j, &spec, NULL);
}

static int rollover_inner(struct rollover_job *k)
{
    signet_session *s = k->j.s;
    struct jws_head h = { .alg = signet_alg_name(k->j.key.alg),
                          .jwk = k->j.key.jwk,
                          .url = s->dir->url[RES_KEY_CHANGE] };
    json_t *o = json_object();
    int bad = !o || json_object_set_new(o, "account", json_string(s->account_url)) != 0 ||
              json_object_set(o, "oldKey", s->key.jwk) != 0;
    if (bad) {
        json_decref(o);
        return SIGNET_ENOMEM;
    }
    char *payload = js_dump(o);
    int rc = payload ? jws_tbs(&k->inner.tbs, &h, str_of(payload)) : SIGNET_ENOMEM;
    free(payload);
    return rc;
}

/* The account URL goes into the inner JWS, so it must be known before that is signed. */
static void rollover_go(struct rollover_job *k)
{
    signet_job *j = &k->j;
    if (!j->s->dir->url[RES_KEY_CHANGE]) {
        job_fail_own(j, SIGNET_ENOTFOUND, "changing the account key", STR(""),
                     "the CA's directory offers no keyChange");
        return;
    }
    if (rollover_inner(k) != 0) {
        job_nomem(j);
        return;
    }
    k->inner.alg = j->key.alg;
    k->inner.done = rollover_signed;
    inner_sign(&k->inner, j->key.sign, j->key.ctx);
}

static void rollover_account(struct req *r, struct reply *rp)
{
    if (rp->code != 0)
        job_fail(r->job, rp->problem);
    else
        rollover_go((struct rollover_job *)r->job);
}

static void rollover_ready(signet_job *j)
{
    if (j->s->account_url) {
        rollover_go((struct rollover_job *)j);
        return;
    }
    struct req_spec spec = { .res = RES_ACCOUNT,
                             .auth = AUTH_KID,
                             .payload = str_dup(STR("")),
                             .doing = "reading the account",
                             .done = rollover_account };
    if (!spec.payload)
        job_nomem(j);
    else
        (void)req_start(j->s, j, &spec, NULL);
}

static void rollover_free(signet_job *j)
{
    inner_free(&((struct rollover_job *)j)->inner);
}

static const struct job_ops ROLLOVER_OPS = { .ready = rollover_ready, .free = rollover_free };

int signet_rollover_start(signet_session *s, const signet_rollover_params *p, signet_job **ret)
{
    if (!p || p->size < sizeof(*p) || !p->new_key)
        return SIGNET_EINVAL;
    signet_job *j = job_new(s, &ROLLOVER_OPS, sizeof(struct rollover_job), true);
    if (!j)
        return SIGNET_ENOMEM;
    struct rollover_job *k = (struct rollover_job *)j;
    int rc = inner_init(&k->inner, j);
    if (rc == 0)
        rc = signer_copy(&j->key, p->new_key);
    if (rc != 0) {
        job_destroy(j);
        return rc;
    }
    /* the inner JWS is signed for the URL of keyChange: it had better be the current one */
    if (s->dir_state == DIR_READY && s->dir->from_saved)
        dir_forget(s);
    *ret = j;
    dir_wait(j);
    return 0;
}
