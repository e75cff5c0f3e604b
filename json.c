/* json.c - JSON text: checking, iterating, unescaping, lookup.
 * RFC 8259, and RFC 3629 for the UTF-8 in it. Leaves out: fractions and exponents, which stay text;
 * a tree in memory; reading a text in pieces; writing (writer.c). */
#include "bedrock_int.h"
#include <string.h>
#if defined(__SSE2__)
#include <emmintrin.h>
#endif


/* ---- Bytes ---- */

#if !defined(__SSE2__)
#define JSON_BYTES(c) (0x0101010101010101u * (uint64_t)(c)) /* eight times the byte c */

/* Not 0 when one of v's eight bytes is 0. The second half undoes the borrow of bytes from 0x80. */
static uint64_t json_zero_byte(uint64_t v)
{
    return (v - JSON_BYTES(0x01)) & ~v & JSON_BYTES(0x80);
}
#endif

const unsigned char *bdk_json_plain(const unsigned char *p, const unsigned char *end)
{
#if defined(__SSE2__)
    while (end - p >= 16) {
        __m128i v = _mm_loadu_si128((const __m128i *)(const void *)p);
        /* bytes are signed here: below 0x20 are the controls and all from 0x80 */
        __m128i stop = _mm_cmplt_epi8(v, _mm_set1_epi8(0x20));
        int hits;

        stop = _mm_or_si128(stop, _mm_cmpeq_epi8(v, _mm_set1_epi8('"')));
        stop = _mm_or_si128(stop, _mm_cmpeq_epi8(v, _mm_set1_epi8('\\')));
        hits = _mm_movemask_epi8(stop);
        if (hits)
            return p + __builtin_ctz((unsigned)hits);
        p += 16;
    }
#else
    while (end - p >= 8) {
        uint64_t v, stop;

        memcpy(&v, p, sizeof v);
        stop = (v - JSON_BYTES(0x20)) | v; /* the first byte below 0x20 or from 0x80 shows in bit 7 */
        stop = (stop & JSON_BYTES(0x80)) | json_zero_byte(v ^ JSON_BYTES('"'));
        if (stop | json_zero_byte(v ^ JSON_BYTES('\\')))
            break;
        p += 8;
    }
#endif
    while (p < end && *p >= 0x20 && *p < 0x80 && *p != '"' && *p != '\\')
        p++;
    return p;
}

static const unsigned char *json_blank(const unsigned char *p, const unsigned char *end)
{
    while (p < end && (*p == ' ' || *p == '\n' || *p == '\r' || *p == '\t'))
        p++;
    return p;
}

static int json_is_digit(int c)
{
    return c >= '0' && c <= '9';
}

static const unsigned char *json_digits(const unsigned char *p, const unsigned char *end)
{
    while (p < end && json_is_digit(*p))
        p++;
    return p;
}

int bdk_json_utf8(const unsigned char **p, const unsigned char *end)
{
    const unsigned char *s = *p;
    unsigned char lead = *s, low = 0x80, high = 0xBF;
    int more = lead < 0xE0 ? 1 : lead < 0xF0 ? 2 : 3;

    if (lead < 0xC2 || lead > 0xF4)
        return -1;
    if (lead == 0xE0)
        low = 0xA0; /* below are overlong forms */
    else if (lead == 0xED)
        high = 0x9F; /* above are surrogates */
    else if (lead == 0xF0)
        low = 0x90; /* overlong */
    else if (lead == 0xF4)
        high = 0x8F; /* above U+10FFFF */
    for (s++; more > 0; more--, s++) {
        if (s == end || *s < low || *s > high)
            break;
        low = 0x80;
        high = 0xBF;
    }
    *p = s;
    return more > 0 ? -1 : 0;
}

int bdk_json_level(const unsigned char levels[BDK_JSON_MAX_DEPTH / 8], unsigned level)
{
    return levels[level / 8] >> level % 8 & 1;
}

void bdk_json_level_set(unsigned char levels[BDK_JSON_MAX_DEPTH / 8], unsigned level, int object)
{
    unsigned char bit = (unsigned char)(1u << level % 8);

    if (object)
        levels[level / 8] |= bit;
    else
        levels[level / 8] &= (unsigned char)~bit;
}

/* ---- Checking ---- */

/* A check under way. The functions below take the place to go on from and give the place behind what
 * they found; NULL: `what` is wrong with the byte at `at`. */
