/* The process that holds the private keys while the protocol runs, and main's line to it. It gets the keys once, over
 * the line, checks all that it is to sign (sign.h) and can do nothing else: no file, no socket, no clock. */
#ifndef TALKER_SIGNER_H
#define TALKER_SIGNER_H

#include "net/loop.h"
#include "talker/sign.h"

#define SIGNER_WORD "signet: signer" /* what it is called by (net/role.h) */

struct signer_line;

struct signer_config {
    signet_str directory_url;
    bool allow_http, require_sandbox;
    bool in_process; /* no process: for tests, which are another program */
};
/* What came of a question: the signature, or none and why (a text of ours). Called from within the loop, or from
 * signer_ask. `rc` as signing_sign; SIGNET_ENET: the signer is gone or refuses to work (`why`), once, with id 0. */
typedef void signer_fn(void *ctx, uint64_t id, int rc, signet_str sig, const char *why);

int signer_open(struct signer_line **ret, struct loop *l, const struct signer_config *c, signer_fn *fn, void *ctx,
                struct err *e);
void signer_close(struct signer_line *s); /* NULL is fine */

/* As those of sign.h. The key stays the caller's. What goes wrong at the other end shows in the answers. SIGNET_ENOMEM,
 * SIGNET_ELIMIT, SIGNET_ECRYPTO. */
int signer_add_key(struct signer_line *s, uint32_t job, enum sign_use use, const struct key *key);
int signer_add_mac(struct signer_line *s, uint32_t job, const struct sign_mac *m);
int signer_allow(struct signer_line *s, uint32_t job, enum sign_permit what, const uint8_t digest[32]);
int signer_forget(struct signer_line *s, uint32_t job);
int signer_ask(struct signer_line *s, uint64_t id, const struct sign_request *q);

/* The process itself; its exit status. */
int signer_main(void);

#endif
