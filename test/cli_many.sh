#!/bin/sh
# cli_many.sh - `bedrock converse` with many models, inference profiles and warm connections, against the
# emulator: sh test/cli_many.sh [BEDROCK [EMULATOR]], from the top of the tree.
. test/cli_lib.sh
pro=amazon.nova-pro-v1:0
jamba=ai21.jamba-1-5-mini-v1:0
base=anthropic.claude-3-7-sonnet-20250219-v1:0      # through a profile only: us.
local4=anthropic.claude-sonnet-4-20250514-v1:0      # likewise: us., global., and one of this Region
alone=emulator.provisioned-v1:0                     # on demand neither, and no profile has it
end='--- Latency: [0-9]*ms - Input tokens:[0-9]* - Output tokens:[0-9]* ---'
hi='You said: "hi".'

# counted N TEXT NAME: so many lines of stderr hold the text
counted()
{
    ok "$3: $(grep -c -e "$2" "$dir/err") lines, not $1" test "$(grep -c -e "$2" "$dir/err")" -eq "$1"
}
# until_holds FILE TEXT: waits until it does, ten seconds at most
until_holds()
{
    u_left=100
    while [ $u_left -gt 0 ] && ! grep -q -e "$2" "$1" 2> /dev/null; do
        sleep 0.1
        u_left=$((u_left - 1))
    done
    grep -q -e "$2" "$1"
}

# ---- What takes its time, in the background: judged at the end ----

"$emulator" --slow-control 60000 -- "$bedrock" converse -m $base hi > "$dir/slow.out" 2> "$dir/slow.err" &
slow=$!
"$bedrock" converse --stream -m fault.stall -m fault.big-70000000 -m $nova --read-timeout 4 \
    --endpoint-url "$BEDROCK_EMULATOR_HTTP" hi > "$dir/big.out" 2> "$dir/big.err" &
big=$!

# ---- Order ----

t 'the order is that of -m' 0 "Model: fault.slow-150$nl$hi$nl$end$nl${nl}Model: $nova$nl$hi$nl$end$nl${nl}Model: $pro$nl$hi$nl$end" '' \
    converse -m fault.slow-150 -m $nova -m $pro hi
t 'the same in a stream' 0 "Model: fault.slow-150$nl$hi$nl$end$nl${nl}Model: $nova$nl$hi$nl$end$nl${nl}Model: $pro$nl$hi$nl$end" '' \
    converse --stream -m fault.slow-150 -m $nova -m $pro hi
t '--unordered' 0 "Model: $nova$nl$hi$nl$end$nl${nl}Model: fault.slow-400$nl$hi$nl$end" '' \
    converse --unordered -m fault.slow-400 -m $nova hi
t '--unordered in a stream' 0 "Model: $nova$nl$hi$nl$end$nl${nl}Model: fault.slow-400$nl$hi$nl$end" '' \
    converse --unordered --stream -m fault.slow-400 -m $nova hi
t '--unordered with one model' 0 "$hi" '' converse --unordered --stream -m $nova hi
t 'the same twice is asked twice' 0 "Model: $nova$nl$hi$nl$end$nl${nl}Model: $nova$nl$hi$nl$end" '' \
    converse -m $nova -m $nova hi
t 'reasoning of one that waited' 0 "Model: fault.slow-100*$nl${nl}Model: $claude$nl$thought$nl${nl}Rome. *$nl$end" '' \
    converse --stream -m fault.slow-100 -m $claude "$ask"
t 'no remark from one that waited comes before its answer' 0 "*" \
    "bedrock: fault.slow-100: the answer was cut*${nl}bedrock: $nova: the answer was cut*" \
    converse -m fault.slow-100 -m $nova --max-tokens 1 hi

# ---- Side by side ----

# sent: how many requests were out when the first answer came
sent()
{
    awk '/^> POST/ { n++ } /^< HTTP/ { print n; exit }' "$dir/err"
}
slow8='-m fault.slow-200 -m fault.slow-200 -m fault.slow-200 -m fault.slow-200 -m fault.slow-200
    -m fault.slow-200 -m fault.slow-200 -m fault.slow-200'
