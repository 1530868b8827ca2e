/* What all plans share: reading, choosing servers, applying patches. */
#include "deploy/nginx/plan.h"

#include "deploy/nginx/plan_in.h"
#include <stdlib.h>

int ngx_plan_open(struct ngx_plan *p, const char *main_file, struct err *e)
{
    p->e = e;
    int rc = ngx_conf_load(&p->conf, main_file, e);
    if (rc)
        return rc;
    rc = ngx_servers_find(&p->servers, &p->conf, e);
    if (rc)
        ngx_conf_done(&p->conf);
    return rc;
}

void ngx_plan_close(struct ngx_plan *p)
{
    ngx_servers_done(&p->servers);
    ngx_conf_done(&p->conf);
}

int ngx_plan_changes(struct ngx_plan *p, struct changes *to)
{
    int rc = 0;
    for (uint32_t i = 0; !rc && i < p->conf.n_files; i++) {
        const struct ngx_file *f = &p->conf.file[i];
        if (f->changed && f->same == i && !str_eq(buf_str(&f->before), buf_str(&f->text)))
            rc = changes_add(to, f->real, buf_str(&f->before), buf_str(&f->text), p->e);
    }
    return rc;
}

void ngx_plan_settled(struct ngx_plan *p)
{
    for (uint32_t i = 0; i < p->conf.n_files; i++) {
        buf_done(&p->conf.file[i].before);
        p->conf.file[i].changed = false;
    }
    free(p->conf.missing); /* it may be there by now */
    p->conf.missing = NULL;
}

/* ---- patches ---- */

int ngx_patches_new(struct ngx_patches *x, const struct ngx_plan *p)
{
    x->conf = &p->conf;
    x->n = p->conf.n_files;
    x->v = calloc(x->n, sizeof *x->v);
    return x->v ? 0 : err_nomem(p->e);
}

void ngx_patches_done(struct ngx_patches *x)
{
    for (uint32_t i = 0; x->v && i < x->n; i++)
        text_patch_done(&x->v[i]);
    free(x->v);
    *x = (struct ngx_patches){ 0 };
}

int ngx_patches_apply(struct ngx_patches *x, struct ngx_plan *p)
{
    bool any = false;
    int rc = 0;
    for (uint32_t i = 0; !rc && i < x->n; i++) {
        BUF_AUTO(text, NGX_FILE_BYTES_MAX);
        const struct ngx_tree *t = &p->conf.file[i].tree;
        if (x->v[i].bad)
            return err_nomem(p->e);
        if (!x->v[i].n)
            continue;
        any = true;
        rc = text_patch_apply(&x->v[i], t->text, 0, (uint32_t)t->text.n, &text)
                 ? err_set(p->e, SIGNET_ELIMIT, "%s would be larger than %u bytes", p->conf.file[i].path,
                           NGX_FILE_BYTES_MAX)
                 : ngx_conf_update(&p->conf, i, buf_str(&text), p->e);
    }
    return rc || !any ? rc : ngx_servers_again(&p->servers, p->e);
}

/* ---- which servers ---- */

bool ngx_has_tls(const struct ngx_servers *s, uint32_t server)
{
    const struct ngx_server *v = &s->v[server];
    for (uint32_t i = v->listen; i < v->listen + v->n_listens; i++)
        if (ngx_tls(&s->listen[i], v))
            return true;
    return false;
}

bool ngx_has_plain(const struct ngx_servers *s, uint32_t server)
{
    const struct ngx_server *v = &s->v[server];
    for (uint32_t i = v->listen; i < v->listen + v->n_listens; i++)
        if (!ngx_tls(&s->listen[i], v))
            return true;
    return false;
}

static bool has_port(const struct ngx_listen *l, unsigned port)
{
    return l->family != NGX_UNIX && l->port <= port && port <= l->port_to;
}

enum { NOWHERE, ELSEWHERE, ON_HTTP, ON_TLS, ON_HTTPS };

/* The best of the sockets on which this hit is the one that nginx takes. */
static int standing(const struct ngx_plan *p, const struct ngx_hit *h, const struct ngx_hit *all, uint32_t n)
{
    const struct ngx_servers *s = &p->servers;
    const struct ngx_server *v = &s->v[h->server];
    int best = NOWHERE;
    for (uint32_t i = v->listen; i < v->listen + v->n_listens; i++) {
        if (ngx_pick(s, i, all, n) != h)
            continue;
        bool tls = ngx_tls(&s->listen[i], v);
        int now = tls && has_port(&s->listen[i], p->https_port) ? ON_HTTPS
                  : tls                                         ? ON_TLS
                  : has_port(&s->listen[i], p->http_port)       ? ON_HTTP
                                                                : ELSEWHERE;
        if (now > best)
            best = now;
    }
    return best;
}

/* Those of the best kind first, the others forgotten. */
static uint32_t best_kind(struct ngx_hit *hit, uint32_t n)
{
    const struct ngx_hit *best = NULL;
    uint32_t kept = 0;
    for (uint32_t i = 0; i < n; i++)
        if (!best || hit[i].kind > best->kind || (hit[i].kind == best->kind && hit[i].len > best->len))
            best = &hit[i];
    if (!best)
        return 0;
    struct ngx_hit want = *best;
    for (uint32_t i = 0; i < n; i++)
        if (hit[i].kind == want.kind && hit[i].len == want.len)
            hit[kept++] = hit[i];
    return kept;
}

