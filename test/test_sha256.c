/* test_sha256.c - SHA-256, HMAC and hex digits, on every path that this processor has.
 * BearSSL's hash as the other author; digests of short texts by openssl(1). Leaves out: speed (bench). */
#include "bedrock_int.h"
#include "t.h"
#include <bearssl.h>
#include <stdlib.h>
#include <string.h>

#define MAX_LEN 5000u

static const struct {
    const char *name;
    unsigned cpu;
} paths[] = {{"plain", 0}, {"native", BDK_CPU_SHA}};

static uint64_t seed = 20260102;

static void fill(unsigned char *p, size_t n)
{
    for (size_t i = 0; i < n; i++)
        p[i] = (unsigned char)t_rand(&seed);
}

static int is_zero(const void *p, size_t n)
{
    const unsigned char *u = p;

    for (size_t i = 0; i < n; i++)
        if (u[i])
            return 0;
    return 1;
}

static void br_digest(const void *p, size_t n, unsigned char out[32])
{
    br_sha256_context c;

    br_sha256_init(&c);
    br_sha256_update(&c, p, n);
    br_sha256_out(&c, out);
}

static void br_mac(const void *key, size_t key_len, const void *p, size_t n, unsigned char out[32])
{
    br_hmac_key_context k;
    br_hmac_context c;

    br_hmac_key_init(&k, &br_sha256_vtable, key, key_len);
    br_hmac_init(&c, &k, 0);
    br_hmac_update(&c, p, n);
    br_hmac_out(&c, out);
}

