#include "provider/expr.h"
#include "provider/scope.h"

#include <stdlib.h>

void url_encode(struct buf *to, signet_str s)
{
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || str_has(STR("-._~"), s.p[i]))
            buf_addc(to, s.p[i]);
        else
            buf_addf(to, "%%%02X", c);
    }
}

/* ---- names ---- */

const struct node *scope_let(const struct scope *sc, signet_str name)
{
    for (size_t i = 0; i < sc->n_let; i++) {
        const struct node *n = node_get_s(sc->let[i], name);
        if (n)
            return n;
    }
    return NULL;
}

static bool find_var(const struct scope *sc, signet_str name, json_t **ret)
{
    char key[128];
    if (name.n >= sizeof key)
        return false;
    memcpy(key, name.p, name.n);
    key[name.n] = '\0';
    if (sc->n && (str_eq(name, STR("it")) || str_eq(name, STR("n")))) {
        *ret = name.n == 1 ? json_integer(sc->n) : json_incref(sc->it);
        return true;
    }
    for (size_t i = 0; i < sc->n_vars; i++) {
        json_t *v = json_object_get(sc->vars[i], key);
        if (v) {
            *ret = json_incref(v);
            return true;
        }
    }
    return false;
}

static int unknown(struct scope *sc, signet_str name)
{
    if (sc->lenient)
        return 0;
    return err_set(sc->e, SIGNET_ENOTFOUND, "\"%.*s\" has no value here", STR_ARG(name));
}

static int plain_name(struct scope *sc, signet_str name, json_t **ret, bool *from_let, bool *known)
{
    const struct node *let = scope_let(sc, name);
    *known = true;
    *from_let = let != NULL;
    if (let)
        return expand_node(sc, let, ret);
    *known = find_var(sc, name, ret);
    return 0;
}

int scope_name(struct scope *sc, signet_str name, json_t **ret, bool *from_let)
{
    bool known;
    *from_let = false;
    if (str_starts(name, STR("$")))
        return path_get(sc, name, NULL, ret);
    int rc = plain_name(sc, name, ret, from_let, &known);
    if (rc || known)
        return rc;
    size_t cut = 0;
    while (cut < name.n && name.p[cut] != '.' && name.p[cut] != '[')
        cut++;
    if (cut == name.n || !cut)
        return unknown(sc, name);
    VALUE_AUTO json_t *base = NULL;
    bool url = sc->url;
    sc->url = false;
    rc = plain_name(sc, (signet_str){ name.p, cut }, &base, from_let, &known);
    sc->url = url;
    *from_let = false;
    if (rc)
        return rc;
    if (!known)
        return unknown(sc, name);
    return path_get(sc, str_skip(name, name.p[cut] == '.' ? cut + 1 : cut), base, ret);
}

/* In an error template a bare name is a member of the reply; what the reply lacks may be a variable. */
static int any_name(struct scope *sc, signet_str name, json_t **ret, bool *from_let)
{
    *from_let = false;
    if (sc->names) {
        int rc = path_get(sc, name, sc->names, ret);
        if (rc || !value_empty(*ret))
            return rc;
        json_decref(*ret);
        *ret = NULL;
    }
    return scope_name(sc, name, ret, from_let);
}

int expand_expr(struct scope *sc, signet_str expr, json_t **ret, bool *encoded)
{
    signet_str name, filters;
    expr_cut(expr, '|', &name, &filters);
    name = str_trim(name);
    *encoded = false;
    if (!name.n)
        return err_set(sc->e, SIGNET_EINVAL, "\"{%.*s}\" names nothing", STR_ARG(expr));
    if (++sc->steps > LIM_EXPAND_STEPS || ++sc->depth > LIM_EXPAND_DEPTH)
        return err_set(sc->e, SIGNET_ELIMIT, "\"{%.*s}\" refers to itself, or takes too long", STR_ARG(expr));
    json_t *v = NULL;
    bool from_let, lenient = sc->lenient;
    sc->lenient = lenient || str_starts(str_trim(filters), STR("default:")); /* what stands in for it is at hand */
    int rc = any_name(sc, name, &v, &from_let);
    sc->lenient = lenient;
    *encoded = from_let;
    if (!rc && filters.n)
        rc = filter_apply(sc, filters, &v, encoded);
    sc->depth--;
    if (rc)
        json_decref(v);
    else
        *ret = v;
    return rc;
}

