/* test_writer.c - writing JSON: what is put together, what is refused and stops the writer, strings, depth,
 * memory. Cases of our own after RFC 8259. Leaves out: reading (test_json.c), which also writes anew each
 * text that it reads. */
#include "bedrock_int.h"
#include "t.h"
#include <string.h>

#define S(text) text, sizeof text - 1
#define N(array) (sizeof array / sizeof array[0])

static struct bedrock_json json_of(const char *p, size_t n)
{
    struct bedrock_json v;

    CHECKF(bedrock_json_parse(p, n, &v, NULL) == 0, "this is no JSON: %.*s", (int)n, p);
    return v;
}

/*
 * A program for the writer, a character a call: brackets; a to h: a name; s: the string "s"; e: the
 * empty string from NULL; digits: integers; T F N; r: raw " [ 1 , 2 ] "; x: raw "1 2"; y: raw "";
 * m: the member "k":{"z":[null]}; v: a member of type NONE; i: a member whose name is no string;
 * u: a string that is not UTF-8; U: such a name; !: bedrock_write_end().
 */
static void write_one(struct bedrock_writer *w, char op)
{
    struct bedrock_json none = {BEDROCK_JSON_NONE, NULL, 0};
    struct bedrock_json k = {BEDROCK_JSON_STRING, "\"k\"", 3}, one = {BEDROCK_JSON_NUMBER, "1", 1};
    struct bedrock_json object = {BEDROCK_JSON_OBJECT, "{\"z\":[null]}", 12};
    char name[2] = {op, 0};

    switch (op) {
    case '{': bedrock_write_object(w); break;
    case '}': bedrock_write_object_end(w); break;
    case '[': bedrock_write_array(w); break;
    case ']': bedrock_write_array_end(w); break;
    case 's': bedrock_write_string(w, "s", 1); break;
    case 'e': bedrock_write_string(w, NULL, 0); break;
    case 'T': bedrock_write_bool(w, 2); break;
    case 'F': bedrock_write_bool(w, 0); break;
    case 'N': bedrock_write_null(w); break;
    case 'r': bedrock_write_raw(w, S(" [ 1 , 2 ] ")); break;
    case 'x': bedrock_write_raw(w, S("1 2")); break;
    case 'y': bedrock_write_raw(w, NULL, 0); break;
    case 'm': bedrock_write_member(w, k, object); break;
    case 'v': bedrock_write_member(w, k, none); break;
    case 'i': bedrock_write_member(w, one, one); break;
    case 'u': bedrock_write_string(w, S("a\xC3")); break;
    case 'U': bedrock_write_name(w, "\xFF"); break;
    case '0': bedrock_write_name(w, NULL); break;
    case '!': bedrock_write_end(w); break;
    default:
        if (op >= '1' && op <= '9')
            bedrock_write_int(w, op - '0');
        else
            bedrock_write_name(w, name);
    }
}

