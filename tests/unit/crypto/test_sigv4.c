/* SigV4. The numbers are those that Python's hmac and hashlib give for the same request; the form of the texts is that
 * of AWS's own description. */
#include "testlib.h"

#include "crypto/sigv4.h"

#include <stdio.h>
#include <stdlib.h>

static const struct sigv4 put = {
    .access_key = "AKIDEXAMPLE",
    .secret_key = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
    .region = "us-east-1",
    .service = "s3",
    .method = "PUT",
    .host = "bucket.s3.us-east-1.amazonaws.com",
    .path = "/.well-known/acme-challenge/token",
    .before = "x-amz-acl:public-read\n",
    .body = { "token.thumbprint", 16 },
    .now = 1790000000, /* 2026-09-21T14:13:20Z */
};

static void one_request(void **state)
{
    struct err e = { 0 };
    BUF_AUTO(lines, 4096);
    (void)state;
    assert_int_equal(sigv4_sign(&put, &lines, &e), 0);
    assert_string_equal(
        buf_z(&lines),
        "Authorization: AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260921/us-east-1/s3/aws4_request, "
        "SignedHeaders=host;x-amz-acl;x-amz-content-sha256;x-amz-date, "
        "Signature=bcc714c1e26a898c768b45b020b9611a2ebad7cfc332cdf940b3fbde19a623e4\nX-Amz-Date: "
        "20260921T141320Z\nX-Amz-Content-Sha256: eb5ac167fe249c76e53b430da3116c5d9fde4c5507ba6d01e885516e1bd49f92\n");
}

static void with_a_session(void **state)
{
    struct err e = { 0 };
    BUF_AUTO(lines, 4096);
    struct sigv4 s = put;
    (void)state;
    s.method = "DELETE";
    s.before = "";
    s.after = "x-amz-security-token:SESSION\n";
    s.body = STR("");
    assert_int_equal(sigv4_sign(&s, &lines, &e), 0);
    assert_string_equal(
        buf_z(&lines),
        "Authorization: AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260921/us-east-1/s3/aws4_request, "
        "SignedHeaders=host;x-amz-content-sha256;x-amz-date;x-amz-security-token, "
        "Signature=56ab729c18245e79e30e67fc486ac8eba2c3b037deabd3e1724e3650779188bb\nX-Amz-Date: "
        "20260921T141320Z\nX-Amz-Content-Sha256: e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(one_request), cmocka_unit_test(with_a_session) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
