/* call.c - one call as a state machine: connect, sign, send, read the head, read the body.
 * RFC 9112 for the order of things. Leaves out: trying again, which is the caller's to decide, what stands
 * in a request's head (head.c), and all knowledge of what the parts do inside. */
#include "bedrock_int.h"
#include <stdio.h>
#include <string.h>

#define CALL_PATIENCE_MS 5000       /* so long a new connection surely waits for the first request */
#define CALL_MAX_FETCHED 1048576u   /* what a credential provider is answered is far smaller */
#define CALL_MAX_ERROR_BODY 65536u  /* of an error response more is read but not kept */
#define CALL_STREAM_TYPE "application/vnd.amazon.eventstream"

/* ---- Failing ---- */

void bdk_call_release(struct bedrock_call *c, int reusable)
{
    if (!c->conn)
        return;
    if (reusable && !c->fetch) /* whose endpoint is somebody else's next */
        bdk_client_keep(c->b, c->conn, c->to);
    else
        c->b->io.close(c->conn);
    c->conn = NULL;
}

int bdk_call_fail(struct bedrock_call *c, int code, const char *text)
{
    bdk_error_set(&c->err, code, "%s", text);
    bdk_call_release(c, 0);
    c->phase = BDK_PHASE_FAILED;
    bdk_client_stop_fetching(c); /* it may have been the last that waited, and end much later */
    bdk_trace(c->b, "* failed: %s", c->err.message);
    return c->err.code;
}

static int call_host_fail(struct bedrock_call *c, int code, const char *text)
{
    bdk_error_set(&c->err, code, "%s: %s", c->to->authority, text);
    return bdk_call_fail(c, code, text);
}

static int call_no_memory(struct bedrock_call *c, int code)
{
    if (code == BEDROCK_ERR_LIMIT)
        return call_host_fail(c, code, "the response is larger than the ceiling set for it");
    return bdk_call_fail(c, code, bedrock_code_text(code));
}

/*
 * The transport failed. A connection that was kept may have been closed by the server just as we wrote
 * to it: as long as nothing was answered, the request goes out again on a new one (RFC 9112 9.3.1).
 */
static int call_conn_fail(struct bedrock_call *c, int code)
{
    struct bedrock_io *io = &c->b->io;

    if (c->reused && c->in.len == 0 && code != BEDROCK_ERR_NOMEM) {
        bdk_trace(c->b, "* the kept connection was closed; making a new one");
        bdk_call_release(c, 0);
        c->phase = BDK_PHASE_CONNECT;
        c->reused = 0;
        c->fresh_only = 1;
        return 0;
    }
    if (io->describe && c->err.code == 0) {
        bdk_error_set(&c->err, code, "%s: %s", c->to->authority, bedrock_code_text(code));
        io->describe(io->ctx, c->conn, &c->err);
        c->err.message[sizeof c->err.message - 1] = 0;
    }
    return call_host_fail(c, code, bedrock_code_text(code));
}

/* ---- Connecting ---- */

/* A connection of the call's own: kept, taken over from bedrock_warm(), or a new one. 0, or WANT_TIME
 * while the host may have no more, or below zero. */
static int call_take_connection(struct bedrock_call *c)
{
    struct bedrock_io *io = &c->b->io;
    int rc;

    c->queued = 0;
    if (!c->fresh_only) {
        c->conn = bdk_client_take_kept(c->b, c->to);
        c->reused = c->conn != NULL;
        if (c->conn || bdk_client_take_warm(c))
            return 0;
    }
    if (!bdk_client_has_room(c)) {
        c->queued = 1;
        return BEDROCK_WANT_TIME;
    }
    bdk_client_make_room(c);
    bdk_trace(c->b, "* connecting to %s", c->to->authority);
    c->phase_ms = c->b->opt.clock(c->b->opt.clock_ctx, 0);
    c->b->transport.direct = c->fetch && c->fetch->direct;
    c->b->transport.probe = c->errand ? &c->errand->seen : NULL;
    if (c->fetch)
        c->b->transport.aws_host[BDK_N_SERVICES] = c->to->aws ? c->to->host : NULL;
    rc = io->open(io->ctx, c->to->host, c->to->port, c->to->tls, &c->conn);
    if (rc < 0) {
        c->conn = NULL;
        return call_conn_fail(c, rc);
    }
    return 0;
}

