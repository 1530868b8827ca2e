#include "talker/sign.h"

#include "acme/core.h"
#include "base/b64.h"
#include "crypto/digest.h"
#include <stdlib.h>
#include <strings.h>

struct held_key {
    uint32_t job;
    enum sign_use use;
    struct key *key;
    signet_alg alg;
    json_t *jwk; /* the public part */
    /* SIGN_BINDING, instead of key and jwk */
    char *kid;
    struct buf mac_key;
};

struct permit {
    uint32_t job;
    enum sign_permit what;
    unsigned left;
    uint8_t digest[32];
};

struct signing {
    char *host, *domain; /* of the directory; domain NULL: only that host */
    bool allow_http;
    struct held_key *keys;
    size_t n_keys;
    struct permit *permits;
    size_t n_permits;
};

/* A request, taken apart. */
struct request_parts {
    const struct held_key *by;
    json_t *head, *payload; /* payload NULL: POST-as-GET */
    const char *why;
};

/* ---- whose URL ---- */

/* Out of "https://host:port", as url_origin gives it. */
static signet_str host_of(signet_str origin)
{
    signet_str host = str_skip(origin, str_starts(origin, STR("https://")) ? 8 : 7);
    while (host.n && host.p[host.n - 1] != ':')
        host.n--;
    if (host.n)
        host.n--;
    return host;
}

static bool is_address(signet_str host)
{
    uint8_t ip[16];
    size_t n;
    return !host.n || host.p[0] == '[' || ip_parse(host, ip, &n);
}

/* acme-v02.api.example.org stands for all of .api.example.org: CAs put what belongs together beside each other. A
 * domain of one label is nobody's. */
static int set_hosts(struct signing *s, signet_str directory_url)
{
    char *origin = url_origin(directory_url);
    if (!origin)
        return SIGNET_EINVAL;
    signet_str host = host_of(str_of(origin)), label, domain;
    s->host = str_dup(host);
    if (!is_address(host) && str_cut(host, '.', &label, &domain) && str_has(domain, '.'))
        s->domain = str_dup((signet_str){ domain.p - 1, domain.n + 1 });
    free(origin);
    return s->host ? 0 : SIGNET_ENOMEM;
}

static bool is_ours(const struct signing *s, signet_str url)
{
    if (!url_ok(url, s->allow_http))
        return false;
    char *origin = url_origin(url);
    signet_str host = origin ? host_of(str_of(origin)) : (signet_str){ 0 };
    bool yes = host.n && (str_eq(host, str_of(s->host)) || (s->domain && str_ends(host, str_of(s->domain))));
    free(origin);
    return yes;
}

/* ---- keys and permits ---- */

int signing_new(struct signing **ret, signet_str directory_url, bool allow_http)
{
    struct signing *s = calloc(1, sizeof(*s));
    if (!s)
        return SIGNET_ENOMEM;
    s->allow_http = allow_http;
    int rc = set_hosts(s, directory_url);
    if (rc)
        signing_free(s);
    else
        *ret = s;
    return rc;
}

static void drop_key(struct held_key *k)
{
    key_free(k->key);
    json_decref(k->jwk);
    buf_done(&k->mac_key);
    free(k->kid);
}

void signing_free(struct signing *s)
{
    if (!s)
        return;
    for (size_t i = 0; i < s->n_keys; i++)
        drop_key(&s->keys[i]);
    free(s->keys);
    free(s->permits);
    free(s->host);
    free(s->domain);
    free(s);
}

static struct held_key *find_key(const struct signing *s, uint32_t job)
{
    for (size_t i = 0; i < s->n_keys; i++)
        if (s->keys[i].job == job)
            return &s->keys[i];
    return NULL;
}

static json_t *public_part(const struct key *key)
{
    BUF_AUTO(text, 8192);
    const char *why;
    return key_public_jwk(key, &text) || buf_err(&text) ? NULL : js_load(buf_str(&text), &why);
}

static int put_key(struct signing *s, const struct held_key *k)
{
    struct held_key *old = find_key(s, k->job);
    if (old) {
        drop_key(old);
        *old = *k;
        return 0;
    }
    struct held_key *grown = s->n_keys < SIGN_KEYS_MAX ? realloc(s->keys, (s->n_keys + 1) * sizeof(*grown)) : NULL;
    if (!grown)
        return s->n_keys < SIGN_KEYS_MAX ? SIGNET_ENOMEM : SIGNET_ELIMIT;
    s->keys = grown;
    s->keys[s->n_keys++] = *k;
    return 0;
}

