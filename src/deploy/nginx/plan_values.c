/* Directives that stand in a server already and get another value. */
#include "deploy/nginx/plan_in.h"

#define TEXT_MAX 65536u

struct counted {
    const char *name;
    const char *value;
    unsigned n;
    bool has;
    struct ngx_at first;
};

static int count(void *ctx, const struct ngx_conf *c, struct ngx_at at)
{
    struct counted *k = ctx;
    const struct ngx_tree *t = ngx_tree_of(c, at);
    const struct ngx_node *n = ngx_node_of(c, at);
    if (n->kind != NGX_SIMPLE || n->n_words != 2 || !ngx_named(t, n, k->name))
        return 0;
    if (!k->n++)
        k->first = at;
    k->has |= ngx_value_is(t, n, 1, k->value);
    return 0;
}

/* Is that file with the directive part of other server blocks than this one? */
static bool is_shared(const struct ngx_plan *p, uint32_t server, const char *name, uint32_t file)
{
    const struct ngx_servers *s = &p->servers;
    for (uint32_t i = 0; i < s->n; i++) {
        struct counted k = { .name = name, .value = "" };
        if (i == server)
            continue;
        (void)ngx_visit(&p->conf, s->v[i].at, count, &k);
        if (k.n && k.first.file == file && file != s->v[i].at.file)
            return true;
    }
    return false;
}

int ngx_set_value(struct ngx_plan *p, struct ngx_patches *x, uint32_t server, const char *name, const char *value)
{
    struct counted k = { .name = name, .value = value };
    struct ngx_at own = p->servers.v[server].at;
    BUF_AUTO(text, TEXT_MAX);
    (void)ngx_visit(&p->conf, own, count, &k);
    if (!k.n || k.has)
        return 0;
    const struct ngx_tree *t = ngx_tree_of(&p->conf, k.first);
    const struct ngx_node *n = ngx_node_of(&p->conf, k.first);
    if (k.first.file != own.file && is_shared(p, server, name, k.first.file)) {
        err_set(p->e, SIGNET_ESTATE, "cannot edit safely: %s, line %u sets %s for several servers",
                p->conf.file[k.first.file].path, ngx_line(t, ngx_start(t, n)), name);
        err_hint(p->e, "Move that line from the shared file into the server block it is meant for.");
        return SIGNET_ESTATE;
    }
    const struct ngx_word *w = &t->word[n->word + 1];
    ngx_quote(value, &text);
    text_patch_put(ngx_patch_for(x, k.first), w->at, w->len, buf_str(&text));
    signet_str rest, after = str_skip(t->text, n->end);
    (void)str_cut(after, '\n', &rest, &after);
    if (!str_trim(rest).n)
        text_patch_put(ngx_patch_for(x, k.first), n->end, 0, STR(NGX_MARK));
    return 0;
}
