/* When to try again. */
#include "store_help.h"

#include "store/backoff.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define NOW  1800000000
#define HOUR 3600
#define DAY  (24 * HOUR)

static struct tree tree;

static int setup(void **state)
{
    int rc = help_setup(state);
    if (!rc)
        help_tree(&tree, "t");
    return rc;
}

static int teardown(void **state)
{
    tree_done(&tree);
    return help_teardown(state);
}

static void the_ladder_ends_at_a_day(void **state)
{
    (void)state;
    static const int64_t steps[] = { 60, 600, 6000, DAY, DAY, DAY };
    struct backoff b = { 0 };
    int64_t t = NOW;
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        backoff_fail(&b, t, BACKOFF_FAILED, 99999999, "no");
        assert_int_equal(b.failures, i + 1);
        assert_true(backoff_until(&b, t) == t + steps[i]);
        assert_true(backoff_until(&b, t + steps[i] - 1) == t + steps[i]);
        assert_true(backoff_until(&b, t + steps[i]) == 0);
        t += steps[i];
    }
    backoff_success(&b, t, false);
    assert_true(backoff_until(&b, t) == 0);
    assert_int_equal(b.failures, 0);
    backoff_fail(&b, t, BACKOFF_FAILED, 0, "no");
    assert_true(backoff_until(&b, t) == t + 60);
}

static void four_hundred_days_of_failure(void **state)
{
    (void)state;
    struct backoff b = { 0 };
    size_t tries = 0, early = 0;
    for (int64_t t = NOW; t < NOW + 400LL * DAY; t += 60) { /* a timer that rings each minute */
        if (backoff_until(&b, t))
            continue;
        tries++;
        early += t < NOW + 2 * HOUR;
        backoff_fail(&b, t, BACKOFF_FAILED, 0, "no");
    }
    assert_int_equal(early, 4);
    assert_true(tries <= 403);
}

static void the_cas_word_is_kept_within_reason(void **state)
{
    (void)state;
    static const struct {
        enum backoff_kind kind;
        int64_t retry_after, want;
    } rows[] = {
        { BACKOFF_RATE, 3600, 3600 },
        { BACKOFF_RATE, 0, BACKOFF_CA_DEFAULT_S },
        { BACKOFF_RATE, 5, 60 },
        { BACKOFF_RATE, -5, 60 },
        { BACKOFF_RATE, INT64_MAX, BACKOFF_CA_MAX_S },
        { BACKOFF_PAUSED, 0, DAY },
        { BACKOFF_PAUSED, 2 * DAY, 2 * DAY },
        { BACKOFF_PAUSED, 999 * DAY, BACKOFF_CA_MAX_S },
        { BACKOFF_NONE, 60, 0 },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct backoff b = { 0 };
        backoff_fail(&b, NOW, rows[i].kind, rows[i].retry_after, "slow down");
        assert_true(backoff_until(&b, NOW) == (rows[i].want ? NOW + rows[i].want : 0));
        assert_int_equal(b.failures, 0);
    }
}

static void a_clock_that_went_back_holds_nothing(void **state)
{
    (void)state;
    struct backoff b = { 0 };
    backoff_fail(&b, NOW, BACKOFF_FAILED, 0, "no");
    assert_true(backoff_until(&b, NOW - 2 * DAY) == 0);
    backoff_fail(&b, NOW, BACKOFF_RATE, 7 * DAY, "no");
    assert_true(backoff_until(&b, NOW - 1) == 0);
    assert_true(backoff_until(&b, NOW) == NOW + 7 * DAY);
}

static void issuances_of_a_week_are_counted(void **state)
{
    (void)state;
    struct backoff b = { 0 };
    for (int i = 0; i < 12; i++)
        backoff_success(&b, NOW + i * HOUR, true);
    assert_int_equal(b.n_issued, BACKOFF_ISSUED_MAX);
    assert_int_equal(backoff_issued(&b, NOW + 11 * HOUR), BACKOFF_ISSUED_MAX);
    assert_int_equal(backoff_issued(&b, NOW + 7 * DAY + 9 * HOUR), 2);
    assert_int_equal(backoff_issued(&b, NOW + 30 * DAY), 0);
}

