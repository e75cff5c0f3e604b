/* eventstream.c - event-stream frames: prelude, headers, payload and their checksums, both ways.
 * Amazon Event Stream Specification (application/vnd.amazon.eventstream). Leaves out: what the headers
 * mean, which is the caller's business, and signed frames. */
#include "bedrock_int.h"
#include <string.h>

#define ES_PRELUDE 12u      /* length of the frame, length of the headers, CRC of the two */
#define ES_OVERHEAD 16u     /* of a frame around headers and payload: prelude and CRC */
#define ES_MAX_VALUE 32767u /* bytes of a string or byte array */
#define ES_MAX_COUNT 256u   /* headers of a frame. Bedrock sends 3; the specification has no ceiling, but
                               the search for names that occur twice needs one */

/* ---- Numbers, big-endian ---- */

static uint32_t es_get(const char *p)
{
    const unsigned char *u = (const unsigned char *)p;

    return (uint32_t)u[0] << 24 | (uint32_t)u[1] << 16 | (uint32_t)u[2] << 8 | u[3];
}

/* A number of n bytes in two's complement, 0 for none. */
static int64_t es_get_signed(const char *p, size_t n)
{
    uint64_t v = n > 0 && ((unsigned char)p[0] & 0x80) ? UINT64_MAX : 0;
    int64_t number;

    for (size_t i = 0; i < n; i++)
        v = v << 8 | (unsigned char)p[i];
    memcpy(&number, &v, sizeof number); /* a conversion would be the compiler's choice */
    return number;
}

static void es_put(struct bedrock_buffer *b, uint64_t v, size_t n)
{
    unsigned char bytes[8];

    for (size_t i = 0; i < n; i++)
        bytes[i] = (unsigned char)(v >> 8 * (n - 1 - i));
    bedrock_buffer_append(b, bytes, n);
}

/* ---- Headers ---- */

static int es_is_bytes(enum bdk_es_type type)
{
    return type == BDK_ES_BYTES || type == BDK_ES_STRING;
}

/* Take the first header out of the block, which is not empty. NULL, or what is wrong with it. */
static const char *es_header(struct bedrock_slice *rest, struct bdk_es_header *h)
{
    static const unsigned char widths[] = {0, 0, 1, 2, 4, 8, 0, 0, 8, 16};
    const char *p = rest->p, *end = rest->p + rest->len;
    size_t n = (unsigned char)*p++;

    if (n == 0)
        return "a header of an event has no name";
    if ((size_t)(end - p) < n + 1)
        return "a header's name runs past the headers of its event";
    h->name.p = p;
    h->name.len = n;
    p += n;
    n = (unsigned char)*p++;
    if (n > BDK_ES_UUID)
        return "a header of an event has an unknown type";
    h->type = (enum bdk_es_type)n;
    n = widths[n];
    if (es_is_bytes(h->type)) {
        if (end - p < 2)
            return "a header's length runs past the headers of its event";
        n = (size_t)((unsigned char)p[0] << 8 | (unsigned char)p[1]);
        p += 2;
        if (n > ES_MAX_VALUE)
            return "a header's value is longer than 32767 bytes";
    }
    if ((size_t)(end - p) < n)
        return "a header's value runs past the headers of its event";
    if (es_is_bytes(h->type) || h->type == BDK_ES_UUID) {
        h->value.p = p;
        h->value.len = n;
        h->number = 0;
    } else {
        h->value.p = NULL;
        h->value.len = 0;
        h->number = es_get_signed(p, n);
    }
    rest->p = p + n;
    rest->len = (size_t)(end - rest->p);
    return NULL;
}

/* Check a whole block. NULL, or what is wrong with it, and the code for that. */
static const char *es_check(struct bedrock_slice headers, int *code)
{
    struct bedrock_slice names[ES_MAX_COUNT];
    struct bdk_es_header h;
    const char *why;

    *code = BEDROCK_ERR_PROTOCOL;
    for (size_t n = 0; headers.len > 0; n++) {
        why = es_header(&headers, &h);
        if (why)
            return why;
        if (n == ES_MAX_COUNT) {
            *code = BEDROCK_ERR_LIMIT;
            return "an event has more than 256 headers";
        }
        for (size_t i = 0; i < n; i++)
            if (names[i].len == h.name.len && memcmp(names[i].p, h.name.p, h.name.len) == 0)
                return "a header of an event occurs twice";
        names[n] = h.name;
    }
    return NULL;
}

int bdk_es_header_next(struct bedrock_slice *rest, struct bdk_es_header *h)
{
    if (rest->len == 0)
        return 0;
    return es_header(rest, h) ? BEDROCK_ERR_PROTOCOL : 1;
}

struct bedrock_slice bdk_es_string(const struct bdk_es_frame *f, const char *name)
{
    struct bedrock_slice rest = f->headers, none = {NULL, 0};
    struct bdk_es_header h;

    while (bdk_es_header_next(&rest, &h) > 0)
        if (h.type == BDK_ES_STRING && bdk_slice_is(h.name, name))
            return h.value;
    return none;
}

