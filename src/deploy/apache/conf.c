#include "deploy/apache/conf.h"

#include "base/fs.h"
#include <fcntl.h>
#include <fnmatch.h>
#include <limits.h>
#include <stdlib.h>

void apa_conf_done(struct apa_conf *c)
{
    for (uint32_t i = 0; i < c->n_files; i++)
        apa_file_done(&c->file[i]);
    for (uint32_t i = 0; i < c->n_vhosts; i++) {
        strlist_done(&c->vhost[i].names);
        free(c->vhost[i].in);
    }
    free(c->file);
    free(c->vhost);
    strlist_done(&c->modules);
    strlist_done(&c->defines);
    free(c->root);
    *c = (struct apa_conf){ 0 };
}

/* ---- what Apache says of itself ---- */

/* "  (146) /etc/apache2/ports.conf", " ssl_module (shared)", "Define: NAME=value", "ServerRoot: "/etc/apache2"" */
static int dump_line(struct apa_conf *c, signet_str line, struct strlist *files, struct strlist *defines)
{
    signet_str a, b, s = str_trim(line);
    if (str_starts(s, STR("Define: "))) {
        (void)str_cut(str_skip(s, 8), '=', &a, &b);
        if (strlist_has(&c->defines, a))
            return 0;
        int rc = strlist_add(&c->defines, a);
        return rc ? rc : strlist_add(defines, str_skip(s, 8));
    }
    if (str_starts(s, STR("ServerRoot: \"")) && s.n > 14 && !c->root) {
        c->root = str_dup((signet_str){ s.p + 13, s.n - 14 });
        return c->root ? 0 : SIGNET_ENOMEM;
    }
    if (!str_starts(line, STR(" ")) || !str_cut(s, ' ', &a, &b))
        return 0;
    if (str_starts(s, STR("(")) && str_starts(str_trim(b), STR("/")))
        return strlist_add_new(files, str_trim(b));
    if (str_ends(a, STR("_module")) && str_starts(b, STR("(")))
        return strlist_add_new(&c->modules, a);
    return 0;
}

/* Modules' own files say nothing about sites; there are many of them. */
static bool is_of_interest(const char *path)
{
    return !str_ends(str_of(path), STR(".load"));
}

/* One that cannot be read is of interest: what is wrong with it is said by who reads it. */
static bool mentions(const char *path, const struct strlist *words)
{
    BUF_AUTO(text, APA_FILE_BYTES_MAX);
    if (fs_read(AT_FDCWD, path, &text, NULL))
        return true;
    for (size_t i = 0; i < words->n; i++)
        if (str_find(buf_str(&text), str_of(words->v[i])))
            return true;
    return false;
}

static int read_files(struct apa_conf *c, const struct strlist *files, const struct strlist *words, struct err *e)
{
    if (files->n > APA_FILES_MAX)
        return err_set(e, SIGNET_ELIMIT, "Apache's configuration has more than %u files", APA_FILES_MAX);
    c->file = calloc(files->n + 1, sizeof *c->file);
    if (!c->file)
        return err_nomem(e);
    int rc = 0;
    for (size_t i = 0; !rc && i < files->n; i++) {
        if (!is_of_interest(files->v[i]) || (words && !mentions(files->v[i], words)))
            continue;
        if (!(rc = apa_file_read(&c->file[c->n_files], files->v[i], e)))
            c->n_files++;
    }
    return rc;
}

/* ---- conditions ---- */

bool apa_has_module(const struct apa_conf *c, const char *name)
{
    BUF_AUTO(id, 256);
    signet_str s = str_of(name);
    if (str_starts(s, STR("mod_")) && str_ends(s, STR(".c"))) {
        buf_add(&id, (signet_str){ s.p + 4, s.n - 6 });
        buf_addz(&id, "_module");
        s = buf_str(&id);
    }
    return strlist_has(&c->modules, s);
}

static bool list_has_module(const struct strlist *l, const char *name)
{
    const struct apa_conf as = { .modules = l ? *l : (struct strlist){ 0 } };
    return apa_has_module(&as, name);
}

bool apa_is_condition(const struct apa_node *n)
{
    static const char *const names[] = { "ifmodule", "ifdefine", "iffile", "ifversion", "ifdirective", "ifsection" };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (!strcmp(n->name, names[i]))
            return true;
    return false;
}

static bool is_file(const struct apa_conf *c, const char *name)
{
    BUF_AUTO(path, PATH_MAX);
    if (name[0] != '/')
        buf_addf(&path, "%s/", c->root ? c->root : "");
    buf_addz(&path, name);
    return !buf_err(&path) && fs_exists(AT_FDCWD, buf_z(&path));
}

/* Those that only a running Apache could judge are taken as true. */
static bool holds(const struct apa_conf *c, const struct apa_node *n, const struct strlist *more)
{
    if (n->judged)
        return n->judged > 0;
    bool by_module = !strcmp(n->name, "ifmodule"), by_define = !strcmp(n->name, "ifdefine");
    if ((!by_module && !by_define && strcmp(n->name, "iffile")) || !n->args.n)
        return true;
    const char *arg = n->args.v[0];
    bool negated = arg[0] == '!', is;
    arg += negated;
    if (by_module)
        is = apa_has_module(c, arg) || list_has_module(more, arg);
    else
        is = by_define ? strlist_has(&c->defines, str_of(arg)) : is_file(c, arg);
    return is != negated;
}

