#include "crypto/pem.h"
#include "crypto/truststore.h"
#include "testlib.h"

#include <openssl/err.h>
#include <openssl/ssl.h>

/* A server with the certificate chain in `pem` (leaf first), whose key is test_key("leaf"). */
static SSL_CTX *server_ctx(signet_str pem)
{
    SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
    struct pem_block b;
    bool first = true;
    while (pem_next(&pem, &b) == 1) {
        BUF_AUTO(der, 8192);
        X509 *x = NULL;
        assert_int_equal(pem_decode(&der, &b), 0);
        assert_int_equal(ossl_x509(&x, buf_str(&der), NULL), 0);
        if (first)
            assert_int_equal(SSL_CTX_use_certificate(ctx, x), 1);
        else
            assert_int_equal(SSL_CTX_add1_chain_cert(ctx, x), 1);
        first = false;
        X509_free(x);
    }
    assert_int_equal(SSL_CTX_use_PrivateKey(ctx, test_key("leaf")->pkey), 1);
    return ctx;
}

static void move_bytes(SSL *from, SSL *to)
{
    char *p;
    long n = BIO_get_mem_data(SSL_get_wbio(from), &p);
    if (n > 0)
        BIO_write(SSL_get_rbio(to), p, (int)n);
    (void)BIO_reset(SSL_get_wbio(from));
}

static SSL *end(SSL_CTX *ctx)
{
    SSL *ssl = SSL_new(ctx);
    SSL_set_bio(ssl, BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
    return ssl;
}

/* A real TLS handshake; what the client thinks of the server's chain (X509_V_OK …). */
static long verdict(SSL_CTX *client_ctx, SSL_CTX *srv_ctx, const char *host)
{
    SSL *client = end(client_ctx), *server = end(srv_ctx);
    SSL_set_connect_state(client);
    SSL_set_accept_state(server);
    SSL_set1_host(client, host);
    X509_VERIFY_PARAM_set_time(SSL_get0_param(client), (time_t)NOW);
    int c = 0, s = 0;
    for (int round = 0; round < 10 && (c != 1 || s != 1); round++) {
        c = SSL_do_handshake(client);
        move_bytes(client, server);
        s = SSL_do_handshake(server);
        move_bytes(server, client);
    }
    long r = SSL_get_verify_result(client);
    assert_int_equal(c == 1, r == X509_V_OK);
    SSL_free(client);
    SSL_free(server);
    ERR_clear_error();
    return r;
}

static SSL_CTX *client_ctx(struct truststore *t)
{
    SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
    SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, NULL);
    assert_int_equal(truststore_attach(t, ctx), 0);
    return ctx;
}

static void add_root(struct buf *bundle, const char *cn, const char *key)
{
    mk_cert(bundle,
            &(struct mk){ .subject = cn, .issuer = cn, .key = test_key(key), .signer = test_key(key), .is_ca = true });
}

/* Roots nobody asks for, so that there is something to search. */
static void add_others(struct buf *bundle)
{
    for (int i = 0; i < 20; i++) {
        char cn[] = "Other root A";
        cn[11] = (char)('A' + i);
        add_root(bundle, cn, "ca3");
    }
}

static long try_bundle(const struct buf *bundle, signet_str chain, const char *host)
{
    struct truststore *t = NULL;
    assert_int_equal(truststore_new(&t, buf_str(bundle), NULL), 0);
    SSL_CTX *client = client_ctx(t), *server = server_ctx(chain);
    long r = verdict(client, server, host);
    assert_int_equal(verdict(client, server, host), r); /* again, now from the store's cache */
    SSL_CTX_free(client);
    SSL_CTX_free(server);
    truststore_free(t);
    return r;
}

static void a_chain_to_a_known_root_is_trusted(void **state)
{
    (void)state;
    BUF_AUTO(bundle, 1u << 20);
    BUF_AUTO(chain, 65536);
    mk_chain(&chain);
    add_others(&bundle);
    add_root(&bundle, "Test CA 1", "ca1");
    assert_int_equal(try_bundle(&bundle, buf_str(&chain), "example.com"), X509_V_OK);
    assert_int_equal(try_bundle(&bundle, buf_str(&chain), "other.example"), X509_V_ERR_HOSTNAME_MISMATCH);
}

static void an_unknown_root_is_not_trusted(void **state)
{
    (void)state;
    BUF_AUTO(bundle, 1u << 20);
    BUF_AUTO(chain, 65536);
    mk_chain(&chain);
    add_others(&bundle);
    assert_int_equal(try_bundle(&bundle, buf_str(&chain), "example.com"), X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY);
    /* the right name, another key */
    add_root(&bundle, "Test CA 1", "ca3");
    assert_int_not_equal(try_bundle(&bundle, buf_str(&chain), "example.com"), X509_V_OK);
    /* a self-signed certificate that comes along with the chain is no root */
    add_root(&chain, "Test CA 1", "ca1");
    assert_int_not_equal(try_bundle(&bundle, buf_str(&chain), "example.com"), X509_V_OK);
}

