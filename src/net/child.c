#include "net/child.h"

#include "base/clock.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    GRACE_MS = 5000, /* between SIGTERM and SIGKILL */
    LINGER_MS = 200, /* for output of what the child left running, after its own end */
    REPORT_FD = 3,   /* in the child: where it says that it could not become the program */
    READ_ROUNDS = 16,
    READ_CHUNK = 16384
};

struct stream {
    int fd;
    struct watch *watch;
    struct buf *to;
    size_t lost;
};

struct running {
    struct loop *loop;
    pid_t pid;
    struct stream out, err;
    bool exited, ending, killed; /* ending: SIGTERM was sent */
    int signal;                  /* that ended us */
    int64_t deadline, kill_at, exited_at;
};

extern char **environ;

void child_result_done(struct child_result *r)
{
    buf_done(&r->out);
    buf_done(&r->err);
}

static bool same_name(const char *a, const char *b)
{
    size_t n = strcspn(a, "=");
    return strncmp(a, b, n) == 0 && (b[n] == '=' || !b[n]);
}

static bool is_set(const struct strlist *env, const char *entry)
{
    for (size_t i = 0; env && i < env->n; i++)
        if (same_name(env->v[i], entry))
            return true;
    return false;
}

/* The inherited environment with `env` on top. The strings are borrowed; the array is the caller's. */
static char **merged_env(const struct strlist *env)
{
    size_t n = 0, k = 0;
    while (environ && environ[n])
        n++;
    char **all = calloc(n + (env ? env->n : 0) + 1, sizeof(*all));
    if (!all)
        return NULL;
    for (size_t i = 0; i < n; i++)
        if (!is_set(env, environ[i]))
            all[k++] = environ[i];
    for (size_t i = 0; env && i < env->n; i++)
        all[k++] = env->v[i];
    return all;
}

/* ---- in the child: async-signal-safe calls only ---- */

static void close_from(int low)
{
    if (close_range((unsigned)low, ~0u, 0) == 0)
        return;
    long most = sysconf(_SC_OPEN_MAX);
    for (int fd = low; fd < (most > 0 && most < 65536 ? (int)most : 65536); fd++)
        close(fd);
}

static void default_signals(void)
{
    struct sigaction sa = { .sa_handler = SIG_DFL };
    for (int sig = 1; sig < NSIG; sig++)
        sigaction(sig, &sa, NULL);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

/* In a process group of its own it may not read from the terminal (SIGTTIN would stop it for ever). */
static int set_stdin(void)
{
    if (fcntl(0, F_GETFD) >= 0 && !isatty(0))
        return 0;
    int fd = open("/dev/null", O_RDONLY);
    if (fd > 0 && dup2(fd, 0) < 0)
        return -1;
    return fd < 0 ? -1 : 0;
}

__attribute__((noreturn)) static void become(const char *const *argv, char **env, int out, int err, int report)
{
    setpgid(0, 0);
    if (set_stdin() == 0 && dup2(out, 1) == 1 && dup2(err, 2) == 2 &&
        (report == REPORT_FD || dup3(report, REPORT_FD, O_CLOEXEC) == REPORT_FD)) {
        report = REPORT_FD;
        close_from(REPORT_FD + 1);
        default_signals();
        execvpe(argv[0], (char *const *)argv, env);
    }
    int errnum = errno;
    ssize_t ignored = write(report, &errnum, sizeof(errnum));
    (void)ignored;
    _exit(127);
}

/* ---- in the parent ---- */

/* A pipe whose ends are not 0, 1 or 2, even when those are closed. */
static int high_pipe(int ret[2])
{
    int low[2];
    if (pipe2(low, O_CLOEXEC))
        return -1;
    for (int i = 0; i < 2; i++)
        ret[i] = fcntl(low[i], F_DUPFD_CLOEXEC, REPORT_FD);
    int errnum = errno;
    close(low[0]);
    close(low[1]);
    if (ret[0] >= 0 && ret[1] >= 0)
        return 0;
    for (int i = 0; i < 2; i++)
        if (ret[i] >= 0)
            close(ret[i]);
    ret[0] = ret[1] = -1;
    errno = errnum;
    return -1;
}

enum { OUT, ERR, REPORT, N_PIPES };

/* Waits until the child has become the program; the errno when it has not. */
static int read_report(int fd)
{
    int errnum = 0;
    ssize_t n;
    do
        n = read(fd, &errnum, sizeof(errnum));
    while (n < 0 && errno == EINTR);
    return n == (ssize_t)sizeof(errnum) ? errnum : 0;
}

/* No handler of ours may run in the child; it opens the mask itself, when its signals are the default ones. */
static pid_t fork_masked(void)
{
    sigset_t all, before;
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, &before);
    pid_t pid = fork();
    int errnum = errno;
    if (pid != 0)
        sigprocmask(SIG_SETMASK, &before, NULL);
    errno = errnum;
    return pid;
}

