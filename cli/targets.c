/* targets.c - the models to ask: -m and its lists, BEDROCK_MODEL, and what `all` stands for.
 * Leaves out: whether an id means anything, which the service knows. */
#define _DEFAULT_SOURCE
#include "cli.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What stands before each id in `marked`. */
#define TARGETS_AS_ASKED '='
#define TARGETS_ONE_SHOT '1'
#define TARGETS_ALL '*'     /* in place of an id */

static int targets_no_memory(struct cli *c)
{
    return cli_fail(&c->err, BEDROCK_ERR_NOMEM, "out of memory");
}

static int targets_add(struct cli *c, struct cli_targets *t, char mark, const char *id, size_t len)
{
    struct bedrock_buffer *b = &t->marked;

    if (t->n == CLI_MAX_TARGETS)
        return cli_fail(&c->err, BEDROCK_ERR_USAGE, "more than %d models", CLI_MAX_TARGETS);
    bedrock_buffer_append(b, &mark, 1);
    bedrock_buffer_append(b, id, len);
    if (bedrock_buffer_append(b, "", 1) != 0)
        return targets_no_memory(c);
    t->n++;
    return 0;
}

/* ---- What was given ---- */

/* `what` is how messages call it. */
static int targets_add_id(struct cli *c, struct cli_targets *t, const char *what, const char *id,
                          size_t len)
{
    if (len > CLI_MAX_MODEL)
        return cli_fail(&c->err, BEDROCK_ERR_USAGE, "%s is longer than %d bytes", what, CLI_MAX_MODEL);
    if (cli_check_utf8(c, what, id, len) != 0)
        return c->err.code;
    return targets_add(c, t, TARGETS_AS_ASKED, id, len);
}

static size_t targets_blanks(const char *p, size_t n)
{
    size_t i = 0;

    while (i < n && (p[i] == ' ' || p[i] == '\t' || p[i] == '\r'))
        i++;
    return i;
}

/* An id, a comment, both or neither. */
static int targets_line(struct cli *c, struct cli_targets *t, const char *where, const char *p, size_t n)
{
    size_t len = 0, at = targets_blanks(p, n);
    char what[240];

    p += at;
    n -= at;
    while (len < n && targets_blanks(p + len, 1) == 0 && p[0] != '#')
        len++;
    at = len + targets_blanks(p + len, n - len);
    if (at < n && p[at] != '#')
        return cli_fail(&c->err, BEDROCK_ERR_USAGE, "%s: more than a model id on the line", where);
    if (len == 0)
        return 0;
    if (memchr(p, 0, len))
        return cli_fail(&c->err, BEDROCK_ERR_USAGE, "%s: a zero byte in a model id", where);
    snprintf(what, sizeof what, "%s: the model id", where);
    return targets_add_id(c, t, what, p, len);
}

static int targets_lines(struct cli *c, struct cli_targets *t, const struct cli_text *text)
{
    const char *p = text->bytes.p, *end = p + text->bytes.len;
    size_t before = t->n, len;
    char where[200];
    int rc = 0;

    for (size_t line = 1; rc == 0 && p < end; line++, p += len + 1) {
        const char *eol = memchr(p, '\n', (size_t)(end - p));

        len = (size_t)((eol ? eol : end) - p);
        snprintf(where, sizeof where, "%s:%zu", text->origin, line);
        rc = targets_line(c, t, where, p, len);
    }
    if (rc == 0 && t->n == before)
        rc = cli_fail(&c->err, BEDROCK_ERR_USAGE, "%s holds no model id", text->origin);
    return rc;
}

static int targets_list(struct cli *c, struct cli_targets *t, const char *value)
{
    struct cli_text text = {0};
    int rc = cli_read_value(c, CLI_TEXT, "--model-id", value, &text);

    if (rc == 0)
        rc = targets_lines(c, t, &text);
    cli_text_free(&text);
    return rc;
}

static int targets_value(struct cli *c, struct cli_targets *t, const char *value)
{
    if (strcmp(value, "all") == 0) {
        t->all = t->several = 1;
        return targets_add(c, t, TARGETS_ALL, "", 0);
    }
    if (value[0] == '@' || strcmp(value, "-") == 0) {
        t->several = 1;
        return targets_list(c, t, value);
    }
    return targets_add_id(c, t, "the model id", value, strlen(value));
}

