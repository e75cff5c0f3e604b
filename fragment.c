/* fragment.c - JSON values that grow fragment by fragment, named, counted against a ceiling.
 * Amazon Bedrock API reference, ContentBlockDelta. Leaves out: which fragments belong together
 * (assemble.c). */
#include "bedrock_int.h"
#include <stdio.h>
#include <string.h>

int bdk_name_is(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

/* ---- Memory ---- */

int bdk_store_no_room(struct bdk_store *st)
{
    return bdk_error_set(&st->err, BEDROCK_ERR_LIMIT, "the answer is larger than %zu bytes", st->max);
}

/* A buffer's failure: its ceiling is far above what bdk_store_no_room() lets through. */
int bdk_store_no_memory(struct bdk_store *st)
{
    return bdk_error_set(&st->err, BEDROCK_ERR_NOMEM, "%s", bedrock_code_text(BEDROCK_ERR_NOMEM));
}

void *bdk_store_new(struct bdk_store *st, size_t n)
{
    void *p;

    if (n > st->max - st->held) {
        bdk_store_no_room(st);
        return NULL;
    }
    p = bdk_resize(st->alloc, st->alloc_ctx, NULL, 0, n);
    if (!p) {
        bdk_store_no_memory(st);
        return NULL;
    }
    st->held += n;
    memset(p, 0, n);
    return p;
}

void bdk_store_buffer(const struct bdk_store *st, struct bedrock_buffer *b)
{
    b->alloc = st->alloc;
    b->alloc_ctx = st->alloc_ctx;
    b->max = SIZE_MAX / 8;
}

static size_t frag_size(const struct bdk_member *f)
{
    return sizeof *f + strlen(f->part) + 1 + (f->name ? strlen(f->name) + 1 : 0);
}

void bdk_members_free(struct bdk_store *st, struct bdk_members *s)
{
    while (s->first) {
        struct bdk_member *f = s->first;

        s->first = f->next;
        bedrock_buffer_free(&f->text);
        bdk_wipe(&f->bits, sizeof f->bits);
        bdk_resize(st->alloc, st->alloc_ctx, f, frag_size(f), 0);
    }
}

/* ---- Fields ---- */

struct bdk_member *bdk_members_find(const struct bdk_members *s, const char *part, const char *name)
{
    struct bdk_member *f = s->first;

    while (f && !(bdk_name_is(f->part, part) && bdk_name_is(f->name, name)))
        f = f->next;
    return f;
}

struct bdk_member *bdk_members_get(struct bdk_store *st, struct bdk_members *s, const char *part,
                                   const char *name)
{
    size_t part_size = strlen(part) + 1, name_size = name ? strlen(name) + 1 : 0;
    struct bdk_member *f = bdk_members_find(s, part, name), **end = &s->first;
    char *names;

    if (f)
        return f;
    if (s->n == BDK_MAX_MEMBERS) {
        bdk_error_set(&st->err, BEDROCK_ERR_LIMIT, "a block or the response has more than %d members",
                      BDK_MAX_MEMBERS);
        return NULL;
    }
    f = bdk_store_new(st, sizeof *f + part_size + name_size);
    if (!f)
        return NULL;
    names = (char *)(f + 1);
    memcpy(names, part, part_size);
    f->part = names;
    if (name) {
        memcpy(names + part_size, name, name_size);
        f->name = names + part_size;
    }
    bdk_store_buffer(st, &f->text);
    while (*end)
        end = &(*end)->next;
    *end = f;
    s->n++;
    return f;
}

enum bedrock_json_type bdk_member_type(const struct bdk_member *f)
{
    if (f->text.len == 0)
        return BEDROCK_JSON_NONE;
    return f->text.p[0] == '"' ? BEDROCK_JSON_STRING : f->text.p[0] == '[' ? BEDROCK_JSON_ARRAY
         : f->text.p[0] == '{' ? BEDROCK_JSON_OBJECT : BEDROCK_JSON_NUMBER;
}

/* Count and make room for n bytes in place of the last `cut` ones. */
static int frag_room(struct bdk_store *st, struct bdk_member *f, size_t cut, size_t n)
{
    if (n <= cut)
        return 0;
    if (n - cut > st->max - st->held)
        return bdk_store_no_room(st);
    return bdk_buffer_reserve(&f->text, n - cut) ? bdk_store_no_memory(st) : 0;
}

/* Keep `keep` bytes, which leaves something to be closed, and write before, s and behind: all or nothing.
 * s may stand in the field's own text. */
static int frag_splice(struct bdk_store *st, struct bdk_member *f, size_t keep, const char *before,
                      struct bedrock_slice s, const char *behind)
{
    size_t n_before = strlen(before), n_behind = strlen(behind), old = f->text.len;
    char *p;

    if (frag_room(st, f, old - keep, n_before + s.len + n_behind) != 0)
        return st->err.code;
    p = f->text.p + keep;
    memmove(p + n_before, s.p, s.len);
    memcpy(p, before, n_before);
    memcpy(p + n_before + s.len, behind, n_behind);
    f->text.len = keep + n_before + s.len + n_behind;
    st->held = st->held - old + f->text.len;
    return 0;
}

static int frag_check_depth(struct bdk_store *st, struct bedrock_json v)
{
    if (bdk_json_depth(v) <= BDK_MAX_NESTED)
        return 0;
    return bdk_error_set(&st->err, BEDROCK_ERR_LIMIT, "an event holds a value more than %d levels deep",
                         BDK_MAX_NESTED);
}

int bdk_member_replace(struct bdk_store *st, struct bdk_member *f, struct bedrock_json v)
{
    struct bedrock_slice s = {v.p, v.len};

    if (frag_check_depth(st, v) != 0)
        return st->err.code;
    f->coded = 0;
    f->ends_in_text = 0;
    return frag_splice(st, f, 0, "", s, "");
}

static int frag_is_empty(const char *array)
{
    const char *p = array + 1;

    while (*p == ' ' || *p == '\n' || *p == '\r' || *p == '\t')
        p++;
    return *p == ']';
}

int bdk_member_join(struct bdk_store *st, struct bdk_member *f, struct bedrock_json v)
{
    struct bedrock_slice rest = {v.p + 1, v.len - 1};

    if (v.type != bdk_member_type(f) || (v.type != BEDROCK_JSON_STRING && v.type != BEDROCK_JSON_ARRAY))
        return bdk_member_replace(st, f, v);
    if (v.type == BEDROCK_JSON_STRING)
        return frag_splice(st, f, f->text.len - 1, "", rest, "");
    if (frag_is_empty(v.p))
        return 0;
    if (frag_is_empty(f->text.p))
        return bdk_member_replace(st, f, v);
    return frag_check_depth(st, v) ? st->err.code : frag_splice(st, f, f->text.len - 1, ",", rest, "");
}

int bdk_member_append(struct bdk_store *st, struct bdk_member *f, const char *before,
                      struct bedrock_json v, const char *behind)
{
    struct bedrock_slice s = {v.p, v.len};
    int more = bdk_member_type(f) == BEDROCK_JSON_ARRAY && !frag_is_empty(f->text.p);
    char open[16], close[16];

    if (frag_check_depth(st, v) != 0)
        return st->err.code;
    snprintf(open, sizeof open, "%s%s", more ? "," : "[", before);
    snprintf(close, sizeof close, "%s]", behind);
    return frag_splice(st, f, more ? f->text.len - 1 : 0, open, s, close);
}

int bdk_member_go_on(struct bdk_store *st, struct bdk_member *f, struct bedrock_json v)
{
    struct bedrock_slice rest = {v.p + 1, v.len - 1};

    return frag_splice(st, f, f->text.len - 3, "", rest, "}]"); /* it ends in "}] */
}

int bdk_member_bytes(struct bdk_store *st, struct bdk_member *f, const char *before,
                     struct bedrock_json v, const char *behind)
{
    size_t keep = f->coded ? f->coded : strlen(before), old = f->text.len;
    struct bdk_base64 rest;
    struct bedrock_slice text;

    st->scratch.len = 0;
    if (bdk_buffer_reserve(&st->scratch, v.len + 3) != 0 || bdk_decode(&st->scratch, v, &text) != 0)
        return bdk_store_no_memory(st);
    st->scratch.len = 0; /* decoded in place: three bytes for four, and the room is there */
    if (bdk_base64_decode(&st->scratch, text.p, text.len) != 0)
        return bdk_error_set(&st->err, BEDROCK_ERR_PROTOCOL, "an event holds bytes that are not base64");
    if (frag_room(st, f, old, keep + (st->scratch.len / 3 + 2) * 4 + strlen(behind)) != 0)
        return st->err.code;
    if (!f->coded) {
        memset(&f->bits, 0, sizeof f->bits);
        memcpy(f->text.p, before, keep);
    }
    f->text.len = keep;
    bdk_base64_add(&f->text, &f->bits, st->scratch.p, st->scratch.len);
    f->coded = f->text.len;
    rest = f->bits;
    bdk_base64_end(&f->text, &rest);
    bdk_buffer_text(&f->text, behind);
    st->held = st->held - old + f->text.len;
    return 0;
}
