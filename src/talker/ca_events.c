#include "base/log.h"
#include "talker/ca_int.h"
#include <stdlib.h>

void ca_item_free(struct ca_item *i)
{
    if (!i)
        return;
    msg_free(&i->mem);
    msg_free(&i->chain_mem);
    free(i);
}

static struct ca_item *new_item(enum ca_event_kind kind, ca_job job, void *data)
{
    struct ca_item *i = calloc(1, sizeof(*i));
    if (i)
        i->ev = (struct ca_event){ .kind = kind, .job = job, .data = data };
    return i;
}

static void queue_item(struct ca *c, struct ca_item *i, size_t size)
{
    i->size = sizeof(*i) + size;
    i->next = NULL;
    *c->last = i;
    c->last = &i->next;
    c->queued += i->size;
}

/* ---- texts ---- */

/* A copy that is fit to be shown, and NUL-terminated. Never NULL; "" when memory is short: then a word is lost, not the
 * event. */
static char *shown(struct msg_mem *m, signet_str s)
{
    static char none[1];
    BUF_AUTO(text, CA_WORDS_MAX);
    buf_add_escaped(&text, s, CA_TEXT_MAX);
    char *p = buf_err(&text) ? NULL : msg_alloc(m, text.n + 1, 1);
    if (!p)
        return none;
    memcpy(p, buf_z(&text), text.n);
    return p;
}

static signet_str shown_str(struct msg_mem *m, signet_str s)
{
    return str_of(shown(m, s));
}

static const signet_str *shown_list(struct msg_mem *m, const signet_str *v, size_t n)
{
    signet_str *to = msg_alloc(m, n, sizeof(*to));
    for (size_t i = 0; to && i < n; i++)
        to[i] = shown_str(m, v[i]);
    return to;
}

static signet_str copied(struct msg_mem *m, signet_str s, bool *ok)
{
    char *p = msg_alloc(m, s.n + 1, 1);
    if (!p) {
        *ok = false;
        return (signet_str){ 0 };
    }
    if (s.n)
        memcpy(p, s.p, s.n);
    return (signet_str){ p, s.n };
}

/* ---- signing ---- */

static int take_sign(struct ca *c, struct wire_frame *f)
{
    struct msg_sign s;
    if (!c->signer || msg_get_sign(&f->body, &s) || s.tbs.n > SIGN_TBS_MAX || (s.role != SIGNET_KEY_ACCOUNT && !f->job))
        return SIGNET_EPROTO;
    const struct ca_run *run = ca_find(c, f->job);
    if (run && run->given_up)
        return msg_put_signed(&c->wire, s.id, (signet_str){ 0 });
    struct sign_request q = { .job = s.role == SIGNET_KEY_ACCOUNT ? 0 : f->job, .alg = s.alg, .tbs = s.tbs };
    return signer_ask(c->signer, s.id, &q);
}

/* A request that may not be signed is no misunderstanding: the talker builds it out of what main asked for. */
void ca_signed(void *ctx, uint64_t id, int rc, signet_str sig, const char *why)
{
    struct ca *c = ctx;
    if (c->lost)
        return;
    if (rc == SIGNET_ENET)
        ca_lose(c, "%s", why);
    else if (rc == SIGNET_EPROTO)
        ca_lose(c, "signet-talker wanted signed what it may not have signed (%s), and was ended", why);
    else if (msg_put_signed(&c->wire, id, rc ? (signet_str){ 0 } : sig))
        ca_lose(c, "the line to signet-talker is full");
    ca_flush(c);
}

/* ---- events ---- */

static int take_chal(struct ca *c, struct wire_frame *f)
{
    struct msg_chal m;
    struct ca_run *run = ca_find(c, f->job);
    if (msg_get_chal(&f->body, &m) || !ca_chal_fits(c, run, &m) || (!run && f->type == WIRE_PRESENT))
        return SIGNET_EPROTO;
    struct ca_item *i = new_item(f->type == WIRE_PRESENT ? CA_PRESENT : CA_CLEANUP, f->job, run ? run->data : NULL);
    if (!i)
        return SIGNET_ENOMEM;
    bool ok = true;
    struct msg_mem *mem = &i->mem;
    i->ev.u.chal.action_id = m.id;
    i->ev.u.chal.chal_id = m.chal_id;
    i->ev.u.chal.type = m.type;
    i->ev.u.chal.ident.type = m.ident.type;
    i->ev.u.chal.ident.value = copied(mem, m.ident.value, &ok);
    i->ev.u.chal.token = copied(mem, m.token, &ok);
    i->ev.u.chal.key_auth = copied(mem, m.key_auth, &ok);
    i->ev.u.chal.name = copied(mem, m.name, &ok);
    i->ev.u.chal.value = copied(mem, m.value, &ok);
    i->ev.u.chal.left = m.left;
    i->ev.u.chal.total = m.total;
    if (ok)
        queue_item(c, i, m.key_auth.n * 3);
    else
        ca_item_free(i);
    return ok ? 0 : SIGNET_ENOMEM;
}

