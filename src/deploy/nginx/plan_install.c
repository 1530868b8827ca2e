/* Certificate and key into servers. */
#include "deploy/nginx/plan_in.h"
#include <stdlib.h>
#include <strings.h>

#define TEXT_MAX 65536u

static int add_linef(struct strlist *to, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static int add_linef(struct strlist *to, const char *fmt, ...)
{
    BUF_AUTO(line, TEXT_MAX);
    va_list ap;
    va_start(ap, fmt);
    buf_addv(&line, fmt, ap);
    va_end(ap);
    return buf_err(&line) ? SIGNET_ENOMEM : strlist_add(to, buf_str(&line));
}

/* ---- a server for names that have none: a copy of the default server, or of a chosen one ---- */

/* The only default server on the http port. */
static uint32_t find_default(const struct ngx_plan *p)
{
    const struct ngx_servers *s = &p->servers;
    uint32_t found = UINT32_MAX;
    for (uint32_t i = 0; i < s->n; i++)
        for (uint32_t k = s->v[i].listen; k < s->v[i].listen + s->v[i].n_listens; k++) {
            const struct ngx_listen *l = &s->listen[k];
            if (!l->is_default || l->family == NGX_UNIX || l->port > p->http_port || l->port_to < p->http_port)
                continue;
            if (found != UINT32_MAX && found != i)
                return UINT32_MAX;
            found = i;
        }
    return found;
}

/* The copy is not the default, and sets nothing that may be set once for a socket. */
static void plain_listen(struct text_patch *x, const struct ngx_tree *t, const struct ngx_node *n)
{
    static const char *const once[] = { "default_server", "default",      "ipv6only",     "reuseport", "backlog",
                                        "rcvbuf",         "sndbuf",       "deferred",     "bind",      "setfib",
                                        "fastopen",       "so_keepalive", "accept_filter" };
    for (uint32_t i = 2; i < n->n_words; i++) {
        signet_str name, value, word = ngx_raw(t, n, i);
        (void)str_cut(word, '=', &name, &value);
        for (size_t k = 0; k < sizeof once / sizeof once[0]; k++)
            if (str_eq(name, str_of(once[k]))) {
                uint32_t from = t->word[n->word + i].at - 1; /* with the blank in front of it */
                text_patch_put(x, from, (uint32_t)word.n + 1, STR(""));
            }
    }
}

static int copy_server(struct ngx_plan *p, struct ngx_patches *x, uint32_t server, const struct strlist *names)
{
    struct ngx_at at = p->servers.v[server].at;
    const struct ngx_tree *t = ngx_tree_of(&p->conf, at);
    const struct ngx_node *block = ngx_node_of(&p->conf, at);
    BUF_AUTO(line, TEXT_MAX);
    BUF_AUTO(text, NGX_FILE_BYTES_MAX);
    struct text_patch own = { 0 };
    bool named = false;
    buf_addz(&line, "server_name ");
    strlist_join(names, " ", &line);
    buf_addz(&line, ";" NGX_MARK);
    for (uint32_t i = block->child; i; i = t->node[i].next) {
        const struct ngx_node *n = &t->node[i];
        if (ngx_named(t, n, "listen"))
            plain_listen(&own, t, n);
        if (!ngx_named(t, n, "server_name"))
            continue;
        signet_str after = str_skip(t->text, n->end), rest;
        (void)str_cut(after, '\n', &rest, &after);
        if (str_trim(rest).n) /* ours ends its line */
            buf_addz(&line, ngx_newline(t));
        text_patch_put(&own, ngx_start(t, n), n->end - ngx_start(t, n), named ? STR("") : buf_str(&line));
        named = true;
    }
    if (!named) {
        STRLIST_AUTO(lines);
        if (strlist_add(&lines, buf_str(&line)))
            own.bad = SIGNET_ENOMEM;
        ngx_add_at_top(&own, t, block, &lines);
    }
    buf_addf(&text, "%s%s", ngx_newline(t), ngx_newline(t));
    ngx_indent_of(t, block, &text);
    int rc = text_patch_apply(&own, t->text, ngx_start(t, block), block->end, &text);
    text_patch_done(&own);
    text_patch_put(ngx_patch_for(x, at), block->end, 0, buf_str(&text));
    return rc || buf_err(&line) ? err_nomem(p->e) : 0;
}

/* A server that only redirects to https must not be the one for https. */
static int refuse_loop(const struct ngx_plan *p, uint32_t server, const struct strlist *names)
{
    struct ngx_at at;
    if (!ngx_loops(p, server, names, &at))
        return 0;
    const struct ngx_tree *t = ngx_tree_of(&p->conf, at);
    err_set(p->e, SIGNET_ESTATE,
            "cannot be edited safely: %s:%u: with TLS this server would redirect to itself without end",
            p->conf.file[at.file].path, ngx_line(t, ngx_start(t, ngx_node_of(&p->conf, at))));
    err_hint(p->e, "Give a server block that has something to show over https the name, with server_name, or take this "
                   "redirect away.");
    return SIGNET_ESTATE;
}

static int can_install(struct ngx_plan *p, const char *name, const uint32_t *server, uint32_t n)
{
    int rc = ngx_judged(p, str_of(name), server, n);
    for (uint32_t i = 0; !rc && i < n; i++)
        rc = refuse_loop(p, server[i], NULL);
    return rc;
}

static int find_original(const struct ngx_plan *p, const struct strlist *names, uint32_t *ret)
{
    uint32_t server = find_default(p);
    if (server == UINT32_MAX && p->choose && p->servers.n)
        return p->choose(p->ctx, names, ret, p->e);
    *ret = server;
    if (server != UINT32_MAX)
        return 0;
    return err_set(p->e, SIGNET_ENOTFOUND,
                   "Could not automatically find a matching server block for %s. Give a block that name with the "
                   "directive server_name.",
                   names->v[0]);
}

static int add_missing(struct ngx_plan *p, const struct strlist *names)
{
    STRLIST_AUTO(missing);
    struct ngx_patches x = { 0 };
    int rc = 0;
    for (size_t i = 0; i < names->n && !rc; i++) {
        uint32_t found[NGX_HITS_MAX], n = ngx_targets(p, str_of(names->v[i]), found);
        rc = can_install(p, names->v[i], found, n);
        if (!rc && !n && strlist_addz(&missing, names->v[i]))
            rc = err_nomem(p->e);
    }
    if (rc || !missing.n)
        return rc;
    uint32_t server;
    rc = find_original(p, &missing, &server);
    if (!rc)
        rc = refuse_loop(p, server, &missing);
    if (!rc)
        rc = ngx_patches_new(&x, p);
    if (!rc)
        rc = copy_server(p, &x, server, &missing);
    if (!rc)
        rc = ngx_patches_apply(&x, p);
    ngx_patches_done(&x);
    return rc;
}

/* ---- TLS for a server that has none ---- */

/* Who listens on "[::]" there; NULL: nobody. */
static const struct ngx_listen *any_ipv6(const struct ngx_servers *s, unsigned port)
{
    for (uint32_t i = 0; i < s->n_listens; i++)
        if (s->listen[i].family == NGX_IPV6 && !s->listen[i].addr[0] && s->listen[i].port <= port &&
            port <= s->listen[i].port_to)
            return &s->listen[i];
    return NULL;
}

/* Somebody listens for TLS on that very address: then a wildcard would never be asked there. */
static bool address_taken(const struct ngx_plan *p, const struct ngx_listen *l)
{
    for (uint32_t i = 0; i < p->servers.n_listens; i++) {
        const struct ngx_listen *o = &p->servers.listen[i];
        if (o->family == l->family && o->port <= p->https_port && p->https_port <= o->port_to &&
            !strcmp(o->addr, l->addr))
            return true;
    }
    return false;
}

static int listen_lines(const struct ngx_plan *p, uint32_t server, bool *ipv6_first, struct strlist *to)
{
    const struct ngx_servers *s = &p->servers;
    const struct ngx_server *v = &s->v[server];
    const struct ngx_listen *there = any_ipv6(s, p->https_port);
    bool v4 = false, v6 = false;
    int rc = 0;
    for (uint32_t i = v->listen; i < v->listen + v->n_listens; i++) {
        const struct ngx_listen *l = &s->listen[i];
        bool own = l->family != NGX_UNIX && l->addr[0] && address_taken(p, l);
        if (own && l->family == NGX_IPV6)
            rc |= add_linef(to, "listen [%s]:%u ssl;" NGX_MARK, l->addr, p->https_port);
        else if (own)
            rc |= add_linef(to, "listen %s:%u ssl;" NGX_MARK, l->addr, p->https_port);
        else if (l->family == NGX_IPV6) {
            v6 = true;
            v4 |= l->dual;
        } else
            v4 = true;
    }
    if (there && there->dual) { /* a socket for IPv4 beside it could not be had */
        v6 |= v4;
        v4 = false;
    }
    if (v6) {
        rc |= add_linef(to, "listen [::]:%u ssl%s;" NGX_MARK, p->https_port, *ipv6_first ? " ipv6only=on" : "");
        *ipv6_first = false;
    }
    if (v4)
        rc |= add_linef(to, "listen %u ssl;" NGX_MARK, p->https_port);
    if (v->n_listens == 1 && !s->listen[v->listen].at.node) /* nginx's own default ends when there is a listen */
        rc |= add_linef(to, "listen 80;" NGX_MARK);
    return rc;
}

/* What our file of options sets may be set once in a server. */
static bool options_clash(const struct ngx_plan *p, uint32_t server)
{
    static const char *const set[] = { "ssl_session_cache", "ssl_session_timeout",       "ssl_session_tickets",
                                       "ssl_protocols",     "ssl_prefer_server_ciphers", "ssl_ciphers" };
    struct ngx_at at;
    for (size_t i = 0; i < sizeof set / sizeof set[0]; i++)
        if (ngx_server_has(p, server, set[i], &at))
            return true;
    return false;
}

static int tls_lines(const struct ngx_plan *p, uint32_t server, const struct ngx_wish *w, bool *ipv6_first,
                     struct strlist *to)
{
    struct ngx_at at;
    BUF_AUTO(options, TEXT_MAX);
    BUF_AUTO(dhparam, TEXT_MAX);
    int rc = ngx_has_tls(&p->servers, server) ? 0 : listen_lines(p, server, ipv6_first, to);
    BUF_AUTO(cert, TEXT_MAX);
    BUF_AUTO(key, TEXT_MAX);
    ngx_quote(w->cert, &cert);
    ngx_quote(w->key, &key);
    if (!ngx_server_has(p, server, "ssl_certificate", &at))
        rc |= add_linef(to, "ssl_certificate %s;" NGX_MARK, buf_z(&cert));
    if (!ngx_server_has(p, server, "ssl_certificate_key", &at))
        rc |= add_linef(to, "ssl_certificate_key %s;" NGX_MARK, buf_z(&key));
    if (ngx_has_tls(&p->servers, server))
        return rc;
    ngx_quote(w->options, &options);
    ngx_quote(w->dhparam, &dhparam);
    if (!options_clash(p, server))
        rc |= add_linef(to, "include %s;" NGX_MARK, buf_z(&options));
    if (!ngx_server_has(p, server, "ssl_dhparam", &at))
        rc |= add_linef(to, "ssl_dhparam %s;" NGX_MARK, buf_z(&dhparam));
    return rc;
}

/* ---- all of it ---- */

struct job {
    struct ngx_plan *p;
    struct ngx_patches x;
    const struct ngx_wish *w;
    bool *done; /* by server */
    bool ipv6_first;
};

static int install_one(struct job *j, uint32_t server)
{
    STRLIST_AUTO(lines);
    struct ngx_plan *p = j->p;
    struct ngx_at at = p->servers.v[server].at;
    if (j->done[server])
        return 0;
    j->done[server] = true;
    int rc = ngx_set_pair(p, &j->x, server, j->w);
    if (rc)
        return rc;
    if (tls_lines(p, server, j->w, &j->ipv6_first, &lines))
        return err_nomem(p->e);
    if (lines.n)
        ngx_add_at_end(ngx_patch_for(&j->x, at), ngx_tree_of(&p->conf, at), ngx_node_of(&p->conf, at), &lines);
    if (lines.n || ngx_patch_for(&j->x, at)->n)
        changes_note(p->changes, "Changed vhost at %s\n\tssl_certificate %s\n\tssl_certificate_key %s",
                     p->conf.file[at.file].path, j->w->cert, j->w->key);
    return 0;
}

static int install_all(struct job *j, struct strlist *where)
{
    int rc = 0;
    for (size_t i = 0; !rc && i < j->w->names->n; i++) {
        uint32_t found[NGX_HITS_MAX], n = ngx_targets(j->p, str_of(j->w->names->v[i]), found);
        for (uint32_t k = 0; !rc && k < n; k++)
            rc = install_one(j, found[k]);
        if (!rc && n && strlist_addz(where, j->p->conf.file[j->p->servers.v[found[0]].at.file].path))
            rc = err_nomem(j->p->e);
    }
    return rc;
}

int ngx_plan_install(struct ngx_plan *p, const struct ngx_wish *w, struct strlist *where)
{
    struct job j = { .p = p, .w = w };
    int rc = add_missing(p, w->names);
    if (rc)
        return rc;
    /* "ipv6only=on" may be given once for a socket, and the first to listen there gives it */
    j.ipv6_first = !any_ipv6(&p->servers, p->https_port);
    j.done = calloc(p->servers.n + 1, sizeof *j.done);
    if (!j.done)
        return err_nomem(p->e);
    rc = ngx_patches_new(&j.x, p);
    if (!rc)
        rc = install_all(&j, where);
    if (!rc)
        rc = ngx_patches_apply(&j.x, p);
    ngx_patches_done(&j.x);
    free(j.done);
    return rc;
}
