/* compose.c - the request of `bedrock converse`: what the options, the words and the files make.
 * Amazon Bedrock API reference, Converse. Leaves out: the members that options make on their own (parts.c,
 * tools.c), which models are asked (targets.c). */
#define _DEFAULT_SOURCE
#include "cli.h"
#include <stdlib.h>
#include <string.h>

static const char *const compose_parts[CLI_N_PARTS] = {
    "inferenceConfig", "toolConfig", "guardrailConfig", "promptVariables", "requestMetadata",
    "performanceConfig", "serviceTier", "outputConfig", "additionalModelResponseFieldPaths",
};

/* ---- Files ---- */

static int compose_read_text(struct cli *c, enum cli_option_id id, const char *option, struct cli_text *out)
{
    const char *value = cli_value(&c->args, id);
    int rc;

    if (!value)
        return 0;
    rc = cli_read_value(c, CLI_TEXT, option, value, out);
    return rc ? rc : cli_check_utf8(c, option, out->bytes.p, out->bytes.len);
}

static int compose_read_fields(struct cli *c, struct cli_request *r)
{
    const char *value = cli_value(&c->args, CLI_OPT_FIELDS);
    struct bedrock_json json;
    int rc;

    if (!value)
        return 0;
    rc = cli_read_value(c, CLI_JSON, "--fields", value, &r->fields);
    return rc ? rc : cli_check_json(c, &r->fields, &json);
}

/* Each must have what the builder wants of it: here it is known in which line it stands. */
static int compose_check_messages(struct cli *c, const struct cli_text *text, struct bedrock_json all)
{
    struct bedrock_json_iter it = bedrock_json_iterate(all);
    struct bedrock_json message;

    if (all.type != BEDROCK_JSON_ARRAY)
        return cli_fail_in(c, text, all.p ? all.p : text->bytes.p,
                           "messages are a JSON array, or an object with \"messages\"");
    while (bedrock_json_next(&it, NULL, &message)) {
        struct bedrock_json role = bedrock_json_get(message, "role");
        size_t len = bedrock_json_unescape(role, NULL, 0);

        if (role.type != BEDROCK_JSON_STRING ||
            bedrock_json_get(message, "content").type != BEDROCK_JSON_ARRAY)
            return cli_fail_in(c, text, message.p, "a message is an object with \"role\" and an array "
                               "\"content\"");
        if (len == 0 || len >= sizeof ((struct bedrock_body *)0)->role)
            return cli_fail_in(c, text, role.p, "a role is \"user\" or \"assistant\"");
    }
    return 0;
}

static int compose_read_messages(struct cli *c, struct cli_request *r)
{
    const char *value = cli_value(&c->args, CLI_OPT_MESSAGES);
    int rc;

    if (!value)
        return 0;
    rc = cli_read_value(c, CLI_FILE, "--messages", value, &r->messages);
    if (rc == 0)
        rc = cli_check_json(c, &r->messages, &r->earlier);
    if (rc == 0 && r->earlier.type == BEDROCK_JSON_OBJECT)
        r->earlier = bedrock_json_get(r->earlier, "messages");
    return rc ? rc : compose_check_messages(c, &r->messages, r->earlier);
}

/* ---- Members ---- */

static int compose_told(struct cli *c, const struct bedrock_body *b)
{
    if (b->error.code == BEDROCK_ERR_LIMIT)
        return cli_fail(&c->err, BEDROCK_ERR_USAGE, "%s; --max-request raises that", b->error.message);
    return b->error.code ? cli_fail(&c->err, b->error.code, "%s", b->error.message) : 0;
}

