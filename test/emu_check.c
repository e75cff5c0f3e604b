/* emu_check.c - is a request to Converse as it must be? Every member but the messages and the system prompt.
 * Amazon Bedrock API reference, Converse; the wording is the service's where it is known. One table: a
 * member more is a row in it. Leaves out: schemas of tools beyond their type. */
#include "emu.h"
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

int emu_refuse(struct emu_answer *a, const char *format, ...)
{
    char message[1024];
    va_list ap;

    va_start(ap, format);
    vsnprintf(message, sizeof message, format, ap);
    va_end(ap);
    emu_invalid(a, message);
    return -1;
}

/* ---- Values ---- */

int emu_json_one_of(struct bedrock_json v, const char *const words[])
{
    for (size_t i = 0; words[i]; i++)
        if (bedrock_json_equals(v, words[i]))
            return 1;
    return 0;
}

int emu_json_only(struct bedrock_json v, struct bedrock_json *name, struct bedrock_json *value)
{
    struct bedrock_json_iter it = bedrock_json_iterate(v);
    struct bedrock_json key, one;
    int n = 0;

    while (v.type == BEDROCK_JSON_OBJECT && bedrock_json_next(&it, &key, &one)) {
        if (one.type == BEDROCK_JSON_NULL || bedrock_json_equals(key, "__type"))
            continue;
        *name = key;
        *value = one;
        n++;
    }
    return n == 1;
}

/* A string of min to max bytes in which every character is one of those, when `of` is not NULL. */
static int emu_is_string(struct bedrock_json v, size_t min, size_t max, const char *of)
{
    struct bedrock_buffer s = {0};
    int fits;

    if (v.type != BEDROCK_JSON_STRING)
        return 0;
    emu_append_json(&s, v);
    fits = s.len >= min && s.len <= max;
    for (size_t i = 0; of && fits && i < s.len; i++)
        fits = s.p[i] && strchr(of, s.p[i]) != NULL;
    bedrock_buffer_free(&s);
    return fits;
}

/* "... failed to satisfy constraint ...", as the service's front end says it. */
static int emu_constraint(struct emu_answer *a, const char *where, const char *what)
{
    return emu_refuse(a, "1 validation error detected: Value at '%s' failed to satisfy constraint: Member "
                      "must %s", where, what);
}

static int emu_check_enum(struct emu_answer *a, struct bedrock_json v, const char *where,
                          const char *const words[])
{
    char what[256] = "satisfy enum value set: [";

    if (emu_json_one_of(v, words))
        return 0;
    for (size_t i = 0; words[i]; i++) {
        size_t n = strlen(what);

        snprintf(what + n, sizeof what - n, "%s%s", words[i], words[i + 1] ? ", " : "]");
    }
    return emu_constraint(a, where, what);
}

static int emu_check_object(struct emu_answer *a, struct bedrock_json v, const char *where)
{
    return v.type == BEDROCK_JSON_OBJECT ? 0 : emu_constraint(a, where, "be an object");
}

#define EMU_LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"

/* ---- inferenceConfig ---- */

/* A number from 0 to 1, if it is there at all. */
static int emu_check_share(struct emu_answer *a, struct bedrock_json v, const char *where)
{
    double n;

    if (v.type == BEDROCK_JSON_NONE)
        return 0;
    if (v.type != BEDROCK_JSON_NUMBER)
        return emu_constraint(a, where, "be a number");
    n = strtod(v.p, NULL); /* ends at the latest at the bracket behind it */
    return n >= 0 && n <= 1 ? 0 : emu_constraint(a, where, "have value between 0 and 1");
}

static int emu_check_stops(struct emu_answer *a, struct bedrock_json v)
{
    struct bedrock_json_iter it = bedrock_json_iterate(v);
    struct bedrock_json one;
    int n = 0;

    if (v.type != BEDROCK_JSON_NONE && v.type != BEDROCK_JSON_ARRAY)
        return emu_constraint(a, "inferenceConfig.stopSequences", "be a list");
    while (bedrock_json_next(&it, NULL, &one))
        if (++n > 2500 || !emu_is_string(one, 1, SIZE_MAX, NULL))
            return emu_constraint(a, "inferenceConfig.stopSequences", "have length between 0 and 2500, "
                                  "each with length greater than or equal to 1");
    return 0;
}

