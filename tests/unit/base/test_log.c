#include "base/log.h"

#include "base/buf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void note(void *ctx, enum log_level level, const char *room, const char *line)
{
    buf_addf(ctx, "%d|%s|%.60s|%zu\n", (int)level, room, line, strlen(line));
    log_info("inner", "a sink that logs is not called again");
}

static void every_sink_hears_every_event_in_order(void **state)
{
    (void)state;
    BUF_AUTO(a, 10000);
    BUF_AUTO(b, 10000);
    log_info("x", "nobody listens");
    assert_int_equal(log_add_sink(note, &a), 0);
    assert_int_equal(log_add_sink(note, &b), 0);
    log_debug("store.lineage", "%s-%d", "one", 1);
    log_warn("cli", "two\nlines");
    assert_string_equal(buf_z(&a), "0|store.lineage|one-1|5\n2|cli|two\nlines|9\n");
    assert_string_equal(buf_z(&a), buf_z(&b));
    log_reset();
    log_error("cli", "gone");
    assert_false(str_has(buf_str(&a), '3'));
}

static void takes_four_sinks_and_long_events(void **state)
{
    (void)state;
    BUF_AUTO(a, 10000);
    for (int i = 0; i < 4; i++)
        assert_int_equal(log_add_sink(note, &a), 0);
    assert_int_equal(log_add_sink(note, &a), SIGNET_ELIMIT);
    log_reset();
    assert_int_equal(log_add_sink(note, &a), 0);
    log_info("r", "%100000s", "end");
    assert_true(str_ends(buf_str(&a), STR("|100000\n")));
    log_info("r", "%2000000s", "too long: its start is kept");
    assert_true(str_ends(buf_str(&a), STR("|1023\n")));
    log_reset();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_sink_hears_every_event_in_order),
        cmocka_unit_test(takes_four_sinks_and_long_events),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
