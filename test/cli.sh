#!/bin/sh
# cli.sh - the command from end to end, against the emulator: sh test/cli.sh [BEDROCK [EMULATOR]]
# Run from the top of the tree. What TLS servers can do wrong is test/tls.sh's.
. test/cli_lib.sh
# value NAME: the value of a line "NAME: value" that -v wrote
value()
{
    sed -n "s/^> $1: //p" "$dir/err"
}

# ---- Help, version, manual ----

t 'no command' 252 '' '*Usage: bedrock COMMAND*Exit status:*'
t 'a flag alone' 252 '' '*Usage: bedrock COMMAND*' -v
for h in -h --help help; do
    t "$h" 0 '*Usage: bedrock COMMAND*Environment:*Examples:*Exit status:*' '' $h
done
for c in models access converse invoke tokens guard api whoami api-key help; do
    t "help $c" 0 "Usage: bedrock $c *Examples:*Options of every command:*Exit status:*" '' help $c
    cp "$dir/out" "$dir/help.$c"
    for h in -h --help; do
        "$bedrock" $c $h > "$dir/out" 2> "$dir/err"
        ok "$c $h is help $c" cmp -s "$dir/out" "$dir/help.$c"
    done
    ok "help $c fits 80 columns" test -z "$(awk 'length > 80' "$dir/help.$c")"
done
t '-h anywhere' 0 'Usage: bedrock converse *' '' converse -m $nova "$ask" -h
t '-h beside a mistake' 0 'Usage: bedrock converse *' '' converse --bogus -h
t '-h in front' 0 'Usage: bedrock models *' '' -h models
t '-h behind --' 0 '*You said: "-h".*' '' converse -m $nova -- -h
t 'help of nothing' 252 '' "bedrock: USAGE: unknown command 'convers'; did you mean 'converse'?" help convers
t 'help of two' 252 '' 'bedrock: USAGE: help takes one command*' help models converse
t '--version' 0 'bedrock [0-9]*.[0-9]*.[0-9]* (BearSSL, TLS 1.2, *)' '' --version
"$bedrock" --help > "$dir/help.all"
ok 'help fits 80 columns' test -z "$(awk 'length > 80' "$dir/help.all")"
if [ -f doc/bedrock.1 ]; then
    # every option of the table is in the manual, in the help, and known to the parser
    sed -n 's/^\\fB\(\\-.*\)$/\1/p' doc/bedrock.1 | sed 's/\\f[BIR]//g; s/\\//g' > "$dir/options"
    ok 'the manual has options' test "$(wc -l < "$dir/options")" -gt 20
    while read -r option rest; do
        option=${option%,}
        ok "$option is in the help" grep -q -e "^ *$option" "$dir"/help.*
    done < "$dir/options"
    for option in $(sed -n 's/^  .. *\(--[a-z-]*\).*/\1/p' "$dir"/help.*); do
        ok "$option is in the manual" grep -q -e "$option" "$dir/options"
    done
else
    fail 'doc/bedrock.1 is missing: make man'
fi
if [ -x tools/man ]; then
    tools/man > "$dir/man"
    ok 'the manual is what make man writes' cmp -s "$dir/man" doc/bedrock.1
else
    skip 'the manual is what make man writes: tools/man was not built'
fi

# ---- What is wrong with the command line ----

bad 'unknown command' "unknown command 'convrese'; did you mean 'converse'?" convrese
bad 'unknown command, like nothing' "unknown command 'xyzzy'; \`bedrock help\` lists them" xyzzy
bad 'unknown option' 'unknown option --stram; did you mean --stream?' converse --stram
bad 'there is no configure' "there is no command 'configure', but \`aws configure\` sets up *" configure
bad 'a beginning of an option' 'unknown option --max; did you mean --max-tokens?' converse --max 5
bad 'unknown option with a value' 'unknown option --tempreature=1; did you mean --temperature?' \
    converse --tempreature=1
bad 'unknown letter' 'unknown option -z; `bedrock help converse` lists them' converse -z
bad 'unknown option before the command' 'unknown option --regoin; did you mean --region?' --regoin x models
bad 'an option of another command' '--max-tokens is an option of converse, not of models' \
    models --max-tokens 5
