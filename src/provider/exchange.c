#include "base/clock.h"
#include "provider/engine.h"

/* One request and its answer, repeated as long as repeating can help. */

void exchange_begin(struct job *j, const struct node *step, const struct frame *f)
{
    struct exchange *x = &j->x;
    x->step = step;
    x->frame = f;
    x->zone_step = f && f->zone_step;
    x->tries = 0;
    x->relogged = false;
    x->at_ms = 0;
    x->state = X_BUILD;
}

/* True: the login is done, or not needed. */
static int logged_in(struct job *j, bool *ret)
{
    struct provider_session *s = j->s;
    *ret = true;
    if (!part(s, "login") || j->op == OP_LOGIN || j->op == OP_LOGOUT)
        return 0;
    if (s->login == LOGIN_OK && s->login_until && s->now.mono_ms >= s->login_until)
        s->login = LOGIN_NONE;
    if (s->login == LOGIN_FAILED) {
        j->err = s->login_err;
        return j->err.code;
    }
    if (s->login == LOGIN_OK)
        return 0;
    *ret = false;
    if (s->login == LOGIN_RUNNING)
        return 0;
    struct job *login = job_new(s, OP_LOGIN);
    if (!login || push(login, FRAME_OP, NULL) < 0)
        return err_nomem(&j->err);
    login->state = JOB_RUN;
    s->login = LOGIN_RUNNING;
    s->login_until = 0;
    return 0;
}

static unsigned under_way(const struct provider_session *s)
{
    unsigned n = 0;
    for (const struct job *j = s->jobs; j; j = j->next)
        n += j->state == JOB_HTTP;
    return n;
}

static int begin(struct job *j)
{
    bool ready;
    struct provider_session *s = j->s;
    int64_t at = j->x.at_ms > s->next_send_ms ? j->x.at_ms : s->next_send_ms;
    if (at > s->now.mono_ms) { /* not built before it can go: signatures have the time in them */
        j->state = JOB_SLEEP;
        j->wake_ms = at;
        return STEP_WAIT;
    }
    int rc = logged_in(j, &ready);
    if (rc)
        return rc;
    if (!ready) {
        j->state = JOB_BLOCKED;
        return STEP_WAIT;
    }
    if (s->window && under_way(s) >= s->window) {
        j->state = JOB_BLOCKED;
        return STEP_WAIT;
    }
    if (++j->requests > LIM_REQUESTS)
        return err_set(&j->err, SIGNET_ELIMIT, "%s: more than %u requests for one record", shown_name(s), LIM_REQUESTS);
    rc = request_build(j);
    if (rc)
        return rc;
    j->x.state = X_READY;
    j->state = JOB_HTTP;
    return STEP_WAIT;
}

static bool worth_repeating(const struct exchange *x)
{
    int s = x->reply.status;
    if (x->net_err)
        return x->net_err == SIGNET_ENET || x->net_err == SIGNET_ETIMEOUT;
    return s == 502 || s == 503 || s == 504;
}

/* What it asks to wait, else twice as long each time. */
static int64_t pause_ms(struct job *j, unsigned tries)
{
    int64_t seconds = (int64_t)1 << (tries < 6 ? tries : 6);
    signet_str asked = value_str(json_object_get(j->x.reply.headers, "retry-after"));
    if (asked.n && !clock_parse_retry_after(asked, j->s->now.wall_s, LIM_RETRY_AFTER_S, &seconds) && seconds < 1)
        seconds = 1;
    return seconds * 1000;
}

/* A request that may have been carried out although its answer was lost: what it made may be there twice. */
static void note_lost(struct job *j)
{
    if (j->x.net_err && j->op == OP_PRESENT && j->sent_main && !str_eq(buf_str(&j->x.method), STR("GET")))
        j->lost = true;
}

static int again_later(struct job *j, int64_t ms)
{
    j->x.state = X_BUILD;
    j->x.at_ms = j->s->now.mono_ms + ms;
    return STEP_AGAIN;
}

static bool was_told_to_wait(const struct job *j)
{
    return j->x.sent_ms >= j->s->wait_until_ms;
}

/* A rate limit counts all our requests: everyone waits, and then one goes at a time. What was sent before the provider
 * said so counts for no try, and neither does a refusal as long as others get through between them. */
static bool may_slow_down(const struct job *j)
{
    return !was_told_to_wait(j) || j->s->refusals < LIM_RETRIES;
}

static int slow_down(struct job *j, int64_t ms)
{
    struct provider_session *s = j->s;
    if (was_told_to_wait(j))
        s->refusals++;
    s->window = 1;
    s->widened = 0;
    if (s->now.mono_ms + ms > s->wait_until_ms)
        s->wait_until_ms = s->now.mono_ms + ms;
    if (s->wait_until_ms > s->next_send_ms)
        s->next_send_ms = s->wait_until_ms;
    return again_later(j, ms);
}

