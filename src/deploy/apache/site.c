/* Files with virtual hosts of ours, and how Apache comes to read them: by an Include that is there already, by a link
 * as sites-enabled has them, else by an Include of their own at the end of the main file. */
#include "base/fs.h"
#include "deploy/apache/plan_in.h"
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>

#define SITE_MODE 0644

void apa_sites_done(struct apa_sites *t)
{
    for (size_t i = 0; i < t->n; i++) {
        free(t->v[i].path);
        free(t->v[i].link);
        free(t->v[i].link_target);
        buf_done(&t->v[i].before);
        buf_done(&t->v[i].text);
    }
    free(t->v);
    *t = (struct apa_sites){ 0 };
}

/* sites-enabled/x.conf is a link to ../sites-available/x.conf: its twin gets one like it. */
static int link_like(struct apa_site *t, const struct apa_file *like, const struct apa_server *s, struct buf *link,
                     struct buf *target)
{
    BUF_AUTO(to, PATH_MAX);
    if (!like || fs_readlink(AT_FDCWD, like->path, &to, NULL))
        return SIGNET_ENOTFOUND;
    apa_twin_name(like->path, s->ext, link);
    if (s->own_sites)
        buf_addz(target, t->path);
    else
        apa_twin_name(buf_z(&to), s->ext, target);
    return 0;
}

static void link_of_sites(const struct apa_site *t, const struct apa_server *s, struct buf *link, struct buf *target)
{
    const char *slash = strrchr(t->path, '/');
    buf_addf(link, "%s/sites-enabled", s->base.root);
    if (!fs_exists(AT_FDCWD, buf_z(link)))
        buf_clear(link);
    else
        buf_addf(link, "%s", slash);
    buf_addz(target, t->path);
}

static bool leads_to(const char *link, const char *path)
{
    char *real = realpath(link, NULL);
    bool same = real && !strcmp(real, path);
    free(real);
    return same;
}

static int find_way(struct apa_site *t, const struct apa_conf *c, const struct apa_server *s,
                    const struct apa_file *like, struct err *e)
{
    BUF_AUTO(link, PATH_MAX);
    BUF_AUTO(target, PATH_MAX);
    if (apa_reads(c, t->path))
        return 0;
    t->include = true;
    if (!s->handle_sites)
        return 0;
    if (link_like(t, like, s, &link, &target))
        link_of_sites(t, s, &link, &target);
    if (buf_err(&link) || buf_err(&target))
        return err_nomem(e);
    if (!link.n || !apa_reads(c, buf_z(&link)))
        return 0;
    if (fs_exists(AT_FDCWD, buf_z(&link))) { /* somebody else's, or ours of before */
        t->include = !leads_to(buf_z(&link), t->path);
        return 0;
    }
    t->include = false;
    t->link = buf_take(&link);
    t->link_target = buf_take(&target);
    return t->link && t->link_target ? 0 : err_nomem(e);
}

static int begin(struct apa_site *v, const char *path, struct err *e)
{
    *v = (struct apa_site){ .before = BUF_INIT(CHANGE_BYTES_MAX), .text = BUF_INIT(CHANGE_BYTES_MAX) };
    v->path = str_dup(str_of(path));
    if (!v->path)
        return err_nomem(e);
    v->is_new = !fs_exists(AT_FDCWD, path);
    int rc = v->is_new ? 0 : fs_read(AT_FDCWD, path, &v->before, e);
    buf_add(&v->text, buf_str(&v->before));
    if (v->text.n && v->text.p[v->text.n - 1] != '\n')
        buf_addc(&v->text, '\n');
    return rc;
}

int apa_site(struct apa_sites *t, const struct apa_conf *c, const struct apa_server *s, const char *path,
             const struct apa_file *like, size_t *ret, struct err *e)
{
    for (*ret = 0; *ret < t->n; ++*ret)
        if (!strcmp(t->v[*ret].path, path))
            return 0;
    struct apa_site *v = reallocarray(t->v, t->n + 1, sizeof *v);
    if (!v)
        return err_nomem(e);
    t->v = v;
    v = &v[t->n++];
    int rc = begin(v, path, e);
    return rc ? rc : find_way(v, c, s, like, e);
}

void apa_add_include(struct apa_patches *x, const char *path)
{
    BUF_AUTO(line, PATH_MAX + 64);
    const struct apa_file *f = &x->conf->file[0];
    const char *quote = strpbrk(path, " \t") ? "\"" : "";
    bool first = !x->v[0].n || x->v[0].v[x->v[0].n - 1].at != f->text.n; /* else the line end is there by now */
    buf_addf(&line, "%sInclude %s%s%s\n", first ? apa_line_end(f, (uint32_t)f->text.n) : "", quote, path, quote);
    text_patch_put(&x->v[0], (uint32_t)f->text.n, 0, buf_str(&line));
    if (buf_err(&line))
        x->v[0].bad = SIGNET_ENOMEM;
}

int apa_sites_to_changes(struct apa_sites *t, struct apa_patches *x, struct changes *changes, struct err *e)
{
    int rc = 0;
    for (size_t i = 0; !rc && i < t->n; i++) {
        const struct apa_site *v = &t->v[i];
        rc = v->is_new ? changes_add_new(changes, v->path, buf_str(&v->text), SITE_MODE, e)
                       : changes_add(changes, v->path, buf_str(&v->before), buf_str(&v->text), e);
        if (!rc && v->link)
            rc = changes_add_link(changes, v->link, v->link_target, e);
        if (v->include)
            apa_add_include(x, v->path);
        changes_note(changes, "Created a virtual host in %s", v->path);
    }
    return rc;
}
