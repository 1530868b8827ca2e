#include "acme/core.h"
#include <stdlib.h>

struct url {
    bool https;
    signet_str host; /* an IPv6 address keeps its brackets */
    uint64_t port;
};

static int url_port(signet_str rest, bool https, uint64_t *ret)
{
    *ret = https ? 443 : 80;
    if (!rest.n)
        return 0;
    if (rest.p[0] != ':' || str_u64(str_skip(rest, 1), 65535, ret) != 0 || *ret == 0)
        return SIGNET_EINVAL;
    return 0;
}

static bool url_chars(signet_str s)
{
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        if (c <= 0x20 || c >= 0x7f || strchr("\"<>\\^`{|}#", c))
            return false;
    }
    return true;
}

static bool host_chars(signet_str h)
{
    for (size_t i = 0; i < h.n; i++) {
        char c = h.p[i];
        bool ok = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
                  c == '_';
        if (!ok)
            return false;
    }
    return h.n > 0 && h.n <= 253;
}

/* The authority: no user information (RFC 9110 section 4.2.4), a host, perhaps a port. */
static int url_authority(struct url *u, signet_str a)
{
    signet_str rest;
    if (a.n && a.p[0] == '[') {
        const char *end = memchr(a.p, ']', a.n);
        if (!end)
            return SIGNET_EINVAL;
        u->host = (signet_str){ a.p, (size_t)(end - a.p) + 1 };
        rest = str_skip(a, u->host.n);
        uint8_t ip[16];
        size_t n;
        if (!ip_parse((signet_str){ u->host.p + 1, u->host.n - 2 }, ip, &n) || n != 16)
            return SIGNET_EINVAL;
    } else {
        str_cut(a, ':', &u->host, &rest);
        if (u->host.n < a.n)
            rest = str_skip(a, u->host.n);
        if (!host_chars(u->host))
            return SIGNET_EINVAL;
    }
    return url_port(rest, u->https, &u->port);
}

static int url_split(struct url *u, signet_str s)
{
    if (s.n > LIM_URL || !url_chars(s))
        return SIGNET_EINVAL;
    signet_str head = { s.p, s.n < 8 ? s.n : 8 };
    if (str_ieq(head, STR("https://")))
        u->https = true;
    else if (s.n >= 7 && str_ieq((signet_str){ s.p, 7 }, STR("http://")))
        u->https = false;
    else
        return SIGNET_EINVAL;
    signet_str a = str_skip(s, u->https ? 8 : 7);
    size_t n = 0;
    while (n < a.n && a.p[n] != '/' && a.p[n] != '?')
        n++;
    return url_authority(u, (signet_str){ a.p, n });
}

static bool host_is_loopback(signet_str host)
{
    uint8_t ip[16];
    size_t n;
    if (str_ieq(host, STR("localhost")))
        return true;
    if (host.n > 2 && host.p[0] == '[')
        host = (signet_str){ host.p + 1, host.n - 2 };
    if (!ip_parse(host, ip, &n))
        return false;
    static const uint8_t one[16] = { [15] = 1 };
    return n == 4 ? ip[0] == 127 : memcmp(ip, one, 16) == 0;
}

bool url_ok(signet_str url, bool allow_http)
{
    struct url u = { 0 };
    if (url_split(&u, url) != 0)
        return false;
    return u.https || (allow_http && host_is_loopback(u.host));
}

char *url_origin(signet_str url)
{
    struct url u = { 0 };
    if (url_split(&u, url) != 0)
        return NULL;
    BUF_AUTO(b, LIM_URL + 32);
    buf_addz(&b, u.https ? "https://" : "http://");
    for (size_t i = 0; i < u.host.n; i++) {
        char c = u.host.p[i];
        buf_addc(&b, c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c);
    }
    buf_addf(&b, ":%u", (unsigned)u.port);
    return buf_take(&b);
}

/* Compared piece by piece, so that the check costs no memory: it runs for every URL of every answer. */
bool url_same_origin(signet_str url, const char *origin)
{
    struct url a = { 0 }, b = { 0 };
    return origin && url_split(&a, url) == 0 && url_split(&b, str_of(origin)) == 0 && a.https == b.https &&
           a.port == b.port && str_ieq(a.host, b.host);
}

bool text_token_ok(signet_str t)
{
    return t.n <= LIM_TOKEN && b64url_ok(t);
}
