/* assemble.c - a stream's events put together into the document that Converse would have returned.
 * Amazon Bedrock API reference, ConverseStream and Converse. Leaves out: reading frames (eventstream.c), and
 * members beside start and delta in the events of a block, for which a document has no place. */
#include "bedrock_int.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define ASM_MAX_DEFAULT ((size_t)64 << 20)
#define ASM_MAX_BLOCKS 4096
#define ASM_MAX_NAME 128    /* the longest in the API has 36 */

enum asm_kind {
    ASM_UNKNOWN = 0,
    ASM_TEXT,   /* text, with citations or without */
    ASM_TOOL_USE,
    ASM_TOOL_RESULT,
    ASM_REASONING,
    ASM_IMAGE,  /* and the other media, which are built alike */
    ASM_AUDIO,
    ASM_VIDEO
};

struct asm_block {
    int64_t index;
    enum asm_kind kind;
    int stopped;
    struct bdk_members fields;
};

struct bedrock_message {
    struct bdk_store store;
    struct asm_block **blocks;  /* in the order of their indexes */
    size_t n_blocks, cap_blocks;
    struct asm_block head;      /* the message's own members: role */
    struct asm_block top;       /* the document's, but output */
    struct bedrock_buffer whole;    /* a one-shot response instead of all that */
    int started, stopped;
    char odd[200];
};

/* ---- Names ---- */

static const struct asm_variant {
    const char *name;   /* in start and delta */
    const char *part;   /* in the block */
    enum asm_kind kind;
} asm_variants[] = {
    {"text", "text", ASM_TEXT},
    {"citation", "citations", ASM_TEXT},
    {"toolUse", "toolUse", ASM_TOOL_USE},
    {"toolResult", "toolResult", ASM_TOOL_RESULT},
    {"reasoningContent", "reasoningContent", ASM_REASONING},
    {"image", "image", ASM_IMAGE},
    {"audio", "audio", ASM_AUDIO},
    {"video", "video", ASM_VIDEO},
};

static const struct asm_variant *asm_variant_of(struct bedrock_json name)
{
    for (size_t i = 0; i < sizeof asm_variants / sizeof asm_variants[0]; i++)
        if (bedrock_json_equals(name, asm_variants[i].name))
            return &asm_variants[i];
    return NULL;
}

/* name may be NULL. */
static int asm_is(const char *name, const char *text)
{
    return name && strcmp(name, text) == 0;
}

static int asm_wrong(struct bedrock_message *m, const char *what)
{
    return bdk_error_set(&m->store.err, BEDROCK_ERR_PROTOCOL, "%s", what);
}

static int asm_refuse(struct bedrock_message *m, int64_t index, const char *what)
{
    return bdk_error_set(&m->store.err, BEDROCK_ERR_PROTOCOL, "block %" PRId64 " of the answer %s", index,
                         what);
}

static int asm_name(struct bedrock_message *m, struct bedrock_json json, char name[ASM_MAX_NAME + 1])
{
    size_t n = bedrock_json_unescape(json, name, ASM_MAX_NAME);

    if (n > ASM_MAX_NAME || memchr(name, 0, n))
        return asm_wrong(m, "an event has a member whose name is over 128 bytes long or holds a zero byte");
    name[n] = 0;
    return 0;
}

/* ---- Members ---- */

/* The members of an object: null is absent, __type a serialiser's stray, and of two with one name the last
 * counts. */
struct asm_members {
    size_t n;
    struct asm_member {
        struct bedrock_json name, value;
    } at[BDK_MAX_MEMBERS];
};

static void asm_add_member(struct asm_members *s, struct bedrock_json name, struct bedrock_json value)
{
    size_t i = 0;

    while (i < s->n && !(s->at[i].name.len == name.len && memcmp(s->at[i].name.p, name.p, name.len) == 0))
        i++;
    if (i == BDK_MAX_MEMBERS)
        return;
    s->at[i].name = name;
    s->at[i].value = value;
    s->n += i == s->n;
}

