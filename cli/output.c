/* output.c - standard output: text as it arrives, JSON a line a value, nothing held back.
 * ECMA-48 for what a terminal must not get to see. Leaves out: standard error, which is errors.c's. */
#define _DEFAULT_SOURCE
#include "cli.h"
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define OUTPUT_DIM "\033[2m"
#define OUTPUT_PLAIN "\033[0m"

/* ---- Writing ---- */

int cli_write(int fd, const char *p, size_t n)
{
    while (n > 0) {
        ssize_t put = write(fd, p, n);

        if (put >= 0) {
            p += put;
            n -= (size_t)put;
        } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
            struct pollfd set = {fd, POLLOUT, 0}; /* somebody else made it non-blocking */

            poll(&set, 1, 1000);
        } else if (errno != EINTR) {
            return errno;
        }
        if (n > 0 && cli_signal())
            return EINTR;
    }
    return 0;
}

void cli_out_init(struct cli_out *o)
{
    const char *no_colour = getenv("NO_COLOR"), *term = getenv("TERM");

    memset(o, 0, sizeof *o);
    o->fd = STDOUT_FILENO;
    o->name = "standard output";
    o->terminal = isatty(STDOUT_FILENO);
    o->colour = o->terminal && !(no_colour && no_colour[0]) && term && strcmp(term, "dumb") != 0;
    o->newlines = 2;
}

/* What the output now ends in. */
static void output_note_end(struct cli_out *o, const char *p, size_t n)
{
    for (size_t i = n > 2 ? n - 2 : 0; i < n; i++)
        o->newlines = p[i] != '\n' ? 0 : o->newlines < 2 ? o->newlines + 1 : 2;
}

static int output_write(struct cli_out *o, const char *p, size_t n)
{
    if (o->kept)
        return bedrock_buffer_append(o->kept, p, n) ? -1 : 0;
    if (o->error == 0)
        o->error = cli_write(o->fd, p, n);
    return o->error ? -1 : 0;
}

int cli_out_bytes(struct cli_out *o, const char *p, size_t n)
{
    output_note_end(o, p, n);
    return output_write(o, p, n);
}

/* Write a buffer and let go of it. */
static int output_buffer(struct cli_out *o, struct bedrock_buffer *b)
{
    if (b->error && o->error == 0)
        o->error = ENOMEM;
    output_write(o, b->p, b->len);
    bedrock_buffer_free(b);
    return o->error ? -1 : 0;
}

/* ---- Text ---- */

size_t cli_utf8_length(const char *p, size_t n)
{
    const unsigned char *c = (const unsigned char *)p;
    size_t len = c[0] < 0x80 ? 1 : c[0] < 0xC2 ? 0 : c[0] < 0xE0 ? 2 : c[0] < 0xF0 ? 3 : c[0] < 0xF5 ? 4 : 0;

    if (len > n)
        return 0;
    for (size_t i = 1; i < len; i++)
        if ((c[i] & 0xC0) != 0x80)
            return 0;
    /* RFC 3629 4: overlong forms, surrogates, beyond U+10FFFF */
    if ((c[0] == 0xE0 && c[1] < 0xA0) || (c[0] == 0xED && c[1] > 0x9F) ||
        (c[0] == 0xF0 && c[1] < 0x90) || (c[0] == 0xF4 && c[1] > 0x8F))
        return 0;
    return len;
}

/* The value of the control character at p, or -1: C0, DEL, and C1, which UTF-8 writes as C2 80..9F. */
static int output_control(const char *p, size_t len)
{
    unsigned char c = (unsigned char)p[0];

    if (len == 1 && (c < 0x20 || c == 0x7F))
        return c;
    if (len == 2 && c == 0xC2 && (unsigned char)p[1] < 0xA0)
        return (unsigned char)p[1];
    return -1;
}

