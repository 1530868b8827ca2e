/* Sending http requests to https: what is there already, and what is put there. */
#include "deploy/nginx/match.h"
#include "deploy/nginx/plan_in.h"
#include <stdlib.h>

#define TEXT_MAX 65536u

/* ---- is it there already? ---- */

static bool is_every_path(const struct ngx_tree *t, const struct ngx_node *rewrite)
{
    static const char *const every[] = { "^",     "^/",     "^/.*", "^/(.*)",   "^/?(.*)", "^.*",
                                         "^(.*)", "^(/.*)", "^.*$", "^(.*)$",   "^/.*$",   "^/(.*)$",
                                         "/",     ".*",     "(.*)", "^/?(.*)$", "^(/.*)$", "^/?.*$" };
    for (size_t i = 0; i < sizeof every / sizeof every[0]; i++)
        if (ngx_value_is(t, rewrite, 1, every[i]))
            return true;
    return false;
}

/* Appends where it leads to. */
static bool to_https(const struct ngx_tree *t, const struct ngx_node *n, struct buf *value)
{
    buf_clear(value);
    if (n->kind != NGX_SIMPLE || n->n_words < 2)
        return false;
    if (ngx_named(t, n, "return")) {
        ngx_value(t, n, n->n_words - 1, value);
        return str_starts(buf_str(value), STR("https://")) &&
               (n->n_words == 2 || str_starts(ngx_raw(t, n, 1), STR("30")));
    }
    if (ngx_named(t, n, "rewrite") && n->n_words >= 3) {
        ngx_value(t, n, 2, value);
        return str_starts(buf_str(value), STR("https://")) && is_every_path(t, n);
    }
    return false;
}

/* The first of a block; NULL: it has none. */
static const struct ngx_node *redirect_in(const struct ngx_tree *t, const struct ngx_node *block, struct buf *to)
{
    for (uint32_t i = block->child; i; i = t->node[i].next)
        if (to_https(t, &t->node[i], to))
            return &t->node[i];
    return NULL;
}

/* The words of an "if", joined: ($host=a.test) */
static void condition(const struct ngx_tree *t, const struct ngx_node *n, struct buf *to)
{
    for (uint32_t i = 1; i < n->n_words; i++)
        for (size_t k = 0; k < ngx_raw(t, n, i).n; k++)
            if (!strchr("\"' ", ngx_raw(t, n, i).p[k]))
                buf_addc(to, ngx_raw(t, n, i).p[k]);
}

/* What "if" compares $host with, for a name. */
static void host_test(signet_str name, bool spaced, struct buf *to)
{
    bool wild = str_starts(name, STR("*."));
    buf_addz(to, !wild ? (spaced ? "$host = " : "$host=") : spaced ? "$host ~ ^[^.]+" : "$host~^[^.]+");
    if (!wild) {
        buf_add(to, name);
        return;
    }
    for (size_t i = 1; i < name.n; i++) {
        if (name.p[i] == '.')
            buf_addc(to, '\\');
        buf_addc(to, name.p[i]);
    }
    buf_addc(to, '$');
}

static bool if_covers(const struct ngx_tree *t, const struct ngx_node *n, signet_str name)
{
    static const char *const always[] = { "($scheme!=https)", "($scheme=http)", "($https=)", "($https!=on)",
                                          "($server_port=80)" };
    BUF_AUTO(is, TEXT_MAX);
    BUF_AUTO(want, TEXT_MAX);
    condition(t, n, &is);
    for (size_t i = 0; i < sizeof always / sizeof always[0]; i++)
        if (!strcmp(buf_z(&is), always[i]))
            return true;
    buf_addc(&want, '(');
    host_test(name, false, &want);
    buf_addc(&want, ')');
    return !strcmp(buf_z(&is), buf_z(&want));
}

struct looking {
    signet_str name;
};

static int look(void *ctx, const struct ngx_conf *c, struct ngx_at at)
{
    const struct looking *k = ctx;
    const struct ngx_tree *t = ngx_tree_of(c, at);
    const struct ngx_node *n = ngx_node_of(c, at);
    BUF_AUTO(to, TEXT_MAX);
    if (to_https(t, n, &to))
        return 1;
    if (n->kind != NGX_BLOCK || !redirect_in(t, n, &to))
        return 0;
    if (ngx_named(t, n, "if"))
        return if_covers(t, n, k->name);
    return ngx_named(t, n, "location") && ngx_value_is(t, n, n->n_words - 1, "/");
}

bool ngx_redirects(const struct ngx_plan *p, uint32_t server, signet_str name)
{
    struct looking k = { name };
    return ngx_visit(&p->conf, p->servers.v[server].at, look, &k) != 0;
}

/* ---- would it lead back to itself? ---- */

