# What a DNS script of acme.sh (dns_NAME.sh) expects to find around it, so that it runs unchanged. Called as
#   sh -c TEXT signet-acmesh SCRIPT add|rm NAME VALUE
# with SIGNET_ACMESH_CONF (the file where scripts keep what they were given). Headers, URLs and bodies, in which credentials stand, go
# to curl through its standard input and files that nobody else can read, never as arguments.
umask 077
signet_tmp=$(mktemp -d "${TMPDIR:-/tmp}/signet-acmesh.XXXXXX") || exit 1
trap 'rm -rf "$signet_tmp"' EXIT
trap 'exit 130' INT TERM HUP
HTTP_HEADER=$signet_tmp/header
ACCOUNT_CONF_PATH=$SIGNET_ACMESH_CONF
LE_WORKING_DIR=${LE_WORKING_DIR:-$HOME/.acme.sh}
DEBUG=${SIGNET_ACMESH_DEBUG:-0}
export HTTP_HEADER ACCOUNT_CONF_PATH LE_WORKING_DIR
: >"$HTTP_HEADER"

# ---- talking ----
_info() { [ $# -gt 1 ] && printf "%s='%s'\n" "$1" "$2" || printf '%s\n' "$1"; }
_err() { _info "$@" >&2; return 1; }
_signet_debug() { [ "$DEBUG" -lt "$1" ] || { shift; _info "$@" >&2; }; return 0; }
_debug() { _signet_debug 1 "$@"; }
_debug2() { _signet_debug 2 "$@"; }
_debug3() { _signet_debug 3 "$@"; }
_secure_debug() { _signet_debug 1 "${1-}" "(hidden)"; }
_secure_debug2() { _signet_debug 2 "${1-}" "(hidden)"; }
_secure_debug3() { _signet_debug 3 "${1-}" "(hidden)"; }
_log() { :; }
__green() { printf '%s' "$1"; }
__red() { printf '%s' "$1"; }

# ---- text ----
_exists() { command -v "$1" >/dev/null 2>&1; }
_startswith() { case $1 in "$2"*) return 0 ;; esac; return 1; }
_endswith() { case $1 in *"$2") return 0 ;; esac; return 1; }
_contains() { printf '%s\n' "$1" | grep -- "$2" >/dev/null 2>&1; }
_hasfield() {
    case "${3-,}$1${3-,}" in *"${3-,}$2${3-,}"*) return 0 ;; esac
    return 1
}
_getfield() { printf '%s\n' "$1" | cut -d "${3:-,}" -f "$2"; }
_lower_case() { tr '[A-Z]' '[a-z]'; }
_upper_case() { tr '[a-z]' '[A-Z]'; }
_egrep_o() { grep -E -o -- "$1" 2>/dev/null; }
_head_n() { head -n "$1"; }
_tail_n() { tail -n "$1"; }
_math() { printf '%s' "$(($*))"; }
_h_char_2_dec() { printf '%d' "0x$1"; }
_stripquotes() { sed 's/^"\(.*\)"$/\1/'; }
_ascii_hex() { _hex_dump | tr -d ' '; }
_hex_dump() { od -A n -v -t x1 | tr -s ' ' | sed 's/ $//' | tr -d '\r\t\n'; }
_h2b() {
    _signet_hex=$(cat)
    if _exists xxd; then
        printf '%s' "$_signet_hex" | xxd -r -p
    else
        printf "$(printf '%s' "$_signet_hex" | tr -d ' \n' | tr 'A-F' 'a-f' | awk '{
            for (i = 1; i < length($0); i += 2) {
                n = (index("0123456789abcdef", substr($0, i, 1)) - 1) * 16 + index("0123456789abcdef", substr($0, i + 1, 1)) - 1
                printf "\\%03o", n
            }
        }')"
    fi
}
_url_encode() {
    _signet_case=${1-}
    _hex_dump | tr -s ' ' '\n' | while read -r _signet_b || [ -n "$_signet_b" ]; do
        case $_signet_b in
        '') ;;
        2d | 2e | 5f | 7e | 3[0-9] | 4[1-9a-f] | 5[0-9a] | 6[1-9a-f] | 7[0-9a]) printf '%s' "$_signet_b" | _h2b ;;
        *) [ "$_signet_case" = upper-hex ] && printf '%%%s' "$(printf '%s' "$_signet_b" | _upper_case)" || printf '%%%s' "$_signet_b" ;;
        esac
    done
}
_url_replace() { tr '/+' '_-' | tr -d '= '; }
_base64() { [ "${1-}" ] && openssl base64 -e || openssl base64 -e -A; }
_dbase64() { [ "${1-}" ] && openssl base64 -d || openssl base64 -d -A; }
_digest() {
    if [ "${2-}" ]; then openssl dgst "-$1" -hex | sed 's/^.*= *//'; else openssl dgst "-$1" -binary | _base64; fi
}
_hmac() {
    # the key is no argument of a program: awk and openssl would show it
    cat >"$signet_tmp/message"
    printf '%s' "$2" >"$signet_tmp/key"
    if _exists python3; then
        python3 -c 'import binascii, hashlib, hmac, sys
d = sys.argv[1]
m = hmac.new(bytes.fromhex(open(d + "/key").read()), open(d + "/message", "rb").read(), getattr(hashlib, sys.argv[2])).digest()
sys.stdout.buffer.write(binascii.hexlify(m) if len(sys.argv) > 3 else m)' "$signet_tmp" "$1" ${3:+hex}
    elif [ "${3-}" ]; then
        openssl dgst "-$1" -mac HMAC -macopt "hexkey:$2" <"$signet_tmp/message" | sed 's/^.*= *//'
    else
        openssl dgst "-$1" -mac HMAC -macopt "hexkey:$2" -binary <"$signet_tmp/message"
    fi
    rm -f "$signet_tmp/message" "$signet_tmp/key"
}
_sign() { openssl dgst -sign "$1" "-${2:-sha256}" | _base64; }
_json_encode() { awk 'BEGIN { ORS = "" } NR > 1 { print "\\n" } { gsub(/\\/, "\\\\\\\\"); gsub(/"/, "\\\""); gsub(/\r/, "\\r"); gsub(/\t/, "\\t"); print }'; }
_json_decode() { sed -e 's/\\"/"/g' -e 's:\\/:/:g' -e 's/\\\\/\\/g'; }
_normalizeJson() { sed -e 's/" *: *\(["{[]\)/":\1/g' -e 's/^ *\([^ ]\)/\1/' | tr -d '\r\n'; }
_is_idn() { printf '%s' "$1" | LC_ALL=C grep -q '[^ -~]'; }
_idn() {
    if ! _is_idn "$1"; then printf '%s' "$1"
    elif _exists idn2; then idn2 "$1" | tr -d '\r\n'
    else idn --quiet "$1" | tr -d '\r\n'; fi
}
_time() { date -u +%s; }
_utc_date() { date -u '+%Y-%m-%d %H:%M:%S'; }
_sleep() { sleep "$1"; }
_mktemp() { mktemp "$signet_tmp/XXXXXX"; }

