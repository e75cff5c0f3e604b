#!/bin/sh
# cli_request.sh - the requests that `bedrock converse` makes of options, files and words, seen through --dry-run
# and held against AWS's model; files that are none; what a large file costs. SCRIPT [BEDROCK [EMULATOR]], from
# the top of the tree.
. test/cli_lib.sh
if ! command -v jq > /dev/null; then
    skip 'requests: jq is not installed'
    echo "cli_request.sh: $passed passed, $failed failed, $skipped skipped"
    exit 0
fi
model=${VECTORS:-../shared/spec/vectors}/../bedrock-runtime.model.json
[ -r "$model" ] && [ -x test/check_model ] || model=
shape=ConverseRequest

# what is in $dir/out is a request as AWS's model has them
fits()
{
    [ -z "$model" ] || jq '.modelId //= "m"' < "$dir/out" | ./test/check_model "$model" $shape > "$dir/jq" 2>&1
}
# no object in it has a member twice, which jq alone does not see
is_single()
{
    [ -z "$(jq -c --stream 'select(length == 2) | .[0]' < "$dir/out" | sort | uniq -d | tee "$dir/jq")" ]
}
# d NAME FILTER ARGUMENTS...: what converse would send makes the jq filter true; needs no set-up at all
d()
{
    d_name=$1 d_filter=$2
    shift 2
    env -u AWS_ACCESS_KEY_ID -u AWS_SECRET_ACCESS_KEY -u AWS_REGION -u AWS_ENDPOINT_URL \
        "$bedrock" converse --dry-run "$@" > "$dir/out" 2> "$dir/err"
    status=$?
    if [ $status -ne 0 ]; then
        fail "$d_name: status $status: $(cat "$dir/err")"
    elif jq -e "$d_filter" < "$dir/out" > "$dir/jq" 2>&1 && is_single && fits; then
        pass
    else
        fail "$d_name: $d_filter: $(cat "$dir/jq") for $(cat "$dir/out")"
    fi
}
# says NAME ERR: the last one wrote this on standard error
says()
{
    # shellcheck disable=SC2254
    case $(cat "$dir/err") in
    $2) pass ;;
    *) fail "$1: stderr is: $(cat "$dir/err")" ;;
    esac
}
said='.messages == [{"role":"user","content":[{"text":"hi"}]}]'
png='{"image":{"format":"png","source":{"bytes":"iVBORw0KGgo="}}}'
printf '\211PNG\r\n\032\n' > "$dir/a.png"
printf '%%PDF-1' > "$dir/a_b.pdf"
printf 'a,b\n' > "$dir/t.csv"

# ---- --dry-run ----

d 'no model: none in the request' ". == {messages: .messages} and ($said)" hi
d 'the model becomes modelId' ".modelId == \"$nova\" and ($said)" -m $nova hi
BEDROCK_MODEL=x d 'the model of the environment, too' '.modelId == "x"' hi
d 'words are joined' '.messages[0].content == [{"text":"a b"}]' a b
BEDROCK_MODEL=arn:aws:bedrock:us-east-1:1:prompt/A:1
export BEDROCK_MODEL
d 'a prompt of prompt management in the environment' '.modelId | endswith(":prompt/A:1")'
unset BEDROCK_MODEL
d 'a prompt of prompt management needs no words' '. == {"modelId":"arn:aws:bedrock:us-east-1:1:prompt/A:1"}' \
    -m arn:aws:bedrock:us-east-1:1:prompt/A:1
t 'several models: a line each' 0 '{"modelId":"a","messages":*'"$nl"'{"modelId":"b","messages":*' '' \
    converse -m a -m b --dry-run hi
d '-m all is not looked up' "($said) and (has(\"modelId\") | not)" -m all hi
bad 'no prompt' 'no prompt: *' converse --dry-run
"$bedrock" converse -m $nova -s s --max-tokens 5 --cache --prefill p -f "$dir/a.png" --dry-run hi > "$dir/one"
d 'what --dry-run prints is what --input takes' ". == $(cat "$dir/one")" --input "$dir/one"
t 'and the service answers it' 0 'You said*' '*' converse --input "$dir/one" --no-stream

# ---- Sampling, system prompt, cache ----

d 'inferenceConfig' '.inferenceConfig == {"maxTokens":5,"temperature":0.5,"topP":1,"stopSequences":["x","y"]}' \
    --max-tokens 5 --temperature .5 --top-p 1 --stop x --stop y hi