static signet_str name_end(signet_str s)
{
    size_t n = 0;
    while (n < s.n && !strchr("/:?#$", s.p[n]))
        n++;
    return str_skip(s, n);
}

/* "https://$host…": rest gets what follows the name of the server. */
static bool to_own_variable(signet_str url, signet_str *rest)
{
    static const char *const own[] = { "$host",        "${host}",      "$http_host",
                                       "${http_host}", "$server_name", "${server_name}" };
    for (size_t i = 0; i < sizeof own / sizeof own[0]; i++) {
        if (!str_starts(url, str_of(own[i])))
            continue;
        *rest = str_skip(url, strlen(own[i]));
        if (!rest->n || strchr("/:?#$", rest->p[0]))
            return true;
    }
    return false;
}

struct loop_look {
    const struct ngx_plan *p;
    uint32_t server;
    const struct strlist *names;
    struct ngx_at *ret;
};

static bool is_own_name(const struct loop_look *k, signet_str host)
{
    const struct ngx_server *v = &k->p->servers.v[k->server];
    enum ngx_match kind;
    for (uint32_t i = v->name; i < v->name + v->n_names; i++)
        if (ngx_name_fits(&k->p->servers.name[i], host, &kind))
            return true;
    return k->names && strlist_has(k->names, host);
}

/* Does the redirect lead to the port for https of this server? `narrow`: it is for some of its names only. */
static bool leads_back(const struct loop_look *k, signet_str url, bool narrow)
{
    signet_str rest, host = str_skip(url, strlen("https://"));
    uint64_t port = k->p->https_port;
    if (!to_own_variable(host, &rest)) {
        rest = name_end(host);
        host.n -= rest.n;
        if (narrow || !is_own_name(k, host))
            return false;
    }
    if (str_starts(rest, STR(":"))) {
        signet_str digits = str_skip(rest, 1), after = name_end(digits);
        digits.n -= after.n;
        (void)str_u64(digits, 65535, &port);
    }
    return port == k->p->https_port;
}

static int look_for_loop(void *ctx, const struct ngx_conf *c, struct ngx_at at)
{
    const struct loop_look *k = ctx;
    const struct ngx_tree *t = ngx_tree_of(c, at);
    const struct ngx_node *n = ngx_node_of(c, at), *found = n;
    BUF_AUTO(to, TEXT_MAX);
    bool narrow = false;
    if (n->kind == NGX_BLOCK && ngx_named(t, n, "if")) {
        BUF_AUTO(is, TEXT_MAX);
        condition(t, n, &is);
        narrow = true;
        if (!str_starts(buf_str(&is), STR("($host=")) && !str_starts(buf_str(&is), STR("($host~")))
            return 0;
    } else if (n->kind == NGX_BLOCK && !(ngx_named(t, n, "location") && ngx_value_is(t, n, n->n_words - 1, "/"))) {
        return 0;
    }
    if (n->kind == NGX_BLOCK ? !(found = redirect_in(t, n, &to)) : !to_https(t, n, &to))
        return 0;
    if (!leads_back(k, buf_str(&to), narrow))
        return 0;
    *k->ret = (struct ngx_at){ at.file, (uint32_t)(found - t->node) };
    return 1;
}

bool ngx_loops(const struct ngx_plan *p, uint32_t server, const struct strlist *names, struct ngx_at *ret)
{
    struct loop_look k = { p, server, names, ret };
    return !ngx_has_tls(&p->servers, server) && ngx_visit(&p->conf, p->servers.v[server].at, look_for_loop, &k);
}

/* ---- putting it there ---- */

static int redirect_lines(const struct strlist *names, struct strlist *to)
{
    for (size_t i = 0; i < names->n; i++) {
        BUF_AUTO(text, TEXT_MAX);
        buf_addz(&text, "if (");
        host_test(str_of(names->v[i]), true, &text);
        buf_addz(&text, ") {\n    return 301 https://$host$request_uri;\n}" NGX_MARK "\n");
        if (buf_err(&text) || strlist_add(to, buf_str(&text)))
            return SIGNET_ENOMEM;
    }
    return 0;
}

int ngx_add_redirects(struct ngx_plan *p, struct ngx_patches *x, uint32_t server, const struct strlist *names)
{
    STRLIST_AUTO(lines);
    struct ngx_at at = p->servers.v[server].at;
    if (redirect_lines(names, &lines))
        return err_nomem(p->e);
    ngx_add_at_top(ngx_patch_for(x, at), ngx_tree_of(&p->conf, at), ngx_node_of(&p->conf, at), &lines);
    return 0;
}

