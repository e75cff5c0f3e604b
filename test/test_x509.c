/* test_x509.c - PEM bundles and certificates: what is found, what is refused, and that no byte of
 * either can lead outside of its input. The certificates in test/vectors/x509 are of our own making;
 * what is expected of them is openssl's view. Leaves out: signatures, which nobody checks here. */
#include "bedrock_int.h"
#include "t.h"
#include <stdlib.h>
#include <string.h>

#define MAX_DER 4096

/* ---- PEM ---- */

#define B "-----BEGIN CERTIFICATE-----"
#define E "-----END CERTIFICATE-----"
#define BT "-----BEGIN TRUSTED CERTIFICATE-----\n"
#define ET "\n-----END TRUSTED CERTIFICATE-----\n"
#define ONE B "\nAQID\n" E "\n"
#define A64 "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
#define Z48 "000000000000000000000000000000000000000000000000" \
            "000000000000000000000000000000000000000000000000"

/* Each block's bytes in hexadecimal, P for a malformed one, L for one larger than 49 bytes. */
static const struct {
    const char *name, *text, *want;
} pem_cases[] = {
    {"nothing", "", ""},
    {"text only", "hello\n-----\n", ""},
    {"a block", ONE, "010203"},
    {"two blocks", ONE B "\nBAUG\n" E "\n", "010203 040506"},
    {"no newline at the end", B "\nAQID\n" E, "010203"},
    {"no newline at all", B "AQID" E, "010203"},
    {"CRLF", B "\r\nAQID\r\n" E "\r\n", "010203"},
    {"CR alone", "x\r" B "\rAQID\r" E "\r" B "\rAQID\r" E, "010203 010203"},
    {"a byte-order mark in front", "\xEF\xBB\xBF" ONE, "010203"},
    {"a byte-order mark between files", ONE "\xEF\xBB\xBF" ONE, "010203 010203"},
    {"files joined without a newline", B "\nAQID\n" E B "\nBAUG\n" E, "010203 040506"},
    {"text before, between, behind", "a - b\n" ONE "# -- Root 2 --\n\n" ONE "bye", "010203 010203"},
    {"indented", "  ca: |\n    " B "\n    AQID\n    " E "\n", "010203"},
    {"blanks behind the lines", B " \t\nAQ \nID\t\n\n" E "  \n", "010203"},
    {"every kind of white space", B "\n A\tQ\vI\fD\r\n\n" E, "010203"},
    {"one pad sign", B "\nAQI=\n" E, "0102"},
    {"two pad signs", B "\nAQ==\n" E, "01"},
    {"pad signs on their own line", B "\nAQ\n=\n=\n" E, "01"},
    {"a group of four across lines", B "\nA\nQI\nDBA\nUG\n" E, "010203040506"},
    {"all groups across one line", B "\nA\nQIDBAUGBwgJCgsM\n" E, "0102030405060708090a0b0c"},
    {"every character", B "\nABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/\n" E,
     "00108310518720928b30d38f41149351559761969b71d79f"
     "8218a39259a7a29aabb2dbafc31cb3d35db7e39ebbf3dfbf"},
    {"the old label", "-----BEGIN X509 CERTIFICATE-----\nAQID\n-----END X509 CERTIFICATE-----", "010203"},
    {"other blocks", "-----BEGIN PRIVATE KEY-----\nMAAx\n-----END PRIVATE KEY-----\n" ONE
     "-----BEGIN CERTIFICATE REQUEST-----\nMAAx\n-----END CERTIFICATE REQUEST-----\n", "010203"},
    {"a key without an end", "-----BEGIN PRIVATE KEY-----\nMAAx\n" ONE, "010203"},
    {"a comment", "# " B "\n# AQID\n# " E "\n", ""},
    {"six dashes", "-" ONE, ""},
    {"four dashes", "-----BEGIN CERTIFICATE----\nAQID\n" E, ""},
    {"lower case", "-----begin certificate-----\nAQID\n-----end certificate-----\n", ""},
    {"exactly the ceiling", B "\n" A64 "AA==\n" E, Z48 "00"},
    {"one byte above the ceiling", B "\n" A64 "AAA=\n" E "\n" ONE, "L 010203"},
    {"two above the ceiling", B "\n" A64 "AAAA\n" E "\n" ONE, "L 010203"},
    {"two above the ceiling, cut by a line", B "\n" A64 "AA\nAA\n" E "\n" ONE, "L 010203"},
    {"no base64", B "\nAQ!D\n" E "\n" ONE, "P 010203"},
    {"not ASCII", B "\nAQ\xC3\xA9" "D\n" E, "P"},
    {"a header", B "\nProc-Type: 4,ENCRYPTED\n\nAQID\n" E "\n" ONE, "P 010203"},
    {"no end", B "\nAQID\n", "P"},
    {"no end, no content", B, "P"},
    {"half an end", B "\nAQID\n-----END CERTIF", "P"},
    {"the end of something else", B "\nAQID\n-----END X509 CERTIFICATE-----\n" ONE, "P 010203"},
    {"begun twice", B "\nAQID\n" ONE, "P 010203"},
    {"nothing in it", B "\n" E "\n" ONE, "P 010203"},
    {"one character", B "\nA\n" E, "P"},
    {"one character too many", B "\nAQIDA\n" E, "P"},
    {"no pad sign", B "\nAQI\n" E, "P"},
    {"a pad sign short", B "\nAQ=\n" E, "P"},
    {"a pad sign too many", B "\nAQI==\n" E, "P"},
    {"a pad sign behind a full group", B "\nAQID=\n" E, "P"},
    {"pad signs only", B "\n====\n" E, "P"},
    {"characters behind a pad sign", B "\nAQ==AQID\n" E, "P"},
    {"a trusted one without anything", BT "MAA=" ET, "3000"},
    {"a trusted one with nothing said", BT "MAAwAA==" ET, "3000"},
    {"a trusted one with an alias", BT "MAAwAwwBYQ==" ET, "3000"},
    {"a trusted one with something else behind", BT "MAAFAA==" ET, "P"},
    {"a trusted one that is cut", BT "MAAwAQ==" ET, "P"},
    {"a trusted one whose purposes are none", BT "MAAwBDACBQA=" ET, "P"},
    {"a trusted one whose refusals are none", BT "MAAwBKACBQA=" ET, "P"},
    {"a trusted one that is none", BT "MAE=" ET, "P"},
};

