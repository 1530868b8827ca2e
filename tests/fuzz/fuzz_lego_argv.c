#include "cli/lego.h"
#include "options/lego.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { ARGS_MAX = 64, BYTES_MAX = 4096 };

/* One argument of lego's on each line. What was refused says why; what was understood can be copied. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char text[BYTES_MAX + 1], *argv[ARGS_MAX] = { text };
    int argc = 1;
    if (size > BYTES_MAX)
        return 0;
    if (size)
        memcpy(text, data, size);
    text[size] = '\0';
    for (char *at = text; at && *at && argc < ARGS_MAX;) {
        argv[argc++] = at;
        at = strchr(at, '\n');
        if (at)
            *at++ = '\0';
    }
    struct request r, copy = { 0 };
    struct err e = { 0 };
    enum lego_parsed what;
    BUF_AUTO(shown, 1 << 20);
    if (request_init(&r))
        return 0;
    int rc = lego_parse(&r, argc, argv, &what, &shown, &e);
    if (!rc && what == LEGO_PARSED_RUN)
        rc = lego_settle(&r, size & 1, &e);
    if (rc && !e.text[0])
        abort();
    if (!rc && request_copy(&copy, &r) == 0)
        request_done(&copy);
    request_done(&r);
    return 0;
}
