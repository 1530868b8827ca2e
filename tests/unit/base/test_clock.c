#include "base/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <time.h>

static void writes_and_reads_the_same_moment(void **state)
{
    (void)state;
    static const struct {
        int64_t t;
        const char *z, *spaced, *date;
    } t[] = {
        { 0, "1970-01-01T00:00:00Z", "1970-01-01 00:00:00+00:00", "1970-01-01" },
        { 951782399, "2000-02-28T23:59:59Z", "2000-02-28 23:59:59+00:00", "2000-02-28" },
        { 951782400, "2000-02-29T00:00:00Z", "2000-02-29 00:00:00+00:00", "2000-02-29" },
        { 1795335968, "2026-11-22T08:26:08Z", "2026-11-22 08:26:08+00:00", "2026-11-22" },
        { 2147483648, "2038-01-19T03:14:08Z", "2038-01-19 03:14:08+00:00", "2038-01-19" },
        { 4107542400, "2100-03-01T00:00:00Z", "2100-03-01 00:00:00+00:00", "2100-03-01" },
        { 253402300799, "9999-12-31T23:59:59Z", "9999-12-31 23:59:59+00:00", "9999-12-31" },
    };
    for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
        BUF_AUTO(b, 100);
        int64_t back = -1;
        clock_fmt_rfc3339(&b, t[i].t);
        assert_string_equal(buf_z(&b), t[i].z);
        assert_int_equal(clock_parse_rfc3339(buf_str(&b), &back), 0);
        assert_int_equal(back, t[i].t);
        buf_clear(&b);
        clock_fmt_iso_space(&b, t[i].t);
        assert_string_equal(buf_z(&b), t[i].spaced);
        assert_int_equal(clock_parse_rfc3339(buf_str(&b), &back), 0);
        assert_int_equal(back, t[i].t);
        buf_clear(&b);
        clock_fmt_date(&b, t[i].t);
        assert_string_equal(buf_z(&b), t[i].date);
    }
}

