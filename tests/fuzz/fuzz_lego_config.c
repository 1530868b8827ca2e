#include "options/lego_config.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What is refused says why; each certificate that is taken has a name, an account and names or a CSR. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct lego_config c = { 0 };
    struct err e = { 0 };
    if (lego_config_parse(&c, (signet_str){ (const char *)data, size }, "fuzz", &e)) {
        if (!e.text[0] || c.certs)
            abort();
        return 0;
    }
    for (size_t i = 0; i < c.n_certs; i++) {
        const struct request *q = &c.certs[i].req;
        if (!q->certname || !q->certname[0] || c.certs[i].account >= c.n_accounts || (!q->domains.n && !q->csr))
            abort();
    }
    lego_config_done(&c);
    return 0;
}
