#include "base/clock.h"

#include <time.h>

/* The part of the clock that asks the system: what time it is, and which time zone this is. */

static int64_t ms_of(clockid_t id)
{
    struct timespec ts = { 0 };
    clock_gettime(id, &ts);
    return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

int64_t clock_wall_s(void)
{
    return clock_wall_ms() / 1000;
}

int64_t clock_wall_ms(void)
{
    return ms_of(CLOCK_REALTIME);
}

int64_t clock_mono_ms(void)
{
    return ms_of(CLOCK_MONOTONIC);
}

void clock_fmt_local_naive(struct buf *to, int64_t t)
{
    struct tm tm;
    /* Out of the range of four-digit years: the nearest end, a day away from where the zone could cross it. */
    const int64_t last = INT64_C(253402214400);
    time_t at = (time_t)(t < 0 ? 0 : t > last ? last : t);
    if (!localtime_r(&at, &tm))
        memset(&tm, 0, sizeof(tm));
    buf_addf(to, "%04d-%02d-%02dT%02d:%02d:%02d", tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min,
             tm.tm_sec);
}

int clock_parse_local_naive(signet_str s, int64_t *ret)
{
    /* The form is that of RFC 3339 without its zone: read it as UTC, then ask what local time looks like that. */
    BUF_AUTO(zoned, 64);
    buf_add(&zoned, s);
    buf_addc(&zoned, 'Z');
    int64_t as_utc;
    if (buf_err(&zoned) || clock_parse_rfc3339(buf_str(&zoned), &as_utc))
        return SIGNET_EINVAL;
    struct tm tm;
    time_t at = (time_t)as_utc;
    if (!gmtime_r(&at, &tm))
        return SIGNET_EINVAL;
    tm.tm_isdst = -1;
    time_t local = mktime(&tm);
    if (local < 0)
        return SIGNET_EINVAL;
    *ret = (int64_t)local;
    return 0;
}
