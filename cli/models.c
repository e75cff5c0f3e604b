/* models.c - `bedrock models`: the foundation models as a table, as ids or as JSON.
 * Amazon Bedrock API reference, ListFoundationModels. Leaves out: which of them the account may call. */
#define _DEFAULT_SOURCE
#include "cli.h"
#include <string.h>
#include <strings.h>

enum { MODELS_ID, MODELS_NAME, MODELS_PROVIDER, MODELS_IN, MODELS_OUT, MODELS_STREAMING,
       MODELS_INFERENCE, MODELS_STATUS, MODELS_N_COLUMNS };

static const char *const models_titles[MODELS_N_COLUMNS] = {
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

static int models_fits(const struct cli_args *a, const struct bedrock_model *m)
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
    while (more && !models_fits(a, m));
    return more;
}

/* ---- Table and ids ---- */

static void models_string(struct bedrock_buffer *cell, struct bedrock_json v)
{
    struct bedrock_buffer plain = {0};

    cli_append_string(&plain, v);
    cli_escape(cell, plain.p, plain.len, 1);
    bedrock_buffer_free(&plain);
}

static void models_list(struct bedrock_buffer *cell, struct bedrock_json list)
{
    struct bedrock_json_iter it = bedrock_json_iterate(list);
    struct bedrock_json v;

    for (int i = 0; bedrock_json_next(&it, NULL, &v); i++) {
        bedrock_buffer_append(cell, ",", i > 0);
        models_string(cell, v);
    }
}

/* One cell, into a buffer that is emptied first. */
static void models_cell(struct bedrock_buffer *cell, const struct bedrock_model *m, int column)
{
    const struct bedrock_json of[MODELS_N_COLUMNS] = {
        [MODELS_ID] = m->id, [MODELS_NAME] = m->name, [MODELS_PROVIDER] = m->provider,
        [MODELS_IN] = m->input, [MODELS_OUT] = m->output, [MODELS_INFERENCE] = m->inference,
        [MODELS_STATUS] = m->status,
    };

    cell->len = 0;
    if (column == MODELS_STREAMING && m->streaming >= 0)
        bedrock_buffer_append(cell, m->streaming ? "yes" : "no", m->streaming ? 3 : 2);
    else if (of[column].type == BEDROCK_JSON_ARRAY)
        models_list(cell, of[column]);
    else
        models_string(cell, of[column]);
    if (cell->len == 0)
        bedrock_buffer_append(cell, "-", 1);
}

/* Characters, each taken to be one column wide. */
static size_t models_width(const char *p, size_t n)
{
    size_t width = 0;

    for (size_t i = 0; i < n; i++)
        width += ((unsigned char)p[i] & 0xC0) != 0x80;
    return width;
}

static void models_put(struct bedrock_buffer *b, const char *p, size_t n, size_t width, int is_last)
{
    bedrock_buffer_append(b, p, n);
    for (size_t i = models_width(p, n); i < width + 2 && !is_last; i++)
        bedrock_buffer_append(b, " ", 1);
    if (is_last)
        bedrock_buffer_append(b, "\n", 1);
}

static void models_table(const struct cli_args *a, struct bedrock_json response, struct bedrock_buffer *b)
{
    struct bedrock_json_iter it = bedrock_model_list(response);
    struct bedrock_buffer cell = {0};
    struct bedrock_model m;
    size_t width[MODELS_N_COLUMNS];

    for (int i = 0; i < MODELS_N_COLUMNS; i++)
        width[i] = strlen(models_titles[i]);
    while (models_next(a, &it, &m))
        for (int i = 0; i < MODELS_N_COLUMNS; i++) {
            models_cell(&cell, &m, i);
            if (models_width(cell.p, cell.len) > width[i])
                width[i] = models_width(cell.p, cell.len);
        }
    for (int i = 0; i < MODELS_N_COLUMNS; i++)
        models_put(b, models_titles[i], strlen(models_titles[i]), width[i], i == MODELS_N_COLUMNS - 1);
    it = bedrock_model_list(response);
    while (models_next(a, &it, &m))
        for (int i = 0; i < MODELS_N_COLUMNS; i++) {
            models_cell(&cell, &m, i);
            models_put(b, cell.p, cell.len, width[i], i == MODELS_N_COLUMNS - 1);
        }
    if (cell.error)
        b->error = cell.error;
    bedrock_buffer_free(&cell);
}

static void models_ids(const struct cli_args *a, struct bedrock_json response, struct bedrock_buffer *b)
{
    struct bedrock_json_iter it = bedrock_model_list(response);
    struct bedrock_model m;

    while (models_next(a, &it, &m)) {
        models_string(b, m.id);
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
        cli_remark(c, "bedrock: no model fits");
    else if (c->args.on[CLI_OPT_ONE])
        models_ids(&c->args, response, &b);
    else
        models_table(&c->args, response, &b);
    if (b.error)
        cli_fail(&c->err, b.error, "%s", bedrock_code_text(b.error));
    else
        cli_out_bytes(&c->out, b.p, b.len);
    bedrock_buffer_free(&b);
}

/* ---- The command ---- */

int cli_models(struct cli *c)
{
    struct bedrock_request rq = {0};
    struct bedrock_call *call = NULL;
    struct bedrock_event ev;
    int rc;

    if (c->args.n_words > 0)
        cli_fail(&c->err, BEDROCK_ERR_USAGE, "models takes no words, only options: '%.100s'",
                 c->args.words[0]);
    else if (c->json && c->args.on[CLI_OPT_ONE])
        cli_fail(&c->err, BEDROCK_ERR_USAGE, "-1 and --json exclude each other");
    else
        cli_open(c);
    if (c->err.code)
        return cli_report(c, &c->err, NULL);
    rq.operation = BEDROCK_LIST_FOUNDATION_MODELS;
    rc = bedrock_start(c->b, &rq, &call);
    while (rc == 0 && (rc = cli_next(call, &ev)) == BEDROCK_EVENT) {
        models_show(c, ev.json);
        rc = c->err.code ? c->err.code : c->out.error ? CLI_INTERRUPTED : 0;
    }
    if (rc < 0 && c->err.code == 0)
        c->err = call ? *bedrock_call_error(call) : *bedrock_error(c->b);
    bedrock_end(call);
    return c->err.code ? cli_report(c, &c->err, NULL) : CLI_OK;
}
