#include "dns/lookups.h"

#include "base/clock.h"
#include "crypto/digest.h"
#include "net/resolve_ask.h"
#include <stdio.h>
#include <stdlib.h>

#define TOTAL_MS     12000 /* for the recursive servers, whatever c-ares does */
#define DIRECT_MS    10000
#define DIRECT_TRIES 2u /* over UDP, then once over TCP */
#define BUCKETS      1024u
#define HASH_START   14695981039346656037ull
#define HASH_PRIME   1099511628211ull

struct entry {
    struct entry *next;
    struct entry *next_waiting, **prev_waiting; /* while it waits */
    uint64_t id, look;
    char *server, *name;
    unsigned type;
    bool waiting, unsent, tcp; /* unsent: too many servers are being asked; tcp: over UDP nothing came */
    int64_t deadline;
    struct dns_answer answer;
};

struct server {
    char addr[DNS_SERVER_MAX];
    bool tcp;
    struct asker *asker;
    uint64_t used;     /* when it was asked last, of l->uses */
    unsigned busy;     /* c-ares is at work for it */
    unsigned first, n; /* of the descriptors given out last */
};

struct lookups {
    struct server server[LOOKUPS_SERVERS + 1]; /* [0]: the recursive ones */
    unsigned n_servers;
    unsigned direct_ms, port, only;
    uint64_t uses;
    struct entry *bucket[BUCKETS];
    struct entry *waiting;
    size_t n;
    uint64_t last_id;
    bool news;
    struct dns_answer no_room;
};

/* ---- entries ---- */

static size_t bucket_of(const struct dns_question *q)
{
    uint64_t h = HASH_START;
    for (const char *p = q->name; *p; p++)
        h = (h ^ (unsigned char)*p) * HASH_PRIME;
    for (const char *p = q->server; *p; p++)
        h = (h ^ (unsigned char)*p) * HASH_PRIME;
    h = (h ^ q->type ^ q->look << 8) * HASH_PRIME;
    return (size_t)(h % BUCKETS);
}

static struct entry *find(struct lookups *l, const struct dns_question *q)
{
    struct entry *n = l->bucket[bucket_of(q)];
    while (n && (n->type != q->type || n->look != q->look || strcmp(n->name, q->name) != 0 ||
                 strcmp(n->server, q->server) != 0))
        n = n->next;
    return n;
}

static void stop_waiting(struct entry *n)
{
    if (!n->waiting)
        return;
    n->waiting = false;
    *n->prev_waiting = n->next_waiting;
    if (n->next_waiting)
        n->next_waiting->prev_waiting = n->prev_waiting;
}

static void entry_free(struct entry *n)
{
    stop_waiting(n);
    dns_answer_done(&n->answer);
    free(n->server);
    free(n->name);
    free(n);
}

static void fail(struct lookups *l, struct entry *n, int code, const char *why)
{
    n->answer.code = code;
    (void)snprintf(n->answer.why, sizeof(n->answer.why), "%s", why);
    stop_waiting(n);
    l->news = true;
}

static void send_question(struct lookups *l, struct entry *n);

static void on_answer(void *ctx, uint64_t id, int code, const char *why, signet_str answer)
{
    struct lookups *l = ctx;
    struct entry *n = l->waiting;
    while (n && n->id != id)
        n = n->next_waiting;
    if (!n)
        return;
    if (code && *n->server && !n->tcp && clock_mono_ms() < n->deadline) {
        n->tcp = true; /* a firewall may let only that through */
        send_question(l, n);
        return;
    }
    if (code) {
        fail(l, n, code, why);
        return;
    }
    if (dns_answer_read(&n->answer, answer, n->name, n->type)) {
        fail(l, n, SIGNET_ENOMEM, "out of memory");
        return;
    }
    stop_waiting(n);
    l->news = true;
}

/* ---- asking ---- */

static bool is_asked(const struct lookups *l, const struct server *s)
{
    const struct entry *n = l->waiting;
    while (n && (n->unsent || n->tcp != s->tcp || strcmp(n->server, s->addr) != 0))
        n = n->next_waiting;
    return s->busy || n;
}

/* A place for one more server: a new one, or that of the server which has been quiet the longest. NULL: all are being
 * asked. */
