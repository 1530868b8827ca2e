/* Modules and ports that are needed. A program is run for a module when --apache-enmod names one. Else, where there is
 * mods-available, as Debian has it, a module is enabled by a link in mods-enabled: that is all that a2enmod does, and a
 * link can be taken back with the rest. */
#include "base/fs.h"
#include "deploy/apache/plan_in.h"
#include <fcntl.h>
#include <limits.h>

#define DEPTH_MAX 8u

static bool has_path(const struct changes *c, const char *path)
{
    for (size_t i = 0; i < c->n; i++)
        if (!strcmp(c->v[i].path, path))
            return true;
    return false;
}

static int add_link(const struct apa_server *s, const char *name, const char *ext, struct changes *changes,
                    struct err *e)
{
    BUF_AUTO(from, PATH_MAX);
    BUF_AUTO(to, PATH_MAX);
    BUF_AUTO(target, PATH_MAX);
    buf_addf(&from, "%s/mods-available/%s.%s", s->base.root, name, ext);
    buf_addf(&to, "%s/mods-enabled/%s.%s", s->base.root, name, ext);
    buf_addf(&target, "../mods-available/%s.%s", name, ext);
    if (buf_err(&target) || buf_err(&from) || buf_err(&to))
        return err_nomem(e);
    if (!fs_exists(AT_FDCWD, buf_z(&from)) || fs_exists(AT_FDCWD, buf_z(&to)) || has_path(changes, buf_z(&to)))
        return 0;
    return changes_add_link(changes, buf_z(&to), buf_z(&target), e);
}

/* The line "# Depends: setenvif mime" of a .load file. */
static int depends_on(const struct apa_server *s, const char *name, struct strlist *ret, struct err *e)
{
    BUF_AUTO(path, PATH_MAX);
    BUF_AUTO(text, 65536);
    signet_str line, rest;
    buf_addf(&path, "%s/mods-available/%s.load", s->base.root, name);
    int rc = fs_read(AT_FDCWD, buf_z(&path), &text, e);
    rest = buf_str(&text);
    while (!rc && rest.n) {
        (void)str_cut(rest, '\n', &line, &rest);
        if (str_starts(line, STR("# Depends:")) && strlist_split(ret, str_skip(line, 10), ' '))
            rc = err_nomem(e);
    }
    return rc;
}

static int enable(const struct apa_conf *c, const struct apa_server *s, const char *name, struct changes *changes,
                  struct strlist *more, unsigned depth, struct err *e)
{
    STRLIST_AUTO(first);
    BUF_AUTO(id, 256);
    buf_addf(&id, "%s_module", name);
    if (apa_has_module(c, buf_z(&id)) || strlist_has(more, buf_str(&id)) || depth > DEPTH_MAX)
        return 0;
    if (strlist_add(more, buf_str(&id)))
        return err_nomem(e);
    int rc = depends_on(s, name, &first, e);
    for (size_t i = 0; !rc && i < first.n; i++)
        rc = enable(c, s, first.v[i], changes, more, depth + 1, e);
    if (!rc) /* first: what the .conf says is in the module's own words */
        rc = add_link(s, name, "load", changes, e);
    return rc ? rc : add_link(s, name, "conf", changes, e);
}

static int enable_by_program(const struct apa_server *s, const char *name, struct changes *changes,
                             struct strlist *more, struct err *e)
{
    BUF_AUTO(id, 256);
    const char *const run[] = { s->enmod, name, NULL }, *const undo[] = { s->dismod, "-f", name, NULL };
    buf_addf(&id, "%s_module", name);
    if (strlist_has(more, buf_str(&id)))
        return 0;
    return strlist_add(more, buf_str(&id)) ? err_nomem(e) : changes_add_command(changes, run, undo, e);
}

static int refuse(const struct apa_server *s, const char *name, struct err *e)
{
    err_set(e, SIGNET_ENOTFOUND, "Apache has not loaded its module mod_%s, which is needed", name);
    if (s->layout->enmod)
        err_hint(e, "Install it if need be, load it (%s %s), reload Apache, and try again.", s->layout->enmod, name);
    else
        err_hint(e, "Install it if need be, load it with LoadModule, reload Apache, and try again.");
    return SIGNET_ENOTFOUND;
}

