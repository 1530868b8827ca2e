/* Inside sandbox: the seccomp filter as a table. */
#ifndef SANDBOX_FILTER_H
#define SANDBOX_FILTER_H

#include "sandbox/sandbox.h"
#include <linux/filter.h>

enum sandbox_verdict {
    RULE_ALLOW,
    RULE_ERRNO,   /* fails with `value` as errno: calls that libraries try and can do without */
    RULE_NO_EXEC, /* mmap, mprotect: allowed without PROT_EXEC */
    RULE_INET,    /* socket: AF_INET and AF_INET6, stream and datagram; else EACCES */
    RULE_SELF,    /* tgkill: allowed for the process itself */
    RULE_FCNTL,   /* fcntl: the flags of a descriptor, and copies of it */
};

struct sandbox_rule {
    int nr;
    enum sandbox_verdict verdict;
    int value;
};

#define FILTER_MAX 400u /* instructions */

/* The program for these rules: the architecture is checked, and what no rule allows kills the process (wide: what no
 * rule knows is allowed). `pid` is who RULE_SELF means. Returns the number of instructions, 0 when they do not fit. */
size_t filter_build(struct sock_filter to[FILTER_MAX], const struct sandbox_rule *rules, size_t n, bool wide, int pid);

/* What a wide build refuses (profile.c). */
extern const struct sandbox_rule sandbox_refused[];
extern const size_t sandbox_n_refused;

/* 0 or an errno. */
int filter_install(const struct sock_filter *prog, size_t n);
/* landlock.c: 0 or an errno; *ret_abi is 0 when the kernel has none. */
int landlock_enter(bool may_connect, int *ret_abi);
/* identity.c: 0 or an errno each. */
int identity_drop_caps(void);
int identity_drop_user(void);
bool identity_is_root(void);
bool identity_has_caps(void);

#endif
