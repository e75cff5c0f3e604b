/* accessible.c - `bedrock models --accessible`: the models that can be called now, and why not the others.
 * Leaves out: finding it out (found.c), and getting access (access.c). */
#include "cli.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const accessible_titles[] = {
    "ID", "NAME", "PROVIDER", "INPUT", "OUTPUT", "STREAMING", "STATUS", "ACCESS", "CALL AS", "CHECK",
    "LATENCY",
};

#define ACCESSIBLE_COLUMNS 9        /* without the last two, which --check adds */
#define ACCESSIBLE_ALL_COLUMNS 11

struct accessible {
    struct cli *c;
    struct cli_found_all all;
    int check;
};

/* ---- Finding out ---- */

static int accessible_want(void *args, const struct bedrock_model *m)
{
    return cli_models_fits(args, m);
}

static int accessible_check(struct accessible *v)
{
    size_t n = 0;

    for (size_t i = 0; i < v->all.n; i++)
        n += (size_t)cli_check_wanted(&v->all.at[i]);
    if (n == 0)
        return 0;
    cli_remark(v->c, "bedrock: --check sends %zu text model%s a prompt for one token, which costs a few "
               "tokens", n, n == 1 ? "" : "s");
    return cli_check(v->c, v->all.at, v->all.n);
}

/* ---- Saying what is not in the list ---- */

/* Is it in the list? Those that a check failed for are in the table, which has a column for that. */
static int accessible_listed(const struct accessible *v, const struct cli_found *f)
{
    if (v->c->args.on[CLI_OPT_ONE])
        return f->accessible != 0 && f->call_as.p[0];
    return f->accessible != 0 || f->checked;
}

static void accessible_say_others(const struct accessible *v)
{
    for (size_t i = 0; i < v->all.n; i++) {
        const struct cli_found *f = &v->all.at[i];
        char id[256];

        if (f->accessible == 0)
            cli_remark(v->c, "%s: %s", cli_shown(f->model.id, id, sizeof id), f->reason.p);
        else if (f->accessible < 0 && !f->in_warning)
            cli_remark(v->c, "%s: not known: %s", cli_shown(f->model.id, id, sizeof id), f->reason.p);
    }
}

/* What the walk could not find out for all models. */
static void accessible_warn(const struct accessible *v)
{
    const struct bedrock_error *e = bedrock_models_warning(v->all.walk);
    size_t n = 0;

    for (size_t i = 0; i < v->all.n; i++)
        n += (size_t)v->all.at[i].in_warning;
    if (e->code == 0)
        return;
    if (n == 0)
        cli_remark(v->c, "bedrock: the inference profiles are not all known, and models that need one may "
                   "lack an id: %s: %s", cli_error_name(e), e->message);
    else
        cli_remark(v->c, "bedrock: which models can be called is not known, so %s: %s: %s",
                   v->check                     ? "all text models are asked"
                   : v->c->args.on[CLI_OPT_ONE] ? "these are the ids that they would be called by"
                                                : "all are listed",
                   cli_error_name(e), e->message);
}

/* ---- Table, ids, JSON ---- */

static void accessible_row(const struct accessible *v, struct cli_table *t, const struct cli_found *f)
{
    char latency[32] = "";

    cli_models_cells(t, &f->model);
    cli_table_json(t, f->model.status);
    cli_table_text(t, f->accessible < 0 ? "?" : f->accessible ? "yes" : "no");
    cli_table_text(t, f->call_as.p);
    if (!v->check)
        return;
    cli_table_text(t, !f->checked ? "" : f->error ? cli_error_name(f->error) : "ok");
    if (f->latency_ms >= 0)
        snprintf(latency, sizeof latency, "%lldms", (long long)f->latency_ms);
    cli_table_text(t, latency);
}