/* The modelId of --input: an id, whatever it looks like. */
static int targets_of_request(struct cli *c, struct cli_targets *t, struct bedrock_json request)
{
    struct bedrock_buffer id = {0};
    int rc = cli_append_string(&id, bedrock_json_get(request, "modelId"));

    if (rc != 0)
        rc = targets_no_memory(c);
    else if (id.len > 0 && !memchr(id.p, 0, id.len))
        rc = targets_add_id(c, t, "the model id", id.p, id.len);
    bedrock_buffer_free(&id);
    return rc;
}

int cli_targets_read(struct cli *c, struct bedrock_json request, struct cli_targets *t)
{
    const char *set = getenv("BEDROCK_MODEL"), *value;
    size_t at = 0;
    int rc = 0;

    if (!cli_value(&c->args, CLI_OPT_MODEL))
        rc = set && set[0] ? targets_value(c, t, set) : targets_of_request(c, t, request);
    while (rc == 0 && (value = cli_each(&c->args, CLI_OPT_MODEL, &at)) != NULL)
        rc = targets_value(c, t, value);
    t->several |= t->n > 1;
    return rc;
}

int cli_targets_need(struct cli *c, const struct cli_targets *t)
{
    const char *input = c->args.command->id == CLI_INVOKE ? "" : ", or as modelId in the --input file";

    if (t->n > 0)
        return 0;
    return cli_fail(&c->err, BEDROCK_ERR_USAGE, "no model: name one with -m%s in BEDROCK_MODEL%s",
                    input[0] ? "," : " or", input);
}

/* ---- What `all` stands for ---- */

static int targets_wants(void *ctx, const struct bedrock_model *m)
{
    (void)ctx;
    return bedrock_json_contains(m->input, "TEXT") && bedrock_json_contains(m->output, "TEXT");
}

/* One of which it is not known whether it can be called is tried. */
static int targets_takes(const struct cli_found *f)
{
    return f->accessible != 0 && f->call_as.p[0] && strlen(f->call_as.p) <= CLI_MAX_MODEL;
}

static int targets_add_found(struct cli *c, struct cli_targets *t, const struct cli_found_all *all)
{
    size_t before = t->n;
    int rc = 0;

    for (size_t i = 0; i < all->n && rc == 0; i++) {
        const struct cli_found *f = &all->at[i];

        if (targets_takes(f))
            rc = targets_add(c, t, f->model.streaming == 0 ? TARGETS_ONE_SHOT : TARGETS_AS_ASKED,
                             f->call_as.p, strlen(f->call_as.p));
    }
    if (rc == 0 && t->n == before)
        rc = cli_fail(&c->err, BEDROCK_ERR_SERVICE, "none of the %zu models for text in %s can be called "
                      "with these credentials", all->n, bedrock_region(c->b));
    return rc;
}

/* Put what was found in place of `all`. */
static int targets_replace(struct cli *c, struct cli_targets *t, const struct cli_found_all *all)
{
    size_t n = t->n;
    struct bedrock_buffer given = t->marked;
    const char *p = given.p;
    int rc = 0;

    memset(&t->marked, 0, sizeof t->marked);
    t->n = 0;
    for (size_t i = 0; i < n && rc == 0; i++, p += strlen(p) + 1) {
        if (*p != TARGETS_ALL)
            rc = targets_add(c, t, *p, p + 1, strlen(p + 1));
        else
            rc = targets_add_found(c, t, all);
    }
    bedrock_buffer_free(&given);
    return rc;
}

static int targets_find_all(struct cli *c, struct cli_targets *t)
{
    struct cli_found_all all = {0};
    const struct bedrock_error *warning;
    int rc = cli_find_models(c, targets_wants, NULL, &all);

    if (rc == 0) {
        warning = bedrock_models_warning(all.walk);
        if (warning->code != 0)
            cli_remark(c, "bedrock: which models can be called is not fully known: %s: %s",
                       cli_error_name(warning), warning->message);
        rc = targets_replace(c, t, &all);
    } else if (rc == CLI_INTERRUPTED) {
        rc = cli_fail(&c->err, BEDROCK_ERR_CANCELLED, "interrupted");
    }
    cli_found_free(&all);
    return rc;
}

int cli_targets_find(struct cli *c, struct cli_targets *t)
{
    const char *p;

    if (t->all && targets_find_all(c, t) != 0)
        return c->err.code;
    t->at = calloc(t->n, sizeof *t->at);
    if (!t->at)
        return targets_no_memory(c);
    p = t->marked.p;
    for (size_t i = 0; i < t->n; i++, p += strlen(p) + 1) {
        t->at[i].id = p + 1;
        t->at[i].one_shot = *p == TARGETS_ONE_SHOT;
    }
    return 0;
}

void cli_targets_free(struct cli_targets *t)
{
    bedrock_buffer_free(&t->marked);
    free(t->at);
}
