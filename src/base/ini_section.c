#include "base/ini_section.h"

struct ini_section ini_section_of(signet_str text, signet_str name)
{
    return (struct ini_section){ text, name, name.n == 0 };
}

static bool is_named(signet_str head, signet_str name)
{
    signet_str profile = STR("profile ");
    return str_eq(head, name) || (str_starts(head, profile) && str_eq(str_trim(str_skip(head, profile.n)), name));
}

bool ini_section_next(struct ini_section *s, signet_str *ret_key, signet_str *ret_value)
{
    while (s->rest.n) {
        signet_str line, key, value;
        (void)str_cut(s->rest, '\n', &line, &s->rest);
        line = str_trim(line);
        if (!line.n || line.p[0] == '#' || line.p[0] == ';')
            continue;
        if (line.p[0] == '[' && line.p[line.n - 1] == ']') {
            s->in = is_named(str_trim((signet_str){ line.p + 1, line.n - 2 }), s->name);
            continue;
        }
        if (!s->in || !str_cut(line, '=', &key, &value))
            continue;
        *ret_key = str_trim(key);
        *ret_value = str_trim(value);
        return true;
    }
    return false;
}
