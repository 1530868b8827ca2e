#include "trace.h"

#include "trace_calls.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#define PROCS_MAX 256
#define ROOTS_MAX 8

struct proc {
    pid_t pid;
    bool inside; /* between entry and exit of a call that was reported */
    bool refused;
    struct trace_event ev;
};

static struct proc *procs[PROCS_MAX];
static size_t n_procs;
static char roots[ROOTS_MAX][PATH_MAX];
static size_t n_roots;

void trace_die(const char *what)
{
    fprintf(stderr, "trace: %s: %s\n", what, strerror(errno));
    exit(TRACE_BROKEN);
}

static struct proc *procs_get(pid_t pid)
{
    for (size_t i = 0; i < n_procs; i++)
        if (procs[i]->pid == pid)
            return procs[i];
    if (n_procs == PROCS_MAX) {
        errno = E2BIG;
        trace_die("too many processes");
    }
    struct proc *p = calloc(1, sizeof *p);
    if (!p)
        trace_die("calloc");
    p->pid = pid;
    return procs[n_procs++] = p;
}

static void procs_remove(pid_t pid)
{
    for (size_t i = 0; i < n_procs; i++)
        if (procs[i]->pid == pid) {
            free(procs[i]);
            procs[i] = procs[--n_procs];
            return;
        }
}

/* Read page by page, so that what stands at the end of a mapping is found. */
size_t trace_peek(pid_t pid, uint64_t addr, void *to, size_t size)
{
    size_t got = 0;
    while (got < size) {
        size_t part = 4096 - (addr + got) % 4096;
        if (part > size - got)
            part = size - got;
        struct iovec here = { (char *)to + got, part }, there = { (void *)(uintptr_t)(addr + got), part };
        if (process_vm_readv(pid, &here, 1, &there, 1, 0) != (ssize_t)part)
            break;
        got += part;
    }
    return got;
}

