#!/bin/sh
# bodies.sh - the bodies of http-requests.json come out of `bedrock converse --dry-run` unchanged in meaning:
# each through --input, and by options alone those that options can make. VECTORS is the suite's folder.
vectors=${VECTORS:-../shared/spec/vectors}/http-requests.json
passed=0 failed=0 skipped=0
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
out=$dir/out file=$dir/body tools=$dir/tools schema=$dir/schema
end()
{
    echo "bodies.sh: $passed passed, $failed failed, $skipped skipped"
    [ $failed -eq 0 ]
    exit
}
if [ ! -r "$vectors" ] || ! command -v jq > /dev/null; then
    echo 'SKIP bodies: the public test suites or jq are not there'
    skipped=1
    end
fi
# body NAME: that of a vector, the conversation alone of what is counted
body()
{
    jq -cS --arg name "$1" '.[] | select(.name == $name) | .body | fromjson | .input.converse // .' < "$vectors"
}
# equal NAME WANT: $out holds this JSON
equal()
{
    got=$(jq -cS . < "$out" 2> /dev/null)
    if [ -n "$2" ] && [ "$got" = "$2" ]; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "FAIL $1"
        echo "  made   $(cat "$out")"
        echo "  wanted $2"
    fi
}
# same NAME ARGUMENTS...: converse makes this body of them
same()
{
    name=$1
    shift
    ./bedrock converse --dry-run "$@" > "$out" 2>&1 < /dev/null
    equal "$name: $*" "$(body "$name")"
}
unset BEDROCK_MODEL AWS_REGION AWS_DEFAULT_REGION AWS_PROFILE

names=$(jq -r '.[] | select((.path | test("/converse(-stream)?$|/count-tokens$")) and
    (.body | fromjson | (.input == null or .input.converse != null))) | .name' < "$vectors")
n=0
for name in $names; do
    case $name in
    *model-only*) continue ;; # {} has no messages and needs its model: below
    *stream*) how=--stream ;;
    *) how=--no-stream ;;
    esac
    body "$name" > "$file"
    same "$name" $how --input "$file"
    n=$((n + 1))
done
[ $n -ge 4 ] || { failed=$((failed + 1)); echo "FAIL only $n bodies in http-requests.json"; }

same converse-minimal hi
same count-tokens-converse hi
same converse-stream --stream --guardrail g:DRAFT --guardrail-mode async hi
BEDROCK_MODEL=arn:aws:bedrock:us-east-1:123456789012:prompt/ABCDEFGHIJ:1 ./bedrock converse --dry-run < /dev/null |
    jq 'del(.modelId)' > "$out"
equal 'converse-model-only' "$(body converse-model-only)"

# a schema's name and description are the only members there that no option makes
body converse-all-blocks > "$file"
jq .toolConfig < "$file" > "$tools"
printf '{"type":"object"}' > "$schema"
./bedrock converse --dry-run --messages "$file" --tools "$tools" --schema "$schema" -s sys --cache --max-tokens 100 \
    --temperature 0.1 --top-p 0.9 --stop END --guardrail abc123:1 --guardrail-trace \
    --fields '{"thinking":{"type":"enabled","budget_tokens":1024}}' --var v=val --response-field /stop_sequence \
    --metadata team=x --latency optimized --tier flex --effort high > "$out" 2>&1 < /dev/null
equal 'converse-all-blocks by options' \
    "$(jq -cS 'del(.outputConfig.textFormat.structure.jsonSchema["name", "description"])' < "$file")"
end
