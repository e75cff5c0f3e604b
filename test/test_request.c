/* test_request.c - requests of any kind: what may be asked, what goes out, and what comes back raw, as JSON,
 * or as chunks. Leaves out: the wire of the known operations (test_call.c, vectors_requests.c). */
#include "bedrock_int.h"
#include "mock.h"
#include <string.h>

/* What a call came to. */
struct outcome {
    struct bedrock_buffer text;     /* a byte for each event's kind, then its text or JSON, '|' behind each */
    int code;
    struct bedrock_error err;
};

static struct outcome run(struct mock *m, const struct bedrock_request *rq)
{
    struct outcome o = {{0}, 0, {0}};
    struct bedrock_call *c = NULL;
    struct bedrock_event ev;
    struct bedrock *b;

    CHECK(mock_client(&b, m, NULL) == 0);
    o.code = bedrock_start(b, rq, &c);
    CHECKF((c == NULL) == (o.code != 0), "a call exactly when it was started");
    while (c && (o.code = bedrock_next(c, &ev)) == BEDROCK_EVENT) {
        char kind = (char)('0' + ev.kind);

        bedrock_buffer_append(&o.text, &kind, 1);
        bedrock_buffer_append(&o.text, ev.type.p, ev.type.len);
        if (ev.kind == BEDROCK_RESPONSE)
            bedrock_buffer_append(&o.text, ev.json.p, ev.json.len);
        else
            bedrock_buffer_append(&o.text, ev.text.p, ev.text.len);
        bedrock_buffer_append(&o.text, "|", 1);
    }
    o.err = c ? *bedrock_call_error(c) : *bedrock_error(b);
    bedrock_end(c);
    bedrock_close(b);
    return o;
}

static struct bedrock_request any(const char *method, const char *path)
{
    struct bedrock_request rq = {0};

    rq.method = method;
    rq.path = path;
    return rq;
}

static void test_refused(void)
{
    static const struct bedrock_field bad_headers[] = {
        {"Host", "x"}, {"content-LENGTH", "1"}, {"Authorization", "x"}, {"X-Amz-Date", "x"},
        {"Transfer-Encoding", "chunked"}, {"a b", "x"}, {"", "x"}, {"a", "x\r\nInjected: 1"}, {"a", "\x01"},
        {NULL, "x"}, {"a", NULL},
    };
    static const struct {
        const char *name, *method, *path;
        int service;
    } cases[] = {
        {"nothing said", NULL, NULL, 0},      {"no path", "GET", NULL, 0},
        {"no method", NULL, "/x", 0},         {"empty method", "", "/x", 0},
        {"blank in the method", "G T", "/x", 0}, {"HEAD", "HEAD", "/x", 0},
        {"CONNECT", "CONNECT", "/x", 0},      {"method too long", "ABCDEFGHIJKLMNOP", "/x", 0},
        {"path without slash", "GET", "x", 0},   {"query in the path", "GET", "/x?y", 0},
        {"fragment", "GET", "/x#y", 0},       {"no such service", "GET", "/x", 2},
        {"below zero", "GET", "/x", -1},
    };
    static struct bedrock_field many[BDK_MAX_HEADERS + 1];
    struct bedrock_request rq;
    struct outcome o;
    struct mock m;

    mock_init(&m, "", 0);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        t_case("refused: %s", cases[i].name);
        rq = any(cases[i].method, cases[i].path);
        rq.service = (enum bedrock_service)cases[i].service;
        o = run(&m, &rq);
        CHECKF(o.code == BEDROCK_ERR_USAGE && o.err.message[0], "%d", o.code);
    }
    for (size_t i = 0; i < sizeof bad_headers / sizeof bad_headers[0]; i++) {
        t_case("refused header %zu", i);
        rq = any("GET", "/x");
        rq.headers = &bad_headers[i];
        rq.n_headers = 1;
        o = run(&m, &rq);
        CHECKF(o.code == BEDROCK_ERR_USAGE && o.err.message[0], "%d", o.code);
    }
    t_case("refused: 33 headers");
    for (size_t i = 0; i <= BDK_MAX_HEADERS; i++)
        many[i] = (struct bedrock_field){"X-A", "b"};
    rq = any("GET", "/x");
    rq.headers = many;
    rq.n_headers = BDK_MAX_HEADERS + 1;
    CHECK(run(&m, &rq).code == BEDROCK_ERR_USAGE);
    t_case("a blank in the path is found when it is written");
    rq = any("GET", "/a b");
    CHECK(run(&m, &rq).code == BEDROCK_ERR_USAGE);
    mock_free(&m);
}

