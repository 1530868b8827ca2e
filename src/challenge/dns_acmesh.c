#include "challenge/dns_acmesh.h"

#include "challenge/dns_config.h"
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

bool dns_acmesh_is(const char *code)
{
    return !strncmp(code, DNS_HOOK_ACMESH, strlen(DNS_HOOK_ACMESH));
}

static bool word_ok(signet_str s)
{
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        if (!(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') && !(c >= '0' && c <= '9') && c != '_' && c != '-')
            return false;
    }
    return s.n > 0;
}

/* It runs with our rights: whoever can write it has them. */
static int check_script(const char *path, struct err *e)
{
    struct stat st;
    if (stat(path, &st) || !S_ISREG(st.st_mode) || access(path, R_OK))
        return err_set(e, SIGNET_ENOTFOUND, "the script %s cannot be read", path);
    if ((st.st_uid != 0 && st.st_uid != geteuid()) || st.st_mode & S_IWOTH)
        return err_set(e, SIGNET_EINVAL,
                       "the script %s could be changed by others than its owner, or is somebody else's", path);
    return 0;
}

static bool try_folder(struct buf *ret, const char *before, const char *folder, const char *name)
{
    if (!before)
        return false;
    buf_clear(ret);
    buf_addf(ret, "%s%s/%s.sh", before, folder, name);
    return buf_err(ret) == 0 && access(buf_z(ret), R_OK) == 0;
}

int dns_acmesh_find(const char *code, const struct request *req, struct buf *ret, struct err *e)
{
    const char *name = code + strlen(DNS_HOOK_ACMESH);
    if (strchr(name, '/')) {
        buf_clear(ret);
        buf_addz(ret, name);
        return check_script(name, e);
    }
    if (!word_ok(str_of(name)))
        return err_set(e, SIGNET_EINVAL, "\"%s\" is no name of a script of acme.sh (dns_NAME)", name);
    bool found = try_folder(ret, req->config_dir, "/dns/acmesh", name) ||
                 try_folder(ret, getenv("LE_WORKING_DIR"), "/dnsapi", name) ||
                 try_folder(ret, getenv("HOME"), "/.acme.sh/dnsapi", name) ||
                 try_folder(ret, "/usr/share", "/acme.sh/dnsapi", name) ||
                 try_folder(ret, "/usr/lib", "/acme.sh/dnsapi", name);
    if (found)
        return check_script(buf_z(ret), e);
    err_set(e, SIGNET_ENOTFOUND, "there is no script %s.sh of acme.sh", name);
    err_hint(e,
             "It is looked for in %s/dns/acmesh, ~/.acme.sh/dnsapi and /usr/share/acme.sh/dnsapi. Or give its path: "
             "--dns acmesh:/path/%s.sh",
             req->config_dir, name);
    return SIGNET_ENOTFOUND;
}
