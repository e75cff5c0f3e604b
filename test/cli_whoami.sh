#!/bin/sh
# cli_whoami.sh - `bedrock whoami`, --check, `bedrock api-key`, --profile and hints about credentials, against the
# emulator: sh test/cli_whoami.sh [BEDROCK [EMULATOR]], from the top of the tree.
. test/cli_lib.sh
. test/creds_lib.sh
home=$dir/home config=$dir/config all=$dir/all
mkdir -p "$home/.aws/sso/cache" "$home/.aws/login/cache"

# ---- What our files hold; the secrets in it are looked for in the end ----

{
    cat << END
[default]
region = eu-west-1
[profile keys]
aws_access_key_id = AKIDEXAMPLE
aws_secret_access_key = $secret
[profile role]
role_arn = $role/emulator
source_profile = keys
[profile run]
credential_process = cat $dir/keys.json
[profile container]
role_arn = $role/emulator
credential_source = EcsContainer
END
    common_profiles
    sso_profile sso fresh
    sso_profile old old
} > "$config"
# sum TEXT COMMAND: what a cache file is named after
sum()
{
    printf %s "$1" | "$2" | cut -d ' ' -f 1
}
sso_file "$home/.aws/sso/cache/$(sum fresh sha1sum).json" 2099-01-01T00:00:00Z
sso_file "$home/.aws/sso/cache/$(sum old sha1sum).json" 2020-01-01T00:00:00Z
login_file "$home/.aws/login/cache/$(sum "arn:aws:iam::$account:user/me" sha256sum).json" 2099-01-01T00:00:00Z \
    emulator-login 'no key'
printed_keys > "$dir/keys.json"
printf emulator.web.identity > "$dir/web"

# ours OPTIONS NAME STATUS OUT ERR ARGUMENTS...: as `with`, with our files, and with what $more holds for env(1)
more=
ours()
{
    o_options=$1 t_name=$2 t_status=$3 t_out=$4 t_err=$5
    shift 5
    # shellcheck disable=SC2086
    "$emulator" $o_options -- env AWS_CONFIG_FILE="$config" HOME="$home" $more "$bedrock" "$@" \
        > "$dir/out" 2> "$dir/err"
    status=$?
    cat "$dir/out" "$dir/err" >> "$all"
    judge "$t_name" "$t_status" "$t_out" "$t_err"
}
# steps NAME LINE...: the steps of the last --check, as "STEP STATE", in their order
steps()
{
    s_name=$1
    shift
    got=$(sed -n '/^$/,$p' "$dir/out" | sed -n 's/^\([A-Za-z][A-Za-z ]*[A-Za-z]\) *\(OK\|FAILED\|SKIPPED\|WARNING\).*/\1 \2/p')
    ok "$s_name: $got" [ "$got" = "$(printf '%s\n' "$@")" ]
}
# one_json NAME: the last output is one line of JSON, as somebody else reads it
one_json()
{
    if command -v python3 > /dev/null; then
        ok "$1 is JSON" python3 -c 'import json,sys; json.load(open(sys.argv[1]))' "$dir/out"
    else
        skip "$1 is JSON: no python3"
    fi
    ok "$1 is one line" [ "$(wc -l < "$dir/out")" -eq 1 ]
}

# ---- Each source, as text and as JSON ----

