#include "store/trust.h"

#include "base/fs.h"
#include "base/log.h"

#include <errno.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

static int refuse(struct err *e, const char *path, const struct stat *st, const char *why)
{
    int r = err_set(e, SIGNET_ESYS, "%s (owner %u, mode 0%o) %s: he could put a key or a hook of his own there", path,
                    (unsigned)st->st_uid, (unsigned)(st->st_mode & 07777), why);
    err_hint(e, "Correct it with chmod and chown, or say --allow-insecure-dirs if that is meant.");
    return r;
}

static int check_folder(const char *path, struct err *e)
{
    struct stat st;
    if (stat(path, &st))
        return errno == ENOENT || errno == ENOTDIR ? 0 : err_sys(e, errno, "cannot examine %s", path);
    if (st.st_mode & S_IWOTH)
        return refuse(e, path, &st, "can be changed by every user");
    if (st.st_uid != 0 && st.st_uid != geteuid())
        return refuse(e, path, &st, "belongs to another user");
    if ((st.st_mode & (S_IWGRP | S_ISGID)) == S_IWGRP && st.st_gid != 0 && st.st_gid != getegid())
        log_warn("store", "%s can be changed by the group %u, whose members could act as the user who runs this.", path,
                 (unsigned)st.st_gid);
    return 0;
}

/* Who may rename the folder away can put another one there; the sticky bit leaves that to its owner. */
static int check_parent(const char *path, struct err *e)
{
    BUF_AUTO(parent, PATH_MAX);
    struct stat st;
    const char *slash = strrchr(path, '/');
    buf_add(&parent, (signet_str){ path, slash && slash > path ? (size_t)(slash - path) : 1 });
    if (buf_err(&parent) || stat(buf_z(&parent), &st))
        return 0; /* the folder itself could be examined, so nothing can be learnt here */
    return (st.st_mode & (S_IWOTH | S_ISVTX)) == S_IWOTH
               ? refuse(e, buf_z(&parent), &st, "can be changed by every user")
               : 0;
}

int tree_check_writers(const struct tree *t, struct err *e)
{
    static const char *const below[] = {
        "accounts",          "archive", "live", "renewal", "renewal-hooks", "renewal-hooks/pre", "renewal-hooks/deploy",
        "renewal-hooks/post"
    };
    const char *const tops[] = { t->config_dir, t->work_dir };
    BUF_AUTO(path, PATH_MAX);
    int r = 0;
    for (size_t i = 0; !r && i < sizeof tops / sizeof *tops; i++) {
        r = check_folder(tops[i], e);
        if (!r)
            r = check_parent(tops[i], e);
    }
    for (size_t i = 0; !r && i < sizeof below / sizeof *below; i++) {
        tree_path(t, below[i], NULL, &path);
        r = buf_err(&path) ? err_set(e, buf_err(&path), "the path of %s is too long", below[i])
                           : check_folder(buf_z(&path), e);
    }
    return r;
}
