/* TSIG (RFC 8945): a key that we and a name server share signs an UPDATE and its answer. Pure; the time is passed in.
 */
#ifndef DNS_TSIG_H
#define DNS_TSIG_H

#include "base/err.h"
#include "dns/message.h"

#define TSIG_FUDGE      300u
#define TSIG_SECRET_MAX 512u /* bytes */
#define TSIG_MAC_MAX    64u

struct tsig_alg {
    const char *word; /* "hmac-sha256", as key files and options have it */
    const char *name; /* on the wire */
    const char *hash; /* for crypto/mac */
};
/* "hmac-sha256", "HMAC-SHA256", "hmac-sha256.", "sha256", "HMAC-MD5.SIG-ALG.REG.INT"; NULL: no such algorithm. */
const struct tsig_alg *tsig_alg_find(signet_str word);

struct tsig_key {
    char name[DNS_NAME_MAX];
    const struct tsig_alg *alg;
    struct buf secret; /* owned */
};
void tsig_key_done(struct tsig_key *k); /* wipes */
/* `secret` in base64. SIGNET_EINVAL: which of the three is wrong; the secret is never in the text. */
int tsig_key_set(struct tsig_key *k, signet_str name, signet_str alg, signet_str secret, struct err *e);
/* The first key clause of a file of named's (tsig-keygen prints one): key "NAME" { algorithm A; secret "S"; };
 * `file` is for messages. SIGNET_EFORMAT. */
int tsig_key_read(struct tsig_key *k, signet_str text, const char *file, struct err *e);

/* Puts a TSIG record at the end of a whole message and counts it. ret_mac keeps what tsig_check wants. SIGNET_ECRYPTO,
 * SIGNET_ELIMIT. */
int tsig_sign(struct buf *msg, const struct tsig_key *k, int64_t now_s, struct buf *ret_mac);

struct tsig_result {
    bool there;      /* the answer has a TSIG record */
    bool good;       /* … that is our key's, over this answer to this request, and in time */
    unsigned error;  /* of the record: 16 BADSIG, 17 BADKEY, 18 BADTIME */
    int64_t their_s; /* BADTIME: the server's clock; 0: not told */
};
/* Checks the answer to a request signed with that MAC. SIGNET_EPROTO: the message is broken. */
int tsig_check(signet_str answer, const struct tsig_key *k, signet_str request_mac, int64_t now_s,
               struct tsig_result *ret);

#endif
