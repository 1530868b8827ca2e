/* Talking to people as lego does: lines with date and time, lists on standard output. */
#ifndef CLI_LEGO_UI_H
#define CLI_LEGO_UI_H

#include "base/log.h"
#include "cli/lego_log.h"
#include "client/ui.h"
#include "options/lego.h"

struct lego_ui {
    struct ui ui;         /* first: the ops get a pointer to it */
    int in, out, err;     /* borrowed */
    enum lego_mark least; /* what is below is not told */
    enum lego_form form;  /* version 4's lines go to `err`, the others to `out` */
};
void lego_ui_init(struct lego_ui *u, int in, int out, int err);
/* --log.level and --log.format. */
void lego_ui_log(struct lego_ui *u, const struct lego_options *o);
void lego_ui_line(const struct lego_ui *u, enum lego_mark mark, const char *text);
/* A log_sink whose ctx is the struct lego_ui. */
void lego_ui_sink(void *ctx, enum log_level level, const char *room, const char *line);

#endif
