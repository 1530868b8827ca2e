#include "talker/messages.h"
#include <stdlib.h>

#define TEXT_MAX 1000u /* bytes of one text of a problem that are passed on */
#define SUB_MAX  200u

struct msg_block {
    struct msg_block *next;
    max_align_t data[];
};

void *msg_alloc(struct msg_mem *m, size_t n, size_t size)
{
    if (size && n > SIZE_MAX / 2 / size)
        return NULL;
    struct msg_block *b = calloc(1, sizeof(*b) + n * size);
    if (!b)
        return NULL;
    b->next = m->head;
    m->head = b;
    return b->data;
}

void msg_join(struct msg_mem *m, struct msg_mem *other)
{
    struct msg_block **end = &other->head;
    while (*end)
        end = &(*end)->next;
    *end = m->head;
    m->head = other->head;
    other->head = NULL;
}

void msg_free(struct msg_mem *m)
{
    while (m->head) {
        struct msg_block *b = m->head;
        m->head = b->next;
        free(b);
    }
}

static int get_strs(struct wire_reader *r, struct msg_mem *m, const signet_str **ret, size_t *ret_n)
{
    size_t n = wire_count(r);
    signet_str *v = msg_alloc(m, n, sizeof(*v));
    if (!v)
        return SIGNET_ENOMEM;
    for (size_t i = 0; i < n; i++)
        v[i] = wire_str(r);
    *ret = v;
    *ret_n = n;
    return 0;
}

enum { CONFIG_NO_VERIFY = 1, CONFIG_ALLOW_HTTP = 2, CONFIG_TRACE = 4, CONFIG_ROOTS = 8, CONFIG_SANDBOX = 16 };

int msg_put_config(struct wire *w, const struct msg_config *c)
{
    wire_begin(w, WIRE_CONFIG, 0);
    wire_put_str(w, c->directory_url);
    wire_put_str(w, c->user_agent);
    wire_put_str(w, c->account_url);
    wire_put_str(w, c->saved);
    wire_put_u32(w, c->alg);
    wire_put_str(w, c->jwk);
    wire_put_u32(w, (c->no_verify ? CONFIG_NO_VERIFY : 0u) | (c->allow_http ? CONFIG_ALLOW_HTTP : 0u) |
                        (c->trace ? CONFIG_TRACE : 0u) | (c->has_roots ? CONFIG_ROOTS : 0u) |
                        (c->require_sandbox ? CONFIG_SANDBOX : 0u));
    wire_put_u32(w, c->http_timeout_s);
    wire_put_u32(w, c->order_timeout_s);
    wire_put_u32(w, c->finalize_timeout_s);
    wire_put_u32(w, c->max_nonces);
    wire_put_u32(w, c->request_limit);
    wire_put_str(w, c->server_name);
    return wire_commit(w);
}

int msg_get_config(struct wire_reader *r, struct msg_config *ret)
{
    struct msg_config c = { 0 };
    c.directory_url = wire_str(r);
    c.user_agent = wire_str(r);
    c.account_url = wire_str(r);
    c.saved = wire_str(r);
    c.alg = (signet_alg)wire_u32(r);
    c.jwk = wire_str(r);
    uint32_t flags = wire_u32(r);
    c.no_verify = flags & CONFIG_NO_VERIFY;
    c.allow_http = flags & CONFIG_ALLOW_HTTP;
    c.trace = flags & CONFIG_TRACE;
    c.has_roots = flags & CONFIG_ROOTS;
    c.require_sandbox = flags & CONFIG_SANDBOX;
    c.http_timeout_s = wire_u32(r);
    c.order_timeout_s = wire_u32(r);
    c.finalize_timeout_s = wire_u32(r);
    c.max_nonces = wire_u32(r);
    c.request_limit = wire_u32(r);
    c.server_name = wire_str(r);
    *ret = c;
    return wire_end_of(r);
}

int msg_put_account(struct wire *w, uint32_t job, const signet_account_params *p)
{
    wire_begin(w, WIRE_ACCOUNT, job);
    wire_put_u32(w, p->op);
    wire_put_strs(w, p->contacts, p->n_contacts);
    wire_put_u32(w, p->terms_agreed != 0);
    wire_put_str(w, p->eab_kid);
    wire_put_u32(w, p->eab_alg);
    return wire_commit(w);
}

