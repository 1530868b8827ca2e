/* Dates for signatures, from seconds since 1970. */
#ifndef PROVIDER_DATE_H
#define PROVIDER_DATE_H

#include "base/buf.h"

/* %Y %y %m %d %e %H %M %S %s %a %b %% as strftime has them in the C locale; anything else gives SIGNET_EINVAL. */
int date_format(struct buf *to, int64_t t, signet_str format);
/* Seconds to add to UTC at `t`: "UTC", or "CET", Central European time with its summer time. SIGNET_ENOTFOUND: no such
 * zone. */
int date_offset(signet_str zone, int64_t t, int64_t *ret);

#endif
