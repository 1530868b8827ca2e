#include "acme/order.h"
#include "crypto/digest.h"
#include <stdlib.h>

/* RFC 8555 section 8, RFC 8737, draft-ietf-acme-dns-account-label, draft-ietf-acme-dns-persist. */

static bool chal_fits(signet_chal c, const signet_ident *id)
{
    switch (c) {
    case SIGNET_CHAL_HTTP_01:
    case SIGNET_CHAL_TLS_ALPN_01:
        return !ident_wild(id);
    case SIGNET_CHAL_DNS_01:
    case SIGNET_CHAL_DNS_ACCOUNT_01:
    case SIGNET_CHAL_DNS_PERSIST_01:
        return id->type == SIGNET_IDENT_DNS;
    case SIGNET_CHAL_UNKNOWN:
        break;
    }
    return false;
}

/* RFC 4648 section 6 in lower case, for whole groups of five bytes: the account label needs ten. */
static void base32_lower(struct buf *to, const uint8_t *p, size_t n)
{
    static const char A[] = "abcdefghijklmnopqrstuvwxyz234567";
    uint64_t acc = 0;
    unsigned bits = 0;
    for (size_t i = 0; i < n; i++) {
        acc = acc << 8 | p[i];
        bits += 8;
        while (bits >= 5) {
            bits -= 5;
            buf_addc(to, A[acc >> bits & 31]);
        }
    }
}

static int chal_sha256(struct buf *to, signet_str in, bool hex)
{
    uint8_t sum[32];
    signet_str s = { (const char *)sum, sizeof(sum) };
    int rc = digest_sha256(in, sum);
    if (rc != 0)
        return rc;
    if (hex)
        hex_enc(to, s);
    else
        b64url_enc(to, s);
    return 0;
}

static bool issuer_ok(signet_str d)
{
    for (size_t i = 0; i < d.n; i++) {
        char c = d.p[i];
        if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.'))
            return false;
    }
    return d.n > 0 && d.n <= 253;
}

/* The record binds the domain to our account at one of the CA's names; the CA lists the names, we fill in our own URL.
 */
static int chal_persist_value(struct authz *a, json_t *c, struct buf *value)
{
    json_t *names = json_object_get(c, "issuer-domain-names");
    signet_str issuer = STR(""), account = str_of(a->o->j.s->account_url);
    if (json_array_size(names) > LIM_ISSUERS || str_has(account, ';'))
        return SIGNET_EPROTO;
    issuer = str_of(json_string_value(json_array_get(names, 0)));
    if (!issuer_ok(issuer))
        return SIGNET_EPROTO;
    buf_add(value, issuer);
    buf_addz(value, "; accounturi=");
    buf_add(value, account);
    if (ident_wild(&a->ident->ident))
        buf_addz(value, "; policy=wildcard");
    return 0;
}

static int chal_name(struct authz *a, signet_chal type, struct buf *name)
{
    signet_str base = a->ident->ident.value;
    uint8_t sum[32];
    if (ident_wild(&a->ident->ident))
        base = str_skip(base, 2);
    if (type == SIGNET_CHAL_DNS_ACCOUNT_01) {
        int rc = digest_sha256(str_of(a->o->j.s->account_url), sum);
        if (rc != 0)
            return rc;
        buf_addc(name, '_');
        base32_lower(name, sum, 10);
        buf_addc(name, '.');
    }
    buf_addz(name, type == SIGNET_CHAL_DNS_PERSIST_01 ? "_validation-persist." : "_acme-challenge.");
    buf_add(name, base);
    return 0;
}

/* Name and value of the answer, ready to be put up. */
static int chal_answer(struct authz *a, signet_chal type, json_t *c, struct buf *name, struct buf *value)
{
    int rc = 0;
    switch (type) {
    case SIGNET_CHAL_HTTP_01:
        buf_add(value, a->key_auth);
        break;
    case SIGNET_CHAL_TLS_ALPN_01:
        rc = chal_sha256(value, a->key_auth, true);
        break;
    case SIGNET_CHAL_DNS_01:
    case SIGNET_CHAL_DNS_ACCOUNT_01:
        rc = chal_name(a, type, name);
        if (rc == 0)
            rc = chal_sha256(value, a->key_auth, false);
        break;
    case SIGNET_CHAL_DNS_PERSIST_01:
        rc = chal_name(a, type, name);
        if (rc == 0)
            rc = chal_persist_value(a, c, value);
        break;
    case SIGNET_CHAL_UNKNOWN:
        rc = SIGNET_EPROTO;
        break;
    }
    if (rc == 0)
        rc = buf_err(name) ? buf_err(name) : buf_err(value);
    return rc;
}

