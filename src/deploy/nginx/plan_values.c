/* Directives that stand in a server already and get another value. */
#include "base/fs.h"
#include "deploy/installation.h"
#include "deploy/nginx/plan_in.h"

#define TEXT_MAX   65536u
#define VALUES_MAX 8u /* certificates of one server: nginx uses one of each kind of key */

struct values {
    const char *name;
    struct ngx_at at[VALUES_MAX];
    uint32_t n;
};

static int add_value(void *ctx, const struct ngx_conf *c, struct ngx_at at)
{
    struct values *k = ctx;
    const struct ngx_tree *t = ngx_tree_of(c, at);
    const struct ngx_node *n = ngx_node_of(c, at);
    if (n->kind == NGX_SIMPLE && n->n_words == 2 && ngx_named(t, n, k->name) && k->n < VALUES_MAX)
        k->at[k->n++] = at;
    return 0;
}

static struct values find(const struct ngx_plan *p, uint32_t server, const char *name)
{
    struct values k = { .name = name };
    (void)ngx_visit(&p->conf, p->servers.v[server].at, add_value, &k);
    return k;
}

/* Which of them it is; k->n: none. */
static uint32_t index_of(const struct ngx_plan *p, const struct values *k, const char *value)
{
    uint32_t i = 0;
    while (i < k->n && !ngx_value_is(ngx_tree_of(&p->conf, k->at[i]), ngx_node_of(&p->conf, k->at[i]), 1, value))
        i++;
    return i;
}

static uint32_t line_of(const struct ngx_plan *p, struct ngx_at at)
{
    return ngx_line(ngx_tree_of(&p->conf, at), ngx_start(ngx_tree_of(&p->conf, at), ngx_node_of(&p->conf, at)));
}

/* Is that file with the directive part of other server blocks than this one? */
static bool is_shared(const struct ngx_plan *p, uint32_t server, const char *name, uint32_t file)
{
    const struct ngx_servers *s = &p->servers;
    for (uint32_t i = 0; i < s->n; i++) {
        if (i == server || s->v[i].at.file == file)
            continue;
        struct values k = find(p, i, name);
        if (k.n && k.at[0].file == file)
            return true;
    }
    return false;
}

static int change(struct ngx_plan *p, struct ngx_patches *x, uint32_t server, const struct values *k, uint32_t i,
                  const char *value)
{
    struct ngx_at at = k->at[i], own = p->servers.v[server].at;
    const struct ngx_tree *t = ngx_tree_of(&p->conf, at);
    const struct ngx_node *n = ngx_node_of(&p->conf, at);
    BUF_AUTO(text, TEXT_MAX);
    if (ngx_value_is(t, n, 1, value))
        return 0;
    if (at.file != own.file && is_shared(p, server, k->name, at.file)) {
        err_set(p->e, SIGNET_ESTATE, "cannot edit safely: %s, line %u sets %s for several servers",
                p->conf.file[at.file].path, line_of(p, at), k->name);
        err_hint(p->e, "Move that line from the shared file into the server block it is meant for.");
        return SIGNET_ESTATE;
    }
    const struct ngx_word *w = &t->word[n->word + 1];
    ngx_quote(value, &text);
    text_patch_put(ngx_patch_for(x, at), w->at, w->len, buf_str(&text));
    signet_str rest, after = str_skip(t->text, n->end);
    (void)str_cut(after, '\n', &rest, &after);
    if (!str_trim(rest).n)
        text_patch_put(ngx_patch_for(x, at), n->end, 0, STR(NGX_MARK));
    return 0;
}

int ngx_set_value(struct ngx_plan *p, struct ngx_patches *x, uint32_t server, const char *name, const char *value)
{
    struct values k = find(p, server, name);
    return index_of(p, &k, value) < k.n || !k.n ? 0 : change(p, x, server, &k, 0, value);
}

/* ---- a certificate with its key ---- */

/* A variable stands for a file of each name. */
static int refuse_variable(const struct ngx_plan *p, uint32_t server, const struct values *k, uint32_t i,
                           const struct strlist *names)
{
    BUF_AUTO(now, TEXT_MAX);
    ngx_value(ngx_tree_of(&p->conf, k->at[i]), ngx_node_of(&p->conf, k->at[i]), 1, &now);
    if (!str_has(buf_str(&now), '$') || ngx_are_all(p, server, names))
        return 0;
    err_set(p->e, SIGNET_ESTATE,
            "cannot be edited safely: %s:%u: %s has a variable, for other names of the server, too",
            p->conf.file[k->at[i].file].path, line_of(p, k->at[i]), k->name);
    err_hint(p->e, "Put the file where the variable leads to, or give the names a server block of their own.");
    return SIGNET_ESTATE;
}

/* Of several certificates the one with a key of the new one's kind, of which nginx uses one; else the first. */
static uint32_t place_for(const struct ngx_plan *p, const struct values *certs, const char *cert)
{
    uint32_t same = index_of(p, certs, cert);
    if (same < certs->n || certs->n < 2)
        return same < certs->n ? same : 0;
    enum probe_key key = installation_key(cert);
    for (uint32_t i = 0; i < certs->n && key != PROBE_ANY_KEY; i++) {
        BUF_AUTO(name, TEXT_MAX);
        BUF_AUTO(path, TEXT_MAX);
        ngx_value(ngx_tree_of(&p->conf, certs->at[i]), ngx_node_of(&p->conf, certs->at[i]), 1, &name);
        fs_join(&path, p->conf.root, buf_z(&name));
        if (installation_key(buf_z(&path)) == key)
            return i;
    }
    return 0;
}

int ngx_set_pair(struct ngx_plan *p, struct ngx_patches *x, uint32_t server, const struct ngx_wish *w)
{
    struct values certs = find(p, server, "ssl_certificate"), keys = find(p, server, "ssl_certificate_key");
    uint32_t i = place_for(p, &certs, w->cert);
    int rc = 0;
    if (i < certs.n && !(rc = refuse_variable(p, server, &certs, i, w->names)))
        rc = change(p, x, server, &certs, i, w->cert);
    if (!rc && i < keys.n && !(rc = refuse_variable(p, server, &keys, i, w->names)))
        rc = change(p, x, server, &keys, i, w->key);
    return rc;
}
