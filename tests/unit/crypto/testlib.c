#include "testlib.h"
#include "crypto/pem.h"

#include <openssl/bn.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

static struct {
    const char *name;
    struct key *key;
} keys[] = { { "leaf", NULL }, { "leaf2", NULL }, { "ca1", NULL }, { "ca2", NULL }, { "ca3", NULL } };
#define KEY_COUNT (sizeof keys / sizeof keys[0])

struct key *test_key(const char *name)
{
    for (size_t i = 0; i < KEY_COUNT; i++) {
        if (strcmp(keys[i].name, name) != 0)
            continue;
        if (!keys[i].key)
            assert_int_equal(key_new(&keys[i].key, KEY_EC, 256, NULL), 0);
        return keys[i].key;
    }
    fail_msg("no test key %s", name);
    return NULL;
}

void test_keys_free(void)
{
    for (size_t i = 0; i < KEY_COUNT; i++) {
        key_free(keys[i].key);
        keys[i].key = NULL;
    }
}

static void set_cn(X509_NAME *name, const char *cn, int type)
{
    if (cn)
        assert_int_equal(X509_NAME_add_entry_by_NID(name, NID_commonName, type ? type : MBSTRING_UTF8,
                                                    (const unsigned char *)cn, -1, -1, 0),
                         1);
}

static void add_ext(X509 *x, X509V3_CTX *ctx, int nid, const char *value)
{
    X509_EXTENSION *ext = X509V3_EXT_conf_nid(NULL, ctx, nid, value);
    assert_non_null(ext);
    assert_int_equal(X509_add_ext(x, ext, -1), 1);
    X509_EXTENSION_free(ext);
}

static void push_name(GENERAL_NAMES *g, int kind, const void *p, size_t n)
{
    GENERAL_NAME *gn = GENERAL_NAME_new();
    ASN1_STRING *s = ASN1_STRING_type_new(kind == GEN_DNS ? V_ASN1_IA5STRING : V_ASN1_OCTET_STRING);
    ASN1_STRING_set(s, p, (int)n);
    GENERAL_NAME_set0_value(gn, kind, s);
    assert_true(sk_GENERAL_NAME_push(g, gn) > 0);
}

static void add_san(X509 *x, const struct mk *m)
{
    GENERAL_NAMES *g = sk_GENERAL_NAME_new_null();
    STRLIST_AUTO(dns);
    STRLIST_AUTO(ips);
    strlist_split(&dns, str_of(m->dns), ',');
    strlist_split(&ips, str_of(m->ips), ',');
    for (size_t i = 0; i < dns.n; i++)
        push_name(g, GEN_DNS, dns.v[i], strlen(dns.v[i]));
    if (m->raw_dns.p)
        push_name(g, GEN_DNS, m->raw_dns.p, m->raw_dns.n);
    for (size_t i = 0; i < ips.n; i++) {
        ASN1_OCTET_STRING *ip = a2i_IPADDRESS(ips.v[i]);
        push_name(g, GEN_IPADD, ASN1_STRING_get0_data(ip), (size_t)ASN1_STRING_length(ip));
        ASN1_OCTET_STRING_free(ip);
    }
    if (sk_GENERAL_NAME_num(g) > 0)
        assert_int_equal(X509_add1_ext_i2d(x, NID_subject_alt_name, g, 0, 0), 1);
    GENERAL_NAMES_free(g);
}

static void add_key_ids(X509 *x, const struct mk *m)
{
    AUTHORITY_KEYID *aki = AUTHORITY_KEYID_new();
    aki->keyid = ASN1_OCTET_STRING_new();
    if (m->aki_hex) {
        long n;
        unsigned char *id = OPENSSL_hexstr2buf(m->aki_hex, &n);
        ASN1_OCTET_STRING_set(aki->keyid, id, (int)n);
        OPENSSL_free(id);
    } else {
        unsigned char md[64];
        unsigned n;
        X509_PUBKEY *pub = NULL;
        X509_PUBKEY_set(&pub, m->signer->pkey);
        const unsigned char *p;
        int len;
        X509_PUBKEY_get0_param(NULL, &p, &len, NULL, pub);
        EVP_Digest(p, (size_t)len, md, &n, EVP_sha1(), NULL);
        ASN1_OCTET_STRING_set(aki->keyid, md, (int)n);
        X509_PUBKEY_free(pub);
    }
    assert_int_equal(X509_add1_ext_i2d(x, NID_authority_key_identifier, aki, 0, 0), 1);
    AUTHORITY_KEYID_free(aki);
}

