/* test_eventstream.c - event-stream frames: every type, every cut, every flipped bit, every ceiling.
 * Frames of our own with checksums by definition. Leaves out: the public vectors (vectors_eventstream). */
#include "bedrock_int.h"
#include "t.h"
#include <stdlib.h>
#include <string.h>

#define AREA 40000u /* the largest input of decode() */
#define TEXT(s) {s, sizeof(s) - 1}

/* ---- Frames by hand ---- */

static uint32_t crc_by_bits(const char *p, size_t n)
{
    uint32_t crc = 0xFFFFFFFF;

    for (size_t i = 0; i < n; i++) {
        crc ^= (unsigned char)p[i];
        for (int bit = 0; bit < 8; bit++)
            crc = crc & 1 ? crc >> 1 ^ 0xEDB88320u : crc >> 1;
    }
    return ~crc;
}

static void put32(struct bedrock_buffer *b, uint32_t v)
{
    unsigned char bytes[4] = {(unsigned char)(v >> 24), (unsigned char)(v >> 16),
                              (unsigned char)(v >> 8), (unsigned char)v};

    bedrock_buffer_append(b, bytes, 4);
}

/* A prelude that says whatever it is told to, with the right checksum. */
static void put_prelude(struct bedrock_buffer *b, uint32_t total, uint32_t headers_len)
{
    size_t at = b->len;

    put32(b, total);
    put32(b, headers_len);
    put32(b, crc_by_bits(b->p + at, 8));
}

static void put_frame(struct bedrock_buffer *b, const char *block, size_t block_len,
                      const char *payload)
{
    size_t at = b->len;

    put_prelude(b, (uint32_t)(16 + block_len + strlen(payload)), (uint32_t)block_len);
    bedrock_buffer_append(b, block, block_len);
    bedrock_buffer_append(b, payload, strlen(payload));
    put32(b, crc_by_bits(b->p + at, b->len - at));
}

/* ---- What a decoder sees ---- */

struct seen {
    struct bedrock_buffer log;  /* the frames, laid out so that different ones never look alike */
    size_t frames;
    int code;                   /* 0, BDK_MORE or the failure */
    const char *why;
};

static void see(struct seen *s, const struct bdk_es_frame *f)
{
    put32(&s->log, (uint32_t)f->headers.len);
    put32(&s->log, (uint32_t)f->payload.len);
    bedrock_buffer_append(&s->log, f->headers.p, f->headers.len);
    bedrock_buffer_append(&s->log, f->payload.p, f->payload.len);
    s->frames++;
}

/* One piece of input, which ends at an unmapped page and is overwritten afterwards. */
static void feed(struct bdk_es_decoder *d, struct seen *s, const char *bytes, size_t n)
{
    static char *area;
    static const char empty[AREA];
    struct bdk_es_frame f;
    size_t left = n;
    const char *p;
    char *copy;

    if (!area)
        area = t_guard(empty, AREA);
    if (n > AREA)
        exit(2);
    p = copy = area + AREA - n;
    memcpy(copy, bytes, n);
    while ((s->code = bdk_es_next(d, &p, &left, &f)) == 0 && s->frames < 100)
        see(s, &f);
    if (s->code == BDK_MORE)
        CHECK(left == 0 && p == copy + n);
    else
        CHECK(bdk_es_next(d, &p, &left, &f) == s->code && d->error == s->code && d->why &&
              bdk_es_end(d) == s->code);
    s->why = d->why;
    memset(copy, 0x5A, n);
}

/* All input in two pieces when `piece` is 0, cut there; else in pieces of that size from `cut` on. */
static struct seen decode(const struct bedrock_buffer *in, size_t cut, size_t piece, size_t max_frame,
                          unsigned cpu)
{
    struct t_heap heap = {0};
    struct bdk_es_decoder d;
    struct seen s;

    memset(&s, 0, sizeof s);
    bdk_es_init(&d, max_frame, cpu, t_heap_alloc, &heap);
    feed(&d, &s, in->p, cut);
    while (cut < in->len && s.code == BDK_MORE) {
        size_t n = piece && piece < in->len - cut ? piece : in->len - cut;

        feed(&d, &s, in->p + cut, n);
        cut += n;
    }
    if (s.code == BDK_MORE)
        s.code = bdk_es_end(&d);
    bdk_es_free(&d);
    CHECKF(heap.live == 0, "%zu blocks leaked", heap.live);
    return s;
}

static int same(const struct seen *a, const struct seen *b)
{
    return a->code == b->code && a->frames == b->frames && a->log.len == b->log.len && a->why == b->why &&
           (a->log.len == 0 || memcmp(a->log.p, b->log.p, a->log.len) == 0);
}

/* Decode whole, byte by byte and split at every point: the same each time, which is given back. */
static struct seen decode_all_ways(const struct bedrock_buffer *in, size_t max_frame)
{
    struct seen whole = decode(in, in->len, 0, max_frame, 0), s;

