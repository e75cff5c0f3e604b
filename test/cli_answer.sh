#!/bin/sh
# cli_answer.sh - what `bedrock converse` makes of an answer: tool uses, citations, stop reasons, --json-message,
# models that do not stream: sh test/cli_answer.sh [BEDROCK [EMULATOR]], from the top of the tree.
. test/cli_lib.sh
one_shot=emulator.one-shot-v1:0
no_tools=emulator.no-tools-v1:0
no_tool_stream=emulator.no-tool-stream-v1:0
how=
end='--- Latency: *ms - Input tokens:* - Output tokens:* ---'

# ---- A stream put together is what one shot gives ----

# document FILE: the response on the last line, in one order of members and without what differs each time
document()
{
    tail -n 1 "$1" | jq -S 'del(.metrics.latencyMs)'
}
# same MODEL PROMPT [FILE]: the request is the prompt, or in the file
same()
{
    if [ -n "$3" ]; then
        set -- "$1" "$2" --input "$3"
    else
        set -- "$1" "$2" "$2"
    fi
    s_model=$1 s_name=$2
    shift 2
    "$bedrock" converse -m "$s_model" --no-stream --json "$@" > "$dir/whole" 2> "$dir/err"
    "$bedrock" converse -m "$s_model" --stream --json-message "$@" > "$dir/out" 2> "$dir/err"
    "$bedrock" converse -m "$s_model" --stream --json --json-message "$@" > "$dir/events" 2> "$dir/err"
    document "$dir/whole" > "$dir/a"
    document "$dir/out" > "$dir/b"
    document "$dir/events" > "$dir/c"
    if [ -s "$dir/a" ] && cmp -s "$dir/a" "$dir/b" && cmp -s "$dir/a" "$dir/c"; then
        pass
    else
        fail "$s_model, $s_name: $(diff "$dir/a" "$dir/b" | head -n 20) $(head -c 300 "$dir/err")"
    fi
}
if command -v jq > /dev/null; then
    wishes=$("$emulator" --help | sed -n 's/^  \(say\.[a-z-]*\) .*/\1/p')
    ok 'the emulator says many things' test "$(echo "$wishes" | wc -l)" -gt 15
    for wish in $wishes; do
        same $nova "$wish"
        same $nova "say.interleaved say.text $wish say.reasoning"
    done
    same $nova "say.interleaved $(echo "$wishes" | tr '\n' ' ')"
    same $nova "$ask"
    same $claude "$ask"
    same fault.max-tokens hi
    same fault.control hi
    same fault.deltas-500 hi
    same fault.empty-deltas-500 hi
    same fault.big-200000 hi
    cat > "$dir/tools.json" << 'END'
{"messages":[{"role":"user","content":[{"text":"call weather with {\"city\": \"R\\u00f6m\", \"n\": 1.50}"}]}],
 "toolConfig":{"tools":[{"toolSpec":{"name":"weather","inputSchema":{"json":{"type":"object"}}}}]}}
END
    same $nova tools "$dir/tools.json"
    same $claude tools "$dir/tools.json"
    for guarded in 'emublock a forbidden thing' 'emuoutput say unspeakable' 'emumask mail a@b.cd' 'emumask nothing'; do
        printf '{"messages":[{"role":"user","content":[{"text":"%s"}]}],%s}\n' "${guarded#* }" \
            "\"guardrailConfig\":{\"guardrailIdentifier\":\"${guarded%% *}\",\"guardrailVersion\":\"1\",\"trace\":\"enabled\"}" \
            > "$dir/guarded.json"
        same $nova "$guarded" "$dir/guarded.json"
    done
    # and back into the next request
    "$bedrock" converse -m $claude --stream --json-message --input "$dir/tools.json" > "$dir/out" 2> "$dir/err"
    tail -n 1 "$dir/out" | jq -c --slurpfile first "$dir/tools.json" '.output.message as $m |
        ([$m.content[] | select(.toolUse) | .toolUse.toolUseId][0]) as $id |
        $first[0] | .messages += [$m, {role: "user", content: [{toolResult: {toolUseId: $id, content: [{text: "19 degrees"}]}}]}]' \
        > "$dir/next.json"
    t 'the message goes into the next request' 0 '*The tool said: "19 degrees".*' '' converse -m $claude --input "$dir/next.json"
