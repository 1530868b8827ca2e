/* AWS Signature Version 4: the Authorization field of one request, as S3 and the stores that speak its protocol want
 * it. Pure: time and credentials are passed in. */
#ifndef CRYPTO_SIGV4_H
#define CRYPTO_SIGV4_H

#include "base/buf.h"
#include "base/err.h"

struct sigv4 {
    const char *access_key, *secret_key;
    const char *region, *service;     /* "us-east-1", "s3" */
    const char *method, *host, *path; /* path: as sent, encoded already */
    /* Further signed fields, lower case, sorted by name, "name:value\n" each; between "host" and "x-amz-content-sha256"
     * or behind it, as their names have it: `before` sort before x-amz-content-sha256, `after` behind x-amz-date. */
    const char *before, *after;
    signet_str body;
    int64_t now; /* seconds since 1970 */
};
/* The fields that the signature adds: "Authorization: …", "X-Amz-Date: …", "X-Amz-Content-Sha256: …", a line each. */
int sigv4_sign(const struct sigv4 *s, struct buf *ret_lines, struct err *e);

#endif
