/* PKCS#12 (RFC 7292): a certificate, its chain and its key in one file under a password, as Windows, Java and Azure
 * want it. */
#ifndef CRYPTO_PKCS12_H
#define CRYPTO_PKCS12_H

#include "crypto/key.h"

enum pkcs12_form {
    PKCS12_RC2, /* certificates RC2 with 40 bits, key 3DES, MAC SHA-1: what everything can read. Needs OpenSSL's legacy
                   module */
    PKCS12_DES, /* 3DES throughout, MAC SHA-1 */
    PKCS12_SHA256, /* PBES2 with AES-256, MAC SHA-256 */
};

struct pkcs12_params {
    const struct key *key;
    signet_str cert, chain; /* PEM; the chain may be empty */
    const char *password;
    enum pkcs12_form form;
};
/* DER into `to`. SIGNET_ECRYPTO. */
int pkcs12_make(struct buf *to, const struct pkcs12_params *p, struct err *e);

#endif
