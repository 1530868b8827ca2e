/* A TLS client that trusts nobody and says nothing: it only looks which certificate a server shows for a name. */
#ifndef CRYPTO_TLSPROBE_H
#define CRYPTO_TLSPROBE_H

#include "base/err.h"
#include <signet/types.h>
#include <stdbool.h>

/* Sets the library up while its configuration can be read; after it, nothing needs a file. */
int tlsprobe_prepare(struct err *e);

struct tlsprobe {
    int fd;          /* connected, blocking, with timeouts of the caller's choosing */
    const char *sni; /* NULL or "": none */
    bool rsa;        /* ask for a certificate with an RSA key, else for one with an EC key */
    bool any_key;    /* … or for either */
};
/* The SHA-256 of the certificate that the server shows. SIGNET_ETLS when there is no handshake. */
int tlsprobe_leaf(const struct tlsprobe *p, uint8_t ret_sha256[32], struct err *e);

#endif
