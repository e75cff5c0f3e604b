#!/bin/sh
# emulator_api.sh - the emulator's operations beside Converse, asked with curl:
# sh test/emulator_api.sh [BEDROCK [EMULATOR]], from the top of the tree.
. test/cli_lib.sh
if ! command -v curl > /dev/null; then
    skip 'operations beside Converse: curl is not installed'
    echo "emulator_api.sh: $passed passed, $failed failed, $skipped skipped"
    exit 0
fi
# ask NAME STATUS OUT HEAD PATH [CURL-ARGUMENTS...]: patterns of the body and of the response's head
ask()
{
    a_name=$1 a_status=$2 a_out=$3 a_head=$4 a_path=$5
    shift 5
    status=$(curl -sS -o "$dir/out" -D "$dir/err" -w '%{http_code}' \
        -H 'Authorization: Bearer bedrock-api-key-emulator' "$@" "$BEDROCK_EMULATOR_HTTP$a_path" | tail -n 1)
    judge "$a_name" "$a_status" "$a_out" "$a_head"
}
json='Content-Type: application/json'

# ---- The control plane ----

ask 'GetFoundationModel' 200 "{\"modelDetails\":{*\"modelId\":\"$nova\",*}}" '*' /foundation-models/amazon.nova-lite-v1%3A0
ask 'by ARN' 200 "*\"modelId\":\"$nova\",*" '*' \
    /foundation-models/arn%3Aaws%3Abedrock%3Aus-east-1%3A%3Afoundation-model%2Famazon.nova-lite-v1%3A0
ask 'of none' 404 '*' '*ResourceNotFoundException*' /foundation-models/nobody.none-v1
ask 'GetInferenceProfile' 200 "{\"inferenceProfileName\":*\"inferenceProfileId\":\"$claude\",*}" '*' "/inference-profiles/$claude"
ask 'of the account' 200 '*"type":"APPLICATION"}' '*' /inference-profiles/a1b2c3d4e5f6
ask 'of none' 404 '*' '*ResourceNotFoundException*' /inference-profiles/us.nobody.none-v1
# pages LIST PATH ID N: all of them, two a page, and the ids are N different ones
pages()
{
    token='' n=0
    : > "$dir/ids"
    while [ $n -lt 9 ]; do
        ask "$2, page $n" 200 "{\"$1\":\[*" '*' "$2" -G -d maxResults=2 ${token:+--data-urlencode "nextToken=$token"}
        grep -o "\"$3\":\"[^\"]*\"" "$dir/out" >> "$dir/ids"
        token=$(sed -n 's/.*"nextToken":"\([^"]*\)".*/\1/p' "$dir/out")
        n=$((n + 1))
        [ "$token" ] || break
    done
    ok "$2 has $4" test "$(sort -u "$dir/ids" | wc -l)" -eq "$4" -a "$(wc -l < "$dir/ids")" -eq "$4" -a $n -eq $((($4 + 1) / 2))
}
pages guardrails /guardrails id 4
pages modelSummaries /custom-models modelName 5
ask 'a token of nobody' 400 '*nextToken*' '*ValidationException*' '/guardrails?nextToken=abc'
ask 'maxResults 0' 400 '*maxResults*' '*ValidationException*' '/custom-models?maxResults=0'

# ---- Guardrails ----

# guard NAME STATUS OUT ID VERSION SOURCE TEXT
guard()
{
    ask "$1" "$2" "$3" '*' "/guardrail/$4/version/$5/apply" -H "$json" -d "{\"source\":\"$6\",\"content\":[{\"text\":{\"text\":\"$7\"}}]}"
}
guard 'nothing found' 200 '*"action":"NONE","actionReason":"No action.","outputs":\[\],"assessments":\[{*}\]*' emublock 1 INPUT 'all is well'
guard 'blocked' 200 '*"GUARDRAIL_INTERVENED",*blocked*"outputs":\[{"text":"Sorry, *"}\],"assessments":\[{"wordPolicy":{"customWords":\[{"match":"forbidden","action":"BLOCKED",*"guarded":17,"total":17}}*"guarded":17,"total":17}}}' \
    emublock DRAFT INPUT 'a forbidden thing'
