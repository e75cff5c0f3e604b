/* test_apikey.c - short-term API keys: what is in one, what is refused, and no memory at any point. The
 * signature itself is compared in vectors_sigv4.c. Cases of our own. */
#include "bedrock_int.h"
#include "t.h"
#include <string.h>

#define PREFIX "bedrock-api-key-"
#define NOW 1767323045 /* 20260102T030405Z */

static const struct bdk_credentials plain = {"AKIDEXAMPLE", "TopSecretValue", NULL};

/* Behind its prefix a key is base64: decoded into text. */
static int decoded(const struct bedrock_buffer *key, struct bedrock_buffer *text)
{
    return CHECK(key->len > strlen(PREFIX) && memcmp(key->p, PREFIX, strlen(PREFIX)) == 0) &&
           CHECK(bdk_base64_decode(text, key->p + strlen(PREFIX), key->len - strlen(PREFIX)) == 0) &&
           CHECK(bedrock_buffer_append(text, "", 1) == 0);
}

static void test_parts(void)
{
    static const struct bdk_credentials with_token = {"AKID+/", "TopSecretValue", "to+k/e=n"};
    static const char want[] = "bedrock.amazonaws.com/?Action=CallWithBearerToken"
                               "&X-Amz-Algorithm=AWS4-HMAC-SHA256"
                               "&X-Amz-Credential=AKID%2B%2F%2F20260102%2Feu-west-1%2Fbedrock%2Faws4_request"
                               "&X-Amz-Date=20260102T030405Z&X-Amz-Expires=1"
                               "&X-Amz-Security-Token=to%2Bk%2Fe%3Dn"
                               "&X-Amz-Signature=";
    static const char end[] = "&X-Amz-SignedHeaders=host&Version=1";
    struct bedrock_buffer key = {0}, text = {0};
    const char *signature;

    t_case("a key in parts");
    CHECK(bdk_api_key(&key, &with_token, "eu-west-1", 1, NOW, bdk_cpu()) == 0);
    if (decoded(&key, &text) && CHECKF(strncmp(text.p, want, strlen(want)) == 0, "%s", text.p)) {
        signature = text.p + strlen(want);
        CHECK(strspn(signature, "0123456789abcdef") == 64);
        CHECK_TEXT(signature + 64, strlen(signature + 64), end);
        CHECK(!strstr(text.p, "TopSecret"));
    }
    bedrock_buffer_free(&key);
    bedrock_buffer_free(&text);
}

static void test_refused(void)
{
    static const struct {
        const char *region;
        int64_t expires_s;
        int rc;
    } cases[] = {
        {"us-east-1", 1, 0}, {"us-east-1", 43200, 0}, {"us-east-1", 0, BEDROCK_ERR_USAGE},
        {"us-east-1", 43201, BEDROCK_ERR_USAGE}, {"us-east-1", -1, BEDROCK_ERR_USAGE},
        {"us-east-1", INT64_MAX, BEDROCK_ERR_USAGE}, {"us-east-1&X=", 1, BEDROCK_ERR_USAGE},
        {"", 1, BEDROCK_ERR_USAGE},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct bedrock_buffer key = {0};

        t_case("\"%s\" for %lld s", cases[i].region, (long long)cases[i].expires_s);
        CHECK(bdk_api_key(&key, &plain, cases[i].region, cases[i].expires_s, NOW, bdk_cpu()) == cases[i].rc);
        CHECK((key.len > 0) == (cases[i].rc == 0));
        bedrock_buffer_free(&key);
    }
}

static void test_long(void)
{
    static char token[60000];
    struct bdk_credentials c = plain;
    struct bedrock_buffer key = {0};

    t_case("a session token of 16 KiB, and one that is too long");
    memset(token, '+', 16384);
    c.session_token = token;
    CHECK(bdk_api_key(&key, &c, "us-east-1", 60, NOW, bdk_cpu()) == 0 && key.len > 4 * 16384);
    bedrock_buffer_free(&key);
    memset(token, 'a', sizeof token - 1);
    memset(token, '+', 9000);
    CHECK(bdk_api_key(&key, &c, "us-east-1", 60, NOW, bdk_cpu()) == BEDROCK_ERR_LIMIT && key.len == 0);
    bedrock_buffer_free(&key);
}

static int make_in(void *ctx, struct t_heap *heap)
{
    struct bedrock_buffer key = {.alloc = t_heap_alloc, .alloc_ctx = heap};
    int rc = bdk_api_key(&key, ctx, "us-east-1", 60, NOW, bdk_cpu());

    bedrock_buffer_free(&key);
    return rc;
}

static void test_memory(void)
{
    struct bdk_credentials keys = plain;

    t_case("no memory, at any point");
    t_no_memory(make_in, &keys);
}

int main(void)
{
    test_parts();
    test_refused();
    test_long();
    test_memory();
    return t_end("test_apikey");
}
