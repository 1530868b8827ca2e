#include "base/str.h"

#include <stdlib.h>

static bool is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

/* tolower() asks the locale; names and header fields are ASCII. */
static unsigned char lower(char c)
{
    return (unsigned char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
}

bool str_eq(signet_str a, signet_str b)
{
    return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

bool str_ieq(signet_str a, signet_str b)
{
    if (a.n != b.n)
        return false;
    for (size_t i = 0; i < a.n; i++)
        if (lower(a.p[i]) != lower(b.p[i]))
            return false;
    return true;
}

int str_cmp(signet_str a, signet_str b)
{
    size_t n = a.n < b.n ? a.n : b.n;
    int r = n ? memcmp(a.p, b.p, n) : 0;
    return r ? r : (a.n > b.n) - (a.n < b.n);
}

bool str_starts(signet_str s, signet_str prefix)
{
    return s.n >= prefix.n && str_eq((signet_str){ s.p, prefix.n }, prefix);
}

bool str_ends(signet_str s, signet_str suffix)
{
    return !suffix.n || (s.n >= suffix.n && memcmp(s.p + (s.n - suffix.n), suffix.p, suffix.n) == 0);
}

bool str_has(signet_str s, char c)
{
    return s.n && memchr(s.p, c, s.n) != NULL;
}

const char *str_find(signet_str s, signet_str what)
{
    return s.n && what.n ? memmem(s.p, s.n, what.p, what.n) : NULL;
}

signet_str str_trim(signet_str s)
{
    while (s.n && is_space(s.p[0]))
        s = str_skip(s, 1);
    while (s.n && is_space(s.p[s.n - 1]))
        s.n--;
    return s;
}

signet_str str_skip(signet_str s, size_t n)
{
    if (n > s.n)
        n = s.n;
    return (signet_str){ s.p ? s.p + n : NULL, s.n - n };
}

bool str_cut(signet_str s, char sep, signet_str *head, signet_str *tail)
{
    const char *at = s.n ? memchr(s.p, sep, s.n) : NULL;
    size_t n = at ? (size_t)(at - s.p) : s.n;
    *head = (signet_str){ s.p, n };
    *tail = str_skip(s, at ? n + 1 : n);
    return at != NULL;
}

int str_u64(signet_str s, uint64_t max, uint64_t *ret)
{
    uint64_t v = 0;
    if (!s.n)
        return SIGNET_EINVAL;
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] < '0' || s.p[i] > '9')
            return SIGNET_EINVAL;
        uint64_t d = (uint64_t)(s.p[i] - '0');
        if (v > (UINT64_MAX - d) / 10)
            return SIGNET_EINVAL;
        v = v * 10 + d;
        if (v > max)
            return SIGNET_EINVAL;
    }
    *ret = v;
    return 0;
}

char *str_dup(signet_str s)
{
    if (str_has(s, '\0'))
        return NULL;
    char *z = malloc(s.n + 1);
    if (!z)
        return NULL;
    if (s.n)
        memcpy(z, s.p, s.n);
    z[s.n] = '\0';
    return z;
}
