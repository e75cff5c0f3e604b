#!/bin/sh
# model.sh - JSON that the command sends and that the emulator answers, held against AWS's own models of the two
# services: sh test/model.sh [BEDROCK [EMULATOR]]; $VECTORS/.. has the models. From the top of the tree.
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
for body in '{"messages":[{"role":"user","content":[{"txt":"a"}]}]}' '{"mesages":[]}' '{"system":{"text":"a"}}' \
    '{"messages":[{"role":"user","content":[{"text":"a","image":{}}]}]}' '{"inferenceConfig":{"maxTokens":"1"}}' '{'; do
    printf '%s' "$body" > "$dir/out"
    ok "no body: $body" sh -c '! test/check_model "$0" ConverseRequest < "$1" 2> /dev/null' "$runtime" "$dir/out"
done

# ---- Answers of the emulator, as the command prints them ----

# not ListFoundationModels: Amazon's own names of models are longer than its model of them allows
gives 'an answer' "$runtime" ConverseResponse converse -m $nova --json "$ask"
gives 'an answer with reasoning' "$runtime" ConverseResponse converse -m $claude --json "$ask"
gives 'inference profiles' "$control" ListInferenceProfilesResponse models --profiles --json
"$bedrock" converse -m $claude --stream --json "$ask" > "$dir/events" 2> "$dir/err"
ok 'a stream has events' test "$(wc -l < "$dir/events")" -gt 5
while read -r event; do
    printf '%s' "$event" > "$dir/out"
    fits 'an event of a stream' "$runtime" ConverseStreamOutput
done < "$dir/events"

echo "model.sh: $passed passed, $failed failed, $skipped skipped"
[ $failed -eq 0 ]
