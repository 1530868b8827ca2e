/* Kills a program at a chosen change to a folder.
 *
 *     crashpoint N ROOT[:ROOT ...] LIST COMMAND [ARGUMENT ...]
 *
 * Follows COMMAND and all its children with ptrace and counts the system calls that would change something below a
 * ROOT: opening for writing, writing, renaming, linking, removing, making folders, changing modes, owners, sizes and
 * times, syncing. On entry of number N, before it happens, the whole process tree is killed with SIGKILL; exit
 * status 99. With N = 0, or when the program ends before its Nth change, the status is the program's own (128 + n for a
 * signal). LIST gets one line for each change that was counted.
 *
 * The count is one for the whole tree, in the order of entry, unlike that of strace's fault injection. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#define PROCS_MAX 256
#define KILLED    99

/* What of a system call's arguments names the thing changed: a path relative to a folder's descriptor, a path alone, a
 * descriptor. */
enum shape { AT, PATH, FD };

struct call {
    long nr;
    const char *name;
    enum shape shape;
    int dir, path;   /* AT: which arguments; PATH: path; FD: dir */
    int dir2, path2; /* a second one, or -1 */
    int flags;       /* the argument with open flags, or -1 */
};

#define ONE_AT(n, d, p)                                                                                                \
    {                                                                                                                  \
        SYS_##n, #n, AT, d, p, -1, -1, -1                                                                              \
    }
#define ONE_PATH(n)                                                                                                    \
    {                                                                                                                  \
        SYS_##n, #n, PATH, -1, 0, -1, -1, -1                                                                           \
    }
#define TWO_PATHS(n)                                                                                                   \
    {                                                                                                                  \
        SYS_##n, #n, PATH, -1, 0, -1, 1, -1                                                                            \
    }
#define ONE_FD(n, d)                                                                                                   \
    {                                                                                                                  \
        SYS_##n, #n, FD, d, -1, -1, -1, -1                                                                             \
    }

static const struct call calls[] = {
    { SYS_openat, "openat", AT, 0, 1, -1, -1, 2 },
    { SYS_openat2, "openat2", AT, 0, 1, -1, -1, 2 },
    { SYS_renameat2, "renameat2", AT, 0, 1, 2, 3, -1 },
    { SYS_linkat, "linkat", AT, 0, 1, 2, 3, -1 },
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
    { SYS_open, "open", PATH, -1, 0, -1, -1, 1 },
    TWO_PATHS(rename),
    TWO_PATHS(link),
    ONE_PATH(creat),
    ONE_PATH(unlink),
    ONE_PATH(rmdir),
    { SYS_symlink, "symlink", PATH, -1, 1, -1, -1, -1 },
    ONE_PATH(mkdir),
    ONE_PATH(mknod),
    ONE_PATH(chmod),
    ONE_PATH(chown),
    ONE_PATH(lchown),
#endif
#ifdef SYS_renameat
    { SYS_renameat, "renameat", AT, 0, 1, 2, 3, -1 },
#endif
};

static pid_t procs[PROCS_MAX];
static size_t n_procs;
#define ROOTS_MAX 8
static char roots[ROOTS_MAX][PATH_MAX];
static size_t n_roots;
static unsigned long count;
static FILE *list;

static void die(const char *what)
{
    fprintf(stderr, "crashpoint: %s: %s\n", what, strerror(errno));
    exit(125);
}

static void procs_add(pid_t pid)
{
    for (size_t i = 0; i < n_procs; i++)
        if (procs[i] == pid)
            return;
    if (n_procs == PROCS_MAX) {
        errno = E2BIG;
        die("too many processes");
    }
    procs[n_procs++] = pid;
}

static void procs_remove(pid_t pid)
{
    for (size_t i = 0; i < n_procs; i++)
        if (procs[i] == pid)
            procs[i] = procs[--n_procs];
}

/* A string of the traced process; "" where it cannot be read. Read page by page, so that a string at the end of a
 * mapping is found. */
static void read_string(pid_t pid, uint64_t addr, char *to, size_t size)
{
    size_t got = 0;
    while (got < size - 1) {
        size_t part = 4096 - (addr + got) % 4096;
        if (part > size - 1 - got)
            part = size - 1 - got;
        struct iovec here = { to + got, part }, there = { (void *)(uintptr_t)(addr + got), part };
        if (process_vm_readv(pid, &here, 1, &there, 1, 0) != (ssize_t)part)
            break;
        if (memchr(to + got, '\0', part))
            return;
        got += part;
    }
    to[got] = '\0';
}

static void read_link(char *to, size_t size, const char *fmt, pid_t pid, int fd)
{
    char name[64];
    snprintf(name, sizeof name, fmt, (int)pid, fd);
    ssize_t n = readlink(name, to, size - 1);
    to[n < 0 ? 0 : n] = '\0';
}

/* The path as the process means it, made absolute; the last component is left as it is. */
static void resolve(pid_t pid, int dirfd, const char *path, char *to, size_t size)
{
    char base[PATH_MAX] = "";
    if (path[0] == '/') {
        snprintf(to, size, "%s", path);
        return;
    }
    if (dirfd == AT_FDCWD)
        read_link(base, sizeof base, "/proc/%d/cwd", pid, 0);
    else
        read_link(base, sizeof base, "/proc/%d/fd/%d", pid, dirfd);
    snprintf(to, size, "%s/%s", base, path);
}

static bool below_root(const char *path)
{
    for (size_t i = 0; i < n_roots; i++) {
        size_t n = strlen(roots[i]);
        if (!strncmp(path, roots[i], n) && (path[n] == '/' || path[n] == '\0'))
            return true;
    }
    return false;
}

