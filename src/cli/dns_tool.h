/* `signet dnshelp [-c CODE]`, `signet dns check FILE…`, `signet dns try CODE -d NAME`. What providers there are and
 * what a description says is known by signet-dns, which is run for it. */
#ifndef CLI_DNS_TOOL_H
#define CLI_DNS_TOOL_H

#include "base/err.h"
#include <stdbool.h>

/* Becomes signet-dns, called with these words (NULL-terminated, without its own name): returns only on failure. */
int dns_tool_become(const char *const *words, struct err *e);
/* `dnshelp` for any face: about one provider, or all (code NULL); dir as --dns-provider-dir or NULL. As
 * dns_tool_become. */
int dns_tool_help(const char *code, const char *dir, struct err *e);

/* True when the words are of the verbs above but try, and *ret_status is theirs. `dns try` becomes `certonly --dns` in
 * *ret_argv (owned by the caller, freed with free; its strings are borrowed), for the option parser. */
bool dns_tool_run(int argc, char *const argv[], int *ret_status);
bool dns_tool_try(int argc, char *const argv[], char ***ret_argv, int *ret_argc);

#endif
