#include "cli/parse.h"

#include "base/fs.h"
#include "cli/help.h"
#include "cli/ini.h"
#include "options/table.h"
#include <fcntl.h>
#include <pwd.h>
#include <stdlib.h>
#include <unistd.h>

enum { UNKNOWN_MAX = 1 << 17 };

/* An option of the command line, not yet applied: the files of weaker options, which it may name, come first. */
struct setting {
    const struct opt *o;
    signet_str value; /* into argv */
};

struct parser {
    struct request *r;
    int argc;
    char *const *argv;
    int at; /* the next argument */
    struct setting *set;
    size_t n_set, cap_set;
    struct strlist ini_files;
    struct strlist unknown; /* options of files that nobody knows */
    struct strlist rest;    /* of the command line: words that are neither verb nor value, options that nobody knows */
    enum parsed what;
    struct err *e;
};

static int option_error(struct parser *p, const struct opt *o, const char *why)
{
    BUF_AUTO(names, 512);
    opt_all_names(o, &names);
    return err_set(p->e, SIGNET_EUSAGE, "argument %s: %s", buf_z(&names), why);
}

static int ignored_value(struct parser *p, const struct opt *o, signet_str value)
{
    BUF_AUTO(why, 512);
    buf_addz(&why, "ignored explicit argument '");
    buf_add_escaped(&why, value, 100);
    buf_addc(&why, '\'');
    return option_error(p, o, buf_z(&why));
}

static int keep(struct parser *p, const struct opt *o, signet_str value)
{
    if (o->id == OPT_ID_VERSION)
        p->what = PARSED_VERSION;
    if (o->id == OPT_ID_HELP)
        p->what = PARSED_HELP;
    if (o->id == OPT_ID_CONFIG)
        return strlist_add(&p->ini_files, value) ? err_nomem(p->e) : 0;
    if (p->n_set == p->cap_set) {
        size_t cap = p->cap_set ? p->cap_set * 2 : 32;
        struct setting *set = reallocarray(p->set, cap, sizeof(*set));
        if (!set)
            return err_nomem(p->e);
        p->set = set;
        p->cap_set = cap;
    }
    p->set[p->n_set++] = (struct setting){ o, value };
    return 0;
}

/* May it be an option's value? What begins with '-' is none, unless it is "-" alone, a negative number, or text with
 * blanks in it. */
static bool is_value(signet_str arg)
{
    if (arg.n < 2 || arg.p[0] != '-')
        return true;
    uint64_t number;
    return str_u64(str_skip(arg, 1), UINT64_MAX, &number) == 0 || str_has(arg, ' ');
}

static int keep_next(struct parser *p, const struct opt *o)
{
    if (p->at >= p->argc || !is_value(str_of(p->argv[p->at])))
        return option_error(p, o, "expected one argument");
    return keep(p, o, str_of(p->argv[p->at++]));
}

static int ambiguous(struct parser *p, signet_str arg, const struct strlist *candidates)
{
    BUF_AUTO(shown, 512);
    BUF_AUTO(names, 4096);
    buf_add_escaped(&shown, arg, 100);
    strlist_join(candidates, ", ", &names);
    return err_set(p->e, SIGNET_EUSAGE, "ambiguous option: %s could match %s", buf_z(&shown), buf_z(&names));
}

static int parse_long(struct parser *p, signet_str arg)
{
    signet_str name, value;
    STRLIST_AUTO(candidates);
    bool given = str_cut(arg, '=', &name, &value);
    const struct opt *o = opt_find(name);
    if (!o)
        o = opt_find_prefix(name, &candidates);
    if (!o && candidates.n)
        return ambiguous(p, arg, &candidates);
    if (!o)
        return strlist_add(&p->rest, arg) ? err_nomem(p->e) : 0;
    if (!opt_takes_value(o))
        return given ? ignored_value(p, o, value) : keep(p, o, STR(""));
    return given ? keep(p, o, value) : keep_next(p, o);
}

/* -nv, -d a, -da, -d=a */
static int parse_short(struct parser *p, signet_str arg)
{
    for (size_t i = 1; i < arg.n; i++) {
        char name[2] = { '-', arg.p[i] };
        const struct opt *o = opt_find((signet_str){ name, 2 });
        signet_str rest = str_skip(arg, i + 1);
        if (!o) {
            BUF_AUTO(unknown, 4096);
            buf_addc(&unknown, '-');
            buf_add(&unknown, str_skip(arg, i));
            return buf_err(&unknown) || strlist_add(&p->rest, buf_str(&unknown)) ? err_nomem(p->e) : 0;
        }
        if (opt_takes_value(o) && !rest.n)
            return keep_next(p, o);
        if (opt_takes_value(o))
            return keep(p, o, str_skip(rest, rest.p[0] == '=' ? 1 : 0));
        if (str_starts(rest, STR("=")))
            return ignored_value(p, o, str_skip(rest, 1));
        int rc = keep(p, o, STR(""));
        if (rc)
            return rc;
    }
    return 0;
}

