#include "provider/expr.h"
#include "provider/scope.h"
#include "provider/syntax.h"

/* What is found so far: a list of values, and whether the path may find several. */
struct found {
    json_t *list;
    bool many;
};

static int find_add(struct found *to, json_t *v)
{
    if (json_array_size(to->list) >= LIM_ELEMENTS)
        return SIGNET_ELIMIT;
    return json_array_append(to->list, v) ? SIGNET_ENOMEM : 0;
}

static int add_members(struct found *to, json_t *v)
{
    const char *key;
    json_t *member;
    size_t i;
    int rc = 0;
    if (json_is_array(v)) {
        json_array_foreach(v, i, member) rc = rc ? rc : find_add(to, member);
    } else {
        json_object_foreach(v, key, member) rc = rc ? rc : find_add(to, member);
    }
    return rc;
}

static json_t *member(json_t *v, signet_str name)
{
    char key[256];
    size_t n = 0;
    for (size_t i = 0; i < name.n && n + 1 < sizeof key; i++) {
        if (name.p[i] == '\\' && i + 1 < name.n)
            i++;
        key[n++] = name.p[i];
    }
    key[n] = '\0';
    return json_object_get(v, key);
}

/* "[]", "[3]" or "[conditions]" over one value; a lone one counts as a list of itself. */
static int add_bracket(struct scope *sc, struct found *to, json_t *v, signet_str inside)
{
    uint64_t index;
    size_t n = json_is_array(v) ? json_array_size(v) : 1;
    if (inside.n && !str_u64(inside, LIM_ELEMENTS, &index)) {
        json_t *one = json_is_array(v) ? json_array_get(v, (size_t)index) : index ? NULL : v;
        return one ? find_add(to, one) : 0;
    }
    for (size_t i = 0; i < n; i++) {
        json_t *one = json_is_array(v) ? json_array_get(v, i) : v;
        bool take = !json_is_null(one);
        int rc = take && inside.n ? cond_holds(sc, inside, one, &take) : 0;
        if (!rc && take)
            rc = find_add(to, one);
        if (rc)
            return rc;
    }
    return 0;
}

static int apply_part(struct scope *sc, struct found *f, const struct path_part *part)
{
    struct found next = { json_array(), f->many };
    if (!next.list)
        return SIGNET_ENOMEM;
    int rc = 0;
    uint64_t index;
    bool number = part->bracket && part->inside.n && !str_u64(part->inside, LIM_ELEMENTS, &index);
    bool star = str_eq(part->name, STR("*"));
    if ((part->bracket && !number) || star)
        next.many = true;
    for (size_t i = 0; !rc && i < json_array_size(f->list); i++) {
        json_t *v = json_array_get(f->list, i);
        struct found named = { json_array(), false };
        if (!named.list) {
            rc = SIGNET_ENOMEM;
            break;
        }
        json_t *m = star || !part->name.n ? NULL : member(v, part->name);
        if (star)
            rc = add_members(&named, v);
        else if (!part->name.n)
            rc = find_add(&named, v);
        else if (m)
            rc = find_add(&named, m);
        for (size_t k = 0; !rc && k < json_array_size(named.list); k++)
            rc = part->bracket ? add_bracket(sc, &next, json_array_get(named.list, k), part->inside)
                               : find_add(&next, json_array_get(named.list, k));
        json_decref(named.list);
    }
    json_decref(f->list);
    *f = next;
    return rc;
}

/* $text, $status, $header.X, $cookie.X: of the answer, not of its tree. False: none of them. */
static bool special(const struct scope *sc, signet_str path, json_t **ret)
{
    const struct reply *r = sc->reply;
    if (!str_starts(path, STR("$")) || path.n < 2 || !r)
        return false;
    char name[256];
    signet_str head, tail;
    str_cut(path, '.', &head, &tail);
    size_t n = tail.n < sizeof name ? tail.n : sizeof name - 1;
    bool lower = str_eq(head, STR("$header"));
    for (size_t i = 0; i < n; i++) {
        char c = tail.p[i];
        name[i] = lower && c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
    }
    name[n] = '\0';
    if (str_eq(head, STR("$text")))
        *ret = value_text(r->text);
    else if (str_eq(head, STR("$status")))
        *ret = json_integer(r->status);
    else if (lower)
        *ret = json_incref(json_object_get(r->headers, name));
    else if (str_eq(head, STR("$cookie")))
        *ret = json_incref(json_object_get(r->cookies, name));
    else
        return false;
    return true;
}

