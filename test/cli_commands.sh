#!/bin/sh
# cli_commands.sh - invoke, tokens, guard and api, against the emulator: sh test/cli_commands.sh [BEDROCK [EMULATOR]]
# Run from the top of the tree. Running tools is test/cli_tools.sh's.
. test/cli_lib.sh
body='{"messages":[{"role":"user","content":[{"text":"one two"}]}]}'
printf '%s\n' "$body" > "$dir/body.json"
lite=amazon.nova-lite-v1%3A0
said='"You said: \\"one two\\"."'
# same NAME FILE: the last one wrote exactly this
same()
{
    ok "$1" cmp "$dir/out" "$2"
}

# ---- invoke ----

t 'invoke' 0 "{\"output\":*\"text\":$said*}" '' invoke -m $nova "$body"
ok 'the bytes as they came: no newline' test "$(tail -c 1 "$dir/out")" = '}'
cp "$dir/out" "$dir/one"
t 'a body from a file' 0 '*' '' invoke -m $nova "@$dir/body.json"
same 'the same' "$dir/one"
"$bedrock" invoke -m $nova < "$dir/body.json" > "$dir/out" 2> "$dir/err"
same 'a body from standard input' "$dir/one"
"$bedrock" invoke -m $nova - < "$dir/body.json" > "$dir/out" 2> "$dir/err"
same 'a body from -' "$dir/one"
BEDROCK_MODEL=$nova t 'the model of the environment' 0 '{"output":*' '' invoke "$body"
t 'counts from the header' 0 '*' '--- Latency: [0-9]*ms - Input tokens:2 - Output tokens:4 ---' invoke -m $nova --usage "$body"
t 'a stream' 0 "{\"messageStart\":*$nl{\"contentBlockDelta\":*\"You\"*$nl{\"metadata\":*" \
    '--- Latency: [0-9]*ms - Input tokens:2 - Output tokens:4 ---' invoke -m $nova --stream --usage "$body"
ok 'no padding, a line a chunk' test "$(grep -c '^{.*}$' "$dir/out")" -eq "$(wc -l < "$dir/out")"
t 'a stream as JSON' 0 "{\"chunk\":{\"bytes\":\"*\"}}$nl{\"chunk\":*" '' invoke -m $nova --stream --json "$body"
ok 'its padding left out' test "$(grep -vc '^{"chunk":{"bytes":"[A-Za-z0-9+/=]*"}}$' "$dir/out")" -eq 0
t 'any bytes are sent' 254 '' "*> Content-Type: text/x; a=b*> Content-Length: 4$nl*bedrock: ValidationException: *" \
    invoke -m $nova --content-type 'text/x; a=b' -v abc=
for h in 'Accept' 'X-Amzn-Bedrock-Accept'; do
    [ $h = Accept ] && stream= || stream=--stream
    t "$h" 0 '*' "*> $h: application/x-other$nl*" invoke -v -m $nova $stream --accept application/x-other "$body"
done
t 'header fields' 0 '*' "*> X-Amzn-Bedrock-GuardrailIdentifier: emumask*GuardrailVersion: 1*PerformanceConfig-Latency: optimized*Service-Tier: flex*Request-Metadata: {\"a\":\"b c\"}*X-Amzn-Bedrock-Trace: ENABLED*" \
    invoke -v -m $nova --guardrail emumask:1 --guardrail-trace --latency optimized --tier flex --metadata 'a=b c' "$body"
t 'a guardrail that intervenes' 0 '*"amazon-bedrock-guardrailAction":"INTERVENED"*' '' \
    invoke -m $nova --guardrail emublock:DRAFT '{"messages":[{"role":"user","content":[{"text":"forbidden"}]}]}'
t 'not JSON to the service' 254 '' 'bedrock: ValidationException: The provided Content Type is invalid *' \
    invoke -m $nova --content-type application/octet-stream "$body"
t 'an error of the service' 254 '' 'bedrock: ThrottlingException: *' invoke -m fault.status-429-ThrottlingException "$body"
t 'an error inside a stream' 254 '*You*' '*bedrock: ThrottlingException: *' invoke --stream -m fault.exception-throttlingException "$body"
t 'a model that does not stream' 254 '' 'bedrock: ValidationException: *hint: this model does not stream; leave out --stream' invoke --stream -m emulator.one-shot-v1:0 "$body"
t 'a truncated stream' 255 '*' '*bedrock: TRUNCATED: *' invoke --stream -m fault.cut-900 "$body"
t 'a profile is needed' 254 '' 'bedrock: ValidationException: *on-demand*hint: *--auto-profile*us.anthropic.*' \
    invoke -m anthropic.claude-3-7-sonnet-20250219-v1:0 '{"anthropic_version":"bedrock-2023-05-31","max_tokens":50,"messages":[{"role":"user","content":"one two"}]}'
