/* Signet: the small types that every public header shares.
 * SPDX-License-Identifier: MIT */
#ifndef SIGNET_TYPES_H
#define SIGNET_TYPES_H

#include <stddef.h>
#include <stdint.h>

#if defined(__GNUC__)
#define SIGNET_API __attribute__((visibility("default")))
#else
#define SIGNET_API
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* A borrowed view of bytes. `p` need not end in NUL; `p` may be NULL when `n` is 0.
 * Whoever hands one out says how long it stays valid. */
typedef struct {
    const char *p;
    size_t n;
} signet_str;

/* Error codes: 0 is success, errors are negative, and the range tells whose fault it is. */
enum {
    SIGNET_OK = 0,
    /* the caller: -1 … -19 */
    SIGNET_EINVAL = -1,    /* an argument, an option or a file the caller gave makes no sense */
    SIGNET_ESTATE = -2,    /* the call does not fit what went before */
    SIGNET_ENOTFOUND = -3, /* the thing named does not exist */
    SIGNET_EEXIST = -4,    /* the thing to be made exists already */
    SIGNET_ECANCELED = -5, /* the caller or the user ended it */
    SIGNET_EUSAGE = -6,    /* bad command line (exit status 2) */
    /* this machine: -20 … -39 */
    SIGNET_ENOMEM = -20,
    SIGNET_ESYS = -21,    /* a system call failed */
    SIGNET_EFORMAT = -22, /* a local file cannot be understood */
    SIGNET_ECRYPTO = -23, /* the cryptography library refused */
    SIGNET_EBUSY = -24,   /* somebody else holds the lock */
    SIGNET_ELIMIT = -25,  /* a named limit of ours was reached */
    /* the network: -40 … -59 */
    SIGNET_ENET = -40,     /* no connection, reset, cut short */
    SIGNET_ETIMEOUT = -41, /* nothing came in time */
    SIGNET_ETLS = -42,     /* the peer's certificate or TLS was refused */
    /* the peer: -60 … -79 */
    SIGNET_EPROTO = -60,   /* the answer breaks the protocol */
    SIGNET_EPROBLEM = -61, /* the CA refused; a signet_problem says why (RFC 8555 section 6.7) */
    SIGNET_EAUTHZ = -62,   /* one or more identifiers could not be validated */
    SIGNET_ECERT = -63,    /* the certificate is not the one asked for */
    SIGNET_ERATE = -64,    /* rate limited; retry_after says until when */
};

/* A short English phrase for an error code. Never NULL; static storage. */
SIGNET_API const char *signet_strerror(int err);

/* The version of the library, such as "0.1.0". */
SIGNET_API const char *signet_version(void);

#ifdef __cplusplus
}
#endif
#endif