/* Read a text to its end; every answer must move on. */
static void pem_run(const char *text, size_t len, char *out, size_t cap)
{
    struct bedrock_slice rest = {text, len};
    size_t at = 0, before = len + 1;
    unsigned char der[49];
    size_t der_len;
    int rc;

    out[0] = 0;
    while ((rc = bdk_pem_next(&rest, der, sizeof der, &der_len)) != 0 && at + 100 < cap) {
        CHECK(rest.len < before && rest.p + rest.len == text + len);
        before = rest.len;
        if (at > 0)
            out[at++] = ' ';
        if (rc == 1) {
            CHECK(der_len <= sizeof der);
            bdk_hex(out + at, der, der_len);
            at += der_len * 2;
        } else {
            CHECK(rc == BEDROCK_ERR_PROTOCOL || rc == BEDROCK_ERR_LIMIT);
            out[at++] = rc == BEDROCK_ERR_LIMIT ? 'L' : 'P';
        }
        out[at] = 0;
    }
}

/* Whole, and every beginning of it: of that, all blocks but the last are the same. */
static void test_pem(void)
{
    char got[512], less[512], *guarded;

    for (size_t i = 0; i < sizeof pem_cases / sizeof pem_cases[0]; i++) {
        size_t len = strlen(pem_cases[i].text);

        t_case("PEM: %s", pem_cases[i].name);
        for (size_t n = 0; n <= len; n++) {
            char *last;

            guarded = t_guard(pem_cases[i].text, n);
            pem_run(guarded, n, less, sizeof less);
            t_guard_free(guarded, n);
            memcpy(got, less, sizeof got);
            last = strrchr(less, ' ');
            last = last ? last + 1 : less;
            *last = 0;
            CHECKF(strncmp(less, pem_cases[i].want, strlen(less)) == 0, "of %zu bytes: %s", n, got);
        }
        CHECK_TEXT(got, strlen(got), pem_cases[i].want);
    }
    t_case("PEM: no text");
    pem_run(NULL, 0, got, sizeof got);
    CHECK_TEXT(got, strlen(got), "");
}

/* ---- Certificates as openssl sees them ---- */

#define P256_SPKI "17afaaf8087c19496bb4e252f04f1bd92d39fe0f10d1767ded14772b5e1d32f0"
#define P256_KEY "a459d22b905012cf335735d0e00bd77754b4554c3ec455af2e2c0842acbb574d"
#define LATE_SPKI "85682569b9977e233f0260c3a0fc888ade846e268ad3ed2cfa22a503b85085dc"
#define LATE_KEY "ecc9998e7429f797ccda5850a2446601b31c28872f67eb38e11c32a27b1569c0"
#define DIGITS64 "0123456789012345678901234567890123456789012345678901234567890123"

