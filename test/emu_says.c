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
    for (size_t i = 0; i < plan->n_blocks; i++) {
        struct emu_block *b = &plan->blocks[i];
        size_t had = emu_block_words(b), kept = n, end = emu_words_end(&b->text, &kept);

        if (kept == had) {
            n -= had;
            continue;
        }
        if (emu_block_is_text(b))
            b->text.len = end;
        plan->stop_reason = "max_tokens";
        emu_blocks_keep(plan, i + (emu_block_is_text(b) && kept > 0));
        break;
    }
}

static const char *emu_find(const struct bedrock_buffer *in, const struct bedrock_buffer *what)
{
    for (size_t i = 0; what->len > 0 && in->len >= what->len && i <= in->len - what->len; i++)
        if (memcmp(in->p + i, what->p, what->len) == 0)
            return in->p + i;
    return NULL;
}

/* End the answer where a text has one of the stop sequences. */
static void emu_plan_stop(struct emu_plan *plan, struct bedrock_json sequences)
{
    struct bedrock_json_iter it = bedrock_json_iterate(sequences);
    struct bedrock_json one;

    while (bedrock_json_next(&it, NULL, &one)) {
        struct bedrock_buffer what = {0};

        emu_append_json(&what, one);
        for (size_t i = 0; i < plan->n_blocks; i++) {
            struct emu_block *b = &plan->blocks[i];
            const char *at = b->kind == EMU_SAYS_TEXT ? emu_find(&b->text, &what) : NULL;

            if (!at)
                continue;
            b->text.len = (size_t)(at - b->text.p);
            plan->stop_reason = "stop_sequence";
            emu_blocks_keep(plan, i + 1);
        }
        bedrock_buffer_free(&what);
    }
}

/* ---- JSON that fits a schema ---- */

/* Something of the right type for a property. */
static void emu_fit_property(struct bedrock_writer *w, struct bedrock_json name, struct bedrock_json schema,
                             struct bedrock_json text)
{
    static const char *const samples[][2] = {
        {"integer", "1"}, {"number", "1"}, {"boolean", "true"}, {"array", "[]"}, {"object", "{}"},
        {"null", "null"},
    };
    struct bedrock_json type = bedrock_json_get(schema, "type");
    struct bedrock_json value = bedrock_json_get(schema, "enum[0]");

    for (size_t i = 0; value.type == BEDROCK_JSON_NONE && i < sizeof samples / sizeof samples[0]; i++)
        if (bedrock_json_equals(type, samples[i][0]))
            bedrock_json_parse(samples[i][1], strlen(samples[i][1]), &value, NULL);
    bedrock_write_member(w, name, value.type == BEDROCK_JSON_NONE ? text : value);
}

/* An object with each property that the schema names; texts are the prompt. */
static void emu_fit(struct bedrock_writer *w, struct bedrock_json schema, const struct bedrock_buffer *last)
{
    struct bedrock_json properties = bedrock_json_get(schema, "properties"), name, property, text;
    struct bedrock_json_iter it = bedrock_json_iterate(properties);
    struct bedrock_writer quoted = {0};

    quoted.out.max = EMU_MAX_OUT;
    bedrock_write_string(&quoted, last->p ? last->p : "", last->len);
    bedrock_write_object(w);
    if (bedrock_json_parse(quoted.out.p, quoted.out.len, &text, NULL) == 0)
        while (properties.type == BEDROCK_JSON_OBJECT && bedrock_json_next(&it, &name, &property))
            emu_fit_property(w, name, property, text);
    bedrock_write_object_end(w);
    bedrock_write_free(&quoted);
}