/* 0 or an errno. On success the reading ends of OUT and ERR stay open. */
static int start(struct running *c, const char *const *argv, char **env)
{
    int pipes[N_PIPES][2] = { { -1, -1 }, { -1, -1 }, { -1, -1 } };
    int errnum = 0;
    for (int i = 0; i < N_PIPES && !errnum; i++)
        if (high_pipe(pipes[i]))
            errnum = errno;
    if (!errnum) {
        c->pid = fork_masked();
        if (c->pid == 0)
            become(argv, env, pipes[OUT][1], pipes[ERR][1], pipes[REPORT][1]);
        errnum = c->pid < 0 ? errno : 0;
    }
    for (int i = 0; i < N_PIPES; i++)
        if (pipes[i][1] >= 0)
            close(pipes[i][1]);
    if (!errnum) {
        setpgid(c->pid, c->pid); /* whichever of the two is first */
        errnum = read_report(pipes[REPORT][0]);
        if (errnum)
            waitpid(c->pid, NULL, 0);
    }
    if (!errnum) {
        c->out.fd = pipes[OUT][0];
        c->err.fd = pipes[ERR][0];
    }
    for (int i = 0; i < N_PIPES; i++)
        if (pipes[i][0] >= 0 && (errnum || i == REPORT))
            close(pipes[i][0]);
    return errnum;
}

static void stream_close(struct stream *s)
{
    loop_unwatch(s->watch);
    s->watch = NULL;
    if (s->fd >= 0)
        close(s->fd);
    s->fd = -1;
}

static void on_output(void *ctx, short revents)
{
    (void)revents;
    struct stream *s = ctx;
    char chunk[READ_CHUNK];
    for (int i = 0; i < READ_ROUNDS; i++) {
        ssize_t n = read(s->fd, chunk, sizeof(chunk));
        if (n < 0 && (errno == EAGAIN || errno == EINTR))
            return;
        if (n <= 0) {
            stream_close(s);
            return;
        }
        size_t room = s->to->max - s->to->n, kept = (size_t)n < room ? (size_t)n : room;
        buf_add(s->to, (signet_str){ chunk, kept });
        s->lost += (size_t)n - kept;
    }
}

static int stream_open(struct running *c, struct stream *s)
{
    int flags = fcntl(s->fd, F_GETFL);
    if (flags < 0 || fcntl(s->fd, F_SETFL, flags | O_NONBLOCK))
        return SIGNET_ESYS;
    return loop_watch(c->loop, &s->watch, s->fd, POLLIN, on_output, s);
}

static void end_group(struct running *c, int64_t now)
{
    kill(-c->pid, c->ending ? SIGKILL : SIGTERM);
    c->killed = c->ending;
    if (!c->ending)
        c->kill_at = now + GRACE_MS;
    c->ending = true;
}

/* The child stays a zombie until all is over: so its number, and its group's, cannot pass to somebody else. */
static bool has_exited(pid_t pid)
{
    siginfo_t info = { 0 };
    return waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) != 0 || info.si_pid == pid;
}

