#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "sandbox/filter.h"
#include <cmocka.h>
#include <errno.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* ---- the filter as a program, run by hand ---- */

#if defined(__x86_64__)
#define THIS_ARCH  AUDIT_ARCH_X86_64
#define OTHER_ARCH AUDIT_ARCH_I386
#else
#define THIS_ARCH  AUDIT_ARCH_AARCH64
#define OTHER_ARCH AUDIT_ARCH_ARM
#endif

static uint32_t run(const struct sock_filter *prog, size_t n, const struct seccomp_data *d)
{
    uint32_t acc = 0;
    for (size_t pc = 0; pc < n; pc++) {
        const struct sock_filter *in = &prog[pc];
        switch (in->code) {
        case BPF_LD | BPF_W | BPF_ABS:
            assert_true(in->k % 4 == 0 && in->k + 4 <= sizeof(*d));
            memcpy(&acc, (const char *)d + in->k, 4);
            break;
        case BPF_ALU | BPF_AND | BPF_K:
            acc &= in->k;
            break;
        case BPF_JMP | BPF_JEQ | BPF_K:
            pc += acc == in->k ? in->jt : in->jf;
            break;
        case BPF_JMP | BPF_JGE | BPF_K:
            pc += acc >= in->k ? in->jt : in->jf;
            break;
        case BPF_JMP | BPF_JSET | BPF_K:
            pc += acc & in->k ? in->jt : in->jf;
            break;
        case BPF_RET | BPF_K:
            return in->k;
        default:
            fail_msg("instruction %zu has an unknown code", pc);
        }
    }
    fail_msg("the program runs off its end");
    return 0;
}

#define KILL     SECCOMP_RET_KILL_PROCESS
#define ALLOWED  SECCOMP_RET_ALLOW
#define FAILS(e) (SECCOMP_RET_ERRNO | (e))

static void filters_say(void **state)
{
    (void)state;
    static const struct {
        enum sandbox_role role;
        uint32_t arch;
        long nr;
        uint64_t a[3];
        uint32_t want;
    } t[] = {
        { SANDBOX_TALKER, THIS_ARCH, SYS_read, { 0 }, ALLOWED },
        { SANDBOX_TALKER, OTHER_ARCH, SYS_read, { 0 }, KILL },
        { SANDBOX_TALKER, THIS_ARCH, SYS_execve, { 0 }, KILL },
        { SANDBOX_TALKER, THIS_ARCH, SYS_socket, { AF_INET, SOCK_STREAM | SOCK_CLOEXEC }, ALLOWED },
        { SANDBOX_TALKER, THIS_ARCH, SYS_socket, { AF_INET6, SOCK_DGRAM | SOCK_NONBLOCK }, ALLOWED },
        { SANDBOX_TALKER, THIS_ARCH, SYS_socket, { AF_INET, SOCK_RAW }, FAILS(EACCES) },
        { SANDBOX_TALKER, THIS_ARCH, SYS_socket, { AF_INET6, SOCK_SEQPACKET }, FAILS(EACCES) },
        { SANDBOX_TALKER, THIS_ARCH, SYS_socket, { AF_UNIX, SOCK_STREAM }, FAILS(EACCES) },
        { SANDBOX_TALKER, THIS_ARCH, SYS_socket, { AF_NETLINK, SOCK_RAW }, FAILS(EACCES) },
        { SANDBOX_TALKER, THIS_ARCH, SYS_connect, { 0 }, ALLOWED },
        { SANDBOX_TALKER, THIS_ARCH, SYS_bind, { 0 }, KILL },
        { SANDBOX_TALKER, THIS_ARCH, SYS_listen, { 0 }, KILL },
        { SANDBOX_TALKER, THIS_ARCH, SYS_accept4, { 0 }, KILL },
        { SANDBOX_TALKER, THIS_ARCH, SYS_openat, { 0 }, FAILS(EACCES) },
        { SANDBOX_TALKER, THIS_ARCH, SYS_clone3, { 0 }, FAILS(ENOSYS) },
        { SANDBOX_TALKER, THIS_ARCH, SYS_mmap, { 0, 4096, PROT_READ | PROT_WRITE }, ALLOWED },
        { SANDBOX_TALKER, THIS_ARCH, SYS_mmap, { 0, 4096, PROT_READ | PROT_EXEC }, FAILS(EACCES) },
        { SANDBOX_TALKER, THIS_ARCH, SYS_mprotect, { 0, 4096, PROT_EXEC }, FAILS(EACCES) },
        { SANDBOX_TALKER, THIS_ARCH, SYS_tgkill, { 77 }, ALLOWED },
        { SANDBOX_TALKER, THIS_ARCH, SYS_tgkill, { 78 }, FAILS(EPERM) },
        { SANDBOX_TALKER, THIS_ARCH, SYS_fcntl, { 3, 4 /* F_SETFL */ }, ALLOWED },
        { SANDBOX_TALKER, THIS_ARCH, SYS_fcntl, { 3, 8 /* F_SETOWN */ }, FAILS(EPERM) },
        { SANDBOX_TALKER, THIS_ARCH, 100000, { 0 }, KILL },
#if defined(__x86_64__)
        { SANDBOX_TALKER, THIS_ARCH, 0x40000000 | SYS_read, { 0 }, KILL },
#endif
        { SANDBOX_SIGNER, THIS_ARCH, SYS_recvfrom, { 0 }, ALLOWED },
        { SANDBOX_SIGNER, THIS_ARCH, SYS_recvmsg, { 0 }, KILL },
        { SANDBOX_SIGNER, THIS_ARCH, SYS_socket, { AF_INET, SOCK_STREAM }, FAILS(EACCES) },
        { SANDBOX_SIGNER, THIS_ARCH, SYS_connect, { 0 }, FAILS(EACCES) },
        { SANDBOX_SIGNER, THIS_ARCH, SYS_kill, { 0 }, KILL },
        { SANDBOX_RESPONDER, THIS_ARCH, SYS_accept4, { 0 }, ALLOWED },
        { SANDBOX_RESPONDER, THIS_ARCH, SYS_socket, { AF_INET, SOCK_STREAM }, FAILS(EACCES) },
        { SANDBOX_RESPONDER, THIS_ARCH, SYS_connect, { 0 }, FAILS(EACCES) },
        { SANDBOX_RESPONDER, THIS_ARCH, SYS_bind, { 0 }, KILL },
        { SANDBOX_RESPONDER, THIS_ARCH, SYS_sendmsg, { 0 }, KILL },
    };
    for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
        struct sock_filter prog[FILTER_MAX];
        const struct sandbox_profile *p = sandbox_profile(t[i].role);
        size_t n = filter_build(prog, p->rules, p->n_rules, false, 77);
        assert_true(n > 0);
        struct seccomp_data d = { .nr = (int)t[i].nr, .arch = t[i].arch, .args = { t[i].a[0], t[i].a[1], t[i].a[2] } };
        uint32_t got = run(prog, n, &d);
        if (got != t[i].want)
            fail_msg("row %zu: %#x instead of %#x", i, got, t[i].want);
    }
}

