/* test_xml.c - one element's text out of XML: what is found, what is refused, and that a document which is
 * cut anywhere gives no answer. Leaves out: what STS means by it (test_sts.c). */
#include "bedrock_int.h"
#include "t.h"
#include <string.h>

#define P BEDROCK_ERR_PROTOCOL
#define L BEDROCK_ERR_LIMIT

static const struct {
    const char *name, *text, *path;
    int rc;
    const char *want;
} xml_cases[] = {
    {"an element", "<a>x</a>", "a", 1, "x"},
    {"one inside", "<a><b>x</b></a>", "a/b", 1, "x"},
    {"three deep", "<a><b><c>x</c></b></a>", "a/b/c", 1, "x"},
    {"none of that name", "<a><b>x</b></a>", "a/c", 0, ""},
    {"another outermost one", "<a><b>x</b></a>", "c/b", 0, ""},
    {"the same name elsewhere", "<a><c><b>no</b></c><b>x</b></a>", "a/b", 1, "x"},
    {"too deep for the path", "<a><c><b>no</b></c></a>", "a/b", 0, ""},
    {"the path ends above", "<a><b><c>no</c></b></a>", "a/b", 1, ""},
    {"any name", "<Some><b>x</b></Some>", "*/b", 1, "x"},
    {"any names, the second fits", "<a><b><c>1</c></b><d><e>2</e></d></a>", "a/*/e", 1, "2"},
    {"the first of two", "<a><b>1</b><b>2</b></a>", "a/b", 1, "1"},
    {"the first has none", "<a><b></b><b><c>2</c></b></a>", "a/b/c", 1, "2"},
    {"empty", "<a><b></b></a>", "a/b", 1, ""},
    {"empty in one", "<a><b/></a>", "a/b", 1, ""},
    {"empty with a blank", "<a><b /></a>", "a/b", 1, ""},
    {"the outermost is empty", "<a/>", "a", 1, ""},
    {"white space is kept", "<a>\n <b> x\t\n</b>\n</a>\n", "a/b", 1, " x\t\n"},
    {"attributes", "<a k=\"v\"><b k='v' l = \"'\" m=\"\">x</b></a>", "a/b", 1, "x"},
    {"attributes that look like tags", "<a><b k=\"</b>/>\">x</b></a>", "a/b", 1, "x"},
    {"a name space", "<a xmlns=\"https://sts.amazonaws.com/doc/\"><b>x</b></a>", "a/b", 1, "x"},
    {"prefixes", "<s:a xmlns:s=\"u\"><s:b>x</s:b></s:a>", "a/b", 1, "x"},
    {"a declaration", "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<a>x</a>", "a", 1, "x"},
    {"a byte-order mark", "\xEF\xBB\xBF<a>x</a>", "a", 1, "x"},
    {"comments", "<!-- <a> --><a><!----><b>x<!-- <c> &no; -->y</b></a><!-- end -->", "a/b", 1, "xy"},
    {"instructions", "<a><?go <b>?><b>x<?on?>y</b></a>", "a/b", 1, "xy"},
    {"CDATA", "<a><![CDATA[<b>&amp;]]></a>", "a", 1, "<b>&amp;"},
    {"CDATA in the middle", "<a>1<![CDATA[]]]]>2</a>", "a", 1, "1]]2"},
    {"elements inside are left out", "<a>1<b>no</b>2<b/>3</a>", "a", 1, "123"},
    {"the five entities", "<a>&lt;&gt;&amp;&quot;&apos;</a>", "a", 1, "<>&\"'"},
    {"decoded once", "<a>&amp;lt;</a>", "a", 1, "&lt;"},
    {"decimal references", "<a>&#65;&#0066;&#8212;</a>", "a", 1, "AB\xE2\x80\x94"},
    {"hexadecimal references", "<a>&#x41;&#xe9;&#xFFFD;&#x1F600;&#x10FfFf;</a>", "a", 1,
     "A\xC3\xA9\xEF\xBF\xBD\xF0\x9F\x98\x80\xF4\x8F\xBF\xBF"},
    {"the last and first of each length", "<a>&#x7f;&#x80;&#x7ff;&#x800;&#xd7ff;&#xe000;&#x10000;</a>", "a",
     1,
     "\x7F\xC2\x80\xDF\xBF\xE0\xA0\x80\xED\x9F\xBF\xEE\x80\x80\xF0\x90\x80\x80"},
    {"references to white space", "<a>&#9;&#10;&#xD;</a>", "a", 1, "\t\n\r"},
    {"text outside of ASCII", "<a>\xC3\xA9</a>", "a", 1, "\xC3\xA9"},
    {"a quote and a bracket in text", "<a>\"'>]]</a>", "a", 1, "\"'>]]"},
    {"blanks in an end tag", "<a>x</a \n>", "a", 1, "x"},
    {"nothing", "", "a", P, ""},
    {"white space", " \n", "a", P, ""},
    {"no element", "<!-- a -->", "a", P, ""},
    {"plain text", "Service Unavailable", "a", P, ""},
    {"text in front", "x<a/>", "a", P, ""},
    {"text behind", "<a/>x", "a", P, ""},
    {"CDATA behind", "<a/><![CDATA[x]]>", "a", P, ""},
    {"two outermost ones", "<a/><a/>", "a", P, ""},
    {"JSON", "{\"a\":1}", "a", P, ""},
    {"a document type", "<!DOCTYPE a><a>x</a>", "a", P, ""},
    {"a document type with entities", "<!DOCTYPE a [<!ENTITY x \"y\">]><a>&x;</a>", "a", P, ""},
    {"an entity of its own", "<a>&nbsp;</a>", "a", P, ""},
    {"one where nobody looks", "<a><c>&nbsp;</c><b>x</b></a>", "a/b", P, ""},
    {"an ampersand", "<a>x & y</a>", "a", P, ""},
    {"an empty reference", "<a>&;</a>", "a", P, ""},
    {"a reference to nothing", "<a>&#;</a>", "a", P, ""},
    {"a hexadecimal one to nothing", "<a>&#x;</a>", "a", P, ""},
    {"not a number", "<a>&#6a;</a>", "a", P, ""},
    {"NUL", "<a>&#0;</a>", "a", P, ""},
    {"a control", "<a>&#27;</a>", "a", P, ""},
    {"half a surrogate pair", "<a>&#xD800;</a>", "a", P, ""},
    {"no character", "<a>&#xFFFE;</a>", "a", P, ""},
    {"above Unicode", "<a>&#x110000;</a>", "a", P, ""},
    {"far above", "<a>&#x100000041;</a>", "a", P, ""},
    {"a control in the text", "<a>\x1B[0m</a>", "a", P, ""},
    {"not UTF-8", "<a>\xFF</a>", "a", P, ""},
    {"an end that is another's", "<a><b>x</a></b>", "a/b", P, ""},
    {"an end too many", "<a>x</a></a>", "a", P, ""},
    {"an end alone", "</a>", "a", P, ""},
    {"prefixes that differ", "<s:a>x</t:a>", "a", P, ""},
    {"an attribute without a value", "<a k>x</a>", "a", P, ""},
    {"an attribute without quotes", "<a k=v>x</a>", "a", P, ""},
    {"an attribute without a name", "<a =\"v\">x</a>", "a", P, ""},
    {"a slash in a tag", "<a / >x</a>", "a", P, ""},
    {"a tag without a name", "<>x</>", "a", P, ""},
    {"a tag in a tag", "<a <b>x</b></a>", "a", P, ""},
    {"an empty end", "<a>x</a/>", "a", P, ""},
    {"HTML", "<html><head><hr></head></html>", "a", P, ""},
};