struct json_check {
    const unsigned char *end;
    const unsigned char *at;
    const char *what;
    unsigned depth;
    int halves; /* of surrogate pairs may stand alone */
    unsigned char levels[BDK_JSON_MAX_DEPTH / 8];
};

static const unsigned char *json_wrong(struct json_check *k, const unsigned char *at,
                                       const char *what)
{
    k->at = at;
    k->what = at < k->end ? what : "the text ends before its value is complete";
    return NULL;
}

static const unsigned char *json_bad_string(struct json_check *k, const unsigned char *at,
                                            const char *what)
{
    k->at = at;
    k->what = at < k->end ? what : "the text ends inside a string";
    return NULL;
}

/* The four digits of \u. */
static const unsigned char *json_hex(struct json_check *k, const unsigned char *p)
{
    int i;

    for (i = 0; i < 4 && p < k->end; i++, p++)
        if (!json_is_digit(*p) && !((*p | 0x20) >= 'a' && (*p | 0x20) <= 'f'))
            break;
    return i == 4 ? p : json_bad_string(k, p, "\\u needs four hexadecimal digits");
}

static int json_is_d(int c)
{
    return c == 'D' || c == 'd';
}

/* The second digit of \uD800 to \uDBFF and of \uDC00 to \uDFFF. */
static int json_is_high(int c)
{
    return c == '8' || c == '9' || (c | 0x20) == 'a' || (c | 0x20) == 'b';
}

static int json_is_low(int c)
{
    return (c | 0x20) >= 'c' && (c | 0x20) <= 'f';
}

/* RFC 8259 7: behind \uD800 to \uDBFF stands \uDC00 to \uDFFF. */
static const unsigned char *json_low(struct json_check *k, const unsigned char *p)
{
    static const char what[] = "a high surrogate needs a low one, \\uDC00 to \\uDFFF, behind it";

    if (p == k->end || *p != '\\')
        return json_bad_string(k, p, what);
    if (++p == k->end || *p != 'u')
        return json_bad_string(k, p, what);
    if (++p == k->end || !json_is_d(*p))
        return json_bad_string(k, p, what);
    if (p + 1 == k->end || !json_is_low(p[1]))
        return json_bad_string(k, p + 1, what);
    return json_hex(k, p);
}

/* From the backslash on. */
static const unsigned char *json_escape(struct json_check *k, const unsigned char *p)
{
    if (++p == k->end || *p != 'u') {
        if (p < k->end && memchr("\"\\/bfnrt", *p, 8))
            return p + 1;
        return json_bad_string(k, p, "no such escape");
    }
    p++;
    if (k->halves || k->end - p < 2 || !json_is_d(*p))
        return json_hex(k, p);
    if (json_is_low(p[1]))
        return json_bad_string(k, p + 1, "a low surrogate without a high one before it");
    if (!json_is_high(p[1]))
        return json_hex(k, p);
    p = json_hex(k, p);
    return p ? json_low(k, p) : NULL;
}

/* From the opening quote on. */
static const unsigned char *json_string(struct json_check *k, const unsigned char *p)
{
    p++;
    while (p) {
        p = bdk_json_plain(p, k->end);
        if (p < k->end && *p == '"')
            return p + 1;
        if (p < k->end && *p == '\\') {
            p = json_escape(k, p);
            continue;
        }
        if (p == k->end || *p < 0x20)
            return json_bad_string(k, p, "a control character in a string must be escaped");
        while (p < k->end && *p >= 0x80)
            if (bdk_json_utf8(&p, k->end) != 0)
                return json_bad_string(k, p, "a string is not UTF-8");
    }
    return NULL;
}

static const unsigned char *json_number(struct json_check *k, const unsigned char *p)
{
    const unsigned char *from;

    if (*p == '-')
        p++;
    if (p == k->end || !json_is_digit(*p))
        return json_wrong(k, p, "expected a digit behind '-'");
    if (*p == '0') {
        p++;
        if (p < k->end && json_is_digit(*p))
            return json_wrong(k, p, "a number with a leading zero");
    }
    p = json_digits(p, k->end);
    if (p < k->end && *p == '.') {
        from = p + 1;
        p = json_digits(from, k->end);
        if (p == from)
            return json_wrong(k, p, "expected a digit behind the decimal point");
    }
    if (p < k->end && (*p == 'e' || *p == 'E')) {
        from = p + 1;
        if (from < k->end && (*from == '+' || *from == '-'))
            from++;
        p = json_digits(from, k->end);
        if (p == from)
            return json_wrong(k, p, "expected a digit in the exponent");
    }
    return p;
}

