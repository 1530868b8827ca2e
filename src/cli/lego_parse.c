/* lego's command line. */
#include "cli/lego.h"

#include "store/lego.h"
#include <stdlib.h>
#include <unistd.h>

enum { ROWS_MAX = 160, PATH_BYTES = 8192 };

struct command {
    const char *name, *sub; /* sub: the second word, NULL: none */
    enum verb verb;         /* VERB_NONE: dnshelp, help */
    unsigned where;         /* whose options it has besides the global ones */
    bool v5;
};

static const struct command commands[] = {
    { "run", NULL, VERB_LEGO_RUN, LEGO_RUN, false },
    { "revoke", NULL, VERB_LEGO_REVOKE, LEGO_REVOKE, false },
    { "renew", NULL, VERB_LEGO_RENEW, LEGO_RENEW, false },
    { "dnshelp", NULL, VERB_NONE, LEGO_DNSHELP, false },
    { "list", NULL, VERB_LEGO_LIST, LEGO_LISTS, false },
    { "help", NULL, VERB_HELP, 0, false },
    { "h", NULL, VERB_HELP, 0, false },
    { "accounts", "list", VERB_LEGO_ACCOUNT_LIST, 0, true },
    { "accounts", "register", VERB_LEGO_ACCOUNT_REGISTER, 0, true },
    { "accounts", "recover", VERB_LEGO_ACCOUNT_RECOVER, LEGO_RUN, true },
    { "accounts", "keyrollover", VERB_LEGO_ACCOUNT_ROLLOVER, LEGO_RUN, true },
    { "archives", "list", VERB_LEGO_ARCHIVE_LIST, 0, true },
    { "archives", "restore", VERB_LEGO_ARCHIVE_RESTORE, 0, true },
    { "certificates", "list", VERB_LEGO_LIST, LEGO_LISTS, true },
    { "certificates", "revoke", VERB_LEGO_REVOKE, LEGO_REVOKE, true },
};
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

struct parser {
    struct request *r;
    int argc, at;
    char *const *argv;
    const struct command *command;
    const char *group; /* "accounts", until its second word is there */
    bool given[ROWS_MAX];
    enum lego_parsed what;
    struct buf *shown;
    struct err *e;
};

static const struct command *find(const char *name, const char *sub)
{
    for (size_t i = 0; i < COUNT(commands); i++)
        if (!strcmp(commands[i].name, name) &&
            (sub ? commands[i].sub && !strcmp(commands[i].sub, sub) : !commands[i].sub))
            return &commands[i];
    return NULL;
}

static bool is_group(const char *name)
{
    for (size_t i = 0; i < COUNT(commands); i++)
        if (commands[i].sub && !strcmp(commands[i].name, name))
            return true;
    return false;
}

static int unknown_word(struct parser *p, const char *word)
{
    p->what = LEGO_PARSED_UNKNOWN;
    p->at = p->argc;
    return strlist_addz(&p->r->help_topics, word) ? err_nomem(p->e) : 0;
}

static void take_command(struct parser *p, const struct command *c)
{
    p->command = c;
    p->group = NULL;
    p->r->verb = c->verb;
    p->r->lego.v5 |= c->v5;
    if (c->where == LEGO_DNSHELP)
        p->what = LEGO_PARSED_DNSHELP;
    if (c->verb == VERB_HELP)
        p->what = LEGO_PARSED_HELP;
}

static int parse_word(struct parser *p, const char *word)
{
    const struct command *c = p->group ? find(p->group, word) : find(word, NULL);
    if (p->command && p->command->verb == VERB_HELP) {
        if (!p->r->help_topics.n && strlist_addz(&p->r->help_topics, word))
            return err_nomem(p->e);
        return 0;
    }
    if (p->command)
        return request_warn(p->r, "\"%.100s\" is no option and was not looked at.", word) ? err_nomem(p->e) : 0;
    if (c) {
        take_command(p, c);
        return 0;
    }
    if (!p->group && is_group(word)) {
        p->group = word;
        return 0;
    }
    return unknown_word(p, word);
}

/* ---- options ---- */

static size_t row_of(const struct lego_opt *o)
{
    size_t i = 0;
    while (lego_opt_at(i) && lego_opt_at(i) != o)
        i++;
    return i;
}

