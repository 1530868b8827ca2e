/* DNS answers: whatever a server sends to a question or to a signed update. */
#include "dns/answer.h"
#include "dns/update.h"
#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const unsigned types[] = { DNS_TXT, DNS_SOA, DNS_NS, DNS_A, DNS_AAAA, DNS_CNAME, DNS_CAA };
    signet_str raw = { (const char *)data, size };
    struct err e = { 0 };
    struct tsig_key k = { 0 };
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        struct dns_answer a;
        if (dns_answer_read(&a, raw, "a.example.com", types[i]) == 0)
            dns_answer_done(&a);
    }
    if (tsig_key_set(&k, STR("k"), STR("hmac-sha256"), STR("eHl6"), &e) == 0) {
        struct update u = { .id = 7, .zone = "example.com", .key = &k, .now_s = 1000 };
        (void)update_read(raw, &u, STR("mac"), "192.0.2.1", &e);
    }
    tsig_key_done(&k);
    (void)tsig_key_read(&k, raw, "f", &e);
    tsig_key_done(&k);
    return 0;
}
