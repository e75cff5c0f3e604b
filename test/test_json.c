/* test_json.c - JSON: what is accepted and where it is refused, lookup, unescaping.
 * Cases of our own after RFC 8259; a second, byte-by-byte checker says where the first wrong byte is.
 * Leaves out: the writer (test_writer.c), but for what it makes of each good text; cutting the input, since a
 * text is always checked whole; its prefixes are tried instead. */
#include "bedrock_int.h"
#include "t.h"
#include <stdlib.h>
#include <string.h>

#define S(text) text, sizeof text - 1
#define N(array) (sizeof array / sizeof array[0])

/* ---- A second opinion: one byte at a time, no look-ahead ---- */

enum { VALUE, FIRST_VALUE, NAME, FIRST_NAME, COLON, AFTER, WORD, MINUS, ZERO, INT, POINT, FRAC, EXP,
       SIGN, DIGITS, STRING, ESCAPE, HEX, WANT_SLASH, WANT_U };

struct second {
    int state, is_name, depth, n_hex, low_due, more;
    unsigned low, high, code;
    const char *word;
    char stack[513];
};

static void second_close(struct second *s)
{
    s->depth--;
    s->state = AFTER;
}

static int second_value(struct second *s, int c)
{
    const char *word = c == 't' ? "rue" : c == 'f' ? "alse" : c == 'n' ? "ull" : NULL;

    if (c == '{' || c == '[') {
        if (s->depth == 512)
            return -1;
        s->stack[s->depth++] = (char)c;
        s->state = c == '{' ? FIRST_NAME : FIRST_VALUE;
    } else if (c == '"') {
        s->state = STRING;
        s->is_name = 0;
    } else if (word) {
        s->state = WORD;
        s->word = word;
    } else if (c == '-') {
        s->state = MINUS;
    } else if (c >= '0' && c <= '9') {
        s->state = c == '0' ? ZERO : INT;
    } else {
        return -1;
    }
    return 0;
}

/* \u: is there a number among those that may stand here which begins with these digits? */
static int second_hex(struct second *s, int c)
{
    unsigned digit = c >= '0' && c <= '9'   ? (unsigned)c - '0'
                     : c >= 'a' && c <= 'f' ? (unsigned)c - 'a' + 10
                     : c >= 'A' && c <= 'F' ? (unsigned)c - 'A' + 10
                                            : 99;
    unsigned first, last;

    if (digit == 99)
        return -1;
    s->code = s->code * 16 + digit;
    s->n_hex++;
    first = s->code << (16 - 4 * s->n_hex);
    last = ((s->code + 1) << (16 - 4 * s->n_hex)) - 1;
    if (s->low_due ? last < 0xDC00 || first > 0xDFFF : first >= 0xDC00 && last <= 0xDFFF)
        return -1;
    if (s->n_hex == 4) {
        s->low_due = !s->low_due && s->code >= 0xD800 && s->code <= 0xDBFF;
        s->state = s->low_due ? WANT_SLASH : STRING;
    }
    return 0;
}

static int second_string(struct second *s, int c)
{
    if (s->more > 0) {
        if ((unsigned)c < s->low || (unsigned)c > s->high)
            return -1;
        s->more--;
        s->low = 0x80;
        s->high = 0xBF;
    } else if (c == '"') {
        s->state = s->is_name ? COLON : AFTER;
    } else if (c == '\\') {
        s->state = ESCAPE;
    } else if (c < 0x20 || (c >= 0x80 && c < 0xC2) || c > 0xF4) {
        return -1;
    } else if (c >= 0x80) {
        s->more = c >= 0xF0 ? 3 : c >= 0xE0 ? 2 : 1;
        s->low = c == 0xE0 ? 0xA0 : c == 0xF0 ? 0x90 : 0x80;
        s->high = c == 0xED ? 0x9F : c == 0xF4 ? 0x8F : 0xBF;
    }
    return 0;
}

static int second_digit(struct second *s, int c, int state)
{
    s->state = state;
    return c >= '0' && c <= '9' ? 0 : -1;
}

/* 0: c may stand here. */
static int second_feed(struct second *s, int c)
{
    int digit = c >= '0' && c <= '9', blank = c == ' ' || c == '\t' || c == '\n' || c == '\r';
    int top = s->depth > 0 ? s->stack[s->depth - 1] : 0;

    if (s->state == ZERO || s->state == INT || s->state == FRAC || s->state == DIGITS) {
        if (digit)
            return s->state == ZERO ? -1 : 0;
        if (c == '.' && (s->state == ZERO || s->state == INT))
            return s->state = POINT, 0;
        if ((c | 32) == 'e' && s->state != DIGITS)
            return s->state = EXP, 0;
        s->state = AFTER;
    }
    if (blank && s->state <= AFTER)
        return 0;
    switch (s->state) {
    case FIRST_VALUE:
        if (c == ']')
            return second_close(s), 0;
        return second_value(s, c);
    case VALUE:
        return second_value(s, c);
    case FIRST_NAME:
        if (c == '}')
            return second_close(s), 0;
        /* fall through */
    case NAME:
        s->state = STRING;
        s->is_name = 1;
        return c == '"' ? 0 : -1;
    case COLON:
        s->state = VALUE;
        return c == ':' ? 0 : -1;
    case AFTER:
        if (top && c == top + 2)
            return second_close(s), 0;
        s->state = top == '{' ? NAME : VALUE;
        return top && c == ',' ? 0 : -1;
    case WORD:
        if (c != *s->word++)
            return -1;
        s->state = *s->word ? WORD : AFTER;
        return 0;
    case MINUS:
        return second_digit(s, c, c == '0' ? ZERO : INT);
    case POINT:
        return second_digit(s, c, FRAC);
    case EXP:
        if (c == '+' || c == '-')
            return s->state = SIGN, 0;
        return second_digit(s, c, DIGITS);
    case SIGN:
        return second_digit(s, c, DIGITS);
    case STRING:
        return second_string(s, c);
    case ESCAPE:
    case WANT_U:
        s->code = 0;
        s->n_hex = 0;
        if (c != 'u' && (s->state == WANT_U || c == 0 || !strchr("\"\\/bfnrt", c)))
            return -1;
        s->state = c == 'u' ? HEX : STRING;
        return 0;
    case HEX:
        return second_hex(s, c);
    default: /* WANT_SLASH */
        s->state = WANT_U;
        return c == '\\' ? 0 : -1;
    }
}

#define VALID ((size_t)-1)

/* The offset of the first wrong byte, n when there is too little, VALID. */
static size_t second_opinion(const char *p, size_t n)
{
    struct second s = {0};

    for (size_t i = 0; i < n; i++)
        if (second_feed(&s, (unsigned char)p[i]) != 0)
            return i;
    if (s.depth == 0 && (s.state == AFTER || s.state == ZERO || s.state == INT || s.state == FRAC ||
                         s.state == DIGITS))
        return VALID;
    return n;
}

/* ---- What must hold for every text ---- */

static struct bedrock_json json_of(const char *p, size_t n)
{
    struct bedrock_json v;

    if (!CHECK(bedrock_json_parse(p, n, &v, NULL) == 0))
        exit(1); /* a text of this program itself is wrong */
    return v;
}

