/* Is there room on disk, and may it be written? Asked before a CA is asked for something that must not be lost. */
#ifndef STORE_SPACE_H
#define STORE_SPACE_H

#include "base/err.h"

/* Writes and syncs `need` bytes in each of two folders (in the nearest folder above that exists), and removes them
 * again; once when they are on one file system. The error names the folder and the need. */
int space_check(const char *a, const char *b, size_t need, struct err *e);

#endif
