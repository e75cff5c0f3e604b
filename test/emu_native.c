/* emu_native.c - the bodies of InvokeModel in the shapes of their families: Nova, Titan, Claude, Llama.
 * Amazon Bedrock user guide, inference parameters. One table: a family more is a row in it. Leaves out: tools
 * and files outside of Nova's messages, and answers of more than text. */
#include "emu.h"
#include <string.h>

/* ---- Reading ---- */

static void emu_native_text(struct emu_prompt *p, struct bedrock_json text)
{
    size_t before = p->last.len;
    struct bedrock_buffer one = {0};

    one.max = EMU_MAX_OUT;
    emu_append_json(&one, text);
    if (before > 0 && one.len > 0)
        emu_text(&p->last, "\n");
    bedrock_buffer_append(&p->last, one.p, one.len);
    p->words += emu_words(&one);
    bedrock_buffer_free(&one);
}

/* The service answers what does not fit a model with the model's own words. */
static int emu_native_bad(struct emu_answer *a, const char *what)
{
    return emu_refuse(a, "Malformed input request: %s, please reformat your input and try again.", what);
}

static int emu_native_limit(struct emu_answer *a, struct emu_prompt *p, struct bedrock_json v)
{
    if (v.type == BEDROCK_JSON_NONE || (bedrock_json_int(v, &p->max_tokens) == 0 && p->max_tokens > 0))
        return 0;
    return emu_native_bad(a, "#: the maximum of tokens is not a positive integer");
}

/* One text member, and where the limit stands. */
static int emu_native_plain(struct emu_answer *a, struct emu_prompt *p, struct bedrock_slice body,
                            const char *text, const char *limit)
{
    struct bedrock_json v, prompt;

    p->last.max = EMU_MAX_OUT;
    if (bedrock_json_parse(body.p, body.len, &v, NULL) != 0 || v.type != BEDROCK_JSON_OBJECT)
        return emu_native_bad(a, "expected type: JSONObject");
    prompt = bedrock_json_get(v, text);
    if (prompt.type != BEDROCK_JSON_STRING)
        return emu_refuse(a, "Malformed input request: #: required key [%s] not found, please reformat your "
                          "input and try again.", text);
    emu_native_text(p, prompt);
    return emu_native_limit(a, p, bedrock_json_get(v, limit));
}

static int emu_titan_read(struct emu_answer *a, struct emu_prompt *p, struct bedrock_slice body)
{
    return emu_native_plain(a, p, body, "inputText", "textGenerationConfig.maxTokenCount");
}

static int emu_llama_read(struct emu_answer *a, struct emu_prompt *p, struct bedrock_slice body)
{
    return emu_native_plain(a, p, body, "prompt", "max_gen_len");
}

/* content is a text, or a list of blocks. */
static void emu_claude_content(struct emu_prompt *p, struct bedrock_json content)
{
    struct bedrock_json_iter it = bedrock_json_iterate(content);
    struct bedrock_json block;

    emu_native_text(p, content);
    while (content.type == BEDROCK_JSON_ARRAY && bedrock_json_next(&it, NULL, &block))
        emu_native_text(p, bedrock_json_get(block, "text"));
}

static int emu_claude_read(struct emu_answer *a, struct emu_prompt *p, struct bedrock_slice body)
{
    struct bedrock_json v, messages, m;
    struct bedrock_json_iter it;

    p->last.max = EMU_MAX_OUT;
    if (bedrock_json_parse(body.p, body.len, &v, NULL) != 0 || v.type != BEDROCK_JSON_OBJECT)
        return emu_native_bad(a, "expected type: JSONObject");
    if (!bedrock_json_equals(bedrock_json_get(v, "anthropic_version"), "bedrock-2023-05-31"))
        return emu_refuse(a, "anthropic_version: Field required");
    if (bedrock_json_get(v, "max_tokens").type == BEDROCK_JSON_NONE)
        return emu_refuse(a, "max_tokens: Field required");
    messages = bedrock_json_get(v, "messages");
    if (bedrock_json_get(messages, "[0]").type != BEDROCK_JSON_OBJECT)
        return emu_refuse(a, "messages: at least one message is required");
    emu_claude_content(p, bedrock_json_get(v, "system"));
    it = bedrock_json_iterate(messages);
    while (bedrock_json_next(&it, NULL, &m)) {
        size_t before = p->last.len;
        int by_user = bedrock_json_equals(bedrock_json_get(m, "role"), "user");

        if (by_user)
            p->last.len = before = 0;
        emu_claude_content(p, bedrock_json_get(m, "content"));
        if (!by_user)
            p->last.len = before;
    }
    return emu_native_limit(a, p, bedrock_json_get(v, "max_tokens"));
}

/* ---- Small things ---- */

static void emu_native_member(struct bedrock_writer *w, const char *name, struct bedrock_slice text)
{
    bedrock_write_name(w, name);
    bedrock_write_string(w, text.len ? text.p : "", text.len);
}

static void emu_put_null(struct bedrock_writer *w, const char *name)
{
    bedrock_write_name(w, name);
    bedrock_write_null(w);
}

