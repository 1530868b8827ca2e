#include "cli/lego_load.h"

#include <stdlib.h>

static bool is_named(const struct request *r)
{
    return r->lego.config && r->lego.config[0];
}

static int find(const struct request *r, struct buf *ret)
{
    buf_addz(ret, is_named(r) ? r->lego.config : NULL);
    return ret->n || lego_config_default(ret) ? 0 : SIGNET_ENOTFOUND;
}

bool lego_has_config(const struct request *r)
{
    BUF_AUTO(path, 8192);
    return find(r, &path) == 0;
}

static bool wants(const struct request *r)
{
    switch ((int)r->verb) {
    case VERB_LEGO_REVOKE:
    case VERB_LEGO_LIST:
    case VERB_LEGO_ACCOUNT_LIST:
    case VERB_LEGO_ARCHIVE_LIST:
    case VERB_LEGO_ARCHIVE_RESTORE:
        return r->lego.v5;
    default:
        return false;
    }
}

/* The certificate's own server and account; what to do with it is the command line's. */
static int take_cert(struct request *r, const struct lego_config_cert *c, struct err *e)
{
    struct request q = { 0 };
    if (request_copy(&q, &c->req))
        return err_nomem(e);
    q.verb = r->verb;
    q.lego.keep = r->lego.keep;
    q.lego.reason = r->lego.reason;
    q.lego.json = r->lego.json;
    request_done(r);
    *r = q;
    return 0;
}

int lego_load_config(struct request *r, struct lego_config *config, bool bare, struct err *e)
{
    BUF_AUTO(path, 8192);
    if ((!bare && !wants(r)) || find(r, &path))
        return 0;
    int rc = lego_config_read(config, buf_z(&path), e);
    if (rc)
        return rc;
    const struct lego_config_cert *c =
        r->verb == VERB_LEGO_REVOKE && r->certname ? lego_config_find(config, r->certname) : NULL;
    if (c)
        rc = take_cert(r, c, e);
    if (!rc)
        rc = lego_put(&r->config_dir, str_of(config->storage), e);
    if (!rc && config->log_level && !r->lego.log_level)
        rc = lego_put(&r->lego.log_level, str_of(config->log_level), e);
    if (!rc && config->log_format && !r->lego.log_format)
        rc = lego_put(&r->lego.log_format, str_of(config->log_format), e);
    if (!rc && bare) {
        r->verb = VERB_LEGO_CONFIG;
        r->lego.file = config;
    }
    return rc;
}
