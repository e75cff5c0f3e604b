/* p256.c - ECDSA over P-256, and SHA-1, as the token caches of the AWS tools need them; by BearSSL.
 * FIPS 186-4, RFC 5915 (and 5208) keys in PEM, RFC 6979 nonces. Leaves out: other curves, encrypted keys,
 * verifying. The other file that includes bearssl.h. */
#include "bedrock_int.h"
#include <bearssl.h>
#include <string.h>

/* FIPS 186-4 D.1.2.3: the order of the group. A private key is less, and not zero. */
static const unsigned char p256_order[32] = {
    0xFF, 0xFF, 0xFF, 0xFF, 0x00, 0x00, 0x00, 0x00, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF,
    0xBC, 0xE6, 0xFA, 0xAD, 0xA7, 0x17, 0x9E, 0x84, 0xF3, 0xB9, 0xCA, 0xC2, 0xFC, 0x63, 0x25, 0x51,
};

void bdk_sha1_of(const void *p, size_t n, unsigned char out[BDK_SHA1_LEN])
{
    br_sha1_context c;

    br_sha1_init(&c);
    br_sha1_update(&c, p, n);
    br_sha1_out(&c, out);
}

static void p256_decoded(void *decoder, const void *p, size_t n)
{
    br_skey_decoder_push(decoder, p, n);
}

static void p256_ignored(void *decoder, const void *p, size_t n)
{
    (void)decoder;
    (void)p;
    (void)n;
}

/* How much stands in front of the next carriage return, which BearSSL does not take for white space. */
static size_t p256_plain(struct bedrock_slice text)
{
    const char *cr = text.len > 0 ? memchr(text.p, '\r', text.len) : NULL;

    return cr ? (size_t)(cr - text.p) : text.len;
}

/* Feed the first private key of a PEM text to the decoder. 0, or -1: there is none. */
static int p256_pem(br_skey_decoder_context *key, struct bedrock_slice text)
{
    br_pem_decoder_context pem;
    int is_key = 0, ended = 0, rc = 1;

    br_pem_decoder_init(&pem);
    while (rc == 1) {
        size_t plain = p256_plain(text), n = br_pem_decoder_push(&pem, text.p, plain);
        const char *name = br_pem_decoder_name(&pem);

        n += n == plain && n < text.len ? 1 : 0;
        text.p += n;
        text.len -= n;
        switch (br_pem_decoder_event(&pem)) {
        case BR_PEM_BEGIN_OBJ:
            is_key = strcmp(name, "EC PRIVATE KEY") == 0 || strcmp(name, "PRIVATE KEY") == 0;
            br_pem_decoder_setdest(&pem, is_key ? p256_decoded : p256_ignored, key);
            break;
        case BR_PEM_END_OBJ:
            rc = is_key ? 0 : 1;
            break;
        case BR_PEM_ERROR:
            rc = -1;
            break;
        default:
            if (text.len > 0 && n > 0)
                break;
            /* a last line without its end counts too */
            rc = ended || text.len > 0 ? -1 : 1;
            ended = 1;
            text = bdk_slice("\n");
        }
    }
    bdk_wipe(&pem, sizeof pem);
    return rc;
}

/* Right-aligned in 32 bytes, and in its range. */
static int p256_private(unsigned char out[32], const unsigned char *x, size_t len)
{
    static const unsigned char zero[32];

    while (len > 0 && x[0] == 0) {
        x++;
        len--;
    }
    if (len > 32)
        return -1;
    memset(out, 0, 32 - len);
    if (len > 0)
        memcpy(out + 32 - len, x, len);
    return memcmp(out, zero, 32) > 0 && memcmp(out, p256_order, 32) < 0 ? 0 : -1;
}

/* See bedrock_int.h. */
int bdk_p256_read(struct bdk_p256 *k, struct bedrock_slice pem)
{
    br_skey_decoder_context decoder;
    const br_ec_private_key *ec;
    int rc;

    br_skey_decoder_init(&decoder);
    rc = p256_pem(&decoder, pem);
    ec = rc == 0 ? br_skey_decoder_get_ec(&decoder) : NULL;
    if (!ec || ec->curve != BR_EC_secp256r1 || p256_private(k->d, ec->x, ec->xlen) != 0) {
        rc = BEDROCK_ERR_CONFIG;
    } else {
        br_ec_private_key sk = {BR_EC_secp256r1, k->d, sizeof k->d};

        if (br_ec_compute_pub(br_ec_get_default(), NULL, k->point, &sk) != sizeof k->point)
            rc = BEDROCK_ERR_CONFIG;
    }
    bdk_wipe(&decoder, sizeof decoder);
    if (rc != 0)
        bdk_wipe(k, sizeof *k);
    return rc;
}

int bdk_p256_sign(const struct bdk_p256 *k, const unsigned char digest[BDK_SHA256_LEN],
                  unsigned char out[64])
{
    unsigned char d[32];
    br_ec_private_key sk = {BR_EC_secp256r1, d, sizeof d};
    size_t n;

    memcpy(d, k->d, sizeof d); /* BearSSL's struct has no const */
    n = br_ecdsa_sign_raw_get_default()(br_ec_get_default(), &br_sha256_vtable, digest, &sk, out);
    bdk_wipe(d, sizeof d);
    return n == 64 ? 0 : BEDROCK_ERR_CONFIG;
}
