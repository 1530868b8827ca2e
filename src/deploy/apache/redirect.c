/* From http to https: what a virtual host does already, what is added to it, and a virtual host of its own for names
 * that only TLS knows. */
#include "base/fs.h"
#include "deploy/apache/plan_in.h"
#include <fcntl.h>
#include <limits.h>

#define RULE "RewriteRule ^ https://%{SERVER_NAME}%{REQUEST_URI} [END,NE,R=permanent]"

/* ---- what is there ---- */

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

bool apa_redirects(const struct apa_conf *c, const struct apa_vhost *v, uint32_t *at)
{
    for (; *at < v->n_in; ++*at)
        if (goes_to_https(apa_node(c, &v->in[*at])))
            return true;
    return false;
}

uint32_t apa_first_condition(const struct apa_conf *c, const struct apa_vhost *v, uint32_t rule)
{
    uint32_t first = rule;
    while (first > 0 && v->in[first - 1].file == v->in[rule].file &&
           !strcmp(apa_node(c, &v->in[first - 1])->name, "rewritecond") &&
           !strcmp(apa_node(c, &v->in[rule])->name, "rewriterule"))
        first--;
    return first;
}

/* Conditions by SERVER_NAME, as ours are, hold for the names in them alone. */
static bool holds_for(const struct apa_conf *c, const struct apa_vhost *v, uint32_t rule, const char *name)
{
    bool by_name = false;
    for (uint32_t i = apa_first_condition(c, v, rule); i < rule; i++) {
        const struct strlist *args = &apa_node(c, &v->in[i])->args;
        if (args->n < 2 || strcmp(args->v[0], "%{SERVER_NAME}") || args->v[1][0] != '=')
            continue;
        if (str_ieq(str_of(args->v[1] + 1), str_of(name)))
            return true;
        by_name = true;
    }
    return !by_name;
}

static bool redirects_name(const struct apa_conf *c, const struct apa_vhost *v, const char *name)
{
    for (uint32_t at = 0; apa_redirects(c, v, &at); at++)
        if (holds_for(c, v, at, name))
            return true;
    return false;
}

/* ---- what is added ---- */

/* Appends the names of the wish that this virtual host answers in clear. */
static int names_without(const struct apa_conf *c, uint32_t vhost, const struct apa_wish *w, struct strlist *to)
{
    int rc = 0;
    for (size_t i = 0; !rc && i < w->names->n; i++)
        if (apa_pick_plain(c, w->names->v[i], w->http_port) == vhost &&
            !redirects_name(c, &c->vhost[vhost], w->names->v[i]))
            rc = strlist_addz(to, w->names->v[i]);
    return rc;
}

int apa_add_redirect(const struct apa_conf *c, struct apa_patches *x, uint32_t vhost, const struct apa_wish *w,
                     bool *ret_any)
{
    STRLIST_AUTO(names);
    STRLIST_AUTO(lines);
    const struct apa_vhost *v = &c->vhost[vhost];
    int rc = names_without(c, vhost, w, &names);
    if (rc || !names.n)
        return rc;
    *ret_any = true;
    rc = strlist_addz(&lines, "RewriteEngine on");
    for (size_t i = 0; i < names.n; i++) {
        BUF_AUTO(line, 1024);
        buf_addf(&line, "RewriteCond %%{SERVER_NAME} =%s%s", names.v[i], i + 1 < names.n ? " [OR]" : "");
        rc |= strlist_add(&lines, buf_str(&line));
    }
    rc |= strlist_addz(&lines, RULE);
    apa_add_lines(&x->v[v->file], &c->file[v->file], v->node, false, &lines);
    return rc ? SIGNET_ENOMEM : 0;
}

/* ---- a virtual host of its own ---- */

/* Names that this TLS virtual host has and no virtual host in clear. */
static int names_of(const struct apa_conf *c, uint32_t vhost, const struct apa_wish *w, struct strlist *to)
{
    int rc = 0;
    for (size_t i = 0; !rc && i < w->names->n; i++)
        if (apa_pick(c, w->names->v[i], w->https_port, true) == vhost &&
            apa_pick_plain(c, w->names->v[i], w->http_port) < 0)
            rc = strlist_addz(to, w->names->v[i]);
    return rc;
}

static void add_text(const struct apa_conf *c, const struct apa_server *s, uint32_t vhost, const struct apa_wish *w,
                     const struct strlist *names, struct buf *to)
{
    const struct apa_vhost *v = &c->vhost[vhost];
    buf_addz(to, "# Leads visitors of plain http to https.\n<VirtualHost");
    apa_add_addresses(&c->file[v->file].node[v->node], w->http_port, to);
    buf_addf(to, ">\n\tServerName %s\n", names->v[0]);
    for (size_t i = 1; i < names->n; i++)
        buf_addf(to, "\tServerAlias %s\n", names->v[i]);
    buf_addz(to, "\tServerSignature Off\n\n\tRewriteEngine on\n\t" RULE "\n\n");
    if (fs_exists(AT_FDCWD, s->logs)) /* Apache does not start when it is missing */
        buf_addf(to, "\tErrorLog %s/redirect.error.log\n", s->logs);
    buf_addz(to, "\tLogLevel warn\n</VirtualHost>\n");
}

static int path_for(const struct apa_file *beside, const struct apa_server *s, const char *name, struct buf *to)
{
    const char *slash = strrchr(beside->real, '/');
    if (fs_exists(AT_FDCWD, s->sites))
        buf_addf(to, "%s/le-redirect-", s->sites);
    else
        buf_addf(to, "%.*s/le-redirect-", (int)(slash - beside->real), beside->real);
    for (; *name; name++)
        buf_addc(to, *name == '*' ? '_' : *name);
    buf_addz(to, ".conf");
    return buf_err(to);
}

int apa_redirect_site(struct apa_sites *t, const struct apa_conf *c, const struct apa_server *s, uint32_t vhost,
                      const struct apa_wish *w, struct err *e)
{
    STRLIST_AUTO(names);
    BUF_AUTO(path, PATH_MAX);
    size_t at;
    if (!apa_listens(c, w->http_port, NULL))
        return 0; /* nobody can come that way */
    if (names_of(c, vhost, w, &names))
        return err_nomem(e);
    if (!names.n)
        return 0;
    if (path_for(&c->file[c->vhost[vhost].file], s, names.v[0], &path))
        return err_nomem(e);
    int rc = apa_site(t, c, s, buf_z(&path), NULL, &at, e);
    if (rc)
        return rc;
    add_text(c, s, vhost, w, &names, &t->v[at].text);
    return buf_err(&t->v[at].text) ? err_nomem(e) : 0;
}
