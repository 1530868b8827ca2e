#include "crypto/ossl.h"

#include <openssl/err.h>
#include <stdio.h>

int ossl_fail(struct err *e, int code, const char *fmt, ...)
{
    char text[512];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    const char *reason = ERR_reason_error_string(ERR_peek_last_error());
    err_set(e, code, "%s%s%s", text, reason ? ": " : "", reason ? reason : "");
    ERR_clear_error();
    return code;
}

int ossl_add_der(struct buf *to, uint8_t *der, int n)
{
    if (n <= 0 || !der) {
        ERR_clear_error();
        return SIGNET_ECRYPTO;
    }
    buf_add(to, (signet_str){ (const char *)der, (size_t)n });
    OPENSSL_clear_free(der, (size_t)n);
    return buf_err(to);
}

int ossl_add_cn(struct buf *to, const X509_NAME *name)
{
    int at = X509_NAME_get_index_by_NID(name, NID_commonName, -1);
    if (at < 0)
        return 0;
    const ASN1_STRING *s = X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, at));
    unsigned char *utf8 = NULL;
    int n = ASN1_STRING_to_UTF8(&utf8, s);
    bool odd = n < 0 || (size_t)n > to->max - to->n || (n > 0 && memchr(utf8, '\0', (size_t)n));
    if (!odd)
        buf_add(to, (signet_str){ (const char *)utf8, (size_t)n });
    OPENSSL_free(utf8);
    ERR_clear_error();
    return odd ? SIGNET_EFORMAT : buf_err(to);
}

int ossl_x509(X509 **ret, signet_str der, struct err *e)
{
    if (der.n > INT32_MAX)
        return err_set(e, SIGNET_EFORMAT, "the certificate is too large");
    const unsigned char *p = (const unsigned char *)der.p;
    X509 *x = d2i_X509(NULL, &p, (long)der.n);
    if (!x)
        return ossl_fail(e, SIGNET_EFORMAT, "the certificate cannot be decoded");
    if (p != (const unsigned char *)der.p + der.n) {
        X509_free(x);
        return err_set(e, SIGNET_EFORMAT, "there is something behind the certificate");
    }
    *ret = x;
    return 0;
}
