#include "provider/engine.h"

#include <stdlib.h>

/* One step: send, judge, next page, save, wait, each. */

enum { ST_BEGIN, ST_ANSWER, ST_APPLY, ST_WAIT_ASK, ST_WAIT_ANSWER, ST_EACH, ST_LOCKED };

#define POLL_MS 1000

int save_all(struct job *j, const struct node *save, json_t *root, const struct reply *meta)
{
    if (!save)
        return 0;
    VALUE_AUTO json_t *own = NULL;
    struct scope sc;
    scope_of(j, &sc, &j->err, &own);
    sc.reply = meta;
    struct provider_session *s = j->s;
    bool shared = j->op == OP_LOGIN;
    json_t *to = shared ? s->vars : j->in_merge ? j->temp : j->vars;
    for (size_t i = 0; save->kind == NODE_MAP && i < save->n; i++) {
        VALUE_AUTO json_t *v = NULL;
        const char *name = save->key[i]->text.p;
        int rc = path_get(&sc, save->item[i]->text, root, &v);
        if (rc)
            return rc;
        uint64_t seconds;
        BUF_AUTO(text, LIM_TEXT);
        value_add(&text, v);
        bool number = !str_u64(buf_str(&text), INT32_MAX, &seconds);
        if (strcmp(name, "now") == 0) {
            if (!number)
                return err_set(&j->err, SIGNET_EPROTO, "%s: the time that it tells is no number", shown_name(s));
            s->clock_shift = (int64_t)seconds - s->now.wall_s;
        } else if (shared && strcmp(name, "expires") == 0) {
            if (number && seconds > 60)
                s->login_until = s->now.mono_ms + ((int64_t)seconds - 30) * 1000;
        } else {
            if (shared && add_secret(s, v))
                return err_nomem(&j->err);
            if (value_set(to, name, v ? json_incref(v) : json_null()))
                return err_nomem(&j->err);
        }
    }
    return 0;
}

int pages_find(struct job *j, struct reply *meta, json_t *pages, signet_str path, json_t **ret)
{
    VALUE_AUTO json_t *own = NULL;
    VALUE_AUTO json_t *all = NULL;
    struct scope sc;
    scope_of(j, &sc, &j->err, &own);
    sc.reply = meta;
    all = json_array();
    if (!all)
        return err_nomem(&j->err);
    for (size_t i = 0; i < json_array_size(pages); i++) {
        VALUE_AUTO json_t *v = NULL;
        int rc = path_get(&sc, path, json_array_get(pages, i), &v);
        if (rc)
            return rc;
        bool list = json_is_array(v);
        if (v && !json_is_null(v) && (list ? json_array_extend(all, v) : json_array_append(all, v)))
            return err_nomem(&j->err);
        if (json_array_size(all) > LIM_ELEMENTS)
            return err_set(&j->err, SIGNET_ELIMIT, "%s: more than %u entries in a list", shown_name(j->s),
                           LIM_ELEMENTS);
    }
    *ret = json_incref(all);
    return 0;
}

/* ---- pages ---- */

static int next_by_path(struct job *j, struct frame *f, signet_str path, struct buf *to)
{
    VALUE_AUTO json_t *v = NULL;
    VALUE_AUTO json_t *own = NULL;
    struct scope sc;
    scope_of(j, &sc, &j->err, &own);
    sc.reply = &f->reply;
    int rc = path_get(&sc, path, f->reply.root, &v);
    if (!rc)
        value_add(to, v);
    return rc ? rc : buf_err(to);
}

/* Is there another page? `last` is its number, `total` counts all entries, `count` those of this page, `next` says it
 * outright. */
static int more_pages(struct job *j, struct frame *f, bool *ret)
{
    const struct node *page = node_get(f->node, "page");
    *ret = false;
    if (!page || page->kind != NODE_MAP)
        return 0;
    if (json_array_size(f->pages) >= LIM_PAGES)
        return err_set(&j->err, SIGNET_ELIMIT, "%s: more than %u pages in a list", shown_name(j->s), LIM_PAGES);
    signet_str next = node_text(page, "next"), last = node_text(page, "last"), count = node_text(page, "count");
    signet_str total = node_text(page, "total");
    BUF_AUTO(text, LIM_URL);
    uint64_t number, step = node_u32(page, "offset", node_u32(page, "step", 1));
    int rc = next_by_path(j, f, next.n ? next : last.n ? last : total.n ? total : count, &text);
    if (rc)
        return rc;
    if (next.n) {
        free(f->next);
        f->next = text.n ? buf_take(&text) : NULL;
        *ret = f->next != NULL;
        return 0;
    }
    if (str_u64(str_trim(buf_str(&text)), INT64_MAX, &number))
        return 0;
    uint64_t have = json_array_size(f->pages);
    *ret = last.n ? have < number : total.n ? have * step < number : number >= step;
    return 0;
}

