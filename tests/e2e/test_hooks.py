"""Hooks: the order, once or each time, what they are told, and that they never change the exit status."""
import os
import re

import pytest

AGREE = ["--agree-tos", "--register-unsafely-without-email"]


def tell(box, word, more=""):
    """A script that adds its word, and what it was told, to `order`."""
    return box.script("hook-" + word, 'echo "%s [$RENEWED_LINEAGE] [$RENEWED_DOMAINS] [$FAILED_DOMAINS]" >> %s/order\n%s' % (word, box.root, more))


def in_folder(box, kind, name, more="", mode=0o755):
    path = box.script("etc/renewal-hooks/%s/%s" % (kind, name),
                      'echo "%s/%s [$RENEWED_LINEAGE] [$RENEWED_DOMAINS] [$FAILED_DOMAINS]" >> %s/order\n%s' % (kind, name, box.root, more))
    os.chmod(path, mode)
    return path


def order(box):
    try:
        return box.file("order").splitlines()
    except FileNotFoundError:
        return []


def words(box):
    return [line.split()[0] for line in order(box)]


def three(box):
    return ["--pre-hook", tell(box, "pre"), "--deploy-hook", tell(box, "deploy"), "--post-hook", tell(box, "post")]


def test_order_of_a_first_issue(box):
    for kind in ("pre", "deploy", "post"):
        in_folder(box, kind, "dir")
    box.issue("h.example", args=three(box))
    assert words(box) == ["pre/dir", "pre", "deploy/dir", "deploy", "post/dir", "post"]
    live = box.config + "/live/h.example"
    assert order(box)[3] == "deploy [%s] [h.example] []" % live
    assert order(box)[0].startswith("pre/dir [] [] ")


def test_names_are_told_with_spaces(box):
    box.issue("h.example", "i.h.example", args=["--deploy-hook", tell(box, "deploy")])
    assert order(box) == ["deploy [%s/live/h.example] [h.example i.h.example] []" % box.config]


def test_folders_are_sorted_by_bytes_and_strange_files_are_passed_over(box):
    in_folder(box, "pre", "2-b")
    in_folder(box, "pre", "10-a")
    in_folder(box, "pre", "Z")
    in_folder(box, "pre", "backup~")
    in_folder(box, "pre", "plain", mode=0o644)
    os.makedirs(box.config + "/renewal-hooks/pre/folder/deeper")
    os.symlink("nowhere", box.config + "/renewal-hooks/pre/dangling")
    box.issue("h.example")
    assert words(box) == ["pre/10-a", "pre/2-b", "pre/Z"]


def test_no_directory_hooks(box):
    in_folder(box, "pre", "dir")
    box.issue("h.example", args=["--no-directory-hooks", "--pre-hook", tell(box, "pre")])
    assert words(box) == ["pre"]


def test_renew_runs_pre_and_post_once_and_deploy_for_each(box):
    for n in ("a.h.example", "b.h.example"):
        box.issue(n)
    for kind in ("pre", "deploy", "post"):
        in_folder(box, kind, "dir")
    r = box.signet("renew", "--force-renewal", *three(box))
    got = words(box)
    assert got[:2] == ["pre/dir", "pre"] and got[-2:] == ["post/dir", "post"]
    assert got[2:-2] == ["deploy/dir", "deploy", "deploy/dir", "deploy"]
    assert order(box)[-1] == "post [] [a.h.example b.h.example] []"
    deploys = [line for line in order(box) if line.startswith("deploy ")]
    assert deploys == ["deploy [%s/live/%s] [%s] []" % (box.config, n, n) for n in ("a.h.example", "b.h.example")]
    assert "Congratulations, all renewals succeeded" in r.out


def test_hooks_run_in_the_order_of_the_certificates_however_their_orders_end(box):
    """The first one has many names, and the second one fails: both end after the others."""
    many = ["a.h.example"] + ["n%d.h.example" % i for i in range(30)]
    box.issue(*many)
    for n in ("bad.h.example", "c.h.example", "d.h.example"):
        box.issue(n)
    box.ca.dns_servfail("bad.h.example")
    box.signet("renew", "--force-renewal", *three(box), check=1)
    assert [line.split("/")[-1].split("]")[0] for line in order(box) if line.startswith("deploy ")] == ["a.h.example", "c.h.example", "d.h.example"]
    assert order(box)[-1] == "post [] [%s c.h.example d.h.example] [bad.h.example]" % " ".join(many)


