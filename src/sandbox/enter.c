#include "sandbox/filter.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

/* Sanitizers trace their own process, start a thread of their own and read /proc; valgrind does worse. */
#if defined(__SANITIZE_ADDRESS__) || defined(SANDBOX_WIDE)
#define WIDE true
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(memory_sanitizer)
#define WIDE true
#endif
#endif
#ifndef WIDE
#define WIDE false
#endif

static void limit(__rlimit_resource_t what, rlim_t most)
{
    struct rlimit r;
    if (getrlimit(what, &r))
        return;
    if (r.rlim_max == RLIM_INFINITY || r.rlim_max > most)
        r.rlim_max = most;
    if (r.rlim_cur == RLIM_INFINITY || r.rlim_cur > r.rlim_max)
        r.rlim_cur = r.rlim_max;
    (void)setrlimit(what, &r);
}

static void set_limits(const struct sandbox_profile *p)
{
    limit(RLIMIT_CORE, 0);
    if (WIDE)
        return;
    limit(RLIMIT_NOFILE, p->files_max);
    limit(RLIMIT_NPROC, 0);
    limit(RLIMIT_FSIZE, 0);
    (void)signal(SIGXFSZ, SIG_IGN); /* words to a standard error that is a file get lost, no more */
}

static void note(struct sandbox_report *r, enum sandbox_part part, int errnum)
{
    r->has[part] = errnum == 0;
    r->why[part] = errnum;
}

static int install(const struct sandbox_profile *p)
{
    struct sock_filter prog[FILTER_MAX];
    size_t n = WIDE ? filter_build(prog, sandbox_refused, sandbox_n_refused, true, getpid())
                    : filter_build(prog, p->rules, p->n_rules, false, getpid());
    return n ? filter_install(prog, n) : E2BIG;
}

int sandbox_enter(const struct sandbox_profile *p, struct sandbox_report *ret, struct err *e)
{
    struct sandbox_report r = { .wide = WIDE };
    set_limits(p);
    int errnum = identity_drop_user();
    note(&r, SANDBOX_USER, errnum ? errnum : identity_is_root() ? EPERM : 0);
    errnum = identity_drop_caps();
    note(&r, SANDBOX_CAPS, errnum ? errnum : identity_has_caps() ? EPERM : 0);
    /* both are undone by a change of user, so they come after it */
    (void)prctl(PR_SET_DUMPABLE, WIDE ? 1 : 0, 0, 0, 0);
    if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0))
        return err_sys(e, errno, "the %s cannot be tied to the main process", p->name);
    note(&r, SANDBOX_NO_PRIVS, prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ? errno : 0);
    /* leak checks read /proc, so a wide build goes without landlock */
    note(&r, SANDBOX_LANDLOCK, WIDE ? EOPNOTSUPP : landlock_enter(p->may_connect, &r.landlock_abi));
    note(&r, SANDBOX_SECCOMP, install(p));
    *ret = r;
    return 0;
}

bool sandbox_is_whole(const struct sandbox_report *r)
{
    for (int i = 0; i < SANDBOX_PARTS; i++)
        if (!r->has[i])
            return false;
    return !r->wide;
}

static const char *const part_names[] = {
    [SANDBOX_USER] = "a user other than root",
    [SANDBOX_CAPS] = "no capabilities",
    [SANDBOX_NO_PRIVS] = "no_new_privs",
    [SANDBOX_LANDLOCK] = "landlock",
    [SANDBOX_SECCOMP] = "a filter of its system calls",
};
_Static_assert(sizeof(part_names) / sizeof(part_names[0]) == SANDBOX_PARTS, "every part has a name");

static void add(char *to, size_t size, const char *before, const char *text)
{
    size_t n = strlen(to);
    (void)snprintf(to + n, size - n, "%s%s", n ? before : "", text);
}

const char *sandbox_describe(const struct sandbox_report *r, char *to, size_t size)
{
    char one[200];
    to[0] = '\0';
    for (int i = 0; i < SANDBOX_PARTS; i++) {
        if (r->has[i])
            continue;
        (void)snprintf(one, sizeof(one), "%s (%s)", part_names[i], strerror(r->why[i]));
        add(to, size, ", ", one);
    }
    if (r->wide)
        add(to, size, ", ",
            "the full filter (this build is for a sanitizer or for valgrind, and refuses only the worst)");
    if (!to[0])
        (void)snprintf(to, size, "whole (landlock %d)", r->landlock_abi);
    else {
        (void)snprintf(one, sizeof(one), "without ");
        size_t n = strlen(to), lead = strlen(one);
        if (n + lead < size) {
            memmove(to + lead, to, n + 1);
            memcpy(to, one, lead);
        }
    }
    return to;
}

int sandbox_require(const struct sandbox_profile *p, const struct sandbox_report *r, struct err *e)
{
    char words[800];
    if (sandbox_is_whole(r))
        return 0;
    err_set(e, SIGNET_ESTATE, "--require-sandbox: this system lets the %s run only %s", p->name,
            sandbox_describe(r, words, sizeof(words)));
    err_hint(e,
             "Run it where the kernel and the container allow seccomp and landlock, and as root or as a user without "
             "capabilities; or leave --require-sandbox away.");
    return SIGNET_ESTATE;
}