bad 'the same in front' '--max-tokens is an option of converse, not of models' --max-tokens 5 models
bad 'a flag of another command' '--stream is an option of converse, not of models' models --stream
bad 'a letter of another command, whose name is one of this' '-o is an option of invoke, not of guard' guard emublock:1 -o x hi
bad 'which is a filter' '-o is an option of invoke, not of models' -o TEXT models
bad 'a flag here, a value there' '--output takes no value' --output x guard emublock:1 hi
bad 'a letter of another command' '-1 is an option of models, not of converse' converse -1
bad 'words for models' "models takes no words, not 'all'" models all
bad 'value missing at the end' '--region needs a value*' models --region
bad 'value missing before an option' '--region needs a value, and --active is an option*' models --region --active
bad 'value missing before a letter' '--model-id needs a value, and -q is an option*' converse -m -q
bad 'value missing before --' '--model-id needs a value, and -- is an option*' converse -m -- hi
bad 'letter without value' '--model-id needs a value*' converse -m
bad 'empty value' '--region is empty*' models --region ''
bad 'empty value with =' '--model-id is empty*' converse --model-id= x
bad 'value for a flag' '--stream takes no value' converse --stream=yes
for n in 0 -1 5x x 1.5 '' 1e3 +5 ' 5' 2147483648 99999999999999999999; do
    bad "--max-tokens '$n'" '--max-tokens *' converse -m $nova --max-tokens "$n" hi
done
for f in 1.1 -0.1 nan inf 0x1 '1,' 1,0 '' . 1. +1 '0 ' 1e1 abc; do
    bad "--temperature '$f'" '--temperature *' converse -m $nova --temperature "$f" hi
    bad "--top-p '$f'" '--top-p *' converse -m $nova --top-p "$f" hi
done
for s in -1 x 1s 1e3 '' . 604801 99999999999999999999; do
    bad "--connect-timeout '$s'" '--connect-timeout *' converse -m $nova --connect-timeout "$s" hi
    bad "--read-timeout '$s'" '--read-timeout *' models --read-timeout "$s"
done
bad 'no such inference type' '--inference takes one of ON_DEMAND|PROVISIONED|INFERENCE_PROFILE, not *' \
    models --inference BATCH
t '-1 and --json' 252 '' '{"error":{"code":"USAGE","message":"-1 and --json exclude each other",*}}' models -1 --json
bad 'JSON of --fields' '--fields:1:8: *' converse -m $nova --fields '{"a":1,}' hi
printf '{\n  "top_k": 1\n  "x": 2\n}\n' > "$dir/bad.json"
bad 'JSON in a file for --fields' "$dir/bad.json:3:3: *" converse -m $nova --fields "@$dir/bad.json" hi
bad 'JSON of --input' "$dir/bad.json:3:3: *" converse -m $nova --input "$dir/bad.json"
bad 'JSON of --input, with @' "$dir/bad.json:3:3: *" converse -m $nova --input "@$dir/bad.json"
echo '[]' > "$dir/array.json"
bad '--input that is no object' "$dir/array.json:1:1: *" converse -m $nova --input "$dir/array.json"
: > "$dir/empty"
bad '--input that is empty' "$dir/empty is empty" converse -m $nova --input "$dir/empty"
bad '--input that is missing' "$dir/none: No such file or directory" converse -m $nova --input "$dir/none"
bad '--input that is a directory' "$dir: is a directory" converse -m $nova --input "$dir"
bad 'prompt file that is missing' "@$dir/none: No such file or directory (a literal @ is written @@)" \
    converse -m $nova "@$dir/none"
bad 'prompt file that is empty' "$dir/empty is empty" converse -m $nova "@$dir/empty"
bad 'system file that is missing' "@$dir/none: *" converse -m $nova -s "@$dir/none" hi
if [ "$(id -u)" != 0 ]; then
    echo hi > "$dir/secret" && chmod 0 "$dir/secret"
    bad 'unreadable file' "$dir/secret: Permission denied" converse -m $nova --input "$dir/secret"
else
    skip 'unreadable file: root can read everything'
fi
bad 'prompt not UTF-8' 'the prompt is not UTF-8: byte 0xe9 at offset 3' converse -m $nova "$(printf 'caf\351')"
printf 'abcdef\377' > "$dir/latin"
bad 'prompt file not UTF-8' 'the prompt is not UTF-8: byte 0xff at offset 6' converse -m $nova "@$dir/latin"
bad 'system not UTF-8' '--system is not UTF-8: byte 0xe9 at offset 0' converse -m $nova -s "$(printf '\351')" hi
bad '--stop not UTF-8' '--stop is not UTF-8*' converse -m $nova --stop "$(printf '\351')" hi
bad 'no model' 'no model: name one with -m, in BEDROCK_MODEL, or as modelId in the --input file' converse hi
bad 'model id too long' 'the model id is longer than 2048 bytes' \
    converse -m "$(awk 'BEGIN { while (n++ < 2049) printf "x" }')" hi
bad 'no prompt' 'no prompt: *' converse -m $nova
bad 'empty prompt' 'no prompt: *' converse -m $nova ''
echo '{"messages":[]}' > "$dir/none.json"
bad 'no messages' '*none.json has no "messages" that hold any*' converse -m $nova --input "$dir/none.json"
echo hi > "$dir/hi"
AWS_ENDPOINT_URL=http://127.0.0.1:1 "$bedrock" converse -m $nova -s - - < "$dir/hi" > "$dir/out" 2> "$dir/err"
status=$?
judge 'standard input twice' 252 '' \
    'bedrock: USAGE: standard input can be read only once: --system and the prompt both want it'
