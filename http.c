/* http.c - HTTP/1.1 request writer, response head reader, body reader.
 * RFC 9112 and RFC 9110, read strictly: what two readers could take in two ways is refused. Leaves
 * out: answers to HEAD, codings other than chunked; trailers and chunk extensions are passed over. */
#include "bedrock_int.h"
#include <string.h>

#define HTTP_BEGIN "HTTP/1."
#define HTTP_MAX_LINE 16384u    /* bytes of a chunk-size line, and of a whole trailer section */
#define HTTP_MAX_DIGITS 16u     /* of a chunk size: 64 bits, so nothing can overflow */

/* ---- Characters ---- */

/* RFC 9110 5.6.2: tchar */
static int http_is_tchar(unsigned char c)
{
    if ((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'))
        return 1;
    return c != 0 && strchr("!#$%&'*+-.^_`|~", c) != NULL;
}

/* RFC 9110 5.5: what a field value, a reason phrase or a quoted string may hold */
static int http_is_text(unsigned char c)
{
    return c == '\t' || (c >= 0x20 && c != 0x7F);
}

static int http_is_visible(unsigned char c)
{
    return c > 0x20 && c < 0x7F;
}

static int http_is_blank(unsigned char c)
{
    return c == ' ' || c == '\t';
}

static int http_all(struct bedrock_slice s, int (*is)(unsigned char))
{
    for (size_t i = 0; i < s.len; i++)
        if (!is((unsigned char)s.p[i]))
            return 0;
    return 1;
}

int bdk_http_is_token(struct bedrock_slice s)
{
    return s.len > 0 && http_all(s, http_is_tchar);
}

int bdk_http_is_value(struct bedrock_slice s)
{
    return http_all(s, http_is_text);
}

static struct bedrock_slice http_trim(struct bedrock_slice s)
{
    while (s.len > 0 && http_is_blank((unsigned char)s.p[0])) {
        s.p++;
        s.len--;
    }
    while (s.len > 0 && http_is_blank((unsigned char)s.p[s.len - 1]))
        s.len--;
    return s;
}

/* ---- Requests ---- */

int bdk_http_request(struct bedrock_buffer *b, const char *method, struct bedrock_slice target,
                     const struct bdk_field *fields, size_t n_fields)
{
    if (!bdk_http_is_token(bdk_slice(method)) || target.len == 0 || !http_all(target, http_is_visible))
        return bdk_buffer_fail(b, BEDROCK_ERR_USAGE);
    for (size_t i = 0; i < n_fields; i++)
        if (!bdk_http_is_token(bdk_slice(fields[i].name)) || !bdk_http_is_value(fields[i].value))
            return bdk_buffer_fail(b, BEDROCK_ERR_USAGE);
    bdk_buffer_text(b, method);
    bdk_buffer_text(b, " ");
    bedrock_buffer_append(b, target.p, target.len);
    bdk_buffer_text(b, " HTTP/1.1\r\n");
    for (size_t i = 0; i < n_fields; i++) {
        bdk_buffer_text(b, fields[i].name);
        bdk_buffer_text(b, ": ");
        bedrock_buffer_append(b, fields[i].value.p, fields[i].value.len);
        bdk_buffer_text(b, "\r\n");
    }
    return bdk_buffer_text(b, "\r\n");
}

/* RFC 3986 2.3: unreserved */
static int http_is_unreserved(unsigned char c)
{
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '-' ||
           c == '_' || c == '.' || c == '~';
}

int bdk_uri_encode(struct bedrock_buffer *b, const char *p, size_t n, int keep_slash)
{
    static const char digits[] = "0123456789ABCDEF"; /* capitals: SigV4 signs what we send */

    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)p[i];
        char escape[3] = {'%', digits[c >> 4], digits[c & 15]};

        if (http_is_unreserved(c) || (keep_slash && c == '/'))
            bedrock_buffer_append(b, p + i, 1);
        else
            bedrock_buffer_append(b, escape, sizeof escape);
    }
    return b->error;
}

/* ---- Lines and fields ---- */

static int http_fail(const char **why, const char *text)
{
    *why = text;
    return BEDROCK_ERR_PROTOCOL;
}

/* Take a line off *rest, without its CRLF; 0 when there is none. */
static int http_line_next(struct bedrock_slice *rest, struct bedrock_slice *line)
{
    const char *cr;
    size_t used;

    if (rest->len == 0)
        return 0;
    cr = memchr(rest->p, '\r', rest->len);
    line->p = rest->p;
    line->len = cr ? (size_t)(cr - rest->p) : rest->len;
    used = line->len + 2 < rest->len ? line->len + 2 : rest->len;
    rest->p += used;
    rest->len -= used;
    return 1;
}

