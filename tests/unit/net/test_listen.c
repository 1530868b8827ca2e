#include "net/listen.h"

#include "client.h"
#include "net/serve.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>

#define BUSY                                                                                                           \
    " because it is already in use by another process on this system (such as a web server). Please stop the program " \
    "in "                                                                                                              \
    "question and then try again."

static const char table[] =
    "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
    "   0: 00000000:0050 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 12345 1 ffff 100 0 0 "
    "10 0\n"
    "   1: 0100007F:0050 0100007F:C350 01 00000000:00000000 00:00000000 00000000     0        0 777 1 ffff 20 4 30 10 "
    "-1\n"
    "   2: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000   101        0 888 1 ffff 100 0 0 10 "
    "0\n"
    "   3: 00000000000000000000000000000000:0050 00000000000000000000000000000000:0000 0A 00000000:00000000 "
    "00:00000000 "
    "00000000     0        0 99999 1 ffff 100 0 0 10 0\n";

static void finds_listening_sockets_in_the_kernels_table(void **state)
{
    (void)state;
    uint64_t inodes[8];
    assert_int_equal(port_holder_inodes(str_of(table), 80, inodes, 8), 2);
    assert_int_equal(inodes[0], 12345);
    assert_int_equal(inodes[1], 99999);
    assert_int_equal(port_holder_inodes(str_of(table), 80, inodes, 1), 1);
    assert_int_equal(port_holder_inodes(str_of(table), 8080, inodes, 8), 1);
    assert_int_equal(inodes[0], 888);
    assert_int_equal(port_holder_inodes(str_of(table), 50000, inodes, 8), 0);
    for (size_t n = 0; n < sizeof(table); n++)
        assert_true(port_holder_inodes((signet_str){ table, n }, 80, inodes, 8) <= 2);
}

static void a_busy_port_names_its_holder(void **state)
{
    (void)state;
    struct err e = { 0 };
    struct listen_sockets first = { .n = 0 }, second = { .n = 0 };
    char want[400];
    assert_int_equal(listen_open(&first, NULL, 0, &e), 0);
    assert_true(first.port > 0 && first.n >= 1);
    assert_int_equal(listen_open(&second, "", first.port, &e), SIGNET_EBUSY);
    assert_int_equal(second.n, 0);
    snprintf(want, sizeof(want), "Could not bind TCP port %u" BUSY, first.port);
    assert_string_equal(e.text, want);
    snprintf(want, sizeof(want), "Port %u is held by test_listen (process %d).", first.port, (int)getpid());
    assert_string_equal(e.hint, want);
    assert_int_equal(listen_open(&second, "127.0.0.1", first.port, &e), SIGNET_EBUSY);
    listen_close(&first);
    listen_close(&first);
}

static void a_port_that_is_busy_in_one_family_is_busy(void **state)
{
    (void)state;
    struct err e = { 0 };
    struct listen_sockets v6 = { .n = 0 }, both = { .n = 0 };
    if (listen_open(&v6, "::1", 0, &e))
        skip(); /* no IPv6 here */
    assert_int_equal(listen_open(&both, NULL, v6.port, &e), SIGNET_EBUSY);
    listen_close(&v6);
}

static void binds_both_families_or_the_address_given(void **state)
{
    (void)state;
    static const struct {
        const char *address;
        bool v4, v6;
    } t[] = { { NULL, true, true }, { "127.0.0.1", true, false }, { "::1", false, true }, { "::", false, true } };
    struct err e = { 0 };
    struct listen_sockets probe = { .n = 0 };
    bool have_v6 = listen_open(&probe, "::1", 0, &e) == 0;
    listen_close(&probe);
    for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
        struct listen_sockets s = { .n = 0 };
        if (!t[i].v4 && !have_v6)
            continue;
        assert_int_equal(listen_open(&s, t[i].address, 0, &e), 0);
        int four = client_open(AF_INET, s.port), six = client_open(AF_INET6, s.port);
        assert_int_equal(four >= 0, t[i].v4);
        assert_int_equal(six >= 0, t[i].v6 && have_v6);
        if (four >= 0)
            close(four);
        if (six >= 0)
            close(six);
        listen_close(&s);
    }
}

static void refuses_what_is_no_address(void **state)
{
    (void)state;
    static const struct {
        const char *address;
        unsigned port;
        int r;
    } t[] = {
        { "example.com", 0, SIGNET_EINVAL }, { "300.1.1.1", 0, SIGNET_EINVAL }, { "127.0.0.1 ", 0, SIGNET_EINVAL },
        { NULL, 65536, SIGNET_EINVAL },      { "192.0.2.1", 0, SIGNET_ESYS },
    };
    for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
        struct err e = { 0 };
        struct listen_sockets s = { .n = 0 };
        assert_int_equal(listen_open(&s, t[i].address, t[i].port, &e), t[i].r);
        assert_int_equal(s.n, 0);
        assert_true(e.text[0] != '\0');
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_listening_sockets_in_the_kernels_table),
        cmocka_unit_test(a_busy_port_names_its_holder),
        cmocka_unit_test(a_port_that_is_busy_in_one_family_is_busy),
        cmocka_unit_test(binds_both_families_or_the_address_given),
        cmocka_unit_test(refuses_what_is_no_address),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
