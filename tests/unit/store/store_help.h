/* What the tests of the store share: a folder of their own, trees, generations, and asking other programs. */
#ifndef STORE_HELP_H
#define STORE_HELP_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the four before it */
#include <cmocka.h>

#include "base/buf.h"
#include "base/fs.h"
#include "store/lineage.h"
#include "store/tree.h"

/* A new empty folder; removed by help_done. */
int help_setup(void **state);
int help_teardown(void **state);
const char *help_dir(void); /* that folder */
const char *help_path(const char *fmt, ...)
    __attribute__((format(printf, 1, 2))); /* below it; good for the next 8 calls */
void help_write(const char *path, const char *text);
void help_read(const char *path, struct buf *ret);
void help_remove(const char *path);

/* A tree with config, work and logs below `name`, made with all its folders. */
void help_tree(struct tree *t, const char *name);

/* Certificates that sign themselves, in pairs that match; made once. i < HELP_PAIRS. */
#define HELP_PAIRS 10
struct generation help_generation(unsigned i);
/* Renewal parameters as the client would hand them over. */
struct conf *help_conf(void);
struct lineage *help_create(const struct tree *t, const char *name);
/* Are the four live files of a lineage a matching set? Returns the index of the generation they are, or -1; -2: the
 * links are of different versions. */
int help_live(const struct tree *t, const char *name);

/* Runs a program without a shell; its exit status, -1 when it could not be run. Output to `out` unless NULL. */
int help_run(struct buf *out, const char *const argv[]);
unsigned help_mode(const char *path); /* of the thing itself, no link followed */

#endif