for n in 1 2 256; do
    # shellcheck disable=SC2086
    "$bedrock" converse -v --endpoint-url "$BEDROCK_EMULATOR_HTTP" --parallel $n -m fault.slow-100 -m fault.slow-100 \
        -m fault.slow-100 -m fault.slow-100 -m fault.slow-100 hi > "$dir/out" 2> "$dir/err"
    most=$((n < 5 ? n : 5))
    ok "--parallel $n: $(sent) requests at first" test "$(sent)" -eq $most
    counted $most '^\* connecting' "--parallel $n: connections"
    ok "--parallel $n: all answers" test "$(grep -c '^Model: ' "$dir/out")" -eq 5
done
# shellcheck disable=SC2086
"$bedrock" converse -v --endpoint-url "$BEDROCK_EMULATOR_HTTP" $slow8 -m $nova -m $nova hi > "$dir/out" 2> "$dir/err"
ok "eight at a time by default, not $(sent)" test "$(sent)" -eq 8
counted 8 '^\* connecting' 'and the others take over their connections'
for n in 0 257 -1 x; do
    bad "--parallel $n" '--parallel takes a whole number from 1 to 256, not *' converse --parallel $n -m $nova hi
done
# more calls than there may be descriptors: what cannot connect yet waits
# shellcheck disable=SC2086,SC3045
(ulimit -n 24 && "$bedrock" converse --endpoint-url "$BEDROCK_EMULATOR_HTTP" $slow8 $slow8 --parallel 16 hi) \
    > "$dir/out" 2> "$dir/err"
status=$?
judge 'few descriptors' 0 "Model: *$hi$nl*" ''
ok 'few descriptors, no failure' sh -c "! grep -q ^Error: '$dir/out'"

# a signal that comes twice, to the child and to its group, is one: what is complete is printed
if command -v timeout > /dev/null; then
    timeout -s INT 0.6 "$bedrock" converse -m $nova -m fault.stall -m $pro hi > "$dir/out" 2> "$dir/err"
    ok 'a doubled SIGINT' test "$(grep -c '^You said' "$dir/out")" = 2
else
    skip 'a doubled SIGINT: no timeout(1)'
fi

# ---- As it arrives ----

"$bedrock" converse --stream -m fault.pace-150-8 -m $nova hi > "$dir/live1" 2>&1 &
pid1=$!
"$bedrock" converse --stream -m fault.slow-200 -m fault.pace-100-12 hi > "$dir/live2" 2>&1 &
pid2=$!
ok 'the first one is live' until_holds "$dir/live1" 'delta 0000001'
ok 'and not yet complete' kill -0 $pid1
ok 'the second one waits' test "$(grep -c "$nova" "$dir/live1")" -eq 0
ok 'what was kept of the next one comes with its turn' until_holds "$dir/live2" 'Model: fault.pace.*'
ok 'what follows comes as it arrives' until_holds "$dir/live2" 'delta 0000003'
ok 'still it is not complete' kill -0 $pid2
wait $pid1
status=$?
cp "$dir/live1" "$dir/out"
: > "$dir/err"
judge 'both in the end' 0 "Model: fault.pace-150-8${nl}delta 0000000 *delta 0000007 *$nl$end$nl${nl}Model: $nova$nl$hi$nl$end" ''
wait $pid2
ok 'the other one too' grep -q 'delta 0000011' "$dir/live2"

# ---- Failures ----

t 'the first fails, the kept one follows' 1 "Model: fault.exception-throttlingException${nl}You said:${nl}Error: ThrottlingException: *$nl${nl}Model: $nova$nl$hi$nl$end" \
    'hint: *' converse --stream -m fault.exception-throttlingException -m $nova hi
t 'one in the middle' 1 "Model: $nova$nl$hi$nl$end$nl${nl}Model: $llama${nl}Error: AccessDeniedException: *$nl${nl}Model: $pro$nl$hi$nl$end" \
    'hint: *' converse -m $nova -m $llama -m $pro hi
t 'one that was cut after text, kept' 1 "Model: fault.slow-200*Model: fault.bad-crc${nl}You${nl}Error: PROTOCOL: *$nl${nl}Model: $nova*$end" \
    '' converse --stream -m fault.slow-200 -m fault.bad-crc -m $nova hi
t 'one that stalls holds up its own place only' 1 "Model: fault.stall${nl}You said:${nl}Error: TIMEOUT: *silent for 300 ms$nl${nl}Model: $nova$nl$hi$nl$end" \
    'hint: fault.stall: --read-timeout *' converse --stream --read-timeout 0.3 -m fault.stall -m $nova hi
