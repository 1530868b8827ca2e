#include "cli/help.h"

enum { TEXT_COLUMN = 24 };

bool help_has_topic(const struct opt *o, const char *topic)
{
    const char *at = o->topics;
    while (*at)
        if (str_eq(opt_next_name(&at), str_of(topic)))
            return true;
    return false;
}

bool help_is_section(const struct opt *o, const char *topic)
{
    const char *at = o->topics;
    return str_eq(opt_next_name(&at), str_of(topic));
}

static void spaces(struct buf *to, size_t n)
{
    while (n--)
        buf_addc(to, ' ');
}

void help_wrap(struct buf *to, const char *text, size_t indent, size_t column)
{
    signet_str rest = str_of(text);
    bool first = true;
    spaces(to, column < indent ? indent - column : 0);
    if (column < indent)
        column = indent;
    while (rest.n) {
        signet_str word;
        str_cut(rest, ' ', &word, &rest);
        if (!first && column + 1 + word.n > HELP_WIDTH) {
            buf_addc(to, '\n');
            spaces(to, indent);
            column = indent;
            first = true;
        }
        if (!first) {
            buf_addc(to, ' ');
            column++;
        }
        buf_add(to, word);
        column += word.n;
        first = false;
    }
    buf_addc(to, '\n');
}

void help_usage(struct buf *to, const char *prog)
{
    buf_addf(to,
             "usage: \n  %s [SUBCOMMAND] [options] [-d DOMAIN] [-d DOMAIN] ...\n\n"
             "Obtains certificates for HTTPS and TLS from a certificate authority that speaks\n"
             "ACME, such as Let's Encrypt, puts them to use and renews them in time.\n",
             prog);
}

static void print_option(struct buf *to, const struct opt *o)
{
    size_t start = to->n;
    const char *at = o->names;
    buf_addz(to, "  ");
    while (*at) {
        if (at != o->names)
            buf_addz(to, ", ");
        buf_add(to, opt_next_name(&at));
    }
    if (o->metavar)
        buf_addf(to, " %s", o->metavar);
    size_t column = to->n - start;
    if (column + 2 > TEXT_COLUMN) {
        buf_addc(to, '\n');
        column = 0;
    }
    BUF_AUTO(text, 4096);
    buf_addz(&text, o->help);
    if (o->default_text)
        buf_addf(&text, " (default: %s)", o->default_text);
    help_wrap(to, buf_z(&text), TEXT_COLUMN, column);
}

/* The options of a topic: those whose place it is, or (everywhere) those that belong to it, too. */
static void print_options(struct buf *to, const char *topic, bool everywhere)
{
    const struct opt *o;
    for (size_t i = 0; (o = opt_at(i)); i++)
        if (!o->hidden && (everywhere ? help_has_topic(o, topic) : help_is_section(o, topic)))
            print_option(to, o);
}

static void print_brief(struct buf *to, const struct help_topic *t)
{
    size_t start = to->n;
    buf_addf(to, "  %s", t->name);
    if (to->n - start + 2 > TEXT_COLUMN)
        buf_addc(to, '\n');
    help_wrap(to, t->brief, TEXT_COLUMN, to->n - start);
}

static void print_commands(struct buf *to)
{
    const struct help_topic *t;
    for (size_t i = 0; (t = help_topic_at(i)); i++)
        if (t->brief && !t->hidden)
            print_brief(to, t);
}

/* Commands shown in the section "manage". */
static void print_managing(struct buf *to)
{
    static const char *const names[] = { "certificates", "explain", "status",      "migrate",        "delete",
                                         "renew",        "revoke",  "reconfigure", "update_symlinks" };
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        print_brief(to, help_topic_find(names[i]));
}

static void print_section(struct buf *to, const struct help_topic *t, bool everywhere)
{
    buf_addf(to, "\n%s:\n", t->name);
    help_wrap(to, t->text, 2, 0);
    buf_addc(to, '\n');
    if (str_eq(str_of(t->name), STR("manage")))
        print_managing(to);
    print_options(to, t->name, everywhere);
}