d 'a system prompt' '.system == [{"text":"s"}]' -s s hi
printf 'a\0b' > "$dir/zero"
d 'a system prompt with a zero byte in it' '.system == [{"text":"a\u0000b"}]' -s "@$dir/zero" hi
d '--cache behind the system prompt' '.system == [{"text":"s"},{"cachePoint":{"type":"default"}}]' -s s --cache hi
d '--cache behind the files, before the prompt' \
    ".messages[0].content == [$png,{\"cachePoint\":{\"type\":\"default\"}},{\"text\":\"hi\"}]" --cache -f "$dir/a.png" hi
d '--cache with nothing to keep' "$said" --cache hi
says '--cache with nothing to keep' 'bedrock: --cache marks nothing*'
d '--prefill' '.messages[1] == {"role":"assistant","content":[{"text":"Sure"}]}' --prefill Sure hi
d '--fields as they were typed' '.additionalModelRequestFields == {"top_k":5}' --fields '{"top_k":5}' hi
d '--effort' '.outputConfig == {"effort":"low"}' --effort low hi
d '--latency, --tier' '.performanceConfig == {"latency":"optimized"} and .serviceTier == {"type":"flex"}' \
    --latency optimized --tier flex hi
d '--response-field' '.additionalModelResponseFieldPaths == ["/a","/b/0"]' --response-field /a --response-field /b/0 hi
bad '--response-field that is no pointer' '--response-field takes a JSON Pointer like*' converse -m m --response-field a hi
d '--metadata' '.requestMetadata == {"team":"blue","q":"a=b","e":""}' \
    --metadata team=red --metadata q=a=b --metadata e= --metadata team=blue hi
bad '--metadata without a value' '--metadata takes NAME=VALUE*' converse -m m --metadata team hi
bad '--metadata without a name' '--metadata takes NAME=VALUE*' converse -m m --metadata =x hi
d '--var' '.promptVariables == {"city":{"text":"Rome"}} and (has("messages") | not)' --var city=Rome
bad '--var without a value' '--var takes NAME=VALUE*' converse -m m --var city

# ---- Guardrails ----

arn=arn:aws:bedrock:us-east-1:123456789012:guardrail/abc
d '--guardrail' '.guardrailConfig == {"guardrailIdentifier":"g","guardrailVersion":"12"}' --guardrail g:12 hi
d '--guardrail by ARN, its trace' \
    ".guardrailConfig == {\"guardrailIdentifier\":\"$arn\",\"guardrailVersion\":\"DRAFT\",\"trace\":\"enabled\"}" \
    --guardrail $arn:DRAFT --guardrail-trace hi
d '--guardrail-mode is not for a call in one piece' '.guardrailConfig | has("streamProcessingMode") | not' \
    --guardrail g:1 --guardrail-mode async hi
shape=ConverseStreamRequest
d '--guardrail-mode' '.guardrailConfig.streamProcessingMode == "async"' --stream --guardrail g:1 --guardrail-mode ASYNC hi
shape=ConverseRequest
# the models that do not stream are asked for one piece, and the service takes this member from none of these
t '--guardrail-mode with models that stream and others that do not' 0 '*Model: *' '' \
    converse -m all -q --stream --guardrail emumask:1 --guardrail-mode async hi
bad '--guardrail with nine digits' '--guardrail takes ID:VERSION*' converse -m m --guardrail g:123456789 hi
bad '--guardrail without version' '--guardrail takes ID:VERSION*' converse -m m --guardrail g hi
bad '--guardrail by ARN without version' '--guardrail takes ID:VERSION*' converse -m m --guardrail $arn hi
bad '--guardrail without id' '--guardrail takes ID:VERSION*' converse -m m --guardrail :1 hi
bad '--guardrail-trace for none' '--guardrail-trace is for a guardrail*' converse -m m --guardrail-trace hi
bad '--guardrail-mode for none' '--guardrail-mode is for a guardrail*' converse -m m --guardrail-mode sync hi

# ---- --schema ----

printf '{"type":"object",\n "properties":{"a":{"const":"\\u00e9\\"x"}}}\n' > "$dir/schema.json"
d '--schema is JSON in a string' ".outputConfig.textFormat.type == \"json_schema\" and
    (.outputConfig.textFormat.structure.jsonSchema.schema | fromjson) == $(cat "$dir/schema.json")" \
    --schema "$dir/schema.json" hi
