#include "acme/order.h"
#include <stdlib.h>

/* RFC 8555 section 7.1.4: which identifiers are proven already, and what would prove the others. */

enum authz_status authz_status(signet_str s)
{
    static const struct {
        signet_str name;
        enum authz_status status;
    } T[] = { { { "pending", 7 }, AUTHZ_PENDING }, { { "valid", 5 }, AUTHZ_VALID },
              { { "invalid", 7 }, AUTHZ_INVALID }, { { "deactivated", 11 }, AUTHZ_GONE },
              { { "expired", 7 }, AUTHZ_GONE },    { { "revoked", 7 }, AUTHZ_GONE } };
    for (size_t i = 0; i < sizeof(T) / sizeof(T[0]); i++)
        if (str_eq(s, T[i].name))
            return T[i].status;
    return AUTHZ_UNKNOWN;
}

/* Forgets the authorizations of an order that is given up; nothing of them is presented. */
void authz_reset(struct order_job *o)
{
    for (size_t i = 0; i < o->n_authz; i++)
        item_done(o->j.s, &o->authz[i].it);
    o->authz = NULL;
    o->n_authz = 0;
    o->total = 0;
    for (size_t i = 0; i < o->n_idents; i++)
        o->taken[i] = false;
}

int authz_list(struct order_job *o, json_t *urls)
{
    struct authz *list = arena_get(&o->j.mem, o->n_idents * sizeof(*list));
    json_t *v;
    size_t i;
    if (!list) {
        job_nomem(&o->j);
        return SIGNET_ENOMEM;
    }
    o->authz = list;
    json_array_foreach(urls, i, v)
    {
        struct authz *a = &list[i];
        signet_str url = json_is_string(v) ? str_of(json_string_value(v)) : STR("");
        a->o = o;
        if (item_init(o->j.s, &a->it, ITEM_CHAL) != 0) {
            job_nomem(&o->j);
            return SIGNET_ENOMEM;
        }
        o->n_authz = i + 1;
        int rc = order_url(o, url, "authorization URL", &a->url);
        if (rc != 0)
            return rc;
    }
    return 0;
}

static void authz_refuse(struct authz *a, const char *why)
{
    job_fail_own(&a->o->j, SIGNET_EPROTO, "reading the authorizations", a->url, "%s", why);
}

/* Whose authorization is this? A CA that leaves out "wildcard" is understood as long as only one name fits. */
static signet_order_ident *authz_match(struct order_job *o, signet_ident_type type, signet_str value, bool wild)
{
    for (int pass = 0; pass < 2; pass++) {
        for (size_t i = 0; i < o->n_idents; i++) {
            const signet_ident *id = &o->idents[i].ident;
            if (o->taken[i] || !ident_same(id, type, value, pass == 0 ? wild : ident_wild(id)))
                continue;
            o->taken[i] = true;
            return &o->idents[i];
        }
    }
    return NULL;
}

static int authz_identify(struct authz *a, json_t *doc)
{
    json_t *id = json_object_get(doc, "identifier");
    signet_str type = js_str(id, "type"), value = js_str(id, "value");
    bool wild = json_is_true(json_object_get(doc, "wildcard"));
    if (str_starts(value, STR("*."))) {
        wild = true;
        value = str_skip(value, 2);
    }
    signet_ident_type t = str_eq(type, STR("ip")) ? SIGNET_IDENT_IP : SIGNET_IDENT_DNS;
    if (str_eq(type, STR("dns")) || str_eq(type, STR("ip")))
        a->ident = authz_match(a->o, t, value, wild);
    if (a->ident)
        return 0;
    authz_refuse(a, "the CA sent an authorization for a name that was not ordered");
    return SIGNET_EPROTO;
}

static void revalidate_done(struct req *r, struct reply *rp)
{
    struct order_job *o = order_of(r->job);
    if (rp->code != 0 && !rp->lost && rp->status != 200) {
        job_fail(&o->j, rp->problem);
        return;
    }
    if (--o->n_waiting)
        return;
    authz_reset(o);
    order_new(o);
}

/* Valid authorizations are given up, then the order is placed once more, so that the CA looks again. */
static bool authz_revalidate(struct order_job *o)
{
    if (!o->revalidate)
        return false;
    o->revalidate = false;
    unsigned n = 0;
    for (size_t i = 0; i < o->n_authz; i++)
        n += o->authz[i].status == AUTHZ_VALID;
    if (!n)
        return false;
    o->phase = PHASE_REVALIDATE;
    o->n_waiting = n;
    for (size_t i = 0; i < o->n_authz && !o->j.failing; i++)
        if (o->authz[i].status == AUTHZ_VALID)
            (void)order_post(o, o->authz[i].url, status_payload("deactivated"), 0, "deactivating an authorization",
                             revalidate_done, NULL);
    return true;
}

