#!/bin/sh
# proxy.sh [BEDROCK [EMULATOR]] - calls through proxies: the emulator's, plain and over TLS, with its faults, and
# Debian's tinyproxy where it is installed. What is read from which variable stands in test_proxy.c.
emulator_options=--proxy=user:secret@word
. test/cli_lib.sh
plain=${BEDROCK_EMULATOR_PROXY#*://} tls=${BEDROCK_EMULATOR_TLS_PROXY#*://}
target=${BEDROCK_EMULATOR_HTTPS#*://}
pid=
trap '[ -z "$pid" ] || kill "$pid"; rm -rf "$dir"' EXIT

# via URL NAME STATUS OUT ERR ARGUMENTS...: as t, through a proxy
via()
{
    HTTPS_PROXY=$1
    export HTTPS_PROXY
    shift
    t "$@"
    unset HTTPS_PROXY
}

# ---- The way through ----
for way in "http $plain" "https $tls"; do
    scheme=${way% *} at=${way#* }
    here="$scheme://user:secret%40word@$at"
    via "$here" "$scheme: one shot" 0 "$rome" '' converse -m $nova "$ask"
    via "$here" "$scheme: a stream" 0 "$rome" '' converse -m $nova --stream "$ask"
    via "$here" "$scheme: every byte alone" 0 'You said: "hi".' '' converse -m fault.pieces --stream hi
    via "$here" "$scheme: several calls on kept connections" 0 "*$nova*" '*' models --accessible
    via "$here" "$scheme: several models at once" 0 '*Rome*Rome*' '' converse -m $nova -m $claude "$ask"
    via "$here" "$scheme: an answer of 3 MB" 0 'abcdefghi *' '' converse -m fault.big-3000000 hi
    ok "$scheme: all of it" test "$(wc -c < "$dir/out")" -eq 3000001
    head -c 3000000 /dev/zero | tr '\0' a > "$dir/long"
    via "$here" "$scheme: a question of 3 MB" 0 'You said*' '' converse -m $nova --max-tokens 4 < "$dir/long"
    via "$here" "$scheme: an error of the service's" 254 '*' 'bedrock: ThrottlingException: *' \
        converse -m fault.exception-throttlingException --stream hi
    via "$here" "$scheme: a cut" 255 '' "bedrock: TRUNCATED: *closed *" converse -m fault.cut-300 hi
    # the proxy makes an end of it, and TLS sees that it is none
    via "$here" "$scheme: a reset" 255 '' "bedrock: TRUNCATED: localhost closed * (through proxy $at)*" \
        converse -m fault.reset-40 hi
    via "$here" "$scheme: -v" 0 '*' "*HTTPS_PROXY: proxy $at*tunnel is open to $target*" -v models
    ok "$scheme: -v shows no password" test "$(grep -c 'secret\|dXNlcj' "$dir/err")" -eq 0
    via "$scheme://user:wrong@$at" "$scheme: a wrong password" 255 '' \
        "bedrock: CONNECT: proxy $at: CONNECT $target refused: 407 Proxy Authentication Required${nl}hint: *" models
    via "$scheme://$at" "$scheme: no password" 255 '' "bedrock: CONNECT: proxy $at: *refused: 407 *" models
    via "$here" "$scheme: a target that is not there" 255 '' \
        "bedrock: CONNECT: proxy $at: CONNECT 127.0.0.1:1 refused: 502 Bad Gateway*" \
        models --endpoint-url https://127.0.0.1:1
    via "$here" "$scheme: a target that it refuses" 255 '' \
        "bedrock: CONNECT: proxy $at: CONNECT example.com:443 refused: 403 *" \
        models --endpoint-url https://example.com

    # ---- Faults ----
    fault="$scheme://fault"
    via "$fault.status-502@$at" "$scheme: 502" 255 '' "bedrock: CONNECT: proxy $at: *refused: 502 A Fault*" models
    via "$fault.status-302@$at" "$scheme: 302" 255 '' "bedrock: CONNECT: proxy $at: *refused: 302 A Fault*" models
    via "$fault.slow-200@$at" "$scheme: slow" 0 '*Nova*' '' models
    via "$fault.interim@$at" "$scheme: 103 first" 0 '*Nova*' '' models
    via "$fault.hang@$at" "$scheme: no answer" 255 '' \
        "bedrock: TIMEOUT: $target: no connection within 300 ms (CONNECT by proxy $at)*" models --connect-timeout 0.3
    via "$fault.close@$at" "$scheme: closed without an answer" 255 '' "bedrock: IO: proxy $at: *closed *" models
    # whether a write or a read sees it first is a matter of luck
    via "$fault.cut@$at" "$scheme: closed behind the answer" 255 '' "bedrock: *(through proxy $at)*" models
    via "$fault.garbage@$at" "$scheme: not HTTP" 255 '' "bedrock: PROTOCOL: proxy $at: *does not begin with HTTP*" models
    via "$fault.big-head@$at" "$scheme: a head without an end" 255 '' "bedrock: LIMIT: proxy $at: *" models
    via "$fault.body@$at" "$scheme: 200 with a body" 255 '' \
        "bedrock: TLS: TLS with localhost: what the server sent is not TLS (through proxy $at)*" models
done

# ---- The proxy itself ----
via "http://127.0.0.1:1" 'no proxy there' 255 '' \
    "bedrock: CONNECT: proxy 127.0.0.1:1: connect *refused${nl}hint: the proxy comes from *" models
via "http://no-such-proxy.invalid:3128" 'a proxy without an address' 255 '' \
    "bedrock: RESOLVE: proxy no-such-proxy.invalid:3128: *${nl}hint: the proxy comes from *" models
via "https://user:secret%40word@$plain" 'TLS with a plain proxy that waits for more' 255 '' \
    "bedrock: TIMEOUT: *no connection within 300 ms (TLS with proxy $plain)*" models --connect-timeout 0.3
via "http://user:secret%40word@$tls" 'a TLS proxy called in plain' 255 '' "bedrock: *: proxy $tls: *" \
    models --connect-timeout 2
via 'socks5://user:secret@127.0.0.1:1' 'SOCKS' 253 '' \
    'bedrock: CONFIG: HTTPS_PROXY: SOCKS proxies are not supported, only http:// and https://*' models
ok 'its password is not told' test "$(grep -c secret "$dir/err")" -eq 0
if command -v openssl > /dev/null; then
    openssl req -x509 -newkey rsa:2048 -nodes -keyout "$dir/key" -subj /CN=Other -out "$dir/other.pem" 2> "$dir/log"
    via "https://user:secret%40word@$tls" 'a proxy that is not trusted' 255 '' \
        "bedrock: TLS: proxy $tls: TLS with localhost: not trusted: *" models --ca-bundle "$dir/other.pem"
else
    skip 'a proxy that is not trusted: openssl is not installed'
fi

# ---- Without it ----
NO_PROXY=example.com,localhost
export NO_PROXY
via 'http://127.0.0.1:1' 'NO_PROXY' 0 '*Nova*' '' models
via 'socks5://127.0.0.1:1' 'NO_PROXY, and SOCKS is no matter' 0 '*Nova*' '' models
unset NO_PROXY
via '' 'an empty variable' 0 '*Nova*' '' models
HTTP_PROXY=http://127.0.0.1:1
export HTTP_PROXY
t 'HTTP_PROXY in capitals is not read' 0 '*Nova*' '' models --endpoint-url "$BEDROCK_EMULATOR_HTTP"
unset HTTP_PROXY
http_proxy=http://192.0.2.1:3128
export http_proxy
t 'http:// does not leave this machine' 0 '*Nova*' '' models --endpoint-url "$BEDROCK_EMULATOR_HTTP"
unset http_proxy

# the proxy for http:// is not there: who asks it for credentials fails
for part in imds container; do
    "$emulator" --proxy=a:b --play $part -- sh -c '
        HTTPS_PROXY=http://a:b@${BEDROCK_EMULATOR_PROXY#*://} http_proxy=http://127.0.0.1:1 "$0" models' \
        "$bedrock" > "$dir/out" 2> "$dir/err"
    status=$?
    judge "$part is asked directly" 0 '*Nova*' ''
done

# ---- tinyproxy ----

# proxy CONFIGURATION-LINE: starts one; its address is in $at
proxy()
{
    [ -z "$pid" ] || kill "$pid"
    port=$((20000 + ($$ + ${#1} * 101) % 20000))
    for try in 1 2 3 4 5; do
        port=$((port + 1)) at=127.0.0.1:$port
        printf 'Port %s\nListen 127.0.0.1\nTimeout 60\nLogFile "%s"\nLogLevel Error\n%s\n' $port "$dir/log" "$1" \
            > "$dir/tinyproxy.conf"
        tinyproxy -d -c "$dir/tinyproxy.conf" > "$dir/log" 2>&1 &
        pid=$!
        for look in 1 2 3 4 5 6 7 8 9; do
            HTTPS_PROXY=http://user:password@$at "$bedrock" models > "$dir/out" 2> "$dir/err" && return
            grep -q 'Connection refused' "$dir/err" || break
            sleep 0.05
        done
        kill "$pid" 2> /dev/null
    done
    fail "tinyproxy does not serve ($try, $look): $(cat "$dir/err" "$dir/log")"
}

# by its address: not every machine has a resolver that tells tinyproxy where localhost is
by_name=$AWS_ENDPOINT_URL
AWS_ENDPOINT_URL=https://127.0.0.1:${AWS_ENDPOINT_URL##*:}
if command -v tinyproxy > /dev/null; then
    proxy 'Allow 127.0.0.1'
    via "$at" 'tinyproxy without a password' 0 "$rome" '' converse -m $nova --stream "$ask"
    http_proxy=http://$at
    export http_proxy
    t 'tinyproxy as a relay' 0 "$rome" '' converse -m $nova --endpoint-url "$BEDROCK_EMULATOR_HTTP" "$ask"
    proxy 'BasicAuth user password'
    via "http://user:password@$at" 'tinyproxy with a password' 0 "$rome" '' converse -m $nova --stream "$ask"
    via "http://$at" 'tinyproxy wants a password' 255 '' "bedrock: CONNECT: proxy $at: *refused: 407 *" models
    via "http://user:wrong@$at" 'tinyproxy wants another' 255 '' "bedrock: CONNECT: proxy $at: *refused: 401 *" models
    http_proxy=http://user:password@$at
    t 'tinyproxy as a relay, with a password' 0 "$rome" "*> POST $BEDROCK_EMULATOR_HTTP/model/*Proxy-Authorization: [*]*" \
        -v converse -m $nova --endpoint-url "$BEDROCK_EMULATOR_HTTP" "$ask"
    http_proxy=http://$at
    t 'tinyproxy as a relay, without' 255 '' "bedrock: CONNECT: proxy $at refused: 407 *" \
        models --endpoint-url "$BEDROCK_EMULATOR_HTTP"
    unset http_proxy
else
    skip 'tinyproxy is not installed'
fi
AWS_ENDPOINT_URL=$by_name
echo "proxy.sh: $passed passed, $failed failed, $skipped skipped"
[ $failed -eq 0 ]
