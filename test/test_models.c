/* test_models.c - reading lists of models and profiles, whatever is missing or new in them; ranks; pages.
 * Amazon Bedrock API reference, FoundationModelSummary and InferenceProfileSummary. Leaves out: asking
 * (test_call.c, test_access.c). */
#include "bedrock_int.h"
#include "t.h"
#include <string.h>

static const char list[] =
    "{\"modelSummaries\":["
    "{\"modelArn\":\"arn:aws:bedrock:us-east-1::foundation-model/a.one\",\"modelId\":\"a.one\","
    "\"modelName\":\"One\",\"providerName\":\"A\",\"inputModalities\":[\"TEXT\",\"IMAGE\"],"
    "\"outputModalities\":[\"TEXT\"],\"responseStreamingSupported\":true,"
    "\"customizationsSupported\":[],\"inferenceTypesSupported\":[\"ON_DEMAND\"],"
    "\"modelLifecycle\":{\"status\":\"ACTIVE\"}},"
    "{\"modelId\":\"b.two\",\"responseStreamingSupported\":false,\"somethingNew\":{\"x\":[1]}},"
    "{\"modelArn\":\"arn:without:id\",\"modelId\":null,\"outputModalities\":\"TEXT\"},"
    "7, null]}";

static struct bedrock_json parse(const char *text)
{
    struct bedrock_json v;

    CHECK(bedrock_json_parse(text, strlen(text), &v, NULL) == 0);
    return v;
}

static void test_list(void)
{
    struct bedrock_json_iter it = bedrock_model_list(parse(list));
    struct bedrock_model m;

    t_case("a whole summary");
    CHECK(bedrock_model_next(&it, &m) == 1);
    CHECK(bedrock_json_equals(m.id, "a.one") && bedrock_json_equals(m.name, "One"));
    CHECK(bedrock_json_equals(m.provider, "A") && bedrock_json_equals(m.status, "ACTIVE"));
    CHECK(bedrock_json_equals(m.arn, "arn:aws:bedrock:us-east-1::foundation-model/a.one"));
    CHECK(bedrock_json_contains(m.input, "image") && !bedrock_json_contains(m.output, "IMAGE"));
    CHECK(bedrock_json_contains(m.inference, "on_demand") && m.streaming == 1);
    CHECK(m.json.type == BEDROCK_JSON_OBJECT && m.json.len > 100);

    t_case("a summary with little in it");
    CHECK(bedrock_model_next(&it, &m) == 1);
    CHECK(bedrock_json_equals(m.id, "b.two") && m.streaming == 0);
    CHECK(m.arn.type == BEDROCK_JSON_NONE && m.status.type == BEDROCK_JSON_NONE);
    CHECK(!bedrock_json_contains(m.input, "TEXT"));

    t_case("summaries of odd types");
    CHECK(bedrock_model_next(&it, &m) == 1);
    CHECK(m.id.type == BEDROCK_JSON_NULL && m.streaming == -1);
    CHECKF(!bedrock_json_contains(m.output, "TEXT"), "a string is no array");
    CHECK(bedrock_model_next(&it, &m) == 1 && m.id.type == BEDROCK_JSON_NONE);
    CHECK(bedrock_model_next(&it, &m) == 1 && m.id.type == BEDROCK_JSON_NONE);
    CHECK(bedrock_model_next(&it, &m) == 0 && bedrock_model_next(&it, &m) == 0);
}

static void test_odd_lists(void)
{
    static const char *const texts[] = {
        "{}", "[]", "null", "{\"modelSummaries\":null}", "{\"modelSummaries\":[]}",
        "{\"modelSummaries\":\"x\"}", "7",
    };

    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct bedrock_json_iter it = bedrock_model_list(parse(texts[i]));
        struct bedrock_model m;

        t_case("no models in %s", texts[i]);
        CHECK(bedrock_model_next(&it, &m) == 0);
    }
}

#define ARN(region, id) "{\"modelArn\":\"arn:aws:bedrock:" region "::foundation-model/" id "\"}"
#define PROFILE(id, type, models) \
    "{\"inferenceProfileId\":\"" id "\",\"type\":\"" type "\",\"models\":[" models "]}"

