/* message.c - Converse in words: request bodies from a prompt, text and counts out of responses.
 * Amazon Bedrock API reference, Converse and ConverseStream. Leaves out: assembling a stream into a
 * message; the bodies that body.c builds. */
#include "bedrock_int.h"
#include <string.h>

/* ---- Request bodies ---- */

/* An object, or nothing for no text. */
static int msg_parse_object(struct bedrock_error *e, const char *what, const char *text, size_t len,
                            struct bedrock_json *v)
{
    struct bedrock_json_error where;

    memset(v, 0, sizeof *v);
    if (!text)
        return 0;
    if (bedrock_json_parse(text, len ? len : strlen(text), v, &where) != 0)
        return bdk_error_set(e, BEDROCK_ERR_USAGE, "%s:%zu:%zu: %s", what, where.line, where.column,
                             where.what);
    return v->type == BEDROCK_JSON_OBJECT ? 0 : bdk_error_set(e, BEDROCK_ERR_USAGE, "%s is no JSON object",
                                                              what);
}

/* Everything of base but what the prompt replaces, then that. */
static void msg_write(struct bedrock_body *b, const struct bedrock_prompt *p, struct bedrock_json base,
                      struct bedrock_json inference)
{
    const char *left_out[5] = {NULL};
    size_t n = 0;

    if (p->text)
        left_out[n++] = "messages";
    if (p->system)
        left_out[n++] = "system";
    if (p->inference)
        left_out[n++] = "inferenceConfig";
    if (p->fields)
        left_out[n++] = "additionalModelRequestFields";
    bedrock_body_request(b, base, left_out);
    if (p->text) {
        bedrock_body_message(b, "user");
        bedrock_body_text(b, p->text, p->text_len ? p->text_len : strlen(p->text));
    }
    if (p->system) {
        bedrock_body_system(b);
        bedrock_body_text(b, p->system, strlen(p->system));
    }
    if (p->inference)
        bedrock_body_merged(b, "inferenceConfig", bedrock_json_get(base, "inferenceConfig"), inference);
    if (p->fields)
        bedrock_body_member(b, "additionalModelRequestFields", p->fields, strlen(p->fields));
}

/* As bedrock_prompt_body(); *e says what was wrong. */
static int msg_body(const struct bedrock_prompt *p, struct bedrock_writer *w, struct bedrock_error *e)
{
    struct bedrock_json base, inference;
    struct bedrock_body b = {0};
    int rc;

    if (msg_parse_object(e, "base", p->base, p->base_len, &base) != 0 ||
        msg_parse_object(e, "inference", p->inference, 0, &inference) != 0)
        return bdk_buffer_fail(&w->out, e->code);
    b.w = *w;
    msg_write(&b, p, base, inference);
    rc = bedrock_body_end(&b);
    *e = b.error;
    *w = b.w;
    memset(&b.w, 0, sizeof b.w);
    bedrock_body_free(&b);
    return rc;
}

int bedrock_prompt_body(const struct bedrock_prompt *p, struct bedrock_writer *w)
{
    struct bedrock_error e = {0};

    return msg_body(p, w, &e);
}

/* ---- Events ---- */

int bdk_decode(struct bedrock_buffer *scratch, struct bedrock_json v, struct bedrock_slice *text)
{
    text->p = NULL;
    text->len = 0;
    if (v.type != BEDROCK_JSON_STRING)
        return 0;
    text->p = v.p + 1;
    text->len = v.len - 2;
    if (text->len == 0 || !memchr(text->p, '\\', text->len))
        return 0;
    scratch->len = 0;
    if (bdk_buffer_reserve(scratch, text->len) != 0)
        return scratch->error;
    text->len = bedrock_json_unescape(v, scratch->p, scratch->cap);
    text->p = scratch->p;
    scratch->len = text->len;
    return 0;
}

/* What a chunk of InvokeModelWithResponseStream holds; the bytes go behind the string, where that has to be
 * decoded itself. */
