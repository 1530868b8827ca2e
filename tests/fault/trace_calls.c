#include "trace_calls.h"

#include <sys/syscall.h>

#define ONE_AT(n, d, p)                                                                                                \
    {                                                                                                                  \
        SYS_##n, #n, TRACE_AT, d, p, -1, -1, -1, TRACE_CHANGES                                                         \
    }
#define ONE_PATH(n)                                                                                                    \
    {                                                                                                                  \
        SYS_##n, #n, TRACE_PATH, -1, 0, -1, -1, -1, TRACE_CHANGES                                                      \
    }
#define TWO_PATHS(n)                                                                                                   \
    {                                                                                                                  \
        SYS_##n, #n, TRACE_PATH, -1, 0, -1, 1, -1, TRACE_CHANGES                                                       \
    }
#define ONE_FD(n, d)                                                                                                   \
    {                                                                                                                  \
        SYS_##n, #n, TRACE_FD, d, -1, -1, -1, -1, TRACE_CHANGES                                                        \
    }
#define OTHER(n)                                                                                                       \
    {                                                                                                                  \
        SYS_##n, #n, TRACE_NONE, -1, -1, -1, -1, -1, TRACE_OTHER                                                       \
    }
#define OTHER_AT(n)                                                                                                    \
    {                                                                                                                  \
        SYS_##n, #n, TRACE_AT, 0, 1, -1, -1, -1, TRACE_OTHER                                                           \
    }
#define OTHER_FD(n)                                                                                                    \
    {                                                                                                                  \
        SYS_##n, #n, TRACE_FD, 0, -1, -1, -1, -1, TRACE_OTHER                                                          \
    }

static const struct trace_call calls[] = {
    { SYS_openat, "openat", TRACE_AT, 0, 1, -1, -1, 2, TRACE_CHANGES },
    { SYS_openat2, "openat2", TRACE_AT, 0, 1, -1, -1, 2, TRACE_CHANGES },
    { SYS_renameat2, "renameat2", TRACE_AT, 0, 1, 2, 3, -1, TRACE_CHANGES },
    { SYS_linkat, "linkat", TRACE_AT, 0, 1, 2, 3, -1, TRACE_CHANGES },
    ONE_AT(unlinkat, 0, 1),
    ONE_AT(symlinkat, 1, 2),
    ONE_AT(mkdirat, 0, 1),
    ONE_AT(mknodat, 0, 1),
    ONE_AT(fchmodat, 0, 1),
    ONE_AT(fchownat, 0, 1),
    ONE_AT(utimensat, 0, 1),
    ONE_PATH(truncate),
    ONE_PATH(setxattr),
    ONE_PATH(removexattr),
    ONE_FD(write, 0),
    ONE_FD(writev, 0),
    ONE_FD(pwrite64, 0),
    ONE_FD(pwritev, 0),
    ONE_FD(ftruncate, 0),
    ONE_FD(fallocate, 0),
    ONE_FD(fchmod, 0),
    ONE_FD(fchown, 0),
    ONE_FD(fsync, 0),
    ONE_FD(fdatasync, 0),
    ONE_FD(fsetxattr, 0),
    ONE_FD(copy_file_range, 2),
    ONE_FD(sendfile, 0),
#ifdef SYS_open
    { SYS_open, "open", TRACE_PATH, -1, 0, -1, -1, 1, TRACE_CHANGES },
    TWO_PATHS(rename),
    TWO_PATHS(link),
    ONE_PATH(creat),
    ONE_PATH(unlink),
    ONE_PATH(rmdir),
    { SYS_symlink, "symlink", TRACE_PATH, -1, 1, -1, -1, -1, TRACE_CHANGES },
    ONE_PATH(mkdir),
    ONE_PATH(mknod),
    ONE_PATH(chmod),
    ONE_PATH(chown),
    ONE_PATH(lchown),
#endif
#ifdef SYS_renameat
    { SYS_renameat, "renameat", TRACE_AT, 0, 1, 2, 3, -1, TRACE_CHANGES },
#endif
    /* what changes nothing on disk and can fail all the same */
    OTHER_AT(newfstatat),
    OTHER_AT(readlinkat),
    OTHER_FD(fstat),
    OTHER_FD(read),
    OTHER_FD(getdents64),
    OTHER_FD(flock),
    OTHER_FD(fcntl),
    OTHER(socket),
    OTHER(socketpair),
    OTHER(connect),
    OTHER(bind),
    OTHER(listen),
    OTHER(accept4),
    OTHER(setsockopt),
    OTHER(getsockopt),
    OTHER(getsockname),
    OTHER(sendto),
    OTHER(recvfrom),
    OTHER(sendmsg),
    OTHER(recvmsg),
    OTHER(pipe2),
    OTHER(clone),
    OTHER(clone3),
    OTHER(execve),
    OTHER(memfd_create),
    OTHER(ppoll),
    OTHER(prctl),
    OTHER(seccomp),
    OTHER(setresuid),
    OTHER(setgroups),
    OTHER(statx),
#ifdef SYS_poll
    OTHER(poll),
    OTHER(fork),
    OTHER(vfork),
    OTHER(pipe),
#endif
};

const struct trace_call *trace_call_find(uint64_t nr)
{
    for (size_t i = 0; i < sizeof calls / sizeof calls[0]; i++)
        if ((uint64_t)calls[i].nr == nr)
            return &calls[i];
    return NULL;
}
