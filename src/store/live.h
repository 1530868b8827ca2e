/* Inside of lineages: the links in live/NAME. */
#ifndef STORE_LIVE_H
#define STORE_LIVE_H

#include "store/archive.h"

#define TWIN_SUFFIX ".twin" /* live/.NAME.twin */

/* What the four links say. */
struct live {
    unsigned version[KIND_COUNT]; /* 0: not <kind>N.pem in the archive folder, or that file is missing */
    bool link[KIND_COUNT];        /* a symbolic link is there */
    bool absent[KIND_COUNT];      /* nothing is there */
    unsigned linked;              /* the version of all four; 0: none, or they differ */
};
/* With `strict` the first link that certbot would not accept is an error (SIGNET_EFORMAT, certbot's words). */
int live_read(const struct lineage *l, const struct archive *a, bool strict, struct live *ret, struct err *e);
/* Makes all four links lead to `version`, whose files are in archive (see lineage_save, step 4). Sets l->linked as soon
 * as it is so. */
int live_point(struct lineage *l, unsigned version, struct err *e);
/* The same in two parts, so that what is written next can go to the disk in the same step: the switch, at once seen by
 * all, and its durability, after which the twin follows. live_switch itself makes the archive folder durable before
 * anything leads there. */
int live_switch(struct lineage *l, unsigned version, struct err *e);
int live_flush(const struct lineage *l, struct err *e);
/* Brings the twin, if there is one, to the linked version. Tells in *ret whether it had to change something. */
int live_sync_twin(const struct lineage *l, bool *ret, struct err *e);
/* A new folder of four links to version 1 in `archive_dir`, and a README, in the folder `parent` as `name`; for NAME in
 * live/. */
int live_make(int parent, const char *name, const char *target_dir, struct err *e);
/* Folder of a path: "/a/b" → "/a". Into `ret`, cleared first. */
void live_dirname(const char *path, struct buf *ret);
/* Path of the twin of the folder of live files, or an empty buffer where there can be none. */
void live_twin_path(const struct lineage *l, struct buf *ret);
/* Relative path from one absolute folder to another, both folded. */
void live_relative(const char *from, const char *to, struct buf *ret);

#endif
