/* body.c - request bodies: messages, attachments and members into one buffer.
 * Amazon Bedrock API reference, Converse, DocumentBlock and Message. Leaves out: most of the schema, which
 * comes as JSON. */
#include "bedrock_int.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define BODY_MAX ((size_t)32 << 20)
#define BODY_PIECE 6144u        /* bytes of a file at a time: a multiple of 3, so that base64 needs no rest */
#define BODY_SLACK 1024u        /* room for what follows a file, so that the buffer need not move for it */
#define BODY_CLOSE 16u          /* bytes that close a source, a block, a message and a request */

/* Message: "up to 20 images", 3.75 MB each; "up to five documents", 4.5 MB each. */
#define BODY_MAX_IMAGES 20u
#define BODY_MAX_IMAGE 3932160u
#define BODY_MAX_DOCUMENTS 5u
#define BODY_MAX_DOCUMENT 4718592u

#define BODY_NEEDED_TEXT "See the document." /* a document needs a text block beside it */

enum body_state {
    BODY_NEW = 0,   /* not even the bracket */
    BODY_OPEN,      /* between two members */
    BODY_MESSAGE,   /* in the content of a message */
    BODY_SYSTEM,    /* in the system prompt */
    BODY_ENDED
};

/* ---- Failing ---- */

#if defined(__GNUC__)
__attribute__((format(printf, 3, 4)))
#endif
static int body_fail(struct bedrock_body *b, int code, const char *format, ...)
{
    char text[sizeof b->error.message];
    va_list ap;

    va_start(ap, format);
    vsnprintf(text, sizeof text, format, ap);
    va_end(ap);
    bdk_error_set(&b->error, code, "%s", text);
    return bdk_buffer_fail(&b->w.out, b->error.code);
}

/* After writing: say in words what stopped the writer. */
static int body_done(struct bedrock_body *b)
{
    int code = b->w.out.error;

    if (code == BEDROCK_ERR_LIMIT)
        body_fail(b, code, "the request is larger than %zu bytes", b->w.out.max);
    else if (code)
        body_fail(b, code, "%s", code == BEDROCK_ERR_USAGE ? "something in the request is out of its place"
                                                           : bedrock_code_text(code));
    return code;
}

#if defined(__GNUC__)
__attribute__((format(printf, 2, 3)))
#endif
static void body_warn(struct bedrock_body *b, const char *format, ...)
{
    char text[sizeof b->error.message];
    va_list ap;

    va_start(ap, format);
    vsnprintf(text, sizeof text, format, ap);
    va_end(ap);
    b->warnings.alloc = b->w.out.alloc;
    b->warnings.alloc_ctx = b->w.out.alloc_ctx;
    if (bedrock_buffer_append(&b->warnings, text, strlen(text) + 1) != 0)
        body_fail(b, b->warnings.error, "out of memory");
}

/* ---- Strings and objects ---- */

static void body_string(struct bedrock_body *b, const char *name, const char *text, size_t len)
{
    if (b->w.out.error)
        return;
    bedrock_write_name(&b->w, name);
    bedrock_write_string(&b->w, text, len);
    if (b->w.out.error == BEDROCK_ERR_USAGE)
        body_fail(b, BEDROCK_ERR_USAGE, "%s is not UTF-8", name);
}

static void body_object(struct bedrock_body *b, const char *name)
{
    bedrock_write_name(&b->w, name);
    bedrock_write_object(&b->w);
}

/* Check JSON that was handed in under this name. 0, or the failure. */
static int body_parse(struct bedrock_body *b, const char *what, const char *json, size_t len,
                      struct bedrock_json *v)
{
    struct bedrock_json_error where;

    if (b->w.out.error || bedrock_json_parse(json, len, v, &where) == 0)
        return b->w.out.error;
    return body_fail(b, BEDROCK_ERR_USAGE, "%s:%zu:%zu: %s", what, where.line, where.column, where.what);
}

/* ---- Sections ---- */

