#include "fakeca.h"
#include "base/clock.h"
#include "crypto/digest.h"
#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>

void (*fake_at_work)(bool);

static void at_work(bool yes)
{
    if (fake_at_work)
        fake_at_work(yes);
}

static const char JWK_A[] = "{\"crv\":\"P-256\",\"kty\":\"EC\",\"x\":\"a\",\"y\":\"a\"}";
static const char JWK_B[] = "{\"crv\":\"P-256\",\"kty\":\"EC\",\"x\":\"b\",\"y\":\"b\"}";

void fake_sign(const char *name, signet_str tbs, uint8_t out[32])
{
    BUF_AUTO(b, 1u << 20);
    buf_addz(&b, name);
    buf_add(&b, tbs);
    assert_int_equal(digest_sha256(buf_str(&b), out), 0);
}

static int fake_sign_cb(void *ctx, signet_str tbs, uint8_t *out, size_t *len)
{
    BUF_AUTO(b, 1u << 20);
    buf_addz(&b, ctx);
    buf_add(&b, tbs);
    if (buf_err(&b))
        return SIGNET_ENOMEM;
    *len = 32;
    return digest_sha256(buf_str(&b), out);
}

signet_signer fake_signer(const char *name)
{
    return (signet_signer){ .size = sizeof(signet_signer),
                            .alg = SIGNET_ALG_ES256,
                            .jwk = str_of(*name == 'a' ? JWK_A : JWK_B),
                            .sign = fake_sign_cb,
                            .ctx = (void *)(uintptr_t)name };
}

/* ---- answers ---- */

static void ca_nonce(struct fakeca *ca, struct fake_res *r)
{
    assert_true(ca->n_nonces < CA_NONCES_MAX);
    snprintf(r->nonce, sizeof(r->nonce), "nonce-%u", ca->n_nonces++);
}

static void ca_json(struct fakeca *ca, struct fake_res *r, int status, json_t *doc, const char *path)
{
    if (ca->tweak)
        ca->tweak(ca, path, doc, r);
    r->status = r->status ? r->status : status;
    free(r->body);
    r->body = json_dumps(doc, 0);
    r->n = strlen(r->body);
    json_decref(doc);
}

static void ca_problem(struct fakeca *ca, struct fake_res *r, int status, const char *type, const char *detail)
{
    char full[128];
    snprintf(full, sizeof(full), "urn:ietf:params:acme:error:%s", type);
    ca_json(ca, r, status, json_pack("{s:s,s:s}", "type", full, "detail", detail), "problem");
}

static json_t *ca_directory(struct fakeca *ca)
{
    return json_pack("{s:s,s:s,s:s,s:s,s:s,s:s,s:{s:s,s:b,s:[s],s:{s:s}}}", "newNonce", CA_URL "/nonce", "newAccount",
                     CA_URL "/acct", "newOrder", CA_URL "/order", "revokeCert", CA_URL "/revoke", "keyChange",
                     CA_URL "/key", "renewalInfo", CA_URL "/ari/", "meta", "termsOfService", CA_URL "/tos",
                     "externalAccountRequired", ca->eab_required, "caaIdentities", "ca.test", "profiles", "classic",
                     "the usual");
}

static json_t *ca_order_doc(struct fakeca *ca, size_t i)
{
    struct fake_order *o = &ca->order[i];
    char url[128];
    json_t *ids = json_array(), *az = json_array();
    for (size_t k = o->first; k < o->first + o->n; k++) {
        struct fake_authz *a = &ca->authz[k];
        char full[80];
        snprintf(full, sizeof(full), "%s%s", a->wild ? "*." : "", a->value);
        json_array_append_new(ids, json_pack("{s:s,s:s}", "type", a->ip ? "ip" : "dns", "value", full));
        snprintf(url, sizeof(url), CA_URL "/z/%zu", k);
        json_array_append_new(az, json_string(url));
    }
    json_t *d = json_pack("{s:s,s:o,s:o}", "status", o->status, "identifiers", ids, "authorizations", az);
    snprintf(url, sizeof(url), CA_URL "/o/%zu/fin", i);
    json_object_set_new(d, "finalize", json_string(url));
    if (strcmp(o->status, "valid") == 0) {
        snprintf(url, sizeof(url), CA_URL "/cert/%zu", i);
        json_object_set_new(d, "certificate", json_string(url));
    }
    if (strcmp(o->status, "invalid") == 0 && !ca->only_dns_error)
        json_object_set_new(
            d, "error", json_pack("{s:s,s:s}", "type", "urn:ietf:params:acme:error:unauthorized", "detail", "no good"));
    return d;
}

