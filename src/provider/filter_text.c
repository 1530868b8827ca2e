#include "provider/body.h"
#include "provider/filter.h"

#include <idn2.h>
#include <regex.h>
#include <stdlib.h>

static int f_lower(struct filter_call *c)
{
    for (size_t i = 0; i < c->in.n; i++)
        buf_addc(c->out, c->in.p[i] >= 'A' && c->in.p[i] <= 'Z' ? (char)(c->in.p[i] + 32) : c->in.p[i]);
    return 0;
}

static int f_upper(struct filter_call *c)
{
    for (size_t i = 0; i < c->in.n; i++)
        buf_addc(c->out, c->in.p[i] >= 'a' && c->in.p[i] <= 'z' ? (char)(c->in.p[i] - 32) : c->in.p[i]);
    return 0;
}

static int f_trim(struct filter_call *c)
{
    buf_add(c->out, str_trim(c->in));
    return 0;
}

static int f_quote(struct filter_call *c)
{
    buf_addc(c->out, '"');
    for (size_t i = 0; i < c->in.n; i++) {
        if (c->in.p[i] == '"' || c->in.p[i] == '\\')
            buf_addc(c->out, '\\');
        buf_addc(c->out, c->in.p[i]);
    }
    buf_addc(c->out, '"');
    return 0;
}

static int f_unquote(struct filter_call *c)
{
    buf_add(c->out, value_unquoted(c->in));
    return 0;
}

static int f_dot(struct filter_call *c)
{
    buf_add(c->out, c->in);
    if (c->in.n && !str_ends(c->in, STR(".")))
        buf_addc(c->out, '.');
    return 0;
}

static int f_undot(struct filter_call *c)
{
    signet_str s = c->in;
    if (str_ends(s, STR(".")))
        s.n--;
    buf_add(c->out, s);
    return 0;
}

static int f_str(struct filter_call *c)
{
    buf_add(c->out, c->in);
    return 0;
}

static int f_int(struct filter_call *c)
{
    uint64_t v;
    signet_str s = str_trim(c->in);
    bool minus = str_starts(s, STR("-"));
    if (str_u64(minus ? str_skip(s, 1) : s, INT64_MAX, &v))
        return filter_bad(c, "\"|int\" wants a number");
    c->ret = json_integer(minus ? -(json_int_t)v : (json_int_t)v);
    return c->ret ? 0 : SIGNET_ENOMEM;
}

static int f_json(struct filter_call *c)
{
    if (c->v)
        value_dump(c->out, c->v);
    return 0;
}

static int f_parse(struct filter_call *c)
{
    const char *why;
    c->ret = value_parse(c->in, &why);
    return c->ret ? 0 : filter_bad(c, why);
}

static int f_url(struct filter_call *c)
{
    url_encode(c->out, c->in);
    c->encoded = true;
    return 0;
}

static int f_raw(struct filter_call *c)
{
    buf_add(c->out, c->in);
    c->encoded = true;
    return 0;
}

static int f_xml(struct filter_call *c)
{
    xml_escape(c->out, c->in);
    return 0;
}

/* A name in the form of DNS; what is no name stays as it is. */
static int f_ascii(struct filter_call *c)
{
    char *ascii = NULL, *z = str_dup(c->in);
    if (!z)
        return str_has(c->in, '\0') ? filter_bad(c, "\"|ascii\" wants a name") : SIGNET_ENOMEM;
    int rc = idn2_to_ascii_8z(z, &ascii, IDN2_NONTRANSITIONAL);
    buf_addz(c->out, rc == IDN2_OK ? ascii : z);
    idn2_free(ascii);
    free(z);
    return 0;
}

static int f_unicode(struct filter_call *c)
{
    char *text = NULL, *z = str_dup(c->in);
    if (!z)
        return str_has(c->in, '\0') ? filter_bad(c, "\"|unicode\" wants a name") : SIGNET_ENOMEM;
    int rc = idn2_to_unicode_8z8z(z, &text, 0);
    buf_addz(c->out, rc == IDN2_OK ? text : z);
    idn2_free(text);
    free(z);
    return 0;
}

/* ---- cutting ---- */

static int f_before(struct filter_call *c)
{
    const char *at = str_find(c->in, c->arg[0]);
    buf_add(c->out, at ? (signet_str){ c->in.p, (size_t)(at - c->in.p) } : c->in);
    return 0;
}

