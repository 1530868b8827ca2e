/* Choosing virtual hosts, changing them; their twins are in twin.c, modules in modules.c. */
#include "deploy/apache/plan.h"

#include "deploy/apache/plan_in.h"
#include <stdio.h>
#include <stdlib.h>

#define LINE_MAX_ 65536u

int64_t apa_pick(const struct apa_conf *c, const char *name, unsigned port, bool ssl)
{
    for (uint32_t i = 0; i < c->n_vhosts; i++)
        if (c->vhost[i].ssl == ssl && apa_on_port(c, &c->vhost[i], port) && apa_vhost_fits(&c->vhost[i], name))
            return i;
    return -1;
}

void apa_place(const struct apa_conf *c, uint32_t vhost, unsigned port, struct probe_place *ret)
{
    const struct apa_vhost *v = &c->vhost[vhost];
    const struct apa_node *n = &c->file[v->file].node[v->node];
    *ret = (struct probe_place){ .ip = "127.0.0.1", .port = port };
    signet_str host = { 0 }, rest = str_of(n->args.n ? n->args.v[0] : "*");
    if (str_starts(rest, STR("[")))
        (void)str_cut(str_skip(rest, 1), ']', &host, &rest);
    else
        (void)str_cut(rest, ':', &host, &rest);
    bool numeric = host.n && !host.p[0] ? false : strspn(host.p, "0123456789.:abcdef") >= host.n;
    if (numeric && host.n && host.n < sizeof ret->ip)
        (void)snprintf(ret->ip, sizeof ret->ip, "%.*s", STR_ARG(host));
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

static bool has_header(const struct apa_conf *c, const struct apa_vhost *v, const char *header)
{
    const struct apa_file *f = &c->file[v->file];
    for (uint32_t i = v->node + 1; i < f->n && f->node[i].start < f->node[v->node].end; i++) {
        if (strcmp(f->node[i].name, "header"))
            continue;
        for (size_t k = 0; k < f->node[i].args.n; k++)
            if (str_ieq(str_of(f->node[i].args.v[k]), str_of(header)))
                return true;
    }
    return false;
}

int apa_extra_lines(const struct apa_conf *c, const struct apa_vhost *v, const struct apa_wish *w, struct strlist *to)
{
    int rc = 0;
    if (w->hsts && !(v && has_header(c, v, "Strict-Transport-Security")))
        rc |= strlist_addz(to, "Header always set Strict-Transport-Security \"max-age=31536000\"");
    if (w->uir && !(v && has_header(c, v, "Content-Security-Policy")))
        rc |= strlist_addz(to, "Header always set Content-Security-Policy upgrade-insecure-requests");
    if (w->staple && !(v && apa_find(c, v->file, v->node, "sslusestapling") >= 0))
        rc |= strlist_addz(to, "SSLUseStapling on");
    return rc;
}

/* ---- a virtual host that speaks TLS ---- */

static int set_value(struct text_patch *p, const struct apa_file *f, int64_t node, const char *name, const char *value)
{
    BUF_AUTO(line, LINE_MAX_);
    const struct apa_node *n = &f->node[node];
    uint32_t from = n->start, to = n->end;
    if (n->args.n == 1 && !strcmp(n->args.v[0], value))
        return 0;
    while (from < to && (f->text.p[from] == ' ' || f->text.p[from] == '\t'))
        from++;
    while (to > from && (f->text.p[to - 1] == '\n' || f->text.p[to - 1] == '\r'))
        to--;
    buf_addf(&line, "%s %s", name, value);
    text_patch_put(p, from, to - from, buf_str(&line));
    return buf_err(&line);
}

static int update_tls(const struct apa_conf *c, struct apa_patches *x, uint32_t vhost, const struct apa_wish *w)
{
    STRLIST_AUTO(lines);
    const struct apa_vhost *v = &c->vhost[vhost];
    const struct apa_file *f = &c->file[v->file];
    struct text_patch *p = &x->v[v->file];
    int rc = 0;
    if (w->cert) {
        static const char *const names[] = { "SSLCertificateFile", "SSLCertificateKeyFile" };
        static const char *const lower[] = { "sslcertificatefile", "sslcertificatekeyfile" };
        const char *const values[] = { w->cert, w->key };
        for (size_t i = 0; i < 2; i++) {
            BUF_AUTO(line, LINE_MAX_);
            int64_t have = apa_find(c, v->file, v->node, lower[i]);
            buf_addf(&line, "%s %s", names[i], values[i]);
            rc |= have >= 0 ? set_value(p, f, have, names[i], values[i]) : strlist_add(&lines, buf_str(&line));
        }
        /* the chain is in the certificate's file */
        int64_t chain = apa_find(c, v->file, v->node, "sslcertificatechainfile");
        if (chain >= 0)
            text_patch_put(p, f->node[chain].start, f->node[chain].end - f->node[chain].start, STR(""));
    }
    rc |= apa_extra_lines(c, v, w, &lines);
    apa_add_lines(p, f, v->node, false, &lines);
    return rc ? SIGNET_ENOMEM : 0;
}

/* ---- redirects ---- */

static bool goes_to_https(const struct apa_node *n)
{
    bool rewrite = !strcmp(n->name, "rewriterule"), redirect = !strcmp(n->name, "redirect") ||
                                                               !strcmp(n->name, "redirectpermanent") ||
                                                               !strcmp(n->name, "redirectmatch");
    for (size_t i = 0; (rewrite || redirect) && i < n->args.n; i++)
        if (str_starts(str_of(n->args.v[i]), STR("https://")))
            return true;
    return false;
}

bool apa_redirects(const struct apa_conf *c, const struct apa_vhost *v, uint32_t *ret_node)
{
    const struct apa_file *f = &c->file[v->file];
    for (uint32_t i = *ret_node ? *ret_node + 1 : v->node + 1; i < f->n && f->node[i].start < f->node[v->node].end; i++)
        if (goes_to_https(&f->node[i]) && apa_in_force(c, f, i, NULL)) {
            *ret_node = i;
            return true;
        }
    return false;
}

static int add_redirect(const struct apa_conf *c, struct apa_patches *x, uint32_t vhost, const struct strlist *names)
{
    STRLIST_AUTO(lines);
    const struct apa_vhost *v = &c->vhost[vhost];
    size_t left = 0;
    int rc = strlist_addz(&lines, "RewriteEngine on");
    for (size_t i = 0; i < names->n; i++)
        left += apa_pick(c, names->v[i], x->http_port, false) == vhost;
    for (size_t i = 0; i < names->n; i++) {
        BUF_AUTO(line, 1024);
        if (apa_pick(c, names->v[i], x->http_port, false) != vhost)
            continue;
        buf_addf(&line, "RewriteCond %%{SERVER_NAME} =%s%s", names->v[i], --left ? " [OR]" : "");
        rc |= strlist_add(&lines, buf_str(&line));
    }
    rc |= strlist_addz(&lines, "RewriteRule ^ https://%{SERVER_NAME}%{REQUEST_URI} [END,NE,R=permanent]");
    apa_add_lines(&x->v[v->file], &c->file[v->file], v->node, false, &lines);
    return rc ? SIGNET_ENOMEM : 0;
}

/* ---- all of it ---- */

struct job {
    const struct apa_conf *c;
    const struct apa_server *s;
    const struct apa_wish *w;
    struct apa_patches x;
    struct apa_twins twins;
    struct strlist more;
    bool *tls_done, *plain_done, *twin_done; /* by virtual host */
    struct changes *changes;
    struct err *e;
};

static int one_name(struct job *j, const char *name, struct strlist *where)
{
    const struct apa_conf *c = j->c;
    int64_t tls = apa_pick(c, name, j->w->https_port, true), plain = apa_pick(c, name, j->w->http_port, false);
    const char *file = NULL;
    int rc = 0;
    if (tls < 0 && (plain < 0 || !j->w->cert))
        return err_set(
            j->e, SIGNET_ENOTFOUND,
            "Unable to find a virtual host for %s. Set ServerName or ServerAlias in the one that it belongs to.", name);
    if (tls >= 0 && !j->tls_done[tls]) {
        j->tls_done[tls] = true;
        rc = update_tls(c, &j->x, (uint32_t)tls, j->w) ? err_nomem(j->e) : 0;
    } else if (tls < 0 && !j->twin_done[plain]) {
        j->twin_done[plain] = true;
        rc = apa_twin(&j->twins, c, j->s, (uint32_t)plain, j->w, &j->x, j->e);
    }
    if (!rc && tls < 0)
        file = apa_twin_path(&j->twins, (uint32_t)plain);
    if (!file)
        file = c->file[c->vhost[tls >= 0 ? tls : plain].file].path;
    uint32_t at = 0;
    if (!rc && j->w->redirect && plain >= 0 && !j->plain_done[plain] && !apa_redirects(c, &c->vhost[plain], &at)) {
        j->plain_done[plain] = true;
        rc = add_redirect(c, &j->x, (uint32_t)plain, j->w->names) ? err_nomem(j->e) : 0;
    }
    return !rc && where && strlist_addz(where, file) ? err_nomem(j->e) : rc;
}

static int modules(struct job *j, bool tls, bool redirect)
{
    int rc = tls ? apa_need_module(j->c, j->s, "ssl", j->changes, &j->more, j->e) : 0;
    if (!rc && redirect)
        rc = apa_need_module(j->c, j->s, "rewrite", j->changes, &j->more, j->e);
    if (!rc && (j->w->hsts || j->w->uir))
        rc = apa_need_module(j->c, j->s, "headers", j->changes, &j->more, j->e);
    return rc;
}

static int carry_on(struct job *j, struct strlist *where)
{
    bool redirect = false;
    int rc = 0;
    for (size_t i = 0; !rc && i < j->w->names->n; i++)
        rc = one_name(j, j->w->names->v[i], where);
    for (uint32_t i = 0; i < j->c->n_vhosts; i++)
        redirect |= j->plain_done[i];
    if (!rc)
        rc = modules(j, j->twins.n > 0, redirect);
    if (!rc && j->twins.n)
        rc = apa_need_listen(j->c, &j->more, j->w, &j->x) ? err_nomem(j->e) : 0;
    if (!rc)
        rc = apa_twins_to_changes(&j->twins, j->s, j->changes, j->e);
    return rc ? rc : apa_patches_to_changes(&j->x, j->changes, j->e);
}

int apa_plan(const struct apa_conf *c, const struct apa_server *s, const struct apa_wish *w, struct changes *changes,
             struct strlist *where, struct err *e)
{
    struct job j = { .c = c, .s = s, .w = w, .changes = changes, .e = e, .x = { .http_port = w->http_port } };
    size_t n = c->n_vhosts + 1u;
    j.tls_done = calloc(n, sizeof *j.tls_done);
    j.plain_done = calloc(n, sizeof *j.plain_done);
    j.twin_done = calloc(n, sizeof *j.twin_done);
    int rc =
        j.tls_done && j.plain_done && j.twin_done && !apa_patches_new(&j.x, c) ? carry_on(&j, where) : err_nomem(e);
    apa_patches_done(&j.x);
    apa_twins_done(&j.twins);
    strlist_done(&j.more);
    free(j.tls_done);
    free(j.plain_done);
    free(j.twin_done);
    return rc;
}

int apa_plan_challenge(const struct apa_conf *c, const struct strlist *names, unsigned http_port, const char *pre,
                       struct changes *changes, struct err *e)
{
    struct apa_patches x = { .http_port = http_port };
    STRLIST_AUTO(lines);
    BUF_AUTO(line, LINE_MAX_);
    buf_addf(&line, "Include %s", pre);
    int rc = apa_patches_new(&x, c) || buf_err(&line) || strlist_add(&lines, buf_str(&line)) ? err_nomem(e) : 0;
    for (uint32_t i = 0; !rc && i < c->n_vhosts; i++) {
        const struct apa_vhost *v = &c->vhost[i];
        bool wanted = false;
        for (size_t k = 0; k < names->n; k++)
            wanted |= apa_vhost_fits(v, names->v[k]) || apa_pick(c, names->v[k], http_port, false) < 0;
        if (wanted && apa_on_port(c, v, http_port) && !v->ssl)
            apa_add_lines(&x.v[v->file], &c->file[v->file], v->node, true, &lines);
    }
    if (!rc)
        rc = apa_patches_to_changes(&x, changes, e);
    apa_patches_done(&x);
    return rc;
}
