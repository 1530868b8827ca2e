/* The line between main and signet-talker: typed frames over a stream socket that never blocks. A frame is
 *
 *     u32 length of what follows | u16 type | u32 job (0: none) | fields
 *
 * in network byte order; a field is a u32, a u64 or a string (u32 length, bytes). Neither end trusts the other: a frame
 * has a cap, a type belongs to one direction, and the reader checks every length against what is there. */
#ifndef TALKER_WIRE_H
#define TALKER_WIRE_H

#include "base/buf.h"

#define WIRE_FRAME_MAX (512u << 10) /* bytes after the length word */
#define WIRE_QUEUE_MAX (8u << 20)   /* bytes that may wait to be written */
#define WIRE_LIST_MAX  1000u        /* members of one list in a frame */

/* Who speaks. The last two are the line to signet-dns, whose types are in dns/frames.h. */
enum wire_end { WIRE_MAIN, WIRE_TALKER, WIRE_DNS_MAIN, WIRE_DNS };
#define WIRE_DNS_MAIN_FIRST 128u /* what main says there, … */
#define WIRE_DNS_FIRST      192u /* … and what signet-dns says */
#define WIRE_DNS_TYPES      16u  /* of each */

enum wire_type {
    /* main says */
    WIRE_CONFIG = 1, /* first, once */
    WIRE_DIRECTORY,
    WIRE_ACCOUNT,
    WIRE_ORDER,
    WIRE_CSR,
    WIRE_REVOKE,
    WIRE_ROLLOVER,
    WIRE_ARI,
    WIRE_CANCEL,
    WIRE_SIGNED,
    WIRE_CHAL_DONE,
    WIRE_MAIN_LAST = WIRE_CHAL_DONE,
    /* the talker says */
    WIRE_SIGN = 64,
    WIRE_PRESENT,
    WIRE_CLEANUP,
    WIRE_ORDER_URL,
    WIRE_CHAIN, /* one for each chain, before the order's WIRE_DONE */
    WIRE_DONE,
    WIRE_META,
    WIRE_SAVED,
    WIRE_ACCOUNT_URL,
    WIRE_TRACE,
    WIRE_SANDBOX, /* how it is confined, in words */
    WIRE_FATAL,   /* the talker is about to end: why */
    WIRE_TALKER_LAST = WIRE_FATAL
};

/* Takes fields off the front. A read past the end gives 0 or the empty view and sets `bad`, which stays. */
struct wire_reader {
    signet_str rest;
    bool bad;
};
uint32_t wire_u32(struct wire_reader *r);
uint64_t wire_u64(struct wire_reader *r);
int wire_int(struct wire_reader *r);
signet_str wire_str(struct wire_reader *r); /* a view into the frame */
size_t
wire_count(struct wire_reader *r); /* the length of a list: never more than WIRE_LIST_MAX or than there are bytes for */
int wire_end_of(const struct wire_reader *r); /* 0 when all was read and nothing was bad; else SIGNET_EPROTO */

struct wire_frame {
    enum wire_type type;
    uint32_t job;
    struct wire_reader body;
};

/* The frame at the start of `in`, sent by `from`: 1 and its whole length, 0 when more bytes are needed, SIGNET_ELIMIT
 * when it is longer than the cap, SIGNET_EPROTO when `from` may not say such a thing. Views point into `in`. */
int wire_decode(signet_str in, enum wire_end from, struct wire_frame *ret, size_t *ret_used);

struct wire {
    int fd; /* owned; -1: none */
    enum wire_end peer;
    struct buf in, out;
    size_t taken; /* bytes of `in` handed out as frames */
    size_t start; /* where the frame being written begins in `out` */
};
void wire_init(struct wire *w, int fd, enum wire_end peer); /* makes fd non-blocking */
void wire_done(struct wire *w);                             /* closes */

/* Reading. wire_fill: 1 when bytes came, 0 when none are there now, SIGNET_ENET at the end of the stream, SIGNET_ESYS,
 * SIGNET_ENOMEM. wire_next: as wire_decode; the frame is valid until the next wire_fill. */
int wire_fill(struct wire *w);
int wire_next(struct wire *w, struct wire_frame *ret);

/* Writing: begin, fields, wire_commit. When that fails (SIGNET_ELIMIT: the frame or the queue got too long;
 * SIGNET_ENOMEM) the frame is taken back and the line is as before. wire_flush writes what the socket takes: 0, or
 * SIGNET_ENET when nobody reads any more. */
void wire_begin(struct wire *w, enum wire_type type, uint32_t job);
void wire_put_u32(struct wire *w, uint32_t v);
void wire_put_u64(struct wire *w, uint64_t v);
void wire_put_int(struct wire *w, int v);
void wire_put_str(struct wire *w, signet_str s);
void wire_put_strs(struct wire *w, const signet_str *v, size_t n);
int wire_commit(struct wire *w);
int wire_flush(struct wire *w);
static inline size_t wire_queued(const struct wire *w)
{
    return w->out.n;
}

#endif