d '--schema beside --effort' '.outputConfig | has("effort") and has("textFormat")' --schema "$dir/schema.json" --effort max hi
printf '\n\n  [1]' > "$dir/array.json"
bad '--schema that is no object' "$dir/array.json:3:3: a schema is a JSON object" converse -m m --schema "$dir/array.json" hi
printf '{"type":\n}' > "$dir/bad.json"
bad '--schema that is no JSON' "$dir/bad.json:2:1: *" converse -m m --schema "$dir/bad.json" hi
bad '--schema that is missing' "$dir/none: No such file*" converse -m m --schema "$dir/none" hi

# ---- --tools ----

object='{"type":"object"}'
spec="{\"toolSpec\":{\"name\":\"f\",\"description\":\"d\",\"inputSchema\":{\"json\":$object}}}"
# tool NAME FILE FILTER: the tools that this file makes
tool()
{
    echo "$2" > "$dir/tools.json"
    d "tools: $1" ".toolConfig == $3" --tools "$dir/tools.json" hi
}
tool 'toolSpecs' "[$spec]" "{\"tools\":[$spec]}"
tool 'what stands in them' "[{\"name\":\"f\",\"description\":\"d\",\"inputSchema\":{\"json\":$object}}]" "{\"tools\":[$spec]}"
tool 'functions of OpenAI' "[{\"type\":\"function\",\"function\":{\"name\":\"f\",\"description\":\"d\",\"parameters\":$object}}]" \
    "{\"tools\":[$spec]}"
tool 'strict ones' "[{\"type\":\"function\",\"function\":{\"name\":\"f\",\"parameters\":$object,\"strict\":true}}]" \
    "{\"tools\":[{\"toolSpec\":{\"name\":\"f\",\"inputSchema\":{\"json\":$object},\"strict\":true}}]}"
tool 'without parameters, null and empty members' \
    '[{"type":"function","function":{"name":"f","description":"","strict":null}}]' \
    '{"tools":[{"toolSpec":{"name":"f","inputSchema":{"json":{"type":"object","properties":{}}}}}]}'
tool 'flat functions' "[{\"type\":\"function\",\"name\":\"f\",\"description\":\"d\",\"parameters\":$object}]" "{\"tools\":[$spec]}"
tool 'tools of MCP' "[{\"name\":\"f\",\"description\":\"d\",\"inputSchema\":$object,\"title\":\"F\"}]" "{\"tools\":[$spec]}"
tool 'a whole toolConfig' "{\"tools\":[$spec,{\"cachePoint\":{\"type\":\"default\"}}],\"toolChoice\":{\"any\":{}}}" \
    "{\"tools\":[$spec,{\"cachePoint\":{\"type\":\"default\"}}],\"toolChoice\":{\"any\":{}}}"
d '--tool-choice replaces that of the file' '.toolConfig.toolChoice == {"tool":{"name":"f"}}' \
    --tools "$dir/tools.json" --tool-choice f hi
d '--tool-choice auto' '.toolConfig.toolChoice == {"auto":{}}' --tools "$dir/tools.json" --tool-choice auto hi
d '--tool-choice any' '.toolConfig.toolChoice == {"any":{}}' --tools "$dir/tools.json" --tool-choice any hi
bad '--tool-choice without tools' '--tool-choice chooses among*' converse -m m --tool-choice any hi
# no_tools NAME FILE ERR
no_tools()
{
    printf %s "$2" > "$dir/tools.json"
    bad "$1" "$dir/tools.json:$3" converse -m m --tools "$dir/tools.json" hi
}
no_tools 'tools that are no list' "$object" '1:1: tools are a JSON array*'
no_tools 'a tool that is no object' '[7]' '1:2: a tool is a JSON object'
no_tools 'a tool without a name' "[$spec,$nl {\"description\":\"d\"}]" '2:2: a tool is a toolSpec or a function, and has a name'
no_tools 'tools that are no JSON' '[{]' '1:3: *'

# ---- Files ----

d 'an image' ".messages[0].content == [$png,{\"text\":\"hi\"}]" -f "$dir/a.png" hi
d 'a file and no prompt' ".messages[0].content == [$png]" --file "$dir/a.png"
d 'documents have names, and a text beside them' '.messages[0].content ==
    [{"document":{"format":"pdf","name":"a-b","source":{"bytes":"JVBERi0x"}}},
     {"document":{"format":"csv","name":"t","source":{"bytes":"YSxiCg=="}}},
     {"document":{"format":"pdf","name":"a-b (2)","source":{"bytes":"JVBERi0x"}}},{"text":"See the document."}]' \
    -f "$dir/a_b.pdf" -f "$dir/t.csv" -f "$dir/a_b.pdf"
