#include "cli/lego_log.h"

#include <jansson.h>
#include <stdlib.h>
#include <time.h>

static const char *const levels[] = {
    [LEGO_DEBUG] = "DEBUG", [LEGO_PLAIN] = "INFO", [LEGO_INFO] = "INFO", [LEGO_WARN] = "WARN", [LEGO_ERROR] = "ERROR"
};

static void stamp_v4(struct buf *to, time_t now)
{
    struct tm tm;
    if (localtime_r(&now, &tm))
        buf_addf(to, "%04d/%02d/%02d %02d:%02d:%02d ", tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour,
                 tm.tm_min, tm.tm_sec);
}

static void stamp(struct buf *to, int64_t now_ms)
{
    time_t now = (time_t)(now_ms / 1000);
    struct tm tm;
    if (gmtime_r(&now, &tm))
        buf_addf(to, "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour,
                 tm.tm_min, tm.tm_sec, (int)(now_ms % 1000));
}

/* What calls for quotes gets those of JSON: Go's are the same for all that comes here. */
static void add_quoted(struct buf *to, const char *text)
{
    json_t *j = json_string(text);
    char *z = j ? json_dumps(j, JSON_ENCODE_ANY) : NULL;
    buf_addz(to, z ? z : "\"\"");
    free(z);
    json_decref(j);
}

static void json_line(struct buf *to, const char *level, int64_t now_ms, const char *text)
{
    BUF_AUTO(when, 64);
    stamp(&when, now_ms);
    json_t *j = json_pack("{s:s, s:s, s:s}", "time", buf_z(&when), "level", level, "msg", text);
    char *z = j ? json_dumps(j, JSON_COMPACT) : NULL;
    buf_addz(to, z ? z : "{}");
    free(z);
    json_decref(j);
}

void lego_log_line(struct buf *to, enum lego_form form, enum lego_mark mark, int64_t now_ms, const char *text)
{
    static const char *const color[] = { "\033[34m", "\033[32m", "\033[32m", "\033[33m", "\033[31m" };
    bool marked = mark != LEGO_PLAIN && mark != LEGO_ERROR;
    signet_str body = str_of(text), info = STR("[INFO] ");
    if (form != LEGO_FORM_V4 && str_starts(body, info))
        body = str_skip(body, info.n);
    switch (form) {
    case LEGO_FORM_V4:
        stamp_v4(to, (time_t)(now_ms / 1000));
        buf_addf(to, marked ? "[%s] %s" : "%.0s%s", levels[mark], text);
        break;
    case LEGO_FORM_PLAIN:
    case LEGO_FORM_COLORED:
        stamp(to, now_ms);
        buf_addf(to, form == LEGO_FORM_COLORED ? " %s%-5s\033[0m %s" : " %.0s%-5s %s", color[mark], levels[mark],
                 body.p);
        break;
    case LEGO_FORM_TEXT:
        buf_addz(to, "time=");
        stamp(to, now_ms);
        buf_addf(to, " level=%s msg=", levels[mark]);
        add_quoted(to, body.p);
        break;
    case LEGO_FORM_JSON:
        json_line(to, levels[mark], now_ms, body.p);
        break;
    }
    buf_addc(to, '\n');
}
