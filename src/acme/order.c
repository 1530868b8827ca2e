#include "acme/order.h"
#include <stdlib.h>

#define POLL_FAST_MS 400 /* pauses below it double */

static enum order_status order_status(signet_str s)
{
    static const struct {
        signet_str name;
        enum order_status status;
    } T[] = { { { "pending", 7 }, ORDER_PENDING },
              { { "ready", 5 }, ORDER_READY },
              { { "processing", 10 }, ORDER_PROCESSING },
              { { "valid", 5 }, ORDER_VALID },
              { { "invalid", 7 }, ORDER_INVALID } };
    for (size_t i = 0; i < sizeof(T) / sizeof(T[0]); i++)
        if (str_eq(s, T[i].name))
            return T[i].status;
    return ORDER_UNKNOWN;
}

int order_post(struct order_job *o, signet_str url, char *payload, unsigned flags, const char *doing,
               void (*done)(struct req *, struct reply *), void *ctx)
{
    struct req_spec spec = { .url = url,
                             .auth = AUTH_KID,
                             .flags = flags | REQ_JSON,
                             .payload = payload ? payload : str_dup(STR("")),
                             .max_body =
                                 str_eq(url, o->url) || str_eq(url, o->finalize_url) ? LIM_ORDER_BODY : LIM_BODY,
                             .doing = doing,
                             .done = done,
                             .ctx = ctx };
    if (!spec.payload) {
        job_nomem(&o->j);
        return SIGNET_ENOMEM;
    }
    return req_start(o->j.s, &o->j, &spec, NULL);
}

char *status_payload(const char *status)
{
    json_t *p = json_object();
    if (p && json_object_set_new(p, "status", json_string(status)) != 0) {
        json_decref(p);
        return NULL;
    }
    return js_dump(p);
}

int order_url(struct order_job *o, signet_str url, const char *what, signet_str *ret)
{
    if (!dir_allows(o->j.s, url)) {
        url.n = url.n < 200 ? url.n : 200;
        job_fail_own(&o->j, SIGNET_EPROTO, "reading the order", o->url, "the CA's %s \"%.*s\" is not a URL at this CA",
                     what, STR_ARG(url));
        return SIGNET_EPROTO;
    }
    *ret = arena_str(&o->j.mem, url);
    if (ret->p)
        return 0;
    job_nomem(&o->j);
    return SIGNET_ENOMEM;
}

/* ---- placing ---- */

static int order_add(json_t *o, const char *key, signet_str v)
{
    return v.n ? json_object_set_new(o, key, json_stringn(v.p, v.n)) : 0;
}

static json_t *order_idents(const struct order_job *o)
{
    json_t *list = json_array();
    for (size_t i = 0; list && i < o->n_idents; i++) {
        const signet_ident *id = &o->idents[i].ident;
        json_t *v = json_object();
        int bad = !v || order_add(v, "type", id->type == SIGNET_IDENT_IP ? STR("ip") : STR("dns")) != 0 ||
                  order_add(v, "value", id->value) != 0;
        if (json_array_append_new(list, v) != 0 || bad) {
            json_decref(list);
            return NULL;
        }
    }
    return list;
}

/* A profile that is only preferred is left out where the CA does not have it. */
static signet_str order_profile(const struct order_job *o)
{
    const signet_meta *m = &o->j.s->dir->meta;
    if (!o->profile_optional)
        return o->profile;
    for (size_t i = 0; i < m->n_profiles; i++)
        if (str_eq(m->profiles[i], o->profile))
            return o->profile;
    return STR("");
}

static char *order_payload(const struct order_job *o)
{
    /* Only a CA with renewal information knows what to make of a predecessor (RFC 9773 section 5). */
    signet_str replaces = o->j.s->dir->meta.has_renewal_info ? o->replaces : STR("");
    json_t *p = json_object();
    int bad = !p || json_object_set_new(p, "identifiers", order_idents(o)) != 0 ||
              order_add(p, "notBefore", o->not_before) != 0 || order_add(p, "notAfter", o->not_after) != 0 ||
              order_add(p, "profile", order_profile(o)) != 0 || order_add(p, "replaces", replaces) != 0;
    if (bad) {
        json_decref(p);
        return NULL;
    }
    return js_dump(p);
}

