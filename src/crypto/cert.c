#include "crypto/cert.h"
#include "base/b64.h"
#include "crypto/der.h"
#include "crypto/digest.h"
#include "crypto/ossl.h"
#include "crypto/pem.h"
#include "crypto/san.h"

#include <openssl/err.h>

#define NAME_TEXT_MAX 1024 /* ub-common-name is 64 */
#define URL_MAX       2048
#define ARI_ID_MAX    512
#define AKI_MAX       128

void cert_info_done(struct cert_info *i)
{
    strlist_done(&i->dns);
    strlist_done(&i->ips);
    buf_done(&i->serial_hex);
    buf_done(&i->subject_cn);
    buf_done(&i->issuer_cn);
    buf_done(&i->ari_id);
    buf_done(&i->ocsp_url);
}

/* ---- without OpenSSL ---- */

int cert_to_der(signet_str pem, struct buf *to, struct err *e)
{
    int r = pem_find(to, pem, STR("CERTIFICATE"));
    if (r == SIGNET_ENOTFOUND)
        return err_set(e, SIGNET_EFORMAT, "there is no certificate in it");
    if (r == SIGNET_EFORMAT)
        return err_set(e, r, "the certificate is cut short or damaged (no PEM)");
    return r ? err_set(e, r, "the certificate does not fit into memory: it is longer than %zu bytes", to->max) : 0;
}

static int walk(struct der_cert *c, signet_str der, struct err *e)
{
    return der_cert(c, der) ? err_set(e, SIGNET_EFORMAT, "the certificate is damaged: it is no DER of RFC 5280") : 0;
}

int cert_read_dates(signet_str pem, int64_t *not_before, int64_t *not_after, struct err *e)
{
    BUF_AUTO(der, CHAIN_MAX_BYTES);
    struct der_cert c;
    int r = cert_to_der(pem, &der, e);
    if (!r)
        r = walk(&c, buf_str(&der), e);
    if (r)
        return r;
    *not_before = c.not_before;
    *not_after = c.not_after;
    return 0;
}

/* RFC 9773 section 4.1. The serial goes in as it stands in the DER, with a leading zero byte if it has one. */
static int add_ari_id(struct buf *to, const struct der_cert *c, struct err *e)
{
    signet_str aki;
    int r = der_cert_aki(c, &aki);
    if (r == SIGNET_ENOTFOUND || (!r && aki.n == 0))
        return err_set(e, SIGNET_ENOTFOUND, "the certificate has no authority key identifier");
    if (r || aki.n > AKI_MAX)
        return err_set(e, SIGNET_EFORMAT, "the certificate's authority key identifier is damaged");
    b64url_enc(to, aki);
    buf_addc(to, '.');
    b64url_enc(to, c->serial);
    return buf_err(to) ? err_set(e, buf_err(to), "the certificate's ARI id does not fit into memory") : 0;
}

int cert_ari_id(signet_str pem, struct buf *to, struct err *e)
{
    BUF_AUTO(der, CHAIN_MAX_BYTES);
    struct der_cert c;
    int r = cert_to_der(pem, &der, e);
    if (!r)
        r = walk(&c, buf_str(&der), e);
    return r ? r : add_ari_id(to, &c, e);
}

/* As Python's format(serial, "x"), which certbot prints: "-" and the magnitude for a negative one. */
static int add_serial(struct buf *to, signet_str serial)
{
    uint8_t v[DER_SERIAL_MAX];
    bool negative = (uint8_t)serial.p[0] & 0x80;
    unsigned carry = negative;
    for (size_t i = serial.n; i-- > 0;) {
        unsigned byte = (uint8_t)serial.p[i];
        byte = negative ? (byte ^ 0xff) + carry : byte;
        carry = byte >> 8;
        v[i] = (uint8_t)byte;
    }
    BUF_AUTO(hex, 2 * DER_SERIAL_MAX);
    hex_enc(&hex, (signet_str){ (const char *)v, serial.n });
    signet_str s = buf_str(&hex);
    while (s.n > 1 && s.p[0] == '0')
        s = str_skip(s, 1);
    if (negative)
        buf_addc(to, '-');
    buf_add(to, s);
    return buf_err(&hex) ? buf_err(&hex) : buf_err(to);
}

