#include "provider/desc.h"

#include <stdio.h>
#include <stdlib.h>

static int at_node(const struct node *n, struct err *e)
{
    return err_wrap(e, "%s:%u:%u", n->file, n->line, n->column);
}

static int wrong(const struct node *n, struct err *e, const char *what)
{
    return err_set(e, SIGNET_EFORMAT, "%s:%u:%u: %s", n->file, n->line, n->column, what);
}

/* ---- variables ---- */

static size_t count_vars(const struct node *map, bool is_set)
{
    size_t n = 0;
    for (size_t i = 0; map && i < map->n; i++)
        n += !is_set || !desc_set_key(map->key[i]->text);
    return n;
}

static int add_vars(struct provider_desc *d, const struct node *map, int set, struct err *e)
{
    for (size_t i = 0; map && i < map->n; i++) {
        if (set && desc_set_key(map->key[i]->text))
            continue;
        if (map->item[i]->kind != NODE_SCALAR)
            return wrong(map->item[i], e, "a credential or option is written NAME | ALIAS = default @format");
        struct var_def *v = &d->vars[d->n_vars++];
        v->id = map->key[i]->text;
        v->set = set;
        v->at = map->item[i];
        int rc = var_parse(v, map->item[i]->text, e);
        if (rc)
            return at_node(v->at, e);
    }
    return 0;
}

static int read_sets(struct provider_desc *d, struct err *e)
{
    const struct node *creds = node_get(d->root, "creds");
    if (!creds)
        return 0;
    if (creds->kind == NODE_SCALAR)
        return wrong(creds, e, "creds is a map of credentials, or a list of such maps");
    if (creds->kind == NODE_MAP)
        d->set[d->n_sets++] = creds;
    for (size_t i = 0; creds->kind == NODE_LIST && i < creds->n; i++) {
        if (creds->item[i]->kind != NODE_MAP || d->n_sets == LIM_SETS)
            return wrong(creds->item[i], e, "creds lists at most 12 maps of credentials");
        d->set[d->n_sets++] = creds->item[i];
    }
    return 0;
}

static int read_vars(struct provider_desc *d, struct err *e)
{
    const struct node *options = node_get(d->root, "options");
    if (options && options->kind != NODE_MAP)
        return wrong(options, e, "options is a map");
    int rc = read_sets(d, e);
    if (rc)
        return rc;
    size_t n = count_vars(options, false);
    for (size_t i = 0; i < d->n_sets; i++)
        n += count_vars(d->set[i], true);
    d->vars = pool_get(&d->pool, (n + 1) * sizeof *d->vars);
    if (!d->vars)
        return err_nomem(e);
    rc = add_vars(d, options, 0, e);
    for (size_t i = 0; !rc && i < d->n_sets; i++)
        rc = add_vars(d, d->set[i], (int)i + 1, e);
    return rc;
}

/* ---- what people are told ---- */

static const char *text_or(const struct provider_desc *d, const char *key, const char *other)
{
    signet_str s = node_text(d->root, key);
    return s.n ? s.p : other;
}

static int add_time(struct provider_desc *d, signet_str prefix, const char *suffix, const struct node *times,
                    const char *key, uint32_t def)
{
    char line[200];
    snprintf(line, sizeof line, "%.*s_%s=%u", STR_ARG(prefix), suffix, node_u32(times, key, def));
    return strlist_addz(&d->times, line);
}

static int list_times(struct provider_desc *d)
{
    const struct node *times = node_get(d->root, "times");
    signet_str prefix, rest;
    str_cut(node_text(times, "prefix"), '|', &prefix, &rest);
    prefix = str_trim(prefix);
    if (!prefix.n)
        return 0;
    int rc = add_time(d, prefix, "TTL", times, "ttl", 120);
    rc = rc ? rc : add_time(d, prefix, "PROPAGATION_TIMEOUT", times, "propagation", 60);
    rc = rc ? rc : add_time(d, prefix, "POLLING_INTERVAL", times, "polling", 2);
    rc = rc ? rc : add_time(d, prefix, "HTTP_TIMEOUT", times, "timeout", 30);
    if (!rc && node_get(times, "serial"))
        rc = add_time(d, prefix, "SEQUENCE_INTERVAL", times, "serial", 60);
    return rc;
}

