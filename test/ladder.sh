#!/bin/sh
# ladder.sh - every rung of tests, from the inside out; ends with one line over all of them.
# A rung is a command that prints "rung NAME: N passed, N failed, N skipped"; one that ends badly and
# counted no failure is one.
passed=0 failed=0 skipped=0
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
jobs=$(nproc 2>/dev/null || echo 2)
[ "$(id -u)" = 0 ] && export npm_config_update_notifier=false

rung()
{
    name=$1
    shift
    echo "== $name"
    began=$(date +%s)
    "$@" > "$dir/out" 2>&1
    status=$?
    # all that failed or was skipped, and the sums; not the thousand lines of a compiler that is content
    grep -E '^(FAIL|SKIP|rung|  |==[0-9])|ended with|: .*(error|warning)|: [0-9]+ passed, [0-9]+ failed' "$dir/out"
    before=$failed
    while read -r p f s; do
        passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
    done <<END
$(sed -n 's/^rung [^ ]*: \([0-9]*\) passed, \([0-9]*\) failed, \([0-9]*\) skipped$/\1 \2 \3/p' "$dir/out")
END
    if [ $status -ne 0 ] && [ $failed -eq $before ]; then
        echo "FAIL $name: ended with status $status; its last lines:"
        tail -n 25 "$dir/out"
        failed=$((failed + 1))
    fi
    echo "   ($(($(date +%s) - began)) s)"
}

rung build make -j "$jobs" WERROR=-Werror programs
rung check make check
rung vectors make vectors
rung replay make replay
rung emulator make emulator
rung symbols sh test/symbols.sh
rung clang sh test/variant.sh clang
rung musl sh test/variant.sh musl
rung asan sh test/variant.sh asan
rung valgrind sh test/variant.sh valgrind
rung interop make interop
echo "$passed passed, $failed failed, $skipped skipped"
[ $failed -eq 0 ]
