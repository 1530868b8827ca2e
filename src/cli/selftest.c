#include "cli/selftest.h"

#include "base/buf.h"
#include "cli/out.h"
#include "sandbox/sandbox.h"
#include <stdlib.h>
#include <unistd.h>

enum { TABLE_BYTES_MAX = 1 << 16, EXIT_USAGE = 2 };

/* A file like a key: ours, nobody else's. */
static int sandbox_table(struct buf *to, unsigned *ret_allowed, struct err *e)
{
    char path[] = "/tmp/signet-selftest-XXXXXX";
    int fd = mkstemp(path);
    if (fd < 0)
        return err_set(e, SIGNET_ESYS, "no file can be made in /tmp to try things on");
    close(fd);
    int rc = sandbox_selftest(path, to, ret_allowed, e);
    (void)unlink(path);
    return rc;
}

bool selftest_run(int argc, char *const argv[], int *ret_status)
{
    BUF_AUTO(text, TABLE_BYTES_MAX);
    struct err e = { 0 };
    unsigned allowed = 0;
    if (argc < 2 || !str_eq(str_of(argv[1]), STR("selftest")))
        return false;
    if (argc != 3 || !str_eq(str_of(argv[2]), STR("--sandbox"))) {
        out_write(2, STR("usage: selftest --sandbox\n"));
        *ret_status = EXIT_USAGE;
        return true;
    }
    int rc = sandbox_table(&text, &allowed, &e);
    if (rc)
        buf_addf(&text, "%s\n", e.text);
    out_write(rc ? 2 : 1, buf_str(&text));
    *ret_status = rc || allowed ? 1 : 0;
    return true;
}