guard 'by ARN' 200 '*"GUARDRAIL_INTERVENED",*' arn%3Aaws%3Abedrock%3Aus-east-1%3A123456789012%3Aguardrail%2Femublock 2 OUTPUT 'forbidden'
guard 'not what goes in' 200 '*"NONE"*' emuoutput 1 INPUT unspeakable
guard 'but what comes out' 200 '*"GUARDRAIL_INTERVENED"*' emuoutput 1 OUTPUT unspeakable
guard 'masked' 200 '*masked*"outputs":\[{"text":"to {EMAIL}, {EMAIL}."}\],*"match":"a.b@c.de","type":"EMAIL","action":"ANONYMIZED"*' \
    emumask 1 OUTPUT 'to a.b@c.de, x@y.z.'
guard 'no address' 200 '*"NONE"*' emumask 1 OUTPUT 'a @ b, @c, d@'
guard 'no such version' 404 '*does not exist*' emumask 2 INPUT hi
guard 'no such guardrail' 404 '*does not exist*' emunone 1 INPUT hi
guard 'no such source' 400 "*'source'*" emumask 1 BOTH hi
ask 'no version in the path' 404 '*' '*UnknownOperationException*' /guardrail/emumask/apply -H "$json" -d '{}'
ask 'InvokeGuardrailChecks' 200 '{"results":{"contentFilter":{"results":\[{"category":"HATE","severityScore":0.0}\]},"promptAttack":{*0.9}\]},"sensitiveInformation":{"results":\[{"type":"EMAIL",*"beginOffset":7,"endOffset":13,"messageIndex":0,"contentIndex":0}\],"truncated":false}},"usage":{*}}' \
    '*' /guardrail-checks/invoke -H "$json" -d '{"messages":[{"role":"user","content":[{"text":"ignore a@b.cd"}]}],"checks":{"contentFilter":{"categories":[{"category":"HATE"}]},"promptAttack":{"categories":[{"category":"JAILBREAK"}]},"sensitiveInformation":{"entities":[{"type":"EMAIL"}]}}}'
ask 'without messages' 400 '*messages*' '*' /guardrail-checks/invoke -H "$json" -d '{"messages":[],"checks":{}}'
ask 'without categories' 400 '*checks.promptAttack*' '*' /guardrail-checks/invoke -H "$json" \
    -d '{"messages":[{"role":"user","content":[{"text":"hi"}]}],"checks":{"promptAttack":{"categories":[]}}}'

# guarded NAME OUT ID TEXT...: in Converse, one-shot and streamed
guarded()
{
    printf '{"messages":[{"role":"user","content":[{"text":"%s"}]}],"guardrailConfig":{"guardrailIdentifier":"%s","guardrailVersion":"1","trace":"enabled"}}' \
        "$4" "$3" > "$dir/guarded.json"
    t "$1" 0 "*$2*" '*' converse -m $nova --json --no-stream --input "$dir/guarded.json"
    sed -n 's/.*\("trace":.*\)}$/\1/p' "$dir/out" > "$dir/trace"
    t "$1, streamed" 0 '*' '*' converse -m $nova --json --stream --input "$dir/guarded.json"
    sed -n 's/.*\("trace":.*\)}}$/\1/p' "$dir/out" > "$dir/trace.stream"
    ok "$1: the same trace" cmp -s "$dir/trace" "$dir/trace.stream"
    ok "$1: and there is one" test -s "$dir/trace"
}
guarded 'a blocked prompt' '{"text":"Sorry, *"}*"guardrail_intervened"*"inputAssessment":{"emublock":{"wordPolicy"*"actionReason":"Guardrail blocked."' \
    emublock 'a forbidden thing'
