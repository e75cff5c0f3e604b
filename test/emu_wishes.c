/* emu_wishes.c - what a model says on demand: a prompt with "say.NAME" in it gets that, in this order.
 * Amazon Bedrock API reference, ContentBlock, StopReason. One table: a wish more is a row in it and a
 * function. Leaves out: what breaks an answer, which faults do. */
#include "emu.h"
#include <string.h>

static struct bedrock_slice emu_slice(const char *text)
{
    struct bedrock_slice s = {text, strlen(text)};

    return s;
}

/* ---- Blocks ---- */

static void emu_wish_block(struct emu_plan *plan, enum emu_kind kind, const char *text)
{
    emu_text(&emu_block_add(plan, kind)->text, text);
}

static void emu_wish_text(struct emu_plan *plan)
{
    emu_wish_block(plan, EMU_SAYS_TEXT, "Some words, a \"quotation\", caf\303\251 and \360\237\230\200.\n");
}

static void emu_wish_reasoning(struct emu_plan *plan)
{
    emu_wish_block(plan, EMU_SAYS_REASONING, "Let me think.\nNow I know.");
}

static void emu_wish_redacted(struct emu_plan *plan)
{
    emu_wish_block(plan, EMU_SAYS_REDACTED, "bm90IGZvciB5b3VyIGV5ZXM=");
}

static void emu_wish_citations(struct emu_plan *plan)
{
    emu_wish_block(plan, EMU_SAYS_CITED, "Rome is the capital of Italy.");
}

/* a grey pixel: 67 bytes, so that the last piece has padding */
static const char emu_pixel[] =
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNoAAAAggCBd81ytgAAAABJRU5ErkJggg==";

static void emu_wish_image(struct emu_plan *plan)
{
    emu_wish_block(plan, EMU_SAYS_IMAGE, emu_pixel);
}

static void emu_wish_image_pieces(struct emu_plan *plan)
{
    emu_wish_image(plan);
    plan->blocks[plan->n_blocks - 1].piece = 16;
}

/* With escapes of every kind, cut so that each is in two deltas. */
static void emu_wish_tool(struct emu_plan *plan)
{
    static const char input[] = "{\"city\": \"R\\u00f6m\\\\\\\"\\n\\ud83d\\ude00\", "
                                "\"caf\303\251\": [1, 2.50, {\"deep\": null}]}";

    emu_block_tool(plan, emu_slice("weather"), emu_slice(input))->piece = 1;
    plan->stop_reason = "tool_use";
}

static void emu_wish_tool_empty(struct emu_plan *plan)
{
    emu_block_tool(plan, emu_slice("now"), emu_slice(""));
    plan->stop_reason = "tool_use";
}

static void emu_wish_server_tool(struct emu_plan *plan)
{
    struct emu_block *use = emu_block_tool(plan, emu_slice("nova_grounding"), emu_slice("{\"q\": \"Rome\"}"));
    struct emu_block *result = emu_block_add(plan, EMU_SAYS_RESULT);

    use->type = "server_tool_use";
    memcpy(result->id, use->id, sizeof result->id);
    result->type = "nova_grounding_result";
    emu_text(&result->text, "[{\"text\":\"Rome is a city.\"},{\"json\":{\"hits\":[1,2]}}]");
}

static void emu_wish_unknown(struct emu_plan *plan)
{
    emu_wish_block(plan, EMU_SAYS_OTHER, "{\"depth\":3,\"layers\":[\"a\",\"b\"]}");
}

/* ---- What is about the whole answer ---- */

static void emu_wish_interleaved(struct emu_plan *plan)
{
    plan->interleaved = 1;
}

static void emu_wish_members(struct emu_plan *plan)
{
    emu_put_object(&plan->at_stop, "quagga");
    emu_put_int(&plan->at_stop, "stripes", 2);
    bedrock_write_object_end(&plan->at_stop);
    emu_put_array(&plan->at_end, "zebra");
    bedrock_write_bool(&plan->at_end, 1);
    bedrock_write_array_end(&plan->at_end);
    emu_put_int(&plan->in_usage, "thoughtTokens", 7);
}

static void emu_wish_router(struct emu_plan *plan)
{
    emu_put_object(&plan->in_trace, "promptRouter");
    emu_put_text(&plan->in_trace, "invokedModelId", "amazon.nova-lite-v1:0");
    bedrock_write_object_end(&plan->in_trace);
}