static int emu_check_inference(struct emu_answer *a, struct emu_prompt *p, struct bedrock_json v)
{
    struct bedrock_json max_tokens = bedrock_json_get(v, "maxTokens");

    if (max_tokens.type != BEDROCK_JSON_NONE &&
        (bedrock_json_int(max_tokens, &p->max_tokens) != 0 || p->max_tokens < 1))
        return emu_constraint(a, "inferenceConfig.maxTokens", "have value greater than or equal to 1");
    if (emu_check_share(a, bedrock_json_get(v, "temperature"), "inferenceConfig.temperature") != 0 ||
        emu_check_share(a, bedrock_json_get(v, "topP"), "inferenceConfig.topP") != 0)
        return -1;
    return emu_check_stops(a, bedrock_json_get(v, "stopSequences"));
}

/* ---- toolConfig ---- */

static int emu_check_spec(struct emu_answer *a, struct bedrock_json spec, int n)
{
    struct bedrock_json about = bedrock_json_get(spec, "description");
    struct bedrock_json schema = bedrock_json_get(spec, "inputSchema.json");

    if (!emu_is_string(bedrock_json_get(spec, "name"), 1, 64, EMU_LETTERS "_-"))
        return emu_constraint(a, "toolConfig.tools.member.toolSpec.name", "satisfy regular expression "
                              "pattern: [a-zA-Z0-9_-]+ and have length between 1 and 64");
    if (about.type != BEDROCK_JSON_NONE && !emu_is_string(about, 1, SIZE_MAX, NULL))
        return emu_constraint(a, "toolConfig.tools.member.toolSpec.description",
                              "have length greater than or equal to 1");
    if (schema.type == BEDROCK_JSON_NONE)
        return emu_constraint(a, "toolConfig.tools.member.toolSpec.inputSchema", "not be null");
    if (!bedrock_json_equals(bedrock_json_get(schema, "type"), "object"))
        return emu_refuse(a, "The value at toolConfig.tools.%d.toolSpec.inputSchema.json.type must be one "
                          "of the following: object.", n);
    return 0;
}

static int emu_check_tool(struct emu_answer *a, struct bedrock_json tool, int n)
{
    struct bedrock_json kind, v;

    if (!emu_json_only(tool, &kind, &v))
        return emu_constraint(a, "toolConfig.tools.member", "have exactly one of toolSpec, systemTool, "
                              "cachePoint");
    if (bedrock_json_equals(kind, "toolSpec"))
        return emu_check_spec(a, v, n);
    if (bedrock_json_equals(kind, "systemTool") && !emu_is_string(bedrock_json_get(v, "name"), 1, 64, NULL))
        return emu_constraint(a, "toolConfig.tools.member.systemTool.name", "not be null");
    if (bedrock_json_equals(kind, "cachePoint") &&
        !bedrock_json_equals(bedrock_json_get(v, "type"), "default"))
        return emu_constraint(a, "toolConfig.tools.member.cachePoint.type", "satisfy enum value set: "
                              "[default]");
    return 0;
}

/* Has the list a toolSpec of this name, before element `end`? */
static int emu_has_tool(struct bedrock_json tools, struct bedrock_json name, int end)
{
    struct bedrock_json_iter it = bedrock_json_iterate(tools);
    struct bedrock_json tool;
    struct bedrock_buffer want = {0};
    int found = 0;

    emu_append_json(&want, name);
    bedrock_buffer_append(&want, "", 1);
    for (int n = 0; !found && n < end && bedrock_json_next(&it, NULL, &tool); n++)
        found = !want.error && bedrock_json_equals(bedrock_json_get(tool, "toolSpec.name"), want.p);
    bedrock_buffer_free(&want);
    return found;
}

