/* test_faults.c - a whole converse and a whole stream with everything failing in turn: each allocation,
 * each byte of the connection, reading and writing. Leaves out: nothing that a call does. */
#include "bedrock_int.h"
#include "mock.h"
#include <string.h>

#define BODY "{\"messages\":[{\"role\":\"user\",\"content\":[{\"text\":\"hi\"}]}]}"

/* What a program sees of one call. */
struct seen {
    int open_rc, start_rc, code;
    size_t events, text_len;
    char text[256];
    int stopped;    /* messageStop was delivered */
    char message[128];
};

static void see_event(struct seen *s, const struct bedrock_event *ev)
{
    s->events++;
    if (ev->kind == BEDROCK_TEXT && s->text_len + ev->text.len < sizeof s->text) {
        memcpy(s->text + s->text_len, ev->text.p, ev->text.len);
        s->text_len += ev->text.len;
    }
    if (bdk_slice_is(ev->type, "messageStop"))
        s->stopped = 1;
}

static struct seen run(struct mock *m, struct t_heap *heap, int streams)
{
    struct bedrock_request rq = {0};
    struct bedrock_call *c = NULL;
    struct bedrock_event ev;
    struct bedrock *b;
    struct seen s;

    memset(&s, 0, sizeof s);
    rq.operation = streams ? BEDROCK_CONVERSE_STREAM : BEDROCK_CONVERSE;
    rq.model = "amazon.nova-lite-v1:0";
    rq.body = BODY;
    rq.body_len = strlen(BODY);
    s.open_rc = mock_client(&b, m, heap);
    s.code = s.open_rc;
    if (s.open_rc == 0)
        s.code = s.start_rc = bedrock_start(b, &rq, &c);
    if (c) {
        while ((s.code = bedrock_next(c, &ev)) == BEDROCK_EVENT)
            see_event(&s, &ev);
        snprintf(s.message, sizeof s.message, "%.127s", bedrock_call_error(c)->message);
    }
    CHECK(s.code == 0 || !b || bedrock_error(b)->code == s.code || c);
    bedrock_end(c);
    bedrock_close(b);
    CHECKF(m->open == 0, "%d connections left open", m->open);
    return s;
}

static void make_reply(struct bedrock_buffer *reply, int streams, size_t chunk)
{
    struct bedrock_buffer frames = {0};

    if (streams) {
        mock_frames(&frames);
        mock_stream(reply, &frames, chunk);
    } else {
        mock_reply(reply, "200 OK", "application/json",
                   "{\"output\":{\"message\":{\"content\":[{\"text\":\"Rome\"}]}}}");
    }
    bedrock_buffer_free(&frames);
}

/* Allocation n fails, alone and onward, for n = 1, 2, 3, ... until a run succeeds. */
static void test_allocations(int streams)
{
    for (int onward = 0; onward < 2; onward++) {
        struct bedrock_buffer reply = {0};
        struct mock m;
        int done = 0;

        make_reply(&reply, streams, 37);
        mock_init(&m, reply.p, reply.len);
        m.piece = 50; /* so that frames come in pieces and are collected */
        for (size_t n = 1; !done && n < 1000; n++) {
            struct t_heap heap = {0};
            struct seen s;

            t_case("%s: allocation %zu fails%s", streams ? "stream" : "converse", n,
                   onward ? " and all behind it" : "");
            mock_rewind(&m);
            heap.fail_at = n;
            heap.onward = onward;
            s = run(&m, &heap, streams);
            CHECKF(heap.live == 0, "%zu blocks leaked", heap.live);
            done = heap.calls < n;
            CHECKF(s.code == (done ? 0 : BEDROCK_ERR_NOMEM), "code %d: %s", s.code, s.message);
            CHECK(!done || n > 8);
        }
        CHECKF(done, "no run succeeded");
        mock_free(&m);
        bedrock_buffer_free(&reply);
    }
}

