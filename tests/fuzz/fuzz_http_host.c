#include "net/http_host.h"
#include "net/http_request.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A request from the internet, looked at for its host in each of the three ways. A copy without room behind it, so that
 * reading on is seen. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const headers[] = { "Host", "Forwarded", "X-Forwarded-Host" };
    char *copy = malloc(size ? size : 1);
    struct http_request r;
    if (!copy)
        return 0;
    if (size)
        memcpy(copy, data, size);
    signet_str s = { copy, size };
    if (http_request_parse(s, &r) == 200)
        for (size_t i = 0; i < 3; i++)
            (void)http_host_is(s, str_of(headers[i]), STR("a.test"));
    free(copy);
    return 0;
}
