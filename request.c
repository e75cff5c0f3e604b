/* request.c - requests before they become calls: which operations there are, what each must bring, and the
 * request line and header fields that they make.
 * Amazon Bedrock API reference. Leaves out: signing and sending (call.c). */
#include "bedrock_int.h"
#include <stdio.h>
#include <string.h>

#define REQUEST_MAX_MODEL 2048  /* API reference: modelId's length */
#define REQUEST_MAX_QUERY 8192
#define REQUEST_MAX_PATH 8192u
#define REQUEST_MAX_METHOD 15u  /* struct bedrock_call has room for it */
#define REQUEST_MAX_FIELD 8192u

static const struct bdk_operation request_operations[] = {
    [BEDROCK_ANY] = {BDK_RUNTIME, "", "", "", 0, BDK_BODY_ANY, -1, 0},
    [BEDROCK_CONVERSE] = {BDK_RUNTIME, "POST", "/model/", "/converse", 1, BDK_BODY_JSON, 0, 0},
    [BEDROCK_CONVERSE_STREAM] = {BDK_RUNTIME, "POST", "/model/", "/converse-stream", 1, BDK_BODY_JSON, 1, 1},
    [BEDROCK_LIST_FOUNDATION_MODELS] = {BDK_CONTROL, "GET", "/foundation-models", "", 0, BDK_BODY_NONE, 0, 0},
    [BEDROCK_LIST_INFERENCE_PROFILES] = {BDK_CONTROL, "GET", "/inference-profiles", "", 0, BDK_BODY_NONE, 0,
                                         0},
    [BEDROCK_GET_MODEL_AVAILABILITY] = {BDK_CONTROL, "GET", "/foundation-model-availability/", "", 1,
                                        BDK_BODY_NONE, 0, 0},
    [BEDROCK_LIST_AGREEMENT_OFFERS] = {BDK_CONTROL, "GET", "/list-foundation-model-agreement-offers/", "", 1,
                                       BDK_BODY_NONE, 0, 0},
    [BEDROCK_CREATE_AGREEMENT] = {BDK_CONTROL, "POST", "/create-foundation-model-agreement", "", 0,
                                  BDK_BODY_JSON, 0, 0},
    [BEDROCK_GET_USE_CASE] = {BDK_CONTROL, "GET", "/use-case-for-model-access", "", 0, BDK_BODY_NONE, 0, 0},
    [BEDROCK_INVOKE_MODEL] = {BDK_RUNTIME, "POST", "/model/", "/invoke", 1, BDK_BODY_ANY, 0, 0},
    [BEDROCK_INVOKE_MODEL_STREAM] = {BDK_RUNTIME, "POST", "/model/", "/invoke-with-response-stream", 1,
                                     BDK_BODY_ANY, 1, 0},
    [BEDROCK_COUNT_TOKENS] = {BDK_RUNTIME, "POST", "/model/", "/count-tokens", 1, BDK_BODY_JSON, 0, 0},
};

const struct bdk_operation *bdk_operation_of(enum bedrock_operation operation)
{
    size_t n = sizeof request_operations / sizeof request_operations[0];

    return (size_t)operation < n ? &request_operations[operation] : NULL;
}

/* ---- Is it one? ---- */

static int request_bad(struct bedrock *b, const char *text)
{
    return bdk_client_fail(b, BEDROCK_ERR_USAGE, text);
}

static int request_check_body(struct bedrock *b, const struct bedrock_request *rq)
{
    struct bedrock_json root;
    struct bedrock_json_error where;

    if (!rq->body || rq->body_len == 0)
        return request_bad(b, "this operation needs a body");
    if (bedrock_json_parse(rq->body, rq->body_len, &root, &where) != 0) {
        memset(&b->err, 0, sizeof b->err);
        return bdk_error_set(&b->err, BEDROCK_ERR_USAGE,
                             "the request's body is not JSON: line %zu, column %zu: %s", where.line,
                             where.column, where.what);
    }
    if (root.type != BEDROCK_JSON_OBJECT)
        return request_bad(b, "the request's body must be a JSON object");
    return 0;
}

int bedrock_encode(struct bedrock_buffer *b, const char *text, size_t len)
{
    return bdk_uri_encode(b, text, len, 0);
}

static int request_check_query(const char *query)
{
    size_t n = strlen(query), parameters = 1;

    for (size_t i = 0; i < n; i++) {
        if ((unsigned char)query[i] <= ' ' || (unsigned char)query[i] >= 0x7F || query[i] == '#')
            return BEDROCK_ERR_USAGE;
        parameters += query[i] == '&';
    }
    return n > REQUEST_MAX_QUERY || parameters > BDK_SIGV4_MAX_PARAMETERS ? BEDROCK_ERR_USAGE : 0;
}

