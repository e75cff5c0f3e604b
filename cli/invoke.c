/* invoke.c - `bedrock invoke`: a model called in its own form, bytes in and bytes out.
 * Amazon Bedrock API reference, InvokeModel and InvokeModelWithResponseStream. Leaves out: what the bytes
 * mean. */
#define _DEFAULT_SOURCE
#include "cli.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#define INVOKE_MAX_FIELDS 10
#define INVOKE_METRICS "amazon-bedrock-invocationMetrics"

struct invoke {
    struct cli *c;
    struct cli_targets targets;
    struct cli_text body;
    struct cli_request options;     /* its parts alone */
    struct bedrock_field fields[INVOKE_MAX_FIELDS];
    struct bedrock_buffer values[INVOKE_MAX_FIELDS];    /* zero-terminated */
    size_t n_fields;
    struct cli_lookup lookup;
    struct bedrock_buffer profile;  /* called in the model's place; empty: none */
    struct bedrock_usage usage;
    int stream, counts;             /* 1: usage is going to be said */
};

static int invoke_fail(struct invoke *v, int code)
{
    return cli_fail(&v->c->err, code, "%s", bedrock_code_text(code));
}

/* ---- Header fields ---- */

static int invoke_field(struct invoke *v, const char *name, const char *value, size_t len)
{
    struct bedrock_buffer *b = &v->values[v->n_fields];

    if (bedrock_buffer_append(b, value, len) != 0 || bedrock_buffer_append(b, "", 1) != 0)
        return invoke_fail(v, b->error);
    v->fields[v->n_fields].name = name;
    v->fields[v->n_fields++].value = b->p;
    return 0;
}

static int invoke_option(struct invoke *v, const char *name, enum cli_option_id id)
{
    const char *value = cli_value(&v->c->args, id);

    return value ? invoke_field(v, name, value, strlen(value)) : 0;
}

/* Where converse has members, InvokeModel has header fields; what there are words are capitals here. */
static int invoke_parts(struct invoke *v)
{
    static const struct {
        enum cli_part_id part;
        const char *member, *field; /* no member: the whole part, as JSON */
    } rows[] = {
        {CLI_PART_GUARDRAIL, "guardrailIdentifier", "X-Amzn-Bedrock-GuardrailIdentifier"},
        {CLI_PART_GUARDRAIL, "guardrailVersion", "X-Amzn-Bedrock-GuardrailVersion"},
        {CLI_PART_PERFORMANCE, "latency", "X-Amzn-Bedrock-PerformanceConfig-Latency"},
        {CLI_PART_TIER, "type", "X-Amzn-Bedrock-Service-Tier"},
        {CLI_PART_METADATA, NULL, "X-Amzn-Bedrock-Request-Metadata"},
    };
    struct bedrock_buffer text = {0};
    struct bedrock_json part;
    int rc = cli_parts_make(v->c, &v->options);

    for (size_t i = 0; i < sizeof rows / sizeof rows[0] && rc == 0; i++) {
        const struct bedrock_buffer *b = &v->options.parts[rows[i].part].out;

        if (bedrock_json_parse(b->p, b->len, &part, NULL) != 0)
            continue;
        if (!rows[i].member)
            rc = invoke_field(v, rows[i].field, part.p, part.len);
        else if ((rc = cli_append_string(&text, bedrock_json_get(part, rows[i].member))) != 0)
            invoke_fail(v, rc);
        else
            rc = invoke_field(v, rows[i].field, text.p, text.len);
        text.len = 0;
    }
    bedrock_buffer_free(&text);
    if (rc == 0 && v->c->args.on[CLI_OPT_GUARDRAIL_TRACE])
        rc = invoke_field(v, "X-Amzn-Bedrock-Trace", "ENABLED", 7);
    return rc;
}

/* The answer to a stream is events, whose type Accept would be about. */
static int invoke_fields(struct invoke *v)
{
    int rc = invoke_option(v, v->stream ? "X-Amzn-Bedrock-Accept" : "Accept", CLI_OPT_ACCEPT_TYPE);

    if (rc == 0)
        rc = invoke_option(v, "Content-Type", CLI_OPT_CONTENT_TYPE);
    return rc ? rc : invoke_parts(v);
}

/* ---- The body ---- */