static const struct {
    const char *file, *subject, *issuer;
    int64_t not_before, not_after;
    enum bdk_key_type type;
    const char *spki, *key; /* SHA-256 of SubjectPublicKeyInfo, and of the modulus or the point */
    int is_ca, has_san, has_dns, has_eku, eku_server;
    const char *ip;         /* in hexadecimal, one that is named */
} certificates[] = {
    {"rsa2048", "RSA Root", "RSA Root", 1795508277, 2110868277, BDK_KEY_RSA,
     "8b3137ff638138a7ad6363499eccacf58c78d574718f41a2fa729caadb2d434b",
     "683ebcc5ad8d20c9a33e9253d97253e7c9a1f39d0217fec0d6206b39acb727cd", 1, 0, 0, 0, 0, ""},
    {"p256", "P-256 Root", "P-256 Root", 1795508277, 2110868277, BDK_KEY_P256, P256_SPKI, P256_KEY, 1,
     0, 0, 0, 0, ""},
    {"p384", "p384.example", "p384.example", 1795508277, 2110868277, BDK_KEY_P384,
     "5f2e7d3773f9371061045c7a4a77959efe1642096eec69eec6f27788edcdf128",
     "42c0376586e4763466f9d0af75ebc9850bf0c2a7eb2045179940037a9fa15ef5", 0, 1, 1, 0, 0, ""},
    {"p521", "p521.example", "p521.example", 1795508277, 2110868277, BDK_KEY_P521,
     "a59388876620e54e97f6d4881ff48d594c721913c3ae0c9586cc23dc892965d3",
     "c86a767e20eacc2ea209fe171fd188778dbac75539b6e1192fd5c831f0af56d5", 1, 1, 0, 0, 0, ""},
    {"ed25519", "ed25519.example", "ed25519.example", 1795508277, 2110868277, BDK_KEY_OTHER,
     "f6e61cac0a5a0f058aa605deb9b520b58814817c61045c3acb592c18d0e7dab9", "", 1, 1, 1, 0, 0, ""},
    {"secp256k1", "other curve", "other curve", 1795508277, 2110868277, BDK_KEY_OTHER,
     "3ff24a12428aeaa478cef166c99d10b9dd6e63772ed54e22f1d9796b1c6cd382", "", 1, 0, 0, 0, 0, ""},
    {"explicit", "explicit curve", "explicit curve", 1795508277, 2110868277, BDK_KEY_OTHER,
     "ee77d9c336a3acc9b55353833ca44181266c1431cf72865fae3eebfd3d755a1f", "", 1, 0, 0, 0, 0, ""},
    {"compressed", "compressed point", "P-256 Root", 1795508514, 2110868514, BDK_KEY_OTHER,
     "3b19457d15d41475847367dbcc5456f4de55c2262b9d1205e245ed87dcd77d98", "", 0, 0, 0, 0, 0, ""},
    {"pss", "rsa-pss key", "rsa-pss key", 1795508277, 2110868277, BDK_KEY_OTHER,
     "ce25182ed7e4db7c58dbe23d628dc378cd0a9b36184f0ef09a1059a1669e1f88", "", 1, 0, 0, 0, 0, ""},
    {"ips", "addresses", "addresses", 1795508277, 2110868277, BDK_KEY_P256,
     "342074351a3405d8f8329667eaa612d50863750d8dde184f5d8c19344c3aa891",
     "7abf8e652ff157e9b22e01a64374c807d446aca87cac78f2ec838a88f7e89d2e", 1, 1, 0, 1, 1,
     "20010db8000000000000000000000007"},
    {"client-only", "client.example", "client.example", 1795508277, 2110868277, BDK_KEY_P256,
     "16135f1cecea99590f7ed7a96c700e0022a66698862ac19369e6e11e3fb025da",
     "6f8ec20bdad59bcb17860eda57c85b726fa2335865f726829d5d0d1780e8f0f0", 1, 1, 1, 1, 0, "c0000207"},
    {"any-purpose", "any.example", "any.example", 1795508277, 2110868277, BDK_KEY_P256,
     "09e58e7108714a16955a90e5a7dce3a087eb751a2bd3541b5631de02500f99f8",
     "9b512674b544cdd7e20c0d5a9cc29d948165afdb374e615fb33a251937320860", 1, 1, 1, 1, 1, ""},
    {"cn-only", "cn-only.example", "cn-only.example", 1795508277, 2110868277, BDK_KEY_P256,
     "fb05f95dd983dca8fd6a4cab8bef946266cd8481a8b7297111a16b4b9f8ed13c",
     "d274208fa8eae52b3b0b2709b8cc8edff4ddaa929d72ac0c1ecd146ada453c93", 1, 0, 0, 0, 0, ""},
    {"utf8", "Z?rich B?cker", "Z?rich B?cker", 1795508277, 2110868277, BDK_KEY_P256,
     "d5712427696bb31002b557bff2e478f326a26856581b924f728a259fe1e01bfc",
     "f1882a1d49064879e3883a8c7fc7359b7a070a612d1bd807575ed415f0c2e4f9", 1, 0, 0, 0, 0, ""},
    {"long", DIGITS64, DIGITS64, 1795508277, 2110868277, BDK_KEY_P256,
     "269bc8d92c44ea257d251b812cd43e4c5258b8cba2b3f700c82a4f1aaff89bf1",
     "00c0236f7963ff52da76214943c8a7010b8be3e0ab2d8efb4b76419134c819c8", 1, 1, 1, 0, 0, ""},
    {"v1", "Bedrock Tests", "Bedrock Tests", 1795508278, 2110868278, BDK_KEY_RSA,
     "cce0a6f21542b50e4414ddebf8fb86d33a6e2b62b72818c3fdba594d8ef5ffaa",
     "8e9704223bf3be2e83ed9b2bd30d8b28c6f1c3d426494e072e18f3ef09bf8ca5", 0, 0, 0, 0, 0, ""},
    {"year1950", "late.example", "P-256 Root", -631152000, 2524607999, BDK_KEY_P256, LATE_SPKI,
     LATE_KEY, 0, 1, 1, 0, 0, ""},
    {"year2050", "late.example", "P-256 Root", 2529619201, 253402300799, BDK_KEY_P256, LATE_SPKI,
     LATE_KEY, 0, 1, 1, 0, 0, ""},
    {"trusted", "P-256 Root", "P-256 Root", 1795508277, 2110868277, BDK_KEY_P256, P256_SPKI, P256_KEY,
     1, 0, 0, 0, 0, ""},
    {"trusted-plain", "P-256 Root", "P-256 Root", 1795508277, 2110868277, BDK_KEY_P256, P256_SPKI,
     P256_KEY, 1, 0, 0, 0, 0, ""},
};

#define N_CERTIFICATES (sizeof certificates / sizeof certificates[0])

