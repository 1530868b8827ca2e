#include "store/journal.h"

#include "base/clock.h"
#include "base/fs.h"
#include "base/log.h"
#include "store/journal_in.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define ROOM          "store.journal"
#define FOLDER        "signet/journal"
#define SUFFIX        ".jsonl"
#define SUFFIX_NEW    ".new"   /* a file being rewritten */
#define SUFFIX_BAD    ".aside" /* one that could not be understood */
#define EMPTY_AFTER   (64u * 1024u)
#define REWRITE_AFTER (1024u * 1024u)

struct journal {
    const struct tree *tree;
    char *dir;     /* path of the folder */
    int dirfd, fd; /* -1: not there yet */
    char name[64]; /* of the file */
    struct entries open;
    size_t size;        /* of the file */
    bool dirty, linked; /* not synced yet; the folder knows the name for good */
    bool has_done;      /* lines of paid debts are in it */
};

int journal_open(struct journal **ret, const struct tree *t, struct err *e)
{
    BUF_AUTO(dir, PATH_MAX);
    struct journal *j = calloc(1, sizeof *j);
    if (!j)
        return err_nomem(e);
    fs_join(&dir, t->work_dir, FOLDER);
    *j = (struct journal){ .tree = t, .dir = buf_take(&dir), .dirfd = -1, .fd = -1 };
    if (!j->dir) {
        free(j);
        return err_nomem(e);
    }
    *ret = j;
    return 0;
}

/* ---- the file ---- */

