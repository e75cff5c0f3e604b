/* tooluse.c - tool uses that arrive in a stream, put together from their fragments.
 * Amazon Bedrock API reference, ContentBlockStart, ContentBlockDelta. Leaves out: running tools, and the
 * results of the service's own. */
#include "cli.h"
#include <string.h>

#define TOOLUSE_MAX_START 65536u
#define TOOLUSE_MAX_INPUT ((size_t)16 << 20)

static int tooluse_is(struct bedrock_slice s, const char *text)
{
    return s.len == strlen(text) && memcmp(s.p, text, s.len) == 0;
}

static struct cli_tool *tooluse_find(struct cli_tools *t, int used, int64_t index)
{
    for (size_t i = 0; i < CLI_MAX_TOOLS; i++)
        if (t->at[i].used == used && (!used || t->at[i].index == index))
            return &t->at[i];
    return NULL;
}

static void tooluse_drop(struct cli_tool *tool)
{
    bedrock_buffer_free(&tool->start);
    bedrock_buffer_free(&tool->input);
    memset(tool, 0, sizeof *tool);
}

static int tooluse_start(struct cli_tools *t, struct bedrock_json use, int64_t index)
{
    struct cli_tool *tool = tooluse_find(t, 1, index);

    if (use.type != BEDROCK_JSON_OBJECT)
        return 0;
    if (tool)
        tooluse_drop(tool);
    tool = tooluse_find(t, 0, 0);
    if (!tool)
        return BEDROCK_ERR_LIMIT;
    tool->used = 1;
    tool->index = index;
    tool->start.max = TOOLUSE_MAX_START;
    tool->input.max = TOOLUSE_MAX_INPUT;
    return bedrock_buffer_append(&tool->start, use.p, use.len);
}

/* Input that is no JSON is shown as the text it is: the model's mistake, not to be lost. */
static void tooluse_write_input(struct bedrock_writer *w, const struct bedrock_buffer *input)
{
    struct bedrock_json v;

    bedrock_write_name(w, "input");
    if (input->len == 0) {
        bedrock_write_object(w);
        bedrock_write_object_end(w);
    } else if (bedrock_json_parse(input->p, input->len, &v, NULL) == 0) {
        bedrock_write_raw(w, v.p, v.len);
    } else {
        bedrock_write_string(w, input->p, input->len);
    }
}

static int tooluse_stop(struct cli_tool *tool, struct bedrock_writer *w)
{
    struct bedrock_json start, name, value;
    struct bedrock_json_iter it;
    int rc;

    bedrock_write_object(w);
    bedrock_write_name(w, "toolUse");
    bedrock_write_object(w);
    if (bedrock_json_parse(tool->start.p, tool->start.len, &start, NULL) == 0) {
        it = bedrock_json_iterate(start);
        while (bedrock_json_next(&it, &name, &value))
            if (!bedrock_json_equals(name, "input"))
                bedrock_write_member(w, name, value);
    }
    tooluse_write_input(w, &tool->input);
    bedrock_write_object_end(w);
    bedrock_write_object_end(w);
    tooluse_drop(tool);
    rc = bedrock_write_end(w);
    return rc ? rc : 1;
}

int cli_tools_event(struct cli_tools *t, const struct bedrock_event *ev, struct bedrock_writer *w)
{
    struct cli_tool *tool;
    int64_t index = 0;

    if (bedrock_json_int(bedrock_json_get(ev->json, "contentBlockIndex"), &index) != 0)
        return 0;
    if (tooluse_is(ev->type, "contentBlockStart"))
        return tooluse_start(t, bedrock_json_get(ev->json, "start.toolUse"), index);
    tool = tooluse_find(t, 1, index);
    if (!tool)
        return 0;
    if (tooluse_is(ev->type, "contentBlockDelta"))
        return cli_append_string(&tool->input, bedrock_json_get(ev->json, "delta.toolUse.input"));
    return tooluse_is(ev->type, "contentBlockStop") ? tooluse_stop(tool, w) : 0;
}

void cli_tools_free(struct cli_tools *t)
{
    for (size_t i = 0; i < CLI_MAX_TOOLS; i++)
        tooluse_drop(&t->at[i]);
}
