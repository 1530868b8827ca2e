/* Which server is meant, and what is changed in it. */
#include "base/fs.h"
#include "crypto/key.h"
#include "crypto/tlsalpn.h"
#include "deploy/nginx/match.h"
#include "deploy/nginx/server.h"
// clang-format off
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
// clang-format on
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static char dir[64], main_file[128];

static int make_dir(void **state)
{
    (void)state;
    (void)snprintf(dir, sizeof dir, "/tmp/signet-test-XXXXXX");
    assert_non_null(mkdtemp(dir));
    (void)snprintf(main_file, sizeof main_file, "%s/nginx.conf", dir);
    return 0;
}

static int drop_dir(void **state)
{
    (void)state;
    return fs_remove_tree(AT_FDCWD, dir, NULL);
}

static void put(const char *name, const char *text)
{
    BUF_AUTO(path, 256);
    buf_addf(&path, "%s/%s", dir, name);
    assert_int_equal(fs_replace(AT_FDCWD, buf_z(&path), str_of(text), 0644, false, NULL), 0);
}

static struct changes changes;
static struct err err;

static void open_plan(struct ngx_plan *p)
{
    *p = (struct ngx_plan){ .http_port = 80, .https_port = 443, .changes = &changes };
    changes_done(&changes);
    err_clear(&err);
    assert_int_equal(ngx_plan_open(p, main_file, &err), 0);
}

static void load(struct ngx_plan *p, const char *servers)
{
    BUF_AUTO(text, 65536);
    buf_addf(&text, "events {}\nhttp {\n%s}\n", servers);
    put("nginx.conf", buf_z(&text));
    open_plan(p);
}

/* ---- which server ---- */

/* Servers are told by their line. */
static void picked(struct ngx_plan *p, const char *name, struct buf *to)
{
    uint32_t found[NGX_HITS_MAX], n = ngx_targets(p, str_of(name), found);
    for (uint32_t i = 0; i < n; i++) {
        struct ngx_at at = p->servers.v[found[i]].at;
        const struct ngx_tree *t = ngx_tree_of(&p->conf, at);
        buf_addf(to, "%s%u", i ? " " : "", ngx_line(t, ngx_node_of(&p->conf, at)->mark));
    }
}

static void servers_are_picked_as_nginx_does(void **state)
{
    static const char servers[] = "server { listen 80 default_server; server_name _; }\n"               /* 3 */
                                  "server { listen 80; server_name a.test *.a.test; }\n"                /* 4 */
                                  "server { listen 80; server_name www.a.test; }\n"                     /* 5 */
                                  "server { listen 80; server_name *.x.a.test; }\n"                     /* 6 */
                                  "server { listen 80; server_name .dot.test; }\n"                      /* 7 */
                                  "server { listen 80; server_name mail.*; }\n"                         /* 8 */
                                  "server { listen 80; server_name mail.long.*; }\n"                    /* 9 */
                                  "server { listen 80; server_name ~^r\\d+\\.test$; }\n"                /* 10 */
                                  "server { listen 80; server_name ~^(?<n>r1).*$; }\n"                  /* 11 */
                                  "server { listen 80; server_name dup.test; }\n"                       /* 12 */
                                  "server { listen 80; server_name dup.test; }\n"                       /* 13 */
                                  "server { listen 80; server_name tls.test; return 301 https://x; }\n" /* 14 */
                                  "server { listen 443 ssl; server_name tls.test; }\n"                  /* 15 */
                                  "server { listen 80; server_name port.test; }\n"                      /* 16 */
                                  "server { listen 8080; server_name port.test; }\n"                    /* 17 */
                                  "server { listen 10.0.0.1:80; server_name two.test; }\n"              /* 18 */
                                  "server { listen [::]:80; server_name two.test; }\n"                  /* 19 */
                                  "server { server_name bare.test; }\n"                                 /* 20 */
                                  "server { listen unix:/s; server_name sock.test; }\n"                 /* 21 */
                                  "server { listen 443; ssl on; server_name old.test; }\n"              /* 22 */
                                  "server { listen 80; server_name \"quoted.test\" UPPER.test; }\n"     /* 23 */
                                  "server { listen 80; server_name both.test; }\n"                      /* 24 */
                                  "server { listen 80; server_name .both.test .htob.test; }\n"          /* 25 */
                                  "server { listen 80; server_name htob.test; }\n";                     /* 26 */
    static const struct {
        const char *name, *lines;
    } cases[] = {
        { "a.test", "4" },      { "www.a.test", "5" },   { "y.a.test", "4" },     { "y.x.a.test", "6" },
        { "dot.test", "7" },    { "sub.dot.test", "7" }, { "mail.org", "8" },     { "mail.long.org", "9" },
        { "r7.test", "10" },    { "r1.test", "10" },     { "r1.other", "11" },    { "dup.test", "12" },
        { "tls.test", "15" },   { "port.test", "16" },   { "two.test", "18 19" }, { "bare.test", "20" },
        { "sock.test", "21" },  { "old.test", "22" },    { "quoted.test", "23" }, { "upper.test", "23" },
        { "nowhere.test", "" }, { "*.a.test", "4" },     { "*.b.test", "" },      { "*.dot.test", "7" },
        { "both.test", "24" },  { "x.both.test", "25" }, { "htob.test", "25" },
    };
    struct ngx_plan p;
    (void)state;
    load(&p, servers);
    assert_int_equal(p.servers.n, 24);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        BUF_AUTO(lines, 256);
        picked(&p, cases[i].name, &lines);
        if (strcmp(buf_z(&lines), cases[i].lines))
            print_message("%s: %s, not %s\n", cases[i].name, buf_z(&lines), cases[i].lines);
        assert_string_equal(buf_z(&lines), cases[i].lines);
    }
    ngx_plan_close(&p);
}

