/* Inside net: names that need no question. Pure. */
#ifndef NET_HOSTS_H
#define NET_HOSTS_H

#include "base/str.h"

bool host_is_number(const char *name); /* an IPv4 or IPv6 address, without brackets */
bool host_is_local(signet_str name);   /* localhost and what ends in .localhost (RFC 6761 section 6.3) */
/* The next address of `name` in a text in the form of /etc/hosts, which is moved on; false when there is none left. */
bool hosts_next(signet_str *text, signet_str name, signet_str *ret_addr);

/* The proxy that curl's variables ask for: https_proxy or HTTPS_PROXY (for https), http_proxy (else), all_proxy or
 * ALL_PROXY; NULL when there is none or no_proxy or NO_PROXY names the host: "*", an address, a network ("10.0.0.0/8"),
 * or a domain, which stands for all below it, too. `get` is getenv or like it. */
const char *proxy_for(bool https, signet_str host, char *(*get)(const char *));

#endif
