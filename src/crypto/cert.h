/* Certificates: reading them, and checking one that a CA sent before anybody trusts it. */
#ifndef CRYPTO_CERT_H
#define CRYPTO_CERT_H

#include "base/list.h"
#include "crypto/key.h"

#define CHAIN_MAX_CERTS 16
#define CHAIN_MAX_BYTES (256u * 1024u)

struct cert_info {
    int64_t not_before, not_after;    /* seconds since 1970 */
    struct strlist dns, ips;          /* SAN, in its order */
    struct buf serial_hex;            /* lower case, no leading zeros, as certbot shows it */
    struct buf subject_cn, issuer_cn; /* UTF-8 without NUL, "" when absent or odd; text of a stranger */
    struct buf ari_id; /* RFC 9773 section 4.1: base64url(AKI keyIdentifier) "." base64url(serial); "" without an AKI */
    struct buf ocsp_url; /* "" when absent */
    enum key_type key_type;
    unsigned key_size;
    bool is_ca;
};
void cert_info_done(struct cert_info *i);
/* Reads the first certificate of a PEM text (or DER). *ret need not be initialised. SIGNET_EFORMAT when there is none,
 * it is damaged, or a SAN could be taken for another name (NUL, control characters, non-ASCII). */
int cert_read(struct cert_info *ret, signet_str pem_or_der, struct err *e);
/* Only the validity dates of the first certificate of a PEM text: fast, for scans of thousands. */
int cert_read_dates(signet_str pem, int64_t *not_before, int64_t *not_after, struct err *e);
/* Only the ARI id (see cert_info). SIGNET_ENOTFOUND when the certificate has no AKI. */
int cert_ari_id(signet_str pem, struct buf *to, struct err *e);
/* Who issued the first certificate of a PEM text: its whole name (RFC 4514), as "CN=…,O=…,C=…". Text of a stranger. */
int cert_issuer(signet_str pem, struct buf *to, struct err *e);
/* The first certificate of a PEM text as DER. */
int cert_to_der(signet_str pem, struct buf *to, struct err *e);
/* The subject of the first certificate: a line "OU=text" for each of its parts, in order; text of a stranger, UTF-8.
 * SIGNET_EFORMAT when a part is no text or more than a line. */
int cert_subject(signet_str pem, struct buf *to, struct err *e);
/* The public key of the first certificate. */
int cert_key(struct key **ret, signet_str pem, struct err *e);

/* A chain as PEM, leaf first. Rewrites it in normal form (LF, 64 columns, nothing between the blocks), refuses any
 * block that is not CERTIFICATE (RFC 8555 section 11.4), text that is no PEM, more than CHAIN_MAX_CERTS, duplicates.
 * cert, chain (the rest) and full may each be NULL. No OpenSSL parsing of the certificates is done here beyond their
 * DER frame. */
int chain_split(signet_str pem, struct buf *cert, struct buf *chain, struct buf *full, struct err *e);
/* Is this what was asked for? Key matches (NULL: not looked at; public is enough, see csr_key), the names are exactly
 * these, not a CA, not yet expired (not_after > now), each certificate signed by the next. SIGNET_ECERT with the
 * reason. not_before in the future up to a day is fine (note set to 1). */
int chain_check(signet_str pem, const struct key *key, const struct strlist *dns, const struct strlist *ips,
                int64_t now, int *ret_note_future, struct err *e);
/* Common name of the issuer of the last certificate: what --preferred-chain compares (certbot). Nothing is added when
 * it has none. */
int chain_top_issuer(signet_str pem, struct buf *cn, struct err *e);

#endif