static int asm_members(struct bedrock_message *m, struct bedrock_json object, struct asm_members *s)
{
    struct bedrock_json_iter it = bedrock_json_iterate(object);
    struct bedrock_json name, value;

    s->n = 0;
    while (object.type == BEDROCK_JSON_OBJECT && bedrock_json_next(&it, &name, &value)) {
        if (value.type == BEDROCK_JSON_NULL || bedrock_json_equals(name, "__type"))
            continue;
        if (s->n == BDK_MAX_MEMBERS)
            return bdk_error_set(&m->store.err, BEDROCK_ERR_LIMIT, "an event has more than %d members",
                                 BDK_MAX_MEMBERS);
        asm_add_member(s, name, value);
    }
    return 0;
}

/* ---- Blocks ---- */

/* Where the block of that index is, or belongs. */
static size_t asm_place(const struct bedrock_message *m, int64_t index)
{
    size_t low = 0, high = m->n_blocks;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (m->blocks[middle]->index < index)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static struct asm_block *asm_block_at(const struct bedrock_message *m, int64_t index)
{
    size_t place = asm_place(m, index);

    return place < m->n_blocks && m->blocks[place]->index == index ? m->blocks[place] : NULL;
}

static int asm_grow_blocks(struct bedrock_message *m)
{
    size_t unit = sizeof *m->blocks, cap = m->cap_blocks ? m->cap_blocks * 2 : 16;
    void *p;

    if (m->n_blocks < m->cap_blocks)
        return 0;
    if (m->n_blocks == ASM_MAX_BLOCKS)
        return bdk_error_set(&m->store.err, BEDROCK_ERR_LIMIT, "the answer has more than %d blocks",
                             ASM_MAX_BLOCKS);
    p = bdk_resize(m->store.alloc, m->store.alloc_ctx, m->blocks, m->cap_blocks * unit, cap * unit);
    if (!p)
        return bdk_store_no_memory(&m->store);
    m->blocks = p;
    m->cap_blocks = cap;
    return 0;
}

static struct asm_block *asm_new_block(struct bedrock_message *m, int64_t index)
{
    size_t place = asm_place(m, index);
    struct asm_block *b;

    if (m->stopped) {
        asm_wrong(m, "the answer goes on behind its end");
        return NULL;
    }
    if (asm_grow_blocks(m) != 0 || (b = bdk_store_new(&m->store, sizeof *b)) == NULL)
        return NULL;
    b->index = index;
    memmove(m->blocks + place + 1, m->blocks + place, (m->n_blocks - place) * sizeof *m->blocks);
    m->blocks[place] = b;
    m->n_blocks++;
    return b;
}

/* ---- Starts and deltas ---- */

/* A result of the service's own tool comes as an array: its first element goes on with the text before
 * it, the others are new ones. */
static int asm_result(struct bedrock_message *m, struct asm_block *b, struct bedrock_json array)
{
    struct bdk_member *f = bdk_members_get(&m->store, &b->fields, "toolResult", "content");
    struct bedrock_json_iter it = bedrock_json_iterate(array);
    struct bedrock_json element;
    int rc = f ? 0 : m->store.err.code;

    for (int first = 1; rc == 0 && bedrock_json_next(&it, NULL, &element); first = 0) {
        struct bedrock_json text = bedrock_json_get(element, "text");

        if (text.type != BEDROCK_JSON_STRING)
            rc = bdk_member_append(&m->store, f, "", element, "");
        else if (first && f->ends_in_text)
            rc = bdk_member_go_on(&m->store, f, text);
        else
            rc = bdk_member_append(&m->store, f, "{\"text\":", text, "}");
        f->ends_in_text = text.type == BEDROCK_JSON_STRING;
    }
    if (rc == 0 && f->text.len == 0)
        rc = bdk_member_replace(&m->store, f, array); /* no elements */
    return rc;
}

/* {"bytes":"..."} comes in fragments; s3Location and what else there may be does not. */
static int asm_source(struct bedrock_message *m, struct bdk_member *f, struct bedrock_json source)
{
    struct bedrock_json bytes = bedrock_json_get(source, "bytes");

    if (bytes.type != BEDROCK_JSON_STRING)
        return bdk_member_replace(&m->store, f, source);
    return bdk_member_bytes(&m->store, f, "{\"bytes\":\"", bytes, "\"}");
}

/* A member of what start or delta names. */
static int asm_member(struct bedrock_message *m, struct asm_block *b, const struct asm_variant *known,
                      const char *part, const struct asm_member *member)
{
    enum asm_kind kind = known ? known->kind : ASM_UNKNOWN;
    char name[ASM_MAX_NAME + 1];
    struct bdk_member *f;

    if (asm_name(m, member->name, name) != 0)
        return m->store.err.code;
    f = bdk_members_get(&m->store, &b->fields, part, name);
    if (!f)
        return m->store.err.code;
    if (kind >= ASM_IMAGE && asm_is(name, "source"))
        return asm_source(m, f, member->value);
    if (kind == ASM_REASONING && asm_is(name, "redactedContent") && member->value.type == BEDROCK_JSON_STRING)
        return bdk_member_bytes(&m->store, f, "\"", member->value, "\"");
    if (kind == ASM_UNKNOWN || (kind == ASM_TOOL_USE && asm_is(name, "input")) ||
        (kind == ASM_REASONING && (asm_is(name, "text") || asm_is(name, "signature"))))
        return bdk_member_join(&m->store, f, member->value);
    return bdk_member_replace(&m->store, f, member->value);
}

static int asm_object(struct bedrock_message *m, struct asm_block *b, const struct asm_variant *known,
                      const char *part, struct bedrock_json object)
{
    struct asm_members s;
    struct bdk_member *f;

    if (asm_members(m, object, &s) != 0)
        return m->store.err.code;
    for (size_t i = 0; i < s.n; i++)
        if (asm_member(m, b, known, part, &s.at[i]) != 0)
            return m->store.err.code;
    if (s.n > 0)
        return 0;
    f = bdk_members_get(&m->store, &b->fields, part, NULL); /* {}: that it was there is all to keep */
    return f && f->text.len == 0 ? bdk_member_replace(&m->store, f, object) : m->store.err.code;
}

static int asm_value(struct bedrock_message *m, struct asm_block *b, const char *part, struct bedrock_json v,
                     int is_element)
{
    struct bdk_member *f = bdk_members_get(&m->store, &b->fields, part, NULL);

    if (!f)
        return m->store.err.code;
    return is_element ? bdk_member_append(&m->store, f, "", v, "") : bdk_member_join(&m->store, f, v);
}

/* One variant of the union that start and delta are. */
static int asm_variant(struct bedrock_message *m, struct asm_block *b, const struct asm_member *v)
{
    const struct asm_variant *known = asm_variant_of(v->name);
    char name[ASM_MAX_NAME + 1];
    const char *part = known ? known->part : name;

    if (asm_name(m, v->name, name) != 0)
        return m->store.err.code;
    if (known && b->kind && known->kind != b->kind)
        return asm_refuse(m, b->index, "changes its kind");
    if (known)
        b->kind = known->kind;
    if (b->kind == ASM_TEXT && known)
        return asm_value(m, b, part, v->value, strcmp(part, known->name) != 0);
    if (b->kind == ASM_TOOL_RESULT && known && v->value.type == BEDROCK_JSON_ARRAY)
        return asm_result(m, b, v->value);
    if (v->value.type == BEDROCK_JSON_OBJECT)
        return asm_object(m, b, known, part, v->value);
    return asm_value(m, b, part, v->value, 0);
}

static int asm_union(struct bedrock_message *m, struct asm_block *b, struct bedrock_json v)
{
    struct asm_members s;

    if (asm_members(m, v, &s) != 0)
        return m->store.err.code;
    for (size_t i = 0; i < s.n; i++)
        if (asm_variant(m, b, &s.at[i]) != 0)
            return m->store.err.code;
    return 0;
}

static int asm_index(struct bedrock_message *m, const struct bedrock_event *ev, int64_t *index)
{
    if (bedrock_json_int(bedrock_json_get(ev->json, "contentBlockIndex"), index) == 0 && *index >= 0)
        return 0;
    return asm_wrong(m, "an event of a block has no contentBlockIndex from 0 on");
}

static int asm_start(struct bedrock_message *m, const struct bedrock_event *ev)
{
    struct asm_block *b;
    int64_t index;

    if (asm_index(m, ev, &index) != 0)
        return m->store.err.code;
    if (asm_block_at(m, index))
        return asm_refuse(m, index, "starts twice");
    b = asm_new_block(m, index);
    return b ? asm_union(m, b, bedrock_json_get(ev->json, "start")) : m->store.err.code;
}

static int asm_delta(struct bedrock_message *m, const struct bedrock_event *ev)
{
    struct asm_block *b;
    int64_t index;

    if (asm_index(m, ev, &index) != 0)
        return m->store.err.code;
    b = asm_block_at(m, index);
    if (b && b->stopped)
        return asm_refuse(m, index, "goes on behind its end");
    if (!b)
        b = asm_new_block(m, index); /* text and reasoning have no start */
    return b ? asm_union(m, b, bedrock_json_get(ev->json, "delta")) : m->store.err.code;
}

/* ---- Ends ---- */

/* The input of a tool came as text that should be JSON: it becomes that, or stays the string it is. */
static int asm_finish_input(struct bedrock_message *m, const struct asm_block *b, struct bdk_member *f)
{
    struct bedrock_json whole = {BEDROCK_JSON_STRING, f->text.p, f->text.len};
    struct bedrock_json v = {BEDROCK_JSON_OBJECT, "{}", 2};
    struct bedrock_json_error e = {0, 0, 0, NULL};
    struct bedrock_slice text = {NULL, 0};
    int rc = 0;

    if (f->text.len > 0 && bdk_member_type(f) != BEDROCK_JSON_STRING)
        return 0; /* a stand-in sent it as JSON */
    if (f->text.len > 0 && bdk_decode(&m->store.scratch, whole, &text) != 0)
        return bdk_store_no_memory(&m->store);
    if (text.len > 0 && bdk_json_parse_halves(text.p, text.len, &v, &e) == 0 &&
        bdk_json_depth(v) > BDK_MAX_NESTED)
        e.what = "it is nested too deep";
    if (e.what)
        snprintf(m->odd, sizeof m->odd, "the tool's input in block %" PRId64 " is not JSON and is kept as "
                 "text: at byte %zu, %s", b->index, e.offset + 1, e.what);
    else
        rc = bdk_member_replace(&m->store, f, v);
    bedrock_buffer_free(&m->store.scratch); /* as long as the input */
    return rc;
}

static int asm_finish(struct bedrock_message *m, struct asm_block *b)
{
    struct bdk_member *f;

    if (b->stopped)
        return 0;
    b->stopped = 1;
    if (b->kind != ASM_TOOL_USE)
        return 0;
    f = bdk_members_get(&m->store, &b->fields, "toolUse", "input");
    return f ? asm_finish_input(m, b, f) : m->store.err.code;
}

static int asm_stop(struct bedrock_message *m, const struct bedrock_event *ev)
{
    struct asm_block *b;
    int64_t index;

    if (asm_index(m, ev, &index) != 0)
        return m->store.err.code;
    b = asm_block_at(m, index);
    return b ? asm_finish(m, b) : 0; /* a text without any text has no start and no delta */
}

/* ---- Events of the whole message ---- */

/* What the document has from elsewhere or nowhere. */
static int asm_is_own(struct bedrock_json name)
{
    return bedrock_json_equals(name, "p") || bedrock_json_equals(name, "output");
}

static int asm_top_member(struct bedrock_message *m, struct asm_block *b, const char *part,
                          const struct asm_member *member)
{
    char name[ASM_MAX_NAME + 1];
    struct bdk_member *f;

    if (asm_name(m, member->name, name) != 0)
        return m->store.err.code;
    f = bdk_members_get(&m->store, &b->fields, part ? part : name, part ? name : NULL);
    return f ? bdk_member_replace(&m->store, f, member->value) : m->store.err.code;
}

/* Members of the document; those of an event that nobody knows below its name. */
static int asm_top(struct bedrock_message *m, const struct bedrock_event *ev, const char *part)
{
    int is_start = bdk_slice_is(ev->type, "messageStart");
    struct asm_members s;

    if (asm_members(m, ev->json, &s) != 0)
        return m->store.err.code;
    for (size_t i = 0; i < s.n; i++) {
        int is_role = is_start && bedrock_json_equals(s.at[i].name, "role");

        if (!asm_is_own(s.at[i].name) && asm_top_member(m, is_role ? &m->head : &m->top, part, &s.at[i]) != 0)
            return m->store.err.code;
    }
    return 0;
}

static int asm_message_start(struct bedrock_message *m, const struct bedrock_event *ev)
{
    if (m->started)
        return asm_wrong(m, "the answer starts twice");
    m->started = 1;
    return asm_top(m, ev, NULL);
}

static int asm_message_stop(struct bedrock_message *m, const struct bedrock_event *ev)
{
    for (size_t i = 0; i < m->n_blocks; i++)
        if (asm_finish(m, m->blocks[i]) != 0)
            return m->store.err.code;
    m->stopped = 1;
    return asm_top(m, ev, NULL);
}

static int asm_metadata(struct bedrock_message *m, const struct bedrock_event *ev)
{
    return asm_top(m, ev, NULL);
}

/* A header's value was not checked: ASCII without controls and what needs an escape. */
static int asm_is_plain(struct bedrock_slice s)
{
    const unsigned char *p = (const unsigned char *)s.p;

    return bdk_json_plain(p, p + s.len) == p + s.len;
}

static int asm_unknown(struct bedrock_message *m, const struct bedrock_event *ev)
{
    char part[ASM_MAX_NAME + 1];

    if (ev->type.len == 0 || ev->type.len > ASM_MAX_NAME || !asm_is_plain(ev->type))
        return asm_wrong(m, "an event has a type that is no name");
    memcpy(part, ev->type.p, ev->type.len);
    part[ev->type.len] = 0;
    return strcmp(part, "output") == 0 ? 0 : asm_top(m, ev, part);
}

static int asm_event(struct bedrock_message *m, const struct bedrock_event *ev)
{
    static const struct {
        const char *type;
        int (*take)(struct bedrock_message *m, const struct bedrock_event *ev);
    } known[] = {
        {"contentBlockDelta", asm_delta}, {"contentBlockStart", asm_start}, {"contentBlockStop", asm_stop},
        {"messageStart", asm_message_start}, {"messageStop", asm_message_stop}, {"metadata", asm_metadata},
    };

    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (!bdk_slice_is(ev->type, known[i].type))
            continue;
        if (ev->json.type == BEDROCK_JSON_OBJECT)
            return known[i].take(m, ev);
        return bdk_error_set(&m->store.err, BEDROCK_ERR_PROTOCOL, "%s is no JSON object", known[i].type);
    }
    return asm_unknown(m, ev);
}

