#include "deploy/nginx/answers.h"

#include "base/clock.h"
#include "base/fs.h"
#include "base/log.h"
#include "deploy/transaction.h"
#include <stdlib.h>

#define ROOM           "deploy.nginx"
#define INCLUDE        "le_http_01_cert_challenge.conf"
#define INCLUDE_MODE   0644
#define INCLUDE_MAX    (4u << 20)
#define WAIT_MS        30000 /* a reload returns before the new workers are there */
#define PATH_BYTES_MAX 8192u

struct ngx_answer {
    struct ngx_answer *next;
    struct ngx_token token; /* its strings are ours */
    struct loop *loop;
    const struct request *req; /* borrowed until it is removed */
    bool in_batch;
    enum ngx_answer_state state;
    struct err err;
    struct probe_place *place; /* where it must be answered */
    size_t n_places;
};

/* There is one program in this process, so one list, and one batch. */
static struct ngx_answer *all;
static struct {
    bool up;
    struct ngx_server_ctl ctl;
    struct record server;
    struct temporary *change;
    int64_t since;
    struct loop *loop;
    char *work_dir;
} batch;

static void answer_free(struct ngx_answer *a)
{
    free((void *)(uintptr_t)a->token.name);
    free((void *)(uintptr_t)a->token.token);
    free((void *)(uintptr_t)a->token.key_auth);
    free(a->place);
    free(a);
}

int ngx_answer_add(struct ngx_answer **ret, struct loop *l, const struct request *req, const struct ngx_token *token,
                   struct err *e)
{
    struct ngx_answer *a = calloc(1, sizeof *a);
    if (!a)
        return err_nomem(e);
    *a = (struct ngx_answer){ .loop = l, .req = req };
    a->token.name = str_dup(str_of(token->name));
    a->token.token = str_dup(str_of(token->token));
    a->token.key_auth = str_dup(str_of(token->key_auth));
    if (!a->token.name || !a->token.token || !a->token.key_auth) {
        answer_free(a);
        return err_nomem(e);
    }
    a->next = all;
    all = a;
    *ret = a;
    return 0;
}

/* ---- the server ---- */

static int on_test(void *ctx, struct err *e)
{
    (void)ctx;
    return ngx_ctl_test(&batch.ctl, e);
}

static int on_reload(void *ctx, struct err *e)
{
    (void)ctx;
    return ngx_ctl_reload(&batch.ctl, e);
}

static struct transaction transaction(void)
{
    return (struct transaction){ .loop = batch.loop,
                                 .work_dir = batch.work_dir,
                                 .title = "challenges",
                                 .server = &batch.server,
                                 .ops = { NULL, on_test, on_reload, NULL } };
}

static void batch_done(void)
{
    ngx_ctl_close(&batch.ctl);
    record_done(&batch.server);
    free(batch.work_dir);
    batch.work_dir = NULL;
    batch.up = false;
}

/* ---- beginning one ---- */

/* Sockets where the CA may come in: those of servers with the name, and those that get a server of their own. */
static int find_places(struct ngx_plan *p, struct ngx_answer *a, struct err *e)
{
    uint32_t *socket = calloc(p->servers.n_listens + 1, sizeof *socket);
    uint32_t n = socket ? ngx_sockets(&p->servers, p->http_port, false, socket) : 0;
    free(a->place);
    a->n_places = 0;
    a->place = calloc(n + 1, sizeof *a->place);
    if (!socket || !a->place) {
        free(socket);
        return err_nomem(e);
    }
    for (uint32_t i = 0; i < n; i++)
        if (ngx_ctl_place(&p->servers.listen[socket[i]], p->http_port, &a->place[a->n_places]))
            a->n_places++;
    if (!n) {
        a->place[0] = (struct probe_place){ .ip = "127.0.0.1", .port = p->http_port };
        a->n_places = 1;
    }
    free(socket);
    return 0;
}

/* p->changes collects the edits. */
static int plan_tokens(struct ngx_plan *p, const char *include, struct changes *ret, struct err *e)
{
    BUF_AUTO(servers, INCLUDE_MAX);
    struct ngx_token *v;
    size_t n = 0;
    int rc = 0;
    for (const struct ngx_answer *a = all; a; a = a->next)
        n++;
    v = calloc(n + 1, sizeof *v);
    n = 0;
    for (struct ngx_answer *a = all; v && !rc && a; a = a->next) {
        if (a->state == NGX_ANSWER_FAILED)
            continue;
        v[n++] = a->token;
        rc = find_places(p, a, e);
    }
    if (!rc)
        rc = v ? ngx_plan_tokens(p, v, n, include, &servers) : err_nomem(e);
    /* the included file first: nothing may refer to it before it is there */
    if (!rc && servers.n)
        rc = changes_add_new(ret, include, buf_str(&servers), INCLUDE_MODE, e);
    for (size_t i = 0; !rc && i < p->changes->n; i++) {
        const struct change *c = &p->changes->v[i];
        rc = changes_add(ret, c->path, buf_str(&c->before), buf_str(&c->after), e);
    }
    free(v);
    return rc;
}

