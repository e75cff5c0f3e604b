/* converse.c - `bedrock converse`: one request, asked of one model or of several in turn.
 * Amazon Bedrock API reference, Converse and ConverseStream. Leaves out: asking several at once. */
#define _DEFAULT_SOURCE
#include "cli.h"
#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct converse {
    struct cli *c;
    struct cli_request request;
    int stream, show_reasoning;

    /* the model that is being asked */
    const char *model;
    struct bedrock_writer model_json;   /* its id as a JSON string */
    struct bedrock_usage usage;
    struct cli_tools tools;
};

static struct bedrock_slice converse_slice(const char *text)
{
    struct bedrock_slice s = {text, strlen(text)};

    return s;
}

static struct bedrock_slice converse_written(const struct bedrock_writer *w)
{
    struct bedrock_slice s = {w->out.p, w->out.len};

    return s;
}

static int converse_no_memory(struct converse *v, int code)
{
    return cli_fail(&v->c->err, code, "%s", bedrock_code_text(code));
}

/* ---- JSON ---- */

/* A line of JSON; with several models {"modelId":...,"WHAT":...} around it. */
static void converse_json_line(struct converse *v, const char *what, struct bedrock_slice json)
{
    struct bedrock_slice parts[6];

    parts[0] = converse_slice("{\"modelId\":");
    parts[1] = converse_written(&v->model_json);
    parts[2] = converse_slice(what);
    parts[3] = json;
    parts[4] = converse_slice("}");
    if (v->request.n_models > 1)
        cli_out_json(&v->c->out, parts, 5);
    else
        cli_out_json(&v->c->out, &json, 1);
}

/* {"contentBlockDelta":{...}}, without the padding that hides lengths on the wire. */
static int converse_json_event(struct converse *v, const struct bedrock_event *ev)
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
        converse_json_line(v, ",\"event\":", converse_written(&w));
    bedrock_write_free(&w);
    return rc ? converse_no_memory(v, rc) : 0;
}

static int converse_show_json(struct converse *v, const struct bedrock_event *ev)
{
    struct bedrock_slice whole = {ev->json.p, ev->json.len};

    if (ev->kind != BEDROCK_RESPONSE)
        return converse_json_event(v, ev);
    converse_json_line(v, ",\"response\":", whole);
    return 0;
}

/* ---- Text ---- */

static void converse_text(struct converse *v, enum bedrock_kind kind, struct bedrock_slice text)
{
    if (kind == BEDROCK_TEXT || v->show_reasoning)
        cli_out_text(&v->c->out, kind, text);
}

static int converse_string(struct converse *v, enum bedrock_kind kind, struct bedrock_json string)
{
    struct bedrock_buffer b = {0};
    struct bedrock_slice text;
    int rc = cli_append_string(&b, string);

    text.p = b.p;
    text.len = b.len;
    if (rc == 0)
        converse_text(v, kind, text);
    bedrock_buffer_free(&b);
    return rc ? converse_no_memory(v, rc) : 0;
}

/* What a block or a delta is called that we have no way to show. */
static void converse_unknown(struct converse *v, struct bedrock_json block)
{
    struct bedrock_json_iter it = bedrock_json_iterate(block);
    struct bedrock_json name, value;

    if (block.type == BEDROCK_JSON_OBJECT && bedrock_json_next(&it, &name, &value))
        cli_remark(v->c, "bedrock: a part of the answer, %.*s, is not shown; --json shows it",
                   (int)(name.len < 80 ? name.len : 80), name.p);
}

/* A block of text with its sources: the text is part of the answer. */
static int converse_citations(struct converse *v, struct bedrock_json content)
{
    struct bedrock_json_iter it = bedrock_json_iterate(content);
    struct bedrock_json part;
    int rc = 0;

    while (rc == 0 && bedrock_json_next(&it, NULL, &part))
        rc = converse_string(v, BEDROCK_TEXT, bedrock_json_get(part, "text"));
    return rc;
}

static int converse_block(struct converse *v, struct bedrock_json block)
{
    struct bedrock_json text = bedrock_json_get(block, "text");
    struct bedrock_json reasoning = bedrock_json_get(block, "reasoningContent");
    struct bedrock_json cited = bedrock_json_get(block, "citationsContent.content");
    struct bedrock_slice whole = {block.p, block.len};

    if (text.type == BEDROCK_JSON_STRING)
        return converse_string(v, BEDROCK_TEXT, text);
    if (reasoning.type == BEDROCK_JSON_OBJECT)
        return converse_string(v, BEDROCK_REASONING, bedrock_json_get(reasoning, "reasoningText.text"));
    if (cited.type == BEDROCK_JSON_ARRAY)
        return converse_citations(v, cited);
    if (bedrock_json_get(block, "toolUse").type == BEDROCK_JSON_OBJECT)
        cli_out_json(&v->c->out, &whole, 1);
    else
        converse_unknown(v, block);
    return 0;
}

