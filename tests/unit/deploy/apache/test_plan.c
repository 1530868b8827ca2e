/* Choosing virtual hosts in a configuration, and what is changed in it. The files are read by libaugeas. */
#include "deploy/apache/plan.h"

#include "base/fs.h"
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
// clang-format off
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
// clang-format on

static char root[] = "/tmp/signet-apache-XXXXXX";

/* inc/x.conf, which a case may include; NULL: it is not read. */
static const char *included;

static const char *defined = ""; /* as Apache tells of it */

/* main.conf includes sites/….conf; what each case needs is written anew. */
static void put(const char *name, const char *text)
{
    BUF_AUTO(path, PATH_MAX);
    fs_join(&path, root, name);
    assert_int_equal(fs_replace(AT_FDCWD, buf_z(&path), str_of(text), 0644, false, NULL), 0);
}

static void read_it(struct apa_conf *c, const char *main_text, const char *site, const char *modules)
{
    BUF_AUTO(dump, 65536);
    struct err e = { 0 };
    put("main.conf", main_text);
    put("sites/a.conf", site);
    buf_addf(&dump, "Included configuration files:\n  (*) %s/main.conf\n    (3) %s/sites/a.conf\n", root, root);
    if (included) {
        put("inc/x.conf", included);
        buf_addf(&dump, "      (2) %s/inc/x.conf\n", root);
    }
    buf_addf(&dump,
             "Loaded Modules:\n%sServerRoot: \"%s\"\nPidFile: \"/run/x.pid\"\nDefine: DUMP_RUN_CFG\nDefine: "
             "WITH=1\nDefine: TOP=top.test\n%s",
             modules, root, defined);
    int rc = apa_conf_read(c, buf_str(&dump), &e);
    if (rc)
        fail_msg("%s", e.text);
}

#define MODULES                                                                                                        \
    " ssl_module (shared)\n rewrite_module (shared)\n headers_module (shared)\n socache_shmcb_module (shared)\n"
#define MAIN "Listen 80\nListen 443\nInclude sites/*.conf\n"

static void names_find_their_virtual_host(void **state)
{
    static const char site[] =
        "<VirtualHost *:80>\nServerName A.test:80\nServerAlias www.a.test *.w.test\n</VirtualHost>\n"
        "<IfDefine WITH>\n<VirtualHost *>\nServerName http://d.test\n</VirtualHost>\n</IfDefine>\n"
        "<IfDefine !WITH>\n<VirtualHost *:80>\nServerName off.test\n</VirtualHost>\n</IfDefine>\n"
        "<IfModule mod_ssl.c>\n<VirtualHost 127.0.0.1:443 [::1]:443>\nServerName a.test\nSSLEngine ON\n"
        "</VirtualHost>\n</IfModule>\n<IfModule !ssl_module>\n<VirtualHost *:80>\nServerName no.test\n"
        "</VirtualHost>\n</IfModule>\n";
    static const struct {
        const char *name;
        unsigned port;
        bool ssl;
        int64_t want;
    } cases[] = {
        { "a.test", 80, false, 0 },   { "www.a.test", 80, false, 0 }, { "x.w.test", 80, false, 0 },
        { "*.w.test", 80, false, 0 }, { "*.a.test", 80, false, -1 },  { "d.test", 80, false, 1 },
        { "d.test", 8080, false, 1 }, { "off.test", 80, false, -1 },  { "no.test", 80, false, -1 },
        { "a.test", 443, true, 2 },   { "a.test", 8443, true, -1 },   { "a.test", 80, true, -1 },
    };
    struct apa_conf c = { 0 };
    (void)state;
    read_it(&c, MAIN, site, MODULES);
    assert_int_equal(c.n_vhosts, 3);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_int_equal(apa_pick(&c, cases[i].name, cases[i].port, cases[i].ssl), cases[i].want);
    apa_conf_done(&c);
}

static void conditions_hide_nothing_that_is_in_force(void **state)
{
    static const struct {
        const char *site, *name;
        bool ssl;
        int64_t want;
    } cases[] = {
        { "<VirtualHost *:80>\n<IfFile /etc/passwd>\nServerName a.test\n</IfFile>\n</VirtualHost>\n", "a.test", false,
          0 },
        { "<VirtualHost *:80>\n<IfFile main.conf>\nServerName a.test\n</IfFile>\n</VirtualHost>\n", "a.test", false,
          0 },
        { "<VirtualHost *:80>\n<IfFile /no/where>\nServerName a.test\n</IfFile>\n</VirtualHost>\n", "a.test", false,
          -1 },
        { "<IfFile !/no/where>\n<VirtualHost *:80>\n<IfVersion >= 2.4>\nServerName a.test\n</IfVersion>\n"
          "</VirtualHost>\n</IfFile>\n",
          "a.test", false, 0 },
        { "<VirtualHost *:80>\nServerName a.test\n<IfDirective SSLEngine>\n<IfSection Location>\nSSLEngine on\n"
          "</IfSection>\n</IfDirective>\n</VirtualHost>\n",
          "a.test", true, 0 },
        { "<VirtualHost *:80>\nServerName a.test\n<If \"true\">\nServerAlias b.test\n</If>\n</VirtualHost>\n", "b.test",
          false, -1 },
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct apa_conf c = { 0 };
        read_it(&c, MAIN, cases[i].site, MODULES);
        assert_int_equal(apa_pick(&c, cases[i].name, 80, cases[i].ssl), cases[i].want);
        apa_conf_done(&c);
    }
}

