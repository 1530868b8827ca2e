/* What the files of main's end share; its tests, too. */
#ifndef TALKER_CA_INT_H
#define TALKER_CA_INT_H

#include "talker/ca.h"
#include "talker/messages.h"
#include "talker/signer.h"
#include <sys/types.h>

#define CA_JOBS_MAX   1024u      /* running at once */
#define CA_CHAINS_MAX 9u         /* of one order: the chosen one and 8 alternates */
#define CA_EVENTS_MAX (4u << 20) /* bytes of events that may wait; then the talker is not read until some are taken */
#define CA_META_MAX   100u       /* times that the talker may report the directory's meta; each is kept */
#define CA_TEXT_MAX   1024u      /* of one text that is shown */
#define CA_WORDS_MAX  8192u      /* of a text once it is escaped */
#define CA_URL_MAX    2048u
#define CA_TALKER_FD  3 /* of the talker: the line, and … */
#define CA_ROOTS_FD   4 /* … the bundle of roots */

struct ca_run {
    struct ca_run *next;
    ca_job id;
    enum wire_type kind; /* the message that started it */
    void *data;
    bool signs;    /* the signer has a key or a permit for it */
    bool given_up; /* nothing more is signed for it */
    /* orders: what was asked for, and what came */
    struct msg_mem mem;
    const signet_ident *idents;
    size_t n_idents;
    struct msg_mem chain_mem;
    signet_str chains[CA_CHAINS_MAX];
    size_t n_chains;
};

struct ca_item {
    struct ca_item *next;
    struct msg_mem mem, chain_mem; /* all that ev points to */
    size_t size;
    struct ca_event ev;
};

struct ca {
    struct loop *loop;
    struct wire wire;
    struct watch *watch; /* NULL: hung up, or so many events wait that nothing is read now */
    pid_t pid;           /* -1: none, or gone */
    struct role_guard *guard;
    struct signer_line *signer; /* NULL until the first job that signs */
    const struct key *account_key;
    bool separate_signer, allow_http, require_sandbox; /* ca_config's, for the signer */
    int (*placed)(void *ctx, void *data, signet_str order_url);
    void *placed_ctx;
    struct ca_run *runs;
    size_t n_runs;
    ca_job last_job;
    struct ca_item *first, **last, *current;
    size_t queued;
    bool lost;
    struct buf why_lost, saved, directory, account, thumbprint;
    struct msg_mem meta_mem;
    signet_meta meta;
    bool have_meta;
    unsigned n_meta;
};

/* ca.c. As ca_open, on a line that is there already (fd is taken also on failure); pid -1: no process of ours. */
int ca_open_fd(struct ca **ret, struct loop *l, const struct ca_config *c, int fd, pid_t pid, bool has_roots,
               struct err *e);
/* As ca_open with the program named. */
int ca_open_program(struct ca **ret, struct loop *l, const struct ca_config *c, const char *program, struct err *e);
struct ca_run *ca_find(struct ca *c, ca_job id);
void ca_forget(struct ca *c, struct ca_run *run);
void ca_lose(struct ca *c, const char *fmt, ...)
    __attribute__((format(printf, 2, 3))); /* ends the talker; the jobs have failed */

/* Sends what waits for the talker. */
void ca_flush(struct ca *c);

/* ca_events.c. The signer's answers (a signer_fn). */
void ca_signed(void *ctx, uint64_t id, int rc, signet_str sig, const char *why);

/* ca_events.c. What the talker says. SIGNET_EPROTO when it may not say that; SIGNET_ENOMEM. */
int ca_take(struct ca *c, struct wire_frame *f);
void ca_item_free(struct ca_item *i);

/* ca_check.c. Is the challenge one of this order, and its answer the one that our own key gives? main writes it to
 * files and zones, so nothing in it is taken on trust. run NULL: its job has ended. */
bool ca_chal_fits(const struct ca *c, const struct ca_run *run, const struct msg_chal *m);
bool ca_url_ok(signet_str url); /* https or http, visible ASCII, no longer than CA_URL_MAX */

/* ca_spawn.c */
int ca_spawn(const char *program, int sock, int roots, pid_t *ret, struct err *e);
/* The program beside this one, else in LIBEXECDIR. Nothing in the environment decides it. */
int ca_find_program(struct buf *ret, struct err *e);
/* An open file with the bundle of roots. */
int ca_open_roots(const char *ca_file, int *ret_fd, struct err *e);
/* One bundle out of several files (ca_config.ca_list), and of the system's when they only add to it. */
int ca_gather_roots(const char *list, bool adds, int *ret_fd, struct err *e);

#endif
