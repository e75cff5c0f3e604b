/* parts.c - the members of a Converse request that options make, each on its own.
 * Amazon Bedrock API reference, Converse. Leaves out: messages and the system prompt (compose.c), tools
 * (tools.c). */
#define _DEFAULT_SOURCE
#include "cli.h"
#include <stdio.h>
#include <string.h>

#define PARTS_MAX_VERSION 8 /* API reference: digits of a guardrail's version */

struct bedrock_writer *cli_part(struct cli_request *r, enum cli_part_id id)
{
    struct bedrock_writer *w = &r->parts[id];

    if (w->out.len == 0)
        bedrock_write_object(w);
    return w;
}

static void parts_string(struct bedrock_writer *w, const char *name, const char *text, size_t len)
{
    bedrock_write_name(w, name);
    bedrock_write_string(w, text, len);
}

/* A member that is the option's value as it was given. */
static int parts_option(struct cli *c, struct cli_request *r, enum cli_part_id part, const char *name,
                        enum cli_option_id id, const char *option)
{
    const char *value = cli_value(&c->args, id);

    if (!value)
        return 0;
    if (cli_check_utf8(c, option, value, strlen(value)) != 0)
        return c->err.code;
    parts_string(cli_part(r, part), name, value, strlen(value));
    return 0;
}

/* ---- inferenceConfig ---- */

/* The digits as they were typed: no double in between. */
static void parts_number(struct cli *c, struct cli_request *r, enum cli_option_id id, const char *name)
{
    const char *value = cli_value(&c->args, id);
    char number[64];

    if (!value)
        return;
    snprintf(number, sizeof number, "%s%s", value[0] == '.' ? "0" : "", value);
    bedrock_write_name(cli_part(r, CLI_PART_INFERENCE), name);
    bedrock_write_raw(&r->parts[CLI_PART_INFERENCE], number, strlen(number));
}

/* Every value of a repeatable option, as an array. */
static int parts_strings(struct cli *c, struct bedrock_writer *w, enum cli_option_id id, const char *option)
{
    const char *value;
    size_t at = 0;

    bedrock_write_array(w);
    while ((value = cli_each(&c->args, id, &at)) != NULL) {
        if (cli_check_utf8(c, option, value, strlen(value)) != 0)
            return c->err.code;
        bedrock_write_string(w, value, strlen(value));
    }
    bedrock_write_array_end(w);
    return 0;
}

static int parts_inference(struct cli *c, struct cli_request *r)
{
    long max_tokens = cli_number(&c->args, CLI_OPT_MAX_TOKENS);

    if (max_tokens >= 0) {
        bedrock_write_name(cli_part(r, CLI_PART_INFERENCE), "maxTokens");
        bedrock_write_int(&r->parts[CLI_PART_INFERENCE], max_tokens);
    }
    parts_number(c, r, CLI_OPT_TEMPERATURE, "temperature");
    parts_number(c, r, CLI_OPT_TOP_P, "topP");
    if (!cli_value(&c->args, CLI_OPT_STOP))
        return 0;
    bedrock_write_name(cli_part(r, CLI_PART_INFERENCE), "stopSequences");
    return parts_strings(c, &r->parts[CLI_PART_INFERENCE], CLI_OPT_STOP, "--stop");
}

/* ---- guardrailConfig ---- */

size_t cli_guardrail_id(const char *value)
{
    const char *colon = strrchr(value, ':'), *version = colon ? colon + 1 : "";
    size_t digits = strspn(version, "0123456789");

    if (!colon || colon == value)
        return 0;
    if (strcmp(version, "DRAFT") != 0 && (version[digits] || digits == 0 || digits > PARTS_MAX_VERSION))
        return 0;
    return (size_t)(colon - value);
}

/* What the request of --input says of its guardrail, but what the options say themselves, and what streams
 * alone may have. */
