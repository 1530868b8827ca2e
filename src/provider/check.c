#include "provider/check.h"

#include <stdarg.h>

void check_fault(struct check *c, const struct node *at, const char *fmt, ...)
{
    BUF_AUTO(text, 2000);
    BUF_AUTO(shown, 4000);
    va_list ap;
    va_start(ap, fmt);
    buf_addv(&text, fmt, ap);
    va_end(ap);
    buf_add_escaped(&shown, buf_str(&text), 600);
    struct provider_fault f = { at->file ? at->file : "", at->line, at->column, buf_z(&shown) };
    c->tell->n++;
    c->tell->tell(c->tell->ctx, &f);
}

/* What may stand in a map, and how each is looked at. */
enum shape {
    TEXT,
    WORD,
    TEMPLATE,
    TREE,
    MAP_OF_TEMPLATES,
    CONDS,
    PATH,
    PATHS,
    STEPS,
    STEP,
    NUMBER,
    NUMBERS,
    PAGE,
    WAIT,
    RETRY
};
struct key_rule {
    const char *key;
    enum shape shape;
};

static void check_map(struct check *c, const struct node *n, const struct key_rule *rules, const char *where);

static const struct key_rule page_rules[] = { { "query", WORD },   { "json", WORD },   { "form", WORD },
                                              { "first", NUMBER }, { "step", NUMBER }, { "offset", NUMBER },
                                              { "last", PATH },    { "total", PATH },  { "count", PATH },
                                              { "next", PATH },    { NULL, TEXT } };
static const struct key_rule retry_rules[] = { { "if", CONDS }, { "after", PATH }, { NULL, TEXT } };

#define REQUEST_RULES                                                                                                  \
    { "get", TEMPLATE }, { "post", TEMPLATE }, { "put", TEMPLATE }, { "patch", TEMPLATE }, { "delete", TEMPLATE },     \
        { "query", TREE }, { "header", TREE }, { "form", TREE }, { "json", TREE }, { "xml", TREE },                    \
        { "xmlrpc", TREE }, { "multipart", TREE }, { "text", TREE }, { "auth", TREE }, { "ok", CONDS },                \
    {                                                                                                                  \
        "absent", CONDS                                                                                                \
    }
static const struct key_rule wait_rules[] = {
    REQUEST_RULES, { "until", CONDS }, { "fail", CONDS }, { "when", CONDS }, { NULL, TEXT }
};
static const struct key_rule step_rules[] = { REQUEST_RULES,     { "save", PATHS }, { "each", PATH },
                                              { "do", STEPS },   { "pick", PATH },  { "probe", WORD },
                                              { "page", PAGE },  { "wait", WAIT },  { "retry", RETRY },
                                              { "when", CONDS }, { "let", TREE },   { "items", PATH },
                                              { NULL, TEXT } };
static const struct key_rule merge_rules[] = { { "read", STEP },   { "item", TREE },    { "same", CONDS },
                                               { "write", STEPS }, { "create", STEPS }, { "remove", STEPS },
                                               { "let", TREE },    { NULL, TEXT } };
static const struct key_rule times_rules[] = { { "prefix", TEXT },   { "ttl", NUMBER },         { "min_ttl", NUMBER },
                                               { "ttls", NUMBERS },  { "propagation", NUMBER }, { "polling", NUMBER },
                                               { "serial", NUMBER }, { "timeout", NUMBER },     { "pace", NUMBER },
                                               { NULL, TEXT } };
static const struct key_rule tls_rules[] = {
    { "insecure", CONDS }, { "ca", TEMPLATE }, { "cert", TEMPLATE }, { "key", TEMPLATE }, { NULL, TEXT }
};

static void want(struct check *c, const struct node *n, enum node_kind kind, const char *what)
{
    if (n->kind != kind)
        check_fault(c, n, "%s is wanted here", what);
}

static void check_step(struct check *c, const struct node *n);

static void check_steps(struct check *c, const struct node *n)
{
    if (n->kind == NODE_LIST)
        for (size_t i = 0; i < n->n; i++)
            check_step(c, n->item[i]);
    else
        check_step(c, n);
}

static void check_number(struct check *c, const struct node *n)
{
    uint64_t v;
    if (n->kind != NODE_SCALAR || str_u64(n->text, UINT32_MAX, &v))
        check_fault(c, n, "a number is wanted here");
}

static void check_paths(struct check *c, const struct node *n)
{
    want(c, n, NODE_MAP, "a map of names and paths");
    for (size_t i = 0; n->kind == NODE_MAP && i < n->n; i++)
        if (n->item[i]->kind == NODE_SCALAR)
            check_path(c, n->item[i], n->item[i]->text);
        else
            check_fault(c, n->item[i], "a path is wanted here");
}

