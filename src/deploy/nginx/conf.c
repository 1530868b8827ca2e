#include "deploy/nginx/conf.h"

#include "base/fs.h"
#include <fcntl.h>
#include <glob.h>
#include <stdlib.h>

#define PATH_BYTES_MAX 8192u

static void file_done(struct ngx_file *f)
{
    free(f->path);
    free(f->real);
    buf_done(&f->text);
    buf_done(&f->before);
    ngx_tree_done(&f->tree);
    free(f->include);
}

void ngx_conf_done(struct ngx_conf *c)
{
    for (uint32_t i = 0; i < c->n_files; i++)
        file_done(&c->file[i]);
    free(c->file);
    free(c->link);
    free(c->slot);
    free(c->root);
    free(c->missing);
    *c = (struct ngx_conf){ 0 };
}

/* ---- which files are there already ---- */

static uint32_t hash(const char *z)
{
    uint32_t h = 2166136261u;
    for (; *z; z++)
        h = (h ^ (unsigned char)*z) * 16777619u;
    return h;
}

/* The slot of a path: holds its file's index + 1, or 0 where it belongs. */
static uint32_t *slot_of(const struct ngx_conf *c, const char *path)
{
    uint32_t i = hash(path) & (c->n_slots - 1);
    while (c->slot[i] && strcmp(c->file[c->slot[i] - 1].path, path))
        i = (i + 1) & (c->n_slots - 1);
    return &c->slot[i];
}

static int grow_slots(struct ngx_conf *c)
{
    if (c->n_files * 2 < c->n_slots)
        return 0;
    uint32_t n = c->n_slots ? c->n_slots * 2 : 64;
    uint32_t *slots = calloc(n, sizeof *slots);
    if (!slots)
        return SIGNET_ENOMEM;
    free(c->slot);
    c->slot = slots;
    c->n_slots = n;
    for (uint32_t i = 0; i < c->n_files; i++)
        *slot_of(c, c->file[i].path) = i + 1;
    return 0;
}

/* Room for one more; arrays of thousands are doubled. */
static int grow(void **v, uint32_t n, uint32_t *cap, size_t size)
{
    if (n < *cap)
        return 0;
    uint32_t want = *cap ? *cap * 2 : 16;
    void *more = reallocarray(*v, want, size);
    if (!more)
        return SIGNET_ENOMEM;
    *v = more;
    *cap = want;
    return 0;
}

/* ---- reading ---- */

static int read_file(struct ngx_conf *c, struct ngx_file *f, struct err *e)
{
    f->text = BUF_INIT(NGX_FILE_BYTES_MAX);
    int rc = fs_read(AT_FDCWD, f->path, &f->text, e);
    if (rc)
        return rc;
    c->total += f->text.n;
    if (c->total > NGX_TOTAL_BYTES_MAX)
        return err_set(e, SIGNET_ELIMIT, "the configuration has more than %u bytes", NGX_TOTAL_BYTES_MAX);
    f->real = realpath(f->path, NULL);
    if (!f->real)
        return err_set(e, SIGNET_ESYS, "%s cannot be found any more", f->path);
    if ((rc = ngx_tree_parse(&f->tree, (signet_str){ buf_z(&f->text), f->text.n }, e)))
        return err_wrap(e, "%s", f->path);
    return 0;
}

static int add_file(struct ngx_conf *c, const char *path, uint32_t *ret, struct err *e)
{
    if (c->n_files == NGX_FILES_MAX)
        return err_set(e, SIGNET_ELIMIT, "the configuration has more than %u files", NGX_FILES_MAX);
    if (grow((void **)&c->file, c->n_files, &c->cap_files, sizeof *c->file) || grow_slots(c))
        return err_nomem(e);
    struct ngx_file f = { .path = str_dup(str_of(path)), .same = c->n_files };
    int rc = f.path ? read_file(c, &f, e) : err_nomem(e);
    if (rc) {
        file_done(&f);
        return rc;
    }
    *ret = c->n_files;
    *slot_of(c, path) = c->n_files + 1;
    c->file[c->n_files++] = f;
    return 0;
}

static int load(struct ngx_conf *c, const char *path, unsigned depth, uint32_t *ret, struct err *e);
static int follow(struct ngx_conf *c, uint32_t at, unsigned depth, struct err *e);

