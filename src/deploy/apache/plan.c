/* Changing virtual hosts; their twins are in twin.c, redirects in redirect.c, files of ours in site.c, modules in
 * modules.c. */
#include "deploy/apache/plan.h"

#include "deploy/apache/plan_in.h"
#include <stdio.h>
#include <stdlib.h>

#define LINE_MAX_ 65536u

/* "[::1]:443", "1.2.3.4", "*:80", "_default_:443": is it reached on that port, and where? */
static bool place_of(const char *arg, unsigned port, struct probe_place *ret)
{
    signet_str host, tail, rest = str_of(arg);
    uint64_t is;
    if (str_starts(rest, STR("["))) {
        (void)str_cut(str_skip(rest, 1), ']', &host, &rest);
        rest = str_skip(rest, 1);
    } else {
        (void)str_cut(rest, ':', &host, &rest);
    }
    (void)str_cut(rest, ' ', &rest, &tail);
    if (rest.n && !str_eq(rest, STR("*")) && (str_u64(rest, 65535, &is) || is != port))
        return false;
    *ret = (struct probe_place){ .ip = "127.0.0.1", .port = port };
    if (!host.n || str_eq(host, STR("*")) || str_ieq(host, STR("_default_")) || str_eq(host, STR("0.0.0.0")))
        return true;
    if (host.n >= sizeof ret->ip)
        return false;
    (void)snprintf(ret->ip, sizeof ret->ip, "%.*s", STR_ARG(host));
    if (str_eq(host, STR("::")))
        (void)snprintf(ret->ip, sizeof ret->ip, "::1");
    return str_has(host, ':') || strspn(ret->ip, "0123456789.") == host.n;
}

size_t apa_places(const struct apa_conf *c, uint32_t vhost, unsigned port, struct probe_place *ret, size_t max)
{
    const struct apa_vhost *v = &c->vhost[vhost];
    const struct apa_node *n = &c->file[v->file].node[v->node];
    size_t found = 0;
    const char *here = "127.0.0.1"; /* where those for any address answer, if none has it as its own */
    for (uint32_t i = 0; i < c->n_vhosts; i++)
        if (apa_on_address(c, &c->vhost[i], port, STR("127.0.0.1")))
            here = "127.0.0.2";
    for (size_t i = 0; i < n->args.n && found < max; i++) {
        if (!place_of(n->args.v[i], port, &ret[found]))
            continue;
        if (!strcmp(ret[found].ip, "127.0.0.1") && !str_starts(str_of(n->args.v[i]), STR("127.0.0.1")))
            (void)snprintf(ret[found].ip, sizeof ret[found].ip, "%s", here);
        found++;
    }
    return found;
}

int apa_patches_new(struct apa_patches *x, const struct apa_conf *c)
{
    x->conf = c;
    x->v = calloc(c->n_files + 1, sizeof *x->v);
    return x->v ? 0 : SIGNET_ENOMEM;
}

void apa_patches_done(struct apa_patches *x)
{
    for (uint32_t i = 0; x->v && i < x->conf->n_files; i++)
        text_patch_done(&x->v[i]);
    free(x->v);
}

int apa_patches_to_changes(struct apa_patches *x, struct changes *to, struct err *e)
{
    int rc = 0;
    for (uint32_t i = 0; !rc && i < x->conf->n_files; i++) {
        BUF_AUTO(text, CHANGE_BYTES_MAX);
        const struct apa_file *f = &x->conf->file[i];
        signet_str before = { buf_z(&f->text), f->text.n };
        if (!x->v[i].n)
            continue;
        rc = text_patch_apply(&x->v[i], before, 0, (uint32_t)before.n, &text) ? err_nomem(e) : 0;
        if (!rc && !str_eq(before, buf_str(&text)))
            rc = changes_add(to, f->real, before, buf_str(&text), e);
    }
    return rc;
}

/* ---- lines ---- */

void apa_indent(const struct apa_file *f, uint32_t node, struct buf *to)
{
    uint32_t at = apa_inside(f, node), end = apa_inside_end(f, node);
    while (at < end) {
        uint32_t word = at;
        while (word < end && (f->text.p[word] == ' ' || f->text.p[word] == '\t'))
            word++;
        if (word < end && f->text.p[word] != '\n' && f->text.p[word] != '\r') {
            buf_add(to, (signet_str){ f->text.p + at, word - at });
            return;
        }
        at = word + 1;
    }
    buf_addz(to, "\t");
}