t 'none but itself, --unordered' 1 "Model: $nova$nl$hi$nl$end$nl${nl}Model: fault.stall${nl}Error: TIMEOUT: *" \
    'hint: fault.stall: --read-timeout *' converse --unordered --read-timeout 0.3 -m fault.stall -m $nova hi
t 'all fail: the first one tells' 254 "Model: $llama${nl}Error: *Model: fault.close${nl}Error: *" '' \
    converse -q -m $llama -m fault.close hi
t 'the first one given, not the first one over' 255 "Model: $llama${nl}Error: *Model: fault.stall${nl}Error: *" '' \
    converse -q --unordered --read-timeout 0.3 -m fault.stall -m $llama hi

# ---- Lists ----

printf '# two of them\n\n  %s  # the first\r\n\t\n%s#not-a-comment\n%s' $nova x $pro > "$dir/list"
t '-m @FILE' 1 "Model: $nova$nl$hi$nl$end$nl${nl}Model: x#not-a-comment${nl}Error: *${nl}Model: $pro$nl$hi$nl$end" \
    'hint: *' converse -m "@$dir/list" hi
echo $nova > "$dir/one"
t 'a list of one is a list' 0 "Model: $nova$nl$hi$nl$end" '' converse -m "@$dir/one" hi
t 'and looks like one in JSON' 0 "{\"modelId\":\"$nova\",\"response\":{*}}" '' converse --json -m "@$dir/one" hi
t 'a list in its place' 0 "Model: $pro*Model: $nova*Model: $jamba*" '' converse -m $pro -m "@$dir/one" -m $jamba hi
"$bedrock" converse -m - hi < "$dir/one" > "$dir/out" 2> "$dir/err"
status=$?
judge '-m -' 0 "Model: $nova$nl$hi$nl$end" ''
BEDROCK_MODEL="@$dir/one" t 'BEDROCK_MODEL takes a list' 0 "Model: $nova$nl$hi$nl$end" '' converse hi
echo "{\"modelId\":\"@$dir/one\"}" > "$dir/odd.json"
t 'modelId of a request is an id' 254 '' 'bedrock: ValidationException: *' converse --input "$dir/odd.json" hi
printf '# nothing\n\n' > "$dir/none"
bad 'a list without an id' "$dir/none holds no model id" converse -m "@$dir/none" hi
: > "$dir/empty"
bad 'an empty list' "$dir/empty is empty" converse -m "@$dir/empty" hi
bad 'a list that is missing' "@$dir/gone: No such file or directory*" converse -m "@$dir/gone" hi
printf '%s\nNova Lite\n' $nova > "$dir/bad"
bad 'two words on a line' "$dir/bad:2: more than a model id on the line" converse -m "@$dir/bad" hi
printf 'a\0b\n' > "$dir/bad"
bad 'a zero byte' "$dir/bad:1: a zero byte in a model id" converse -m "@$dir/bad" hi
printf '\n\351\n' > "$dir/bad"
bad 'not UTF-8' "$dir/bad:2: the model id is not UTF-8: byte 0xe9 at offset 0" converse -m "@$dir/bad" hi
awk 'BEGIN { while (n++ < 2049) printf "x" }' > "$dir/bad"
bad 'too long' "$dir/bad:1: the model id is longer than 2048 bytes" converse -m "@$dir/bad" hi
awk 'BEGIN { while (n++ < 100001) print "x" }' > "$dir/bad"
bad 'too many' 'more than 100000 models' converse -m "@$dir/bad" hi
AWS_ENDPOINT_URL=http://127.0.0.1:1 "$bedrock" converse -m - - < "$dir/one" > "$dir/out" 2> "$dir/err"
status=$?
judge 'standard input for two' 252 '' \
    'bedrock: USAGE: standard input can be read only once: --model-id and the prompt both want it'
awk 'BEGIN { while (n++ < 2000) print "'$nova'" }' > "$dir/many"
"$bedrock" converse --json -m "@$dir/many" hi > "$dir/out" 2> "$dir/err"
ok 'two thousand models' test "$(grep -c '^{"modelId":"amazon.nova-lite-v1:0","response":{' "$dir/out")" -eq 2000

# ---- All ----

t '-m all' 0 "Model: $nova$nl*Model: $pro$nl*Model: $jamba$nl*Model: us.$base$nl*Model: us-east-1.$local4$nl*" '' \
    converse -m all hi
