#include "client/in_use.h"

#include "base/log.h"
#include "client/obtain.h"
#include "deploy/installer.h"
#include <limits.h>
#include <stdlib.h>

#define TOLD_MAX 6u

/* As it is written, and without symbolic links: a configuration may have either. Who names a folder that is not there
 * has nothing to lose. */
static int add_folder(struct strlist *to, const char *path)
{
    char *real = realpath(path, NULL);
    int rc = real ? strlist_add_new(to, str_of(path)) : 0;
    if (!rc && real)
        rc = strlist_add_new(to, str_of(real));
    free(real);
    return rc;
}

static int folders_of(struct run *r, const char *name, struct strlist *to, struct err *e)
{
    static const char *const in[] = { "live", "archive" };
    for (size_t i = 0; i < sizeof in / sizeof in[0]; i++) {
        BUF_AUTO(path, PATH_MAX);
        tree_path(r->tree, in[i], name, &path);
        if (buf_err(&path) || add_folder(to, buf_z(&path)))
            return err_nomem(e);
    }
    return 0;
}

/* Where the servers are, the lineage may know: it was installed with these options. */
static int stored_request(struct run *r, const char *name, struct request *ret, struct err *e)
{
    struct lineage *l = NULL;
    if (lineage_open(&l, r->tree, name, NULL) || lineage_request(l, r->req, ret, NULL)) {
        request_done(ret);
        *ret = (struct request){ 0 };
        lineage_free(l);
        return request_copy(ret, r->req) ? err_nomem(e) : 0;
    }
    lineage_free(l);
    return 0;
}

int in_use_find(struct run *r, const char *name, struct strlist *ret, struct err *e)
{
    STRLIST_AUTO(folders);
    struct request req = { 0 };
    size_t n;
    const struct installer_ops *const *all = installer_all(&n);
    int rc = folders_of(r, name, &folders, e);
    if (rc || !folders.n || (rc = stored_request(r, name, &req, e)))
        return rc;
    const struct installer_ctx ctx = { .loop = r->loop, .req = &req, .ui = r->ui };
    for (size_t i = 0; !rc && i < n; i++) {
        struct err why = { 0 };
        rc = all[i]->uses(&ctx, &folders, ret, &why);
        if (rc == SIGNET_ENOMEM || rc == SIGNET_ECANCELED) {
            if (e)
                *e = why;
        } else if (rc) {
            log_warn("client", "Whether %s uses %s could not be seen: %s", all[i]->name, name, why.text);
            rc = 0;
        }
    }
    request_done(&req);
    return rc;
}

void in_use_tell(const struct strlist *places, struct buf *to)
{
    for (size_t i = 0; i < places->n && i < TOLD_MAX; i++)
        buf_addf(to, "%s%s", i ? ", " : "", places->v[i]);
    if (places->n > TOLD_MAX)
        buf_addf(to, " and %zu more", places->n - TOLD_MAX);
}
