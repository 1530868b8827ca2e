/* letsencrypt.log (contract.md A12): every event of a run, rotated at every start and at 1 MiB. The file is 0600 in a
 * folder that is 0700: certbot leaves its mode to the umask, but it tells of accounts and hooks, and nobody but root
 * has a use for it. */
#ifndef CLI_LOGFILE_H
#define CLI_LOGFILE_H

#include "base/err.h"
#include "base/log.h"
#include <stddef.h>

enum { LOGFILE_BYTES_MAX = 1 << 20 };

struct logfile {
    int dirfd, fd; /* -1: closed */
    size_t size;
    unsigned backups; /* old files kept; 0: one file for ever */
    char *path;       /* of the file, as users are told it */
};

/* Moves the earlier logs one number on (.1 is the newest) and begins a new file. */
int logfile_open(struct logfile *f, const char *dir, unsigned backups, struct err *e);
void logfile_close(struct logfile *f);
/* A log_sink whose ctx is the struct logfile. Failures to write are nobody's business: the run goes on. */
void logfile_sink(void *ctx, enum log_level level, const char *room, const char *line);

#endif