static const unsigned char *json_word(struct json_check *k, const unsigned char *p, const char *word)
{
    for (; *word; word++, p++)
        if (p == k->end || *p != (unsigned char)*word)
            return json_wrong(k, p, "expected true, false or null");
    return p;
}

static const unsigned char *json_no_value(struct json_check *k, const unsigned char *p)
{
    if (p < k->end && memchr("]},:", *p, 4))
        return json_wrong(k, p, "a value is missing here");
    if (p < k->end && *p == '\'')
        return json_wrong(k, p, "strings and names take double quotes");
    if (k->end - p >= 3 && memcmp(p, "\xEF\xBB\xBF", 3) == 0)
        return json_wrong(k, p, "a byte-order mark, which JSON does not have");
    json_wrong(k, p, "expected a value");
    if (p == k->end && k->depth == 0)
        k->what = "the text is empty";
    return NULL;
}

static const unsigned char *json_scalar(struct json_check *k, const unsigned char *p)
{
    int c = p < k->end ? *p : 0;

    if (c == '"')
        return json_string(k, p);
    if (c == '-' || json_is_digit(c))
        return json_number(k, p);
    if (c == 't')
        return json_word(k, p, "true");
    if (c == 'f')
        return json_word(k, p, "false");
    if (c == 'n')
        return json_word(k, p, "null");
    return json_no_value(k, p);
}

/* A member's name and its colon, with the white space before each. */
static const unsigned char *json_name(struct json_check *k, const unsigned char *p)
{
    p = json_blank(p, k->end);
    if (p == k->end || *p != '"')
        return json_wrong(k, p, "expected a member name in double quotes");
    p = json_string(k, p);
    if (!p)
        return NULL;
    p = json_blank(p, k->end);
    if (p == k->end || *p != ':')
        return json_wrong(k, p, "expected ':' after a member name");
    return p + 1;
}

/* Behind a value: close what ends with it, down to the place where the next value begins or the last
 * bracket was closed, with depth 0. */
static const unsigned char *json_after(struct json_check *k, const unsigned char *p)
{
    while (k->depth > 0) {
        int object = bdk_json_level(k->levels, k->depth - 1);

        p = json_blank(p, k->end);
        if (p < k->end && *p == ',')
            return object ? json_name(k, p + 1) : p + 1;
        if (p == k->end || *p != (object ? '}' : ']'))
            return json_wrong(k, p, object ? "expected ',' or '}' after a member"
                                           : "expected ',' or ']' after an element");
        p++;
        k->depth--;
    }
    return p;
}

static const unsigned char *json_value(struct json_check *k, const unsigned char *p)
{
    do {
        p = json_blank(p, k->end);
        if (p < k->end && (*p == '{' || *p == '[')) {
            int object = *p == '{';

            if (k->depth == BDK_JSON_MAX_DEPTH)
                return json_wrong(k, p, "more than 512 levels deep");
            bdk_json_level_set(k->levels, k->depth++, object);
            p = json_blank(p + 1, k->end);
            if (p == k->end || *p != (object ? '}' : ']')) {
                p = object ? json_name(k, p) : p;
                continue;
            }
        } else {
            p = json_scalar(k, p);
        }
        if (p)
            p = json_after(k, p);
    } while (p && k->depth > 0);
    return p;
}

static void json_tell(struct bedrock_json_error *e, const char *text, size_t offset, const char *what)
{
    e->offset = offset;
    e->line = e->column = 1;
    e->what = what;
    for (size_t i = 0; i < offset; i++) {
        e->column++;
        if (text[i] == '\n') {
            e->line++;
            e->column = 1;
        }
    }
}

static enum bedrock_json_type json_type(int c)
{
    switch (c) {
    case '{': return BEDROCK_JSON_OBJECT;
    case '[': return BEDROCK_JSON_ARRAY;
    case '"': return BEDROCK_JSON_STRING;
    case 't': return BEDROCK_JSON_TRUE;
    case 'f': return BEDROCK_JSON_FALSE;
    case 'n': return BEDROCK_JSON_NULL;
    default: return c == '-' || json_is_digit(c) ? BEDROCK_JSON_NUMBER : BEDROCK_JSON_NONE;
    }
}

static struct bedrock_json json_none(void)
{
    struct bedrock_json v = {BEDROCK_JSON_NONE, NULL, 0};