static int converse_response(struct converse *v, struct bedrock_json response)
{
    struct bedrock_json content = bedrock_json_get(response, "output.message.content");
    struct bedrock_json_iter it = bedrock_json_iterate(content);
    struct bedrock_json block;
    int rc = 0;

    while (rc == 0 && content.type == BEDROCK_JSON_ARRAY && bedrock_json_next(&it, NULL, &block))
        rc = converse_block(v, block);
    return rc;
}

static int converse_other_event(struct converse *v, const struct bedrock_event *ev)
{
    struct bedrock_json start = bedrock_json_get(ev->json, "start");
    struct bedrock_writer w = {0};
    struct bedrock_slice line;
    int rc = cli_tools_event(&v->tools, ev, &w);

    line = converse_written(&w);
    if (rc > 0)
        cli_out_json(&v->c->out, &line, 1);
    else if (rc == 0 && bedrock_json_get(start, "toolUse").type == BEDROCK_JSON_NONE)
        converse_unknown(v, start);
    bedrock_write_free(&w);
    return rc < 0 ? converse_no_memory(v, rc) : 0;
}

static int converse_show_text(struct converse *v, const struct bedrock_event *ev)
{
    if (ev->kind == BEDROCK_RESPONSE)
        return converse_response(v, ev->json);
    if (ev->kind == BEDROCK_OTHER)
        return converse_other_event(v, ev);
    converse_text(v, ev->kind, ev->text);
    return 0;
}

/* A one-shot response is checked JSON, and no more than that is known of it. */
static int converse_check_response(struct converse *v, const struct bedrock_event *ev)
{
    if (ev->kind != BEDROCK_RESPONSE ||
        bedrock_json_get(ev->json, "output.message.content").type == BEDROCK_JSON_ARRAY)
        return 0;
    return cli_fail(&v->c->err, BEDROCK_ERR_PROTOCOL, "the response holds no output.message.content");
}

static int converse_show(struct converse *v, const struct bedrock_event *ev)
{
    int rc;

    bedrock_usage_read(&v->usage, ev);
    rc = v->c->json ? converse_show_json(v, ev) : converse_show_text(v, ev);
    if (rc == 0)
        rc = converse_check_response(v, ev);
    return rc ? rc : v->c->out.error ? CLI_INTERRUPTED : 0;
}

/* ---- What is said about an answer ---- */

static void converse_count(char out[24], int64_t n)
{
    if (n < 0)
        snprintf(out, 24, "?");
    else
        snprintf(out, 24, "%lld", (long long)n);
}

/* The line of the notebook that this command began as. */
static void converse_usage_line(const struct converse *v, char *out, size_t cap)
{
    char latency[24], in[24], answer[24];

    converse_count(latency, v->usage.latency_ms);
    converse_count(in, v->usage.input_tokens);
    converse_count(answer, v->usage.output_tokens);
    snprintf(out, cap, "--- Latency: %sms - Input tokens:%s - Output tokens:%s ---", latency, in, answer);
}

static void converse_say_usage(const struct converse *v)
{
    const struct cli *c = v->c;
    char line[160];

    converse_usage_line(v, line, sizeof line);
    if (v->request.n_models > 1)
        cli_out_line(&v->c->out, line);
    else if (c->args.on[CLI_OPT_USAGE] || (!c->json && isatty(STDERR_FILENO)))
        cli_remark(c, "%s", line);
}

/* An answer that was cut must not look complete. */
static void converse_say_stop(const struct converse *v)
{
    static const char *const whole[] = {"end_turn", "stop_sequence", "tool_use"};
    const char *reason = v->usage.stop_reason[0] ? v->usage.stop_reason : "not given";
    int cut = strcmp(reason, "max_tokens") == 0, several = v->request.n_models > 1;

    for (size_t i = 0; i < sizeof whole / sizeof whole[0]; i++)
        if (strcmp(reason, whole[i]) == 0)
            return;
    cli_remark(v->c, "bedrock: %s%sthe answer %s: stop reason %s%s", several ? v->model : "",
               several ? ": " : "", cut ? "was cut" : "may be incomplete", reason,
               cut ? "; --max-tokens N allows a longer one" : "");
}