static void test_on_the_wire(void)
{
    static const struct bedrock_field typed[] = {{"Content-Type", "text/plain"},
                                                 {"X-Amzn-Bedrock-Trace", "ENABLED"}};
    static struct bedrock_field most[BDK_MAX_HEADERS];
    struct bedrock_buffer reply = {0};
    struct bedrock_request rq = any("POST", "/guardrail/abc/version/1/apply");
    struct outcome o;
    struct mock m;

    mock_reply(&reply, "200 OK", "application/json", "{\"a\":1}");
    mock_init(&m, reply.p, reply.len);

    t_case("any: a POST with its own Content-Type");
    rq.query = "a=b";
    rq.body = "not JSON";
    rq.body_len = 8;
    rq.headers = typed;
    rq.n_headers = 2;
    o = run(&m, &rq);
    CHECK(o.code == BEDROCK_DONE);
    CHECK_TEXT(o.text.p, o.text.len, "1{\"a\":1}|");
    CHECK(t_holds(&m.sent, "POST /guardrail/abc/version/1/apply?a=b HTTP/1.1\r\n"));
    CHECK(t_holds(&m.sent, "Content-Type: text/plain\r\n") && !t_holds(&m.sent, "application/json"));
    CHECK(t_holds(&m.sent, "SignedHeaders=content-type;host;x-amz-date;x-amzn-bedrock-trace,"));
    CHECK(t_holds(&m.sent, "Content-Length: 8\r\n") && t_holds(&m.sent, "\r\n\r\nnot JSON"));
    CHECK(strcmp(m.host, "bedrock-runtime.us-east-1.amazonaws.com") == 0);
    bedrock_buffer_free(&o.text);

    t_case("any: a GET of the control plane, as many headers as may be");
    mock_rewind(&m);
    for (size_t i = 0; i < BDK_MAX_HEADERS; i++)
        most[i] = (struct bedrock_field){"X-A", "b"};
    rq = any("GET", "/guardrails");
    rq.service = BEDROCK_CONTROL;
    rq.headers = most;
    rq.n_headers = BDK_MAX_HEADERS;
    o = run(&m, &rq);
    CHECK(o.code == BEDROCK_DONE && strcmp(m.host, "bedrock.us-east-1.amazonaws.com") == 0);
    CHECK(!t_holds(&m.sent, "Content-Length") && !t_holds(&m.sent, "Content-Type"));
    bedrock_buffer_free(&o.text);

    t_case("any: a POST without a body says so");
    mock_rewind(&m);
    rq = any("POST", "/x");
    o = run(&m, &rq);
    CHECK(o.code == BEDROCK_DONE && t_holds(&m.sent, "Content-Length: 0\r\n"));
    CHECK(!t_holds(&m.sent, "Content-Type"));
    bedrock_buffer_free(&o.text);
    mock_free(&m);
    bedrock_buffer_free(&reply);
}

