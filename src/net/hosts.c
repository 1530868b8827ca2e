#include "net/hosts.h"

#include <arpa/inet.h>
#include <string.h>

bool host_is_number(const char *name)
{
    unsigned char a[16];
    return inet_pton(AF_INET, name, a) == 1 || inet_pton(AF_INET6, name, a) == 1;
}

bool host_is_local(signet_str name)
{
    static const signet_str local = STR("localhost"), below = STR(".localhost");
    return str_ieq(name, local) || (name.n > below.n && str_ieq(str_skip(name, name.n - below.n), below));
}

static signet_str next_word(signet_str *line)
{
    size_t from = 0, to;
    while (from < line->n && (line->p[from] == ' ' || line->p[from] == '\t' || line->p[from] == '\r'))
        from++;
    for (to = from; to < line->n && line->p[to] != ' ' && line->p[to] != '\t' && line->p[to] != '\r'; to++)
        ;
    signet_str word = { line->p + from, to - from };
    *line = str_skip(*line, to);
    return word;
}

bool hosts_next(signet_str *text, signet_str name, signet_str *ret_addr)
{
    while (text->n) {
        signet_str line, comment, word;
        str_cut(*text, '\n', &line, text);
        str_cut(line, '#', &line, &comment);
        signet_str addr = next_word(&line);
        while ((word = next_word(&line)).n) {
            if (!str_ieq(word, name))
                continue;
            *ret_addr = addr;
            return true;
        }
    }
    return false;
}

/* ---- proxies ---- */

static bool in_network(signet_str host, signet_str net)
{
    char h[64], a[64];
    unsigned char x[16], y[16];
    signet_str addr, bits_text;
    uint64_t bits;
    bool has_bits = str_cut(net, '/', &addr, &bits_text);
    if (host.n >= sizeof(h) || addr.n >= sizeof(a) || !addr.n || !host.n)
        return false;
    memcpy(h, host.p, host.n);
    h[host.n] = '\0';
    memcpy(a, addr.p, addr.n);
    a[addr.n] = '\0';
    int family = strchr(h, ':') ? AF_INET6 : AF_INET;
    size_t all = family == AF_INET6 ? 128 : 32;
    if (inet_pton(family, h, x) != 1 || inet_pton(family, a, y) != 1)
        return false;
    if (!has_bits)
        bits = all;
    else if (str_u64(bits_text, all, &bits))
        return false;
    size_t whole = (size_t)bits / 8, rest = (size_t)bits % 8;
    return !memcmp(x, y, whole) && (!rest || (x[whole] ^ y[whole]) >> (8 - rest) == 0);
}

static bool is_below(signet_str host, signet_str domain)
{
    while (domain.n && domain.p[0] == '.')
        domain = str_skip(domain, 1);
    while (domain.n && domain.p[domain.n - 1] == '.')
        domain.n--;
    if (!domain.n || host.n < domain.n || !str_ieq(str_skip(host, host.n - domain.n), domain))
        return false;
    return host.n == domain.n || host.p[host.n - domain.n - 1] == '.';
}

static bool is_exempt(signet_str list, signet_str host)
{
    if (str_eq(str_trim(list), STR("*")))
        return true;
    while (list.n) {
        size_t n = 0;
        while (n < list.n && list.p[n] != ',' && list.p[n] != ' ')
            n++;
        signet_str one = { list.p, n };
        list = str_skip(list, n < list.n ? n + 1 : n);
        if (one.n > 1 && one.p[0] == '[' && one.p[one.n - 1] == ']')
            one = (signet_str){ one.p + 1, one.n - 2 };
        if (one.n && (in_network(host, one) || is_below(host, one)))
            return true;
    }
    return false;
}

static const char *first_of(char *(*get)(const char *), const char *a, const char *b)
{
    const char *v = get(a);
    if ((!v || !*v) && b)
        v = get(b);
    return v && *v ? v : NULL;
}

const char *proxy_for(bool https, signet_str host, char *(*get)(const char *))
{
    /* HTTP_PROXY in capitals is what a web server makes of a request's "Proxy:" field, so nobody takes it */
    const char *proxy = https ? first_of(get, "https_proxy", "HTTPS_PROXY") : first_of(get, "http_proxy", NULL);
    if (!proxy)
        proxy = first_of(get, "all_proxy", "ALL_PROXY");
    return proxy && is_exempt(str_of(first_of(get, "no_proxy", "NO_PROXY")), host) ? NULL : proxy;
}
