/* What signet-dns does when it is called with words in place of a line: texts about providers, for people. Reads the
 * user's own files only, with the user's own rights; sends nothing. */
#ifndef DNS_TOOL_H
#define DNS_TOOL_H

#include "base/buf.h"
#include "base/err.h"

/* check FILE… | help [CODE]; with --dir DIR for descriptions of one's own. Returns the exit status: 0, 1 when something
 * is wrong with a file or a code is unknown, 2 for other words. */
int dns_tool_main(int argc, char *const argv[]);

/* The text of `help` for one provider, or the list of all (code NULL). SIGNET_ENOTFOUND. */
int dns_tool_help(const char *code, const char *dir, struct buf *to, struct err *e);

#endif
