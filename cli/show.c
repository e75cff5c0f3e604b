/* show.c - what an answer looks like: its events as text, as they arrive, or as lines of JSON.
 * Amazon Bedrock API reference, Converse and ConverseStream. Leaves out: where the output goes and what is
 * said behind it (answer.c). */
#define _DEFAULT_SOURCE
#include "cli.h"
#include <stdio.h>
#include <string.h>

static struct bedrock_slice show_slice(const char *text)
{
    struct bedrock_slice s = {text, strlen(text)};

    return s;
}

static struct bedrock_slice show_written(const struct bedrock_writer *w)
{
    struct bedrock_slice s = {w->out.p, w->out.len};

    return s;
}

static int show_no_memory(struct cli_answer *a, int code)
{
    return cli_fail(&a->err, code, "%s", bedrock_code_text(code));
}

/* ---- JSON ---- */

void cli_show_json(struct cli_answer *a, const char *what, struct bedrock_slice value)
{
    struct bedrock_slice parts[7];

    parts[0] = show_slice("{\"modelId\":");
    parts[1] = show_written(&a->model_json);
    parts[2] = show_slice(",\"");
    parts[3] = show_slice(what);
    parts[4] = show_slice("\":");
    parts[5] = value;
    parts[6] = show_slice("}");
    if (a->how->several)
        cli_out_json(a->out, parts, 7);
    else
        cli_out_json(a->out, &value, 1);
}

/* {"contentBlockDelta":{...}}, without the padding that hides lengths on the wire. */
static int show_json_event(struct cli_answer *a, const struct bedrock_event *ev)
{
    struct bedrock_json_iter it = bedrock_json_iterate(ev->json);
    struct bedrock_json name, value;
    struct bedrock_writer w = {0};
    char type[128];
    int rc;

    snprintf(type, sizeof type, "%.*s", ev->type.len < sizeof type ? (int)ev->type.len : 0, ev->type.p);
    bedrock_write_object(&w);
    bedrock_write_name(&w, type);
    bedrock_write_object(&w);
    while (ev->json.type == BEDROCK_JSON_OBJECT && bedrock_json_next(&it, &name, &value))
        if (!bedrock_json_equals(name, "p"))
            bedrock_write_member(&w, name, value);
    bedrock_write_object_end(&w);
    bedrock_write_object_end(&w);
    rc = bedrock_write_end(&w);
    if (rc == 0)
        cli_show_json(a, "event", show_written(&w));
    bedrock_write_free(&w);
    return rc ? show_no_memory(a, rc) : 0;
}

static int show_json(struct cli_answer *a, const struct bedrock_event *ev)
{
    struct bedrock_slice whole = {ev->json.p, ev->json.len};

    if (ev->kind != BEDROCK_RESPONSE)
        return show_json_event(a, ev);
    cli_show_json(a, "response", whole);
    return 0;
}

/* ---- Text ---- */

static void show_text(struct cli_answer *a, enum bedrock_kind kind, struct bedrock_slice text)
{
    if (kind == BEDROCK_TEXT || a->how->show_reasoning)
        cli_out_text(a->out, kind, text);
}

static int show_string(struct cli_answer *a, enum bedrock_kind kind, struct bedrock_json string)
{
    struct bedrock_buffer b = {0};
    struct bedrock_slice text;
    int rc = cli_append_string(&b, string);

    text.p = b.p;
    text.len = b.len;
    if (rc == 0)
        show_text(a, kind, text);
    bedrock_buffer_free(&b);
    return rc ? show_no_memory(a, rc) : 0;
}

/* What a block or a delta is called that we have no way to show. */
static void show_unknown(struct cli_answer *a, struct bedrock_json block)
{
    struct bedrock_json_iter it = bedrock_json_iterate(block);
    struct bedrock_json name, value;
    int several = a->how->several;

    if (block.type == BEDROCK_JSON_OBJECT && bedrock_json_next(&it, &name, &value))
        cli_remark(a->how->c, "bedrock: %s%sa part of the answer, %.*s, is not shown; --json shows it",
                   several ? a->target.id : "", several ? ": " : "", (int)(name.len < 80 ? name.len : 80),
                   name.p);
}