static void values_of_define_are_those_of_their_place(void **state)
{
    static const char site[] =
        "Define SITE a.test\nDefine PORT 80\n<VirtualHost *:${PORT}>\nServerName ${SITE}\nServerAlias www.${SITE} "
        "${TOP}\n"
        "ServerAlias x.${NONE}\n</VirtualHost>\nDefine SITE b.${SITE}\n<VirtualHost *:80>\nServerName ${SITE}\n"
        "</VirtualHost>\n<IfDefine SITE>\n<VirtualHost *:80>\nServerName d.test\n</VirtualHost>\n</IfDefine>\n"
        "UnDefine SITE\n<IfDefine SITE>\n<VirtualHost *:80>\nServerName e.test\n</VirtualHost>\n</IfDefine>\n"
        "<VirtualHost *:80>\nServerName ${SITE}\n</VirtualHost>\n"
        "<IfDefine !WITH>\nDefine WITH\n</IfDefine>\n<IfDefine WITH>\n<VirtualHost *:80>\nServerName f.test\n"
        "</VirtualHost>\n</IfDefine>\n";
    static const struct {
        const char *name;
        int64_t want;
    } cases[] = {
        { "a.test", 0 }, { "www.a.test", 0 }, { "top.test", 0 }, { "x.${none}", 0 }, { "b.a.test", 1 },
        { "d.test", 2 }, { "e.test", -1 },    { "${site}", 3 },  { "f.test", 4 },
    };
    struct apa_conf c = { 0 };
    (void)state;
    defined = "Define: PORT=80\n";
    read_it(&c, MAIN, site, MODULES);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_int_equal(apa_pick(&c, cases[i].name, 80, false), cases[i].want);
    assert_true(strlist_has(&c.defines, STR("PORT")) && !strlist_has(&c.defines, STR("SITE")));
    apa_conf_done(&c);
    defined = "";
}

static void the_first_on_a_port_may_be_for_all(void **state)
{
    static const struct {
        const char *site;
        int64_t want;
    } cases[] = {
        { "<VirtualHost *:80>\nDocumentRoot /x\n</VirtualHost>\n", 0 },
        { "<VirtualHost _default_:80>\nServerName own.test\n</VirtualHost>\n", 0 },
        { "<VirtualHost *:80>\nServerName own.test\n</VirtualHost>\n", -1 },
        { "<VirtualHost *:8080>\n</VirtualHost>\n<VirtualHost *:80>\n</VirtualHost>\n", 1 },
        { "<VirtualHost *:80>\nServerName own.test\n</VirtualHost>\n<VirtualHost *:80>\n</VirtualHost>\n", -1 },
        { "<VirtualHost *:80>\nSSLEngine on\n</VirtualHost>\n", -1 },
        { "<Macro V $n>\n<VirtualHost *:80>\nServerName $n\n</VirtualHost>\n</Macro>\nUse V a.test\n<VirtualHost "
          "*:80>\n"
          "</VirtualHost>\n",
          -1 },
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct apa_conf c = { 0 };
        read_it(&c, MAIN, cases[i].site, MODULES);
        assert_int_equal(apa_pick_plain(&c, "new.test", 80), cases[i].want);
        apa_conf_done(&c);
    }
}

static void all_addresses_are_places(void **state)
{
    static const struct {
        const char *addresses, *want; /* for port 443 */
    } cases[] = {
        { "*:443", "127.0.0.1" },
        { "_default_:443", "127.0.0.1" },
        { "10.1.2.3:443 10.1.2.4:443", "10.1.2.3 10.1.2.4" },
        { "10.1.2.3:80 10.1.2.4:443", "10.1.2.4" },
        { "[::1]:443 [fd00::2]", "::1 fd00::2" },
        { "[::]:443 0.0.0.0:443", "::1 127.0.0.1" },
        { "10.1.2.3:*", "10.1.2.3" },
        { "host.test:443 abc.de:443", "" },
        { "10.1.2.3:99999", "" },
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct apa_conf c = { 0 };
        struct probe_place at[4];
        BUF_AUTO(site, 1024);
        BUF_AUTO(got, 1024);
        buf_addf(&site, "<VirtualHost %s>\nServerName a.test\n</VirtualHost>\n", cases[i].addresses);
        read_it(&c, MAIN, buf_z(&site), MODULES);
        size_t n = apa_places(&c, 0, 443, at, 4);
        for (size_t k = 0; k < n; k++)
            buf_addf(&got, "%s%s", k ? " " : "", at[k].ip);
        assert_string_equal(buf_z(&got), cases[i].want);
        assert_true(apa_places(&c, 0, 443, at, 1) <= 1);
        apa_conf_done(&c);
    }
}

