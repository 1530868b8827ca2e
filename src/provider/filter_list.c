#include "provider/filter.h"

/* Lists and numbers. */

static int split_at(struct filter_call *c, signet_str sep, bool lines)
{
    c->ret = json_array();
    if (!c->ret)
        return SIGNET_ENOMEM;
    signet_str rest = c->in;
    bool more = rest.n > 0;
    while (more) {
        const char *at = str_find(rest, sep);
        signet_str one = { rest.p, at ? (size_t)(at - rest.p) : rest.n };
        more = at != NULL;
        rest = more ? str_skip(rest, one.n + sep.n) : (signet_str){ "", 0 };
        if (lines && str_ends(one, STR("\r")))
            one.n--;
        if (lines && !str_trim(one).n)
            continue;
        if (json_array_size(c->ret) >= LIM_ELEMENTS)
            return SIGNET_ELIMIT;
        if (json_array_append_new(c->ret, value_text(one)))
            return SIGNET_ENOMEM;
    }
    return 0;
}

static int f_lines(struct filter_call *c)
{
    return split_at(c, STR("\n"), true);
}

static int f_split(struct filter_call *c)
{
    return split_at(c, c->arg[0], false);
}

static int f_join(struct filter_call *c)
{
    if (!json_is_array(c->v)) {
        buf_add(c->out, c->in);
        return 0;
    }
    for (size_t i = 0; i < json_array_size(c->v); i++) {
        if (i)
            buf_add(c->out, c->arg[0]);
        value_add(c->out, json_array_get(c->v, i));
    }
    return 0;
}

static int f_first(struct filter_call *c)
{
    c->ret = json_incref(json_is_array(c->v) ? json_array_get(c->v, 0) : c->v);
    return 0;
}

static int f_last(struct filter_call *c)
{
    size_t n = json_is_array(c->v) ? json_array_size(c->v) : 0;
    c->ret = json_incref(json_is_array(c->v) ? json_array_get(c->v, n ? n - 1 : 0) : c->v);
    return 0;
}

static int f_count(struct filter_call *c)
{
    c->ret = json_integer(json_is_array(c->v) ? (json_int_t)json_array_size(c->v) : value_empty(c->v) ? 0 : 1);
    return c->ret ? 0 : SIGNET_ENOMEM;
}

/* The names of a map's members: some APIs keep ids there. */
static int f_keys(struct filter_call *c)
{
    const char *name;
    json_t *ignored;
    c->ret = json_array();
    if (!c->ret)
        return SIGNET_ENOMEM;
    json_object_foreach(c->v, name, ignored)
    {
        if (json_array_append_new(c->ret, value_text(str_of(name))))
            return SIGNET_ENOMEM;
    }
    return 0;
}

/* Alone: the apex is called "@". With a number: that element of a list, from 0. */
static int f_at(struct filter_call *c)
{
    uint64_t i;
    if (!c->n_arg) {
        buf_add(c->out, c->in.n ? c->in : STR("@"));
        return 0;
    }
    if (str_u64(c->arg[0], LIM_ELEMENTS, &i))
        return filter_bad(c, "\"|at\" wants a number");
    c->ret = json_incref(json_array_get(c->v, (size_t)i));
    return 0;
}

static int number_of(struct filter_call *c, signet_str s, int64_t *ret)
{
    uint64_t v;
    bool minus = str_starts(s, STR("-"));
    if (str_u64(minus ? str_skip(s, 1) : s, INT64_MAX / 2, &v))
        return filter_bad(c, "a number is wanted");
    *ret = minus ? -(int64_t)v : (int64_t)v;
    return 0;
}

static int f_add(struct filter_call *c)
{
    int64_t a = 0, b = 0;
    if (number_of(c, str_trim(c->in), &a) || number_of(c, c->arg[0], &b))
        return SIGNET_EINVAL;
    c->ret = json_integer(a + b);
    return c->ret ? 0 : SIGNET_ENOMEM;
}

static int f_div(struct filter_call *c)
{
    int64_t a = 0, b = 0;
    if (number_of(c, str_trim(c->in), &a) || number_of(c, c->arg[0], &b))
        return SIGNET_EINVAL;
    if (b <= 0 || a < 0)
        return filter_bad(c, "\"|div\" wants positive numbers");
    c->ret = json_integer((a + b - 1) / b);
    return c->ret ? 0 : SIGNET_ENOMEM;
}

const struct filter filters_list[] = {
    { STR("lines"), 0, 0, f_lines }, { STR("split"), 1, 1, f_split }, { STR("join"), 1, 1, f_join },
    { STR("first"), 0, 0, f_first }, { STR("last"), 0, 0, f_last },   { STR("count"), 0, 0, f_count },
    { STR("keys"), 0, 0, f_keys },   { STR("at"), 0, 1, f_at },       { STR("add"), 1, 1, f_add },
    { STR("div"), 1, 1, f_div },     { { NULL, 0 }, 0, 0, NULL },
};