t 'and used' 0 '*"type":"text"*' 'bedrock: * calling it through us.anthropic.*' invoke --auto-profile \
    -m anthropic.claude-3-7-sonnet-20250219-v1:0 '{"anthropic_version":"bedrock-2023-05-31","max_tokens":50,"messages":[{"role":"user","content":"one two"}]}'

printf '{\n "a": 1,\n}\n' > "$dir/bad.json"
bad 'a body that is not JSON' "$dir/bad.json:3:1: *" invoke -m $nova "@$dir/bad.json"
bad 'a word that is not JSON' "the body:1:1: *; a body is JSON in the model's own form, and converse takes a prompt" invoke -m $nova hello
bad 'JSON by its type' 'the body:1:1: *' invoke -m $nova --content-type 'Application/JSON; charset=utf-8' hello
bad 'no body at all' 'no body: standard input is empty' invoke -m $nova
bad 'no such file' "@$dir/none: No such file*" invoke -m $nova "@$dir/none"
{
    head -c 33554432 /dev/zero | tr '\0' ' '
    cat "$dir/body.json"
} > "$dir/large"
bad 'a large body' "$dir/large: larger than 32 MiB; --max-request raises that" invoke -m $nova "@$dir/large"
t 'as it says' 0 "*$said*" '' invoke -m $nova --max-request 33 "@$dir/large"
bad 'a large body of any call' "$dir/large: larger than 32 MiB; --max-request raises that" api /a -d "@$dir/large"
t 'as it says, too' 0 "*$said*" '' api /model/$lite/converse --max-request 33 -d "@$dir/large"
bad 'a large text' "$dir/large: larger than 32 MiB" guard emublock:1 "@$dir/large"
rm "$dir/large"
bad 'no model' 'no model: name one with -m or in BEDROCK_MODEL' invoke "$body"
bad 'two models' 'invoke calls one model*' invoke -m a -m b "$body"
bad 'all models' 'invoke calls one model*' invoke -m all "$body"
bad 'two words' 'invoke takes one body, not 2 words*' invoke -m $nova a b
bad 'an option of converse' '--temperature is an option of converse, not of invoke' invoke -m $nova --temperature 1 "$body"
bad 'a newline in a header' '*' invoke -m $nova --latency "a${nl}b" "$body"
bad 'a guardrail without version' '--guardrail takes ID:VERSION*' invoke -m $nova --guardrail abc "$body"

# ---- -o ----

t '-o' 0 '' '' invoke -m $nova -o "$dir/saved" "$body"
ok 'the whole answer' cmp -s "$dir/saved" "$dir/one"
t '-o -' 0 '*' '' invoke -m $nova -o - "$body"
same 'is standard output' "$dir/one"
echo before > "$dir/kept" && chmod 600 "$dir/kept" && ln -s kept "$dir/link"
t 'nothing under the name when it breaks off' 255 '' 'bedrock: TRUNCATED: *' api -o "$dir/link" -d "$body" /model/fault.cut-300/converse
ok 'what was there is there' test "$(cat "$dir/kept")" = before
ok 'and nothing else' test "$(ls "$dir" | grep -c 'kept\.')" -eq 0
t 'nor when the service refuses' 254 '' '*' api -o "$dir/new" /none
ok 'no file' test ! -e "$dir/new"
t 'through a link' 0 '' '' api -o "$dir/link" /foundation-models
ok 'the file behind it is new, its mode is not' test -L "$dir/link" -a "$(ls -l "$dir/kept" | cut -c1-10)" = -rw-------
ok 'and it is the answer' grep -q modelSummaries "$dir/kept"
bad 'a folder that is missing' "-o $dir/none/x: No such file or directory" api -o "$dir/none/x" /foundation-models
bad 'a folder' "-o $dir: Is a directory" api -o "$dir" /foundation-models
if [ -w /dev/full ]; then
    t 'a full disk' 255 '' 'bedrock: IO: write to /dev/full: No space left on device' api -o /dev/full /foundation-models
