#include "provider/engine.h"

#include <stdlib.h>

int provider_open(struct provider_session **ret, const struct provider_desc *d, const struct provider_env *env,
                  struct err *e)
{
    struct err own = { 0 };
    struct provider_session *s = calloc(1, sizeof *s);
    if (!s)
        return err_nomem(e);
    e = e ? e : &own;
    s->env = *env;
    s->tail = &s->jobs;
    s->vars = json_object();
    s->cookies = json_object();
    s->zones = json_object();
    s->cache = json_object();
    s->counts = json_object();
    int rc = s->vars && s->cookies && s->zones && s->cache && s->counts ? 0 : err_nomem(e);
    rc = rc ? rc : creds_resolve(s, d, e);
    rc = rc ? rc : times_resolve(s, e);
    rc = rc ? rc : session_tls(s, e);
    if (!rc)
        charset_open(s);
    if (rc)
        provider_close(s);
    else
        *ret = s;
    return rc;
}

static void wipe(char *z)
{
    if (z)
        explicit_bzero(z, strlen(z));
    free(z);
}

void provider_close(struct provider_session *s)
{
    if (!s)
        return;
    for (struct job *j = s->jobs, *next; j; j = next) {
        next = j->next;
        job_free(j);
    }
    job_free(s->told);
    for (struct slot *l = s->slots, *next; l; l = next) {
        next = l->next;
        free(l->zone);
        free(l->fqdn);
        free(l->value);
        free(l);
    }
    json_t *trees[] = { s->vars, s->cookies, s->zones, s->cache, s->counts };
    for (size_t i = 0; i < sizeof trees / sizeof *trees; i++)
        json_decref(trees[i]);
    for (size_t i = 0; i < s->secrets.n; i++)
        explicit_bzero(s->secrets.v[i], strlen(s->secrets.v[i]));
    strlist_done(&s->secrets);
    strlist_done(&s->used);
    charset_close(s);
    wipe(s->ca);
    wipe(s->cert);
    wipe(s->key);
    pool_done(&s->sign_pool);
    free(s);
}

const struct provider_times *provider_times(const struct provider_session *s)
{
    return &s->times;
}

const struct strlist *provider_used(const struct provider_session *s)
{
    return &s->used;
}

/* ---- jobs ---- */

/* A DNS name in lower case, without the dot at its end. NULL: it is none, or memory is short. */
static char *dns_name(signet_str s)
{
    if (str_ends(s, STR(".")))
        s.n--;
    if (!s.n || s.n > 253)
        return NULL;
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        bool ok = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' ||
                  (c == '.' && i && s.p[i - 1] != '.');
        if (!ok)
            return NULL;
    }
    char *z = str_dup(s);
    for (size_t i = 0; z && z[i]; i++)
        if (z[i] >= 'A' && z[i] <= 'Z')
            z[i] = (char)(z[i] + 32);
    return z;
}

static bool value_ok(signet_str s)
{
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] < ' ' || s.p[i] > '~')
            return false;
    return s.n <= 255;
}

static int fill(struct job *j, const struct provider_job *spec, struct err *e)
{
    signet_str domain = spec->domain.n ? spec->domain : spec->fqdn;
    if (str_starts(domain, STR("*.")))
        domain = str_skip(domain, 2);
    j->fqdn = dns_name(spec->fqdn);
    j->domain = dns_name(domain);
    if (!j->fqdn || !j->domain || !value_ok(spec->value) || spec->token.n > 1024 || spec->keyauth.n > 2048)
        return err_set(e, SIGNET_EINVAL, "%s: not a name that DNS knows, or not a value for a TXT record",
                       shown_name(j->s));
    j->value = str_dup(spec->value);
    j->token = str_dup(spec->token);
    j->keyauth = str_dup(spec->keyauth);
    if (!j->value || !j->token || !j->keyauth)
        return err_nomem(e);
    return spec->saved && spec->op == PROVIDER_CLEANUP && saved_read(j, spec->saved) ? err_nomem(e) : 0;
}

static void drop(struct provider_session *s, struct job *gone)
{
    struct job **at = &s->jobs;
    while (*at && *at != gone)
        at = &(*at)->next;
    if (!*at)
        return;
    *at = gone->next;
    if (s->tail == &gone->next)
        s->tail = at;
    s->n_jobs--;
}