t 'a mistake with --json' 252 '' \
    '{"error":{"code":"USAGE","message":"unknown option --bogus*","httpStatus":null,"requestId":null,"attempts":0,"retryable":false,"hint":null}}' \
    models --json --bogus
t 'controls in a mistake are shown' 252 '' 'bedrock: USAGE: unknown option --a\\x1b\[31m\\x0ab*' \
    models "--a${esc}[31m${nl}b"

# ---- What is wrong with the set-up: nothing is sent ----

(
    unset AWS_REGION
    t 'no Region' 253 '' 'bedrock: CONFIG: *AWS_REGION*AWS_DEFAULT_REGION*hint: *AWS_REGION*--region*' models
    AWS_DEFAULT_REGION=us-east-1
    export AWS_DEFAULT_REGION
    t 'AWS_DEFAULT_REGION' 0 "*$nova*" '' models
    unset AWS_ACCESS_KEY_ID
    t 'half a key pair' 253 '' 'bedrock: CONFIG: *AWS_ACCESS_KEY_ID*half a key pair*hint: *' models
    unset AWS_SECRET_ACCESS_KEY
    t 'no credentials' 253 '' 'bedrock: CONFIG: no credentials*AWS_ACCESS_KEY_ID*hint: export *' models
    t 'no credentials, as JSON' 253 '' '{"error":{"code":"CONFIG",*"httpStatus":null,*"hint":"export *"}}' \
        models --json
    AWS_BEARER_TOKEN_BEDROCK='bedrock-api-key-emulator'
    export AWS_BEARER_TOKEN_BEDROCK
    t 'a bearer token' 0 "*$nova*" '' models
    echo "$passed $failed" > "$dir/counts"
) > "$dir/sub"
cat "$dir/sub"
read -r passed failed < "$dir/counts"
t 'bad Region' 253 '' 'bedrock: CONFIG: *not a Region*' models --region 'us east'
t 'CA file missing' 253 '' "bedrock: CONFIG: *$dir/none*No such file*" models --ca-bundle "$dir/none"
t 'CA file without a certificate' 253 '' "bedrock: CONFIG: *$dir/hi*no usable certificate*" \
    models --ca-bundle "$dir/hi"
t 'http for another machine' 253 '' 'bedrock: CONFIG: *loopback*' models --endpoint-url http://example.com

# ---- Network and TLS ----

t 'refused' 255 '' "bedrock: CONNECT: connect 127.0.0.1:1: Connection refused${nl}hint: nobody listens there: *" \
    models --endpoint-url http://127.0.0.1:1
t 'refused, as JSON' 255 '' '{"error":{"code":"CONNECT",*"retryable":true,*}}' \
    models --endpoint-url http://127.0.0.1:1 --json
t 'name not found' 255 '' 'bedrock: RESOLVE: resolve nowhere.invalid: *hint: *us-east-1*' \
    models --endpoint-url https://nowhere.invalid --connect-timeout 5
(
    unset AWS_CA_BUNDLE
    "$bedrock" models > "$dir/out" 2> "$dir/err"
    echo $? > "$dir/status"
)
status=$(cat "$dir/status")
judge 'not trusted' 255 '' 'bedrock: TLS: *not trusted*hint: *--ca-bundle *'
# a server without TLS waits for the end of what it takes to be a request
"$emulator" --http -- sh -c '"$0" models --connect-timeout 0.4 --endpoint-url "https${AWS_ENDPOINT_URL#http}"' \
    "$bedrock" > "$dir/out" 2> "$dir/err"
status=$?
judge '--connect-timeout' 255 '' 'bedrock: TIMEOUT: *no connection within 400 ms*hint: *--connect-timeout*'
"$emulator" --http -- "$bedrock" models -1 > "$dir/out" 2> "$dir/err"
status=$?
judge 'plain HTTP to loopback' 0 "*$nova*" ''

# ---- models ----

