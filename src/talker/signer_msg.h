/* Inside talker: what main and the signer tell each other. One packet: this head, then `len` bytes. Both ends are the
 * same program. */
#ifndef TALKER_SIGNER_MSG_H
#define TALKER_SIGNER_MSG_H

#include "talker/signer.h"

enum signer_type {
    /* main says */
    SIGNER_CONFIG = 1, /* first, once; flags; the directory's URL */
    SIGNER_KEY,        /* job, what: enum sign_use; PEM. The signer enters its sandbox with the first */
    SIGNER_ALLOW,      /* job, what: enum sign_permit; 32 bytes */
    SIGNER_FORGET,     /* job */
    SIGNER_MAC,        /* job, what: the algorithm; kid, NUL, key */
    SIGNER_SIGN,       /* id, job, what: the algorithm; what is to be signed */
    /* the signer says */
    SIGNER_SIGNED = 64, /* id, what: 0 or the error's number; the signature, or why not */
    SIGNER_SANDBOX,     /* how it is confined, in words */
    SIGNER_REFUSES,     /* it will not work: why */
};
enum { SIGNER_ALLOW_HTTP = 1, SIGNER_STRICT = 2 };

#define SIGNER_BODY_MAX (SIGN_TBS_MAX + 1024u)

struct signer_head {
    uint32_t type, job;
    uint64_t id;
    int32_t what;
    uint32_t len;
};

#endif
