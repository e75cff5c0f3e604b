/* emu_blocks.c - the content blocks of an answer: each in one piece, and as the events of a stream.
 * Amazon Bedrock API reference, ContentBlock, ContentBlockStart, ContentBlockDelta. A kind more is a row in
 * the table. Leaves out: blocks that a model only reads. */
#include "emu.h"
#include <string.h>

/* ---- Blocks ---- */

struct emu_block *emu_block_add(struct emu_plan *plan, enum emu_kind kind)
{
    struct emu_block *b = &plan->blocks[plan->n_blocks < EMU_MAX_BLOCKS - 1 ? plan->n_blocks++
                                                                           : EMU_MAX_BLOCKS - 1];

    /* the last one is written again by those that do not fit */
    emu_block_clear(b);
    b->kind = kind;
    b->text.max = EMU_MAX_OUT;
    return b;
}

void emu_block_clear(struct emu_block *b)
{
    bedrock_buffer_free(&b->text);
    bedrock_buffer_free(&b->name);
    memset(b, 0, sizeof *b);
}

struct emu_block *emu_block_tool(struct emu_plan *plan, struct bedrock_slice name, struct bedrock_slice input)
{
    unsigned n = (unsigned)plan->n_blocks;
    struct emu_block *b = emu_block_add(plan, EMU_SAYS_TOOL);

    snprintf(b->id, sizeof b->id, "tooluse_%08x%04x", (unsigned)plan->seed, n);
    bedrock_buffer_append(&b->name, name.p, name.len);
    bedrock_buffer_append(&b->text, input.p, input.len);
    b->piece = 5; /* cuts words, and escapes too */
    return b;
}

void emu_blocks_keep(struct emu_plan *plan, size_t n)
{
    while (plan->n_blocks > n)
        emu_block_clear(&plan->blocks[--plan->n_blocks]);
}

int emu_block_is_text(const struct emu_block *b)
{
    return b->kind == EMU_SAYS_TEXT || b->kind == EMU_SAYS_REASONING || b->kind == EMU_SAYS_CITED;
}

/* In words: a made-up delta has three. */
size_t emu_block_words(const struct emu_block *b)
{
    return b->kind == EMU_SAYS_MADE_UP ? (size_t)b->n_deltas * 3 : emu_words(&b->text);
}

/* ---- Small things ---- */

static void emu_put_buffer(struct bedrock_writer *w, const char *name, const struct bedrock_buffer *text)
{
    bedrock_write_name(w, name);
    bedrock_write_string(w, text->p ? text->p : "", text->len);
}

static void emu_put_raw(struct bedrock_writer *w, const char *name, const char *json, size_t len)
{
    bedrock_write_name(w, name);
    bedrock_write_raw(w, json, len);
}

struct bedrock_slice emu_block_piece(struct emu_block *b)
{
    struct bedrock_slice piece = {b->text.p + b->at, 0};
    size_t left = b->text.len - (size_t)b->at;

    if (b->piece) {
        piece.len = left < b->piece ? left : b->piece;
        while (piece.len < left && ((unsigned char)piece.p[piece.len] & 0xc0) == 0x80)
            piece.len++;
    } else {
        while (piece.len < left && emu_is_blank(piece.p[piece.len]))
            piece.len++;
        while (piece.len < left && !emu_is_blank(piece.p[piece.len]))
            piece.len++;
    }
    b->at += piece.len;
    return piece;
}

static void emu_put_piece(struct bedrock_writer *w, const char *name, struct emu_block *b)
{
    struct bedrock_slice piece = emu_block_piece(b);

    bedrock_write_name(w, name);
    bedrock_write_string(w, piece.len ? piece.p : "", piece.len);
}

/* ---- Text ---- */

static void emu_text_whole(struct bedrock_writer *w, const struct emu_block *b)
{
    emu_put_buffer(w, "text", &b->text);
}

/* A text that is empty has one delta all the same: without any there would be no block. */
static int emu_text_delta(struct bedrock_writer *w, struct emu_block *b)
{
    if (b->at == b->text.len && b->n_sent > 0)
        return 0;
    emu_put_piece(w, "text", b);
    return 1;
}

static int emu_made_up_delta(struct bedrock_writer *w, struct emu_block *b)
{
    char text[EMU_DELTA_LEN];

    if (b->at == b->n_deltas)
        return 0;
    emu_made_up(text, b->at++);
    bedrock_write_name(w, "text");
    bedrock_write_string(w, text, sizeof text);
    return 1;
}

static int emu_empty_delta(struct bedrock_writer *w, struct emu_block *b)
{
    if (b->at == b->n_deltas)
        return 0;
    b->at++;
    emu_put_text(w, "text", "");
    return 1;
}

/* ---- Reasoning ---- */