void apa_judge(const struct apa_conf *c, struct apa_node *n)
{
    n->judged = 0;
    n->judged = holds(c, n, NULL) ? 1 : -1;
}

bool apa_in_force(const struct apa_conf *c, const struct apa_file *f, uint32_t node, const struct strlist *more)
{
    for (uint32_t up = f->node[node].parent; up; up = f->node[up - 1].parent)
        if (!holds(c, &f->node[up - 1], more))
            return false;
    return true;
}

bool apa_has_directive(const struct apa_conf *c, const char *name)
{
    for (uint32_t i = 0; i < c->n_files; i++)
        for (uint32_t k = 0; k < c->file[i].n; k++)
            if (!strcmp(c->file[i].node[k].name, name) && apa_in_force(c, &c->file[i], k, NULL))
                return true;
    return false;
}

/* ---- includes ---- */

static bool is_global(const struct apa_file *f, uint32_t node)
{
    for (uint32_t up = f->node[node].parent; up; up = f->node[up - 1].parent)
        if (!apa_is_condition(&f->node[up - 1]))
            return false;
    return true;
}

/* A pattern, or a folder, all of whose files are read. */
static bool covers(const char *pattern, const char *path)
{
    signet_str dir = str_of(pattern);
    while (dir.n > 1 && dir.p[dir.n - 1] == '/')
        dir.n--;
    return !fnmatch(pattern, path, FNM_PATHNAME | FNM_PERIOD) ||
           (str_starts(str_of(path), dir) && path[dir.n] == '/' && !strpbrk(pattern, "*?["));
}

static bool is_include(const struct apa_node *n)
{
    return n->args.n && (!strcmp(n->name, "include") || !strcmp(n->name, "includeoptional"));
}

static int pattern_of(const struct apa_conf *c, const struct apa_node *n, struct buf *to)
{
    if (n->args.v[0][0] != '/')
        buf_addf(to, "%s/", c->root ? c->root : "");
    buf_addz(to, n->args.v[0]);
    return buf_err(to);
}

bool apa_reads(const struct apa_conf *c, const char *path)
{
    for (uint32_t i = 0; i < c->n_files; i++)
        for (uint32_t k = 0; k < c->file[i].n; k++) {
            const struct apa_node *n = &c->file[i].node[k];
            BUF_AUTO(pattern, PATH_MAX);
            if (is_include(n) && is_global(&c->file[i], k) && apa_in_force(c, &c->file[i], k, NULL) &&
                !pattern_of(c, n, &pattern) && covers(buf_z(&pattern), path))
                return true;
        }
    return false;
}

/* "a/../b" is what Apache calls "b". */
static bool is_same(const char *pattern, const struct apa_file *f)
{
    char *real = strstr(pattern, "/.") || strstr(pattern, "//") ? realpath(pattern, NULL) : NULL;
    bool same = real && !strcmp(real, f->real);
    free(real);
    return same;
}

bool apa_includes(const struct apa_conf *c, const struct apa_node *n, uint32_t *file)
{
    BUF_AUTO(pattern, PATH_MAX);
    if (!is_include(n) || pattern_of(c, n, &pattern))
        return false;
    for (; *file < c->n_files; ++*file)
        if (covers(buf_z(&pattern), c->file[*file].path) || is_same(buf_z(&pattern), &c->file[*file]))
            return true;
    return false;
}

/* ---- all of it ---- */

int apa_conf_read(struct apa_conf *ret, signet_str dump, struct err *e)
{
    return apa_conf_read_with(ret, dump, NULL, e);
}

int apa_conf_read_with(struct apa_conf *ret, signet_str dump, const struct strlist *words, struct err *e)
{
    STRLIST_AUTO(files);
    STRLIST_AUTO(defines);
    struct apa_conf c = { 0 };
    signet_str line;
    int rc = 0;
    while (!rc && dump.n) {
        (void)str_cut(dump, '\n', &line, &dump);
        rc = dump_line(&c, line, &files, &defines) ? err_nomem(e) : 0;
    }
    if (!rc && !files.n)
        rc = err_set(e, SIGNET_EFORMAT,
                     "Apache does not say which files it reads (-t -D DUMP_INCLUDES); 2.4 or later is needed");
    if (!rc)
        rc = read_files(&c, &files, words, e);
    int bad = rc || words ? 0 : apa_expand(&c, &defines);
    if (!rc && !bad)
        bad = apa_vhosts_read(&c);
    if (bad == SIGNET_ELIMIT)
        rc = err_set(e, bad, "Apache's configuration is too large, or includes itself");
    else if (bad)
        rc = err_nomem(e);
    if (rc)
        apa_conf_done(&c);
    else
        *ret = c;
    return rc;
}
