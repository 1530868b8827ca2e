#include "crypto/cert.h"
#include "crypto/digest.h"
#include "crypto/tlsalpn.h"
#include "testlib.h"

#include <openssl/err.h>
#include <openssl/ssl.h>

#define KEY_AUTH "evaGxfADs6pSRb2LAv9IZf17Dt3juxGJ-PCt92wr-oA.NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"

static signet_ident dns_ident(const char *name)
{
    return (signet_ident){ SIGNET_IDENT_DNS, str_of(name) };
}

static signet_ident ip_ident(const char *ip)
{
    return (signet_ident){ SIGNET_IDENT_IP, str_of(ip) };
}

/* ---- the certificate ---- */

static void assert_certificate(const signet_ident *id, const char *san)
{
    BUF_AUTO(pem, 8192);
    BUF_AUTO(text, 65536);
    BUF_AUTO(want, 256);
    uint8_t md[32];
    assert_int_equal(tlsalpn_cert(&pem, test_key("leaf"), id, STR(KEY_AUTH), NULL), 0);
    const char *argv[] = { "openssl", "x509", "-noout", "-text", NULL };
    assert_int_equal(run_program(argv, buf_str(&pem), &text), 0);
    assert_non_null(strstr(buf_z(&text), san));
    /* RFC 8737 section 3: critical, an OCTET STRING of 32 bytes in the extension's OCTET STRING */
    assert_non_null(strstr(buf_z(&text), "1.3.6.1.5.5.7.1.31: critical\n"));
    BUF_AUTO(der, 8192);
    assert_int_equal(cert_to_der(buf_str(&pem), &der, NULL), 0);
    digest_sha256(STR(KEY_AUTH), md);
    buf_add(&want, (signet_str){ "\x06\x08\x2b\x06\x01\x05\x05\x07\x01\x1f\x01\x01\xff\x04\x22\x04\x20", 17 });
    buf_add(&want, (signet_str){ (const char *)md, sizeof md });
    assert_non_null(memmem(der.p, der.n, want.p, want.n));
    struct cert_info i;
    assert_int_equal(cert_read(&i, buf_str(&pem), NULL), 0);
    assert_int_equal(i.dns.n + i.ips.n, 1);
    cert_info_done(&i);
    X509 *x = NULL;
    assert_int_equal(ossl_x509(&x, buf_str(&der), NULL), 0);
    assert_int_equal(X509_verify(x, test_key("leaf")->pkey), 1);
    assert_int_equal(X509_get_version(x), X509_VERSION_3);
    X509_free(x);
}

static void the_certificate_is_that_of_rfc8737(void **state)
{
    (void)state;
    signet_ident a = dns_ident("example.com"), b = ip_ident("192.0.2.1"), c = ip_ident("2001:db8::7");
    assert_certificate(&a, "DNS:example.com\n");
    assert_certificate(&b, "IP Address:192.0.2.1\n");
    assert_certificate(&c, "IP Address:2001:DB8:0:0:0:0:0:7\n");
}

static void names_that_cannot_be_validated_so_are_refused(void **state)
{
    (void)state;
    struct tlsalpn *t = NULL;
    const signet_ident ids[] = { dns_ident("*.example.com"), dns_ident(""), dns_ident("a b"), ip_ident("192.0.2"),
                                 ip_ident("example.com") };
    assert_int_equal(tlsalpn_new(&t, NULL), 0);
    for (size_t i = 0; i < sizeof ids / sizeof ids[0]; i++) {
        BUF_AUTO(pem, 8192);
        assert_int_equal(tlsalpn_cert(&pem, test_key("leaf"), &ids[i], STR(KEY_AUTH), NULL), SIGNET_EINVAL);
        assert_int_equal(tlsalpn_add(t, &ids[i], STR(KEY_AUTH), NULL), SIGNET_EINVAL);
        tlsalpn_remove(t, &ids[i]);
    }
    tlsalpn_free(t);
}

/* ---- handshakes ---- */

struct client {
    const char *sni;
    signet_str alpn; /* wire form; empty: none offered */
    int max_version;
    size_t step; /* bytes handed over at once; 0: all */
};

#define ALPN_ACME                                                                                                      \
    {                                                                                                                  \
        "\x0a"                                                                                                         \
        "acme-tls/1",                                                                                                  \
            11                                                                                                         \
    }
#define ALPN_HTTP                                                                                                      \
    {                                                                                                                  \
        "\x08http/1.1\x02h2", 12                                                                                       \
    }