else
    skip 'a full disk: no /dev/full'
fi
signalled INT 0.3 invoke -m fault.stall --stream -o "$dir/half" "$body"
ok 'interrupted' test "$status" -eq 130
ok 'nothing is left' test "$(ls "$dir" | grep -c '^half')" -eq 0

# ---- tokens ----

t 'tokens' 0 2 '' tokens -m $nova one two
t 'with a system prompt' 0 '[3-9]' '' tokens -m $nova -s 'be brief' one two
t 'as it came' 0 '{"inputTokens":2}' '' tokens -m $nova --json one two
t 'several models' 0 "$nova 2${nl}anthropic.claude-3-haiku-20240307-v1:0 2" '' tokens -m $nova -m anthropic.claude-3-haiku-20240307-v1:0 one two
t 'several as JSON' 0 "{\"modelId\":\"$nova\",\"response\":{\"inputTokens\":2}}$nl*" '' tokens -m $nova -m anthropic.claude-3-haiku-20240307-v1:0 --json one two
t 'some fail' 1 "$nova 2" 'bedrock: amazon.titan-text-express-v1: ValidationException: *' \
    tokens -m $nova -m amazon.titan-text-express-v1 one two
t 'some fail, as JSON' 1 "*{\"modelId\":\"amazon.titan-text-express-v1\",\"error\":{\"code\":\"ValidationException\",*" '' \
    tokens -m $nova -m amazon.titan-text-express-v1 --json one two
t 'all fail' 254 '' '*' tokens -m amazon.titan-text-express-v1 -m fault.status-429-ThrottlingException one two
t 'one fails' 254 '' 'bedrock: ValidationException: *' tokens -m amazon.titan-text-express-v1 one two
t 'a whole request' 0 2 '' tokens -m $nova --input "$dir/body.json"
t 'what makes no token is left out' 0 "{\"modelId\":\"$nova\",\"input\":{\"converse\":{\"messages\":\[*\]}}}" '' \
    tokens --dry-run -m $nova --max-tokens 5 --guardrail emumask:1 --tier flex one two
cp "$dir/out" "$dir/count.json"
t 'a request of CountTokens' 0 2 '' tokens --input "$dir/count.json"
t 'the members that count' 0 '{"input":{"converse":{"messages":\[*\],"system":\[*\],"toolConfig":{"tools":\[*\]},"additionalModelRequestFields":{"k":1}}}}' '' \
    tokens --dry-run -s sys --fields '{"k":1}' --tools /dev/stdin one two <<END
[{"toolSpec":{"name":"a","inputSchema":{"json":{"type":"object"}}}}]
END
bad 'a prompt beside CountTokens' "$dir/count.json is a request of CountTokens: no prompt *" tokens --input "$dir/count.json" hi
bad 'an option beside it' "$dir/count.json is a request of CountTokens: no --system *" tokens --input "$dir/count.json" -s sys
bad 'a flag beside it' "$dir/count.json is a request of CountTokens: no --cache *" tokens --input "$dir/count.json" --cache
t 'but a model' 0 "$nova 2${nl}$nova 2" '' tokens --region us-east-1 --input "$dir/count.json" -m $nova -m $nova
bad 'no prompt' 'no prompt: *' tokens -m $nova
bad 'no model' 'no model: name one with -m, in BEDROCK_MODEL, or as modelId *' tokens hi

# ---- guard ----

