/* vectors_requests.c - http-requests.json of the folder argv[1]: what another client sent for a call is
 * what we send, seen over the mock transport: by the operation where the library has one, and by BEDROCK_ANY.
 * Leaves out: answers. */
#include "bedrock_int.h"
#include "mock.h"
#include "vectors.h"
#include <stdlib.h>
#include <string.h>

#define MAX_FIELDS 16

/* Paths of the suite that an operation stands for; '*' is one segment. */
static const struct {
    const char *method, *path;
    enum bedrock_operation operation;
} operations[] = {
    {"POST", "/model/*/converse", BEDROCK_CONVERSE},
    {"POST", "/model/*/converse-stream", BEDROCK_CONVERSE_STREAM},
    {"POST", "/model/*/invoke", BEDROCK_INVOKE_MODEL},
    {"POST", "/model/*/invoke-with-response-stream", BEDROCK_INVOKE_MODEL_STREAM},
    {"POST", "/model/*/count-tokens", BEDROCK_COUNT_TOKENS},
    {"GET", "/foundation-models", BEDROCK_LIST_FOUNDATION_MODELS},
    {"GET", "/inference-profiles", BEDROCK_LIST_INFERENCE_PROFILES},
    {"POST", "/create-foundation-model-agreement", BEDROCK_CREATE_AGREEMENT},
};
#define N_OPERATIONS (sizeof operations / sizeof operations[0])

/* One vector, its strings decoded and zero-terminated. */
struct vector {
    struct bedrock_json json;
    char *name, *method, *host, *path, *body, *signed_headers;
};

/* A request of ours, and what it points to. */
struct made {
    struct bedrock_request rq;
    struct bedrock_buffer path, query;
    struct bedrock_field fields[MAX_FIELDS];
};

/* ---- Reading ---- */

/* A string as text for free(); NULL for any other value. */
static char *text_of(struct bedrock_json v)
{
    char *text;

    if (v.type != BEDROCK_JSON_STRING)
        return NULL;
    text = malloc(v.len + 1);
    if (!text)
        exit(2);
    text[bedrock_json_unescape(v, text, v.len)] = 0;
    return text;
}

static void vector_read(struct vector *v, struct bedrock_json json)
{
    v->json = json;
    v->name = text_of(bedrock_json_get(json, "name"));
    v->method = text_of(bedrock_json_get(json, "method"));
    v->host = text_of(bedrock_json_get(json, "host"));
    v->path = text_of(bedrock_json_get(json, "path"));
    v->body = text_of(bedrock_json_get(json, "body"));
    v->signed_headers = text_of(bedrock_json_get(json, "jsSignedHeaders"));
}

static void vector_free(struct vector *v)
{
    free(v->name);
    free(v->method);
    free(v->host);
    free(v->path);
    free(v->body);
    free(v->signed_headers);
}

static int path_fits(const char *path, const char *pattern)
{
    while (*pattern) {
        if (*pattern == '*') {
            if (*path == '/' || !*path)
                return 0;
            path += strcspn(path, "/");
            pattern++;
        } else if (*path++ != *pattern++) {
            return 0;
        }
    }
    return !*path;
}

static enum bedrock_operation operation_of(const struct vector *v)
{
    for (size_t i = 0; i < N_OPERATIONS; i++)
        if (strcmp(v->method, operations[i].method) == 0 && path_fits(v->path, operations[i].path))
            return operations[i].operation;
    return BEDROCK_ANY;
}

/* Decode %XX. Not zero-terminated. */
static void append_decoded(struct bedrock_buffer *out, const char *p, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        unsigned char byte;

        if (p[i] == '%' && i + 2 < n && t_unhex(p + i + 1, 2, &byte) == 1) {
            bedrock_buffer_append(out, &byte, 1);
            i += 2;
        } else {
            bedrock_buffer_append(out, p + i, 1);
        }
    }
}

/* ---- Making the call ---- */

/* The model id stands in the path only, encoded; hand it in as a user would. */
static void write_model(struct bedrock_buffer *out, const struct vector *v)
{
    const char *p = v->path + strlen("/model/");

    append_decoded(out, p, strcspn(p, "/"));
    bedrock_buffer_append(out, "", 1);
}

