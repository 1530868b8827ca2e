#include "dns/tsig.h"

#include "base/b64.h"
#include "crypto/mac.h"

#define BADTIME 18u

static const struct tsig_alg algs[] = {
    { "hmac-md5", "hmac-md5.sig-alg.reg.int", "md5" }, { "hmac-sha1", "hmac-sha1", "sha1" },
    { "hmac-sha224", "hmac-sha224", "sha224" },        { "hmac-sha256", "hmac-sha256", "sha256" },
    { "hmac-sha384", "hmac-sha384", "sha384" },        { "hmac-sha512", "hmac-sha512", "sha512" },
};

const struct tsig_alg *tsig_alg_find(signet_str word)
{
    word = str_trim(word);
    if (word.n && word.p[word.n - 1] == '.')
        word.n--;
    for (size_t i = 0; i < sizeof(algs) / sizeof(algs[0]); i++) {
        const struct tsig_alg *a = &algs[i];
        if (str_ieq(word, str_of(a->word)) || str_ieq(word, str_of(a->name)) || str_ieq(word, str_of(a->word + 5)))
            return a;
    }
    return NULL;
}

void tsig_key_done(struct tsig_key *k)
{
    buf_done(&k->secret);
    *k = (struct tsig_key){ 0 };
}

int tsig_key_set(struct tsig_key *k, signet_str name, signet_str alg, signet_str secret, struct err *e)
{
    struct tsig_key n = { .secret = BUF_INIT(TSIG_SECRET_MAX) };
    BUF_AUTO(shown, 256);
    buf_add_escaped(&shown, name, 100);
    if (!name.n || dns_name_clean(n.name, str_trim(name)))
        return err_set(e, SIGNET_EINVAL, "\"%s\" is no name of a TSIG key", buf_z(&shown));
    n.alg = tsig_alg_find(alg);
    if (!n.alg) {
        buf_clear(&shown);
        buf_add_escaped(&shown, alg, 60);
        return err_set(e, SIGNET_EINVAL,
                       "\"%s\" is no TSIG algorithm known here (hmac-md5, hmac-sha1, hmac-sha224, hmac-sha256, "
                       "hmac-sha384, hmac-sha512)",
                       buf_z(&shown));
    }
    if (b64_dec(&n.secret, str_trim(secret)) || !n.secret.n) {
        buf_done(&n.secret);
        return err_set(e, SIGNET_EINVAL, "the secret of the TSIG key \"%s\" is not base64", n.name);
    }
    tsig_key_done(k);
    *k = n;
    return 0;
}

/* ---- signing: RFC 8945 section 4.3 ---- */

struct variables {
    int64_t time_s;
    unsigned fudge, error;
    signet_str other;
};

static void put48(struct buf *b, int64_t v)
{
    dns_put16(b, (unsigned)((uint64_t)v >> 32 & 0xffff));
    dns_put32(b, (uint32_t)((uint64_t)v & 0xffffffff));
}

static void put_variables(struct buf *b, const struct tsig_key *k, const struct variables *v)
{
    (void)dns_put_name(b, k->name);
    dns_put16(b, DNS_ANY);
    dns_put32(b, 0);
    (void)dns_put_name(b, k->alg->name);
    put48(b, v->time_s);
    dns_put16(b, v->fudge);
    dns_put16(b, v->error);
    dns_put16(b, (unsigned)v->other.n);
    buf_add(b, v->other);
}

static int mac_of(const struct tsig_key *k, signet_str before, signet_str msg, const struct variables *v,
                  uint8_t out[TSIG_MAC_MAX], size_t *n)
{
    BUF_AUTO(all, 2 * DNS_MESSAGE_MAX);
    if (before.n) {
        dns_put16(&all, (unsigned)before.n);
        buf_add(&all, before);
    }
    buf_add(&all, msg);
    put_variables(&all, k, v);
    return buf_err(&all) ? buf_err(&all) : hmac_named(str_of(k->alg->hash), buf_str(&k->secret), buf_str(&all), out, n);
}