static int take_order_url(struct ca *c, struct wire_frame *f)
{
    signet_str url;
    struct ca_run *run = ca_find(c, f->job);
    if (msg_get_text(&f->body, &url) || !run || run->kind != WIRE_ORDER || !ca_url_ok(url))
        return SIGNET_EPROTO;
    if (c->placed) {
        run->given_up = c->placed(c->placed_ctx, run->data, url) != 0;
        if (run->given_up)
            ca_cancel(c, f->job);
        return 0;
    }
    struct ca_item *i = new_item(CA_ORDER_PLACED, f->job, run->data);
    bool ok = i != NULL;
    if (ok)
        i->ev.u.order_url = copied(&i->mem, url, &ok);
    if (ok)
        queue_item(c, i, url.n);
    else
        ca_item_free(i);
    return ok ? 0 : SIGNET_ENOMEM;
}

static int take_chain(struct ca *c, struct wire_frame *f)
{
    signet_str pem;
    bool ok = true;
    struct ca_run *run = ca_find(c, f->job);
    if (msg_get_text(&f->body, &pem) || !run || run->kind != WIRE_ORDER || run->n_chains == CA_CHAINS_MAX)
        return SIGNET_EPROTO;
    run->chains[run->n_chains++] = copied(&run->chain_mem, pem, &ok);
    return ok ? 0 : SIGNET_ENOMEM;
}

static const struct ca_problem *copy_problem(struct msg_mem *m, const signet_problem *p)
{
    struct ca_problem *to = msg_alloc(m, 1, sizeof(*to));
    struct ca_subproblem *sub = msg_alloc(m, p->n_sub, sizeof(*sub));
    if (!to || !sub)
        return NULL;
    *to = (struct ca_problem){
        .code = p->code < 0 ? p->code : SIGNET_EPROTO,
        .http_status = p->http_status,
        .type = shown(m, p->type),
        .detail = shown(m, p->detail),
        .url = shown(m, p->url),
        .doing = shown(m, p->doing),
        .retry_after_s = p->retry_after_s > 0 ? p->retry_after_s : 0,
        .sub = sub,
        .n_sub = p->n_sub,
    };
    for (size_t i = 0; i < p->n_sub; i++) {
        sub[i].type = shown(m, p->sub[i].type);
        sub[i].detail = shown(m, p->sub[i].detail);
        sub[i].ident = shown(m, p->sub[i].ident);
        sub[i].chal = p->sub[i].chal < SIGNET_CHAL_COUNT ? p->sub[i].chal : SIGNET_CHAL_UNKNOWN;
    }
    return to;
}

static int fill_account(struct ca_item *i, const signet_account *a)
{
    signet_account *to = &i->ev.u.done.account;
    if (!ca_url_ok(a->url) || (a->orders_url.n && !ca_url_ok(a->orders_url)))
        return SIGNET_EPROTO;
    to->url = shown_str(&i->mem, a->url);
    to->status = shown_str(&i->mem, a->status);
    to->contacts = shown_list(&i->mem, a->contacts, a->n_contacts);
    to->n_contacts = a->n_contacts;
    to->orders_url = shown_str(&i->mem, a->orders_url);
    to->created = a->created;
    return to->contacts ? 0 : SIGNET_ENOMEM;
}

static int fill_chains(struct ca_item *i, struct ca_run *run, const struct msg_done *d)
{
    if (run->n_chains == 0 || (d->cert_url.n && !ca_url_ok(d->cert_url)))
        return SIGNET_EPROTO;
    signet_str *v = msg_alloc(&i->mem, run->n_chains, sizeof(*v));
    if (!v)
        return SIGNET_ENOMEM;
    memcpy(v, run->chains, run->n_chains * sizeof(*v));
    i->chain_mem = run->chain_mem;
    run->chain_mem = (struct msg_mem){ 0 };
    i->ev.u.done.chains = v;
    i->ev.u.done.n_chains = run->n_chains;
    i->ev.u.done.chain_missed = d->chain_missed;
    i->ev.u.done.cert_url = shown_str(&i->mem, d->cert_url);
    return 0;
}

static int fill_ari(struct ca_item *i, const signet_ari *a)
{
    const int64_t year_9999 = 253402300799;
    if (a->start_s < 0 || a->end_s <= a->start_s || a->end_s > year_9999 || a->retry_after_s < 0)
        return SIGNET_EPROTO;
    i->ev.u.done.ari = *a;
    i->ev.u.done.ari.explanation_url = shown_str(&i->mem, a->explanation_url);
    return 0;
}

static int fill_done(struct ca *c, struct ca_item *i, struct ca_run *run, const struct msg_done *d)
{
    i->ev.u.done.ok = d->ok;
    i->ev.u.done.meta = c->meta;
    if (!d->ok) {
        i->ev.u.done.problem = copy_problem(&i->mem, &d->problem);
        return i->ev.u.done.problem ? 0 : SIGNET_ENOMEM;
    }
    switch ((int)run->kind) {
    case WIRE_ACCOUNT:
        return fill_account(i, &d->account);
    case WIRE_ORDER:
        return fill_chains(i, run, d);
    case WIRE_ARI:
        return fill_ari(i, &d->ari);
    case WIRE_DIRECTORY:
        return c->have_meta ? 0 : SIGNET_EPROTO;
    default:
        return 0;
    }
}

