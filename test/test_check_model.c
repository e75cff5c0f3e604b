/* test_check_model.c - the checker of bodies: what fits a shape, what does not, and where.
 * Cases and a model of our own. Leaves out: AWS's models (model.sh). */
#define _DEFAULT_SOURCE
#include "model.h"
#include "t.h"
#include <stdlib.h>
#include <string.h>

static const char model_json[] =
    "{\"shapes\":{"
    "\"Top\":{\"type\":\"structure\",\"required\":[\"id\",\"name\"],\"members\":{"
    "\"id\":{\"shape\":\"Name\",\"location\":\"uri\",\"locationName\":\"id\"},"
    "\"name\":{\"shape\":\"Name\"},\"count\":{\"shape\":\"Count\"},\"share\":{\"shape\":\"Share\"},"
    "\"yes\":{\"shape\":\"Boolean\"},\"bytes\":{\"shape\":\"Bytes\"},\"any\":{\"shape\":\"Any\"},"
    "\"list\":{\"shape\":\"Choices\"},\"map\":{\"shape\":\"Map\"},\"role\":{\"shape\":\"Role\"},"
    "\"when\":{\"shape\":\"When\"},\"day\":{\"shape\":\"Day\"},\"lost\":{\"shape\":\"Nowhere\"},"
    "\"odd\":{\"shape\":\"Odd\"}}},"
    "\"Name\":{\"type\":\"string\",\"min\":1,\"max\":4},"
    "\"Count\":{\"type\":\"integer\",\"box\":true,\"min\":1,\"max\":9},"
    "\"Share\":{\"type\":\"float\",\"min\":0.5,\"max\":1},"
    "\"Boolean\":{\"type\":\"boolean\"},"
    "\"Bytes\":{\"type\":\"blob\",\"min\":1,\"max\":3},"
    "\"Any\":{\"type\":\"structure\",\"members\":{},\"document\":true},"
    "\"Choices\":{\"type\":\"list\",\"member\":{\"shape\":\"Choice\"},\"max\":2},"
    "\"Choice\":{\"type\":\"structure\",\"union\":true,\"members\":{"
    "\"a\":{\"shape\":\"Count\"},\"b\":{\"shape\":\"Top\"}}},"
    "\"Map\":{\"type\":\"map\",\"key\":{\"shape\":\"Name\"},\"value\":{\"shape\":\"Count\"},\"min\":1},"
    "\"Role\":{\"type\":\"string\",\"enum\":[\"user\",\"assistant\"]},"
    "\"When\":{\"type\":\"timestamp\"},"
    "\"Day\":{\"type\":\"timestamp\",\"timestampFormat\":\"iso8601\"},"
    "\"Odd\":{\"type\":\"stream\"},"
    "\"Nest\":{\"type\":\"list\",\"member\":{\"shape\":\"Nest\"}}}}";

static void check_at(const char *shape, const char *text, const char *why, const char *warning)
{
    size_t len = strlen(text);
    char *copy = t_guard(text, len);
    struct t_model_report report = {0};
    struct bedrock_json model, document;
    int rc;

    CHECK(bedrock_json_parse(model_json, sizeof model_json - 1, &model, NULL) == 0);
    if (CHECK(bedrock_json_parse(copy, len, &document, NULL) == 0)) {
        rc = t_model_check(model, shape, document, &report);
        CHECKF(rc == (why ? BEDROCK_ERR_USAGE : 0), "%d: %s", rc, report.why);
        CHECK_TEXT(report.why, strlen(report.why), why ? why : "");
        CHECK_TEXT(report.warnings.p, report.warnings.len, warning ? warning : "");
    }
    bedrock_buffer_free(&report.warnings);
    t_guard_free(copy, len);
}