static void authz_all_known(struct order_job *o)
{
    bool invalid = false;
    for (size_t i = 0; i < o->n_authz; i++) {
        if (o->authz[i].status == AUTHZ_INVALID)
            invalid = true;
        if (o->authz[i].status == AUTHZ_GONE) {
            authz_refuse(&o->authz[i], "an authorization of the order has expired or was withdrawn");
            return;
        }
    }
    if (invalid)
        authz_collect(o, NULL);
    else if (!authz_revalidate(o))
        chal_present_all(o);
}

static void authz_fetched(struct req *r, struct reply *rp)
{
    struct authz *a = r->ctx;
    struct order_job *o = a->o;
    if (rp->code != 0) {
        job_fail(&o->j, rp->problem);
        return;
    }
    a->status = authz_status(js_str(rp->json, "status"));
    if (a->status == AUTHZ_UNKNOWN) {
        authz_refuse(a, "the authorization has no status that RFC 8555 knows");
        return;
    }
    if (authz_identify(a, rp->json) != 0)
        return;
    if (a->status == AUTHZ_PENDING && chal_choose(a, json_object_get(rp->json, "challenges")) != 0)
        return;
    if (--o->n_waiting == 0)
        authz_all_known(o);
}

void authz_fetch_all(struct order_job *o)
{
    o->phase = PHASE_AUTHZ;
    o->n_waiting = (unsigned)o->n_authz;
    for (size_t i = 0; i < o->n_authz && !o->j.failing; i++)
        (void)order_post(o, o->authz[i].url, NULL, 0, "reading an authorization", authz_fetched, &o->authz[i]);
}

/* ---- what went wrong ---- */

static signet_str authz_name(const struct authz *a, json_t *doc)
{
    return a->ident ? a->ident->ident.value : js_str(json_object_get(doc, "identifier"), "value");
}

static void authz_note(struct authz *a, json_t *doc)
{
    json_t *list = json_object_get(doc, "challenges"), *c;
    size_t i;
    bool said = false;
    json_array_foreach(list, i, c)
    {
        json_t *err = json_object_get(c, "error");
        if (i >= LIM_CHALLENGES || !json_is_object(err))
            continue;
        prob_sub(&a->o->why, js_str(err, "type"), js_str(err, "detail"), authz_name(a, doc),
                 signet_chal_from_name(js_str(c, "type")));
        said = true;
    }
    if (!said)
        prob_sub(&a->o->why, STR(""), STR("the CA does not say why it is invalid"), authz_name(a, doc), a->type);
}

static void collect_end(struct order_job *o)
{
    struct problem *p = &o->why;
    signet_str type = p->n ? p->sub[0].type : STR(""), detail = p->n ? p->sub[0].detail : STR("");
    struct problem out = { 0 };
    bool authz_failed = p->pub.code == SIGNET_EAUTHZ;
    if (!p->pub.type.n)
        p->pub.type = type;
    if (!p->pub.detail.n)
        p->pub.detail = detail.n ? detail : STR("the order became invalid, and the CA does not say why");
    prob_move(&out, p);
    prob_where(&out, authz_failed ? "validating the names" : "waiting for the certificate", o->url);
    job_fail(&o->j, &out);
    prob_done(&out);
}

static void collect_done(struct req *r, struct reply *rp)
{
    struct authz *a = r->ctx;
    struct order_job *o = a->o;
    if (rp->code == 0) {
        a->status = authz_status(js_str(rp->json, "status"));
        if (a->status == AUTHZ_INVALID) {
            o->why.pub.code = SIGNET_EAUTHZ;
            authz_note(a, rp->json);
        }
    }
    if (--o->n_waiting == 0)
        collect_end(o);
}