static int take_done(struct ca *c, struct wire_frame *f)
{
    struct msg_mem m = { 0 };
    struct msg_done d = { 0 };
    struct ca_run *run = ca_find(c, f->job);
    size_t size = f->body.rest.n;
    int rc = run ? msg_get_done(&f->body, &m, &d) : SIGNET_EPROTO;
    struct ca_item *i = rc ? NULL : new_item(CA_DONE, f->job, run->data);
    if (!rc)
        rc = i ? fill_done(c, i, run, &d) : SIGNET_ENOMEM;
    msg_free(&m);
    if (rc) {
        ca_item_free(i);
        return rc;
    }
    for (size_t k = 0; k < i->ev.u.done.n_chains; k++)
        size += i->ev.u.done.chains[k].n;
    queue_item(c, i, size);
    ca_forget(c, run);
    return 0;
}

/* ---- what is kept beside the jobs ---- */

static int take_meta(struct ca *c, struct wire_frame *f)
{
    struct msg_mem m = { 0 }, kept = { 0 };
    signet_meta raw, meta;
    int rc = ++c->n_meta > CA_META_MAX ? SIGNET_EPROTO : msg_get_meta(&f->body, &m, &raw);
    if (!rc) {
        meta = raw;
        meta.terms_of_service = shown_str(&kept, raw.terms_of_service);
        meta.website = shown_str(&kept, raw.website);
        meta.caa_identities = shown_list(&kept, raw.caa_identities, raw.n_caa_identities);
        meta.profiles = shown_list(&kept, raw.profiles, raw.n_profiles);
        meta.profile_texts = shown_list(&kept, raw.profile_texts, raw.n_profiles);
        if (!meta.caa_identities || !meta.profiles || !meta.profile_texts)
            rc = SIGNET_ENOMEM;
    }
    msg_free(&m);
    if (rc) {
        msg_free(&kept);
        return rc;
    }
    /* An event in the caller's hands may show the old one: it lives on until ca_close. */
    msg_join(&c->meta_mem, &kept);
    c->meta = meta;
    c->have_meta = true;
    return 0;
}

static int keep_text(struct wire_frame *f, struct buf *to, bool url)
{
    signet_str s;
    if (msg_get_text(&f->body, &s) || (url && s.n && !ca_url_ok(s)))
        return SIGNET_EPROTO;
    buf_clear(to);
    buf_add(to, s);
    return buf_err(to) == SIGNET_ELIMIT ? SIGNET_EPROTO : buf_err(to);
}

static int take_trace(struct wire_frame *f)
{
    signet_str text, line;
    BUF_AUTO(out, 512u << 10);
    if (msg_get_text(&f->body, &text))
        return SIGNET_EPROTO;
    while (text.n) {
        (void)str_cut(text, '\n', &line, &text);
        buf_add_escaped(&out, line, CA_WORDS_MAX);
        if (text.n)
            buf_addc(&out, '\n');
    }
    log_debug("acme.client", "%s", buf_z(&out));
    return 0;
}

static int take_sandbox(struct wire_frame *f)
{
    signet_str text;
    BUF_AUTO(out, CA_WORDS_MAX);
    if (msg_get_text(&f->body, &text))
        return SIGNET_EPROTO;
    buf_add_escaped(&out, text, CA_TEXT_MAX);
    log_debug("talker", "sandbox of the talker: %s", buf_z(&out));
    return 0;
}

static int take_fatal(struct ca *c, struct wire_frame *f)
{
    uint64_t id;
    int code;
    signet_str why;
    BUF_AUTO(text, CA_WORDS_MAX);
    if (msg_get_outcome(&f->body, &id, &code, &why))
        return SIGNET_EPROTO;
    buf_add_escaped(&text, why, CA_TEXT_MAX);
    ca_lose(c, "%s", buf_z(&text));
    return 0;
}

int ca_take(struct ca *c, struct wire_frame *f)
{
    switch ((int)f->type) {
    case WIRE_SIGN:
        return take_sign(c, f);
    case WIRE_PRESENT:
    case WIRE_CLEANUP:
        return take_chal(c, f);
    case WIRE_ORDER_URL:
        return take_order_url(c, f);
    case WIRE_CHAIN:
        return take_chain(c, f);
    case WIRE_DONE:
        return take_done(c, f);
    case WIRE_META:
        return take_meta(c, f);
    case WIRE_SAVED:
        return keep_text(f, &c->saved, false);
    case WIRE_ACCOUNT_URL:
        return keep_text(f, &c->account, true);
    case WIRE_TRACE:
        return take_trace(f);
    case WIRE_SANDBOX:
        return take_sandbox(f);
    case WIRE_FATAL:
        return take_fatal(c, f);
    default:
        return SIGNET_EPROTO;
    }
}
