#include "client/obtain.h"
#include "base/clock.h"
#include "base/log.h"
#include "client/owe.h"
#include "crypto/cert.h"
#include "options/remember.h"
#include "options/table.h"
#include <stdlib.h>

#define KEY_PEM_MAX (64u * 1024u)
#define ORDER_OLD_S 3600

/* ---- renewal files and requests ---- */

static int section_pairs(const struct conf *c, const char *section, struct kvlist *ret, struct err *e)
{
    STRLIST_AUTO(keys);
    BUF_AUTO(value, 1u << 20);
    if (conf_keys(c, section, &keys))
        return err_nomem(e);
    for (size_t i = 0; i < keys.n; i++) {
        buf_clear(&value);
        if (conf_get(c, section, keys.v[i], &value) && kvlist_set(ret, str_of(keys.v[i]), buf_str(&value)))
            return err_nomem(e);
    }
    return 0;
}

/* An account belongs to one CA: another server (a dry run's, or --server's) has others. */
static void forget_foreign_account(struct request *req, const struct request *base, const struct kvlist *stored)
{
    const char *server = kvlist_get(stored, "server");
    if (server && req->server && strcmp(server, req->server) && !base->account) {
        free(req->account);
        req->account = NULL;
    }
}

int lineage_request(const struct lineage *l, const struct request *base, struct request *ret, struct err *e)
{
    struct kvlist params = { 0 }, map = { 0 };
    int rc;
    if (!(rc = section_pairs(l->conf, "renewalparams", &params, e)) &&
        !(rc = section_pairs(l->conf, "renewalparams/webroot_map", &map, e)))
        rc = remember_load(ret, base, &params, &map, e);
    if (!rc)
        forget_foreign_account(ret, base, &params);
    kvlist_done(&params);
    kvlist_done(&map);
    return rc;
}

static int set_pair(struct conf *c, const char *section, const struct kv *p)
{
    STRLIST_AUTO(parts);
    if (!p->list || !p->value[0])
        return conf_set(c, section, p->key, str_of(p->value));
    if (strlist_split(&parts, str_of(p->value), ','))
        return SIGNET_ENOMEM;
    return conf_set_list(c, section, p->key, &parts);
}

static int replace_section(struct conf *c, const char *section, const struct kvlist *pairs, struct err *e)
{
    STRLIST_AUTO(old);
    if (conf_keys(c, section, &old))
        return err_nomem(e);
    for (size_t i = 0; i < old.n; i++)
        if (!kvlist_get(pairs, old.v[i]))
            conf_unset(c, section, old.v[i]);
    for (size_t i = 0; i < pairs->n; i++)
        if (set_pair(c, section, &pairs->v[i]))
            return err_nomem(e);
    return 0;
}

int lineage_remember(struct conf *c, const struct request *req, struct err *e)
{
    struct kvlist params = { 0 }, map = { 0 };
    int rc = remember_store(req, &params, &map, e);
    if (!rc)
        rc = replace_section(c, "renewalparams", &params, e);
    if (!rc && map.n)
        rc = replace_section(c, "renewalparams/webroot_map", &map, e);
    else if (!rc)
        conf_unset_section(c, "renewalparams/webroot_map");
    kvlist_done(&params);
    kvlist_done(&map);
    return rc;
}

/* ---- the key ---- */

static unsigned curve_bits(const char *curve)
{
    if (curve && !strcmp(curve, "secp521r1"))
        return 521;
    return curve && !strcmp(curve, "secp384r1") ? 384 : 256;
}

struct key_wish {
    enum key_type type;
    unsigned size;
};

/* What is asked for by a source that counts, and for the rest what the lineage's key is today. */
static struct key_wish wish(const struct request *req, const struct key *old, enum source least)
{
    struct key_wish w = { req->key_type && !strcmp(req->key_type, "rsa") ? KEY_RSA : KEY_EC, 0 };
    if (old && req->from[OPT_ID_KEY_TYPE] < least)
        w.type = key_kind(old);
    bool same_type = old && key_kind(old) == w.type;
    if (w.type == KEY_RSA)
        w.size = same_type && req->from[OPT_ID_RSA_KEY_SIZE] < least ? key_size(old) : req->rsa_key_size;
    else
        w.size =
            same_type && req->from[OPT_ID_ELLIPTIC_CURVE] < least ? key_size(old) : curve_bits(req->elliptic_curve);
    return w;
}

