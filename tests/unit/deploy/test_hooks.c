#include "base/fs.h"
#include "base/log.h"
#include "client/ui.h"
#include "deploy/hooks.h"

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

/* ---- a user who reads what is said, and a log ---- */

static struct buf told = BUF_INIT(1u << 24), logged = BUF_INIT(1u << 24);

static void notify(struct ui *u, const char *text)
{
    (void)u;
    buf_addf(&told, "%s\n", text);
}

static const struct ui_ops ops = { .notify = notify };
static struct ui ui = { .ops = &ops };

static void sink(void *ctx, enum log_level level, const char *room, const char *line)
{
    (void)ctx;
    (void)room;
    buf_addf(&logged, "%s %s\n", level >= LOG_WARNING ? "W" : "I", line);
}

static struct loop *loop;
static char root[64], folder[96];
static struct request req;
static struct hooks hooks;
static struct err err;

static int setup(void **state)
{
    (void)state;
    snprintf(root, sizeof root, "/tmp/hooks.XXXXXX");
    if (!mkdtemp(root) || setenv("OUT", root, 1) || chdir(root))
        return -1;
    snprintf(folder, sizeof folder, "%s/renewal-hooks", root);
    for (int i = 0; i < 3; i++) {
        char path[128];
        snprintf(path, sizeof path, "%s/%s", folder, (const char *[]){ "pre", "deploy", "post" }[i]);
        if (fs_mkdirs(path, 0755, &err))
            return -1;
    }
    buf_clear(&told);
    buf_clear(&logged);
    log_add_sink(sink, NULL);
    req = (struct request){ .config_dir = root };
    hooks_init(&hooks, loop, &ui, root);
    err = (struct err){ 0 };
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    log_reset();
    hooks_done(&hooks);
    return fs_remove_tree(AT_FDCWD, root, &err);
}

static int begin(void **state)
{
    (void)state;
    return loop_new(&loop, &err);
}

static int end(void **state)
{
    (void)state;
    loop_free(loop);
    buf_done(&told);
    buf_done(&logged);
    return 0;
}

/* A script in renewal-hooks/KIND that adds a line with its name and two variables to the file "ran". */
static void script(const char *kind, const char *name, mode_t mode)
{
    char path[256];
    BUF_AUTO(text, 1024);
    snprintf(path, sizeof path, "%s/%s/%s", folder, kind, name);
    buf_addf(&text, "#!/bin/sh\necho \"%s $RENEWED_LINEAGE|$RENEWED_DOMAINS|$FAILED_DOMAINS\" >> \"$OUT/ran\"\n", name);
    assert_int_equal(fs_create(AT_FDCWD, path, buf_str(&text), mode, &err), 0);
}

static const char *path_of(const char *kind, const char *name)
{
    static char path[256];
    snprintf(path, sizeof path, "%s/%s/%s", folder, kind, name);
    return path;
}

static void assert_ran(const char *want)
{
    BUF_AUTO(text, 1u << 20);
    int rc = fs_read(AT_FDCWD, "ran", &text, &err);
    assert_string_equal(rc == SIGNET_ENOTFOUND ? "" : buf_z(&text), want);
    unlink("ran");
    err_clear(&err);
}

/* ---- one hook ---- */

static int run(const char *command, struct buf *out)
{
    struct hook h = { .label = "deploy-hook", .command = command };
    buf_clear(&told);
    buf_clear(&logged);
    return hook_run(loop, &ui, &h, out);
}

