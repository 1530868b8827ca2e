/* Following a program and all its children, system call by system call (ptrace), for what the gear in this folder does
 * with them: kill, refuse, write down. Linux on x86-64 and arm64. */
#ifndef FAULT_TRACE_H
#define FAULT_TRACE_H

#include <linux/limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

#define TRACE_BROKEN 125 /* exit status when the gear itself fails */

/* What of a system call's arguments names the thing that it is about: a path relative to a folder's descriptor, a path
 * alone, a descriptor, nothing. */
enum trace_shape { TRACE_AT, TRACE_PATH, TRACE_FD, TRACE_NONE };

enum trace_kind { TRACE_CHANGES, TRACE_OTHER };

struct trace_call {
    long nr;
    const char *name;
    enum trace_shape shape;
    int dir, path;   /* AT: which arguments; PATH: path; FD: dir */
    int dir2, path2; /* a second one, or -1 */
    int flags;       /* the argument with open flags, or -1 */
    enum trace_kind kind;
};

/* One system call that has begun. */
struct trace_event {
    pid_t pid;
    const struct trace_call *call;
    uint64_t args[6];
    uint64_t flags;             /* of an open */
    char path[2][2 * PATH_MAX]; /* absolute, as the process means them; "" where there is none */
    bool below;                 /* one of them is below a root */
};

enum trace_do { TRACE_GO, TRACE_KILL, TRACE_REFUSE, TRACE_SHORTEN };

struct trace {
    char *roots;      /* ROOT[:ROOT ...]; split in place */
    bool with_others; /* calls of the kind TRACE_OTHER, too */
    void *ctx;
    /* What is to be done with it. TRACE_REFUSE: it does not happen and gives -refuse_with; TRACE_SHORTEN: half as many
     * bytes. */
    enum trace_do (*entered)(void *ctx, const struct trace_event *ev);
    /* It has happened (or been refused); NULL if of no interest. */
    void (*left)(void *ctx, const struct trace_event *ev, int64_t result);
    int refuse_with; /* an errno */
    bool killed;     /* set when TRACE_KILL was answered: nothing of the tree is left */
};

/* Runs argv to its end or its killing. Its exit status; 128 + n for a signal. */
int trace_run(struct trace *t, char **argv);
/* Memory of a traced process; the number of bytes that could be read. */
size_t trace_peek(pid_t pid, uint64_t addr, void *to, size_t size);
/* Writes " PATH" or " PATH PATH" of an event. */
void trace_print_paths(FILE *to, const struct trace_event *ev);
void trace_die(const char *what) __attribute__((noreturn));

#endif
