/* Putting certificates to use in web servers: what run, install, enhance, renew and rollback share. */
#ifndef CLIENT_INSTALL_H
#define CLIENT_INSTALL_H

#include "client/client.h"
#include "deploy/installer.h"

/* Fills req->installer (and, for run, req->authenticator): given, the only one that could be used here, or chosen at a
 * prompt; checked to exist, and to be able to do what is asked for. */
int install_choose(struct run *r, struct err *e);
/* Checks that the enhancements asked for exist for this installer. SIGNET_EINVAL, with certbot's words for --auto-hsts.
 */
int install_check(struct run *r, struct err *e);
/* The names that the server's configuration has, to choose from. SIGNET_EUSAGE under -n. */
int install_ask_names(struct run *r, struct strlist *ret, struct err *e);

struct install_job {
    const struct strlist *names;
    const char *fullchain, *cert, *key, *chain;
    bool deploy;           /* false: only enhancements */
    bool redirect_default; /* when neither --redirect nor --no-redirect was given */
};
/* Plans, shows (a rehearsal, -v), carries out. In a rehearsal nothing changes. */
int install_carry_out(struct run *r, const struct install_job *j, struct err *e);
/* The same for a lineage: its live files, its names. */
int install_lineage(struct run *r, const struct lineage *l, const struct strlist *names, bool redirect_default,
                    struct err *e);
void install_congratulate(struct run *r, const struct strlist *names);

/* Renewed lineages whose servers must be told, in the end once each. */
struct renewed_use; /* of one installer */
struct install_reloads {
    struct renewed_use *v;
    size_t n;
};
/* One that uses a certificate which is not renewed: its max-age may be due. */
int install_note_use(struct install_reloads *x, const struct request *req);
int install_note_renewed(struct install_reloads *x, const struct request *req, const struct lineage *l,
                         const struct strlist *names);
/* Reloads each server once and looks that it serves the new certificates. Failures are told; the result is that of the
 * worst. */
int install_reload_all(struct run *r, struct install_reloads *x, struct err *e);
void install_reloads_done(struct install_reloads *x);

/* install_hsts.c: saves the plan, and notes the virtual hosts whose max-age it begins to raise. */
int install_hsts_save(struct run *r, const struct installer_ops *ops, struct installer *s, const char *title,
                      const struct installer_cert *prove, struct err *e);
/* Raises what is due, in the server that `req` speaks of; for good where one of the keys (of renewed certificates) is
 * used. `alone`: there is no other server, so what is not found is forgotten. What is wrong is told; nothing of it is a
 * failure of the run. */
void install_hsts_raise(struct run *r, const struct installer_ops *ops, const struct request *req,
                        const struct strlist *keys, bool alone);
/* Is there anything that might be raised? */
bool install_hsts_any(const struct run *r);

/* Runs what certbot has noted in a checkpoint's COMMANDS; `ctx` is the run. A checkpoint_run_fn. */
int install_run_undo(void *ctx, const struct strlist *argv);
/* What a killed run has left changed in a web server's files. */
int install_recover(struct run *r, struct err *e);

#endif