/* ---- text ---- */

static int add_expr(struct scope *sc, signet_str expr, struct buf *to)
{
    VALUE_AUTO json_t *v = NULL;
    bool encoded = false;
    int rc = expand_expr(sc, expr, &v, &encoded);
    if (rc)
        return rc;
    if (!sc->url || encoded) {
        value_add(to, v);
        return 0;
    }
    BUF_AUTO(text, LIM_TEXT);
    value_add(&text, v);
    if (!to->n && (str_starts(buf_str(&text), STR("https://")) || str_starts(buf_str(&text), STR("http://"))))
        buf_add(to, buf_str(&text)); /* a URL that begins with one: that of a credential file, say */
    else
        url_encode(to, buf_str(&text));
    return buf_err(&text);
}

static int full(struct scope *sc, const struct buf *b)
{
    if (!buf_err(b))
        return 0;
    return buf_err(b) == SIGNET_ENOMEM ? err_nomem(sc->e) : err_set(sc->e, SIGNET_ELIMIT, "a value becomes too long");
}

static int expand_parts(struct scope *sc, signet_str tmpl, bool escapes, struct buf *to)
{
    struct expr_part part;
    signet_str rest = tmpl;
    int more, rc = 0;
    while (!rc && (more = expr_next(&rest, &part)) != 0) {
        if (more < 0)
            rc = err_set(sc->e, SIGNET_EINVAL, "a brace is not closed in \"%.*s\"", STR_ARG(tmpl));
        else if (part.is_expr)
            rc = add_expr(sc, part.text, to);
        else if (escapes)
            expr_unescape(to, part.text);
        else
            buf_add(to, part.text);
    }
    return rc ? rc : full(sc, to);
}

int expand_text(struct scope *sc, signet_str tmpl, struct buf *to)
{
    return expand_parts(sc, tmpl, false, to);
}

int expand_arg(struct scope *sc, signet_str arg, struct buf *to)
{
    bool url = sc->url;
    sc->url = false;
    int rc = expand_parts(sc, arg, true, to);
    sc->url = url;
    return rc;
}

int expand_value(struct scope *sc, signet_str tmpl, json_t **ret)
{
    struct expr_part part;
    signet_str rest = tmpl;
    if (!sc->url && expr_next(&rest, &part) == 1 && part.is_expr && !rest.n) {
        bool encoded = false;
        json_t *v = NULL;
        int rc = expand_expr(sc, part.text, &v, &encoded);
        if (!rc)
            *ret = v ? v : json_null();
        return rc;
    }
    BUF_AUTO(text, LIM_TEXT);
    int rc = expand_text(sc, tmpl, &text);
    if (rc)
        return rc;
    *ret = value_text(buf_str(&text));
    return *ret ? 0 : err_nomem(sc->e);
}

/* ---- structures ---- */

static bool numbered(const struct node *n)
{
    if (n->kind == NODE_MAP)
        for (size_t i = 0; i < n->n; i++)
            if (n->key[i]->text.n > 3 && str_find(n->key[i]->text, STR("{n}")))
                return true;
    return false;
}

/* "*list": the template once for each element: into the map `to` when its names are numbered, else a list into *ret. */
static int repeat(struct scope *sc, signet_str name, const struct node *tmpl, json_t *to, json_t **ret)
{
    VALUE_AUTO json_t *list = NULL;
    VALUE_AUTO json_t *out = NULL;
    bool encoded = false;
    int rc = expand_expr(sc, name, &list, &encoded);
    if (rc)
        return rc;
    out = json_array();
    if (!out)
        return err_nomem(sc->e);
    json_t *it = sc->it;
    json_int_t n = sc->n;
    size_t count = json_is_array(list) ? json_array_size(list) : value_empty(list) ? 0 : 1;
    for (size_t i = 0; !rc && i < count; i++) {
        json_t *v = NULL;
        sc->it = json_is_array(list) ? json_array_get(list, i) : list;
        sc->n = (json_int_t)i + 1;
        rc = expand_node(sc, tmpl, &v);
        if (!rc && to && json_object_update(to, v))
            rc = err_nomem(sc->e);
        if (!rc && !to && json_array_append(out, v))
            rc = err_nomem(sc->e);
        json_decref(v);
    }
    sc->it = it;
    sc->n = n;
    if (!rc && !to)
        *ret = json_incref(out);
    return rc;
}