/* The members of --input that nothing else replaces, and the parts. */
static void compose_members(struct cli_request *r)
{
    static const struct bedrock_json none = {BEDROCK_JSON_NONE, NULL, 0};
    const char *left_out[CLI_N_PARTS + 4] = {"messages", "system"};
    struct bedrock_json part, theirs;
    size_t n = 2;

    if (r->fields.bytes.len > 0)
        left_out[n++] = "additionalModelRequestFields";
    for (size_t i = 0; i < CLI_N_PARTS; i++)
        if (r->parts[i].out.len > 0)
            left_out[n++] = compose_parts[i];
    bedrock_body_request(&r->body, r->base, left_out);
    for (size_t i = 0; i < CLI_N_PARTS; i++) {
        if (bedrock_json_parse(r->parts[i].out.p, r->parts[i].out.len, &part, NULL) != 0)
            continue;
        /* a guardrail has taken over what it wants of it */
        theirs = i == CLI_PART_GUARDRAIL ? none : bedrock_json_get(r->base, compose_parts[i]);
        if (part.type == BEDROCK_JSON_OBJECT)
            bedrock_body_merged(&r->body, compose_parts[i], theirs, part);
        else
            bedrock_body_member(&r->body, compose_parts[i], part.p, part.len);
    }
    if (r->fields.bytes.len > 0)
        bedrock_body_member(&r->body, "additionalModelRequestFields", r->fields.bytes.p, r->fields.bytes.len);
}

/* 1 when there is one, so that a cache point behind it means something. */
static int compose_system(const struct cli *c, struct cli_request *r)
{
    struct bedrock_json theirs = bedrock_json_get(r->base, "system"), block;
    struct bedrock_json_iter it = bedrock_json_iterate(theirs);

    if (r->system.bytes.len > 0) {
        bedrock_body_system(&r->body);
        bedrock_body_text(&r->body, r->system.bytes.p, r->system.bytes.len);
    } else if (theirs.type == BEDROCK_JSON_ARRAY && c->args.on[CLI_OPT_CACHE]) {
        bedrock_body_system(&r->body);
        while (bedrock_json_next(&it, NULL, &block))
            bedrock_body_raw(&r->body, block.p, block.len);
    } else if (theirs.type != BEDROCK_JSON_NONE) {
        bedrock_body_member(&r->body, "system", theirs.p, theirs.len);
        return 0;
    } else {
        return 0;
    }
    if (c->args.on[CLI_OPT_CACHE])
        bedrock_body_cache_point(&r->body, NULL);
    return 1;
}

/* ---- Messages ---- */

/* 1 when there are any. */
static int compose_files(const struct cli *c, struct cli_request *r)
{
    const char *file;
    size_t at = 0;
    int any = 0;

    while ((file = cli_each(&c->args, CLI_OPT_ATTACH, &at)) != NULL) {
        bedrock_body_message(&r->body, "user");
        if (strncmp(file, "s3://", 5) == 0)
            bedrock_body_s3(&r->body, file);
        else
            bedrock_body_file(&r->body, file);
        any = 1;
    }
    if (any && c->args.on[CLI_OPT_CACHE])
        bedrock_body_cache_point(&r->body, NULL);
    return any;
}

static int compose_holds_any(struct bedrock_json messages)
{
    struct bedrock_json_iter it = bedrock_json_iterate(messages);
    struct bedrock_json any;

    return messages.type == BEDROCK_JSON_ARRAY && bedrock_json_next(&it, NULL, &any);
}

/* A conversation whose last word is the user's. */
static int compose_is_open(struct bedrock_json messages)
{
    struct bedrock_json_iter it = bedrock_json_iterate(messages);
    struct bedrock_json message, last = {BEDROCK_JSON_NONE, NULL, 0};

    while (bedrock_json_next(&it, NULL, &message)) /* which leaves none there in the end */
        last = message;
    return bedrock_json_equals(bedrock_json_get(last, "role"), "user");
}

