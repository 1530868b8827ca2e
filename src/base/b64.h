/* base64 (RFC 4648). Decoding is strict: alphabet, length and unused bits are checked. */
#ifndef BASE_B64_H
#define BASE_B64_H

#include "base/buf.h"

void b64url_enc(struct buf *to, signet_str in); /* section 5, no padding, as JOSE wants it */
int b64url_dec(struct buf *to, signet_str in);  /* no padding allowed; SIGNET_EINVAL */
void b64_enc(struct buf *to, signet_str in);    /* section 4, padded, one line */
int b64_dec(struct buf *to, signet_str in);     /* padded; line breaks and spaces are skipped; SIGNET_EINVAL */
bool b64url_ok(signet_str in);                  /* only characters of the alphabet, at least one */

#endif
