/* Credentials: where they come from, and in which order. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "dns/creds.h"
#include <cmocka.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static void test_ini(void **state)
{
    (void)state;
    struct creds c = { 0 };
    struct err e = { 0 };
    BUF_AUTO(v, 100);
    assert_int_equal(creds_parse_ini(&c,
                                     STR("# a comment\n\ndns_x_token = abc # said\n[section]\n"
                                         "dns_x_key=\"q # q\"\r\ndns_x_none =\n"),
                                     "f", &e),
                     0);
    assert_int_equal(creds_get(&c, "dns_x_token", &v, &e), 0);
    assert_string_equal(buf_z(&v), "abc");
    assert_int_equal(creds_get(&c, "dns_x_key", &v, &e), 0);
    assert_string_equal(buf_z(&v), "q # q");
    assert_int_equal(creds_get(&c, "dns_x_none", &v, &e), SIGNET_ENOTFOUND);
    assert_true(strlist_has(&c.used, STR("dns_x_token")));
    creds_done(&c);
    assert_int_equal(creds_parse_ini(&c, STR("a = b\nthis is nothing\n"), "FILE", &e), SIGNET_EFORMAT);
    assert_string_equal(e.text, "FILE, line 2: this is not \"name = value\"");
    creds_done(&c);
}

static void test_order_and_files(void **state)
{
    (void)state;
    struct creds c = { 0 };
    struct err e = { 0 };
    BUF_AUTO(v, 100);
    char path[] = "/tmp/signet-creds-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, "from-file\n", 10), 10);
    close(fd);
    assert_int_equal(setenv("SIGNET_T_B_FILE", path, 1), 0);
    assert_int_equal(setenv("SIGNET_T_A", "", 1), 0); /* empty is not set */
    assert_int_equal(creds_any(&c, "SIGNET_T_A SIGNET_T_B", &v, &e), 0);
    assert_string_equal(buf_z(&v), "from-file");
    assert_int_equal(setenv("SIGNET_T_A", "env", 1), 0);
    assert_int_equal(creds_any(&c, "SIGNET_T_A SIGNET_T_B", &v, &e), 0);
    assert_string_equal(buf_z(&v), "env");
    assert_int_equal(strlist_addz(&c.given, "SIGNET_T_A=given"), 0);
    assert_int_equal(creds_any(&c, "SIGNET_T_A", &v, &e), 0);
    assert_string_equal(buf_z(&v), "given");
    unlink(path);
    assert_int_equal(creds_any(&c, "SIGNET_T_B", &v, &e), SIGNET_ENOTFOUND);
    c.no_env = true;
    assert_int_equal(creds_any(&c, "SIGNET_T_B", &v, &e), SIGNET_ENOTFOUND);
    creds_done(&c);
}

/* What a command printed is for all sets of credentials; one that has a file of its own keeps what is in that. */
static void test_own_file_before_what_is_given_to_all(void **state)
{
    (void)state;
    struct creds c = { .no_env = true };
    struct err e = { 0 };
    BUF_AUTO(v, 100);
    assert_int_equal(strlist_addz(&c.given, "SIGNET_T_A=of-all"), 0);
    assert_int_equal(strlist_addz(&c.given, "SIGNET_T_C=of-all"), 0);
    assert_int_equal(creds_parse_ini(&c, STR("SIGNET_T_A = own\n"), "f", &e), 0);
    assert_int_equal(creds_any(&c, "SIGNET_T_A", &v, &e), 0);
    assert_string_equal(buf_z(&v), "own");
    assert_int_equal(creds_any(&c, "SIGNET_T_C", &v, &e), 0);
    assert_string_equal(buf_z(&v), "of-all");
    creds_done(&c);
}

/* A file of credentials in a folder of its own. */
struct place {
    char dir[64], path[128];
};

static void put(struct place *x, mode_t mode)
{
    snprintf(x->dir, sizeof(x->dir), "/tmp/signet-creds-XXXXXX");
    assert_non_null(mkdtemp(x->dir));
    snprintf(x->path, sizeof(x->path), "%s/dns.ini", x->dir);
    int fd = open(x->path, O_WRONLY | O_CREAT | O_EXCL, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, "a = b\n", 6), 6);
    assert_int_equal(fchmod(fd, mode), 0);
    close(fd);
}