static void wide_filter_lets_unknown_calls_through(void **state)
{
    (void)state;
    struct sock_filter prog[FILTER_MAX];
    size_t n = filter_build(prog, sandbox_refused, sandbox_n_refused, true, 1);
    assert_true(n > 0);
    struct seccomp_data d = { .nr = SYS_openat, .arch = THIS_ARCH };
    assert_int_equal(run(prog, n, &d), ALLOWED);
    d.nr = SYS_execve;
    assert_int_equal(run(prog, n, &d), FAILS(EPERM));
}

static void too_many_rules_are_refused(void **state)
{
    (void)state;
    static struct sandbox_rule many[FILTER_MAX];
    struct sock_filter prog[FILTER_MAX];
    assert_int_equal(filter_build(prog, many, FILTER_MAX, false, 1), 0);
}

static void roles_are_small(void **state)
{
    (void)state;
    static const unsigned most[SANDBOX_ROLES] = {
        [SANDBOX_TALKER] = 40, [SANDBOX_SIGNER] = 19, [SANDBOX_RESPONDER] = 30,
        [SANDBOX_PROBER] = 30, [SANDBOX_DNS] = 40,
    };
    for (int role = 0; role < SANDBOX_ROLES; role++) {
        const struct sandbox_profile *p = sandbox_profile((enum sandbox_role)role);
        unsigned allowed = 0;
        for (size_t i = 0; i < p->n_rules; i++) {
            allowed += p->rules[i].verdict != RULE_ERRNO;
            for (size_t k = 0; k < i; k++)
                assert_int_not_equal(p->rules[i].nr, p->rules[k].nr);
        }
        if (allowed > most[role])
            fail_msg("the %s may make %u system calls", p->name, allowed);
    }
}

/* ---- real processes ---- */

struct seen {
    struct sandbox_report report;
    int rc, uid, result, errnum;
};

/* Runs `fn` in a process with the role's profile; returns its wait status. */
static int in_role(enum sandbox_role role, int (*fn)(int line), struct seen *ret)
{
    int pair[2], status = 0;
    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        struct seen s = { 0 };
        close(pair[0]);
        s.rc = sandbox_enter(sandbox_profile(role), &s.report, NULL);
        errno = 0;
        s.result = fn(pair[1]);
        s.errnum = errno;
        (void)send(pair[1], &s, sizeof(s), 0);
        _exit(0);
    }
    close(pair[1]);
    memset(ret, 0, sizeof(*ret));
    (void)recv(pair[0], ret, sizeof(*ret), 0);
    close(pair[0]);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return status;
}