static void an_expired_root_is_not_trusted(void **state)
{
    (void)state;
    BUF_AUTO(bundle, 1u << 20);
    BUF_AUTO(chain, 65536);
    struct mk root = { .subject = "Test CA 1",
                       .issuer = "Test CA 1",
                       .key = test_key("ca1"),
                       .signer = test_key("ca1"),
                       .is_ca = true,
                       .from = NOW - 9 * DAY,
                       .until = NOW - DAY };
    mk_chain(&chain);
    mk_cert(&bundle, &root);
    assert_int_equal(try_bundle(&bundle, buf_str(&chain), "example.com"), X509_V_ERR_CERT_HAS_EXPIRED);
    /* its successor of the same name and key stands behind it */
    add_root(&bundle, "Test CA 1", "ca1");
    assert_int_equal(try_bundle(&bundle, buf_str(&chain), "example.com"), X509_V_OK);
}

static void the_right_one_of_several_roots_of_one_name_is_found(void **state)
{
    (void)state;
    static const char *const orders[][3] = { { "ca1", "ca3", "leaf2" },
                                             { "ca3", "ca1", "leaf2" },
                                             { "ca3", "leaf2", "ca1" } };
    for (size_t i = 0; i < 3; i++) {
        BUF_AUTO(bundle, 1u << 20);
        BUF_AUTO(chain, 65536);
        mk_chain(&chain);
        for (size_t k = 0; k < 3; k++) {
            struct mk m = { .subject = "Test CA 1",
                            .issuer = "Test CA 1",
                            .key = test_key(orders[i][k]),
                            .signer = test_key(orders[i][k]),
                            .is_ca = true };
            mk_cert(&bundle, &m);
        }
        assert_int_equal(try_bundle(&bundle, buf_str(&chain), "example.com"), X509_V_OK);
    }
}

/* The intermediate writes its issuer as UTF8String "Test CA 1"; X509_NAME_cmp knows neither case nor kind of string. */
static void names_match_as_openssl_matches_them(void **state)
{
    (void)state;
    BUF_AUTO(bundle, 1u << 20);
    BUF_AUTO(chain, 65536);
    struct mk root = { .subject = "TEST ca 1",
                       .issuer = "TEST ca 1",
                       .key = test_key("ca1"),
                       .signer = test_key("ca1"),
                       .is_ca = true,
                       .subject_type = V_ASN1_PRINTABLESTRING };
    mk_chain(&chain);
    mk_cert(&bundle, &root);
    assert_int_equal(try_bundle(&bundle, buf_str(&chain), "example.com"), X509_V_OK);
}

static void attaching_twice_and_to_many_is_fine(void **state)
{
    (void)state;
    BUF_AUTO(bundle, 1u << 20);
    BUF_AUTO(chain, 65536);
    struct truststore *t = NULL;
    mk_chain(&chain);
    add_root(&bundle, "Test CA 1", "ca1");
    assert_int_equal(truststore_new(&t, buf_str(&bundle), NULL), 0);
    SSL_CTX *server = server_ctx(buf_str(&chain));
    for (int i = 0; i < 3; i++) {
        SSL_CTX *client = client_ctx(t);
        assert_int_equal(truststore_attach(t, client), 0);
        assert_int_equal(verdict(client, server, "example.com"), X509_V_OK);
        SSL_CTX_free(client);
    }
    SSL_CTX_free(server);
    truststore_free(t);
}

static void a_bundle_without_certificates_is_refused(void **state)
{
    (void)state;
    static const signet_str bundles[] = { { "", 0 },
                                          { "hello\n", 6 },
                                          { "-----BEGIN CERTIFICATE-----\nMA==\n-----END CERTIFICATE-----\n", 59 },
                                          { "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n", 59 },
                                          { "-----BEGIN CERTIFICATE-----\n", 28 } };
    for (size_t i = 0; i < sizeof bundles / sizeof bundles[0]; i++) {
        struct truststore *t = NULL;
        struct err e = { 0 };
        assert_int_equal(truststore_new(&t, bundles[i], &e), SIGNET_EFORMAT);
        assert_null(t);
        assert_text(&e, "trusted certificates");
    }
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
        cmocka_unit_test(a_chain_to_a_known_root_is_trusted),
        cmocka_unit_test(an_unknown_root_is_not_trusted),
        cmocka_unit_test(an_expired_root_is_not_trusted),
        cmocka_unit_test(the_right_one_of_several_roots_of_one_name_is_found),
        cmocka_unit_test(names_match_as_openssl_matches_them),
        cmocka_unit_test(attaching_twice_and_to_many_is_fine),
        cmocka_unit_test(a_bundle_without_certificates_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, done);
}
