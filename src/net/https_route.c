#include "net/https_route.h"

#include "base/buf.h"
#include "net/hosts.h"
#include <stdlib.h>

/* The host without the brackets of an IPv6 address, and the port. */
static int take_host(CURLU *u, char **ret_host, unsigned *ret_port)
{
    char *host = NULL, *port = NULL;
    uint64_t n = 0;
    if (curl_url_get(u, CURLUPART_HOST, &host, 0))
        return SIGNET_EINVAL;
    int rc = curl_url_get(u, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT) || str_u64(str_of(port), 65535, &n)
                 ? SIGNET_EINVAL
                 : 0;
    signet_str h = str_of(host);
    if (h.n > 2 && h.p[0] == '[' && h.p[h.n - 1] == ']')
        h = (signet_str){ h.p + 1, h.n - 2 };
    *ret_host = str_dup(h);
    *ret_port = (unsigned)n;
    curl_free(host);
    curl_free(port);
    if (!rc && !*ret_host)
        rc = SIGNET_ENOMEM;
    return rc;
}

/* Takes `name`. */
static void add_host(struct route *r, char *name, unsigned port)
{
    /* numbers and localhost libcurl knows itself */
    if (host_is_number(name) || host_is_local(str_of(name)) || r->n == ROUTE_HOSTS) {
        free(name);
        return;
    }
    r->host[r->n].name = name;
    r->host[r->n++].port = port;
}

static bool starts(const char *s, const char *with)
{
    return !strncasecmp(s, with, strlen(with));
}

static int plan_proxy(struct route *r)
{
    CURLU *u = curl_url();
    char *host = NULL;
    unsigned port = 0;
    const unsigned flags = CURLU_GUESS_SCHEME | CURLU_NON_SUPPORT_SCHEME;
    if (!u)
        return SIGNET_ENOMEM;
    int rc = curl_url_set(u, CURLUPART_URL, r->proxy, flags) ? SIGNET_EINVAL : 0;
    char *given = NULL;
    /* curl's default for a proxy is 1080 unless it is an https one; CURLU would say 80 */
    if (!rc && curl_url_get(u, CURLUPART_PORT, &given, 0) && !starts(r->proxy, "https:"))
        rc = curl_url_set(u, CURLUPART_PORT, "1080", 0) ? SIGNET_ENOMEM : 0;
    curl_free(given);
    if (!rc)
        rc = take_host(u, &host, &port);
    if (!rc)
        add_host(r, host, port);
    curl_url_cleanup(u);
    return rc;
}

static bool is_loopback(const char *host)
{
    return !strcmp(host, "localhost") || !strcmp(host, "::1") ||
           (!strncmp(host, "127.", 4) && host[strspn(host, "0123456789.")] == '\0');
}

int route_plan(struct route *ret, const char *url)
{
    struct route r = { 0 };
    char *host = NULL;
    unsigned port = 0;
    CURLU *u = curl_url();
    int rc = !u ? SIGNET_ENOMEM : curl_url_set(u, CURLUPART_URL, url, 0) ? SIGNET_EINVAL : take_host(u, &host, &port);
    curl_url_cleanup(u);
    if (rc) {
        free(host);
        return rc;
    }
    r.loopback = is_loopback(host);
    const char *proxy = proxy_for(starts(url, "https:"), str_of(host), getenv);
    if (proxy && !(r.proxy = str_dup(str_of(proxy))))
        rc = SIGNET_ENOMEM;
    if (!rc && proxy)
        rc = plan_proxy(&r);
    /* the other proxies look the name up themselves */
    bool needed = !proxy || starts(proxy, "socks4://") || starts(proxy, "socks5://");
    if (!rc && needed)
        add_host(&r, host, port);
    else
        free(host);
    if (rc)
        route_done(&r);
    else
        *ret = r;
    return rc;
}

int route_step(struct route *r, struct resolver *names, const char **ret_why)
{
    for (unsigned i = 0; i < r->n; i++) {
        int rc = 0;
        if (!r->host[i].found)
            rc = resolver_lookup(names, str_of(r->host[i].name), &r->host[i].found);
        const struct lookup *l = r->host[i].found;
        if (rc || l->state == LOOKUP_FAILED) {
            *ret_why = rc == SIGNET_EINVAL ? "the name of the host is no DNS name" : rc ? "out of memory" : l->why;
            return rc ? rc : l->code;
        }
        if (l->state == LOOKUP_WAITING)
            return 0;
    }
    return 1;
}

/* "name:port:address,address": libcurl takes it into its cache for good, or in place of what it had there. */
static int add_addresses(struct route *r, unsigned i)
{
    const struct lookup *l = r->host[i].found;
    BUF_AUTO(line, 4096);
    buf_addf(&line, "%s:%u:", r->host[i].name, r->host[i].port);
    for (unsigned k = 0; k < l->n_addrs; k++)
        buf_addf(&line, strchr(l->addr[k], ':') ? "%s[%s]" : "%s%s", k ? "," : "", l->addr[k]);
    struct curl_slist *grown = buf_err(&line) ? NULL : curl_slist_append(r->resolve, buf_z(&line));
    if (!grown)
        return SIGNET_ENOMEM;
    r->resolve = grown;
    return 0;
}

int route_apply(struct route *r, CURL *c)
{
    for (unsigned i = 0; i < r->n; i++)
        if (add_addresses(r, i))
            return SIGNET_ENOMEM;
    curl_easy_setopt(c, CURLOPT_RESOLVE, r->resolve);
    curl_easy_setopt(c, CURLOPT_NOPROXY, "");
    return curl_easy_setopt(c, CURLOPT_PROXY, r->proxy ? r->proxy : "") ? SIGNET_ENOMEM : 0;
}

void route_done(struct route *r)
{
    curl_slist_free_all(r->resolve);
    for (unsigned i = 0; i < r->n; i++)
        free(r->host[i].name);
    free(r->proxy);
    *r = (struct route){ 0 };
}
