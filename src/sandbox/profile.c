/* Which system calls each role may make. Every row that a role does not need is one that a stranger's code in it would
 * miss. Rows with an errno are calls that libc and the libraries try and can do without; what is in no row kills the
 * process. */
#include "sandbox/filter.h"

#include <errno.h>
#include <sys/syscall.h>

#define ALLOW(name)                                                                                                    \
    {                                                                                                                  \
        SYS_##name, RULE_ALLOW, 0                                                                                      \
    }
#define FAIL(name, errnum)                                                                                             \
    {                                                                                                                  \
        SYS_##name, RULE_ERRNO, errnum                                                                                 \
    }

/* Memory, randomness, the end: what any C program needs once it runs. */
#define COMMON                                                                                                         \
    { SYS_mmap, RULE_NO_EXEC, 0 }, { SYS_mprotect, RULE_NO_EXEC, 0 }, ALLOW(munmap), ALLOW(mremap), ALLOW(brk),        \
        ALLOW(madvise), ALLOW(futex), ALLOW(getrandom), ALLOW(getpid), ALLOW(close), ALLOW(rt_sigreturn),              \
        ALLOW(restart_syscall), ALLOW(exit_group),                                                                     \
    {                                                                                                                  \
        SYS_tgkill, RULE_SELF, 0                                                                                       \
    }

/* Waiting for descriptors, and the clock where it is no vDSO. */
#if defined(SYS_poll)
#define POLL ALLOW(poll), ALLOW(ppoll)
#else
#define POLL ALLOW(ppoll)
#endif
#define WAITING POLL, ALLOW(clock_gettime)

/* Asked for and refused politely. */
#if defined(SYS_open)
#define OLD_FILES                                                                                                      \
    FAIL(open, EACCES), FAIL(stat, EACCES), FAIL(lstat, EACCES), FAIL(access, EACCES), FAIL(readlink, EACCES),         \
        FAIL(creat, EACCES), FAIL(mkdir, EACCES), FAIL(unlink, EACCES), FAIL(rename, EACCES), FAIL(fork, EPERM),       \
        FAIL(vfork, EPERM),
#else
#define OLD_FILES
#endif
#define POLITE                                                                                                         \
    OLD_FILES FAIL(openat, EACCES), FAIL(newfstatat, EACCES), FAIL(fstat, EACCES), FAIL(statx, ENOSYS),                \
        FAIL(faccessat, EACCES), FAIL(faccessat2, ENOSYS), FAIL(readlinkat, EACCES), FAIL(clone3, ENOSYS),             \
        FAIL(clone, EPERM), FAIL(prctl, EPERM), FAIL(ioctl, ENOTTY), FAIL(uname, EPERM), FAIL(prlimit64, EPERM),       \
        FAIL(sched_getaffinity, EPERM), FAIL(rseq, ENOSYS), FAIL(set_robust_list, ENOSYS)

static const struct sandbox_rule talker[] = {
    COMMON,
    WAITING,
    { SYS_socket, RULE_INET, 0 },
    ALLOW(connect),
    ALLOW(sendto),
    ALLOW(recvfrom),
    ALLOW(sendmsg),
    ALLOW(recvmsg),
    ALLOW(read),
    ALLOW(write),
    ALLOW(writev),
    ALLOW(shutdown),
    ALLOW(setsockopt),
    ALLOW(getsockopt),
    ALLOW(getsockname),
    ALLOW(getpeername),
    { SYS_fcntl, RULE_FCNTL, 0 },
    ALLOW(gettimeofday),
    ALLOW(clock_nanosleep),
    ALLOW(rt_sigaction), /* libcurl guards its clean-up against SIGPIPE */
    ALLOW(rt_sigprocmask),
    ALLOW(sysinfo), /* qsort asks how much memory there is */
    ALLOW(gettid),
    ALLOW(setitimer), /* the watchdog */
    POLITE,
};

static const struct sandbox_rule signer[] = {
    COMMON,
    POLL,
    ALLOW(sendto),
    ALLOW(recvfrom),
    FAIL(gettid, EPERM),
    FAIL(sysinfo, EPERM),
    FAIL(socket, EACCES),
    FAIL(connect, EACCES),
    POLITE,
};

static const struct sandbox_rule responder[] = {
    COMMON,
    WAITING,
    ALLOW(accept4),
    ALLOW(sendto),
    ALLOW(recvfrom),
    ALLOW(recvmsg), /* brings the listening sockets */
    ALLOW(shutdown),
    ALLOW(getsockname),
    { SYS_fcntl, RULE_FCNTL, 0 },
    ALLOW(gettimeofday),
    ALLOW(rt_sigprocmask),
    ALLOW(read), /* the loop's own pipe */
    ALLOW(write),
    ALLOW(sysinfo),
    FAIL(gettid, EPERM),
    FAIL(socket, EACCES),
    FAIL(connect, EACCES),
    POLITE,
};

static const struct sandbox_rule prober[] = {
    COMMON,
    WAITING,
    { SYS_socket, RULE_INET, 0 },
    ALLOW(connect),
    ALLOW(sendto),
    ALLOW(recvfrom),
    ALLOW(read), /* OpenSSL's way */
    ALLOW(write),
    ALLOW(setsockopt),
    ALLOW(getsockopt),
    { SYS_fcntl, RULE_FCNTL, 0 },
    ALLOW(gettimeofday),
    ALLOW(rt_sigprocmask),
    ALLOW(sysinfo),
    FAIL(gettid, EPERM),
    POLITE,
};

/* A wide build cannot know all that its tools call; it knows what no role of ours ever does. */
const struct sandbox_rule sandbox_refused[] = {
    FAIL(execve, EPERM),          FAIL(execveat, EPERM),
    FAIL(bind, EACCES),           FAIL(listen, EACCES),
    { SYS_socket, RULE_INET, 0 }, FAIL(setuid, EPERM),
    FAIL(setgid, EPERM),          FAIL(setresuid, EPERM),
    FAIL(setresgid, EPERM),       FAIL(mount, EPERM),
    FAIL(umount2, EPERM),         FAIL(chroot, EPERM),
    FAIL(pivot_root, EPERM),      FAIL(unshare, EPERM),
    FAIL(setns, EPERM),           FAIL(bpf, EPERM),
    FAIL(keyctl, EPERM),          FAIL(add_key, EPERM),
    FAIL(io_uring_setup, EPERM),  FAIL(perf_event_open, EPERM),
    FAIL(userfaultfd, EPERM),     FAIL(process_vm_writev, EPERM),
    FAIL(init_module, EPERM),     FAIL(finit_module, EPERM),
    FAIL(kexec_load, EPERM),      FAIL(reboot, EPERM),
};
const size_t sandbox_n_refused = sizeof(sandbox_refused) / sizeof(sandbox_refused[0]);

#define RULES(of) (of), sizeof(of) / sizeof((of)[0])

static const struct sandbox_profile profiles[SANDBOX_ROLES] = {
    [SANDBOX_TALKER] = { "talker", 256, true, RULES(talker) },
    [SANDBOX_SIGNER] = { "signer", 16, false, RULES(signer) },
    [SANDBOX_PROBER] = { "prober", 16, true, RULES(prober) },
    [SANDBOX_RESPONDER] = { "responder", 4096, false, RULES(responder) },
    [SANDBOX_DNS] = { "dns", 1024, true, RULES(talker) }, /* the same libraries, and more servers at once */
};

const struct sandbox_profile *sandbox_profile(enum sandbox_role role)
{
    return &profiles[role];
}