int signing_add_key(struct signing *s, uint32_t job, enum sign_use use, struct key *key)
{
    struct held_key k = { .job = job, .use = use, .key = key, .alg = key_alg(key), .jwk = public_part(key) };
    int rc = k.jwk ? put_key(s, &k) : SIGNET_ENOMEM;
    if (rc)
        drop_key(&k);
    return rc;
}

int signing_add_mac(struct signing *s, uint32_t job, const struct sign_mac *m)
{
    bool is_mac = m->alg == SIGNET_ALG_HS256 || m->alg == SIGNET_ALG_HS384 || m->alg == SIGNET_ALG_HS512;
    if (!is_mac || !job || !m->kid.n || !m->key.n)
        return SIGNET_EINVAL;
    if (m->kid.n > SIGN_MAC_KID_MAX || m->key.n > SIGN_MAC_KEY_MAX)
        return SIGNET_ELIMIT;
    struct held_key k = { .job = job, .use = SIGN_BINDING, .alg = m->alg, .mac_key = BUF_INIT(SIGN_MAC_KEY_MAX) };
    k.kid = str_dup(m->kid);
    buf_add(&k.mac_key, m->key);
    int rc = k.kid && !buf_err(&k.mac_key) ? put_key(s, &k) : SIGNET_ENOMEM;
    if (rc)
        drop_key(&k);
    return rc;
}

int signing_allow(struct signing *s, uint32_t job, enum sign_permit what, const uint8_t digest[32])
{
    struct permit *grown =
        s->n_permits < SIGN_PERMITS_MAX ? realloc(s->permits, (s->n_permits + 1) * sizeof(*grown)) : NULL;
    if (!grown)
        return s->n_permits < SIGN_PERMITS_MAX ? SIGNET_ENOMEM : SIGNET_ELIMIT;
    s->permits = grown;
    struct permit *p = &s->permits[s->n_permits++];
    *p = (struct permit){ .job = job, .what = what, .left = SIGN_PERMIT_USES };
    memcpy(p->digest, digest, sizeof(p->digest));
    return 0;
}

void signing_forget(struct signing *s, uint32_t job)
{
    struct held_key *k = find_key(s, job);
    if (k && job) {
        drop_key(k);
        *k = s->keys[--s->n_keys];
    }
    for (size_t i = s->n_permits; i-- > 0;)
        if (s->permits[i].job == job)
            s->permits[i] = s->permits[--s->n_permits];
}

static bool use_permit(struct signing *s, enum sign_permit what, const uint8_t digest[32])
{
    for (size_t i = 0; i < s->n_permits; i++) {
        struct permit *p = &s->permits[i];
        if (p->what != what || !p->left || memcmp(p->digest, digest, sizeof(p->digest)))
            continue;
        p->left--;
        return true;
    }
    return false;
}

/* ---- what is asked for ---- */

/* The JSON object behind a piece of base64url. */
static json_t *decode(signet_str b64)
{
    BUF_AUTO(text, SIGN_TBS_MAX);
    const char *why;
    return b64url_dec(&text, b64) ? NULL : js_load(buf_str(&text), &why);
}

/* SHA-256 of the bytes that a member holds as base64url. */
static bool digest_of(json_t *o, const char *name, uint8_t ret[32])
{
    BUF_AUTO(bytes, SIGN_TBS_MAX);
    return b64url_dec(&bytes, js_str(o, name)) == 0 && digest_sha256(buf_str(&bytes), ret) == 0;
}

static bool thumbprint_of(json_t *jwk, uint8_t ret[32])
{
    /* RFC 7638: members in order, nothing else; ours have nothing else */
    char *text = json_dumps(jwk, JSON_COMPACT | JSON_SORT_KEYS);
    bool ok = text && digest_sha256(str_of(text), ret) == 0;
    free(text);
    return ok;
}