/* 0: bytes can flow. */
static int call_connect_transport(struct bedrock_call *c)
{
    int rc = c->conn ? 0 : call_take_connection(c);

    if (rc != 0 || !c->conn)
        return rc;
    rc = c->b->io.step(c->conn);
    if (rc < 0)
        return call_conn_fail(c, rc);
    if (rc == 0 && !c->connected_ms)
        c->connected_ms = c->b->opt.clock(c->b->opt.clock_ctx, 0);
    return rc;
}

static int call_begin_sending(struct bedrock_call *c)
{
    int64_t now = c->b->opt.clock(c->b->opt.clock_ctx, 0);
    int rc;

    if (!c->method[0]) {
        bdk_call_release(c, 1);
        c->phase = BDK_PHASE_DONE;
        return 0;
    }
    /* a connection that had to wait for keys may have been given up by the server meanwhile */
    c->reused |= now - c->connected_ms > CALL_PATIENCE_MS;
    rc = bdk_head_build(c);
    if (rc == BEDROCK_ERR_USAGE)
        return bdk_call_fail(c, rc, "the request cannot be written: a header, the path, the model or the "
                                    "query holds characters that HTTP does not allow, or the query "
                                    "has more than 64 parameters");
    if (rc != 0)
        return call_no_memory(c, rc);
    if (!c->fresh_only)
        c->err.attempts++;
    c->sent = 0;
    c->moved = 1;
    c->phase = BDK_PHASE_SEND;
    return 0;
}

/* Keys are fetched while the connection is being made. Only when the Region is still to be found is there
 * nobody to connect to. */
static int call_connect(struct bedrock_call *c)
{
    struct bedrock *b = c->b;
    int conn = 0, keys = 0, knows_host = c->fetch || c->to->host[0];

    if (!c->fetch)
        keys = bdk_creds_step(b, &c->err);
    if (keys < 0)
        return bdk_call_fail(c, keys, "");
    c->wants_keys = keys > 0;
    if (c->errand && !c->fetch)
        return keys ? keys : bdk_errand_go(c);
    if (!knows_host && !c->to->host[0])
        conn = keys;    /* the Region is what we wait for */
    else
        conn = call_connect_transport(c);
    c->wants_conn = conn > 0;
    if (conn < 0 || c->phase == BDK_PHASE_FAILED)
        return conn;
    if (conn == 0 && !c->conn)
        return 0;       /* a kept one had just been closed: begin anew */
    if (conn == 0 && keys == 0)
        return call_begin_sending(c);
    return conn > 0 ? conn : keys;
}

/* ---- Sending ---- */

/* Read into the free end of c->in: 0 with *n bytes (0: the peer ended), WANT_*, below zero. */
static int call_read(struct bedrock_call *c, size_t *n)
{
    int rc = c->b->io.read(c->conn, c->in.p + c->in.len, c->in.cap - c->in.len, n);

    if (rc == 0 && *n > 0) {
        c->in.len += *n;
        c->moved = 1;
    }
    return rc;
}

