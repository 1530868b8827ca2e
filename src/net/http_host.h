/* Inside net: for which name a request is. Pure: no I/O. */
#ifndef NET_HTTP_HOST_H
#define NET_HTTP_HOST_H

#include "base/str.h"

#define HTTP_HEADER_NAME_MAX 64u

/* `request` is one that http_request_parse has accepted. Does the field `header` name the host `host` (a name or an
 * address, IPv6 with or without brackets; a port behind it does not count)? "Host": the request's own field, or the
 * host of an absolute target. "Forwarded" (RFC 7239): the host of its first element. Any other: the first of its comma
 * list, as X-Forwarded-Host has it. A field that is there twice counts by its first. */
bool http_host_is(signet_str request, signet_str header, signet_str host);

#endif
