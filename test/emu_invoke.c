/* emu_invoke.c - InvokeModel, InvokeModelWithResponseStream, CountTokens: headers, chunks, counts.
 * Amazon Bedrock API reference, all three; the token counts in headers are what the service sends. Leaves
 * out: the bodies' shapes (emu_native.c). */
#include "emu.h"
#include <string.h>

/* ---- Reading ---- */

/* "application/json", with or without parameters. */
static int emu_is_json_type(struct bedrock_slice type)
{
    const char *end = type.len ? memchr(type.p, ';', type.len) : NULL;

    if (end)
        type.len = (size_t)(end - type.p);
    return emu_slice_is_nocase(type, "application/json");
}

/* A header becomes a member of guardrailConfig. */
static void emu_invoke_header(const struct emu_request *rq, const char *field, struct bedrock_writer *w,
                              const char *name)
{
    struct bedrock_slice value = emu_http_field(rq, field);

    if (value.len == 0)
        return;
    bedrock_write_name(w, name);
    bedrock_write_string(w, value.p, value.len);
}

/* The guardrail of the headers, as Converse has it in its body. w holds it. 0, or the refusal was written. */
static int emu_invoke_guardrail(const struct emu_request *rq, struct emu_answer *a, struct emu_prompt *p,
                                struct bedrock_writer *w)
{
    struct bedrock_slice id = emu_http_field(rq, "X-Amzn-Bedrock-GuardrailIdentifier");
    struct bedrock_slice version = emu_http_field(rq, "X-Amzn-Bedrock-GuardrailVersion");

    memset(&p->in[EMU_IN_GUARDRAIL], 0, sizeof p->in[EMU_IN_GUARDRAIL]);
    if (id.len == 0 && version.len == 0)
        return 0;
    if (id.len == 0 || version.len == 0)
        return emu_refuse(a, "The guardrail identifier and the guardrail version must be given together.");
    bedrock_write_object(w);
    emu_invoke_header(rq, "X-Amzn-Bedrock-GuardrailIdentifier", w, "guardrailIdentifier");
    emu_invoke_header(rq, "X-Amzn-Bedrock-GuardrailVersion", w, "guardrailVersion");
    emu_invoke_header(rq, "X-Amzn-Bedrock-Trace", w, "trace");
    bedrock_write_object_end(w);
    if (bedrock_write_end(w) == 0)
        bedrock_json_parse(w->out.p, w->out.len, &p->in[EMU_IN_GUARDRAIL], NULL);
    return 0;
}

/* The answer's plan. 0, or the answer is there: a refusal, or a fault. */
static int emu_invoke_plan(const struct emu_request *rq, struct emu_answer *a, struct bedrock_slice label,
                           int streams)
{
    struct emu_prompt p = {0};
    struct bedrock_writer guardrail = {0};

    p.streams = streams;
    a->plan.family = emu_family_of(label);
    if (!emu_is_json_type(emu_http_field(rq, "Content-Type"))) {
        emu_invalid(a, "The provided Content Type is invalid or not supported for this model");
    } else if (a->plan.family->read(a, &p, rq->body) == 0 &&
               emu_invoke_guardrail(rq, a, &p, &guardrail) == 0) {
        p.seed = emu_crc32(a->e, rq->body.p, rq->body.len);
        emu_models_plan(a, label, &p);
        if (!a->status)
            emu_guard_plan(a, &p);
    }
    bedrock_write_free(&guardrail);
    emu_prompt_free(&p);
    return a->status ? -1 : 0;
}

/* ---- Heads ---- */

/* What is asked for, or JSON; at most 100 bytes of it. */
static void emu_invoke_accept(const struct emu_request *rq, const char *field, char out[101])
{
    struct bedrock_slice accept = emu_http_field(rq, field);

    if (accept.len == 0 || accept.len > 100 || emu_slice_is(accept, "*/*"))
        snprintf(out, 101, "application/json");
    else
        snprintf(out, 101, "%.*s", (int)accept.len, accept.p);
}

static void emu_invoke_echo(struct bedrock_buffer *b, const struct emu_request *rq, const char *field)
{
    struct bedrock_slice value = emu_http_field(rq, field);

    if (value.len > 0 && value.len <= 100)
        emu_printf(b, "%s: %.*s\r\n", field, (int)value.len, value.p);
}

static void emu_invoke_counts(const struct emu_answer *a, struct emu_counts *n)
{
    const struct emu_plan *plan = &a->plan;

    n->in = (int64_t)(plan->input_words + plan->cache_read + plan->cache_write[0] + plan->cache_write[1]);
    n->out = 0;
    for (size_t i = 0; i < plan->n_blocks; i++)
        n->out += (int64_t)emu_block_words(&plan->blocks[i]);
}