int cli_escape(struct bedrock_buffer *b, const char *p, size_t n, enum cli_strictness strict)
{
    size_t from = 0, len;

    for (size_t i = 0; i < n; i += len) {
        int control;
        char shown[5];

        len = cli_utf8_length(p + i, n - i);
        control = len ? output_control(p + i, len) : strict ? (unsigned char)p[i] : -1;
        len = len ? len : 1;
        if (control < 0 || (strict != CLI_ESCAPE_LINE && (control == '\n' || control == '\t')))
            continue;
        bedrock_buffer_append(b, p + from, i - from);
        snprintf(shown, sizeof shown, "\\x%02x", (unsigned)control & 0xFF);
        bedrock_buffer_append(b, shown, 4);
        from = i + len;
    }
    return bedrock_buffer_append(b, p + from, n - from);
}

int cli_append_string(struct bedrock_buffer *b, struct bedrock_json v)
{
    size_t n = b->len;

    if (v.type != BEDROCK_JSON_STRING)
        return b->error;
    /* the raw text makes room for the decoded one, which is never longer */
    if (bedrock_buffer_append(b, v.p, v.len) == 0)
        b->len = n + bedrock_json_unescape(v, b->p + n, v.len);
    return b->error;
}

/* Reasoning and answer are a blank line apart. */
static void output_part(struct cli_out *o, enum bedrock_kind kind)
{
    if (o->kind != 0 && o->kind != kind)
        cli_out_bytes(o, "\n\n", (size_t)(2 - o->newlines));
    o->kind = kind;
}

int cli_out_text(struct cli_out *o, enum bedrock_kind kind, struct bedrock_slice text)
{
    struct bedrock_buffer b = {0};
    int dim = o->colour && kind == BEDROCK_REASONING;

    if (text.len == 0)
        return o->error ? -1 : 0;
    output_part(o, kind);
    if (!o->terminal)
        return cli_out_bytes(o, text.p, text.len);
    /* each piece by itself, so that a program that is killed leaves no dimmed terminal behind */
    if (dim)
        bedrock_buffer_append(&b, OUTPUT_DIM, strlen(OUTPUT_DIM));
    cli_escape(&b, text.p, text.len, 0);
    if (dim)
        bedrock_buffer_append(&b, OUTPUT_PLAIN, strlen(OUTPUT_PLAIN));
    output_note_end(o, text.p, text.len);
    return output_buffer(o, &b);
}

/* How many bytes at the end are the beginning of a character that may go on. */
static size_t output_open_character(const char *p, size_t n)
{
    for (size_t i = 1; i <= n && i < sizeof ((struct cli_out *)0)->held; i++) {
        unsigned char c = (unsigned char)p[n - i];

        if (c >= 0xC2 && c < 0xF5)
            return i < (c < 0xE0 ? 2u : c < 0xF0 ? 3u : 4u) ? i : 0;
        if ((c & 0xC0) != 0x80)
            break;
    }
    return 0;
}

/* A control character must not get through in two pieces. */
int cli_out_raw(struct cli_out *o, const char *p, size_t n)
{
    struct bedrock_buffer all = {0}, b = {0};
    size_t open;

    if (!o->terminal || n == 0)
        return cli_out_bytes(o, p, n);
    bedrock_buffer_append(&all, o->held, o->n_held);
    if (bedrock_buffer_append(&all, p, n) == 0) {
        open = output_open_character(all.p, all.len);
        o->n_held = open;
        memcpy(o->held, all.p + all.len - open, open);
        cli_escape(&b, all.p, all.len - open, CLI_ESCAPE_BYTES);
    } else {
        b.error = all.error;
    }
    output_note_end(o, p, n);
    bedrock_buffer_free(&all);
    return output_buffer(o, &b);
}

/* A character that never came to its end. */
static void output_held(struct cli_out *o)
{
    struct bedrock_buffer b = {0};

    if (o->n_held == 0)
        return;
    cli_escape(&b, o->held, o->n_held, CLI_ESCAPE_BYTES);
    o->n_held = 0;
    output_buffer(o, &b);
}

int cli_out_end_line(struct cli_out *o)
{
    output_held(o);
    return o->newlines == 0 ? cli_out_bytes(o, "\n", 1) : o->error ? -1 : 0;
}

int cli_out_line(struct cli_out *o, const char *text)
{
    struct bedrock_buffer b = {0};

    cli_out_end_line(o);
    /* into a pipe, too: an id or a message of the service must not begin a line of its own */
    cli_escape(&b, text, strlen(text), 1);
    bedrock_buffer_append(&b, "\n", 1);
    o->newlines = 1;
    return output_buffer(o, &b);
}