static void listens_are_read_in_all_their_forms(void **state)
{
    static const struct {
        const char *text, *addr;
        enum ngx_family family;
        unsigned port, port_to;
        bool ssl, is_default, proxy;
    } cases[] = {
        { "80", "", NGX_IPV4, 80, 80, false, false, false },
        { "*:8080", "", NGX_IPV4, 8080, 8080, false, false, false },
        { "0.0.0.0:81 default", "", NGX_IPV4, 81, 81, false, true, false },
        { "127.0.0.1", "127.0.0.1", NGX_IPV4, 80, 80, false, false, false },
        { "127.0.0.1:8000 ssl proxy_protocol", "127.0.0.1", NGX_IPV4, 8000, 8000, true, false, true },
        { "localhost:82", "127.0.0.1", NGX_IPV4, 82, 82, false, false, false },
        { "[::]:443 ssl http2 default_server ipv6only=on", "", NGX_IPV6, 443, 443, true, true, false },
        { "[::1]", "::1", NGX_IPV6, 80, 80, false, false, false },
        { "8000-8010", "", NGX_IPV4, 8000, 8010, false, false, false },
        { "unix:/run/x.sock", "unix:/run/x.sock", NGX_UNIX, 80, 80, false, false, false },
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct ngx_plan p;
        BUF_AUTO(text, 512);
        buf_addf(&text, "server { listen %s; }\n", cases[i].text);
        load(&p, buf_z(&text));
        const struct ngx_listen *l = &p.servers.listen[0];
        assert_string_equal(l->addr, cases[i].addr);
        assert_true(l->family == cases[i].family && l->port == cases[i].port && l->port_to == cases[i].port_to);
        assert_true(l->ssl == cases[i].ssl && l->is_default == cases[i].is_default &&
                    l->proxy_protocol == cases[i].proxy);
        ngx_plan_close(&p);
    }
}

static void a_listen_is_looked_at_in_each_family(void **state)
{
    static const struct {
        const char *text, *ips[2];
    } cases[] = {
        { "80", { "127.0.0.1" } },
        { "[::]:80", { "::1" } },
        { "[::]:80 ipv6only=on", { "::1" } },
        { "[::]:80 ipv6only=off", { "::1", "127.0.0.1" } },
        { "[::]:80; listen [::]:80 ipv6only=off", { "::1", "127.0.0.1" } },
        { "[::1]:80 ipv6only=off", { "::1" } },
        { "some.host:80", { NULL } },
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct ngx_plan p;
        struct probe_place at[2] = { { .port = 0 } };
        BUF_AUTO(text, 512);
        buf_addf(&text, "server { listen %s; }\n", cases[i].text);
        load(&p, buf_z(&text));
        size_t n = ngx_ctl_places(&p.servers.listen[0], 80, at);
        assert_int_equal(n, (cases[i].ips[0] != NULL) + (cases[i].ips[1] != NULL));
        for (size_t k = 0; k < n; k++)
            assert_true(!strcmp(at[k].ip, cases[i].ips[k]) && at[k].port == 80);
        ngx_plan_close(&p);
    }
}