static void check_scalar(struct check *c, const struct node *n, enum shape shape)
{
    if (n->kind != NODE_SCALAR) {
        check_fault(c, n, "one line of text is wanted here, no list or map");
        return;
    }
    if (shape == TEMPLATE)
        check_template(c, n, n->text, false, false);
    else if (shape == CONDS)
        check_conds(c, n, n->text);
    else if (shape == PATH)
        check_path(c, n, n->text);
    else if (shape == WORD && (!n->text.n || str_has(n->text, ' ')))
        check_fault(c, n, "one word is wanted here");
}

static void check_shape(struct check *c, const struct node *n, enum shape shape)
{
    switch (shape) {
    case TEXT:
    case WORD:
    case TEMPLATE:
    case CONDS:
    case PATH:
        check_scalar(c, n, shape);
        return;
    case TREE:
        check_tree(c, n, 0);
        return;
    case MAP_OF_TEMPLATES:
        want(c, n, NODE_MAP, "a map");
        check_tree(c, n, 0);
        return;
    case PATHS:
        check_paths(c, n);
        return;
    case STEPS:
        check_steps(c, n);
        return;
    case STEP:
        check_step(c, n);
        return;
    case NUMBER:
        check_number(c, n);
        return;
    case NUMBERS:
        want(c, n, NODE_LIST, "a list of numbers");
        for (size_t i = 0; n->kind == NODE_LIST && i < n->n; i++)
            check_number(c, n->item[i]);
        return;
    case PAGE:
        check_map(c, n, page_rules, "page");
        return;
    case RETRY:
        check_map(c, n, retry_rules, "retry");
        return;
    case WAIT:
        check_map(c, n, wait_rules, "wait");
        return;
    }
}

static void check_map(struct check *c, const struct node *n, const struct key_rule *rules, const char *where)
{
    if (n->kind != NODE_MAP) {
        check_fault(c, n, "%s is a map", where);
        return;
    }
    for (size_t i = 0; i < n->n; i++) {
        const struct key_rule *r = rules;
        while (r->key && !str_eq(n->key[i]->text, str_of(r->key)))
            r++;
        if (r->key) {
            check_shape(c, n->item[i], r->shape);
            continue;
        }
        BUF_AUTO(names, 600);
        for (r = rules; r->key; r++)
            buf_addf(&names, "%s%s", names.n ? " " : "", r->key);
        check_fault(c, n->key[i], "%s has no \"%.*s\"; it has: %s", where, STR_ARG(n->key[i]->text), buf_z(&names));
    }
}

static void check_step(struct check *c, const struct node *n)
{
    static const char *const verbs[] = { "get", "post", "put", "patch", "delete" };
    unsigned found = 0;
    for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++)
        found += node_get(n, verbs[i]) != NULL;
    if (n->kind == NODE_MAP && found != 1)
        check_fault(c, n, "a step has exactly one of get, post, put, patch and delete");
    check_map(c, n, step_rules, "a step");
}

static void check_zone(struct check *c, const struct node *n)
{
    if (n->kind == NODE_SCALAR) {
        if (!str_eq(n->text, STR("soa")) && !str_eq(n->text, STR("none")))
            check_fault(c, n, "zone is soa, none, {labels: n}, {fixed: …}, or steps that ask the provider");
    } else if (node_get(n, "labels")) {
        check_number(c, node_get(n, "labels"));
    } else if (node_get(n, "fixed")) {
        check_template(c, n, node_text(n, "fixed"), false, false);
    } else {
        check_steps(c, n);
    }
}

static void check_merge(struct check *c, const struct node *n)
{
    check_map(c, n, merge_rules, "merge");
    if (n->kind == NODE_MAP && (!node_get(n, "read") || !node_get(n, "write")))
        check_fault(c, n, "merge wants read, with items, and write");
    if (node_get(n, "read") && !node_get(node_get(n, "read"), "items"))
        check_fault(c, node_get(n, "read"), "merge.read wants items: the path of the list");
    const struct node *item = node_get(n, "item");
    if (item && item->kind != NODE_SCALAR && !node_get(n, "same"))
        check_fault(c, n, "merge wants same: which element is ours, since items are maps");
}

/* ---- names ---- */

static bool is_required(const struct check *c, signet_str name)
{
    for (size_t i = 0; i < c->d->n_vars; i++)
        if (!c->d->vars[i].has_def && str_eq(c->d->vars[i].id, name))
            return true;
    return false;
}

static void check_saves(struct check *c, const struct node *n, unsigned depth)
{
    if (n->kind == NODE_SCALAR || depth > LIM_YAML_DEPTH)
        return;
    for (size_t i = 0; i < n->n; i++) {
        const struct node *v = n->item[i];
        if (n->kind == NODE_MAP && str_eq(n->key[i]->text, STR("save")) && v->kind == NODE_MAP)
            for (size_t k = 0; k < v->n; k++) {
                signet_str name = v->key[k]->text;
                if (check_reserved(name) && !str_eq(name, STR("now")) && !str_eq(name, STR("expires")))
                    check_fault(c, v->key[k], "\"%.*s\" is a name of the engine; save under another", STR_ARG(name));
                if (is_required(c, name))
                    check_fault(c, v->key[k], "\"%.*s\" is a credential; saving would replace it", STR_ARG(name));
            }
        check_saves(c, v, depth + 1);
    }
}