/* The path from its segments as a user has them: decoded here, encoded by the library. */
static void write_path(struct bedrock_buffer *out, const struct vector *v)
{
    for (const char *p = v->path; *p == '/';) {
        size_t n = strcspn(++p, "/");
        struct bedrock_buffer segment = {0};

        append_decoded(&segment, p, n);
        bdk_buffer_text(out, "/");
        bedrock_encode(out, segment.p, segment.len);
        bedrock_buffer_free(&segment);
        p += n;
    }
    bedrock_buffer_append(out, "", 1);
}

static void write_query(struct bedrock_buffer *out, const struct vector *v)
{
    struct bedrock_json_iter it = bedrock_json_iterate(bedrock_json_get(v->json, "query"));
    struct bedrock_json name, value;

    while (bedrock_json_next(&it, &name, &value)) {
        char *n = text_of(name), *text = text_of(value);

        if (CHECKF(text != NULL, "a query member that is no string")) {
            bdk_buffer_text(out, out->len > 0 ? "&" : "");
            bdk_uri_encode(out, n, strlen(n), 0);
            bdk_buffer_text(out, "=");
            bdk_uri_encode(out, text, strlen(text), 0);
        }
        free(n);
        free(text);
    }
    bedrock_buffer_append(out, "", 1);
}

/* The header fields, but a Content-Type that the library writes by itself. */
static size_t read_fields(struct bedrock_field fields[MAX_FIELDS], const struct vector *v)
{
    struct bedrock_json_iter it = bedrock_json_iterate(bedrock_json_get(v->json, "headers"));
    struct bedrock_json name, value;
    size_t n = 0;

    while (bedrock_json_next(&it, &name, &value)) {
        if (bedrock_json_equals(name, "content-type") && bedrock_json_equals(value, "application/json"))
            continue;
        if (!CHECKF(n < MAX_FIELDS && value.type == BEDROCK_JSON_STRING, "headers that cannot be sent"))
            break;
        fields[n].name = text_of(name);
        fields[n++].value = text_of(value);
    }
    return n;
}

/* A request from the vector's parts, for free_request(). */
static void make_request(struct made *made, const struct vector *v, enum bedrock_operation operation)
{
    struct bedrock_request *rq = &made->rq;

    memset(made, 0, sizeof *made);
    write_query(&made->query, v);
    rq->operation = operation;
    rq->query = made->query.p;
    rq->body = v->body;
    rq->body_len = v->body ? strlen(v->body) : 0;
    rq->headers = made->fields;
    rq->n_headers = read_fields(made->fields, v);
    if (operation == BEDROCK_ANY) {
        write_path(&made->path, v);
        rq->service = strncmp(v->host, "bedrock-runtime.", 16) == 0 ? BEDROCK_RUNTIME : BEDROCK_CONTROL;
        rq->method = v->method;
        rq->path = made->path.p;
    } else if (strncmp(v->path, "/model/", 7) == 0) {
        write_model(&made->path, v);
        rq->model = made->path.p;
    }
}

static void free_request(struct made *made)
{
    for (size_t i = 0; i < made->rq.n_headers; i++) {
        free((void *)made->fields[i].name);
        free((void *)made->fields[i].value);
    }
    bedrock_buffer_free(&made->path);
    bedrock_buffer_free(&made->query);
}

/* Run the call to its end. */
static void call(struct mock *m, const struct bedrock_request *rq)
{
    struct bedrock_options o;
    struct bedrock_call *c = NULL;
    struct bedrock_event ev;
    struct bedrock *b = NULL;
    int rc;

    mock_options(&o, m, NULL);
    o.region = "us-west-2";
    CHECK(bedrock_open(&b, &o) == 0);
    if (CHECKF(bedrock_start(b, rq, &c) == 0, "%s", bedrock_error(b)->message)) {
        while ((rc = bedrock_next(c, &ev)) == BEDROCK_EVENT)
            ;
        CHECKF(rc == 0, "%s", bedrock_call_error(c)->message);
    }
    bedrock_end(c);
    bedrock_close(b);
}

/* ---- Comparing ---- */