/* ---- Nova: Converse's shapes ---- */

static void emu_nova_usage(struct bedrock_writer *w, const struct emu_counts *n)
{
    emu_put_object(w, "usage");
    emu_put_int(w, "inputTokens", n->in);
    emu_put_int(w, "outputTokens", n->out);
    emu_put_int(w, "totalTokens", n->in + n->out);
    bedrock_write_object_end(w);
}

static void emu_nova_whole(struct bedrock_writer *w, const struct emu_plan *plan, const struct emu_counts *n)
{
    emu_put_object(w, "output");
    emu_put_object(w, "message");
    emu_put_array(w, "content");
    for (size_t i = 0; i < plan->n_blocks; i++)
        emu_block_write(w, &plan->blocks[i]);
    bedrock_write_array_end(w);
    emu_put_text(w, "role", "assistant");
    bedrock_write_object_end(w);
    bedrock_write_object_end(w);
    emu_put_text(w, "stopReason", plan->stop_reason);
    emu_nova_usage(w, n);
}

static int emu_nova_head(struct bedrock_writer *w, const struct emu_plan *plan,
                         const struct emu_counts *n, int i)
{
    (void)plan, (void)n;
    if (i > 0)
        return 0;
    emu_put_object(w, "messageStart");
    emu_put_text(w, "role", "assistant");
    bedrock_write_object_end(w);
    return 1;
}

static void emu_nova_delta(struct bedrock_writer *w, struct bedrock_slice piece)
{
    emu_put_object(w, "contentBlockDelta");
    emu_put_object(w, "delta");
    emu_native_member(w, "text", piece);
    bedrock_write_object_end(w);
    emu_put_int(w, "contentBlockIndex", 0);
    bedrock_write_object_end(w);
}

static int emu_nova_tail(struct bedrock_writer *w, const struct emu_plan *plan,
                         const struct emu_counts *n, int i)
{
    static const char *const names[] = {"contentBlockStop", "messageStop", "metadata"};

    emu_put_object(w, names[i]);
    if (i == 0)
        emu_put_int(w, "contentBlockIndex", 0);
    else if (i == 1)
        emu_put_text(w, "stopReason", plan->stop_reason);
    else
        emu_nova_usage(w, n);
    bedrock_write_object_end(w);
    return i < 2;
}

/* ---- Titan ---- */

static const char *emu_titan_reason(const struct emu_plan *plan)
{
    return strcmp(plan->stop_reason, "max_tokens") == 0 ? "LENGTH" : "FINISH";
}

static void emu_titan_whole(struct bedrock_writer *w, const struct emu_plan *plan, const struct emu_counts *n)
{
    emu_put_int(w, "inputTextTokenCount", n->in);
    emu_put_array(w, "results");
    bedrock_write_object(w);
    emu_put_int(w, "tokenCount", n->out);
    emu_native_member(w, "outputText", emu_native_answer(plan));
    emu_put_text(w, "completionReason", emu_titan_reason(plan));
    bedrock_write_object_end(w);
    bedrock_write_array_end(w);
}

static void emu_titan_delta(struct bedrock_writer *w, struct bedrock_slice piece)
{
    emu_native_member(w, "outputText", piece);
    emu_put_int(w, "index", 0);
    emu_put_null(w, "totalOutputTextTokenCount");
    emu_put_null(w, "completionReason");
}

static int emu_titan_tail(struct bedrock_writer *w, const struct emu_plan *plan,
                          const struct emu_counts *n, int i)
{
    (void)i;
    emu_put_text(w, "outputText", "");
    emu_put_int(w, "index", 0);
    emu_put_int(w, "totalOutputTextTokenCount", n->out);
    emu_put_text(w, "completionReason", emu_titan_reason(plan));
    emu_put_int(w, "inputTextTokenCount", n->in);
    return 0;
}

/* ---- Llama ---- */

static void emu_llama_end(struct bedrock_writer *w, const struct emu_plan *plan, const struct emu_counts *n)
{
    emu_put_int(w, "prompt_token_count", n->in);
    emu_put_int(w, "generation_token_count", n->out);
    emu_put_text(w, "stop_reason", strcmp(plan->stop_reason, "max_tokens") == 0 ? "length" : "stop");
}

static void emu_llama_whole(struct bedrock_writer *w, const struct emu_plan *plan, const struct emu_counts *n)
{
    emu_native_member(w, "generation", emu_native_answer(plan));
    emu_llama_end(w, plan, n);
}

static void emu_llama_delta(struct bedrock_writer *w, struct bedrock_slice piece)
{
    emu_native_member(w, "generation", piece);
    emu_put_null(w, "prompt_token_count");
    emu_put_null(w, "generation_token_count");
    emu_put_null(w, "stop_reason");
}

static int emu_llama_tail(struct bedrock_writer *w, const struct emu_plan *plan,
                          const struct emu_counts *n, int i)
{
    (void)i;
    emu_put_text(w, "generation", "");
    emu_llama_end(w, plan, n);
    return 0;
}