t 'models' 0 "ID *NAME *PROVIDER *INPUT *OUTPUT *STREAMING *INFERENCE *STATUS$nl*$nova *Nova Lite *Amazon *TEXT,IMAGE,VIDEO *TEXT *yes *ON_DEMAND,INFERENCE_PROFILE *ACTIVE$nl*" '' models
ok 'the table has a row a model' test "$(wc -l < "$dir/out")" -eq "$(($("$bedrock" models -1 | wc -l) + 1))"
t 'models -1' 0 "*$nova$nl*" '' models -1
t 'models --provider' 0 'ai21.jamba-1-5-mini-v1:0' '' models --provider 'ai21 labs' -1
t 'models --input' 0 'amazon.nova-lite-v1:0*amazon.nova-pro-v1:0' '' models --input=video -1
t 'models --output' 0 'amazon.titan-embed-text-v2:0' '' models --output Embedding -1
t 'models --inference' 0 '*deepseek.r1-v1:0' '' models --inference inference_profile -1
ok 'and only these' test "$(grep -c -e claude-v2 "$dir/out")" -eq 0
t 'models --active' 0 "*$nova*" '' models --active -1
ok 'without LEGACY' test "$(grep -c -e claude-v2 "$dir/out")" -eq 0
t 'models, several filters' 0 'amazon.nova-canvas-v1:0' '' -1 --provider Amazon models --output image --inference provisioned
t 'models, none fits' 0 '' 'bedrock: no model fits' models --provider Nobody
t 'models, a format of the AWS CLI' 0 '' 'bedrock: no model fits; *--json prints JSON' models --output json
t 'models, none fits, -q' 0 '' '' models --provider Nobody -q
t 'models --json' 0 '{"modelSummaries":\[{*"modelId":"amazon.nova-lite-v1:0"*}\]}' '' models --json
t 'models --json, filtered' 0 '{"modelSummaries":\[{*"modelId":"ai21.jamba-1-5-mini-v1:0",*}\]}' '' \
    models --json --provider 'AI21 Labs'
t 'models --json, none fits' 0 '{"modelSummaries":\[\]}' '' models --json --provider Nobody

# ---- converse ----

