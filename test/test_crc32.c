/* test_crc32.c - CRC-32 against its definition, one bit at a time, on every path of this processor.
 * RFC 1952 section 8. Leaves out: speed (bench). */
#include "bedrock_int.h"
#include "t.h"
#include <string.h>

#define MAX_LEN 2000u

static uint64_t seed = 3;

static const struct {
    const char *name;
    unsigned cpu;
} paths[] = {{"tables", 0}, {"carry-less multiplication", BDK_CPU_PCLMUL}};

/* The definition: no table, no trick. */
static uint32_t by_bits(uint32_t crc, const unsigned char *p, size_t n)
{
    crc = ~crc;
    for (size_t i = 0; i < n; i++) {
        crc ^= p[i];
        for (int bit = 0; bit < 8; bit++)
            crc = crc & 1 ? crc >> 1 ^ 0xEDB88320u : crc >> 1;
    }
    return ~crc;
}

static void test_known(unsigned cpu)
{
    static const unsigned char zeros[32] = {0};
    unsigned char residue[80];
    uint32_t crc;

    CHECK(bdk_crc32(0, "123456789", 9, cpu) == 0xCBF43926);
    CHECK(bdk_crc32(0, NULL, 0, cpu) == 0);
    CHECK(bdk_crc32(0x12345678, NULL, 0, cpu) == 0x12345678);
    CHECK(bdk_crc32(0, zeros, sizeof zeros, cpu) == 0x190A55AD);
    /* a message with its own checksum behind it, lowest byte first, always gives the same */
    for (size_t i = 0; i < sizeof residue - 4; i++)
        residue[i] = (unsigned char)(i * i);
    crc = bdk_crc32(0, residue, sizeof residue - 4, cpu);
    for (size_t i = 0; i < 4; i++)
        residue[sizeof residue - 4 + i] = (unsigned char)(crc >> 8 * i);
    CHECK(bdk_crc32(0, residue, sizeof residue, cpu) == 0x2144DF1C);
}

/*
 * Each entry of each table once: a message of zeros but for one byte. Of its 8 bytes, byte 7 - k goes
 * through table k (bytes 0 to 3 after the start value was added, which takes all values too).
 */
static void test_tables(unsigned cpu)
{
    for (size_t k = 0; k < 8; k++)
        for (unsigned value = 0; value < 256; value++) {
            unsigned char bytes[8] = {0};

            bytes[7 - k] = (unsigned char)value;
            CHECKF(bdk_crc32(0, bytes, 8, cpu) == by_bits(0, bytes, 8), "table %zu, byte %u", k, value);
        }
}

/* Single bits through the folding path: each must arrive, at every place of a message. */
static void test_single_bits(unsigned cpu)
{
    unsigned char bytes[160] = {0};

    for (size_t n = 64; n <= sizeof bytes; n += 32)
        for (size_t bit = 0; bit < 8 * n; bit++) {
            bytes[bit / 8] = (unsigned char)(1u << bit % 8);
            CHECKF(bdk_crc32(0, bytes, n, cpu) == by_bits(0, bytes, n), "bit %zu of %zu bytes", bit, n);
            bytes[bit / 8] = 0;
        }
}

/* Every length through all loops, ending at an unmapped page, going on from a random checksum. */
static void test_lengths(unsigned cpu)
{
    unsigned char bytes[400];

    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (unsigned char)t_rand(&seed);
    for (size_t n = 0; n <= sizeof bytes; n++) {
        uint32_t start = t_rand(&seed);
        char *copy = t_guard(bytes, n);

        CHECKF(bdk_crc32(start, copy, n, cpu) == by_bits(start, bytes, n), "%zu bytes", n);
        t_guard_free(copy, n);
    }
}

/* Each result feeds the next call: split in two at every point, then in many pieces, unaligned. */
static void test_cuts(unsigned cpu)
{
    static unsigned char bytes[MAX_LEN + 16];

    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (unsigned char)t_rand(&seed);
    for (size_t cut = 0; cut <= 300; cut++) {
        uint32_t crc = bdk_crc32(0, bytes, cut, cpu);

        crc = bdk_crc32(crc, bytes + cut, 300 - cut, cpu);
        CHECKF(crc == by_bits(0, bytes, 300), "cut at %zu", cut);
    }
    for (int round = 0; round < 200; round++) {
        const unsigned char *p = bytes + t_rand(&seed) % 16;
        size_t n = t_rand(&seed) % (MAX_LEN + 1), at = 0;
        uint32_t crc = 0;

        while (at < n) {
            size_t take = t_rand(&seed) % 200;

            if (take > n - at)
                take = n - at;
            crc = bdk_crc32(crc, p + at, take, cpu);
            at += take;
        }
        CHECKF(crc == by_bits(0, p, n), "%zu bytes in pieces", n);
        CHECKF(crc == bdk_crc32(0, p, n, cpu), "%zu bytes at once", n);
    }
}

int main(void)
{
    static const struct {
        const char *name;
        void (*run)(unsigned cpu);
    } tests[] = {
        {"known checksums", test_known}, {"every table entry", test_tables},
        {"single bits", test_single_bits}, {"every length", test_lengths}, {"cuts", test_cuts},
    };

    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++)
        for (size_t k = 0; k < sizeof tests / sizeof tests[0]; k++) {
            t_case("%s, %s", tests[k].name, paths[i].name);
            if ((bdk_cpu() & paths[i].cpu) == paths[i].cpu)
                tests[k].run(paths[i].cpu);
            else
                t_skip("this processor has no carry-less multiplication");
        }
    return t_end("test_crc32");
}
