/* signet-dns: the process that speaks with name servers and DNS providers. main starts it with a socket (descriptor 3)
 * and the bundle of roots (4). It reads credentials, the environment and resolv.conf with the rights it was started
 * with, then gives them all up (SANDBOX_DNS) before it sends or reads the first byte of a stranger. It holds the
 * credentials of one configuration; main holds none. */
#ifndef DNS_PROGRAM_H
#define DNS_PROGRAM_H

#include "dns/backend.h"
#include "dns/caa.h"
#include "dns/frames.h"
#include "dns/lookups.h"
#include "dns/watch.h"

#define DNS_FD         3
#define DNS_ROOTS_FD   4
#define DNS_ROOTS_MAX  (8u << 20)
#define DNS_JOBS_MAX   4096u
#define DNS_PROFILES   64u
#define DNS_QUEUE      (1u << 20) /* with more than this unwritten, nothing new is begun */
#define DNS_SECONDS_NO UINT32_MAX

struct profile {
    char *code;
    struct creds creds;
    const struct backend_ops *ops;
    struct backend *backend;
    bool external;
    uint32_t seconds; /* certbot's; DNS_SECONDS_NO: not given */
    unsigned shown;   /* descriptors in the poll */
};

enum job_state { JOB_HELD, JOB_FINDING, JOB_WRITING, JOB_AT_MAIN, JOB_WATCHING, JOB_OVER };

struct job {
    struct job *next;
    uint32_t id;
    struct profile *profile;
    enum job_state state;
    bool remove;
    struct record given; /* what main said; holds the texts below */
    const char *domain, *name;
    struct dns_place place;
    struct work work;
    struct record was;
    uint32_t after; /* removing: the job that has put it there, which may not have ended; 0 */
    struct watch_job watch;
    struct strlist ca; /* what CAA records call the CA; looked at when there are any, beside all else */
    bool caa_known;
    int64_t wake_ms;
};

struct program {
    struct wire wire;
    struct profile profile[DNS_PROFILES];
    unsigned n_profiles;
    struct lookups *lookups;
    struct https *https;
    struct backend_ctx ctx;
    struct job *jobs;
    size_t n_jobs;
    uint64_t looks;
    /* of the whole run */
    bool no_cname, skip_direct, recursive, configured;
    uint32_t wait_s; /* --dns.propagation-wait; DNS_SECONDS_NO: not given */
    char *dir;       /* of descriptions of one's own */
};

/* profiles.c. Reads what the configuration names; after it no file is needed. */
int program_configure(struct program *p, struct wire_frame *f, struct err *e);
void program_free(struct program *p);
/* jobs.c */
int program_take(struct program *p, struct wire_frame *f, struct err *e);
/* Everything that can go on goes on; *ret_wake_ms: on the mono clock, INT64_MAX. Negative: the line is full or memory
 * short. */
int program_advance(struct program *p, int64_t now_ms, int64_t *ret_wake_ms, struct err *e);
void program_jobs_free(struct program *p);
/* program.c. LOG levels of base/log.h. */
void program_tell(void *program, int level, const char *text);
void program_store(void *program, const char *word, const char *text);

#endif
