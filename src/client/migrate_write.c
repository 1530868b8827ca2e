/* migrate: what was read, into the tree that it shall be in. Everything is looked at before the first file is written.
 */
#include "base/clock.h"
#include "base/log.h"
#include "client/lego.h"
#include "client/migrate.h"
#include "options/table.h"
#include "plan/names.h"
#include "store/lego.h"
#include <jansson.h>
#include <stdlib.h>

#define ROOM        "migrate"
#define KEY_PEM_MAX (64u * 1024u)
#define FILE_MAX    (1u << 20)

static int set_text(char **at, const char *value, struct err *e)
{
    char *z = str_dup(str_of(value));
    if (!z)
        return err_nomem(e);
    free(*at);
    *at = z;
    return 0;
}

static bool to_lego(const struct tree *t)
{
    return tree_names_accounts(t);
}

/* ---- looking ---- */

static int read_key(const struct moved_cert *c, struct key **ret, struct err *e)
{
    struct key *leaf = NULL;
    if (!c->key)
        return err_set(e, SIGNET_ENOTFOUND, "its private key is not there");
    int rc = key_from_pem(ret, str_of(c->key), e);
    if (!rc)
        rc = cert_key(&leaf, str_of(c->chain), e);
    if (!rc && !key_same(leaf, *ret))
        rc = err_set(e, SIGNET_ECERT, "its key is another certificate's");
    key_free(leaf);
    return rc;
}

/* An earlier run has taken it over already. */
static bool is_same(const struct lineage *l, const struct moved_cert *c)
{
    BUF_AUTO(have, FILE_MAX);
    BUF_AUTO(there, FILE_MAX);
    BUF_AUTO(here, FILE_MAX);
    return !lineage_read(l, KIND_FULLCHAIN, l->newest, &have, NULL) &&
           !chain_split(buf_str(&have), NULL, NULL, &there, NULL) &&
           !chain_split(str_of(c->chain), NULL, NULL, &here, NULL) && str_eq(buf_str(&there), buf_str(&here));
}

/* 0: it is there, and the same; SIGNET_ENOTFOUND: it can be put there. */
static int check_free(const struct tree *t, struct moved_cert *c, struct err *e)
{
    BUF_AUTO(name, 1024);
    struct lineage *l = NULL;
    if (to_lego(t)) {
        struct cert_info info = { 0 };
        int rc = cert_read(&info, str_of(c->chain), e);
        const char *first = rc ? "" : info.dns.n ? info.dns.v[0] : info.ips.n ? info.ips.v[0] : c->name;
        if (!rc)
            rc = name_for_lego(&name, str_of(first), lego_tree_is_v5(t), e);
        cert_info_done(&info);
        char *z = rc ? NULL : str_dup(buf_str(&name));
        if (rc || !z)
            return rc ? rc : err_nomem(e);
        free(c->name);
        c->name = z;
    } else if (!lineage_name_ok(c->name)) {
        return err_set(e, SIGNET_EINVAL, "\"%.200s\" cannot be the name of a certificate", c->name);
    }
    int rc = lineage_open(&l, t, c->name, NULL);
    bool same = !rc && is_same(l, c);
    lineage_free(l);
    if (rc == SIGNET_ENOTFOUND || same)
        return rc;
    return err_set(e, SIGNET_EEXIST, "there is a certificate of that name already");
}

static void drop_at(struct moving *m, size_t i)
{
    struct moved_cert it = m->c[i];
    memmove(&m->c[i], &m->c[i + 1], (m->n_c - i - 1) * sizeof it);
    m->c[m->n_c - 1] = it;
    moving_drop_cert(m);
}

/* How many stand in the way; those that are broken at their source are dropped with a warning. */
static size_t look(struct moving *m, const struct tree *t, size_t *ret_broken)
{
    size_t taken = 0;
    for (size_t i = 0; i < m->n_c;) {
        struct moved_cert *c = &m->c[i];
        struct err e = { 0 };
        struct key *k = NULL;
        int rc = read_key(c, &k, &e);
        key_free(k);
        if (rc) {
            log_warn(ROOM, "%s is left where it is: %s.", c->name, e.text);
            ++*ret_broken;
            drop_at(m, i);
            continue;
        }
        int at = check_free(t, c, &e);
        if (!at) {
            log_info(ROOM, "%s was taken over before.", c->name);
            drop_at(m, i);
            continue;
        }
        if (at != SIGNET_ENOTFOUND) {
            log_error(ROOM, "%s: %s.", c->name, e.text);
            taken++;
        }
        i++;
    }
    return taken;
}