/* Use any bytes as a value of every type: nothing may leave them or run for ever. */
static void poke(const char *p, size_t n)
{
    char *buf = malloc(n + 1);

    for (int type = BEDROCK_JSON_NONE; type <= BEDROCK_JSON_NULL; type++) {
        struct bedrock_json v = {(enum bedrock_json_type)type, p, n}, name, value;
        struct bedrock_json_iter it = bedrock_json_iterate(v);
        struct bedrock_writer w = {0};
        size_t steps = 0, whole;
        int64_t number;

        while (bedrock_json_next(&it, &name, &value)) {
            CHECK(value.p >= p && value.len > 0 && value.len <= (size_t)(p + n - value.p));
            CHECK(++steps <= n);
            if (type == BEDROCK_JSON_OBJECT)
                CHECK(name.p >= p && name.len > 0 && name.len <= (size_t)(p + n - name.p));
        }
        CHECK(!bedrock_json_next(&it, &name, &value));
        value = bedrock_json_get(v, "a[0].b");
        CHECK(value.len <= n);
        whole = bedrock_json_unescape(v, buf, n);
        CHECK(whole <= n && (type == BEDROCK_JSON_STRING || whole == 0));
        CHECK(bedrock_json_unescape(v, buf, n / 2) == whole);
        bedrock_json_equals(v, "abc");
        bedrock_json_contains(v, "abc");
        bedrock_json_int(v, &number);
        bedrock_write_object(&w);
        v.type = BEDROCK_JSON_STRING;
        bedrock_write_member(&w, v, (struct bedrock_json){(enum bedrock_json_type)type, p, n});
        bedrock_write_free(&w);
    }
    free(buf);
}

/* The same value, told apart only by spacing and by how strings are escaped. */
static int same(struct bedrock_json a, struct bedrock_json b)
{
    struct bedrock_json_iter i = bedrock_json_iterate(a), k = bedrock_json_iterate(b);
    struct bedrock_json name_a, name_b, value_a, value_b;
    int more;

    if (a.type != b.type)
        return 0;
    if (a.type == BEDROCK_JSON_STRING) {
        char *x = malloc(a.len), *y = malloc(b.len);
        size_t n = bedrock_json_unescape(a, x, a.len);
        int equal = n == bedrock_json_unescape(b, y, b.len) && memcmp(x, y, n) == 0;

        free(x);
        free(y);
        return equal;
    }
    if (a.type != BEDROCK_JSON_OBJECT && a.type != BEDROCK_JSON_ARRAY)
        return a.len == b.len && memcmp(a.p, b.p, a.len) == 0;
    do {
        more = bedrock_json_next(&i, &name_a, &value_a);
        if (more != bedrock_json_next(&k, &name_b, &value_b))
            return 0;
        if (more && a.type == BEDROCK_JSON_OBJECT && !same(name_a, name_b))
            return 0;
    } while (more && same(value_a, value_b));
    return !more;
}

/* Write v anew: strings decoded and escaped again, members one by one. */
static void rewrite(struct bedrock_writer *w, struct bedrock_json v)
{
    struct bedrock_json_iter it = bedrock_json_iterate(v);
    struct bedrock_json name, value;
    int64_t number;

    if (v.type == BEDROCK_JSON_OBJECT) {
        bedrock_write_object(w);
        while (bedrock_json_next(&it, &name, &value))
            bedrock_write_member(w, name, value);
        bedrock_write_object_end(w);
    } else if (v.type == BEDROCK_JSON_ARRAY) {
        bedrock_write_array(w);
        while (bedrock_json_next(&it, NULL, &value))
            rewrite(w, value);
        bedrock_write_array_end(w);
    } else if (v.type == BEDROCK_JSON_STRING) {
        char *text = malloc(v.len);

        bedrock_write_string(w, text, bedrock_json_unescape(v, text, v.len));
        free(text);
    } else if (v.type == BEDROCK_JSON_NUMBER) {
        if (bedrock_json_int(v, &number) == 0 && v.p[0] != '-')
            bedrock_write_int(w, number);
        else
            bedrock_write_raw(w, v.p, v.len);
    } else if (v.type == BEDROCK_JSON_NULL) {
        bedrock_write_null(w);
    } else {
        bedrock_write_bool(w, v.type == BEDROCK_JSON_TRUE);
    }
}

static void check_valid(const char *p, size_t n, struct bedrock_json v)
{
    struct bedrock_writer w = {0};
    struct bedrock_json again;
    size_t before = (size_t)(v.p - p);

    CHECK(v.type != BEDROCK_JSON_NONE && v.len > 0 && before <= n && v.len <= n - before);
    CHECK(strspn(p, " \t\r\n") == before); /* p is not blank, so this ends in it */
    for (size_t i = before + v.len; i < n; i++)
        CHECK(strchr(" \t\r\n", p[i]) && p[i]);
    rewrite(&w, v);
    CHECK(bedrock_write_end(&w) == 0);
    CHECK(bedrock_json_parse(w.out.p, w.out.len, &again, NULL) == 0 && same(v, again));
    bedrock_write_free(&w);
}

static void check_error(const char *p, const struct bedrock_json_error *e, size_t offset)
{
    size_t line = 1, column = 1;

    CHECKF(e->offset == offset, "refused at %zu, wrong at %zu: %s", e->offset, offset, e->what);
    for (size_t i = 0; i < offset; i++) {
        column = p[i] == '\n' ? 1 : column + 1;
        line += p[i] == '\n';
    }
    CHECK(e->line == line && e->column == column && e->what && e->what[0]);
}

/* p ends where an unmapped page begins. */
static void check_at_guard(const char *p, size_t n)
{
    struct bedrock_json v = {BEDROCK_JSON_TRUE, "x", 1};
    struct bedrock_json_error e = {0};
    size_t offset = second_opinion(p, n);
    int rc = bedrock_json_parse(p, n, &v, &e);

    if (!CHECKF(rc == (offset == VALID ? 0 : BEDROCK_ERR_USAGE), "[%.*s] gave %d", (int)n, p, rc))
        return;
    if (rc == 0) {
        check_valid(p, n, v);
        return;
    }
    check_error(p, &e, offset);
    CHECK(v.type == BEDROCK_JSON_NONE && v.len == 0);
    CHECK(bedrock_json_parse(p, n, &v, NULL) == BEDROCK_ERR_USAGE);
}

static void check_text(const char *text, size_t n)
{
    char *p = t_guard(text, n);

    check_at_guard(p, n);
    poke(p, n);
    t_guard_free(p, n);
}

/* ---- Accepted and refused ---- */

static const struct {
    const char *text;
    size_t len;
} good_texts[] = {
    {S("null")}, {S("true")}, {S("false")}, {S("0")}, {S("-0")}, {S("\"\"")}, {S("[]")}, {S("{}")},
    {S(" \t\r\n null \n\r\t ")}, {S("[ ]")}, {S("{ }")}, {S("[\n]")}, {S("{\r\n\t}")}, {S("[[]]")},
    {S("[{}]")}, {S("{\"\":[]}")}, {S("[[],[]]")}, {S("[{},{}]")}, {S("[[[[[[]]]]]]")},
    {S("[1]")}, {S("[1,2]")}, {S("[ 1 , 2 ]")}, {S("[true,false,null]")}, {S("[\"a\",\"b\"]")},
    {S("1")}, {S("10")}, {S("-1")}, {S("-10")}, {S("1.0")}, {S("0.0")}, {S("-0.0")}, {S("0.10")},
    {S("1e1")}, {S("1E1")}, {S("1e+1")}, {S("1e-1")}, {S("0e0")}, {S("0E+00")}, {S("1.5e10")},
    {S("-0.5E-07")}, {S("1e999999999")}, {S("123456789012345678901234567890.123456789")},
    {S("{\"a\":1}")}, {S("{\"a\":1,\"b\":2}")}, {S("{ \"a\" : 1 , \"b\" : 2 }")},
    {S("{\"a\":{\"b\":{\"c\":{}}}}")}, {S("{\"a\":1,\"a\":2}")}, {S("{\"\":0}")},
    {S("{\"a\":[1,{\"b\":[null]},\"c\"],\"d\":{\"e\":[[]]}}")},
    {S("\"a\"")}, {S("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"")}, {S("\"\\u0000\"")}, {S("\"\\u001f\"")},
    {S("\"\\uABCD\\uabcd\\u00Ff\"")}, {S("\"\\ud83d\\ude00\"")}, {S("\"\\uDBFF\\uDFFF\"")},
    {S("\"\\uD800\\uDC00\"")}, {S("\"\\ud7ff\\ue000\\uffff\"")}, {S("\"\\\\u12\"")},
    {S("\"\x7F\"")}, {S("\" \"")}, {S("\"\xC2\x80\"")}, {S("\"\xDF\xBF\"")}, {S("\"\xE0\xA0\x80\"")},
    {S("\"\xED\x9F\xBF\"")}, {S("\"\xEE\x80\x80\"")}, {S("\"\xEF\xBF\xBF\"")}, {S("\"\xEF\xBB\xBF\"")},
    {S("\"\xF0\x90\x80\x80\"")}, {S("\"\xF4\x8F\xBF\xBF\"")}, {S("\"\xE2\x80\xA8\xE2\x80\xA9\"")},
    {S("{\"\xC3\xA9\":\"\xE6\x97\xA5\xE6\x9C\xAC\"}")}, {S("{\"\\u0061\\n\":\"//\"}")},
    {S("\"plain ascii text that is longer than two vector registers, so that both paths run\"")},
    {S("{\"output\":{\"message\":{\"role\":\"assistant\",\"content\":[{\"text\":\"Rome\\n\"}]}},"
       "\"stopReason\":\"end_turn\",\"usage\":{\"inputTokens\":14,\"outputTokens\":-3.5e+2}}\n")},
};

