#include "deploy/apache/file.h"

#include "base/fs.h"
#include <dlfcn.h>
#include <fcntl.h>
#include <stdlib.h>

#define LIBRARY      "libaugeas.so.0"
#define LENS         "Httpd.lns"
#define FLAGS        (1u << 5 | 1u << 6 | 1u << 7) /* load nothing by itself; note where things are in the text */
#define PATH_MAX_    16384u
#define CHILDREN_MAX 100000

/* What we call of it (augeas.h). */
struct augeas;
struct library {
    void *handle;
    struct augeas *a;
    struct augeas *(*init)(const char *root, const char *loadpath, unsigned flags);
    void (*close)(struct augeas *a);
    int (*transform)(struct augeas *a, const char *lens, const char *file, int excl);
    int (*load)(struct augeas *a);
    int (*match)(const struct augeas *a, const char *path, char ***matches);
    int (*get)(const struct augeas *a, const char *path, const char **value);
    int (*rm)(struct augeas *a, const char *path);
    int (*span)(struct augeas *a, const char *path, char **file, unsigned *label_start, unsigned *label_end,
                unsigned *value_start, unsigned *value_end, unsigned *start, unsigned *end);
};
static struct library lib;

void apa_unload(void)
{
    if (lib.a)
        lib.close(lib.a);
    if (lib.handle)
        dlclose(lib.handle);
    lib = (struct library){ 0 };
}

static bool find(void *at, const char *name)
{
    void *symbol = dlsym(lib.handle, name);
    memcpy(at, &symbol, sizeof symbol); /* ISO C has no cast from an object's to a function's pointer */
    return symbol != NULL;
}

static int load_library(struct err *e)
{
    if (lib.a)
        return 0;
    lib.handle = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL);
    if (lib.handle && find(&lib.init, "aug_init") && find(&lib.close, "aug_close") &&
        find(&lib.transform, "aug_transform") && find(&lib.load, "aug_load") && find(&lib.match, "aug_match") &&
        find(&lib.get, "aug_get") && find(&lib.rm, "aug_rm") && find(&lib.span, "aug_span"))
        lib.a = lib.init("/", NULL, FLAGS);
    if (lib.a)
        return 0;
    apa_unload();
    err_set(e, SIGNET_ENOTFOUND, "Apache's configuration is read by libaugeas, which cannot be loaded (" LIBRARY ")");
    err_hint(e,
             "Install it: the package is called libaugeas0 or augeas-libs; with it come its lenses (augeas-lenses).");
    return SIGNET_ENOTFOUND;
}

void apa_file_done(struct apa_file *f)
{
    for (uint32_t i = 0; i < f->n; i++) {
        free(f->node[i].name);
        strlist_done(&f->node[i].args);
    }
    for (uint32_t i = 0; i < f->n_values; i++)
        free(f->value[i].text);
    free(f->value);
    free(f->node);
    free(f->path);
    free(f->real);
    buf_done(&f->text);
    *f = (struct apa_file){ 0 };
}

/* ---- from its tree to ours ---- */

/* What a match returned. */
struct matches {
    char **v;
    int n;
};

static void matches_done(struct matches *m)
{
    for (int i = 0; i < m->n; i++)
        free(m->v[i]);
    free(m->v);
}

static char *lower(signet_str s)
{
    char *z = str_dup(s);
    for (char *c = z; c && *c; c++)
        if (*c >= 'A' && *c <= 'Z')
            *c = (char)(*c - 'A' + 'a');
    return z;
}

/* The label of a path: "/files/x/VirtualHost[2]" is a VirtualHost. */
static signet_str label_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    signet_str label = str_of(slash ? slash + 1 : path), rest;
    (void)str_cut(label, '[', &label, &rest);
    return label;
}

static signet_str unquoted(const char *z)
{
    signet_str s = str_of(z);
    bool quoted = s.n >= 2 && (s.p[0] == '"' || s.p[0] == '\'') && s.p[s.n - 1] == s.p[0];
    return quoted ? (signet_str){ s.p + 1, s.n - 2 } : s;
}

static int add_node(struct apa_file *f, struct apa_node *n)
{
    if (f->n == APA_NODES_MAX)
        return SIGNET_ELIMIT;
    if (f->n == f->cap) {
        uint32_t cap = f->cap ? f->cap * 2 : 64;
        struct apa_node *v = reallocarray(f->node, cap, sizeof *v);
        if (!v)
            return SIGNET_ENOMEM;
        f->node = v;
        f->cap = cap;
    }
    f->node[f->n++] = *n;
    return 0;
}

static int read_span(const char *path, struct apa_node *n)
{
    unsigned a, b, c, d, start, end;
    char *file = NULL;
    if (lib.span(lib.a, path, &file, &a, &b, &c, &d, &start, &end))
        return SIGNET_EFORMAT;
    free(file);
    n->start = start;
    n->end = end;
    return 0;
}

static int walk(struct apa_file *f, const char *path, uint32_t parent, unsigned depth);

static int take(struct apa_file *f, const char *path, uint32_t parent, unsigned depth)
{
    const char *value = NULL;
    signet_str label = label_of(path);
    struct apa_node n = { .parent = parent, .section = !str_eq(label, STR("directive")) };
    if (str_starts(label, STR("#")))
        return 0;
    (void)lib.get(lib.a, path, &value);
    if (str_eq(label, STR("arg")))
        return parent && value ? strlist_add(&f->node[parent - 1].args, unquoted(value)) : 0;
    n.name = lower(n.section ? label : str_of(value));
    int rc = n.name ? read_span(path, &n) : SIGNET_ENOMEM;
    if (!rc)
        rc = add_node(f, &n);
    if (rc) {
        free(n.name);
        return rc;
    }
    return walk(f, path, f->n, depth + 1);
}