    s = decode(in, in->len, 0, max_frame, bdk_cpu());
    CHECKF(same(&s, &whole), "by native checksums: %d not %d", s.code, whole.code);
    bedrock_buffer_free(&s.log);
    for (size_t piece = 1; piece <= 7; piece += 3) {
        s = decode(in, 0, piece, max_frame, 0);
        CHECKF(same(&s, &whole), "in pieces of %zu: %d not %d", piece, s.code, whole.code);
        bedrock_buffer_free(&s.log);
    }
    for (size_t cut = 0; cut <= in->len; cut++) {
        s = decode(in, cut, 0, max_frame, 0);
        CHECKF(same(&s, &whole), "cut at %zu: %d not %d, %zu frames not %zu", cut, s.code, whole.code,
               s.frames, whole.frames);
        bedrock_buffer_free(&s.log);
    }
    return whole;
}

/* ---- Values ---- */

static const struct bdk_es_header ten_types[] = {
    {TEXT("t"), BDK_ES_TRUE, {NULL, 0}, 0},
    {TEXT("ff"), BDK_ES_FALSE, {NULL, 0}, 0},
    {TEXT("byte"), BDK_ES_BYTE, {NULL, 0}, -2},
    {TEXT("short"), BDK_ES_SHORT, {NULL, 0}, 0x1234},
    {TEXT("int"), BDK_ES_INT, {NULL, 0}, -70000},
    {TEXT("long"), BDK_ES_LONG, {NULL, 0}, INT64_C(0x123456789ABCDEF0)},
    {TEXT("bytes"), BDK_ES_BYTES, TEXT("\x00\xFF\x80"), 0},
    {TEXT(":string"), BDK_ES_STRING, TEXT("gr\xC3\xBC\xC3\x9F" "e"), 0},
    {TEXT("time"), BDK_ES_TIMESTAMP, {NULL, 0}, INT64_C(1767323045678)},
    {TEXT("uuid"), BDK_ES_UUID, TEXT("0123456789abcdef"), 0},
};

#define N_TEN (sizeof ten_types / sizeof ten_types[0])

static void put_ten(struct bedrock_buffer *b)
{
    CHECK(bdk_es_append(b, ten_types, N_TEN, "{\"ten\":10}", 10, 0) == 0);
}

static int same_slice(struct bedrock_slice a, struct bedrock_slice b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.p, b.p, a.len) == 0);
}

static void test_ten_types(void)
{
    static const char block[] = "\1t\0" "\2ff\1" "\4byte\2\xFE" "\5short\3\x12\x34"
        "\3int\4\xFF\xFE\xEE\x90" "\4long\5\x12\x34\x56\x78\x9A\xBC\xDE\xF0"
        "\5bytes\6\0\3\0\xFF\x80" "\7:string\7\0\7gr\xC3\xBC\xC3\x9F" "e"
        "\4time\x08\0\0\1\x9B\x7C\xA9\x8F\x2E" "\4uuid\x09" "0123456789abcdef";
    struct bedrock_buffer got = {0}, want = {0};
    struct bdk_es_decoder d;
    struct bdk_es_frame f = {{NULL, 0}, {NULL, 0}};
    struct bdk_es_header h;
    struct bedrock_slice rest;
    const char *p;
    size_t left;
    struct seen s;

    t_case("ten types: bytes");
    put_ten(&got);
    put_frame(&want, block, sizeof block - 1, "{\"ten\":10}");
    CHECK(got.len == want.len && memcmp(got.p, want.p, got.len) == 0);

    t_case("ten types: values");
    bdk_es_init(&d, 0, 0, NULL, NULL);
    p = want.p;
    left = want.len;
    CHECK(bdk_es_next(&d, &p, &left, &f) == 0 && left == 0);
    CHECK_TEXT(f.payload.p, f.payload.len, "{\"ten\":10}");
    rest = f.headers;
    for (size_t i = 0; i < N_TEN; i++) {
        CHECK(bdk_es_header_next(&rest, &h) == 1);
        CHECKF(same_slice(h.name, ten_types[i].name) && h.type == ten_types[i].type &&
               same_slice(h.value, ten_types[i].value) && h.number == ten_types[i].number,
               "header %zu is not as it was written", i);
    }
    CHECK(bdk_es_header_next(&rest, &h) == 0);
    bdk_es_free(&d);

    t_case("ten types: every cut");
    s = decode_all_ways(&want, 0);
    CHECK(s.code == 0 && s.frames == 1);
    bedrock_buffer_free(&s.log);
    bedrock_buffer_free(&got);
    bedrock_buffer_free(&want);
}

