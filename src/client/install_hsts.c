/* --auto-hsts: begun with the change that brings it, raised by `renew` until it is permanent. */
#include "base/clock.h"
#include "base/log.h"
#include "client/install.h"
#include "store/autohsts.h"
#include <stdlib.h>

/* ---- beginning ---- */

static int note(struct run *r, const char *plugin, const struct strlist *ids, bool there, struct err *e)
{
    struct autohsts a = { 0 };
    int rc = autohsts_read(r->tree, plugin, &a, e);
    for (size_t i = 0; !rc && i < ids->n; i++) {
        if (!there)
            autohsts_remove(&a, ids->v[i]);
        else if (autohsts_add(&a, ids->v[i], 0, clock_wall_s()))
            rc = err_nomem(e);
    }
    if (!rc)
        rc = autohsts_write(r->tree, plugin, &a, e);
    autohsts_done(&a);
    return rc;
}

int install_hsts_save(struct run *r, const struct installer_ops *ops, struct installer *s, const char *title,
                      const struct installer_cert *prove, struct err *e)
{
    STRLIST_AUTO(ids);
    struct err why = { 0 };
    int rc = r->req->auto_hsts && ops->hsts_new ? ops->hsts_new(s, &ids, e) : 0;
    if (!rc && ids.n) /* first: what is noted and not there does no harm, the other way round it would stay for ever */
        rc = note(r, ops->name, &ids, true, e);
    if (!rc && (rc = ops->save(s, title, prove, e)) && ids.n && note(r, ops->name, &ids, false, &why))
        log_warn("client", "%s", why.text);
    return rc;
}

/* ---- raising ---- */

static bool is_asked(const struct autohsts_entry *x, const struct strlist *keys, int64_t now)
{
    return autohsts_due(x, now) || (autohsts_last(x) && keys->n);
}

/* What may be raised; each that waits for its certificate's renewal is asked for with each key. */
static int collect(const struct autohsts *a, const struct strlist *keys, struct hsts_raise **ret, size_t *ret_n)
{
    int64_t now = clock_wall_s();
    size_t most = a->n * (keys->n + 1);
    struct hsts_raise *v = calloc(most + 1, sizeof *v);
    if (!v)
        return SIGNET_ENOMEM;
    *ret_n = 0;
    for (size_t i = 0; i < a->n; i++) {
        const struct autohsts_entry *x = &a->v[i];
        if (!is_asked(x, keys, now))
            continue;
        bool last = autohsts_last(x);
        for (size_t k = 0; k < (last ? keys->n : 1); k++)
            v[(*ret_n)++] = (struct hsts_raise){ .id = x->id,
                                                 .max_age = last ? AUTOHSTS_PERMANENT : autohsts_value(x->step + 1),
                                                 .key = last ? keys->v[k] : NULL };
    }
    *ret = v;
    return 0;
}

static int settle(struct run *r, const struct installer_ops *ops, const struct autohsts *a, struct hsts_raise *v,
                  size_t n, bool alone, struct err *e)
{
    struct autohsts left = { 0 };
    int rc = autohsts_read(r->tree, ops->name, &left, e);
    for (size_t i = 0; !rc && i < n; i++) {
        const struct autohsts_entry *x = NULL;
        for (size_t k = 0; k < a->n; k++)
            if (!strcmp(a->v[k].id, v[i].id))
                x = &a->v[k];
        if (!v[i].found && alone) {
            log_error("client", "There is no virtual host any more with the identity %s: --auto-hsts ends for it.",
                      v[i].id);
            autohsts_remove(&left, v[i].id);
        } else if (v[i].done && v[i].key) {
            autohsts_remove(&left, v[i].id);
        } else if (v[i].done && x && autohsts_add(&left, v[i].id, x->step + 1, clock_wall_s())) {
            rc = err_nomem(e);
        }
    }
    if (!rc)
        rc = autohsts_write(r->tree, ops->name, &left, e);
    autohsts_done(&left);
    return rc;
}

static int raise_all(struct run *r, const struct installer_ops *ops, const struct request *req,
                     const struct autohsts *a, struct hsts_raise *v, size_t n, bool alone, struct err *e)
{
    struct installer *s = NULL;
    struct installer_ctx ctx = { .loop = r->loop, .req = req, .ui = r->ui };
    bool any = false;
    int rc = ops->open(&s, &ctx, e);
    if (!rc)
        rc = ops->hsts_raise(s, v, n, e);
    for (size_t i = 0; i < n; i++)
        any |= v[i].done;
    if (!rc && any)
        rc = ops->save(s, "Increased HSTS max-age values", NULL, e);
    ops->close(s);
    return rc ? rc : settle(r, ops, a, v, n, alone, e);
}

void install_hsts_raise(struct run *r, const struct installer_ops *ops, const struct request *req,
                        const struct strlist *keys, bool alone)
{
    struct autohsts a = { 0 };
    struct hsts_raise *v = NULL;
    struct err e = { 0 };
    size_t n = 0;
    int rc = autohsts_read(r->tree, ops->name, &a, &e);
    if (!rc && collect(&a, keys, &v, &n))
        rc = err_nomem(&e);
    if (!rc && n)
        rc = raise_all(r, ops, req, &a, v, n, alone, &e);
    if (rc)
        log_error("client", "The max-age of --auto-hsts could not be raised: %s", e.text);
    free(v);
    autohsts_done(&a);
}

bool install_hsts_any(const struct run *r)
{
    size_t n;
    const struct installer_ops *const *all = installer_all(&n);
    bool any = false;
    for (size_t i = 0; !any && i < n; i++) {
        struct autohsts a = { 0 };
        struct err e = { 0 };
        if (all[i]->hsts_raise && autohsts_read(r->tree, all[i]->name, &a, &e))
            log_error("client", "%s", e.text);
        any = a.n > 0;
        autohsts_done(&a);
    }
    return any;
}
