/* The configuration file of lego's face, for the commands that look at it. */
#ifndef CLI_LEGO_LOAD_H
#define CLI_LEGO_LOAD_H

#include "options/lego_config.h"

/* Is one named, or in the working directory? */
bool lego_has_config(const struct request *r);
/* Reads it where the command wants it: without a command (`bare`) it says what to do; version 5's lists, archives and
 * `certificates revoke` take their folder, and the last one account and server, from it. *config is empty else. */
int lego_load_config(struct request *r, struct lego_config *config, bool bare, struct err *e);

#endif
