/* Reading checkpoints, ours and certbot's, and taking their changes back. */
#include "base/fs.h"
#include "base/log.h"
#include "deploy/checkpoint_in.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define ROOM "deploy.checkpoint"

static int read_text(const char *dir, const char *name, struct buf *ret, struct err *e)
{
    BUF_AUTO(path, PATH_MAX);
    struct err why = { 0 };
    fs_join(&path, dir, name);
    int rc = fs_read(AT_FDCWD, buf_z(&path), ret, &why);
    if (rc == SIGNET_ENOTFOUND)
        return 0;
    if (rc && e)
        *e = why;
    return rc;
}

int checkpoint_lines(const char *dir, const char *name, struct strlist *ret, struct err *e)
{
    BUF_AUTO(text, CHECKPOINT_LIST_BYTES_MAX);
    int rc = read_text(dir, name, &text, e);
    signet_str line, rest = buf_str(&text);
    while (!rc && rest.n) {
        (void)str_cut(rest, '\n', &line, &rest);
        if (!line.n)
            continue;
        if (ret->n == CHECKPOINT_FILES_MAX)
            return err_set(e, SIGNET_ELIMIT, "%s/%s has more than %u lines", dir, name, CHECKPOINT_FILES_MAX);
        if (line.p[0] != '/')
            return err_set(e, SIGNET_EFORMAT, "%s/%s is broken: its line %zu is no absolute path", dir, name,
                           ret->n + 1);
        rc = strlist_add(ret, line) ? err_nomem(e) : 0;
    }
    return rc;
}

static int read_server(const char *dir, struct record *ret, struct err *e)
{
    BUF_AUTO(text, CHECKPOINT_LIST_BYTES_MAX);
    int rc = read_text(dir, CHECKPOINT_SERVER, &text, e);
    signet_str line, name, value, rest = buf_str(&text);
    while (!rc && rest.n) {
        (void)str_cut(rest, '\n', &line, &rest);
        if (!str_cut(line, ' ', &name, &value))
            continue;
        char *z = str_dup(name);
        rc = !z || record_add(ret, z, value) ? err_nomem(e) : 0;
        free(z);
    }
    return rc;
}

/* ---- files ---- */

/* Mode and time of the copy; the owner stays the present file's. */
static int dress_like(const char *path, const struct stat *like, struct err *e)
{
    const struct timespec times[2] = { like->st_atim, like->st_mtim };
    if (chmod(path, like->st_mode & 0777) || utimensat(AT_FDCWD, path, times, 0))
        return err_sys(e, errno, "cannot give %s its former mode and time", path);
    return 0;
}

int checkpoint_real(const char *path, struct buf *to)
{
    char *real = realpath(path, NULL);
    buf_addz(to, real ? real : path);
    free(real);
    return buf_err(to);
}

static int restore_file(const char *copy, const char *path, struct strlist *did, struct err *e)
{
    BUF_AUTO(real, PATH_MAX);
    BUF_AUTO(was, CHANGE_BYTES_MAX);
    BUF_AUTO(is, CHANGE_BYTES_MAX);
    struct stat st;
    int rc = checkpoint_real(path, &real) ? err_nomem(e) : fs_read(AT_FDCWD, copy, &was, e);
    if (rc)
        return rc;
    if (stat(copy, &st))
        return err_sys(e, errno, "cannot look at %s", copy);
    int found = fs_read(AT_FDCWD, buf_z(&real), &is, NULL);
    if (!found && str_eq(buf_str(&was), buf_str(&is)))
        return dress_like(buf_z(&real), &st, e);
    if ((rc = fs_replace(AT_FDCWD, buf_z(&real), buf_str(&was), st.st_mode & 0777, true, e)))
        return rc;
    if (did && strlist_addz(did, buf_z(&real)))
        return err_nomem(e);
    return dress_like(buf_z(&real), &st, e);
}

static int restore_files(const char *dir, struct strlist *did, struct err *e)
{
    STRLIST_AUTO(paths);
    BUF_AUTO(copy, PATH_MAX);
    int rc = checkpoint_lines(dir, "FILEPATHS", &paths, e);
    for (size_t i = 0; !rc && i < paths.n; i++) {
        const char *slash = strrchr(paths.v[i], '/');
        buf_clear(&copy);
        buf_addf(&copy, "%s/%s_%zu", dir, slash + 1, i);
        rc = buf_err(&copy) ? err_nomem(e) : restore_file(buf_z(&copy), paths.v[i], did, e);
    }
    return rc;
}

/* The last first, as they refer to those before them. */
static int remove_new(const char *dir, struct strlist *did, struct err *e)
{
    STRLIST_AUTO(paths);
    int rc = checkpoint_lines(dir, "NEW_FILES", &paths, e);
    for (size_t i = paths.n; !rc && i-- > 0;) {
        if (!fs_exists(AT_FDCWD, paths.v[i]))
            continue;
        rc = fs_unlink(AT_FDCWD, paths.v[i], e);
        if (!rc && did && strlist_addz(did, paths.v[i]))
            rc = err_nomem(e);
    }
    return rc;
}

