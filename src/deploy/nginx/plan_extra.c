/* Headers and stapling. */
#include "base/log.h"
#include "deploy/nginx/plan_in.h"
#include <stdlib.h>

#define TEXT_MAX 65536u

struct header {
    const char *name, *value;
    bool by_value; /* another value of the same header is not what we mean */
    const char *words;
};
static const struct header headers[] = {
    [NGX_HSTS] = { "Strict-Transport-Security", "max-age=31536000", false, "Strict-Transport-Security" },
    [NGX_UIR] = { "Content-Security-Policy", "upgrade-insecure-requests", true, "Upgrade-Insecure-Requests" },
};

struct header_look {
    const struct header *h;
    bool found, any;
};

static int look(void *ctx, const struct ngx_conf *c, struct ngx_at at)
{
    struct header_look *k = ctx;
    const struct ngx_tree *t = ngx_tree_of(c, at);
    const struct ngx_node *n = ngx_node_of(c, at);
    BUF_AUTO(value, TEXT_MAX);
    if (!ngx_named(t, n, "add_header") || n->n_words < 3)
        return 0;
    k->any = true;
    ngx_value(t, n, 1, &value);
    if (!str_ieq(buf_str(&value), str_of(k->h->name)))
        return 0;
    buf_clear(&value);
    ngx_value(t, n, 2, &value);
    k->found |= !k->h->by_value || strstr(buf_z(&value), k->h->value);
    return 0;
}

static bool has_extra(struct ngx_plan *p, uint32_t server, enum ngx_extra what)
{
    struct ngx_at at;
    if (what == NGX_STAPLE)
        return ngx_server_has(p, server, "ssl_stapling", &at) &&
               ngx_value_is(ngx_tree_of(&p->conf, at), ngx_node_of(&p->conf, at), 1, "on");
    struct header_look k = { .h = &headers[what] };
    struct header_look above = { .h = &headers[what] };
    (void)ngx_visit(&p->conf, p->servers.v[server].at, look, &k);
    (void)ngx_visit(&p->conf, p->servers.http, look, &above);
    if (!k.any && above.any && !k.found)
        log_warn("deploy.nginx",
                 "%s: headers that add_header gives to all servers do not count any more in a server with an "
                 "add_header of its own, and that it gets now. Repeat in it what it needs of them.",
                 p->conf.file[p->servers.v[server].at.file].path);
    return k.found;
}

static int header_line(const struct header *h, struct strlist *to)
{
    BUF_AUTO(line, TEXT_MAX);
    buf_addf(&line, "add_header %s \"%s\" always;" NGX_MARK, h->name, h->value);
    return buf_err(&line) ? SIGNET_ENOMEM : strlist_add(to, buf_str(&line));
}

/* Are visitors asked for certificates? What nginx trusts for stapling it would trust for these, too. */
static bool asks_visitors(const struct ngx_plan *p, uint32_t server)
{
    struct ngx_at at;
    return (ngx_server_has(p, server, "ssl_verify_client", &at) ||
            ngx_find_in(&p->conf, p->servers.http, "ssl_verify_client", &at)) &&
           !ngx_value_is(ngx_tree_of(&p->conf, at), ngx_node_of(&p->conf, at), 1, "off");
}

/* What stands there gets its value; *to gets lines for what is missing. */
static int staple(struct ngx_plan *p, struct ngx_patches *x, uint32_t server, const char *chain, struct strlist *to)
{
    const char *const set[][2] = { { "ssl_trusted_certificate", chain },
                                   { "ssl_stapling", "on" },
                                   { "ssl_stapling_verify", "on" } };
    bool asks = asks_visitors(p, server);
    struct ngx_at at;
    int rc = 0;
    for (size_t i = 0; i < sizeof set / sizeof set[0] && !rc; i++) {
        BUF_AUTO(line, TEXT_MAX);
        if (asks && strcmp(set[i][0], "ssl_stapling"))
            continue;
        if (ngx_server_has(p, server, set[i][0], &at)) {
            rc = ngx_set_value(p, x, server, set[i][0], set[i][1]);
            continue;
        }
        buf_addf(&line, "%s ", set[i][0]);
        ngx_quote(set[i][1], &line);
        buf_addz(&line, ";" NGX_MARK);
        rc = buf_err(&line) || strlist_add(to, buf_str(&line)) ? err_nomem(p->e) : 0;
    }
    return rc;
}

