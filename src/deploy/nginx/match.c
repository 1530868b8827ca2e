#include "deploy/nginx/match.h"

#include <regex.h>
#include <stdlib.h>

#define REGEX_BYTES_MAX 4096u

static char *lower(signet_str s)
{
    char *z = str_dup(s);
    for (char *c = z; c && *c; c++)
        if (*c >= 'A' && *c <= 'Z')
            *c = (char)(*c - 'A' + 'a');
    return z;
}

int ngx_name_read(struct ngx_name *n, signet_str word)
{
    n->kind = NGX_EXACT;
    if (str_starts(word, STR("~"))) {
        n->kind = NGX_REGEX;
        n->value = str_dup(str_skip(word, 1));
        return n->value ? 0 : SIGNET_ENOMEM;
    }
    if (str_starts(word, STR("*."))) {
        n->kind = NGX_LEADING;
        word = str_skip(word, 1);
    } else if (str_starts(word, STR("."))) {
        n->kind = NGX_LEADING;
        n->dot = true;
    } else if (word.n > 2 && str_ends(word, STR(".*"))) {
        n->kind = NGX_TRAILING;
        word.n--;
    }
    n->value = lower(word);
    return n->value ? 0 : SIGNET_ENOMEM;
}

void ngx_name_done(struct ngx_name *n)
{
    if (n->regex) {
        regfree(n->regex);
        free(n->regex);
    }
    free(n->value);
    *n = (struct ngx_name){ 0 };
}

/* ---- regular expressions ---- */

static signet_str group_skip(signet_str s, bool *ok)
{
    signet_str name, rest;
    if (str_starts(s, STR("?:")))
        return str_skip(s, 2);
    if (str_starts(s, STR("?i:"))) /* all are compared without regard to case */
        return str_skip(s, 3);
    if (str_starts(s, STR("?P<")))
        s = str_skip(s, 3);
    else if (str_starts(s, STR("?<")) && s.n > 2 && s.p[2] != '=' && s.p[2] != '!')
        s = str_skip(s, 2);
    else {
        *ok = !str_starts(s, STR("?"));
        return s;
    }
    *ok = str_cut(s, '>', &name, &rest);
    return rest;
}

static bool escape(char c, bool set, struct buf *to)
{
    static const struct {
        char c;
        const char *alone, *in_set; /* NULL: cannot be said there */
    } classes[] = {
        { 'd', "[0-9]", "0-9" },
        { 'w', "[A-Za-z0-9_]", "A-Za-z0-9_" },
        { 's', "[[:space:]]", "[:space:]" },
        { 'D', "[^0-9]", NULL },
        { 'W', "[^A-Za-z0-9_]", NULL },
        { 'S', "[^[:space:]]", NULL },
        { 'A', "^", NULL },
        { 'z', "$", NULL },
        { 'Z', "$", NULL },
    };
    for (size_t i = 0; i < sizeof classes / sizeof classes[0]; i++) {
        const char *say = set ? classes[i].in_set : classes[i].alone;
        if (classes[i].c != c)
            continue;
        buf_addz(to, say ? say : "");
        return say != NULL;
    }
    if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'))
        return false;
    else if (set)
        buf_addc(to, c);
    else
        buf_addf(to, "\\%c", c);
    return true;
}

bool ngx_regex_translate(signet_str s, struct buf *to)
{
    bool set = false, ok = true;
    while (s.n && ok) {
        char c = s.p[0];
        s = str_skip(s, 1);
        if (c == '\\') {
            ok = s.n && escape(s.p[0], set, to);
            s = str_skip(s, 1);
        } else if (set || c == '[') {
            set = c == '[' || c != ']';
            buf_addc(to, c);
        } else if (c == '(' && str_starts(s, STR("?i)"))) {
            s = str_skip(s, 3);
        } else if (c == '(') {
            buf_addc(to, c);
            s = group_skip(s, &ok);
        } else if ((c == '?' || c == '+') && to->n && strchr("*+?}", to->p[to->n - 1])) {
            ok = c == '?'; /* lazy is as good as greedy for a yes or no; possessive is not */
        } else {
            buf_addc(to, c);
        }
    }
    return ok && !buf_err(to);
}

