/* Private to src/crypto: subject alternative names (RFC 5280 section 4.2.1.6) and addresses as text. */
#ifndef CRYPTO_SAN_H
#define CRYPTO_SAN_H

#include "base/list.h"
#include "crypto/ossl.h"

/* More names than any CA puts into one certificate. */
#define SAN_MAX_NAMES 2000

/* "192.0.2.1" or "2001:db8::7" as 4 or 16 bytes. SIGNET_EINVAL when it is no address. */
int ip_to_bytes(signet_str text, uint8_t out[16], size_t *n);
/* 4 or 16 bytes as text (RFC 5952). */
int ip_to_text(struct buf *to, signet_str bytes);

/* ASCII letters, digits, hyphen, underscore, dots, a "*": 1 to 253 characters. Whether a CA likes it is not our
 * business here. */
bool san_name_ok(signet_str name);
/* DNS names first, then addresses; either list may be NULL. The caller frees *ret (GENERAL_NAMES_free). */
int san_make(GENERAL_NAMES **ret, const struct strlist *dns, const struct strlist *ips, struct err *e);
/* Appends what DNS names and addresses there are; other kinds are passed over. SIGNET_EFORMAT for a name that could be
 * taken for another one (NUL, control characters, non-ASCII). */
int san_read(const GENERAL_NAMES *g, struct strlist *dns, struct strlist *ips, struct err *e);

#endif
