/* What lies in archive/NAME: finding versions there with as few system calls as can be (renew asks for every lineage).
 */
#include "store/archive.h"

#include "base/fs.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

const char *kind_name(enum kind k)
{
    static const char *const names[] = { "cert", "privkey", "chain", "fullchain" };
    _Static_assert(sizeof names / sizeof *names == KIND_COUNT, "a name for each kind");
    return names[k];
}

bool archive_parse_name(signet_str name, enum kind *ret_kind, unsigned *ret_version)
{
    for (unsigned k = 0; k < KIND_COUNT; k++) {
        signet_str kind = str_of(kind_name((enum kind)k));
        uint64_t n;
        if (!str_starts(name, kind) || !str_ends(name, STR(".pem")) || name.n < kind.n + 5)
            continue;
        signet_str digits = { name.p + kind.n, name.n - kind.n - 4 };
        if (digits.p[0] == '0' || str_u64(digits, VERSION_MAX, &n))
            continue;
        *ret_kind = (enum kind)k;
        *ret_version = (unsigned)n;
        return true;
    }
    return false;
}

void archive_name(struct buf *to, enum kind k, unsigned version)
{
    buf_clear(to);
    buf_addf(to, "%s%u.pem", kind_name(k), version);
}

void archive_temp_name(struct buf *to, enum kind k, unsigned version)
{
    buf_clear(to);
    buf_addf(to, OURS_PREFIX "%s%u.pem", kind_name(k), version);
}

static struct version *version_of(struct archive *a, unsigned n)
{
    for (size_t i = a->n; i--;)
        if (a->v[i].n == n)
            return &a->v[i];
    if (a->n == a->cap) {
        size_t cap = a->cap ? a->cap * 2 : 16;
        struct version *v = reallocarray(a->v, cap, sizeof *v);
        if (!v)
            return NULL;
        a->v = v;
        a->cap = cap;
    }
    a->v[a->n] = (struct version){ .n = n };
    return &a->v[a->n++];
}

/* certbot's --reuse-key leaves links to an older key: they count when they lead somewhere. */
static bool leads_somewhere(int fd, const struct dirent64 *d)
{
    return (d->d_type != DT_LNK && d->d_type != DT_UNKNOWN) || faccessat(fd, d->d_name, F_OK, 0) == 0;
}

static int note_entry(struct archive *a, int fd, const struct dirent64 *d)
{
    signet_str name = str_of(d->d_name);
    enum kind k = KIND_CERT;
    unsigned n;
    uint64_t noted;
    bool ours = str_starts(name, STR(OURS_PREFIX)), note = false;
    if (ours) {
        a->unfinished = true;
        note = str_starts(name, STR(OURS_SAVE)) && !str_u64(str_skip(name, strlen(OURS_SAVE)), VERSION_MAX, &noted) &&
               noted;
        if (note)
            n = (unsigned)noted;
        else if (!archive_parse_name(str_skip(name, strlen(OURS_PREFIX)), &k, &n))
            return 0;
    } else if (!archive_parse_name(name, &k, &n) || !leads_somewhere(fd, d)) {
        return 0;
    }
    struct version *v = version_of(a, n);
    if (!v)
        return SIGNET_ENOMEM;
    if (note)
        v->noted = true;
    else
        *(ours ? &v->temps : &v->files) |= 1u << k;
    return 0;
}

static int by_number(const void *a, const void *b)
{
    const struct version *x = a, *y = b;
    return x->n < y->n ? -1 : x->n > y->n;
}

static int read_entries(struct archive *a, int fd, const char *dir, struct err *e)
{
    _Alignas(struct dirent64) char room[16384];
    int r = 0;
    for (;;) {
        ssize_t got = getdents64(fd, room, sizeof room);
        if (got < 0)
            return err_sys(e, errno, "cannot list %s", dir);
        if (!got)
            return 0;
        for (ssize_t at = 0; at < got && !r;) {
            const struct dirent64 *d = (const struct dirent64 *)(const void *)(room + at);
            r = note_entry(a, fd, d);
            at += d->d_reclen;
        }
        if (r)
            return err_nomem(e);
    }
}

int archive_scan(struct archive *ret, const char *dir, struct err *e)
{
    struct archive a = { 0 };
    int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 && errno == ENOENT)
        return err_set(e, SIGNET_ENOTFOUND, "the archive folder %s does not exist", dir);
    if (fd < 0)
        return err_sys(e, errno, "cannot open the archive folder %s", dir);
    int r = read_entries(&a, fd, dir, e);
    close(fd);
    if (r) {
        archive_done(&a);
        return r;
    }
    if (a.n)
        qsort(a.v, a.n, sizeof *a.v, by_number);
    for (size_t i = 0; i < a.n; i++) {
        a.max = a.v[i].n;
        if (a.v[i].files == ALL_KINDS)
            a.newest = a.v[i].n;
    }
    *ret = a;
    return 0;
}

void archive_done(struct archive *a)
{
    free(a->v);
    *a = (struct archive){ 0 };
}

const struct version *archive_find(const struct archive *a, unsigned n)
{
    for (size_t i = a->n; i--;)
        if (a->v[i].n == n)
            return &a->v[i];
    return NULL;
}