static bool is_tls_directive(const struct ngx_tree *t, const struct ngx_node *n)
{
    BUF_AUTO(value, TEXT_MAX);
    if (n->kind != NGX_SIMPLE)
        return false;
    if (str_starts(ngx_raw(t, n, 0), STR("ssl_")) || ngx_named(t, n, "ssl"))
        return true;
    ngx_value(t, n, 1, &value);
    if (ngx_named(t, n, "add_header"))
        return str_ieq(buf_str(&value), STR("strict-transport-security"));
    return ngx_named(t, n, "include") && str_ends(buf_str(&value), STR("/options-ssl-nginx.conf"));
}

static const struct ngx_listen *listen_of(const struct ngx_servers *s, uint32_t server, struct ngx_at at)
{
    const struct ngx_server *v = &s->v[server];
    for (uint32_t i = v->listen; i < v->listen + v->n_listens; i++)
        if (s->listen[i].at.file == at.file && s->listen[i].at.node == at.node)
            return &s->listen[i];
    return NULL;
}

/* Every listen without TLS is a directive of the block itself, so that it can be moved. */
static bool can_split(const struct ngx_plan *p, uint32_t server)
{
    const struct ngx_server *v = &p->servers.v[server];
    for (uint32_t i = v->listen; i < v->listen + v->n_listens; i++) {
        const struct ngx_listen *l = &p->servers.listen[i];
        if (!ngx_tls(l, v) && (!l->at.node || l->at.file != v->at.file))
            return false;
    }
    return true;
}

/* The server for http, when all of its names are redirected: nothing else is served there. */
static void short_server(struct ngx_plan *p, uint32_t server, const struct strlist *names, struct strlist *lines)
{
    const struct ngx_server *v = &p->servers.v[server];
    const struct ngx_tree *t = ngx_tree_of(&p->conf, v->at);
    BUF_AUTO(line, TEXT_MAX);
    int rc = redirect_lines(names, lines);
    for (uint32_t i = ngx_node_of(&p->conf, v->at)->child; i && !rc; i = t->node[i].next) {
        const struct ngx_listen *l = listen_of(&p->servers, server, (struct ngx_at){ v->at.file, i });
        if (!l || ngx_tls(l, v))
            continue;
        buf_clear(&line);
        buf_add(&line,
                (signet_str){ t->text.p + ngx_start(t, &t->node[i]), t->node[i].end - ngx_start(t, &t->node[i]) });
        rc = strlist_add(lines, buf_str(&line));
    }
    buf_clear(&line);
    buf_addz(&line, "server_name");
    for (uint32_t i = v->name; i < v->name + v->n_names; i++) {
        const struct ngx_name *n = &p->servers.name[i];
        buf_addc(&line, ' ');
        buf_add(&line, ngx_raw(ngx_tree_of(&p->conf, n->at), ngx_node_of(&p->conf, n->at), n->word));
    }
    buf_addz(&line, ";\nreturn 404;" NGX_MARK);
    if (rc || buf_err(&line) || strlist_add(lines, buf_str(&line)))
        err_nomem(p->e);
}

static void add_block(const struct ngx_tree *t, const struct strlist *lines, const char *outer, const char *inner,
                      struct buf *to)
{
    const char *nl = ngx_newline(t);
    buf_addf(to, "%sserver {%s", outer, nl);
    for (size_t i = 0; i < lines->n; i++) {
        signet_str line, rest = str_of(lines->v[i]);
        bool more = true;
        while (more) {
            more = str_cut(rest, '\n', &line, &rest);
            if (line.n)
                buf_addz(to, inner);
            buf_add(to, line);
            buf_addz(to, nl);
        }
    }
    buf_addf(to, "%s}", outer);
}

/* The server as it is, without what belongs to TLS, and with redirects for some of its names. */
static int whole_copy(struct ngx_plan *p, uint32_t server, const struct strlist *names, const char *outer,
                      struct buf *to)
{
    const struct ngx_server *v = &p->servers.v[server];
    const struct ngx_tree *t = ngx_tree_of(&p->conf, v->at);
    const struct ngx_node *block = ngx_node_of(&p->conf, v->at);
    struct text_patch own = { 0 };
    STRLIST_AUTO(lines);
    if (names && redirect_lines(names, &lines))
        own.bad = SIGNET_ENOMEM;
    if (lines.n)
        ngx_add_at_top(&own, t, block, &lines);
    for (uint32_t i = block->child; i; i = t->node[i].next) {
        const struct ngx_listen *l = listen_of(&p->servers, server, (struct ngx_at){ v->at.file, i });
        if ((l && ngx_tls(l, v)) || is_tls_directive(t, &t->node[i]))
            ngx_cut(&own, t, &t->node[i]);
    }
    buf_addz(to, outer);
    int rc = text_patch_apply(&own, t->text, ngx_start(t, block), block->end, to);
    text_patch_done(&own);
    return rc;
}

