/* fuzz_eventstream.c - any bytes as a stream of events, whole and in pieces, by tables and by native
 * checksums; what is delivered is encoded again. libFuzzer's interface. Leaves out: running out of memory
 * (test_eventstream.c). The first byte is not part of the stream: it says how to treat the others. */
#include "fuzz.h"

#define MODE_REPAIR 1   /* put right checksums in, which no fuzzer finds by itself */
#define MODE_SMALL 2    /* frames of 256 bytes at most */

/* What a whole read and a cut one must agree about. */
struct outcome {
    int rc;
    size_t frames;
    const char *why;
    struct bedrock_buffer log;
};

static size_t get32(const uint8_t *p)
{
    return (size_t)p[0] << 24 | (size_t)p[1] << 16 | (size_t)p[2] << 8 | p[3];
}

static void put32(uint8_t *p, uint32_t v)
{
    p[0] = (uint8_t)(v >> 24);
    p[1] = (uint8_t)(v >> 16);
    p[2] = (uint8_t)(v >> 8);
    p[3] = (uint8_t)v;
}

static void repair(uint8_t *p, size_t n)
{
    size_t total;

    while (n >= 12) {
        put32(p + 8, bdk_crc32(0, p, 8, 0));
        total = get32(p);
        if (total < 16 || total > n)
            return;
        put32(p + total - 4, bdk_crc32(0, p, total - 4, 0));
        p += total;
        n -= total;
    }
}

/* Encoded again, the frame is what it was, byte by byte: the format has one way to say a thing. */
static void check_frame(const struct bdk_es_frame *f)
{
    struct bdk_es_header h[256], one;
    struct bedrock_slice rest = f->headers;
    struct bedrock_buffer b = {0};
    const char *frame = f->headers.p - 12;
    size_t n = 0;

    while (rest.len > 0) {
        must(n < 256 && bdk_es_header_next(&rest, &h[n]) == 1);
        must(h[n].name.len > 0 && h[n].name.p > f->headers.p);
        must(!h[n].value.p || h[n].value.p + h[n].value.len == rest.p);
        n++;
    }
    must(rest.p == f->payload.p && bdk_es_header_next(&rest, &one) == 0);
    must(bdk_es_append(&b, h, n, f->payload.p, f->payload.len, bdk_cpu()) == 0);
    must(b.len == 16 + f->headers.len + f->payload.len && memcmp(b.p, frame, b.len) == 0);
    bedrock_buffer_free(&b);
    bdk_es_string(f, ":event-type");
}

/* One piece, as a block of its own, so that a sanitizer sees a byte too far or a use too late. */
static void feed(struct bdk_es_decoder *d, struct outcome *o, const uint8_t *bytes, size_t n)
{
    char *copy = malloc(n);
    const char *p = copy;
    size_t left = n;
    struct bdk_es_frame f;

    must(copy != NULL);
    memcpy(copy, bytes, n);
    while ((o->rc = bdk_es_next(d, &p, &left, &f)) == 0) {
        uint8_t lengths[8];

        must(p + left == copy + n && 16 + f.headers.len + f.payload.len <= d->max_frame);
        check_frame(&f);
        put32(lengths, (uint32_t)f.headers.len);
        put32(lengths + 4, (uint32_t)f.payload.len);
        bedrock_buffer_append(&o->log, lengths, 8);
        bedrock_buffer_append(&o->log, f.headers.p, f.headers.len + f.payload.len);
        o->frames++;
    }
    must(o->rc != BDK_MORE || left == 0);
    must(o->rc == BDK_MORE || (bdk_es_next(d, &p, &left, &f) == o->rc && d->why));
    free(copy);
}

/* Pieces are mostly of 1 to 8 bytes, sometimes of up to 64; or all at once. */
static void decode(struct outcome *o, const uint8_t *p, size_t n, size_t max_frame, int whole)
{
    uint32_t state = (uint32_t)n;
    struct bdk_es_decoder d;
    size_t at = 0;

    bdk_es_init(&d, max_frame, whole ? bdk_cpu() : 0, NULL, NULL);
    o->rc = BDK_MORE;
    while (at < n && o->rc == BDK_MORE) {
        size_t piece;

        state = state * 1664525u + 1013904223u + p[at];
        piece = state >> 26;
        piece = 1 + (state >> 24 & 3 ? piece % 8 : piece);
        if (whole || piece > n - at)
            piece = n - at;
        feed(&d, o, p + at, piece);
        at += piece;
    }
    if (o->rc == BDK_MORE)
        o->rc = bdk_es_end(&d);
    o->why = d.why;
    bdk_es_free(&d);
}

/* The bytes as a header block that nobody has checked. */
static void check_block(const uint8_t *p, size_t n)
{
    struct bedrock_slice rest = {(const char *)p, n};
    struct bdk_es_header h;
    size_t left = n;

    while (bdk_es_header_next(&rest, &h) > 0) {
        must(rest.len < left && rest.p + rest.len == (const char *)p + n);
        left = rest.len;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct outcome a = {0}, b = {0};
    size_t max_frame, n;
    uint8_t *stream;

    if (size < 2)
        return 0;
    max_frame = data[0] & MODE_SMALL ? 256 : 0;
    n = size - 1;
    stream = malloc(n);
    must(stream != NULL);
    memcpy(stream, data + 1, n);
    check_block(stream, n);
    if (data[0] & MODE_REPAIR)
        repair(stream, n);
    decode(&a, stream, n, max_frame, 1);
    decode(&b, stream, n, max_frame, 0);
    must(a.rc == b.rc && a.frames == b.frames && a.why == b.why);
    must(a.log.len == b.log.len && a.log.error == 0 && b.log.error == 0);
    must(a.log.len == 0 || memcmp(a.log.p, b.log.p, a.log.len) == 0);
    bedrock_buffer_free(&a.log);
    bedrock_buffer_free(&b.log);
    free(stream);
    return 0;
}
