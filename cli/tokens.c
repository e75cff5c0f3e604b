/* tokens.c - `bedrock tokens`: how many tokens a request of converse is, before it is sent.
 * Amazon Bedrock API reference, CountTokens. Leaves out: counting by ourselves. */
#include "cli.h"
#include <stdio.h>
#include <string.h>

struct tokens {
    struct cli *c;
    struct cli_request request;
    struct cli_targets targets;
    struct bedrock_writer body;
    size_t failed;
    int first_status;
};

/* ---- The request ---- */

static int tokens_written(struct tokens *t)
{
    int rc = bedrock_write_end(&t->body);

    return rc ? cli_fail(&t->c->err, rc, "%s", bedrock_code_text(rc)) : 0;
}

/* CountTokens takes these members of Converse; what else there is makes no token. */
static void tokens_converse(struct tokens *t)
{
    static const char *const members[] = {"messages", "system", "toolConfig", "additionalModelRequestFields"};
    const struct bedrock_buffer *whole = cli_request_body(&t->request, 0);
    struct bedrock_json all, member;

    bedrock_write_object(&t->body);
    bedrock_write_name(&t->body, "converse");
    bedrock_write_object(&t->body);
    if (bedrock_json_parse(whole->p, whole->len, &all, NULL) == 0)
        for (size_t i = 0; i < sizeof members / sizeof members[0]; i++)
            if ((member = bedrock_json_get(all, members[i])).type != BEDROCK_JSON_NONE) {
                bedrock_write_name(&t->body, members[i]);
                bedrock_write_raw(&t->body, member.p, member.len);
            }
    bedrock_write_object_end(&t->body);
    bedrock_write_object_end(&t->body);
}

/* A request of CountTokens stands for itself: what would change a request of Converse is not for it. */
static int tokens_check_alone(struct tokens *t)
{
    const struct cli_args *a = &t->c->args;
    const struct cli_option *o = NULL;

    for (const struct cli_option *p = cli_options; p->help && !o; p++)
        if ((p->commands & CLI_TOKENS) && p->commands != CLI_EVERY && p->id != CLI_OPT_MODEL &&
            p->id != CLI_OPT_INPUT && p->id != CLI_OPT_MAX_REQUEST && p->id != CLI_OPT_DRY_RUN &&
            (a->on[p->id] || cli_value(a, p->id)))
            o = p;
    if (o || a->n_words > 0)
        return cli_fail(&t->c->err, BEDROCK_ERR_USAGE, "%s is a request of CountTokens: no %s%s goes with it",
                        t->request.input.origin, o ? "--" : "prompt", o ? o->name : "");
    return 0;
}

/* --input may be a request of CountTokens already. */
static int tokens_prepare(struct tokens *t)
{
    struct cli *c = t->c;
    int dry = c->args.on[CLI_OPT_DRY_RUN], rc = cli_request_read(c, &t->request);
    struct bedrock_json input = bedrock_json_get(t->request.base, "input");

    if (!dry)
        c->warm_for = BEDROCK_COUNT_TOKENS;
    if (rc == 0)
        rc = cli_targets_read(c, t->request.base, &t->targets);
    if (rc == 0 && !dry)
        rc = cli_targets_need(c, &t->targets);
    if (rc == 0)
        rc = input.type != BEDROCK_JSON_NONE ? tokens_check_alone(t) : cli_request_make(c, &t->request);
    if (rc != 0)
        return rc;
    t->body.out.max = SIZE_MAX / 4; /* what goes in has met its ceiling */
    bedrock_write_object(&t->body);
    bedrock_write_name(&t->body, "input");
    if (input.type != BEDROCK_JSON_NONE)
        bedrock_write_raw(&t->body, input.p, input.len);
    else
        tokens_converse(t);
    bedrock_write_object_end(&t->body);
    return tokens_written(t);
}

/* ---- The answers ---- */