/* ---- JSON ---- */

/* One value on its way out; written in pieces, as a response may be large. */
struct output_json {
    struct cli_out *o;
    char piece[8192];
    size_t n;
    int in_string, escaped, indent;
};

static void output_put(struct output_json *j, const char *p, size_t n)
{
    if (n > sizeof j->piece - j->n) {
        cli_out_bytes(j->o, j->piece, j->n);
        j->n = 0;
    }
    memcpy(j->piece + j->n, p, n);
    j->n += n;
}

/* RFC 8259 2: white space between tokens means nothing; a new line and its indentation are dropped. */
static int output_is_layout(struct output_json *j, char c)
{
    if (j->in_string)
        return 0;
    j->indent = c == '\n' || c == '\r' || (j->indent && (c == ' ' || c == '\t'));
    return j->indent;
}

static void output_json_part(struct output_json *j, struct bedrock_slice part)
{
    size_t len;

    for (size_t i = 0; i < part.len; i += len) {
        const char *p = part.p + i;
        int control;

        len = cli_utf8_length(p, part.len - i);
        len = len ? len : 1;
        if (output_is_layout(j, *p))
            continue;
        control = j->o->terminal ? output_control(p, len) : -1;
        if (control > 0x20) { /* DEL and C1 inside a string, where JSON has a way to write them */
            char shown[7];

            snprintf(shown, sizeof shown, "\\u%04x", (unsigned)control & 0xFFFF);
            output_put(j, shown, 6);
        } else {
            output_put(j, p, len);
        }
        if (*p == '"' && !j->escaped)
            j->in_string = !j->in_string;
        j->escaped = j->in_string && *p == '\\' && !j->escaped;
    }
}

int cli_write_event(struct bedrock_writer *w, const struct bedrock_event *ev)
{
    struct bedrock_json_iter it = bedrock_json_iterate(ev->json);
    struct bedrock_json name, value;
    char type[128];

    snprintf(type, sizeof type, "%.*s", ev->type.len < sizeof type ? (int)ev->type.len : 0, ev->type.p);
    bedrock_write_object(w);
    bedrock_write_name(w, type);
    bedrock_write_object(w);
    while (ev->json.type == BEDROCK_JSON_OBJECT && bedrock_json_next(&it, &name, &value))
        if (!bedrock_json_equals(name, "p"))
            bedrock_write_member(w, name, value);
    bedrock_write_object_end(w);
    bedrock_write_object_end(w);
    return w->out.error;
}

void cli_out_buffer(struct cli *c, struct bedrock_buffer *b)
{
    if (b->error)
        cli_fail(&c->err, b->error, "%s", bedrock_code_text(b->error));
    else
        cli_out_bytes(&c->out, b->p, b->len);
    bedrock_buffer_free(b);
}

int cli_out_json(struct cli_out *o, const struct bedrock_slice *parts, size_t n_parts)
{
    struct output_json j;

    j.o = o;
    j.n = 0;
    j.in_string = j.escaped = j.indent = 0;
    cli_out_end_line(o);
    for (size_t i = 0; i < n_parts && o->error == 0; i++)
        output_json_part(&j, parts[i]);
    output_put(&j, "\n", 1);
    return cli_out_bytes(o, j.piece, j.n);
}

void cli_out_written(struct cli *c, struct bedrock_writer *w)
{
    int rc = bedrock_write_end(w);
    struct bedrock_slice text = {w->out.p, w->out.len};

    if (rc != 0)
        cli_fail(&c->err, rc, "%s", bedrock_code_text(rc));
    else
        cli_out_json(&c->out, &text, 1);
    bedrock_write_free(w);
}

int cli_show_event(struct cli *c, const struct bedrock_event *ev)
{
    struct bedrock_writer w = {0};

    if (cli_write_event(&w, ev) == 0)
        cli_out_written(c, &w);
    else
        cli_fail(&c->err, w.out.error, "%s", bedrock_code_text(w.out.error));
    bedrock_write_free(&w);
    return c->err.code;
}