static void long_words_are_cut_at_a_character(void **state)
{
    (void)state;
    BUF_AUTO(text, 4096);
    struct backoff b = { 0 };
    for (int i = 0; i < 300; i++)
        buf_addz(&text, "\xc3\xa9");
    buf_addz(&text, "x");
    backoff_fail(&b, NOW, BACKOFF_FAILED, 0, buf_z(&text));
    assert_int_equal(strlen(b.why), 510);
    backoff_fail(&b, NOW, BACKOFF_FAILED, 0, NULL);
    assert_string_equal(b.why, "");
}

static void it_is_kept_by_ca_and_names(void **state)
{
    (void)state;
    STRLIST_AUTO(names);
    STRLIST_AUTO(turned);
    STRLIST_AUTO(other);
    STRLIST_AUTO(files);
    struct err e = { 0 };
    struct backoff b = { 0 }, got;
    BUF_AUTO(dir, 4096);
    strlist_addz(&names, "b.test");
    strlist_addz(&names, "a.test");
    strlist_addz(&turned, "a.test");
    strlist_addz(&turned, "b.test");
    strlist_addz(&other, "a.test");
    backoff_load(&tree, "https://ca.test/", &names, &got);
    assert_int_equal(got.kind, BACKOFF_NONE);
    backoff_success(&b, NOW - 5, true);
    backoff_fail(&b, NOW, BACKOFF_PAUSED, 0, "paused \"for\" you");
    assert_int_equal(backoff_save(&tree, "https://ca.test/", &names, &b, &e), 0);
    backoff_load(&tree, "https://ca.test/", &turned, &got);
    assert_int_equal(got.kind, BACKOFF_PAUSED);
    assert_true(got.not_before == b.not_before && got.failed_at == NOW && got.issued[0] == NOW - 5);
    assert_string_equal(got.why, b.why);
    assert_int_equal(got.n_issued, 1);
    backoff_load(&tree, "https://other.test/", &names, &got);
    assert_int_equal(got.kind, BACKOFF_NONE);
    backoff_load(&tree, "https://ca.test/", &other, &got);
    assert_int_equal(got.kind, BACKOFF_NONE);
    buf_addf(&dir, "%s/signet/backoff", tree.work_dir);
    assert_int_equal(fs_list(AT_FDCWD, buf_z(&dir), &files, &e), 0);
    assert_int_equal(files.n, 1);
    /* a file that is no such file is as if it were not there */
    static const char *const bad[] = { "", "{", "[1]", "{\"version\":2,\"kind\":\"rate\",\"not_before\":1}",
                                       "{\"version\":1,\"kind\":7,\"issued\":3}" };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        BUF_AUTO(path, 4096);
        fs_join(&path, buf_z(&dir), files.v[0]);
        assert_int_equal(fs_replace(AT_FDCWD, buf_z(&path), str_of(bad[i]), 0600, false, &e), 0);
        backoff_load(&tree, "https://ca.test/", &names, &got);
        assert_int_equal(got.kind, BACKOFF_NONE);
        assert_int_equal(got.n_issued, 0);
    }
    b = (struct backoff){ 0 };
    assert_int_equal(backoff_save(&tree, "https://ca.test/", &names, &b, &e), 0);
    assert_int_equal(fs_list(AT_FDCWD, buf_z(&dir), &files, &e), 0);
    assert_int_equal(files.n, 0);
}

int main(void)
{
#define T(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(the_ladder_ends_at_a_day),           T(four_hundred_days_of_failure),
        T(the_cas_word_is_kept_within_reason), T(a_clock_that_went_back_holds_nothing),
        T(issuances_of_a_week_are_counted),    T(long_words_are_cut_at_a_character),
        T(it_is_kept_by_ca_and_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
