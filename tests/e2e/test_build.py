"""What is built and installed: the programs find each other, the library can be compiled against."""
import json
import os
import subprocess

import pytest
from harness.box import execute, signet_binary
from harness.ca import ROOT


@pytest.fixture(scope="module")
def build_dir():
    return os.path.dirname(os.path.realpath(signet_binary()))


def test_the_programs_stand_side_by_side_under_all_their_names(build_dir):
    for name in ("signet", "signet-talker", "signet-dns", "certbot", "lego"):
        assert os.access(build_dir + "/" + name, os.X_OK), name
    for link in ("certbot", "lego"):
        assert os.path.realpath(build_dir + "/" + link) == build_dir + "/signet"


def test_it_works_under_the_name_certbot(build_dir, box, tmp_path):
    link = tmp_path / "bin" / "certbot"
    link.parent.mkdir()
    link.symlink_to(build_dir + "/signet")
    argv = [str(link), "certonly", "--standalone", "-d", "byname.example", "--agree-tos", "--register-unsafely-without-email"]
    execute(argv + box.common("certonly"), box.env(), cwd=box.root)
    box.lineage("byname.example").check(version=1)


def test_install(build_dir, box, tmp_path):
    """Into a DESTDIR; then compile a program against what lies there."""
    dest = str(tmp_path / "dest")
    subprocess.run(["meson", "install", "-C", build_dir, "--no-rebuild", "--quiet"], check=True, env=dict(os.environ, DESTDIR=dest),
                   stdout=subprocess.DEVNULL)
    prefix = dest + "/usr/local"
    assert os.access(prefix + "/bin/signet", os.X_OK) and os.access(prefix + "/libexec/signet/signet-talker", os.X_OK)
    assert os.path.isfile(prefix + "/include/signet/acme.h") and os.path.isfile(prefix + "/include/signet/types.h")
    pc = [os.path.join(at, f) for at, _, files in os.walk(dest) for f in files if f == "signet.pc"]
    lib = [at for at, _, files in os.walk(dest) for f in files if f == "libsignet.a"]
    assert pc and lib
    source = tmp_path / "use.c"
    source.write_text('#include <signet/acme.h>\n#include <stdio.h>\nint main(void) { puts(signet_version()); puts(signet_strerror(SIGNET_ENET)); return 0; }\n')
    flags = subprocess.run(["pkg-config", "--cflags", "--libs", "signet"], check=True, text=True, stdout=subprocess.PIPE,
                           env=dict(os.environ, PKG_CONFIG_PATH=os.path.dirname(pc[0]), PKG_CONFIG_SYSROOT_DIR=dest)).stdout.split()
    options = json.loads(subprocess.run(["meson", "introspect", build_dir, "--buildoptions"], check=True, text=True, stdout=subprocess.PIPE).stdout)
    sanitizers = next(o["value"] for o in options if o["name"] == "b_sanitize")
    sanitize = [] if sanitizers == "none" else ["-fsanitize=" + sanitizers]
    subprocess.run(["cc", "-std=c99", "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-o", str(tmp_path / "use"), str(source)] + flags + sanitize, check=True)
    example = [ROOT + "/examples/embed.c", "-o", str(tmp_path / "embed")]
    subprocess.run(["cc", "-std=gnu17", "-Wall", "-Wextra", "-Werror"] + example + flags + ["-lcurl", "-lcrypto"] + sanitize, check=True)
    static = ["-I" + prefix + "/include", lib[0] + "/libsignet.a", "-ljansson", "-lcurl", "-lcrypto"]
    subprocess.run(["cc", "-std=gnu17"] + example + static + sanitize, check=True)
    out = execute([str(tmp_path / "use")], box.env({"LD_LIBRARY_PATH": lib[0]})).out.splitlines()
    assert len(out) == 2 and out[0][0].isdigit() and out[1]


def test_the_public_headers_are_fit_for_cplusplus(tmp_path):
    source = tmp_path / "use.cc"
    source.write_text('extern "C++" {\n#include <signet/acme.h>\n}\nint main() { return 0; }\n')
    subprocess.run(["clang", "-x", "c++", "-fsyntax-only", "-nostdinc++", "-Werror", "-I", ROOT + "/include", str(source)], check=True)