int provider_start(struct provider_session *s, const struct provider_job *spec, uint64_t *ret_id, struct err *e)
{
    if (s->n_jobs >= LIM_JOBS)
        return err_set(e, SIGNET_ELIMIT, "%s: more than %u records at once", shown_name(s), LIM_JOBS);
    struct job *j = job_new(s, spec->op == PROVIDER_PRESENT ? OP_PRESENT : OP_CLEANUP);
    if (!j)
        return err_nomem(e);
    int rc = fill(j, spec, e);
    if (!rc && push(j, FRAME_OP, NULL) < 0)
        rc = err_nomem(e);
    if (rc) {
        drop(s, j);
        job_free(j);
        return rc;
    }
    *ret_id = j->id;
    return 0;
}

void provider_finish(struct provider_session *s)
{
    s->finishing = true;
}

/* ---- what to do next ---- */

static void begin_new(struct provider_session *s)
{
    size_t active = 0;
    for (const struct job *j = s->jobs; j; j = j->next)
        active +=
            j->op < OP_LOGIN && !j->idle_block && j->state != JOB_NEW && j->state != JOB_BLOCKED && j->state != JOB_END;
    for (struct job *j = s->jobs; j && active < LIM_ACTIVE; j = j->next)
        if (j->state == JOB_NEW) {
            j->state = JOB_RUN;
            active++;
        }
}

/* Moves every job as far as it goes. A step of one may wake others, also such as stand before it. */
static void run_all(struct provider_session *s)
{
    bool moved = true;
    for (struct job *j = s->jobs; j; j = j->next)
        if (j->state == JOB_SLEEP && j->wake_ms <= s->now.mono_ms)
            j->state = JOB_RUN;
    while (moved && !s->no_memory) {
        moved = false;
        begin_new(s);
        for (struct job *j = s->jobs; j && !s->no_memory; j = j->next)
            if (j->state == JOB_RUN) {
                job_step(j);
                moved = true;
            }
    }
}

static void login_ended(struct provider_session *s, struct job *j)
{
    s->login = j->err.code ? LOGIN_FAILED : LOGIN_OK;
    s->login_err = j->err;
    wake_blocked(s);
}

/* Ends of jobs: ours are dealt with here, the others are told. True: *ret is filled. */
static bool tell_end(struct provider_session *s, struct provider_action *ret, bool *inner)
{
    for (struct job *j = s->jobs; j; j = j->next) {
        if (j->state != JOB_END)
            continue;
        drop(s, j);
        *inner = j->op >= OP_LOGIN;
        if (*inner) {
            if (j->op == OP_LOGIN)
                login_ended(s, j);
            job_free(j);
            return true;
        }
        s->told = j;
        ret->kind = PROVIDER_DONE;
        ret->id = j->id;
        ret->done = (struct provider_done){ .op = j->op == OP_PRESENT ? PROVIDER_PRESENT : PROVIDER_CLEANUP,
                                            .code = j->err.code,
                                            .err = &j->err,
                                            .saved = &j->saved };
        return true;
    }
    return false;
}

static void hand_out(struct job *j, struct provider_action *ret)
{
    struct provider_session *s = j->s;
    struct exchange *x = &j->x;
    x->state = X_OUT;
    x->id = ++s->next_id;
    x->sent_ms = s->now.mono_ms;
    if (s->pace)
        s->next_send_ms = s->now.mono_ms + (int64_t)s->pace * 1000;
    ret->kind = PROVIDER_HTTP;
    ret->id = x->id;
    ret->http = (struct provider_request){ .method = buf_str(&x->method),
                                           .url = buf_str(&x->url),
                                           .headers = x->header,
                                           .n_headers = x->n_headers,
                                           .timeout_ms = s->times.timeout * 1000,
                                           .max_body = LIM_ANSWER,
                                           .tls = { s->insecure, s->ca, s->cert, s->key } };
    if (x->has_body)
        ret->http.body = (signet_str){ buf_z(&x->body), x->body.n };
    BUF_AUTO(url, 600);
    add_url_shown(&url, buf_str(&x->url));
    trace(s, "%s > %s %s %.*s", s->d->help.code, buf_z(&x->method), buf_z(&url), STR_ARG(buf_str(&x->body)));
}

static bool find_work(struct provider_session *s, struct provider_action *ret)
{
    for (struct job *j = s->jobs; j; j = j->next) {
        if (j->state == JOB_ZONE && !j->zone_out) {
            j->zone_out = true;
            ret->kind = PROVIDER_ZONE;
            ret->id = j->zone_id;
            ret->fqdn = str_of(j->fqdn);
            return true;
        }
        if (j->state == JOB_HTTP && j->x.state == X_READY && s->next_send_ms <= s->now.mono_ms) {
            hand_out(j, ret);
            return true;
        }
    }
    return false;
}

