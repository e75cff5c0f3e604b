/* test_call.c - whole calls over a transport of the test's: what is sent, what comes back, however it
 * is cut. Leaves out: allocation failures and cuts at every byte (test_faults.c). */
#include "bedrock_int.h"
#include "mock.h"
#include <string.h>

#define BODY "{\"messages\":[{\"role\":\"user\",\"content\":[{\"text\":\"hi\"}]}]}"
#define JSON_TYPE "application/json"

/* What a call came to: its text, its events by name, its end. */
struct outcome {
    struct bedrock_buffer text, events;
    struct bedrock_usage usage;
    int code;
    struct bedrock_error err;
};

static void outcome_free(struct outcome *o)
{
    bedrock_buffer_free(&o->text);
    bedrock_buffer_free(&o->events);
}

static void outcome_add(struct outcome *o, const struct bedrock_event *ev)
{
    if (ev->kind == BEDROCK_TEXT)
        bedrock_buffer_append(&o->text, ev->text.p, ev->text.len);
    bedrock_buffer_append(&o->events, ev->type.p, ev->type.len);
    bedrock_buffer_append(&o->events, ev->kind == BEDROCK_RESPONSE ? "response " : " ",
                          ev->kind == BEDROCK_RESPONSE ? 9 : 1);
    bedrock_usage_read(&o->usage, ev);
}

static struct bedrock_request request(enum bedrock_operation op)
{
    struct bedrock_request rq = {0};

    rq.operation = op;
    if (op != BEDROCK_LIST_FOUNDATION_MODELS) {
        rq.model = "amazon.nova-lite-v1:0";
        rq.body = BODY;
        rq.body_len = strlen(BODY);
    }
    return rq;
}

static struct outcome run(struct bedrock *b, const struct bedrock_request *rq)
{
    struct outcome o;
    struct bedrock_call *c;
    struct bedrock_event ev;

    memset(&o, 0, sizeof o);
    bedrock_usage_init(&o.usage);
    o.code = bedrock_start(b, rq, &c);
    if (o.code != 0) {
        o.err = *bedrock_error(b);
        return o;
    }
    while ((o.code = bedrock_next(c, &ev)) == BEDROCK_EVENT)
        outcome_add(&o, &ev);
    CHECKF(bedrock_next(c, &ev) == o.code, "an ended call must keep its answer");
    o.err = *bedrock_call_error(c);
    CHECKF(o.err.code == o.code, "error code %d, answer %d", o.err.code, o.code);
    bedrock_end(c);
    return o;
}

static void test_request_on_the_wire(void)
{
    static const struct {
        const char *name, *model;
        enum bedrock_operation op;
        const char *query, *line;
    } cases[] = {
        {"model id", "amazon.nova-lite-v1:0", BEDROCK_CONVERSE, NULL,
         "POST /model/amazon.nova-lite-v1%3A0/converse HTTP/1.1\r\n"},
        {"stream", "us.x.y", BEDROCK_CONVERSE_STREAM, NULL,
         "POST /model/us.x.y/converse-stream HTTP/1.1\r\n"},
        {"arn", "arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.a.b-v1:0",
         BEDROCK_CONVERSE, NULL,
         "POST /model/arn%3Aaws%3Abedrock%3Aus-east-1%3A123456789012%3Ainference-profile%2Fus.a.b-v1"
         "%3A0/converse HTTP/1.1\r\n"},
        {"list", NULL, BEDROCK_LIST_FOUNDATION_MODELS, "byOutputModality=TEXT",
         "GET /foundation-models?byOutputModality=TEXT HTTP/1.1\r\n"},
    };
    struct bedrock_buffer reply = {0};

    mock_reply(&reply, "200 OK", JSON_TYPE, "{}");
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct bedrock_request rq = request(cases[i].op);
        struct bedrock *b;
        struct outcome o;
        struct mock m;

        t_case("on the wire: %s", cases[i].name);
        rq.model = cases[i].model;
        rq.query = cases[i].query;
        mock_init(&m, reply.p, reply.len);
        CHECK(mock_client(&b, &m, NULL) == 0);
        o = run(b, &rq);
        CHECKF(m.sent.len > strlen(cases[i].line) &&
                   memcmp(m.sent.p, cases[i].line, strlen(cases[i].line)) == 0,
               "sent %.*s", (int)m.sent.len, m.sent.p);
        CHECK(t_holds(&m.sent, "X-Amz-Date: 20260102T030405Z\r\n"));
        CHECK(t_holds(&m.sent, "Authorization: AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260102/"
                                "us-east-1/bedrock/aws4_request, SignedHeaders="));
        CHECK(m.tls == 1 && m.port == 443);
        CHECK(strcmp(m.host, cases[i].op == BEDROCK_LIST_FOUNDATION_MODELS
                                 ? "bedrock.us-east-1.amazonaws.com"
                                 : "bedrock-runtime.us-east-1.amazonaws.com") == 0);
        outcome_free(&o);
        bedrock_close(b);
        CHECK(m.open == 0);
        mock_free(&m);
    }
    bedrock_buffer_free(&reply);
}

