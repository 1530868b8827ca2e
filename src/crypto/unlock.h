/* Keys as people are given them: with a password, or with their certificate in a PKCS#12 file. */
#ifndef CRYPTO_UNLOCK_H
#define CRYPTO_UNLOCK_H

#include "crypto/key.h"

/* The same without the password: the key as PKCS#8, then the certificates there are, all PEM. `in` is PEM (PKCS#8, or
 * the traditional form with "Proc-Type: 4,ENCRYPTED" of RFC 1421) or PKCS#12 (RFC 7292); what has no password comes
 * back as it is. SIGNET_EFORMAT: damaged, no key in it, or the password is another one. */
int key_unlock(struct buf *to, signet_str in, signet_str password, struct err *e);

#endif
