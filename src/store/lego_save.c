/* Certificates in lego's tree: putting new files in place, putting old ones away, and what a killed run left. */
#include "base/fs.h"
#include "base/log.h"
#include "store/lego_in.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

/* The folder, open, so that every name below is one look-up. */
static int open_certs(const struct tree *t, struct err *e)
{
    BUF_AUTO(dir, PATH_MAX);
    tree_path(t, LEGO_CERTS, NULL, &dir);
    int fd = open(buf_z(&dir), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        err_sys(e, errno, "the folder %s cannot be opened", buf_z(&dir));
    return fd;
}

static void new_name(struct buf *to, const char *name, const char *ext)
{
    buf_clear(to);
    buf_addf(to, ".%s%s" LEGO_NEW, name, ext);
}

static void note_name(struct buf *to, const char *name)
{
    buf_clear(to);
    buf_addf(to, ".%s" LEGO_NOTE, name);
}

/* ---- writing aside ---- */

/* Like the file before it, but what holds a key is for its owner alone. */
static mode_t mode_for(int dir, const char *name, const struct lego_file *f, int fd)
{
    BUF_AUTO(old, NAME_MAX + 1);
    struct stat st;
    buf_addf(&old, "%s%s", name, f->ext);
    if (fstatat(dir, buf_z(&old), &st, AT_SYMLINK_NOFOLLOW) || !S_ISREG(st.st_mode))
        return 0600;
    if (fchown(fd, st.st_uid, st.st_gid) && errno != EPERM)
        log_debug("store", "the owner of %s is not kept", buf_z(&old));
    return f->secret ? 0600 : st.st_mode & 0777;
}

static int stage(int dir, const char *name, const struct lego_file *files, size_t n, struct err *e)
{
    BUF_AUTO(path, NAME_MAX + 1);
    int fd[LEGO_FILES_MAX], rc = 0;
    size_t begun = 0;
    for (; !rc && begun < n; begun += rc == 0) {
        new_name(&path, name, files[begun].ext);
        rc = fs_unlink(dir, buf_z(&path), e);
        if (!rc && !(rc = fs_create_begin(dir, buf_z(&path), files[begun].data, 0600, &fd[begun], e)) &&
            fchmod(fd[begun], mode_for(dir, name, &files[begun], fd[begun])))
            log_debug("store", "the mode of %s%s is not kept", name, files[begun].ext);
    }
    for (size_t i = 0; i < begun; i++) {
        new_name(&path, name, files[i].ext);
        int end = fs_create_end(dir, buf_z(&path), fd[i], rc ? NULL : e);
        rc = rc ? rc : end;
    }
    return rc;
}

static int compare(int dir, const char *name, const struct lego_file *files, size_t n, struct err *e)
{
    BUF_AUTO(path, NAME_MAX + 1);
    for (size_t i = 0; i < n; i++) {
        BUF_AUTO(text, LINEAGE_MAX_FILE);
        new_name(&path, name, files[i].ext);
        int rc = fs_read(dir, buf_z(&path), &text, e);
        if (rc)
            return rc;
        if (!str_eq(buf_str(&text), files[i].data))
            return err_set(e, SIGNET_ESYS, "What was read back from disk is not what was written: %s%s.", name,
                           files[i].ext);
    }
    return 0;
}

static int write_note(int dir, const char *name, const struct lego_file *files, size_t n, struct err *e)
{
    BUF_AUTO(path, NAME_MAX + 1);
    BUF_AUTO(text, 1024);
    note_name(&path, name);
    for (size_t i = 0; i < n; i++)
        buf_addf(&text, "%s\n", files[i].ext);
    int rc = fs_unlink(dir, buf_z(&path), e);
    if (!rc)
        rc = fs_create(dir, buf_z(&path), buf_str(&text), 0600, e);
    return rc ? rc : fs_fsync_dir(dir, ".", e);
}

/* ---- putting in place ---- */

static int place_one(int dir, const char *name, const char *ext, struct err *e)
{
    BUF_AUTO(from, NAME_MAX + 1);
    BUF_AUTO(to, NAME_MAX + 1);
    new_name(&from, name, ext);
    buf_addf(&to, "%s%s", name, ext);
    if (renameat(dir, buf_z(&from), dir, buf_z(&to)) == 0 || errno == ENOENT)
        return 0;
    return err_sys(e, errno, "%s cannot be put in place", buf_z(&to));
}

static void unstage(int dir, const char *name, const struct lego_file *files, size_t n)
{
    BUF_AUTO(path, NAME_MAX + 1);
    for (size_t i = 0; i < n; i++) {
        new_name(&path, name, files[i].ext);
        (void)fs_unlink(dir, buf_z(&path), NULL);
    }
    note_name(&path, name);
    (void)fs_unlink(dir, buf_z(&path), NULL);
}

int lego_save(const struct tree *t, const char *name, const struct lego_file *files, size_t n, struct err *e)
{
    BUF_AUTO(note, NAME_MAX + 1);
    int dir = open_certs(t, e);
    if (dir < 0)
        return SIGNET_ESYS;
    int rc = stage(dir, name, files, n, e);
    if (!rc)
        rc = compare(dir, name, files, n, e);
    if (!rc)
        rc = write_note(dir, name, files, n, e);
    if (rc)
        unstage(dir, name, files, n);
    for (size_t i = 0; !rc && i < n; i++)
        rc = place_one(dir, name, files[i].ext, e);
    note_name(&note, name);
    if (!rc)
        rc = fs_fsync_dir(dir, ".", e);
    if (!rc)
        rc = fs_unlink(dir, buf_z(&note), e);
    close(dir);
    return rc;
}

/* ---- after a kill ---- */

/* The note names only ends that we write: nothing else is ever renamed by it. */
static bool ext_ok(signet_str ext)
{
    static const char *const known[] = { ".crt", ".key", ".issuer.crt", ".json", ".pem", ".pfx" };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (str_eq(ext, str_of(known[i])))
            return true;
    return false;
}

static int finish_note(int dir, const char *file, struct strlist *did, struct err *e)
{
    BUF_AUTO(text, 1024);
    BUF_AUTO(name, NAME_MAX + 1);
    BUF_AUTO(words, 1024);
    STRLIST_AUTO(exts);
    buf_add(&name, (signet_str){ file + 1, strlen(file) - 1 - strlen(LEGO_NOTE) });
    int rc = fs_read(dir, file, &text, e);
    if (!rc && strlist_split(&exts, buf_str(&text), '\n'))
        rc = err_nomem(e);
    for (size_t i = 0; !rc && i < exts.n; i++)
        if (ext_ok(str_of(exts.v[i])))
            rc = place_one(dir, buf_z(&name), exts.v[i], e);
    if (!rc)
        rc = fs_fsync_dir(dir, ".", e);
    if (!rc)
        rc = fs_unlink(dir, file, e);
    buf_addf(&words, "%s: the files of an interrupted run were put in place", buf_z(&name));
    return rc ? rc : strlist_add(did, buf_str(&words)) ? err_nomem(e) : 0;
}

static int drop_new(int dir, const char *file, struct strlist *did, struct err *e)
{
    BUF_AUTO(words, 1024);
    buf_addf(&words, "%s, which an interrupted run has not finished, was removed", file);
    int rc = fs_unlink(dir, file, e);
    return rc ? rc : strlist_add(did, buf_str(&words)) ? err_nomem(e) : 0;
}

int lego_recover(const struct tree *t, struct strlist *did, struct err *e)
{
    STRLIST_AUTO(names);
    BUF_AUTO(path, PATH_MAX);
    tree_path(t, LEGO_CERTS, NULL, &path);
    int rc = fs_list(AT_FDCWD, buf_z(&path), &names, NULL);
    if (rc)
        return 0; /* no folder yet; if it cannot be read, whoever needs it says so */
    int dir = open_certs(t, e);
    if (dir < 0)
        return SIGNET_ESYS;
    for (size_t i = 0; !rc && i < names.n; i++)
        if (names.v[i][0] == '.' && str_ends(str_of(names.v[i]), STR(LEGO_NOTE)))
            rc = finish_note(dir, names.v[i], did, e);
    for (size_t i = 0; !rc && i < names.n; i++)
        if (names.v[i][0] == '.' && str_ends(str_of(names.v[i]), STR(LEGO_NEW)) && fs_exists(dir, names.v[i]))
            rc = drop_new(dir, names.v[i], did, e);
    close(dir);
    return rc;
}
