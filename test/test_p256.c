/* test_p256.c - private keys in PEM, signatures that BearSSL's verifier takes, SHA-1. The keys are of our
 * own making, by openssl and by hand; the points are openssl's view, or those of RFC 6979 and FIPS 186-4.
 * Leaves out: the tokens that are signed (test_login.c). */
#include "bedrock_int.h"
#include "t.h"
#include <bearssl.h>
#include <string.h>

#define B "-----BEGIN EC PRIVATE KEY-----"
#define E "-----END EC PRIVATE KEY-----"
#define ONE_L1 "MHcCAQEEIJvtfaFkkvIGzqeYaP8konAefsBASa1UwjxPKRKILyTsoAoGCCqGSM49"
#define ONE_L2 "AwEHoUQDQgAEv4PSn/rSjQhDQ8g551gV/iiEEeqXdfQQ26XhG277Y0puubNH/RHe"
#define ONE_L3 "NNxb60UZulwBz2o/y4nbeVvIgpgduqHgKg=="
#define ONE_POINT "04bf83d29ffad28d084343c839e75815fe288411ea9775f410dba5e11b6efb634a" \
                  "6eb9b347fd11de34dc5beb4519ba5c01cf6a3fcb89db795bc882981dbaa1e02a"
#define ONE B "\n" ONE_L1 "\n" ONE_L2 "\n" ONE_L3 "\n" E "\n"
#define PARAMETERS "-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n"
#define SAMPLE B "\nMDECAQEEIMmvqdhFunUWa1whV2ex1pNOUMPbNuibEnuKYisSD2choAoGCCqGSM49\nAwEH\n" E "\n"
#define G "046b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296"

/* want NULL: refused. */
static const struct {
    const char *name, *pem, *want;
} key_cases[] = {
    {"openssl's key", ONE, ONE_POINT},
    {"another", B "\nMHcCAQEEIBnOBLuyhmbRkqV/SVtfoTH0hGwRzE6RBB61ub3/cuQloAoGCCqGSM49\n"
     "AwEHoUQDQgAEU85b4ROWBYIy9/4xdMz++7dEK8nT+qnq38mQWZMdzhmodtwwlFTd\n"
     "iCh9M/ZHHcpIN9R1M7kZmHN1WTKCuzSccw==\n" E "\n",
     "0453ce5be11396058232f7fe3174ccfefbb7442bc9d3faa9eadfc99059931dce19"
     "a876dc309454dd88287d33f6471dca4837d47533b919987375593282bb349c73"},
    {"the same as PKCS #8", "-----BEGIN PRIVATE KEY-----\n"
     "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgm+19oWSS8gbOp5ho\n"
     "/ySicB5+wEBJrVTCPE8pEogvJOyhRANCAAS/g9Kf+tKNCENDyDnnWBX+KIQR6pd1\n"
     "9BDbpeEbbvtjSm65s0f9Ed403FvrRRm6XAHPaj/Lidt5W8iCmB26oeAq\n-----END PRIVATE KEY-----\n", ONE_POINT},
    {"parameters in front", PARAMETERS ONE, ONE_POINT},
    {"CRLF", B "\r\n" ONE_L1 "\r\n" ONE_L2 "\r\n" ONE_L3 "\r\n" E "\r\n", ONE_POINT},
    {"no newline at the end", B "\n" ONE_L1 "\n" ONE_L2 "\n" ONE_L3 "\n" E, ONE_POINT},
    {"text before and behind", "a key:\n" ONE "that was it", ONE_POINT},
    {"without its public half", SAMPLE,
     "0460fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6"
     "7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299"},
    {"1, in a byte", B "\nMBICAQEEAQGgCgYIKoZIzj0DAQc=\n" E "\n",
     G "4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5"},
    {"the order less 1", B "\nMDECAQEEIP////8AAAAA//////////+85vqtpxeehPO5ysL8YyVQoAoGCCqGSM49\nAwEH\n" E
     "\n",
     G "b01cbd1c01e58065711814b583f061e9d431cca994cea1313449bf97c840ae0a"},
    {"5, in 33 bytes", B "\nMDICAQEEIQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAABaAKBggqhkjO\nPQMBBw==\n" E
     "\n",
     "0451590b7a515140d2d784c85608668fdfef8c82fd1f5be52421554a0dc3d033ed"
     "e0c17da8904a727d8ae1bf36bf8a79260d012f00d4d80888d1d0bb44fda16da4"},
    {"the order", B "\nMDECAQEEIP////8AAAAA//////////+85vqtpxeehPO5ysL8YyVRoAoGCCqGSM49\nAwEH\n" E "\n",
     NULL},
    {"zero", B "\nMDECAQEEIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAoAoGCCqGSM49\nAwEH\n" E "\n", NULL},
    {"257 bits", B "\nMDICAQEEIQEAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAKAKBggqhkjO\nPQMBBw==\n" E "\n",
     NULL},
    {"P-384", B "\nMIGkAgEBBDB2VVLhj5DVTT94pz4yKshf7Ca1dureTaxrb6vBeqd1n6k0zXi3fwT2\n"
     "ruCjqVMoLrigBwYFK4EEACKhZANiAAQVHe7OK5IzAkB3vIPrsTO+BWWmk66vk7UX\n"
     "v5wmYAGDc/IYISIRfssRF9GU/EO+DfgDRYYEqWEuWqvEbtNWy6OjZVE7JM8hF05H\n"
     "NlySNSSkoAqon5Du1VSM0ULLhJx+IUg=\n" E "\n", NULL},
    {"nothing", "", NULL},
    {"parameters only", PARAMETERS, NULL},
    {"text", "not a key", NULL},
    {"no end", B "\n" ONE_L1 "\n" ONE_L2 "\n" ONE_L3 "\n", NULL},
    {"cut in the middle", B "\n" ONE_L1 "\n" E "\n", NULL},
    {"no base64", B "\nMHcC!QEE\n" E "\n", NULL},
    {"no DER", B "\nAAAA\n" E "\n", NULL},
    {"an encrypted one", "-----BEGIN ENCRYPTED PRIVATE KEY-----\nMAAx\n-----END ENCRYPTED PRIVATE KEY-----\n",
     NULL},
};

