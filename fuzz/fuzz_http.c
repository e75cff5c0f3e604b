/* fuzz_http.c - any bytes as a response, whole and in pieces; as a date; as parts of a request.
 * RFC 9112; libFuzzer's interface. Leaves out: running out of memory (test_http.c). */
#include "fuzz.h"

/* What a whole read and a cut one must agree about. */
struct outcome {
    int rc, eof;
    struct bdk_http_head head;
    size_t used;                    /* of head and body together */
    struct bedrock_buffer body;
    const char *why;
};

/* Where the next piece ends: mostly 1 to 8 bytes on, sometimes up to 64, or all when `whole`. */
static size_t more(size_t at, size_t size, uint32_t *state, int whole)
{
    size_t piece;

    *state = *state * 1664525u + 1013904223u;
    piece = *state >> 26;
    piece = 1 + (*state >> 24 & 3 ? piece % 8 : piece);
    return whole || piece > size - at ? size : at + piece;
}

/* Each piece is a block of its own, so that a sanitizer sees a byte too far. */
static char *block(const char *p, size_t n)
{
    char *copy = calloc(n ? n : 1, 1);

    must(copy != NULL);
    if (n > 0)
        memcpy(copy, p, n);
    return copy;
}

static int feed(struct bdk_http_body *b, struct outcome *o, const char *p, size_t n)
{
    char *copy = block(p, n);
    const char *at = copy;
    size_t left = n;
    struct bedrock_slice piece;
    int rc;

    while ((rc = bdk_http_body_next(b, &at, &left, &piece)) == BDK_DATA) {
        must(piece.len > 0 && piece.p + piece.len == at && at + left == copy + n);
        bedrock_buffer_append(&o->body, piece.p, piece.len);
    }
    must(at + left == copy + n && (rc != BDK_MORE || left == 0));
    must(bdk_http_body_next(b, &at, &left, &piece) == rc && at + left == copy + n);
    o->used += n - left;
    free(copy);
    return rc;
}

static void read_body(struct outcome *o, const char *p, size_t size, uint32_t *state, int whole)
{
    struct bdk_http_body b;
    size_t at = o->used;

    bdk_http_body_init(&b, &o->head);
    o->rc = feed(&b, o, p, 0);
    while (o->rc == BDK_MORE && at < size) {
        size_t to = more(at, size, state, whole);

        o->rc = feed(&b, o, p + at, to - at);
        at = to;
    }
    o->eof = bdk_http_body_eof(&b);
    o->why = b.why;
    must((o->rc < 0) == (b.why != NULL));
    must(o->eof == 0 || o->eof == BEDROCK_ERR_TRUNCATED);
    must(o->rc != 0 || o->eof == 0);
}

static void read_response(struct outcome *o, const char *p, size_t size, uint32_t state, int whole)
{
    size_t at = 0, scanned = 0;
    char *copy;

    o->rc = BDK_MORE;
    while (o->rc == BDK_MORE && at < size) {
        at = more(at, size, &state, whole);
        o->rc = bdk_http_head_read(p, at, &scanned, &o->head, &o->why);
        must(o->rc != BDK_MORE || (scanned == at && o->why == NULL));
        must(o->rc >= 0 || o->why != NULL);
    }
    if (o->rc != 0)
        return;
    o->used = o->head.len;
    must(o->used <= at && o->used <= BDK_HTTP_MAX_HEAD);
    must(o->head.fields.p + o->head.fields.len + 2 == p + o->used);
    scanned = 0;
    copy = block(p, o->used); /* and once more, moved and without a byte behind it */
    must(bdk_http_head_read(copy, o->used, &scanned, &o->head, NULL) == 0 && o->head.len == o->used);
    must(bdk_http_field(&o->head, "").p == NULL);
    bdk_http_field(&o->head, "content-type");
    read_body(o, p, size, &state, whole);
    free(copy);
}

static void check_response(const char *p, size_t size, uint32_t state)
{
    struct outcome a = {0}, b = {0};

    read_response(&a, p, size, state, 1);
    read_response(&b, p, size, state, 0);
    must(a.rc == b.rc && a.eof == b.eof && a.used == b.used);
    must(a.head.len == b.head.len && a.head.status == b.head.status);
    must(a.head.framing == b.head.framing && a.head.content_length == b.head.content_length);
    must(a.head.keep_alive == b.head.keep_alive && a.head.fields.len == b.head.fields.len);
    must(a.why == b.why || (a.why && b.why && strcmp(a.why, b.why) == 0));
    must(a.body.len == b.body.len && a.body.error == 0 && b.body.error == 0);
    must(a.body.len == 0 || memcmp(a.body.p, b.body.p, a.body.len) == 0);
    bedrock_buffer_free(&a.body);
    bedrock_buffer_free(&b.body);
}

static void check_date(const char *p, size_t size)
{
    struct bedrock_slice text = {p, size};
    char human[24];
    int64_t epoch_s;

    if (bdk_date_http(text, &epoch_s) != 0)
        return;
    must(size == 29);
    bdk_date_human(epoch_s, human);
    if (p[23] == '6') /* a leap second is shown as the next one */
        must(memcmp(human + 17, "00", 2) == 0);
    else
        must(memcmp(human, p + 12, 4) == 0 && memcmp(human + 8, p + 5, 2) == 0 &&
             memcmp(human + 11, p + 17, 8) == 0);
}

static void check_request(const char *p, size_t size)
{
    struct bedrock_buffer b = {0};
    struct bedrock_slice m = next_part(&p, &size), target = next_part(&p, &size), n = next_part(&p, &size);
    char *method = text_of(m), *name = text_of(n);
    struct bdk_field field = {name, {p, size}};
    size_t lines = 0;

    if (bdk_http_request(&b, method, target, &field, 1) != 0)
        must(b.len == 0);
    for (size_t i = 0; i < b.len; i++) {
        unsigned char c = (unsigned char)b.p[i];

        must(c >= 0x20 || c == '\t' || c == '\r' || c == '\n');
        must(c != '\r' || (i + 1 < b.len && b.p[i + 1] == '\n'));
        must(c != '\n' || (i > 0 && b.p[i - 1] == '\r'));
        lines += c == '\n';
    }
    must(b.len == 0 || lines == 3);
    bedrock_buffer_free(&b);
    must(bdk_uri_encode(&b, target.p, target.len, 0) == 0);
    for (size_t i = 0; i < b.len; i++)
        must(b.p[i] > 0x20 && b.p[i] < 0x7F && b.p[i] != '/' && b.p[i] != '?');
    bedrock_buffer_free(&b);
    free(method);
    free(name);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint32_t state = (uint32_t)size;
    char *copy = block((const char *)data, size);

    for (size_t i = 0; i < size; i++)
        state = state * 31 + data[i];
    check_response(copy, size, state);
    check_date(copy, size);
    check_request(copy, size);
    free(copy);
    return 0;
}