static void each_address_has_its_own_virtual_hosts(void **state)
{
    static const char site[] = "<VirtualHost *:80>\nServerName x.test\nServerAlias *.test\n</VirtualHost>\n"
                               "<VirtualHost 127.0.0.1:80 10.1.2.3:*>\nServerName a.test\n</VirtualHost>\n"
                               "<VirtualHost 10.1.2.3:80>\nServerName a.test\n</VirtualHost>\n"
                               "<VirtualHost _default_:80>\nServerName a.test\n</VirtualHost>\n"
                               "<VirtualHost [::1]:80>\nServerName b.test\n</VirtualHost>\n";
    static const struct {
        const char *name;
        uint32_t want[3];
        size_t n;
    } cases[] = { { "a.test", { 1, 0 }, 2 }, { "b.test", { 4, 0 }, 2 }, { "c.test", { 0 }, 1 }, { "d.org", { 0 }, 0 } };
    struct apa_conf c = { 0 };
    uint32_t found[APA_PICKS_MAX];
    struct probe_place at[4];
    (void)state;
    read_it(&c, MAIN, site, MODULES);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(apa_picks(&c, cases[i].name, 80, false, found), cases[i].n);
        for (size_t k = 0; k < cases[i].n; k++)
            assert_int_equal(found[k], cases[i].want[k]);
    }
    assert_int_equal(apa_places(&c, 0, 80, at, 4), 1);
    assert_string_equal(at[0].ip, "127.0.0.2"); /* 127.0.0.1 has one of its own */
    assert_int_equal(apa_places(&c, 1, 80, at, 4), 2);
    apa_conf_done(&c);
}

static void includes_say_what_is_read(void **state)
{
    static const struct {
        const char *main_text, *path;
        bool want;
    } cases[] = {
        { "Include sites/*.conf\n", "sites/b.conf", true },
        { "Include sites/*.conf\n", "sites/b.vhost", false },
        { "Include sites/*.conf\n", "sites/deep/b.conf", false },
        { "Include sites/*.conf\n", "sites/.b.conf", false },
        { "Include sites\n", "sites/deep/b.conf", true },
        { "Include sites/\n", "sites/b.conf", true },
        { "Include sites/a.conf\n", "sites/a-le-ssl.conf", false },
        { "Include sites/a.conf\n", "sites/a.conf", true },
        { "IncludeOptional \"sites/*\"\n", "sites/b.conf", true },
        { "<IfModule no_module>\nInclude sites/*\n</IfModule>\n", "sites/b.conf", false },
        { "<VirtualHost *:81>\nInclude sites/*\n</VirtualHost>\n", "sites/b.conf", false },
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct apa_conf c = { 0 };
        BUF_AUTO(path, PATH_MAX);
        read_it(&c, cases[i].main_text, "# nothing\n", MODULES);
        fs_join(&path, root, cases[i].path);
        assert_int_equal(apa_reads(&c, buf_z(&path)), cases[i].want);
        apa_conf_done(&c);
    }
}

/* ---- changes ---- */

struct plan {
    struct apa_conf conf;
    struct changes changes;
    struct strlist names, where;
    struct err e;
};

static void plan_done(struct plan *p)
{
    apa_conf_done(&p->conf);
    changes_done(&p->changes);
    strlist_done(&p->names);
    strlist_done(&p->where);
}

enum { REDIRECT = 1, HSTS = 2, UIR = 4, STAPLE = 8 };

static int plan(struct plan *p, const char *main_text, const char *site, const char *names, unsigned what)
{
    *p = (struct plan){ .changes = CHANGES_INIT };
    read_it(&p->conf, main_text, site, MODULES);
    assert_int_equal(strlist_split(&p->names, str_of(names), ' '), 0);
    struct apa_server s = { .base = { .root = root },
                            .layout = apa_layout_of(STR("ID=arch")),
                            .sites = "/nowhere",
                            .logs = "/nowhere",
                            .ext = "-le-ssl.conf",
                            .handle_modules = true,
                            .handle_sites = true };
    const struct apa_wish w = { .names = &p->names,
                                .cert = "/c",
                                .key = "/k",
                                .options = "/o",
                                .http_port = 80,
                                .https_port = 443,
                                .redirect = what & REDIRECT,
                                .hsts = what & HSTS,
                                .uir = what & UIR,
                                .staple = what & STAPLE };
    return apa_plan(&p->conf, &s, &w, &p->changes, &p->where, &p->e);
}

