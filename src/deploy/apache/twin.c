/* The twin of a virtual host: the same site, speaking TLS. */
#include "deploy/apache/plan_in.h"
#include <limits.h>

/* ---- its text ---- */

/* "*:80" with another port. */
static void add_address(const char *arg, unsigned port, struct buf *to)
{
    const char *colon = strrchr(arg, ':'), *bracket = strrchr(arg, ']');
    bool has_port = colon && !(bracket && colon < bracket);
    buf_add(to, (signet_str){ arg, has_port ? (size_t)(colon - arg) : strlen(arg) });
    buf_addf(to, ":%u", port);
}

void apa_add_addresses(const struct apa_node *vhost, unsigned port, struct buf *to)
{
    for (size_t i = 0; i < vhost->args.n; i++) {
        buf_addc(to, ' ');
        add_address(vhost->args.v[i], port, to);
    }
}

static void mute(const struct apa_file *f, uint32_t node, struct text_patch *p)
{
    uint32_t from = f->node[node].start;
    while (f->text.p[from] == ' ' || f->text.p[from] == '\t')
        from++;
    for (size_t i = 0; i < p->n; i++)
        if (p->v[i].at == from)
            return;
    text_patch_put(p, from, 0, STR("# "));
}

/* Does an Include bring redirects and nothing else? */
static bool only_redirects(const struct apa_conf *c, const struct apa_vhost *v, uint32_t include)
{
    for (uint32_t i = 0; i < v->n_in; i++) {
        const char *name = apa_node(c, &v->in[i])->name;
        if (v->in[i].include == include && strncmp(name, "rewrite", 7) && strncmp(name, "redirect", 8))
            return false;
    }
    return true;
}

static bool is_for_plain(const struct apa_conf *c, const struct apa_vhost *v, uint32_t rule)
{
    for (uint32_t i = apa_first_condition(c, v, rule); i < rule; i++) {
        const struct strlist *args = &apa_node(c, &v->in[i])->args;
        if (args->n && (!strcmp(args->v[0], "%{HTTPS}") || !strcmp(args->v[0], "%{SERVER_PORT}") ||
                        !strcmp(args->v[0], "%{REQUEST_SCHEME}")))
            return true;
    }
    return false;
}

/* An included file stays as it is, for it is the original's, too. */
static int mute_included(const struct apa_conf *c, const struct apa_vhost *v, uint32_t at, struct text_patch *p,
                         struct err *e)
{
    const struct apa_file *f = &c->file[v->in[at].file];
    if (is_for_plain(c, v, at))
        return 0;
    if (only_redirects(c, v, v->in[at].include)) {
        mute(&c->file[v->file], v->in[at].include, p);
        return 0;
    }
    err_set(e, SIGNET_ESTATE, "cannot edit safely: %s, line %u leads to https, and the file says other things, too",
            f->path, apa_line(f, apa_node(c, &v->in[at])->start));
    err_hint(e, "Write the redirect into the virtual host that includes the file, or into a file of its own.");
    return SIGNET_ESTATE;
}

/* What would send the visitors of the twin to itself for ever is made a comment, with the conditions that belong to it.
 */
static int mute_redirects(const struct apa_conf *c, const struct apa_twin *t, const struct apa_wish *w,
                          struct text_patch *p, struct err *e)
{
    const struct apa_vhost *v = &c->vhost[t->vhost];
    int rc = 0;
    for (uint32_t at = 0; !rc && at < v->n_in; at++) {
        if (!apa_loops(c, v, &v->in[at], t->as, w->https_port))
            continue;
        if (v->in[at].include)
            rc = mute_included(c, v, at, p, e);
        for (uint32_t i = apa_first_condition(c, v, at); !v->in[at].include && i <= at; i++)
            mute(&c->file[v->file], v->in[i].node, p);
    }
    return rc;
}

/* The copy of the one that is for all names is for those that it is made for. */
static void mute_names(const struct apa_conf *c, const struct apa_vhost *v, struct text_patch *p)
{
    const struct apa_file *f = &c->file[v->file];
    for (uint32_t i = v->node + 1; i < f->n && f->node[i].start < f->node[v->node].end; i++)
        if (!strcmp(f->node[i].name, "servername") || !strcmp(f->node[i].name, "serveralias"))
            mute(f, i, p);
}

/* Does a value hold in the text of this file alone, which need not be read before its twin? */
static bool is_local(const struct apa_value *value, const struct apa_vhost *v)
{
    return value->by && (value->again || value->by - 1 == v->file);
}

static void put_values(const struct apa_conf *c, const struct apa_vhost *v, struct text_patch *p)
{
    const struct apa_file *f = &c->file[v->file];
    for (uint32_t i = 0; i < f->n_values; i++)
        if (is_local(&f->value[i], v) && f->value[i].at >= apa_inside(f, v->node) &&
            f->value[i].at < f->node[v->node].end)
            text_patch_put(p, f->value[i].at, f->value[i].n, str_of(f->value[i].text));
}

