/* Talking to people in plain text, as certbot does: on a terminal, or under -n only telling. */
#ifndef CLI_UI_TTY_H
#define CLI_UI_TTY_H

#include "base/log.h"
#include "client/ui.h"
#include "options/request.h"

struct ui_tty {
    struct ui ui; /* first: the ops get a pointer to it */
    int in, out, err;
    bool noninteractive;  /* -n: questions have no answer, and say which option gives one */
    bool red;             /* warnings and errors in colour */
    enum log_level level; /* what of the log goes to `err` */
};

/* With these descriptors, which stay the caller's. */
void ui_tty_init(struct ui_tty *u, const struct request *r, int in, int out, int err);
/* A log_sink whose ctx is the struct ui_tty: warnings and errors (more with -v) on `err`. */
void ui_tty_sink(void *ctx, enum log_level level, const char *room, const char *line);

#endif
