/* lego's face, version 5: list --json. */
#include "base/clock.h"
#include "base/fs.h"
#include "base/log.h"
#include "client/lego.h"
#include "client/lineages.h"
#include "store/lego.h"
#include <fcntl.h>
#include <jansson.h>
#include <stdlib.h>

#define ACCOUNT_MAX (256u * 1024u)

/* Takes the list. */
static int print(struct run *r, json_t *list, struct err *e)
{
    char *text = list ? json_dumps(list, JSON_COMPACT) : NULL;
    json_decref(list);
    if (!text)
        return err_nomem(e);
    r->ui->ops->frame(r->ui, text, false);
    free(text);
    return 0;
}

/* Go leaves empty lists and empty words out. */
static bool add_list(json_t *o, const char *key, const struct strlist *l)
{
    json_t *a = json_array();
    bool ok = a != NULL;
    for (size_t i = 0; ok && i < l->n; i++)
        ok = json_array_append_new(a, json_string(l->v[i])) == 0;
    if (ok && l->n)
        ok = json_object_set(o, key, a) == 0;
    json_decref(a);
    return ok;
}

static bool add_text(json_t *o, const char *key, const char *text)
{
    return !text[0] || json_object_set_new(o, key, json_string(text)) == 0;
}

static json_t *describe(const struct lineage *l, const struct cert_info *c, const char *issuer)
{
    json_t *o = json_object();
    BUF_AUTO(when, 64);
    lego_go_time(&when, c->not_after);
    bool ok = o && add_text(o, "name", l->name) && add_list(o, "domains", &c->dns) && add_list(o, "ips", &c->ips) &&
              add_text(o, "expirationDate", buf_z(&when)) &&
              json_object_set_new(o, "expired", json_boolean(c->not_after < clock_wall_s())) == 0 &&
              add_text(o, "issuer", issuer) && add_text(o, "path", l->live[KIND_CERT]);
    if (ok)
        return o;
    json_decref(o);
    return NULL;
}

static int add_certificate(const struct run *r, const char *name, json_t *list, struct err *e)
{
    struct lineage *l = NULL;
    struct cert_info c = { 0 };
    BUF_AUTO(pem, CHAIN_MAX_BYTES);
    BUF_AUTO(issuer, 8192);
    int rc = lineage_open(&l, r->tree, name, e);
    if (!rc && !(rc = lineage_cert(l, &c, e)) && !(rc = lineage_read(l, KIND_CERT, l->newest, &pem, e)) &&
        !(rc = cert_issuer(buf_str(&pem), &issuer, e)) && json_array_append_new(list, describe(l, &c, buf_z(&issuer))))
        rc = err_nomem(e);
    cert_info_done(&c);
    lineage_free(l);
    return rc;
}

int lego_list_certificates_json(struct run *r, struct err *e)
{
    STRLIST_AUTO(names);
    json_t *list = json_array();
    bool whole = true;
    int rc = !list ? err_nomem(e) : lineage_list(r->tree, &names, e);
    for (size_t i = 0; !rc && i < names.n; i++) {
        struct err why = { 0 };
        if (!add_certificate(r, names.v[i], list, &why))
            continue;
        whole = false;
        log_error("lego", "%s: %s", names.v[i], why.text);
    }
    if (rc)
        json_decref(list);
    else
        rc = print(r, list, e);
    return rc || whole ? rc : err_set(e, SIGNET_EFORMAT, "Some certificates cannot be read.");
}

/* ---- accounts ---- */

/* What account.json says, and where it lies. */
static int add_account(const struct run *r, const char *url, const char *id, json_t *list, struct err *e)
{
    BUF_AUTO(text, ACCOUNT_MAX);
    BUF_AUTO(path, 8192);
    int rc = lego_account_dir(r->tree, url, id, &path, e);
    if (rc || (rc = lego_account_text(r->tree, url, id, &text, e)))
        return rc;
    buf_addz(&path, "/account.json");
    json_t *o = json_loadb(buf_z(&text), text.n, JSON_REJECT_DUPLICATES, NULL);
    if (!json_is_object(o)) {
        json_decref(o);
        return err_set(e, SIGNET_EFORMAT, "%s holds no JSON object", buf_z(&path));
    }
    if (!json_object_get(o, "id"))
        (void)json_object_set_new(o, "id", json_string(id));
    (void)json_object_set_new(o, "path", json_string(buf_z(&path)));
    return json_array_append_new(list, o) ? err_nomem(e) : 0;
}

static int add_host(const struct run *r, const char *host, json_t *list, struct err *e)
{
    BUF_AUTO(url, 1024);
    STRLIST_AUTO(ids);
    buf_addf(&url, "https://%s", host);
    int rc = 0;
    (void)account_list(r->tree, buf_z(&url), &ids, NULL); /* what is no folder of accounts holds none */
    for (size_t i = 0; !rc && i < ids.n; i++)
        rc = add_account(r, buf_z(&url), ids.v[i], list, e);
    return rc;
}

int lego_list_accounts_json(struct run *r, struct err *e)
{
    BUF_AUTO(top, 8192);
    STRLIST_AUTO(hosts);
    json_t *list = json_array();
    int rc = list ? 0 : err_nomem(e);
    tree_path(r->tree, "accounts", NULL, &top);
    (void)fs_list(AT_FDCWD, buf_z(&top), &hosts, NULL); /* no folder: no accounts */
    for (size_t i = 0; !rc && i < hosts.n; i++)
        rc = add_host(r, hosts.v[i], list, e);
    if (!rc)
        return print(r, list, e);
    json_decref(list);
    return rc;
}
