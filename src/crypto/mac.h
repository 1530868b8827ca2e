/* Hashes, MACs and signatures by name, for the request signing of DNS providers' APIs and for TSIG (RFC 8945). Some of
 * them are old (MD5, SHA-1): which one protects a request is the other side's choice. */
#ifndef CRYPTO_MAC_H
#define CRYPTO_MAC_H

#include "crypto/key.h"

#define MAC_MAX 64u /* bytes of the longest hash */

/* "md5", "sha1", "sha224", "sha256", "sha384", "sha512". SIGNET_ENOTFOUND: no such hash. */
int hash_named(signet_str alg, signet_str in, uint8_t out[MAC_MAX], size_t *ret_len);
/* HMAC (RFC 2104) over one of those. SIGNET_EINVAL: an empty key. */
int hmac_named(signet_str alg, signet_str key, signet_str in, uint8_t out[MAC_MAX], size_t *ret_len);
/* Equal, in a time that does not tell where they differ. */
bool mac_same(signet_str a, signet_str b);
bool hash_known(signet_str alg);

/* Signs as JWS does (RFC 7518): "RS256", "RS384", "RS512" (PKCS#1 v1.5), "PS256" (PSS, salt as long as the hash),
 * "ES256" (R and S). *len is the room in `out` on entry. SIGNET_ENOTFOUND: no such algorithm; SIGNET_EINVAL: it does
 * not go with this key. */
int key_sign_as(const struct key *k, signet_str alg, signet_str tbs, uint8_t *out, size_t *len);
bool key_sign_known(signet_str alg);

#endif