static const char *after(const struct plan *p, const char *name)
{
    BUF_AUTO(path, PATH_MAX);
    fs_join(&path, root, name);
    for (size_t i = 0; i < p->changes.n; i++)
        if (!strcmp(p->changes.v[i].path, buf_z(&path)))
            return buf_z(&p->changes.v[i].after);
    return "(unchanged)";
}

static void a_twin_is_a_copy_with_tls(void **state)
{
    struct plan p;
    (void)state;
    assert_int_equal(plan(&p, MAIN,
                          "<VirtualHost *:80>\n  # ours\n  ServerName a.test\n  RewriteCond %{HTTPS} off\n"
                          "  RewriteRule (.*) https://a.test$1\n</VirtualHost>\n",
                          "a.test", REDIRECT),
                     0);
    assert_int_equal(p.changes.n, 1); /* it redirects already */
    assert_string_equal(after(&p, "sites/a-le-ssl.conf"),
                        "<IfModule mod_ssl.c>\n<VirtualHost *:443>\n  # ours\n  ServerName a.test\n"
                        "  # RewriteCond %{HTTPS} off\n  # RewriteRule (.*) https://a.test$1\n"
                        "  SSLCertificateFile /c\n  SSLCertificateKeyFile /k\n  Include /o\n"
                        "</VirtualHost>\n</IfModule>\n");
    plan_done(&p);
}

static void a_copy_of_the_one_for_all_has_the_names(void **state)
{
    struct plan p;
    (void)state;
    assert_int_equal(plan(&p, MAIN, "<VirtualHost _default_:80>\n  ServerName own.test\n</VirtualHost>\n",
                          "x.test y.test", REDIRECT),
                     0);
    assert_string_equal(after(&p, "sites/a-le-ssl.conf"),
                        "<IfModule mod_ssl.c>\n<VirtualHost _default_:443>\n  # ServerName own.test\n"
                        "  ServerName x.test\n  ServerAlias y.test\n  SSLCertificateFile /c\n"
                        "  SSLCertificateKeyFile /k\n  Include /o\n</VirtualHost>\n</IfModule>\n");
    assert_non_null(strstr(after(&p, "sites/a.conf"), "RewriteCond %{SERVER_NAME} =x.test [OR]\n  RewriteCond "
                                                      "%{SERVER_NAME} =y.test\n"));
    assert_int_equal(p.where.n, 2);
    plan_done(&p);
}

static void a_redirect_by_name_is_for_that_name(void **state)
{
    static const char site[] = "<VirtualHost *:80>\n  ServerName a.test\n  ServerAlias b.test\n  RewriteEngine on\n"
                               "  RewriteCond %{SERVER_NAME} =a.test\n  RewriteRule ^ https://%{SERVER_NAME}/\n"
                               "</VirtualHost>\n<VirtualHost *:443>\n  ServerName a.test\n  ServerAlias b.test\n"
                               "  SSLEngine on\n  SSLCertificateFile /c\n  SSLCertificateKeyFile /k\n</VirtualHost>\n";
    struct plan p;
    (void)state;
    assert_int_equal(plan(&p, MAIN, site, "a.test", REDIRECT), 0);
    assert_int_equal(p.changes.n, 0);
    plan_done(&p);
    assert_int_equal(plan(&p, MAIN, site, "a.test b.test", REDIRECT), 0);
    assert_non_null(strstr(after(&p, "sites/a.conf"), "RewriteCond %{SERVER_NAME} =b.test\n  RewriteRule"));
    plan_done(&p);
}

static void a_redirect_of_a_wildcard_is_a_pattern(void **state)
{
    static const char tls[] = "<VirtualHost *:443>\n  ServerName x.test\n  ServerAlias *.a.test\n  SSLEngine on\n"
                              "  SSLCertificateFile /c\n  SSLCertificateKeyFile /k\n</VirtualHost>\n";
    struct plan p;
    BUF_AUTO(site, 4096);
    (void)state;
    buf_addf(&site, "<VirtualHost *:80>\n  ServerName x.test\n  ServerAlias *.a.test\n</VirtualHost>\n%s", tls);
    assert_int_equal(plan(&p, MAIN, buf_z(&site), "*.a.test x.test", REDIRECT), 0);
    assert_non_null(strstr(after(&p, "sites/a.conf"), "  RewriteCond %{SERVER_NAME} ^[^.]+\\.a\\.test$ [NC,OR]\n"
                                                      "  RewriteCond %{SERVER_NAME} =x.test\n  RewriteRule ^ "));
    buf_clear(&site);
    buf_addz(&site, after(&p, "sites/a.conf"));
    plan_done(&p);
    assert_int_equal(plan(&p, MAIN, buf_z(&site), "*.a.test x.test one.a.test", REDIRECT), 0);
    assert_int_equal(p.changes.n, 0);
    plan_done(&p);
    assert_int_equal(plan(&p, MAIN, "<VirtualHost *:80>\n</VirtualHost>\n", "*.a.test b.test", 0), 0);
    assert_non_null(strstr(after(&p, "sites/a-le-ssl.conf"), "ServerName b.test\n\tServerAlias *.a.test\n"));
    plan_done(&p);
}

