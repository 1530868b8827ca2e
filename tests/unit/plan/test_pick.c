#include "plan/pick.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void fill(struct strlist *l, const char *words)
{
    assert_int_equal(strlist_split(l, str_of(words), ' '), 0);
}

static void chooses(void **state)
{
    static const struct {
        const char *asked, *cert_name;
        bool duplicate;
        enum pick_kind kind;
        size_t index;
    } rows[] = {
        { "a.test", NULL, false, PICK_SAME, 0 },
        { "b.test a.test", NULL, false, PICK_SAME, 1 },          /* order does not matter */
        { "a.test b.test c.test", NULL, false, PICK_EXPAND, 1 }, /* the largest subset */
        { "c.test d.test", NULL, false, PICK_EXPAND, 2 },
        { "b.test", NULL, false, PICK_NEW, 0 },        /* a subset of one: a new one */
        { "b.test x.test", NULL, false, PICK_NEW, 0 }, /* overlap: a new one */
        { "a.test", NULL, true, PICK_NEW, 0 },
        { "a.test", "three", false, PICK_NAMED, 2 },
        { "c.test", "three", false, PICK_SAME, 2 },
        { "a.test", "four", false, PICK_NEW, 0 },
        { "a.test", "", false, PICK_SAME, 0 },
    };
    struct strlist names[3] = { 0 };
    struct pick_lineage all[3] = { { "one", &names[0] }, { "two", &names[1] }, { "three", &names[2] } };
    (void)state;
    fill(&names[0], "a.test");
    fill(&names[1], "a.test b.test");
    fill(&names[2], "c.test");
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        STRLIST_AUTO(asked);
        fill(&asked, rows[i].asked);
        struct pick p = pick_lineage(all, 3, &asked, rows[i].cert_name, rows[i].duplicate);
        if (p.kind != rows[i].kind || (p.kind != PICK_NEW && p.index != rows[i].index))
            fail_msg("row %zu: kind %d index %zu", i, (int)p.kind, p.index);
    }
    for (size_t i = 0; i < 3; i++)
        strlist_done(&names[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(chooses) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
