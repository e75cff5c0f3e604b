/* test_message.c - Converse in words: bodies from a prompt, text and counts out of answers.
 * Amazon Bedrock API reference, Converse and ConverseStream. Leaves out: asking over a connection
 * (test_call.c). */
#include "bedrock_int.h"
#include "t.h"
#include <string.h>

static void test_bodies(void)
{
    static const struct {
        const char *name;
        struct bedrock_prompt p;
        const char *body; /* NULL: refused */
    } cases[] = {
        {"text", {.text = "hi"}, "{\"messages\":[{\"role\":\"user\",\"content\":[{\"text\":\"hi\"}]}]}"},
        {"text of a length", {.text = "hi there", .text_len = 2},
         "{\"messages\":[{\"role\":\"user\",\"content\":[{\"text\":\"hi\"}]}]}"},
        {"escapes", {.text = "a\"b\\\n\x01\xE2\x82\xAC"},
         "{\"messages\":[{\"role\":\"user\",\"content\":"
         "[{\"text\":\"a\\\"b\\\\\\n\\u0001\xE2\x82\xAC\"}]}]}"},
        {"nothing at all", {.text = NULL}, "{}"},
        {"everything", {.text = "q", .system = "s", .inference = "{\"maxTokens\":5}",
                        .fields = "{\"top_k\": 1e2}"},
         "{\"messages\":[{\"role\":\"user\",\"content\":[{\"text\":\"q\"}]}],\"system\":[{\"text\":\"s\"}],"
         "\"inferenceConfig\":{\"maxTokens\":5},\"additionalModelRequestFields\":{\"top_k\": 1e2}}"},
        {"a base as it is", {.base = " {\"messages\":[1], \"toolConfig\":{\"x\":[ ]},\"modelId\":\"m\"} "},
         "{\"messages\":[1],\"toolConfig\":{\"x\":[ ]}}"},
        {"text replaces the base's messages", {.text = "q", .base = "{\"messages\":[1],\"new\":2}"},
         "{\"new\":2,\"messages\":[{\"role\":\"user\",\"content\":[{\"text\":\"q\"}]}]}"},
        {"inference is merged member by member",
         {.inference = "{\"maxTokens\":5}",
          .base = "{\"inferenceConfig\":{\"maxTokens\":9,\"topP\":0.10}}"},
         "{\"inferenceConfig\":{\"topP\":0.10,\"maxTokens\":5}}"},
        {"an escaped modelId is one, too", {.base = "{\"model\\u0049d\":\"m\",\"a\":1}"}, "{\"a\":1}"},
        {"fields replace the base's", {.fields = "1", .base = "{\"additionalModelRequestFields\":{}}"},
         "{\"additionalModelRequestFields\":1}"},
        {"not UTF-8", {.text = "\xFF"}, NULL},
        {"system not UTF-8", {.text = "q", .system = "\xC0\x80"}, NULL},
        {"fields not JSON", {.text = "q", .fields = "{"}, NULL},
        {"inference no object", {.text = "q", .inference = "[]"}, NULL},
        {"base no object", {.base = "[]"}, NULL},
        {"base not JSON", {.base = "{\"a\"}"}, NULL},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct bedrock_writer w = {0};
        struct bedrock_json v;
        int rc;

        t_case("body: %s", cases[i].name);
        rc = bedrock_prompt_body(&cases[i].p, &w);
        CHECKF(rc == (cases[i].body ? 0 : BEDROCK_ERR_USAGE), "%d", rc);
        if (rc == 0 && cases[i].body) {
            CHECK_TEXT(w.out.p, w.out.len, cases[i].body);
            CHECK(bedrock_json_parse(w.out.p, w.out.len, &v, NULL) == 0);
        }
        bedrock_write_free(&w);
    }
}

static void test_classify(void)
{
    static const struct {
        const char *type, *json;
        enum bedrock_kind kind;
        const char *text;
    } cases[] = {
        {"contentBlockDelta", "{\"delta\":{\"text\":\"plain\"},\"contentBlockIndex\":0}", BEDROCK_TEXT,
         "plain"},
        {"contentBlockDelta", "{\"delta\":{\"text\":\"\"}}", BEDROCK_TEXT, ""},
        {"contentBlockDelta", "{\"delta\":{\"text\":\"a\\u20ac\\n\"}}", BEDROCK_TEXT, "a\xE2\x82\xAC\n"},
        {"contentBlockDelta", "{\"delta\":{\"reasoningContent\":{\"text\":\"h\\u006d\"}}}",
         BEDROCK_REASONING, "hm"},
        {"contentBlockDelta", "{\"delta\":{\"reasoningContent\":{\"signature\":\"x\"}}}", BEDROCK_OTHER, ""},
        {"contentBlockDelta", "{\"delta\":{\"toolUse\":{\"input\":\"{\"}}}", BEDROCK_OTHER, ""},
        {"contentBlockDelta", "{\"delta\":{\"text\":7}}", BEDROCK_OTHER, ""},
        {"contentBlockDelta", "[]", BEDROCK_OTHER, ""},
        {"messageStop", "{\"delta\":{\"text\":\"no\"}}", BEDROCK_OTHER, ""},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct bedrock_buffer scratch = {0};
        struct bedrock_event ev = {0};
        struct bdk_half half = {0};

        t_case("event: %s", cases[i].json);
        ev.type = bdk_slice(cases[i].type);
        CHECK(bedrock_json_parse(cases[i].json, strlen(cases[i].json), &ev.json, NULL) == 0);
        CHECK(bdk_event_classify(&ev, &scratch, &half) == 0);
        CHECK(ev.kind == cases[i].kind);
        CHECK_TEXT(ev.text.p, ev.text.len, cases[i].text);
        bedrock_buffer_free(&scratch);
    }
}