static void regexes_are_translated(void **state)
{
    static const struct {
        const char *perl, *posix;
    } cases[] = {
        { "^(?<a>.+)\\.test$", "^(.+)\\.test$" },
        { "^(?:w+?|\\d\\w)-x$", "^(w+|[0-9][A-Za-z0-9_])-x$" },
        { "(?P<n>[\\w.-]+)", "([A-Za-z0-9_.-]+)" },
        { "a{2,3}?", "a{2,3}" },
        { "^(?i)a\\.test$", "^a\\.test$" },
        { "(?i:x)\\S+\\s\\W\\D[\\s\\d]", "(x)[^[:space:]]+[[:space:]][^A-Za-z0-9_][^0-9][[:space:]0-9]" },
        { "\\Ax\\z", "^x$" },
        { "(?=x)", NULL },
        { "(?-i)x", NULL },
        { "[\\W]", NULL },
        { "\\bx", NULL },
        { "x++", NULL },
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        BUF_AUTO(to, 256);
        assert_int_equal(ngx_regex_translate(str_of(cases[i].perl), &to), cases[i].posix != NULL);
        if (cases[i].posix)
            assert_string_equal(buf_z(&to), cases[i].posix);
    }
}

/* ---- includes ---- */

static void includes_are_followed(void **state)
{
    struct ngx_plan p;
    STRLIST_AUTO(names);
    (void)state;
    BUF_AUTO(sub, 128);
    buf_addf(&sub, "%s/sites", dir);
    assert_int_equal(fs_mkdirs(buf_z(&sub), 0755, NULL), 0);
    put("sites/b.conf", "server { listen 80; include names.inc; }\n");
    put("sites/a.conf", "server { listen 80; server_name first.test; }\n");
    put("sites/.hidden.conf", "server { listen 80; server_name hidden.test; }\n");
    put("names.inc", "server_name second.test third.test ~^x$ *.w.test y.*;\n");
    load(&p, "include sites/*.conf;\ninclude none/*.conf;\n");
    assert_int_equal(ngx_plan_names(&p, &names), 0);
    BUF_AUTO(joined, 256);
    strlist_join(&names, " ", &joined);
    assert_string_equal(buf_z(&joined), "first.test second.test third.test *.w.test");
    ngx_plan_close(&p);

    put("nginx.conf", "http { include missing.conf; }\n");
    p = (struct ngx_plan){ 0 };
    assert_int_equal(ngx_plan_open(&p, main_file, &err), SIGNET_ENOTFOUND);
    assert_non_null(strstr(err.text, "nginx.conf, line 1"));
    put("nginx.conf", "http { include loop.conf; }\n");
    put("loop.conf", "include loop.conf; server { server_name once.test; }\n");
    open_plan(&p); /* a circle is walked a bounded number of times */
    ngx_plan_close(&p);
}

/* ---- what is changed ---- */

enum { INSTALL = 1, REDIRECT = 2, HSTS = 4, UIR = 8, STAPLE = 16 };

static int carry_out(struct ngx_plan *p, const char *names, unsigned what)
{
    STRLIST_AUTO(list);
    STRLIST_AUTO(where);
    bool is_new;
    assert_int_equal(strlist_split(&list, str_of(names), ' '), 0);
    const struct ngx_wish w = {
        .names = &list, .cert = "/c", .key = "/k", .chain = "/ch", .options = "/options-ssl-nginx.conf", .dhparam = "/d"
    };
    int rc = what & INSTALL ? ngx_plan_install(p, &w, &where) : 0;
    rc = rc || !(what & REDIRECT) ? rc : ngx_plan_redirect(p, &list);
    rc = rc || !(what & HSTS) ? rc : ngx_plan_extra(p, &list, NGX_HSTS, NULL, &is_new);
    rc = rc || !(what & UIR) ? rc : ngx_plan_extra(p, &list, NGX_UIR, NULL, &is_new);
    return rc || !(what & STAPLE) ? rc : ngx_plan_extra(p, &list, NGX_STAPLE, "/ch", &is_new);
}

#define M   " # managed by Certbot\n"
#define TLS "ssl_certificate /c;" M "ssl_certificate_key /k;" M "include /options-ssl-nginx.conf;" M "ssl_dhparam /d;" M

