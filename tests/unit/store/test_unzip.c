/* Reading archives, and what they are compressed with, against another program's. */
#include "store_help.h"

#include "base/fs.h"
#include "store/inflate.h"
#include "store/unzip.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>

static void python(const char *program, const char *a, const char *b)
{
    BUF_AUTO(out, 1u << 20);
    const char *const argv[] = { "/usr/bin/python3", "-c", program, a, b, NULL };
    assert_int_equal(help_run(&out, argv), 0);
}

/* Every level and strategy: stored, fixed and dynamic blocks; each prefix of the data is an error and no crash. */
static void deflated_by_another(void **state)
{
    static const char program[] =
        "import sys, zlib, random\n"
        "r = random.Random(7)\n"
        "texts = [b'', b'a', b'abc' * 9000, bytes(r.randrange(256) for _ in range(3000)),\n"
        "         bytes(r.choice(b'ab \\n') for _ in range(70000)), b'-----BEGIN' * 40]\n"
        "n = 0\n"
        "for t in texts:\n"
        "    for level in (0, 1, 6, 9):\n"
        "        for strategy in (zlib.Z_DEFAULT_STRATEGY, zlib.Z_FIXED, zlib.Z_HUFFMAN_ONLY, "
        "zlib.Z_RLE):\n"
        "            c = zlib.compressobj(level, zlib.DEFLATED, -15, 9, strategy)\n"
        "            d = c.compress(t) + c.flush()\n"
        "            open('%s/%d.raw' % (sys.argv[1], n), 'wb').write(t)\n"
        "            open('%s/%d.z' % (sys.argv[1], n), 'wb').write(d)\n"
        "            n += 1\n";
    enum { FILES = 6 * 4 * 4 };
    (void)state;
    python(program, help_dir(), NULL);
    for (int i = 0; i < FILES; i++) {
        BUF_AUTO(raw, 1u << 20);
        BUF_AUTO(packed, 1u << 20);
        BUF_AUTO(got, 1u << 20);
        assert_int_equal(fs_read(AT_FDCWD, help_path("%d.raw", i), &raw, NULL), 0);
        assert_int_equal(fs_read(AT_FDCWD, help_path("%d.z", i), &packed, NULL), 0);
        assert_int_equal(inflate_raw(&got, buf_str(&packed)), 0);
        assert_true(str_eq(buf_str(&got), buf_str(&raw)));
        for (size_t n = 0; n<packed.n; n += packed.n> 500 ? packed.n / 50 : 1) {
            BUF_AUTO(part, 1u << 20);
            assert_int_equal(inflate_raw(&part, (signet_str){ packed.p, n }), SIGNET_EFORMAT);
        }
        BUF_AUTO(little, 8);
        if (raw.n > 8)
            assert_int_equal(inflate_raw(&little, buf_str(&packed)), SIGNET_ELIMIT);
    }
}

static void broken_streams(void **state)
{
    static const struct {
        const char *bytes;
        size_t n;
    } rows[] = {
        { "\x07", 1 },                                 /* the fourth kind of block */
        { "\x01\x01\x00\x01\x00\x61", 6 },             /* stored: length and its check differ */
        { "\x4b\x04\x12\x00", 4 },                     /* a distance that reaches before the beginning */
        { "\xfd\xff\xff\xff\xff\xff\xff\xff\xff", 9 }, /* dynamic, more codes than there can be */
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        BUF_AUTO(got, 1u << 16);
        assert_int_equal(inflate_raw(&got, (signet_str){ rows[i].bytes, rows[i].n }), SIGNET_EFORMAT);
    }
}

static const char make_zip[] = "import sys, zipfile\n"
                               "z = zipfile.ZipFile(sys.argv[1], 'w', zipfile.ZIP_DEFLATED)\n"
                               "z.comment = b'certificates'\n"
                               "z.writestr('a.test.crt', 'certificate ' * 100)\n"
                               "z.writestr('a.test.key', '')\n"
                               "z.close()\n";

static void another_program_wrote_it(void **state)
{
    static struct unzip z;
    BUF_AUTO(bytes, 1u << 20);
    BUF_AUTO(text, 4096);
    BUF_AUTO(little, 100);
    struct err e = { 0 };
    (void)state;
    const char *path = help_path("a.zip");
    python(make_zip, path, NULL);
    assert_int_equal(fs_read(AT_FDCWD, path, &bytes, &e), 0);
    assert_int_equal(unzip_open(&z, buf_str(&bytes), &e), 0);
    assert_int_equal(z.n, 2);
    assert_true(str_eq(z.comment, STR("certificates")) && str_eq(z.v[0].name, STR("a.test.crt")));
    assert_int_equal(unzip_read(&z.v[0], &text, &e), 0);
    assert_int_equal(text.n, 1200);
    assert_int_equal(unzip_read(&z.v[0], &little, &e), SIGNET_ELIMIT);
    assert_int_equal(unzip_read(&z.v[1], &text, &e), 0);
    assert_int_equal(text.n, 0);
    /* cut anywhere, or with any byte changed: an error, or the same content */
    for (size_t n = 0; n < bytes.n; n++)
        assert_int_not_equal(unzip_open(&z, (signet_str){ bytes.p, n }, &e), 0);
    for (size_t i = 0; i < bytes.n; i++) {
        char *copy = malloc(bytes.n);
        assert_non_null(copy);
        memcpy(copy, bytes.p, bytes.n);
        copy[i] = (char)(copy[i] ^ 0x5a);
        if (!unzip_open(&z, (signet_str){ copy, bytes.n }, &e))
            for (size_t k = 0; k < z.n; k++)
                if (!unzip_read(&z.v[k], &text, &e))
                    assert_true(text.n == z.v[k].size);
        free(copy);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(deflated_by_another, help_setup, help_teardown),
        cmocka_unit_test(broken_streams),
        cmocka_unit_test_setup_teardown(another_program_wrote_it, help_setup, help_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
