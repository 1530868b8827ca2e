#include "provider/provider.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void look(void *ctx, const struct provider_fault *f)
{
    (void)ctx;
    if (!f->line || !f->column || !f->what[0])
        abort();
}

/* Whatever the file is: the checker tells where it is wrong, or it loads and can tell about itself. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct err e = { 0 };
    size_t n = 0;
    struct provider_desc *d = NULL;
    signet_str text = { (const char *)data, size };
    if (provider_check(text, "fuzz", NULL, look, NULL, &n, &e))
        return 0;
    int rc = provider_parse(&d, text, "fuzz", NULL, &e);
    if ((rc == 0) != (n == 0) || (rc && !e.text[0]))
        abort();
    if (d && !provider_help(d)->code[0])
        abort();
    provider_desc_free(d);
    return 0;
}
