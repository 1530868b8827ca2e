#include "net/https_int.h"

#include "crypto/truststore.h"
#include <stdlib.h>

#define WAIT_MAX_MS 3600000

static void exchange_free(struct exchange *x)
{
    if (!x)
        return;
    curl_slist_free_all(x->headers);
    route_done(&x->route);
    buf_done(&x->content_type);
    buf_done(&x->location);
    buf_done(&x->nonce);
    buf_done(&x->retry_after);
    buf_done(&x->answer);
    buf_done(&x->link_text);
    buf_done(&x->fields);
    free((char *)(uintptr_t)x->special.ca);
    free((char *)(uintptr_t)x->special.cert);
    if (x->special.key)
        explicit_bzero((char *)(uintptr_t)x->special.key, strlen(x->special.key));
    free((char *)(uintptr_t)x->special.key);
    free(x->url);
    free(x->method);
    free(x);
}

/* ---- requests ---- */

static void append(struct https *h, struct exchange *x)
{
    x->next = NULL;
    *h->last = x;
    h->last = &x->next;
}

int https_send(struct https *h, const struct https_request *q)
{
    struct exchange *x = calloc(1, sizeof(*x));
    if (!x)
        return SIGNET_ENOMEM;
    x->owner = h;
    x->id = q->id;
    x->body = q->body;
    x->max_body = q->max_body;
    x->url = str_dup(q->url);
    x->method = str_dup(q->method);
    x->content_type = x->location = x->nonce = x->retry_after = BUF_INIT(HTTPS_HEADER_MAX);
    x->link_text = BUF_INIT(HTTPS_HEADERS_MAX);
    x->answer = BUF_INIT(q->max_body);
    if (!x->url || !x->method || (q->content_type.n && https_add_header(x, "Content-Type", q->content_type)) ||
        (q->accept.n && https_add_header(x, "Accept", q->accept)) || https_take_special(x, q->special)) {
        exchange_free(x);
        return SIGNET_ENOMEM;
    }
    x->route_rc = q->url.n > HTTPS_URL_LONG ? 0 : route_plan(&x->route, x->url);
    append(h, x);
    return 0;
}

static int start(struct https *h, struct exchange *x)
{
    CURL *c = h->n_spare ? h->spare[--h->n_spare] : curl_easy_init();
    if (!c)
        return SIGNET_ENOMEM;
    if (https_set_up(h, x, c) || curl_multi_add_handle(h->multi, c)) {
        curl_easy_cleanup(c);
        return SIGNET_ENOMEM;
    }
    x->easy = c;
    x->next = h->active;
    x->link = &h->active;
    if (x->next)
        x->next->link = &x->next;
    h->active = x;
    h->in_flight++;
    return 0;
}

static bool has_room(const struct https *h)
{
    return h->in_flight < (h->h1 ? HTTPS_H1_CONNS : HTTPS_IN_FLIGHT);
}

static void unlink_first(struct https *h, struct exchange **at)
{
    struct exchange *x = *at;
    *at = x->next;
    if (!x->next)
        h->last = at;
}

/* What keeps it from being started: 0 nothing, 1 a name that is looked up. Negative: it never can be. */
static int hindrance(struct https *h, struct exchange *x)
{
    const char *why = "";
    if (strlen(x->url) > (x->is_special ? HTTPS_URL_LONG : HTTPS_URL_MAX)) {
        https_refuse(x, SIGNET_ELIMIT, "the URL is too long");
        return -1;
    }
    if (x->route_rc == SIGNET_EINVAL)
        return 0; /* libcurl will say what is wrong with the URL */
    int rc = x->route_rc ? x->route_rc : route_step(&x->route, h->names, &why);
    if (rc < 0)
        https_refuse(x, rc == SIGNET_ETIMEOUT ? rc : SIGNET_ENET, x->route_rc ? "out of memory" : why);
    return rc < 0 ? -1 : rc ? 0 : 1;
}

/* Starts those whose turn has come and whose way is known. One that cannot start is handed back, to be reported. */
static struct exchange *start_waiting(struct https *h)
{
    for (struct exchange **at = &h->first; *at && has_room(h);) {
        struct exchange *x = *at;
        int rc = hindrance(h, x);
        if (rc > 0) {
            at = &x->next;
            continue;
        }
        unlink_first(h, at);
        if (rc < 0)
            return x;
        if (start(h, x)) {
            https_refuse(x, SIGNET_ENET, "out of memory");
            return x;
        }
    }
    return NULL;
}

/* ---- answers ---- */

/* Ends a transfer that is under way; the answer stays. */
static void put_away(struct https *h, struct exchange *x)
{
    curl_multi_remove_handle(h->multi, x->easy);
    *x->link = x->next;
    if (x->next)
        x->next->link = x->link;
    h->in_flight--;
    if (h->n_spare < sizeof(h->spare) / sizeof(h->spare[0])) {
        curl_easy_reset(x->easy);
        h->spare[h->n_spare++] = x->easy;
    } else {
        curl_easy_cleanup(x->easy);
    }
    x->easy = NULL;
}

static void finish(struct https *h, struct exchange *x, CURLcode cc, struct https_answer *ret)
{
    https_tell(h, x, cc, ret);
    if (x->easy)
        put_away(h, x);
    h->handed = x;
}