# source OPTIONS ARGUMENTS SOURCE KEY_ID EXPIRES TEXT: who is found, and that whoami alone connects to nobody else
# shellcheck disable=SC2086
source()
{
    ours "$1" "whoami, $3" 0 "region *${nl}runtime *https://localhost:*${nl}control *${nl}trust *${nl}proxy *none${nl}profile *${nl}config *${nl}credentials  $3*$6*${nl}who was asked *" '' \
        whoami $2
    case $4 in
    '') ok "no key id, $3" sh -c "! grep -q '^key id' '$dir/out'" ;;
    *)  ok "key id, $3" grep -q "^key id  *\*\*\*\*$4\$" "$dir/out" ;;
    esac
    ok "expires, $3" [ "$(grep -c '^expires .* UTC, .* from now$' "$dir/out")" = "$5" ]
    ok "used, $3" [ "$(grep -c '^  .* used$' "$dir/out")" = 1 ]
    ours "$1" "whoami --json, $3" 0 "{\"region\":*\"credentials\":{\"source\":\"$3*\"sources\":\[{*\"state\":\"used\",\"why\":null}*\]}" '' \
        whoami --json $2
    one_json "whoami --json, $3"
    ours "$1" "whoami -v, $3" 0 '*' '*' whoami -v $2
    ok "Bedrock is not asked, $3" sh -c "! grep -q '/foundation-models\|Action=Get' '$dir/err'"
}
source '' '' 'environment (AWS_ACCESS_KEY_ID)' MPLE 0 ''
more=AWS_BEARER_TOKEN_BEDROCK=bedrock-api-key-emulator
source '' '' 'environment (AWS_BEARER_TOKEN_BEDROCK)' '' 0 '(a bearer token)'
more=
source '--play imds' '' 'instance metadata, role emulator' '....' 1 ''
source '--play container' '' 'container (AWS_CONTAINER_CREDENTIALS_FULL_URI)' '....' 1 "${nl}account *$account"
more=AWS_WEB_IDENTITY_TOKEN_FILE=$dir/web
source '--play sts' '' "web identity (AWS_WEB_IDENTITY_TOKEN_FILE), role $role/emulator" '....' 1 "${nl}account *$account"
more=
source '' '--profile keys' "profile 'keys': keys" MPLE 0 ''
source '' '--profile role' "profile 'role': keys of profile 'keys', then role $role/emulator" '....' 1 "${nl}account *$account"
source '' '--profile sso' "profile 'sso': IAM Identity Center, session 'fresh', role Reader" '....' 1 "${nl}account *$account"
source '' '--profile login' "profile 'login': aws login" MPLE 1 "${nl}account *$account"
source '' '--profile run' "profile 'run': credential_process" MPLE 0 ''
source '--play container' '--profile container' "profile 'container': container, then role $role/emulator" '....' 1 ''

# ---- Where the rest comes from ----

ours '' 'AWS_REGION goes before the profile' 0 'region  *us-east-1 (AWS_REGION)*' '' whoami
ours '' 'the option goes before both' 0 'region  *ap-south-1 (option)*' '' whoami --region ap-south-1
more=AWS_REGION=
ours '' 'the profile has a Region' 0 "region  *eu-west-1 (region in $config:2)*" '' whoami
ours '' 'an endpoint as option' 0 '*runtime  *http://127.0.0.1:9/x (option)*control  *http://127.0.0.1:9/x (option)*trust  *none*' '' \
    whoami --endpoint-url http://127.0.0.1:9/x/
more="AWS_ENDPOINT_URL= AWS_ENDPOINT_URL_BEDROCK=https://other.example AWS_CA_BUNDLE="
ours '' 'two endpoints' 0 "*runtime  *https://bedrock-runtime.us-east-1.amazonaws.com (Region)${nl}control  *https://other.example (AWS_ENDPOINT_URL_BEDROCK)${nl}trust  *runtime: the built-in roots of Amazon Trust Services$nl  *control: *" '' whoami
more="HTTPS_PROXY=http://me:proxy-password@proxy.example:3128 NO_PROXY="
ours '' 'a proxy, without its password' 0 '*proxy  *proxy.example:3128 (HTTPS_PROXY)*' '' whoami
more=
ours '' 'profile and files' 0 "*profile  *default (nobody named one)${nl}config  *$config (read)$nl  *${nl}*" '' whoami
more=AWS_PROFILE=sso
ours '' 'AWS_PROFILE' 0 "*profile  *sso (AWS_PROFILE)*environment  *used*" '' whoami
more=
more='AWS_ROLE_ARN='
ours '--play sts' 'why each was passed over' 253 "*credentials  none${nl}*API key  *passed over: AWS_BEARER_TOKEN_BEDROCK is not set${nl}  environment  *passed over: AWS_ACCESS_KEY_ID is not set${nl}  web identity *passed over: AWS_WEB_IDENTITY_TOKEN_FILE is not set${nl}  profile  *passed over: profile 'default': it says nothing of credentials in $config or /dev/null${nl}  container  *passed over: neither AWS_CONTAINER_CREDENTIALS_RELATIVE_URI nor AWS_CONTAINER_CREDENTIALS_FULL_URI is set${nl}  instance  *passed over: AWS_EC2_METADATA_DISABLED is true" \
    "bedrock: CONFIG: no credentials: *${nl}hint: export *aws configure*aws sso login*bedrock whoami*" whoami
