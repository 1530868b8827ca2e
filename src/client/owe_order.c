/* Orders in the journal: what a note of one means, and going on with it. */
#include "base/b64.h"
#include "base/clock.h"
#include "base/log.h"
#include "client/lineages.h"
#include "client/owe_in.h"
#include <stdlib.h>

#define ROOM        "client.owe"
#define KEY_PEM_MAX (64u * 1024u)

void owe_wish(const struct request *req, struct buf *to)
{
    buf_addf(to, "profile=%s staple=%d",
             req->required_profile    ? req->required_profile
             : req->preferred_profile ? req->preferred_profile
                                      : "",
             req->must_staple);
}

int owe_deploy_list(const struct record *order, struct strlist *to)
{
    STRLIST_AUTO(all);
    STRLIST_AUTO(ran);
    if (record_get_list(order, "deploy", &all) || record_get_list(order, "ran", &ran))
        return SIGNET_ENOMEM;
    for (size_t i = 0; i < all.n; i++)
        if (!strlist_has(&ran, str_of(all.v[i])) && strlist_addz(to, all.v[i]))
            return SIGNET_ENOMEM;
    return 0;
}

bool owe_deploy_left(const struct record *order)
{
    STRLIST_AUTO(left);
    return owe_deploy_list(order, &left) || left.n;
}

static int order_key(const struct record *order, struct key **ret)
{
    const char *pem = record_get(order, "key");
    return pem ? key_from_pem(ret, str_of(pem), NULL) : SIGNET_EFORMAT;
}

/* ---- is it in place? ---- */

bool owe_installed_in(const struct lineage *l, const struct record *order)
{
    BUF_AUTO(pem, KEY_PEM_MAX);
    struct key *ours = NULL, *theirs = NULL;
    bool same = l->newest != record_number(order, "version") && !order_key(order, &ours) &&
                !lineage_read(l, KIND_PRIVKEY, l->newest, &pem, NULL) && !key_from_pem(&theirs, buf_str(&pem), NULL) &&
                key_same(ours, theirs);
    key_free(ours);
    key_free(theirs);
    return same;
}

static bool installed_as(struct run *r, const char *name, const struct record *order, struct lineage **ret)
{
    struct lineage *l = NULL;
    struct err e = { 0 };
    if (!lineage_open_whole(r, name, &l, &e) && owe_installed_in(l, order)) {
        *ret = l;
        return true;
    }
    lineage_free(l);
    return false;
}

/* "example.com-0001" for "example.com" */
static bool is_numbered(const char *name, const char *base)
{
    size_t n = strlen(base);
    return !strncmp(name, base, n) && name[n] == '-' && name[n + 1] &&
           strspn(name + n + 1, "0123456789") == strlen(name + n + 1);
}

bool owe_installed(struct run *r, const struct record *order, struct lineage **ret)
{
    STRLIST_AUTO(names);
    const char *name = record_get(order, "name");
    if (!name)
        return false;
    if (installed_as(r, name, order, ret))
        return true;
    if (record_number(order, "version") || lineage_list(r->tree, &names, NULL))
        return false;
    for (size_t i = 0; i < names.n; i++)
        if (is_numbered(names.v[i], name) && installed_as(r, names.v[i], order, ret))
            return true;
    return false;
}

/* ---- going on ---- */

static bool same_list(const struct record *order, const char *name, const struct strlist *wanted)
{
    STRLIST_AUTO(have);
    return !record_get_list(order, name, &have) && strlist_same_set(&have, wanted);
}

static bool is(const struct record *order, const char *name, const char *value)
{
    const char *have = record_get(order, name);
    return have && value && !strcmp(have, value);
}

/* The same names at the same CA from the same account, and nothing else asked for. */
static bool is_wanted(const struct record *order, const struct issue *i)
{
    BUF_AUTO(wish, 1024);
    owe_wish(&i->req, &wish);
    return is(order, "server", i->req.server) && is(order, "account", i->slot->account->id) &&
           is(order, "wish", buf_z(&wish)) && same_list(order, "domain", &i->domains) &&
           same_list(order, "ip", &i->ips);
}

/* As the key that was just made or chosen for it: the very same when that is to be reused. */
static bool key_fits(const struct key *stored, const struct issue *i)
{
    bool reuse = i->req.reuse_key == TRI_YES && !i->req.new_key && i->lineage_version;
    return reuse ? key_same(stored, i->key)
                 : key_kind(stored) == key_kind(i->key) && key_size(stored) == key_size(i->key);
}

static bool take(struct issue *i, const struct record *order)
{
    const char *url = record_get(order, "url"), *csr = record_get(order, "csr");
    struct key *key = NULL;
    if (!url || !csr || order_key(order, &key))
        return false;
    buf_clear(&i->csr);
    buf_clear(&i->order_url);
    buf_addz(&i->order_url, url);
    if (!key_fits(key, i) || b64_dec(&i->csr, str_of(csr)) || buf_err(&i->order_url)) {
        key_free(key);
        buf_clear(&i->csr);
        buf_clear(&i->order_url);
        return false;
    }
    key_free(i->key);
    i->key = key;
    i->resumed = true;
    return true;
}

/* The order that a run has left for this lineage; one for other names or another CA is not wanted any more. */
static uint64_t find_kept(struct run *r, const struct issue *i, const struct lineage *l)
{
    const struct journal_entry *e;
    uint64_t found = 0, useless = 0;
    for (size_t k = 0; (e = journal_at(r->journal, k)); k++) {
        if (e->type != JOURNAL_ORDER || !e->inherited || !is(&e->data, "server", i->req.server))
            continue;
        if (is_wanted(&e->data, i) && !(l && owe_installed_in(l, &e->data)))
            found = e->id;
        else if (is(&e->data, "name", i->lineage_name))
            useless = e->id;
    }
    journal_done(r->journal, &useless);
    return found;
}

int owe_resume(struct run *r, struct issue *i, const struct lineage *l, const char *name, struct err *e)
{
    free(i->lineage_name);
    if (!(i->lineage_name = str_dup(str_of(name))))
        return err_nomem(e);
    i->lineage_version = l ? l->newest : 0;
    if (i->req.dry_run)
        return 0;
    uint64_t id = find_kept(r, i, l);
    const struct journal_entry *kept = id ? journal_find(r->journal, id) : NULL;
    if (!kept)
        return 0;
    if (!take(i, &kept->data)) {
        journal_done(r->journal, &id);
        return 0;
    }
    i->order_note = id;
    log_warn(ROOM, "An earlier run has placed an order for %s and could not finish it: going on with that order.",
             name);
    return 0;
}