static int refuse_reuse(const struct key_wish *w, const struct key *old, struct err *e)
{
    const char *what = w->type != key_kind(old) ? "key-type" : w->type == KEY_RSA ? "rsa-key-size" : "elliptic-curve";
    if (w->type == key_kind(old) && w->size == key_size(old))
        return 0;
    return err_set(e, SIGNET_EINVAL,
                   "--%s asks for another key than the one that --reuse-key keeps. --no-reuse-key no longer keeps it; "
                   "--new-key makes a new one now and keeps that.",
                   what);
}

static int lineage_key(const struct lineage *l, struct key **ret, struct err *e)
{
    BUF_AUTO(pem, KEY_PEM_MAX);
    int rc = lineage_read(l, KIND_PRIVKEY, l->newest, &pem, e);
    return rc ? rc : key_from_pem(ret, buf_str(&pem), e);
}

int obtain_new_key(const struct request *req, struct key **ret, struct err *e)
{
    struct key_wish w = wish(req, NULL, FROM_LINEAGE);
    return key_new(ret, w.type, w.size, e);
}

/* A key that something else has pinned goes on being kept, by certonly, too, until --no-reuse-key ends it. lego's tree
 * remembers no wishes. */
static void inherit_reuse(struct request *req, const struct lineage *l)
{
    BUF_AUTO(stored, 64);
    if (req->reuse_key != TRI_UNSET || !l->conf || !conf_get(l->conf, "renewalparams", "reuse_key", &stored) ||
        !str_eq(buf_str(&stored), STR("True")))
        return;
    req->reuse_key = TRI_YES;
    req->from[OPT_ID_REUSE_KEY] = FROM_LINEAGE;
}

static int choose_key(struct issue *i, const struct lineage *l, struct err *e)
{
    if (i->key) /* the maker brought it */
        return 0;
    struct key *old = NULL;
    struct err ignored = { 0 };
    if (l && l->newest && lineage_key(l, &old, &ignored))
        log_warn("client", "the present key of %s cannot be read, a new one is made: %s", l->name, ignored.text);
    if (old)
        inherit_reuse(&i->req, l);
    bool reuse = old && i->req.reuse_key == TRI_YES && !i->req.new_key;
    /* A new key is what the renewal file says, which reconfigure may have changed; a kept one is what it is, unless the
     * user wants another now. */
    struct key_wish w = wish(&i->req, old, reuse ? FROM_INI : FROM_LINEAGE);
    int rc = reuse ? refuse_reuse(&w, old, e) : 0;
    if (!rc && reuse) {
        i->key = old;
        return 0;
    }
    if (!rc)
        rc = key_new(&i->key, w.type, w.size, e);
    key_free(old);
    return rc;
}

/* The predecessor tells the CA which rate limits do not count (RFC 9773 section 5). Same CA only. */
static void choose_replaces(struct issue *i, const struct lineage *l)
{
    BUF_AUTO(pem, CHAIN_MAX_BYTES);
    struct err ignored = { 0 };
    if (!l || !l->newest || i->req.dry_run || !lineage_is_from(l, i->req.server))
        return;
    if (lineage_read(l, KIND_CERT, l->newest, &pem, &ignored) || cert_ari_id(buf_str(&pem), &i->replaces, &ignored))
        buf_clear(&i->replaces);
}

static int set_text(char **at, const char *value, struct err *e)
{
    char *copy = str_dup(str_of(value));
    if (!copy)
        return err_nomem(e);
    free(*at);
    *at = copy;
    return 0;
}

/* What is stored with the lineage is what was really used. */
static int settle_request(struct issue *i, struct err *e)
{
    bool rsa = key_kind(i->key) == KEY_RSA;
    if (strlist_copy(&i->req.domains, &i->domains) || strlist_copy(&i->req.ip_addresses, &i->ips) ||
        request_map_webroots(&i->req))
        return err_nomem(e);
    int rc = set_text(&i->req.account, i->slot->account->id, e);
    if (!rc)
        rc = set_text(&i->req.key_type, rsa ? "rsa" : "ecdsa", e);
    if (!rc && rsa)
        i->req.rsa_key_size = key_size(i->key);
    else if (!rc)
        rc = set_text(&i->req.elliptic_curve, key_curve(i->key), e);
    return rc;
}

int obtain_prepare(struct issue *i, const struct lineage *l, struct err *e)
{
    int rc = choose_key(i, l, e);
    if (!rc && !(rc = settle_request(i, e)))
        choose_replaces(i, l);
    return rc;
}