/* ---- with OpenSSL ---- */

static int read_san(struct cert_info *i, const X509 *x, struct err *e)
{
    int state = -1;
    OSSL_AUTO(auto_gens) GENERAL_NAMES *san = X509_get_ext_d2i(x, NID_subject_alt_name, &state, NULL);
    if (san) {
        int r = san_read(san, &i->dns, &i->ips, e);
        return r ? err_wrap(e, "the certificate cannot be used") : 0;
    }
    if (state != -1)
        return ossl_fail(e, SIGNET_EFORMAT, "the names in the certificate cannot be decoded");
    return 0;
}

static void read_key(struct cert_info *i, X509 *x)
{
    const EVP_PKEY *pub = X509_get0_pubkey(x);
    struct key *k = NULL;
    i->key_type = KEY_UNKNOWN;
    if (!pub)
        return;
    int bits = EVP_PKEY_get_bits(pub);
    i->key_size = bits > 0 ? (unsigned)bits : 0;
    if (key_wrap(&k, X509_get_pubkey(x), false, NULL))
        return;
    i->key_type = k->type;
    i->key_size = k->size;
    key_free(k);
}

static int read_ocsp(struct cert_info *i, X509 *x)
{
    STACK_OF(OPENSSL_STRING) *urls = X509_get1_ocsp(x);
    const char *url = sk_OPENSSL_STRING_num(urls) > 0 ? sk_OPENSSL_STRING_value(urls, 0) : "";
    bool plain = strlen(url) < URL_MAX;
    for (const char *c = url; *c; c++)
        plain = plain && *c > ' ' && *c < 0x7f;
    if (plain)
        buf_addz(&i->ocsp_url, url);
    X509_email_free(urls);
    return buf_err(&i->ocsp_url);
}

static int read_details(struct cert_info *i, X509 *x, struct err *e)
{
    int r = read_san(i, x, e);
    if (r)
        return r;
    /* An odd common name is left out: it is for show only. */
    (void)ossl_add_cn(&i->subject_cn, X509_get_subject_name(x));
    (void)ossl_add_cn(&i->issuer_cn, X509_get_issuer_name(x));
    read_key(i, x);
    i->is_ca = X509_get_extension_flags(x) & EXFLAG_CA;
    return buf_err(&i->subject_cn) || buf_err(&i->issuer_cn) || read_ocsp(i, x) ? err_nomem(e) : 0;
}

static int read_info(struct cert_info *i, signet_str der, struct err *e)
{
    struct der_cert c;
    OSSL_AUTO(auto_x509) X509 *x = NULL;
    int r = walk(&c, der, e);
    if (!r)
        r = ossl_x509(&x, der, e);
    if (r)
        return r;
    i->not_before = c.not_before;
    i->not_after = c.not_after;
    r = add_ari_id(&i->ari_id, &c, e);
    if (r && r != SIGNET_ENOTFOUND)
        return r;
    if (r)
        err_clear(e);
    if (add_serial(&i->serial_hex, c.serial))
        return err_nomem(e);
    return read_details(i, x, e);
}

/* Is it one DER element from end to end? A PEM text may start with a '0', too, but not be that. */
static bool is_der(signet_str s)
{
    struct der_item item;
    return der_next(&s, &item) == 0 && item.tag == DER_SEQUENCE && s.n == 0;
}

