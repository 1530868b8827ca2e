#include "base/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { RETRIES = 10 };

/* A record lock belongs to the process, and closing any descriptor of its file drops it. So the same file is opened
 * once only; who takes it again gets the same lock. */
struct lock {
    struct lock *next;
    unsigned held;
    int fd;
    pid_t owner; /* a forked child inherits this list, but no lock */
    dev_t dev;
    ino_t ino;
    char path[];
};
static struct lock *all;

static struct lock *find_held(const char *path)
{
    struct stat st;
    if (lstat(path, &st))
        return NULL;
    for (struct lock *l = all; l; l = l->next)
        if (l->dev == st.st_dev && l->ino == st.st_ino && l->owner == getpid())
            return l;
    return NULL;
}

static int say_busy(int fd, const char *path, struct err *e)
{
    struct flock who = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
    err_set(e, SIGNET_EBUSY, "%s is locked by another process", path);
    if (fcntl(fd, F_GETLK, &who) == 0 && who.l_type != F_UNLCK && who.l_pid > 0)
        err_hint(e, "Process %d holds it. Wait until it has ended, then try again.", (int)who.l_pid);
    return SIGNET_EBUSY;
}

/* Is `path` still the file that is open as fd? Its last holder removes it before letting go. */
static int is_current(int fd, const char *path, struct stat *ret, struct err *e)
{
    struct stat now;
    if (fstat(fd, ret))
        return err_sys(e, errno, "cannot examine the lock file %s", path);
    if (!S_ISREG(ret->st_mode))
        return err_set(e, SIGNET_EFORMAT, "the lock file %s is not a regular file: remove it", path);
    if (lstat(path, &now))
        return errno == ENOENT ? 0 : err_sys(e, errno, "cannot examine the lock file %s", path);
    return now.st_dev == ret->st_dev && now.st_ino == ret->st_ino;
}

/* 1: locked, 0: it was removed meanwhile, negative: failed. */
static int try_lock(int fd, const char *path, struct stat *ret, struct err *e)
{
    struct flock whole = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
    while (fcntl(fd, F_SETLK, &whole)) {
        if (errno == EACCES || errno == EAGAIN)
            return say_busy(fd, path, e);
        if (errno != EINTR)
            return err_sys(e, errno, "cannot lock %s", path);
    }
    return is_current(fd, path, ret, e);
}

static int open_file(const char *path, struct err *e)
{
    /* O_NONBLOCK: a FIFO of that name must not hold us up. */
    int fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY, 0600);
    if (fd >= 0)
        return fd;
    int errnum = errno;
    err_sys(e, errnum, "cannot open the lock file %s", path);
    if (errnum == ELOOP || errnum == ENXIO)
        err_hint(e, "It must be a plain file and no link; remove it.");
    return SIGNET_ESYS;
}

int lock_take(struct lock **ret, const char *path, struct err *e)
{
    struct lock *l = find_held(path);
    if (l) {
        l->held++;
        *ret = l;
        return 0;
    }
    size_t n = strlen(path) + 1;
    if (!(l = calloc(1, sizeof(*l) + n)))
        return err_nomem(e);
    memcpy(l->path, path, n);
    int r = 0;
    struct stat st;
    for (int i = 0; i < RETRIES && r == 0; i++) {
        l->fd = open_file(path, e);
        r = l->fd < 0 ? l->fd : try_lock(l->fd, path, &st, e);
        if (r <= 0 && l->fd >= 0)
            close(l->fd);
    }
    if (r <= 0) {
        free(l);
        return r ? r : err_set(e, SIGNET_EBUSY, "the lock file %s keeps vanishing: another process is using it", path);
    }
    l->held = 1;
    l->owner = getpid();
    l->dev = st.st_dev;
    l->ino = st.st_ino;
    l->next = all;
    all = l;
    *ret = l;
    return 0;
}

void lock_release(struct lock *l)
{
    if (!l || --l->held)
        return;
    for (struct lock **at = &all; *at; at = &(*at)->next)
        if (*at == l) {
            *at = l->next;
            break;
        }
    struct stat st;
    if (l->owner == getpid() && is_current(l->fd, l->path, &st, NULL) == 1)
        unlink(l->path);
    close(l->fd);
    free(l);
}
