#!/bin/sh
# emulator_blocks.sh - what the emulator says on demand and what it refuses, one-shot and streamed:
# sh test/emulator_blocks.sh [BEDROCK [EMULATOR]], from the top of the tree.
. test/cli_lib.sh
senses=emulator.senses-v1:0

# ---- Content blocks: one-shot, and as events ----

# says WORDS ONE-SHOT STREAM...: patterns of the content, and of lines of the stream in their order
says()
{
    s_words=$1 s_whole=$2
    shift 2
    t "$s_words" 0 "*\"content\":\[$s_whole\]}}*" '' converse -m $nova --json "$s_words"
    s_stream='{"messageStart":{"role":"assistant"}}'
    for s_line; do
        s_stream="$s_stream*$nl*$s_line"
    done
    t "$s_words, streamed" 0 "$s_stream*" '' converse -m $nova --json --stream "$s_words"
}
says say.reasoning '{"reasoningContent":{"reasoningText":{"text":"Let me think.\\nNow I know.","signature":"dGhl*="}}}' \
    '"contentBlockIndex":0,"delta":{"reasoningContent":{"text":"Let"}}' '{"reasoningContent":{"signature":"dGhl*="}}' \
    '{"contentBlockStop":{"contentBlockIndex":0}}'
says say.redacted '{"reasoningContent":{"redactedContent":"bm90IGZvciB5b3VyIGV5ZXM="}}' \
    '"delta":{"reasoningContent":{"redactedContent":"bm90IGZvciB5b3VyIGV5ZXM="}}' '{"contentBlockStop":*'
says say.citations \
    '{"citationsContent":{"content":\[{"text":"Rome is the capital of Italy."}\],"citations":\[{"title":"Atlas",*{"title":*}\]}}' \
    '"delta":{"text":"Rome"}' '"delta":{"text":" Italy."}' '"delta":{"citation":{"title":"Atlas",' '"delta":{"citation":{'
says say.image '{"image":{"format":"png","source":{"bytes":"iVBOR*=="}}}' \
    '{"contentBlockStart":{"contentBlockIndex":0,"start":{"image":{"format":"png"}}}}' \
    '"delta":{"image":{"source":{"bytes":"iVBOR*=="}}}'
says say.image-pieces '{"image":{"format":"png","source":{"bytes":"iVBOR*=="}}}' '"bytes":"iVBORw0KGgoAAAAN"' '"bytes":"RU5ErkJggg=="'
says say.tool '{"toolUse":{"toolUseId":"tooluse_*","name":"weather","input":{"city": "R\\u00f6m\\\\\\"*}}}' \
    '"start":{"toolUse":{"toolUseId":"tooluse_*","name":"weather"}}' '"input":"\\"' '"input":"u"' '"input":"0"'
says say.tool-empty '{"toolUse":{"toolUseId":"tooluse_*","name":"now","input":{}}}' \
    '"start":{"toolUse":{"toolUseId":"tooluse_*","name":"now"}}}}
{"contentBlockStop":{"contentBlockIndex":0}}'
says say.server-tool \
    '{"toolUse":*"type":"server_tool_use",*{"toolResult":*"status":"success","content":\[{"text":*{"json":*\]}}' \
    '"type":"server_tool_use"' '"start":{"toolResult":*"status":"success"' '"toolResult":\[{"text":' '"toolResult":\[{"json":'
says say.unknown-block '{"hologram":{"depth":3,*}}' '"delta":{"hologram":{"depth":3,'
says 'say.text say.reasoning say.interleaved' '{"text":*{"reasoningContent":*' \
    '"contentBlockIndex":1,*"contentBlockIndex":0,*"contentBlockIndex":1,'
says 'say.text say.tool' '{"text":*{"toolUse":*' '"contentBlockIndex":0,' '"contentBlockStart":{"contentBlockIndex":1,'
says 'say.unknown-members' '{"text":*' '{"messageStop":{"stopReason":"end_turn","quagga":{"stripes":2}}}' \
    '"thoughtTokens":7}*"zebra":\[true\]'
