#include "base/buf.h"
#include "plan/names.h"
#include <idn2.h>
#include <limits.h>
#include <stdlib.h>

static int to_ascii(signet_str s, struct buf *ret, struct err *e)
{
    bool plain = true;
    for (size_t i = 0; i < s.n; i++)
        plain &= (unsigned char)s.p[i] < 0x80;
    if (plain) {
        buf_add(ret, s);
        return 0;
    }
    char *z = str_dup(s), *ascii = NULL;
    int rc = z ? idn2_to_ascii_8z(z, &ascii, IDN2_NONTRANSITIONAL) : IDN2_MALLOC;
    if (rc == IDN2_OK)
        buf_addz(ret, ascii);
    idn2_free(ascii);
    free(z);
    return rc == IDN2_OK ? 0
                         : err_set(e, SIGNET_EINVAL, "\"%.*s\" is no domain name: %s", STR_ARG(s), idn2_strerror(rc));
}

static bool is_safe(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c && strchr("-_.@", c));
}

static bool file_ok(signet_str s)
{
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] == '/' || (unsigned char)s.p[i] < 0x20 || s.p[i] == 0x7f)
            return false;
    return s.n && s.n <= NAME_MAX - 32 && s.p[0] != '.';
}

int name_for_lego(struct buf *ret, signet_str name, bool v5, struct err *e)
{
    BUF_AUTO(safe, NAME_MAX);
    BUF_AUTO(ascii, NAME_MAX);
    buf_add(&safe, name);
    for (size_t i = 0; i < safe.n; i++)
        safe.p[i] = (char)(safe.p[i] == ':' ? '-' : safe.p[i] == '*' ? '_' : safe.p[i]);
    int rc = buf_err(&safe) ? err_set(e, SIGNET_EINVAL, "\"%.100s…\" is too long for a name", name.p)
                            : to_ascii(buf_str(&safe), &ascii, e);
    buf_clear(ret);
    for (size_t i = 0; !rc && i < ascii.n; i++)
        if (!v5 || is_safe(ascii.p[i]))
            buf_addc(ret, ascii.p[i]);
    if (!rc && (buf_err(&ascii) || buf_err(ret) || !file_ok(buf_str(ret))))
        rc = err_set(e, SIGNET_EINVAL, "\"%s\" cannot be the name of files.", buf_z(&safe));
    return rc;
}