void apa_add_lines(struct text_patch *p, const struct apa_file *f, uint32_t node, bool top, const struct strlist *lines)
{
    BUF_AUTO(text, LINE_MAX_);
    BUF_AUTO(indent, 1024);
    apa_indent(f, node, &indent);
    for (size_t i = 0; i < lines->n; i++)
        buf_addf(&text, "%s%s\n", buf_z(&indent), lines->v[i]);
    if (lines->n)
        text_patch_put(p, top ? apa_inside(f, node) : apa_inside_end(f, node), 0, buf_str(&text));
    if (buf_err(&text))
        p->bad = SIGNET_ENOMEM;
}

bool apa_has_header(const struct apa_conf *c, const struct apa_vhost *v, const char *header)
{
    for (uint32_t i = 0; i < v->n_in; i++) {
        const struct apa_node *n = apa_node(c, &v->in[i]);
        for (size_t k = 0; !strcmp(n->name, "header") && k < n->args.n; k++)
            if (str_ieq(str_of(n->args.v[k]), str_of(header)))
                return true;
    }
    return false;
}

static bool has_uir(const struct apa_conf *c, const struct apa_vhost *v)
{
    for (uint32_t i = 0; i < v->n_in; i++) {
        const struct apa_node *n = apa_node(c, &v->in[i]);
        for (size_t k = 0; !strcmp(n->name, "header") && k < n->args.n; k++)
            if (str_find(str_of(n->args.v[k]), STR("upgrade-insecure-requests")))
                return true;
    }
    return false;
}

/* Browsers obey each of several policies: one that is there already stays beside ours. */
static int uir_line(const struct apa_conf *c, const struct apa_vhost *v, struct strlist *to)
{
    BUF_AUTO(line, 128);
    bool beside = apa_has_header(c, v, "Content-Security-Policy");
    buf_addf(&line, "Header always %s Content-Security-Policy upgrade-insecure-requests", beside ? "add" : "set");
    return strlist_add(to, buf_str(&line));
}

int apa_extra_lines(const struct apa_conf *c, const struct apa_vhost *v, bool twin, const struct apa_wish *w,
                    struct strlist *to)
{
    bool hsts = apa_has_header(c, v, "Strict-Transport-Security");
    int rc = 0;
    if (w->hsts && !hsts)
        rc |= strlist_addz(to, "Header always set Strict-Transport-Security \"max-age=31536000\"");
    if (w->uir && !has_uir(c, v))
        rc |= uir_line(c, v, to);
    if (w->hsts_seed && (twin || !hsts))
        rc |= apa_hsts_lines(w, c, twin ? NULL : v, to);
    return rc;
}

/* ---- a virtual host that speaks TLS ---- */

struct tls {
    const struct apa_conf *c;
    const struct apa_vhost *v;
    const struct apa_wish *w;
    struct apa_patches *x;
    struct err *e;
};

/* Does one of the names of the wish end up in this virtual host? */
static bool is_meant(const struct tls *t, uint32_t vhost)
{
    uint32_t picks[APA_PICKS_MAX];
    for (size_t i = 0; i < t->w->names->n; i++)
        if (apa_is_pick(picks, apa_picks(t->c, t->w->names->v[i], t->w->https_port, true, picks), vhost))
            return true;
    return false;
}

/* What other virtual hosts include, too, changes for all of them. */
static int may_edit(const struct tls *t, const struct apa_in *in)
{
    const struct apa_file *f = &t->c->file[in->file];
    for (uint32_t i = 0; in->include && i < t->c->n_vhosts; i++) {
        if (!apa_vhost_reads(&t->c->vhost[i], in->file) || is_meant(t, i))
            continue;
        err_set(t->e, SIGNET_ESTATE, "cannot edit safely: %s, line %u sets %s for several virtual hosts", f->path,
                apa_line(f, f->node[in->node].start), f->node[in->node].name);
        err_hint(t->e, "Set it in the virtual host itself, or have all of their names on the certificate.");
        return SIGNET_ESTATE;
    }
    return 0;
}