/* The server may answer before it has read everything, 413 for one, and then stop reading. */
static int call_send_blocked(struct bedrock_call *c, int why)
{
    size_t n = 0;
    int rc;

    if (bdk_buffer_reserve(&c->in, BDK_READ_SIZE) != 0)
        return call_no_memory(c, c->in.error);
    rc = call_read(c, &n);
    if (rc == 0 && n > 0) {
        /* an interim response (100, 103) answers nothing: go on sending */
        if (bdk_http_head_read(c->in.p, c->in.len, &c->scanned, &c->head, NULL) != BDK_MORE)
            c->phase = BDK_PHASE_HEAD;
        return 0;
    }
    if (why < 0)
        return call_conn_fail(c, why);
    if (rc == 0)
        return call_conn_fail(c, BEDROCK_ERR_IO);
    return rc < 0 ? call_conn_fail(c, rc) : why;
}

/* Write what is left of the request: 0 all of it, WANT_*, below zero. */
static int call_write(struct bedrock_call *c)
{
    while (c->sent < c->out.len + c->body.len) {
        int in_head = c->sent < c->out.len;
        const char *p = in_head ? c->out.p + c->sent : c->body.p + (c->sent - c->out.len);
        size_t left = (in_head ? c->out.len : c->out.len + c->body.len) - c->sent, n = 0;
        int rc = c->b->io.write(c->conn, p, left, &n);

        if (rc != 0)
            return rc;
        c->sent += n;
        c->moved = 1;
    }
    bedrock_buffer_free(&c->out); /* the signature is of no more use */
    c->sent = SIZE_MAX;
    return 0;
}

static int call_send(struct bedrock_call *c)
{
    int rc = call_write(c);

    if (rc != 0)
        return call_send_blocked(c, rc);
    c->phase = BDK_PHASE_HEAD;
    return 0;
}

int bdk_call_sends(const struct bedrock_call *c)
{
    return c->sent != SIZE_MAX && !c->deaf && c->head.status < 300 &&
           (c->phase == BDK_PHASE_HEAD || c->phase == BDK_PHASE_BODY);
}

/* ---- The response's head ---- */

static void call_trace_response(const struct bedrock_call *c)
{
    const char *p = c->head.fields.p, *end = p + c->head.fields.len;

    bdk_trace(c->b, "< HTTP/1.%d %d", c->head.minor, c->head.status);
    while (c->b->opt.trace && p < end) {
        const char *eol = memchr(p, '\r', (size_t)(end - p));
        size_t n = eol ? (size_t)(eol - p) : (size_t)(end - p);

        if (n > 0)
            bdk_trace(c->b, "< %.*s", (int)n, p);
        p += n + 2;
    }
}

/* What every response says of itself, kept for the error that may come. */
static void call_note_response(struct bedrock_call *c)
{
    int64_t server_s, now_s = c->b->opt.clock(c->b->opt.clock_ctx, 1) / 1000;

    c->err.http_status = c->head.status;
    bdk_error_text(c->err.request_id, sizeof c->err.request_id,
                   bdk_http_field(&c->head, "x-amzn-requestid"));
    if (bdk_date_http(bdk_http_field(&c->head, "date"), &server_s) == 0 &&
        server_s - now_s > -86400 * 3650 && server_s - now_s < 86400 * 3650)
        c->err.clock_skew_s = (int)(server_s - now_s);
    if (c->errand)
        bdk_errand_head(c);
}

/* A provider takes every answer as one, and judges it by itself. */
static int call_is_success(const struct bedrock_call *c)
{
    return c->fetch || (c->head.status >= 200 && c->head.status < 300);
}

static int call_is_stream(const struct bedrock_call *c)
{
    struct bedrock_slice type = bdk_http_field(&c->head, "content-type");

    if (type.len > strlen(CALL_STREAM_TYPE) && strchr("; \t", type.p[strlen(CALL_STREAM_TYPE)]))
        type.len = strlen(CALL_STREAM_TYPE);
    return bdk_slice_is_nocase(type, CALL_STREAM_TYPE);
}

