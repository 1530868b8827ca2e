#include "provider/date.h"

struct day {
    int64_t year;
    unsigned month, day, weekday; /* month and day from 1, Sunday is 0 */
};

/* Days since 1970 to a date of the Gregorian calendar: eras of 400 years that begin on 1 March. */
static struct day civil(int64_t days)
{
    int64_t z = days + 719468, era = (z >= 0 ? z : z - 146096) / 146097;
    unsigned doe = (unsigned)(z - era * 146097);
    unsigned yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    unsigned doy = doe - (365 * yoe + yoe / 4 - yoe / 100), mp = (5 * doy + 2) / 153;
    struct day d = { .day = doy - (153 * mp + 2) / 5 + 1, .month = mp < 10 ? mp + 3 : mp - 9 };
    d.year = (int64_t)yoe + era * 400 + (d.month <= 2);
    d.weekday = (unsigned)(((days + 4) % 7 + 7) % 7);
    return d;
}

static int64_t days_from(int64_t year, unsigned month, unsigned day)
{
    year -= month <= 2;
    int64_t era = (year >= 0 ? year : year - 399) / 400;
    unsigned yoe = (unsigned)(year - era * 400);
    unsigned doy = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
    return era * 146097 + (int64_t)(yoe * 365 + yoe / 4 - yoe / 100 + doy) - 719468;
}

int date_format(struct buf *to, int64_t t, signet_str format)
{
    static const char days[] = "SunMonTueWedThuFriSat", months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    int64_t day = t / 86400 - (t % 86400 < 0), second = t - day * 86400;
    struct day d = civil(day);
    for (size_t i = 0; i < format.n; i++) {
        if (format.p[i] != '%') {
            buf_addc(to, format.p[i]);
            continue;
        }
        char c = i + 1 < format.n ? format.p[++i] : '\0';
        if (c == 'Y')
            buf_addf(to, "%04lld", (long long)d.year);
        else if (c == 'e')
            buf_addf(to, "%2u", d.day);
        else if (c == 's')
            buf_addf(to, "%lld", (long long)t);
        else if (c == 'a')
            buf_addf(to, "%.3s", days + (size_t)3 * d.weekday);
        else if (c == 'b')
            buf_addf(to, "%.3s", months + (size_t)3 * (d.month - 1));
        else if (c == '%')
            buf_addc(to, '%');
        else if (c && str_has(STR("ymdHMS"), c))
            buf_addf(to, "%02d",
                     (int)(c == 'y'   ? d.year % 100
                           : c == 'm' ? d.month
                           : c == 'd' ? d.day
                           : c == 'H' ? second / 3600
                           : c == 'M' ? second / 60 % 60
                                      : second % 60));
        else
            return SIGNET_EINVAL;
    }
    return 0;
}

/* The last Sunday of a month with 31 days, 01:00 UTC. */
static int64_t last_sunday(int64_t year, unsigned month)
{
    int64_t last = days_from(year, month, 31);
    return (last - civil(last).weekday) * 86400 + 3600;
}

int date_offset(signet_str zone, int64_t t, int64_t *ret)
{
    if (str_eq(zone, STR("UTC"))) {
        *ret = 0;
        return 0;
    }
    if (!str_eq(zone, STR("CET")))
        return SIGNET_ENOTFOUND;
    int64_t year = civil(t / 86400).year;
    *ret = t >= last_sunday(year, 3) && t < last_sunday(year, 10) ? 7200 : 3600;
    return 0;
}
