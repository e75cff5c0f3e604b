/* many.c - the load of a busy program: `many streams N MODEL`, side by side in one thread; `many calls N
 * MODEL`, one-shot, one after the other over one connection. Says how many events came.
 * Endpoint and credentials come from the environment. Leaves out: measuring (peak.c does it). */
#define _DEFAULT_SOURCE
#include "bedrock.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MANY_MAX 1000
#define MANY_BODY "{\"messages\":[{\"role\":\"user\",\"content\":[{\"text\":\"hi\"}]}]}"

static int many_fail(const struct bedrock_error *e)
{
    fprintf(stderr, "many: %s\n", e->message);
    exit(1);
}

/* Step until the call has to wait; 0 when it is over. */
static int many_move(struct bedrock_call *c, unsigned long *events)
{
    struct bedrock_event ev;
    int rc;

    while ((rc = bedrock_step(c, &ev)) == BEDROCK_EVENT)
        ++*events;
    return rc < 0 ? many_fail(bedrock_call_error(c)) : rc;
}

static unsigned long many_streams(struct bedrock *b, struct bedrock_request *rq, size_t n)
{
    static struct bedrock_call *calls[MANY_MAX];
    static unsigned char ready[MANY_MAX];
    unsigned long events = 0;

    rq->operation = BEDROCK_CONVERSE_STREAM;
    for (size_t i = 0; i < n; i++)
        if (bedrock_start(b, rq, &calls[i]) != 0)
            many_fail(bedrock_error(b));
    while (bedrock_wait(calls, n, ready, -1) > 0)
        for (size_t i = 0; i < n; i++)
            if (ready[i] && !many_move(calls[i], &events)) {
                bedrock_end(calls[i]);
                calls[i] = NULL;
            }
    return events;
}

static unsigned long many_calls(struct bedrock *b, struct bedrock_request *rq, size_t n)
{
    unsigned long events = 0;

    rq->operation = BEDROCK_CONVERSE;
    for (size_t i = 0; i < n; i++) {
        struct bedrock_event ev;
        struct bedrock_call *c;
        int rc;

        if (bedrock_start(b, rq, &c) != 0)
            many_fail(bedrock_error(b));
        while ((rc = bedrock_next(c, &ev)) == BEDROCK_EVENT)
            events++;
        if (rc < 0)
            many_fail(bedrock_call_error(c));
        bedrock_end(c);
    }
    return events;
}

int main(int argc, char **argv)
{
    struct bedrock_request rq = {.body = MANY_BODY, .body_len = strlen(MANY_BODY)};
    size_t n = argc == 4 ? strtoul(argv[2], NULL, 10) : 0;
    struct bedrock *b;

    if (n == 0 || n > MANY_MAX) {
        fprintf(stderr, "usage: many streams|calls N MODEL\n");
        return 2;
    }
    rq.model = argv[3];
    if (bedrock_open(&b, NULL) != 0)
        many_fail(bedrock_error(b));
    printf("%lu events\n", strcmp(argv[1], "streams") == 0 ? many_streams(b, &rq, n)
                                                             : many_calls(b, &rq, n));
    bedrock_close(b);
    return 0;
}
