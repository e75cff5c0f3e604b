#!/bin/sh
# run.sh - what README quotes: parts in MB/s, and whole processes beside curl on the same emulator, in one run.
# With -inner it runs inside of the emulator. Prints, asserts nothing; compare ratios, not milliseconds.
if [ "$1" != -inner ]; then
    exec ./bedrock-emulator -- sh bench/run.sh -inner
fi
set -e
runs=${RUNS:-40}
bedrock=${BEDROCK:-./bedrock}
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
body='{"messages":[{"role":"user","content":[{"text":"hi"}]}]}'

row()
{
    printf '  %-44s ' "$1"
    shift
    ./bench/peak -n "$@"
}
curl_row()
{
    row "$1" "$runs" curl -sS -o /dev/null --cacert "$AWS_CA_BUNDLE" --aws-sigv4 "aws:amz:$AWS_REGION:bedrock" \
        --user "$AWS_ACCESS_KEY_ID:$AWS_SECRET_ACCESS_KEY" -H 'Content-Type: application/json' -d "$body" \
        "${3:-$BEDROCK_EMULATOR_HTTPS}/model/$2"
}

echo 'Parts (best of 400 runs over 64 KiB):'
./bench/micro
if command -v openssl > /dev/null; then
    printf '  %-44s %8.0f MB/s\n' 'sha256, openssl speed, 16 KiB' "$(openssl speed -seconds 1 -bytes 16384 -evp sha256 2> /dev/null |
        awk '/^sha256/ { sub("k", "", $2); print $2 / 1000 }')"
fi
echo
echo "A whole process over TLS: median wall of $runs, CPU of that run, peak resident memory"
row 'bedrock --version' "$runs" "$bedrock" --version
row 'bedrock converse, one shot' "$runs" "$bedrock" converse -q --no-stream -m fault.big-200 hi
command -v curl > /dev/null && curl_row 'curl --aws-sigv4, the same' fault.big-200/converse
row 'bedrock converse, one shot, without TLS' "$runs" "$bedrock" converse -q --no-stream --endpoint-url "$BEDROCK_EMULATOR_HTTP" -m fault.big-200 hi
command -v curl > /dev/null && curl_row 'curl --aws-sigv4, the same' fault.big-200/converse "$BEDROCK_EMULATOR_HTTP"
row 'bedrock converse --stream, 10 deltas' "$runs" "$bedrock" converse -q --stream -m fault.deltas-10 hi
row 'bedrock converse --stream, 10,000 deltas' 10 "$bedrock" converse -q --stream -m fault.deltas-10000 hi
row 'bedrock converse --stream, 20,000 deltas' 10 "$bedrock" converse -q --stream -m fault.deltas-20000 hi
runs=10
command -v curl > /dev/null && curl_row 'curl, the 10,000 frames undecoded' fault.deltas-10000/converse-stream

echo
echo 'Many at once, one process over TLS: 200 streams of 1,000 deltas side by side; 500 one-shot calls over one connection'
row 'bench/many, 200 streams' 5 ./bench/many streams 200 fault.deltas-1000
row 'bench/many, 500 calls' 5 ./bench/many calls 500 fault.big-200
if command -v node > /dev/null && [ -d test/interop/node_modules ]; then
    NODE_EXTRA_CA_CERTS=$AWS_CA_BUNDLE
    export NODE_EXTRA_CA_CERTS
    row 'AWS SDK for JavaScript, 200 streams' 3 node bench/many.mjs streams 200 fault.deltas-1000
    row 'AWS SDK for JavaScript, 500 calls' 3 node bench/many.mjs calls 500 fault.big-200
fi
if command -v curl > /dev/null; then
    i=0
    while [ $i -lt 500 ]; do
        [ $i -gt 0 ] && echo next
        printf 'url = "%s/model/fault.big-200/converse"\noutput = /dev/null\n' "$BEDROCK_EMULATOR_HTTPS"
        printf 'user = "%s:%s"\naws-sigv4 = "aws:amz:%s:bedrock"\n' "$AWS_ACCESS_KEY_ID" "$AWS_SECRET_ACCESS_KEY" "$AWS_REGION"
        printf 'header = "Content-Type: application/json"\ndata = "%s"\ncacert = "%s"\n' \
            "$(printf %s "$body" | sed 's/"/\\"/g')" "$AWS_CA_BUNDLE"
        i=$((i + 1))
    done > "$dir/curl"
    row 'curl --aws-sigv4, 500 URLs' 3 curl -sS -K "$dir/curl"
fi