    return v;
}

static int json_parse(const char *text, size_t len, int halves, struct bedrock_json *v,
                      struct bedrock_json_error *e)
{
    const unsigned char *first, *p;
    struct json_check k;

    if (len == 0)
        text = "";
    first = (const unsigned char *)text;
    k.end = first + len;
    k.depth = 0;
    k.halves = halves;
    *v = json_none();
    first = json_blank(first, k.end);
    p = json_value(&k, first);
    if (p) {
        const unsigned char *behind = json_blank(p, k.end);

        if (behind == k.end) {
            v->type = json_type(*first);
            v->p = (const char *)first;
            v->len = (size_t)(p - first);
            return 0;
        }
        json_wrong(&k, behind, "expected nothing after the value");
    }
    if (e)
        json_tell(e, text, (size_t)((const char *)k.at - text), k.what);
    return BEDROCK_ERR_USAGE;
}

int bedrock_json_parse(const char *text, size_t len, struct bedrock_json *v,
                       struct bedrock_json_error *e)
{
    return json_parse(text, len, 0, v, e);
}

int bdk_json_parse_halves(const char *text, size_t len, struct bedrock_json *v, struct bedrock_json_error *e)
{
    return json_parse(text, len, 1, v, e);
}

/* ---- Iterating ---- */

/* What follows takes its input for checked, but never leaves the range when it is not. */

static const unsigned char *json_skip_string(const unsigned char *p, const unsigned char *end)
{
    for (p++; p < end && *p != '"';) {
        if (*p == '\\')
            p += end - p > 1 ? 2 : 1;
        else if (*p < 0x20 || *p >= 0x80)
            p++;
        else
            p = bdk_json_plain(p, end);
    }
    return p < end ? p + 1 : end;
}

/* Behind the value that begins at p < end; *depth is how deep it is, 0 for a scalar. */
static const unsigned char *json_skip(const unsigned char *p, const unsigned char *end, size_t *depth)
{
    size_t level = 0;

    *depth = 0;
    if (*p == '"')
        return json_skip_string(p, end);
    if (*p != '{' && *p != '[') {
        while (p < end && *p > ' ' && *p != ',' && *p != ']' && *p != '}')
            p++;
        return p;
    }
    do {
        if (*p == '"') {
            p = json_skip_string(p, end);
            continue;
        }
        if (*p == '{' || *p == '[') {
            if (++level > *depth)
                *depth = level;
        } else if (*p == '}' || *p == ']') {
            level--;
        }
        p++;
    } while (level > 0 && p < end);
    return p;
}

size_t bdk_json_depth(struct bedrock_json v)
{
    const unsigned char *p = (const unsigned char *)v.p;
    size_t depth;

    json_skip(p, p + v.len, &depth);
    return depth;
}

struct bedrock_json_iter bedrock_json_iterate(struct bedrock_json v)
{
    struct bedrock_json_iter it = {NULL, NULL, BEDROCK_JSON_NONE};

    if ((v.type != BEDROCK_JSON_OBJECT && v.type != BEDROCK_JSON_ARRAY) || v.len < 2)
        return it;
    it.p = v.p + 1;
    it.end = v.p + v.len - 1;
    it.type = v.type;
    return it;
}

/* Cut the value at *p off; NONE, and *p at the end, when none begins there. */
static struct bedrock_json json_take(const unsigned char **p, const unsigned char *end)
{
    const unsigned char *first = json_blank(*p, end);
    struct bedrock_json v = json_none();
    size_t depth;

    *p = end;
    if (first == end || json_type(*first) == BEDROCK_JSON_NONE)
        return v;
    *p = json_skip(first, end, &depth);
    v.type = json_type(*first);
    v.p = (const char *)first;
    v.len = (size_t)(*p - first);
    return v;
}

int bedrock_json_next(struct bedrock_json_iter *it, struct bedrock_json *name,
                      struct bedrock_json *value)
{
    const unsigned char *p = (const unsigned char *)it->p, *end = (const unsigned char *)it->end;
    struct bedrock_json key = json_none();

    if (it->type == BEDROCK_JSON_OBJECT) {
        key = json_take(&p, end);
        p = json_blank(p, end);
        if (key.type != BEDROCK_JSON_STRING || p == end || *p != ':')
            p = end;
        else
            p++;
    }
    *value = json_take(&p, end);
    p = json_blank(p, end);
    if (p < end)
        p = *p == ',' ? p + 1 : end;
    it->p = (const char *)p;
    if (name)
        *name = key;
    return value->type != BEDROCK_JSON_NONE;
}

