/* Virtual hosts: what is in them, included files' directives, too, and which of them answers a name. */
#include "deploy/apache/conf.h"

#include <fnmatch.h>
#include <stdlib.h>

/* ---- what is in them ---- */

/* Directly in a section (-1: in the file), blocks with a condition not counted. */
static bool is_in(const struct apa_file *f, uint32_t node, int64_t section)
{
    uint32_t up = f->node[node].parent;
    while (up && up - 1 != section && apa_is_condition(&f->node[up - 1]))
        up = f->node[up - 1].parent;
    return (int64_t)up - 1 == section;
}

struct gather {
    const struct apa_conf *c;
    struct apa_vhost *v;
    uint32_t cap, include;
};

static int add_in(struct gather *g, uint32_t file, uint32_t node, bool direct)
{
    struct apa_vhost *v = g->v;
    if (v->n_in == APA_NODES_MAX)
        return SIGNET_ELIMIT;
    if (v->n_in == g->cap) {
        uint32_t cap = g->cap ? g->cap * 2 : 16;
        struct apa_in *in = reallocarray(v->in, cap, sizeof *in);
        if (!in)
            return SIGNET_ENOMEM;
        v->in = in;
        g->cap = cap;
    }
    v->in[v->n_in++] = (struct apa_in){ .file = file, .node = node, .include = g->include, .direct = direct };
    return 0;
}

static int gather(struct gather *g, uint32_t file, int64_t section, bool direct, unsigned depth)
{
    const struct apa_file *f = &g->c->file[file];
    int rc = depth > APA_DEPTH_MAX ? SIGNET_ELIMIT : 0;
    for (uint32_t i = (uint32_t)(section + 1);
         !rc && i < f->n && (section < 0 || f->node[i].start < f->node[section].end); i++) {
        if (f->node[i].section || !apa_in_force(g->c, f, i, NULL))
            continue;
        bool is_direct = direct && is_in(f, i, section);
        rc = add_in(g, file, i, is_direct);
        g->include = depth ? g->include : i;
        for (uint32_t k = 0; !rc && apa_includes(g->c, &f->node[i], &k); k++)
            rc = gather(g, k, -1, is_direct, depth + 1);
        g->include = depth ? g->include : 0;
    }
    return rc;
}

const struct apa_node *apa_node(const struct apa_conf *c, const struct apa_in *in)
{
    return &c->file[in->file].node[in->node];
}

const struct apa_in *apa_find(const struct apa_conf *c, const struct apa_vhost *v, const char *name)
{
    for (uint32_t i = 0; i < v->n_in; i++)
        if (v->in[i].direct && !strcmp(apa_node(c, &v->in[i])->name, name))
            return &v->in[i];
    return NULL;
}

bool apa_vhost_says(const struct apa_conf *c, const struct apa_vhost *v, const char *directive, const char *value)
{
    const struct apa_in *in = apa_find(c, v, directive);
    const struct apa_node *n = in ? apa_node(c, in) : NULL;
    return n && n->args.n && !strcmp(n->args.v[0], value);
}

bool apa_vhost_reads(const struct apa_vhost *v, uint32_t file)
{
    for (uint32_t i = 0; i < v->n_in; i++)
        if (v->in[i].include && v->in[i].file == file)
            return true;
    return false;
}

/* ---- their names ---- */

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

/* Where a directive is there twice, Apache takes the last. */
static int read_vhost(const struct apa_conf *c, struct apa_vhost *v)
{
    struct gather g = { .c = c, .v = v };
    const char *name = NULL;
    bool engine = false, cert = false;
    int rc = gather(&g, v->file, v->node, true, 0);
    for (uint32_t i = 0; i < v->n_in; i++) {
        const struct apa_node *n = apa_node(c, &v->in[i]);
        if (!v->in[i].direct || !n->args.n)
            continue;
        if (!strcmp(n->name, "servername"))
            name = n->args.v[0];
        if (!strcmp(n->name, "sslengine"))
            engine = str_ieq(str_of(n->args.v[0]), STR("on"));
        cert |= !strcmp(n->name, "sslcertificatefile"); /* certbot's options file has the engine */
    }
    v->ssl = engine || cert;
    if (!rc && name)
        rc = add_name(v, name);
    for (uint32_t i = 0; !rc && i < v->n_in; i++) {
        const struct apa_node *n = apa_node(c, &v->in[i]);
        for (size_t k = 0; !rc && v->in[i].direct && !strcmp(n->name, "serveralias") && k < n->args.n; k++)
            rc = add_name(v, n->args.v[k]);
    }
    return rc;
}

bool apa_in_macro(const struct apa_file *f, uint32_t node)
{
    for (uint32_t up = f->node[node].parent; up; up = f->node[up - 1].parent)
        if (!strcmp(f->node[up - 1].name, "macro"))
            return true;
    return false;
}

