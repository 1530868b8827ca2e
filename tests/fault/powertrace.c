/* Writes down every change that a program makes below a folder, with the bytes, for the model of a power cut
 * (powerloss.py).
 *
 *     powertrace ROOT[:ROOT ...] EVENTS BYTES COMMAND [ARGUMENT ...]
 *
 * EVENTS gets one line for each change that happened, fields separated by tabs:
 *
 *     create FOLDER NAME INODE MODE       a new file; also mkdir, and symlink with BYTES-OFFSET LENGTH of its target
 *     link FOLDER NAME INODE MODE         a further name for a file
 *     unlink FOLDER NAME                  also of folders
 *     rename FOLDER NAME FOLDER NAME FLAGS
 *     write INODE OFFSET BYTES-OFFSET LENGTH
 *     truncate INODE LENGTH
 *     fsync INODE
 *     mode INODE MODE
 *     mark WORDS                          of no consequence for the content: what was called
 *
 * Folders and files are inode numbers, so that no path need be understood twice; names and targets are hexadecimal. A
 * change that this gear does not know ends it with status 125. */
#include "trace.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>

struct notes {
    FILE *events, *bytes;
    struct {
        pid_t pid;
        bool existed; /* an open with O_CREAT: was it there before? */
        ino_t ino;    /* what the path named before the call */
    } open[16];
};

static struct stat look(const char *path, bool follow)
{
    struct stat st = { 0 };
    if (follow ? stat(path, &st) : lstat(path, &st))
        st.st_ino = 0;
    return st;
}

static struct stat of_fd(pid_t pid, int fd)
{
    char name[64];
    snprintf(name, sizeof name, "/proc/%d/fd/%d", (int)pid, fd);
    return look(name, true);
}

static void put_hex(FILE *to, const char *s)
{
    for (; *s; s++)
        fprintf(to, "%02x", (unsigned char)*s);
}

/* "FOLDER\tNAME" of a path. */
static void put_place(struct notes *n, const char *path)
{
    char folder[2 * PATH_MAX];
    snprintf(folder, sizeof folder, "%s", path);
    size_t len = strlen(folder);
    while (len > 1 && folder[len - 1] == '/')
        folder[--len] = '\0';
    char *slash = strrchr(folder, '/');
    char name[NAME_MAX + 1];
    snprintf(name, sizeof name, "%s", slash ? slash + 1 : folder);
    if (slash)
        *(slash == folder ? slash + 1 : slash) = '\0';
    fprintf(n->events, "\t%ju\t", (uintmax_t)look(folder, true).st_ino);
    put_hex(n->events, name);
}

static long put_bytes(struct notes *n, const struct trace_event *ev, uint64_t addr, size_t len)
{
    char block[65536];
    long at = ftell(n->bytes);
    while (len) {
        size_t part = len < sizeof block ? len : sizeof block;
        if (trace_peek(ev->pid, addr, block, part) != part || fwrite(block, 1, part, n->bytes) != part)
            trace_die("the bytes of a write");
        addr += part;
        len -= part;
    }
    return at;
}

static off_t position(pid_t pid, int fd)
{
    char name[64], line[128];
    long long pos = 0;
    snprintf(name, sizeof name, "/proc/%d/fdinfo/%d", (int)pid, fd);
    FILE *f = fopen(name, "re");
    if (f && fgets(line, sizeof line, f) && !strncmp(line, "pos:", 4))
        pos = strtoll(line + 4, NULL, 10);
    if (f)
        fclose(f);
    return (off_t)pos;
}

static enum trace_do entered(void *ctx, const struct trace_event *ev)
{
    struct notes *n = ctx;
    if (ev->call->flags < 0)
        return TRACE_GO;
    for (size_t i = 0; i < sizeof n->open / sizeof n->open[0]; i++)
        if (!n->open[i].pid || n->open[i].pid == ev->pid) {
            n->open[i].pid = ev->pid;
            n->open[i].existed = look(ev->path[0], false).st_ino != 0;
            return TRACE_GO;
        }
    trace_die("too many processes");
}

static bool existed(const struct notes *n, pid_t pid)
{
    for (size_t i = 0; i < sizeof n->open / sizeof n->open[0]; i++)
        if (n->open[i].pid == pid)
            return n->open[i].existed;
    return false;
}

static void opened(struct notes *n, const struct trace_event *ev, int fd)
{
    struct stat st = of_fd(ev->pid, fd);
    if ((ev->flags & O_TMPFILE) == O_TMPFILE)
        return; /* never has a name */
    if ((ev->flags & O_CREAT) && !existed(n, ev->pid)) {
        fprintf(n->events, "create");
        put_place(n, ev->path[0]);
        fprintf(n->events, "\t%ju\t%o\n", (uintmax_t)st.st_ino, st.st_mode & 07777);
    } else if (ev->flags & O_TRUNC) {
        fprintf(n->events, "truncate\t%ju\t0\n", (uintmax_t)st.st_ino);
    }
}