/* Members of Top, beside the one it must have. */
static void test_members(void)
{
    static const struct {
        const char *members, *why, *warning;
    } cases[] = {
        {"", NULL, NULL},
        {",\"id\":\"x\"", NULL, NULL},
        {",\"count\":1", NULL, NULL},
        {",\"count\":0", "count: 0, at least 1 expected", NULL},
        {",\"count\":10", "count: 10, at most 9 expected", NULL},
        {",\"count\":1.5", "count: 1.5 is no whole number", NULL},
        {",\"count\":\"1\"", "count: a whole number is expected, and it is a string", NULL},
        {",\"count\":null", "count: a whole number is expected, and it is null", NULL},
        {",\"share\":1,\"yes\":true", NULL, NULL},
        {",\"share\":0.25", "share: 0.25, at least 0.5 expected", NULL},
        {",\"share\":true", "share: a number is expected, and it is true", NULL},
        {",\"yes\":0", "yes: true or false is expected, and it is a number", NULL},
        {",\"bytes\":\"YWJj\"", NULL, NULL},
        {",\"bytes\":\"\"", "bytes: 0 bytes, at least 1 expected", NULL},
        {",\"bytes\":\"YWJjZA==\"", "bytes: 4 bytes, at most 3 expected", NULL},
        {",\"bytes\":\"YWI\"", "bytes: no base64", NULL},
        {",\"bytes\":\"YW-j\"", "bytes: no base64", NULL},
        {",\"bytes\":[1]", "bytes: base64 is expected, and it is a list", NULL},
        {",\"any\":{\"x\":[null,{}]}", NULL, NULL},
        {",\"any\":false", NULL, NULL},
        {",\"list\":[]", NULL, NULL},
        {",\"list\":[{\"a\":1},{\"b\":{\"name\":\"x\"}}]", NULL, NULL},
        {",\"list\":[{\"a\":1},{\"b\":{}}]", "list[1].b: 'name' is missing", NULL},
        {",\"list\":[{\"a\":1},{\"a\":1},{\"a\":1}]", "list: 3 elements, at most 2 expected", NULL},
        {",\"list\":[{}]", "list[0]: 0 members, and a union has exactly one", NULL},
        {",\"list\":[{\"a\":1,\"b\":{\"name\":\"x\"}}]", "list[0]: 2 members, and a union has exactly one",
         NULL},
        {",\"list\":[{\"c\":1}]", "list[0].c: the model has no such member", NULL},
        {",\"list\":{}", "list: a list is expected, and it is an object", NULL},
        {",\"map\":{\"k\":2,\"l.m\":3}", NULL, NULL},
        {",\"map\":{}", "map: 0 elements, at least 1 expected", NULL},
        {",\"map\":{\"k\":0}", "map.k: 0, at least 1 expected", NULL},
        {",\"map\":{\"kkkkk\":1}", "map.kkkkk: 5 characters, at most 4 expected", NULL},
        {",\"map\":{\"k\":1,\"\\u006b\":1}", "map.k: it is there twice", NULL},
        {",\"role\":\"user\"", NULL, NULL},
        {",\"role\":\"u\\u0073er\"", NULL, NULL},
        {",\"role\":\"us\\ner\"", NULL, "role: the model does not know 'us er'\n"},
        {",\"list\":[{\"b\":{\"name\":\"x\",\"role\":\"\"}}]", NULL,
         "list[0].b.role: the model does not know ''\n"},
        {",\"role\":[]", "role: a string is expected, and it is a list", NULL},
        {",\"when\":1.5,\"day\":\"2026-01-02T03:04:05Z\"", NULL, NULL},
        {",\"when\":\"2026-01-02T03:04:05Z\"", "when: a number of seconds is expected, and it is a string",
         NULL},
        {",\"day\":\"2026-13-02T03:04:05Z\"", "day: no date", NULL},
        {",\"day\":5", "day: a date is expected, and it is a number", NULL},
        {",\"lost\":1", "lost: the model has no shape 'Nowhere'", NULL},
        {",\"odd\":1", "odd: the model's shape 'Odd' is of no known type", NULL},
        {",\"name\":\"b\"", "name: it is there twice", NULL},
        {",\"shapes.Top\":1", "shapes.Top: the model has no such member", NULL},
    };
    char text[300];

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        snprintf(text, sizeof text, "{\"name\":\"a\"%s}", cases[i].members);
        t_case("model: %s", text);
        check_at("Top", text, cases[i].why, cases[i].warning);
    }
}

static void test_documents(void)
{
    static const struct {
        const char *shape, *text, *why;
    } cases[] = {
        {"Top", "{}", "the document: 'name' is missing"},
        {"Top", "[]", "the document: an object is expected, and it is a list"},
        {"Top", "{\"name\":\"\"}", "name: 0 characters, at least 1 expected"},
        {"Top", "{\"name\":\"abcde\"}", "name: 5 characters, at most 4 expected"},
        {"Top", "{\"name\":\"\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80\\u00e9\"}", NULL},
        {"Top", "{\"name\":{}}", "name: a string is expected, and it is an object"},
        {"Count", "7", NULL},
        {"Share", "1e-1", "the document: 0.1, at least 0.5 expected"},
        {"None", "7", "the document: the model has no shape 'None'"},
        {"", "7", "the document: the model has no shape ''"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        t_case("model: %s is %s", cases[i].text, cases[i].shape);
        check_at(cases[i].shape, cases[i].text, cases[i].why, NULL);
    }
}

/* As deep as JSON may be: no recursion, and a path that is cut. */
static void test_depth(void)
{
    char text[1025];

    t_case("model: 512 levels");
    memset(text, '[', 512);
    memset(text + 512, ']', 512);
    text[1024] = 0;
    check_at("Nest", text, NULL, NULL);
}

int main(void)
{
    test_members();
    test_documents();
    test_depth();
    return t_end("test_check_model");
}
