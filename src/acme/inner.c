#include "acme/core.h"

#define SIGNATURE_MAX 1024u

int inner_init(struct inner *k, signet_job *j)
{
    k->job = j;
    k->tbs = BUF_INIT(LIM_REQUEST);
    return item_init(j->s, &k->it, ITEM_INNER);
}

void inner_free(struct inner *k)
{
    if (!k->job)
        return;
    item_done(k->job->s, &k->it);
    buf_done(&k->tbs);
}

static void inner_end(struct inner *k, int rc, signet_str sig)
{
    BUF_AUTO(jws, LIM_REQUEST);
    if (rc == 0 && (!sig.n || sig.n > SIGNATURE_MAX))
        rc = SIGNET_ECRYPTO;
    if (rc == 0)
        rc = jws_body(&jws, buf_str(&k->tbs), sig);
    buf_done(&k->tbs);
    k->done(k->job, rc < 0 ? rc : rc ? SIGNET_ECRYPTO : 0, buf_str(&jws));
}

void inner_sign(struct inner *k, int (*sign)(void *ctx, signet_str tbs, uint8_t *out, size_t *len), void *ctx)
{
    uint8_t sig[SIGNATURE_MAX];
    size_t n = sizeof(sig);
    if (!sign) {
        item_queue(k->job->s, &k->it, SIGNET_ACT_SIGN);
        return;
    }
    int rc = sign(ctx, buf_str(&k->tbs), sig, &n);
    inner_end(k, rc, (signet_str){ (const char *)sig, rc ? 0 : n });
}

int inner_signed(struct item *it, signet_str sig)
{
    struct inner *k = LINK_OF(it, struct inner, it);
    item_idle(it);
    if (k->job->state == SIGNET_JOB_RUNNING)
        inner_end(k, 0, sig);
    return 0;
}

void inner_action(const struct item *it, signet_action *a)
{
    const struct inner *k = LINK_OF(it, const struct inner, it);
    a->job = k->job;
    a->u.sign.key = SIGNET_KEY_JOB;
    a->u.sign.alg = k->alg;
    a->u.sign.tbs = buf_str(&k->tbs);
}
