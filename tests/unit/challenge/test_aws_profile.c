#include "challenge/aws_profile.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static void profiles(void **state)
{
    static const struct {
        const char *text, *profile, *access, *region;
    } rows[] = {
        { "", "default", NULL, NULL },
        { "[default]\naws_access_key_id=A\n", "default", "A", NULL },
        { "[default]\r\naws_access_key_id = A \r\n region=r\r\n", "default", "A", "r" },
        { "aws_access_key_id=A\n", "default", NULL, NULL },
        { "[other]\naws_access_key_id=A\n[ web ]\naws_access_key_id=B\n", "web", "B", NULL },
        { "[profile web]\nregion=r\n[profile webs]\nregion=x\n", "web", NULL, "r" },
        { "[web]\n# region=a\n; region=b\nregion=c#d\n", "web", NULL, "c#d" },
        { "[web]\nregion=a\n[x]\nregion=b\n[web]\nregion=c\n", "web", NULL, "c" },
        { "[web]\nsso =\n  region = inner\nnonsense\n=x\n", "web", NULL, "inner" },
        { "[web\nregion=a\n", "web", NULL, NULL },
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        RECORD_AUTO(r);
        assert_int_equal(aws_profile_parse(&r, str_of(rows[i].text), rows[i].profile), 0);
        const char *access = record_get(&r, "aws_access_key_id"), *region = record_get(&r, "region");
        if (!str_eq(str_of(access), str_of(rows[i].access)) || !str_eq(str_of(region), str_of(rows[i].region)))
            fail_msg("row %zu: %s, %s", i, access ? access : "", region ? region : "");
    }
}

static void put_file(char *path, const char *text)
{
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), (long)strlen(text));
    close(fd);
}

/* Variables before files; a pair of keys is never put together from both. */
static void who_wins(void **state)
{
    char credentials[] = "/tmp/signet-aws-XXXXXX", config[] = "/tmp/signet-aws-XXXXXX";
    struct aws a;
    struct err e = { 0 };
    (void)state;
    put_file(credentials, "[default]\naws_access_key_id=FA\naws_secret_access_key=FS\naws_session_token=FT\n");
    put_file(config, "[default]\nregion=fr\naws_access_key_id=weaker\n");
    setenv("AWS_SHARED_CREDENTIALS_FILE", credentials, 1);
    setenv("AWS_CONFIG_FILE", config, 1);
    assert_int_equal(aws_find(&a, &e), 0);
    assert_string_equal(a.access, "FA");
    assert_string_equal(a.secret, "FS");
    assert_string_equal(a.session, "FT");
    assert_string_equal(a.region, "fr");
    assert_null(a.endpoint);
    aws_done(&a);
    setenv("AWS_ACCESS_KEY_ID", "EA", 1);
    assert_int_equal(aws_find(&a, &e), 0);
    assert_string_equal(a.access, "FA"); /* half a pair is none */
    aws_done(&a);
    setenv("AWS_SECRET_ACCESS_KEY", "ES", 1);
    setenv("AWS_REGION", "er", 1);
    setenv("AWS_ENDPOINT_URL", "https://e.test", 1);
    assert_int_equal(aws_find(&a, &e), 0);
    assert_string_equal(a.access, "EA");
    assert_string_equal(a.secret, "ES");
    assert_null(a.session); /* the file's belongs to the file's keys */
    assert_string_equal(a.region, "er");
    assert_string_equal(a.endpoint, "https://e.test");
    aws_done(&a);
    unsetenv("AWS_ACCESS_KEY_ID");
    unsetenv("AWS_SECRET_ACCESS_KEY");
    setenv("AWS_PROFILE", "nosuch", 1);
    assert_int_equal(aws_find(&a, &e), SIGNET_EINVAL);
    assert_non_null(strstr(e.text, "AWS_ACCESS_KEY_ID is missing"));
    assert_non_null(strstr(e.hint, "\"nosuch\""));
    unlink(credentials);
    unlink(config);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(profiles), cmocka_unit_test(who_wins) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
