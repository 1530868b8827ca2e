#include "net/role.h"

#include "base/fs.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#define SELF     "/proc/self/exe"
#define FDS_FROM 10 /* so that no descriptor is in the way of the numbers that the process is given */

static int set_actions(posix_spawn_file_actions_t *a, const int *fds, unsigned n)
{
    int rc = posix_spawn_file_actions_addopen(a, 0, "/dev/null", O_RDONLY, 0);
    if (!rc)
        rc = posix_spawn_file_actions_addopen(a, 1, "/dev/null", O_WRONLY, 0);
    for (unsigned i = 0; !rc && i < n; i++)
        rc = posix_spawn_file_actions_adddup2(a, fds[i], ROLE_FD + (int)i);
    return rc ? rc : posix_spawn_file_actions_addclosefrom_np(a, ROLE_FD + (int)n);
}

static const int not_for_us[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT };

/* The signals that a role will ignore are blocked until it does: Ctrl-C must not end it in its first milliseconds. */
static int set_attributes(posix_spawnattr_t *a)
{
    sigset_t all, blocked;
    sigfillset(&all);
    sigemptyset(&blocked);
    for (size_t i = 0; i < sizeof(not_for_us) / sizeof(not_for_us[0]); i++)
        sigaddset(&blocked, not_for_us[i]);
    int rc = posix_spawnattr_setsigdefault(a, &all);
    if (!rc)
        rc = posix_spawnattr_setsigmask(a, &blocked);
    if (!rc)
        rc = posix_spawnattr_setflags(a, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
    return rc;
}

static int spawn(const struct role_spec *s, const int *fds, pid_t *ret)
{
    static char *const none[] = { NULL };
    char *name = str_dup(str_of(s->name)), *arg = s->arg ? str_dup(str_of(s->arg)) : NULL,
         *argv[] = { name, arg, NULL };
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attr;
    int rc = name && (arg || !s->arg) ? posix_spawn_file_actions_init(&actions) : ENOMEM;
    if (!rc) {
        rc = posix_spawnattr_init(&attr);
        if (!rc) {
            rc = set_actions(&actions, fds, s->n_fds);
            if (!rc)
                rc = set_attributes(&attr);
            if (!rc)
                rc = posix_spawn(ret, s->program, &actions, &attr, argv, s->env ? s->env : none);
            posix_spawnattr_destroy(&attr);
        }
        posix_spawn_file_actions_destroy(&actions);
    }
    free(name);
    free(arg);
    return rc;
}

int role_spawn(const struct role_spec *spec, pid_t *ret, struct err *e)
{
    int high[ROLE_FDS_MAX] = { -1, -1, -1, -1 }, rc = 0;
    for (unsigned i = 0; !rc && i < spec->n_fds; i++) {
        high[i] = fcntl(spec->fd[i], F_DUPFD_CLOEXEC, FDS_FROM);
        rc = high[i] < 0 ? errno : 0;
    }
    if (!rc)
        rc = spawn(spec, high, ret);
    for (unsigned i = 0; i < spec->n_fds; i++)
        if (high[i] >= 0)
            close(high[i]);
    return rc ? err_sys(e, rc, "%s cannot be started", spec->program) : 0;
}

int role_find(const char *name, const char *folder, struct buf *ret, struct err *e)
{
    BUF_AUTO(self, 4096);
    if (fs_readlink(AT_FDCWD, SELF, &self, NULL) == 0) {
        const char *slash = strrchr(buf_z(&self), '/');
        buf_clear(ret);
        buf_add(ret, (signet_str){ self.p, slash ? (size_t)(slash - self.p) : 0 });
        buf_addf(ret, "/%s", name);
        if (buf_err(ret) == 0 && access(buf_z(ret), X_OK) == 0)
            return 0;
    }
    fs_join(ret, folder, name);
    if (buf_err(ret) == 0 && access(buf_z(ret), X_OK) == 0)
        return 0;
    err_set(e, SIGNET_ENOTFOUND, "the program %s is missing: it is neither beside this program nor in %s", name,
            folder);
    err_hint(e, "Signet is installed incompletely. Install it again.");
    return SIGNET_ENOTFOUND;
}

/* The kernel's name of our own file is the right one even after an upgrade has replaced it. Under valgrind it names
 * valgrind, which the link, as valgrind shows it, does not. */
static void find_self(struct buf *to)
{
    struct stat a, b;
    if (fs_readlink(AT_FDCWD, SELF, to, NULL) == 0 && stat(buf_z(to), &a) == 0 && stat(SELF, &b) == 0 &&
        (a.st_ino != b.st_ino || a.st_dev != b.st_dev))
        return;
    buf_clear(to);
    buf_addz(to, SELF);
}

/* Where the libraries are and how they are set up; sanitizers are told by their variables what to do in all processes
 * of a test. */
static const char *const passed_on[] = { "LD_LIBRARY_PATH=", "OPENSSL_CONF=",  "OPENSSL_MODULES=",
                                         "ASAN_OPTIONS=",    "UBSAN_OPTIONS=", "LSAN_OPTIONS=" };
enum { N_PASSED_ON = sizeof(passed_on) / sizeof(passed_on[0]) };

static void pick_environment(char *ret[N_PASSED_ON + 1])
{
    size_t n = 0;
    for (char **p = environ; *p; p++)
        for (size_t i = 0; i < N_PASSED_ON && n < N_PASSED_ON; i++)
            if (!strncmp(*p, passed_on[i], strlen(passed_on[i])))
                ret[n++] = *p;
    ret[n] = NULL;
}

int role_start(const char *word, int *ret_fd, pid_t *ret_pid, struct err *e)
{
    BUF_AUTO(self, 4096);
    int pair[2];
    char *env[N_PASSED_ON + 1];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair))
        return err_sys(e, errno, "no socket to a process of our own");
    find_self(&self);
    pick_environment(env);
    struct role_spec spec = {
        .program = buf_z(&self), .name = word, .arg = word, .env = env, .fd = { pair[1] }, .n_fds = 1
    };
    int rc = role_spawn(&spec, ret_pid, e);
    close(pair[1]);
    if (!rc && fcntl(pair[0], F_SETFL, O_NONBLOCK))
        rc = err_sys(e, errno, "no socket to a process of our own");
    if (rc)
        close(pair[0]);
    else
        *ret_fd = pair[0];
    return rc;
}

