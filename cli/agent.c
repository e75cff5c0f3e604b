/* agent.c - --run-tools: the model asks for tools, they are run, it is told what came of it, and so on.
 * Amazon Bedrock API reference, ToolUseBlock and ToolResultBlock. Leaves out: starting and ending processes
 * (run.c). */
#define _DEFAULT_SOURCE
#include "cli.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define AGENT_TURNS 10
#define AGENT_TIMEOUT_MS 60000
#define AGENT_MAX_NAME 64u      /* API reference: characters of a tool's name, and of a use's id */
#define AGENT_MAX_DEPTH 400     /* of a result: the whole request may have 512 levels */

struct agent {
    struct cli_asking *how;
    struct cli *c;
    struct cli_command_line command;
    struct cli_target target;
    struct bedrock_buffer profile;  /* that the model turned out to need, zero-terminated */
    struct bedrock_body bodies[2];  /* the request that is under way, and the one behind it */
    int turn;
    size_t max_request;
};

/* ---- What was asked for ---- */

static int agent_is_name(const char *p, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!((p[i] >= 'a' && p[i] <= 'z') || (p[i] >= 'A' && p[i] <= 'Z') || (p[i] >= '0' && p[i] <= '9') ||
              p[i] == '_' || p[i] == '-'))
            return 0;
    return n > 0 && n <= AGENT_MAX_NAME;
}

/* Decode a string of at most cap - 1 bytes without zero bytes. 1: it is one. */
static int agent_text(struct bedrock_json v, char *out, size_t cap)
{
    size_t n = bedrock_json_unescape(v, out, cap - 1);

    if (n >= cap || memchr(out, 0, n))
        return 0;
    out[n] = 0;
    return v.type == BEDROCK_JSON_STRING;
}

/* The request offers this tool: only such are run, whatever the model makes up. */
static int agent_is_offered(struct bedrock_json request, const char *name)
{
    struct bedrock_json_iter it = bedrock_json_iterate(bedrock_json_get(request, "toolConfig.tools"));
    struct bedrock_json tool;

    while (bedrock_json_next(&it, NULL, &tool))
        if (bedrock_json_equals(bedrock_json_get(tool, "toolSpec.name"), name))
            return 1;
    return 0;
}

/* ---- Running them ---- */

static int agent_refuse(struct cli_tool_result *result, const char *why)
{
    result->failed = 1;
    snprintf(result->why, sizeof result->why, "%s", why);
    return bedrock_buffer_append(&result->text, why, strlen(why));
}

/* Levels of a text that is JSON. */
static int agent_depth(const struct bedrock_buffer *b)
{
    int depth = 0, most = 0, in_string = 0;

    for (size_t i = 0; i < b->len; i++) {
        if (in_string && b->p[i] == '\\')
            i++;
        else if (b->p[i] == '"')
            in_string = !in_string;
        else if (!in_string && (b->p[i] == '{' || b->p[i] == '['))
            most = ++depth > most ? depth : most;
        else if (!in_string && (b->p[i] == '}' || b->p[i] == ']'))
            depth--;
    }
    return most;
}

/* What became of one use. Returns as cli_command_run(). */
static int agent_run(struct agent *a, struct bedrock_json request, struct bedrock_json use,
                     struct cli_tool_result *result)
{
    long timeout_ms = cli_number(&a->c->args, CLI_OPT_TOOL_TIMEOUT);
    struct bedrock_json input = bedrock_json_get(use, "input"), v;
    struct bedrock_slice text = {input.p, input.len};
    char name[AGENT_MAX_NAME + 1];
    int rc;

    if (!agent_text(bedrock_json_get(use, "name"), name, sizeof name) || !agent_is_name(name, strlen(name)) ||
        !agent_is_offered(request, name))
        return agent_refuse(result, "there is no tool of this name");
    if (input.type != BEDROCK_JSON_OBJECT)
        return agent_refuse(result, "the input is not a JSON object");
    cli_remark(a->c, "bedrock: tool %s %.*s%s", name, input.len < 200 ? (int)input.len : 200, input.p,
               input.len < 200 ? "" : "...");
    rc = cli_command_run(a->c, &a->command, name, text, timeout_ms < 0 ? AGENT_TIMEOUT_MS : timeout_ms,
                         result);
    if (rc == 0 && agent_depth(&result->text) > AGENT_MAX_DEPTH &&
        bedrock_json_parse(result->text.p, result->text.len, &v, NULL) == 0) {
        bedrock_buffer_free(&result->text);
        rc = agent_refuse(result, "the output is JSON of too many levels");
    }
    return rc;
}

/* Answer one use. */
static int agent_answer(struct agent *a, struct bedrock_body *next, struct bedrock_json request,
                        struct bedrock_json use)
{
    struct cli_tool_result result = {{0}, 0, ""};
    char id[4 * AGENT_MAX_NAME + 1] = "", name[2 * AGENT_MAX_NAME];
    int rc;