static void test_known(unsigned cpu)
{
    static const struct {
        const char *text, *digest;
    } cases[] = {
        {"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
        {"bedrock", "2d7f45d7b98b427f824e0c643295583e9cf013faffdb5e7095d070ff85276bf4"},
        {"fifty-five bytes are the most that one block can finish",
         "761c2acb6cf766aac4405de71d8706458707bdb5bee176177dd22d7551ae1899"},
        {"fifty-six of them need a second block for their length..",
         "365c161ea469c5c844e833e4b33d146e4e3b4a483ae723a1613237c87937d3af"},
        {"What is the capital of Italy?", "439ed6573fd36f1748eaff54048ef124461616d2c419643917b41df214c5cb94"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        unsigned char out[BDK_SHA256_LEN];
        char hex[2 * BDK_SHA256_LEN];

        bdk_sha256_of(cases[i].text, strlen(cases[i].text), out, cpu);
        bdk_hex(hex, out, sizeof out);
        CHECK_TEXT(hex, sizeof hex, cases[i].digest);
    }
}

/* Every length up to a few blocks, ending at an unmapped page, then split in two at every point. */
static void test_short(unsigned cpu)
{
    unsigned char bytes[200], want[32], got[32];

    fill(bytes, sizeof bytes);
    for (size_t n = 0; n <= sizeof bytes; n++) {
        char *copy = t_guard(bytes, n);

        br_digest(bytes, n, want);
        bdk_sha256_of(copy, n, got, cpu);
        CHECKF(memcmp(got, want, 32) == 0, "%zu bytes", n);
        for (size_t cut = 0; cut <= n; cut++) {
            struct bdk_sha256 s;

            bdk_sha256_init(&s, cpu);
            bdk_sha256_update(&s, copy, cut);
            bdk_sha256_update(&s, copy + cut, n - cut);
            bdk_sha256_final(&s, got);
            CHECKF(memcmp(got, want, 32) == 0, "%zu bytes cut at %zu", n, cut);
        }
        t_guard_free(copy, n);
    }
}

/* Random lengths, alignments and cuts; every tenth time byte by byte. */
static void test_random(unsigned cpu)
{
    static unsigned char bytes[MAX_LEN + 16];
    unsigned char want[32], got[32];

    fill(bytes, sizeof bytes);
    for (int round = 0; round < 400; round++) {
        size_t n = t_rand(&seed) % (MAX_LEN + 1), at = 0;
        const unsigned char *p = bytes + t_rand(&seed) % 16;
        size_t most = round % 10 == 0 ? 1 : 1 + t_rand(&seed) % 300;
        struct bdk_sha256 s;

        bdk_sha256_init(&s, cpu);
        while (at < n) {
            size_t take = most == 1 ? 1 : t_rand(&seed) % (most + 1);

            if (take > n - at)
                take = n - at;
            bdk_sha256_update(&s, p + at, take);
            at += take;
        }
        bdk_sha256_final(&s, got);
        br_digest(p, n, want);
        CHECKF(memcmp(got, want, 32) == 0, "%zu bytes in pieces of at most %zu", n, most);
        CHECK(is_zero(&s, sizeof s));
        bdk_sha256_of(p, n, got, cpu);
        CHECKF(memcmp(got, want, 32) == 0, "%zu bytes at once", n);
    }
}

/* The length in bits takes all of its 64: go on from a state far inside a message. */
static void test_long_count(unsigned cpu)
{
    static const uint64_t counts[] = {
        (uint64_t)1 << 29, ((uint64_t)1 << 32) - 64, (uint64_t)1 << 32, (uint64_t)0x123456789A << 6,
        ((uint64_t)1 << 61) - 128,
    };
    unsigned char state[32], tail[70], want[32], got[32];

    fill(tail, sizeof tail);
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
        br_sha256_context c;
        struct bdk_sha256 s;

        br_sha256_init(&c);
        br_sha256_state(&c, state);
        br_sha256_set_state(&c, state, counts[i]);
        br_sha256_update(&c, tail, sizeof tail);
        br_sha256_out(&c, want);
        bdk_sha256_init(&s, cpu);
        s.total = counts[i];
        bdk_sha256_update(&s, tail, sizeof tail);
        bdk_sha256_final(&s, got);
        CHECKF(memcmp(got, want, 32) == 0, "%llu bytes before", (unsigned long long)counts[i]);
    }
}

/* Key lengths around the block, where the key is hashed first, and messages cut at random. */
static void test_hmac(unsigned cpu)
{
    unsigned char key[200], bytes[300], want[32], got[32];

    fill(key, sizeof key);
    fill(bytes, sizeof bytes);
    for (size_t k = 0; k <= sizeof key; k++) {
        size_t n = t_rand(&seed) % (sizeof bytes + 1), cut = n ? t_rand(&seed) % n : 0;
        char *guarded = t_guard(key, k);
        struct bdk_hmac h;

        br_mac(key, k, bytes, n, want);
        bdk_hmac_of(guarded, k, bytes, n, got, cpu);
        CHECKF(memcmp(got, want, 32) == 0, "key of %zu, message of %zu", k, n);
        bdk_hmac_init(&h, guarded, k, cpu);
        bdk_hmac_update(&h, bytes, cut);
        bdk_hmac_update(&h, bytes + cut, n - cut);
        bdk_hmac_final(&h, got);
        CHECKF(memcmp(got, want, 32) == 0, "key of %zu, message of %zu cut at %zu", k, n, cut);
        CHECK(is_zero(&h, sizeof h));
        t_guard_free(guarded, k);
    }
    br_mac("", 0, "", 0, want);
    bdk_hmac_of(NULL, 0, NULL, 0, got, cpu);
    CHECK(memcmp(got, want, 32) == 0);
}

static void test_hex(void)
{
    unsigned char bytes[256], back[256];
    char hex[2 * sizeof bytes];

    t_case("hex digits");
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (unsigned char)i;
    bdk_hex(hex, bytes, sizeof bytes);
    CHECK(t_unhex(hex, sizeof hex, back) == sizeof back && memcmp(back, bytes, sizeof back) == 0);
    CHECK_TEXT(hex + 2 * 0x9A, 4, "9a9b");
    memset(hex, '?', 5);
    bdk_hex(hex, bytes + 0xFE, 2);
    CHECK_TEXT(hex, 5, "feff?");
    bdk_hex(hex, NULL, 0);
    CHECK(hex[0] == 'f');
}

/* What bdk_cpu() found is what the kernel says, less what an emulator hides. */
static void test_cpu(void)
{
    unsigned cpu = bdk_cpu();

    t_case("cpu");
    CHECK((cpu & ~(BDK_CPU_SHA | BDK_CPU_PCLMUL)) == 0);
    CHECK(bdk_cpu() == cpu);
#if defined(__x86_64__) && defined(__linux__)
    {
        char *text = t_read_file("/proc/cpuinfo", NULL);

        if (!text) {
            t_skip("no /proc/cpuinfo");
            return;
        }
        CHECK(!(cpu & BDK_CPU_SHA) || strstr(text, " sha_ni"));
        CHECK(!(cpu & BDK_CPU_PCLMUL) || strstr(text, " pclmulqdq"));
        free(text);
    }
#endif
}

int main(void)
{
    static const struct {
        const char *name;
        void (*run)(unsigned cpu);
    } tests[] = {
        {"known digests", test_known},      {"short messages, every cut", test_short},
        {"random lengths and cuts", test_random}, {"long messages' length", test_long_count},
        {"hmac", test_hmac},
    };

    test_cpu();
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++)
        for (size_t k = 0; k < sizeof tests / sizeof tests[0]; k++) {
            t_case("%s, %s", tests[k].name, paths[i].name);
            if ((bdk_cpu() & paths[i].cpu) == paths[i].cpu)
                tests[k].run(paths[i].cpu);
            else
                t_skip("this processor has no SHA-256 instructions");
        }
    test_hex();
    return t_end("test_sha256");
}
