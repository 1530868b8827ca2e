#include "net/http_request.h"

#include "base/buf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>

#define P "/.well-known/acme-challenge/"

static const struct {
    signet_str in;
    int status;
    const char *token; /* with 200 */
} cases[] = {
    { STR("GET " P "tok-_9 HTTP/1.1\r\nHost: a.test\r\n\r\n"), 200, "tok-_9" },
    { STR("HEAD " P "x HTTP/1.0\r\n\r\n"), 200, "x" },
    { STR("GET " P "x HTTP/1.1\n\n"), 200, "x" },
    { STR("\r\nGET " P "x HTTP/1.1\r\n\r\n"), 200, "x" },
    { STR("GET http://a.test" P "x HTTP/1.1\r\nHost: other\r\n\r\n"), 200, "x" },
    { STR("GET HTTPS://[2001:db8::1]:80" P "x HTTP/1.1\r\n\r\n"), 200, "x" },
    { STR("GET " P "x HTTP/1.1\r\nA:b\r\nC:\t d \r\nUser-Agent: \xc3\xbc\r\n\r\n"), 200, "x" },
    { STR("GET / HTTP/1.1\r\nHost: a\r\n\r\n"), 404, NULL },
    { STR("GET " P " HTTP/1.1\r\n\r\n"), 404, NULL },
    { STR("GET " P "../x HTTP/1.1\r\n\r\n"), 404, NULL },
    { STR("GET " P "%2e%2e HTTP/1.1\r\n\r\n"), 404, NULL },
    { STR("GET " P "x/ HTTP/1.1\r\n\r\n"), 404, NULL },
    { STR("GET " P "x?y HTTP/1.1\r\n\r\n"), 404, NULL },
    { STR("GET /" P "x HTTP/1.1\r\n\r\n"), 404, NULL },
    { STR("GET /.Well-Known/acme-challenge/x HTTP/1.1\r\n\r\n"), 404, NULL },
    { STR("GET http://a.test HTTP/1.1\r\n\r\n"), 404, NULL },
    { STR("POST " P "x HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello"), 405, NULL },
    { STR("get " P "x HTTP/1.1\r\n\r\n"), 405, NULL },
    { STR("GET " P "x\r\n"), 400, NULL },
    { STR("GET " P "x HTTP/2.0\r\n\r\n"), 400, NULL },
    { STR("GET " P "x HTTP/1.12\r\n\r\n"), 400, NULL },
    { STR("GET " P "x http/1.1\r\n\r\n"), 400, NULL },
    { STR("GET  " P "x HTTP/1.1\r\n\r\n"), 400, NULL },
    { STR("GET " P "x HTTP/1.1 \r\n\r\n"), 400, NULL },
    { STR(" GET " P "x HTTP/1.1\r\n\r\n"), 400, NULL },
    { STR("GET * HTTP/1.1\r\n\r\n"), 400, NULL },
    { STR("GET a.test:80 HTTP/1.1\r\n\r\n"), 400, NULL },
    { STR("GET http:// HTTP/1.1\r\n\r\n"), 400, NULL },
    { STR("GET http:///x HTTP/1.1\r\n\r\n"), 400, NULL },
    { STR("G@T / HTTP/1.1\r\n\r\n"), 400, NULL },
    { STR("\r\n\r\nGET / HTTP/1.1\r\n\r\n"), 400, NULL },
    { STR("GET " P "x HTTP/1.1\r\nno colon\r\n\r\n"), 400, NULL },
    { STR("GET " P "x HTTP/1.1\r\nHost : a\r\n\r\n"), 400, NULL },
    { STR("GET " P "x HTTP/1.1\r\nHost: a\r\n folded\r\n\r\n"), 400, NULL },
    { STR("GET " P "x HTTP/1.1\r\n: a\r\n\r\n"), 400, NULL },
    { STR("GET " P "x HTTP/1.1\r\nA: b\0c\r\n\r\n"), 400, NULL },
    { STR("GET " P "x HTTP/1.1\r\nA: b\rc\r\n\r\n"), 400, NULL },
    { STR("GET " P "x\0y HTTP/1.1\r\n\r\n"), 400, NULL },
    { STR("GET " P "x\ry HTTP/1.1\r\n\r\n"), 400, NULL },
    { STR("GET " P "\xc3\xbc HTTP/1.1\r\n\r\n"), 400, NULL },
};

