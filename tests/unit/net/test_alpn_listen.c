#include "net/listen.h"

#include "client.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

static struct loop *l;
static struct alpn_listener *a;
static const signet_ident name = { SIGNET_IDENT_DNS, { "a.test", 6 } };

static int set_up(void **state)
{
    (void)state;
    struct err e = { 0 };
    if (loop_new(&l, &e) || alpn_listen(&a, l, "127.0.0.1", 0, &e))
        return -1;
    return alpn_listener_add(a, &name, STR("token.thumbprint"), &e);
}

static int tear_down(void **state)
{
    (void)state;
    alpn_listener_free(a);
    alpn_listener_free(NULL);
    loop_free(l);
    return 0;
}

/* Did a handshake with this name and protocol succeed? */
static bool handshake(const char *sni, const char *alpn)
{
    int fd = client_open(AF_INET, alpn_listener_port(a));
    assert_true(fd >= 0);
    struct timeval patience = { .tv_usec = 5000 };
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
    SSL *ssl = SSL_new(ctx);
    assert_non_null(ssl);
    unsigned char proto[64];
    proto[0] = (unsigned char)strlen(alpn);
    memcpy(proto + 1, alpn, strlen(alpn));
    assert_int_equal(SSL_set_alpn_protos(ssl, proto, proto[0] + 1u), 0);
    assert_int_equal(SSL_set_tlsext_host_name(ssl, sni), 1);
    assert_int_equal(SSL_set_fd(ssl, fd), 1);
    int64_t end = clock_mono_ms() + 5000;
    int r;
    do {
        r = SSL_connect(ssl);
        if (r == 1 || SSL_get_error(ssl, r) != SSL_ERROR_WANT_READ)
            break;
        loop_step(l, 5);
    } while (clock_mono_ms() < end);
    X509 *cert = r == 1 ? SSL_get1_peer_certificate(ssl) : NULL;
    bool ok = cert && X509_check_host(cert, sni, 0, 0, NULL) == 1;
    X509_free(cert);
    SSL_free(ssl);
    SSL_CTX_free(ctx);
    close(fd);
    return ok;
}

static void shows_the_certificate_of_a_known_name(void **state)
{
    (void)state;
    struct err e = { 0 };
    const signet_ident other = { SIGNET_IDENT_DNS, STR("b.test") };
    assert_true(handshake("a.test", "acme-tls/1"));
    assert_false(handshake("b.test", "acme-tls/1"));
    assert_int_equal(alpn_listener_add(a, &other, STR("token.thumbprint"), &e), 0);
    assert_true(handshake("b.test", "acme-tls/1"));
    alpn_listener_remove(a, &name);
    assert_false(handshake("a.test", "acme-tls/1"));
    assert_true(handshake("b.test", "acme-tls/1"));
}

static void shows_nothing_to_other_protocols(void **state)
{
    (void)state;
    assert_false(handshake("a.test", "h2"));
    assert_false(handshake("a.test", "acme-tls/2"));
}

static void noise_is_closed(void **state)
{
    (void)state;
    int fd = client_open(AF_INET, alpn_listener_port(a));
    client_send(fd, STR("GET / HTTP/1.1\r\n\r\n"));
    BUF_AUTO(got, 10000);
    assert_true(client_read_all(l, fd, &got));
    close(fd);
    assert_true(handshake("a.test", "acme-tls/1"));
}

static void a_busy_port_is_said_to_be_busy(void **state)
{
    (void)state;
    struct err e = { 0 };
    struct alpn_listener *second = NULL;
    assert_int_equal(alpn_listen(&second, l, "127.0.0.1", alpn_listener_port(a), &e), SIGNET_EBUSY);
    assert_null(second);
}

#define WITH_LOOP(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_LOOP(shows_the_certificate_of_a_known_name),
        WITH_LOOP(shows_nothing_to_other_protocols),
        WITH_LOOP(noise_is_closed),
        WITH_LOOP(a_busy_port_is_said_to_be_busy),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
