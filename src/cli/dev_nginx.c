#include "cli/dev_nginx.h"

#include "base/fs.h"
#include "cli/out.h"
#include "deploy/nginx/tree.h"
#include <fcntl.h>

static int print(const char *path, struct buf *to, struct err *e)
{
    BUF_AUTO(text, NGX_FILE_BYTES_MAX);
    struct ngx_tree t = { 0 };
    int rc = fs_read(AT_FDCWD, path, &text, e);
    if (rc)
        return rc;
    if ((rc = ngx_tree_parse(&t, (signet_str){ buf_z(&text), text.n }, e)))
        return err_wrap(e, "%s", path);
    ngx_tree_print(&t, to);
    ngx_tree_done(&t);
    return buf_err(to) ? err_nomem(e) : 0;
}

bool dev_nginx_print(const struct strlist *what, int *ret_status)
{
    BUF_AUTO(text, NGX_FILE_BYTES_MAX);
    BUF_AUTO(said, 4096);
    struct err e = { 0 };
    if (what->n != 2 || strcmp(what->v[0], "nginx-print"))
        return false;
    *ret_status = print(what->v[1], &text, &e) ? 1 : 0;
    if (*ret_status) {
        buf_addf(&said, "%s\n", e.text);
        out_write(2, buf_str(&said));
    } else {
        out_write(1, buf_str(&text));
    }
    return true;
}
