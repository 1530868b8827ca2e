#include "client/install.h"

#include "base/log.h"
#include "options/table.h"
#include <stdlib.h>

#define DIFF_BYTES_MAX (64u << 20)

static struct installer_ctx context(struct run *r)
{
    return (struct installer_ctx){ .loop = r->loop, .req = r->req, .ui = r->ui };
}

/* ---- which ---- */

static int set(char **at, const char *name, struct err *e)
{
    char *z = str_dup(str_of(name));
    if (!z)
        return err_nomem(e);
    free(*at);
    *at = z;
    return 0;
}

/* Those that could be used on this machine now. */
static int usable(struct run *r, const struct installer_ops **ret, size_t max, size_t *n, struct err *e)
{
    size_t all;
    const struct installer_ops *const *v = installer_all(&all);
    struct installer_ctx ctx = context(r);
    for (size_t i = 0; i < all && *n < max; i++) {
        struct installer *s = NULL;
        struct err why = { 0 };
        int rc = v[i]->open(&s, &ctx, &why);
        v[i]->close(s);
        if (rc == SIGNET_ECANCELED)
            return err_set(e, rc, "Exiting due to user request.");
        if (!rc)
            ret[(*n)++] = v[i];
        else
            log_debug("client", "%s cannot be used: %s", v[i]->name, why.text);
    }
    return 0;
}

static int ask(struct run *r, struct err *e)
{
    const struct installer_ops *found[8];
    size_t n = 0, choice = 0;
    STRLIST_AUTO(lines);
    int rc = usable(r, found, 8, &n, e);
    if (rc)
        return rc;
    if (!n)
        return err_set(e, SIGNET_EINVAL,
                       "No web server that could be configured was found here. \"certonly\" obtains a certificate all "
                       "the same; how your server is to use it you then write yourself.");
    if (n > 1 && !r->ui->interactive)
        return err_set(e, SIGNET_EUSAGE,
                       "Missing command line flags: there are several web servers, no plugin is named (\"--help "
                       "plugins\" lists them), and nobody is here to be asked.");
    for (size_t i = 0; i < n; i++) {
        BUF_AUTO(line, 1024);
        buf_addf(&line, "%s (%s)", found[i]->description, found[i]->name);
        if (strlist_add(&lines, buf_str(&line)))
            return err_nomem(e);
    }
    if (n > 1)
        rc = r->ui->ops->menu(r->ui, "How would you like to authenticate and install certificates?",
                              (const char *const *)lines.v, n, "--installer", &choice, e);
    return rc ? rc : set(&r->req->installer, found[choice]->name, e);
}

static bool wants_auth(const struct run *r)
{
    return r->req->verb == VERB_RUN;
}

int install_choose(struct run *r, struct err *e)
{
    struct request *q = r->req;
    int rc = 0;
    if (wants_auth(r) && q->authenticator && !q->installer && !installer_find(q->authenticator))
        return err_set(
            e, SIGNET_EINVAL,
            "With the %s plugin, you probably want to use the \"certonly\" command, eg:\n\n    certbot certonly --%s",
            q->authenticator, q->authenticator);
    if (!q->installer && q->authenticator && installer_find(q->authenticator))
        rc = set(&q->installer, q->authenticator, e);
    if (!rc && !q->installer)
        rc = ask(r, e);
    if (rc)
        return rc;
    if (!installer_find(q->installer))
        return err_set(e, SIGNET_EINVAL, "The requested %s plugin does not appear to be installed", q->installer);
    if (wants_auth(r) && !q->authenticator && (rc = set(&q->authenticator, q->installer, e)))
        return rc;
    return install_check(r, e);
}

int install_check(struct run *r, struct err *e)
{
    const struct installer_ops *ops = installer_find(r->req->installer);
    if (r->req->auto_hsts && ops && !(ops->enhancements & 1u << ENHANCE_AUTO_HSTS))
        return err_set(e, SIGNET_EINVAL, "--auto-hsts is not supported by the selected installer");
    return 0;
}

int install_ask_names(struct run *r, struct strlist *ret, struct err *e)
{
    STRLIST_AUTO(names);
    struct installer *s = NULL;
    struct installer_ctx ctx = context(r);
    const struct installer_ops *ops = installer_find(r->req->installer);
    if (!ops)
        return err_set(e, SIGNET_EINVAL, "no installer");
    int rc = ops->open(&s, &ctx, e);
    if (!rc)
        rc = ops->names(s, &names, e);
    ops->close(s);
    if (rc)
        return rc;
    if (!names.n)
        return err_set(e, SIGNET_ENOTFOUND,
                       "No names were found in your configuration files. Please specify --domains, or give your server "
                       "blocks a name.");
    return r->ui->ops->checklist(
        r->ui, "Which names would you like to activate HTTPS for?\nBest take all of them, or all of one server block.",
        &names, "--domains", ret, e);
}

/* ---- planning and doing ---- */

static const struct {
    enum enhancement what;
    const char *option, *words;
} enhancements[] = { /* the redirect first: it divides servers that speak http and https */
                     { ENHANCE_REDIRECT, "redirect", "redirect" },
                     { ENHANCE_HSTS, "hsts", "ensure-http-header" },
                     { ENHANCE_STAPLE, "staple", "staple-ocsp" },
                     { ENHANCE_UIR, "uir", "ensure-http-header" },
                     { ENHANCE_AUTO_HSTS, "auto-hsts", "auto-hsts" }
};

