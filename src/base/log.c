#include "base/log.h"

#include "base/buf.h"
#include <stdio.h>

enum { SINKS_MAX = 4 };

static struct {
    log_sink *fn;
    void *ctx;
} sinks[SINKS_MAX];
static int n_sinks;
static bool speaking; /* a sink that logs must not call itself */

int log_add_sink(log_sink *fn, void *ctx)
{
    if (n_sinks == SINKS_MAX)
        return SIGNET_ELIMIT;
    sinks[n_sinks].fn = fn;
    sinks[n_sinks].ctx = ctx;
    n_sinks++;
    return 0;
}

void log_reset(void)
{
    n_sinks = 0;
}

void log_at(enum log_level level, const char *room, const char *fmt, ...)
{
    if (!n_sinks || speaking)
        return;
    speaking = true;
    BUF_AUTO(text, LOG_EVENT_MAX);
    char start[1024]; /* what is said when there is no memory for the whole */
    va_list ap;
    va_start(ap, fmt);
    buf_addv(&text, fmt, ap);
    va_end(ap);
    const char *line = buf_z(&text);
    if (buf_err(&text)) {
        va_start(ap, fmt);
        vsnprintf(start, sizeof(start), fmt, ap);
        va_end(ap);
        line = start;
    }
    for (int i = 0; i < n_sinks; i++)
        sinks[i].fn(sinks[i].ctx, level, room, line);
    speaking = false;
}