static int emu_check_choice(struct emu_answer *a, struct bedrock_json tools, struct bedrock_json choice,
                            int n)
{
    static const char *const kinds[] = {"auto", "any", "tool", NULL};
    struct bedrock_json kind, v;

    if (choice.type == BEDROCK_JSON_NONE)
        return 0;
    if (!emu_json_only(choice, &kind, &v) || !emu_json_one_of(kind, kinds) || v.type != BEDROCK_JSON_OBJECT)
        return emu_constraint(a, "toolConfig.toolChoice", "have exactly one of auto, any, tool");
    if (bedrock_json_equals(kind, "tool") && !emu_has_tool(tools, bedrock_json_get(v, "name"), n))
        return emu_refuse(a, "The value at toolConfig.toolChoice.tool.name is not the name of a tool in "
                          "toolConfig.tools.");
    return 0;
}

static int emu_check_tools(struct emu_answer *a, struct emu_prompt *p, struct bedrock_json v)
{
    struct bedrock_json tools = bedrock_json_get(v, "tools"), tool;
    struct bedrock_json_iter it = bedrock_json_iterate(tools);
    int n = 0;

    (void)p;
    if (tools.type != BEDROCK_JSON_ARRAY)
        return emu_constraint(a, "toolConfig.tools", "not be null");
    for (; bedrock_json_next(&it, NULL, &tool); n++) {
        if (emu_check_tool(a, tool, n) != 0)
            return -1;
        if (emu_has_tool(tools, bedrock_json_get(tool, "toolSpec.name"), n))
            return emu_refuse(a, "The tool names in toolConfig.tools must be unique: toolConfig.tools.%d.",
                              n);
    }
    if (n == 0)
        return emu_constraint(a, "toolConfig.tools", "have length greater than or equal to 1");
    return emu_check_choice(a, tools, bedrock_json_get(v, "toolChoice"), n);
}

/* ---- guardrailConfig and outputConfig ---- */

static int emu_check_guardrail(struct emu_answer *a, struct emu_prompt *p, struct bedrock_json v)
{
    static const char *const traces[] = {"enabled", "disabled", "enabled_full", NULL};
    static const char *const modes[] = {"sync", "async", NULL};
    struct bedrock_json trace = bedrock_json_get(v, "trace");
    struct bedrock_json mode = bedrock_json_get(v, "streamProcessingMode");

    if (!emu_is_string(bedrock_json_get(v, "guardrailIdentifier"), 1, 2048, NULL))
        return emu_constraint(a, "guardrailConfig.guardrailIdentifier", "not be null");
    if (!emu_is_string(bedrock_json_get(v, "guardrailVersion"), 1, 8, NULL))
        return emu_constraint(a, "guardrailConfig.guardrailVersion", "not be null");
    if (trace.type != BEDROCK_JSON_NONE && emu_check_enum(a, trace, "guardrailConfig.trace", traces) != 0)
        return -1;
    if (mode.type == BEDROCK_JSON_NONE)
        return 0;
    if (!p->streams)
        return emu_refuse(a, "guardrailConfig.streamProcessingMode is a member of ConverseStream alone. "
                          "Remove guardrailConfig.streamProcessingMode and try again.");
    return emu_check_enum(a, mode, "guardrailConfig.streamProcessingMode", modes);
}

static int emu_check_format(struct emu_answer *a, struct bedrock_json v)
{
    static const char *const types[] = {"json_schema", NULL};
    struct bedrock_json schema = bedrock_json_get(v, "structure.jsonSchema.schema"), parsed;
    struct bedrock_buffer plain = {0};
    int is_object;

    if (v.type == BEDROCK_JSON_NONE)
        return 0;
    if (emu_check_enum(a, bedrock_json_get(v, "type"), "outputConfig.textFormat.type", types) != 0)
        return -1;
    if (schema.type != BEDROCK_JSON_STRING)
        return emu_constraint(a, "outputConfig.textFormat.structure.jsonSchema.schema", "be a string");
    emu_append_json(&plain, schema);
    is_object = bedrock_json_parse(plain.p, plain.len, &parsed, NULL) == 0 &&
                parsed.type == BEDROCK_JSON_OBJECT;
    bedrock_buffer_free(&plain);
    if (is_object)
        return 0;
    return emu_refuse(a, "The value at outputConfig.textFormat.structure.jsonSchema.schema is not a JSON "
                      "object.");
}