guarded 'a blocked answer' '{"text":"Sorry, *"}*"guardrail_intervened"*"outputAssessments":{"emuoutput":\[{"wordPolicy"*' emuoutput 'say unspeakable'
guarded 'a masked answer' '{"text":"You said: *mail {EMAIL}\\"."}*"guardrail_intervened"*"piiEntities"*' emumask 'mail a@b.cd'
guarded 'a harmless one' '{"text":"You said: *hi\\"."}*"end_turn"*"guardrailCoverage"*' emumask hi

ask 'a mode of streams' 400 '*guardrailConfig.streamProcessingMode is a member of ConverseStream alone*' '*' \
    /model/amazon.nova-lite-v1%3A0/converse -H "$json" \
    -d '{"messages":[],"guardrailConfig":{"guardrailIdentifier":"emumask","guardrailVersion":"1","streamProcessingMode":"sync"}}'

# ---- InvokeModel ----

# invoke NAME STATUS OUT HEAD MODEL BODY [CURL-ARGUMENTS...]
invoke()
{
    i_name=$1 i_status=$2 i_out=$3 i_head=$4 i_model=$5 i_body=$6
    shift 6
    ask "$i_name" "$i_status" "$i_out" "$i_head" "/model/$i_model/invoke" -d "$i_body" "$@"
}
# chunks NAME OUT MODEL BODY: the same streamed; what the chunks hold, a line each
chunks()
{
    ask "$1" 200 '*' '*application/vnd.amazon.eventstream*X-Amzn-Bedrock-Content-Type: application/json*' \
        "/model/$3/invoke-with-response-stream" -H "$json" -d "$4"
    tr -c '[:print:]' '\n' < "$dir/out" | sed -n 's/.*{"bytes":"\([^"]*\)".*/\1/p' | while read -r bytes; do
        printf %s "$bytes" | base64 -d
        echo
    done > "$dir/chunks"
    mv "$dir/chunks" "$dir/out"
    : > "$dir/err"
    status=0
    judge "$1: its chunks" 0 "$2" ''
}
haiku=anthropic.claude-3-haiku-20240307-v1%3A0
titan=amazon.titan-text-express-v1
meta=meta.llama3-70b-instruct-v1%3A0
lite=amazon.nova-lite-v1%3A0
counts="*X-Amzn-Bedrock-Input-Token-Count: 2*X-Amzn-Bedrock-Output-Token-Count: 4*"
metrics='"amazon-bedrock-invocationMetrics":{"inputTokenCount":2,"outputTokenCount":4,*'
claude_body='{"anthropic_version":"bedrock-2023-05-31","max_tokens":50,"messages":[{"role":"user","content":"one two"}]}'
nova_body='{"messages":[{"role":"user","content":[{"text":"one two"}]}]}'
invoke 'Claude' 200 '{"id":"msg_bdrk_*"content":\[{"type":"text","text":"You said: \\"one two\\"."}\],"stop_reason":"end_turn",*"input_tokens":2,"output_tokens":4}}' \
    "*Content-Type: application/json*$counts" $haiku "$claude_body" -H "$json"
chunks 'Claude, streamed' "{\"type\":\"message_start\",*$nl*\"content_block_start\"*$nl*{\"type\":\"text_delta\",\"text\":\"You\"}}$nl*\"content_block_stop\"*$nl*\"message_delta\"*$nl{\"type\":\"message_stop\",$metrics" \
    $haiku "$claude_body"
invoke 'Claude wants a version' 400 '*anthropic_version*' '*ValidationException*' $haiku '{"max_tokens":1,"messages":[{}]}' -H "$json"
invoke 'Nova' 200 '{"output":{"message":{"content":\[{"text":"You said: \\"one two\\"."}\],"role":"assistant"}},"stopReason":"end_turn","usage":{"inputTokens":2,*}}' \
    "$counts" $lite "$nova_body" -H "$json"
chunks 'Nova, streamed' "{\"messageStart\":*$nl{\"contentBlockDelta\":*$nl{\"contentBlockStop\":*$nl{\"messageStop\":*$nl{\"metadata\":*$metrics" \
    $lite "$nova_body"
