/* How the verbs talk to people. The front ends (cli/) implement it; nothing below client/ prints. */
#ifndef CLIENT_UI_H
#define CLIENT_UI_H

#include "base/buf.h"
#include "base/err.h"
#include "base/list.h"

struct ui; /* the front end's object */

struct ui_ops {
    /* A line (or several) of normal output, to stdout; nothing with --quiet. No newline at the end of `text`. */
    void (*notify)(struct ui *u, const char *text);
    /* Errors and failures, to stderr, also with --quiet. */
    void (*alert)(struct ui *u, const char *text);
    /* As notify, framed by two lines of 79 "- - -"; with `pause` a terminal user presses Enter first. */
    void (*frame)(struct ui *u, const char *text, bool pause);
    /* Each asks on a terminal and returns 0 with the answer; SIGNET_ECANCELED when the user leaves; SIGNET_EUSAGE under
     * -n, with certbot's "Missing command line flag or config entry for this setting:" and `flag` named in the error.
     */
    int (*yesno)(struct ui *u, const char *question, const char *yes, const char *no, const char *flag, bool *ret,
                 struct err *e);
    int (*menu)(struct ui *u, const char *question, const char *const *choices, size_t n, const char *flag, size_t *ret,
                struct err *e);
    int (*input)(struct ui *u, const char *question, const char *flag, struct buf *ret, struct err *e);
    int (*checklist)(struct ui *u, const char *question, const struct strlist *tags, const char *flag,
                     struct strlist *ret, struct err *e);
};

struct ui {
    const struct ui_ops *ops;
    bool interactive; /* a terminal (or --force-interactive) and not -n */
    bool quiet;
    bool json; /* --json: notify goes nowhere; the report object is printed at the end */
    int verbose;
};

/* printf forms of notify and alert. */
void ui_say(struct ui *u, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void ui_alert(struct ui *u, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif
