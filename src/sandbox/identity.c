#include "sandbox/filter.h"

#include "base/str.h"
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef SANDBOX_ACCOUNT
#define SANDBOX_ACCOUNT "signet"
#endif

#define PASSWD_MAX  (256 << 10) /* bytes of /etc/passwd that are looked at */
#define NOBODY      65534u
#define CAP_HIGHEST 63

struct ids {
    uid_t uid;
    gid_t gid;
};

static bool read_line(signet_str line, const char *name, struct ids *ret)
{
    signet_str field, rest;
    uint64_t uid, gid;
    str_cut(line, ':', &field, &rest);
    if (!str_eq(field, str_of(name)))
        return false;
    str_cut(rest, ':', &field, &rest);
    str_cut(rest, ':', &field, &rest);
    if (str_u64(field, UINT32_MAX - 1, &uid))
        return false;
    str_cut(rest, ':', &field, &rest);
    if (str_u64(field, UINT32_MAX - 1, &gid) || uid == 0 || gid == 0)
        return false;
    *ret = (struct ids){ (uid_t)uid, (gid_t)gid };
    return true;
}

static bool find(signet_str passwd, const char *name, struct ids *ret)
{
    signet_str line;
    while (passwd.n) {
        str_cut(passwd, '\n', &line, &passwd);
        if (read_line(line, name, ret))
            return true;
    }
    return false;
}

/* /etc/passwd is read by hand: getpwnam would load whatever nsswitch.conf names and talk to it, and accounts of the
 * system are in the file. */
static struct ids whom(void)
{
    static char text[PASSWD_MAX];
    struct ids ids = { NOBODY, NOBODY };
    int fd = open("/etc/passwd", O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? 0 : read(fd, text, sizeof(text));
    signet_str passwd = { text, n > 0 ? (size_t)n : 0 };
    if (fd >= 0)
        close(fd);
    if (!find(passwd, SANDBOX_ACCOUNT, &ids))
        (void)find(passwd, "nobody", &ids);
    return ids;
}

bool identity_is_root(void)
{
    return getuid() == 0 || geteuid() == 0;
}

static int set_caps(const struct __user_cap_data_struct data[2])
{
    struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
    return syscall(SYS_capset, &head, data) ? errno : 0;
}

bool identity_has_caps(void)
{
    struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
    struct __user_cap_data_struct data[2] = { { 0 } };
    if (syscall(SYS_capget, &head, data))
        return true;
    return data[0].permitted || data[1].permitted || data[0].effective || data[1].effective || data[0].inheritable ||
           data[1].inheritable;
}

/* The bounding set needs a capability to be cleared, so this comes before the user changes. Who has none has no use for
 * it. */
static void clear_bounding(void)
{
    for (int cap = 0; cap <= CAP_HIGHEST; cap++) {
        if (prctl(PR_CAPBSET_READ, cap, 0, 0, 0) != 1)
            continue;
        (void)prctl(PR_CAPBSET_DROP, cap, 0, 0, 0);
    }
}

int identity_drop_user(void)
{
    clear_bounding();
    if (!identity_is_root())
        return 0;
    struct ids ids = whom();
    if (setgroups(0, NULL) || setresgid(ids.gid, ids.gid, ids.gid) || setresuid(ids.uid, ids.uid, ids.uid))
        return errno ? errno : EPERM;
    return 0;
}

int identity_drop_caps(void)
{
    static const struct __user_cap_data_struct none[2];
    (void)prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
    return set_caps(none);
}
