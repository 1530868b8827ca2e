#include "net/resolve.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/fs.h"
#include "net/hosts.h"
#include "net/resolve_poll.h"
#include <ares.h>
#include <arpa/inet.h>
#include <fcntl.h>
#include <netdb.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/time.h>

enum family { V6, V4, FAMILIES };

struct entry;

/* What c-ares calls back with. It outlives the entry's attempt: c-ares is told nothing of attempts that were given up.
 */
struct question {
    struct question *next;
    struct entry *entry; /* NULL: nobody waits any more */
    enum family family;
};

struct entry {
    struct entry *next;
    struct resolver *owner;
    char *name;
    struct lookup pub;
    struct question *asked[FAMILIES]; /* NULL: answered, or not asked */
    int status[FAMILIES];
    char addr[FAMILIES][RESOLVE_ADDRS_MAX][46];
    unsigned n[FAMILIES];
    int64_t deadline; /* while it waits */
    int64_t good_until;
    int ttl_s;
};

struct resolver {
    ares_channel channel;
    struct buf hosts;
    struct entry *entries;
    unsigned total_ms;
    struct buf servers; /* in words */
};

/* ---- setting up ---- */

static void describe_servers(struct resolver *r)
{
    struct ares_addr_port_node *list = NULL;
    if (ares_get_servers_ports(r->channel, &list))
        return;
    for (const struct ares_addr_port_node *s = list; s; s = s->next) {
        char text[INET6_ADDRSTRLEN] = "?";
        (void)inet_ntop(s->family, &s->addr, text, sizeof(text));
        buf_addf(&r->servers, "%s%s", r->servers.n ? ", " : "", text);
        if (s->udp_port && s->udp_port != 53)
            buf_addf(&r->servers, " port %d", s->udp_port);
    }
    ares_free_data(list);
    if (!r->servers.n)
        buf_addz(&r->servers, "no server");
}

static int open_channel(struct resolver *r, const struct resolver_config *c, struct err *e)
{
    static char dns_only[] = "b"; /* /etc/hosts is read here, once */
    struct ares_options o = {
        .flags = ARES_FLAG_NOALIASES, /* else the file that HOSTALIASES names is opened at each question */
        .timeout = (int)(c->try_ms ? c->try_ms : RESOLVE_TRY_MS),
        .tries = RESOLVE_TRIES,
        .lookups = dns_only,
    };
    int rc = ares_library_init(ARES_LIB_INIT_ALL);
    if (!rc)
        rc =
            ares_init_options(&r->channel, &o, ARES_OPT_FLAGS | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_LOOKUPS);
    if (rc)
        return err_set(e, SIGNET_ENET, "the DNS resolver cannot be set up: %s", ares_strerror(rc));
    if (c->servers && (rc = ares_set_servers_ports_csv(r->channel, c->servers)))
        return err_set(e, SIGNET_EINVAL, "\"%.200s\" names no DNS servers: %s", c->servers, ares_strerror(rc));
    describe_servers(r);
    return 0;
}

int resolver_new(struct resolver **ret, const struct resolver_config *c, struct err *e)
{
    struct resolver *r = calloc(1, sizeof(*r));
    if (!r)
        return err_nomem(e);
    r->hosts = BUF_INIT(RESOLVE_HOSTS_MAX);
    r->servers = BUF_INIT(512);
    r->total_ms = c->total_ms ? c->total_ms : RESOLVE_TOTAL_MS;
    if (fs_read(AT_FDCWD, c->hosts_file ? c->hosts_file : "/etc/hosts", &r->hosts, NULL))
        buf_clear(&r->hosts); /* a system may do without */
    int rc = open_channel(r, c, e);
    if (rc)
        resolver_free(r);
    else
        *ret = r;
    return rc;
}

void resolver_free(struct resolver *r)
{
    if (!r)
        return;
    for (struct entry *n = r->entries; n; n = n->next)
        for (int f = 0; f < FAMILIES; f++)
            if (n->asked[f])
                n->asked[f]->entry = NULL;
    if (r->channel)
        ares_destroy(r->channel); /* calls back for what is under way, which frees the questions */
    ares_library_cleanup();
    while (r->entries) {
        struct entry *n = r->entries;
        r->entries = n->next;
        free(n->name);
        free(n);
    }
    buf_done(&r->hosts);
    buf_done(&r->servers);
    free(r);
}

/* ---- the end of a lookup ---- */