static void tell(struct run *r, const struct moving *m)
{
    for (size_t i = 0; i < m->n_a; i++)
        ui_say(r->ui, "account     %s at %s",
               m->a[i].id     ? m->a[i].id
               : m->a[i].mail ? m->a[i].mail
                              : "(by its key)",
               m->a[i].server);
    for (size_t i = 0; i < m->n_c; i++) {
        ui_say(r->ui, "certificate %s%s%s%s%s%s%s", m->c[i].name, m->c[i].webroot ? ", webroot " : "",
               m->c[i].webroot ? m->c[i].webroot : "", m->c[i].auth_hook ? ", answers by " : "",
               m->c[i].auth_hook ? m->c[i].auth_hook : "", m->c[i].deploy_hook ? ", hook " : "",
               m->c[i].deploy_hook ? m->c[i].deploy_hook : "");
        if (m->c[i].note)
            log_warn(ROOM, "%s: %s.", m->c[i].name, m->c[i].note);
    }
}

/* ---- accounts ---- */

/* Some programs keep no account URL: they, too, ask the CA by the key (RFC 8555 section 7.3.1). */
static int find_url(struct run *r, struct account *a, struct err *e)
{
    signet_account_params p = { .size = sizeof p, .op = SIGNET_ACCOUNT_FIND };
    struct account *twin = calloc(1, sizeof *twin);
    struct ca_slot *s;
    struct ca_event ev;
    ca_job job;
    BUF_AUTO(pem, KEY_PEM_MAX);
    if (!twin || key_to_pem(a->key, &pem) || key_from_pem(&twin->key, buf_str(&pem), e) ||
        !(twin->server = str_dup(str_of(a->server))) || !(twin->id = str_dup(STR("migrating")))) {
        account_free(twin);
        return err_nomem(e);
    }
    int rc = cas_open(r, r->req, a->server, twin, &s, e);
    if (rc || (rc = ca_account(s->ca, &p, NULL, &job, e)) || (rc = cas_wait(r, s, job, &ev, e)))
        return rc;
    rc = account_keep_details(a, &ev.u.done.account, a->mail, e);
    cas_close(r);
    return rc;
}

static int set_id(struct account *a, struct err *e)
{
    BUF_AUTO(id, 64);
    return key_account_id(a->key, &id) ? err_set(e, SIGNET_ECRYPTO, "the account key has no id")
                                       : set_text(&a->id, buf_z(&id), e);
}

static int save_account(struct run *r, struct tree *t, struct moved_account *m, struct err *e)
{
    struct account *a = calloc(1, sizeof *a), *old = NULL;
    const char *mail = m->mail ? m->mail : r->req->email ? r->req->email : NULL;
    if (!a || !(a->server = str_dup(str_of(m->server))) || (m->url && !(a->url = str_dup(str_of(m->url)))) ||
        !(a->id = str_dup(str_of(mail ? mail : LEGO_NO_MAIL))) || (mail && !(a->mail = str_dup(str_of(mail))))) {
        account_free(a);
        return err_nomem(e);
    }
    a->key = m->key;
    m->key = NULL;
    a->created = clock_wall_s();
    int rc = a->url ? 0 : find_url(r, a, e);
    if (!rc && !to_lego(t)) /* certbot names it by its key */
        rc = set_id(a, e);
    bool there = !rc && !account_load(&old, t, a->server, a->id, NULL);
    if (there && !key_same(old->key, a->key) &&
        m->id) { /* in lego's tree the name is the address: only one can have it */
        log_warn(ROOM, "There is another account called %s; this one is called %s.", a->id, m->id);
        there = false;
        rc = set_text(&a->id, m->id, e);
    }
    if (!rc && !there)
        rc = account_save(t, a, to_lego(t) ? mail : NULL, e);
    account_free(old);
    if (!rc) {
        free(m->id);
        m->id = str_dup(str_of(a->id));
    }
    account_free(a);
    return rc;
}

