/* test_http.c - requests written, response heads and bodies read, however they are cut.
 * RFC 9112, RFC 9110; cases of our own. Leaves out: sockets, and what call.c makes of it all. */
#include "bedrock_int.h"
#include "t.h"
#include <stdlib.h>
#include <string.h>

#define P BEDROCK_ERR_PROTOCOL
#define L BEDROCK_ERR_LIMIT
#define T BEDROCK_ERR_TRUNCATED
#define MAX_LINE 16384u
#define ROOM 70000u
#define N_OF(a) (sizeof(a) / sizeof(a)[0])
#define S(text) {text, sizeof(text) - 1} /* zero bytes inside count */

static char *page; /* ROOM bytes that end at an unmapped page */

/* p[0..n) moved so that it ends at the page. */
static const char *at_page(const char *p, size_t n)
{
    char *to = page + ROOM - n;

    if (n > 0)
        memcpy(to, p, n);
    return to;
}

/* ---- Requests ---- */

static void test_request(void)
{
    static const struct {
        const char *method;
        struct bedrock_slice target, name, value;
        const char *want; /* NULL: refused */
    } cases[] = {
        {"GET", S("/"), S("Host"), S("a.example"), "GET / HTTP/1.1\r\nHost: a.example\r\nZ: \r\n\r\n"},
        {"POST", S("/a%20b?c=d&e~f'()*"), S("X-Y_z"), S("a\tb  c\xC3\xA9"),
         "POST /a%20b?c=d&e~f'()* HTTP/1.1\r\nX-Y_z: a\tb  c\xC3\xA9\r\nZ: \r\n\r\n"},
        {"M!#$%&'*+-.^_`|~09az", S("*"), S("n"), S(""),
         "M!#$%&'*+-.^_`|~09az * HTTP/1.1\r\nn: \r\nZ: \r\n\r\n"},
        {"", S("/"), S("n"), S("v"), NULL},
        {"GE T", S("/"), S("n"), S("v"), NULL},
        {"GET\r\n", S("/"), S("n"), S("v"), NULL},
        {"G\xC3\x8BT", S("/"), S("n"), S("v"), NULL},
        {"GET/", S("/"), S("n"), S("v"), NULL},
        {"GET", S(""), S("n"), S("v"), NULL},
        {"GET", S("/a b"), S("n"), S("v"), NULL},
        {"GET", S("/a\tb"), S("n"), S("v"), NULL},
        {"GET", S("/a\r\nb"), S("n"), S("v"), NULL},
        {"GET", S("/a\n"), S("n"), S("v"), NULL},
        {"GET", S("/\0"), S("n"), S("v"), NULL},
        {"GET", S("/\x7F"), S("n"), S("v"), NULL},
        {"GET", S("/\x80"), S("n"), S("v"), NULL},
        {"GET", S("/"), S(""), S("v"), NULL},
        {"GET", S("/"), S("n "), S("v"), NULL},
        {"GET", S("/"), S("n:"), S("v"), NULL},
        {"GET", S("/"), S("n\r\nm"), S("v"), NULL},
        {"GET", S("/"), S("n\xC3\xA9"), S("v"), NULL},
        {"GET", S("/"), S("n"), S("v\r\nEvil: 1"), NULL},
        {"GET", S("/"), S("n"), S("v\n"), NULL},
        {"GET", S("/"), S("n"), S("\r"), NULL},
        {"GET", S("/"), S("n"), S("a\0b"), NULL},
        {"GET", S("/"), S("n"), S("\x1B[31m"), NULL},
        {"GET", S("/"), S("n"), S("\x7F"), NULL},
    };

    for (size_t i = 0; i < N_OF(cases); i++) {
        struct bdk_field fields[2] = {{cases[i].name.p, cases[i].value}, {"Z", {NULL, 0}}};
        struct bedrock_buffer b = {0};
        int rc;

        t_case("request %zu: %s %s", i, cases[i].method, cases[i].target.p);
        rc = bdk_http_request(&b, cases[i].method, cases[i].target, fields, 2);
        CHECKF(rc == (cases[i].want ? 0 : BEDROCK_ERR_USAGE), "%d", rc);
        CHECK(rc == b.error);
        CHECK_TEXT(b.p, b.len, cases[i].want ? cases[i].want : "");
        bedrock_buffer_free(&b);
    }
}

static void test_request_buffer(void)
{
    struct bdk_field field = {"Name", S("a value that is long enough to make the buffer grow once or twice"
                                        "a value that is long enough to make the buffer grow once or twice")};
    struct bedrock_slice target = bdk_slice("/x"), wrong = bdk_slice("/ ");
    struct bedrock_buffer b = {0};
    size_t n = 0;

    t_case("a request is appended; a refused one appends nothing and sticks");
    bdk_buffer_text(&b, "before ");
    CHECK(bdk_http_request(&b, "GET", target, NULL, 0) == 0);
    CHECK_TEXT(b.p, b.len, "before GET /x HTTP/1.1\r\n\r\n");
    CHECK(bdk_http_request(&b, "GET", wrong, NULL, 0) == BEDROCK_ERR_USAGE);
    CHECK(bdk_http_request(&b, "GET", target, NULL, 0) == BEDROCK_ERR_USAGE);
    CHECK_TEXT(b.p, b.len, "before GET /x HTTP/1.1\r\n\r\n");
    bedrock_buffer_free(&b);
    t_case("a request larger than its buffer's ceiling");
    b.max = 100;
    CHECK(bdk_http_request(&b, "GET", target, &field, 1) == L);
    bedrock_buffer_free(&b);
    t_case("a request and an encoded text without memory");
    for (int round = 0; round < 40; round++) {
        struct t_heap heap = {0};
        struct bedrock_buffer c = {0};
        int rc;

        heap.fail_at = (size_t)(round / 2) + 1;
        heap.onward = round % 2;
        c.alloc = t_heap_alloc;
        c.alloc_ctx = &heap;
        rc = bdk_http_request(&c, "GET", target, &field, 1);
        if (rc == 0)
            rc = bdk_uri_encode(&c, page, 200, 0);
        CHECKF(rc == (heap.calls < heap.fail_at ? 0 : BEDROCK_ERR_NOMEM), "round %d: %d", round, rc);
        n += rc != 0;
        bedrock_buffer_free(&c);
        CHECK(heap.live == 0);
    }
    CHECKF(n >= 4, "only %zu rounds failed", n);
}

