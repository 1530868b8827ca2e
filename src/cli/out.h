/* Writing to descriptors of which nobody knows whether anyone still reads them. */
#ifndef CLI_OUT_H
#define CLI_OUT_H

#include "base/str.h"

/* Writes it all; gives up silently when that cannot be done (a closed pipe must not end a run). */
void out_write(int fd, signet_str s);
void out_text(int fd, const char *z);
/* Opens /dev/null for each of 0, 1, 2 that is closed, so that no file of ours gets that number. */
void out_guard(void);

#endif
