#include "net/http_host.h"

/* The value of a field, trimmed; false when it is not there. */
static bool field(signet_str request, signet_str name, signet_str *ret)
{
    signet_str line, key, value;
    (void)str_cut(request, '\n', &line, &request); /* the request line */
    while (request.n) {
        (void)str_cut(request, '\n', &line, &request);
        if (str_trim(line).n == 0)
            return false;
        if (!str_cut(line, ':', &key, &value) || !str_ieq(key, name))
            continue;
        *ret = str_trim(value);
        return true;
    }
    return false;
}

/* The host of an absolute target, "GET http://a.test/… HTTP/1.1", takes the place of the Host field (RFC 9112 section
 * 3.2.2). */
static bool target_host(signet_str request, signet_str *ret)
{
    signet_str method, rest, target, host;
    if (!str_cut(request, ' ', &method, &rest) || !str_cut(rest, ' ', &target, &rest))
        return false;
    const char *start = str_starts(target, STR("/")) ? NULL : str_find(target, STR("://"));
    if (!start)
        return false;
    (void)str_cut(str_skip(target, (size_t)(start - target.p) + 3), '/', &host, &rest);
    *ret = host;
    return host.n > 0;
}

static signet_str unquoted(signet_str s)
{
    bool quoted = s.n >= 2 && s.p[0] == '"' && s.p[s.n - 1] == '"';
    return quoted ? (signet_str){ s.p + 1, s.n - 2 } : s;
}

/* The first of what `sep` separates; one within quotes does not. */
static signet_str first_of(signet_str *s, char sep)
{
    bool quoted = false;
    size_t i = 0;
    while (i < s->n && (quoted || s->p[i] != sep)) {
        quoted ^= s->p[i] == '"';
        i++;
    }
    signet_str head = { s->p, i };
    *s = str_skip(*s, i < s->n ? i + 1 : i);
    return head;
}

static bool forwarded_host(signet_str value, signet_str *ret)
{
    signet_str element = first_of(&value, ','), key, text;
    while (element.n) {
        signet_str pair = first_of(&element, ';');
        if (!str_cut(pair, '=', &key, &text) || !str_ieq(str_trim(key), STR("host")))
            continue;
        *ret = unquoted(str_trim(text));
        return true;
    }
    return false;
}

static signet_str without_brackets(signet_str s)
{
    bool bracketed = s.n >= 2 && s.p[0] == '[' && s.p[s.n - 1] == ']';
    return bracketed ? (signet_str){ s.p + 1, s.n - 2 } : s;
}

/* "a.test:80" → "a.test", "[::1]:80" → "::1", "::1" → "::1", "a.test." → "a.test" */
static signet_str bare(signet_str s)
{
    const char *end = s.n && s.p[0] == '[' ? memchr(s.p, ']', s.n) : NULL;
    if (end)
        return without_brackets((signet_str){ s.p, (size_t)(end - s.p) + 1 });
    const char *colon = s.n ? memchr(s.p, ':', s.n) : NULL;
    if (colon && !memchr(colon + 1, ':', s.n - (size_t)(colon - s.p) - 1))
        s.n = (size_t)(colon - s.p);
    if (str_ends(s, STR(".")))
        s.n--;
    return s;
}

bool http_host_is(signet_str request, signet_str header, signet_str host)
{
    signet_str value = { 0 };
    bool is_host = str_ieq(header, STR("Host"));
    if (!(is_host && target_host(request, &value)) && !field(request, header, &value))
        return false;
    if (str_ieq(header, STR("Forwarded"))) {
        if (!forwarded_host(value, &value))
            return false;
    } else if (!is_host) {
        value = str_trim(first_of(&value, ','));
    }
    return value.n && str_ieq(bare(value), without_brackets(host));
}