static void take_roots(char *list)
{
    char *rest = list, *one;
    while ((one = strsep(&rest, ":")) && n_roots < ROOTS_MAX) {
        if (!realpath(one, roots[n_roots]))
            snprintf(roots[n_roots], sizeof roots[n_roots], "%s", one);
        n_roots++;
    }
}

static bool opens_for_change(pid_t pid, const struct call *c, const uint64_t *args)
{
    uint64_t flags = args[c->flags];
    if (c->nr == SYS_openat2) {
        struct open_how how = { 0 };
        struct iovec here = { &how, sizeof how }, there = { (void *)(uintptr_t)flags, sizeof how };
        if (process_vm_readv(pid, &here, 1, &there, 1, 0) < (ssize_t)sizeof how.flags)
            return false;
        flags = how.flags;
    }
    if (flags & O_PATH)
        return false;
    return (flags & (O_CREAT | O_TRUNC)) || (flags & O_ACCMODE) != O_RDONLY;
}

static bool names_ours(pid_t pid, const struct call *c, const uint64_t *args, int dir, int path, char *shown,
                       size_t size)
{
    char name[PATH_MAX] = "", full[2 * PATH_MAX] = "";
    if (c->shape == FD) {
        read_link(full, sizeof full, "/proc/%d/fd/%d", pid, (int)args[dir]);
    } else {
        read_string(pid, args[path], name, sizeof name);
        resolve(pid, c->shape == AT ? (int)args[dir] : AT_FDCWD, name, full, sizeof full);
    }
    size_t used = strlen(shown);
    snprintf(shown + used, size - used, " %s", full);
    return below_root(full);
}

/* Counts it if it changes something of ours; true when it was number `at`. */
static bool count_call(pid_t pid, const struct __ptrace_syscall_info *info, unsigned long at)
{
    const uint64_t *args = (const uint64_t *)info->entry.args;
    for (size_t i = 0; i < sizeof calls / sizeof calls[0]; i++) {
        const struct call *c = &calls[i];
        char shown[4 * PATH_MAX] = "";
        if ((uint64_t)c->nr != info->entry.nr)
            continue;
        if (c->flags >= 0 && !opens_for_change(pid, c, args))
            return false;
        bool ours = names_ours(pid, c, args, c->dir, c->path, shown, sizeof shown);
        if (c->path2 >= 0)
            ours |= names_ours(pid, c, args, c->dir2, c->path2, shown, sizeof shown);
        if (!ours)
            return false;
        count++;
        fprintf(list, "%lu %d %s%s\n", count, (int)pid, c->name, shown);
        return count == at;
    }
    return false;
}

static void kill_all(void)
{
    for (size_t i = 0; i < n_procs; i++)
        kill(procs[i], SIGKILL);
    while (waitpid(-1, NULL, __WALL) > 0 || errno == EINTR)
        ;
}

static pid_t start(char **argv)
{
    pid_t pid = fork();
    if (pid < 0)
        die("fork");
    if (pid == 0) {
        raise(SIGSTOP);
        execvp(argv[0], argv);
        die(argv[0]);
    }
    int st;
    if (waitpid(pid, &st, WUNTRACED) != pid)
        die("waitpid");
    long options = PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE |
                   PTRACE_O_TRACEEXEC | PTRACE_O_EXITKILL;
    if (ptrace(PTRACE_SEIZE, pid, 0, options))
        die("PTRACE_SEIZE");
    kill(pid, SIGCONT);
    procs_add(pid);
    return pid;
}

/* One stop of one process; true when the moment to kill has come. */
static bool handle_stop(pid_t pid, int st, unsigned long at)
{
    int sig = WSTOPSIG(st), event = st >> 16;
    bool now = false;
    if (sig == (SIGTRAP | 0x80)) {
        struct __ptrace_syscall_info info;
        if (ptrace(PTRACE_GET_SYSCALL_INFO, pid, sizeof info, &info) > 0 && info.op == PTRACE_SYSCALL_INFO_ENTRY)
            now = count_call(pid, &info, at);
        sig = 0;
    } else if (event == PTRACE_EVENT_STOP) {
        /* a new child, or a group stop: SIGSTOP and its like are left pending by LISTEN, but nothing here stops itself
         * for long */
        sig = 0;
    } else if (event) {
        sig = 0;
    }
    if (!now && ptrace(PTRACE_SYSCALL, pid, 0, (long)sig) && errno != ESRCH)
        die("PTRACE_SYSCALL");
    return now;
}

int main(int argc, char **argv)
{
    if (argc < 5) {
        fprintf(stderr, "usage: crashpoint N ROOT[:ROOT ...] LIST COMMAND [ARGUMENT ...]\n");
        return 125;
    }
    unsigned long at = strtoul(argv[1], NULL, 10);
    take_roots(argv[2]);
    if (!(list = fopen(argv[3], "we")))
        die(argv[3]);
    pid_t first = start(argv + 4);
    int result = 125;
    while (n_procs > 0) {
        int st;
        pid_t pid = waitpid(-1, &st, __WALL);
        if (pid < 0) {
            if (errno == EINTR)
                continue;
            break;
        }
        if (WIFEXITED(st) || WIFSIGNALED(st)) {
            procs_remove(pid);
            if (pid == first)
                result = WIFEXITED(st) ? WEXITSTATUS(st) : 128 + WTERMSIG(st);
            continue;
        }
        procs_add(pid);
        if (handle_stop(pid, st, at)) {
            kill_all();
            fclose(list);
            return KILLED;
        }
    }
    fclose(list);
    return result;
}
