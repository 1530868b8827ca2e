#include "net/listen.h"

#include "client.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdio.h>

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

struct hello {
    const char *sni;       /* NULL: none */
    const char *protocols; /* as on the wire: each with its length in front */
    size_t piece;          /* of what is sent, in bytes; 0: all at once */
};

static SSL *client_new(const struct hello *h, int fd)
{
    SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
    SSL *ssl = SSL_new(ctx);
    SSL_CTX_free(ctx);
    assert_non_null(ssl);
    assert_int_equal(SSL_set_alpn_protos(ssl, (const unsigned char *)h->protocols, (unsigned)strlen(h->protocols)), 0);
    if (h->sni)
        assert_int_equal(SSL_set_tlsext_host_name(ssl, h->sni), 1);
    SSL_set0_rbio(ssl, BIO_new_socket(fd, BIO_NOCLOSE));
    SSL_set0_wbio(ssl, BIO_new(BIO_s_mem()));
    return ssl;
}

static void send_pieces(SSL *ssl, int fd, size_t piece)
{
    char *p = NULL;
    long n = BIO_get_mem_data(SSL_get_wbio(ssl), &p);
    signet_str left = { p, n > 0 ? (size_t)n : 0 };
    while (left.n) {
        signet_str one = { left.p, piece && piece < left.n ? piece : left.n };
        client_send(fd, one);
        loop_step(l, 5);
        left = str_skip(left, one.n);
    }
    (void)BIO_reset(SSL_get_wbio(ssl));
}

/* Goes through the handshake as far as it gets; 1: to its end. */
static int client_connect(SSL *ssl, int fd, size_t piece)
{
    int64_t end = clock_mono_ms() + 5000;
    int r;
    do {
        r = SSL_connect(ssl);
        send_pieces(ssl, fd, piece);
        if (r == 1 || SSL_get_error(ssl, r) != SSL_ERROR_WANT_READ)
            break;
        loop_step(l, 5);
    } while (clock_mono_ms() < end);
    return r;
}

/* The server closes without a byte of data. */
static bool ends_in_silence(SSL *ssl)
{
    int64_t end = clock_mono_ms() + 5000;
    char byte;
    int r;
    while ((r = SSL_read(ssl, &byte, 1)) <= 0 && SSL_get_error(ssl, r) == SSL_ERROR_WANT_READ && clock_mono_ms() < end)
        loop_step(l, 5);
    return r <= 0 && SSL_get_error(ssl, r) != SSL_ERROR_WANT_READ;
}

/* Did the handshake succeed, for acme-tls/1 and with the certificate of the name, and was that all that came? */
static bool greets(const struct hello *h)
{
    int fd = client_open(AF_INET, alpn_listener_port(a));
    assert_true(fd >= 0);
    struct timeval patience = { .tv_usec = 5000 };
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    SSL *ssl = client_new(h, fd);
    const unsigned char *chosen;
    unsigned n;
    bool ok = client_connect(ssl, fd, h->piece) == 1;
    if (ok) {
        X509 *cert = SSL_get1_peer_certificate(ssl);
        SSL_get0_alpn_selected(ssl, &chosen, &n);
        assert_true(str_eq((signet_str){ (const char *)chosen, n }, STR("acme-tls/1")));
        ok = cert && X509_check_host(cert, h->sni, 0, 0, NULL) == 1;
        X509_free(cert);
        assert_true(ends_in_silence(ssl));
    }
    SSL_free(ssl);
    close(fd);
    return ok;
}

static bool handshake(const char *sni, const char *alpn)
{
    char wire[64];
    snprintf(wire, sizeof(wire), "%c%s", (char)strlen(alpn), alpn);
    return greets(&(struct hello){ .sni = sni, .protocols = wire });
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

static void one_protocol_of_several_is_enough(void **state)
{
    (void)state;
    static const struct {
        const char *protocols;
        bool want;
    } t[] = {
        { "\2h2\12acme-tls/1", true },
        { "\12acme-tls/1\2h2", true },
        { "\2h2\10http/1.1", false },
        { "\12acme-tls/2\11acme-tls/", false },
    };
    for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++)
        if (greets(&(struct hello){ .sni = "a.test", .protocols = t[i].protocols }) != t[i].want)
            fail_msg("row %zu", i);
}

static void a_hello_without_a_name_is_refused(void **state)
{
    (void)state;
    assert_false(greets(&(struct hello){ .protocols = "\12acme-tls/1" }));
    assert_false(handshake("1.2.0.192.in-addr.arpa", "acme-tls/1"));
    assert_true(handshake("a.test", "acme-tls/1"));
}

static void a_hello_may_come_in_pieces(void **state)
{
    (void)state;
    static const size_t pieces[] = { 1, 5, 6, 100 };
    for (size_t i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++)
        assert_true(greets(&(struct hello){ .sni = "a.test", .protocols = "\12acme-tls/1", .piece = pieces[i] }));
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
        WITH_LOOP(one_protocol_of_several_is_enough),
        WITH_LOOP(a_hello_without_a_name_is_refused),
        WITH_LOOP(a_hello_may_come_in_pieces),
        WITH_LOOP(noise_is_closed),
        WITH_LOOP(a_busy_port_is_said_to_be_busy),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