static void body_end_message(struct bedrock_body *b)
{
    if (b->n_documents > 0 && !b->has_text) {
        bedrock_write_object(&b->w);
        body_string(b, "text", BODY_NEEDED_TEXT, strlen(BODY_NEEDED_TEXT));
        bedrock_write_object_end(&b->w);
    }
    if (b->n_images > BODY_MAX_IMAGES)
        body_warn(b, "%u images in message %u; the API reference says %u at most", b->n_images,
                  b->n_messages, BODY_MAX_IMAGES);
    if (b->n_documents > BODY_MAX_DOCUMENTS)
        body_warn(b, "%u documents in message %u; the API reference says %u at most", b->n_documents,
                  b->n_messages, BODY_MAX_DOCUMENTS);
    bedrock_write_array_end(&b->w);
    bedrock_write_object_end(&b->w);
}

/* Begin if need be, and close what is open: a member may follow. */
static int body_section(struct bedrock_body *b)
{
    if (b->state == BODY_NEW) {
        if (!b->w.out.max)
            b->w.out.max = BODY_MAX;
        bedrock_write_object(&b->w);
    }
    if (b->state == BODY_ENDED)
        return body_fail(b, BEDROCK_ERR_USAGE, "the request was ended before");
    if (b->state == BODY_MESSAGE)
        body_end_message(b);
    if (b->state == BODY_MESSAGE || b->state == BODY_SYSTEM)
        bedrock_write_array_end(&b->w);
    b->state = BODY_OPEN;
    return b->w.out.error;
}

/* A place for one more message, in the array of all. */
static int body_next_message(struct bedrock_body *b)
{
    if (b->state == BODY_MESSAGE) {
        body_end_message(b);
    } else if (b->n_messages > 0) {
        return body_fail(b, BEDROCK_ERR_USAGE, "messages are to be given in one go");
    } else if (body_section(b) == 0) {
        bedrock_write_name(&b->w, "messages");
        bedrock_write_array(&b->w);
        b->state = BODY_MESSAGE;
    }
    b->n_messages++;
    b->n_images = b->n_documents = 0;
    b->has_text = 0; /* that of a system prompt before it does not count */
    return b->w.out.error;
}

int bedrock_body_message(struct bedrock_body *b, const char *role)
{
    if (b->state == BODY_MESSAGE && strcmp(b->role, role) == 0)
        return b->w.out.error;
    if (strlen(role) >= sizeof b->role)
        return body_fail(b, BEDROCK_ERR_USAGE, "a role has at most %zu characters", sizeof b->role - 1);
    if (b->w.out.error || body_next_message(b) != 0)
        return body_done(b);
    strcpy(b->role, role);
    bedrock_write_object(&b->w);
    body_string(b, "role", role, strlen(role));
    bedrock_write_name(&b->w, "content");
    bedrock_write_array(&b->w);
    return body_done(b);
}

int bedrock_body_system(struct bedrock_body *b)
{
    if (b->w.out.error || b->state == BODY_SYSTEM)
        return b->w.out.error;
    if (b->has_system)
        return body_fail(b, BEDROCK_ERR_USAGE, "the system prompt is to be given in one go");
    if (body_section(b) == 0) {
        bedrock_write_name(&b->w, "system");
        bedrock_write_array(&b->w);
        b->state = BODY_SYSTEM;
        b->has_system = 1;
    }
    return body_done(b);
}

/* ---- Blocks ---- */

/* Begin a block, if there may be one. */
static int body_block(struct bedrock_body *b)
{
    if (!b->w.out.error && b->state != BODY_MESSAGE && b->state != BODY_SYSTEM)
        return body_fail(b, BEDROCK_ERR_USAGE, "a content block that is in no message");
    bedrock_write_object(&b->w);
    return b->w.out.error;
}

int bedrock_body_text(struct bedrock_body *b, const char *text, size_t len)
{
    if (body_block(b) == 0) {
        body_string(b, "text", text, len);
        bedrock_write_object_end(&b->w);
        b->has_text = 1;
    }
    return body_done(b);
}