# ---- what scripts keep ----
_signet_read() { # FILE KEY
    [ -r "$1" ] || return 0
    sed -n "s/^$2='\(.*\)'\$/\1/p" "$1" | tail -n 1 | {
        read -r _signet_v || :
        case $_signet_v in
        __ACME_BASE64__START_*__ACME_BASE64__END_)
            _signet_v=${_signet_v#__ACME_BASE64__START_}
            printf '%s' "${_signet_v%__ACME_BASE64__END_}" | _dbase64
            ;;
        *) printf '%s' "$_signet_v" ;;
        esac
    }
}
_readaccountconf() {
    _signet_value=$(_signet_read "$SIGNET_ACMESH_CONF" "$1")
    [ "$_signet_value" ] || _signet_value=$(_signet_read "$LE_WORKING_DIR/account.conf" "$1")
    printf '%s' "$_signet_value"
}
_readaccountconf_mutable() { _readaccountconf "SAVED_$1"; }
_clearaccountconf() {
    [ -e "$SIGNET_ACMESH_CONF" ] || return 0
    grep -v "^$1=" "$SIGNET_ACMESH_CONF" >"$signet_tmp/conf" || :
    cat "$signet_tmp/conf" >"$SIGNET_ACMESH_CONF"
}
_clearaccountconf_mutable() { _clearaccountconf "SAVED_$1"; }
_saveaccountconf() { # KEY VALUE [base64]
    [ "${2-}" ] || return 0
    case "${3-}$2" in
    base64* | *\'* | *'
'*) _signet_value=__ACME_BASE64__START_$(printf '%s' "$2" | _base64)__ACME_BASE64__END_ ;;
    *) _signet_value=$2 ;;
    esac
    mkdir -p "$(dirname "$SIGNET_ACMESH_CONF")"
    _clearaccountconf "$1"
    printf "%s='%s'\n" "$1" "$_signet_value" >>"$SIGNET_ACMESH_CONF"
}
_saveaccountconf_mutable() { _saveaccountconf "SAVED_$1" "${2-}" "${3-}"; }
_readdomainconf() { _readaccountconf "${signet_domain}_$1"; }
_savedomainconf() { _saveaccountconf "${signet_domain}_$1" "${2-}" "${3-}"; }
_cleardomainconf() { _clearaccountconf "${signet_domain}_$1"; }
_getdeployconf() { :; }