says 'say.router say.guardrail' '{"text":*' '"trace":{"promptRouter":{*},"guardrail":{*}}'
says 'say.router' '{"text":*' '"trace":{"promptRouter":{"invokedModelId":*'
for reason in content-filtered:content_filtered max-tokens:max_tokens odd-stop:struck_by_lightning \
    context-window:model_context_window_exceeded malformed-tool:malformed_tool_use malformed-output:malformed_model_output; do
    t "$reason" 0 "*\"stopReason\":\"${reason#*:}\"*" '*' converse -m $nova --json "say.${reason%:*}"
done
for wish in $("$emulator" --help | sed -n 's/^  \(say\.[a-z-]*\) .*/\1/p'); do
    ok "$wish is tested" grep -q "${wish#say.}" test/emulator_blocks.sh
done
# the same usage, whichever way
for wish in 'say.reasoning say.tool say.citations' 'say.image say.server-tool' hi; do
    for how in --no-stream --stream; do
        "$bedrock" converse -m $nova --json $how "$wish" | sed -n 's/.*\("usage":{[^}]*}\).*/\1/p' > "$dir/usage$how"
    done
    ok "usage of $wish" cmp -s "$dir/usage--stream" "$dir/usage--no-stream"
    ok "usage of $wish is there" test -s "$dir/usage--stream"
done

# ---- Requests ----

# asks NAME STATUS OUT ERR JSON [MODEL]: converse --input
asks()
{
    printf '%s\n' "$5" > "$dir/asked.json"
    t "$1" "$2" "$3" "$4" converse -m "${6:-$nova}" --json --no-stream --input "$dir/asked.json"
}
# refused NAME MESSAGE JSON [MODEL]
refused()
{
    asks "$1" 254 '' "*\"ValidationException\",\"message\":\"$2*" "$3" "${4:-$nova}"
}
user='"messages":[{"role":"user","content":[{"text":"hi"}]}]'
weather='{"toolSpec":{"name":"weather","inputSchema":{"json":{"type":"object","properties":{"city":{"type":"string"}}}}}}'
now='{"toolSpec":{"name":"now","inputSchema":{"json":{"type":"object"}}}}'
tools="\"toolConfig\":{\"tools\":[$weather,$now]}"

asks 'two calls' 0 '*"content":\[{"toolUse":{*"name":"weather","input":{"city": "Rome"}}},{"toolUse":{*"name":"now","input":{}}}\]*"tool_use"*' '' \
    "{\"messages\":[{\"role\":\"user\",\"content\":[{\"text\":\"call weather with {\\\"city\\\": \\\"Rome\\\"}\\ncall now\"}]}],$tools}"
asks 'no such tool' 0 '*"text":"You said: *"end_turn"*' '' \
    "{\"messages\":[{\"role\":\"user\",\"content\":[{\"text\":\"call other with {}\"}]}],$tools}"
asks 'toolChoice any' 0 '*"name":"weather"*' '' "{$user,\"toolConfig\":{\"tools\":[$weather],\"toolChoice\":{\"any\":{}}}}"
asks 'toolChoice tool' 0 '*"name":"now"*' '' \
    "{$user,\"toolConfig\":{\"tools\":[$weather,$now],\"toolChoice\":{\"tool\":{\"name\":\"now\"}}}}"
# turn RESULTS: a conversation in which two tools were used
turn()
{
    printf '{"messages":[{"role":"user","content":[{"text":"hi"}]},{"role":"assistant","content":[%s,%s]},{"role":"user","content":[%s]}],%s}' \
        '{"toolUse":{"toolUseId":"a","name":"weather","input":{"city":"Rome"}}}' \
        '{"toolUse":{"toolUseId":"b","name":"now","input":{}}}' "$1" "${2-$tools}"
}
a='{"toolResult":{"toolUseId":"a","content":[{"text":"sunny"}]}}'
b='{"toolResult":{"toolUseId":"b","content":[{"json":{"at":12}}],"status":"error"}}'
asks 'results are quoted' 0 '*{"text":"The tool said: \\"sunny\\".\\nThe tool failed: \\"{\\"at\\":12}\\"."}*' '' "$(turn "$a,$b")"
asks 'in any order' 0 '*failed*said*' '' "$(turn "$b,$a")"
refused 'a result is missing' 'Expected toolResult blocks at messages.2.content for the following Ids: b"' "$(turn "$a")"
refused 'both are' 'Expected toolResult blocks at messages.2.content for the following Ids: a, b"' "$(turn '{"text":"so?"}')"
refused 'one too many' 'The number of toolResult blocks at messages.2.content exceeds *' "$(turn "$a,$b,$a")"
refused 'twice the same' 'The toolResult block at messages.2.content.1 answers no *' "$(turn "$a,$a")"
refused 'without toolConfig' 'The toolConfig field must be defined *' "$(turn "$a,$b" '"system":[]')"
refused 'an error says nothing' 'The content field at messages.2.content.0.toolResult cannot be empty *' \
    "$(turn '{"toolResult":{"toolUseId":"a","content":[],"status":"error"}}')"
