/* Waiting until a value is seen. Pure: time is passed in, answers come through struct dns_ask. The first look is at
 * once, later ones come less and less often. A value counts as seen when every name server that answers has shown it
 * some times in a row: with anycast one look may meet the one machine that is ahead. */
#ifndef DNS_WATCH_H
#define DNS_WATCH_H

#include "dns/find.h"

#define WATCH_HITS      2u  /* looks in a row that must show the value … */
#define WATCH_HITS_SLOW 3u  /* … once a look has missed it */
#define WATCH_AGAIN_MS  100 /* between looks that show it */
#define WATCH_FIRST_MS  250 /* after the first miss; doubled each time, up to the polling interval */
#define WATCH_DEAD_MS                                                                                                  \
    15000 /* servers that do not answer are not waited for longer (nor than half the                                   \
           * time) when the others show it */

enum watch_mode {
    WATCH_CHECK, /* look; too late is a failure */
    WATCH_UPTO,  /* look; after the time go on all the same (certbot's --dns-X-propagation-seconds) */
    WATCH_SLEEP, /* wait for the time, do not look */
};
struct watch_rules {
    enum watch_mode mode;
    int64_t time_ms;    /* at most; WATCH_SLEEP: exactly */
    int64_t polling_ms; /* longest pause between two looks */
    bool skip_direct;   /* do not ask the zone's servers */
    bool recursive;     /* ask the recursive servers, too */
};

enum watch_state { WATCH_WAITING, WATCH_SEEN, WATCH_LATE };

struct watch_job {
    /* given */
    const struct dns_place *place;
    signet_str value;
    struct watch_rules rules;
    bool gone;     /* the other way round: until no server shows it any more */
    uint64_t look; /* the number of the look under way; the caller starts each job in a range of its own */
    int64_t start_ms;
    /* its own */
    bool begun, asking, missed;
    unsigned hits, looks;
    int64_t next_ms, pause_ms;
};

/* Goes on. WATCH_WAITING: *ret_wake_ms says when to come back at the latest (INT64_MAX: when an answer comes).
 * WATCH_SEEN: `say` has words when not all is as it should be (a dead server, a wait without a look). WATCH_LATE: e
 * says which server lacks it, and what it has. */
enum watch_state dns_watch(struct watch_job *w, const struct dns_ask *ask, int64_t now_ms, int64_t *ret_wake_ms,
                           struct buf *say, struct err *e);

#endif
