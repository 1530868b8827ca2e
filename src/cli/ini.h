/* cli.ini: the dialect certbot reads (contract.md A15). One key on a line, with "=", ":" or a blank before its value,
 * or alone as a flag; [a, b] is a list; lines that begin with '#', ';', '[' or "---" are skipped; " #" and " ;" begin a
 * comment. A key that comes again replaces the earlier one. Fuzzed. */
#ifndef CLI_INI_H
#define CLI_INI_H

#include "base/buf.h"
#include "base/err.h"
#include "base/list.h"

enum { INI_BYTES_MAX = 1 << 20, INI_KEYS_MAX = 1000 };

struct ini_item {
    char *key;
    struct strlist values; /* one, unless `list` */
    bool list;
};
struct ini {
    struct ini_item *v;
    size_t n, cap;
};
void ini_done(struct ini *i);
/* SIGNET_EUSAGE with "Unexpected line N in NAME: …". */
int ini_parse(struct ini *ret, signet_str text, const char *name, struct err *e);

#endif