#define ALPN_BOTH                                                                                                      \
    {                                                                                                                  \
        "\x02h2\x0a"                                                                                                   \
        "acme-tls/1",                                                                                                  \
            14                                                                                                         \
    }

static bool to_server(SSL *ssl, struct tlsalpn_conn *conn, size_t step, bool *over)
{
    char *p;
    long n = BIO_get_mem_data(SSL_get_wbio(ssl), &p);
    if (n <= 0)
        return false;
    signet_str rest = { p, (size_t)n };
    while (rest.n > 0 && !*over) {
        BUF_AUTO(out, 65536);
        signet_str part = { rest.p, step && step < rest.n ? step : rest.n };
        int r = tlsalpn_feed(conn, part, &out);
        assert_true(r == 0 || r == 1);
        *over = r == 0;
        rest = str_skip(rest, part.n);
        if (out.n)
            BIO_write(SSL_get_rbio(ssl), out.p, (int)out.n);
    }
    (void)BIO_reset(SSL_get_wbio(ssl));
    return true;
}

/* The certificate that the server showed, or NULL when the handshake failed. */
static X509 *handshake(struct tlsalpn *t, const struct client *c)
{
    SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
    SSL_CTX_set_verify(ctx, SSL_VERIFY_NONE, NULL);
    if (c->max_version)
        SSL_CTX_set_max_proto_version(ctx, c->max_version);
    if (c->max_version == TLS1_1_VERSION) {
        SSL_CTX_set_min_proto_version(ctx, TLS1_VERSION);
        SSL_CTX_set_cipher_list(ctx, "ALL:@SECLEVEL=0");
    }
    SSL *ssl = SSL_new(ctx);
    SSL_set_bio(ssl, BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
    if (c->sni)
        SSL_set_tlsext_host_name(ssl, c->sni);
    if (c->alpn.n)
        SSL_set_alpn_protos(ssl, (const unsigned char *)c->alpn.p, (unsigned)c->alpn.n);
    SSL_set_connect_state(ssl);
    struct tlsalpn_conn *conn = NULL;
    assert_int_equal(tlsalpn_accept(&conn, t), 0);
    bool over = false;
    int r = 0;
    for (int round = 0; round < 20; round++) {
        r = SSL_do_handshake(ssl);
        bool broken = r != 1 && SSL_get_error(ssl, r) != SSL_ERROR_WANT_READ;
        bool sent = to_server(ssl, conn, c->step, &over);
        if (broken || (r == 1 && (over || !sent)))
            break;
    }
    X509 *shown = NULL;
    if (r == 1) {
        const unsigned char *proto;
        unsigned n;
        char byte;
        SSL_get0_alpn_selected(ssl, &proto, &n);
        assert_int_equal(n, 10);
        assert_memory_equal(proto, "acme-tls/1", 10);
        assert_true(over);
        shown = SSL_get1_peer_certificate(ssl);
        assert_true(SSL_read(ssl, &byte, 1) <= 0); /* close_notify, no data */
        assert_int_equal(SSL_get_shutdown(ssl) & SSL_RECEIVED_SHUTDOWN, SSL_RECEIVED_SHUTDOWN);
    }
    BUF_AUTO(more, 1024);
    if (over)
        assert_int_equal(tlsalpn_feed(conn, STR("more"), &more), 0);
    tlsalpn_conn_free(conn);
    SSL_free(ssl);
    SSL_CTX_free(ctx);
    ERR_clear_error();
    return shown;
}

static struct tlsalpn *two_names(void)
{
    struct tlsalpn *t = NULL;
    signet_ident a = dns_ident("Example.com"), b = ip_ident("192.0.2.1"), c = ip_ident("2001:db8::7");
    assert_int_equal(tlsalpn_new(&t, NULL), 0);
    assert_int_equal(tlsalpn_add(t, &a, STR(KEY_AUTH), NULL), 0);
    assert_int_equal(tlsalpn_add(t, &b, STR(KEY_AUTH), NULL), 0);
    assert_int_equal(tlsalpn_add(t, &c, STR(KEY_AUTH), NULL), 0);
    return t;
}

#define V6_ARPA "7.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa"

static void only_the_protocol_with_a_known_name_is_served(void **state)
{
    (void)state;
    static const struct {
        struct client c;
        const char *san; /* NULL: refused */
    } cases[] = {
        { { "example.com", ALPN_ACME, 0, 0 }, "example.com" },
        { { "EXAMPLE.COM", ALPN_ACME, 0, 0 }, "example.com" },
        { { "example.com", ALPN_ACME, TLS1_2_VERSION, 0 }, "example.com" },
        { { "example.com", ALPN_BOTH, 0, 0 }, "example.com" },
        { { "example.com", ALPN_ACME, 0, 1 }, "example.com" },
        { { "example.com", ALPN_ACME, TLS1_2_VERSION, 7 }, "example.com" },
        { { "1.2.0.192.in-addr.arpa", ALPN_ACME, 0, 0 }, "192.0.2.1" },
        { { V6_ARPA, ALPN_ACME, 0, 0 }, "2001:db8::7" },
        { { "example.com", ALPN_HTTP, 0, 0 }, NULL },
        { { "example.com", { "", 0 }, 0, 0 }, NULL },
        { { "example.com", { "", 0 }, TLS1_2_VERSION, 0 }, NULL },
        { { "other.example", ALPN_ACME, 0, 0 }, NULL },
        { { NULL, ALPN_ACME, 0, 0 }, NULL },
        { { "example.com", ALPN_ACME, TLS1_1_VERSION, 0 }, NULL },
    };
    struct tlsalpn *t = two_names();
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        X509 *x = handshake(t, &cases[i].c);
        assert_int_equal(x != NULL, cases[i].san != NULL);
        if (!x)
            continue;
        if (strchr(cases[i].san, ':') || strncmp(cases[i].san, "192", 3) == 0)
            assert_int_equal(X509_check_ip_asc(x, cases[i].san, 0), 1);
        else
            assert_int_equal(X509_check_host(x, cases[i].san, 0, 0, NULL), 1);
        X509_free(x);
    }
    tlsalpn_free(t);
}

