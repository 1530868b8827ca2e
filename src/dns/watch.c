#include "dns/watch.h"

#define SHOWN_VALUES 4u
#define SHOWN_BYTES  80u
#define LAST_LOOK_MS 2000

enum verdict { SHOWS, LACKS, SILENT, UNKNOWN };

struct look {
    unsigned shows, lacks, silent;
    bool complete;
    struct buf *words; /* NULL: no words wanted */
};

/* ---- one server ---- */

static void add_values(struct buf *to, const struct dns_answer *a)
{
    for (size_t i = 0; i < a->values.n && i < SHOWN_VALUES; i++) {
        buf_addz(to, i ? ", \"" : "\"");
        buf_add_escaped(to, str_of(a->values.v[i]), SHOWN_BYTES);
        buf_addc(to, '"');
    }
    if (a->values.n > SHOWN_VALUES)
        buf_addf(to, " and %zu more", a->values.n - SHOWN_VALUES);
}

static void add_negative(struct buf *to, const struct dns_answer *a)
{
    if (a->negative_ttl)
        buf_addf(to, " (who asked it too early may remember that for %u s)", a->negative_ttl);
}

static void say_what_it_has(struct buf *to, const struct dns_answer *a)
{
    if (a->code) {
        buf_addf(to, "does not answer: %s", a->why);
    } else if (a->alias[0]) {
        buf_addf(to, "says that the name is an alias of %s", a->alias);
    } else if (a->values.n) {
        buf_addz(to, "has other values: ");
        add_values(to, a);
    } else if (a->rcode == DNS_NXDOMAIN) {
        buf_addz(to, "says that there is no such name");
        add_negative(to, a);
    } else if (a->rcode != DNS_NOERROR) {
        buf_addf(to, "answers %s", dns_rcode_name(a->rcode));
    } else if (a->referral || !a->authoritative) {
        buf_addz(to, "does not know the zone (it is named as one of its servers)");
    } else {
        buf_addz(to, "has no TXT record there");
        add_negative(to, a);
    }
}

static void add_words(struct look *l, const char *who, const char *addr, const struct dns_answer *a)
{
    if (!l->words)
        return;
    buf_addf(l->words, "\n  %s%s%s%s ", who, *addr ? " (" : "", addr, *addr ? ")" : "");
    say_what_it_has(l->words, a);
}

/* Of a value that was removed, a server shows what is to be seen when it lacks it. */
static enum verdict judge(const struct dns_answer *a, const struct watch_job *w, bool direct)
{
    if (a->code)
        return SILENT;
    if (dns_answer_has(a, w->value))
        return w->gone ? LACKS : SHOWS;
    if (w->gone)
        return SHOWS;
    /* a server that is lame or refuses will not get better by waiting, but it is there: the CA will meet it, too */
    return direct && (a->rcode == DNS_REFUSED || a->rcode == DNS_SERVFAIL) ? SILENT : LACKS;
}

static void count(struct look *l, enum verdict v)
{
    l->shows += v == SHOWS;
    l->lacks += v == LACKS;
    l->silent += v == SILENT;
    l->complete &= v != UNKNOWN;
}

/* The first address that answers speaks for the server. */
static void look_at(struct look *l, const struct watch_job *w, const struct dns_ask *ask, const struct dns_server *s)
{
    struct dns_question q = { .name = w->place->fqdn, .type = DNS_TXT, .look = w->look };
    const struct dns_answer *a = NULL;
    enum verdict v = SILENT;
    unsigned i = 0;
    for (; i < s->n_addrs && v == SILENT; i++) {
        q.server = s->addr[i];
        a = ask->ask(ask->ctx, &q);
        v = a ? judge(a, w, true) : UNKNOWN;
    }
    count(l, v);
    if (!a && !s->n_addrs && l->words)
        buf_addf(l->words, "\n  %s has no address", s->name);
    else if (a && v != SHOWS)
        add_words(l, s->name, s->addr[i - 1], a);
}

static void look_recursive(struct look *l, const struct watch_job *w, const struct dns_ask *ask)
{
    struct dns_question q = { .server = "", .name = w->place->fqdn, .type = DNS_TXT, .look = w->look };
    const struct dns_answer *a = ask->ask(ask->ctx, &q);
    enum verdict v = a ? judge(a, w, false) : UNKNOWN;
    count(l, v);
    if (a && v != SHOWS)
        add_words(l, "the recursive DNS server", "", a);
}

static struct look look(const struct watch_job *w, const struct dns_ask *ask, struct buf *words)
{
    struct look l = { .complete = true, .words = words };
    bool recursive = w->rules.recursive || (!w->rules.skip_direct && !w->place->direct);
    for (unsigned i = 0; i < w->place->n_servers && !w->rules.skip_direct && w->place->direct; i++)
        if (w->place->server[i].listed || w->place->n_servers == 1)
            look_at(&l, w, ask, &w->place->server[i]);
    if (recursive)
        look_recursive(&l, w, ask);
    return l;
}

/* ---- over time ---- */

static bool blind(const struct watch_job *w)
{
    return w->rules.mode == WATCH_SLEEP || (w->rules.skip_direct && !w->rules.recursive);
}

