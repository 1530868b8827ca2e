/* Renewal files: the ConfigObj dialect (contract.md A3), kept byte for byte where nothing changed: comments, order,
 * unknown keys, quoting. At most 8 MiB, 100,000 lines, two levels of sections. Fuzzed. */
#ifndef STORE_CONF_H
#define STORE_CONF_H

#include "base/buf.h"
#include "base/err.h"
#include "base/list.h"

#define CONF_MAX_BYTES (8u * 1024u * 1024u)
#define CONF_MAX_LINES 100000u

struct conf; /* one document */

int conf_new(struct conf **ret);
/* SIGNET_EFORMAT with the line's number where ConfigObj would refuse the text (and for NUL bytes, text that is not
 * UTF-8, a section nested deeper than two). SIGNET_ELIMIT beyond the limits. */
int conf_parse(struct conf **ret, signet_str text, const char *name_for_errors, struct err *e);
void conf_free(struct conf *c);
void conf_print(const struct conf *c, struct buf *to);

/* Sections are named "" (top), "renewalparams", "renewalparams/webroot_map", "acme_renewal_info". Values are as
 * ConfigObj means them: unquoted; a list's elements joined with ", " by conf_get, one by one by conf_get_list (a plain
 * value there is a list of one; an absent one adds nothing). No interpolation is done. */
bool conf_get(const struct conf *c, const char *section, const char *key, struct buf *ret); /* false: not there */
int conf_get_list(const struct conf *c, const char *section, const char *key, struct strlist *ret);
bool conf_has_section(const struct conf *c, const char *section);
int conf_keys(const struct conf *c, const char *section, struct strlist *ret);
/* Sets or adds a value (quoted as ConfigObj would), making the section at the end when missing. An unchanged value
 * leaves its line as it is; a changed one keeps its indentation and the comment behind it. SIGNET_EINVAL: the dialect
 * cannot express the value. */
int conf_set(struct conf *c, const char *section, const char *key, signet_str value);
int conf_set_list(struct conf *c, const char *section, const char *key,
                  const struct strlist *values); /* one element: trailing comma */
void conf_unset(struct conf *c, const char *section, const char *key);
void conf_unset_section(struct conf *c, const char *section); /* with its subsections */
/* An empty line and a "# …" line before the section's header, once. SIGNET_ENOTFOUND: no such section. */
int conf_set_comment(struct conf *c, const char *section, signet_str comment_line);

#endif