static bool regex_ready(struct ngx_name *n)
{
    BUF_AUTO(posix, REGEX_BYTES_MAX);
    if (n->regex || n->odd)
        return n->regex != NULL;
    regex_t *r = calloc(1, sizeof *r);
    if (r && ngx_regex_translate(str_of(n->value), &posix) &&
        !regcomp(r, buf_z(&posix), REG_EXTENDED | REG_ICASE | REG_NOSUB)) {
        n->regex = r;
        return true;
    }
    free(r);
    n->odd = true;
    return false;
}

static bool regex_fits(struct ngx_name *n, signet_str domain)
{
    char z[256];
    if (domain.n >= sizeof z || !regex_ready(n))
        return false;
    memcpy(z, domain.p, domain.n);
    z[domain.n] = '\0';
    return regexec(n->regex, z, 0, NULL, 0) == 0;
}

bool ngx_name_fits(struct ngx_name *n, signet_str domain, enum ngx_match *ret_kind)
{
    signet_str v = str_of(n->value);
    bool wild = str_starts(domain, STR("*."));
    *ret_kind = n->kind;
    switch (n->kind) {
    case NGX_NO_MATCH:
        return false;
    case NGX_EXACT:
        return str_eq(v, domain);
    case NGX_LEADING:
        if (wild)
            return str_eq(v, str_skip(domain, 1));
        if (n->dot && str_eq(str_skip(v, 1), domain)) {
            *ret_kind = NGX_EXACT;
            return true;
        }
        return domain.n > v.n && str_ends(domain, v);
    case NGX_TRAILING:
        return !wild && domain.n > v.n && str_starts(domain, v);
    case NGX_REGEX:
        return !wild && regex_fits(n, domain);
    }
    return false;
}

/* ---- which servers ---- */

static int by_value(const void *a, const void *b, void *ctx)
{
    const struct ngx_name *names = ctx;
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    int d = strcmp(names[x].value, names[y].value);
    return d ? d : x < y ? -1 : 1;
}

int ngx_names_index(struct ngx_servers *s)
{
    s->exact = calloc(s->n_names + 1, sizeof *s->exact);
    s->other = calloc(s->n_names + 1, sizeof *s->other);
    if (!s->exact || !s->other)
        return SIGNET_ENOMEM;
    for (uint32_t i = 0; i < s->n_names; i++)
        if (s->name[i].kind == NGX_EXACT)
            s->exact[s->n_exact++] = i;
        else
            s->other[s->n_other++] = i;
    qsort_r(s->exact, s->n_exact, sizeof *s->exact, by_value, s->name);
    return 0;
}

/* The first exact name that is not before `domain`. */
static uint32_t lower_bound(const struct ngx_servers *s, signet_str domain)
{
    uint32_t from = 0, to = s->n_exact;
    while (from < to) {
        uint32_t mid = from + (to - from) / 2;
        if (str_cmp(str_of(s->name[s->exact[mid]].value), domain) < 0)
            from = mid + 1;
        else
            to = mid;
    }
    return from;
}

static void add_hit(struct ngx_hit *hit, uint32_t *n, struct ngx_hit h)
{
    for (uint32_t i = 0; i < *n; i++) {
        if (hit[i].server != h.server)
            continue;
        if (h.kind > hit[i].kind || (h.kind == hit[i].kind && h.len > hit[i].len))
            hit[i] = h;
        return;
    }
    if (*n < NGX_HITS_MAX)
        hit[(*n)++] = h;
}

static int by_server(const void *a, const void *b)
{
    const struct ngx_hit *x = a, *y = b;
    return x->server < y->server ? -1 : x->server > y->server;
}

