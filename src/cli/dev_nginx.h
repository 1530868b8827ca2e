/* `signet dev nginx-print FILE`: reads an nginx configuration file and prints it from its parts. */
#ifndef CLI_DEV_NGINX_H
#define CLI_DEV_NGINX_H

#include "base/list.h"

/* True when `what` (the words behind "dev") asks for it: then it is done, and *ret_status is 0, or 1 when the file
 * cannot be read; line and column are on stderr then. */
bool dev_nginx_print(const struct strlist *what, int *ret_status);

#endif