static void servers_are_changed_like_this(void **state)
{
    static const struct {
        const char *before, *names;
        unsigned what;
        const char *after;
    } cases[] = {
        { "server {\nlisten 80;\nserver_name a.test;\n}\n", "a.test", INSTALL,
          "server {\nlisten 80;\nserver_name a.test;\nlisten 443 ssl;" M TLS "}\n" },
        /* one line, a comment behind */
        { "server { listen 80; server_name a.test; } # c\n", "a.test", INSTALL,
          "server { listen 80; server_name a.test; \n    listen 443 ssl;" M "    ssl_certificate /c;" M
          "    ssl_certificate_key /k;" M "    include /options-ssl-nginx.conf;" M "    ssl_dhparam /d;" M "} # c\n" },
        /* its own certificate: the values only, and what stands around them stays */
        { "server {\nlisten 443 ssl;\nserver_name a.test;\nssl_certificate  \"/old\" ; # mine\nssl_certificate_key "
          "/oldkey;\n}\n",
          "a.test", INSTALL,
          "server {\nlisten 443 ssl;\nserver_name a.test;\nssl_certificate  /c ; # mine\nssl_certificate_key /k;" M
          "}\n" },
        /* no listen: nginx's default must not get lost */
        { "server {\nserver_name a.test;\n}\n", "a.test", INSTALL,
          "server {\nserver_name a.test;\nlisten 443 ssl;" M "listen 80;" M TLS "}\n" },
        /* settings of its own are not contradicted */
        { "server {\nlisten 80;\nserver_name a.test;\nssl_protocols TLSv1.3;\nssl_dhparam /own;\n}\n", "a.test",
          INSTALL,
          "server {\nlisten 80;\nserver_name a.test;\nssl_protocols TLSv1.3;\nssl_dhparam /own;\nlisten 443 ssl;" M
          "ssl_certificate /c;" M "ssl_certificate_key /k;" M "}\n" },
        /* somebody listens for TLS on the very address */
        { "server {\nlisten 10.0.0.1:80;\nserver_name a.test;\n}\nserver { listen 10.0.0.1:443 ssl; server_name "
          "b.test; }\n",
          "a.test", INSTALL,
          "server {\nlisten 10.0.0.1:80;\nserver_name a.test;\nlisten 10.0.0.1:443 ssl;" M TLS
          "}\nserver { listen 10.0.0.1:443 ssl; server_name b.test; }\n" },
        /* IPv6 that takes IPv4, too: both get TLS */
        { "server {\nlisten [::]:80 ipv6only=off;\nserver_name a.test;\n}\nserver {\nlisten [::]:80;\nserver_name "
          "b.test;\n}\n",
          "b.test", INSTALL,
          "server {\nlisten [::]:80 ipv6only=off;\nserver_name a.test;\n}\nserver {\nlisten [::]:80;\nserver_name "
          "b.test;\nlisten [::]:443 ssl ipv6only=on;" M "listen 443 ssl;" M TLS "}\n" },
        /* and where the socket for TLS is one of these, no other can be had */
        { "server {\nlisten 80;\nserver_name a.test;\n}\nserver { listen [::]:443 ssl ipv6only=off; }\n", "a.test",
          INSTALL,
          "server {\nlisten 80;\nserver_name a.test;\nlisten [::]:443 ssl;" M TLS
          "}\nserver { listen [::]:443 ssl ipv6only=off; }\n" },
        /* divided */
        { "server {\nlisten 80;\nserver_name a.test;\nroot /r;\n}\n", "a.test", INSTALL | REDIRECT,
          "server {\nserver_name a.test;\nroot /r;\nlisten 443 ssl;" M TLS "}\n\nserver {\n"
          "if ($host = a.test) {\n    return 301 https://$host$request_uri;\n}" M
          "\nlisten 80;\nserver_name a.test;\nreturn 404;" M "}\n" },
        /* a name that is not on the certificate keeps its site */
        { "server {\nlisten 80;\nserver_name a.test b.test;\nroot /r;\n}\n", "a.test", INSTALL | REDIRECT,
          "server {\nserver_name a.test b.test;\nroot /r;\nlisten 443 ssl;" M TLS "}\n\nserver {\n"
          "if ($host = a.test) {\n    return 301 https://$host$request_uri;\n}" M
          "\nlisten 80;\nserver_name a.test b.test;\nroot /r;\n}\n" },
        /* a server for http alone */
        { "server {\nlisten 80;\nserver_name a.test;\n}\nserver {\nlisten 443 ssl;\nserver_name "
          "a.test;\nssl_certificate /c;\nssl_certificate_key /k;\n}\n",
          "a.test", INSTALL | REDIRECT,
          "server {\nif ($host = a.test) {\n    return 301 https://$host$request_uri;\n}" M
          "\nlisten 80;\nserver_name a.test;\n}\nserver {\nlisten 443 ssl;\nserver_name a.test;\nssl_certificate "
          "/c;\nssl_certificate_key /k;\n}\n" },
        /* redirects that are there already */
        { "server {\nlisten 80;\nserver_name a.test;\nreturn 301 https://www.a.test$request_uri;\n}\n", "a.test",
          REDIRECT, NULL },
        { "server {\nlisten 80;\nserver_name a.test;\nif ($scheme != \"https\") { return 301 "
          "https://$host$request_uri; }\n}\n",
          "a.test", REDIRECT, NULL },
        { "server {\nlisten 80;\nserver_name a.test;\nlocation / { return 308 https://$host$request_uri; }\n}\n",
          "a.test", REDIRECT, NULL },
        { "server {\nlisten 80;\nserver_name a.test;\nrewrite ^(.*)$ https://$host$1 permanent;\n}\n", "a.test",
          REDIRECT, NULL },
        { "server {\nlisten 80;\nserver_name a.test;\nrewrite '^/?(.*)$' https://$host/$1;\n}\n", "a.test", REDIRECT,
          NULL },
        /* of some paths only */
        { "server {\nlisten 80;\nserver_name a.test;\nrewrite ^/(.*)/feed$ https://feeds.test/$1 permanent;\n}\n",
          "a.test", REDIRECT,
          "server {\nif ($host = a.test) {\n    return 301 https://$host$request_uri;\n}" M
          "\nlisten 80;\nserver_name a.test;\nrewrite ^/(.*)/feed$ https://feeds.test/$1 permanent;\n}\n" },
        { "server {\nlisten 80;\nserver_name a.test;\nif ($host = a.test) {\n    return 301 "
          "https://$host$request_uri;\n}" M "}\n",
          "a.test", REDIRECT, NULL },
        /* headers */
        { "server {\nlisten 443 ssl;\nserver_name a.test;\n}\n", "a.test", HSTS | UIR | STAPLE,
          "server {\nlisten 443 ssl;\nserver_name a.test;\nadd_header Strict-Transport-Security \"max-age=31536000\" "
          "always;" M "add_header Content-Security-Policy \"upgrade-insecure-requests\" always;" M
          "ssl_trusted_certificate /ch;" M "ssl_stapling on;" M "ssl_stapling_verify on;" M "}\n" },
        { "server {\nlisten 443 ssl;\nserver_name a.test;\nadd_header strict-transport-security "
          "max-age=1;\nssl_stapling on;\nssl_trusted_certificate /own;\n}\n",
          "a.test", HSTS | STAPLE, NULL },
        /* a part of stapling is there */
        { "server {\nlisten 443 ssl;\nserver_name a.test;\nssl_stapling_verify on;\nssl_trusted_certificate /old;\n}\n",
          "a.test", STAPLE,
          "server {\nlisten 443 ssl;\nserver_name a.test;\nssl_stapling_verify on;\nssl_trusted_certificate /ch;" M
          "ssl_stapling on;" M "}\n" },
        { "server {\nlisten 443 ssl;\nserver_name a.test;\nssl_stapling off;\n}\n", "a.test", STAPLE,
          "server {\nlisten 443 ssl;\nserver_name a.test;\nssl_stapling on;" M "ssl_trusted_certificate /ch;" M
          "ssl_stapling_verify on;" M "}\n" },
        /* what visitors are trusted by stays as it is */
        { "ssl_verify_client on;\nserver {\nlisten 443 ssl;\nserver_name a.test;\nssl_trusted_certificate /ca;\n}\n",
          "a.test", STAPLE,
          "ssl_verify_client on;\nserver {\nlisten 443 ssl;\nserver_name a.test;\nssl_trusted_certificate "
          "/ca;\nssl_stapling on;" M "}\n" },
        { "server {\nlisten 80;\nlisten 443 ssl;\nserver_name a.test;\n}\n", "a.test", HSTS,
          "server {\nlisten 443 ssl;\nserver_name a.test;\nadd_header Strict-Transport-Security \"max-age=31536000\" "
          "always;" M "}\n\nserver {\nlisten 80;\nserver_name a.test;\n}\n" },
        /* a copy of the default server */
        { "server {\nlisten 80 default_server;\nlisten [::]:80 default_server ipv6only=on;\nserver_name _;\n}\n",
          "new.test", INSTALL,
          "server {\nlisten 80 default_server;\nlisten [::]:80 default_server ipv6only=on;\nserver_name _;\n}\n\n"
          "server {\nlisten 80;\nlisten [::]:80;\nserver_name new.test;" M "listen [::]:443 ssl ipv6only=on;" M
          "listen 443 ssl;" M TLS "}\n" },
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct ngx_plan p;
        BUF_AUTO(want, 65536);
        load(&p, cases[i].before);
        buf_addf(&want, "events {}\nhttp {\n%s}\n", cases[i].after ? cases[i].after : cases[i].before);
        assert_int_equal(carry_out(&p, cases[i].names, cases[i].what), 0);
        if (strcmp(buf_z(&p.conf.file[0].text), buf_z(&want)))
            print_message("case %zu:\n%s", i, buf_z(&p.conf.file[0].text));
        assert_string_equal(buf_z(&p.conf.file[0].text), buf_z(&want));
        assert_int_equal(carry_out(&p, cases[i].names, cases[i].what), 0);
        assert_string_equal(buf_z(&p.conf.file[0].text), buf_z(&want)); /* nothing more the second time */
        ngx_plan_close(&p);
    }
    changes_done(&changes);
}