static int asm_response(struct bedrock_message *m, const struct bedrock_event *ev)
{
    if (ev->json.type != BEDROCK_JSON_OBJECT)
        return asm_wrong(m, "the response is no JSON object");
    if (m->whole.len > 0 || m->n_blocks > 0 || m->started || m->head.fields.first || m->top.fields.first)
        return asm_wrong(m, "a whole response in the middle of another answer");
    if (ev->json.len > m->store.max - m->store.held)
        return bdk_store_no_room(&m->store);
    if (bedrock_buffer_append(&m->whole, ev->json.p, ev->json.len) != 0)
        return bdk_store_no_memory(&m->store);
    m->store.held += ev->json.len;
    return 0;
}

/* ---- Writing ---- */

static void asm_write_value(struct bedrock_writer *w, const char *name, const struct bdk_member *f)
{
    bedrock_write_name(w, name);
    bdk_write_mended(w, f->text.p, f->text.len);
}

static int asm_is_reasoning_text(const struct asm_block *b, const struct bdk_member *f)
{
    return b->kind == ASM_REASONING && asm_is(f->part, "reasoningContent") &&
           (asm_is(f->name, "text") || asm_is(f->name, "signature"));
}

/* What streams side by side stands together in the document; a signature may come without a text, which
 * the API wants all the same. */