int bedrock_body_cache_point(struct bedrock_body *b, const char *ttl)
{
    if (body_block(b) == 0) {
        body_object(b, "cachePoint");
        body_string(b, "type", "default", 7);
        if (ttl)
            body_string(b, "ttl", ttl, strlen(ttl));
        bedrock_write_object_end(&b->w);
        bedrock_write_object_end(&b->w);
    }
    return body_done(b);
}

int bedrock_body_tool_result(struct bedrock_body *b, const char *id, const char *status, const char *p,
                             size_t len)
{
    struct bedrock_json v;
    int is_object = bedrock_json_parse(p, len, &v, NULL) == 0 && v.type == BEDROCK_JSON_OBJECT;

    if (body_block(b) != 0)
        return body_done(b);
    body_object(b, "toolResult");
    body_string(b, "toolUseId", id, strlen(id));
    bedrock_write_name(&b->w, "content");
    bedrock_write_array(&b->w);
    bedrock_write_object(&b->w);
    if (is_object) {
        bedrock_write_name(&b->w, "json");
        bedrock_write_raw(&b->w, v.p, v.len);
    } else {
        body_string(b, "text", p, len);
    }
    bedrock_write_object_end(&b->w);
    bedrock_write_array_end(&b->w);
    if (status)
        body_string(b, "status", status, strlen(status));
    bedrock_write_object_end(&b->w);
    bedrock_write_object_end(&b->w);
    return body_done(b);
}

/* ---- Attachments ---- */

static struct bedrock_buffer *body_names(struct bedrock_body *b)
{
    b->names.alloc = b->w.out.alloc;
    b->names.alloc_ctx = b->w.out.alloc_ctx;
    return &b->names;
}

/* The name of a document that is no other's. */
static void body_document_name(struct bedrock_body *b, const char *path)
{
    char name[BDK_MAX_DOCUMENT_NAME + 1];
    int rc = bdk_names_document(body_names(b), path, name);

    if (rc == 0)
        body_string(b, "name", name, strlen(name));
    else
        body_fail(b, rc, "%s", bedrock_code_text(rc));
}

/* Everything of the block up to its source's value. */
static int body_source(struct bedrock_body *b, const char *path, struct bdk_media is, const char *source)
{
    static const char *const blocks[] = {"", "image", "document", "video", "audio"};
    struct bdk_media named = bdk_media_of_name(path);

    if (!is.block)
        return body_fail(b, BEDROCK_ERR_USAGE, "%s: no image, document, video or audio of a kind that the "
                         "API takes", path);
    if (b->state == BODY_SYSTEM)
        return body_fail(b, BEDROCK_ERR_USAGE, "%s: a system prompt takes no files", path);
    if (body_block(b) != 0)
        return b->w.out.error;
    if (named.block && named.block != is.block)
        body_warn(b, "%s: is no %s but a %s (%s)", path, blocks[named.block], blocks[is.block], is.format);
    body_object(b, blocks[is.block]);
    body_string(b, "format", is.format, strlen(is.format));
    if (is.block == BDK_DOCUMENT)
        body_document_name(b, path);
    body_object(b, "source");
    bedrock_write_name(&b->w, source);
    b->n_images += is.block == BDK_IMAGE;
    b->n_documents += is.block == BDK_DOCUMENT;
    return b->w.out.error;
}

static void body_source_end(struct bedrock_body *b)
{
    bedrock_write_object_end(&b->w);
    bedrock_write_object_end(&b->w);
    bedrock_write_object_end(&b->w);
}

