/* stream.c - a call step by step, in a loop of one's own: events, reasoning, counts, and the error.
 * Usage: stream MODEL PROMPT; Region and credentials come from the environment. */
#include "bedrock.h"
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>

/* Where a host's own event loop would go on with other work: wait until the call can move. */
static void wait_for(const struct bedrock_call *c)
{
    struct pollfd p = {bedrock_fd(c), (short)bedrock_events(c), 0};

    poll(&p, 1, bedrock_timeout_ms(c));
}

static int run(struct bedrock *b, const struct bedrock_request *rq)
{
    struct bedrock_usage usage;
    struct bedrock_call *c;
    struct bedrock_event ev;
    int rc = bedrock_start(b, rq, &c);

    if (rc != 0) {
        fprintf(stderr, "%s\n", bedrock_error(b)->message);
        return rc;
    }
    bedrock_usage_init(&usage);
    while ((rc = bedrock_step(c, &ev)) > 0) {
        if (rc != BEDROCK_EVENT) {
            wait_for(c);
            continue;
        }
        bedrock_usage_read(&usage, &ev);
        if (ev.kind == BEDROCK_TEXT) {
            printf("%.*s", (int)ev.text.len, ev.text.p);
            fflush(stdout);
        }
        else if (ev.kind == BEDROCK_REASONING)
            fprintf(stderr, "%.*s", (int)ev.text.len, ev.text.p);
    }
    if (rc == BEDROCK_DONE) {
        printf("\n(%" PRId64 " tokens, %s)\n", usage.output_tokens, usage.stop_reason);
    } else {
        const struct bedrock_error *e = bedrock_call_error(c);

        fprintf(stderr, "\n%s: %s\n", e->name[0] ? e->name : bedrock_code_name(e->code), e->message);
    }
    bedrock_end(c);
    return rc;
}

int main(int argc, char **argv)
{
    struct bedrock_prompt p = {.text = argc > 2 ? argv[2] : "What is the capital of Italy?",
                               .inference = "{\"maxTokens\":200,\"temperature\":0.5}"};
    struct bedrock_writer body = {0};
    struct bedrock_request rq = {.operation = BEDROCK_CONVERSE_STREAM,
                                 .model = argc > 1 ? argv[1] : "amazon.nova-lite-v1:0"};
    struct bedrock *b;
    int rc = bedrock_open(&b, NULL);

    if (rc != 0)
        fprintf(stderr, "%s\n", bedrock_error(b)->message);
    else if ((rc = bedrock_prompt_body(&p, &body)) != 0)
        fprintf(stderr, "%s\n", bedrock_code_text(rc));
    if (rc == 0) {
        rq.body = body.out.p;
        rq.body_len = body.out.len;
        rc = run(b, &rq);
    }
    bedrock_write_free(&body);
    bedrock_close(b);
    return rc != 0;
}
