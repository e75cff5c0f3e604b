/* mock.c - a transport without sockets for the tests of calls.
 * struct bedrock_io of bedrock.h. Leaves out: TLS, which tls.sh tries against real peers. */
#include "mock.h"
#include <stdlib.h>
#include <string.h>

#define MOCK_PATIENCE 5000 /* a reader that asks this often for nothing is stuck: end its wait */

static int mock_open(void *ctx, const char *host, int port, int tls, void **conn)
{
    struct mock *m = ctx;

    m->opens++;
    snprintf(m->host, sizeof m->host, "%s", host);
    m->port = port;
    m->tls = tls;
    m->ready = m->used = 0;
    if (m->open_code < 0)
        return m->open_code;
    m->open++;
    *conn = m;
    return 0;
}

static int mock_step(void *conn)
{
    struct mock *m = conn;

    return m->ready++ < m->step_wants ? BEDROCK_WANT_TIME : 0;
}

/* Every other time, for reading and for writing. */
static int mock_hold(const struct mock *m, int *held)
{
    if (!m->stutter)
        return 0;
    *held = !*held;
    return *held;
}

/* Has the request that was begun last come whole? Its head says how long its body is. */
static int mock_has_request(const struct mock *m)
{
    static const char field[] = "\r\nContent-Length: ";
    const char *p = m->sent.p + m->request_at, *end = m->sent.p + m->sent.len;
    size_t body = 0;

    if (m->request == 0)
        return 0;
    for (; end - p >= 4 && memcmp(p, "\r\n\r\n", 4) != 0; p++) {
        const char *digit = p + strlen(field);

        if (end - p <= (ptrdiff_t)strlen(field) || memcmp(p, field, strlen(field)) != 0)
            continue;
        for (body = 0; digit < end && *digit >= '0' && *digit <= '9'; digit++)
            body = body * 10 + (size_t)(*digit - '0');
    }
    return end - p >= 4 && (size_t)(end - p) >= 4 + body;
}

static int mock_read(void *conn, void *buf, size_t cap, size_t *n)
{
    struct mock *m = conn;
    struct bedrock_slice r = m->request > 0 ? m->reply[m->request - 1] : m->reply[0];
    size_t left;

    *n = 0;
    if (mock_hold(m, &m->held_read))
        return BEDROCK_WANT_READ;
    if (m->stale && m->used > 1)
        return BEDROCK_ERR_IO;
    left = m->answers_early || mock_has_request(m) ? r.len - m->at : 0;
    if (left == 0 && m->request > 0 && m->at < m->interim)
        left = m->interim - m->at;
    if (m->total >= m->cut_at)
        return m->cut_code;
    if (left == 0)
        return ++m->waited > MOCK_PATIENCE ? 0 : BEDROCK_WANT_READ;
    if (left > cap)
        left = cap;
    if (m->piece && left > m->piece)
        left = m->piece;
    if (left > m->cut_at - m->total)
        left = m->cut_at - m->total;
    memcpy(buf, r.p + m->at, left);
    m->at += left;
    m->total += left;
    *n = left;
    return 0;
}

static int mock_write(void *conn, const void *buf, size_t len, size_t *n)
{
    struct mock *m = conn;

    *n = 0;
    if (mock_hold(m, &m->held_write))
        return BEDROCK_WANT_WRITE;
    /* the first byte behind a reply that was read begins the next request */
    if (m->request == 0 || (m->at == m->reply[m->request - 1].len && m->request < m->n_replies)) {
        m->request++;
        m->request_at = m->sent.len;
        m->at = 0;
        m->used++;
    }
    if (m->stale && m->used > 1)
        return BEDROCK_ERR_IO;
    if (m->answers_early && m->sent.len >= 64)
        return BEDROCK_WANT_WRITE;
    if (m->answers_early && len > 64)
        len = 64;
    if (m->write_code < 0 && m->sent.len >= m->write_fail_at)
        return m->write_code;
    if (m->write_code < 0 && len > m->write_fail_at - m->sent.len)
        len = m->write_fail_at - m->sent.len;
    if (m->piece && len > m->piece)
        len = m->piece;
    bedrock_buffer_append(&m->sent, buf, len);
    *n = len;
    return 0;
}

static int mock_fd(void *conn)
{
    (void)conn;
    return -1;
}

static int mock_nothing(void *conn)
{
    (void)conn;
    return 0;
}

static void mock_close(void *conn)
{
    struct mock *m = conn;

    m->open--;
    m->closes++;
    if (m->stale && m->used > 1) {
        m->stale = 0;
        m->request--;
        m->at = m->request > 0 ? m->reply[m->request - 1].len : 0;
    }
}

void mock_no_fd(struct bedrock_io *io)
{
    io->fd = mock_fd;
    io->events = mock_nothing;
    io->timeout_ms = mock_nothing;
}