/* Rows, or with -1 ids. Returns how many. */
static size_t accessible_list(const struct accessible *v, struct bedrock_buffer *b)
{
    struct cli_table t;
    size_t n = 0;

    cli_table_start(&t, accessible_titles, v->check ? ACCESSIBLE_ALL_COLUMNS : ACCESSIBLE_COLUMNS,
                    1u << (ACCESSIBLE_ALL_COLUMNS - 1));
    for (size_t i = 0; i < v->all.n; i++) {
        const struct cli_found *f = &v->all.at[i];

        if (!accessible_listed(v, f))
            continue;
        n++;
        if (!v->c->args.on[CLI_OPT_ONE]) {
            accessible_row(v, &t, f);
            continue;
        }
        cli_escape(b, f->call_as.p, strlen(f->call_as.p), 1);
        bedrock_buffer_append(b, "\n", 1);
    }
    if (n > 0 && !v->c->args.on[CLI_OPT_ONE])
        cli_table_append(&t, b);
    cli_table_free(&t);
    return n;
}

void cli_write_access(struct bedrock_writer *w, int accessible, const char *reason, const char *call_as)
{
    bedrock_write_name(w, "accessible");
    if (accessible < 0)
        bedrock_write_null(w);
    else
        bedrock_write_bool(w, accessible);
    bedrock_write_name(w, "reason");
    bedrock_write_string(w, reason, strlen(reason));
    bedrock_write_name(w, "callAs");
    if (call_as[0])
        bedrock_write_string(w, call_as, strlen(call_as));
    else
        bedrock_write_null(w);
}

static void accessible_json_check(const struct accessible *v, struct bedrock_writer *w,
                                  const struct cli_found *f)
{
    char hint[1024];

    bedrock_write_name(w, "check");
    if (!f->checked) {
        bedrock_write_null(w);
        return;
    }
    bedrock_write_object(w);
    bedrock_write_name(w, "ok");
    bedrock_write_bool(w, f->accessible == 1);
    bedrock_write_name(w, f->error ? "error" : "latencyMs");
    if (f->error) {
        cli_hint(hint, sizeof hint, f->error, f->call_as.p, bedrock_region(v->c->b));
        cli_write_error(w, f->error, hint);
    } else if (f->latency_ms >= 0) {
        bedrock_write_int(w, f->latency_ms);
    } else {
        bedrock_write_null(w);
    }
    bedrock_write_object_end(w);
}

/* The summary as it came, and what was found out. */
static void accessible_json_model(const struct accessible *v, struct bedrock_writer *w,
                                  const struct cli_found *f)
{
    struct bedrock_json_iter it = bedrock_json_iterate(f->model.json);
    struct bedrock_json name, value;

    bedrock_write_object(w);
    while (f->model.json.type == BEDROCK_JSON_OBJECT && bedrock_json_next(&it, &name, &value))
        bedrock_write_member(w, name, value);
    cli_write_access(w, f->accessible, f->reason.p, f->call_as.p);
    if (v->check)
        accessible_json_check(v, w, f);
    bedrock_write_object_end(w);
}

static void accessible_json(const struct accessible *v)
{
    struct bedrock_writer w = {0};

    bedrock_write_object(&w);
    bedrock_write_name(&w, "modelSummaries");
    bedrock_write_array(&w);
    for (size_t i = 0; i < v->all.n; i++)
        accessible_json_model(v, &w, &v->all.at[i]);
    bedrock_write_array_end(&w);
    bedrock_write_object_end(&w);
    cli_out_written(v->c, &w);
}

static void accessible_show(const struct accessible *v)
{
    struct bedrock_buffer b = {0};
    size_t n;

    if (v->c->json) {
        accessible_json(v);
        return;
    }
    n = accessible_list(v, &b);
    cli_out_buffer(v->c, &b);
    accessible_say_others(v);
    if (v->all.n == 0)
        cli_say_no_model(v->c);
    else if (n == 0)
        cli_remark(v->c, "bedrock: none of the %zu models can be called; `bedrock access MODEL` tells more "
                   "about one", v->all.n);
}

int cli_accessible(struct cli *c)
{
    struct accessible v;
    int rc;

    memset(&v, 0, sizeof v);
    v.c = c;
    v.check = c->args.on[CLI_OPT_CHECK];
    rc = cli_find_models(c, accessible_want, &c->args, &v.all);
    if (rc == 0)
        accessible_warn(&v);
    if (rc == 0 && v.check)
        rc = accessible_check(&v);
    if (rc == 0)
        accessible_show(&v);
    cli_found_free(&v.all);
    return c->err.code ? cli_report(c, &c->err, NULL) : CLI_OK;
}