more='AWS_REGION= AWS_CONFIG_FILE=/dev/null'
ours '' 'no Region' 253 'region  *not known*runtime  *not known*' \
    "bedrock: CONFIG: no Region: *${nl}hint: *AWS_REGION=*aws configure set region*" whoami
ours '' 'no Region, --check' 253 '*credentials  *FAILED*runtime  *SKIPPED*' 'bedrock: CONFIG: no Region*' whoami --check
more=

# ---- What is wrong with a profile: one sentence, and the profile in it ----

ours '' 'no such profile' 253 '*not asked*' "bedrock: CONFIG: the profile option names the profile 'lost', *$config*profiles found there: *" \
    whoami --profile lost
ours '' 'a loop' 253 "*  profile  *failed: *" "bedrock: CONFIG: *$config:*loop*" whoami --profile loop
ours '' 'an SSO session that is over' 253 "*credentials  *profile 'old'*profile  *failed: *run aws sso login --profile old$nl*" \
    "bedrock: CONFIG: profile 'old' of $config: *run aws sso login --profile old" whoami --profile old
ok 'the command is told once' [ "$(grep -c 'aws sso login' "$dir/err")" = 1 ]
ours '' 'a role that is denied' 253 "*profile  *failed: *" \
    "bedrock: AccessDenied: profile 'denied' of $config: *HTTP 403*${nl}hint: the role's trust policy *" whoami --profile denied
ours '--clock-offset 600' 'a clock that is off, before a role' 253 '*' \
    "bedrock: SignatureDoesNotMatch: profile 'role' of $config: *${nl}hint: the clock of this machine is 10 minutes behind the service's*" \
    models --profile role
ours '--clock-offset -600' 'and ahead' 253 '*' "*${nl}hint: the clock of this machine is 10 minutes ahead of the service's*" \
    whoami --profile role
ours '--play imds --creds-fault imds-token=never' 'a hop too few' 253 '*instance  *failed: *' \
    "bedrock: CONFIG: no credentials: *silent for 1 s*${nl}hint: in a container *--http-put-response-hop-limit 2*" whoami
ours '--play container --creds-fault container=html' 'a container that says nothing' 253 '*container  *failed: *' \
    'bedrock: CONFIG: *' whoami

# ---- MFA: asked for on a terminal, and nowhere else ----

if command -v setsid > /dev/null; then
    "$emulator" -- env AWS_CONFIG_FILE="$config" setsid "$bedrock" models --profile mfa > "$dir/out" 2> "$dir/err"
    status=$?
    judge 'MFA without a terminal' 253 '' \
        "bedrock: CONFIG: profile 'mfa' of $config: role $role/mfa *needs a code of the MFA device $mfa*${nl}hint: run it on a terminal*"
else
    skip 'MFA without a terminal: no setsid'
fi
# typed CODE NAME STATUS OUT: what stands on a terminal where the code is typed
typed()
{
    if ! script -qec true /dev/null < /dev/null > /dev/null 2>&1; then
        skip "$2: no script(1), or no terminals to be had"
        return
    fi
    # typed when it is asked for: what was typed before does not count
    : > "$dir/out"
    {
        for i in 1 2 3 4 5 6 7 8 9; do
            grep -q 'Enter MFA' "$dir/out" && break
            sleep "0.$i"
        done
        echo "$1"
    } | "$emulator" -- env AWS_CONFIG_FILE="$config" \
        script -qec "$bedrock models -1 --profile mfa; echo status \$?" /dev/null > "$dir/out" 2> "$dir/err"
    status=$?
    judge "$2" 0 "$4*status $3*" '*'
    ok "$2: not shown" [ "$(grep -c "Enter MFA code for $mfa: .\?$" "$dir/out")" = 1 ]
}
typed 123456 'MFA, the right code' 0 "*$nova*"
typed 654321 'MFA, another code' 253 '*bedrock: AccessDenied: *'

# ---- --profile for other commands ----

