/* test_roots.c - the five roots that are compiled in: the keys' published hashes, and the certificates
 * in the system's bundle where there is one. Leaves out: how roots.c is made (tools/roots.sh). */
#include "bedrock_int.h"
#include "t.h"
#include <stdlib.h>
#include <string.h>

#define MAX_DER 16384

/* https://www.amazontrust.com/repository/ publishes the SHA-256 of each SubjectPublicKeyInfo. */
static const struct {
    const char *name, *spki, *certificate;
    enum bdk_key_type type;
    size_t key_len;
} roots[BDK_N_ROOTS] = {
    {"Amazon Root CA 1", "fbe3018031f9586bcbf41727e417b7d1c45c2f47f93be372a17b96b50757d5a2",
     "8ecde6884f3d87b1125ba31ac3fcb13d7016de7f57cc904fe1cb97c6ae98196e", BDK_KEY_RSA, 256},
    {"Amazon Root CA 2", "7f4296fc5b6a4e3b35d3c369623e364ab1af381d8fa7121533c9d6c633ea2461",
     "1ba5b2aa8c65401a82960118f80bec4f62304d83cec4713a19c39c011ea46db4", BDK_KEY_RSA, 512},
    {"Amazon Root CA 3", "36abc32656acfc645c61b71613c4bf21c787f5cabbee48348d58597803d7abc9",
     "18ce6cfe7bf14e60b2e347b8dfe868cb31d02ebb3ada271569f50343b46db3a4", BDK_KEY_P256, 65},
    {"Amazon Root CA 4", "f7ecded5c66047d28ed6466b543c40e0743abe81d109254dcf845d4c2c7853c5",
     "e35d28419ed02025cfa69038cd623962458da5c695fbdea3c22b0bfb25897092", BDK_KEY_P384, 97},
    {"Starfield Services Root Certificate Authority - G2",
     "2b071c59a0a0ae76b0eadb2bad23bad4580b69c3601b630c2eaf0613afa83f92",
     "568d6905a2c88708a4b3025190edcfedb1974a606a13c6e5290fcb2ae63edab5", BDK_KEY_RSA, 256},
};

/* ---- SubjectPublicKeyInfo, built anew from an anchor ---- */

/* An element of DER behind out[0..at): its new length. */
static size_t put(unsigned char *out, size_t at, unsigned tag, const void *p, size_t n)
{
    out[at++] = (unsigned char)tag;
    if (n >= 0x100) {
        out[at++] = 0x82;
        out[at++] = (unsigned char)(n >> 8);
    } else if (n >= 0x80) {
        out[at++] = 0x81;
    }
    out[at++] = (unsigned char)n;
    memcpy(out + at, p, n);
    return at + n;
}

/* A positive INTEGER has a zero in front of a first bit that is set. */
static size_t put_number(unsigned char *out, size_t at, struct bedrock_slice number)
{
    unsigned char bytes[520] = {0};
    size_t lead = (unsigned char)number.p[0] >> 7;

    memcpy(bytes + lead, number.p, number.len);
    return put(out, at, 0x02, bytes, lead + number.len);
}

static size_t spki_of(const struct bdk_anchor *a, unsigned char *out)
{
    static const unsigned char rsa[] = {0x06, 9, 0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 1, 1, 1, 0x05, 0};
    static const unsigned char p256[] = {0x06, 7, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 2, 1,
                                         0x06, 8, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 3, 1, 7};
    static const unsigned char p384[] = {0x06, 7, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 2, 1,
                                         0x06, 5, 0x2B, 0x81, 0x04, 0, 0x22};
    unsigned char numbers[600], bits[700] = {0}, both[800];
    size_t n = 0, n_bits = 1;

    if (a->key_type == BDK_KEY_RSA) {
        n = put_number(numbers, put_number(numbers, 0, a->modulus), a->exponent);
        n_bits = put(bits, n_bits, 0x30, numbers, n);
        n = put(both, 0, 0x30, rsa, sizeof rsa);
    } else {
        memcpy(bits + 1, a->point.p, a->point.len);
        n_bits += a->point.len;
        n = a->key_type == BDK_KEY_P256 ? put(both, 0, 0x30, p256, sizeof p256)
                                        : put(both, 0, 0x30, p384, sizeof p384);
    }
    n = put(both, n, 0x03, bits, n_bits);
    return put(out, 0, 0x30, both, n);
}

static void check_hash(const void *p, size_t n, const char *want)
{
    unsigned char digest[BDK_SHA256_LEN];
    char hex[64];

    bdk_sha256_of(p, n, digest, 0);
    bdk_hex(hex, digest, sizeof digest);
    CHECK_TEXT(hex, sizeof hex, want);
}

static void test_keys(void)
{
    for (size_t i = 0; i < BDK_N_ROOTS; i++) {
        const struct bdk_anchor *a = &bdk_roots[i];
        unsigned char spki[900];
        char name[80];

        t_case("root %s", roots[i].name);
        bdk_x509_name(a->dn, name, sizeof name);
        CHECK_TEXT(name, strlen(name), roots[i].name);
        CHECK(a->key_type == roots[i].type && a->is_ca == 1);
        if (a->key_type == BDK_KEY_RSA) {
            CHECK(a->modulus.len == roots[i].key_len && a->modulus.p[0] != 0 && a->point.len == 0);
            CHECK(a->exponent.len == 3 && memcmp(a->exponent.p, "\x01\x00\x01", 3) == 0);
        } else {
            CHECK(a->point.len == roots[i].key_len && a->modulus.len == 0 && a->exponent.len == 0);
        }
        check_hash(spki, spki_of(a, spki), roots[i].spki);
    }
}

/* ---- The system's bundle ---- */

static int same(struct bedrock_slice a, struct bedrock_slice b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.p, b.p, a.len) == 0);
}

/* The certificate with this SHA-256: its length, 0 when the bundle does not have it. */
static size_t find(struct bedrock_slice pem, const char *want, unsigned char *der)
{
    unsigned char digest[BDK_SHA256_LEN];
    char hex[64];
    size_t n;

    while (bdk_pem_next(&pem, der, MAX_DER, &n) == 1) {
        bdk_sha256_of(der, n, digest, 0);
        bdk_hex(hex, digest, sizeof digest);
        if (memcmp(hex, want, sizeof hex) == 0)
            return n;
    }
    return 0;
}

static void test_bundle(void)
{
    const char *path = "/etc/ssl/certs/ca-certificates.crt";
    struct bedrock_slice pem = {NULL, 0};
    char *text = t_read_file(path, &pem.len);
    unsigned char der[MAX_DER];

    pem.p = text;
    for (size_t i = 0; i < BDK_N_ROOTS; i++) {
        const struct bdk_anchor *a = &bdk_roots[i];
        struct bdk_x509 c;
        size_t len;

        t_case("the system's certificate of %s", roots[i].name);
        len = text ? find(pem, roots[i].certificate, der) : 0;
        if (len == 0) {
            t_skip(text ? "%s does not have it" : "%s is not there", path);
            continue;
        }
        CHECK(bdk_x509_read(der, len, &c) == 0);
        check_hash(c.spki.p, c.spki.len, roots[i].spki);
        CHECK(same(c.subject, a->dn) && same(c.issuer, a->dn) && c.key_type == a->key_type);
        CHECK(same(c.modulus, a->modulus) && same(c.exponent, a->exponent) && same(c.point, a->point));
        CHECK(c.is_ca == a->is_ca);
    }
    free(text);
}

int main(void)
{
    test_keys();
    test_bundle();
    return t_end("test_roots");
}