static struct server *free_place(struct lookups *l)
{
    struct server *hit = NULL;
    if (l->n_servers <= LOOKUPS_SERVERS)
        return &l->server[l->n_servers++];
    for (unsigned i = 1; i < l->n_servers; i++)
        if ((!hit || l->server[i].used < hit->used) && !is_asked(l, &l->server[i]))
            hit = &l->server[i];
    if (hit)
        asker_free(hit->asker);
    return hit;
}

/* 0; SIGNET_ENOTFOUND: there is no room now; or another code. */
static int server_for(struct lookups *l, const char *addr, bool tcp, struct server **ret)
{
    for (unsigned i = 0; i < l->n_servers; i++)
        if (!strcmp(l->server[i].addr, addr) && l->server[i].tcp == tcp) {
            *ret = &l->server[i];
            return (*ret)->asker ? 0 : SIGNET_ENOMEM;
        }
    struct server *s = free_place(l);
    if (!s)
        return SIGNET_ENOTFOUND;
    BUF_AUTO(csv, DNS_SERVER_MAX + 16);
    bool v6 = strchr(addr, ':') != NULL;
    buf_addf(&csv, "%s%s%s:%u", v6 ? "[" : "", addr, v6 ? "]" : "", l->port);
    unsigned udp = l->direct_ms > DIRECT_MS ? l->direct_ms / 20 * 3 : LOOKUPS_TRY_MS; /* each try is twice as long */
    struct asker_config c = { .servers = buf_z(&csv),
                              .try_ms = !tcp                       ? udp
                                        : l->direct_ms > DIRECT_MS ? l->direct_ms / 2
                                                                   : LOOKUPS_TCP_MS,
                              .tries = tcp ? 1 : DIRECT_TRIES,
                              .tcp = tcp,
                              .fn = on_answer,
                              .ctx = l };
    *s = (struct server){ .tcp = tcp };
    (void)snprintf(s->addr, sizeof(s->addr), "%s", addr);
    *ret = s;
    return asker_new(&s->asker, &c, NULL) ? SIGNET_ENOMEM : 0;
}

static void send_question(struct lookups *l, struct entry *n)
{
    uint16_t id;
    BUF_AUTO(query, 1024);
    struct server *s = NULL;
    if (random_bytes(&id, sizeof(id)) || dns_put_query(&query, id, n->name, n->type, n->server[0] == '\0')) {
        fail(l, n, SIGNET_EINVAL, "it cannot be asked");
        return;
    }
    int rc = server_for(l, n->server, n->tcp, &s);
    n->unsent = rc == SIGNET_ENOTFOUND;
    if (n->unsent)
        return;
    if (!rc) {
        s->used = ++l->uses;
        s->busy++;
        rc = asker_send(s->asker, n->id, buf_str(&query));
        s->busy--;
    }
    if (rc)
        fail(l, n, SIGNET_ELIMIT, "there is no room to ask it");
}

/* Those for which there was no room: their time begins now. */
static void send_unsent(struct lookups *l)
{
    for (struct entry *n = l->waiting, *next; n; n = next) {
        next = n->next_waiting;
        if (!n->waiting || !n->unsent)
            continue;
        n->deadline = clock_mono_ms() + (int64_t)l->direct_ms;
        send_question(l, n);
    }
}

static struct entry *add(struct lookups *l, const struct dns_question *q)
{
    struct entry *n = l->n < LOOKUPS_MAX ? calloc(1, sizeof(*n)) : NULL;
    if (!n)
        return NULL;
    n->server = str_dup(str_of(q->server));
    n->name = str_dup(str_of(q->name));
    if (!n->server || !n->name) {
        entry_free(n);
        return NULL;
    }
    n->id = ++l->last_id;
    n->type = q->type;
    n->look = q->look;
    n->waiting = true;
    n->deadline = clock_mono_ms() + (*q->server ? (int64_t)l->direct_ms : TOTAL_MS);
    n->next_waiting = l->waiting;
    n->prev_waiting = &l->waiting;
    if (n->next_waiting)
        n->next_waiting->prev_waiting = &n->next_waiting;
    l->waiting = n;
    size_t b = bucket_of(q);
    n->next = l->bucket[b];
    l->bucket[b] = n;
    l->n++;
    return n;
}

