/* --auto-hsts: an identity, as certbot writes it, in a comment of the virtual host, and its max-age. */
#include "crypto/digest.h"
#include "deploy/apache/plan_in.h"

#define MARK     "DO NOT REMOVE - Managed by Certbot, VirtualHost id: "
#define ID_BYTES 16u
#define ID_CHARS 32u /* hexadecimal */
#define AGE      "max-age="

static signet_str id_in(signet_str text)
{
    const char *at = str_find(text, STR(MARK));
    size_t left = at ? text.n - (size_t)(at - text.p) - (sizeof MARK - 1) : 0, n = 0;
    at = at ? at + sizeof MARK - 1 : NULL;
    while (n < left && n < ID_CHARS && strchr("0123456789abcdef", at[n]))
        n++;
    return (signet_str){ at, n };
}

static signet_str text_of(const struct apa_conf *c, const struct apa_vhost *v)
{
    const struct apa_file *f = &c->file[v->file];
    return (signet_str){ f->text.p + f->node[v->node].start, f->node[v->node].end - f->node[v->node].start };
}

int apa_hsts_check(const struct apa_conf *c, uint32_t vhost, const char *name, struct err *e)
{
    const struct apa_vhost *v = &c->vhost[vhost];
    if (!apa_has_header(c, v, "Strict-Transport-Security") || id_in(text_of(c, v)).n)
        return 0;
    err_set(e, SIGNET_EEXIST, "The virtual host for %s in %s has a Strict-Transport-Security header already", name,
            c->file[v->file].path);
    err_hint(e, "Remove it there for --auto-hsts to begin anew.");
    return SIGNET_EEXIST;
}

int apa_hsts_lines(const struct apa_wish *w, const struct apa_conf *c, const struct apa_vhost *v, struct strlist *to)
{
    BUF_AUTO(seed, 256);
    BUF_AUTO(line, 256);
    uint8_t sum[32];
    buf_addf(&seed, "%s %s %td", w->hsts_seed, v ? "itself" : "twin", v ? v - c->vhost : w->twin);
    if (digest_sha256(buf_str(&seed), sum))
        return SIGNET_ENOMEM;
    signet_str have = v ? id_in(text_of(c, v)) : (signet_str){ 0 };
    buf_addz(&line, "# " MARK);
    hex_enc(&line, (signet_str){ (const char *)sum, ID_BYTES });
    int rc = have.n ? 0 : strlist_add(to, buf_str(&line));
    buf_clear(&line);
    buf_addf(&line, "Header always set Strict-Transport-Security \"" AGE "%u\"", w->hsts_age);
    return rc | strlist_add(to, buf_str(&line));
}

/* ---- identities that a plan brings ---- */

static signet_str behind(signet_str text, signet_str id)
{
    return str_skip(text, (size_t)(id.p + id.n - text.p));
}

static bool holds_id(signet_str text, signet_str id)
{
    for (signet_str one = id_in(text); one.p; text = behind(text, one), one = id_in(text))
        if (str_eq(one, id))
            return true;
    return false;
}

int apa_hsts_new(const struct changes *c, struct strlist *ret)
{
    int rc = 0;
    for (size_t i = 0; !rc && i < c->n; i++) {
        signet_str text = buf_str(&c->v[i].after);
        for (signet_str id = id_in(text); !rc && id.p; text = behind(text, id), id = id_in(text))
            if (id.n == ID_CHARS && !holds_id(buf_str(&c->v[i].before), id))
                rc = strlist_add_new(ret, id);
    }
    return rc;
}

/* ---- raising ---- */

/* The number behind "max-age=" in the header. */
static bool find_age(const struct apa_conf *c, const struct apa_vhost *v, uint32_t *at, uint32_t *n)
{
    const struct apa_file *f = &c->file[v->file];
    for (uint32_t i = v->node + 1; i < f->n && f->node[i].start < f->node[v->node].end; i++) {
        const struct apa_node *h = &f->node[i];
        signet_str text = { f->text.p + h->start, h->end - h->start };
        const char *age;
        bool is_it = false;
        for (size_t k = 0; !strcmp(h->name, "header") && k < h->args.n; k++)
            is_it |= str_ieq(str_of(h->args.v[k]), STR("Strict-Transport-Security"));
        if (!is_it || !(age = str_find(text, STR(AGE))))
            continue;
        *at = (uint32_t)(age - f->text.p) + (uint32_t)sizeof AGE - 1;
        for (*n = 0; *at + *n < h->end && f->text.p[*at + *n] >= '0' && f->text.p[*at + *n] <= '9';)
            ++*n;
        return true;
    }
    return false;
}

void apa_hsts_raise(const struct apa_conf *c, struct apa_patches *x, const struct apa_wish *w)
{
    for (size_t i = 0; i < w->n_raises; i++)
        w->raise[i].found = w->raise[i].done = false;
    for (uint32_t k = 0; w->n_raises && k < c->n_vhosts; k++) {
        const struct apa_vhost *v = &c->vhost[k];
        signet_str id = id_in(text_of(c, v));
        uint32_t at, n;
        for (size_t i = 0; id.n && i < w->n_raises; i++) {
            struct hsts_raise *r = &w->raise[i];
            BUF_AUTO(age, 16);
            if (!str_eq(id, str_of(r->id)) || !find_age(c, v, &at, &n))
                continue;
            r->found = true;
            r->done = !r->key || apa_vhost_says(c, v, "sslcertificatekeyfile", r->key);
            buf_addf(&age, "%u", r->max_age);
            if (r->done && !str_eq(buf_str(&age), (signet_str){ c->file[v->file].text.p + at, n }))
                text_patch_put(&x->v[v->file], at, n, buf_str(&age));
        }
    }
}