static void test_raw(void)
{
    struct bedrock_buffer reply = {0}, frames = {0};
    struct bedrock_request rq = any("GET", "/x");
    struct outcome o;
    struct mock m;

    t_case("an answer that is not JSON");
    mock_reply(&reply, "200 OK", "image/png", "\x89PNG bytes");
    mock_init(&m, reply.p, reply.len);
    o = run(&m, &rq);
    CHECK(o.code == BEDROCK_ERR_PROTOCOL && o.text.len == 0);
    t_case("the same, raw");
    mock_rewind(&m);
    rq.raw = 1;
    o = run(&m, &rq);
    CHECK(o.code == BEDROCK_DONE);
    CHECK_TEXT(o.text.p, o.text.len, "5\x89PNG bytes|");
    bedrock_buffer_free(&o.text);
    t_case("raw, a byte at a time");
    mock_rewind(&m);
    m.piece = 1;
    m.stutter = 1;
    o = run(&m, &rq);
    CHECK(o.code == BEDROCK_DONE);
    CHECK_TEXT(o.text.p, o.text.len, "5\x89|5P|5N|5G|5 |5b|5y|5t|5e|5s|");
    bedrock_buffer_free(&o.text);
    t_case("raw, cut");
    mock_rewind(&m);
    m.piece = 0;
    m.cut_at = reply.len - 2;
    o = run(&m, &rq);
    CHECK(o.code == BEDROCK_ERR_TRUNCATED);
    CHECK_TEXT(o.text.p, o.text.len, "5\x89PNG byt|");
    bedrock_buffer_free(&o.text);
    mock_free(&m);
    bedrock_buffer_free(&reply);

    t_case("raw: an error is an error");
    mock_reply(&reply, "400 Bad Request", "application/json", "{\"message\":\"no\"}");
    mock_init(&m, reply.p, reply.len);
    o = run(&m, &rq);
    CHECK(o.code == BEDROCK_ERR_SERVICE && o.text.len == 0 && strcmp(o.err.message, "no") == 0);
    mock_free(&m);
    bedrock_buffer_free(&reply);

    t_case("raw: an event stream comes as events");
    mock_frames(&frames);
    mock_stream(&reply, &frames, 100);
    mock_init(&m, reply.p, reply.len);
    o = run(&m, &rq);
    CHECK(o.code == BEDROCK_DONE && t_holds(&o.text, "2contentBlockDeltaHel|") &&
          t_holds(&o.text, "4messageStop|"));
    bedrock_buffer_free(&o.text);
    t_case("a Converse stream that was asked for as anything must end as one");
    mock_free(&m);
    reply.len = frames.len = 0;
    bedrock_frame_append(&frames, 0, "messageStart", "{\"role\":\"assistant\"}", 20);
    mock_stream(&reply, &frames, 100);
    mock_init(&m, reply.p, reply.len);
    o = run(&m, &rq);
    CHECK(o.code == BEDROCK_ERR_TRUNCATED);
    bedrock_buffer_free(&o.text);
    mock_free(&m);
    bedrock_buffer_free(&reply);
    bedrock_buffer_free(&frames);
}

static void test_chunks(void)
{
    static const struct {
        const char *name, *payload, *want;
        int code;
    } cases[] = {
        {"bytes", "{\"bytes\":\"eyJhIjoxfQ==\",\"p\":\"abc\"}", "5chunk{\"a\":1}|", BEDROCK_DONE},
        {"escaped slashes", "{\"bytes\":\"Pz8\\/Pw==\"}", "5chunk????|", BEDROCK_DONE},
        {"an escape that decodes elsewhere", "{\"bytes\":\"\\u0065yJhIjoxfQ==\"}", "5chunk{\"a\":1}|",
         BEDROCK_DONE},
        {"no padding", "{\"bytes\":\"eyJhIjoxfQ\"}", "5chunk{\"a\":1}|", BEDROCK_DONE},
        {"empty", "{\"bytes\":\"\"}", "5chunk|", BEDROCK_DONE},
        {"no bytes", "{\"other\":1}", "4chunk|", BEDROCK_DONE},
        {"not base64", "{\"bytes\":\"ey!h\"}", "", BEDROCK_ERR_PROTOCOL},
        {"one digit too many", "{\"bytes\":\"eyJhI\"}", "", BEDROCK_ERR_PROTOCOL},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct bedrock_buffer reply = {0}, frames = {0};
        struct bedrock_request rq = {0};
        struct outcome o;
        struct mock m;

        t_case("chunk: %s", cases[i].name);
        bedrock_frame_append(&frames, 0, "chunk", cases[i].payload, strlen(cases[i].payload));
        mock_stream(&reply, &frames, 1000);
        mock_init(&m, reply.p, reply.len);
        rq.operation = BEDROCK_INVOKE_MODEL_STREAM;
        rq.model = "a.b";
        rq.body = "{}";
        rq.body_len = 2;
        o = run(&m, &rq);
        CHECKF(o.code == cases[i].code, "%d %s", o.code, o.err.message);
        CHECK_TEXT(o.text.p ? o.text.p : "", o.text.len, cases[i].want);
        CHECK(t_holds(&m.sent, "POST /model/a.b/invoke-with-response-stream HTTP/1.1\r\n"));
        bedrock_buffer_free(&o.text);
        mock_free(&m);
        bedrock_buffer_free(&reply);
        bedrock_buffer_free(&frames);
    }
}

int main(void)
{
    test_refused();
    test_on_the_wire();
    test_raw();
    test_chunks();
    return t_end("test_request");
}