int cert_read(struct cert_info *ret, signet_str pem_or_der, struct err *e)
{
    BUF_AUTO(decoded, CHAIN_MAX_BYTES);
    signet_str der = pem_or_der;
    if (!is_der(der)) {
        int r = cert_to_der(pem_or_der, &decoded, e);
        if (r)
            return r;
        der = buf_str(&decoded);
    } else if (der.n > CHAIN_MAX_BYTES) {
        return err_set(e, SIGNET_ELIMIT, "the certificate is longer than %u bytes", CHAIN_MAX_BYTES);
    }
    struct cert_info i = { .serial_hex = BUF_INIT(2 * DER_SERIAL_MAX + 1),
                           .subject_cn = BUF_INIT(NAME_TEXT_MAX),
                           .issuer_cn = BUF_INIT(NAME_TEXT_MAX),
                           .ari_id = BUF_INIT(ARI_ID_MAX),
                           .ocsp_url = BUF_INIT(URL_MAX) };
    int r = read_info(&i, der, e);
    ERR_clear_error();
    if (r)
        cert_info_done(&i);
    else
        *ret = i;
    return r;
}

static int first_of(X509 **ret, signet_str pem, struct err *e)
{
    BUF_AUTO(der, CHAIN_MAX_BYTES);
    int r = cert_to_der(pem, &der, e);
    return r ? r : ossl_x509(ret, buf_str(&der), e);
}

static int add_part(struct buf *to, const X509_NAME_ENTRY *part)
{
    unsigned char *text = NULL;
    int n = ASN1_STRING_to_UTF8(&text, X509_NAME_ENTRY_get_data(part));
    int nid = OBJ_obj2nid(X509_NAME_ENTRY_get_object(part));
    signet_str s = { (const char *)text, n > 0 ? (size_t)n : 0 };
    int r = n < 0 || str_has(s, '\n') || str_has(s, '\0') ? SIGNET_EFORMAT : 0;
    if (!r && nid != NID_undef)
        buf_addf(to, "%s=%.*s\n", OBJ_nid2sn(nid), STR_ARG(s));
    OPENSSL_free(text);
    ERR_clear_error();
    return r;
}

int cert_subject(signet_str pem, struct buf *to, struct err *e)
{
    OSSL_AUTO(auto_x509) X509 *x = NULL;
    int r = first_of(&x, pem, e);
    const X509_NAME *name = r ? NULL : X509_get_subject_name(x);
    for (int i = 0; !r && i < X509_NAME_entry_count(name); i++)
        if (add_part(to, X509_NAME_get_entry(name, i)))
            r = err_set(e, SIGNET_EFORMAT, "the certificate's subject is no text");
    return r ? r : buf_err(to) ? err_nomem(e) : 0;
}

int cert_key(struct key **ret, signet_str pem, struct err *e)
{
    OSSL_AUTO(auto_x509) X509 *x = NULL;
    int r = first_of(&x, pem, e);
    if (r)
        return r;
    EVP_PKEY *pub = X509_get_pubkey(x);
    if (!pub)
        return ossl_fail(e, SIGNET_EFORMAT, "the public key in the certificate cannot be used");
    return key_wrap(ret, pub, false, e);
}

int cert_issuer(signet_str pem, struct buf *to, struct err *e)
{
    BUF_AUTO(der, CHAIN_MAX_BYTES);
    OSSL_AUTO(auto_x509) X509 *x = NULL;
    char *text = NULL;
    int r = cert_to_der(pem, &der, e);
    if (!r)
        r = ossl_x509(&x, buf_str(&der), e);
    if (r)
        return r;
    BIO *out = BIO_new(BIO_s_mem());
    if (!out || X509_NAME_print_ex(out, X509_get_issuer_name(x), 0, XN_FLAG_RFC2253 & ~ASN1_STRFLGS_ESC_MSB) < 0)
        r = ossl_fail(e, SIGNET_EFORMAT, "the issuer's name cannot be read");
    long n = out ? BIO_get_mem_data(out, &text) : 0;
    if (!r && n > 0)
        buf_add(to, (signet_str){ text, (size_t)n });
    BIO_free(out);
    return r ? r : buf_err(to) ? err_set(e, buf_err(to), "the issuer's name is too long") : 0;
}
