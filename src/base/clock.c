#include "base/clock.h"

/* A moment in UTC, proleptic Gregorian. */
struct moment {
    int64_t year;
    unsigned month, day, hour, min, sec; /* month and day from 1 */
};

enum { DAY_S = 86400 };
#define LAST_S INT64_C(253402300799) /* 9999-12-31T23:59:59Z */

/* Days since 1970-01-01. A year is counted from March, so that the leap day ends it; 400 of them are an era. */
static int64_t days_of(const struct moment *m)
{
    int64_t y = m->month <= 2 ? m->year - 1 : m->year;
    int64_t era = (y >= 0 ? y : y - 399) / 400;
    int64_t in_era = y - era * 400;
    int64_t in_year = (153 * (m->month > 2 ? m->month - 3 : m->month + 9) + 2) / 5 + m->day - 1;
    return era * 146097 + in_era * 365 + in_era / 4 - in_era / 100 + in_year - 719468;
}

static struct moment moment_at(int64_t t)
{
    int64_t days = t / DAY_S - (t % DAY_S < 0), sec = t - days * DAY_S;
    int64_t z = days + 719468;
    int64_t era = (z >= 0 ? z : z - 146096) / 146097;
    int64_t doe = z - era * 146097;
    int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    int64_t mp = (5 * doy + 2) / 153;
    unsigned month = (unsigned)(mp < 10 ? mp + 3 : mp - 9);
    return (struct moment){ .year = yoe + era * 400 + (month <= 2),
                            .month = month,
                            .day = (unsigned)(doy - (153 * mp + 2) / 5 + 1),
                            .hour = (unsigned)(sec / 3600),
                            .min = (unsigned)(sec / 60 % 60),
                            .sec = (unsigned)(sec % 60) };
}

static unsigned month_days(int64_t year, unsigned month)
{
    static const unsigned char days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return month == 2 && leap ? 29 : days[month - 1];
}

/* A second of 60 is a leap second: it counts as the first of the next minute. */
static bool moment_ok(const struct moment *m)
{
    return m->year >= 1970 && m->year <= 9999 && m->month >= 1 && m->month <= 12 && m->day >= 1 &&
           m->day <= month_days(m->year, m->month) && m->hour <= 23 && m->min <= 59 && m->sec <= 60;
}

static int64_t seconds_of(const struct moment *m)
{
    return days_of(m) * DAY_S + m->hour * 3600 + m->min * 60 + m->sec;
}

static struct moment clamped(int64_t t)
{
    return moment_at(t < 0 ? 0 : t > LAST_S ? LAST_S : t);
}

static void add_moment(struct buf *to, int64_t t, char sep, const char *zone)
{
    struct moment m = clamped(t);
    buf_addf(to, "%04d-%02u-%02u%c%02u:%02u:%02u%s", (int)m.year, m.month, m.day, sep, m.hour, m.min, m.sec, zone);
}

void clock_fmt_rfc3339(struct buf *to, int64_t t)
{
    add_moment(to, t, 'T', "Z");
}

void clock_fmt_iso_space(struct buf *to, int64_t t)
{
    add_moment(to, t, ' ', "+00:00");
}

void clock_fmt_date(struct buf *to, int64_t t)
{
    struct moment m = clamped(t);
    buf_addf(to, "%04d-%02u-%02u", (int)m.year, m.month, m.day);
}

/* Matches `s` against a pattern and cuts off what matched: a digit 0 … 9 in the pattern reads one digit into that
 * number of `num`, any other character stands for itself. */
static bool take(signet_str *s, const char *pattern, unsigned num[10])
{
    size_t n = strlen(pattern);
    if (s->n < n)
        return false;
    for (size_t i = 0; i < n; i++) {
        char c = s->p[i];
        if (pattern[i] < '0' || pattern[i] > '9') {
            if (c != pattern[i])
                return false;
            continue;
        }
        if (c < '0' || c > '9')
            return false;
        unsigned *v = &num[pattern[i] - '0'];
        *v = *v * 10 + (unsigned)(c - '0');
    }
    *s = str_skip(*s, n);
    return true;
}

/* Z, or ±hh:mm as seconds to take away. */
static bool take_zone(signet_str *s, int64_t *ret)
{
    unsigned num[10] = { 0 };
    int64_t sign = 0;
    if (s->n && (s->p[0] == 'Z' || s->p[0] == 'z'))
        *s = str_skip(*s, 1);
    else if (take(s, "+00:11", num))
        sign = 1;
    else {
        num[0] = num[1] = 0;
        if (!take(s, "-00:11", num))
            return false;
        sign = -1;
    }
    *ret = sign * (int64_t)(num[0] * 3600 + num[1] * 60);
    return num[0] <= 23 && num[1] <= 59;
}