/* The order's state follows from its authorizations and from how often it was looked at. */
static void ca_advance(struct fakeca *ca, struct fake_order *o, bool look)
{
    if (strcmp(o->status, "pending") == 0) {
        bool all = true, bad = false, answered = true;
        for (size_t k = o->first; k < o->first + o->n; k++) {
            answered &= ca->authz[k].answered || strcmp(ca->authz[k].status, "valid") == 0;
            all &= strcmp(ca->authz[k].status, "valid") == 0;
        }
        if (look && answered && o->looks++ >= ca->validate_looks) {
            all = true;
            for (size_t k = o->first; k < o->first + o->n; k++) {
                bool is_bad = ca->bad_name && strcmp(ca->bad_name, ca->authz[k].value) == 0;
                ca->authz[k].status = is_bad ? "invalid" : "valid";
                bad |= is_bad;
            }
        }
        if (bad)
            o->status = "invalid";
        else if (all)
            o->status = "ready";
        o->looks = all ? 0 : o->looks;
    } else if (strcmp(o->status, "processing") == 0 && look && o->looks++ >= ca->process_looks) {
        o->status = "valid";
    }
}

static json_t *ca_authz_doc(struct fakeca *ca, size_t k)
{
    struct fake_authz *each = &ca->authz[k];
    if (ca->each_looks && each->answered && strcmp(each->status, "pending") == 0 && ++each->looks >= ca->each_looks)
        each->status = ca->bad_name && strcmp(ca->bad_name, each->value) == 0 ? "invalid" : "valid";
    static const char *const ALL[] = { "http-01",        "dns-01",         "tls-alpn-01",
                                       "dns-account-01", "dns-persist-01", "quantum-02" };
    struct fake_authz *a = &ca->authz[k];
    json_t *list = json_array();
    for (size_t i = 0; i < 6; i++) {
        const char *type = ca->challenge_types[0] ? ca->challenge_types[i] : ALL[i];
        char url[128];
        if (!type)
            break;
        snprintf(url, sizeof(url), CA_URL "/c/%zu", k);
        json_t *c = json_pack("{s:s,s:s,s:s,s:s}", "type", type, "url", url, "token", a->token, "status", "pending");
        if (strcmp(type, "dns-persist-01") == 0)
            json_object_set_new(c, "issuer-domain-names", json_pack("[s,s]", "ca.test", "other.test"));
        if (strcmp(a->status, "invalid") == 0 && i == 0)
            json_object_set_new(
                c, "error", json_pack("{s:s,s:s}", "type", "urn:ietf:params:acme:error:dns", "detail", "no such name"));
        json_array_append_new(list, c);
    }
    json_t *d = json_pack("{s:s,s:{s:s,s:s},s:o}", "status", a->status, "identifier", "type", a->ip ? "ip" : "dns",
                          "value", a->value, "challenges", list);
    if (a->wild)
        json_object_set_new(d, "wildcard", json_true());
    return d;
}

/* ---- requests ---- */

static json_t *ca_decode(signet_str b64)
{
    BUF_AUTO(b, 1u << 20);
    assert_int_equal(b64url_dec(&b, b64), 0);
    json_t *o = json_loadb(b.n ? b.p : "", b.n, 0, NULL);
    return o;
}

struct jws {
    json_t *head, *payload;
    bool by_jwk, empty;
};

static const char *key_name(const char *jwk)
{
    return strcmp(jwk, JWK_A) == 0 ? "a" : strcmp(jwk, JWK_B) == 0 ? "b" : NULL;
}

