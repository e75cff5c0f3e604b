/* fuzz_assemble.c - events in any order, put together: a line is a type and a JSON payload, or a payload
 * alone for a whole response. Leaves out: frames (fuzz_response.c). */
#include "fuzz.h"

#define CEILING 16384u

/* What the message gives as document, 1, message, 2, or block; 0: there is none. */
static int give(const struct bedrock_message *m, int what, int64_t index, struct bedrock_writer *w)
{
    int rc = what == 0 ? bedrock_message_response(m, w)
             : what == 1 ? bedrock_message_write(m, w) : bedrock_message_block(m, index, w);
    struct bedrock_json v;

    if (rc == BEDROCK_ERR_USAGE && w->out.error == 0 && w->out.len == 0 && what > 0)
        return 0;
    if (rc != bedrock_message_error(m)->code || (rc == 0) != (w->out.len > 0))
        abort();
    if (rc == 0 && (bedrock_write_end(w) != 0 || bedrock_json_parse(w->out.p, w->out.len, &v, NULL) != 0))
        abort();
    return rc == 0;
}

/* Read again, it must give itself. A block without a member has no place in the document, so only the
 * document and the message are compared. */
static void check_again(const struct bedrock_writer *doc, const struct bedrock_writer *message)
{
    struct bedrock_writer w = {0};
    struct bedrock_event ev = {0};
    struct bedrock_message *m;

    ev.kind = BEDROCK_RESPONSE;
    if (bedrock_json_parse(doc->out.p, doc->out.len, &ev.json, NULL) != 0)
        abort();
    if (bedrock_message_open(&m, 0, NULL, NULL) != 0 || bedrock_message_add(m, &ev) != 0 ||
        !give(m, 0, 0, &w))
        abort();
    if (w.out.len != doc->out.len || memcmp(w.out.p, doc->out.p, w.out.len) != 0)
        abort();
    bedrock_write_free(&w);
    if (message->out.len > 0 && (!give(m, 1, 0, &w) || w.out.len != message->out.len ||
                                 memcmp(w.out.p, message->out.p, w.out.len) != 0))
        abort();
    bedrock_write_free(&w);
    bedrock_message_close(m);
}

/* One line, if it is an event. */
static int take(struct bedrock_message *m, const char *line, size_t len)
{
    const char *brace = memchr(line, '{', len);
    size_t type = brace ? (size_t)(brace - line) : 0;
    struct bedrock_event ev = {0};

    if (!brace || bdk_json_parse_halves(brace, len - type, &ev.json, NULL) != 0)
        return bedrock_message_error(m)->code;
    ev.kind = type == 0 ? BEDROCK_RESPONSE : BEDROCK_OTHER;
    ev.type.p = line;
    ev.type.len = type;
    return bedrock_message_add(m, &ev);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *line = (const char *)data, *end = line + size;
    struct bedrock_writer doc = {0}, message = {0};
    struct bedrock_message *m;

    if (bedrock_message_open(&m, CEILING, NULL, NULL) != 0)
        abort();
    while (size > 0 && line < end) {
        const char *stop = memchr(line, '\n', (size_t)(end - line));
        int rc = take(m, line, (size_t)((stop ? stop : end) - line));

        if (rc != bedrock_message_error(m)->code || (rc != 0) != (bedrock_message_error(m)->message[0] != 0))
            abort();
        line = stop ? stop + 1 : end;
    }
    for (int64_t index = -1; index < 3; index++) {
        struct bedrock_writer block = {0};

        if (give(m, 2, index, &block) && bedrock_message_kind(m, index).p == NULL && block.out.p[0] == '{' &&
            block.out.len > 2)
            abort();
        bedrock_write_free(&block);
    }
    if (give(m, 0, 0, &doc)) {
        /* names and brackets around what is held: each value has a name that was counted */
        if (doc.out.len > 2 * CEILING + 256)
            abort();
        give(m, 1, 0, &message);
        check_again(&doc, &message);
    }
    bedrock_write_free(&doc);
    bedrock_write_free(&message);
    bedrock_message_close(m);
    return 0;
}
