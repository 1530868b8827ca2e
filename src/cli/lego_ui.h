/* Talking to people as lego does: lines with date and time on standard error, lists on standard output. */
#ifndef CLI_LEGO_UI_H
#define CLI_LEGO_UI_H

#include "base/log.h"
#include "client/ui.h"

struct lego_ui {
    struct ui ui;     /* first: the ops get a pointer to it */
    int in, out, err; /* borrowed */
    bool debug;
};
void lego_ui_init(struct lego_ui *u, int in, int out, int err);
/* "2006/01/02 15:04:05 TEXT" */
void lego_ui_line(const struct lego_ui *u, const char *mark, const char *text);
/* A log_sink whose ctx is the struct lego_ui: "[INFO] …", "[WARN] …"; errors without a mark. */
void lego_ui_sink(void *ctx, enum log_level level, const char *room, const char *line);

#endif
