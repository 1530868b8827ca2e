/* Reading one file: what is not understood is refused with its line, and nothing is read without end. */
#include "deploy/apache/file.h"

#include "base/fs.h"
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
// clang-format off
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
// clang-format on

static char folder[] = "/tmp/signet-apache-file-XXXXXX", path[64];
static unsigned files;

static int read_text(struct apa_file *f, signet_str text, struct err *e)
{
    *f = (struct apa_file){ 0 };
    *e = (struct err){ 0 };
    (void)snprintf(path, sizeof path, "%s/%u.conf", folder, files++);
    assert_int_equal(fs_replace(AT_FDCWD, path, text, 0644, false, NULL), 0);
    int rc = apa_file_read(f, path, e);
    assert_int_equal(unlink(path), 0);
    return rc;
}

static void what_is_not_understood_is_refused_with_its_line(void **state)
{
    static const struct {
        signet_str text;
        const char *says;
    } cases[] = {
        { STR("Listen 80\n<VirtualHost *:80>\nServerName a.test\n"), "line" },
        { STR("Listen 80\n</VirtualHost>\n"), "line 2" },
        { STR("<IfModule a>\n<IfModule b>\n</IfModule>\n"), "line" },
        { STR("ServerName \"a.test\n<x\n"), "line" },
        { STR("Listen 80\nServerName a\0.test\n"), "line 2: a NUL byte" },
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct apa_file f;
        struct err e;
        int rc = read_text(&f, cases[i].text, &e);
        if (rc != SIGNET_EFORMAT || !strstr(e.text, "cannot edit safely") || !strstr(e.text, cases[i].says))
            fail_msg("row %zu: %d %s", i, rc, e.text);
    }
}

static void cut_at_every_byte(void **state)
{
    static const char text[] =
        "#\r\n<VirtualHost *>\n\tA \"a b\" # x\n B \\\n c\n<If !x>\nD [L]\n</If>\n</VirtualHost>\n";
    (void)state;
    for (size_t n = 0; n < sizeof text; n++) {
        struct apa_file f;
        struct err e;
        int rc = read_text(&f, (signet_str){ text, n }, &e);
        assert_true(rc == 0 || (rc == SIGNET_EFORMAT && strstr(e.text, path)));
        for (uint32_t i = 0; rc == 0 && i < f.n; i++)
            assert_true(f.node[i].start <= f.node[i].end && f.node[i].end <= n);
        if (rc == 0)
            apa_file_done(&f);
    }
}

static void sections_have_a_depth(void **state)
{
    (void)state;
    for (unsigned over = 0; over < 2; over++) {
        BUF_AUTO(text, 4096);
        struct apa_file f;
        struct err e;
        for (unsigned i = 0; i < APA_DEPTH_MAX + over; i++)
            buf_addz(&text, "<IfModule a>\n");
        for (unsigned i = 0; i < APA_DEPTH_MAX + over; i++)
            buf_addz(&text, "</IfModule>\n");
        assert_int_equal(read_text(&f, buf_str(&text), &e), over ? SIGNET_ELIMIT : 0);
        if (!over)
            apa_file_done(&f);
    }
}

static void files_have_a_size(void **state)
{
    (void)state;
    size_t n = APA_FILE_BYTES_MAX + 1;
    char *large = malloc(n);
    struct apa_file f;
    struct err e;
    memset(large, '\n', n);
    assert_int_equal(read_text(&f, (signet_str){ large, n }, &e), SIGNET_ELIMIT);
    free(large);
}

static int set_up(void **state)
{
    (void)state;
    return mkdtemp(folder) ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    apa_unload();
    return rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_not_understood_is_refused_with_its_line),
        cmocka_unit_test(cut_at_every_byte),
        cmocka_unit_test(sections_have_a_depth),
        cmocka_unit_test(files_have_a_size),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