/* Would the same order without `replaces` fare better? Not when the refusal is about the account, the names or the rate
 * (RFC 9773 section 5; some CAs answer 403 or 500 for a predecessor they do not know). */
static bool order_blames_replaces(const struct order_job *o, const struct reply *rp)
{
    static const char *const OTHER[] = { "accountDoesNotExist",
                                         "userActionRequired",
                                         "externalAccountRequired",
                                         "rejectedIdentifier",
                                         "unsupportedIdentifier",
                                         "invalidProfile",
                                         "badNonce",
                                         "badSignatureAlgorithm" };
    if (!o->replaces.n || rp->status < 400 || rp->status == 429 || rp->status == 503 || rp->code == SIGNET_ERATE)
        return false;
    for (size_t i = 0; i < sizeof(OTHER) / sizeof(OTHER[0]); i++)
        if (prob_is(rp->problem, OTHER[i]))
            return false;
    return rp->status <= 500;
}

static void order_polled(struct req *r, struct reply *rp)
{
    struct order_job *o = order_of(r->job);
    if (rp->code != 0)
        job_fail(&o->j, rp->problem);
    else
        order_step(o, rp->json, rp->retry_after_s);
}

void order_resume(struct order_job *o)
{
    o->resumed = true;
    (void)order_post(o, o->url, NULL, 0, "reading the order", order_polled, NULL);
}

static void order_new_done(struct req *r, struct reply *rp)
{
    struct order_job *o = order_of(r->job);
    signet_session *s = r->s;
    bool placed = rp->http && !rp->http->net_err && rp->status >= 200 && rp->status <= 299;
    if (placed && rp->code != SIGNET_ELIMIT && dir_allows(s, rp->http->location)) {
        if (order_url(o, rp->http->location, "Location", &o->url) != 0)
            return;
        if (rp->code == 0)
            order_step(o, rp->json, rp->retry_after_s);
        else
            order_resume(o); /* the order exists, only its text was cut: no second one */
        return;
    }
    if (rp->code == 0 && rp->http) {
        order_url(o, rp->http->location, "order URL", &o->url);
        return;
    }
    if (rp->lost && rp->code != SIGNET_ELIMIT && rp->status != 500 && req_again(r, rp))
        return;
    if (order_blames_replaces(o, rp)) {
        o->replaces = STR("");
        order_new(o);
        return;
    }
    if (rp->lost && rp->status == 500 && req_again(r, rp))
        return;
    job_fail(&o->j, rp->problem);
}

void order_new(struct order_job *o)
{
    signet_session *s = o->j.s;
    struct req *r;
    struct req_spec spec = { .res = RES_NEW_ORDER,
                             .auth = AUTH_KID,
                             .flags = REQ_JSON | REQ_NO_RATE | REQ_LOST_FIRST,
                             .payload = order_payload(o),
                             .max_body = LIM_ORDER_BODY,
                             .doing = "placing the order",
                             .done = order_new_done };
    o->phase = PHASE_NEW;
    o->url = o->finalize_url = o->cert_url = STR("");
    if (!spec.payload) {
        job_nomem(&o->j);
        return;
    }
    if (req_start(s, &o->j, &spec, &r) != 0)
        return;
    r->fault_max = 1; /* an answer may be lost after the order was made: at most one more */
    if (o->n_idents > 1 && s->nonce_hint < o->n_idents)
        s->nonce_hint = (unsigned)o->n_idents;
}

/* ---- going on ---- */

void order_forget_hint(struct order_job *o)
{
    o->j.s->nonce_hint = 0;
}

void order_poll_in(struct order_job *o, int64_t ms)
{
    struct req_spec spec = { .url = o->url,
                             .auth = AUTH_KID,
                             .flags = REQ_JSON,
                             .payload = str_dup(STR("")),
                             .max_body = LIM_ORDER_BODY,
                             .doing = o->phase >= PHASE_FINALIZE ? "waiting for the certificate"
                                                                 : "waiting for the validation",
                             .done = order_polled };
    if (!spec.payload)
        job_nomem(&o->j);
    else
        (void)req_start_in(o->j.s, &o->j, &spec, ms, NULL);
}

