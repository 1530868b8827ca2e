#include "base/b64.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* RFC 4648 section 10, and bytes that need the two characters in which the alphabets differ. */
static const struct {
    signet_str raw;
    const char *url, *std;
} pairs[] = {
    { STR(""), "", "" },
    { STR("f"), "Zg", "Zg==" },
    { STR("fo"), "Zm8", "Zm8=" },
    { STR("foo"), "Zm9v", "Zm9v" },
    { STR("foob"), "Zm9vYg", "Zm9vYg==" },
    { STR("fooba"), "Zm9vYmE", "Zm9vYmE=" },
    { STR("foobar"), "Zm9vYmFy", "Zm9vYmFy" },
    { STR("\xfb\xff\xbf\x00"), "-_-_AA", "+/+/AA==" },
};

static void encodes_and_decodes(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
        BUF_AUTO(b, 100);
        buf_addc(&b, '>');
        b64url_enc(&b, pairs[i].raw);
        assert_string_equal(buf_z(&b) + 1, pairs[i].url);
        buf_clear(&b);
        b64_enc(&b, pairs[i].raw);
        assert_string_equal(buf_z(&b), pairs[i].std);
        buf_clear(&b);
        buf_addc(&b, '>');
        assert_int_equal(b64url_dec(&b, str_of(pairs[i].url)), 0);
        assert_true(str_eq(str_skip(buf_str(&b), 1), pairs[i].raw));
        buf_clear(&b);
        assert_int_equal(b64_dec(&b, str_of(pairs[i].std)), 0);
        assert_true(str_eq(buf_str(&b), pairs[i].raw));
    }
}

static void survives_every_byte_there_and_back(void **state)
{
    (void)state;
    char raw[256];
    for (int i = 0; i < 256; i++)
        raw[i] = (char)i;
    for (size_t n = 0; n <= sizeof(raw); n++) {
        BUF_AUTO(text, 1000);
        BUF_AUTO(back, 1000);
        b64url_enc(&text, (signet_str){ raw, n });
        assert_int_equal(b64url_dec(&back, buf_str(&text)), 0);
        assert_true(str_eq(buf_str(&back), (signet_str){ raw, n }));
        assert_int_equal(b64url_ok(buf_str(&text)), n > 0);
    }
}

static void refuses_what_is_not_exactly_right(void **state)
{
    (void)state;
    static const signet_str bad_url[] = {
        STR("A"),    STR("Zg=="),  STR("Zh"),   STR("Zm9"),   STR("Zm9vY"),
        STR("Zm 8"), STR("Zm8\n"), STR("+/+/"), STR("Zm\0v"), STR("\xc3\xbc\xc3\xbc")
    };
    for (size_t i = 0; i < sizeof(bad_url) / sizeof(bad_url[0]); i++) {
        BUF_AUTO(b, 100);
        buf_addz(&b, "kept");
        assert_int_equal(b64url_dec(&b, bad_url[i]), SIGNET_EINVAL);
        assert_string_equal(buf_z(&b), "kept");
    }
    static const signet_str bad_std[] = { STR("Zg"),     STR("Zg="),   STR("Zg==="), STR("Zg==Zg=="),
                                          STR("Zm9v=="), STR("=Zg="),  STR("Zh=="),  STR("Zm9="),
                                          STR("-_-_"),   STR("Zg=a="), STR("="),     STR("A===") };
    for (size_t i = 0; i < sizeof(bad_std) / sizeof(bad_std[0]); i++) {
        BUF_AUTO(b, 100);
        assert_int_equal(b64_dec(&b, bad_std[i]), SIGNET_EINVAL);
        assert_int_equal(b.n, 0);
    }
}

static void skips_line_breaks_in_padded_text_only(void **state)
{
    (void)state;
    BUF_AUTO(b, 100);
    assert_int_equal(b64_dec(&b, STR("Zm9v\r\nYg =\n= \n")), 0);
    assert_string_equal(buf_z(&b), "foob");
}

static void obeys_the_limit_of_the_buffer(void **state)
{
    (void)state;
    BUF_AUTO(b, 5);
    assert_int_equal(b64url_dec(&b, STR("Zm9vYmFy")), SIGNET_ELIMIT);
    buf_clear(&b);
    assert_int_equal(b64url_dec(&b, STR("Zm9vYmE")), 0);
    buf_clear(&b);
    b64_enc(&b, STR("foob"));
    assert_int_equal(buf_err(&b), SIGNET_ELIMIT);
}

static void knows_its_alphabet(void **state)
{
    (void)state;
    assert_true(b64url_ok(STR("Aa0-_")));
    assert_false(b64url_ok(STR("")));
    assert_false(b64url_ok(STR("../x")));
    assert_false(b64url_ok(STR("a=")));
    assert_false(b64url_ok(STR("a\0")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(encodes_and_decodes),
        cmocka_unit_test(survives_every_byte_there_and_back),
        cmocka_unit_test(refuses_what_is_not_exactly_right),
        cmocka_unit_test(skips_line_breaks_in_padded_text_only),
        cmocka_unit_test(obeys_the_limit_of_the_buffer),
        cmocka_unit_test(knows_its_alphabet),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
