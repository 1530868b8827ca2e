/* Private to src/crypto: PEM (RFC 7468), read in one pass and written in one form. */
#ifndef CRYPTO_PEM_H
#define CRYPTO_PEM_H

#include "base/buf.h"

struct pem_block {
    signet_str label;  /* "CERTIFICATE" */
    signet_str before; /* text between the block before (or the start) and this one */
    signet_str body;   /* base64 with its line breaks */
};
/* Takes the next block off the front of *text. 1: one was there; 0: no BEGIN in the rest, which stays in *text;
 * SIGNET_EFORMAT: a BEGIN line that is damaged or whose END is missing. */
int pem_next(signet_str *text, struct pem_block *ret);
/* The bytes of a block. SIGNET_EFORMAT when it is not base64 or empty. */
int pem_decode(struct buf *to, const struct pem_block *b);
/* The first block with this label, decoded. SIGNET_ENOTFOUND, SIGNET_EFORMAT. */
int pem_find(struct buf *to, signet_str text, signet_str label);
/* Writes a block: LF, 64 columns, a line break at the end. */
void pem_add(struct buf *to, const char *label, signet_str der);

#endif
