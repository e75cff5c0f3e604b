#!/bin/sh
# model.sh - JSON that the command sends and that the emulator answers, held against AWS's own models of the
# two services: sh test/model.sh [BEDROCK [EMULATOR]]; $VECTORS/.. has the models. From the top of the tree.
. test/cli_lib.sh
runtime=${VECTORS:-../shared/spec/vectors}/../bedrock-runtime.model.json
control=${VECTORS:-../shared/spec/vectors}/../bedrock.model.json
if ! [ -r "$runtime" ] || ! [ -r "$control" ]; then
    skip 'the models of the services are not there'
    echo "model.sh: $passed passed, $failed failed, $skipped skipped"
    exit 0
fi
# fits NAME MODEL SHAPE: $dir/out does, and says nothing that the model does not know
fits()
{
    if test/check_model "$2" "$3" < "$dir/out" > "$dir/why" 2>&1 && ! [ -s "$dir/why" ]; then
        pass
    else
        fail "$1: $(cat "$dir/why"): $(head -c 600 "$dir/out")"
    fi
}
# gives NAME MODEL SHAPE ARGUMENTS...: what bedrock prints fits the shape
gives()
{
    g_name=$1 g_model=$2 g_shape=$3
    shift 3
    if "$bedrock" "$@" > "$dir/out" 2> "$dir/err"; then
        fits "$g_name" "$g_model" "$g_shape"
    else
        fail "$g_name: $(cat "$dir/err")"
    fi
}

# ---- The checker tells one from the other ----

printf '{"messages":[{"role":"user","content":[{"text":"a"}]}]}' > "$dir/out"
fits 'a small body' "$runtime" ConverseRequest
while read -r body; do
    printf '%s' "$body" > "$dir/out"
    if test/check_model "$runtime" ConverseRequest < "$dir/out" 2> /dev/null; then
        fail "this is no body: $body"
    else
        pass
    fi
done << 'END'
{"messages":[{"role":"user","content":[{"txt":"a"}]}]}
{"messages":[{"role":"user","content":[{"text":"a","image":{}}]}]}
{"mesages":[]}
{"system":{"text":"a"}}
{"inferenceConfig":{"maxTokens":"1"}}
{
END

# ---- Bodies that options make ----

# body NAME ARGUMENTS...: what converse would send fits the shape of its operation, and --input makes the same of
# it; the options are noted
body()
{
    b_name=$1 b_shape=ConverseRequest b_stream=--no-stream
    shift
    for b_argument; do
        case $b_argument in
        --stream) b_shape=ConverseStreamRequest b_stream=--stream ;;
        --*) echo "$b_argument" >> "$dir/used" ;;
        esac
    done
    gives "$b_name" "$runtime" "$b_shape" converse --model-id $nova --dry-run "$@"
    "$bedrock" converse --dry-run $b_stream --input "$dir/out" > "$dir/again" 2> "$dir/err"
    ok "$b_name, again with --input: $(cat "$dir/err")" cmp -s "$dir/out" "$dir/again"
}

printf '\211PNG\r\n\032\n....IHDR' > "$dir/a b.png"
printf '%%PDF-1.7\n' > "$dir/r (1)_final.v2.pdf"
printf 'a,b\n1,2\n' > "$dir/t.csv"
printf '\000\000\000\030ftypmp42' > "$dir/v.mp4"
printf 'ID3\004\000\000' > "$dir/a.mp3"
schema='{"type":"object","properties":{"city":{"type":"string"}},"required":["city"]}'
spec='{"toolSpec":{"name":"w","description":"Weather","inputSchema":{"json":'$schema'},"strict":true}}'
printf '%s' "$schema" > "$dir/schema"
printf '[%s,{"cachePoint":{"type":"default"}},{"systemTool":{"name":"nova_grounding"}}]' "$spec" \
    > "$dir/tools.converse"
printf '{"tools":[%s],"toolChoice":{"any":{}}}' "$spec" > "$dir/tools.config"
printf '[{"type":"function","function":{"name":"w","description":"","parameters":%s,"strict":true}},
    {"type":"function","function":{"name":"none","parameters":null}},
    {"type":"function","name":"flat","strict":null,"parameters":%s}]' "$schema" "$schema" > "$dir/tools.openai"
printf '[{"name":"w","description":"Weather","input_schema":%s}]' "$schema" > "$dir/tools.anthropic"
printf '[{"name":"w","title":"W","inputSchema":%s,"annotations":{"readOnlyHint":true}}]' "$schema" > "$dir/tools.mcp"
turns='[{"role":"user","content":[{"text":"a"}]},{"role":"assistant","content":[{"text":"b"}]}]'
printf '%s' "$turns" > "$dir/turns"
printf '{"modelId":"m","messages":%s,"system":[{"text":"s"}],"inferenceConfig":{"topP":0.5},"guardrailConfig":
    {"guardrailIdentifier":"g","guardrailVersion":"1","streamProcessingMode":"async"}}' "$turns" > "$dir/request"

