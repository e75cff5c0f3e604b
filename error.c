/* error.c - telling what went wrong: the struct, its line of text, the service's own errors.
 * AWS restJson1 protocol, "Operation error serialization"; RFC 3629 for cutting text. Leaves out:
 * hints, which are the program's business, and deciding about retries (retry.c). */
#include "bedrock_int.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define ERROR_MIN_SECRET 8u
#define ERROR_TOKEN_HEADER "x-amz-security-token:"

static const struct {
    int code;
    const char *name, *text;
} error_codes[] = {
#define ERROR_ROW_(name, value, text) {value, #name, text},
    BEDROCK_ERROR_LIST(ERROR_ROW_)
#undef ERROR_ROW_
};

const char *bedrock_code_name(int code)
{
    for (size_t i = 0; i < sizeof error_codes / sizeof error_codes[0]; i++)
        if (error_codes[i].code == code)
            return error_codes[i].name;
    return code == 0 ? "OK" : "UNKNOWN";
}

const char *bedrock_code_text(int code)
{
    for (size_t i = 0; i < sizeof error_codes / sizeof error_codes[0]; i++)
        if (error_codes[i].code == code)
            return error_codes[i].text;
    return code == 0 ? "nothing went wrong" : "an unknown code";
}

/* The longest prefix of p[0..n), at most cap bytes, that does not cut a UTF-8 character. */
static size_t error_cut(const char *p, size_t n, size_t cap)
{
    if (n <= cap)
        return n;
    while (cap > 0 && ((unsigned char)p[cap] & 0xC0) == 0x80)
        cap--;
    return cap;
}

/* Controls, C1 among them (0xC2 0x80..0x9F), become spaces: a message is one line, and harmless on
 * a terminal. */
static void error_flatten(char *p, size_t n)
{
    const unsigned char *end = (unsigned char *)p + n;

    for (size_t i = 0; i < n; i++) {
        const unsigned char *at = (unsigned char *)p + i;
        unsigned char c = *at;

        if (c < 0x20 || c == 0x7F) {
            p[i] = ' ';
        } else if (c >= 0x80 && bdk_json_utf8(&at, end) != 0) {
            p[i] = '?';
        } else if (c >= 0x80) {
            if (c == 0xC2 && at[-1] < 0xA0)
                p[i] = p[i + 1] = ' ';
            i = (size_t)(at - (unsigned char *)p) - 1;
        }
    }
}

/* Drop what is left at the end of a character that was cut. */
static void error_drop_part(char *text)
{
    size_t n = strlen(text), at = n;
    unsigned char lead;

    while (at > 0 && ((unsigned char)text[at - 1] & 0xC0) == 0x80)
        at--;
    lead = at > 0 ? (unsigned char)text[at - 1] : 0;
    if (lead >= 0xC0 && n - at < (lead >= 0xF0 ? 3u : lead >= 0xE0 ? 2u : 1u))
        text[at - 1] = 0;
}

void bdk_error_text(char *out, size_t cap, struct bedrock_slice text)
{
    size_t n = error_cut(text.p, text.len, cap - 1);

    if (n > 0)
        memcpy(out, text.p, n);
    error_flatten(out, n);
    out[n] = 0;
}

int bdk_error_set(struct bedrock_error *e, int code, const char *format, ...)
{
    va_list ap;
    int n;

    if (e->code != 0)
        return e->code;
    e->code = code;
    e->retryable = code == BEDROCK_ERR_RESOLVE || code == BEDROCK_ERR_CONNECT ||
                   code == BEDROCK_ERR_TIMEOUT || code == BEDROCK_ERR_IO ||
                   code == BEDROCK_ERR_TRUNCATED;
    va_start(ap, format);
    n = vsnprintf(e->message, sizeof e->message, format, ap);
    va_end(ap);
    if (n < 0)
        e->message[0] = 0;
    else if ((size_t)n >= sizeof e->message)
        error_drop_part(e->message);
    error_flatten(e->message, strlen(e->message));
    return code;
}

void bdk_error_hide(char *text, const char *secret)
{
    size_t n = secret ? strlen(secret) : 0;

    if (n < ERROR_MIN_SECRET)
        return;
    for (char *p = text; *p; p++) {
        size_t same = 0;

        while (same < n && p[same] == secret[same])
            same++;
        /* whole, or as much of it as there was room for */
        if (same == n || (p[same] == 0 && same >= ERROR_MIN_SECRET)) {
            memset(p, '*', ERROR_MIN_SECRET / 2);
            memmove(p + ERROR_MIN_SECRET / 2, p + same, strlen(p + same) + 1);
        }
    }
}

void bdk_error_hide_token(char *text)
{
    char *p = strstr(text, ERROR_TOKEN_HEADER);

    while (p) {
        char *from = p + strlen(ERROR_TOKEN_HEADER), *to = from;

        while (*to && *to != ' ' && *to != '\'')
            to++;
        if (to - from > 4) {
            memcpy(from, "****", 4);
            memmove(from + 4, to, strlen(to) + 1);
        }
        p = strstr(from, ERROR_TOKEN_HEADER);
    }
}