t 'it lets pass' 0 'all is well' '' guard emublock:1 all is well
t 'it blocks' 1 'Sorry, *' "bedrock: the guardrail intervened: *blocked*${nl}bedrock: wordPolicy: forbidden: BLOCKED" guard emublock:DRAFT a forbidden thing
t 'quietly' 1 'Sorry, *' '' guard -q emublock:DRAFT a forbidden thing
t 'it masks' 1 'to {EMAIL}.' '*bedrock: sensitiveInformationPolicy: EMAIL: ANONYMIZED' guard emumask:1 'to a.b@c.de.'
t 'by ARN' 1 'Sorry, *' '*' guard arn:aws:bedrock:us-east-1:123456789012:guardrail/emublock:2 forbidden
mkfifo "$dir/fifo" && exec 4<> "$dir/fifo" 5> "$dir/fifo" 4>&-
"$bedrock" guard emublock:1 forbidden >&5 2> /dev/null
ok 'it blocks, though nobody reads what it says' test $? -eq 1
"$bedrock" guard emublock:1 all is well >&5
ok 'and lets pass' test $? -eq 0
t 'what goes in' 0 unspeakable '' guard emuoutput:1 unspeakable
t 'what comes out' 1 '*' '*' guard emuoutput:1 --output unspeakable
t 'as it came' 1 '{"usage":{*"GUARDRAIL_INTERVENED"*}' '' guard emublock:1 --json forbidden
t 'the scope' 0 '*' '' guard emublock:1 --scope FULL hi
echo 'a forbidden word' > "$dir/text"
t 'a file' 1 'Sorry, *' '*' guard emublock:1 "@$dir/text"
"$bedrock" guard emublock:1 < "$dir/text" > "$dir/out" 2> "$dir/err"
status=$?
judge 'standard input' 1 'Sorry, *' '*'
for how in -q --json; do
    t "a verdict that nobody knows lets nothing pass, $how" 255 '' '*PROTOCOL*GUARDRAIL_PONDERED*' guard emuodd:1 $how all is well
done
t 'no such guardrail' 254 '' 'bedrock: ResourceNotFoundException: *hint: *bedrock api /guardrails*' guard emunone:1 hi
printf '\211PNG\r\n\032\n' > "$dir/a.png"
t 'an image' 0 '*' '' guard emublock:1 -f "$dir/a.png" hi
printf '%%PDF-1' > "$dir/a.pdf"
bad 'a document' 'guardrails look at text and images*' guard emublock:1 -f "$dir/a.pdf" hi
bad 'no guardrail' 'no guardrail: *' guard
bad 'no version' "a guardrail is ID:VERSION*" guard emublock hi
bad 'an odd version' "a guardrail is ID:VERSION*" guard emublock:latest hi
bad 'no text' 'no text: *' guard emublock:1
bad 'a word that is no scope' '--scope takes one of *' guard emublock:1 --scope some hi

# ---- api ----

t 'api' 0 '{"modelSummaries":\[*\]}' '' api '/foundation-models?byProvider=Amazon'
for q in 'a=arn:aws:x/y,z;@$!*()[]{}|' "a='+~" 'a=b=c' '?' '%' 'a=%zz' 'a=%2f%7E%41%26&%3d=x' '&=&a&&' 'b=2&a=1' ''; do
    t "a query $q" 0 '{"modelSummaries":*' '' api "/foundation-models?$q"
done
t 'it is encoded once' 0 '*' '*> GET /foundation-models?a=b%3Dc%2F%2F&d=%25%25zzA%26 HTTP*' api -v '/foundation-models?a=b=c/%2f&d=%%25zz%41%26'
t 'with its method' 0 '{"modelSummaries":\[*\]}' '' api GET /foundation-models
t 'a POST' 0 "*$said*" '' api /model/$lite/converse -d "$body"
"$bedrock" api POST /model/$lite/converse -d - < "$dir/body.json" > "$dir/out" 2> "$dir/err"
status=$?
judge 'a body from standard input' 0 "*$said*" ''
t 'a body from a file' 0 "*$said*" '' api /model/$lite/converse -d "@$dir/body.json"
t 'a stream' 0 "{\"messageStart\":{\"role\":\"assistant\"}}$nl{\"contentBlock*$nl{\"metadata\":*" '' api /model/$lite/converse-stream -d "$body"
t 'chunks' 0 "{\"chunk\":{\"bytes\":\"*\"}}$nl*" '' api /model/$lite/invoke-with-response-stream -d "$body"
ok 'without padding' test "$(grep -vc '^{"chunk":{"bytes":"[A-Za-z0-9+/=]*"}}$' "$dir/out")" -eq 0
for path in /model/a/converse /guardrail/a/version/1/apply /guardrail-checks/invoke /async-invoke /openai/v1/chat/completions; do
    AWS_ENDPOINT_URL_BEDROCK_RUNTIME=http://127.0.0.1:1 t "$path is the runtime's" 255 '' 'bedrock: CONNECT: *' api $path
    AWS_ENDPOINT_URL_BEDROCK=http://127.0.0.1:1 t "$path, said otherwise" 255 '' 'bedrock: CONNECT: *' api --service bedrock $path
done
for path in /guardrails /guardrails/a /models /async-invokes; do
    AWS_ENDPOINT_URL_BEDROCK=http://127.0.0.1:1 t "$path is not" 255 '' 'bedrock: CONNECT: *' api $path