static void test_numbers(void)
{
    static const struct {
        enum bdk_es_type type;
        int64_t number;
        const char *hex;
        int fits;
    } cases[] = {
        {BDK_ES_BYTE, 127, "7f", 1}, {BDK_ES_BYTE, -128, "80", 1}, {BDK_ES_BYTE, 0, "00", 1},
        {BDK_ES_BYTE, 128, "", 0}, {BDK_ES_BYTE, -129, "", 0},
        {BDK_ES_SHORT, 32767, "7fff", 1}, {BDK_ES_SHORT, -32768, "8000", 1},
        {BDK_ES_SHORT, 32768, "", 0}, {BDK_ES_SHORT, -32769, "", 0},
        {BDK_ES_INT, 2147483647, "7fffffff", 1}, {BDK_ES_INT, INT32_MIN, "80000000", 1},
        {BDK_ES_INT, INT64_C(2147483648), "", 0}, {BDK_ES_INT, INT64_C(-2147483649), "", 0},
        {BDK_ES_LONG, INT64_MAX, "7fffffffffffffff", 1}, {BDK_ES_LONG, INT64_MIN, "8000000000000000", 1},
        {BDK_ES_LONG, -1, "ffffffffffffffff", 1}, {BDK_ES_TIMESTAMP, -1, "ffffffffffffffff", 1},
        {BDK_ES_TIMESTAMP, INT64_MIN, "8000000000000000", 1},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct bdk_es_header h = {TEXT("n"), cases[i].type, {NULL, 0}, cases[i].number}, back;
        struct bedrock_buffer b = {0};
        unsigned char want[8];
        size_t n = t_unhex(cases[i].hex, strlen(cases[i].hex), want);

        t_case("number %lld as type %d", (long long)h.number, (int)h.type);
        CHECK(bdk_es_append(&b, &h, 1, NULL, 0, 0) == (cases[i].fits ? 0 : BEDROCK_ERR_USAGE));
        if (cases[i].fits && CHECK(b.len == 16 + 3 + n)) {
            struct bedrock_slice rest = {b.p + 12, 3 + n};

            CHECK(memcmp(b.p + 15, want, n) == 0);
            CHECK(bdk_es_header_next(&rest, &back) == 1 && back.number == h.number && !back.value.p);
        }
        bedrock_buffer_free(&b);
    }
}

static void test_string(void)
{
    struct bedrock_buffer b = {0};
    struct bdk_es_frame f;
    struct bedrock_slice s;

    t_case("string by name");
    put_ten(&b);
    f.headers.p = b.p + 12;
    f.headers.len = b.len - 26;
    s = bdk_es_string(&f, ":string");
    CHECK_TEXT(s.p, s.len, "gr\xC3\xBC\xC3\x9F" "e");
    CHECK(bdk_es_string(&f, "bytes").p == NULL && bdk_es_string(&f, "bytes").len == 0);
    CHECK(bdk_es_string(&f, ":strin").p == NULL && bdk_es_string(&f, ":string2").p == NULL);
    CHECK(bdk_es_string(&f, ":String").p == NULL && bdk_es_string(&f, "").p == NULL);
    f.headers.len = 0;
    CHECK(bdk_es_string(&f, ":string").p == NULL);
    bedrock_buffer_free(&b);
}

/* ---- Headers, good and bad ---- */

static const struct {
    const char *name, *hex;
    int code;
    const char *why;
} blocks[] = {
    {"none", "", 0, ""},
    {"true", "016100", 0, ""},
    {"an empty string", "0161070000", 0, ""},
    {"empty bytes", "0161060000", 0, ""},
    {"a name that is not UTF-8", "02fffe00", 0, ""},
    {"a name with a zero byte", "02006100", 0, ""},
    {"names that begin alike", "01610002616100", 0, ""},
    {"names that begin alike, longer first", "02616100016100", 0, ""},
    {"names in two cases", "016100014100", 0, ""},
    {"no name", "0000", BEDROCK_ERR_PROTOCOL, "no name"},
    {"no name, last", "01610000", BEDROCK_ERR_PROTOCOL, "no name"},
    {"name missing", "01", BEDROCK_ERR_PROTOCOL, "name runs past"},
    {"name cut off", "056162", BEDROCK_ERR_PROTOCOL, "name runs past"},
    {"name of 255 bytes cut off", "ff6162", BEDROCK_ERR_PROTOCOL, "name runs past"},
    {"type missing", "0161", BEDROCK_ERR_PROTOCOL, "name runs past"},
    {"type 10", "01610a", BEDROCK_ERR_PROTOCOL, "unknown type"},
    {"type 255", "0161ff", BEDROCK_ERR_PROTOCOL, "unknown type"},
    {"byte missing", "016102", BEDROCK_ERR_PROTOCOL, "value runs past"},
    {"short cut off", "01610301", BEDROCK_ERR_PROTOCOL, "value runs past"},
    {"int cut off", "016104010203", BEDROCK_ERR_PROTOCOL, "value runs past"},
    {"long cut off", "01610501020304050607", BEDROCK_ERR_PROTOCOL, "value runs past"},
    {"timestamp cut off", "01610801020304050607", BEDROCK_ERR_PROTOCOL, "value runs past"},
    {"uuid cut off", "0161090102030405060708090a0b0c0d0e0f", BEDROCK_ERR_PROTOCOL, "value runs past"},
    {"string length missing", "016107", BEDROCK_ERR_PROTOCOL, "length runs past"},
    {"string length cut off", "01610700", BEDROCK_ERR_PROTOCOL, "length runs past"},
    {"string cut off", "016107000261", BEDROCK_ERR_PROTOCOL, "value runs past"},
    {"bytes length cut off", "01610600", BEDROCK_ERR_PROTOCOL, "length runs past"},
    {"bytes cut off", "0161067fff61", BEDROCK_ERR_PROTOCOL, "value runs past"},
    {"a string of 32768 bytes", "016107800061", BEDROCK_ERR_PROTOCOL, "longer than 32767"},
    {"bytes of 65535 bytes", "016106ffff61", BEDROCK_ERR_PROTOCOL, "longer than 32767"},
    {"one byte too many", "01610001", BEDROCK_ERR_PROTOCOL, "name runs past"},
    {"a name twice", "016100016100", BEDROCK_ERR_PROTOCOL, "twice"},
    {"a name twice, types differ", "016100016200016107000161", BEDROCK_ERR_PROTOCOL, "twice"},
};

