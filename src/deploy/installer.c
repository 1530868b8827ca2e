#include "deploy/installer.h"

#include "deploy/installers.h"

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