/* The connection ends behind each byte of the response, properly or broken. */
static void test_cuts(int streams, int code, size_t piece, size_t chunk)
{
    struct bedrock_buffer reply = {0};
    struct mock m;
    size_t last_events = 0;

    make_reply(&reply, streams, chunk);
    mock_init(&m, reply.p, reply.len);
    m.piece = piece;
    m.cut_code = code;
    for (size_t cut = 0; cut <= reply.len; cut++) {
        struct seen s;

        t_case("%s cut at byte %zu by %d, pieces of %zu, chunks of %zu",
               streams ? "stream" : "converse", cut, code, piece, chunk);
        mock_rewind(&m);
        m.cut_at = cut;
        s = run(&m, NULL, streams);
        if (cut == reply.len)
            CHECKF(s.code == 0, "code %d: %s", s.code, s.message);
        else
            CHECKF(s.code == BEDROCK_ERR_IO || s.code == BEDROCK_ERR_TRUNCATED, "code %d: %s", s.code,
                   s.message);
        CHECKF(s.events >= last_events, "%zu events, %zu with a byte less", s.events, last_events);
        last_events = s.events;
        if (streams)
            CHECKF(memcmp(s.text, MOCK_STREAM_TEXT, s.text_len) == 0, "text %.*s", (int)s.text_len,
                   s.text);
        else
            CHECKF(s.events == (cut == reply.len), "%zu events", s.events);
    }
    CHECKF(last_events == (streams ? 9u : 1u), "%zu events in the end", last_events);
    mock_free(&m);
    bedrock_buffer_free(&reply);
}

/* The write fails behind each byte of the request. */
static void test_write_failures(void)
{
    struct bedrock_buffer reply = {0};
    struct mock m;
    size_t whole;

    make_reply(&reply, 0, 0);
    mock_init(&m, reply.p, reply.len);
    run(&m, NULL, 0);
    whole = m.sent.len;
    m.reply[0].len = 0;
    for (size_t at = 0; at < whole; at += at < 20 ? 1 : 17) {
        struct seen s;

        t_case("write fails at byte %zu", at);
        mock_rewind(&m);
        m.write_code = BEDROCK_ERR_IO;
        m.write_fail_at = at;
        s = run(&m, NULL, 0);
        CHECKF(s.code == BEDROCK_ERR_IO && s.events == 0, "code %d", s.code);
    }
    t_case("the connection cannot be opened");
    mock_rewind(&m);
    m.open_code = BEDROCK_ERR_CONNECT;
    CHECK(run(&m, NULL, 0).code == BEDROCK_ERR_CONNECT);
    mock_free(&m);
    bedrock_buffer_free(&reply);
}

/* A broken byte anywhere in a stream's frames is never taken for a whole answer. */
static void test_flips(void)
{
    struct bedrock_buffer frames = {0}, reply = {0};

    mock_frames(&frames);
    for (size_t at = 0; at < frames.len; at++) {
        struct bedrock_buffer bad = {0};
        struct seen s;
        struct mock m;

        t_case("bit flipped in frame byte %zu", at);
        bedrock_buffer_append(&bad, frames.p, frames.len);
        bad.p[at] = (char)(bad.p[at] ^ (1 << (at % 8)));
        bedrock_buffer_free(&reply);
        mock_stream(&reply, &bad, 500);
        mock_init(&m, reply.p, reply.len);
        m.cut_at = reply.len;
        s = run(&m, NULL, 1);
        CHECKF(s.code < 0, "code %d after %zu events", s.code, s.events);
        CHECK(memcmp(s.text, MOCK_STREAM_TEXT, s.text_len) == 0);
        mock_free(&m);
        bedrock_buffer_free(&bad);
    }
    bedrock_buffer_free(&frames);
    bedrock_buffer_free(&reply);
}

int main(void)
{
    test_allocations(0);
    test_allocations(1);
    for (size_t piece = 0; piece < 3; piece += 2) {
        test_cuts(0, 0, piece, 0);
        test_cuts(0, BEDROCK_ERR_IO, piece, 0);
        test_cuts(1, 0, piece, 100);
        test_cuts(1, BEDROCK_ERR_IO, piece, 7);
    }
    test_write_failures();
    test_flips();
    return t_end("test_faults");
}
