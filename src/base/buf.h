/* The one builder of bytes. A buffer is born with the most it may ever hold, remembers the
 * first failure (so a row of adds needs one check at the end), and wipes what it frees. What is
 * added must not lie in the buffer itself. */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include "base/str.h"
#include <stdarg.h>

struct buf {
    char *p;    /* NUL-terminated whenever not NULL */
    size_t n;   /* bytes held, without that NUL */
    size_t cap; /* bytes allocated */
    size_t max; /* most bytes it may hold */
    int bad;    /* 0, SIGNET_ENOMEM or SIGNET_ELIMIT: sticky; adds do nothing after it */
};

#define BUF_INIT(most) ((struct buf){ .max = (most) })
/* A buffer that is released when it goes out of scope. */
#define BUF_AUTO(name, most) __attribute__((cleanup(buf_done))) struct buf name = BUF_INIT(most)

void buf_done(struct buf *b);                 /* wipes, frees, resets to empty with the same max */
void buf_clear(struct buf *b);                /* wipes the content, forgets a failure, keeps the memory */
int buf_reserve(struct buf *b, size_t extra); /* room for `extra` more bytes; 0 or the sticky code */
void buf_add(struct buf *b, signet_str s);
void buf_addz(struct buf *b, const char *z);
void buf_addc(struct buf *b, char c);
void buf_addf(struct buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void buf_addv(struct buf *b, const char *fmt, va_list ap) __attribute__((format(printf, 2, 0)));
void buf_cut(struct buf *b, size_t n); /* drops the first n bytes */

static inline int buf_err(const struct buf *b)
{
    return b->bad;
}

static inline signet_str buf_str(const struct buf *b)
{
    return (signet_str){ b->p, b->n };
}

/* Never NULL: the content as a C string, valid until the next change. */
static inline const char *buf_z(const struct buf *b)
{
    return b->p ? b->p : "";
}

/* Takes the content out as a NUL-terminated string the caller frees; the buffer is empty after.
 * NULL when the buffer failed or memory is short. */
char *buf_take(struct buf *b);

/* Bytes that must not be seen in a terminal or a log (C0, C1, DEL, bidi controls, broken UTF-8)
 * become \xNN; at most `max` bytes of `s` are shown, then "…". For all text that a peer wrote. */
void buf_add_escaped(struct buf *b, signet_str s, size_t max);

#endif