/* ---- certificates ---- */

/* http-01 as the source does it: into a webroot, or by commands. */
static int fill_way(struct request *q, const struct moved_cert *c, struct err *e)
{
    int rc = 0;
    if (c->webroot) {
        strlist_done(&q->webroot_path);
        rc = strlist_addz(&q->webroot_path, c->webroot) ? err_nomem(e) : set_text(&q->authenticator, "webroot", e);
    } else if (c->auth_hook) {
        strlist_done(&q->pref_challs);
        q->from[OPT_ID_PREFERRED_CHALLENGES] = q->from[OPT_ID_MANUAL_AUTH_HOOK] = q->from[OPT_ID_MANUAL_CLEANUP_HOOK] =
            FROM_CLI;
        rc = strlist_addz(&q->pref_challs, "http-01") ? err_nomem(e) : set_text(&q->authenticator, "manual", e);
        if (!rc)
            rc = set_text(&q->manual_auth_hook, c->auth_hook, e);
        if (!rc)
            rc = set_text(&q->manual_cleanup_hook, c->cleanup_hook, e);
    }
    return rc || q->authenticator ? rc : set_text(&q->authenticator, "standalone", e);
}

/* The renewal parameters: the way of the command line, what the source tells, what the certificate shows. */
static int fill_request(struct run *r, const struct moving *m, const struct moved_cert *c, const struct key *k,
                        struct request *q, struct err *e)
{
    struct cert_info info = { 0 };
    int rc = request_copy(q, r->req) ? err_nomem(e) : cert_read(&info, str_of(c->chain), e);
    q->verb = VERB_CERTONLY;
    q->dry_run = false;
    if (!rc && (strlist_copy(&q->domains, &info.dns) || strlist_copy(&q->ip_addresses, &info.ips)))
        rc = err_nomem(e);
    if (!rc && c->server)
        rc = set_text(&q->server, c->server, e);
    for (size_t i = 0; !rc && i < m->n_a; i++)
        if (m->a[i].id && !strcmp(m->a[i].server, q->server)) {
            rc = set_text(&q->account, m->a[i].id, e);
            break;
        }
    if (!rc)
        rc = fill_way(q, c, e);
    if (!rc && c->deploy_hook)
        rc = set_text(&q->deploy_hook, c->deploy_hook, e);
    if (!rc)
        rc = set_text(&q->key_type, key_kind(k) == KEY_RSA ? "rsa" : "ecdsa", e);
    if (!rc && key_kind(k) == KEY_RSA)
        q->rsa_key_size = key_size(k);
    else if (!rc)
        rc = set_text(&q->elliptic_curve, key_curve(k), e);
    static const enum opt_id said[] = { OPT_ID_SERVER, OPT_ID_ACCOUNT, OPT_ID_AUTHENTICATOR, OPT_ID_WEBROOT_PATH,
                                        OPT_ID_KEY_TYPE };
    for (size_t i = 0; i < sizeof said / sizeof *said; i++)
        q->from[said[i]] = FROM_CLI;
    q->from[key_kind(k) == KEY_RSA ? OPT_ID_RSA_KEY_SIZE : OPT_ID_ELLIPTIC_CURVE] = FROM_CLI;
    if (q->deploy_hook)
        q->from[OPT_ID_DEPLOY_HOOK] = FROM_CLI;
    if (!rc && request_map_webroots(q))
        rc = err_nomem(e);
    cert_info_done(&info);
    return rc;
}

/* What stands on disk is what was meant to be there. */
static int same_pair(void *ctx, const struct generation *g, struct err *e)
{
    struct key *k = NULL;
    int rc = key_from_pem(&k, g->privkey, e);
    if (!rc && !key_same(k, ctx))
        rc = err_set(e, SIGNET_ECERT, "What was read back from disk is not what was written.");
    key_free(k);
    return rc;
}

struct parts {
    struct buf cert, chain, full, key;
};

