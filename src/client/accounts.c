/* Which account a run uses, and making one where there is none. */
#include "base/b64.h"
#include "base/clock.h"
#include "base/log.h"
#include "client/client.h"
#include "client/obtain.h"
#include "options/table.h"
#include <stdlib.h>

/* Account keys are P-256: certbot reads them (it takes any kind of key for an account), and making one costs no time.
 */
#define ACCOUNT_KEY_TYPE KEY_EC
#define ACCOUNT_KEY_SIZE 256

static int choose(struct run *r, const char *server, const struct strlist *ids, size_t *ret, struct err *e)
{
    BUF_AUTO(question, 4096);
    STRLIST_AUTO(labels);
    for (size_t i = 0; i < ids->n; i++) {
        BUF_AUTO(label, 1024);
        struct account *a = NULL;
        if (account_load(&a, r->tree, server, ids->v[i], NULL) == 0) { /* a damaged one is offered by its id alone */
            buf_addf(&label, "%.256s@", a->creation_host ? a->creation_host : "");
            clock_fmt_rfc3339(&label, a->created);
            buf_addc(&label, ' ');
        }
        account_free(a);
        buf_addf(&label, "(%s)", ids->v[i]);
        if (strlist_add(&labels, buf_str(&label)))
            return err_nomem(e);
    }
    buf_addf(&question, "Please choose an account for %s", server);
    return r->ui->ops->menu(r->ui, buf_z(&question), (const char *const *)labels.v, labels.n, "--account", ret, e);
}

/* An account that only a lineage's renewal file names is a memory, not a wish: when it is gone (unregistered, moved to
 * another machine without it) another one does. */
static bool may_replace(const struct request *req)
{
    return req->from[OPT_ID_ACCOUNT] == FROM_LINEAGE;
}

int account_pick(struct run *r, const struct request *req, struct account **ret, struct err *e)
{
    STRLIST_AUTO(ids);
    size_t i = 0;
    int rc;
    if (req->account && req->account[0]) {
        rc = account_load(ret, r->tree, req->server, req->account, e);
        if (rc != SIGNET_ENOTFOUND || !may_replace(req))
            return rc;
        log_warn("client", "%s any more, though a renewal file speaks of it; another one is looked for.", e->text);
        err_clear(e);
    }
    if ((rc = account_list(r->tree, req->server, &ids, e)))
        return rc;
    if (ids.n == 0)
        return err_set(e, SIGNET_ENOTFOUND, "Could not find an existing account for server %s.", req->server);
    if (ids.n > 1 && (rc = choose(r, req->server, &ids, &i, e)))
        return rc;
    return account_load(ret, r->tree, req->server, ids.v[i], e);
}

static int contact_add(struct strlist *ret, signet_str mail, struct err *e)
{
    BUF_AUTO(uri, 1024);
    signet_str local, domain;
    if (!str_cut(mail, '@', &local, &domain) || !local.n || !domain.n || str_has(mail, ' '))
        return err_set(e, SIGNET_EUSAGE, "\"%.*s\" is not an e-mail address.", STR_ARG(mail));
    buf_addf(&uri, "mailto:%.*s", STR_ARG(mail));
    return buf_err(&uri) || strlist_add(ret, buf_str(&uri)) ? err_nomem(e) : 0;
}

int account_contacts(const char *email, struct strlist *ret, struct err *e)
{
    STRLIST_AUTO(mails);
    if (!email)
        return 0;
    if (strlist_split(&mails, str_of(email), ','))
        return err_nomem(e);
    for (size_t i = 0; i < mails.n; i++) {
        int rc = contact_add(ret, str_of(mails.v[i]), e);
        if (rc)
            return rc;
    }
    return 0;
}

static int ask_mail(struct run *r, const struct request *req, struct buf *mail, struct err *e)
{
    static const char question[] = "Enter email address or hit Enter to skip.\n",
                      again[] =
                          "There is a problem with your email address. Enter email address or hit Enter to skip.\n";
    int rc;
    if (req->email) {
        buf_addz(mail, req->email);
        return 0;
    }
    /* No address is normal today: CAs have stopped to send mail, some to store it. */
    if (req->register_unsafely_without_email || !r->ui->interactive)
        return 0;
    for (const char *q = question;; q = again) {
        STRLIST_AUTO(contacts);
        struct err bad = { 0 };
        buf_clear(mail);
        if ((rc = r->ui->ops->input(r->ui, q, "--email", mail, e)) || !account_contacts(buf_z(mail), &contacts, &bad))
            return rc;
        ui_alert(r->ui, "%s", bad.text);
    }
}

