#include "deploy/checkpoint.h"

#include "base/fs.h"
#include "deploy/checkpoint_in.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define FOLDER_MODE 0755 /* certbot's */
#define FILE_MODE   0644

int checkpoint_path(const char *work_dir, enum checkpoint_kind kind, struct buf *to)
{
    fs_join(to, work_dir, kind == CHECKPOINT_CHANGE ? "backups/IN_PROGRESS" : "temp_checkpoint");
    return buf_err(to);
}

/* Where one is written, and where one that is to go is moved first. */
static int aside(const char *work_dir, const char *name, struct buf *to)
{
    fs_join(to, work_dir, name);
    return buf_err(to);
}

bool checkpoint_exists(const char *work_dir, enum checkpoint_kind kind)
{
    BUF_AUTO(path, PATH_MAX);
    return !checkpoint_path(work_dir, kind, &path) && fs_exists(AT_FDCWD, buf_z(&path));
}

/* ---- making ---- */

/* A copy has the mode and the times of the file, as certbot's has. */
static int dress_copy(int fd, const char *path, struct err *e)
{
    struct stat st;
    if (stat(path, &st))
        return err_sys(e, errno, "cannot look at %s", path);
    const struct timespec times[2] = { st.st_atim, st.st_mtim };
    if (fchmod(fd, st.st_mode & 0777) || futimens(fd, times))
        return err_sys(e, errno, "cannot give the copy of %s its mode and time", path);
    return 0;
}

static int copy_file(const char *dir, const struct change *c, size_t index, struct err *e)
{
    BUF_AUTO(path, PATH_MAX);
    const char *slash = strrchr(c->path, '/');
    int fd, rc;
    buf_addf(&path, "%s/%s_%zu", dir, slash ? slash + 1 : c->path, index);
    if (buf_err(&path))
        return err_nomem(e);
    if ((rc = fs_create_begin(AT_FDCWD, buf_z(&path), buf_str(&c->before), 0600, &fd, e)))
        return rc;
    rc = dress_copy(fd, c->path, e);
    int end = fs_create_end(AT_FDCWD, buf_z(&path), fd, rc ? NULL : e);
    return rc ? rc : end;
}

static int write_list(const char *dir, const char *name, const struct buf *text, struct err *e)
{
    BUF_AUTO(path, PATH_MAX);
    if (!text->n)
        return 0;
    fs_join(&path, dir, name);
    return buf_err(text) || buf_err(&path) ? err_nomem(e)
                                           : fs_create(AT_FDCWD, buf_z(&path), buf_str(text), FILE_MODE, e);
}

/* A line of CSV, all words in quotes. */
static int add_csv(const struct strlist *words, struct buf *to)
{
    for (size_t i = 0; i < words->n; i++) {
        buf_addz(to, i ? ",\"" : "\"");
        for (const char *c = words->v[i]; *c; c++) {
            if (*c == '\n')
                return SIGNET_EINVAL;
            buf_addz(to, *c == '"' ? "\"" : "");
            buf_addc(to, *c);
        }
        buf_addc(to, '"');
    }
    buf_addc(to, '\n');
    return 0;
}

/* What takes the commands back. */
static int write_commands(const char *dir, const struct changes *c, struct err *e)
{
    BUF_AUTO(text, CHECKPOINT_LIST_BYTES_MAX);
    for (size_t i = 0; i < c->n_commands; i++)
        if (add_csv(&c->command[i].undo, &text))
            return err_set(e, SIGNET_EINVAL, "a command with a line feed in it cannot be noted");
    return write_list(dir, "COMMANDS", &text, e);
}

static int write_server(const char *dir, const struct record *server, struct err *e)
{
    BUF_AUTO(text, CHECKPOINT_LIST_BYTES_MAX);
    for (size_t i = 0; server && i < server->names.n; i++)
        buf_addf(&text, "%s %s\n", server->names.v[i], server->values.v[i]);
    return write_list(dir, CHECKPOINT_SERVER, &text, e);
}

static int fill(const char *dir, const struct changes *c, const char *title, const struct record *server, struct err *e)
{
    BUF_AUTO(files, CHECKPOINT_LIST_BYTES_MAX);
    BUF_AUTO(fresh, CHECKPOINT_LIST_BYTES_MAX);
    BUF_AUTO(notes, CHECKPOINT_LIST_BYTES_MAX);
    size_t index = 0;
    int rc = 0;
    for (size_t i = 0; !rc && i < c->n; i++) {
        if (strchr(c->v[i].path, '\n'))
            return err_set(e, SIGNET_EINVAL, "a path with a line feed in it cannot be noted: %.200s", c->v[i].path);
        buf_addf(c->v[i].is_new ? &fresh : &files, "%s\n", c->v[i].path);
        if (!c->v[i].is_new)
            rc = copy_file(dir, &c->v[i], index++, e);
    }
    buf_addf(&notes, "-- %s --\n%s", title, buf_z(&c->notes));
    if (!rc)
        rc = write_list(dir, "FILEPATHS", &files, e);
    if (!rc)
        rc = write_list(dir, "NEW_FILES", &fresh, e);
    if (!rc)
        rc = write_list(dir, "CHANGES_SINCE", &notes, e);
    if (!rc)
        rc = write_commands(dir, c, e);
    return rc ? rc : write_server(dir, server, e);
}