static int save_lineage(struct run *r, const struct moving *m, const struct moved_cert *c, struct key *k,
                        const struct parts *p, struct err *e)
{
    struct request q = { 0 };
    struct conf *conf = NULL;
    struct lineage *l = NULL;
    struct generation g = { buf_str(&p->cert), buf_str(&p->key), buf_str(&p->chain), buf_str(&p->full) };
    int rc = fill_request(r, m, c, k, &q, e);
    if (!rc && conf_new(&conf))
        rc = err_nomem(e);
    if (!rc && (rc = lineage_remember(conf, &q, e)))
        conf_free(conf);
    else if (!rc)
        rc = lineage_create(&l, r->tree, c->name, true, conf, &g, same_pair, k, e);
    lineage_free(l);
    request_done(&q);
    return rc;
}

static int save_lego(const struct tree *t, const struct moved_cert *c, const struct parts *p, struct err *e)
{
    BUF_AUTO(text, FILE_MAX);
    const char *url = c->url ? c->url : "";
    json_t *j = lego_tree_is_v5(t)
                    ? json_pack("{s:s, s:[s], s:s, s:s, s:s}", "id", c->name, "domains", c->name, "certUrl", url,
                                "certStableUrl", url, "origin", "migration")
                    : json_pack("{s:s, s:s, s:s}", "domain", c->name, "certUrl", url, "certStableUrl", url);
    int rc = j && !lego_json_text(j, &text) ? 0 : err_nomem(e);
    json_decref(j);
    const struct lego_file files[] = { { ".key", buf_str(&p->key), true },
                                       { ".crt", buf_str(&p->full), false },
                                       { ".json", buf_str(&text), false },
                                       { ".issuer.crt", buf_str(&p->chain), false } };
    return rc ? rc : lego_save(t, c->name, files, p->chain.n ? 4 : 3, e);
}

static int save_cert(struct run *r, struct tree *t, const struct moving *m, const struct moved_cert *c, struct err *e)
{
    struct parts p = { BUF_INIT(FILE_MAX), BUF_INIT(FILE_MAX), BUF_INIT(FILE_MAX), BUF_INIT(KEY_PEM_MAX) };
    struct key *k = NULL;
    bool traditional = to_lego(t) && !lego_tree_is_v5(t);
    int rc = key_from_pem(&k, str_of(c->key), e);
    if (!rc)
        rc = chain_split(str_of(c->chain), &p.cert, &p.chain, &p.full, e);
    if (!rc && (traditional ? key_to_pem_traditional(k, &p.key) : key_to_pem(k, &p.key)))
        rc = err_set(e, SIGNET_ECRYPTO, "the private key cannot be written as PEM");
    if (!rc)
        rc = to_lego(t) ? save_lego(t, c, &p, e) : save_lineage(r, m, c, k, &p, e);
    if (rc)
        err_wrap(e, "%s", c->name);
    key_free(k);
    buf_done(&p.cert);
    buf_done(&p.chain);
    buf_done(&p.full);
    buf_done(&p.key);
    return rc;
}

int move_write(struct run *r, struct moving *m, struct tree *to, struct err *e)
{
    size_t broken = 0, taken = look(m, to, &broken);
    int rc = 0;
    tell(r, m);
    if (taken) {
        err_set(e, SIGNET_EEXIST, "%zu of the certificates are there already. Nothing was changed.", taken);
        err_hint(e, "Take them away there, or take the others over from a copy of the source that has only them.");
        return SIGNET_EEXIST;
    }
    if (r->req->dry_run) {
        ui_say(r->ui,
               "The dry run was successful: %zu account(s) and %zu certificate(s) would be taken over. Nothing was "
               "changed.",
               m->n_a, m->n_c);
        return broken ? err_set(e, SIGNET_EFORMAT, "%zu certificate(s) cannot be taken over.", broken) : 0;
    }
    if ((rc = tree_make_store(to, e)) || (rc = tree_lock(to, e)))
        return rc;
    for (size_t i = 0; !rc && i < m->n_a; i++)
        rc = save_account(r, to, &m->a[i], e);
    for (size_t i = 0; !rc && i < m->n_c; i++) {
        rc = save_cert(r, to, m, &m->c[i], e);
        report_text(report_certificate(&r->report, m->c[i].name), "status", rc ? "failed" : "migrated");
    }
    if (rc)
        return rc;
    ui_say(r->ui, "Taken over: %zu account(s), %zu certificate(s). The source was not changed.", m->n_a, m->n_c);
    return broken ? err_set(e, SIGNET_EFORMAT, "%zu certificate(s) could not be taken over.", broken) : 0;
}
