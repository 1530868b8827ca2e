#include "acme/core.h"
#include "crypto/digest.h"
#include <stdlib.h>

/* RFC 8555 section 7.3. */

struct account_job {
    signet_job j;
    signet_account_op op;
    bool terms_agreed;
    signet_str *contacts;
    size_t n_contacts;
    signet_str eab_kid, eab_key; /* no key: the embedder signs the binding */
    struct inner eab;
    json_t *binding;
    signet_account out;
    bool have;
};

int acct_learn(signet_session *s, signet_str url)
{
    if (!dir_allows(s, url))
        return SIGNET_EPROTO;
    char *copy = str_dup(url);
    if (!copy)
        return SIGNET_ENOMEM;
    free(s->account_url);
    s->account_url = copy;
    req_move_all(&s->wait_acct, &s->incoming);
    return 0;
}

static char *acct_find_payload(void)
{
    json_t *o = json_object();
    if (o && json_object_set_new(o, "onlyReturnExisting", json_true()) != 0) {
        json_decref(o);
        return NULL;
    }
    return js_dump(o);
}

/* The session's own search for the account of its key: what needs a kid waits for it (section 7.3.1). */
static void acct_lookup_done(struct req *r, struct reply *rp)
{
    signet_session *s = r->s;
    s->acct_lookup = NULL;
    int rc = rp->code;
    if (rc == 0) {
        rc = acct_learn(s, rp->http->location);
        if (rc == 0)
            return;
        prob_set(rp->problem, rc, r->doing, str_of(r->url), "the CA gave no usable account URL");
    }
    req_fail_all(&s->wait_acct, rp->problem);
}

void acct_pump(signet_session *s)
{
    if (link_empty(&s->wait_acct) || s->acct_lookup)
        return;
    if (s->account_url) {
        req_move_all(&s->wait_acct, &s->incoming);
        return;
    }
    struct req_spec spec = { .res = RES_NEW_ACCOUNT,
                             .auth = AUTH_JWK,
                             .payload = acct_find_payload(),
                             .doing = "looking up the account by its key",
                             .done = acct_lookup_done };
    if (spec.payload && req_start(s, NULL, &spec, &s->acct_lookup) == 0)
        return;
    struct problem p = { 0 };
    prob_set(&p, SIGNET_ENOMEM, spec.doing, STR(""), "%s", signet_strerror(SIGNET_ENOMEM));
    req_fail_all(&s->wait_acct, &p);
    prob_done(&p);
}

static int acct_decode_contacts(struct account_job *a, json_t *list)
{
    size_t n = json_array_size(list), i;
    json_t *v;
    n = n < LIM_CONTACTS ? n : LIM_CONTACTS;
    signet_str *out = arena_get(&a->j.mem, (n ? n : 1) * sizeof(*out));
    if (!out)
        return SIGNET_ENOMEM;
    a->out.contacts = out;
    json_array_foreach(list, i, v)
    {
        if (!json_is_string(v) || a->out.n_contacts >= n)
            continue;
        signet_str c = arena_str(&a->j.mem, str_of(json_string_value(v)));
        if (!c.p)
            return SIGNET_ENOMEM;
        out[a->out.n_contacts++] = c;
    }
    return 0;
}

static int acct_decode(struct account_job *a, json_t *doc)
{
    struct arena *m = &a->j.mem;
    signet_str status = js_str(doc, "status");
    a->out.url = arena_str(m, str_of(a->j.s->account_url));
    a->out.status = arena_str(m, status.n ? status : STR("valid"));
    a->out.orders_url = arena_str(m, js_str(doc, "orders"));
    if (!a->out.url.p || !a->out.status.p || !a->out.orders_url.p)
        return SIGNET_ENOMEM;
    return acct_decode_contacts(a, json_object_get(doc, "contact"));
}

static bool acct_by_key(const struct account_job *a)
{
    return a->op == SIGNET_ACCOUNT_NEW || a->op == SIGNET_ACCOUNT_FIND;
}

