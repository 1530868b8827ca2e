/* Private to src/crypto: a bounded reader of DER (X.690) that allocates nothing, for the few fields of certificates
 * that are read by the thousand. All views point into the caller's bytes. Stricter than OpenSSL: BER is refused. */
#ifndef CRYPTO_DER_H
#define CRYPTO_DER_H

#include "base/str.h"

#define DER_SEQUENCE         0x30
#define DER_INTEGER          0x02
#define DER_BIT_STRING       0x03
#define DER_OCTET_STRING     0x04
#define DER_BOOLEAN          0x01
#define DER_OID              0x06
#define DER_UTC_TIME         0x17
#define DER_GENERALIZED_TIME 0x18
#define DER_CONTEXT(n)       (0x80 | (n)) /* primitive */
#define DER_CONTEXT_SEQ(n)   (0xa0 | (n)) /* constructed */

struct der_item {
    uint8_t tag;
    signet_str body;  /* the content */
    signet_str whole; /* with tag and length */
};

/* Takes the next element off the front of *in. SIGNET_EFORMAT when it is cut or no DER; *in is then undefined. */
int der_next(signet_str *in, struct der_item *ret);
/* The same for an element that must have this tag; body only. */
int der_take(signet_str *in, uint8_t tag, signet_str *body);
/* UTCTime or GeneralizedTime in the one form that RFC 5280 section 4.1.2.5 allows, as seconds since 1970. */
int der_time(const struct der_item *item, int64_t *ret);

#define DER_SERIAL_MAX 64 /* bytes; RFC 5280 allows 20 */

struct der_cert {
    signet_str serial;          /* content of the INTEGER */
    signet_str issuer, subject; /* whole Name elements */
    int64_t not_before, not_after;
    signet_str extensions; /* content of the list, empty when there is none */
};
/* Walks one certificate that must fill `der` exactly. */
int der_cert(struct der_cert *ret, signet_str der);
/* The value (content of the OCTET STRING) of an extension. `oid` is the content of the OBJECT IDENTIFIER.
 * SIGNET_ENOTFOUND. */
int der_cert_ext(const struct der_cert *c, signet_str oid, signet_str *value);
/* keyIdentifier of the authority key identifier (RFC 5280 section 4.2.1.1). SIGNET_ENOTFOUND. */
int der_cert_aki(const struct der_cert *c, signet_str *id);

#endif
