/* What is there now of all that a finished checkpoint would change. */
#include "base/fs.h"
#include "deploy/checkpoint_in.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>

#define FILE_MODE 0644

static bool has_file(const struct changes *c, const char *path)
{
    for (size_t i = 0; i < c->n; i++)
        if (!strcmp(c->v[i].path, path))
            return true;
    return false;
}

/* `path` is the file itself, no link to it. */
static int add_file(struct changes *c, const char *path, struct err *e)
{
    BUF_AUTO(is, CHANGE_BYTES_MAX);
    struct err why = { 0 };
    if (has_file(c, path))
        return 0;
    int rc = fs_read(AT_FDCWD, path, &is, &why);
    if (rc == SIGNET_ENOTFOUND)
        return changes_add_new(c, path, STR(""), FILE_MODE, e);
    if (rc && e)
        *e = why;
    return rc ? rc : changes_add(c, path, buf_str(&is), buf_str(&is), e);
}

/* certbot's checkpoints know no links: a command makes it again. */
static int add_link(struct changes *c, const char *path, struct err *e)
{
    BUF_AUTO(target, PATH_MAX);
    int rc = fs_readlink(AT_FDCWD, path, &target, e);
    const char *const words[] = { "ln", "-sfn", buf_z(&target), path, NULL };
    return rc ? rc : changes_add_command(c, words, words, e);
}

/* One that would be removed. */
static int add_new(struct changes *c, const char *path, struct err *e)
{
    struct stat st;
    if (lstat(path, &st))
        return errno == ENOENT || errno == ENOTDIR ? 0 : err_sys(e, errno, "cannot look at %s", path);
    return S_ISLNK(st.st_mode) ? add_link(c, path, e) : add_file(c, path, e);
}

/* a2dismod takes back what a2enmod has done, and the other way round. Of other commands nobody knows what does. */
static int add_opposite(void *ctx, const struct strlist *argv)
{
    static const char dismod[] = "dismod";
    BUF_AUTO(program, PATH_MAX);
    const char *slash = strrchr(argv->v[0], '/'), *at = strstr(slash ? slash : argv->v[0], dismod);
    if (!at || argv->n < 2)
        return 0;
    buf_add(&program, (signet_str){ argv->v[0], (size_t)(at - argv->v[0]) });
    buf_addf(&program, "enmod%s", at + sizeof dismod - 1);
    const char *const run[] = { argv->v[0], argv->v[argv->n - 1], NULL };
    const char *const undo[] = { buf_z(&program), argv->v[argv->n - 1], NULL };
    return changes_add_command(ctx, run, undo, NULL);
}

int checkpoint_now(const char *work_dir, const char *name, struct changes *ret, struct err *e)
{
    BUF_AUTO(dir, PATH_MAX);
    struct checkpoint_info info = { 0 };
    int rc = checkpoint_read(work_dir, name, &info, e);
    for (size_t i = 0; !rc && i < info.files.n; i++) {
        BUF_AUTO(real, PATH_MAX);
        rc = checkpoint_real(info.files.v[i], &real) ? err_nomem(e) : add_file(ret, buf_z(&real), e);
    }
    for (size_t i = 0; !rc && i < info.new_files.n; i++)
        rc = add_new(ret, info.new_files.v[i], e);
    buf_addf(&dir, "%s/backups/%s", work_dir, name);
    if (!rc)
        rc = checkpoint_commands(buf_z(&dir), add_opposite, ret, e);
    checkpoint_info_done(&info);
    return rc;
}