static void output_is_shown_as_certbot_does(void **state)
{
    (void)state;
    static const struct {
        const char *command, *told, *warned;
        int code;
    } rows[] = {
        { "true", "", "", 0 },
        { "echo", "", "", 0 },
        { "printf 'a\\nb\\n\\n  c  \\n\\n'; exit 3", "Hook 'deploy-hook' ran with output:\n a\n b\n\n   c\n",
          "W Hook 'deploy-hook' reported error code 3\n", 3 },
        { "printf 'one\\r\\ntwo\\rthree'", "Hook 'deploy-hook' ran with output:\n one\n two\n three\n", "", 0 },
        { "echo oops >&2", "", "W Hook 'deploy-hook' ran with error output:\n oops\n", 0 },
        { "printf 'gr\303\274n\\tis\\t\342\234\223'",
          "Hook 'deploy-hook' ran with output:\n gr\303\274n\tis\t\342\234\223\n", "", 0 },
        { "printf '\\033[31mred\\007 \\377 \\000x'",
          "Hook 'deploy-hook' ran with output:\n \\x1b[31mred\\x07 \\xff \\x00x\n", "", 0 },
        { "kill -9 $$", "", "W Hook 'deploy-hook' reported error code 137\n", 137 },
        { "no-such-program-here", "", "reported error code 127", 127 },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        BUF_AUTO(want, 4096);
        assert_int_equal(run(rows[i].command, NULL), rows[i].code);
        buf_addf(&want, "I Running deploy-hook command: %s\n", rows[i].command);
        assert_true(str_starts(buf_str(&logged), buf_str(&want)));
        assert_string_equal(buf_z(&told), rows[i].told);
        if (rows[i].warned[0] == 'r')
            assert_non_null(strstr(buf_z(&logged), rows[i].warned));
        else
            assert_string_equal(buf_z(&logged) + want.n, rows[i].warned);
    }
}

static void the_caller_gets_the_output_as_it_came(void **state)
{
    (void)state;
    BUF_AUTO(out, 64);
    assert_int_equal(run("printf ' a\\033 \\n\\n'", &out), 0);
    assert_string_equal(buf_z(&out), " a\033 \n\n");
}

/* The beginning is shown, what is not is counted, and all of it is one event of the log. */
static void endless_output_is_capped(void **state)
{
    (void)state;
    static const struct {
        const char *flood, *first;
        size_t shown; /* bytes of text, at least */
    } t[] = {
        { "head -c 3000000 /dev/zero | tr '\\0' x", "\n xxxx", 1000000 },
        { "head -c 1040000 /dev/zero | tr '\\0' x", "\n xxxx", 1040000 },
        { "head -c 3000000 /dev/zero", "\n \\x00\\x00", 1000000 },
        { "head -c 900000 /dev/zero | tr '\\0' '\\200'", "\n \\x80", 1000000 },
        { "yes grün | head -c 3000000", "\n grün\n grün\n", 1000000 },
        { "yes \"$(printf 'x\\t\\t')\" | tr -d '\\n' | head -c 3000000", "\n x\t\tx", 1000000 },
        { "yes \"$(printf 'x\\n\\ny')\" | head -c 3000000", "\n x\n\n y\n x", 1000000 },
    };
    for (size_t i = 0; i < sizeof t / sizeof *t; i++) {
        BUF_AUTO(command, 1024);
        BUF_AUTO(out, 4u << 20);
        buf_addf(&command, "{ echo 'the first line'; %s; }", t[i].flood);
        assert_int_equal(run(buf_z(&command), &out), 0);
        assert_true(out.n <= 1u << 20);
        assert_true(told.n >= t[i].shown && told.n < LOG_EVENT_MAX - 2048);
        assert_int_equal(buf_err(&told), 0);
        BUF_AUTO(first, 1024);
        buf_addf(&first, "Hook 'deploy-hook' ran with output:\n the first line%s", t[i].first);
        if (!str_starts(buf_str(&told), buf_str(&first)))
            fail_msg("row %zu begins with: %.100s", i, buf_z(&told));
        bool cut = strstr(buf_z(&told), "more bytes are not shown)\n") != NULL;
        if (cut != (i != 1))
            fail_msg("row %zu: cut %d", i, cut);
    }
    assert_int_equal(run("echo first >&2; head -c 3000000 /dev/zero | tr '\\0' x >&2", NULL), 0);
    assert_non_null(strstr(buf_z(&logged), "ran with error output:\n first\n xxx"));
    assert_non_null(strstr(buf_z(&logged), "more bytes are not shown)"));
}

static void what_is_not_shown_is_counted(void **state)
{
    (void)state;
    unsigned long long lost;
    assert_int_equal(run("head -c 3000000 /dev/zero | tr '\\0' x", NULL), 0);
    const char *x = strchr(buf_z(&told), '\n') + 2, *words = strstr(x, "\n (");
    assert_non_null(words);
    lost = strtoull(words + 3, NULL, 10);
    assert_int_equal((size_t)(words - x) + lost, 3000000);
}

