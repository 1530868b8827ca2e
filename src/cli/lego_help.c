/* lego's help, out of its table of options. */
#include "cli/lego.h"

enum { COLUMN = 32, WIDTH = 100 };

static const struct {
    const char *name, *what;
    unsigned where;
} commands[] = {
    { "run", "Obtain a certificate; make an account first, if there is none", LEGO_RUN },
    { "revoke", "Revoke a certificate", LEGO_REVOKE },
    { "renew", "Renew a certificate when it is due", LEGO_RENEW },
    { "dnshelp", "Explain a provider of --dns", LEGO_DNSHELP },
    { "list", "Show certificates and accounts", LEGO_LISTS },
};
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static void wrapped(struct buf *to, const char *text, size_t at)
{
    size_t col = at;
    for (signet_str word, rest = str_of(text); rest.n;) {
        (void)str_cut(rest, ' ', &word, &rest);
        if (col > at && col + 1 + word.n > WIDTH) {
            buf_addf(to, "\n%*s", (int)at, "");
            col = at;
        } else if (col > at) {
            buf_addc(to, ' ');
            col++;
        }
        buf_add(to, word);
        col += word.n;
    }
    buf_addc(to, '\n');
}

static void option(struct buf *to, const struct lego_opt *o)
{
    BUF_AUTO(names, 256);
    BUF_AUTO(help, 1024);
    signet_str name, rest = str_of(o->names);
    for (bool first = true; rest.n; first = false) {
        (void)str_cut(rest, ' ', &name, &rest);
        buf_addf(&names, "%s%s%.*s%s", first ? "" : ", ", name.n > 1 ? "--" : "-", STR_ARG(name),
                 o->type == LEGO_FLAG ? "" : " value");
    }
    buf_addz(&help, o->help);
    if (o->shown || o->type == LEGO_FLAG)
        buf_addf(&help, " (default: %s)", o->shown ? o->shown : "false");
    if (o->env)
        buf_addf(&help, " [$%s]", o->env);
    buf_addf(to, "   %-*s", COLUMN - 3, buf_z(&names));
    if (names.n > COLUMN - 5)
        buf_addf(to, "\n%*s", COLUMN, "");
    wrapped(to, buf_z(&help), COLUMN);
}

static void options(struct buf *to, unsigned where, bool v5)
{
    const struct lego_opt *o;
    for (size_t i = 0; (o = lego_opt_at(i)); i++)
        if (o->where & where && o->v5 == v5)
            option(to, o);
}

static void overview(struct buf *to)
{
    buf_addz(to, "NAME:\n   lego - certificates over ACME; this is signet under lego's name\n\n"
                 "USAGE:\n   lego [global options] command [command options]\n\nVERSION:\n   4.35.2\n\nCOMMANDS:\n");
    for (size_t i = 0; i < COUNT(commands); i++)
        buf_addf(to, "   %-9s%s\n", commands[i].name, commands[i].what);
    buf_addz(to,
             "   help, h  Show this, or the help on a command\n"
             "   accounts (list|register|recover|keyrollover), certificates (list|revoke), archives (list|restore): as "
             "in version 5\n\nGLOBAL OPTIONS:\n");
    options(to, LEGO_GLOBAL, false);
    buf_addz(to, "   --help, -h\n   --version, -v\n\nNAMES OF VERSION 5:\n");
    options(to, LEGO_GLOBAL, true);
}

bool lego_help(struct buf *to, const char *command)
{
    if (!command) {
        overview(to);
        return true;
    }
    for (size_t i = 0; i < COUNT(commands); i++) {
        if (strcmp(command, commands[i].name))
            continue;
        buf_addf(to, "NAME:\n   lego %s - %s\n\nUSAGE:\n   lego %s [command options]\n\nOPTIONS:\n", command,
                 commands[i].what, command);
        const struct lego_opt *o;
        for (size_t k = 0; (o = lego_opt_at(k)); k++)
            if (o->where & commands[i].where && !o->v5)
                option(to, o);
        buf_addz(to, "   --help, -h\n");
        return true;
    }
    return !strcmp(command, "accounts") || !strcmp(command, "certificates") || !strcmp(command, "archives")
               ? lego_help(to, NULL)
               : false;
}