/* ---- the states ---- */

static int begin_step(struct job *j, struct frame *f)
{
    int rc;
    j->absent = false;
    j->skipped = !when_holds(j, f->node, &rc);
    if (rc || j->skipped)
        return rc ? rc : STEP_POP;
    if (!f->pages && !(f->pages = json_array()))
        return err_nomem(&j->err);
    if (f->zone_step) {
        f->state = ST_LOCKED;
        return STEP_AGAIN;
    }
    exchange_begin(j, f->node, f);
    f->state = ST_ANSWER;
    return STEP_AGAIN;
}

static void unlock(struct job *j)
{
    free(j->lock);
    j->lock = NULL;
    j->holds = false;
    wake_blocked(j->s);
}

static int nothing_there(struct job *j)
{
    j->absent = true;
    j->x.state = X_IDLE;
    json_decref(j->pages);
    j->pages = json_array();
    return j->pages ? STEP_POP : err_nomem(&j->err);
}

/* Requests that find zones are the same for many jobs: one sends, the others take its answer. */
static int locked_step(struct job *j, struct frame *f)
{
    BUF_AUTO(key, LIM_URL + LIM_TEXT);
    buf_addz(&key, "zone ");
    int rc = request_key(j, f->node, &key);
    if (rc)
        return rc;
    json_t *cached = json_object_get(j->s->cache, buf_z(&key));
    if (cached && !json_array_size(cached))
        return nothing_there(j);
    if (cached) {
        json_decref(f->pages);
        f->pages = json_incref(cached);
        f->reply.root = json_incref(json_array_get(cached, 0));
        f->state = ST_APPLY;
        return STEP_AGAIN;
    }
    for (const struct job *o = j->s->jobs; o; o = o->next)
        if (o != j && o->holds && strcmp(o->lock, buf_z(&key)) == 0) {
            j->state = JOB_BLOCKED;
            return STEP_WAIT;
        }
    free(j->lock);
    j->lock = buf_take(&key);
    j->holds = j->lock != NULL;
    if (!j->lock)
        return err_nomem(&j->err);
    exchange_begin(j, f->node, f);
    f->state = ST_ANSWER;
    return STEP_AGAIN;
}

static int take_page(struct job *j, struct frame *f)
{
    bool more;
    reply_done(&f->reply);
    f->reply = j->x.reply;
    j->x.reply = (struct reply){ 0 };
    j->x.state = X_IDLE;
    if (json_array_append(f->pages, f->reply.root))
        return err_nomem(&j->err);
    int rc = more_pages(j, f, &more);
    if (rc)
        return rc;
    f->state = ST_APPLY;
    if (more) {
        f->page++;
        f->state = ST_ANSWER;
        exchange_begin(j, f->node, f);
    }
    return STEP_AGAIN;
}

static int answered(struct job *j, struct frame *f)
{
    int rc = exchange_move(j);
    if (rc)
        return rc;
    enum verdict v;
    rc = answer_judge(j, f->node, &v);
    if (rc)
        return rc;
    if (v == IS_OK)
        return take_page(j, f);
    if (v == IS_ABSENT) {
        if (f->zone_step && j->holds) {
            if (value_set(j->s->cache, j->lock, json_array()))
                return err_nomem(&j->err);
            unlock(j);
        }
        return nothing_there(j);
    }
    if (j->in_merge && (j->x.reply.status == 409 || j->x.reply.status == 412) && !node_get(f->node, "items")) {
        j->conflict = true;
        answer_fail(j, f->node);
        j->refused = j->err;
        err_clear(&j->err);
        return nothing_there(j);
    }
    rc = answer_fail(j, f->node);
    if (f->zone_step && j->x.reply.status == 401)
        j->s->dead = j->err;
    return rc;
}

/* Of a list in pages, the page that has it is the one to save from. */
static int save_pages(struct job *j, struct frame *f, const struct node *save)
{
    size_t n = json_array_size(f->pages);
    int rc = 0;
    for (size_t i = 0; !rc && i < n; i++) {
        json_t *page = json_array_get(f->pages, i);
        bool has = i + 1 == n;
        for (size_t k = 0; !has && !rc && save && save->kind == NODE_MAP && k < save->n; k++) {
            VALUE_AUTO json_t *own = NULL;
            VALUE_AUTO json_t *v = NULL;
            struct scope sc;
            scope_of(j, &sc, &j->err, &own);
            sc.reply = &f->reply;
            rc = path_get(&sc, save->item[k]->text, page, &v);
            has = !value_empty(v);
        }
        if (!rc && has)
            return save_all(j, save, page, &f->reply);
    }
    return rc;
}

