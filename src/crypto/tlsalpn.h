/* tls-alpn-01 (RFC 8737): the certificate, and a TLS server end without sockets that shows it. */
#ifndef CRYPTO_TLSALPN_H
#define CRYPTO_TLSALPN_H

#include "crypto/key.h"

/* The self-signed certificate for one identifier (RFC 8737 section 3; addresses: RFC 8738 section 6): exactly that one
 * SAN and a critical acmeIdentifier extension with the SHA-256 of the key authorization. `key` signs. */
int tlsalpn_cert(struct buf *cert_pem, const struct key *key, const signet_ident *id, signet_str key_auth,
                 struct err *e);

struct tlsalpn; /* the set of names that are being validated */
int tlsalpn_new(struct tlsalpn **ret, struct err *e);
void tlsalpn_free(struct tlsalpn *t); /* after all its connections */
/* From now on the name is answered. A second add for the same name replaces the first. */
int tlsalpn_add(struct tlsalpn *t, const signet_ident *id, signet_str key_auth, struct err *e);
void tlsalpn_remove(struct tlsalpn *t, const signet_ident *id);

struct tlsalpn_conn; /* one handshake */
int tlsalpn_accept(struct tlsalpn_conn **ret, struct tlsalpn *t);
void tlsalpn_conn_free(struct tlsalpn_conn *c);
/* Feeds what arrived, collects in `out` what is to be sent. Only ALPN "acme-tls/1" with a known SNI is served; no
 * application data ever. Returns 1 to go on; 0 when it is over, well or refused (`out` then ends in close_notify or an
 * alert), and the connection is to be closed after `out` is sent; SIGNET_ELIMIT after 64 KiB without an end;
 * SIGNET_ENOMEM. */
int tlsalpn_feed(struct tlsalpn_conn *c, signet_str in, struct buf *out);

#endif