static int chal_key_auth(struct authz *a, signet_str token)
{
    BUF_AUTO(b, LIM_TOKEN + 64);
    buf_add(&b, token);
    buf_addc(&b, '.');
    buf_addz(&b, a->o->j.s->thumbprint);
    a->token = arena_str(&a->o->j.mem, token);
    a->key_auth = arena_str(&a->o->j.mem, buf_str(&b));
    return a->token.p && a->key_auth.p && !buf_err(&b) ? 0 : SIGNET_ENOMEM;
}

static int chal_fill(struct authz *a, signet_chal type, json_t *c)
{
    struct arena *m = &a->o->j.mem;
    signet_str token = js_str(c, "token"), url = js_str(c, "url");
    BUF_AUTO(name, 512);
    BUF_AUTO(value, LIM_URL + 512);
    if (!dir_allows(a->o->j.s, url))
        return SIGNET_EPROTO;
    a->token = a->key_auth = STR("");
    if (type != SIGNET_CHAL_DNS_PERSIST_01) {
        if (!text_token_ok(token))
            return SIGNET_EPROTO;
        int rc = chal_key_auth(a, token);
        if (rc != 0)
            return rc;
    }
    int rc = chal_answer(a, type, c, &name, &value);
    if (rc != 0)
        return rc;
    a->type = type;
    a->chal_url = arena_str(m, url);
    a->name = arena_str(m, buf_str(&name));
    a->value = arena_str(m, buf_str(&value));
    a->started = str_eq(js_str(c, "status"), STR("processing"));
    return a->chal_url.p && a->name.p && a->value.p ? 0 : SIGNET_ENOMEM;
}

static void chal_none(struct authz *a, json_t *list)
{
    BUF_AUTO(offered, 512);
    struct problem p = { 0 };
    json_t *c;
    size_t i;
    json_array_foreach(list, i, c)
    {
        if (i)
            buf_addz(&offered, ", ");
        buf_add(&offered, js_str(c, "type"));
    }
    prob_set(&p, SIGNET_EAUTHZ, "choosing a challenge", a->url,
             "none of the challenges that the CA offers for %.*s can be answered (it offers: %s)",
             STR_ARG(a->ident->ident.value), offered.n ? buf_z(&offered) : "none");
    prob_sub(&p, STR(""), p.pub.detail, a->ident->ident.value, SIGNET_CHAL_UNKNOWN);
    job_fail(&a->o->j, &p);
    prob_done(&p);
}

static json_t *chal_find(json_t *list, signet_chal type)
{
    json_t *c;
    size_t i;
    json_array_foreach(list, i, c)
    {
        if (signet_chal_from_name(js_str(c, "type")) == type)
            return c;
    }
    return NULL;
}

int chal_choose(struct authz *a, json_t *list)
{
    uint32_t prefs = a->ident->prefs;
    if (!prefs)
        prefs = SIGNET_PREFS(SIGNET_CHAL_HTTP_01, SIGNET_CHAL_TLS_ALPN_01, SIGNET_CHAL_DNS_01, 0);
    if (json_array_size(list) > LIM_CHALLENGES)
        list = NULL;
    for (; prefs; prefs >>= 4) {
        signet_chal type = (signet_chal)(prefs & 15);
        json_t *c = chal_fits(type, &a->ident->ident) ? chal_find(list, type) : NULL;
        if (!c)
            continue;
        int rc = chal_fill(a, type, c);
        if (rc == 0)
            return 0;
        if (rc == SIGNET_ENOMEM)
            job_nomem(&a->o->j);
        else
            job_fail_own(&a->o->j, rc, "choosing a challenge", a->url,
                         "the CA's %s challenge for %.*s has no usable token or URL", signet_chal_name(type),
                         STR_ARG(a->ident->ident.value));
        return rc;
    }
    chal_none(a, list);
    return SIGNET_EAUTHZ;
}

/* ---- presenting ---- */

