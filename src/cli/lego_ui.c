#include "cli/lego_ui.h"

#include "base/clock.h"
#include "cli/out.h"
#include <errno.h>
#include <strings.h>
#include <unistd.h>

enum { LINE_MAX_BYTES = 1 << 20, ANSWER_MAX = 4096 };

void lego_ui_line(const struct lego_ui *u, enum lego_mark mark, const char *text)
{
    BUF_AUTO(line, LINE_MAX_BYTES);
    if (mark < u->least)
        return;
    lego_log_line(&line, u->form, mark, clock_wall_ms(), text);
    out_write(u->form == LEGO_FORM_V4 ? u->err : u->out, buf_str(&line));
}

void lego_ui_sink(void *ctx, enum log_level level, const char *room, const char *line)
{
    static const enum lego_mark mark[] = {
        [LOG_DEBUG] = LEGO_DEBUG, [LOG_INFO] = LEGO_INFO, [LOG_WARNING] = LEGO_WARN, [LOG_ERROR] = LEGO_ERROR
    };
    (void)room;
    lego_ui_line(ctx, mark[level], line);
}

void lego_ui_log(struct lego_ui *u, const struct lego_options *o)
{
    const char *level = o->log_level, *form = o->log_format;
    if (level)
        u->least = !strcasecmp(level, "debug")  ? LEGO_DEBUG
                   : !strcasecmp(level, "warn") ? LEGO_WARN
                   : !strcasecmp(level, "info") ? LEGO_PLAIN
                                                : LEGO_ERROR;
    if (form)
        u->form = !strcmp(form, "json")   ? LEGO_FORM_JSON
                  : !strcmp(form, "text") ? LEGO_FORM_TEXT
                  : isatty(u->out)        ? LEGO_FORM_COLORED
                                          : LEGO_FORM_PLAIN;
}

static struct lego_ui *of(struct ui *u)
{
    return (struct lego_ui *)u;
}

static void notify(struct ui *u, const char *text)
{
    lego_ui_line(of(u), LEGO_INFO, text);
}

static void alert(struct ui *u, const char *text)
{
    lego_ui_line(of(u), LEGO_PLAIN, text);
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
    lego_ui_line(of(u), LEGO_PLAIN, question);
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

/* Numbered, until one of the numbers comes. */
static int menu(struct ui *u, const char *question, const char *const *choices, size_t n, const char *flag, size_t *ret,
                struct err *e)
{
    BUF_AUTO(line, LINE_MAX_BYTES);
    uint64_t number = 0;
    (void)flag;
    for (size_t i = 0; i < n; i++) {
        buf_clear(&line);
        buf_addf(&line, "%zu: %s", i + 1, choices[i]);
        frame(u, buf_z(&line), false);
    }
    while (!number) {
        BUF_AUTO(answer, ANSWER_MAX);
        frame(u, question, false);
        if (read_line(of(u), &answer))
            return err_set(e, SIGNET_EINVAL, "Could not read from console: EOF");
        if (str_u64(str_trim(buf_str(&answer)), n, &number) || !number)
            frame(u, "Please answer with one of the numbers.", false);
    }
    *ret = (size_t)number - 1;
    return 0;
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
    *u = (struct lego_ui){ .ui = { .ops = &ops }, .in = in, .out = out, .err = err, .least = LEGO_PLAIN };
}