/* The proxy, and not the service, wants to know who we are; some say 401 for a wrong password. */
static int call_proxy_refuses(struct bedrock_call *c)
{
    const struct bdk_proxy *relay = bdk_conn_relay(&c->b->transport, c->conn);
    char status[128];

    if (!relay || c->err.request_id[0] || (c->head.status != 407 && c->head.status != 401))
        return 0;
    bdk_proxy_status(&c->head, c->in.p, status);
    bdk_error_set(&c->err, BEDROCK_ERR_CONNECT, "proxy %s refused: %s", relay->name, status);
    c->err.retryable = 0;
    return bdk_call_fail(c, c->err.code, "");
}

static int call_head_done(struct bedrock_call *c)
{
    /* from here on c->in must not move: the head's slices point into it */
    if (c->in.cap - c->head.len < BDK_READ_SIZE / 2) {
        if (bdk_buffer_reserve(&c->in, BDK_READ_SIZE) != 0)
            return call_no_memory(c, c->in.error);
        c->scanned = 0;
        bdk_http_head_read(c->in.p, c->in.len, &c->scanned, &c->head, NULL);
    }
    c->in_pos = c->head.len;
    bdk_http_body_init(&c->framing, &c->head);
    call_note_response(c);
    call_trace_response(c);
    if (call_proxy_refuses(c) != 0)
        return c->err.code;
    c->streams = !c->fetch && call_is_success(c) && c->op->streams != 0 && call_is_stream(c);
    if (call_is_success(c) && c->op->streams > 0 && !c->streams)
        return call_host_fail(c, BEDROCK_ERR_PROTOCOL,
                              "the answer to a streaming call is not an event stream");
    if (c->streams && c->head.framing == BDK_HTTP_UNTIL_CLOSE)
        return call_host_fail(c, BEDROCK_ERR_PROTOCOL,
                              "the stream has neither a length nor chunks, so that its end could not be "
                              "told from a cut");
    c->payload.max = c->fetch ? CALL_MAX_FETCHED
                     : call_is_success(c) ? c->b->opt.max_response : CALL_MAX_ERROR_BODY;
    c->phase = BDK_PHASE_BODY;
    return 0;
}

static int call_head(struct bedrock_call *c)
{
    const char *why = NULL;
    size_t n = 0;
    int rc;

    if (c->in.len > 0) {
        rc = bdk_http_head_read(c->in.p, c->in.len, &c->scanned, &c->head, &why);
        if (rc == 0)
            return call_head_done(c);
        if (rc < 0)
            return call_host_fail(c, rc, why ? why : "the response is not HTTP");
    }
    if (c->in.len == c->in.cap && bdk_buffer_reserve(&c->in, BDK_READ_SIZE) != 0)
        return call_no_memory(c, c->in.error);
    rc = call_read(c, &n);
    if (rc != 0)
        return rc < 0 ? call_conn_fail(c, rc) : rc;
    if (n > 0)
        return 0;
    if (c->reused && c->in.len == 0)
        return call_conn_fail(c, BEDROCK_ERR_IO);
    return call_host_fail(c, c->in.len ? BEDROCK_ERR_TRUNCATED : BEDROCK_ERR_IO,
                          c->in.len ? "the connection was closed inside the response's head"
                                    : "the server closed the connection without an answer");
}

/* ---- The response's body ---- */

/* A gateway may repeat what we sent. */
static void call_hide_secrets(struct bedrock_call *c)
{
    const struct bdk_creds *creds = &c->b->creds;

    bdk_error_hide(c->err.message, creds->bearer_token);
    bdk_error_hide(c->err.message, creds->keys.session_token);
    bdk_error_hide(c->err.message, creds->keys.secret_access_key);
}

static int call_exception(struct bedrock_call *c, const struct bdk_es_frame *f)
{
    bdk_error_frame(&c->err, f);
    call_hide_secrets(c);
    return bdk_call_fail(c, BEDROCK_ERR_SERVICE, "");
}