ok 'without those that cannot be called' test "$(grep -c -e "$llama" -e emulator.pending -e $alone "$dir/out")" -eq 0
ok 'and those that give no text' test "$(grep -c -e canvas -e embed "$dir/out")" -eq 0
grep '^Model: ' "$dir/out" | cut -c 8- > "$dir/asked"
"$bedrock" models -1 > "$dir/listed"
ok 'in the order of the list' test "$(sed 's/^us\(-east-1\)*\.//' "$dir/asked")" = \
    "$(sed 's/^us\(-east-1\)*\.//' "$dir/asked" | grep -x -F -f - "$dir/listed")"
t 'all twice is asked twice, with what stands between' 1 "*Model: $nova$nl*Model: $llama${nl}Error: *Model: $nova$nl*" 'hint: *' \
    converse --stream -m all -m $llama -m all hi
ok 'no more and no less' test "$(grep -c '^Model: ' "$dir/out")" -eq $(($(wc -l < "$dir/asked") * 2 + 1))
ok 'in a stream, one that does not stream answers in one piece' \
    test "$(grep -A 1 "^Model: $jamba" "$dir/out" | grep -c -x -F -e "$hi")" -eq 2
with '--deny GetFoundationModelAvailability' 'who may not ask which tries all' 1 \
    "Model: $nova$nl$hi$nl*Model: $llama${nl}Error: AccessDeniedException: *" \
    'bedrock: which models can be called is not fully known: *' converse -m all hi
with --new-account 'none can be called' 254 '' \
    'bedrock: SERVICE: none of the [0-9]* models for text in us-east-1 can be called with these credentials?hint: `bedrock models --accessible`*' \
    converse -m all hi
with --new-account 'and in JSON' 254 '' '{"error":{"code":"SERVICE",*"hint":"`bedrock models --accessible`*"}}' \
    converse --json -m all -m $nova hi
with '--deny ListFoundationModels' 'who may not list them has none' 254 '' 'bedrock: AccessDeniedException: *hint: *' \
    converse -m all hi

# ---- JSON ----

t '--json, one-shot' 1 "{\"modelId\":\"fault.slow-200\",\"response\":{*}}$nl{\"modelId\":\"$llama\",\"error\":{\"code\":\"AccessDeniedException\",*}}$nl{\"modelId\":\"$nova\",\"response\":{*}}" '' \
    converse --json -m fault.slow-200 -m $llama -m $nova hi
# changes: how often the model changes from line to line
changes()
{
    sed 's/^{"modelId":"\([^"]*\)".*/\1/' "$dir/out" | uniq | wc -l
}
"$bedrock" converse --json --stream -m fault.pace-60-6 -m fault.pace-61-6 hi > "$dir/out" 2> "$dir/err"
ok '--json --stream: the one, then the other' test "$(changes)" -eq 2
"$bedrock" converse --json --stream --unordered -m fault.pace-60-6 -m fault.pace-61-6 hi > "$dir/out" 2> "$dir/err"
ok '--json --stream --unordered: as they arrive' test "$(changes)" -gt 4
ok 'all the lines' test "$(grep -c '^{"modelId":"fault.pace-6[01]-6","event":{"contentBlockDelta":.*}}$' "$dir/out")" -eq 12
t '--json --unordered' 0 "{\"modelId\":\"$nova\",\"response\":*$nl{\"modelId\":\"fault.slow-400\",\"response\":*" '' \
    converse --json --unordered -m fault.slow-400 -m $nova hi

# ---- --usage ----

t '--usage: a table' 1 "Model: *" "hint: *${nl}MODEL *LATENCY *FIRST *IN *OUT *TOK/S *STATUS$nl$nova *[0-9]ms *[0-9]*ms *6 *6 *[0-9].[0-9] *OK$nl$llama *- *- *- *- *- *AccessDeniedException${nl}fault.slow-200 * [2-9][0-9][0-9]ms *[2-9][0-9][0-9]ms *6 *6 *[0-9]*[0-9].[0-9] *OK" \
    converse --usage -m $nova -m $llama -m fault.slow-200 "$ask"
grep -v '^hint' "$dir/err" > "$dir/table"
ok 'in columns' test "$(awk '{ print index($0, $NF) }' "$dir/table" | sort -u | wc -l)" -eq 1
long=arn:aws:bedrock:us-east-1::foundation-model/a-model-with-a-name-that-goes-on-and-on-for-longer-than-a-line-v1:0
t '--usage: long ids are shortened' 1 '*' "*arn:aws:bedrock*..*line-v1:0 *ValidationException*" \
    converse --usage -m $long -m $nova hi
