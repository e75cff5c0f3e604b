/* vectors_eventstream.c - eventstream.json and eventstream-smithy-rs.json of the folder argv[1]: frames
 * by other authors' encoders, decoded however cut, compared, and encoded again. Leaves out: what an
 * event's payload means. */
#include "bedrock_int.h"
#include "vectors.h"
#include <stdlib.h>
#include <string.h>

#define MAX_HEADERS 64

/* A JSON string, decoded. free() it. */
static unsigned char *decoded(struct bedrock_json string, size_t *len)
{
    unsigned char *text = malloc(string.len + 1);

    if (!text)
        exit(2);
    *len = bedrock_json_unescape(string, (char *)text, string.len);
    text[*len] = 0;
    return text;
}

/* Hex digits in a JSON string, dashes between them left out. free() it. */
static unsigned char *unhexed(struct bedrock_json string, size_t *len)
{
    unsigned char *text = decoded(string, len);
    size_t n = 0;

    for (size_t i = 0; i < *len; i++)
        if (text[i] != '-')
            text[n++] = text[i];
    *len = t_unhex((char *)text, n, text);
    if (!CHECKF(*len != (size_t)-1, "not hex"))
        *len = 0;
    return text;
}

static int same_bytes(struct bedrock_slice got, unsigned char *want, size_t len)
{
    int same = got.len == len && (len == 0 || memcmp(got.p, want, len) == 0);

    free(want);
    return same;
}

static int same_value(const struct bdk_es_header *h, struct bedrock_json want)
{
    /* in the order of enum bdk_es_type */
    static const char *const types[] = {"boolean", "boolean", "byte", "short", "integer", "long",
                                        "binary", "string", "timestamp", "uuid"};
    struct bedrock_json type = bedrock_json_get(want, "type"), value = bedrock_json_get(want, "value");
    int64_t number;
    size_t len;

    if (!bedrock_json_equals(type, types[h->type]))
        return 0;
    switch (h->type) {
    case BDK_ES_TRUE:
        return value.type == BEDROCK_JSON_TRUE;
    case BDK_ES_FALSE:
        return value.type == BEDROCK_JSON_FALSE;
    case BDK_ES_STRING: {
        unsigned char *text = decoded(value, &len);

        return same_bytes(h->value, text, len);
    }
    case BDK_ES_BYTES:
    case BDK_ES_UUID: {
        unsigned char *bytes = unhexed(value, &len);

        return same_bytes(h->value, bytes, len);
    }
    default:
        return bedrock_json_int(value, &number) == 0 && number == h->number;
    }
}

/* What the vector says of a header by that name; type NONE when it says nothing. */
static struct bedrock_json header_of(struct bedrock_json headers, struct bedrock_slice want)
{
    struct bedrock_json_iter it = bedrock_json_iterate(headers);
    struct bedrock_json name, value, none = {BEDROCK_JSON_NONE, NULL, 0};
    size_t len;

    while (bedrock_json_next(&it, &name, &value)) {
        unsigned char *text = decoded(name, &len);

        if (same_bytes(want, text, len))
            return value;
    }
    return none;
}

/* Headers and payload as the vector has them, where it does, and the same bytes when encoded again. */
static void check_frame(struct bedrock_json vector, const struct bdk_es_frame *f, const char *bytes,
                        size_t n)
{
    struct bedrock_json headers = bedrock_json_get(vector, "headers");
    struct bedrock_json payload = bedrock_json_get(vector, "payload_utf8");
    struct bedrock_json_iter it = bedrock_json_iterate(headers);
    struct bedrock_json value;
    struct bdk_es_header h[MAX_HEADERS];
    struct bedrock_slice rest = f->headers;
    struct bedrock_buffer again = {0};
    size_t count = 0, said = 0, len;
    int rc = 1;

    while (count < MAX_HEADERS && (rc = bdk_es_header_next(&rest, &h[count])) == 1)
        count++;
    CHECKF(rc == 0, "header %zu: %d", count, rc);
    while (bedrock_json_next(&it, NULL, &value))
        said++;
    if (headers.type == BEDROCK_JSON_OBJECT) {
        CHECKF(count == said, "%zu headers, not %zu", count, said);
        for (size_t i = 0; i < count; i++)
            CHECKF(same_value(&h[i], header_of(headers, h[i].name)), "header %.*s",
                   (int)h[i].name.len, h[i].name.p);
    }
    if (payload.type == BEDROCK_JSON_STRING) {
        unsigned char *text = decoded(payload, &len);

        CHECKF(same_bytes(f->payload, text, len), "payload %.*s", (int)f->payload.len, f->payload.p);
    }
    CHECK(bdk_es_append(&again, h, count, f->payload.p, f->payload.len, 0) == 0);
    CHECKF(again.len == n && memcmp(again.p, bytes, n) == 0, "encoded differently");
    bedrock_buffer_free(&again);
}

/* Decode in two pieces cut there, or from there on in pieces of one byte. */
static void decode(struct bedrock_json vector, const char *bytes, size_t n, size_t cut, size_t piece)
{
    int valid = bedrock_json_get(vector, "valid").type == BEDROCK_JSON_TRUE;
    size_t at = 0, to = cut, frames = 0;
    struct bdk_es_decoder d;
    struct bdk_es_frame f;
    int rc = BDK_MORE;

    bdk_es_init(&d, 0, bdk_cpu(), NULL, NULL);
    while (at < n && rc == BDK_MORE) {
        const char *p = bytes + at;
        size_t left = to - at;

        while ((rc = bdk_es_next(&d, &p, &left, &f)) == 0) {
            frames++;
            if (valid)
                check_frame(vector, &f, bytes, n);
        }
        at = to;
        to = piece && piece < n - at ? at + piece : n;
    }
    if (rc == BDK_MORE)
        rc = bdk_es_end(&d);
    if (valid)
        CHECKF(rc == 0 && frames == 1, "cut at %zu: code %d, %zu frames, %s", cut, rc, frames,
               d.why ? d.why : "");
    else
        CHECKF(rc < 0 && frames == 0, "cut at %zu: code %d, %zu frames", cut, rc, frames);
    bdk_es_free(&d);
}

static void test_vector(struct bedrock_json vector)
{
    struct bedrock_json name = bedrock_json_get(vector, "name");
    size_t n;
    unsigned char *bytes = unhexed(bedrock_json_get(vector, "hex"), &n);
    char *copy = t_guard(bytes, n);

    t_case("%.*s", (int)name.len, name.p ? name.p : "");
    CHECK(name.type == BEDROCK_JSON_STRING && n > 0);
    decode(vector, copy, n, 0, 1);
    for (size_t cut = 0; cut <= n; cut++)
        decode(vector, copy, n, cut, 0);
    t_guard_free(copy, n);
    free(bytes);
}

static void run(const char *folder)
{
    vectors_each(folder, "eventstream.json", "", test_vector);
    vectors_each(folder, "eventstream-smithy-rs.json", "", test_vector);
}

int main(int argc, char **argv)
{
    return vectors_main("vectors_eventstream", argc, argv, run);
}