done
t 'a field' 0 '*' '*> X-One: a: b *> X-Two: *' api -v /foundation-models -H 'X-One: a: b ' -H 'X-Two:'
t 'another method' 254 '' '*> DELETE /none HTTP/1.1*' api -v DELETE /none
t 'an error' 254 '' 'bedrock: UnknownOperationException: *HTTP 404*' api /none
t 'an inference profile that is none' 254 '' '*hint: *bedrock models --profiles*' api /inference-profiles/none
t 'an error as JSON' 254 '' '{"error":{"code":"UnknownOperationException",*}' api --json /none
t 'what is no JSON comes out, too' 0 '*' '' api /model/fault.not-json/converse -d "$body"
t 'pages' 0 "{*\"nextToken\":*}$nl{*}$nl{*}" '' api --paginate '/custom-models?maxResults=2'
ok 'a line a page' test "$(wc -l < "$dir/out")" -eq 3
t 'pages into a file' 0 '' '' api --paginate '/guardrails?maxResults=1' -o "$dir/pages"
ok 'a line a page' test "$(wc -l < "$dir/pages")" -eq 4
with --page-loop 'a token that comes again' 255 "{*}$nl{*}" 'bedrock: PROTOCOL: the pages do not end' api --paginate /inference-profiles
"$bedrock" api -v --paginate '/custom-models?maxResults=1' >&5 2> "$dir/err"
ok 'no page more than somebody reads' test "$(grep -c '^> GET' "$dir/err")" -eq 1
t 'one page where there is but one' 0 '{"modelSummaries":*' '' api --paginate /foundation-models
bad 'no path' 'api takes \[METHOD\] PATH, not 0 words' api
bad 'three words' 'api takes \[METHOD\] PATH, not 3 words' api GET /a /b
bad 'a path without slash' "the path begins with '/'*'foundation-models'" api foundation-models
bad 'an empty path' "the path begins with '/'*" api ''
bad 'a blank in the path' 'the path is to be percent-encoded, *' api '/a b'
bad 'a letter in the path' 'the path is to be percent-encoded, *' api '/é?b'
bad 'a fragment' 'the path is to be percent-encoded, *' api '/a#b'
bad 'a method that is none' 'the method must be *' api 'G T' /a
bad 'HEAD' 'the method must be *' api HEAD /a
bad '--paginate on a POST' '--paginate is for GET*' api --paginate POST /a
bad '--paginate with a body' '--paginate is for GET*' api --paginate GET /a -d x
bad 'a body that is missing' "@$dir/none: No such file*" api /a -d "@$dir/none"
bad '-H without colon' "-H takes 'Name: value'*" api /a -H abc
bad '-H without name' "-H takes 'Name: value'*" api /a -H ': abc'
bad '-H with a newline' "-H takes 'Name: value'*" api /a -H "a: b${nl}c: d"
bad '-H with a newline in the name' "-H takes 'Name: value'*" api /a -H "a${nl}b: c"
bad '-H that is ours' 'the header host is written by the library' api /a -H 'Host: x'
bad '-H with a byte that is none of a name' '*' api /a -H '(a): x'
bad 'a service that is none' '--service takes one of *' api --service s3 /a

# ---- On a terminal ----

if has_pty; then
    pty invoke -m fault.control -q "'$body'"
    judge 'controls in bytes' 0 '{"output":*\\u001b\[31mred*\\x7f*\\x9b31m*\\x85*}' ''
    printf '{"messages":[{"role":"user","content":[{"text":"a\302\23331m \303\251 z"}]}]}' > "$dir/c1.json"
    pty invoke -m fault.pieces -q "@$dir/c1.json"
    judge 'also in two pieces' 0 "*a\\\\x9b31m $(printf '\303\251') z*}" ''
    pty invoke -m fault.pieces -q -o /dev/tty "@$dir/c1.json"
    judge 'or into a terminal by name' 0 "*a\\\\x9b31m *" ''
    pty api -v /model/$lite/converse -d "@$dir/c1.json" 2> /dev/null
    judge 'api' 0 '*\\x9b31m*' ''
    pty invoke -m $nova
    judge 'a terminal is no body' 0 'bedrock: USAGE: no body: *' ''
else
    skip 'on a terminal: no script(1) of util-linux'
fi

echo "cli_commands.sh: $passed passed, $failed failed, $skipped skipped"
[ $failed -eq 0 ]
