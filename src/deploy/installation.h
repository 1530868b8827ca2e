/* What installing a certificate has in common in every web server: which names are meant, and the proof that the
 * certificate is served. */
#ifndef DEPLOY_INSTALLATION_H
#define DEPLOY_INSTALLATION_H

#include "base/list.h"
#include "deploy/server.h"

/* A wildcard means itself, when the configuration has it as such (`has`), and all of its names (`there`) that are under
 * it; SIGNET_ENOTFOUND when there is neither. Appends to `to`, each once. */
int installation_names(const struct strlist *wanted, const struct strlist *there,
                       bool (*has)(void *ctx, const char *name), void *ctx, struct strlist *to, struct err *e);

/* Is the path one of a file in one of these folders (absolute, no slash at the end)? */
bool installation_is_in(signet_str path, const struct strlist *folders);

/* The kind of key of a certificate in a file; PROBE_ANY_KEY when it cannot be read. */
enum probe_key installation_key(const char *cert);

/* One proof for each name; *ret is owned by the caller, the names are borrowed. */
int installation_proofs(const char *cert, const struct strlist *names, struct server_proof **ret, struct err *e);

/* Looks again and again until all of `n` are served: `one` looks at the i-th, `complaints` (may be NULL) as in
 * struct web_answer_ops. Each must be good `looks` times in a row. */
struct installation_proof {
    struct server *server;
    size_t n;
    int (*one)(void *ctx, size_t i, struct err *e);
    bool (*complaints)(const struct server *s, struct buf *words);
    void *ctx;
    unsigned looks;
    int wait_ms, pause_ms;
};
int installation_prove(const struct installation_proof *p, struct err *e);

#endif