static int add_link(struct ngx_conf *c, uint32_t *found, uint32_t n, uint32_t *ret_first)
{
    *ret_first = c->n_links;
    for (uint32_t i = 0; i < n; i++) {
        if (grow((void **)&c->link, c->n_links, &c->cap_links, sizeof *c->link))
            return SIGNET_ENOMEM;
        c->link[c->n_links++] = found[i];
    }
    return 0;
}

static int load_pattern(struct ngx_conf *c, const char *pattern, unsigned depth, struct ngx_include *inc, struct err *e)
{
    glob_t g = { 0 };
    int rc = glob(pattern, 0, NULL, &g);
    if (rc == GLOB_NOMATCH)
        return 0;
    if (rc)
        return err_set(e, rc == GLOB_NOSPACE ? SIGNET_ENOMEM : SIGNET_ESYS, "%s cannot be looked up", pattern);
    uint32_t *found = calloc(g.gl_pathc + 1, sizeof *found);
    rc = found ? 0 : err_nomem(e);
    for (size_t i = 0; !rc && i < g.gl_pathc; i++, inc->n++)
        rc = load(c, g.gl_pathv[i], depth, &found[i], e);
    if (!rc && add_link(c, found, inc->n, &inc->first))
        rc = err_nomem(e);
    free(found);
    globfree(&g);
    return rc;
}

static uint32_t line_of(const struct ngx_conf *c, uint32_t at, uint32_t node)
{
    const struct ngx_tree *t = &c->file[at].tree;
    return ngx_line(t, t->word[t->node[node].word].at);
}

/* While a plan is made, thousands of servers may include one file that is not there yet: it is looked for once. */
static bool is_missing(struct ngx_conf *c, const char *path)
{
    if (c->n_slots && *slot_of(c, path))
        return false;
    if (c->missing && !strcmp(c->missing, path))
        return true;
    if (fs_exists(AT_FDCWD, path))
        return false;
    free(c->missing);
    c->missing = str_dup(str_of(path));
    return true;
}

static int load_include(struct ngx_conf *c, uint32_t at, uint32_t node, unsigned depth, struct err *e)
{
    BUF_AUTO(name, PATH_BYTES_MAX);
    BUF_AUTO(path, PATH_BYTES_MAX);
    struct ngx_include inc = { .node = node };
    const struct ngx_tree *t = &c->file[at].tree;
    uint32_t found = 0;
    ngx_value(t, &t->node[node], 1, &name);
    fs_join(&path, c->root, buf_z(&name));
    if (buf_err(&path) || buf_err(&name) || strlen(buf_z(&name)) != name.n)
        return err_set(e, SIGNET_EFORMAT, "%s, line %u: this include cannot be followed", c->file[at].path,
                       line_of(c, at, node));
    int rc;
    if (strpbrk(buf_z(&path), "*?[")) {
        rc = load_pattern(c, buf_z(&path), depth, &inc, e);
    } else if (c->lenient && is_missing(c, buf_z(&path))) {
        rc = 0;
    } else if (!(rc = load(c, buf_z(&path), depth, &found, e))) {
        inc.n = 1;
        rc = add_link(c, &found, 1, &inc.first) ? err_nomem(e) : 0;
    }
    if (rc)
        return rc == SIGNET_ENOTFOUND ? err_wrap(e, "%s, line %u", c->file[at].path, line_of(c, at, node)) : rc;
    struct ngx_file *f = &c->file[at];
    if (grow((void **)&f->include, f->n_includes, &f->cap_includes, sizeof *f->include))
        return err_nomem(e);
    f->include[f->n_includes++] = inc;
    return 0;
}

static int load(struct ngx_conf *c, const char *path, unsigned depth, uint32_t *ret, struct err *e)
{
    if (c->n_slots && *slot_of(c, path)) {
        *ret = *slot_of(c, path) - 1;
        return 0;
    }
    if (depth == NGX_INCLUDE_DEPTH_MAX)
        return err_set(e, SIGNET_ELIMIT, "%s: more than %u files that include each other", path, NGX_INCLUDE_DEPTH_MAX);
    int rc = add_file(c, path, ret, e);
    return rc || !c->file ? rc : follow(c, *ret, depth, e);
}

static int follow(struct ngx_conf *c, uint32_t at, unsigned depth, struct err *e)
{
    int rc = 0;
    for (uint32_t i = 1; !rc && i < c->file[at].tree.n_nodes; i++) {
        const struct ngx_tree *t = &c->file[at].tree;
        if (t->node[i].kind == NGX_SIMPLE && t->node[i].n_words == 2 && ngx_named(t, &t->node[i], "include"))
            rc = load_include(c, at, i, depth + 1, e);
    }
    return rc;
}