/* The only certificate of a file in test/vectors/x509; its length, or 0 when the file has none. */
static size_t load(const char *file, unsigned char der[MAX_DER])
{
    struct bedrock_slice rest;
    char path[100], *text;
    size_t len = 0;
    int rc;

    snprintf(path, sizeof path, "test/vectors/x509/%s.pem", file);
    text = t_read_file(path, &rest.len);
    if (!CHECKF(text != NULL, "%s cannot be read", path))
        return 0;
    rest.p = text;
    rc = bdk_pem_next(&rest, der, MAX_DER, &len);
    if (rc == 1) {
        unsigned char more[MAX_DER];
        size_t more_len;

        CHECK(bdk_pem_next(&rest, more, sizeof more, &more_len) == 0);
    }
    free(text);
    return rc == 1 ? len : 0;
}

static void check_hash(struct bedrock_slice s, const char *want)
{
    unsigned char digest[BDK_SHA256_LEN];
    char hex[64];

    bdk_sha256_of(s.p, s.len, digest, 0);
    bdk_hex(hex, digest, sizeof digest);
    CHECK_TEXT(hex, sizeof hex, want);
}

static void check_name(struct bedrock_slice name, const char *want)
{
    char text[128];

    bdk_x509_name(name, text, sizeof text);
    CHECK_TEXT(text, strlen(text), want);
}

static void check_key(const struct bdk_x509 *c, size_t i)
{
    CHECK(c->key_type == certificates[i].type);
    check_hash(c->spki, certificates[i].spki);
    if (c->key_type == BDK_KEY_OTHER) {
        CHECK(c->modulus.len == 0 && c->exponent.len == 0 && c->point.len == 0);
    } else if (c->key_type == BDK_KEY_RSA) {
        CHECK(c->point.len == 0);
        CHECK(c->exponent.len == 3 && memcmp(c->exponent.p, "\x01\x00\x01", 3) == 0);
        check_hash(c->modulus, certificates[i].key);
    } else {
        CHECK(c->modulus.len == 0 && c->exponent.len == 0);
        check_hash(c->point, certificates[i].key);
    }
}

static void check_addresses(const struct bdk_x509 *c, const char *hex)
{
    unsigned char ip[17] = {0};
    size_t n = t_unhex(hex, strlen(hex), ip);

    CHECK(bdk_x509_has_ip(c, ip, n) == (n > 0));
    CHECK(!bdk_x509_has_ip(c, ip, n + 1));
    if (n > 0) {
        CHECK(!bdk_x509_has_ip(c, ip, n - 1));
        ip[n - 1] ^= 1;
        CHECK(!bdk_x509_has_ip(c, ip, n));
    }
    CHECK(!bdk_x509_has_ip(c, (const unsigned char *)"\x0A\x00\x00\x01", 4));
}

static void test_certificates(void)
{
    unsigned char der[MAX_DER];

    for (size_t i = 0; i < N_CERTIFICATES; i++) {
        struct bdk_x509 c;
        size_t len;

        t_case("certificate %s", certificates[i].file);
        len = load(certificates[i].file, der);
        if (!CHECK(len > 0) || !CHECK(bdk_x509_read(der, len, &c) == 0))
            continue;
        check_name(c.subject, certificates[i].subject);
        check_name(c.issuer, certificates[i].issuer);
        CHECKF(c.not_before == certificates[i].not_before, "from %lld", (long long)c.not_before);
        CHECKF(c.not_after == certificates[i].not_after, "until %lld", (long long)c.not_after);
        check_key(&c, i);
        CHECK(c.is_ca == certificates[i].is_ca);
        CHECK(c.has_san == certificates[i].has_san && c.has_eku == certificates[i].has_eku);
        CHECK(c.eku_server == certificates[i].eku_server);
        CHECK(bdk_x509_has_dns(&c) == certificates[i].has_dns);
        check_addresses(&c, certificates[i].ip);
    }
    t_case("certificates that are trusted for something else only");
    CHECK(load("trusted-mail", der) == 0);
    CHECK(load("trusted-never", der) == 0);
}

/* ---- Damage ---- */

static int inside(struct bedrock_slice s, const char *p, size_t n)
{
    return s.len == 0 || (s.p >= p && s.len <= n && (size_t)(s.p - p) <= n - s.len);
}

/* Whatever the bytes are: no crash, and nothing points out of them. Returns bdk_x509_read()'s answer. */
static int read_any(const char *der, size_t len)
{
    static const unsigned char ip[16] = {0};
    struct bdk_x509 c;
    char text[20];
    int rc = bdk_x509_read((const unsigned char *)der, len, &c);

    CHECK(rc == 0 || rc == BEDROCK_ERR_PROTOCOL);
    CHECK(inside(c.issuer, der, len) && inside(c.subject, der, len) && inside(c.spki, der, len));
    CHECK(inside(c.modulus, der, len) && inside(c.exponent, der, len) && inside(c.point, der, len));
    CHECK(inside(c.san, der, len));
    CHECK(rc == 0 || (c.subject.len == 0 && c.spki.len == 0 && c.san.len == 0));
    bdk_x509_name(c.subject, text, sizeof text);
    bdk_x509_has_ip(&c, ip, 16);
    bdk_x509_has_dns(&c);
    return rc;
}

static void test_damage(void)
{
    unsigned char der[MAX_DER];

    for (size_t i = 0; i < N_CERTIFICATES; i++) {
        size_t len;
        char *p;
        /* every other value of each byte for one certificate, some for the others */
        int all = strcmp(certificates[i].file, "ips") == 0;

        t_case("%s: every beginning of it", certificates[i].file);
        len = load(certificates[i].file, der);
        for (size_t n = 0; n < len; n++) {
            p = t_guard(der, n);
            CHECKF(read_any(p, n) != 0, "%zu of %zu bytes", n, len);
            t_guard_free(p, n);
        }
        t_case("%s: every byte changed", certificates[i].file);
        p = t_guard(der, len);
        for (size_t at = 0; at < len; at++) {
            char kept = p[at];

            for (int v = 1; v < 256; v += all ? 1 : 31) {
                p[at] = (char)(kept ^ v);
                read_any(p, len);
            }
            p[at] = kept;
        }
        CHECK(read_any(p, len) == 0);
        t_guard_free(p, len);
    }
}