static void test_one_shot(void)
{
    static const char body[] =
        "{\"output\":{\"message\":{\"role\":\"assistant\",\"content\":[{\"text\":\"Rome\"}]}},"
        "\"stopReason\":\"end_turn\",\"usage\":{\"inputTokens\":14,\"outputTokens\":65},"
        "\"metrics\":{\"latencyMs\":2280}}";
    struct bedrock_request rq = request(BEDROCK_CONVERSE);
    struct bedrock_buffer reply = {0};
    struct mock m;

    mock_reply(&reply, "200 OK", JSON_TYPE, body);
    for (size_t piece = 0; piece < 40; piece++) {
        for (int stutter = 0; stutter < 2; stutter++) {
            struct bedrock *b;
            struct outcome o;

            t_case("one shot, %zu bytes at a time%s", piece, stutter ? ", not now" : "");
            mock_init(&m, reply.p, reply.len);
            m.piece = piece;
            m.stutter = stutter;
            m.step_wants = (int)piece % 3;
            CHECK(mock_client(&b, &m, NULL) == 0);
            o = run(b, &rq);
            CHECK(o.code == BEDROCK_DONE);
            CHECK_TEXT(o.events.p, o.events.len, "response ");
            CHECK(o.usage.latency_ms == 2280 && o.usage.input_tokens == 14 &&
                  o.usage.output_tokens == 65 && strcmp(o.usage.stop_reason, "end_turn") == 0);
            CHECK(t_holds(&m.sent, BODY));
            outcome_free(&o);
            bedrock_close(b);
            mock_free(&m);
        }
    }
    bedrock_buffer_free(&reply);
}

static void test_stream(void)
{
    struct bedrock_request rq = request(BEDROCK_CONVERSE_STREAM);
    struct bedrock_buffer frames = {0};

    mock_frames(&frames);
    for (size_t chunk = 1; chunk < frames.len + 50; chunk += chunk < 40 ? 1 : 97) {
        struct bedrock_buffer reply = {0};

        mock_stream(&reply, &frames, chunk);
        for (size_t piece = 0; piece < 300; piece += piece < 20 ? 1 : 61) {
            struct bedrock *b;
            struct outcome o;
            struct mock m;

            t_case("stream, chunks of %zu, %zu bytes at a time", chunk, piece);
            mock_init(&m, reply.p, reply.len);
            m.piece = piece;
            m.stutter = (int)(chunk % 2);
            CHECK(mock_client(&b, &m, NULL) == 0);
            o = run(b, &rq);
            CHECKF(o.code == BEDROCK_DONE, "%d: %s", o.code, o.err.message);
            CHECK_TEXT(o.text.p, o.text.len, MOCK_STREAM_TEXT);
            CHECK_TEXT(o.events.p, o.events.len,
                       "messageStart contentBlockDelta contentBlockDelta contentBlockDelta "
                       "contentBlockDelta somethingNew contentBlockStop messageStop metadata ");
            CHECK(o.usage.latency_ms == 2280 && o.usage.output_tokens == 65);
            outcome_free(&o);
            bedrock_close(b);
            mock_free(&m);
        }
        bedrock_buffer_free(&reply);
    }
    bedrock_buffer_free(&frames);
}

/* What a stream cuts into halves comes as one; in one piece a half has nothing to wait for. */
static void test_halves(void)
{
    static const char first[] = "{\"contentBlockIndex\":0,\"delta\":{\"text\":\"a\\ud83d\"}}";
    static const char second[] = "{\"contentBlockIndex\":0,\"delta\":{\"text\":\"\\ude00\"}}";
    struct bedrock_request rq = request(BEDROCK_CONVERSE_STREAM);
    struct bedrock_buffer frames = {0}, reply = {0};
    struct bedrock_call *c = NULL;
    struct bedrock_event ev;
    struct bedrock *b;
    struct outcome o;
    struct mock m;

    t_case("a character in two events");
    bedrock_frame_append(&frames, 0, "contentBlockDelta", first, strlen(first));
    bedrock_frame_append(&frames, 0, "contentBlockDelta", second, strlen(second));
    bedrock_frame_append(&frames, 0, "messageStop", "{}", 2);
    mock_stream(&reply, &frames, 64);
    mock_init(&m, reply.p, reply.len);
    CHECK(mock_client(&b, &m, NULL) == 0);
    o = run(b, &rq);
    CHECKF(o.code == BEDROCK_DONE, "%s", o.err.message);
    CHECK_TEXT(o.text.p, o.text.len, "a\xF0\x9F\x98\x80");
    outcome_free(&o);
    bedrock_close(b);
    mock_free(&m);
    bedrock_buffer_free(&frames);
    bedrock_buffer_free(&reply);

    t_case("half a character in a response");
    mock_reply(&reply, "200 OK", "application/json", " {\"a\":\"\\uD83D\"}");
    mock_init(&m, reply.p, reply.len);
    rq = request(BEDROCK_CONVERSE);
    CHECK(mock_client(&b, &m, NULL) == 0 && bedrock_start(b, &rq, &c) == 0);
    CHECK(bedrock_next(c, &ev) == BEDROCK_EVENT && ev.kind == BEDROCK_RESPONSE);
    CHECK_TEXT(ev.json.p, ev.json.len, "{\"a\":\"\\ufffd\"}");
    CHECK(bedrock_next(c, &ev) == BEDROCK_DONE);
    bedrock_end(c);
    bedrock_close(b);
    mock_free(&m);
    bedrock_buffer_free(&reply);
}

