/* Files of environment variables as lego 5 reads them (--env-file, envFile):
 *
 *     # a comment
 *     export NAME = value   # the blank before it makes it a comment
 *     NAME: "text with \n, \", \$, ${OTHER} and line breaks"
 *     NAME='as it stands'
 *
 * $OTHER and ${OTHER} (capitals, digits, '_') mean what the same file has set before. The last of equal names counts.
 * Values are often secrets: no message shows one. */
#ifndef OPTIONS_DOTENV_H
#define OPTIONS_DOTENV_H

#include "base/err.h"
#include "base/record.h"

#define DOTENV_FILE_MAX  (256u * 1024u)
#define DOTENV_NAMES_MAX 1000u
#define DOTENV_VALUE_MAX (64u * 1024u)

/* Appends names and values, each name once. SIGNET_EFORMAT with `where` (the file) and the line; SIGNET_ELIMIT. */
int dotenv_parse(struct record *ret, signet_str text, const char *where, struct err *e);

/* What the environment was before a file was loaded. */
struct dotenv {
    struct record before;
    struct strlist added;
};
/* Sets the variables of the file, over those that the environment has. A file that is not there sets nothing and is
 * told in the log; NULL or blank: no file. On failure nothing is set. */
int dotenv_load(struct dotenv *ret, const char *path, struct err *e);
void dotenv_unload(struct dotenv *d); /* puts the environment back */
void dotenv_done(struct dotenv *d);   /* leaves it as it is */

#endif
