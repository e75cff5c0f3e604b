#!/bin/sh
# cli_creds.sh - credentials from every source, end to end over real sockets, and what is wrong with each of
# them: one sentence that says where, exit 253, no secret shown, files left whole.
# SCRIPT [BEDROCK [EMULATOR]], from the top of the tree.
. test/cli_lib.sh
. test/creds_lib.sh
unset AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_CONFIG_FILE AWS_SHARED_CREDENTIALS_FILE AWS_PROFILE \
    AWS_WEB_IDENTITY_TOKEN_FILE AWS_ROLE_ARN AWS_ROLE_SESSION_NAME AWS_LOGIN_CACHE_DIRECTORY \
    AWS_CONTAINER_CREDENTIALS_FULL_URI AWS_CONTAINER_CREDENTIALS_RELATIVE_URI \
    AWS_CONTAINER_AUTHORIZATION_TOKEN AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE
HOME=$dir/home
export HOME
sso=$HOME/.aws/sso/cache login=$HOME/.aws/login/cache config=$HOME/.aws/config
mkdir -p "$sso" "$login"
# SHA-1 of "corp", "once" and the start URL, SHA-256 of the login session
corp=$sso/ee0bfd2552fbd840c02cc48b6e823320543c450f.json
once=$sso/1863835675e3970e15e5c22411ef60824eb55591.json
old=$sso/a51746d4aa793ae07b25e90c3a5db96fc7832bd7.json
me=$login/286187707741fc2ccb93cf9e56dbd0ee0a16208feed5fbc8ae1baa86d44c283f.json
list="*$nova*"

cat > "$HOME/.aws/credentials" <<END
[keys]
aws_access_key_id = AKIDEXAMPLE
aws_secret_access_key = $secret
END
{
    common_profiles
    sso_profile sso corp
    sso_profile sso-once once
    cat << END
[profile one]
role_arn = $role/one
source_profile = keys
[profile two]
role_arn = $role/external
source_profile = one
external_id = emulator-external-id
role_session_name = me
[profile ec2]
role_arn = $role/one
credential_source = Ec2InstanceMetadata
[profile ecs]
role_arn = $role/one
credential_source = EcsContainer
[profile web]
role_arn = $role/web
web_identity_token_file = ~/token
[profile web-crlf]
role_arn = $role/web
web_identity_token_file = ~/token-crlf
[profile web-expired]
role_arn = $role/web
web_identity_token_file = ~/token-expired
[profile web-nowhere]
role_arn = $role/web
web_identity_token_file = ~/no/token
[profile sso-old]
sso_start_url = $start
sso_region = us-east-1
sso_account_id = $account
sso_role_name = Reader
[profile process]
credential_process = cat ~/printed
[profile garbage]
credential_process = echo wJalrXUtnFEMI
[profile endless]
credential_process = yes wJalrXUtnFEMI
[profile nothing]
credential_process = :
[profile fails]
credential_process = echo wJalrXUtnFEMI; echo nobody is logged in >&2; exit 2
[profile orphan]
role_arn = $role/one
source_profile = nowhere
[profile none]
END
} > "$config"
printed_keys > "$HOME/printed"
printf 'emulator.web.identity\n' > "$HOME/token"
printf 'emulator.web.identity\r\nX: y' > "$HOME/token-crlf"
printf 'expired.web.identity' > "$HOME/token-expired"

dpop=$(openssl ecparam -name prime256v1 -genkey -noout 2> /dev/null | tr '\n' '~' | sed 's/~/\\n/g')

