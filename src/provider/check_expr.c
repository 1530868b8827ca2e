#include "provider/check.h"
#include "provider/expr.h"
#include "provider/scope.h"
#include "provider/syntax.h"

static const char *const engine_names[] = { "fqdn",  "fqdn.", "zone",  "zone.", "sub",   "owner",  "domain",
                                            "value", "ttl",   "n",     "it",    "items", "old",    "now",
                                            "ms",    "uuid",  "nonce", "req",   "acme",  "expires" };

bool check_reserved(signet_str name)
{
    for (size_t i = 0; i < sizeof engine_names / sizeof *engine_names; i++)
        if (str_eq(name, str_of(engine_names[i])))
            return true;
    return false;
}

/* ---- which names there are ---- */

static int collect_keys(struct check *c, const struct node *map)
{
    for (size_t i = 0; map && map->kind == NODE_MAP && i < map->n; i++)
        if (strlist_add_new(&c->known, map->key[i]->text))
            return SIGNET_ENOMEM;
    return 0;
}

/* `let` and `save` anywhere: what one step saves another may use. */
static int collect_tree(struct check *c, const struct node *n, unsigned depth)
{
    int rc = 0;
    if (n->kind == NODE_SCALAR || depth > LIM_YAML_DEPTH)
        return 0;
    for (size_t i = 0; !rc && i < n->n; i++) {
        if (n->kind == NODE_MAP && (str_eq(n->key[i]->text, STR("let")) || str_eq(n->key[i]->text, STR("save"))))
            rc = collect_keys(c, n->item[i]);
        rc = rc ? rc : collect_tree(c, n->item[i], depth + 1);
    }
    return rc;
}

int check_collect(struct check *c)
{
    int rc = collect_tree(c, c->d->root, 0);
    for (size_t i = 0; !rc && i < sizeof engine_names / sizeof *engine_names; i++)
        rc = strlist_add_new(&c->known, str_of(engine_names[i]));
    for (size_t i = 0; !rc && i < c->d->n_vars; i++)
        rc = strlist_add_new(&c->known, c->d->vars[i].id);
    return rc;
}

/* ---- templates ---- */

static void check_name(struct check *c, const struct node *n, signet_str name)
{
    size_t cut = 0;
    if (str_starts(name, STR("$")) || strlist_has(&c->known, name))
        return;
    while (cut < name.n && name.p[cut] != '.' && name.p[cut] != '[')
        cut++;
    if (cut == name.n || !strlist_has(&c->known, (signet_str){ name.p, cut })) {
        check_fault(c, n, "nothing is called \"%.*s\"; names come from creds, options, let, save and the engine",
                    STR_ARG(name));
        return;
    }
    check_path(c, n, str_skip(name, name.p[cut] == '.' ? cut + 1 : cut));
}

static void check_filters(struct check *c, const struct node *n, signet_str filters)
{
    struct expr_filter use;
    while (expr_filter_next(&filters, filter_most_args, &use) == 1) {
        const char *wrong = filter_wrong(use.word, use.n);
        if (wrong)
            check_fault(c, n, "\"|%.*s\": %s", STR_ARG(use.word), wrong);
        if (str_eq(use.word, STR("map")) && use.n == 1 && !str_has(use.arg[0], '{') &&
            !strlist_has(&c->known, use.arg[0]))
            check_fault(c, n, "no let is called \"%.*s\", the table of \"|map\"", STR_ARG(use.arg[0]));
        for (size_t i = 0; i < use.n; i++)
            check_template(c, n, use.arg[i], false, true);
    }
}

void check_template(struct check *c, const struct node *n, signet_str text, bool free_names, bool escapes)
{
    struct expr_part part;
    signet_str rest = text;
    int more;
    (void)escapes;
    while ((more = expr_next(&rest, &part)) != 0) {
        if (more < 0) {
            check_fault(c, n, "a brace is not closed here; a brace itself is written {{ or }}");
            return;
        }
        if (!part.is_expr)
            continue;
        signet_str name, filters;
        expr_cut(part.text, '|', &name, &filters);
        name = str_trim(name);
        if (!name.n)
            check_fault(c, n, "{%.*s} names nothing", STR_ARG(part.text));
        else if (free_names)
            check_path(c, n, name);
        else
            check_name(c, n, name);
        check_filters(c, n, filters);
    }
}

void check_tree(struct check *c, const struct node *n, unsigned depth)
{
    if (!n || depth > LIM_YAML_DEPTH)
        return;
    if (n->kind == NODE_SCALAR) {
        check_template(c, n, n->text, false, false);
        return;
    }
    for (size_t i = 0; i < n->n; i++) {
        if (n->kind == NODE_MAP) {
            signet_str key = n->key[i]->text;
            if (key.n > 1 && key.p[0] == '*') {
                signet_str name, filters;
                expr_cut(str_skip(key, 1), '|', &name, &filters);
                check_name(c, n->key[i], name);
                check_filters(c, n->key[i], filters);
            } else {
                check_template(c, n->key[i], key, false, false);
            }
        }
        check_tree(c, n->item[i], depth + 1);
    }
}

/* ---- paths and conditions ---- */

void check_path(struct check *c, const struct node *n, signet_str path)
{
    signet_str parts, filters;
    struct path_part part;
    int more;
    path_cut(path, &parts, &filters);
    check_filters(c, n, filters);
    if (str_eq(parts, STR(".")) || str_starts(parts, STR("$")))
        return;
    if (!parts.n) {
        check_fault(c, n, "a path is missing; \".\" is the whole answer");
        return;
    }
    while ((more = path_next(&parts, &part)) == 1) {
        uint64_t index;
        if (part.bracket && part.inside.n && str_u64(part.inside, LIM_ELEMENTS, &index))
            check_conds(c, n, part.inside);
    }
    if (more < 0)
        check_fault(c, n, "\"%.*s\" is no path; a.b, a[], a[name=x], a.* are", STR_ARG(path));
}

void check_conds(struct check *c, const struct node *n, signet_str conds)
{
    struct cond one;
    int more;
    signet_str rest = conds;
    if (!str_trim(conds).n) {
        check_fault(c, n, "a condition is missing");
        return;
    }
    while ((more = cond_next(&rest, &one)) == 1) {
        check_path(c, n, one.path);
        signet_str values = one.values;
        bool again = true;
        while (again) {
            signet_str value;
            again = expr_cut(values, '|', &value, &values);
            check_template(c, n, value, false, true);
        }
    }
    if (more < 0)
        check_fault(c, n, "\"%.*s\" is no condition; path=value, path!=a|b, path^=begins, path*=contains are",
                    STR_ARG(conds));
}
