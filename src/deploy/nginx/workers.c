#include "deploy/nginx/workers.h"

#include "base/str.h"
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#define WORKER  "nginx: worker process"
#define LEAVING "is shutting down"

static signet_str read_some(const char *path, char *to, size_t size)
{
    int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    ssize_t n = fd >= 0 ? read(fd, to, size) : -1;
    if (fd >= 0)
        close(fd);
    return (signet_str){ to, n > 0 ? (size_t)n : 0 };
}

static bool takes_connections(pid_t pid)
{
    char path[64], text[256];
    (void)snprintf(path, sizeof path, "/proc/%d/cmdline", (int)pid);
    signet_str said = read_some(path, text, sizeof text);
    return str_starts(said, STR(WORKER)) && !memmem(said.p, said.n, LEAVING, sizeof LEAVING - 1);
}

void ngx_workers_note(struct ngx_workers *w, const char *pid_file)
{
    char path[96], text[NGX_WORKERS_MAX * 8];
    uint64_t master, pid;
    signet_str word, rest;
    w->n = 0;
    w->known = false;
    if (!pid_file || str_u64(str_trim(read_some(pid_file, text, sizeof text)), INT32_MAX, &master))
        return;
    (void)snprintf(path, sizeof path, "/proc/%llu/task/%llu/children", (unsigned long long)master,
                   (unsigned long long)master);
    if (access(path, R_OK))
        return;
    rest = read_some(path, text, sizeof text);
    while (rest.n && w->n < NGX_WORKERS_MAX) {
        (void)str_cut(rest, ' ', &word, &rest);
        if (!str_u64(word, INT32_MAX, &pid) && takes_connections((pid_t)pid))
            w->v[w->n++] = (pid_t)pid;
    }
    w->known = true;
}

bool ngx_workers_stopped(const struct ngx_workers *w)
{
    for (size_t i = 0; i < w->n; i++)
        if (takes_connections(w->v[i]))
            return false;
    return true;
}