# hides NAME: nothing that the last command wrote is a secret
hides()
{
    shown=$(cat "$dir/out" "$dir/err" | grep -E -e 'wJalrXUtnFEMI|emulator-container-token|emulator-sso-token' \
        -e 'emulator-refresh|emulator-client-secret|emulator-login|[a-z].web.identity|IQoJb3JpZ2lu|AQAE' \
        -e 'MHcCAQ|(^|[^A-Za-z0-9+/])[A-Za-z0-9+/]{40}([^A-Za-z0-9+/]|$)' | head -n 3)
    ok "$1: no secret is shown: $shown" [ -z "$shown" ]
}
# s NAME OPTIONS STATUS ERR PROFILE [NAME=VALUE...]: lists models, with an emulator of its own; OPTIONS that
# begin with "on" use the outer one; an ERR is one line, with perhaps a hint
s()
{
    s_name=$1 s_options=$2 s_status=$3 s_err=$4 s_profile=$5
    shift 5
    s_out=
    [ "$s_status" -ne 0 ] || s_out=$list
    for s_flag in '' ${slow:--v}; do
        [ "$s_flag" != once ] || break
        # shellcheck disable=SC2086
        "$emulator" $s_options -- env -u AWS_CONFIG_FILE -u AWS_SHARED_CREDENTIALS_FILE \
            -u AWS_ACCESS_KEY_ID -u AWS_SECRET_ACCESS_KEY "$@" \
            $apart "$bedrock" models -1 ${s_profile:+--profile "$s_profile"} $s_flag \
            > "$dir/out" 2> "$dir/err"
        status=$? # judge looks at it
        if [ "$s_flag" ]; then
            hides "$s_name"
        else
            judge "$s_name" "$s_status" "$s_out" "$s_err"
            [ "$s_status" -eq 0 ] || ok "$s_name: one sentence" [ "$(grep -cv '^hint: ' "$dir/err")" = 1 ]
        fi
    done
}
# p PROFILE NAME OPTIONS ERR: the sentence names the profile and its file
p()
{
    s "$2" "$3" 253 "bedrock: *: profile '$1' of $config: $4" "$1"
}
run_login='run aws sso login --profile'

# ---- Each source, well ----

s 'keys of a profile' '' 0 '' keys
s 'a role' '' 0 '' one
s 'two roles, an external id' '' 0 '' two
s 'a role for an instance' '--play imds' 0 '' ec2
s 'a role for a container' '--play container' 0 '' ecs
s 'web identity' '' 0 '' web
s 'web identity of the environment' '' 0 '' '' AWS_WEB_IDENTITY_TOKEN_FILE="$HOME/token" AWS_ROLE_ARN=$role/env
s 'a process' '' 0 '' process
s 'a container' '--play container' 0 '' ''
s 'an instance' '--play imds' 0 '' ''
s 'an instance, and its Region' '--play imds --region eu-west-1' 0 '' '' -u AWS_REGION
sso_file "$corp" 2099-01-01T00:00:00Z emulator-refresh
s 'SSO' '' 0 '' sso
sso_file "$old" 2099-01-01T00:00:00Z emulator-refresh
s 'SSO, the old form' '' 0 '' sso-old

# ---- Tokens that are renewed and written back ----

# whole NAME FILE WORD...: the file is JSON with these words, for nobody else, and there are no others beside it
whole()
{
    w_name=$1 w_file=$2
    shift 2
    # shellcheck disable=SC2012
    ok "$w_name: mode 0600" [ "$(ls -l "$w_file" | cut -c1-10)" = -rw------- ]
    for word; do
        ok "$w_name: has $word" grep -q -- "$word" "$w_file"
    done
    case $(tail -c 1 "$w_file") in
    '}') pass ;;
    *) fail "$w_name: the file is cut" ;;
    esac
    # shellcheck disable=SC2144
    ok "$w_name: nothing is left beside it" [ ! -e "$w_file".* ]
}
sso_file "$corp" 2020-01-01T00:00:00Z emulator-refresh
chmod 644 "$corp"
s 'SSO, a token that is over' '' 0 '' sso
whole 'SSO, renewed' "$corp" '"note":"stays"' '"accessToken":"emulator-sso-token-[0-9]*"' \
    '"refreshToken":"emulator-refresh-[0-9]*"'
if [ "$dpop" ]; then
    login_file "$me" 2020-01-01T00:00:00Z emulator-login "$dpop"
    s 'login, a session that has to be renewed' '' 0 '' login
    whole 'login, renewed' "$me" '"accessKeyId":"ASIA' '"refreshToken":"emulator-login-[0-9]*"' \
        '"accountId":"123456789012"'
    login_file "$me" 2020-01-01T00:00:00Z emulator-login-expired "$dpop"
    p login 'login, a session that has ended' '' "*$me: the session has ended *; run aws login --profile login*"
    ok 'login: the file is as it was' grep -q emulator-login-expired "$me"
else
    skip 'login: openssl is not installed'
fi

