#include "provider/value.h"

#include "base/jsoncap.h"
#include "provider/limits.h"
#include <stdlib.h>

json_t *value_text(signet_str s)
{
    return json_stringn_nocheck(s.n ? s.p : "", s.n);
}

signet_str value_str(const json_t *v)
{
    if (!json_is_string(v))
        return (signet_str){ "", 0 };
    return (signet_str){ json_string_value(v), json_string_length(v) };
}

bool value_empty(const json_t *v)
{
    if (!v || json_is_null(v))
        return true;
    if (json_is_string(v))
        return json_string_length(v) == 0;
    return (json_is_array(v) && json_array_size(v) == 0) || (json_is_object(v) && json_object_size(v) == 0);
}

void value_dump(struct buf *to, const json_t *v)
{
    size_t n = json_dumpb(v, NULL, 0, JSON_COMPACT | JSON_ENCODE_ANY);
    if (!n) {
        to->bad = to->bad ? to->bad : SIGNET_ELIMIT;
        return;
    }
    if (buf_reserve(to, n))
        return;
    if (json_dumpb(v, to->p + to->n, n, JSON_COMPACT | JSON_ENCODE_ANY) == n) {
        to->n += n;
        to->p[to->n] = '\0';
    }
}

void value_add(struct buf *to, const json_t *v)
{
    if (!v || json_is_null(v))
        return;
    if (json_is_string(v)) {
        buf_add(to, value_str(v));
    } else if (json_is_boolean(v)) {
        buf_addz(to, json_is_true(v) ? "true" : "false");
    } else if (json_is_array(v)) {
        for (size_t i = 0; i < json_array_size(v); i++) {
            if (i)
                buf_addz(to, ", ");
            value_add(to, json_array_get(v, i));
        }
    } else {
        value_dump(to, v);
    }
}

int value_set(json_t *map, const char *key, json_t *taken)
{
    return taken && json_object_set_new_nocheck(map, key, taken) == 0 ? 0 : SIGNET_ENOMEM;
}

int value_set_str(json_t *map, const char *key, signet_str s)
{
    return value_set(map, key, value_text(s));
}

json_t *value_parse(signet_str text, const char **why)
{
    *why = json_beyond(text, LIM_JSON_DEPTH, LIM_JSON_NODES);
    if (*why)
        return NULL;
    json_t *v = text.n ? json_loadb(text.p, text.n, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL) : NULL;
    if (!v)
        *why = text.n ? "not JSON, or cut short" : "empty";
    return v;
}

signet_str value_unquoted(signet_str s)
{
    if (s.n >= 2 && s.p[0] == '"' && s.p[s.n - 1] == '"')
        return (signet_str){ s.p + 1, s.n - 2 };
    return s;
}

bool value_same_text(signet_str a, signet_str b)
{
    a = value_unquoted(a);
    b = value_unquoted(b);
    if (str_ends(a, STR(".")))
        a.n--;
    if (str_ends(b, STR(".")))
        b.n--;
    return str_eq(a, b);
}