static int http_field_read(struct bedrock_slice line, struct bedrock_slice *name,
                           struct bedrock_slice *value, const char **why)
{
    const char *colon = memchr(line.p, ':', line.len);

    if (line.len > 0 && http_is_blank((unsigned char)line.p[0]))
        return http_fail(why, "a field line of the response begins with white space");
    if (!colon)
        return http_fail(why, "a field line of the response has no colon");
    name->p = line.p;
    name->len = (size_t)(colon - line.p);
    /* RFC 9112 5.1: no white space before the colon, it has been used for smuggling */
    if (!bdk_http_is_token(*name))
        return http_fail(why, "a field name of the response is not a token right before the colon");
    value->p = colon + 1;
    value->len = line.len - name->len - 1;
    *value = http_trim(*value);
    return 0;
}

/* Take an element off a list (RFC 9110 5.6.1), trimmed, perhaps empty; rest->p is NULL behind the last. */
static struct bedrock_slice http_list_next(struct bedrock_slice *rest)
{
    const char *comma = memchr(rest->p, ',', rest->len);
    struct bedrock_slice item = *rest;

    if (comma) {
        item.len = (size_t)(comma - rest->p);
        rest->p = comma + 1;
        rest->len -= item.len + 1;
    } else {
        rest->p = NULL;
        rest->len = 0;
    }
    return http_trim(item);
}

struct bedrock_slice bdk_http_field(const struct bdk_http_head *h, const char *name)
{
    struct bedrock_slice rest = h->fields, line, found, value, none = {NULL, 0};
    const char *why;

    while (http_line_next(&rest, &line))
        if (http_field_read(line, &found, &value, &why) == 0 && bdk_slice_is_nocase(found, name))
            return value;
    return none;
}

/* ---- One response head ---- */

/* What the fields say about the end of the message. */
struct http_notes {
    uint64_t length;
    int has_length, chunked, close, keep_alive;
};

static int http_number(struct bedrock_slice s, uint64_t *out)
{
    uint64_t v = 0;

    for (size_t i = 0; i < s.len; i++) {
        unsigned digit = (unsigned)(unsigned char)s.p[i] - '0';

        if (digit > 9 || v > (UINT64_MAX - digit) / 10)
            return -1;
        v = v * 10 + digit;
    }
    *out = v;
    return s.len > 0 ? 0 : -1;
}

/* RFC 9112 6.3, item 5: a list of equal numbers counts as one, all else is an error. */
static int http_note_length(struct http_notes *n, struct bedrock_slice value, const char **why)
{
    uint64_t length;

    do {
        if (http_number(http_list_next(&value), &length) != 0)
            return http_fail(why, "the Content-Length of the response is not a number of bytes");
        if (n->has_length && length != n->length)
            return http_fail(why, "the response has two different Content-Lengths");
        n->length = length;
        n->has_length = 1;
    } while (value.p);
    return 0;
}

/* RFC 9112 6.1: nobody asked for other codings, and HTTP/1.0 has none. */
static int http_note_coding(struct http_notes *n, struct bedrock_slice value, int minor,
                            const char **why)
{
    if (minor == 0)
        return http_fail(why, "the response has a Transfer-Encoding in HTTP/1.0");
    if (n->chunked || !bdk_slice_is_nocase(value, "chunked"))
        return http_fail(why, "the Transfer-Encoding of the response is not chunked alone");
    n->chunked = 1;
    return 0;
}

static void http_note_connection(struct http_notes *n, struct bedrock_slice value)
{
    do {
        struct bedrock_slice option = http_list_next(&value);

        n->close |= bdk_slice_is_nocase(option, "close");
        n->keep_alive |= bdk_slice_is_nocase(option, "keep-alive");
    } while (value.p);
}

static int http_note_fields(struct http_notes *n, const struct bdk_http_head *h, const char **why)
{
    struct bedrock_slice rest = h->fields, line, name, value;
    int rc = 0;

    while (rc == 0 && http_line_next(&rest, &line)) {
        rc = http_field_read(line, &name, &value, why);
        if (rc != 0)
            return rc;
        if (bdk_slice_is_nocase(name, "content-length"))
            rc = http_note_length(n, value, why);
        else if (bdk_slice_is_nocase(name, "transfer-encoding"))
            rc = http_note_coding(n, value, h->minor, why);
        else if (bdk_slice_is_nocase(name, "connection"))
            http_note_connection(n, value);
    }
    return rc;
}

