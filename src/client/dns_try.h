/* `signet dns try`: writes a TXT record with a DNS provider, looks for it, and takes it away again. */
#ifndef CLIENT_DNS_TRY_H
#define CLIENT_DNS_TRY_H

#include "client/ui.h"
#include "options/request.h"

/* For each of req->domains, with req's DNS options. */
int dns_try(const struct request *req, struct ui *ui, struct err *e);

#endif