/* Profiles from best to worst for model m.x in us-east-1; those from `none` on do not serve it. */
static void test_ranks(void)
{
    static const char *const profiles[] = {
        PROFILE("here", "SYSTEM_DEFINED", ARN("us-east-1", "m.x")),
        PROFILE("us.m.x", "SYSTEM_DEFINED", ARN("us-east-1", "m.x") "," ARN("us-west-2", "m.x")),
        PROFILE("us.wide", "SYSTEM_DEFINED", ARN("us-east-1", "m.x") "," ARN("us-west-2", "m.x") ","
                ARN("us-east-2", "m.x")),
        PROFILE("eu.m.x", "SYSTEM_DEFINED", ARN("eu-west-1", "m.x")),
        PROFILE("global.m.x", "SYSTEM_DEFINED", ARN("", "m.x") "," ARN("us-east-1", "m.x")),
        PROFILE("a1b2", "APPLICATION", ARN("us-east-1", "m.x")),
        PROFILE("c3d4", "APPLICATION", ARN("us-east-1", "m.x") "," ARN("us-west-2", "m.x")),
        PROFILE("none", "SYSTEM_DEFINED", ARN("us-east-1", "m.xx") "," ARN("us-east-1", "m")),
        PROFILE("empty", "SYSTEM_DEFINED", ""),
        "{\"inferenceProfileId\":\"odd\",\"models\":[7,{\"modelArn\":\"m.x\"},{\"modelArn\":\"a/m.x\"}]}",
        "{\"models\":[" ARN("us-east-1", "m.x") "]}",
        "[]",
    };
    int before = INT32_MAX;

    for (size_t i = 0; i < sizeof profiles / sizeof profiles[0]; i++) {
        char text[2000];
        struct bedrock_json_iter it;
        struct bedrock_profile p;
        int rank;

        t_case("rank of profile %zu: %.40s", i, profiles[i]);
        snprintf(text, sizeof text, "{\"inferenceProfileSummaries\":[%s]}", profiles[i]);
        it = bedrock_profile_list(parse(text));
        CHECK(bedrock_profile_next(&it, &p) == 1);
        rank = bedrock_profile_rank(&p, "m.x", "us-east-1");
        CHECKF(i < 7 ? rank > 0 && rank < before : rank == 0, "%d behind %d", rank, before);
        before = rank;
        CHECK(bedrock_profile_next(&it, &p) == 0);
    }
}

static void test_pages(void)
{
    static const struct {
        const char *page, *query;
        unsigned n;
        int code;
        const char *next;
    } cases[] = {
        {"{}", NULL, 1, 0, NULL}, {"{\"nextToken\":\"\"}", "a=b", 1, 0, NULL},
        {"{\"nextToken\":null}", NULL, 1, 0, NULL}, {"{\"nextToken\":7}", NULL, 1, 0, NULL},
        {"{\"nextToken\":\"T\"}", NULL, 1, 1, "nextToken=T"},
        {"{\"nextToken\":\"a+/=\\u00e9 \"}", "", 1, 1, "nextToken=a%2B%2F%3D%C3%A9%20"},
        {"{\"nextToken\":\"T2\"}", "type=A&nextToken=T1&maxResults=5", 2, 1,
         "type=A&maxResults=5&nextToken=T2"},
        {"{\"nextToken\":\"T\"}", "nextToken=T1", 2, 1, "nextToken=T"},
        {"{\"nextToken\":\"T1\"}", "type=A&nextToken=T1", 2, BEDROCK_ERR_PROTOCOL, NULL},
        {"{\"nextToken\":\"T\"}", NULL, 999, 1, "nextToken=T"},
        {"{\"nextToken\":\"T\"}", NULL, 1000, BEDROCK_ERR_PROTOCOL, NULL},
        {"{}", NULL, 1000, 0, NULL},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct bedrock_buffer out = {0};
        int rc;

        t_case("page behind %s, asked with %s", cases[i].page, cases[i].query ? cases[i].query : "nothing");
        rc = bedrock_next_page(parse(cases[i].page), cases[i].query, cases[i].n, &out);
        CHECKF(rc == cases[i].code, "%d", rc);
        if (rc == 1 && cases[i].next)
            CHECK_TEXT(out.p, out.len - 1, cases[i].next);
        bedrock_buffer_free(&out);
    }
    for (size_t n = 1; n < 4; n++) {
        struct t_heap heap = {0};
        struct bedrock_buffer out = {0};
        int rc;

        t_case("page, allocation %zu fails", n);
        heap.fail_at = n;
        out.alloc = t_heap_alloc;
        out.alloc_ctx = &heap;
        rc = bedrock_next_page(parse("{\"nextToken\":\"T\"}"), NULL, 1, &out);
        CHECK(rc == (n < 3 ? BEDROCK_ERR_NOMEM : 1));
        bedrock_buffer_free(&out);
        CHECK(heap.live == 0);
    }
}

int main(void)
{
    test_list();
    test_odd_lists();
    test_ranks();
    test_pages();
    return t_end("test_models");
}
