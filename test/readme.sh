#!/bin/sh
# readme.sh - what README shows works: its C program compiles with the house's flags and answers, its shell lines
# run, `make install` puts everything where it says, the copy-in recipe builds, and its links lead somewhere.
passed=0 failed=0 skipped=0
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
unset AWS_PROFILE BEDROCK_MODEL

verdict()
{
    if [ "$2" = 0 ]; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "FAIL readme: $1"
        head -n 20 "$dir/out" | sed 's/^/  /'
    fi
}
asked()
{
    ./bedrock-emulator -- "$@" > "$dir/out" 2>&1 && grep -q Rome "$dir/out"
}

awk '/^```c$/ { on = 1; next } /^```$/ { on = 0 } on' README.md > "$dir/ask.c"
flags="-std=c11 -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Werror $CFLAGS"
make -s install DESTDIR="$dir/root" PREFIX=/usr > "$dir/out" 2>&1
verdict 'make install' $?
# shellcheck disable=SC2086
${CC:-cc} $flags -I"$dir/root/usr/include" "$dir/ask.c" -L"$dir/root/usr/lib" -lbedrock -lbearssl -o "$dir/ask" > "$dir/out" 2>&1
verdict 'the C program compiles against what was installed' $?
asked "$dir/ask"
verdict 'the C program answers' $?
for what in bin/bedrock bin/bedrock-emulator include/bedrock.h lib/libbedrock.a lib/pkgconfig/bedrock.pc share/man/man1/bedrock.1; do
    test -s "$dir/root/usr/$what"
    verdict "installed: $what" $?
done
make -s uninstall DESTDIR="$dir/root" PREFIX=/usr > "$dir/out" 2>&1
test -z "$(find "$dir/root" -type f)"
verdict 'make uninstall leaves nothing' $?

for example in ask stream; do
    asked "./examples/$example"
    verdict "examples/$example" $?
done
for example in many loop_epoll; do
    ./bedrock-emulator -- "./examples/$example" 'What is the capital of Italy?' emulator.slow-v1:0 amazon.nova-lite-v1:0 \
        meta.llama3-70b-instruct-v1:0 > "$dir/out" 2>&1
    # one has no access and fails; the quick one is through before the slow one says its first word
    [ $? -eq 1 ] && [ "$(grep -c Rome "$dir/out")" -eq 2 ] && grep -q 'access to the model' "$dir/out" &&
        [ "$(grep -n 'nova.*Rome' "$dir/out" | cut -d: -f1)" -lt "$(grep -n 'slow.*Rome' "$dir/out" | cut -d: -f1)" ]
    verdict "examples/$example" $?
done
./bedrock-emulator -- ./examples/agent amazon.nova-lite-v1:0 'call add with {"a":40,"b":2}
call weather with {"city":"Rome"}' > "$dir/out" 2> "$dir/err" &&
    grep -q '{"sum":42}' "$dir/out" && grep -q sunny "$dir/out" && grep -q '^\[add ' "$dir/err"
verdict 'examples/agent calls its tools' $?
./bedrock-emulator -- ./examples/agent amazon.nova-lite-v1:0 'call add with {"a":"x"}' > "$dir/out" 2>&1 &&
    grep -q 'tool failed: "a and b must be' "$dir/out"
verdict 'examples/agent: a tool that fails' $?
./bedrock-emulator -- ./examples/agent fault.broken-input hi > "$dir/out" 2>&1
[ $? -eq 1 ] && [ "$(grep -c '^\[weather' "$dir/out")" -eq 9 ] && grep -q 'end of turn 10' "$dir/out"
verdict 'examples/agent: a model that asks without end' $?
./bedrock-emulator -- ./examples/agent fault.exception-throttlingException hi > "$dir/out" 2>&1
test $? -eq 1
verdict 'examples/agent: a call that fails' $?
if [ -z "$CFLAGS" ]; then
    mkdir "$dir/copy"
    cp ./*.h ./*.c "$dir/copy" && cp "$dir/ask.c" "$dir/copy/main_.c"
    # shellcheck disable=SC2086
    (cd "$dir/copy" && ${CC:-cc} $flags -O1 -I. -isystem /usr/include/bearssl ./*.c -lbearssl -o ask) > "$dir/out" 2>&1
    verdict 'the sources copied in and compiled with the program' $?
    asked "$dir/copy/ask"
    verdict 'the copied-in program answers' $?
else
    skipped=$((skipped + 2))
    echo 'SKIP readme: copy-in recipe (needs no CFLAGS)'
fi

# the shell lines, with the bedrock of this tree; jq and git may be missing and are not the point
sed -n 's/^    \(bedrock \(models\|converse\|invoke\|tokens\|guard\|api\) .*\)/\1/p' README.md | sed 's/ | jq .*//' > "$dir/lines"
printf '{"modelId":"amazon.nova-lite-v1:0","messages":[{"role":"user","content":[{"text":"hi"}]}]}' > "$dir/request.json"
printf '\211PNG\r\n\032\n' > "$dir/chart.png"
printf '%%PDF-1.7' > "$dir/report.pdf"
printf '[{"type":"function","function":{"name":"weather","parameters":{"type":"object"}}}]' > "$dir/tools.json"
printf '#!/bin/sh\necho sunny\n' > "$dir/weather" && chmod +x "$dir/weather"
printf '[{"role":"user","content":[{"text":"hi"}]},{"role":"assistant","content":[{"text":"Hello"}]}]' > "$dir/so-far.json"
here=$(pwd)
while IFS= read -r line; do
    (cd "$dir" && PATH="$here:$PATH" bedrock-emulator -- sh -c "$line" < /dev/null > "$dir/out" 2>&1)
    verdict "shell line: $line" $?
done < "$dir/lines"
test "$(wc -l < "$dir/lines")" -ge 17
verdict 'README has shell lines' $?
if command -v jq > /dev/null; then
    (cd "$dir" && eval "$(sed -n 's/^    \(jq .*\)/\1/p' "$here/README.md")" &&
        PATH="$here:$PATH" bedrock converse -m m --messages so-far.json --dry-run more < /dev/null) > "$dir/out" 2>&1 &&
        grep -q 'capital of Italy.*Rome.*more' "$dir/out"
    verdict 'a conversation that goes on' $?
else
    skipped=$((skipped + 1))
    echo 'SKIP readme: a conversation that goes on (no jq)'
fi

for link in $(sed -n 's/.*](\([^)#]*\)).*/\1/p' README.md SECURITY.md); do
    case $link in
    http*) ;;
    *) test -e "$link"; verdict "link to $link" $? ;;
    esac
done
echo "readme.sh: $passed passed, $failed failed, $skipped skipped"
[ $failed -eq 0 ]
