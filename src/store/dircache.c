/* What CAs' directories said, kept between runs. It can be lost at any time without harm. */
#include "store/account.h"

#include "base/fs.h"
#include "crypto/digest.h"

#include <fcntl.h>
#include <limits.h>

static int cache_path(const struct tree *t, const char *server, struct buf *dir, struct buf *file)
{
    uint8_t hash[32];
    int r = digest_sha256(str_of(server), hash);
    fs_join(dir, t->work_dir, "signet/directory");
    buf_add(file, buf_str(dir));
    buf_addc(file, '/');
    hex_enc(file, (signet_str){ (const char *)hash, sizeof hash });
    buf_addz(file, ".json");
    return r ? r : buf_err(file);
}

int directory_cache_load(const struct tree *t, const char *server, struct buf *ret)
{
    BUF_AUTO(dir, PATH_MAX);
    BUF_AUTO(file, PATH_MAX);
    buf_clear(ret);
    if (!tree_keeps_notes(t))
        return 0;
    int r = cache_path(t, server, &dir, &file);
    if (!r && fs_read(AT_FDCWD, buf_z(&file), ret, NULL))
        buf_clear(ret);
    return r;
}

int directory_cache_save(const struct tree *t, const char *server, signet_str text, struct err *e)
{
    BUF_AUTO(dir, PATH_MAX);
    BUF_AUTO(file, PATH_MAX);
    int r = tree_keeps_notes(t) ? cache_path(t, server, &dir, &file) : 0;
    if (!tree_keeps_notes(t))
        return 0;
    if (r)
        return err_set(e, r, "the path of the remembered directory in %.200s cannot be made", t->work_dir);
    if (!text.n)
        return fs_unlink(AT_FDCWD, buf_z(&file), e);
    r = tree_make_notes(t, buf_z(&dir), e);
    return r ? r : fs_replace(AT_FDCWD, buf_z(&file), text, 0600, false, e);
}
