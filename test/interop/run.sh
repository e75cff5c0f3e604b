#!/bin/sh
# run.sh - AWS's own packages and a server of another author against ./bedrock, ./bedrock-emulator and
# libbedrock.a. Needs node and test/interop/node_modules (make deps); everything stays on loopback.
passed=0 failed=0 skipped=0
here=test/interop
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
trap 'exit 1' HUP INT TERM

finish()
{
    echo "interop: $passed passed, $failed failed, $skipped skipped"
    [ $failed -eq 0 ]
    exit
}
skip_all()
{
    echo "SKIP interop: $1"
    skipped=1
    finish
}

command -v node > /dev/null || skip_all 'node is not installed (make deps)'
[ -d $here/node_modules ] || skip_all "$here/node_modules is not there (make deps)"
version=$(node -p 'const [a, b] = process.versions.node.split("."); a * 100 + Number(b)')
[ "$version" -ge 1802 ] || skip_all "$(node --version) is too old, 18.2 or newer is needed"
lacking=$(cd $here && node -p '
    Object.entries(require("./package.json").dependencies).filter(([name, version]) => {
        const file = "node_modules/" + name + "/package.json";

        return !fs.existsSync(file) || JSON.parse(fs.readFileSync(file)).version !== version;
    }).map((pair) => pair.join(" ")).join(", ")')
[ -z "$lacking" ] || skip_all "$here/node_modules lacks $lacking (remove it and make deps)"

for program in ./bedrock ./bedrock-emulator libbedrock.a; do
    [ -e $program ] && continue
    echo "FAIL interop: $program is not there (make)"
    failed=1
    finish
done

# shellcheck disable=SC2086
if ! ${CC:-cc} -std=c11 -I. $CFLAGS -o "$dir/ours" $here/ours.c libbedrock.a tools/fortify.o $LDFLAGS \
    -lbearssl; then
    echo 'FAIL interop: ours.c does not compile'
    failed=1
    finish
fi

# part COMMAND... - one program, with nothing of the caller's settings
part()
{
    env -i PATH="$PATH" HOME="$dir" TMPDIR="$dir" NODE_NO_WARNINGS=1 AWS_EC2_METADATA_DISABLED=true \
        AWS_CONFIG_FILE=/dev/null AWS_SHARED_CREDENTIALS_FILE=/dev/null "$@" > "$dir/out" 2>&1
    status=$?
    cat "$dir/out"
    counts=$(sed -n 's/^[a-z]*: \([0-9]*\) passed, \([0-9]*\) failed, \([0-9]*\) skipped$/\1 \2 \3/p' \
        "$dir/out" | tail -n 1)
    # shellcheck disable=SC2086
    set -- ${counts:-0 0 0}
    if [ -z "$counts" ] || { [ $status -ne 0 ] && [ "$2" -eq 0 ]; }; then
        echo "FAIL interop: a program ended with status $status and told no failure"
        set -- "$1" $(($2 + 1)) "$3"
    fi
    passed=$((passed + $1)) failed=$((failed + $2)) skipped=$((skipped + $3))
}

part node $here/requests.mjs "$dir/ours"
part node $here/calls.mjs
part node $here/frames.mjs "$dir/ours"
part node $here/assemble.mjs
part ./bedrock-emulator --http -- node $here/agent.mjs
part ./bedrock-emulator --http -- node $here/emulator.mjs
# the CA of the emulator, for OpenSSL inside node, which reads this as it starts
# shellcheck disable=SC2016
part ./bedrock-emulator -- sh -c 'NODE_EXTRA_CA_CERTS=$AWS_CA_BUNDLE exec node "$1"' sh $here/emulator.mjs
part ./bedrock-emulator --http -- env -u AWS_ACCESS_KEY_ID -u AWS_SECRET_ACCESS_KEY node $here/creds.mjs
part node $here/aimock.mjs
finish