uint32_t ngx_hits(struct ngx_servers *s, signet_str domain, struct ngx_hit *ret)
{
    uint32_t n = 0;
    for (uint32_t i = lower_bound(s, domain); i < s->n_exact; i++) {
        const struct ngx_name *name = &s->name[s->exact[i]];
        if (!str_eq(str_of(name->value), domain))
            break;
        add_hit(ret, &n, (struct ngx_hit){ name->server, NGX_EXACT, domain.n });
    }
    for (uint32_t i = 0; i < s->n_other; i++) {
        struct ngx_name *name = &s->name[s->other[i]];
        enum ngx_match kind;
        if (!ngx_name_fits(name, domain, &kind))
            continue;
        size_t len = kind == NGX_REGEX ? 0 : kind == NGX_EXACT ? domain.n : strlen(name->value);
        add_hit(ret, &n, (struct ngx_hit){ name->server, kind, len });
    }
    qsort(ret, n, sizeof *ret, by_server);
    return n;
}

/* ---- sockets ---- */

bool ngx_tls(const struct ngx_listen *l, const struct ngx_server *of)
{
    return l->ssl || l->quic || of->ssl_on;
}

bool ngx_same_socket(const struct ngx_listen *a, const struct ngx_listen *b)
{
    return a->family == b->family && a->quic == b->quic && a->port <= b->port_to && b->port <= a->port_to &&
           !strcmp(a->addr, b->addr);
}

static bool listens_there(const struct ngx_servers *s, uint32_t server, const struct ngx_listen *l, bool *is_default)
{
    const struct ngx_server *v = &s->v[server];
    for (uint32_t i = v->listen; i < v->listen + v->n_listens; i++)
        if (ngx_same_socket(&s->listen[i], l)) {
            *is_default = s->listen[i].is_default;
            return true;
        }
    return false;
}

const struct ngx_hit *ngx_pick(const struct ngx_servers *s, uint32_t socket, const struct ngx_hit *hit, uint32_t n)
{
    const struct ngx_hit *best = NULL;
    bool is_default;
    for (uint32_t i = 0; i < n; i++)
        if (listens_there(s, hit[i].server, &s->listen[socket], &is_default) &&
            (!best || hit[i].kind > best->kind || (hit[i].kind == best->kind && hit[i].len > best->len)))
            best = &hit[i];
    return best;
}

static bool share_socket(const struct ngx_servers *s, uint32_t a, uint32_t b)
{
    bool is_default;
    for (uint32_t i = s->v[a].listen; i < s->v[a].listen + s->v[a].n_listens; i++)
        if (listens_there(s, b, &s->listen[i], &is_default))
            return true;
    return false;
}

const struct ngx_name *ngx_odd_before(const struct ngx_servers *s, const struct ngx_hit *hit)
{
    for (uint32_t i = 0; i < s->n_other; i++) {
        const struct ngx_name *name = &s->name[s->other[i]];
        if (name->odd && (!hit || (hit->kind == NGX_REGEX && name->server < hit->server &&
                                   share_socket(s, name->server, hit->server))))
            return name;
    }
    return NULL;
}

uint32_t ngx_default(const struct ngx_servers *s, uint32_t socket)
{
    uint32_t first = UINT32_MAX;
    for (uint32_t i = 0; i < s->n; i++) {
        bool is_default = false;
        if (!listens_there(s, i, &s->listen[socket], &is_default))
            continue;
        if (is_default)
            return i;
        if (first == UINT32_MAX)
            first = i;
    }
    return first;
}

uint32_t ngx_sockets(const struct ngx_servers *s, unsigned port, bool tls, uint32_t *ret)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < s->n; i++)
        for (uint32_t k = s->v[i].listen; k < s->v[i].listen + s->v[i].n_listens; k++) {
            const struct ngx_listen *l = &s->listen[k];
            bool known =
                l->family == NGX_UNIX || l->port > port || l->port_to < port || l->quic || ngx_tls(l, &s->v[i]) != tls;
            for (uint32_t m = 0; m < n && !known; m++)
                known = ngx_same_socket(&s->listen[ret[m]], l);
            if (!known)
                ret[n++] = k;
        }
    return n;
}