static void a_hung_hook_is_ended(void **state)
{
    (void)state;
    struct hook h = { .label = "pre-hook", .command = "echo before; exec sleep 600", .timeout_s = 1 };
    assert_int_equal(hook_run(loop, &ui, &h, NULL), 128 + SIGTERM);
    assert_non_null(strstr(buf_z(&logged),
                           "W Hook 'pre-hook' was still running after 1 seconds and was ended (see --hook-timeout)"));
    assert_string_equal(buf_z(&told), "Hook 'pre-hook' ran with output:\n before\n");
}

static void a_signal_ends_hook_and_caller(void **state)
{
    (void)state;
    req.pre_hook = "kill -TERM $PPID; exec sleep 600";
    assert_int_equal(hooks_pre(&hooks, &req, &err), SIGNET_ECANCELED);
    assert_int_equal(err.code, SIGNET_ECANCELED);
    loop_signal_clear(loop);
}

static void variables_are_for_the_child_alone(void **state)
{
    (void)state;
    STRLIST_AUTO(env);
    BUF_AUTO(out, 4096);
    strlist_addz(&env, "CERTBOT_DOMAIN=a.test");
    struct hook h = { .label = "x", .subject = "a.test", .command = "echo $CERTBOT_DOMAIN; echo $PATH", .env = &env };
    assert_int_equal(setenv("PATH", "/usr/bin:/bin", 1), 0);
    assert_int_equal(hook_run(loop, &ui, &h, &out), 0);
    assert_string_equal(buf_z(&out), "a.test\n/usr/bin:/bin:/usr/sbin:/usr/local/bin:/usr/local/sbin\n");
    assert_non_null(strstr(buf_z(&told), "Hook 'x' for a.test ran with output:\n a.test\n"));
    assert_null(getenv("CERTBOT_DOMAIN"));
    assert_string_equal(getenv("PATH"), "/usr/bin:/bin");
    buf_clear(&out);
    assert_int_equal(run("echo \"<$CERTBOT_DOMAIN>\"", &out), 0);
    assert_string_equal(buf_z(&out), "<>\n");
}