/* Before the command every option is welcome, the program's own first; behind it the command's come first. */
static const struct lego_opt *look_up(const struct parser *p, signet_str name)
{
    const struct lego_opt *o = p->command ? lego_opt_find(name, p->command->where) : lego_opt_find(name, LEGO_GLOBAL);
    if (!o)
        o = lego_opt_find(name, p->command ? LEGO_GLOBAL : LEGO_ANY);
    /* version 5: run renews, so that renew's options are its own */
    if (!o && p->command && p->command->where == LEGO_RUN && (o = lego_opt_find(name, LEGO_RENEW)))
        p->r->lego.v5 = true;
    return o;
}

static int undefined(struct parser *p, signet_str name)
{
    BUF_AUTO(text, 512);
    buf_add_escaped(&text, name, 100);
    return err_set(p->e, SIGNET_EUSAGE, "flag provided but not defined: -%s", buf_z(&text));
}

static void show(struct parser *p, const struct lego_opt *o, signet_str value)
{
    buf_addf(p->shown, " --%.*s", STR_ARG(lego_opt_name(o)));
    if (o->type == LEGO_FLAG)
        return;
    buf_addc(p->shown, '=');
    if (o->secret)
        buf_addz(p->shown, "***");
    else
        buf_add_escaped(p->shown, value, 1000);
}

static int apply(struct parser *p, const struct lego_opt *o, signet_str name, signet_str value)
{
    size_t row = row_of(o);
    if (row < ROWS_MAX)
        p->given[row] = true;
    show(p, o, value);
    return lego_opt_set(p->r, o, name, value, p->e);
}

static int parse_option(struct parser *p, signet_str arg)
{
    signet_str name = str_skip(arg, str_starts(arg, STR("--")) ? 2 : 1), value = STR("true");
    bool with = str_cut(name, '=', &name, &value);
    if (!with)
        value = STR("true");
    if (!name.n || name.p[0] == '-')
        return err_set(p->e, SIGNET_EUSAGE, "bad flag syntax: %.200s", arg.p);
    bool help = str_eq(name, STR("help")) || str_eq(name, STR("h"));
    if (help || (!p->command && (str_eq(name, STR("version")) || str_eq(name, STR("v"))))) {
        p->what = help ? LEGO_PARSED_HELP : LEGO_PARSED_VERSION;
        p->at = p->argc;
        return help && p->command && strlist_addz(&p->r->help_topics, p->command->name) ? err_nomem(p->e) : 0;
    }
    const struct lego_opt *o = look_up(p, name);
    if (!o)
        return undefined(p, name);
    if (o->type == LEGO_FLAG || with)
        return apply(p, o, name, value);
    if (p->at >= p->argc)
        return err_set(p->e, SIGNET_EUSAGE, "flag needs an argument: -%.*s", STR_ARG(name));
    return apply(p, o, name, str_of(p->argv[p->at++]));
}

static int parse_all(struct parser *p)
{
    int rc = 0;
    bool only_words = false;
    while (p->at < p->argc && !rc) {
        const char *arg = p->argv[p->at++];
        if (only_words || arg[0] != '-' || !arg[1])
            rc = parse_word(p, arg);
        else if (!strcmp(arg, "--"))
            only_words = true;
        else
            rc = parse_option(p, str_of(arg));
    }
    if (!rc && p->group)
        rc = unknown_word(p, p->group);
    return rc;
}

/* An option of another command, given before this one. */
static int check_places(struct parser *p)
{
    const struct lego_opt *o;
    for (size_t i = 0; p->command && (o = lego_opt_at(i)); i++)
        if (i < ROWS_MAX && p->given[i] && !(o->where & (LEGO_GLOBAL | p->command->where)) &&
            !(p->r->lego.v5 && p->command->where == LEGO_RUN && o->where & LEGO_RENEW))
            return undefined(p, lego_opt_name(o));
    return 0;
}

/* ---- the environment ---- */

static void variable_name(const struct lego_opt *o, struct buf *to)
{
    signet_str name = lego_opt_name(o);
    buf_addz(to, "LEGO_");
    for (size_t i = 0; i < name.n; i++)
        buf_addc(to, (char)(name.p[i] >= 'a' && name.p[i] <= 'z'   ? name.p[i] - 'a' + 'A'
                            : name.p[i] == '.' || name.p[i] == '-' ? '_'
                                                                   : name.p[i]));
}