/* What the role lives on: memory, its line, waiting. */
static int works(int line)
{
    struct pollfd p = { .fd = line, .events = POLLOUT };
    char *big = malloc(8 << 20), *small = malloc(100);
    if (!big || !small || poll(&p, 1, 1000) != 1 || !(p.revents & POLLOUT))
        return -1;
    memset(big, 1, 8 << 20);
    big = realloc(big, 16 << 20);
    free(big);
    free(small);
    return 7;
}

static void allowed_things_work(void **state)
{
    (void)state;
    for (int role = 0; role < SANDBOX_ROLES; role++) {
        struct seen s;
        int status = in_role((enum sandbox_role)role, works, &s);
        assert_true(WIFEXITED(status));
        assert_int_equal(s.rc, 0);
        assert_int_equal(s.result, 7);
        assert_true(s.report.has[SANDBOX_NO_PRIVS]);
    }
}

static int opens(int line)
{
    (void)line;
    return fopen("/etc/passwd", "r") ? 1 : 0;
}

static int executes(int line)
{
    (void)line;
    char name[] = "true", *argv[] = { name, NULL };
    return execv("/bin/true", argv);
}

static int binds(int line)
{
    (void)line;
    return bind(0, NULL, 0);
}

static void forbidden_things_do_not(void **state)
{
    (void)state;
    for (int role = 0; role < SANDBOX_ROLES; role++) {
        struct seen s;
        int status = in_role((enum sandbox_role)role, works, &s);
        if (!s.report.has[SANDBOX_SECCOMP])
            skip(); /* a container that allows no filter */
        bool wide = s.report.wide;
        if (!wide) {
            status = in_role((enum sandbox_role)role, opens, &s);
            assert_true(WIFEXITED(status));
            assert_int_equal(s.result, 0);
            assert_int_equal(s.errnum, EACCES);
        }
        status = in_role((enum sandbox_role)role, executes, &s);
        assert_true(wide ? s.result == -1 && s.errnum == EPERM : WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS);
        status = in_role((enum sandbox_role)role, binds, &s);
        assert_true(wide ? s.result == -1 && s.errnum == EACCES : WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS);
    }
}

static int asks_who(int line)
{
    (void)line;
    return prctl(PR_GET_DUMPABLE, 0, 0, 0, 0);
}

static void root_is_left_behind(void **state)
{
    (void)state;
    struct seen s;
    in_role(SANDBOX_SIGNER, asks_who, &s);
    if (geteuid() == 0 && s.report.why[SANDBOX_USER] == EPERM)
        skip(); /* a container whose root may not change its user */
    assert_true(s.report.has[SANDBOX_USER]);
    assert_true(s.report.has[SANDBOX_CAPS]);
}

static void reports_in_words(void **state)
{
    (void)state;
    struct sandbox_report whole = { .has = { true, true, true, true, true }, .landlock_abi = 3 };
    struct sandbox_report some = whole;
    struct err e = { 0 };
    char words[400], tiny[12];
    assert_string_equal(sandbox_describe(&whole, words, sizeof(words)), "whole (landlock 3)");
    assert_int_equal(sandbox_require(sandbox_profile(SANDBOX_TALKER), &whole, &e), 0);
    some.has[SANDBOX_SECCOMP] = false;
    some.why[SANDBOX_SECCOMP] = EPERM;
    assert_string_equal(sandbox_describe(&some, words, sizeof(words)),
                        "without a filter of its system calls (Operation not permitted)");
    assert_int_equal(sandbox_require(sandbox_profile(SANDBOX_TALKER), &some, &e), SIGNET_ESTATE);
    assert_non_null(strstr(e.text, "the talker run only without a filter"));
    (void)sandbox_describe(&some, tiny, sizeof(tiny));
    assert_true(strlen(tiny) < sizeof(tiny));
    some = whole;
    some.wide = true;
    assert_int_equal(sandbox_require(sandbox_profile(SANDBOX_TALKER), &some, NULL), SIGNET_ESTATE);
}

static void selftest_finds_nothing(void **state)
{
    (void)state;
    char path[] = "/tmp/signet-test-XXXXXX";
    struct seen s;
    unsigned allowed = 99;
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    close(fd);
    BUF_AUTO(table, 64u << 10);
    assert_int_equal(sandbox_selftest(path, &table, &allowed, NULL), 0);
    assert_int_equal(unlink(path), 0);
    in_role(SANDBOX_TALKER, works, &s);
    assert_non_null(strstr(buf_z(&table), "open /etc/shadow"));
    if (s.report.has[SANDBOX_SECCOMP] && !s.report.wide && allowed) {
        fprintf(stderr, "%s", buf_z(&table));
        fail();
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(filters_say),
        cmocka_unit_test(wide_filter_lets_unknown_calls_through),
        cmocka_unit_test(too_many_rules_are_refused),
        cmocka_unit_test(roles_are_small),
        cmocka_unit_test(allowed_things_work),
        cmocka_unit_test(forbidden_things_do_not),
        cmocka_unit_test(root_is_left_behind),
        cmocka_unit_test(reports_in_words),
        cmocka_unit_test(selftest_finds_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