static void succeed(struct entry *n, int64_t now)
{
    unsigned k = 0;
    for (int f = 0; f < FAMILIES; f++)
        for (unsigned i = 0; i < n->n[f] && k < RESOLVE_ADDRS_MAX; i++)
            memcpy(n->pub.addr[k++], n->addr[f][i], sizeof(n->addr[f][i]));
    n->pub.n_addrs = k;
    n->pub.state = LOOKUP_DONE;
    int64_t keep = (int64_t)n->ttl_s * 1000;
    keep = keep < RESOLVE_KEEP_LEAST ? RESOLVE_KEEP_LEAST : keep > RESOLVE_KEEP_MS ? RESOLVE_KEEP_MS : keep;
    n->good_until = now + keep;
}

static int code_of(int status)
{
    if (status == ARES_ENOTFOUND || status == ARES_ENODATA)
        return SIGNET_ENOTFOUND;
    return status == ARES_ETIMEOUT ? SIGNET_ETIMEOUT : SIGNET_ENET;
}

/* The status that tells most: that there is no address is known only when both families say so. */
static int worst(const struct entry *n)
{
    int a = n->status[V4], b = n->status[V6];
    return code_of(a) == SIGNET_ENOTFOUND ? b : a;
}

static void fail(struct entry *n, int status, int64_t now)
{
    const char *servers = buf_z(&n->owner->servers);
    n->pub.state = LOOKUP_FAILED;
    n->pub.code = code_of(status);
    n->good_until = now + RESOLVE_FAILED_MS;
    BUF_AUTO(t, sizeof(n->pub.why) - 1);
    if (status == ARES_ENOTFOUND)
        buf_addf(&t, "the name %s does not exist (asked: %.100s)", n->name, servers);
    else if (status == ARES_ENODATA)
        buf_addf(&t, "the name %s has no address (asked: %.100s)", n->name, servers);
    else if (status == ARES_ETIMEOUT)
        buf_addf(&t, "no answer about the name %s in time from the DNS server (asked: %.100s)", n->name, servers);
    else if (status == ARES_ECONNREFUSED || status == ARES_ESERVFAIL || status == ARES_EREFUSED)
        buf_addf(&t, "no DNS server could tell about the name %s: not reached, or it failed or refused (asked: %.100s)",
                 n->name, servers); /* c-ares has one code for these */
    else
        buf_addf(&t, "the name %s cannot be looked up: %s (asked: %.100s)", n->name, ares_strerror(status), servers);
    memcpy(n->pub.why, buf_z(&t), t.n + 1);
}

static void forget_questions(struct entry *n)
{
    for (int f = 0; f < FAMILIES; f++) {
        if (n->asked[f])
            n->asked[f]->entry = NULL;
        n->asked[f] = NULL;
    }
}

static void keep_addresses(struct entry *n, enum family f, const struct ares_addrinfo *ai)
{
    int af = f == V6 ? AF_INET6 : AF_INET;
    for (const struct ares_addrinfo_node *a = ai->nodes; a && n->n[f] < RESOLVE_ADDRS_MAX / 2; a = a->ai_next) {
        if (a->ai_family != af)
            continue;
        const void *from = af == AF_INET6
                               ? (const void *)&((const struct sockaddr_in6 *)(const void *)a->ai_addr)->sin6_addr
                               : (const void *)&((const struct sockaddr_in *)(const void *)a->ai_addr)->sin_addr;
        if (!inet_ntop(af, from, n->addr[f][n->n[f]], sizeof(n->addr[f][0])))
            continue;
        n->n[f]++;
        if (n->ttl_s < 0 || a->ai_ttl < n->ttl_s)
            n->ttl_s = a->ai_ttl;
    }
}

static void on_answer(void *ctx, int status, int timeouts, struct ares_addrinfo *ai)
{
    struct question *q = ctx;
    struct entry *n = q->entry;
    (void)timeouts;
    if (n) {
        enum family f = q->family;
        n->asked[f] = NULL;
        if (status == ARES_SUCCESS && ai)
            keep_addresses(n, f, ai);
        n->status[f] = status == ARES_SUCCESS ? ARES_ENODATA : status;
        int64_t now = clock_mono_ms();
        bool other = n->asked[f == V6 ? V4 : V6] != NULL;
        if (!other && (n->n[V4] || n->n[V6]))
            succeed(n, now);
        else if (!other)
            fail(n, worst(n), now);
        else if (n->n[f] && now + RESOLVE_GRACE_MS < n->deadline)
            n->deadline = now + RESOLVE_GRACE_MS;
    }
    if (ai)
        ares_freeaddrinfo(ai);
    free(q);
}

/* ---- the start of one ---- */

static bool from_hosts(struct entry *n)
{
    signet_str text = buf_str(&n->owner->hosts), addr;
    while (hosts_next(&text, str_of(n->name), &addr)) {
        char word[46];
        if (addr.n >= sizeof(word))
            continue;
        memcpy(word, addr.p, addr.n);
        word[addr.n] = '\0';
        enum family f = memchr(word, ':', addr.n) ? V6 : V4;
        if (host_is_number(word) && n->n[f] < RESOLVE_ADDRS_MAX / 2)
            memcpy(n->addr[f][n->n[f]++], word, addr.n + 1);
    }
    return n->n[V4] || n->n[V6];
}