/* What was sent, cut up. */
struct sent {
    struct bedrock_slice line, fields, body;
};

static int sent_read(struct sent *s, const struct mock *m)
{
    const char *p = m->sent.p, *end = p + m->sent.len, *eol = NULL, *head_end = NULL;

    for (; p && p + 4 <= end && !head_end; p++) {
        if (!eol && memcmp(p, "\r\n", 2) == 0)
            eol = p;
        if (memcmp(p, "\r\n\r\n", 4) == 0)
            head_end = p;
    }
    if (!eol || !head_end)
        return 0;
    s->line.p = m->sent.p;
    s->line.len = (size_t)(eol - m->sent.p);
    s->fields.p = eol + 2;
    s->fields.len = (size_t)(head_end + 2 - s->fields.p);
    s->body.p = head_end + 4;
    s->body.len = (size_t)(end - s->body.p);
    return 1;
}

/* The value of a header that was sent; how often it was in *count. */
static struct bedrock_slice sent_field(const struct sent *s, const char *name, int *count)
{
    struct bedrock_slice found = {NULL, 0};
    const char *p = s->fields.p, *end = p + s->fields.len;

    for (*count = 0; p < end; p++) {
        const char *eol = memchr(p, '\r', (size_t)(end - p)), *colon = memchr(p, ':', (size_t)(end - p));
        struct bedrock_slice n = {p, colon ? (size_t)(colon - p) : 0};

        if (colon && bdk_slice_is_nocase(n, name)) {
            found.p = colon + 2;
            found.len = (size_t)(eol - found.p);
            ++*count;
        }
        p = eol + 1;
    }
    return found;
}

static void check_field(const struct sent *s, const char *name, const char *want)
{
    int count;
    struct bedrock_slice got = sent_field(s, name, &count);

    CHECKF(count == (want ? 1 : 0), "%s was sent %d times", name, count);
    if (want && count == 1)
        CHECK_TEXT(got.p, got.len, want);
}

/* The query on the line, decoded, is the vector's members: each of them, and no more. */
static void check_query(struct bedrock_slice query, struct bedrock_json members)
{
    struct bedrock_json_iter it = bedrock_json_iterate(members);
    struct bedrock_json name, value;
    struct bedrock_buffer want = {0}, got = {0};

    while (bedrock_json_next(&it, &name, &value)) {
        char *n = text_of(name), *text = text_of(value);

        bdk_buffer_text(&want, want.len > 0 ? "&" : "");
        bdk_buffer_text(&want, n);
        bdk_buffer_text(&want, "=");
        bdk_buffer_text(&want, text ? text : "");
        free(n);
        free(text);
    }
    bedrock_buffer_append(&want, "", 1);
    append_decoded(&got, query.p, query.len);
    CHECK_TEXT(got.p, got.len, want.p);
    for (size_t i = 0; i < query.len; i++)
        CHECKF(query.p[i] > ' ' && query.p[i] < 0x7F && query.p[i] != '+', "query %.*s",
               (int)query.len, query.p);
    bedrock_buffer_free(&want);
    bedrock_buffer_free(&got);
}

/* "POST /path?query HTTP/1.1" */
static void check_line(const struct sent *s, const struct vector *v)
{
    struct bedrock_buffer start = {0};
    struct bedrock_slice rest = s->line, query = {NULL, 0};
    const char *end = " HTTP/1.1";

    bdk_buffer_text(&start, v->method);
    bdk_buffer_text(&start, " ");
    bdk_buffer_text(&start, v->path);
    if (CHECKF(rest.len >= start.len + strlen(end) && memcmp(rest.p, start.p, start.len) == 0 &&
                   memcmp(rest.p + rest.len - strlen(end), end, strlen(end)) == 0,
               "sent   %.*s\n  wanted %.*s", (int)rest.len, rest.p, (int)start.len, start.p)) {
        query.p = rest.p + start.len;
        query.len = rest.len - start.len - strlen(end);
        if (query.len > 0 && CHECKF(*query.p == '?', "line %.*s", (int)rest.len, rest.p)) {
            query.p++;
            query.len--;
        }
        check_query(query, bedrock_json_get(v->json, "query"));
    }
    bedrock_buffer_free(&start);
}