/* Cut anywhere in front of its last bracket, a document is none. */
static void check_cuts(const char *text, const char *path)
{
    size_t whole = strrchr(text, '>') ? (size_t)(strrchr(text, '>') - text) : 0;

    for (size_t n = 0; n <= whole; n++) {
        struct bedrock_buffer out = {0};
        char *copy = t_guard(text, n);
        int rc = bdk_xml_text((struct bedrock_slice){copy, n}, path, &out);

        CHECKF(rc == P || (text[n] == '<' && rc >= 0), "%d bytes of it: %d", (int)n, rc);
        bedrock_buffer_free(&out);
        t_guard_free(copy, n);
    }
}

static void test_cases(void)
{
    for (size_t i = 0; i < sizeof xml_cases / sizeof xml_cases[0]; i++) {
        size_t n = strlen(xml_cases[i].text);
        char *copy = t_guard(xml_cases[i].text, n);
        struct bedrock_buffer out = {0};
        int rc = bdk_xml_text((struct bedrock_slice){copy, n}, xml_cases[i].path, &out);

        t_case("%s", xml_cases[i].name);
        CHECKF(rc == xml_cases[i].rc, "%d", rc);
        if (rc >= 0) {
            CHECK_TEXT(out.p, out.len, xml_cases[i].want);
            check_cuts(xml_cases[i].text, xml_cases[i].path);
        }
        bedrock_buffer_free(&out);
        t_guard_free(copy, n);
    }
}

static int nested(size_t depth)
{
    struct bedrock_buffer text = {0}, out = {0};
    int rc;

    for (size_t i = 0; i < depth; i++)
        bdk_buffer_text(&text, "<a>");
    for (size_t i = 0; i < depth; i++)
        bdk_buffer_text(&text, "</a>");
    rc = bdk_xml_text((struct bedrock_slice){text.p, text.len}, "a", &out);
    bedrock_buffer_free(&text);
    bedrock_buffer_free(&out);
    return rc;
}

static int long_text(size_t size)
{
    struct bedrock_buffer text = {0}, out = {0};
    int rc;

    bdk_buffer_text(&text, "<a>");
    while (text.len < size - 4)
        bdk_buffer_text(&text, "x");
    bdk_buffer_text(&text, "</a>");
    rc = bdk_xml_text((struct bedrock_slice){text.p, text.len}, "a", &out);
    CHECK(rc != 1 || out.len == size - 7);
    bedrock_buffer_free(&text);
    bedrock_buffer_free(&out);
    return rc;
}

static void test_limits(void)
{
    struct bedrock_buffer out = {0};

    t_case("32 levels and no more");
    CHECK(nested(32) == 1);
    CHECK(nested(33) == L);
    t_case("256 KiB and no more");
    CHECK(long_text(BDK_XML_MAX) == 1);
    CHECK(long_text(BDK_XML_MAX + 1) == L);
    t_case("the ceiling of the caller's buffer");
    out.max = 3;
    CHECK(bdk_xml_text(bdk_slice("<a>four</a>"), "a", &out) == L);
    bedrock_buffer_free(&out);
    t_case("no memory");
    {
        struct t_heap heap = {.fail_at = 1};

        out = (struct bedrock_buffer){.alloc = t_heap_alloc, .alloc_ctx = &heap};
        CHECK(bdk_xml_text(bdk_slice("<a>four</a>"), "a", &out) == BEDROCK_ERR_NOMEM);
        bedrock_buffer_free(&out);
        CHECK(heap.live == 0);
    }
}

int main(void)
{
    test_cases();
    test_limits();
    return t_end("test_xml");
}