static const struct {
    const char *program, *want;
} write_cases[] = {
    {"1", "1"}, {"T", "true"}, {"F", "false"}, {"N", "null"}, {"s", "\"s\""}, {"e", "\"\""},
    {"[]", "[]"}, {"{}", "{}"}, {"r", "[ 1 , 2 ]"}, {"1!!", "1"},
    {"[1]", "[1]"}, {"[12]", "[1,2]"}, {"[[][]]", "[[],[]]"}, {"[{}{}]", "[{},{}]"},
    {"[TFNserN]", "[true,false,null,\"s\",\"\",[ 1 , 2 ],null]"},
    {"{a1}", "{\"a\":1}"}, {"{a1b2}", "{\"a\":1,\"b\":2}"}, {"{a1a2}", "{\"a\":1,\"a\":2}"},
    {"{a{}b[]c{d[1]}}", "{\"a\":{},\"b\":[],\"c\":{\"d\":[1]}}"},
    {"{m}", "{\"k\":{\"z\":[null]}}"},
    {"{a1mb2m}", "{\"a\":1,\"k\":{\"z\":[null]},\"b\":2,\"k\":{\"z\":[null]}}"},
    {"{ar}", "{\"a\":[ 1 , 2 ]}"}, {"[1{a[2[3]4]}5]", "[1,{\"a\":[2,[3],4]},5]"},
    /* refused */
    {"", NULL}, {"[", NULL}, {"{", NULL}, {"{a", NULL}, {"{a1", NULL}, {"[1", NULL}, {"[[]", NULL},
    {"12", NULL}, {"[][]", NULL}, {"{}1", NULL}, {"s[", NULL}, {"rr", NULL},
    {"{1}", NULL}, {"{s}", NULL}, {"{[", NULL}, {"{{", NULL}, {"{r}", NULL}, {"{T}", NULL}, {"{N}", NULL},
    {"{a12}", NULL}, {"a", NULL}, {"a1", NULL}, {"[a", NULL}, {"[a1]", NULL}, {"{ab", NULL},
    {"{ab1}", NULL}, {"{a}", NULL}, {"{am}", NULL}, {"[m]", NULL}, {"m", NULL}, {"{a1}b2", NULL},
    {"]", NULL}, {"}", NULL}, {"[}", NULL}, {"{]", NULL}, {"[]]", NULL}, {"{}}", NULL}, {"{a[}", NULL},
    {"1]", NULL}, {"{a1]", NULL}, {"[{]", NULL},
    {"x", NULL}, {"y", NULL}, {"[x]", NULL}, {"{ax}", NULL}, {"{v}", NULL}, {"{i}", NULL},
    {"u", NULL}, {"[u]", NULL}, {"{U1}", NULL}, {"{01}", NULL}, {"{au}", NULL}, {"[!]", NULL}, {"!1", NULL},
};

static void test_writer(void)
{
    for (size_t i = 0; i < N(write_cases); i++) {
        struct bedrock_writer w = {0};
        int stopped = 0;

        t_case("write %s", write_cases[i].program);
        for (const char *op = write_cases[i].program; *op; op++) {
            size_t before = w.out.len;

            write_one(&w, *op);
            CHECK(!stopped || (w.out.len == before && w.out.error == BEDROCK_ERR_USAGE));
            stopped = w.out.error != 0;
        }
        if (write_cases[i].want) {
            CHECK(bedrock_write_end(&w) == 0);
            CHECK_TEXT(w.out.p, w.out.len, write_cases[i].want);
            json_of(w.out.p, w.out.len);
        } else {
            CHECK(bedrock_write_end(&w) == BEDROCK_ERR_USAGE && w.out.error == BEDROCK_ERR_USAGE);
        }
        /* as new, also after a failure */
        bedrock_write_free(&w);
        CHECK(w.out.p == NULL && w.depth == 0 && w.state == 0 && w.out.error == 0);
        bedrock_write_null(&w);
        CHECK(bedrock_write_end(&w) == 0 && w.out.len == 4);
        bedrock_write_free(&w);
    }
    bedrock_write_free(NULL);
}

