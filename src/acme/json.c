#include "acme/core.h"
#include <stdlib.h>

/* jansson's parser recurses, and builds a tree of many times the text's size: so depth and number of values are
 * counted before it sees the text. Text inside strings does not count. */
static const char *js_caps(signet_str s)
{
    size_t depth = 0, nodes = 1;
    bool quoted = false;
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        if (quoted) {
            if (c == '\\')
                i++;
            else if (c == '"')
                quoted = false;
            continue;
        }
        if (c == '"')
            quoted = true;
        else if (c == '{' || c == '[')
            depth++;
        else if ((c == '}' || c == ']') && depth)
            depth--;
        if (c == ',' || c == '{' || c == '[')
            nodes++;
        if (depth > LIM_JSON_DEPTH)
            return "JSON nested too deep";
        if (nodes > LIM_JSON_NODES)
            return "too many values in the JSON";
    }
    return NULL;
}

json_t *js_load(signet_str text, const char **why)
{
    *why = js_caps(text);
    if (*why)
        return NULL;
    json_t *root = text.n ? json_loadb(text.p, text.n, JSON_REJECT_DUPLICATES, NULL) : NULL;
    if (!json_is_object(root)) {
        *why = text.n ? "no JSON object, or cut short" : "empty";
        json_decref(root);
        return NULL;
    }
    return root;
}

const char *js_text(json_t *o, const char *key)
{
    return json_string_value(json_object_get(o, key));
}

signet_str js_str(json_t *o, const char *key)
{
    json_t *v = json_object_get(o, key);
    if (!json_is_string(v))
        return (signet_str){ "", 0 };
    return (signet_str){ json_string_value(v), json_string_length(v) };
}

/* jansson may have been given an allocator of its own; callers get plain malloc memory. */
char *js_dump(json_t *o)
{
    json_free_t release;
    char *text = o ? json_dumps(o, JSON_COMPACT) : NULL;
    char *copy = text ? str_dup(str_of(text)) : NULL;
    json_decref(o);
    json_get_alloc_funcs(NULL, &release);
    if (text)
        release(text);
    return copy;
}
