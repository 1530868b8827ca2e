#include "challenge/webfile.h"

#include "base/b64.h"
#include "base/buf.h"
#include "base/log.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define ROOM          "challenge.webroot"
#define TOKEN_MAX     256u
#define LINK_DEPTH    8
#define LINK_TEXT_MAX 4096u
#define LEVELS        2 /* of WEBFILE_DIR */

static const char *const level_names[LEVELS] = { ".well-known", "acme-challenge" };

/* A folder that we made. Two webroots may lead to it through links, so it is known by its inode. */
struct made {
    struct made *next;
    dev_t dev;
    ino_t ino;
    int parent; /* descriptor of the folder it lies in */
    const char *name;
    unsigned users;
};

/* The challenge folder of one webroot, while any file is up in it. */
struct place {
    struct place *next;
    dev_t dev; /* of the webroot */
    ino_t ino;
    int dir; /* descriptor of the challenge folder */
    uid_t uid;
    gid_t gid;
    char *webroot; /* as given, for messages */
    struct made *used[LEVELS];
    struct webfile *files;
};

struct webfile {
    struct webfile *next;
    struct place *place;
    dev_t dev;
    ino_t ino;
    char *token, *content;
    unsigned users;
};

static struct made *all_made;
static struct place *places;

/* ---- walking ---- */

struct walk {
    const char *webroot; /* for messages */
    int depth;           /* of links within links */
};

static int say(struct err *e, int errnum, const struct walk *w, const char *what, const char *name)
{
    return err_sys(e, errnum, "cannot %s %s below the webroot %s", what, name, w->webroot);
}

static bool is_ours(const struct stat *st)
{
    return st->st_uid == 0 || st->st_uid == geteuid();
}

static bool others_cannot_write(int dir)
{
    struct stat st;
    return fstat(dir, &st) == 0 && is_ours(&st) && !(st.st_mode & (S_IWGRP | S_IWOTH));
}

static int step_into(struct walk *w, int dir, const char *name, int *ret, struct err *e);