def test_a_pre_hook_equal_to_one_in_the_folder_runs_once(box):
    path = in_folder(box, "pre", "same")
    box.issue("h.example", args=["--pre-hook", path])
    assert words(box) == ["pre/same"]


def test_a_post_hook_equal_to_one_in_the_folder_runs_once_under_renew(box):
    box.issue("h.example")
    path = in_folder(box, "post", "same")
    box.signet("renew", "--force-renewal", "--post-hook", path)
    assert words(box) == ["post/same"]


def test_nothing_due_no_hooks(box):
    box.issue("h.example")
    r = box.signet("renew", *three(box))
    assert order(box) == [] and "No hooks were run.\n" in r.out


def test_failures_are_told_to_the_post_hook(box):
    for n in ("a.h.example", "bad.h.example"):
        box.issue(n)
    box.ca.dns_servfail("bad.h.example")
    box.signet("renew", "--force-renewal", *three(box), check=1)
    assert words(box) == ["pre", "deploy", "post"]
    assert order(box)[-1] == "post [] [a.h.example] [bad.h.example]"


def test_post_runs_after_a_failed_issue_and_deploy_does_not(box):
    box.ca.dns_servfail("bad.example")
    box.issue("bad.example", args=three(box), check=1)
    assert words(box) == ["pre", "post"]


@pytest.mark.parametrize("kind", ["pre", "deploy", "post"])
def test_a_failing_hook_is_a_warning(box, kind):
    r = box.issue("h.example", args=["--%s-hook" % kind, tell(box, kind, "echo words; echo complaint >&2; exit 3")])
    text = r.out + r.err
    assert "Hook '%s-hook' reported error code 3" % kind in text
    assert "Hook '%s-hook' ran with output:\n words\n" % kind in text and "Hook '%s-hook' ran with error output:\n complaint\n" % kind in text
    box.lineage("h.example").check(version=1)


def test_a_hook_killed_by_a_signal_is_a_warning(box):
    box.issue("h.example", args=["--deploy-hook", tell(box, "deploy", "kill -9 $$")])
    box.lineage("h.example").check(version=1)


def test_hooks_are_shell_lines(box):
    box.issue("h.example", args=["--deploy-hook", "echo one two > '%s/a b'; exit 0" % box.root], check=0)
    assert box.file("a b") == "one two\n"


def test_dry_run_runs_pre_and_post_only(box):
    box.issue("h.example")
    box.signet("renew", "--dry-run", *three(box))
    assert words(box) == ["pre", "post"]
    os.unlink(box.root + "/order")
    box.signet("renew", "--dry-run", "--run-deploy-hooks", *three(box))
    assert words(box) == ["pre", "deploy", "post"]


def test_deploy_hook_by_its_old_name(box):
    box.issue("h.example", args=["--renew-hook", tell(box, "renew")])
    assert words(box) == ["renew"]
    box.signet("renew", "--force-renewal")
    assert words(box) == ["renew"] * 2


def test_stored_hooks_run_again_and_new_ones_take_their_place(box):
    box.issue("h.example", args=["--pre-hook", tell(box, "old")])
    box.signet("renew", "--force-renewal")
    assert words(box) == ["old", "old"]
    box.signet("renew", "--force-renewal", "--pre-hook", tell(box, "new"))
    box.signet("renew", "--force-renewal")
    assert words(box) == ["old", "old", "new", "new"]


@pytest.mark.parametrize("kind", ["pre", "post", "deploy", "renew"])
def test_a_hook_that_is_not_there_is_found_at_the_start(box, kind):
    since = box.ca.mark()
    r = box.issue("h.example", args=["--%s-hook" % kind, "no-such-command --now"], check=1)
    shown = {"renew": ("renew", "deploy")}.get(kind, (kind,))
    assert any(r.complains("Unable to find %s-hook command no-such-command in the PATH. (PATH is " % s) for s in shown), r
    assert r.complains("See also the --disable-hook-validation option.")
    assert box.ca.count("newOrder", since) == 0


def test_a_hook_that_is_no_program(box):
    path = box.file("text", "hello")
    r = box.issue("h.example", args=["--pre-hook", path], check=1)
    assert "is not executable" in r.err or "Unable to find pre-hook command" in r.err


def test_validation_can_be_turned_off(box):
    r = box.issue("h.example", args=["--deploy-hook", "no-such-command", "--disable-hook-validation"])
    box.lineage("h.example").check(version=1)
    assert "Hook 'deploy-hook' reported error code 127" in r.out + r.err