uint32_t ngx_targets(struct ngx_plan *p, signet_str name, uint32_t *ret)
{
    struct ngx_hit hit[NGX_HITS_MAX] = { { 0 } };
    int standings[NGX_HITS_MAX], best = NOWHERE;
    uint32_t n = best_kind(hit, ngx_hits(&p->servers, name, hit)), count = 0;
    for (uint32_t i = 0; i < n; i++) {
        standings[i] = standing(p, &hit[i], hit, n);
        if (standings[i] > best)
            best = standings[i];
    }
    for (uint32_t i = 0; i < n && best > NOWHERE; i++)
        if (standings[i] == best)
            ret[count++] = hit[i].server;
    return count;
}

static int refuse_odd(const struct ngx_plan *p, const struct ngx_name *odd, signet_str name)
{
    const struct ngx_tree *t = ngx_tree_of(&p->conf, odd->at);
    err_set(p->e, SIGNET_ESTATE, "cannot be edited safely: %s:%u: it cannot be judged whether ~%.300s fits %.*s",
            p->conf.file[odd->at.file].path, ngx_line(t, ngx_start(t, ngx_node_of(&p->conf, odd->at))), odd->value,
            STR_ARG(name));
    err_hint(p->e, "Give the server block that is meant the name itself, with server_name.");
    return SIGNET_ESTATE;
}

int ngx_judged(struct ngx_plan *p, signet_str name, const uint32_t *server, uint32_t n)
{
    struct ngx_hit hit[NGX_HITS_MAX];
    uint32_t n_hits = ngx_hits(&p->servers, name, hit);
    bool wild = str_starts(name, STR("*."));
    const struct ngx_name *odd = n || wild ? NULL : ngx_odd_before(&p->servers, NULL);
    for (uint32_t i = 0; i < n_hits; i++)
        for (uint32_t k = 0; k < n && !odd; k++)
            if (hit[i].server == server[k])
                odd = ngx_odd_before(&p->servers, &hit[i]);
    return odd ? refuse_odd(p, odd, name) : 0;
}

static uint32_t add_server(uint32_t *v, uint32_t n, uint32_t server)
{
    for (uint32_t i = 0; i < n; i++)
        if (v[i] == server)
            return n;
    if (n < NGX_HITS_MAX)
        v[n++] = server;
    return n;
}

uint32_t ngx_plain_servers(struct ngx_plan *p, signet_str name, uint32_t *ret)
{
    struct ngx_hit hit[NGX_HITS_MAX];
    const struct ngx_servers *s = &p->servers;
    uint32_t n = ngx_hits(&p->servers, name, hit), count = 0;
    for (uint32_t i = 0; i < n; i++) {
        const struct ngx_server *v = &s->v[hit[i].server];
        for (uint32_t k = v->listen; k < v->listen + v->n_listens; k++)
            if (has_port(&s->listen[k], p->http_port) && !ngx_tls(&s->listen[k], v) &&
                ngx_pick(s, k, hit, n) == &hit[i])
                count = add_server(ret, count, hit[i].server);
    }
    return count;
}

uint32_t ngx_plan_places(struct ngx_plan *p, const char *name, bool tls, uint32_t *ret)
{
    struct ngx_hit hit[NGX_HITS_MAX];
    const struct ngx_servers *s = &p->servers;
    uint32_t n = ngx_hits(&p->servers, str_of(name), hit), count = 0;
    for (uint32_t i = 0; i < n; i++) {
        const struct ngx_server *v = &s->v[hit[i].server];
        for (uint32_t k = v->listen; k < v->listen + v->n_listens; k++) {
            const struct ngx_listen *l = &s->listen[k];
            if (l->family != NGX_UNIX && !l->quic && ngx_tls(l, v) == tls && (tls || has_port(l, p->http_port)) &&
                ngx_pick(s, k, hit, n) == &hit[i])
                ret[count++] = k;
        }
    }
    return count;
}

bool ngx_are_all(const struct ngx_plan *p, uint32_t server, const struct strlist *names)
{
    const struct ngx_server *v = &p->servers.v[server];
    for (uint32_t i = v->name; i < v->name + v->n_names; i++) {
        const struct ngx_name *n = &p->servers.name[i];
        bool there = n->kind == NGX_EXACT && strlist_has(names, str_of(n->value));
        for (size_t k = 0; n->kind == NGX_LEADING && !n->dot && k < names->n && !there; k++)
            there = names->v[k][0] == '*' && str_eq(str_skip(str_of(names->v[k]), 1), str_of(n->value));
        if (!there)
            return false;
    }
    return v->n_names > 0;
}

int ngx_plan_names(const struct ngx_plan *p, struct strlist *ret)
{
    for (uint32_t i = 0; i < p->servers.n_names; i++) {
        const struct ngx_name *n = &p->servers.name[i];
        signet_str value = str_of(n->value);
        BUF_AUTO(name, 1024);
        if (n->kind == NGX_LEADING && !n->dot)
            buf_addc(&name, '*');
        buf_add(&name, n->kind == NGX_LEADING && n->dot ? str_skip(value, 1) : value);
        bool fits = (n->kind == NGX_EXACT || n->kind == NGX_LEADING) && str_has(value, '.') && !buf_err(&name) &&
                    !value.p[strspn(value.p, "abcdefghijklmnopqrstuvwxyz0123456789-_.")] &&
                    value.p[strspn(value.p, "0123456789.")];
        if (fits && strlist_add_new(ret, buf_str(&name)))
            return SIGNET_ENOMEM;
    }
    return 0;
}