/* A verified frame: BEDROCK_EVENT with ev filled, 0 to skip it, below zero for the end. */
static int call_frame(struct bedrock_call *c, const struct bdk_es_frame *f, struct bedrock_event *ev)
{
    struct bedrock_slice kind = bdk_es_string(f, ":message-type"), payload = f->payload;
    int rc;

    if (bdk_slice_is(kind, "exception") || bdk_slice_is(kind, "error"))
        return call_exception(c, f);
    if (!bdk_slice_is(kind, "event"))
        return call_host_fail(c, BEDROCK_ERR_PROTOCOL,
                              "a frame of the stream is neither event nor exception");
    ev->type = bdk_es_string(f, ":event-type");
    if (ev->type.len == 0)
        return call_host_fail(c, BEDROCK_ERR_PROTOCOL, "an event of the stream has no type");
    if (bdk_slice_is(ev->type, "initial-response"))
        return 0;
    if (payload.len == 0)
        payload = bdk_slice("{}");
    if (bdk_json_parse_halves(payload.p, payload.len, &ev->json, NULL) != 0)
        return call_host_fail(c, BEDROCK_ERR_PROTOCOL, "an event of the stream is not JSON");
    c->saw_start |= bdk_slice_is(ev->type, "messageStart");
    c->saw_stop |= bdk_slice_is(ev->type, "messageStop");
    rc = bdk_event_classify(ev, &c->text, &c->half);
    if (rc == BEDROCK_ERR_PROTOCOL)
        return call_host_fail(c, rc, "a chunk of the stream is not base64");
    return rc ? call_no_memory(c, rc) : BEDROCK_EVENT;
}

/* Next frame out of the piece at hand: as call_frame(), 0 when the piece is used up. */
static int call_frames(struct bedrock_call *c, struct bedrock_event *ev)
{
    struct bdk_es_frame f;
    int rc = 0;

    while (rc == 0 && c->piece.len > 0) {
        rc = bdk_es_next(&c->frames, &c->piece.p, &c->piece.len, &f);
        if (rc == BDK_MORE)
            return 0;
        if (rc < 0)
            return call_host_fail(c, rc, c->frames.why ? c->frames.why : bedrock_code_text(rc));
        rc = call_frame(c, &f, ev);
    }
    return rc;
}

/* Let go of the connection; it is fit for another call only when nothing is left over on it. */
static int call_finish(struct bedrock_call *c)
{
    int whole = c->sent == SIZE_MAX && c->head.keep_alive;
    char extra;
    size_t n = 0;
    int rc = BEDROCK_WANT_READ;

    if (c->in.len == c->in_pos && c->conn)
        rc = c->b->io.read(c->conn, &extra, 1, &n);
    if (c->in.len > c->in_pos || (rc == 0 && n > 0))
        return call_host_fail(c, BEDROCK_ERR_PROTOCOL, "there are bytes after the end of the response");
    bdk_call_release(c, whole && rc > 0);
    c->phase = BDK_PHASE_DONE;
    return 0;
}

static int call_error_body(struct bedrock_call *c, int complete)
{
    struct bedrock_slice body = {c->payload.p, c->payload.len};
    int clean = complete && c->sent == SIZE_MAX && c->head.keep_alive && c->in.len == c->in_pos;

    bdk_error_service(&c->err, &c->head, body);
    call_hide_secrets(c);
    bdk_call_release(c, clean);
    return bdk_call_fail(c, BEDROCK_ERR_SERVICE, "");
}

static int call_response(struct bedrock_call *c, struct bedrock_event *ev)
{
    struct bedrock_slice body = {c->payload.p, c->payload.len};

    if (body.len == 0)
        body = bdk_slice("{}");
    if (bdk_json_parse_halves(body.p, body.len, &ev->json, NULL) != 0)
        return call_host_fail(c, BEDROCK_ERR_PROTOCOL, "the response is not JSON");
    if (c->payload.len > 0)
        bdk_json_mend(c->payload.p, c->payload.len); /* nothing follows that a half could wait for */
    ev->kind = BEDROCK_RESPONSE;
    ev->type.p = ev->text.p = NULL;
    ev->type.len = ev->text.len = 0;
    return BEDROCK_EVENT;
}