static void test_encode(void)
{
    static const struct {
        const char *plain, *whole, *path;
    } cases[] = {
        {"", "", ""},
        {"AZaz09-_.~", "AZaz09-_.~", "AZaz09-_.~"},
        {"anthropic.claude-v2:1", "anthropic.claude-v2%3A1", "anthropic.claude-v2%3A1"},
        {"a/b c", "a%2Fb%20c", "a/b%20c"},
        {"100%+&=?#", "100%25%2B%26%3D%3F%23", "100%25%2B%26%3D%3F%23"},
        {"\xC3\xA9\xFF\x7F\n", "%C3%A9%FF%7F%0A", "%C3%A9%FF%7F%0A"},
    };
    struct bedrock_buffer b = {0};

    for (size_t i = 0; i < N_OF(cases); i++) {
        t_case("encode %s", cases[i].plain);
        for (int slash = 0; slash < 2; slash++) {
            size_t n = strlen(cases[i].plain);

            CHECK(bdk_uri_encode(&b, at_page(cases[i].plain, n), n, slash) == 0);
            CHECK_TEXT(b.p, b.len, slash ? cases[i].path : cases[i].whole);
            bedrock_buffer_free(&b);
        }
    }
    t_case("each byte is itself or three characters that say it");
    for (unsigned c = 0; c < 256; c++) {
        char plain = (char)c, want[4] = {plain, 0, 0, 0};

        if (c == 0 || !strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.~", (int)c))
            snprintf(want, sizeof want, "%%%02X", c);
        CHECK(bdk_uri_encode(&b, &plain, 1, 0) == 0);
        CHECK_TEXT(b.p, b.len, want);
        bedrock_buffer_free(&b);
    }
}

/* ---- Heads ---- */

struct head_case {
    struct bedrock_slice text;  /* the head, without anything behind it */
    int rc;
    const char *why;            /* for a failure: a part of the reason */
    int status, minor;
    enum bdk_http_framing framing;
    uint64_t length;
    int keep_alive;
    size_t skip;                /* bytes of interim responses in front */
};

#define OK "HTTP/1.1 200 OK\r\n"
#define NONE BDK_HTTP_NO_BODY
#define LEN BDK_HTTP_LENGTH
#define CHUNKED BDK_HTTP_CHUNKED
#define CLOSE BDK_HTTP_UNTIL_CLOSE
#define GOOD(text, status, minor, framing, length, keep) \
    {S(text), 0, NULL, status, minor, framing, length, keep, 0}
#define AFTER(skip, text, status, framing, length, keep) \
    {S(skip text), 0, NULL, status, 1, framing, length, keep, sizeof(skip) - 1}
#define BAD(text, why) {S(text), P, why, 0, 0, NONE, 0, 0, 0}

static const struct head_case heads[] = {
    /* status lines */
    GOOD(OK "Content-Length: 5\r\n\r\n", 200, 1, LEN, 5, 1),
    GOOD("HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\n", 200, 0, LEN, 5, 0),
    GOOD("HTTP/1.1 200 \r\nContent-Length: 0\r\n\r\n", 200, 1, LEN, 0, 1),
    GOOD("HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n", 200, 1, LEN, 0, 1),
    GOOD("HTTP/1.1 599 \tz\xFC\xC3\xA9 !\r\nContent-Length: 0\r\n\r\n", 599, 1, LEN, 0, 1),
    GOOD(OK "\r\n", 200, 1, CLOSE, 0, 0),
    BAD("HTTP/1.2 200 OK\r\n\r\n", "neither HTTP/1.0 nor"),
    BAD("HTTP/1.x 200 OK\r\n\r\n", "neither HTTP/1.0 nor"),
    BAD("HTTP/1.\r\n\r\n", "neither HTTP/1.0 nor"),
    BAD("HTTP/2.0 200 OK\r\n\r\n", "does not begin"),
    BAD("http/1.1 200 OK\r\n\r\n", "does not begin"),
    BAD("HTTP 200 OK\r\n\r\n", "does not begin"),
    BAD(" HTTP/1.1 200 OK\r\n\r\n", "does not begin"),
    BAD("\r\nHTTP/1.1 200 OK\r\n\r\n", "does not begin"),
    BAD("\xEF\xBB\xBFHTTP/1.1 200 OK\r\n\r\n", "does not begin"),
    BAD("SSH-2.0-x\r\n", "does not begin"),
    BAD("\x15\x03\x01\x00\x02\x02\x46", "does not begin"),
    BAD("HTTP/1.1\r\n\r\n", "status line"),
    BAD("HTTP/1.1 \r\n\r\n", "status line"),
    BAD("HTTP/1.1 20\r\n\r\n", "status line"),
    BAD("HTTP/1.1 2000 OK\r\n\r\n", "status line"),
    BAD("HTTP/1.1 200OK\r\n\r\n", "status line"),
    BAD("HTTP/1.1 200\tOK\r\n\r\n", "status line"),
    BAD("HTTP/1.1\t200 OK\r\n\r\n", "status line"),
    BAD("HTTP/1.10 200 OK\r\n\r\n", "status line"),
    BAD("HTTP/1.1  200 OK\r\n\r\n", "status line"),
    BAD("HTTP/1.1  20 OK\r\n\r\n", "not a number from"),
    BAD("HTTP/1.1 +20 OK\r\n\r\n", "not a number from"),
    BAD("HTTP/1.1 2O0 OK\r\n\r\n", "not a number from"),
    BAD("HTTP/1.1 000 OK\r\n\r\n", "not a number from"),
    BAD("HTTP/1.1 099 OK\r\n\r\n", "not a number from"),
    BAD("HTTP/1.1 600 OK\r\n\r\n", "not a number from"),
    BAD("HTTP/1.1 999 OK\r\n\r\n", "not a number from"),
    /* ends of lines, characters */
    BAD("HTTP/1.1 200 OK\n\n", "LF without CR"),
    BAD("HTTP/1.1 200 OK\nContent-Length: 5\r\n\r\n", "LF without CR"),
    BAD(OK "Content-Length: 5\n\r\n", "LF without CR"),
    BAD(OK "Content-Length: 5\r\n\n", "LF without CR"),
    BAD(OK "Content-Length: 5\r\r\n\r\n", "CR without LF"),
    BAD(OK "Content-Length: 5\r\n\rX", "CR without LF"),
    BAD(OK "A: b\rContent-Length: 5\r\n\r\n", "CR without LF"),
    BAD("HTTP/1.1 200 O\rK\r\n\r\n", "CR without LF"),
    BAD(OK "A: b\0c\r\n\r\n", "control character"),
    BAD(OK "A\0: b\r\n\r\n", "control character"),
    BAD("HTTP/1.1 200 O\0K\r\n\r\n", "control character"),
    BAD("HTTP/1.1 200 \x1B[31m\r\n\r\n", "control character"),
    BAD(OK "A: \x7F\r\n\r\n", "control character"),
    BAD(OK "A: \x0B\r\n\r\n", "control character"),
    /* field lines */
    GOOD(OK "a:\r\nb: \t \r\n!#$%&'*+-.^_`|~: v\xC3\xA9\xFF\t:\r\nContent-Length:7\r\n\r\n",
         200, 1, LEN, 7, 1),
    BAD(OK "A: b\r\n c\r\n\r\n", "begins with white space"),
    BAD(OK "A: b\r\n\tc: d\r\n\r\n", "begins with white space"),
    BAD(OK " A: b\r\n\r\n", "begins with white space"),
    BAD(OK "A: b\r\n \r\n\r\n", "begins with white space"),
    BAD(OK "Content-Length : 5\r\n\r\n", "right before the colon"),
    BAD(OK "Content-Length\t: 5\r\n\r\n", "right before the colon"),
    BAD(OK "A B: 5\r\n\r\n", "right before the colon"),
    BAD(OK ": 5\r\n\r\n", "right before the colon"),
    BAD(OK "A\xC3\xA9: 5\r\n\r\n", "right before the colon"),
    BAD(OK "A(b): 5\r\n\r\n", "right before the colon"),
    BAD(OK "\"A\": 5\r\n\r\n", "right before the colon"),
    BAD(OK "nothing\r\n\r\n", "no colon"),
    BAD(OK "HTTP/1.1 200 OK\r\n\r\n", "no colon"),
    /* Content-Length */
    GOOD(OK "content-LENGTH:\t 18446744073709551615 \t\r\n\r\n", 200, 1, LEN, UINT64_MAX, 1),
    GOOD(OK "Content-Length: 5, 5\r\n\r\n", 200, 1, LEN, 5, 1),
    GOOD(OK "Content-Length: 5,5 ,\t005\r\n\r\n", 200, 1, LEN, 5, 1),
    GOOD(OK "Content-Length: 5\r\nContent-Length: 5\r\n\r\n", 200, 1, LEN, 5, 1),
    BAD(OK "Content-Length: 5, 6\r\n\r\n", "two different"),
    BAD(OK "Content-Length: 5\r\nContent-Length: 6\r\n\r\n", "two different"),
    BAD(OK "Content-Length: 0\r\nA: b\r\ncontent-length: 6\r\n\r\n", "two different"),
    BAD(OK "Content-Length: 5,\r\n\r\n", "number of bytes"),
    BAD(OK "Content-Length: ,5\r\n\r\n", "number of bytes"),
    BAD(OK "Content-Length: \r\n\r\n", "number of bytes"),
    BAD(OK "Content-Length: +5\r\n\r\n", "number of bytes"),
    BAD(OK "Content-Length: -5\r\n\r\n", "number of bytes"),
    BAD(OK "Content-Length: 0x5\r\n\r\n", "number of bytes"),
    BAD(OK "Content-Length: 5 5\r\n\r\n", "number of bytes"),
    BAD(OK "Content-Length: 5;a\r\n\r\n", "number of bytes"),
    BAD(OK "Content-Length: \"5\"\r\n\r\n", "number of bytes"),
    BAD(OK "Content-Length: 5.0\r\n\r\n", "number of bytes"),
    BAD(OK "Content-Length: 18446744073709551616\r\n\r\n", "number of bytes"),
    BAD(OK "Content-Length: 28446744073709551615\r\n\r\n", "number of bytes"),
    BAD(OK "Content-Length: 100000000000000000005\r\n\r\n", "number of bytes"),
    BAD(OK "Content-Length: \xD9\xA5\r\n\r\n", "number of bytes"),
    /* Transfer-Encoding */
    GOOD(OK "Transfer-Encoding: chunked\r\n\r\n", 200, 1, CHUNKED, 0, 1),
    GOOD(OK "transfer-encoding:CHUNKED \r\n\r\n", 200, 1, CHUNKED, 0, 1),
    BAD(OK "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n", "both"),
    BAD(OK "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n", "both"),
    BAD(OK "Transfer-Encoding: gzip, chunked\r\n\r\n", "not chunked alone"),
    BAD(OK "Transfer-Encoding: chunked, gzip\r\n\r\n", "not chunked alone"),
    BAD(OK "Transfer-Encoding: chunked, identity\r\n\r\n", "not chunked alone"),
    BAD(OK "Transfer-Encoding: chunked, chunked\r\n\r\n", "not chunked alone"),
    BAD(OK "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n", "not chunked alone"),
    BAD(OK "Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n", "not chunked alone"),
    BAD(OK "Transfer-Encoding: identity\r\n\r\n", "not chunked alone"),
    BAD(OK "Transfer-Encoding: \r\n\r\n", "not chunked alone"),
    BAD(OK "Transfer-Encoding: ,chunked\r\n\r\n", "not chunked alone"),
    BAD(OK "Transfer-Encoding: xchunked\r\n\r\n", "not chunked alone"),
    BAD(OK "Transfer-Encoding: chunkedx\r\n\r\n", "not chunked alone"),
    BAD(OK "Transfer-Encoding: \"chunked\"\r\n\r\n", "not chunked alone"),
    BAD(OK "Transfer-Encoding: chunked;q=1\r\n\r\n", "not chunked alone"),
    BAD(OK "Transfer-Encoding : chunked\r\n\r\n", "right before the colon"),
    BAD(OK "Transfer-Encoding: \x0B" "chunked\r\n\r\n", "control character"),
    BAD(OK "Transfer-Encoding:\r\n chunked\r\n\r\n", "not chunked alone"),
    BAD("HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "in HTTP/1.0"),
    /* without a body */
    GOOD("HTTP/1.1 204 No Content\r\n\r\n", 204, 1, NONE, 0, 1),
    GOOD("HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n", 304, 1, NONE, 0, 1),
    GOOD("HTTP/1.1 204 x\r\nTransfer-Encoding: chunked\r\n\r\n", 204, 1, NONE, 0, 1),
    GOOD("HTTP/1.0 204 x\r\n\r\n", 204, 0, NONE, 0, 0),
    BAD("HTTP/1.1 204 x\r\nContent-Length: x\r\n\r\n", "number of bytes"),
    /* Connection */
    GOOD(OK "Content-Length: 1\r\nConnection: close\r\n\r\n", 200, 1, LEN, 1, 0),
    GOOD(OK "Content-Length: 1\r\nConnection: keep-alive, Close\r\n\r\n", 200, 1, LEN, 1, 0),
    GOOD(OK "Connection: x\r\nContent-Length: 1\r\nConnection: ,close,\r\n\r\n", 200, 1, LEN, 1, 0),
    GOOD(OK "Content-Length: 1\r\nConnection: closed, not-close\r\n\r\n", 200, 1, LEN, 1, 1),
    GOOD(OK "Content-Length: 1\r\nConnection: \r\n\r\n", 200, 1, LEN, 1, 1),
    GOOD("HTTP/1.0 200 OK\r\nContent-Length: 1\r\nConnection: Keep-Alive\r\n\r\n", 200, 0, LEN, 1, 1),
    GOOD("HTTP/1.0 200 OK\r\nContent-Length: 1\r\nConnection: keep-alive,close\r\n\r\n", 200, 0,
         LEN, 1, 0),
    GOOD("HTTP/1.0 200 OK\r\nConnection: keep-alive\r\n\r\n", 200, 0, CLOSE, 0, 0),
    GOOD(OK "Connection: keep-alive\r\n\r\n", 200, 1, CLOSE, 0, 0),
    /* interim responses */
    AFTER("HTTP/1.1 100 Continue\r\n\r\n", OK "Content-Length: 2\r\n\r\n", 200, LEN, 2, 1),
    AFTER("HTTP/1.1 103 Early\r\nLink: <a>\r\nConnection: close\r\nContent-Length: 9\r\n\r\n"
          "HTTP/1.1 199\r\n\r\nHTTP/1.0 100 \r\n\r\n", "HTTP/1.1 429 Slow\r\n\r\n", 429, CLOSE, 0, 0),
    AFTER("HTTP/1.1 100 Continue\r\nTransfer-Encoding: chunked\r\n\r\n", OK "Content-Length: 2\r\n\r\n",
          200, LEN, 2, 1),
    BAD("HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\n\r\n", "switches protocols"),
    BAD("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 101 x\r\n\r\n", "switches protocols"),
    BAD("HTTP/1.1 100 Continue\r\nA : b\r\n\r\n", "right before the colon"),
    BAD("HTTP/1.1 100 Continue\r\n\r\n\r\n", "neither HTTP/1.0 nor"),
    BAD("HTTP/1.1 100 Continue\r\n\r\nhello\r\n\r\n", "neither HTTP/1.0 nor"),
    BAD("HTTP/1.1 100 Continue\n\nHTTP/1.1 200 OK\r\n\r\n", "LF without CR"),
};

/* All a read tells, with slices as offsets. */
struct head_seen {
    int rc, status, minor, keep_alive;
    const char *why;
    size_t len, fields_at, fields_len;
    enum bdk_http_framing framing;
    uint64_t length;
};

static int same_head(const struct head_seen *a, const struct head_seen *b)
{
    return a->rc == b->rc && a->status == b->status && a->minor == b->minor &&
           a->keep_alive == b->keep_alive && strcmp(a->why, b->why) == 0 && a->len == b->len &&
           a->fields_at == b->fields_at && a->fields_len == b->fields_len &&
           a->framing == b->framing && a->length == b->length;
}

/* Read the first n bytes, moved to the page, with this memo. */
static struct head_seen head_step(const char *text, size_t n, size_t *scanned)
{
    const char *p = at_page(text, n), *why = "";
    struct head_seen s = {0};
    struct bdk_http_head h;
    struct bdk_http_head untouched;

    memset(&h, 0x5A, sizeof h);
    memcpy(&untouched, &h, sizeof h);
    s.rc = bdk_http_head_read(p, n, scanned, &h, &why);
    s.why = why;
    if (s.rc != 0) {
        CHECK(memcmp(&h, &untouched, sizeof h) == 0);
        CHECK(s.rc == BDK_MORE ? why[0] == 0 : why[0] != 0);
        return s;
    }
    s.status = h.status;
    s.minor = h.minor;
    s.keep_alive = h.keep_alive;
    s.len = h.len;
    s.fields_at = (size_t)(h.fields.p - p);
    s.fields_len = h.fields.len;
    s.framing = h.framing;
    s.length = h.content_length;
    return s;
}

/* Read it in steps of `piece`, a first step of `first` (0: none); *used is where it was decided. */
static struct head_seen head_run(const char *text, size_t n, size_t first, size_t piece, size_t *used)
{
    size_t scanned = 0, memo, have = first ? first : piece;
    struct head_seen s, again;

    for (;; have += piece) {
        if (have > n)
            have = n;
        s = head_step(text, have, &scanned);
        if (s.rc != BDK_MORE || have == n)
            break;
        CHECK(scanned == have);
    }
    /* the same question again, with the memo and without, has the same answer */
    memo = scanned;
    again = head_step(text, have, &scanned);
    CHECK(same_head(&s, &again) && scanned == memo);
    scanned = 0;
    again = head_step(text, have, &scanned);
    CHECK(same_head(&s, &again));
    *used = have;
    return s;
}

static void check_head(const struct head_case *c, const struct head_seen *s)
{
    size_t line = c->skip;

    CHECKF(s->rc == c->rc, "rc %d, %s", s->rc, s->why);
    if (s->rc != 0 || c->rc != 0) {
        CHECKF(c->why && strstr(s->why, c->why), "why: %s", s->why);
        return;
    }
    while (c->text.p[line] != '\n')
        line++;
    CHECK(s->status == c->status && s->minor == c->minor && s->framing == c->framing);
    CHECK(s->length == c->length && s->keep_alive == c->keep_alive);
    CHECKF(s->len == c->text.len, "len %zu", s->len);
    CHECKF(s->fields_at == line + 1 && s->fields_at + s->fields_len == c->text.len - 2,
           "fields at %zu, %zu long", s->fields_at, s->fields_len);
}

static void test_heads(void)
{
    for (size_t i = 0; i < N_OF(heads); i++) {
        const struct head_case *c = &heads[i];
        char text[400];
        size_t n = c->text.len + 6, used, decided;
        struct head_seen whole, cut;

        t_case("head %zu: %s", i, c->text.p);
        memcpy(text, c->text.p, c->text.len);
        memcpy(text + c->text.len, "\r\n\n\0\r\n", 6); /* what follows is not looked at */
        whole = head_run(text, n, 0, n, &used);
        check_head(c, &whole);
        cut = head_run(text, n, 0, 1, &decided);
        CHECKF(same_head(&whole, &cut), "byte by byte: %d, %s", cut.rc, cut.why);
        CHECKF(c->rc == 0 ? decided == c->text.len : decided <= c->text.len, "decided at %zu", decided);
        for (size_t at = 1; at < n; at++) {
            cut = head_run(text, n, at, n, &used);
            CHECKF(same_head(&whole, &cut), "split at %zu: %d, %s", at, cut.rc, cut.why);
            CHECK(used == (at < decided ? n : at));
        }
    }
}

/* What is wrong in the first bytes, or at the end of a line, is told there and not at the end. */
static void test_early(void)
{
    static const struct {
        const char *text;
        size_t decided;
    } cases[] = {
        {"220 mail ready\r\n", 1}, {"HTTP/2 200\r\n", 6}, {"HTTP/1.1 200 OK\nA: b\n\n", 16},
        {"HTTP/1.1 200 OK\r\nA: b\r!", 23},
    };

    for (size_t i = 0; i < N_OF(cases); i++) {
        size_t used;
        struct head_seen s;

        t_case("early: %s", cases[i].text);
        s = head_run(cases[i].text, strlen(cases[i].text), 0, 1, &used);
        CHECKF(s.rc == P && used == cases[i].decided, "%d at %zu", s.rc, used);
    }
}

/* Bytes that were scanned are not read again before the head is complete: they may be anything. */
static void test_memo(void)
{
    static const char text[] = OK "Content-Type: application/json\r\nContent-Length: 12\r\nA: b\r\n\r\n";
    struct bdk_http_head h;
    char wild[sizeof text];
    size_t scanned = 0, n = strlen(text);

    t_case("no byte is looked at twice while the head grows");
    memset(wild, 1, sizeof wild);
    for (size_t have = 1; have < n; have++) {
        size_t keep = have < 4 ? have : 4; /* an empty line is 4 bytes long */

        memcpy(wild + have - keep, text + have - keep, keep);
        CHECKF(bdk_http_head_read(wild, have, &scanned, &h, NULL) == BDK_MORE, "at %zu", have);
        wild[have - keep] = 1;
    }
    CHECK(bdk_http_head_read(text, n, &scanned, &h, NULL) == 0 && h.content_length == 12);
}

/* A head of n bytes, padded in a field, ended or not. */
static char *long_head(size_t n)
{
    char *p = malloc(n + 100);

    if (!p)
        exit(2);
    memset(p, 'x', n + 100);
    memcpy(p, OK "A: ", 20);
    memcpy(p + n - 4, "\r\n\r\n", 4);
    return p;
}

static int grow_head(const char *p, size_t n, size_t piece, struct bdk_http_head *h, size_t *used)
{
    size_t scanned = 0;
    int rc = BDK_MORE;

    for (*used = 0; rc == BDK_MORE && *used < n;) {
        *used = n - *used < piece ? n : *used + piece;
        rc = bdk_http_head_read(p, *used, &scanned, h, NULL);
    }
    return rc;
}

static void test_ceiling(void)
{
    static const size_t pieces[] = {1, 7, 16384, 100000};
    struct bdk_http_head h;

    for (size_t i = 0; i < N_OF(pieces); i++) {
        char *fits = long_head(BDK_HTTP_MAX_HEAD), *over = long_head(BDK_HTTP_MAX_HEAD + 1);
        size_t used;

        t_case("a head of 65536 bytes, and of one more, %zu at a time", pieces[i]);
        CHECK(grow_head(fits, BDK_HTTP_MAX_HEAD, pieces[i], &h, &used) == 0 && h.len == BDK_HTTP_MAX_HEAD);
        CHECK(bdk_http_field(&h, "a").len == BDK_HTTP_MAX_HEAD - 24);
        CHECK(grow_head(fits, BDK_HTTP_MAX_HEAD + 50, pieces[i], &h, &used) == 0);
        CHECK(grow_head(over, BDK_HTTP_MAX_HEAD + 1, pieces[i], &h, &used) == L);
        t_case("a head without an end, %zu at a time", pieces[i]);
        memset(over + BDK_HTTP_MAX_HEAD - 3, 'x', 4);
        CHECK(grow_head(over, BDK_HTTP_MAX_HEAD, pieces[i], &h, &used) == BDK_MORE);
        CHECK(grow_head(over, BDK_HTTP_MAX_HEAD + 50, pieces[i], &h, &used) == L);
        CHECKF(pieces[i] > 1 || used == BDK_HTTP_MAX_HEAD + 1, "told at %zu", used);
        free(fits);
        free(over);
    }
}

static void test_many_interim(void)
{
    static const char interim[] = "HTTP/1.1 100 Continue\r\n\r\n", final[] = "HTTP/1.1 204 x\r\n\r\n";
    static const size_t pieces[] = {1, 24, 25, 26, 100000};
    size_t n = BDK_HTTP_MAX_HEAD / strlen(interim);
    struct bedrock_buffer b = {0};
    struct bdk_http_head h;

    for (size_t i = 0; i < n - 1; i++)
        bdk_buffer_text(&b, interim);
    bdk_buffer_text(&b, final);
    for (size_t i = 0; i < N_OF(pieces); i++) {
        size_t used;

        t_case("%zu interim responses, %zu bytes at a time", n - 1, pieces[i]);
        CHECK(grow_head(b.p, b.len, pieces[i], &h, &used) == 0);
        CHECK(h.status == 204 && h.len == b.len && h.fields.len == 0);
    }
    b.len -= strlen(final);
    bdk_buffer_text(&b, interim);
    bdk_buffer_text(&b, interim);
    bdk_buffer_text(&b, final);
    for (size_t i = 0; i < N_OF(pieces); i++) {
        size_t used;

        t_case("interim responses above the ceiling, %zu bytes at a time", pieces[i]);
        CHECK(grow_head(b.p, b.len, pieces[i], &h, &used) == L);
    }
    CHECK(b.error == 0);
    bedrock_buffer_free(&b);
}

static void test_field(void)
{
    static const char text[] = "HTTP/1.1 100 x\r\nX-A: interim\r\n\r\n"
                               OK "X-A:  one \t\r\nx-b:\r\nX-a: two\r\n"
                               "Date: a, b: c\r\nX-AB: three\r\n\r\nX-C: body\r\n";
    struct bdk_http_head h = {0}, empty = {0};
    struct bedrock_slice v;
    size_t scanned = 0, n = strlen(text);

    t_case("a field by its name");
    CHECK(bdk_http_head_read(at_page(text, n), n, &scanned, &h, NULL) == 0);
    v = bdk_http_field(&h, "x-A");
    CHECK_TEXT(v.p, v.len, "one");
    v = bdk_http_field(&h, "X-AB");
    CHECK_TEXT(v.p, v.len, "three");
    v = bdk_http_field(&h, "date");
    CHECK_TEXT(v.p, v.len, "a, b: c");
    v = bdk_http_field(&h, "X-B");
    CHECK(v.p != NULL && v.len == 0);
    CHECK(bdk_http_field(&h, "X-C").p == NULL && bdk_http_field(&h, "X-C").len == 0);
    CHECK(bdk_http_field(&h, "X-").p == NULL && bdk_http_field(&h, "").p == NULL);
    CHECK(bdk_http_field(&empty, "x-a").p == NULL);
    t_case("fields that were put together by hand, an empty line among them, without the last CRLF");
    h.fields = bdk_slice("A: 1\r\n\r\n: 3\r\nB: 2");
    h.fields.p = at_page(h.fields.p, h.fields.len);
    v = bdk_http_field(&h, "b");
    CHECK_TEXT(v.p, v.len, "2");
    h.fields = bdk_slice("A: 1\r\nB:");
    h.fields.p = at_page(h.fields.p, h.fields.len);
    CHECK(bdk_http_field(&h, "b").p == page + ROOM && bdk_http_field(&h, "b").len == 0);
}

/* ---- Bodies ---- */

struct body_case {
    enum bdk_http_framing framing;
    uint64_t length;
    struct bedrock_slice text;
    int rc;             /* of the last call: BDK_MORE when the text ends too early */
    const char *data;
    size_t used;        /* when complete */
    const char *why;
};

#define WHOLE(framing, length, text, data, left) \
    {framing, length, S(text), 0, data, sizeof(text) - 1 - (left), NULL}
#define CUT(framing, length, text, data) {framing, length, S(text), BDK_MORE, data, 0, NULL}
#define CHUNKS(text, data, left) WHOLE(CHUNKED, 0, text, data, left)
#define WRONG(text, data, why) {CHUNKED, 0, S(text), P, data, 0, why}
#define END "0\r\n\r\n"

static const struct body_case bodies[] = {
    WHOLE(NONE, 0, "", "", 0),
    WHOLE(NONE, 0, "next", "", 4),
    WHOLE(LEN, 0, "", "", 0),
    WHOLE(LEN, 0, "next", "", 4),
    WHOLE(LEN, 5, "hello", "hello", 0),
    WHOLE(LEN, 5, "hello\r\n", "hello", 2),
    CUT(LEN, 6, "hello", "hello"),
    CUT(LEN, UINT64_MAX, "hello", "hello"),
    CUT(LEN, 1, "", ""),
    CUT(CLOSE, 0, "", ""),
    CUT(CLOSE, 0, "0\r\n\r\nHTTP", "0\r\n\r\nHTTP"),
    /* chunks */
    CHUNKS(END, "", 0),
    CHUNKS(END "HTTP", "", 4),
    CHUNKS("5\r\nhello\r\n" END, "hello", 0),
    CHUNKS("5\r\nhello\r\n" END "5\r\n", "hello", 3),
    CHUNKS("1\r\na\r\n2\r\n\r\n\r\n1\r\nb\r\n" END, "a\r\nb", 0),
    CHUNKS("a\r\n0123456789\r\nA\r\n0123456789\r\n" END, "01234567890123456789", 0),
    CHUNKS("9\r\n123456789\r\nF\r\n0123456789abcde\r\n" END, "1234567890123456789abcde", 0),
    CHUNKS("0000000000000005\r\nhello\r\n0000000000000000\r\n\r\n", "hello", 0),
    CHUNKS("0B\r\nhello world\r\n00\r\n\r\n", "hello world", 0),
    CHUNKS("5;ext\r\nhello\r\n" END, "hello", 0),
    CHUNKS("5;ext=\"a;b\"\r\nhello\r\n" END, "hello", 0),
    CHUNKS("5 ; a=\"\\\"\\\\\";\tb = c\r\nhello\r\n0;last\r\n\r\n", "hello", 0),
    CHUNKS("5 \t ;a\r\nhello\r\n" END, "hello", 0),
    CHUNKS("5\t;a=\"\t\xC3\xA9\"\r\nhello\r\n" END, "hello", 0),
    CHUNKS("5\r\nhello\r\n0\r\nA: b\r\nC:\r\n\r\nrest", "hello", 4),
    CHUNKS("0\r\nContent-Length: 5\r\n\r\nhello", "", 5),
    CUT(CHUNKED, 0, "", ""),
    CUT(CHUNKED, 0, "5", ""),
    CUT(CHUNKED, 0, "5\r", ""),
    CUT(CHUNKED, 0, "5\r\nhell", "hell"),
    CUT(CHUNKED, 0, "5\r\nhello", "hello"),
    CUT(CHUNKED, 0, "5\r\nhello\r\n", "hello"),
    CUT(CHUNKED, 0, "5\r\nhello\r\n0\r\n", "hello"),
    CUT(CHUNKED, 0, "5\r\nhello\r\n0\r\n\r", "hello"),
    CUT(CHUNKED, 0, "5\r\nhello\r\n0\r\nA: b\r\n", "hello"),
    CUT(CHUNKED, 0, "ffffffffffffffff\r\nhello\r\n" END, "hello\r\n" END),
    CUT(CHUNKED, 0, "8000000000000000\r\nhello", "hello"),
    /* malformed sizes */
    WRONG("\r\nhello", "", "does not begin with its size"),
    WRONG("+5\r\nhello\r\n" END, "", "does not begin with its size"),
    WRONG("-5\r\nhello\r\n" END, "", "does not begin with its size"),
    WRONG(" 5\r\nhello\r\n" END, "", "does not begin with its size"),
    WRONG(";a\r\nhello\r\n" END, "", "does not begin with its size"),
    WRONG("g\r\nhello\r\n" END, "", "does not begin with its size"),
    WRONG("\0" "5\r\nhello\r\n" END, "", "does not begin with its size"),
    WRONG("5\r\nhello\r\n\r\n", "hello", "does not begin with its size"),
    WRONG("0x5\r\nhello\r\n" END, "", "neither an extension nor CRLF"),
    WRONG("5h\r\nhello\r\n" END, "", "neither an extension nor CRLF"),
    WRONG("5,5\r\nhello\r\n" END, "", "neither an extension nor CRLF"),
    WRONG("5\0\r\nhello\r\n" END, "", "neither an extension nor CRLF"),
    WRONG("5\nhello\r\n" END, "", "neither an extension nor CRLF"),
    WRONG("5\r\nhello\r\n0\n\n", "hello", "neither an extension nor CRLF"),
    WRONG("5 \r\nhello\r\n" END, "", "white space behind a chunk size"),
    WRONG("5 5\r\nhello\r\n" END, "", "white space behind a chunk size"),
    WRONG("5 \nhello\r\n" END, "", "white space behind a chunk size"),
    WRONG("ffffffffffffffff0\r\nhello", "", "more than 16 digits"),
    WRONG("00000000000000005\r\nhello\r\n" END, "", "more than 16 digits"),
    WRONG("5\r\rhello", "", "CR without LF"),
    WRONG("5\rhello", "", "CR without LF"),
    /* malformed extensions */
    WRONG("5;a\nhello\r\n" END, "", "chunk extension"),
    WRONG("5;a\0\r\nhello\r\n" END, "", "chunk extension"),
    WRONG("5;a=\"b\r\nhello\r\n" END, "", "chunk extension"),
    WRONG("5;a=\"b\nc\"\r\nhello\r\n" END, "", "chunk extension"),
    WRONG("5;a=\"\\\r\nhello\r\n" END, "", "chunk extension"),
    WRONG("5;a=\"\\\"\r\nhello\r\n" END, "", "chunk extension"),
    WRONG("5;a\rb\r\nhello\r\n" END, "", "CR without LF"),
    /* malformed ends of chunks */
    WRONG("5\r\nhello\n" END, "hello", "not followed by CRLF"),
    WRONG("5\r\nhello\r0\r\n\r\n", "hello", "not followed by CRLF"),
    WRONG("5\r\nhello!\r\n" END, "hello", "not followed by CRLF"),
    WRONG("6\r\nhello\r\n" END, "hello\r", "not followed by CRLF"),
    WRONG("5\r\nhello" END, "hello", "not followed by CRLF"),
    /* malformed trailers */
    WRONG("0\r\n\n", "", "trailer"),
    WRONG("0\r\nA: b\n\r\n", "", "trailer"),
    WRONG("0\r\nA: b\r\n\n", "", "trailer"),
    WRONG("0\r\nA: b\r\n c\r\n\r\n", "", "trailer"),
    WRONG("0\r\nA : b\r\n\r\n", "", "trailer"),
    WRONG("0\r\n: b\r\n\r\n", "", "trailer"),
    WRONG("0\r\nA: \0\r\n\r\n", "", "trailer"),
    WRONG("0\r\nA\0: b\r\n\r\n", "", "trailer"),
    WRONG("0\r\n\0A: b\r\n\r\n", "", "trailer"),
    WRONG("0\r\nHTTP/1.1 200 OK\r\n\r\n", "", "trailer"),
    WRONG("0\r\nA: b\r\r\n", "", "CR without LF"),
    WRONG("0\r\n\rA", "", "CR without LF"),
};

struct body_seen {
    int rc;
    size_t used, len;
    const char *why;
    char data[512];
};

static void body_start(struct bdk_http_body *b, enum bdk_http_framing framing, uint64_t length)
{
    struct bdk_http_head h = {0};

    h.framing = framing;
    h.content_length = length;
    memset(b, 0x5A, sizeof *b);
    bdk_http_body_init(b, &h);
}

/* Feed one piece, which ends at the page. */
static void body_feed(struct bdk_http_body *b, struct body_seen *s, const char *text, size_t n)
{
    const char *start = at_page(text, n), *p = start;
    size_t left = n;
    struct bedrock_slice data;
    int rc;

    while ((rc = bdk_http_body_next(b, &p, &left, &data)) == BDK_DATA) {
        CHECK(data.len > 0 && data.p >= start && data.p + data.len == p && p + left == start + n);
        if (!CHECK(data.len <= sizeof s->data - s->len))
            return;
        memcpy(s->data + s->len, data.p, data.len);
        s->len += data.len;
    }
    CHECK(p + left == start + n && (rc != BDK_MORE || left == 0));
    s->rc = rc;
    s->used += n - left;
}

/* In pieces: `first`, then `piece` each. At every seam the peer may have closed. */
static struct body_seen body_run(const struct body_case *c, size_t first, size_t piece)
{
    struct bdk_http_body b;
    struct body_seen s = {0};
    size_t used, at = 0;

    body_start(&b, c->framing, c->length);
    body_feed(&b, &s, "", 0);
    while (at < c->text.len) {
        size_t n = at == 0 && first ? first : piece;

        if (n > c->text.len - at)
            n = c->text.len - at;
        if (s.rc == BDK_MORE)
            body_feed(&b, &s, c->text.p + at, n);
        CHECK(bdk_http_body_eof(&b) == (s.rc == 0 || c->framing == CLOSE ? 0 : T));
        at += n;
    }
    s.why = b.why;
    CHECK(s.rc < 0 ? s.why != NULL : s.why == NULL);
    used = s.used;
    if (s.rc <= 0) { /* for good */
        int rc = s.rc;

        body_feed(&b, &s, END, strlen(END));
        CHECK(s.rc == rc && s.used == used && b.why == s.why);
    }
    return s;
}

static void check_body(const struct body_case *c, const struct body_seen *s, const struct body_seen *whole)
{
    CHECKF(s->rc == c->rc, "rc %d, %s", s->rc, s->why ? s->why : "");
    CHECK_TEXT(s->data, s->len, c->data);
    if (c->rc == 0)
        CHECKF(s->used == c->used, "used %zu", s->used);
    CHECKF(s->used == whole->used, "used %zu and %zu", s->used, whole->used);
    if (c->rc < 0 && CHECK(s->why != NULL))
        CHECKF(strstr(s->why, c->why) && s->why == whole->why, "why: %s", s->why);
}

static void test_bodies(void)
{
    for (size_t i = 0; i < N_OF(bodies); i++) {
        const struct body_case *c = &bodies[i];
        struct body_seen whole, cut;

        t_case("body %zu: %s", i, c->text.p);
        whole = body_run(c, 0, c->text.len);
        check_body(c, &whole, &whole);
        cut = body_run(c, 0, 1);
        check_body(c, &cut, &whole);
        for (size_t at = 1; at < c->text.len; at++) {
            cut = body_run(c, at, c->text.len);
            check_body(c, &cut, &whole);
        }
    }
}

/* before, n times 'x', after: read in pieces; the last answer. */
static int long_body(const char *before, size_t n, const char *after, size_t piece)
{
    struct bedrock_buffer text = {0};
    struct bdk_http_body b;
    int rc = BDK_MORE;

    bdk_buffer_text(&text, before);
    for (size_t i = 0; i < n; i++)
        bdk_buffer_text(&text, "x");
    bdk_buffer_text(&text, after);
    body_start(&b, CHUNKED, 0);
    for (size_t at = 0; at < text.len && rc > 0; at += piece) {
        const char *p = text.p + at;
        size_t left = text.len - at < piece ? text.len - at : piece;
        struct bedrock_slice data;

        do
            rc = bdk_http_body_next(&b, &p, &left, &data);
        while (rc == BDK_DATA);
    }
    CHECK(text.error == 0);
    if (rc < 0 && CHECK(b.why != NULL))
        CHECKF(strstr(b.why, before[0] == '0' ? "the trailers" : "a chunk-size line"), "%s", b.why);
    bedrock_buffer_free(&text);
    return rc;
}

static void test_body_ceilings(void)
{
    static const size_t pieces[] = {1, 997, 100000};

    for (size_t i = 0; i < N_OF(pieces); i++) {
        t_case("a chunk-size line of 16 KiB, and of one byte more, %zu at a time", pieces[i]);
        CHECK(long_body("1;", MAX_LINE - 4, "\r\na\r\n" END, pieces[i]) == 0);
        CHECK(long_body("1\r\na\r\n0;", MAX_LINE - 4, "\r\n\r\n", pieces[i]) == 0);
        CHECK(long_body("1;", MAX_LINE - 3, "\r\na\r\n" END, pieces[i]) == L);
        CHECK(long_body("1\r\na\r\n0;", MAX_LINE - 3, "\r\n\r\n", pieces[i]) == L);
        CHECK(long_body("1;", MAX_LINE * 2, "", pieces[i]) == L);
        t_case("trailers of 16 KiB, and of one byte more, %zu at a time", pieces[i]);
        CHECK(long_body("0\r\nA: b\r\nC: ", MAX_LINE - 13, "\r\n\r\n", pieces[i]) == 0);
        CHECK(long_body("0\r\nA: b\r\nC: ", MAX_LINE - 12, "\r\n\r\n", pieces[i]) == L);
        CHECK(long_body("0\r\n", MAX_LINE * 2, "", pieces[i]) == L);
        CHECK(long_body("0\r\nA: ", MAX_LINE - 5, "\r\nB: c\r\n\r\n", pieces[i]) == L);
        t_case("a chunk of 16 KiB and more has no such ceiling, %zu at a time", pieces[i]);
        CHECK(long_body("5000\r\n", 0x5000, "\r\n" END, pieces[i]) == 0);
    }
}

/* A body after its head, as call.c reads it: the buffer holds both, then moves. */
static void test_response(void)
{
    static const char text[] = OK "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n" END;
    struct bdk_http_head h = {0};
    struct bdk_http_body b;
    struct body_seen s = {0};
    size_t scanned = 0, n = strlen(text);

    t_case("head and body in one buffer");
    CHECK(bdk_http_head_read(text, n, &scanned, &h, NULL) == 0);
    scanned = 0;
    CHECK(bdk_http_head_read(at_page(text, n), n, &scanned, &h, NULL) == 0);
    CHECK(h.fields.p == page + ROOM - n + 17);
    bdk_http_body_init(&b, &h);
    body_feed(&b, &s, text + h.len, n - h.len);
    CHECK(s.rc == 0 && s.used == n - h.len);
    CHECK_TEXT(s.data, s.len, "abc");
}

int main(void)
{
    char *zero = calloc(1, ROOM);

    if (!zero)
        return 2;
    page = t_guard(zero, ROOM);
    test_request();
    test_request_buffer();
    test_encode();
    test_heads();
    test_early();
    test_memo();
    test_ceiling();
    test_many_interim();
    test_field();
    test_bodies();
    test_body_ceilings();
    test_response();
    t_guard_free(page, ROOM);
    free(zero);
    return t_end("test_http");
}