# four processes at once: a refresh token that is good once is the first one's, and the others take what it got
fresh()
{
    sed 's/"expiresAt":"[^"]*"/"expiresAt":"2020-01-01T00:00:00Z"/' "$1" > "$dir/fresh" && cp "$dir/fresh" "$1"
}
alone()
{
    env -u AWS_CONFIG_FILE -u AWS_SHARED_CREDENTIALS_FILE "$bedrock" models -1 --profile "$1"
}
sso_file "$corp" 2099-01-01T00:00:00Z emulator-refresh
sso_file "$once" 2020-01-01T00:00:00Z emulator-refresh-once
alone sso-once > "$dir/out" 2> "$dir/err"
for pair in "$corp sso" "$once sso-once" "$once sso-once" "$once sso-once"; do
    # shellcheck disable=SC2086
    set -- $pair
    fresh "$1"
    for n in 1 2 3 4; do
        alone "$2" > "$dir/out$n" 2> "$dir/err$n" &
    done
    wait
    for n in 1 2 3 4; do
        ok "$2: four at once, $n: $(cat "$dir/err$n")" grep -q "^$nova" "$dir/out$n"
    done
    whole "$2: four at once" "$1" '"note":"stays"' '"refreshToken":"emulator-refresh-[a-z0-9-]*[0-9]"'
done

# ---- What is wrong with files ----

f()
{
    f_name=$1 f_err=$2
    shift 2
    s "$f_name" '' 253 "$f_err" '' "$@"
}
head -c 10485760 /dev/zero | tr '\0' 'a' > "$dir/ten"
head -c 4096 "$bedrock" > "$dir/binary"
printf '[profile a]\nregion = us-east-1\nwhat\n' > "$dir/broken"
for which in AWS_CONFIG_FILE AWS_SHARED_CREDENTIALS_FILE; do
    f "$which: 10 MiB" "bedrock: CONFIG: $dir/ten: *large*" $which="$dir/ten"
    f "$which: binary" "bedrock: CONFIG: $dir/binary:[0-9]*: *" $which="$dir/binary"
    f "$which: a directory" "bedrock: CONFIG: $dir: *directory*" $which="$dir"
    f "$which: a broken line" "bedrock: CONFIG: $dir/broken:3: *" $which="$dir/broken"
    if [ "$(id -u)" = 0 ]; then
        skip "$which: unreadable: root reads everything"
    else
        cp -f "$config" "$dir/unreadable"
        chmod 0 "$dir/unreadable"
        f "$which: unreadable" "bedrock: CONFIG: $dir/unreadable: Permission denied*" $which="$dir/unreadable"
    fi
done
s 'a profile that is not there' '' 253 "bedrock: CONFIG: *'nobody'*$config*" nobody
s 'a profile without anything' '' 253 "bedrock: CONFIG: no credentials*profile 'none' in $config *" none
s 'a loop' '' 253 "bedrock: CONFIG: $config:[0-9]*: *loop*" loop
s 'a source that is not there' '' 253 "bedrock: CONFIG: *" orphan

# ---- What is wrong with roles and web identities ----

p denied 'a role that is refused' '' "AWS STS (AssumeRole) answered HTTP 403: AccessDenied*"
# by itself it would find ours
command -v setsid > /dev/null && apart=setsid
p mfa 'MFA without a terminal' '' "*needs a code of the MFA device $mfa*"
apart=
script=$(command -v script) && script -qec true /dev/null < /dev/null > /dev/null 2>&1 || script=
if [ "$script" ]; then
    # the code is typed when it is asked for: what came before is thrown away
    (
        n=0
        until grep -qs 'Enter MFA' "$dir/typescript" || [ $n -gt 3000 ]; do n=$((n + 1)); done
        echo 123456
        until grep -qs "$nova" "$dir/typescript" || [ $n -gt 6000 ]; do n=$((n + 1)); done
    ) | "$emulator" -- env -u AWS_CONFIG_FILE -u AWS_SHARED_CREDENTIALS_FILE -u AWS_ACCESS_KEY_ID \
        script -qefc "$bedrock models -1 --profile mfa" "$dir/typescript" > /dev/null 2>&1
    ok 'MFA on a terminal' grep -q "$nova" "$dir/typescript"
    ok 'MFA on a terminal: the code is not shown' \
        [ "$(sed 's/123456789012//g' "$dir/typescript" | grep -c 123456)" = 0 ]
else
    skip 'MFA on a terminal: no script(1) of util-linux'
fi
p web-crlf 'a token with CR' '' "*$HOME/token-crlf*"
p web-expired 'a token that is over' '' "*"
p web-nowhere 'a token file that is not there' '' "*no/token*No such file*"
p one 'a clock ten minutes off' '--clock-offset 600' "*hint: *10 minutes behind*"
p one 'a clock ten minutes off' '--clock-offset -600' "*hint: *10 minutes ahead*"
# a second is the least that can be set
"$emulator" --creds-fault sts=never -- env -u AWS_CONFIG_FILE -u AWS_SHARED_CREDENTIALS_FILE \
    "$bedrock" models -1 --profile one --read-timeout 1 > "$dir/out" 2> "$dir/err"