invoke 'Titan' 200 '{"inputTextTokenCount":2,"results":\[{"tokenCount":4,"outputText":"You said: \\"one two\\".","completionReason":"FINISH"}\]}' \
    "$counts" $titan '{"inputText":"one two"}' -H "$json"
chunks 'Titan, streamed' "{\"outputText\":\"You\",*$nl{\"outputText\":\"\",*\"FINISH\",\"inputTextTokenCount\":2,$metrics" $titan '{"inputText":"one two"}'
invoke 'Titan, cut' 200 '*"outputText":"You","completionReason":"LENGTH"}\]}' '*' $titan \
    '{"inputText":"one two","textGenerationConfig":{"maxTokenCount":1}}' -H "$json"
# Llama has no agreement yet: the shape is read first, the access checked then
invoke 'Llama wants a prompt' 400 '*required key \[prompt\] not found*' '*' $meta '{"inputText":"hi"}' -H "$json"
invoke 'Llama, no access' 403 '*' '*AccessDeniedException*' $meta '{"prompt":"hi"}' -H "$json"
invoke 'no JSON type' 400 '{"message":"The provided Content Type is invalid or not supported for this model"}' '*' $lite "$nova_body" \
    -H 'Content-Type: application/octet-stream'
invoke 'Accept comes back' 200 '*' '*Content-Type: application/x-other*' $lite "$nova_body" -H "$json" -H 'Accept: application/x-other'
invoke 'latency and tier come back' 200 '*' '*X-Amzn-Bedrock-PerformanceConfig-Latency: optimized*X-Amzn-Bedrock-Service-Tier: flex*' \
    $lite "$nova_body" -H "$json" -H 'X-Amzn-Bedrock-PerformanceConfig-Latency: optimized' -H 'X-Amzn-Bedrock-Service-Tier: flex'
invoke 'a guardrail' 200 '*"stopReason":"guardrail_intervened",*"amazon-bedrock-guardrailAction":"INTERVENED","amazon-bedrock-trace":{"guardrail":{*' '*' \
    $lite '{"messages":[{"role":"user","content":[{"text":"forbidden"}]}]}' -H "$json" -H 'X-Amzn-Bedrock-Trace: ENABLED' \
    -H 'X-Amzn-Bedrock-GuardrailIdentifier: emublock' -H 'X-Amzn-Bedrock-GuardrailVersion: 1'
invoke 'a guardrail without version' 400 '*together*' '*' $lite "$nova_body" -H "$json" -H 'X-Amzn-Bedrock-GuardrailIdentifier: emublock'
invoke 'a fault' 429 '*' '*ThrottlingException*' fault.status-429-ThrottlingException "$nova_body" -H "$json"
ask 'no streams' 400 '*unsupported for streaming*' '*' /model/emulator.one-shot-v1%3A0/invoke-with-response-stream -H "$json" -d "$nova_body"

# ---- CountTokens ----

tokens()
{
    ask "$1" "$2" "$3" '*' "/model/$4/count-tokens" -H "$json" -d "$5"
}
tokens 'of Converse' 200 '{"inputTokens":2}' $lite "{\"input\":{\"converse\":$nova_body}}"
tokens 'of InvokeModel' 200 '{"inputTokens":2}' $haiku \
    "{\"input\":{\"invokeModel\":{\"body\":\"$(printf %s "$claude_body" | base64 | tr -d '\n')\"}}}"
tokens 'not base64' 400 '*not base64*' $haiku '{"input":{"invokeModel":{"body":"***"}}}'
tokens 'both' 400 "*'input'*" $haiku '{"input":{"invokeModel":{},"converse":{}}}'
tokens 'of a broken request' 400 '*start with a user message*' $lite '{"input":{"converse":{"messages":[]}}}'
tokens 'of a model that does not count' 400 "*doesn't support counting tokens*" $titan "{\"input\":{\"converse\":$nova_body}}"

echo "emulator_api.sh: $passed passed, $failed failed, $skipped skipped"
[ $failed -eq 0 ]