static void first_words_are_checked(void **state)
{
    (void)state;
    assert_int_equal(setenv("PATH", "/usr/bin:/bin", 1), 0);
    assert_int_equal(fs_create(AT_FDCWD, "here", STR("x"), 0644, &err), 0);
    assert_int_equal(fs_create(AT_FDCWD, "runs", STR("x"), 0755, &err), 0);
    static const struct {
        const char *command, *error;
    } rows[] = {
        { NULL, NULL },
        { "", NULL },
        { "  \t", NULL },
        { "true", NULL },
        { "  sh -c 'anything'", NULL },
        { "./runs now", NULL },
        { "cron",
          "Unable to find pre-hook command cron in the PATH.\n(PATH is "
          "/usr/bin:/bin:/usr/sbin:/usr/local/bin:/usr/local/sbin)\nSee also the --disable-hook-validation option." },
        { "chpasswd -e", NULL }, /* in /usr/sbin */
        { "./here", "./here-hook command pre exists, but is not executable." },
        { "/tmp", "/tmp-hook command pre exists, but is not executable." },
        { "cd /tmp", "Unable to find pre-hook command cd in" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (rows[i].command && strcmp(rows[i].command, "cron") == 0 && access("/usr/sbin/cron", X_OK) == 0)
            continue;
        if (rows[i].command && strcmp(rows[i].command, "cd /tmp") == 0 && access("/usr/bin/cd", X_OK) == 0)
            continue;
        err_clear(&err);
        assert_int_equal(hook_check(rows[i].command, "pre", &err), rows[i].error ? SIGNET_EINVAL : 0);
        assert_true(str_starts(str_of(err.text), str_of(rows[i].error)));
    }
    req.deploy_hook = "./here";
    assert_int_equal(hooks_validate(&req, &err), SIGNET_EINVAL);
    assert_string_equal(err.text, "./here-hook command deploy exists, but is not executable.");
    req.disable_hook_validation = true;
    assert_int_equal(hooks_validate(&req, &err), 0);
}

/* ---- their order ---- */

static void folders_run_in_byte_order_and_skip_the_rest(void **state)
{
    (void)state;
    script("pre", "2-b", 0755);
    script("pre", "10-a", 0755);
    script("pre", "30-old~", 0755);
    script("pre", "40-off", 0644);
    script("pre", "a b;c'd", 0755);
    assert_int_equal(mkdir(path_of("pre", "50-dir"), 0755), 0);
    assert_int_equal(symlink("nowhere", path_of("pre", "60-dangling")), 0);
    assert_int_equal(symlink("2-b", path_of("pre", "70-link")), 0);
    req.pre_hook = "echo cli >> $OUT/ran";
    assert_int_equal(hooks_pre(&hooks, &req, &err), 0);
    assert_ran("10-a ||\n2-b ||\n2-b ||\na b;c'd ||\ncli\n");

    /* once per process */
    assert_int_equal(hooks_pre(&hooks, &req, &err), 0);
    assert_ran("");
    assert_non_null(strstr(buf_z(&logged), "I Pre-hook command already run, skipping: echo cli"));
}

static void a_missing_folder_is_no_matter(void **state)
{
    (void)state;
    assert_int_equal(fs_remove_tree(AT_FDCWD, folder, &err), 0);
    assert_int_equal(hooks_pre(&hooks, &req, &err), 0);
    assert_string_equal(buf_z(&logged), "");
}

static void a_hook_given_twice_runs_once(void **state)
{
    (void)state;
    script("pre", "same", 0755);
    req.pre_hook = (char *)path_of("pre", "same");
    assert_int_equal(hooks_pre(&hooks, &req, &err), 0);
    assert_ran("same ||\n");
    script("post", "same", 0755);
    req.post_hook = (char *)path_of("post", "same");
    assert_int_equal(hooks_post(&hooks, &req, false, &err), 0);
    assert_ran("same ||\n");
    assert_int_equal(hooks_post(&hooks, &req, true, &err), 0);
    assert_int_equal(hooks_post(&hooks, &req, true, &err), 0);
    assert_ran("");
    assert_int_equal(hooks_post_all(&hooks, &err), 0);
    assert_ran("same ||\n");
    assert_int_equal(hooks_post_all(&hooks, &err), 0);
    assert_ran("");
}

static void folders_can_be_turned_off(void **state)
{
    (void)state;
    script("pre", "p", 0755);
    script("deploy", "d", 0755);
    script("post", "q", 0755);
    STRLIST_AUTO(names);
    req.no_directory_hooks = true;
    assert_int_equal(hooks_pre(&hooks, &req, &err), 0);
    assert_int_equal(hooks_deploy(&hooks, &req, "/live/a", &names, &err), 0);
    assert_int_equal(hooks_post(&hooks, &req, false, &err), 0);
    assert_ran("");
}

static void post_hooks_know_what_happened(void **state)
{
    (void)state;
    req.post_hook = "echo \"$RENEWED_DOMAINS|$FAILED_DOMAINS|$RENEWED_LINEAGE\" >> $OUT/ran; exit 1";
    strlist_addz(&hooks.renewed, "a.test");
    strlist_addz(&hooks.renewed, "192.0.2.1");
    strlist_addz(&hooks.failed, "b.test");
    assert_int_equal(hooks_post(&hooks, &req, false, &err), 0);
    assert_ran("a.test 192.0.2.1||\n");
    assert_int_equal(hooks_post(&hooks, &req, true, &err), 0);
    assert_int_equal(hooks_post_all(&hooks, &err), 0);
    assert_ran("a.test 192.0.2.1|b.test|\n");
}

static void long_lists_are_cut_at_whole_names(void **state)
{
    (void)state;
    BUF_AUTO(name, 256);
    for (int i = 0; i < 400; i++) {
        buf_clear(&name);
        buf_addf(&name, "%099d", i); /* 100 bytes with the space before it */
        strlist_add(&hooks.renewed, buf_str(&name));
        strlist_add(&hooks.failed, buf_str(&name));
    }
    req.post_hook = "printf '%s %s\\n' ${#RENEWED_DOMAINS} ${#FAILED_DOMAINS} >> $OUT/ran";
    assert_int_equal(hooks_post(&hooks, &req, false, &err), 0);
    assert_ran("31999 0\n");
    assert_non_null(strstr(buf_z(&logged), "W Limiting RENEWED_DOMAINS environment variable to 32k characters"));
    buf_clear(&logged);
    assert_int_equal(hooks_post(&hooks, &req, true, &err), 0);
    assert_int_equal(hooks_post_all(&hooks, &err), 0);
    assert_ran("15999 15999\n");
    assert_non_null(strstr(buf_z(&logged), "W Limiting FAILED_DOMAINS environment variable to 16k characters"));

    /* A deploy hook gets all that the kernel takes. */
    req.deploy_hook = "echo ${#RENEWED_DOMAINS} >> $OUT/ran";
    assert_int_equal(hooks_deploy(&hooks, &req, "/live/a", &hooks.renewed, &err), 0);
    assert_ran("39999\n");
    for (int i = 0; i < 2000; i++)
        strlist_add(&hooks.renewed, buf_str(&name));
    assert_int_equal(hooks_deploy(&hooks, &req, "/live/a", &hooks.renewed, &err), 0);
    assert_ran("119999\n");
}

static void deploy_hooks_get_lineage_and_names(void **state)
{
    (void)state;
    STRLIST_AUTO(names);
    strlist_addz(&names, "*.a.test");
    strlist_addz(&names, "a.test");
    script("deploy", "1", 0755);
    req.deploy_hook = "echo \"cli $RENEWED_LINEAGE|$RENEWED_DOMAINS\" >> $OUT/ran";
    assert_int_equal(hooks_deploy(&hooks, &req, "/live/a.test", &names, &err), 0);
    assert_ran("1 /live/a.test|*.a.test a.test|\ncli /live/a.test|*.a.test a.test\n");
    assert_null(getenv("RENEWED_LINEAGE"));

    req.dry_run = true;
    assert_int_equal(hooks_deploy(&hooks, &req, "/live/a.test", &names, &err), 0);
    assert_ran("");
    assert_non_null(strstr(buf_z(&logged), "I Dry run: skipping deploy hook command: echo \"cli"));
    req.run_deploy_hooks = true;
    assert_int_equal(hooks_deploy(&hooks, &req, "/live/a.test", &names, &err), 0);
    assert_ran("1 /live/a.test|*.a.test a.test|\ncli /live/a.test|*.a.test a.test\n");
}

static void the_longest_limit_holds_for_collected_hooks(void **state)
{
    (void)state;
    static const unsigned rows[][4] = { { 5, 9, 7, 9 }, { 5, 0, 7, 0 }, { 0, 3, 4, 0 }, { 4, 4, 4, 4 } };
    req.post_hook = "true";
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        for (int k = 0; k < 3; k++) {
            req.hook_timeout = rows[i][k];
            assert_int_equal(hooks_post(&hooks, &req, true, &err), 0);
        }
        assert_int_equal(hooks.post_timeout_s, rows[i][3]);
        assert_int_equal(hooks_post_all(&hooks, &err), 0);
    }
}

