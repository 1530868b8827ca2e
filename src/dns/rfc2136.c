/* DNS UPDATE with TSIG. Values for one zone that are waiting together go out in one message: a hundred names cost one
 * round trip and one write to the server's journal. */
#include "base/clock.h"
#include "crypto/digest.h"
#include "dns/backend.h"
#include "dns/exchange.h"
#include "dns/lookups.h"
#include "dns/update.h"
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

#define TTL          120u
#define TTL_CERTBOT  "dns_rfc2136_"
#define TIMEOUT_S    10u
#define BATCH_MAX    400u
#define VALUE_MAX    8192u
#define PORT_DEFAULT 53u
#define IN_FLIGHT    8u /* zones that are updated at the same time */

struct batch {
    struct exchange x;
    bool busy;
    struct work *list; /* of one zone */
    struct update u;
    struct buf mac;
    char zone[DNS_NAME_MAX];
    char server[DNS_SERVER_MAX];
    unsigned port;
};

struct backend {
    struct backend_times times;
    char addr[DNS_SERVER_MAX]; /* "" : the zone's primary */
    unsigned port;
    char at[DNS_SERVER_MAX + 16]; /* both, as lookups wants it */
    struct tsig_key key;
    bool has_key;
    char zone[DNS_NAME_MAX]; /* given; "" : found */
    struct strlist zones;    /* given: for the names in them */
    int64_t timeout_ms;
    struct work *first, **last; /* waiting */
    struct batch batch[IN_FLIGHT];
};

/* ---- what is configured ---- */

static const char server_names[] =
    "RFC2136_NAMESERVER DNSUPDATE_NAMESERVER dns_rfc2136_server NSUPDATE_SERVER KNOT_SERVER";
static const char port_names[] = "dns_rfc2136_port NSUPDATE_SERVER_PORT";
static const char key_names[] = "RFC2136_TSIG_KEY DNSUPDATE_TSIG_KEY dns_rfc2136_name";
static const char secret_names[] = "RFC2136_TSIG_SECRET DNSUPDATE_TSIG_SECRET dns_rfc2136_secret";
static const char alg_names[] = "RFC2136_TSIG_ALGORITHM DNSUPDATE_TSIG_ALGORITHM dns_rfc2136_algorithm";
static const char file_names[] = "RFC2136_TSIG_FILE DNSUPDATE_TSIG_FILE NSUPDATE_KEY";

static int resolve_host(struct backend *b, const char *host, struct err *e)
{
    struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_ADDRCONFIG }, *found = NULL;
    int rc = getaddrinfo(host, NULL, &hints, &found);
    if (!rc)
        rc = getnameinfo(found->ai_addr, found->ai_addrlen, b->addr, sizeof(b->addr), NULL, 0, NI_NUMERICHOST);
    if (found)
        freeaddrinfo(found);
    return rc ? err_set(e, SIGNET_ENOTFOUND, "the name server %.200s for updates has no address: %s", host,
                        gai_strerror(rc))
              : 0;
}

static int port_of(signet_str text, unsigned *ret, struct err *e)
{
    uint64_t n;
    if (str_u64(text, 65535, &n) || !n)
        return err_set(e, SIGNET_EINVAL, "\"%.*s\" is no port of a name server", STR_ARG(text));
    *ret = (unsigned)n;
    return 0;
}

/* "host", "host:port", "[v6]:port", "v6". */
static int take_server(struct backend *b, signet_str text, struct err *e)
{
    signet_str host = text, port = { 0 };
    if (str_starts(text, STR("["))) {
        str_cut(str_skip(text, 1), ']', &host, &port);
        port = str_starts(port, STR(":")) ? str_skip(port, 1) : port;
    } else if (str_cut(text, ':', &host, &port) && str_has(port, ':')) {
        host = text;
        port.n = 0;
    }
    int rc = port.n ? port_of(port, &b->port, e) : 0;
    char *z = str_dup(host);
    if (!rc)
        rc = z ? resolve_host(b, z, e) : err_nomem(e);
    free(z);
    return rc;
}