int apa_vhosts_read(struct apa_conf *c)
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
            if (apa_in_macro(&c->file[i], k)) {
                c->macro = c->macro ? c->macro : i + 1;
                continue;
            }
            struct apa_vhost *v = &c->vhost[c->n_vhosts++];
            *v = (struct apa_vhost){ .file = i, .node = k };
            rc = read_vhost(c, v);
        }
    return rc;
}

/* ---- choosing ---- */

/* Of "[::1]:443" the "[::1]", when it is reached on that port; any address is "*". */
static bool address_on(const char *arg, unsigned port, signet_str *ret)
{
    static const char *const any[] = { "_default_", "0.0.0.0", "[::]", "::" };
    const char *colon = strrchr(arg, ':'), *bracket = strrchr(arg, ']');
    bool has_port = colon && !(bracket && colon < bracket);
    uint64_t is;
    if (has_port && strcmp(colon, ":*") && (str_u64(str_of(colon + 1), 65535, &is) || is != port))
        return false;
    *ret = (signet_str){ arg, has_port ? (size_t)(colon - arg) : strlen(arg) };
    for (size_t i = 0; i < sizeof any / sizeof any[0]; i++)
        if (str_ieq(*ret, str_of(any[i])))
            *ret = STR("*");
    return true;
}

bool apa_on_port(const struct apa_conf *c, const struct apa_vhost *v, unsigned port)
{
    const struct apa_node *n = &c->file[v->file].node[v->node];
    signet_str address;
    for (size_t i = 0; i < n->args.n; i++)
        if (address_on(n->args.v[i], port, &address))
            return true;
    return false;
}

bool apa_on_address(const struct apa_conf *c, const struct apa_vhost *v, unsigned port, signet_str address)
{
    const struct apa_node *n = &c->file[v->file].node[v->node];
    signet_str have;
    for (size_t i = 0; i < n->args.n; i++)
        if (address_on(n->args.v[i], port, &have) && str_ieq(have, address))
            return true;
    return false;
}

bool apa_vhost_fits(const struct apa_vhost *v, const char *name)
{
    for (size_t i = 0; i < v->names.n; i++)
        if (!strcmp(v->names.v[i], name) || (name[0] != '*' && fnmatch(v->names.v[i], name, 0) == 0))
            return true;
    return false;
}

/* Has a virtual host an address that none of those has? */
static bool is_first_somewhere(const struct apa_conf *c, uint32_t vhost, unsigned port, const uint32_t *those, size_t n)
{
    const struct apa_vhost *v = &c->vhost[vhost];
    const struct strlist *args = &c->file[v->file].node[v->node].args;
    signet_str address;
    for (size_t i = 0; i < args->n; i++) {
        size_t k = 0;
        if (!address_on(args->v[i], port, &address))
            continue;
        while (k < n && !apa_on_address(c, &c->vhost[those[k]], port, address))
            k++;
        if (k == n)
            return true;
    }
    return false;
}

size_t apa_picks(const struct apa_conf *c, const char *name, unsigned port, bool ssl, uint32_t *ret)
{
    uint32_t found[APA_PICKS_MAX];
    size_t n = 0, done = 0;
    for (uint32_t i = 0; n < APA_PICKS_MAX && i < c->n_vhosts; i++)
        if (c->vhost[i].ssl == ssl && apa_vhost_fits(&c->vhost[i], name) && is_first_somewhere(c, i, port, found, n))
            found[n++] = i;
    for (int any = 0; any < 2; any++)
        for (size_t i = 0; i < n; i++)
            if (apa_on_address(c, &c->vhost[found[i]], port, STR("*")) == any)
                ret[done++] = found[i];
    return done;
}

int64_t apa_pick(const struct apa_conf *c, const char *name, unsigned port, bool ssl)
{
    uint32_t found[APA_PICKS_MAX];
    return apa_picks(c, name, port, ssl, found) ? (int64_t)found[0] : -1;
}

static bool is_for_all(const struct apa_conf *c, const struct apa_vhost *v)
{
    const struct apa_node *n = &c->file[v->file].node[v->node];
    for (size_t i = 0; i < n->args.n; i++)
        if (str_starts(str_of(n->args.v[i]), STR("_default_")))
            return true;
    return !v->names.n;
}

size_t apa_picks_plain(const struct apa_conf *c, const char *name, unsigned port, uint32_t *ret)
{
    size_t n = apa_picks(c, name, port, false, ret);
    if (n || c->macro) /* one of those may have the name */
        return n;
    for (uint32_t i = 0; i < c->n_vhosts; i++)
        if (apa_on_port(c, &c->vhost[i], port)) {
            *ret = i;
            return !c->vhost[i].ssl && is_for_all(c, &c->vhost[i]);
        }
    return 0;
}

int64_t apa_pick_plain(const struct apa_conf *c, const char *name, unsigned port)
{
    uint32_t found[APA_PICKS_MAX];
    return apa_picks_plain(c, name, port, found) ? (int64_t)found[0] : -1;
}

bool apa_is_pick(const uint32_t *picks, size_t n, int64_t vhost)
{
    for (size_t i = 0; i < n; i++)
        if (picks[i] == vhost)
            return true;
    return false;
}
