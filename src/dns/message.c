#include "dns/message.h"

#define HEADER     12u
#define LABEL_MAX  63u
#define WIRE_MAX   255u
#define EDNS_SIZE  1232u /* fits into one packet everywhere */
#define POINTER    0xc0u
#define POINTERS   128u /* a name has no more labels than that */
#define PORTIONS_N 4u

const char *dns_rcode_name(unsigned rcode)
{
    static const char *const names[] = { "NOERROR",  "FORMERR", "SERVFAIL", "NXDOMAIN", "NOTIMP", "REFUSED",
                                         "YXDOMAIN", "YXRRSET", "NXRRSET",  "NOTAUTH",  "NOTZONE" };
    return rcode < sizeof(names) / sizeof(names[0]) ? names[rcode] : "an unknown code";
}

/* ---- writing ---- */

void dns_put16(struct buf *b, unsigned v)
{
    buf_addc(b, (char)(v >> 8));
    buf_addc(b, (char)v);
}

void dns_put32(struct buf *b, uint32_t v)
{
    dns_put16(b, v >> 16);
    dns_put16(b, v & 0xffff);
}

static bool plain(unsigned char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '*';
}

/* One byte of a label's text: itself, or "\DDD". */
static int unescape(signet_str *s, unsigned char *ret)
{
    unsigned char c = (unsigned char)s->p[0];
    uint64_t n;
    if (c != '\\') {
        *s = str_skip(*s, 1);
        *ret = c >= 'A' && c <= 'Z' ? (unsigned char)(c + 32) : c;
        return 0;
    }
    if (s->n < 4 || str_u64((signet_str){ s->p + 1, 3 }, 255, &n))
        return SIGNET_EINVAL;
    *ret = (unsigned char)n;
    *s = str_skip(*s, 4);
    return 0;
}

static int put_label(struct buf *b, signet_str label)
{
    unsigned char bytes[LABEL_MAX];
    size_t n = 0;
    while (label.n) {
        if (n == LABEL_MAX || unescape(&label, &bytes[n]))
            return SIGNET_EINVAL;
        n++;
    }
    if (!n)
        return SIGNET_EINVAL;
    buf_addc(b, (char)n);
    buf_add(b, (signet_str){ (const char *)bytes, n });
    return 0;
}

int dns_put_name(struct buf *b, const char *name)
{
    signet_str rest = str_of(name), label;
    size_t start = b->n;
    while (rest.n) {
        bool dot = str_cut(rest, '.', &label, &rest);
        if (put_label(b, label) || (dot && !rest.n))
            return SIGNET_EINVAL;
    }
    buf_addc(b, '\0');
    return buf_err(b) ? buf_err(b) : b->n - start > WIRE_MAX ? SIGNET_EINVAL : 0;
}

int dns_put_query(struct buf *b, unsigned id, const char *name, unsigned type, bool recurse)
{
    dns_put16(b, id);
    dns_put16(b, recurse ? DNS_FLAG_RD : 0);
    dns_put16(b, 1);
    dns_put32(b, 0);
    dns_put16(b, 1);
    int rc = dns_put_name(b, name);
    dns_put16(b, type);
    dns_put16(b, DNS_IN);
    buf_addc(b, '\0'); /* OPT: RFC 6891 section 6.1.2 */
    dns_put16(b, DNS_OPT);
    dns_put16(b, EDNS_SIZE);
    dns_put32(b, 0);
    dns_put16(b, 0);
    return rc ? rc : buf_err(b);
}

void dns_put_text(struct buf *b, signet_str value)
{
    do {
        size_t n = value.n < DNS_TEXT_MAX ? value.n : DNS_TEXT_MAX;
        buf_addc(b, (char)n);
        buf_add(b, (signet_str){ value.p, n });
        value = str_skip(value, n);
    } while (value.n);
}

/* ---- names ---- */

int dns_name_clean(char ret[DNS_NAME_MAX], signet_str name)
{
    BUF_AUTO(wire, WIRE_MAX + 1);
    if (name.n && name.p[name.n - 1] == '.')
        name.n--;
    if (name.n >= DNS_NAME_MAX || memchr(name.p ? name.p : "", '\0', name.n))
        return SIGNET_EINVAL;
    for (size_t i = 0; i < name.n; i++)
        ret[i] = name.p[i] >= 'A' && name.p[i] <= 'Z' ? (char)(name.p[i] + 32) : name.p[i];
    ret[name.n] = '\0';
    return dns_put_name(&wire, ret) ? SIGNET_EINVAL : 0;
}

const char *dns_name_up(const char *name)
{
    const char *dot = strchr(name, '.');
    return dot ? dot + 1 : name + strlen(name);
}

bool dns_name_within(const char *name, const char *zone)
{
    size_t n = strlen(name), z = strlen(zone);
    if (!z)
        return true;
    return n >= z && !strcmp(name + n - z, zone) && (n == z || name[n - z - 1] == '.');
}

/* ---- reading ---- */