refused 'takes no tools' "This model doesn't support tool use.\"" "{$user,$tools}" emulator.no-tools-v1:0
asks 'tools, one-shot' 0 '*You said*' '' "{$user,$tools}" emulator.no-tool-stream-v1:0
t 'tools in a stream' 254 '' "*: This model doesn't support tool use in streaming mode. *" \
    converse -m emulator.no-tool-stream-v1:0 --stream --input "$dir/asked.json"
t 'no streams' 254 '' '*: The model is unsupported for streaming. *' converse -m emulator.one-shot-v1:0 --stream hi
t 'without one' 0 'You said: "hi".' '' converse -m emulator.one-shot-v1:0 --no-stream hi

refused 'no tools' "*'toolConfig.tools' *length greater than or equal to 1\"" "{$user,\"toolConfig\":{\"tools\":[]}}"
refused 'a tool without a schema' "*inputSchema' *not be null\"" "{$user,\"toolConfig\":{\"tools\":[{\"toolSpec\":{\"name\":\"a\"}}]}}"
refused 'a schema of no object' 'The value at toolConfig.tools.0.toolSpec.inputSchema.json.type must be one of *' \
    "{$user,\"toolConfig\":{\"tools\":[{\"toolSpec\":{\"name\":\"a\",\"inputSchema\":{\"json\":{}}}}]}}"
refused 'a name with a blank' '*toolSpec.name*' \
    "{$user,\"toolConfig\":{\"tools\":[{\"toolSpec\":{\"name\":\"a b\",\"inputSchema\":{\"json\":{\"type\":\"object\"}}}}]}}"
refused 'a name twice' '*unique*' "{$user,\"toolConfig\":{\"tools\":[$now,$now]}}"
refused 'choice of another' '*toolChoice.tool.name*' "{$user,\"toolConfig\":{\"tools\":[$now],\"toolChoice\":{\"tool\":{\"name\":\"x\"}}}}"
refused 'two choices' '*toolChoice*' "{$user,\"toolConfig\":{\"tools\":[$now],\"toolChoice\":{\"auto\":{},\"any\":{}}}}"

# media BLOCKS: a message of text and these
media()
{
    printf '{"messages":[{"role":"user","content":[{"text":"look"},%s]}]}' "$1"
}
png=iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNoAAAAggCBd81ytgAAAABJRU5ErkJggg==
pdf=$(printf '%%PDF-1.4\n' | base64)
document="{\"document\":{\"format\":\"pdf\",\"name\":\"a (1)\",\"source\":{\"bytes\":\"$pdf\"}}}"
asks 'an image' 0 '*look*' '' "$(media "{\"image\":{\"format\":\"png\",\"source\":{\"bytes\":\"$png\"}}}")"
asks 'an image in S3' 0 '*look*' '' \
    "$(media '{"image":{"format":"png","source":{"s3Location":{"uri":"s3://b/k.png","bucketOwner":"123456789012"}}}}')"
asks 'a document' 0 '*look*' '' "$(media "$document")"
asks 'a document of text' 0 '*look*' '' "$(media '{"document":{"name":"notes","source":{"text":"words"}}}')"
asks 'sound' 0 '*look*' '' "$(media '{"audio":{"format":"flac","source":{"bytes":"ZkxhQwA="}}}')" $senses
asks 'a video' 0 '*look*' '' "$(media '{"video":{"format":"mp4","source":{"bytes":"AAAAGGZ0eXBpc29t"}}}')" $senses
refused 'sound for others' "This model doesn't support the audio field *" \
    "$(media '{"audio":{"format":"flac","source":{"bytes":"ZkxhQwA="}}}')"
