/* signet-talker: the process that speaks to the CA. It holds no key and reads no file: main gives it a socket
 * (descriptor 3), the bundle of roots (descriptor 4) and, over the socket, what to do; it asks main for every signature
 * and reports what came of each job. */
#ifndef TALKER_TALKER_H
#define TALKER_TALKER_H

#include "net/https.h"
#include "talker/messages.h"

#define TALKER_FD        3
#define TALKER_ROOTS_FD  4
#define TALKER_JOBS_MAX  1024u      /* at once; main has the same limit */
#define TALKER_QUEUE     (1u << 20) /* with more than this unwritten, nothing new is begun */
#define TALKER_ROOTS_MAX (8u << 20)
#define TALKER_LIMIT_MAX 256u /* a higher request limit is none */

struct talker_job {
    struct talker_job *next;
    uint32_t id; /* main's name for it */
    enum wire_type kind;
    signet_job *job;
    bool url_sent;
};

struct talker {
    struct wire wire;
    struct https *https; /* these two after WIRE_CONFIG */
    signet_session *session;
    bool trace;
    struct talker_job *jobs;
    size_t n_jobs;
    struct buf saved, account; /* what main was told last */
    bool meta_told;
    unsigned limit;                  /* requests a second; 0: none */
    int64_t begun[TALKER_LIMIT_MAX]; /* when the last `limit` requests were begun, as a ring */
    unsigned next_begun;
    int64_t wall_ahead; /* what the wall clock was ahead of the monotonic one when all began */
};

/* The wall clock as it was at the beginning, and what has passed since: who sets the clock meanwhile changes no
 * deadline. Milliseconds since 1970. */
int64_t talker_now(const struct talker *t);

/* What main says (talker_jobs.c). An error ends the talker. */
int talker_take(struct talker *t, struct wire_frame *f, struct err *e);
void talker_jobs_free(struct talker *t);
/* The bundle of roots from its descriptor, which is closed. */
int talker_read_roots(struct buf *to, struct err *e);

/* What the session wants (talker_out.c): HTTP goes to https, the rest to main. */
int talker_pump(struct talker *t, struct err *e);
int talker_answer(struct talker *t, const struct https_answer *a, struct err *e);

/* When the next request may be begun under the limit: 0, or a time of talker_now that is still to come. */
int64_t talker_free_at(const struct talker *t);

/* One exchange for the log, without signatures (talker_trace.c). */
void talker_trace_request(struct talker *t, const signet_action *a);
void talker_trace_answer(struct talker *t, const struct https_answer *a);

#endif
