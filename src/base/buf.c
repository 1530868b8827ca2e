#include "base/buf.h"

#include <stdio.h>
#include <stdlib.h>

enum { FIRST_CAP = 64 };

static void release(struct buf *b)
{
    if (b->p)
        explicit_bzero(b->p, b->cap);
    free(b->p);
}

void buf_done(struct buf *b)
{
    release(b);
    *b = BUF_INIT(b->max);
}

void buf_clear(struct buf *b)
{
    if (b->p)
        explicit_bzero(b->p, b->cap);
    b->n = 0;
    b->bad = 0;
}

/* Not realloc: it would leave a copy of a secret behind in freed memory. */
static int grow(struct buf *b, size_t cap)
{
    char *p = malloc(cap);
    if (!p)
        return b->bad = SIGNET_ENOMEM;
    if (b->n)
        memcpy(p, b->p, b->n);
    p[b->n] = '\0';
    release(b);
    b->p = p;
    b->cap = cap;
    return 0;
}

int buf_reserve(struct buf *b, size_t extra)
{
    if (b->bad)
        return b->bad;
    if (b->n > b->max || extra > b->max - b->n || b->max == SIZE_MAX)
        return b->bad = SIGNET_ELIMIT;
    size_t need = b->n + extra + 1;
    if (need <= b->cap)
        return 0;
    size_t cap = b->cap > SIZE_MAX / 2 ? need : b->cap * 2;
    if (cap < FIRST_CAP)
        cap = FIRST_CAP;
    if (cap > b->max + 1)
        cap = b->max + 1;
    return grow(b, cap < need ? need : cap);
}

void buf_add(struct buf *b, signet_str s)
{
    if (buf_reserve(b, s.n))
        return;
    if (s.n)
        memcpy(b->p + b->n, s.p, s.n);
    b->n += s.n;
    b->p[b->n] = '\0';
}

void buf_addz(struct buf *b, const char *z)
{
    buf_add(b, str_of(z));
}

void buf_addc(struct buf *b, char c)
{
    buf_add(b, (signet_str){ &c, 1 });
}

void buf_addf(struct buf *b, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    buf_addv(b, fmt, ap);
    va_end(ap);
}

void buf_addv(struct buf *b, const char *fmt, va_list ap)
{
    va_list again;
    va_copy(again, ap);
    int n = vsnprintf(NULL, 0, fmt, ap);
    if (n < 0)
        b->bad = b->bad ? b->bad : SIGNET_ELIMIT;
    else if (!buf_reserve(b, (size_t)n)) {
        vsnprintf(b->p + b->n, (size_t)n + 1, fmt, again);
        b->n += (size_t)n;
    }
    va_end(again);
}

void buf_cut(struct buf *b, size_t n)
{
    if (!b->p)
        return;
    if (n > b->n)
        n = b->n;
    memmove(b->p, b->p + n, b->n - n);
    b->n -= n;
    explicit_bzero(b->p + b->n, b->cap - b->n);
}

char *buf_take(struct buf *b)
{
    if (buf_reserve(b, 0)) {
        buf_done(b);
        return NULL;
    }
    char *p = b->p;
    *b = BUF_INIT(b->max);
    return p;
}

/* Reads one UTF-8 character (RFC 3629); its length, or 0 where there is none. */
static size_t utf8_read(signet_str s, uint32_t *ret)
{
    static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
    unsigned char c = (unsigned char)s.p[0];
    size_t n = c < 0x80 ? 1 : c >= 0xc2 && c < 0xe0 ? 2 : c >= 0xe0 && c < 0xf0 ? 3 : c >= 0xf0 && c < 0xf5 ? 4 : 0;
    if (!n || n > s.n)
        return 0;
    uint32_t u = n == 1 ? c : c & (0x7fu >> n);
    for (size_t i = 1; i < n; i++) {
        unsigned char d = (unsigned char)s.p[i];
        if ((d & 0xc0) != 0x80)
            return 0;
        u = u << 6 | (d & 0x3f);
    }
    if (u < least[n] || u > 0x10ffff || (u >= 0xd800 && u < 0xe000))
        return 0;
    *ret = u;
    return n;
}

/* What moves a cursor, starts a line or turns the direction of what follows. */
static bool is_unsafe(uint32_t u)
{
    return u < 0x20 || (u >= 0x7f && u < 0xa0) || u == 0x61c || u == 0x200e || u == 0x200f ||
           (u >= 0x2028 && u <= 0x202e) || (u >= 0x2066 && u <= 0x2069);
}

void buf_add_escaped(struct buf *b, signet_str s, size_t max)
{
    signet_str left = s;
    while (left.n) {
        uint32_t u = 0;
        size_t n = utf8_read(left, &u);
        size_t len = n ? n : 1;
        if (s.n - left.n + len > max) {
            buf_addz(b, "\xe2\x80\xa6");
            return;
        }
        if (n && !is_unsafe(u))
            buf_add(b, (signet_str){ left.p, n });
        else
            for (size_t i = 0; i < len; i++)
                buf_addf(b, "\\x%02x", (unsigned)(unsigned char)left.p[i]);
        left = str_skip(left, len);
    }
}