ok 'to 100 columns' test -z "$(grep -v '^hint' "$dir/err" | awk 'length > 100')"
t '--usage -q' 0 "Model: *" '' converse --usage -q -m $nova -m $nova hi
t '--usage with one model' 0 "$hi" "$end" converse --usage -m $nova hi
t '--usage of a stream: the first text is not the last' 0 '*' "*fault.pace-100-5 * [5-9][0-9][0-9]ms  *[0-4][0-9]*ms *OK*" \
    converse --usage --stream -m fault.pace-100-5 -m $nova hi
t '--usage --json' 1 "{*" "{\"usage\":\[{\"modelId\":\"$nova\",\"latencyMs\":[0-9]*,\"firstTokenMs\":[0-9]*,\"inputTokens\":1,\"outputTokens\":3,\"cacheReadInputTokens\":null,\"cacheWriteInputTokens\":null,\"tokensPerSecond\":[0-9]*.[0-9],\"status\":\"OK\"},{\"modelId\":\"$llama\",\"latencyMs\":null,\"firstTokenMs\":null,*\"status\":\"AccessDeniedException\"}\]}" \
    converse --usage --json -m $nova -m $llama hi

# ---- Interrupted ----

signalled TERM 0.6 converse --stream --usage -m fault.stall -m $nova -m fault.stall -m $llama -m $pro hi
judge 'what is complete is printed' 143 "Model: fault.stall${nl}You said:$nl${nl}Model: $nova$nl$hi$nl$end$nl${nl}Model: $llama${nl}Error: *$nl${nl}Model: $pro$nl$hi$nl$end" \
    "MODEL *${nl}fault.stall *interrupted$nl$nova * OK${nl}fault.stall *interrupted$nl$llama *$pro * OK"
ok 'and was not before' test "$(cat "$dir/early")" = "Model: fault.stall${nl}You said:"
signalled TERM 0.45 converse --json --stream -m fault.stall -m $nova hi
judge 'whole lines of JSON' 143 "{\"modelId\":\"fault.stall\",\"event\":*$nl{\"modelId\":\"$nova\",\"event\":{\"messageStart\":*$nl{\"modelId\":\"$nova\",\"event\":{\"metadata\":{*}}}" ''
signalled TERM 0.45 converse --unordered --stream -m fault.stall -m $nova hi
judge 'of what is printed whole nothing is printed by halves' 143 "Model: $nova$nl$hi$nl$end" ''
sh -c 'kill -INT $$' > /dev/null 2>&1
if [ $? -eq 130 ]; then
    signalled INT 0.45 converse --stream -m fault.stall -m $nova hi
    judge 'SIGINT' 130 "Model: fault.stall${nl}You said:$nl${nl}Model: $nova$nl$hi$nl$end" ''
else
    skip 'SIGINT: whoever started this has it ignored'
fi
for model in all $base; do
    "$emulator" --slow-control 60000 -- "$bedrock" converse -m "$model" hi > "$dir/out" 2> "$dir/err" &
    sleep 0.3
    kill -TERM $!
    wait $!
    status=$?
    judge "SIGTERM while something is looked up for -m $model" 143 '' ''
done

# ---- Inference profiles ----

through="bedrock: $base has no on-demand throughput here; asking through us.$base"
for how in --no-stream --stream; do
    t "without --auto-profile $how: a hint" 254 '' "bedrock: ValidationException: *${nl}hint: *--auto-profile*-m us.$base" \
        converse $how -m $base hi
    t "--auto-profile $how" 0 "*$nl${nl}$hi" "$through" converse $how --auto-profile -m $base hi
    t "--auto-profile -q $how" 0 "*$nl${nl}$hi" '' converse $how -q --auto-profile -m $base hi
    t "--auto-profile $how with several" 0 "Model: $nova$nl$hi$nl*Model: $base$nl*$nl$hi$nl$end$nl${nl}Model: $local4$nl$hi$nl$end" \
        "*asking through us*asking through us*" converse $how --auto-profile -m $nova -m $base -m $local4 hi
done
t 'a profile of this Region goes before its geography and the world' 0 "$hi" "*asking through us-east-1.$local4" \
    converse --auto-profile -m $local4 hi