static int walk(struct apa_file *f, const char *path, uint32_t parent, unsigned depth)
{
    BUF_AUTO(pattern, PATH_MAX_);
    struct matches m = { 0 };
    buf_addf(&pattern, "%s/*", path);
    if (depth > APA_DEPTH_MAX)
        return SIGNET_ELIMIT;
    m.n = buf_err(&pattern) ? -1 : lib.match(lib.a, buf_z(&pattern), &m.v);
    int rc = m.n < 0 || m.n > CHILDREN_MAX ? SIGNET_ENOMEM : 0;
    if (m.n < 0)
        m.n = 0;
    for (int i = 0; !rc && i < m.n; i++)
        rc = take(f, m.v[i], parent, depth);
    matches_done(&m);
    return rc;
}

static int complain(const struct apa_file *f, const char *escaped, struct err *e)
{
    BUF_AUTO(path, PATH_MAX_);
    const char *line = NULL, *words = NULL;
    buf_addf(&path, "/augeas/files%s/error/line", escaped);
    (void)lib.get(lib.a, buf_z(&path), &line);
    buf_clear(&path);
    buf_addf(&path, "/augeas/files%s/error/message", escaped);
    (void)lib.get(lib.a, buf_z(&path), &words);
    return err_set(e, SIGNET_EFORMAT, "cannot edit safely: %s, line %s is not understood (%.300s)", f->path,
                   line ? line : "?", words ? words : "it could not be read");
}

/* A file's path as part of one of its expressions. */
static void add_escaped(const char *path, struct buf *to)
{
    for (; *path; path++) {
        if (strchr(" \t[]|=()!,'\"\\", *path))
            buf_addc(to, '\\');
        buf_addc(to, *path);
    }
}

static int read_tree(struct apa_file *f, struct err *e)
{
    BUF_AUTO(path, PATH_MAX_);
    BUF_AUTO(at, PATH_MAX_);
    struct matches m = { 0 };
    (void)lib.rm(lib.a, "/augeas/load/*");
    add_escaped(f->real, &at);
    buf_addf(&path, "/files%s", buf_z(&at));
    int rc = buf_err(&path);
    if (!rc && (lib.transform(lib.a, LENS, f->real, 0) || lib.load(lib.a)))
        rc = SIGNET_ENOMEM;
    m.n = rc ? 0 : lib.match(lib.a, buf_z(&path), &m.v);
    if (!rc)
        rc = m.n == 1 ? walk(f, buf_z(&path), 0, 0) : complain(f, buf_z(&at), e);
    if (m.n > 0)
        matches_done(&m);
    if (rc == SIGNET_ENOMEM)
        return err_nomem(e);
    return rc == SIGNET_ELIMIT ? err_set(e, rc, "%s is too large or too deep", f->path) : rc;
}

/* Augeas would end there. */
static int refuse_nul(const struct apa_file *f, struct err *e)
{
    const char *at = f->text.n ? memchr(f->text.p, '\0', f->text.n) : NULL;
    if (!at)
        return 0;
    return err_set(e, SIGNET_EFORMAT, "cannot edit safely: %s, line %u: a NUL byte", f->path,
                   apa_line(f, (uint32_t)(at - f->text.p)));
}

int apa_file_read(struct apa_file *ret, const char *path, struct err *e)
{
    struct apa_file f = { .text = BUF_INIT(APA_FILE_BYTES_MAX) };
    int rc = load_library(e);
    if (rc)
        return rc;
    f.path = str_dup(str_of(path));
    f.real = realpath(path, NULL);
    rc = !f.path  ? err_nomem(e)
         : f.real ? fs_read(AT_FDCWD, f.real, &f.text, e)
                  : err_set(e, SIGNET_ENOTFOUND, "%s does not exist", path);
    if (!rc)
        rc = refuse_nul(&f, e);
    if (!rc && f.text.n) /* Augeas has no tree for an empty file */
        rc = read_tree(&f, e);
    bool no_end = f.text.n && f.text.p[f.text.n - 1] != '\n'; /* Augeas reads as if there were one */
    for (uint32_t i = 0; !rc && no_end && i < f.n; i++)
        f.node[i].end -= f.node[i].end == f.text.n + 1;
    for (uint32_t i = 0; !rc && i < f.n; i++)
        if (f.node[i].start > f.node[i].end || f.node[i].end > f.text.n)
            rc = err_set(e, SIGNET_EFORMAT, "cannot edit safely: %s has changed while it was read", path);
    if (rc)
        apa_file_done(&f);
    else
        *ret = f;
    return rc;
}

/* ---- places ---- */

uint32_t apa_line(const struct apa_file *f, uint32_t offset)
{
    uint32_t line = 1;
    for (uint32_t i = 0; i < offset && i < f->text.n; i++)
        line += f->text.p[i] == '\n';
    return line;
}

uint32_t apa_inside(const struct apa_file *f, uint32_t node)
{
    uint32_t at = f->node[node].start;
    while (at < f->node[node].end && (f->text.p[at] != '\n' || (at && f->text.p[at - 1] == '\\')))
        at++;
    return at < f->node[node].end ? at + 1 : at;
}

const char *apa_line_end(const struct apa_file *f, uint32_t at)
{
    return at && f->text.p[at - 1] != '\n' ? "\n" : "";
}

uint32_t apa_inside_end(const struct apa_file *f, uint32_t node)
{
    uint32_t at = f->node[node].end;
    while (at > f->node[node].start + 1 && !(f->text.p[at - 1] == '/' && f->text.p[at - 2] == '<'))
        at--;
    while (at > f->node[node].start && f->text.p[at - 1] != '\n')
        at--;
    return at;
}