/* Shape and signature (section 6.2): exactly these members, the account's key or the one in the header. */
static void ca_check_sig(struct fakeca *ca, json_t *jws, json_t *head, bool by_jwk)
{
    BUF_AUTO(tbs, 1u << 20);
    BUF_AUTO(sig, 4096);
    uint8_t want[32];
    char *jwk = by_jwk ? json_dumps(json_object_get(head, "jwk"), JSON_COMPACT) : strdup(ca->account_jwk);
    buf_addf(&tbs, "%s.%s", js_text(jws, "protected"), js_text(jws, "payload"));
    assert_non_null(key_name(jwk));
    fake_sign(key_name(jwk), buf_str(&tbs), want);
    assert_int_equal(b64url_dec(&sig, js_str(jws, "signature")), 0);
    assert_int_equal(sig.n, 32);
    assert_memory_equal(sig.p, want, 32);
    free(jwk);
}

static bool ca_nonce_ok(struct fakeca *ca, const char *n)
{
    unsigned i = 0;
    assert_true(strncmp(n, "nonce-", 6) == 0);
    i = (unsigned)strtoul(n + 6, NULL, 10);
    assert_true(i < ca->n_nonces);
    assert_false(ca->nonce_used[i]); /* twice is the client's mistake */
    ca->nonce_used[i] = true;
    return true;
}

static struct jws ca_open_jws(struct fakeca *ca, const signet_action *a)
{
    struct jws w = { 0 };
    json_t *j = json_loadb(a->u.http.body.p, a->u.http.body.n, 0, NULL);
    assert_non_null(j);
    assert_int_equal(json_object_size(j), 3);
    w.head = ca_decode(js_str(j, "protected"));
    w.empty = js_str(j, "payload").n == 0;
    w.payload = w.empty ? NULL : ca_decode(js_str(j, "payload"));
    assert_true(w.empty || w.payload);
    w.by_jwk = json_object_get(w.head, "jwk") != NULL;
    assert_int_equal(json_object_size(w.head), 4);
    assert_string_equal(js_text(w.head, "alg"), "ES256");
    assert_str(js_str(w.head, "url"), a->u.http.url.p);
    if (!w.by_jwk)
        assert_string_equal(js_text(w.head, "kid"), CA_URL "/a/1");
    ca_check_sig(ca, j, w.head, w.by_jwk);
    ca_nonce_ok(ca, js_text(w.head, "nonce"));
    json_decref(j);
    return w;
}

static void ca_account(struct fakeca *ca, struct jws *w, struct fake_res *r)
{
    bool only = json_is_true(json_object_get(w->payload, "onlyReturnExisting"));
    json_t *eab = json_object_get(w->payload, "externalAccountBinding");
    assert_true(w->by_jwk);
    if (only && ca->no_account) {
        ca_problem(ca, r, 400, "accountDoesNotExist", "never heard of it");
        return;
    }
    if (!only && ca->eab_required && !eab) {
        ca_problem(ca, r, 403, "externalAccountRequired", "bring one");
        return;
    }
    if (eab) {
        json_t *head = ca_decode(js_str(eab, "protected"));
        snprintf(ca->eab_kid, sizeof(ca->eab_kid), "%s", js_text(head, "kid"));
        snprintf(ca->eab_alg, sizeof(ca->eab_alg), "%s", js_text(head, "alg"));
        assert_string_equal(js_text(head, "url"), CA_URL "/acct");
        assert_null(json_object_get(head, "nonce"));
        uint8_t mac[64];
        size_t n;
        BUF_AUTO(tbs, 65536);
        BUF_AUTO(sig, 256);
        buf_addf(&tbs, "%s.%s", js_text(eab, "protected"), js_text(eab, "payload"));
        signet_alg alg = ca->eab_alg[2] == '2'   ? SIGNET_ALG_HS256
                         : ca->eab_alg[2] == '3' ? SIGNET_ALG_HS384
                                                 : SIGNET_ALG_HS512;
        assert_int_equal(digest_hmac(alg, STR("secret"), buf_str(&tbs), mac, &n), 0);
        assert_int_equal(b64url_dec(&sig, js_str(eab, "signature")), 0);
        assert_int_equal(sig.n, n);
        assert_memory_equal(sig.p, mac, n);
        json_decref(head);
    }
    snprintf(r->location, sizeof(r->location), CA_URL "/a/1");
    ca_json(ca, r, ca->no_account && !only ? 201 : 200,
            json_pack("{s:s,s:[s]}", "status", "valid", "contact", "mailto:a@b.c"), "acct");
    ca->no_account = false;
}