/* Room for size bytes as base64, so that the buffer grows once; and what they are too many for. */
static int body_reserve(struct bedrock_body *b, const char *path, struct bdk_media is, uint64_t size)
{
    size_t room = b->w.out.max - b->w.out.len, need;

    room -= room < BODY_CLOSE ? room : BODY_CLOSE;
    if (size > room / 4 * 3)
        return body_fail(b, BEDROCK_ERR_LIMIT, "%s: its %llu bytes make the request larger than %zu bytes",
                         path, (unsigned long long)size, b->w.out.max);
    if (is.block == BDK_IMAGE && size > BODY_MAX_IMAGE)
        body_warn(b, "%s: %llu bytes; the API reference says %u at most for an image", path,
                  (unsigned long long)size, BODY_MAX_IMAGE);
    if (is.block == BDK_DOCUMENT && size > BODY_MAX_DOCUMENT)
        body_warn(b, "%s: %llu bytes; the API reference says %u at most for a document", path,
                  (unsigned long long)size, BODY_MAX_DOCUMENT);
    need = ((size_t)size + 2) / 3 * 4;
    return bdk_buffer_reserve(&b->w.out, room - need > BODY_SLACK ? need + BODY_SLACK : need);
}

/* The file from its first piece to its end, which must come where it was said to be. */
static int body_copy(struct bedrock_body *b, const char *path, struct bdk_file *f, unsigned char *piece,
                     size_t n)
{
    struct bdk_base64 coder = {{0}, 0};
    uint64_t total = 0;
    char why[128];
    int err = 0;

    bdk_write_string_begin(&b->w);
    while (n > 0 && !err && !b->w.out.error && (total += n) <= f->size) {
        bdk_base64_add(&b->w.out, &coder, piece, n);
        err = bdk_file_piece(f, piece, BODY_PIECE, &n);
    }
    if (err) {
        bdk_file_why(err, why);
        return body_fail(b, BEDROCK_ERR_USAGE, "%s: %s", path, why);
    }
    if (!b->w.out.error && total != f->size)
        return body_fail(b, BEDROCK_ERR_USAGE, "%s: changed its size while it was read", path);
    bdk_base64_end(&b->w.out, &coder);
    bdk_write_string_end(&b->w);
    return b->w.out.error;
}

static void body_opened(struct bedrock_body *b, const char *path, struct bdk_file *f)
{
    unsigned char piece[BODY_PIECE];
    struct bdk_media is;
    char why[128];
    size_t n;
    int err = bdk_file_piece(f, piece, sizeof piece, &n);

    if (err) {
        bdk_file_why(err, why);
        body_fail(b, BEDROCK_ERR_USAGE, "%s: %s", path, why);
    } else if (n == 0) {
        body_fail(b, BEDROCK_ERR_USAGE, "%s: is empty", path);
    } else {
        is = bdk_media_of(path, piece, n);
        if (body_source(b, path, is, "bytes") == 0 && body_reserve(b, path, is, f->size) == 0 &&
            body_copy(b, path, f, piece, n) == 0)
            body_source_end(b);
    }
    bdk_wipe(piece, sizeof piece);
}

int bedrock_body_file(struct bedrock_body *b, const char *path)
{
    struct bdk_file f;
    char why[128];
    int err;

    if (b->w.out.error)
        return body_done(b);
    err = bdk_file_open(&f, path);
    if (err) {
        bdk_file_why(err, why);
        return body_fail(b, BEDROCK_ERR_USAGE, "%s: %s", path, why);
    }
    body_opened(b, path, &f);
    bdk_file_close(&f);
    return body_done(b);
}

int bedrock_body_bytes(struct bedrock_body *b, const char *name, const void *p, size_t len)
{
    struct bdk_base64 coder = {{0}, 0};
    struct bdk_media is;

    if (b->w.out.error)
        return body_done(b);
    if (len == 0)
        return body_fail(b, BEDROCK_ERR_USAGE, "%s: is empty", name);
    is = bdk_media_of(name, p, len < BODY_PIECE ? len : BODY_PIECE);
    if (body_source(b, name, is, "bytes") == 0 && body_reserve(b, name, is, len) == 0) {
        bdk_write_string_begin(&b->w);
        bdk_base64_add(&b->w.out, &coder, p, len);
        bdk_base64_end(&b->w.out, &coder);
        bdk_write_string_end(&b->w);
        body_source_end(b);
    }
    return body_done(b);
}

