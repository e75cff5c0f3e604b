/* test_models.c - reading ListFoundationModels, whatever is missing or new in it.
 * Amazon Bedrock API reference, FoundationModelSummary. Leaves out: the call itself (test_call.c). */
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
    struct bedrock_json_iter it = bedrock_models(parse(list));
    struct bedrock_model m;

    t_case("a whole summary");
    CHECK(bedrock_models_next(&it, &m) == 1);
    CHECK(bedrock_json_equals(m.id, "a.one") && bedrock_json_equals(m.name, "One"));
    CHECK(bedrock_json_equals(m.provider, "A") && bedrock_json_equals(m.status, "ACTIVE"));
    CHECK(bedrock_json_equals(m.arn, "arn:aws:bedrock:us-east-1::foundation-model/a.one"));
    CHECK(bedrock_json_contains(m.input, "image") && !bedrock_json_contains(m.output, "IMAGE"));
    CHECK(bedrock_json_contains(m.inference, "on_demand") && m.streaming == 1);
    CHECK(m.json.type == BEDROCK_JSON_OBJECT && m.json.len > 100);

    t_case("a summary with little in it");
    CHECK(bedrock_models_next(&it, &m) == 1);
    CHECK(bedrock_json_equals(m.id, "b.two") && m.streaming == 0);
    CHECK(m.arn.type == BEDROCK_JSON_NONE && m.status.type == BEDROCK_JSON_NONE);
    CHECK(!bedrock_json_contains(m.input, "TEXT"));

    t_case("summaries of odd types");
    CHECK(bedrock_models_next(&it, &m) == 1);
    CHECK(m.id.type == BEDROCK_JSON_NULL && m.streaming == -1);
    CHECKF(!bedrock_json_contains(m.output, "TEXT"), "a string is no array");
    CHECK(bedrock_models_next(&it, &m) == 1 && m.id.type == BEDROCK_JSON_NONE);
    CHECK(bedrock_models_next(&it, &m) == 1 && m.id.type == BEDROCK_JSON_NONE);
    CHECK(bedrock_models_next(&it, &m) == 0 && bedrock_models_next(&it, &m) == 0);
}

static void test_odd_lists(void)
{
    static const char *const texts[] = {
        "{}", "[]", "null", "{\"modelSummaries\":null}", "{\"modelSummaries\":[]}",
        "{\"modelSummaries\":\"x\"}", "7",
    };

    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct bedrock_json_iter it = bedrock_models(parse(texts[i]));
        struct bedrock_model m;

        t_case("no models in %s", texts[i]);
        CHECK(bedrock_models_next(&it, &m) == 0);
    }
}

int main(void)
{
    test_list();
    test_odd_lists();
    return t_end("test_models");
}