static void ca_account_post(struct fakeca *ca, struct jws *w, struct fake_res *r)
{
    if (!w->empty && strcmp(js_str(w->payload, "status").p, "deactivated") == 0)
        ca->account_deactivated = true;
    json_t *contact = json_object_get(w->payload, "contact");
    if (contact) {
        free(ca->contact);
        ca->contact = json_dumps(contact, JSON_COMPACT);
    }
    ca_json(ca, r, 200, json_pack("{s:s}", "status", ca->account_deactivated ? "deactivated" : "valid"), "acct");
}

static void ca_new_order(struct fakeca *ca, struct jws *w, struct fake_res *r)
{
    json_t *ids = json_object_get(w->payload, "identifiers"), *id;
    size_t i;
    char *text = json_dumps(w->payload, JSON_COMPACT);
    snprintf(ca->order_payload, sizeof(ca->order_payload), "%s", text);
    free(text);
    if (ca->refuse_replaces && json_object_get(w->payload, "replaces")) {
        ca_problem(ca, r, ca->refuse_status, ca->refuse_replaces, "not that one");
        return;
    }
    assert_true(ca->orders < CA_ORDERS_MAX);
    struct fake_order *o = &ca->order[ca->orders];
    *o = (struct fake_order){ .used = true, .status = "pending", .first = ca->n_authz, .n = json_array_size(ids) };
    json_array_foreach(ids, i, id)
    {
        struct fake_authz *a = &ca->authz[ca->n_authz];
        assert_true(ca->n_authz < CA_AUTHZ_MAX);
        const char *v = js_text(id, "value");
        *a = (struct fake_authz){ .status = ca->born_valid && ca->deactivated == 0 ? "valid" : "pending",
                                  .ip = strcmp(js_text(id, "type"), "ip") == 0 };
        a->wild = strncmp(v, "*.", 2) == 0;
        snprintf(a->value, sizeof(a->value), "%s", v + (a->wild ? 2 : 0));
        snprintf(a->token, sizeof(a->token), "token-%zu", ca->n_authz++);
    }
    if (ca->born_valid && ca->deactivated == 0)
        o->status = "ready";
    snprintf(r->location, sizeof(r->location), CA_URL "/o/%u", ca->orders);
    ca->orders++;
    ca_json(ca, r, 201, ca_order_doc(ca, ca->orders - 1), "order");
}

static void ca_finalize(struct fakeca *ca, size_t i, struct jws *w, struct fake_res *r)
{
    struct fake_order *o = &ca->order[i];
    if (ca->not_ready) {
        ca->not_ready--;
        ca_problem(ca, r, 403, "orderNotReady", "later");
        return;
    }
    if (strcmp(o->status, "ready") != 0) {
        ca_problem(ca, r, 403, "orderNotReady", o->status);
        return;
    }
    const char *csr = js_text(w->payload, "csr");
    assert_non_null(csr);
    if (ca->last_csr[0])
        assert_string_equal(ca->last_csr, csr);
    snprintf(ca->last_csr, sizeof(ca->last_csr), "%s", csr);
    ca->finalized++;
    o->status = "processing";
    o->looks = 0;
    snprintf(r->retry_after, sizeof(r->retry_after), "3");
    ca_json(ca, r, 200, ca_order_doc(ca, i), "fin");
}

static void ca_cert(struct fakeca *ca, size_t order, size_t alt, struct fake_res *r)
{
    static const char PEM[] = "-----BEGIN CERTIFICATE-----\nMAMCAQE=\n-----END CERTIFICATE-----\n"
                              "-----BEGIN CERTIFICATE-----\nMAMCAQI=\n-----END CERTIFICATE-----\n";
    ca->certs++;
    r->status = 200;
    free(r->body);
    r->body = strdup(alt < sizeof(ca->chain) / sizeof(ca->chain[0]) && ca->chain[alt] ? ca->chain[alt] : PEM);
    r->n = strlen(r->body);
    assert_true(ca->n_alternates <= FAKE_LINKS_MAX);
    for (size_t i = 0; alt == 0 && i < ca->n_alternates; i++)
        snprintf(r->links[r->n_links++], sizeof(r->links[0]), "<" CA_URL "/cert/%zu/%zu>;rel=\"alternate\"", order,
                 i + 1);
    if (ca->tweak)
        ca->tweak(ca, "cert", NULL, r);
}

