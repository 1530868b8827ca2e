#include "options/lego_config.h"

#include "base/fs.h"
#include "yaml/node.h"
#include <fcntl.h>

bool lego_config_default(struct buf *ret)
{
    static const char *const names[] = { ".lego.yml", ".lego.yaml" };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (fs_exists(AT_FDCWD, names[i])) {
            buf_addz(ret, names[i]);
            return true;
        }
    return false;
}

int lego_config_read(struct lego_config *ret, const char *path, struct err *e)
{
    BUF_AUTO(text, LIM_YAML);
    int rc = fs_read(AT_FDCWD, path, &text, e);
    return rc ? err_wrap(e, "the configuration file") : lego_config_parse(ret, buf_str(&text), path, e);
}
