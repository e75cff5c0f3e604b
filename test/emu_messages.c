/* emu_messages.c - the messages of a request: are they as they must be, and what do they say?
 * Amazon Bedrock API reference, Message, ContentBlock; the wording is the service's where it is known.
 * Leaves out: what is inside of an image or a document, beyond its first bytes. */
#include "emu.h"
#include <string.h>

/* ---- Formats ---- */

#define EMU_MAGIC 16

struct emu_format {
    const char *name;
    size_t at;          /* where the bytes stand that tell it */
    const char *magic;  /* NULL: nothing tells it */
};

static const struct emu_format emu_images[] = {
    {"png", 0, "\211PNG\r\n\032\n"}, {"jpeg", 0, "\377\330\377"}, {"gif", 0, "GIF8"}, {"webp", 8, "WEBP"},
    {0}};
static const struct emu_format emu_documents[] = {
    {"pdf", 0, "%PDF-"}, {"csv", 0, NULL}, {"doc", 0, "\320\317\021\340"}, {"docx", 0, "PK\003\004"},
    {"xls", 0, "\320\317\021\340"}, {"xlsx", 0, "PK\003\004"}, {"html", 0, NULL}, {"txt", 0, NULL},
    {"md", 0, NULL}, {0}};
static const struct emu_format emu_videos[] = {
    {"mkv", 0, "\032\105\337\243"}, {"mov", 4, "ftyp"}, {"mp4", 4, "ftyp"}, {"webm", 0, "\032\105\337\243"},
    {"flv", 0, "FLV"}, {"mpeg", 0, NULL}, {"mpg", 0, NULL}, {"wmv", 0, "\060\046\262\165"},
    {"three_gp", 4, "ftyp"}, {0}};
static const struct emu_format emu_audios[] = {
    {"mp3", 0, NULL}, {"opus", 0, "OggS"}, {"wav", 8, "WAVE"}, {"aac", 0, NULL}, {"flac", 0, "fLaC"},
    {"mp4", 4, "ftyp"}, {"ogg", 0, "OggS"}, {"mkv", 0, "\032\105\337\243"}, {"mka", 0, "\032\105\337\243"},
    {"x-aac", 0, NULL}, {"m4a", 4, "ftyp"}, {"mpeg", 0, NULL}, {"mpga", 0, NULL}, {"pcm", 0, NULL},
    {"webm", 0, "\032\105\337\243"}, {0}};

/* ---- Where one is ---- */

/* While the messages are read. */
struct emu_reading {
    struct emu_answer *a;
    struct emu_prompt *p;
    int n, k;                   /* messages.n.content.k */
    int by_user, by_assistant;
    int has_text, has_document, n_results;
    struct bedrock_json asked[EMU_MAX_BLOCKS];  /* ids of the last message's tool uses; NONE: answered */
    int n_asked, n_asking;                      /* and how many this one has had so far */
    struct bedrock_json names[EMU_MAX_BLOCKS];  /* of documents */
    int n_names;
};

static int emu_bad_block(struct emu_reading *r, const char *what)
{
    return emu_refuse(r->a, "%s at messages.%d.content.%d", what, r->n, r->k);
}

/* Two JSON strings: the same text? */
static int emu_same(struct bedrock_json x, struct bedrock_json y)
{
    struct bedrock_buffer text = {0};
    int same;

    emu_append_json(&text, x);
    same = bedrock_buffer_append(&text, "", 1) == 0 && bedrock_json_equals(y, text.p);
    bedrock_buffer_free(&text);
    return same;
}

/* ---- Text ---- */

/* Append a text and count its words; how many it has. */
static size_t emu_take_text(struct emu_prompt *p, struct bedrock_buffer *to, struct bedrock_json text)
{
    struct bedrock_buffer one = {0};
    size_t n;

    one.max = EMU_MAX_OUT;
    emu_append_json(&one, text);
    n = emu_words(&one);
    p->words += n;
    if (to->len > 0 && one.len > 0)
        emu_text(to, "\n");
    bedrock_buffer_append(to, one.p, one.len);
    bedrock_buffer_free(&one);
    return n;
}