/* A prompt of prompt management needs no messages, only variables, if any. */
static int compose_is_managed(const struct cli *c, const struct cli_request *r)
{
    const char *given = cli_value(&c->args, CLI_OPT_MODEL), *set = getenv("BEDROCK_MODEL");
    struct bedrock_json theirs = bedrock_json_get(r->base, "modelId");
    char model[CLI_MAX_MODEL + 1];
    size_t n;

    if (r->parts[CLI_PART_VARIABLES].out.len > 0 ||
        bedrock_json_get(r->base, "promptVariables").type != BEDROCK_JSON_NONE)
        return 1;
    if (given || (set && set[0]))
        return strstr(given ? given : set, ":prompt/") != NULL;
    n = bedrock_json_unescape(theirs, model, sizeof model - 1);
    model[n < sizeof model ? n : 0] = 0;
    return strstr(model, ":prompt/") != NULL;
}

static int compose_no_prompt(struct cli *c, const struct cli_request *r)
{
    if (r->base.type == BEDROCK_JSON_NONE)
        return cli_fail(&c->err, BEDROCK_ERR_USAGE, "no prompt: give words, pipe a text in, or name a "
                        "request with --input");
    return cli_fail(&c->err, BEDROCK_ERR_USAGE, "%s has no \"messages\" that hold any, and there is no "
                    "prompt beside it", r->input.origin);
}

/* A conversation whose last word is the model's needs another one, of whomever. */
static int compose_closed(struct cli *c, const struct cli_request *r, int is_managed)
{
    if (is_managed || r->prefill.bytes.len > 0)
        return 0;
    return cli_fail(&c->err, BEDROCK_ERR_USAGE, "no prompt, and the conversation in %s does not end with the "
                    "user's message", r->messages.origin);
}

/* Those of --input, as they are unless something follows them. */
static int compose_their_messages(struct cli *c, struct cli_request *r, int is_managed)
{
    struct bedrock_json theirs = bedrock_json_get(r->base, "messages");

    if (!compose_holds_any(theirs) && !is_managed)
        return compose_no_prompt(c, r);
    if (theirs.type != BEDROCK_JSON_NONE && r->prefill.bytes.len == 0)
        bedrock_body_member(&r->body, "messages", theirs.p, theirs.len);
    else if (theirs.type != BEDROCK_JSON_NONE && compose_check_messages(c, &r->input, theirs) == 0)
        bedrock_body_messages(&r->body, theirs.p, theirs.len);
    return c->err.code;
}

/* The conversation so far, the files, the prompt, the beginning of the answer. What is wrong with a file is
 * told before standard input is read. */
static int compose_messages(struct cli *c, struct cli_request *r)
{
    int is_managed = compose_is_managed(c, r), has_files, complete;

    if (r->earlier.type == BEDROCK_JSON_ARRAY)
        bedrock_body_messages(&r->body, r->earlier.p, r->earlier.len);
    has_files = compose_files(c, r);
    if (compose_told(c, &r->body) != 0)
        return c->err.code;
    complete = is_managed || compose_is_open(r->earlier) ||
               (!has_files && r->earlier.type == BEDROCK_JSON_NONE &&
                compose_holds_any(bedrock_json_get(r->base, "messages")));
    if (cli_read_prompt(c, complete, &r->prompt) != 0)
        return c->err.code;
    if (r->prompt.bytes.len > 0) {
        bedrock_body_message(&r->body, "user");
        bedrock_body_text(&r->body, r->prompt.bytes.p, r->prompt.bytes.len);
    } else if (!has_files && !compose_is_open(r->earlier) &&
               (compose_holds_any(r->earlier) ? compose_closed(c, r, is_managed)
                                              : compose_their_messages(c, r, is_managed)) != 0) {
        return c->err.code;
    }
    if (r->prefill.bytes.len > 0) {
        bedrock_body_message(&r->body, "assistant");
        bedrock_body_text(&r->body, r->prefill.bytes.p, r->prefill.bytes.len);
    }
    if (c->args.on[CLI_OPT_CACHE] && !has_files && !r->has_system)
        cli_remark(c, "bedrock: --cache marks nothing: there is no system prompt and no file");
    return 0;
}

/* ---- Streams ---- */

