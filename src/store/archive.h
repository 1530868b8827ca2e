/* Inside of lineages: the folder archive/NAME. */
#ifndef STORE_ARCHIVE_H
#define STORE_ARCHIVE_H

#include "store/lineage.h"

/* Everything that an interrupted run of ours may leave begins with this. */
#define OURS_PREFIX ".signet-"
#define OURS_SAVE   ".signet-save." /* + version, in archive/NAME: a save was under way */
#define OURS_NEW    ".signet-new."  /* + NAME, in archive/, live/ and renewal/: a lineage was being made */
#define OURS_DEL    ".signet-del."  /* + NAME, in renewal/: a lineage was being deleted */
#define VERSION_MAX 999999999u

struct version {
    unsigned n;
    unsigned files, temps; /* bit 1 << kind */
    bool noted;            /* OURS_SAVE is there */
};
#define ALL_KINDS ((1u << KIND_COUNT) - 1)

/* What lies in an archive folder; versions in rising order. */
struct archive {
    struct version *v;
    size_t n, cap;
    unsigned max;    /* highest number of any kind, also under way */
    unsigned newest; /* highest number with all four files */
    bool unfinished; /* something of ours lies about */
};
/* SIGNET_ENOTFOUND: no such folder. */
int archive_scan(struct archive *ret, const char *dir, struct err *e);
void archive_done(struct archive *a);
const struct version *archive_find(const struct archive *a, unsigned n); /* or NULL */

/* "cert12.pem" → KIND_CERT, 12. */
bool archive_parse_name(signet_str name, enum kind *ret_kind, unsigned *ret_version);
void archive_name(struct buf *to, enum kind k, unsigned version);      /* cleared first */
void archive_temp_name(struct buf *to, enum kind k, unsigned version); /* cleared first */

/* Writes the four files of a version under their temporary names into the folder `dir`, fsynced, each with owner,
 * group, mode, ACL and labels of the same file of version `old` (0: none). On failure nothing is left. */
int archive_stage(int dir, unsigned version, const struct generation *g, unsigned old, struct err *e);
/* Reads them back and asks `check`. `staged`: under the temporary names. */
int archive_check(int dir, unsigned version, bool staged, generation_check *check, void *ctx, struct err *e);
/* Gives them their final names; names that are final already are left. Making the folder durable is the next step of
 * whoever calls (live_switch does). */
int archive_commit(int dir, unsigned version, struct err *e);
/* Removes the files of a version under both kinds of names. */
int archive_unlink(int dir, unsigned version, struct err *e);
/* Removes versions older than `keep` before `current`, but no key that a later version's link needs. */
int archive_truncate(int dir, const struct archive *a, unsigned current, unsigned keep, struct err *e);
/* A generation_check: do these four belong together? */
int archive_whole(void *ctx, const struct generation *g, struct err *e);
/* rename that never replaces. SIGNET_EEXIST. */
int archive_rename(int from, const char *old, int to, const char *name, struct err *e);

#endif