void order_poll_first(struct order_job *o)
{
    o->polls = 0;
    o->pause_ms = o->j.s->poll_first_ms;
    /* A certificate takes longer than a validation that was waiting for us; a look that comes too early costs a whole
     * Retry-After. */
    order_poll_in(o, o->phase == PHASE_ISSUE ? 2 * o->pause_ms : o->pause_ms);
}

/* Quickly longer while they are short, so that a validation of a second takes five looks; then by a third each time. */
static void order_pause_grow(struct order_job *o)
{
    const signet_session *s = o->j.s;
    o->pause_ms = o->pause_ms < POLL_FAST_MS ? 2 * o->pause_ms + s->poll_first_ms : o->pause_ms + o->pause_ms / 3;
    if (o->pause_ms > s->poll_max_ms)
        o->pause_ms = s->poll_max_ms;
}

/* Retry-After is obeyed once an answer to a look carried it; the very first look after finalize is ours (many CAs are
 * done by then). */
static void order_poll_next(struct order_job *o, int64_t retry_after_s)
{
    o->polls++;
    if (o->phase == PHASE_POLL && o->polls % 10 == 0) {
        authz_look(o);
        return;
    }
    order_pause_grow(o);
    int64_t ms = o->pause_ms;
    if (retry_after_s > 0)
        ms = (retry_after_s < LIM_RETRY_AFTER_S ? retry_after_s : LIM_RETRY_AFTER_S) * 1000;
    order_poll_in(o, ms);
}

/* The parts that the first look at an order must give. */
static int order_begin(struct order_job *o, json_t *doc, enum order_status st)
{
    json_t *urls = json_object_get(doc, "authorizations");
    if (json_array_size(urls) != o->n_idents) {
        job_fail_own(&o->j, SIGNET_EPROTO, "reading the order", o->url,
                     "the CA wants %zu authorizations for an order of %zu names", json_array_size(urls), o->n_idents);
        return SIGNET_EPROTO;
    }
    int rc = order_url(o, js_str(doc, "finalize"), "finalize URL", &o->finalize_url);
    if (rc != 0)
        return rc;
    order_forget_hint(o);
    bool need = st == ORDER_PENDING || st == ORDER_INVALID || (st == ORDER_READY && o->revalidate);
    return need ? authz_list(o, urls) : 0;
}

static void order_valid(struct order_job *o, json_t *doc)
{
    chal_clean_all(o, false);
    if (order_url(o, js_str(doc, "certificate"), "certificate URL", &o->cert_url) == 0)
        issue_fetch(o);
}

static void order_processing(struct order_job *o, int64_t retry_after_s)
{
    chal_clean_all(o, false);
    bool first = o->phase != PHASE_ISSUE;
    o->phase = PHASE_ISSUE;
    if (first)
        order_poll_first(o);
    else
        order_poll_next(o, retry_after_s);
}

static void order_still_pending(struct order_job *o, int64_t retry_after_s)
{
    if (o->phase == PHASE_FINALIZE || o->phase == PHASE_CSR)
        o->phase = PHASE_POLL;
    order_poll_next(o, retry_after_s);
}

void order_step(struct order_job *o, json_t *doc, int64_t retry_after_s)
{
    enum order_status st = order_status(js_str(doc, "status"));
    bool first = o->phase == PHASE_NEW;
    if (first && order_begin(o, doc, st) != 0)
        return;
    switch (st) {
    case ORDER_PENDING:
        if (first)
            authz_fetch_all(o);
        else
            order_still_pending(o, retry_after_s);
        return;
    case ORDER_READY:
        if (first && o->revalidate)
            authz_fetch_all(o);
        else if (o->phase == PHASE_ISSUE)
            order_poll_next(o, retry_after_s); /* finalize was accepted, this answer is older */
        else
            issue_ready(o);
        return;
    case ORDER_PROCESSING:
        order_processing(o, retry_after_s);
        return;
    case ORDER_VALID:
        order_valid(o, doc);
        return;
    case ORDER_INVALID:
        authz_collect(o, json_object_get(doc, "error"));
        return;
    case ORDER_UNKNOWN:
        break;
    }
    job_fail_own(&o->j, SIGNET_EPROTO, "reading the order", o->url, "the order has no status that RFC 8555 knows");
}