unsigned dns_get16(signet_str s, size_t at)
{
    if (at + 2 > s.n)
        return 0;
    return (unsigned)(unsigned char)s.p[at] << 8 | (unsigned char)s.p[at + 1];
}

uint32_t dns_get32(signet_str s, size_t at)
{
    return (uint32_t)dns_get16(s, at) << 16 | dns_get16(s, at + 2);
}

int dns_msg_open(struct dns_msg *ret, signet_str raw)
{
    if (raw.n < HEADER || raw.n > DNS_MESSAGE_MAX)
        return SIGNET_EPROTO;
    unsigned flags = dns_get16(raw, 2);
    *ret = (struct dns_msg){
        .raw = raw, .id = dns_get16(raw, 0), .flags = flags, .rcode = flags & 15, .opcode = flags >> 11 & 15
    };
    for (size_t i = 0; i < PORTIONS_N; i++)
        ret->count[i] = dns_get16(raw, 4 + 2 * i);
    return 0;
}

static size_t show_label(char *to, signet_str label)
{
    size_t n = 0;
    for (size_t i = 0; i < label.n; i++) {
        unsigned char c = (unsigned char)label.p[i];
        if (c >= 'A' && c <= 'Z')
            c = (unsigned char)(c + 32);
        if (plain(c)) {
            to[n++] = (char)c;
            continue;
        }
        to[n++] = '\\';
        to[n++] = (char)('0' + c / 100);
        to[n++] = (char)('0' + c / 10 % 10);
        to[n++] = (char)('0' + c % 10);
    }
    return n;
}

/* Where a name's walk goes next: -1 bad, 0 the name has ended, 1 a label, 2 jumped. */
static int step(signet_str raw, size_t *at, size_t floor, signet_str *label)
{
    if (*at >= raw.n)
        return -1;
    unsigned char c = (unsigned char)raw.p[*at];
    if ((c & POINTER) == POINTER) {
        size_t to = dns_get16(raw, *at) & 0x3fff;
        if (*at + 2 > raw.n || to >= floor) /* backwards only: RFC 1035 says "a prior occurrence" */
            return -1;
        *at = to;
        return 2;
    }
    if (c & POINTER || *at + 1 + c > raw.n)
        return -1;
    *label = (signet_str){ raw.p + *at + 1, c };
    *at += 1u + c;
    return c ? 1 : 0;
}

int dns_get_name(const struct dns_msg *m, size_t *at, char ret[DNS_NAME_MAX])
{
    size_t p = *at, floor = *at, n = 0, wire = 1;
    bool jumped = false;
    signet_str label;
    for (unsigned steps = 0; steps < 2 * POINTERS; steps++) {
        size_t before = p;
        int rc = step(m->raw, &p, floor, &label);
        if (rc < 0)
            return SIGNET_EPROTO;
        if (rc == 2) {
            if (!jumped)
                *at = before + 2;
            jumped = true;
            floor = p;
            continue;
        }
        if (rc == 0) {
            ret[n] = '\0';
            if (!jumped)
                *at = p;
            return 0;
        }
        wire += label.n + 1;
        if (wire > WIRE_MAX)
            return SIGNET_EPROTO;
        if (n)
            ret[n++] = '.';
        n += show_label(ret + n, label);
    }
    return SIGNET_EPROTO;
}

int dns_walk_open(struct dns_walk *w, const struct dns_msg *m)
{
    char name[DNS_NAME_MAX];
    *w = (struct dns_walk){ .msg = m, .at = HEADER, .section = 1, .left = m->count[1] };
    for (unsigned i = 0; i < m->count[0]; i++) {
        if (dns_get_name(m, &w->at, name) || w->at + 4 > m->raw.n)
            return SIGNET_EPROTO;
        w->at += 4;
    }
    return 0;
}

int dns_walk_next(struct dns_walk *w, struct dns_rr *ret)
{
    signet_str raw = w->msg->raw;
    while (!w->left) {
        if (w->section == 3)
            return 0;
        w->section++;
        w->left = w->msg->count[w->section];
    }
    ret->start = w->at;
    if (dns_get_name(w->msg, &w->at, ret->name) || w->at + 10 > raw.n)
        return SIGNET_EPROTO;
    ret->section = w->section;
    ret->type = dns_get16(raw, w->at);
    ret->cls = dns_get16(raw, w->at + 2);
    ret->ttl = dns_get32(raw, w->at + 4);
    size_t n = dns_get16(raw, w->at + 8);
    w->at += 10;
    if (w->at + n > raw.n)
        return SIGNET_EPROTO;
    ret->data_at = w->at;
    ret->data = (signet_str){ raw.p + w->at, n };
    w->at += n;
    w->left--;
    return 1;
}

int dns_get_text(signet_str data, struct buf *to)
{
    while (data.n) {
        size_t n = (unsigned char)data.p[0];
        if (n + 1 > data.n)
            return SIGNET_EPROTO;
        buf_add(to, (signet_str){ data.p + 1, n });
        data = str_skip(data, n + 1);
    }
    return buf_err(to);
}