bool role_asked(int argc, char *const argv[], const char *word)
{
    struct ucred peer;
    int type = 0;
    socklen_t peer_len = sizeof(peer), type_len = sizeof(type);
    if (argc != 2 || strcmp(argv[1], word))
        return false;
    return getsockopt(ROLE_FD, SOL_SOCKET, SO_TYPE, &type, &type_len) == 0 && type == SOCK_SEQPACKET &&
           getsockopt(ROLE_FD, SOL_SOCKET, SO_PEERCRED, &peer, &peer_len) == 0 && peer.pid == getppid();
}

void role_settle(void)
{
    struct sigaction sa = { .sa_handler = SIG_IGN };
    sigset_t none;
#if !defined(__SANITIZE_ADDRESS__)
    (void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
#endif
    for (size_t i = 0; i < sizeof(not_for_us) / sizeof(not_for_us[0]); i++)
        sigaction(not_for_us[i], &sa, NULL);
    sigaction(SIGPIPE, &sa, NULL);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

_Static_assert(ROLE_STUCK_MS > 2 * ROLE_WAIT_MS, "who only waits is not taken for stuck");

static volatile sig_atomic_t armed;

/* The first ring, after which there is no handler any more: the second one ends the process. */
static void on_ring(int signal)
{
    (void)signal;
    armed = 0;
}

void role_watchdog(int64_t ms)
{
    struct sigaction sa = { .sa_handler = on_ring, .sa_flags = SA_RESTART | (int)SA_RESETHAND };
    struct itimerval t = { .it_value = { .tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000 },
                           .it_interval = { .tv_sec = ms / 8 / 1000, .tv_usec = ms / 8 % 1000 * 1000 } };
    if (!armed && sigaction(SIGALRM, &sa, NULL) == 0)
        armed = 1;
    (void)setitimer(ITIMER_REAL, &t, NULL);
}

static void describe(int status, bool killed, struct buf *words)
{
    if (WIFEXITED(status))
        buf_addf(words, "it ended with exit status %d", WEXITSTATUS(status));
    else if (WIFSIGNALED(status) && killed && WTERMSIG(status) == SIGKILL)
        buf_addz(words, "it hung up");
    else if (WIFSIGNALED(status))
        buf_addf(words, "signal %d (%s) ended it", WTERMSIG(status), strsignal(WTERMSIG(status)));
}

/* True when it has ended by itself, within that time. */
static bool has_ended(pid_t pid, int grace_ms)
{
    siginfo_t info = { 0 };
    int fd = pidfd_open(pid, 0);
    if (fd >= 0) {
        struct pollfd p = { .fd = fd, .events = POLLIN };
        bool gone = poll(&p, 1, grace_ms) == 1;
        close(fd);
        return gone;
    }
    for (; grace_ms >= 0; grace_ms -= 5) { /* a kernel without pidfd (before 5.3) */
        if (waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) || info.si_pid == pid)
            return true;
        (void)poll(NULL, 0, 5);
    }
    return false;
}

void role_reap(pid_t pid, int grace_ms, struct buf *words)
{
    if (pid <= 0)
        return;
    bool gone = has_ended(pid, grace_ms);
    if (!gone)
        kill(pid, SIGKILL);
    int status = 0;
    pid_t rc;
    do
        rc = waitpid(pid, &status, 0);
    while (rc < 0 && errno == EINTR);
    if (rc == pid && words)
        describe(status, !gone, words);
}