ours '--play sts' '--profile, models' 0 "*$nova*" '' models -1 --profile keys
ours '--play sts' '--profile, converse' 0 "$rome" '' converse --profile role -m $nova "$ask"
more='AWS_ACCESS_KEY_ID=other AWS_SECRET_ACCESS_KEY=other'
ours '' '--profile goes before keys' 0 "*$nova*" '' models -1 --profile keys
more='AWS_PROFILE=keys AWS_ACCESS_KEY_ID=other AWS_SECRET_ACCESS_KEY=other'
ours '' 'AWS_PROFILE does not' 254 '' 'bedrock: UnrecognizedClientException: *' models -1
more=
bad 'there is no configure' "there is no command 'configure', but \`aws configure\` sets up *" configure

# ---- --check: all well ----

ways='runtime DNS OK
runtime TCP OK
runtime TLS OK
runtime HTTP OK
runtime clock OK
control DNS OK
control TCP OK
control TLS OK
control HTTP OK
control clock OK'
ours '' '--check' 0 "region *${nl}credentials  *OK  *environment*runtime TLS  *OK *TLS 1.2, ECDHE-RSA-*$nl  *certificate 1: localhost, good until 2*UTC*STS identity *arn:aws:iam::$account:user/emulator*list of models *[0-9] models" '' \
    whoami --check
steps '--check' 'credentials OK' "$ways" 'STS identity OK' 'list of models OK'
ok 'times' [ "$(grep -c ' OK  *[0-9]* ms' "$dir/out")" = 11 ]
ours '' '--check --json' 0 '*"check":\[{"step":"credentials","state":"OK","ms":*{"step":"runtime TLS","state":"OK","ms":*,"certificates":\[{"subject":"localhost","expires":"2*Z"}\]}*{"step":"list of models","state":"OK",*\]}' '' \
    whoami --check --json
one_json '--check --json'
ours '' '--check -v' 0 '*' "*> GET / HTTP/1.1*> Authorization: \*\*\*\**" whoami --check -v
ours '' '--check -q' 0 'region*models' '' whoami --check -q
ours '--http' '--check without TLS' 0 '*' '' whoami --check
ok 'no TLS, no line' sh -c "! grep -q '^runtime TLS' '$dir/out'"
ours '--play imds' '--check, an instance' 0 '*assumed-role/emulator/i-*' '' whoami --check
ours '' '--check, a role' 0 '*assumed-role/emulator/*' '' whoami --check --profile role
more=AWS_BEARER_TOKEN_BEDROCK=bedrock-api-key-emulator
ours '' '--check, a bearer token' 0 '*STS identity  *SKIPPED  *a bearer token *list of models  *OK*' '' whoami --check
more=
"$emulator" --proxy=me:proxy-password -- sh -c 'HTTPS_PROXY=http://me:proxy-password@${BEDROCK_EMULATOR_PROXY#*://} exec "$0" whoami --check -v' \
    "$bedrock" > "$dir/out" 2> "$dir/err"
status=$?
cat "$dir/out" "$dir/err" >> "$all"
judge '--check through a proxy' 0 '*proxy  *127.0.0.1:* (HTTPS_PROXY)*runtime DNS  *OK  *of the proxy*' '*'
steps '--check through a proxy' 'credentials OK' "$ways" 'STS identity OK' 'list of models OK'

# ---- --check: what fails, and what goes on behind it ----

control=$(printf '%s\n' "$ways" | sed 1,5d)
more=AWS_ENDPOINT_URL_BEDROCK_RUNTIME=https://nowhere.invalid
ours '' 'a name that is none' 255 '*' 'bedrock: RESOLVE: resolve nowhere.invalid: *' whoami --check
steps 'a name that is none' 'credentials OK' 'runtime DNS FAILED' "$control" 'STS identity OK' 'list of models OK'
more=AWS_ENDPOINT_URL_BEDROCK=https://127.0.0.1:1
ours '' 'nobody listens' 255 '*list of models  *SKIPPED  *no way to the service' 'bedrock: CONNECT: connect 127.0.0.1:1: *' \
    whoami --check
steps 'nobody listens' 'credentials OK' "$(printf '%s\n' "$ways" | sed 5q)" 'control DNS OK' 'control TCP FAILED' 'STS identity OK' \
    'list of models SKIPPED'