/* Deltas of a stream, each ending where its page does; a semicolon between the texts that they give. */
static void test_halves(void)
{
#define TEXT(index, text) "{\"contentBlockIndex\":" index ",\"delta\":{\"text\":\"" text "\"}}"
#define THOUGHT(text) "{\"contentBlockIndex\":0,\"delta\":{\"reasoningContent\":{\"text\":\"" text "\"}}}"
    static const struct {
        const char *name, *deltas[5], *texts;
    } cases[] = {
        {"a pair in two", {TEXT("0", "a\\ud83d"), TEXT("0", "\\ude00b")}, "a;\xF0\x9F\x98\x80" "b;"},
        {"nothing but halves", {TEXT("0", "\\uD83D"), TEXT("0", "\\uDE00\\uD83D"), TEXT("0", "\\uDE01")},
         ";\xF0\x9F\x98\x80;\xF0\x9F\x98\x81;"},
        {"no text between them", {TEXT("0", "a\\ud83d"), TEXT("0", ""), TEXT("0", "\\ude00")},
         "a;;\xF0\x9F\x98\x80;"},
        {"another block between them", {TEXT("0", "\\ud83d"), TEXT("1", "x\\n"), TEXT("0", "\\ude00")},
         ";x\n;\xF0\x9F\x98\x80;"},
        {"reasoning between them", {TEXT("0", "\\ud83d"), THOUGHT("x"), TEXT("0", "\\ude00")},
         ";x;\xF0\x9F\x98\x80;"},
        {"another half between them", {TEXT("0", "\\ud83d"), TEXT("1", "\\ud83d"), TEXT("0", "\\ude00"),
          TEXT("1", "\\ude00")}, ";;\xEF\xBF\xBD;\xF0\x9F\x98\x80;"},
        {"in reasoning", {THOUGHT("\\ud83d"), THOUGHT("\\ude00")}, ";\xF0\x9F\x98\x80;"},
        {"a first one that stays alone", {TEXT("0", "\\ud83d"), TEXT("0", "b"), TEXT("0", "c")},
         ";\xEF\xBF\xBD" "b;c;"},
        {"two first ones", {TEXT("0", "\\ud83d"), TEXT("0", "\\ud83d\\ude00")},
         ";\xEF\xBF\xBD\xF0\x9F\x98\x80;"},
        {"a second one that stays alone", {TEXT("0", "a"), TEXT("0", "\\ude00")}, "a;\xEF\xBF\xBD;"},
        {"one at the end", {TEXT("0", "a\\ud83d")}, "a;"},
        {"no half, but a backslash", {TEXT("0", "a\\\\ud83d"), TEXT("0", "\\ude00")},
         "a\\ud83d;\xEF\xBF\xBD;"},
        {"a backslash and a half", {TEXT("0", "\\\\\\ud83d"), TEXT("0", "\\ude00")}, "\\;\xF0\x9F\x98\x80;"},
    };
#undef TEXT
#undef THOUGHT

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct bedrock_buffer scratch = {0}, got = {0};
        struct bdk_half half = {0};

        t_case("halves of a character: %s", cases[i].name);
        for (size_t k = 0; k < 5 && cases[i].deltas[k]; k++) {
            size_t n = strlen(cases[i].deltas[k]);
            char *copy = t_guard(cases[i].deltas[k], n);
            struct bedrock_event ev = {0};

            ev.type = bdk_slice("contentBlockDelta");
            CHECK(bdk_json_parse_halves(copy, n, &ev.json, NULL) == 0);
            CHECK(bdk_event_classify(&ev, &scratch, &half) == 0);
            bedrock_buffer_append(&got, ev.text.p, ev.text.len);
            bdk_buffer_text(&got, ";");
            t_guard_free(copy, n);
        }
        CHECK_TEXT(got.p, got.len, cases[i].texts);
        bedrock_buffer_free(&scratch);
        bedrock_buffer_free(&got);
    }
}

/* Allocation n fails. */
static int halves_in(void *ctx, struct t_heap *heap)
{
    static const char *const deltas[] = {"{\"delta\":{\"text\":\"\\ud83d\"}}",
                                         "{\"delta\":{\"text\":\"\\ude00\"}}"};
    struct bedrock_buffer scratch = {.alloc = t_heap_alloc, .alloc_ctx = heap};
    struct bdk_half half = {0};
    struct bedrock_event ev = {0};
    int rc = 0;

    (void)ctx;
    ev.type = bdk_slice("contentBlockDelta");
    for (size_t k = 0; rc == 0 && k < 2; k++) {
        CHECK(bdk_json_parse_halves(deltas[k], strlen(deltas[k]), &ev.json, NULL) == 0);
        rc = bdk_event_classify(&ev, &scratch, &half);
    }
    if (rc == 0)
        CHECK_TEXT(ev.text.p, ev.text.len, "\xF0\x9F\x98\x80");
    bedrock_buffer_free(&scratch);
    return rc;
}