/* ---- Decoder ---- */

static int es_fail(struct bdk_es_decoder *d, int code, const char *why)
{
    d->error = code;
    d->why = why;
    return code;
}

/* Check the prelude at p and take over the frame's length. Its checksum comes first: nothing is
 * believed, and nothing allocated, for a length that was damaged on the way. */
static int es_prelude(struct bdk_es_decoder *d, const char *p)
{
    size_t total = es_get(p), headers = es_get(p + 4);

    if (bdk_crc32(0, p, 8, d->cpu) != es_get(p + 8))
        return es_fail(d, BEDROCK_ERR_PROTOCOL, "the checksum of an event's lengths is wrong");
    if (total < ES_OVERHEAD)
        return es_fail(d, BEDROCK_ERR_PROTOCOL, "an event is shorter than its own frame");
    if (headers > total - ES_OVERHEAD)
        return es_fail(d, BEDROCK_ERR_PROTOCOL, "an event's headers are longer than the event");
    if (total > d->max_frame)
        return es_fail(d, BEDROCK_ERR_LIMIT, "an event is larger than the limit for one");
    if (headers > BDK_ES_MAX_HEADERS)
        return es_fail(d, BEDROCK_ERR_LIMIT, "an event's headers are larger than 128 KiB");
    if (total - ES_OVERHEAD - headers > BDK_ES_MAX_PAYLOAD)
        return es_fail(d, BEDROCK_ERR_LIMIT, "an event's payload is larger than 24 MiB");
    d->frame_len = total;
    return 0;
}

/* The frame at p is complete and its prelude checked: check the rest and hand it out. */
static int es_deliver(struct bdk_es_decoder *d, const char *p, struct bdk_es_frame *f)
{
    size_t end = d->frame_len - 4, headers_len = es_get(p + 4);
    struct bedrock_slice headers = {p + ES_PRELUDE, headers_len};
    const char *why;
    int code;

    /* the frame's checksum covers the prelude too, and over those 8 bytes it is the prelude's own */
    if (bdk_crc32(es_get(p + 8), p + 8, end - 8, d->cpu) != es_get(p + end))
        return es_fail(d, BEDROCK_ERR_PROTOCOL, "the checksum of an event is wrong");
    why = es_check(headers, &code);
    if (why)
        return es_fail(d, code, why);
    f->headers = headers;
    f->payload.p = p + ES_PRELUDE + headers_len;
    f->payload.len = d->frame_len - ES_OVERHEAD - headers_len;
    return 0;
}

/* Move input into the held frame until it is `want` bytes long: 0, or BDK_MORE while it is not. */
static int es_collect(struct bdk_es_decoder *d, const char **p, size_t *len, size_t want)
{
    size_t n = want - d->held.len;

    if (bdk_buffer_reserve(&d->held, n) != 0)
        return es_fail(d, d->held.error, "no memory to put an event together");
    if (n > *len)
        n = *len;
    bedrock_buffer_append(&d->held, *p, n);
    *p += n;
    *len -= n;
    return d->held.len < want ? BDK_MORE : 0;
}

/* Go on with a frame that comes in pieces. */
static int es_held(struct bdk_es_decoder *d, const char **p, size_t *len, struct bdk_es_frame *f)
{
    int rc = 0;

    if (d->frame_len == 0) {
        rc = es_collect(d, p, len, ES_PRELUDE);
        if (rc == 0)
            rc = es_prelude(d, d->held.p);
    }
    if (rc == 0)
        rc = es_collect(d, p, len, d->frame_len);
    if (rc == 0)
        rc = es_deliver(d, d->held.p, f);
    if (rc == 0)
        d->delivered = 1;
    return rc;
}

void bdk_es_init(struct bdk_es_decoder *d, size_t max_frame, unsigned cpu, bedrock_alloc_fn alloc,
                 void *alloc_ctx)
{
    memset(d, 0, sizeof *d);
    d->max_frame = max_frame ? max_frame : BDK_ES_MAX_FRAME;
    d->cpu = cpu;
    d->held.max = BDK_ES_MAX_FRAME; /* es_prelude() lets nothing larger pass */
    d->held.alloc = alloc;
    d->held.alloc_ctx = alloc_ctx;
}

void bdk_es_free(struct bdk_es_decoder *d)
{
    bedrock_buffer_free(&d->held);
    d->frame_len = 0;
    d->delivered = 0;
}

int bdk_es_next(struct bdk_es_decoder *d, const char **p, size_t *len, struct bdk_es_frame *f)
{
    const char *frame = *p;
    int rc;

    if (d->error)
        return d->error;
    if (d->delivered) {
        d->held.len = d->frame_len = 0;
        d->delivered = 0;
    }
    if (*len == 0)
        return BDK_MORE;
    if (d->held.len > 0 || *len < ES_PRELUDE)
        return es_held(d, p, len, f);
    rc = es_prelude(d, frame);
    if (rc != 0)
        return rc;
    if (*len < d->frame_len)
        return es_held(d, p, len, f);
    rc = es_deliver(d, frame, f);
    *p += d->frame_len;
    *len -= d->frame_len;
    d->frame_len = 0;
    return rc;
}

