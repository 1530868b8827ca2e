/* Credentials of one provider: what main passes on, the environment, files that NAME_FILE names, certbot's INI files.
 * Read before the sandbox is entered; wiped with the process. */
#ifndef DNS_CREDS_H
#define DNS_CREDS_H

#include "base/buf.h"
#include "base/err.h"
#include "base/list.h"

#define CREDS_FILE_MAX (1u << 20) /* of an INI file or one that a variable names */

struct creds {
    struct strlist given;  /* "NAME=value" from main */
    struct strlist ini;    /* "key", "value" pairs of the file */
    struct strlist used;   /* names that were found */
    struct strlist doubts; /* what people should be told about the files that were read */
    char *ini_path;        /* NULL: none */
    bool no_env;           /* a named set of credentials: what it lacks is not taken from the environment */
};
void creds_done(struct creds *c); /* wipes */

/* Reads an INI file. That others than its owner and group may read it is a doubt, as certbot has it; of this file and
 * of every other one it is a doubt that somebody else may change it. SIGNET_ENOTFOUND, SIGNET_ESYS, SIGNET_EFORMAT,
 * SIGNET_ELIMIT. */
int creds_read_ini(struct creds *c, const char *path, struct err *e);
int creds_parse_ini(struct creds *c, signet_str text, const char *path, struct err *e); /* pure: for tests */

/* A value, of the INI file, from main or the environment, in this order: 0 and the text in `ret`, SIGNET_ENOTFOUND, or
 * another code with e. Empty ones do not count. */
int creds_get(struct creds *c, const char *name, struct buf *ret, struct err *e);
/* As creds_get of the first name that is set, of space-separated ones; each also as NAME_FILE. */
int creds_any(struct creds *c, const char *names, struct buf *ret, struct err *e);
int creds_read_file(struct creds *c, const char *path, struct buf *ret, struct err *e);

/* The environment of this process is overwritten but for the proxies: nothing else in it is needed any more. */
void creds_wipe_environment(void);

#endif