static int expand_member(struct scope *sc, const struct node *key, const struct node *item, json_t *to)
{
    signet_str name = key->text;
    bool may_miss = name.n > 1 && name.p[name.n - 1] == '?';
    if (may_miss)
        name.n--;
    json_t *v = NULL;
    int rc = expand_node(sc, item, &v);
    if (rc)
        return rc;
    if (may_miss && value_empty(v)) {
        json_decref(v);
        return 0;
    }
    BUF_AUTO(text, LIM_HEADER);
    bool url = sc->url;
    sc->url = false;
    rc = expand_text(sc, name, &text);
    sc->url = url;
    if (rc) {
        json_decref(v);
        return rc;
    }
    return value_set(to, buf_z(&text), v) ? err_nomem(sc->e) : 0;
}

static int expand_map(struct scope *sc, const struct node *n, json_t **ret)
{
    json_t *map = json_object();
    int rc = map ? 0 : err_nomem(sc->e);
    for (size_t i = 0; !rc && i < n->n; i++) {
        signet_str name = n->key[i]->text;
        if (name.n < 2 || name.p[0] != '*') {
            rc = expand_member(sc, n->key[i], n->item[i], map);
        } else if (numbered(n->item[i])) {
            rc = repeat(sc, str_skip(name, 1), n->item[i], map, NULL);
        } else {
            json_decref(map);
            return repeat(sc, str_skip(name, 1), n->item[i], NULL, ret);
        }
    }
    if (rc)
        json_decref(map);
    else
        *ret = map;
    return rc;
}

static int expand_list(struct scope *sc, const struct node *n, json_t **ret)
{
    json_t *list = json_array();
    int rc = list ? 0 : err_nomem(sc->e);
    for (size_t i = 0; !rc && i < n->n; i++) {
        json_t *v = NULL;
        rc = expand_node(sc, n->item[i], &v);
        if (!rc && json_array_append_new(list, v))
            rc = err_nomem(sc->e);
    }
    if (rc)
        json_decref(list);
    else
        *ret = list;
    return rc;
}

/* A scalar without quotes is what YAML says it is. */
static json_t *plain_scalar(signet_str s)
{
    if (str_eq(s, STR("true")) || str_eq(s, STR("false")))
        return json_boolean(s.n == 4);
    if (str_eq(s, STR("null")) || str_eq(s, STR("~")) || !s.n)
        return json_null();
    uint64_t v;
    signet_str digits = str_starts(s, STR("-")) ? str_skip(s, 1) : s;
    if (!digits.n || (digits.p[0] == '0' && digits.n > 1) || str_u64(digits, INT64_MAX, &v))
        return NULL;
    return json_integer(digits.n == s.n ? (json_int_t)v : -(json_int_t)v);
}

int expand_node(struct scope *sc, const struct node *n, json_t **ret)
{
    if (++sc->steps > LIM_EXPAND_STEPS || ++sc->depth > LIM_EXPAND_DEPTH)
        return err_set(sc->e, SIGNET_ELIMIT, "%s:%u: this refers to itself, or takes too long", n->file, n->line);
    int rc = 0;
    json_t *plain = n->kind == NODE_SCALAR && !n->quoted ? plain_scalar(n->text) : NULL;
    if (plain)
        *ret = plain;
    else if (n->kind == NODE_SCALAR)
        rc = expand_value(sc, n->text, ret);
    else if (n->kind == NODE_LIST)
        rc = expand_list(sc, n, ret);
    else
        rc = expand_map(sc, n, ret);
    sc->depth--;
    return rc;
}