void mock_init(struct mock *m, const char *reply, size_t len)
{
    memset(m, 0, sizeof *m);
    m->io.ctx = m;
    m->io.open = mock_open;
    m->io.step = mock_step;
    m->io.read = mock_read;
    m->io.write = mock_write;
    m->io.close = mock_close;
    mock_no_fd(&m->io);
    m->reply[0].p = reply;
    m->reply[0].len = len;
    m->n_replies = 1;
    m->cut_at = MOCK_NO_CUT;
}

void mock_rewind(struct mock *m)
{
    bedrock_buffer_free(&m->sent);
    m->opens = m->closes = 0;
    m->request = m->request_at = m->at = m->total = m->waited = 0;
    m->open = m->used = m->ready = m->held_read = m->held_write = 0;
}

void mock_free(struct mock *m)
{
    bedrock_buffer_free(&m->sent);
}

int64_t mock_clock(void *ctx, int wall)
{
    int64_t more = ctx ? *(const int64_t *)ctx : 0;

    return (wall ? 1767323045000 : 1000) + more;
}

const char *mock_getenv(void *ctx, const char *name)
{
    (void)ctx;
    (void)name;
    return NULL;
}

void mock_options(struct bedrock_options *o, struct mock *m, struct t_heap *heap)
{
    memset(o, 0, sizeof *o);
    o->region = "us-east-1";
    o->access_key_id = "AKIDEXAMPLE";
    o->secret_access_key = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
    o->io = &m->io;
    o->clock = mock_clock;
    o->getenv = mock_getenv;
    o->alloc = heap ? t_heap_alloc : NULL;
    o->alloc_ctx = heap;
}

int mock_client(struct bedrock **b, struct mock *m, struct t_heap *heap)
{
    struct bedrock_options o;

    mock_options(&o, m, heap);
    return bedrock_open(b, &o);
}

static void mock_text(struct bedrock_buffer *out, const char *text)
{
    bedrock_buffer_append(out, text, strlen(text));
}

void mock_reply(struct bedrock_buffer *out, const char *status, const char *type, const char *body)
{
    char line[200];

    mock_text(out, "HTTP/1.1 ");
    mock_text(out, status);
    mock_text(out, "\r\nDate: Fri, 02 Jan 2026 03:04:05 GMT\r\nContent-Type: ");
    mock_text(out, type);
    snprintf(line, sizeof line, "\r\nx-amzn-RequestId: 7f3c2b1a-req\r\nContent-Length: %zu\r\n\r\n",
             strlen(body));
    mock_text(out, line);
    mock_text(out, body);
}

void mock_stream(struct bedrock_buffer *out, const struct bedrock_buffer *frames, size_t chunk)
{
    char line[32];

    mock_text(out, "HTTP/1.1 200 OK\r\nContent-Type: application/vnd.amazon.eventstream\r\n"
                   "x-amzn-RequestId: 7f3c2b1a-req\r\nTransfer-Encoding: chunked\r\n\r\n");
    for (size_t at = 0; at < frames->len; at += chunk) {
        size_t n = frames->len - at < chunk ? frames->len - at : chunk;

        snprintf(line, sizeof line, "%zx\r\n", n);
        mock_text(out, line);
        bedrock_buffer_append(out, frames->p + at, n);
        mock_text(out, "\r\n");
    }
    mock_text(out, "0\r\n\r\n");
}

static void mock_event(struct bedrock_buffer *out, const char *type, const char *json)
{
    bedrock_frame_append(out, 0, type, json, strlen(json));
}

void mock_frames(struct bedrock_buffer *frames)
{
    mock_event(frames, "messageStart", "{\"role\":\"assistant\",\"p\":\"abc\"}");
    mock_event(frames, "contentBlockDelta",
               "{\"contentBlockIndex\":0,\"delta\":{\"reasoningContent\":{\"text\":\"hm\"}},\"p\":\"a\"}");
    mock_event(frames, "contentBlockDelta",
               "{\"contentBlockIndex\":1,\"delta\":{\"text\":\"Hel\"},\"p\":\"abcdefgh\"}");
    mock_event(frames, "contentBlockDelta",
               "{\"contentBlockIndex\":1,\"delta\":{\"text\":\"lo\\n\"},\"p\":\"\"}");
    mock_event(frames, "contentBlockDelta",
               "{\"contentBlockIndex\":1,\"delta\":{\"text\":\"\\uD83D\\uDE00\"}}");
    mock_event(frames, "somethingNew", "{\"x\":[1,2]}");
    mock_event(frames, "contentBlockStop", "{\"contentBlockIndex\":1}");
    mock_event(frames, "messageStop", "{\"stopReason\":\"end_turn\"}");
    mock_event(frames, "metadata",
               "{\"metrics\":{\"latencyMs\":2280},\"usage\":{\"inputTokens\":14,\"outputTokens\":65,"
               "\"totalTokens\":79}}");
}