/* Once, though several virtual hosts may have the directive. `line` empty: it goes. */
static int replace(const struct tls *t, const struct apa_in *in, signet_str line)
{
    const struct apa_file *f = &t->c->file[in->file];
    const struct apa_node *n = apa_node(t->c, in);
    struct text_patch *p = &t->x->v[in->file];
    uint32_t from = n->start, to = n->end;
    int rc = may_edit(t, in);
    while (line.n && from < to && (f->text.p[from] == ' ' || f->text.p[from] == '\t'))
        from++;
    while (line.n && to > from && (f->text.p[to - 1] == '\n' || f->text.p[to - 1] == '\r'))
        to--;
    for (size_t i = 0; i < p->n; i++)
        if (p->v[i].at == from && p->v[i].del == to - from)
            return rc;
    if (!rc)
        text_patch_put(p, from, to - from, line);
    return rc;
}

static int set_value(const struct tls *t, const char *lower, const char *name, const char *value, struct strlist *lines)
{
    BUF_AUTO(line, LINE_MAX_);
    const struct apa_in *in = apa_find(t->c, t->v, lower);
    const struct strlist *args = in ? &apa_node(t->c, in)->args : NULL;
    if (args && args->n == 1 && !strcmp(args->v[0], value))
        return 0;
    buf_addf(&line, "%s %s", name, value);
    if (buf_err(&line))
        return err_nomem(t->e);
    if (in)
        return replace(t, in, buf_str(&line));
    return strlist_add(lines, buf_str(&line)) ? err_nomem(t->e) : 0;
}

static int staple(const struct tls *t, struct strlist *lines)
{
    const struct apa_in *in = apa_find(t->c, t->v, "sslusestapling");
    const struct strlist *args = in ? &apa_node(t->c, in)->args : NULL;
    bool is_on = args && args->n && str_ieq(str_of(args->v[0]), STR("on"));
    return is_on ? 0 : set_value(t, "sslusestapling", "SSLUseStapling", "on", lines);
}

/* Where answers of OCSP are kept is said once, outside of the virtual hosts. */
static void need_stapling_cache(const struct apa_conf *c, struct apa_patches *x, uint32_t file,
                                const struct apa_server *s)
{
    BUF_AUTO(text, 1024);
    const struct apa_file *f = &c->file[file];
    if (x->stapling || apa_has_directive(c, "sslstaplingcache"))
        return;
    x->stapling = true;
    buf_addf(&text, "%s<IfModule mod_ssl.c>\nSSLStaplingCache %s\n</IfModule>\n", apa_line_end(f, (uint32_t)f->text.n),
             s->layout->stapling);
    text_patch_put(&x->v[file], (uint32_t)f->text.n, 0, buf_str(&text));
}

static int update_tls(const struct tls *t, const struct apa_server *s)
{
    STRLIST_AUTO(lines);
    const struct apa_vhost *v = t->v;
    const struct apa_wish *w = t->w;
    int rc = 0;
    if (w->cert) {
        const struct apa_in *chain = apa_find(t->c, v, "sslcertificatechainfile");
        rc = set_value(t, "sslcertificatefile", "SSLCertificateFile", w->cert, &lines);
        if (!rc)
            rc = set_value(t, "sslcertificatekeyfile", "SSLCertificateKeyFile", w->key, &lines);
        if (!rc && chain) /* it is in the certificate's file */
            rc = replace(t, chain, STR(""));
    }
    if (!rc && apa_extra_lines(t->c, v, false, w, &lines))
        rc = err_nomem(t->e);
    if (!rc && w->staple)
        rc = staple(t, &lines);
    apa_add_lines(&t->x->v[v->file], &t->c->file[v->file], v->node, false, &lines);
    if (w->staple)
        need_stapling_cache(t->c, t->x, v->file, s);
    return rc;
}

/* ---- all of it ---- */

enum { TLS_DONE = 1, TWIN_DONE = 2, COPY_DONE = 4, PLAIN_DONE = 8, SITE_DONE = 16 };

