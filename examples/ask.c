/* ask.c - the shortest program: ask a model, write the answer as it comes.
 * Usage: ask MODEL PROMPT; Region and credentials come from the environment. */
#include "bedrock.h"
#include <stdio.h>

static int show(void *ctx, enum bedrock_kind kind, struct bedrock_slice text)
{
    if (kind == BEDROCK_TEXT) {
        fwrite(text.p, 1, text.len, ctx);
        fflush(ctx);
    }
    return 0;
}

int main(int argc, char **argv)
{
    struct bedrock_prompt p = {.model = argc > 1 ? argv[1] : "amazon.nova-lite-v1:0",
                               .text = argc > 2 ? argv[2] : "What is the capital of Italy?"};
    struct bedrock *b;
    int rc = bedrock_open(&b, NULL);

    if (rc == 0)
        rc = bedrock_ask(b, &p, show, stdout, NULL);
    if (rc != 0)
        fprintf(stderr, "%s\n", bedrock_error(b)->message);
    bedrock_close(b);
    printf("\n");
    return rc != 0;
}
