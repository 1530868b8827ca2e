#include "base/fs.h"
#include "talker/ca_int.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define PROGRAM  "signet-talker"
#define FDS_FROM 10 /* so that no descriptor is in the way of the numbers that the talker is given */
#define ENV_MAX  32

/* What the talker may know of the environment. Credentials of DNS providers live there, too. */
static const char *const passed_on[] = {
    "https_proxy",     "HTTPS_PROXY",  "http_proxy",      "all_proxy",    "ALL_PROXY",   "no_proxy",
    "NO_PROXY",        "OPENSSL_CONF", "OPENSSL_MODULES", "RES_OPTIONS",  "LOCALDOMAIN", "HOSTALIASES",
    "LD_LIBRARY_PATH", "ASAN_OPTIONS", "UBSAN_OPTIONS",   "LSAN_OPTIONS",
};
_Static_assert(sizeof(passed_on) / sizeof(passed_on[0]) < ENV_MAX, "the talker's environment has room for all");

extern char **environ;

static bool is_passed_on(const char *entry)
{
    for (size_t i = 0; i < sizeof(passed_on) / sizeof(passed_on[0]); i++) {
        size_t n = strlen(passed_on[i]);
        if (!strncmp(entry, passed_on[i], n) && entry[n] == '=')
            return true;
    }
    return false;
}

static void pick_environment(char *ret[ENV_MAX])
{
    size_t n = 0;
    for (char **p = environ; *p && n < ENV_MAX - 1; p++) {
        if (is_passed_on(*p))
            ret[n++] = *p;
    }
    ret[n] = NULL;
}

int ca_find_program(struct buf *ret, struct err *e)
{
    BUF_AUTO(self, 4096);
    if (fs_readlink(AT_FDCWD, "/proc/self/exe", &self, NULL) == 0) {
        const char *slash = strrchr(buf_z(&self), '/');
        buf_clear(ret);
        buf_add(ret, (signet_str){ self.p, slash ? (size_t)(slash - self.p) : 0 });
        buf_addz(ret, "/" PROGRAM);
        if (buf_err(ret) == 0 && access(buf_z(ret), X_OK) == 0)
            return 0;
    }
    buf_clear(ret);
    buf_addz(ret, LIBEXECDIR "/" PROGRAM);
    if (buf_err(ret) == 0 && access(buf_z(ret), X_OK) == 0)
        return 0;
    err_set(e, SIGNET_ENOTFOUND,
            "the program " PROGRAM " is missing: it is neither beside this program nor in " LIBEXECDIR);
    err_hint(e, "Signet is installed incompletely. Install it again.");
    return SIGNET_ENOTFOUND;
}

static int set_actions(posix_spawn_file_actions_t *a, int sock, int roots)
{
    int rc = posix_spawn_file_actions_addopen(a, 0, "/dev/null", O_RDONLY, 0);
    if (!rc)
        rc = posix_spawn_file_actions_addopen(a, 1, "/dev/null", O_WRONLY, 0);
    if (!rc)
        rc = posix_spawn_file_actions_adddup2(a, sock, CA_TALKER_FD);
    if (!rc && roots >= 0)
        rc = posix_spawn_file_actions_adddup2(a, roots, CA_ROOTS_FD);
    if (!rc)
        rc = posix_spawn_file_actions_addclosefrom_np(a, roots >= 0 ? CA_ROOTS_FD + 1 : CA_ROOTS_FD);
    return rc;
}

/* The signals that the talker will ignore are blocked until it does: Ctrl-C must not end it in its first milliseconds.
 */
static int set_attributes(posix_spawnattr_t *a)
{
    sigset_t all, blocked;
    sigfillset(&all);
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGINT);
    sigaddset(&blocked, SIGTERM);
    sigaddset(&blocked, SIGHUP);
    sigaddset(&blocked, SIGQUIT);
    int rc = posix_spawnattr_setsigdefault(a, &all);
    if (!rc)
        rc = posix_spawnattr_setsigmask(a, &blocked);
    if (!rc)
        rc = posix_spawnattr_setflags(a, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
    return rc;
}

static int spawn(const char *program, int sock, int roots, pid_t *ret)
{
    char name[] = PROGRAM, *argv[] = { name, NULL }, *env[ENV_MAX];
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attr;
    pick_environment(env);
    int rc = posix_spawn_file_actions_init(&actions);
    if (rc)
        return rc;
    rc = posix_spawnattr_init(&attr);
    if (!rc) {
        rc = set_actions(&actions, sock, roots);
        if (!rc)
            rc = set_attributes(&attr);
        if (!rc)
            rc = posix_spawn(ret, program, &actions, &attr, argv, env);
        posix_spawnattr_destroy(&attr);
    }
    posix_spawn_file_actions_destroy(&actions);
    return rc;
}

