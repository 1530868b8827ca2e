#include "challenge/solver.h"
#include "challenge/dns_run.h"
#include "challenge/ports.h"
#include "challenge/solvers.h"

enum { APACHE, NGINX, STANDALONE, WEBROOT, MANUAL, DNS, COUNT };
static const struct solver_ops *const all[COUNT] = {
    [APACHE] = &solver_apache,   [NGINX] = &solver_nginx,   [STANDALONE] = &solver_standalone,
    [WEBROOT] = &solver_webroot, [MANUAL] = &solver_manual, [DNS] = &solver_dns,
};

/* Found by name, but nobody chooses among them. */
static const struct solver_ops *const hidden[] = { &solver_mix, &solver_memcached, &solver_s3 };

const struct solver_ops *const *solver_all(size_t *n)
{
    *n = COUNT;
    return all;
}

const struct solver_ops *solver_find(const char *name)
{
    const char *colon = name ? strrchr(name, ':') : NULL;
    signet_str plugin = str_of(colon ? colon + 1 : name);
    for (size_t i = 0; i < COUNT; i++)
        if (str_eq(plugin, str_of(all[i]->name)))
            return all[i];
    for (size_t i = 0; i < sizeof hidden / sizeof *hidden; i++)
        if (str_eq(plugin, str_of(hidden[i]->name)))
            return hidden[i];
    if (str_starts(plugin, STR("dns-"))) /* certbot's: one for each provider */
        return all[DNS];
    return NULL;
}

void solvers_done(void)
{
    ports_done();
    dns_shared_close_all();
}
