/* Files and folders. Everything that changes a file goes through here, so that modes, symlink
 * rules and durability are decided in one place. Paths are relative to `dirfd` (AT_FDCWD allowed). */
#ifndef BASE_FS_H
#define BASE_FS_H

#include "base/buf.h"
#include "base/err.h"
#include "base/list.h"
#include <sys/types.h>

/* Reads a whole regular file of at most ret->max bytes into `ret`, which is cleared first (and wiped on failure). Never
 * blocks on a FIFO. ENOENT gives SIGNET_ENOTFOUND, what is no regular file SIGNET_EFORMAT, a larger one SIGNET_ELIMIT.
 */
int fs_read(int dirfd, const char *path, struct buf *ret, struct err *e);
/* Makes the folder and its missing parents, each with exactly `mode` whatever the umask is (an existing one keeps its
 * mode). */
int fs_mkdirs(const char *path, mode_t mode, struct err *e);
/* Creates a new file (O_EXCL|O_NOFOLLOW) with exactly `mode`, writes all, fsyncs the file. EEXIST gives SIGNET_EEXIST.
 * On failure nothing is left behind. */
int fs_create(int dirfd, const char *path, signet_str data, mode_t mode, struct err *e);
/* fs_create in two halves, for several files at once: the first writes and starts the way to the disk, the second waits
 * until it is there and closes. The first wait of a group then pays for all. What *ret_fd gives must go to
 * fs_create_end; the descriptor may be given an owner, a group or attributes before. */
int fs_create_begin(int dirfd, const char *path, signet_str data, mode_t mode, int *ret_fd, struct err *e);
int fs_create_end(int dirfd, const char *path, int fd, struct err *e);
/* Replaces (or makes) a file in one step: new file beside it, fsync, rename, fsync of the folder. With `keep`,
 * mode, owner and group of the old file carry over when there was one, so far as we may set them, and its ACL and
 * labels; `mode` is for a new file. A symbolic link at `path` is replaced, not followed. A killed run leaves at most
 * one ".NAME.signet-tmp", which the next replace of NAME removes. */
int fs_replace(int dirfd, const char *path, signet_str data, mode_t mode, bool keep, struct err *e);
/* Gives `to` the ACL (a folder's default one, too), the security label and the user attributes of `from`; what cannot
 * be set is left out. What `to` has beside them stays: a folder's default ACL may have given it. */
void fs_copy_xattrs(int from, int to);
/* Takes from `to` the ACL and user attributes that `from` has not. */
void fs_drop_xattrs(int from, int to);
int fs_fsync_dir(int dirfd, const char *path, struct err *e);
/* Removes a file or link; a missing one is no error. */
int fs_unlink(int dirfd, const char *path, struct err *e);
/* Removes a folder and what is in it, following no link, staying on one file system. Missing is no error; what is no
 * folder gives SIGNET_EINVAL. */
int fs_remove_tree(int dirfd, const char *path, struct err *e);
/* Names in a folder without "." and "..", sorted by bytes; replaces what `ret` held. A missing folder gives
 * SIGNET_ENOTFOUND. */
int fs_list(int dirfd, const char *path, struct strlist *ret, struct err *e);
/* readlink into a buffer, which is cleared first. SIGNET_ENOTFOUND; SIGNET_EINVAL when it is no link. */
int fs_readlink(int dirfd, const char *path, struct buf *ret, struct err *e);
/* False only where the system says that there is no such name: what cannot be examined is not taken for missing, so
 * that whoever goes on with it meets the error. Follows no link. */
bool fs_exists(int dirfd, const char *path);
/* dir + "/" + name into `to` (cleared first, so neither may lie in it); dir may be empty or end in '/'. An absolute
 * name stands alone. */
void fs_join(struct buf *to, const char *dir, const char *name);
/* Absolute form of `path` without touching the file system: cwd in front, "." and ".." and "//" folded,
 * "~" and "~/" at the start replaced by $HOME. */
int fs_absolute(const char *path, struct buf *ret, struct err *e);
/* Can the system take it, and `FS_PATH_ROOM` bytes of names put after it? 0, or SIGNET_ELIMIT and which limit it is. */
#define FS_PATH_ROOM 1024u
int fs_fits(signet_str path, struct err *e);

#endif
