/* Credentials: where they come from, and in which order. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "dns/creds.h"
#include <cmocka.h>
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

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_ini), cmocka_unit_test(test_order_and_files) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