/* What an exchange of names has left beside the files when it was killed. */
static void remove_temps(const char *dir)
{
    STRLIST_AUTO(paths);
    BUF_AUTO(real, PATH_MAX);
    BUF_AUTO(temp, PATH_MAX);
    if (checkpoint_lines(dir, "FILEPATHS", &paths, NULL) || checkpoint_lines(dir, "NEW_FILES", &paths, NULL))
        return;
    for (size_t i = 0; i < paths.n; i++) {
        buf_clear(&real);
        buf_clear(&temp);
        (void)checkpoint_real(paths.v[i], &real);
        const char *slash = strrchr(buf_z(&real), '/');
        buf_addf(&temp, "%.*s/.%.200s.signet-tmp", slash ? (int)(slash - buf_z(&real)) : 0, buf_z(&real),
                 slash ? slash + 1 : buf_z(&real));
        if (!buf_err(&temp))
            (void)fs_unlink(AT_FDCWD, buf_z(&temp), NULL);
    }
}

/* ---- commands ---- */

/* A line of CSV: words, or words in quotes with quotes doubled. */
static int csv_words(signet_str line, struct strlist *ret)
{
    BUF_AUTO(word, 65536);
    bool quoted = false;
    for (size_t i = 0; i <= line.n; i++) {
        char c = i < line.n ? line.p[i] : ',';
        if (c == '"' && quoted && i + 1 < line.n && line.p[i + 1] == '"')
            buf_addc(&word, line.p[++i]);
        else if (c == '"')
            quoted = !quoted;
        else if (c == ',' && (!quoted || i == line.n)) {
            if (strlist_add(ret, buf_str(&word)))
                return SIGNET_ENOMEM;
            buf_clear(&word);
        } else {
            buf_addc(&word, c);
        }
    }
    return buf_err(&word);
}

int checkpoint_commands(const char *dir, checkpoint_run_fn *run, void *ctx, struct err *e)
{
    BUF_AUTO(text, CHECKPOINT_LIST_BYTES_MAX);
    STRLIST_AUTO(lines);
    int rc = read_text(dir, "COMMANDS", &text, e);
    if (rc || strlist_split(&lines, buf_str(&text), '\n'))
        return rc ? rc : err_nomem(e);
    for (size_t i = lines.n; i-- > 0;) {
        STRLIST_AUTO(argv);
        if (csv_words(str_of(lines.v[i]), &argv))
            return err_nomem(e);
        if (argv.n && run(ctx, &argv))
            log_error(ROOM, "Unable to run undo command: %s", lines.v[i]);
    }
    return 0;
}

static int restore(const char *dir, const struct checkpoint_undo *u, struct err *e)
{
    int rc = u->ret_server ? read_server(dir, u->ret_server, e) : 0;
    if (!rc)
        rc = u->run ? checkpoint_commands(dir, u->run, u->ctx, e) : 0;
    if (!rc)
        rc = restore_files(dir, u->did, e);
    if (!rc)
        rc = remove_new(dir, u->did, e);
    if (rc)
        return err_wrap(e, "The changes noted in %s cannot be taken back", dir);
    remove_temps(dir);
    return 0;
}

int checkpoint_undo(const char *work_dir, enum checkpoint_kind kind, const struct checkpoint_undo *u, struct err *e)
{
    BUF_AUTO(dir, PATH_MAX);
    if (checkpoint_path(work_dir, kind, &dir))
        return err_nomem(e);
    if (!fs_exists(AT_FDCWD, buf_z(&dir)))
        return 0;
    int rc = restore(buf_z(&dir), u, e);
    return rc ? rc : checkpoint_remove(work_dir, buf_z(&dir), e);
}

static int backup_path(const char *work_dir, const char *name, struct buf *to, struct err *e)
{
    buf_addf(to, "%s/backups/%s", work_dir, name);
    return buf_err(to) ? err_nomem(e) : 0;
}

int checkpoint_restore(const char *work_dir, const char *name, const struct checkpoint_undo *u, struct err *e)
{
    BUF_AUTO(dir, PATH_MAX);
    int rc = backup_path(work_dir, name, &dir, e);
    return rc ? rc : restore(buf_z(&dir), u, e);
}

int checkpoint_forget(const char *work_dir, const char *name, struct err *e)
{
    BUF_AUTO(dir, PATH_MAX);
    int rc = backup_path(work_dir, name, &dir, e);
    return rc ? rc : checkpoint_remove(work_dir, buf_z(&dir), e);
}

int checkpoint_server(const char *work_dir, enum checkpoint_kind kind, struct record *ret, struct err *e)
{
    BUF_AUTO(dir, PATH_MAX);
    return checkpoint_path(work_dir, kind, &dir) ? err_nomem(e) : read_server(buf_z(&dir), ret, e);
}

/* ---- looking ---- */

void checkpoint_info_done(struct checkpoint_info *i)
{
    buf_done(&i->notes);
    strlist_done(&i->files);
    strlist_done(&i->new_files);
    record_done(&i->server);
}

int checkpoint_read(const char *work_dir, const char *name, struct checkpoint_info *ret, struct err *e)
{
    BUF_AUTO(dir, PATH_MAX);
    struct checkpoint_info i = { .notes = BUF_INIT(CHECKPOINT_LIST_BYTES_MAX) };
    int rc = backup_path(work_dir, name, &dir, e);
    if (!rc)
        rc = read_text(buf_z(&dir), "CHANGES_SINCE", &i.notes, e);
    if (!rc)
        rc = checkpoint_lines(buf_z(&dir), "FILEPATHS", &i.files, e);
    if (!rc)
        rc = checkpoint_lines(buf_z(&dir), "NEW_FILES", &i.new_files, e);
    if (!rc)
        rc = read_server(buf_z(&dir), &i.server, e);
    if (rc)
        checkpoint_info_done(&i);
    else
        *ret = i;
    return rc;
}