static void ca_authz(struct fakeca *ca, size_t k, struct jws *w, struct fake_res *r)
{
    assert_true(k < ca->n_authz);
    if (!w->empty) {
        assert_string_equal(js_text(w->payload, "status"), "deactivated");
        ca->authz[k].status = "deactivated";
        ca->deactivated++;
    }
    ca_json(ca, r, 200, ca_authz_doc(ca, k), "authz");
}

static void ca_key_change(struct fakeca *ca, struct jws *w, struct fake_res *r)
{
    json_t *head = ca_decode(js_str(w->payload, "protected")), *inner = ca_decode(js_str(w->payload, "payload"));
    assert_false(w->by_jwk);
    assert_null(json_object_get(head, "nonce"));
    assert_string_equal(js_text(head, "url"), CA_URL "/key");
    assert_string_equal(js_text(inner, "account"), CA_URL "/a/1");
    char *old = json_dumps(json_object_get(inner, "oldKey"), JSON_COMPACT);
    assert_string_equal(old, ca->account_jwk);
    free(old);
    ca_check_sig(ca, w->payload, head, true);
    free(ca->account_jwk);
    ca->account_jwk = json_dumps(json_object_get(head, "jwk"), JSON_COMPACT);
    ca->key_changes++;
    json_decref(head);
    json_decref(inner);
    ca_json(ca, r, 200, json_pack("{s:s}", "status", "valid"), "key");
}

static void ca_revoke(struct fakeca *ca, struct jws *w, struct fake_res *r)
{
    json_t *reason = json_object_get(w->payload, "reason");
    ca->revoke_reason = reason ? (int)json_integer_value(reason) : -1;
    ca->revoke_by_jwk = w->by_jwk;
    if (ca->revoked++) {
        ca_problem(ca, r, 400, "alreadyRevoked", "done before");
        return;
    }
    r->status = 200;
}

static void ca_order(struct fakeca *ca, const char *path, struct jws *w, struct fake_res *r)
{
    char *end;
    size_t i = strtoul(path + 3, &end, 10);
    assert_true(i < ca->orders);
    if (strcmp(end, "/fin") == 0) {
        ca_finalize(ca, i, w, r);
        return;
    }
    assert_true(w->empty);
    ca_advance(ca, &ca->order[i], true);
    ca_json(ca, r, 200, ca_order_doc(ca, i), "poll");
}

static void ca_post(struct fakeca *ca, const char *path, struct jws *w, struct fake_res *r)
{
    char *end;
    if (strcmp(path, "/acct") == 0) {
        ca_account(ca, w, r);
    } else if (strcmp(path, "/a/1") == 0) {
        ca_account_post(ca, w, r);
    } else if (strcmp(path, "/order") == 0) {
        ca_new_order(ca, w, r);
    } else if (strncmp(path, "/o/", 3) == 0) {
        ca_order(ca, path, w, r);
    } else if (strncmp(path, "/z/", 3) == 0) {
        ca_authz(ca, strtoul(path + 3, NULL, 10), w, r);
    } else if (strncmp(path, "/c/", 3) == 0) {
        size_t k = strtoul(path + 3, NULL, 10);
        assert_true(k < ca->n_authz && json_object_size(w->payload) == 0);
        ca->authz[k].answered = true;
        ca_json(ca, r, 200, json_pack("{s:s}", "status", "processing"), "chal");
    } else if (strncmp(path, "/cert/", 6) == 0) {
        size_t i = strtoul(path + 6, &end, 10);
        ca_cert(ca, i, *end == '/' ? strtoul(end + 1, NULL, 10) : 0, r);
    } else if (strcmp(path, "/revoke") == 0) {
        ca_revoke(ca, w, r);
    } else if (strcmp(path, "/key") == 0) {
        ca_key_change(ca, w, r);
    } else {
        fail_msg("POST to %s", path);
    }
}