static void read_string(pid_t pid, uint64_t addr, char *to, size_t size)
{
    size_t got = trace_peek(pid, addr, to, size - 1);
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

static uint64_t open_flags(pid_t pid, const struct trace_call *c, const uint64_t *args)
{
    struct open_how how = { 0 };
    if (c->nr != SYS_openat2)
        return args[c->flags];
    return trace_peek(pid, args[c->flags], &how, sizeof how) < sizeof how.flags ? 0 : how.flags;
}

static bool opens_for_change(uint64_t flags)
{
    if (flags & O_PATH)
        return false;
    return (flags & (O_CREAT | O_TRUNC)) || (flags & O_ACCMODE) != O_RDONLY;
}

static void name_thing(struct trace_event *ev, int which, int dir, int path)
{
    const struct trace_call *c = ev->call;
    char name[PATH_MAX] = "", *full = ev->path[which];
    if (c->shape == TRACE_NONE)
        return;
    if (c->shape == TRACE_FD) {
        read_link(full, sizeof ev->path[0], "/proc/%d/fd/%d", ev->pid, (int)ev->args[dir]);
    } else {
        read_string(ev->pid, ev->args[path], name, sizeof name);
        resolve(ev->pid, c->shape == TRACE_AT ? (int)ev->args[dir] : AT_FDCWD, name, full, sizeof ev->path[0]);
    }
    ev->below |= below_root(full);
}

/* True when it is one to be reported. */
static bool describe(const struct trace *t, const struct trace_call *c, const struct __ptrace_syscall_info *info,
                     struct trace_event *ev)
{
    bool changes = c && c->kind == TRACE_CHANGES;
    if (!c || (!t->with_others && !changes))
        return false;
    ev->call = c;
    for (size_t i = 0; i < 6; i++)
        ev->args[i] = info->entry.args[i];
    ev->path[0][0] = ev->path[1][0] = '\0';
    ev->below = false;
    ev->flags = c->flags >= 0 ? open_flags(ev->pid, c, ev->args) : 0;
    if (changes && c->flags >= 0 && !opens_for_change(ev->flags))
        changes = false;
    if (!t->with_others && !changes)
        return false;
    name_thing(ev, 0, c->dir, c->path);
    if (c->path2 >= 0)
        name_thing(ev, 1, c->dir2, c->path2);
    return t->with_others || ev->below;
}

/* ---- changing a call ---- */

#if defined(__x86_64__)
static void change_call(pid_t pid, long nr, int arg, uint64_t value)
{
    struct user_regs_struct r;
    if (ptrace(PTRACE_GETREGS, pid, 0, &r))
        return;
    if (nr >= 0)
        r.orig_rax = (unsigned long long)nr;
    else if (arg == 2)
        r.rdx = value;
    ptrace(PTRACE_SETREGS, pid, 0, &r);
}

static void change_result(pid_t pid, int64_t result)
{
    struct user_regs_struct r;
    if (ptrace(PTRACE_GETREGS, pid, 0, &r))
        return;
    r.rax = (unsigned long long)result;
    ptrace(PTRACE_SETREGS, pid, 0, &r);
}
#elif defined(__aarch64__)
static void change_call(pid_t pid, long nr, int arg, uint64_t value)
{
    struct user_regs_struct r;
    int number = (int)nr;
    struct iovec io = { &r, sizeof r }, n = { &number, sizeof number };
    if (nr >= 0) {
        ptrace(PTRACE_SETREGSET, pid, NT_ARM_SYSTEM_CALL, &n);
        return;
    }
    if (ptrace(PTRACE_GETREGSET, pid, NT_PRSTATUS, &io))
        return;
    r.regs[arg] = value;
    ptrace(PTRACE_SETREGSET, pid, NT_PRSTATUS, &io);
}

static void change_result(pid_t pid, int64_t result)
{
    struct user_regs_struct r;
    struct iovec io = { &r, sizeof r };
    if (ptrace(PTRACE_GETREGSET, pid, NT_PRSTATUS, &io))
        return;
    r.regs[0] = (uint64_t)result;
    ptrace(PTRACE_SETREGSET, pid, NT_PRSTATUS, &io);
}
#else
#error "the tracer knows x86-64 and arm64"
#endif

/* ---- stops ---- */

static enum trace_do entry(struct trace *t, struct proc *p, const struct __ptrace_syscall_info *info)
{
    p->inside = p->refused = false;
    p->ev.pid = p->pid;
    if (!describe(t, trace_call_find(info->entry.nr), info, &p->ev))
        return TRACE_GO;
    enum trace_do todo = t->entered(t->ctx, &p->ev);
    p->inside = true;
    /* A harmless call in its place; every sandbox allows that one. */
    if (todo == TRACE_REFUSE) {
        change_call(p->pid, SYS_getpid, 0, 0);
        p->refused = true;
    }
    if (todo == TRACE_SHORTEN && p->ev.args[2] > 1)
        change_call(p->pid, -1, 2, p->ev.args[2] / 2);
    return todo;
}

static void leave(struct trace *t, struct proc *p, const struct __ptrace_syscall_info *info)
{
    int64_t result = info->exit.rval;
    if (!p->inside)
        return;
    p->inside = false;
    if (p->refused) {
        result = -t->refuse_with;
        change_result(p->pid, result);
    }
    if (t->left)
        t->left(t->ctx, &p->ev, result);
}

/* One stop of one process; true when the moment to kill has come. */
static bool handle_stop(struct trace *t, struct proc *p, int st)
{
    int sig = WSTOPSIG(st);
    bool now = false;
    if (sig == (SIGTRAP | 0x80)) {
        struct __ptrace_syscall_info info;
        bool known = ptrace(PTRACE_GET_SYSCALL_INFO, p->pid, sizeof info, &info) > 0;
        if (known && info.op == PTRACE_SYSCALL_INFO_ENTRY)
            now = entry(t, p, &info) == TRACE_KILL;
        else if (known && info.op == PTRACE_SYSCALL_INFO_EXIT)
            leave(t, p, &info);
        sig = 0;
    } else if (st >> 16) {
        /* a new child, an exec, or a group stop: nothing here stops itself for long */
        sig = 0;
    }
    if (!now && ptrace(PTRACE_SYSCALL, p->pid, 0, (long)sig) && errno != ESRCH)
        trace_die("PTRACE_SYSCALL");
    return now;
}

static void kill_all(void)
{
    for (size_t i = 0; i < n_procs; i++)
        kill(procs[i]->pid, SIGKILL);
    while (waitpid(-1, NULL, __WALL) > 0 || errno == EINTR)
        ;
}

static pid_t start(char **argv)
{
    pid_t pid = fork();
    if (pid < 0)
        trace_die("fork");
    if (pid == 0) {
        raise(SIGSTOP);
        execvp(argv[0], argv);
        trace_die(argv[0]);
    }
    int st;
    if (waitpid(pid, &st, WUNTRACED) != pid)
        trace_die("waitpid");
    long options = PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE |
                   PTRACE_O_TRACEEXEC | PTRACE_O_EXITKILL;
    if (ptrace(PTRACE_SEIZE, pid, 0, options))
        trace_die("PTRACE_SEIZE");
    kill(pid, SIGCONT);
    procs_get(pid);
    return pid;
}

int trace_run(struct trace *t, char **argv)
{
    take_roots(t->roots);
    pid_t first = start(argv);
    int result = TRACE_BROKEN;
    while (n_procs > 0) {
        int st;
        pid_t pid = waitpid(-1, &st, __WALL);
        if (pid < 0 && errno == EINTR)
            continue;
        if (pid < 0)
            break;
        if (WIFEXITED(st) || WIFSIGNALED(st)) {
            procs_remove(pid);
            if (pid == first)
                result = WIFEXITED(st) ? WEXITSTATUS(st) : 128 + WTERMSIG(st);
            continue;
        }
        if (handle_stop(t, procs_get(pid), st)) {
            kill_all();
            t->killed = true;
            return result;
        }
    }
    return result;
}

void trace_print_paths(FILE *to, const struct trace_event *ev)
{
    fprintf(to, " %s", ev->path[0]);
    if (ev->call->path2 >= 0)
        fprintf(to, " %s", ev->path[1]);
}
