/* table.c - tables: cells from the service's JSON or our own, made safe and padded so that columns line up.
 * Leaves out: how wide a character is on a terminal; each is taken to be one column wide. */
#include "cli.h"
#include <stdio.h>
#include <string.h>

#define TABLE_MAX_WIDTH 80  /* a longer cell pushes its own row only, not all of them */

/* ---- Cells ---- */

static void table_append_scalar(struct bedrock_buffer *b, struct bedrock_json v)
{
    struct bedrock_buffer plain = {0};

    if (v.type == BEDROCK_JSON_STRING)
        cli_append_string(&plain, v);
    else if (v.type != BEDROCK_JSON_NONE && v.type != BEDROCK_JSON_NULL)
        bedrock_buffer_append(&plain, v.p, v.len);
    if (plain.len > 0)
        cli_escape(b, plain.p, plain.len, 1);
    if (plain.error && b->error == 0)
        b->error = plain.error;
    bedrock_buffer_free(&plain);
}

int cli_append_shown(struct bedrock_buffer *b, struct bedrock_json v)
{
    struct bedrock_json_iter it = bedrock_json_iterate(v);
    struct bedrock_json element;

    if (v.type != BEDROCK_JSON_ARRAY)
        table_append_scalar(b, v);
    else
        for (int i = 0; bedrock_json_next(&it, NULL, &element); i++) {
            bedrock_buffer_append(b, ",", i > 0);
            table_append_scalar(b, element);
        }
    return b->error;
}

const char *cli_shown(struct bedrock_json v, char *out, size_t cap)
{
    struct bedrock_buffer b = {0};

    cli_append_shown(&b, v);
    snprintf(out, cap, "%.*s", b.len ? (int)b.len : 1, b.len ? b.p : "-");
    bedrock_buffer_free(&b);
    return out;
}

static size_t table_width(const char *p, size_t n)
{
    size_t width = 0;

    for (size_t i = 0; i < n; i++)
        width += ((unsigned char)p[i] & 0xC0) != 0x80;
    return width;
}

/* What was appended since the buffer was `from` long is one cell. */
static void table_end_cell(struct cli_table *t, size_t from)
{
    size_t *width = &t->width[t->n_cells % t->n_columns], n;

    if (t->cells.len == from)
        bedrock_buffer_append(&t->cells, "-", 1);
    if (bedrock_buffer_append(&t->cells, "", 1) != 0)
        return;
    n = table_width(t->cells.p + from, t->cells.len - from - 1);
    n = n < TABLE_MAX_WIDTH ? n : TABLE_MAX_WIDTH;
    *width = *width > n ? *width : n;
    t->n_cells++;
}

void cli_table_bytes(struct cli_table *t, const char *p, size_t n)
{
    size_t from = t->cells.len;

    if (n > 0)
        cli_escape(&t->cells, p, n, 1);
    table_end_cell(t, from);
}

void cli_table_text(struct cli_table *t, const char *text)
{
    cli_table_bytes(t, text, strlen(text));
}

void cli_table_json(struct cli_table *t, struct bedrock_json v)
{
    size_t from = t->cells.len;

    cli_append_shown(&t->cells, v);
    table_end_cell(t, from);
}

/* ---- The whole ---- */

void cli_table_start(struct cli_table *t, const char *const titles[], size_t n_columns, unsigned right)
{
    memset(t, 0, sizeof *t);
    t->n_columns = n_columns;
    t->right = right;
    for (size_t i = 0; i < n_columns; i++)
        cli_table_text(t, titles[i]);
}

static void table_pad(struct bedrock_buffer *b, size_t n)
{
    static const char blanks[TABLE_MAX_WIDTH + 1] =
        "                                                                                ";

    bedrock_buffer_append(b, blanks, n);
}

static void table_append_cell(const struct cli_table *t, struct bedrock_buffer *b, const char *p, size_t i)
{
    size_t n = strlen(p), width = table_width(p, n);
    size_t missing = width < t->width[i] ? t->width[i] - width : 0;
    int right = (t->right >> i & 1) != 0, is_last = i + 1 == t->n_columns;

    table_pad(b, right ? missing : 0);
    bedrock_buffer_append(b, p, n);
    table_pad(b, right || is_last ? 0 : missing);
    bedrock_buffer_append(b, is_last ? "\n" : "  ", is_last ? 1 : 2);
}

int cli_table_append(const struct cli_table *t, struct bedrock_buffer *b)
{
    const char *p = t->cells.p;

    for (size_t i = 0; i < t->n_cells; i++) {
        table_append_cell(t, b, p, i % t->n_columns);
        p += strlen(p) + 1;
    }
    if (t->cells.error && b->error == 0)
        b->error = t->cells.error;
    return b->error;
}

void cli_table_free(struct cli_table *t)
{
    bedrock_buffer_free(&t->cells);
}
