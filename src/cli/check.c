#include "cli/check.h"

#include "base/buf.h"
#include "base/fs.h"
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

static int check_folder(const char *path, struct err *e)
{
    struct stat st;
    if (stat(path, &st) == 0 && S_ISDIR(st.st_mode))
        return 0;
    return err_set(e, SIGNET_EINVAL, "%s does not exist or is not a directory", path);
}

static int check_webroots(const struct request *r, struct err *e)
{
    int rc = 0;
    for (size_t i = 0; i < r->webroot_path.n && !rc; i++)
        rc = check_folder(r->webroot_path.v[i], e);
    for (size_t i = 0; i < r->webroot_map.n && !rc; i++)
        rc = check_folder(r->webroot_map.v[i].path, e);
    return rc;
}

int check_files(struct request *r, struct err *e)
{
    int rc = check_webroots(r, e);
    if (rc)
        return rc;
    if (r->csr && access(r->csr, R_OK))
        return err_set(e, SIGNET_EUSAGE, "argument --csr: %s", strerror(errno));
    if (!r->dry_run)
        return 0;
    BUF_AUTO(path, 8192);
    STRLIST_AUTO(servers);
    fs_join(&path, r->config_dir, "accounts");
    if (fs_list(AT_FDCWD, buf_z(&path), &servers, NULL) == 0 && servers.n)
        r->agree_tos = r->register_unsafely_without_email = true;
    return 0;
}
