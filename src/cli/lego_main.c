/* lego's face: from its arguments to its exit status. */
#include "cli/dns_tool.h"
#include "cli/lego.h"

#include "cli/lego_load.h"
#include "cli/lego_ui.h"
#include "cli/out.h"
#include "client/run.h"
#include "options/dotenv.h"
#include "store/lego.h"
#include <stdlib.h>
#include <sys/utsname.h>

/* The release of lego that we do as. */
#define LEGO_RELEASE "4.35.2"

enum { HELP_BYTES_MAX = 1 << 20, JSON_BYTES_MAX = 64 << 20, EXIT_NO_COMMAND = 3 };

struct lego {
    struct request req;
    struct lego_ui ui;
    struct tree tree;
    struct buf shown;
    struct dotenv env;
    struct lego_config config;
};

/* ---- whose words are these ---- */

static const char *program(const char *path)
{
    const char *slash = path ? strrchr(path, '/') : NULL;
    return slash ? slash + 1 : path ? path : "";
}

/* Options that certbot has none of, by the spelling that both would take. */
static bool lego_only(const char *arg)
{
    static const char *const words[] = { "path", "accept-tos", "kid", "hmac", "pem", "pfx", "http", "tls" };
    signet_str name = str_of(arg), value;
    if (!str_starts(name, STR("-")))
        return false;
    name = str_skip(name, str_starts(name, STR("--")) ? 2 : 1);
    (void)str_cut(name, '=', &name, &value);
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (str_eq(name, str_of(words[i])))
            return true;
    return str_has(name, '.') && lego_opt_find(name, LEGO_ANY) != NULL && !str_starts(name, STR("dns."));
}

bool lego_is_meant(int argc, char *const argv[])
{
    static const char *const verbs[] = { "dnshelp", "list", "accounts", "archives" };
    const char *name = program(argc > 0 ? argv[0] : NULL);
    if (!strcmp(name, "lego") || !strcmp(name, "certbot"))
        return name[0] == 'l';
    for (int i = 1; i < argc; i++) {
        if (argv[i][0] != '-') {
            for (size_t k = 0; k < sizeof verbs / sizeof *verbs; k++)
                if (!strcmp(argv[i], verbs[k]))
                    return i == 1;
            /* certbot's grammar: a verb, or the value of an option before it */
            if (verb_from_name(str_of(argv[i])) != VERB_NONE)
                return false;
            continue;
        }
        if (lego_only(argv[i]))
            return true;
    }
    return false;
}

/* ---- what is printed without a run ---- */

static int print_version(void)
{
    BUF_AUTO(text, 256);
    struct utsname u;
    const char *arch = uname(&u)                       ? "unknown"
                       : !strcmp(u.machine, "x86_64")  ? "amd64"
                       : !strcmp(u.machine, "aarch64") ? "arm64"
                                                       : u.machine;
    buf_addf(&text, "lego version " LEGO_RELEASE " linux/%s\n", arch);
    out_write(1, buf_str(&text));
    return 0;
}

static int no_command(const char *word)
{
    BUF_AUTO(text, 512);
    buf_addz(&text, "No help topic for '");
    buf_add_escaped(&text, str_of(word), 200);
    buf_addz(&text, "'\n");
    out_write(2, buf_str(&text));
    return EXIT_NO_COMMAND;
}

static int print_help(const struct request *r)
{
    BUF_AUTO(text, HELP_BYTES_MAX);
    const char *topic = r->help_topics.n ? r->help_topics.v[0] : NULL;
    if (!lego_help(&text, topic))
        return no_command(topic);
    out_write(1, buf_str(&text));
    return 0;
}

static int dnshelp(const struct lego *p)
{
    struct err e = { 0 };
    char *code = p->req.lego.code;
    for (char *c = code; c && *c; c++)
        *c = (char)(*c >= 'A' && *c <= 'Z' ? *c - 'A' + 'a' : *c);
    (void)dns_tool_help(code && code[0] ? code : NULL, NULL, &e); /* returns only on failure */
    lego_ui_line(&p->ui, LEGO_ERROR, e.text);
    return 1;
}