static void ca_get(struct fakeca *ca, const char *path, struct fake_res *r)
{
    if (strcmp(path, "/dir") == 0) {
        ca_json(ca, r, 200, ca_directory(ca), "dir");
    } else if (strncmp(path, "/ari/", 5) == 0) {
        r->status = 200;
        r->body = strdup(ca->ari_body ? ca->ari_body : "{}");
        r->n = strlen(r->body);
        snprintf(r->retry_after, sizeof(r->retry_after), "%s", ca->ari_retry_after ? ca->ari_retry_after : "");
        if (ca->tweak)
            ca->tweak(ca, "ari", NULL, r);
    } else {
        fail_msg("GET of %s", path);
    }
}

/* Faults that strike before the CA has done anything. */
static bool ca_fault_before(struct fakeca *ca, enum fault f, bool post, struct fake_res *r)
{
    switch (f) {
    case FAULT_NET:
        r->net_err = SIGNET_ENET;
        return true;
    case FAULT_500:
        r->status = 500;
        r->body = strdup("<html>oops</html>");
        r->n = strlen(r->body);
        return true;
    case FAULT_503:
        r->status = 503;
        snprintf(r->retry_after, sizeof(r->retry_after), "2");
        return true;
    case FAULT_BADNONCE:
        if (!post)
            return false;
        ca_nonce(ca, r);
        ca_problem(ca, r, 400, "badNonce", "stale");
        return true;
    case FAULT_NONE:
    case FAULT_LOST:
    case FAULT_CUT:
    case FAULT_KINDS:
        break;
    }
    return false;
}

static void ca_fault_after(enum fault f, struct fake_res *r)
{
    if (f == FAULT_LOST)
        r->net_err = SIGNET_ENET;
    if (f == FAULT_CUT) {
        r->n /= 2;
        r->nonce[0] = 0;
    }
}

void ca_respond(struct fakeca *ca, const signet_action *a, struct fake_res *r)
{
    const char *path = a->u.http.url.p + strlen(CA_URL);
    bool post = a->u.http.method.p[0] == 'P', head = a->u.http.method.p[0] == 'H';
    assert_true(str_starts(a->u.http.url, STR(CA_URL "/")));
    at_work(true);
    *r = (struct fake_res){ 0 };
    ca->requests++;
    size_t used = strlen(ca->log);
    snprintf(ca->log + used, sizeof(ca->log) - used, "%.*s %s\n", STR_ARG(a->u.http.method), path);
    bool here = !ca->fault_path || strncmp(path, ca->fault_path, strlen(ca->fault_path)) == 0;
    bool hit = ca->fault && here && ca->requests >= ca->fault_at && ca->faulted < ca->fault_n;
    if (hit)
        ca->faulted++;
    struct jws w = { 0 };
    if (post) {
        ca->posts++;
        w = ca_open_jws(ca, a);
    }
    if (!hit || !ca_fault_before(ca, ca->fault, post, r)) {
        if (post || head)
            ca_nonce(ca, r);
        if (post) {
            ca_post(ca, path, &w, r);
        } else if (head) {
            ca->heads++;
            assert_string_equal(path, "/nonce");
            r->status = 200;
        } else {
            ca->gets++;
            ca_get(ca, path, r);
        }
        if (hit)
            ca_fault_after(ca->fault, r);
    }
    json_decref(w.head);
    json_decref(w.payload);
    if (ca->tweak_raw)
        ca->tweak_raw(ca, path, NULL, r);
    at_work(false);
}

void ca_free(struct fakeca *ca)
{
    free(ca->account_jwk);
    free(ca->contact);
    for (size_t i = 0; i < 4; i++)
        free(ca->chain[i]);
    memset(ca, 0, sizeof(*ca));
}

/* ---- the embedder ---- */