static int ask_terms(struct run *r, const struct request *req, struct ca_slot *s, struct err *e)
{
    BUF_AUTO(question, 4096);
    struct ca_event ev;
    ca_job job;
    bool yes = false;
    int rc;
    if (req->agree_tos)
        return 0;
    if ((rc = ca_directory(s->ca, NULL, &job, e)) || (rc = cas_wait(r, s, job, &ev, e)))
        return rc;
    if (ev.u.done.meta.terms_of_service.n == 0)
        return 0;
    buf_addz(&question, "The terms of service of this CA are at: ");
    buf_add_escaped(&question, ev.u.done.meta.terms_of_service, 2048);
    buf_addz(&question, "\nIt gives accounts only to those who agree to them. Do you agree?");
    if ((rc = r->ui->ops->yesno(r->ui, buf_z(&question), "Yes", "No", "--agree-tos", &yes, e)))
        return rc;
    return yes ? 0 : err_set(e, SIGNET_ECANCELED, "Without consent to its terms of service the CA gives no account.");
}

static int eab_params(const struct request *req, signet_account_params *p, struct buf *hmac, struct err *e)
{
    static const struct {
        const char *name;
        signet_alg alg;
    } algs[] = { { "HS256", SIGNET_ALG_HS256 }, { "HS384", SIGNET_ALG_HS384 }, { "HS512", SIGNET_ALG_HS512 } };
    if (!req->eab_kid && !req->eab_hmac_key)
        return 0;
    if (!req->eab_kid || !req->eab_hmac_key)
        return err_set(e, SIGNET_EUSAGE, "--eab-kid and --eab-hmac-key must be given together.");
    signet_str text = str_of(req->eab_hmac_key);
    while (str_ends(text, STR("=")))
        text.n--; /* CAs hand the key out with and without padding */
    if (b64url_dec(hmac, text))
        return err_set(e, SIGNET_EUSAGE, "The value of --eab-hmac-key is not base64url.");
    p->eab_kid = str_of(req->eab_kid);
    p->eab_hmac_key = buf_str(hmac);
    for (size_t i = 0; i < sizeof algs / sizeof *algs; i++)
        if (!strcmp(req->eab_hmac_alg ? req->eab_hmac_alg : "HS256", algs[i].name)) {
            p->eab_alg = algs[i].alg;
            return 0;
        }
    return err_set(e, SIGNET_EUSAGE, "Invalid value for --eab-hmac-alg: %s. Expected one of: HS256, HS384, HS512.",
                   req->eab_hmac_alg);
}

/* What lego keeps of an account besides its URL. */
int account_keep_details(struct account *a, const signet_account *got, const char *mail, struct err *e)
{
    char **at[] = { &a->url, &a->status, &a->orders_url, &a->mail };
    const signet_str values[] = { got->url, got->status, got->orders_url, str_of(mail) };
    for (size_t i = 0; i < sizeof at / sizeof *at; i++) {
        free(*at[i]);
        if (!(*at[i] = str_dup(values[i])))
            return err_nomem(e);
    }
    strlist_done(&a->contacts);
    for (size_t i = 0; i < got->n_contacts; i++)
        if (strlist_add(&a->contacts, got->contacts[i]))
            return err_nomem(e);
    return 0;
}

static int register_at_ca(struct run *r, const struct request *req, struct ca_slot *s, const char *mail, struct err *e)
{
    BUF_AUTO(hmac, 1024);
    STRLIST_AUTO(contacts);
    signet_str views[16];
    signet_account_params p = { .size = sizeof p, .op = SIGNET_ACCOUNT_NEW, .terms_agreed = 1, .contacts = views };
    struct ca_event ev;
    ca_job job;
    int rc;
    if ((rc = account_contacts(mail, &contacts, e)) || (rc = eab_params(req, &p, &hmac, e)))
        return rc;
    for (; p.n_contacts < contacts.n && p.n_contacts < 16; p.n_contacts++)
        views[p.n_contacts] = str_of(contacts.v[p.n_contacts]);
    if (tree_names_accounts(r->tree))
        log_info("client", "acme: Registering account for %s", mail);
    if ((rc = ca_account(s->ca, &p, NULL, &job, e)) || (rc = cas_wait(r, s, job, &ev, e)))
        return rc;
    return account_keep_details(s->account, &ev.u.done.account, mail, e);
}