/* ---- Asking ---- */

/* Of several models one failed: told in its place, and the others go on. */
static int converse_fail_in_place(struct converse *v)
{
    const struct cli *c = v->c;
    struct bedrock_writer w = {0};
    char hint[1024], line[1200];

    cli_hint(hint, sizeof hint, &c->err, v->model, bedrock_region(c->b));
    if (c->json) {
        cli_write_error(&w, &c->err, hint);
        if (bedrock_write_end(&w) == 0)
            converse_json_line(v, ",\"error\":", converse_written(&w));
        bedrock_write_free(&w);
        return cli_status_of(c->err.code);
    }
    snprintf(line, sizeof line, "Error: %s: %s", cli_error_name(&c->err), c->err.message);
    cli_out_line(&v->c->out, line);
    if (hint[0])
        cli_remark(c, "hint: %s", hint);
    return cli_status_of(c->err.code);
}

static int converse_finish(struct converse *v)
{
    struct cli *c = v->c;

    cli_out_end_line(&c->out);
    if (c->err.code)
        return v->request.n_models > 1 ? converse_fail_in_place(v) : cli_report(c, &c->err, v->model);
    if (!c->json || c->args.on[CLI_OPT_USAGE])
        converse_say_usage(v);
    if (!c->json)
        converse_say_stop(v);
    return CLI_OK;
}

/* One call, from its start to its exit status. */
static int converse_ask(struct converse *v)
{
    struct cli *c = v->c;
    struct bedrock_request rq = {0};
    struct bedrock_call *call = NULL;
    struct bedrock_event ev;
    int rc;

    memset(&c->err, 0, sizeof c->err);
    bedrock_usage_init(&v->usage);
    rq.operation = v->stream ? BEDROCK_CONVERSE_STREAM : BEDROCK_CONVERSE;
    rq.model = v->model;
    rq.body = v->request.body.out.p;
    rq.body_len = v->request.body.out.len;
    rc = bedrock_start(c->b, &rq, &call);
    while (rc == 0 && (rc = cli_next(call, &ev)) == BEDROCK_EVENT)
        rc = converse_show(v, &ev);
    if (rc < 0 && c->err.code == 0)
        c->err = call ? *bedrock_call_error(call) : *bedrock_error(c->b);
    bedrock_end(call);
    cli_tools_free(&v->tools);
    return rc == CLI_INTERRUPTED ? CLI_OTHER : converse_finish(v);
}

/* What stands before an answer when there are several. */
static void converse_title(struct converse *v, int is_first)
{
    struct cli_out *o = &v->c->out;
    char line[CLI_MAX_MODEL + 16];

    bedrock_write_free(&v->model_json);
    bedrock_write_string(&v->model_json, v->model, strlen(v->model));
    o->kind = 0;
    if (v->request.n_models == 1 || v->c->json)
        return;
    if (!is_first)
        cli_out_bytes(o, "\n", 1);
    snprintf(line, sizeof line, "Model: %s", v->model);
    cli_out_line(o, line);
}

static int converse_ask_all(struct converse *v)
{
    size_t at = 0, n = 0, n_failed = 0;
    int first = CLI_OK, status;

    while (!v->c->out.error && !cli_signal() &&
           (v->model = cli_request_model(v->c, &v->request, &at)) != NULL) {
        converse_title(v, n == 0);
        status = converse_ask(v);
        first = n == 0 ? status : first;
        n_failed += status != CLI_OK;
        n++;
    }
    return n_failed == n || n_failed == 0 ? first : CLI_SOME_FAILED;
}

int cli_converse(struct cli *c)
{
    const struct cli_args *a = &c->args;
    struct converse v;
    int status;

    memset(&v, 0, sizeof v);
    v.c = c;
    v.show_reasoning = !a->on[CLI_OPT_NO_REASONING];
    v.stream = c->out.terminal && !c->json;
    if (a->on[CLI_OPT_STREAM] || a->on[CLI_OPT_NO_STREAM])
        v.stream = a->on[CLI_OPT_STREAM] > a->on[CLI_OPT_NO_STREAM];
    if (cli_request_make(c, &v.request) != 0 || cli_open(c) != 0)
        status = cli_report(c, &c->err, NULL);
    else
        status = converse_ask_all(&v);
    bedrock_write_free(&v.model_json);
    cli_request_free(&v.request);
    return status;
}
