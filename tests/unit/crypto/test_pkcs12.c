/* PKCS#12: what we write, OpenSSL's own program reads. */
#include "testlib.h"

#include "crypto/pkcs12.h"
#include "crypto/tlsalpn.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static void make(struct buf *to, const struct key *k, signet_str cert, enum pkcs12_form form, const char *password)
{
    struct err e = { 0 };
    struct pkcs12_params p = { .key = k, .cert = cert, .chain = cert, .password = password, .form = form };
    if (pkcs12_make(to, &p, &e))
        fail_msg("%s", e.text);
}

static void openssl(const char *in, const char *password, const char *out)
{
    BUF_AUTO(pass, 256);
    buf_addf(&pass, "pass:%s", password);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (!pid) {
        int fd = open(out, O_WRONLY | O_TRUNC);
        if (fd < 0 || dup2(fd, 1) < 0 || dup2(fd, 2) < 0)
            _exit(126);
        execlp("openssl", "openssl", "pkcs12", "-legacy", "-in", in, "-passin", buf_z(&pass), "-nodes", "-info",
               (char *)NULL);
        _exit(127);
    }
    int status = -1;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
}

/* What `openssl pkcs12` finds in it: the private key, and words on the encryption. */
static void read_back(const struct buf *p12, const char *password, struct buf *ret)
{
    char in[] = "/tmp/pkcs12-test-XXXXXX", out[] = "/tmp/pkcs12-test-XXXXXX", part[4096];
    int fd = mkstemp(in), result = mkstemp(out);
    assert_true(fd >= 0 && result >= 0);
    assert_int_equal(write(fd, p12->p, p12->n), p12->n);
    close(fd);
    openssl(in, password, out);
    for (ssize_t n; (n = read(result, part, sizeof part)) > 0;)
        buf_add(ret, (signet_str){ part, (size_t)n });
    close(result);
    unlink(in);
    unlink(out);
}

static void every_form(void **state)
{
    static const struct {
        enum pkcs12_form form;
        const char *certs, *mac;
    } rows[] = {
        { PKCS12_RC2, "pbeWithSHA1And40BitRC2-CBC", "MAC: sha1" },
        { PKCS12_DES, "Encrypted data: pbeWithSHA1And3-KeyTripleDES-CBC", "MAC: sha1" },
        { PKCS12_SHA256, "AES-256-CBC, Iteration 2048, PRF hmacWithSHA256", "MAC: sha256" },
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct key *k, *back;
        struct err e = { 0 };
        BUF_AUTO(cert, 65536);
        BUF_AUTO(p12, 65536);
        BUF_AUTO(text, 1u << 20);
        const signet_ident id = { SIGNET_IDENT_DNS, STR("a.test") };
        assert_int_equal(key_new(&k, i ? KEY_EC : KEY_RSA, i ? 256 : 2048, &e), 0);
        assert_int_equal(tlsalpn_cert(&cert, k, &id, STR("token.thumbprint"), &e), 0);
        make(&p12, k, buf_str(&cert), rows[i].form, "s\xc3\xbc\xc3\x9f 1");
        read_back(&p12, "s\xc3\xbc\xc3\x9f 1", &text);
        assert_int_equal(key_from_pem(&back, buf_str(&text), &e), 0);
        assert_true(key_same(k, back));
        assert_non_null(strstr(buf_z(&text), rows[i].certs));
        assert_non_null(strstr(buf_z(&text), rows[i].mac));
        key_free(back);
        key_free(k);
    }
}

static void nonsense_is_refused(void **state)
{
    struct key *k;
    struct err e = { 0 };
    BUF_AUTO(to, 65536);
    (void)state;
    assert_int_equal(key_new(&k, KEY_EC, 256, &e), 0);
    struct pkcs12_params p = { .key = k, .cert = STR("no certificate"), .password = "x", .form = PKCS12_DES };
    assert_int_not_equal(pkcs12_make(&to, &p, &e), 0);
    assert_int_equal(to.n, 0);
    key_free(k);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(every_form), cmocka_unit_test(nonsense_is_refused) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