/* RFC 9112 6.3 in its order, and 9.3 for what comes after. */
static int http_frame(struct bdk_http_head *h, const struct http_notes *n, const char **why)
{
    if (h->status == 204 || h->status == 304) {
        h->framing = BDK_HTTP_NO_BODY;
    } else if (n->chunked && n->has_length) {
        return http_fail(why, "the response has both Transfer-Encoding and Content-Length");
    } else if (n->chunked) {
        h->framing = BDK_HTTP_CHUNKED;
    } else if (n->has_length) {
        h->framing = BDK_HTTP_LENGTH;
        h->content_length = n->length;
    } else {
        h->framing = BDK_HTTP_UNTIL_CLOSE;
    }
    h->keep_alive = h->framing != BDK_HTTP_UNTIL_CLOSE && !n->close &&
                    (h->minor == 1 || n->keep_alive);
    return 0;
}

/* RFC 9112 4: "HTTP/1.1 200 OK"; the reason, and with it the second space, may be missing. */
static int http_read_status(struct bdk_http_head *h, struct bedrock_slice line, const char **why)
{
    const char *p = line.p;
    struct bedrock_slice digits;
    uint64_t status;

    if (line.len < 8 || memcmp(p, HTTP_BEGIN, 7) != 0 || (p[7] != '0' && p[7] != '1'))
        return http_fail(why, "the response is neither HTTP/1.0 nor HTTP/1.1");
    if (line.len < 12 || p[8] != ' ' || (line.len > 12 && p[12] != ' '))
        return http_fail(why, "the status line of the response is malformed");
    digits.p = p + 9;
    digits.len = 3;
    if (http_number(digits, &status) != 0 || status < 100 || status > 599)
        return http_fail(why, "the status of the response is not a number from 100 to 599");
    if (status == 101)
        return http_fail(why, "the response switches protocols, which was not asked for");
    h->minor = p[7] - '0';
    h->status = (int)status;
    return 0;
}

/* Read one head, interim or final, its empty line included; its characters were checked before. */
static int http_read_one(struct bdk_http_head *h, const char *p, size_t len, const char **why)
{
    struct bedrock_slice line = {p, 0};
    struct http_notes notes = {0};
    int rc;

    h->fields.p = p;
    h->fields.len = len - 2; /* the empty line */
    http_line_next(&h->fields, &line);
    rc = http_read_status(h, line, why);
    if (rc == 0)
        rc = http_note_fields(&notes, h, why);
    if (rc == 0 && h->status >= 200)
        rc = http_frame(h, &notes, why);
    return rc;
}

/* ---- Finding the end of a head ---- */

/* Check the byte at p[i], which stands in a head. It looks back at no more than one byte. */
static int http_scan_byte(const char *p, size_t i, const char **why)
{
    unsigned char c = (unsigned char)p[i];

    if (i >= BDK_HTTP_MAX_HEAD) {
        *why = "the head of the response is larger than 64 KiB";
        return BEDROCK_ERR_LIMIT;
    }
    /* at once, since a peer of another protocol may wait for us to speak */
    if (i < strlen(HTTP_BEGIN))
        return p[i] == HTTP_BEGIN[i] ? 0 : http_fail(why, "the response does not begin with " HTTP_BEGIN);
    if (p[i - 1] == '\r' && c != '\n')
        return http_fail(why, "the head of the response has a CR without LF");
    if (p[i - 1] != '\r' && c == '\n')
        return http_fail(why, "the head of the response has an LF without CR");
    if (c != '\r' && c != '\n' && !http_is_text(c))
        return http_fail(why, "the head of the response has a control character");
    return 0;
}

/* Move *at behind the next empty line: 0, BDK_MORE or an error. */
static int http_scan(const char *p, size_t len, size_t *at, const char **why)
{
    for (; *at < len; ++*at) {
        int rc = http_scan_byte(p, *at, why);

        if (rc != 0)
            return rc;
        /* an LF cannot stand before byte 8, so there are 4 to compare */
        if (p[*at] == '\n' && memcmp(p + *at - 3, "\r\n\r\n", 4) == 0) {
            ++*at;
            return 0;
        }
    }
    return BDK_MORE;
}

