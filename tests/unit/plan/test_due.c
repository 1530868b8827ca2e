#include "plan/due.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define H  INT64_C(3600)
#define D  (24 * H)
#define T0 (INT64_C(1790000000))

static struct due_input life(int64_t length, int64_t age)
{
    return (struct due_input){ .now = T0 + age, .not_before = T0, .not_after = T0 + length, .autorenew = true };
}

static void lifetime_rule(void **state)
{
    static const struct {
        int64_t length, age;
        bool due;
    } rows[] = {
        { 90 * D, 59 * D, false },  { 90 * D, 60 * D, true }, { 90 * D, 61 * D, true },
        { 45 * D, 29 * D, false },  { 45 * D, 30 * D, true }, { 10 * D, 6 * D, false },
        { 10 * D, 7 * D, true },    { 6 * D, 71 * H, false }, { 6 * D, 72 * H, true },
        { 1 * H, 29 * 60, false },  { 1 * H, 31 * 60, true }, { 398 * D, 265 * D, false },
        { 398 * D, 266 * D, true }, { 0, 0, true },           { -5, 0, true },
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct due_input in = life(rows[i].length, rows[i].age);
        struct due d = due_decide(&in);
        if (d.due != rows[i].due)
            fail_msg("row %zu: due is %d", i, d.due);
    }
}

static void switches_come_first(void **state)
{
    struct due_input in = life(90 * D, 1 * D);
    (void)state;
    in.force = true;
    assert_int_equal(due_decide(&in).why, DUE_FORCED);
    in.force = false;
    in.dry_run = true;
    in.autorenew = false;
    assert_int_equal(due_decide(&in).why, DUE_DRY_RUN);
    in.dry_run = false;
    in.now = in.not_after + 1;
    assert_false(due_decide(&in).due);
    in.autorenew = true;
    assert_int_equal(due_decide(&in).why, DUE_EXPIRED);
    in = life(90 * D, 1 * D);
    in.revoked = true;
    assert_true(due_decide(&in).due);
}

static void ari_window(void **state)
{
    struct due_input in = life(90 * D, 20 * D);
    (void)state;
    in.have_ari = true;
    in.ari_start = T0 + 10 * D;
    in.ari_end = T0 + 12 * D;
    assert_true(due_decide(&in).due); /* wholly in the past: now */
    in.ari_start = T0 + 60 * D;
    in.ari_end = T0 + 62 * D;
    for (uint64_t r = 0; r < 100; r++) {
        in.random = r * UINT64_C(0x9e3779b97f4a7c15);
        struct due d = due_decide(&in);
        assert_false(d.due);
        assert_int_equal(d.why, DUE_ARI);
        assert_true(d.at >= in.ari_start && d.at < in.ari_end);
    }
    /* "later" holds against the lifetime rule … */
    in.now = T0 + 61 * D;
    in.ari_start = T0 + 70 * D;
    in.ari_end = T0 + 71 * D;
    assert_false(due_decide(&in).due);
    /* … but not up to the end of the certificate */
    in.ari_start = T0 + 89 * D;
    in.ari_end = T0 + 90 * D;
    assert_int_equal(due_decide(&in).why, DUE_LIFETIME);
    assert_true(due_decide(&in).due);
}

/* RFC 9773 section 4.2: a uniform random time. Chi squared over 20 parts of the window; 36.19 is what chance exceeds
 * once in a hundred. The random bits are SplitMix64's of a fixed seed, so that the test says the same each time. */
static void the_window_is_used_evenly(void **state)
{
    enum { PARTS = 20, DRAWS = 20000 };
    struct due_input in = life(90 * D, 20 * D);
    unsigned hit[PARTS] = { 0 };
    uint64_t seed = 42;
    double sum = 0;
    (void)state;
    in.have_ari = true;
    in.ari_start = T0 + 60 * D;
    in.ari_end = T0 + 62 * D + 1; /* no power of two */
    for (unsigned i = 0; i < DRAWS; i++) {
        uint64_t z = (seed += UINT64_C(0x9e3779b97f4a7c15));
        z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
        z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
        in.random = z ^ (z >> 31);
        hit[(due_decide(&in).at - in.ari_start) * PARTS / (in.ari_end - in.ari_start)]++;
    }
    for (unsigned i = 0; i < PARTS; i++) {
        double off = (double)hit[i] - (double)DRAWS / PARTS;
        sum += off * off / ((double)DRAWS / PARTS);
    }
    assert_true(sum < 36.19);
}

static void before_expiry(void **state)
{
    struct due_input in = life(90 * D, 50 * D);
    (void)state;
    in.have_before = true;
    in.before_s = 45 * D;
    assert_true(due_decide(&in).due);
    in.before_s = 30 * D;
    assert_false(due_decide(&in).due);
    in.now = T0 + 65 * D;
    assert_true(due_decide(&in).due);
    in.before_s = 10 * D; /* it decides alone, later than the lifetime rule, too */
    assert_false(due_decide(&in).due);
    in.have_ari = true; /* the CA's "later" does not hold against it, its "now" does */
    in.ari_start = T0 + 70 * D;
    in.ari_end = T0 + 71 * D;
    assert_int_equal(due_decide(&in).why, DUE_BEFORE);
    in.ari_start = T0 + 10 * D;
    in.ari_end = T0 + 11 * D;
    assert_int_equal(due_decide(&in).why, DUE_ARI);
    assert_true(due_decide(&in).due);
}

static void intervals(void **state)
{
    static const struct {
        const char *text;
        int64_t s;
    } good[] = { { "30 days", 30 * D },     { "1 day", D },
                 { "720 hours", 30 * D },   { "1 day 12 hours", D + 12 * H },
                 { "30", 30 * D },          { "2 weeks", 14 * D },
                 { "90 minutes", 5400 },    { " 3d ", 3 * D },
                 { "1 week, 1 day", 8 * D } };
    static const char *const bad[] = { "",         "days",    "30 lightyears", "-1 day", "99999999999999999999 days",
                                       "1.5 days", "30 days!" };
    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        int64_t s = -1;
        if (due_parse_interval(str_of(good[i].text), &s) || s != good[i].s)
            fail_msg("%s gives %lld", good[i].text, (long long)s);
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        int64_t s = 77;
        assert_int_equal(due_parse_interval(str_of(bad[i]), &s), SIGNET_EINVAL);
        assert_int_equal(s, 77);
    }
}

static void says_why(void **state)
{
    struct due_input in = life(90 * D, 61 * D);
    struct due d = due_decide(&in);
    BUF_AUTO(text, 1024);
    (void)state;
    due_words(&text, &in, &d);
    assert_non_null(strstr(buf_z(&text), "two thirds of its lifetime"));
    assert_true(str_starts(buf_str(&text), STR("due: ")));
    buf_clear(&text);
    in = life(6 * D, 1 * D);
    d = due_decide(&in);
    due_words(&text, &in, &d);
    assert_true(str_starts(buf_str(&text), STR("not due: half")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lifetime_rule),
        cmocka_unit_test(switches_come_first),
        cmocka_unit_test(ari_window),
        cmocka_unit_test(before_expiry),
        cmocka_unit_test(intervals),
        cmocka_unit_test(says_why),
        cmocka_unit_test(the_window_is_used_evenly),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