/* Every way a response can be wrong, the code it must give and a word its message must have. */
static void test_bad_responses(void)
{
    static const struct {
        const char *name, *reply;
        enum bedrock_operation op;
        int code, events;
        const char *exception, *word;
    } cases[] = {
        {"error with a type header",
         "HTTP/1.1 429 Too Many\r\nx-amzn-ErrorType: ThrottlingException:http://x/\r\n"
         "x-amzn-RequestId: r1\r\nContent-Length: 26\r\n\r\n{\"message\":\"please wait a\"}",
         BEDROCK_CONVERSE, BEDROCK_ERR_SERVICE, 0, "ThrottlingException", "please wait"},
        {"error as HTML", "HTTP/1.1 502 Bad Gateway\r\nContent-Length: 20\r\n\r\n<html>\n502 it </html>",
         BEDROCK_CONVERSE_STREAM, BEDROCK_ERR_SERVICE, 0, "", "<html> 502"},
        {"error without a body", "HTTP/1.1 503 Away\r\nContent-Length: 0\r\n\r\n", BEDROCK_CONVERSE,
         BEDROCK_ERR_SERVICE, 0, "", "no message"},
        {"error cut short", "HTTP/1.1 500 Oops\r\nContent-Length: 900\r\n\r\n{\"message\":\"x",
         BEDROCK_CONVERSE, BEDROCK_ERR_SERVICE, 0, "", "message"},
        {"redirect", "HTTP/1.1 302 Found\r\nLocation: https://x/\r\nContent-Length: 0\r\n\r\n",
         BEDROCK_CONVERSE, BEDROCK_ERR_SERVICE, 0, "", "redirect"},
        {"not JSON", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", BEDROCK_CONVERSE,
         BEDROCK_ERR_PROTOCOL, 0, "", "not JSON"},
        {"empty is {}", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", BEDROCK_CONVERSE,
         BEDROCK_DONE, 1, "", ""},
        {"JSON for a stream",
         "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}",
         BEDROCK_CONVERSE_STREAM, BEDROCK_ERR_PROTOCOL, 0, "", "not an event stream"},
        {"a stream that only ends with the connection",
         "HTTP/1.1 200 OK\r\nContent-Type: application/vnd.amazon.eventstream\r\n\r\n",
         BEDROCK_CONVERSE_STREAM, BEDROCK_ERR_PROTOCOL, 0, "", "told from a cut"},
        {"an empty stream",
         "HTTP/1.1 200 OK\r\nContent-Type: application/vnd.amazon.eventstream; x=y\r\n"
         "Content-Length: 0\r\n\r\n", BEDROCK_CONVERSE_STREAM, BEDROCK_ERR_TRUNCATED, 0, "",
         "messageStop"},
        {"not HTTP", "SSH-2.0-OpenSSH_9.2\r\n", BEDROCK_CONVERSE, BEDROCK_ERR_PROTOCOL, 0, "", "HTTP"},
        {"bytes after the end", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}X", BEDROCK_CONVERSE,
         BEDROCK_ERR_PROTOCOL, 1, "", "after the end"},
        {"two lengths", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
         BEDROCK_CONVERSE, BEDROCK_ERR_PROTOCOL, 0, "", "ength"},
        {"interim responses", "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early\r\nLink: x\r\n\r\n"
         "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}", BEDROCK_CONVERSE, BEDROCK_DONE, 1, "", ""},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        for (size_t piece = 0; piece < 2; piece++) {
            struct bedrock_request rq = request(cases[i].op);
            struct bedrock *b;
            struct outcome o;
            struct mock m;
            size_t events = 0;

            t_case("response: %s%s", cases[i].name, piece ? ", bytewise" : "");
            mock_init(&m, cases[i].reply, strlen(cases[i].reply));
            m.piece = piece;
            m.cut_at = m.reply[0].len;
            CHECK(mock_client(&b, &m, NULL) == 0);
            o = run(b, &rq);
            CHECKF(o.code == cases[i].code, "code %d: %s", o.code, o.err.message);
            CHECKF(strstr(o.err.message, cases[i].word) != NULL, "message: %s", o.err.message);
            CHECKF(strcmp(o.err.name, cases[i].exception) == 0, "exception: %s", o.err.name);
            for (size_t k = 0; k < o.events.len; k++)
                events += o.events.p[k] == ' ';
            CHECKF((int)events == cases[i].events, "%zu events", events);
            outcome_free(&o);
            bedrock_close(b);
            CHECK(m.open == 0);
            mock_free(&m);
        }
    }
}