/* A block of text with its sources: the text is part of the answer. */
static int show_citations(struct cli_answer *a, struct bedrock_json content)
{
    struct bedrock_json_iter it = bedrock_json_iterate(content);
    struct bedrock_json part;
    int rc = 0;

    while (rc == 0 && bedrock_json_next(&it, NULL, &part))
        rc = show_string(a, BEDROCK_TEXT, bedrock_json_get(part, "text"));
    return rc;
}

static int show_block(struct cli_answer *a, struct bedrock_json block)
{
    struct bedrock_json text = bedrock_json_get(block, "text");
    struct bedrock_json reasoning = bedrock_json_get(block, "reasoningContent");
    struct bedrock_json cited = bedrock_json_get(block, "citationsContent.content");
    struct bedrock_slice whole = {block.p, block.len};

    if (text.type == BEDROCK_JSON_STRING)
        return show_string(a, BEDROCK_TEXT, text);
    if (reasoning.type == BEDROCK_JSON_OBJECT)
        return show_string(a, BEDROCK_REASONING, bedrock_json_get(reasoning, "reasoningText.text"));
    if (cited.type == BEDROCK_JSON_ARRAY)
        return show_citations(a, cited);
    if (bedrock_json_get(block, "toolUse").type == BEDROCK_JSON_OBJECT)
        cli_out_json(a->out, &whole, 1);
    else
        show_unknown(a, block);
    return 0;
}

static int show_response(struct cli_answer *a, struct bedrock_json response)
{
    struct bedrock_json content = bedrock_json_get(response, "output.message.content");
    struct bedrock_json_iter it = bedrock_json_iterate(content);
    struct bedrock_json block;
    int rc = 0;

    while (rc == 0 && content.type == BEDROCK_JSON_ARRAY && bedrock_json_next(&it, NULL, &block))
        rc = show_block(a, block);
    return rc;
}

static int show_other_event(struct cli_answer *a, const struct bedrock_event *ev)
{
    struct bedrock_json start = bedrock_json_get(ev->json, "start");
    struct bedrock_writer w = {0};
    struct bedrock_slice line;
    int rc = cli_tools_event(&a->tools, ev, &w);

    line = show_written(&w);
    if (rc > 0)
        cli_out_json(a->out, &line, 1);
    else if (rc == 0 && bedrock_json_get(start, "toolUse").type == BEDROCK_JSON_NONE)
        show_unknown(a, start);
    bedrock_write_free(&w);
    return rc < 0 ? show_no_memory(a, rc) : 0;
}

static int show_as_text(struct cli_answer *a, const struct bedrock_event *ev)
{
    if (ev->kind == BEDROCK_RESPONSE)
        return show_response(a, ev->json);
    if (ev->kind == BEDROCK_OTHER)
        return show_other_event(a, ev);
    show_text(a, ev->kind, ev->text);
    return 0;
}

/* ---- Entry point ---- */

/* A one-shot response is checked JSON, and no more than that is known of it. */
static int show_check_response(struct cli_answer *a, const struct bedrock_event *ev)
{
    if (ev->kind != BEDROCK_RESPONSE ||
        bedrock_json_get(ev->json, "output.message.content").type == BEDROCK_JSON_ARRAY)
        return 0;
    return cli_fail(&a->err, BEDROCK_ERR_PROTOCOL, "the response holds no output.message.content");
}

int cli_show(struct cli_answer *a, const struct bedrock_event *ev)
{
    int rc = a->how->c->json ? show_json(a, ev) : show_as_text(a, ev);

    return rc ? rc : show_check_response(a, ev);
}