static void check_headers(const struct sent *s, const struct vector *v)
{
    struct bedrock_json headers = bedrock_json_get(v->json, "headers"), name, value;
    struct bedrock_json_iter it = bedrock_json_iterate(headers);
    char length[24];

    check_field(s, "Host", v->host);
    while (bedrock_json_next(&it, &name, &value)) {
        char *n = text_of(name), *text = text_of(value);

        check_field(s, n, text ? text : "");
        free(n);
        free(text);
    }
    if (bedrock_json_get(headers, "content-type").type == BEDROCK_JSON_NONE)
        check_field(s, "Content-Type", NULL);
    /* RFC 9110 8.6: a POST without a body says so; the suite was taken where HTTP had yet to add that */
    snprintf(length, sizeof length, "%zu", v->body ? strlen(v->body) : 0);
    check_field(s, "Content-Length", strcmp(v->method, "POST") == 0 ? length : NULL);
    check_field(s, "Transfer-Encoding", NULL);
}

/* 1 when a list like "a;b;c" holds the name. */
static int list_holds(const char *list, struct bedrock_slice name)
{
    while (*list) {
        size_t n = strcspn(list, ";");

        if (n == name.len && memcmp(list, name.p, n) == 0)
            return 1;
        list += list[n] ? n + 1 : n;
    }
    return 0;
}

/* The other client signed each header that we sign. */
static void check_signed(const struct sent *s, const struct vector *v)
{
    static const char mark[] = ", SignedHeaders=";
    int count;
    struct bedrock_slice value = sent_field(s, "Authorization", &count), name;
    size_t n_names = 0, at = 0;

    while (at + sizeof mark <= value.len && memcmp(value.p + at, mark, sizeof mark - 1) != 0)
        at++;
    for (at += sizeof mark - 1; at < value.len && value.p[at - 1] != ','; at += name.len + 1) {
        name.p = value.p + at;
        name.len = 0;
        while (at + name.len < value.len && name.p[name.len] != ';' && name.p[name.len] != ',')
            name.len++;
        CHECKF(list_holds(v->signed_headers, name), "signed %.*s", (int)name.len, name.p);
        n_names++;
    }
    CHECKF(n_names >= 2, "%zu signed headers", n_names);
}

/* ---- Vectors ---- */

static void test_call(const struct vector *v, enum bedrock_operation operation)
{
    struct bedrock_buffer frames = {0}, reply = {0};
    struct sent s = {0};
    struct made made;
    struct mock m;

    mock_frames(&frames);
    if (strstr(v->path, "-stream"))
        mock_stream(&reply, &frames, 100);
    else
        mock_reply(&reply, "200 OK", "application/json", "{}");
    mock_init(&m, reply.p, reply.len);
    make_request(&made, v, operation);
    call(&m, &made.rq);
    CHECKF(strcmp(m.host, v->host) == 0, "connected to %s", m.host);
    if (CHECKF(sent_read(&s, &m), "what was sent is no request")) {
        check_line(&s, v);
        check_headers(&s, v);
        check_signed(&s, v);
        CHECK_TEXT(s.body.p, s.body.len, v->body ? v->body : "");
    }
    free_request(&made);
    mock_free(&m);
    bedrock_buffer_free(&frames);
    bedrock_buffer_free(&reply);
}

static void test_vector(struct bedrock_json json)
{
    struct vector v = {0};

    vector_read(&v, json);
    t_case("http-requests.json: %s", v.name ? v.name : "a case without a name");
    if (CHECK(v.name && v.method && v.host && v.path && v.signed_headers)) {
        enum bedrock_operation operation = operation_of(&v);

        test_call(&v, BEDROCK_ANY);
        if (operation != BEDROCK_ANY) {
            t_case("http-requests.json: %s, by the operation", v.name);
            test_call(&v, operation);
        }
    }
    vector_free(&v);
}

static void run(const char *folder)
{
    vectors_each(folder, "http-requests.json", "", test_vector);
}

int main(int argc, char **argv)
{
    return vectors_main("vectors_requests", argc, argv, run);
}