    if (!agent_text(bedrock_json_get(use, "toolUseId"), id, sizeof id))
        return cli_fail(&a->c->err, BEDROCK_ERR_PROTOCOL, "a tool use has no toolUseId");
    rc = agent_run(a, request, use, &result);
    if (rc == 0 && result.failed)
        cli_remark(a->c, "bedrock: tool %s failed: %s",
                   cli_shown(bedrock_json_get(use, "name"), name, sizeof name), result.why);
    if (rc == 0)
        bedrock_body_tool_result(next, id, result.failed ? "error" : NULL, result.text.p ? result.text.p : "",
                                 result.text.len);
    bedrock_buffer_free(&result.text);
    return rc;
}

/* ---- The next request ---- */

/* Whom to use first was said; were it said again, there would be no end. */
static void agent_tool_config(struct bedrock_body *next, struct bedrock_json config)
{
    struct bedrock_json_iter it = bedrock_json_iterate(config);
    struct bedrock_json name, value;
    struct bedrock_writer w = {0};

    w.out.max = next->w.out.max;
    bedrock_write_object(&w);
    while (bedrock_json_next(&it, &name, &value))
        if (!bedrock_json_equals(name, "toolChoice"))
            bedrock_write_member(&w, name, value);
    bedrock_write_object_end(&w);
    bedrock_body_member(next, "toolConfig", w.out.p, w.out.len);
    bedrock_write_free(&w);
}

/* The model's own words go back as they came; but empty text, which the service does not take. */
static void agent_echo(struct bedrock_body *next, struct bedrock_json content)
{
    struct bedrock_json_iter it = bedrock_json_iterate(content);
    struct bedrock_json block;

    bedrock_body_message(next, "assistant");
    while (bedrock_json_next(&it, NULL, &block))
        if (!bedrock_json_equals(bedrock_json_get(block, "text"), ""))
            bedrock_body_raw(next, block.p, block.len);
}

static int agent_is_use(struct bedrock_json use)
{
    return use.type == BEDROCK_JSON_OBJECT &&
           !bedrock_json_equals(bedrock_json_get(use, "type"), "server_tool_use");
}

/* Tools of the service's own have had their results. */
static int agent_has_use(struct bedrock_json content)
{
    struct bedrock_json_iter it = bedrock_json_iterate(content);
    struct bedrock_json block;

    while (bedrock_json_next(&it, NULL, &block))
        if (agent_is_use(bedrock_json_get(block, "toolUse")))
            return 1;
    return 0;
}

static int agent_next(struct agent *a, const struct bedrock_buffer *before, struct bedrock_json content,
                      struct bedrock_body *next)
{
    static const char *const left_out[] = {"messages", "toolConfig", NULL};
    struct bedrock_json_iter it = bedrock_json_iterate(content);
    struct bedrock_json request, messages, block;
    int rc = bedrock_json_parse(before->p, before->len, &request, NULL);

    next->w.out.max = a->max_request;
    messages = bedrock_json_get(request, "messages");
    bedrock_body_request(next, request, left_out);
    agent_tool_config(next, bedrock_json_get(request, "toolConfig"));
    if (messages.type == BEDROCK_JSON_ARRAY)
        bedrock_body_messages(next, messages.p, messages.len);
    agent_echo(next, content);
    bedrock_body_message(next, "user");
    while (rc == 0 && bedrock_json_next(&it, NULL, &block))
        if (agent_is_use(bedrock_json_get(block, "toolUse")))
            rc = agent_answer(a, next, request, bedrock_json_get(block, "toolUse"));
    if (rc == 0 && bedrock_body_end(next) != 0)
        rc = cli_fail(&a->c->err, next->error.code, "%s%s", next->error.message,
                      next->error.code == BEDROCK_ERR_LIMIT ? "; --max-request raises that" : "");
    return rc;
}

/* ---- Turns ---- */

/* Ask and print. The answer, with what was put together of it, or NULL when memory ran out. */
static struct cli_answer *agent_ask(struct agent *a)
{
    struct cli_answer *answer = cli_answer_new(a->how, &a->target, 0);
    struct bedrock_call *call;
    unsigned char ready;

    if (!answer)
        return NULL;
    a->how->n_live = a->c->out.newlines < 2; /* a blank line before a further one, if there was any before */
    cli_answer_live(answer);
    while (!cli_signal() && a->c->out.error == 0 && cli_answer_step(answer)) {
        call = answer->stage == CLI_LOOKING_UP ? a->how->lookup.call : answer->call;
        cli_wait(&call, 1, &ready, -1, -1);
    }
    return answer;
}

/* What turned out is not found out again. */
static int agent_learn(struct agent *a, const struct cli_answer *answer)
{
    a->target.one_shot = answer->one_shot;
    if (answer->profile.len == 0 || a->profile.len > 0)
        return 0;
    if (bedrock_buffer_append(&a->profile, answer->profile.p, answer->profile.len) != 0)
        return cli_fail(&a->c->err, BEDROCK_ERR_NOMEM, "out of memory");
    a->target.id = a->profile.p;
    return 0;
}

