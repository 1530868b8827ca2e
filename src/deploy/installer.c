#include "deploy/installer.h"

#include "deploy/installers.h"
#include "deploy/server.h"

enum { APACHE, NGINX, COUNT };
static const struct installer_ops *const all[COUNT] = { [APACHE] = &installer_apache, [NGINX] = &installer_nginx };

const struct installer_ops *const *installer_all(size_t *n)
{
    *n = COUNT;
    return all;
}

const struct installer_ops *installer_find(const char *name)
{
    const char *colon = name ? strrchr(name, ':') : NULL;
    signet_str plugin = str_of(colon ? colon + 1 : name);
    for (size_t i = 0; i < COUNT; i++)
        if (str_eq(plugin, str_of(all[i]->name)))
            return all[i];
    return NULL;
}

int installer_reload(const struct installer_ops *ops, const struct installer_ctx *ctx, const struct record *server,
                     struct err *e)
{
    struct server *s = NULL;
    int rc = ops->find(&s, ctx, server, e);
    if (!rc)
        rc = server_tell(s, e);
    ops->leave(s);
    return rc;
}