/* Fields with their CRLF. A stream has no counts here: they are not known yet. */
static void emu_invoke_head(struct emu_answer *a, const struct emu_request *rq, const struct emu_counts *n,
                            const char *type, int64_t length)
{
    struct bedrock_buffer extra = {0};
    char accept[101];

    emu_invoke_echo(&extra, rq, "X-Amzn-Bedrock-PerformanceConfig-Latency");
    emu_invoke_echo(&extra, rq, "X-Amzn-Bedrock-Service-Tier");
    if (n) {
        emu_text(&extra, "X-Amzn-Bedrock-Invocation-Latency: 1\r\n");
        emu_printf(&extra, "X-Amzn-Bedrock-Input-Token-Count: %lld\r\n", (long long)n->in);
        emu_printf(&extra, "X-Amzn-Bedrock-Output-Token-Count: %lld\r\n", (long long)n->out);
    } else {
        emu_invoke_accept(rq, "X-Amzn-Bedrock-Accept", accept);
        emu_printf(&extra, "X-Amzn-Bedrock-Content-Type: %s\r\n", accept);
    }
    bedrock_buffer_append(&extra, "", 1);
    emu_http_head(a, 200, type, length, extra.error ? "" : extra.p);
    bedrock_buffer_free(&extra);
}

/* ---- One-shot ---- */

/* What a guardrail adds to any family's body. */
static void emu_invoke_guarded(struct bedrock_writer *w, struct emu_plan *plan)
{
    int intervened = strcmp(plan->stop_reason, "guardrail_intervened") == 0;

    if (plan->in_guard.out.len == 0)
        return;
    emu_put_text(w, "amazon-bedrock-guardrailAction", intervened ? "INTERVENED" : "NONE");
    if (bedrock_write_end(&plan->in_trace) != 0 || plan->in_trace.out.len <= 2)
        return;
    bedrock_write_name(w, "amazon-bedrock-trace");
    bedrock_write_raw(w, plan->in_trace.out.p, plan->in_trace.out.len);
}

void emu_invoke(const struct emu_request *rq, struct emu_answer *a, struct bedrock_slice label)
{
    struct emu_counts n;
    char type[101];

    if (emu_invoke_plan(rq, a, label, 0) != 0)
        return;
    emu_invoke_counts(a, &n);
    bedrock_write_object_end(&a->plan.in_trace);
    bedrock_write_object(&a->w);
    a->plan.family->whole(&a->w, &a->plan, &n);
    emu_invoke_guarded(&a->w, &a->plan);
    bedrock_write_object_end(&a->w);
    emu_invoke_accept(rq, "Accept", type);
    emu_invoke_head(a, rq, &n, type, (int64_t)a->w.out.len);
    bedrock_buffer_append(&a->out, a->w.out.p, a->w.out.len);
}

/* ---- Streamed ---- */

/* The native JSON in w, as an event. w is as new. */
static void emu_invoke_chunk(struct emu_answer *a, struct bedrock_writer *w)
{
    struct bedrock_buffer base64 = {0};

    bedrock_write_object_end(w);
    base64.max = EMU_MAX_OUT;
    emu_base64_encode(&base64, w->out.p, w->out.len);
    emu_event_begin(a);
    bedrock_write_name(&a->w, "bytes");
    bedrock_write_string(&a->w, base64.p ? base64.p : "", base64.len);
    emu_event_end(a, "chunk");
    bedrock_buffer_free(&base64);
    bedrock_write_free(w);
}

static void emu_invoke_metrics(struct bedrock_writer *w, const struct emu_counts *n)
{
    emu_put_object(w, "amazon-bedrock-invocationMetrics");
    emu_put_int(w, "inputTokenCount", n->in);
    emu_put_int(w, "outputTokenCount", n->out);
    emu_put_int(w, "invocationLatency", 1);
    emu_put_int(w, "firstByteLatency", 1);
    bedrock_write_object_end(w);
}

/* The text that is streamed: the block that emu_native_answer() took. */
static struct emu_block *emu_invoke_block(struct emu_plan *plan)
{
    struct bedrock_slice text = emu_native_answer(plan);

    for (size_t i = 0; i < plan->n_blocks; i++)
        if (text.len > 0 && plan->blocks[i].text.p == text.p)
            return &plan->blocks[i];
    return NULL;
}