static void reads_what_it_should_and_refuses_the_rest(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct http_request r = { 0 };
        int status = http_request_parse(cases[i].in, &r);
        if (status != cases[i].status)
            fail_msg("%.*s: %d", STR_ARG(cases[i].in), status);
        assert_true(str_eq(r.token, str_of(cases[i].token)));
        if (status == 200)
            assert_int_equal(r.head, str_starts(cases[i].in, STR("HEAD")));
    }
}

/* Cut at every byte: it waits, or says early what it says in the end; never something else. */
static void says_the_same_however_it_arrives(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        bool decided = false;
        for (size_t n = 0; n <= cases[i].in.n; n++) {
            char *copy = malloc(n + 1); /* its own block: reading past the end shows */
            memcpy(copy, cases[i].in.p, n);
            struct http_request r = { 0 };
            char *exact = realloc(copy, n ? n : 1);
            int status = http_request_parse((signet_str){ exact, n }, &r);
            free(exact);
            if (status && status != cases[i].status)
                fail_msg("%.*s: %d", (int)n, cases[i].in.p, status);
            assert_true(status || !decided);
            decided = status != 0;
        }
        assert_true(decided);
    }
}

static void sees_at_once_that_it_is_not_http(void **state)
{
    (void)state;
    struct http_request r;
    assert_int_equal(http_request_parse(STR("\x16\x03\x01"), &r), 400);
    assert_int_equal(http_request_parse(STR("GET\0"), &r), 400);
    assert_int_equal(http_request_parse(STR(""), &r), 0);
    assert_int_equal(http_request_parse((signet_str){ 0 }, &r), 0);
    assert_int_equal(http_request_parse(STR("\r"), &r), 0);
}

static int parse_sized(size_t line, size_t headers)
{
    struct http_request r;
    BUF_AUTO(b, 100000);
    buf_addz(&b, "GET /");
    while (b.n < line - 9)
        buf_addc(&b, 'x');
    buf_addz(&b, " HTTP/1.1\r\n");
    size_t start = b.n;
    if (headers > 2) {
        buf_addz(&b, "A: ");
        while (b.n < start + headers - 4)
            buf_addc(&b, 'x');
        buf_addz(&b, "\r\n");
    }
    buf_addz(&b, "\r\n");
    return http_request_parse(buf_str(&b), &r);
}

static void has_limits(void **state)
{
    (void)state;
    assert_int_equal(parse_sized(HTTP_LINE_MAX, 2), 404);
    assert_int_equal(parse_sized(HTTP_LINE_MAX + 1, 2), 431);
    assert_int_equal(parse_sized(HTTP_LINE_MAX, HTTP_HEADERS_MAX), 404);
    assert_int_equal(parse_sized(100, HTTP_HEADERS_MAX + 1), 431);
    struct http_request r;
    BUF_AUTO(b, 100000);
    for (int i = 0; i <= HTTP_LINE_MAX; i++)
        buf_addc(&b, 'x');
    assert_int_equal(http_request_parse(buf_str(&b), &r), 431); /* no end in sight */
    buf_clear(&b);
    buf_addz(&b, "GET " P);
    for (int i = 0; i < 257; i++)
        buf_addc(&b, 'x');
    buf_addz(&b, " HTTP/1.1\r\n\r\n");
    assert_int_equal(http_request_parse(buf_str(&b), &r), 404);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_what_it_should_and_refuses_the_rest),
        cmocka_unit_test(says_the_same_however_it_arrives),
        cmocka_unit_test(sees_at_once_that_it_is_not_http),
        cmocka_unit_test(has_limits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
