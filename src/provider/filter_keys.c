#include "base/b64.h"
#include "crypto/cert.h"
#include "crypto/mac.h"
#include "crypto/unlock.h"
#include "provider/filter.h"

/* Private keys and certificates. */

static int sign(struct filter_call *c, signet_str alg, signet_str pem, signet_str text, struct buf *to)
{
    struct err why = { 0 };
    struct key *key = NULL;
    uint8_t sig[KEY_SIG_MAX];
    size_t n = sizeof sig;
    int rc = key_from_pem(&key, pem, &why);
    if (rc)
        return rc == SIGNET_ENOMEM ? rc
                                   : err_set(c->sc->e, SIGNET_EINVAL, "the private key cannot be used: %s", why.text);
    rc = key_sign_as(key, alg, text, sig, &n);
    key_free(key);
    if (rc == SIGNET_EINVAL || rc == SIGNET_ENOTFOUND)
        return err_set(c->sc->e, SIGNET_EINVAL, "the private key does not go with %.*s", STR_ARG(alg));
    if (!rc)
        buf_add(to, (signet_str){ (const char *)sig, n });
    return rc;
}

static int f_rsa(struct filter_call *c)
{
    return sign(c, c->arg[0], c->arg[1], c->in, c->out);
}

/* A JSON Web Token (RFC 7519) of the claims that came in; third argument: the key's id. */
static int f_jwt(struct filter_call *c)
{
    BUF_AUTO(head, LIM_HEADER);
    BUF_AUTO(sig, KEY_SIG_MAX);
    VALUE_AUTO json_t *map = NULL;
    map = json_object();
    if (!map || value_set_str(map, "alg", c->arg[0]) || value_set_str(map, "typ", STR("JWT")) ||
        (c->arg[2].n && value_set_str(map, "kid", c->arg[2])))
        return SIGNET_ENOMEM;
    value_dump(&head, map);
    b64url_enc(c->out, buf_str(&head));
    buf_addc(c->out, '.');
    b64url_enc(c->out, c->in);
    if (buf_err(&head) || buf_err(c->out))
        return SIGNET_ELIMIT;
    int rc = sign(c, c->arg[0], c->arg[1], buf_str(c->out), &sig);
    if (rc)
        return rc;
    buf_addc(c->out, '.');
    b64url_enc(c->out, buf_str(&sig));
    return 0;
}

/* A key that has a password, or is in a PKCS#12 file, as PEM without either. */
static int f_unlock(struct filter_call *c)
{
    struct err why = { 0 };
    int rc = key_unlock(c->out, c->in, c->arg[0], &why);
    if (!rc || rc == SIGNET_ENOMEM)
        return rc;
    return err_set(c->sc->e, SIGNET_EINVAL, "the private key cannot be opened: %s", why.text);
}

static int bad_cert(struct filter_call *c, const struct err *why)
{
    return err_set(c->sc->e, SIGNET_EINVAL, "the certificate cannot be used: %s", why->text);
}

/* The public key in a certificate, as PEM. */
static int f_public(struct filter_call *c)
{
    struct err why = { 0 };
    struct key *key = NULL;
    if (cert_key(&key, c->in, &why))
        return bad_cert(c, &why);
    int rc = key_to_spki_pem(key, c->out);
    key_free(key);
    return rc;
}

/* Whose certificate it is: a line "OU=text" for each part of its subject. */
static int f_subject(struct filter_call *c)
{
    struct err why = { 0 };
    return cert_subject(c->in, c->out, &why) ? bad_cert(c, &why) : 0;
}

const struct filter filters_keys[] = {
    { STR("rsa"), 2, 2, f_rsa },       { STR("jwt"), 2, 3, f_jwt },         { STR("unlock"), 1, 1, f_unlock },
    { STR("public"), 0, 0, f_public }, { STR("subject"), 0, 0, f_subject }, { { NULL, 0 }, 0, 0, NULL },
};