static int choose_second(void *ctx, const struct strlist *names, uint32_t *ret, struct err *e)
{
    (void)e;
    strlist_join(names, " ", ctx);
    *ret = 1;
    return 0;
}

static void names_without_a_server_get_a_copy_of_the_chosen_one(void **state)
{
    struct ngx_plan p;
    BUF_AUTO(asked, 64);
    (void)state;
    load(&p, "server {\nlisten 80;\nserver_name a.test;\n}\nserver {\nlisten 80;\nserver_name b.test;\nroot /b;\n}\n");
    p.choose = choose_second;
    p.ctx = &asked;
    assert_int_equal(carry_out(&p, "a.test new.test", INSTALL), 0);
    assert_string_equal(buf_z(&asked), "new.test");
    assert_non_null(strstr(buf_z(&p.conf.file[0].text), "server_name b.test;\nroot /b;\n}\n\nserver {\nlisten "
                                                        "80;\nserver_name new.test;" M "root /b;\nlisten 443 ssl;" M));
    ngx_plan_close(&p);
    changes_done(&changes);
}

static void names_without_a_server_are_refused(void **state)
{
    struct ngx_plan p;
    (void)state;
    load(&p, "server { listen 80; server_name a.test; }\n");
    assert_int_equal(carry_out(&p, "b.test", INSTALL), SIGNET_ENOTFOUND);
    assert_non_null(strstr(err.text, "Could not automatically find a matching server block for b.test"));
    ngx_plan_close(&p);
    load(&p, "server { listen 80 default_server; }\nserver { listen [::]:80 default_server; }\n");
    assert_int_equal(carry_out(&p, "b.test", INSTALL), SIGNET_ENOTFOUND); /* two: which is meant? */
    ngx_plan_close(&p);
    load(&p, "server { listen 80; server_name a.test; }\n");
    assert_int_equal(carry_out(&p, "a.test", HSTS), SIGNET_ENOTFOUND);
    ngx_plan_close(&p);
    changes_done(&changes);
}

