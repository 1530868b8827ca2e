/* From http to https: what a virtual host does already, what is added to it, and a virtual host of its own for names
 * that only TLS knows. */
#include "base/fs.h"
#include "deploy/apache/plan_in.h"
#include <fcntl.h>
#include <limits.h>

#define RULE "RewriteRule ^ https://%{SERVER_NAME}%{REQUEST_URI} [END,NE,R=permanent]"

/* ---- what is there ---- */

/* Where a directive sends visitors. */
struct way {
    signet_str from; /* a path or a pattern; empty: what the section around it is for */
    signet_str to;   /* behind "https://" */
    bool is_pattern;
};

/* [P]: Apache itself asks there, the visitor stays. */
static bool is_proxy(const struct apa_node *n, size_t from)
{
    for (size_t i = from; i < n->args.n; i++) {
        signet_str one, rest = str_of(n->args.v[i]);
        if (rest.n < 2 || rest.p[0] != '[')
            continue;
        rest = (signet_str){ rest.p + 1, rest.n - 2 };
        while (rest.n) {
            (void)str_cut(rest, ',', &one, &rest);
            if (str_ieq(str_trim(one), STR("P")) || str_ieq(str_trim(one), STR("proxy")))
                return true;
        }
    }
    return false;
}

/* Is it a redirect to https? */
static bool way_of(const struct apa_node *n, struct way *ret)
{
    bool rule = !strcmp(n->name, "rewriterule"), match = !strcmp(n->name, "redirectmatch");
    if (!rule && !match && strcmp(n->name, "redirect") && strcmp(n->name, "redirectpermanent") &&
        strcmp(n->name, "redirecttemp"))
        return false;
    for (size_t i = 0; i < n->args.n; i++) {
        signet_str to = str_of(n->args.v[i]), from = i ? str_of(n->args.v[i - 1]) : STR("");
        if (!str_starts(to, STR("https://")) || (rule && is_proxy(n, i + 1)))
            continue;
        bool status = !rule && !match && !str_starts(from, STR("/"));
        *ret = (struct way){ .from = status ? STR("") : from, .to = str_skip(to, 8), .is_pattern = rule || match };
        return true;
    }
    return false;
}