static int read_server(struct backend *b, struct creds *c, struct err *e)
{
    BUF_AUTO(text, 1024);
    b->port = PORT_DEFAULT;
    int rc = creds_any(c, port_names, &text, e);
    if (!rc)
        rc = port_of(str_trim(buf_str(&text)), &b->port, e);
    if (rc && rc != SIGNET_ENOTFOUND)
        return rc;
    rc = creds_any(c, server_names, &text, e);
    if (!rc)
        rc = take_server(b, str_trim(buf_str(&text)), e);
    if (rc)
        return rc == SIGNET_ENOTFOUND && !e->code ? 0 : rc;
    bool v6 = strchr(b->addr, ':') != NULL;
    (void)snprintf(b->at, sizeof(b->at), "%s%s%s:%u", v6 ? "[" : "", b->addr, v6 ? "]" : "", b->port);
    return 0;
}

static int read_key_file(struct backend *b, struct creds *c, struct err *e)
{
    BUF_AUTO(path, 4096);
    BUF_AUTO(text, 64u << 10);
    int rc = creds_any(c, file_names, &path, e);
    if (!rc)
        rc = creds_read_file(c, buf_z(&path), &text, e);
    return rc ? rc : tsig_key_read(&b->key, buf_str(&text), buf_z(&path), e);
}

static int read_key(struct backend *b, struct creds *c, struct err *e)
{
    BUF_AUTO(name, DNS_NAME_MAX);
    BUF_AUTO(secret, 4096);
    BUF_AUTO(alg, 128);
    int rc = read_key_file(b, c, e);
    if (rc == SIGNET_ENOTFOUND && !e->code) {
        int have_name = creds_any(c, key_names, &name, e), have_secret = creds_any(c, secret_names, &secret, e);
        if (have_name == SIGNET_ENOTFOUND && have_secret == SIGNET_ENOTFOUND)
            return 0; /* a server that lets this address update */
        if (have_name || have_secret)
            return e->code ? e->code
                           : err_set(e, SIGNET_EINVAL, "the TSIG key lacks its %s (%s)", have_name ? "name" : "secret",
                                     have_name ? key_names : secret_names);
        if (creds_any(c, alg_names, &alg, e))
            buf_addz(&alg, c->ini_path ? "hmac-md5" : "hmac-sha1"); /* certbot's default, and lego's */
        rc = tsig_key_set(&b->key, buf_str(&name), buf_str(&alg), buf_str(&secret), e);
    }
    b->has_key = rc == 0;
    return rc;
}

static uint32_t number(struct creds *c, const char *names, uint32_t otherwise)
{
    BUF_AUTO(text, 64);
    struct err e = { 0 };
    uint64_t n;
    if (creds_any(c, names, &text, &e) || str_u64(str_trim(buf_str(&text)), 86400, &n))
        return otherwise;
    return (uint32_t)n;
}

static void rfc2136_close(struct backend *b)
{
    for (unsigned i = 0; i < IN_FLIGHT; i++) {
        exchange_done(&b->batch[i].x);
        buf_done(&b->batch[i].mac);
    }
    tsig_key_done(&b->key);
    strlist_done(&b->zones);
    free(b);
}

static int read_zones(struct backend *b, struct creds *c, struct err *e)
{
    BUF_AUTO(text, 8192);
    char name[DNS_NAME_MAX];
    if (creds_any(c, "NSUPDATE_ZONE", &text, e) == 0 && dns_name_clean(b->zone, buf_str(&text)))
        return err_set(e, SIGNET_EINVAL, "NSUPDATE_ZONE names no zone");
    if (creds_any(c, "DNSUPDATE_ZONES", &text, e))
        return 0;
    signet_str rest = buf_str(&text), one;
    while (rest.n) {
        str_cut(rest, ',', &one, &rest);
        if (dns_name_clean(name, str_trim(one)))
            return err_set(e, SIGNET_EINVAL, "DNSUPDATE_ZONES: \"%.*s\" is no zone", STR_ARG(str_trim(one)));
        if (strlist_addz(&b->zones, name))
            return err_nomem(e);
    }
    return 0;
}

