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
        "$BEDROCK_EMULATOR_HTTPS/model/$2"
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
row 'bedrock converse --stream, 10 deltas' "$runs" "$bedrock" converse -q --stream -m fault.deltas-10 hi
row 'bedrock converse --stream, 10,000 deltas' 10 "$bedrock" converse -q --stream -m fault.deltas-10000 hi
row 'bedrock converse --stream, 20,000 deltas' 10 "$bedrock" converse -q --stream -m fault.deltas-20000 hi
runs=10
command -v curl > /dev/null && curl_row 'curl, the 10,000 frames undecoded' fault.deltas-10000/converse-stream