static bool take_fraction(signet_str *s)
{
    if (!s->n || s->p[0] != '.')
        return true;
    size_t n = 1;
    while (n < s->n && s->p[n] >= '0' && s->p[n] <= '9')
        n++;
    *s = str_skip(*s, n);
    return n > 1;
}

int clock_parse_rfc3339(signet_str s, int64_t *ret)
{
    unsigned num[10] = { 0 };
    int64_t offset;
    if (!take(&s, "0000-11-22", num) || !s.n || (s.p[0] != 'T' && s.p[0] != 't' && s.p[0] != ' '))
        return SIGNET_EINVAL;
    s = str_skip(s, 1);
    if (!take(&s, "33:44:55", num) || !take_fraction(&s) || !take_zone(&s, &offset) || s.n)
        return SIGNET_EINVAL;
    struct moment m = { num[0], num[1], num[2], num[3], num[4], num[5] };
    if (!moment_ok(&m))
        return SIGNET_EINVAL;
    int64_t t = seconds_of(&m) - offset;
    if (t < 0 || t > LAST_S)
        return SIGNET_EINVAL;
    *ret = t;
    return 0;
}

/* One of the three-letter names in `all` ("JanFeb…"), whose number from 1 is given; 0 when it is none. */
static unsigned take_name(signet_str *s, const char *all)
{
    for (unsigned i = 0; s->n >= 3 && all[i * 3]; i++)
        if (memcmp(s->p, all + (size_t)i * 3, 3) == 0) {
            *s = str_skip(*s, 3);
            return i + 1;
        }
    return 0;
}

static const char month_names[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
static const char day_names[] = "MonTueWedThuFriSatSun";

/* "Sun, 06 Nov 1994 08:49:37 GMT", and with it the same day and month in RFC 850's form, "Sunday, 06-Nov-94 08:49:37
 * GMT". */
static bool take_fixdate(signet_str s, int64_t now_s, struct moment *ret)
{
    unsigned num[10] = { 0 };
    signet_str day;
    if (!str_cut(s, ',', &day, &s) || !take_name(&day, day_names))
        return false;
    bool old = day.n > 0;
    if (old && !str_ends(day, STR("day")))
        return false;
    if (!take(&s, old ? " 00-" : " 00 ", num))
        return false;
    unsigned month = take_name(&s, month_names);
    if (!month || !take(&s, old ? "-11 22:33:44 GMT" : " 1111 22:33:44 GMT", num) || s.n)
        return false;
    *ret = (struct moment){ num[1], month, num[0], num[2], num[3], num[4] };
    if (old) {
        /* Two digits: the latest such year that is not more than 50 years ahead (RFC 9110 section 5.6.7). */
        int64_t now_year = clamped(now_s).year;
        ret->year += now_year - now_year % 100;
        if (ret->year > now_year + 50)
            ret->year -= 100;
        else if (ret->year + 100 <= now_year + 50)
            ret->year += 100;
    }
    return true;
}

/* "Sun Nov  6 08:49:37 1994" */
static bool take_asctime(signet_str s, struct moment *ret)
{
    unsigned num[10] = { 0 };
    if (!take_name(&s, day_names) || !take(&s, " ", num))
        return false;
    unsigned month = take_name(&s, month_names);
    if (!month || (!take(&s, "  0", num) && !take(&s, " 00", num)) || !take(&s, " 22:33:44 1111", num) || s.n)
        return false;
    *ret = (struct moment){ num[1], month, num[0], num[2], num[3], num[4] };
    return true;
}

static bool all_digits(signet_str s)
{
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] < '0' || s.p[i] > '9')
            return false;
    return s.n > 0;
}

int clock_parse_retry_after(signet_str s, int64_t now_s, int64_t max_s, int64_t *ret)
{
    s = str_trim(s);
    int64_t wait;
    if (all_digits(s)) {
        uint64_t v;
        wait = str_u64(s, (uint64_t)INT64_MAX, &v) ? INT64_MAX : (int64_t)v;
    } else {
        struct moment m;
        if ((!take_fixdate(s, now_s, &m) && !take_asctime(s, &m)) || !moment_ok(&m))
            return SIGNET_EINVAL;
        int64_t t = seconds_of(&m);
        wait = now_s < 0 ? INT64_MAX : t - now_s;
    }
    *ret = wait < 0 ? 0 : wait > max_s ? max_s : wait;
    return 0;
}