/* What BEDROCK_ANY says in place of an operation. */
static int request_check_any(struct bedrock *b, const struct bedrock_request *rq)
{
    if (!rq->method || !rq->path)
        return request_bad(b, "a request without an operation needs a method and a path");
    if (!bdk_http_is_token(bdk_slice(rq->method)) || strlen(rq->method) > REQUEST_MAX_METHOD ||
        strcmp(rq->method, "HEAD") == 0 || strcmp(rq->method, "CONNECT") == 0)
        return request_bad(b, "the method must be GET, POST or the like");
    if (rq->path[0] != '/' || strlen(rq->path) > REQUEST_MAX_PATH || rq->path[strcspn(rq->path, "?#")])
        return request_bad(b, "the path must begin with '/', hold neither '?' nor '#', and be at most "
                                      "8192 bytes");
    if ((unsigned)rq->service >= BDK_N_SERVICES)
        return request_bad(b, "no such service");
    return 0;
}

static int request_check_headers(struct bedrock *b, const struct bedrock_request *rq)
{
    /* ours, or such as would change how the message is framed */
    static const char *const reserved[] = {"host", "content-length", "authorization", "x-amz-date",
                                           "x-amz-security-token", "user-agent", "transfer-encoding",
                                           "connection", "expect", "te", "trailer", "upgrade"};

    if (rq->n_headers > BDK_MAX_HEADERS)
        return request_bad(b, "more than 32 header fields");
    for (size_t i = 0; i < rq->n_headers; i++) {
        struct bedrock_slice name = bdk_slice(rq->headers[i].name), value = bdk_slice(rq->headers[i].value);

        if (!bdk_http_is_token(name) || !value.p || !bdk_http_is_value(value) ||
            name.len + value.len > REQUEST_MAX_FIELD)
            return request_bad(b, "a header field has no name, or characters that HTTP does not allow, "
                                          "or is longer than 8192 bytes");
        for (size_t k = 0; k < sizeof reserved / sizeof reserved[0]; k++)
            if (bdk_slice_is_nocase(name, reserved[k])) {
                memset(&b->err, 0, sizeof b->err);
                return bdk_error_set(&b->err, BEDROCK_ERR_USAGE, "the header %s is written by the library",
                                     reserved[k]);
            }
    }
    return 0;
}

static int request_check_model(struct bedrock *b, const struct bedrock_request *rq)
{
    size_t n = rq->model ? strlen(rq->model) : 0;

    if (n == 0)
        return request_bad(b, "this operation needs a model id or ARN");
    return n > REQUEST_MAX_MODEL ? request_bad(b, "the model id is longer than 2048 bytes") : 0;
}

int bdk_request_check(struct bedrock *b, const struct bedrock_request *rq)
{
    const struct bdk_operation *op = bdk_operation_of(rq->operation);
    int rc = 0;

    if (!op)
        return request_bad(b, "no such operation");
    if (op->has_model)
        rc = request_check_model(b, rq);
    else if (rq->operation == BEDROCK_ANY)
        rc = request_check_any(b, rq);
    if (rc == 0)
        rc = request_check_headers(b, rq);
    if (rc != 0)
        return rc;
    if (op->body == BDK_BODY_NONE && rq->body_len > 0)
        return request_bad(b, "this operation takes no body");
    if (rq->query && request_check_query(rq->query) != 0)
        return request_bad(b, "the query is longer than 8192 bytes, has more than 64 parameters or "
                              "characters that must be encoded");
    return op->body == BDK_BODY_JSON ? request_check_body(b, rq) : 0;
}

/* ---- What it makes ---- */

static int request_write_target(struct bedrock_call *c, const struct bedrock_request *rq)
{
    bdk_buffer_text(&c->target, c->to->base_path);
    bdk_buffer_text(&c->target, rq->operation == BEDROCK_ANY ? rq->path : c->op->path_before);
    if (c->op->has_model)
        bedrock_encode(&c->target, rq->model, strlen(rq->model));
    bdk_buffer_text(&c->target, c->op->path_after);
    c->path_len = c->target.len;
    if (rq->query && rq->query[0]) {
        bdk_buffer_text(&c->target, "?");
        bdk_buffer_text(&c->target, rq->query);
    }
    return c->target.error;
}

/* Method and header fields, copied. */
static int request_write_fields(struct bedrock_call *c, const struct bedrock_request *rq)
{
    snprintf(c->method, sizeof c->method, "%s", rq->operation == BEDROCK_ANY ? rq->method : c->op->method);
    for (size_t i = 0; i < rq->n_headers; i++) {
        bedrock_buffer_append(&c->headers, rq->headers[i].name, strlen(rq->headers[i].name) + 1);
        bedrock_buffer_append(&c->headers, rq->headers[i].value, strlen(rq->headers[i].value) + 1);
    }
    return c->headers.error;
}

int bdk_request_write(struct bedrock_call *c, const struct bedrock_request *rq)
{
    int rc = request_write_target(c, rq);

    return rc ? rc : request_write_fields(c, rq);
}