static bool is_known(struct entry *n)
{
    if (host_is_number(n->name)) {
        memcpy(n->addr[V4][0], n->name, strlen(n->name) + 1);
        n->n[V4] = 1;
        return true;
    }
    if (host_is_local(str_of(n->name))) {
        memcpy(n->addr[V6][0], "::1", sizeof("::1"));
        memcpy(n->addr[V4][0], "127.0.0.1", sizeof("127.0.0.1"));
        n->n[V6] = n->n[V4] = 1;
        return true;
    }
    return from_hosts(n);
}

static int ask(struct entry *n, enum family f)
{
    struct question *q = calloc(1, sizeof(*q));
    if (!q)
        return SIGNET_ENOMEM;
    *q = (struct question){ .entry = n, .family = f };
    n->asked[f] = q;
    return 0;
}

static int begin(struct entry *n)
{
    int64_t now = clock_mono_ms();
    n->pub.state = LOOKUP_WAITING;
    n->n[V4] = n->n[V6] = 0;
    n->ttl_s = -1;
    n->deadline = now + n->owner->total_ms;
    if (is_known(n)) {
        succeed(n, now);
        return 0;
    }
    int rc = ask(n, V4);
    if (!rc)
        rc = ask(n, V6);
    if (rc) {
        free(n->asked[V4]);
        n->asked[V4] = NULL;
        fail(n, ARES_ENOMEM, now);
        return rc;
    }
    /* Either may call back at once. */
    struct question *v4 = n->asked[V4], *v6 = n->asked[V6];
    struct ares_addrinfo_hints hints = { .ai_flags = ARES_AI_NOSORT, .ai_family = AF_INET, .ai_socktype = SOCK_STREAM };
    ares_getaddrinfo(n->owner->channel, n->name, NULL, &hints, on_answer, v4);
    hints.ai_family = AF_INET6;
    ares_getaddrinfo(n->owner->channel, n->name, NULL, &hints, on_answer, v6);
    return 0;
}

static bool is_name(signet_str s)
{
    if (!s.n || s.n > RESOLVE_NAME_MAX)
        return false;
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        if (!letter && c != '-' && c != '_' && c != '.' && c != ':')
            return false;
    }
    return true;
}

static struct entry *find(const struct resolver *r, signet_str name)
{
    struct entry *n = r->entries;
    while (n && !str_ieq(str_of(n->name), name))
        n = n->next;
    return n;
}

int resolver_lookup(struct resolver *r, signet_str name, const struct lookup **ret)
{
    if (!is_name(name))
        return SIGNET_EINVAL;
    struct entry *n = find(r, name);
    int rc = 0;
    if (!n) {
        n = calloc(1, sizeof(*n));
        if (!n || !(n->name = str_dup(name))) {
            free(n);
            return SIGNET_ENOMEM;
        }
        n->owner = r;
        n->next = r->entries;
        r->entries = n;
        rc = begin(n);
    } else if (n->pub.state != LOOKUP_WAITING && clock_mono_ms() >= n->good_until) {
        rc = begin(n);
    }
    *ret = &n->pub;
    return rc;
}

/* ---- waiting ---- */

unsigned resolver_fds(struct resolver *r, struct pollfd to[RESOLVE_FDS_MAX])
{
    _Static_assert(RESOLVE_FDS_MAX >= ARES_GETSOCK_MAXNUM, "all sockets of c-ares fit");
    return channel_fds(r->channel, to);
}

int resolver_timeout(struct resolver *r, int most_ms)
{
    int64_t now = clock_mono_ms(), best = most_ms < 0 ? INT64_MAX : most_ms, left = channel_timeout(r->channel);
    best = left < best ? left : best;
    for (const struct entry *n = r->entries; n; n = n->next) {
        if (n->pub.state != LOOKUP_WAITING)
            continue;
        int64_t until = n->deadline > now ? n->deadline - now : 0;
        best = until < best ? until : best;
    }
    return best == INT64_MAX ? -1 : (int)best;
}

static void give_up_late(struct resolver *r)
{
    int64_t now = clock_mono_ms();
    for (struct entry *n = r->entries; n; n = n->next) {
        if (n->pub.state != LOOKUP_WAITING || now < n->deadline)
            continue;
        forget_questions(n);
        if (n->n[V4] || n->n[V6])
            succeed(n, now);
        else
            fail(n, ARES_ETIMEOUT, now);
    }
}

void resolver_run(struct resolver *r, const struct pollfd *fds, unsigned n)
{
    channel_run(r->channel, fds, n);
    give_up_late(r);
}