int apa_need_module(const struct apa_conf *c, const struct apa_server *s, const char *name, struct changes *changes,
                    struct strlist *more, struct err *e)
{
    BUF_AUTO(id, 256);
    BUF_AUTO(path, PATH_MAX);
    buf_addf(&id, "%s_module", name);
    buf_addf(&path, "%s/mods-available/%s.load", s->base.root, name);
    if (apa_has_module(c, buf_z(&id)))
        return 0;
    if (s->handle_modules && s->enmod)
        return enable_by_program(s, name, changes, more, e);
    if (s->handle_modules && fs_exists(AT_FDCWD, buf_z(&path)))
        return enable(c, s, name, changes, more, 0, e);
    return refuse(s, name, e);
}

/* ---- ports ---- */

/* "Listen 80", "Listen 1.2.3.4:443 https" */
static bool listens_on(const struct apa_node *n, unsigned port)
{
    const char *colon = n->args.n ? strrchr(n->args.v[0], ':') : NULL;
    uint64_t is;
    return n->args.n && !str_u64(str_of(colon ? colon + 1 : n->args.v[0]), 65535, &is) && is == port;
}

/* Empty: all addresses. */
static signet_str address_of(const struct apa_node *n)
{
    const char *colon = strrchr(n->args.v[0], ':');
    signet_str s = { n->args.v[0], colon ? (size_t)(colon - n->args.v[0]) : 0 };
    return str_eq(s, STR("*")) ? STR("") : s;
}

static bool is_any(signet_str address)
{
    return !address.n || str_eq(address, STR("0.0.0.0")) || str_eq(address, STR("[::]"));
}

/* The Listens for a port that are in force, from *file and *node on. */
static const struct apa_node *next_listen(const struct apa_conf *c, unsigned port, const struct strlist *more,
                                          uint32_t *file, uint32_t *node)
{
    for (; *file < c->n_files; ++*file, *node = 0)
        for (; *node < c->file[*file].n; ++*node) {
            const struct apa_node *n = &c->file[*file].node[*node];
            if (!strcmp(n->name, "listen") && n->args.n && (!port || listens_on(n, port)) &&
                apa_in_force(c, &c->file[*file], *node, more))
                return n;
        }
    return NULL;
}

bool apa_listens(const struct apa_conf *c, unsigned port, const struct strlist *more)
{
    uint32_t file = 0, node = 0;
    return next_listen(c, port, more, &file, &node) != NULL;
}

/* Two that overlap cannot both be had: one for all is not added to those that are there. */
static bool is_covered(const struct apa_conf *c, signet_str address, unsigned port, const struct strlist *more)
{
    bool any = false, other = false;
    uint32_t file = 0, node = 0;
    for (const struct apa_node *n; (n = next_listen(c, port, more, &file, &node)); node++) {
        signet_str have = address_of(n);
        if (!have.n || str_ieq(have, address))
            return true;
        any |= is_any(have);
        other |= !is_any(have);
    }
    return !address.n ? any || other : is_any(address) ? other : any;
}

static void add_listen(const struct apa_conf *c, uint32_t file, uint32_t node, signet_str address, unsigned port,
                       struct apa_patches *x)
{
    BUF_AUTO(line, 512);
    const struct apa_file *f = &c->file[file];
    uint32_t at = f->node[node].end;
    buf_addf(&line, "%sListen %.*s%s%u\n", apa_line_end(f, at), STR_ARG(address), address.n ? ":" : "", port);
    text_patch_put(&x->v[file], at, 0, buf_str(&line));
    if (buf_err(&line))
        x->v[file].bad = SIGNET_ENOMEM;
}

int apa_need_listen(const struct apa_conf *c, const struct strlist *more, const struct apa_wish *w,
                    struct apa_patches *x)
{
    STRLIST_AUTO(done);
    uint32_t file = 0, node = 0;
    int rc = 0;
    if (!apa_listens(c, w->http_port, more)) {
        if (!apa_listens(c, w->https_port, more) && next_listen(c, 0, more, &file, &node))
            add_listen(c, file, node, STR(""), w->https_port, x);
        return 0;
    }
    for (const struct apa_node *n; !rc && (n = next_listen(c, w->http_port, more, &file, &node)); node++) {
        signet_str address = address_of(n);
        if (is_covered(c, address, w->https_port, more) || strlist_has(&done, address))
            continue;
        add_listen(c, file, node, address, w->https_port, x);
        rc = strlist_add(&done, address);
    }
    return rc;
}
