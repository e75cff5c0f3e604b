/* vectors_model.c - what the builder writes is a ConverseRequest by AWS's model, which stands beside the
 * folder argv[1]: every format, source and block; so are the bodies of another client, http-requests.json.
 * Leaves out: bodies that our command makes (model.sh). */
#include "bedrock_int.h"
#include "model.h"
#include "vectors.h"
#include <stdlib.h>
#include <string.h>

static struct bedrock_json model;

static void text(struct bedrock_body *b, const char *words)
{
    bedrock_body_text(b, words, strlen(words));
}

static void member(struct bedrock_body *b, const char *name, const char *json)
{
    bedrock_body_member(b, name, json, strlen(json));
}

/* It is JSON, fits, and has no word that the model does not know. */
static void check_text(const char *p, size_t len, const char *shape)
{
    struct t_model_report report = {0};
    struct bedrock_json v;
    int rc;

    if (!CHECK(bedrock_json_parse(p, len, &v, NULL) == 0))
        return;
    rc = t_model_check(model, shape, v, &report);
    CHECKF(rc == 0, "%s: %.*s", report.why, (int)(v.len < 400 ? v.len : 400), v.p);
    CHECK_TEXT(report.warnings.p, report.warnings.len, "");
    bedrock_buffer_free(&report.warnings);
}

/* The body is complete and fits. Releases it. */
static void check_body(struct bedrock_body *b)
{
    int rc = bedrock_body_end(b);

    if (CHECKF(rc == 0, "%d: %s", rc, b->error.message))
        check_text(b->w.out.p, b->w.out.len, "ConverseRequest");
    bedrock_body_free(b);
}

/* ---- Files ---- */

static const char *const extensions[] = {
    "png", "jpg", "jpeg", "gif", "webp", "pdf", "csv", "doc", "docx", "xls", "xlsx", "html", "htm", "txt",
    "text", "md", "markdown", "mkv", "mov", "mp4", "m4v", "webm", "flv", "mpeg", "mpg", "wmv", "3gp", "3gpp",
    "3g2", "mp3", "opus", "wav", "aac", "flac", "m4a", "ogg", "oga", "mka", "mpga", "pcm", "weba",
};

static void test_formats(void)
{
    char name[64];

    for (size_t i = 0; i < sizeof extensions / sizeof extensions[0]; i++) {
        struct bedrock_body b = {0};

        t_case("model: a file .%s, by its bytes and in S3", extensions[i]);
        bedrock_body_message(&b, "user");
        text(&b, "What is it?");
        snprintf(name, sizeof name, "a.%s", extensions[i]);
        bedrock_body_bytes(&b, name, "\0\1", 2);
        snprintf(name, sizeof name, "s3://bucket/key/a.%s", extensions[i]);
        bedrock_body_s3(&b, name);
        check_body(&b);
    }
}

/* Names of documents have a longest length, and a message with one has a text. */
static void test_documents(void)
{
    static const char *const names[] = {"a.txt", "a.txt", ".txt", "\xC3\xA9\xE2\x82\xAC.txt", "a  b__c.txt",
                                        "/x/y/z.pdf", "-.md", "()[].csv"};
    struct bedrock_body b = {0};
    char name[400];

    t_case("model: documents with odd names, and no text");
    memset(name, 'n', sizeof name);
    memcpy(name + sizeof name - 5, ".txt", 5);
    bedrock_body_message(&b, "user");
    bedrock_body_bytes(&b, name, "abc", 3);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        bedrock_body_bytes(&b, names[i], "abc", 3);
    check_body(&b);
}

/* ---- Blocks and members ---- */

static void test_tools(void)
{
    static const char *const results[] = {"{\"a\":1}", "[1,2]", "7", "null", "plain", "", "{", "\xC3\xA9"};
    static const char *const status[] = {"success", "error", NULL};
    static const char use[] = "{\"toolUse\":{\"toolUseId\":\"t1\",\"name\":\"f\",\"input\":{}}}";

    for (size_t i = 0; i < sizeof results / sizeof results[0]; i++) {
        struct bedrock_body b = {0};

        t_case("model: a tool gave '%s'", results[i]);
        bedrock_body_message(&b, "user");
        text(&b, "a");
        bedrock_body_message(&b, "assistant");
        bedrock_body_raw(&b, use, sizeof use - 1);
        bedrock_body_message(&b, "user");
        for (size_t s = 0; s < sizeof status / sizeof status[0]; s++)
            bedrock_body_tool_result(&b, "t1", status[s], results[i], strlen(results[i]));
        check_body(&b);
    }
}

