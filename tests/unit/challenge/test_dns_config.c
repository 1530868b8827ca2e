#include "challenge/dns_config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* Which of the patterns counts for a name: the first that fits. */
static void patterns(void **state)
{
    static const struct {
        const char *name, *code;
    } rows[] = {
        { "example.net", "one" },
        { "*.example.net", "one" },
        { "a.b.Example.NET", "one" },
        { "xexample.net", "rest" },
        { "*.example.org", "two" },
        { "www.example.org", "two" },
        { "example.org", "rest" },
        { "*.a.example.org", "two" },
        { "WWW.example.com", "three" },
        { "*.example.com", "rest" },
        { "net", "rest" },
    };
    struct request req = { 0 };
    RECORD_AUTO(config);
    (void)state;
    for (const char *const *p =
             (const char *const[]){ "example.net=one", "*.example.org = two", "www.example.com=three", NULL };
         *p; p++)
        assert_int_equal(strlist_addz(&req.dns_for, *p), 0);
    for (const char *const *p = (const char *const[]){ "one", "two", "three", "rest", NULL }; *p; p++)
        assert_int_equal(record_addz(&config, "profile", *p), 0);
    req.dns_provider = (char *)"rest";
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const char *code = "";
        assert_in_range(dns_config_profile(&config, &req, str_of(rows[i].name), &code), 0, 3);
        assert_string_equal(code, rows[i].code);
    }
    req.dns_provider = NULL;
    const char *code;
    assert_int_equal(dns_config_profile(&config, &req, STR("example.org"), &code), -1);
    strlist_done(&req.dns_for);
}

static void star_is_for_all(void **state)
{
    struct request req = { 0 };
    RECORD_AUTO(config);
    const char *code = "";
    (void)state;
    assert_int_equal(strlist_addz(&req.dns_for, "*=all"), 0);
    assert_int_equal(record_addz(&config, "profile", "all"), 0);
    assert_int_equal(dns_config_profile(&config, &req, STR("a.example"), &code), 0);
    assert_int_equal(dns_config_profile(&config, &req, STR("*.b.example"), &code), 0);
    strlist_done(&req.dns_for);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(patterns), cmocka_unit_test(star_is_for_all) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
