#include "talker/wire.h"
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#define LEN_BYTES  4u
#define HEAD_BYTES 6u /* type and job */
#define READ_BYTES (16u << 10)

static uint64_t get_be(const char *p, size_t n)
{
    uint64_t v = 0;
    for (size_t i = 0; i < n; i++)
        v = v << 8 | (unsigned char)p[i];
    return v;
}

static void set_be(char *p, uint64_t v, size_t n)
{
    for (size_t i = n; i-- > 0; v >>= 8)
        p[i] = (char)(v & 0xff);
}

static uint64_t take_be(struct wire_reader *r, size_t n)
{
    if (r->bad || r->rest.n < n) {
        r->bad = true;
        return 0;
    }
    uint64_t v = get_be(r->rest.p, n);
    r->rest = str_skip(r->rest, n);
    return v;
}

uint32_t wire_u32(struct wire_reader *r)
{
    return (uint32_t)take_be(r, 4);
}

uint64_t wire_u64(struct wire_reader *r)
{
    return take_be(r, 8);
}

int wire_int(struct wire_reader *r)
{
    return (int32_t)wire_u32(r);
}

signet_str wire_str(struct wire_reader *r)
{
    size_t n = wire_u32(r);
    if (r->bad || r->rest.n < n) {
        r->bad = true;
        return (signet_str){ 0 };
    }
    signet_str s = { r->rest.p, n };
    r->rest = str_skip(r->rest, n);
    return s;
}

size_t wire_count(struct wire_reader *r)
{
    size_t n = wire_u32(r);
    /* every member has a length word at least, so a count that the frame cannot hold is seen before anything is
     * allocated */
    if (r->bad || n > WIRE_LIST_MAX || n > r->rest.n / LEN_BYTES) {
        r->bad = true;
        return 0;
    }
    return n;
}

int wire_end_of(const struct wire_reader *r)
{
    return r->bad || r->rest.n ? SIGNET_EPROTO : 0;
}

static bool type_fits(uint32_t type, enum wire_end from)
{
    switch (from) {
    case WIRE_MAIN:
        return type >= WIRE_CONFIG && type <= WIRE_MAIN_LAST;
    case WIRE_TALKER:
        return type >= WIRE_SIGN && type <= WIRE_TALKER_LAST;
    case WIRE_DNS_MAIN:
        return type >= WIRE_DNS_MAIN_FIRST && type < WIRE_DNS_MAIN_FIRST + WIRE_DNS_TYPES;
    case WIRE_DNS:
        return type >= WIRE_DNS_FIRST && type < WIRE_DNS_FIRST + WIRE_DNS_TYPES;
    }
    return false;
}

int wire_decode(signet_str in, enum wire_end from, struct wire_frame *ret, size_t *ret_used)
{
    if (in.n < LEN_BYTES)
        return 0;
    size_t len = (size_t)get_be(in.p, LEN_BYTES);
    if (len > WIRE_FRAME_MAX)
        return SIGNET_ELIMIT;
    if (len < HEAD_BYTES)
        return SIGNET_EPROTO;
    if (in.n < LEN_BYTES + HEAD_BYTES)
        return 0;
    uint32_t type = (uint32_t)get_be(in.p + LEN_BYTES, 2);
    if (!type_fits(type, from))
        return SIGNET_EPROTO;
    if (in.n - LEN_BYTES < len)
        return 0;
    ret->type = (enum wire_type)type;
    ret->job = (uint32_t)get_be(in.p + LEN_BYTES + 2, 4);
    ret->body = (struct wire_reader){ .rest = { in.p + LEN_BYTES + HEAD_BYTES, len - HEAD_BYTES } };
    *ret_used = LEN_BYTES + len;
    return 1;
}