/* The uses that an answer ended in: run them and make the next request. 1: there is one; 0: it is over. */
static int agent_go_on(struct agent *a, const struct cli_answer *answer, long max_turns)
{
    struct bedrock_body *next = &a->bodies[a->turn % 2];
    struct bedrock_writer w = {0};
    struct bedrock_json message;
    int rc = 0, any = 0;

    w.out.max = SIZE_MAX / 4; /* the message's own ceiling has held */
    if (bedrock_message_write(answer->message, &w) != 0 ||
        bedrock_json_parse(w.out.p, w.out.len, &message, NULL) != 0)
        rc = cli_fail(&a->c->err, w.out.error ? w.out.error : BEDROCK_ERR_PROTOCOL,
                      "the answer cannot be put together");
    else if (!agent_has_use(bedrock_json_get(message, "content")))
        rc = 0;
    else if (strcmp(answer->usage.stop_reason, "tool_use") != 0)
        cli_remark(a->c, "bedrock: the answer asks for tools, which are not run: it did not end for that");
    else if (a->turn == max_turns)
        rc = cli_fail(&a->c->err, BEDROCK_ERR_CANCELLED, "the model still asks for tools at the end of turn "
                      "%ld; --max-turns N allows more", max_turns);
    else {
        bedrock_body_free(next);
        rc = agent_next(a, answer->one_shot ? a->how->once : a->how->body,
                        bedrock_json_get(message, "content"), next);
        any = rc == 0;
        a->how->body = a->how->once = &next->w.out;
    }
    bedrock_write_free(&w);
    return rc ? rc : any;
}

/* Returns the exit status. */
static int agent_turns(struct agent *a)
{
    long max_turns = cli_number(&a->c->args, CLI_OPT_MAX_TURNS);
    int rc = 1, status = CLI_OK;

    for (a->turn = 1; rc == 1 && status == CLI_OK; a->turn++) {
        struct cli_answer *answer = agent_ask(a);

        rc = 0;
        if (!answer)
            rc = cli_fail(&a->c->err, BEDROCK_ERR_NOMEM, "out of memory");
        else if (!cli_signal() && a->c->out.error == 0)
            status = cli_answer_tell(answer);
        if (answer && status == CLI_OK && !cli_signal() && a->c->out.error == 0 &&
            (rc = agent_learn(a, answer)) == 0)
            rc = agent_go_on(a, answer, max_turns > 0 ? max_turns : AGENT_TURNS);
        cli_answer_free(answer);
    }
    if (rc < 0)
        status = cli_report(a->c, &a->c->err, NULL);
    return rc == BEDROCK_ERR_CANCELLED ? CLI_SOME_FAILED : status;
}

/* ---- Entry points ---- */

int cli_agent_check(struct cli *c, const struct bedrock_buffer *body, const struct cli_targets *t)
{
    const char *command = cli_value(&c->args, CLI_OPT_RUN_TOOLS);
    struct cli_command_line line = {0};
    struct bedrock_json request;
    int rc = 0;

    if (!command && (cli_value(&c->args, CLI_OPT_MAX_TURNS) || cli_value(&c->args, CLI_OPT_TOOL_TIMEOUT)))
        rc = cli_fail(&c->err, BEDROCK_ERR_USAGE,
                      "--max-turns and --tool-timeout are about tools that --run-tools runs");
    if (!command)
        return rc;
    if (t->several)
        rc = cli_fail(&c->err, BEDROCK_ERR_USAGE, "--run-tools works with one model");
    else if (bedrock_json_parse(body->p, body->len, &request, NULL) == 0 &&
             bedrock_json_get(request, "toolConfig.tools").type != BEDROCK_JSON_ARRAY)
        rc = cli_fail(&c->err, BEDROCK_ERR_USAGE, "--run-tools runs the tools that --tools names, and there "
                      "are none");
    else
        rc = cli_command_read(c, command, &line);
    cli_command_free(&line);
    return rc;
}

int cli_agent(struct cli_asking *how, const struct cli_targets *t, size_t max_request)
{
    struct agent a;
    int status;

    memset(&a, 0, sizeof a);
    a.how = how;
    a.c = how->c;
    a.target = t->at[0];
    a.max_request = max_request;
    if (cli_command_read(a.c, cli_value(&a.c->args, CLI_OPT_RUN_TOOLS), &a.command) != 0)
        status = cli_report(a.c, &a.c->err, NULL);
    else
        status = agent_turns(&a);
    cli_command_free(&a.command);
    bedrock_buffer_free(&a.profile);
    bedrock_body_free(&a.bodies[0]);
    bedrock_body_free(&a.bodies[1]);
    return status;
}
