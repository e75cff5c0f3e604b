/* emu_http.c - the emulator's wire: requests read, response heads, chunks and event frames written.
 * RFC 9112, RFC 9110 5.6.7, application/vnd.amazon.eventstream. Leaves out: request bodies in chunks
 * (answered with 411). */
#define _DEFAULT_SOURCE
#include "emu.h"
#include <stdarg.h>
#include <string.h>
#include <time.h>

/* ---- Text ---- */

void emu_text(struct bedrock_buffer *b, const char *text)
{
    bedrock_buffer_append(b, text, strlen(text));
}

void emu_printf(struct bedrock_buffer *b, const char *format, ...)
{
    char text[1024];
    va_list ap;
    int n;

    va_start(ap, format);
    n = vsnprintf(text, sizeof text, format, ap);
    va_end(ap);
    if (n > 0)
        bedrock_buffer_append(b, text, (size_t)n < sizeof text ? (size_t)n : sizeof text - 1);
}

static int emu_lower(int c)
{
    return c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c;
}

int emu_is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

int emu_slice_begins(struct bedrock_slice s, const char *text)
{
    size_t n = strlen(text);

    return s.len >= n && memcmp(s.p, text, n) == 0;
}

int emu_slice_is(struct bedrock_slice s, const char *text)
{
    return s.len == strlen(text) && (s.len == 0 || memcmp(s.p, text, s.len) == 0);
}

int emu_slice_is_nocase(struct bedrock_slice s, const char *text)
{
    if (s.len != strlen(text))
        return 0;
    for (size_t i = 0; i < s.len; i++)
        if (emu_lower((unsigned char)s.p[i]) != emu_lower((unsigned char)text[i]))
            return 0;
    return 1;
}

void emu_append_json(struct bedrock_buffer *b, struct bedrock_json v)
{
    size_t at = b->len, n;
    struct bedrock_json copy = v;

    if (v.type != BEDROCK_JSON_STRING || bedrock_buffer_append(b, v.p, v.len) != 0)
        return;
    /* decoded in place behind its quote, which then makes room */
    copy.p = b->p + at;
    n = bedrock_json_unescape(copy, b->p + at + 1, v.len - 1);
    memmove(b->p + at, b->p + at + 1, n);
    b->len = at + n;
}