static const struct dns_answer *ask(void *ctx, const struct dns_question *q)
{
    struct lookups *l = ctx;
    struct entry *n = find(l, q);
    if (!n) {
        n = add(l, q);
        if (!n)
            return &l->no_room;
        send_question(l, n);
    }
    return n->waiting ? NULL : &n->answer;
}

struct dns_ask lookups_ask(struct lookups *l)
{
    return (struct dns_ask){ .ctx = l, .ask = ask, .only = l->only };
}

void lookups_forget(struct lookups *l, uint64_t look)
{
    for (size_t b = 0; b < BUCKETS; b++)
        for (struct entry **at = &l->bucket[b]; *at;) {
            struct entry *n = *at;
            if (n->look != look || n->waiting) {
                at = &n->next;
                continue;
            }
            *at = n->next;
            l->n--;
            entry_free(n);
        }
}

/* ---- setting up, waiting ---- */

int lookups_new(struct lookups **ret, const struct lookups_config *c, struct err *e)
{
    struct lookups *l = calloc(1, sizeof(*l));
    if (!l)
        return err_nomem(e);
    l->direct_ms = c->direct_ms ? c->direct_ms : DIRECT_MS;
    l->port = c->direct_port ? c->direct_port : 53;
    l->only = c->only;
    l->no_room.code = SIGNET_ELIMIT;
    (void)snprintf(l->no_room.why, sizeof(l->no_room.why), "too many questions at once");
    struct asker_config ac = { .servers = c->resolvers, .try_ms = LOOKUPS_TRY_MS, .fn = on_answer, .ctx = l };
    int rc = asker_new(&l->server[0].asker, &ac, e);
    if (rc) {
        free(l);
        return rc;
    }
    l->n_servers = 1;
    *ret = l;
    return 0;
}

void lookups_free(struct lookups *l)
{
    if (!l)
        return;
    for (unsigned i = 0; i < l->n_servers; i++)
        asker_free(l->server[i].asker);
    for (size_t b = 0; b < BUCKETS; b++)
        while (l->bucket[b]) {
            struct entry *n = l->bucket[b];
            l->bucket[b] = n->next;
            entry_free(n);
        }
    free(l);
}

unsigned lookups_fds(struct lookups *l, struct pollfd *to, unsigned room)
{
    unsigned n = 0;
    for (unsigned i = 0; i < l->n_servers; i++) {
        struct pollfd fds[ASK_FDS_MAX];
        unsigned k = l->server[i].asker ? asker_fds(l->server[i].asker, fds) : 0;
        k = k < room - n ? k : room - n;
        memcpy(to + n, fds, k * sizeof(*to));
        l->server[i].first = n;
        l->server[i].n = k;
        n += k;
    }
    return n;
}

int lookups_timeout(struct lookups *l, int most_ms)
{
    int64_t now = clock_mono_ms();
    for (unsigned i = 0; i < l->n_servers; i++)
        most_ms = l->server[i].asker ? asker_timeout(l->server[i].asker, most_ms) : most_ms;
    for (const struct entry *n = l->waiting; n; n = n->next_waiting) {
        if (n->unsent)
            continue;
        int64_t left = n->deadline > now ? n->deadline - now : 0;
        if (most_ms < 0 || left < most_ms)
            most_ms = (int)left;
    }
    return most_ms;
}

bool lookups_run(struct lookups *l, const struct pollfd *fds, unsigned n)
{
    for (unsigned i = 0; i < l->n_servers; i++) {
        struct server *s = &l->server[i];
        s->busy++;
        if (s->asker && s->first + s->n <= n)
            asker_run(s->asker, fds + s->first, s->n);
        s->busy--;
    }
    int64_t now = clock_mono_ms();
    for (struct entry *e = l->waiting, *next; e; e = next) {
        next = e->next_waiting;
        if (now >= e->deadline && !e->unsent)
            fail(l, e, SIGNET_ETIMEOUT, "no answer came in time");
    }
    send_unsent(l);
    bool news = l->news;
    l->news = false;
    return news;
}
