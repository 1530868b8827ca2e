#include "net/serve.h"

#include "base/fs.h"
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

/* Which process listens on a port, as /proc tells it: the tables name the socket's inode, and each process's fd/ shows
 * which inodes it has open. Others' fd/ is for root to see. */

enum { TABLE_MAX = 16 << 20, INODES_MAX = 16 };

/* The next word of a line, without the blanks before it. */
static signet_str next_word(signet_str *line)
{
    signet_str word;
    while (line->n && line->p[0] == ' ')
        *line = str_skip(*line, 1);
    str_cut(*line, ' ', &word, line);
    return word;
}

static bool ends_in_port(signet_str local, unsigned port)
{
    char want[8];
    int n = snprintf(want, sizeof(want), ":%04X", port & 0xffff);
    return str_ends(local, (signet_str){ want, (size_t)n });
}

size_t port_holder_inodes(signet_str table, unsigned port, uint64_t *ret, size_t max)
{
    enum { LOCAL = 1, STATE = 3, INODE = 9 }; /* columns; the first is the line's number */
    size_t n = 0;
    while (table.n && n < max) {
        signet_str line, word[INODE + 1];
        uint64_t inode;
        str_cut(table, '\n', &line, &table);
        for (int i = 0; i <= INODE; i++)
            word[i] = next_word(&line);
        if (str_eq(word[STATE], STR("0A")) && ends_in_port(word[LOCAL], port) &&
            str_u64(word[INODE], UINT64_MAX, &inode) == 0 && inode)
            ret[n++] = inode;
    }
    return n;
}

static bool is_wanted(signet_str target, const uint64_t *inodes, size_t n)
{
    signet_str digits = str_skip(target, sizeof("socket:[") - 1);
    uint64_t inode;
    if (!str_starts(target, STR("socket:[")) || !str_ends(digits, STR("]")))
        return false;
    digits.n--;
    if (str_u64(digits, UINT64_MAX, &inode))
        return false;
    for (size_t i = 0; i < n; i++)
        if (inodes[i] == inode)
            return true;
    return false;
}

static bool holds_any(int proc, const char *pid, const uint64_t *inodes, size_t n)
{
    char path[64];
    snprintf(path, sizeof(path), "%.20s/fd", pid);
    STRLIST_AUTO(fds);
    if (fs_list(proc, path, &fds, NULL))
        return false;
    for (size_t i = 0; i < fds.n; i++) {
        char link[100];
        BUF_AUTO(target, 4096);
        snprintf(link, sizeof(link), "%.20s/fd/%.20s", pid, fds.v[i]);
        if (fs_readlink(proc, link, &target, NULL) == 0 && is_wanted(buf_str(&target), inodes, n))
            return true;
    }
    return false;
}

static void describe(int proc, const char *pid, struct buf *ret)
{
    char path[64];
    BUF_AUTO(name, 4096);
    snprintf(path, sizeof(path), "%.20s/comm", pid);
    if (fs_read(proc, path, &name, NULL))
        buf_clear(&name);
    buf_add_escaped(ret, str_trim(buf_str(&name)), 64);
    buf_addf(ret, "%s(process %.20s)", name.n ? " " : "", pid);
}

bool port_holder(unsigned port, struct buf *ret)
{
    static const char *const tables[] = { "/proc/net/tcp", "/proc/net/tcp6" };
    uint64_t inodes[INODES_MAX];
    size_t n = 0;
    for (int i = 0; i < 2; i++) {
        BUF_AUTO(table, TABLE_MAX);
        if (fs_read(AT_FDCWD, tables[i], &table, NULL) == 0)
            n += port_holder_inodes(buf_str(&table), port, inodes + n, INODES_MAX - n);
    }
    if (!n)
        return false;
    int proc = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    STRLIST_AUTO(entries);
    bool found = false;
    if (proc >= 0 && fs_list(proc, ".", &entries, NULL) == 0) {
        /* Of a server and its workers, which share the socket, the one that started first. */
        uint64_t best = UINT64_MAX, pid;
        for (size_t i = 0; i < entries.n; i++)
            if (str_u64(str_of(entries.v[i]), best - 1, &pid) == 0 && holds_any(proc, entries.v[i], inodes, n))
                best = pid;
        found = best != UINT64_MAX;
        char name[24];
        snprintf(name, sizeof(name), "%llu", (unsigned long long)best);
        if (found)
            describe(proc, name, ret);
    }
    if (proc >= 0)
        close(proc);
    return found;
}