static int rfc2136_open(struct backend **ret, const struct backend_ctx *ctx, struct err *e)
{
    struct backend *b = calloc(1, sizeof(*b));
    struct creds *c = ctx->creds;
    if (!b)
        return err_nomem(e);
    b->last = &b->first;
    for (unsigned i = 0; i < IN_FLIGHT; i++) {
        exchange_init(&b->batch[i].x);
        b->batch[i].mac = BUF_INIT(TSIG_MAC_MAX);
    }
    b->times.ttl = number(c, "RFC2136_TTL DNSUPDATE_TTL", TTL);
    b->times.propagation_s = number(c, "RFC2136_PROPAGATION_TIMEOUT DNSUPDATE_PROPAGATION_TIMEOUT", 60);
    b->times.polling_s = number(c, "RFC2136_POLLING_INTERVAL DNSUPDATE_POLLING_INTERVAL", 2);
    b->timeout_ms = (int64_t)number(c, "RFC2136_DNS_TIMEOUT DNSUPDATE_DNS_TIMEOUT", TIMEOUT_S) * 1000;
    int rc = read_server(b, c, e);
    if (!rc)
        rc = read_key(b, c, e);
    rc = rc ? rc : read_zones(b, c, e);
    if (rc) {
        rfc2136_close(b);
        return rc;
    }
    *ret = b;
    return 0;
}

static const struct backend_times *rfc2136_times(const struct backend *b)
{
    return &b->times;
}

static const char *rfc2136_server(const struct backend *b)
{
    return b->addr[0] ? b->at : NULL;
}

/* ---- sending ---- */

static void rfc2136_begin(struct backend *b, struct work *w)
{
    w->next = NULL;
    *b->last = w;
    b->last = &w->next;
}

static const char *zone_of(const struct backend *b, const struct work *w)
{
    const char *best = NULL;
    for (size_t i = 0; i < b->zones.n; i++)
        if (dns_name_within(w->place->fqdn, b->zones.v[i]) && (!best || strlen(b->zones.v[i]) > strlen(best)))
            best = b->zones.v[i];
    return b->zone[0] ? b->zone : best ? best : w->place->zone;
}

/* The server: the one given, else the primary of the SOA, else the first that is listed. */
static bool pick_server(const struct backend *b, const struct work *w, struct batch *t)
{
    const struct dns_place *p = w->place;
    t->port = b->addr[0] ? b->port : PORT_DEFAULT;
    const char *addr = b->addr[0] ? b->addr : NULL;
    for (unsigned i = 0; i < p->n_servers && !addr; i++)
        if (p->server[i].n_addrs && !strcmp(p->server[i].name, p->primary))
            addr = p->server[i].addr[0];
    for (unsigned i = 0; i < p->n_servers && !addr; i++)
        if (p->server[i].n_addrs)
            addr = p->server[i].addr[0];
    if (addr)
        (void)snprintf(t->server, sizeof(t->server), "%s", addr);
    return addr != NULL;
}

static void end_all(struct batch *t, const struct err *e)
{
    while (t->list) {
        struct work *w = t->list;
        t->list = w->next;
        w->done = true;
        w->err = *e;
    }
    t->busy = false;
}

static int transmit(struct backend *b, struct batch *t, struct err *e)
{
    BUF_AUTO(msg, DNS_MESSAGE_MAX);
    struct update_item v[BATCH_MAX];
    uint16_t id;
    size_t n = 0;
    for (const struct work *w = t->list; w; w = w->next)
        v[n++] = (struct update_item){ w->place->fqdn, w->value, w->remove };
    if (random_bytes(&id, sizeof(id)))
        return err_set(e, SIGNET_ECRYPTO, "the system has no random bytes");
    t->u = (struct update){
        .id = id, .zone = t->zone, .ttl = b->times.ttl, .key = b->has_key ? &b->key : NULL, .now_s = clock_wall_s()
    };
    int rc = update_make(&msg, &t->u, v, n, &t->mac);
    if (rc)
        return err_set(e, rc, "an update for the zone %s cannot be made: %s", t->zone, signet_strerror(rc));
    return exchange_start(&t->x, t->server, t->port, buf_str(&msg), clock_mono_ms(), b->timeout_ms, e);
}