static const char emu_signature[] = "dGhlIGVtdWxhdG9yIHNpZ25zIGl0cyByZWFzb25pbmc=";

static void emu_reasoning_whole(struct bedrock_writer *w, const struct emu_block *b)
{
    emu_put_object(w, "reasoningContent");
    emu_put_object(w, "reasoningText");
    emu_put_buffer(w, "text", &b->text);
    emu_put_text(w, "signature", emu_signature);
    bedrock_write_object_end(w);
    bedrock_write_object_end(w);
}

/* The text, then the signature in a delta of its own. */
static int emu_reasoning_delta(struct bedrock_writer *w, struct emu_block *b)
{
    if (b->at > b->text.len)
        return 0;
    emu_put_object(w, "reasoningContent");
    if (b->at < b->text.len) {
        emu_put_piece(w, "text", b);
    } else {
        emu_put_text(w, "signature", emu_signature);
        b->at++;
    }
    bedrock_write_object_end(w);
    return 1;
}

static void emu_redacted_whole(struct bedrock_writer *w, const struct emu_block *b)
{
    emu_put_object(w, "reasoningContent");
    emu_put_buffer(w, "redactedContent", &b->text);
    bedrock_write_object_end(w);
}

static int emu_redacted_delta(struct bedrock_writer *w, struct emu_block *b)
{
    if (b->n_sent > 0)
        return 0;
    emu_redacted_whole(w, b);
    return 1;
}

/* ---- Tools ---- */

/* The members that a start has too. */
static void emu_tool_head(struct bedrock_writer *w, const struct emu_block *b)
{
    emu_put_object(w, "toolUse");
    emu_put_text(w, "toolUseId", b->id);
    emu_put_buffer(w, "name", &b->name);
    if (b->type)
        emu_put_text(w, "type", b->type);
}

static void emu_tool_whole(struct bedrock_writer *w, const struct emu_block *b)
{
    emu_tool_head(w, b);
    if (b->text.len > 0)
        emu_put_raw(w, "input", b->text.p, b->text.len);
    else
        emu_put_raw(w, "input", "{}", 2);
    bedrock_write_object_end(w);
}

static void emu_tool_start(struct bedrock_writer *w, const struct emu_block *b)
{
    emu_tool_head(w, b);
    bedrock_write_object_end(w);
}

static int emu_tool_delta(struct bedrock_writer *w, struct emu_block *b)
{
    if (b->at == b->text.len)
        return 0;
    emu_put_object(w, "toolUse");
    emu_put_piece(w, "input", b);
    bedrock_write_object_end(w);
    return 1;
}

/* What a tool on the service's side found: its text is an array of text and json blocks. */
static void emu_result_head(struct bedrock_writer *w, const struct emu_block *b)
{
    emu_put_object(w, "toolResult");
    emu_put_text(w, "toolUseId", b->id);
    emu_put_text(w, "type", b->type);
    emu_put_text(w, "status", "success");
}

static void emu_result_whole(struct bedrock_writer *w, const struct emu_block *b)
{
    emu_result_head(w, b);
    emu_put_raw(w, "content", b->text.p, b->text.len);
    bedrock_write_object_end(w);
}

static void emu_result_start(struct bedrock_writer *w, const struct emu_block *b)
{
    emu_result_head(w, b);
    bedrock_write_object_end(w);
}

/* An element of it a delta. */
static int emu_result_delta(struct bedrock_writer *w, struct emu_block *b)
{
    struct bedrock_json all, one;
    char path[24];

    snprintf(path, sizeof path, "[%lu]", b->n_sent);
    if (bedrock_json_parse(b->text.p, b->text.len, &all, NULL) != 0)
        return 0;
    one = bedrock_json_get(all, path);
    if (one.type == BEDROCK_JSON_NONE)
        return 0;
    emu_put_array(w, "toolResult");
    bedrock_write_raw(w, one.p, one.len);
    bedrock_write_array_end(w);
    return 1;
}

/* ---- Citations ---- */

static const char *const emu_citations[] = {
    "{\"title\":\"Atlas\",\"sourceContent\":[{\"text\":\"Rome, capital of Italy\"}],"
    "\"location\":{\"documentPage\":{\"documentIndex\":0,\"start\":3,\"end\":4}}}",
    "{\"title\":\"Encyclopedia\",\"source\":\"https://example.com/rome\","
    "\"location\":{\"web\":{\"url\":\"https://example.com/rome\",\"domain\":\"example.com\"}}}",
};

#define EMU_N_CITATIONS (sizeof emu_citations / sizeof emu_citations[0])

