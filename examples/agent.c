/* agent.c - a model with tools: C functions that it may ask for, called until it asks for no more. Streamed.
 * Usage: agent MODEL PROMPT; Region and credentials come from the environment. */
#include "bedrock.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define MAX_TURNS 10

/* ---- The tools ---- */

/* Write the result, JSON or text, to out. Anything but 0: it failed, and out says how. */
typedef int (*tool_fn)(struct bedrock_json input, struct bedrock_buffer *out);

static int say(struct bedrock_buffer *out, const char *text)
{
    return bedrock_buffer_append(out, text, strlen(text));
}

static int add(struct bedrock_json input, struct bedrock_buffer *out)
{
    int64_t a, b;
    char text[64];

    if (bedrock_json_int(bedrock_json_get(input, "a"), &a) != 0 ||
        bedrock_json_int(bedrock_json_get(input, "b"), &b) != 0 || a > INT32_MAX || a < INT32_MIN ||
        b > INT32_MAX || b < INT32_MIN) {
        say(out, "a and b must be whole numbers of at most 32 bits");
        return -1;
    }
    snprintf(text, sizeof text, "{\"sum\":%" PRId64 "}", a + b);
    return say(out, text);
}

static int weather(struct bedrock_json input, struct bedrock_buffer *out)
{
    return say(out, bedrock_json_equals(bedrock_json_get(input, "city"), "Rome") ? "sunny" : "rain");
}

static const struct tool {
    const char *name, *description, *schema;
    tool_fn run;
} tools[] = {
    {"add", "Adds two whole numbers.",
     "{\"type\":\"object\",\"properties\":{\"a\":{\"type\":\"integer\"},\"b\":{\"type\":\"integer\"}},"
     "\"required\":[\"a\",\"b\"]}", add},
    {"weather", "The weather in a city.",
     "{\"type\":\"object\",\"properties\":{\"city\":{\"type\":\"string\"}},\"required\":[\"city\"]}",
     weather},
};

#define N_TOOLS (sizeof tools / sizeof tools[0])

static void text_member(struct bedrock_writer *w, const char *name, const char *text)
{
    bedrock_write_name(w, name);
    bedrock_write_string(w, text, strlen(text));
}

/* The member toolConfig of a request. */
static void offer_tools(struct bedrock_body *body)
{
    struct bedrock_writer w = {0};

    bedrock_write_object(&w);
    bedrock_write_name(&w, "tools");
    bedrock_write_array(&w);
    for (size_t i = 0; i < N_TOOLS; i++) {
        bedrock_write_object(&w);
        bedrock_write_name(&w, "toolSpec");
        bedrock_write_object(&w);
        text_member(&w, "name", tools[i].name);
        text_member(&w, "description", tools[i].description);
        bedrock_write_name(&w, "inputSchema");
        bedrock_write_object(&w);
        bedrock_write_name(&w, "json");
        bedrock_write_raw(&w, tools[i].schema, strlen(tools[i].schema));
        for (int open = 3; open > 0; open--)
            bedrock_write_object_end(&w);
    }
    bedrock_write_array_end(&w);
    bedrock_write_object_end(&w);
    bedrock_body_member(body, "toolConfig", w.out.p, w.out.len);
    bedrock_write_free(&w);
}

/* Call the function that a toolUse names; what it says is the next block of the message. */
static void run_tool(struct bedrock_body *body, struct bedrock_json use)
{
    struct bedrock_json input = bedrock_json_get(use, "input"), id = bedrock_json_get(use, "toolUseId");
    struct bedrock_buffer out = {0};
    char id_text[256] = "";
    size_t i = 0;
    int failed = 1;

    bedrock_json_unescape(id, id_text, sizeof id_text - 1);
    while (i < N_TOOLS && !bedrock_json_equals(bedrock_json_get(use, "name"), tools[i].name))
        i++;
    if (i == N_TOOLS)
        say(&out, "there is no such tool");
    else if (input.type != BEDROCK_JSON_OBJECT) /* the model broke off in the midst of it */
        say(&out, "the input is not a JSON object");
    else
        failed = tools[i].run(input, &out);
    fprintf(stderr, "[%s %.*s]\n", i < N_TOOLS ? tools[i].name : "?", (int)input.len, input.p);
    bedrock_body_tool_result(body, id_text, failed ? "error" : "success", out.p, out.len);
    bedrock_buffer_free(&out);
}

/* ---- The conversation ---- */

