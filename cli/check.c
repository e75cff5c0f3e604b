/* check.c - `bedrock models --check`: ask models for one token each, several at once.
 * Amazon Bedrock API reference, Converse. Leaves out: models that do not take and give text. */
#include "cli.h"
#include <stdlib.h>
#include <string.h>

#define CHECK_CALLS 8           /* side by side */
#define CHECK_DEADLINE_MS 60000 /* a model that has not said a word by then is no use */

static const char check_body[] =
    "{\"messages\":[{\"role\":\"user\",\"content\":[{\"text\":\"Hi\"}]}],"
    "\"inferenceConfig\":{\"maxTokens\":1}}";

/* A call under way, or a free place. */
struct check_slot {
    struct bedrock_call *call;
    struct cli_found *model;
};

int cli_check_wanted(const struct cli_found *f)
{
    return f->accessible != 0 && f->call_as.p && f->call_as.p[0] &&
           bedrock_json_contains(f->model.input, "TEXT") && bedrock_json_contains(f->model.output, "TEXT");
}

/* The model cannot be called after all, or not by us, or not now. */
static void check_failed(struct cli *c, struct cli_found *f, const struct bedrock_error *e)
{
    const char *name = cli_error_name(e);

    f->error = malloc(sizeof *f->error);
    if (!f->error) {
        cli_fail(&c->err, BEDROCK_ERR_NOMEM, "%s", bedrock_code_text(BEDROCK_ERR_NOMEM));
        return;
    }
    *f->error = *e;
    f->accessible = 0;
    f->in_warning = 0;
    f->reason.len = 0;
    bedrock_buffer_append(&f->reason, name, strlen(name));
    bedrock_buffer_append(&f->reason, ": ", 2);
    cli_escape(&f->reason, e->message, strlen(e->message), 1);
    if (bedrock_buffer_append(&f->reason, "", 1) != 0)
        cli_fail(&c->err, BEDROCK_ERR_NOMEM, "%s", bedrock_code_text(BEDROCK_ERR_NOMEM));
}

static void check_start(struct cli *c, struct check_slot *s, struct cli_found *f)
{
    struct bedrock_request rq = {0};

    rq.operation = BEDROCK_CONVERSE;
    rq.model = f->call_as.p;
    rq.body = check_body;
    rq.body_len = sizeof check_body - 1;
    rq.deadline_ms = CHECK_DEADLINE_MS;
    f->checked = 1;
    s->model = f;
    if (bedrock_start(c->b, &rq, &s->call) != 0)
        check_failed(c, f, bedrock_error(c->b));
}

static void check_passed(struct cli_found *f)
{
    f->accessible = 1;
    f->in_warning = 0;
    f->reason.len = 0;
    bedrock_buffer_append(&f->reason, "", 1);
}

static void check_step(struct cli *c, struct check_slot *s)
{
    struct bedrock_usage usage;
    struct bedrock_event ev;
    int rc;

    bedrock_usage_init(&usage);
    while ((rc = bedrock_step(s->call, &ev)) == BEDROCK_EVENT) {
        bedrock_usage_read(&usage, &ev);
        s->model->latency_ms = usage.latency_ms;
    }
    if (rc > 0)
        return;
    if (rc < 0)
        check_failed(c, s->model, bedrock_call_error(s->call));
    else
        check_passed(s->model);
    bedrock_end(s->call);
    s->call = NULL;
}

/* The next one to ask, or NULL. */
static struct cli_found *check_next(struct cli_found *found, size_t n, size_t *at)
{
    while (*at < n)
        if (cli_check_wanted(&found[(*at)++]))
            return &found[*at - 1];
    return NULL;
}

int cli_check(struct cli *c, struct cli_found *found, size_t n)
{
    struct check_slot slots[CHECK_CALLS] = {{NULL, NULL}};
    struct bedrock_call *calls[CHECK_CALLS];
    unsigned char ready[CHECK_CALLS];
    struct cli_found *f;
    size_t at = 0, busy;

    do {
        busy = 0;
        for (size_t i = 0; i < CHECK_CALLS; i++) {
            if (slots[i].call)
                check_step(c, &slots[i]);
            while (!slots[i].call && (f = check_next(found, n, &at)) != NULL)
                check_start(c, &slots[i], f);
            calls[i] = slots[i].call;
            busy += calls[i] != NULL;
        }
    } while (busy > 0 && cli_wait(calls, CHECK_CALLS, ready, -1, -1) >= 0);
    for (size_t i = 0; i < CHECK_CALLS; i++)
        bedrock_end(slots[i].call);
    return cli_signal() ? CLI_INTERRUPTED : c->err.code;
}
