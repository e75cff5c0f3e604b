/* key.c - `bedrock api-key`: a short-term Amazon Bedrock API key, made of the credentials at hand.
 * Amazon Bedrock user guide, "Generate an Amazon Bedrock API key". Leaves out: long-term keys. */
#include "cli.h"
#include <stdio.h>
#include <string.h>

int cli_find_credentials(struct cli *c)
{
    struct bedrock_call *call = NULL;
    struct bedrock_event ev;
    int rc = bedrock_find_credentials(c->b, &call);

    if (rc == 0)
        rc = cli_next(call, &ev);
    if (rc < 0)
        c->err = call ? *bedrock_call_error(call) : *bedrock_error(c->b);
    bedrock_end(call);
    return rc;
}

static int key_make(struct cli *c, struct bedrock_buffer *key)
{
    long s = cli_number(&c->args, CLI_OPT_EXPIRES_IN);
    struct bedrock_where w;
    char end[CLI_TIME], left[CLI_SPAN];
    int64_t until_s;
    int rc = bedrock_api_key(c->b, s > 0 ? (int)s : 0, key, &until_s);

    if (rc != 0) {
        c->err = *bedrock_error(c->b);
        return rc;
    }
    bedrock_where(c->b, &w);
    cli_span(left, until_s - cli_now_s());
    cli_remark(c, "bedrock: this key is for %s and good until %s, %s from now%s", w.region,
               cli_time(end, until_s), left,
               w.expires_s == until_s ? ", when the credentials end that it was made of" : "");
    return 0;
}

int cli_api_key(struct cli *c)
{
    struct bedrock_buffer key = {0};
    int rc;

    if (c->args.n_words > 0)
        cli_fail(&c->err, BEDROCK_ERR_USAGE, "api-key takes no words, not '%.100s'", c->args.words[0]);
    if (c->err.code || cli_open(c) != 0)
        return cli_report(c, &c->err, NULL);
    rc = cli_find_credentials(c);
    if (rc == 0)
        rc = key_make(c, &key);
    if (rc == 0 && c->json) {
        struct bedrock_writer w = {0};

        bedrock_write_object(&w);
        bedrock_write_name(&w, "apiKey");
        bedrock_write_string(&w, key.p, key.len);
        bedrock_write_object_end(&w);
        cli_out_written(c, &w);
        cli_out_end_line(&c->out);
    } else if (rc == 0) {
        cli_out_bytes(&c->out, key.p, key.len);
        cli_out_bytes(&c->out, "\n", 1);
    }
    bedrock_buffer_free(&key);
    return c->err.code ? cli_report(c, &c->err, NULL) : CLI_OK;
}
