/* models.c - `bedrock models`: the foundation models as a table, as ids or as JSON.
 * Amazon Bedrock API reference, ListFoundationModels. Leaves out: which of them the account may call
 * (accessible.c), and inference profiles (profiles.c). */
#define _DEFAULT_SOURCE
#include "cli.h"
#include <string.h>
#include <strings.h>

static const char *const models_titles[] = {
    "ID", "NAME", "PROVIDER", "INPUT", "OUTPUT", "STREAMING", "INFERENCE", "STATUS",
};

/* ---- Filters: all are applied here, as the service does not have all of them ---- */

static int models_is(struct bedrock_json v, const char *text)
{
    struct bedrock_buffer b = {0};
    int is = cli_append_string(&b, v) == 0 && b.len == strlen(text) &&
             strncasecmp(b.p, text, b.len) == 0;

    bedrock_buffer_free(&b);
    return is;
}

int cli_models_fits(const struct cli_args *a, const struct bedrock_model *m)
{
    const char *provider = cli_value(a, CLI_OPT_PROVIDER), *in = cli_value(a, CLI_OPT_IN);
    const char *out = cli_value(a, CLI_OPT_OUT), *inference = cli_value(a, CLI_OPT_INFERENCE);

    return (!provider || models_is(m->provider, provider)) &&
           (!in || bedrock_json_contains(m->input, in)) &&
           (!out || bedrock_json_contains(m->output, out)) &&
           (!inference || bedrock_json_contains(m->inference, inference)) &&
           (!a->on[CLI_OPT_ACTIVE] || models_is(m->status, "ACTIVE"));
}

static int models_filtered(const struct cli_args *a)
{
    return a->on[CLI_OPT_ACTIVE] || cli_value(a, CLI_OPT_PROVIDER) || cli_value(a, CLI_OPT_IN) ||
           cli_value(a, CLI_OPT_OUT) || cli_value(a, CLI_OPT_INFERENCE);
}

/* The next model that passes the filters. */
static int models_next(const struct cli_args *a, struct bedrock_json_iter *it, struct bedrock_model *m)
{
    int more;

    do
        more = bedrock_model_next(it, m);
    while (more && !cli_models_fits(a, m));
    return more;
}

/* ---- Table and ids ---- */

void cli_models_cells(struct cli_table *t, const struct bedrock_model *m)
{
    cli_table_json(t, m->id);
    cli_table_json(t, m->name);
    cli_table_json(t, m->provider);
    cli_table_json(t, m->input);
    cli_table_json(t, m->output);
    cli_table_text(t, m->streaming < 0 ? "" : m->streaming ? "yes" : "no");
}

static void models_table(const struct cli_args *a, struct bedrock_json response, struct bedrock_buffer *b)
{
    struct bedrock_json_iter it = bedrock_model_list(response);
    struct cli_table t;
    struct bedrock_model m;

    cli_table_start(&t, models_titles, sizeof models_titles / sizeof models_titles[0], 0);
    while (models_next(a, &it, &m)) {
        cli_models_cells(&t, &m);
        cli_table_json(&t, m.inference);
        cli_table_json(&t, m.status);
    }
    cli_table_append(&t, b);
    cli_table_free(&t);
}

static void models_ids(const struct cli_args *a, struct bedrock_json response, struct bedrock_buffer *b)
{
    struct bedrock_json_iter it = bedrock_model_list(response);
    struct bedrock_model m;

    while (models_next(a, &it, &m)) {
        cli_append_shown(b, m.id);
        bedrock_buffer_append(b, "\n", 1);
    }
}

/* ---- JSON ---- */

static void models_json(struct cli *c, struct bedrock_json response)
{
    struct bedrock_json_iter it = bedrock_model_list(response);
    struct bedrock_slice whole = {response.p, response.len}, part;
    struct bedrock_buffer b = {0};
    struct bedrock_model m;
    int filtered = models_filtered(&c->args);

    if (filtered) {
        bedrock_buffer_append(&b, "{\"modelSummaries\":[", 19);
        for (int i = 0; models_next(&c->args, &it, &m); i++) {
            bedrock_buffer_append(&b, ",", i > 0);
            bedrock_buffer_append(&b, m.json.p, m.json.len);
        }
        bedrock_buffer_append(&b, "]}", 2);
    }
    part.p = b.p;
    part.len = b.len;
    if (b.error)
        cli_fail(&c->err, b.error, "%s", bedrock_code_text(b.error));
    else
        cli_out_json(&c->out, filtered ? &part : &whole, 1);
    bedrock_buffer_free(&b);
}

/* With the AWS CLI --output is a format, and all its words but one are none of ours. */
void cli_say_no_model(const struct cli *c)
{
    static const char *const formats[] = {"json", "table", "yaml", "yaml-stream"};
    const char *output = cli_value(&c->args, CLI_OPT_OUT);
    int is_format = 0;

    for (size_t i = 0; output && i < sizeof formats / sizeof formats[0]; i++)
        is_format |= strcasecmp(output, formats[i]) == 0;
    cli_remark(c, "bedrock: no model fits%s",
               is_format ? "; --output is what a model gives, text or image, and --json prints JSON" : "");
}

static void models_show(struct cli *c, struct bedrock_json response)
{
    struct bedrock_json_iter it = bedrock_model_list(response);
    struct bedrock_buffer b = {0};
    struct bedrock_model m;

    if (bedrock_json_get(response, "modelSummaries").type != BEDROCK_JSON_ARRAY) {
        cli_fail(&c->err, BEDROCK_ERR_PROTOCOL, "the response holds no modelSummaries");
        return;
    }
    if (c->json) {
        models_json(c, response);
        return;
    }
    if (!models_next(&c->args, &it, &m))
        cli_say_no_model(c);
    else if (c->args.on[CLI_OPT_ONE])
        models_ids(&c->args, response, &b);
    else
        models_table(&c->args, response, &b);
    cli_out_buffer(c, &b);
}

/* ---- The command ---- */

static int models_list(struct cli *c)
{
    struct bedrock_request rq = {0};
    struct cli_fetched answer = {0};

    rq.operation = BEDROCK_LIST_FOUNDATION_MODELS;
    if (cli_fetch(c, &rq, &answer) == 0)
        models_show(c, answer.json);
    cli_fetched_free(&answer);
    return c->err.code ? cli_report(c, &c->err, NULL) : CLI_OK;
}

static int models_check_usage(struct cli *c)
{
    const struct cli_args *a = &c->args;
    int accessible = a->on[CLI_OPT_ACCESSIBLE] || a->on[CLI_OPT_CHECK];

    if (a->n_words > 0)
        return cli_fail(&c->err, BEDROCK_ERR_USAGE, "models takes no words, not '%.100s'",
                        a->words[0]);
    if (c->json && a->on[CLI_OPT_ONE])
        return cli_fail(&c->err, BEDROCK_ERR_USAGE, "-1 and --json exclude each other");
    if (a->on[CLI_OPT_PROFILES] && (accessible || models_filtered(a)))
        return cli_fail(&c->err, BEDROCK_ERR_USAGE, "--profiles lists inference profiles; %s for models",
                        accessible ? "--accessible and --check are" : "the filters are");
    return 0;
}

int cli_models(struct cli *c)
{
    if (models_check_usage(c) != 0 || cli_open(c) != 0)
        return cli_report(c, &c->err, NULL);
    if (c->args.on[CLI_OPT_PROFILES])
        return cli_profiles(c);
    if (c->args.on[CLI_OPT_ACCESSIBLE] || c->args.on[CLI_OPT_CHECK])
        return cli_accessible(c);
    return models_list(c);
}
