#!/bin/sh
# run.sh SECONDS - lets clang's fuzzer loose on each target, starting from the kept corpus. New inputs go to
# fuzz/new; what it finds is kept in fuzz/corpus under a name that says what it is, with a test beside it.
set -e
seconds=${1:-60}
command -v clang > /dev/null || { echo 'run.sh: clang is not installed (make deps)' >&2; exit 1; }
sources=$(ls ./*.c)
for target in fuzz/fuzz_*.c; do
    name=$(basename "$target" .c | sed 's/^fuzz_//')
    mkdir -p "fuzz/new/$name"
    echo "== $name"
    # shellcheck disable=SC2086
    clang -std=c11 -O1 -g -I. -isystem /usr/include/bearssl -fsanitize=fuzzer,address,undefined \
        -fno-sanitize-recover=all -o "fuzz/run_$name" "$target" test/t.c test/mock.c $sources -lbearssl
    "./fuzz/run_$name" -max_total_time="$seconds" -timeout=5 -rss_limit_mb=1024 -print_final_stats=1 \
        -artifact_prefix="fuzz/new/$name-" "fuzz/new/$name" "fuzz/corpus/$name" 2>&1 |
        grep -E 'ERROR|SUMMARY|stat::number_of_executed_units|Test unit written|abort' || true
done
