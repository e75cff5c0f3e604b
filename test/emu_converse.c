/* emu_converse.c - Converse and ConverseStream: what is asked, and the answer as JSON or as events.
 * Amazon Bedrock API reference, Converse, ConverseStream. Leaves out: request members that the answer does
 * not depend on. */
#include "emu.h"
#include <string.h>

/* ---- Reading a Converse request ---- */

/* Append a text and count its words. */
static void emu_take_text(struct emu_prompt *p, struct bedrock_json text)
{
    struct bedrock_buffer one = {0};

    emu_append_json(&one, text);
    p->words += emu_words(&one);
    if (p->last.len > 0 && one.len > 0)
        emu_text(&p->last, "\n");
    bedrock_buffer_append(&p->last, one.p, one.len);
    bedrock_buffer_free(&one);
}

/* What a tool found, as text. */
static void emu_take_result(struct emu_prompt *p, struct bedrock_json content)
{
    struct bedrock_json_iter it = bedrock_json_iterate(content);
    struct bedrock_json block;

    p->has_result = 1;
    while (bedrock_json_next(&it, NULL, &block)) {
        struct bedrock_json json = bedrock_json_get(block, "json");

        emu_take_text(p, bedrock_json_get(block, "text"));
        if (json.type != BEDROCK_JSON_NONE)
            bedrock_buffer_append(&p->last, json.p, json.len);
    }
}

/* One block of messages.N.content. 0, or the refusal was written. */
static int emu_read_block(struct emu_answer *a, struct emu_prompt *p, struct bedrock_json block, int n,
                          int k)
{
    struct bedrock_json text = bedrock_json_get(block, "text");
    struct bedrock_json result = bedrock_json_get(block, "toolResult.content");
    size_t before = p->words;
    char message[256];

    if (block.type != BEDROCK_JSON_OBJECT) {
        emu_invalid(a, "The content of a message must be a list of ContentBlock objects.");
        return -1;
    }
    if (result.type == BEDROCK_JSON_ARRAY)
        emu_take_result(p, result);
    if (text.type == BEDROCK_JSON_NONE)
        return 0;
    emu_take_text(p, text);
    if (p->words > before)
        return 0;
    snprintf(message, sizeof message, "The text field in the ContentBlock object at messages.%d.content.%d "
             "is blank. Add text to the text field, and try again.", n, k);
    emu_invalid(a, message);
    return -1;
}

static const char emu_starts_with_user[] =
    "A conversation must start with a user message. Try again with a conversation that starts with a user "
    "message.";

/* What is wrong with the role of message n, or NULL; *turn is whose turn was last, 'u' or 'a'. */
static const char *emu_role_objection(struct bedrock_json role, int n, int *turn)
{
    int now = bedrock_json_equals(role, "user") ? 'u' : bedrock_json_equals(role, "assistant") ? 'a' : 0;

    if (!now && !bedrock_json_equals(role, "system"))
        return "1 validation error detected: Value at 'messages.member.role' failed to satisfy constraint: "
               "Member must satisfy enum value set: [user, assistant, system]";
    if (n == 0 && now != 'u')
        return emu_starts_with_user;
    if (now == *turn)
        return "A conversation must alternate between user and assistant roles. Make sure the conversation "
               "alternates between user and assistant roles and try again.";
    *turn = now ? now : *turn; /* a system message may stand anywhere but at the beginning */
    return NULL;
}

static int emu_read_message(struct emu_answer *a, struct emu_prompt *p, struct bedrock_json m, int n,
                            int *turn)
{
    const char *objection = emu_role_objection(bedrock_json_get(m, "role"), n, turn);
    struct bedrock_json_iter it = bedrock_json_iterate(bedrock_json_get(m, "content"));
    int by_user = bedrock_json_equals(bedrock_json_get(m, "role"), "user");
    struct bedrock_json block;
    char message[256];
    int k = 0;

    if (objection) {
        emu_invalid(a, objection);
        return -1;
    }
    if (by_user) {
        p->last.len = 0;
        p->has_result = 0;
    }
    while (it.type == BEDROCK_JSON_ARRAY && bedrock_json_next(&it, NULL, &block)) {
        size_t before = p->last.len;

        if (emu_read_block(a, p, block, n, k++) != 0)
            return -1;
        if (!by_user)
            p->last.len = before; /* what others said is counted, and not quoted */
    }
    if (k > 0)
        return 0;
    snprintf(message, sizeof message, "The content field in the Message object at messages.%d is empty. Add "
             "a ContentBlock object to the content field and try again.", n);
    emu_invalid(a, message);
    return -1;
}