/* A line of JSON: the value, and with several models {"modelId":...,"WHAT":value}. */
static void tokens_show_json(struct tokens *t, const char *id, const char *what, struct bedrock_slice value)
{
    struct bedrock_writer w = {0};

    if (!t->targets.several) {
        cli_out_json(&t->c->out, &value, 1);
        return;
    }
    bedrock_write_object(&w);
    bedrock_write_name(&w, "modelId");
    bedrock_write_string(&w, id, strlen(id));
    bedrock_write_name(&w, what);
    bedrock_write_raw(&w, value.p, value.len);
    bedrock_write_object_end(&w);
    cli_out_written(t->c, &w);
}

static int tokens_show(struct tokens *t, const char *id, struct bedrock_json response)
{
    struct bedrock_slice whole = {response.p, response.len};
    char line[CLI_MAX_MODEL + 32];
    int64_t n;

    if (bedrock_json_int(bedrock_json_get(response, "inputTokens"), &n) != 0)
        return cli_fail(&t->c->err, BEDROCK_ERR_PROTOCOL, "the response holds no inputTokens");
    snprintf(line, sizeof line, "%s%s%lld", t->targets.several ? id : "", t->targets.several ? " " : "",
             (long long)n);
    if (t->c->json)
        tokens_show_json(t, id, "response", whole);
    else
        cli_out_line(&t->c->out, line);
    return 0;
}

/* Of several models one failed: its line is missing, and the others go on. */
static void tokens_fail(struct tokens *t, const char *id, const struct bedrock_error *e)
{
    struct cli *c = t->c;
    struct bedrock_writer w = {0};
    struct bedrock_slice error;
    char hint[1024];

    cli_hint(hint, sizeof hint, e, id, bedrock_region(c->b));
    if (!c->json) {
        cli_err_line("bedrock: %s: %s: %s", id, cli_error_name(e), e->message);
        if (hint[0])
            cli_err_line("hint: %s", hint);
        return;
    }
    cli_write_error(&w, e, hint);
    if (bedrock_write_end(&w) == 0) {
        error.p = w.out.p;
        error.len = w.out.len;
        tokens_show_json(t, id, "error", error);
    }
    bedrock_write_free(&w);
}

/* Returns the exit status for this model. */
static int tokens_count(struct tokens *t, const char *id, struct cli_fetched *answer)
{
    struct cli *c = t->c;
    struct bedrock_request rq = {0};
    int rc;

    rq.operation = BEDROCK_COUNT_TOKENS;
    rq.model = id;
    rq.body = t->body.out.p;
    rq.body_len = t->body.out.len;
    memset(&c->err, 0, sizeof c->err);
    rc = cli_fetch(c, &rq, answer);
    if (rc == 0)
        rc = tokens_show(t, id, answer->json);
    if (rc < 0 && !t->targets.several)
        return cli_report(c, &c->err, id);
    if (rc < 0)
        tokens_fail(t, id, &c->err);
    return rc < 0 ? cli_status_of(rc) : CLI_OK;
}

static int tokens_count_all(struct tokens *t)
{
    struct cli_fetched answer = {{0}, {0}};
    size_t n = 0;

    for (; n < t->targets.n && !cli_signal() && t->c->out.error == 0; n++) {
        int status = tokens_count(t, t->targets.at[n].id, &answer);

        t->failed += status != CLI_OK;
        if (n == 0)
            t->first_status = status;
    }
    cli_fetched_free(&answer);
    return t->failed == n || t->failed == 0 ? t->first_status : CLI_SOME_FAILED;
}

int cli_tokens(struct cli *c)
{
    struct tokens t;
    int status;

    memset(&t, 0, sizeof t);
    t.c = c;
    if (tokens_prepare(&t) != 0)
        status = cli_report(c, &c->err, NULL);
    else if (c->args.on[CLI_OPT_DRY_RUN])
        status = cli_dry_run(c, &t.body.out, &t.targets);
    else if (cli_open(c) != 0 || cli_targets_find(c, &t.targets) != 0)
        status = cli_report(c, &c->err, NULL);
    else
        status = tokens_count_all(&t);
    bedrock_end(c->warm);
    c->warm = NULL;
    bedrock_write_free(&t.body);
    cli_targets_free(&t.targets);
    cli_request_free(&t.request);
    return status;
}