/* ---- the same file under several names ---- */

static int by_real(const void *a, const void *b, void *ctx)
{
    const struct ngx_conf *c = ctx;
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    int d = strcmp(c->file[x].real, c->file[y].real);
    return d ? d : x < y ? -1 : 1;
}

static int find_twins(struct ngx_conf *c)
{
    uint32_t *order = calloc(c->n_files + 1u, sizeof *order);
    if (!order)
        return SIGNET_ENOMEM;
    for (uint32_t i = 0; i < c->n_files; i++)
        order[i] = i;
    qsort_r(order, c->n_files, sizeof *order, by_real, c);
    for (uint32_t i = 1; i < c->n_files; i++)
        if (!strcmp(c->file[order[i]].real, c->file[order[i - 1]].real))
            c->file[order[i]].same = c->file[order[i - 1]].same;
    free(order);
    return 0;
}

int ngx_conf_load(struct ngx_conf *ret, const char *main_file, struct err *e)
{
    struct ngx_conf c = { 0 };
    const char *slash = strrchr(main_file, '/');
    uint32_t first = 0;
    int rc = SIGNET_EINVAL;
    if (slash)
        c.root = str_dup((signet_str){ main_file, (size_t)(slash - main_file) });
    if (!c.root)
        return slash ? err_nomem(e) : err_set(e, rc, "%s: an absolute path is needed", main_file);
    rc = load(&c, main_file, 0, &first, e);
    if (!rc && find_twins(&c))
        rc = err_nomem(e);
    if (rc)
        ngx_conf_done(&c);
    else
        *ret = c;
    return rc;
}

/* ---- changing ---- */

static int update_one(struct ngx_conf *c, uint32_t file, signet_str text, struct err *e)
{
    struct ngx_file *f = &c->file[file];
    struct ngx_tree tree = { 0 };
    struct buf fresh = BUF_INIT(NGX_FILE_BYTES_MAX);
    buf_add(&fresh, text);
    int rc = buf_err(&fresh) ? err_nomem(e) : ngx_tree_parse(&tree, (signet_str){ buf_z(&fresh), fresh.n }, e);
    if (rc) {
        buf_done(&fresh);
        return err_wrap(e, "%s, as it would be", f->path);
    }
    ngx_tree_done(&f->tree);
    if (f->changed)
        buf_done(&f->text);
    else
        f->before = f->text;
    f->text = fresh;
    f->tree = tree;
    f->changed = true;
    f->n_includes = 0;
    return follow(c, file, 0, e);
}

int ngx_conf_update(struct ngx_conf *c, uint32_t file, signet_str text, struct err *e)
{
    uint32_t same = c->file[file].same, n = c->n_files;
    int rc = 0;
    c->lenient = true;
    for (uint32_t i = 0; !rc && i < n; i++)
        if (c->file[i].same == same)
            rc = update_one(c, i, text, e);
    return rc;
}

/* ---- walking ---- */

static const struct ngx_include *include_at(const struct ngx_file *f, uint32_t node)
{
    uint32_t from = 0, to = f->n_includes;
    while (from < to) {
        uint32_t mid = from + (to - from) / 2;
        if (f->include[mid].node == node)
            return &f->include[mid];
        if (f->include[mid].node < node)
            from = mid + 1;
        else
            to = mid;
    }
    return NULL;
}

static int visit(const struct ngx_conf *c, struct ngx_at block, ngx_visit_fn *fn, void *ctx, unsigned depth)
{
    const struct ngx_file *f = &c->file[block.file];
    int rc = 0;
    for (uint32_t i = f->tree.node[block.node].child; !rc && i; i = f->tree.node[i].next) {
        const struct ngx_include *inc = f->n_includes ? include_at(f, i) : NULL;
        if (!inc)
            rc = fn(ctx, c, (struct ngx_at){ block.file, i });
        for (uint32_t k = 0; !rc && inc && depth < NGX_INCLUDE_DEPTH_MAX && k < inc->n; k++)
            rc = visit(c, (struct ngx_at){ c->link[inc->first + k], 0 }, fn, ctx, depth + 1);
    }
    return rc;
}

int ngx_visit(const struct ngx_conf *c, struct ngx_at block, ngx_visit_fn *fn, void *ctx)
{
    return visit(c, block, fn, ctx, 0);
}
