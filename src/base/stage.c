#include "base/stage.h"

#include "base/fs.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define NAME_SHOWN 200

/* Hidden from the patterns that web servers include by, and the name that fs_replace takes for its own leftovers. */
static char *temp_for(const char *path)
{
    BUF_AUTO(name, PATH_MAX);
    const char *slash = strrchr(path, '/');
    buf_add(&name, (signet_str){ path, slash ? (size_t)(slash + 1 - path) : 0 });
    buf_addf(&name, ".%.*s.signet-tmp", NAME_SHOWN, slash ? slash + 1 : path);
    return buf_take(&name);
}

static int folder_of(const struct stage *s, struct buf *to)
{
    const char *slash = strrchr(s->path, '/');
    buf_add(to, slash ? (signet_str){ s->path, (size_t)(slash + 1 - s->path) } : STR("."));
    return buf_err(to);
}

static int carry_over(const struct stage *s, const struct stat *st, struct err *e)
{
    if (fchown(s->fd, st->st_uid, st->st_gid) || fchmod(s->fd, st->st_mode & 0777))
        return err_sys(e, errno, "cannot give the new %s the owner and mode of the old one", s->path);
    int old = open(s->path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (old >= 0) {
        fs_copy_xattrs(old, s->fd);
        close(old);
    }
    return 0;
}

static int look(struct stage *s, struct stat *st, struct err *e)
{
    if (lstat(s->path, st) && errno != ENOENT)
        return err_sys(e, errno, "cannot look at %s", s->path);
    s->is_new = st->st_nlink == 0;
    if (!s->is_new && !S_ISREG(st->st_mode))
        return err_set(e, SIGNET_EINVAL, "%s is no regular file and cannot be changed", s->path);
    return 0;
}

int stage_begin(struct stage *s, const char *path, signet_str data, mode_t mode, struct err *e)
{
    struct stat st = { 0 };
    *s = (struct stage){ .path = str_dup(str_of(path)), .temp = temp_for(path), .fd = -1 };
    if (!s->path || !s->temp)
        return err_nomem(e);
    int rc = look(s, &st, e);
    if (!rc)
        rc = fs_unlink(AT_FDCWD, s->temp, e);
    if (!rc)
        rc = fs_create_begin(AT_FDCWD, s->temp, data, s->is_new ? mode : 0600, &s->fd, e);
    if (!rc && !s->is_new)
        rc = carry_over(s, &st, e);
    return rc;
}

int stage_begin_link(struct stage *s, const char *path, const char *target, struct err *e)
{
    *s = (struct stage){ .path = str_dup(str_of(path)), .temp = temp_for(path), .fd = -1, .is_new = true };
    if (!s->path || !s->temp)
        return err_nomem(e);
    if (fs_exists(AT_FDCWD, path))
        return err_set(e, SIGNET_EEXIST, "%s is there already", path);
    int rc = fs_unlink(AT_FDCWD, s->temp, e);
    if (!rc && symlink(target, s->temp))
        rc = err_sys(e, errno, "cannot make the link %s", path);
    return rc;
}

int stage_sync(struct stage *s, struct err *e)
{
    int fd = s->fd;
    s->fd = -1;
    return fd < 0 ? 0 : fs_create_end(AT_FDCWD, s->temp, fd, e);
}

static int sync_folder(const struct stage *s, struct err *e)
{
    BUF_AUTO(folder, PATH_MAX);
    return folder_of(s, &folder) ? err_nomem(e) : fs_fsync_dir(AT_FDCWD, buf_z(&folder), e);
}

int stage_swap(struct stage *s, struct err *e)
{
    unsigned how = s->is_new ? RENAME_NOREPLACE : RENAME_EXCHANGE;
    int rc = renameat2(AT_FDCWD, s->temp, AT_FDCWD, s->path, how);
    if (!rc) {
        s->kept = !s->is_new;
    } else if (errno == EINVAL || errno == ENOSYS || errno == ENOTSUP) {
        rc = rename(s->temp, s->path);
    }
    if (rc && errno == EBUSY) {
        err_set(e, SIGNET_ESYS, "%s is a mount point of its own and cannot be replaced", s->path);
        err_hint(e, "Mount the folder that holds it rather than the single file.");
        return SIGNET_ESYS;
    }
    if (rc)
        return errno == EEXIST ? err_set(e, SIGNET_EEXIST, "%s has appeared meanwhile", s->path)
                               : err_sys(e, errno, "cannot put the new %s in place", s->path);
    s->swapped = true;
    return sync_folder(s, e);
}

int stage_back(struct stage *s, struct err *e)
{
    if (!s->swapped)
        return 0;
    if (!s->is_new && !s->kept)
        return err_set(e, SIGNET_ESTATE, "the old %s was not kept", s->path);
    int rc = s->is_new ? unlink(s->path) : renameat2(AT_FDCWD, s->temp, AT_FDCWD, s->path, RENAME_EXCHANGE);
    if (rc && !(s->is_new && errno == ENOENT))
        return err_sys(e, errno, "cannot put the old %s back", s->path);
    s->swapped = s->kept = false;
    return sync_folder(s, e);
}

void stage_end(struct stage *s)
{
    if (s->fd >= 0)
        close(s->fd);
    if (s->temp)
        (void)unlink(s->temp);
    free(s->path);
    free(s->temp);
    *s = (struct stage){ .fd = -1 };
}