static void test_blocks(void)
{
    for (size_t i = 0; i < sizeof blocks / sizeof blocks[0]; i++) {
        struct bedrock_buffer in = {0};
        unsigned char block[64];
        size_t n = t_unhex(blocks[i].hex, strlen(blocks[i].hex), block);
        char *copy = t_guard(block, n);
        struct bedrock_slice rest = {copy, n};
        struct bdk_es_header h;
        struct seen s;
        int rc;

        t_case("headers: %s", blocks[i].name);
        put_frame(&in, "", 0, "before");
        put_frame(&in, (char *)block, n, "{}");
        put_frame(&in, "", 0, "behind");
        s = decode_all_ways(&in, 0);
        CHECKF(s.code == blocks[i].code, "code %d", s.code);
        CHECK(s.frames == (blocks[i].code ? 1 : 3));
        CHECKF(!blocks[i].code || strstr(s.why, blocks[i].why), "why: %s", s.why);
        /* the block alone: a name that occurs twice is the only thing not seen header by header */
        while ((rc = bdk_es_header_next(&rest, &h)) > 0)
            ;
        CHECK(rc == (strcmp(blocks[i].why, "twice") == 0 ? 0 : blocks[i].code));
        bedrock_buffer_free(&s.log);
        bedrock_buffer_free(&in);
        t_guard_free(copy, n);
    }
}

/* ---- Preludes and ceilings ---- */

