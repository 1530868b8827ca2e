/* Changing archive/NAME: new versions aside first, final names only for what is complete, old versions out. */
#include "store/archive.h"

#include "base/fs.h"
#include "base/log.h"
#include "crypto/cert.h"
#include "crypto/key.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define KEY_CARRIED  0074u /* group's bits and others' read (contract.md A5) */
#define CERT_CARRIED 0044u

/* The key first: whoever wonders whether a version was begun looks for it. */
static const enum kind write_order[] = { KIND_PRIVKEY, KIND_CERT, KIND_CHAIN, KIND_FULLCHAIN };

static signet_str part_of(const struct generation *g, enum kind k)
{
    switch (k) {
    case KIND_CERT:
        return g->cert;
    case KIND_PRIVKEY:
        return g->privkey;
    case KIND_CHAIN:
        return g->chain;
    case KIND_FULLCHAIN:
    case KIND_COUNT:
        break;
    }
    return g->fullchain;
}

/* Gives the new file what the old one had. Who cannot give it the owner keeps it; who cannot give it the group lets the
 * group have nothing. */
static int carry_over(int fd, int from, enum kind k, const char *name, struct err *e)
{
    struct stat old, now;
    if (fstat(from, &old) || fstat(fd, &now))
        return err_sys(e, errno, "cannot examine %s", name);
    bool same = now.st_uid == old.st_uid && now.st_gid == old.st_gid;
    if (!same && fchown(fd, old.st_uid, old.st_gid) && now.st_gid != old.st_gid && fchown(fd, (uid_t)-1, old.st_gid)) {
        log_warn("store.archive", "cannot give %s the group %u of the one before; the group may do nothing with it",
                 name, old.st_gid);
        old.st_mode &= ~(mode_t)0077;
    } else {
        fs_copy_xattrs(from, fd);
    }
    if (fchmod(fd, 0600 | (old.st_mode & (k == KIND_PRIVKEY ? KEY_CARRIED : CERT_CARRIED))))
        return err_sys(e, errno, "cannot set the mode of %s", name);
    return 0;
}

