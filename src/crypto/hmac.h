/* HMAC by the hash's name, for protocols beside JOSE: TSIG (RFC 8945) still knows MD5 and SHA-1. */
#ifndef CRYPTO_HMAC_H
#define CRYPTO_HMAC_H

#include "base/buf.h"

#define HMAC_MAX 64u

/* `hash`: "MD5", "SHA1", "SHA224", "SHA256", "SHA384", "SHA512". SIGNET_ECRYPTO when the library has none of that name
 * (a FIPS provider has no MD5). */
int hmac_of(const char *hash, signet_str key, signet_str in, uint8_t out[HMAC_MAX], size_t *len);
/* Equal, in a time that does not tell where they differ. */
bool hmac_same(signet_str a, signet_str b);

#endif
