#include "sandbox/probes.h"

#include "base/buf.h"
#include <errno.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define PROBE_SECONDS 10 /* for one attempt; none of them waits for anything */

struct outcome {
    struct sandbox_report report;
    bool worked;
    int errnum;
};

/* A call that is let through to the kernel fails with other codes than these, when it fails. */
static bool is_refusal(int errnum)
{
    return errnum == EPERM || errnum == EACCES || errnum == ENOSYS || errnum == ENOTTY;
}

static void attempt(const struct probe *p, enum sandbox_role role, struct probe_ctx *ctx, int fd)
{
    struct outcome o = { .worked = true };
    (void)alarm(PROBE_SECONDS);
    (void)signal(SIGALRM, SIG_DFL);
    ctx->sock = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (sandbox_enter(sandbox_profile(role), &o.report, NULL) == 0) {
        /* first as if it had been killed: what comes after is then the word of a survivor */
        o.worked = false;
        (void)send(fd, &o, sizeof(o), 0);
        errno = 0;
        long r = p->attempt(ctx);
        o.errnum = errno;
        o.worked = r >= 0 || !is_refusal(o.errnum);
    }
    (void)send(fd, &o, sizeof(o), 0);
    _exit(0);
}

static const char *verdict(const struct outcome *o, int status)
{
    if (o->worked || (WIFSIGNALED(status) && WTERMSIG(status) != SIGSYS))
        return "ALLOWED";
    return WIFSIGNALED(status) ? "killed" : "denied";
}

/* "denied", "killed" (denied for good) or "ALLOWED"; NULL when the attempt could not be made. */
static const char *try_one(const struct probe *p, enum sandbox_role role, const char *file, struct sandbox_report *ret)
{
    int pair[2], status = 0;
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair))
        return NULL;
    struct probe_ctx ctx = { .parent = getpid(), .file = file };
    pid_t pid = fork();
    if (pid == 0)
        attempt(p, role, &ctx, pair[1]);
    close(pair[1]);
    struct outcome o = { .worked = true }, last;
    unsigned said = 0;
    while (pid > 0 && recv(pair[0], &last, sizeof(last), 0) == (ssize_t)sizeof(last)) {
        o = last;
        said++;
    }
    close(pair[0]);
    while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    if (pid < 0 || said == 0)
        return NULL;
    *ret = o.report;
    /* a program that was run in its place says nothing more either, but it was not killed */
    if (said == 1 && !WIFSIGNALED(status))
        return "ALLOWED";
    return verdict(&o, status);
}

int sandbox_selftest(const char *file, struct buf *to, unsigned *ret_allowed, struct err *e)
{
    struct sandbox_report report[SANDBOX_ROLES] = { 0 };
    unsigned allowed = 0;
    char words[800];
    buf_addf(to, "%-40s", "forbidden thing");
    for (int role = 0; role < SANDBOX_ROLES; role++)
        buf_addf(to, " %-9s", sandbox_profile((enum sandbox_role)role)->name);
    buf_addc(to, '\n');
    for (size_t i = 0; i < sandbox_n_probes; i++) {
        const struct probe *p = &sandbox_probes[i];
        buf_addf(to, "%-40s", p->name);
        for (int role = 0; role < SANDBOX_ROLES; role++) {
            bool asked = (p->roles & 1u << role) != 0;
            const char *said = asked ? try_one(p, (enum sandbox_role)role, file, &report[role]) : "-";
            if (!said)
                return err_set(e, SIGNET_ESYS, "the attempt \"%s\" could not be made", p->name);
            allowed += said[0] == 'A';
            buf_addf(to, " %-9s", said);
        }
        buf_addc(to, '\n');
    }
    for (int role = 0; role < SANDBOX_ROLES; role++)
        buf_addf(to, "sandbox of the %s: %s\n", sandbox_profile((enum sandbox_role)role)->name,
                 sandbox_describe(&report[role], words, sizeof(words)));
    buf_addf(to, "%zu attempts, %u allowed\n", sandbox_n_probes, allowed);
    *ret_allowed = allowed;
    return buf_err(to);
}
