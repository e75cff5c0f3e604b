/* emu_says.c - what a model says: the capital of Italy, or what it was told, or that it will use a tool.
 * Amazon Bedrock API reference, InferenceConfiguration and ToolConfiguration, as far as a text shows it.
 * Leaves out: any understanding of what it is asked. */
#include "emu.h"
#include <string.h>

/* ---- Words ---- */

/* Where the first n words end; *n becomes how many there were, n at most. */
static size_t emu_words_end(const struct bedrock_buffer *b, size_t *n)
{
    size_t end = 0, seen = 0, i = 0;

    while (i < b->len && seen < *n) {
        while (i < b->len && emu_is_blank(b->p[i]))
            i++;
        if (i == b->len)
            break;
        while (i < b->len && !emu_is_blank(b->p[i]))
            i++;
        seen++;
        end = i;
    }
    *n = seen;
    return end;
}

size_t emu_words(const struct bedrock_buffer *b)
{
    size_t n = SIZE_MAX;

    emu_words_end(b, &n);
    return n;
}

void emu_plan_limit(struct emu_plan *plan, size_t n)
{
    struct bedrock_buffer *parts[2] = {&plan->reasoning, &plan->text};

    for (int i = 0; i < 2; i++) {
        size_t had = emu_words(parts[i]), kept = n;
        size_t end = emu_words_end(parts[i], &kept);

        if (kept < had) {
            parts[i]->len = end;
            plan->stop_reason = "max_tokens";
        }
        n -= kept;
    }
}

static const char *emu_find(const struct bedrock_buffer *in, const struct bedrock_buffer *what)
{
    for (size_t i = 0; what->len > 0 && in->len >= what->len && i <= in->len - what->len; i++)
        if (memcmp(in->p + i, what->p, what->len) == 0)
            return in->p + i;
    return NULL;
}

/* End the text where the first of the stop sequences begins. */
static void emu_plan_stop(struct emu_plan *plan, struct bedrock_json sequences)
{
    struct bedrock_json_iter it = bedrock_json_iterate(sequences);
    struct bedrock_json one;

    while (bedrock_json_next(&it, NULL, &one)) {
        struct bedrock_buffer what = {0};
        const char *at;

        emu_append_json(&what, one);
        at = emu_find(&plan->text, &what);
        if (at) {
            plan->text.len = (size_t)(at - plan->text.p);
            plan->stop_reason = "stop_sequence";
        }
        bedrock_buffer_free(&what);
    }
}

/* ---- Tools ---- */

/* Something of the right type for a tool's argument. */
static void emu_tool_argument(struct bedrock_writer *w, struct bedrock_json name,
                              struct bedrock_json schema, struct bedrock_json text)
{
    static const char *const samples[][2] = {
        {"integer", "1"}, {"number", "1"}, {"boolean", "true"}, {"array", "[]"}, {"object", "{}"},
    };
    struct bedrock_json type = bedrock_json_get(schema, "type");
    struct bedrock_json value = bedrock_json_get(schema, "enum[0]");

    for (size_t i = 0; value.type == BEDROCK_JSON_NONE && i < sizeof samples / sizeof samples[0]; i++)
        if (bedrock_json_equals(type, samples[i][0]))
            bedrock_json_parse(samples[i][1], strlen(samples[i][1]), &value, NULL);
    bedrock_write_member(w, name, value.type == BEDROCK_JSON_NONE ? text : value);
}

/* Use the first tool, with an argument for each property that its schema names. */
static void emu_plan_tool(struct emu_plan *plan, struct bedrock_json tool, const struct bedrock_buffer *last)
{
    struct bedrock_json_iter it =
        bedrock_json_iterate(bedrock_json_get(tool, "inputSchema.json.properties"));
    struct bedrock_writer w = {0}, quoted = {0};
    struct bedrock_json name, schema, text;

    bedrock_write_string(&quoted, last->p ? last->p : "", last->len);
    if (bedrock_json_parse(quoted.out.p, quoted.out.len, &text, NULL) == 0) {
        emu_append_json(&plan->tool, bedrock_json_get(tool, "name"));
        bedrock_write_object(&w);
        while (it.type == BEDROCK_JSON_OBJECT && bedrock_json_next(&it, &name, &schema))
            emu_tool_argument(&w, name, schema, text);
        bedrock_write_object_end(&w);
        bedrock_buffer_append(&plan->tool_input, w.out.p, w.out.len);
        plan->text.len = 0;
        emu_text(&plan->text, "I will use a tool for this.");
        plan->stop_reason = "tool_use";
    }
    bedrock_write_free(&quoted);
    bedrock_write_free(&w);
}

/* ---- All of it ---- */

static int emu_asks_for_rome(const struct bedrock_buffer *b)
{
    static const char phrase[] = "capital of italy";
    size_t k;

    for (size_t i = 0; i + sizeof phrase - 1 <= b->len; i++) {
        for (k = 0; phrase[k] && (b->p[i + k] | 0x20) == phrase[k]; k++)
            ;
        if (!phrase[k])
            return 1;
    }
    return 0;
}

void emu_says(struct emu_plan *plan, const struct emu_model *m, const struct emu_prompt *p)
{
    struct bedrock_json tool = bedrock_json_get(p->request, "toolConfig.tools[0].toolSpec");
    int rome = emu_asks_for_rome(&p->last);

    plan->stop_reason = "end_turn";
    plan->input_words = p->words;
    plan->streams = p->streams;
    plan->first_ms = m->behaviour & EMU_SLOW ? 300 : 0;
    plan->word_ms = m->behaviour & EMU_SLOW ? 20 : 0;
    if (m->behaviour & EMU_REASONS)
        emu_text(&plan->reasoning, rome ? "The user wants to know a capital. For Italy that is Rome."
                                        : "The user said something. I shall repeat it.");
    if (rome) {
        emu_text(&plan->text, m->rome);
    } else {
        emu_text(&plan->text, "You said: \"");
        bedrock_buffer_append(&plan->text, p->last.p, p->last.len);
        emu_text(&plan->text, "\".");
    }
    if ((m->behaviour & EMU_TOOLS) && tool.type == BEDROCK_JSON_OBJECT && !p->has_result)
        emu_plan_tool(plan, tool, &p->last);
    emu_plan_stop(plan, bedrock_json_get(p->request, "inferenceConfig.stopSequences"));
    if (p->max_tokens > 0)
        emu_plan_limit(plan, (size_t)p->max_tokens);
}