/* outputConfig asks for JSON. 0: it does not. */
static int emu_says_json(struct emu_plan *plan, const struct emu_prompt *p)
{
    struct bedrock_json schema =
        bedrock_json_get(p->in[EMU_IN_OUTPUT], "textFormat.structure.jsonSchema.schema");
    struct bedrock_buffer plain = {0};
    struct bedrock_writer w = {0};

    emu_append_json(&plain, schema);
    if (plain.len > 0 && bedrock_json_parse(plain.p, plain.len, &schema, NULL) == 0) {
        w.out.max = EMU_MAX_OUT;
        emu_fit(&w, schema, &p->last);
        bedrock_buffer_append(&emu_block_add(plan, EMU_SAYS_TEXT)->text, w.out.p, w.out.len);
    }
    bedrock_write_free(&w);
    bedrock_buffer_free(&plain);
    return schema.type != BEDROCK_JSON_NONE;
}

/* ---- Tools ---- */

/* Use this tool, with an argument for each property that its schema names. */
static void emu_plan_tool(struct emu_plan *plan, struct bedrock_json spec, const struct emu_prompt *p)
{
    struct bedrock_buffer name = {0};
    struct bedrock_writer w = {0};
    struct bedrock_slice called, input;

    w.out.max = EMU_MAX_OUT;
    emu_append_json(&name, bedrock_json_get(spec, "name"));
    emu_fit(&w, bedrock_json_get(spec, "inputSchema.json"), &p->last);
    called.p = name.p;
    called.len = name.len;
    input.p = w.out.p;
    input.len = w.out.len;
    emu_text(&emu_block_add(plan, EMU_SAYS_TEXT)->text, "I will use a tool for this.");
    emu_block_tool(plan, called, input)->piece = 0;
    plan->stop_reason = "tool_use";
    bedrock_write_free(&w);
    bedrock_buffer_free(&name);
}

static struct bedrock_slice emu_trim(struct bedrock_slice s)
{
    while (s.len > 0 && emu_is_blank(*s.p))
        s.p++, s.len--;
    while (s.len > 0 && emu_is_blank(s.p[s.len - 1]))
        s.len--;
    return s;
}

/* The toolSpec of that name; an empty name: the first one. */
static struct bedrock_json emu_tool_spec(const struct emu_prompt *p, struct bedrock_slice name)
{
    struct bedrock_json_iter it = bedrock_json_iterate(bedrock_json_get(p->in[EMU_IN_TOOLS], "tools"));
    struct bedrock_json tool, spec, found = {0};

    while (found.type == BEDROCK_JSON_NONE && bedrock_json_next(&it, NULL, &tool)) {
        struct bedrock_buffer one = {0};

        spec = bedrock_json_get(tool, "toolSpec");
        emu_append_json(&one, bedrock_json_get(spec, "name"));
        if (one.len > 0 && (name.len == 0 || (one.len == name.len && memcmp(one.p, name.p, one.len) == 0)))
            found = spec;
        bedrock_buffer_free(&one);
    }
    return found;
}

/* A line that reads "call NAME with JSON", or "call NAME" alone. 0: it does not. */
static int emu_says_call(struct emu_plan *plan, const struct emu_prompt *p, struct bedrock_slice line)
{
    struct bedrock_slice name, input = {"", 0};
    struct bedrock_json v;

    line = emu_trim(line);
    if (!emu_slice_begins(line, "call "))
        return 0;
    name.p = line.p + 5;
    for (name.len = 0; name.len < line.len - 5 && !emu_is_blank(name.p[name.len]); name.len++)
        ;
    line.p += 5 + name.len;
    line.len -= 5 + name.len;
    if (emu_slice_begins(line, " with ")) {
        input.p = line.p + 6;
        input.len = line.len - 6;
        input = emu_trim(input);
        if (bedrock_json_parse(input.p, input.len, &v, NULL) != 0)
            return 0;
    } else if (line.len > 0) {
        return 0;
    }
    if (name.len == 0 || emu_tool_spec(p, name).type == BEDROCK_JSON_NONE)
        return 0;
    emu_block_tool(plan, name, input);
    plan->stop_reason = "tool_use";
    return 1;
}