struct job {
    const struct apa_conf *c;
    const struct apa_server *s;
    const struct apa_wish *w;
    struct apa_patches x;
    struct apa_sites sites;
    struct strlist more;
    unsigned char *done; /* by virtual host */
    size_t *site;        /* the same: of its twin, index + 1; 0: there is none, or it is in the same file */
    bool twins, rewrite; /* are there some, is it used */
    struct changes *changes;
    struct err *e;
};

static bool first_time(struct job *j, int64_t vhost, unsigned char what)
{
    bool first = !(j->done[vhost] & what);
    j->done[vhost] |= what;
    return first;
}

static int no_vhost(const struct job *j, const char *name)
{
    err_set(j->e, SIGNET_ENOTFOUND,
            "Unable to find a virtual host for %s. Set ServerName or ServerAlias in the one that it belongs to.", name);
    if (j->c->macro)
        err_hint(
            j->e,
            "%s makes virtual hosts by a macro (mod_macro); those are not edited. Write the one for %s out without "
            "<Macro> and Use.",
            j->c->file[j->c->macro - 1].path, name);
    return SIGNET_ENOTFOUND;
}

/* All names of the wish that end up in the virtual host that is for all. */
static int names_for_all(const struct job *j, struct strlist *to)
{
    int rc = 0;
    for (size_t i = 0; !rc && i < j->w->names->n; i++)
        if (apa_pick(j->c, j->w->names->v[i], j->w->https_port, true) < 0 &&
            apa_pick(j->c, j->w->names->v[i], j->w->http_port, false) < 0)
            rc = strlist_addz(to, j->w->names->v[i]);
    return rc;
}

static int twin(struct job *j, const char *name, uint32_t plain)
{
    STRLIST_AUTO(names);
    bool copy = apa_pick(j->c, name, j->w->http_port, false) < 0;
    struct apa_twin t = { .vhost = plain, .as = copy ? &names : NULL };
    if (!first_time(j, plain, copy ? COPY_DONE : TWIN_DONE))
        return 0;
    if (copy && names_for_all(j, &names))
        return err_nomem(j->e);
    j->twins = true;
    int rc = apa_twin_make(&t, j->c, j->s, j->w, &j->sites, &j->x, j->e);
    j->site[plain] = t.site;
    return rc;
}

static int redirect(struct job *j, int64_t plain, int64_t tls)
{
    if (plain >= 0 && first_time(j, plain, PLAIN_DONE))
        return apa_add_redirect(j->c, &j->x, (uint32_t)plain, j->w, &j->rewrite) ? err_nomem(j->e) : 0;
    if (plain >= 0 || tls < 0 || !first_time(j, tls, SITE_DONE))
        return 0;
    size_t before = j->sites.n;
    int rc = apa_redirect_site(&j->sites, j->c, j->s, (uint32_t)tls, j->w, j->e);
    j->rewrite |= j->sites.n > before;
    return rc;
}

/* Where a name is answered. */
struct found {
    uint32_t tls[APA_PICKS_MAX], plain[APA_PICKS_MAX];
    size_t n_tls, n_plain;
};

static int with_tls(struct job *j, const char *name, const struct found *f)
{
    int rc = 0;
    for (size_t i = 0; !rc && j->w->hsts_seed && i < f->n_tls; i++)
        rc = apa_hsts_check(j->c, f->tls[i], name, j->e);
    for (size_t i = 0; !rc && i < f->n_tls; i++) {
        const struct tls t = { .c = j->c, .v = &j->c->vhost[f->tls[i]], .w = j->w, .x = &j->x, .e = j->e };
        rc = first_time(j, f->tls[i], TLS_DONE) ? update_tls(&t, j->s) : 0;
    }
    for (size_t i = 0; !rc && !f->n_tls && i < f->n_plain; i++)
        rc = twin(j, name, f->plain[i]);
    return rc;
}