/* ---- Certificates made field by field ---- */

struct parts {
    const char *version, *validity, *spki, *more, *extensions; /* hexadecimal; extensions: the list */
    const char *behind;     /* what follows the certificate */
};

#define V3 "A003020102"
#define VALID "301E" "170D3236303130323033303430355A" "170D3336303130323033303430355A"
#define RSA_OID "300D06092A864886F70D0101010500"
#define RSA "301D" RSA_OID "030C" "003009020400C1C1C1020103"
#define EXT_CA "300C0603551D13040530030101FF"
#define EXT_SAN "300F0603551D1104083006820161820162"
#define EXT_EKU "30130603551D25040C300A06082B06010505070301"
#define EXT_ANY "300F0603551D25040830060604551D2500"
#define EXT_MAIL "30130603551D25040C300A06082B06010505070304"
#define EXT_OTHER(n) "300706032A03" n "0400"

static const struct {
    const char *name;
    struct parts parts;
    int good;
    enum bdk_key_type type;
    int is_ca, has_san, has_eku, eku_server;
} made[] = {
    {"plain", {V3, VALID, RSA, "", "", ""}, 1, BDK_KEY_RSA, 0, 0, 0, 0},
    {"all extensions", {V3, VALID, RSA, "", EXT_CA EXT_SAN EXT_EKU, ""}, 1, BDK_KEY_RSA, 1, 1, 1, 1},
    {"any purpose", {V3, VALID, RSA, "", EXT_ANY, ""}, 1, BDK_KEY_RSA, 0, 0, 1, 1},
    {"another purpose", {V3, VALID, RSA, "", EXT_MAIL, ""}, 1, BDK_KEY_RSA, 0, 0, 1, 0},
    {"no version", {"", VALID, RSA, "", "", ""}, 1, BDK_KEY_RSA, 0, 0, 0, 0},
    {"version 1 told", {"A003020100", VALID, RSA, "", "", ""}, 1, BDK_KEY_RSA, 0, 0, 0, 0},
    {"unique ids", {"A003020101", VALID, RSA, "81020012" "82020034", "", ""}, 1, BDK_KEY_RSA, 0, 0, 0, 0},
    {"version 4", {"A003020103", VALID, RSA, "", "", ""}, 0, 0, 0, 0, 0, 0},
    {"version without a number", {"A0020200", VALID, RSA, "", "", ""}, 0, 0, 0, 0, 0, 0},
    {"version of two bytes", {"A00402020002", VALID, RSA, "", "", ""}, 0, 0, 0, 0, 0, 0},
    {"version and more", {"A00502010205" "00", VALID, RSA, "", "", ""}, 0, 0, 0, 0, 0, 0},
    {"extensions in version 1", {"", VALID, RSA, "", EXT_CA, ""}, 0, 0, 0, 0, 0, 0},
    {"extensions in version 2", {"A003020101", VALID, RSA, "", EXT_CA, ""}, 0, 0, 0, 0, 0, 0},
    {"something else behind the key", {V3, VALID, RSA, "0500", "", ""}, 0, 0, 0, 0, 0, 0},
    {"something behind the certificate", {V3, VALID, RSA, "", "", "00"}, 0, 0, 0, 0, 0, 0},
    /* times */
    {"GeneralizedTime", {V3, "3022180F32303236303130323033303430355A180F32303336303130323033303430355A",
     RSA, "", "", ""}, 1, BDK_KEY_RSA, 0, 0, 0, 0},
    {"one time", {V3, "300F170D3236303130323033303430355A", RSA, "", "", ""}, 0, 0, 0, 0, 0, 0},
    {"three times", {V3, "302D" "170D3236303130323033303430355A" "170D3336303130323033303430355A"
     "170D3336303130323033303430355A", RSA, "", "", ""}, 0, 0, 0, 0, 0, 0},
    {"no seconds", {V3, "301C170B323630313032303330345A" "170D3336303130323033303430355A", RSA, "", "",
     ""}, 0, 0, 0, 0, 0, 0},
    {"a zone", {V3, "3022" "17113236303130323033303430352B30303030" "170D3336303130323033303430355A", RSA,
     "", "", ""}, 0, 0, 0, 0, 0, 0},
    {"no Z", {V3, "301E170D3236303130323033303430355B170D3336303130323033303430355A", RSA, "", "", ""},
     0, 0, 0, 0, 0, 0},
    {"month 13", {V3, "301E170D3236313330323033303430355A170D3336303130323033303430355A", RSA, "", "",
     ""}, 0, 0, 0, 0, 0, 0},
    {"29 February 2026", {V3, "301E170D3236303232393033303430355A170D3336303130323033303430355A", RSA,
     "", "", ""}, 0, 0, 0, 0, 0, 0},
    {"a sign for a digit", {V3, "301E170D322B303130323033303430355A170D3336303130323033303430355A", RSA,
     "", "", ""}, 0, 0, 0, 0, 0, 0},
    {"a colon for a digit", {V3, "301E170D323A303130323033303430355A170D3336303130323033303430355A", RSA,
     "", "", ""}, 0, 0, 0, 0, 0, 0},
    {"a colon for the first digit", {V3, "301E170D3A32303130323033303430355A170D3336303130323033303430355A",
     RSA, "", "", ""}, 0, 0, 0, 0, 0, 0},
    {"a slash for a digit", {V3, "301E170D322F303130323033303430355A170D3336303130323033303430355A", RSA,
     "", "", ""}, 0, 0, 0, 0, 0, 0},
    {"a fraction", {V3, "3024181132303236303130323033303430352E355A180F32303336303130323033303430355A",
     RSA, "", "", ""}, 0, 0, 0, 0, 0, 0},
    {"year 0", {V3, "3022180F30303030303130323033303430355A180F32303336303130323033303430355A", RSA, "",
     "", ""}, 0, 0, 0, 0, 0, 0},
    {"a time that is a text", {V3, "301E0C0D3236303130323033303430355A170D3336303130323033303430355A",
     RSA, "", "", ""}, 0, 0, 0, 0, 0, 0},
    /* keys */
    {"a modulus with more zeros", {V3, VALID, "301F" RSA_OID "030E" "00300B0206000000C1C1C1020103", "",
     "", ""}, 1, BDK_KEY_RSA, 0, 0, 0, 0},
    {"a negative modulus", {V3, VALID, "301C" RSA_OID "030B" "0030080203C1C1C1020103", "", "", ""},
     0, 0, 0, 0, 0, 0},
    {"a modulus of zero", {V3, VALID, "301A" RSA_OID "0309" "003006020100020103", "", "", ""},
     0, 0, 0, 0, 0, 0},
    {"an exponent of nothing", {V3, VALID, "301C" RSA_OID "030B" "003008020400C1C1C10200", "", "", ""},
     0, 0, 0, 0, 0, 0},
    {"three numbers", {V3, VALID, "3020" RSA_OID "030F" "00300C020400C1C1C1020103020101", "", "", ""},
     0, 0, 0, 0, 0, 0},
    {"bytes behind the numbers", {V3, VALID, "301F" RSA_OID "030E" "003009020400C1C1C10201030500", "",
     "", ""}, 0, 0, 0, 0, 0, 0},
    {"unused bits", {V3, VALID, "301D" RSA_OID "030C" "013009020400C1C1C1020103", "", "", ""},
     0, 0, 0, 0, 0, 0},
    {"an empty key", {V3, VALID, "3012" RSA_OID "030100", "", "", ""}, 0, 0, 0, 0, 0, 0},
    {"a key without bits", {V3, VALID, "300F" RSA_OID, "", "", ""}, 0, 0, 0, 0, 0, 0},
    {"bytes behind the key", {V3, VALID, "301F" RSA_OID "030C" "003009020400C1C1C1020103" "0500", "", "",
     ""}, 0, 0, 0, 0, 0, 0},
    {"an unknown kind of key", {V3, VALID, "300B300506032B6570" "03020001", "", "", ""}, 1,
     BDK_KEY_OTHER, 0, 0, 0, 0},
    {"a curve that is not named", {V3, VALID, "300F300906072A8648CE3D0201" "03020004", "", "", ""},
     0, 0, 0, 0, 0, 0},
    {"a point that is too short", {V3, VALID, "3019301306072A8648CE3D020106082A8648CE3D030107" "03020004",
     "", "", ""}, 1, BDK_KEY_OTHER, 0, 0, 0, 0},
    /* extensions */
    {"an extension nobody knows", {V3, VALID, RSA, "", EXT_OTHER("04"), ""}, 1, BDK_KEY_RSA, 0, 0, 0, 0},
    {"critical", {V3, VALID, RSA, "", "300F0603551D130101FF040530030101FF", ""}, 1, BDK_KEY_RSA, 1, 0, 0,
     0},
    {"not critical, told", {V3, VALID, RSA, "", "300F0603551D13010100040530030101FF", ""}, 1,
     BDK_KEY_RSA, 1, 0, 0, 0},
    {"critical, half", {V3, VALID, RSA, "", "300F0603551D13010101040530030101FF", ""}, 0, 0, 0, 0, 0, 0},
    {"twice the same", {V3, VALID, RSA, "", EXT_CA EXT_CA, ""}, 0, 0, 0, 0, 0, 0},
    {"twice an unknown one", {V3, VALID, RSA, "", EXT_OTHER("04") EXT_CA EXT_OTHER("04"), ""},
     0, 0, 0, 0, 0, 0},
    {"a CA with a path length", {V3, VALID, RSA, "", "300F0603551D13040830060101FF020100", ""}, 1,
     BDK_KEY_RSA, 1, 0, 0, 0},
    {"no CA, by leaving it out", {V3, VALID, RSA, "", "30090603551D1304023000", ""}, 1, BDK_KEY_RSA,
     0, 0, 0, 0},
    {"no CA, told", {V3, VALID, RSA, "", "300C0603551D1304053003010100", ""}, 1, BDK_KEY_RSA, 0, 0, 0, 0},
    {"half a CA", {V3, VALID, RSA, "", "300C0603551D1304053003010101", ""}, 0, 0, 0, 0, 0, 0},
    {"a CA of two bytes", {V3, VALID, RSA, "", "300D0603551D130406300401020000", ""}, 0, 0, 0, 0, 0, 0},
    {"a CA and more", {V3, VALID, RSA, "", "300E0603551D13040730050101FF0500", ""}, 0, 0, 0, 0, 0, 0},
    {"a path length and more", {V3, VALID, RSA, "", "30110603551D13040A30080101FF0201000500", ""},
     0, 0, 0, 0, 0, 0},
    {"bytes behind the constraints", {V3, VALID, RSA, "", "300E0603551D13040730030101FF0500", ""},
     0, 0, 0, 0, 0, 0},
    {"no names", {V3, VALID, RSA, "", "30090603551D1104023000", ""}, 1, BDK_KEY_RSA, 0, 1, 0, 0},
    {"a name that is too long", {V3, VALID, RSA, "", "300F0603551D1104083006820161820262", ""},
     0, 0, 0, 0, 0, 0},
    {"bytes behind the names", {V3, VALID, RSA, "", "30110603551D11040A30068201618201620500", ""},
     0, 0, 0, 0, 0, 0},
    {"no purpose", {V3, VALID, RSA, "", "30090603551D2504023000", ""}, 1, BDK_KEY_RSA, 0, 0, 1, 0},
    {"a purpose that is a number", {V3, VALID, RSA, "", "300C0603551D2504053003020101", ""},
     0, 0, 0, 0, 0, 0},
    {"purposes that are no list", {V3, VALID, RSA, "", "30090603551D2504020500", ""}, 0, 0, 0, 0, 0, 0},
    {"bytes behind the purposes", {V3, VALID, RSA, "", "300B0603551D25040430000500", ""},
     0, 0, 0, 0, 0, 0},
    {"bytes behind the extensions", {V3, VALID, RSA, "A30430000500", "", ""}, 0, 0, 0, 0, 0, 0},
    {"extensions that are no list", {V3, VALID, RSA, "A3020500", "", ""}, 0, 0, 0, 0, 0, 0},
    {"an extension without a value", {V3, VALID, RSA, "", "30050603551D13", ""}, 0, 0, 0, 0, 0, 0},
    {"an extension with two values", {V3, VALID, RSA, "", "30090603551D0E04000400", ""},
     0, 0, 0, 0, 0, 0},
    {"an extension without a name", {V3, VALID, RSA, "", "30020400", ""}, 0, 0, 0, 0, 0, 0},
    {"an extension that is none", {V3, VALID, RSA, "", "0500", ""}, 0, 0, 0, 0, 0, 0},
};

