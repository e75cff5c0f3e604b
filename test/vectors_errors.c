/* vectors_errors.c - rest-json-errors.json of the folder argv[1]: responses of the public protocol
 * tests, written as HTTP, read by http.c and told by error.c. Leaves out: members beside the message. */
#include "bedrock_int.h"
#include "vectors.h"
#include <stdlib.h>
#include <string.h>

static void append_json(struct bedrock_buffer *b, struct bedrock_json string)
{
    if (bdk_buffer_reserve(b, string.len) == 0)
        b->len += bedrock_json_unescape(string, b->p + b->len, string.len);
}

/* The response as a server would send it; the body begins at *body_at. */
static void write_response(struct bedrock_buffer *out, struct bedrock_json response, size_t *body_at)
{
    struct bedrock_json_iter it = bedrock_json_iterate(bedrock_json_get(response, "headers"));
    struct bedrock_buffer body = {0};
    struct bedrock_json name, value;
    char line[64];
    int64_t status = 0;

    CHECK(bedrock_json_int(bedrock_json_get(response, "status_code"), &status) == 0);
    append_json(&body, bedrock_json_get(response, "body"));
    snprintf(line, sizeof line, "HTTP/1.1 %d Whatever\r\n", (int)status);
    bdk_buffer_text(out, line);
    while (bedrock_json_next(&it, &name, &value)) {
        append_json(out, name);
        bdk_buffer_text(out, ": ");
        append_json(out, value);
        bdk_buffer_text(out, "\r\n");
    }
    snprintf(line, sizeof line, "Content-Length: %zu\r\n\r\n", body.len);
    bdk_buffer_text(out, line);
    *body_at = out->len;
    bedrock_buffer_append(out, body.p, body.len);
    CHECK(body.error == 0 && out->error == 0);
    bedrock_buffer_free(&body);
}

/* A vector whose message is null knows of none in the response; then error.c must say something of
 * its own, and never nothing. */
static void check_error(const struct bedrock_error *e, struct bedrock_json vector)
{
    struct bedrock_json message = bedrock_json_get(vector, "expect_message");
    int64_t status = 0;

    CHECK(bedrock_json_int(bedrock_json_get(vector, "response.status_code"), &status) == 0);
    CHECKF(e->code == BEDROCK_ERR_SERVICE, "code %d", e->code);
    CHECKF(bedrock_json_equals(bedrock_json_get(vector, "expect_error_code"), e->name), "name %s",
           e->name);
    CHECKF(e->http_status == status, "status %d", e->http_status);
    if (message.type == BEDROCK_JSON_STRING)
        CHECKF(bedrock_json_equals(message, e->message), "message %s", e->message);
    else
        CHECK(message.type == BEDROCK_JSON_NULL && e->message[0] && !strchr(e->message, '\n'));
    /* no name in this file stands in a list of the retry rules, so the status decides: 500 may pass */
    CHECKF(e->retryable == (status == 500), "retryable %d at status %d", e->retryable, (int)status);
}

static void test_vector(struct bedrock_json vector)
{
    struct bedrock_buffer out = {0};
    struct bedrock_error e = {0};
    struct bdk_http_head head;
    struct bedrock_slice body;
    const char *why = "";
    size_t body_at = 0, scanned = 0, n;
    char id[128];

    n = bedrock_json_unescape(bedrock_json_get(vector, "id"), id, sizeof id - 1);
    id[n < sizeof id ? n : sizeof id - 1] = 0;
    t_case("rest-json-errors.json: %s", id);
    write_response(&out, bedrock_json_get(vector, "response"), &body_at);
    if (CHECKF(bdk_http_head_read(out.p, out.len, &scanned, &head, &why) == 0, "%s", why) &&
        CHECKF(head.len == body_at, "a head of %zu bytes", head.len)) {
        body.p = out.p + body_at;
        body.len = out.len - body_at;
        bdk_error_service(&e, &head, body);
        check_error(&e, vector);
    }
    bedrock_buffer_free(&out);
}

static void run(const char *folder)
{
    vectors_each(folder, "rest-json-errors.json", "", test_vector);
}

int main(int argc, char **argv)
{
    return vectors_main("vectors_errors", argc, argv, run);
}