# ---- HTTP ----
_inithttp() { :; }
_resethttp() { :; }
_signet_quoted() { printf '%s' "$1" | sed -e 's/\\/\\\\/g' -e 's/"/\\"/g'; }
_signet_curl() { # METHOD URL BODY-FILE TYPE
    {
        printf 'url = "%s"\n' "$(_signet_quoted "$2")"
        for _signet_h in "${_H1-}" "${_H2-}" "${_H3-}" "${_H4-}" "${_H5-}" ${4:+"Content-Type: $4"}; do
            [ -z "$_signet_h" ] || printf 'header = "%s"\n' "$(_signet_quoted "$_signet_h")"
        done
        [ -z "${HTTPS_INSECURE-}" ] || echo insecure
        [ -z "${CA_BUNDLE-}" ] || printf 'cacert = "%s"\n' "$(_signet_quoted "$CA_BUNDLE")"
        [ -z "$3" ] || printf 'data-binary = "@%s"\n' "$3"
        case $1 in
        HEAD) echo head ;;
        GET) [ -z "$3" ] || echo 'request = "GET"' ;;
        *) printf 'request = "%s"\n' "$1" ;;
        esac
    } | curl --silent --show-error --location --user-agent "${USER_AGENT:-signet}" --dump-header "$HTTP_HEADER" \
        --connect-timeout 30 --max-time "${_signet_time:-120}" --config -
}
_get() { # URL [only the header] [seconds]
    _signet_time=${3-}
    if [ "${2-}" ]; then
        _signet_curl HEAD "$1" "" "" | tr -d '\r'
        _ret=0
    else
        _signet_curl GET "$1" "" ""
        _ret=$?
    fi
    _signet_time=
    return $_ret
}
_post() { # BODY URL [answer in base64] [METHOD] [TYPE]
    printf '%s' "$1" >"$signet_tmp/body"
    if [ "${3-}" ]; then _signet_curl "${4:-POST}" "$2" "$signet_tmp/body" "${5-}" | _base64; else _signet_curl "${4:-POST}" "$2" "$signet_tmp/body" "${5-}"; fi
    _ret=$?
    rm -f "$signet_tmp/body"
    return $_ret
}

# ---- the script ----
signet_script=$1
signet_action=$2
signet_domain=$(printf '%s' "${3#_acme-challenge.}" | tr -c 'a-zA-Z0-9\n' _)
signet_name=${1##*/}
signet_name=${signet_name%.sh}
. "$signet_script" || exit 1
"${signet_name}_$signet_action" "$3" "$4"
