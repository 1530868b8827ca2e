#include "base/fs.h"
#include "net/role.h"
#include "talker/ca_int.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define PROGRAM "signet-talker"
#define ENV_MAX 32

/* What the talker may know of the environment. Credentials of DNS providers live there, too. */
static const char *const passed_on[] = {
    "https_proxy", "HTTPS_PROXY",     "http_proxy",   "all_proxy",       "ALL_PROXY",
    "no_proxy",    "NO_PROXY",        "OPENSSL_CONF", "OPENSSL_MODULES", "RES_OPTIONS",
    "LOCALDOMAIN", "LD_LIBRARY_PATH", "ASAN_OPTIONS", "UBSAN_OPTIONS",   "LSAN_OPTIONS",
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
    return role_find(PROGRAM, LIBEXECDIR, ret, e);
}

int ca_spawn(const char *program, int sock, int roots, pid_t *ret, struct err *e)
{
    char *env[ENV_MAX];
    pick_environment(env);
    struct role_spec spec = {
        .program = program, .name = PROGRAM, .env = env, .fd = { sock, roots }, .n_fds = roots >= 0 ? 2 : 1
    };
    return role_spawn(&spec, ret, e);
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

static int append_file(int to, const char *path, struct err *e)
{
    BUF_AUTO(pem, 8u << 20);
    int rc = fs_read(AT_FDCWD, path, &pem, e);
    if (rc)
        return err_wrap(e, "the CA certificates in %s cannot be read", path);
    buf_addc(&pem, '\n');
    return write_all(to, buf_str(&pem)) ? err_sys(e, errno, "no memory for the CA certificates of %s", path) : 0;
}

/* What is left of `from`, from its beginning. */
static int append_fd(int to, int from)
{
    char part[16384];
    ssize_t n;
    off_t at = 0;
    while ((n = pread(from, part, sizeof part, at)) > 0) {
        at += n;
        if (write_all(to, (signet_str){ part, (size_t)n }))
            return SIGNET_ESYS;
    }
    return n < 0 ? SIGNET_ESYS : 0;
}

int ca_gather_roots(const char *list, bool adds, int *ret_fd, struct err *e)
{
    STRLIST_AUTO(files);
    int usual = -1, rc = strlist_split(&files, str_of(list), ':') ? err_nomem(e) : 0;
    int fd = memfd_create("roots", MFD_CLOEXEC);
    if (fd < 0)
        return err_sys(e, errno, "no memory for the CA certificates");
    if (!rc && adds && !(rc = ca_open_roots(NULL, &usual, e)) && append_fd(fd, usual))
        rc = err_set(e, SIGNET_ESYS, "the system's CA certificates cannot be gathered");
    for (size_t i = 0; !rc && i < files.n; i++)
        rc = append_file(fd, files.v[i], e);
    if (usual >= 0)
        close(usual);
    if (rc)
        close(fd);
    else
        *ret_fd = fd;
    return rc;
}