/* The same request for a call in one piece, where a part of it is for streams alone. */
static int compose_once(struct cli *c, struct cli_request *r)
{
    static const char *const left_out[] = {"guardrailConfig", NULL};
    struct bedrock_json all, guardrail, name, value;
    struct bedrock_writer w = {0};
    struct bedrock_json_iter it;

    if (r->parts[CLI_PART_GUARDRAIL].out.len == 0 ||
        bedrock_json_parse(r->body.w.out.p, r->body.w.out.len, &all, NULL) != 0)
        return 0;
    guardrail = bedrock_json_get(all, "guardrailConfig");
    if (bedrock_json_get(guardrail, CLI_STREAM_MODE).type == BEDROCK_JSON_NONE)
        return 0;
    bedrock_write_object(&w);
    for (it = bedrock_json_iterate(guardrail); bedrock_json_next(&it, &name, &value);)
        if (!bedrock_json_equals(name, CLI_STREAM_MODE))
            bedrock_write_member(&w, name, value);
    bedrock_write_object_end(&w);
    r->once.w.out.max = r->body.w.out.max;
    bedrock_body_request(&r->once, all, left_out);
    bedrock_body_member(&r->once, left_out[0], w.out.p, w.out.len);
    bedrock_body_end(&r->once);
    bedrock_write_free(&w);
    return compose_told(c, &r->once);
}

/* ---- Entry points ---- */

int cli_request_read(struct cli *c, struct cli_request *r)
{
    const char *value = cli_value(&c->args, CLI_OPT_INPUT);
    int rc;

    if (!value)
        return 0;
    rc = cli_read_value(c, CLI_FILE, "--input", value, &r->input);
    if (rc == 0)
        rc = cli_check_json(c, &r->input, &r->base);
    if (rc == 0 && r->base.type != BEDROCK_JSON_OBJECT)
        rc = cli_fail_in(c, &r->input, r->base.p, "a request is a JSON object");
    return rc;
}

int cli_request_make(struct cli *c, struct cli_request *r)
{
    long max = cli_number(&c->args, CLI_OPT_MAX_REQUEST);
    const char *warning;
    size_t at = 0;
    int rc = compose_read_text(c, CLI_OPT_SYSTEM, "--system", &r->system);

    if (rc == 0)
        rc = compose_read_text(c, CLI_OPT_PREFILL, "--prefill", &r->prefill);
    if (rc == 0)
        rc = compose_read_fields(c, r);
    if (rc == 0)
        rc = compose_read_messages(c, r);
    if (rc == 0)
        rc = cli_parts_make(c, r);
    if (rc != 0)
        return rc;
    r->body.w.out.max = max > 0 ? (size_t)max << 20 : 0;
    compose_members(r);
    r->has_system = compose_system(c, r);
    rc = compose_messages(c, r);
    bedrock_body_end(&r->body);
    if (rc == 0)
        rc = compose_told(c, &r->body);
    while (rc == 0 && (warning = bedrock_body_warning(&r->body, &at)) != NULL)
        cli_remark(c, "bedrock: %s", warning);
    return rc == 0 && r->stream ? compose_once(c, r) : rc;
}

const struct bedrock_buffer *cli_request_body(const struct cli_request *r, int stream)
{
    return !stream && r->once.w.out.len > 0 ? &r->once.w.out : &r->body.w.out;
}

void cli_request_free(struct cli_request *r)
{
    cli_text_free(&r->input);
    cli_text_free(&r->system);
    cli_text_free(&r->fields);
    cli_text_free(&r->prompt);
    cli_text_free(&r->prefill);
    cli_text_free(&r->messages);
    cli_text_free(&r->tools);
    cli_text_free(&r->schema);
    for (size_t i = 0; i < CLI_N_PARTS; i++)
        bedrock_write_free(&r->parts[i]);
    bedrock_body_free(&r->body);
    bedrock_body_free(&r->once);
}