static void parts_guardrail_base(struct cli_request *r, struct bedrock_json base, int with_id, int with_trace,
                                 int with_mode)
{
    struct bedrock_json_iter it = bedrock_json_iterate(base);
    struct bedrock_json name, value;

    while (base.type == BEDROCK_JSON_OBJECT && bedrock_json_next(&it, &name, &value)) {
        int is_id = bedrock_json_equals(name, "guardrailIdentifier") ||
                    bedrock_json_equals(name, "guardrailVersion");

        if ((is_id && with_id) || (bedrock_json_equals(name, "trace") && with_trace) ||
            (bedrock_json_equals(name, CLI_STREAM_MODE) && with_mode))
            continue;
        bedrock_write_member(cli_part(r, CLI_PART_GUARDRAIL), name, value);
    }
}

static int parts_guardrail(struct cli *c, struct cli_request *r)
{
    const char *id = cli_value(&c->args, CLI_OPT_GUARDRAIL);
    const char *mode = cli_value(&c->args, CLI_OPT_GUARDRAIL_MODE);
    struct bedrock_json base = bedrock_json_get(r->base, "guardrailConfig");
    int trace = c->args.on[CLI_OPT_GUARDRAIL_TRACE] > 0;
    size_t len = id ? cli_guardrail_id(id) : 0;
    struct bedrock_writer *w;

    if (id && len == 0)
        return cli_fail(&c->err, BEDROCK_ERR_USAGE, "--guardrail takes ID:VERSION, where VERSION is a "
                        "number or DRAFT, not '%.200s'", id);
    if (id && cli_check_utf8(c, "--guardrail", id, strlen(id)) != 0)
        return c->err.code;
    if (!id && base.type == BEDROCK_JSON_NONE && (trace || mode))
        return cli_fail(&c->err, BEDROCK_ERR_USAGE, "--guardrail-%s is for a guardrail: name one with "
                        "--guardrail ID:VERSION", trace ? "trace" : "mode");
    if (!id && !trace && !mode && bedrock_json_get(base, CLI_STREAM_MODE).type == BEDROCK_JSON_NONE)
        return 0;
    w = cli_part(r, CLI_PART_GUARDRAIL);
    parts_guardrail_base(r, base, id != NULL, trace, mode || !r->stream);
    if (id) {
        parts_string(w, "guardrailIdentifier", id, len);
        parts_string(w, "guardrailVersion", id + len + 1, strlen(id + len + 1));
    }
    if (trace)
        parts_string(w, "trace", "enabled", 7);
    if (mode && r->stream) {
        int is_async = mode[0] == 'a' || mode[0] == 'A';

        parts_string(w, CLI_STREAM_MODE, is_async ? "async" : "sync", is_async ? 5 : 4);
    }
    return 0;
}

/* ---- Maps ---- */

/* Is this name given once more, further on? Then that one counts. */
static int parts_given_later(const struct cli *c, enum cli_option_id id, size_t at, const char *pair,
                             size_t len)
{
    const char *other;

    while ((other = cli_each(&c->args, id, &at)) != NULL)
        if (strncmp(other, pair, len + 1) == 0)
            return 1;
    return 0;
}

/* K=V for each value of an option; a variable's value is {"text":V}. */
static int parts_map(struct cli *c, struct cli_request *r, enum cli_part_id part, enum cli_option_id id,
                     const char *option)
{
    const char *pair;
    char name[512];
    size_t at = 0;

    while ((pair = cli_each(&c->args, id, &at)) != NULL) {
        size_t len = strcspn(pair, "=");
        struct bedrock_writer *w = cli_part(r, part);

        if (!pair[len] || len == 0 || len >= sizeof name)
            return cli_fail(&c->err, BEDROCK_ERR_USAGE, "%s takes NAME=VALUE, not '%.200s'", option, pair);
        if (cli_check_utf8(c, option, pair, strlen(pair)) != 0)
            return c->err.code;
        if (parts_given_later(c, id, at, pair, len))
            continue;
        snprintf(name, sizeof name, "%.*s", (int)len, pair);
        bedrock_write_name(w, name);
        if (part == CLI_PART_VARIABLES) {
            bedrock_write_object(w);
            parts_string(w, "text", pair + len + 1, strlen(pair + len + 1));
            bedrock_write_object_end(w);
        } else {
            bedrock_write_string(w, pair + len + 1, strlen(pair + len + 1));
        }
    }
    return 0;
}

