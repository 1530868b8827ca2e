/* Kernel locks that die with the process. certbot's lock is a POSIX record lock over the whole of
 * DIR/.certbot.lock (0600), checked by inode after taking it, removed before release. */
#ifndef BASE_LOCK_H
#define BASE_LOCK_H

#include "base/err.h"

struct lock; /* opaque; one held lock */

/* Takes the lock file `path` without waiting. SIGNET_EBUSY when another process has it. */
int lock_take(struct lock **ret, const char *path, struct err *e);
/* Removes the file, then lets go. NULL is fine. */
void lock_release(struct lock *l);

#endif