static const struct {
    const char *text;
    size_t len, offset;
} bad_texts[] = {
    /* nothing there, or something else */
    {S(""), 0}, {S(" "), 1}, {S("\n\n"), 2}, {S("\xEF\xBB\xBF{}"), 0}, {S("\xFE\xFF"), 0},
    {S("a"), 0}, {S("'a'"), 0}, {S("<p>"), 0}, {S("\0"), 0}, {S("\f1"), 0}, {S("\xC2\xA0" "1"), 0},
    {S("1\0"), 1}, {S("// x\n1"), 0}, {S("1 /* x */"), 2}, {S("# 1"), 0}, {S("\\u0031"), 0},
    /* words */
    {S("nul"), 3}, {S("nulL"), 3}, {S("tru"), 3}, {S("truth"), 3}, {S("falsy"), 4}, {S("True"), 0},
    {S("NULL"), 0}, {S("nullx"), 4}, {S("NaN"), 0}, {S("Infinity"), 0}, {S("-Infinity"), 1},
    {S("undefined"), 0}, {S("n"), 1}, {S("[nul]"), 4},
    /* numbers */
    {S("-"), 1}, {S("+1"), 0}, {S(".5"), 0}, {S("01"), 1}, {S("00"), 1}, {S("-01"), 2}, {S("--1"), 1},
    {S("1."), 2}, {S("1.e1"), 2}, {S("1.a"), 2}, {S("0x1"), 1}, {S("1e"), 2}, {S("1e+"), 3},
    {S("1e+-1"), 3}, {S("1e1.5"), 3}, {S("1ee1"), 2}, {S("1 2"), 2}, {S("1_000"), 1}, {S("1,000"), 1},
    {S("[-]"), 2}, {S("[1.]"), 3}, {S("[1e]"), 3}, {S("-a"), 1}, {S("1d"), 1}, {S("[- 1]"), 2},
    {S("[1 .5]"), 3}, {S("\xEF\xBC\x91"), 0},
    /* arrays */
    {S("["), 1}, {S("[1"), 2}, {S("[1,"), 3}, {S("[1,]"), 3}, {S("[,1]"), 1}, {S("[1,,2]"), 3},
    {S("[1 2]"), 3}, {S("[1:2]"), 2}, {S("[1}"), 2}, {S("]"), 0}, {S("[]]"), 2}, {S("[[]"), 3},
    {S("[1];"), 3}, {S("[\"a\" \"b\"]"), 5}, {S("[\"a\""), 4}, {S("[] []"), 3}, {S("[\"a\":1]"), 4},
    /* objects */
    {S("{"), 1}, {S("{]"), 1}, {S("{,}"), 1}, {S("{a:1}"), 1}, {S("{'a':1}"), 1}, {S("{1:1}"), 1},
    {S("{\"a\""), 4}, {S("{\"a\"}"), 4}, {S("{\"a\":"), 5}, {S("{\"a\":}"), 5}, {S("{\"a\" 1}"), 5},
    {S("{\"a\":1"), 6}, {S("{\"a\":1,"), 7}, {S("{\"a\":1,}"), 7}, {S("{\"a\":1,,}"), 7},
    {S("{\"a\"::1}"), 5}, {S("{\"a\",1}"), 4}, {S("{\"a\":1]"), 6}, {S("{\"a\":1 \"b\":2}"), 7},
    {S("{\"a\":1}}"), 7}, {S("{}{}"), 2}, {S("{\"a\":1;\"b\":2}"), 6}, {S("{null:1}"), 1},
    {S("{[]:1}"), 1}, {S("{\"a\"=1}"), 4}, {S("}"), 0}, {S(":"), 0}, {S(","), 0},
    /* strings */
    {S("\""), 1}, {S("\"a"), 2}, {S("\"\\"), 2}, {S("\"\\\""), 3}, {S("\"a\nb\""), 2},
    {S("\"\t\""), 1}, {S("\"\0\""), 1}, {S("\"\x1F\""), 1}, {S("\"\\a\""), 2}, {S("\"\\'\""), 2},
    {S("\"\\0\""), 2}, {S("\"\\x41\""), 2}, {S("\"\\U0041\""), 2}, {S("\"\\\n\""), 2},
    {S("\"\\\0\""), 2}, {S("\"\\u\""), 3}, {S("\"\\u004\""), 6}, {S("\"\\u00g0\""), 5},
    {S("\"\\u 041\""), 3}, {S("\"\\u-041\""), 3}, {S("\"\\u{41}\""), 3}, {S("\"a\"b"), 3},
    {S("\"\\\xC3\xA9\""), 2}, {S("\"\\u00"), 5},
    /* half pairs of surrogates */
    {S("\"\\uD800\""), 7}, {S("\"\\uD800a\""), 7}, {S("\"\\uD800\\n\""), 8}, {S("\"\\uD800\\u0041\""), 9},
    {S("\"\\uD800\\uD800\""), 10}, {S("\"\\uDBFF\\uE000\""), 9}, {S("\"\\uDC00\""), 4},
    {S("\"\\udfff\""), 4}, {S("\"\\uD83D\\uDE0\""), 12}, {S("\"\\uD83D\\uDE0g\""), 12},
    {S("\"\\uD800\\"), 8}, {S("\"\\uD800\\u"), 9}, {S("\"\\uD800\\uD"), 10}, {S("\"\\uD8"), 5},
    {S("\"\\uD"), 4}, {S("\"\\uDg00\""), 4}, {S("\"\\uD8g0\""), 5},
    {S("\"\\uDE00\\uD83D\""), 4},
    /* RFC 3629 */
    {S("\"\x80\""), 1}, {S("\"\xBF\""), 1}, {S("\"\xC0\x80\""), 1}, {S("\"\xC1\xBF\""), 1},
    {S("\"\xC3\""), 2}, {S("\"\xC3"), 2}, {S("\"\xC3\x28\""), 2}, {S("\"\xC3\xC3\""), 2},
    {S("\"\xE0\x9F\xBF\""), 2}, {S("\"\xE2\x82\""), 3}, {S("\"\xE2\x82"), 3}, {S("\"\xE2\x28\xA1\""), 2},
    {S("\"\xED\xA0\x80\""), 2}, {S("\"\xED\xBF\xBF\""), 2}, {S("\"\xF0\x8F\xBF\xBF\""), 2},
    {S("\"\xF0\x9F\x98\""), 4}, {S("\"\xF4\x90\x80\x80\""), 2}, {S("\"\xF5\x80\x80\x80\""), 1},
    {S("\"\xF8\x88\x80\x80\x80\""), 1}, {S("\"\xFE\""), 1}, {S("\"\xFF\""), 1}, {S("{\"\xFF\":1}"), 2},
    {S("[\xC3\xA9]"), 1}, {S("\"a\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80\x80\""), 11},
};