static void test_halves_no_memory(void)
{
    t_case("halves of a character: no memory");
    t_no_memory(halves_in, NULL);
}

static int collect(void *ctx, enum bedrock_kind kind, struct bedrock_slice text)
{
    struct bedrock_buffer *b = ctx;

    bedrock_buffer_append(b, kind == BEDROCK_TEXT ? "T" : "R", 1);
    bedrock_buffer_append(b, text.p, text.len);
    return text.len == 4 && memcmp(text.p, "stop", 4) == 0 ? 42 : 0;
}

static void test_response_text(void)
{
    static const struct {
        const char *content, *heard;
        int code;
    } cases[] = {
        {"[{\"text\":\"a\"},{\"text\":\"b\\n\"}]", "TaTb\n", 0},
        {"[{\"reasoningContent\":{\"reasoningText\":{\"text\":\"r\",\"signature\":\"s\"}}},{\"text\":\"t\"}]",
         "RrTt", 0},
        {"[{\"toolUse\":{}},{\"image\":{}},{\"text\":null},7]", "", 0},
        {"[{\"text\":\"stop\"},{\"text\":\"never\"}]", "Tstop", 42},
        {"{}", "", 0}, {"null", "", 0},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct bedrock_buffer heard = {0};
        struct bedrock_json v;
        char text[300];

        t_case("text of %s", cases[i].content);
        snprintf(text, sizeof text, "{\"output\":{\"message\":{\"content\":%s}}}", cases[i].content);
        CHECK(bedrock_json_parse(text, strlen(text), &v, NULL) == 0);
        CHECK(bedrock_response_text(v, collect, &heard, NULL, NULL) == cases[i].code);
        CHECK_TEXT(heard.p, heard.len, cases[i].heard);
        bedrock_buffer_free(&heard);
    }
    t_case("text with an escape and no memory to decode it");
    {
        static const char text[] = "{\"output\":{\"message\":{\"content\":[{\"text\":\"\\n\"}]}}}";
        struct bedrock_buffer heard = {0};
        struct t_heap heap = {0};
        struct bedrock_json v;

        heap.fail_at = 1;
        CHECK(bedrock_json_parse(text, strlen(text), &v, NULL) == 0);
        CHECK(bedrock_response_text(v, collect, &heard, t_heap_alloc, &heap) == BEDROCK_ERR_NOMEM);
        CHECK(heap.live == 0 && heard.len == 0);
        bedrock_buffer_free(&heard);
    }
}

static void test_usage(void)
{
    static const char whole[] =
        "{\"stopReason\":\"max_tokens\",\"usage\":{\"inputTokens\":1,\"outputTokens\":2,\"totalTokens\":3,"
        "\"cacheReadInputTokens\":4,\"cacheWriteInputTokens\":5},\"metrics\":{\"latencyMs\":6}}";
    static const char odd[] =
        "{\"stopReason\":\"a reason that is longer than any that a service gives to anybody\","
        "\"usage\":{\"inputTokens\":-1,\"outputTokens\":1.5,\"totalTokens\":\"3\"}}";
    struct bedrock_event ev = {0};
    struct bedrock_usage u;

    t_case("counts that were said");
    bedrock_usage_init(&u);
    CHECK(u.input_tokens == -1 && u.latency_ms == -1 && u.stop_reason[0] == 0);
    ev.kind = BEDROCK_RESPONSE;
    CHECK(bedrock_json_parse(whole, strlen(whole), &ev.json, NULL) == 0);
    bedrock_usage_read(&u, &ev);
    CHECK(u.input_tokens == 1 && u.output_tokens == 2 && u.total_tokens == 3);
    CHECK(u.cache_read_tokens == 4 && u.cache_write_tokens == 5 && u.latency_ms == 6);
    CHECK(strcmp(u.stop_reason, "max_tokens") == 0);
    t_case("counts that are none");
    bedrock_usage_init(&u);
    CHECK(bedrock_json_parse(odd, strlen(odd), &ev.json, NULL) == 0);
    bedrock_usage_read(&u, &ev);
    CHECK(u.input_tokens == -1 && u.output_tokens == -1 && u.total_tokens == -1);
    CHECK(u.stop_reason[0] == 0);
    t_case("a delta says nothing of counts");
    ev.kind = BEDROCK_TEXT;
    CHECK(bedrock_json_parse(whole, strlen(whole), &ev.json, NULL) == 0);
    bedrock_usage_read(&u, &ev);
    CHECK(u.input_tokens == -1);
}

int main(void)
{
    test_bodies();
    test_classify();
    test_halves();
    test_halves_no_memory();
    test_response_text();
    test_usage();
    return t_end("test_message");
}
