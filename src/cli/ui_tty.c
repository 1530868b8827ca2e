#include "cli/ui_tty.h"

#include "cli/out.h"
#include "net/loop.h"
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#define FRAME "- - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - -"
_Static_assert(sizeof(FRAME) - 1 == 79, "scripts know the frame by its length");

enum { ANSWER_MAX = 64 * 1024, WRAP_WIDTH = 80, TEXT_MAX = LOG_EVENT_MAX };
/* Just under the twelve hours between two runs of a timer: a forgotten prompt must not hold the locks into the next
 * one. */
enum { ANSWER_SECONDS = 36000 };

static struct ui_tty *self(struct ui *u)
{
    return (struct ui_tty *)(void *)u;
}

/* Where people read: with --json, stdout is for the report alone. */
static int screen(const struct ui_tty *t)
{
    return t->ui.json ? t->err : t->out;
}

static void notify(struct ui *u, const char *text)
{
    log_debug("ui", "Notifying user: %s", text);
    if (u->quiet || u->json)
        return;
    BUF_AUTO(line, TEXT_MAX);
    buf_addz(&line, text);
    buf_addc(&line, '\n');
    out_write(self(u)->out, buf_str(&line));
}

static void alert(struct ui *u, const char *text)
{
    (void)u;
    log_error("ui", "%s", text); /* the sinks bring it to the terminal and into the log */
}

/* Waits for something to read: > 0; 0 after too long; < 0 with EINTR when a signal said to stop, be it before the wait
 * began. A child of ours that ends is no reason to. */
static int wait_input(int fd)
{
    sigset_t ending, before, mask;
    struct pollfd p = { .fd = fd, .events = POLLIN };
    const struct timespec most = { .tv_sec = ANSWER_SECONDS };
    sigemptyset(&ending);
    sigaddset(&ending, SIGINT);
    sigaddset(&ending, SIGTERM);
    sigaddset(&ending, SIGHUP);
    sigaddset(&ending, SIGQUIT);
    sigprocmask(SIG_BLOCK, &ending, &before); /* from here on one that comes waits for ppoll */
    mask = before;
    sigaddset(&mask, SIGCHLD);
    errno = EINTR;
    int ready = loop_signal(NULL) ? -1 : ppoll(&p, 1, &most, &mask);
    int errnum = errno;
    sigprocmask(SIG_SETMASK, &before, NULL);
    errno = errnum;
    return ready;
}

/* One line of the user's, without its newline. One byte at a time: what follows may be for somebody else. */
static int read_line(struct ui_tty *t, struct buf *ret, struct err *e)
{
    buf_clear(ret);
    for (;;) {
        char c;
        int ready = wait_input(t->in);
        if (ready == 0)
            return err_set(e, SIGNET_ECANCELED, "Timed out waiting for answer to prompt.");
        ssize_t n = ready < 0 ? -1 : read(t->in, &c, 1);
        if (n < 0 && errno == EINTR)
            return err_set(e, SIGNET_ECANCELED, "Exiting due to user request.");
        if (n <= 0 && !ret->n)
            return err_set(e, SIGNET_ECANCELED, "User ended interaction.");
        if (n <= 0 || c == '\n')
            return buf_err(ret) ? err_set(e, SIGNET_EINVAL, "the answer is too long") : 0;
        buf_addc(ret, c);
    }
}

static int ask_line(struct ui_tty *t, const char *prompt, struct buf *ret, struct err *e)
{
    out_text(screen(t), prompt);
    return read_line(t, ret, e);
}

/* Long lines broken at blanks, as certbot shows questions. */
static void wrap(struct buf *to, const char *text)
{
    signet_str rest = str_of(text);
    while (rest.n) {
        signet_str line;
        bool more = str_cut(rest, '\n', &line, &rest);
        while (line.n > WRAP_WIDTH) {
            size_t cut = WRAP_WIDTH;
            while (cut && line.p[cut] != ' ')
                cut--;
            if (!cut) {
                const char *blank = memchr(line.p, ' ', line.n);
                cut = blank ? (size_t)(blank - line.p) : line.n;
            }
            buf_add(to, (signet_str){ line.p, cut });
            line = str_skip(line, cut);
            if (line.n) {
                buf_addc(to, '\n');
                line = str_skip(line, 1);
            }
        }
        buf_add(to, line);
        if (more)
            buf_addc(to, '\n');
    }
}

