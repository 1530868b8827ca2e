/* A web server's processes, as Linux tells them by /proc: the one whose number is in a file, and its children. */
#ifndef DEPLOY_PROCS_H
#define DEPLOY_PROCS_H

#include "base/str.h"
#include <sys/types.h>

#define PROCS_MAX 1024u

struct procs {
    pid_t v[PROCS_MAX];
    size_t n;
};

/* The number in a pid file. False when there is none (`pid_file` may be NULL). */
bool procs_master(const char *pid_file, pid_t *ret);
/* Its children now. False when that cannot be seen (another container, a kernel without it). */
bool procs_children(pid_t master, struct procs *ret);
bool procs_has(const struct procs *p, pid_t pid);
/* What a file of /proc says, as far as it fits. */
signet_str procs_read(const char *path, char *to, size_t size);

#endif
