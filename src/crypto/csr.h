/* Certificate signing requests (RFC 2986). */
#ifndef CRYPTO_CSR_H
#define CRYPTO_CSR_H

#include "base/list.h"
#include "crypto/key.h"

struct csr_params {
    const struct strlist *dns; /* "example.com", "*.example.com": ASCII */
    const struct strlist *ips; /* textual addresses */
    const char *common_name;   /* NULL: an empty subject, as certbot makes it */
    bool must_staple;          /* TLS feature extension (RFC 7633) */
};
/* DER into `to`: SHA-256 (Ed25519: none), SAN not critical with DNS names first, then addresses. */
int csr_make(struct buf *to, const struct key *k, const struct csr_params *p, struct err *e);

struct csr_info {
    struct strlist dns, ips; /* SAN, and the common name when it is no SAN */
    size_t common;           /* where in dns the common name stands; dns.n: there is none, or it is an address */
    struct buf der;
    bool must_staple;
};
/* Reads PEM or DER; the self-signature is checked. A request without any name, or with one that is no host name (NUL,
 * non-ASCII, a common name such as "My Company"), gives SIGNET_EFORMAT. *ret need not be initialised. */
int csr_read(struct csr_info *ret, signet_str text, struct err *e);
void csr_info_done(struct csr_info *i);
/* The public key of a request in DER, to compare a certificate with when the private key is elsewhere. */
int csr_key(struct key **ret, signet_str der, struct err *e);

#endif
