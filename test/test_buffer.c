/* test_buffer.c - growable buffers, wiping, slices.
 * Cases of our own. Leaves out: what the callers put into them. */
#include "bedrock_int.h"
#include "t.h"
#include <string.h>

static void test_growth(void)
{
    struct t_heap heap = {0};
    struct bedrock_buffer b = {0};
    size_t total = 0;

    t_case("growth is geometric and keeps what was there");
    b.alloc = t_heap_alloc;
    b.alloc_ctx = &heap;
    for (int i = 0; i < 10000; i++) {
        char piece[7] = {(char)i, 1, 2, 3, 4, 5, 6};

        CHECK(bedrock_buffer_append(&b, piece, sizeof piece) == 0);
        total += sizeof piece;
    }
    CHECK(b.len == total && b.cap >= total);
    CHECKF(heap.calls < 20, "%zu allocations", heap.calls);
    for (int i = 0; i < 10000; i++)
        CHECK(b.p[i * 7] == (char)i && b.p[i * 7 + 6] == 6);
    bedrock_buffer_free(&b);
    CHECK(heap.live == 0 && !b.p && b.len == 0 && b.cap == 0);
    CHECK(b.alloc == t_heap_alloc);
    CHECK(bedrock_buffer_append(&b, "again", 5) == 0);
    CHECK_TEXT(b.p, b.len, "again");
    bedrock_buffer_free(&b);
    bedrock_buffer_free(NULL);
}

static void test_ceilings(void)
{
    static const struct {
        size_t max, first, second;
        int code;
    } cases[] = {
        {10, 10, 0, 0}, {10, 11, 0, BEDROCK_ERR_LIMIT}, {10, 6, 4, 0}, {10, 6, 5, BEDROCK_ERR_LIMIT},
        {300, 256, 44, 0}, {300, 256, 45, BEDROCK_ERR_LIMIT},
    };
    static const char bytes[300];

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct bedrock_buffer b = {0};
        int code;

        t_case("ceiling %zu, %zu then %zu bytes", cases[i].max, cases[i].first, cases[i].second);
        b.max = cases[i].max;
        bedrock_buffer_append(&b, bytes, cases[i].first);
        code = bedrock_buffer_append(&b, bytes, cases[i].second);
        CHECKF(code == cases[i].code && b.error == code, "code %d", code);
        CHECK(b.len <= cases[i].max && b.cap <= (cases[i].max < 256 ? 256 : cases[i].max));
        bedrock_buffer_free(&b);
        CHECK(b.error == 0);
    }
    t_case("a size that would wrap");
    {
        struct bedrock_buffer b = {0};

        CHECK(bedrock_buffer_append(&b, "x", 1) == 0);
        CHECK(bdk_buffer_reserve(&b, SIZE_MAX) == BEDROCK_ERR_LIMIT);
        CHECKF(bedrock_buffer_append(&b, "y", 1) == BEDROCK_ERR_LIMIT && b.len == 1,
               "the first error must stick");
        CHECK(bdk_buffer_fail(&b, BEDROCK_ERR_NOMEM) == BEDROCK_ERR_LIMIT);
        bedrock_buffer_free(&b);
    }
}

static void test_no_memory(void)
{
    struct t_heap heap = {0};
    struct bedrock_buffer b = {0};

    t_case("no memory while growing leaves what was there");
    heap.fail_at = 2;
    b.alloc = t_heap_alloc;
    b.alloc_ctx = &heap;
    CHECK(bedrock_buffer_append(&b, "kept", 4) == 0);
    CHECK(bdk_buffer_reserve(&b, 5000) == BEDROCK_ERR_NOMEM);
    CHECK_TEXT(b.p, b.len, "kept");
    bedrock_buffer_free(&b);
    CHECK(heap.live == 0);
}

/* What the last freed block looked like when it was freed. */
struct watch {
    unsigned char last[64];
    size_t n;
};

static void *watch_alloc(void *ctx, void *p, size_t old, size_t n)
{
    struct watch *w = ctx;
    void *fresh;

    if (p && n == 0) {
        w->n = old < sizeof w->last ? old : sizeof w->last;
        memcpy(w->last, p, w->n);
    }
    fresh = bdk_resize(NULL, NULL, p, old, n);
    if (fresh && !p)
        memset(fresh, 'x', n);
    return fresh;
}

static void test_wiping(void)
{
    struct watch w = {{0}, 0};
    struct bedrock_buffer b = {0};
    size_t left = 0;

    t_case("what is given back was wiped, when growing and when freeing");
    b.alloc = watch_alloc;
    b.alloc_ctx = &w;
    for (int round = 0; round < 2; round++) {
        bedrock_buffer_append(&b, "secret", 6);
        if (round == 0)
            bdk_buffer_reserve(&b, 4096);
        else
            bedrock_buffer_free(&b);
        CHECK(w.n > 6);
        for (size_t i = 0; i < 6; i++)
            left += w.last[i] == "secret"[i];
        CHECKF(left == 0, "%zu bytes of it are still there", left);
    }
}

static void test_slices(void)
{
    static const struct {
        const char *a, *b;
        int same, nocase;
    } cases[] = {
        {"", "", 1, 1}, {"a", "a", 1, 1}, {"a", "A", 0, 1}, {"a", "", 0, 0}, {"", "a", 0, 0},
        {"Content-Type", "content-type", 0, 1}, {"ab", "abc", 0, 0}, {"abc", "ab", 0, 0},
        {"[", "{", 0, 0}, {"@", "`", 0, 0}, {"\xC4", "\xE4", 0, 0},
    };
    struct bedrock_slice none = bdk_slice(NULL);

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        t_case("slice [%s] and text [%s]", cases[i].a, cases[i].b);
        CHECK(bdk_slice_is(bdk_slice(cases[i].a), cases[i].b) == cases[i].same);
        CHECK(bdk_slice_is_nocase(bdk_slice(cases[i].a), cases[i].b) == cases[i].nocase);
    }
    t_case("a NULL text is an empty slice");
    CHECK(none.len == 0 && bdk_slice_is(none, "") && !bdk_slice_is(none, "x"));
    CHECK(bdk_slice_is_nocase(none, ""));
}

static void test_characters(void)
{
    static const char upper[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ", lower[] = "abcdefghijklmnopqrstuvwxyz";
    static const char digits[] = "0123456789abcdef", capitals[] = "0123456789ABCDEF";

    t_case("letters and digits, of all bytes");
    for (int i = 0; i < 256; i++) {
        char c = (char)i;
        const char *up = memchr(upper, c, 26), *low = memchr(lower, c, 26), *dec = memchr(digits, c, 10);
        const char *hex = memchr(digits, c, 16), *cap = memchr(capitals, c, 16);

        CHECK(bdk_lower(c) == (up ? lower[up - upper] : c));
        CHECK(bdk_is_alnum(c) == (up || low || dec));
        CHECK(bdk_hex_digit(c) == (hex ? (int)(hex - digits) : cap ? (int)(cap - capitals) : -1));
    }
}

int main(void)
{
    test_characters();
    test_growth();
    test_ceilings();
    test_no_memory();
    test_wiping();
    test_slices();
    return t_end("test_buffer");
}