static int emu_hex_digit(int c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = emu_lower(c);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

void emu_percent_decode(struct bedrock_buffer *b, struct bedrock_slice s)
{
    for (size_t i = 0; i < s.len; i++) {
        char c = s.p[i];

        if (c == '%' && s.len - i > 2 && emu_hex_digit(s.p[i + 1]) >= 0 &&
            emu_hex_digit(s.p[i + 2]) >= 0) {
            c = (char)(emu_hex_digit(s.p[i + 1]) * 16 + emu_hex_digit(s.p[i + 2]));
            i += 2;
        }
        bedrock_buffer_append(b, &c, 1);
    }
}

/* ---- JSON ---- */

void emu_put_text(struct bedrock_writer *w, const char *name, const char *text)
{
    bedrock_write_name(w, name);
    bedrock_write_string(w, text, strlen(text));
}

void emu_put_int(struct bedrock_writer *w, const char *name, int64_t n)
{
    bedrock_write_name(w, name);
    bedrock_write_int(w, n);
}

void emu_put_object(struct bedrock_writer *w, const char *name)
{
    bedrock_write_name(w, name);
    bedrock_write_object(w);
}

void emu_put_array(struct bedrock_writer *w, const char *name)
{
    bedrock_write_name(w, name);
    bedrock_write_array(w);
}

/* ---- Reading a request ---- */

static int emu_http_is_token(struct bedrock_slice s)
{
    static const char others[] = "!#$%&'*+-.^_`|~";

    for (size_t i = 0; i < s.len; i++) {
        int c = emu_lower((unsigned char)s.p[i]);

        if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') && (!c || !strchr(others, c)))
            return 0;
    }
    return s.len > 0;
}

static int emu_http_is_visible(struct bedrock_slice s, int blanks)
{
    for (size_t i = 0; i < s.len; i++) {
        unsigned char c = (unsigned char)s.p[i];

        if ((c < 0x21 || c > 0x7e) && !(blanks && (c == ' ' || c == '\t' || c > 0x7f)))
            return 0;
    }
    return 1;
}

static struct bedrock_slice emu_http_trim(struct bedrock_slice s)
{
    while (s.len > 0 && (*s.p == ' ' || *s.p == '\t'))
        s.p++, s.len--;
    while (s.len > 0 && (s.p[s.len - 1] == ' ' || s.p[s.len - 1] == '\t'))
        s.len--;
    return s;
}

/* Cut a line off *rest, which is known to hold whole lines only; a bare CR or LF fails the checks. */
static struct bedrock_slice emu_http_line(struct bedrock_slice *rest)
{
    struct bedrock_slice line = {rest->p, 0};

    while (!(line.p[line.len] == '\r' && line.p[line.len + 1] == '\n'))
        line.len++;
    rest->p += line.len + 2;
    rest->len -= line.len + 2;
    return line;
}

/* Cut the part before c off *rest, and c; all of it when there is none. */
static struct bedrock_slice emu_http_before(struct bedrock_slice *rest, char c)
{
    struct bedrock_slice part = *rest;
    const char *at = rest->len ? memchr(rest->p, c, rest->len) : NULL;

    if (at) {
        part.len = (size_t)(at - rest->p);
        rest->p = at + 1;
        rest->len -= part.len + 1;
    } else {
        rest->p += rest->len;
        rest->len = 0;
    }
    return part;
}

int emu_query_next(struct bedrock_slice *query, struct bedrock_slice *name, struct bedrock_buffer *value)
{
    struct bedrock_slice pair = emu_http_before(query, '&');

    value->len = 0;
    if (pair.len == 0 && query->len == 0)
        return 0;
    *name = emu_http_before(&pair, '=');
    emu_percent_decode(value, pair);
    return 1;
}

static int emu_http_request_line(struct bedrock_slice line, struct emu_request *rq)
{
    struct bedrock_slice target;

    rq->method = emu_http_before(&line, ' ');
    rq->target = target = emu_http_before(&line, ' ');
    if (!emu_http_is_token(rq->method) || !emu_slice_begins(target, "/") || !emu_http_is_visible(target, 0))
        return 400;
    if (!emu_slice_is(line, "HTTP/1.1") && !emu_slice_is(line, "HTTP/1.0"))
        return line.len == 8 && emu_slice_begins(line, "HTTP/") ? 505 : 400;
    rq->keep_alive = emu_slice_is(line, "HTTP/1.1");
    rq->path = emu_http_before(&target, '?');
    rq->query = target;
    return 0;
}

struct bedrock_slice emu_http_field(const struct emu_request *rq, const char *name)
{
    struct bedrock_slice none = {NULL, 0};

    for (size_t i = 0; i < rq->n_fields; i++)
        if (emu_slice_is_nocase(rq->fields[i].name, name))
            return rq->fields[i].value;
    return none;
}

static int emu_http_length(struct bedrock_slice value, size_t *length)
{
    uint64_t n = 0;

    if (value.len == 0 || value.len > 18)
        return 400;
    for (size_t i = 0; i < value.len; i++) {
        if (value.p[i] < '0' || value.p[i] > '9')
            return 400;
        n = n * 10 + (uint64_t)(value.p[i] - '0'); /* 18 digits at most: cannot wrap */
    }
    if (n > EMU_MAX_BODY)
        return 413;
    *length = (size_t)n;
    return 0;
}

/* What the fields say of the message itself. */
static int emu_http_framing(struct emu_request *rq)
{
    struct bedrock_slice connection = emu_http_field(rq, "connection");
    size_t n_lengths = 0, n_hosts = 0;
    int rc = 0;

    for (size_t i = 0; i < rq->n_fields; i++) {
        n_hosts += (size_t)emu_slice_is_nocase(rq->fields[i].name, "host");
        if (!emu_slice_is_nocase(rq->fields[i].name, "content-length"))
            continue;
        n_lengths++;
        rc = emu_http_length(rq->fields[i].value, &rq->body.len);
    }
    if (emu_http_field(rq, "transfer-encoding").p)
        return n_lengths ? 400 : 411;
    /* RFC 9112 3.2: one Host, which HTTP/1.0 alone may leave out */
    if (n_lengths > 1 || n_hosts > 1 || (n_hosts == 0 && rq->keep_alive))
        return 400;
    if (emu_slice_is_nocase(connection, "close"))
        rq->keep_alive = 0;
    rq->expects = emu_slice_is_nocase(emu_http_field(rq, "expect"), "100-continue");
    return rc;
}

static int emu_http_read_head(struct bedrock_slice rest, struct emu_request *rq)
{
    int rc = emu_http_request_line(emu_http_line(&rest), rq);

    while (rc == 0 && rest.len > 2) {
        struct bedrock_slice value = emu_http_line(&rest), name;
        int has_colon = value.len && memchr(value.p, ':', value.len) != NULL;

        name = emu_http_before(&value, ':');
        value = emu_http_trim(value);
        if (!has_colon || !emu_http_is_token(name) || !emu_http_is_visible(value, 1))
            return 400;
        if (rq->n_fields == EMU_MAX_FIELDS)
            return 431;
        rq->fields[rq->n_fields].name = name;
        rq->fields[rq->n_fields++].value = value;
    }
    return rc ? rc : emu_http_framing(rq);
}

int emu_http_read(const char *p, size_t len, size_t *scanned, struct emu_request *rq)
{
    struct bedrock_slice head = {p, 0};
    size_t i = *scanned;
    int rc;

    memset(rq, 0, sizeof *rq);
    while (i + 4 <= len && i < EMU_MAX_HEAD && memcmp(p + i, "\r\n\r\n", 4) != 0)
        i++;
    *scanned = i;
    if (i >= EMU_MAX_HEAD)
        return 431;
    if (i + 4 > len)
        return EMU_MORE;
    head.len = i + 4;
    rc = emu_http_read_head(head, rq);
    if (rc != 0)
        return rc;
    rq->body.p = p + head.len;
    rq->len = head.len + rq->body.len;
    return len < rq->len ? EMU_MORE : 0;
}

/* ---- Writing a response ---- */

void emu_answer_init(struct emu_answer *a, struct emu *e, int64_t now_ms)
{
    memset(a, 0, sizeof *a);
    a->e = e;
    a->limit = UINT64_MAX;
    a->began_ms = now_ms;
    a->out.max = a->frame.max = a->w.out.max = EMU_MAX_OUT;
}

void emu_answer_free(struct emu_answer *a)
{
    bedrock_buffer_free(&a->out);
    bedrock_buffer_free(&a->frame);
    bedrock_write_free(&a->w);
    bedrock_write_free(&a->plan.at_stop);
    bedrock_write_free(&a->plan.at_end);
    bedrock_write_free(&a->plan.in_usage);
    bedrock_write_free(&a->plan.in_trace);
    bedrock_write_free(&a->plan.in_guard);
    emu_blocks_keep(&a->plan, 0);
}

static const char *emu_http_phrase(int status)
{
    static const struct {
        int status;
        const char *phrase;
    } phrases[] = {
        {200, "OK"}, {202, "Accepted"}, {302, "Found"}, {400, "Bad Request"}, {403, "Forbidden"},
        {404, "Not Found"}, {408, "Request Timeout"}, {411, "Length Required"},
        {413, "Content Too Large"}, {424, "Failed Dependency"}, {429, "Too Many Requests"},
        {431, "Request Header Fields Too Large"}, {500, "Internal Server Error"},
        {502, "Bad Gateway"}, {503, "Service Unavailable"}, {504, "Gateway Timeout"},
        {505, "HTTP Version Not Supported"},
    };

    for (size_t i = 0; i < sizeof phrases / sizeof phrases[0]; i++)
        if (phrases[i].status == status)
            return phrases[i].phrase;
    return "Status";
}

/* IMF-fixdate, RFC 9110 5.6.7; strftime would ask the locale. */
static void emu_http_date(const struct emu *e, struct bedrock_buffer *b)
{
    static const char days[] = "SunMonTueWedThuFriSat";
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    time_t now = (time_t)emu_wall_s(e);
    struct tm t;

    gmtime_r(&now, &t);
    emu_printf(b, "Date: %.3s, %02d %.3s %04d %02d:%02d:%02d GMT\r\n", days + 3 * t.tm_wday,
               t.tm_mday, months + 3 * t.tm_mon, t.tm_year + 1900, t.tm_hour, t.tm_min, t.tm_sec);
}

void emu_http_head(struct emu_answer *a, int status, const char *type, int64_t length,
                   const char *extra)
{
    struct bedrock_buffer *b = &a->out;
    unsigned r[4];

    for (int i = 0; i < 4; i++)
        r[i] = emu_random(a->e);
    a->status = status;
    emu_printf(b, "HTTP/1.1 %d %s\r\n", status, emu_http_phrase(status));
    emu_http_date(a->e, b);
    emu_printf(b, "Content-Type: %s\r\n", type);
    if (length < 0)
        emu_text(b, "Transfer-Encoding: chunked\r\n");
    else
        emu_printf(b, "Content-Length: %lld\r\n", (long long)length);
    emu_printf(b, "Connection: %s\r\n", a->closes ? "close" : "keep-alive");
    /* a random UUID, RFC 9562 5.4 */
    emu_printf(b, "x-amzn-RequestId: %08x-%04x-4%03x-%04x-%04x%08x\r\n", r[0], r[1] >> 16,
               r[1] & 0xfff, 0x8000 | (r[2] >> 16 & 0x3fff), r[2] & 0xffff, r[3]);
    emu_printf(b, "%s\r\n", extra);
}

void emu_http_answer(struct emu_answer *a, int status, const char *type, const char *body, size_t len)
{
    emu_http_head(a, status, type, (int64_t)len, "");
    bedrock_buffer_append(&a->out, body, len);
}

void emu_http_chunk(struct bedrock_buffer *b, const void *p, size_t n)
{
    char size[20];
    size_t at = sizeof size, left = n;

    size[--at] = '\n';
    size[--at] = '\r';
    do
        size[--at] = "0123456789abcdef"[left & 15];
    while (left >>= 4);
    bedrock_buffer_append(b, size + at, sizeof size - at);
    bedrock_buffer_append(b, p, n);
    emu_text(b, "\r\n");
}

/* ---- Event-stream frames ---- */

void emu_be32(unsigned char *p, uint32_t v)
{
    p[0] = (unsigned char)(v >> 24);
    p[1] = (unsigned char)(v >> 16);
    p[2] = (unsigned char)(v >> 8);
    p[3] = (unsigned char)v;
}

/* crc[k][b] is the remainder of byte b with k zero bytes behind it. */
void emu_crc_init(struct emu *e)
{
    for (uint32_t b = 0; b < 256; b++) {
        uint32_t crc = b;

        for (int bit = 0; bit < 8; bit++)
            crc = crc & 1 ? crc >> 1 ^ 0xedb88320u : crc >> 1;
        e->crc[0][b] = crc;
    }
    for (int k = 1; k < 4; k++)
        for (uint32_t b = 0; b < 256; b++)
            e->crc[k][b] = e->crc[k - 1][b] >> 8 ^ e->crc[0][e->crc[k - 1][b] & 255];
}

uint32_t emu_crc32(const struct emu *e, const void *data, size_t n)
{
    const unsigned char *p = data;
    uint32_t crc = 0xffffffffu;

    for (; n >= 4; n -= 4, p += 4)
        crc = e->crc[3][(crc ^ p[0]) & 255] ^ e->crc[2][(crc >> 8 ^ p[1]) & 255] ^
              e->crc[1][(crc >> 16 ^ p[2]) & 255] ^ e->crc[0][crc >> 24 ^ p[3]];
    while (n-- > 0)
        crc = crc >> 8 ^ e->crc[0][(crc ^ *p++) & 255];
    return ~crc;
}

void emu_frame(const struct emu *e, struct bedrock_buffer *b, const char *const headers[],
               const void *payload, size_t len)
{
    unsigned char head[512], crc[4];
    size_t n = 12, at = b->len;

    for (; headers[0]; headers += 2) {
        size_t name = strlen(headers[0]), value = strlen(headers[1]);

        /* names are constants and values at most 100 bytes: three of them fit */
        head[n++] = (unsigned char)name;
        memcpy(head + n, headers[0], name);
        n += name;
        head[n++] = 7; /* a string */
        head[n++] = (unsigned char)(value >> 8);
        head[n++] = (unsigned char)value;
        memcpy(head + n, headers[1], value);
        n += value;
    }
    emu_be32(head, (uint32_t)(n + len + 4));
    emu_be32(head + 4, (uint32_t)(n - 12));
    emu_be32(head + 8, emu_crc32(e, head, 8));
    bedrock_buffer_append(b, head, n);
    if (bedrock_buffer_append(b, payload, len) != 0)
        return;
    emu_be32(crc, emu_crc32(e, b->p + at, b->len - at));
    bedrock_buffer_append(b, crc, sizeof crc);
}