static void what_cannot_be_judged_is_not_guessed(void **state)
{
    static const char odd[] = "server { listen 80; server_name ~^(?=a)a\\.test$; }\n";
    static const char last[] = "server { listen 80; server_name ~^.\\.test$; }\n";
    static const struct {
        const char *parts[2], *names;
        unsigned what;
        unsigned line; /* 0: it is done */
    } cases[] = {
        { { "server { listen 80 default_server; }\n", odd }, "a.test", INSTALL, 4 },
        { { odd, last }, "a.test", INSTALL, 3 },
        { { "server { listen 443 ssl; server_name ~(?=a); }\n", "server { listen 443 ssl; server_name ~^a; }\n" },
          "a.test",
          HSTS,
          3 },
        { { odd, last }, "a.test", REDIRECT, 3 },
        { { last, odd }, "a.test", INSTALL, 0 },
        { { odd, "server { listen 8080; server_name ~^.\\.test$; }\n" }, "a.test", INSTALL, 0 },
        { { odd, "server { listen 80; server_name a.test; }\n" }, "a.test", INSTALL, 0 },
        { { odd, "server { listen 80; server_name *.test; }\n" }, "a.test", INSTALL, 0 },
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct ngx_plan p;
        BUF_AUTO(text, 1024);
        BUF_AUTO(want, 1024);
        buf_addf(&text, "%s%s", cases[i].parts[0], cases[i].parts[1]);
        load(&p, buf_z(&text));
        buf_addf(&want, "cannot be edited safely: %s:%u: ", main_file, cases[i].line);
        assert_int_equal(carry_out(&p, cases[i].names, cases[i].what), cases[i].line ? SIGNET_ESTATE : 0);
        assert_true(p.conf.file[0].changed != (cases[i].line != 0));
        assert_true(!cases[i].line || str_starts(str_of(err.text), buf_str(&want)));
        ngx_plan_close(&p);
    }
    changes_done(&changes);
}

#define TO_SELF "return 301 https://$host$request_uri;"

