/* Hashes, MACs, randomness. */
#ifndef CRYPTO_DIGEST_H
#define CRYPTO_DIGEST_H

#include "base/buf.h"
#include <signet/acme.h>

int digest_sha256(signet_str in, uint8_t out[32]);
void hex_enc(struct buf *to, signet_str in); /* lower case */
/* HMAC with SHA-256/384/512 for SIGNET_ALG_HS…; *len 64 at most. */
int digest_hmac(signet_alg alg, signet_str key, signet_str in, uint8_t out[64], size_t *len);
/* Cryptographic random bytes. SIGNET_ECRYPTO when the system has none. */
int random_bytes(void *out, size_t n);
/* Uniform in 0 … bound-1 (bound > 0). */
int random_below(uint64_t bound, uint64_t *ret);

#endif
