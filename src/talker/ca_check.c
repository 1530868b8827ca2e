#include "base/b64.h"
#include "crypto/digest.h"
#include "talker/ca_int.h"

#define TOKEN_MAX 256u

bool ca_url_ok(signet_str url)
{
    if (url.n > CA_URL_MAX || !(str_starts(url, STR("https://")) || str_starts(url, STR("http://"))))
        return false;
    for (size_t i = 0; i < url.n; i++) {
        if (url.p[i] <= ' ' || url.p[i] > '~')
            return false;
    }
    return true;
}

static bool was_ordered(const struct ca_run *run, const signet_ident *id)
{
    for (size_t i = 0; i < run->n_idents; i++) {
        if (run->idents[i].type == id->type && str_ieq(run->idents[i].value, id->value))
            return true;
    }
    return false;
}

static bool is_key_auth(const struct ca *c, const struct msg_chal *m)
{
    size_t n = m->token.n;
    return m->key_auth.n > n && str_starts(m->key_auth, m->token) && m->key_auth.p[n] == '.' &&
           str_eq(str_skip(m->key_auth, n + 1), buf_str(&c->thumbprint));
}

/* `name` must be LABEL, a dot and the identifier without its "*."; label NULL: "_x._acme-challenge" with any first
 * label. */
static bool name_fits(const struct msg_chal *m, const char *label)
{
    signet_str base = m->ident.value, name = m->name, first, rest;
    if (str_starts(base, STR("*.")))
        base = str_skip(base, 2);
    if (!label) {
        if (!str_cut(name, '.', &first, &rest) || first.n < 2 || first.n > 63 || first.p[0] != '_' || !b64url_ok(first))
            return false;
        name = rest;
        label = "_acme-challenge";
    }
    return str_cut(name, '.', &first, &rest) && str_eq(first, str_of(label)) && str_ieq(rest, base);
}

static bool is_digest(const struct msg_chal *m, void (*encode)(struct buf *, signet_str))
{
    BUF_AUTO(text, 128);
    uint8_t hash[32];
    if (digest_sha256(m->key_auth, hash))
        return false;
    encode(&text, (signet_str){ (const char *)hash, sizeof(hash) });
    return buf_err(&text) == 0 && str_eq(buf_str(&text), m->value);
}

/* The one value that our key does not determine: issuer, account and policy, in one TXT string of printable characters.
 */
static bool is_persist_value(signet_str v)
{
    for (size_t i = 0; i < v.n; i++) {
        if (v.p[i] < ' ' || v.p[i] > '~' || v.p[i] == '"' || v.p[i] == '\\')
            return false;
    }
    return v.n > 0 && v.n <= CA_TEXT_MAX;
}

bool ca_chal_fits(const struct ca *c, const struct ca_run *run, const struct msg_chal *m)
{
    if (run && (run->kind != WIRE_ORDER || !was_ordered(run, &m->ident)))
        return false;
    if (m->type == SIGNET_CHAL_DNS_PERSIST_01) /* has no token */
        return name_fits(m, "_validation-persist") && is_persist_value(m->value);
    if (m->token.n > TOKEN_MAX || !b64url_ok(m->token) || !is_key_auth(c, m))
        return false;
    switch (m->type) {
    case SIGNET_CHAL_HTTP_01:
        return str_eq(m->value, m->key_auth);
    case SIGNET_CHAL_TLS_ALPN_01:
        return is_digest(m, hex_enc);
    case SIGNET_CHAL_DNS_01:
        return name_fits(m, "_acme-challenge") && is_digest(m, b64url_enc);
    case SIGNET_CHAL_DNS_ACCOUNT_01:
        return name_fits(m, NULL) && is_digest(m, b64url_enc);
    case SIGNET_CHAL_DNS_PERSIST_01:
    case SIGNET_CHAL_UNKNOWN:
        break;
    }
    return false;
}
