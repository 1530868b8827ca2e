#include "cli/parse.h"
#include "options/remember.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { ARGS_MAX = 64, BYTES_MAX = 4096 };

/* Whatever was understood can be stored with a lineage and read again. */
static void round_trip(const struct request *r)
{
    struct request base, back = { 0 };
    struct err e = { 0 };
    KVLIST_AUTO(params);
    KVLIST_AUTO(map);
    if (request_init(&base))
        return;
    if (remember_store(r, &params, &map, &e) || remember_load(&back, &base, &params, &map, &e))
        abort();
    request_done(&back);
    request_done(&base);
}

/* One argument on each line. */
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
    struct request r;
    struct err e = { 0 };
    enum parsed what;
    BUF_AUTO(shown, 1 << 20);
    if (request_init(&r))
        return 0;
    int rc = parse_command_line(&r, argc, argv, NULL, NULL, &what, &shown, &e);
    if (rc && !e.text[0])
        abort();
    if (!rc && what == PARSED_RUN)
        round_trip(&r);
    request_done(&r);
    return 0;
}