static int invoke_is_json(const struct invoke *v)
{
    static const char json[] = "application/json";
    const char *type = cli_value(&v->c->args, CLI_OPT_CONTENT_TYPE);

    return !type || (strncasecmp(type, json, sizeof json - 1) == 0 && strchr("; ", type[sizeof json - 1]));
}

static int invoke_body(struct invoke *v)
{
    struct cli *c = v->c;
    struct bedrock_json json;
    int rc;

    if (c->args.n_words > 1)
        return cli_fail(&c->err, BEDROCK_ERR_USAGE, "invoke takes one body, not %zu words: quote it",
                        c->args.n_words);
    if (c->args.n_words == 0 && isatty(STDIN_FILENO))
        return cli_fail(&c->err, BEDROCK_ERR_USAGE, "no body: give it as a word, as @FILE, or pipe it in");
    rc = cli_read_value(c, CLI_BYTES, "the body", c->args.n_words ? c->args.words[0] : "-", &v->body);
    if (rc == 0 && v->body.bytes.len == 0)
        return cli_fail(&c->err, BEDROCK_ERR_USAGE, "no body: %s is empty", v->body.origin);
    if (rc == 0 && invoke_is_json(v) && cli_check_json(c, &v->body, &json) != 0)
        snprintf(c->err.message + strlen(c->err.message), sizeof c->err.message - strlen(c->err.message),
                 "; a body is JSON in the model's own form, and converse takes a prompt");
    return rc ? rc : c->err.code;
}

static int invoke_prepare(struct invoke *v)
{
    const struct bedrock_json none = {BEDROCK_JSON_NONE, NULL, 0};
    struct cli *c = v->c;
    int rc = cli_targets_read(c, none, &v->targets);

    if (rc == 0)
        rc = cli_targets_need(c, &v->targets);
    if (rc == 0 && v->targets.several)
        rc = cli_fail(&c->err, BEDROCK_ERR_USAGE, "invoke calls one model: their bodies differ");
    if (rc == 0)
        rc = invoke_fields(v);
    c->warm_for = BEDROCK_INVOKE_MODEL;
    return rc ? rc : invoke_body(v);
}

/* ---- The answer ---- */

static void invoke_count(int64_t *count, struct bedrock_json v)
{
    int64_t n;

    if (bedrock_json_int(v, &n) == 0)
        *count = n;
}

static void invoke_count_field(const struct bedrock_call *call, const char *name, int64_t *count)
{
    struct bedrock_slice value = bedrock_header(call, name);
    struct bedrock_json v;

    if (bedrock_json_parse(value.p, value.len, &v, NULL) == 0)
        invoke_count(count, v);
}

static void invoke_read_fields(struct invoke *v, const struct bedrock_call *call)
{
    invoke_count_field(call, "X-Amzn-Bedrock-Invocation-Latency", &v->usage.latency_ms);
    invoke_count_field(call, "X-Amzn-Bedrock-Input-Token-Count", &v->usage.input_tokens);
    invoke_count_field(call, "X-Amzn-Bedrock-Output-Token-Count", &v->usage.output_tokens);
    invoke_count_field(call, "X-Amzn-Bedrock-Cache-Read-Input-Token-Count", &v->usage.cache_read_tokens);
    invoke_count_field(call, "X-Amzn-Bedrock-Cache-Write-Input-Token-Count", &v->usage.cache_write_tokens);
}

/* The last chunk of a stream says it, in the midst of the model's own members. */
static void invoke_read_metrics(struct invoke *v, struct bedrock_slice chunk)
{
    struct bedrock_json all, metrics;

    if (bedrock_json_parse(chunk.p, chunk.len, &all, NULL) != 0)
        return;
    metrics = bedrock_json_get(all, INVOKE_METRICS);
    invoke_count(&v->usage.latency_ms, bedrock_json_get(metrics, "invocationLatency"));
    invoke_count(&v->usage.input_tokens, bedrock_json_get(metrics, "inputTokenCount"));
    invoke_count(&v->usage.output_tokens, bedrock_json_get(metrics, "outputTokenCount"));
    invoke_count(&v->usage.cache_read_tokens, bedrock_json_get(metrics, "cacheReadInputTokenCount"));
    invoke_count(&v->usage.cache_write_tokens, bedrock_json_get(metrics, "cacheWriteInputTokenCount"));
}