/* Why a question cannot be asked, or 0 when it can. `extra` NULL: nothing more to say. */
static int no_answer(struct ui_tty *t, const char *question, const char *extra, const char *flag, struct err *e)
{
    if (t->ui.interactive)
        return 0;
    if (t->noninteractive) {
        (void)err_set(e, SIGNET_EUSAGE, "Missing command line flag or config entry for this setting:\n%s%s%s%s%s%s",
                      question, extra ? "\n" : "", extra ? extra : "", flag ? "\n\n(You can set this with the " : "",
                      flag ? flag : "", flag ? " flag)" : "");
        return SIGNET_EUSAGE;
    }
    return err_set(e, SIGNET_EUSAGE, "Nobody is here to answer this question:\n%s%s%s%s", question,
                   flag ? "\nOn the command line it is answered with the " : "", flag ? flag : "",
                   flag ? " flag." : "");
}

static void frame(struct ui *u, const char *text, bool pause)
{
    struct ui_tty *t = self(u);
    BUF_AUTO(framed, TEXT_MAX);
    buf_addf(&framed, "\n" FRAME "\n%s\n" FRAME, text);
    notify(u, buf_z(&framed));
    BUF_AUTO(enter, ANSWER_MAX);
    if (pause && u->interactive)
        (void)ask_line(t, "Press Enter to Continue", &enter, NULL); /* no answer is as good as one */
}

static bool begins(const struct buf *answer, const char *label)
{
    signet_str s = buf_str(answer);
    return s.n && str_ieq((signet_str){ s.p, 1 }, (signet_str){ label, 1 });
}

static int yesno(struct ui *u, const char *question, const char *yes, const char *no, const char *flag, bool *ret,
                 struct err *e)
{
    struct ui_tty *t = self(u);
    int rc = no_answer(t, question, NULL, flag, e);
    if (rc)
        return rc;
    BUF_AUTO(text, TEXT_MAX);
    BUF_AUTO(prompt, 256);
    BUF_AUTO(answer, ANSWER_MAX);
    buf_addz(&text, "\n" FRAME "\n");
    wrap(&text, question);
    buf_addz(&text, "\n" FRAME "\n");
    out_write(screen(t), buf_str(&text));
    buf_addf(&prompt, "(%c)%s/(%c)%s: ", yes[0], yes + 1, no[0], no + 1);
    for (;;) {
        rc = ask_line(t, buf_z(&prompt), &answer, e);
        if (rc)
            return rc;
        *ret = begins(&answer, yes);
        if (*ret || begins(&answer, no))
            return 0;
    }
}

static void show_choices(struct ui_tty *t, const char *question, const char *const *choices, size_t n)
{
    BUF_AUTO(text, TEXT_MAX);
    buf_addf(&text, "\n%s\n" FRAME "\n", question);
    for (size_t i = 0; i < n; i++) {
        BUF_AUTO(line, ANSWER_MAX);
        buf_addf(&line, "%zu: %s", i + 1, choices[i]);
        wrap(&text, buf_z(&line));
        buf_addc(&text, '\n');
    }
    buf_addz(&text, FRAME "\n");
    out_write(screen(t), buf_str(&text));
}

/* "['a', 'b']" */
static void list_choices(struct buf *to, const char *const *choices, size_t n)
{
    buf_addz(to, "Choices: [");
    for (size_t i = 0; i < n; i++)
        buf_addf(to, "%s'%s'", i ? ", " : "", choices[i]);
    buf_addc(to, ']');
}

static int menu(struct ui *u, const char *question, const char *const *choices, size_t n, const char *flag, size_t *ret,
                struct err *e)
{
    struct ui_tty *t = self(u);
    BUF_AUTO(prompt, ANSWER_MAX);
    BUF_AUTO(answer, ANSWER_MAX);
    list_choices(&prompt, choices, n);
    int rc = no_answer(t, question, buf_z(&prompt), flag, e);
    if (rc)
        return rc;
    buf_clear(&prompt);
    show_choices(t, question, choices, n);
    if (n > 1)
        buf_addf(&prompt, "Select the appropriate number [1-%zu] then [enter] (press 'c' to cancel): ", n);
    else
        buf_addz(&prompt, "Press 1 [enter] to confirm the selection (press 'c' to cancel): ");
    for (;;) {
        uint64_t number = 0;
        rc = ask_line(t, buf_z(&prompt), &answer, e);
        if (rc)
            return rc;
        if (begins(&answer, "c"))
            return err_set(e, SIGNET_ECANCELED, "User ended interaction.");
        if (str_u64(str_trim(buf_str(&answer)), n, &number) == 0 && number > 0) {
            *ret = (size_t)number - 1;
            return 0;
        }
        out_text(screen(t), "\n** Invalid input **\n");
    }
}