/* Put a header before out[0..n): the new length. */
static size_t wrap(unsigned tag, unsigned char *out, size_t n)
{
    size_t head = n < 0x80 ? 2 : n < 0x100 ? 3 : 4;

    memmove(out + head, out, n);
    out[0] = (unsigned char)tag;
    out[1] = (unsigned char)(head == 2 ? n : 0x80 | (head - 2));
    for (size_t i = 2; i < head; i++)
        out[i] = (unsigned char)(n >> (8 * (head - 1 - i)));
    return head + n;
}

static size_t put_hex(unsigned char *out, size_t at, const char *hex)
{
    size_t n = t_unhex(hex, strlen(hex), out + at);

    CHECKF(n != (size_t)-1, "not hexadecimal: %s", hex);
    return n == (size_t)-1 ? at : at + n;
}

static size_t make(const struct parts *p, unsigned char *out)
{
    unsigned char list[1024];
    size_t n = 0, n_list = put_hex(list, 0, p->extensions);

    n = put_hex(out, n, p->version);
    n = put_hex(out, n, "020101" "3000" "3000"); /* serial, algorithm, issuer */
    n = put_hex(out, n, p->validity);
    n = put_hex(out, n, "3000"); /* subject */
    n = put_hex(out, n, p->spki);
    n = put_hex(out, n, p->more);
    if (n_list > 0) {
        n_list = wrap(0xA3, list, wrap(0x30, list, n_list));
        memcpy(out + n, list, n_list);
        n += n_list;
    }
    n = wrap(0x30, out, n);
    n = put_hex(out, n, "3000" "030100"); /* algorithm, signature */
    n = wrap(0x30, out, n);
    return put_hex(out, n, p->behind);
}

