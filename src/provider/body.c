#include "provider/body.h"

#include "provider/limits.h"
#include "provider/scope.h"
#include <stdlib.h>

static void pair(struct buf *to, const char *key, const json_t *v)
{
    BUF_AUTO(text, LIM_TEXT);
    value_add(&text, v);
    if (to->n)
        buf_addc(to, '&');
    url_encode(to, str_of(key));
    buf_addc(to, '=');
    url_encode(to, buf_str(&text));
    if (buf_err(&text))
        to->bad = buf_err(&text);
}

static void pair_or_pairs(struct buf *to, const char *key, const json_t *v)
{
    if (!json_is_array(v)) {
        pair(to, key, v);
        return;
    }
    for (size_t i = 0; i < json_array_size(v); i++)
        pair(to, key, json_array_get(v, i));
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

void body_pairs(struct buf *to, const json_t *map, bool sorted)
{
    BUF_AUTO(own, to->max);
    size_t n = json_object_size(map), i = 0;
    const char **key = calloc(n + 1, sizeof *key), *name;
    json_t *v;
    if (!key) {
        to->bad = SIGNET_ENOMEM;
        return;
    }
    json_object_foreach((json_t *)(uintptr_t)map, name, v) key[i++] = name;
    if (sorted)
        qsort(key, n, sizeof *key, by_name);
    for (i = 0; i < n; i++)
        pair_or_pairs(&own, key[i], json_object_get(map, key[i]));
    free(key);
    buf_add(to, buf_str(&own));
    if (buf_err(&own))
        to->bad = buf_err(&own);
}

void multipart_write(struct buf *to, const json_t *map, signet_str boundary)
{
    const char *name;
    json_t *v;
    json_object_foreach((json_t *)(uintptr_t)map, name, v)
    {
        BUF_AUTO(text, LIM_TEXT);
        value_add(&text, v);
        buf_addf(to, "--%.*s\r\nContent-Disposition: form-data; name=\"%s\"\r\n\r\n", STR_ARG(boundary), name);
        buf_add(to, buf_str(&text));
        buf_addz(to, "\r\n");
    }
    buf_addf(to, "--%.*s--\r\n", STR_ARG(boundary));
}
