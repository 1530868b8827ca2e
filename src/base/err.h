/* What went wrong, for whoever must be told. A message says what failed, on what, why, and
 * (in the hint) what to do next. Filled at the place that knows; passed up unchanged or with
 * context in front. */
#ifndef BASE_ERR_H
#define BASE_ERR_H

#include <signet/types.h>
#include <stdarg.h>

struct err {
    int code;        /* 0: nothing went wrong */
    char text[2048]; /* one or more lines, no newline at the end */
    char hint[1024]; /* "" or advice */
};

/* Each returns `code`, so that `return err_set(…)` reads well. `e` may be NULL. Text that does
 * not fit is cut at a character and ends in "…". */
int err_set(struct err *e, int code, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* As err_set with SIGNET_ESYS and ": " and the words for `errnum` at the end. ENOMEM gives SIGNET_ENOMEM. */
int err_sys(struct err *e, int errnum, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* Puts "context: " in front of what is there. Returns e->code. */
int err_wrap(struct err *e, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void err_hint(struct err *e, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void err_clear(struct err *e);
/* The code for an out-of-memory, with its text. */
int err_nomem(struct err *e);

/* That none of these returns 0 cannot be read from a declaration; clang's analyzer gets it told. */
#ifdef __clang_analyzer__
#define err_set(e, code, ...)   ((void)err_set(e, code, __VA_ARGS__), (code))
#define err_sys(e, errnum, ...) ((void)err_sys(e, errnum, __VA_ARGS__), SIGNET_ESYS)
#define err_nomem(e)            ((void)err_nomem(e), SIGNET_ENOMEM)
#endif

#endif
