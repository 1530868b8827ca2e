/* One certificate, as DER and as PEM. The quick ways agree with the thorough one, and that one with OpenSSL. */
#include "crypto/cert.h"
#include "crypto/pem.h"

#include <openssl/err.h>
#include <openssl/x509.h>
#include <stdlib.h>
#include <time.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool ok)
{
    if (!ok)
        abort();
}

static void same_time(int64_t t, const ASN1_TIME *theirs)
{
    struct tm tm;
    if (ASN1_TIME_to_tm(theirs, &tm) == 1)
        check(timegm(&tm) == t);
}

static void compare(const struct cert_info *i, signet_str der)
{
    BUF_AUTO(pem, 2 * CHAIN_MAX_BYTES);
    BUF_AUTO(id, 1024);
    int64_t from, until;
    pem_add(&pem, "CERTIFICATE", der);
    check(cert_read_dates(buf_str(&pem), &from, &until, NULL) == 0);
    check(from == i->not_before && until == i->not_after);
    int r = cert_ari_id(buf_str(&pem), &id, NULL);
    check(r == 0 || r == SIGNET_ENOTFOUND);
    check(str_eq(buf_str(&id), buf_str(&i->ari_id)) && (r == 0) == (i->ari_id.n > 0));
    const unsigned char *p = (const unsigned char *)der.p;
    X509 *x = d2i_X509(NULL, &p, (long)der.n);
    check(x != NULL);
    same_time(from, X509_get0_notBefore(x));
    same_time(until, X509_get0_notAfter(x));
    BIGNUM *serial = ASN1_INTEGER_to_BN(X509_get0_serialNumber(x), NULL);
    BIGNUM *ours = NULL;
    check(BN_hex2bn(&ours, buf_z(&i->serial_hex)) > 0 && BN_cmp(serial, ours) == 0);
    BN_free(serial);
    BN_free(ours);
    X509_free(x);
    ERR_clear_error();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    signet_str in = { (const char *)data, size };
    struct cert_info i;
    struct key *key = NULL;
    struct err e = { 0 };
    BUF_AUTO(id, 1024);
    int64_t from, until;
    cert_read_dates(in, &from, &until, &e);
    cert_ari_id(in, &id, &e);
    if (cert_key(&key, in, &e) == 0)
        key_free(key);
    if (cert_read(&i, in, &e))
        return 0;
    for (size_t k = 0; k < i.dns.n; k++)
        for (const char *c = i.dns.v[k]; *c; c++)
            check(*c > ' ' && *c < 0x7f);
    BUF_AUTO(der, CHAIN_MAX_BYTES);
    if (cert_to_der(in, &der, NULL) == 0)
        compare(&i, buf_str(&der));
    else
        compare(&i, in);
    cert_info_done(&i);
    return 0;
}