/* Every such line of the prompt is a tool use. */
static int emu_says_calls(struct emu_plan *plan, const struct emu_prompt *p)
{
    struct bedrock_slice rest = {p->last.p, p->last.len}, line;
    int n = 0;

    while (rest.len > 0) {
        const char *end = memchr(rest.p, '\n', rest.len);

        line.p = rest.p;
        line.len = end ? (size_t)(end - rest.p) : rest.len;
        n += emu_says_call(plan, p, line);
        line.len += end != NULL;
        rest.p += line.len;
        rest.len -= line.len;
    }
    return n;
}

/* What the model does with the tools that it is offered. 0: nothing. */
static int emu_says_tools(struct emu_plan *plan, const struct emu_model *m, const struct emu_prompt *p)
{
    struct bedrock_json choice = bedrock_json_get(p->in[EMU_IN_TOOLS], "toolChoice");
    int must = bedrock_json_get(choice, "any").type != BEDROCK_JSON_NONE ||
               bedrock_json_get(choice, "tool").type != BEDROCK_JSON_NONE;
    struct bedrock_buffer wanted = {0};
    struct bedrock_slice name;
    struct bedrock_json spec;

    if (emu_says_calls(plan, p) > 0)
        return 1;
    if (!must && (p->results.len > 0 || !(m->behaviour & EMU_TOOLS)))
        return 0;
    emu_append_json(&wanted, bedrock_json_get(choice, "tool.name"));
    name.p = wanted.p;
    name.len = wanted.len;
    spec = emu_tool_spec(p, name);
    bedrock_buffer_free(&wanted);
    if (spec.type != BEDROCK_JSON_NONE)
        emu_plan_tool(plan, spec, p);
    return spec.type != BEDROCK_JSON_NONE;
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

/* Text alone. What the assistant's own beginning of it has said already is not said again. */
static void emu_says_text(struct emu_plan *plan, const struct emu_prompt *p, const char *rome)
{
    struct bedrock_buffer *text = &emu_block_add(plan, EMU_SAYS_TEXT)->text;
    size_t n = p->prefill.len;

    if (rome) {
        emu_text(text, rome);
    } else if (p->results.len > 0) {
        bedrock_buffer_append(text, p->results.p, p->results.len);
    } else {
        emu_text(text, "You said: \"");
        bedrock_buffer_append(text, p->last.p, p->last.len);
        emu_text(text, "\".");
    }
    if (n > 0 && text->len >= n && memcmp(text->p, p->prefill.p, n) == 0) {
        memmove(text->p, text->p + n, text->len - n);
        text->len -= n;
    }
}

/* The words before the first cachePoint were there before, those up to the last one are kept now. */
static void emu_says_cached(struct emu_plan *plan, const struct emu_prompt *p)
{
    size_t written = p->cached[1] - p->cached[0];

    plan->cache_read = p->cached[0];
    plan->cache_write[p->cache_hour] = written;
    plan->input_words = p->words - p->cached[1];
}

void emu_says(struct emu_plan *plan, const struct emu_model *m, const struct emu_prompt *p)
{
    int rome = emu_asks_for_rome(&p->last);

    plan->stop_reason = "end_turn";
    plan->seed = p->seed;
    plan->streams = p->streams;
    plan->first_ms = m->behaviour & EMU_SLOW ? 300 : 0;
    plan->word_ms = m->behaviour & EMU_SLOW ? 20 : 0;
    emu_says_cached(plan, p);
    bedrock_write_object(&plan->at_stop);
    bedrock_write_object(&plan->at_end);
    bedrock_write_object(&plan->in_usage);
    bedrock_write_object(&plan->in_trace);
    if (m->behaviour & EMU_REASONS)
        emu_text(&emu_block_add(plan, EMU_SAYS_REASONING)->text,
                 rome ? "The user wants to know a capital. For Italy that is Rome."
                      : "The user said something. I shall repeat it.");
    if (!emu_wishes(plan, p) && !emu_says_tools(plan, m, p) && !emu_says_json(plan, p))
        emu_says_text(plan, p, rome ? m->rome : NULL);
    emu_plan_stop(plan, bedrock_json_get(p->in[EMU_IN_INFERENCE], "stopSequences"));
    if (p->max_tokens > 0)
        emu_plan_limit(plan, (size_t)p->max_tokens);
}
