#include "net/resolve_ask.h"

#include "base/buf.h"
#include "base/fs.h"
#include "net/resolve_poll.h"
#include <ares.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/time.h>

#define EDNS_SIZE       1232
#define QUERY_MAX       512u /* header, one question, OPT */
#define HEADER          12u
#define OPT             11u /* bytes of an OPT record without options */
#define FORMERR         1
#define RESOLV_CONF     "/etc/resolv.conf"
#define RESOLV_CONF_MAX (64u << 10)
#define GOOGLE          "8.8.8.8,8.8.4.4,2001:4860:4860::8888,2001:4860:4860::8844"

struct asker {
    ares_channel channel;
    asker_fn *fn;
    void *ctx;
    bool closing;
};

struct sent {
    struct asker *asker;
    uint64_t id;
    bool plain; /* without an OPT record */
    unsigned char query[QUERY_MAX];
    size_t n;
};

/* c-ares takes this machine itself for its server when the file names none. */
static bool system_has_servers(void)
{
    BUF_AUTO(text, RESOLV_CONF_MAX);
    if (fs_read(AT_FDCWD, RESOLV_CONF, &text, NULL))
        return false;
    signet_str rest = buf_str(&text), line;
    while (rest.n) {
        str_cut(rest, '\n', &line, &rest);
        line = str_trim(line);
        if (str_starts(line, STR("nameserver")) && str_trim(str_skip(line, 10)).n)
            return true;
    }
    return false;
}

static int open_channel(struct asker *a, const struct asker_config *c, struct err *e)
{
    static char dns_only[] = "b";
    struct ares_options o = {
        .flags = ARES_FLAG_EDNS | ARES_FLAG_NOCHECKRESP | ARES_FLAG_NOALIASES | ARES_FLAG_STAYOPEN,
        .timeout = (int)c->try_ms,
        .tries = (int)(c->tries ? c->tries : ASK_TRIES),
        .lookups = dns_only,
        .ednspsz = EDNS_SIZE,
    };
    if (c->tcp)
        o.flags |= ARES_FLAG_USEVC;
    int mask = ARES_OPT_FLAGS | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_LOOKUPS | ARES_OPT_EDNSPSZ;
    int rc = ares_library_init(ARES_LIB_INIT_ALL);
    if (!rc)
        rc = ares_init_options(&a->channel, &o, mask);
    if (rc)
        return err_set(e, SIGNET_ENET, "the DNS resolver cannot be set up: %s", ares_strerror(rc));
    const char *servers = c->servers ? c->servers : system_has_servers() ? NULL : GOOGLE;
    if (servers && (rc = ares_set_servers_ports_csv(a->channel, servers)))
        return err_set(e, SIGNET_EINVAL, "\"%.200s\" names no DNS servers: %s", servers, ares_strerror(rc));
    return 0;
}

int asker_new(struct asker **ret, const struct asker_config *c, struct err *e)
{
    struct asker *a = calloc(1, sizeof(*a));
    if (!a)
        return err_nomem(e);
    a->fn = c->fn;
    a->ctx = c->ctx;
    int rc = open_channel(a, c, e);
    if (rc)
        asker_free(a);
    else
        *ret = a;
    return rc;
}

void asker_free(struct asker *a)
{
    if (!a)
        return;
    a->closing = true;
    if (a->channel)
        ares_destroy(a->channel);
    ares_library_cleanup();
    free(a);
}

static void on_answer(void *ctx, int status, int timeouts, unsigned char *p, int n);

/* A server of before EDNS does not understand the question (RFC 6891 section 7). c-ares asks again without, but only
 * the first time. */
static bool ask_plainly(struct sent *s, signet_str answer)
{
    if (s->plain || answer.n < HEADER || ((unsigned char)answer.p[3] & 0xf) != FORMERR)
        return false;
    s->plain = true;
    s->n -= OPT;
    s->query[10] = s->query[11] = 0;
    ares_send(s->asker->channel, s->query, (int)s->n, on_answer, s);
    return true;
}

static void on_answer(void *ctx, int status, int timeouts, unsigned char *p, int n)
{
    struct sent *s = ctx;
    struct asker *a = s->asker;
    signet_str answer = { (const char *)p, p && n > 0 ? (size_t)n : 0 };
    (void)timeouts;
    if (!a->closing && status == ARES_SUCCESS && ask_plainly(s, answer))
        return;
    if (!a->closing) {
        if (status == ARES_SUCCESS && answer.n)
            a->fn(a->ctx, s->id, 0, "", answer);
        else if (status == ARES_ETIMEOUT)
            a->fn(a->ctx, s->id, SIGNET_ETIMEOUT, "no answer came in time", (signet_str){ 0 });
        else
            a->fn(a->ctx, s->id, SIGNET_ENET,
                  status == ARES_ECONNREFUSED ? "it cannot be reached" : ares_strerror(status), (signet_str){ 0 });
    }
    free(s);
}

int asker_send(struct asker *a, uint64_t id, signet_str query)
{
    if (query.n > QUERY_MAX || query.n < HEADER + OPT)
        return SIGNET_EINVAL;
    struct sent *s = calloc(1, sizeof(*s));
    if (!s)
        return SIGNET_ENOMEM;
    s->asker = a;
    s->id = id;
    s->n = query.n;
    memcpy(s->query, query.p, query.n);
    ares_send(a->channel, s->query, (int)s->n, on_answer, s);
    return 0;
}

unsigned asker_fds(struct asker *a, struct pollfd to[ASK_FDS_MAX])
{
    _Static_assert(ASK_FDS_MAX >= ARES_GETSOCK_MAXNUM, "all sockets of c-ares fit");
    return channel_fds(a->channel, to);
}

int asker_timeout(struct asker *a, int most_ms)
{
    int64_t ms = channel_timeout(a->channel);
    if (ms == INT64_MAX)
        return most_ms;
    return most_ms >= 0 && most_ms < ms ? most_ms : (int)ms;
}

void asker_run(struct asker *a, const struct pollfd *fds, unsigned n)
{
    channel_run(a->channel, fds, n);
}
