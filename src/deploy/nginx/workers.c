#include "deploy/nginx/workers.h"

#include <stdio.h>

#define WORKER  "nginx: worker process"
#define LEAVING "is shutting down"

static bool takes_connections(pid_t pid)
{
    char path[64], text[256];
    (void)snprintf(path, sizeof path, "/proc/%d/cmdline", (int)pid);
    signet_str said = procs_read(path, text, sizeof text);
    return str_starts(said, STR(WORKER)) && !str_find(said, STR(LEAVING));
}

void ngx_workers_note(struct ngx_workers *w, const char *pid_file)
{
    struct procs all;
    pid_t master;
    w->running.n = 0;
    w->known = procs_master(pid_file, &master) && procs_children(master, &all);
    for (size_t i = 0; w->known && i < all.n; i++)
        if (takes_connections(all.v[i]))
            w->running.v[w->running.n++] = all.v[i];
}

bool ngx_workers_stopped(const struct ngx_workers *w)
{
    for (size_t i = 0; i < w->running.n; i++)
        if (takes_connections(w->running.v[i]))
            return false;
    return true;
}