static int from_variable(struct parser *p, const struct lego_opt *o, const char *variable)
{
    const char *value = getenv(variable);
    bool v5 = p->r->lego.v5;
    /* an empty word is one, an empty number or switch is none */
    if (!value || (!*value && (!o->env || o->type != LEGO_STRING)))
        return 0;
    int rc = lego_opt_set(p->r, o, lego_opt_name(o), str_of(value), p->e);
    p->r->lego.v5 = v5; /* a variable does not say which grammar the words are in */
    return rc ? err_wrap(p->e, "environment variable %s", variable) : 0;
}

/* What stands on the command line wins; --kid and --eab.kid fill the same member, so either of them does. */
static bool is_given(const struct parser *p, const struct lego_opt *o)
{
    const struct lego_opt *other;
    for (size_t i = 0; (other = lego_opt_at(i)); i++)
        if (i < ROWS_MAX && p->given[i] && other->offset == o->offset)
            return true;
    return false;
}

/* `more`: those that only version 5 has. */
static int take_variables(struct parser *p, bool more)
{
    const struct lego_opt *o;
    int rc = 0;
    for (size_t i = 0; !rc && (o = lego_opt_at(i)); i++) {
        BUF_AUTO(name, 256);
        if (is_given(p, o))
            continue;
        variable_name(o, &name);
        if (o->env && !more)
            rc = from_variable(p, o, o->env);
        else if (!o->env && more)
            rc = from_variable(p, o, buf_z(&name));
    }
    return rc;
}

/* Where the words may be either version's, the tree says which variables count. */
static int take_environment(struct parser *p)
{
    struct tree t = { .lock_fd = -1 };
    int rc = take_variables(p, false);
    if (!rc && !p->r->lego.v5 && p->r->config_dir && p->r->config_dir[0]) {
        rc = lego_tree_init(&t, p->r->config_dir, false) ? err_nomem(p->e) : 0;
        p->r->lego.v5 = !rc && lego_tree_is_v5(&t);
        tree_done(&t);
    }
    return rc || !p->r->lego.v5 ? rc : take_variables(p, true);
}

/* ---- together ---- */

static int default_path(struct request *r, struct err *e)
{
    BUF_AUTO(path, PATH_BYTES);
    char *cwd = getcwd(NULL, 0);
    if (cwd)
        buf_addf(&path, "%s/.lego", cwd);
    free(cwd);
    free(r->config_dir);
    r->config_dir = str_dup(buf_str(&path));
    return r->config_dir && !buf_err(&path) ? 0 : err_nomem(e);
}

int lego_parse(struct request *r, int argc, char *const argv[], enum lego_parsed *what, struct buf *shown,
               struct err *e)
{
    struct parser p = { .r = r, .argc = argc, .at = 1, .argv = argv, .what = LEGO_PARSED_RUN, .shown = shown, .e = e };
    int rc = lego_options_init(r) ? err_nomem(e) : default_path(r, e);
    if (!rc)
        rc = parse_all(&p);
    if (!rc && p.what == LEGO_PARSED_RUN && !p.command) {
        p.what = LEGO_PARSED_BARE;
        r->lego.v5 = true;
    }
    if (!rc && p.what == LEGO_PARSED_RUN)
        rc = check_places(&p);
    if (!rc && (p.what == LEGO_PARSED_RUN || p.what == LEGO_PARSED_BARE))
        rc = take_environment(&p);
    if (!rc && r->certnames.n == 1 && !(r->certname = str_dup(str_of(r->certnames.v[0]))))
        rc = err_nomem(e);
    *what = p.what;
    return rc;
}

/* The account's name: what the user calls it, else the address. */
static int name_account(struct request *r, struct err *e)
{
    const char *id = r->lego.account_id && r->lego.account_id[0] ? r->lego.account_id
                     : r->email && r->email[0]                   ? r->email
                                                                 : "noemail@example.com";
    if (strchr(id, '/') || id[0] == '.')
        return err_set(e, SIGNET_EINVAL, "\"%.200s\" cannot be the name of an account: it names a folder.", id);
    free(r->account);
    r->account = str_dup(str_of(id));
    return r->account ? 0 : err_nomem(e);
}

int lego_settle(struct request *r, bool tree_is_v5, struct err *e)
{
    r->lego.v5 |= tree_is_v5;
    int rc = name_account(r, e);
    return rc ? rc : lego_finish(r, e);
}