static void emu_invoke_text(struct emu_answer *a)
{
    struct emu_block *b = emu_invoke_block(&a->plan);
    struct bedrock_writer w = {0};

    if (!b || b->at == b->text.len) {
        a->plan.n_events = 0;
        a->step = EMU_STEP_STOP;
        return;
    }
    bedrock_write_object(&w);
    a->plan.family->delta(&w, emu_block_piece(b));
    emu_invoke_chunk(a, &w);
    if (a->due_ms != INT64_MAX)
        a->due_ms = a->plan.word_ms ? emu_now_ms() + a->plan.word_ms : 0;
}

static void emu_invoke_more(struct emu_answer *a)
{
    const struct emu_family *f = a->plan.family;
    struct bedrock_writer w = {0};
    struct emu_counts n;

    if (a->step == EMU_STEP_BLOCKS) {
        emu_invoke_text(a);
        return;
    }
    if (a->step == EMU_STEP_LAST_CHUNK || a->plan.no_stop) {
        emu_stream_end(a);
        return;
    }
    emu_invoke_counts(a, &n);
    bedrock_write_object(&w);
    if (a->step == EMU_STEP_START) {
        if (f->head(&w, &a->plan, &n, a->plan.n_events++)) {
            emu_invoke_chunk(a, &w);
        } else {
            bedrock_write_free(&w);
            a->step = EMU_STEP_BLOCKS;
        }
        return;
    }
    if (!f->tail(&w, &a->plan, &n, a->plan.n_events++)) {
        emu_invoke_metrics(&w, &n);
        emu_invoke_guarded(&w, &a->plan);
        a->step = EMU_STEP_LAST_CHUNK;
    }
    emu_invoke_chunk(a, &w);
}

void emu_invoke_stream(const struct emu_request *rq, struct emu_answer *a, struct bedrock_slice label)
{
    if (emu_invoke_plan(rq, a, label, 1) != 0)
        return;
    bedrock_write_object_end(&a->plan.in_trace);
    emu_invoke_head(a, rq, NULL, "application/vnd.amazon.eventstream", -1);
    a->more = emu_invoke_more;
    a->step = EMU_STEP_START;
}

/* ---- CountTokens ---- */

/* A body for InvokeModel, in base64. 0, or the refusal was written. */
static int emu_count_native(struct emu_answer *a, struct emu_prompt *p, struct bedrock_slice label,
                            struct bedrock_json body)
{
    struct bedrock_buffer text = {0}, plain = {0};
    struct bedrock_slice bytes;
    int rc = -1;

    text.max = plain.max = EMU_MAX_OUT;
    emu_append_json(&text, body);
    bedrock_buffer_append(&plain, text.p, text.len); /* room: it is longer */
    if (text.len == 0 || emu_base64_decode(text.p, text.len, (unsigned char *)plain.p, plain.len) != 0) {
        emu_invalid(a, "The value at input.invokeModel.body is not base64.");
    } else {
        bytes.p = plain.p;
        bytes.len = text.len / 4 * 3 - (text.p[text.len - 1] == '=') - (text.p[text.len - 2] == '=');
        rc = emu_family_of(label)->read(a, p, bytes);
    }
    bedrock_buffer_free(&text);
    bedrock_buffer_free(&plain);
    memset(p->in, 0, sizeof p->in); /* it pointed into that */
    return rc;
}

static int emu_count_read(struct emu_answer *a, struct emu_prompt *p, struct bedrock_slice label,
                          struct bedrock_slice body)
{
    struct bedrock_json v, kind, input;
    struct bedrock_slice text;

    if (bedrock_json_parse(body.p, body.len, &v, NULL) != 0 ||
        !emu_json_only(bedrock_json_get(v, "input"), &kind, &input))
        return emu_refuse(a, "1 validation error detected: Value at 'input' failed to satisfy constraint: "
                          "Member must have exactly one of invokeModel, converse");
    if (bedrock_json_equals(kind, "invokeModel"))
        return emu_count_native(a, p, label, bedrock_json_get(input, "body"));
    text.p = input.p;
    text.len = input.len;
    return emu_check_request(a, p, text);
}

void emu_count_tokens(const struct emu_request *rq, struct emu_answer *a, struct bedrock_slice label)
{
    struct emu_prompt p = {0};

    if (emu_count_read(a, &p, label, rq->body) == 0) {
        p.counts = 1;
        emu_models_plan(a, label, &p);
    }
    if (!a->status) {
        bedrock_write_object(&a->w);
        emu_put_int(&a->w, "inputTokens", (int64_t)p.words);
        bedrock_write_object_end(&a->w);
        emu_service_answer(a);
    }
    emu_prompt_free(&p);
}
