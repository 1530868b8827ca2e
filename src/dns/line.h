/* Main's end of the line to signet-dns. One line is one process: one configuration with its credentials. */
#ifndef DNS_LINE_H
#define DNS_LINE_H

#include "dns/frames.h"
#include "net/loop.h"

#define DNS_READY_MS  60000 /* names of servers that were given are looked up before it is ready */
#define DNS_LINE_JOBS 4000u /* at once */

struct dns_line;

/* Starts it and waits until it has read what `config` (frames.h) names and is confined. A failure is its own: missing
 * credentials, a file that is wrong. SIGNET_ECANCELED: a signal came. */
int dns_line_open(struct dns_line **ret, struct loop *l, const struct record *config, struct err *e);
void dns_line_close(struct dns_line *d);                       /* ends it; NULL is fine */
const struct record *dns_line_ready(const struct dns_line *d); /* what READY said */

uint32_t dns_line_new_job(struct dns_line *d);
/* SIGNET_ENET when the process is gone, SIGNET_ENOMEM, SIGNET_ELIMIT. */
int dns_line_send(struct dns_line *d, enum dns_frame type, uint32_t job, const struct record *r, struct err *e);

struct dns_event {
    enum dns_frame type; /* FOUND, NOTE, DONE */
    uint32_t job;
    const struct record *r; /* until the next call */
};
/* The next event: 1; 0: none is there now (the loop brings them). Negative: the process is gone, e says how; every job
 * of it is lost. What it wants told (TELL) goes to the log. Wakes whoever waits on the loop (loop_poke). */
int dns_line_next(struct dns_line *d, struct dns_event *ret, struct err *e);

#endif
