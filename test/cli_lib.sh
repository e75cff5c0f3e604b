# cli_lib.sh - what the tests of the command share: each begins with `. test/cli_lib.sh`, which runs it again
# under the emulator, and ends with the sum. SCRIPT [BEDROCK [EMULATOR]], from the top of the tree.
if [ "$1" != --inner ]; then
    bedrock=${1:-./bedrock} emulator=${2:-./bedrock-emulator}
    # shellcheck disable=SC2086
    exec "$emulator" $emulator_options -- sh "$0" --inner "$bedrock" "$emulator"
fi
bedrock=$2 emulator=$3
unset BEDROCK_MODEL BEDROCK_AUTO_PROFILE NO_COLOR AWS_SESSION_TOKEN AWS_BEARER_TOKEN_BEDROCK AWS_DEFAULT_REGION \
    SSL_CERT_FILE AWS_ENDPOINT_URL_BEDROCK AWS_ENDPOINT_URL_BEDROCK_RUNTIME \
    HTTPS_PROXY https_proxy http_proxy ALL_PROXY all_proxy NO_PROXY no_proxy
LC_ALL=C
export LC_ALL
exec < /dev/null
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
passed=0 failed=0 skipped=0
nova=amazon.nova-lite-v1:0
claude=us.anthropic.claude-3-7-sonnet-20250219-v1:0
llama=meta.llama3-70b-instruct-v1:0
rome='The capital of Italy is Rome.'
thought='The user wants to know a capital. For Italy that is Rome.'
ask='What is the capital of Italy?'
nl='
'
tab=$(printf '\t')
esc=$(printf '\033')

pass()
{
    passed=$((passed + 1))
}
fail()
{
    failed=$((failed + 1))
    echo "FAIL $1"
}
skip()
{
    skipped=$((skipped + 1))
    echo "SKIP $1"
}
# ok NAME COMMAND...: passes when the command succeeds
ok()
{
    what=$1
    shift
    if "$@"; then pass; else fail "$what"; fi
}
# judge NAME STATUS OUT ERR: compares $status and the two files with what they must be: shell patterns
judge()
{
    out=$(cat "$dir/out") err=$(cat "$dir/err")
    if [ "$status" != "$2" ]; then
        fail "$1: status $status, not $2; stderr: $(printf %.600s "$err")"
        return
    fi
    # shellcheck disable=SC2254
    case $out in
    $3) ;;
    *)  fail "$1: stdout is: $(printf %.600s "$out")"
        return ;;
    esac
    # shellcheck disable=SC2254
    case $err in
    $4) pass ;;
    *)  fail "$1: stderr is: $(printf %.600s "$err")" ;;
    esac
}
# t NAME STATUS OUT ERR ARGUMENTS...: runs bedrock; standard input is ours
t()
{
    t_name=$1 t_status=$2 t_out=$3 t_err=$4
    shift 4
    "$bedrock" "$@" > "$dir/out" 2> "$dir/err"
    status=$?
    judge "$t_name" "$t_status" "$t_out" "$t_err"
}
# with OPTIONS NAME STATUS OUT ERR ARGUMENTS...: as t, under an emulator of its own that gets the options
with()
{
    w_options=$1 t_name=$2 t_status=$3 t_out=$4 t_err=$5
    shift 5
    # shellcheck disable=SC2086
    "$emulator" $w_options -- "$bedrock" "$@" > "$dir/out" 2> "$dir/err"
    status=$?
    judge "$t_name" "$t_status" "$t_out" "$t_err"
}
# bad NAME ERR ARGUMENTS...: status 252, one line that names it, and nothing sent
bad()
{
    t_name=$1 t_err=$2
    shift 2
    AWS_ENDPOINT_URL=http://127.0.0.1:1 "$bedrock" "$@" > "$dir/out" 2> "$dir/err"
    status=$?
    judge "$t_name" 252 '' "bedrock: USAGE: $t_err"
    [ "$(wc -l < "$dir/err")" -eq 1 ] || fail "$t_name: not one line: $(cat "$dir/err")"
}
# signalled SIGNAL SECONDS ARGUMENTS...: bedrock in the foreground, so that its signals are not ignored, and
# the signal sent after a while; what was written until then is in $dir/early
signalled()
{
    s_signal=$1 s_seconds=$2
    shift 2
    (
        sleep "$s_seconds"
        cp "$dir/out" "$dir/early"
        kill "-$s_signal" "$(cat "$dir/pid")"
    ) &
    sh -c 'echo $$ > "$0"; exec "$@"' "$dir/pid" "$bedrock" "$@" > "$dir/out" 2> "$dir/err"
    status=$?
    wait $!
}
# pty ARGUMENTS: standard output and error together, without the terminal's carriage returns
pty()
{
    script -qec "$bedrock $*" /dev/null < /dev/null | tr -d '\r' > "$dir/out"
    : > "$dir/err"
    status=0
}
has_pty()
{
    command -v script > /dev/null && script -qec true /dev/null < /dev/null > /dev/null 2>&1
}