refused 'an image for a reader' "This model doesn't support the image field *" \
    "$(media "{\"image\":{\"format\":\"png\",\"source\":{\"bytes\":\"$png\"}}}")" mistral.mistral-large-2402-v1:0
refused 'another format' 'The data at messages.0.content.1 is not of the format jpeg.*' \
    "$(media "{\"image\":{\"format\":\"jpeg\",\"source\":{\"bytes\":\"$png\"}}}")"
refused 'no format' 'The format field *' "$(media "{\"image\":{\"format\":\"bmp\",\"source\":{\"bytes\":\"$png\"}}}")"
for bytes in '' 'abc' 'ab*=' 'iVBO='; do
    refused "bytes '$bytes'" 'The source.bytes field *' "$(media "{\"image\":{\"format\":\"png\",\"source\":{\"bytes\":\"$bytes\"}}}")"
done
refused 'two sources' 'The source field must *' \
    "$(media "{\"image\":{\"format\":\"png\",\"source\":{\"bytes\":\"$png\",\"s3Location\":{\"uri\":\"s3://b/k\"}}}}")"
refused 'not in S3' 'The s3Location field *' "$(media '{"image":{"format":"png","source":{"s3Location":{"uri":"http://b/k"}}}}')"
for name in '' a.pdf 'a  b' 'a/b'; do
    refused "a document named '$name'" 'The document file name can only contain *' \
        "$(media "{\"document\":{\"format\":\"pdf\",\"name\":\"$name\",\"source\":{\"bytes\":\"$pdf\"}}}")"
done
refused 'twice the same name' "Messages can't contain duplicate document names.*" "$(media "$document,$document")"
refused 'a document alone' 'A text block must be included when using documents.*' \
    "{\"messages\":[{\"role\":\"user\",\"content\":[$document]}]}"
refused 'an unknown block' 'There is a ContentBlock object of unknown kind *' "$(media '{"hologram":{}}')"

cached='{"messages":[{"role":"user","content":[{"text":"one two three"},{"cachePoint":{"type":"default"}},{"text":"four"}]}]'
asks 'a cachePoint' 0 '*"usage":{"inputTokens":1,*"cacheReadInputTokens":0,"cacheWriteInputTokens":3,"cacheDetails":\[{"ttl":"5m","inputTokens":3}\]*' \
    '' "$cached}"
asks 'two of them' 0 '*"inputTokens":1,*"cacheReadInputTokens":2,"cacheWriteInputTokens":3,"cacheDetails":\[{"ttl":"5m","inputTokens":3}\]*' \
    '' "$cached,\"system\":[{\"text\":\"Be brief.\"},{\"cachePoint\":{\"type\":\"default\",\"ttl\":\"1h\"}}]}"
refused 'a cachePoint for ever' 'The cachePoint field *' "$(media '{"cachePoint":{"type":"default","ttl":"2h"}}')"

asks 'latency and tier come back' 0 '*"performanceConfig":{"latency":"optimized"},"serviceTier":{"type":"flex"}}' '' \
    "{$user,\"performanceConfig\":{\"latency\":\"optimized\"},\"serviceTier\":{\"type\":\"flex\"}}"
asks 'response fields' 0 '*"additionalModelResponseFields":{"stop_sequence":null,"generation":{"seed":42,"a/b~c":"odd"},"echo":{"k":\[1.50\]}}*' '' \
    "{$user,\"additionalModelRequestFields\":{\"k\":[1.50],\"l\":2},\"additionalModelResponseFieldPaths\":[\"/generation/seed\",\"/stop_sequence\",\"/echo/k\",\"/none\",\"/generation/a~1b~0c\"]}"
asks 'none found' 0 '*"stopReason":"end_turn","usage":*' '' "{$user,\"additionalModelResponseFieldPaths\":[\"/none\"]}"
schema='{\"type\":\"object\",\"properties\":{\"city\":{\"type\":\"string\"},\"n\":{\"type\":\"integer\"}},\"required\":[\"n\"]}'
asks 'structured output' 0 '*"content":\[{"text":"{\\"city\\":\\"hi\\",\\"n\\":1}"}\]*' '' \
    "{$user,\"outputConfig\":{\"effort\":\"high\",\"textFormat\":{\"type\":\"json_schema\",\"structure\":{\"jsonSchema\":{\"schema\":\"$schema\"}}}}}"
