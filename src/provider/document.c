#include "provider/engine.h"

#include "base/ini_section.h"

/* Credentials that are documents: JSON, YAML, INI, pairs. */

static json_t *node_value(const struct node *n, unsigned depth)
{
    if (depth > LIM_YAML_DEPTH)
        return NULL;
    if (n->kind == NODE_SCALAR)
        return value_text(n->text);
    json_t *v = n->kind == NODE_MAP ? json_object() : json_array();
    for (size_t i = 0; v && i < n->n; i++) {
        json_t *m = node_value(n->item[i], depth + 1);
        if (!m || (n->kind == NODE_MAP ? json_object_set_new_nocheck(v, n->key[i]->text.p, m)
                                       : json_array_append_new(v, m))) {
            json_decref(v);
            return NULL;
        }
    }
    return v;
}

static int read_yaml(signet_str text, const char *name, json_t **ret, struct err *e)
{
    struct pool pool = { 0 };
    const struct node *n = NULL;
    int rc = node_parse(&pool, text, name, &n, e);
    if (!rc) {
        *ret = node_value(n, 0);
        rc = *ret ? 0 : err_nomem(e);
    }
    pool_done(&pool);
    return rc;
}

static int read_ini(signet_str text, signet_str section, json_t **ret, struct err *e)
{
    struct ini_section s = ini_section_of(text, section);
    signet_str key, value;
    json_t *map = json_object();
    while (map && ini_section_next(&s, &key, &value)) {
        BUF_AUTO(z, 200);
        buf_add(&z, key);
        if (buf_err(&z) || value_set_str(map, buf_z(&z), value)) {
            json_decref(map);
            map = NULL;
        }
    }
    *ret = map;
    return map ? 0 : err_nomem(e);
}

static int read_pairs(signet_str text, json_t **ret, struct err *e)
{
    bool more = true;
    json_t *map = json_object();
    while (map && more) {
        signet_str one, key, value;
        more = str_cut(text, ',', &one, &text);
        if (!str_cut(str_trim(one), ':', &key, &value))
            continue;
        BUF_AUTO(z, 512);
        buf_add(&z, str_trim(key));
        if (buf_err(&z) || value_set_str(map, buf_z(&z), str_trim(value))) {
            json_decref(map);
            map = NULL;
        }
    }
    *ret = map;
    return map ? 0 : err_nomem(e);
}

int document_read(signet_str text, signet_str format, signet_str arg, const char *name, json_t **ret, struct err *e)
{
    const char *why;
    if (str_eq(format, STR("json"))) {
        *ret = value_parse(str_trim(text), &why);
        return *ret ? 0 : err_set(e, SIGNET_EFORMAT, "what %s names cannot be used: %s", name, why);
    }
    if (str_eq(format, STR("yaml")))
        return read_yaml(text, name, ret, e);
    if (str_eq(format, STR("ini")))
        return read_ini(text, arg, ret, e);
    if (str_eq(format, STR("pairs")))
        return read_pairs(text, ret, e);
    *ret = value_text(text);
    return *ret ? 0 : err_nomem(e);
}