d 'an object in S3' '.messages[0].content[0] == {"video":{"format":"mp4","source":{"s3Location":{"uri":"s3://b/k.mp4"}}}}' \
    -f s3://b/k.mp4 hi
bad 'a file that is missing' "$dir/none.png: No such file*" converse -m m -f "$dir/none.png" hi
bad 'a folder' "$dir: Is a directory" converse -m m -f "$dir" hi
mkfifo "$dir/fifo.png"
bad 'a FIFO' "$dir/fifo.png: not a regular file" converse -m m -f "$dir/fifo.png" hi
: > "$dir/empty.png"
bad 'an empty file' "$dir/empty.png: is empty" converse -m m -f "$dir/empty.png" hi
printf '\177ELF' > "$dir/elf"
bad 'a file of no kind' "$dir/elf: no image, document, video or audio*" converse -m m -f "$dir/elf" hi
bad 'an object of no kind' 's3://b/k: its extension is none*' converse -m m -f s3://b/k hi
if [ "$(id -u)" -ne 0 ]; then
    chmod 0 "$dir/t.csv"
    bad 'a file that may not be read' "$dir/t.csv: Permission denied" converse -m m -f "$dir/t.csv" hi
else
    skip 'a file that may not be read: root can read everything'
fi
[ -r /proc/self/status ] && bad 'a file that grows while it is read' '/proc/self/status: changed its size*' \
    converse -m m -f /proc/self/status hi
printf 'x' | bad 'a bad file is told before standard input is read' "$dir/none.png: No such file*" \
    converse -m m -f "$dir/none.png"
# large FILE MIB: a picture, most of it zeros
large()
{
    cp "$dir/a.png" "$1"
    dd if=/dev/zero of="$1" bs=1048576 seek="$2" count=0 2> /dev/null
}
large "$dir/large.png" 50
bad '50 MiB' "$dir/large.png: its 52428800 bytes make the request larger than 33554432 bytes; --max-request*" \
    converse -m m -f "$dir/large.png" hi
large "$dir/four.png" 4
d '4 MiB are too much for an image, and sent' ".messages[0].content[0].image.source.bytes | length == 5592408" \
    -f "$dir/four.png" hi
says '4 MiB are too much for an image, and sent' "bedrock: $dir/four.png: 4194304 bytes; the API reference says 3932160*"
d 'no word with -q' '.messages | length == 1' -q -f "$dir/four.png" hi
says 'no word with -q' ''

{ printf '{"messages":[{"role":"user","content":[{"text":"'; dd if=/dev/zero bs=1048576 count=33 2> /dev/null |
    tr '\000' x; printf '"}]}]}'; } > "$dir/large.json"
bad '--input of 33 MiB' "$dir/large.json: larger than 32 MiB; --max-request raises that" converse -m m --input "$dir/large.json"
d '--max-request raises that' '.messages[0].content[0].text | length == 34603008' --max-request 34 --input "$dir/large.json"
bad '--max-request has a ceiling' '--max-request takes a whole number from 1 to 1024*' converse -m m --max-request 2000 hi
# A file of 20 MiB costs less than 2.5 times its base64 text, all of the program included.
large "$dir/twenty.png" 20
limit=$((27962028 * 5 / 2 / 1024))
# within KIB ARGUMENTS...: bedrock in so much address space
within()
{
    sh -c 'ulimit -v "$1" && shift && exec "$0" "$@"' "$bedrock" "$@" > "$dir/out" 2> "$dir/err"
    status=$?
}
within $limit --version
if [ $status -eq 0 ]; then
    within $limit converse -m $nova --no-stream -f "$dir/twenty.png" hi
    judge 'peak memory of 20 MiB' 0 'You said: "hi".' "*twenty.png: 20971520 bytes; *"
    within 40960 converse -m $nova --no-stream --max-request=80 -f "$dir/large.png" hi
    judge 'a file that memory does not hold' 255 '' '*NOMEM*'
else
    skip 'peak memory: this build does not run in so little address space'
fi

# ---- --messages ----

chat='{"role":"user","content":[{"text":"a"}]},{"role":"assistant","content":[{"text":"b"}]}'
echo "[$chat]" > "$dir/chat.json"
d 'a conversation goes on' ".messages == [$chat,{\"role\":\"user\",\"content\":[{\"text\":\"hi\"}]}]" \
    --messages "$dir/chat.json" hi