/* ---- Claude ---- */

static void emu_claude_usage(struct bedrock_writer *w, const struct emu_counts *n, int64_t out)
{
    emu_put_object(w, "usage");
    emu_put_int(w, "input_tokens", n->in);
    emu_put_int(w, "output_tokens", out);
    bedrock_write_object_end(w);
}

/* All but the content and what is known in the end alone. */
static void emu_claude_message(struct bedrock_writer *w, const struct emu_plan *plan)
{
    char id[32];

    snprintf(id, sizeof id, "msg_bdrk_%08x", (unsigned)plan->seed);
    emu_put_text(w, "id", id);
    emu_put_text(w, "type", "message");
    emu_put_text(w, "role", "assistant");
    emu_put_text(w, "model", "emulator");
}

static void emu_claude_whole(struct bedrock_writer *w, const struct emu_plan *plan,
                             const struct emu_counts *n)
{
    emu_claude_message(w, plan);
    emu_put_array(w, "content");
    bedrock_write_object(w);
    emu_put_text(w, "type", "text");
    emu_native_member(w, "text", emu_native_answer(plan));
    bedrock_write_object_end(w);
    bedrock_write_array_end(w);
    emu_put_text(w, "stop_reason", plan->stop_reason);
    emu_put_null(w, "stop_sequence");
    emu_claude_usage(w, n, n->out);
}

static int emu_claude_head(struct bedrock_writer *w, const struct emu_plan *plan,
                           const struct emu_counts *n, int i)
{
    if (i == 0) {
        emu_put_text(w, "type", "message_start");
        emu_put_object(w, "message");
        emu_claude_message(w, plan);
        emu_put_array(w, "content");
        bedrock_write_array_end(w);
        emu_put_null(w, "stop_reason");
        emu_put_null(w, "stop_sequence");
        emu_claude_usage(w, n, 1);
        bedrock_write_object_end(w);
    } else if (i == 1) {
        emu_put_text(w, "type", "content_block_start");
        emu_put_int(w, "index", 0);
        emu_put_object(w, "content_block");
        emu_put_text(w, "type", "text");
        emu_put_text(w, "text", "");
        bedrock_write_object_end(w);
    }
    return i < 2;
}

static void emu_claude_delta(struct bedrock_writer *w, struct bedrock_slice piece)
{
    emu_put_text(w, "type", "content_block_delta");
    emu_put_int(w, "index", 0);
    emu_put_object(w, "delta");
    emu_put_text(w, "type", "text_delta");
    emu_native_member(w, "text", piece);
    bedrock_write_object_end(w);
}

static int emu_claude_tail(struct bedrock_writer *w, const struct emu_plan *plan,
                           const struct emu_counts *n, int i)
{
    static const char *const types[] = {"content_block_stop", "message_delta", "message_stop"};

    emu_put_text(w, "type", types[i]);
    if (i == 0)
        emu_put_int(w, "index", 0);
    if (i != 1)
        return i < 2;
    emu_put_object(w, "delta");
    emu_put_text(w, "stop_reason", plan->stop_reason);
    emu_put_null(w, "stop_sequence");
    bedrock_write_object_end(w);
    emu_put_object(w, "usage");
    emu_put_int(w, "output_tokens", n->out);
    bedrock_write_object_end(w);
    return 1;
}

/* ---- The families ---- */

static int emu_no_head(struct bedrock_writer *w, const struct emu_plan *plan,
                       const struct emu_counts *n, int i)
{
    (void)w, (void)plan, (void)n, (void)i;
    return 0;
}

static const struct emu_family emu_families[] = {
    {"amazon.titan-text", emu_titan_read, emu_titan_whole, emu_no_head, emu_titan_delta, emu_titan_tail},
    {"anthropic.", emu_claude_read, emu_claude_whole, emu_claude_head, emu_claude_delta, emu_claude_tail},
    {"meta.", emu_llama_read, emu_llama_whole, emu_no_head, emu_llama_delta, emu_llama_tail},
    /* and all others */
    {"", emu_check_request, emu_nova_whole, emu_nova_head, emu_nova_delta, emu_nova_tail},
};

const struct emu_family *emu_family_of(struct bedrock_slice label)
{
    struct bedrock_buffer id = {0};
    const struct emu_family *f = emu_families;

    emu_percent_decode(&id, label);
    bedrock_buffer_append(&id, "", 1);
    while (f->name[0] && (id.error || !strstr(id.p, f->name)))
        f++;
    bedrock_buffer_free(&id);
    return f;
}

struct bedrock_slice emu_native_answer(const struct emu_plan *plan)
{
    struct bedrock_slice text = {"", 0};

    for (size_t i = 0; i < plan->n_blocks && text.len == 0; i++) {
        if (!emu_block_is_text(&plan->blocks[i]) || plan->blocks[i].kind == EMU_SAYS_REASONING)
            continue;
        text.p = plan->blocks[i].text.p;
        text.len = plan->blocks[i].text.len;
    }
    return text;
}