static void a_server_that_redirects_gets_no_tls_that_leads_to_itself(void **state)
{
    static const char *const loops[] = {
        "listen 80; server_name a.test;\n" TO_SELF,
        "listen 80; server_name a.test;\nlocation / {" TO_SELF "}",
        "listen 80; server_name a.test;\nif ($host = a.test) {" TO_SELF "} return 404;",
        "listen 80; server_name a.test;\nrewrite ^ https://$server_name$request_uri? permanent;",
        "listen 80; server_name a.test;\nreturn 302 https://${http_host}/;",
        "listen 80; server_name a.test www.a.test;\nreturn 301 https://www.a.test$request_uri;",
        "listen 80; server_name .a.test;\nreturn 301 https://$host:443$request_uri;",
        "listen 80 default_server; server_name _;\n" TO_SELF,
        "listen 80 default_server;\nreturn 301 https://a.test;",
    };
    static const char *const fine[] = {
        "listen 80; server_name a.test; return 301 https://www.a.test$request_uri;",
        "listen 80; server_name a.test; return 301 https://$hostname.test/;",
        "listen 80; server_name a.test; return 301 https://$host:8443$request_uri;",
        "listen 80; server_name a.test; if ($scheme != https) {" TO_SELF "}",
        "listen 80; server_name a.test www.a.test; if ($host = www.a.test) {return 301 https://a.test$request_uri;}",
        "listen 80; server_name a.test; location /old/ {" TO_SELF "}",
        "listen 80; server_name a.test; " TO_SELF "} server { listen 443 ssl; server_name a.test;",
        "listen 80 default_server; return 301 https://b.test;",
    };
    (void)state;
    for (size_t i = 0; i < sizeof loops / sizeof loops[0] + sizeof fine / sizeof fine[0]; i++) {
        size_t n = sizeof loops / sizeof loops[0];
        struct ngx_plan p;
        BUF_AUTO(text, 1024);
        BUF_AUTO(want, 1024);
        buf_addf(&text, "server { %s }\n", i < n ? loops[i] : fine[i - n]);
        load(&p, buf_z(&text));
        buf_addf(&want, "cannot be edited safely: %s:4: ", main_file);
        assert_int_equal(carry_out(&p, "a.test", INSTALL | REDIRECT), i < n ? SIGNET_ESTATE : 0);
        assert_true(p.conf.file[0].changed == (i >= n));
        assert_true(i >= n || str_starts(str_of(err.text), buf_str(&want)));
        ngx_plan_close(&p);
    }
    changes_done(&changes);
}

static void a_path_with_a_variable_is_for_all_its_names(void **state)
{
    static const char servers[] = "server { listen 443 ssl; server_name a.test www.a.test;\n"
                                  "ssl_certificate /v/$ssl_server_name.pem;\nssl_certificate_key /k;\n}\n";
    struct ngx_plan p;
    BUF_AUTO(want, 256);
    (void)state;
    load(&p, servers);
    buf_addf(&want, "cannot be edited safely: %s:4: ssl_certificate has a variable", main_file);
    assert_int_equal(carry_out(&p, "a.test", INSTALL), SIGNET_ESTATE);
    assert_true(str_starts(str_of(err.text), buf_str(&want)));
    assert_false(p.conf.file[0].changed);
    assert_int_equal(carry_out(&p, "a.test www.a.test", INSTALL), 0);
    assert_non_null(strstr(buf_z(&p.conf.file[0].text), "ssl_certificate /c;"));
    ngx_plan_close(&p);
    changes_done(&changes);
}

static void put_cert(const char *name, enum key_type type, unsigned size)
{
    BUF_AUTO(pem, 65536);
    struct key *key = NULL;
    const signet_ident id = { SIGNET_IDENT_DNS, STR("a.test") };
    assert_int_equal(key_new(&key, type, size, NULL), 0);
    assert_int_equal(tlsalpn_cert(&pem, key, &id, STR("x"), NULL), 0);
    key_free(key);
    put(name, buf_z(&pem));
}

static void of_two_certificates_the_one_with_that_kind_of_key_is_replaced(void **state)
{
    static const struct {
        const char *cert, *want;
    } cases[] = {
        { "ec2.pem", "ssl_certificate rsa.pem;\nssl_certificate_key rk;\nssl_certificate %s/ec2.pem;" M
                     "ssl_certificate_key /k;" M },
        { "rsa2.pem", "ssl_certificate %s/rsa2.pem;" M "ssl_certificate_key /k;" M
                      "ssl_certificate ec.pem;\nssl_certificate_key ek;\n" },
        { "none.pem", "ssl_certificate %s/none.pem;" M "ssl_certificate_key /k;" M
                      "ssl_certificate ec.pem;\nssl_certificate_key ek;\n" },
    };
    (void)state;
    put_cert("rsa.pem", KEY_RSA, 2048);
    put_cert("rsa2.pem", KEY_RSA, 2048);
    put_cert("ec.pem", KEY_EC, 256);
    put_cert("ec2.pem", KEY_EC, 384);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct ngx_plan p;
        STRLIST_AUTO(names);
        STRLIST_AUTO(where);
        BUF_AUTO(cert, 256);
        BUF_AUTO(want, 1024);
        signet_str before, after;
        assert_true(str_cut(str_of(cases[i].want), '%', &before, &after));
        buf_addf(&cert, "%s/%s", dir, cases[i].cert);
        buf_addf(&want, "%.*s%s%.*s", STR_ARG(before), dir, STR_ARG(str_skip(after, 1)));
        load(&p, "server { listen 443 ssl; server_name a.test;\nssl_certificate rsa.pem;\nssl_certificate_key rk;\n"
                 "ssl_certificate ec.pem;\nssl_certificate_key ek;\n}\n");
        assert_int_equal(strlist_addz(&names, "a.test"), 0);
        const struct ngx_wish w = {
            .names = &names, .cert = buf_z(&cert), .key = "/k", .options = "/o", .dhparam = "/d"
        };
        for (int again = 0; again < 2; again++) {
            assert_int_equal(ngx_plan_install(&p, &w, &where), 0);
            assert_non_null(strstr(buf_z(&p.conf.file[0].text), buf_z(&want)));
        }
        ngx_plan_close(&p);
    }
    changes_done(&changes);
}

