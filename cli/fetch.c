/* fetch.c - one-shot calls, from start to answer.
 * Leaves out: streams, and several calls side by side. */
#include "cli.h"
#include <string.h>

/* The text of an answer is complete. */
static int fetch_read(struct cli *c, struct cli_fetched *a)
{
    int rc = a->text.error;

    if (rc == 0)
        rc = bedrock_json_parse(a->text.p, a->text.len, &a->json, NULL);
    if (rc != 0)
        cli_fail(&c->err, rc, "%s", bedrock_code_text(rc));
    return rc;
}

int cli_fetch(struct cli *c, const struct bedrock_request *rq, struct cli_fetched *a)
{
    struct bedrock_call *call = NULL;
    struct bedrock_event ev;
    int rc = bedrock_start(c->b, rq, &call);

    cli_fetched_free(a);
    /* copied, so that the call can end now and its connection serve the next one */
    while (rc == 0 && (rc = cli_next(call, &ev)) == BEDROCK_EVENT) {
        bedrock_buffer_append(&a->text, ev.json.p, ev.json.len);
        rc = 0;
    }
    if (rc < 0)
        c->err = call ? *bedrock_call_error(call) : *bedrock_error(c->b);
    bedrock_end(call);
    return rc == 0 ? fetch_read(c, a) : rc;
}

int cli_fetched_copy(struct cli *c, struct cli_fetched *a, struct bedrock_json v)
{
    cli_fetched_free(a);
    bedrock_buffer_append(&a->text, v.p, v.len);
    return v.type == BEDROCK_JSON_NONE ? 0 : fetch_read(c, a);
}

void cli_fetched_free(struct cli_fetched *a)
{
    bedrock_buffer_free(&a->text);
    memset(&a->json, 0, sizeof a->json);
}