else
    skip 'a stream put together is what one shot gives: no jq'
fi

# ---- --json-message ----

doc="{\"output\":{\"message\":{\"role\":\"assistant\",\"content\":\[{\"text\":\"$rome\"}\]}},\"stopReason\":\"end_turn\",*}"
for how in --stream --no-stream; do
    t "--json-message $how" 0 "$rome$nl$doc" '' converse -m $nova $how --json-message "$ask"
    t "--json-message $how, several" 0 \
        "Model: $nova$nl$rome$nl{\"modelId\":\"$nova\",\"response\":$doc}$nl$end$nl${nl}Model: *$nl*{\"modelId\":*}$nl$end" '' \
        converse -m $nova -m $claude $how --json-message "$ask"
done
t '--json-message --json' 0 "$doc" '' converse -m $nova --json-message --json "$ask"
ok 'which is one line' test "$(wc -l < "$dir/out")" -eq 1
t '--json-message --json --stream' 0 "{\"messageStart\":*$nl{\"metadata\":*}$nl$doc" '' \
    converse -m $nova --json-message --json --stream "$ask"
t '--json-message --json --stream, several' 0 "*{\"modelId\":\"$nova\",\"event\":{\"metadata\":*}$nl{\"modelId\":\"$nova\",\"response\":$doc}*" '' \
    converse -m $nova -m $claude --json-message --json --stream "$ask"
t 'no document of an answer that failed' 255 'You said:*' 'bedrock: TRUNCATED: *' converse -m fault.no-stop --stream --json-message hi
ok 'none' test "$(grep -c '{' "$dir/out")" -eq 0

# ---- Blocks ----

tool='{"toolUse":{"toolUseId":"tooluse_*","name":"weather","input":{"city": "R\\u00f6m*}}}'
for how in --stream --no-stream; do
    t "a tool use $how" 0 "$tool" '' converse -m $nova $how say.tool
    t "a tool use without input $how" 0 '{"toolUse":{"toolUseId":"*","name":"now","input":{}}}' '' converse -m $nova $how say.tool-empty
    t "a tool use behind a text $how" 0 "Some words*$nl$tool" '' converse -m $nova $how 'say.text say.tool'
    t "citations $how" 0 "Rome is the capital of Italy.$nl$nl\[1\] Atlas*$nl\[2\] Encyclopedia, https://example.com/rome" '' \
        converse -m $nova $how say.citations
    t "citations $how, with the document" 0 "Rome is the capital of Italy.$nl$nl\[1\] Atlas*$nl{\"output\":{*\"citationsContent\":*}" '' \
        converse -m $nova $how --json-message say.citations
    t "reasoning $how, with the document" 0 "$("$bedrock" converse -m $nova $how say.reasoning)$nl{\"output\":*" '' \
        converse -m $nova $how --json-message say.reasoning
    t "citations $how, several" 0 \
        "Model: $nova${nl}Rome is the capital of Italy.$nl$nl\[1\] Atlas*$nl\[2\] *$nl$end$nl${nl}Model: $claude$nl*Rome is *$nl$nl\[1\] *$nl$end" '' \
        converse -m $nova -m $claude $how say.citations
    t "an image $how" 0 '' 'bedrock: a part of the answer, "image", is not shown; --json shows it' converse -m $nova $how say.image
    t "an image $how, with the document" 0 '{"output":*"image":*}' '' converse -m $nova $how --json-message say.image
    t "a block that nobody knows $how" 0 '*' 'bedrock: a part of the answer, "*", is not shown; --json shows it' \
        converse -m $nova $how say.unknown-block
    t "an image $how -q" 0 '' '' converse -m $nova $how -q say.image
    t "reasoning $how is shown" 0 "Let me think.${nl}Now I know." '' converse -m $nova $how say.reasoning
    t "redacted reasoning $how is not, and no wonder" 0 '' '' converse -m $nova $how say.redacted
    t "--no-reasoning $how" 0 'Some words*' '' converse -m $nova $how --no-reasoning 'say.reasoning say.text'
