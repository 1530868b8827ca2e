/* The manual page (man(7) macros). */
#include "cli/gen.h"
#include "cli/help.h"

/* Text for troff: no character of it may begin a request or an escape. */
static void add_text(struct buf *to, const char *z)
{
    bool start = true;
    for (; *z; z++) {
        if (start && (*z == '.' || *z == '\''))
            buf_addz(to, "\\&");
        if (*z == '\\')
            buf_addz(to, "\\e");
        else if (*z == '-')
            buf_addz(to, "\\-");
        else
            buf_addc(to, *z);
        start = *z == '\n';
    }
}

static void add_view(struct buf *to, signet_str s)
{
    BUF_AUTO(z, 4096);
    buf_add(&z, s);
    add_text(to, buf_z(&z));
}

static void add_option(struct buf *to, const struct opt *o)
{
    const char *at = o->names;
    buf_addz(to, ".TP\n");
    while (*at) {
        if (at != o->names)
            buf_addz(to, ", ");
        buf_addz(to, "\\fB");
        add_view(to, opt_next_name(&at));
        buf_addz(to, "\\fR");
    }
    if (o->metavar) {
        buf_addz(to, " \\fI");
        add_text(to, o->metavar);
        buf_addz(to, "\\fR");
    }
    buf_addc(to, '\n');
    add_text(to, o->help);
    if (o->default_text) {
        buf_addz(to, "\nDefault: ");
        add_text(to, o->default_text);
        buf_addc(to, '.');
    }
    buf_addc(to, '\n');
}

static void add_section(struct buf *to, const struct help_topic *t)
{
    const struct opt *o;
    size_t n = 0;
    for (size_t i = 0; (o = opt_at(i)); i++) {
        if (o->hidden || !help_is_section(o, t->name))
            continue;
        if (!n++) {
            buf_addf(to, ".SS %s\n", t->name);
            add_text(to, t->text);
            buf_addz(to, "\n");
        }
        add_option(to, o);
    }
}

static void add_commands(struct buf *to)
{
    const struct help_topic *t;
    buf_addz(to, ".SH COMMANDS\n");
    for (size_t i = 0; (t = help_topic_at(i)); i++) {
        if (!t->brief || t->hidden)
            continue;
        buf_addf(to, ".TP\n\\fB%s\\fR\n", t->name);
        add_text(to, t->brief);
        buf_addz(to, ".\n");
    }
}

static const char files[] =
    ".SH FILES\n"
    ".TP\n\\fI/etc/letsencrypt/cli.ini\\fR, \\fI~/.config/letsencrypt/cli.ini\\fR\n"
    "Options, one on a line, by their long names without dashes: \\fBrsa\\-key\\-size = 4096\\fR. Flags take "
    "\\fBtrue\\fR.\n"
    ".TP\n\\fI/etc/letsencrypt/live/NAME\\fR\n"
    "The newest files of each certificate: cert.pem, chain.pem, fullchain.pem, privkey.pem.\n"
    ".TP\n\\fI/etc/letsencrypt/renewal/NAME.conf\\fR\n"
    "How it is renewed.\n"
    ".TP\n\\fI/etc/letsencrypt/renewal\\-hooks/{pre,deploy,post}\\fR\n"
    "Programs to run at renewals.\n"
    ".TP\n\\fI/var/log/letsencrypt/letsencrypt.log\\fR\n"
    "The log of the last run.\n"
    ".SH EXIT STATUS\n"
    "0 when all is done, also when there was nothing to do; 1 when something failed; 2 for mistakes on the command "
    "line and in cli.ini.\n"
    ".SH SEE ALSO\n"
    "RFC 8555 (ACME), RFC 9773 (renewal information)\n";

void gen_man(struct buf *to, const char *prog)
{
    const struct help_topic *t;
    buf_addf(
        to,
        ".TH %s 1 \"\" \"signet %s\" \"User Commands\"\n.SH NAME\n%s \\- obtain and renew TLS certificates over ACME\n",
        prog, signet_version(), prog);
    buf_addf(to, ".SH SYNOPSIS\n.B %s\n[\\fICOMMAND\\fR] [\\fIoptions\\fR] [\\fB\\-d\\fR \\fIDOMAIN\\fR] ...\n", prog);
    buf_addz(to, ".SH DESCRIPTION\nObtains certificates for HTTPS and TLS from a certificate authority that speaks "
                 "ACME, such as Let's Encrypt, puts them to use and renews them in time. Files, options and hooks are "
                 "those of certbot. A long option may be shortened as far as it stays clear which one is meant.\n");
    add_commands(to);
    buf_addz(to, ".SH OPTIONS\n");
    for (size_t i = 0; (t = help_topic_at(i)); i++)
        add_section(to, t);
    buf_addz(to, files);
}