static int folder_open(struct journal *j, bool make, struct err *e)
{
    if (j->dirfd >= 0)
        return 0;
    int rc = make ? tree_make_notes(j->tree, j->dir, e) : 0;
    if (rc)
        return rc;
    j->dirfd = open(j->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (j->dirfd >= 0)
        return 0;
    if (errno == ENOENT)
        return err_set(e, SIGNET_ENOTFOUND, "there is no folder %s", j->dir);
    return err_sys(e, errno, "cannot open the journal's folder %s", j->dir);
}

/* Somebody else's running journal gives SIGNET_EBUSY. A file system without such locks is taken for one where nobody
 * holds any: certbot's locks keep most others away. */
static int hold(int fd)
{
    while (flock(fd, LOCK_EX | LOCK_NB))
        if (errno != EINTR)
            return errno == EWOULDBLOCK ? SIGNET_EBUSY : 0;
    return 0;
}

/* SIGNET_EBUSY: somebody took it for one that a dead run has left, in the moment before it was held. */
static int file_create(struct journal *j, const char *name, int *ret, struct err *e)
{
    struct stat st;
    int fd = openat(j->dirfd, name, O_RDWR | O_APPEND | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        return err_sys(e, errno, "cannot create the journal %s/%s", j->dir, name);
    if (hold(fd) || (fstat(fd, &st) == 0 && !st.st_nlink)) {
        close(fd);
        return err_set(e, SIGNET_EBUSY, "the journal %s/%s was taken away while it was made", j->dir, name);
    }
    *ret = fd;
    return 0;
}

static int file_make(struct journal *j, struct err *e)
{
    int rc = folder_open(j, true, e);
    if (rc || j->fd >= 0)
        return rc;
    for (unsigned i = 0;; i++) {
        BUF_AUTO(name, sizeof j->name - 1);
        buf_addf(&name, "%lld-%ld", (long long)clock_wall_ms() + i, (long)getpid());
        buf_addz(&name, SUFFIX);
        if (buf_err(&name))
            return err_nomem(e);
        memcpy(j->name, buf_z(&name), name.n + 1);
        rc = file_create(j, j->name, &j->fd, e);
        if (!rc || (rc != SIGNET_EBUSY && !fs_exists(j->dirfd, j->name)) || i == 100)
            break;
        err_clear(e);
    }
    j->size = 0;
    j->linked = j->has_done = false;
    return rc;
}

static int append(const struct journal *j, int fd, signet_str text, size_t at, struct err *e)
{
    size_t done = 0;
    while (done < text.n) {
        ssize_t n = write(fd, text.p + done, text.n - done);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0) {
            int errnum = errno;
            if (done && ftruncate(fd, (off_t)at))
                log_warn(ROOM, "%s/%s: %s", j->dir, j->name, strerror(errno));
            return err_sys(e, errnum, "cannot write the journal %s/%s", j->dir, j->name);
        }
        done += (size_t)n;
    }
    return 0;
}

static int add_text(struct journal *j, signet_str text, struct err *e)
{
    int rc = append(j, j->fd, text, j->size, e);
    if (!rc) {
        j->size += text.n;
        j->dirty = true;
    }
    return rc;
}

int journal_sync(struct journal *j, struct err *e)
{
    if (!j->dirty)
        return 0;
    if (fdatasync(j->fd))
        return err_sys(e, errno, "cannot write the journal %s/%s to disk", j->dir, j->name);
    if (!j->linked && fsync(j->dirfd))
        return err_sys(e, errno, "cannot write the folder %s to disk", j->dir);
    j->linked = true;
    j->dirty = false;
    return 0;
}

/* ---- keeping it small ---- */

static int print_open(const struct journal *j, struct buf *to)
{
    int rc = 0;
    for (size_t i = 0; !rc && i < j->open.n; i++)
        rc = journal_print(to, &j->open.v[i]);
    return rc;
}

/* A new file with only what is open takes the place of the old. */
static int rewrite(struct journal *j, struct err *e)
{
    BUF_AUTO(text, JOURNAL_MAX_BYTES);
    BUF_AUTO(name, NAME_MAX);
    int fd = -1;
    buf_addf(&name, "%s" SUFFIX_NEW, j->name);
    if (print_open(j, &text))
        return err_nomem(e);
    unlinkat(j->dirfd, buf_z(&name), 0);
    int rc = file_create(j, buf_z(&name), &fd, e);
    if (rc)
        return rc;
    rc = append(j, fd, buf_str(&text), 0, e);
    if (!rc && (fdatasync(fd) || renameat(j->dirfd, buf_z(&name), j->dirfd, j->name)))
        rc = err_sys(e, errno, "cannot rewrite the journal %s/%s", j->dir, j->name);
    if (rc) {
        unlinkat(j->dirfd, buf_z(&name), 0);
        close(fd);
        return rc;
    }
    close(j->fd);
    j->fd = fd;
    j->size = text.n;
    j->linked = j->has_done = false;
    j->dirty = true;
    return 0;
}

static size_t worth(const struct journal *j)
{
    size_t n = 0;
    for (size_t i = 0; i < j->open.n; i++)
        for (size_t k = 0; k < j->open.v[i].data.values.n; k++)
            n += strlen(j->open.v[i].data.values.v[k]) + 16;
    return n;
}

static void keep_small(struct journal *j)
{
    struct err e = { 0 };
    if (!j->open.n && j->size > EMPTY_AFTER) {
        if (ftruncate(j->fd, 0) == 0)
            j->size = 0;
    } else if (j->open.n && j->size > REWRITE_AFTER && j->size / 8 > worth(j) && rewrite(j, &e)) {
        log_debug(ROOM, "%s", e.text);
    }
}

void journal_close(struct journal *j)
{
    struct err e = { 0 };
    if (!j)
        return;
    if (j->fd >= 0 && !j->open.n)
        unlinkat(j->dirfd, j->name, 0);
    else if (j->fd >= 0 && j->has_done && rewrite(j, &e))
        log_debug(ROOM, "%s", e.text);
    if (j->fd >= 0 && j->open.n && journal_sync(j, &e))
        log_warn(ROOM, "%s", e.text);
    if (j->fd >= 0)
        close(j->fd);
    if (j->dirfd >= 0)
        close(j->dirfd);
    entries_done(&j->open);
    free(j->dir);
    free(j);
}

/* ---- entries ---- */

int journal_put(struct journal *j, enum journal_type type, const struct record *data, uint64_t *id, struct err *e)
{
    BUF_AUTO(line, JOURNAL_MAX_LINE);
    struct journal_entry entry = { .id = *id ? *id : j->open.last_id + 1, .type = type, .data = *data };
    int rc = journal_print(&line, &entry);
    if (rc)
        return err_set(e, rc, "an entry of the journal is too long");
    if ((rc = file_make(j, e)) || (rc = add_text(j, buf_str(&line), e)))
        return rc;
    if (entries_put(&j->open, entry.id, type, data))
        return err_nomem(e);
    j->has_done |= *id != 0;
    *id = entry.id;
    return 0;
}

void journal_done(struct journal *j, uint64_t *id)
{
    BUF_AUTO(line, 256);
    struct err e = { 0 };
    struct journal_entry *entry = j && *id ? entries_find(&j->open, *id) : NULL;
    *id = 0;
    if (!entry)
        return;
    journal_print_done(&line, entry->id);
    entries_remove(&j->open, entry);
    if (buf_err(&line) || add_text(j, buf_str(&line), &e))
        log_warn(ROOM, "%s", e.text);
    j->has_done = true;
    keep_small(j);
}

const struct journal_entry *journal_at(const struct journal *j, size_t i)
{
    return i < j->open.n ? &j->open.v[i] : NULL;
}

const struct journal_entry *journal_find(const struct journal *j, uint64_t id)
{
    for (size_t i = j->open.n; i-- > 0;)
        if (j->open.v[i].id == id)
            return &j->open.v[i];
    return NULL;
}

/* ---- what dead runs have left ---- */

struct leftover {
    const char *name;
    int fd;
    struct entries open;
    size_t used;
};

/* 0; SIGNET_EBUSY: its run is alive, or it is gone; else it is not to be used, and e says why. */
static int leftover_open(struct journal *j, struct leftover *f, struct err *e)
{
    struct stat st, named;
    f->fd = openat(j->dirfd, f->name, O_RDWR | O_APPEND | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (f->fd < 0)
        return errno == ENOENT ? SIGNET_EBUSY : err_sys(e, errno, "cannot open it");
    if (fstat(f->fd, &st))
        return err_sys(e, errno, "cannot examine it");
    if (!S_ISREG(st.st_mode) || st.st_uid != geteuid() || (st.st_mode & (S_IWGRP | S_IWOTH)))
        return err_set(e, SIGNET_EFORMAT, "it is not a file that only we may write");
    if (hold(f->fd) || fstatat(j->dirfd, f->name, &named, AT_SYMLINK_NOFOLLOW) || named.st_ino != st.st_ino)
        return SIGNET_EBUSY;
    return 0;
}

static int leftover_read(struct journal *j, struct leftover *f, struct err *e)
{
    BUF_AUTO(text, JOURNAL_MAX_BYTES);
    int rc = leftover_open(j, f, e);
    if (!rc)
        rc = fs_read(j->dirfd, f->name, &text, e);
    return rc ? rc : journal_parse(&f->open, buf_str(&text), &f->used, e);
}

static void inherit_all(struct entries *s)
{
    for (size_t i = 0; i < s->n; i++)
        s->v[i].inherited = true;
}

/* Its file becomes ours: what is paid from it is noted in it, so that a second kill finds it noted. */
static int adopt(struct journal *j, struct leftover *f, struct err *e)
{
    BUF_AUTO(name, sizeof j->name - 1);
    buf_addz(&name, f->name);
    if (buf_err(&name))
        return err_set(e, SIGNET_EFORMAT, "its name is too long");
    if (ftruncate(f->fd, (off_t)f->used))
        return err_sys(e, errno, "cannot shorten it");
    memcpy(j->name, buf_z(&name), name.n + 1);
    j->fd = f->fd;
    f->fd = -1;
    j->open = f->open;
    f->open = (struct entries){ 0 };
    j->size = f->used;
    j->has_done = true;
    inherit_all(&j->open);
    return 0;
}

/* A second one: its entries are copied. */
static int merge(struct journal *j, struct leftover *f, struct err *e)
{
    int rc = 0;
    for (size_t i = 0; !rc && i < f->open.n; i++) {
        uint64_t id = 0;
        rc = journal_put(j, f->open.v[i].type, &f->open.v[i].data, &id, e);
        struct journal_entry *made = rc ? NULL : entries_find(&j->open, id);
        if (made)
            made->inherited = true;
    }
    if (!rc)
        rc = journal_sync(j, e);
    if (!rc)
        unlinkat(j->dirfd, f->name, 0);
    return rc;
}

static int set_aside(struct journal *j, const char *name, const struct err *why, struct strlist *did, struct err *e)
{
    BUF_AUTO(to, NAME_MAX);
    BUF_AUTO(text, 8192);
    buf_addf(&to, "%s" SUFFIX_BAD, name);
    if (renameat(j->dirfd, name, j->dirfd, buf_z(&to)))
        log_debug(ROOM, "%s/%s: %s", j->dir, name, strerror(errno));
    buf_addf(&text,
             "The journal of an earlier run, %s/%s, cannot be used: %s. It was set aside as %s; what it speaks of "
             "(challenges left up, hooks not run) is yours to look after.",
             j->dir, name, why->text, buf_z(&to));
    return strlist_addz(did, buf_z(&text)) ? err_nomem(e) : 0;
}

static int take_over(struct journal *j, const char *name, struct strlist *did, struct err *e)
{
    struct leftover f = { .name = name, .fd = -1 };
    struct err why = { 0 };
    int rc = leftover_read(j, &f, &why);
    if (!rc && !f.open.n)
        unlinkat(j->dirfd, name, 0);
    else if (!rc)
        rc = j->fd < 0 ? adopt(j, &f, &why) : merge(j, &f, &why);
    entries_done(&f.open);
    if (rc && rc != SIGNET_EBUSY && rc != SIGNET_ENOMEM)
        rc = set_aside(j, name, &why, did, e);
    else
        rc = rc == SIGNET_ENOMEM ? err_nomem(e) : 0;
    if (f.fd >= 0)
        close(f.fd);
    return rc;
}

int journal_inherit(struct journal *j, struct strlist *did, struct err *e)
{
    STRLIST_AUTO(names);
    struct err why = { 0 };
    int rc = folder_open(j, false, &why);
    if (!rc)
        rc = fs_list(j->dirfd, ".", &names, &why);
    if (rc == SIGNET_ENOTFOUND)
        return 0;
    if (rc) {
        if (e)
            *e = why;
        return rc;
    }
    for (size_t i = 0; !rc && i < names.n; i++) {
        if (str_ends(str_of(names.v[i]), STR(SUFFIX SUFFIX_NEW)))
            unlinkat(j->dirfd, names.v[i], 0);
        else if (str_ends(str_of(names.v[i]), STR(SUFFIX)) && strcmp(names.v[i], j->name))
            rc = take_over(j, names.v[i], did, e);
    }
    return rc;
}