int msg_get_account(struct wire_reader *r, struct msg_mem *m, signet_account_params *ret)
{
    signet_account_params p = { .size = sizeof(p) };
    p.op = (signet_account_op)wire_u32(r);
    int rc = get_strs(r, m, &p.contacts, &p.n_contacts);
    p.terms_agreed = wire_u32(r) != 0;
    p.eab_kid = wire_str(r);
    p.eab_alg = (signet_alg)wire_u32(r);
    *ret = p;
    return rc ? rc : wire_end_of(r);
}

enum {
    ORDER_ALTERNATES = 1,
    ORDER_REVALIDATE = 2,
    ORDER_KEEP = 4,
    ORDER_PROFILE_OPTIONAL = 8,
    ORDER_RELEASE = 16,
    ORDER_ONE_BY_ONE = 32
};

int msg_put_order(struct wire *w, uint32_t job, const signet_order_params *p)
{
    if (p->n_idents > WIRE_LIST_MAX)
        return SIGNET_ELIMIT;
    wire_begin(w, WIRE_ORDER, job);
    wire_put_u32(w, (uint32_t)p->n_idents);
    for (size_t i = 0; i < p->n_idents; i++) {
        wire_put_u32(w, p->idents[i].ident.type);
        wire_put_str(w, p->idents[i].ident.value);
        wire_put_u32(w, p->idents[i].prefs);
    }
    wire_put_str(w, p->csr_der);
    wire_put_str(w, p->profile);
    wire_put_str(w, p->not_before);
    wire_put_str(w, p->not_after);
    wire_put_str(w, p->replaces);
    wire_put_str(w, p->order_url);
    wire_put_str(w, p->preferred_chain);
    wire_put_u32(w, (p->profile_optional ? ORDER_PROFILE_OPTIONAL : 0u) |
                        (p->fetch_alternates ? ORDER_ALTERNATES : 0u) | (p->revalidate ? ORDER_REVALIDATE : 0u) |
                        (p->keep_pending ? ORDER_KEEP : 0u) | (p->release ? ORDER_RELEASE : 0u) |
                        (p->one_by_one ? ORDER_ONE_BY_ONE : 0u));
    return wire_commit(w);
}

int msg_get_order(struct wire_reader *r, struct msg_mem *m, signet_order_params *ret)
{
    signet_order_params p = { .size = sizeof(p) };
    p.n_idents = wire_count(r);
    signet_order_ident *v = msg_alloc(m, p.n_idents, sizeof(*v));
    if (!v)
        return SIGNET_ENOMEM;
    for (size_t i = 0; i < p.n_idents; i++) {
        v[i].ident.type = (signet_ident_type)wire_u32(r);
        v[i].ident.value = wire_str(r);
        v[i].prefs = wire_u32(r);
    }
    p.idents = v;
    p.csr_der = wire_str(r);
    p.profile = wire_str(r);
    p.not_before = wire_str(r);
    p.not_after = wire_str(r);
    p.replaces = wire_str(r);
    p.order_url = wire_str(r);
    p.preferred_chain = wire_str(r);
    uint32_t flags = wire_u32(r);
    p.profile_optional = (flags & ORDER_PROFILE_OPTIONAL) != 0;
    p.fetch_alternates = (flags & ORDER_ALTERNATES) != 0;
    p.revalidate = (flags & ORDER_REVALIDATE) != 0;
    p.keep_pending = (flags & ORDER_KEEP) != 0;
    p.release = (flags & ORDER_RELEASE) != 0;
    p.one_by_one = (flags & ORDER_ONE_BY_ONE) != 0;
    *ret = p;
    return wire_end_of(r);
}

int msg_put_revoke(struct wire *w, uint32_t job, signet_str cert_der, int reason, const struct msg_key *key)
{
    wire_begin(w, WIRE_REVOKE, job);
    wire_put_str(w, cert_der);
    wire_put_int(w, reason);
    wire_put_u32(w, key->alg);
    wire_put_str(w, key->jwk);
    return wire_commit(w);
}

int msg_get_revoke(struct wire_reader *r, signet_str *cert_der, int *reason, struct msg_key *key)
{
    *cert_der = wire_str(r);
    *reason = wire_int(r);
    key->alg = (signet_alg)wire_u32(r);
    key->jwk = wire_str(r);
    return wire_end_of(r);
}

