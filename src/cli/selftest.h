/* `signet selftest --sandbox`: what the processes of this program may not do on this very system, tried. */
#ifndef CLI_SELFTEST_H
#define CLI_SELFTEST_H

#include <stdbool.h>

/* True when that was asked for and has been done: *ret_status is 0 when everything was refused, 1 when something was
 * not, 2 for wrong words. */
bool selftest_run(int argc, char *const argv[], int *ret_status);

#endif
