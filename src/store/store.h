/* Where a run's accounts and certificates are kept: the one thing that tells certbot's tree from lego's. Whoever works
 * on either calls account.h, lineage.h and tree.h; those calls come here, to the layout that the tree has. What only
 * one of the two has (renewal files and versions in certbot's; .pem, .pfx and archives in lego's) is not here: the
 * verbs of that face know it anyway.
 *
 * In lego's tree a `struct lineage` has no conf; `newest` is a number made from the certificate itself, so that another
 * certificate has another one; `live` names the files. */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include "store/account.h"
#include "store/lineage.h"

struct store_ops {
    const char *name;   /* "certbot", "lego", "lego 5" */
    const char *folder; /* below config_dir, where certificates go */
    bool keeps_notes;   /* directories of CAs and failures are remembered in the work directory */
    bool named;         /* an account has the name that the user gives, and its key is of --key-type */

    int (*make)(struct tree *t, bool strict, struct err *e); /* tree_make */
    int (*make_store)(struct tree *t, struct err *e);        /* tree_make_store */
    int (*lock)(struct tree *t, struct err *e);              /* tree_lock */

    int (*account_list)(const struct tree *t, const char *server, struct strlist *ret, struct err *e);
    int (*account_load)(struct account **ret, const struct tree *t, const char *server, const char *id, struct err *e);
    /* The key of an account that was never registered. SIGNET_ENOTFOUND. NULL: there is no such thing. */
    int (*account_key)(struct key **ret, const struct tree *t, const char *server, const char *id, struct err *e);
    int (*account_save)(const struct tree *t, struct account *a, const char *mail, struct err *e);
    int (*account_delete)(const struct tree *t, const char *server, const char *id, struct err *e);

    int (*list)(const struct tree *t, struct strlist *ret, struct err *e);
    int (*open)(struct lineage **ret, const struct tree *t, const char *name, struct err *e);
    int (*read)(const struct lineage *l, enum kind k, unsigned version, struct buf *ret, struct err *e);
    void (*place)(const struct lineage *l, struct buf *ret); /* lineage_live_dir */
    /* Is its certificate from the CA at this URL, as far as that can be known? */
    bool (*is_from)(const struct lineage *l, const char *server);
    int (*recover)(const struct tree *t, struct strlist *did, struct err *e); /* lineage_recover_tree */
};

extern const struct store_ops store_certbot, store_lego4, store_lego5;

/* Inside of the store: certbot's tree. */
int certbot_account_list(const struct tree *t, const char *server, struct strlist *ret, struct err *e);
int certbot_account_load(struct account **ret, const struct tree *t, const char *server, const char *id, struct err *e);
int certbot_account_save(const struct tree *t, struct account *a, const char *eff_mail, struct err *e);
int certbot_account_delete(const struct tree *t, const char *server, const char *id, struct err *e);
int certbot_list(const struct tree *t, struct strlist *ret, struct err *e);
int certbot_open(struct lineage **ret, const struct tree *t, const char *name, struct err *e);
int certbot_read(const struct lineage *l, enum kind k, unsigned version, struct buf *ret, struct err *e);
void certbot_place(const struct lineage *l, struct buf *ret);
bool certbot_is_from(const struct lineage *l, const char *server);
int certbot_recover_tree(const struct tree *t, struct strlist *did, struct err *e);

#endif