int msg_put_rollover(struct wire *w, uint32_t job, const struct msg_key *key)
{
    wire_begin(w, WIRE_ROLLOVER, job);
    wire_put_u32(w, key->alg);
    wire_put_str(w, key->jwk);
    return wire_commit(w);
}

int msg_get_rollover(struct wire_reader *r, struct msg_key *key)
{
    key->alg = (signet_alg)wire_u32(r);
    key->jwk = wire_str(r);
    return wire_end_of(r);
}

int msg_put_text(struct wire *w, enum wire_type type, uint32_t job, signet_str text)
{
    wire_begin(w, type, job);
    wire_put_str(w, text);
    return wire_commit(w);
}

int msg_put_empty(struct wire *w, enum wire_type type, uint32_t job)
{
    wire_begin(w, type, job);
    return wire_commit(w);
}

int msg_get_text(struct wire_reader *r, signet_str *ret)
{
    *ret = wire_str(r);
    return wire_end_of(r);
}

int msg_put_signed(struct wire *w, uint64_t id, signet_str sig)
{
    wire_begin(w, WIRE_SIGNED, 0);
    wire_put_u64(w, id);
    wire_put_str(w, sig);
    return wire_commit(w);
}

int msg_get_signed(struct wire_reader *r, uint64_t *id, signet_str *sig)
{
    *id = wire_u64(r);
    *sig = wire_str(r);
    return wire_end_of(r);
}

int msg_put_outcome(struct wire *w, enum wire_type type, uint64_t id, int err, signet_str why)
{
    wire_begin(w, type, 0);
    wire_put_u64(w, id);
    wire_put_int(w, err);
    wire_put_str(w, why);
    return wire_commit(w);
}

int msg_get_outcome(struct wire_reader *r, uint64_t *id, int *err, signet_str *why)
{
    *id = wire_u64(r);
    *err = wire_int(r);
    *why = wire_str(r);
    return wire_end_of(r);
}

int msg_put_sign(struct wire *w, uint32_t job, const struct msg_sign *s)
{
    wire_begin(w, WIRE_SIGN, job);
    wire_put_u64(w, s->id);
    wire_put_u32(w, s->role);
    wire_put_u32(w, s->alg);
    wire_put_str(w, s->tbs);
    return wire_commit(w);
}

int msg_get_sign(struct wire_reader *r, struct msg_sign *ret)
{
    ret->id = wire_u64(r);
    ret->role = (signet_key_role)wire_u32(r);
    ret->alg = (signet_alg)wire_u32(r);
    ret->tbs = wire_str(r);
    return wire_end_of(r);
}

int msg_put_chal(struct wire *w, enum wire_type type, uint32_t job, const struct msg_chal *c)
{
    wire_begin(w, type, job);
    wire_put_u64(w, c->id);
    wire_put_u64(w, c->chal_id);
    wire_put_u32(w, c->type);
    wire_put_u32(w, c->ident.type);
    wire_put_str(w, c->ident.value);
    wire_put_str(w, c->token);
    wire_put_str(w, c->key_auth);
    wire_put_str(w, c->name);
    wire_put_str(w, c->value);
    wire_put_u32(w, c->left);
    wire_put_u32(w, c->total);
    return wire_commit(w);
}

int msg_get_chal(struct wire_reader *r, struct msg_chal *ret)
{
    ret->id = wire_u64(r);
    ret->chal_id = wire_u64(r);
    ret->type = (signet_chal)wire_u32(r);
    ret->ident.type = (signet_ident_type)wire_u32(r);
    ret->ident.value = wire_str(r);
    ret->token = wire_str(r);
    ret->key_auth = wire_str(r);
    ret->name = wire_str(r);
    ret->value = wire_str(r);
    ret->left = wire_u32(r);
    ret->total = wire_u32(r);
    return wire_end_of(r);
}

static void put_cut(struct wire *w, signet_str s)
{
    wire_put_str(w, (signet_str){ s.p, s.n < TEXT_MAX ? s.n : TEXT_MAX });
}

static void put_problem(struct wire *w, const signet_problem *p)
{
    wire_put_int(w, p->code);
    wire_put_int(w, p->http_status);
    put_cut(w, p->type);
    put_cut(w, p->detail);
    put_cut(w, p->url);
    put_cut(w, p->doing);
    wire_put_u64(w, (uint64_t)p->retry_after_s);
    size_t n = p->n_sub < SUB_MAX ? p->n_sub : SUB_MAX;
    wire_put_u32(w, (uint32_t)n);
    for (size_t i = 0; i < n; i++) {
        put_cut(w, p->sub[i].type);
        put_cut(w, p->sub[i].detail);
        put_cut(w, p->sub[i].ident);
        wire_put_u32(w, p->sub[i].chal);
    }
}

