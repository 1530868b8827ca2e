#include "base/b64.h"
#include "crypto/digest.h"
#include "crypto/mac.h"
#include "provider/date.h"
#include "provider/filter.h"

/* Encodings, digests, dates. */

static int f_b64(struct filter_call *c)
{
    b64_enc(c->out, c->in);
    return 0;
}

static int f_b64url(struct filter_call *c)
{
    b64url_enc(c->out, c->in);
    return 0;
}

static int f_b64d(struct filter_call *c)
{
    return b64_dec(c->out, c->in) ? filter_bad(c, "not base64") : 0;
}

/* With an argument: that stands between the bytes. */
static int f_hex(struct filter_call *c)
{
    for (size_t i = 0; i < c->in.n; i++) {
        if (i)
            buf_add(c->out, c->arg[0]);
        hex_enc(c->out, (signet_str){ c->in.p + i, 1 });
    }
    return 0;
}

static int digit(char c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

static int f_unhex(struct filter_call *c)
{
    for (size_t i = 0; i < c->in.n; i += 2) {
        int high = digit(c->in.p[i]), low = i + 1 < c->in.n ? digit(c->in.p[i + 1]) : -1;
        if (high < 0 || low < 0)
            return filter_bad(c, "not hexadecimal");
        buf_addc(c->out, (char)(high << 4 | low));
    }
    return 0;
}

/* The first N bytes. */
static int f_head(struct filter_call *c)
{
    uint64_t n;
    if (str_u64(c->arg[0], LIM_TEXT, &n))
        return filter_bad(c, "\"|head\" wants a number");
    buf_add(c->out, (signet_str){ c->in.p, n < c->in.n ? (size_t)n : c->in.n });
    return 0;
}

static int f_length(struct filter_call *c)
{
    c->ret = json_integer((json_int_t)c->in.n);
    return c->ret ? 0 : SIGNET_ENOMEM;
}

static int digest(struct filter_call *c, signet_str alg)
{
    uint8_t out[MAC_MAX];
    size_t n;
    int rc = hash_named(alg, c->in, out, &n);
    if (!rc)
        buf_add(c->out, (signet_str){ (const char *)out, n });
    return rc;
}

static int f_md5(struct filter_call *c)
{
    return digest(c, STR("md5"));
}

static int f_sha1(struct filter_call *c)
{
    return digest(c, STR("sha1"));
}

static int f_sha256(struct filter_call *c)
{
    return digest(c, STR("sha256"));
}

static int f_sha512(struct filter_call *c)
{
    return digest(c, STR("sha512"));
}

static int f_hmac(struct filter_call *c)
{
    uint8_t out[MAC_MAX];
    size_t n;
    int rc = hmac_named(c->arg[0], c->arg[1], c->in, out, &n);
    if (rc == SIGNET_ENOTFOUND)
        return filter_bad(c, "\"|hmac\" knows md5, sha1, sha256, sha384 and sha512");
    if (rc == SIGNET_EINVAL)
        return filter_bad(c, "the key of an HMAC is empty");
    if (!rc)
        buf_add(c->out, (signet_str){ (const char *)out, n });
    return rc;
}

static int now_of(struct filter_call *c, int64_t *ret)
{
    VALUE_AUTO json_t *v = NULL;
    bool from_let;
    int rc = scope_name(c->sc, STR("now"), &v, &from_let);
    *ret = json_is_integer(v) ? json_integer_value(v) : 0;
    return rc;
}

static int base32_dec(signet_str in, struct buf *to)
{
    uint32_t bits = 0;
    unsigned n = 0;
    for (size_t i = 0; i < in.n; i++) {
        char s = in.p[i];
        int v = s >= 'A' && s <= 'Z'   ? s - 'A'
                : s >= 'a' && s <= 'z' ? s - 'a'
                : s >= '2' && s <= '7' ? s - '2' + 26
                                       : -1;
        if (s == ' ' || s == '-' || s == '=')
            continue;
        if (v < 0)
            return SIGNET_EINVAL;
        bits = bits << 5 | (uint32_t)v;
        n += 5;
        if (n >= 8) {
            n -= 8;
            buf_addc(to, (char)(bits >> n & 0xff));
        }
    }
    return buf_err(to);
}

/* RFC 6238 with its defaults: SHA-1, 30 seconds, six digits. What comes in is the secret in base32. */
static int f_totp(struct filter_call *c)
{
    BUF_AUTO(secret, 256);
    int64_t now;
    int rc = now_of(c, &now);
    if (rc)
        return rc;
    if (base32_dec(c->in, &secret) || !secret.n)
        return filter_bad(c, "the secret of the one-time code is not base32");
    char step[8];
    uint64_t count = (uint64_t)now / 30;
    for (int i = 7; i >= 0; i--, count >>= 8)
        step[i] = (char)(count & 0xff);
    uint8_t mac[MAC_MAX];
    size_t n;
    rc = hmac_named(STR("sha1"), buf_str(&secret), (signet_str){ step, 8 }, mac, &n);
    if (rc)
        return rc;
    unsigned at = mac[n - 1] & 15u;
    uint32_t code =
        ((uint32_t)(mac[at] & 0x7f) << 24 | (uint32_t)mac[at + 1] << 16 | (uint32_t)mac[at + 2] << 8 | mac[at + 3]);
    buf_addf(c->out, "%06u", code % 1000000u);
    return 0;
}

static int date_in(struct filter_call *c, signet_str zone, signet_str format)
{
    uint64_t t;
    int64_t shift;
    if (str_u64(c->in, INT64_MAX / 4, &t))
        return filter_bad(c, "a date is made of seconds since 1970");
    if (date_offset(zone, (int64_t)t, &shift))
        return filter_bad(c, "\"|zonedate\" knows UTC and CET");
    return date_format(c->out, (int64_t)t + shift, format) ? filter_bad(c, "no such % in a date") : 0;
}

static int f_date(struct filter_call *c)
{
    return date_in(c, STR("UTC"), c->arg[0]);
}

static int f_zonedate(struct filter_call *c)
{
    return date_in(c, c->arg[0], c->arg[1]);
}

const struct filter filters_bytes[] = {
    { STR("b64"), 0, 0, f_b64 },       { STR("b64url"), 0, 0, f_b64url }, { STR("b64d"), 0, 0, f_b64d },
    { STR("hex"), 0, 1, f_hex },       { STR("length"), 0, 0, f_length }, { STR("unhex"), 0, 0, f_unhex },
    { STR("head"), 1, 1, f_head },     { STR("md5"), 0, 0, f_md5 },       { STR("sha1"), 0, 0, f_sha1 },
    { STR("sha256"), 0, 0, f_sha256 }, { STR("sha512"), 0, 0, f_sha512 }, { STR("hmac"), 2, 2, f_hmac },
    { STR("totp"), 0, 0, f_totp },     { STR("date"), 1, 1, f_date },     { STR("zonedate"), 2, 2, f_zonedate },
    { { NULL, 0 }, 0, 0, NULL },
};