/* A header that is meant for https must not be sent over http (RFC 6797 section 7.2), so a server with both is two
 * first. */
static int split_first(struct ngx_plan *p, const struct strlist *names)
{
    struct ngx_patches x = { 0 };
    bool *done = calloc(p->servers.n + 1, sizeof *done);
    if (!done)
        return err_nomem(p->e);
    int rc = ngx_patches_new(&x, p);
    for (size_t i = 0; !rc && i < names->n; i++) {
        uint32_t found[NGX_HITS_MAX], n = ngx_targets(p, str_of(names->v[i]), found);
        for (uint32_t k = 0; !rc && k < n; k++) {
            if (done[found[k]] || !ngx_has_tls(&p->servers, found[k]) || !ngx_has_plain(&p->servers, found[k]))
                continue;
            done[found[k]] = true;
            rc = ngx_split(p, &x, found[k], NULL);
            if (rc == SIGNET_EINVAL)
                rc = 0; /* better sent over both than not at all; browsers pass over it on http */
        }
    }
    if (!rc)
        rc = ngx_patches_apply(&x, p);
    ngx_patches_done(&x);
    free(done);
    return rc;
}

struct job {
    struct ngx_plan *p;
    struct ngx_patches x;
    enum ngx_extra what;
    const char *chain;
    bool *done, *ret_new;
};

static int extra_for(struct job *j, const char *name)
{
    struct ngx_plan *p = j->p;
    uint32_t found[NGX_HITS_MAX], n = ngx_targets(p, str_of(name), found);
    int rc = ngx_judged(p, str_of(name), found, n);
    if (rc)
        return rc;
    if (!n || !ngx_has_tls(&p->servers, found[0]))
        return err_set(p->e, SIGNET_ENOTFOUND, "Unable to find corresponding HTTPS host for enhancement: %s", name);
    for (uint32_t k = 0; !rc && k < n; k++) {
        STRLIST_AUTO(lines);
        struct ngx_at at = p->servers.v[found[k]].at;
        if (j->done[found[k]] || has_extra(p, found[k], j->what))
            continue;
        j->done[found[k]] = *j->ret_new = true;
        if (j->what == NGX_STAPLE)
            rc = staple(p, &j->x, found[k], j->chain, &lines);
        else
            rc = header_line(&headers[j->what], &lines) ? err_nomem(p->e) : 0;
        if (lines.n)
            ngx_add_at_end(ngx_patch_for(&j->x, at), ngx_tree_of(&p->conf, at), ngx_node_of(&p->conf, at), &lines);
        changes_note(p->changes, "Adding %s to %s", j->what == NGX_STAPLE ? "OCSP stapling" : headers[j->what].words,
                     p->conf.file[at.file].path);
    }
    return rc;
}

int ngx_plan_extra(struct ngx_plan *p, const struct strlist *names, enum ngx_extra what, const char *chain,
                   bool *ret_new)
{
    struct job j = { .p = p, .what = what, .chain = chain, .ret_new = ret_new };
    int rc = 0;
    bool missing = false;
    *ret_new = false;
    for (size_t i = 0; i < names->n && !missing; i++) {
        uint32_t found[NGX_HITS_MAX], n = ngx_targets(p, str_of(names->v[i]), found);
        for (uint32_t k = 0; k < n; k++)
            missing |= !has_extra(p, found[k], what);
    }
    if (missing && what == NGX_HSTS)
        rc = split_first(p, names);
    j.done = calloc(p->servers.n + 1, sizeof *j.done);
    if (!j.done)
        return rc ? rc : err_nomem(p->e);
    if (!rc)
        rc = ngx_patches_new(&j.x, p);
    for (size_t i = 0; !rc && i < names->n; i++)
        rc = extra_for(&j, names->v[i]);
    if (!rc)
        rc = ngx_patches_apply(&j.x, p);
    ngx_patches_done(&j.x);
    free(j.done);
    return rc;
}