static void test_preludes(void)
{
    static const struct {
        uint32_t total, headers_len;
        size_t max_frame;
        int code;
        const char *why;
    } cases[] = {
        {0, 0, 0, BEDROCK_ERR_PROTOCOL, "shorter"},
        {15, 0, 0, BEDROCK_ERR_PROTOCOL, "shorter"},
        {15, UINT32_MAX, 0, BEDROCK_ERR_PROTOCOL, "shorter"},
        {16, 1, 0, BEDROCK_ERR_PROTOCOL, "headers are longer"},
        {100, 85, 0, BEDROCK_ERR_PROTOCOL, "headers are longer"},
        {100, UINT32_MAX, 0, BEDROCK_ERR_PROTOCOL, "headers are longer"},
        {UINT32_MAX, UINT32_MAX, 0, BEDROCK_ERR_PROTOCOL, "headers are longer"},
        {UINT32_MAX, 0, 0, BEDROCK_ERR_LIMIT, "limit"},
        {UINT32_MAX, UINT32_MAX - 16, 0, BEDROCK_ERR_LIMIT, "limit"},
        {0x80000000, 0, 0, BEDROCK_ERR_LIMIT, "limit"},
        {BDK_ES_MAX_FRAME + 1, 0, 0, BEDROCK_ERR_LIMIT, "limit"},
        {BDK_ES_MAX_FRAME, BDK_ES_MAX_HEADERS + 1, 0, BEDROCK_ERR_LIMIT, "128 KiB"},
        {BDK_ES_MAX_FRAME, BDK_ES_MAX_HEADERS - 1, 0, BEDROCK_ERR_LIMIT, "24 MiB"},
        {BDK_ES_MAX_PAYLOAD + 17, 0, 0, BEDROCK_ERR_LIMIT, "24 MiB"},
        {UINT32_MAX, 0, SIZE_MAX, BEDROCK_ERR_LIMIT, "24 MiB"},
        {UINT32_MAX, 200000, SIZE_MAX, BEDROCK_ERR_LIMIT, "128 KiB"},
        {1001, 0, 1000, BEDROCK_ERR_LIMIT, "limit"},
        {1000, 0, 1000, BDK_MORE, NULL},
        {16, 0, 16, BDK_MORE, NULL},
        {17, 0, 16, BEDROCK_ERR_LIMIT, "limit"},
        {16, 0, 15, BEDROCK_ERR_LIMIT, "limit"},
        {16, 0, 1, BEDROCK_ERR_LIMIT, "limit"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct bedrock_buffer in = {0};
        struct t_heap heap = {0};
        struct bdk_es_decoder d;
        struct bdk_es_frame f;
        struct seen s;
        const char *p;
        size_t left;

        t_case("prelude: %u bytes, headers of %u, at most %zu", cases[i].total, cases[i].headers_len,
               cases[i].max_frame);
        put_prelude(&in, cases[i].total, cases[i].headers_len);
        bdk_es_init(&d, cases[i].max_frame, 0, t_heap_alloc, &heap);
        p = in.p;
        left = in.len;
        CHECK(bdk_es_next(&d, &p, &left, &f) == cases[i].code);
        if (cases[i].why) {
            CHECKF(d.why && strstr(d.why, cases[i].why), "why: %s", d.why);
            CHECKF(heap.calls == 0, "memory was taken for a frame that is refused");
        } else {
            CHECK(heap.calls == 1 && bdk_es_end(&d) == BEDROCK_ERR_TRUNCATED);
        }
        bdk_es_free(&d);
        s = decode_all_ways(&in, cases[i].max_frame);
        CHECK(s.code == (cases[i].code == BDK_MORE ? BEDROCK_ERR_TRUNCATED : cases[i].code));
        CHECK(s.frames == 0);
        bedrock_buffer_free(&s.log);
        bedrock_buffer_free(&in);
    }
}

/* n headers of 4 bytes with different names. */
static void put_many(struct bedrock_buffer *b, size_t n)
{
    struct bedrock_buffer block = {0};

    for (size_t i = 0; i < n; i++) {
        char header[4] = {2, (char)(i / 100), (char)(i % 100), 0};

        bedrock_buffer_append(&block, header, 4);
    }
    put_frame(b, block.p, block.len, "");
    bedrock_buffer_free(&block);
}

static void test_many_headers(void)
{
    for (size_t n = 256; n <= 257; n++) {
        struct bedrock_buffer in = {0};
        struct seen s;

        t_case("%zu headers", n);
        put_many(&in, n);
        s = decode(&in, in.len, 0, 0, 0);
        CHECK(s.code == (n <= 256 ? 0 : BEDROCK_ERR_LIMIT) && s.frames == (n <= 256 ? 1 : 0));
        CHECK(n <= 256 || strstr(s.why, "256"));
        bedrock_buffer_free(&s.log);
        bedrock_buffer_free(&in);
    }
}

/* The largest frame there is: whole, and in pieces. */
static void test_largest(void)
{
    struct bdk_es_header h[4];
    char *payload = calloc(1, BDK_ES_MAX_PAYLOAD), value[32763];
    struct bedrock_buffer b = {0};
    struct bdk_es_decoder d;
    struct bdk_es_frame f;
    const char *p;
    size_t left, n;
    int rc = BDK_MORE;

    t_case("the largest frame");
    memset(value, 'v', sizeof value);
    for (size_t i = 0; i < 4; i++) {
        h[i] = ten_types[7];
        h[i].name.p = &"abcd"[i];
        h[i].name.len = 1;
        h[i].value.p = value;
        h[i].value.len = sizeof value;
    }
    CHECK(payload && bdk_es_append(&b, h, 4, payload, BDK_ES_MAX_PAYLOAD, bdk_cpu()) == 0);
    CHECK(b.len == BDK_ES_MAX_FRAME);
    bdk_es_init(&d, 0, bdk_cpu(), NULL, NULL);
    p = b.p;
    left = b.len;
    CHECK(bdk_es_next(&d, &p, &left, &f) == 0 && left == 0 && f.headers.len == BDK_ES_MAX_HEADERS &&
          f.payload.len == BDK_ES_MAX_PAYLOAD);
    for (size_t at = 0; at < b.len && rc == BDK_MORE; at += n) {
        n = b.len - at < 9999999 ? b.len - at : 9999999;
        p = b.p + at;
        left = n;
        rc = bdk_es_next(&d, &p, &left, &f);
    }
    CHECK(rc == 0 && d.held.len == BDK_ES_MAX_FRAME && f.payload.len == BDK_ES_MAX_PAYLOAD);
    bdk_es_free(&d);

    t_case("the largest frame and a byte");
    b.len = 0;
    CHECK(bdk_es_append(&b, h, 4, payload, BDK_ES_MAX_PAYLOAD + 1, 0) == BEDROCK_ERR_USAGE);
    b.error = 0;
    h[2].value.len++;
    CHECK(bdk_es_append(&b, h, 4, payload, 1, 0) == BEDROCK_ERR_USAGE);
    CHECK(b.len == 0);
    bedrock_buffer_free(&b);
    free(payload);
}

/* ---- Streams ---- */

static void put_stream(struct bedrock_buffer *b)
{
    put_frame(b, "", 0, "");
    put_ten(b);
    CHECK(bedrock_frame_append(b, 0, "contentBlockDelta", "{\"p\":\"abc\"}", 11) == 0);
    CHECK(bedrock_frame_append(b, 1, "throttlingException", "{}", 2) == 0);
}

/* Each length of a beginning: complete frames are delivered, and only a boundary is an end. */
static void test_end(void)
{
    struct bedrock_buffer in = {0};
    size_t ends[4] = {16}, total;

    put_ten(&in);
    ends[1] = ends[0] + in.len;
    in.len = 0;
    put_stream(&in);
    total = in.len;
    for (size_t i = 1; i < 3; i++)
        ends[i + 1] = ends[i] + ((size_t)(unsigned char)in.p[ends[i] + 2] << 8 |
                                 (unsigned char)in.p[ends[i] + 3]);
    t_case("end of input at every byte");
    CHECK(ends[3] == total);
    for (size_t n = 0; n <= total; n++) {
        size_t whole = 0;
        struct seen s;

        while (whole < 4 && ends[whole] <= n)
            whole++;
        in.len = n;
        for (size_t piece = 1; piece < 400; piece = piece * 2 + 1) {
            s = decode(&in, 0, piece, 0, 0);
            CHECKF(s.frames == whole, "%zu frames in %zu bytes, not %zu", s.frames, n, whole);
            CHECKF(s.code == (n == 0 || (whole > 0 && ends[whole - 1] == n) ? 0 : BEDROCK_ERR_TRUNCATED),
                   "%d after %zu bytes", s.code, n);
            bedrock_buffer_free(&s.log);
        }
    }
    in.len = total;
    t_case("four frames: every cut");
    {
        struct seen s = decode_all_ways(&in, 0);

        CHECK(s.code == 0 && s.frames == 4);
        bedrock_buffer_free(&s.log);
    }
    bedrock_buffer_free(&in);
}

/* One bit wrong anywhere in the second frame: the first is delivered as it was, the second never. */
static void test_flips(void)
{
    struct bedrock_buffer in = {0}, first = {0};
    struct seen good, s;

    t_case("every flipped bit");
    put_frame(&first, "\1n\0", 3, "first");
    good = decode(&first, first.len, 0, 0, 0);
    CHECK(good.code == 0 && good.frames == 1);
    bedrock_buffer_append(&in, first.p, first.len);
    put_ten(&in);
    for (size_t bit = 8 * first.len; bit < 8 * in.len; bit++) {
        in.p[bit / 8] = (char)(in.p[bit / 8] ^ 1 << bit % 8);
        for (unsigned way = 0; way < 3; way++) {
            s = decode(&in, way ? 0 : in.len, way == 2 ? 1 : 50, 0, way ? 0 : bdk_cpu());
            CHECKF(s.code == BEDROCK_ERR_PROTOCOL && s.frames == 1, "bit %zu: code %d, %zu frames",
                   bit, s.code, s.frames);
            CHECK(strstr(s.why, "checksum"));
            CHECK(s.log.len == good.log.len && memcmp(s.log.p, good.log.p, s.log.len) == 0);
            bedrock_buffer_free(&s.log);
        }
        in.p[bit / 8] = (char)(in.p[bit / 8] ^ 1 << bit % 8);
    }
    bedrock_buffer_free(&good.log);
    bedrock_buffer_free(&first);
    bedrock_buffer_free(&in);
}

/* ---- Memory ---- */

static void test_no_copy(void)
{
    struct bedrock_buffer in = {0};
    struct t_heap heap = {0};
    struct bdk_es_decoder d;
    struct bdk_es_frame f;
    const char *p, *at;
    char *copy;
    size_t left;

    t_case("a frame that is whole is not copied");
    put_stream(&in);
    bdk_es_init(&d, 0, 0, t_heap_alloc, &heap);
    p = in.p;
    left = in.len;
    for (at = p; left > 0; at = p) {
        if (!CHECK(bdk_es_next(&d, &p, &left, &f) == 0))
            break;
        CHECK(f.headers.p == at + 12 && f.payload.p + f.payload.len + 4 == p);
    }
    CHECK(heap.calls == 0 && p == in.p + in.len);

    t_case("a frame in pieces outlives them");
    copy = t_guard(in.p, 16 + 40);
    p = copy;
    left = 16 + 40;
    CHECK(bdk_es_next(&d, &p, &left, &f) == 0 && bdk_es_next(&d, &p, &left, &f) == BDK_MORE);
    t_guard_free(copy, 16 + 40);
    CHECKF(heap.calls == 1, "the length was known: one block, not %zu", heap.calls);
    p = in.p + 16 + 40;
    left = in.len - 16 - 40;
    CHECK(bdk_es_next(&d, &p, &left, &f) == 0 && bdk_es_end(&d) == 0);
    CHECK(f.headers.p == d.held.p + 12);
    CHECK_TEXT(f.payload.p, f.payload.len, "{\"ten\":10}");
    CHECK(bdk_es_next(&d, &p, &left, &f) == 0 && f.payload.p > in.p && f.payload.p < in.p + in.len);
    CHECKF(heap.calls == 1, "a whole frame after one in pieces is not copied either");
    bdk_es_free(&d);
    CHECK(heap.live == 0);
    bedrock_buffer_free(&in);
}

/* A long stream in pieces of all sizes takes memory for its first frame only. */
static void test_steady(void)
{
    struct bedrock_buffer frame = {0};
    struct t_heap heap = {0};
    struct bdk_es_decoder d;
    struct bdk_es_frame f;
    char payload[700];
    uint64_t seed = 1;
    size_t frames = 0, at = 0, calls = 0;
    int rc;

    t_case("ten thousand frames without an allocation");
    memset(payload, 'x', sizeof payload);
    bedrock_frame_append(&frame, 0, "contentBlockDelta", payload, sizeof payload);
    bdk_es_init(&d, 0, bdk_cpu(), t_heap_alloc, &heap);
    while (frames < 10000) {
        size_t n = 1 + t_rand(&seed) % 500, left = n < frame.len - at ? n : frame.len - at;
        const char *p = frame.p + at;

        at = (at + left) % frame.len;
        rc = bdk_es_next(&d, &p, &left, &f);
        if (!CHECK(rc == 0 || rc == BDK_MORE))
            break;
        if (rc == 0 && frames++ == 0)
            calls = heap.calls;
        CHECK(frames == 0 || heap.calls == calls);
    }
    CHECK(calls > 0 && calls <= 2);
    bdk_es_free(&d);
    CHECK(heap.live == 0);
    bedrock_buffer_free(&frame);
}

static int decode_with(struct t_heap *heap, const struct bedrock_buffer *in)
{
    struct bdk_es_decoder d;
    struct bdk_es_frame f;
    int rc = BDK_MORE;

    bdk_es_init(&d, 0, 0, t_heap_alloc, heap);
    for (size_t at = 0; at < in->len && rc == BDK_MORE; at++) {
        const char *p = in->p + at;
        size_t left = 1;

        rc = bdk_es_next(&d, &p, &left, &f);
    }
    if (rc < 0)
        CHECK(d.error == rc && d.why && strstr(d.why, "memory") && bdk_es_end(&d) == rc);
    bdk_es_free(&d);
    return rc;
}

static void test_no_memory(void)
{
    struct bedrock_buffer frame = {0}, b = {0};
    char payload[700];

    memset(payload, 'x', sizeof payload);
    bedrock_frame_append(&frame, 0, "contentBlockDelta", payload, sizeof payload);
    for (int onward = 0; onward <= 1; onward++) {
        int rc = BEDROCK_ERR_NOMEM;

        for (size_t n = 1; rc != 0 && n < 10; n++) {
            struct t_heap heap = {0};

            t_case("decoder: allocation %zu%s fails", n, onward ? " and all behind it" : "");
            heap.fail_at = n;
            heap.onward = onward;
            rc = decode_with(&heap, &frame);
            CHECKF(rc == (heap.calls >= n ? BEDROCK_ERR_NOMEM : 0), "%d", rc);
            CHECKF(rc != 0 || heap.calls == 2, "one block for the prelude, one for the frame");
            CHECK(heap.live == 0);
        }
        CHECK(rc == 0);
        rc = BEDROCK_ERR_NOMEM;
        for (size_t n = 1; rc != 0 && n < 10; n++) {
            struct t_heap heap = {0};

            t_case("encoder: allocation %zu%s fails", n, onward ? " and all behind it" : "");
            heap.fail_at = n;
            heap.onward = onward;
            b.alloc = t_heap_alloc;
            b.alloc_ctx = &heap;
            rc = bdk_es_append(&b, ten_types, N_TEN, payload, sizeof payload, 0);
            CHECKF(rc == (heap.calls >= n ? BEDROCK_ERR_NOMEM : 0), "%d", rc);
            CHECK(rc == 0 || b.len == 0);
            bedrock_buffer_free(&b);
            CHECK(heap.live == 0);
        }
        CHECK(rc == 0);
    }
    bedrock_buffer_free(&frame);
}

/* ---- Encoder ---- */

static void test_refused(void)
{
    static char long_text[32769];
    static struct bdk_es_header many[257];
    static char names[257][2];
    static const struct {
        const char *name;
        size_t name_len;
        enum bdk_es_type type;
        size_t value_len;
        int code;
    } cases[] = {
        {"no name", 0, BDK_ES_TRUE, 0, BEDROCK_ERR_USAGE},
        {"a name of 255 bytes", 255, BDK_ES_TRUE, 0, 0},
        {"a name of 256 bytes", 256, BDK_ES_TRUE, 0, BEDROCK_ERR_USAGE},
        {"a name of SIZE_MAX bytes", SIZE_MAX, BDK_ES_TRUE, 0, BEDROCK_ERR_USAGE},
        {"an empty string", 1, BDK_ES_STRING, 0, 0},
        {"a string of 32767 bytes", 1, BDK_ES_STRING, 32767, 0},
        {"a string of 32768 bytes", 1, BDK_ES_STRING, 32768, BEDROCK_ERR_USAGE},
        {"bytes of 32767 bytes", 1, BDK_ES_BYTES, 32767, 0},
        {"bytes of 32768 bytes", 1, BDK_ES_BYTES, 32768, BEDROCK_ERR_USAGE},
        {"bytes of SIZE_MAX bytes", 1, BDK_ES_BYTES, SIZE_MAX, BEDROCK_ERR_USAGE},
        {"a uuid of 15 bytes", 1, BDK_ES_UUID, 15, BEDROCK_ERR_USAGE},
        {"a uuid of 17 bytes", 1, BDK_ES_UUID, 17, BEDROCK_ERR_USAGE},
        {"type 10", 1, (enum bdk_es_type)10, 0, BEDROCK_ERR_USAGE},
    };

    memset(long_text, 'x', sizeof long_text);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct bdk_es_header h[2] = {{TEXT("fine"), BDK_ES_TRUE, {NULL, 0}, 0},
                                     {{long_text, cases[i].name_len}, cases[i].type,
                                      {long_text, cases[i].value_len}, 0}};
        struct bedrock_buffer b = {0};
        struct seen s;

        t_case("append %s", cases[i].name);
        bedrock_buffer_append(&b, "before", 6);
        CHECK(bdk_es_append(&b, h, 2, "p", 1, 0) == cases[i].code && b.error == cases[i].code);
        CHECK_TEXT(b.p, cases[i].code ? b.len : 6, "before");
        if (cases[i].code == 0) {
            b.len -= 6;
            memmove(b.p, b.p + 6, b.len);
            s = decode(&b, b.len, 0, 0, 0);
            CHECK(s.code == 0 && s.frames == 1);
            bedrock_buffer_free(&s.log);
        } else {
            CHECKF(bdk_es_append(&b, h, 1, "p", 1, 0) == cases[i].code && b.len == 6, "not sticky");
        }
        bedrock_buffer_free(&b);
    }
    for (size_t i = 0; i < 257; i++) {
        names[i][0] = (char)(i / 100);
        names[i][1] = (char)(i % 100);
        many[i].name.p = names[i];
        many[i].name.len = 2;
    }
    for (size_t n = 256; n <= 257; n++) {
        struct bedrock_buffer b = {0};

        t_case("append %zu headers", n);
        CHECK(bdk_es_append(&b, many, n, "", 0, 0) == (n <= 256 ? 0 : BEDROCK_ERR_USAGE));
        CHECK(b.len == (n <= 256 ? 16 + 4 * n : 0));
        bedrock_buffer_free(&b);
    }
    {
        struct bedrock_buffer b = {0};

        t_case("append a name twice");
        many[1].name = many[0].name;
        CHECK(bdk_es_append(&b, many, 2, "", 0, 0) == BEDROCK_ERR_USAGE && b.len == 0);
        bedrock_buffer_free(&b);
    }
}

