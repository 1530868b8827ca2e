/* One option from its text: the plain types. */
#include "options/rows.h"

#include "base/fs.h"
#include <stdlib.h>

enum { VALUE_MAX = 64 * 1024, LIST_NAMES_MAX = 10000 };

int str_put(char **at, signet_str s)
{
    char *z = str_dup(s);
    if (!z)
        return SIGNET_ENOMEM;
    free(*at);
    *at = z;
    return 0;
}

/* argparse's "argument -x/--xx: why". */
static int bad_value(const struct opt *o, struct err *e, const char *why)
{
    BUF_AUTO(names, 512);
    opt_all_names(o, &names);
    return err_set(e, SIGNET_EUSAGE, "argument %s: %s", buf_z(&names), why);
}

static void *at(struct request *r, const struct opt *o)
{
    return (char *)r + o->offset;
}

/* As Python's int() takes it: blanks around, a sign. */
static bool parse_int(signet_str s, bool *negative, uint64_t *ret)
{
    s = str_trim(s);
    *negative = str_starts(s, STR("-"));
    if (*negative || str_starts(s, STR("+")))
        s = str_skip(s, 1);
    return str_u64(s, UINT64_MAX, ret) == 0;
}

static int set_uint(struct request *r, const struct opt *o, signet_str value, struct err *e)
{
    bool negative;
    uint64_t v;
    BUF_AUTO(why, 512);
    if (!parse_int(value, &negative, &v)) {
        if (o->natural)
            return bad_value(o, e, "value must be an integer");
        buf_addz(&why, "invalid int value: '");
        buf_add_escaped(&why, value, 100);
        buf_addc(&why, '\'');
        return bad_value(o, e, buf_z(&why));
    }
    if (negative && v && o->natural)
        return bad_value(o, e, "value must be non-negative");
    if ((negative && v) || v < o->min || v > o->max) {
        buf_addf(&why, "value must be between %u and %u", o->min, o->max);
        return bad_value(o, e, buf_z(&why));
    }
    *(unsigned *)at(r, o) = (unsigned)v;
    return 0;
}

/* The row's word that `value` is, or NULL. */
static bool choice_find(const struct opt *o, signet_str value, signet_str *ret)
{
    const char *words = o->choices;
    while (*words) {
        *ret = opt_next_name(&words);
        if (o->nocase ? str_ieq(*ret, value) : str_eq(*ret, value))
            return true;
    }
    return false;
}

static int set_choice(struct request *r, const struct opt *o, signet_str value, struct err *e)
{
    signet_str word;
    if (choice_find(o, value, &word))
        return str_put(at(r, o), word) ? err_nomem(e) : 0;
    BUF_AUTO(why, 1024);
    buf_addz(&why, "invalid choice: '");
    buf_add_escaped(&why, value, 100);
    buf_addz(&why, "' (choose from '");
    const char *words = o->choices;
    while (*words) {
        if (words != o->choices)
            buf_addz(&why, "', '");
        buf_add(&why, opt_next_name(&words));
    }
    buf_addz(&why, "')");
    return bad_value(o, e, buf_z(&why));
}

int opt_absolute(const struct opt *o, signet_str value, struct buf *to, struct err *e)
{
    struct err why = { 0 };
    char *z = str_dup(value);
    if (!z)
        return err_nomem(e);
    int rc = fs_absolute(z, to, e);
    free(z);
    if (!rc && fs_fits(buf_str(to), &why))
        rc = bad_value(o, e, why.text);
    return rc;
}

static int set_path(struct request *r, const struct opt *o, signet_str value, struct err *e)
{
    BUF_AUTO(path, 2u * VALUE_MAX);
    int rc = opt_absolute(o, value, &path, e);
    if (rc)
        return rc;
    return str_put(at(r, o), buf_str(&path)) ? err_nomem(e) : 0;
}

