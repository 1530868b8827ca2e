#include "acme/core.h"
#include <stdlib.h>

/* ---- items ---- */

int item_init(signet_session *s, struct item *it, enum item_owner owner)
{
    if (!s->free_slot) {
        uint32_t n = s->n_slots ? s->n_slots * 2 : 16;
        struct slot *more = n > 1u << 24 ? NULL : reallocarray(s->slots, n, sizeof(*more));
        if (!more)
            return SIGNET_ENOMEM;
        s->slots = more;
        for (uint32_t i = s->n_slots; i < n; i++)
            s->slots[i] = (struct slot){ .next = i + 1 < n ? i + 2 : 0 };
        s->free_slot = s->n_slots + 1;
        s->n_slots = n;
    }
    *it = (struct item){ .owner = owner, .state = ITEM_IDLE, .slot = s->free_slot };
    link_init(&it->link);
    struct slot *sl = &s->slots[it->slot - 1];
    s->free_slot = sl->next;
    sl->it = it;
    return 0;
}

void item_done(signet_session *s, struct item *it)
{
    if (!it->slot)
        return;
    link_drop(&it->link);
    struct slot *sl = &s->slots[it->slot - 1];
    sl->it = NULL;
    sl->next = s->free_slot;
    s->free_slot = it->slot;
    *it = (struct item){ 0 };
}

void item_queue(signet_session *s, struct item *it, signet_act act)
{
    it->act = act;
    it->state = ITEM_QUEUED;
    struct link *box = act == SIGNET_ACT_HTTP || act == SIGNET_ACT_SIGN ? &s->out_http
                       : act == SIGNET_ACT_DONE                         ? &s->out_done
                                                                        : &s->out_chal;
    link_drop(&it->link);
    link_push(box, &it->link);
    s->dirty = true;
}

void item_idle(struct item *it)
{
    link_drop(&it->link);
    it->state = ITEM_IDLE;
}

/* The id names the slot and its generation: a completion that comes late, or twice, finds nothing. */
static void item_out(signet_session *s, struct item *it)
{
    struct slot *sl = &s->slots[it->slot - 1];
    link_drop(&it->link);
    it->state = ITEM_OUT;
    it->id = (uint64_t)++sl->gen << 32 | it->slot;
}

static struct item *item_find(signet_session *s, uint64_t id)
{
    uint32_t slot = (uint32_t)id;
    if (!slot || slot > s->n_slots)
        return NULL;
    struct item *it = s->slots[slot - 1].it;
    return it && it->state == ITEM_OUT && it->id == id ? it : NULL;
}

/* ---- sessions ---- */

uint32_t session_random(signet_session *s, uint32_t below)
{
    s->rng ^= s->rng >> 12;
    s->rng ^= s->rng << 25;
    s->rng ^= s->rng >> 27;
    return below ? (uint32_t)((s->rng * 0x2545f4914f6cdd1dULL >> 32) % below) : 0;
}

static int session_texts(signet_session *s, const signet_config *c)
{
    BUF_AUTO(thumb, 64);
    s->directory_url = str_dup(c->directory_url);
    s->user_agent = str_dup(c->user_agent);
    if (c->account_url.n && !(s->account_url = str_dup(c->account_url)))
        return SIGNET_ENOMEM;
    if (!s->directory_url || !s->user_agent)
        return SIGNET_ENOMEM;
    int rc = signer_thumbprint(&s->key, &thumb);
    if (rc != 0)
        return rc;
    s->thumbprint = buf_take(&thumb);
    return s->thumbprint ? 0 : SIGNET_ENOMEM;
}

static void session_numbers(signet_session *s, const signet_config *c)
{
    s->max_nonces = c->max_nonces ? c->max_nonces : 10;
    if (s->max_nonces > LIM_NONCES)
        s->max_nonces = LIM_NONCES;
    s->poll_first_ms = c->poll_first_ms ? c->poll_first_ms : 15;
    s->poll_max_ms = c->poll_max_ms ? c->poll_max_ms : 15000;
    if (s->poll_max_ms < s->poll_first_ms)
        s->poll_max_ms = s->poll_first_ms;
    s->order_timeout_s = c->order_timeout_s ? c->order_timeout_s : 900;
    s->finalize_timeout_s = c->finalize_timeout_s;
    s->retries = c->retries ? c->retries : 4;
    s->allow_http = c->allow_http != 0;
    s->rng = c->seed * 0x9e3779b97f4a7c15ULL + 0x853c49e6748fea9bULL;
}