asks 'prefill' 0 '*{"text":" \\"hi\\"."}*' '' \
    '{"messages":[{"role":"user","content":[{"text":"hi"}]},{"role":"assistant","content":[{"text":"You said:"}]}]}'
refused 'prefill with a blank' '*final assistant content cannot end with trailing whitespace"' \
    '{"messages":[{"role":"user","content":[{"text":"hi"}]},{"role":"assistant","content":[{"text":"You said: "}]}]}'
asks 'a stored prompt' 0 '*{"text":"You said: \\"who is Bo\\"."}*' '' '{"promptVariables":{"who":{"text":"Bo"}}}' \
    arn:aws:bedrock:us-east-1:123456789012:prompt/ABCDEFGHIJ:1
refused 'a stored prompt has its own' 'The inferenceConfig field *' "{$user,\"inferenceConfig\":{\"maxTokens\":5}}" \
    arn:aws:bedrock:us-east-1:123456789012:prompt/ABCDEFGHIJ:1
while IFS='|' read -r pattern member; do
    refused "$member" "$pattern" "{$user,$member}"
done << END
*inferenceConfig.maxTokens*|"inferenceConfig":{"maxTokens":0}
*inferenceConfig.temperature*|"inferenceConfig":{"temperature":1.5}
*inferenceConfig.topP*|"inferenceConfig":{"topP":-0.1}
*inferenceConfig.stopSequences*|"inferenceConfig":{"stopSequences":[""]}
*additionalModelRequestFields*|"additionalModelRequestFields":[1]
*additionalModelResponseFieldPaths.1 *|"additionalModelResponseFieldPaths":["/a","b"]
*additionalModelResponseFieldPaths.0 *|"additionalModelResponseFieldPaths":["/a~2"]
*guardrailConfig.guardrailVersion*|"guardrailConfig":{"guardrailIdentifier":"emublock"}
*guardrailConfig.trace*|"guardrailConfig":{"guardrailIdentifier":"a","guardrailVersion":"1","trace":"ENABLED"}
*outputConfig.effort*|"outputConfig":{"effort":"lots"}
*outputConfig.textFormat.type*|"outputConfig":{"textFormat":{"type":"xml"}}
*jsonSchema.schema*|"outputConfig":{"textFormat":{"type":"json_schema","structure":{"jsonSchema":{"schema":{}}}}}
*jsonSchema.schema is not a JSON object*|"outputConfig":{"textFormat":{"type":"json_schema","structure":{"jsonSchema":{"schema":"[]"}}}}
*performanceConfig.latency*|"performanceConfig":{"latency":"fast"}
*serviceTier.type*|"serviceTier":{"type":"gold"}
*requestMetadata*|"requestMetadata":{}
*requestMetadata*|"requestMetadata":{"k":"a!"}
*promptVariables*|"promptVariables":{"a":"b"}
END

# ---- Streams that do not fit together ----

t 'broken input' 0 '*"input":"{\\"cit"*"input":"Rom"}*"tool_use"*' '*' converse -m fault.broken-input --stream --json hi
t 'a late delta' 0 '*{"contentBlockStop":{"contentBlockIndex":0}}*"text":"stray"*' '*' converse -m fault.late-delta --stream --json hi
t 'an index' 0 '*{"contentBlockIndex":2000000000,"delta":*' '*' converse -m fault.index-2000000000 --stream --json hi
t 'a negative one' 0 '*{"contentBlockIndex":-1,"delta":*' '*' converse -m fault.negative-index --stream --json hi
t 'empty deltas' 0 '' '' converse -m fault.empty-deltas-1000 --stream hi
t 'another kind' 0 '*"delta":{"text":*"delta":{"toolUse":{"input":"{}"}}*' '*' converse -m fault.other-kind --stream --json hi
t 'members twice' 0 '*"contentBlockIndex":7,"contentBlockIndex":0,*' '*' converse -m fault.duplicates --stream --json hi
t 'a second start' 0 '*{"messageStart":*{"messageStart":*' '*' converse -m fault.second-start --stream --json hi

echo "emulator_blocks.sh: $passed passed, $failed failed, $skipped skipped"
[ $failed -eq 0 ]
