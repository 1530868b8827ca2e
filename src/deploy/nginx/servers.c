/* Finding the server blocks. Which of them fits a name is in match.c. */
#include "deploy/nginx/servers.h"

#include "deploy/nginx/match.h"
#include <stdlib.h>

#define WORD_BYTES_MAX 4096u

struct finder {
    struct ngx_servers *s;
    struct err *e;
};

void ngx_servers_done(struct ngx_servers *s)
{
    for (uint32_t i = 0; i < s->n_names; i++)
        ngx_name_done(&s->name[i]);
    free(s->v);
    free(s->listen);
    free(s->name);
    free(s->exact);
    free(s->other);
    *s = (struct ngx_servers){ 0 };
}

static int grow(void **v, uint32_t n, uint32_t *cap, size_t size)
{
    if (n < *cap)
        return 0;
    uint32_t want = *cap ? *cap * 2 : 32;
    void *more = reallocarray(*v, want, size);
    if (!more)
        return SIGNET_ENOMEM;
    *v = more;
    *cap = want;
    return 0;
}

static int add_listen(struct ngx_servers *s, const struct ngx_listen *l)
{
    if (grow((void **)&s->listen, s->n_listens, &s->cap_listens, sizeof *s->listen))
        return SIGNET_ENOMEM;
    s->listen[s->n_listens++] = *l;
    s->v[s->n - 1].n_listens++;
    return 0;
}

/* ---- listen ---- */

static bool port_of(signet_str s, struct ngx_listen *l)
{
    signet_str from, to;
    uint64_t a, b;
    bool range = str_cut(s, '-', &from, &to);
    if (str_u64(from, 65535, &a) || (range && str_u64(to, 65535, &b)))
        return false;
    l->port = (unsigned)a;
    l->port_to = range ? (unsigned)b : (unsigned)a;
    return true;
}

static void put_addr(struct ngx_listen *l, signet_str s)
{
    if (s.n >= sizeof l->addr)
        s.n = sizeof l->addr - 1;
    if (s.n)
        memcpy(l->addr, s.p, s.n);
    l->addr[s.n] = '\0';
}

/* "80", "*:80", "1.2.3.4", "1.2.3.4:80", "[::]:80", "name:80", "unix:/path" */
static void read_address(signet_str s, struct ngx_listen *l)
{
    signet_str host = s, rest = { 0 };
    l->port = l->port_to = 80;
    if (str_starts(s, STR("unix:"))) {
        l->family = NGX_UNIX;
        put_addr(l, s);
        return;
    }
    if (port_of(s, l))
        return;
    if (str_starts(s, STR("["))) {
        (void)str_cut(str_skip(s, 1), ']', &host, &rest);
        rest = str_skip(rest, 1);
        l->family = NGX_IPV6;
    } else {
        (void)str_cut(s, ':', &host, &rest);
    }
    (void)port_of(rest, l);
    if (str_eq(host, STR("localhost")))
        host = STR("127.0.0.1");
    if (!str_eq(host, STR("*")) && !str_eq(host, STR("::")) && !str_eq(host, STR("0.0.0.0")))
        put_addr(l, host);
}

static void read_flag(signet_str w, struct ngx_listen *l)
{
    l->ssl |= str_eq(w, STR("ssl"));
    l->quic |= str_eq(w, STR("quic"));
    l->is_default |= str_eq(w, STR("default_server")) || str_eq(w, STR("default"));
    l->proxy_protocol |= str_eq(w, STR("proxy_protocol"));
    l->ipv6only_off |= str_eq(w, STR("ipv6only=off"));
}

static int take_listen(struct finder *f, struct ngx_at at)
{
    BUF_AUTO(word, WORD_BYTES_MAX);
    struct ngx_listen l = { .at = at };
    const struct ngx_tree *t = ngx_tree_of(f->s->conf, at);
    const struct ngx_node *n = ngx_node_of(f->s->conf, at);
    for (uint32_t i = 1; i < n->n_words; i++) {
        buf_clear(&word);
        ngx_value(t, n, i, &word);
        if (i == 1)
            read_address(buf_str(&word), &l);
        else
            read_flag(buf_str(&word), &l);
    }
    return add_listen(f->s, &l) ? err_nomem(f->e) : 0;
}

/* ---- server_name ---- */

static int take_names(struct finder *f, struct ngx_at at)
{
    BUF_AUTO(word, WORD_BYTES_MAX);
    struct ngx_servers *s = f->s;
    const struct ngx_node *n = ngx_node_of(s->conf, at);
    for (uint32_t i = 1; i < n->n_words; i++) {
        struct ngx_name name = { .at = at, .word = i, .server = s->n - 1 };
        buf_clear(&word);
        ngx_value(ngx_tree_of(s->conf, at), n, i, &word);
        if (grow((void **)&s->name, s->n_names, &s->cap_names, sizeof *s->name) || ngx_name_read(&name, buf_str(&word)))
            return err_nomem(f->e);
        s->name[s->n_names++] = name;
        s->v[s->n - 1].n_names++;
    }
    return 0;
}