static bool head_ok(const struct signing *s, struct request_parts *p)
{
    static const char *const known[] = { "alg", "nonce", "url", "kid", "jwk" };
    const char *name;
    json_t *value;
    json_object_foreach(p->head, name, value)
    {
        size_t i = 0;
        while (i < sizeof(known) / sizeof(known[0]) && strcmp(name, known[i]))
            i++;
        if (i == sizeof(known) / sizeof(known[0]))
            return p->why = "its header has a member that no request has", false;
    }
    signet_str nonce = js_str(p->head, "nonce"), kid = js_str(p->head, "kid");
    json_t *jwk = json_object_get(p->head, "jwk");
    bool inner = p->by->use == SIGN_ROLLOVER;
    if (!str_eq(js_str(p->head, "alg"), str_of(signet_alg_name(p->by->alg))))
        p->why = "its algorithm is not the key's";
    else if (!is_ours(s, js_str(p->head, "url")))
        p->why = "its URL is not of the CA";
    else if (inner ? json_object_get(p->head, "nonce") != NULL : nonce.n > SIGN_NONCE_MAX || !b64url_ok(nonce))
        p->why = "its nonce is none";
    else if ((jwk != NULL) == (kid.n > 0))
        p->why = "it names its key not once";
    else if (jwk && !json_equal(jwk, p->by->jwk))
        p->why = "it names another key";
    else if (!jwk && (p->by->use != SIGN_ACCOUNT || !is_ours(s, kid)))
        p->why = "the account that it names is not of the CA";
    return !p->why;
}

/* The members of all payloads of RFC 8555, of ARI and of profiles. */
enum member { PLAIN, STATUS, CSR, CERTIFICATE, REASON, INNER, OLD_KEY, MEMBERS };
static const struct {
    const char *name;
    enum member what;
} members[] = {
    { "termsOfServiceAgreed", PLAIN },
    { "contact", PLAIN },
    { "onlyReturnExisting", PLAIN },
    { "externalAccountBinding", PLAIN },
    { "identifiers", PLAIN },
    { "identifier", PLAIN },
    { "notBefore", PLAIN },
    { "notAfter", PLAIN },
    { "replaces", PLAIN },
    { "profile", PLAIN },
    { "status", STATUS },
    { "csr", CSR },
    { "certificate", CERTIFICATE },
    { "reason", REASON },
    { "protected", INNER },
    { "payload", INNER },
    { "signature", INNER },
    { "account", OLD_KEY },
    { "oldKey", OLD_KEY },
};

/* Which kinds of members there are, as bits; 0 and why when there is one that nobody knows. Some CAs read names without
 * regard to case: then such a member is one of these, and would pass for none. */
static unsigned kinds_of(struct request_parts *p)
{
    unsigned kinds = 1u << MEMBERS; /* an object, if an empty one */
    const char *name;
    json_t *value;
    json_object_foreach(p->payload, name, value)
    {
        size_t i = 0;
        while (i < sizeof(members) / sizeof(members[0]) && strcmp(name, members[i].name))
            i++;
        if (i == sizeof(members) / sizeof(members[0])) {
            p->why = "its payload has a member that no request has";
            return 0;
        }
        kinds |= 1u << members[i].what;
    }
    return kinds & ~(1u << PLAIN);
}

#define ONLY(kind) (1u << MEMBERS | 1u << (kind))

static bool revoke_ok(struct signing *s, struct request_parts *p)
{
    uint8_t digest[32];
    if (digest_of(p->payload, "certificate", digest) && use_permit(s, SIGN_MAY_REVOKE, digest))
        return true;
    p->why = "it revokes a certificate that is not to be revoked";
    return false;
}

/* The outer JWS of keyChange carries one by the new key (RFC 8555 section 7.3.5). */
static bool key_change_ok(struct signing *s, struct request_parts *p)
{
    uint8_t digest[32];
    json_t *inner = decode(js_str(p->payload, "protected")), *jwk = json_object_get(inner, "jwk");
    bool ok = jwk && thumbprint_of(jwk, digest) && use_permit(s, SIGN_MAY_ROLL_OVER, digest);
    json_decref(inner);
    if (!ok)
        p->why = "it changes the account key to one that is not ours";
    return ok;
}

static bool status_ok(struct signing *s, struct request_parts *p)
{
    static const uint8_t none[32];
    if (!str_eq(js_str(p->payload, "status"), STR("deactivated")))
        p->why = "it sets a status that no request sets";
    else if (str_eq(js_str(p->head, "url"), js_str(p->head, "kid")) && !use_permit(s, SIGN_MAY_DEACTIVATE, none))
        p->why = "it ends the account";
    return !p->why;
}