static void check_vars(struct check *c)
{
    for (size_t i = 0; i < c->d->n_vars; i++) {
        const struct var_def *v = &c->d->vars[i];
        if (check_reserved(v->id))
            check_fault(c, v->at, "\"%.*s\" is a name of the engine; call the credential otherwise", STR_ARG(v->id));
        check_template(c, v->at, v->def, false, false);
        check_template(c, v->at, v->format_arg, false, false);
    }
}

/* ---- the whole ---- */

static void check_alone(struct check *c, const struct node *n)
{
    if (n->kind != NODE_SCALAR || !str_eq(n->text, STR("zone")))
        check_fault(c, n, "alone can only be: zone");
}

static void check_part(struct check *c, signet_str key, const struct node *n)
{
    if (str_eq(key, STR("zone")))
        check_zone(c, n);
    else if (str_eq(key, STR("merge")))
        check_merge(c, n);
    else if (str_eq(key, STR("error")))
        check_template(c, n, n->kind == NODE_SCALAR ? n->text : (signet_str){ "", 0 }, true, false);
    else if (str_eq(key, STR("times")))
        check_map(c, n, times_rules, "times");
    else if (str_eq(key, STR("tls")))
        check_map(c, n, tls_rules, "tls");
    else if (str_eq(key, STR("ok")) || str_eq(key, STR("when")))
        check_shape(c, n, CONDS);
    else if (str_eq(key, STR("api")))
        check_shape(c, n, TEMPLATE);
    else if (str_eq(key, STR("alone")))
        check_alone(c, n);
    else if (str_eq(key, STR("auth")) || str_eq(key, STR("zone_auth")) || str_eq(key, STR("let")))
        check_shape(c, n, MAP_OF_TEMPLATES);
    else if (str_eq(key, STR("retry")))
        check_shape(c, n, RETRY);
    else if (str_eq(key, STR("find")))
        check_step(c, n);
    else
        check_steps(c, n); /* login, logout, add, remove, after */
}

static void check_sets(struct check *c)
{
    for (size_t i = 0; i < c->d->n_sets; i++)
        for (size_t k = 0; k < c->d->set[i]->n; k++) {
            signet_str key = c->d->set[i]->key[k]->text;
            if (desc_set_key(key) && !str_eq(key, STR("like")))
                check_part(c, key, c->d->set[i]->item[k]);
        }
}

static void check_sign(struct check *c, const struct node *auth)
{
    const struct node *sign = node_get(auth, "sign");
    if (sign && (sign->kind != NODE_SCALAR || !catalog_find_sign(sign->text)))
        check_fault(c, sign, "there is no signature called \"%.*s\"", STR_ARG(sign->text));
}

static void check_complete(struct check *c)
{
    const struct node *top = c->d->root;
    bool add = node_get(top, "add") || node_get(top, "merge");
    for (size_t i = 0; i < c->d->n_sets; i++)
        add = add || node_get(c->d->set[i], "add") || node_get(c->d->set[i], "merge") || c->d->set_like[i];
    if (!add)
        check_fault(c, c->d->own, "add, or merge, is missing: how does a value get there?");
    if (node_get(top, "add") && !node_get(top, "remove") && !node_get(top, "merge"))
        check_fault(c, node_get(top, "add"), "remove is missing: how does a value go away again?");
    check_sign(c, node_get(top, "auth"));
    for (size_t i = 0; i < c->d->n_sets; i++)
        check_sign(c, node_get(c->d->set[i], "auth"));
}

void desc_check(const struct provider_desc *d, struct desc_tell *t)
{
    static const char *const plain[] = { "provider", "also", "like",    "name",  "docs",
                                         "site",     "note", "charset", "creds", "options" };
    struct check c = { .d = d, .tell = t };
    if (check_collect(&c)) {
        strlist_done(&c.known);
        return;
    }
    for (size_t i = 0; i < d->own->n; i++) {
        signet_str key = d->own->key[i]->text;
        bool is_plain = false;
        for (size_t k = 0; k < sizeof plain / sizeof *plain; k++)
            is_plain = is_plain || str_eq(key, str_of(plain[k]));
        if (is_plain)
            continue;
        if (desc_set_key(key) && !str_eq(key, STR("like")) && !str_eq(key, STR("when")))
            check_part(&c, key, d->own->item[i]);
        else
            check_fault(&c, d->own->key[i], "a description has no \"%.*s\"", STR_ARG(key));
    }
    check_vars(&c);
    check_saves(&c, d->own, 0);
    check_sets(&c);
    check_complete(&c);
    strlist_done(&c.known);
}
