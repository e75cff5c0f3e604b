/* document.c - what a stream was put together into, as the document that Converse would have returned.
 * Amazon Bedrock API reference, Converse. Leaves out: the putting together (assemble.c). */
#include "bedrock_int.h"
#include <string.h>

/* ---- Blocks ---- */

static void doc_write_value(struct bedrock_writer *w, const char *name, const struct bdk_member *f)
{
    bedrock_write_name(w, name);
    bdk_write_mended(w, f->text.p, f->text.len);
}

static int doc_is_reasoning_text(const struct bdk_asm_block *b, const struct bdk_member *f)
{
    return b->kind == BDK_ASM_REASONING && bdk_name_is(f->part, "reasoningContent") &&
           (bdk_name_is(f->name, "text") || bdk_name_is(f->name, "signature"));
}

/* What streams side by side stands together in the document; a signature may come without a text, which
 * the API wants all the same. */
static void doc_write_reasoning(struct bedrock_writer *w, const struct bdk_asm_block *b)
{
    const struct bdk_member *text = bdk_members_find(&b->fields, "reasoningContent", "text");
    const struct bdk_member *signature = bdk_members_find(&b->fields, "reasoningContent", "signature");

    if (!text && !signature)
        return;
    bedrock_write_name(w, "reasoningText");
    bedrock_write_object(w);
    if (text) {
        doc_write_value(w, "text", text);
    } else {
        bedrock_write_name(w, "text");
        bedrock_write_string(w, "", 0);
    }
    if (signature)
        doc_write_value(w, "signature", signature);
    bedrock_write_object_end(w);
}

static int doc_has_members(const struct bdk_asm_block *b, const char *part)
{
    const struct bdk_member *f = b->fields.first;

    while (f && !(f->name && bdk_name_is(f->part, part)))
        f = f->next;
    return f != NULL;
}

/* All fields of a part, which is an object when one of them has a name. */
static void doc_write_part(struct bedrock_writer *w, const struct bdk_asm_block *b,
                           const struct bdk_member *f)
{
    const char *part = f->part;

    if (!doc_has_members(b, part)) {
        doc_write_value(w, part, f);
        return;
    }
    bedrock_write_name(w, part);
    bedrock_write_object(w);
    if (b->kind == BDK_ASM_REASONING && bdk_name_is(part, "reasoningContent"))
        doc_write_reasoning(w, b);
    for (; f; f = f->next)
        if (f->name && bdk_name_is(f->part, part) && !doc_is_reasoning_text(b, f))
            doc_write_value(w, f->name, f);
    bedrock_write_object_end(w);
}

/* Is it the first of its part? */
static int doc_leads(const struct bdk_asm_block *b, const struct bdk_member *f)
{
    const struct bdk_member *other = b->fields.first;

    while (!bdk_name_is(other->part, f->part))
        other = other->next;
    return other == f;
}

static void doc_write_parts(struct bedrock_writer *w, const struct bdk_asm_block *b)
{
    for (const struct bdk_member *f = b->fields.first; f; f = f->next)
        if (doc_leads(b, f))
            doc_write_part(w, b, f);
}

static int doc_is_cited(const struct bdk_asm_block *b)
{
    return b->kind == BDK_ASM_TEXT && bdk_members_find(&b->fields, "citations", NULL);
}

/* A text with citations is a block of another kind in the document. */
static void doc_write_cited(struct bedrock_writer *w, const struct bdk_asm_block *b)
{
    const struct bdk_member *text = bdk_members_find(&b->fields, "text", NULL);

    bedrock_write_name(w, "citationsContent");
    bedrock_write_object(w);
    if (text) {
        bedrock_write_name(w, "content");
        bedrock_write_array(w);
        bedrock_write_object(w);
        doc_write_value(w, "text", text);
        bedrock_write_object_end(w);
        bedrock_write_array_end(w);
    }
    doc_write_value(w, "citations", bdk_members_find(&b->fields, "citations", NULL));
    bedrock_write_object_end(w);
}

static void doc_write_block(struct bedrock_writer *w, const struct bdk_asm_block *b)
{
    bedrock_write_object(w);
    if (doc_is_cited(b)) {
        doc_write_cited(w, b);
        for (const struct bdk_member *f = b->fields.first; f; f = f->next)
            if (doc_leads(b, f) && !bdk_name_is(f->part, "text") && !bdk_name_is(f->part, "citations"))
                doc_write_part(w, b, f);
    } else {
        doc_write_parts(w, b);
    }
    bedrock_write_object_end(w);
}

