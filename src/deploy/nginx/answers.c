#include "deploy/nginx/answers.h"

#include "base/fs.h"
#include "deploy/nginx/server.h"
#include <stdlib.h>

#define INCLUDE      "le_http_01_cert_challenge.conf"
#define INCLUDE_MODE 0644
#define INCLUDE_MAX  (4u << 20)

/* Sockets where the CA may come in: those of servers with the name, and those that get a server of their own. */
static int find_places(struct ngx_plan *p, struct web_answer *a, struct err *e)
{
    uint32_t *socket = calloc(p->servers.n_listens + 1, sizeof *socket);
    uint32_t n = socket ? ngx_sockets(&p->servers, p->http_port, false, socket) : 0;
    int rc = socket ? web_answer_places(a, 2 * (size_t)n, e) : err_nomem(e);
    if (rc) {
        free(socket);
        return rc;
    }
    for (uint32_t i = 0; i < n; i++)
        a->n_places += ngx_ctl_places(&p->servers.listen[socket[i]], p->http_port, &a->place[a->n_places]);
    if (!n) {
        a->place[0] = (struct probe_place){ .ip = "127.0.0.1", .port = p->http_port };
        a->n_places = 1;
    }
    free(socket);
    return 0;
}

/* p->changes collects the edits. */
static int plan_tokens(struct ngx_plan *p, struct web_answer *const *a, size_t n, const char *include,
                       struct changes *ret, struct err *e)
{
    BUF_AUTO(servers, INCLUDE_MAX);
    struct ngx_token *v = calloc(n + 1, sizeof *v);
    int rc = v ? 0 : err_nomem(e);
    for (size_t i = 0; !rc && i < n; i++) {
        v[i] = (struct ngx_token){ a[i]->name, a[i]->token, a[i]->key_auth };
        rc = find_places(p, a[i], e);
    }
    if (!rc)
        rc = ngx_plan_tokens(p, v, n, include, &servers);
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

static int plan(struct server *base, struct web_answer *const *v, size_t n, struct changes *ret, struct err *e)
{
    BUF_AUTO(include, SERVER_PATH_MAX);
    struct ngx_server_ctl *s = (struct ngx_server_ctl *)base;
    const struct request *req = v[0]->req;
    struct changes edits = CHANGES_INIT;
    struct ngx_plan p = { .http_port = req->http01_port, .https_port = req->https_port, .changes = &edits };
    fs_join(&include, req->config_dir, INCLUDE);
    int rc = ngx_plan_open(&p, s->conf, e);
    if (rc)
        return rc;
    rc = ngx_ctl_learn(s, &p.conf);
    if (!rc)
        rc = plan_tokens(&p, v, n, buf_z(&include), ret, e);
    changes_done(&edits);
    ngx_plan_close(&p);
    return rc;
}

static int server_open(struct server **ret, struct loop *l, const struct request *req, struct err *e)
{
    struct ngx_server_ctl *s = calloc(1, sizeof *s);
    int rc = s ? ngx_ctl_open(s, l, req, NULL, e) : err_nomem(e);
    if (rc)
        free(s);
    else
        *ret = &s->base;
    return rc;
}

static void server_close(struct server *base)
{
    if (base)
        ngx_ctl_close((struct ngx_server_ctl *)base);
    free(base);
}

static bool settled(const struct server *s)
{
    return ngx_ctl_settled((const struct ngx_server_ctl *)s);
}

static bool complaints(const struct server *s, struct buf *words)
{
    return ngx_ctl_log((const struct ngx_server_ctl *)s, words);
}

static unsigned pause_ms(const struct request *req)
{
    uint64_t seconds = 1;
    (void)str_u64(str_of(request_plugin_option(req, "nginx_sleep_seconds")), 86400, &seconds);
    return (unsigned)seconds * 1000;
}

const struct web_answer_ops ngx_answer_ops = {
    .open = server_open,
    .close = server_close,
    .plan = plan,
    .settled = settled,
    .complaints = complaints,
    .looks = 1,
    .pause_ms = pause_ms,
};