static void test_good(void)
{
    for (size_t i = 0; i < N(good_texts); i++) {
        t_case("accepted: %s", good_texts[i].text);
        CHECK(second_opinion(good_texts[i].text, good_texts[i].len) == VALID);
        /* every prefix, the text itself last; check_at_guard() knows which of them are valid */
        for (size_t n = 0; n <= good_texts[i].len; n++)
            check_text(good_texts[i].text, n);
    }
}

static void test_bad(void)
{
    for (size_t i = 0; i < N(bad_texts); i++) {
        struct bedrock_json_error e = {0};
        struct bedrock_json v;

        t_case("refused at %zu: %s", bad_texts[i].offset, bad_texts[i].text);
        CHECK(bedrock_json_parse(bad_texts[i].text, bad_texts[i].len, &v, &e) == BEDROCK_ERR_USAGE);
        check_error(bad_texts[i].text, &e, bad_texts[i].offset);
        check_text(bad_texts[i].text, bad_texts[i].len);
    }
    t_case("no text at all");
    {
        struct bedrock_json_error e = {9, 9, 9, NULL};
        struct bedrock_json v;

        CHECK(bedrock_json_parse(NULL, 0, &v, &e) == BEDROCK_ERR_USAGE);
        check_error("", &e, 0);
    }
}

/* Each byte of each text becomes each of the 256. */
static void test_replaced_bytes(void)
{
    for (size_t i = 0; i < N(good_texts); i++) {
        size_t n = good_texts[i].len;
        char *p = t_guard(good_texts[i].text, n);

        t_case("one byte replaced: %s", good_texts[i].text);
        for (size_t at = 0; at < n; at++) {
            char was = p[at];

            for (int c = 0; c < 256; c++) {
                p[at] = (char)c;
                check_at_guard(p, n);
                if (strchr("\"\\{}[],:", c))
                    poke(p, n);
            }
            p[at] = was;
        }
        t_guard_free(p, n);
    }
}

/* The beginning of one text and the end of another, and tokens in any order. */
static void test_soup(void)
{
    static const char *const tokens[] = {
        "{", "}", "[", "]", ",", ":", "\"", "\"a\":", "\"b\"", "\\", "\\u", "\\n", "d8", "00", "dc",
        "\\ud83d", "\\ude00", "1", "0", "-", ".", "e", "+", "true", "null", " ", "\n", "\xC3\xA9",
        "\xED", "\x80", "\xF0\x9F", "[]", "{}", "1.5", "\"\"", ",\"c\":", "[1,", "{\"d\":",
    };
    uint64_t seed = 8259;
    char text[600];

    t_case("the beginning of one text and the end of another");
    for (int round = 0; round < 3000; round++) {
        size_t a = t_rand(&seed) % N(good_texts), b = t_rand(&seed) % N(good_texts);
        size_t n = t_rand(&seed) % (good_texts[a].len + 1), m = t_rand(&seed) % (good_texts[b].len + 1);

        memcpy(text, good_texts[a].text, n);
        memcpy(text + n, good_texts[b].text + good_texts[b].len - m, m);
        check_text(text, n + m);
    }
    t_case("tokens in any order");
    for (int round = 0; round < 3000; round++) {
        size_t n = 0, count = t_rand(&seed) % 12;

        while (count-- > 0) {
            const char *token = tokens[t_rand(&seed) % N(tokens)];

            memcpy(text + n, token, strlen(token));
            n += strlen(token);
        }
        check_text(text, n);
    }
}

static void test_depth(void)
{
    static const struct {
        const char *open, *inner, *close;
    } kinds[] = {{"[", "", "]"}, {"{\"a\":", "1", "}"}, {"[ ", "{}", " ]"}, {"[[{\"a\":[", "0", "]}]]"}};
    static char text[8000];

    for (size_t i = 0; i < N(kinds); i++) {
        unsigned per = 0, inner = strcmp(kinds[i].inner, "{}") == 0;

        for (const char *c = kinds[i].open; *c; c++)
            per += *c == '[' || *c == '{';
        for (unsigned depth = 511; depth <= 514; depth++) {
            struct bedrock_json v;
            size_t n = 0;
            unsigned times = (depth - inner) / per;

            for (unsigned k = 0; k < times; k++, n += strlen(kinds[i].open))
                memcpy(text + n, kinds[i].open, strlen(kinds[i].open));
            memcpy(text + n, kinds[i].inner, strlen(kinds[i].inner));
            n += strlen(kinds[i].inner);
            for (unsigned k = 0; k < times; k++, n += strlen(kinds[i].close))
                memcpy(text + n, kinds[i].close, strlen(kinds[i].close));
            t_case("%u levels of %s", times * per + inner, kinds[i].open);
            CHECK((bedrock_json_parse(text, n, &v, NULL) == 0) == (times * per + inner <= 512));
            check_at_guard(text, n); /* no page: the text is long, not at an end */
        }
    }
    t_case("a hundred thousand brackets");
    {
        size_t n = 100000;
        char *p = malloc(n);
        struct bedrock_json_error e;
        struct bedrock_json v;

        memset(p, '[', n);
        CHECK(bedrock_json_parse(p, n, &v, &e) == BEDROCK_ERR_USAGE && e.offset == 512);
        poke(p, n);
        memset(p, '{', n);
        poke(p, n);
        memset(p, ']', n);
        poke(p, n);
        memset(p, '\\', n);
        poke(p, n);
        memset(p, 0x80, n);
        poke(p, n);
        free(p);
    }
}

/* Strings of every length at every offset, with one byte that the vector paths must not miss. */
static void test_alignment(void)
{
    static const char *const specials[] = {"\"", "\\", "\n", "\x1F", "\x80", "\xC3\xA9", "\x7F", "\\n", "!"};
    static char room[160];
    struct bedrock_json_error e;
    struct bedrock_json v;

    for (size_t s = 0; s < N(specials); s++) {
        t_case("offsets 0 to 31, special byte %zu", s);
        for (size_t off = 0; off < 32; off++)
            for (size_t len = 0; len < 36; len += 1 + len / 8)
                for (size_t at = 0; at <= len; at++) {
                    char *p = room + off;
                    size_t n = 0, offset;

                    memset(room, '"', sizeof room);
                    p[n++] = '"';
                    memset(p + n, 'a', len + 4);
                    memcpy(p + n + at, specials[s], strlen(specials[s]));
                    n += len + strlen(specials[s]);
                    p[n++] = '"';
                    offset = second_opinion(p, n);
                    CHECK((bedrock_json_parse(p, n, &v, &e) == 0) == (offset == VALID));
                    CHECK(offset == VALID ? v.p == p && v.len == n : e.offset == offset);
                    /* without its last quote, though there are more behind it */
                    offset = second_opinion(p, n - 1);
                    CHECK((bedrock_json_parse(p, n - 1, &v, &e) == 0) == (offset == VALID));
                    CHECK(offset == VALID || e.offset == offset);
                }
    }
}