int bdk_es_end(const struct bdk_es_decoder *d)
{
    if (d->error)
        return d->error;
    return d->held.len > 0 && !d->delivered ? BEDROCK_ERR_TRUNCATED : 0;
}

/* ---- Encoder ---- */

/* Bytes that a header takes; 0: it does not fit the format. */
static size_t es_header_size(const struct bdk_es_header *h)
{
    size_t size = 1 + h->name.len + 1;

    if (h->name.len < 1 || h->name.len > 255)
        return 0;
    switch (h->type) {
    case BDK_ES_TRUE:
    case BDK_ES_FALSE:
        return size;
    case BDK_ES_BYTE:
        return h->number >= INT8_MIN && h->number <= INT8_MAX ? size + 1 : 0;
    case BDK_ES_SHORT:
        return h->number >= INT16_MIN && h->number <= INT16_MAX ? size + 2 : 0;
    case BDK_ES_INT:
        return h->number >= INT32_MIN && h->number <= INT32_MAX ? size + 4 : 0;
    case BDK_ES_LONG:
    case BDK_ES_TIMESTAMP:
        return size + 8;
    case BDK_ES_BYTES:
    case BDK_ES_STRING:
        return h->value.len <= ES_MAX_VALUE ? size + 2 + h->value.len : 0;
    case BDK_ES_UUID:
        return h->value.len == 16 ? size + 16 : 0;
    }
    return 0;
}

/* size is what es_header_size() said. */
static void es_put_header(struct bedrock_buffer *b, const struct bdk_es_header *h, size_t size)
{
    es_put(b, h->name.len, 1);
    bedrock_buffer_append(b, h->name.p, h->name.len);
    es_put(b, (uint64_t)h->type, 1);
    if (es_is_bytes(h->type))
        es_put(b, h->value.len, 2);
    if (es_is_bytes(h->type) || h->type == BDK_ES_UUID)
        bedrock_buffer_append(b, h->value.p, h->value.len);
    else
        es_put(b, (uint64_t)h->number, size - 2 - h->name.len);
}

/* The length of the header block; above BDK_ES_MAX_HEADERS when it does not fit the format. */
static size_t es_headers_size(const struct bdk_es_header *headers, size_t n_headers)
{
    size_t sum = 0;

    for (size_t i = 0; i < n_headers; i++) {
        size_t size = es_header_size(&headers[i]);

        if (size == 0)
            return BDK_ES_MAX_HEADERS + 1;
        sum += size;
        if (sum > BDK_ES_MAX_HEADERS)
            return sum;
    }
    return sum;
}

int bdk_es_append(struct bedrock_buffer *b, const struct bdk_es_header *headers, size_t n_headers,
                  const void *payload, size_t payload_len, unsigned cpu)
{
    size_t start = b->len, size = es_headers_size(headers, n_headers);
    struct bedrock_slice block;
    int code;

    if (b->error)
        return b->error;
    if (size > BDK_ES_MAX_HEADERS || payload_len > BDK_ES_MAX_PAYLOAD)
        return bdk_buffer_fail(b, BEDROCK_ERR_USAGE);
    if (bdk_buffer_reserve(b, ES_OVERHEAD + size + payload_len) != 0)
        return b->error;
    es_put(b, ES_OVERHEAD + size + payload_len, 4);
    es_put(b, size, 4);
    es_put(b, bdk_crc32(0, b->p + start, 8, cpu), 4);
    for (size_t i = 0; i < n_headers; i++)
        es_put_header(b, &headers[i], es_header_size(&headers[i]));
    block.p = b->p + start + ES_PRELUDE;
    block.len = size;
    /* what the decoder would refuse is not written: a name twice, too many headers */
    if (es_check(block, &code)) {
        b->len = start;
        return bdk_buffer_fail(b, BEDROCK_ERR_USAGE);
    }
    bedrock_buffer_append(b, payload, payload_len);
    es_put(b, bdk_crc32(0, b->p + start, b->len - start, cpu), 4);
    return b->error;
}

int bedrock_frame_append(struct bedrock_buffer *b, int is_exception, const char *type,
                         const char *payload, size_t payload_len)
{
    /* in the order in which Bedrock sends them */
    struct bdk_es_header headers[3] = {
        {bdk_slice(is_exception ? ":exception-type" : ":event-type"), BDK_ES_STRING, bdk_slice(type), 0},
        {bdk_slice(":content-type"), BDK_ES_STRING, bdk_slice("application/json"), 0},
        {bdk_slice(":message-type"), BDK_ES_STRING, bdk_slice(is_exception ? "exception" : "event"), 0},
    };

    /* no client is there to have asked for the processor's instructions; tables do */
    return bdk_es_append(b, headers, 3, payload, payload_len, 0);
}
