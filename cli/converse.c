/* converse.c - `bedrock converse`: one request, asked of one model or of many.
 * Amazon Bedrock API reference, Converse and ConverseStream. Leaves out: what each step does, in a file
 * each. */
#include "cli.h"
#include <stdlib.h>
#include <string.h>

static int converse_streams(const struct cli *c)
{
    const int *on = c->args.on;

    if (on[CLI_OPT_STREAM] || on[CLI_OPT_NO_STREAM])
        return on[CLI_OPT_STREAM] > on[CLI_OPT_NO_STREAM];
    return c->out.terminal && !c->json;
}

int cli_wants_auto_profile(const struct cli *c)
{
    const char *set = getenv("BEDROCK_AUTO_PROFILE");

    return c->args.on[CLI_OPT_AUTO_PROFILE] || (set && set[0] && strcmp(set, "0") != 0);
}

/* ---- Preparing ---- */

/* The request and whom it is for. With --dry-run nothing is connected to, and it may be for nobody. */
static int converse_prepare(struct cli *c, struct cli_request *r, struct cli_targets *t)
{
    int dry = c->args.on[CLI_OPT_DRY_RUN], rc = cli_request_read(c, r);

    if (!dry)
        c->warm_for = BEDROCK_CONVERSE;
    if (rc == 0)
        rc = cli_targets_read(c, r->base, t);
    if (rc == 0 && !dry)
        rc = cli_targets_need(c, t);
    if (rc == 0 && t->all && !dry)
        c->warm_for = BEDROCK_LIST_FOUNDATION_MODELS;
    if (rc == 0)
        rc = cli_request_make(c, r);
    return rc ? rc : cli_agent_check(c, cli_request_body(r, 0), t);
}

/* ---- --dry-run ---- */

/* A request on a line, with the model in it if there is one. */
static void converse_print(struct cli *c, const struct bedrock_buffer *body, const char *model)
{
    struct bedrock_writer id = {0};
    struct bedrock_slice parts[4] = {{"{\"modelId\":", 11}, {NULL, 0}, {",", 1},
                                     {body->p + 1, body->len - 1}};

    bedrock_write_string(&id, model, strlen(model));
    parts[1].p = id.out.p;
    parts[1].len = id.out.len;
    if (body->p[1] == '}')
        parts[2].len = 0; /* nothing follows it */
    cli_out_json(&c->out, parts, 4);
    bedrock_write_free(&id);
}

/* What `all` stands for is not known without asking; then the model is left out. */
int cli_dry_run(struct cli *c, const struct bedrock_buffer *body, struct cli_targets *t)
{
    struct bedrock_slice whole;

    if (t->n == 0 || t->all) {
        whole.p = body->p;
        whole.len = body->len;
        cli_out_json(&c->out, &whole, 1);
        return CLI_OK;
    }
    if (cli_targets_find(c, t) != 0)
        return cli_report(c, &c->err, NULL);
    for (size_t i = 0; i < t->n; i++)
        converse_print(c, body, t->at[i].id);
    return CLI_OK;
}

/* ---- Asking ---- */

static int converse_ask(struct cli *c, const struct cli_request *r, struct cli_targets *t)
{
    struct cli_asking how;
    int status;

    memset(&how, 0, sizeof how);
    how.c = c;
    how.stream = r->stream;
    how.stream_asked = c->args.on[CLI_OPT_STREAM] != 0;
    how.json_message = c->args.on[CLI_OPT_JSON_MESSAGE] != 0;
    how.run_tools = cli_value(&c->args, CLI_OPT_RUN_TOOLS) != NULL;
    how.whole = how.json_message || how.run_tools;
    how.show_reasoning = !c->args.on[CLI_OPT_NO_REASONING];
    how.auto_profile = cli_wants_auto_profile(c);
    how.body = cli_request_body(r, 1);
    how.once = cli_request_body(r, 0);
    if (cli_open(c) != 0 || cli_targets_find(c, t) != 0)
        return cli_report(c, &c->err, NULL);
    how.several = t->several;
    status = how.run_tools ? cli_agent(&how, t, r->body.w.out.max) : cli_ask_all(&how, t);
    cli_lookup_free(&how.lookup);
    return status;
}

int cli_converse(struct cli *c)
{
    struct cli_request request;
    struct cli_targets targets;
    int status;

    memset(&request, 0, sizeof request);
    memset(&targets, 0, sizeof targets);
    request.stream = converse_streams(c);
    if (converse_prepare(c, &request, &targets) != 0)
        status = cli_report(c, &c->err, NULL);
    else if (c->args.on[CLI_OPT_DRY_RUN])
        status = cli_dry_run(c, cli_request_body(&request, request.stream), &targets);
    else
        status = converse_ask(c, &request, &targets);
    bedrock_end(c->warm);
    c->warm = NULL;
    cli_targets_free(&targets);
    cli_request_free(&request);
    return status;
}