status=$?
judge 'STS, never' 253 '' "bedrock: CONFIG: profile 'one' of $config: AWS STS*silent for 1 s*"
s 'STS, slow' '--creds-fault sts=slow-100' 0 '' one
s 'STS fails once' '--creds-fault sts=flaky-1' 0 '' one
p one 'STS gives HTML' '--creds-fault sts=html' "AWS STS*"
p one 'STS gives old keys' '--creds-fault sts=expired' "AWS STS*past their time*"

# ---- What is wrong with SSO ----

sso_file "$old" 2020-01-01T00:00:00Z emulator-refresh
p sso-old 'SSO: a session that is over' '' "*$old: it expired at 2020-01-01 00:00:00 UTC; $run_login sso-old"
sso_file "$corp" 2020-01-01T00:00:00Z emulator-refresh-wrong
p sso 'SSO: a refresh token that is over' '' "*$corp: *could not be renewed: *invalid_grant*; $run_login sso *"
ok 'SSO: the file is as it was' grep -q '"refreshToken":"emulator-refresh-wrong"' "$corp"
for half in '' '{' '{"accessToken":"emulator-sso-token","expi' '[]' '{"accessToken":"emulator-sso-token"}'; do
    printf %s "$half" > "$corp"
    p sso "SSO: half a file: $half" '' "*$corp: *; $run_login sso"
    ok 'SSO: half a file stays what it was' [ "$(cat "$corp")" = "$half" ]
done
rm "$corp"
p sso 'SSO: nobody signed in' '' "*$corp: *nobody has signed in; $run_login sso"
sso_file "$corp" 2099-01-01T00:00:00Z emulator-refresh
p sso 'SSO: HTML' '--creds-fault sso=html' "IAM Identity Center*"
s 'SSO: fails once' '--creds-fault sso=flaky-1' 0 '' sso
p sso 'SSO: never' '--creds-fault sso=status-404' "IAM Identity Center*404*"

# ---- What is wrong with containers and instances ----

c="bedrock: CONFIG: *the container credentials endpoint"
s 'a container: HTML' '--play container --creds-fault container=html' 253 "$c: *" ''
s 'a container: 404' '--play container --creds-fault container=status-404' 253 "$c answered HTTP 404*" ''
s 'a container: nothing' '--play container --creds-fault container=empty' 253 "$c: *" ''
s 'a container: 4 MiB' '--play container --creds-fault container=huge' 253 "$c: *" ''
s 'a container: old keys' '--play container --creds-fault container=expired' 253 "$c: *expired at*" ''
s 'a container: fails once' '--play container --creds-fault container=flaky-1' 0 '' ''
uri=AWS_CONTAINER_CREDENTIALS_FULL_URI
f 'a container: a foreign host' "bedrock: CONFIG: $uri: *not for 'example.com'*" $uri=http://example.com/creds
f 'a container: user info' "bedrock: CONFIG: $uri: *user name*" \
    "$uri=http://me:emulator-container-token@127.0.0.1/creds"
f 'a container: a look-alike' "bedrock: CONFIG: $uri: *" $uri=http://127.0.0.1.example.com/creds
f 'a container: no URL' "bedrock: CONFIG: $uri: *" $uri=creds
f 'a container: a token with LF' "bedrock: CONFIG: AWS_CONTAINER_AUTHORIZATION_TOKEN: *line break*" \
    $uri=http://127.0.0.1/creds "AWS_CONTAINER_AUTHORIZATION_TOKEN=emulator-container-token${nl}X: y"
f 'a container: no token file' "bedrock: CONFIG: AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE $HOME/no: No such file*" \
    $uri=http://127.0.0.1/creds AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE="$HOME/no"

i="bedrock: CONFIG: no credentials: *profile 'default' of $config has none, and the instance metadata service"
imds="--play imds --creds-fault imds"
s 'an instance: slow' "$imds=slow-100" 0 '' ''
s 'an instance: 401' "$imds=status-401" 253 "$i answered HTTP 401*" ''
s 'an instance: 404' "$imds=status-404" 253 "$i has no role for this instance*" ''
s 'an instance: HTML' "$imds=html" 253 "$i answered with something*" '' AWS_METADATA_SERVICE_NUM_ATTEMPTS=1
s 'an instance: a token of HTML' "$imds-token=html" 253 "$i answered with something*" '' \
    AWS_METADATA_SERVICE_NUM_ATTEMPTS=1