static int64_t next_time(const struct provider_session *s)
{
    int64_t at = -1;
    for (const struct job *j = s->jobs; j; j = j->next) {
        int64_t mine = j->state == JOB_SLEEP                           ? j->wake_ms
                       : j->state == JOB_HTTP && j->x.state == X_READY ? s->next_send_ms
                                                                       : -1;
        if (mine >= 0 && (at < 0 || mine < at))
            at = mine;
    }
    return at;
}

static int begin_logout(struct provider_session *s)
{
    s->out_started = true;
    if (s->login != LOGIN_OK || !part(s, "logout"))
        return 0;
    struct job *j = job_new(s, OP_LOGOUT);
    if (!j || push(j, FRAME_OP, NULL) < 0)
        return SIGNET_ENOMEM;
    return 0;
}

int provider_poll(struct provider_session *s, struct provider_now now, struct provider_action *ret)
{
    bool inner = true;
    *ret = (struct provider_action){ .kind = PROVIDER_IDLE, .until_ms = -1 };
    s->now = now;
    job_free(s->told);
    s->told = NULL;
    while (inner) {
        inner = false;
        run_all(s);
        if (s->finishing && !s->n_jobs && !s->out_started && !s->no_memory) {
            if (begin_logout(s))
                s->no_memory = true;
            inner = true;
            continue;
        }
        if (s->no_memory)
            return SIGNET_ENOMEM;
        if (tell_end(s, ret, &inner) && !inner)
            return 0;
    }
    if (find_work(s, ret))
        return 0;
    ret->until_ms = next_time(s);
    if (s->finishing && !s->n_jobs)
        ret->kind = PROVIDER_ENDED;
    return 0;
}

/* ---- what came of it ---- */

void provider_http_done(struct provider_session *s, uint64_t id, struct provider_now now,
                        const struct provider_answer *a)
{
    struct job *j = s->jobs;
    while (j && !(j->state == JOB_HTTP && j->x.state == X_OUT && j->x.id == id))
        j = j->next;
    if (!j)
        return;
    struct exchange *x = &j->x;
    bool fault = false;
    struct provider_answer own = *a;
    BUF_AUTO(text, 3 * LIM_ANSWER);
    s->now = now;
    x->net_err = a->net_err;
    if (!a->net_err && a->body.n > LIM_ANSWER)
        x->net_err = SIGNET_ELIMIT;
    if (!x->net_err && s->foreign) {
        if (charset_read(s, a->body, &text)) {
            s->no_memory = true;
            return;
        }
        own.body = buf_str(&text);
    }
    x->why[0] = '\0';
    if (x->net_err) {
        BUF_AUTO(why, sizeof x->why - 1);
        buf_add_escaped(&why, str_of(a->why), 100);
        memcpy(x->why, buf_z(&why), why.n + 1);
        reply_done(&x->reply);
        x->reply.root = json_null();
    } else if (reply_read(&x->reply, &own, x->is_xmlrpc, &fault)) {
        s->no_memory = true;
        return;
    }
    if (fault && x->reply.status < 300)
        x->reply.status = 500; /* XML-RPC says 200 to everything */
    cookies_take(s, x);
    trace(s, "%s < %d %s%.*s", s->d->help.code, x->reply.status, x->why, STR_ARG(x->reply.text));
    x->state = X_ANSWERED;
    j->state = JOB_RUN;
    if (s->window)
        wake_blocked(s); /* who waits for its turn */
}

void provider_zone_done(struct provider_session *s, uint64_t id, struct provider_now now, signet_str zone,
                        const char *why)
{
    struct job *j = s->jobs;
    while (j && !(j->state == JOB_ZONE && j->zone_out && j->zone_id == id))
        j = j->next;
    if (!j)
        return;
    s->now = now;
    j->state = JOB_RUN;
    wake_blocked(s);
    if (!zone.n) {
        BUF_AUTO(shown, 600);
        buf_add_escaped(&shown, str_of(why), 200);
        err_set(&j->err, SIGNET_ENOTFOUND, "%s: the zone of %s cannot be found%s%s", shown_name(s), j->fqdn,
                shown.n ? ": " : "", buf_z(&shown));
        err_hint(&j->err, "Does the domain exist, and do its name servers answer?");
        job_fail(j, SIGNET_ENOTFOUND);
        return;
    }
    if (value_set_str(s->zones, j->fqdn, zone))
        s->no_memory = true;
}
