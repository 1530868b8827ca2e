/* The twin of a virtual host: the same site, speaking TLS. */
#include "base/fs.h"
#include "deploy/apache/plan_in.h"
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>

#define TWIN_MODE 0644

void apa_twins_done(struct apa_twins *t)
{
    for (size_t i = 0; i < t->n_files; i++) {
        free(t->v[i].path);
        free(t->v[i].link);
        free(t->v[i].link_target);
        buf_done(&t->v[i].before);
        buf_done(&t->v[i].text);
    }
    free(t->v);
    free(t->file_of);
    *t = (struct apa_twins){ 0 };
}

/* ---- its text ---- */

/* "*:80" with the port for TLS. */
static void add_address(const char *arg, unsigned port, struct buf *to)
{
    const char *colon = strrchr(arg, ':'), *bracket = strrchr(arg, ']');
    bool has_port = colon && !(bracket && colon < bracket);
    buf_add(to, (signet_str){ arg, has_port ? (size_t)(colon - arg) : strlen(arg) });
    buf_addf(to, ":%u", port);
}

/* What would send the visitors of the twin to itself for ever is made a comment, with the conditions that belong to it.
 */
static void mute_redirects(const struct apa_conf *c, const struct apa_vhost *v, struct text_patch *p)
{
    const struct apa_file *f = &c->file[v->file];
    uint32_t at = 0;
    while (apa_redirects(c, v, &at)) {
        uint32_t first = at;
        while (first > v->node + 1 && !strcmp(f->node[first - 1].name, "rewritecond") &&
               !strcmp(f->node[at].name, "rewriterule"))
            first--;
        for (uint32_t i = first; i <= at; i++) {
            uint32_t from = f->node[i].start;
            while (f->text.p[from] == ' ' || f->text.p[from] == '\t')
                from++;
            text_patch_put(p, from, 0, STR("# "));
        }
    }
}

static int twin_lines(const struct apa_wish *w, struct strlist *to)
{
    BUF_AUTO(line, 3 * PATH_MAX);
    buf_addf(&line, "SSLCertificateFile %s", w->cert);
    int rc = strlist_add(to, buf_str(&line));
    buf_clear(&line);
    buf_addf(&line, "SSLCertificateKeyFile %s", w->key);
    rc |= strlist_add(to, buf_str(&line));
    buf_clear(&line);
    buf_addf(&line, "Include %s", w->options);
    rc |= strlist_add(to, buf_str(&line));
    return rc | apa_extra_lines(NULL, NULL, w, to);
}

static int add_text(const struct apa_conf *c, uint32_t vhost, const struct apa_wish *w, struct buf *to)
{
    const struct apa_vhost *v = &c->vhost[vhost];
    const struct apa_file *f = &c->file[v->file];
    struct text_patch own = { 0 };
    STRLIST_AUTO(lines);
    BUF_AUTO(indent, 1024);
    int rc = twin_lines(w, &lines);
    apa_indent(f, v->node, &indent);
    buf_addz(to, "<IfModule mod_ssl.c>\n");
    if (w->staple)
        buf_addz(to, "SSLStaplingCache shmcb:/var/run/apache2/stapling_cache(128000)\n");
    buf_addz(to, "<VirtualHost");
    for (size_t i = 0; i < f->node[v->node].args.n; i++) {
        buf_addc(to, ' ');
        add_address(f->node[v->node].args.v[i], w->https_port, to);
    }
    buf_addz(to, ">\n");
    mute_redirects(c, v, &own);
    rc |= text_patch_apply(&own, buf_str(&f->text), apa_inside(f, v->node), apa_inside_end(f, v->node), to);
    text_patch_done(&own);
    for (size_t i = 0; i < lines.n; i++)
        buf_addf(to, "%s%s\n", buf_z(&indent), lines.v[i]);
    buf_addz(to, "</VirtualHost>\n</IfModule>\n");
    return rc || buf_err(to) ? SIGNET_ENOMEM : 0;
}

/* ---- its file ---- */

static void twin_name(const char *path, const char *ext, struct buf *to)
{
    size_t n = strlen(path);
    bool conf = str_ends(str_of(path), STR(".conf"));
    buf_add(to, (signet_str){ path, conf ? n - 5 : n });
    buf_addz(to, ext);
}

