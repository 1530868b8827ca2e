/* Processes of our own: started with a socket as descriptor 3, no other descriptor but 0 to 2 (nothing to read, nothing
 * to say) and those given, default signals, and no environment but what is given. A role is this very program once
 * more, with a word that says what it is to be: as argv[0], for ps, and as argv[1], which is the one that counts
 * (valgrind, for one, loses argv[0]; and without the word it would be taken for a call without arguments). */
#ifndef NET_ROLE_H
#define NET_ROLE_H

#include "base/buf.h"
#include "base/err.h"
#include <sys/types.h>

#define ROLE_FD      3 /* of the process: its line to main */
#define ROLE_FDS_MAX 4u

struct role_spec {
    const char *program, *name; /* the file, and argv[0] */
    const char *arg;            /* argv[1]; NULL: none */
    char *const *env;           /* NULL-terminated; NULL: none */
    int fd[ROLE_FDS_MAX];       /* become 3, 4, … */
    unsigned n_fds;
};
int role_spawn(const struct role_spec *spec, pid_t *ret, struct err *e);
/* The program of that name beside this one, else in the folder. Nothing in the environment decides it.
 * SIGNET_ENOTFOUND. */
int role_find(const char *name, const char *folder, struct buf *ret, struct err *e);

/* This program as `word`, with a line of packets (SOCK_SEQPACKET) to it, close-on-exec and non-blocking here. */
int role_start(const char *word, int *ret_fd, pid_t *ret_pid, struct err *e);
/* In the started program: was it started as that role, by a parent who holds the other end of descriptor 3? Nobody gets
 * into a role by typing its word. */
bool role_asked(int argc, char *const argv[], const char *word);
/* The first thing a role does: signals that are meant for main (Ctrl-C goes to the whole group) do not end it. What
 * ends it is the end of its line. */
void role_settle(void);

/* Set again at each turn of a role that waits in one place only: should anything else block, or never come to an end,
 * for `ms` and an eighth of it, SIGALRM ends the process, and main says so and goes on; better than a run that stands
 * still with the locks in its hand. Who was only stopped for so long gets that eighth to take its next turn. 0: off. */
void role_watchdog(int64_t ms);
/* The longest wait of such a role, and its watchdog: who only waits is not taken for stuck. */
#define ROLE_WAIT_MS  60000
#define ROLE_STUCK_MS 150000

/* For a role that owes nobody anything once its line is closed: it is not waited for, but ended. Sanitizer builds let
 * it end by itself, so that it can complain. */
#if defined(__SANITIZE_ADDRESS__)
#define ROLE_GRACE_MS 5000
#else
#define ROLE_GRACE_MS 0
#endif

/* Ends the process (it gets `grace_ms` to go by itself) and says in words how it ended; pid <= 0 and words NULL are
 * fine. */
void role_reap(pid_t pid, int grace_ms, struct buf *words);

#endif