static void acct_done(struct req *r, struct reply *rp)
{
    struct account_job *a = (struct account_job *)r->job;
    const char *why;
    if (rp->code != 0) {
        job_fail(&a->j, rp->problem);
        return;
    }
    if (acct_by_key(a)) {
        int rc = acct_learn(a->j.s, rp->http->location);
        if (rc != 0) {
            job_fail_own(&a->j, rc, r->doing, str_of(r->url), "the CA gave no usable account URL");
            return;
        }
    }
    json_t *doc = js_load(rp->http->body, &why); /* what matters is the URL: a CA that says no more is fine */
    int rc = acct_decode(a, doc);
    json_decref(doc);
    a->out.created = acct_by_key(a) && rp->status == 201;
    if (rc != 0) {
        job_nomem(&a->j);
        return;
    }
    a->have = true;
    job_end(&a->j);
}

static json_t *acct_contacts_json(const struct account_job *a)
{
    json_t *list = json_array();
    for (size_t i = 0; list && i < a->n_contacts; i++) {
        if (json_array_append_new(list, json_stringn(a->contacts[i].p, a->contacts[i].n)) != 0) {
            json_decref(list);
            return NULL;
        }
    }
    return list;
}

static char *acct_payload(const struct account_job *a)
{
    json_t *o = json_object();
    int bad = !o;
    if (a->op == SIGNET_ACCOUNT_DEACTIVATE) {
        bad = bad || json_object_set_new(o, "status", json_string("deactivated")) != 0;
    } else {
        if (a->n_contacts || a->op == SIGNET_ACCOUNT_UPDATE)
            bad = bad || json_object_set_new(o, "contact", acct_contacts_json(a)) != 0;
        if (a->terms_agreed)
            bad = bad || json_object_set_new(o, "termsOfServiceAgreed", json_true()) != 0;
        if (a->binding)
            bad = bad || json_object_set(o, "externalAccountBinding", a->binding) != 0;
    }
    if (bad) {
        json_decref(o);
        return NULL;
    }
    return js_dump(o);
}

static const char *acct_doing(signet_account_op op)
{
    switch (op) {
    case SIGNET_ACCOUNT_NEW:
        return "registering the account";
    case SIGNET_ACCOUNT_FIND:
        return "looking up the account by its key";
    case SIGNET_ACCOUNT_FETCH:
        return "reading the account";
    case SIGNET_ACCOUNT_UPDATE:
        return "updating the account";
    case SIGNET_ACCOUNT_DEACTIVATE:
        break;
    }
    return "deactivating the account";
}

static void acct_send(struct account_job *a)
{
    signet_job *j = &a->j;
    struct req_spec spec = { .res = acct_by_key(a) ? RES_NEW_ACCOUNT : RES_ACCOUNT,
                             .auth = acct_by_key(a) ? AUTH_JWK : AUTH_KID,
                             .doing = acct_doing(a->op),
                             .done = acct_done };
    if (a->op == SIGNET_ACCOUNT_FETCH)
        spec.payload = str_dup(STR(""));
    else if (a->op == SIGNET_ACCOUNT_FIND)
        spec.payload = acct_find_payload();
    else
        spec.payload = acct_payload(a);
    if (!spec.payload)
        job_nomem(j);
    else
        (void)req_start(j->s, j, &spec, NULL);
}

/* ---- external account binding (section 7.3.4): a JWS over the account's public key, MACed with what the CA gave out
 * of band ---- */

static void acct_wipe(struct account_job *a)
{
    if (a->eab_key.n) /* else perhaps never copied */
        explicit_bzero((void *)(uintptr_t)a->eab_key.p, a->eab_key.n);
    a->eab_key = STR("");
}

static int acct_mac(void *ctx, signet_str tbs, uint8_t *out, size_t *len)
{
    struct account_job *a = ctx;
    int rc = digest_hmac(a->eab.alg, a->eab_key, tbs, out, len);
    acct_wipe(a);
    return rc;
}