static int msg_chunk(struct bedrock_event *ev, struct bedrock_buffer *scratch)
{
    struct bedrock_json bytes = bedrock_json_get(ev->json, "bytes");
    struct bedrock_slice text;
    size_t at;
    int rc;

    if (bytes.type != BEDROCK_JSON_STRING)
        return 0;
    ev->kind = BEDROCK_BYTES;
    scratch->len = 0;
    if (bdk_decode(scratch, bytes, &text) != 0)
        return scratch->error;
    at = scratch->len;
    if (at > 0 && bdk_buffer_reserve(scratch, at) == 0) /* so that it does not move under us */
        text.p = scratch->p;
    rc = bdk_base64_decode(scratch, text.p, text.len);
    ev->text.p = scratch->p + at;
    ev->text.len = scratch->len - at;
    return rc == BEDROCK_ERR_USAGE ? BEDROCK_ERR_PROTOCOL : rc;
}

/* A delta's text with the half that waits for it before, and without one that has to wait itself: the escapes
 * are joined, and then decoded where they are. */
static int msg_halves(struct bedrock_event *ev, struct bedrock_json v, struct bedrock_buffer *scratch,
                      struct bdk_half *half)
{
    struct bedrock_json whole = {BEDROCK_JSON_STRING, NULL, 0};
    int64_t index = -1;
    int joined;

    bedrock_json_int(bedrock_json_get(ev->json, "contentBlockIndex"), &index);
    joined = half->waits && half->kind == ev->kind && half->index == index;
    scratch->len = 0;
    bdk_buffer_text(scratch, "\"");
    bedrock_buffer_append(scratch, half->escape, joined ? sizeof half->escape : 0);
    if (bedrock_buffer_append(scratch, v.p + 1, v.len - 1) != 0)
        return scratch->error;
    half->waits &= !joined;
    whole.p = scratch->p;
    whole.len = scratch->len;
    if (bdk_json_ends_in_half(whole)) {
        half->waits = 1;
        half->kind = ev->kind;
        half->index = index;
        memcpy(half->escape, whole.p + whole.len - 7, sizeof half->escape);
        whole.len -= sizeof half->escape;
    }
    ev->text.p = whole.p + 1;
    ev->text.len = bedrock_json_unescape(whole, scratch->p + 1, whole.len - 2);
    return 0;
}

static int msg_text(struct bedrock_event *ev, enum bedrock_kind kind, struct bedrock_json v,
                    struct bedrock_buffer *scratch, struct bdk_half *half)
{
    ev->kind = kind;
    if (half->waits || bdk_json_ends_in_half(v))
        return msg_halves(ev, v, scratch, half);
    return bdk_decode(scratch, v, &ev->text);
}

int bdk_event_classify(struct bedrock_event *ev, struct bedrock_buffer *scratch, struct bdk_half *half)
{
    struct bedrock_json delta, text;

    ev->kind = BEDROCK_OTHER;
    ev->text.p = NULL;
    ev->text.len = 0;
    if (bdk_slice_is(ev->type, "chunk"))
        return msg_chunk(ev, scratch);
    if (!bdk_slice_is(ev->type, "contentBlockDelta"))
        return 0;
    delta = bedrock_json_get(ev->json, "delta");
    text = bedrock_json_get(delta, "text");
    if (text.type == BEDROCK_JSON_STRING)
        return msg_text(ev, BEDROCK_TEXT, text, scratch, half);
    text = bedrock_json_get(delta, "reasoningContent.text");
    return text.type == BEDROCK_JSON_STRING ? msg_text(ev, BEDROCK_REASONING, text, scratch, half) : 0;
}

int bedrock_response_text(struct bedrock_json response, bedrock_text_fn fn, void *ctx,
                          bedrock_alloc_fn alloc, void *alloc_ctx)
{
    struct bedrock_json_iter it =
        bedrock_json_iterate(bedrock_json_get(response, "output.message.content"));
    struct bedrock_buffer scratch = {0};
    struct bedrock_json block;
    int rc = 0;

    scratch.alloc = alloc;
    scratch.alloc_ctx = alloc_ctx;
    scratch.max = response.len + 1;
    while (rc == 0 && bedrock_json_next(&it, NULL, &block)) {
        enum bedrock_kind kind = BEDROCK_TEXT;
        struct bedrock_json v = bedrock_json_get(block, "text");
        struct bedrock_slice text;

        if (v.type != BEDROCK_JSON_STRING) {
            kind = BEDROCK_REASONING;
            v = bedrock_json_get(block, "reasoningContent.reasoningText.text");
        }
        if (v.type != BEDROCK_JSON_STRING)
            continue;
        rc = bdk_decode(&scratch, v, &text);
        if (rc == 0)
            rc = fn(ctx, kind, text);
    }
    bedrock_buffer_free(&scratch);
    return rc;
}

