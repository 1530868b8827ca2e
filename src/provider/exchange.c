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
    return s == 429 || s == 502 || s == 503 || s == 504;
}

/* What it asks to wait, else twice as long each time. */
static int64_t pause_ms(struct job *j)
{
    int64_t seconds = (int64_t)1 << (j->x.tries < 6 ? j->x.tries : 6);
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

static int again_later(struct job *j, int64_t ms, bool all)
{
    j->x.tries++;
    j->x.state = X_BUILD;
    j->x.at_ms = j->s->now.mono_ms + ms;
    if (all && j->x.at_ms > j->s->next_send_ms) /* a rate limit counts all our requests */
        j->s->next_send_ms = j->x.at_ms;
    return STEP_AGAIN;
}

int exchange_move(struct job *j)
{
    struct exchange *x = &j->x;
    if (x->state == X_BUILD)
        return begin(j);
    if (x->state != X_ANSWERED)
        return STEP_WAIT;
    note_lost(j);
    if (worth_repeating(x) && x->tries < LIM_RETRIES)
        return again_later(j, pause_ms(j), x->reply.status == 429);
    if (x->reply.status == 401 && !x->relogged && j->s->login == LOGIN_OK && j->op < OP_LOGIN && auth_of(j)) {
        x->relogged = true; /* the session may have ended early */
        j->s->login = LOGIN_NONE;
        return again_later(j, 0, false);
    }
    return 0;
}

/* The description's own reason to try again. */
static int own_retry(struct job *j, const struct node *step)
{
    const struct node *retry = node_get(step, "retry");
    bool yes = false;
    if (!retry || j->x.tries >= LIM_RETRIES || j->x.net_err)
        return 0;
    VALUE_AUTO json_t *own = NULL;
    VALUE_AUTO json_t *after = NULL;
    struct scope sc;
    scope_of(j, &sc, &j->err, &own);
    sc.reply = &j->x.reply;
    int rc = cond_holds(&sc, node_text(retry, "if"), j->x.reply.root, &yes);
    if (!rc && yes && node_get(retry, "after"))
        rc = path_get(&sc, node_text(retry, "after"), j->x.reply.root, &after);
    if (rc || !yes)
        return rc;
    int64_t ms = pause_ms(j);
    BUF_AUTO(text, 200);
    uint64_t seconds;
    value_add(&text, after);
    if (!str_u64(str_trim(buf_str(&text)), LIM_RETRY_AFTER_S, &seconds))
        ms = (int64_t)seconds * 1000;
    return again_later(j, ms, false);
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