/* ---- noting what is owed ---- */

static struct buf noted = BUF_INIT(1u << 16);

static void note_due(void *ctx, const char *command, unsigned timeout_s)
{
    assert_ptr_equal(ctx, &noted);
    buf_addf(&noted, "due %s %u|", command, timeout_s);
}

static void note_ran(void *ctx, bool post, const char *command)
{
    assert_ptr_equal(ctx, &noted);
    buf_addf(&noted, "%s %s|", post ? "post" : "deploy", command);
}

static const struct hooks_watch watch = { &noted, note_due, note_ran };

static void what_is_owed_is_noted_and_struck_out(void **state)
{
    (void)state;
    STRLIST_AUTO(names);
    STRLIST_AUTO(commands);
    hooks.watch = &watch;
    req.hook_timeout = 9;
    req.pre_hook = "true";
    req.post_hook = "exit 3";
    req.deploy_hook = "echo d >> $OUT/ran";
    script("deploy", "a", 0755);
    assert_int_equal(hooks_pre(&hooks, &req, &err), 0);
    assert_string_equal(buf_z(&noted), "due exit 3 9|");
    buf_clear(&noted);
    assert_int_equal(hooks_deploy_commands(&hooks, &req, &commands, &err), 0);
    assert_int_equal(commands.n, 2);
    assert_string_equal(commands.v[0], path_of("deploy", "a"));
    assert_int_equal(hooks_deploy(&hooks, &req, "/live/a", &names, &err), 0);
    assert_int_equal(hooks_post(&hooks, &req, false, &err), 0);
    BUF_AUTO(want, 1024);
    buf_addf(&want, "deploy %s|deploy echo d >> $OUT/ran|post exit 3|", path_of("deploy", "a"));
    assert_string_equal(buf_z(&noted), buf_z(&want));
    assert_ran("a /live/a||\nd\n");
    strlist_done(&commands);
    req.dry_run = true;
    assert_int_equal(hooks_deploy_commands(&hooks, &req, &commands, &err), 0);
    assert_int_equal(commands.n, 0);
    buf_done(&noted);
}

