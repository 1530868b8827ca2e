#include "store/tree.h"

#include "base/fs.h"
#include "store/readme.h"
#include "store/store.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static char *absolute(const char *path)
{
    BUF_AUTO(b, PATH_MAX);
    return fs_absolute(path, &b, NULL) ? NULL : buf_take(&b);
}

int tree_init(struct tree *t, const char *config_dir, const char *work_dir, const char *logs_dir)
{
    *t = (struct tree){ .config_dir = absolute(config_dir),
                        .work_dir = absolute(work_dir),
                        .logs_dir = absolute(logs_dir),
                        .ops = &store_certbot,
                        .lock_fd = -1 };
    if (t->config_dir && t->work_dir && t->logs_dir)
        return 0;
    tree_done(t);
    return SIGNET_ENOMEM;
}

void tree_done(struct tree *t)
{
    tree_unlock(t);
    free(t->config_dir);
    free(t->work_dir);
    free(t->logs_dir);
    *t = (struct tree){ .lock_fd = -1 };
}

void tree_path(const struct tree *t, const char *folder, const char *name, struct buf *ret)
{
    buf_clear(ret);
    buf_addz(ret, t->config_dir);
    if (!str_ends(buf_str(ret), STR("/")))
        buf_addc(ret, '/');
    buf_addz(ret, folder);
    if (name) {
        buf_addc(ret, '/');
        buf_addz(ret, name);
    }
}

/* A folder that certbot calls a core one: with `strict` it must be ours and of this very mode. */
static int make_core(const char *path, mode_t mode, bool strict, struct err *e)
{
    struct stat st;
    int r = fs_mkdirs(path, mode, e);
    if (r || !strict)
        return r;
    if (stat(path, &st))
        return err_sys(e, errno, "cannot examine %s", path);
    if (st.st_uid == geteuid() && (st.st_mode & 07777) == mode)
        return 0;
    r = err_set(e, SIGNET_ESYS, "%s exists, but it should be owned by user %u with permissions 0%o", path, geteuid(),
                (unsigned)mode);
    err_hint(e, "Correct owner and mode, or leave out --strict-permissions.");
    return r;
}

static int make_below(const struct tree *t, const char *folder, mode_t mode, struct err *e)
{
    BUF_AUTO(path, PATH_MAX);
    tree_path(t, folder, NULL, &path);
    return buf_err(&path) ? err_set(e, buf_err(&path), "the path of %s is too long", folder)
                          : fs_mkdirs(buf_z(&path), mode, e);
}

static int certbot_make(struct tree *t, bool strict, struct err *e)
{
    static const char *const hooks[] = { "renewal-hooks/pre", "renewal-hooks/deploy", "renewal-hooks/post" };
    int r = make_core(t->config_dir, 0755, strict, e);
    if (!r)
        r = make_core(t->work_dir, 0755, strict, e);
    if (!r)
        r = make_core(t->logs_dir, 0700, strict, e);
    for (size_t i = 0; !r && i < sizeof hooks / sizeof *hooks; i++)
        r = make_below(t, hooks[i], 0755, e);
    return r;
}

static int certbot_make_store(struct tree *t, struct err *e)
{
    static const struct {
        const char *name;
        mode_t mode;
    } folders[] = { { "accounts", 0700 }, { "archive", 0700 }, { "live", 0700 }, { "renewal", 0755 } };
    int r = fs_mkdirs(t->config_dir, 0755, e);
    for (size_t i = 0; !r && i < sizeof folders / sizeof *folders; i++)
        r = make_below(t, folders[i].name, folders[i].mode, e);
    BUF_AUTO(readme, PATH_MAX);
    tree_path(t, "live", "README", &readme);
    if (!r && !fs_exists(AT_FDCWD, buf_z(&readme)))
        r = fs_replace(AT_FDCWD, buf_z(&readme), readme_live(true), 0644, true, e);
    return r;
}

int tree_make_notes(const struct tree *t, const char *dir, struct err *e)
{
    int r = fs_mkdirs(t->work_dir, tree_names_accounts(t) ? 0700 : 0755, e); /* lego's folders are for their owner */
    return r ? r : fs_mkdirs(dir, 0700, e);
}

static int lock_one(struct tree *t, size_t i, const char *dir, struct err *e)
{
    BUF_AUTO(path, PATH_MAX);
    fs_join(&path, dir, ".certbot.lock");
    if (buf_err(&path))
        return err_set(e, buf_err(&path), "the path of the lock file in %.200s is too long", dir);
    int r = lock_take(&t->locks[i], buf_z(&path), e);
    if (r == SIGNET_EBUSY)
        err_set(e, r, "Another instance of Certbot is already running.");
    return r;
}

static int certbot_lock(struct tree *t, struct err *e)
{
    const char *const dirs[3] = { t->config_dir, t->work_dir, t->logs_dir };
    int r = 0;
    for (size_t i = 0; !r && i < 3; i++)
        if (!t->locks[i])
            r = lock_one(t, i, dirs[i], e);
    if (r)
        tree_unlock(t);
    return r;
}

void tree_unlock(struct tree *t)
{
    for (size_t i = 3; i--;) {
        lock_release(t->locks[i]);
        t->locks[i] = NULL;
    }
    if (t->lock_fd >= 0)
        close(t->lock_fd);
    t->lock_fd = -1;
}

const struct store_ops store_certbot = {
    .name = "certbot",
    .folder = "archive",
    .keeps_notes = true,
    .make = certbot_make,
    .make_store = certbot_make_store,
    .lock = certbot_lock,
    .account_list = certbot_account_list,
    .account_load = certbot_account_load,
    .account_save = certbot_account_save,
    .account_delete = certbot_account_delete,
    .list = certbot_list,
    .open = certbot_open,
    .read = certbot_read,
    .place = certbot_place,
    .is_from = certbot_is_from,
    .recover = certbot_recover_tree,
};