/* Opens the folder that a link's text leads to, by the same rules at each step. */
static int walk_text(struct walk *w, int dir, const char *text, int *ret, struct err *e)
{
    int at = text[0] == '/' ? open("/", O_PATH | O_DIRECTORY | O_CLOEXEC)
                            : openat(dir, ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (at < 0)
        return say(e, errno, w, "follow the link to", text);
    signet_str rest = str_of(text), part;
    while (rest.n) {
        str_cut(rest, '/', &part, &rest);
        if (!part.n || str_eq(part, STR(".")))
            continue;
        char *name = str_dup(part);
        int next = -1;
        int rc = name ? step_into(w, at, name, &next, e) : err_nomem(e);
        free(name);
        close(at);
        if (rc)
            return rc;
        at = next;
    }
    *ret = at;
    return 0;
}

/* `link` is a descriptor of the link itself, so that what was judged is what is read. */
static int follow(struct walk *w, int dir, int link, const struct stat *st, const char *name, int *ret, struct err *e)
{
    char text[LINK_TEXT_MAX];
    ssize_t n = readlinkat(link, "", text, sizeof text - 1);
    if (n < 0)
        return say(e, errno, w, "read the link", name);
    text[n] = '\0';
    bool theirs = !is_ours(st);
    if (!theirs && !others_cannot_write(dir)) {
        err_set(e, SIGNET_EINVAL,
                "The symbolic link %s below the webroot %s is not followed: others can write to the folder it is in.",
                name, w->webroot);
        err_hint(e,
                 "Give --webroot-path the folder it leads to, or take the others' right to write to its folder away.");
        return SIGNET_EINVAL;
    }
    if (w->depth >= LINK_DEPTH)
        return err_set(e, SIGNET_EINVAL, "There are too many symbolic links below the webroot %s.", w->webroot);
    int to = -1;
    w->depth++;
    int rc = walk_text(w, dir, text, &to, e);
    w->depth--;
    if (rc)
        return rc;
    struct stat end;
    if (theirs && (fstat(to, &end) || end.st_uid != st->st_uid)) {
        close(to);
        err_set(e, SIGNET_EINVAL,
                "The symbolic link %s below the webroot %s is not followed: user %lu made it, and it leads to a folder "
                "of somebody else.",
                name, w->webroot, (unsigned long)st->st_uid);
        err_hint(e, "Give --webroot-path the folder that the web server really serves.");
        return SIGNET_EINVAL;
    }
    *ret = to;
    return 0;
}

/* One component that is there. -ENOENT is told as SIGNET_ENOTFOUND. */
static int step_into(struct walk *w, int dir, const char *name, int *ret, struct err *e)
{
    int fd = openat(dir, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
    struct stat st;
    if (fd < 0 || fstat(fd, &st)) {
        int errnum = errno;
        if (fd >= 0)
            close(fd);
        say(e, errnum, w, "open", name);
        return errnum == ENOENT ? SIGNET_ENOTFOUND : SIGNET_ESYS;
    }
    if (S_ISDIR(st.st_mode)) {
        *ret = fd;
        return 0;
    }
    int rc = S_ISLNK(st.st_mode)
                 ? follow(w, dir, fd, &st, name, ret, e)
                 : err_set(e, SIGNET_EINVAL, "%s below the webroot %s is not a folder.", name, w->webroot);
    close(fd);
    return rc;
}

/* ---- folders ---- */

static struct made *made_find(int dir)
{
    struct stat st;
    if (fstat(dir, &st))
        return NULL;
    for (struct made *m = all_made; m; m = m->next)
        if (m->dev == st.st_dev && m->ino == st.st_ino)
            return m;
    return NULL;
}

static void made_free(struct made *m)
{
    for (struct made **at = &all_made; *at; at = &(*at)->next)
        if (*at == m) {
            *at = m->next;
            break;
        }
    close(m->parent);
    free(m);
}

static void made_release(struct made *m)
{
    if (!m || --m->users)
        return;
    struct stat st;
    if (fstatat(m->parent, m->name, &st, AT_SYMLINK_NOFOLLOW) || st.st_dev != m->dev || st.st_ino != m->ino)
        log_info(ROOM, "The challenge folder %s was replaced by somebody else, it is left alone", m->name);
    else if (unlinkat(m->parent, m->name, AT_REMOVEDIR))
        log_info(ROOM, "The challenge folder %s stays: there are other files in it", m->name);
    made_free(m);
}

static bool is_empty(int dir)
{
    int fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *d = fd < 0 ? NULL : fdopendir(fd);
    if (!d) {
        if (fd >= 0)
            close(fd);
        return false;
    }
    int n = 0;
    while (n < 3 && readdir(d))
        n++;
    closedir(d);
    return n == 2;
}

/* Owner and group through the descriptor: a name could mean something else by now. Not being allowed to is no reason to
 * stop. */
static void own(int fd, const struct place *p, const char *name)
{
    struct stat st;
    if (fstat(fd, &st) || (st.st_uid == p->uid && st.st_gid == p->gid))
        return;
    if (fchown(fd, p->uid, p->gid))
        log_warn(ROOM, "Unable to change owner and group of %s below %s: %s", name, p->webroot, strerror(errno));
}

/* The folder that was just made, finished. Its parent's owner may have put something else in its place: only an empty
 * folder of our own is touched. */
static int folder_finish(const struct place *p, int dir, const char *name, struct stat *st)
{
    int fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return -1;
    if (fstat(fd, st) || st->st_uid != geteuid() || !is_empty(fd) || fchmod(fd, 0755)) {
        int errnum = errno ? errno : EEXIST;
        close(fd);
        errno = errnum;
        return -1;
    }
    own(fd, p, name);
    return fd;
}

static int folder_make(struct walk *w, struct place *p, int dir, const char *name, int *ret, struct err *e)
{
    struct made *m = calloc(1, sizeof *m);
    if (!m)
        return err_nomem(e);
    struct stat st;
    m->name = name;
    m->parent = openat(dir, ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
    errno = 0;
    int fd = m->parent < 0 ? -1 : folder_finish(p, dir, name, &st);
    if (fd < 0) {
        int rc = say(e, errno ? errno : EEXIST, w, "set up the folder", name);
        if (m->parent >= 0)
            close(m->parent);
        free(m);
        unlinkat(dir, name, AT_REMOVEDIR);
        return rc;
    }
    m->dev = st.st_dev;
    m->ino = st.st_ino;
    m->next = all_made;
    all_made = m;
    *ret = fd;
    return 0;
}

/* Opens one of our two folders, makes it when it is missing, and notes that we use it if it is one that we made. */
static int folder_open(struct walk *w, struct place *p, int dir, const char *name, unsigned level, int *ret,
                       struct err *e)
{
    int rc = step_into(w, dir, name, ret, e);
    if (rc == SIGNET_ENOTFOUND) {
        if (mkdirat(dir, name, 0755) == 0)
            rc = folder_make(w, p, dir, name, ret, e);
        else if (errno == EEXIST)
            rc = step_into(w, dir, name, ret, e);
        else
            rc = say(e, errno, w, "make the folder", name);
    }
    if (rc)
        return rc;
    p->used[level] = made_find(*ret);
    if (p->used[level])
        p->used[level]->users++;
    return 0;
}

/* ---- places ---- */

static void place_free(struct place *p)
{
    for (struct place **at = &places; *at; at = &(*at)->next)
        if (*at == p) {
            *at = p->next;
            break;
        }
    for (int i = LEVELS; i-- > 0;)
        made_release(p->used[i]);
    if (p->dir >= 0)
        close(p->dir);
    free(p->webroot);
    free(p);
}

static int place_fill(struct place *p, int root, struct err *e)
{
    struct walk w = { .webroot = p->webroot };
    int at = root;
    int rc = 0;
    err_clear(e);
    for (unsigned i = 0; !rc && i < LEVELS; i++) {
        int next = -1;
        rc = folder_open(&w, p, at, level_names[i], i, &next, e);
        if (at != root)
            close(at);
        at = next;
    }
    p->dir = rc ? -1 : at;
    return rc;
}

static int place_new(struct place **ret, const char *webroot, int root, const struct stat *st, struct err *e)
{
    struct place *p = calloc(1, sizeof *p);
    if (!p)
        return err_nomem(e);
    *p = (struct place){ .dev = st->st_dev, .ino = st->st_ino, .dir = -1, .uid = st->st_uid, .gid = st->st_gid };
    p->webroot = str_dup(str_of(webroot));
    int rc = p->webroot ? place_fill(p, root, e) : err_nomem(e);
    if (rc) {
        place_free(p);
        return rc;
    }
    err_clear(e);
    p->next = places;
    places = p;
    *ret = p;
    return 0;
}

static int place_get(struct place **ret, const char *webroot, struct err *e)
{
    struct stat st;
    int root = open(webroot, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (root < 0 || fstat(root, &st)) {
        int rc = errno == ENOENT || errno == ENOTDIR
                     ? err_set(e, SIGNET_EINVAL, "%s does not exist or is not a directory", webroot)
                     : err_sys(e, errno, "cannot open the webroot %s", webroot);
        if (root >= 0)
            close(root);
        return rc;
    }
    int rc = 0;
    struct place *p = places;
    while (p && (p->dev != st.st_dev || p->ino != st.st_ino))
        p = p->next;
    if (p)
        *ret = p;
    else
        rc = place_new(ret, webroot, root, &st, e);
    close(root);
    return rc;
}

/* ---- files ---- */

static int write_all(int fd, signet_str s)
{
    while (s.n) {
        ssize_t n = write(fd, s.p, s.n);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -1;
        s = str_skip(s, (size_t)n);
    }
    return 0;
}

static int file_create(struct webfile *f, struct err *e)
{
    struct place *p = f->place;
    struct stat st;
    int fd = openat(p->dir, f->token, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
    if (fd < 0 && errno == EEXIST)
        return err_set(e, SIGNET_EEXIST, "%s/" WEBFILE_DIR "/%s exists already, and this run did not make it.",
                       p->webroot, f->token);
    if (fd < 0)
        return err_sys(e, errno, "cannot create %s/" WEBFILE_DIR "/%s", p->webroot, f->token);
    if (write_all(fd, str_of(f->content)) || fchmod(fd, 0644) || fstat(fd, &st)) {
        int rc = err_sys(e, errno, "cannot write %s/" WEBFILE_DIR "/%s", p->webroot, f->token);
        unlinkat(p->dir, f->token, 0);
        close(fd);
        return rc;
    }
    own(fd, p, f->token);
    f->dev = st.st_dev;
    f->ino = st.st_ino;
    close(fd);
    log_debug(ROOM, "Wrote %s/" WEBFILE_DIR "/%s", p->webroot, f->token);
    return 0;
}

static void file_free(struct webfile *f)
{
    free(f->token);
    free(f->content);
    free(f);
}

static int file_new(struct webfile **ret, struct place *p, signet_str token, signet_str content, struct err *e)
{
    struct webfile *f = calloc(1, sizeof *f);
    if (!f)
        return err_nomem(e);
    *f = (struct webfile){ .place = p, .token = str_dup(token), .content = str_dup(content), .users = 1 };
    int rc = f->token && f->content ? file_create(f, e) : err_nomem(e);
    if (rc) {
        file_free(f);
        return rc;
    }
    f->next = p->files;
    p->files = f;
    *ret = f;
    return 0;
}

int webfile_put(struct webfile **ret, const char *webroot, signet_str token, signet_str content, struct err *e)
{
    struct place *p = NULL;
    if (!b64url_ok(token) || token.n > TOKEN_MAX)
        return err_set(e, SIGNET_EINVAL, "The CA's token is not one that can name a file.");
    int rc = place_get(&p, webroot, e);
    if (!p)
        return rc;
    for (struct webfile *f = p->files; f; f = f->next)
        if (str_eq(str_of(f->token), token) && str_eq(str_of(f->content), content)) {
            f->users++;
            *ret = f;
            return 0;
        }
    rc = file_new(ret, p, token, content, e);
    if (!p->files)
        place_free(p);
    return rc;
}

bool webfile_remove(struct webfile *f)
{
    if (!f || --f->users)
        return true;
    struct place *p = f->place;
    struct stat st;
    bool gone = true;
    if (fstatat(p->dir, f->token, &st, AT_SYMLINK_NOFOLLOW) || st.st_dev != f->dev || st.st_ino != f->ino)
        log_info(ROOM, "%s/" WEBFILE_DIR "/%s is gone or was replaced by somebody else, it is left alone", p->webroot,
                 f->token);
    else if (unlinkat(p->dir, f->token, 0) && errno != ENOENT) {
        log_warn(ROOM, "Cannot remove %s/" WEBFILE_DIR "/%s: %s", p->webroot, f->token, strerror(errno));
        gone = false;
    }
    for (struct webfile **at = &p->files; *at; at = &(*at)->next)
        if (*at == f) {
            *at = f->next;
            break;
        }
    file_free(f);
    if (!p->files)
        place_free(p);
    return gone;
}

/* ---- for another process ---- */

/* The folder at a level is missing, or of our making: then it goes when it is empty. */
static int note_folder(struct record *ret, int *at, struct walk *w, unsigned level)
{
    int next = -1;
    struct err e = { 0 };
    bool made = *at < 0 || step_into(w, *at, level_names[level], &next, &e) == SIGNET_ENOTFOUND ||
                (next >= 0 && made_find(next));
    if (*at >= 0)
        close(*at);
    *at = next;
    return made ? record_addz(ret, "made", level_names[level]) : 0;
}

int webfile_describe(const char *webroot, signet_str token, signet_str content, struct record *ret)
{
    struct walk w = { .webroot = webroot };
    int at = open(webroot, O_PATH | O_DIRECTORY | O_CLOEXEC);
    int rc = record_addz(ret, "webroot", webroot);
    if (!rc)
        rc = record_add(ret, "token", token);
    if (!rc)
        rc = record_add(ret, "content", content);
    for (unsigned i = 0; i < LEVELS; i++)
        if (!rc)
            rc = note_folder(ret, &at, &w, i);
    if (at >= 0)
        close(at);
    return rc;
}

/* Is it a plain file with just that content? */
static bool is_ours_by_content(int dir, const char *name, const char *content)
{
    char have[1024];
    int fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    struct stat st;
    ssize_t n = fd < 0 || fstat(fd, &st) || !S_ISREG(st.st_mode) ? -1 : read(fd, have, sizeof have);
    if (fd >= 0)
        close(fd);
    /* A kill between making and writing it leaves the beginning of it, most often nothing. */
    return n >= 0 && (size_t)n <= strlen(content) && memcmp(have, content, (size_t)n) == 0;
}

static int undo_file(const struct record *r, int dir, bool *ret, struct err *e)
{
    const char *token = record_get(r, "token"), *content = record_get(r, "content");
    if (!is_ours_by_content(dir, token, content))
        return 0;
    *ret = unlinkat(dir, token, 0) == 0;
    return *ret || errno == ENOENT
               ? 0
               : err_sys(e, errno, "cannot remove %s/" WEBFILE_DIR "/%s", record_get(r, "webroot"), token);
}

static bool undo_folder(const struct record *r, int parent, const char *name)
{
    STRLIST_AUTO(made);
    struct stat st;
    return !record_get_list(r, "made", &made) && strlist_has(&made, str_of(name)) &&
           fstatat(parent, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(st.st_mode) &&
           unlinkat(parent, name, AT_REMOVEDIR) == 0;
}

int webfile_undo(const struct record *r, bool *ret, struct err *e)
{
    const char *webroot = record_get(r, "webroot"), *token = record_get(r, "token"),
               *content = record_get(r, "content");
    if (!webroot || !token || !content || !b64url_ok(str_of(token)))
        return err_set(e, SIGNET_EFORMAT, "this is not a record of a challenge file");
    struct walk w = { .webroot = webroot };
    int at[LEVELS + 1] = { open(webroot, O_PATH | O_DIRECTORY | O_CLOEXEC), -1, -1 };
    unsigned depth = 0;
    if (at[0] < 0 && errno != ENOENT && errno != ENOTDIR)
        return err_sys(e, errno, "cannot open %s", webroot);
    while (depth < LEVELS && at[depth] >= 0 && step_into(&w, at[depth], level_names[depth], &at[depth + 1], NULL) == 0)
        depth++;
    int rc = depth == LEVELS ? undo_file(r, at[LEVELS], ret, e) : 0;
    for (unsigned i = depth; i-- > 0;)
        *ret |= undo_folder(r, at[i], level_names[i]);
    for (unsigned i = 0; i <= LEVELS; i++)
        if (at[i] >= 0)
            close(at[i]);
    return rc;
}