static void emu_wish_guardrail(struct emu_plan *plan)
{
    plan->stop_reason = "guardrail_intervened";
    emu_put_object(&plan->in_trace, "guardrail");
    emu_put_text(&plan->in_trace, "actionReason", "Guardrail masked.");
    bedrock_write_object_end(&plan->in_trace);
}

static void emu_wish_filtered(struct emu_plan *plan)
{
    plan->stop_reason = "content_filtered";
}

static void emu_wish_max_tokens(struct emu_plan *plan)
{
    plan->stop_reason = "max_tokens";
}

static void emu_wish_window(struct emu_plan *plan)
{
    plan->stop_reason = "model_context_window_exceeded";
}

static void emu_wish_bad_tool(struct emu_plan *plan)
{
    plan->stop_reason = "malformed_tool_use";
}

static void emu_wish_bad_output(struct emu_plan *plan)
{
    plan->stop_reason = "malformed_model_output";
}

static void emu_wish_odd_stop(struct emu_plan *plan)
{
    plan->stop_reason = "struck_by_lightning";
}

/* ---- The table ---- */

static const struct emu_wish {
    const char *name;
    void (*grant)(struct emu_plan *plan);
    const char *what;
} emu_all_wishes[] = {
    {"text", emu_wish_text, "a text with quotes and characters outside of ASCII"},
    {"reasoning", emu_wish_reasoning, "reasoning with a signature"},
    {"redacted", emu_wish_redacted, "reasoning that is redacted"},
    {"citations", emu_wish_citations, "a text with two citations"},
    {"image", emu_wish_image, "a PNG of one pixel"},
    {"image-pieces", emu_wish_image_pieces, "the same, in several deltas of a stream"},
    {"tool", emu_wish_tool, "a tool use; its input is full of escapes, and a byte a delta"},
    {"tool-empty", emu_wish_tool_empty, "a tool use without input: none in the stream, {} else"},
    {"server-tool", emu_wish_server_tool, "a tool of the service's, used, and its result"},
    {"unknown-block", emu_wish_unknown, "a content block that nobody knows"},
    {"unknown-members", emu_wish_members, "members that nobody knows, in three places"},
    {"interleaved", emu_wish_interleaved, "the blocks of a stream take turns"},
    {"router", emu_wish_router, "trace.promptRouter"},
    {"guardrail", emu_wish_guardrail, "guardrail_intervened, with trace.guardrail.actionReason"},
    {"content-filtered", emu_wish_filtered, "this stopReason"},
    {"max-tokens", emu_wish_max_tokens, "likewise"},
    {"context-window", emu_wish_window, "model_context_window_exceeded"},
    {"malformed-tool", emu_wish_bad_tool, "malformed_tool_use"},
    {"malformed-output", emu_wish_bad_output, "malformed_model_output"},
    {"odd-stop", emu_wish_odd_stop, "a stopReason that nobody knows"},
};

#define EMU_N_WISHES (sizeof emu_all_wishes / sizeof emu_all_wishes[0])

void emu_wishes_help(FILE *f)
{
    for (size_t i = 0; i < EMU_N_WISHES; i++)
        fprintf(f, "  say.%-22s %s\n", emu_all_wishes[i].name, emu_all_wishes[i].what);
}

/* Cut the next word off *rest; an empty one: there is none. */
static struct bedrock_slice emu_next_word(struct bedrock_slice *rest)
{
    struct bedrock_slice word;

    while (rest->len > 0 && emu_is_blank(*rest->p))
        rest->p++, rest->len--;
    word.p = rest->p;
    word.len = 0;
    while (word.len < rest->len && !emu_is_blank(word.p[word.len]))
        word.len++;
    rest->p += word.len;
    rest->len -= word.len;
    return word;
}

int emu_wishes(struct emu_plan *plan, const struct emu_prompt *p)
{
    struct bedrock_slice rest = {p->last.p, p->last.len}, word;
    size_t before = plan->n_blocks;

    for (word = emu_next_word(&rest); word.len > 0; word = emu_next_word(&rest)) {
        if (!emu_slice_begins(word, "say."))
            continue;
        word.p += 4;
        word.len -= 4;
        for (size_t i = 0; i < EMU_N_WISHES; i++)
            if (emu_slice_is(word, emu_all_wishes[i].name))
                emu_all_wishes[i].grant(plan);
    }
    return plan->n_blocks > before;
}