static int get_problem(struct wire_reader *r, struct msg_mem *m, signet_problem *ret)
{
    ret->code = wire_int(r);
    ret->http_status = wire_int(r);
    ret->type = wire_str(r);
    ret->detail = wire_str(r);
    ret->url = wire_str(r);
    ret->doing = wire_str(r);
    ret->retry_after_s = (int64_t)wire_u64(r);
    size_t n = wire_count(r);
    signet_subproblem *sub = msg_alloc(m, n, sizeof(*sub));
    if (!sub)
        return SIGNET_ENOMEM;
    for (size_t i = 0; i < n; i++) {
        sub[i].type = wire_str(r);
        sub[i].detail = wire_str(r);
        sub[i].ident = wire_str(r);
        sub[i].chal = (signet_chal)wire_u32(r);
    }
    ret->sub = sub;
    ret->n_sub = n;
    return 0;
}

int msg_put_done(struct wire *w, uint32_t job, const struct msg_done *d)
{
    wire_begin(w, WIRE_DONE, job);
    wire_put_u32(w, d->ok);
    put_problem(w, &d->problem);
    wire_put_str(w, d->account.url);
    wire_put_str(w, d->account.status);
    wire_put_strs(w, d->account.contacts, d->account.n_contacts);
    wire_put_str(w, d->account.orders_url);
    wire_put_u32(w, d->account.created != 0);
    wire_put_u32(w, d->chain_missed);
    wire_put_str(w, d->cert_url);
    wire_put_u64(w, (uint64_t)d->ari.start_s);
    wire_put_u64(w, (uint64_t)d->ari.end_s);
    wire_put_u64(w, (uint64_t)d->ari.retry_after_s);
    put_cut(w, d->ari.explanation_url);
    return wire_commit(w);
}

int msg_get_done(struct wire_reader *r, struct msg_mem *m, struct msg_done *ret)
{
    ret->ok = wire_u32(r) != 0;
    int rc = get_problem(r, m, &ret->problem);
    ret->account.url = wire_str(r);
    ret->account.status = wire_str(r);
    int rc2 = get_strs(r, m, &ret->account.contacts, &ret->account.n_contacts);
    ret->account.orders_url = wire_str(r);
    ret->account.created = wire_u32(r) != 0;
    ret->chain_missed = wire_u32(r) != 0;
    ret->cert_url = wire_str(r);
    ret->ari.start_s = (int64_t)wire_u64(r);
    ret->ari.end_s = (int64_t)wire_u64(r);
    ret->ari.retry_after_s = (int64_t)wire_u64(r);
    ret->ari.explanation_url = wire_str(r);
    return rc ? rc : rc2 ? rc2 : wire_end_of(r);
}

int msg_put_meta(struct wire *w, const signet_meta *meta)
{
    wire_begin(w, WIRE_META, 0);
    wire_put_str(w, meta->terms_of_service);
    wire_put_str(w, meta->website);
    wire_put_strs(w, meta->caa_identities, meta->n_caa_identities);
    wire_put_u32(w, meta->external_account_required != 0);
    wire_put_strs(w, meta->profiles, meta->n_profiles);
    wire_put_strs(w, meta->profile_texts, meta->n_profiles);
    wire_put_u32(w, meta->has_renewal_info != 0);
    return wire_commit(w);
}

int msg_get_meta(struct wire_reader *r, struct msg_mem *m, signet_meta *ret)
{
    size_t n_texts = 0;
    ret->terms_of_service = wire_str(r);
    ret->website = wire_str(r);
    int rc = get_strs(r, m, &ret->caa_identities, &ret->n_caa_identities);
    ret->external_account_required = wire_u32(r) != 0;
    int rc2 = get_strs(r, m, &ret->profiles, &ret->n_profiles);
    int rc3 = get_strs(r, m, &ret->profile_texts, &n_texts);
    ret->has_renewal_info = wire_u32(r) != 0;
    if (rc || rc2 || rc3)
        return rc ? rc : rc2 ? rc2 : rc3;
    return n_texts == ret->n_profiles ? wire_end_of(r) : SIGNET_EPROTO;
}