static void redirects_of_the_whole_site_to_itself_are_known(void **state)
{
    static const struct {
        const char *lines;
        bool whole, muted; /* no redirect is added; it is a comment in the twin */
    } cases[] = {
        { "Redirect permanent / https://a.test/", true, true },
        { "Redirect / https://www.other.test/", true, false },
        { "Redirect /old https://other.test/new", false, false },
        { "Redirect /old https://a.test/new", false, false },
        { "Redirect /admin https://A.test/admin", false, true },
        { "Redirect /a https://a.test/ab", false, false },
        { "Redirect / https://a.test:8443/", true, false },
        { "Redirect / https://a.test:443/", true, true },
        { "RewriteRule ^/?(.*)$ https://%{HTTP_HOST}/$1 [R,L]", true, true },
        { "RewriteRule ^/shop https://shop.other.test/ [R,L]", false, false },
        { "RewriteRule ^/admin(.*)$ https://%{SERVER_NAME}/admin$1 [R,L]", false, true },
        { "RewriteRule ^/one\\.html$ https://a.test/one.htm [R,L]", false, false },
        { "RewriteRule ^/(.*)$ https://backend.test/$1 [P,L]", false, false },
        { "RewriteRule !^/\\.well-known https://a.test%{REQUEST_URI}", true, true },
        { "RedirectMatch 301 ^/(?!\\.well-known).* https://a.test$0", true, true },
        { "RewriteCond %{REQUEST_URI} ^/admin\n  RewriteRule ^ https://a.test%{REQUEST_URI}", false, true },
        { "RewriteCond %{REQUEST_URI} !^/open\n  RewriteRule ^ https://a.test%{REQUEST_URI}", true, true },
        { "<Location /in>\n  Redirect permanent https://a.test/in\n  </Location>", false, true },
        { "<Location /in>\n  RewriteRule ^ https://other.test/\n  </Location>", false, false },
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct plan p;
        BUF_AUTO(site, 4096);
        buf_addf(&site, "<VirtualHost *:80>\n  ServerName a.test\n  %s\n</VirtualHost>\n", cases[i].lines);
        assert_int_equal(plan(&p, MAIN, buf_z(&site), "a.test", REDIRECT), 0);
        assert_int_equal(strstr(after(&p, "sites/a.conf"), "RewriteCond %{SERVER_NAME} =a.test") == NULL,
                         cases[i].whole);
        assert_int_equal(strstr(after(&p, "sites/a-le-ssl.conf"), "  # Re") != NULL, cases[i].muted);
        plan_done(&p);
    }
}

static void a_twin_that_nothing_reads_is_included(void **state)
{
    struct plan p;
    (void)state;
    assert_int_equal(plan(&p, "Listen 80\nInclude sites/a.conf",
                          "<VirtualHost *:80>\nServerName a.test\n</VirtualHost>\n", "a.test", 0),
                     0);
    BUF_AUTO(want, PATH_MAX);
    buf_addf(&want, "Listen 80\nListen 443\nInclude sites/a.conf\nInclude %s/sites/a-le-ssl.conf\n", root);
    assert_string_equal(after(&p, "main.conf"), buf_z(&want));
    plan_done(&p);
}

static void all_that_answer_a_name_are_changed(void **state)
{
    static const char site[] = "<VirtualHost *:80>\nServerName a.test\n</VirtualHost>\n"
                               "<VirtualHost 10.1.2.3:80>\nServerName a.test\n</VirtualHost>\n";
    static const char tls[] =
        "<VirtualHost *:443>\nServerName a.test\nSSLCertificateFile /x\nSSLCertificateKeyFile /y\n"
        "</VirtualHost>\n<VirtualHost 10.1.2.3:443>\nServerName a.test\nSSLCertificateFile /x\n"
        "SSLCertificateKeyFile /y\n</VirtualHost>\n";
    struct plan p;
    const char *text;
    (void)state;
    assert_int_equal(plan(&p, MAIN, site, "a.test", REDIRECT), 0);
    text = after(&p, "sites/a-le-ssl.conf");
    assert_true(strstr(text, "<VirtualHost *:443>") && strstr(text, "<VirtualHost 10.1.2.3:443>"));
    text = strstr(after(&p, "sites/a.conf"), "RewriteRule");
    assert_true(text && strstr(text + 1, "RewriteRule"));
    assert_int_equal(p.where.n, 1);
    plan_done(&p);
    assert_int_equal(plan(&p, MAIN, tls, "a.test", 0), 0);
    assert_null(strstr(after(&p, "sites/a.conf"), "/x"));
    plan_done(&p);
}