static void got_through(struct provider_session *s)
{
    s->refusals = 0;
    if (!s->window || ++s->widened < s->window)
        return;
    s->widened = 0;
    s->window = s->window < LIM_ACTIVE ? s->window + 1 : 0;
}

int exchange_move(struct job *j)
{
    struct exchange *x = &j->x;
    if (x->state == X_BUILD)
        return begin(j);
    if (x->state != X_ANSWERED)
        return STEP_WAIT;
    note_lost(j);
    if (!x->net_err && x->reply.status == 429 && may_slow_down(j))
        return slow_down(j, pause_ms(j, j->s->refusals));
    if (worth_repeating(x) && x->tries < LIM_RETRIES)
        return again_later(j, pause_ms(j, x->tries++));
    if (x->reply.status == 401 && !x->relogged && j->s->login == LOGIN_OK && j->op < OP_LOGIN && auth_of(j)) {
        x->relogged = true; /* the session may have ended early */
        j->s->login = LOGIN_NONE;
        return again_later(j, 0);
    }
    return 0;
}

/* Does the `retry` hold? *ret_ms: how long it says to wait, else what it was. */
static int retry_holds(struct job *j, const struct node *retry, bool *ret, int64_t *ret_ms)
{
    VALUE_AUTO json_t *own = NULL;
    VALUE_AUTO json_t *after = NULL;
    struct scope sc;
    scope_of(j, &sc, &j->err, &own);
    sc.reply = &j->x.reply;
    int rc = cond_holds(&sc, node_text(retry, "if"), j->x.reply.root, ret);
    if (!rc && *ret && node_get(retry, "after"))
        rc = path_get(&sc, node_text(retry, "after"), j->x.reply.root, &after);
    BUF_AUTO(text, 200);
    uint64_t seconds;
    value_add(&text, after);
    if (!rc && !str_u64(str_trim(buf_str(&text)), LIM_RETRY_AFTER_S, &seconds))
        *ret_ms = (int64_t)seconds * 1000;
    return rc;
}

/* The description's own reasons to try again: the step's, and the file's, which are the service's rate limit. */
static int own_retry(struct job *j, const struct node *step)
{
    const struct node *mine = node_get(step, "retry"), *all = part(j->s, "retry");
    bool yes = false;
    int64_t ms = pause_ms(j, j->x.tries);
    int rc = 0;
    if (j->x.net_err)
        return 0;
    if (mine && j->x.tries < LIM_RETRIES)
        rc = retry_holds(j, mine, &yes, &ms);
    if (rc || yes) {
        j->x.tries++;
        return rc ? rc : again_later(j, ms);
    }
    ms = pause_ms(j, j->s->refusals);
    if (all && may_slow_down(j))
        rc = retry_holds(j, all, &yes, &ms);
    return rc || !yes ? rc : slow_down(j, ms);
}

/* `ok` and `absent` of the step; an `ok` that speaks of $status decides alone, else HTTP must say 2xx, too. */
int answer_judge(struct job *j, const struct node *step, enum verdict *ret)
{
    const struct node *ok = node_get(step, "ok"), *absent = node_get(step, "absent");
    const struct frame *f = j->depth ? top(j) : NULL;
    VALUE_AUTO json_t *own = NULL;
    struct scope sc;
    int status = j->x.reply.status;
    bool yes = !j->x.net_err, gone = false;
    *ret = IS_REFUSED;
    int rc = own_retry(j, step);
    if (rc || !yes)
        return rc;
    if (status != 429)
        got_through(j->s);
    scope_of(j, &sc, &j->err, &own);
    sc.reply = &j->x.reply;
    if (absent)
        rc = cond_holds(&sc, absent->text, j->x.reply.root, &gone);
    else
        gone = status == 404;
    if (!rc && gone && (j->op == OP_CLEANUP || (f && f->zone_step) || node_get(step, "items"))) {
        *ret = IS_ABSENT;
        return 0;
    }
    if (!ok)
        ok = part(j->s, "ok");
    yes = (ok && node_mentions(ok, "$status")) || (status >= 200 && status < 300);
    if (!rc && yes && ok)
        rc = cond_holds(&sc, ok->text, j->x.reply.root, &yes);
    if (!rc && yes) {
        *ret = IS_OK;
        if (j->sent_main && !str_eq(buf_str(&j->x.method), STR("GET")))
            j->changed = true;
    }
    if (!rc && !yes && f && f->tolerant && status != 401 && status != 429 && status < 500) {
        answer_fail(j, step);
        j->refused = j->err;
        j->refused_status = status;
        err_clear(&j->err);
        *ret = IS_ABSENT;
    }
    return rc;
}
