/* Private and public keys. OpenSSL stays behind this room: no OpenSSL type appears in its headers. */
#ifndef CRYPTO_KEY_H
#define CRYPTO_KEY_H

#include "base/buf.h"
#include "base/err.h"
#include <signet/acme.h>

enum key_type { KEY_UNKNOWN, KEY_RSA, KEY_EC, KEY_ED25519 };

struct key; /* opaque; an EVP_PKEY, private or public only */

/* The size is bits for RSA (2048 … 8192), 256, 384 or 521 for EC, ignored for Ed25519. */
int key_new(struct key **ret, enum key_type type, unsigned size, struct err *e);
void key_free(struct key *k); /* NULL is fine; wipes */

int key_from_pem(struct key **ret, signet_str pem, struct err *e); /* PKCS#8, SEC1 or PKCS#1, unencrypted */
int key_to_pem(const struct key *k, struct buf *to);               /* PKCS#8, "BEGIN PRIVATE KEY" */
int key_to_pem_traditional(const struct key *k, struct buf *to);   /* SEC1 or PKCS#1, as lego writes it */
int key_to_spki_pem(const struct key *k, struct buf *to);          /* "BEGIN PUBLIC KEY" */
int key_to_spki_der(const struct key *k, struct buf *to);

/* A private key as JWK (RFC 7517, 7518 section 6). RSA as certbot writes private_key.json: n e d p q dp dq qi kty. */
int key_from_jwk(struct key **ret, signet_str json, struct err *e);
int key_to_jwk(const struct key *k, struct buf *to);
int key_public_jwk(const struct key *k, struct buf *to); /* canonical form of RFC 7638 */
int key_thumbprint(const struct key *k, struct buf *to); /* base64url of SHA-256 of that */
/* certbot's account id: MD5 in hex of the PEM of the public key (no security rests on it). */
int key_account_id(const struct key *k, struct buf *to);

enum key_type key_kind(const struct key *k);
unsigned key_size(const struct key *k);                  /* RSA: bits; EC: 256, 384, 521; Ed25519: 255 */
const char *key_curve(const struct key *k);              /* "secp256r1", "secp384r1", "secp521r1", "" */
bool key_same(const struct key *a, const struct key *b); /* the same public key */
bool key_is_private(const struct key *k);

/* The JWS algorithm this key signs with: RS256, ES256/384/512, EdDSA. */
signet_alg key_alg(const struct key *k);
/* Signs for JWS; *len is the room in `out` on entry (512 + 512 bytes are always enough), the length on return. */
int key_sign(const struct key *k, signet_str tbs, uint8_t *out, size_t *len);
#define KEY_SIG_MAX 1024

#endif