static int usage_error(const struct lego *p, const struct err *e)
{
    BUF_AUTO(text, HELP_BYTES_MAX);
    buf_addf(&text, "Incorrect Usage: %s\n\n", e->text);
    (void)lego_help(&text, NULL);
    out_write(1, buf_str(&text));
    lego_ui_line(&p->ui, LEGO_ERROR, e->text);
    return 1;
}

/* ---- the run ---- */

static int tell_failure(const struct lego *p, const struct err *e)
{
    if (e->text[0])
        lego_ui_line(&p->ui, LEGO_ERROR, e->text);
    if (e->text[0] && e->hint[0])
        lego_ui_line(&p->ui, LEGO_INFO, e->hint);
    return 1;
}

static int run(struct lego *p, bool bare)
{
    BUF_AUTO(json, JSON_BYTES_MAX);
    struct err e = { 0 };
    int rc = lego_load_config(&p->req, &p->config, bare, &e);
    if (!rc && lego_tree_init(&p->tree, p->req.config_dir, p->req.lego.v5))
        rc = err_nomem(&e);
    if (!rc)
        rc = lego_settle(&p->req, lego_tree_is_v5(&p->tree), &e);
    if (!rc) {
        lego_ui_log(&p->ui, &p->req.lego);
        rc = dotenv_load(&p->env, p->req.lego.env_file, &e);
    }
    for (size_t i = 0; !rc && i < p->req.warnings.n; i++)
        lego_ui_line(&p->ui, LEGO_WARN, p->req.warnings.v[i]);
    if (!rc && verb_changes(p->req.verb))
        rc = tree_lock(&p->tree, &e);
    bool lists = p->req.verb == VERB_LEGO_LIST || p->req.verb == VERB_LEGO_ACCOUNT_LIST; /* in lego's own JSON */
    p->req.json = p->req.lego.json && !lists;
    if (!rc)
        rc = client_run(&p->req, &p->tree, &p->ui.ui, &json, &e);
    if (p->req.json && json.n)
        out_write(1, buf_str(&json));
    int status = rc ? tell_failure(p, &e) : 0;
    log_reset();
    if (p->tree.config_dir && verb_changes(p->req.verb))
        lego_tidy(&p->tree);
    tree_done(&p->tree);
    return status;
}

static int start(struct lego *p, int argc, char *argv[])
{
    struct err e = { 0 };
    enum lego_parsed what = LEGO_PARSED_RUN;
    if (request_init(&p->req))
        return 1;
    lego_ui_init(&p->ui, 0, 1, 2);
    if (getenv("LEGO_DEBUG_CLIENT_VERBOSE_ERROR"))
        p->ui.least = LEGO_DEBUG;
    int rc = lego_parse(&p->req, argc, argv, &what, &p->shown, &e);
    if (rc == SIGNET_EUSAGE)
        return usage_error(p, &e);
    if (rc)
        return tell_failure(p, &e);
    (void)log_add_sink(lego_ui_sink, &p->ui);
    switch (what) {
    case LEGO_PARSED_RUN:
        return run(p, false);
    case LEGO_PARSED_BARE:
        return lego_has_config(&p->req) ? run(p, true) : print_help(&p->req);
    case LEGO_PARSED_HELP:
        return print_help(&p->req);
    case LEGO_PARSED_VERSION:
        return print_version();
    case LEGO_PARSED_DNSHELP:
        return dnshelp(p);
    case LEGO_PARSED_UNKNOWN:
        return no_command(p->req.help_topics.v[0]);
    }
    return 1;
}

int lego_main(int argc, char *argv[])
{
    struct lego p = { .shown = BUF_INIT(1 << 20), .tree = { .lock_fd = -1 } };
    int status = start(&p, argc, argv);
    request_done(&p.req);
    buf_done(&p.shown);
    dotenv_done(&p.env);
    lego_config_done(&p.config);
    return status;
}
