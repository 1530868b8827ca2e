/* What a process gives up before it reads the first byte that a stranger wrote. Each role of the program (DESIGN:
 * talker, signer, responder) has a profile: the user it runs as, the limits it lives in, the system calls it may make
 * (a seccomp filter with an allow list), and no access to the file system (landlock, so far as the kernel knows it).
 * There is no way back.
 *
 * Kernels and containers refuse some of it. That is reported, not fatal; sandbox_require makes it fatal. */
#ifndef SANDBOX_SANDBOX_H
#define SANDBOX_SANDBOX_H

#include "base/err.h"
#include <stdbool.h>
#include <stddef.h>

enum sandbox_role {
    SANDBOX_TALKER,    /* sockets of its own to the CA and to DNS servers */
    SANDBOX_SIGNER,    /* one line to main, nothing else */
    SANDBOX_RESPONDER, /* accepts on sockets that main bound */
    SANDBOX_PROBER,    /* connects to the web server of this machine */
    SANDBOX_DNS,       /* sockets of its own to name servers and DNS providers */
    SANDBOX_ROLES
};

enum sandbox_part {
    SANDBOX_USER,     /* neither root nor any of root's groups */
    SANDBOX_CAPS,     /* no capability, and none to be had by exec */
    SANDBOX_NO_PRIVS, /* no_new_privs */
    SANDBOX_LANDLOCK, /* no file can be opened or made */
    SANDBOX_SECCOMP,  /* only the system calls of the role */
    SANDBOX_PARTS
};

struct sandbox_rule;
struct sandbox_profile {
    const char *name; /* "talker" */
    unsigned files_max;
    bool may_connect;
    const struct sandbox_rule *rules; /* filter.h */
    size_t n_rules;
};
const struct sandbox_profile *sandbox_profile(enum sandbox_role role);

struct sandbox_report {
    bool has[SANDBOX_PARTS];
    int why[SANDBOX_PARTS]; /* the errno that refused a part; 0 */
    int landlock_abi;
    bool wide; /* built for a sanitizer or valgrind: the filter refuses only what it knows to be bad */
};

/* Enters the profile for good; the process dies with its parent from now on (SIGKILL). What could not be had is in
 * *ret. Negative only when the profile itself is impossible (SIGNET_ELIMIT, SIGNET_ENOMEM). */
int sandbox_enter(const struct sandbox_profile *p, struct sandbox_report *ret, struct err *e);
/* Nothing is missing. */
bool sandbox_is_whole(const struct sandbox_report *r);
/* In words: "seccomp filter, landlock 3, …" or what is missing and why. At most `size` bytes with the NUL; returns
 * `to`. */
const char *sandbox_describe(const struct sandbox_report *r, char *to, size_t size);
/* 0, or SIGNET_ESTATE with an error that says what the system refuses to `p`. For --require-sandbox. */
int sandbox_require(const struct sandbox_profile *p, const struct sandbox_report *r, struct err *e);

/* Tries what no role may do, each in a fresh process in the role's profile, and writes a table of it. `file`: one that
 * the caller may read and change, such as an account key. *ret_allowed: how many were not refused. */
struct buf;
int sandbox_selftest(const char *file, struct buf *to, unsigned *ret_allowed, struct err *e);

#endif
