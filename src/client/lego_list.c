/* lego's face: list. */
#include "base/clock.h"
#include "base/fs.h"
#include "base/log.h"
#include "client/lego.h"
#include "client/lineages.h"
#include "store/lego.h"
#include <fcntl.h>
#include <stdlib.h>
#include <time.h>

/* ---- certificates ---- */

void lego_go_time(struct buf *to, int64_t t)
{
    time_t when = (time_t)t;
    struct tm tm;
    if (gmtime_r(&when, &tm))
        buf_addf(to, "%04d-%02d-%02d %02d:%02d:%02d +0000 UTC", tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday,
                 tm.tm_hour, tm.tm_min, tm.tm_sec);
}

static const char *main_name(const struct cert_info *c)
{
    return c->subject_cn.n ? buf_z(&c->subject_cn) : c->dns.n ? c->dns.v[0] : c->ips.n ? c->ips.v[0] : "";
}

static void describe(struct buf *to, const struct lineage *l, const struct cert_info *c)
{
    buf_addf(to, "  Certificate Name: %s\n    Domains: ", main_name(c));
    strlist_join(&c->dns, ", ", to);
    if (c->ips.n) {
        buf_addz(to, "\n    IPs: ");
        strlist_join(&c->ips, ", ", to);
    }
    buf_addz(to, "\n    Expiry Date: ");
    lego_go_time(to, c->not_after);
    buf_addf(to, "\n    Certificate Path: %s\n", l->live[KIND_CERT]);
}

/* One that cannot be read does not hide the others; lego stops there. */
static bool show(struct run *r, const char *name, struct buf *to)
{
    struct lineage *l = NULL;
    struct cert_info c = { 0 };
    struct err e = { 0 };
    bool ok = !lineage_open(&l, r->tree, name, &e) && !lineage_cert(l, &c, &e);
    if (!ok)
        log_error("lego", "%s: %s", name, e.text);
    else if (r->req->lego.names)
        buf_addz(to, main_name(&c));
    else
        describe(to, l, &c);
    cert_info_done(&c);
    lineage_free(l);
    return ok;
}

static int list_certificates(struct run *r, struct err *e)
{
    STRLIST_AUTO(names);
    bool brief = r->req->lego.names, whole = true;
    int rc = lineage_list(r->tree, &names, e);
    if (rc)
        return rc;
    if (!brief)
        r->ui->ops->frame(r->ui, names.n ? "Found the following certs:" : "No certificates found.", false);
    for (size_t i = 0; i < names.n; i++) {
        BUF_AUTO(text, 1u << 20);
        whole &= show(r, names.v[i], &text);
        if (text.n)
            r->ui->ops->frame(r->ui, buf_z(&text), false);
    }
    return whole ? 0 : err_set(e, SIGNET_EFORMAT, "Some certificates cannot be read.");
}

/* ---- accounts ---- */

static signet_str host_of(const char *url)
{
    const char *start = url ? strstr(url, "://") : NULL;
    start = start ? start + 3 : url;
    return (signet_str){ start, start ? strcspn(start, "/") : 0 };
}

static int show_account(struct run *r, const char *host, const char *id, struct err *e)
{
    BUF_AUTO(text, 16384);
    BUF_AUTO(url, 1024);
    BUF_AUTO(dir, 8192);
    struct account *a = NULL;
    buf_addf(&url, "https://%s", host);
    int rc = lego_account_dir(r->tree, buf_z(&url), id, &dir, e);
    if (!rc)
        rc = account_load(&a, r->tree, buf_z(&url), id, e);
    if (!rc) {
        signet_str at = a->url && a->url[0] ? host_of(a->url) : str_of(host);
        buf_addf(&text, "  Email: %s\n  Server: %.*s\n  Path: %s\n", a->mail ? a->mail : "", STR_ARG(at), buf_z(&dir));
        r->ui->ops->frame(r->ui, buf_z(&text), false);
    }
    account_free(a);
    return rc;
}

static int list_accounts(struct run *r, struct err *e)
{
    BUF_AUTO(top, 8192);
    STRLIST_AUTO(hosts);
    bool any = false;
    int rc = 0;
    tree_path(r->tree, "accounts", NULL, &top);
    (void)fs_list(AT_FDCWD, buf_z(&top), &hosts, NULL); /* no folder: no accounts */
    for (size_t i = 0; !rc && i < hosts.n; i++) {
        BUF_AUTO(url, 1024);
        STRLIST_AUTO(ids);
        buf_addf(&url, "https://%s", hosts.v[i]);
        if (account_list(r->tree, buf_z(&url), &ids, NULL))
            continue;
        if (ids.n && !any)
            r->ui->ops->frame(r->ui, "Found the following accounts:", false);
        any |= ids.n > 0;
        for (size_t k = 0; !rc && k < ids.n; k++)
            rc = show_account(r, hosts.v[i], ids.v[k], e);
    }
    if (!any)
        r->ui->ops->frame(r->ui, "No accounts found.", false);
    return rc;
}

int verb_lego_account_list(struct run *r, struct err *e)
{
    return r->req->lego.json ? lego_list_accounts_json(r, e) : list_accounts(r, e);
}

int verb_lego_list(struct run *r, struct err *e)
{
    const struct lego_options *o = &r->req->lego;
    if (o->json)
        return lego_list_certificates_json(r, e);
    int rc = o->accounts && !o->names ? list_accounts(r, e) : 0;
    return rc ? rc : list_certificates(r, e);
}