/* An empty element is kept: it is a mistake that whoever reads names must see. */
static int set_list(struct request *r, const struct opt *o, signet_str value, struct err *e)
{
    struct strlist *l = at(r, o);
    bool more = true;
    while (more) {
        signet_str part = value;
        more = o->comma && str_cut(value, ',', &part, &value);
        if (l->n >= LIST_NAMES_MAX)
            return err_set(e, SIGNET_ELIMIT, "more than %d values for one option", LIST_NAMES_MAX);
        if (strlist_add_new(l, str_trim(part)))
            return err_nomem(e);
    }
    return 0;
}

int opt_reset(struct request *r, const struct opt *o)
{
    struct request fresh;
    int rc = request_init(&fresh);
    if (rc)
        return rc;
    if (o->type == OPT_LIST || o->id == OPT_ID_PREFERRED_CHALLENGES || o->id == OPT_ID_WEBROOT_PATH)
        strlist_done(at(r, o));
    if (o->id == OPT_ID_WEBROOT_PATH || o->id == OPT_ID_WEBROOT_MAP)
        webroot_map_done(&r->webroot_map);
    if (o->id == OPT_ID_WEBROOT_PATH)
        r->names_before_webroot = false;
    if (o->type == OPT_COUNT)
        *(int *)at(r, o) = 0;
    if (o->type == OPT_FLAG)
        *(bool *)at(r, o) = false;
    if (o->type == OPT_TRI_YES || o->type == OPT_TRI_NO)
        *(enum tri *)at(r, o) = TRI_UNSET;
    if (o->type == OPT_UINT)
        *(unsigned *)at(r, o) = *(unsigned *)at(&fresh, o);
    bool text = o->type == OPT_STRING || o->type == OPT_PATH || o->type == OPT_CHOICE;
    if (text || o->id == OPT_ID_SERVER || o->id == OPT_ID_USER_AGENT_COMMENT) {
        char **mine = at(r, o), **theirs = at(&fresh, o), *z = *mine;
        *mine = *theirs;
        *theirs = z;
    }
    if (o->id != OPT_ID_FOREIGN && o->id != OPT_ID_PLUGIN)
        r->from[o->id] = FROM_DEFAULT;
    request_done(&fresh);
    return 0;
}

static int set_plain(struct request *r, const struct opt *o, signet_str value, enum source from, struct err *e)
{
    switch (o->type) {
    case OPT_FLAG:
        *(bool *)at(r, o) = true;
        return 0;
    case OPT_TRI_YES:
        *(enum tri *)at(r, o) = TRI_YES;
        return 0;
    case OPT_TRI_NO:
        *(enum tri *)at(r, o) = TRI_NO;
        return 0;
    case OPT_COUNT:
        if (*(int *)at(r, o) < 100)
            ++*(int *)at(r, o);
        return 0;
    case OPT_STRING:
        return str_put(at(r, o), value) ? err_nomem(e) : 0;
    case OPT_UINT:
        return set_uint(r, o, value, e);
    case OPT_LIST:
        return set_list(r, o, value, e);
    case OPT_PATH:
        return set_path(r, o, value, e);
    case OPT_CHOICE:
        return set_choice(r, o, value, e);
    case OPT_SPECIAL:
        return o->special ? o->special(r, o, value, from, e) : 0;
    case OPT_NOOP:
        return 0;
    }
    return 0;
}

int opt_set(struct request *r, const struct opt *o, signet_str value, enum source from, struct err *e)
{
    if (value.n > VALUE_MAX || str_has(value, '\0'))
        return bad_value(o, e, "value is too long or has a NUL character in it");
    if (r->from[o->id] < from && r->from[o->id] != FROM_DEFAULT) {
        int rc = opt_reset(r, o);
        if (rc)
            return err_nomem(e);
    }
    int rc = set_plain(r, o, value, from, e);
    if (rc)
        return rc;
    if (r->from[o->id] < from)
        r->from[o->id] = (uint8_t)from;
    signet_str name = opt_long_name(o);
    if (o->gone && from >= FROM_INI && request_warn(r, "Use of %.*s is deprecated. %s", STR_ARG(name), o->gone))
        return err_nomem(e);
    return 0;
}