/* A piece of a raw body. */
static int call_bytes(struct bedrock_event *ev, struct bedrock_slice data)
{
    memset(ev, 0, sizeof *ev);
    ev->kind = BEDROCK_BYTES;
    ev->text = data;
    return BEDROCK_EVENT;
}

static int call_body_done(struct bedrock_call *c, struct bedrock_event *ev)
{
    if (!call_is_success(c))
        return call_error_body(c, 1);
    if (!c->streams) {
        c->phase = BDK_PHASE_FINISH;
        if (c->errand)
            return bdk_errand_answer(c, ev);
        return c->raw || c->fetch ? 0 : call_response(c, ev);
    }
    if (bdk_es_end(&c->frames) != 0)
        return call_host_fail(c, BEDROCK_ERR_TRUNCATED, "the stream ended inside an event");
    if (!c->saw_stop && (c->op->needs_stop || c->saw_start))
        return call_host_fail(c, BEDROCK_ERR_TRUNCATED, "the stream ended before messageStop");
    c->phase = BDK_PHASE_FINISH;
    return 0;
}

static int call_body_eof(struct bedrock_call *c, struct bedrock_event *ev)
{
    if (bdk_http_body_eof(&c->framing) == 0)
        return call_body_done(c, ev);
    if (!call_is_success(c))
        return call_error_body(c, 0);
    return call_host_fail(c, BEDROCK_ERR_TRUNCATED,
                          "the connection was closed before the response was complete");
}

static int call_body_read(struct bedrock_call *c, struct bedrock_event *ev)
{
    size_t n = 0;
    int rc;

    c->in.len = c->in_pos = c->head.len;
    rc = call_read(c, &n);
    if (rc > 0 || (rc == 0 && n > 0))
        return rc;
    if (rc == 0)
        return call_body_eof(c, ev);
    return call_is_success(c) ? call_conn_fail(c, rc) : call_error_body(c, 0);
}

static int call_keep_body(struct bedrock_call *c, struct bedrock_slice data)
{
    if (!call_is_success(c) && data.len > CALL_MAX_ERROR_BODY - c->payload.len)
        data.len = CALL_MAX_ERROR_BODY - c->payload.len;
    if (bedrock_buffer_append(&c->payload, data.p, data.len) != 0)
        return call_no_memory(c, c->payload.error);
    /* an error that goes on and on has said enough */
    return !call_is_success(c) && c->payload.len == CALL_MAX_ERROR_BODY ? call_error_body(c, 0) : 0;
}

static int call_body(struct bedrock_call *c, struct bedrock_event *ev)
{
    const char *p = c->in.p + c->in_pos;
    size_t left = c->in.len - c->in_pos;
    struct bedrock_slice data;
    int rc = call_frames(c, ev);

    if (rc != 0)
        return rc;
    rc = bdk_http_body_next(&c->framing, &p, &left, &data);
    c->in_pos = c->in.len - left;
    switch (rc) {
    case BDK_DATA:
        if (call_is_success(c) && c->raw && !c->streams)
            return call_bytes(ev, data);
        if (!c->streams)
            return call_keep_body(c, data);
        c->piece = data;
        return 0;
    case BDK_MORE:
        return call_body_read(c, ev);
    case 0:
        return call_body_done(c, ev);
    default:
        if (!call_is_success(c))
            return call_error_body(c, 0);
        return call_host_fail(c, rc, c->framing.why ? c->framing.why : "malformed body");
    }
}

/* ---- Time ---- */

static int call_connect_limit(const struct bedrock_call *c)
{
    return c->fetch && c->fetch->connect_ms ? c->fetch->connect_ms : c->b->opt.connect_timeout_ms;
}

