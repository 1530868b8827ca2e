/* What the solver tests share: a user whose answers are scripted, a log that is kept, challenges. */
#ifndef TEST_CHALLENGE_FAKE_H
#define TEST_CHALLENGE_FAKE_H

#include "base/buf.h"
#include "base/fs.h"
#include "base/log.h"
#include "challenge/solver.h"
#include "client/ui.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

struct fake {
    struct ui ui;
    struct buf told, logged;    /* questions and texts; "W …" and "I …" lines */
    const char *const *answers; /* to input, NULL-ended; the end: the user leaves */
    size_t menu_answer;
    int (*on_yesno)(struct fake *f, bool *ret); /* NULL: the user leaves */
    int frames;
};

static void fake_notify(struct ui *u, const char *text)
{
    buf_addf(&((struct fake *)u)->told, "%s\n", text);
}

static void fake_frame(struct ui *u, const char *text, bool pause)
{
    struct fake *f = (struct fake *)u;
    buf_addf(&f->told, "%s%s\n", text, pause ? "<Enter>" : "");
    f->frames++;
}

static int fake_missing(const char *question, const char *flag, struct err *e)
{
    return err_set(
        e, SIGNET_EUSAGE,
        "Missing command line flag or config entry for this setting:\n%s\n\n(You can set this with the %s flag)",
        question, flag);
}

static int fake_input(struct ui *u, const char *question, const char *flag, struct buf *ret, struct err *e)
{
    struct fake *f = (struct fake *)u;
    if (!u->interactive)
        return fake_missing(question, flag, e);
    buf_addf(&f->told, "%s\n", question);
    if (!f->answers || !*f->answers)
        return err_set(e, SIGNET_ECANCELED, "User ended interaction.");
    buf_addz(ret, *f->answers++);
    return 0;
}

static int fake_menu(struct ui *u, const char *question, const char *const *choices, size_t n, const char *flag,
                     size_t *ret, struct err *e)
{
    struct fake *f = (struct fake *)u;
    if (!u->interactive)
        return fake_missing(question, flag, e);
    buf_addf(&f->told, "%s", question);
    for (size_t i = 0; i < n; i++)
        buf_addf(&f->told, " [%s]", choices[i]);
    buf_addc(&f->told, '\n');
    *ret = f->menu_answer;
    return 0;
}

static int fake_yesno(struct ui *u, const char *question, const char *yes, const char *no, const char *flag, bool *ret,
                      struct err *e)
{
    struct fake *f = (struct fake *)u;
    (void)flag;
    buf_addf(&f->told, "%s (%s/%s)\n", question, yes, no);
    return f->on_yesno ? f->on_yesno(f, ret) : err_set(e, SIGNET_ECANCELED, "User ended interaction.");
}

static void fake_sink(void *ctx, enum log_level level, const char *room, const char *line)
{
    (void)room;
    buf_addf(&((struct fake *)ctx)->logged, "%s %s\n", level >= LOG_WARNING ? "W" : "I", line);
}

static const struct ui_ops fake_ops = {
    .notify = fake_notify, .frame = fake_frame, .input = fake_input, .menu = fake_menu, .yesno = fake_yesno
};

static void fake_init(struct fake *f, bool interactive)
{
    *f = (struct fake){ .ui = { .ops = &fake_ops, .interactive = interactive },
                        .told = BUF_INIT(1u << 20),
                        .logged = BUF_INIT(1u << 20) };
    log_reset();
    log_add_sink(fake_sink, f);
}

static void fake_done(struct fake *f)
{
    log_reset();
    buf_done(&f->told);
    buf_done(&f->logged);
}

#define IDENT_DNS(name) ((signet_ident){ SIGNET_IDENT_DNS, STR(name) })
#define IDENT_IP(text)  ((signet_ident){ SIGNET_IDENT_IP, STR(text) })

static inline uint32_t prefs_of(const struct solver_ops *ops, struct solver *s, signet_ident id, struct err *e)
{
    err_clear(e);
    return ops->prefs(s, &id, e);
}

static inline struct challenge http_challenge(const char *name, const char *token, const char *key_auth)
{
    return (struct challenge){ .type = SIGNET_CHAL_HTTP_01,
                               .ident = { SIGNET_IDENT_DNS, str_of(name) },
                               .token = str_of(token),
                               .key_auth = str_of(key_auth),
                               .value = str_of(key_auth),
                               .total = 1 };
}

#endif
