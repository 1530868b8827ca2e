/* Installers: whoever puts a certificate to use in a web server. One `const struct installer_ops` per server, a table
 * like that of the solvers. An installer reads the server's configuration when it is opened; deploy and enhance plan in
 * memory; save makes the plan real as one transaction (deploy/transaction.h) or, in a rehearsal, only tells the
 * difference. */
#ifndef DEPLOY_INSTALLER_H
#define DEPLOY_INSTALLER_H

#include "base/list.h"
#include "base/record.h"
#include "net/loop.h"
#include "options/request.h"

struct server; /* deploy/server.h */
struct ui;     /* client/ui.h */

struct installer_ctx {
    struct loop *loop;
    const struct request *req; /* all borrowed until close */
    struct ui *ui;
};

/* A certificate to be served. */
struct installer_cert {
    const struct strlist *names;    /* in lower case; wildcards with "*." */
    const char *cert, *key, *chain; /* paths: with its chain, the key, the chain alone (may be NULL) */
    const char *cert_alone;         /* path of the leaf alone; may be NULL */
};

enum enhancement { ENHANCE_REDIRECT, ENHANCE_HSTS, ENHANCE_UIR, ENHANCE_STAPLE, ENHANCE_AUTO_HSTS, ENHANCEMENTS };

/* One virtual host whose max-age is raised. */
struct hsts_raise {
    const char *id; /* borrowed */
    unsigned max_age;
    const char *key;  /* only if it uses this key; NULL: in any case */
    bool found, done; /* is it there; does the plan set it */
};

struct installer; /* one instance */

struct installer_ops {
    const char *name, *description;
    unsigned enhancements; /* bit (1 << ENHANCE_…) for each that it can do */
    /* Finds the server, takes the lock on its folder (certbot's), lets it test its configuration, reads it. */
    int (*open)(struct installer **ret, const struct installer_ctx *ctx, struct err *e);
    /* Every name in the configuration that could be on a certificate. */
    int (*names)(struct installer *s, struct strlist *ret, struct err *e);
    /* Plans it. *where gets the file for each name, in order. */
    int (*deploy)(struct installer *s, const struct installer_cert *c, struct strlist *where, struct err *e);
    int (*enhance)(struct installer *s, const struct installer_cert *c, enum enhancement what, bool *ret_new,
                   struct err *e);
    /* What the plan would change, as a unified diff; empty when everything is right already. */
    int (*diff)(struct installer *s, struct buf *to, struct err *e);
    /* Carries the plan out, reloads, and looks that `prove` (may be NULL) is what is served. */
    int (*save)(struct installer *s, const char *title, const struct installer_cert *prove, struct err *e);
    void (*close)(struct installer *s); /* NULL is fine */
    /* --auto-hsts; NULL where it is not among the enhancements. The identities that the plan begins with, and the plan
     * to raise those of before. */
    int (*hsts_new)(struct installer *s, struct strlist *ret, struct err *e);
    int (*hsts_raise)(struct installer *s, struct hsts_raise *v, size_t n, struct err *e);

    /* The server that a record of a checkpoint speaks of, or, when it is empty, the one that the options speak of: to
     * be locked, tested, told. Takes no lock. SIGNET_ENOTFOUND. */
    int (*find)(struct server **ret, const struct installer_ctx *ctx, const struct record *server, struct err *e);
    void (*leave)(struct server *s); /* NULL is fine */
    /* After a reload: does the server serve the certificate for those of the names that its configuration gives it to?
     * SIGNET_ECERT when not. */
    int (*served)(const struct installer_ctx *ctx, const struct installer_cert *c, struct err *e);
    /* Where its configuration names a file in one of the folders (absolute, no slash at the end): "FILE:LINE", each
     * once. None when there is no such server here. Takes no lock. */
    int (*uses)(const struct installer_ctx *ctx, const struct strlist *folders, struct strlist *where, struct err *e);
};

const struct installer_ops *installer_find(const char *name); /* also "dist:plugin"; NULL */
const struct installer_ops *const *installer_all(size_t *n);
/* Finds, reloads, leaves. */
int installer_reload(const struct installer_ops *ops, const struct installer_ctx *ctx, const struct record *server,
                     struct err *e);

#endif
