# For tests/setup/pebble and its like: a private apt on the distribution's development suite. Wants $root and die(), may be given $work;
# gives $work, $suite and apt(). Nothing of the machine's own apt is touched.
. /etc/os-release
case " $ID ${ID_LIKE-} " in
*" ubuntu "*) distro=Ubuntu suite=devel components="main universe" keyring=/usr/share/keyrings/ubuntu-archive-keyring.gpg ;;
*" debian "*) distro=Debian suite=sid components=main keyring=/usr/share/keyrings/debian-archive-keyring.gpg ;;
*) die "$ID is neither Debian nor Ubuntu" ;;
esac
[ -r "$keyring" ] || die "$keyring is missing (install ${distro,,}-archive-keyring or ubuntu-keyring)"

# The mirror: first the source that calls itself the distribution's main archive. Before the first `apt-get update` a source has
# no label yet; then the first one that ends like one.
mirror=$(apt-get indextargets --format '$(ORIGIN)|$(LABEL)|$(REPO_URI)' "Created-By: Packages" 2>/dev/null |
    awk -F'|' -v d="$distro" '$1 == d && $2 == d { print $3; exit }')
[ -n "$mirror" ] || mirror=$(apt-get indextargets --format '$(REPO_URI)' "Created-By: Packages" 2>/dev/null |
    grep -v security | grep -m1 -E "/${distro,,}(-ports)?/?\$") || true
[ -n "$mirror" ] || die "apt's configuration names no mirror of $distro's main archive (see: apt-get indextargets)"
case $mirror in
http://* | https://* | mirror+http* | file:/* | copy:/* | cdrom:*) ;;
*) die "apt's mirror has a form this script does not know: $mirror" ;;
esac

work=${work:-$root/build/apt}
rm -rf "$work"
mkdir -p "$work/lists/partial" "$work/cache/archives/partial" "$work/deb"
: >"$work/status"
printf 'deb [signed-by=%s] %s %s %s\n' "$keyring" "$mirror" "$suite" "$components" >"$work/sources.list"
# Read after the machine's own files, so proxies and credentials stay as they are and only the places change.
cat >"$work/apt.conf" <<CONF
Dir::Etc::sourcelist "$work/sources.list";
Dir::Etc::sourceparts "/dev/null";
Dir::Etc::preferences "/dev/null";
Dir::Etc::preferencesparts "/dev/null";
Dir::Etc::trusted "/dev/null";
Dir::Etc::trustedparts "/dev/null";
Dir::State "$work";
Dir::State::lists "$work/lists";
Dir::State::status "$work/status";
Dir::Cache "$work/cache";
Dir::Cache::archives "$work/cache/archives";
Dir::Log "$work";
Acquire::Retries "2";
Acquire::Languages "none";
Acquire::http::Timeout "60";
APT::Sandbox::User "";
APT::Get::List-Cleanup "false";
#clear APT::Update::Pre-Invoke;
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
#clear DPkg::Post-Invoke;
CONF
targets=$(apt-config dump 2>/dev/null | sed -n 's/^\(Acquire::IndexTargets::deb::[^:]*\)::MetaKey .*/\1/p' | grep -v '::Packages$' || true)
for t in $targets; do
    printf '%s::DefaultEnabled "false";\n' "$t" >>"$work/apt.conf"
done
apt() { command apt-get -q -c="$work/apt.conf" "$@" </dev/null >&2; }