static void acct_bound(signet_job *j, int rc, signet_str jws)
{
    struct account_job *a = (struct account_job *)j;
    const char *why;
    if (rc != 0 && rc != SIGNET_ENOMEM)
        job_fail_own(j, rc, acct_doing(a->op), STR(""), "the key of the external account could not sign");
    else if (rc != 0 || !(a->binding = js_load(jws, &why)))
        job_nomem(j);
    else
        acct_send(a);
}

static void acct_ready(signet_job *j)
{
    struct account_job *a = (struct account_job *)j;
    if (!a->eab.job) {
        acct_send(a);
        return;
    }
    struct jws_head h = { .alg = signet_alg_name(a->eab.alg),
                          .kid = a->eab_kid.p,
                          .url = j->s->dir->url[RES_NEW_ACCOUNT] };
    if (!h.url)
        acct_send(a); /* which says that the directory does not offer it */
    else if (jws_tbs(&a->eab.tbs, &h, str_of(j->s->key.jwk_text)) != 0)
        job_nomem(j);
    else
        inner_sign(&a->eab, a->eab_key.n ? acct_mac : NULL, a);
}

static void acct_free(signet_job *j)
{
    struct account_job *a = (struct account_job *)j;
    acct_wipe(a);
    inner_free(&a->eab);
    json_decref(a->binding);
}

static const struct job_ops ACCOUNT_OPS = { .ready = acct_ready, .free = acct_free };

static bool account_params_ok(const signet_account_params *p)
{
    bool mac = !p->eab_alg || p->eab_alg == SIGNET_ALG_HS256 || p->eab_alg == SIGNET_ALG_HS384 ||
               p->eab_alg == SIGNET_ALG_HS512;
    return p->op >= SIGNET_ACCOUNT_NEW && p->op <= SIGNET_ACCOUNT_DEACTIVATE && p->n_contacts <= LIM_CONTACTS && mac &&
           (p->eab_kid.n > 0 || p->eab_hmac_key.n == 0);
}

static int acct_copy(struct account_job *a, const signet_account_params *p)
{
    struct arena *m = &a->j.mem;
    a->op = p->op;
    a->terms_agreed = p->terms_agreed != 0;
    a->contacts = arena_get(m, (p->n_contacts ? p->n_contacts : 1) * sizeof(*a->contacts));
    a->eab_kid = arena_str(m, p->eab_kid);
    a->eab_key = arena_str(m, p->eab_hmac_key);
    if (!a->contacts || !a->eab_kid.p || !a->eab_key.p)
        return SIGNET_ENOMEM;
    if (a->eab_kid.n && a->op == SIGNET_ACCOUNT_NEW && inner_init(&a->eab, &a->j))
        return SIGNET_ENOMEM;
    a->eab.alg = p->eab_alg ? p->eab_alg : SIGNET_ALG_HS256;
    a->eab.done = acct_bound;
    for (; a->n_contacts < p->n_contacts; a->n_contacts++) {
        a->contacts[a->n_contacts] = arena_str(m, p->contacts[a->n_contacts]);
        if (!a->contacts[a->n_contacts].p)
            return SIGNET_ENOMEM;
    }
    return 0;
}

int signet_account_start(signet_session *s, const signet_account_params *p, signet_job **ret)
{
    if (!p || p->size < sizeof(*p) || !account_params_ok(p))
        return SIGNET_EINVAL;
    signet_job *j = job_new(s, &ACCOUNT_OPS, sizeof(struct account_job), true);
    if (!j)
        return SIGNET_ENOMEM;
    struct account_job *a = (struct account_job *)j;
    int rc = acct_copy(a, p);
    if (rc != 0) {
        job_destroy(j);
        return rc;
    }
    /* the binding is signed for the URL of newAccount: it had better be the current one */
    if (a->eab_kid.n && s->dir_state == DIR_READY && s->dir->from_saved)
        dir_forget(s);
    *ret = j;
    dir_wait(j);
    return 0;
}

int signet_job_account(const signet_job *j, signet_account *ret)
{
    const struct account_job *a = (const struct account_job *)j;
    if (j->ops != &ACCOUNT_OPS)
        return SIGNET_EINVAL;
    if (!a->have)
        return SIGNET_ENOTFOUND;
    *ret = a->out;
    return 0;
}