static int one_name(struct job *j, const char *name, struct strlist *where)
{
    const struct apa_conf *c = j->c;
    struct found f;
    f.n_tls = apa_picks(c, name, j->w->https_port, true, f.tls);
    f.n_plain = apa_picks_plain(c, name, j->w->http_port, f.plain);
    if (!f.n_tls && (!f.n_plain || !j->w->cert))
        return no_vhost(j, name);
    int rc = with_tls(j, name, &f);
    for (size_t i = 0; !rc && j->w->redirect && i < f.n_plain; i++)
        rc = redirect(j, f.plain[i], -1);
    if (!rc && j->w->redirect && !f.n_plain)
        rc = redirect(j, -1, f.tls[0]);
    if (rc || !where)
        return rc;
    uint32_t first = f.n_tls ? f.tls[0] : f.plain[0];
    bool own = !f.n_tls && j->site[first];
    const char *file = own ? j->sites.v[j->site[first] - 1].path : c->file[c->vhost[first].file].path;
    return strlist_addz(where, file) ? err_nomem(j->e) : 0;
}

static int modules(struct job *j)
{
    const struct {
        bool wanted;
        const char *name;
    } all[] = {
        { j->twins, "ssl" },
        { j->rewrite, "rewrite" },
        { j->w->hsts || j->w->uir || j->w->hsts_seed, "headers" },
        { j->w->staple, "socache_shmcb" },
    };
    int rc = 0;
    for (size_t i = 0; !rc && i < sizeof all / sizeof all[0]; i++)
        if (all[i].wanted)
            rc = apa_need_module(j->c, j->s, all[i].name, j->changes, &j->more, j->e);
    return rc;
}

static int carry_on(struct job *j, struct strlist *where)
{
    int rc = 0;
    for (size_t i = 0; !rc && i < j->w->names->n; i++)
        rc = one_name(j, j->w->names->v[i], where);
    apa_hsts_raise(j->c, &j->x, j->w);
    if (!rc)
        rc = modules(j);
    if (!rc && j->twins)
        rc = apa_need_listen(j->c, &j->more, j->w, &j->x) ? err_nomem(j->e) : 0;
    if (!rc)
        rc = apa_sites_to_changes(&j->sites, &j->x, j->changes, j->e);
    return rc ? rc : apa_patches_to_changes(&j->x, j->changes, j->e);
}

int apa_plan(const struct apa_conf *c, const struct apa_server *s, const struct apa_wish *w, struct changes *changes,
             struct strlist *where, struct err *e)
{
    struct job j = { .c = c, .s = s, .w = w, .changes = changes, .e = e };
    j.done = calloc(c->n_vhosts + 1u, sizeof *j.done);
    j.site = calloc(c->n_vhosts + 1u, sizeof *j.site);
    int rc = j.done && j.site && !apa_patches_new(&j.x, c) ? carry_on(&j, where) : err_nomem(e);
    apa_patches_done(&j.x);
    apa_sites_done(&j.sites);
    strlist_done(&j.more);
    free(j.done);
    free(j.site);
    return rc;
}

/* ---- for a challenge ---- */

static bool answers_one(const struct apa_conf *c, const struct apa_vhost *v, const struct strlist *names, unsigned port)
{
    for (size_t i = 0; i < names->n; i++)
        if (apa_vhost_fits(v, names->v[i]) || apa_pick(c, names->v[i], port, false) < 0)
            return true;
    return false;
}

int apa_plan_challenge(const struct apa_conf *c, const struct strlist *names, unsigned http_port, const char *pre,
                       struct changes *changes, struct err *e)
{
    struct apa_patches x = { 0 };
    STRLIST_AUTO(lines);
    BUF_AUTO(line, LINE_MAX_);
    bool on_port = false;
    buf_addf(&line, "Include %s", pre);
    int rc = apa_patches_new(&x, c) || buf_err(&line) || strlist_add(&lines, buf_str(&line)) ? err_nomem(e) : 0;
    for (uint32_t i = 0; !rc && i < c->n_vhosts; i++) {
        const struct apa_vhost *v = &c->vhost[i];
        if (!apa_on_port(c, v, http_port))
            continue;
        on_port = true;
        if (!v->ssl && answers_one(c, v, names, http_port))
            apa_add_lines(&x.v[v->file], &c->file[v->file], v->node, true, &lines);
    }
    if (!rc && !on_port && !apa_reads(c, pre))
        apa_add_include(&x, pre);
    if (!rc)
        rc = apa_patches_to_changes(&x, changes, e);
    apa_patches_done(&x);
    return rc;
}
