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

static int converse_wants_profiles(const struct cli *c)
{
    const char *set = getenv("BEDROCK_AUTO_PROFILE");

    return c->args.on[CLI_OPT_AUTO_PROFILE] || (set && set[0] && strcmp(set, "0") != 0);
}

int cli_converse(struct cli *c)
{
    struct cli_request request;
    struct cli_asking how;
    int status;

    memset(&request, 0, sizeof request);
    memset(&how, 0, sizeof how);
    how.c = c;
    how.stream = converse_streams(c);
    how.show_reasoning = !c->args.on[CLI_OPT_NO_REASONING];
    how.auto_profile = converse_wants_profiles(c);
    c->warm_for = BEDROCK_CONVERSE;
    if (cli_request_make(c, &request) != 0 || cli_open(c) != 0 ||
        cli_targets_find(c, &request.targets) != 0) {
        status = cli_report(c, &c->err, NULL);
    } else {
        how.body = &request.body.out;
        how.several = request.targets.several;
        status = cli_ask_all(&how, &request.targets);
    }
    bedrock_end(c->warm);
    cli_lookup_free(&how.lookup);
    cli_request_free(&request);
    return status;
}