static int stage_one(int dir, unsigned version, enum kind k, const struct generation *g, unsigned old, int *ret_fd,
                     struct err *e)
{
    BUF_AUTO(name, NAME_MAX);
    archive_temp_name(&name, k, version);
    int r = fs_create_begin(dir, buf_z(&name), part_of(g, k), k == KIND_PRIVKEY ? 0600 : 0644, ret_fd, e);
    if (r || !old)
        return r;
    BUF_AUTO(before, NAME_MAX);
    archive_name(&before, k, old);
    int from = openat(dir, buf_z(&before), O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (from < 0)
        return 0; /* nothing to go by */
    r = carry_over(*ret_fd, from, k, buf_z(&name), e);
    close(from);
    return r;
}

static int stage_wait(int dir, unsigned version, enum kind k, int fd, struct err *e)
{
    BUF_AUTO(name, NAME_MAX);
    archive_temp_name(&name, k, version);
    return fs_create_end(dir, buf_z(&name), fd, e);
}

int archive_stage(int dir, unsigned version, const struct generation *g, unsigned old, struct err *e)
{
    int fd[KIND_COUNT] = { -1, -1, -1, -1 };
    int r = 0;
    for (size_t i = 0; !r && i < KIND_COUNT; i++)
        r = stage_one(dir, version, write_order[i], g, old, &fd[i], e);
    for (size_t i = 0; i < KIND_COUNT; i++) {
        if (fd[i] < 0)
            continue;
        struct err why = { 0 };
        int waited = stage_wait(dir, version, write_order[i], fd[i], r ? &why : e);
        r = r ? r : waited;
    }
    if (r)
        archive_unlink(dir, version, NULL);
    return r;
}

int archive_check(int dir, unsigned version, bool staged, generation_check *check, void *ctx, struct err *e)
{
    BUF_AUTO(cert, LINEAGE_MAX_FILE);
    BUF_AUTO(key, LINEAGE_MAX_FILE);
    BUF_AUTO(chain, LINEAGE_MAX_FILE);
    BUF_AUTO(full, LINEAGE_MAX_FILE);
    BUF_AUTO(name, NAME_MAX);
    struct buf *const to[KIND_COUNT] = { &cert, &key, &chain, &full };
    int r = 0;
    for (unsigned k = 0; !r && k < KIND_COUNT; k++) {
        (staged ? archive_temp_name : archive_name)(&name, (enum kind)k, version);
        r = fs_read(dir, buf_z(&name), to[k], e);
    }
    const struct generation g = { buf_str(&cert), buf_str(&key), buf_str(&chain), buf_str(&full) };
    return r || !check ? r : check(ctx, &g, e);
}

int archive_rename(int from, const char *old, int to, const char *name, struct err *e)
{
    if (renameat2(from, old, to, name, RENAME_NOREPLACE) == 0)
        return 0;
    if (errno == EINVAL || errno == ENOSYS || errno == EOPNOTSUPP) {
        /* Some network file systems know no flags. A link of that name cannot replace anything either. */
        if (linkat(from, old, to, name, 0) == 0)
            return fs_unlink(from, old, e);
        if (errno == EPERM || errno == EOPNOTSUPP) { /* a folder, or no hard links here: the lock must do */
            if (fs_exists(to, name))
                errno = EEXIST;
            else if (renameat(from, old, to, name) == 0)
                return 0;
        }
    }
    if (errno == EEXIST)
        return err_set(e, SIGNET_EEXIST, "cannot rename %s to %s: that name is taken", old, name);
    return err_sys(e, errno, "cannot rename %s to %s", old, name);
}

int archive_commit(int dir, unsigned version, struct err *e)
{
    BUF_AUTO(temp, NAME_MAX);
    BUF_AUTO(name, NAME_MAX);
    int r = 0;
    for (size_t i = 0; !r && i < KIND_COUNT; i++) {
        archive_temp_name(&temp, write_order[i], version);
        archive_name(&name, write_order[i], version);
        if (fs_exists(dir, buf_z(&temp)))
            r = archive_rename(dir, buf_z(&temp), dir, buf_z(&name), e);
    }
    return r;
}

int archive_unlink(int dir, unsigned version, struct err *e)
{
    BUF_AUTO(name, NAME_MAX);
    int r = 0;
    for (unsigned k = 0; !r && k < KIND_COUNT; k++) {
        archive_name(&name, (enum kind)k, version);
        r = fs_unlink(dir, buf_z(&name), e);
        archive_temp_name(&name, (enum kind)k, version);
        if (!r)
            r = fs_unlink(dir, buf_z(&name), e);
    }
    return r;
}

/* Is this key the target of the link that a version to be kept has for its key? */
static bool key_needed(int dir, const struct archive *a, unsigned version, unsigned oldest_kept)
{
    BUF_AUTO(name, NAME_MAX);
    BUF_AUTO(target, PATH_MAX);
    for (size_t i = 0; i < a->n; i++) {
        enum kind k;
        unsigned n;
        archive_name(&name, KIND_PRIVKEY, a->v[i].n);
        if (a->v[i].n < oldest_kept || fs_readlink(dir, buf_z(&name), &target, NULL))
            continue;
        const char *slash = memrchr(target.p, '/', target.n);
        signet_str base = slash ? str_skip(buf_str(&target), (size_t)(slash - target.p) + 1) : buf_str(&target);
        if (archive_parse_name(base, &k, &n) && k == KIND_PRIVKEY && n == version)
            return true;
    }
    return false;
}

int archive_truncate(int dir, const struct archive *a, unsigned current, unsigned keep, struct err *e)
{
    BUF_AUTO(name, NAME_MAX);
    int r = 0;
    if (current <= keep)
        return 0;
    unsigned oldest_kept = current - keep;
    for (size_t i = 0; !r && i < a->n && a->v[i].n < oldest_kept; i++)
        for (unsigned k = 0; !r && k < KIND_COUNT; k++) {
            if (!(a->v[i].files & 1u << k) || (k == KIND_PRIVKEY && key_needed(dir, a, a->v[i].n, oldest_kept)))
                continue;
            archive_name(&name, (enum kind)k, a->v[i].n);
            r = fs_unlink(dir, buf_z(&name), e);
        }
    return r;
}

int archive_whole(void *ctx, const struct generation *g, struct err *e)
{
    (void)ctx;
    struct key *pub = NULL, *key = NULL;
    int r = cert_key(&pub, g->cert, e);
    if (!r)
        r = key_from_pem(&key, g->privkey, e);
    if (!r && !key_same(pub, key))
        r = err_set(e, SIGNET_ECERT, "the private key is not the certificate's");
    if (!r && (g->fullchain.n != g->cert.n + g->chain.n || !str_starts(g->fullchain, g->cert) ||
               !str_ends(g->fullchain, g->chain)))
        r = err_set(e, SIGNET_ECERT, "the full chain is not the certificate and the chain");
    key_free(pub);
    key_free(key);
    return r;
}