/* Where the head that ends at `end` began: behind an interim one, or at 0. */
static size_t http_start_of(const char *p, size_t end)
{
    size_t start = end - 2; /* the empty line itself */

    while (start > 0 && (start < 4 || memcmp(p + start - 4, "\r\n\r\n", 4) != 0))
        start--;
    return start;
}

int bdk_http_head_read(const char *p, size_t len, size_t *scanned, struct bdk_http_head *h,
                       const char **why)
{
    const char *unused;
    size_t at = *scanned;
    int rc;

    if (!why)
        why = &unused;
    do {
        struct bdk_http_head found = {0};
        size_t start;

        rc = http_scan(p, len, &at, why);
        if (rc != 0)
            break;
        start = http_start_of(p, at);
        rc = http_read_one(&found, p + start, at - start, why);
        if (rc == 0 && found.status >= 200) {
            found.len = at;
            *h = found;
            return 0;
        }
    } while (rc == 0);
    /* kept only here, so that asking again after an end gives the same answer again */
    if (rc == BDK_MORE)
        *scanned = at;
    return rc;
}

/* ---- Bodies ---- */

/* Zero and below are answers that stay: complete, or a BEDROCK_ERR_ code. */
enum http_state {
    HTTP_DONE = 0,
    HTTP_DATA,          /* b->left bytes of content, or all until the peer closes */
    HTTP_SIZE,          /* RFC 9112 7.1: the digits of a chunk size */
    HTTP_SIZE_BLANK,    /* white space before the ';' of an extension */
    HTTP_EXT,           /* RFC 9112 7.1.1: an extension */
    HTTP_EXT_QUOTED,    /* a quoted string in it */
    HTTP_EXT_ESCAPED,   /* behind a backslash in that */
    HTTP_SIZE_LF,
    HTTP_CHUNK_CR,      /* behind the content of a chunk */
    HTTP_CHUNK_LF,
    HTTP_TRAILER,       /* RFC 9112 7.1.2: the beginning of a line */
    HTTP_TRAILER_NAME,
    HTTP_TRAILER_VALUE,
    HTTP_TRAILER_LF,
    HTTP_LAST_LF        /* of the empty line that ends it all */
};

void bdk_http_body_init(struct bdk_http_body *b, const struct bdk_http_head *h)
{
    b->framing = h->framing;
    b->left = h->framing == BDK_HTTP_LENGTH ? h->content_length : 0;
    b->line_len = 0;
    b->why = NULL;
    b->state = HTTP_DATA;
    if (h->framing == BDK_HTTP_CHUNKED)
        b->state = HTTP_SIZE;
    if (h->framing == BDK_HTTP_NO_BODY || (h->framing == BDK_HTTP_LENGTH && b->left == 0))
        b->state = HTTP_DONE;
}

static int http_body_fail(struct bdk_http_body *b, int code, const char *why)
{
    b->why = why;
    b->state = code;
    return code;
}

/* The state after a byte that must be `want`. */
static int http_body_expect(unsigned char c, unsigned char want, int next)
{
    return c == want ? next : BEDROCK_ERR_PROTOCOL;
}

static int http_body_size(struct bdk_http_body *b, unsigned char c)
{
    int digit = bdk_hex_digit((char)c);

    /* line_len counts this byte already */
    if (digit >= 0 && b->line_len <= HTTP_MAX_DIGITS) {
        b->left = b->left << 4 | (unsigned)digit;
        return HTTP_SIZE;
    }
    if (digit >= 0 || b->line_len == 1)
        return BEDROCK_ERR_PROTOCOL;
    if (http_is_blank(c))
        return HTTP_SIZE_BLANK;
    return c == ';' ? HTTP_EXT : http_body_expect(c, '\r', HTTP_SIZE_LF);
}

