#include "crypto/der.h"

/* Lengths of up to this many bytes: no certificate of ours is longer than CHAIN_MAX_BYTES. */
#define LENGTH_BYTES_MAX 4

static int read_length(signet_str in, size_t *head, size_t *len)
{
    uint8_t first = (uint8_t)in.p[1];
    *head = 2;
    *len = first;
    if (first < 0x80)
        return 0;
    size_t count = first & 0x7fu;
    if (count == 0 || count > LENGTH_BYTES_MAX || in.n < 2 + count)
        return SIGNET_EFORMAT;
    size_t value = 0;
    for (size_t i = 0; i < count; i++)
        value = value << 8 | (uint8_t)in.p[2 + i];
    /* DER: the shortest form only */
    if (value < 0x80 || in.p[2] == 0)
        return SIGNET_EFORMAT;
    *head = 2 + count;
    *len = value;
    return 0;
}

int der_next(signet_str *in, struct der_item *ret)
{
    size_t head, len;
    if (in->n < 2 || ((uint8_t)in->p[0] & 0x1f) == 0x1f || read_length(*in, &head, &len))
        return SIGNET_EFORMAT;
    if (len > in->n - head)
        return SIGNET_EFORMAT;
    ret->tag = (uint8_t)in->p[0];
    ret->body = (signet_str){ in->p + head, len };
    ret->whole = (signet_str){ in->p, head + len };
    *in = (signet_str){ in->p + head + len, in->n - head - len };
    return 0;
}

int der_take(signet_str *in, uint8_t tag, signet_str *body)
{
    struct der_item item;
    if (der_next(in, &item) || item.tag != tag)
        return SIGNET_EFORMAT;
    *body = item.body;
    return 0;
}

static bool two_digits(signet_str s, size_t at, int *ret)
{
    char a = s.p[at], b = s.p[at + 1];
    if (a < '0' || a > '9' || b < '0' || b > '9')
        return false;
    *ret = (a - '0') * 10 + (b - '0');
    return true;
}

static int days_in_month(int year, int month)
{
    static const uint8_t days[12] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return month == 2 && leap ? 29 : days[month - 1];
}

/* Days from 1970-01-01, counting years from March so that the leap day comes last. */
static int64_t days_from_civil(int year, int month, int day)
{
    int64_t y = month <= 2 ? year - 1 : year;
    int64_t m = (month + 9) % 12;
    int64_t era = (y >= 0 ? y : y - 399) / 400;
    int64_t yoe = y - era * 400;
    int64_t doy = (153 * m + 2) / 5 + day - 1;
    return era * 146097 + yoe * 365 + yoe / 4 - yoe / 100 + doy - 719468;
}

int der_time(const struct der_item *item, int64_t *ret)
{
    signet_str s = item->body;
    int century = 0, year, part[5];
    if (item->tag == DER_GENERALIZED_TIME) {
        if (s.n != 15 || !two_digits(s, 0, &century))
            return SIGNET_EFORMAT;
        s = str_skip(s, 2);
    } else if (item->tag != DER_UTC_TIME || s.n != 13) {
        return SIGNET_EFORMAT;
    }
    if (!two_digits(s, 0, &year) || s.p[12] != 'Z')
        return SIGNET_EFORMAT;
    for (size_t i = 0; i < 5; i++)
        if (!two_digits(s, 2 + 2 * i, &part[i]))
            return SIGNET_EFORMAT;
    if (item->tag == DER_UTC_TIME)
        year += year < 50 ? 2000 : 1900;
    else
        year += century * 100;
    if (part[0] < 1 || part[0] > 12 || part[1] < 1 || part[1] > days_in_month(year, part[0]) || part[2] > 23 ||
        part[3] > 59 || part[4] > 59)
        return SIGNET_EFORMAT;
    *ret = days_from_civil(year, part[0], part[1]) * 86400 + part[2] * 3600 + part[3] * 60 + part[4];
    return 0;
}

