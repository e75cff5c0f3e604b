/* writer.c - writing JSON: commas, colons and escapes are its business.
 * RFC 8259, and RFC 3629 for the UTF-8 it lets in. Leaves out: indentation; fractions, which are
 * written raw. */
#include "bedrock_int.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum writer_state {
    WRITER_FRESH = 0, /* nothing was written yet on this level */
    WRITER_NAMED,     /* a name waits for its value */
    WRITER_FOLLOWS    /* a value was written: the next needs a comma */
};

static int writer_in_object(const struct bedrock_writer *w)
{
    return w->depth > 0 && bdk_json_level(w->in_object, w->depth - 1);
}

static int writer_refuse(struct bedrock_writer *w)
{
    return bdk_buffer_fail(&w->out, BEDROCK_ERR_USAGE);
}

/* Before a name. */
static int writer_begin_name(struct bedrock_writer *w)
{
    if (w->out.error)
        return w->out.error;
    if (!writer_in_object(w) || w->state == WRITER_NAMED)
        return writer_refuse(w);
    return w->state == WRITER_FOLLOWS ? bdk_buffer_text(&w->out, ",") : 0;
}

/* Before a value that is `depth` levels deep: may there be one here? */
static int writer_begin_value(struct bedrock_writer *w, size_t depth)
{
    if (w->out.error)
        return w->out.error;
    if (writer_in_object(w) != (w->state == WRITER_NAMED))
        return writer_refuse(w);
    if (depth > BDK_JSON_MAX_DEPTH - w->depth || (w->depth == 0 && w->state == WRITER_FOLLOWS))
        return writer_refuse(w);
    return w->state == WRITER_FOLLOWS ? bdk_buffer_text(&w->out, ",") : 0;
}

/* A scalar as it is, or a whole value that was checked. */
static void writer_value(struct bedrock_writer *w, const char *p, size_t len, size_t depth)
{
    if (writer_begin_value(w, depth) == 0)
        bedrock_buffer_append(&w->out, p, len);
    w->state = WRITER_FOLLOWS;
}

static void writer_open(struct bedrock_writer *w, int object)
{
    if (writer_begin_value(w, 1) != 0)
        return;
    bdk_buffer_text(&w->out, object ? "{" : "[");
    bdk_json_level_set(w->in_object, w->depth++, object);
    w->state = WRITER_FRESH;
}

static void writer_close(struct bedrock_writer *w, int object)
{
    if (w->out.error)
        return;
    if (w->depth == 0 || writer_in_object(w) != object || w->state == WRITER_NAMED) {
        writer_refuse(w);
        return;
    }
    bdk_buffer_text(&w->out, object ? "}" : "]");
    w->depth--;
    w->state = WRITER_FOLLOWS;
}

/* RFC 8259 7: the escape for a byte that cannot stand in a string as it is. */
static void writer_escape(struct bedrock_buffer *b, unsigned char c)
{
    static const char from[] = "\"\\\b\f\n\r\t", to[] = "\"\\bfnrt", hex[] = "0123456789abcdef";
    char text[6] = {'\\', 'u', '0', '0', hex[c >> 4], hex[c & 15]};
    const char *found = memchr(from, c, sizeof from - 1);

    if (found)
        text[1] = to[found - from];
    bedrock_buffer_append(b, text, found ? 2 : sizeof text);
}

/* Quoted and escaped; BEDROCK_ERR_USAGE when it is not UTF-8. */
static void writer_quoted(struct bedrock_writer *w, const char *text, size_t len)
{
    const unsigned char *run = (const unsigned char *)text, *p = run, *end = run + len;

    bdk_buffer_text(&w->out, "\"");
    while (p < end && !w->out.error) {
        p = bdk_json_plain(p, end);
        if (p < end && *p >= 0x80) {
            if (bdk_json_utf8(&p, end) != 0)
                writer_refuse(w);
            continue; /* it belongs to the run */
        }
        bedrock_buffer_append(&w->out, run, (size_t)(p - run));
        if (p < end)
            writer_escape(&w->out, *p++);
        run = p;
    }
    bedrock_buffer_append(&w->out, run, (size_t)(p - run));
    bdk_buffer_text(&w->out, "\"");
}