static int emu_read_messages(struct emu_answer *a, struct emu_prompt *p)
{
    struct bedrock_json messages = bedrock_json_get(p->request, "messages"), m;
    struct bedrock_json_iter it = bedrock_json_iterate(messages);
    int n = 0, turn = 0;

    if (messages.type != BEDROCK_JSON_ARRAY) {
        emu_invalid(a, "1 validation error detected: Value at 'messages' failed to satisfy constraint: "
                    "Member must be a list of messages");
        return -1;
    }
    while (bedrock_json_next(&it, NULL, &m))
        if (emu_read_message(a, p, m, n++, &turn) != 0)
            return -1;
    if (n > 0)
        return 0;
    emu_invalid(a, emu_starts_with_user);
    return -1;
}

static int emu_read_prompt(struct emu_answer *a, struct emu_prompt *p, struct bedrock_slice body)
{
    struct bedrock_json max_tokens, system, block;
    struct bedrock_json_iter it;

    if (bedrock_json_parse(body.p, body.len, &p->request, NULL) != 0 ||
        p->request.type != BEDROCK_JSON_OBJECT) {
        emu_invalid(a, "The request body is not a JSON object.");
        return -1;
    }
    max_tokens = bedrock_json_get(p->request, "inferenceConfig.maxTokens");
    if (max_tokens.type != BEDROCK_JSON_NONE &&
        (bedrock_json_int(max_tokens, &p->max_tokens) != 0 || p->max_tokens < 1)) {
        emu_invalid(a, "1 validation error detected: Value at 'inferenceConfig.maxTokens' failed to satisfy "
                    "constraint: Member must have value greater than or equal to 1");
        return -1;
    }
    system = bedrock_json_get(p->request, "system");
    it = bedrock_json_iterate(system);
    while (system.type == BEDROCK_JSON_ARRAY && bedrock_json_next(&it, NULL, &block))
        emu_take_text(p, bedrock_json_get(block, "text"));
    p->last.len = 0;
    return emu_read_messages(a, p);
}

/* ---- The answer in one piece ---- */

static void emu_member(struct bedrock_writer *w, const char *name, const struct bedrock_buffer *text)
{
    bedrock_write_name(w, name);
    bedrock_write_string(w, text->p ? text->p : "", text->len);
}

/* In words: a delta of deltas-N has three. */
static size_t emu_output_words(const struct emu_plan *plan)
{
    return emu_words(&plan->reasoning) + emu_words(&plan->tool_input) +
           (plan->n_deltas ? (size_t)plan->n_deltas * 3 : emu_words(&plan->text));
}

static void emu_write_counts(struct bedrock_writer *w, const struct emu_answer *a)
{
    int64_t now = emu_now_ms(), until = now > a->hold_ms ? now : a->hold_ms;
    int64_t took = until > a->began_ms ? until - a->began_ms : 1; /* below one is one */
    size_t out = emu_output_words(&a->plan), in = a->plan.input_words;

    emu_put_object(w, "usage");
    emu_put_int(w, "inputTokens", (int64_t)in);
    emu_put_int(w, "outputTokens", (int64_t)out);
    emu_put_int(w, "totalTokens", (int64_t)(in + out));
    bedrock_write_object_end(w);
    emu_put_object(w, "metrics");
    emu_put_int(w, "latencyMs", took);
    bedrock_write_object_end(w);
}

static const char emu_signature[] = "dGhlIGVtdWxhdG9yIHNpZ25zIGl0cyByZWFzb25pbmc=";

static void emu_write_reasoning(struct bedrock_writer *w, const struct emu_plan *plan)
{
    bedrock_write_object(w);
    emu_put_object(w, "reasoningContent");
    emu_put_object(w, "reasoningText");
    emu_member(w, "text", &plan->reasoning);
    emu_put_text(w, "signature", emu_signature);
    bedrock_write_object_end(w);
    bedrock_write_object_end(w);
    bedrock_write_object_end(w);
}

static void emu_write_tool_start(struct bedrock_writer *w, const struct emu_answer *a)
{
    char id[40];

    snprintf(id, sizeof id, "tooluse_%08x%08x", emu_random(a->e), emu_random(a->e));
    emu_put_object(w, "toolUse");
    emu_put_text(w, "toolUseId", id);
    emu_member(w, "name", &a->plan.tool);
}

/* Reasoning that used up maxTokens leaves no text block. */
static int emu_has_text(const struct emu_plan *plan)
{
    return plan->text.len > 0 || plan->reasoning.len == 0;
}

static void emu_write_content(struct bedrock_writer *w, const struct emu_answer *a)
{
    const struct emu_plan *plan = &a->plan;

    if (plan->reasoning.len > 0)
        emu_write_reasoning(w, plan);
    if (emu_has_text(plan)) {
        bedrock_write_object(w);
        emu_member(w, "text", &plan->text);
        bedrock_write_object_end(w);
    }
    if (plan->tool.len == 0)
        return;
    bedrock_write_object(w);
    emu_write_tool_start(w, a);
    bedrock_write_name(w, "input");
    bedrock_write_raw(w, plan->tool_input.p, plan->tool_input.len);
    bedrock_write_object_end(w);
    bedrock_write_object_end(w);
}

