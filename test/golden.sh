#!/bin/sh
# golden.sh - golden.mjs, where node and the public test suites are there: VECTORS is the suites' folder.
vectors=${VECTORS:-../shared/spec/vectors}/http-requests.json
if [ ! -r "$vectors" ] || ! command -v node > /dev/null; then
    echo 'SKIP golden: the public test suites or node are not there'
    echo 'golden.sh: 0 passed, 0 failed, 1 skipped'
    exit 0
fi
exec node test/golden.mjs "$vectors" ./bedrock
