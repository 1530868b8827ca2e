/* Choices that are asked for when the command line leaves them open. */
#include "base/log.h"
#include "challenge/solver.h"
#include "client/client.h"
#include "deploy/installer.h"
#include <stdlib.h>

#define MENU_MAX 32

/* A web server that is not on this machine is nothing to choose. */
static bool usable(struct run *r, const struct solver_ops *ops)
{
    const struct solver_ctx ctx = { .loop = r->loop, .req = r->req, .ui = r->ui };
    struct solver *s = NULL;
    if (!installer_find(ops->name))
        return true;
    int rc = ops->open(&s, &ctx, &(struct err){ 0 });
    ops->close(s);
    return !rc;
}

static int ask_authenticator(struct run *r, struct err *e)
{
    BUF_AUTO(text, 16384);
    STRLIST_AUTO(lines);
    const struct solver_ops *shown[MENU_MAX];
    size_t n, choice;
    const struct solver_ops *const *all = solver_all(&n);
    for (size_t i = 0; i < n && i < MENU_MAX; i++) {
        if (!usable(r, all[i]))
            continue;
        shown[lines.n] = all[i];
        buf_clear(&text);
        buf_addf(&text, "%s (%s)", all[i]->description, all[i]->name);
        if (strlist_add(&lines, buf_str(&text)))
            return err_nomem(e);
    }
    if (!r->ui->interactive)
        return err_set(e, SIGNET_EUSAGE,
                       "Missing command line flags: no plugin is named (--webroot, --standalone …; \"--help plugins\" "
                       "lists them), and nobody is here to be asked.");
    int rc = r->ui->ops->menu(r->ui, "How would you like to authenticate with the ACME CA?",
                              (const char *const *)lines.v, lines.n, "--authenticator", &choice, e);
    if (rc)
        return rc;
    r->req->authenticator = str_dup(str_of(shown[choice]->name));
    return r->req->authenticator ? 0 : err_nomem(e);
}

int request_choose_authenticator(struct run *r, struct err *e)
{
    int rc = r->req->authenticator ? 0 : ask_authenticator(r, e);
    if (!rc && !solver_find(r->req->authenticator))
        rc =
            err_set(e, SIGNET_EINVAL, "The requested %s plugin does not appear to be installed", r->req->authenticator);
    if (!rc)
        log_info("client", "Plugins selected: Authenticator %s, Installer %s", r->req->authenticator,
                 r->req->installer ? r->req->installer : "None");
    return rc;
}
