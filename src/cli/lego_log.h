/* One line of the log of lego's face. */
#ifndef CLI_LEGO_LOG_H
#define CLI_LEGO_LOG_H

#include "base/buf.h"

enum lego_form {
    LEGO_FORM_V4,    /* 2006/01/02 15:04:05 [INFO] text, local time */
    LEGO_FORM_PLAIN, /* 2006-01-02T15:04:05.000Z INFO text */
    LEGO_FORM_COLORED,
    LEGO_FORM_TEXT, /* time=… level=INFO msg="text" */
    LEGO_FORM_JSON, /* {"time":…,"level":"INFO","msg":"text"} */
};
enum lego_mark {
    LEGO_DEBUG,
    LEGO_PLAIN, /* information that version 4 gives no mark */
    LEGO_INFO,
    LEGO_WARN,
    LEGO_ERROR, /* no mark in version 4 */
};

/* Appends the line with its end. `now_ms`: since 1970. */
void lego_log_line(struct buf *to, enum lego_form form, enum lego_mark mark, int64_t now_ms, const char *text);

#endif
