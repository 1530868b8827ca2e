#include "deploy/procs.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

signet_str procs_read(const char *path, char *to, size_t size)
{
    int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    ssize_t n = fd >= 0 ? read(fd, to, size) : -1;
    if (fd >= 0)
        close(fd);
    return (signet_str){ to, n > 0 ? (size_t)n : 0 };
}

bool procs_master(const char *pid_file, pid_t *ret)
{
    char text[64];
    uint64_t pid;
    if (!pid_file || str_u64(str_trim(procs_read(pid_file, text, sizeof text)), INT32_MAX, &pid) || !pid)
        return false;
    *ret = (pid_t)pid;
    return true;
}

bool procs_children(pid_t master, struct procs *ret)
{
    char path[96], text[PROCS_MAX * 8];
    uint64_t pid;
    signet_str word, rest;
    ret->n = 0;
    (void)snprintf(path, sizeof path, "/proc/%d/task/%d/children", (int)master, (int)master);
    if (access(path, R_OK))
        return false;
    rest = procs_read(path, text, sizeof text);
    while (rest.n && ret->n < PROCS_MAX) {
        (void)str_cut(rest, ' ', &word, &rest);
        if (!str_u64(word, INT32_MAX, &pid))
            ret->v[ret->n++] = (pid_t)pid;
    }
    return true;
}

bool procs_has(const struct procs *p, pid_t pid)
{
    for (size_t i = 0; i < p->n; i++)
        if (p->v[i] == pid)
            return true;
    return false;
}
