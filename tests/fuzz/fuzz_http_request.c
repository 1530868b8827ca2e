#include "net/http_request.h"

#include "base/b64.h"
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Any bytes get an answer, the same however they arrive, and no token but one of the alphabet comes out. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct http_request r = { 0 };
    signet_str whole = { (const char *)data, size };
    int status = http_request_parse(whole, &r);
    if (status == 200 && !b64url_ok(r.token))
        abort();
    if (status == 0 && size > HTTP_LINE_MAX + HTTP_HEADERS_MAX + 4)
        abort();
    struct http_request early;
    int before = http_request_parse((signet_str){ whole.p, size / 2 }, &early);
    /* Once it is decided, what comes after does not matter; but a token is part of a line that has ended. */
    if (before && before != status && before != 431 && status != 431)
        abort();
    return 0;
}
