#include "cli/ini.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static const struct {
    const char *text, *want; /* keys and values as "key=value;", lists as "key=[a|b];"; or the error */
} rows[] = {
    { "", "" },
    { "# comment\n; comment\n\n[section]\n---\n----- x\n", "" },
    { "key = value", "key=value;" },
    { "key=value\r\n", "key=value;" },
    { "key: value\n", "key=value;" },
    { "key value\n", "key=value;" },
    { "  key   =   value  \n", "key=value;" },
    { "key\n", "key=true;" },
    { "key =\n", "key=;" },
    { "--key = value\n", "key=value;" },
    { "key = a=b:c\n", "key=a=b:c;" },
    { "key = \"a b\"\n", "key=a b;" },
    { "key = 'a b' # c\n", "key=a b;" },
    { "key = \"a ; b\"\n", "key=a ; b;" },
    { "key = \"a\" and \"b\"\n", "key=a\" and \"b;" },
    { "key = \"unclosed\n", "key=\"unclosed;" },
    { "key = a # comment\n", "key=a;" },
    { "key = a#no comment\n", "key=a#no comment;" },
    { "key = a; b\n", "key=a; b;" },
    { "key = a ; b\n", "key=a;" },
    { "key # comment\n", "key=true;" },
    { "key = [a, b]\n", "key=[a|b];" },
    { "key = [\"a, x\", \"b\", 3]\n", "key=[a, x|b|3];" },
    { "key = []\n", "key=[];" },
    { "key = {\"a\": \"/b\"}\n", "key={\"a\": \"/b\"};" },
    { "a = 1\nb = 2\na = 3\n", "a=3;b=2;" },
    { "=x\n", "Unexpected line 0 in F: =x" },
    { "a = 1\n: x\n", "Unexpected line 1 in F: : x" },
    { "a#b = 1\n", "Unexpected line 0 in F: a#b = 1" },
    { "a = \x1b[31m\n", "a=\x1b[31m;" },
    { "=\x1b[31m\n", "Unexpected line 0 in F: =\\x1b[31m" },
};

static void test_lines(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct ini ini = { 0 };
        struct err e = { 0 };
        BUF_AUTO(got, 4096);
        int rc = ini_parse(&ini, str_of(rows[i].text), "F", &e);
        for (size_t k = 0; k < ini.n; k++) {
            buf_addf(&got, "%s=%s", ini.v[k].key, ini.v[k].list ? "[" : "");
            strlist_join(&ini.v[k].values, "|", &got);
            buf_addz(&got, ini.v[k].list ? "];" : ";");
        }
        if (rc) {
            assert_int_equal(rc, SIGNET_EUSAGE);
            buf_addz(&got, e.text);
        }
        assert_string_equal(buf_z(&got), rows[i].want);
        ini_done(&ini);
    }
}

static void test_limits(void **state)
{
    (void)state;
    for (int extra = 0; extra < 2; extra++) {
        BUF_AUTO(text, 1 << 20);
        struct ini ini = { 0 };
        struct err e = { 0 };
        for (int i = 0; i < INI_KEYS_MAX + extra; i++)
            buf_addf(&text, "key%d = x\n", i);
        assert_int_equal(ini_parse(&ini, buf_str(&text), "F", &e), extra ? SIGNET_EUSAGE : 0);
        ini_done(&ini);
    }
    struct ini ini = { 0 };
    struct err e = { 0 };
    assert_int_equal(ini_parse(&ini, (signet_str){ "a = x\0y\n", 8 }, "F", &e), SIGNET_EUSAGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_lines), cmocka_unit_test(test_limits) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
