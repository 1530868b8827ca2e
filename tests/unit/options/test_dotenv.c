#include "options/dotenv.h"

#include "base/buf.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

/* What the file sets, as "NAME=value|NAME=value". */
static int parse(const char *text, struct buf *ret, struct err *e)
{
    RECORD_AUTO(r);
    int rc = dotenv_parse(&r, str_of(text), "x.env", e);
    for (size_t i = 0; i < r.names.n; i++)
        buf_addf(ret, "%s%s=%s", i ? "|" : "", r.names.v[i], r.values.v[i]);
    return rc;
}

static void what_is_read(void **state)
{
    static const struct {
        const char *text, *set;
    } rows[] = {
        { "", "" },
        { "# only this\n\n  # and this\r\n", "" },
        { "A=1", "A=1" },
        { "A=1\nB=2\n", "A=1|B=2" },
        { "A=1\r\nB=2\r\n", "A=1|B=2" },
        { "export A=1\n\texport\tB = 2  \n", "A=1|B=2" },
        { "A: 1\nB.c_D9:2\n", "A=1|B.c_D9=2" },
        { "A=\nB=2", "A=|B=2" },
        { "A=# nothing\nB=2", "A=|B=2" },
        { "A=x y # z\nB=x#y\n", "A=x y|B=x#y" },
        { "A='a # b' # c\nB=\"a # b\"# c\n", "A=a # b|B=a # b" },
        { "A='${B} \\n'\n", "A=${B} \\n" },
        { "A=\"x\\ny\\\"z\\\\\"\n", "A=x\ny\"z\\" },
        { "A=\"two\r\nlines\"\nB='two\nmore'", "A=two\nlines|B=two\nmore" },
        { "A=1\nB=$A-${A}$A.\nC=\"<$A>\"\n", "A=1|B=1-11.|C=<1>" },
        { "A=$UNKNOWN-\nB=\\$A\nC=\"\\$A\"\nD=$lower\nE=5$\n", "A=-|B=$A|C=$A|D=$lower|E=5$" },
        { "A=1\nB=2\nA=3\n", "B=2|A=3" },
        { "A=1\nA=\n", "A=" },
        { "export=1\n", "export=1" },
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        BUF_AUTO(set, 4096);
        struct err e = { 0 };
        int rc = parse(rows[i].text, &set, &e);
        if (rc || strcmp(buf_z(&set), rows[i].set) != 0)
            fail_msg("\"%s\": %d \"%s\" %s", rows[i].text, rc, buf_z(&set), e.text);
    }
}

static void what_is_refused(void **state)
{
    static const struct {
        const char *text, *words;
    } rows[] = {
        { "A=1\nSECRET\n", "x.env, line 2: '=' is expected" },
        { "export A\n", "line 1: '=' is expected" },
        { "=SECRET\n", "line 1: the name of a variable is expected" },
        { "A-B=SECRET\n", "line 1: '=' is expected" },
        { "A=\"SECRET\n\n", "line 1: the double quote" },
        { "\n\nA='SECRET", "line 3: the single quote" },
        { "A='SECRET' SECRET\n", "line 1: '=' is expected" },
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        BUF_AUTO(set, 4096);
        struct err e = { 0 };
        int rc = parse(rows[i].text, &set, &e);
        if (rc != SIGNET_EFORMAT || !strstr(e.text, rows[i].words) || strstr(e.text, "SECRET"))
            fail_msg("\"%s\": %d %s", rows[i].text, rc, e.text);
    }
}

static void limits(void **state)
{
    BUF_AUTO(text, 1u << 20);
    BUF_AUTO(set, 1u << 20);
    struct err e = { 0 };
    (void)state;
    for (unsigned i = 0; i <= DOTENV_NAMES_MAX; i++)
        buf_addf(&text, "N%u=1\n", i);
    assert_int_equal(parse(buf_z(&text), &set, &e), SIGNET_ELIMIT);
    /* values that double */
    buf_clear(&text);
    buf_clear(&set);
    buf_addz(&text, "A0=0123456789\n");
    for (unsigned i = 1; i < 40; i++)
        buf_addf(&text, "A%u=$A%u$A%u\n", i, i - 1, i - 1);
    assert_int_equal(parse(buf_z(&text), &set, &e), SIGNET_EFORMAT);
    assert_non_null(strstr(e.text, "too long"));
}

static void loaded_and_put_back(void **state)
{
    char path[] = "/tmp/signet-dotenv-XXXXXX";
    struct dotenv d = { 0 };
    struct err e = { 0 };
    (void)state;
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, "DOTENV_A=file\nDOTENV_B=file\n", 28), 28);
    close(fd);
    setenv("DOTENV_A", "before", 1);
    unsetenv("DOTENV_B");
    assert_int_equal(dotenv_load(&d, path, &e), 0);
    assert_string_equal(getenv("DOTENV_A"), "file");
    assert_string_equal(getenv("DOTENV_B"), "file");
    dotenv_unload(&d);
    assert_string_equal(getenv("DOTENV_A"), "before");
    assert_null(getenv("DOTENV_B"));
    unlink(path);
    assert_int_equal(dotenv_load(&d, path, &e), 0); /* not there: told, no error */
    assert_int_equal(dotenv_load(&d, " ", &e), 0);
    assert_int_equal(dotenv_load(&d, "/", &e), SIGNET_EFORMAT);
    dotenv_done(&d);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(what_is_read), cmocka_unit_test(what_is_refused),
                                        cmocka_unit_test(limits), cmocka_unit_test(loaded_and_put_back) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