static int emu_check_output(struct emu_answer *a, struct emu_prompt *p, struct bedrock_json v)
{
    static const char *const efforts[] = {"low", "medium", "high", "xhigh", "max", NULL};
    struct bedrock_json effort = bedrock_json_get(v, "effort");

    (void)p;
    if (effort.type != BEDROCK_JSON_NONE && emu_check_enum(a, effort, "outputConfig.effort", efforts) != 0)
        return -1;
    return emu_check_format(a, bedrock_json_get(v, "textFormat"));
}

/* ---- The small ones ---- */

static int emu_check_performance(struct emu_answer *a, struct emu_prompt *p, struct bedrock_json v)
{
    static const char *const latencies[] = {"standard", "optimized", NULL};
    struct bedrock_json latency = bedrock_json_get(v, "latency");

    (void)p;
    if (latency.type == BEDROCK_JSON_NONE)
        return 0;
    return emu_check_enum(a, latency, "performanceConfig.latency", latencies);
}

static int emu_check_tier(struct emu_answer *a, struct emu_prompt *p, struct bedrock_json v)
{
    static const char *const tiers[] = {"priority", "default", "flex", "reserved", NULL};

    (void)p;
    return emu_check_enum(a, bedrock_json_get(v, "type"), "serviceTier.type", tiers);
}

static int emu_check_metadata(struct emu_answer *a, struct emu_prompt *p, struct bedrock_json v)
{
    static const char of[] = EMU_LETTERS " \t\n\r:_@$#=/+,-.";
    struct bedrock_json_iter it = bedrock_json_iterate(v);
    struct bedrock_json name, one;
    int n = 0;

    (void)p;
    for (; bedrock_json_next(&it, &name, &one); n++)
        if (!emu_is_string(name, 1, 256, of) || !emu_is_string(one, 0, 256, of))
            return emu_constraint(a, "requestMetadata",
                                  "satisfy regular expression pattern: [a-zA-Z0-9\\s:_@$#=/+,-.]{0,256}");
    return n >= 1 && n <= 16 ? 0 : emu_constraint(a, "requestMetadata", "have length between 1 and 16");
}

static int emu_check_variables(struct emu_answer *a, struct emu_prompt *p, struct bedrock_json v)
{
    struct bedrock_json_iter it = bedrock_json_iterate(v);
    struct bedrock_json name, one;

    (void)p;
    while (bedrock_json_next(&it, &name, &one))
        if (bedrock_json_get(one, "text").type != BEDROCK_JSON_STRING)
            return emu_constraint(a, "promptVariables", "have text");
    return 0;
}

/* RFC 6901 3: empty, or '/' and so on; '~' before 0 and 1 alone. */
static int emu_is_pointer(struct bedrock_json v)
{
    struct bedrock_buffer s = {0};
    int fits;

    emu_append_json(&s, v);
    fits = s.len > 0 && s.len <= 256 && s.p[0] == '/';
    for (size_t i = 0; fits && i < s.len; i++)
        fits = s.p[i] != '~' || (i + 1 < s.len && (s.p[i + 1] == '0' || s.p[i + 1] == '1'));
    bedrock_buffer_free(&s);
    return fits;
}

static int emu_check_pointers(struct emu_answer *a, struct emu_prompt *p, struct bedrock_json v)
{
    struct bedrock_json_iter it = bedrock_json_iterate(v);
    struct bedrock_json one;
    int n = 0;

    (void)p;
    if (v.type != BEDROCK_JSON_ARRAY)
        return emu_constraint(a, "additionalModelResponseFieldPaths", "be a list");
    for (; bedrock_json_next(&it, NULL, &one); n++)
        if (!emu_is_pointer(one))
            return emu_refuse(a, "The JSON Pointer at additionalModelResponseFieldPaths.%d is invalid.", n);
    if (n <= 10)
        return 0;
    return emu_constraint(a, "additionalModelResponseFieldPaths", "have length between 0 and 10");
}