/* Every pair of bytes in a string, and the corners of longer ones. */
static void test_utf8(void)
{
    static const unsigned char second[] = {0x22, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC0, 0xFF};
    static const unsigned char third[] = {0x00, 0x22, 0x41, 0x7F, 0x80, 0xBF, 0xC0, 0xFF};
    char text[8];

    t_case("every pair of bytes from outside of ASCII");
    for (int a = 0x80; a < 0x100; a++)
        for (int b = 0; b < 0x100; b++) {
            struct bedrock_json v;

            text[0] = text[3] = '"';
            text[1] = (char)a;
            text[2] = (char)b;
            CHECK((bedrock_json_parse(text, 4, &v, NULL) == 0) == (second_opinion(text, 4) == VALID));
        }
    t_case("the corners of three and four bytes");
    for (int a = 0xE0; a < 0x100; a++)
        for (size_t b = 0; b < N(second); b++)
            for (size_t i = 0; i < N(third); i++)
                for (size_t k = 0; k < N(third); k++) {
                    struct bedrock_json_error e = {0};
                    struct bedrock_json v;
                    size_t offset;

                    text[0] = text[5] = '"';
                    text[1] = (char)a;
                    text[2] = (char)second[b];
                    text[3] = (char)third[i];
                    text[4] = (char)third[k];
                    offset = second_opinion(text, 6);
                    CHECK((bedrock_json_parse(text, 6, &v, &e) == 0) == (offset == VALID));
                    CHECK(offset == VALID || e.offset == offset);
                }
}

static void test_positions(void)
{
    static const struct {
        const char *text;
        size_t offset, line, column;
        const char *what;
    } cases[] = {
        {"", 0, 1, 1, "the text is empty"},
        {" \n\t", 3, 2, 2, "the text is empty"},
        {"{\"a\" 1}", 5, 1, 6, "expected ':' after a member name"},
        {"{\n  \"a\": 1\n  \"b\": 2\n}", 13, 3, 3, "expected ',' or '}' after a member"},
        {"[1\n\n\n 2]", 6, 4, 2, "expected ',' or ']' after an element"},
        {"[1,\r\n]", 5, 2, 1, "a value is missing here"},
        {"{\"a\":1,\r}", 8, 1, 9, "expected a member name in double quotes"},
        {"{\"a\":\n'b'}", 6, 2, 1, "strings and names take double quotes"},
        {"[\"\xC3\xA9\xC3\xA9\", x]", 9, 1, 10, "expected a value"},
        {"[nope]", 2, 1, 3, "expected true, false or null"},
        {"{} \n{}", 4, 2, 1, "expected nothing after the value"},
        {"[\n", 2, 2, 1, "the text ends before its value is complete"},
        {"{\"a\":[1,{\"b\":2", 14, 1, 15, "the text ends before its value is complete"},
        {"-", 1, 1, 2, "the text ends before its value is complete"},
        {"[\n\"abc", 6, 2, 5, "the text ends inside a string"},
        {"\"\\", 2, 1, 3, "the text ends inside a string"},
        {"\"\\u12", 5, 1, 6, "the text ends inside a string"},
        {"\"\xE2\x82", 3, 1, 4, "the text ends inside a string"},
        {"\"a\nb\"", 2, 1, 3, "a control character in a string must be escaped"},
        {"\"\\q\"", 2, 1, 3, "no such escape"},
        {"\"\\u12x4\"", 5, 1, 6, "\\u needs four hexadecimal digits"},
        {"\"\\udc00\"", 4, 1, 5, "a low surrogate without a high one before it"},
        {"\"\\ud800\"", 7, 1, 8, "a high surrogate needs a low one, \\uDC00 to \\uDFFF, behind it"},
        {"\"\xC0\xAF\"", 1, 1, 2, "a string is not UTF-8"},
        {"[012]", 2, 1, 3, "a number with a leading zero"},
        {"[-x]", 2, 1, 3, "expected a digit behind '-'"},
        {"[1.]", 3, 1, 4, "expected a digit behind the decimal point"},
        {"[1e]", 3, 1, 4, "expected a digit in the exponent"},
        {"\xEF\xBB\xBF{}", 0, 1, 1, "a byte-order mark, which JSON does not have"},
    };

    for (size_t i = 0; i < N(cases); i++) {
        struct bedrock_json_error e = {0};
        struct bedrock_json v;

        t_case("%s: %s", cases[i].what, cases[i].text);
        CHECK(bedrock_json_parse(cases[i].text, strlen(cases[i].text), &v, &e) == BEDROCK_ERR_USAGE);
        CHECKF(e.offset == cases[i].offset && e.line == cases[i].line && e.column == cases[i].column,
               "offset %zu, line %zu, column %zu", e.offset, e.line, e.column);
        CHECK_TEXT(e.what, strlen(e.what), cases[i].what);
    }
}

/* ---- Reading ---- */

static void test_types(void)
{
    static const struct {
        const char *text;
        enum bedrock_json_type type;
        const char *raw;
    } cases[] = {
        {" {\"a\": 1} ", BEDROCK_JSON_OBJECT, "{\"a\": 1}"}, {"\n[ 1]", BEDROCK_JSON_ARRAY, "[ 1]"},
        {"\t\"x\" ", BEDROCK_JSON_STRING, "\"x\""},         {" -1e5\r\n", BEDROCK_JSON_NUMBER, "-1e5"},
        {"0", BEDROCK_JSON_NUMBER, "0"},                     {" true", BEDROCK_JSON_TRUE, "true"},
        {"false ", BEDROCK_JSON_FALSE, "false"},             {"null", BEDROCK_JSON_NULL, "null"},
    };

    for (size_t i = 0; i < N(cases); i++) {
        struct bedrock_json v = json_of(cases[i].text, strlen(cases[i].text));

        t_case("the type of %s", cases[i].text);
        CHECK(v.type == cases[i].type);
        CHECK_TEXT(v.p, v.len, cases[i].raw);
    }
}

