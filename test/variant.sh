#!/bin/sh
# variant.sh clang|musl|asan|valgrind - the tests again, built another way, in a copy of the tree
# under .build/, so that no object of one build is linked into another.
set -e
variant=$1
command='make check'
case $variant in
clang) tool=clang; set -- CC=clang ;;
musl)
    tool=musl-gcc
    set -- CC=musl-gcc LDFLAGS=-static BEARSSL_LIBS="$(gcc -print-file-name=libbearssl.a)"
    ;;
asan)
    tool=cc
    flags='-O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=all'
    set -- CFLAGS="$flags"
    command='make check vectors replay emulator'
    ;;
valgrind) tool=valgrind; set -- CFLAGS='-O1 -g' ;;
*) echo "variant.sh: clang, musl, asan or valgrind" >&2; exit 2 ;;
esac
if ! command -v "$tool" > /dev/null; then
    echo "SKIP variant $variant: $tool is not installed (make deps)"
    echo "rung $variant: 0 passed, 0 failed, 1 skipped"
    exit 0
fi
dir=.build/$variant
mkdir -p "$dir"
# only sources and their data: times are kept, so that a second run compiles what changed
tar cf - --exclude='*.o' --exclude='*.a' --exclude=.build --exclude=.git --exclude=node_modules \
    Makefile LICENSE ./*.md ./*.in ./*.[ch] cli test fuzz tools bench examples doc | (cd "$dir" && tar xf -)
VECTORS=$(cd ../shared/spec/vectors 2> /dev/null && pwd) || VECTORS=absent
set -- VECTORS="$VECTORS" "$@"
cd "$dir"
make -j "$(nproc 2> /dev/null || echo 2)" WERROR=-Werror "$@" programs
if [ "$variant" = valgrind ]; then
    TEST_WRAPPER='valgrind -q --error-exitcode=99 --leak-check=full --errors-for-leak-kinds=definite,indirect,possible'
    export TEST_WRAPPER
fi
$command WERROR=-Werror "$@"
