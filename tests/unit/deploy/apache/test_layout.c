/* Which distribution's layout is meant, and what Apache is started with. */
#include "deploy/apache/layout.h"

#include "base/buf.h"
// clang-format off
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
// clang-format on

static void the_layout_is_that_of_the_distribution(void **state)
{
    static const struct {
        const char *os, *root, *sites, *ctl;
    } cases[] = {
        { "", "/etc/apache2", "sites-available", "apache2ctl" },
        { "ID=debian\n", "/etc/apache2", "sites-available", "apache2ctl" },
        { "NAME=\"x\"\nID=ubuntu\nID_LIKE=debian\n", "/etc/apache2", "sites-available", "apache2ctl" },
        { "ID=\"fedora\"\nVERSION_ID=40", "/etc/httpd", "conf.d", "apachectl" },
        { "ID='rhel'\nID_LIKE=\"fedora\"\n", "/etc/httpd", "conf.d", "apachectl" },
        { "ID_LIKE=\"rhel centos fedora\"\nID=\"rocky\"\n", "/etc/httpd", "conf.d", "apachectl" },
        { "ID=amzn\nID_LIKE=\"fedora\"\n", "/etc/httpd", "conf.d", "apachectl" },
        { "ID=\"opensuse-tumbleweed\"\nID_LIKE=\"opensuse suse\"\n", "/etc/apache2", "vhosts.d", "apachectl" },
        { "ID=sles\n", "/etc/apache2", "vhosts.d", "apachectl" },
        { "ID=gentoo\n", "/etc/apache2", "vhosts.d", "apache2ctl" },
        { "ID=arch\n", "/etc/httpd", "conf", "apachectl" },
        { "ID=manjaro\nID_LIKE=arch\n", "/etc/httpd", "conf", "apachectl" },
        { "ID=void\n", "/etc/apache", "extra", "apachectl" },
        { "ID=new\nID_LIKE=\"unknown gentoo\"\n", "/etc/apache2", "vhosts.d", "apache2ctl" },
        { "ID=new\nID_LIKE=\"unknown\"\n", "/etc/apache2", "sites-available", "apache2ctl" },
        { "# ID=arch\nVARIANT_ID=arch\n", "/etc/apache2", "sites-available", "apache2ctl" },
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct apa_layout *l = apa_layout_of(str_of(cases[i].os));
        assert_string_equal(l->root, cases[i].root);
        assert_string_equal(l->sites, cases[i].sites);
        assert_string_equal(l->ctl, cases[i].ctl);
    }
}

static void an_os_release_may_end_anywhere(void **state)
{
    static const char text[] = "ID_LIKE=\"rhel fedora\"\nID=\"rocky\"\n";
    (void)state;
    for (size_t n = 0; n < sizeof text; n++)
        assert_non_null(apa_layout_of((signet_str){ text, n }));
}

static void defines_are_those_of_the_start_options(void **state)
{
    static const struct {
        const char *file, *variable, *want;
    } cases[] = {
        { "APACHE2_OPTS=\"-D SSL -DINFO -D A=b\"\n", "APACHE2_OPTS", "SSL INFO A=b" },
        { "# APACHE2_OPTS=\"-D NO\"\n  OPTIONS='-D X -f y -k z'\n", "OPTIONS", "X" },
        { "OPTIONS=\"-D A\"\nOPTIONS=\"-D B -D B\"\n", "OPTIONS", "B" }, /* the last one counts */
        { "OPTIONS=-DPLAIN\nOTHER=-DNO\n", "OPTIONS", "PLAIN" },
        { "OPTIONS=\"-D\"", "OPTIONS", "" },
        { "OPTIONS=\"", "OPTIONS", "" },
        { "", "OPTIONS", "" },
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        STRLIST_AUTO(got);
        BUF_AUTO(joined, 1024);
        assert_int_equal(apa_layout_defines(str_of(cases[i].file), cases[i].variable, &got), 0);
        strlist_join(&got, " ", &joined);
        assert_string_equal(buf_z(&joined), cases[i].want);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_layout_is_that_of_the_distribution),
        cmocka_unit_test(an_os_release_may_end_anywhere),
        cmocka_unit_test(defines_are_those_of_the_start_options),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