static void test_write_strings(void)
{
    static const struct {
        const char *text;
        size_t len;
        const char *want;
    } cases[] = {
        {S(""), "\"\""}, {S("abc"), "\"abc\""}, {S("\"\\/"), "\"\\\"\\\\/\""},
        {S("\b\t\n\f\r"), "\"\\b\\t\\n\\f\\r\""}, {S("\0\x01\x1F\x7F"), "\"\\u0000\\u0001\\u001f\x7F\""},
        {S("a\nb"), "\"a\\nb\""}, {S("\n"), "\"\\n\""}, {S("\xC3\xA9"), "\"\xC3\xA9\""},
        {S("\xE2\x80\xA8</script>"), "\"\xE2\x80\xA8</script>\""},
        {S("\xF0\x9F\x98\x80\"\xF4\x8F\xBF\xBF"), "\"\xF0\x9F\x98\x80\\\"\xF4\x8F\xBF\xBF\""},
        {S("x\xEF\xBB\xBFy"), "\"x\xEF\xBB\xBFy\""},
        {S("a line that is longer than a vector\tand goes on \xE6\x97\xA5\xE6\x9C\xAC until here"),
         "\"a line that is longer than a vector\\tand goes on \xE6\x97\xA5\xE6\x9C\xAC until here\""},
        {S("\x80"), NULL}, {S("a\xC3"), NULL}, {S("\xC0\x80"), NULL}, {S("\xED\xA0\x80"), NULL},
        {S("\xF4\x90\x80\x80"), NULL}, {S("ok\n\xFF"), NULL}, {S("\xE2\x82"), NULL}, {S("\xC3\n"), NULL},
    };

    for (size_t i = 0; i < N(cases); i++) {
        struct bedrock_writer w = {0};
        char *p = t_guard(cases[i].text, cases[i].len);

        t_case("write the string %s", cases[i].want ? cases[i].want : "that is not UTF-8");
        bedrock_write_string(&w, p, cases[i].len);
        CHECK(bedrock_write_end(&w) == (cases[i].want ? 0 : BEDROCK_ERR_USAGE));
        if (cases[i].want)
            CHECK_TEXT(w.out.p, w.out.len, cases[i].want);
        t_guard_free(p, cases[i].len);
        bedrock_write_free(&w);
    }
    t_case("every byte");
    for (int c = 0; c < 256; c++) {
        struct bedrock_writer w = {0};
        char text[3] = {'a', (char)c, 'b'}, back[8];

        bedrock_write_string(&w, text, 3);
        if (!CHECK(bedrock_write_end(&w) == (c < 0x80 ? 0 : BEDROCK_ERR_USAGE)) || c >= 0x80) {
            bedrock_write_free(&w);
            continue;
        }
        CHECK(bedrock_json_unescape(json_of(w.out.p, w.out.len), back, sizeof back) == 3 &&
              memcmp(back, text, 3) == 0);
        bedrock_write_free(&w);
    }
    t_case("text without an address");
    {
        struct bedrock_writer w = {0};

        bedrock_write_string(&w, NULL, 3);
        CHECK(bedrock_write_end(&w) == BEDROCK_ERR_USAGE);
        bedrock_write_free(&w);
    }
    t_case("a name is escaped as a string is");
    {
        struct bedrock_writer w = {0};

        bedrock_write_object(&w);
        bedrock_write_name(&w, "a\"\n\xC3\xA9");
        bedrock_write_bool(&w, 1);
        bedrock_write_object_end(&w);
        CHECK(bedrock_write_end(&w) == 0);
        CHECK_TEXT(w.out.p, w.out.len, "{\"a\\\"\\n\xC3\xA9\":true}");
        bedrock_write_free(&w);
    }
}

static void test_write_int(void)
{
    static const struct {
        int64_t n;
        const char *want;
    } cases[] = {{0, "0"}, {-1, "-1"},
                 {INT64_MAX, "9223372036854775807"}, {INT64_MIN, "-9223372036854775808"}};

    for (size_t i = 0; i < N(cases); i++) {
        struct bedrock_writer w = {0};

        t_case("write %s", cases[i].want);
        bedrock_write_int(&w, cases[i].n);
        CHECK(bedrock_write_end(&w) == 0);
        CHECK_TEXT(w.out.p, w.out.len, cases[i].want);
        bedrock_write_free(&w);
    }
}

