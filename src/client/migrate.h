/* migrate: accounts and certificates of another tree or another program into this one's. Readers fill a `struct
 * moving`; one writer puts it into whichever tree is the target. Internal to client/. */
#ifndef CLIENT_MIGRATE_H
#define CLIENT_MIGRATE_H

#include "client/client.h"

#define MOVE_MAX      100000u /* certificates, and accounts */
#define MOVE_FILE_MAX (1u << 20)

struct moved_account {
    char *server, *id, *url, *mail; /* url NULL: to be asked for at the CA; id: what the source calls it */
    struct key *key;
};

struct moved_cert {
    char *name;                     /* of the lineage, or of lego's files */
    char *chain, *key;              /* PEM: leaf first; key NULL: it is elsewhere */
    char *server;                   /* NULL: unknown */
    char *url;                      /* where the CA has it; NULL */
    char *webroot;                  /* http-01 by this folder; NULL: as the command line says */
    char *auth_hook, *cleanup_hook; /* http-01 by these commands, as --manual-auth-hook has them; NULL */
    char *deploy_hook;              /* NULL: none */
    char *note;                     /* what is not carried over, for the user; NULL */
};

struct moving {
    struct moved_account *a;
    size_t n_a;
    struct moved_cert *c;
    size_t n_c;
    const struct request *req;
    struct run *run;
};
void moving_done(struct moving *m);
/* One more, all zero, to be filled; NULL without memory or beyond MOVE_MAX. */
struct moved_account *moving_account(struct moving *m);
struct moved_cert *moving_cert(struct moving *m);
/* The last one was no good: it goes. */
void moving_drop_account(struct moving *m);
void moving_drop_cert(struct moving *m);
/* A file as text, NULL when it cannot be read (with the error) or is missing (without). */
char *move_read(const char *dir, const char *name, struct err *e);
/* KEY='value' of a shell file; NULL when it is not there, or has quotes within. */
char *move_shell_value(const char *text, const char *key);
/* How dehydrated proves the names: the settings of its folder `top`, then those of the certificate's own. */
int move_dehydrated_settings(struct moved_cert *c, const char *top, const char *dir, struct err *e);
/* Is the account with this key, or the certificate with this name, there already? */
bool moving_has_key(const struct moving *m, const char *server, const struct key *k);

/* Readers. Each looks whether `path` is its kind of tree (…_is) and reads it; what cannot be read is told of and left.
 */
bool move_is_certbot(const char *path);
bool move_is_lego(const char *path);
bool move_is_acmesh(const char *path);
bool move_is_dehydrated(const char *path);
bool move_is_uacme(const char *path);
int move_from_certbot(struct moving *m, const char *path, struct err *e);
int move_from_lego(struct moving *m, const char *path, struct err *e);
int move_from_acmesh(struct moving *m, const char *path, struct err *e);
int move_from_dehydrated(struct moving *m, const char *path, struct err *e);
int move_from_uacme(struct moving *m, const char *path, struct err *e);

/* The writer: nothing is touched before everything was found to be free. */
int move_write(struct run *r, struct moving *m, struct tree *to, struct err *e);

#endif