/* What waits for the zone of the first one goes with it; the rest stays in order. */
static void gather(struct backend *b, struct batch *t)
{
    struct work *first = b->first, **to = &t->list, **at = &b->first;
    size_t n = 0;
    bool alone = first->busy; /* it was refused together with others */
    (void)snprintf(t->zone, sizeof(t->zone), "%s", zone_of(b, first));
    while (*at && n < (alone ? 1 : BATCH_MAX)) {
        struct work *w = *at;
        if (strcmp(zone_of(b, w), t->zone) != 0 || (w != first && w->busy) || w->value.n > VALUE_MAX) {
            at = &w->next;
            continue;
        }
        *at = w->next;
        w->next = NULL;
        *to = w;
        to = &w->next;
        n++;
    }
    b->last = &b->first;
    while (*b->last)
        b->last = &(*b->last)->next;
}

static bool zone_is_busy(const struct backend *b, const char *zone)
{
    for (unsigned i = 0; i < IN_FLIGHT; i++)
        if (b->batch[i].busy && !strcmp(b->batch[i].zone, zone))
            return true;
    return false;
}

static bool start_batch(struct backend *b, struct batch *t)
{
    struct err e = { 0 };
    if (t->busy || !b->first || zone_is_busy(b, zone_of(b, b->first)))
        return false;
    struct work *first = b->first;
    gather(b, t);
    t->busy = true;
    if (!pick_server(b, first, t))
        err_set(&e, SIGNET_ENOTFOUND, "no name server of the zone %s has an address", t->zone);
    if (e.code || transmit(b, t, &e))
        end_all(t, &e);
    return true;
}

/* One bad name must not spoil the others: each goes by itself then. */
static void split(struct backend *b, struct batch *t)
{
    while (t->list) {
        struct work *w = t->list;
        t->list = w->next;
        w->busy = true;
        rfc2136_begin(b, w);
    }
    t->busy = false;
}

static void finish(struct backend *b, struct batch *t, signet_str answer)
{
    struct err e = { 0 };
    char where[DNS_SERVER_MAX + 16];
    (void)snprintf(where, sizeof(where), t->port == PORT_DEFAULT ? "%s" : "%s port %u", t->server, t->port);
    int rc = update_read(answer, &t->u, buf_str(&t->mac), where, &e);
    if (rc == SIGNET_EPROBLEM && t->list && t->list->next)
        split(b, t);
    else
        end_all(t, &e);
}

static void run_batch(struct backend *b, struct batch *t, short revents)
{
    signet_str answer;
    struct err e = { 0 };
    int rc = exchange_run(&t->x, revents, clock_mono_ms(), &answer, &e);
    if (rc == 1)
        finish(b, t, answer);
    else if (rc < 0)
        end_all(t, &e);
    if (!t->busy)
        exchange_done(&t->x);
}

static void rfc2136_run(struct backend *b)
{
    for (unsigned i = 0; i < IN_FLIGHT; i++)
        if (b->batch[i].busy)
            run_batch(b, &b->batch[i], 0);
    for (unsigned i = 0; i < IN_FLIGHT; i++)
        while (start_batch(b, &b->batch[i]))
            ;
}

static unsigned rfc2136_fds(struct backend *b, struct pollfd *to, unsigned room)
{
    unsigned n = 0;
    for (unsigned i = 0; i < IN_FLIGHT && n < room; i++)
        if (b->batch[i].busy)
            to[n++] = exchange_fd(&b->batch[i].x);
    return n;
}

static void rfc2136_ready(struct backend *b, const struct pollfd *fds, unsigned n)
{
    for (unsigned i = 0, k = 0; i < IN_FLIGHT && k < n; i++)
        if (b->batch[i].busy && b->batch[i].x.fd == fds[k].fd)
            run_batch(b, &b->batch[i], fds[k++].revents);
}

static int rfc2136_timeout(const struct backend *b, int most_ms)
{
    int64_t now = clock_mono_ms();
    for (unsigned i = 0; i < IN_FLIGHT; i++) {
        int64_t left = b->batch[i].busy ? b->batch[i].x.deadline - now : INT32_MAX;
        left = left < 0 ? 0 : left;
        if (b->batch[i].busy && (most_ms < 0 || left < most_ms))
            most_ms = (int)left;
    }
    return most_ms;
}

const struct backend_ops backend_rfc2136 = {
    .open = rfc2136_open,
    .times = rfc2136_times,
    .server = rfc2136_server,
    .begin = rfc2136_begin,
    .run = rfc2136_run,
    .fds = rfc2136_fds,
    .ready = rfc2136_ready,
    .timeout = rfc2136_timeout,
    .close = rfc2136_close,
};