static int parse_word(struct parser *p, signet_str arg)
{
    enum verb v = verb_from_name(arg);
    if (p->r->verb == VERB_NONE && v != VERB_NONE && v != VERB_HELP) {
        p->r->verb = v;
        return 0;
    }
    return strlist_add(&p->rest, arg) ? err_nomem(p->e) : 0;
}

static int parse_all(struct parser *p)
{
    int rc = 0;
    bool only_words = false;
    while (p->at < p->argc && !rc && p->what == PARSED_RUN) {
        signet_str arg = str_of(p->argv[p->at++]);
        if (only_words || arg.n < 2 || arg.p[0] != '-')
            rc = parse_word(p, arg);
        else if (str_eq(arg, STR("--")))
            only_words = true;
        else if (arg.p[1] == '-')
            rc = parse_long(p, arg);
        else
            rc = parse_short(p, arg);
    }
    return rc;
}

/* -h or --help anywhere wins over everything else, mistakes included; a word behind it that is a topic says on what. */
static int find_help(struct parser *p)
{
    for (int i = 1; i < p->argc; i++) {
        signet_str arg = str_of(p->argv[i]);
        bool help = str_eq(arg, STR("-h")) || str_eq(arg, STR("--help")) || (i == 1 && str_eq(arg, STR("help")));
        if (!help)
            continue;
        p->what = PARSED_HELP;
        p->r->verb = VERB_HELP;
        if (i + 1 < p->argc && help_topic_known(p->argv[i + 1]))
            return strlist_addz(&p->r->help_topics, p->argv[i + 1]) ? err_nomem(p->e) : 0;
    }
    return 0;
}

/* ---- the files ---- */

static bool says_yes(signet_str v)
{
    return str_ieq(v, STR("true")) || str_ieq(v, STR("yes")) || str_ieq(v, STR("on")) || str_eq(v, STR("1"));
}

static bool says_no(signet_str v)
{
    return str_ieq(v, STR("false")) || str_ieq(v, STR("no")) || str_ieq(v, STR("off")) || str_eq(v, STR("0"));
}

static int apply_flag(struct parser *p, const struct opt *o, const struct ini_item *item)
{
    signet_str v = item->values.n ? str_of(item->values.v[0]) : STR("");
    uint64_t times = 1;
    if (says_no(v))
        return 0;
    if (!says_yes(v) && (o->type != OPT_COUNT || str_u64(v, 100, &times)))
        return err_set(
            p->e, SIGNET_EUSAGE,
            "Unexpected value for %s: '%.200s'. Expecting 'true', 'false', 'yes', 'no', 'on', 'off', '1' or '0'",
            item->key, item->values.n ? item->values.v[0] : "");
    int rc = 0;
    for (uint64_t i = 0; i < times && !rc; i++)
        rc = opt_set(p->r, o, STR(""), FROM_INI, p->e);
    return rc;
}

static int unknown_item(struct parser *p, const struct ini_item *item)
{
    for (size_t i = 0; i < item->values.n; i++) {
        BUF_AUTO(arg, UNKNOWN_MAX);
        buf_addf(&arg, "--%s=%s", item->key, item->values.v[i]);
        if (buf_err(&arg) || strlist_add(&p->unknown, buf_str(&arg)))
            return err_nomem(p->e);
    }
    return 0;
}

static int apply_item(struct parser *p, const struct ini_item *item)
{
    BUF_AUTO(name, 256);
    buf_addf(&name, "--%s", item->key);
    const struct opt *o = buf_err(&name) ? NULL : opt_find(buf_str(&name));
    if (!o || o->id == OPT_ID_HELP || o->id == OPT_ID_VERSION || o->id == OPT_ID_CONFIG)
        return unknown_item(p, item);
    if (p->r->from[o->id] == FROM_INI && opt_reset(p->r, o)) /* an earlier file's */
        return err_nomem(p->e);
    if (!opt_takes_value(o))
        return apply_flag(p, o, item);
    int rc = 0;
    for (size_t i = 0; i < item->values.n && !rc; i++)
        rc = opt_set(p->r, o, str_of(item->values.v[i]), FROM_INI, p->e);
    return rc;
}