static void emu_answer_whole(struct emu_answer *a)
{
    struct bedrock_writer *w = &a->w;
    int64_t words = (int64_t)emu_output_words(&a->plan);

    if (a->plan.first_ms)
        a->hold_ms = a->began_ms + a->plan.first_ms + words * a->plan.word_ms;
    bedrock_write_object(w);
    emu_put_object(w, "output");
    emu_put_object(w, "message");
    emu_put_text(w, "role", "assistant");
    emu_put_array(w, "content");
    emu_write_content(w, a);
    bedrock_write_array_end(w);
    bedrock_write_object_end(w);
    bedrock_write_object_end(w);
    emu_put_text(w, "stopReason", a->plan.stop_reason);
    emu_write_counts(w, a);
    bedrock_write_object_end(w);
    emu_http_answer(a, 200, "application/json", w->out.p, w->out.len);
    if (a->end == EMU_STALL)
        a->limit = a->out.len - 10;
    if (a->plan.garbage)
        emu_text(&a->out, "what is this?");
}

/* ---- The answer as events ---- */

void emu_event_begin(struct emu_answer *a)
{
    struct bedrock_buffer reused = a->w.out;

    memset(&a->w, 0, sizeof a->w);
    reused.len = 0;
    a->w.out = reused;
    bedrock_write_object(&a->w);
}

void emu_event_frame(struct emu_answer *a, const char *message_type, const char *type)
{
    static const char padding[] = "abcdefghijklmnopqrstuvwxyzABCD";
    const char *headers[] = {":event-type", type, ":content-type", "application/json",
                             ":message-type", message_type, NULL};

    if (strcmp(message_type, "event") == 0) {
        bedrock_write_name(&a->w, "p");
        bedrock_write_string(&a->w, padding, emu_random(a->e) % sizeof padding);
    } else {
        headers[0] = ":exception-type";
    }
    bedrock_write_object_end(&a->w);
    a->frame.len = 0;
    emu_frame(a->e, &a->frame, headers, a->w.out.p, a->w.out.len);
}

void emu_event_send(struct emu_answer *a)
{
    emu_http_chunk(&a->out, a->frame.p, a->frame.len);
}

static void emu_event_end(struct emu_answer *a, const char *type)
{
    emu_event_frame(a, "event", type);
    a->n_frames++;
    if (a->n_frames == 3 && a->plan.third)
        a->plan.third(a);
    emu_event_send(a);
}

/* Begin a contentBlock... event. */
static void emu_block_begin(struct emu_answer *a, const char *what)
{
    emu_event_begin(a);
    emu_put_int(&a->w, "contentBlockIndex", a->block);
    if (!what)
        return;
    emu_put_object(&a->w, what);
}

static void emu_block_stop(struct emu_answer *a, enum emu_step next)
{
    a->step = next;
    a->at = 0;
    emu_block_begin(a, NULL);
    emu_event_end(a, "contentBlockStop");
    a->block++;
}

/* The next piece of a text from a->at on: so many bytes, or a word with the blanks before it. */
static struct bedrock_slice emu_next_piece(struct emu_answer *a, const struct bedrock_buffer *text)
{
    struct bedrock_slice piece = {text->p + a->at, 0};
    size_t left = text->len - (size_t)a->at;

    if (a->plan.piece) {
        piece.len = left < a->plan.piece ? left : a->plan.piece;
    } else {
        while (piece.len < left && emu_is_blank(piece.p[piece.len]))
            piece.len++;
        while (piece.len < left && !emu_is_blank(piece.p[piece.len]))
            piece.len++;
    }
    a->at += piece.len;
    return piece;
}

static void emu_delta(struct emu_answer *a, const char *name, const char *text, size_t len)
{
    emu_block_begin(a, "delta");
    if (a->step == EMU_STEP_REASONING || a->step == EMU_STEP_SIGNATURE) {
        emu_put_object(&a->w, "reasoningContent");
    } else if (a->step == EMU_STEP_TOOL_INPUT) {
        emu_put_object(&a->w, "toolUse");
    }
    bedrock_write_name(&a->w, name);
    bedrock_write_string(&a->w, text, len);
    if (a->step != EMU_STEP_TEXT)
        bedrock_write_object_end(&a->w);
    bedrock_write_object_end(&a->w);
    emu_event_end(a, "contentBlockDelta");
    if (a->due_ms != INT64_MAX)
        a->due_ms = a->plan.word_ms ? emu_now_ms() + a->plan.word_ms : 0;
}