static void test_made(void)
{
    unsigned char der[2048];

    for (size_t i = 0; i < sizeof made / sizeof made[0]; i++) {
        size_t len = make(&made[i].parts, der);
        struct bdk_x509 c;
        char *p;
        int rc;

        t_case("made: %s", made[i].name);
        p = t_guard(der, len);
        rc = bdk_x509_read((const unsigned char *)p, len, &c);
        CHECKF(rc == (made[i].good ? 0 : BEDROCK_ERR_PROTOCOL), "%d", rc);
        CHECK(c.key_type == made[i].type && c.is_ca == made[i].is_ca && c.has_san == made[i].has_san);
        CHECK(c.has_eku == made[i].has_eku && c.eku_server == made[i].eku_server);
        if (c.key_type == BDK_KEY_RSA)
            CHECK(c.modulus.len == 3 && c.exponent.len == 1 && c.modulus.p[0] == '\xC1');
        if (rc == 0)
            CHECK(c.not_before == 1767323045 && c.not_after == 2082855845);
        t_guard_free(p, len);
    }
}

/* As many extensions as are looked at, and one more. */
static void test_many_extensions(void)
{
    for (int n = 64; n <= 65; n++) {
        char list[65 * 18 + 1];
        unsigned char der[4096];
        struct parts p = {V3, VALID, RSA, "", list, ""};
        struct bdk_x509 c;

        for (int i = 0; i < n; i++)
            snprintf(list + i * 18, 19, "300706032A03%02X0400", i);
        t_case("%d extensions", n);
        CHECK(bdk_x509_read(der, make(&p, der), &c) == (n == 64 ? 0 : BEDROCK_ERR_PROTOCOL));
    }
}