echo "{\"modelId\":\"not this\",\"messages\":[$chat,{\"role\":\"user\",\"content\":[{\"text\":\"c\"}]}]}" > "$dir/open.json"
d 'a conversation whose last message is the user'"'s" \
    ".messages == [$chat,{\"role\":\"user\",\"content\":[{\"text\":\"c\"},{\"text\":\"hi\"}]}] and .modelId == \"m\"" \
    -m m --messages "$dir/open.json" hi
d 'it needs no prompt' ".messages == [$chat,{\"role\":\"user\",\"content\":[{\"text\":\"c\"}]}]" \
    --messages "$dir/open.json"
echo more | "$bedrock" converse --dry-run --messages "$dir/open.json" > "$dir/out"
ok 'nor is standard input read for one' test "$(jq -c '.messages[-1].content' < "$dir/out")" = '[{"text":"c"}]'
d 'files in a conversation' ".messages[2].content == [{\"text\":\"c\"},$png]" --messages "$dir/open.json" -f "$dir/a.png"
echo "[$chat,$nl{\"role\":\"user\",\"content\":\"c\"}]" > "$dir/bad.json"
bad 'a message that is none' "$dir/bad.json:2:1: a message is an object*" converse -m m --messages "$dir/bad.json" hi
printf '[\n{"role":"the assistant of mine","content":[{"text":"x"}]}]' > "$dir/bad.json"
bad 'a role that is none' "$dir/bad.json:2:9: a role is \"user\" or \"assistant\"*" converse -m m --messages "$dir/bad.json" hi
echo '{}' > "$dir/bad.json"
bad 'messages that are none' "$dir/bad.json:1:1: messages are a JSON array*" converse -m m --messages "$dir/bad.json" hi
bad 'a conversation whose last message is the model'"'s, and no prompt" "no prompt, and the conversation in $dir/chat.json does not *" \
    converse -m m --messages "$dir/chat.json"
d 'a prefill goes on with it' '.messages[1].content == [{"text":"b"},{"text":"Sure"}]' --messages "$dir/chat.json" --prefill Sure
echo '[]' > "$dir/bad.json"
bad 'no messages and no prompt' 'no prompt: *' converse -m m --messages "$dir/bad.json"
d 'no messages yet' "$said" --messages "$dir/bad.json" hi
echo '{"messages":[{"role":"user","content":[{"text":"ask me"}]}]}' > "$dir/one"
t 'the prompt may come from standard input, and waits for nobody' 0 '*"ask me"*' '' converse --dry-run --messages "$dir/one"

# ---- JSON in the place of a file ----

d '--tools, --schema: the JSON itself' '(.toolConfig.tools[0].toolSpec.name == "w") and
    (.outputConfig.textFormat.structure.jsonSchema.schema == "{\"type\":\"object\"}")' \
    --tools '[{"name":"w","inputSchema":{"type":"object"}}]' --schema '{"type":"object"}' hi
d '--input, --messages: the JSON itself' ".messages == [$chat,{\"role\":\"user\",\"content\":[{\"text\":\"hi\"}]}] and .modelId == \"n\"" \
    --input '{"modelId":"n"}' --messages "[$chat]" hi
bad 'JSON that is none' '--tools:1:2: *' converse -m m --tools '[x]' hi
here=$(cd "$(dirname "$bedrock")" && pwd)/$(basename "$bedrock")
(cd "$dir" && echo '{}' > '{x' && "$here" converse -m m --dry-run --input ./'{x' hi > out 2> err)
status=$?
judge 'a file of such a name' 0 '{"modelId":"m",*"hi"*}' ''

# ---- Beside --input ----

cat > "$dir/base.json" << EOF
{"modelId": "$nova", "unknown": {"a": [1.50]},
 "messages": [{"role": "user", "content": [{"text": "from the file"}]}],
 "system": [{"text": "s"}], "inferenceConfig": {"maxTokens": 9, "topP": 0.5},
 "toolConfig": {"tools": [$spec], "toolChoice": {"auto": {}}},
 "guardrailConfig": {"guardrailIdentifier": "g", "guardrailVersion": "1", "trace": "enabled_full", "streamProcessingMode": "sync"},
 "outputConfig": {"effort": "low", "new": 1}, "requestMetadata": {"a": "1", "b": "2"},
 "performanceConfig": {"latency": "standard"}, "serviceTier": {"type": "default"},
 "promptVariables": {"x": {"text": "y"}}, "additionalModelResponseFieldPaths": ["/a"],
 "additionalModelRequestFields": {"k": 1}}