/* The state after one byte of chunked framing, or an error. */
static int http_body_after(struct bdk_http_body *b, unsigned char c)
{
    switch (b->state) {
    case HTTP_SIZE:
        return http_body_size(b, c);
    case HTTP_SIZE_BLANK:
        return http_is_blank(c) ? HTTP_SIZE_BLANK : http_body_expect(c, ';', HTTP_EXT);
    case HTTP_EXT:
        if (c == '"')
            return HTTP_EXT_QUOTED;
        return http_is_text(c) ? HTTP_EXT : http_body_expect(c, '\r', HTTP_SIZE_LF);
    case HTTP_EXT_QUOTED:
        /* a line that ended inside quotes would end elsewhere for a reader that allows it */
        if (!http_is_text(c))
            return BEDROCK_ERR_PROTOCOL;
        return c == '"' ? HTTP_EXT : c == '\\' ? HTTP_EXT_ESCAPED : HTTP_EXT_QUOTED;
    case HTTP_EXT_ESCAPED:
        return http_is_text(c) ? HTTP_EXT_QUOTED : BEDROCK_ERR_PROTOCOL;
    case HTTP_SIZE_LF:
        b->line_len = 0;
        return http_body_expect(c, '\n', b->left > 0 ? HTTP_DATA : HTTP_TRAILER);
    case HTTP_CHUNK_CR:
        return http_body_expect(c, '\r', HTTP_CHUNK_LF);
    case HTTP_CHUNK_LF:
        b->line_len = 0;
        return http_body_expect(c, '\n', HTTP_SIZE);
    case HTTP_TRAILER:
        return http_is_tchar(c) ? HTTP_TRAILER_NAME : http_body_expect(c, '\r', HTTP_LAST_LF);
    case HTTP_TRAILER_NAME:
        return http_is_tchar(c) ? HTTP_TRAILER_NAME : http_body_expect(c, ':', HTTP_TRAILER_VALUE);
    case HTTP_TRAILER_VALUE:
        return http_is_text(c) ? HTTP_TRAILER_VALUE : http_body_expect(c, '\r', HTTP_TRAILER_LF);
    case HTTP_TRAILER_LF:
        return http_body_expect(c, '\n', HTTP_TRAILER);
    default:
        return http_body_expect(c, '\n', HTTP_DONE);
    }
}

/* Why a byte did not fit where it stood. */
static const char *http_body_why(const struct bdk_http_body *b, unsigned char c)
{
    switch (b->state) {
    case HTTP_SIZE:
        if (bdk_hex_digit((char)c) >= 0)
            return "a chunk size of the body has more than 16 digits";
        if (b->line_len == 1)
            return "a chunk of the body does not begin with its size in hex digits";
        return "a chunk size of the body is followed by neither an extension nor CRLF";
    case HTTP_SIZE_BLANK:
        return "white space behind a chunk size of the body is not followed by an extension";
    case HTTP_EXT:
    case HTTP_EXT_QUOTED:
    case HTTP_EXT_ESCAPED:
        return "a chunk extension of the body has a control character or an open quote";
    case HTTP_CHUNK_CR:
    case HTTP_CHUNK_LF:
        return "a chunk of the body is not followed by CRLF";
    case HTTP_TRAILER:
    case HTTP_TRAILER_NAME:
    case HTTP_TRAILER_VALUE:
        return "a trailer of the body is malformed";
    default:
        return "a line in the body ends in CR without LF";
    }
}

static int http_body_byte(struct bdk_http_body *b, unsigned char c)
{
    int next;

    if (++b->line_len > HTTP_MAX_LINE)
        return http_body_fail(b, BEDROCK_ERR_LIMIT, b->state < HTTP_TRAILER ?
                              "a chunk-size line of the body is longer than 16 KiB" :
                              "the trailers of the body are larger than 16 KiB");
    next = http_body_after(b, c);
    if (next < 0)
        return http_body_fail(b, next, http_body_why(b, c));
    b->state = next;
    return 0;
}

/* Hand out content; there is at least one byte of it. */
static int http_body_take(struct bdk_http_body *b, const char **p, size_t *len,
                          struct bedrock_slice *data)
{
    data->p = *p;
    data->len = *len;
    if (b->framing != BDK_HTTP_UNTIL_CLOSE) {
        if (data->len > b->left)
            data->len = (size_t)b->left; /* less than *len, so it fits */
        b->left -= data->len;
        if (b->left == 0)
            b->state = b->framing == BDK_HTTP_CHUNKED ? HTTP_CHUNK_CR : HTTP_DONE;
    }
    *p += data->len;
    *len -= data->len;
    return BDK_DATA;
}

int bdk_http_body_next(struct bdk_http_body *b, const char **p, size_t *len,
                       struct bedrock_slice *data)
{
    while (b->state > HTTP_DONE && *len > 0) {
        if (b->state == HTTP_DATA)
            return http_body_take(b, p, len, data);
        if (http_body_byte(b, (unsigned char)**p) != 0)
            break;
        ++*p;
        --*len;
    }
    return b->state > HTTP_DONE ? BDK_MORE : b->state;
}

int bdk_http_body_eof(const struct bdk_http_body *b)
{
    int whole = b->framing == BDK_HTTP_UNTIL_CLOSE || b->state == HTTP_DONE;

    return whole ? 0 : BEDROCK_ERR_TRUNCATED;
}