int checkpoint_make(const char *work_dir, enum checkpoint_kind kind, const struct changes *c, const char *title,
                    const struct record *server, struct err *e)
{
    BUF_AUTO(dir, PATH_MAX);
    BUF_AUTO(target, PATH_MAX);
    BUF_AUTO(backups, PATH_MAX);
    fs_join(&backups, work_dir, "backups");
    if (c->n > CHECKPOINT_FILES_MAX)
        return err_set(e, SIGNET_ELIMIT, "more than %u files would change", CHECKPOINT_FILES_MAX);
    if (aside(work_dir, CHECKPOINT_NEW, &dir) || checkpoint_path(work_dir, kind, &target))
        return err_nomem(e);
    if (fs_exists(AT_FDCWD, buf_z(&target)))
        return err_set(e, SIGNET_EEXIST, "%s is there already: changes of another run are not finished",
                       buf_z(&target));
    int rc = fs_remove_tree(AT_FDCWD, buf_z(&dir), e);
    if (!rc)
        rc = fs_mkdirs(buf_z(&backups), FOLDER_MODE, e);
    if (!rc)
        rc = fs_mkdirs(buf_z(&dir), FOLDER_MODE, e);
    if (!rc)
        rc = fill(buf_z(&dir), c, title, server, e);
    if (!rc)
        rc = fs_fsync_dir(AT_FDCWD, buf_z(&dir), e);
    if (!rc && renameat2(AT_FDCWD, buf_z(&dir), AT_FDCWD, buf_z(&target), RENAME_NOREPLACE))
        rc = err_sys(e, errno, "cannot make the checkpoint %s", buf_z(&target));
    if (rc) {
        (void)fs_remove_tree(AT_FDCWD, buf_z(&dir), NULL);
        return rc;
    }
    return fs_fsync_dir(AT_FDCWD, kind == CHECKPOINT_CHANGE ? buf_z(&backups) : work_dir, e);
}

/* ---- the end of one ---- */

int checkpoint_remove(const char *work_dir, const char *path, struct err *e)
{
    BUF_AUTO(trash, PATH_MAX);
    if (aside(work_dir, CHECKPOINT_OLD, &trash))
        return err_nomem(e);
    int rc = fs_remove_tree(AT_FDCWD, buf_z(&trash), e);
    if (rc)
        return rc;
    if (rename(path, buf_z(&trash)))
        return errno == ENOENT ? 0 : err_sys(e, errno, "cannot remove the checkpoint %s", path);
    return fs_remove_tree(AT_FDCWD, buf_z(&trash), e);
}

int checkpoint_drop(const char *work_dir, enum checkpoint_kind kind, struct err *e)
{
    BUF_AUTO(path, PATH_MAX);
    return checkpoint_path(work_dir, kind, &path) ? err_nomem(e) : checkpoint_remove(work_dir, buf_z(&path), e);
}

int checkpoint_list(const char *work_dir, struct strlist *ret, struct err *e)
{
    BUF_AUTO(dir, PATH_MAX);
    struct err why = { 0 };
    fs_join(&dir, work_dir, "backups");
    int rc = fs_list(AT_FDCWD, buf_z(&dir), ret, &why);
    if (rc == SIGNET_ENOTFOUND)
        return 0;
    if (rc && e)
        *e = why;
    for (size_t i = ret->n; i-- > 0;) /* those that are no times: IN_PROGRESS, and what others have put there */
        if (ret->v[i][strspn(ret->v[i], "0123456789.")] || ret->v[i][0] == '.')
            strlist_remove(ret, i);
    return rc;
}

int checkpoint_finish(const char *work_dir, int64_t now_us, struct err *e)
{
    BUF_AUTO(from, PATH_MAX);
    BUF_AUTO(to, PATH_MAX);
    BUF_AUTO(name, 64);
    STRLIST_AUTO(have);
    int rc = checkpoint_list(work_dir, &have, e);
    if (rc)
        return rc;
    buf_addf(&name, "%lld.%06lld", (long long)(now_us / 1000000), (long long)(now_us % 1000000));
    if (have.n && strcmp(have.v[have.n - 1], buf_z(&name)) >= 0) { /* the clock went back, or a very quick run */
        buf_clear(&name);
        buf_addf(&name, "%lld.%06lld", strtoll(have.v[have.n - 1], NULL, 10) + 1, (long long)(now_us % 1000000));
    }
    (void)checkpoint_path(work_dir, CHECKPOINT_CHANGE, &from);
    buf_addf(&to, "%s/backups/%s", work_dir, buf_z(&name));
    if (buf_err(&to) || buf_err(&from))
        return err_nomem(e);
    if (rename(buf_z(&from), buf_z(&to)))
        return err_sys(e, errno, "cannot keep the checkpoint %s", buf_z(&to));
    fs_join(&from, work_dir, "backups");
    return fs_fsync_dir(AT_FDCWD, buf_z(&from), e);
}
