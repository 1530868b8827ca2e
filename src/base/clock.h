/* Time. Rooms that decide (acme, plan) take it as an argument; only front ends and net ask here. */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include "base/buf.h"

int64_t clock_wall_s(void); /* seconds since 1970, UTC */
int64_t clock_wall_ms(void);
int64_t clock_mono_ms(void); /* milliseconds that never jump */

/* Seconds since 1970 as "2026-11-22T08:26:08Z" (utc) or, when `sep` is ' ', "2026-11-22 08:26:08+00:00". */
void clock_fmt_rfc3339(struct buf *to, int64_t t);
void clock_fmt_iso_space(struct buf *to, int64_t t);
void clock_fmt_date(struct buf *to, int64_t t); /* "2026-11-22", UTC */
void clock_fmt_local_naive(struct buf *to,
                           int64_t t); /* "2026-11-22T14:31:00" in local time, as certbot stores ari_retry_after */
int clock_parse_local_naive(signet_str s, int64_t *ret);
/* RFC 3339 with Z or an offset, fractions dropped. SIGNET_EINVAL when it is not one. Years 1970 to 9999. */
int clock_parse_rfc3339(signet_str s, int64_t *ret);
/* Retry-After (RFC 9110 section 10.2.3): delta seconds or an HTTP date; seconds from now_s, clamped to 0 … max_s.
 * SIGNET_EINVAL when neither. */
int clock_parse_retry_after(signet_str s, int64_t now_s, int64_t max_s, int64_t *ret);

#endif