t 'a model by its ARN' 0 "*$hi" "*asking through us.$base" \
    converse --auto-profile -m "arn:aws:bedrock:us-east-1::foundation-model/$base" hi
t '--auto-profile --json' 0 "{\"modelId\":\"$base\",\"response\":*$nl{\"modelId\":\"$nova\",*" "$through" \
    converse --json --auto-profile -m $base -m $nova hi
t 'the hint in JSON' 1 "{\"modelId\":\"$base\",\"error\":{\"code\":\"ValidationException\",*\"hint\":\"*-m us.$base\"}}*" '' \
    converse --json -m $base -m $nova hi
BEDROCK_AUTO_PROFILE=1
export BEDROCK_AUTO_PROFILE
t 'BEDROCK_AUTO_PROFILE=1' 0 "*$hi" "$through" converse -m $base hi
BEDROCK_AUTO_PROFILE=0
t 'BEDROCK_AUTO_PROFILE=0' 254 '' '*hint: *' converse -m $base hi
unset BEDROCK_AUTO_PROFILE
t 'no profile holds it: the error stays, and the hint says so' 254 '' \
    'bedrock: ValidationException: *hint: no inference profile in us-east-1 holds this model*' \
    converse --auto-profile -m $alone hi
with -v 'two that need one' 1 '*' '*' converse --auto-profile -m $base -m $local4 -m $alone hi
counted 2 'GET /inference-profiles' 'the profiles, of both kinds, are looked up once'
counted 5 'POST /model/' 'each is asked, and two once more'
with -v 'a model that just works' 0 "$hi" '*' converse --auto-profile -m $nova hi
counted 0 'GET /inference-profiles' 'nothing is looked up for it'
with -v 'another failure' 254 '' '*' converse --auto-profile -m fault.status-400-ValidationException hi
counted 0 'GET /inference-profiles' 'nor for another failure'
with '--deny ListInferenceProfiles' 'who may not list profiles gets the general hint' 254 '' \
    "bedrock: ValidationException: *${nl}hint: this model is called through an inference profile, e.g. -m us.$base" \
    converse -m $base hi
with '--deny ListInferenceProfiles' 'and with --auto-profile is told why it is of no use' 254 '' \
    "bedrock: the inference profiles are not all known: AccessDeniedException: *${nl}bedrock: ValidationException: *${nl}hint: *, e.g. -m us.$base" \
    converse --auto-profile -m $base hi
with --page-loop 'pages that do not end: what is known is enough' 0 "*$hi" \
    "bedrock: the inference profiles are not all known: PROTOCOL: the pages do not end$nl$through" \
    converse --auto-profile -m $base hi

# ---- A connection is made while standard input is awaited ----