/* What excepts some paths is for the rest of the site. */
static bool is_whole_site(const struct way *w)
{
    static const char *const patterns[] = { "^",     "^/",     "^/?",     "^/?$",     "^/(.*)", "^/(.*)$",
                                            "^(.*)", "^(.*)$", "^/?(.*)", "^/?(.*)$", ".*",     "^.*",
                                            "^.*$",  "^/.*",   "(.*)",    "(.*)$",    "/(.*)",  "/.*" };
    if (!w->is_pattern)
        return str_eq(w->from, STR("/"));
    for (size_t i = 0; i < sizeof patterns / sizeof patterns[0]; i++)
        if (str_eq(w->from, str_of(patterns[i])))
            return true;
    return str_starts(w->from, STR("!")) || str_find(w->from, STR("(?!"));
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

#define ONE_LABEL "^[^.]+\\."

/* The pattern of SERVER_NAME that a name fits; one label stands for a "*". */
static void add_condition(const char *name, struct buf *to)
{
    bool wild = !strncmp(name, "*.", 2);
    buf_addz(to, wild ? ONE_LABEL : "=");
    for (const char *c = wild ? name + 2 : name; *c; c++) {
        if (wild && *c == '.')
            buf_addc(to, '\\');
        buf_addc(to, *c);
    }
    if (wild)
        buf_addc(to, '$');
}

/* 1: the name, or the wildcard it is under, is what a pattern of SERVER_NAME asks for; 0: others are; -1: it is none of
 * ours. */
static int asks_for(const char *pattern, const char *name)
{
    BUF_AUTO(own, 1024);
    BUF_AUTO(wildcard, 512);
    BUF_AUTO(above, 1024);
    const char *dot = strchr(name, '.');
    add_condition(name, &own);
    buf_addf(&wildcard, "*%s", dot ? dot : "");
    add_condition(buf_z(&wildcard), &above);
    if (str_ieq(str_of(pattern), buf_str(&own)) || str_ieq(str_of(pattern), buf_str(&above)))
        return 1;
    return pattern[0] == '=' || str_starts(str_of(pattern), STR(ONE_LABEL)) ? 0 : -1;
}

/* Do the conditions of a rule hold for a name, whatever is asked for? Those by SERVER_NAME, as ours are, hold for the
 * names in them alone. */
static bool holds_for(const struct apa_conf *c, const struct apa_vhost *v, uint32_t rule, const char *name)
{
    static const char *const of_all[] = { "%{HTTPS}",     "%{SERVER_PORT}", "%{REQUEST_SCHEME}",
                                          "%{HTTP_HOST}", "%{HTTP:Host}",   "%{HTTP:X-Forwarded-Proto}" };
    bool by_name = false;
    for (uint32_t i = apa_first_condition(c, v, rule); i < rule; i++) {
        const struct strlist *args = &apa_node(c, &v->in[i])->args;
        bool fits = args->n < 2 || args->v[1][0] == '!';
        for (size_t k = 0; !fits && k < sizeof of_all / sizeof of_all[0]; k++)
            fits = !strcmp(args->v[0], of_all[k]);
        if (fits)
            continue;
        if (strcmp(args->v[0], "%{SERVER_NAME}"))
            return false;
        int asks = asks_for(args->v[1], name);
        if (asks > 0)
            return true;
        by_name |= !asks;
    }
    return !by_name;
}

static bool redirects_name(const struct apa_conf *c, const struct apa_vhost *v, const char *name)
{
    struct way way;
    for (uint32_t i = 0; i < v->n_in; i++)
        if (v->in[i].direct && way_of(apa_node(c, &v->in[i]), &way) && is_whole_site(&way) && holds_for(c, v, i, name))
            return true;
    return false;
}

/* ---- what leads to where it comes from ---- */

/* Cuts the host off: is it the one that was asked for? */
static bool is_same_host(const struct apa_vhost *v, const struct strlist *names, signet_str *to)
{
    static const char *const asked[] = { "%{SERVER_NAME}", "%{HTTP_HOST}", "%{HTTP:Host}", "%1" };
    BUF_AUTO(host, 512);
    size_t n = 0;
    for (size_t i = 0; i < sizeof asked / sizeof asked[0]; i++)
        if (str_starts(*to, str_of(asked[i]))) {
            *to = str_skip(*to, strlen(asked[i]));
            return true;
        }
    for (; n < to->n && !strchr("/:?#%$", to->p[n]); n++)
        buf_addc(&host, to->p[n] >= 'A' && to->p[n] <= 'Z' ? (char)(to->p[n] - 'A' + 'a') : to->p[n]);
    *to = str_skip(*to, n);
    return !buf_err(&host) && (apa_vhost_fits(v, buf_z(&host)) || (names && strlist_has(names, buf_str(&host))));
}

/* Cuts a port off: is it this one, or none? */
static bool is_same_port(unsigned port, signet_str *to)
{
    uint64_t is;
    size_t n = 1;
    if (!str_starts(*to, STR(":")))
        return true;
    while (n < to->n && to->p[n] >= '0' && to->p[n] <= '9')
        n++;
    bool same = n == 1 || (!str_u64((signet_str){ to->p + 1, n - 1 }, 65535, &is) && is == port);
    *to = str_skip(*to, n);
    return same;
}

/* The characters that all that fits a pattern begins with, without a slash in front; *ret_all: nothing follows them. */
static void literal_of(signet_str pattern, struct buf *to, bool *ret_all)
{
    size_t i = str_starts(pattern, STR("^")) ? 1 : 0;
    i += i < pattern.n && pattern.p[i] == '/';
    for (; i < pattern.n && !strchr(".+*?()[]{}|$^", pattern.p[i]); i++) {
        bool escaped = pattern.p[i] == '\\' && i + 1 < pattern.n;
        char next = pattern.p[i + escaped], behind = i + escaped + 1 < pattern.n ? pattern.p[i + escaped + 1] : ' ';
        if ((escaped && strchr("dDwWsSbBAzZ0123456789", next)) || strchr("*?{", behind))
            break;
        buf_addc(to, next);
        i += escaped;
    }
    *ret_all = i + 1 == pattern.n && pattern.p[i] == '$';
}

static bool comes_back(const struct way *w, signet_str path)
{
    BUF_AUTO(literal, 1024);
    bool all = false;
    if (!w->from.n || is_whole_site(w) || str_starts(path, STR("%{REQUEST_URI}")) || str_starts(path, STR("$0")))
        return true;
    if (w->is_pattern) {
        literal_of(w->from, &literal, &all);
        path = str_skip(path, str_starts(path, STR("/")));
    } else {
        buf_add(&literal, w->from);
    }
    signet_str rest = str_skip(path, literal.n);
    if (buf_err(&literal) || !str_starts(path, buf_str(&literal)) || (all && rest.n))
        return false;
    return w->is_pattern || str_ends(w->from, STR("/")) || !rest.n || strchr("/?#", rest.p[0]);
}

bool apa_loops(const struct apa_conf *c, const struct apa_vhost *v, const struct apa_in *in,
               const struct strlist *names, unsigned port)
{
    struct way way;
    if (!way_of(apa_node(c, in), &way))
        return false;
    signet_str path = way.to;
    return is_same_host(v, names, &path) && is_same_port(port, &path) && comes_back(&way, path);
}

/* ---- what is added ---- */

/* Appends the names of the wish that this virtual host answers in clear. */
static int names_without(const struct apa_conf *c, uint32_t vhost, const struct apa_wish *w, struct strlist *to)
{
    uint32_t picks[APA_PICKS_MAX];
    int rc = 0;
    for (size_t i = 0; !rc && i < w->names->n; i++)
        if (apa_is_pick(picks, apa_picks_plain(c, w->names->v[i], w->http_port, picks), vhost) &&
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
        bool more = i + 1 < names.n, wild = names.v[i][0] == '*';
        buf_addz(&line, "RewriteCond %{SERVER_NAME} ");
        add_condition(names.v[i], &line);
        buf_addz(&line, wild ? more ? " [NC,OR]" : " [NC]" : more ? " [OR]" : "");
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

int apa_name_lines(const struct strlist *names, struct strlist *to)
{
    size_t first = 0;
    int rc = 0;
    while (first < names->n && names->v[first][0] == '*')
        first++;
    for (size_t i = 0; i <= names->n; i++) {
        BUF_AUTO(line, 1024);
        size_t k = !i ? first : i - 1; /* the ServerName is written first */
        if (k == names->n || (i && k == first))
            continue;
        buf_addf(&line, "%s %s", i ? "ServerAlias" : "ServerName", names->v[k]);
        rc |= strlist_add(to, buf_str(&line));
    }
    return rc;
}

static int add_text(const struct apa_conf *c, const struct apa_server *s, uint32_t vhost, const struct apa_wish *w,
                    const struct strlist *names, struct buf *to)
{
    STRLIST_AUTO(lines);
    int rc = apa_name_lines(names, &lines);
    const struct apa_vhost *v = &c->vhost[vhost];
    buf_addz(to, "# Leads visitors of plain http to https.\n<VirtualHost");
    apa_add_addresses(&c->file[v->file].node[v->node], w->http_port, to);
    buf_addz(to, ">\n");
    for (size_t i = 0; i < lines.n; i++)
        buf_addf(to, "\t%s\n", lines.v[i]);
    buf_addz(to, "\tServerSignature Off\n\n\tRewriteEngine on\n\t" RULE "\n\n");
    if (fs_exists(AT_FDCWD, s->logs)) /* Apache does not start when it is missing */
        buf_addf(to, "\tErrorLog %s/redirect.error.log\n", s->logs);
    buf_addz(to, "\tLogLevel warn\n</VirtualHost>\n");
    return rc ? rc : buf_err(to);
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
    return add_text(c, s, vhost, w, &names, &t->v[at].text) ? err_nomem(e) : 0;
}