bool https_next(struct https *h, struct https_answer *ret)
{
    exchange_free(h->handed);
    h->handed = NULL;
    struct exchange *failed = start_waiting(h);
    if (failed) {
        finish(h, failed, CURLE_OK, ret);
        return true;
    }
    int n;
    if (h->in_flight && curl_multi_perform(h->multi, &n))
        return false;
    for (CURLMsg *m; (m = curl_multi_info_read(h->multi, &n));) {
        struct exchange *x = NULL;
        if (m->msg != CURLMSG_DONE || curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, (char **)&x) || !x)
            continue;
        finish(h, x, m->data.result, ret);
        return true;
    }
    return false;
}

/* Is there one that a next step would start or end? */
static bool can_start(struct https *h)
{
    for (struct exchange *x = h->first; x && has_room(h); x = x->next)
        if (hindrance(h, x) <= 0)
            return true;
    return false;
}

static struct curl_waitfd *waits_for(struct https *h, unsigned n)
{
    if (n > h->waits_cap) {
        struct curl_waitfd *v = reallocarray(h->waits, n, sizeof(*v));
        if (!v)
            return NULL;
        h->waits = v;
        h->waits_cap = n;
    }
    return h->waits;
}

int https_wait_fds(struct https *h, struct pollfd *fds, unsigned n, int timeout_ms)
{
    _Static_assert(CURL_WAIT_POLLIN == POLLIN && CURL_WAIT_POLLOUT == POLLOUT, "libcurl passes poll's bits on");
    struct pollfd dns[RESOLVE_FDS_MAX];
    int unused;
    if (timeout_ms < 0)
        timeout_ms = WAIT_MAX_MS; /* libcurl knows no "for ever" */
    timeout_ms = can_start(h) ? 0 : resolver_timeout(h->names, timeout_ms);
    unsigned n_dns = resolver_fds(h->names, dns);
    struct curl_waitfd *all = waits_for(h, n + n_dns);
    if (!all)
        return SIGNET_ENOMEM;
    for (unsigned i = 0; i < n + n_dns; i++) {
        const struct pollfd *p = i < n ? &fds[i] : &dns[i - n];
        all[i] = (struct curl_waitfd){ .fd = p->fd, .events = p->events };
    }
    if (curl_multi_poll(h->multi, all, n + n_dns, timeout_ms, &unused))
        return SIGNET_ESYS;
    for (unsigned i = 0; i < n + n_dns; i++)
        *(i < n ? &fds[i].revents : &dns[i - n].revents) = all[i].revents;
    resolver_run(h->names, dns, n_dns);
    return 0;
}

int https_wait(struct https *h, int fd, short events, int timeout_ms, short *ret_revents)
{
    struct pollfd one = { .fd = fd, .events = events };
    int rc = https_wait_fds(h, &one, 1, timeout_ms);
    if (!rc)
        *ret_revents = one.revents;
    return rc;
}

bool https_busy(const struct https *h)
{
    return h->in_flight > 0;
}

/* ---- life ---- */

static int set_up(struct https *h, const struct https_config *c, struct err *e)
{
    h->user_agent = str_dup(c->user_agent);
    if (!h->user_agent)
        return err_nomem(e);
    if (!c->no_verify) {
        int bad = truststore_new(&h->roots, c->roots, e);
        if (bad)
            return bad;
    }
    int rc = resolver_new(&h->names, &c->names, e);
    if (rc)
        return rc;
    h->multi = curl_multi_init();
    if (!h->multi)
        return err_nomem(e);
    curl_multi_setopt(h->multi, CURLMOPT_PIPELINING, (long)CURLPIPE_MULTIPLEX);
    curl_multi_setopt(h->multi, CURLMOPT_MAX_HOST_CONNECTIONS, (long)HTTPS_H1_CONNS);
    /* else libcurl closes idle connections as the number of requests goes down, and opens them again with the next
     * burst */
    curl_multi_setopt(h->multi, CURLMOPT_MAXCONNECTS, (long)HTTPS_H1_CONNS);
    return 0;
}

int https_new(struct https **ret, const struct https_config *c, struct err *e)
{
    if (curl_global_init(CURL_GLOBAL_SSL))
        return err_set(e, SIGNET_ENOMEM, "libcurl cannot be started");
    struct https *h = calloc(1, sizeof(*h));
    if (!h) {
        curl_global_cleanup();
        return err_nomem(e);
    }
    h->last = &h->first;
    h->no_verify = c->no_verify;
    h->allow_http = c->allow_http;
    h->timeout_s = c->timeout_s ? c->timeout_s : HTTPS_TIMEOUT_S;
    int rc = c->server_name.n && !(h->server_name = str_dup(c->server_name)) ? err_nomem(e) : set_up(h, c, e);
    if (rc)
        https_free(h);
    else
        *ret = h;
    return rc;
}

void https_free(struct https *h)
{
    if (!h)
        return;
    exchange_free(h->handed);
    for (struct exchange *x = h->active, *next; x; x = next) {
        next = x->next;
        put_away(h, x);
        exchange_free(x);
    }
    while (h->first) {
        struct exchange *x = h->first;
        h->first = x->next;
        exchange_free(x);
    }
    while (h->n_spare)
        curl_easy_cleanup(h->spare[--h->n_spare]);
    if (h->multi)
        curl_multi_cleanup(h->multi);
    truststore_free(h->roots);
    resolver_free(h->names);
    free(h->waits);
    free(h->user_agent);
    free(h->server_name);
    free(h);
    curl_global_cleanup();
}