static void test_members(void)
{
    static const char before[] = "[{\"role\":\"user\",\"content\":[{\"text\":\"a\"}]},"
                                 "{\"role\":\"assistant\",\"content\":[{\"text\":\"b\"}]}]";
    struct bedrock_body b = {0};

    t_case("model: a conversation with all that may stand in it");
    bedrock_body_system(&b);
    text(&b, "Be brief.");
    bedrock_body_cache_point(&b, "1h");
    bedrock_body_messages(&b, before, sizeof before - 1);
    bedrock_body_message(&b, "user");
    text(&b, "c");
    bedrock_body_cache_point(&b, "5m");
    bedrock_body_cache_point(&b, NULL);
    bedrock_body_message(&b, "assistant");
    text(&b, "{");
    member(&b, "inferenceConfig", "{\"maxTokens\":200,\"temperature\":0.5,\"topP\":1}");
    member(&b, "additionalModelRequestFields", "{\"top_k\":5}");
    member(&b, "performanceConfig", "{\"latency\":\"optimized\"}");
    check_body(&b);
}

/* The short way, from nothing and from a whole request. */
static void test_prompt(void)
{
    static const struct bedrock_prompt prompts[] = {
        {.text = "a"},
        {.text = "a", .system = "b", .inference = "{\"maxTokens\":5}", .fields = "{\"k\":1}", .one_shot = 1},
        {.base = "{\"modelId\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":[{\"text\":\"a\"}]}],"
                 "\"inferenceConfig\":{\"topP\":0.5}}", .inference = "{\"maxTokens\":5}"},
    };

    for (size_t i = 0; i < sizeof prompts / sizeof prompts[0]; i++) {
        struct bedrock_writer w = {0};

        t_case("model: prompt %zu", i);
        if (CHECK(bedrock_prompt_body(&prompts[i], &w) == 0))
            check_text(w.out.p, w.out.len, "ConverseRequest");
        bedrock_write_free(&w);
    }
}

/* ---- Bodies of another client ---- */

/* Ends of paths, and what is sent there; paths that end otherwise take no JSON of this model. */
static const struct {
    const char *end, *shape;
} operations[] = {
    {"/converse", "ConverseRequest"}, {"/converse-stream", "ConverseStreamRequest"},
    {"/count-tokens", "CountTokensRequest"}, {"/apply", "ApplyGuardrailRequest"},
    {"/guardrail-checks/invoke", "InvokeGuardrailChecksRequest"},
    {"/async-invoke", "StartAsyncInvokeRequest"},
};

static const char *shape_of(struct bedrock_json path)
{
    for (size_t i = 0; i < sizeof operations / sizeof operations[0]; i++) {
        size_t n = strlen(operations[i].end);

        /* no path here has an escape; the closing quote stands behind it */
        if (path.len > n + 1 && memcmp(path.p + path.len - 1 - n, operations[i].end, n) == 0)
            return operations[i].shape;
    }
    return NULL;
}

static size_t test_request(struct bedrock_json vector)
{
    struct bedrock_json body = bedrock_json_get(vector, "body");
    const char *shape = shape_of(bedrock_json_get(vector, "path"));
    char *json;

    if (!shape || body.type != BEDROCK_JSON_STRING)
        return 0;
    t_case("http-requests.json is %s: %.*s", shape, (int)(body.len < 99 ? body.len : 99), body.p);
    json = malloc(body.len);
    if (!json)
        exit(2);
    check_text(json, bedrock_json_unescape(body, json, body.len), shape);
    free(json);
    return 1;
}

static void test_requests(const char *folder)
{
    struct bedrock_json root, vector;
    struct bedrock_json_iter it;
    char *text = vectors_load(folder, "http-requests.json", &root);
    size_t n = 0;

    if (!text)
        return;
    it = bedrock_json_iterate(root);
    while (bedrock_json_next(&it, NULL, &vector))
        n += test_request(vector);
    t_case("http-requests.json held bodies");
    CHECKF(n >= 8, "%zu", n);
    free(text);
}

int main(int argc, char **argv)
{
    char path[1024];
    char *json;
    size_t len = 0;

    snprintf(path, sizeof path, "%s/../bedrock-runtime.model.json", argc > 1 ? argv[1] : "");
    json = argc > 1 ? t_read_file(path, &len) : NULL;
    t_case("bedrock-runtime.model.json");
    if (!json) {
        t_skip("the models of the services are not there");
    } else if (CHECK(bedrock_json_parse(json, len, &model, NULL) == 0)) {
        test_formats();
        test_documents();
        test_tools();
        test_members();
        test_prompt();
        test_requests(argv[1]);
    }
    free(json);
    return t_end("vectors_model");
}
