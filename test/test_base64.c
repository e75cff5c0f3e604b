/* test_base64.c - base64: RFC 4648's values, every cut, text that is none.
 * RFC 4648 4, 5 and 10. Leaves out: line breaks (test_x509.c). */
#include "bedrock_int.h"
#include "t.h"
#include <string.h>

static void encode_cut(struct bedrock_buffer *b, const unsigned char *p, size_t n, size_t one, size_t two)
{
    struct bdk_base64 s = {{0}, 0};

    bdk_base64_add(b, &s, p, one);
    bdk_base64_add(b, &s, p + one, two - one);
    bdk_base64_add(b, &s, p + two, n - two);
    bdk_base64_end(b, &s);
}

/* Encoded whole and in three pieces at every two cuts, and decoded with and without its padding. */
static void check_both_ways(const unsigned char *bytes, size_t n, const char *text)
{
    unsigned char *p = (unsigned char *)t_guard(bytes, n);

    for (size_t one = 0; one <= n; one++)
        for (size_t two = one; two <= n; two++) {
            struct bedrock_buffer b = {0};

            encode_cut(&b, p, n, one, two);
            CHECK_TEXT(b.p, b.len, text);
            bedrock_buffer_free(&b);
        }
    t_guard_free((char *)p, n);
    for (size_t len = strcspn(text, "="); len <= strlen(text); len++) {
        char *copy = t_guard(text, len);
        struct bedrock_buffer b = {0};
        int rc = bdk_base64_decode(&b, copy, len);

        if (len == strlen(text) || len == strcspn(text, "=")) {
            CHECKF(rc == 0 && b.len == n && (n == 0 || memcmp(b.p, bytes, n) == 0), "%.*s: %d", (int)len,
                   text, rc);
        } else {
            CHECKF(rc == BEDROCK_ERR_USAGE, "half a padding: %.*s", (int)len, text);
        }
        bedrock_buffer_free(&b);
        t_guard_free(copy, len);
    }
}

static void test_values(void)
{
    static const struct {
        const char *bytes, *text;
    } cases[] = {
        {"", ""}, {"f", "Zg=="}, {"fo", "Zm8="}, {"foo", "Zm9v"}, {"foob", "Zm9vYg=="}, {"fooba", "Zm9vYmE="},
        {"foobar", "Zm9vYmFy"},
        {"\xFB\xFF\xBF", "+/+/"}, {"\xFF\xFF\xFF\xFE", "/////g=="},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        t_case("base64: %s", cases[i].text);
        check_both_ways((const unsigned char *)cases[i].bytes, strlen(cases[i].bytes), cases[i].text);
    }
}

/* Every digit in every place: three bytes that hold each of the 64 values four times. */
static void test_alphabet(void)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

    t_case("base64: each digit in each of the four places");
    for (unsigned v = 0; v < 64; v++)
        for (unsigned place = 0; place < 4; place++) {
            uint32_t bits = (uint32_t)v << (18 - 6 * place);
            unsigned char bytes[3] = {(unsigned char)(bits >> 16), (unsigned char)(bits >> 8),
                                      (unsigned char)bits};
            char text[5] = "AAAA";

            text[place] = digits[v];
            check_both_ways(bytes, 3, text);
        }
}

static void test_url(void)
{
    static const struct {
        const char *bytes, *text;
    } cases[] = {{"", ""}, {"f", "Zg"}, {"fo", "Zm8"}, {"foo", "Zm9v"}, {"\xFB\xFF\xBF", "-_-_"}};

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct bedrock_buffer b = {0};

        t_case("base64url: %s", cases[i].text);
        bdk_buffer_text(&b, "a+/=");
        CHECK(bdk_base64_url(&b, cases[i].bytes, strlen(cases[i].bytes)) == 0);
        CHECKF(b.len >= 4 && memcmp(b.p, "a+/=", 4) == 0, "what stood there before was changed");
        CHECK_TEXT(b.p + 4, b.len - 4, cases[i].text);
        bedrock_buffer_free(&b);
    }
}

static void test_none(void)
{
    static const char *const cases[] = {
        "A", "AAAAA", "=", "==", "A=", "A==", "A===", "AA=", "AAA==", "AAAA=", "AAAA==", "AAAA====", "AA=A",
        "=AAA", "AA==AA==", "AAA AAAA", "AAA\n", "AAAA\n", "AA-A", "AA_A", "AA.A",
        "AA\xC3\xA9", "AA\x80\xFF",
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        size_t n = strlen(cases[i]);
        char *copy = t_guard(cases[i], n);
        struct bedrock_buffer b = {0};

        t_case("no base64: %s", cases[i]);
        CHECK(bdk_base64_decode(&b, copy, n) == BEDROCK_ERR_USAGE);
        CHECK(b.error == 0);
        bedrock_buffer_free(&b);
        t_guard_free(copy, n);
    }
    t_case("no base64: a zero byte");
    {
        struct bedrock_buffer b = {0};

        CHECK(bdk_base64_decode(&b, "AA\0A", 4) == BEDROCK_ERR_USAGE);
        bedrock_buffer_free(&b);
    }
}

/* Random bytes of each length, there and back. */
static void test_round_trip(void)
{
    unsigned char bytes[200];
    uint64_t seed = 4648;

    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (unsigned char)t_rand(&seed);
    for (size_t n = 0; n <= sizeof bytes; n++) {
        struct bedrock_buffer text = {0}, back = {0};

        t_case("base64: %zu bytes there and back", n);
        encode_cut(&text, bytes, n, n / 3, n - n / 4);
        CHECK(text.len == (n + 2) / 3 * 4);
        CHECK(bdk_base64_decode(&back, text.p, text.len) == 0);
        CHECK(back.len == n && (n == 0 || memcmp(back.p, bytes, n) == 0));
        bedrock_buffer_free(&text);
        bedrock_buffer_free(&back);
    }
}

static void test_failures(void)
{
    struct bedrock_buffer b = {0};
    struct bdk_base64 s = {{0}, 0};
    struct t_heap heap = {0};

    t_case("base64: above the ceiling, and more than can be counted");
    b.max = 7;
    CHECK(bdk_base64_add(&b, &s, "foobar", 6) == BEDROCK_ERR_LIMIT);
    bedrock_buffer_free(&b);
    memset(&s, 0, sizeof s);
    CHECK(bdk_base64_add(&b, &s, "", SIZE_MAX - 1) == BEDROCK_ERR_LIMIT);
    bedrock_buffer_free(&b);
    t_case("base64: no memory");
    memset(&b, 0, sizeof b);
    memset(&s, 0, sizeof s);
    b.alloc = t_heap_alloc;
    b.alloc_ctx = &heap;
    heap.fail_at = 1;
    heap.onward = 1;
    CHECK(bdk_base64_add(&b, &s, "foo", 3) == BEDROCK_ERR_NOMEM);
    CHECK(bdk_base64_end(&b, &s) == BEDROCK_ERR_NOMEM);
    CHECK(bdk_base64_url(&b, "foo", 3) == BEDROCK_ERR_NOMEM);
    CHECK(bdk_base64_decode(&b, "Zm9v", 4) == BEDROCK_ERR_NOMEM);
    bedrock_buffer_free(&b);
    CHECK(heap.live == 0);
}

int main(void)
{
    test_values();
    test_alphabet();
    test_url();
    test_none();
    test_round_trip();
    test_failures();
    return t_end("test_base64");
}