int tsig_sign(struct buf *msg, const struct tsig_key *k, int64_t now_s, struct buf *ret_mac)
{
    struct variables v = { .time_s = now_s, .fudge = TSIG_FUDGE };
    uint8_t mac[TSIG_MAC_MAX];
    size_t n;
    BUF_AUTO(data, 1024);
    unsigned id = dns_get16(buf_str(msg), 0), count = dns_get16(buf_str(msg), 10) + 1;
    int rc = mac_of(k, (signet_str){ 0 }, buf_str(msg), &v, mac, &n);
    if (rc)
        return rc;
    (void)dns_put_name(&data, k->alg->name);
    put48(&data, v.time_s);
    dns_put16(&data, v.fudge);
    dns_put16(&data, (unsigned)n);
    buf_add(&data, (signet_str){ (const char *)mac, n });
    dns_put16(&data, id);
    dns_put32(&data, 0); /* no error, no other data */
    (void)dns_put_name(msg, k->name);
    dns_put16(msg, DNS_TSIG);
    dns_put16(msg, DNS_ANY);
    dns_put32(msg, 0);
    dns_put16(msg, (unsigned)data.n);
    buf_add(msg, buf_str(&data));
    buf_clear(ret_mac);
    buf_add(ret_mac, (signet_str){ (const char *)mac, n });
    if (buf_err(msg) || buf_err(&data) || buf_err(ret_mac))
        return SIGNET_ELIMIT;
    msg->p[10] = (char)(count >> 8);
    msg->p[11] = (char)count;
    return 0;
}

/* ---- checking: section 5.3 ---- */

struct fields {
    char alg[DNS_NAME_MAX];
    struct variables v;
    signet_str mac;
    unsigned original_id;
};

static int read_fields(const struct dns_msg *m, const struct dns_rr *rr, struct fields *f)
{
    size_t at = rr->data_at, end = rr->data_at + rr->data.n;
    if (dns_get_name(m, &at, f->alg) || at + 10 > end)
        return SIGNET_EPROTO;
    f->v.time_s = (int64_t)((uint64_t)dns_get16(m->raw, at) << 32 | dns_get32(m->raw, at + 2));
    f->v.fudge = dns_get16(m->raw, at + 6);
    size_t n = dns_get16(m->raw, at + 8);
    at += 10;
    if (at + n + 6 > end)
        return SIGNET_EPROTO;
    f->mac = (signet_str){ m->raw.p + at, n };
    at += n;
    f->original_id = dns_get16(m->raw, at);
    f->v.error = dns_get16(m->raw, at + 2);
    n = dns_get16(m->raw, at + 4);
    at += 6;
    if (at + n > end)
        return SIGNET_EPROTO;
    f->v.other = (signet_str){ m->raw.p + at, n };
    return 0;
}

/* The TSIG record, which must be the last of all. 1, 0: there is none, SIGNET_EPROTO. */
static int find_record(const struct dns_msg *m, struct dns_rr *ret)
{
    struct dns_walk w;
    int rc = dns_walk_open(&w, m);
    if (rc)
        return rc;
    bool found = false;
    struct dns_rr rr;
    while ((rc = dns_walk_next(&w, &rr)) == 1) {
        if (found)
            return SIGNET_EPROTO;
        if (rr.type != DNS_TSIG)
            continue;
        found = true;
        *ret = rr;
    }
    return rc < 0 ? rc : found;
}

int tsig_check(signet_str answer, const struct tsig_key *k, signet_str request_mac, int64_t now_s,
               struct tsig_result *ret)
{
    struct dns_msg m;
    struct dns_rr rr = { 0 };
    struct fields f = { 0 };
    uint8_t mac[TSIG_MAC_MAX];
    size_t n = 0;
    *ret = (struct tsig_result){ 0 };
    int rc = dns_msg_open(&m, answer);
    if (!rc)
        rc = find_record(&m, &rr);
    if (rc <= 0)
        return rc;
    rc = read_fields(&m, &rr, &f);
    if (rc)
        return rc;
    ret->there = true;
    ret->error = f.v.error;
    if (f.v.error == BADTIME && f.v.other.n == 6)
        ret->their_s = (int64_t)((uint64_t)dns_get16(f.v.other, 0) << 32 | dns_get32(f.v.other, 2));
    BUF_AUTO(bare, DNS_MESSAGE_MAX);
    buf_add(&bare, (signet_str){ answer.p, rr.start });
    if (buf_err(&bare))
        return buf_err(&bare);
    bare.p[0] = (char)(f.original_id >> 8);
    bare.p[1] = (char)f.original_id;
    unsigned count = m.count[3] - 1;
    bare.p[10] = (char)(count >> 8);
    bare.p[11] = (char)count;
    if (!f.mac.n || strcmp(rr.name, k->name) != 0 || strcmp(f.alg, k->alg->name) != 0)
        return 0;
    rc = mac_of(k, request_mac, buf_str(&bare), &f.v, mac, &n);
    int64_t off = f.v.time_s > now_s ? f.v.time_s - now_s : now_s - f.v.time_s;
    ret->good =
        rc == 0 && mac_same(f.mac, (signet_str){ (const char *)mac, n }) && (off <= f.v.fudge || f.v.error == BADTIME);
    return rc;
}
