/* What a run planned, tried, changed and refused: one object. `--json` prints it; docs/json.md is its schema. */
#ifndef CLIENT_REPORT_H
#define CLIENT_REPORT_H

#include "base/buf.h"
#include "base/err.h"
#include "base/list.h"

struct cert_info;
struct ca_problem;

struct report {
    void *root; /* the JSON document being built; opaque */
};
int report_init(struct report *r, const char *verb);
void report_done(struct report *r);
/* One lineage in the report's "certificates" array; the entry is opaque and lives as long as the report. */
struct report_entry;
struct report_entry *report_certificate(struct report *r, const char *name);
/* A member of the document itself: an object ("account"), and one more in an array ("plugins"). */
struct report_entry *report_object(struct report *r, const char *key);
struct report_entry *report_item(struct report *r, const char *key);
void report_text(struct report_entry *c, const char *key, const char *value); /* NULL value: null */
void report_number(struct report_entry *c, const char *key, int64_t value);
void report_bool(struct report_entry *c, const char *key, bool value);
void report_time(struct report_entry *c, const char *key, int64_t t); /* RFC 3339, UTC */
void report_strings(struct report_entry *c, const char *key, const struct strlist *l);
void report_error(struct report_entry *c, const struct err *e, const struct ca_problem *p); /* "error": {…} */
/* The document itself: "result" and "error" of the whole run; prints it. */
int report_print(struct report *r, const struct err *e, struct buf *to);

#endif
