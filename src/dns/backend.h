/* Backends: who writes a value into a zone. One `const struct backend_ops` per file. All of them work on many values at
 * once, and never block. */
#ifndef DNS_BACKEND_H
#define DNS_BACKEND_H

#include "base/record.h"
#include "dns/creds.h"
#include "dns/find.h"
#include <poll.h>

#define BACKEND_FDS 64u

/* One value to be put somewhere or taken away. The maker owns it and keeps it until `done`. */
struct work {
    struct work *next; /* the backend's */
    bool remove;
    const struct dns_place *place;
    const char *domain;                /* as in the certificate, without "*." */
    signet_str value, token, key_auth; /* the last two may be empty */
    const struct record *was;          /* removing: what the adding left in `saved`; NULL: nothing is known */
    struct record saved;               /* adding: what the removing needs to know */
    bool done, busy;
    struct err err; /* done: code 0, or why not */
};

struct backend_times {
    uint32_t ttl, propagation_s, polling_s;
    bool serial; /* one value at a time: present, validate, clean up */
};

struct https;
struct https_answer;
struct backend_ctx {
    const char *code;
    struct creds *creds;
    struct https **https; /* there once all backends are open */
    uint64_t id_base;     /* of its HTTP requests: the low 48 bits are the backend's own */
    const char *dir;      /* --dns-provider-dir, PROVIDER_DIR */
    bool trace;
    void (*log)(void *ctx, int level, const char *text); /* for debugging and warnings */
    /* main is to keep a text, in the file that it knows by that word ("acme-dns") */
    void (*store)(void *ctx, const char *word, const char *text);
    void *log_ctx;
};

struct backend; /* each kind its own */
struct backend_ops {
    /* Reads credentials, with all rights; nothing is sent. */
    int (*open)(struct backend **ret, const struct backend_ctx *ctx, struct err *e);
    const struct backend_times *(*times)(const struct backend *b);
    /* Where an update goes, when that is not for the zone's NS records to say ("192.0.2.1" or "[…]:53"): used when the
     * zone cannot be found by other means. May be NULL. */
    const char *(*server)(const struct backend *b);
    void (*begin)(struct backend *b, struct work *w);
    void (*run)(struct backend *b); /* goes on; sets `done` of what has ended */
    /* For the poll; NULL: nothing but https and lookups. */
    unsigned (*fds)(struct backend *b, struct pollfd *to, unsigned room);
    void (*ready)(struct backend *b, const struct pollfd *fds, unsigned n);
    int (*timeout)(const struct backend *b, int most_ms);
    /* An answer to one of its HTTP requests; NULL: it sends none. */
    void (*answer)(struct backend *b, const struct https_answer *a);
    /* No more work will come: true when it has said good-bye. May be NULL. */
    bool (*finish)(struct backend *b);
    void (*close)(struct backend *b);
};
#define BACKEND_ID_MASK 0xffffffffffffull

extern const struct backend_ops backend_rfc2136, backend_external, backend_engine, backend_acmedns;

#endif