static int plan(const struct ngx_answer *a, struct changes *ret, struct err *e)
{
    BUF_AUTO(include, PATH_BYTES_MAX);
    struct changes edits = CHANGES_INIT;
    struct ngx_plan p = { .http_port = a->req->http01_port, .https_port = a->req->https_port, .changes = &edits };
    fs_join(&include, a->req->config_dir, INCLUDE);
    int rc = ngx_plan_open(&p, batch.ctl.conf, e);
    if (rc)
        return rc;
    rc = ngx_ctl_learn(&batch.ctl, &p.conf);
    if (!rc)
        rc = plan_tokens(&p, buf_z(&include), ret, e);
    changes_done(&edits);
    ngx_plan_close(&p);
    return rc;
}

static int open_server(const struct ngx_answer *a, struct err *e)
{
    batch.loop = a->loop;
    batch.work_dir = str_dup(str_of(a->req->work_dir));
    int rc = batch.work_dir ? ngx_ctl_open(&batch.ctl, a->loop, a->req, NULL, e) : err_nomem(e);
    if (!rc)
        rc = ngx_ctl_lock(&batch.ctl, e);
    if (!rc && (rc = ngx_ctl_test(&batch.ctl, e)))
        err_hint(e, "It was like that before anything was changed. Please mend it and try again.");
    if (!rc && ngx_ctl_describe(&batch.ctl, &batch.server))
        rc = err_nomem(e);
    return rc;
}

static void begin(const struct ngx_answer *first)
{
    struct changes c = CHANGES_INIT;
    struct err e = { 0 };
    int rc = open_server(first, &e);
    if (!rc)
        rc = plan(first, &c, &e);
    if (!rc) {
        struct transaction t = transaction();
        rc = transaction_begin(&batch.change, &t, &c, &e);
    }
    changes_done(&c);
    batch.up = !rc;
    batch.since = clock_mono_ms();
    for (struct ngx_answer *a = all; a; a = a->next) {
        if (a->state == NGX_ANSWER_FAILED)
            continue;
        a->in_batch = !rc;
        if (rc) {
            a->state = NGX_ANSWER_FAILED;
            a->err = e;
        }
    }
    if (rc)
        batch_done();
}

/* ---- looking ---- */

static void look(struct ngx_answer *a)
{
    BUF_AUTO(words, 4096);
    const char *sleep_s = request_plugin_option(a->req, "nginx_sleep_seconds");
    struct err e = { 0 };
    uint64_t pause = 1;
    if (a->req->no_verify_deploy) { /* then only time can help */
        (void)str_u64(str_of(sleep_s), 86400, &pause);
        if (clock_mono_ms() - batch.since >= (int64_t)pause * 1000)
            a->state = NGX_ANSWER_UP;
        return;
    }
    int rc = !ngx_ctl_settled(&batch.ctl) ? err_set(&e, SIGNET_ETIMEOUT, "the workers of before still take connections")
                                          : ngx_ctl_answers(&batch.ctl, a->place, a->n_places, &a->token, &e);
    if (!rc) {
        a->state = NGX_ANSWER_UP;
        return;
    }
    ngx_ctl_log(&batch.ctl, &words);
    bool refused = words.n && strstr(buf_z(&words), "[emerg]");
    if (rc != SIGNET_ESYS && rc != SIGNET_ENOMEM && !refused && clock_mono_ms() - batch.since < WAIT_MS)
        return;
    a->state = NGX_ANSWER_FAILED;
    err_wrap(&e, "nginx has been reloaded but does not answer the challenge%s%s", words.n ? ":\n" : "", buf_z(&words));
    err_hint(&e, "--no-verify-deploy leaves this check out, for an nginx that cannot be reached on this machine.");
    a->err = e;
}

enum ngx_answer_state ngx_answer_step(struct ngx_answer *a, struct err *e)
{
    if (!batch.up && a->state == NGX_ANSWER_WAITS)
        begin(a);
    if (a->in_batch && a->state == NGX_ANSWER_WAITS)
        look(a);
    if (a->state == NGX_ANSWER_FAILED && e)
        *e = a->err;
    return a->state;
}

/* ---- the end ---- */

static void end_batch(void)
{
    struct err e = { 0 };
    struct transaction t = transaction();
    if (transaction_revert(batch.change, &t, &e))
        log_error(ROOM, "The answers to challenges could not be taken out of nginx's configuration: %s", e.text);
    batch.change = NULL;
    batch_done();
}

void ngx_answer_remove(struct ngx_answer *a)
{
    bool others = false;
    if (!a)
        return;
    for (struct ngx_answer **at = &all; *at; at = &(*at)->next)
        if (*at == a) {
            *at = a->next;
            break;
        }
    for (const struct ngx_answer *o = all; o; o = o->next)
        others |= o->in_batch;
    bool last = a->in_batch && !others && batch.up;
    answer_free(a);
    if (last)
        end_batch();
}
