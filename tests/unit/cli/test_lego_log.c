#include "cli/lego_log.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

static void forms(void **state)
{
    static const struct {
        enum lego_form form;
        enum lego_mark mark;
        const char *text, *line;
    } rows[] = {
        { LEGO_FORM_V4, LEGO_INFO, "[a.test] x", "2026/11/22 08:26:08 [INFO] [a.test] x\n" },
        { LEGO_FORM_V4, LEGO_WARN, "x", "2026/11/22 08:26:08 [WARN] x\n" },
        { LEGO_FORM_V4, LEGO_PLAIN, "x", "2026/11/22 08:26:08 x\n" },
        { LEGO_FORM_V4, LEGO_ERROR, "x", "2026/11/22 08:26:08 x\n" },
        { LEGO_FORM_PLAIN, LEGO_INFO, "x", "2026-11-22T08:26:08.042Z INFO  x\n" },
        { LEGO_FORM_COLORED, LEGO_ERROR, "x", "2026-11-22T08:26:08.042Z \033[31mERROR\033[0m x\n" },
        { LEGO_FORM_TEXT, LEGO_PLAIN, "[INFO] say \"x\"",
          "time=2026-11-22T08:26:08.042Z level=INFO msg=\"say \\\"x\\\"\"\n" },
        { LEGO_FORM_JSON, LEGO_DEBUG, "two\nlines",
          "{\"time\":\"2026-11-22T08:26:08.042Z\",\"level\":\"DEBUG\",\"msg\":\"two\\nlines\"}\n" },
    };
    (void)state;
    setenv("TZ", "UTC", 1);
    tzset();
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        BUF_AUTO(line, 4096);
        lego_log_line(&line, rows[i].form, rows[i].mark, 1795335968042, rows[i].text);
        assert_string_equal(buf_z(&line), rows[i].line);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(forms) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