/* certbot's accounts have keys of one kind; lego's have the kind of --key-type, and a key may be there without an
 * account. */
static int make_key(struct run *r, const struct request *req, struct account *a, struct err *e)
{
    if (!tree_names_accounts(r->tree))
        return key_new(&a->key, ACCOUNT_KEY_TYPE, ACCOUNT_KEY_SIZE, e);
    if (!(a->id = str_dup(str_of(req->account))))
        return err_nomem(e);
    int rc = account_key(&a->key, r->tree, req->server, req->account, e);
    if (rc != SIGNET_ENOTFOUND)
        return rc;
    err_clear(e);
    ui_alert(r->ui, "No key found for account %s. Generating a %s key.", req->account,
             !strcmp(req->key_type, "rsa")               ? "RSA"
             : !strcmp(req->elliptic_curve, "secp384r1") ? "P384"
                                                         : "P256");
    return obtain_new_key(req, &a->key, e);
}

/* A CA that binds accounts to others says so in its directory: told before anything is asked of it. */
static int check_binding(struct run *r, const struct request *req, struct ca_slot *s, struct err *e)
{
    struct ca_event ev;
    ca_job job;
    int rc;
    if (!tree_names_accounts(r->tree) || req->eab_kid)
        return 0;
    if ((rc = ca_directory(s->ca, NULL, &job, e)) || (rc = cas_wait(r, s, job, &ev, e)))
        return rc;
    if (!ev.u.done.meta.external_account_required)
        return 0;
    return err_set(e, SIGNET_EINVAL, "Server requires External Account Binding. Use --eab with --%s and --%s.",
                   req->lego.v5 ? "eab.kid" : "kid", req->lego.v5 ? "eab.hmac" : "hmac");
}

static int account_make(struct run *r, const struct request *req, struct ca_slot **ret, struct err *e)
{
    BUF_AUTO(mail, 4096);
    struct ca_slot *s;
    struct account *a = calloc(1, sizeof *a);
    int rc;
    if (!a || !(a->server = str_dup(str_of(req->server)))) {
        account_free(a);
        return err_nomem(e);
    }
    if ((rc = make_key(r, req, a, e))) {
        account_free(a);
        return rc;
    }
    a->created = clock_wall_s();
    if ((rc = cas_open(r, req, req->server, a, &s, e)) || (rc = check_binding(r, req, s, e)) ||
        (rc = ask_mail(r, req, &mail, e)) || (rc = ask_terms(r, req, s, e)) ||
        (rc = register_at_ca(r, req, s, buf_z(&mail), e)) || (rc = tree_make_store(r->tree, e)))
        return rc;
    bool keep_mail = mail.n && (req->eff_email == TRI_YES || tree_names_accounts(r->tree));
    rc = account_save(r->tree, s->account, keep_mail ? buf_z(&mail) : NULL, e);
    if (rc)
        return rc;
    r->registered = true;
    if (!tree_names_accounts(r->tree))
        ui_say(r->ui, "Account registered.");
    *ret = s;
    return 0;
}

int account_revive(struct run *r, struct ca_slot *s, struct err *e)
{
    int rc;
    if (s->revived)
        return 0;
    if ((rc = register_at_ca(r, r->req, s, r->req->email, e)))
        return err_wrap(e, "the CA does not know the account any more, and it cannot be registered again");
    s->revived = true;
    log_warn("client", "The CA did not know the account %s any more; the same key was registered again: %s",
             s->account->id, s->account->url);
    return account_save(r->tree, s->account, NULL, e);
}

int account_obtain(struct run *r, const struct request *req, struct ca_slot **ret, struct err *e)
{
    struct account *a = NULL;
    struct ca_slot *s = cas_find(r, req->server, req->account && req->account[0] ? req->account : NULL);
    if (s) {
        *ret = s;
        return 0;
    }
    int rc = account_pick(r, req, &a, e);
    if (rc == 0)
        return cas_open(r, req, req->server, a, ret, e);
    /* In lego's tree the user says how the account is called, not which of those there are. */
    if (rc != SIGNET_ENOTFOUND ||
        (req->account && req->account[0] && !tree_names_accounts(r->tree) && !may_replace(req)))
        return rc;
    err_clear(e);
    return account_make(r, req, ret, e);
}