static enum tri asked(const struct request *q, enum enhancement what)
{
    switch (what) {
    case ENHANCE_REDIRECT:
        return q->redirect;
    case ENHANCE_HSTS:
        return q->hsts;
    case ENHANCE_UIR:
        return q->uir;
    case ENHANCE_STAPLE:
        return q->staple_ocsp;
    case ENHANCE_AUTO_HSTS:
        return q->auto_hsts ? TRI_YES : TRI_NO;
    case ENHANCEMENTS:
        break;
    }
    return TRI_NO;
}

static int enhance(struct run *r, const struct installer_ops *ops, struct installer *s, const struct install_job *j,
                   const struct installer_cert *c, struct err *e)
{
    int rc = 0;
    for (size_t i = 0; !rc && i < sizeof enhancements / sizeof enhancements[0]; i++) {
        enum enhancement what = enhancements[i].what;
        enum tri want = asked(r->req, what);
        bool is_new = false;
        if (what == ENHANCE_REDIRECT && want == TRI_UNSET && j->redirect_default)
            want = TRI_YES;
        if (want != TRI_YES)
            continue;
        if (!(ops->enhancements & 1u << what)) {
            log_error("client", "%s is left out: it is not supported by the selected installer.",
                      enhancements[i].option);
            continue;
        }
        rc = ops->enhance(s, c, what, &is_new, e);
        if (!rc && !is_new)
            log_info("client", "The enhancement %s was already set.", enhancements[i].option);
        if (rc)
            err_wrap(e, "Unable to set the %s enhancement for %s", enhancements[i].words, c->names->v[0]);
    }
    return rc;
}

static int show(struct run *r, const struct installer_ops *ops, struct installer *s, struct err *e)
{
    BUF_AUTO(diff, DIFF_BYTES_MAX);
    if (!r->req->dry_run && r->ui->verbose < 1)
        return 0;
    int rc = ops->diff(s, &diff, e);
    if (rc)
        return rc;
    if (r->req->dry_run)
        ui_say(r->ui,
               diff.n ? "These changes would be made:" : "No changes would be made: everything is right already.");
    if (!diff.n)
        return 0;
    diff.n--; /* its last line feed */
    diff.p[diff.n] = '\0';
    if (r->req->dry_run)
        r->ui->ops->notify(r->ui, buf_z(&diff));
    else
        log_info("deploy", "The configuration changes:\n%s", buf_z(&diff));
    return 0;
}

static int plan(struct run *r, const struct installer_ops *ops, struct installer *s, const struct install_job *j,
                const struct installer_cert *c, struct strlist *where, struct err *e)
{
    int rc = j->deploy ? ops->deploy(s, c, where, e) : 0;
    if (rc && j->deploy)
        err_wrap(e, "Could not install certificate");
    if (!rc)
        rc = enhance(r, ops, s, j, c, e);
    return rc ? rc : show(r, ops, s, e);
}

int install_carry_out(struct run *r, const struct install_job *j, struct err *e)
{
    STRLIST_AUTO(where);
    struct installer *s = NULL;
    struct installer_ctx ctx = context(r);
    const struct installer_ops *ops = installer_find(r->req->installer);
    const struct installer_cert c = {
        .names = j->names, .cert = j->fullchain, .key = j->key, .chain = j->chain, .cert_alone = j->cert
    };
    if (!ops)
        return err_set(e, SIGNET_EINVAL, "The requested %s plugin does not appear to be installed", r->req->installer);
    if (j->deploy)
        ui_say(r->ui, "Deploying certificate");
    int rc = ops->open(&s, &ctx, e);
    if (!rc)
        rc = plan(r, ops, s, j, &c, &where, e);
    if (!rc && !r->req->dry_run)
        rc = install_hsts_save(r, ops, s, j->deploy ? "Deployed ACME Certificate" : "Add enhancements", &c, e);
    for (size_t i = 0; !rc && !r->req->dry_run && i < where.n; i++)
        ui_say(r->ui, "Successfully deployed certificate for %s to %s", j->names->v[i], where.v[i]);
    ops->close(s);
    return rc;
}

int install_lineage(struct run *r, const struct lineage *l, const struct strlist *names, bool redirect_default,
                    struct err *e)
{
    struct install_job j = { .names = names,
                             .fullchain = l->live[KIND_FULLCHAIN],
                             .cert = l->live[KIND_CERT],
                             .key = l->live[KIND_PRIVKEY],
                             .chain = l->live[KIND_CHAIN],
                             .deploy = true,
                             .redirect_default = redirect_default };
    return install_carry_out(r, &j, e);
}

void install_congratulate(struct run *r, const struct strlist *names)
{
    BUF_AUTO(text, 1u << 20);
    for (size_t i = 0; i < names->n; i++)
        buf_addf(&text, "%shttps://%s",
                 !i                  ? ""
                 : names->n == 2     ? " and "
                 : i + 1 == names->n ? ", and "
                                     : ", ",
                 names->v[i]);
    ui_say(r->ui, "Congratulations! You have successfully enabled HTTPS on %s", buf_z(&text));
}
