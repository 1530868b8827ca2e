/* Values that main itself puts up: by a program, or by hand. Here they are only looked for. */
#include "dns/backend.h"

#include <stdlib.h>

struct backend {
    struct backend_times times;
};

static uint32_t seconds(struct creds *c, const char *names, uint32_t otherwise)
{
    BUF_AUTO(text, 64);
    struct err e = { 0 };
    uint64_t n;
    if (creds_any(c, names, &text, &e) || str_u64(str_trim(buf_str(&text)), 86400, &n))
        return otherwise;
    return (uint32_t)n;
}

static int external_open(struct backend **ret, const struct backend_ctx *ctx, struct err *e)
{
    struct backend *b = calloc(1, sizeof(*b));
    if (!b)
        return err_nomem(e);
    b->times.propagation_s = seconds(ctx->creds, "EXEC_PROPAGATION_TIMEOUT MANUAL_PROPAGATION_TIMEOUT", 60);
    b->times.polling_s = seconds(ctx->creds, "EXEC_POLLING_INTERVAL MANUAL_POLLING_INTERVAL", 2);
    BUF_AUTO(interval, 64);
    b->times.serial = !strcmp(ctx->code, "exec") && creds_any(ctx->creds, "EXEC_SEQUENCE_INTERVAL", &interval, e) == 0;
    *ret = b;
    return 0;
}

static const struct backend_times *external_times(const struct backend *b)
{
    return &b->times;
}

static void external_begin(struct backend *b, struct work *w)
{
    (void)b;
    w->done = true;
}

static void external_run(struct backend *b)
{
    (void)b;
}

static void external_close(struct backend *b)
{
    free(b);
}

const struct backend_ops backend_external = {
    .open = external_open,
    .times = external_times,
    .begin = external_begin,
    .run = external_run,
    .close = external_close,
};
