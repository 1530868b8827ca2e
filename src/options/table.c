/* Finding rows. */
#include "options/rows.h"

static const struct opt_part *const parts[] = { &opt_part_main,    &opt_part_cert, &opt_part_verbs,
                                                &opt_part_plugins, &opt_part_dns,  &opt_part_extra };

const struct opt *opt_at(size_t i)
{
    for (size_t p = 0; p < sizeof(parts) / sizeof(parts[0]); p++) {
        if (i < parts[p]->n)
            return &parts[p]->rows[i];
        i -= parts[p]->n;
    }
    return NULL;
}

bool opt_takes_value(const struct opt *o)
{
    return o->metavar != NULL;
}

signet_str opt_next_name(const char **at)
{
    signet_str name, rest;
    str_cut(str_of(*at), ' ', &name, &rest);
    *at = rest.n ? rest.p : "";
    return name;
}

signet_str opt_long_name(const struct opt *o)
{
    const char *at = o->names;
    signet_str name = opt_next_name(&at);
    while (!str_starts(name, STR("--")) && *at)
        name = opt_next_name(&at);
    return name;
}

void opt_all_names(const struct opt *o, struct buf *to)
{
    const char *at = o->names;
    while (*at) {
        if (at != o->names)
            buf_addc(to, '/');
        buf_add(to, opt_next_name(&at));
    }
}

const struct opt *opt_find(signet_str name)
{
    const struct opt *o;
    for (size_t i = 0; (o = opt_at(i)); i++) {
        const char *at = o->names;
        while (*at)
            if (str_eq(opt_next_name(&at), name))
                return o;
    }
    return NULL;
}

/* Names that start with `prefix` among the rows that are `extra` or not; how many, and the last row with one. */
static size_t prefixed(signet_str prefix, bool extra, const struct opt **ret, struct strlist *names)
{
    size_t n = 0;
    const struct opt *o;
    for (size_t i = 0; (o = opt_at(i)); i++) {
        const char *at = o->names;
        while (o->extra == extra && *at) {
            signet_str name = opt_next_name(&at);
            if (!str_starts(name, prefix))
                continue;
            n++;
            *ret = o;
            if (names)
                (void)strlist_add(names, name); /* for a message only: one that lacks a name does no harm */
        }
    }
    return n;
}

const struct opt *opt_find_prefix(signet_str name, struct strlist *ret_candidates)
{
    const struct opt *found = NULL;
    if (!str_starts(name, STR("--")) || name.n < 3)
        return NULL;
    size_t n = prefixed(name, false, &found, ret_candidates);
    if (!n)
        n = prefixed(name, true, &found, ret_candidates);
    return n == 1 ? found : NULL;
}

const struct opt *opt_by_remember(signet_str key)
{
    const struct opt *o;
    for (size_t i = 0; (o = opt_at(i)); i++)
        if (o->remember && str_eq(str_of(o->remember), key))
            return o;
    return NULL;
}

bool opt_by_user(const struct request *r, const char *long_name)
{
    const struct opt *o;
    for (size_t i = 0; (o = opt_at(i)); i++) {
        const char *at = o->names;
        while (*at) {
            signet_str name = opt_next_name(&at);
            if (str_starts(name, STR("--")) && str_eq(str_skip(name, 2), str_of(long_name)))
                return r->from[o->id] >= FROM_INI;
        }
    }
    return false;
}
