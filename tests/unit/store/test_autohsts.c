/* What is kept of --auto-hsts between runs: certbot's file. */
#include "store/autohsts.h"

#include "base/fs.h"
#include "store_help.h"
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>
// clang-format off
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
// clang-format on

static char dir[] = "/tmp/signet-autohsts-XXXXXX";
static struct tree tree = { .config_dir = dir };

static void put(const char *text)
{
    BUF_AUTO(path, PATH_MAX);
    fs_join(&path, dir, ".pluginstorage.json");
    assert_int_equal(fs_replace(AT_FDCWD, buf_z(&path), str_of(text), 0600, false, NULL), 0);
}

static void get(struct buf *ret)
{
    BUF_AUTO(path, PATH_MAX);
    fs_join(&path, dir, ".pluginstorage.json");
    assert_int_equal(fs_read(AT_FDCWD, buf_z(&path), ret, NULL), 0);
}

static void steps_are_two_days_apart(void **state)
{
    static const unsigned values[] = { 60, 300, 900, 3600, 21600, 43200, 86400 };
    (void)state;
    for (unsigned i = 0; i < AUTOHSTS_STEPS; i++) {
        const struct autohsts_entry x = { .step = i, .raised = 1000 };
        assert_int_equal(autohsts_value(i), values[i]);
        assert_int_equal(autohsts_last(&x), i == 6);
        assert_false(autohsts_due(&x, 1000 + AUTOHSTS_PAUSE_S - 1));
        assert_int_equal(autohsts_due(&x, 1000 + AUTOHSTS_PAUSE_S), i < 6);
    }
    assert_int_equal(autohsts_value(99), 86400);
}

static void what_certbot_wrote_is_kept(void **state)
{
    struct autohsts a = { 0 };
    BUF_AUTO(text, 4096);
    (void)state;
    put("{\"nginx\": {\"x\": [1]}, \"apache\": {\"other\": true, \"autohsts\": {\"0a\": {\"laststep\": 2, "
        "\"timestamp\": "
        "1700000000.25}, \"0b\": {\"laststep\": 0, \"timestamp\": 5}}}}");
    assert_int_equal(autohsts_read(&tree, "apache", &a, NULL), 0);
    assert_int_equal(a.n, 2);
    assert_string_equal(a.v[0].id, "0a");
    assert_int_equal(a.v[0].step, 2);
    assert_true(a.v[0].raised > 1700000000.2 && a.v[0].raised < 1700000000.3);
    autohsts_remove(&a, "0b");
    autohsts_remove(&a, "none");
    assert_int_equal(autohsts_add(&a, "0a", 3, 1700200000), 0);
    assert_int_equal(a.n, 1);
    assert_int_equal(autohsts_write(&tree, "apache", &a, NULL), 0);
    get(&text);
    assert_string_equal(buf_z(&text), "{\"nginx\": {\"x\": [1]}, \"apache\": {\"other\": true, \"autohsts\": {\"0a\": "
                                      "{\"laststep\": 3, \"timestamp\": 1700200000.0}}}}");
    autohsts_done(&a);
}

static void nothing_there_is_nothing(void **state)
{
    static const char *const texts[] = { "", "  \n", "{}", "{\"apache\": {}}", "{\"apache\": {\"autohsts\": {}}}" };
    BUF_AUTO(text, 4096);
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct autohsts a = { 0 };
        put(texts[i]);
        assert_int_equal(autohsts_read(&tree, "apache", &a, NULL), 0);
        assert_int_equal(a.n, 0);
        assert_int_equal(autohsts_add(&a, "0c", 0, 7), 0);
        assert_int_equal(autohsts_write(&tree, "apache", &a, NULL), 0);
        buf_clear(&text);
        get(&text);
        assert_string_equal(buf_z(&text),
                            "{\"apache\": {\"autohsts\": {\"0c\": {\"laststep\": 0, \"timestamp\": 7.0}}}}");
        autohsts_done(&a);
    }
}

static void what_cannot_be_understood_is_not_overwritten(void **state)
{
    static const char *const texts[] = {
        "[]",
        "{",
        "nonsense",
        "{\"apache\": {\"autohsts\": {\"x\": 1}}}",
        "{\"apache\": {\"autohsts\": {\"x\": {\"laststep\": -1, \"timestamp\": 1}}}}",
        "{\"apache\": {\"autohsts\": {\"x\": {\"laststep\": \"1\", \"timestamp\": 1}}}}",
        "{\"a\":[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]}"
    };
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct autohsts a = { 0 };
        struct err e = { 0 };
        BUF_AUTO(text, 4096);
        put(texts[i]);
        assert_int_equal(autohsts_read(&tree, "apache", &a, &e), SIGNET_EFORMAT);
        assert_int_equal(a.n, 0);
        assert_non_null(strstr(e.text, ".pluginstorage.json"));
        get(&text);
        assert_string_equal(buf_z(&text), texts[i]);
    }
}

static int begin(void **state)
{
    (void)state;
    return mkdtemp(dir) ? 0 : 1;
}

static int end(void **state)
{
    (void)state;
    return fs_remove_tree(AT_FDCWD, dir, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(steps_are_two_days_apart),
        cmocka_unit_test(what_certbot_wrote_is_kept),
        cmocka_unit_test(nothing_there_is_nothing),
        cmocka_unit_test(what_cannot_be_understood_is_not_overwritten),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
