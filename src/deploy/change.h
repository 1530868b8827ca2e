/* What is to be changed, before anything is: whole files, old and new. */
#ifndef DEPLOY_CHANGE_H
#define DEPLOY_CHANGE_H

#include "base/buf.h"
#include "base/err.h"
#include "base/list.h"
#include <sys/types.h>

#define CHANGE_BYTES_MAX (16u << 20)

struct change {
    char *path; /* absolute, no symbolic link */
    struct buf before, after;
    bool is_new; /* there was none before */
    char *link;  /* a new symbolic link with this target; NULL: a file */
    mode_t mode; /* of a new one */
};

/* A program to be run before the files change, and what takes it back (COMMANDS of the checkpoint). */
struct change_command {
    struct strlist run, undo;
};

/* In the order in which they are put in place: what others refer to comes first. */
struct changes {
    struct change *v;
    size_t n, cap;
    struct change_command *command;
    size_t n_commands;
    struct buf notes; /* for people, one line each: CHANGES_SINCE of the checkpoint */
};
#define CHANGES_INIT ((struct changes){ .notes = { .max = 1u << 20 } })

void changes_done(struct changes *c);
int changes_add(struct changes *c, const char *path, signet_str before, signet_str after, struct err *e);
int changes_add_new(struct changes *c, const char *path, signet_str after, mode_t mode, struct err *e);
int changes_add_link(struct changes *c, const char *path, const char *target, struct err *e);
/* Both end with NULL. */
int changes_add_command(struct changes *c, const char *const *run, const char *const *undo, struct err *e);
bool changes_none(const struct changes *c); /* nothing is to be done */
void changes_note(struct changes *c, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* As "diff -u" shows it. */
void changes_diff(const struct changes *c, struct buf *to);
void diff_unified(const char *path, bool is_new, signet_str before, signet_str after, struct buf *to);

#endif
