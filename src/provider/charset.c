#include "provider/engine.h"

#include <errno.h>
#include <iconv.h>

/* Answers in another character set than UTF-8 (`charset`), by the system's iconv. Where that does not know the set
 * (small containers have none of its tables) signs beyond ASCII become "?": what stands between them can be read all
 * the same. */

#define PIECE   1024u
#define UNKNOWN "?"

static iconv_t none(void)
{
    return (iconv_t)-1; /* NOLINT(performance-no-int-to-ptr) ; as iconv(3) has it */
}

/* While there is a file system: the tables are files. */
void charset_open(struct provider_session *s)
{
    signet_str name = node_text(s->d->root, "charset");
    BUF_AUTO(z, 64);
    if (!name.n)
        return;
    buf_add(&z, name);
    s->foreign = true;
    s->charset = buf_err(&z) ? none() : iconv_open("UTF-8", buf_z(&z));
}

void charset_close(struct provider_session *s)
{
    if (s->foreign && s->charset != none())
        iconv_close(s->charset);
    s->foreign = false;
}

static bool is_ascii(signet_str s)
{
    for (size_t i = 0; i < s.n; i++)
        if ((unsigned char)s.p[i] >= 0x80)
            return false;
    return true;
}

/* Of sets with two bytes a sign, the second may be ASCII: it goes with the first. */
static void without_tables(signet_str in, struct buf *to)
{
    for (size_t i = 0; i < in.n; i++) {
        bool high = (unsigned char)in.p[i] >= 0x80;
        buf_addc(to, high ? UNKNOWN[0] : in.p[i]);
        if (high && i + 1 < in.n && (unsigned char)in.p[i + 1] >= 0x40)
            i++;
    }
}

int charset_read(struct provider_session *s, signet_str in, struct buf *to)
{
    if (s->charset == none() || is_ascii(in)) {
        without_tables(in, to);
        return buf_err(to);
    }
    (void)iconv(s->charset, NULL, NULL, NULL, NULL);
    char *from = (char *)(uintptr_t)in.p, piece[PIECE];
    size_t left = in.n;
    while (left && !buf_err(to)) {
        char *out = piece;
        size_t room = sizeof piece;
        size_t rc = iconv(s->charset, &from, &left, &out, &room);
        buf_add(to, (signet_str){ piece, sizeof piece - room });
        if (rc == (size_t)-1 && errno != E2BIG) { /* not a sign of that set, or half of one */
            buf_addz(to, UNKNOWN);
            from++;
            left--;
        }
    }
    return buf_err(to);
}
