/* From the calls that everybody makes to the layout that the tree has. */
#include "store/store.h"

static const struct store_ops *of(const struct tree *t)
{
    return t->ops ? t->ops : &store_certbot;
}

static const struct store_ops *whose(const struct lineage *l)
{
    return l->ops ? l->ops : &store_certbot;
}

int tree_make(struct tree *t, bool strict, struct err *e)
{
    return of(t)->make(t, strict, e);
}

int tree_make_store(struct tree *t, struct err *e)
{
    return of(t)->make_store(t, e);
}

int tree_lock(struct tree *t, struct err *e)
{
    return of(t)->lock(t, e);
}

const char *tree_folder(const struct tree *t)
{
    return of(t)->folder;
}

bool tree_keeps_notes(const struct tree *t)
{
    return of(t)->keeps_notes;
}

bool tree_names_accounts(const struct tree *t)
{
    return of(t)->named;
}

int account_list(const struct tree *t, const char *server, struct strlist *ret, struct err *e)
{
    return of(t)->account_list(t, server, ret, e);
}

int account_load(struct account **ret, const struct tree *t, const char *server, const char *id, struct err *e)
{
    return of(t)->account_load(ret, t, server, id, e);
}

int account_key(struct key **ret, const struct tree *t, const char *server, const char *id, struct err *e)
{
    if (of(t)->account_key)
        return of(t)->account_key(ret, t, server, id, e);
    return err_set(e, SIGNET_ENOTFOUND, "there is no key without an account");
}

int account_save(const struct tree *t, struct account *a, const char *mail, struct err *e)
{
    return of(t)->account_save(t, a, mail, e);
}

int account_delete(const struct tree *t, const char *server, const char *id, struct err *e)
{
    return of(t)->account_delete(t, server, id, e);
}

int lineage_list(const struct tree *t, struct strlist *ret, struct err *e)
{
    return of(t)->list(t, ret, e);
}

int lineage_open(struct lineage **ret, const struct tree *t, const char *name, struct err *e)
{
    return of(t)->open(ret, t, name, e);
}

int lineage_read(const struct lineage *l, enum kind k, unsigned version, struct buf *ret, struct err *e)
{
    return whose(l)->read(l, k, version, ret, e);
}

void lineage_live_dir(const struct lineage *l, struct buf *ret)
{
    whose(l)->place(l, ret);
}

bool lineage_is_from(const struct lineage *l, const char *server)
{
    return whose(l)->is_from(l, server);
}

int lineage_recover_tree(const struct tree *t, struct strlist *did, struct err *e)
{
    return of(t)->recover(t, did, e);
}