static void names_come_and_go(void **state)
{
    (void)state;
    struct tlsalpn *t = two_names();
    const struct client c = { "example.com", ALPN_ACME, 0, 0 };
    signet_ident id = dns_ident("example.com");
    X509 *first = handshake(t, &c);
    assert_non_null(first);
    assert_int_equal(tlsalpn_add(t, &id, STR("other.auth"), NULL), 0);
    X509 *second = handshake(t, &c);
    assert_non_null(second);
    assert_int_not_equal(X509_cmp(first, second), 0);
    X509_free(first);
    X509_free(second);
    tlsalpn_remove(t, &id);
    assert_null(handshake(t, &c));
    tlsalpn_remove(t, &id);
    assert_non_null((first = handshake(t, &(struct client){ V6_ARPA, ALPN_ACME, 0, 0 })));
    X509_free(first);
    tlsalpn_free(t);
}

static void garbage_ends_a_connection(void **state)
{
    (void)state;
    struct tlsalpn *t = two_names();
    static const signet_str inputs[] = { { "GET / HTTP/1.0\r\n\r\n", 18 },
                                         { "\x16\x03\x01\x00\x04\x01\x00\x00\x00", 9 },
                                         { "\x16\x03\x01\x00\x00", 5 },
                                         { "\xff\xff\xff\xff\xff\xff", 6 } };
    for (size_t i = 0; i < sizeof inputs / sizeof inputs[0]; i++) {
        struct tlsalpn_conn *c = NULL;
        BUF_AUTO(out, 4096);
        assert_int_equal(tlsalpn_accept(&c, t), 0);
        int r = tlsalpn_feed(c, inputs[i], &out);
        assert_true(r == 0 || r == 1);
        tlsalpn_conn_free(c);
    }
    struct tlsalpn_conn *c = NULL;
    BUF_AUTO(out, 4096);
    BUF_AUTO(flood, 70000);
    assert_int_equal(tlsalpn_accept(&c, t), 0);
    buf_add(&flood, (signet_str){ "\x16\x03\x01\x3f\xff\x01\x00\xff\xff", 9 });
    while (flood.n < 66000)
        buf_addc(&flood, 0);
    assert_int_equal(tlsalpn_feed(c, buf_str(&flood), &out), SIGNET_ELIMIT);
    tlsalpn_conn_free(c);
    tlsalpn_free(t);
}

static int done(void **state)
{
    (void)state;
    test_keys_free();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_certificate_is_that_of_rfc8737),
        cmocka_unit_test(names_that_cannot_be_validated_so_are_refused),
        cmocka_unit_test(only_the_protocol_with_a_known_name_is_served),
        cmocka_unit_test(names_come_and_go),
        cmocka_unit_test(garbage_ends_a_connection),
    };
    return cmocka_run_group_tests(tests, NULL, done);
}