static void test_frame_append(void)
{
    static const char event[] = "\x0B:event-type\7\0\5chunk\x0D:content-type\7\0\x10" "application/json"
                                "\x0D:message-type\7\0\5event";
    static const char exception[] = "\x0F:exception-type\7\0\1e\x0D:content-type\7\0\x10"
                                    "application/json\x0D:message-type\7\0\x09" "exception";
    static char long_text[32769];
    struct bedrock_buffer got = {0}, want = {0};

    t_case("bedrock_frame_append");
    CHECK(bedrock_frame_append(&got, 0, "chunk", "{\"bytes\":\"\"}", 12) == 0);
    CHECK(bedrock_frame_append(&got, 1, "e", NULL, 0) == 0);
    put_frame(&want, event, sizeof event - 1, "{\"bytes\":\"\"}");
    put_frame(&want, exception, sizeof exception - 1, "");
    CHECK(got.len == want.len && memcmp(got.p, want.p, got.len) == 0);
    memset(long_text, 'x', sizeof long_text - 1);
    CHECK(bedrock_frame_append(&got, 0, long_text, "{}", 2) == BEDROCK_ERR_USAGE);
    CHECK(got.len == want.len);
    got.error = 0;
    CHECK(bedrock_frame_append(&got, 0, "x", "{}", SIZE_MAX) == BEDROCK_ERR_USAGE);
    CHECK(got.len == want.len);
    bedrock_buffer_free(&got);
    bedrock_buffer_free(&want);
}

int main(void)
{
    test_ten_types();
    test_numbers();
    test_string();
    test_blocks();
    test_preludes();
    test_many_headers();
    test_largest();
    test_end();
    test_flips();
    test_no_copy();
    test_steady();
    test_no_memory();
    test_refused();
    test_frame_append();
    return t_end("test_eventstream");
}
