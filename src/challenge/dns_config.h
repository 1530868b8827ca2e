/* From a lineage's options to what signet-dns is told: which providers with which credentials, how to look and to wait.
 * Names of files and variables only; no credential is read here. Internal to challenge/. */
#ifndef CHALLENGE_DNS_CONFIG_H
#define CHALLENGE_DNS_CONFIG_H

#include "base/record.h"
#include "net/loop.h"
#include "options/request.h"

#define DNS_HOOK_ACMESH "acmesh:" /* --dns acmesh:dns_cf */

/* The provider of the lineage: --dns CODE, or of `-a dns-CODE`; NULL: none but those of --dns-for. */
const char *dns_config_provider(const struct request *req);
/* The record of frames.h, CONFIG; but where a secret comes from a command, secret=NAME=COMMAND stands for given=…
 * SIGNET_EINVAL. */
int dns_config_make(struct record *ret, const struct request *req, struct err *e);
/* Runs the commands of secret=…, and puts what they print in their place. */
int dns_config_resolve(struct record *ret, const struct record *config, struct loop *l, struct err *e);
/* The index of the profile for a name ("*.example.com"), and its code. -1: none. */
int dns_config_profile(const struct record *config, const struct request *req, signet_str name, const char **ret_code);
/* The code of a profile. */
const char *dns_config_code(const struct record *config, unsigned profile);
/* The value is put up by a program that main runs, or by hand. */
bool dns_config_external(const char *code);

#endif
