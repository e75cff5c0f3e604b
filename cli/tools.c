/* tools.c - toolConfig from --tools and --tool-choice: Converse's own tools, and others' made into such.
 * Amazon Bedrock API reference, ToolConfiguration; the function tools of OpenAI's API and the tools of MCP.
 * Leaves out: running them. */
#include "cli.h"
#include <string.h>

#define TOOLS_NO_SCHEMA "{\"type\":\"object\",\"properties\":{}}" /* a function without parameters */

static int tools_has(struct bedrock_json object, const char *name)
{
    return bedrock_json_get(object, name).type != BEDROCK_JSON_NONE;
}

/* A member of the same name in both, unless it is null, or empty where that is not allowed. */
static void tools_take(struct bedrock_writer *w, struct bedrock_json from, const char *name)
{
    struct bedrock_json v = bedrock_json_get(from, name);

    if (v.type == BEDROCK_JSON_NONE || v.type == BEDROCK_JSON_NULL || bedrock_json_equals(v, ""))
        return;
    bedrock_write_name(w, name);
    bedrock_write_raw(w, v.p, v.len);
}

/* OpenAI calls it parameters, Anthropic input_schema, MCP as we do, but all without "json" around it. */
static struct bedrock_json tools_schema(struct bedrock_json spec)
{
    static const char *const names[] = {"inputSchema", "input_schema", "parameters"};
    struct bedrock_json v = {BEDROCK_JSON_NONE, NULL, 0};

    for (size_t i = 0; i < sizeof names / sizeof names[0] && v.type != BEDROCK_JSON_OBJECT; i++)
        v = bedrock_json_get(spec, names[i]);
    return v;
}

static void tools_convert(struct bedrock_writer *w, struct bedrock_json spec)
{
    struct bedrock_json schema = tools_schema(spec);

    bedrock_write_object(w);
    tools_take(w, spec, "name");
    tools_take(w, spec, "description");
    bedrock_write_name(w, "inputSchema");
    bedrock_write_object(w);
    bedrock_write_name(w, "json");
    if (schema.type == BEDROCK_JSON_OBJECT)
        bedrock_write_raw(w, schema.p, schema.len);
    else
        bedrock_write_raw(w, TOOLS_NO_SCHEMA, strlen(TOOLS_NO_SCHEMA));
    bedrock_write_object_end(w);
    tools_take(w, spec, "strict");
    bedrock_write_object_end(w);
}

static int tools_one(struct cli *c, struct cli_request *r, struct bedrock_writer *w, struct bedrock_json tool)
{
    struct bedrock_json function = bedrock_json_get(tool, "function"), spec = tool;

    if (tool.type != BEDROCK_JSON_OBJECT)
        return cli_fail_in(c, &r->tools, tool.p, "a tool is a JSON object");
    if (tools_has(tool, "toolSpec") || tools_has(tool, "systemTool") || tools_has(tool, "cachePoint")) {
        bedrock_write_raw(w, tool.p, tool.len);
        return 0;
    }
    if (function.type == BEDROCK_JSON_OBJECT)
        spec = function;
    if (bedrock_json_get(spec, "name").type != BEDROCK_JSON_STRING)
        return cli_fail_in(c, &r->tools, spec.p, "a tool is a toolSpec or a function, and has a name");
    bedrock_write_object(w);
    bedrock_write_name(w, "toolSpec");
    if (tools_has(spec, "inputSchema.json"))
        bedrock_write_raw(w, spec.p, spec.len);
    else
        tools_convert(w, spec);
    bedrock_write_object_end(w);
    return 0;
}

/* toolChoice as the last one says it: the option, else the file. */
static int tools_choice(struct cli *c, struct cli_request *r)
{
    const char *choice = cli_value(&c->args, CLI_OPT_TOOL_CHOICE);
    struct bedrock_writer *w;
    int is_tool;

    if (!choice)
        return 0;
    if (!r->tools.bytes.len && bedrock_json_get(r->base, "toolConfig.tools").type == BEDROCK_JSON_NONE)
        return cli_fail(&c->err, BEDROCK_ERR_USAGE, "--tool-choice chooses among the tools of --tools FILE");
    if (cli_check_utf8(c, "--tool-choice", choice, strlen(choice)) != 0)
        return c->err.code;
    is_tool = strcmp(choice, "auto") != 0 && strcmp(choice, "any") != 0;
    w = cli_part(r, CLI_PART_TOOLS);
    bedrock_write_name(w, "toolChoice");
    bedrock_write_object(w);
    bedrock_write_name(w, is_tool ? "tool" : choice);
    bedrock_write_object(w);
    if (is_tool) {
        bedrock_write_name(w, "name");
        bedrock_write_string(w, choice, strlen(choice));
    }
    bedrock_write_object_end(w);
    bedrock_write_object_end(w);
    return 0;
}

/* The tools of an array, and what an object says beside them. */
static int tools_all(struct cli *c, struct cli_request *r, struct bedrock_json all)
{
    struct bedrock_json tools = all.type == BEDROCK_JSON_OBJECT ? bedrock_json_get(all, "tools") : all;
    struct bedrock_writer *w = cli_part(r, CLI_PART_TOOLS);
    struct bedrock_json_iter it = bedrock_json_iterate(tools);
    struct bedrock_json name, value;
    int rc = 0;

    if (tools.type != BEDROCK_JSON_ARRAY)
        return cli_fail_in(c, &r->tools, all.p, "tools are a JSON array, or an object with \"tools\"");
    bedrock_write_name(w, "tools");
    bedrock_write_array(w);
    while (rc == 0 && bedrock_json_next(&it, NULL, &value))
        rc = tools_one(c, r, w, value);
    bedrock_write_array_end(w);
    if (rc != 0 || all.type != BEDROCK_JSON_OBJECT)
        return rc;
    for (it = bedrock_json_iterate(all); bedrock_json_next(&it, &name, &value);)
        if (!bedrock_json_equals(name, "tools") &&
            !(bedrock_json_equals(name, "toolChoice") && cli_value(&c->args, CLI_OPT_TOOL_CHOICE)))
            bedrock_write_member(w, name, value);
    return 0;
}

int cli_tools_read(struct cli *c, struct cli_request *r)
{
    const char *value = cli_value(&c->args, CLI_OPT_TOOLS);
    struct bedrock_json all;
    int rc;

    if (!value)
        return tools_choice(c, r);
    rc = cli_read_value(c, CLI_FILE, "--tools", value, &r->tools);
    if (rc == 0)
        rc = cli_check_json(c, &r->tools, &all);
    if (rc == 0)
        rc = tools_all(c, r, all);
    return rc ? rc : tools_choice(c, r);
}
