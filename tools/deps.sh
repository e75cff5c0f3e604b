#!/bin/sh
# deps.sh [GOAL...] - installs what is missing for `make GOAL`, by apt or apk, and says so.
# BearSSL and a compiler always; for the tests also what their rungs need. Without a goal: all of it.
want_tests=0
case " $* " in
'  ' | ' deps ' | *' test '* | *' bench '* | *' fuzz '* | *' asan '* | *' interop '*) want_tests=1 ;;
esac

have_bearssl()
{
    printf '#include <bearssl.h>\nint main(void) { return br_ssl_client_init_full == 0; }\n' |
        ${CC:-cc} -isystem /usr/include/bearssl -x c - -lbearssl -o /dev/null 2> /dev/null
}

# NAME-OF-COMMAND apt-package apk-package
missing=
need()
{
    command -v "$1" > /dev/null && return
    [ "$manager" = apt ] && missing="$missing $2" || missing="$missing $3"
}

if command -v apt-get > /dev/null; then
    manager=apt
elif command -v apk > /dev/null; then
    manager=apk
else
    manager=none
fi
need cc 'gcc libc6-dev' 'gcc musl-dev'
need make make make
if ! command -v cc > /dev/null || ! have_bearssl; then
    [ $manager = apt ] && missing="$missing libbearssl-dev" || missing="$missing bearssl-dev"
fi
if [ $want_tests = 1 ]; then
    need openssl openssl openssl
    need curl curl curl
    need tinyproxy tinyproxy-bin tinyproxy
    need clang clang clang
    need valgrind valgrind valgrind
    need node nodejs nodejs
    need npm npm npm
    need script bsdutils util-linux-misc
    need nm binutils binutils
    need strace strace strace
    need jq jq jq
    if [ $manager = apt ]; then
        need musl-gcc musl-tools ''
        # the sanitizers and the fuzzer of clang
        command -v clang > /dev/null && ! ls /usr/lib/llvm-*/lib/clang/*/lib/linux/libclang_rt.fuzzer-*.a > /dev/null 2>&1 &&
            missing="$missing libclang-rt-dev"
        command -v clang > /dev/null || missing="$missing libclang-rt-dev"
        [ -f /etc/ssl/certs/ca-certificates.crt ] || missing="$missing ca-certificates"
    fi
fi
if [ -z "$missing" ]; then
    echo 'deps: nothing is missing'
else
    root=
    [ "$(id -u)" = 0 ] || root=sudo
    if [ -n "$root" ] && ! command -v sudo > /dev/null; then
        case $manager in
        apt) how="apt-get install$missing" ;;
        apk) how="apk add$missing" ;;
        none) how="install$missing by hand" ;;
        esac
        echo "deps: not root, and there is no sudo; as root: $how" >&2
        exit 1
    fi
    echo "deps: installing$missing"
    case $manager in
    apt)
        # shellcheck disable=SC2086
        $root apt-get update -qq && $root env DEBIAN_FRONTEND=noninteractive \
            apt-get install -y -qq --no-install-recommends $missing > /dev/null || exit 1
        ;;
    apk)
        # shellcheck disable=SC2086
        $root apk add -q $missing || exit 1
        ;;
    none)
        echo 'deps: neither apt-get nor apk is here; install these by hand' >&2
        exit 1
        ;;
    esac
fi
# the peers of the interop rung; without them it is skipped with a line that says so
modules=test/interop/node_modules/.package-lock.json
if [ $want_tests = 1 ] && command -v npm > /dev/null &&
    { [ ! -f $modules ] || [ test/interop/package.json -nt $modules ]; }; then
    echo 'deps: installing the npm packages of test/interop'
    (cd test/interop && npm install --silent --no-audit --no-fund --no-package-lock --fetch-retries=0) ||
        echo 'deps: npm did not install them; the interop rung will be skipped'
fi
exit 0