static void a_post_hook_outlives_the_signal(void **state)
{
    (void)state;
    STRLIST_AUTO(names);
    hooks.watch = &watch;
    req.post_hook = "echo p >> $OUT/ran";
    req.deploy_hook = "echo d >> $OUT/ran";
    loop_signal_raise(loop, SIGTERM);
    assert_int_equal(hooks_deploy(&hooks, &req, "/live/a", &names, &err), SIGNET_ECANCELED);
    assert_int_equal(hooks_post(&hooks, &req, false, &err), 0);
    assert_int_equal(loop_signal(loop), SIGTERM);
    loop_signal_clear(loop);
    assert_ran("p\n");
    assert_string_equal(buf_z(&noted), "post echo p >> $OUT/ran|"); /* the other one was not begun and is still owed */
    buf_done(&noted);
}

static void an_interrupted_hook_is_not_owed_again(void **state)
{
    (void)state;
    STRLIST_AUTO(names);
    hooks.watch = &watch;
    req.deploy_hook = "kill -TERM $PPID; sleep 30";
    assert_int_equal(hooks_deploy(&hooks, &req, "/live/a", &names, &err), SIGNET_ECANCELED);
    loop_signal_clear(loop);
    assert_string_equal(buf_z(&noted), "deploy kill -TERM $PPID; sleep 30|");
    assert_non_null(strstr(buf_z(&logged), "will not be run again"));
    buf_done(&noted);
}

static void owed_hooks_get_the_same_variables(void **state)
{
    (void)state;
    STRLIST_AUTO(names);
    STRLIST_AUTO(commands);
    strlist_addz(&names, "a.test");
    strlist_addz(&commands, "echo \"$RENEWED_LINEAGE|$RENEWED_DOMAINS\" >> $OUT/ran");
    assert_int_equal(hooks_deploy_owed(&hooks, &commands, "/live/a", &names, 0, &err), 0);
    strlist_addz(&hooks.failed, "b.test");
    assert_int_equal(hooks_post_owed(&hooks, "echo \"$RENEWED_DOMAINS|$FAILED_DOMAINS\" >> $OUT/ran", 0, &err), 0);
    assert_ran("/live/a|a.test\n|b.test\n");
}

int main(void)
{
#define T(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(output_is_shown_as_certbot_does),
        T(the_caller_gets_the_output_as_it_came),
        T(endless_output_is_capped),
        T(what_is_not_shown_is_counted),
        T(a_hung_hook_is_ended),
        T(a_signal_ends_hook_and_caller),
        T(variables_are_for_the_child_alone),
        T(first_words_are_checked),
        T(folders_run_in_byte_order_and_skip_the_rest),
        T(a_missing_folder_is_no_matter),
        T(a_hook_given_twice_runs_once),
        T(folders_can_be_turned_off),
        T(post_hooks_know_what_happened),
        T(long_lists_are_cut_at_whole_names),
        T(deploy_hooks_get_lineage_and_names),
        T(the_longest_limit_holds_for_collected_hooks),
        T(what_is_owed_is_noted_and_struck_out),
        T(a_post_hook_outlives_the_signal),
        T(an_interrupted_hook_is_not_owed_again),
        T(owed_hooks_get_the_same_variables),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
