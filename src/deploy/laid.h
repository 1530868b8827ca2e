/* Files that are laid beside the certificates for web servers to include, as certbot lays them (contract.md A2): each
 * with the SHA-256 of its text in a hidden file. */
#ifndef DEPLOY_LAID_H
#define DEPLOY_LAID_H

#include "deploy/change.h"

struct laid_file {
    const char *name, *digest_name, *text;
    const char *const *outdated; /* SHA-256 in hex of texts that are not recommended any more */
    size_t n_outdated;
};

/* Writes it when it is missing, and for good: anybody may include it from then on, so it is part of no checkpoint, and
 * no rollback takes it away. */
int laid_put(const struct laid_file *f, const char *config_dir, struct err *e);
/* Adds the change of one that is outdated. Others may include it already: it comes back when the server does not take
 * the new text. One that somebody has changed is left alone. */
int laid_renew(const struct laid_file *f, const char *config_dir, struct changes *c, struct err *e);

#endif