static int invoke_show_event(struct invoke *v, const struct bedrock_event *ev)
{
    struct cli *c = v->c;

    if (v->counts && ev->kind == BEDROCK_BYTES)
        invoke_read_metrics(v, ev->text);
    if (c->json)
        return cli_show_event(c, ev);
    if (ev->kind == BEDROCK_BYTES) {
        cli_out_raw(&c->out, ev->text.p, ev->text.len);
        cli_out_raw(&c->out, "\n", 1);
    } else {
        cli_remark(c, "bedrock: an event of the stream, %.*s, is not shown; --json shows it",
                   ev->type.len < 80 ? (int)ev->type.len : 80, ev->type.p);
    }
    return 0;
}

static int invoke_call(struct invoke *v)
{
    struct cli *c = v->c;
    struct bedrock_request rq = {0};
    struct bedrock_call *call = NULL;
    struct bedrock_event ev;
    int rc;

    rq.operation = v->stream ? BEDROCK_INVOKE_MODEL_STREAM : BEDROCK_INVOKE_MODEL;
    rq.model = v->profile.len > 0 ? v->profile.p : v->targets.at[0].id;
    rq.body = v->body.bytes.p;
    rq.body_len = v->body.bytes.len;
    rq.headers = v->fields;
    rq.n_headers = v->n_fields;
    rq.raw = 1;
    memset(&c->err, 0, sizeof c->err);
    rc = bedrock_start(c->b, &rq, &call);
    while (rc == 0 && c->out.error == 0 && (rc = cli_next(call, &ev)) == BEDROCK_EVENT)
        rc = v->stream ? invoke_show_event(v, &ev) : (cli_out_raw(&c->out, ev.text.p, ev.text.len), 0);
    if (rc < 0 && c->err.code == 0)
        c->err = call ? *bedrock_call_error(call) : *bedrock_error(c->b);
    if (call && !v->stream)
        invoke_read_fields(v, call);
    bedrock_end(call);
    return rc;
}

/* The same through an inference profile, where the model is called in no other way. */
static int invoke_again(struct invoke *v)
{
    const char *model = v->targets.at[0].id;
    int again = cli_wants_auto_profile(v->c);

    if (!cli_lookup_wait(&v->lookup, v->c, model, again, &v->profile) || !again)
        return v->c->err.code;
    cli_remark(v->c, "bedrock: %s has no on-demand throughput here; calling it through %s", model,
               v->profile.p);
    return invoke_call(v);
}

static int invoke_end(struct invoke *v, int rc)
{
    struct cli *c = v->c;
    char line[256], hint[1024];

    if (c->out.terminal || v->stream)
        cli_out_end_line(&c->out);
    if (rc < 0) {
        cli_lookup_hint(&v->lookup, &c->err, v->targets.at ? v->targets.at[0].id : NULL, &v->profile,
                        c->b ? bedrock_region(c->b) : "", hint, sizeof hint);
        return cli_report_hint(c, &c->err, hint);
    }
    if (v->counts && rc == 0) {
        cli_usage_line(line, sizeof line, &v->usage);
        cli_remark(c, "%s", line);
    }
    return CLI_OK;
}

static void invoke_free(struct invoke *v)
{
    bedrock_end(v->c->warm);
    v->c->warm = NULL;
    for (size_t i = 0; i < INVOKE_MAX_FIELDS; i++) /* one that could not be filled is not counted */
        bedrock_buffer_free(&v->values[i]);
    cli_text_free(&v->body);
    cli_request_free(&v->options);
    cli_targets_free(&v->targets);
    cli_lookup_free(&v->lookup);
    bedrock_buffer_free(&v->profile);
}

int cli_invoke(struct cli *c)
{
    struct cli_save save = {0};
    struct invoke v;
    int rc, status;

    memset(&v, 0, sizeof v);
    v.c = c;
    v.options.stream = v.stream = c->args.on[CLI_OPT_STREAM] > 0;
    v.counts = c->args.on[CLI_OPT_USAGE] || (!c->json && isatty(STDERR_FILENO));
    bedrock_usage_init(&v.usage);
    rc = invoke_prepare(&v);
    if (rc == 0)
        rc = cli_save_begin(c, &save);
    if (rc == 0)
        rc = cli_open(c);
    if (rc == 0)
        rc = cli_targets_find(c, &v.targets);
    if (rc == 0 && (rc = invoke_call(&v)) < 0 && cli_wants_profile(&c->err))
        rc = invoke_again(&v);
    status = invoke_end(&v, rc);
    cli_save_end(c, &save, rc == 0);
    invoke_free(&v);
    return status;
}