void wire_init(struct wire *w, int fd, enum wire_end peer)
{
    *w = (struct wire){ .fd = fd, .peer = peer };
    w->in = BUF_INIT(LEN_BYTES + WIRE_FRAME_MAX + READ_BYTES);
    w->out = BUF_INIT(WIRE_QUEUE_MAX);
    int flags = fcntl(fd, F_GETFL);
    if (flags >= 0)
        (void)fcntl(fd, F_SETFL, flags | O_NONBLOCK);
}

void wire_done(struct wire *w)
{
    if (w->fd >= 0)
        close(w->fd);
    w->fd = -1;
    buf_done(&w->in);
    buf_done(&w->out);
}

int wire_fill(struct wire *w)
{
    if (w->taken) {
        buf_cut(&w->in, w->taken);
        w->taken = 0;
    }
    if (buf_reserve(&w->in, READ_BYTES))
        return buf_err(&w->in);
    ssize_t n;
    do
        n = recv(w->fd, w->in.p + w->in.n, READ_BYTES, MSG_DONTWAIT);
    while (n < 0 && errno == EINTR);
    if (n == 0 || (n < 0 && errno == ECONNRESET))
        return SIGNET_ENET;
    if (n < 0)
        return errno == EAGAIN || errno == EWOULDBLOCK ? 0 : SIGNET_ESYS;
    w->in.n += (size_t)n;
    w->in.p[w->in.n] = '\0';
    return 1;
}

int wire_next(struct wire *w, struct wire_frame *ret)
{
    size_t used = 0;
    int rc = wire_decode(str_skip(buf_str(&w->in), w->taken), w->peer, ret, &used);
    if (rc == 1)
        w->taken += used;
    return rc;
}

static void put_be(struct wire *w, uint64_t v, size_t n)
{
    char b[8];
    set_be(b, v, n);
    buf_add(&w->out, (signet_str){ b, n });
}

void wire_begin(struct wire *w, enum wire_type type, uint32_t job)
{
    assert(!type_fits(type, w->peer));
    w->start = w->out.n;
    put_be(w, 0, LEN_BYTES);
    put_be(w, type, 2);
    put_be(w, job, 4);
}

void wire_put_u32(struct wire *w, uint32_t v)
{
    put_be(w, v, 4);
}

void wire_put_u64(struct wire *w, uint64_t v)
{
    put_be(w, v, 8);
}

void wire_put_int(struct wire *w, int v)
{
    put_be(w, (uint32_t)v, 4);
}

void wire_put_str(struct wire *w, signet_str s)
{
    /* what is too long for a frame need not be copied to be refused */
    if (s.n > WIRE_FRAME_MAX && !w->out.bad)
        w->out.bad = SIGNET_ELIMIT;
    put_be(w, s.n, 4);
    buf_add(&w->out, s);
}

void wire_put_strs(struct wire *w, const signet_str *v, size_t n)
{
    if (n > WIRE_LIST_MAX && !w->out.bad)
        w->out.bad = SIGNET_ELIMIT;
    put_be(w, n, 4);
    for (size_t i = 0; i < n; i++)
        wire_put_str(w, v[i]);
}

int wire_commit(struct wire *w)
{
    size_t len = w->out.n - w->start - LEN_BYTES;
    int rc = buf_err(&w->out);
    if (rc == 0 && len > WIRE_FRAME_MAX)
        rc = SIGNET_ELIMIT;
    if (rc == 0) {
        set_be(w->out.p + w->start, len, LEN_BYTES);
        return 0;
    }
    w->out.n = w->start;
    if (w->out.p)
        w->out.p[w->out.n] = '\0';
    w->out.bad = 0;
    return rc;
}

int wire_flush(struct wire *w)
{
    size_t sent = 0;
    int rc = 0;
    while (sent < w->out.n) {
        ssize_t n = send(w->fd, w->out.p + sent, w->out.n - sent, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (n > 0)
            sent += (size_t)n;
        else if (n < 0 && errno == EINTR)
            continue;
        else {
            rc = n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK) ? 0 : SIGNET_ENET;
            break;
        }
    }
    if (sent)
        buf_cut(&w->out, sent);
    return rc;
}