static void test_get(void)
{
    static const char doc[] =
        " { \"output\" : {\"message\":{\"role\":\"assistant\",\"content\":[{\"text\":\"a]}\\\"{\"},"
        "{\"n\" : [ [1,2] , [3 , 4 ] ] } , null ]}}, \"k\":false,\"dup\":{\"x\":1},\"\":{\"\":7},"
        "\"\\u0064up\":{\"y\":2},\"\\u00e9\\ud83d\\ude00\":\"u\",\"a\\u0000b\":3,\"dot.ted\":4,"
        "\"s\\\\\\\"q\":5,\"long name that goes on\":[[[[]]]],\"nul\":null } ";
    static const struct {
        const char *path, *raw;
    } cases[] = {
        {"output.message.role", "\"assistant\""},
        {"output.message.content[0].text", "\"a]}\\\"{\""},
        {"output.message.content[0]", "{\"text\":\"a]}\\\"{\"}"},
        {"output.message.content[1].n[0]", "[1,2]"},
        {"output.message.content[1].n[1][1]", "4"},
        {"output.message.content[2]", "null"},
        {"nul", "null"}, {"k", "false"},
        {"dup", "{\"y\":2}"}, {"dup.y", "2"}, {"dup.x", NULL},
        {".", "7"}, {"..", NULL},
        {"\xC3\xA9\xF0\x9F\x98\x80", "\"u\""}, {"s\\\"q", "5"},
        {"long name that goes on[0][0][0]", "[]"}, {"long name that goes on[0][0][0][0]", NULL},
        {"long name that goes o", NULL}, {"long name that goes on ", NULL},
        {"output.message.content[3]", NULL}, {"output.message.content[00]", "{\"text\":\"a]}\\\"{\"}"},
        {"output.message.content[99999999999999999999999]", NULL},
        {"output.message.content[18446744073709551616]", NULL},
        {"output.message.content[]", NULL}, {"output.message.content[-1]", NULL},
        {"output.message.content[0", NULL}, {"output.message.content[", NULL},
        {"output.message.content[0]text", NULL}, {"output.message.content[ 0]", NULL},
        {"output.message.content[x]", NULL}, {"output.message.content.0", NULL},
        {"output[0]", NULL}, {"[0]", NULL}, {"k.x", NULL}, {"k[0]", NULL}, {"nul.x", NULL},
        {"Output", NULL}, {"outpu", NULL}, {"outputs", NULL}, {"a", NULL}, {"dot.ted", NULL},
        {"output..message", NULL}, {"output.", NULL}, {"\\u0064up", NULL},
    };
    size_t n = sizeof doc - 1;
    char *p = t_guard(doc, n);
    struct bedrock_json v = json_of(p, n), got;

    t_case("the empty path is the value itself");
    got = bedrock_json_get(v, "");
    CHECK(got.type == v.type && got.p == v.p && got.len == v.len);
    for (size_t i = 0; i < N(cases); i++) {
        t_case("get %s", cases[i].path);
        got = bedrock_json_get(v, cases[i].path);
        if (cases[i].raw)
            CHECK_TEXT(got.p, got.len, cases[i].raw);
        else
            CHECKF(got.type == BEDROCK_JSON_NONE && got.len == 0, "[%.*s]", (int)got.len, got.p);
    }
    t_guard_free(p, n);
    t_case("get on an array, a scalar and nothing");
    v = json_of(S("[[1,2],{\"a\":[3]}]"));
    CHECK(bedrock_json_get(v, "[1].a[0]").p == v.p + 13);
    CHECK(bedrock_json_get(v, "[0][1]").p == v.p + 4);
    CHECK(bedrock_json_get(v, "a").type == BEDROCK_JSON_NONE);
    v = json_of(S("\"[1]\""));
    CHECK(bedrock_json_get(v, "[0]").type == BEDROCK_JSON_NONE);
    v.type = BEDROCK_JSON_NONE;
    CHECK(bedrock_json_get(v, "").type == BEDROCK_JSON_NONE);
    CHECK(bedrock_json_get(v, "a").type == BEDROCK_JSON_NONE);
    t_case("an empty name");
    v = json_of(S("{\"\":{\"\":[7]},\"a\":{\"\":8}}"));
    got = bedrock_json_get(v, ".[0]");
    CHECK_TEXT(got.p, got.len, "7");
    got = bedrock_json_get(v, "a.");
    CHECK_TEXT(got.p, got.len, "8");
    CHECK(bedrock_json_get(v, "..[0]").type == BEDROCK_JSON_NONE);
}

static void test_iterate(void)
{
    struct bedrock_json v = json_of(S(" [ 1 , [2,[3]] ,{\"a\":[]},\"x,]\" , true,null ] "));
    struct bedrock_json_iter it = bedrock_json_iterate(v);
    static const char *const raw[] = {"1", "[2,[3]]", "{\"a\":[]}", "\"x,]\"", "true", "null"};
    struct bedrock_json name, value;
    size_t n = 0;

    t_case("the elements of an array");
    while (bedrock_json_next(&it, &name, &value)) {
        CHECK(name.type == BEDROCK_JSON_NONE);
        CHECK_TEXT(value.p, value.len, raw[n % N(raw)]);
        n++;
    }
    CHECK(n == N(raw));
    CHECK(!bedrock_json_next(&it, NULL, &value) && value.type == BEDROCK_JSON_NONE);
    t_case("the members of an object");
    v = json_of(S("{ \"a\\\"\" : 1.5 ,\"b:\":{\"c\":\"}\"} , \"\":-2}"));
    it = bedrock_json_iterate(v);
    CHECK(bedrock_json_next(&it, &name, &value) && name.type == BEDROCK_JSON_STRING);
    CHECK_TEXT(name.p, name.len, "\"a\\\"\"");
    CHECK_TEXT(value.p, value.len, "1.5");
    CHECK(bedrock_json_next(&it, NULL, &value));
    CHECK_TEXT(value.p, value.len, "{\"c\":\"}\"}");
    CHECK(bedrock_json_next(&it, &name, &value));
    CHECK_TEXT(name.p, name.len, "\"\"");
    CHECK_TEXT(value.p, value.len, "-2");
    CHECK(!bedrock_json_next(&it, &name, &value));
    t_case("nothing to iterate over");
    for (size_t i = 0; i < N(good_texts); i++) {
        v = json_of(good_texts[i].text, good_texts[i].len);
        it = bedrock_json_iterate(v);
        if (v.type != BEDROCK_JSON_ARRAY && v.type != BEDROCK_JSON_OBJECT)
            CHECK(!bedrock_json_next(&it, &name, &value));
    }
    t_case("nine thousand elements, each found once");
    {
        struct bedrock_writer w = {0};
        int64_t number;

        bedrock_write_array(&w);
        for (int64_t i = 0; i < 9000; i++)
            bedrock_write_int(&w, i);
        bedrock_write_array_end(&w);
        CHECK(bedrock_write_end(&w) == 0);
        it = bedrock_json_iterate(json_of(w.out.p, w.out.len));
        for (int64_t i = 0; i < 9000; i++)
            CHECK(bedrock_json_next(&it, NULL, &value) && bedrock_json_int(value, &number) == 0 &&
                  number == i);
        CHECK(!bedrock_json_next(&it, NULL, &value));
        bedrock_write_free(&w);
    }
}

/* ---- Strings ---- */

/* How much of text[0..n) fits into cap without cutting a character. */
static size_t whole_characters(const char *text, size_t n, size_t cap)
{
    size_t fits = 0;

    for (size_t i = 1; i <= n && i <= cap; i++)
        if (i == n || ((unsigned char)text[i] & 0xC0) != 0x80)
            fits = i;
    return fits;
}

static void check_unescape(const char *raw, size_t len, const char *want, size_t n)
{
    for (size_t cap = 0; cap <= n + 2; cap++) {
        struct bedrock_json v = json_of(raw, len);
        size_t fits = whole_characters(want, n, cap);
        char buf[256], *copy = t_guard(raw, len);

        memset(buf, 0x7E, sizeof buf);
        CHECK(bedrock_json_unescape(v, buf, cap) == n);
        CHECKF(memcmp(buf, want, fits) == 0, "cap %zu: [%.*s]", cap, (int)fits, buf);
        for (size_t i = fits; i < sizeof buf; i++)
            CHECKF(buf[i] == 0x7E, "cap %zu: byte %zu was touched", cap, i);
        v.p = copy;
        CHECK(bedrock_json_unescape(v, copy + 1, cap) == n);
        CHECKF(memcmp(copy + 1, want, fits) == 0, "in place, cap %zu", cap);
        CHECK(memcmp(copy + 1 + fits, raw + 1 + fits, len - 1 - fits) == 0);
        t_guard_free(copy, len);
    }
    CHECK(bedrock_json_unescape(json_of(raw, len), NULL, 0) == n);
}

