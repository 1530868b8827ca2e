#include "base/jsoncap.h"

const char *json_beyond(signet_str text, size_t depth, size_t nodes)
{
    size_t open = 0, seen = 1;
    bool quoted = false;
    for (size_t i = 0; i < text.n; i++) {
        char c = text.p[i];
        if (quoted && c == '\\')
            i++;
        if (c == '"')
            quoted = !quoted;
        if (quoted)
            continue;
        if (c == '{' || c == '[')
            open++;
        else if ((c == '}' || c == ']') && open)
            open--;
        if (c == ',' || c == '{' || c == '[')
            seen++;
        if (open > depth)
            return "JSON nested too deep";
        if (seen > nodes)
            return "too many values in the JSON";
    }
    return NULL;
}