static void asm_write_reasoning(struct bedrock_writer *w, const struct asm_block *b)
{
    const struct bdk_member *text = bdk_members_find(&b->fields, "reasoningContent", "text");
    const struct bdk_member *signature = bdk_members_find(&b->fields, "reasoningContent", "signature");

    if (!text && !signature)
        return;
    bedrock_write_name(w, "reasoningText");
    bedrock_write_object(w);
    if (text) {
        asm_write_value(w, "text", text);
    } else {
        bedrock_write_name(w, "text");
        bedrock_write_string(w, "", 0);
    }
    if (signature)
        asm_write_value(w, "signature", signature);
    bedrock_write_object_end(w);
}

static int asm_has_members(const struct asm_block *b, const char *part)
{
    const struct bdk_member *f = b->fields.first;

    while (f && !(f->name && asm_is(f->part, part)))
        f = f->next;
    return f != NULL;
}

/* All fields of a part, which is an object when one of them has a name. */
static void asm_write_part(struct bedrock_writer *w, const struct asm_block *b, const struct bdk_member *f)
{
    const char *part = f->part;

    if (!asm_has_members(b, part)) {
        asm_write_value(w, part, f);
        return;
    }
    bedrock_write_name(w, part);
    bedrock_write_object(w);
    if (b->kind == ASM_REASONING && asm_is(part, "reasoningContent"))
        asm_write_reasoning(w, b);
    for (; f; f = f->next)
        if (f->name && asm_is(f->part, part) && !asm_is_reasoning_text(b, f))
            asm_write_value(w, f->name, f);
    bedrock_write_object_end(w);
}