/* ---- Strings ---- */

/* What stands between the quotes. */
static struct bedrock_slice json_content(struct bedrock_json v)
{
    struct bedrock_slice s = {"", 0};

    if (v.type == BEDROCK_JSON_STRING && v.len >= 2) {
        s.p = v.p + 1;
        s.len = v.len - 2;
    }
    return s;
}

/* The number that \u's four digits make; -1 when they are not there. */
static int32_t json_code(const char *p, const char *end)
{
    int32_t code = 0;

    if (end - p < 4)
        return -1;
    for (int i = 0; i < 4; i++) {
        int c = (unsigned char)p[i], lower = c | 0x20;

        if (json_is_digit(c))
            code = code * 16 + c - '0';
        else if (lower >= 'a' && lower <= 'f')
            code = code * 16 + lower - 'a' + 10;
        else
            return -1;
    }
    return code;
}

/* RFC 3629 3. Returns the number of bytes. */
static size_t json_encode(int32_t code, char out[4])
{
    size_t n = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    static const unsigned char lead[5] = {0, 0x00, 0xC0, 0xE0, 0xF0};

    for (size_t i = n - 1; i > 0; i--) {
        out[i] = (char)(0x80 | (code & 0x3F));
        code >>= 6;
    }
    out[0] = (char)(lead[n] | code);
    return n;
}

/* Decode the escape at *p and step over it; 1 to 4 bytes. Half a surrogate pair becomes U+FFFD, and of text
 * that was never checked a backslash that begins no escape stands for itself. */
static size_t json_decode(const char **p, const char *end, char out[4])
{
    static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
    const char *s = *p + 1, *found;
    int32_t code, low;

    *p = s;
    out[0] = '\\';
    if (s == end)
        return 1;
    found = memchr(from, *s, sizeof from - 1);
    if (found) {
        *p = s + 1;
        out[0] = to[found - from];
        return 1;
    }
    code = *s == 'u' ? json_code(s + 1, end) : -1;
    if (code < 0)
        return 1;
    s += 5;
    if (code >= 0xD800 && code < 0xDC00 && end - s >= 6 && s[0] == '\\' && s[1] == 'u') {
        low = json_code(s + 2, end);
        if (low >= 0xDC00 && low < 0xE000) {
            code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
            s += 6;
        }
    }
    *p = s;
    return json_encode(code >= 0xD800 && code < 0xE000 ? 0xFFFD : code, out);
}

int bdk_json_ends_in_half(struct bedrock_json v)
{
    struct bedrock_slice raw = json_content(v);
    size_t at = raw.len - 6, before = 0;

    if (raw.len < 6 || raw.p[at] != '\\' || raw.p[at + 1] != 'u' || !json_is_d(raw.p[at + 2]) ||
        !json_is_high(raw.p[at + 3]))
        return 0;
    while (before < at && raw.p[at - before - 1] == '\\')
        before++;
    return before % 2 == 0; /* else the backslash belongs to the escape before */
}

void bdk_json_mend(char *text, size_t len)
{
    char *p = text, *end = text + len, unit[4];

    while (p < end && (p = memchr(p, '\\', (size_t)(end - p))) != NULL) {
        const char *next = p;

        if (json_decode(&next, end, unit) == 3 && memcmp(unit, "\xEF\xBF\xBD", 3) == 0)
            memcpy(p, "\\ufffd", 6);
        p += next - p;
    }
}

struct json_sink {
    char *p;
    size_t len, cap;
    size_t whole; /* what len would be without cap */
};

/* Append n bytes of whole characters, those that fit; after one that did not, none fits. */
static void json_put(struct json_sink *s, const char *p, size_t n)
{
    size_t fits = s->cap - s->len;

    s->whole += n;
    if (n > fits) {
        while (fits > 0 && ((unsigned char)p[fits] & 0xC0) == 0x80)
            fits--;
        n = fits;
        s->cap = s->len + n;
    }
    if (n > 0)
        memmove(s->p + s->len, p, n);
    s->len += n;
}