void bedrock_write_object(struct bedrock_writer *w)
{
    writer_open(w, 1);
}

void bedrock_write_object_end(struct bedrock_writer *w)
{
    writer_close(w, 1);
}

void bedrock_write_array(struct bedrock_writer *w)
{
    writer_open(w, 0);
}

void bedrock_write_array_end(struct bedrock_writer *w)
{
    writer_close(w, 0);
}

void bedrock_write_name(struct bedrock_writer *w, const char *name)
{
    if (!name)
        writer_refuse(w);
    if (writer_begin_name(w) != 0)
        return;
    writer_quoted(w, name, strlen(name));
    bdk_buffer_text(&w->out, ":");
    w->state = WRITER_NAMED;
}

void bedrock_write_string(struct bedrock_writer *w, const char *text, size_t len)
{
    if (!text && len > 0)
        writer_refuse(w);
    if (writer_begin_value(w, 0) != 0)
        return;
    writer_quoted(w, len > 0 ? text : "", len);
    w->state = WRITER_FOLLOWS;
}

int bdk_write_string_begin(struct bedrock_writer *w)
{
    return writer_begin_value(w, 0) == 0 ? bdk_buffer_text(&w->out, "\"") : w->out.error;
}

void bdk_write_string_end(struct bedrock_writer *w)
{
    bdk_buffer_text(&w->out, "\"");
    w->state = WRITER_FOLLOWS;
}

void bedrock_write_int(struct bedrock_writer *w, int64_t n)
{
    char digits[24];
    int len = snprintf(digits, sizeof digits, "%" PRId64, n);

    writer_value(w, digits, (size_t)len, 0);
}

void bedrock_write_bool(struct bedrock_writer *w, int yes)
{
    writer_value(w, yes ? "true" : "false", yes ? 4 : 5, 0);
}

void bedrock_write_null(struct bedrock_writer *w)
{
    writer_value(w, "null", 4, 0);
}

static void writer_checked(struct bedrock_writer *w, struct bedrock_json v)
{
    if (v.type == BEDROCK_JSON_NONE || v.len == 0) {
        writer_refuse(w);
        return;
    }
    writer_value(w, v.p, v.len, bdk_json_depth(v));
}

void bedrock_write_raw(struct bedrock_writer *w, const char *json, size_t len)
{
    struct bedrock_json v;

    if (w->out.error)
        return;
    bedrock_json_parse(json, len, &v, NULL);
    writer_checked(w, v);
}

void bdk_write_mended(struct bedrock_writer *w, const char *json, size_t len)
{
    size_t at = w->out.len;
    struct bedrock_json v;

    if (w->out.error)
        return;
    bdk_json_parse_halves(json, len, &v, NULL);
    writer_checked(w, v);
    if (!w->out.error)
        bdk_json_mend(w->out.p + at, w->out.len - at);
}

void bedrock_write_member(struct bedrock_writer *w, struct bedrock_json name, struct bedrock_json v)
{
    if (name.type != BEDROCK_JSON_STRING)
        writer_refuse(w);
    if (writer_begin_name(w) != 0)
        return;
    bedrock_buffer_append(&w->out, name.p, name.len);
    bdk_buffer_text(&w->out, ":");
    w->state = WRITER_NAMED;
    writer_checked(w, v);
}

int bedrock_write_end(struct bedrock_writer *w)
{
    if (w->depth > 0 || w->state != WRITER_FOLLOWS)
        writer_refuse(w);
    return w->out.error;
}

void bedrock_write_free(struct bedrock_writer *w)
{
    if (!w)
        return;
    bedrock_buffer_free(&w->out);
    memset(w->in_object, 0, sizeof w->in_object);
    w->depth = 0;
    w->state = WRITER_FRESH;
}