static int call_idle_limit(const struct bedrock_call *c)
{
    return c->fetch && c->fetch->read_ms ? c->fetch->read_ms : c->b->opt.idle_timeout_ms;
}

static int call_time_out(struct bedrock_call *c, int64_t now)
{
    int connecting = c->phase == BDK_PHASE_CONNECT;
    int ms = connecting ? call_connect_limit(c) : call_idle_limit(c), whole = ms % 1000 == 0;
    const char *proxy, *waits = bdk_conn_waits(&c->b->transport, c->conn, &proxy);
    char text[400];

    if (now >= c->deadline_ms)
        return call_host_fail(c, BEDROCK_ERR_TIMEOUT, "the call's deadline has passed");
    if (connecting && waits) {
        snprintf(text, sizeof text, "no connection within %d %s (%s proxy %s)", whole ? ms / 1000 : ms,
                 whole ? "s" : "ms", waits, proxy);
        return call_host_fail(c, BEDROCK_ERR_TIMEOUT, text);
    }
    snprintf(text, sizeof text, "%s %d %s%s", connecting ? "no connection within" : "silent for",
             whole ? ms / 1000 : ms, whole ? "s" : "ms",
             connecting && c->to->tls ? " (connecting and TLS)" : "");
    return call_host_fail(c, BEDROCK_ERR_TIMEOUT, text);
}

/* A step wants to wait: until when? Below zero when it has waited too long already. */
static int call_wait(struct bedrock_call *c)
{
    const struct bedrock_options *o = &c->b->opt;
    int64_t now = o->clock(o->clock_ctx, 0);

    if (c->moved)
        c->moved_ms = now;
    c->moved = 0;
    if (c->queued)
        c->until_ms = INT64_MAX; /* others may take their time */
    else if (c->phase == BDK_PHASE_CONNECT)
        /* what provides the keys has time-outs of its own */
        c->until_ms = c->wants_conn && c->conn ? c->phase_ms + call_connect_limit(c) : INT64_MAX;
    else
        c->until_ms = call_idle_limit(c) < 0 ? INT64_MAX : c->moved_ms + call_idle_limit(c);
    if (c->until_ms > c->deadline_ms)
        c->until_ms = c->deadline_ms;
    return now >= c->until_ms ? call_time_out(c, now) : 0;
}

int bdk_call_step(struct bedrock_call *c, struct bedrock_event *ev)
{
    int rc = 0;

    c->want = 0;
    while (rc == 0) {
        /* a peer that always has more to say must not outlast the deadline */
        if (c->phase < BDK_PHASE_FINISH && c->deadline_ms != INT64_MAX &&
            c->b->opt.clock(c->b->opt.clock_ctx, 0) >= c->deadline_ms)
            return call_time_out(c, c->deadline_ms);
        switch (c->phase) {
        case BDK_PHASE_CONNECT:
            rc = call_connect(c);
            break;
        case BDK_PHASE_SEND:
            rc = call_send(c);
            break;
        case BDK_PHASE_HEAD:
            rc = call_head(c);
            break;
        case BDK_PHASE_BODY:
            rc = call_body(c, ev);
            break;
        case BDK_PHASE_FINISH:
            rc = call_finish(c);
            break;
        case BDK_PHASE_DONE:
            return BEDROCK_DONE;
        case BDK_PHASE_FAILED:
            return c->err.code;
        }
        /* a server that accepts may answer while it reads: the rest goes out beside the answer, which
         * decides what becomes of the call, so that a failure here is none */
        if (rc > BEDROCK_EVENT && bdk_call_sends(c)) {
            int written = call_write(c);

            c->deaf = written < 0;
            rc = written == 0 ? 0 : rc;
        }
    }
    if (rc == BEDROCK_EVENT || rc < 0)
        return rc;
    c->want = rc;
    rc = call_wait(c);
    return rc < 0 ? rc : c->want;
}
