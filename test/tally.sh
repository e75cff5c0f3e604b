#!/bin/sh
# tally.sh RUNG PROGRAM... - runs each test program and adds up what their last lines say.
# A program prints "NAME: N passed, N failed, N skipped"; one that ends badly without such a line, or
# with a bad status and no failure in it, counts as one failure.
rung=$1
shift
passed=0 failed=0 skipped=0
out=$(mktemp)
trap 'rm -f "$out"' EXIT
for program; do
    case $program in
    *.sh) sh "$program" > "$out" 2>&1 ;;
    *vectors_*) "./$program" "${VECTORS:-../shared/spec/vectors}" > "$out" 2>&1 ;;
    *) timeout 300 $TEST_WRAPPER "./$program" > "$out" 2>&1 ;;
    esac
    status=$?
    cat "$out"
    counts=$(sed -n 's/^[^ ]*: \([0-9]*\) passed, \([0-9]*\) failed, \([0-9]*\) skipped$/\1 \2 \3/p' "$out" | tail -n 1)
    # shellcheck disable=SC2086
    set -- ${counts:-0 0 0}
    if [ -z "$counts" ] || { [ $status -ne 0 ] && [ "$2" -eq 0 ]; }; then
        echo "$program: ended with status $status and no failure told"
        set -- "$1" $(($2 + 1)) "$3"
    fi
    passed=$((passed + $1)) failed=$((failed + $2)) skipped=$((skipped + $3))
done
echo "rung $rung: $passed passed, $failed failed, $skipped skipped"
[ $failed -eq 0 ]
