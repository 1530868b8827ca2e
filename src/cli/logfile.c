#include "cli/logfile.h"

#include "base/buf.h"
#include "base/fs.h"
#include "cli/out.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define LOG_NAME "letsencrypt.log"

enum { EVENT_BYTES_MAX = 2 * LOG_EVENT_MAX }; /* half of it for what is said */

static void backup_name(struct buf *to, unsigned number)
{
    buf_clear(to);
    buf_addz(to, LOG_NAME);
    if (number)
        buf_addf(to, ".%u", number);
}

/* Every file up to the first gap moves one on; the one beyond the limit goes. */
static void rotate(int dirfd, unsigned backups)
{
    BUF_AUTO(from, 64);
    BUF_AUTO(to, 64);
    unsigned last = 0;
    for (;;) {
        backup_name(&from, last);
        if (faccessat(dirfd, buf_z(&from), F_OK, AT_SYMLINK_NOFOLLOW))
            break;
        if (last == backups) {
            (void)unlinkat(dirfd, buf_z(&from), 0);
            break;
        }
        last++;
    }
    for (unsigned i = last; i > 0; i--) {
        backup_name(&from, i - 1);
        backup_name(&to, i);
        (void)renameat(dirfd, buf_z(&from), dirfd, buf_z(&to));
    }
}

/* After a rotation the name is free: whatever stands there nevertheless is not ours. */
static int open_file(int dirfd, bool append)
{
    int flags = O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_APPEND | O_NONBLOCK | (append ? 0 : O_EXCL);
    int fd = openat(dirfd, LOG_NAME, flags, 0644);
    struct stat st;
    if (fd >= 0 && fstat(fd, &st) == 0 && !S_ISREG(st.st_mode)) {
        close(fd);
        errno = EINVAL;
        return -1;
    }
    return fd;
}

int logfile_open(struct logfile *f, const char *dir, unsigned backups, struct err *e)
{
    BUF_AUTO(path, 8192);
    *f = (struct logfile){ .fd = -1, .backups = backups };
    fs_join(&path, dir, LOG_NAME);
    f->path = buf_take(&path);
    f->dirfd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (f->dirfd >= 0) {
        if (backups)
            rotate(f->dirfd, backups);
        f->fd = open_file(f->dirfd, backups == 0);
    }
    if (f->path && f->fd >= 0) {
        struct stat st;
        f->size = fstat(f->fd, &st) == 0 ? (size_t)st.st_size : 0;
        return 0;
    }
    int rc = f->path ? err_sys(e, errno, "cannot write the log %s", f->path) : err_nomem(e);
    logfile_close(f);
    return rc;
}

void logfile_close(struct logfile *f)
{
    if (f->fd >= 0)
        close(f->fd);
    if (f->dirfd >= 0)
        close(f->dirfd);
    free(f->path);
    *f = (struct logfile){ .dirfd = -1, .fd = -1 };
}

static void stamp(struct buf *to)
{
    struct timespec now;
    struct tm tm;
    char text[32];
    clock_gettime(CLOCK_REALTIME, &now);
    if (!localtime_r(&now.tv_sec, &tm) || !strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S", &tm))
        return;
    buf_addf(to, "%s,%03ld:", text, now.tv_nsec / 1000000);
}

void logfile_sink(void *ctx, enum log_level level, const char *room, const char *line)
{
    static const char *const names[] = {
        [LOG_DEBUG] = "DEBUG", [LOG_INFO] = "INFO", [LOG_WARNING] = "WARNING", [LOG_ERROR] = "ERROR"
    };
    struct logfile *f = ctx;
    BUF_AUTO(text, EVENT_BYTES_MAX);
    if (f->fd < 0)
        return;
    stamp(&text);
    buf_addf(&text, "%s:%s:", names[level], room);
    buf_addz(&text, line);
    buf_addc(&text, '\n');
    if (f->backups && f->size && f->size + text.n > LOGFILE_BYTES_MAX) {
        close(f->fd);
        rotate(f->dirfd, f->backups);
        f->fd = open_file(f->dirfd, false);
        f->size = 0;
    }
    f->size += text.n;
    out_write(f->fd, buf_str(&text));
}