static void tokens_stand_before_everything_else(void **state)
{
    static const struct ngx_token v[] = { { "a.test", "T1", "T1.k" }, { "none.test", "T2", "T2.k" } };
    struct ngx_plan p;
    BUF_AUTO(include, 65536);
    (void)state;
    load(&p, "server {\nlisten 80;\nserver_name a.test;\nreturn 301 https://x;\n}\nserver { listen 8080; server_name "
             "none.test; }\n");
    assert_int_equal(ngx_plan_tokens(&p, v, 2, "/inc.conf", &include), 0);
    assert_int_equal(changes.n, 1);
    assert_string_equal(
        buf_z(&changes.v[0].after),
        "events {}\nhttp {\ninclude /inc.conf;" M "server {\n"
        "rewrite ^(/.well-known/acme-challenge/.*) $1 break;" M
        "location = /.well-known/acme-challenge/T1 {\n    default_type text/plain;\n    return 200 T1.k;\n}" M
        "listen 80;\nserver_name a.test;\nreturn 301 https://x;\n}\nserver { listen 8080; server_name none.test; "
        "}\n}\n");
    assert_non_null(strstr(buf_z(&include), "listen *:80;\n    server_name none.test;"));
    assert_non_null(strstr(buf_z(&include), "return 200 T2.k;"));
    assert_false(p.conf.file[0].changed);
    ngx_plan_close(&p);
    changes_done(&changes);
}

#define LONG "a-rather-long-label-of-a-name.a-rather-long-label-of-a-name."

static void the_table_of_names_is_wide_enough_for_a_long_one(void **state)
{
    static const struct {
        const char *name, *has, *want;
    } cases[] = {
        { "short.test", "", NULL },
        { "short.test", "server_names_hash_bucket_size 32;", NULL },
        { LONG "test", "", "\nserver_names_hash_bucket_size 128;" M },
        { LONG "test", "server_names_hash_bucket_size 64; # c", "server_names_hash_bucket_size 128; # c" },
        { LONG "test", "server_names_hash_bucket_size 512;", NULL },
        { LONG LONG "test", "server_names_hash_bucket_size 128;", "server_names_hash_bucket_size 256;\n" },
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct ngx_token v = { cases[i].name, "T", "T.k" };
        struct ngx_plan p;
        BUF_AUTO(include, 65536);
        BUF_AUTO(text, 1024);
        buf_addf(&text, "%s\nserver { listen 80; server_name a.test; }\n", cases[i].has);
        load(&p, buf_z(&text));
        assert_int_equal(ngx_plan_tokens(&p, &v, 1, "/inc.conf", &include), 0);
        assert_int_equal(changes.n, 1);
        const char *want = cases[i].want ? cases[i].want : cases[i].has;
        const char *found = strstr(buf_z(&changes.v[0].after), "server_names_hash_bucket_size");
        assert_true(*want ? strstr(buf_z(&changes.v[0].after), want) != NULL : !found);
        assert_true(!found || !strstr(found + 1, "server_names_hash_bucket_size")); /* nginx wants it once */
        ngx_plan_close(&p);
    }
    changes_done(&changes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(servers_are_picked_as_nginx_does),
        cmocka_unit_test(listens_are_read_in_all_their_forms),
        cmocka_unit_test(a_listen_is_looked_at_in_each_family),
        cmocka_unit_test(regexes_are_translated),
        cmocka_unit_test(includes_are_followed),
        cmocka_unit_test(servers_are_changed_like_this),
        cmocka_unit_test(names_without_a_server_get_a_copy_of_the_chosen_one),
        cmocka_unit_test(names_without_a_server_are_refused),
        cmocka_unit_test(what_cannot_be_judged_is_not_guessed),
        cmocka_unit_test(a_server_that_redirects_gets_no_tls_that_leads_to_itself),
        cmocka_unit_test(a_path_with_a_variable_is_for_all_its_names),
        cmocka_unit_test(of_two_certificates_the_one_with_that_kind_of_key_is_replaced),
        cmocka_unit_test(tokens_stand_before_everything_else),
        cmocka_unit_test(the_table_of_names_is_wide_enough_for_a_long_one),
    };
    return cmocka_run_group_tests(tests, make_dir, drop_dir);
}
