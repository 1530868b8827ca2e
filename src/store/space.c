#include "store/space.h"

#include "base/buf.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define PROBE ".signet-probe"

/* The folder, or the nearest above it that exists. */
static int open_nearest(const char *path, struct buf *shown, struct err *e)
{
    buf_clear(shown);
    buf_addz(shown, path);
    while (!buf_err(shown)) {
        int fd = open(buf_z(shown), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        const char *slash = strrchr(buf_z(shown), '/');
        if (fd >= 0)
            return fd;
        if (errno != ENOENT || !slash || slash == buf_z(shown))
            return err_sys(e, errno, "cannot open %s", path), -1;
        size_t n = (size_t)(slash - buf_z(shown));
        shown->p[n] = '\0';
        shown->n = n;
    }
    return err_nomem(e), -1;
}

static int write_all(int fd, size_t need)
{
    char block[4096];
    memset(block, 0x5a, sizeof block);
    for (size_t done = 0; done < need;) {
        ssize_t n = write(fd, block, need - done < sizeof block ? need - done : sizeof block);
        if (n < 0 && errno != EINTR)
            return -1;
        done += n > 0 ? (size_t)n : 0;
    }
    int r;
    do
        r = fsync(fd);
    while (r && errno == EINTR);
    return r;
}

static int probe(int dir, const char *shown, size_t need, struct err *e)
{
    bool named = false;
    int fd = openat(dir, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (fd < 0 && (errno == EOPNOTSUPP || errno == EISDIR || errno == EINVAL)) {
        unlinkat(dir, PROBE, 0);
        fd = openat(dir, PROBE, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
        named = fd >= 0;
    }
    int errnum = fd < 0 || write_all(fd, need) ? errno : 0;
    if (named)
        unlinkat(dir, PROBE, 0);
    if (fd >= 0)
        close(fd);
    return errnum ? err_sys(e, errnum, "%zu KiB cannot be written in %s", need / 1024, shown) : 0;
}

int space_check(const char *a, const char *b, size_t need, struct err *e)
{
    BUF_AUTO(shown_a, PATH_MAX);
    BUF_AUTO(shown_b, PATH_MAX);
    struct stat sa, sb;
    int rc = SIGNET_ESYS, dir_b = -1, dir_a = open_nearest(a, &shown_a, e);
    if (dir_a >= 0 && (dir_b = open_nearest(b, &shown_b, e)) >= 0)
        rc = probe(dir_a, buf_z(&shown_a), need, e);
    if (!rc && (fstat(dir_a, &sa) || fstat(dir_b, &sb) || sa.st_dev != sb.st_dev))
        rc = probe(dir_b, buf_z(&shown_b), need, e);
    if (dir_a >= 0)
        close(dir_a);
    if (dir_b >= 0)
        close(dir_b);
    return rc;
}