/* Is it the first of its part? */
static int asm_leads(const struct asm_block *b, const struct bdk_member *f)
{
    const struct bdk_member *other = b->fields.first;

    while (!asm_is(other->part, f->part))
        other = other->next;
    return other == f;
}

static void asm_write_parts(struct bedrock_writer *w, const struct asm_block *b)
{
    for (const struct bdk_member *f = b->fields.first; f; f = f->next)
        if (asm_leads(b, f))
            asm_write_part(w, b, f);
}

static int asm_is_cited(const struct asm_block *b)
{
    return b->kind == ASM_TEXT && bdk_members_find(&b->fields, "citations", NULL);
}

/* A text with citations is a block of another kind in the document. */
static void asm_write_cited(struct bedrock_writer *w, const struct asm_block *b)
{
    const struct bdk_member *text = bdk_members_find(&b->fields, "text", NULL);

    bedrock_write_name(w, "citationsContent");
    bedrock_write_object(w);
    if (text) {
        bedrock_write_name(w, "content");
        bedrock_write_array(w);
        bedrock_write_object(w);
        asm_write_value(w, "text", text);
        bedrock_write_object_end(w);
        bedrock_write_array_end(w);
    }
    asm_write_value(w, "citations", bdk_members_find(&b->fields, "citations", NULL));
    bedrock_write_object_end(w);
}

