#include "sandbox/filter.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#if defined(__x86_64__)
#define ARCH AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define ARCH AUDIT_ARCH_AARCH64
#else
#define ARCH 0 /* no filter is made: see filter_install */
#endif

#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define ARG_LOW(i) ((unsigned)(offsetof(struct seccomp_data, args) + 8 * (i)))
#else
#define ARG_LOW(i) ((unsigned)(offsetof(struct seccomp_data, args) + 8 * (i) + 4))
#endif

#define X32_BIT      0x40000000u
#define SOCKET_TYPES 0xfu /* without SOCK_CLOEXEC and SOCK_NONBLOCK */

struct program {
    struct sock_filter *to;
    size_t n;
    bool full;
};

static void put(struct program *p, struct sock_filter in)
{
    if (p->n == FILTER_MAX)
        p->full = true;
    else
        p->to[p->n++] = in;
}

static void load(struct program *p, unsigned offset)
{
    put(p, (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offset));
}

static void give(struct program *p, unsigned verdict)
{
    put(p, (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, verdict));
}

/* Goes `yes` instructions further when the loaded word is `value`, else `no`. */
static void if_equal(struct program *p, unsigned value, unsigned char yes, unsigned char no)
{
    put(p, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, yes, no));
}

static void errno_of(struct program *p, int errnum)
{
    give(p, SECCOMP_RET_ERRNO | ((unsigned)errnum & SECCOMP_RET_DATA));
}

static void no_exec(struct program *p)
{
    load(p, ARG_LOW(2));
    put(p, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, PROT_EXEC, 0, 1));
    errno_of(p, EACCES);
    give(p, SECCOMP_RET_ALLOW);
}

static void inet(struct program *p)
{
    load(p, ARG_LOW(0));
    if_equal(p, AF_INET, 1, 0);
    if_equal(p, AF_INET6, 0, 5);
    load(p, ARG_LOW(1));
    put(p, (struct sock_filter)BPF_STMT(BPF_ALU | BPF_AND | BPF_K, SOCKET_TYPES));
    if_equal(p, SOCK_STREAM, 1, 0);
    if_equal(p, SOCK_DGRAM, 0, 1);
    give(p, SECCOMP_RET_ALLOW);
    errno_of(p, EACCES);
}

static void self(struct program *p, int pid)
{
    load(p, ARG_LOW(0));
    if_equal(p, (unsigned)pid, 0, 1);
    give(p, SECCOMP_RET_ALLOW);
    errno_of(p, EPERM);
}

static void fcntl_flags(struct program *p)
{
    load(p, ARG_LOW(1));
    if_equal(p, F_GETFD, 4, 0);
    if_equal(p, F_SETFD, 3, 0);
    if_equal(p, F_GETFL, 2, 0);
    if_equal(p, F_SETFL, 1, 0);
    if_equal(p, F_DUPFD_CLOEXEC, 0, 1);
    give(p, SECCOMP_RET_ALLOW);
    errno_of(p, EPERM);
}

static void body(struct program *p, const struct sandbox_rule *r, int pid)
{
    switch (r->verdict) {
    case RULE_ALLOW:
        give(p, SECCOMP_RET_ALLOW);
        break;
    case RULE_ERRNO:
        errno_of(p, r->value);
        break;
    case RULE_NO_EXEC:
        no_exec(p);
        break;
    case RULE_INET:
        inet(p);
        break;
    case RULE_SELF:
        self(p, pid);
        break;
    case RULE_FCNTL:
        fcntl_flags(p);
        break;
    }
}

size_t filter_build(struct sock_filter to[FILTER_MAX], const struct sandbox_rule *rules, size_t n, bool wide, int pid)
{
    struct program p = { .to = to };
    load(&p, (unsigned)offsetof(struct seccomp_data, arch));
    if_equal(&p, ARCH, 1, 0);
    give(&p, SECCOMP_RET_KILL_PROCESS);
    load(&p, (unsigned)offsetof(struct seccomp_data, nr));
#if defined(__x86_64__)
    put(&p, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, X32_BIT, 0, 1));
    give(&p, SECCOMP_RET_KILL_PROCESS);
#endif
    for (size_t i = 0; i < n; i++) {
        size_t at = p.n;
        if_equal(&p, (unsigned)rules[i].nr, 0, 0);
        body(&p, &rules[i], pid);
        if (!p.full)
            to[at].jf = (unsigned char)(p.n - at - 1);
    }
    give(&p, wide ? SECCOMP_RET_ALLOW : SECCOMP_RET_KILL_PROCESS);
    return p.full ? 0 : p.n;
}

int filter_install(const struct sock_filter *prog, size_t n)
{
    struct sock_fprog f = { .len = (unsigned short)n, .filter = (struct sock_filter *)prog };
    if (!ARCH)
        return ENOSYS;
    if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &f) == 0)
        return 0;
    /* an old kernel, or a container that knows only the older call */
    return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &f) == 0 ? 0 : errno;
}
