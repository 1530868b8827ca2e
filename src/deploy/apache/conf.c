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
    for (uint32_t i = 0; i < c->n_vhosts; i++)
        strlist_done(&c->vhost[i].names);
    free(c->file);
    free(c->vhost);
    strlist_done(&c->modules);
    strlist_done(&c->defines);
    free(c->root);
    *c = (struct apa_conf){ 0 };
}

/* ---- what Apache says of itself ---- */

/* "  (146) /etc/apache2/ports.conf", " ssl_module (shared)", "Define: NAME", "ServerRoot: "/etc/apache2"" */
static int dump_line(struct apa_conf *c, signet_str line, struct strlist *files)
{
    signet_str a, b, s = str_trim(line);
    if (str_starts(s, STR("Define: "))) {
        (void)str_cut(str_skip(s, 8), '=', &a, &b);
        return strlist_add_new(&c->defines, str_trim(a));
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

static bool holds(const struct apa_conf *c, const struct apa_node *n, const struct strlist *more)
{
    bool by_module = !strcmp(n->name, "ifmodule"), by_define = !strcmp(n->name, "ifdefine");
    if ((!by_module && !by_define) || !n->args.n)
        return true;
    const char *arg = n->args.v[0];
    bool negated = arg[0] == '!';
    arg += negated;
    bool is = by_module ? apa_has_module(c, arg) || list_has_module(more, arg) : strlist_has(&c->defines, str_of(arg));
    return is != negated;
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

/* Directly in it, blocks with a condition that holds not counted. */
static bool is_in(const struct apa_file *f, uint32_t node, uint32_t section)
{
    uint32_t up = f->node[node].parent;
    while (up && up - 1 != section &&
           (!strcmp(f->node[up - 1].name, "ifmodule") || !strcmp(f->node[up - 1].name, "ifdefine")))
        up = f->node[up - 1].parent;
    return up && up - 1 == section;
}

int64_t apa_find(const struct apa_conf *c, uint32_t file, uint32_t node, const char *name)
{
    const struct apa_file *f = &c->file[file];
    for (uint32_t i = node + 1; i < f->n && f->node[i].start < f->node[node].end; i++)
        if (!f->node[i].section && !strcmp(f->node[i].name, name) && is_in(f, i, node) && apa_in_force(c, f, i, NULL))
            return i;
    return -1;
}

bool apa_vhost_says(const struct apa_conf *c, const struct apa_vhost *v, const char *directive, const char *value)
{
    int64_t node = apa_find(c, v->file, v->node, directive);
    const struct apa_node *n = node >= 0 ? &c->file[v->file].node[node] : NULL;
    return n && n->args.n && !strcmp(n->args.v[0], value);
}

/* ---- virtual hosts ---- */

/* "https://name:443" is the name. */
static int add_name(struct apa_vhost *v, const char *arg)
{
    signet_str s = str_of(arg), rest;
    const char *scheme = strstr(arg, "://");
    if (scheme)
        s = str_skip(s, (size_t)(scheme + 3 - arg));
    (void)str_cut(s, ':', &s, &rest);
    char *z = str_dup(s);
    for (char *p = z; p && *p; p++)
        if (*p >= 'A' && *p <= 'Z')
            *p = (char)(*p - 'A' + 'a');
    int rc = z ? strlist_addz(&v->names, z) : SIGNET_ENOMEM;
    free(z);
    return rc;
}

static int read_vhost(struct apa_conf *c, struct apa_vhost *v)
{
    const struct apa_file *f = &c->file[v->file];
    int64_t name = apa_find(c, v->file, v->node, "servername");
    int64_t engine = apa_find(c, v->file, v->node, "sslengine");
    int rc = 0;
    if (name >= 0 && f->node[name].args.n)
        rc = add_name(v, f->node[name].args.v[0]);
    for (uint32_t i = v->node + 1; !rc && i < f->n && f->node[i].start < f->node[v->node].end; i++)
        if (!strcmp(f->node[i].name, "serveralias") && is_in(f, i, v->node))
            for (size_t k = 0; !rc && k < f->node[i].args.n; k++)
                rc = add_name(v, f->node[i].args.v[k]);
    v->ssl = apa_find(c, v->file, v->node, "sslcertificatefile") >= 0; /* certbot's options file has the engine */
    v->ssl |= engine >= 0 && f->node[engine].args.n && str_ieq(str_of(f->node[engine].args.v[0]), STR("on"));
    return rc;
}

static bool in_macro(const struct apa_file *f, uint32_t node)
{
    for (uint32_t up = f->node[node].parent; up; up = f->node[up - 1].parent)
        if (!strcmp(f->node[up - 1].name, "macro"))
            return true;
    return false;
}

static int find_vhosts(struct apa_conf *c)
{
    uint32_t cap = 0;
    for (uint32_t i = 0; i < c->n_files; i++)
        for (uint32_t k = 0; k < c->file[i].n; k++)
            cap += !strcmp(c->file[i].node[k].name, "virtualhost");
    c->vhost = cap <= APA_VHOSTS_MAX ? calloc(cap + 1, sizeof *c->vhost) : NULL;
    int rc = c->vhost ? 0 : SIGNET_ENOMEM;
    for (uint32_t i = 0; i < c->n_files; i++)
        for (uint32_t k = 0; !rc && k < c->file[i].n; k++) {
            if (strcmp(c->file[i].node[k].name, "virtualhost") || !apa_in_force(c, &c->file[i], k, NULL))
                continue;
            if (in_macro(&c->file[i], k)) {
                c->macro = c->macro ? c->macro : i + 1;
                continue;
            }
            struct apa_vhost *v = &c->vhost[c->n_vhosts++];
            *v = (struct apa_vhost){ .file = i, .node = k };
            rc = read_vhost(c, v);
        }
    return rc;
}

int apa_conf_read(struct apa_conf *ret, signet_str dump, struct err *e)
{
    return apa_conf_read_with(ret, dump, NULL, e);
}

int apa_conf_read_with(struct apa_conf *ret, signet_str dump, const struct strlist *words, struct err *e)
{
    STRLIST_AUTO(files);
    struct apa_conf c = { 0 };
    signet_str line;
    int rc = 0;
    while (!rc && dump.n) {
        (void)str_cut(dump, '\n', &line, &dump);
        rc = dump_line(&c, line, &files) ? err_nomem(e) : 0;
    }
    if (!rc && !files.n)
        rc = err_set(e, SIGNET_EFORMAT,
                     "Apache does not say which files it reads (-t -D DUMP_INCLUDES); 2.4 or later is needed");
    if (!rc)
        rc = read_files(&c, &files, words, e);
    if (!rc && find_vhosts(&c))
        rc = err_nomem(e);
    if (rc)
        apa_conf_done(&c);
    else
        *ret = c;
    return rc;
}

bool apa_on_port(const struct apa_conf *c, const struct apa_vhost *v, unsigned port)
{
    const struct apa_node *n = &c->file[v->file].node[v->node];
    for (size_t i = 0; i < n->args.n; i++) {
        const char *colon = strrchr(n->args.v[i], ':'), *bracket = strrchr(n->args.v[i], ']');
        uint64_t is;
        if (!colon || (bracket && colon < bracket) || !strcmp(colon, ":*"))
            return true;
        if (!str_u64(str_of(colon + 1), 65535, &is) && is == port)
            return true;
    }
    return false;
}

/* ---- choosing ---- */

bool apa_vhost_fits(const struct apa_vhost *v, const char *name)
{
    for (size_t i = 0; i < v->names.n; i++)
        if (!strcmp(v->names.v[i], name) || (name[0] != '*' && fnmatch(v->names.v[i], name, 0) == 0))
            return true;
    return false;
}

int64_t apa_pick(const struct apa_conf *c, const char *name, unsigned port, bool ssl)
{
    for (uint32_t i = 0; i < c->n_vhosts; i++)
        if (c->vhost[i].ssl == ssl && apa_on_port(c, &c->vhost[i], port) && apa_vhost_fits(&c->vhost[i], name))
            return i;
    return -1;
}

static bool is_for_all(const struct apa_conf *c, const struct apa_vhost *v)
{
    const struct apa_node *n = &c->file[v->file].node[v->node];
    for (size_t i = 0; i < n->args.n; i++)
        if (str_starts(str_of(n->args.v[i]), STR("_default_")))
            return true;
    return !v->names.n;
}

int64_t apa_pick_plain(const struct apa_conf *c, const char *name, unsigned port)
{
    int64_t found = apa_pick(c, name, port, false);
    if (c->macro) /* one of those may have the name */
        return found;
    for (uint32_t i = 0; found < 0 && i < c->n_vhosts; i++)
        if (apa_on_port(c, &c->vhost[i], port))
            return !c->vhost[i].ssl && is_for_all(c, &c->vhost[i]) ? (int64_t)i : -1;
    return found;
}

/* ---- includes ---- */

static bool is_global(const struct apa_file *f, uint32_t node)
{
    for (uint32_t up = f->node[node].parent; up; up = f->node[up - 1].parent)
        if (strcmp(f->node[up - 1].name, "ifmodule") && strcmp(f->node[up - 1].name, "ifdefine"))
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

bool apa_reads(const struct apa_conf *c, const char *path)
{
    for (uint32_t i = 0; i < c->n_files; i++)
        for (uint32_t k = 0; k < c->file[i].n; k++) {
            const struct apa_node *n = &c->file[i].node[k];
            BUF_AUTO(pattern, PATH_MAX);
            if ((strcmp(n->name, "include") && strcmp(n->name, "includeoptional")) || !n->args.n ||
                !is_global(&c->file[i], k) || !apa_in_force(c, &c->file[i], k, NULL))
                continue;
            if (n->args.v[0][0] != '/')
                buf_addf(&pattern, "%s/", c->root ? c->root : "");
            buf_addz(&pattern, n->args.v[0]);
            if (!buf_err(&pattern) && covers(buf_z(&pattern), path))
                return true;
        }
    return false;
}