static bool config_ok(const signet_config *c)
{
    if (!c || c->size < sizeof(*c) || !url_ok(c->directory_url, c->allow_http != 0))
        return false;
    if (c->account_url.n && !url_ok(c->account_url, c->allow_http != 0))
        return false;
    for (size_t i = 0; i < c->user_agent.n; i++)
        if ((unsigned char)c->user_agent.p[i] < 0x20 || c->user_agent.p[i] == 0x7f)
            return false;
    return true;
}

static void session_lists(signet_session *s)
{
    struct link *all[] = { &s->out_http, &s->out_chal, &s->out_done,  &s->jobs,       &s->orphans, &s->reqs,
                           &s->incoming, &s->wait_dir, &s->wait_acct, &s->wait_nonce, &s->dir_jobs };
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
        link_init(all[i]);
}

int signet_session_new(signet_session **ret, const signet_config *cfg, const signet_signer *key, signet_str saved,
                       int64_t now_ms)
{
    if (!ret || !config_ok(cfg))
        return SIGNET_EINVAL;
    signet_session *s = calloc(1, sizeof(*s));
    if (!s)
        return SIGNET_ENOMEM;
    session_lists(s);
    session_numbers(s, cfg);
    s->now_ms = now_ms;
    int rc = signer_copy(&s->key, key);
    if (rc == 0)
        rc = session_texts(s, cfg);
    if (rc == 0 && saved.n && dir_load_saved(s, saved) == SIGNET_ENOMEM)
        rc = SIGNET_ENOMEM;
    if (rc != 0) {
        signet_session_free(s);
        return rc;
    }
    *ret = s;
    return 0;
}

void signet_session_free(signet_session *s)
{
    if (!s)
        return;
    while (!link_empty(&s->jobs))
        job_destroy(LINK_OF(s->jobs.next, signet_job, own));
    while (!link_empty(&s->orphans))
        job_destroy(LINK_OF(s->orphans.next, signet_job, own));
    while (!link_empty(&s->reqs))
        req_free(LINK_OF(s->reqs.next, struct req, own));
    nonce_done(s);
    dir_free_all(s);
    signer_done(&s->key);
    free(s->directory_url);
    free(s->user_agent);
    free(s->account_url);
    free(s->thumbprint);
    free(s->slots);
    free(s);
}

signet_str signet_session_account(const signet_session *s)
{
    return str_of(s->account_url ? s->account_url : "");
}

signet_str signet_session_thumbprint(const signet_session *s)
{
    return str_of(s->thumbprint);
}

/* ---- time ---- */

/* Our own clock goes on by what the caller's went on, but never back and never by a leap: a corrected wall clock or a
 * suspended machine must not look like an order that timed out. */
static void session_clock(signet_session *s, int64_t now_ms)
{
    if (now_ms > s->now_ms) {
        uint64_t d = (uint64_t)now_ms - (uint64_t)s->now_ms;
        s->t += d <= LIM_CLOCK_STEP_MS ? (int64_t)d : LIM_CLOCK_LEAP_MS;
    }
    s->now_ms = now_ms;
}

static void session_timers(signet_session *s)
{
    struct tmr *t;
    while ((t = s->timers.root) && t->at <= s->t) {
        tmr_clear(&s->timers, t);
        t->fire(t);
    }
}

static bool session_has_actions(const signet_session *s)
{
    return !link_empty(&s->out_http) || !link_empty(&s->out_chal) || !link_empty(&s->out_done);
}

int64_t signet_deadline(const signet_session *s)
{
    if (s->dirty || session_has_actions(s))
        return s->now_ms;
    if (!s->timers.root)
        return INT64_MAX;
    int64_t d = s->timers.root->at - s->t;
    return s->now_ms + (d < 0 ? 0 : d > LIM_HEARTBEAT_MS ? LIM_HEARTBEAT_MS : d);
}

