/* lego's tree: its folders, names, lock and which version's it is. */
#include "store/lego.h"

#include "base/fs.h"
#include "store/lego_in.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- which version's ---- */

enum { UNKNOWN, V4, V5 };

static int look_at_account(const char *dir)
{
    BUF_AUTO(path, PATH_MAX);
    const char *slash = strrchr(dir, '/');
    fs_join(&path, dir, "keys");
    if (fs_exists(AT_FDCWD, buf_z(&path)))
        return V4;
    buf_clear(&path);
    buf_addf(&path, "%s/%s.key", dir, slash ? slash + 1 : dir);
    return fs_exists(AT_FDCWD, buf_z(&path)) ? V5 : UNKNOWN;
}

static int look_at_accounts(const struct tree *t)
{
    BUF_AUTO(top, PATH_MAX);
    BUF_AUTO(dir, PATH_MAX);
    BUF_AUTO(own, PATH_MAX);
    STRLIST_AUTO(servers);
    int found = UNKNOWN;
    tree_path(t, "accounts", NULL, &top);
    if (fs_list(AT_FDCWD, buf_z(&top), &servers, NULL))
        return UNKNOWN;
    for (size_t i = 0; !found && i < servers.n; i++) {
        STRLIST_AUTO(ids);
        fs_join(&dir, buf_z(&top), servers.v[i]);
        if (fs_list(AT_FDCWD, buf_z(&dir), &ids, NULL))
            continue;
        for (size_t k = 0; !found && k < ids.n; k++) {
            fs_join(&own, buf_z(&dir), ids.v[k]);
            found = look_at_account(buf_z(&own));
        }
    }
    return found;
}

static int look_at_certificates(const struct tree *t)
{
    BUF_AUTO(dir, PATH_MAX);
    BUF_AUTO(path, PATH_MAX);
    STRLIST_AUTO(names);
    tree_path(t, LEGO_CERTS, NULL, &dir);
    if (fs_list(AT_FDCWD, buf_z(&dir), &names, NULL))
        return UNKNOWN;
    for (size_t i = 0; i < names.n; i++) {
        BUF_AUTO(text, LEGO_JSON_MAX);
        if (!str_ends(str_of(names.v[i]), STR(".json")))
            continue;
        fs_join(&path, buf_z(&dir), names.v[i]);
        if (fs_read(AT_FDCWD, buf_z(&path), &text, NULL))
            continue;
        json_t *j = json_loadb(text.p ? text.p : "", text.n, 0, NULL);
        int found = !j ? UNKNOWN : json_object_get(j, "id") ? V5 : V4;
        json_decref(j);
        if (found)
            return found;
    }
    return UNKNOWN;
}

int lego_tree_init(struct tree *t, const char *path, bool v5)
{
    BUF_AUTO(work, PATH_MAX);
    fs_join(&work, path, LEGO_WORK);
    int rc = buf_err(&work) ? buf_err(&work) : tree_init(t, path, buf_z(&work), path);
    if (rc)
        return rc;
    int found = look_at_accounts(t);
    if (!found)
        found = look_at_certificates(t);
    t->ops = found == V5 || (!found && v5) ? &store_lego5 : &store_lego4;
    return 0;
}

bool lego_tree_is_v5(const struct tree *t)
{
    return t->ops == &store_lego5;
}

/* ---- folders and lock ---- */

void lego_cert_path(const struct tree *t, const char *name, const char *ext, struct buf *ret)
{
    tree_path(t, LEGO_CERTS, name, ret);
    buf_addz(ret, ext);
}

int lego_make(struct tree *t, bool strict, struct err *e)
{
    (void)strict;
    (void)t;
    (void)e;
    return 0; /* lego's folders are made with the first file in them: no file is touched by a run that only fails */
}

int lego_make_store(struct tree *t, struct err *e)
{
    BUF_AUTO(path, PATH_MAX);
    tree_path(t, LEGO_CERTS, NULL, &path);
    int rc = fs_mkdirs(t->config_dir, 0700, e);
    return rc ? rc : fs_mkdirs(buf_z(&path), 0700, e);
}

/* The folder itself is locked, so no file is left. There is nothing to lock before it is there. */
int lego_lock(struct tree *t, struct err *e)
{
    if (t->lock_fd >= 0)
        return 0;
    int fd = open(t->config_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 && errno == ENOENT)
        return 0;
    if (fd < 0)
        return err_sys(e, errno, "the folder %s cannot be opened", t->config_dir);
    if (flock(fd, LOCK_EX | LOCK_NB)) {
        int why = errno;
        close(fd);
        if (why != EWOULDBLOCK)
            return err_sys(e, why, "the folder %s cannot be locked", t->config_dir);
        return err_set(e, SIGNET_EBUSY, "Another run is working on %s. Try again when it has ended.", t->config_dir);
    }
    t->lock_fd = fd;
    return 0;
}

void lego_tidy(const struct tree *t)
{
    static const char *const folders[] = { "signet/journal", "signet", "" };
    BUF_AUTO(path, PATH_MAX);
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++) {
        fs_join(&path, t->work_dir, folders[i]);
        if (rmdir(buf_z(&path)))
            return;
    }
}

/* ---- text ---- */

int lego_json_text(const void *json, struct buf *ret)
{
    char *text = json_dumps(json, JSON_INDENT(1));
    bool start = true;
    if (!text)
        return SIGNET_ENOMEM;
    /* a line break stands between lines only: within strings it is escaped */
    for (const char *p = text; *p; p++) {
        buf_addc(ret, start && *p == ' ' ? '\t' : *p);
        start = *p == '\n' || (start && *p == ' ');
    }
    free(text);
    return buf_err(ret);
}

#define LEGO_STORE                                                                                                     \
    .folder = LEGO_CERTS, .named = true, .make = lego_make, .make_store = lego_make_store, .lock = lego_lock,          \
    .account_list = lego_account_list, .account_load = lego_account_load, .account_key = lego_account_key,             \
    .account_save = lego_account_save, .account_delete = lego_account_delete, .list = lego_list, .open = lego_open,    \
    .read = lego_read, .place = lego_place, .is_from = lego_is_from, .recover = lego_recover

const struct store_ops store_lego4 = { .name = "lego", LEGO_STORE };
const struct store_ops store_lego5 = { .name = "lego 5", LEGO_STORE };