/* Ask, show the text as it comes, and put the answer together. 0, or below zero. */
static int ask(struct bedrock *b, const char *model, const struct bedrock_body *body,
               struct bedrock_message *message, struct bedrock_usage *usage)
{
    struct bedrock_request rq = {.operation = BEDROCK_CONVERSE_STREAM, .model = model,
                                 .body = body->w.out.p, .body_len = body->w.out.len};
    struct bedrock_call *c;
    struct bedrock_event ev;
    int rc = bedrock_start(b, &rq, &c);

    if (rc != 0) {
        fprintf(stderr, "%s\n", bedrock_error(b)->message);
        return rc;
    }
    bedrock_usage_init(usage);
    while ((rc = bedrock_next(c, &ev)) == BEDROCK_EVENT) {
        bedrock_usage_read(usage, &ev);
        if (ev.kind == BEDROCK_TEXT && fwrite(ev.text.p, 1, ev.text.len, stdout) > 0)
            fflush(stdout);
        if (bedrock_message_add(message, &ev) != 0)
            break;
    }
    if (rc < 0)
        fprintf(stderr, "%s\n", bedrock_call_error(c)->message);
    else if (rc == BEDROCK_EVENT)
        fprintf(stderr, "%s\n", bedrock_message_error(message)->message);
    bedrock_end(c);
    return rc == BEDROCK_EVENT ? bedrock_message_error(message)->code : rc;
}

/* The request behind this one: what was said until now, the answer, and what its tools gave. */
static int go_on(const struct bedrock_body *before, const struct bedrock_message *message,
                 struct bedrock_body *next)
{
    struct bedrock_writer w = {0};
    struct bedrock_json request, answer, content, block;
    struct bedrock_json_iter it;
    int rc = bedrock_message_write(message, &w);

    if (rc == 0)
        rc = bedrock_json_parse(w.out.p, w.out.len, &answer, NULL);
    if (rc == 0)
        rc = bedrock_json_parse(before->w.out.p, before->w.out.len, &request, NULL);
    if (rc == 0) {
        struct bedrock_json messages = bedrock_json_get(request, "messages");

        content = bedrock_json_get(answer, "content");
        offer_tools(next);
        bedrock_body_messages(next, messages.p, messages.len);
        bedrock_body_message(next, "assistant");
        for (it = bedrock_json_iterate(content); bedrock_json_next(&it, NULL, &block);)
            bedrock_body_raw(next, block.p, block.len);
        bedrock_body_message(next, "user");
        for (it = bedrock_json_iterate(content); bedrock_json_next(&it, NULL, &block);)
            if (bedrock_json_get(block, "toolUse").type == BEDROCK_JSON_OBJECT)
                run_tool(next, bedrock_json_get(block, "toolUse"));
        rc = bedrock_body_end(next);
    }
    bedrock_write_free(&w);
    return rc;
}

/* Turn after turn. 0: the model has said its last word. */
static int converse(struct bedrock *b, const char *model, struct bedrock_body *body)
{
    struct bedrock_usage usage;
    int rc = 0, asks = 1;

    for (int turn = 0; turn < MAX_TURNS && rc == 0 && asks; turn++) {
        struct bedrock_message *message;
        struct bedrock_body next = {0};

        rc = bedrock_message_open(&message, 0, NULL, NULL);
        if (rc == 0)
            rc = ask(b, model, body, message, &usage);
        asks = rc == 0 && strcmp(usage.stop_reason, "tool_use") == 0;
        if (asks && turn == MAX_TURNS - 1)
            fprintf(stderr, "it still asks for tools at the end of turn %d\n", MAX_TURNS);
        else if (asks && (rc = go_on(body, message, &next)) != 0)
            fprintf(stderr, "%s\n", next.error.code ? next.error.message : bedrock_code_text(rc));
        bedrock_message_close(message);
        bedrock_body_free(body);
        *body = next;
    }
    printf("\n");
    return rc ? rc : asks;
}

int main(int argc, char **argv)
{
    const char *model = argc > 1 ? argv[1] : "amazon.nova-lite-v1:0";
    const char *prompt = argc > 2 ? argv[2] : "What is the weather in Rome?";
    struct bedrock_body body = {0};
    struct bedrock *b;
    int rc = bedrock_open(&b, NULL);

    if (rc != 0)
        fprintf(stderr, "%s\n", bedrock_error(b)->message);
    offer_tools(&body);
    bedrock_body_message(&body, "user");
    bedrock_body_text(&body, prompt, strlen(prompt));
    if (rc == 0 && (rc = bedrock_body_end(&body)) != 0)
        fprintf(stderr, "%s\n", body.error.message);
    if (rc == 0)
        rc = converse(b, model, &body);
    bedrock_body_free(&body);
    bedrock_close(b);
    return rc != 0;
}