/* sites-enabled/x.conf is a link to ../sites-available/x.conf: the twin gets one like it. */
static int find_link(struct apa_twin_file *t, const struct apa_file *f, const char *ext, struct err *e)
{
    BUF_AUTO(target, PATH_MAX);
    BUF_AUTO(link, PATH_MAX);
    BUF_AUTO(to, PATH_MAX);
    struct err why = { 0 };
    if (fs_readlink(AT_FDCWD, f->path, &target, &why))
        return 0; /* it lies where it is read: its twin, beside it, is read, too */
    twin_name(f->path, ext, &link);
    twin_name(buf_z(&target), ext, &to);
    if (fs_exists(AT_FDCWD, buf_z(&link)))
        return 0;
    t->link = buf_take(&link);
    t->link_target = buf_take(&to);
    return t->link && t->link_target ? 0 : err_nomem(e);
}

static int file_for(struct apa_twins *t, const struct apa_file *f, const struct apa_server *s, size_t *ret,
                    struct err *e)
{
    BUF_AUTO(path, PATH_MAX);
    twin_name(f->real, s->ext, &path);
    for (*ret = 0; *ret < t->n_files; ++*ret)
        if (!strcmp(t->v[*ret].path, buf_z(&path)))
            return 0;
    struct apa_twin_file *v = reallocarray(t->v, t->n_files + 1, sizeof *v);
    if (!v)
        return err_nomem(e);
    t->v = v;
    v = &v[t->n_files++];
    *v = (struct apa_twin_file){ .before = BUF_INIT(CHANGE_BYTES_MAX), .text = BUF_INIT(CHANGE_BYTES_MAX) };
    v->path = buf_take(&path);
    if (!v->path)
        return err_nomem(e);
    v->is_new = !fs_exists(AT_FDCWD, v->path);
    int rc = v->is_new ? 0 : fs_read(AT_FDCWD, v->path, &v->before, e);
    buf_add(&v->text, buf_str(&v->before));
    if (v->text.n && v->text.p[v->text.n - 1] != '\n')
        buf_addc(&v->text, '\n');
    return rc ? rc : s->handle_sites ? find_link(v, f, s->ext, e) : 0;
}

int apa_twin(struct apa_twins *t, const struct apa_conf *c, const struct apa_server *s, uint32_t vhost,
             const struct apa_wish *w, struct apa_patches *x, struct err *e)
{
    const struct apa_vhost *v = &c->vhost[vhost];
    const struct apa_file *f = &c->file[v->file];
    size_t at;
    t->n++;
    if (!t->file_of) {
        t->n_vhosts = c->n_vhosts;
        t->file_of = calloc(c->n_vhosts + 1u, sizeof *t->file_of);
    }
    if (!t->file_of)
        return err_nomem(e);
    if (v->file == 0) { /* the main file: nobody reads what lies beside it */
        BUF_AUTO(text, CHANGE_BYTES_MAX);
        int rc = add_text(c, vhost, w, &text);
        text_patch_put(&x->v[0], f->node[v->node].end, 0, buf_str(&text));
        return rc ? err_nomem(e) : 0;
    }
    int rc = file_for(t, f, s, &at, e);
    if (rc)
        return rc;
    t->file_of[vhost] = (int64_t)at + 1;
    return add_text(c, vhost, w, &t->v[at].text) ? err_nomem(e) : 0;
}

const char *apa_twin_path(const struct apa_twins *t, uint32_t vhost)
{
    return t->file_of && vhost < t->n_vhosts && t->file_of[vhost] ? t->v[t->file_of[vhost] - 1].path : NULL;
}

int apa_twins_to_changes(struct apa_twins *t, const struct apa_server *s, struct changes *changes, struct err *e)
{
    int rc = 0;
    (void)s;
    for (size_t i = 0; !rc && i < t->n_files; i++) {
        const struct apa_twin_file *v = &t->v[i];
        rc = v->is_new ? changes_add_new(changes, v->path, buf_str(&v->text), TWIN_MODE, e)
                       : changes_add(changes, v->path, buf_str(&v->before), buf_str(&v->text), e);
        if (!rc && v->link)
            rc = changes_add_link(changes, v->link, v->link_target, e);
        changes_note(changes, "Created an SSL vhost at %s", v->path);
    }
    return rc;
}
