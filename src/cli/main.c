/* The certbot face: arguments in, exit status out. */
#include "cli/check.h"
#include "cli/dev_nginx.h"
#include "cli/dns_tool.h"
#include "cli/gen.h"
#include "cli/help.h"
#include "cli/lego.h"
#include "cli/logfile.h"
#include "cli/out.h"
#include "cli/parse.h"
#include "cli/selftest.h"
#include "cli/ui_tty.h"
#include "client/dns_try.h"
#include "client/run.h"
#include "store/trust.h"
#include "talker/roles.h"
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <unistd.h>

/* Where administrators put options for all users; not to be moved by the environment of whoever runs a set-up script.
 */
#ifndef SYSTEM_INI
#define SYSTEM_INI "/etc/letsencrypt/cli.ini"
#endif

/* The release of certbot that we do as. Scripts that call us by its name ask for it. */
#define CERTBOT_RELEASE "5.5.0"

enum { HELP_BYTES_MAX = 1 << 20, JSON_BYTES_MAX = 256 << 20, EXIT_USAGE = 2 };

struct program {
    const char *name; /* as called */
    struct request req;
    struct ui_tty ui;
    struct logfile log;
    struct tree tree;
    struct buf shown; /* the arguments, without secrets */
    bool dns_try;     /* the arguments are those of `dns try` */
};

/* Until the loop has its own handlers, and in the verbs that have none: at a prompt, nothing is half done. */
static void on_interrupt(int sig)
{
    static const char text[] = "Exiting due to user request.\n";
    (void)sig;
    if (write(2, text, sizeof(text) - 1) < 0)
        _exit(1);
    _exit(1);
}

/* No core with keys in it, and no reading of our memory by other processes of the same user. Hooks are not bound by it:
 * exec ends it. The sanitizers' leak check traces its own process and would fail. */
static void harden(void)
{
#if !defined(__SANITIZE_ADDRESS__) && !defined(DEBUGGABLE)
    (void)prctl(PR_SET_DUMPABLE, 0);
#endif
    out_guard();
    signal(SIGPIPE, SIG_IGN);
    struct sigaction sa = { .sa_handler = on_interrupt }, before;
    if (sigaction(SIGINT, NULL, &before) == 0 && before.sa_handler != SIG_IGN)
        (void)sigaction(SIGINT, &sa, NULL);
}

static const char *base_name(const char *path)
{
    const char *slash = path ? strrchr(path, '/') : NULL;
    const char *name = slash ? slash + 1 : path;
    return name && *name ? name : "signet";
}

static int print_version(const struct program *p)
{
    BUF_AUTO(text, 256);
    bool certbot = str_eq(str_of(p->name), STR("certbot"));
    buf_addf(&text, "%s %s\n", p->name, certbot ? CERTBOT_RELEASE : signet_version());
    out_write(1, buf_str(&text));
    return 0;
}

static int print_help(const struct program *p)
{
    BUF_AUTO(text, HELP_BYTES_MAX);
    help_print(&text, p->name, p->req.help_topics.n ? p->req.help_topics.v[0] : NULL);
    out_write(1, buf_str(&text));
    return 0;
}

static int usage_error(const struct program *p, const struct err *e)
{
    BUF_AUTO(text, HELP_BYTES_MAX);
    help_usage(&text, p->name);
    buf_addf(&text, "%s: error: %s\n", p->name, e->text);
    if (e->hint[0])
        buf_addf(&text, "%s\n", e->hint);
    out_write(2, buf_str(&text));
    return EXIT_USAGE;
}

static int print_generated(const struct program *p)
{
    BUF_AUTO(text, HELP_BYTES_MAX);
    struct err e = { 0 };
    int status;
    if (dev_nginx_print(&p->req.certnames, &status))
        return status;
    if (gen_print(&text, p->name, &p->req.certnames, &e))
        return usage_error(p, &e);
    out_write(1, buf_str(&text));
    return 0;
}

/* What certbot announces so, and scripts look for: the CA, or the way to it. */
static bool unexpected(int code)
{
    return code == SIGNET_ENET || code == SIGNET_ETIMEOUT || code == SIGNET_ETLS || code == SIGNET_EPROTO ||
           code == SIGNET_EPROBLEM || code == SIGNET_ERATE;
}

/* Whether there is an account is an answer, not a failure that needs help. */
static bool answered(const struct program *p, int code)
{
    enum verb v = p->req.verb;
    if (v == VERB_REGISTER)
        return code == SIGNET_EEXIST;
    return code == SIGNET_ENOTFOUND && !p->req.account &&
           (v == VERB_UNREGISTER || v == VERB_UPDATE_ACCOUNT || v == VERB_SHOW_ACCOUNT);
}

