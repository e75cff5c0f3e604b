/* fuzz_body.c - any bytes as what a request is made of: a file, a conversation, what a tool gave, base64. A
 * body that is built is JSON; what is encoded comes back. libFuzzer's interface. Leaves out:
 * files (test_body.c). */
#include "fuzz.h"

/* A body that did not fail is JSON; one that did says why. */
static void must_end(struct bedrock_body *b)
{
    struct bedrock_json v;

    if (bedrock_body_end(b) == 0)
        must(bedrock_json_parse(b->w.out.p, b->w.out.len, &v, NULL) == 0 && v.type == BEDROCK_JSON_OBJECT);
    else
        must(b->error.code == b->w.out.error && b->error.message[0] != 0);
    bedrock_body_free(b);
}

static void attach(const char *name, const char *text, size_t size)
{
    struct bdk_media is = bdk_media_of(name, text, size);
    struct bedrock_body b = {0};

    must((is.block == BDK_NO_BLOCK) == (is.format == NULL));
    bedrock_body_message(&b, "user");
    must((bedrock_body_bytes(&b, name, text, size) == 0) == (size > 0 && is.block != BDK_NO_BLOCK));
    bedrock_body_bytes(&b, name, text, size);
    must_end(&b);
}

static void converse(const char *text, size_t size)
{
    struct bedrock_body b = {0};

    bedrock_body_messages(&b, text, size);
    bedrock_body_message(&b, "user");
    bedrock_body_bytes(&b, "a.pdf", "%PDF-", 5);
    must_end(&b);
    bedrock_body_message(&b, "user");
    bedrock_body_tool_result(&b, "t", NULL, text, size);
    must_end(&b);
    bedrock_body_message(&b, "user");
    bedrock_body_raw(&b, text, size);
    bedrock_body_text(&b, "t", 1);
    bedrock_body_member(&b, "m", "{}", 2);
    must_end(&b);
}

static void encode(const char *text, size_t size)
{
    struct bedrock_buffer there = {0}, back = {0};
    struct bdk_base64 s = {{0}, 0};
    size_t cut = size > 0 ? (unsigned char)text[0] % size : 0;

    bdk_base64_add(&there, &s, text, cut);
    bdk_base64_add(&there, &s, text + cut, size - cut);
    must(bdk_base64_end(&there, &s) == 0);
    must(bdk_base64_decode(&back, there.p, there.len) == 0 && back.len == size);
    must(size == 0 || memcmp(back.p, text, size) == 0);
    back.len = 0;
    bdk_base64_decode(&back, text, size);
    bedrock_buffer_free(&there);
    bedrock_buffer_free(&back);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1);
    char name[64];
    size_t n = size < sizeof name - 1 ? size : sizeof name - 1;

    must(text != NULL);
    if (size > 0)
        memcpy(text, data, size);
    text[size] = 0;
    memcpy(name, text, n);
    name[n] = 0;
    attach("x", text, size);
    attach(name, text, size);
    converse(text, size);
    encode(text, size);
    free(text);
    return 0;
}
