#!/bin/sh
# roots.sh [PEM...] - writes roots.c to standard output: the five roots of Amazon Trust Services, found
# by the SHA-256 of their certificates in PEM files (the system's bundle when none is named). Needs
# openssl, awk and od; test/test_roots.c checks what came out by another route.
set -e
[ $# -gt 0 ] || set -- /etc/ssl/certs/ca-certificates.crt
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

# https://www.amazontrust.com/repository/
cat > "$dir/wanted" <<'END'
8ECDE6884F3D87B1125BA31AC3FCB13D7016DE7F57CC904FE1CB97C6AE98196E Amazon Root CA 1
1BA5B2AA8C65401A82960118F80BEC4F62304D83CEC4713A19C39C011EA46DB4 Amazon Root CA 2
18CE6CFE7BF14E60B2E347B8DFE868CB31D02EBB3ADA271569F50343B46DB3A4 Amazon Root CA 3
E35D28419ED02025CFA69038CD623962458DA5C695FBDEA3C22B0BFB25897092 Amazon Root CA 4
568D6905A2C88708A4B3025190EDCFEDB1974A606A13C6E5290FCB2AE63EDAB5 Starfield Services Root G2
END

# one file a certificate, named by its fingerprint
awk -v dir="$dir" '/^-----BEGIN CERTIFICATE-----/ { n++; inside = 1 }
    inside { print > (dir "/" n ".pem") }
    /^-----END CERTIFICATE-----/ { inside = 0; close(dir "/" n ".pem") }' "$@"
for pem in "$dir"/*.pem; do
    sum=$(openssl x509 -in "$pem" -noout -fingerprint -sha256 |
        awk -F= '{ gsub(":", "", $2); print $2 }')
    mv "$pem" "$dir/$sum"
done

# A certificate's bytes in hexadecimal -> its subject and key as C arrays and, at the end of the file
# `table`, its row. The walk: Certificate, TBSCertificate, [0] version, serial, signature, issuer,
# validity, subject, subjectPublicKeyInfo.
cat > "$dir/walk.awk" <<'AWK'
function number(text,   i, v) {
    for (i = 1; i <= length(text); i++)
        v = v * 16 + index("0123456789abcdef", substr(text, i, 1)) - 1
    return v
}
# the element at `at`: its content begins at `body` and ends before `after`
function element(at,   n, i) {
    len = number(byte[at + 1])
    body = at + 2
    if (len >= 128) {
        n = len - 128
        len = 0
        for (i = 0; i < n; i++)
            len = len * 256 + number(byte[body++])
    }
    after = body + len
}
function array(what, from, to,   i, line) {
    printf "static const unsigned char roots_%d_%s[] = {\n", row, what
    for (i = from; i < to; i++) {
        line = line (line == "" ? "    " : " ") "0x" byte[i] ","
        if (i == to - 1 || (i - from) % 16 == 15) {
            print line
            line = ""
        }
    }
    print "};"
}
# an INTEGER without its leading zeros
function integer(what, at) {
    element(at)
    while (byte[body] == "00")
        body++
    array(what, body, after)
}
{
    for (i = 1; i <= NF; i++)
        byte[n_bytes++] = $i
}
END {
    printf "\n/* %s\n * SHA-256 of the certificate: %s */\n", name, fingerprint
    element(0)
    element(body)
    element(body)
    for (i = 0; i < 4; i++)
        element(after)
    subject = after
    element(subject)
    array("dn", subject, after)
    element(after)          # subjectPublicKeyInfo
    element(body)           # its algorithm
    key_oid = body
    element(after)          # BIT STRING; its first byte counts unused bits
    key = body + 1
    key_end = after
    if (byte[key] == "04") {
        type = key_end - key == 65 ? "P256" : key_end - key == 97 ? "P384" : "P521"
        array("point", key, key_end)
        slices = sprintf("{NULL, 0}, {NULL, 0}, ROOTS_SLICE(roots_%d_point)", row)
    } else {
        type = "RSA"
        element(key)
        integer("modulus", body)
        integer("exponent", after)
        slices = sprintf("ROOTS_SLICE(roots_%d_modulus), ROOTS_SLICE(roots_%d_exponent), {NULL, 0}", row, row)
    }
    printf "    {ROOTS_SLICE(roots_%d_dn), BDK_KEY_%s,\n     %s, 1},\n", row, type, slices >> table
}
AWK

cat <<'END'
/* roots.c - the five roots of Amazon Trust Services as data: names and keys. Made by tools/roots.sh.
 * https://www.amazontrust.com/repository/; RFC 5280 6.1.1 (d), a trust anchor. Leaves out: dates and
 * signatures, which an anchor needs none of. */
#include "bedrock_int.h"

#define ROOTS_SLICE(bytes) {(const char *)(bytes), sizeof(bytes)}
END
row=0
while read -r fingerprint name; do
    row=$((row + 1))
    if ! openssl x509 -in "$dir/$fingerprint" -noout -ext basicConstraints 2> /dev/null |
        awk '/CA:TRUE/ { ca = 1 } END { exit !ca }'; then
        echo "roots.sh: $name is not there, or not a CA" >&2
        exit 1
    fi
    openssl x509 -in "$dir/$fingerprint" -outform DER | od -An -v -tx1 |
        awk -v row="$row" -v name="$name" -v fingerprint="$fingerprint" \
            -v table="$dir/table" -f "$dir/walk.awk"
done < "$dir/wanted"
printf '\nconst struct bdk_anchor bdk_roots[BDK_N_ROOTS] = {\n'
cat "$dir/table"
echo '};'