body 'a prompt' "$ask"
body 'a prompt, streamed' --stream "$ask"
body 'a system prompt and numbers' --system 'Be brief.' --max-tokens 9 --temperature .5 --top-p 1 --stop . \
    --stop ! "$ask"
body 'fields of the model' --fields '{"top_k":5}' --response-field /stop_sequence --response-field /a~1b "$ask"
for file in "$dir"/*.png "$dir"/*.pdf "$dir/t.csv" "$dir/v.mp4" "$dir/a.mp3" s3://bucket/key.pdf \
    s3://bucket/k.webm; do
    body "a file ${file##*/}" --file "$file" "$ask"
    body "a file ${file##*/}, without words" --file "$file"
done
body 'many files' --file "$dir/a b.png" --file "$dir/t.csv" --file "$dir/t.csv" --file s3://b/t.csv --cache "$ask"
for tools in "$dir"/tools.*; do
    body "tools of ${tools##*/}" --tools "$tools" "$ask"
    for choice in auto any w; do
        body "tools of ${tools##*/}, $choice" --tools "$tools" --tool-choice $choice "$ask"
    done
done
body 'a schema' --schema "$dir/schema" "$ask"
body 'effort and a schema' --effort high --schema "$dir/schema" "$ask"
body 'a guardrail' --guardrail abc:1 --guardrail-trace "$ask"
body 'a guardrail, streamed' --stream --guardrail arn:aws:bedrock:us-east-1:123456789012:guardrail/abc:DRAFT \
    --guardrail-mode async "$ask"
body 'a guardrail of streams, not streamed' --guardrail abc:1 --guardrail-mode sync --no-stream "$ask"
for latency in standard optimized; do
    body "latency $latency" --latency $latency "$ask"
done
for tier in priority default flex reserved; do
    body "tier $tier" --tier $tier "$ask"
done
body 'metadata and variables' --metadata a=b --metadata c= --metadata a=d --var city=Rome --var x=a=b "$ask"
body 'a cache point' --system s --cache "$ask"
body 'a conversation' --messages "$dir/turns" "$ask"
body 'a conversation and a file' --messages "$dir/turns" --file "$dir/a b.png" "$ask"
body 'the beginning of the answer' --prefill '{' "$ask"
body 'a request' --input "$dir/request" --no-stream
body 'a request, streamed' --input "$dir/request" --stream
body 'a request and options' --input "$dir/request" --no-stream --system t --max-tokens 5 --guardrail-trace \
    --tools "$dir/tools.openai" --metadata a=b "$ask"

# what is counted is part of what is sent
gives 'tokens' "$runtime" CountTokensRequest tokens --model-id $nova --dry-run "$ask"
gives 'tokens, with all that counts' "$runtime" CountTokensRequest tokens --model-id $nova --dry-run --system s --cache \
    --file "$dir/a b.png" --tools "$dir/tools.openai" --fields '{"k":1}' --messages "$dir/turns" --max-tokens 5 "$ask"
gives 'tokens of a request' "$runtime" CountTokensRequest tokens --dry-run --input "$dir/request"

# an option that no line above has would be held against nothing
printf '%s\n' --model-id --max-request --dry-run --stream --no-stream --no-reasoning --usage --parallel --unordered \
    --auto-profile --json-message --run-tools --max-turns --tool-timeout > "$dir/others"
"$bedrock" help converse > "$dir/help"
sed -n '/^Options:/,/^Options of every/s/^  [ -][ a-zA-Z][ ,]* \(--[a-z-]*\).*/\1/p' "$dir/help" > "$dir/options"
ok 'converse has options' test "$(wc -l < "$dir/options")" -gt 15
while read -r option; do
    grep -q -x -e "$option" "$dir/others" ||
        ok "a body was made with $option; or it is one of the others" grep -q -x -e "$option" "$dir/used"
done < "$dir/options"

# ---- Answers of the emulator, as the command prints them ----

# not ListFoundationModels: Amazon's own names of models are longer than its model of them allows
gives 'an answer' "$runtime" ConverseResponse converse -m $nova --json "$ask"
gives 'an answer with reasoning' "$runtime" ConverseResponse converse -m $claude --json "$ask"
gives 'inference profiles' "$control" ListInferenceProfilesResponse models --profiles --json
gives 'a count' "$runtime" CountTokensResponse tokens -m $nova --json "$ask"
gives 'a verdict' "$runtime" ApplyGuardrailResponse guard emumask:1 --json 'All is well.'
"$bedrock" converse -m $claude --stream --json "$ask" > "$dir/events" 2> "$dir/err"
ok 'a stream has events' test "$(wc -l < "$dir/events")" -gt 5
while read -r event; do
    printf '%s' "$event" > "$dir/out"
    fits 'an event of a stream' "$runtime" ConverseStreamOutput
done < "$dir/events"

"$bedrock" converse -m $claude --stream --json-message "$ask" > "$dir/text" 2> "$dir/err"
tail -n 1 "$dir/text" > "$dir/out"
fits 'a stream put together' "$runtime" ConverseResponse

echo "model.sh: $passed passed, $failed failed, $skipped skipped"
[ $failed -eq 0 ]
