/* assemble.c - a stream's events put together for the document that Converse would have returned.
 * Amazon Bedrock API reference, ConverseStream. Leaves out: writing it (document.c), reading frames
 * (eventstream.c), members beside start and delta in a block's events, for which a document has no place. */
#include "bedrock_int.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define ASM_MAX_DEFAULT ((size_t)64 << 20)
#define ASM_MAX_BLOCKS 4096
#define ASM_MAX_NAME 128    /* the longest in the API has 36 */

/* ---- Names ---- */

static const struct asm_variant {
    const char *name;   /* in start and delta */
    const char *part;   /* in the block */
    enum bdk_asm_kind kind;
} asm_variants[] = {
    {"text", "text", BDK_ASM_TEXT},
    {"citation", "citations", BDK_ASM_TEXT},
    {"toolUse", "toolUse", BDK_ASM_TOOL_USE},
    {"toolResult", "toolResult", BDK_ASM_TOOL_RESULT},
    {"reasoningContent", "reasoningContent", BDK_ASM_REASONING},
    {"image", "image", BDK_ASM_IMAGE},
    {"audio", "audio", BDK_ASM_AUDIO},
    {"video", "video", BDK_ASM_VIDEO},
};

static const struct asm_variant *asm_variant_of(struct bedrock_json name)
{
    for (size_t i = 0; i < sizeof asm_variants / sizeof asm_variants[0]; i++)
        if (bedrock_json_equals(name, asm_variants[i].name))
            return &asm_variants[i];
    return NULL;
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

struct bdk_asm_block *bdk_asm_block_at(const struct bedrock_message *m, int64_t index)
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

static struct bdk_asm_block *asm_new_block(struct bedrock_message *m, int64_t index)
{
    size_t place = asm_place(m, index);
    struct bdk_asm_block *b;

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
static int asm_result(struct bedrock_message *m, struct bdk_asm_block *b, struct bedrock_json array)
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
static int asm_member(struct bedrock_message *m, struct bdk_asm_block *b, const struct asm_variant *known,
                      const char *part, const struct asm_member *member)
{
    enum bdk_asm_kind kind = known ? known->kind : BDK_ASM_UNKNOWN;
    char name[ASM_MAX_NAME + 1];
    struct bdk_member *f;

    if (asm_name(m, member->name, name) != 0)
        return m->store.err.code;
    f = bdk_members_get(&m->store, &b->fields, part, name);
    if (!f)
        return m->store.err.code;
    if (kind >= BDK_ASM_IMAGE && bdk_name_is(name, "source"))
        return asm_source(m, f, member->value);
    if (kind == BDK_ASM_REASONING && bdk_name_is(name, "redactedContent") &&
        member->value.type == BEDROCK_JSON_STRING)
        return bdk_member_bytes(&m->store, f, "\"", member->value, "\"");
    if (kind == BDK_ASM_UNKNOWN || (kind == BDK_ASM_TOOL_USE && bdk_name_is(name, "input")) ||
        (kind == BDK_ASM_REASONING && (bdk_name_is(name, "text") || bdk_name_is(name, "signature"))))
        return bdk_member_join(&m->store, f, member->value);
    return bdk_member_replace(&m->store, f, member->value);
}

static int asm_object(struct bedrock_message *m, struct bdk_asm_block *b, const struct asm_variant *known,
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

static int asm_value(struct bedrock_message *m, struct bdk_asm_block *b, const char *part,
                     struct bedrock_json v, int is_element)
{
    struct bdk_member *f = bdk_members_get(&m->store, &b->fields, part, NULL);

    if (!f)
        return m->store.err.code;
    return is_element ? bdk_member_append(&m->store, f, "", v, "") : bdk_member_join(&m->store, f, v);
}

/* One variant of the union that start and delta are. */
static int asm_variant(struct bedrock_message *m, struct bdk_asm_block *b, const struct asm_member *v)
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
    if (b->kind == BDK_ASM_TEXT && known)
        return asm_value(m, b, part, v->value, strcmp(part, known->name) != 0);
    if (b->kind == BDK_ASM_TOOL_RESULT && known && v->value.type == BEDROCK_JSON_ARRAY)
        return asm_result(m, b, v->value);
    if (v->value.type == BEDROCK_JSON_OBJECT)
        return asm_object(m, b, known, part, v->value);
    return asm_value(m, b, part, v->value, 0);
}

static int asm_union(struct bedrock_message *m, struct bdk_asm_block *b, struct bedrock_json v)
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
    struct bdk_asm_block *b;
    int64_t index;

    if (asm_index(m, ev, &index) != 0)
        return m->store.err.code;
    if (bdk_asm_block_at(m, index))
        return asm_refuse(m, index, "starts twice");
    b = asm_new_block(m, index);
    return b ? asm_union(m, b, bedrock_json_get(ev->json, "start")) : m->store.err.code;
}

static int asm_delta(struct bedrock_message *m, const struct bedrock_event *ev)
{
    struct bdk_asm_block *b;
    int64_t index;

    if (asm_index(m, ev, &index) != 0)
        return m->store.err.code;
    b = bdk_asm_block_at(m, index);
    if (b && b->stopped)
        return asm_refuse(m, index, "goes on behind its end");
    if (!b)
        b = asm_new_block(m, index); /* text and reasoning have no start */
    return b ? asm_union(m, b, bedrock_json_get(ev->json, "delta")) : m->store.err.code;
}

/* ---- Ends ---- */

/* The input of a tool came as text that should be JSON: it becomes that, or stays the string it is. */
static int asm_finish_input(struct bedrock_message *m, const struct bdk_asm_block *b, struct bdk_member *f)
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

static int asm_finish(struct bedrock_message *m, struct bdk_asm_block *b)
{
    struct bdk_member *f;

    if (b->stopped)
        return 0;
    b->stopped = 1;
    if (b->kind != BDK_ASM_TOOL_USE)
        return 0;
    f = bdk_members_get(&m->store, &b->fields, "toolUse", "input");
    return f ? asm_finish_input(m, b, f) : m->store.err.code;
}

static int asm_stop(struct bedrock_message *m, const struct bedrock_event *ev)
{
    struct bdk_asm_block *b;
    int64_t index;

    if (asm_index(m, ev, &index) != 0)
        return m->store.err.code;
    b = bdk_asm_block_at(m, index);
    return b ? asm_finish(m, b) : 0; /* a text without any text has no start and no delta */
}

/* ---- Events of the whole message ---- */

/* What the document has from elsewhere or nowhere. */
static int asm_is_own(struct bedrock_json name)
{
    return bedrock_json_equals(name, "p") || bedrock_json_equals(name, "output");
}

static int asm_top_member(struct bedrock_message *m, struct bdk_asm_block *b, const char *part,
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
