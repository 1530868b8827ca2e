/* lego's face: the files of a certificate. */
#include "base/log.h"
#include "client/lego.h"
#include "crypto/pkcs12.h"
#include "plan/names.h"
#include "store/lego.h"
#include <jansson.h>
#include <stdlib.h>

#define KEY_PEM_MAX (64u * 1024u)
#define FILE_MAX    (1u << 20)

struct texts {
    struct buf cert, issuer, full, key, json, pem, pfx;
};

static void texts_done(struct texts *x)
{
    struct buf *const all[] = { &x->cert, &x->issuer, &x->full, &x->key, &x->json, &x->pem, &x->pfx };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        buf_done(all[i]);
}

static bool set(json_t *o, const char *key, signet_str value)
{
    return json_object_set_new(o, key, json_stringn(value.p ? value.p : "", value.n)) == 0;
}

static bool set_v5(json_t *o, const struct lego_target *t, const struct request *q)
{
    json_t *names = json_array();
    bool ok = names != NULL;
    BUF_AUTO(type, 32);
    for (const char *p = q->lego.key_type; *p; p++)
        buf_addc(&type, (char)(*p >= 'a' && *p <= 'z' ? *p - 'a' + 'A' : *p));
    for (size_t k = 0; ok && k < t->asked.n; k++)
        ok = json_array_append_new(names, json_string(t->asked.v[k])) == 0;
    ok = ok && set(o, "id", buf_str(&t->domain)) && json_object_set(o, "domains", names) == 0 &&
         set(o, "keyType", buf_str(&type));
    if (ok && q->preferred_chain && q->preferred_chain[0])
        ok = set(o, "preferredChain", str_of(q->preferred_chain));
    if (ok && q->required_profile && q->required_profile[0])
        ok = set(o, "profile", str_of(q->required_profile));
    json_decref(names);
    return ok;
}

/* The first name as it stands in the certificate. */
static signet_str domain_of(const struct lego_target *t)
{
    bool ip = t->asked.n && name_is_ip(str_of(t->asked.v[0]));
    const struct strlist *from = ip ? &t->ips : &t->domains;
    return from->n ? str_of(from->v[0]) : buf_str(&t->domain);
}

static int make_json(struct texts *x, const struct lego_target *t, const struct issue *i, bool v5, struct err *e)
{
    json_t *o = json_object();
    signet_str url = buf_str(&i->cert_url);
    bool ok = o && (v5 ? set_v5(o, t, &i->req) : set(o, "domain", domain_of(t)));
    ok = ok && set(o, "certUrl", url) && set(o, "certStableUrl", url) &&
         (!v5 || set(o, "origin", i->req.lego.managed ? STR("configuration") : STR("command")));
    if (!ok || lego_json_text(o, &x->json)) {
        json_decref(o);
        return err_nomem(e);
    }
    json_decref(o);
    return 0;
}

static int make_pfx(struct texts *x, const struct issue *i, struct err *e)
{
    const struct lego_options *o = &i->req.lego;
    struct pkcs12_params p = { .key = i->key,
                               .cert = buf_str(&x->cert),
                               .chain = buf_str(&x->issuer),
                               .password = o->pfx_password,
                               .form = !strcmp(o->pfx_format, "SHA256") ? PKCS12_SHA256
                                       : !strcmp(o->pfx_format, "DES")  ? PKCS12_DES
                                                                        : PKCS12_RC2 };
    return pkcs12_make(&x->pfx, &p, e);
}

/* 4 writes keys as PKCS#1 and SEC1, 5 as PKCS#8. */
static int make_texts(struct texts *x, const struct lego_target *t, const struct issue *i, bool v5, struct err *e)
{
    int rc = chain_split(buf_str(&i->chain), &x->cert, &x->issuer, &x->full, e);
    if (!rc && i->req.lego.no_bundle) {
        buf_clear(&x->full);
        buf_add(&x->full, buf_str(&x->cert));
    }
    if (!rc && i->key && (v5 ? key_to_pem(i->key, &x->key) : key_to_pem_traditional(i->key, &x->key)))
        rc = err_set(e, SIGNET_ECRYPTO, "The private key cannot be written as PEM.");
    if (!rc && i->key && i->req.lego.pem) {
        buf_add(&x->pem, buf_str(&x->full));
        buf_add(&x->pem, buf_str(&x->key));
    }
    if (!rc && i->key && i->req.lego.pfx)
        rc = make_pfx(x, i, e);
    return rc ? rc : make_json(x, t, i, v5, e);
}

/* The key and its certificate stand side by side: nothing comes between them when they are put in place. */
static size_t list(const struct texts *x, struct lego_file v[LEGO_FILES_MAX])
{
    const struct lego_file all[] = {
        { ".key", buf_str(&x->key), true },
        { ".crt", buf_str(&x->full), false },
        { ".issuer.crt", buf_str(&x->issuer), false },
        { ".pem", buf_str(&x->pem), true },
        { ".pfx", buf_str(&x->pfx), true },
        { ".json", buf_str(&x->json), false },
    };
    size_t n = 0;
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (all[i].data.n)
            v[n++] = all[i];
    return n;
}

int lego_store(struct run *r, const struct lego_target *t, const struct issue *i, struct err *e)
{
    struct texts x = { BUF_INIT(FILE_MAX), BUF_INIT(FILE_MAX), BUF_INIT(FILE_MAX), BUF_INIT(KEY_PEM_MAX),
                       BUF_INIT(FILE_MAX), BUF_INIT(FILE_MAX), BUF_INIT(FILE_MAX) };
    struct lego_file files[LEGO_FILES_MAX];
    int rc = make_texts(&x, t, i, lego_tree_is_v5(r->tree), e);
    if (!rc && !(rc = tree_make_store(r->tree, e)))
        rc = lego_save(r->tree, buf_z(&t->save_as), files, list(&x, files), e);
    texts_done(&x);
    return rc;
}