void run_open(struct run *r, const char *account_url, signet_str saved)
{
    signet_signer k = fake_signer("a");
    if (r->ask_sign)
        k.sign = NULL;
    at_work(true);
    r->ca.account_jwk = strdup(JWK_A);
    at_work(false);
    r->start = r->now = 1800000000000;
    r->cfg.size = sizeof(r->cfg);
    r->cfg.directory_url = STR(CA_URL "/dir");
    r->cfg.user_agent = STR("test/1");
    r->cfg.account_url = str_of(account_url);
    int rc = signet_session_new(&r->s, &r->cfg, &k, saved, r->now);
    assert_true(rc == 0 || (r->may_fail && !r->s));
}

void run_close(struct run *r)
{
    signet_session_free(r->s);
    for (unsigned i = 0; i < r->presents; i++)
        assert_true(r->seen[i].cleaned || r->hold_present);
    ca_free(&r->ca);
}

static void run_present(struct run *r, const signet_action *a)
{
    struct seen *n = &r->seen[r->presents++];
    *n = (struct seen){
        .chal_id = a->u.chal.chal_id, .type = a->u.chal.type, .left = a->u.chal.left, .total = a->u.chal.total
    };
    snprintf(n->token, sizeof(n->token), "%.*s", STR_ARG(a->u.chal.token));
    snprintf(n->ident, sizeof(n->ident), "%.*s", STR_ARG(a->u.chal.ident.value));
    snprintf(n->name, sizeof(n->name), "%.*s", STR_ARG(a->u.chal.name));
    snprintf(n->value, sizeof(n->value), "%.*s", STR_ARG(a->u.chal.value));
    if (r->hold_present)
        return;
    bool bad = r->present_fail && strcmp(r->present_fail, n->ident) == 0;
    assert_int_equal(signet_challenge_done(r->s, a->id, r->now, bad ? SIGNET_ESYS : 0, STR("port 80 is taken")), 0);
}

static void run_cleanup(struct run *r, const signet_action *a)
{
    r->cleanups++;
    for (unsigned i = 0; i < r->presents; i++) {
        if (r->seen[i].chal_id != a->u.chal.chal_id)
            continue;
        assert_false(r->seen[i].cleaned);
        assert_str(a->u.chal.token, r->seen[i].token);
        r->seen[i].cleaned = true;
        assert_int_equal(signet_challenge_done(r->s, a->id, r->now, 0, STR("")), 0);
        return;
    }
    fail_msg("CLEANUP of what was never presented");
}

/* What binds an account is MACed; all else is signed by key "a" or, of a job, "b". */
static void run_sign(struct run *r, const signet_action *a)
{
    uint8_t sig[64];
    size_t n = 32;
    signet_alg alg = a->u.sign.alg;
    at_work(true);
    if (alg == SIGNET_ALG_HS256 || alg == SIGNET_ALG_HS384 || alg == SIGNET_ALG_HS512) {
        assert_int_equal(a->u.sign.key, SIGNET_KEY_JOB);
        assert_int_equal(digest_hmac(alg, STR("secret"), a->u.sign.tbs, sig, &n), 0);
    } else {
        fake_sign(a->u.sign.key == SIGNET_KEY_JOB ? "b" : "a", a->u.sign.tbs, sig);
    }
    at_work(false);
    signet_str out = { (const char *)sig, r->mute && a->u.sign.key == SIGNET_KEY_JOB ? 0 : n };
    assert_int_equal(signet_sign_done(r->s, a->id, out), 0);
}

static void run_action(struct run *r, const signet_action *a)
{
    r->actions++;
    switch (a->kind) {
    case SIGNET_ACT_HTTP:
        assert_true(r->n_fly < 256);
        r->fly[r->n_fly++].a = *a;
        if (r->n_fly > r->max_fly)
            r->max_fly = (unsigned)r->n_fly;
        break;
    case SIGNET_ACT_SIGN:
        r->signs++;
        run_sign(r, a);
        break;
    case SIGNET_ACT_PRESENT:
        run_present(r, a);
        break;
    case SIGNET_ACT_CLEANUP:
        run_cleanup(r, a);
        break;
    case SIGNET_ACT_DONE:
        r->done++;
        assert_int_not_equal(signet_job_status(a->job), SIGNET_JOB_RUNNING);
        break;
    }
}

