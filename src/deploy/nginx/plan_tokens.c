/* Answers for http-01, for as long as the CA looks. A rewrite with "break" at the very top of a server keeps all that
 * comes later in it (redirects, other rewrites) away from the path; a location of just that path gives the answer,
 * before any access rule. Names that no server on the http port has get servers of their own in a file that is included
 * first. */
#include "deploy/nginx/plan_in.h"
#include <stdlib.h>

#define TEXT_MAX 65536u
#define PATH     "/.well-known/acme-challenge/"
/* nginx's table of names is as wide as a cache line; a longer name makes it refuse its configuration. */
#define BUCKET_NAME_MAX 40u
#define BUCKET          128u
#define BUCKET_EXTRA    32u /* what else nginx keeps with a name */
#define BUCKET_MAX      65536u

static int location(const struct ngx_token *v, struct buf *to)
{
    buf_addf(to, "location = " PATH "%s {\n    default_type text/plain;\n    return 200 %s;\n}" NGX_MARK, v->token,
             v->key_auth);
    return buf_err(to);
}

struct job {
    struct ngx_plan *p;
    struct ngx_patches x;
    struct strlist *lines; /* by server */
    struct buf *include;
};

static int add_to_server(struct job *j, uint32_t server, const struct ngx_token *v)
{
    BUF_AUTO(text, TEXT_MAX);
    struct strlist *lines = &j->lines[server];
    if (!lines->n && strlist_addz(lines, "rewrite ^(/.well-known/acme-challenge/.*) $1 break;" NGX_MARK))
        return err_nomem(j->p->e);
    return location(v, &text) || strlist_add(lines, buf_str(&text)) ? err_nomem(j->p->e) : 0;
}

/* Sockets on the http port where no server has the name: *ret gets "listen …" lines for them. */
static int other_sockets(struct job *j, signet_str name, struct strlist *ret)
{
    struct ngx_hit hit[NGX_HITS_MAX];
    struct ngx_plan *p = j->p;
    uint32_t n_hits = ngx_hits(&p->servers, name, hit);
    uint32_t *socket = calloc(p->servers.n_listens + 1, sizeof *socket), n;
    int rc = 0;
    if (!socket)
        return SIGNET_ENOMEM;
    n = ngx_sockets(&p->servers, p->http_port, false, socket);
    for (uint32_t i = 0; !rc && i < n; i++) {
        const struct ngx_listen *l = &p->servers.listen[socket[i]];
        BUF_AUTO(line, 512);
        if (ngx_pick(&p->servers, socket[i], hit, n_hits))
            continue;
        bool v6 = l->family == NGX_IPV6;
        buf_addf(&line, "listen %s%s%s:%u%s;", v6 ? "[" : "",
                 l->addr[0] ? l->addr
                 : v6       ? "::"
                            : "*",
                 v6 ? "]" : "", p->http_port, l->proxy_protocol ? " proxy_protocol" : "");
        rc = strlist_add_new(ret, buf_str(&line));
    }
    free(socket);
    if (!rc && !n) {
        BUF_AUTO(line, 64);
        buf_addf(&line, "listen %u;", p->http_port);
        rc = strlist_add(ret, buf_str(&line));
    }
    return rc;
}

static int own_server(struct job *j, const struct ngx_token *v)
{
    STRLIST_AUTO(listens);
    BUF_AUTO(text, TEXT_MAX);
    int rc = other_sockets(j, str_of(v->name), &listens);
    if (rc || !listens.n)
        return rc ? err_nomem(j->p->e) : 0;
    buf_addz(j->include, "server {\n");
    for (size_t i = 0; i < listens.n; i++)
        buf_addf(j->include, "    %s\n", listens.v[i]);
    rc = location(v, &text);
    buf_addf(j->include, "    server_name %s;\n%s\n}\n", v->name, buf_z(&text));
    return rc || buf_err(j->include) ? err_nomem(j->p->e) : 0;
}

static int one_token(struct job *j, const struct ngx_token *v)
{
    uint32_t found[NGX_HITS_MAX], n = ngx_plain_servers(j->p, str_of(v->name), found);
    int rc = 0;
    for (uint32_t i = 0; !rc && i < n; i++)
        rc = add_to_server(j, found[i], v);
    return rc ? rc : own_server(j, v);
}

