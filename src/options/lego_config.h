/* lego 5's configuration file, .lego.yml: what there is to be, in place of command lines. Each certificate in it
 * becomes the request that the same words on a command line would have made. */
#ifndef OPTIONS_LEGO_CONFIG_H
#define OPTIONS_LEGO_CONFIG_H

#include "options/request.h"

#define LEGO_CONFIG_CERTS_MAX 2000u

struct lego_config_account {
    char *id;
    struct request req; /* server, address, key type, binding, consent: what registering it takes */
};

struct lego_config_cert {
    size_t account;     /* index */
    struct request req; /* certname is its name in the file; verb LEGO_RUN */
};

struct lego_config {
    char *path, *storage;
    struct lego_config_account *accounts;
    size_t n_accounts;
    struct lego_config_cert *certs; /* in the order of the file */
    size_t n_certs;
    char *log_level, *log_format; /* NULL: not said */
};

/* Reads and checks all of it. `where` is the file's path, for messages: SIGNET_EFORMAT, SIGNET_EINVAL as
 * "FILE:LINE:COLUMN: key.key: what is wrong". Nothing is read from the disk, nor from the environment. */
int lego_config_parse(struct lego_config *ret, signet_str yaml, const char *where, struct err *e);
void lego_config_done(struct lego_config *c);                                                   /* wipes the secrets */
const struct lego_config_cert *lego_config_find(const struct lego_config *c, const char *name); /* NULL */

/* The file of the working directory, .lego.yml before .lego.yaml; false: there is none. */
bool lego_config_default(struct buf *ret);
/* lego_config_parse of a file. SIGNET_ENOTFOUND. */
int lego_config_read(struct lego_config *ret, const char *path, struct err *e);

#endif