/* 512 levels can be written and read, 513 neither by brackets nor by raw values or members. */
static void test_write_depth(void)
{
    struct bedrock_writer w = {0};
    struct bedrock_json v, name = {BEDROCK_JSON_STRING, "\"n\"", 3};
    char deep[1100];
    int depth;

    t_case("512 levels written");
    for (depth = 0; depth < 512; depth++) {
        if (depth % 3 == 1) {
            bedrock_write_object(&w);
            bedrock_write_name(&w, "a");
        } else {
            bedrock_write_array(&w);
        }
    }
    bedrock_write_null(&w);
    while (depth-- > 0) {
        if (depth % 3 == 1)
            bedrock_write_object_end(&w);
        else
            bedrock_write_array_end(&w);
    }
    CHECK(bedrock_write_end(&w) == 0 && bedrock_json_parse(w.out.p, w.out.len, &v, NULL) == 0);
    bedrock_write_free(&w);
    t_case("513 levels written");
    for (depth = 0; depth < 512; depth++)
        bedrock_write_array(&w);
    CHECK(w.out.error == 0);
    bedrock_write_array(&w);
    CHECK(w.out.error == BEDROCK_ERR_USAGE && w.depth == 512);
    bedrock_write_free(&w);
    for (int levels = 510; levels <= 512; levels++) {
        memset(deep, '[', (size_t)levels);
        memset(deep + levels, ']', (size_t)levels);
        t_case("a raw value of %d levels, one and two levels down", levels);
        bedrock_write_array(&w);
        bedrock_write_raw(&w, deep, 2 * (size_t)levels);
        bedrock_write_array(&w);
        bedrock_write_raw(&w, deep, 2 * (size_t)levels - (levels == 510 ? 0 : 2));
        CHECK(w.out.error == (levels == 510 ? 0 : BEDROCK_ERR_USAGE));
        bedrock_write_free(&w);
        t_case("a member of %d levels", levels);
        v = json_of(deep, 2 * (size_t)levels);
        bedrock_write_object(&w);
        bedrock_write_member(&w, name, v);
        bedrock_write_object_end(&w);
        CHECK(bedrock_write_end(&w) == (levels < 512 ? 0 : BEDROCK_ERR_USAGE));
        bedrock_write_free(&w);
    }
}

static void write_much(struct bedrock_writer *w)
{
    struct bedrock_json name = {BEDROCK_JSON_STRING, "\"member\"", 8};

    bedrock_write_object(w);
    for (int i = 0; i < 60; i++) {
        bedrock_write_name(w, "name");
        bedrock_write_array(w);
        bedrock_write_string(w, "text with \"quotes\" and \n, longer than a vector", 46);
        bedrock_write_int(w, i);
        bedrock_write_raw(w, S("[true]"));
        bedrock_write_array_end(w);
        bedrock_write_member(w, name, json_of(S("{\"a\":[1,2,3]}")));
    }
    bedrock_write_object_end(w);
}

static void test_memory(void)
{
    size_t needed, calls;

    t_case("without a failure");
    {
        struct t_heap heap = {0};
        struct bedrock_writer w = {0};

        w.out.alloc = t_heap_alloc;
        w.out.alloc_ctx = &heap;
        write_much(&w);
        CHECK(bedrock_write_end(&w) == 0 && heap.live == 1);
        calls = heap.calls;
        needed = w.out.len;
        CHECK(calls > 3);
        bedrock_write_free(&w);
        CHECK(heap.live == 0 && heap.bytes == 0);
    }
    for (size_t n = 1; n <= calls; n++)
        for (int onward = 0; onward < 2; onward++) {
            struct t_heap heap = {0};
            struct bedrock_writer w = {0};
            size_t len;

            t_case("allocation %zu fails%s", n, onward ? " and all behind it" : "");
            heap.fail_at = n;
            heap.onward = onward;
            w.out.alloc = t_heap_alloc;
            w.out.alloc_ctx = &heap;
            write_much(&w);
            len = w.out.len;
            CHECK(bedrock_write_end(&w) == BEDROCK_ERR_NOMEM && heap.calls == n);
            bedrock_write_null(&w);
            CHECK(w.out.len == len && w.out.error == BEDROCK_ERR_NOMEM);
            bedrock_write_free(&w);
            CHECK(heap.live == 0);
        }
    for (size_t max = 1; max <= needed + 1; max += 97) {
        struct bedrock_writer w = {0};

        t_case("a ceiling of %zu bytes", max);
        w.out.max = max;
        write_much(&w);
        CHECK(bedrock_write_end(&w) == (max < needed ? BEDROCK_ERR_LIMIT : 0));
        CHECK(w.out.len <= max);
        bedrock_write_free(&w);
    }
    t_case("a ceiling that is just enough");
    {
        struct bedrock_writer w = {0};

        w.out.max = needed;
        write_much(&w);
        CHECK(bedrock_write_end(&w) == 0 && w.out.len == needed);
        bedrock_write_free(&w);
    }
}

int main(void)
{
    test_writer();
    test_write_strings();
    test_write_int();
    test_write_depth();
    test_memory();
    return t_end("test_writer");
}
