#include "acme/core.h"

static int ip4_parse(signet_str s, uint8_t out[4])
{
    for (int i = 0; i < 4; i++) {
        signet_str head;
        uint64_t v;
        bool more = str_cut(s, '.', &head, &s);
        if (more != (i < 3) || head.n > 3 || str_u64(head, 255, &v) != 0)
            return SIGNET_EINVAL;
        if (head.n > 1 && head.p[0] == '0')
            return SIGNET_EINVAL;
        out[i] = (uint8_t)v;
    }
    return 0;
}

static int hex_group(signet_str s, unsigned *ret)
{
    if (!s.n || s.n > 4)
        return SIGNET_EINVAL;
    unsigned v = 0;
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        unsigned d;
        if (c >= '0' && c <= '9')
            d = (unsigned)(c - '0');
        else if (c >= 'a' && c <= 'f')
            d = (unsigned)(c - 'a') + 10;
        else if (c >= 'A' && c <= 'F')
            d = (unsigned)(c - 'A') + 10;
        else
            return SIGNET_EINVAL;
        v = v << 4 | d;
    }
    *ret = v;
    return 0;
}

/* Groups separated by single colons, the last perhaps an IPv4 address: the part before or after a "::". */
static int ip6_groups(signet_str s, uint8_t out[16], size_t *ret_n)
{
    size_t n = 0;
    while (s.n) {
        signet_str head, tail;
        bool more = str_cut(s, ':', &head, &tail);
        unsigned v;
        if (more && !tail.n)
            return SIGNET_EINVAL;
        if (!more && str_has(head, '.')) {
            if (n > 12 || ip4_parse(head, out + n) != 0)
                return SIGNET_EINVAL;
            *ret_n = n + 4;
            return 0;
        }
        if (n > 14 || hex_group(head, &v) != 0)
            return SIGNET_EINVAL;
        out[n++] = (uint8_t)(v >> 8);
        out[n++] = (uint8_t)v;
        s = tail;
    }
    *ret_n = n;
    return 0;
}

static int ip6_parse(signet_str s, uint8_t out[16])
{
    uint8_t head[16], tail[16];
    size_t nh = 0, nt = 0, gap = s.n;
    for (size_t i = 0; i + 1 < s.n; i++) {
        if (s.p[i] == ':' && s.p[i + 1] == ':') {
            gap = i;
            break;
        }
    }
    if (gap == s.n) {
        if (ip6_groups(s, head, &nh) != 0 || nh != 16)
            return SIGNET_EINVAL;
        memcpy(out, head, 16);
        return 0;
    }
    signet_str before = { s.p, gap }, after = str_skip(s, gap + 2);
    if (str_has(before, '.') || ip6_groups(before, head, &nh) != 0 || ip6_groups(after, tail, &nt) != 0 || nh + nt > 14)
        return SIGNET_EINVAL;
    memset(out, 0, 16);
    memcpy(out, head, nh);
    memcpy(out + 16 - nt, tail, nt);
    return 0;
}

bool ip_parse(signet_str text, uint8_t out[16], size_t *len)
{
    if (!text.n || text.n > 45)
        return false;
    bool six = str_has(text, ':');
    *len = six ? 16 : 4;
    return (six ? ip6_parse(text, out) : ip4_parse(text, out)) == 0;
}

bool ident_wild(const signet_ident *id)
{
    return id->type == SIGNET_IDENT_DNS && str_starts(id->value, STR("*."));
}

static signet_str ident_base(const signet_ident *id)
{
    return ident_wild(id) ? str_skip(id->value, 2) : id->value;
}

/* Only what keeps requests well-formed; which names make sense is the caller's to say, and the CA's. */
bool ident_ok(const signet_ident *id)
{
    uint8_t ip[16];
    size_t n;
    if (id->type == SIGNET_IDENT_IP)
        return ip_parse(id->value, ip, &n);
    if (id->type != SIGNET_IDENT_DNS)
        return false;
    signet_str base = ident_base(id);
    if (!base.n || base.n > 253)
        return false;
    for (size_t i = 0; i < base.n; i++) {
        char c = base.p[i];
        bool ok = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
                  c == '_';
        if (!ok)
            return false;
    }
    return true;
}

/* Is the authorization for (type, value, wildcard) that of this identifier? Addresses are compared as addresses: a CA
 * may write them in another form than we did (RFC 8738 section 3). */
bool ident_same(const signet_ident *a, signet_ident_type type, signet_str value, bool wild)
{
    if (a->type != type)
        return false;
    if (type == SIGNET_IDENT_IP) {
        uint8_t x[16], y[16];
        size_t nx, ny;
        return ip_parse(a->value, x, &nx) && ip_parse(value, y, &ny) && nx == ny && memcmp(x, y, nx) == 0;
    }
    return ident_wild(a) == wild && str_ieq(ident_base(a), value);
}