static void run_complete(struct run *r, const signet_action *a)
{
    struct fake_res res;
    signet_str links[FAKE_LINKS_MAX];
    ca_respond(&r->ca, a, &res);
    for (size_t i = 0; i < res.n_links; i++)
        links[i] = str_of(res.links[i]);
    signet_http_res h = { .size = sizeof(h), .net_err = res.net_err, .status = res.status };
    if (!res.net_err) {
        h.location = str_of(res.location);
        h.nonce = str_of(res.nonce);
        h.retry_after = str_of(res.retry_after);
        h.links = links;
        h.n_links = res.n_links;
        h.body = (signet_str){ res.body, res.n };
    }
    assert_int_equal(signet_http_done(r->s, a->id, r->now, &h), 0);
    assert_int_equal(signet_http_done(r->s, a->id, r->now, &h), SIGNET_ENOTFOUND);
    free(res.body);
}

bool run_step(struct run *r)
{
    signet_action a;
    int rc;
    while (!(r->stop_after && r->actions >= r->stop_after) && (rc = signet_poll(r->s, r->now, &a)) == 1)
        run_action(r, &a);
    if (!r->n_fly)
        return false;
    struct fly batch[256];
    size_t n = r->n_fly;
    memcpy(batch, r->fly, n * sizeof(batch[0]));
    r->n_fly = 0;
    r->rounds++;
    for (size_t i = 0; i < n; i++)
        run_complete(r, &batch[i].a);
    return true;
}

void run_idle(struct run *r)
{
    while (run_step(r))
        continue;
}

void run_until(struct run *r, signet_job *j)
{
    for (unsigned i = 0; signet_job_status(j) == SIGNET_JOB_RUNNING; i++) {
        assert_true(i < 20000);
        if (run_step(r) || signet_job_status(j) != SIGNET_JOB_RUNNING)
            continue;
        int64_t d = signet_deadline(r->s);
        if (d == INT64_MAX)
            fail_msg("the session waits for nothing:\n%s", r->ca.log);
        r->now = d > r->now ? d : r->now + 1;
    }
    run_idle(r);
}

signet_job *run_order(struct run *r, const char *const *names, size_t n, const signet_order_params *more)
{
    signet_order_ident ids[LIM_IDENTS];
    signet_order_params p = { .size = sizeof(p), .idents = ids, .n_idents = n, .csr_der = STR("csr") };
    signet_job *j = NULL;
    if (more)
        p = *more;
    p.size = sizeof(p);
    p.idents = ids;
    p.n_idents = n;
    for (size_t i = 0; i < n; i++)
        ids[i] = (signet_order_ident){ { names[i][0] >= '0' && names[i][0] <= '9' ? SIGNET_IDENT_IP : SIGNET_IDENT_DNS,
                                         str_of(names[i]) },
                                       more && more->idents ? more->idents[0].prefs : 0 };
    int rc = signet_order_start(r->s, &p, &j);
    assert_true(rc == 0 || (r->may_fail && !j));
    return j;
}

/* ---- real certificates, for what compares issuers ---- */

char *test_chain_of(unsigned root)
{
    /* The leaf alone: the issuer of the last certificate of the file is what is compared. */
    EVP_PKEY *k = EVP_EC_gen("P-256");
    X509 *x = X509_new();
    BIO *out = BIO_new(BIO_s_mem());
    char name[32], *p = NULL;
    snprintf(name, sizeof(name), "Root %u", root);
    assert_true(k && x && out);
    ASN1_INTEGER_set(X509_get_serialNumber(x), root);
    X509_gmtime_adj(X509_getm_notBefore(x), 0);
    X509_gmtime_adj(X509_getm_notAfter(x), 86400);
    X509_NAME_add_entry_by_txt(X509_get_issuer_name(x), "CN", MBSTRING_UTF8, (const unsigned char *)name, -1, -1, 0);
    X509_set_pubkey(x, k);
    assert_true(X509_sign(x, k, EVP_sha256()) > 0);
    assert_int_equal(PEM_write_bio_X509(out, x), 1);
    long n = BIO_get_mem_data(out, &p);
    char *copy = strndup(p, (size_t)n);
    BIO_free(out);
    X509_free(x);
    EVP_PKEY_free(k);
    return copy;
}