static int walk(struct scope *sc, signet_str parts, json_t *root, json_t **ret)
{
    if (special(sc, parts, ret))
        return 0;
    if (str_eq(parts, STR("."))) {
        *ret = json_incref(root);
        return 0;
    }
    struct found f = { json_array(), false };
    struct path_part part;
    int rc = f.list ? 0 : SIGNET_ENOMEM, more = 0;
    if (!rc && root)
        rc = find_add(&f, root);
    while (!rc && (more = path_next(&parts, &part)) == 1)
        rc = apply_part(sc, &f, &part);
    if (!rc && more < 0)
        rc = SIGNET_EINVAL;
    if (!rc)
        *ret = json_incref(f.many ? f.list : json_array_get(f.list, 0));
    json_decref(f.list);
    return rc;
}

int path_get(struct scope *sc, signet_str path, json_t *root, json_t **ret)
{
    signet_str parts, filters;
    path_cut(path, &parts, &filters);
    if (++sc->steps > LIM_EXPAND_STEPS || ++sc->depth > LIM_EXPAND_DEPTH)
        return err_set(sc->e, SIGNET_ELIMIT, "the path \"%.*s\" takes too long", STR_ARG(path));
    json_t *v = NULL;
    int rc = walk(sc, parts, root, &v);
    sc->depth--;
    if (rc && (!sc->e || !sc->e->code))
        err_set(sc->e, rc, "the path \"%.*s\" %s", STR_ARG(path),
                rc == SIGNET_ELIMIT ? "finds too much" : "cannot be followed");
    bool encoded = false;
    if (!rc && filters.n)
        rc = filter_apply(sc, filters, &v, &encoded);
    if (rc)
        json_decref(v);
    else
        *ret = v;
    return rc;
}

/* ---- conditions ---- */

static int one_of(struct scope *sc, const struct cond *c, signet_str have, bool *ret)
{
    signet_str rest = c->values;
    bool more = true;
    *ret = false;
    while (more && !*ret) {
        signet_str one;
        more = expr_cut(rest, '|', &one, &rest);
        BUF_AUTO(want, LIM_TEXT);
        int rc = expand_arg(sc, str_trim(one), &want);
        if (rc)
            return rc;
        signet_str w = buf_str(&want);
        switch (c->op) {
        case COND_IS:
        case COND_IS_NOT:
            *ret = value_same_text(have, w);
            break;
        case COND_BEGINS:
            *ret = str_starts(have, w);
            break;
        case COND_HAS:
            *ret = w.n == 0 || str_find(have, w);
            break;
        }
    }
    if (c->op == COND_IS_NOT)
        *ret = !*ret;
    return 0;
}

static int test_value(struct scope *sc, const struct cond *c, const json_t *v, bool *ret)
{
    BUF_AUTO(text, LIM_TEXT);
    value_add(&text, v);
    return buf_err(&text) ? buf_err(&text) : one_of(sc, c, buf_str(&text), ret);
}

/* Over several values: there must be one, and all must match. "x!=" over none is false, "x=" over none is true. */
static int test_all(struct scope *sc, const struct cond *c, const json_t *v, bool *ret)
{
    bool searched = str_has(c->path, '[') || str_has(c->path, '*'); /* else the value itself is an empty list */
    if (json_is_array(v) && !json_array_size(v) && c->op == COND_IS_NOT && searched) {
        *ret = false;
        return 0;
    }
    if (!json_is_array(v) || !json_array_size(v))
        return test_value(sc, c, json_is_array(v) ? NULL : v, ret);
    *ret = true;
    for (size_t i = 0; *ret && i < json_array_size(v); i++) {
        int rc = test_value(sc, c, json_array_get(v, i), ret);
        if (rc)
            return rc;
    }
    return 0;
}

static int left_side(struct scope *sc, const struct cond *c, json_t *root, json_t **ret)
{
    if (root || str_starts(c->path, STR("$")))
        return path_get(sc, c->path, root, ret);
    bool encoded, lenient = sc->lenient;
    sc->lenient = true;
    int rc = expand_expr(sc, c->path, ret, &encoded);
    sc->lenient = lenient;
    return rc;
}

int cond_holds(struct scope *sc, signet_str conds, json_t *root, bool *ret)
{
    struct cond c;
    signet_str rest = conds;
    int more;
    bool url = sc->url;
    sc->url = false;
    *ret = true;
    int rc = 0;
    while (!rc && *ret && (more = cond_next(&rest, &c)) != 0) {
        VALUE_AUTO json_t *v = NULL;
        if (more < 0)
            rc = err_set(sc->e, SIGNET_EINVAL, "not a condition: \"%.*s\"", STR_ARG(conds));
        else
            rc = left_side(sc, &c, root, &v);
        if (!rc)
            rc = test_all(sc, &c, v, ret);
    }
    sc->url = url;
    return rc;
}
