/* Holding back certificates that could not be had: what store/backoff.h remembers, applied. */
#ifndef CLIENT_HOLD_H
#define CLIENT_HOLD_H

#include "client/issue.h"
#include "store/backoff.h"

/* What is remembered of these names at this CA. */
void hold_look(struct run *r, const char *server, const struct strlist *domains, const struct strlist *ips,
               struct backoff *ret);
/* "until 2026-11-22 10:00:00+00:00, after 3 failures in a row (…)" */
void hold_words(struct buf *to, const struct backoff *b);
/* Members of a certificate's report. */
void hold_report(struct report_entry *c, const struct backoff *b, int64_t now);

/* After an attempt. What failed on this machine or on the way to the CA is not counted, and nothing is in a dry run. */
void hold_failed(struct run *r, const struct issue *i, const struct err *why);
void hold_succeeded(struct run *r, const struct issue *i);
/* Warns when a production CA would soon refuse the same names (five certificates a week at Let's Encrypt). */
void hold_warn_often(const char *server, const struct backoff *b);

#endif