static int f_after(struct filter_call *c)
{
    const char *at = str_find(c->in, c->arg[0]);
    if (at)
        buf_add(c->out, str_skip(c->in, (size_t)(at - c->in.p) + c->arg[0].n));
    return 0;
}

/* The first group of an extended regular expression; the whole match when it has none; nothing when it does not match.
 */
static int f_match(struct filter_call *c)
{
    regex_t re;
    if (c->arg[0].n > LIM_PATTERN || str_has(c->arg[0], '\0') || regcomp(&re, c->arg[0].p, REG_EXTENDED | REG_NEWLINE))
        return filter_bad(c, "not a regular expression");
    regmatch_t m[2] = { { 0, (regoff_t)c->in.n }, { -1, -1 } };
    if (!regexec(&re, c->in.p, 2, m, REG_STARTEND)) {
        regmatch_t *use = re.re_nsub ? &m[1] : &m[0];
        if (use->rm_so >= 0)
            buf_add(c->out, (signet_str){ c->in.p + use->rm_so, (size_t)(use->rm_eo - use->rm_so) });
    }
    regfree(&re);
    return 0;
}

static int f_replace(struct filter_call *c)
{
    signet_str rest = c->in;
    const char *at;
    while ((at = str_find(rest, c->arg[0])) != NULL) {
        size_t n = (size_t)(at - rest.p);
        buf_add(c->out, (signet_str){ rest.p, n });
        buf_add(c->out, c->arg[1]);
        rest = str_skip(rest, n + c->arg[0].n);
    }
    buf_add(c->out, rest);
    return 0;
}

static int f_wrap(struct filter_call *c)
{
    if (!c->in.n)
        return 0;
    buf_add(c->out, c->arg[0]);
    buf_add(c->out, c->in);
    buf_add(c->out, c->arg[1]);
    return 0;
}

static int f_ifset(struct filter_call *c)
{
    buf_add(c->out, c->in.n ? c->arg[0] : (signet_str){ "", 0 });
    return 0;
}

static int f_default(struct filter_call *c)
{
    if (value_empty(c->v))
        buf_add(c->out, c->arg[0]);
    else
        c->ret = json_incref(c->v);
    return 0;
}

static int f_get(struct filter_call *c)
{
    json_t *m = json_object_get(c->v, c->arg[0].p);
    c->ret = m ? json_incref(m) : json_null(); /* not "": a list of nothing is no list of one empty text */
    return 0;
}

/* A word of a table in `let`; what is not in it becomes the member "*". */
static int f_map(struct filter_call *c)
{
    const struct node *table = scope_let(c->sc, c->arg[0]);
    const struct node *hit = node_get_s(table, c->in);
    if (!hit)
        hit = node_get(table, "*");
    if (!hit)
        return err_set(c->sc->e, SIGNET_EINVAL, "\"%.*s\" is not one of the words that may stand here", STR_ARG(c->in));
    c->encoded = true;
    return expand_node(c->sc, hit, &c->ret);
}

const struct filter filters_text[] = {
    { STR("lower"), 0, 0, f_lower },     { STR("upper"), 0, 0, f_upper },     { STR("trim"), 0, 0, f_trim },
    { STR("quote"), 0, 0, f_quote },     { STR("unquote"), 0, 0, f_unquote }, { STR("dot"), 0, 0, f_dot },
    { STR("undot"), 0, 0, f_undot },     { STR("str"), 0, 0, f_str },         { STR("int"), 0, 0, f_int },
    { STR("json"), 0, 0, f_json },       { STR("parse"), 0, 0, f_parse },     { STR("url"), 0, 0, f_url },
    { STR("raw"), 0, 0, f_raw },         { STR("xml"), 0, 0, f_xml },         { STR("ascii"), 0, 0, f_ascii },
    { STR("unicode"), 0, 0, f_unicode }, { STR("before"), 1, 1, f_before },   { STR("after"), 1, 1, f_after },
    { STR("match"), 1, 1, f_match },     { STR("replace"), 2, 2, f_replace }, { STR("wrap"), 2, 2, f_wrap },
    { STR("ifset"), 1, 1, f_ifset },     { STR("default"), 1, 1, f_default }, { STR("get"), 1, 1, f_get },
    { STR("map"), 1, 1, f_map },         { { NULL, 0 }, 0, 0, NULL },
};
