#include "crash.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/fs.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#define CALL(n)                                                                                                        \
    {                                                                                                                  \
        SYS_##n, #n                                                                                                    \
    }
static const struct {
    long nr;
    const char *name;
} changing[] = {
    CALL(write),  CALL(pwrite64),  CALL(fsync),   CALL(fdatasync), CALL(ftruncate), CALL(truncate),
    CALL(fchmod), CALL(fchmodat),  CALL(fchown),  CALL(fchownat),  CALL(renameat2), CALL(unlinkat),
    CALL(linkat), CALL(symlinkat), CALL(mkdirat), CALL(fsetxattr),
#ifdef SYS_rename
    CALL(rename), CALL(renameat),  CALL(unlink),  CALL(link),      CALL(symlink),   CALL(mkdir),
    CALL(rmdir),  CALL(chmod),     CALL(chown),   CALL(lchown),
#endif
};

static const char *name_of(const struct __ptrace_syscall_info *i)
{
    if (i->entry.nr == SYS_openat)
        return i->entry.args[2] & (O_CREAT | O_TRUNC) ? "openat" : NULL;
#ifdef SYS_open
    if (i->entry.nr == SYS_open)
        return i->entry.args[1] & (O_CREAT | O_TRUNC) ? "open" : NULL;
#endif
    for (size_t k = 0; k < sizeof changing / sizeof *changing; k++)
        if ((long)i->entry.nr == changing[k].nr)
            return changing[k].name;
    return NULL;
}

static void forbid_exchange(void)
{
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_renameat2, 0, 3),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[4])),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, RENAME_EXCHANGE, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EINVAL),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog prog = { sizeof code / sizeof *code, code };
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &prog))
        _exit(99);
}

static void child(const struct crash *c, int *result, int (*fn)(void *), void *ctx)
{
    if (c->no_exchange)
        forbid_exchange();
    if (ptrace(PTRACE_TRACEME, 0, 0, 0))
        _exit(99);
    raise(SIGSTOP);
    *result = fn(ctx);
    _exit(0);
}

/* Makes the call that is being entered do nothing. */
static bool skip_call(pid_t pid)
{
#if defined(__x86_64__)
    return ptrace(PTRACE_POKEUSER, pid, offsetof(struct user_regs_struct, orig_rax), -1L) == 0;
#else
    (void)pid;
    return false;
#endif
}

static bool set_result(pid_t pid, long v)
{
#if defined(__x86_64__)
    return ptrace(PTRACE_POKEUSER, pid, offsetof(struct user_regs_struct, rax), v) == 0;
#else
    (void)pid, (void)v;
    return false;
#endif
}

/* One stop of the child. False: it is over. */
static bool on_stop(struct crash *c, pid_t pid, bool *failing, bool *able)
{
    struct __ptrace_syscall_info i = { 0 };
    if (ptrace(PTRACE_GET_SYSCALL_INFO, pid, sizeof i, &i) < 0) {
        *able = false;
        return false;
    }
    if (i.op == PTRACE_SYSCALL_INFO_EXIT && *failing) {
        *failing = false;
        *able = set_result(pid, -c->errnum);
        return *able;
    }
    const char *name = i.op == PTRACE_SYSCALL_INFO_ENTRY ? name_of(&i) : NULL;
    if (!name || ++c->calls != c->at || c->way == CRASH_COUNT)
        return true;
    snprintf(c->name, sizeof c->name, "%s", name);
    if (c->way == CRASH_KILL)
        return false;
    *failing = true;
    *able = skip_call(pid);
    return *able;
}

static bool trace(struct crash *c, pid_t pid)
{
    int status, sig = 0;
    bool failing = false, able = true;
    if (waitpid(pid, &status, 0) != pid || !WIFSTOPPED(status) ||
        ptrace(PTRACE_SETOPTIONS, pid, 0, PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL))
        able = false;
    while (able) {
        if (ptrace(PTRACE_SYSCALL, pid, 0, sig) || waitpid(pid, &status, 0) != pid || WIFEXITED(status) ||
            WIFSIGNALED(status))
            return WIFEXITED(status) && WEXITSTATUS(status) != 99;
        sig = WSTOPSIG(status) == (SIGTRAP | 0x80) ? 0 : WSTOPSIG(status);
        if (!sig && !on_stop(c, pid, &failing, &able))
            break;
    }
    kill(pid, SIGKILL);
    waitpid(pid, &status, 0);
    return able;
}

bool crash_run(struct crash *c, int (*fn)(void *ctx), void *ctx)
{
    int *result = mmap(NULL, sizeof *result, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (result == MAP_FAILED)
        return false;
    *result = -1000;
    c->calls = 0;
    c->name[0] = '\0';
    fflush(NULL);
    pid_t pid = fork();
    if (pid == 0)
        child(c, result, fn, ctx);
    bool able = pid > 0 && trace(c, pid);
    c->status = *result;
    munmap(result, sizeof *result);
    return able;
}