static void wrote(struct notes *n, const struct trace_event *ev, int64_t len, bool at_offset)
{
    struct stat st = of_fd(ev->pid, (int)ev->args[0]);
    off_t at = at_offset ? (off_t)ev->args[3] : position(ev->pid, (int)ev->args[0]) - (off_t)len;
    fprintf(n->events, "write\t%ju\t%jd\t%ld\t%jd\n", (uintmax_t)st.st_ino, (intmax_t)at,
            put_bytes(n, ev, ev->args[1], (size_t)len), (intmax_t)len);
}

static void made(struct notes *n, const struct trace_event *ev, const char *what)
{
    const char *path = ev->path[ev->call->path2 >= 0 ? 1 : 0];
    char target[PATH_MAX];
    fprintf(n->events, "%s", what);
    put_place(n, path);
    struct stat st = look(path, false);
    fprintf(n->events, "\t%ju\t%o", (uintmax_t)st.st_ino, st.st_mode & 07777);
    if (!strcmp(what, "symlink")) {
        uint64_t from = ev->args[0];
        size_t got = trace_peek(ev->pid, from, target, sizeof target - 1);
        target[got] = '\0';
        fprintf(n->events, "\t%ld\t%zu", put_bytes(n, ev, from, strlen(target)), strlen(target));
    }
    fputc('\n', n->events);
}

static void renamed(struct notes *n, const struct trace_event *ev, uint64_t flags)
{
    fprintf(n->events, "rename");
    put_place(n, ev->path[0]);
    put_place(n, ev->path[1]);
    fprintf(n->events, "\t%ju\n", (uintmax_t)flags);
}

static void removed(struct notes *n, const struct trace_event *ev)
{
    fprintf(n->events, "unlink");
    put_place(n, ev->path[0]);
    fputc('\n', n->events);
}

/* Is it one of these names, separated by blanks? */
static bool is(const struct trace_event *ev, const char *names)
{
    size_t len = strlen(ev->call->name);
    for (const char *at = names; (at = strstr(at, ev->call->name)); at += len)
        if ((at == names || at[-1] == ' ') && (at[len] == ' ' || !at[len]))
            return true;
    return false;
}

static void of_the_content(struct notes *n, const struct trace_event *ev, int64_t result)
{
    struct stat st = of_fd(ev->pid, (int)ev->args[0]);
    if (is(ev, "write pwrite64"))
        wrote(n, ev, result, is(ev, "pwrite64"));
    else if (is(ev, "ftruncate"))
        fprintf(n->events, "truncate\t%ju\t%ju\n", (uintmax_t)st.st_ino, (uintmax_t)ev->args[1]);
    else if (is(ev, "fsync fdatasync"))
        fprintf(n->events, "fsync\t%ju\n", (uintmax_t)st.st_ino);
    else if (is(ev, "fchmod"))
        fprintf(n->events, "mode\t%ju\t%o\n", (uintmax_t)st.st_ino, st.st_mode & 07777);
    else if (!is(ev, "fchown fsetxattr fchmodat fchownat utimensat chmod chown lchown")) {
        errno = ENOSYS;
        trace_die(ev->call->name);
    }
}

static void left(void *ctx, const struct trace_event *ev, int64_t result)
{
    struct notes *n = ctx;
    if (result < 0)
        return;
    fprintf(n->events, "mark\t%s", ev->call->name);
    trace_print_paths(n->events, ev);
    fputc('\n', n->events);
    if (is(ev, "openat openat2 open"))
        opened(n, ev, (int)result);
    else if (is(ev, "mkdirat mkdir"))
        made(n, ev, "mkdir");
    else if (is(ev, "symlinkat symlink"))
        made(n, ev, "symlink");
    else if (is(ev, "linkat link"))
        made(n, ev, "link");
    else if (is(ev, "unlinkat unlink rmdir"))
        removed(n, ev);
    else if (is(ev, "renameat2"))
        renamed(n, ev, ev->args[4]);
    else if (is(ev, "renameat rename"))
        renamed(n, ev, 0);
    else
        of_the_content(n, ev, result);
}

int main(int argc, char **argv)
{
    static struct notes n;
    if (argc < 5) {
        fprintf(stderr, "usage: powertrace ROOT[:ROOT ...] EVENTS BYTES COMMAND [ARGUMENT ...]\n");
        return TRACE_BROKEN;
    }
    if (!(n.events = fopen(argv[2], "we")) || !(n.bytes = fopen(argv[3], "wbe")))
        trace_die(argv[2]);
    struct trace t = { .roots = argv[1], .ctx = &n, .entered = entered, .left = left };
    int result = trace_run(&t, argv + 4);
    if (fclose(n.events) || fclose(n.bytes))
        trace_die(argv[3]);
    return result;
}
