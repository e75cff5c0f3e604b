/* summary.c - what --usage says at the end about several models: a row each.
 * Leaves out: one model's own line (answer.c). */
#include "cli.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { SUMMARY_MODEL, SUMMARY_LATENCY, SUMMARY_FIRST, SUMMARY_IN, SUMMARY_OUT, SUMMARY_RATE,
       SUMMARY_STATUS, SUMMARY_N_COLUMNS };

#define SUMMARY_NUMBERS 0x3Eu   /* all columns but the first and the last */
#define SUMMARY_WIDTH 99        /* of a line; ids are shortened to it */
#define SUMMARY_LEAST_ID 24     /* but not further than that */

static const char *const summary_titles[SUMMARY_N_COLUMNS] = {
    "MODEL", "LATENCY", "FIRST", "IN", "OUT", "TOK/S", "STATUS",
};

struct cli_row *cli_rows_new(const struct cli_targets *t)
{
    struct cli_row *rows = calloc(t->n, sizeof *rows);

    for (size_t i = 0; rows && i < t->n; i++) {
        rows[i].model = t->at[i].id;
        rows[i].latency_ms = rows[i].first_ms = rows[i].total_ms = -1;
        rows[i].input_tokens = rows[i].output_tokens = -1;
        rows[i].cache_read_tokens = rows[i].cache_write_tokens = -1;
    }
    return rows;
}

void cli_row_fill(struct cli_row *row, const struct cli_answer *a)
{
    row->latency_ms = a->usage.latency_ms;
    row->input_tokens = a->usage.input_tokens;
    row->output_tokens = a->usage.output_tokens;
    row->cache_read_tokens = a->usage.cache_read_tokens;
    row->cache_write_tokens = a->usage.cache_write_tokens;
    row->first_ms = a->first_ms ? a->first_ms - a->begun_ms : -1;
    row->total_ms = a->ended_ms - a->begun_ms;
    snprintf(row->status, sizeof row->status, "%s", a->err.code ? cli_error_name(&a->err) : "OK");
}

/* Output tokens a second of ours, with one decimal; "" where they are not known. */
static void summary_rate(char *out, size_t cap, const struct cli_row *row)
{
    int64_t ms = row->total_ms > 0 ? row->total_ms : 1;

    out[0] = 0;
    if (row->output_tokens >= 0)
        snprintf(out, cap, "%.1f", (double)row->output_tokens * 1000 / (double)ms);
}

static const char *summary_status(const struct cli_row *row)
{
    return row->status[0] ? row->status : "interrupted";
}

/* ---- The table ---- */

static void summary_number(struct cli_table *t, int64_t n, const char *unit)
{
    char text[40] = "";

    if (n >= 0)
        snprintf(text, sizeof text, "%lld%s", (long long)n, unit);
    cli_table_text(t, text);
}

/* The id in at most `width` bytes, its middle left out; cut between characters. */
static void summary_id(struct cli_table *t, const char *id, size_t width)
{
    char text[SUMMARY_WIDTH + 1];
    size_t n = strlen(id), head = (width - 2) / 2, tail;

    if (n <= width) {
        cli_table_text(t, id);
        return;
    }
    tail = n - (width - 2 - head);
    while (head > 0 && ((unsigned char)id[head] & 0xC0) == 0x80)
        head--;
    while (((unsigned char)id[tail] & 0xC0) == 0x80)
        tail++;
    snprintf(text, sizeof text, "%.*s..%s", (int)head, id, id + tail);
    cli_table_text(t, text);
}

static void summary_fill(struct cli_table *t, const struct cli_row *rows, size_t n, size_t id_width)
{
    char rate[40];

    cli_table_start(t, summary_titles, SUMMARY_N_COLUMNS, SUMMARY_NUMBERS);
    for (size_t i = 0; i < n; i++) {
        const struct cli_row *row = &rows[i];

        summary_rate(rate, sizeof rate, row);
        summary_id(t, row->model, id_width);
        summary_number(t, row->latency_ms, "ms");
        summary_number(t, row->first_ms, "ms");
        summary_number(t, row->input_tokens, "");
        summary_number(t, row->output_tokens, "");
        cli_table_text(t, rate);
        cli_table_text(t, summary_status(row));
    }
}

/* What the other columns leave of a line. */
static size_t summary_id_width(const struct cli_table *t)
{
    size_t others = 0;

    for (int i = SUMMARY_LATENCY; i < SUMMARY_N_COLUMNS; i++)
        others += 2 + t->width[i];
    return others + SUMMARY_LEAST_ID < SUMMARY_WIDTH ? SUMMARY_WIDTH - others : SUMMARY_LEAST_ID;
}

static void summary_table(const struct cli_row *rows, size_t n)
{
    struct bedrock_buffer b = {0};
    struct cli_table t;

    summary_fill(&t, rows, n, SUMMARY_WIDTH);
    if (t.width[SUMMARY_MODEL] > summary_id_width(&t)) {
        size_t width = summary_id_width(&t);

        cli_table_free(&t);
        summary_fill(&t, rows, n, width);
    }
    if (cli_table_append(&t, &b) == 0)
        cli_write(STDERR_FILENO, b.p, b.len);
    bedrock_buffer_free(&b);
    cli_table_free(&t);
}

/* ---- JSON ---- */

static void summary_member(struct bedrock_writer *w, const char *name, int64_t n)
{
    bedrock_write_name(w, name);
    if (n >= 0)
        bedrock_write_int(w, n);
    else
        bedrock_write_null(w);
}

static void summary_write_row(struct bedrock_writer *w, const struct cli_row *row)
{
    const char *status = summary_status(row);
    char rate[40];

    summary_rate(rate, sizeof rate, row);
    bedrock_write_object(w);
    bedrock_write_name(w, "modelId");
    bedrock_write_string(w, row->model, strlen(row->model));
    summary_member(w, "latencyMs", row->latency_ms);
    summary_member(w, "firstTokenMs", row->first_ms);
    summary_member(w, "inputTokens", row->input_tokens);
    summary_member(w, "outputTokens", row->output_tokens);
    summary_member(w, "cacheReadInputTokens", row->cache_read_tokens);
    summary_member(w, "cacheWriteInputTokens", row->cache_write_tokens);
    bedrock_write_name(w, "tokensPerSecond");
    if (rate[0])
        bedrock_write_raw(w, rate, strlen(rate));
    else
        bedrock_write_null(w);
    bedrock_write_name(w, "status");
    bedrock_write_string(w, status, strlen(status));
    bedrock_write_object_end(w);
}

static void summary_json(const struct cli_row *rows, size_t n)
{
    struct bedrock_writer w = {0};

    bedrock_write_object(&w);
    bedrock_write_name(&w, "usage");
    bedrock_write_array(&w);
    for (size_t i = 0; i < n; i++)
        summary_write_row(&w, &rows[i]);
    bedrock_write_array_end(&w);
    bedrock_write_object_end(&w);
    if (bedrock_write_end(&w) == 0 && bedrock_buffer_append(&w.out, "\n", 1) == 0)
        cli_write(STDERR_FILENO, w.out.p, w.out.len);
    bedrock_write_free(&w);
}

void cli_summary(const struct cli *c, const struct cli_row *rows, size_t n)
{
    if (c->quiet)
        return;
    if (c->json)
        summary_json(rows, n);
    else
        summary_table(rows, n);
}