static void each_address_gets_a_listen(void **state)
{
    static const struct {
        const char *before, *after; /* NULL: it stays */
    } cases[] = {
        { "Listen 80\n", "Listen 80\nListen 443\n" },
        { "Listen 80\nListen 443 https\n", NULL },
        { "Listen 10.1.2.3:80\n", "Listen 10.1.2.3:80\nListen 10.1.2.3:443\n" },
        { "Listen 10.1.2.3:80\nListen [fd00::1]:80\nListen 10.1.2.3:443\n",
          "Listen 10.1.2.3:80\nListen [fd00::1]:80\nListen [fd00::1]:443\nListen 10.1.2.3:443\n" },
        { "Listen 0.0.0.0:80\nListen [::]:80\n",
          "Listen 0.0.0.0:80\nListen 0.0.0.0:443\nListen [::]:80\nListen [::]:443\n" },
        { "Listen 10.1.2.3:80\nListen 443\n", NULL },
        { "Listen 10.1.2.3:80\nListen [::]:443\n", NULL },
        { "Listen 80\nListen 10.1.2.3:443\n", NULL },
        { "Listen 8080\nListen 8081\n", "Listen 8080\nListen 443\nListen 8081\n" },
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct plan p;
        BUF_AUTO(main_text, 1024);
        BUF_AUTO(want, 1024);
        buf_addf(&main_text, "%sInclude sites/*.conf\n", cases[i].before);
        buf_addf(&want, "%sInclude sites/*.conf\n", cases[i].after ? cases[i].after : "");
        assert_int_equal(
            plan(&p, buf_z(&main_text), "<VirtualHost *:80>\nServerName a.test\n</VirtualHost>\n", "a.test", 0), 0);
        assert_string_equal(after(&p, "main.conf"), cases[i].after ? buf_z(&want) : "(unchanged)");
        plan_done(&p);
    }
}

static void included_directives_are_the_virtual_hosts(void **state)
{
    static const struct {
        const char *inc, *site, *name;
        unsigned port;
        bool ssl;
        int64_t want;
    } cases[] = {
        { "ServerAlias www.a.test\n", "<VirtualHost *:80>\nServerName a.test\nInclude inc/x.conf\n</VirtualHost>\n",
          "www.a.test", 80, false, 0 },
        { "ServerName a.test\n",
          "<VirtualHost *:80>\nIncludeOptional inc/*.conf\n</VirtualHost>\n<VirtualHost *:80>\nServerName b.test\n"
          "</VirtualHost>\n",
          "a.test", 80, false, 0 },
        { "<IfModule ssl_module>\nSSLEngine on\n</IfModule>\n",
          "<VirtualHost *:443>\nServerName a.test\n<IfDefine WITH>\nInclude inc/../inc/x.conf\n</IfDefine>\n"
          "</VirtualHost>\n",
          "a.test", 443, true, 0 },
        { "SSLEngine on\n",
          "<VirtualHost *:443>\nServerName a.test\n<IfDefine !WITH>\nInclude inc/x.conf\n</IfDefine>\n</VirtualHost>\n",
          "a.test", 443, true, -1 },
        { "ServerName x.test\n",
          "<VirtualHost *:80>\n<Directory />\nInclude inc/x.conf\n</Directory>\nServerName a.test\n</VirtualHost>\n",
          "x.test", 80, false, -1 },
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct apa_conf c = { 0 };
        included = cases[i].inc;
        read_it(&c, MAIN, cases[i].site, MODULES);
        assert_int_equal(apa_pick(&c, cases[i].name, cases[i].port, cases[i].ssl), cases[i].want);
        apa_conf_done(&c);
    }
    included = NULL;
}

#define INCLUDING(name) "<VirtualHost *:443>\n  ServerName " name ".test\n  Include inc/x.conf\n</VirtualHost>\n"