/* ---- Counts ---- */

void bedrock_usage_init(struct bedrock_usage *u)
{
    memset(u, 0, sizeof *u);
    u->input_tokens = u->output_tokens = u->total_tokens = -1;
    u->cache_read_tokens = u->cache_write_tokens = u->latency_ms = -1;
}

static void msg_count(struct bedrock_json root, const char *path, int64_t *out)
{
    int64_t n;

    if (bedrock_json_int(bedrock_json_get(root, path), &n) == 0 && n >= 0)
        *out = n;
}

void bedrock_usage_read(struct bedrock_usage *u, const struct bedrock_event *ev)
{
    struct bedrock_json reason;

    if (ev->kind == BEDROCK_TEXT || ev->kind == BEDROCK_REASONING || ev->kind == BEDROCK_BYTES)
        return;
    msg_count(ev->json, "usage.inputTokens", &u->input_tokens);
    msg_count(ev->json, "usage.outputTokens", &u->output_tokens);
    msg_count(ev->json, "usage.totalTokens", &u->total_tokens);
    msg_count(ev->json, "usage.cacheReadInputTokens", &u->cache_read_tokens);
    msg_count(ev->json, "usage.cacheWriteInputTokens", &u->cache_write_tokens);
    msg_count(ev->json, "metrics.latencyMs", &u->latency_ms);
    reason = bedrock_json_get(ev->json, "stopReason");
    if (reason.type == BEDROCK_JSON_STRING) {
        size_t n = bedrock_json_unescape(reason, u->stop_reason, sizeof u->stop_reason - 1);

        if (n >= sizeof u->stop_reason)
            n = 0; /* no reason is that long: better none than half of one */
        u->stop_reason[n] = 0;
    }
}

/* ---- Asking ---- */

/* The program's function, and whether it was the one that stopped. */
struct msg_listener {
    bedrock_text_fn fn;
    void *ctx;
    int stopped;
};

static int msg_hand_over(void *ctx, enum bedrock_kind kind, struct bedrock_slice text)
{
    struct msg_listener *l = ctx;

    l->stopped = l->fn && l->fn(l->ctx, kind, text) != 0;
    return l->stopped;
}

static int msg_deliver(struct bedrock_call *c, const struct bedrock_event *ev,
                       struct msg_listener *l, const struct bedrock_buffer *like)
{
    int rc = 0;

    if (ev->kind == BEDROCK_RESPONSE)
        rc = bedrock_response_text(ev->json, msg_hand_over, l, like->alloc, like->alloc_ctx);
    else if (ev->kind == BEDROCK_TEXT || ev->kind == BEDROCK_REASONING)
        msg_hand_over(l, ev->kind, ev->text);
    if (l->stopped)
        return bdk_call_fail(c, BEDROCK_ERR_CANCELLED, "stopped by the program's callback");
    return rc ? bdk_call_fail(c, rc, bedrock_code_text(rc)) : 0;
}

int bedrock_ask(struct bedrock *b, const struct bedrock_prompt *p, bedrock_text_fn fn, void *ctx,
                struct bedrock_usage *u)
{
    struct msg_listener listener = {fn, ctx, 0};
    struct bedrock_writer w = {0};
    struct bedrock_request rq = {0};
    struct bedrock_error wrong = {0};
    struct bedrock_call *c = NULL;
    struct bedrock_event ev;
    int rc;

    bdk_client_buffer(b, &w.out);
    if (u)
        bedrock_usage_init(u);
    rc = msg_body(p, &w, &wrong);
    if (rc == 0) {
        rq.operation = p->one_shot ? BEDROCK_CONVERSE : BEDROCK_CONVERSE_STREAM;
        rq.model = p->model;
        rq.body = w.out.p;
        rq.body_len = w.out.len;
        rc = bedrock_start(b, &rq, &c);
    } else {
        bdk_client_fail(b, rc, wrong.message);
    }
    while (rc == 0 && (rc = bedrock_next(c, &ev)) == BEDROCK_EVENT) {
        if (u)
            bedrock_usage_read(u, &ev);
        rc = msg_deliver(c, &ev, &listener, &w.out);
    }
    if (rc < 0 && c)
        bdk_client_take_error(b, c);
    bedrock_end(c);
    bedrock_write_free(&w);
    return rc;
}