static void asm_write_block(struct bedrock_writer *w, const struct asm_block *b)
{
    bedrock_write_object(w);
    if (asm_is_cited(b)) {
        asm_write_cited(w, b);
        for (const struct bdk_member *f = b->fields.first; f; f = f->next)
            if (asm_leads(b, f) && !asm_is(f->part, "text") && !asm_is(f->part, "citations"))
                asm_write_part(w, b, f);
    } else {
        asm_write_parts(w, b);
    }
    bedrock_write_object_end(w);
}

static void asm_write_message(struct bedrock_writer *w, const struct bedrock_message *m)
{
    bedrock_write_object(w);
    asm_write_parts(w, &m->head);
    if (!bdk_members_find(&m->head.fields, "role", NULL)) {
        bedrock_write_name(w, "role");
        bedrock_write_string(w, "assistant", 9);
    }
    bedrock_write_name(w, "content");
    bedrock_write_array(w);
    for (size_t i = 0; i < m->n_blocks; i++)
        if (m->blocks[i]->fields.first)
            asm_write_block(w, m->blocks[i]);
    bedrock_write_array_end(w);
    bedrock_write_object_end(w);
}

static struct bedrock_json asm_whole(const struct bedrock_message *m)
{
    struct bedrock_json v = {m->whole.len > 0 ? BEDROCK_JSON_OBJECT : BEDROCK_JSON_NONE, m->whole.p,
                             m->whole.len};

    return v;
}

/* A block of a one-shot response; of type NONE when there is none. */
static struct bedrock_json asm_whole_block(const struct bedrock_message *m, int64_t index)
{
    struct bedrock_json content = bedrock_json_get(asm_whole(m), "output.message.content");
    struct bedrock_json_iter it = bedrock_json_iterate(content);
    struct bedrock_json v = {BEDROCK_JSON_NONE, NULL, 0};