static enum watch_state sleep_out(const struct watch_job *w, int64_t now_ms, int64_t *ret_wake_ms)
{
    int64_t until = w->start_ms + (w->rules.mode == WATCH_CHECK ? 0 : w->rules.time_ms);
    *ret_wake_ms = until;
    return now_ms >= until ? WATCH_SEEN : WATCH_WAITING;
}

static void say_where(const struct watch_job *w, struct buf *to)
{
    buf_addf(to, "the TXT record %s (zone %s)", w->place->fqdn, w->place->zone);
}

static enum watch_state too_late(const struct watch_job *w, const struct dns_ask *ask, struct buf *say, struct err *e)
{
    BUF_AUTO(words, 1600);
    BUF_AUTO(where, 2200);
    struct look l = look(w, ask, &words);
    say_where(w, &where);
    long long s = (long long)(w->rules.time_ms / 1000);
    if (w->rules.mode == WATCH_UPTO) {
        buf_addf(say, "%s is not seen everywhere after %lld s; the CA is asked to look all the same:%s", buf_z(&where),
                 s, buf_z(&words));
        return WATCH_SEEN;
    }
    if (w->gone) {
        err_set(e, SIGNET_ETIMEOUT, "%s was removed, but is still seen after %lld s:%s", buf_z(&where), s,
                buf_z(&words));
        return WATCH_LATE;
    }
    err_set(e, SIGNET_ETIMEOUT,
            "%s is not seen everywhere after %lld s; %u of the servers that were asked show%s it:%s", buf_z(&where), s,
            l.shows, l.shows == 1 ? "s" : "", buf_z(&words));
    err_hint(e, "%s",
             l.lacks && !l.shows
                 ? "Is the record written into the zone that the world sees? With views (split horizon) "
                   "name servers for the outside view with --dns.resolvers."
                 : "Is the zone transferred to that server? A server that is gone should not be in the "
                   "zone's NS records. A longer wait can be set with the provider's "
                   "..._PROPAGATION_TIMEOUT.");
    return WATCH_LATE;
}

static void pause_for(struct watch_job *w, int64_t now_ms, bool hit)
{
    w->asking = false;
    if (hit) {
        w->next_ms = now_ms + WATCH_AGAIN_MS;
        return;
    }
    w->pause_ms = w->pause_ms ? w->pause_ms * 2 : WATCH_FIRST_MS;
    if (w->pause_ms > w->rules.polling_ms)
        w->pause_ms = w->rules.polling_ms;
    w->next_ms = now_ms + w->pause_ms;
}

static bool good_enough(const struct watch_job *w, const struct look *l, int64_t now_ms)
{
    if (!l->shows || l->lacks)
        return false;
    int64_t patience = w->rules.time_ms / 2 < WATCH_DEAD_MS ? w->rules.time_ms / 2 : WATCH_DEAD_MS;
    return !l->silent || now_ms - w->start_ms >= patience;
}

static enum watch_state after_look(struct watch_job *w, const struct dns_ask *ask, const struct look *l, int64_t now_ms,
                                   struct buf *say)
{
    bool hit = good_enough(w, l, now_ms);
    w->looks++;
    w->hits = hit ? w->hits + 1 : 0;
    w->missed |= !hit;
    if (w->hits >= (w->missed ? WATCH_HITS_SLOW : WATCH_HITS)) {
        if (l->silent) {
            BUF_AUTO(words, 1600);
            (void)look(w, ask, &words);
            say_where(w, say);
            buf_addf(say, " is seen, but not every name server of the zone could be asked:%s", buf_z(&words));
        }
        return WATCH_SEEN;
    }
    pause_for(w, now_ms, hit);
    return WATCH_WAITING;
}

enum watch_state dns_watch(struct watch_job *w, const struct dns_ask *ask, int64_t now_ms, int64_t *ret_wake_ms,
                           struct buf *say, struct err *e)
{
    if (blind(w))
        return sleep_out(w, now_ms, ret_wake_ms);
    if (!w->begun) {
        w->begun = true;
        w->next_ms = now_ms;
    }
    int64_t end = w->start_ms + w->rules.time_ms;
    *ret_wake_ms = end;
    if (!w->asking && now_ms < w->next_ms) {
        *ret_wake_ms = w->next_ms < end ? w->next_ms : end;
        return now_ms < end ? WATCH_WAITING : too_late(w, ask, say, e);
    }
    if (!w->asking) {
        w->asking = true;
        w->look++;
    }
    struct look l = look(w, ask, NULL);
    if (!l.complete) { /* a look that is under way at the end is waited for a little */
        *ret_wake_ms = now_ms < end ? end : end + LAST_LOOK_MS;
        return now_ms < end + LAST_LOOK_MS ? WATCH_WAITING : too_late(w, ask, say, e);
    }
    enum watch_state s = after_look(w, ask, &l, now_ms, say);
    if (s == WATCH_WAITING && now_ms >= end && !w->hits)
        return too_late(w, ask, say, e);
    *ret_wake_ms = w->next_ms < end || w->hits ? w->next_ms : end;
    return s;
}