int bedrock_body_s3(struct bedrock_body *b, const char *uri)
{
    if (b->w.out.error)
        return body_done(b);
    if (strncmp(uri, "s3://", 5) != 0)
        return body_fail(b, BEDROCK_ERR_USAGE, "%s: does not begin with s3://", uri);
    if (!bdk_media_of_name(uri).block)
        return body_fail(b, BEDROCK_ERR_USAGE, "%s: its extension is none of a kind that the API takes", uri);
    if (body_source(b, uri, bdk_media_of_name(uri), "s3Location") == 0) {
        bedrock_write_object(&b->w);
        body_string(b, "uri", uri, strlen(uri));
        bedrock_write_object_end(&b->w);
        body_source_end(b);
    }
    return body_done(b);
}

/* ---- JSON that somebody else wrote ---- */

/* What a block that comes as JSON means for its message. */
static void body_note(struct bedrock_body *b, struct bedrock_json block)
{
    struct bedrock_json name = bedrock_json_get(block, "document.name");
    char text[BDK_MAX_DOCUMENT_NAME + 1];
    size_t n;

    b->has_text |= bedrock_json_get(block, "text").type == BEDROCK_JSON_STRING;
    b->n_images += bedrock_json_get(block, "image").type == BEDROCK_JSON_OBJECT;
    b->n_documents += bedrock_json_get(block, "document").type == BEDROCK_JSON_OBJECT;
    n = bedrock_json_unescape(name, text, sizeof text);
    if (n == 0 || n > BDK_MAX_DOCUMENT_NAME)
        return;
    text[n] = 0;
    if (bdk_names_take(body_names(b), text) != 0)
        body_fail(b, b->names.error, "%s", bedrock_code_text(b->names.error));
}

static void body_raw(struct bedrock_body *b, struct bedrock_json block)
{
    bedrock_write_raw(&b->w, block.p, block.len);
    body_note(b, block);
}

int bedrock_body_raw(struct bedrock_body *b, const char *json, size_t len)
{
    struct bedrock_json v;

    if (body_parse(b, "a content block", json, len, &v) != 0)
        return body_done(b);
    if (v.type != BEDROCK_JSON_OBJECT)
        return body_fail(b, BEDROCK_ERR_USAGE, "a content block is a JSON object");
    if (b->state != BODY_MESSAGE && b->state != BODY_SYSTEM)
        return body_fail(b, BEDROCK_ERR_USAGE, "a content block that is in no message");
    body_raw(b, v);
    return body_done(b);
}

/* Write a message anew, content last, so that more may follow in there. */
static int body_earlier(struct bedrock_body *b, struct bedrock_json message)
{
    struct bedrock_json role = bedrock_json_get(message, "role"), content, name, value;
    struct bedrock_json_iter it = bedrock_json_iterate(message);
    size_t n = bedrock_json_unescape(role, b->role, sizeof b->role - 1);

    content = bedrock_json_get(message, "content");
    if (n == 0 || n >= sizeof b->role || content.type != BEDROCK_JSON_ARRAY)
        return body_fail(b, BEDROCK_ERR_USAGE, "message %u is no object with \"role\" and an array "
                         "\"content\"", b->n_messages);
    b->role[n] = 0;
    bedrock_write_object(&b->w);
    while (bedrock_json_next(&it, &name, &value))
        if (!bedrock_json_equals(name, "content"))
            bedrock_write_member(&b->w, name, value);
    bedrock_write_name(&b->w, "content");
    bedrock_write_array(&b->w);
    for (it = bedrock_json_iterate(content); bedrock_json_next(&it, NULL, &value);)
        body_raw(b, value);
    return b->w.out.error;
}

int bedrock_body_messages(struct bedrock_body *b, const char *json, size_t len)
{
    struct bedrock_json all, message;
    struct bedrock_json_iter it;

    if (body_parse(b, "messages", json, len, &all) != 0)
        return body_done(b);
    if (all.type != BEDROCK_JSON_ARRAY)
        return body_fail(b, BEDROCK_ERR_USAGE, "messages are a JSON array");
    it = bedrock_json_iterate(all);
    while (bedrock_json_next(&it, NULL, &message))
        if (body_next_message(b) != 0 || body_earlier(b, message) != 0)
            break;
    return body_done(b);
}