static void emu_cited_whole(struct bedrock_writer *w, const struct emu_block *b)
{
    emu_put_object(w, "citationsContent");
    emu_put_array(w, "content");
    bedrock_write_object(w);
    emu_put_buffer(w, "text", &b->text);
    bedrock_write_object_end(w);
    bedrock_write_array_end(w);
    emu_put_array(w, "citations");
    for (size_t i = 0; i < EMU_N_CITATIONS; i++)
        bedrock_write_raw(w, emu_citations[i], strlen(emu_citations[i]));
    bedrock_write_array_end(w);
    bedrock_write_object_end(w);
}

/* The text, then a citation a delta. */
static int emu_cited_delta(struct bedrock_writer *w, struct emu_block *b)
{
    size_t n = b->at < b->text.len ? 0 : (size_t)b->at - b->text.len;

    if (b->at < b->text.len) {
        emu_put_piece(w, "text", b);
        return 1;
    }
    if (n == EMU_N_CITATIONS)
        return 0;
    emu_put_raw(w, "citation", emu_citations[n], strlen(emu_citations[n]));
    b->at++;
    return 1;
}

/* ---- Images ---- */

static void emu_image_bytes(struct bedrock_writer *w, const char *text, size_t len)
{
    emu_put_object(w, "source");
    bedrock_write_name(w, "bytes");
    bedrock_write_string(w, text, len);
    bedrock_write_object_end(w);
}

static void emu_image_whole(struct bedrock_writer *w, const struct emu_block *b)
{
    emu_put_object(w, "image");
    emu_put_text(w, "format", "png");
    emu_image_bytes(w, b->text.p, b->text.len);
    bedrock_write_object_end(w);
}

static void emu_image_start(struct bedrock_writer *w, const struct emu_block *b)
{
    (void)b;
    emu_put_object(w, "image");
    emu_put_text(w, "format", "png");
    bedrock_write_object_end(w);
}

/* All of it in one, or as many bytes as b->piece says: a multiple of four, so that each piece is base64. */
static int emu_image_delta(struct bedrock_writer *w, struct emu_block *b)
{
    struct bedrock_slice piece;

    if (b->at == b->text.len)
        return 0;
    piece = emu_block_piece(b);
    emu_put_object(w, "image");
    emu_image_bytes(w, piece.p, piece.len);
    bedrock_write_object_end(w);
    return 1;
}

/* ---- What nobody has heard of ---- */

static void emu_other_whole(struct bedrock_writer *w, const struct emu_block *b)
{
    emu_put_raw(w, "hologram", b->text.p, b->text.len);
}

static int emu_other_delta(struct bedrock_writer *w, struct emu_block *b)
{
    if (b->n_sent > 0)
        return 0;
    emu_other_whole(w, b);
    return 1;
}

/* ---- The kinds ---- */

static const struct emu_kind_row {
    void (*whole)(struct bedrock_writer *w, const struct emu_block *b);
    void (*start)(struct bedrock_writer *w, const struct emu_block *b); /* NULL: it has no start */
    int (*delta)(struct bedrock_writer *w, struct emu_block *b);        /* 0: there is none left */
} emu_kinds[] = {
    [EMU_SAYS_TEXT] = {emu_text_whole, NULL, emu_text_delta},
    [EMU_SAYS_MADE_UP] = {emu_text_whole, NULL, emu_made_up_delta},
    [EMU_SAYS_EMPTY] = {emu_text_whole, NULL, emu_empty_delta},
    [EMU_SAYS_REASONING] = {emu_reasoning_whole, NULL, emu_reasoning_delta},
    [EMU_SAYS_REDACTED] = {emu_redacted_whole, NULL, emu_redacted_delta},
    [EMU_SAYS_TOOL] = {emu_tool_whole, emu_tool_start, emu_tool_delta},
    [EMU_SAYS_RESULT] = {emu_result_whole, emu_result_start, emu_result_delta},
    [EMU_SAYS_CITED] = {emu_cited_whole, NULL, emu_cited_delta},
    [EMU_SAYS_IMAGE] = {emu_image_whole, emu_image_start, emu_image_delta},
    [EMU_SAYS_OTHER] = {emu_other_whole, NULL, emu_other_delta},
};

void emu_block_write(struct bedrock_writer *w, const struct emu_block *b)
{
    bedrock_write_object(w);
    emu_kinds[b->kind].whole(w, b);
    bedrock_write_object_end(w);
}

enum emu_part emu_block_next(struct bedrock_writer *w, struct emu_block *b)
{
    const struct emu_kind_row *kind = &emu_kinds[b->kind];

    if (!b->is_open && kind->start) {
        emu_put_object(w, "start");
        kind->start(w, b);
        bedrock_write_object_end(w);
        b->is_open = 1;
        return EMU_PART_START;
    }
    b->is_open = 1;
    emu_put_object(w, "delta");
    if (!kind->delta(w, b)) {
        b->is_done = 1;
        return EMU_PART_STOP;
    }
    bedrock_write_object_end(w);
    b->n_sent++;
    return EMU_PART_DELTA;
}