static void emu_step_start(struct emu_answer *a)
{
    emu_event_begin(a);
    emu_put_text(&a->w, "role", "assistant");
    emu_event_end(a, "messageStart");
    if (a->plan.first_ms)
        a->due_ms = a->began_ms + a->plan.first_ms;
    a->step = a->plan.reasoning.len > 0 ? EMU_STEP_REASONING : EMU_STEP_TEXT;
}

static void emu_step_words(struct emu_answer *a, const struct bedrock_buffer *text, const char *name,
                           enum emu_step next)
{
    struct bedrock_slice piece;

    if (a->at < text->len) {
        piece = emu_next_piece(a, text);
        emu_delta(a, name, piece.p, piece.len);
    } else if (a->step == EMU_STEP_REASONING) {
        a->step = next;
    } else {
        emu_block_stop(a, next);
    }
}

static void emu_step_made_up(struct emu_answer *a)
{
    char text[EMU_DELTA_LEN];

    if (a->at == a->plan.n_deltas) {
        emu_block_stop(a, EMU_STEP_STOP);
        return;
    }
    emu_made_up(text, a->at++);
    emu_delta(a, "text", text, sizeof text);
}

static void emu_step_tool(struct emu_answer *a)
{
    a->step = EMU_STEP_TOOL_INPUT;
    emu_block_begin(a, "start");
    emu_write_tool_start(&a->w, a);
    bedrock_write_object_end(&a->w);
    bedrock_write_object_end(&a->w);
    emu_event_end(a, "contentBlockStart");
}

static void emu_step_stop(struct emu_answer *a)
{
    if (a->plan.no_stop) {
        a->step = EMU_STEP_LAST_CHUNK;
        return;
    }
    a->step = EMU_STEP_METADATA;
    emu_event_begin(a);
    emu_put_text(&a->w, "stopReason", a->plan.stop_reason);
    emu_event_end(a, "messageStop");
}

static void emu_step_metadata(struct emu_answer *a)
{
    a->step = EMU_STEP_LAST_CHUNK;
    emu_event_begin(a);
    emu_write_counts(&a->w, a);
    emu_event_end(a, "metadata");
}

void emu_converse_more(struct emu_answer *a)
{
    switch (a->step) {
    case EMU_STEP_START:
        emu_step_start(a);
        break;
    case EMU_STEP_REASONING:
        emu_step_words(a, &a->plan.reasoning, "text", EMU_STEP_SIGNATURE);
        break;
    case EMU_STEP_SIGNATURE:
        emu_delta(a, "signature", emu_signature, sizeof emu_signature - 1);
        emu_block_stop(a, emu_has_text(&a->plan) ? EMU_STEP_TEXT : EMU_STEP_STOP);
        break;
    case EMU_STEP_TEXT:
        if (a->plan.n_deltas)
            emu_step_made_up(a);
        else
            emu_step_words(a, &a->plan.text, "text", a->plan.tool.len ? EMU_STEP_TOOL : EMU_STEP_STOP);
        break;
    case EMU_STEP_TOOL:
        emu_step_tool(a);
        break;
    case EMU_STEP_TOOL_INPUT:
        emu_step_words(a, &a->plan.tool_input, "input", EMU_STEP_STOP);
        break;
    case EMU_STEP_STOP:
        emu_step_stop(a);
        break;
    case EMU_STEP_METADATA:
        emu_step_metadata(a);
        break;
    case EMU_STEP_LAST_CHUNK:
        emu_http_chunk(&a->out, "", 0);
        if (a->plan.garbage)
            emu_text(&a->out, "what is this?");
        a->step = EMU_STEP_DONE;
        break;
    case EMU_STEP_WHOLE:
    case EMU_STEP_DONE:
        break;
    }
}

/* ---- The two operations ---- */

static void emu_converse_as(const struct emu_request *rq, struct emu_answer *a, struct bedrock_slice label,
                            int streams)
{
    struct emu_prompt p = {0};

    p.streams = streams;
    if (emu_read_prompt(a, &p, rq->body) == 0)
        emu_models_plan(a, label, &p);
    bedrock_buffer_free(&p.last);
    if (a->status)
        return;
    if (!streams) {
        emu_answer_whole(a);
        return;
    }
    emu_http_head(a, 200, "application/vnd.amazon.eventstream", -1, "");
    a->step = EMU_STEP_START;
}

void emu_converse(const struct emu_request *rq, struct emu_answer *a, struct bedrock_slice label)
{
    emu_converse_as(rq, a, label, 0);
}

void emu_converse_stream(const struct emu_request *rq, struct emu_answer *a, struct bedrock_slice label)
{
    emu_converse_as(rq, a, label, 1);
}