static void a_certificate_is_changed_where_it_is_included_from(void **state)
{
    struct plan p;
    (void)state;
    included = "SSLEngine on\nSSLCertificateFile /old\nSSLCertificateKeyFile /old.key\n"
               "Header always set Strict-Transport-Security \"max-age=1\"\n";
    assert_int_equal(plan(&p, MAIN, INCLUDING("a"), "a.test", HSTS), 0);
    assert_int_equal(p.changes.n, 1);
    assert_string_equal(after(&p, "inc/x.conf"), "SSLEngine on\nSSLCertificateFile /c\nSSLCertificateKeyFile /k\n"
                                                 "Header always set Strict-Transport-Security \"max-age=1\"\n");
    plan_done(&p);
    assert_int_equal(plan(&p, MAIN, INCLUDING("a") INCLUDING("b"), "a.test", 0), SIGNET_ESTATE);
    assert_non_null(strstr(p.e.text, "inc/x.conf, line 2 sets sslcertificatefile for several virtual hosts"));
    plan_done(&p);
    assert_int_equal(plan(&p, MAIN, INCLUDING("a") INCLUDING("b"), "a.test b.test", 0), 0);
    assert_int_equal(p.changes.n, 1);
    plan_done(&p);
    included = NULL;
}

static void an_included_redirect_is_not_in_the_twin(void **state)
{
    static const char site[] = "<VirtualHost *:80>\nServerName a.test\nInclude inc/x.conf\n</VirtualHost>\n";
    struct plan p;
    (void)state;
    included = "RewriteEngine on\nRewriteRule ^ https://%{SERVER_NAME}%{REQUEST_URI}\n";
    assert_int_equal(plan(&p, MAIN, site, "a.test", REDIRECT), 0);
    assert_int_equal(p.changes.n, 1);
    assert_non_null(strstr(after(&p, "sites/a-le-ssl.conf"), "\n# Include inc/x.conf\n"));
    plan_done(&p);
    included = "RewriteEngine on\nRewriteCond %{HTTPS} off\nRewriteRule ^ https://%{SERVER_NAME}%{REQUEST_URI}\n"
               "DocumentRoot /x\n";
    assert_int_equal(plan(&p, MAIN, site, "a.test", REDIRECT), 0);
    assert_non_null(strstr(after(&p, "sites/a-le-ssl.conf"), "\nInclude inc/x.conf\n"));
    plan_done(&p);
    included = "DocumentRoot /x\nRedirect / https://a.test/\n";
    assert_int_equal(plan(&p, MAIN, site, "a.test", REDIRECT), SIGNET_ESTATE);
    assert_non_null(strstr(p.e.text, "inc/x.conf, line 2 leads to https"));
    plan_done(&p);
    included = NULL;
}

static void what_is_set_otherwise_is_set_right(void **state)
{
    static const char site[] = "<VirtualHost *:443>\n  ServerName a.test\n  SSLEngine on\n  SSLCertificateFile /c\n"
                               "  SSLCertificateKeyFile /k\n  SSLUseStapling Off\n"
                               "  Header always set Content-Security-Policy \"default-src 'self'\"\n</VirtualHost>\n";
    static const char want[] =
        "<VirtualHost *:443>\n  ServerName a.test\n  SSLEngine on\n  SSLCertificateFile /c\n"
        "  SSLCertificateKeyFile /k\n  SSLUseStapling on\n"
        "  Header always set Content-Security-Policy \"default-src 'self'\"\n"
        "  Header always add Content-Security-Policy upgrade-insecure-requests\n</VirtualHost>\n";
    struct plan p;
    (void)state;
    assert_int_equal(plan(&p, MAIN "SSLStaplingCache x\n", site, "a.test", UIR | STAPLE), 0);
    assert_string_equal(after(&p, "sites/a.conf"), want);
    plan_done(&p);
    assert_int_equal(plan(&p, MAIN "SSLStaplingCache x\n", want, "a.test", UIR | STAPLE), 0);
    assert_int_equal(p.changes.n, 0);
    plan_done(&p);
    assert_int_equal(plan(&p, MAIN,
                          "<VirtualHost *:80>\n  ServerName a.test\n  Header set Content-Security-Policy x\n"
                          "</VirtualHost>\n",
                          "a.test", UIR),
                     0);
    assert_non_null(strstr(after(&p, "sites/a-le-ssl.conf"), "  Header always add Content-Security-Policy upgrade"));
    plan_done(&p);
}