static int fill_help(struct provider_desc *d, struct err *e)
{
    struct provider_help *h = &d->help;
    struct provider_var *vars = pool_get(&d->pool, (d->n_vars + 1) * sizeof *vars);
    if (!vars || list_times(d))
        return err_nomem(e);
    h->code = text_or(d, "provider", "");
    h->name = text_or(d, "name", h->code);
    h->docs = text_or(d, "docs", "");
    h->site = text_or(d, "site", "");
    h->note = text_or(d, "note", "");
    h->also = &d->also;
    h->sets = (int)d->n_sets;
    h->vars = vars;
    h->n_vars = d->n_vars;
    h->times = &d->times;
    for (size_t i = 0; i < d->n_vars; i++) {
        struct var_def *v = &d->vars[i];
        signet_str def = pool_str(&d->pool, v->def), format = pool_str(&d->pool, v->format);
        if (!def.p || !format.p)
            return err_nomem(e);
        vars[i] = (struct provider_var){ .name = v->names.v[0],
                                         .also = &v->names,
                                         .def = v->has_def ? def.p : NULL,
                                         .required = !v->has_def,
                                         .secret = v->secret,
                                         .set = v->set,
                                         .format = format.p };
    }
    return 0;
}

static int read_also(struct provider_desc *d, struct err *e)
{
    const struct node *also = node_get(d->own, "also");
    if (also && also->kind == NODE_SCALAR)
        return strlist_add(&d->also, also->text) ? err_nomem(e) : 0;
    for (size_t i = 0; also && i < also->n; i++)
        if (also->item[i]->kind != NODE_SCALAR || strlist_add(&d->also, also->item[i]->text))
            return wrong(also, e, "also is a list of words");
    return 0;
}

/* ---- building on another description ---- */

static int load_other(struct provider_desc **ret, const struct node *name, const struct desc_source *src,
                      unsigned depth, struct err *e)
{
    BUF_AUTO(own, LIM_YAML);
    signet_str text;
    if (name->kind != NODE_SCALAR || depth >= LIM_LIKE)
        return wrong(name, e, "like names one other description, at most four deep");
    int rc = src->text(src, name->text.p, &own, &text, e);
    if (!rc)
        rc = desc_parse(ret, text, name->text.p, src, depth + 1, e);
    return rc ? at_node(name, e) : 0;
}

static int inherit(struct provider_desc *d, const struct desc_source *src, unsigned depth, struct err *e)
{
    const struct node *like = node_get(d->own, "like");
    d->root = d->own;
    if (!like)
        return 0;
    struct provider_desc *base = NULL;
    int rc = load_other(&base, like, src, depth, e);
    if (rc || !base)
        return rc;
    d->root = node_overlay(&d->pool, base->root, d->own);
    for (size_t i = 0; i < base->n_vars; i++)
        var_done(&base->vars[i]);
    base->n_vars = 0;
    pool_join(&d->pool, &base->pool); /* the nodes of the base stay in use */
    provider_desc_free(base);
    return d->root ? 0 : err_nomem(e);
}

static int inherit_sets(struct provider_desc *d, const struct desc_source *src, unsigned depth, struct err *e)
{
    int rc = 0;
    for (size_t i = 0; !rc && i < d->n_sets; i++) {
        const struct node *like = node_get(d->set[i], "like");
        if (like)
            rc = load_other(&d->set_like[i], like, src, depth, e);
    }
    return rc;
}

int desc_parse(struct provider_desc **ret, signet_str yaml, const char *name, const struct desc_source *src,
               unsigned depth, struct err *e)
{
    struct provider_desc *d = calloc(1, sizeof *d);
    if (!d)
        return err_nomem(e);
    int rc = node_parse(&d->pool, yaml, name, &d->own, e);
    if (!rc && !node_text(d->own, "provider").n)
        rc = wrong(d->own, e, "a description begins with \"provider: CODE\"");
    rc = rc ? rc : inherit(d, src, depth, e);
    rc = rc ? rc : read_also(d, e);
    rc = rc ? rc : read_vars(d, e);
    rc = rc ? rc : inherit_sets(d, src, depth, e);
    rc = rc ? rc : fill_help(d, e);
    if (rc)
        provider_desc_free(d);
    else
        *ret = d;
    return rc;
}

void provider_desc_free(struct provider_desc *d)
{
    if (!d)
        return;
    for (size_t i = 0; i < d->n_sets; i++)
        provider_desc_free(d->set_like[i]);
    for (size_t i = 0; i < d->n_vars; i++)
        var_done(&d->vars[i]);
    strlist_done(&d->also);
    strlist_done(&d->times);
    pool_done(&d->pool);
    free(d);
}

const struct provider_help *provider_help(const struct provider_desc *d)
{
    return &d->help;
}
