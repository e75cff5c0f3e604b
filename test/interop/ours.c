/* ours.c - what the interop programs ask of the library and the command `bedrock` has no option for:
 *     ours frames event|exception TYPE PAYLOAD ...   writes frames with bedrock_frame_append()
 *     ours list QUERY                                ListFoundationModels with this query
 * Leaves out: saying what went wrong. */
#include "bedrock.h"
#include <stdio.h>
#include <string.h>

static int ours_frames(int n, char **words)
{
    struct bedrock_buffer b = {0};
    int rc;

    for (int i = 0; i + 2 < n; i += 3)
        bedrock_frame_append(&b, strcmp(words[i], "exception") == 0, words[i + 1], words[i + 2],
                             strlen(words[i + 2]));
    rc = b.error || fwrite(b.p, 1, b.len, stdout) != b.len || fflush(stdout) != 0;
    bedrock_buffer_free(&b);
    return rc;
}

static int ours_list(const char *query)
{
    struct bedrock_request rq = {0};
    struct bedrock *b;
    struct bedrock_call *call = NULL;
    struct bedrock_event ev;
    int rc = bedrock_open(&b, &(struct bedrock_options){0});

    rq.operation = BEDROCK_LIST_FOUNDATION_MODELS;
    rq.query = query;
    if (rc == 0)
        rc = bedrock_start(b, &rq, &call);
    while (rc == 0 && (rc = bedrock_next(call, &ev)) == BEDROCK_EVENT)
        rc = printf("%.*s\n", (int)ev.json.len, ev.json.p) < 0;
    bedrock_end(call);
    bedrock_close(b);
    return rc != 0;
}

int main(int argc, char **argv)
{
    if (argc > 2 && strcmp(argv[1], "frames") == 0)
        return ours_frames(argc - 2, argv + 2);
    return argc == 3 && strcmp(argv[1], "list") == 0 ? ours_list(argv[2]) : 2;
}