static bool account_payload_ok(struct signing *s, struct request_parts *p)
{
    uint8_t digest[32];
    unsigned kinds = p->payload ? kinds_of(p) : 1u << MEMBERS;
    if (p->why)
        return false;
    switch (kinds) {
    case 1u << MEMBERS:
        return true;
    case ONLY(STATUS):
        return status_ok(s, p);
    case ONLY(CSR):
        if (digest_of(p->payload, "csr", digest) && use_permit(s, SIGN_MAY_FINALIZE, digest))
            return true;
        p->why = "it asks for a certificate for another request than ours";
        return false;
    case ONLY(CERTIFICATE):
    case ONLY(CERTIFICATE) | 1u << REASON:
        return revoke_ok(s, p);
    case ONLY(INNER):
        return key_change_ok(s, p);
    default:
        p->why = "its payload is that of no request";
        return false;
    }
}

static bool payload_ok(struct signing *s, struct request_parts *p)
{
    uint8_t digest[32];
    unsigned kinds;
    switch (p->by->use) {
    case SIGN_REVOKE:
        kinds = p->payload ? kinds_of(p) : 0;
        if (kinds == ONLY(CERTIFICATE) || kinds == (ONLY(CERTIFICATE) | 1u << REASON))
            return revoke_ok(s, p);
        break;
    case SIGN_ROLLOVER:
        kinds = p->payload ? kinds_of(p) : 0;
        if (kinds == ONLY(OLD_KEY) && thumbprint_of(p->by->jwk, digest) && use_permit(s, SIGN_MAY_ROLL_OVER, digest) &&
            is_ours(s, js_str(p->payload, "account")))
            return true;
        break;
    case SIGN_ACCOUNT:
        return account_payload_ok(s, p);
    case SIGN_BINDING:
    case SIGN_USES:
        break;
    }
    if (!p->why)
        p->why = "this key is for something else";
    return false;
}

/* RFC 8555 section 7.3.4: without a nonce, by the name that the CA gave out, and the account's own key is what it says.
 */
static bool binding_ok(const struct signing *s, struct request_parts *p)
{
    const struct held_key *account = find_key(s, 0);
    if (json_object_size(p->head) != 3 || !str_eq(js_str(p->head, "alg"), str_of(signet_alg_name(p->by->alg))) ||
        !str_eq(js_str(p->head, "kid"), str_of(p->by->kid)))
        p->why = "its header is not that of a binding";
    else if (!is_ours(s, js_str(p->head, "url")))
        p->why = "its URL is not of the CA";
    else if (!account || !json_equal(p->payload, account->jwk))
        p->why = "it binds another key than the account's";
    return !p->why;
}

static bool is_allowed(struct signing *s, const struct held_key *by, signet_str tbs, const char **ret_why)
{
    struct request_parts p = { .by = by };
    signet_str head = { 0 }, payload = { 0 };
    bool cut = tbs.n <= SIGN_TBS_MAX && str_cut(tbs, '.', &head, &payload);
    if (cut) {
        p.head = decode(head);
        p.payload = payload.n ? decode(payload) : NULL;
    }
    if (!p.head || (payload.n && !p.payload))
        p.why = "it is no JWS of a request";
    bool ok = !p.why && (by->use == SIGN_BINDING ? binding_ok(s, &p) : head_ok(s, &p) && payload_ok(s, &p));
    json_decref(p.head);
    json_decref(p.payload);
    *ret_why = p.why;
    return ok;
}

int signing_sign(struct signing *s, const struct sign_request *q, uint8_t sig[KEY_SIG_MAX], size_t *ret_len,
                 const char **ret_why)
{
    const struct held_key *by = find_key(s, q->job);
    size_t len = KEY_SIG_MAX;
    *ret_why = "";
    if (!by)
        return SIGNET_ENOTFOUND;
    if (by->alg != q->alg) {
        *ret_why = "its algorithm is not the key's";
        return SIGNET_EPROTO;
    }
    if (!is_allowed(s, by, q->tbs, ret_why))
        return SIGNET_EPROTO;
    if (by->use == SIGN_BINDING ? digest_hmac(by->alg, buf_str(&by->mac_key), q->tbs, sig, &len) != 0
                                : key_sign(by->key, q->tbs, sig, &len) != 0)
        return SIGNET_ECRYPTO;
    *ret_len = len;
    return 0;
}
