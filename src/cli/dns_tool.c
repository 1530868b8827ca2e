#include "cli/dns_tool.h"

#include "base/buf.h"
#include "base/list.h"
#include "cli/out.h"
#include "net/role.h"
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#define PROGRAM "signet-dns"

enum { EXIT_USAGE = 2 };

int dns_tool_become(const char *const *words, struct err *e)
{
    BUF_AUTO(program, 4096);
    STRLIST_AUTO(argv);
    int rc = role_find(PROGRAM, LIBEXECDIR, &program, e);
    if (rc)
        return rc;
    rc = strlist_addz(&argv, PROGRAM);
    for (size_t i = 0; words[i] && !rc; i++)
        rc = strlist_addz(&argv, words[i]);
    if (rc)
        return err_nomem(e);
    execv(buf_z(&program), argv.v);
    return err_sys(e, errno, "%s cannot be started", buf_z(&program));
}

int dns_tool_help(const char *code, const char *dir, struct err *e)
{
    const char *words[] = { "--dir", dir ? dir : "", "help", code, NULL };
    return dns_tool_become(dir ? words : words + 2, e);
}

static int usage(void)
{
    out_write(2, STR("usage: signet dnshelp [-c CODE]\n"
                     "       signet dns check [--dns-provider-dir DIR] FILE...\n"
                     "       signet dns try CODE -d NAME [options]\n"));
    return EXIT_USAGE;
}

static int failed(const struct err *e)
{
    BUF_AUTO(text, 8192);
    buf_addf(&text, "%s\n%s%s", e->text, e->hint, e->hint[0] ? "\n" : "");
    out_write(2, buf_str(&text));
    return 1;
}

/* signet dns check [--dns-provider-dir DIR] FILE… */
static int run_check(int argc, char *const argv[])
{
    STRLIST_AUTO(words);
    struct err e = { 0 };
    int first = argc > 4 && str_eq(str_of(argv[3]), STR("--dns-provider-dir")) ? 5 : 3;
    if (first >= argc)
        return usage();
    int rc = first == 5 ? strlist_addz(&words, "--dir") : 0;
    if (!rc && first == 5)
        rc = strlist_addz(&words, argv[4]);
    if (!rc)
        rc = strlist_addz(&words, "check");
    for (int i = first; i < argc && !rc; i++)
        rc = strlist_addz(&words, argv[i]);
    if (rc)
        err_nomem(&e);
    else
        (void)dns_tool_become((const char *const *)words.v, &e);
    return failed(&e);
}

static int run_help(int argc, char *const argv[])
{
    const char *code = NULL, *dir = NULL;
    struct err e = { 0 };
    for (int i = 2; i < argc; i++) {
        signet_str word = str_of(argv[i]);
        const char **to = str_eq(word, STR("-c")) || str_eq(word, STR("--code")) ? &code
                          : str_eq(word, STR("--dns-provider-dir"))              ? &dir
                                                                                 : NULL;
        if (!to || i + 1 == argc)
            return usage();
        *to = argv[++i];
    }
    (void)dns_tool_help(code, dir, &e);
    return failed(&e);
}

bool dns_tool_run(int argc, char *const argv[], int *ret_status)
{
    if (argc < 2)
        return false;
    if (str_eq(str_of(argv[1]), STR("dnshelp"))) {
        *ret_status = run_help(argc, argv);
        return true;
    }
    if (!str_eq(str_of(argv[1]), STR("dns")))
        return false;
    signet_str what = str_of(argc > 2 ? argv[2] : NULL);
    if (str_eq(what, STR("try")) && argc > 3)
        return false;
    *ret_status = str_eq(what, STR("check")) ? run_check(argc, argv) : usage();
    return true;
}

bool dns_tool_try(int argc, char *const argv[], char ***ret_argv, int *ret_argc)
{
    static char certonly[] = "certonly", dns[] = "--dns";
    if (argc < 4 || !str_eq(str_of(argv[1]), STR("dns")) || !str_eq(str_of(argv[2]), STR("try")))
        return false;
    char **v = calloc((size_t)argc + 1, sizeof(char *));
    if (!v)
        return false;
    v[0] = argv[0];
    v[1] = certonly;
    v[2] = dns;
    for (int i = 3; i < argc; i++)
        v[i] = argv[i];
    *ret_argv = v;
    *ret_argc = argc;
    return true;
}