static int emu_read_text(struct emu_reading *r, struct bedrock_json text)
{
    r->has_text = 1;
    if (emu_take_text(r->p, r->by_user ? &r->p->last : &r->p->prefill, text) > 0)
        return 0;
    return emu_refuse(r->a, "The text field in the ContentBlock object at messages.%d.content.%d is "
                      "blank. Add text to the text field, and try again.", r->n, r->k);
}

/* ---- Images, documents, videos, sound ---- */

static int emu_read_bytes(struct emu_reading *r, const struct emu_format *format, struct bedrock_json bytes)
{
    struct bedrock_buffer plain = {0};
    unsigned char first[EMU_MAGIC];
    size_t n = format->magic ? strlen(format->magic) : 0;
    int good;

    plain.max = EMU_MAX_OUT;
    emu_append_json(&plain, bytes);
    good = plain.len > 0 && emu_base64_decode(plain.p, plain.len, first, EMU_MAGIC) == 0;
    bedrock_buffer_free(&plain);
    if (!good)
        return emu_bad_block(r, "The source.bytes field is not base64 of at least one byte");
    if (n > 0 && memcmp(first + format->at, format->magic, n) != 0)
        return emu_refuse(r->a, "The data at messages.%d.content.%d is not of the format %s.", r->n, r->k,
                          format->name);
    return 0;
}

static int emu_read_location(struct emu_reading *r, struct bedrock_json location)
{
    struct bedrock_buffer uri = {0}, owner = {0};
    int good;

    emu_append_json(&uri, bedrock_json_get(location, "uri"));
    emu_append_json(&owner, bedrock_json_get(location, "bucketOwner"));
    good = uri.len > 6 && uri.len <= 1024 && memcmp(uri.p, "s3://", 5) == 0 &&
           (owner.len == 12 || bedrock_json_get(location, "bucketOwner").type == BEDROCK_JSON_NONE);
    bedrock_buffer_free(&uri);
    bedrock_buffer_free(&owner);
    return good ? 0 : emu_bad_block(r, "The s3Location field is invalid");
}

/* One of bytes and s3Location; a document may have text and content too. */
static int emu_read_source(struct emu_reading *r, const struct emu_format *format, struct bedrock_json source,
                           int is_document)
{
    struct bedrock_json kind, v;

    if (!emu_json_only(source, &kind, &v))
        return emu_bad_block(r, "The source field must have exactly one member");
    if (bedrock_json_equals(kind, "bytes"))
        return emu_read_bytes(r, format, v);
    if (bedrock_json_equals(kind, "s3Location"))
        return emu_read_location(r, v);
    if (is_document && bedrock_json_equals(kind, "text") && v.type == BEDROCK_JSON_STRING)
        return 0;
    if (is_document && bedrock_json_equals(kind, "content") && v.type == BEDROCK_JSON_ARRAY)
        return 0;
    return emu_bad_block(r, "The source field has no such member");
}

static int emu_read_media(struct emu_reading *r, struct bedrock_json v, const struct emu_format formats[],
                          unsigned bit)
{
    static const struct emu_format none = {"", 0, NULL};
    struct bedrock_json format = bedrock_json_get(v, "format");
    const struct emu_format *f = formats;

    r->p->media |= bit;
    while (f->name && !bedrock_json_equals(format, f->name))
        f++;
    if (!f->name && (bit != EMU_DOCUMENT || format.type != BEDROCK_JSON_NONE))
        return emu_bad_block(r, "The format field is not one that is supported");
    return emu_read_source(r, f->name ? f : &none, bedrock_json_get(v, "source"), bit == EMU_DOCUMENT);
}