done
# ---- Models that do not stream, and remarks in their place ----

printf '%s\n' '{"messages":[{"role":"user","content":[{"text":"hi"}]}],"toolConfig":{"tools":[{"toolSpec":' \
    '{"name":"f","inputSchema":{"json":{"type":"object"}}}}]}}' > "$dir/f.json"
# remarks come behind the answer that they are about, not when they arise
t 'remarks of several' 0 "Model: fault.slow-300*Model: $nova$nl$end" "bedrock: fault.slow-300: a part of the answer, \"image\", *${nl}bedrock: $nova: a part of the answer, \"image\", *" \
    converse -m fault.slow-300 -m $nova --stream say.image
if command -v script > /dev/null && script -qec true /dev/null < /dev/null > /dev/null 2>&1; then
    script -qec "$bedrock converse -m $nova 'say.text say.image'" /dev/null < /dev/null | tr -d '\r' > "$dir/out"
    : > "$dir/err"
    status=0
    judge 'a remark behind an open line' 0 "Some words*.*${nl}bedrock: a part of the answer, \"image\", is *$nl$end" ''
    # streaming is only the default there
    script -qec "$bedrock converse -m $one_shot -v hi" /dev/null < /dev/null | tr -d '\r' > "$dir/out"
    judge 'a model that does not stream' 0 \
        "*/converse-stream *bedrock: The model is unsupported for streaming.; asking for the answer in one piece$nl*/converse *You said: \"hi\".$nl$end" ''
    script -qec "$bedrock converse -m fault.late-refusal hi" /dev/null < /dev/null | tr -d '\r' > "$dir/out"
    judge 'not asked again when a part of the answer was shown' 0 \
        "You said:*${nl}bedrock: ValidationException: The model is unsupported for streaming.*" ''
    ok 'nor shown again' test "$(grep -c asking "$dir/out")" -eq 0
    script -qec "$bedrock converse -m $one_shot --guardrail emumask:1 --guardrail-mode sync hi" /dev/null < /dev/null |
        tr -d '\r' > "$dir/out"
    judge 'and the request loses what only a stream may have' 0 "bedrock: *; asking *${nl}You said: \"hi\".$nl$end" ''
    script -qec "$bedrock converse -m $no_tool_stream --input $dir/f.json" /dev/null < /dev/null | tr -d '\r' > "$dir/out"
    judge 'a model that streams, but not with tools' 0 \
        "bedrock: This model doesn't support tool use in streaming mode.; asking for the answer in one piece$nl*$nl$end" ''
    script -qec "$bedrock converse -m $nova -m $one_shot hi" /dev/null < /dev/null | tr -d '\r' > "$dir/out"
    judge 'the same of several' 0 \
        "Model: $nova$nl*$end$nl*bedrock: $one_shot: The model is unsupported for streaming.; asking *${nl}You said: \"hi\".$nl$end" ''
else
    skip 'on a terminal: no script(1) of util-linux'
fi
t '--stream with a model that does not' 254 '' \
    'bedrock: ValidationException: The model is unsupported for streaming.*hint: this model does not stream; leave out --stream' \
    converse -m $one_shot --stream hi
t '--stream with tools' 254 '' "bedrock: ValidationException: This model doesn't*hint: this model uses tools only when *; leave out --stream" \
    converse -m $no_tool_stream --stream --input "$dir/f.json"
for how in --stream --no-stream; do
    t "tools with a model that takes none $how" 254 '' \
        "bedrock: ValidationException: This model doesn't support tool use.*hint: this model takes no tools: *" \
        converse -m $no_tools $how --input "$dir/f.json"
done

# ---- How it ended ----