for how in --no-stream --stream; do
    t "converse $how" 0 "$rome" '' converse -m $nova $how "$ask"
    ok "one newline at its end ($how)" test "$("$bedrock" converse -m $nova $how "$ask" | wc -c)" -eq $((${#rome} + 1))
    t "reasoning $how" 0 "$thought$nl${nl}Rome. *" '' converse -m $claude $how "$ask"
    t "--no-reasoning $how" 0 'Rome. *' '' converse -m $claude $how --no-reasoning "$ask"
    t "--usage $how" 0 "$rome" '--- Latency: [0-9]*ms - Input tokens:6 - Output tokens:6 ---' \
        converse -m $nova $how --usage "$ask"
    t "--usage -q $how" 0 "$rome" '' converse -m $nova $how --usage -q "$ask"
    t "--max-tokens $how" 0 'The capital' 'bedrock: the answer was cut: stop reason max_tokens; --max-tokens *' \
        converse -m $nova $how --max-tokens 2 "$ask"
    t "--max-tokens -q $how" 0 'The capital' '' converse -m $nova $how --max-tokens 2 -q "$ask"
    t "--stop $how" 0 'The capital of*' '' converse -m $nova $how --stop xyz --stop Italy "$ask"
    ok "and nothing behind it" test "$(grep -c Rome "$dir/out")" -eq 0
    t "-s $how" 0 "$rome" '--- Latency: *ms - Input tokens:9 *' \
        converse -m $nova $how --usage -s 'Be very brief.' "$ask"
    t "controls in a pipe stay $how" 0 "*$esc\[31mred*" '' converse -m fault.control $how hi
done
ok 'no newline is added to one' test "$("$bedrock" converse -m $nova --stream --stop '".' "a$nl" | wc -c)" -eq 13
t 'words are joined' 0 'You said: "a b  c".' '' converse -m $nova a 'b ' c
t '--opt=V and -oV' 0 "$rome" '*Output tokens:6 ---' converse "-m$nova" --max-tokens=50 --usage "$ask"
t 'combined letters' 0 "$rome" '' converse -qm $nova "$ask"
t 'long form of -m' 0 "$rome" '' converse --model-id $nova "$ask"
t 'the last of several counts' 0 "$rome" '' converse -m $nova --max-tokens 1 --max-tokens 50 "$ask"
t 'the last of --stream and --no-stream counts' 0 '{"output":*' '' converse -m $nova --json --stream --no-stream hi
t 'options in front' 0 "$rome" '' --region us-east-1 -m $nova converse "$ask"
t 'a value that begins with -' 0 'You said: "a' '' converse -m $nova --stop - a-b
t 'another' 0 'You said: "a' '' converse -m $nova --stop -1 a-1
t 'an option as a value' 0 'You said: "a' '' converse -m $nova --stop=--json a--json
t '--' 0 'You said: "--stream".' '' converse -m $nova -- --stream
t 'options behind the words' 0 "Rome is *" '' converse "$ask" -m amazon.nova-pro-v1:0
BEDROCK_MODEL=$nova
export BEDROCK_MODEL
t 'BEDROCK_MODEL' 0 "$rome" '' converse "$ask"
t '-m goes before BEDROCK_MODEL' 0 "Rome is *" '' converse -m amazon.nova-pro-v1:0 "$ask"
unset BEDROCK_MODEL
t 'numbers' 0 "$rome" '' converse -m $nova --temperature 0.5 --top-p .9 \
    --connect-timeout 5 --read-timeout 0.5 "$ask"
# digits go out as they were typed: two more of them, two more bytes
length()
{
    "$bedrock" converse -m $nova -v "$@" hi > "$dir/out" 2> "$dir/err"
    value Content-Length
}
short=$(length --temperature 0.5) long=$(length --temperature 0.500)
ok 'digits as typed' test "$((short + 2))" -eq "$long"
ok 'a point in front gets its zero' test "$(length --top-p .5)" -eq "$(length --top-p 0.5)"
ok 'exponents too' test "$(length --top-p 5e-1)" -eq "$(length --top-p 0.50)"
t '--fields' 0 "$rome" '' converse -m $nova --fields '{"top_k": 50}' "$ask"
ok '--fields goes out' test "$(length --fields '{"top_k": 50}')" -gt "$(length)"
echo "$ask" > "$dir/prompt"
t 'prompt from a file' 0 "$rome" '' converse -m $nova "@$dir/prompt"
t 'words behind a file' 0 "You said: \"hi there\"." '' converse -m $nova "@$dir/hi" there
t 'a literal @' 0 'You said: "@home".' '' converse -m $nova @@home
t '@ in the second word' 0 "You said: \"see @$dir/hi\"." '' converse -m $nova see "@$dir/hi"
t 'system from a file' 0 "$rome" '*Input tokens:7 *' converse -m $nova -s "@$dir/hi" --usage "$ask"

# ---- Standard input ----

# in TEXT NAME OUT ARGUMENTS...: the text comes through a pipe
in_pipe()
{
    p_text=$1 p_name=$2 p_out=$3
    shift 3
    printf '%s' "$p_text" | "$bedrock" "$@" > "$dir/out" 2> "$dir/err"
    status=$?
    judge "$p_name" 0 "$p_out" ''
}
in_pipe "hello$nl" 'prompt from a pipe' 'You said: "hello".' converse -m $nova
in_pipe 'hello' 'without a newline' 'You said: "hello".' converse -m $nova
in_pipe "hello$nl$nl" 'one newline is dropped, not two' "You said: \"hello$nl\"." converse -m $nova
in_pipe "hello$nl" 'words, then standard input' "You said: \"Repeat:${nl}hello\"." converse -m $nova Repeat:
in_pipe "hello$nl" 'a - among the words' "You said: \"hello\"." converse -m $nova -
in_pipe "hello$nl" '@-' "You said: \"hello there\"." converse -m $nova @- there
in_pipe '' 'an empty pipe adds nothing' 'You said: "hi".' converse -m $nova hi
in_pipe 'Be brief.' 'system from standard input' "$rome" converse -m $nova -s - "$ask"
in_pipe '{"top_k":1}' 'fields from standard input' "$rome" converse -m $nova --fields @- "$ask"
in_pipe '{"messages":[{"role":"user","content":[{"text":"in a request"}]}]}' 'request from standard input' \
    'You said: "in a request".' converse -m $nova --input -
t 'a file as standard input' 0 "You said: \"Say${nl}hi\"." '' converse -m $nova Say < "$dir/hi"
t 'a device is not read beside words' 0 'You said: "hi".' '' converse -m $nova hi < /dev/zero
t 'closed standard input' 0 'You said: "hi".' '' converse -m $nova hi <&-
sleep 2.4 | "$bedrock" converse -m $nova hi > "$dir/out" 2> "$dir/err"
status=$?
judge 'a silent pipe is waited for, with a word' 0 'You said: "hi".' 'bedrock: waiting for standard input*'

# ---- --input ----

cat > "$dir/request.json" <<END
{
  "modelId": "$nova",
  "system": [{"text": "one two three"}],
  "messages": [{"role": "user", "content": [{"text": "$ask"}]}],
  "inferenceConfig": {"maxTokens": 2, "stopSequences": ["xyz"]}
}
END
t '--input' 0 'The capital' '*max_tokens*' converse --input "$dir/request.json"
t '-m goes before modelId' 0 'Rome is' '*max_tokens*' converse --input "$dir/request.json" -m amazon.nova-pro-v1:0
t 'a flag replaces its member' 0 "$rome" '' converse --input "$dir/request.json" --max-tokens 50
t 'and leaves the others' 0 'The capital of Italy is Rome.' '*Input tokens:9 *' \
    converse --input "$dir/request.json" --max-tokens 50 --usage
t '-s replaces system' 0 "$rome" '*Input tokens:7 *' \
    converse --input "$dir/request.json" --max-tokens 50 -s one --usage
t 'a prompt replaces messages' 0 'You said:' '*max_tokens*' converse --input "$dir/request.json" hi
in_pipe 'not for us' 'messages of its own: standard input is left alone' "$rome" \
    converse --input "$dir/request.json" --max-tokens 50
cat > "$dir/tool.json" <<END
{"modelId": "cohere.command-r-plus-v1:0",
 "messages": [{"role": "user", "content": [{"text": "weather in Rome"}]}],
 "toolConfig": {"tools": [{"toolSpec": {"name": "weather", "inputSchema": {"json": {"type": "object",
   "properties": {"city": {"type": "string"}}}}}}]}}
END
for how in --no-stream --stream; do
    t "a tool use is a line of JSON $how" 0 "*$nl{\"toolUse\":{*\"name\":\"weather\",*\"input\":{\"city\":*}}}" '' \
        converse --input "$dir/tool.json" $how
done

# ---- JSON ----

t '--json' 0 '{"output":*"stopReason":"end_turn",*}' '' converse -m $nova --json "$ask"
ok 'on one line' test "$(wc -l < "$dir/out")" -eq 1
t '--json --stream' 0 "{\"messageStart\":{\"role\":\"assistant\"}}$nl{\"contentBlockDelta\":{\"contentBlockIndex\":0,\"delta\":{\"text\":\"*$nl{\"messageStop\":{\"stopReason\":\"end_turn\"}}$nl{\"metadata\":{*}}" '' \
    converse -m $nova --json --stream "$ask"
ok 'without padding' test "$(grep -c '"p":' "$dir/out")" -eq 0
t '--json, an error' 254 '' \
    '{"error":{"code":"AccessDeniedException","message":"*","httpStatus":403,"requestId":"*","attempts":1,"retryable":false,"hint":"*"}}' \
    converse -m $llama --json hi
t '--json, an error in a stream' 254 '{"messageStart":*"delta":*' \
    '{"error":{"code":"ThrottlingException",*"retryable":true,*}}' \
    converse -m fault.exception-throttlingException --json --stream hi

# ---- Several models ----

t 'several models' 1 "Model: $nova$nl$rome$nl--- Latency: [0-9]*ms - Input tokens:6 - Output tokens:6 ---$nl${nl}Model: $llama${nl}Error: AccessDeniedException: *$nl${nl}Model: amazon.nova-pro-v1:0${nl}Rome is *$nl---*---" 'hint: *' \
    converse -m $nova -m $llama -m amazon.nova-pro-v1:0 "$ask"
t 'several models, all well' 0 "Model: $nova$nl$rome$nl---*${nl}Model: $claude$nl$thought$nl${nl}Rome*" '' \
    converse -m $nova -m $claude --stream "$ask"
t 'several models, none well: the first one tells' 254 'Model: *Error: *Model: *Error: *' '' \
    converse -q -m $llama -m fault.close hi
t 'the other way round' 255 'Model: *Error: IO: *Model: *Error: *' '' converse -q -m fault.close -m $llama hi
t 'several models, --json' 1 "{\"modelId\":\"$nova\",\"response\":{*}}$nl{\"modelId\":\"$llama\",\"error\":{\"code\":\"AccessDeniedException\",*\"hint\":*}}" '' \
    converse -m $nova -m $llama --json hi
t 'several models, --json --stream' 1 "{\"modelId\":\"$nova\",\"event\":{\"messageStart\":*$nl{\"modelId\":\"$llama\",\"error\":{*}}" '' \
    converse -m $nova -m $llama --json --stream hi
t 'several models, one cut' 0 "*Output tokens:2 ---" \
    "bedrock: $nova: the answer was cut*$nl*bedrock: amazon.nova-pro-v1:0: the answer was cut*" \
    converse -m $nova -m amazon.nova-pro-v1:0 --max-tokens 2 "$ask"
"$bedrock" converse --parallel 1 -m $nova -m $llama -m $claude -m $nova -v hi > "$dir/out" 2> "$dir/err"
ok 'four models, one connection' test "$(grep -c '^\* connecting' "$dir/err")" -eq 1
"$bedrock" converse --parallel 1 -m fault.keepalive-close -m $nova -v hi > "$dir/out" 2> "$dir/err"
ok 'a connection that is closed is made anew' test "$(grep -c '^\* connecting' "$dir/err")" -eq 2

# ---- Errors of the service and of the wire ----

t 'error of the service' 254 '' \
    'bedrock: ThrottlingException: This is the error * (HTTP 429, request *-*)?hint: *Service Quotas' \
    converse -m fault.status-429-ThrottlingException hi
t 'HTML' 254 '' 'bedrock: SERVICE: <html>* (HTTP 503, request *' converse -m fault.html-503 hi
t 'an empty error' 254 '' 'bedrock: SERVICE: * (HTTP 500, request *' converse -m fault.empty-500 hi
t 'a redirect is not followed' 254 '' 'bedrock: SERVICE: *redirect* (HTTP 302, *' converse -m fault.redirect-302 hi
t 'on-demand throughput' 254 '' "bedrock: ValidationException: *hint: *-m $claude" converse -m "${claude#us.}" hi
t 'streaming is not supported' 254 '' '*hint: this model does not stream; leave out --stream' converse --stream -m ai21.jamba-1-5-mini-v1:0 hi
t 'no such model' 254 '' 'bedrock: ValidationException: *hint: `bedrock models`*' converse -m nothing hi
AWS_ACCESS_KEY_ID=NOBODY t 'unknown key' 254 '' 'bedrock: UnrecognizedClientException: *hint: *AWS_ACCESS_KEY_ID*' models
AWS_SECRET_ACCESS_KEY=x t 'wrong secret' 254 '' 'bedrock: InvalidSignatureException: *hint: *AWS_SECRET_ACCESS_KEY' models
t 'not JSON' 255 '' 'bedrock: PROTOCOL: *not JSON*' converse -m fault.not-json hi
t 'another content type' 255 '' 'bedrock: PROTOCOL: *not an event stream*' converse -m fault.wrong-type --stream hi
t 'closed' 255 '' 'bedrock: IO: *closed the connection*' converse -m fault.close hi
t 'cut in the head' 255 '' 'bedrock: TRUNCATED: *' converse -m fault.cut-40 hi
t 'reset in the head' 255 '' 'bedrock: IO: *' converse -m fault.reset-40 hi
t 'cut in the body' 255 '' 'bedrock: TRUNCATED: *' converse -m fault.cut-300 hi
t 'cut in a stream' 255 'You*' 'bedrock: TRUNCATED: *' converse -m fault.cut-800 --stream hi
t 'reset in a stream' 255 '*' 'bedrock: IO: *reset*' converse -m fault.reset-800 --stream hi
t 'no messageStop' 255 'You said: "hi".' 'bedrock: TRUNCATED: *messageStop*' converse -m fault.no-stop --stream hi
t 'bad checksum' 255 'You' 'bedrock: PROTOCOL: *checksum*' converse -m fault.bad-crc --stream hi
t 'bad prelude' 255 'You' 'bedrock: PROTOCOL: *checksum*' converse -m fault.bad-prelude --stream hi
t 'frame too large' 255 'You' 'bedrock: LIMIT: *' converse -m fault.big-frame --stream hi
t 'garbage behind the end' 255 'You said: "hi".' 'bedrock: PROTOCOL: *after the end*' converse -m fault.garbage hi
t 'garbage behind a stream' 255 'You said: "hi".' 'bedrock: PROTOCOL: *after the end*' \
    converse -m fault.garbage --stream hi
t 'exception in a stream' 254 'You said:' 'bedrock: ThrottlingException: This is the exception *' \
    converse -m fault.exception-throttlingException --stream hi
t 'error frame in a stream' 254 'You said:' 'bedrock: InternalError: *' converse -m fault.error-frame --stream hi
t 'unknown event' 0 'You said: "hi".' '' converse -m fault.unknown-event --stream hi
t 'every byte alone' 0 'You said: "hi".' '' converse -m fault.pieces --stream hi
t '--read-timeout' 255 'You said:' 'bedrock: TIMEOUT: *silent for 300 ms*hint: --read-timeout *' \
    converse -m fault.stall --stream --read-timeout 0.3 hi
HTTPS_PROXY=http://127.0.0.1:1
export HTTPS_PROXY
t 'a proxy that is not there' 255 '' 'bedrock: CONNECT: proxy 127.0.0.1:1: *hint: *HTTPS_PROXY*NO_PROXY*' \
    converse -m $nova hi
unset HTTPS_PROXY
t '--read-timeout 0' 0 'You said: "hi".' '' converse -m fault.slow-300 --read-timeout 0 hi
ok 'a large answer' test "$("$bedrock" converse -m fault.big-3000000 hi | wc -c)" -eq 3000001
ok 'a long stream' test "$("$bedrock" converse -m fault.deltas-20000 --stream hi | wc -c)" -eq 400001

# ---- -v and its secrets ----

AWS_SESSION_TOKEN=FQoGZXIvYXdzEBYaDNOTSOSECRET
export AWS_SESSION_TOKEN
t '-v' 0 '*' '\* connecting to *> POST /model/amazon.nova-lite-v1%3A0/converse HTTP/1.1*> Host: *< HTTP/1.1 *< x-amzn-RequestId: *' \
    converse -v -m $nova hi
ok 'the authorization is hidden' grep -q '^> Authorization: \*\*\*\*$' "$dir/err"
ok 'so is the token' grep -qi '^> X-Amz-Security-Token: \*\*\*\*$' "$dir/err"
"$bedrock" models -v >> "$dir/out" 2>> "$dir/err"
AWS_SECRET_ACCESS_KEY=WRONGwJalrXUtnFEMI "$bedrock" models -v >> "$dir/out" 2>> "$dir/err"
for secret in "$AWS_SECRET_ACCESS_KEY" WRONGwJalr "$AWS_SESSION_TOKEN" Signature= 'Credential='; do
    ok "no $secret in -v" test "$(grep -c -e "$secret" "$dir/err")" -eq 0
done
ok 'nothing as long as a signature in -v' test "$(grep -c -E '[0-9a-f]{64}' "$dir/err")" -eq 0
unset AWS_SESSION_TOKEN
AWS_BEARER_TOKEN_BEDROCK=bedrock-api-key-emulator t '-v with a bearer token' 0 '*' '*> Authorization: \*\*\*\**' models -v
ok 'no bearer token in -v' test "$(grep -c -e bedrock-api-key-emulator "$dir/err")" -eq 0

# ---- Output that goes nowhere ----

{
    "$bedrock" converse -m fault.deltas-20000 --stream hi 2> "$dir/err"
    echo $? > "$dir/status"
} | head -c 5 > "$dir/out"
status=$(cat "$dir/status")
judge 'a reader that has gone' 0 delta ''
if [ -c /dev/full ]; then
    "$bedrock" converse -m $nova "$ask" > /dev/full 2> "$dir/err"
    status=$?
    : > "$dir/out"
    judge 'a full disk' 255 '' 'bedrock: IO: write to standard output: No space left on device'
    "$bedrock" models > /dev/full 2> "$dir/err"
    status=$?
    judge 'a full disk, models' 255 '' 'bedrock: IO: *No space left on device'
    "$bedrock" --help > /dev/full 2> "$dir/err"
    status=$?
    judge 'a full disk, --help' 255 '' 'bedrock: IO: *No space left on device'
else
    skip 'a full disk: no /dev/full'
fi
"$bedrock" converse -m $nova hi >&- 2> "$dir/err"
status=$?
judge 'standard output closed' 255 '' 'bedrock: IO: write to standard output: Bad file descriptor'
"$bedrock" converse -m $nova "$ask" > "$dir/out" 2>&-
status=$?
: > "$dir/err"
judge 'standard error closed' 0 "$rome" ''

# ---- As it arrives; signals ----

signalled TERM 0.4 converse -m fault.stall --stream hi
judge 'SIGTERM' 143 'You said:' ''
ok 'text is out before the stream ends' grep -q 'You said:' "$dir/early"
sh -c 'kill -INT $$' > /dev/null 2>&1
if [ $? -eq 130 ]; then
    signalled INT 0.4 converse -m fault.stall --stream hi
    judge 'SIGINT' 130 'You said:' ''
else
    skip 'SIGINT: whoever started this has it ignored'
fi
"$bedrock" converse -m emulator.slow-v1:0 --stream "$ask" > "$dir/slow" &
sleep 0.45
ok 'the first delta of a slow model' test -s "$dir/slow"
ok 'and there is more to come' kill -0 $!
wait $!

# ---- On a terminal ----

TERM=xterm
export TERM
if has_pty; then
    pty converse -m fault.control -q hi
    judge 'controls on a terminal' 0 "esc \\\\x1b\\[31mred\\\\x1b\\[0m \\\\x1b]0;title\\\\x07 bell\\\\x07 back\\\\x08\\\\x08 del\\\\x7f cr\\\\x0dover c1 \\\\x9b31m nel\\\\x85 rtl *${tab}line${nl}end" ''
    ok 'and none of them is left' test "$(tr -d '\n\t' < "$dir/out" | LC_ALL=C tr -dc '\001-\037\177' | wc -c)" -eq 0
    pty converse -m fault.control -q --no-stream hi
    judge 'controls on a terminal, in one piece' 0 'esc \\x1b\[31mred*' ''
    pty converse -m fault.control --json hi
    judge 'controls in JSON' 0 '{"output":*\\u001b\[31mred*\\u007f*\\u009b31m*\\u0085*}' ''
    pty converse -m $claude -q "'$ask'"
    judge 'reasoning is dimmed' 0 "$esc\\[2mThe$esc\\[0m*Rome.$esc\\[0m$nl${nl}Rome. It lies *" ''
    NO_COLOR=1
    export NO_COLOR
    pty converse -m $claude -q "'$ask'"
    judge 'not with NO_COLOR' 0 "$thought$nl${nl}Rome. It lies *" ''
    unset NO_COLOR
    pty converse -m $nova "'$ask'"
    judge 'usage on a terminal' 0 "$rome$nl--- Latency: *ms - Input tokens:6 - Output tokens:6 ---" ''
    pty converse -m $nova -v "'$ask'"
    judge 'streaming is the default on a terminal' 0 '*/converse-stream HTTP/1.1*' ''
    pty converse -m $nova --no-stream -v "'$ask'"
    judge '--no-stream on a terminal' 0 '*/converse HTTP/1.1*' ''
    pty converse -m $nova --json "'$ask'"
    judge '--json on a terminal is one response' 0 '{"output":*}' ''
    pty converse -m fault.bad-crc hi
    judge 'an error begins a line of its own' 0 "You${nl}bedrock: PROTOCOL: *" ''
    pty converse -m $nova
    judge 'a terminal is no prompt' 0 'bedrock: USAGE: no prompt: *' ''
else
    skip 'on a terminal: no script(1) of util-linux'
fi

echo "cli.sh: $passed passed, $failed failed, $skipped skipped"
[ $failed -eq 0 ]