/* When to look again at the latest; INT64_MAX: never. */
static int64_t next_event(const struct running *c)
{
    if (c->exited && (!c->ending || c->killed))
        return c->exited_at + LINGER_MS;
    if (c->killed)
        return INT64_MAX;
    return c->ending ? c->kill_at : c->deadline;
}

/* One look at where it stands; true when all is over. */
static bool look(struct running *c, struct child_result *ret)
{
    int64_t now = clock_mono_ms();
    if (!c->exited && has_exited(c->pid)) {
        c->exited = true;
        c->exited_at = now;
    }
    bool eof = c->out.fd < 0 && c->err.fd < 0;
    if (c->exited && eof)
        return true;
    if (now < next_event(c))
        return false;
    if (c->exited && (!c->ending || c->killed))
        return true;
    ret->timed_out = ret->timed_out || !c->ending;
    if (c->exited)
        c->exited_at = now; /* the rest of the group is killed now: their last words still count */
    end_group(c, now);
    return false;
}

/* A signal for us: the child's group is asked to end, and at a second signal made to. */
static void on_cancel(struct running *c)
{
    c->signal = loop_signal(c->loop);
    loop_signal_clear(c->loop);
    if (!c->killed && !c->exited) /* what a finished hook left running, such as a web server, goes on */
        end_group(c, clock_mono_ms());
}

static void run(struct running *c, struct child_result *ret)
{
    while (!look(c, ret)) {
        int64_t at = next_event(c), left = at - clock_mono_ms();
        int wait = at == INT64_MAX ? -1 : left < 0 ? 0 : left > 60000 ? 60000 : (int)left;
        if (loop_step(c->loop, wait))
            on_cancel(c);
    }
}

static int exit_code(int status)
{
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static int finish(struct running *c, int opened, struct child_result *got, struct err *e, const char *name)
{
    int status = 0;
    stream_close(&c->out);
    stream_close(&c->err);
    while (waitpid(c->pid, &status, 0) < 0)
        if (errno != EINTR)
            return err_sys(e, errno, "cannot tell how %s ended", name);
    got->exit_code = exit_code(status);
    got->out_lost = c->out.lost;
    got->err_lost = c->err.lost;
    if (opened)
        return err_set(e, opened, "cannot read the output of %s: %s", name, signet_strerror(opened));
    if (c->signal) {
        loop_signal_raise(c->loop, c->signal);
        return err_set(e, SIGNET_ECANCELED, "%s was ended because signal %d came", name, c->signal);
    }
    return buf_err(&got->out) || buf_err(&got->err) ? err_nomem(e) : 0;
}

int child_run(struct loop *l, const struct child_spec *spec, struct child_result *ret, struct err *e)
{
    const char *const by_shell[] = { "/bin/sh", "-c", spec->shell, NULL };
    const char *const *argv = spec->argv ? spec->argv : by_shell;
    const char *name = spec->argv ? argv[0] : spec->shell;
    if (loop_signal(l))
        return err_set(e, SIGNET_ECANCELED, "%s was not run because signal %d came", name, loop_signal(l));
    char **env = merged_env(spec->env);
    if (!env)
        return err_nomem(e);
    struct child_result got = { .out = BUF_INIT(CHILD_OUTPUT_MAX), .err = BUF_INIT(CHILD_OUTPUT_MAX) };
    struct running c = { .loop = l, .out = { .fd = -1, .to = &got.out }, .err = { .fd = -1, .to = &got.err } };
    int errnum = start(&c, argv, env);
    free(env);
    if (errnum)
        return err_sys(e, errnum, "cannot run %s", name);
    c.deadline = spec->timeout_ms > 0 ? clock_mono_ms() + spec->timeout_ms : INT64_MAX;
    int r = stream_open(&c, &c.out);
    r = r ? r : stream_open(&c, &c.err);
    if (r)
        kill(-c.pid, SIGKILL);
    else
        run(&c, &got);
    r = finish(&c, r, &got, e, name);
    if (r)
        child_result_done(&got);
    else
        *ret = got;
    return r;
}
