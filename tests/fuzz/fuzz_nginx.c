#include "deploy/nginx/tree.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What can be read is printed as it was; what cannot is refused with a reason. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ngx_tree t = { 0 };
    struct err e = { 0 };
    BUF_AUTO(out, NGX_FILE_BYTES_MAX);
    BUF_AUTO(value, NGX_FILE_BYTES_MAX);
    signet_str text = { (const char *)data, size };
    if (ngx_tree_parse(&t, text, &e)) {
        if (!e.text[0])
            abort();
        return 0;
    }
    ngx_tree_print(&t, &out);
    if (!str_eq(buf_str(&out), text))
        abort();
    for (uint32_t i = 1; i < t.n_nodes; i++)
        for (uint32_t k = 0; k < t.node[i].n_words; k++) {
            buf_clear(&value);
            ngx_value(&t, &t.node[i], k, &value);
            if (value.n > ngx_raw(&t, &t.node[i], k).n)
                abort();
        }
    ngx_tree_done(&t);
    return 0;
}