/* ---- the certificate ---- */

int obtain_check(const struct issue *i, struct err *e)
{
    int future = 0;
    int rc = chain_check(buf_str(&i->chain), i->key, &i->domains, &i->ips, clock_wall_s(), &future, e);
    if (!rc && future)
        log_warn("client",
                 "the new certificate is not valid yet by this machine's clock; it is installed all the same");
    return rc;
}

/* What lineage_save asks before it commits: the files, read back, are what was meant to be written. */
static int check_generation(void *ctx, const struct generation *g, struct err *e)
{
    const struct issue *i = ctx;
    BUF_AUTO(cert, CHAIN_MAX_BYTES);
    BUF_AUTO(chain, CHAIN_MAX_BYTES);
    struct key *key = NULL;
    int future = 0;
    int rc = key_from_pem(&key, g->privkey, e);
    if (!rc)
        rc = chain_check(g->fullchain, key, &i->domains, &i->ips, clock_wall_s(), &future, e);
    key_free(key);
    if (!rc)
        rc = chain_split(g->fullchain, &cert, &chain, NULL, e);
    if (!rc && (!str_eq(buf_str(&cert), g->cert) || !str_eq(buf_str(&chain), g->chain)))
        rc = err_set(e, SIGNET_ECERT, "What was read back from disk is not what was written.");
    return rc;
}

/* The next version of a lineage. What is in place when it fails after that is told by what live shows. */
static int save_next(struct run *r, struct issue *i, struct lineage *l, const struct generation *g, bool *ret_live,
                     struct err *e)
{
    unsigned before = l->linked;
    int rc = lineage_remember(l->conf, &i->req, e);
    if (!rc)
        rc = lineage_save(l, r->tree, g, check_generation, i, e);
    *ret_live = !rc || (l->linked && l->linked != before);
    return rc;
}

int obtain_save(struct run *r, struct issue *i, struct lineage **l, const char *name, bool exact, bool *ret_live,
                struct err *e)
{
    BUF_AUTO(cert, CHAIN_MAX_BYTES);
    BUF_AUTO(chain, CHAIN_MAX_BYTES);
    BUF_AUTO(full, CHAIN_MAX_BYTES);
    BUF_AUTO(key, KEY_PEM_MAX);
    struct conf *c = NULL;
    int rc;
    *ret_live = false;
    if ((rc = obtain_check(i, e)) || (rc = chain_split(buf_str(&i->chain), &cert, &chain, &full, e)))
        return rc;
    if (key_to_pem(i->key, &key))
        return err_set(e, SIGNET_ECRYPTO, "The private key cannot be written as PEM.");
    struct generation g = { buf_str(&cert), buf_str(&key), buf_str(&chain), buf_str(&full) };
    if (i->solver && i->ops->remember && (rc = i->ops->remember(i->solver, &i->req)))
        return err_nomem(e);
    if (*l)
        return save_next(r, i, *l, &g, ret_live, e);
    if ((rc = tree_make_store(r->tree, e)))
        return rc;
    if (conf_new(&c))
        return err_nomem(e);
    if ((rc = lineage_remember(c, &i->req, e))) {
        conf_free(c);
        return rc;
    }
    rc = lineage_create(l, r->tree, name, exact, c, &g, check_generation, i, e);
    *ret_live = rc == 0;
    return rc;
}

void obtain_note_names(struct strlist *to, const struct issue *i)
{
    for (size_t k = 0; k < i->domains.n; k++)
        strlist_add_new(to, str_of(i->domains.v[k]));
    for (size_t k = 0; k < i->ips.n; k++)
        strlist_add_new(to, str_of(i->ips.v[k]));
}

/* ---- failures ---- */

void obtain_tell_failure(struct run *r, const struct issue *i)
{
    BUF_AUTO(text, 256u * 1024u);
    if (!i->authz_failed || !i->has_problem)
        return;
    buf_addf(&text,
             "\nCertbot failed to authenticate some domains (authenticator: %s). The Certificate Authority reported "
             "these problems:\n",
             i->ops ? i->ops->name : "none");
    for (size_t k = 0; k < i->problem.n_sub; k++) {
        const struct ca_subproblem *s = &i->problem.sub[k];
        if (s->ident[0])
            buf_addf(&text, "  Identifier: %s\n  Type:   %s\n  Detail: %s\n\n", s->ident, problem_short_type(s->type),
                     s->detail);
    }
    if (i->solver && i->ops && i->ops->hint) {
        struct challenge c = { .type = i->problem.sub[0].chal,
                               .ident = { SIGNET_IDENT_DNS, str_of(i->problem.sub[0].ident) } };
        buf_addz(&text, "Hint: ");
        i->ops->hint(i->solver, &c, &text);
        buf_addc(&text, '\n');
    }
    r->ui->ops->notify(r->ui, buf_z(&text));
}

