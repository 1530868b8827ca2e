#include "sandbox/filter.h"

#include <errno.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The kernel's numbers (linux/landlock.h), here because the headers of a build machine may be older than the kernel. */
#define NR_CREATE_RULESET 444
#define NR_RESTRICT_SELF  446
#define ASK_VERSION       1u
#define NET_BIND_TCP      (1ull << 0)
#define NET_CONNECT_TCP   (1ull << 1)
#define SCOPE_ALL         3ull /* abstract Unix sockets and signals */

struct ruleset { /* landlock_ruleset_attr: it grew at its end, and the kernel is told how long it is */
    uint64_t fs, net, scoped;
};

/* All that a kernel of this ABI can deny in the file system: 13 kinds of access in the first, one more in 2, 3 and 5.
 */
static uint64_t fs_access(int abi)
{
    unsigned bits = abi >= 5 ? 16 : abi >= 3 ? 15 : abi == 2 ? 14 : 13;
    return (1ull << bits) - 1;
}

int landlock_enter(bool may_connect, int *ret_abi)
{
    long abi = syscall(NR_CREATE_RULESET, NULL, 0, ASK_VERSION);
    *ret_abi = 0;
    if (abi < 1)
        return abi < 0 ? errno : ENOSYS;
    struct ruleset rules = { .fs = fs_access((int)abi) };
    size_t size = sizeof(rules.fs);
    if (abi >= 4) {
        rules.net = NET_BIND_TCP | (may_connect ? 0 : NET_CONNECT_TCP);
        size += sizeof(rules.net);
    }
    if (abi >= 6) {
        rules.scoped = SCOPE_ALL;
        size += sizeof(rules.scoped);
    }
    /* No rule is added: what is handled is denied everywhere. */
    int fd = (int)syscall(NR_CREATE_RULESET, &rules, size, 0);
    if (fd < 0)
        return errno;
    int errnum = syscall(NR_RESTRICT_SELF, fd, 0) ? errno : 0;
    close(fd);
    if (!errnum)
        *ret_abi = (int)abi;
    return errnum;
}
