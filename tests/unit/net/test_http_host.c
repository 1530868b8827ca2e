#include "net/http_host.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define GET "GET /.well-known/acme-challenge/t HTTP/1.1\r\n"

static void who_is_asked_for(void **state)
{
    static const struct {
        const char *request, *header, *host;
        bool is;
    } rows[] = {
        { GET "Host: a.test\r\n\r\n", "Host", "a.test", true },
        { GET "Host: A.TEST:80\r\n\r\n", "Host", "a.test", true },
        { GET "Host: a.test.\r\n\r\n", "Host", "a.test", true },
        { GET "Host: b.test\r\n\r\n", "Host", "a.test", false },
        { GET "Host: a.test.evil\r\n\r\n", "Host", "a.test", false },
        { GET "Host: xa.test\r\n\r\n", "Host", "a.test", false },
        { GET "\r\n", "Host", "a.test", false },
        { GET "Host:\r\n\r\n", "Host", "a.test", false },
        { GET "X-Host: a.test\r\n\r\n", "Host", "a.test", false },
        { GET "Host: [2001:db8::1]:80\r\n\r\n", "Host", "2001:db8::1", true },
        { GET "Host: [2001:db8::1]\r\n\r\n", "Host", "2001:db8::1", true },
        { GET "Host: 192.0.2.1:5002\r\n\r\n", "Host", "192.0.2.1", true },
        { "GET http://a.test/.well-known/acme-challenge/t HTTP/1.1\r\nHost: b.test\r\n\r\n", "Host", "a.test", true },
        { "GET http://b.test/.well-known/acme-challenge/t HTTP/1.1\r\nHost: a.test\r\n\r\n", "Host", "a.test", false },
        { GET "Host: proxy\r\nX-Forwarded-Host: a.test, b.test\r\n\r\n", "X-Forwarded-Host", "a.test", true },
        { GET "Host: proxy\r\nx-forwarded-host: b.test, a.test\r\n\r\n", "X-Forwarded-Host", "a.test", false },
        { GET "Host: a.test\r\n\r\n", "X-Forwarded-Host", "a.test", false },
        { GET "Forwarded: for=192.0.2.60;proto=http;host=a.test\r\n\r\n", "Forwarded", "a.test", true },
        { GET "Forwarded: host=\"a.test:8080\"; for=\"_x;y,z\"\r\n\r\n", "forwarded", "a.test", true },
        { GET "Forwarded: For=\"[2001:db8::1],;\";Host=a.test\r\n\r\n", "Forwarded", "a.test", true },
        { GET "Forwarded: for=1.2.3.4, host=a.test\r\n\r\n", "Forwarded", "a.test", false },
        { GET "Forwarded: host=b.test, host=a.test\r\n\r\n", "Forwarded", "a.test", false },
        { GET "Forwarded: host=\"a.test\r\n\r\n", "Forwarded", "a.test", false },
        { GET "Forwarded: host=\r\n\r\n", "Forwarded", "a.test", false },
        { GET "Host: b.test\r\nHost: a.test\r\n\r\n", "Host", "a.test", false },
        { GET "Host: b.test\r\n\r\nHost: a.test\r\n", "Host", "a.test", false },
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (http_host_is(str_of(rows[i].request), str_of(rows[i].header), str_of(rows[i].host)) != rows[i].is)
            fail_msg("row %zu", i);
}

/* Nothing is read beyond the input, wherever it is cut. */
static void cut_anywhere(void **state)
{
    static const char whole[] =
        GET "Forwarded: for=\"a;b\";host=\"[2001:db8::1]:80\", host=x\r\nHost: [::1]:80\r\n\r\n";
    (void)state;
    for (size_t n = 0; n < sizeof whole; n++) {
        char part[sizeof whole];
        memcpy(part, whole, n);
        (void)http_host_is((signet_str){ part, n }, STR("Forwarded"), STR("2001:db8::1"));
        (void)http_host_is((signet_str){ part, n }, STR("Host"), STR("::1"));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(who_is_asked_for), cmocka_unit_test(cut_anywhere) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