/* Streams that go wrong on the way: all events before the fault arrive, then the fault. */
static void test_bad_streams(void)
{
    static const struct {
        const char *name;
        int what, code;
        const char *exception, *word;
    } cases[] = {
        {"exception", 0, BEDROCK_ERR_SERVICE, "ThrottlingException", "too many"},
        {"bad checksum", 1, BEDROCK_ERR_PROTOCOL, "", "checksum"},
        {"frame above the ceiling", 2, BEDROCK_ERR_LIMIT, "", ""},
        {"payload is not JSON", 3, BEDROCK_ERR_PROTOCOL, "", "not JSON"},
        {"ends without messageStop", 4, BEDROCK_ERR_TRUNCATED, "", "messageStop"},
        {"ends inside a frame", 5, BEDROCK_ERR_TRUNCATED, "", "inside an event"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct bedrock_request rq = request(BEDROCK_CONVERSE_STREAM);
        struct bedrock_buffer frames = {0}, reply = {0};
        static const char delta[] = "{\"contentBlockIndex\":0,\"delta\":{\"text\":\"so far\"}}";
        static char big[5000];
        struct bedrock_options opt;
        struct bedrock *b;
        struct outcome o;
        struct mock m;

        t_case("stream: %s", cases[i].name);
        memset(big, ' ', sizeof big - 1);
        memcpy(big, "{}", 2);
        bedrock_frame_append(&frames, 0, "contentBlockDelta", delta, strlen(delta));
        switch (cases[i].what) {
        case 0:
            bedrock_frame_append(&frames, 1, "throttlingException", "{\"message\":\"too many\"}", 22);
            break;
        case 1:
            bedrock_frame_append(&frames, 0, "contentBlockDelta", delta, strlen(delta));
            frames.p[frames.len - 6] ^= 1;
            break;
        case 2:
            bedrock_frame_append(&frames, 0, "metadata", big, sizeof big - 1);
            break;
        case 3:
            bedrock_frame_append(&frames, 0, "metadata", "{\"a\":}", 6);
            break;
        case 5:
            bedrock_frame_append(&frames, 0, "messageStop", "{}", 2);
            frames.len -= 3;
            break;
        default:
            break;
        }
        mock_stream(&reply, &frames, 64);
        mock_init(&m, reply.p, reply.len);
        mock_options(&opt, &m, NULL);
        opt.max_event = 4096;
        CHECK(bedrock_open(&b, &opt) == 0);
        o = run(b, &rq);
        CHECKF(o.code == cases[i].code, "code %d: %s", o.code, o.err.message);
        CHECK_TEXT(o.text.p, o.text.len, "so far");
        CHECKF(strcmp(o.err.name, cases[i].exception) == 0, "exception: %s", o.err.name);
        CHECKF(strstr(o.err.message, cases[i].word) != NULL, "message: %s", o.err.message);
        CHECK(strcmp(o.err.request_id, "7f3c2b1a-req") == 0);
        outcome_free(&o);
        bedrock_close(b);
        mock_free(&m);
        bedrock_buffer_free(&frames);
        bedrock_buffer_free(&reply);
    }
}

static void test_kept_connections(void)
{
    static const char *const names[] = {"kept", "closed by the server in between",
                                        "Connection: close", "stale at the second write"};

    for (int what = 0; what < 4; what++) {
        struct bedrock_request rq = request(BEDROCK_CONVERSE);
        struct bedrock_buffer reply = {0};
        struct bedrock *b;
        struct outcome first, second;
        struct mock m;

        t_case("two calls: %s", names[what]);
        if (what == 2)
            bedrock_buffer_append(&reply, "HTTP/1.1 200 OK\r\nConnection: close\r\n"
                                          "Content-Length: 2\r\n\r\n{}", 59);
        else
            mock_reply(&reply, "200 OK", JSON_TYPE, "{}");
        mock_init(&m, reply.p, reply.len);
        m.reply[1] = m.reply[0];
        m.n_replies = 2;
        m.stale = what == 3;
        CHECK(mock_client(&b, &m, NULL) == 0);
        first = run(b, &rq);
        if (what == 1) {
            m.cut_at = m.total;
            m.cut_code = 0;
            /* taking it finds the end; the new connection must not */
            CHECK(bdk_client_take_kept(b, &b->cf.endpoint[BDK_RUNTIME]) == NULL);
            m.cut_at = MOCK_NO_CUT;
        }
        second = run(b, &rq);
        CHECKF(first.code == 0 && second.code == 0, "%d, %d: %s", first.code, second.code,
               second.err.message);
        CHECKF(m.opens == (what == 0 ? 1 : 2), "%d connections", m.opens);
        CHECK(second.err.attempts == 1);
        outcome_free(&first);
        outcome_free(&second);
        bedrock_close(b);
        CHECK(m.open == 0);
        mock_free(&m);
        bedrock_buffer_free(&reply);
    }
}

static void test_early_answer(void)
{
    static const char reply[] = "HTTP/1.1 413 Too Large\r\nContent-Length: 21\r\n\r\n"
                                "{\"message\":\"too big\"}";
    struct bedrock_request rq = request(BEDROCK_CONVERSE);
    struct bedrock *b;
    struct outcome o;
    struct mock m;

    t_case("the server answers before it has read all");
    mock_init(&m, reply, strlen(reply));
    m.answers_early = 1;
    CHECK(mock_client(&b, &m, NULL) == 0);
    o = run(b, &rq);
    CHECK(o.code == BEDROCK_ERR_SERVICE && o.err.http_status == 413);
    CHECKF(m.open == 0, "such a connection must not be kept");
    outcome_free(&o);
    bedrock_close(b);
    mock_free(&m);
}

static void test_refused_requests(void)
{
    struct bedrock_request rq[8];
    const char *words[8] = {"operation", "model", "body", "line 1, column 6", "object", "2048",
                            "takes no body", "must be encoded"};
    static char long_model[2050];

    memset(long_model, 'a', sizeof long_model - 1);
    for (size_t i = 0; i < 8; i++)
        rq[i] = request(i == 6 || i == 7 ? BEDROCK_LIST_FOUNDATION_MODELS : BEDROCK_CONVERSE);
    rq[0].operation = (enum bedrock_operation)99;
    rq[1].model = "";
    rq[2].body = NULL;
    rq[3].body = "{\"a\":}";
    rq[3].body_len = 6;
    rq[4].body = "[]";
    rq[4].body_len = 2;
    rq[5].model = long_model;
    rq[6].body_len = 3;
    rq[7].query = "a=b c";
    for (size_t i = 0; i < 8; i++) {
        struct bedrock *b;
        struct outcome o;
        struct mock m;

        t_case("refused before anything is sent: %s", words[i]);
        mock_init(&m, "", 0);
        CHECK(mock_client(&b, &m, NULL) == 0);
        o = run(b, &rq[i]);
        CHECKF(o.code == BEDROCK_ERR_USAGE, "code %d", o.code);
        CHECKF(strstr(o.err.message, words[i]) != NULL, "message: %s", o.err.message);
        CHECK(m.sent.len == 0);
        outcome_free(&o);
        bedrock_close(b);
        mock_free(&m);
    }
}

static void test_time_outs(void)
{
    static const struct {
        const char *name, *word;
        int connecting, deadline_ms;
        int64_t advance;
    } cases[] = {
        {"connecting", "no connection within 10 s (connecting and TLS)", 1, 0, 10001},
        {"silence", "silent for 3600 s", 0, 0, 3600001},
        {"the deadline", "deadline", 0, 500, 501},
        {"the deadline while connecting", "deadline", 1, 500, 501},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct bedrock_request rq = request(BEDROCK_CONVERSE);
        struct bedrock_options opt;
        struct bedrock_call *c;
        struct bedrock_event ev;
        struct bedrock *b;
        struct mock m;
        int64_t more = 0;

        t_case("time-out: %s", cases[i].name);
        mock_init(&m, "", 0);
        m.step_wants = cases[i].connecting ? 1000 : 0;
        mock_options(&opt, &m, NULL);
        opt.clock_ctx = &more;
        CHECK(bedrock_open(&b, &opt) == 0);
        rq.deadline_ms = cases[i].deadline_ms;
        CHECK(bedrock_start(b, &rq, &c) == 0);
        CHECK(bedrock_timeout_ms(c) == 0);
        CHECK(bedrock_step(c, &ev) > 0);
        more = cases[i].advance - 2;
        CHECK(bedrock_step(c, &ev) > 0);
        more = cases[i].advance;
        CHECK(bedrock_step(c, &ev) == BEDROCK_ERR_TIMEOUT);
        CHECKF(strstr(bedrock_call_error(c)->message, cases[i].word) != NULL, "message: %s",
               bedrock_call_error(c)->message);
        bedrock_end(c);
        bedrock_close(b);
        mock_free(&m);
    }
}

/* A peer that always has more to say does not outlast the deadline, and an endless error is cut. */
static void test_endless(void)
{
    static const char page[] = "HTTP/1.1 500 Oops\r\nContent-Length: 900000\r\n\r\n";
    struct bedrock_request rq = request(BEDROCK_CONVERSE_STREAM);
    struct bedrock_buffer frames = {0}, reply = {0};
    struct bedrock_options opt;
    struct bedrock_call *c;
    struct bedrock_event ev;
    struct bedrock *b;
    struct mock m;
    struct outcome o;
    int64_t more = 0;
    int events = 0, rc;

    t_case("the deadline passes while events keep coming");
    for (int i = 0; i < 50; i++)
        bedrock_frame_append(&frames, 0, "contentBlockStop", "{}", 2);
    mock_stream(&reply, &frames, 4000);
    mock_init(&m, reply.p, reply.len);
    mock_options(&opt, &m, NULL);
    opt.clock_ctx = &more;
    CHECK(bedrock_open(&b, &opt) == 0);
    rq.deadline_ms = 500;
    CHECK(bedrock_start(b, &rq, &c) == 0);
    while ((rc = bedrock_step(c, &ev)) == BEDROCK_EVENT) {
        events++;
        more += 100;
    }
    CHECKF(rc == BEDROCK_ERR_TIMEOUT && events == 5, "code %d after %d events", rc, events);
    bedrock_end(c);
    bedrock_close(b);
    mock_free(&m);

    t_case("an error page without end");
    reply.len = 0;
    bedrock_buffer_append(&reply, page, strlen(page));
    while (reply.len < 100000)
        bedrock_buffer_append(&reply, "<p>so sorry</p>\n", 16);
    mock_init(&m, reply.p, reply.len);
    CHECK(mock_client(&b, &m, NULL) == 0);
    rq = request(BEDROCK_CONVERSE);
    o = run(b, &rq);
    CHECK(o.code == BEDROCK_ERR_SERVICE && o.err.http_status == 500);
    CHECKF(m.at < 80000 && m.open == 0, "%zu bytes read, %d connections", m.at, m.open);
    outcome_free(&o);
    bedrock_close(b);
    mock_free(&m);
    bedrock_buffer_free(&frames);
    bedrock_buffer_free(&reply);
}

/* What answers while the request is still going out: an interim response is not an answer. */
static void test_interim_while_sending(void)
{
    static const char reply[] = "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}";
    struct bedrock_request rq = request(BEDROCK_CONVERSE);
    struct bedrock_buffer body = {0};
    struct bedrock *b;
    struct outcome o;
    struct mock m;

    bedrock_buffer_append(&body, "{\"x\":\"", 6);
    while (body.len < 3000)
        bedrock_buffer_append(&body, "0123456789", 10);
    bedrock_buffer_append(&body, "\"}", 2);
    rq.body = body.p;
    rq.body_len = body.len;
    for (size_t interim = 0; interim <= 25; interim++) {
        t_case("%zu bytes of an interim response come while the request goes out", interim);
        mock_init(&m, reply, strlen(reply));
        m.piece = 100;
        m.stutter = 1;
        m.interim = interim;
        CHECK(mock_client(&b, &m, NULL) == 0);
        o = run(b, &rq);
        CHECKF(o.code == BEDROCK_DONE, "%d: %s", o.code, o.err.message);
        CHECKF(m.sent.len > body.len && memcmp(m.sent.p + m.sent.len - body.len, body.p, body.len) == 0,
               "the body did not go out whole");
        outcome_free(&o);
        bedrock_close(b);
        mock_free(&m);
    }
    bedrock_buffer_free(&body);
}

/* A one-shot call that is ended right behind its response leaves its connection to the next. */
static void test_ended_at_response(void)
{
    struct bedrock_request rq = request(BEDROCK_CONVERSE);
    struct bedrock_buffer reply = {0};
    struct bedrock_call *c;
    struct bedrock_event ev;
    struct bedrock *b;
    struct mock m;

    t_case("ended right behind the response");
    mock_reply(&reply, "200 OK", JSON_TYPE, "{}");
    mock_init(&m, reply.p, reply.len);
    m.reply[1] = m.reply[0];
    m.n_replies = 2;
    CHECK(mock_client(&b, &m, NULL) == 0);
    for (int i = 0; i < 2; i++) {
        CHECK(bedrock_start(b, &rq, &c) == 0);
        CHECK(bedrock_next(c, &ev) == BEDROCK_EVENT);
        bedrock_end(c);
    }
    CHECKF(m.opens == 1, "%d connections", m.opens);
    bedrock_close(b);
    mock_free(&m);
    bedrock_buffer_free(&reply);
}

/* A gateway that repeats what we sent. */
static void test_echoed_secrets(void)
{
    static const char *const bodies[] = {"{\"message\":\"bad key BEARERSECRET, sorry\"}",
                                         "{\"message\":\"BEARERSECRETBEARERSECRET\"}", "BEARERSECRET"};

    for (size_t i = 0; i < 4; i++) {
        struct bedrock_request rq = request(BEDROCK_CONVERSE);
        struct bedrock_buffer reply = {0};
        struct bedrock_options opt;
        char text[1100];
        struct bedrock *b;
        struct outcome o;
        struct mock m;

        t_case("a secret in the answer, case %zu", i);
        memset(text, 'x', sizeof text);
        memcpy(text, "{\"message\":\"", 12);
        memcpy(text + 12 + 1013, "BEARERSECRET\"}", 15); /* does not fit whole */
        mock_reply(&reply, "403 No", JSON_TYPE, i < 3 ? bodies[i] : text);
        mock_init(&m, reply.p, reply.len);
        mock_options(&opt, &m, NULL);
        opt.bearer_token = "BEARERSECRET";
        CHECK(bedrock_open(&b, &opt) == 0);
        o = run(b, &rq);
        CHECK(o.code == BEDROCK_ERR_SERVICE);
        CHECKF(strstr(o.err.message, "BEARERSE") == NULL, "%s", o.err.message);
        CHECK(strstr(o.err.message, "****") != NULL);
        outcome_free(&o);
        bedrock_close(b);
        mock_free(&m);
        bedrock_buffer_free(&reply);
    }
}

/* Ending a call after any number of steps leaves nothing behind. */
static void test_cancel(void)
{
    struct bedrock_buffer frames = {0}, reply = {0};

    mock_frames(&frames);
    mock_stream(&reply, &frames, 100);
    for (int steps = 0; steps < 400; steps++) {
        struct bedrock_request rq = request(BEDROCK_CONVERSE_STREAM);
        struct t_heap heap = {0};
        struct bedrock_call *c;
        struct bedrock_event ev;
        struct bedrock *b;
        struct mock m;

        t_case("cancelled after %d steps", steps);
        mock_init(&m, reply.p, reply.len);
        m.piece = 9;
        m.stutter = 1;
        CHECK(mock_client(&b, &m, &heap) == 0);
        CHECK(bedrock_start(b, &rq, &c) == 0);
        for (int i = 0; i < steps; i++)
            bedrock_step(c, &ev);
        if (steps % 2)
            bedrock_end(c); /* else the client ends it */
        bedrock_close(b);
        CHECKF(heap.live == 0, "%zu blocks left", heap.live);
        CHECK(m.open == 0);
        mock_free(&m);
    }
    bedrock_buffer_free(&frames);
    bedrock_buffer_free(&reply);
}

static void collect(void *ctx, const char *line)
{
    bedrock_buffer_append(ctx, line, strlen(line));
    bedrock_buffer_append(ctx, "\n", 1);
}

static void test_trace_hides_secrets(void)
{
    for (int bearer = 0; bearer < 2; bearer++) {
        struct bedrock_request rq = request(BEDROCK_CONVERSE);
        struct bedrock_buffer reply = {0}, lines = {0};
        struct bedrock_options opt;
        struct bedrock *b;
        struct outcome o;
        struct mock m;

        t_case("trace with %s", bearer ? "a bearer token" : "keys and a session token");
        mock_reply(&reply, "200 OK", JSON_TYPE, "{}");
        mock_init(&m, reply.p, reply.len);
        mock_options(&opt, &m, NULL);
        opt.session_token = "SESSIONTOKENSECRET";
        opt.bearer_token = bearer ? "BEARERSECRET" : NULL;
        opt.trace = collect;
        opt.trace_ctx = &lines;
        CHECK(bedrock_open(&b, &opt) == 0);
        o = run(b, &rq);
        CHECK(o.code == 0);
        CHECK(t_holds(&lines, "> POST /model/"));
        CHECK(t_holds(&lines, "> Authorization: ****\n"));
        CHECK(t_holds(&lines, "< HTTP/1.1 200\n"));
        CHECK(!t_holds(&lines, "SECRET") && !t_holds(&lines, "Signature"));
        CHECK(t_holds(&m.sent, bearer ? "Authorization: Bearer BEARERSECRET\r\n"
                                       : "X-Amz-Security-Token: SESSIONTOKENSECRET\r\n"));
        CHECKF(!bearer || !t_holds(&m.sent, "X-Amz-"), "a bearer request carries nothing of SigV4");
        outcome_free(&o);
        bedrock_close(b);
        mock_free(&m);
        bedrock_buffer_free(&reply);
        bedrock_buffer_free(&lines);
    }
}

/* The size of the options tells which of them the caller knows. */
static void test_option_sizes(void)
{
    struct bedrock_options opt;
    struct mock m;

    mock_init(&m, "", 0);
    mock_options(&opt, &m, NULL);
    for (size_t size = 0; size <= sizeof opt + 16; size++) {
        char room[sizeof opt + 16] = {0};
        struct bedrock *b;
        int rc;

        t_case("options of %zu bytes", size);
        memcpy(room, &opt, sizeof opt);
        rc = bedrock_open_sized(&b, (struct bedrock_options *)(void *)t_guard(room, sizeof room), size);
        CHECK(b != NULL);
        CHECK(rc == 0 || (rc == BEDROCK_ERR_CONFIG && bedrock_error(b)->message[0]));
        CHECK(size < sizeof opt || rc == 0);
        bedrock_close(b);
    }
    mock_free(&m);
}

/* 10,000 deltas take not one allocation more than 10. */
static void test_no_allocation_per_event(void)
{
    size_t calls[2], peak[2];

    for (int round = 0; round < 2; round++) {
        struct bedrock_request rq = request(BEDROCK_CONVERSE_STREAM);
        struct bedrock_buffer frames = {0}, reply = {0};
        struct t_heap heap = {0};
        static const char delta[] = "{\"contentBlockIndex\":0,\"delta\":{\"text\":\"a \\\"b\\\" \"}}";
        struct bedrock *b;
        struct bedrock_call *c;
        struct bedrock_event ev;
        struct mock m;
        int n = round ? 10000 : 10, seen = 0;

        t_case("allocations in a stream of %d deltas", n);
        for (int i = 0; i < n; i++)
            bedrock_frame_append(&frames, 0, "contentBlockDelta", delta, strlen(delta));
        bedrock_frame_append(&frames, 0, "messageStop", "{}", 2);
        mock_stream(&reply, &frames, 1000);
        mock_init(&m, reply.p, reply.len);
        m.piece = 701;
        CHECK(mock_client(&b, &m, &heap) == 0);
        CHECK(bedrock_start(b, &rq, &c) == 0);
        while (bedrock_next(c, &ev) == BEDROCK_EVENT)
            seen += ev.kind == BEDROCK_TEXT;
        CHECK(bedrock_call_error(c)->code == 0 && seen == n);
        bedrock_end(c);
        calls[round] = heap.calls;
        peak[round] = heap.peak;
        bedrock_close(b);
        CHECKF(round == 0 || (calls[1] == calls[0] && peak[1] == peak[0]),
               "%zu and %zu allocations, %zu and %zu bytes", calls[0], calls[1], peak[0], peak[1]);
        mock_free(&m);
        bedrock_buffer_free(&frames);
        bedrock_buffer_free(&reply);
    }
}

static int hear(void *ctx, enum bedrock_kind kind, struct bedrock_slice text)
{
    struct bedrock_buffer *b = ctx;

    if (kind == BEDROCK_TEXT)
        bedrock_buffer_append(b, text.p, text.len);
    return b->max == 1; /* the test that stops at once has no room */
}

static void test_ask(void)
{
    static const char answer[] =
        "{\"output\":{\"message\":{\"content\":[{\"reasoningContent\":{\"reasoningText\":{\"text\":"
        "\"hm\"}}},{\"text\":\"Ro\\u006de\"},{\"toolUse\":{}},{\"text\":\"!\"}]}},\"usage\":"
        "{\"inputTokens\":3}}";

    for (int what = 0; what < 4; what++) {
        static const char *const names[] = {"streamed", "one shot", "stopped by the callback",
                                            "not UTF-8"};
        struct bedrock_prompt p = {0};
        struct bedrock_buffer frames = {0}, reply = {0}, text = {0};
        struct bedrock_usage u;
        struct bedrock *b;
        struct mock m;
        int rc;

        t_case("ask: %s", names[what]);
        mock_frames(&frames);
        if (what == 1)
            mock_reply(&reply, "200 OK", JSON_TYPE, answer);
        else
            mock_stream(&reply, &frames, 50);
        mock_init(&m, reply.p, reply.len);
        CHECK(mock_client(&b, &m, NULL) == 0);
        p.model = "m";
        p.text = what == 3 ? "\xFF" : "q\"\n";
        p.one_shot = what == 1;
        text.max = what == 2;
        rc = bedrock_ask(b, &p, hear, &text, &u);
        CHECKF(rc == (what == 2 ? BEDROCK_ERR_CANCELLED : what == 3 ? BEDROCK_ERR_USAGE : 0), "%d: %s",
               rc, bedrock_error(b)->message);
        if (what < 2) {
            CHECK_TEXT(text.p, text.len, what ? "Rome!" : MOCK_STREAM_TEXT);
            CHECK(u.input_tokens == (what ? 3 : 14));
            CHECK(t_holds(&m.sent, "{\"messages\":[{\"role\":\"user\",\"content\":[{\"text\":"
                                    "\"q\\\"\\n\"}]}]}"));
        } else {
            CHECK(bedrock_error(b)->code == rc);
        }
        bedrock_close(b);
        mock_free(&m);
        bedrock_buffer_free(&frames);
        bedrock_buffer_free(&reply);
        bedrock_buffer_free(&text);
    }
}

static void test_ask_says_what_is_wrong(void)
{
    static const struct {
        struct bedrock_prompt p;
        const char *message;
    } cases[] = {
        {{.text = "\xFF"}, "text is not UTF-8"},
        {{.text = "q", .base = "{\n\"a\"}"}, "base:2:4: "},
        {{.text = "q", .base = "[]"}, "base is no JSON object"},
        {{.text = "q", .inference = "{"}, "inference:1:2: "},
        {{.text = "q", .inference = "1"}, "inference is no JSON object"},
        {{.text = "q", .fields = "[1,]"}, "additionalModelRequestFields:1:4: "},
    };
    struct bedrock *b;
    struct mock m;

    mock_init(&m, NULL, 0);
    CHECK(mock_client(&b, &m, NULL) == 0);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct bedrock_prompt p = cases[i].p;

        t_case("ask: %s", cases[i].message);
        p.model = "m";
        CHECK(bedrock_ask(b, &p, NULL, NULL, NULL) == BEDROCK_ERR_USAGE);
        CHECKF(strstr(bedrock_error(b)->message, cases[i].message) == bedrock_error(b)->message, "%s",
               bedrock_error(b)->message);
    }
    bedrock_close(b);
    mock_free(&m);
}

int main(void)
{
    test_request_on_the_wire();
    test_one_shot();
    test_stream();
    test_halves();
    test_bad_responses();
    test_bad_streams();
    test_kept_connections();
    test_early_answer();
    test_refused_requests();
    test_time_outs();
    test_endless();
    test_interim_while_sending();
    test_ended_at_response();
    test_echoed_secrets();
    test_cancel();
    test_trace_hides_secrets();
    test_option_sizes();
    test_no_allocation_per_event();
    test_ask();
    test_ask_says_what_is_wrong();
    return t_end("test_call");
}
