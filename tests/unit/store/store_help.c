#include "store_help.h"

#include "crypto/key.h"
#include "crypto/tlsalpn.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char dir[PATH_MAX];
static struct buf certs[HELP_PAIRS], keys[HELP_PAIRS], fulls[HELP_PAIRS], chain = BUF_INIT(LINEAGE_MAX_FILE);

static void make_pair(struct buf *cert, struct buf *key)
{
    struct err e = { 0 };
    struct key *k;
    const signet_ident id = { .type = SIGNET_IDENT_DNS, .value = STR("a.test") };
    if (key_new(&k, KEY_EC, 256, &e) || tlsalpn_cert(cert, k, &id, STR("token.thumbprint"), &e) || key_to_pem(k, key))
        fail_msg("%s", e.text);
    key_free(k);
}

static void make_pairs(void)
{
    for (unsigned i = 0; i < HELP_PAIRS; i++) {
        certs[i] = keys[i] = fulls[i] = BUF_INIT(LINEAGE_MAX_FILE);
        make_pair(&certs[i], &keys[i]);
        if (i == 0)
            buf_add(&chain, buf_str(&certs[0]));
        buf_add(&fulls[i], buf_str(&certs[i]));
        buf_add(&fulls[i], buf_str(&chain));
    }
}

int help_setup(void **state)
{
    (void)state;
    const char *tmp = getenv("TMPDIR");
    if (!tmp) /* fsync costs nothing there */
        tmp = access("/dev/shm", W_OK | X_OK) == 0 ? "/dev/shm" : "/tmp";
    snprintf(dir, sizeof dir, "%s/store-test-XXXXXX", tmp);
    if (!mkdtemp(dir))
        return -1;
    if (!chain.n)
        make_pairs();
    return 0;
}

int help_teardown(void **state)
{
    (void)state;
    return fs_remove_tree(AT_FDCWD, dir, NULL);
}

const char *help_dir(void)
{
    return dir;
}

const char *help_path(const char *fmt, ...)
{
    static char paths[8][PATH_MAX];
    static unsigned next;
    char *p = paths[next++ % 8];
    va_list ap;
    int n = snprintf(p, PATH_MAX, "%s/", dir);
    va_start(ap, fmt);
    vsnprintf(p + n, PATH_MAX - (size_t)n, fmt, ap);
    va_end(ap);
    return p;
}

void help_write(const char *path, const char *text)
{
    assert_int_equal(fs_replace(AT_FDCWD, path, str_of(text), 0644, false, NULL), 0);
}

void help_read(const char *path, struct buf *ret)
{
    struct err e = { 0 };
    if (fs_read(AT_FDCWD, path, ret, &e))
        fail_msg("%s", e.text);
}

void help_remove(const char *path)
{
    fs_remove_tree(AT_FDCWD, path, NULL);
    fs_unlink(AT_FDCWD, path, NULL);
}

void help_tree(struct tree *t, const char *name)
{
    struct err e = { 0 };
    assert_int_equal(tree_init(t, help_path("%s/config", name), help_path("%s/work", name), help_path("%s/logs", name)),
                     0);
    if (tree_make(t, false, &e) || tree_make_store(t, &e))
        fail_msg("%s", e.text);
}

struct generation help_generation(unsigned i)
{
    return (struct generation){ buf_str(&certs[i]), buf_str(&keys[i]), buf_str(&chain), buf_str(&fulls[i]) };
}

struct conf *help_conf(void)
{
    struct conf *c;
    assert_int_equal(conf_new(&c), 0);
    assert_int_equal(conf_set(c, "renewalparams", "account", STR("00112233445566778899aabbccddeeff")), 0);
    assert_int_equal(conf_set(c, "renewalparams", "authenticator", STR("standalone")), 0);
    assert_int_equal(conf_set(c, "renewalparams", "server", STR("https://acme.example/dir")), 0);
    assert_int_equal(conf_set(c, "renewalparams", "key_type", STR("ecdsa")), 0);
    return c;
}

struct lineage *help_create(const struct tree *t, const char *name)
{
    struct lineage *l;
    struct err e = { 0 };
    const struct generation g = help_generation(0);
    if (lineage_create(&l, t, name, true, help_conf(), &g, NULL, NULL, &e))
        fail_msg("%s", e.text);
    return l;
}

int help_live(const struct tree *t, const char *name)
{
    BUF_AUTO(path, PATH_MAX);
    BUF_AUTO(text, LINEAGE_MAX_FILE);
    int found = -1;
    for (unsigned k = 0; k < KIND_COUNT; k++) {
        buf_clear(&path);
        buf_addf(&path, "%s/live/%s/%s.pem", t->config_dir, name, kind_name((enum kind)k));
        if (fs_read(AT_FDCWD, buf_z(&path), &text, NULL))
            return -1;
        for (int i = 0; i < HELP_PAIRS; i++) {
            const signet_str part[] = { buf_str(&certs[i]), buf_str(&keys[i]), buf_str(&chain), buf_str(&fulls[i]) };
            if (!str_eq(part[k], buf_str(&text)))
                continue;
            if (k == KIND_CHAIN)
                break;
            if (found >= 0 && found != i)
                return -2;
            found = i;
        }
    }
    return found;
}

int help_run(struct buf *out, const char *const argv[])
{
    int p[2], status;
    if (pipe2(p, O_CLOEXEC))
        return -1;
    pid_t pid = fork();
    if (pid == 0) {
        dup2(p[1], 1);
        execv(argv[0], (char *const *)(uintptr_t)argv);
        _exit(127);
    }
    close(p[1]);
    char room[4096];
    for (ssize_t n; (n = read(p[0], room, sizeof room)) > 0;)
        if (out)
            buf_add(out, (signet_str){ room, (size_t)n });
    close(p[0]);
    return pid > 0 && waitpid(pid, &status, 0) == pid && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

unsigned help_mode(const char *path)
{
    struct stat st;
    return lstat(path, &st) ? 0 : st.st_mode & 07777;
}