    while (it.type == BEDROCK_JSON_ARRAY && index >= 0 && bedrock_json_next(&it, NULL, &v))
        if (index-- == 0)
            return v;
    v.type = BEDROCK_JSON_NONE;
    return v;
}

/* ---- Entry points: see bedrock.h ---- */

int bedrock_message_open(struct bedrock_message **out, size_t max, bedrock_alloc_fn alloc, void *alloc_ctx)
{
    struct bedrock_message *m = bdk_resize(alloc, alloc_ctx, NULL, 0, sizeof *m);

    *out = m;
    if (!m)
        return BEDROCK_ERR_NOMEM;
    memset(m, 0, sizeof *m);
    m->store.alloc = alloc;
    m->store.alloc_ctx = alloc_ctx;
    m->store.max = max ? max : ASM_MAX_DEFAULT;
    bdk_store_buffer(&m->store, &m->whole);
    bdk_store_buffer(&m->store, &m->store.scratch);
    return 0;
}

void bedrock_message_close(struct bedrock_message *m)
{
    if (!m)
        return;
    for (size_t i = 0; i < m->n_blocks; i++) {
        bdk_members_free(&m->store, &m->blocks[i]->fields);
        bdk_resize(m->store.alloc, m->store.alloc_ctx, m->blocks[i], sizeof *m->blocks[i], 0);
    }
    bdk_resize(m->store.alloc, m->store.alloc_ctx, m->blocks, m->cap_blocks * sizeof *m->blocks, 0);
    bdk_members_free(&m->store, &m->head.fields);
    bdk_members_free(&m->store, &m->top.fields);
    bedrock_buffer_free(&m->whole);
    bedrock_buffer_free(&m->store.scratch);
    bdk_resize(m->store.alloc, m->store.alloc_ctx, m, sizeof *m, 0);
}

int bedrock_message_add(struct bedrock_message *m, const struct bedrock_event *ev)
{
    m->odd[0] = 0;
    if (m->store.err.code)
        return m->store.err.code;
    if (ev->kind == BEDROCK_RESPONSE)
        return asm_response(m, ev);
    if (m->whole.len > 0)
        return asm_wrong(m, "an event behind a whole response");
    return asm_event(m, ev);
}

const struct bedrock_error *bedrock_message_error(const struct bedrock_message *m)
{
    return &m->store.err;
}

const char *bedrock_message_odd(const struct bedrock_message *m)
{
    return m->odd;
}

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
    asm_write_message(w, m);
    bedrock_write_object_end(w);
    asm_write_parts(w, &m->top);
    bedrock_write_object_end(w);
    return w->out.error;
}

int bedrock_message_write(const struct bedrock_message *m, struct bedrock_writer *w)
{
    struct bedrock_json v = bedrock_json_get(asm_whole(m), "output.message");

    if (m->store.err.code)
        return m->store.err.code;
    if (m->whole.len == 0)
        asm_write_message(w, m);
    else if (v.type == BEDROCK_JSON_OBJECT)
        bdk_write_mended(w, v.p, v.len);
    else
        return BEDROCK_ERR_USAGE;
    return w->out.error;
}

int bedrock_message_block(const struct bedrock_message *m, int64_t index, struct bedrock_writer *w)
{
    const struct asm_block *b = asm_block_at(m, index);
    struct bedrock_json v = asm_whole_block(m, index);

    if (m->store.err.code)
        return m->store.err.code;
    if (v.type != BEDROCK_JSON_NONE)
        bdk_write_mended(w, v.p, v.len);
    else if (b && b->fields.first)
        asm_write_block(w, b);
    else
        return BEDROCK_ERR_USAGE;
    return w->out.error;
}

struct bedrock_slice bedrock_message_kind(const struct bedrock_message *m, int64_t index)
{
    struct bedrock_json_iter it = bedrock_json_iterate(asm_whole_block(m, index));
    const struct asm_block *b = asm_block_at(m, index);
    struct bedrock_slice none = {NULL, 0}, kind;
    struct bedrock_json name, value;

    if (b && b->fields.first)
        return bdk_slice(asm_is_cited(b) ? "citationsContent" : b->fields.first->part);
    if (it.type != BEDROCK_JSON_OBJECT || !bedrock_json_next(&it, &name, &value))
        return none;
    kind.p = name.p + 1;
    kind.len = name.len - 2;
    return kind;
}