/* Underscores are not named in what the service says of it, and yet it takes them. */
static int emu_is_document_name(struct bedrock_json v)
{
    static const char of[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789 -()[]_";
    struct bedrock_buffer s = {0};
    int good;

    emu_append_json(&s, v);
    good = s.len > 0 && s.len <= 200;
    for (size_t i = 0; good && i < s.len; i++)
        good = s.p[i] && strchr(of, s.p[i]) && !(i > 0 && s.p[i] == ' ' && s.p[i - 1] == ' ');
    bedrock_buffer_free(&s);
    return good;
}

static int emu_read_document(struct emu_reading *r, struct bedrock_json v)
{
    struct bedrock_json name = bedrock_json_get(v, "name");

    if (!emu_is_document_name(name))
        return emu_refuse(r->a, "The document file name can only contain alphanumeric characters, "
                          "whitespace characters, hyphens, parentheses, and square brackets. The name "
                          "can't contain more than one consecutive whitespace character. Check that the "
                          "file name conforms to these restrictions and retry your request.");
    for (int i = 0; i < r->n_names; i++)
        if (emu_same(r->names[i], name))
            return emu_refuse(r->a, "Messages can't contain duplicate document names. Rename the document "
                              "and retry your request.");
    if (r->n_names == EMU_MAX_BLOCKS)
        return emu_refuse(r->a, "There are too many documents in the messages.");
    r->names[r->n_names++] = name;
    return emu_read_media(r, v, emu_documents, EMU_DOCUMENT);
}

/* The four that stand in messages and in tools' results; *known says whether it is one. */
static int emu_read_file(struct emu_reading *r, struct bedrock_json kind, struct bedrock_json v, int *known)
{
    *known = 1;
    if (bedrock_json_equals(kind, "image"))
        return emu_read_media(r, v, emu_images, EMU_IMAGE);
    if (bedrock_json_equals(kind, "document"))
        return emu_read_document(r, v);
    if (bedrock_json_equals(kind, "video"))
        return emu_read_media(r, v, emu_videos, EMU_VIDEO);
    if (bedrock_json_equals(kind, "audio"))
        return emu_read_media(r, v, emu_audios, EMU_AUDIO);
    *known = 0;
    return 0;
}

/* ---- Tools ---- */

static int emu_read_use(struct emu_reading *r, struct bedrock_json v)
{
    struct bedrock_json id = bedrock_json_get(v, "toolUseId");

    r->p->uses_tools = 1;
    if (r->by_user || id.type != BEDROCK_JSON_STRING || id.len < 3 || id.len > 66 ||
        bedrock_json_get(v, "name").type != BEDROCK_JSON_STRING ||
        bedrock_json_get(v, "input").type == BEDROCK_JSON_NONE)
        return emu_bad_block(r, "The toolUse field is invalid");
    if (bedrock_json_get(v, "type").type != BEDROCK_JSON_NONE)
        return 0; /* the service's own tool, whose result stands in the same message */
    if (r->n_asking == EMU_MAX_BLOCKS)
        return emu_bad_block(r, "There are too many toolUse blocks");
    r->asked[r->n_asking++] = id;
    return 0;
}

/* What a tool found: into the last message's text, and quoted. */
static int emu_read_found(struct emu_reading *r, struct bedrock_json content)
{
    struct bedrock_json_iter it = bedrock_json_iterate(content);
    struct bedrock_buffer found = {0};
    struct bedrock_json one, kind, v;
    int known = 1, rc = 0;

    found.max = EMU_MAX_OUT;
    while (rc == 0 && bedrock_json_next(&it, NULL, &one)) {
        if (!emu_json_only(one, &kind, &v))
            rc = emu_bad_block(r, "The content of toolResult must be a list of blocks");
        else if (bedrock_json_equals(kind, "text"))
            emu_take_text(r->p, &found, v);
        else if (bedrock_json_equals(kind, "json"))
            bedrock_buffer_append(&found, v.p, v.len);
        else
            rc = emu_read_file(r, kind, v, &known);
    }
    bedrock_buffer_append(&r->p->results, found.p, found.len);
    if (r->p->last.len > 0)
        emu_text(&r->p->last, "\n");
    bedrock_buffer_append(&r->p->last, found.p, found.len);
    bedrock_buffer_free(&found);
    return rc;
}

static int emu_answers(struct emu_reading *r, struct bedrock_json id)
{
    for (int i = 0; i < r->n_asked; i++)
        if (r->asked[i].type != BEDROCK_JSON_NONE && emu_same(r->asked[i], id)) {
            r->asked[i].type = BEDROCK_JSON_NONE;
            return 1;
        }
    return 0;
}

static int emu_read_result(struct emu_reading *r, struct bedrock_json v)
{
    static const char *const statuses[] = {"success", "error", NULL};
    struct bedrock_json status = bedrock_json_get(v, "status"), content = bedrock_json_get(v, "content");
    struct bedrock_buffer *quoted = &r->p->results;
    int failed = bedrock_json_equals(status, "error"), rc;

    r->p->uses_tools = 1;
    if (!r->by_user)
        return 0; /* a tool of the service's: read once, when it was found */
    if (content.type != BEDROCK_JSON_ARRAY ||
        (status.type != BEDROCK_JSON_NONE && !emu_json_one_of(status, statuses)))
        return emu_bad_block(r, "The toolResult field is invalid");
    if (failed && bedrock_json_get(content, "[0]").type == BEDROCK_JSON_NONE)
        return emu_refuse(r->a, "The content field at messages.%d.content.%d.toolResult cannot be empty "
                          "when status value is error.", r->n, r->k);
    if (++r->n_results > r->n_asked)
        return emu_refuse(r->a, "The number of toolResult blocks at messages.%d.content exceeds the "
                          "number of toolUse blocks of previous turn.", r->n);
    if (!emu_answers(r, bedrock_json_get(v, "toolUseId")))
        return emu_refuse(r->a, "The toolResult block at messages.%d.content.%d answers no toolUse block "
                          "of the previous turn.", r->n, r->k);
    if (quoted->len > 0)
        emu_text(quoted, "\n");
    emu_text(quoted, failed ? "The tool failed: \"" : "The tool said: \"");
    rc = emu_read_found(r, content);
    emu_text(quoted, "\".");
    return rc;
}

/* At the end of a user's message, or of all: what the assistant asked for must have been answered. */
static int emu_check_answered(struct emu_reading *r)
{
    struct bedrock_buffer ids = {0};
    int rc = 0;

    for (int i = 0; i < r->n_asked; i++) {
        if (r->asked[i].type == BEDROCK_JSON_NONE)
            continue;
        emu_text(&ids, ids.len > 0 ? ", " : "");
        emu_append_json(&ids, r->asked[i]);
    }
    if (ids.len > 0)
        rc = emu_refuse(r->a, "Expected toolResult blocks at messages.%d.content for the following Ids: "
                        "%.*s", r->n, (int)(ids.len < 800 ? ids.len : 800), ids.p);
    bedrock_buffer_free(&ids);
    return rc;
}

/* ---- The other blocks ---- */

static int emu_read_cache_point(struct emu_reading *r, struct bedrock_json v)
{
    static const char *const ttls[] = {"5m", "1h", NULL};
    struct bedrock_json ttl = bedrock_json_get(v, "ttl");
    struct emu_prompt *p = r->p;

    if (!bedrock_json_equals(bedrock_json_get(v, "type"), "default") ||
        (ttl.type != BEDROCK_JSON_NONE && !emu_json_one_of(ttl, ttls)))
        return emu_bad_block(r, "The cachePoint field is invalid");
    /* one alone is written, and nothing was there before */
    if (p->n_cache_points++ == 1)
        p->cached[0] = p->cached[1];
    p->cached[1] = p->words;
    p->cache_hour = bedrock_json_equals(ttl, "1h");
    return 0;
}

static int emu_read_guarded(struct emu_reading *r, struct bedrock_json v)
{
    struct bedrock_json text = bedrock_json_get(v, "text.text"), image = bedrock_json_get(v, "image");

    if (text.type == BEDROCK_JSON_STRING)
        return emu_read_text(r, text);
    if (image.type == BEDROCK_JSON_OBJECT)
        return emu_read_media(r, image, emu_images, EMU_IMAGE);
    return emu_bad_block(r, "The guardContent field is invalid");
}

static int emu_read_reasoning(struct emu_reading *r, struct bedrock_json v)
{
    struct bedrock_json kind, one, text = bedrock_json_get(v, "reasoningText.text");

    if (r->by_user)
        return emu_bad_block(r, "User messages can't have reasoningContent. Remove it");
    if (!emu_json_only(v, &kind, &one) ||
        (bedrock_json_equals(kind, "reasoningText") && text.type != BEDROCK_JSON_STRING))
        return emu_bad_block(r, "The reasoningContent field is invalid");
    return 0;
}

/* Blocks that say nothing here. */
static int emu_read_other(struct emu_reading *r, struct bedrock_json kind)
{
    static const char *const others[] = {"citationsContent", "searchResult", "toolAddition", "toolRemoval",
                                         NULL};

    if (emu_json_one_of(kind, others))
        return 0;
    return emu_bad_block(r, "There is a ContentBlock object of unknown kind");
}

static int emu_read_block(struct emu_reading *r, struct bedrock_json block)
{
    struct bedrock_json kind, v;
    int known, rc;

    if (!emu_json_only(block, &kind, &v))
        return emu_refuse(r->a, "The content of a message must be a list of ContentBlock objects.");
    if (bedrock_json_equals(kind, "text"))
        return emu_read_text(r, v);
    if (bedrock_json_equals(kind, "toolUse"))
        return emu_read_use(r, v);
    if (bedrock_json_equals(kind, "toolResult"))
        return emu_read_result(r, v);
    if (bedrock_json_equals(kind, "cachePoint"))
        return emu_read_cache_point(r, v);
    if (bedrock_json_equals(kind, "guardContent"))
        return emu_read_guarded(r, v);
    if (bedrock_json_equals(kind, "reasoningContent"))
        return emu_read_reasoning(r, v);
    rc = emu_read_file(r, kind, v, &known);
    r->has_document |= bedrock_json_equals(kind, "document");
    return known ? rc : emu_read_other(r, kind);
}

/* ---- Messages ---- */

static const char emu_starts_with_user[] =
    "A conversation must start with a user message. Try again with a conversation that starts with a user "
    "message.";

/* What is wrong with the role of message n, or NULL; *turn is whose turn was last, 'u' or 'a'. */
static const char *emu_role_objection(struct bedrock_json role, int n, int *turn)
{
    int now = bedrock_json_equals(role, "user") ? 'u' : bedrock_json_equals(role, "assistant") ? 'a' : 0;

    if (!now && !bedrock_json_equals(role, "system"))
        return "1 validation error detected: Value at 'messages.member.role' failed to satisfy constraint: "
               "Member must satisfy enum value set: [user, assistant, system]";
    if (n == 0 && now != 'u')
        return emu_starts_with_user;
    if (now == *turn)
        return "A conversation must alternate between user and assistant roles. Make sure the conversation "
               "alternates between user and assistant roles and try again.";
    *turn = now ? now : *turn; /* a system message may stand anywhere but at the beginning */
    return NULL;
}

/* What the user said last is quoted; what the assistant said last may be the beginning of its answer. */
static void emu_message_begin(struct emu_reading *r, struct bedrock_json role)
{
    r->by_user = bedrock_json_equals(role, "user");
    r->by_assistant = bedrock_json_equals(role, "assistant");
    r->has_text = r->has_document = r->n_results = 0;
    r->n_asking = r->by_user || r->by_assistant ? 0 : r->n_asked;
    r->p->prefill.len = 0;
    if (r->by_user)
        r->p->last.len = r->p->results.len = 0;
}

static int emu_message_end(struct emu_reading *r)
{
    if (r->by_user && emu_check_answered(r) != 0)
        return -1;
    if (r->has_document && !r->has_text && r->by_user)
        return emu_refuse(r->a, "A text block must be included when using documents. Add a text block and "
                          "retry your request.");
    if (r->k == 0)
        return emu_refuse(r->a, "The content field in the Message object at messages.%d is empty. Add a "
                          "ContentBlock object to the content field and try again.", r->n);
    r->n_asked = r->n_asking;
    if (!r->by_assistant)
        r->p->prefill.len = 0;
    return 0;
}

static int emu_read_message(struct emu_reading *r, struct bedrock_json m, int *turn)
{
    struct bedrock_json role = bedrock_json_get(m, "role"), content = bedrock_json_get(m, "content"), block;
    struct bedrock_json_iter it = bedrock_json_iterate(content);
    const char *objection = emu_role_objection(role, r->n, turn);

    if (objection)
        return emu_refuse(r->a, "%s", objection);
    emu_message_begin(r, role);
    for (r->k = 0; content.type == BEDROCK_JSON_ARRAY && bedrock_json_next(&it, NULL, &block); r->k++)
        if (emu_read_block(r, block) != 0)
            return -1;
    return emu_message_end(r);
}

/* Behind all messages. */
static int emu_messages_end(struct emu_reading *r, int turn)
{
    const struct bedrock_buffer *prefill = &r->p->prefill;

    if (r->n == 0)
        return emu_refuse(r->a, "%s", emu_starts_with_user);
    if (emu_check_answered(r) != 0)
        return -1;
    if (r->p->uses_tools && r->p->in[EMU_IN_TOOLS].type == BEDROCK_JSON_NONE)
        return emu_refuse(r->a, "The toolConfig field must be defined when using toolUse and toolResult "
                          "content blocks.");
    if (turn == 'a' && prefill->len > 0 && emu_is_blank(prefill->p[prefill->len - 1]))
        return emu_refuse(r->a, "The model returned the following errors: messages: final assistant "
                          "content cannot end with trailing whitespace");
    return 0;
}

/* A prompt of the service's says "NAME is TEXT" of each variable. */
static void emu_read_stored(struct emu_prompt *p)
{
    struct bedrock_json_iter it = bedrock_json_iterate(p->in[EMU_IN_VARIABLES]);
    struct bedrock_json name, v;
    struct bedrock_buffer line = {0};

    while (bedrock_json_next(&it, &name, &v)) {
        emu_text(&line, line.len > 0 ? "\n" : "");
        emu_append_json(&line, name);
        emu_text(&line, " is ");
        emu_append_json(&line, bedrock_json_get(v, "text"));
    }
    p->words += emu_words(&line);
    bedrock_buffer_append(&p->last, line.p, line.len);
    bedrock_buffer_free(&line);
}

int emu_read_messages(struct emu_answer *a, struct emu_prompt *p)
{
    struct bedrock_json messages = p->in[EMU_IN_MESSAGES], m;
    struct bedrock_json_iter it = bedrock_json_iterate(messages);
    struct emu_reading r = {0};
    int turn = 0;

    r.a = a;
    r.p = p;
    if (messages.type == BEDROCK_JSON_NONE && p->stored) {
        emu_read_stored(p);
        return 0;
    }
    if (messages.type != BEDROCK_JSON_ARRAY)
        return emu_refuse(a, "1 validation error detected: Value at 'messages' failed to satisfy "
                          "constraint: Member must be a list of messages");
    p->seed = emu_crc32(a->e, messages.p, messages.len);
    for (; bedrock_json_next(&it, NULL, &m); r.n++)
        if (emu_read_message(&r, m, &turn) != 0)
            return -1;
    return emu_messages_end(&r, turn);
}

/* ---- The system prompt ---- */

int emu_read_system(struct emu_answer *a, struct emu_prompt *p)
{
    struct bedrock_json system = p->in[EMU_IN_SYSTEM], block, kind, v;
    struct bedrock_json_iter it = bedrock_json_iterate(system);
    struct emu_reading r = {0};
    int rc = 0;

    r.a = a;
    r.p = p;
    r.by_user = 1;
    if (system.type != BEDROCK_JSON_NONE && system.type != BEDROCK_JSON_ARRAY)
        return emu_refuse(a, "1 validation error detected: Value at 'system' failed to satisfy "
                          "constraint: Member must be a list");
    for (; rc == 0 && bedrock_json_next(&it, NULL, &block); r.k++) {
        if (!emu_json_only(block, &kind, &v))
            rc = emu_refuse(a, "The content of system must be a list of SystemContentBlock objects.");
        else if (bedrock_json_equals(kind, "text") && emu_take_text(p, &p->last, v) == 0)
            rc = emu_refuse(a, "The text field in the SystemContentBlock object at system.%d is blank. "
                            "Add text to the text field, and try again.", r.k);
        else if (bedrock_json_equals(kind, "cachePoint"))
            rc = emu_read_cache_point(&r, v);
        else if (bedrock_json_equals(kind, "guardContent"))
            rc = emu_read_guarded(&r, v);
    }
    p->last.len = 0;
    return rc;
}
