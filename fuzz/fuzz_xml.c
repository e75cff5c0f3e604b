/* fuzz_xml.c - any bytes as a document: an answer is text in UTF-8 that is no longer than its source, and
 * one that is cut short gives none. Leaves out: which text is right (test_xml.c). */
#include "fuzz.h"

static void fuzz_path(struct bedrock_slice text, const char *path)
{
    struct bedrock_buffer out = {0};
    int rc = bdk_xml_text(text, path, &out);
    const unsigned char *p = (const unsigned char *)out.p, *end = p ? p + out.len : p;

    must(rc == 0 || rc == 1 || rc == BEDROCK_ERR_PROTOCOL || rc == BEDROCK_ERR_LIMIT);
    must(out.len <= text.len && (rc != 0 || out.len == 0));
    while (rc == 1 && p < end)
        if (*p++ >= 0x80) {
            p--;
            must(bdk_json_utf8(&p, end) == 0);
        }
    /* but for white space, nothing behind the outermost element can be left out */
    if (rc >= 0 && !strchr(" \t\r\n", text.p[text.len - 1])) {
        text.len--;
        must(bdk_xml_text(text, path, &out) < 0);
    }
    bedrock_buffer_free(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const paths[] = {"*", "a", "a/b", "*/*/Credentials/AccessKeyId",
                                        "ErrorResponse/Error/Code"};

    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++)
        fuzz_path((struct bedrock_slice){(const char *)data, size}, paths[i]);
    return 0;
}