static int apply_file(struct parser *p, const char *path, bool needed)
{
    BUF_AUTO(text, INI_BYTES_MAX);
    struct ini ini = { 0 };
    struct err why = { 0 };
    int rc = fs_read(AT_FDCWD, path, &text, &why);
    if (rc == SIGNET_ENOTFOUND && !needed)
        return 0;
    if (rc && access(path, F_OK) && !needed) /* in a folder that may not be entered: for certbot there is no file */
        return 0;
    if (rc)
        return err_set(p->e, SIGNET_EUSAGE, "Unable to open config file: %s. Error: %s", path, why.text);
    rc = ini_parse(&ini, buf_str(&text), path, p->e);
    for (size_t i = 0; i < ini.n && !rc; i++) {
        rc = apply_item(p, &ini.v[i]);
        if (rc)
            err_hint(p->e, "This stands in %s.", path);
    }
    ini_done(&ini);
    return rc;
}

void parse_user_ini(struct buf *path)
{
    const char *xdg = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");
    buf_clear(path);
    if (xdg && *xdg) {
        buf_addf(path, "%s/letsencrypt/cli.ini", xdg);
        return;
    }
    const struct passwd *me = home && *home ? NULL : getpwuid(getuid());
    if (me)
        home = me->pw_dir;
    if (home && *home)
        buf_addf(path, "%s/.config/letsencrypt/cli.ini", home);
}

/* ---- together ---- */

static int apply_argv(struct parser *p)
{
    int rc = 0;
    for (size_t i = 0; i < p->n_set && !rc; i++)
        rc = opt_set(p->r, p->set[i].o, p->set[i].value, FROM_CLI, p->e);
    return rc;
}

/* Words that are neither verb nor value: names for explain and status, a mistake elsewhere. */
static int apply_words(struct parser *p)
{
    if (p->r->verb == VERB_NONE)
        p->r->verb = VERB_RUN;
    for (size_t i = 0; i < p->rest.n; i++) {
        signet_str word = str_of(p->rest.v[i]);
        bool named = p->r->verb == VERB_EXPLAIN || p->r->verb == VERB_STATUS;
        bool name = named && !str_starts(word, STR("-"));
        if (strlist_add(name ? &p->r->certnames : &p->unknown, word))
            return err_nomem(p->e);
    }
    if (!p->unknown.n)
        return 0;
    BUF_AUTO(all, UNKNOWN_MAX);
    BUF_AUTO(shown, 2000);
    strlist_join(&p->unknown, " ", &all);
    buf_add_escaped(&shown, buf_str(&all), 1000);
    return err_set(p->e, SIGNET_EUSAGE, "unrecognized arguments: %s", buf_z(&shown));
}

static int apply_all(struct parser *p, const char *system_ini, const char *user_ini)
{
    int rc = system_ini ? apply_file(p, system_ini, false) : 0;
    if (!rc && user_ini && *user_ini)
        rc = apply_file(p, user_ini, false);
    for (size_t i = 0; i < p->ini_files.n && !rc; i++)
        rc = apply_file(p, p->ini_files.v[i], true);
    if (!rc)
        rc = apply_argv(p);
    if (!rc)
        rc = apply_words(p);
    return rc ? rc : request_finish(p->r, p->e);
}

static void show(const struct parser *p, struct buf *shown)
{
    buf_addz(shown, verb_name(p->r->verb));
    for (size_t i = 0; i < p->n_set; i++) {
        buf_addc(shown, ' ');
        buf_add(shown, opt_long_name(p->set[i].o));
        if (!opt_takes_value(p->set[i].o))
            continue;
        buf_addc(shown, '=');
        if (p->set[i].o->secret)
            buf_addz(shown, "***");
        else
            buf_add_escaped(shown, p->set[i].value, 1000);
    }
}

int parse_command_line(struct request *r, int argc, char *const argv[], const char *system_ini, const char *user_ini,
                       enum parsed *what, struct buf *shown, struct err *e)
{
    struct parser p = { .r = r, .argc = argc, .argv = argv, .at = 1, .e = e, .what = PARSED_RUN };
    int rc = find_help(&p);
    if (!rc && p.what == PARSED_RUN && argc > 1 && str_eq(str_of(argv[1]), STR("dev"))) {
        p.what = PARSED_DEV;
        for (int i = 2; i < argc && !rc; i++)
            rc = strlist_addz(&r->certnames, argv[i]) ? err_nomem(e) : 0;
    }
    if (!rc && p.what == PARSED_RUN)
        rc = parse_all(&p);
    if (!rc && p.what == PARSED_RUN)
        rc = apply_all(&p, system_ini, user_ini);
    if (!rc && shown)
        show(&p, shown);
    if (!rc)
        *what = p.what;
    free(p.set);
    strlist_done(&p.ini_files);
    strlist_done(&p.unknown);
    strlist_done(&p.rest);
    return rc;
}