size_t bedrock_json_unescape(struct bedrock_json v, char *buf, size_t cap)
{
    struct bedrock_slice raw = json_content(v);
    struct json_sink sink = {buf, 0, cap, 0};
    const char *p = raw.p, *end = raw.p + raw.len;

    while (p < end) {
        char unit[4];

        if (*p == '\\') {
            json_put(&sink, unit, json_decode(&p, end, unit));
        } else {
            const char *stop = memchr(p, '\\', (size_t)(end - p));

            stop = stop ? stop : end;
            json_put(&sink, p, (size_t)(stop - p));
            p = stop;
        }
    }
    return sink.whole;
}

static int json_fold(int c)
{
    return c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c;
}

/* Does the string decode to text[0..n), with or without regard to case (ASCII)? */
static int json_is(struct bedrock_json v, const char *text, size_t n, int any_case)
{
    struct bedrock_slice raw = json_content(v);
    const char *p = raw.p, *end = raw.p + raw.len;

    if (v.type != BEDROCK_JSON_STRING || raw.len < n)
        return 0;
    while (p < end) {
        char unit[4] = {*p};
        size_t got = 1;

        if (*p == '\\')
            got = json_decode(&p, end, unit);
        else
            p++;
        if (got > n)
            return 0;
        for (size_t i = 0; i < got; i++)
            if (unit[i] != text[i] && !(any_case && json_fold(unit[i]) == json_fold(text[i])))
                return 0;
        text += got;
        n -= got;
    }
    return n == 0;
}

int bedrock_json_equals(struct bedrock_json v, const char *text)
{
    return json_is(v, text, strlen(text), 0);
}

int bedrock_json_contains(struct bedrock_json array, const char *text)
{
    struct bedrock_json_iter it = bedrock_json_iterate(array);
    struct bedrock_json v;

    while (it.type == BEDROCK_JSON_ARRAY && bedrock_json_next(&it, NULL, &v))
        if (json_is(v, text, strlen(text), 1))
            return 1;
    return 0;
}

/* ---- Lookup ---- */

static struct bedrock_json json_member(struct bedrock_json v, const char *name, size_t n)
{
    struct bedrock_json_iter it = bedrock_json_iterate(v);
    struct bedrock_json key, value, found = json_none();

    while (it.type == BEDROCK_JSON_OBJECT && bedrock_json_next(&it, &key, &value))
        if (json_is(key, name, n, 0))
            found = value;
    return found;
}

static struct bedrock_json json_element(struct bedrock_json v, size_t index)
{
    struct bedrock_json_iter it = bedrock_json_iterate(v);
    struct bedrock_json value;

    while (it.type == BEDROCK_JSON_ARRAY && bedrock_json_next(&it, NULL, &value))
        if (index-- == 0)
            return value;
    return json_none();
}

/* Read "[n]"; NULL when that is not what stands there. */
static const char *json_index(const char *path, size_t *index)
{
    const char *p = path + 1;

    *index = 0;
    for (; json_is_digit(*p); p++) {
        if (*index > (SIZE_MAX - 9) / 10)
            return NULL;
        *index = *index * 10 + (size_t)(*p - '0');
    }
    return p > path + 1 && *p == ']' ? p + 1 : NULL;
}

struct bedrock_json bedrock_json_get(struct bedrock_json v, const char *path)
{
    int first = 1;
    size_t n;

    for (; *path && v.type != BEDROCK_JSON_NONE; first = 0) {
        if (*path == '[') {
            path = json_index(path, &n);
            if (!path)
                return json_none();
            v = json_element(v, n);
            continue;
        }
        if (!first && *path++ != '.')
            return json_none();
        n = strcspn(path, ".[");
        v = json_member(v, path, n);
        path += n;
    }
    return v;
}

int bedrock_json_int(struct bedrock_json v, int64_t *out)
{
    const char *p = v.p, *end;
    int negative;
    int64_t n = 0;

    if (v.type != BEDROCK_JSON_NUMBER || v.len == 0)
        return BEDROCK_ERR_USAGE;
    end = p + v.len;
    negative = *p == '-';
    p += negative;
    if (p == end || (*p == '0' && end - p > 1))
        return BEDROCK_ERR_USAGE;
    for (; p < end; p++) {
        int digit = *p - '0';

        if (!json_is_digit(*p))
            return BEDROCK_ERR_USAGE;
        /* counted below zero, where there is room for one more */
        if (n < (INT64_MIN + digit) / 10)
            return BEDROCK_ERR_USAGE;
        n = n * 10 - digit;
    }
    if (!negative && n == INT64_MIN)
        return BEDROCK_ERR_USAGE;
    *out = negative ? n : -n;
    return 0;
}
