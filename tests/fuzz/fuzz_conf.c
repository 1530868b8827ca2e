#include "store/conf.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_same(const struct conf *c, signet_str want)
{
    BUF_AUTO(text, CONF_MAX_BYTES);
    conf_print(c, &text);
    if (!str_eq(buf_str(&text), want))
        abort();
}

/* Each value, written into another document, is read back as the same. */
static void check_values(const struct conf *c, const char *section)
{
    STRLIST_AUTO(keys);
    struct conf *other;
    if (conf_keys(c, section, &keys) || conf_new(&other))
        return;
    for (size_t i = 0; i < keys.n && i < 50; i++) {
        BUF_AUTO(v, CONF_MAX_BYTES);
        BUF_AUTO(again, CONF_MAX_BYTES);
        if (!conf_get(c, section, keys.v[i], &v))
            abort();
        if (conf_set(other, "s", "k", buf_str(&v)))
            continue;
        struct conf *third;
        BUF_AUTO(text, CONF_MAX_BYTES);
        conf_print(other, &text);
        if (conf_parse(&third, buf_str(&text), "x", NULL) || !conf_get(third, "s", "k", &again) ||
            !str_eq(buf_str(&v), buf_str(&again)))
            abort();
        conf_free(third);
    }
    conf_free(other);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    signet_str in = { (const char *)data, size };
    struct conf *c;
    if (conf_parse(&c, in, "x", NULL))
        return 0;
    check_same(c, in);
    check_values(c, "");
    check_values(c, "renewalparams");
    BUF_AUTO(text, CONF_MAX_BYTES);
    struct conf *again;
    if (conf_set(c, "renewalparams", "fuzz", STR("it's, \"so\"")) == 0) {
        conf_print(c, &text);
        if (!buf_err(&text) && conf_parse(&again, buf_str(&text), "x", NULL) == 0) {
            check_same(again, buf_str(&text));
            conf_free(again);
        }
    }
    conf_free(c);
    return 0;
}
