/* What the tests of src/crypto share: keys made once, a small certification authority in memory, other programs as
 * judges. */
#ifndef TEST_CRYPTO_TESTLIB_H
#define TEST_CRYPTO_TESTLIB_H

#include "base/list.h"
#include "crypto/ossl.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
/* cmocka wants the four above first */
#include <cmocka.h>

#define NOW 1700000000 /* 2023-11-14T22:13:20Z: any moment will do */
#define DAY 86400

/* Keys that live until keys_free. */
struct key *test_key(const char *name); /* "leaf", "leaf2", "ca1", "ca2", "ca3": P-256 */
void test_keys_free(void);

struct mk {
    const char *subject, *issuer; /* common names */
    const struct key *key, *signer;
    const char *dns, *ips; /* comma separated, or NULL */
    signet_str raw_dns;    /* one more DNS name, bytes as they are */
    int64_t from, until;   /* 0: NOW - DAY, NOW + 90 * DAY */
    bool is_ca, no_aki, negative_serial;
    signet_str serial;   /* big endian; empty: 0x1234 */
    const char *aki_hex; /* key identifier instead of the signer's */
    const char *ocsp;
    int subject_type; /* MBSTRING_UTF8 (0), or V_ASN1_PRINTABLESTRING … */
};
/* Appends a certificate in PEM. */
void mk_cert(struct buf *pem, const struct mk *m);
/* A chain leaf "example.com, www.example.com" <- "Test CA 2" <- "Test CA 1", for test_key("leaf"). */
void mk_chain(struct buf *pem);

/* Runs a program with `input` on its standard input; what it printed goes into `out`. Its exit status, or -1. */
int run_program(const char *const argv[], signet_str input, struct buf *out);

#define assert_text(e, what) assert_true(test_contains((e), (what)))
bool test_contains(const struct err *e, const char *what);

#endif