/* ---- actions ---- */

void session_pump(signet_session *s)
{
    if (!s->prefetched && s->dir_state == DIR_NONE)
        dir_fetch(s);
    do {
        while (!link_empty(&s->incoming))
            req_route(LINK_OF(s->incoming.next, struct req, q));
        if (s->dir_state == DIR_NONE &&
            (!link_empty(&s->wait_dir) || !link_empty(&s->wait_nonce) || !link_empty(&s->dir_jobs)))
            dir_fetch(s);
        acct_pump(s);
        nonce_pump(s);
    } while (!link_empty(&s->incoming));
}

static void req_action(const struct item *it, signet_action *a)
{
    const struct req *r = LINK_OF(it, const struct req, it);
    a->job = r->job;
    if (it->act == SIGNET_ACT_SIGN) {
        a->u.sign.key = r->job_key ? SIGNET_KEY_JOB : SIGNET_KEY_ACCOUNT;
        a->u.sign.alg = r->job_key ? r->job->key.alg : r->s->key.alg;
        a->u.sign.tbs = buf_str(&r->tbs);
        return;
    }
    a->u.http.method = r->payload ? STR("POST") : r->flags & REQ_HEAD ? STR("HEAD") : STR("GET");
    a->u.http.url = str_of(r->url);
    a->u.http.content_type = r->payload ? STR("application/jose+json") : STR("");
    a->u.http.accept = str_of(r->accept);
    a->u.http.user_agent = str_of(r->s->user_agent);
    a->u.http.body = buf_str(&r->body);
    a->u.http.max_body = r->max_body > LIM_BODY ? r->max_body : LIM_BODY;
}

static void item_action(signet_session *s, struct item *it, signet_action *ret)
{
    signet_action a = { .kind = it->act };
    item_out(s, it);
    a.id = it->id;
    switch (it->owner) {
    case ITEM_REQ:
        req_action(it, &a);
        break;
    case ITEM_INNER:
        inner_action(it, &a);
        break;
    case ITEM_CHAL:
        chal_action(it, &a);
        break;
    case ITEM_DONE:
        a.id = 0;
        a.job = LINK_OF(it, signet_job, done);
        item_idle(it);
        break;
    }
    *ret = a;
}

int signet_poll(signet_session *s, int64_t now_ms, signet_action *ret)
{
    session_clock(s, now_ms);
    session_timers(s);
    session_pump(s);
    s->dirty = false;
    struct link *boxes[] = { &s->out_http, &s->out_chal, &s->out_done };
    for (size_t i = 0; i < 3; i++) {
        if (link_empty(boxes[i]))
            continue;
        item_action(s, LINK_OF(boxes[i]->next, struct item, link), ret);
        return 1;
    }
    return 0;
}

int signet_http_done(signet_session *s, uint64_t id, int64_t now_ms, const signet_http_res *r)
{
    if (!r || r->size < sizeof(*r))
        return SIGNET_EINVAL;
    session_clock(s, now_ms);
    struct item *it = item_find(s, id);
    if (!it)
        return SIGNET_ENOTFOUND;
    if (it->act != SIGNET_ACT_HTTP)
        return SIGNET_ESTATE;
    s->dirty = true;
    return req_http_done(LINK_OF(it, struct req, it), r);
}

int signet_sign_done(signet_session *s, uint64_t id, signet_str sig)
{
    struct item *it = item_find(s, id);
    if (!it)
        return SIGNET_ENOTFOUND;
    if (it->act != SIGNET_ACT_SIGN)
        return SIGNET_ESTATE;
    s->dirty = true;
    return it->owner == ITEM_INNER ? inner_signed(it, sig) : req_signed(LINK_OF(it, struct req, it), sig);
}

int signet_challenge_done(signet_session *s, uint64_t id, int64_t now_ms, int err, signet_str why)
{
    session_clock(s, now_ms);
    struct item *it = item_find(s, id);
    if (!it)
        return SIGNET_ENOTFOUND;
    if (it->owner != ITEM_CHAL)
        return SIGNET_ESTATE;
    s->dirty = true;
    return job_challenge_done(it, err, why);
}
