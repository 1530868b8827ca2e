/* The processes that this program becomes when it starts itself again. */
#ifndef TALKER_ROLES_H
#define TALKER_ROLES_H

#include <stdbool.h>

/* The very first thing in main: true when this process is a role, which has then ended with *ret_status. */
bool roles_run(int argc, char *const argv[], int *ret_status);

#endif