/* The order is invalid: every authorization that may be to blame is asked why. After `ready` none is. */
void authz_collect(struct order_job *o, json_t *error)
{
    bool validating = o->phase <= PHASE_POLL;
    chal_clean_all(o, false);
    o->phase = PHASE_COLLECT;
    prob_done(&o->why);
    o->why.pub.code = SIGNET_EPROBLEM;
    if (json_is_object(error))
        prob_decode(&o->why, error);
    o->n_waiting = 0;
    req_cancel_all(&o->j);
    for (size_t i = 0; validating && i < o->n_authz && !o->j.failing; i++) {
        if (o->authz[i].status == AUTHZ_VALID)
            continue;
        o->n_waiting++;
        if (order_post(o, o->authz[i].url, NULL, 0, "reading why the validation failed", collect_done, &o->authz[i]) !=
            0)
            return;
    }
    if (!o->n_waiting)
        collect_end(o);
}

static void look_done(struct req *r, struct reply *rp)
{
    struct authz *a = r->ctx;
    struct order_job *o = a->o;
    if (rp->code == 0) {
        a->status = authz_status(js_str(rp->json, "status"));
        if (a->status == AUTHZ_INVALID) {
            authz_collect(o, NULL);
            return;
        }
    }
    order_poll_in(o, o->pause_ms);
}

/* An order that stays pending for long: some CAs leave it so although an authorization has failed. */
void authz_look(struct order_job *o)
{
    for (size_t n = 0; n < o->n_authz; n++) {
        struct authz *a = &o->authz[o->next_look++ % o->n_authz];
        if (a->status != AUTHZ_PENDING)
            continue;
        (void)order_post(o, a->url, NULL, 0, "reading an authorization", look_done, a);
        return;
    }
    order_poll_in(o, o->pause_ms);
}

/* ---- giving up ---- */

static void deactivate_done(struct req *r, struct reply *rp)
{
    struct order_job *o = order_of(r->job);
    (void)rp; /* whatever it says, there is nothing more to do */
    o->n_waiting--;
    order_settle(o);
}

static void deactivate_one(struct order_job *o, const struct authz *a)
{
    char *payload = status_payload("deactivated");
    if (!payload)
        return;
    o->n_waiting++;
    if (order_post(o, a->url, payload, REQ_BEST_EFFORT, "deactivating an authorization", deactivate_done, NULL) != 0)
        o->n_waiting--;
}

/* Pending authorizations count against an account's limits, so that a failed order does not leave them behind. Not
 * worth a request when it is the network or this machine that failed. */
void authz_deactivate_pending(struct order_job *o)
{
    int code = o->j.problem.pub.code;
    bool hopeless = code == SIGNET_ENET || code == SIGNET_ETLS || code == SIGNET_ENOMEM || code == SIGNET_ECRYPTO ||
                    code == SIGNET_ERATE;
    if (o->keep_pending || hopeless)
        return;
    for (size_t i = 0; i < o->n_authz; i++)
        if (o->authz[i].status == AUTHZ_PENDING)
            deactivate_one(o, &o->authz[i]);
}

void authz_release(struct order_job *o)
{
    for (size_t i = 0; i < o->n_authz; i++)
        deactivate_one(o, &o->authz[i]);
}

/* ---- one authorization by its URL (section 7.5.2) ---- */

struct deactivate_job {
    signet_job j;
    signet_str url;
};

static void deactivate_job_done(struct req *r, struct reply *rp)
{
    if (rp->code != 0)
        job_fail(r->job, rp->problem);
    else
        job_end(r->job);
}

static void deactivate_ready(signet_job *j)
{
    struct deactivate_job *d = (struct deactivate_job *)j;
    struct req_spec spec = { .url = d->url,
                             .auth = AUTH_KID,
                             .payload = status_payload("deactivated"),
                             .doing = "deactivating an authorization",
                             .done = deactivate_job_done };
    if (!dir_allows(j->s, d->url)) {
        free(spec.payload);
        job_fail_own(j, SIGNET_EINVAL, spec.doing, d->url, "the authorization is not at this CA");
    } else if (!spec.payload) {
        job_nomem(j);
    } else {
        (void)req_start(j->s, j, &spec, NULL);
    }
}

static const struct job_ops DEACTIVATE_OPS = { .ready = deactivate_ready };

int signet_deactivate_start(signet_session *s, signet_str authz_url, signet_job **ret)
{
    if (!url_ok(authz_url, s->allow_http))
        return SIGNET_EINVAL;
    struct deactivate_job *d = (struct deactivate_job *)job_new(s, &DEACTIVATE_OPS, sizeof(*d), true);
    if (!d)
        return SIGNET_ENOMEM;
    d->url = arena_str(&d->j.mem, authz_url);
    if (!d->url.p) {
        job_destroy(&d->j);
        return SIGNET_ENOMEM;
    }
    *ret = &d->j;
    dir_wait(&d->j);
    return 0;
}