static void test_unescape(void)
{
    static const struct {
        const char *raw, *text;
        size_t len;
    } cases[] = {
        {"\"\"", S("")},
        {"\"abc\"", S("abc")},
        {"\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", S("\"\\/\b\f\n\r\t")},
        {"\"a\\nb\\nc\"", S("a\nb\nc")},
        {"\"\\u0000\\u0041\\u007f\"", S("\0A\x7F")},
        {"\"\\u0080\\u07FF\\u0800\\uffff\"", S("\xC2\x80\xDF\xBF\xE0\xA0\x80\xEF\xBF\xBF")},
        {"\"\\ud800\\udc00\\uDBFF\\uDFFF\"", S("\xF0\x90\x80\x80\xF4\x8F\xBF\xBF")},
        {"\"x\\uD83D\\uDE00y\"", S("x\xF0\x9F\x98\x80y")},
        {"\"\\ud7ff\\ue000\"", S("\xED\x9F\xBF\xEE\x80\x80")},
        {"\"\\\\u0041\\\\\\u0041\"", S("\\u0041\\A")},
        {"\"\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80z\"", S("\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80z")},
        {"\"\xE2\x82\xAC\\t\xF0\x9F\x98\x80\\u20aca\\\"\xC3\xA9\"",
         S("\xE2\x82\xAC\t\xF0\x9F\x98\x80\xE2\x82\xAC" "a\"\xC3\xA9")},
        {"\"a run that is longer than a vector and then\\n some more of the same kind\"",
         S("a run that is longer than a vector and then\n some more of the same kind")},
    };

    for (size_t i = 0; i < N(cases); i++) {
        t_case("unescape %s", cases[i].raw);
        check_unescape(cases[i].raw, strlen(cases[i].raw), cases[i].text, cases[i].len);
    }
    t_case("other types have length 0");
    CHECK(bedrock_json_unescape(json_of(S("[\"a\"]")), NULL, 0) == 0);
    CHECK(bedrock_json_unescape(json_of(S("12")), NULL, 0) == 0);
    CHECK(bedrock_json_unescape((struct bedrock_json){BEDROCK_JSON_NONE, NULL, 0}, NULL, 0) == 0);
}

/* What was never checked has an answer too: nothing grows, half a pair is U+FFFD. */
static void test_unescape_unchecked(void)
{
    static const struct {
        const char *raw, *text;
    } cases[] = {
        {"\"\\\"", "\\"},           {"\"\\q\"", "\\q"},     {"\"\\u12\"", "\\u12"},
        {"\"\\u12g4\"", "\\u12g4"}, {"\"a\\", "a"},         {"\"\\ud800\"", "\xEF\xBF\xBD"},
        {"\"\\udc00x\"", "\xEF\xBF\xBDx"},
        {"\"\\ud800\\ud800\"", "\xEF\xBF\xBD\xEF\xBF\xBD"}, {"\"\\ud800\\u00e9\"", "\xEF\xBF\xBD\xC3\xA9"},
        {"\"\\ud800\\u12\"", "\xEF\xBF\xBD\\u12"},          {"\"", ""},
    };

    for (size_t i = 0; i < N(cases); i++) {
        size_t n = strlen(cases[i].raw);
        char *p = t_guard(cases[i].raw, n), buf[64];
        struct bedrock_json v = {BEDROCK_JSON_STRING, p, n};

        t_case("unescape, not checked: %s", cases[i].raw);
        CHECK_TEXT(buf, bedrock_json_unescape(v, buf, sizeof buf), cases[i].text);
        CHECK(bedrock_json_equals(v, cases[i].text));
        t_guard_free(p, n);
    }
}

static size_t utf8_of(unsigned code, char *out)
{
    size_t n = 0;

    if (code < 0x80) {
        out[n++] = (char)code;
    } else if (code < 0x800) {
        out[n++] = (char)(0xC0 | code >> 6);
        out[n++] = (char)(0x80 | (code & 63));
    } else if (code < 0x10000) {
        out[n++] = (char)(0xE0 | code >> 12);
        out[n++] = (char)(0x80 | (code >> 6 & 63));
        out[n++] = (char)(0x80 | (code & 63));
    } else {
        out[n++] = (char)(0xF0 | code >> 18);
        out[n++] = (char)(0x80 | (code >> 12 & 63));
        out[n++] = (char)(0x80 | (code >> 6 & 63));
        out[n++] = (char)(0x80 | (code & 63));
    }
    return n;
}

static void test_every_escape(void)
{
    char raw[32], want[8], got[16];
    struct bedrock_json v;

    t_case("every \\u escape");
    for (unsigned code = 0; code < 0x10000; code++) {
        int surrogate = code >= 0xD800 && code < 0xE000;
        int n = snprintf(raw, sizeof raw, code & 1 ? "\"\\u%04x\"" : "\"\\u%04X\"", code);
        int rc = bedrock_json_parse(raw, (size_t)n, &v, NULL);

        CHECKF((rc == 0) == !surrogate, "%s", raw);
        CHECKF(bdk_json_parse_halves(raw, (size_t)n, &v, NULL) == 0, "%s", raw);
        CHECKF(bdk_json_ends_in_half(v) == (code >= 0xD800 && code < 0xDC00), "%s", raw);
        if (rc == 0)
            CHECK(bedrock_json_unescape(v, got, sizeof got) == utf8_of(code, want) &&
                  memcmp(got, want, utf8_of(code, want)) == 0);
    }
    t_case("pairs of surrogates");
    for (unsigned code = 0x10000; code < 0x110000; code += code % 1024 == 3 ? 1018 : 1) {
        int n = snprintf(raw, sizeof raw, "\"\\u%04x\\u%04X\"", 0xD800 + ((code - 0x10000) >> 10),
                         0xDC00 + (code & 1023));

        if (!CHECKF(bedrock_json_parse(raw, (size_t)n, &v, NULL) == 0, "%s", raw))
            continue;
        CHECK(bedrock_json_unescape(v, got, sizeof got) == 4 && utf8_of(code, want) == 4 &&
              memcmp(got, want, 4) == 0);
    }
}

/* Half pairs, which are taken where a stream may have cut the text; mended they are what want says, and the
 * strict check takes that. NULL: refused all the same, as by the strict check. */
static void test_halves(void)
{
    static const struct {
        const char *raw, *want;
    } cases[] = {
        {"\"\\uD800\"", "\"\\ufffd\""}, {"\"\\udfff\"", "\"\\ufffd\""}, {"\"\\uD800a\"", "\"\\ufffda\""},
        {"\"\\uD800\\n\"", "\"\\ufffd\\n\""}, {"\"\\uD800\\u0041\"", "\"\\ufffd\\u0041\""},
        {"\"\\uD83D\\uD83D\\uDE00\"", "\"\\ufffd\\uD83D\\uDE00\""},
        {"\"\\uDE00\\uD83D\"", "\"\\ufffd\\ufffd\""},
        {"\"\\uD83D\\uDE00\\uDE00\"", "\"\\uD83D\\uDE00\\ufffd\""},
        {"\"\\\\uD83D\"", "\"\\\\uD83D\""}, {"\"\\\\\\uD83D\\\\uDE00\"", "\"\\\\\\ufffd\\\\uDE00\""},
        {"{\"\\uD83D\":[\"\\uDE00\", 1]}", "{\"\\ufffd\":[\"\\ufffd\", 1]}"},
        {"[\"a\\\"b\", \"\\ud83d\\ude00\", {}]", "[\"a\\\"b\", \"\\ud83d\\ude00\", {}]"},
        {"\"\\uD8\"", NULL}, {"\"\\uD83\"", NULL}, {"\"\\uD83D", NULL}, {"\"\\uD83D\\", NULL},
        {"\"\\uD83D\\uDE0g\"", NULL}, {"\"\\uD83D\\uDE0\"", NULL}, {"\"\\uDE00\\x\"", NULL},
        {"\"\xED\xA0\xBD\"", NULL}, {"\"\\uD83D\" 1", NULL},
    };

    for (size_t i = 0; i < N(cases); i++) {
        size_t n = strlen(cases[i].raw);
        char *p = t_guard(cases[i].raw, n);
        struct bedrock_json v;
        int rc = bdk_json_parse_halves(p, n, &v, NULL);

        t_case("half pairs: %s", cases[i].raw);
        CHECK((rc == 0) == (cases[i].want != NULL));
        CHECK(rc == 0 ? v.p == p && v.len == n : bedrock_json_parse(p, n, &v, NULL) == BEDROCK_ERR_USAGE);
        bdk_json_mend(p, n); /* of what is not JSON as well: it must stay inside */
        if (rc == 0) {
            CHECK_TEXT(p, n, cases[i].want);
            CHECK(bedrock_json_parse(p, n, &v, NULL) == 0 && v.len == n);
        }
        t_guard_free(p, n);
    }
}