/* ---- The members ---- */

/* Those without a check of their own have their turn when all were seen. */
static const struct emu_member_row {
    const char *name;
    int is_list;
    int (*check)(struct emu_answer *a, struct emu_prompt *p, struct bedrock_json v);
} emu_members[EMU_N_MEMBERS] = {
    [EMU_IN_MESSAGES] = {"messages", 1, NULL},
    [EMU_IN_SYSTEM] = {"system", 1, NULL},
    [EMU_IN_INFERENCE] = {"inferenceConfig", 0, emu_check_inference},
    [EMU_IN_TOOLS] = {"toolConfig", 0, emu_check_tools},
    [EMU_IN_GUARDRAIL] = {"guardrailConfig", 0, emu_check_guardrail},
    [EMU_IN_OUTPUT] = {"outputConfig", 0, emu_check_output},
    [EMU_IN_MODEL_FIELDS] = {"additionalModelRequestFields", 0, NULL},
    [EMU_IN_VARIABLES] = {"promptVariables", 0, emu_check_variables},
    [EMU_IN_POINTERS] = {"additionalModelResponseFieldPaths", 1, emu_check_pointers},
    [EMU_IN_METADATA] = {"requestMetadata", 0, emu_check_metadata},
    [EMU_IN_PERFORMANCE] = {"performanceConfig", 0, emu_check_performance},
    [EMU_IN_TIER] = {"serviceTier", 0, emu_check_tier},
};

static int emu_check_member(struct emu_answer *a, struct emu_prompt *p, int i, struct bedrock_json v)
{
    if (!emu_members[i].is_list && emu_check_object(a, v, emu_members[i].name) != 0)
        return -1;
    p->in[i] = v;
    return emu_members[i].check ? emu_members[i].check(a, p, v) : 0;
}

/* What a prompt of the service's has of its own cannot be said in the request too. */
static int emu_check_stored(struct emu_answer *a, const struct emu_prompt *p)
{
    static const int own[] = {EMU_IN_SYSTEM, EMU_IN_INFERENCE, EMU_IN_TOOLS, EMU_IN_MODEL_FIELDS};

    for (size_t i = 0; p->stored && i < sizeof own / sizeof own[0]; i++)
        if (p->in[own[i]].type != BEDROCK_JSON_NONE)
            return emu_refuse(a, "The %s field can't be used with a prompt from Prompt management. Remove "
                              "%s and try again.", emu_members[own[i]].name, emu_members[own[i]].name);
    return 0;
}

void emu_prompt_free(struct emu_prompt *p)
{
    bedrock_buffer_free(&p->last);
    bedrock_buffer_free(&p->results);
    bedrock_buffer_free(&p->prefill);
}

int emu_check_request(struct emu_answer *a, struct emu_prompt *p, struct bedrock_slice body)
{
    struct bedrock_json request, name, v;
    struct bedrock_json_iter it;

    p->last.max = p->results.max = p->prefill.max = EMU_MAX_OUT;
    if (bedrock_json_parse(body.p, body.len, &request, NULL) != 0 || request.type != BEDROCK_JSON_OBJECT)
        return emu_refuse(a, "The request body is not a JSON object.");
    it = bedrock_json_iterate(request);
    while (bedrock_json_next(&it, &name, &v))
        for (int i = 0; i < EMU_N_MEMBERS && v.type != BEDROCK_JSON_NULL; i++)
            if (bedrock_json_equals(name, emu_members[i].name) && emu_check_member(a, p, i, v) != 0)
                return -1;
    if (emu_check_stored(a, p) != 0 || emu_read_system(a, p) != 0)
        return -1;
    return emu_read_messages(a, p);
}