int ngx_split(struct ngx_plan *p, struct ngx_patches *x, uint32_t server, const struct strlist *names)
{
    const struct ngx_server *v = &p->servers.v[server];
    const struct ngx_tree *t = ngx_tree_of(&p->conf, v->at);
    const struct ngx_node *block = ngx_node_of(&p->conf, v->at);
    struct text_patch *patch = ngx_patch_for(x, v->at);
    BUF_AUTO(text, NGX_FILE_BYTES_MAX);
    BUF_AUTO(outer, TEXT_MAX);
    BUF_AUTO(inner, TEXT_MAX);
    STRLIST_AUTO(lines);
    int rc = 0;
    if (!can_split(p, server))
        return SIGNET_EINVAL;
    ngx_indent_of(t, block, &outer);
    ngx_indent_in(t, block, &inner);
    buf_addf(&text, "%s%s", ngx_newline(t), ngx_newline(t));
    if (names && ngx_are_all(p, server, names)) {
        short_server(p, server, names, &lines);
        add_block(t, &lines, buf_z(&outer), buf_z(&inner), &text);
        rc = p->e->code;
    } else {
        rc = whole_copy(p, server, names, buf_z(&outer), &text);
    }
    for (uint32_t i = block->child; i; i = t->node[i].next) {
        const struct ngx_listen *l = listen_of(&p->servers, server, (struct ngx_at){ v->at.file, i });
        if (l && !ngx_tls(l, v))
            ngx_cut(patch, t, &t->node[i]);
    }
    text_patch_put(patch, block->end, 0, buf_str(&text));
    return rc || buf_err(&text) ? err_nomem(p->e) : 0;
}

/* ---- the plan ---- */

struct need {
    uint32_t server;
    struct strlist names;
};

static struct need *need_for(struct need *v, size_t *n, size_t max, uint32_t server)
{
    for (size_t i = 0; i < *n; i++)
        if (v[i].server == server)
            return &v[i];
    if (*n == max)
        return NULL;
    v[*n] = (struct need){ .server = server };
    return &v[(*n)++];
}

/* Where the listens cannot be moved: the scheme decides. */
static int in_place(struct ngx_plan *p, struct ngx_patches *x, uint32_t server)
{
    STRLIST_AUTO(lines);
    struct ngx_at at = p->servers.v[server].at;
    if (strlist_addz(&lines, "if ($scheme != \"https\") {\n    return 301 https://$host$request_uri;\n}" NGX_MARK "\n"))
        return err_nomem(p->e);
    ngx_add_at_top(ngx_patch_for(x, at), ngx_tree_of(&p->conf, at), ngx_node_of(&p->conf, at), &lines);
    return 0;
}

static int redirect_one(struct ngx_plan *p, struct ngx_patches *x, const struct need *k)
{
    struct ngx_at at = p->servers.v[k->server].at;
    changes_note(p->changes, "Redirecting all traffic on port %u to ssl in %s", p->http_port,
                 p->conf.file[at.file].path);
    if (!ngx_has_tls(&p->servers, k->server))
        return ngx_add_redirects(p, x, k->server, &k->names);
    int rc = ngx_split(p, x, k->server, &k->names);
    return rc == SIGNET_EINVAL ? in_place(p, x, k->server) : rc;
}

static int gather(struct ngx_plan *p, const struct strlist *names, struct need *v, size_t *n, size_t max)
{
    for (size_t i = 0; i < names->n; i++) {
        uint32_t found[NGX_HITS_MAX], count = ngx_plain_servers(p, str_of(names->v[i]), found);
        int rc = count ? ngx_judged(p, str_of(names->v[i]), found, count) : 0;
        if (rc)
            return rc;
        for (uint32_t k = 0; k < count; k++) {
            if (ngx_redirects(p, found[k], str_of(names->v[i])))
                continue;
            struct need *one = need_for(v, n, max, found[k]);
            if (!one || strlist_addz(&one->names, names->v[i]))
                return err_nomem(p->e);
        }
    }
    return 0;
}

int ngx_plan_redirect(struct ngx_plan *p, const struct strlist *names)
{
    struct ngx_patches x = { 0 };
    size_t n = 0, max = p->servers.n;
    struct need *v = calloc(max + 1, sizeof *v);
    if (!v)
        return err_nomem(p->e);
    int rc = ngx_patches_new(&x, p);
    if (!rc)
        rc = gather(p, names, v, &n, max);
    for (size_t i = 0; !rc && i < n; i++)
        rc = redirect_one(p, &x, &v[i]);
    if (!rc)
        rc = ngx_patches_apply(&x, p);
    for (size_t i = 0; i < n; i++)
        strlist_done(&v[i].names);
    free(v);
    ngx_patches_done(&x);
    return rc;
}