/* As before the first try, the names and the key kept. */
static void freshen(struct run *r, struct issue *i)
{
    owe_forget(r, i);
    ca_problem_done(&i->problem);
    i->has_problem = i->authz_failed = false;
    err_clear(&i->err);
    strlist_done(&i->all_names);
    issue_forget_challenges(i);
    i->running = i->finished = false;
}

static bool named_as_failed(const struct issue *i, const char *name)
{
    for (size_t k = 0; k < i->problem.n_sub; k++)
        if (str_ieq(str_of(i->problem.sub[k].ident), str_of(name)))
            return true;
    return false;
}

static void drop(struct issue *i, struct strlist *l, struct strlist *dropped)
{
    for (size_t k = l->n; k-- > 0;)
        if (named_as_failed(i, l->v[k]) && !strlist_addz(dropped, l->v[k]))
            strlist_remove(l, k);
}

bool obtain_all_failed(const struct issue *i)
{
    bool all = i->req.allow_subset_of_names;
    for (size_t k = 0; k < i->domains.n && all; k++)
        all = named_as_failed(i, i->domains.v[k]);
    for (size_t k = 0; k < i->ips.n && all; k++)
        all = named_as_failed(i, i->ips.v[k]);
    return all;
}

bool obtain_drop_failed(struct run *r, struct issue *i)
{
    STRLIST_AUTO(dropped);
    BUF_AUTO(words, 64u * 1024u);
    if (!i->req.allow_subset_of_names || !i->has_problem)
        return false;
    drop(i, &i->domains, &dropped);
    drop(i, &i->ips, &dropped);
    if (!dropped.n || !(i->domains.n + i->ips.n))
        return false;
    strlist_sort(&dropped);
    strlist_join(&dropped, ", ", &words);
    ui_say(r->ui, "Unable to obtain a certificate with every requested domain. Retrying without: %s", buf_z(&words));
    freshen(r, i);
    buf_clear(&i->csr);
    return true;
}

bool obtain_revive(struct run *r, struct issue *i)
{
    struct err e = { 0 };
    if (!i->has_problem || i->revived || strcmp(problem_short_type(i->problem.type), "accountDoesNotExist"))
        return false;
    i->revived = true;
    if (account_revive(r, i->slot, &e)) {
        i->err = e;
        return false;
    }
    freshen(r, i);
    return true;
}

/* The CA forgets an order in hours or days; a laptop or a virtual machine may sleep for longer. */
bool obtain_without_old_order(struct run *r, struct issue *i)
{
    bool ca_is_ill = i->has_problem && i->problem.http_status >= 500;
    bool useless =
        i->err.code == SIGNET_EAUTHZ || i->err.code == SIGNET_EPROTO || (i->err.code == SIGNET_EPROBLEM && !ca_is_ill);
    bool overslept = !i->resumed && !i->overslept && clock_wall_s() - i->begun_s > ORDER_OLD_S;
    if ((!i->resumed && !overslept) || !useless)
        return false;
    log_warn("client", "The order %s cannot be gone on with (%s). Placing a new one.",
             overslept ? "that this run placed long ago, the machine having slept," : "of the earlier run",
             i->err.text);
    i->overslept |= overslept;
    freshen(r, i);
    return true;
}

int obtain_order(struct run *r, struct issue *i, void (*tell)(struct run *, const struct issue *), struct err *e)
{
    struct issuer *s;
    int rc = issuer_new(&s, r, 1, e);
    if (rc)
        return rc;
    do {
        issuer_add(s, i);
        issuer_next(s);
        if (!i->err.code)
            break;
        if (!i->resumed)
            tell(r, i);
    } while (obtain_revive(r, i) || obtain_without_old_order(r, i) || obtain_drop_failed(r, i));
    issuer_free(s);
    if (!i->err.code)
        return 0;
    *e = i->err;
    if (i->authz_failed)
        err_set(e, SIGNET_EAUTHZ, "%s challenges have failed.", obtain_all_failed(i) ? "All" : "Some");
    return e->code;
}
