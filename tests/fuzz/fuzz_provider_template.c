#include "provider/scope.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A line each: a template, a path, conditions; the rest is the JSON that they are about. Whatever they are, they end,
 * and say so when they fail. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    signet_str rest = { (const char *)data, size }, line[3];
    const char *why;
    for (size_t i = 0; i < 3; i++)
        str_cut(rest, '\n', &line[i], &rest);
    json_t *root = value_parse(rest, &why);
    json_t *vars = json_object();
    if (!vars)
        return 0;
    value_set_str(vars, "name", STR("_acme-challenge.example.com"));
    value_set(vars, "now", json_integer(1440938160));
    if (root)
        json_object_set(vars, "doc", root);
    struct err e[3] = { 0 };
    struct scope sc = { .vars = { vars }, .n_vars = 1, .e = &e[0], .url = size & 1, .lenient = (size & 2) != 0 };
    BUF_AUTO(out, 1 << 16);
    VALUE_AUTO json_t *found = NULL;
    bool yes;
    if (expand_text(&sc, line[0], &out) && !e[0].text[0])
        abort();
    sc = (struct scope){ .vars = { vars }, .n_vars = 1, .e = &e[1] };
    if (path_get(&sc, line[1], root, &found) && !e[1].text[0])
        abort();
    sc = (struct scope){ .vars = { vars }, .n_vars = 1, .e = &e[2] };
    (void)cond_holds(&sc, line[2], root, &yes);
    json_decref(root);
    json_decref(vars);
    return 0;
}
