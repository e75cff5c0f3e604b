/* sha256.c - SHA-256, HMAC-SHA-256, hex digits.
 * FIPS 180-4 section 6.2, RFC 2104; x86 SHA-NI and ARMv8 SHA2 where the processor has them. Leaves
 * out: other hash functions, and messages of 2^61 bytes and more. */
#include "bedrock_int.h"
#include <string.h>

#define SHA_BLOCK 64

/* FIPS 180-4 4.2.2 */
static const uint32_t sha_k[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};

/* ---- Blocks in portable C ---- */

static uint32_t sha_get(const unsigned char *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static void sha_put(unsigned char *p, uint32_t v)
{
    p[0] = (unsigned char)(v >> 24);
    p[1] = (unsigned char)(v >> 16);
    p[2] = (unsigned char)(v >> 8);
    p[3] = (unsigned char)v;
}

static inline uint32_t sha_rotr(uint32_t x, unsigned n)
{
    return x >> n | x << (32 - n);
}

/* FIPS 180-4 6.2.2 step 1 in place: W[t] is put where W[t - 16] was. */
static inline uint32_t sha_schedule(uint32_t w[16], unsigned t)
{
    uint32_t a = w[(t + 1) & 15], b = w[(t + 14) & 15];

    return w[t & 15] += (sha_rotr(a, 7) ^ sha_rotr(a, 18) ^ a >> 3) + w[(t + 9) & 15] +
                        (sha_rotr(b, 17) ^ sha_rotr(b, 19) ^ b >> 10);
}

/* Step 3 for one t. The eight variables do not move: their names rotate from call to call. */
#define SHA_ROUND(a, b, c, d, e, f, g, h, kw)                                                      \
    do {                                                                                           \
        h += (sha_rotr(e, 6) ^ sha_rotr(e, 11) ^ sha_rotr(e, 25)) + (g ^ (e & (f ^ g))) + (kw);    \
        d += h;                                                                                    \
        h += (sha_rotr(a, 2) ^ sha_rotr(a, 13) ^ sha_rotr(a, 22)) + ((a & b) | (c & (a | b)));     \
    } while (0)

#define SHA_EIGHT(KW, t)                                                                           \
    do {                                                                                           \
        SHA_ROUND(a, b, c, d, e, f, g, h, KW(t));                                                  \
        SHA_ROUND(h, a, b, c, d, e, f, g, KW((t) + 1));                                            \
        SHA_ROUND(g, h, a, b, c, d, e, f, KW((t) + 2));                                            \
        SHA_ROUND(f, g, h, a, b, c, d, e, KW((t) + 3));                                            \
        SHA_ROUND(e, f, g, h, a, b, c, d, KW((t) + 4));                                            \
        SHA_ROUND(d, e, f, g, h, a, b, c, KW((t) + 5));                                            \
        SHA_ROUND(c, d, e, f, g, h, a, b, KW((t) + 6));                                            \
        SHA_ROUND(b, c, d, e, f, g, h, a, KW((t) + 7));                                            \
    } while (0)

#define SHA_KW_FIRST(t) (sha_k[t] + (w[t] = sha_get(p + 4 * (t))))
#define SHA_KW_NEXT(t) (sha_k[t] + sha_schedule(w, t))

static void sha_blocks_plain(uint32_t state[8], const unsigned char *p, size_t n)
{
    uint32_t w[16];

    for (; n > 0; n--, p += SHA_BLOCK) {
        uint32_t a = state[0], b = state[1], c = state[2], d = state[3];
        uint32_t e = state[4], f = state[5], g = state[6], h = state[7];

        SHA_EIGHT(SHA_KW_FIRST, 0);
        SHA_EIGHT(SHA_KW_FIRST, 8);
        for (unsigned t = 16; t < 64; t += 16) {
            SHA_EIGHT(SHA_KW_NEXT, t);
            SHA_EIGHT(SHA_KW_NEXT, t + 8);
        }
        state[0] += a;
        state[1] += b;
        state[2] += c;
        state[3] += d;
        state[4] += e;
        state[5] += f;
        state[6] += g;
        state[7] += h;
    }
    bdk_wipe(w, sizeof w); /* it may hold a key */
}

/* ---- Blocks by the processor's own instructions ---- */

#if defined(__x86_64__) && defined(__GNUC__)
#include <immintrin.h>

#define SHA_NATIVE __attribute__((target("sha,sse4.1,ssse3")))

SHA_NATIVE static inline __m128i sha_load(const void *p)
{
    return _mm_loadu_si128(p);
}

/* Four words of the schedule from the sixteen before them. */
SHA_NATIVE static inline __m128i sha_next(__m128i m0, __m128i m1, __m128i m2, __m128i m3)
{
    return _mm_sha256msg2_epu32(_mm_add_epi32(_mm_sha256msg1_epu32(m0, m1), _mm_alignr_epi8(m3, m2, 4)),
                                m3);
}

/* Four rounds. The instructions want the state as the words ABEF and CDGH. */
#define SHA_FOUR(m, t)                                                                             \
    do {                                                                                           \
        __m128i kw = _mm_add_epi32(m, sha_load(sha_k + (t)));                                      \
                                                                                                   \
        cdgh = _mm_sha256rnds2_epu32(cdgh, abef, kw);                                              \
        abef = _mm_sha256rnds2_epu32(abef, cdgh, _mm_shuffle_epi32(kw, 0x0E));                     \
    } while (0)

SHA_NATIVE static void sha_blocks_native(uint32_t state[8], const unsigned char *p, size_t n)
{
    const __m128i swap = _mm_set_epi64x(0x0C0D0E0F08090A0B, 0x0405060700010203);
    __m128i cdab = _mm_shuffle_epi32(sha_load(state), 0xB1);
    __m128i efgh = _mm_shuffle_epi32(sha_load(state + 4), 0x1B);
    __m128i abef = _mm_alignr_epi8(cdab, efgh, 8);
    __m128i cdgh = _mm_blend_epi16(efgh, cdab, 0xF0);

    for (; n > 0; n--, p += SHA_BLOCK) {
        __m128i m0 = _mm_shuffle_epi8(sha_load(p), swap);
        __m128i m1 = _mm_shuffle_epi8(sha_load(p + 16), swap);
        __m128i m2 = _mm_shuffle_epi8(sha_load(p + 32), swap);
        __m128i m3 = _mm_shuffle_epi8(sha_load(p + 48), swap);
        __m128i abef_before = abef, cdgh_before = cdgh;

        for (int t = 0; t < 48; t += 16) {
            SHA_FOUR(m0, t);
            m0 = sha_next(m0, m1, m2, m3);
            SHA_FOUR(m1, t + 4);
            m1 = sha_next(m1, m2, m3, m0);
            SHA_FOUR(m2, t + 8);
            m2 = sha_next(m2, m3, m0, m1);
            SHA_FOUR(m3, t + 12);
            m3 = sha_next(m3, m0, m1, m2);
        }
        SHA_FOUR(m0, 48);
        SHA_FOUR(m1, 52);
        SHA_FOUR(m2, 56);
        SHA_FOUR(m3, 60);
        abef = _mm_add_epi32(abef, abef_before);
        cdgh = _mm_add_epi32(cdgh, cdgh_before);
    }
    abef = _mm_shuffle_epi32(abef, 0x1B); /* now FEBA */
    cdgh = _mm_shuffle_epi32(cdgh, 0xB1); /* now DCHG */
    _mm_storeu_si128((__m128i *)(void *)state, _mm_blend_epi16(abef, cdgh, 0xF0));
    _mm_storeu_si128((__m128i *)(void *)(state + 4), _mm_alignr_epi8(cdgh, abef, 8));
}

/* clang declares the intrinsics to all functions since 16, before only when the whole file may use them */
#elif defined(__AARCH64EL__) && defined(__GNUC__) &&                                               \
    (!defined(__clang__) || __clang_major__ >= 16 || defined(__ARM_FEATURE_SHA2))
#include <arm_neon.h>

#if defined(__clang__)
#define SHA_NATIVE __attribute__((target("sha2")))
#else
#define SHA_NATIVE __attribute__((target("+crypto")))
#endif

SHA_NATIVE static inline uint32x4_t sha_load(const unsigned char *p)
{
    return vreinterpretq_u32_u8(vrev32q_u8(vld1q_u8(p)));
}

/* Four words of the schedule from the sixteen before them. */
SHA_NATIVE static inline uint32x4_t sha_next(uint32x4_t m0, uint32x4_t m1, uint32x4_t m2, uint32x4_t m3)
{
    return vsha256su1q_u32(vsha256su0q_u32(m0, m1), m2, m3);
}

/* Four rounds. */
#define SHA_FOUR(m, t)                                                                             \
    do {                                                                                           \
        uint32x4_t kw = vaddq_u32(m, vld1q_u32(sha_k + (t)));                                      \
        uint32x4_t before = abcd;                                                                  \
                                                                                                   \
        abcd = vsha256hq_u32(abcd, efgh, kw);                                                      \
        efgh = vsha256h2q_u32(efgh, before, kw);                                                   \
    } while (0)

SHA_NATIVE static void sha_blocks_native(uint32_t state[8], const unsigned char *p, size_t n)
{
    uint32x4_t abcd = vld1q_u32(state), efgh = vld1q_u32(state + 4);

    for (; n > 0; n--, p += SHA_BLOCK) {
        uint32x4_t m0 = sha_load(p), m1 = sha_load(p + 16);
        uint32x4_t m2 = sha_load(p + 32), m3 = sha_load(p + 48);
        uint32x4_t abcd_before = abcd, efgh_before = efgh;

        for (int t = 0; t < 48; t += 16) {
            SHA_FOUR(m0, t);
            m0 = sha_next(m0, m1, m2, m3);
            SHA_FOUR(m1, t + 4);
            m1 = sha_next(m1, m2, m3, m0);
            SHA_FOUR(m2, t + 8);
            m2 = sha_next(m2, m3, m0, m1);
            SHA_FOUR(m3, t + 12);
            m3 = sha_next(m3, m0, m1, m2);
        }
        SHA_FOUR(m0, 48);
        SHA_FOUR(m1, 52);
        SHA_FOUR(m2, 56);
        SHA_FOUR(m3, 60);
        abcd = vaddq_u32(abcd, abcd_before);
        efgh = vaddq_u32(efgh, efgh_before);
    }
    vst1q_u32(state, abcd);
    vst1q_u32(state + 4, efgh);
}

#endif

static void sha_blocks(struct bdk_sha256 *s, const unsigned char *p, size_t n)
{
#if defined(SHA_NATIVE)
    if (s->cpu & BDK_CPU_SHA) {
        sha_blocks_native(s->h, p, n);
        return;
    }
#endif
    sha_blocks_plain(s->h, p, n);
}

/* ---- SHA-256 ---- */

void bdk_sha256_init(struct bdk_sha256 *s, unsigned cpu)
{
    /* FIPS 180-4 5.3.3 */
    static const uint32_t start[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                      0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};

    memcpy(s->h, start, sizeof start);
    s->total = 0;
    s->cpu = cpu;
}

void bdk_sha256_update(struct bdk_sha256 *s, const void *p, size_t n)
{
    const unsigned char *in = p;
    size_t have = s->total % SHA_BLOCK, missing = SHA_BLOCK - have;

    if (n == 0)
        return;
    s->total += n;
    if (n < missing) {
        memcpy(s->block + have, in, n);
        return;
    }
    if (have > 0) {
        memcpy(s->block + have, in, missing);
        sha_blocks(s, s->block, 1);
        in += missing;
        n -= missing;
    }
    if (n >= SHA_BLOCK)
        sha_blocks(s, in, n / SHA_BLOCK);
    memcpy(s->block, in + (n - n % SHA_BLOCK), n % SHA_BLOCK);
}

void bdk_sha256_final(struct bdk_sha256 *s, unsigned char out[BDK_SHA256_LEN])
{
    size_t have = s->total % SHA_BLOCK;
    uint64_t bits = s->total * 8;

    /* FIPS 180-4 5.1.1: a one bit, zeros, the length in 64 bits at the end of a block */
    s->block[have++] = 0x80;
    if (have > SHA_BLOCK - 8) {
        memset(s->block + have, 0, SHA_BLOCK - have);
        sha_blocks(s, s->block, 1);
        have = 0;
    }
    memset(s->block + have, 0, SHA_BLOCK - 8 - have);
    sha_put(s->block + SHA_BLOCK - 8, (uint32_t)(bits >> 32));
    sha_put(s->block + SHA_BLOCK - 4, (uint32_t)bits);
    sha_blocks(s, s->block, 1);
    for (size_t i = 0; i < 8; i++)
        sha_put(out + 4 * i, s->h[i]);
    bdk_wipe(s, sizeof *s);
}

void bdk_sha256_of(const void *p, size_t n, unsigned char out[BDK_SHA256_LEN], unsigned cpu)
{
    struct bdk_sha256 s;

    bdk_sha256_init(&s, cpu);
    bdk_sha256_update(&s, p, n);
    bdk_sha256_final(&s, out);
}

/* ---- HMAC ---- */

void bdk_hmac_init(struct bdk_hmac *h, const void *key, size_t key_len, unsigned cpu)
{
    unsigned char pad[SHA_BLOCK] = {0};

    /* RFC 2104 section 2: a key longer than a block is hashed first */
    if (key_len > SHA_BLOCK)
        bdk_sha256_of(key, key_len, pad, cpu);
    else if (key_len > 0)
        memcpy(pad, key, key_len);
    for (size_t i = 0; i < SHA_BLOCK; i++)
        pad[i] ^= 0x36;
    bdk_sha256_init(&h->inner, cpu);
    bdk_sha256_update(&h->inner, pad, SHA_BLOCK);
    for (size_t i = 0; i < SHA_BLOCK; i++)
        pad[i] ^= 0x36 ^ 0x5C;
    bdk_sha256_init(&h->outer, cpu);
    bdk_sha256_update(&h->outer, pad, SHA_BLOCK);
    bdk_wipe(pad, sizeof pad);
}

void bdk_hmac_update(struct bdk_hmac *h, const void *p, size_t n)
{
    bdk_sha256_update(&h->inner, p, n);
}

void bdk_hmac_final(struct bdk_hmac *h, unsigned char out[BDK_SHA256_LEN])
{
    unsigned char digest[BDK_SHA256_LEN];

    bdk_sha256_final(&h->inner, digest);
    bdk_sha256_update(&h->outer, digest, sizeof digest);
    bdk_sha256_final(&h->outer, out);
    bdk_wipe(digest, sizeof digest); /* inner and outer are wiped by now */
}

void bdk_hmac_of(const void *key, size_t key_len, const void *p, size_t n,
                 unsigned char out[BDK_SHA256_LEN], unsigned cpu)
{
    struct bdk_hmac h;

    bdk_hmac_init(&h, key, key_len, cpu);
    bdk_hmac_update(&h, p, n);
    bdk_hmac_final(&h, out);
}

/* ---- Hex ---- */

void bdk_hex(char *out, const unsigned char *p, size_t n)
{
    static const char digits[] = "0123456789abcdef";

    for (size_t i = 0; i < n; i++) {
        out[2 * i] = digits[p[i] >> 4];
        out[2 * i + 1] = digits[p[i] & 15];
    }
}
