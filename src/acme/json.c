#include "acme/core.h"

#include "base/jsoncap.h"
#include <stdlib.h>

json_t *js_load(signet_str text, const char **why)
{
    *why = json_beyond(text, LIM_JSON_DEPTH, LIM_JSON_NODES);
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

/* Into memory of our own size: json_dumps cuts the text in silence when its buffer cannot grow. */
char *js_dump(json_t *o)
{
    size_t n = o ? json_dumpb(o, NULL, 0, JSON_COMPACT) : 0;
    char *text = n ? calloc(1, n + 1) : NULL;
    if (text && json_dumpb(o, text, n, JSON_COMPACT) != n) {
        free(text);
        text = NULL;
    }
    json_decref(o);
    return text;
}