/* ---- The whole ---- */

static void doc_write_message(struct bedrock_writer *w, const struct bedrock_message *m)
{
    bedrock_write_object(w);
    doc_write_parts(w, &m->head);
    if (!bdk_members_find(&m->head.fields, "role", NULL)) {
        bedrock_write_name(w, "role");
        bedrock_write_string(w, "assistant", 9);
    }
    bedrock_write_name(w, "content");
    bedrock_write_array(w);
    for (size_t i = 0; i < m->n_blocks; i++)
        if (m->blocks[i]->fields.first)
            doc_write_block(w, m->blocks[i]);
    bedrock_write_array_end(w);
    bedrock_write_object_end(w);
}

static struct bedrock_json doc_whole(const struct bedrock_message *m)
{
    struct bedrock_json v = {m->whole.len > 0 ? BEDROCK_JSON_OBJECT : BEDROCK_JSON_NONE, m->whole.p,
                             m->whole.len};

    return v;
}

/* A block of a one-shot response; of type NONE when there is none. */
static struct bedrock_json doc_whole_block(const struct bedrock_message *m, int64_t index)
{
    struct bedrock_json content = bedrock_json_get(doc_whole(m), "output.message.content");
    struct bedrock_json_iter it = bedrock_json_iterate(content);
    struct bedrock_json v = {BEDROCK_JSON_NONE, NULL, 0};

    while (it.type == BEDROCK_JSON_ARRAY && index >= 0 && bedrock_json_next(&it, NULL, &v))
        if (index-- == 0)
            return v;
    v.type = BEDROCK_JSON_NONE;
    return v;
}

/* ---- Entry points: see bedrock.h ---- */

int bedrock_message_response(const struct bedrock_message *m, struct bedrock_writer *w)
{
    if (m->store.err.code)
        return m->store.err.code;
    if (m->whole.len > 0) {
        bdk_write_mended(w, m->whole.p, m->whole.len);
        return w->out.error;
    }
    bedrock_write_object(w);
    bedrock_write_name(w, "output");
    bedrock_write_object(w);
    bedrock_write_name(w, "message");
    doc_write_message(w, m);
    bedrock_write_object_end(w);
    doc_write_parts(w, &m->top);
    bedrock_write_object_end(w);
    return w->out.error;
}

int bedrock_message_write(const struct bedrock_message *m, struct bedrock_writer *w)
{
    struct bedrock_json v = bedrock_json_get(doc_whole(m), "output.message");

    if (m->store.err.code)
        return m->store.err.code;
    if (m->whole.len == 0)
        doc_write_message(w, m);
    else if (v.type == BEDROCK_JSON_OBJECT)
        bdk_write_mended(w, v.p, v.len);
    else
        return BEDROCK_ERR_USAGE;
    return w->out.error;
}

int bedrock_message_block(const struct bedrock_message *m, int64_t index, struct bedrock_writer *w)
{
    const struct bdk_asm_block *b = bdk_asm_block_at(m, index);
    struct bedrock_json v = doc_whole_block(m, index);

    if (m->store.err.code)
        return m->store.err.code;
    if (v.type != BEDROCK_JSON_NONE)
        bdk_write_mended(w, v.p, v.len);
    else if (b && b->fields.first)
        doc_write_block(w, b);
    else
        return BEDROCK_ERR_USAGE;
    return w->out.error;
}

struct bedrock_slice bedrock_message_kind(const struct bedrock_message *m, int64_t index)
{
    struct bedrock_json_iter it = bedrock_json_iterate(doc_whole_block(m, index));
    const struct bdk_asm_block *b = bdk_asm_block_at(m, index);
    struct bedrock_slice none = {NULL, 0}, kind;
    struct bedrock_json name, value;

    if (b && b->fields.first)
        return bdk_slice(doc_is_cited(b) ? "citationsContent" : b->fields.first->part);
    if (it.type != BEDROCK_JSON_OBJECT || !bedrock_json_next(&it, &name, &value))
        return none;
    kind.p = name.p + 1;
    kind.len = name.len - 2;
    return kind;
}