static void take_away(struct place *x)
{
    unlink(x->path);
    assert_int_equal(rmdir(x->dir), 0);
}

static void test_doubts(void **state)
{
    (void)state;
    static const struct {
        mode_t mode;
        uid_t owner;
        const char *ini, *other; /* parts of what is said; NULL: nothing */
    } t[] = {
        { 0600, 0, NULL, NULL },
        { 0640, 0, NULL, NULL },
        { 0644, 0, "Unsafe permissions on credentials configuration file: /tmp/", NULL },
        { 0444, 0, "Unsafe permissions", NULL },
        { 0602, 0, "Unsafe permissions", "that others can change (owner 0, mode 0602): /tmp/" },
        { 0600, 33, "that others can change (owner 33, mode 0600)", "that others can change (owner 33, mode 0600)" },
    };
    for (size_t i = 0; i < sizeof(t) / sizeof(t[0]) && geteuid() == 0; i++) {
        struct place x;
        put(&x, t[i].mode);
        assert_int_equal(chown(x.path, t[i].owner, 0), 0);
        for (int ini = 0; ini < 2; ini++) {
            struct creds c = { 0 };
            struct err e = { 0 };
            BUF_AUTO(v, 100);
            const char *want = ini ? t[i].ini : t[i].other;
            for (int twice = 0; twice < 2 - ini; twice++) {
                int rc = ini ? creds_read_ini(&c, x.path, &e) : creds_read_file(&c, x.path, &v, &e);
                assert_int_equal(rc, 0);
            }
            assert_int_equal(c.doubts.n, want != NULL);
            if (want && !strstr(c.doubts.v[0], want))
                fail_msg("row %zu: %s", i, c.doubts.v[0]);
            creds_done(&c);
        }
        take_away(&x);
    }
}

static void test_files_that_are_none(void **state)
{
    (void)state;
    static const struct {
        const char *what;
        int rc;
        const char *why;
    } t[] = {
        { "fifo", SIGNET_EFORMAT, "not a regular file" },
        { "folder", SIGNET_EFORMAT, "not a regular file" },
        { "/dev/zero", SIGNET_EFORMAT, "not a regular file" },
        { "huge", SIGNET_ELIMIT, "more than" },
        { "loop", SIGNET_ESYS, "dns.ini" },
        { "missing", SIGNET_ENOTFOUND, "dns.ini" },
        { "link", 0, "" },
    };
    for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
        struct place x;
        struct creds c = { 0 };
        struct err e = { 0 };
        BUF_AUTO(aside, 256);
        put(&x, 0600);
        buf_addf(&aside, "%s.real", x.path);
        if (!strcmp(t[i].what, "link"))
            assert_true(rename(x.path, buf_z(&aside)) == 0 && symlink(buf_z(&aside), x.path) == 0);
        else if (!strcmp(t[i].what, "huge"))
            assert_int_equal(truncate(x.path, CREDS_FILE_MAX + 1), 0);
        else
            unlink(x.path);
        if (!strcmp(t[i].what, "fifo"))
            assert_int_equal(mkfifo(x.path, 0600), 0);
        if (!strcmp(t[i].what, "folder"))
            assert_int_equal(mkdir(x.path, 0700), 0);
        if (!strcmp(t[i].what, "loop"))
            assert_int_equal(symlink("dns.ini", x.path), 0);
        int rc = creds_read_ini(&c, t[i].what[0] == '/' ? t[i].what : x.path, &e);
        if (rc != t[i].rc || !strstr(e.text, t[i].why))
            fail_msg("%s: %d %s", t[i].what, rc, e.text);
        assert_true(rc != 0 || c.ini.n == 2);
        creds_done(&c);
        unlink(buf_z(&aside));
        rmdir(x.path);
        take_away(&x);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_ini), cmocka_unit_test(test_order_and_files),
                                        cmocka_unit_test(test_own_file_before_what_is_given_to_all),
                                        cmocka_unit_test(test_doubts), cmocka_unit_test(test_files_that_are_none) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
