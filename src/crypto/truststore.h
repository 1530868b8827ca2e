/* The CA bundle, read lazily: the file's certificates are indexed by subject without decoding them, and only those that
 * a chain asks for are parsed. Loading the usual bundle of 140 roots costs OpenSSL some 30 ms; this costs under one. */
#ifndef CRYPTO_TRUSTSTORE_H
#define CRYPTO_TRUSTSTORE_H

#include "base/buf.h"
#include "base/err.h"

struct truststore;
/* `pem` is the text of a bundle; copied. SIGNET_EFORMAT when there is no certificate in it or a block is damaged. */
int truststore_new(struct truststore **ret, signet_str pem, struct err *e);
void truststore_free(struct truststore *t);
/* Hooks it into an SSL_CTX (passed as void * so that no OpenSSL type leaves the room; libcurl's
 * CURLOPT_SSL_CTX_FUNCTION gives one), beside what trusted certificates that has already, and refuses servers whose
 * certificate names no host but in its common name. The truststore must live as long as the SSL_CTX and its X509_STORE:
 * clean up libcurl's handles first. */
int truststore_attach(struct truststore *t, void *ssl_ctx);
/* The peer's certificate must have this name, or address, whatever host was connected to. */
int truststore_expect(void *ssl_ctx, const char *name);

#endif
