#include "deploy/laid.h"

#include "base/fs.h"
#include "base/log.h"
#include "crypto/digest.h"
#include <fcntl.h>
#include <stdlib.h>

#define ROOM           "deploy"
#define PATH_BYTES_MAX 8192u
#define FILE_BYTES_MAX (1u << 20)
#define FILE_MODE      0644

static int hex_of(signet_str text, struct buf *to, struct err *e)
{
    uint8_t sum[32];
    int rc = digest_sha256(text, sum);
    if (rc)
        return err_set(e, rc, "no SHA-256");
    hex_enc(to, (signet_str){ (const char *)sum, sizeof sum });
    return 0;
}

static int write_digest(const struct laid_file *f, const char *config_dir, struct err *e)
{
    BUF_AUTO(path, PATH_BYTES_MAX);
    BUF_AUTO(hex, 128);
    fs_join(&path, config_dir, f->digest_name);
    int rc = hex_of(str_of(f->text), &hex, e);
    return rc ? rc : fs_replace(AT_FDCWD, buf_z(&path), buf_str(&hex), FILE_MODE, true, e);
}

int laid_put(const struct laid_file *f, const char *config_dir, struct err *e)
{
    BUF_AUTO(path, PATH_BYTES_MAX);
    fs_join(&path, config_dir, f->name);
    if (fs_exists(AT_FDCWD, buf_z(&path)))
        return 0;
    int rc = fs_replace(AT_FDCWD, buf_z(&path), str_of(f->text), FILE_MODE, true, e);
    if (!rc)
        rc = write_digest(f, config_dir, e);
    if (!rc)
        log_debug(ROOM, "wrote %s", buf_z(&path));
    return rc;
}

static bool is_outdated(const struct laid_file *f, const struct buf *hex)
{
    for (size_t i = 0; i < f->n_outdated; i++)
        if (!strcmp(buf_z(hex), f->outdated[i]))
            return true;
    return false;
}

/* The file as it is, by the path that it lies under; a missing one has no path. */
static int read_real(const char *config_dir, const char *name, char **ret_path, struct buf *ret, struct err *e)
{
    BUF_AUTO(path, PATH_BYTES_MAX);
    fs_join(&path, config_dir, name);
    if (!fs_exists(AT_FDCWD, buf_z(&path)))
        return 0;
    char *real = realpath(buf_z(&path), NULL);
    int rc = fs_read(AT_FDCWD, real ? real : buf_z(&path), ret, e);
    if (rc)
        free(real);
    else
        *ret_path = real;
    return rc;
}

static int renew_digest(const struct laid_file *f, const char *config_dir, struct changes *c, struct err *e)
{
    BUF_AUTO(path, PATH_BYTES_MAX);
    BUF_AUTO(have, FILE_BYTES_MAX);
    BUF_AUTO(hex, 128);
    char *real = NULL;
    fs_join(&path, config_dir, f->digest_name);
    int rc = hex_of(str_of(f->text), &hex, e);
    if (!rc)
        rc = read_real(config_dir, f->digest_name, &real, &have, e);
    if (!rc && !real)
        rc = changes_add_new(c, buf_z(&path), buf_str(&hex), FILE_MODE, e);
    else if (!rc && !str_eq(buf_str(&have), buf_str(&hex)))
        rc = changes_add(c, real, buf_str(&have), buf_str(&hex), e);
    free(real);
    return rc;
}

int laid_renew(const struct laid_file *f, const char *config_dir, struct changes *c, struct err *e)
{
    BUF_AUTO(have, FILE_BYTES_MAX);
    BUF_AUTO(hex, 128);
    char *real = NULL;
    int rc = read_real(config_dir, f->name, &real, &have, e);
    if (!rc && real)
        rc = hex_of(buf_str(&have), &hex, e);
    if (!rc && real && is_outdated(f, &hex)) {
        rc = changes_add(c, real, buf_str(&have), str_of(f->text), e);
        if (!rc)
            rc = renew_digest(f, config_dir, c, e);
        changes_note(c, "Renewed the recommended settings in %s", real);
    }
    free(real);
    return rc;
}
