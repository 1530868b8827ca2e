#include "cli/lego_ui.h"

#include "base/clock.h"
#include "cli/out.h"
#include <errno.h>
#include <time.h>
#include <unistd.h>

enum { LINE_MAX_BYTES = 1 << 20, ANSWER_MAX = 4096 };

void lego_ui_line(const struct lego_ui *u, const char *mark, const char *text)
{
    BUF_AUTO(line, LINE_MAX_BYTES);
    time_t now = (time_t)clock_wall_s();
    struct tm tm;
    if (localtime_r(&now, &tm))
        buf_addf(&line, "%04d/%02d/%02d %02d:%02d:%02d ", tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour,
                 tm.tm_min, tm.tm_sec);
    buf_addf(&line, "%s%s\n", mark, text);
    out_write(u->err, buf_str(&line));
}

void lego_ui_sink(void *ctx, enum log_level level, const char *room, const char *line)
{
    static const char *const mark[] = {
        [LOG_DEBUG] = "[DEBUG] ", [LOG_INFO] = "[INFO] ", [LOG_WARNING] = "[WARN] ", [LOG_ERROR] = ""
    };
    const struct lego_ui *u = ctx;
    (void)room;
    if (level != LOG_DEBUG || u->debug)
        lego_ui_line(u, mark[level], line);
}

static struct lego_ui *of(struct ui *u)
{
    return (struct lego_ui *)u;
}

static void notify(struct ui *u, const char *text)
{
    lego_ui_line(of(u), "[INFO] ", text);
}

static void alert(struct ui *u, const char *text)
{
    lego_ui_line(of(u), "", text);
}

/* Lists and what hooks print: as it is, on standard output. */
static void frame(struct ui *u, const char *text, bool pause)
{
    BUF_AUTO(line, 4u * LINE_MAX_BYTES);
    (void)pause;
    buf_addf(&line, "%s\n", text);
    out_write(of(u)->out, buf_str(&line));
}

/* One line from standard input, whether it is a terminal or not. SIGNET_ECANCELED at its end. */
static int read_line(struct lego_ui *u, struct buf *to)
{
    char c;
    ssize_t n;
    while ((n = read(u->in, &c, 1)) == 1 || (n < 0 && errno == EINTR)) {
        if (n != 1)
            continue;
        if (c == '\n')
            return 0;
        buf_addc(to, c);
    }
    return SIGNET_ECANCELED;
}

static int yesno(struct ui *u, const char *question, const char *yes, const char *no, const char *flag, bool *ret,
                 struct err *e)
{
    bool terms = flag && !strcmp(flag, "--agree-tos");
    (void)yes;
    (void)no;
    lego_ui_line(of(u), "", question);
    for (;;) {
        BUF_AUTO(answer, ANSWER_MAX);
        frame(u, terms ? "Do you accept the TOS? Y/n" : "Y/n", false);
        if (read_line(of(u), &answer)) {
            err_set(e, SIGNET_EINVAL, "Could not read from console: EOF");
            err_hint(e, "--accept-tos accepts the terms without asking.");
            return SIGNET_EINVAL;
        }
        signet_str a = str_trim(buf_str(&answer));
        if (!a.n || str_ieq(a, STR("y")) || str_ieq(a, STR("n"))) {
            *ret = !str_ieq(a, STR("n"));
            return 0;
        }
        frame(u, "Please answer y or n, or press Enter for yes.", false);
    }
}

static int nothing(struct err *e, const char *question)
{
    return err_set(e, SIGNET_EUSAGE, "This cannot be asked here: %s", question);
}

static int menu(struct ui *u, const char *question, const char *const *choices, size_t n, const char *flag, size_t *ret,
                struct err *e)
{
    (void)u;
    (void)choices;
    (void)n;
    (void)flag;
    (void)ret;
    return nothing(e, question);
}

static int input(struct ui *u, const char *question, const char *flag, struct buf *ret, struct err *e)
{
    (void)u;
    (void)flag;
    (void)ret;
    return nothing(e, question);
}

static int checklist(struct ui *u, const char *question, const struct strlist *tags, const char *flag,
                     struct strlist *ret, struct err *e)
{
    (void)u;
    (void)tags;
    (void)flag;
    (void)ret;
    return nothing(e, question);
}

void lego_ui_init(struct lego_ui *u, int in, int out, int err)
{
    static const struct ui_ops ops = { notify, alert, frame, yesno, menu, input, checklist };
    *u = (struct lego_ui){ .ui = { .ops = &ops }, .in = in, .out = out, .err = err };
}