/* A length anywhere must be definite, as short as can be, and true. The outermost header is replaced. */
static void test_lengths(void)
{
    static const struct {
        const char *name, *head;
        int good;
    } cases[] = {
        {"as it is", "3066", 1},
        {"one too many", "3067", 0},
        {"one too few", "3065", 0},
        {"indefinite", "3080", 0},
        {"not as short as can be", "308166", 0},
        {"two bytes with a zero", "30820066", 0},
        {"two bytes, far too much", "3082FFFF", 0},
        {"three bytes, far too much", "3083FFFFFF", 0},
        {"four bytes", "308400000066", 0},
        {"eight bytes, all ones", "3088FFFFFFFFFFFFFFFF", 0},
        {"127 bytes", "30FF", 0},
        {"a tag of two bytes", "3F1066", 0},
        {"a SET", "3166", 0},
    };
    static const struct parts plain = {V3, VALID, RSA, "", EXT_CA, ""};
    unsigned char der[512], other[512];
    size_t len = make(&plain, der);

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        size_t n = put_hex(other, 0, cases[i].head);
        char *p;

        t_case("length: %s", cases[i].name);
        CHECK(len == 2 + 0x66 && der[1] == 0x66);
        memcpy(other + n, der + 2, len - 2);
        p = t_guard(other, n + len - 2);
        CHECK((read_any(p, n + len - 2) == 0) == cases[i].good);
        t_guard_free(p, n + len - 2);
    }
}

/* 0x80 is no length of 128, even where 128 bytes follow. */
static void test_indefinite(void)
{
    static const char id[] = "8218" "303132333435363738393031" "323334353637383930313233";
    static const struct parts parts = {V3, VALID, RSA, id, EXT_CA, ""};
    unsigned char der[512];
    size_t len = make(&parts, der);
    char *p;

    t_case("length: indefinite, 128 bytes follow");
    CHECK(len == 3 + 128 && der[1] == 0x81 && der[2] == 0x80);
    p = t_guard(der, len);
    CHECK(read_any(p, len) == 0);
    t_guard_free(p, len);
    der[1] = 0x30;
    p = t_guard(der + 1, len - 1);
    CHECK(read_any(p, len - 1) != 0);
    t_guard_free(p, len - 1);
}

/* ---- Names in words ---- */

static void test_names(void)
{
    static const struct {
        const char *name, *hex, *want;
    } cases[] = {
        {"empty", "3000", "(no name)"},
        {"nothing", "", "(no name)"},
        {"not a Name", "0500", "(no name)"},
        {"common name", "300C310A300806035504030C0141", "A"},
        {"organisation", "300C310A3008060355040A0C0142", "B"},
        {"common name before organisation", "3018310A300806035504030C0141310A3008060355040A0C0142", "A"},
        {"organisation before common name", "3018310A3008060355040A0C0142310A300806035504030C0141", "A"},
        {"the last of two", "3018310A300806035504030C0141310A300806035504030C0143", "C"},
        {"two in one SET", "301631143008060355040A0C014230080603550403130141", "A"},
        {"another attribute", "300C310A300806035504060C0141", "(no name)"},
        {"PrintableString", "300D310B3009060355040313024120", "A "},
        {"TeletexString", "300D310B30090603550403140241E9", "A?"},
        {"UTF-8", "30123110300E06035504030C0741C3A9F09F9880", "A??"},
        {"BMPString", "3011310F300D06035504031E06004104100042", "A?B"},
        {"BMPString of an odd length", "300E310C300A06035504031E03004100", "A"},
        {"UniversalString", "30133111300F06035504031C080000004100010041", "A?"},
        {"controls", "3010310E300C06035504030C051B5B410A7F", "?[A??"},
        {"empty text", "300B3109300706035504030C00", ""},
        {"cut", "30163114301206035504030C0B4142434445464748494A4B", "ABCDEFGHIJK"},
        {"a value that is too long", "300C310A300806035504030C0241", "(no name)"},
        {"an attribute without a value", "3009310730050603550403", "(no name)"},
        {"damage behind a name", "300E310A300806035504030C01413110", "A"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        unsigned char der[64];
        char text[13], *p;
        struct bedrock_slice name;

        t_case("name: %s", cases[i].name);
        name.len = put_hex(der, 0, cases[i].hex);
        p = t_guard(der, name.len);
        name.p = p;
        bdk_x509_name(name, text, sizeof text);
        CHECK_TEXT(text, strlen(text), cases[i].want);
        for (size_t cap = 1; cap < sizeof text; cap++) {
            char small[sizeof text];

            memset(small, '#', sizeof small);
            bdk_x509_name(name, small, cap);
            CHECK(strlen(small) == (strlen(text) < cap ? strlen(text) : cap - 1));
            CHECK(strncmp(small, text, strlen(small)) == 0 && small[cap] == '#');
        }
        memset(text, '#', sizeof text);
        bdk_x509_name(name, text, 0);
        CHECK(text[0] == '#');
        t_guard_free(p, name.len);
    }
}

int main(void)
{
    test_pem();
    test_certificates();
    test_damage();
    test_made();
    test_many_extensions();
    test_lengths();
    test_indefinite();
    test_names();
    return t_end("test_x509");
}
