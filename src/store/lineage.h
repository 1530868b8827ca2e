/* Lineages: a certificate and its successors, as certbot keeps them: renewal/NAME.conf, archive/NAME/<kind>N.pem,
 * live/NAME/<kind>.pem (contract.md A2 to A5). What changes a lineage is called while the tree's locks are held
 * (tree_lock); reading needs none. */
#ifndef STORE_LINEAGE_H
#define STORE_LINEAGE_H

#include "base/buf.h"
#include "store/conf.h"
#include "store/tree.h"

/* The certbot whose files ours are like: what stands behind "version =" in a renewal file. */
#define LINEAGE_CERTBOT_VERSION "5.5.0"
#define LINEAGE_MAX_FILE        (1024u * 1024u) /* most bytes of one PEM file */
#define LINEAGE_KEEP_OLD        5u              /* versions kept before the current one */

enum kind { KIND_CERT, KIND_PRIVKEY, KIND_CHAIN, KIND_FULLCHAIN, KIND_COUNT };
const char *kind_name(enum kind k); /* "cert" … */

struct store_ops;

struct lineage {
    const struct store_ops *ops; /* NULL: certbot's; what is said here of files is certbot's, see store/store.h */
    char *name;                  /* the renewal file's name without ".conf" */
    char *conf_path;
    struct conf *conf;
    char *archive_dir;      /* absolute */
    char *live[KIND_COUNT]; /* the four paths of the conf (the links), absolute */
    unsigned linked;        /* version that live points at; 0: not all four links are right or they differ */
    unsigned newest;        /* newest version whose four files are all in archive; 0: none */
    bool unfinished; /* an interrupted run left something, or live is not at the newest version: call lineage_recover */
};

/* May it be the name of a lineage? Not empty, no '/', no leading '.', at most 240 bytes, no control characters. */
bool lineage_name_ok(const char *name);
/* Names of all lineages (renewal/<name>.conf), sorted. No folder: an empty list. */
int lineage_list(const struct tree *t, struct strlist *ret, struct err *e);
/* Opens one. SIGNET_ENOTFOUND: no such renewal file; SIGNET_EFORMAT: the file or the links are broken, in certbot's
 * words
 * ("renewal config file … is missing a required file reference", "expected X to be a symlink", "target X of symlink Y
 * does not exist"). */
int lineage_open(struct lineage **ret, const struct tree *t, const char *name, struct err *e);
/* The same without asking that the links are right: for repairs (update_symlinks, revoke, delete). linked is 0 then
 * where they are not. */
int lineage_open_broken(struct lineage **ret, const struct tree *t, const char *name, struct err *e);
void lineage_free(struct lineage *l);
/* Path of one file of a version in archive. */
void lineage_archive_path(const struct lineage *l, enum kind k, unsigned version, struct buf *ret);
/* Content of one file of a version (newest, linked, …). */
int lineage_read(const struct lineage *l, enum kind k, unsigned version, struct buf *ret, struct err *e);
/* Folder of the live files ("…/live/NAME"): RENEWED_LINEAGE. */
void lineage_live_dir(const struct lineage *l, struct buf *ret);

/* Is it from the CA at this URL, as far as that can be known? */
bool lineage_is_from(const struct lineage *l, const char *server);

/* The four files of a new version, in PEM. `privkey` empty: the key of the version before goes on (a full copy). */
struct generation {
    signet_str cert, privkey, chain, fullchain;
};

/* Puts a new version in place by the save protocol (reliability.md 3.3):
 * 1. archive/NAME/.signet-save.N says that version N is being made; the four files are written aside
 * (.signet-<kind>N.pem) and fsynced;
 * 2. all four are read back from disk and `check` is asked; its refusal leaves archive and live untouched;
 * 3. they get their final names (never replacing anything); fsync of the folder;
 * 4. a complete folder of links beside live/NAME, live/.NAME.twin (with what else lies in live/NAME as hard links),
 * changes places with it by one renameat2(RENAME_EXCHANGE); fsync of live/; the twin, now the folder that others may
 * hold, gets the new links, too, and stays for the next time. Where EXCHANGE is refused: link by link through rename,
 * with a warning in the log;
 * 5. the conf in `l` is written with version and paths; versions older than LINEAGE_KEEP_OLD before N go; the note of
 * step 1 goes. Mode (0600 | old & 0074), group and labels of the old key carry over (A5). On success linked == newest.
 * On failure linked tells whether the new version is live already (only writing the conf failed then) or nothing
 * changed. Finishes first what an interrupted run left. */
typedef int generation_check(void *ctx, const struct generation *as_read_back, struct err *e);
int lineage_save(struct lineage *l, const struct tree *t, const struct generation *g, generation_check *check,
                 void *ctx, struct err *e);
/* A new lineage: NAME, or NAME-0001 … when taken and `exact` is false (SIGNET_EEXIST when it is true). `conf` is taken
 * over, also on failure: it holds renewalparams; the paths are set here. Nothing is left behind on failure. Everything
 * is prepared under names that certbot does not look at; renewal/NAME.conf appears last, complete, and decides. */
int lineage_create(struct lineage **ret, const struct tree *t, const char *name, bool exact, struct conf *conf,
                   const struct generation *g, generation_check *check, void *ctx, struct err *e);
/* Writes the conf only (reconfigure, acme_renewal_info), atomically, with the old file's mode. */
int lineage_write_conf(struct lineage *l, struct err *e);
/* Repairs what an interrupted run (ours or certbot's) left in one lineage: unfinished versions, live pointing to mixed
 * or older versions when a newer whole one lies in archive, a twin that lags behind. A version is whole when its four
 * files can be read, belong together and are no older than what is linked. Only files that are provably ours are
 * removed. Says in `did` (one line each) what it did; nothing to do: nothing added. Under the tree's lock. */
int lineage_recover(const struct tree *t, const char *name, struct strlist *did, struct err *e);
/* Ends what interrupted calls of lineage_create and lineage_delete left: finished where they had got far enough, else
 * taken back. To be called once, under the lock, by every verb that changes something. Removes twins whose lineage is
 * gone, too. Cheap: lists three folders. */
int lineage_recover_tree(const struct tree *t, struct strlist *did, struct err *e);
/* Recreates the four links from the conf's paths into archive_dir (update_symlinks): to the version they name when all
 * four name the same and it is there, else to the newest. */
int lineage_relink(struct lineage *l, struct err *e);
/* Removes renewal file, live folder (and twin), archive folder; safe when partly gone. Foreign files in live/NAME stay,
 * and the folder with them. SIGNET_EFORMAT when the renewal file cannot be read: only it is removed then, as certbot
 * does. */
int lineage_delete(const struct tree *t, const char *name, struct err *e);
/* Does another lineage use the same archive folder? (revoke refuses to delete then.) */
int lineage_shares_archive(const struct tree *t, const char *name, bool *ret, struct err *e);
/* Finds the lineage whose live or archive file is `path` (for revoke --cert-path). SIGNET_ENOTFOUND. */
int lineage_by_path(const struct tree *t, const char *path, struct buf *ret_name, struct err *e);

#endif