/* "ns#Name:http://..." is Name. */
static void error_name(struct bedrock_error *e, struct bedrock_slice raw)
{
    size_t end = 0, start = 0;

    while (end < raw.len && raw.p[end] != ':' && raw.p[end] != ',')
        end++;
    for (size_t i = 0; i < end; i++)
        if (raw.p[i] == '#')
            start = i + 1;
    if (end > start) {
        struct bedrock_slice name = {raw.p + start, end - start};

        bdk_error_text(e->name, sizeof e->name, name);
    }
}

struct bedrock_json bdk_error_member(struct bedrock_json object, const char *want)
{
    struct bedrock_json_iter it = bedrock_json_iterate(object);
    struct bedrock_json name, value, found = {BEDROCK_JSON_NONE, NULL, 0};

    while (object.type == BEDROCK_JSON_OBJECT && bedrock_json_next(&it, &name, &value)) {
        struct bedrock_slice bare = {name.p + 1, name.len - 2};

        if (value.type == BEDROCK_JSON_STRING && bdk_slice_is_nocase(bare, want))
            found = value;
    }
    return found;
}

/* Decode a JSON string into a fixed text. The decoded form is never longer than the raw one, and of a
 * long one only the beginning is wanted, so a bounded piece of stack does. */
void bdk_error_string(char *out, size_t cap, struct bedrock_json v)
{
    char piece[1536];
    struct bedrock_slice text = {piece, 0};
    size_t whole = bedrock_json_unescape(v, piece, sizeof piece);

    text.len = whole < sizeof piece ? whole : error_cut(piece, sizeof piece, sizeof piece - 4);
    bdk_error_text(out, cap, text);
}

static void error_message(struct bedrock_error *e, struct bedrock_json root,
                          struct bedrock_slice body)
{
    struct bedrock_json m = bdk_error_member(root, "message");

    if (m.type == BEDROCK_JSON_STRING) {
        bdk_error_string(e->message, sizeof e->message, m);
    } else if (body.len > 0) {
        /* not JSON, or JSON without a message: an HTML page, a proxy's word */
        while (body.len > 0 && (unsigned char)body.p[0] <= ' ') {
            body.p++;
            body.len--;
        }
        while (body.len > 0 && (unsigned char)body.p[body.len - 1] <= ' ')
            body.len--;
        bdk_error_text(e->message, sizeof e->message, body);
        if (body.len > 300)
            e->message[error_cut(e->message, strlen(e->message), 300)] = 0;
    }
    bdk_error_hide_token(e->message);
}

void bdk_error_service(struct bedrock_error *e, const struct bdk_http_head *h,
                       struct bedrock_slice body)
{
    struct bedrock_json root = {BEDROCK_JSON_NONE, NULL, 0}, code;
    struct bedrock_slice type = bdk_http_field(h, "x-amzn-errortype");

    if (e->code != 0)
        return;
    if (bedrock_json_parse(body.p, body.len, &root, NULL) != 0)
        root.type = BEDROCK_JSON_NONE;
    e->code = BEDROCK_ERR_SERVICE;
    e->http_status = h->status;
    if (type.len > 0) {
        error_name(e, type);
    } else {
        char text[256];

        code = bdk_error_member(root, "code");
        if (code.type != BEDROCK_JSON_STRING)
            code = bdk_error_member(root, "__type");
        if (code.type == BEDROCK_JSON_STRING) {
            bdk_error_string(text, sizeof text, code);
            error_name(e, bdk_slice(text));
        }
    }
    error_message(e, root, body);
    if (e->message[0] == 0 && h->status < 400)
        snprintf(e->message, sizeof e->message,
                 "the service answered with a redirect, which is not followed");
    else if (e->message[0] == 0)
        snprintf(e->message, sizeof e->message, "the service gave no message");
    e->retryable = bdk_retryable(e);
}

void bdk_error_frame(struct bedrock_error *e, const struct bdk_es_frame *f)
{
    struct bedrock_slice name = bdk_es_string(f, ":exception-type");
    struct bedrock_slice text = bdk_es_string(f, ":error-message");
    struct bedrock_json root = {BEDROCK_JSON_NONE, NULL, 0};

    if (e->code != 0)
        return;
    e->code = BEDROCK_ERR_SERVICE;
    if (name.len == 0)
        name = bdk_es_string(f, ":error-code");
    error_name(e, name);
    /* throttlingException is the union's member, ThrottlingException the shape everybody knows */
    if (e->name[0] >= 'a' && e->name[0] <= 'z')
        e->name[0] = (char)(e->name[0] - 'a' + 'A');
    if (bedrock_json_parse(f->payload.p, f->payload.len, &root, NULL) != 0)
        root.type = BEDROCK_JSON_NONE;
    if (text.len > 0)
        bdk_error_text(e->message, sizeof e->message, text);
    else
        error_message(e, root, f->payload);
    if (e->message[0] == 0)
        snprintf(e->message, sizeof e->message, "the stream ended with this exception");
    e->retryable = bdk_retryable(e);
}