/* The end of a run that failed: what went wrong, advice, where to read more. */
static int tell_failure(struct program *p, int code, const struct err *e)
{
    if (code == SIGNET_ECANCELED && !e->text[0]) {
        log_error("main", "Exiting due to user request.");
        return 1;
    }
    if (e->text[0])
        log_error("main", "%s%s", unexpected(code) ? "An unexpected error occurred:\n" : "", e->text);
    if (e->text[0] && e->hint[0])
        log_error("main", "%s", e->hint);
    if (p->req.quiet || code == SIGNET_ECANCELED || answered(p, code))
        return 1;
    BUF_AUTO(advice, 16384);
    buf_addz(&advice, "Ask for help or search for solutions at https://community.letsencrypt.org. ");
    if (p->log.path)
        buf_addf(&advice, "See the logfile %s or re-run Certbot with -v for more details.\n", p->log.path);
    else
        buf_addz(&advice, "Re-run Certbot with -v for more details.\n");
    out_write(2, buf_str(&advice));
    return 1;
}

/* Folders, locks and log of a verb that changes something. The lock comes before the log: two runs must not rotate it
 * at once. */
static int prepare(struct program *p, struct err *e)
{
    const struct request *r = &p->req;
    int rc = tree_init(&p->tree, r->config_dir, r->work_dir, r->logs_dir);
    if (rc)
        return err_nomem(e);
    if (!verb_changes(r->verb))
        return 0;
    rc = tree_make(&p->tree, r->strict_permissions, e);
    if (!rc && !r->allow_insecure_dirs)
        rc = tree_check_writers(&p->tree, e);
    if (!rc)
        rc = tree_lock(&p->tree, e);
    if (!rc)
        rc = logfile_open(&p->log, r->logs_dir, r->max_log_backups, e);
    if (rc == SIGNET_ESYS && geteuid() != 0)
        err_hint(e, "Run as root, or name folders of your own with --config-dir, --work-dir and --logs-dir.");
    if (rc)
        return rc;
    (void)log_add_sink(logfile_sink, &p->log);
    BUF_AUTO(where, 16384);
    buf_addf(&where, "Saving debug log to %s\n", p->log.path);
    if (!r->quiet)
        out_write(2, buf_str(&where));
    log_debug("main", "signet %s, called as %s: %s", signet_version(), p->name, buf_z(&p->shown));
    return 0;
}

static int run(struct program *p)
{
    BUF_AUTO(json, JSON_BYTES_MAX);
    struct err e = { 0 };
    int rc = prepare(p, &e);
    for (size_t i = 0; i < p->req.warnings.n; i++)
        log_warn("main", "%s", p->req.warnings.v[i]);
    if (!rc)
        rc = client_run(&p->req, &p->tree, &p->ui.ui, &json, &e);
    if (p->req.json && json.n) {
        if (json.p[json.n - 1] != '\n')
            buf_addc(&json, '\n');
        out_write(1, buf_str(&json));
    }
    int status = rc ? tell_failure(p, rc, &e) : 0;
    log_reset();
    logfile_close(&p->log);
    tree_done(&p->tree);
    return status;
}

/* `dns try`, parsed as the certonly that it rehearses. */
static int try_dns(struct program *p)
{
    struct err e = { 0 };
    int rc = dns_try(&p->req, &p->ui.ui, &e);
    return rc ? tell_failure(p, rc, &e) : 0;
}

static int start(struct program *p, int argc, char *argv[])
{
    BUF_AUTO(user_ini, 8192);
    struct err e = { 0 };
    enum parsed what = PARSED_RUN;
    if (request_init(&p->req))
        return 1;
    parse_user_ini(&user_ini);
    int rc = parse_command_line(&p->req, argc, argv, SYSTEM_INI, buf_z(&user_ini), &what, &p->shown, &e);
    if (!rc && what == PARSED_VERSION)
        return print_version(p);
    if (!rc && what == PARSED_HELP)
        return print_help(p);
    if (!rc && what == PARSED_DEV)
        return print_generated(p);
    if (!rc)
        rc = check_files(&p->req, &e);
    if (rc == SIGNET_EUSAGE)
        return usage_error(p, &e);
    ui_tty_init(&p->ui, &p->req, 0, 1, 2);
    (void)log_add_sink(ui_tty_sink, &p->ui);
    return rc ? tell_failure(p, rc, &e) : p->dns_try ? try_dns(p) : run(p);
}

int main(int argc, char *argv[])
{
    struct program p = { .name = base_name(argc > 0 ? argv[0] : NULL),
                         .log = { .dirfd = -1, .fd = -1 },
                         .shown = BUF_INIT(1 << 20) };
    int status;
    if (roles_run(argc, argv, &status))
        return status;
    harden();
    bool is_lego = !strcmp(p.name, "lego"); /* its dnshelp has its own grammar */
    if (selftest_run(argc, argv, &status) || (!is_lego && dns_tool_run(argc, argv, &status)))
        return status;
    if (lego_is_meant(argc, argv))
        return lego_main(argc, argv);
    char **words = NULL;
    p.dns_try = dns_tool_try(argc, argv, &words, &argc);
    status = start(&p, argc, words ? words : argv);
    free(words);
    request_done(&p.req);
    buf_done(&p.shown);
    return status;
}
