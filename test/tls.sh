#!/bin/sh
# tls.sh [TLS_CLIENT] - the built-in TLS against real peers (openssl, node): which ones it talks to, and
# what it says of those it refuses. Certificates are made on the way; ports are whatever is free.
client=${1:-test/tls_client}
case $client in /*) ;; *) client=$PWD/$client ;; esac
passed=0 failed=0 skipped=0
pids=
dir=$(mktemp -d)

finish()
{
    # shellcheck disable=SC2086
    [ -z "$pids" ] || kill $pids 2> /dev/null
    rm -rf "$dir"
}
trap finish EXIT
trap 'exit 1' HUP INT TERM

skip()
{
    echo "SKIP tls: $1"
    skipped=$((skipped + 1))
}

if ! command -v openssl > /dev/null; then
    skip 'openssl is not installed'
    echo "tls.sh: 0 passed, 0 failed, $skipped skipped"
    exit 0
fi
cd "$dir" || exit 1

# ---- Certificates --------------------------------------------------------------------------------

# key NAME ARGUMENTS...
key()
{
    name=$1
    shift
    openssl genpkey -out "$name.key" "$@" 2>> openssl.log
}

# ca NAME KEY COMMON_NAME
ca()
{
    openssl req -x509 -new -key "$2.key" -sha256 -days 30 -subj "/O=Bedrock Tests/CN=$3" \
        -out "$1.pem" 2>> openssl.log
}

# leaf NAME KEY CA CA_KEY EXTENSIONS [CA:TRUE|CA:FALSE [HASH]]: a certificate for CN=localhost
leaf()
{
    [ -f "$2.csr" ] || openssl req -new -key "$2.key" -subj /CN=localhost -out "$2.csr" 2>> openssl.log
    printf 'basicConstraints=%s\n%b\n' "${6:-CA:FALSE}" "$5" > "$1.ext"
    serial=$((serial + 1))
    openssl x509 -req -in "$2.csr" -CA "$3.pem" -CAkey "$4.key" -set_serial $serial "${7:--sha256}" \
        -days 30 -extfile "$1.ext" -out "$1.pem" 2>> openssl.log
}

serial=1000
san='subjectAltName=DNS:localhost'
key rsa4096 -algorithm RSA -pkeyopt rsa_keygen_bits:4096 &
rsa4096=$!
key rsa2048 -algorithm RSA -pkeyopt rsa_keygen_bits:2048
key rsa1024 -algorithm RSA -pkeyopt rsa_keygen_bits:1024
key root -algorithm EC -pkeyopt ec_paramgen_curve:P-256
key p256 -algorithm EC -pkeyopt ec_paramgen_curve:P-256
key p384 -algorithm EC -pkeyopt ec_paramgen_curve:P-384
key middle -algorithm EC -pkeyopt ec_paramgen_curve:P-384
key ed25519 -algorithm ED25519
ca root root 'Test Root'
ca root-rsa2048 rsa2048 'Test Root 2048'
ca root-p384 p384 'Test Root 384'
leaf good p256 root root "$san"
leaf rsa2048 rsa2048 root-rsa2048 rsa2048 "$san"
leaf p384 p384 root-p384 p384 "$san"
leaf rsa1024 rsa1024 root root "$san"
leaf ed25519 ed25519 root root "$san"
leaf sha1 p256 root root "$san" CA:FALSE -sha1
leaf other p256 root root 'subjectAltName=DNS:other.example,DNS:*.localhost'
leaf address p256 root root 'subjectAltName=IP:127.0.0.1,IP:::1'
leaf no-address p256 root root 'subjectAltName=DNS:127.0.0.1,DNS:localhost,IP:127.0.0.2'
leaf no-san p256 root root ''
leaf for-clients p256 root root "$san\nextendedKeyUsage=clientAuth"
leaf for-both p256 root root "$san\nextendedKeyUsage=clientAuth,serverAuth"
openssl req -new -key middle.key -subj '/CN=Test Middle' -out middle.csr 2>> openssl.log
leaf middle middle root root 'keyUsage=keyCertSign' CA:TRUE
leaf below p256 middle middle "$san"
leaf narrow middle root root 'nameConstraints=critical,permitted;DNS:localhost' CA:TRUE
leaf below-narrow p256 narrow middle "$san"
leaf no-ca middle root root '' CA:FALSE
leaf below-no-ca p256 no-ca middle "$san"
openssl req -x509 -new -key p256.key -sha256 -days 30 -subj /CN=localhost -addext "$san" \
    -out self.pem 2>> openssl.log
wait $rsa4096
ca root-rsa4096 rsa4096 'Test Root 4096'
leaf rsa4096 rsa4096 root-rsa4096 rsa4096 "$san"

# ---- Peers ---------------------------------------------------------------------------------------

# begin NAME COMMAND...: a server whose output is NAME.log
begin()
{
    log=$1.log
    shift
    "$@" > "$log" 2>&1 < /dev/null &
    pids="$pids $!"
}

# serve NAME CERTIFICATE KEY ARGUMENTS...: answers with what the file foundation-models holds
serve()
{
    name=$1 certificate=$2 key=$3
    shift 3
    begin "$name" openssl s_server -HTTP -accept 127.0.0.1:0 -cert "$dir/$certificate.pem" \
        -key "$dir/$key.key" "$@"
}

# Wait until a server's output has this.
await()
{
    tries=0
    until grep -Eq "$2" "$1.log" 2> /dev/null || [ $tries -ge 250 ]; do
        tries=$((tries + 1))
        sleep 0.02
    done
}

# The port that a server says it took; 0: it never did.
port()
{
    await "$1" '^ACCEPT'
    awk -F: '/^ACCEPT/ { n = $NF } END { print n + 0 }' "$1.log"
}

# verdict NAME PATTERN TEXT: does the client's line match the extended regular expression?
verdict()
{
    if printf '%s\n' "$3" | grep -Eq "^$2\$"; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        printf 'FAIL tls: %s\n  got  %s\n  want %s\n' "$1" "$3" "$2"
    fi
}

# check NAME SERVER PATTERN [BUNDLE [HOST [CLOCK_OFFSET [CONNECT_TIMEOUT]]]]
check()
{
    verdict "$1" "$3" "$("$client" "${5:-localhost}" "$(port "$2")" "${4:-root.pem}" "${6:-0}" \
        "${7:-5000}" 2>&1)"
}

body='{"modelSummaries":[]}'
ok="OK 200 ${#body}"
head='HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: '
printf "$head%s\r\n\r\n%s" ${#body} "$body" > foundation-models
mkdir big half
{
    printf "$head%s\r\n\r\n\"" 3000002
    awk 'BEGIN { for (i = 0; i < 30000; i++) printf "%0100d", i }'
    printf '"'
} > big/foundation-models
printf "$head%s\r\n\r\n%s" 500 '{"modelSummaries":[' > half/foundation-models

serve good good p256
serve rsa2048 rsa2048 rsa2048
serve rsa4096 rsa4096 rsa4096
serve p384 p384 p384
serve rsa1024 rsa1024 rsa1024 -cipher DEFAULT@SECLEVEL=0
serve ed25519 ed25519 ed25519
serve sha1 sha1 p256 -cipher DEFAULT@SECLEVEL=0
serve chacha good p256 -cipher ECDHE-ECDSA-CHACHA20-POLY1305
serve x25519 good p256 -groups X25519
serve cbc good p256 -cipher ECDHE-ECDSA-AES128-SHA
serve other other p256
serve address address p256
serve no-address no-address p256
serve no-san no-san p256
serve for-clients for-clients p256
serve for-both for-both p256
serve chain below p256 -cert_chain middle.pem
serve no-chain below p256
serve narrow below-narrow p256 -cert_chain narrow.pem
serve no-ca below-no-ca p256 -cert_chain no-ca.pem
serve self self p256
serve tls13 good p256 -tls1_3
serve tls11 good p256 -tls1_1 -cipher DEFAULT@SECLEVEL=0
serve may-ask good p256 -verify 1
serve must-ask good p256 -Verify 1
serve h2 good p256 -alpn h2
serve other-host good p256 -servername other.example -servername_fatal -cert2 good.pem -key2 p256.key
begin address6 openssl s_server -HTTP -accept '[::1]:0' -cert address.pem -key p256.key
for kind in silent close reset plain; do
    begin $kind "$client" peer $kind
done
"$client" peer refused > refused.log
cd "$dir/big" && serve ../big good p256
cd "$dir/half" && serve ../half good p256
cd "$dir" || exit 1

# ---- Whom it talks to ----------------------------------------------------------------------------

check 'P-256 chain' good "$ok"
check 'P-384 chain' p384 "$ok" root-p384.pem
check 'RSA-2048 chain' rsa2048 "$ok" root-rsa2048.pem
check 'RSA-4096 chain' rsa4096 "$ok" root-rsa4096.pem
check 'ChaCha20-Poly1305' chacha "$ok"
check 'X25519' x25519 "$ok"
check 'three megabytes' big 'OK 200 3000002'
check 'upper case' good "$ok" root.pem LOCALHOST
check 'through an intermediate' chain "$ok"
check 'the intermediate as the anchor' no-chain "$ok" middle.pem
check 'self-signed, given as CA' self "$ok" self.pem
check 'a leaf given as CA' good "$ok" good.pem
check 'the right address' address "$ok" root.pem 127.0.0.1
check 'for clients and servers' for-both "$ok"
check 'a client certificate is asked for' may-ask "$ok"
await address6 'ACCEPT|rror'
if grep -q ACCEPT address6.log; then
    check 'the right IPv6 address' address6 "$ok" root.pem '[::1]'
else
    skip 'this machine has no IPv6 loopback'
fi
dot=$("$client" localhost. "$(port good)" root.pem)
case $dot in
RESOLVE*) skip "this machine does not resolve 'localhost.'" ;;
*) verdict 'a trailing dot' "$ok" "$dot" ;;
esac

# ---- What it says of the others ------------------------------------------------------------------

tls='TLS: TLS with localhost:'
check 'another name' other "$tls the certificate is for another name"
check 'another name, the leaf given as CA' other "$tls the certificate is for another name" other.pem
check 'another address' no-address \
    'TLS: TLS with 127\.0\.0\.1: the certificate does not name this address' root.pem 127.0.0.1
check 'no subject alternative name' no-san \
    "$tls the certificate has no subject alternative name; its common name does not count"
check 'for clients only' for-clients \
    "$tls the certificate is not meant for a server \\(extended key usage\\)"

ends="$tls not trusted: the certificate chain ends at the issuer"
none='which is none of the trusted roots'
check 'an unknown CA' good "$ends \"Test Root\", $none" root-p384.pem
check 'an unknown CA, no bundle given' good "$ends \"Test Root\", $none" -
check 'an unknown CA of the same name' self "$ends \"localhost\", $none" rsa2048.pem
check 'self-signed' self "$ends \"localhost\", $none"
check 'the intermediate is missing' no-chain "$ends \"Test Middle\", $none"
check 'an intermediate that is no CA' no-ca "$tls the certificate chain goes through a .* not a CA's"
check 'a critical name constraint' narrow "$tls a certificate has a critical extension that is not understood"
check 'RSA-1024' rsa1024 "$tls a certificate's RSA key is smaller than 2048 bits"
if [ -s sha1.pem ]; then
    check 'signed with SHA-1' sha1 "$tls a certificate uses an algorithm that is not supported .*"
else
    skip 'this openssl signs nothing with SHA-1'
fi

# ten and a half years from now, and before
year=$(date -u +%Y)
date='[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2} UTC'
reads="the clock of this machine reads ($((year + 10))|$((year + 11)))-.* UTC"
check 'expired' good "$tls the certificate of \"localhost\" expired at $date; $reads" \
    root.pem localhost 331344000000
reads="the clock of this machine reads ($((year - 10))|$((year - 11)))-.* UTC"
check 'not yet valid' good "$tls the certificate of \"localhost\" is not valid before $date; $reads" \
    root.pem localhost -331344000000

nothing="$tls the server broke off the handshake \\(alert 40\\): no cipher suite, .*"
first="$tls the server closed the connection at our first message; a server that speaks TLS 1\\.3 only .*"
check 'TLS 1.3 only' tls13 "$tls the server refuses TLS 1\\.2 \\(alert 70\\); it may speak TLS 1\\.3 only, .*"
check 'closed at our first message' close "$first"
check 'reset at our first message' reset "$first"
check 'TLS 1.1 only' tls11 "$nothing"
check 'CBC only' cbc "$nothing"
check 'Ed25519' ed25519 "$nothing"
check 'a client certificate is demanded' must-ask "$nothing"
check 'HTTP/2 only' h2 "$tls the server does not speak HTTP/1\\.1 on this port \\(alert 120\\)"
check 'a server for another host' other-host "$tls the server does not know this host name \\(alert 112\\)"
check 'plain HTTP' plain "$tls the server answers in plain HTTP on this port"
check 'silence' silent 'TIMEOUT: localhost:[0-9]*: no connection within 300 ms \(connecting and TLS\)' root.pem localhost 0 300
check 'nobody there' refused 'CONNECT: connect localhost:[0-9]*: Connection refused'

# ---- CA bundles ----------------------------------------------------------------------------------

{ printf '\357\273\277'; cat root.pem; } > bom.pem
awk '{ printf "%s\r\n", $0 }' root.pem > crlf.pem
awk '{ printf "%s%s", n++ ? "\n" : "", $0 }' root.pem > no-newline.pem
{ cat p256.key; echo '# roots - ours'; cat root-p384.pem; echo; cat root.pem; echo 'the end'; } > text.pem
openssl x509 -in root.pem -trustout -addtrust serverAuth -out trusted.pem
openssl x509 -in root.pem -trustout -addreject serverAuth -out rejected.pem
sed '2s/^M/!/' root.pem > damaged.pem
sed '$d' root.pem > no-end.pem
: > empty.pem
for bundle in bom crlf no-newline text trusted; do
    check "CA bundle: $bundle" good "$ok" $bundle.pem
done
for bundle in empty.pem p256.key rejected.pem; do
    check "CA bundle: $bundle" good "CONFIG: CA bundle $bundle: no usable certificate in it" $bundle
done
for bundle in damaged.pem no-end.pem; do
    check "CA bundle: $bundle" good "CONFIG: CA bundle $bundle: a certificate in it is damaged" $bundle
done
check 'CA bundle: missing' good 'CONFIG: CA bundle missing.pem: No such file or directory' missing.pem

# ---- Connections that end badly ------------------------------------------------------------------

# talk NAME RESPONSE [COMMAND]: a peer that sends the file RESPONSE once the request is there, then obeys
# openssl's one-letter COMMAND; at the end of its input it closes the socket and nothing else.
talk()
{
    mkfifo "$1.in"
    openssl s_server -accept 127.0.0.1:0 -cert good.pem -key p256.key < "$1.in" > "$1.log" 2>&1 &
    pids="$pids $!"
    exec 3> "$1.in"
    "$client" localhost "$(port "$1")" root.pem > "$1.out" 2>&1 3>&- &
    caller=$!
    await "$1" '^GET /foundation-models'
    cat "$2" >&3
    [ -z "$3" ] || { echo "$3" >&3 && wait $caller; }
    exec 3>&-
    wait $caller
}

talk cut half/foundation-models
verdict 'cut in the body' 'TRUNCATED: localhost closed the connection without ending TLS' "$(cat cut.out)"
talk again /dev/null r
verdict 'renegotiation is refused' "$tls the server broke off the connection \\(alert 40\\)" \
    "$(cat again.out)"
check 'TLS ends in the body' half 'TRUNCATED: .* closed before the response was complete'

# ---- Another HTTP server -------------------------------------------------------------------------

if command -v node > /dev/null; then
    cat > server.js <<'END'
const fs = require('fs'), https = require('https')
const files = { cert: fs.readFileSync('good.pem'), key: fs.readFileSync('p256.key') }
const s = https.createServer(files, (request, response) => {
    response.write('{"modelSummaries":')
    setImmediate(() => response.end('[]}'))
})
s.listen(0, '127.0.0.1', () => console.log('ACCEPT 127.0.0.1:' + s.address().port))
END
    begin node node server.js
    check 'node, in chunks' node "$ok"
else
    skip 'node is not installed'
fi

echo "tls.sh: $passed passed, $failed failed, $skipped skipped"
[ $failed -eq 0 ]