static void test_mended(void)
{
    struct bedrock_writer w = {0};

    t_case("half pairs, written");
    bedrock_write_array(&w);
    bdk_write_mended(&w, "\"\\ud83d\"", 8);
    bdk_write_mended(&w, " {\"\\ude00\":1} ", 14);
    bedrock_write_array_end(&w);
    CHECK(bedrock_write_end(&w) == 0);
    CHECK_TEXT(w.out.p, w.out.len, "[\"\\ufffd\",{\"\\ufffd\":1}]");
    bedrock_write_free(&w);
    bdk_write_mended(&w, "\"\\ud83\"", 7);
    CHECK(w.out.error == BEDROCK_ERR_USAGE);
    bdk_write_mended(&w, "1", 1);
    CHECK(bedrock_write_end(&w) == BEDROCK_ERR_USAGE && w.out.len == 0);
    bedrock_write_free(&w);
}

static void test_equals(void)
{
    static const struct {
        const char *raw, *text;
        int equal;
    } cases[] = {
        {"\"\"", "", 1},           {"\"a\"", "a", 1},          {"\"a\"", "", 0},
        {"\"\"", "a", 0},          {"\"a\"", "b", 0},          {"\"a\"", "A", 0},
        {"\"abc\"", "ab", 0},      {"\"ab\"", "abc", 0},       {"\"\\u0061\"", "a", 1},
        {"\"\\u0000\"", "", 0},    {"\"a\\u0000\"", "a", 0},   {"\"\\n\"", "\n", 1},
        {"\"\\ud83d\\ude00\"", "\xF0\x9F\x98\x80", 1},         {"\"\\u00e9\"", "\xC3\xA9", 1},
        {"\"\\u00e9\"", "\xC3", 0}, {"\"\\u00e9\"", "\xC3\xA9x", 0}, {"\"\\u20ac\"", "\xE2\x82", 0},
        {"1", "1", 0},             {"null", "null", 0},        {"[]", "", 0},
        {"[\"a\"]", "a", 0},
    };

    for (size_t i = 0; i < N(cases); i++) {
        t_case("%s equals %s", cases[i].raw, cases[i].text);
        CHECK(bedrock_json_equals(json_of(cases[i].raw, strlen(cases[i].raw)), cases[i].text) ==
              cases[i].equal);
    }
    t_case("nothing equals nothing");
    CHECK(!bedrock_json_equals((struct bedrock_json){BEDROCK_JSON_NONE, NULL, 0}, ""));
}

static void test_contains(void)
{
    struct bedrock_json v =
        json_of(S("[\"TEXT\",1,null,[\"INNER\"],\"im\\u0041ge\",\"\\u00c9T\\u00c9\",\"\"]"));

    t_case("contains: without case, decoded, strings of this array alone");
    CHECK(bedrock_json_contains(v, "TEXT") && bedrock_json_contains(v, "text"));
    CHECK(bedrock_json_contains(v, "IMAGE") && bedrock_json_contains(v, "Image"));
    CHECK(bedrock_json_contains(v, ""));
    CHECK(bedrock_json_contains(v, "\xC3\x89t\xC3\x89"));
    CHECK(!bedrock_json_contains(v, "\xC3\xA9t\xC3\xA9"));
    CHECK(!bedrock_json_contains(v, "TEX") && !bedrock_json_contains(v, "TEXTS"));
    CHECK(!bedrock_json_contains(v, "1") && !bedrock_json_contains(v, "inner"));
    CHECK(!bedrock_json_contains(json_of(S("[]")), ""));
    CHECK(!bedrock_json_contains(json_of(S("[\"{\"]")), "["));
    CHECK(!bedrock_json_contains(json_of(S("[\"@\"]")), "`"));
    CHECK(!bedrock_json_contains(json_of(S("{\"a\":\"b\"}")), "b"));
    CHECK(!bedrock_json_contains(json_of(S("\"b\"")), "b"));
}

static void test_int(void)
{
    static const struct {
        const char *raw;
        int ok;
        int64_t n;
    } cases[] = {
        {"0", 1, 0}, {"-0", 1, 0}, {"1", 1, 1}, {"-1", 1, -1}, {"10", 1, 10},
        {"1234567890123", 1, 1234567890123},
        {"9223372036854775807", 1, INT64_MAX}, {"9223372036854775808", 0, 0},
        {"-9223372036854775808", 1, INT64_MIN}, {"-9223372036854775809", 0, 0},
        {"9223372036854775799", 1, INT64_MAX - 8}, {"9223372036854775810", 0, 0},
        {"-9223372036854775799", 1, INT64_MIN + 9}, {"-9223372036854775810", 0, 0},
        {"18446744073709551616", 0, 0}, {"92233720368547758070", 0, 0},
        {"100000000000000000000000000000000000000000", 0, 0},
        {"1.0", 0, 0}, {"1e2", 0, 0}, {"0e0", 0, 0}, {"-0.0", 0, 0}, {"1E0", 0, 0},
        /* as a NUMBER that was never checked */
        {"", 0, 0}, {"-", 0, 0}, {"+1", 0, 0}, {"--1", 0, 0}, {"01", 0, 0}, {"-01", 0, 0}, {" 1", 0, 0},
        {"1 ", 0, 0}, {"1a", 0, 0}, {"/", 0, 0}, {":", 0, 0},
    };

    for (size_t i = 0; i < N(cases); i++) {
        struct bedrock_json v = {BEDROCK_JSON_NUMBER, cases[i].raw, strlen(cases[i].raw)};
        int64_t n = 77;

        t_case("the integer [%s]", cases[i].raw);
        CHECK(bedrock_json_int(v, &n) == (cases[i].ok ? 0 : BEDROCK_ERR_USAGE));
        CHECK(n == (cases[i].ok ? cases[i].n : 77));
    }
    t_case("no integers: other types");
    for (size_t i = 0; i < N(good_texts); i++) {
        struct bedrock_json v = json_of(good_texts[i].text, good_texts[i].len);
        int64_t n = 77;

        if (v.type != BEDROCK_JSON_NUMBER)
            CHECK(bedrock_json_int(v, &n) == BEDROCK_ERR_USAGE && n == 77);
    }
    t_case("every power of ten and its neighbours survive writing and reading");
    for (int64_t power = 1, k = 0; k < 19; k++, power = k < 19 ? power * 10 : 0)
        for (int64_t n = power - 1; n <= power + 1; n++)
            for (int sign = -1; sign <= 1; sign += 2) {
                struct bedrock_writer w = {0};
                int64_t got = 77;

                bedrock_write_int(&w, n * sign);
                CHECK(bedrock_write_end(&w) == 0);
                CHECK(bedrock_json_int(json_of(w.out.p, w.out.len), &got) == 0 && got == n * sign);
                bedrock_write_free(&w);
            }
}

int main(void)
{
    test_good();
    test_bad();
    test_replaced_bytes();
    test_soup();
    test_depth();
    test_alignment();
    test_utf8();
    test_positions();
    test_types();
    test_get();
    test_iterate();
    test_unescape();
    test_unescape_unchecked();
    test_every_escape();
    test_halves();
    test_mended();
    test_equals();
    test_contains();
    test_int();
    return t_end("test_json");
}
