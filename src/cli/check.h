/* What an option says about files, looked at before anything begins. */
#ifndef CLI_CHECK_H
#define CLI_CHECK_H

#include "options/request.h"

/* Webroots are folders (SIGNET_EINVAL), the CSR can be read (SIGNET_EUSAGE). In a rehearsal on a machine that has
 * accounts, the one for the staging server is made without asking, as certbot does. */
int check_files(struct request *r, struct err *e);

#endif