void chal_action(const struct item *it, signet_action *ret)
{
    const struct authz *a = LINK_OF(it, const struct authz, it);
    ret->job = a->o->j.orphan ? NULL : &a->o->j;
    ret->u.chal.chal_id = a->chal_id;
    ret->u.chal.type = a->type;
    ret->u.chal.ident = a->ident->ident;
    ret->u.chal.token = a->token;
    ret->u.chal.key_auth = a->key_auth;
    ret->u.chal.name = a->name;
    ret->u.chal.value = a->value;
    ret->u.chal.left = a->left;
    ret->u.chal.total = a->o->total;
}

/* In the order of the names as they were given, whatever order the CA lists them in. */
static struct authz **chal_sorted(struct order_job *o)
{
    struct authz **by = arena_get(&o->j.mem, o->n_idents * sizeof(struct authz *));
    for (size_t i = 0; by && i < o->n_authz; i++)
        if (o->authz[i].status == AUTHZ_PENDING)
            by[o->authz[i].ident - o->idents] = &o->authz[i];
    return by;
}

static void chal_present(struct authz *a, unsigned left)
{
    a->left = left;
    a->chal_id = ++a->o->j.s->next_chal_id;
    a->step = CHAL_PRESENTING;
    item_queue(a->o->j.s, &a->it, SIGNET_ACT_PRESENT);
}

/* One by one: the first that was not yet. */
static void chal_present_next(struct order_job *o)
{
    struct authz **by = chal_sorted(o);
    if (!by) {
        job_nomem(&o->j);
        return;
    }
    for (size_t i = 0; i < o->n_idents; i++)
        if (by[i] && by[i]->step == CHAL_NONE) {
            o->n_presenting++;
            chal_present(by[i], 0);
            return;
        }
}

void chal_present_all(struct order_job *o)
{
    struct authz **by = chal_sorted(o);
    if (!by) {
        job_nomem(&o->j);
        return;
    }
    o->phase = PHASE_CHALLENGE;
    for (size_t i = 0; i < o->n_idents; i++)
        o->total += by[i] != NULL;
    o->n_waiting = o->total;
    o->n_presenting = o->one_by_one ? 0 : o->total;
    if (o->total) /* how long that takes is the embedder's to say; the CA's time begins when it is done */
        tmr_set(&o->j.s->timers, &o->j.deadline, o->j.s->t + LIM_PRESENT_MS, o->j.deadline.fire);
    unsigned left = o->total;
    if (o->one_by_one && o->total)
        chal_present_next(o);
    for (size_t i = 0; i < o->n_idents && !o->one_by_one; i++)
        if (by[i])
            chal_present(by[i], --left);
    if (o->total)
        return;
    o->phase = PHASE_POLL; /* all were valid before: the order should say so now */
    o->pause_ms = o->j.s->poll_first_ms;
    order_poll_in(o, 0);
}

static void chal_answered(struct order_job *o)
{
    if (--o->n_waiting)
        return;
    o->phase = PHASE_POLL;
    tmr_set(&o->j.s->timers, &o->j.deadline, o->j.s->t + (int64_t)o->j.s->order_timeout_s * 1000, o->j.deadline.fire);
    order_poll_first(o);
}

static void one_poll(struct authz *a);
static void chal_clean_one(struct authz *a);

static void one_polled(struct req *r, struct reply *rp)
{
    struct authz *a = r->ctx;
    struct order_job *o = a->o;
    if (rp->code != 0) {
        job_fail(&o->j, rp->problem);
        return;
    }
    a->status = authz_status(js_str(rp->json, "status"));
    if (a->status == AUTHZ_VALID)
        chal_clean_one(a);
    else if (a->status == AUTHZ_INVALID)
        authz_collect(o, NULL);
    else
        one_poll(a);
}

/* One by one: its own authorization is looked at until it is valid. */
static void one_poll(struct authz *a)
{
    struct order_job *o = a->o;
    struct req_spec spec = { .url = a->url,
                             .auth = AUTH_KID,
                             .flags = REQ_JSON,
                             .payload = str_dup(STR("")),
                             .max_body = LIM_ORDER_BODY,
                             .doing = "waiting for the validation",
                             .done = one_polled,
                             .ctx = a };
    o->pause_ms = o->pause_ms + o->pause_ms / 3;
    if (o->pause_ms > o->j.s->poll_max_ms)
        o->pause_ms = o->j.s->poll_max_ms;
    if (!spec.payload)
        job_nomem(&o->j);
    else
        (void)req_start_in(o->j.s, &o->j, &spec, o->pause_ms, NULL);
}