more=AWS_CA_BUNDLE=
ours '' 'not trusted' 255 "*runtime TLS  *FAILED *TLS: TLS with localhost: not trusted*certificate 1: localhost, good until*" \
    "bedrock: TLS: TLS with localhost: not trusted: *${nl}hint: *--ca-bundle *" whoami --check
steps 'not trusted' 'credentials OK' 'runtime DNS OK' 'runtime TCP OK' 'runtime TLS FAILED' 'control DNS OK' 'control TCP OK' \
    'control TLS FAILED' 'STS identity FAILED' 'list of models SKIPPED'
more=
ours '--clock-offset 600' 'the clock is off' 254 "*runtime clock  *WARNING *10 minutes behind the service's*" \
    "bedrock: SignatureDoesNotMatch: *${nl}hint: the clock of this machine is 10 minutes behind *" whoami --check
steps 'the clock is off' 'credentials OK' "$(printf '%s\n' "$ways" | sed 's/clock OK/clock WARNING/')" 'STS identity FAILED' \
    'list of models FAILED'
ours '--clock-offset 600' 'the clock is off, JSON' 254 '*{"step":"STS identity","state":"FAILED",*"error":{"code":"SignatureDoesNotMatch",*"hint":"the clock *' \
    '{"error":{"code":"SignatureDoesNotMatch",*' whoami --check --json
one_json 'the clock is off, JSON'
ours '--creds-fault sts=status-503' 'STS fails' 254 '*STS identity  *FAILED *HTTP 503*list of models  *OK*' \
    'bedrock: SERVICE: AWS STS (GetCallerIdentity) answered HTTP 503*' whoami --check
ours '--creds-fault sts=html' 'STS is somebody else' 255 '*' 'bedrock: PROTOCOL: *GetCallerIdentity*' whoami --check
ours '--deny ListFoundationModels' 'the list is denied' 254 '*STS identity  *OK*list of models  *FAILED *AccessDenied*' \
    'bedrock: AccessDeniedException: *' whoami --check
ours '' 'no credentials to check with' 253 '*credentials  *FAILED *CONFIG: *runtime clock  *OK*signed calls  *SKIPPED  *there are no credentials' \
    "bedrock: CONFIG: profile 'old' *" whoami --check --profile old
steps 'no credentials to check with' 'credentials FAILED' "$ways" 'signed calls SKIPPED'
more=AWS_SECRET_ACCESS_KEY=
ours '' 'half a key pair' 253 '*environment  *failed: *half a key pair*runtime TLS  *OK*' 'bedrock: CONFIG: *half a key pair*' \
    whoami --check
more=
bad 'words' "whoami takes no words, not 'me'" whoami me
bad 'an option of another' '--check is an option of models, not of converse' converse --check

# ---- api-key ----

# made NAME SECONDS: the key of the last call, decoded
made()
{
    ok "$1: a key and nothing else" [ "$(grep -c '^bedrock-api-key-[A-Za-z0-9+/]*=*$' "$dir/out")" = 1 ]
    ok "$1: one line" [ "$(wc -l < "$dir/out")" -eq 1 ]
    sed 's/^bedrock-api-key-//' "$dir/out" | base64 -d > "$dir/key"
    key=$(cat "$dir/key")
    case $key in
    "bedrock.amazonaws.com/?Action=CallWithBearerToken&X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential="*"%2Fus-east-1%2Fbedrock%2Faws4_request&X-Amz-Date="*"Z&X-Amz-Expires=$2&"*"X-Amz-Signature="*"&X-Amz-SignedHeaders=host&Version=1") pass ;;
    *) fail "$1: $key" ;;
    esac
}
"$bedrock" api-key > "$dir/out" 2> "$dir/err"
status=$?
judge 'api-key' 0 'bedrock-api-key-*' 'bedrock: this key is for us-east-1 and good until * UTC, 12 hours from now'
made 'api-key' 43200
"$bedrock" api-key --expires-in 900 -q > "$dir/out" 2> "$dir/err"
status=$?
judge 'api-key, a quarter of an hour' 0 '*' ''
made 'api-key, a quarter of an hour' 900
"$bedrock" api-key --json -q > "$dir/out" 2> "$dir/err"
status=$?
judge 'api-key --json' 0 '{"apiKey":"bedrock-api-key-*"}' ''
with '--play container --expire-in 1200' 'api-key of keys that end sooner' 0 'bedrock-api-key-*' \
    'bedrock: this key is for us-east-1 and good until * UTC, * minutes from now, when the credentials end that it was made of' api-key
