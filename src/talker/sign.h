/* What is signed, and what is not: every JWS that the talker asks for is taken apart here first, because the talker is
 * where a stranger's bytes are. It must be a request of RFC 8555 to the CA's own hosts by the key's own algorithm, and
 * what cannot be taken back (a revocation, a change of the account key, the end of an account) or would be worth most
 * to a thief (a certificate for another key) needs a permit that main gave for exactly that. Runs in the signer. */
#ifndef TALKER_SIGN_H
#define TALKER_SIGN_H

#include "crypto/key.h"

#define SIGN_TBS_MAX     (64u << 10) /* bytes that are signed at a time */
#define SIGN_NONCE_MAX   256u
#define SIGN_KEYS_MAX    1025u /* the account's and one for each job */
#define SIGN_PERMITS_MAX 2048u
#define SIGN_PERMIT_USES 100u /* signatures for one permit: a CA may refuse a nonce, or want a request again */

enum sign_use {
    SIGN_ACCOUNT,  /* the account key */
    SIGN_REVOKE,   /* a certificate's key: revokes that certificate */
    SIGN_ROLLOVER, /* the new account key: says that it is to be one */
    SIGN_BINDING,  /* what a CA gave out for an external account: binds the account key to it (struct sign_mac) */
    SIGN_USES
};

enum sign_permit {
    SIGN_MAY_FINALIZE,   /* digest: SHA-256 of the CSR (DER) */
    SIGN_MAY_REVOKE,     /* digest: of the certificate (DER) */
    SIGN_MAY_ROLL_OVER,  /* digest: the new key's thumbprint, not encoded */
    SIGN_MAY_DEACTIVATE, /* the account; digest: zeros */
    SIGN_PERMITS
};

struct signing;
/* `directory_url`: its host, and the hosts beside it in the same domain, are the CA. */
int signing_new(struct signing **ret, signet_str directory_url, bool allow_http);
void signing_free(struct signing *s); /* wipes the keys; NULL is fine */

/* job 0: the account key; a second one takes its place. Takes `key`, also on failure (SIGNET_ELIMIT, SIGNET_ENOMEM). */
int signing_add_key(struct signing *s, uint32_t job, enum sign_use use, struct key *key);

#define SIGN_MAC_KEY_MAX 1024u
#define SIGN_MAC_KID_MAX 1024u
struct sign_mac {
    signet_alg alg; /* HS256, HS384, HS512 */
    signet_str kid, key;
};
/* A job's key for RFC 8555 section 7.3.4: it signs that job 0's key is `kid`'s, to newAccount of the CA, and nothing
 * else. Copied. SIGNET_EINVAL (not of these algorithms, empty), SIGNET_ELIMIT, SIGNET_ENOMEM. */
int signing_add_mac(struct signing *s, uint32_t job, const struct sign_mac *m);
int signing_allow(struct signing *s, uint32_t job, enum sign_permit what, const uint8_t digest[32]);
void signing_forget(struct signing *s, uint32_t job); /* its key and its permits */

struct sign_request {
    uint32_t job; /* whose key: 0 the account's */
    signet_alg alg;
    signet_str tbs; /* RFC 7515 section 5.1: protected header, a dot, payload */
};
/* 0 and the signature. SIGNET_ENOTFOUND: the job has no key (it may have ended meanwhile). SIGNET_EPROTO: not to be
 * signed; *ret_why says why (a static text). SIGNET_ECRYPTO. */
int signing_sign(struct signing *s, const struct sign_request *q, uint8_t sig[KEY_SIG_MAX], size_t *ret_len,
                 const char **ret_why);

#endif