for how in --stream --no-stream; do
    t "max_tokens $how" 0 '*' 'bedrock: the answer was cut: stop reason max_tokens; --max-tokens N allows a longer one' \
        converse -m $nova $how say.max-tokens
    t "a full context $how" 0 '*' "bedrock: the answer was cut: the model's context window is full; stop reason model_context_window_exceeded; *" \
        converse -m $nova $how say.context-window
    t "a guardrail $how" 0 '*' "bedrock: a guardrail intervened, *: stop reason guardrail_intervened: Guardrail masked." \
        converse -m $nova $how say.guardrail
    t "a filter $how" 0 '*' 'bedrock: a filter held back the answer or a part of it: stop reason content_filtered' \
        converse -m $nova $how say.content-filtered
    t "a malformed tool use $how" 0 '*' "bedrock: the model's tool use was malformed, *: stop reason malformed_tool_use" \
        converse -m $nova $how say.malformed-tool
    t "a malformed output $how" 0 '*' "bedrock: the model's output was malformed, *: stop reason malformed_model_output" \
        converse -m $nova $how say.malformed-output
    t "an odd end $how" 0 '*' 'bedrock: the answer may be incomplete: stop reason struck_by_lightning' converse -m $nova $how say.odd-stop
    t "an odd end $how -q" 0 '*' '' converse -m $nova $how -q say.odd-stop
    t "an odd end $how --json" 0 '*' '' converse -m $nova $how --json say.odd-stop
    t "of several $how" 0 '*' "bedrock: $nova: the answer may be *${nl}bedrock: $claude: the answer may be *" \
        converse -m $nova -m $claude $how say.odd-stop
done

# ---- Usage ----

printf '%s\n' '{"messages":[{"role":"user","content":[{"text":"one two three"},{"cachePoint":{"type":"default"}},{"text":"four"}]}]}' \
    > "$dir/cached.json"
t 'cache tokens' 0 '*' '--- Latency: *ms - Input tokens:1 - Output tokens:* - Cache read tokens:0 - Cache write tokens:3 ---' \
    converse -m $nova --usage --input "$dir/cached.json"
t 'no cache, no word of it' 0 '*' '--- Latency: *ms - Input tokens:1 - Output tokens:[0-9] ---' converse -m $nova --usage hi
t 'cache tokens of several' 0 "*$nl*Cache write tokens:3 ---*Cache write tokens:3 ---" '' \
    converse -m $nova -m $claude --input "$dir/cached.json"
t 'cache tokens of several, JSON' 0 '*' '*"outputTokens":*,"cacheReadInputTokens":0,"cacheWriteInputTokens":3,*' \
    converse -m $nova -m $claude --usage --json --input "$dir/cached.json"

# ---- Streams that do not fit together ----

t "a tool's input that is no JSON" 0 '{"toolUse":{"toolUseId":"*","name":"weather","input":"{\\"city\\": \\"Rom"}}' \
    "bedrock: the tool's input in block 0 is not JSON and is kept as text: at byte *" converse -m fault.broken-input --stream hi
t 'a delta behind the stop' 255 You 'bedrock: PROTOCOL: block 0 of the answer goes on behind its end' converse -m fault.late-delta --stream hi
t 'an index of two billion' 0 '*stray*' '' converse -m fault.index-2000000000 --stream --json-message hi
t 'an index below zero' 255 '*' 'bedrock: PROTOCOL: *contentBlockIndex*' converse -m fault.negative-index --stream hi
t 'another kind' 255 'You said:' 'bedrock: PROTOCOL: block 0 of the answer changes its kind' converse -m fault.other-kind --stream hi
t 'a second start' 255 'You said:' 'bedrock: PROTOCOL: the answer starts twice' converse -m fault.second-start --stream hi
t 'members twice' 0 'You said:second "hi".' '' converse -m fault.duplicates --stream hi
t 'deltas without text' 0 '' '' converse -m fault.empty-deltas-20000 --stream hi
t 'with --json the events are as they came' 0 '*' '' converse -m fault.late-delta --stream --json hi

echo "cli_answer.sh: $passed passed, $failed failed, $skipped skipped"
[ $failed -eq 0 ]
