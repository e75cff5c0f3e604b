/* fuzz_response.c - a whole response to a call, in pieces of any size: HTTP, event stream, JSON, errors.
 * The first byte says which call and how it is cut. Leaves out: TLS and sockets. */
#include "fuzz.h"
#include "../test/mock.h"

#define BODY "{\"messages\":[]}"

/* What the program saw: a digest of all events and the code at the end. */
struct seen {
    uint32_t crc;
    int code;
};

static struct seen run(const char *reply, size_t len, int streams, size_t piece)
{
    struct bedrock_request rq = {0};
    struct bedrock_options opt;
    struct bedrock_call *c = NULL;
    struct bedrock_event ev;
    struct seen s = {0, 0};
    struct bedrock *b;
    struct mock m;

    mock_init(&m, reply, len);
    m.piece = piece;
    m.cut_at = len;
    mock_options(&opt, &m, NULL);
    opt.max_event = 65536;
    opt.max_response = 65536;
    rq.operation = streams ? BEDROCK_CONVERSE_STREAM : BEDROCK_CONVERSE;
    rq.model = "m";
    rq.body = BODY;
    rq.body_len = strlen(BODY);
    if (bedrock_open(&b, &opt) != 0 || bedrock_start(b, &rq, &c) != 0)
        abort();
    while ((s.code = bedrock_next(c, &ev)) == BEDROCK_EVENT) {
        s.crc = bdk_crc32(s.crc, ev.type.p, ev.type.len, 0);
        s.crc = bdk_crc32(s.crc, ev.text.p, ev.text.len, 0);
        s.crc = bdk_crc32(s.crc, ev.json.p, ev.json.len, 0);
    }
    if (s.code > 0 || s.code != bedrock_call_error(c)->code)
        abort();
    if (strlen(bedrock_call_error(c)->message) >= sizeof bedrock_call_error(c)->message)
        abort();
    bedrock_end(c);
    bedrock_close(b);
    if (m.open != 0)
        abort();
    mock_free(&m);
    return s;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct seen whole, cut;
    const char *reply;
    size_t piece;

    if (size < 1)
        return 0;
    reply = (const char *)data + 1;
    piece = 1 + (data[0] >> 1) % 64;
    whole = run(reply, size - 1, data[0] & 1, 0);
    cut = run(reply, size - 1, data[0] & 1, piece);
    if (whole.code != cut.code || whole.crc != cut.crc)
        abort();
    return 0;
}