/* ---- Members ---- */

int bedrock_body_member(struct bedrock_body *b, const char *name, const char *json, size_t len)
{
    struct bedrock_json v;

    if (body_parse(b, name, json, len, &v) == 0 && body_section(b) == 0) {
        bedrock_write_name(&b->w, name);
        bedrock_write_raw(&b->w, v.p, v.len);
    }
    return body_done(b);
}

/* Has an object a member of this name? Compared as written, which is enough where the last of several
 * counts: ours come last. */
static int body_has(struct bedrock_json object, struct bedrock_json name)
{
    struct bedrock_json_iter it = bedrock_json_iterate(object);
    struct bedrock_json other, value;

    while (bedrock_json_next(&it, &other, &value))
        if (other.len == name.len && memcmp(other.p, name.p, name.len) == 0)
            return 1;
    return 0;
}

int bedrock_body_merged(struct bedrock_body *b, const char *name, struct bedrock_json theirs,
                        struct bedrock_json ours)
{
    struct bedrock_json_iter it = bedrock_json_iterate(theirs);
    struct bedrock_json member, value;

    if (b->w.out.error || body_section(b) != 0)
        return body_done(b);
    if (ours.type != BEDROCK_JSON_OBJECT)
        return body_fail(b, BEDROCK_ERR_USAGE, "%s is a JSON object", name);
    body_object(b, name);
    while (theirs.type == BEDROCK_JSON_OBJECT && bedrock_json_next(&it, &member, &value))
        if (!body_has(ours, member))
            bedrock_write_member(&b->w, member, value);
    it = bedrock_json_iterate(ours);
    while (bedrock_json_next(&it, &member, &value))
        bedrock_write_member(&b->w, member, value);
    bedrock_write_object_end(&b->w);
    return body_done(b);
}

static int body_is_one_of(struct bedrock_json name, const char *const list[])
{
    for (; list && *list; list++)
        if (bedrock_json_equals(name, *list))
            return 1;
    return 0;
}

int bedrock_body_request(struct bedrock_body *b, struct bedrock_json request, const char *const left_out[])
{
    struct bedrock_json_iter it = bedrock_json_iterate(request);
    struct bedrock_json name, value;

    if (b->w.out.error || body_section(b) != 0)
        return body_done(b);
    while (request.type == BEDROCK_JSON_OBJECT && bedrock_json_next(&it, &name, &value))
        if (!bedrock_json_equals(name, "modelId") && !body_is_one_of(name, left_out))
            bedrock_write_member(&b->w, name, value);
    return body_done(b);
}

/* ---- The end ---- */

int bedrock_body_end(struct bedrock_body *b)
{
    if (b->w.out.error || body_section(b) != 0)
        return body_done(b);
    bedrock_write_object_end(&b->w);
    b->state = BODY_ENDED;
    if (b->w.depth == 0)
        bedrock_write_end(&b->w);
    return body_done(b);
}

const char *bedrock_body_warning(const struct bedrock_body *b, size_t *at)
{
    const char *text;

    if (*at >= b->warnings.len)
        return NULL;
    text = b->warnings.p + *at;
    *at += strlen(text) + 1;
    return text;
}

void bedrock_body_free(struct bedrock_body *b)
{
    bedrock_alloc_fn alloc;
    void *alloc_ctx;
    size_t max;

    if (!b)
        return;
    alloc = b->w.out.alloc;
    alloc_ctx = b->w.out.alloc_ctx;
    max = b->w.out.max;
    bedrock_write_free(&b->w);
    bedrock_buffer_free(&b->names);
    bedrock_buffer_free(&b->warnings);
    memset(b, 0, sizeof *b);
    b->w.out.alloc = alloc;
    b->w.out.alloc_ctx = alloc_ctx;
    b->w.out.max = max;
}
