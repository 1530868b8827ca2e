#include "crypto/unlock.h"
#include "crypto/ossl.h"
#include "crypto/pem.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>

#define FILE_MAX     (64u * 1024u)
#define PASSWORD_MAX 1024
#define CERTS_MAX    32

static void auto_bio(BIO **b)
{
    BIO_free(*b);
}

static void auto_p12(PKCS12 **p)
{
    PKCS12_free(*p);
}

static void auto_certs(STACK_OF(X509) * *s)
{
    sk_X509_pop_free(*s, X509_free);
}

/* OpenSSL asks for the password; without one it must not ask the terminal. */
static int give_password(char *to, int size, int writing, void *ctx)
{
    const struct buf *password = ctx;
    (void)writing;
    if (size < 0 || password->n > (size_t)size)
        return -1;
    memcpy(to, password->p, password->n);
    return (int)password->n;
}

static int add_key(struct buf *to, EVP_PKEY *pkey, struct err *e)
{
    OSSL_AUTO(auto_key) struct key *k = NULL;
    int rc = key_wrap(&k, pkey, true, e);
    return rc ? rc : key_to_pem(k, to) ? err_nomem(e) : 0;
}

static int add_cert(struct buf *to, const X509 *x, struct err *e)
{
    BUF_AUTO(der, FILE_MAX);
    unsigned char *p = NULL;
    int n = i2d_X509(x, &p);
    if (ossl_add_der(&der, p, n))
        return err_nomem(e);
    pem_add(to, "CERTIFICATE", buf_str(&der));
    return buf_err(to) ? err_nomem(e) : 0;
}

static int wrong_password(struct err *e, const struct buf *password)
{
    ERR_clear_error();
    return err_set(e, SIGNET_EFORMAT, "%s",
                   password->n ? "the password is another one" : "it has a password, and none was given");
}

static int from_pem(struct buf *to, signet_str in, struct buf *password, struct err *e)
{
    OSSL_AUTO(auto_bio) BIO *bio = BIO_new_mem_buf(in.p, (int)in.n);
    if (!bio)
        return err_nomem(e);
    EVP_PKEY *pkey = PEM_read_bio_PrivateKey(bio, NULL, give_password, password);
    if (!pkey)
        return wrong_password(e, password);
    int rc = add_key(to, pkey, e);
    struct pem_block b;
    while (!rc && (rc = pem_next(&in, &b)) == 1) {
        BUF_AUTO(der, FILE_MAX);
        rc = str_eq(b.label, STR("CERTIFICATE")) ? pem_decode(&der, &b) : 0;
        if (!rc && der.n)
            pem_add(to, "CERTIFICATE", buf_str(&der));
    }
    if (rc && !e->text[0])
        return err_set(e, SIGNET_EFORMAT, "one of its PEM blocks is damaged");
    return rc ? rc : buf_err(to) ? err_nomem(e) : 0;
}

static int from_pkcs12(struct buf *to, signet_str in, struct buf *password, struct err *e)
{
    const unsigned char *p = (const unsigned char *)in.p;
    OSSL_AUTO(auto_p12) PKCS12 *p12 = d2i_PKCS12(NULL, &p, (long)in.n);
    OSSL_AUTO(auto_x509) X509 *leaf = NULL;
    OSSL_AUTO(auto_certs) STACK_OF(X509) *rest = NULL;
    EVP_PKEY *pkey = NULL;
    if (!p12)
        return ossl_fail(e, SIGNET_EFORMAT, "it is neither PEM nor PKCS#12");
    if (!PKCS12_verify_mac(p12, buf_z(password), (int)password->n) && (password->n || !PKCS12_verify_mac(p12, NULL, 0)))
        return wrong_password(e, password);
    if (!PKCS12_parse(p12, buf_z(password), &pkey, &leaf, &rest))
        return ossl_fail(e, SIGNET_EFORMAT,
                         "the PKCS#12 file cannot be opened, perhaps as its encryption is of the old kind");
    if (!pkey)
        return err_set(e, SIGNET_EFORMAT, "there is no private key in the PKCS#12 file");
    int rc = add_key(to, pkey, e), n = rest ? sk_X509_num(rest) : 0;
    if (!rc && leaf)
        rc = add_cert(to, leaf, e);
    for (int i = 0; !rc && i < n && i < CERTS_MAX; i++)
        rc = add_cert(to, sk_X509_value(rest, i), e);
    return rc;
}

static bool is_locked(signet_str pem)
{
    return str_find(pem, STR("BEGIN ENCRYPTED PRIVATE KEY")) || str_find(pem, STR("Proc-Type: 4,ENCRYPTED"));
}

int key_unlock(struct buf *to, signet_str in, signet_str password, struct err *e)
{
    struct err own = { 0 };
    BUF_AUTO(pass, PASSWORD_MAX);
    buf_add(&pass, password);
    buf_addz(&pass, "");
    e = e ? e : &own;
    if (in.n > FILE_MAX || buf_err(&pass))
        return err_set(e, SIGNET_ELIMIT, "the key's file or its password is too long");
    if (str_find(in, STR("-----BEGIN"))) {
        if (is_locked(in))
            return from_pem(to, in, &pass, e);
        buf_add(to, in);
        return buf_err(to) ? err_nomem(e) : 0;
    }
    return from_pkcs12(to, in, &pass, e);
}