static int on_directive(void *ctx, const struct ngx_conf *c, struct ngx_at at)
{
    struct finder *f = ctx;
    const struct ngx_tree *t = ngx_tree_of(c, at);
    const struct ngx_node *n = ngx_node_of(c, at);
    if (n->kind != NGX_SIMPLE)
        return 0;
    if (ngx_named(t, n, "listen"))
        return take_listen(f, at);
    if (ngx_named(t, n, "server_name"))
        return take_names(f, at);
    if (ngx_named(t, n, "ssl"))
        f->s->v[f->s->n - 1].ssl_on = ngx_value_is(t, n, 1, "on");
    return 0;
}

static int take_server(struct finder *f, struct ngx_at at)
{
    struct ngx_servers *s = f->s;
    if (s->n == NGX_SERVERS_MAX)
        return err_set(f->e, SIGNET_ELIMIT, "the configuration has more than %u server blocks", NGX_SERVERS_MAX);
    if (grow((void **)&s->v, s->n, &s->cap, sizeof *s->v))
        return err_nomem(f->e);
    s->v[s->n++] = (struct ngx_server){ .at = at, .listen = s->n_listens, .name = s->n_names };
    int rc = ngx_visit(s->conf, at, on_directive, f);
    if (!rc && !s->v[s->n - 1].n_listens &&
        add_listen(s, &(struct ngx_listen){ .at = { at.file, 0 }, .port = 80, .port_to = 80 }))
        rc = err_nomem(f->e);
    return rc;
}

static int in_http(void *ctx, const struct ngx_conf *c, struct ngx_at at)
{
    const struct ngx_node *n = ngx_node_of(c, at);
    bool server = n->kind == NGX_BLOCK && ngx_named(ngx_tree_of(c, at), n, "server");
    return server ? take_server(ctx, at) : 0;
}

static int at_top(void *ctx, const struct ngx_conf *c, struct ngx_at at)
{
    struct finder *f = ctx;
    const struct ngx_node *n = ngx_node_of(c, at);
    if (n->kind != NGX_BLOCK || !ngx_named(ngx_tree_of(c, at), n, "http"))
        return 0;
    if (!f->s->http.node)
        f->s->http = at;
    return ngx_visit(c, at, in_http, ctx);
}

/* "ipv6only=off" is said once and holds for all who listen there. */
static void find_dual(struct ngx_servers *s)
{
    for (uint32_t i = 0; i < s->n_listens; i++) {
        const struct ngx_listen *l = &s->listen[i];
        bool off = l->ipv6only_off && !l->dual && l->family == NGX_IPV6 && !l->addr[0];
        for (uint32_t k = 0; off && k < s->n_listens; k++)
            s->listen[k].dual |= ngx_same_socket(l, &s->listen[k]);
    }
}

static int find(struct ngx_servers *s, struct err *e)
{
    struct finder f = { s, e };
    int rc = ngx_visit(s->conf, (struct ngx_at){ 0, 0 }, at_top, &f);
    find_dual(s);
    if (!rc && ngx_names_index(s))
        rc = err_nomem(e);
    if (rc)
        ngx_servers_done(s);
    return rc;
}

int ngx_servers_find(struct ngx_servers *ret, const struct ngx_conf *c, struct err *e)
{
    struct ngx_servers s = { .conf = c };
    int rc = find(&s, e);
    if (!rc)
        *ret = s;
    return rc;
}

int ngx_servers_again(struct ngx_servers *s, struct err *e)
{
    for (uint32_t i = 0; i < s->n_names; i++)
        ngx_name_done(&s->name[i]);
    free(s->exact);
    free(s->other);
    *s = (struct ngx_servers){ .conf = s->conf,
                               .v = s->v,
                               .cap = s->cap,
                               .listen = s->listen,
                               .cap_listens = s->cap_listens,
                               .name = s->name,
                               .cap_names = s->cap_names };
    return find(s, e);
}

struct seeker {
    const char *name;
    struct ngx_at *ret;
    bool found;
};

static int seek(void *ctx, const struct ngx_conf *c, struct ngx_at at)
{
    struct seeker *k = ctx;
    if (ngx_named(ngx_tree_of(c, at), ngx_node_of(c, at), k->name)) {
        *k->ret = at;
        k->found = true;
    }
    return 0;
}

bool ngx_find_in(const struct ngx_conf *c, struct ngx_at block, const char *name, struct ngx_at *ret)
{
    struct seeker k = { .name = name, .ret = ret };
    (void)ngx_visit(c, block, seek, &k);
    return k.found;
}