/* Every day from 1970 to 2120 against the C library. */
static void agrees_with_gmtime(void **state)
{
    (void)state;
    for (int64_t t = 43200; t < INT64_C(4733510400); t += 86400) {
        BUF_AUTO(b, 100);
        char want[40];
        time_t at = (time_t)t;
        struct tm tm;
        strftime(want, sizeof(want), "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&at, &tm));
        clock_fmt_rfc3339(&b, t);
        int64_t back = 0;
        if (strcmp(want, buf_z(&b)) || clock_parse_rfc3339(buf_str(&b), &back) || back != t)
            fail_msg("%s is not %s", buf_z(&b), want);
    }
}

static void out_of_range_is_clamped(void **state)
{
    (void)state;
    BUF_AUTO(b, 100);
    clock_fmt_rfc3339(&b, INT64_MAX);
    clock_fmt_rfc3339(&b, INT64_MIN);
    clock_fmt_local_naive(&b, INT64_MAX);
    assert_true(str_starts(buf_str(&b), STR("9999-12-31T23:59:59Z1970-01-01T00:00:00Z9999-")));
}

static void reads_rfc3339(void **state)
{
    (void)state;
    static const struct {
        signet_str in;
        int r;
        int64_t t;
    } t[] = {
        { STR("1970-01-01t00:00:01z"), 0, 1 },
        { STR("1970-01-01T00:00:01.999999999Z"), 0, 1 },
        { STR("1970-01-01T01:30:01+01:30"), 0, 1 },
        { STR("1969-12-31T22:30:01-01:30"), SIGNET_EINVAL, 0 },
        { STR("1970-01-01T00:00:00-01:30"), 0, 5400 },
        { STR("1970-01-01T00:00:00+00:01"), SIGNET_EINVAL, 0 },
        { STR("9999-12-31T23:59:59-00:01"), SIGNET_EINVAL, 0 },
        { STR("2016-12-31T23:59:60Z"), 0, 1483228800 },
        { STR("2016-12-31T23:59:61Z"), SIGNET_EINVAL, 0 },
        { STR("2023-02-29T00:00:00Z"), SIGNET_EINVAL, 0 },
        { STR("2024-02-29T00:00:00Z"), 0, 1709164800 },
        { STR("2100-02-29T00:00:00Z"), SIGNET_EINVAL, 0 },
        { STR("0000-00-00T00:00:00Z"), SIGNET_EINVAL, 0 },
        { STR("2024-00-01T00:00:00Z"), SIGNET_EINVAL, 0 },
        { STR("2024-13-01T00:00:00Z"), SIGNET_EINVAL, 0 },
        { STR("2024-01-00T00:00:00Z"), SIGNET_EINVAL, 0 },
        { STR("2024-01-32T00:00:00Z"), SIGNET_EINVAL, 0 },
        { STR("2024-01-01T24:00:00Z"), SIGNET_EINVAL, 0 },
        { STR("2024-01-01T00:60:00Z"), SIGNET_EINVAL, 0 },
        { STR("2024-01-01T00:00:00+25:00"), SIGNET_EINVAL, 0 },
        { STR("2024-01-01T00:00:00+00:60"), SIGNET_EINVAL, 0 },
        { STR("10000-01-01T00:00:00Z"), SIGNET_EINVAL, 0 },
        { STR("2024-01-01T00:00:00"), SIGNET_EINVAL, 0 },
        { STR("2024-01-01T00:00:00.Z"), SIGNET_EINVAL, 0 },
        { STR("2024-01-01T00:00:00ZZ"), SIGNET_EINVAL, 0 },
        { STR("2024-01-01T00:00:00Z\0"), SIGNET_EINVAL, 0 },
        { STR("2024-01-01"), SIGNET_EINVAL, 0 },
        { STR(" 2024-01-01T00:00:00Z"), SIGNET_EINVAL, 0 },
        { STR("2024/01/01T00:00:00Z"), SIGNET_EINVAL, 0 },
        { STR("+024-01-01T00:00:00Z"), SIGNET_EINVAL, 0 },
        { STR(""), SIGNET_EINVAL, 0 },
    };
    for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
        int64_t v = -7;
        int r = clock_parse_rfc3339(t[i].in, &v);
        if (r != t[i].r || v != (r ? -7 : t[i].t))
            fail_msg("%.*s: %d, %lld", STR_ARG(t[i].in), r, (long long)v);
    }
}

static void no_prefix_of_a_time_is_a_time(void **state)
{
    (void)state;
    signet_str whole = STR("2024-02-29T12:34:56.789+02:00");
    for (size_t n = 0; n < whole.n; n++) {
        char *copy = malloc(n + 1); /* its own block, so that reading past the end shows */
        memcpy(copy, whole.p, n);
        int64_t v;
        assert_int_equal(clock_parse_rfc3339((signet_str){ copy, n }, &v), SIGNET_EINVAL);
        free(copy);
    }
}