static int apply(struct job *j, struct frame *f)
{
    const struct node *each = node_get(f->node, "each"), *save = node_get(f->node, "save");
    if (f->zone_step && j->holds) {
        if (value_set(j->s->cache, j->lock, json_incref(f->pages)))
            return err_nomem(&j->err);
        unlock(j);
    }
    int rc = each || node_get(f->node, "pick") ? 0 : save_pages(j, f, save);
    if (rc)
        return rc;
    json_decref(j->pages);
    j->pages = json_incref(f->pages);
    if (each) {
        rc = pages_find(j, &f->reply, f->pages, each->text, &f->list);
        if (rc)
            return rc;
        f->count = json_array_size(f->list);
        if (f->count > LIM_EACH)
            return err_set(&j->err, SIGNET_ELIMIT, "%s: %zu records match one value; that cannot be right",
                           shown_name(j->s), f->count);
    }
    f->deadline = j->s->now.mono_ms + (int64_t)j->s->times.propagation * 1000;
    f->pause = POLL_MS;
    const struct node *wait = node_get(f->node, "wait");
    f->state = wait && when_holds(j, wait, &rc) ? ST_WAIT_ASK : ST_EACH;
    return rc ? rc : STEP_AGAIN;
}

static int condition(struct job *j, const struct node *map, const char *key, bool *ret)
{
    const struct node *cond = node_get(map, key);
    *ret = false;
    if (!cond)
        return 0;
    VALUE_AUTO json_t *own = NULL;
    struct scope sc;
    scope_of(j, &sc, &j->err, &own);
    sc.reply = &j->x.reply;
    return cond_holds(&sc, cond->text, j->x.reply.root, ret);
}

/* The answer of a job's state: done, failed, or look again a little later. */
static int wait_answered(struct job *j, struct frame *f)
{
    const struct node *wait = node_get(f->node, "wait");
    int rc = exchange_move(j);
    if (rc)
        return rc;
    enum verdict v;
    rc = answer_judge(j, wait, &v);
    if (rc)
        return rc;
    bool done = false, failed = false;
    if (v == IS_REFUSED)
        return answer_fail(j, wait);
    if (v == IS_OK) {
        rc = condition(j, wait, "until", &done);
        rc = rc ? rc : done ? 0 : condition(j, wait, "fail", &failed);
    }
    if (rc)
        return rc;
    if (failed)
        return answer_fail(j, wait);
    j->x.state = X_IDLE;
    f->state = done ? ST_EACH : ST_WAIT_ASK;
    if (done)
        return STEP_AGAIN;
    f->deadline += j->x.sent_ms - f->asked; /* waiting for a rate limit is not waiting for the change */
    if (j->s->now.mono_ms + f->pause > f->deadline)
        return err_set(&j->err, SIGNET_ETIMEOUT, "%s: the change is still not done after %u seconds", shown_name(j->s),
                       j->s->times.propagation);
    j->state = JOB_SLEEP;
    j->wake_ms = j->s->now.mono_ms + f->pause;
    int64_t most = (int64_t)j->s->times.polling * 1000;
    f->pause = f->pause * 2 < most || most < POLL_MS ? f->pause * 2 : most;
    return STEP_WAIT;
}

static int next_element(struct job *j, struct frame *f)
{
    const struct node *body = f->body ? f->body : node_get(f->node, "do");
    if (f->index >= f->count)
        return STEP_POP;
    int rc = save_all(j, node_get(f->node, "save"), json_array_get(f->list, f->index++), &f->reply);
    if (rc)
        return rc;
    return body ? push(j, FRAME_LIST, body) : STEP_AGAIN;
}

int run_step(struct job *j, struct frame *f)
{
    switch (f->state) {
    case ST_BEGIN:
        return begin_step(j, f);
    case ST_LOCKED:
        return locked_step(j, f);
    case ST_ANSWER:
        return answered(j, f);
    case ST_APPLY:
        return apply(j, f);
    case ST_WAIT_ASK:
        exchange_begin(j, node_get(f->node, "wait"), NULL);
        f->asked = j->s->now.mono_ms;
        f->state = ST_WAIT_ANSWER;
        return STEP_AGAIN;
    case ST_WAIT_ANSWER:
        return wait_answered(j, f);
    default:
        return next_element(j, f);
    }
}