static int ask_text(struct ui_tty *t, const char *question, struct buf *ret, struct err *e)
{
    BUF_AUTO(text, TEXT_MAX);
    BUF_AUTO(prompt, TEXT_MAX);
    buf_addf(&text, "%s (Enter 'c' to cancel):", question);
    wrap(&prompt, buf_z(&text));
    buf_addc(&prompt, ' ');
    int rc = ask_line(t, buf_z(&prompt), ret, e);
    if (!rc && str_ieq(buf_str(ret), STR("c")))
        rc = err_set(e, SIGNET_ECANCELED, "User ended interaction.");
    return rc;
}

static int input(struct ui *u, const char *question, const char *flag, struct buf *ret, struct err *e)
{
    int rc = no_answer(self(u), question, NULL, flag, e);
    return rc ? rc : ask_text(self(u), question, ret, e);
}

/* "1, 3 4" → tags. Nothing typed means all. False: not numbers of tags. */
static bool pick(const char *answer, const struct strlist *tags, struct strlist *ret)
{
    signet_str rest = str_trim(str_of(answer));
    bool any = !rest.n;
    for (size_t i = 0; i < tags->n && any; i++)
        if (strlist_addz(ret, tags->v[i]))
            return false;
    while (rest.n) {
        size_t n = 0;
        while (n < rest.n && rest.p[n] != ',' && rest.p[n] != ' ' && rest.p[n] != '\t')
            n++;
        uint64_t number = 0;
        if (n && (str_u64((signet_str){ rest.p, n }, tags->n, &number) || !number))
            return false;
        if (n && strlist_add_new(ret, str_of(tags->v[number - 1])))
            return false;
        any = any || n;
        rest = str_skip(rest, n + 1);
    }
    return any;
}

static int checklist(struct ui *u, const char *question, const struct strlist *tags, const char *flag,
                     struct strlist *ret, struct err *e)
{
    struct ui_tty *t = self(u);
    BUF_AUTO(answer, ANSWER_MAX);
    BUF_AUTO(extra, ANSWER_MAX);
    strlist_join(tags, "? ", &extra);
    buf_addc(&extra, '?');
    int rc = no_answer(t, question, buf_z(&extra), flag, e);
    if (rc)
        return rc;
    for (;;) {
        STRLIST_AUTO(picked);
        show_choices(t, question, (const char *const *)tags->v, tags->n);
        rc = ask_text(t, "Numbers, with commas or spaces between them; nothing means all of them", &answer, e);
        if (rc)
            return rc;
        if (pick(buf_z(&answer), tags, &picked))
            return strlist_copy(ret, &picked) ? err_nomem(e) : 0;
        out_text(screen(t), "** Error - Invalid selection **\n");
    }
}

static const struct ui_ops ops = {
    .notify = notify,
    .alert = alert,
    .frame = frame,
    .yesno = yesno,
    .menu = menu,
    .input = input,
    .checklist = checklist,
};

static enum log_level console_level(const struct request *r)
{
    if (r->quiet)
        return LOG_ERROR;
    if (r->debug || r->verbose_count > 1)
        return LOG_DEBUG;
    return r->verbose_count ? LOG_INFO : LOG_WARNING;
}

void ui_tty_init(struct ui_tty *u, const struct request *r, int in, int out, int err)
{
    const char *no_color = getenv("NO_COLOR");
    *u = (struct ui_tty){
        .ui = { .ops = &ops, .quiet = r->quiet, .json = r->json, .verbose = r->verbose_count },
        .in = in,
        .out = out,
        .err = err,
        .noninteractive = r->noninteractive,
        .level = console_level(r),
        .red = isatty(err) && !(no_color && *no_color),
    };
    bool terminal = isatty(in) && isatty(screen(u));
    u->ui.interactive = !r->noninteractive && (r->force_interactive || terminal);
}

void ui_tty_sink(void *ctx, enum log_level level, const char *room, const char *line)
{
    const struct ui_tty *t = ctx;
    (void)room;
    if (level < t->level)
        return;
    bool red = t->red && level >= LOG_WARNING;
    BUF_AUTO(text, TEXT_MAX);
    buf_addf(&text, "%s%s%s\n", red ? "\033[31m" : "", line, red ? "\033[0m" : "");
    out_write(t->err, buf_str(&text));
}