/* An included file cannot be given values for the twin. */
static int check_values(const struct apa_conf *c, const struct apa_vhost *v, struct err *e)
{
    for (uint32_t i = 0; i < v->n_in; i++) {
        const struct apa_file *f = &c->file[v->in[i].file];
        const struct apa_node *n = apa_node(c, &v->in[i]);
        for (uint32_t k = 0; v->in[i].include && k < f->n_values; k++) {
            const struct apa_value *value = &f->value[k];
            if (!is_local(value, v) || value->at < n->start || value->at >= n->end)
                continue;
            err_set(e, SIGNET_ESTATE, "cannot edit safely: %s, line %u has %.*s, which %s sets", f->path,
                    apa_line(f, value->at), (int)value->n, f->text.p + value->at, c->file[value->by - 1].path);
            err_hint(e, "Set it where all sites are set up, once, before they are read.");
            return SIGNET_ESTATE;
        }
    }
    return 0;
}

static int add_line(struct strlist *to, const char *name, const char *value)
{
    BUF_AUTO(line, 2 * PATH_MAX);
    buf_addf(&line, "%s %s", name, value);
    return strlist_add(to, buf_str(&line));
}

static int twin_lines(const struct apa_conf *c, const struct apa_wish *w, const struct apa_twin *t, struct strlist *to)
{
    int rc = t->as ? apa_name_lines(t->as, to) : 0;
    rc |= add_line(to, "SSLCertificateFile", w->cert);
    rc |= add_line(to, "SSLCertificateKeyFile", w->key);
    rc |= add_line(to, "Include", w->options);
    struct apa_wish own = *w;
    own.twin = (ptrdiff_t)t->vhost * 2 + (t->as != NULL);
    rc |= apa_extra_lines(c, &c->vhost[t->vhost], true, &own, to);
    return w->staple ? rc | strlist_addz(to, "SSLUseStapling on") : rc;
}

static int add_text(const struct apa_conf *c, const struct apa_server *s, const struct apa_twin *t,
                    const struct apa_wish *w, struct buf *to, struct err *e)
{
    const struct apa_vhost *v = &c->vhost[t->vhost];
    const struct apa_file *f = &c->file[v->file];
    struct text_patch own = { 0 };
    STRLIST_AUTO(lines);
    BUF_AUTO(indent, 1024);
    int rc = twin_lines(c, w, t, &lines) ? err_nomem(e) : mute_redirects(c, t, w, &own, e);
    if (!rc)
        rc = check_values(c, v, e);
    put_values(c, v, &own);
    apa_indent(f, v->node, &indent);
    buf_addz(to, "<IfModule mod_ssl.c>\n");
    if (w->staple && !apa_has_directive(c, "sslstaplingcache"))
        buf_addf(to, "SSLStaplingCache %s\n", s->layout->stapling);
    buf_addz(to, "<VirtualHost");
    apa_add_addresses(&f->node[v->node], w->https_port, to);
    buf_addz(to, ">\n");
    if (t->as)
        mute_names(c, v, &own);
    int bad = text_patch_apply(&own, buf_str(&f->text), apa_inside(f, v->node), apa_inside_end(f, v->node), to);
    text_patch_done(&own);
    for (size_t i = 0; i < lines.n; i++)
        buf_addf(to, "%s%s\n", buf_z(&indent), lines.v[i]);
    buf_addz(to, "</VirtualHost>\n</IfModule>\n");
    return rc ? rc : bad || buf_err(to) ? err_nomem(e) : 0;
}

/* ---- its file ---- */

void apa_twin_name(const char *path, const char *ext, struct buf *to)
{
    size_t n = strlen(path);
    bool conf = str_ends(str_of(path), STR(".conf"));
    buf_add(to, (signet_str){ path, conf ? n - 5 : n });
    buf_addz(to, ext);
}

static int path_for(const struct apa_file *f, const struct apa_server *s, struct buf *to)
{
    BUF_AUTO(path, PATH_MAX);
    const char *slash = strrchr(f->real, '/');
    if (s->own_sites)
        buf_addf(&path, "%s%s", s->sites, slash);
    else
        buf_addz(&path, f->real);
    apa_twin_name(buf_z(&path), s->ext, to);
    return buf_err(&path) ? buf_err(&path) : buf_err(to);
}

int apa_twin_make(struct apa_twin *t, const struct apa_conf *c, const struct apa_server *s, const struct apa_wish *w,
                  struct apa_sites *sites, struct apa_patches *x, struct err *e)
{
    const struct apa_vhost *v = &c->vhost[t->vhost];
    const struct apa_file *f = &c->file[v->file];
    BUF_AUTO(path, PATH_MAX);
    BUF_AUTO(text, CHANGE_BYTES_MAX);
    size_t at;
    bool inside = v->file == 0 && !s->own_sites; /* the main file: the site's place is there */
    if (inside)
        buf_addz(&text, apa_line_end(f, f->node[v->node].end));
    int rc = add_text(c, s, t, w, &text, e);
    if (rc)
        return rc;
    if (inside) {
        text_patch_put(&x->v[0], f->node[v->node].end, 0, buf_str(&text));
        return 0;
    }
    rc = path_for(f, s, &path) ? err_nomem(e) : apa_site(sites, c, s, buf_z(&path), f, &at, e);
    if (rc)
        return rc;
    t->site = at + 1;
    buf_add(&sites->v[at].text, buf_str(&text));
    return buf_err(&sites->v[at].text) ? err_nomem(e) : 0;
}
