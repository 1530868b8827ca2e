#include "provider/body.h"
#include "provider/limits.h"

/* XML-RPC (http://xmlrpc.com/spec.md) on the XML of xml.c: what it needs are wrappers around values. */

static json_t *wrap(const char *name, json_t *taken)
{
    json_t *map = taken ? json_object() : NULL;
    if (!map)
        json_decref(taken);
    if (map && json_object_set_new(map, name, taken)) {
        json_decref(map);
        return NULL;
    }
    return map;
}

static json_t *boxed(const json_t *v, unsigned depth);

static json_t *boxed_struct(const json_t *v, unsigned depth)
{
    const char *key;
    json_t *m, *members = json_array();
    if (!members)
        return NULL;
    json_object_foreach((json_t *)(uintptr_t)v, key, m)
    {
        json_t *member = wrap("name", value_text(str_of(key)));
        json_t *value = boxed(m, depth + 1);
        if (!member || !value || json_object_set_new(member, "value", value) || json_array_append(members, member)) {
            json_decref(member);
            json_decref(members);
            return NULL;
        }
        json_decref(member);
    }
    return wrap("struct", wrap("member", members));
}

static json_t *boxed_array(const json_t *v, unsigned depth)
{
    json_t *list = json_array();
    for (size_t i = 0; list && i < json_array_size(v); i++) {
        json_t *one = boxed(json_array_get(v, i), depth + 1);
        if (!one || json_array_append_new(list, one)) {
            json_decref(list);
            return NULL;
        }
    }
    return wrap("array", wrap("data", wrap("value", list)));
}

/* What stands inside a <value>. */
static json_t *boxed(const json_t *v, unsigned depth)
{
    if (depth > LIM_XML_DEPTH / 4)
        return NULL;
    if (json_is_object(v))
        return boxed_struct(v, depth);
    if (json_is_array(v))
        return boxed_array(v, depth);
    if (json_is_integer(v))
        return wrap("int", json_copy((json_t *)(uintptr_t)v));
    if (json_is_boolean(v))
        return wrap("boolean", value_text(json_is_true(v) ? STR("1") : STR("0")));
    BUF_AUTO(text, LIM_TEXT);
    value_add(&text, v);
    return buf_err(&text) ? NULL : wrap("string", value_text(buf_str(&text)));
}

int xmlrpc_write(struct buf *to, const json_t *call)
{
    VALUE_AUTO json_t *params = NULL;
    VALUE_AUTO json_t *doc = NULL;
    params = json_array();
    if (!params || !json_array_size(call))
        return params ? SIGNET_EINVAL : SIGNET_ENOMEM;
    for (size_t i = 1; i < json_array_size(call); i++)
        if (json_array_append_new(params, wrap("value", boxed(json_array_get(call, i), 0))))
            return SIGNET_ENOMEM;
    json_t *body = wrap("methodName", json_incref(json_array_get(call, 0)));
    if (!body || json_object_set_new(body, "params", wrap("param", json_incref(params)))) {
        json_decref(body);
        return SIGNET_ENOMEM;
    }
    doc = wrap("methodCall", body);
    return doc ? xml_write(to, doc) : SIGNET_ENOMEM;
}

static json_t *unboxed(const json_t *value, unsigned depth);

static json_t *unboxed_struct(const json_t *members, unsigned depth)
{
    json_t *map = json_object();
    size_t n = json_is_array(members) ? json_array_size(members) : members ? 1 : 0;
    for (size_t i = 0; map && i < n; i++) {
        const json_t *m = json_is_array(members) ? json_array_get(members, i) : members;
        const char *name = json_string_value(json_object_get(m, "name"));
        json_t *v = unboxed(json_object_get(m, "value"), depth + 1);
        if (!v || value_set(map, name ? name : "", v)) {
            json_decref(map);
            return NULL;
        }
    }
    return map;
}

static json_t *unboxed_array(const json_t *values, unsigned depth)
{
    json_t *list = json_array();
    size_t n = json_is_array(values) ? json_array_size(values) : values ? 1 : 0;
    for (size_t i = 0; list && i < n; i++)
        if (json_array_append_new(list,
                                  unboxed(json_is_array(values) ? json_array_get(values, i) : values, depth + 1))) {
            json_decref(list);
            return NULL;
        }
    return list;
}

static json_t *unboxed(const json_t *value, unsigned depth)
{
    const json_t *m;
    uint64_t number;
    if (depth > LIM_XML_DEPTH)
        return NULL;
    if (!json_is_object(value))
        return value_text(value_str(value)); /* no type: a string */
    if ((m = json_object_get(value, "struct")) != NULL)
        return unboxed_struct(json_object_get(m, "member"), depth);
    if ((m = json_object_get(value, "array")) != NULL)
        return unboxed_array(json_object_get(json_object_get(m, "data"), "value"), depth);
    if ((m = json_object_get(value, "boolean")) != NULL)
        return json_boolean(str_eq(value_str(m), STR("1")));
    if (((m = json_object_get(value, "int")) != NULL || (m = json_object_get(value, "i4")) != NULL) &&
        !str_u64(value_str(m), INT64_MAX, &number))
        return json_integer((json_int_t)number);
    const char *type;
    json_t *text;
    json_object_foreach((json_t *)(uintptr_t)value, type, text) return value_text(value_str(text));
    return value_text((signet_str){ "", 0 });
}

bool xmlrpc_fault(const json_t *tree)
{
    return json_object_get(json_object_get(tree, "methodResponse"), "fault") != NULL;
}

json_t *xmlrpc_value(const json_t *tree)
{
    const json_t *response = json_object_get(tree, "methodResponse"), *fault = json_object_get(response, "fault");
    const json_t *param = json_object_get(json_object_get(response, "params"), "param");
    const json_t *value = json_object_get(fault ? fault : param, "value");
    return value ? unboxed(value, 0) : NULL;
}