/* ---- The others ---- */

static int parts_response_fields(struct cli *c, struct cli_request *r)
{
    const char *pointer;
    size_t at = 0;

    if (!cli_value(&c->args, CLI_OPT_RESPONSE_FIELD))
        return 0;
    while ((pointer = cli_each(&c->args, CLI_OPT_RESPONSE_FIELD, &at)) != NULL)
        if (pointer[0] != '/') /* RFC 6901 3; the whole, "", is no option's value */
            return cli_fail(&c->err, BEDROCK_ERR_USAGE, "--response-field takes a JSON Pointer like "
                            "/stop_sequence, not '%.200s'", pointer);
    return parts_strings(c, &r->parts[CLI_PART_RESPONSE_FIELDS], CLI_OPT_RESPONSE_FIELD, "--response-field");
}

/* outputConfig.textFormat: the schema goes as a string of JSON. */
static int parts_schema(struct cli *c, struct cli_request *r)
{
    const char *value = cli_value(&c->args, CLI_OPT_SCHEMA);
    struct bedrock_writer *w;
    struct bedrock_json schema;
    int rc;

    if (!value)
        return 0;
    rc = cli_read_value(c, CLI_FILE, "--schema", value, &r->schema);
    if (rc == 0)
        rc = cli_check_json(c, &r->schema, &schema);
    if (rc == 0 && schema.type != BEDROCK_JSON_OBJECT)
        rc = cli_fail_in(c, &r->schema, schema.p, "a schema is a JSON object");
    if (rc != 0)
        return rc;
    w = cli_part(r, CLI_PART_OUTPUT);
    bedrock_write_name(w, "textFormat");
    bedrock_write_object(w);
    parts_string(w, "type", "json_schema", 11);
    bedrock_write_name(w, "structure");
    bedrock_write_object(w);
    bedrock_write_name(w, "jsonSchema");
    bedrock_write_object(w);
    parts_string(w, "schema", schema.p, schema.len);
    bedrock_write_object_end(w);
    bedrock_write_object_end(w);
    bedrock_write_object_end(w);
    return 0;
}

/* ---- Entry points ---- */

int cli_parts_make(struct cli *c, struct cli_request *r)
{
    int rc = parts_inference(c, r);

    if (rc == 0)
        rc = parts_guardrail(c, r);
    if (rc == 0)
        rc = parts_map(c, r, CLI_PART_VARIABLES, CLI_OPT_VAR, "--var");
    if (rc == 0)
        rc = parts_map(c, r, CLI_PART_METADATA, CLI_OPT_METADATA, "--metadata");
    if (rc == 0)
        rc = parts_response_fields(c, r);
    if (rc == 0)
        rc = parts_option(c, r, CLI_PART_PERFORMANCE, "latency", CLI_OPT_LATENCY, "--latency");
    if (rc == 0)
        rc = parts_option(c, r, CLI_PART_TIER, "type", CLI_OPT_TIER, "--tier");
    if (rc == 0)
        rc = parts_option(c, r, CLI_PART_OUTPUT, "effort", CLI_OPT_EFFORT, "--effort");
    if (rc == 0)
        rc = parts_schema(c, r);
    if (rc == 0)
        rc = cli_tools_read(c, r);
    for (size_t i = 0; i < CLI_N_PARTS && rc == 0; i++) {
        struct bedrock_writer *w = &r->parts[i];

        if (w->depth > 0)
            bedrock_write_object_end(w);
        if ((w->out.len > 0 || w->out.error) && bedrock_write_end(w) != 0)
            rc = cli_fail(&c->err, w->out.error, "%s", bedrock_code_text(w->out.error));
    }
    return rc;
}