def test_variables_do_not_leak_between_hooks(box):
    box.issue("a.h.example")
    box.issue("b.h.example")
    box.signet("renew", "--force-renewal", "--deploy-hook", tell(box, "deploy"), "--post-hook",
               box.script("post", 'env > %s/post-env' % box.root))
    env = box.file("post-env")
    assert "CERTBOT_" not in env and "RENEWED_LINEAGE" not in env and "RENEWED_DOMAINS=" in env


def test_a_hook_may_run_signet(box):
    from harness.box import signet_binary
    box.issue("h.example", args=["--deploy-hook", "%s certificates %s > %s/inner 2>&1; true" % (signet_binary(), " ".join(box.dirs()), box.root)], timeout=30)
    text = box.file("inner")
    assert "h.example" in text or "Another instance of" in text
    box.lineage("h.example").check(version=1)


def test_no_descriptor_of_ours_in_a_hook(box):
    box.issue("h.example", args=["--deploy-hook", "ls -l /proc/self/fd > %s/fds" % box.root])
    lines = [line for line in box.file("fds").splitlines() if "->" in line]
    numbers = sorted(int(line.split()[-3]) for line in lines)
    assert [n for n in numbers if n > 3] == [], lines  # 3 is the folder that ls reads


def test_a_hook_that_floods(box):
    """100 MB with escapes and zeros on each stream: the beginning is shown, the rest read, dropped and counted, no terminal is told what to do,
    and the hooks after it run."""
    flood = "head -c 100000000 /dev/zero | tr '\\0' x"
    box.issue("h.example", args=["--deploy-hook", "printf '\\033[2Jred\\000\\n'; echo >&2 alas; %s; %s >&2" % (flood, flood), "--post-hook", tell(box, "post")])
    r = box.signet("renew", "--force-renewal", "-vv")
    text = r.out + r.err + box.log()
    for shown in (r.out, box.log()):
        assert "ran with output:\n \\x1b[2Jred\\x00\n xxx" in shown
    for shown in (r.err, box.log()):
        assert "ran with error output:\n alas\n xxx" in shown
    for shown in (r.out, r.err):
        assert 98 * 10**6 < int(re.search(r"\((\d+) more bytes are not shown\)", shown).group(1)) < 10**8
    assert order(box)[-1].startswith("post ")
    assert "\033" not in text and "\0" not in text
    assert len(text) < 16 << 20
    box.lineage("h.example").check(version=2)


def test_a_hundred_long_names_reach_the_hooks(box):
    """Some 24,000 bytes of names: no E2BIG, and each name is told."""
    names = ["n%02d.%s.h.example" % (n, ".".join(["x" * 60] * 3)) for n in range(100)]
    words = [w for n in names for w in ("-d", n)]
    box.signet("certonly", "--standalone", *words, "--cert-name", "many", *AGREE, "--deploy-hook", tell(box, "deploy"), "--post-hook", tell(box, "post"), timeout=180)
    told = order(box)
    assert told[0] == "deploy [%s/live/many] [%s] []" % (box.config, " ".join(names))
    assert told[1].startswith("post [] [")


def test_names_reach_hooks_by_the_environment_only(box):
    """The shell is given the administrator's very words."""
    hook = "tr '\\0' '\\n' < /proc/$$/cmdline > %s/argv # $RENEWED_DOMAINS" % box.root
    box.issue("h.example", args=["--deploy-hook", hook])
    assert box.file("argv").rstrip("\n").split("\n") == ["/bin/sh", "-c", hook]


@pytest.mark.parametrize("deed", ["rm -rf $RENEWED_LINEAGE", "rm -rf %(root)s/etc/live %(root)s/etc/renewal", "exec >&- 2>&- <&-; cd /; exit 3",
                                  "rm -rf %(root)s/lib %(root)s/log", "rm -f %(root)s/*/.certbot.lock"])
def test_a_hook_that_does_harm(box, deed):
    """It may do what its user may; the run ends, and so does the next one, with words and without a crash."""
    r = box.issue("h.example", args=["--deploy-hook", deed % {"root": box.root}], check=None)
    assert r.rc in (0, 1), r
    again = box.signet("renew", "--force-renewal", check=None)
    assert again.rc in (0, 1) and (again.rc == 0 or again.err.strip()), again
    box.issue("after.example")
    box.lineage("after.example").check(version=1)
