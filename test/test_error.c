/* test_error.c - what went wrong, told on one line: codes, cutting, the service's own errors.
 * AWS restJson1, "Operation error serialization"; cases of our own (vectors_errors.c has the public
 * ones). Leaves out: which code a failing call gets (test_call.c). */
#include "bedrock_int.h"
#include "t.h"
#include <string.h>

static void test_codes(void)
{
    t_case("every code has a name, a text and its own value");
#define CHECK_CODE(name, value, text)                                                              \
    CHECK(BEDROCK_ERR_##name == value && strcmp(bedrock_code_name(value), #name) == 0);            \
    CHECK(strcmp(bedrock_code_text(BEDROCK_ERR_##name), text) == 0 && value < 0);
    BEDROCK_ERROR_LIST(CHECK_CODE)
#undef CHECK_CODE
    CHECK(strcmp(bedrock_code_name(0), "OK") == 0 && strcmp(bedrock_code_name(-99), "UNKNOWN") == 0);
    CHECK(strcmp(bedrock_code_name(1), "UNKNOWN") == 0 && bedrock_code_text(-99)[0]);
    t_case("bedrock_error() of no client tells that memory ran out");
    CHECK(bedrock_error(NULL)->code == BEDROCK_ERR_NOMEM && bedrock_error(NULL)->message[0]);
}

static void test_set(void)
{
    struct bedrock_error e = {0};
    char text[1100];

    t_case("the first cause wins");
    CHECK(bdk_error_set(&e, BEDROCK_ERR_IO, "one %d", 1) == BEDROCK_ERR_IO);
    CHECK(bdk_error_set(&e, BEDROCK_ERR_TLS, "two") == BEDROCK_ERR_IO);
    CHECK_TEXT(e.message, strlen(e.message), "one 1");
    CHECK(e.retryable == 1);
    t_case("one line, whatever is put in");
    memset(&e, 0, sizeof e);
    bdk_error_set(&e, BEDROCK_ERR_USAGE, "%s", "a\nb\r\x1B[31mc\x7F\td \xC2\x9Bz \xC3\x9B");
    CHECK_TEXT(e.message, strlen(e.message), "a b  [31mc  d   z \xC3\x9B");
    CHECK(e.retryable == 0);
    for (size_t n = 1015; n < 1035; n++) {
        t_case("cut at a character, %zu bytes", n);
        memset(&e, 0, sizeof e);
        memset(text, 'x', n);
        memcpy(text + n - 3, "\xE2\x82\xAC", 4);
        bdk_error_set(&e, BEDROCK_ERR_USAGE, "%s", text);
        CHECK(strlen(e.message) == (n < sizeof e.message                          ? n
                                    : n - 3 < sizeof e.message - 1 ? n - 3 : sizeof e.message - 1));
        CHECK((unsigned char)e.message[strlen(e.message) - 1] == (n < 1024 ? 0xAC : 'x'));
    }
}

static void test_text(void)
{
    static const struct {
        size_t cap;
        const char *in, *out;
    } cases[] = {
        {1, "abc", ""}, {4, "abc", "abc"}, {3, "abc", "ab"}, {4, "a\xC3\xA9" "b", "a\xC3\xA9"},
        {3, "a\xC3\xA9", "a"}, {4, "\xF0\x9F\x98\x80", ""}, {5, "\xF0\x9F\x98\x80", "\xF0\x9F\x98\x80"},
        {9, "", ""}, {9, "a\nb", "a b"}, {9, "d\xE9" "f \xFF", "d?f ?"}, {9, "\xC2\x9B" "3", "  3"},
        {9, "\xE2\x82\xAC\x9B", "\xE2\x82\xAC?"}, {9, "\xC0\x80", "??"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char out[16];
        size_t n = strlen(cases[i].in);
        char *in = t_guard(cases[i].in, n);

        t_case("text cut to %zu bytes, case %zu", cases[i].cap, i);
        bdk_error_text(out, cases[i].cap, (struct bedrock_slice){in, n});
        CHECK_TEXT(out, strlen(out), cases[i].out);
        t_guard_free(in, n);
    }
}

/* A response as it comes in, to an error. */
static struct bedrock_error read_error(const char *response)
{
    struct bedrock_error e = {0};
    struct bdk_http_head h;
    struct bedrock_slice body;
    size_t scanned = 0, n = strlen(response);

    CHECK(bdk_http_head_read(response, n, &scanned, &h, NULL) == 0);
    body.p = response + h.len;
    body.len = n - h.len;
    bdk_error_service(&e, &h, body);
    return e;
}

#define HEAD(status) "HTTP/1.1 " status "\r\nContent-Length: 1000\r\n"

static void test_service(void)
{
    static const struct {
        const char *name, *response, *code, *message;
        int status, retryable;
    } cases[] = {
        {"header with address", HEAD("429 x") "X-Amzn-ErrorType: ThrottlingException:http://i/\r\n\r\n"
         "{\"message\":\"slow\"}", "ThrottlingException", "slow", 429, 1},
        {"header before body", HEAD("403 x") "x-amzn-errortype: A\r\n\r\n{\"code\":\"B\",\"__type\":\"C\"}",
         "A", "{\"code\":\"B\",\"__type\":\"C\"}", 403, 0},
        {"code before __type", HEAD("400 x") "\r\n{\"__type\":\"C\",\"Code\":\"B\",\"Message\":\"m\"}", "B",
         "m", 400, 0},
        {"__type with name space", HEAD("400 x") "\r\n{\"__type\":\"com.amazon#ValidationException\","
         "\"message\":\"m\"}", "ValidationException", "m", 400, 0},
        {"name space and address", HEAD("400 x") "X-Amzn-ErrorType: a.b#C:http://x/#y\r\n\r\n{}", "C", "{}",
         400, 0},
        {"not ready", HEAD("429 x") "X-Amzn-ErrorType: ModelNotReadyException\r\n\r\n{\"message\":\"x\"}",
         "ModelNotReadyException", "x", 429, 1},
        {"503 by its status", HEAD("503 x") "\r\n<html>\n <b>Away</b></html>\n", "",
         "<html>  <b>Away</b></html>", 503, 1},
        {"501 is final", HEAD("501 x") "\r\n", "", "the service gave no message", 501, 0},
        {"redirect", HEAD("301 x") "Location: https://elsewhere/\r\n\r\n", "",
         "the service answered with a redirect, which is not followed", 301, 0},
        {"escapes", HEAD("400 x") "\r\n{\"message\":\"a\\nb \\u001b[0m \\u20ac\"}", "",
         "a b  [0m \xE2\x82\xAC", 400, 0},
        {"message is no string", HEAD("400 x") "\r\n{\"message\":7}", "", "{\"message\":7}", 400, 0},
        {"the token is not repeated", HEAD("403 x") "\r\n{\"message\":\"host:x x-amz-security-token:"
         "IQoJb3Jp+/= and x-amz-security-token:abcdefgh'\"}", "", "host:x x-amz-security-token:**** and "
         "x-amz-security-token:****'", 403, 0},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct bedrock_error e = read_error(cases[i].response);

        t_case("service error: %s", cases[i].name);
        CHECK(e.code == BEDROCK_ERR_SERVICE && e.http_status == cases[i].status);
        CHECK_TEXT(e.name, strlen(e.name), cases[i].code);
        CHECK_TEXT(e.message, strlen(e.message), cases[i].message);
        CHECK(e.retryable == cases[i].retryable);
    }
}

static void test_long_service_text(void)
{
    static char response[9000];
    struct bedrock_error e;
    size_t at;

    t_case("a long message is cut to fit");
    strcpy(response, HEAD("400 x") "\r\n{\"message\":\"");
    at = strlen(response);
    memset(response + at, 'm', 6000);
    strcpy(response + at + 6000, "\"}");
    e = read_error(response);
    CHECK(strlen(e.message) == sizeof e.message - 1);
    t_case("of a long page the beginning is enough");
    strcpy(response, HEAD("500 x") "\r\n");
    at = strlen(response);
    memset(response + at, '<', 6000);
    e = read_error(response);
    CHECKF(strlen(e.message) == 300, "%zu bytes", strlen(e.message));
    t_case("a long name is cut to fit");
    strcpy(response, HEAD("500 x") "x-amzn-errortype: ");
    at = strlen(response);
    memset(response + at, 'N', 500);
    strcpy(response + at + 500, "\r\n\r\n");
    e = read_error(response);
    CHECK(strlen(e.name) == sizeof e.name - 1);
}

static void test_frames(void)
{
    static const struct {
        const char *type, *payload, *name, *message;
        int retryable;
    } cases[] = {
        {"throttlingException", "{\"message\":\"wait\"}", "ThrottlingException", "wait", 1},
        {"ModelStreamErrorException", "{\"message\":\"m\"}", "ModelStreamErrorException", "m", 0},
        {"validationException", "", "ValidationException", "the stream ended with this exception", 0},
        {"somethingNew", "plain words", "SomethingNew", "plain words", 0},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct bedrock_buffer b = {0};
        struct bedrock_error e = {0};
        struct bdk_es_decoder d;
        struct bdk_es_frame f;
        const char *p;
        size_t len;

        t_case("exception frame %s", cases[i].type);
        bedrock_frame_append(&b, 1, cases[i].type, cases[i].payload, strlen(cases[i].payload));
        bdk_es_init(&d, 0, 0, NULL, NULL);
        p = b.p;
        len = b.len;
        CHECK(bdk_es_next(&d, &p, &len, &f) == 0);
        bdk_error_frame(&e, &f);
        CHECK(e.code == BEDROCK_ERR_SERVICE && e.retryable == cases[i].retryable);
        CHECK_TEXT(e.name, strlen(e.name), cases[i].name);
        CHECK_TEXT(e.message, strlen(e.message), cases[i].message);
        bdk_es_free(&d);
        bedrock_buffer_free(&b);
    }
}

int main(void)
{
    test_codes();
    test_set();
    test_text();
    test_service();
    test_long_service_text();
    test_frames();
    return t_end("test_error");
}
