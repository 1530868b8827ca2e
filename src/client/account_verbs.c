/* register, unregister, update_account, show_account. */
#include "base/clock.h"
#include "base/log.h"
#include "client/client.h"
#include <stdlib.h>

int verb_register(struct run *r, struct err *e)
{
    STRLIST_AUTO(ids);
    struct ca_slot *s;
    int rc = account_list(r->tree, r->req->server, &ids, e);
    if (rc)
        return rc;
    if (ids.n)
        return err_set(e, SIGNET_EEXIST,
                       "There is an existing account; registration of a duplicate account with this command is "
                       "currently unsupported.");
    free(r->req->account);
    r->req->account = NULL;
    return account_obtain(r, r->req, &s, e);
}

/* The account must exist: these verbs never make one. */
static int open_existing(struct run *r, struct ca_slot **ret, struct err *e)
{
    struct account *a;
    int rc = account_pick(r, r->req, &a, e);
    return rc ? rc : cas_open(r, r->req, r->req->server, a, ret, e);
}

static int account_job(struct run *r, struct ca_slot *s, signet_account_params *p, struct ca_event *ev, struct err *e)
{
    ca_job job;
    p->size = sizeof *p;
    int rc = ca_account(s->ca, p, NULL, &job, e);
    return rc ? rc : cas_wait(r, s, job, ev, e);
}

int verb_unregister(struct run *r, struct err *e)
{
    signet_account_params p = { .op = SIGNET_ACCOUNT_DEACTIVATE };
    struct ca_slot *s;
    struct ca_event ev;
    bool yes = true;
    int rc = open_existing(r, &s, e);
    if (rc == SIGNET_ENOTFOUND && !r->req->account)
        return err_set(e, rc, "Could not find existing account for server %s.", r->req->server);
    if (!rc && r->ui->interactive)
        rc = r->ui->ops->yesno(r->ui, "Deactivate this account? It can never be used again.", "Deactivate", "Abort",
                               "--account", &yes, e);
    if (!rc && !yes)
        return err_set(e, SIGNET_ECANCELED, "Deactivation aborted.");
    if (rc || (rc = account_job(r, s, &p, &ev, e)) || (rc = account_delete(r->tree, s->server, s->account->id, e)))
        return rc;
    ui_say(r->ui, "Account deactivated.");
    return 0;
}

static int ask_contact(struct run *r, struct buf *mail, struct err *e)
{
    if (r->req->email)
        buf_addz(mail, r->req->email);
    if (r->req->email || r->req->register_unsafely_without_email || !r->ui->interactive)
        return 0;
    return r->ui->ops->input(
        r->ui, "Enter the e-mail address(es) that the CA shall have for this account, or nothing to have none.",
        "--email", mail, e);
}

int verb_update_account(struct run *r, struct err *e)
{
    BUF_AUTO(mail, 4096);
    STRLIST_AUTO(contacts);
    signet_str views[16];
    signet_account_params p = { .op = SIGNET_ACCOUNT_UPDATE, .contacts = views };
    struct ca_slot *s;
    struct ca_event ev;
    int rc = open_existing(r, &s, e);
    if (rc || (rc = ask_contact(r, &mail, e)) || (rc = account_contacts(buf_z(&mail), &contacts, e)))
        return rc;
    for (; p.n_contacts < contacts.n && p.n_contacts < 16; p.n_contacts++)
        views[p.n_contacts] = str_of(contacts.v[p.n_contacts]);
    if ((rc = account_job(r, s, &p, &ev, e)))
        return rc;
    if (mail.n)
        ui_say(r->ui, "Your e-mail address was updated to %s.", buf_z(&mail));
    else
        ui_say(r->ui, "Any contact information associated with this account has been removed.");
    return 0;
}

int verb_show_account(struct run *r, struct err *e)
{
    BUF_AUTO(thumb, 256);
    BUF_AUTO(mails, 16384);
    STRLIST_AUTO(contacts);
    signet_account_params p = { .op = SIGNET_ACCOUNT_FETCH };
    struct ca_slot *s;
    struct ca_event ev;
    int rc = open_existing(r, &s, e);
    if (rc || (rc = account_job(r, s, &p, &ev, e)))
        return rc;
    if (key_thumbprint(s->account->key, &thumb))
        return err_set(e, SIGNET_ECRYPTO, "The thumbprint of the account key cannot be computed.");
    for (size_t i = 0; i < ev.u.done.account.n_contacts; i++) {
        signet_str c = ev.u.done.account.contacts[i];
        if (str_starts(c, STR("mailto:")))
            c = str_skip(c, 7);
        BUF_AUTO(mail, 8192);
        buf_add_escaped(&mail, c, 1000);
        if (strlist_add(&contacts, buf_str(&mail)))
            return err_nomem(e);
    }
    strlist_join(&contacts, ", ", &mails);
    struct report_entry *o = report_object(&r->report, "account");
    report_text(o, "server", s->server);
    report_text(o, "id", s->account->id);
    report_text(o, "url", s->account->url);
    report_text(o, "thumbprint", buf_z(&thumb));
    report_strings(o, "contacts", &contacts);
    ui_say(r->ui, "Account details for server %s:\n  Account URL: %s\n  Account Thumbprint: %s\n  Email contact%s: %s",
           s->server, s->account->url ? s->account->url : "", buf_z(&thumb),
           ev.u.done.account.n_contacts > 1 ? "s" : "", mails.n ? buf_z(&mails) : "none");
    return 0;
}