EOF
base=$(cat "$dir/base.json")
model= # it has an unknown member
# beside NAME CHANGE ARGUMENTS...: the request of the file, changed so
beside()
{
    b_name=$1 b_change=$2
    shift 2
    d "beside --input: $b_name" ". == ($base | del(.guardrailConfig.streamProcessingMode) | $b_change)" \
        --input "$dir/base.json" "$@"
}
beside 'nothing' .
beside '-m' '.modelId = "m"' -m m
beside 'a prompt' '.messages[0].content[0].text = "hi"' hi
beside '--prefill' '.messages += [{"role":"assistant","content":[{"text":"p"}]}]' --prefill p
beside 'a file' ".messages = [{\"role\":\"user\",\"content\":[$png]}]" -f "$dir/a.png"
beside '--messages' ".messages = [$chat,{\"role\":\"user\",\"content\":[{\"text\":\"hi\"}]}]" --messages "$dir/chat.json" hi
beside '-s' '.system = [{"text":"t"}]' -s t
beside '--cache' '.system += [{"cachePoint":{"type":"default"}}]' --cache
beside '--max-tokens' '.inferenceConfig.maxTokens = 5' --max-tokens 5
beside '--stop' '.inferenceConfig.stopSequences = ["x"]' --stop x
beside '--tool-choice' '.toolConfig.toolChoice = {"any":{}}' --tool-choice any
echo '[{"name":"g"}]' > "$dir/tools.json"
beside '--tools' '.toolConfig.tools = [{"toolSpec":{"name":"g","inputSchema":{"json":{"type":"object","properties":{}}}}}]' \
    --tools "$dir/tools.json"
beside '--guardrail' '.guardrailConfig.guardrailIdentifier = "h" | .guardrailConfig.guardrailVersion = "2"' --guardrail h:2
beside '--guardrail-trace' '.guardrailConfig.trace = "enabled"' --guardrail-trace
beside '--effort' '.outputConfig.effort = "max"' --effort max
beside '--metadata' '.requestMetadata.b = "3"' --metadata b=3
beside '--latency' '.performanceConfig.latency = "optimized"' --latency optimized
beside '--tier' '.serviceTier.type = "flex"' --tier flex
beside '--var' '.promptVariables.z.text = "w"' --var z=w
beside '--response-field' '.additionalModelResponseFieldPaths = ["/b"]' --response-field /b
beside '--fields' '.additionalModelRequestFields = {"j":2}' --fields '{"j":2}'
d 'beside --input: --stream keeps what is for streams' ". == $base" --stream --input "$dir/base.json"
d 'beside --input: --guardrail-mode' '.guardrailConfig.streamProcessingMode == "async"' --stream --guardrail-mode async \
    --input "$dir/base.json"
echo '{"messages":[{"role":"user","content":"c"}]}' > "$dir/odd.json"
d 'messages that are odd go as they are' '.messages[0].content == "c"' --input "$dir/odd.json"
bad 'but nothing can follow them' "$dir/odd.json:1:14: a message is an object*" \
    converse -m m --input "$dir/odd.json" --prefill p

# ---- The examples of the help ----

mkdir "$dir/help"
cp "$dir/a.png" "$dir/help/chart.png"
cp "$dir/a_b.pdf" "$dir/help/report.pdf"
cp "$dir/schema.json" "$dir/help/person.json"
echo "[$spec]" > "$dir/help/tools.json" && cp "$dir/help/tools.json" "$dir/help/t.json"
echo '#!/bin/sh' > "$dir/help/run" && chmod +x "$dir/help/run"
bin=$(cd "$(dirname "$bedrock")" && pwd)
"$bedrock" help converse | grep -E '^  bedrock converse .*(-f|--tools|--schema) ' > "$dir/examples"
while IFS= read -r line; do
    (cd "$dir/help" && PATH="$bin:$PATH" sh -c "$line") > "$dir/out" 2>&1 < /dev/null
    ok "example: $line: $(cat "$dir/out")" test $? -eq 0
done < "$dir/examples"
ok 'the help has examples' test "$(wc -l < "$dir/examples")" -ge 4
ok 'one of them made a request' jq -e .messages "$dir/help/request.json" > "$dir/out" 2>&1

echo "cli_request.sh: $passed passed, $failed failed, $skipped skipped"
[ $failed -eq 0 ]