static const char overview[] = "\nobtain, install and renew certificates:\n"
                               "    (default) run   Obtain a certificate and install it in the web server\n"
                               "    certonly        Obtain or renew a certificate, without installing it\n"
                               "    renew           Renew all certificates that are due\n"
                               "    enhance         Make the HTTPS settings of a web server stricter\n"
                               "   -d DOMAINS       Names for the certificate, with commas between them\n"
                               "\n"
                               "  --apache          Prove control and install with Apache\n"
                               "  --standalone      Prove control with a web server of our own\n"
                               "  --nginx           Prove control and install with nginx\n"
                               "  --webroot         Prove control with files that a web server serves\n"
                               "  --manual          Prove control by hand, or with hooks of your own\n"
                               "  --dns CODE        Prove control with TXT records, at any of many providers\n"
                               "\n"
                               "   -n               Ask nothing\n"
                               "  --test-cert       Obtain a test certificate from the staging server\n"
                               "  --dry-run         Rehearse \"renew\" or \"certonly\" and save nothing\n"
                               "\n"
                               "manage certificates:\n"
                               "    certificates    List the certificates\n"
                               "    explain         Say what the next renew would do, and why\n"
                               "    status          Say whether all is well, also by the exit status\n"
                               "    migrate         Take over what lego, acme.sh and others have\n"
                               "    revoke          Revoke a certificate (--cert-name or --cert-path)\n"
                               "    delete          Delete a certificate (--cert-name)\n"
                               "    reconfigure     Change how a certificate is renewed (--cert-name)\n"
                               "\n"
                               "DNS providers:\n"
                               "    dnshelp         List them, or say what one needs (-c CODE)\n"
                               "    dns try CODE    Write, find and remove a record for -d DOMAIN\n"
                               "    dns check FILE  Check a description of your own\n"
                               "\n"
                               "manage your account:\n"
                               "    register        Make an account at the CA\n"
                               "    unregister      Deactivate the account\n"
                               "    update_account  Change its contacts\n"
                               "    show_account    Show it\n"
                               "  --agree-tos       Agree to the CA's terms of service\n"
                               "   -m EMAIL         E-mail address for the account\n";

static const char more[] = "\nMore help:\n"
                           "\n"
                           "  -h, --help [TOPIC]    this text, or help on a topic\n"
                           "   all, automation, commands, paths, security, testing, or any command or\n"
                           "   plug-in (certonly, renew, install, register, nginx, apache, standalone,\n"
                           "   webroot and so on)\n"
                           "  -h all                everything\n"
                           "  --version             the version\n";

static void print_all(struct buf *to, const char *prog)
{
    const struct help_topic *t;
    help_usage(to, prog);
    buf_addz(to, overview);
    buf_addz(to, "\noptions:\n");
    print_options(to, "general", false);
    for (size_t i = 1; (t = help_topic_at(i)); i++)
        if (!t->hidden)
            print_section(to, t, false);
}

void help_print(struct buf *to, const char *prog, const char *topic)
{
    if (!topic) {
        help_usage(to, prog);
        buf_addz(to, overview);
        buf_addz(to, more);
        return;
    }
    if (str_eq(str_of(topic), STR("all"))) {
        print_all(to, prog);
        return;
    }
    const struct help_topic *t = help_topic_find(topic);
    if (!t) {
        help_usage(to, prog);
        buf_addz(to, "\nThe commands are:\n\n");
        print_commands(to);
        buf_addz(to, "\n--help with the name of a command shows more about it.\n");
        return;
    }
    if (t->usage) {
        BUF_AUTO(line, 1024);
        buf_addf(&line, "%s %s", prog, t->usage);
        buf_addz(to, "usage: \n\n");
        help_wrap(to, buf_z(&line), 2, 0);
        buf_addc(to, '\n');
        help_wrap(to, t->brief, 0, 0);
    } else {
        help_usage(to, prog);
    }
    print_section(to, t, true);
}
