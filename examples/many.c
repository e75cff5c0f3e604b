/* many.c - one prompt to many models in one thread: bedrock_wait() says who can move, answers interleave.
 * Usage: many PROMPT MODEL...; Region and credentials come from the environment. */
#include "bedrock.h"
#include <inttypes.h>
#include <stdio.h>

#define MAX_MODELS 64

/* Show what has come for one model, until it has to wait. Returns 0 when it is over. */
static int move(struct bedrock_call *c, const char *model, struct bedrock_usage *u, int *failed)
{
    struct bedrock_event ev;
    int rc;

    while ((rc = bedrock_step(c, &ev)) == BEDROCK_EVENT) {
        bedrock_usage_read(u, &ev);
        if (ev.kind == BEDROCK_TEXT)
            printf("[%s] %.*s\n", model, (int)ev.text.len, ev.text.p);
    }
    if (rc > 0)
        return 1;
    if (rc == BEDROCK_DONE)
        printf("[%s] done: %" PRId64 " tokens\n", model, u->output_tokens);
    else
        printf("[%s] failed: %s\n", model, bedrock_call_error(c)->message);
    *failed += rc < 0;
    return 0;
}

static int ask_all(struct bedrock *b, struct bedrock_request *rq, char **models, size_t n)
{
    struct bedrock_call *calls[MAX_MODELS] = {NULL};
    struct bedrock_usage usage[MAX_MODELS];
    unsigned char ready[MAX_MODELS];
    int failed = 0;

    for (size_t i = 0; i < n; i++) {
        rq->model = models[i];
        bedrock_usage_init(&usage[i]);
        if (bedrock_start(b, rq, &calls[i]) != 0) {
            fprintf(stderr, "%s: %s\n", models[i], bedrock_error(b)->message);
            failed++;
        }
    }
    /* finished calls are NULL here, and bedrock_wait() passes over them */
    while (bedrock_wait(calls, n, ready, -1) > 0)
        for (size_t i = 0; i < n; i++)
            if (ready[i] && !move(calls[i], models[i], &usage[i], &failed)) {
                bedrock_end(calls[i]);
                calls[i] = NULL;
            }
    return failed;
}

int main(int argc, char **argv)
{
    struct bedrock_prompt p = {.text = argc > 1 ? argv[1] : ""};
    struct bedrock_request rq = {.operation = BEDROCK_CONVERSE_STREAM};
    struct bedrock_writer body = {0};
    struct bedrock *b;
    size_t n = argc > 2 ? (size_t)argc - 2 : 0;
    int rc;

    if (n == 0 || n > MAX_MODELS) {
        fprintf(stderr, "usage: many PROMPT MODEL...\n");
        return 2;
    }
    rc = bedrock_open(&b, NULL);
    if (rc != 0)
        fprintf(stderr, "%s\n", bedrock_error(b)->message);
    if (rc == 0 && (rc = bedrock_prompt_body(&p, &body)) == 0) {
        rq.body = body.out.p; /* borrowed by all of them until they end */
        rq.body_len = body.out.len;
        rc = ask_all(b, &rq, argv + 2, n);
    }
    bedrock_write_free(&body);
    bedrock_close(b);
    return rc != 0;
}