static void a_twin_has_values_that_its_file_would_not_know(void **state)
{
    static const char site[] = "Define SITE a.test\nDefine PORT 80\n<VirtualHost *:${PORT}>\n  ServerName ${SITE}\n"
                               "  # ${SITE}\n  DocumentRoot ${TOP}/${BASE}/${SITE}\n</VirtualHost>\nUnDefine SITE\n";
    static const char main_text[] = "Define BASE base\n" MAIN;
    struct plan p;
    (void)state;
    defined = "Define: PORT=80\nDefine: BASE=base\n";
    assert_int_equal(plan(&p, main_text, site, "a.test", 0), 0);
    assert_string_equal(after(&p, "sites/a-le-ssl.conf"),
                        "<IfModule mod_ssl.c>\n<VirtualHost *:443>\n  ServerName a.test\n  # ${SITE}\n"
                        "  DocumentRoot ${TOP}/${BASE}/a.test\n  SSLCertificateFile /c\n  SSLCertificateKeyFile /k\n"
                        "  Include /o\n</VirtualHost>\n</IfModule>\n");
    plan_done(&p);
    included = "DocumentRoot /${SITE}\n";
    assert_int_equal(
        plan(&p, MAIN,
             "Define SITE a.test\n<VirtualHost *:80>\nServerName a.test\nInclude inc/x.conf\n</VirtualHost>\n",
             "a.test", 0),
        SIGNET_ESTATE);
    assert_non_null(strstr(p.e.text, "inc/x.conf, line 1 has ${SITE}, which "));
    plan_done(&p);
    included = "ServerName ${SITE}\n"; /* each time another one */
    assert_int_equal(
        plan(&p, MAIN,
             "Define SITE a.test\n<VirtualHost *:80>\nInclude inc/x.conf\n</VirtualHost>\nDefine SITE b.test\n"
             "<VirtualHost *:80>\nInclude inc/x.conf\n</VirtualHost>\n",
             "b.test", 0),
        SIGNET_ENOTFOUND);
    plan_done(&p);
    included = NULL;
    defined = "";
}

static void macros_are_named(void **state)
{
    struct plan p;
    (void)state;
    assert_int_equal(plan(&p, MAIN,
                          "<Macro V $n>\n<VirtualHost *:80>\nServerName $n\n</VirtualHost>\n</Macro>\nUse V a.test\n",
                          "a.test", REDIRECT),
                     SIGNET_ENOTFOUND);
    assert_non_null(strstr(p.e.text, "a.test"));
    assert_non_null(strstr(p.e.hint, "sites/a.conf makes virtual hosts by a macro"));
    assert_int_equal(p.changes.n, 0);
    plan_done(&p);
}

static void a_challenge_without_virtual_hosts_is_the_main_servers(void **state)
{
    struct plan p = { .changes = CHANGES_INIT };
    (void)state;
    read_it(&p.conf, MAIN, "# none\n", MODULES);
    assert_int_equal(strlist_addz(&p.names, "a.test"), 0);
    assert_int_equal(apa_plan_challenge(&p.conf, &p.names, 80, "/x/pre.conf", &p.changes, &p.e), 0);
    assert_string_equal(after(&p, "main.conf"), MAIN "Include /x/pre.conf\n");
    plan_done(&p);
}

static int begin(void **state)
{
    BUF_AUTO(path, PATH_MAX);
    (void)state;
    if (!mkdtemp(root))
        return 1;
    fs_join(&path, root, "sites");
    if (mkdir(buf_z(&path), 0755))
        return 1;
    buf_clear(&path);
    fs_join(&path, root, "inc");
    return mkdir(buf_z(&path), 0755);
}

static int end(void **state)
{
    (void)state;
    apa_unload();
    return fs_remove_tree(AT_FDCWD, root, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_find_their_virtual_host),
        cmocka_unit_test(conditions_hide_nothing_that_is_in_force),
        cmocka_unit_test(values_of_define_are_those_of_their_place),
        cmocka_unit_test(the_first_on_a_port_may_be_for_all),
        cmocka_unit_test(all_addresses_are_places),
        cmocka_unit_test(each_address_has_its_own_virtual_hosts),
        cmocka_unit_test(includes_say_what_is_read),
        cmocka_unit_test(a_twin_is_a_copy_with_tls),
        cmocka_unit_test(a_copy_of_the_one_for_all_has_the_names),
        cmocka_unit_test(a_redirect_by_name_is_for_that_name),
        cmocka_unit_test(a_redirect_of_a_wildcard_is_a_pattern),
        cmocka_unit_test(redirects_of_the_whole_site_to_itself_are_known),
        cmocka_unit_test(a_twin_that_nothing_reads_is_included),
        cmocka_unit_test(all_that_answer_a_name_are_changed),
        cmocka_unit_test(each_address_gets_a_listen),
        cmocka_unit_test(included_directives_are_the_virtual_hosts),
        cmocka_unit_test(a_certificate_is_changed_where_it_is_included_from),
        cmocka_unit_test(an_included_redirect_is_not_in_the_twin),
        cmocka_unit_test(what_is_set_otherwise_is_set_right),
        cmocka_unit_test(a_twin_has_values_that_its_file_would_not_know),
        cmocka_unit_test(macros_are_named),
        cmocka_unit_test(a_challenge_without_virtual_hosts_is_the_main_servers),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