int ca_spawn(const char *program, int sock, int roots, pid_t *ret, struct err *e)
{
    int high_sock = fcntl(sock, F_DUPFD_CLOEXEC, FDS_FROM);
    int high_roots = roots >= 0 ? fcntl(roots, F_DUPFD_CLOEXEC, FDS_FROM) : -1;
    int rc = high_sock < 0 || (roots >= 0 && high_roots < 0) ? errno : spawn(program, high_sock, high_roots, ret);
    if (high_sock >= 0)
        close(high_sock);
    if (high_roots >= 0)
        close(high_roots);
    return rc ? err_sys(e, rc, "%s cannot be started", program) : 0;
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

void ca_reap(pid_t pid, int grace_ms, struct buf *words)
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

/* ---- roots ---- */

static bool is_hash_name(const char *name)
{
    size_t n = strspn(name, "0123456789abcdef");
    return n == 8 && name[8] == '.' && name[9] >= '0' && name[9] <= '9';
}

static int write_all(int fd, signet_str s)
{
    while (s.n) {
        ssize_t n = write(fd, s.p, s.n);
        if (n < 0)
            return SIGNET_ESYS;
        s = str_skip(s, (size_t)n);
    }
    return 0;
}

/* A folder of roots becomes one bundle in memory. */
static int open_folder(const char *path, int *ret_fd, struct err *e)
{
    STRLIST_AUTO(names);
    BUF_AUTO(file, 4096);
    int rc = fs_list(AT_FDCWD, path, &names, e);
    if (rc)
        return rc;
    int fd = memfd_create("roots", MFD_CLOEXEC);
    if (fd < 0)
        return err_sys(e, errno, "no memory for the CA certificates of %s", path);
    for (size_t i = 0; i < names.n && rc == 0; i++) {
        BUF_AUTO(pem, 1u << 20);
        if (!is_hash_name(names.v[i]))
            continue;
        fs_join(&file, path, names.v[i]);
        if (fs_read(AT_FDCWD, buf_z(&file), &pem, NULL) == 0) { /* one that dangles does not count */
            buf_addc(&pem, '\n');
            rc = write_all(fd, buf_str(&pem));
        }
    }
    if (rc) {
        close(fd);
        return err_set(e, rc, "the CA certificates of %s cannot be gathered", path);
    }
    *ret_fd = fd;
    return 0;
}

static int open_named(const char *path, int *ret_fd, struct err *e)
{
    struct stat st;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0 || fstat(fd, &st)) {
        err_sys(e, errno, "the CA certificates in %s cannot be read", path);
        if (fd >= 0)
            close(fd);
        return SIGNET_ESYS;
    }
    if (S_ISREG(st.st_mode)) {
        *ret_fd = fd;
        return 0;
    }
    close(fd);
    if (S_ISDIR(st.st_mode))
        return open_folder(path, ret_fd, e);
    return err_set(e, SIGNET_EINVAL, "%s is no file of CA certificates", path);
}

int ca_open_roots(const char *ca_file, int *ret_fd, struct err *e)
{
    static const char *const variables[] = { "REQUESTS_CA_BUNDLE", "SSL_CERT_FILE" };
    static const char *const usual[] = {
        "/etc/ssl/certs/ca-certificates.crt",                /* Debian, Arch, Gentoo */
        "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem", /* Fedora, RHEL */
        "/etc/pki/tls/certs/ca-bundle.crt",
        "/etc/ssl/ca-bundle.pem", /* SUSE */
        "/etc/ssl/cert.pem",      /* Alpine, the BSDs */
    };
    if (ca_file && *ca_file)
        return open_named(ca_file, ret_fd, e);
    for (size_t i = 0; i < sizeof(variables) / sizeof(variables[0]); i++) {
        const char *path = secure_getenv(variables[i]);
        if (!path || !*path)
            continue;
        int rc = open_named(path, ret_fd, e);
        if (rc)
            err_hint(e, "The path comes from the environment variable %s.", variables[i]);
        return rc;
    }
    for (size_t i = 0; i < sizeof(usual) / sizeof(usual[0]); i++) {
        if (open_named(usual[i], ret_fd, NULL) == 0)
            return 0;
    }
    err_set(e, SIGNET_ENOTFOUND, "this system has no bundle of CA certificates where they usually are (such as %s)",
            usual[0]);
    err_hint(e, "Install the package ca-certificates, or name a bundle in SSL_CERT_FILE.");
    return SIGNET_ENOTFOUND;
}