static void test_keys(void)
{
    for (size_t i = 0; i < sizeof key_cases / sizeof key_cases[0]; i++) {
        size_t n = strlen(key_cases[i].pem);
        char *copy = t_guard(key_cases[i].pem, n), hex[131], want[140];
        static const struct bdk_p256 none;
        struct bdk_p256 k;
        int rc;

        t_case("%s", key_cases[i].name);
        memset(&k, 7, sizeof k);
        rc = bdk_p256_read(&k, (struct bedrock_slice){copy, n});
        if (!key_cases[i].want) {
            CHECKF(rc == BEDROCK_ERR_CONFIG, "%d", rc);
            CHECK(memcmp(&k, &none, sizeof k) == 0);
        } else if (CHECKF(rc == 0, "%d", rc)) {
            size_t at = 0;

            bdk_hex(hex, k.point, sizeof k.point);
            for (const char *p = key_cases[i].want; *p; p++)
                if (*p != ' ')
                    want[at++] = *p;
            want[at] = 0;
            CHECK_TEXT(hex, 130, want);
        }
        t_guard_free(copy, n);
    }
}

/* No beginning of a key is a key, and none reads too far. */
static void test_cut(void)
{
    size_t whole = strlen(ONE) - strlen("EC PRIVATE KEY-----\n"); /* BearSSL reads no further */

    t_case("a key that is cut");
    for (size_t n = 0; n < whole; n++) {
        char *copy = t_guard(ONE, n);
        struct bdk_p256 k;

        CHECKF(bdk_p256_read(&k, (struct bedrock_slice){copy, n}) == BEDROCK_ERR_CONFIG, "%d bytes", (int)n);
        t_guard_free(copy, n);
    }
}

/* RFC 6979 A.2.5: with SHA-256, message "sample". */
static void test_known(void)
{
    unsigned char digest[BDK_SHA256_LEN], out[64];
    char hex[128];
    struct bdk_p256 k;

    t_case("RFC 6979's signature");
    CHECK(bdk_p256_read(&k, bdk_slice(SAMPLE)) == 0);
    bdk_sha256_of("sample", 6, digest, 0);
    CHECK(bdk_p256_sign(&k, digest, out) == 0);
    bdk_hex(hex, out, sizeof out);
    CHECK_TEXT(hex, sizeof hex, "efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716"
               "f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8");
}

static void test_verified(void)
{
    struct bdk_p256 k;
    br_ec_public_key pub = {BR_EC_secp256r1, k.point, sizeof k.point};
    br_ecdsa_vrfy verify = br_ecdsa_vrfy_raw_get_default();
    unsigned char digest[BDK_SHA256_LEN], a[64], b[64];

    t_case("BearSSL's verifier takes what is signed, and nothing else");
    CHECK(bdk_p256_read(&k, bdk_slice(ONE)) == 0);
    for (int i = 0; i < 12; i++) {
        bdk_sha256_of(&i, sizeof i, digest, 0);
        CHECK(bdk_p256_sign(&k, digest, a) == 0 && bdk_p256_sign(&k, digest, b) == 0);
        CHECK(memcmp(a, b, sizeof a) == 0);
        CHECK(verify(br_ec_get_default(), digest, sizeof digest, &pub, a, sizeof a) == 1);
        b[i * 5] ^= 1;
        CHECK(verify(br_ec_get_default(), digest, sizeof digest, &pub, b, sizeof b) == 0);
        digest[i] ^= 1;
        CHECK(verify(br_ec_get_default(), digest, sizeof digest, &pub, a, sizeof a) == 0);
    }
}

static void test_sha1(void)
{
    static const struct {
        const char *text, *want;
    } cases[] = {
        {"", "da39a3ee5e6b4b0d3255bfef95601890afd80709"},
        {"abc", "a9993e364706816aba3e25717850c26c9cd0d89d"},
        {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
         "84983e441c3bd26ebaae4aa1f95129e5e54670f1"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        unsigned char digest[BDK_SHA1_LEN];
        char hex[2 * BDK_SHA1_LEN];

        t_case("SHA-1 of \"%s\"", cases[i].text);
        bdk_sha1_of(cases[i].text, strlen(cases[i].text), digest);
        bdk_hex(hex, digest, sizeof digest);
        CHECK_TEXT(hex, sizeof hex, cases[i].want);
    }
}

static void test_random(void)
{
    unsigned char a[32] = {0}, b[32] = {0};

    t_case("random bytes differ");
    CHECK(bdk_random(a, sizeof a) == 0 && bdk_random(b, sizeof b) == 0);
    CHECK(memcmp(a, b, sizeof a) != 0);
}

int main(void)
{
    test_keys();
    test_cut();
    test_known();
    test_verified();
    test_sha1();
    test_random();
    return t_end("test_p256");
}
