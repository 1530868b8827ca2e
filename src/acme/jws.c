#include "acme/core.h"
#include "crypto/digest.h"
#include <stdlib.h>

#define STRN(b) (b).p ? (b).p : "", (b).n

int jws_tbs(struct buf *to, const struct jws_head *h, signet_str payload)
{
    json_t *o = json_object();
    int bad = !o || json_object_set_new(o, "alg", json_string(h->alg)) != 0;
    if (h->jwk)
        bad = bad || json_object_set(o, "jwk", h->jwk) != 0;
    if (h->kid)
        bad = bad || json_object_set_new(o, "kid", json_string(h->kid)) != 0;
    if (h->nonce)
        bad = bad || json_object_set_new(o, "nonce", json_string(h->nonce)) != 0;
    bad = bad || json_object_set_new(o, "url", json_string(h->url)) != 0;
    if (bad) {
        json_decref(o);
        return SIGNET_ENOMEM;
    }
    char *head = js_dump(o);
    if (!head)
        return SIGNET_ENOMEM;
    buf_clear(to);
    b64url_enc(to, str_of(head));
    buf_addc(to, '.');
    b64url_enc(to, payload);
    free(head);
    return buf_err(to);
}

int jws_body(struct buf *to, signet_str tbs, signet_str sig)
{
    signet_str head, payload;
    BUF_AUTO(sig64, LIM_BODY);
    str_cut(tbs, '.', &head, &payload);
    b64url_enc(&sig64, sig);
    json_t *o = json_object();
    int bad = buf_err(&sig64) || !o || json_object_set_new(o, "protected", json_stringn(STRN(head))) != 0 ||
              json_object_set_new(o, "payload", json_stringn(STRN(payload))) != 0 ||
              json_object_set_new(o, "signature", json_stringn(STRN(sig64))) != 0;
    if (bad) {
        json_decref(o);
        return SIGNET_ENOMEM;
    }
    char *text = js_dump(o);
    if (!text)
        return SIGNET_ENOMEM;
    buf_clear(to);
    buf_addz(to, text);
    free(text);
    return buf_err(to);
}

static bool alg_signs(signet_alg a)
{
    switch (a) {
    case SIGNET_ALG_ES256:
    case SIGNET_ALG_ES384:
    case SIGNET_ALG_ES512:
    case SIGNET_ALG_RS256:
    case SIGNET_ALG_EDDSA:
        return true;
    case SIGNET_ALG_UNKNOWN:
    case SIGNET_ALG_HS256:
    case SIGNET_ALG_HS384:
    case SIGNET_ALG_HS512:
        break;
    }
    return false;
}

int signer_copy(struct signer *to, const signet_signer *from)
{
    const char *why;
    if (!from || from->size < sizeof(*from) || !alg_signs(from->alg))
        return SIGNET_EINVAL;
    struct signer k = { .alg = from->alg, .sign = from->sign, .ctx = from->ctx };
    k.jwk = js_load(from->jwk, &why);
    if (!k.jwk)
        return SIGNET_EINVAL;
    k.jwk_text = str_dup(from->jwk);
    if (!k.jwk_text) {
        signer_done(&k);
        return SIGNET_ENOMEM;
    }
    *to = k;
    return 0;
}

void signer_done(struct signer *k)
{
    json_decref(k->jwk);
    free(k->jwk_text);
    *k = (struct signer){ 0 };
}

int signer_thumbprint(const struct signer *k, struct buf *to)
{
    uint8_t sum[32];
    int rc = digest_sha256(str_of(k->jwk_text), sum);
    if (rc != 0)
        return rc;
    b64url_enc(to, (signet_str){ (const char *)sum, sizeof(sum) });
    return buf_err(to);
}