static int put_lines(struct job *j)
{
    struct ngx_plan *p = j->p;
    for (uint32_t i = 0; i < p->servers.n; i++) {
        struct ngx_at at = p->servers.v[i].at;
        if (j->lines[i].n)
            ngx_add_at_top(ngx_patch_for(&j->x, at), ngx_tree_of(&p->conf, at), ngx_node_of(&p->conf, at),
                           &j->lines[i]);
    }
    return 0;
}

/* Room for the longest name: a line more, or another value for the one that is there. */
static int widen_names(struct job *j, size_t longest, struct strlist *lines)
{
    struct ngx_plan *p = j->p;
    struct ngx_at at;
    uint64_t now = 0;
    unsigned want = BUCKET;
    BUF_AUTO(value, 64);
    while (want < longest + BUCKET_EXTRA)
        want *= 2;
    if (longest <= BUCKET_NAME_MAX)
        return 0;
    if (!ngx_find_in(&p->conf, p->servers.http, "server_names_hash_bucket_size", &at)) {
        buf_addf(&value, "server_names_hash_bucket_size %u;" NGX_MARK, want);
        return strlist_add(lines, buf_str(&value));
    }
    const struct ngx_tree *t = ngx_tree_of(&p->conf, at);
    const struct ngx_node *n = ngx_node_of(&p->conf, at);
    ngx_value(t, n, 1, &value);
    if (n->n_words != 2 || str_u64(buf_str(&value), BUCKET_MAX, &now) || now >= want)
        return 0;
    buf_clear(&value);
    buf_addf(&value, "%u", want);
    text_patch_put(ngx_patch_for(&j->x, at), t->word[n->word + 1].at, t->word[n->word + 1].len, buf_str(&value));
    return 0;
}

/* The file of own servers, before all others, so that theirs are not taken for duplicates. */
static int put_include(struct job *j, const char *include, size_t longest)
{
    struct ngx_plan *p = j->p;
    struct ngx_at http = p->servers.http;
    STRLIST_AUTO(lines);
    BUF_AUTO(line, TEXT_MAX);
    if (!j->include->n)
        return 0;
    if (!http.node)
        return err_set(p->e, SIGNET_ENOTFOUND, "Unable to find the http block of nginx's configuration in %s",
                       p->conf.file[0].path);
    buf_addz(&line, "include ");
    ngx_quote(include, &line);
    buf_addz(&line, ";" NGX_MARK);
    if (buf_err(&line) || strlist_add(&lines, buf_str(&line)))
        return err_nomem(p->e);
    if (widen_names(j, longest, &lines))
        return err_nomem(p->e);
    ngx_add_at_top(ngx_patch_for(&j->x, http), ngx_tree_of(&p->conf, http), ngx_node_of(&p->conf, http), &lines);
    return 0;
}

int ngx_plan_tokens(struct ngx_plan *p, const struct ngx_token *v, size_t n, const char *include,
                    struct buf *ret_include)
{
    struct job j = { .p = p, .include = ret_include };
    uint32_t servers = p->servers.n;
    size_t longest = 0;
    j.lines = calloc(servers + 1, sizeof *j.lines);
    if (!j.lines)
        return err_nomem(p->e);
    int rc = ngx_patches_new(&j.x, p);
    for (size_t i = 0; !rc && i < n; i++) {
        rc = one_token(&j, &v[i]);
        if (strlen(v[i].name) > longest)
            longest = strlen(v[i].name);
    }
    if (!rc)
        rc = put_lines(&j);
    if (!rc)
        rc = put_include(&j, include, longest);
    for (uint32_t i = 0; j.lines && i < servers; i++)
        strlist_done(&j.lines[i]);
    free(j.lines);
    /* only texts are wanted: the include names a file that is not there yet and cannot be followed */
    for (uint32_t i = 0; !rc && i < j.x.n; i++) {
        BUF_AUTO(text, NGX_FILE_BYTES_MAX);
        const struct ngx_tree *t = &p->conf.file[i].tree;
        if (!j.x.v[i].n)
            continue;
        rc = text_patch_apply(&j.x.v[i], t->text, 0, (uint32_t)t->text.n, &text) ? err_nomem(p->e) : 0;
        if (!rc)
            rc = changes_add(p->changes, p->conf.file[i].real, t->text, buf_str(&text), p->e);
    }
    ngx_patches_done(&j.x);
    return rc;
}
