/* Makes one chosen system call of a program fail.
 *
 *     failpoint WHICH HOW N ROOT[:ROOT ...] LIST COMMAND [ARGUMENT ...]
 *
 * WHICH is "changes": the calls that crashpoint counts, those that change something below a ROOT; or "all": every call
 * that can fail of every process of the tree, but for what the dynamic linker does. HOW is the name of an error
 * (ENOSPC, EIO …: call number N does not happen and gives it; "from:ENOSPC": all from number N on), or "short": a write
 * of number N is given half of its bytes. With N = 0 nothing fails. LIST gets one line for each call that was counted;
 * the exit status is the program's own. */
#include "trace.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct fail {
    unsigned long at, count;
    bool onwards, shorten, all, fit;
    FILE *list;
    struct trace *trace;
};

static const struct {
    const char *name;
    int number;
} errors[] = {
    { "ENOSPC", ENOSPC }, { "EIO", EIO },       { "EROFS", EROFS },   { "EDQUOT", EDQUOT }, { "EMFILE", EMFILE },
    { "ENFILE", ENFILE }, { "EINTR", EINTR },   { "EAGAIN", EAGAIN }, { "ENOMEM", ENOMEM }, { "EACCES", EACCES },
    { "EPERM", EPERM },   { "EINVAL", EINVAL }, { "ENOLCK", ENOLCK },
};

static int error_of(const char *name)
{
    for (size_t i = 0; i < sizeof errors / sizeof errors[0]; i++)
        if (!strcmp(name, errors[i].name))
            return errors[i].number;
    fprintf(stderr, "failpoint: no error is called %s\n", name);
    exit(TRACE_BROKEN);
}

/* What the call may well give; EIO for those that are not named. */
static const struct {
    const char *call;
    int number;
} fitting[] = {
    { "openat", EMFILE },    { "open", EMFILE },      { "socket", EMFILE },    { "socketpair", EMFILE },
    { "pipe2", EMFILE },     { "pipe", EMFILE },      { "accept4", EMFILE },   { "memfd_create", EMFILE },
    { "clone", EAGAIN },     { "clone3", EAGAIN },    { "fork", EAGAIN },      { "vfork", EAGAIN },
    { "execve", ENOMEM },    { "poll", EINTR },       { "ppoll", EINTR },      { "fcntl", ENOLCK },
    { "flock", ENOLCK },     { "connect", ENOBUFS },  { "bind", EACCES },      { "sendto", ENOBUFS },
    { "sendmsg", ENOBUFS },  { "setresuid", EAGAIN }, { "setgroups", ENOMEM }, { "prctl", EINVAL },
    { "seccomp", EINVAL },   { "mkdirat", ENOSPC },   { "mkdir", ENOSPC },     { "linkat", ENOSPC },
    { "symlinkat", ENOSPC }, { "write", ENOSPC },
};

static int error_for(const char *call)
{
    for (size_t i = 0; i < sizeof fitting / sizeof fitting[0]; i++)
        if (!strcmp(call, fitting[i].call))
            return fitting[i].number;
    return EIO;
}

static bool starts(const char *s, const char *with)
{
    return !strncmp(s, with, strlen(with));
}

/* Libraries that are not found end the program before it is one. */
static bool of_the_linker(const struct trace_event *ev)
{
    const char *p = ev->path[0];
    return starts(p, "/lib") || starts(p, "/usr/lib") || starts(p, "/etc/ld.so") || strstr(p, ".so.");
}

static enum trace_do entered(void *ctx, const struct trace_event *ev)
{
    struct fail *f = ctx;
    bool writes = !strcmp(ev->call->name, "write") || !strcmp(ev->call->name, "pwrite64");
    bool start = !f->count && !strcmp(ev->call->name, "execve");
    if (f->all && (start || of_the_linker(ev)))
        return TRACE_GO;
    f->count++;
    fprintf(f->list, "%lu %d %s", f->count, (int)ev->pid, ev->call->name);
    trace_print_paths(f->list, ev);
    fputc('\n', f->list);
    if (!f->at || !(f->count == f->at || (f->onwards && f->count > f->at)))
        return TRACE_GO;
    if (f->shorten)
        return writes ? TRACE_SHORTEN : TRACE_GO;
    if (f->fit)
        f->trace->refuse_with = error_for(ev->call->name);
    return TRACE_REFUSE;
}

int main(int argc, char **argv)
{
    struct fail f = { 0 };
    if (argc < 7) {
        fprintf(stderr, "usage: failpoint WHICH HOW N ROOT[:ROOT ...] LIST COMMAND [ARGUMENT ...]\n");
        return TRACE_BROKEN;
    }
    const char *how = argv[2];
    f.all = !strcmp(argv[1], "all");
    f.shorten = !strcmp(how, "short");
    f.fit = !strcmp(how, "fit");
    f.onwards = starts(how, "from:");
    f.at = strtoul(argv[3], NULL, 10);
    if (!(f.list = fopen(argv[5], "we")))
        trace_die(argv[5]);
    struct trace t = { .roots = argv[4], .with_others = f.all, .ctx = &f, .entered = entered };
    f.trace = &t;
    t.refuse_with = f.shorten || f.fit ? 0 : error_of(how + (f.onwards ? strlen("from:") : 0));
    int result = trace_run(&t, argv + 6);
    fclose(f.list);
    return result;
}
