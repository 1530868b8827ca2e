/* Kills a program at a chosen change to a folder.
 *
 *     crashpoint N ROOT[:ROOT ...] LIST COMMAND [ARGUMENT ...]
 *
 * Follows COMMAND and all its children with ptrace and counts the system calls that would change something below a
 * ROOT: opening for writing, writing, renaming, linking, removing, making folders, changing modes, owners, sizes and
 * times, syncing. On entry of number N, before it happens, the whole process tree is killed with SIGKILL; exit
 * status 99. With N = 0, or when the program ends before its Nth change, the status is the program's own (128 + n for a
 * signal). LIST gets one line for each change that was counted.
 *
 * The count is one for the whole tree, in the order of entry, unlike that of strace's fault injection. */
#include "trace.h"

#include <stdlib.h>

#define KILLED 99

struct crash {
    unsigned long at, count;
    FILE *list;
};

static enum trace_do entered(void *ctx, const struct trace_event *ev)
{
    struct crash *c = ctx;
    c->count++;
    fprintf(c->list, "%lu %d %s", c->count, (int)ev->pid, ev->call->name);
    trace_print_paths(c->list, ev);
    fputc('\n', c->list);
    return c->count == c->at ? TRACE_KILL : TRACE_GO;
}

int main(int argc, char **argv)
{
    struct crash c = { 0 };
    if (argc < 5) {
        fprintf(stderr, "usage: crashpoint N ROOT[:ROOT ...] LIST COMMAND [ARGUMENT ...]\n");
        return TRACE_BROKEN;
    }
    c.at = strtoul(argv[1], NULL, 10);
    if (!(c.list = fopen(argv[3], "we")))
        trace_die(argv[3]);
    struct trace t = { .roots = argv[2], .ctx = &c, .entered = entered };
    int result = trace_run(&t, argv + 4);
    fclose(c.list);
    return t.killed ? KILLED : result;
}