made 'api-key of keys that end sooner' 43200
ok 'the session token is in it' grep -q 'X-Amz-Security-Token=IQoJ' "$dir/key"
more=AWS_BEARER_TOKEN_BEDROCK=bedrock-api-key-emulator
ours '' 'api-key, a bearer token' 253 '' 'bedrock: CONFIG: the credentials are a bearer token, and that cannot sign: *unset AWS_BEARER_TOKEN_BEDROCK' \
    api-key
more=
ours '' 'api-key, no credentials' 253 '' "bedrock: CONFIG: profile 'old' *" api-key --profile old
ours '--play container' 'api-key connects to nobody else' 0 '*' '*' api-key -v
ok 'no word of Bedrock' sh -c "! grep -q '/foundation-models\|Action=' '$dir/err'"
sed -i '/^bedrock-api-key-/d' "$all"     # which is a secret that was asked for

# works OPTIONS NAME STATUS ERR COMMAND...: a key of the shell command, and then a call with it
works()
{
    k_options=$1 k_name=$2 k_status=$3 k_err=$4
    shift 4
    # shellcheck disable=SC2086
    "$emulator" $k_options -- sh -c 'key=$(eval "$2") || exit; AWS_BEARER_TOKEN_BEDROCK=$key "$1" converse -m "$3" "$4"' \
        sh "$bedrock" "$*" "$nova" "$ask" > "$dir/out" 2> "$dir/err"
    status=$?
    case $k_status in
    0) judge "$k_name" 0 "$rome" "$k_err" ;;
    *) judge "$k_name" "$k_status" '' "$k_err" ;;
    esac
}
invalid='bedrock: AccessDeniedException: Authentication failed: *hint: check AWS_BEARER_TOKEN_BEDROCK*'
works '' 'a key is good for a call' 0 '' '"$1"' api-key -q
works '--play container' 'a key of keys with a session token' 0 '' '"$1"' api-key -q
works '' 'a key of another Region' 254 "$invalid" '"$1"' api-key -q --region eu-west-1
works '' 'a key of another account' 254 "$invalid" 'AWS_ACCESS_KEY_ID=AKIDOTHER "$1"' api-key -q
works '' 'a key of another secret' 254 "$invalid" 'AWS_SECRET_ACCESS_KEY=other "$1"' api-key -q
works '--clock-offset 900' 'a key whose time is over' 254 "$invalid" '"$1"' api-key -q --expires-in 900
works '--clock-offset 800' 'a key whose time is not over' 0 '' '"$1"' api-key -q --expires-in 900
works '--clock-offset -900' 'a key of the future' 254 "$invalid" '"$1"' api-key -q
works '' 'a key without its end' 254 "$invalid" '"$1"' api-key -q '| sed "s/.\{24\}$//"'
works '' 'a key that was cut' 254 "$invalid" '"$1"' api-key -q '| cut -c 1-100'
works '' 'a key that holds nothing' 254 "$invalid" echo bedrock-api-key-
bad 'api-key, too long' '--expires-in *' api-key --expires-in 43201
bad 'api-key, no time' '--expires-in *' api-key --expires-in 0
bad 'api-key, words' "api-key takes no words, not 'x'" api-key x

# ---- No secret anywhere: not in text, JSON, errors, nor with -v ----

for word in "$secret" IQoJ emulator-container-token emulator.web.identity emulator-sso-token emulator-login-session \
    'no key' proxy-password bedrock-api-key-emulator Signature=; do
    ok "no $word" sh -c '! grep -q -e "$1" "$2"' - "$word" "$all"
done
ok 'and there was something to look into' [ "$(wc -l < "$all")" -gt 500 ]

echo "cli_whoami.sh: $passed passed, $failed failed, $skipped skipped"
[ $failed -eq 0 ]
