/* Between the files of the table: its parts, and the setters of its special rows. Not for other rooms. */
#ifndef OPTIONS_ROWS_H
#define OPTIONS_ROWS_H

#include "options/table.h"
#include <stddef.h>

#define AT(member) .offset = offsetof(struct request, member)
#define PORTS      .min = 0, .max = 65535

struct opt_part {
    const struct opt *rows;
    size_t n;
};
extern const struct opt_part opt_part_main, opt_part_cert, opt_part_verbs, opt_part_plugins, opt_part_dns,
    opt_part_extra;

int set_webroot_path(struct request *r, const struct opt *o, signet_str value, enum source from, struct err *e);
int set_webroot_map(struct request *r, const struct opt *o, signet_str value, enum source from, struct err *e);
int set_pref_challs(struct request *r, const struct opt *o, signet_str value, enum source from, struct err *e);
int set_server(struct request *r, const struct opt *o, signet_str value, enum source from, struct err *e);
int set_ua_comment(struct request *r, const struct opt *o, signet_str value, enum source from, struct err *e);
int set_plugin(struct request *r, const struct opt *o, signet_str value, enum source from, struct err *e);
int set_foreign(struct request *r, const struct opt *o, signet_str value, enum source from, struct err *e);
int set_foreign_path(struct request *r, const struct opt *o, signet_str value, enum source from, struct err *e);
int set_foreign_number(struct request *r, const struct opt *o, signet_str value, enum source from, struct err *e);
int set_update_registration(struct request *r, const struct opt *o, signet_str value, enum source from, struct err *e);

/* "http, dns" → "http-01", "dns-01" appended to `to`. "Unrecognized challenges: x". */
int pref_challs_parse(struct request *r, signet_str value, struct strlist *to, struct err *e);
int foreign_set(struct request *r, signet_str key, signet_str value);
const char *foreign_get(const struct request *r, signet_str key); /* NULL */
/* The option's value as an absolute path that the system can take. SIGNET_EUSAGE: which limit it breaks. */
int opt_absolute(const struct opt *o, signet_str value, struct buf *to, struct err *e);
/* Replaces *at by a copy; SIGNET_ENOMEM. */
int str_put(char **at, signet_str s);

#endif
