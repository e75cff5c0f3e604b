/* request.c - the request of `bedrock converse`: what the options, the words and the files make.
 * Amazon Bedrock API reference, Converse. Leaves out: attachments, tools and guardrails, which --input can
 * bring. */
#define _DEFAULT_SOURCE
#include "cli.h"
#include <stdio.h>
#include <string.h>

static int request_read_input(struct cli *c, struct cli_request *r)
{
    const char *value = cli_value(&c->args, CLI_OPT_INPUT);
    int rc;

    if (!value)
        return 0;
    rc = cli_read_value(c, CLI_FILE, "--input", value, &r->input);
    if (rc == 0)
        rc = cli_check_json(c, &r->input, &r->base);
    if (rc == 0 && r->base.type != BEDROCK_JSON_OBJECT)
        rc = cli_fail(&c->err, BEDROCK_ERR_USAGE, "%s:1:1: a request is a JSON object",
                      r->input.origin);
    return rc;
}

static int request_read_system(struct cli *c, struct cli_request *r)
{
    const char *value = cli_value(&c->args, CLI_OPT_SYSTEM);
    int rc;

    if (!value)
        return 0;
    rc = cli_read_value(c, CLI_TEXT, "--system", value, &r->system);
    if (rc == 0)
        rc = cli_check_utf8(c, "--system", r->system.bytes.p, r->system.bytes.len);
    if (rc == 0 && memchr(r->system.bytes.p, 0, r->system.bytes.len))
        rc = cli_fail(&c->err, BEDROCK_ERR_USAGE, "%s: a system prompt with a zero byte in it",
                      r->system.origin);
    return rc;
}

static int request_read_fields(struct cli *c, struct cli_request *r)
{
    const char *value = cli_value(&c->args, CLI_OPT_FIELDS);
    struct bedrock_json json;
    int rc;

    if (!value)
        return 0;
    rc = cli_read_value(c, CLI_JSON, "--fields", value, &r->fields);
    return rc ? rc : cli_check_json(c, &r->fields, &json);
}

/* The digits as they were typed: no double in between. */
static void request_number(struct cli *c, struct cli_request *r, enum cli_option_id id, const char *name)
{
    const char *value = cli_value(&c->args, id);
    char number[64];

    if (!value)
        return;
    snprintf(number, sizeof number, "%s%s", value[0] == '.' ? "0" : "", value);
    bedrock_write_name(&r->inference, name);
    bedrock_write_raw(&r->inference, number, strlen(number));
}

static int request_stops(struct cli *c, struct cli_request *r)
{
    const char *stop;
    size_t at = 0;
    int n = 0;

    while ((stop = cli_each(&c->args, CLI_OPT_STOP, &at)) != NULL) {
        if (cli_check_utf8(c, "--stop", stop, strlen(stop)) != 0)
            return c->err.code;
        if (n++ == 0) {
            bedrock_write_name(&r->inference, "stopSequences");
            bedrock_write_array(&r->inference);
        }
        bedrock_write_string(&r->inference, stop, strlen(stop));
    }
    if (n > 0)
        bedrock_write_array_end(&r->inference);
    return 0;
}

/* inferenceConfig from the options, zero-terminated. */
static int request_inference(struct cli *c, struct cli_request *r)
{
    long max_tokens = cli_number(&c->args, CLI_OPT_MAX_TOKENS);
    struct bedrock_writer *w = &r->inference;
    int rc;

    bedrock_write_object(w);
    if (max_tokens >= 0) {
        bedrock_write_name(w, "maxTokens");
        bedrock_write_int(w, max_tokens);
    }
    request_number(c, r, CLI_OPT_TEMPERATURE, "temperature");
    request_number(c, r, CLI_OPT_TOP_P, "topP");
    rc = request_stops(c, r);
    bedrock_write_object_end(w);
    if (rc == 0 && (bedrock_write_end(w) != 0 || bedrock_buffer_append(&w->out, "", 1) != 0))
        rc = cli_fail(&c->err, BEDROCK_ERR_NOMEM, "out of memory");
    return rc;
}

/* A prompt of prompt management needs no messages, only variables. */
static int request_has_messages(const struct cli_request *r)
{
    struct bedrock_json_iter it = bedrock_json_iterate(bedrock_json_get(r->base, "messages"));
    struct bedrock_json any;

    return bedrock_json_next(&it, NULL, &any) ||
           bedrock_json_get(r->base, "promptVariables").type != BEDROCK_JSON_NONE;
}

static int request_body(struct cli *c, struct cli_request *r)
{
    struct bedrock_prompt p = {0};
    int rc = cli_read_prompt(c, request_has_messages(r), &r->prompt);

    if (rc != 0)
        return rc;
    if (r->prompt.bytes.len == 0 && !request_has_messages(r))
        return r->base.type == BEDROCK_JSON_NONE
                   ? cli_fail(&c->err, BEDROCK_ERR_USAGE, "no prompt: give words, pipe a text in, or name "
                              "a request with --input")
                   : cli_fail(&c->err, BEDROCK_ERR_USAGE, "%s has no \"messages\" that hold any, and "
                              "there is no prompt beside it", r->input.origin);
    if (r->prompt.bytes.len > 0) {
        p.text = r->prompt.bytes.p;
        p.text_len = r->prompt.bytes.len;
    }
    p.system = r->system.bytes.p;
    p.fields = r->fields.bytes.p;
    p.inference = r->inference.out.len > 3 ? r->inference.out.p : NULL; /* more than {} */
    p.base = r->base.p;
    p.base_len = r->base.len;
    rc = bedrock_prompt_body(&p, &r->body);
    if (rc == BEDROCK_ERR_NOMEM)
        return cli_fail(&c->err, rc, "out of memory");
    return rc ? cli_fail(&c->err, BEDROCK_ERR_USAGE, "the request is larger than 64 MiB") : 0;
}

/* ---- Entry points ---- */

int cli_request_make(struct cli *c, struct cli_request *r)
{
    int rc = request_read_input(c, r);

    if (rc == 0)
        rc = cli_targets_read(c, r->base, &r->targets);
    if (rc == 0 && r->targets.all)
        c->warm_for = BEDROCK_LIST_FOUNDATION_MODELS;
    if (rc == 0)
        rc = request_read_system(c, r);
    if (rc == 0)
        rc = request_read_fields(c, r);
    if (rc == 0)
        rc = request_inference(c, r);
    return rc ? rc : request_body(c, r);
}

void cli_request_free(struct cli_request *r)
{
    cli_text_free(&r->input);
    cli_text_free(&r->system);
    cli_text_free(&r->fields);
    cli_text_free(&r->prompt);
    cli_targets_free(&r->targets);
    bedrock_write_free(&r->inference);
    bedrock_write_free(&r->body);
}