s 'an instance: a role that nobody may assume' "$imds=code" 253 "$i: AssumeRoleUnauthorizedAccess*" ''
s 'an instance: old keys serve' "$imds=expired" 0 '' ''
s 'an instance: its Region is HTML' "$imds=html" 253 "bedrock: CONFIG: *Region*" '' -u AWS_REGION \
    AWS_METADATA_SERVICE_NUM_ATTEMPTS=1
s 'an instance: off' '' 253 'bedrock: CONFIG: no credentials: *instance metadata is off*' ''
s 'an instance: a word that is neither' '' 253 'bedrock: CONFIG: AWS_EC2_METADATA_DISABLED*' '' \
    AWS_EC2_METADATA_DISABLED=perhaps
# one second, the least that can be set
slow=once
s 'an instance: never' "$imds-token=never" 253 "$i: *silent for 1 s*" ''
slow=

# ---- What is wrong with processes ----

for process in garbage endless nothing fails; do
    p $process "a process: $process" '' "credential_process *"
done
ok 'a process: its own words' grep -q 'nobody is logged in' "$dir/err"

# ---- A loop of the program's own, with one descriptor a call ----

if [ -x examples/loop_epoll ]; then
    for options in '--play container' '--play imds' '--play container --creds-fault container=slow-50' \
        '--play imds --creds-fault imds=status-404'; do
        # shellcheck disable=SC2086
        "$emulator" $options -- ./examples/loop_epoll "$ask" $nova $nova $nova $nova > "$dir/out" 2> "$dir/err"
        want='done'
        case $options in
        *404) want='no credentials: .* has no role for this instance' ;;
        esac
        ok "loop_epoll, $options" [ "$(grep -c "\[$nova\] $want" "$dir/out")" = 4 ]
    done
else
    skip 'loop_epoll: make programs builds it'
fi

# ---- When, and what is read ----

# when PATTERN: the first time, in ms, at which the emulator says that
when()
{
    sed -n "s|^bedrock-emulator: +\([0-9]*\) ms $1.*|\1|p" "$dir/err" | head -n 1
}
"$emulator" -v --play container --creds-fault container=slow-300 -- "$bedrock" models -1 > "$dir/out" 2> "$dir/err"
connected=$(when '#[0-9]* connected, TLS') asked=$(when '#[0-9.]* GET /creds')
called=$(when '#[0-9.]* GET /foundation')
ok "connected while keys are fetched: TLS at ${connected:=999}, asked at ${asked:=999}, called at $called" \
    [ "$connected" -lt $((asked + 250)) -a "${called:-0}" -ge $((asked + 280)) ]

# opened ARGUMENTS...: which files bedrock opens, but for those of the C library
opened()
{
    # LeakSanitizer cannot be traced
    "$emulator" --http -- env -u AWS_CA_BUNDLE -u AWS_CONFIG_FILE -u AWS_SHARED_CREDENTIALS_FILE "$@" \
        ASAN_OPTIONS=detect_leaks=0 strace -f -qq -e trace=open,openat -o "$dir/strace" \
        "$bedrock" models -1 > "$dir/out" 2> "$dir/err" ||
        cat "$dir/err"
    sed -n 's/.*open\(at\)\{0,1\}([^"]*"\([^"]*\)".*/\2/p' "$dir/strace" |
        grep -Ev '^/(etc/ld|lib|usr/lib|proc/|sys/)' | tr '\n' ' '
}
if strace -qq -o /dev/null true 2> /dev/null; then
    cp "$config" "$dir/no-region"
    printf '[default]\nsso_session = corp\nsso_account_id = 123456789012\nsso_role_name = Reader\n' >> "$config"
    got=$(opened)
    ok "keys of the environment: one file is opened: $got" [ "$got" = "$config " ]
    got=$(opened AWS_WEB_IDENTITY_TOKEN_FILE="$HOME/token" AWS_ROLE_ARN=$role/env \
        AWS_CONTAINER_CREDENTIALS_FULL_URI=http://127.0.0.1:1/ AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE="$HOME/token")
    ok "keys of the environment: no token is opened: $got" [ "$got" = "$config " ]
    got=$(opened -u AWS_ACCESS_KEY_ID -u AWS_SECRET_ACCESS_KEY)
    ok "SSO: each file once: $got" [ "$got" = "$config $HOME/.aws/credentials $corp " ]
    mv "$dir/no-region" "$config"
else
    skip 'which files are opened: strace is not installed, or may not trace'
fi

echo "cli_creds.sh: $passed passed, $failed failed, $skipped skipped"
[ $failed -eq 0 ]
