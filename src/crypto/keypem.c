/* Keys as PEM: reading what is on disk, writing what OpenSSL would. */
#include "base/b64.h"
#include "crypto/digest.h"
#include "crypto/ossl.h"
#include "crypto/pem.h"

#include <openssl/err.h>

#define KEY_DER_MAX  (16u * 1024u)
#define KEY_TEXT_MAX (256u * 1024u) /* a key file may hold its chain, too */

static EVP_PKEY *decode_pkcs8(const unsigned char **p, long n)
{
    PKCS8_PRIV_KEY_INFO *info = d2i_PKCS8_PRIV_KEY_INFO(NULL, p, n);
    EVP_PKEY *pkey = info ? EVP_PKCS82PKEY(info) : NULL;
    PKCS8_PRIV_KEY_INFO_free(info);
    return pkey;
}

static EVP_PKEY *decode_pkcs1(const unsigned char **p, long n)
{
    return d2i_PrivateKey(EVP_PKEY_RSA, NULL, p, n);
}

static EVP_PKEY *decode_sec1(const unsigned char **p, long n)
{
    return d2i_PrivateKey(EVP_PKEY_EC, NULL, p, n);
}

struct key_form {
    const char *label;
    EVP_PKEY *(*decode)(const unsigned char **p, long n);
};

static const struct key_form forms[] = {
    { "PRIVATE KEY", decode_pkcs8 },
    { "RSA PRIVATE KEY", decode_pkcs1 },
    { "EC PRIVATE KEY", decode_sec1 },
};

static int refuse_encrypted(struct err *e)
{
    err_set(e, SIGNET_EFORMAT, "the private key is encrypted with a passphrase");
    err_hint(e, "Store it without one: openssl pkey -in KEY -out NEWKEY");
    return SIGNET_EFORMAT;
}

static int read_block(struct key **ret, const struct key_form *form, const struct pem_block *b, struct err *e)
{
    if (str_find(b->body, STR("ENCRYPTED")))
        return refuse_encrypted(e); /* RFC 1421 header: "Proc-Type: 4,ENCRYPTED" */
    BUF_AUTO(der, KEY_DER_MAX);
    if (pem_decode(&der, b))
        return err_set(e, SIGNET_EFORMAT, "the private key is damaged: its PEM block is not base64");
    const unsigned char *p = (const unsigned char *)der.p;
    EVP_PKEY *pkey = form->decode(&p, (long)der.n);
    if (!pkey)
        return ossl_fail(e, SIGNET_EFORMAT, "the private key cannot be decoded");
    OSSL_AUTO(auto_key) struct key *k = NULL;
    int r = key_wrap(&k, pkey, true, e);
    if (!r && p != (const unsigned char *)der.p + der.n)
        r = err_set(e, SIGNET_EFORMAT, "the private key is damaged: there is something behind it in its PEM block");
    if (!r)
        r = key_check_pair(k, e);
    if (r)
        return r;
    *ret = k;
    k = NULL;
    return 0;
}

int key_from_pem(struct key **ret, signet_str pem, struct err *e)
{
    struct pem_block b;
    int r;
    if (pem.n > KEY_TEXT_MAX)
        return err_set(e, SIGNET_ELIMIT, "the private key's text is longer than %u bytes", KEY_TEXT_MAX);
    /* Other blocks, such as EC PARAMETERS or certificates, may stand before the key. */
    while ((r = pem_next(&pem, &b)) == 1) {
        if (str_eq(b.label, STR("ENCRYPTED PRIVATE KEY")))
            return refuse_encrypted(e);
        for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++)
            if (str_eq(b.label, str_of(forms[i].label)))
                return read_block(ret, &forms[i], &b, e);
    }
    return err_set(e, SIGNET_EFORMAT, r ? "the private key is cut short or no PEM" : "there is no private key in it");
}

int key_to_pem(const struct key *k, struct buf *to)
{
    if (!k->is_private)
        return SIGNET_EINVAL;
    BUF_AUTO(der, KEY_DER_MAX);
    PKCS8_PRIV_KEY_INFO *info = EVP_PKEY2PKCS8(k->pkey);
    unsigned char *p = NULL;
    int n = info ? i2d_PKCS8_PRIV_KEY_INFO(info, &p) : 0;
    PKCS8_PRIV_KEY_INFO_free(info);
    int r = ossl_add_der(&der, p, n);
    if (r)
        return r;
    pem_add(to, "PRIVATE KEY", buf_str(&der));
    return buf_err(to);
}

int key_to_pem_traditional(const struct key *k, struct buf *to)
{
    if (!k->is_private)
        return SIGNET_EINVAL;
    if (k->type == KEY_ED25519)
        return key_to_pem(k, to); /* has no other form */
    BUF_AUTO(der, KEY_DER_MAX);
    unsigned char *p = NULL;
    int n = i2d_PrivateKey(k->pkey, &p);
    int r = ossl_add_der(&der, p, n);
    if (r)
        return r;
    pem_add(to, k->type == KEY_RSA ? "RSA PRIVATE KEY" : "EC PRIVATE KEY", buf_str(&der));
    return buf_err(to);
}

int key_to_spki_der(const struct key *k, struct buf *to)
{
    unsigned char *p = NULL;
    int n = i2d_PUBKEY(k->pkey, &p);
    return ossl_add_der(to, p, n);
}

int key_to_spki_pem(const struct key *k, struct buf *to)
{
    BUF_AUTO(der, KEY_DER_MAX);
    int r = key_to_spki_der(k, &der);
    if (r)
        return r;
    pem_add(to, "PUBLIC KEY", buf_str(&der));
    return buf_err(to);
}

int key_account_id(const struct key *k, struct buf *to)
{
    BUF_AUTO(pem, 2 * KEY_DER_MAX);
    uint8_t md[16];
    size_t n = 0;
    int r = key_to_spki_pem(k, &pem);
    if (r)
        return r;
    /* "-fips": it names a folder, and that must work on a machine in FIPS mode, too. */
    if (!EVP_Q_digest(NULL, "MD5", "-fips", pem.p, pem.n, md, &n) || n != sizeof md) {
        ERR_clear_error();
        return SIGNET_ECRYPTO;
    }
    hex_enc(to, (signet_str){ (const char *)md, n });
    return buf_err(to);
}
