/* show.c - what an answer looks like: its events as text, as they arrive, or as lines of JSON.
 * Amazon Bedrock API reference, Converse and ConverseStream. Leaves out: where the output goes and what is
 * said behind it (answer.c). */
#define _DEFAULT_SOURCE
#include "cli.h"
#include <stdio.h>
#include <string.h>

#define SHOW_MAX_DOCUMENT ((size_t)128 << 20)   /* what is put together has 64 MiB, and names around it */

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

static int show_json_event(struct cli_answer *a, const struct bedrock_event *ev)
{
    struct bedrock_writer w = {0};
    int rc = cli_write_event(&w, ev);

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
    if (kind == BEDROCK_TEXT || (kind == BEDROCK_REASONING && a->how->show_reasoning))
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

/* A block that we have no way to show, unless the document follows, which has it. */
static void show_unknown(struct cli_answer *a, struct bedrock_slice name)
{
    if (!a->how->json_message)
        cli_answer_remark(a, "a part of the answer, \"%.*s\", is not shown; --json shows it",
                          (int)(name.len < 80 ? name.len : 80), name.len > 0 ? name.p : "");
}

/* ---- Citations ---- */

/* Behind what the note holds already. */
static void show_note_part(struct bedrock_buffer *note, struct bedrock_json text)
{
    if (text.type == BEDROCK_JSON_STRING && text.len > 2) {
        bedrock_buffer_append(note, note->len > 0 ? ", " : "", note->len > 0 ? 2 : 0);
        cli_append_shown(note, text);
    }
}

/* A line for the end of the answer: title, and where it is from. */
static int show_note(struct cli_answer *a, struct bedrock_json citation)
{
    struct bedrock_json url = bedrock_json_get(citation, "location.web.url");
    struct bedrock_json source = bedrock_json_get(citation, "source");
    struct bedrock_buffer note = {0};
    char number[32];
    int rc;

    snprintf(number, sizeof number, "[%d] ", ++a->n_notes);
    show_note_part(&note, bedrock_json_get(citation, "title"));
    show_note_part(&note, url.type == BEDROCK_JSON_STRING ? url : source);
    if (note.len == 0)
        bedrock_buffer_append(&note, "a source without a name", 23);
    bedrock_buffer_append(&a->notes, number, strlen(number));
    bedrock_buffer_append(&a->notes, note.p, note.len);
    rc = bedrock_buffer_append(&a->notes, "\n", 1);
    rc = note.error ? note.error : rc;
    bedrock_buffer_free(&note);
    return rc ? show_no_memory(a, rc) : 0;
}

static int show_notes(struct cli_answer *a, struct bedrock_json block)
{
    struct bedrock_json all = bedrock_json_get(block, "citationsContent.citations");
    struct bedrock_json_iter it = bedrock_json_iterate(all);
    struct bedrock_json citation;
    int rc = 0;

    while (rc == 0 && all.type == BEDROCK_JSON_ARRAY && bedrock_json_next(&it, NULL, &citation))
        rc = show_note(a, citation);
    return rc;
}

/* The text that they belong to is part of the answer. */
static int show_cited(struct cli_answer *a, struct bedrock_json block)
{
    struct bedrock_json content = bedrock_json_get(block, "citationsContent.content"), part;
    struct bedrock_json_iter it = bedrock_json_iterate(content);
    int rc = 0;

    while (rc == 0 && content.type == BEDROCK_JSON_ARRAY && bedrock_json_next(&it, NULL, &part))
        rc = show_string(a, BEDROCK_TEXT, bedrock_json_get(part, "text"));
    return rc ? rc : show_notes(a, block);
}

/* ---- Blocks ---- */

static int show_is(struct bedrock_slice name, const char *text)
{
    return name.len == strlen(text) && memcmp(name.p, text, name.len) == 0;
}

/* A block that is complete; of a stream without the text, which was shown as it came. */
static int show_block(struct cli_answer *a, struct bedrock_slice kind, struct bedrock_json block,
                      int streamed)
{
    struct bedrock_slice whole = {block.p, block.len};

    if (show_is(kind, "text"))
        return show_string(a, BEDROCK_TEXT, bedrock_json_get(block, "text"));
    if (show_is(kind, "reasoningContent"))
        return show_string(a, BEDROCK_REASONING,
                           bedrock_json_get(block, "reasoningContent.reasoningText.text"));
    if (show_is(kind, "citationsContent"))
        return streamed ? show_notes(a, block) : show_cited(a, block);
    if (show_is(kind, "toolUse") && !a->how->run_tools)
        cli_out_json(a->out, &whole, 1);
    else if (!show_is(kind, "toolUse"))
        show_unknown(a, kind);
    return 0;
}

/* The name of a block's first member. */
static struct bedrock_slice show_kind(struct bedrock_json block)
{
    struct bedrock_json_iter it = bedrock_json_iterate(block);
    struct bedrock_slice kind = {NULL, 0};
    struct bedrock_json name, value;

    if (block.type == BEDROCK_JSON_OBJECT && bedrock_json_next(&it, &name, &value)) {
        kind.p = name.p + 1;
        kind.len = name.len - 2;
    }
    return kind;
}

/* A one-shot response: all blocks. */
static int show_response(struct cli_answer *a, struct bedrock_json response)
{
    struct bedrock_json content = bedrock_json_get(response, "output.message.content"), block;
    struct bedrock_json_iter it = bedrock_json_iterate(content);
    int rc = 0;

    while (rc == 0 && content.type == BEDROCK_JSON_ARRAY && bedrock_json_next(&it, NULL, &block))
        rc = show_block(a, show_kind(block), block, 0);
    return rc;
}

/* The block that this contentBlockStop is about. */
static int show_stopped(struct cli_answer *a, const struct bedrock_event *ev)
{
    struct bedrock_writer w = {0};
    struct bedrock_slice kind;
    struct bedrock_json block;
    int64_t index = -1;
    int rc;

    bedrock_json_int(bedrock_json_get(ev->json, "contentBlockIndex"), &index);
    kind = bedrock_message_kind(a->message, index);
    if (kind.len == 0 || show_is(kind, "text") || show_is(kind, "reasoningContent"))
        return 0; /* nothing came, or it was shown as it came */
    rc = bedrock_message_block(a->message, index, &w);
    block.type = BEDROCK_JSON_OBJECT;
    block.p = w.out.p;
    block.len = w.out.len;
    rc = rc ? show_no_memory(a, rc) : show_block(a, kind, block, 1);
    bedrock_write_free(&w);
    return rc;
}

/* ---- Events ---- */

/* A delta's text was shown and need not be kept unless the whole document is wanted: what is kept of it is
 * that there was one, so that an answer without end takes no memory. 1: *stub takes its place. */
static int show_forgets(const struct bedrock_event *ev, struct bedrock_json index, char text[128],
                        struct bedrock_event *stub)
{
    if (index.type != BEDROCK_JSON_NUMBER)
        return 0;
    snprintf(text, 128, "{\"contentBlockIndex\":%.*s,\"delta\":%s}", (int)index.len, index.p,
             ev->kind == BEDROCK_TEXT ? "{\"text\":\"\"}" : "{\"reasoningContent\":{\"text\":\"\"}}");
    *stub = *ev;
    return bedrock_json_parse(text, strlen(text), &stub->json, NULL) == 0;
}

/* The same once more, as the deltas of a block mostly are: nothing new to whoever keeps only that there was
 * one. */
static int show_repeats(struct cli_answer *a, const struct bedrock_event *ev, struct bedrock_json index)
{
    int same = a->delta_kind == ev->kind && a->delta_index_len == index.len &&
               memcmp(a->delta_index, index.p, index.len) == 0;

    a->delta_kind = ev->kind;
    a->delta_index_len = index.len;
    memcpy(a->delta_index, index.p, index.len);
    return same;
}

/* Put it together with what came before. A one-shot response is that already, and copied only for the
 * document. */
static int show_add(struct cli_answer *a, const struct bedrock_event *ev)
{
    struct bedrock_event stub;
    struct bedrock_json index;
    char text[128];
    int is_text = !a->how->whole && (ev->kind == BEDROCK_TEXT || ev->kind == BEDROCK_REASONING);

    if (!a->message || (ev->kind == BEDROCK_RESPONSE && !a->how->whole))
        return 0;
    index = bedrock_json_get(ev->json, "contentBlockIndex");
    is_text = is_text && index.len > 0 && index.len <= sizeof a->delta_index;
    if (is_text && show_repeats(a, ev, index))
        return 0;
    if (!is_text)
        a->delta_kind = 0;
    if (bedrock_message_add(a->message, is_text && show_forgets(ev, index, text, &stub) ? &stub : ev) != 0) {
        a->err = *bedrock_message_error(a->message);
        return a->err.code;
    }
    if (bedrock_message_odd(a->message)[0])
        cli_answer_remark(a, "%s", bedrock_message_odd(a->message));
    return 0;
}

static int show_as_text(struct cli_answer *a, const struct bedrock_event *ev)
{
    if (ev->kind == BEDROCK_RESPONSE)
        return show_response(a, ev->json);
    if (show_is(ev->type, "contentBlockStop"))
        return show_stopped(a, ev);
    show_text(a, ev->kind, ev->text);
    return 0;
}

/* ---- Entry points ---- */

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
    int rc = show_check_response(a, ev);

    if (rc == 0)
        rc = show_add(a, ev);
    if (rc == 0)
        rc = a->how->c->json ? show_json(a, ev) : show_as_text(a, ev);
    return rc;
}

/* The response as Converse gives it; a one-shot one was printed as it is with --json. */
static int show_document(struct cli_answer *a)
{
    struct bedrock_writer w = {0};
    int rc;

    w.out.max = SHOW_MAX_DOCUMENT;
    rc = bedrock_message_response(a->message, &w);
    if (rc == 0)
        cli_show_json(a, "response", show_written(&w));
    bedrock_write_free(&w);
    return rc ? show_no_memory(a, rc) : 0;
}

int cli_show_end(struct cli_answer *a)
{
    if (a->notes.len > 0) {
        cli_out_end_line(a->out);
        cli_out_bytes(a->out, "\n", 1);
        cli_out_bytes(a->out, a->notes.p, a->notes.len);
    }
    if (!a->how->json_message || (a->how->c->json && a->one_shot))
        return 0;
    return show_document(a);
}