static void set_serial(X509 *x, const struct mk *m)
{
    BIGNUM *bn = BN_new();
    if (m->serial.n)
        BN_bin2bn((const unsigned char *)m->serial.p, (int)m->serial.n, bn);
    else
        BN_set_word(bn, 0x1234);
    BN_set_negative(bn, m->negative_serial);
    ASN1_INTEGER *serial = BN_to_ASN1_INTEGER(bn, NULL);
    assert_int_equal(X509_set_serialNumber(x, serial), 1);
    ASN1_INTEGER_free(serial);
    BN_free(bn);
}

void mk_cert(struct buf *pem, const struct mk *m)
{
    X509 *x = X509_new();
    X509_set_version(x, X509_VERSION_3);
    set_serial(x, m);
    set_cn(X509_get_subject_name(x), m->subject, m->subject_type);
    set_cn(X509_get_issuer_name(x), m->issuer, 0);
    ASN1_TIME_set(X509_getm_notBefore(x), (time_t)(m->from ? m->from : NOW - DAY));
    ASN1_TIME_set(X509_getm_notAfter(x), (time_t)(m->until ? m->until : NOW + 90 * DAY));
    X509_set_pubkey(x, m->key->pkey);
    X509V3_CTX ctx;
    X509V3_set_ctx(&ctx, x, x, NULL, NULL, 0);
    if (m->is_ca) {
        add_ext(x, &ctx, NID_basic_constraints, "critical,CA:TRUE");
        add_ext(x, &ctx, NID_subject_key_identifier, "hash");
    }
    add_san(x, m);
    if (!m->no_aki)
        add_key_ids(x, m);
    if (m->ocsp)
        add_ext(x, &ctx, NID_info_access, m->ocsp);
    assert_true(X509_sign(x, m->signer->pkey, EVP_sha256()) > 0);
    unsigned char *der = NULL;
    int n = i2d_X509(x, &der);
    assert_true(n > 0);
    pem_add(pem, "CERTIFICATE", (signet_str){ (const char *)der, (size_t)n });
    assert_int_equal(buf_err(pem), 0);
    OPENSSL_free(der);
    X509_free(x);
}

void mk_chain(struct buf *pem)
{
    mk_cert(pem, &(struct mk){ .subject = NULL,
                               .issuer = "Test CA 2",
                               .key = test_key("leaf"),
                               .signer = test_key("ca2"),
                               .dns = "example.com,www.example.com" });
    mk_cert(pem, &(struct mk){ .subject = "Test CA 2",
                               .issuer = "Test CA 1",
                               .key = test_key("ca2"),
                               .signer = test_key("ca1"),
                               .is_ca = true });
}

static void write_all(int fd, signet_str s)
{
    while (s.n > 0) {
        ssize_t n = write(fd, s.p, s.n);
        if (n <= 0)
            break;
        s = str_skip(s, (size_t)n);
    }
    close(fd);
}

/* The input of these tests is smaller than a pipe, so that writing first and reading then cannot lock up. */
int run_program(const char *const argv[], signet_str input, struct buf *out)
{
    int to[2], from[2], status;
    char part[4096];
    ssize_t n;
    if (pipe(to) || pipe(from))
        return -1;
    pid_t pid = fork();
    if (pid == 0) {
        dup2(to[0], 0);
        dup2(from[1], 1);
        close(to[1]);
        close(from[0]);
        execvp(argv[0], (char *const *)(uintptr_t)argv);
        _exit(127);
    }
    close(to[0]);
    close(from[1]);
    write_all(to[1], input);
    while ((n = read(from[0], part, sizeof part)) > 0)
        buf_add(out, (signet_str){ part, (size_t)n });
    close(from[0]);
    if (pid < 0 || waitpid(pid, &status, 0) != pid)
        return -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

bool test_contains(const struct err *e, const char *what)
{
    if (strstr(e->text, what))
        return true;
    print_error("\"%s\" is not in \"%s\"\n", what, e->text);
    return false;
}