: > "$dir/err"
(
    until_holds "$dir/err" '^\* localhost: TLS' && cp "$dir/err" "$dir/before"
    echo hello
) | "$bedrock" converse -v -m $nova > "$dir/out" 2> "$dir/err"
status=$?
judge 'a prompt that comes late' 0 'You said: "hello".' '*'
ok 'the connection was there before it' grep -q '^\* connecting to' "$dir/before"
ok 'and nothing had been sent' test "$(grep -c '^>' "$dir/before")" -eq 0
counted 1 '^\* connecting' 'the request took that connection'
: > "$dir/err"
(
    until_holds "$dir/err" '^\* localhost: TLS' && cp "$dir/err" "$dir/before"
    echo "{\"modelId\":\"$nova\",\"messages\":[{\"role\":\"user\",\"content\":[{\"text\":\"hi\"}]}]}"
) | "$bedrock" converse -v --input - > "$dir/out" 2> "$dir/err"
status=$?
judge 'a request that comes late' 0 "$hi" '*'
counted 1 '^\* connecting' 'one connection for it'
mkfifo "$dir/fifo"
: > "$dir/err"
(
    until_holds "$dir/err" '^\* localhost: TLS'
    echo hi
) > "$dir/fifo" &
"$bedrock" converse -v -m fault.slow-200 -m fault.slow-200 "@$dir/fifo" > "$dir/out" 2> "$dir/err"
status=$?
judge 'a file that is a pipe, and two models' 0 "Model: *$nl$hi$nl$end$nl${nl}Model: *$nl$hi$nl$end" '*'
counted 2 '^\* connecting' 'a connection each'
(sleep 0.2; echo hi) | AWS_ENDPOINT_URL=http://127.0.0.1:1 "$bedrock" converse -m $nova > "$dir/out" 2> "$dir/err"
status=$?
judge 'one that fails is told once, by the request' 255 '' "bedrock: CONNECT: connect 127.0.0.1:1: Connection refused${nl}hint: *"
ok 'once' [ "$(grep -c refused "$dir/err")" = 1 ]
(sleep 0.2; printf '\351') | "$bedrock" converse -m $nova > "$dir/out" 2> "$dir/err"
status=$?
judge 'what is wrong with the prompt is told all the same' 252 '' 'bedrock: USAGE: the prompt is not UTF-8*'
(sleep 0.2; echo hi) | "$bedrock" converse -v -m $nova -s "@$dir/gone" > "$dir/out" 2> "$dir/err"
status=$?
judge 'known to be wrong: nothing is opened' 252 '' "bedrock: USAGE: @$dir/gone: *"
(sleep 0.2; echo hi) | "$bedrock" converse -v > "$dir/out" 2> "$dir/err"
status=$?
judge 'no model: nothing is opened' 252 '' 'bedrock: USAGE: no model: *'
sleep 9 > "$dir/fifo" &     # standard input that never says anything
holder=$!
(
    unset AWS_REGION
    "$bedrock" converse -m $nova < "$dir/fifo" > "$dir/out" 2> "$dir/err"
    echo $? > "$dir/status"
)
status=$(cat "$dir/status")
judge 'no Region: told before the prompt is read' 253 '' 'bedrock: CONFIG: *AWS_REGION*'
kill $holder
(
    unset AWS_REGION
    echo hi | "$bedrock" converse -m $nova -s "@$dir/gone" > "$dir/out" 2> "$dir/err"
    echo $? > "$dir/status"
)
status=$(cat "$dir/status")
judge 'a wrong file goes before a wrong set-up' 252 '' "bedrock: USAGE: @$dir/gone: *"

# ---- Output that goes nowhere ----

{
    "$bedrock" converse --stream -m fault.deltas-20000 -m $nova hi 2> "$dir/err"
    echo $? > "$dir/status"
} | head -c 60 > "$dir/out"
status=$(cat "$dir/status")
judge 'a reader that has gone' 0 "Model: fault.deltas-20000$nl*" ''
{
    "$bedrock" converse --usage -m fault.slow-200 -m fault.big-3000000 -m fault.stall hi 2> "$dir/err"
    echo $? > "$dir/status"
} | head -c 60 > "$dir/out"
status=$(cat "$dir/status")
judge 'one that has gone when a kept answer comes' 0 "Model: fault.slow-200$nl*" ''
if [ -c /dev/full ]; then
    for how in '' --unordered --json; do
        # shellcheck disable=SC2086
        "$bedrock" converse $how -m $nova -m $pro hi > /dev/full 2> "$dir/err"
        status=$?
        : > "$dir/out"
        case $how in
        --json) judge 'a full disk --json' 255 '' '{"error":{"code":"IO","message":"write to standard output: No space left*' ;;
        *) judge "a full disk $how" 255 '' 'bedrock: IO: write to standard output: No space left on device' ;;
        esac
    done
else
    skip 'a full disk: no /dev/full'
fi

# ---- What took its time ----

wait $slow
status=$?
cp "$dir/slow.out" "$dir/out"
cp "$dir/slow.err" "$dir/err"
judge 'a hint is not waited for for long' 254 '' "bedrock: ValidationException: *${nl}hint: *, e.g. -m us.$base"
wait $big
status=$?
head -c 2000 "$dir/big.out" > "$dir/out"
cp "$dir/big.err" "$dir/err"
judge 'an answer that is too large to be kept' 1 "Model: fault.stall${nl}You said:${nl}Error: TIMEOUT: *$nl${nl}Model: fault.big-70000000${nl}abcdefghi *" '*'
tail -n 7 "$dir/big.out" | cut -c 1-100 > "$dir/out"
judge 'fails, and the next one follows' 1 "*${nl}Error: LIMIT: the answer is larger than 64 MiB, *$nl${nl}Model: $nova$nl$hi$nl$end" '*'
ok 'what could be kept of it was' test "$(wc -c < "$dir/big.out")" -gt 67000000

echo "cli_many.sh: $passed passed, $failed failed, $skipped skipped"
[ $failed -eq 0 ]