static int read_validity(signet_str *tbs, struct der_cert *c)
{
    signet_str validity;
    struct der_item from, until;
    if (der_take(tbs, DER_SEQUENCE, &validity) || der_next(&validity, &from) || der_next(&validity, &until) ||
        validity.n > 0)
        return SIGNET_EFORMAT;
    return der_time(&from, &c->not_before) || der_time(&until, &c->not_after) ? SIGNET_EFORMAT : 0;
}

static int read_name(signet_str *tbs, signet_str *whole)
{
    struct der_item item;
    if (der_next(tbs, &item) || item.tag != DER_SEQUENCE)
        return SIGNET_EFORMAT;
    *whole = item.whole;
    return 0;
}

/* What stands behind the public key: unique ids (unused since 1997) and the extensions. */
static int read_tail(signet_str tbs, struct der_cert *c)
{
    struct der_item item;
    uint8_t last = DER_CONTEXT(0);
    while (tbs.n > 0) {
        if (der_next(&tbs, &item) || (item.tag & 0xdf) <= last)
            return SIGNET_EFORMAT;
        last = item.tag & 0xdf;
        if (item.tag == DER_CONTEXT_SEQ(3)) {
            if (der_take(&item.body, DER_SEQUENCE, &c->extensions) || item.body.n > 0)
                return SIGNET_EFORMAT;
        } else if (last != DER_CONTEXT(1) && last != DER_CONTEXT(2)) {
            return SIGNET_EFORMAT;
        }
    }
    return 0;
}

/* RFC 5280 section 4.1: Certificate and TBSCertificate. */
int der_cert(struct der_cert *ret, signet_str der)
{
    signet_str cert, tbs, skipped;
    struct der_cert c = { 0 };
    if (der_take(&der, DER_SEQUENCE, &cert) || der.n > 0 || der_take(&cert, DER_SEQUENCE, &tbs) ||
        der_take(&cert, DER_SEQUENCE, &skipped) || der_take(&cert, DER_BIT_STRING, &skipped) || cert.n > 0)
        return SIGNET_EFORMAT;
    if (tbs.n > 0 && (uint8_t)tbs.p[0] == DER_CONTEXT_SEQ(0) && der_take(&tbs, DER_CONTEXT_SEQ(0), &skipped))
        return SIGNET_EFORMAT;
    if (der_take(&tbs, DER_INTEGER, &c.serial) || c.serial.n < 1 || c.serial.n > DER_SERIAL_MAX)
        return SIGNET_EFORMAT;
    if (der_take(&tbs, DER_SEQUENCE, &skipped) || read_name(&tbs, &c.issuer) || read_validity(&tbs, &c) ||
        read_name(&tbs, &c.subject) || der_take(&tbs, DER_SEQUENCE, &skipped) || read_tail(tbs, &c))
        return SIGNET_EFORMAT;
    *ret = c;
    return 0;
}

int der_cert_ext(const struct der_cert *c, signet_str oid, signet_str *value)
{
    signet_str list = c->extensions;
    while (list.n > 0) {
        signet_str ext, id, critical;
        if (der_take(&list, DER_SEQUENCE, &ext) || der_take(&ext, DER_OID, &id))
            return SIGNET_EFORMAT;
        if (!str_eq(id, oid))
            continue;
        if (ext.n > 0 && (uint8_t)ext.p[0] == DER_BOOLEAN && der_take(&ext, DER_BOOLEAN, &critical))
            return SIGNET_EFORMAT;
        return der_take(&ext, DER_OCTET_STRING, value) || ext.n > 0 ? SIGNET_EFORMAT : 0;
    }
    return SIGNET_ENOTFOUND;
}

int der_cert_aki(const struct der_cert *c, signet_str *id)
{
    signet_str value, aki;
    int r = der_cert_ext(c, STR("\x55\x1d\x23"), &value); /* 2.5.29.35 */
    if (r)
        return r;
    if (der_take(&value, DER_SEQUENCE, &aki) || value.n > 0)
        return SIGNET_EFORMAT;
    if (aki.n == 0 || (uint8_t)aki.p[0] != DER_CONTEXT(0))
        return SIGNET_ENOTFOUND; /* issuer and serial only */
    return der_take(&aki, DER_CONTEXT(0), id);
}