static void reads_retry_after(void **state)
{
    (void)state;
    enum { NOW = 784111700, MAX = 86400 }; /* 77 s before the moment of RFC 9110's examples */
    static const struct {
        signet_str in;
        int r;
        int64_t wait;
    } t[] = {
        { STR("0"), 0, 0 },
        { STR(" 120 "), 0, 120 },
        { STR("86401"), 0, MAX },
        { STR("99999999999999999999999999"), 0, MAX },
        { STR("Sun, 06 Nov 1994 08:49:37 GMT"), 0, 77 },
        { STR("Sunday, 06-Nov-94 08:49:37 GMT"), 0, 77 },
        { STR("Sun Nov  6 08:49:37 1994"), 0, 77 },
        { STR("Tue Nov 15 08:49:37 1994"), 0, MAX },
        { STR("Sun, 06 Nov 1990 08:49:37 GMT"), 0, 0 },
        { STR("Sun, 06 Nov 9999 08:49:37 GMT"), 0, MAX },
        { STR("Sunday, 06-Nov-93 08:49:37 GMT"), 0, 0 },
        { STR("Sunday, 06-Nov-44 08:49:37 GMT"), 0, MAX },
        { STR("Sun, 31 Feb 1994 08:49:37 GMT"), SIGNET_EINVAL, 0 },
        { STR("Sun, 06 Foo 1994 08:49:37 GMT"), SIGNET_EINVAL, 0 },
        { STR("Xun, 06 Nov 1994 08:49:37 GMT"), SIGNET_EINVAL, 0 },
        { STR("Sun, 06 Nov 1994 08:49:37 CET"), SIGNET_EINVAL, 0 },
        { STR("Sun, 06 Nov 1994 08:49:37"), SIGNET_EINVAL, 0 },
        { STR("Sun, 06 Nov 1994 08:49:37 GMT x"), SIGNET_EINVAL, 0 },
        { STR("Sunny, 06-Nov-94 08:49:37 GMT"), SIGNET_EINVAL, 0 },
        { STR("-1"), SIGNET_EINVAL, 0 },
        { STR("1.5"), SIGNET_EINVAL, 0 },
        { STR("soon"), SIGNET_EINVAL, 0 },
        { STR(""), SIGNET_EINVAL, 0 },
    };
    for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
        int64_t v = -7;
        int r = clock_parse_retry_after(t[i].in, NOW, MAX, &v);
        if (r != t[i].r || v != (r ? -7 : t[i].wait))
            fail_msg("%.*s: %d, %lld", STR_ARG(t[i].in), r, (long long)v);
    }
    /* Two digits in 2026: 2076 is the furthest year ahead. */
    int64_t v = -7;
    assert_int_equal(clock_parse_retry_after(STR("Friday, 06-Nov-76 08:49:37 GMT"), 1795335968, MAX, &v), 0);
    assert_int_equal(v, MAX);
    assert_int_equal(clock_parse_retry_after(STR("Sunday, 06-Nov-77 08:49:37 GMT"), 1795335968, MAX, &v), 0);
    assert_int_equal(v, 0);
}

static void local_time_goes_there_and_back(void **state)
{
    (void)state;
    static const char *const zones[] = { "UTC0", "CET-1CEST,M3.5.0,M10.5.0/3", "NST3:30NDT,M3.2.0,M11.1.0" };
    for (size_t i = 0; i < sizeof(zones) / sizeof(zones[0]); i++) {
        setenv("TZ", zones[i], 1);
        tzset();
        for (int64_t t = 86400; t < INT64_C(4000000000); t += 8640001) {
            BUF_AUTO(b, 100);
            clock_fmt_local_naive(&b, t);
            int64_t back = 0;
            assert_int_equal(clock_parse_local_naive(buf_str(&b), &back), 0);
            assert_true(back == t || back == t + 3600 || back == t - 3600); /* the hour that comes twice */
        }
    }
    setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3", 1);
    tzset();
    int64_t v = 0;
    assert_int_equal(clock_parse_local_naive(STR("2026-11-22T14:31:00"), &v), 0);
    assert_int_equal(v, 1795354260);
    assert_int_equal(clock_parse_local_naive(STR("2026-07-22T14:31:00.123456"), &v), 0);
    assert_int_equal(v, 1784723460);
    assert_int_equal(clock_parse_local_naive(STR("2026-11-22T14:31:00Z"), &v), SIGNET_EINVAL);
    assert_int_equal(clock_parse_local_naive(STR("2026-11-22T14:31:00+01:00"), &v), SIGNET_EINVAL);
    assert_int_equal(clock_parse_local_naive(STR(""), &v), SIGNET_EINVAL);
}

static void the_clocks_go(void **state)
{
    (void)state;
    assert_true(clock_wall_s() > 1700000000);
    assert_true(clock_wall_ms() / 1000 - clock_wall_s() <= 1);
    int64_t a = clock_mono_ms();
    assert_true(clock_mono_ms() >= a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writes_and_reads_the_same_moment), cmocka_unit_test(agrees_with_gmtime),
        cmocka_unit_test(out_of_range_is_clamped),          cmocka_unit_test(reads_rfc3339),
        cmocka_unit_test(no_prefix_of_a_time_is_a_time),    cmocka_unit_test(reads_retry_after),
        cmocka_unit_test(local_time_goes_there_and_back),   cmocka_unit_test(the_clocks_go),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