/* The CA has been told, or knows. */
static void chal_told(struct authz *a)
{
    if (!a->o->one_by_one) {
        chal_answered(a->o);
        return;
    }
    a->o->pause_ms = a->o->j.s->poll_first_ms;
    one_poll(a);
}

/* A refusal may mean that an earlier try, whose answer was lost, got through: the order will tell. */
static void chal_posted(struct req *r, struct reply *rp)
{
    struct authz *a = r->ctx;
    struct order_job *o = a->o;
    if (rp->code != 0 && !(req_was_repeated(r) && rp->status >= 400 && rp->status < 500)) {
        prob_sub(rp->problem, rp->problem->pub.type, rp->problem->pub.detail, a->ident->ident.value, a->type);
        job_fail(&o->j, rp->problem);
        return;
    }
    chal_told(a);
}

static void chal_post(struct authz *a)
{
    struct order_job *o = a->o;
    if (a->started) {
        chal_told(a);
        return;
    }
    char *payload = js_dump(json_object());
    if (!payload)
        job_nomem(&o->j);
    else
        (void)order_post(o, a->chal_url, payload, 0, "answering a challenge", chal_posted, a);
}

/* ---- taking away ---- */

static void chal_clean(struct authz *a, bool at_once)
{
    struct order_job *o = a->o;
    bool out = a->step == CHAL_PRESENTING && a->it.state == ITEM_OUT;
    if (a->step == CHAL_PRESENTING && !out) {
        item_idle(&a->it);
        a->step = CHAL_CLEAN;
        o->n_presenting--;
        return;
    }
    if (out && at_once) {
        item_idle(&a->it);
        o->n_presenting--;
    }
    if (a->step == CHAL_PRESENTED || a->step == CHAL_FAILED || (out && at_once)) {
        a->step = CHAL_CLEANING;
        o->n_cleaning++;
        item_queue(o->j.s, &a->it, SIGNET_ACT_CLEANUP);
    }
}

void chal_clean_all(struct order_job *o, bool at_once)
{
    unsigned n = 0;
    for (size_t i = 0; i < o->n_authz; i++)
        n += o->authz[i].step == CHAL_PRESENTED || o->authz[i].step == CHAL_FAILED;
    for (size_t i = 0; n && i < o->n_authz; i++)
        if (o->authz[i].step == CHAL_PRESENTED || o->authz[i].step == CHAL_FAILED)
            o->authz[i].left = --n;
    for (size_t i = 0; i < o->n_authz; i++)
        chal_clean(&o->authz[i], at_once);
}

/* One by one: the last is over; the next, or all are. */
static void chal_one_done(struct order_job *o)
{
    bool more = o->n_waiting > 1;
    chal_answered(o);
    if (more)
        chal_present_next(o);
}

static void chal_clean_one(struct authz *a)
{
    a->left = 0;
    chal_clean(a, false);
}

static void chal_present_failed(struct authz *a, int err, signet_str why)
{
    struct order_job *o = a->o;
    int code = err > -80 && err < 0 ? err : SIGNET_EAUTHZ;
    if (!why.n)
        why = str_of(signet_strerror(code));
    if (o->j.failing) {
        prob_sub(&o->j.problem, STR(""), why, a->ident->ident.value, a->type);
        return;
    }
    struct problem p = { 0 };
    prob_set(&p, code, "setting up a challenge", a->url, "%.*s", STR_ARG(why));
    prob_sub(&p, STR(""), why, a->ident->ident.value, a->type);
    job_fail(&o->j, &p);
    prob_done(&p);
}

int job_challenge_done(struct item *it, int err, signet_str why)
{
    struct authz *a = LINK_OF(it, struct authz, it);
    struct order_job *o = a->o;
    bool cleanup = it->act == SIGNET_ACT_CLEANUP;
    item_idle(it);
    if (cleanup) {
        a->step = CHAL_CLEAN;
        o->n_cleaning--;
        if (o->one_by_one && o->phase == PHASE_CHALLENGE && !o->j.failing)
            chal_one_done(o);
        order_settle(o);
        return 0;
    }
    o->n_presenting--;
    a->step = err ? CHAL_FAILED : CHAL_PRESENTED;
    bool gone = o->j.failing || o->phase != PHASE_CHALLENGE;
    if (err && (o->j.failing || o->phase == PHASE_CHALLENGE))
        chal_present_failed(a, err, why);
    else if (!gone)
        chal_post(a);
    if (gone)
        chal_clean(a, false);
    order_settle(o);
    return 0;
}
