/* test_assemble.c - streams put together: each kind of block, what is odd, what is refused, and memory.
 * Amazon Bedrock API reference, ConverseStream and Converse. Leaves out: frames (test_eventstream.c). */
#include "bedrock_int.h"
#include "t.h"
#include <stdlib.h>
#include <string.h>

#define MAX_EVENTS 24

/* Events in short: S0{...} is contentBlockStart for block 0 with that start, D0 a delta, E0 a stop;
 * "name{...}" is any other event with its payload. */
struct script {
    const char *name;
    const char *events[MAX_EVENTS];
    const char *want;   /* content of the document, the whole document when it begins with !, or else a part
                           of the error's text */
    int code;
};

static const struct script scripts[] = {
    {"text", {"messageStart{\"role\":\"assistant\"}", "D0{\"text\":\"Ro\"}", "D0{\"text\":\"me \\u20ac\"}",
      "E0"},
     "{\"text\":\"Rome \\u20ac\"}", 0},
    {"the whole document", {"messageStart{\"p\":\"abc\",\"role\":\"assistant\"}", "D0{\"text\":\"a\"}", "E0",
      "messageStop{\"stopReason\":\"end_turn\",\"additionalModelResponseFields\":{\"x\":1e2},\"p\":\"ab\"}",
      "metadata{\"usage\":{\"inputTokens\":1},\"metrics\":{\"latencyMs\":2},\"trace\":{},\"serviceTier\":{},"
      "\"performanceConfig\":null,\"p\":\"a\",\"new\":[1.0]}"},
     "!{\"output\":{\"message\":{\"role\":\"assistant\",\"content\":[{\"text\":\"a\"}]}},"
     "\"stopReason\":\"end_turn\",\"additionalModelResponseFields\":{\"x\":1e2},"
     "\"usage\":{\"inputTokens\":1},"
     "\"metrics\":{\"latencyMs\":2},\"trace\":{},\"serviceTier\":{},\"new\":[1.0]}", 0},
    {"nothing at all", {NULL}, "!{\"output\":{\"message\":{\"role\":\"assistant\",\"content\":[]}}}", 0},
    {"characters cut into halves", {"D0{\"text\":\"a \\ud83d\"}", "D1{\"text\":\"\\uD83D\"}",
      "D0{\"text\":\"\\ude00 b\"}", "D1{\"text\":\"\\uDE01\"}"},
     "{\"text\":\"a \\ud83d\\ude00 b\"},{\"text\":\"\\uD83D\\uDE01\"}", 0},
    {"halves that stay alone", {"D0{\"text\":\"\\ude00\\ud83d\"}", "D0{\"text\":\"\\\\ude00\\ud83d\"}",
      "D1{\"new\":[\"\\uDBFF\",\"\\udc00\"]}", "metadata{\"x\":\"\\ud800\"}"},
     "!{\"output\":{\"message\":{\"role\":\"assistant\",\"content\":["
     "{\"text\":\"\\ufffd\\ufffd\\\\ude00\\ufffd\"},{\"new\":[\"\\ufffd\",\"\\ufffd\"]}]}},"
     "\"x\":\"\\ufffd\"}", 0},
    {"halves in reasoning, results and inputs", {"D0{\"reasoningContent\":{\"text\":\"\\ud83d\"}}",
      "D0{\"reasoningContent\":{\"text\":\"\\ude00\"}}", "D1{\"toolResult\":[{\"text\":\"\\ud83d\"}]}",
      "D1{\"toolResult\":[{\"text\":\"\\ude00\"}]}", "D2{\"toolUse\":{\"input\":\"{\\\"a\\\":\\\"\\ud83d\"}}",
      "D2{\"toolUse\":{\"input\":\"\\ude00\\\\ud83d\\\"}\"}}", "E2"},
     "{\"reasoningContent\":{\"reasoningText\":{\"text\":\"\\ud83d\\ude00\"}}},"
     "{\"toolResult\":{\"content\":[{\"text\":\"\\ud83d\\ude00\"}]}},"
     "{\"toolUse\":{\"input\":{\"a\":\"\xF0\x9F\x98\x80\\ufffd\"}}}", 0},
    {"blocks in order of index, not of arrival", {"D7{\"text\":\"c\"}", "D0{\"text\":\"a\"}",
      "D3{\"text\":\"b\"}",
      "D7{\"text\":\"C\"}", "E0", "E7", "E3"},
     "{\"text\":\"a\"},{\"text\":\"b\"},{\"text\":\"cC\"}", 0},
    {"text in a start, and no text", {"S0{\"text\":\"\"}", "D0{\"text\":\"\"}", "E0", "S1{}",
      "D1{\"text\":\"b\"}"},
     "{\"text\":\"\"},{\"text\":\"b\"}", 0},
    {"a tool use", {"S0{\"toolUse\":{\"toolUseId\":\"t1\",\"name\":\"f\",\"type\":\"server_tool_use\"}}",
      "D0{\"toolUse\":{\"input\":\"{\\\"a\\\":\"}}", "D0{\"toolUse\":{\"input\":\"\"}}",
      "D0{\"toolUse\":{\"input\":\" \\\"\\\\u00e9\\\"}\"}}", "E0"},
     "{\"toolUse\":{\"toolUseId\":\"t1\",\"name\":\"f\",\"type\":\"server_tool_use\","
      "\"input\":{\"a\": \"\\u00e9\"}}}", 0},
    {"a tool use without input", {"S0{\"toolUse\":{\"toolUseId\":\"t1\",\"name\":\"f\"}}", "E0",
      "S1{\"toolUse\":{}}", "D1{\"toolUse\":{\"input\":\"\"}}", "E1"},
     "{\"toolUse\":{\"toolUseId\":\"t1\",\"name\":\"f\",\"input\":{}}},{\"toolUse\":{\"input\":{}}}", 0},
    {"inputs without an escape, or no object", {"D0{\"toolUse\":{\"input\":\"[1,2\"}}",
      "D0{\"toolUse\":{\"input\":\",3] \"}}", "E0", "D1{\"toolUse\":{\"input\":\"null\"}}", "E1"},
     "{\"toolUse\":{\"input\":[1,2,3]}},{\"toolUse\":{\"input\":null}}", 0},
    {"an input that is JSON already", {"D0{\"toolUse\":{\"input\":{\"a\":1}}}", "E0"},
     "{\"toolUse\":{\"input\":{\"a\":1}}}", 0},
    {"two tool uses interleaved", {"S0{\"toolUse\":{\"name\":\"f\"}}", "S1{\"toolUse\":{\"name\":\"g\"}}",
      "D1{\"toolUse\":{\"input\":\"{\\\"g\\\"\"}}", "D0{\"toolUse\":{\"input\":\"{\\\"f\\\"\"}}",
      "D1{\"toolUse\":{\"input\":\":1}\"}}", "D0{\"toolUse\":{\"input\":\":0}\"}}", "E1", "E0"},
     "{\"toolUse\":{\"name\":\"f\",\"input\":{\"f\":0}}},"
      "{\"toolUse\":{\"name\":\"g\",\"input\":{\"g\":1}}}", 0},
    {"an input that is no JSON", {"D0{\"toolUse\":{\"input\":\"{\\\"a\\\"\"}}", "E0"},
     "{\"toolUse\":{\"input\":\"{\\\"a\\\"\"}}", 0},
    {"an input whose block did not stop", {"D0{\"toolUse\":{\"input\":\"{\\\"a\\\":1}\"}}"},
     "{\"toolUse\":{\"input\":\"{\\\"a\\\":1}\"}}", 0},
    {"messageStop stops it", {"D0{\"toolUse\":{\"input\":\"{\\\"a\\\":1}\"}}", "messageStop{}"},
     "{\"toolUse\":{\"input\":{\"a\":1}}}", 0},
    {"a tool's result", {"S0{\"toolResult\":{\"toolUseId\":\"t\",\"status\":\"success\"}}",
      "D0{\"toolResult\":[{\"text\":\"a\"}]}", "D0{\"toolResult\":[{\"text\":\"b\"},{\"text\":\"c\"}]}",
      "D0{\"toolResult\":[{\"json\":{\"x\":1}}]}", "D0{\"toolResult\":[{\"text\":\"d\"}]}",
      "D0{\"toolResult\":[]}", "E0"},
     "{\"toolResult\":{\"toolUseId\":\"t\",\"status\":\"success\",\"content\":[{\"text\":\"ab\"},"
      "{\"text\":\"c\"},"
     "{\"json\":{\"x\":1}},{\"text\":\"d\"}]}}", 0},
    {"a tool's result without content", {"S0{\"toolResult\":{\"toolUseId\":\"t\"}}",
      "D0{\"toolResult\":[ ]}"},
     "{\"toolResult\":{\"toolUseId\":\"t\",\"content\":[ ]}}", 0},
    {"a tool's result in the place of another", {"D0{\"toolResult\":[{\"text\":\"a\"}]}",
      "D0{\"toolResult\":{\"content\":[]}}", "D0{\"toolResult\":[{\"text\":\"b\"}]}"},
     "{\"toolResult\":{\"content\":[{\"text\":\"b\"}]}}", 0},
    {"bytes, then where they are, then bytes", {"D0{\"image\":{\"source\":{\"bytes\":\"QUFBQUFBQUFB\"}}}",
      "D0{\"image\":{\"source\":{\"s3Location\":{}}}}", "D0{\"image\":{\"source\":{\"bytes\":\"QkJC\"}}}"},
     "{\"image\":{\"source\":{\"bytes\":\"QkJC\"}}}", 0},
    {"a tool's result behind an empty array", {"D0{\"toolResult\":[ ]}", "D0{\"toolResult\":[{\"new\":{}}]}"},
     "{\"toolResult\":{\"content\":[{\"new\":{}}]}}", 0},
    {"reasoning", {"D0{\"reasoningContent\":{\"text\":\"be\"}}",
      "D0{\"reasoningContent\":{\"text\":\"cause\"}}",
      "D0{\"reasoningContent\":{\"signature\":\"Zm\"}}", "D0{\"reasoningContent\":{\"signature\":\"8=\"}}",
      "E0"},
     "{\"reasoningContent\":{\"reasoningText\":{\"text\":\"because\",\"signature\":\"Zm8=\"}}}", 0},
    {"a signature alone", {"D0{\"reasoningContent\":{\"signature\":\"s\"}}"},
     "{\"reasoningContent\":{\"reasoningText\":{\"text\":\"\",\"signature\":\"s\"}}}", 0},
    {"redacted reasoning in pieces of any length", {"D0{\"reasoningContent\":{\"redactedContent\":\"Zg==\"}}",
      "D0{\"reasoningContent\":{\"redactedContent\":\"b29i\"}}",
      "D0{\"reasoningContent\":{\"redactedContent\":\"\"}}",
      "D0{\"reasoningContent\":{\"redactedContent\":\"YX\\u0049=\"}}"},
     "{\"reasoningContent\":{\"redactedContent\":\"Zm9vYmFy\"}}", 0},
    {"reasoning with members that nobody knows", {"D0{\"reasoningContent\":{\"text\":\"a\",\"new\":1}}",
      "D0{\"reasoningContent\":{\"new\":2}}"},
     "{\"reasoningContent\":{\"reasoningText\":{\"text\":\"a\"},\"new\":2}}", 0},
    {"citations", {"D0{\"text\":\"It \"}", "D0{\"citation\":{\"title\":\"A\"}}", "D0{\"text\":\"is.\"}",
      "D0{\"citation\":{\"title\":\"B\",\"location\":{\"web\":{}}}}", "E0"},
     "{\"citationsContent\":{\"content\":[{\"text\":\"It is.\"}],\"citations\":[{\"title\":\"A\"},"
     "{\"title\":\"B\",\"location\":{\"web\":{}}}]}}", 0},
    {"a citation without a text", {"D0{\"citation\":{}}"}, "{\"citationsContent\":{\"citations\":[{}]}}", 0},
    {"an image in pieces", {"S0{\"image\":{\"format\":\"png\"}}",
      "D0{\"image\":{\"source\":{\"bytes\":\"iVBO\"}}}",
      "D0{\"image\":{\"source\":{\"bytes\":\"Rw==\"}}}", "D0{\"image\":{\"source\":{\"bytes\":\"DQo=\"}}}",
      "E0"},
     "{\"image\":{\"format\":\"png\",\"source\":{\"bytes\":\"iVBORw0K\"}}}", 0},
    {"an image elsewhere, and one that failed", {"S0{\"image\":{\"format\":\"png\"}}",
      "D0{\"image\":{\"source\":{\"s3Location\":{\"uri\":\"s3://b/k\"}}}}",
      "S1{\"image\":{\"format\":\"png\"}}",
      "D1{\"image\":{\"error\":{\"message\":\"no\"}}}"},
     "{\"image\":{\"format\":\"png\",\"source\":{\"s3Location\":{\"uri\":\"s3://b/k\"}}}},"
     "{\"image\":{\"format\":\"png\",\"error\":{\"message\":\"no\"}}}", 0},
    {"audio, as images", {"S0{\"audio\":{\"format\":\"wav\"}}",
      "D0{\"audio\":{\"source\":{\"bytes\":\"UklG\"}}}"},
     "{\"audio\":{\"format\":\"wav\",\"source\":{\"bytes\":\"UklG\"}}}", 0},
    {"kinds that nobody knows, member by member", {"S0{\"dance\":{\"style\":\"wal\",\"n\":1}}",
      "D0{\"dance\":{\"style\":\"tz\",\"steps\":[1]}}", "D0{\"dance\":{\"n\":2,\"steps\":[2, 3]}}",
      "D1{\"smell\":\"ro\"}",
      "D1{\"smell\":\"se\"}", "D2{\"empty\":{}}", "D3{\"list\":[ ]}", "D3{\"list\":[1]}", "D3{\"list\":[]}"},
     "{\"dance\":{\"style\":\"waltz\",\"n\":2,\"steps\":[1,2, 3]}},{\"smell\":\"rose\"},"
      "{\"empty\":{}},{\"list\":[1]}", 0},
    {"something new beside a text", {"D0{\"text\":\"a\"}", "D0{\"mood\":{\"is\":\"good\"}}",
      "D0{\"text\":\"b\"}",
      "D0{\"citation\":{}}"},
     "{\"citationsContent\":{\"content\":[{\"text\":\"ab\"}],\"citations\":[{}]},"
      "\"mood\":{\"is\":\"good\"}}", 0},
    {"something new before a text", {"D0{\"mood\":1}",
      "D0{\"text\":\"a\"}"}, "{\"mood\":1,\"text\":\"a\"}", 0},
    {"names with escapes", {"D0{\"te\\u0078t\":\"a\"}", "D0{\"text\":\"b\"}", "D1{\"a\\\"b\":{\"c\\nd\":1}}"},
     "{\"text\":\"ab\"},{\"a\\\"b\":{\"c\\nd\":1}}", 0},
    {"of two members the last counts", {"D0{\"text\":\"no\",\"text\":\"a\"}",
      "contentBlockDelta{\"contentBlockIndex\":5,\"contentBlockIndex\":0,"
       "\"delta\":{},\"delta\":{\"text\":\"b\"}}",
      "S1{\"toolUse\":{\"name\":\"f\",\"name\":\"g\"}}"},
     "{\"text\":\"ab\"},{\"toolUse\":{\"name\":\"g\"}}", 0},
    {"null is absent, and so is __type", {"D0{\"text\":\"a\",\"toolUse\":null,\"__type\":\"x\"}",
      "D0{\"text\":null}", "D1null"},
     "{\"text\":\"a\"}", 0},
    {"an index of two billion", {"D2000000000{\"text\":\"z\"}", "D9223372036854775807{\"text\":\"!\"}",
      "D0{\"text\":\"a\"}"}, "{\"text\":\"a\"},{\"text\":\"z\"},{\"text\":\"!\"}", 0},
    {"events that nobody knows", {"ping{\"p\":\"x\"}", "mood{\"is\":\"good\",\"p\":\"x\"}",
      "mood{\"is\":\"bad\"}",
      "output{\"a\":1}", "odd[1]"},
     "!{\"output\":{\"message\":{\"role\":\"assistant\",\"content\":[]}},\"mood\":{\"is\":\"bad\"}}", 0},
    {"output and role are where they are", {"messageStart{\"role\":\"user\",\"new\":1}",
      "metadata{\"output\":1,\"role\":2}"},
     "!{\"output\":{\"message\":{\"role\":\"user\",\"content\":[]}},\"new\":1,\"role\":2}", 0},
    {"harmless: stops and metadata twice", {"E4", "D0{\"text\":\"a\"}", "E0", "E0",
      "messageStop{\"stopReason\":\"x\"}", "E0",
      "messageStop{\"stopReason\":\"y\"}", "metadata{\"usage\":{\"a\":1}}", "metadata{\"usage\":{\"b\":2}}"},
     "!{\"output\":{\"message\":{\"role\":\"assistant\",\"content\":[{\"text\":\"a\"}]}},"
      "\"stopReason\":\"y\","
     "\"usage\":{\"b\":2}}", 0},

    {"refused: a delta behind the stop", {"D0{\"text\":\"a\"}", "E0", "D0{\"text\":\"b\"}"},
     "block 0 of the answer goes on behind its end", BEDROCK_ERR_PROTOCOL},
    {"refused: a second start", {"S3{\"toolUse\":{}}", "S3{\"toolUse\":{}}"},
     "block 3 of the answer starts twice", BEDROCK_ERR_PROTOCOL},
    {"refused: a start behind a delta", {"D3{\"text\":\"a\"}", "S3{\"toolUse\":{}}"},
     "block 3 of the answer starts twice", BEDROCK_ERR_PROTOCOL},
    {"refused: another kind", {"D1{\"text\":\"a\"}", "D1{\"toolUse\":{\"input\":\"{\"}}"},
     "block 1 of the answer changes its kind", BEDROCK_ERR_PROTOCOL},
    {"refused: another kind at once", {"D1{\"image\":{},\"audio\":{}}"}, "changes its kind",
      BEDROCK_ERR_PROTOCOL},
    {"refused: a block behind the end", {"messageStop{}", "D1{\"text\":\"a\"}"},
     "the answer goes on behind its end", BEDROCK_ERR_PROTOCOL},
    {"refused: a second messageStart", {"messageStart{}", "messageStart{}"}, "starts twice",
      BEDROCK_ERR_PROTOCOL},
    {"refused: an index below zero", {"D-1{\"text\":\"a\"}"}, "contentBlockIndex", BEDROCK_ERR_PROTOCOL},
    {"refused: an index too high", {"D9223372036854775808{\"text\":\"a\"}"}, "contentBlockIndex",
      BEDROCK_ERR_PROTOCOL},
    {"refused: no index", {"contentBlockStop{}"}, "contentBlockIndex", BEDROCK_ERR_PROTOCOL},
    {"refused: an index in words", {"contentBlockStart{\"contentBlockIndex\":\"0\"}"}, "contentBlockIndex",
      BEDROCK_ERR_PROTOCOL},
    {"refused: no object", {"metadata[]"}, "metadata is no JSON object", BEDROCK_ERR_PROTOCOL},
    {"refused: bytes that are not base64", {"D0{\"image\":{\"source\":{\"bytes\":\"?\"}}}"}, "base64",
      BEDROCK_ERR_PROTOCOL},
    {"refused: a type that is not UTF-8, which fuzz_assemble found", {"p\xFFng{\"a\":1}"}, "no name",
      BEDROCK_ERR_PROTOCOL},
    {"refused: a name with a zero byte", {"D0{\"a\\u0000b\":1}"}, "name", BEDROCK_ERR_PROTOCOL},
};

#define N_SCRIPTS (sizeof scripts / sizeof scripts[0])

/* Write out the short form; the payload's text goes to b, the type to type. */
static void expand(const char *line, struct bedrock_buffer *b, char type[64])
{
    static const struct {
        char letter;
        const char *type, *member;
    } kinds[] = {{'S', "contentBlockStart", "start"}, {'D', "contentBlockDelta", "delta"},
                 {'E', "contentBlockStop", NULL}};
    size_t n = strcspn(line, "{[");
    char text[128];

    b->len = 0;
    snprintf(type, 64, "%.*s", (int)n, line);
    for (size_t i = 0; i < 3; i++) {
        if (line[0] != kinds[i].letter || !strchr("-0123456789", line[1]))
            continue;
        n = 1 + strspn(line + 1, "-0123456789");
        snprintf(type, 64, "%s", kinds[i].type);
        snprintf(text, sizeof text, "{\"contentBlockIndex\":%.*s", (int)n - 1, line + 1);
        bdk_buffer_text(b, text);
        if (kinds[i].member) {
            snprintf(text, sizeof text, ",\"p\":\"abcdef\",\"%s\":%s}", kinds[i].member, line[n] ? "" : "{}");
            text[strlen(text) - 1] = 0;
            bdk_buffer_text(b, text);
        }
        bdk_buffer_text(b, line + n);
        bdk_buffer_text(b, "}");
        return;
    }
    bdk_buffer_text(b, line + n);
}

/* Each event ends where its page does. */
static int feed(struct bedrock_message *m, const char *line)
{
    struct bedrock_buffer b = {0};
    struct bedrock_event ev = {0};
    char type[64], *copy;
    int rc;

    expand(line, &b, type);
    copy = t_guard(b.p, b.len);
    ev.kind = BEDROCK_OTHER;
    ev.type = bdk_slice(type);
    CHECKF(bdk_json_parse_halves(copy, b.len, &ev.json, NULL) == 0, "%.*s", (int)b.len, b.p);
    rc = bedrock_message_add(m, &ev);
    t_guard_free(copy, b.len);
    bedrock_buffer_free(&b);
    return rc;
}

static int feed_all(struct bedrock_message *m, const struct script *s)
{
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < MAX_EVENTS && s->events[i]; i++)
        rc = feed(m, s->events[i]);
    return rc;
}

/* A response taken as such gives the same document, message and blocks as the stream did. */
static void check_again(const struct bedrock_message *m, const struct bedrock_writer *doc)
{
    struct bedrock_event ev = {0};
    struct bedrock_message *again;
    int64_t index = 0;

    ev.kind = BEDROCK_RESPONSE;
    CHECK(bedrock_json_parse(doc->out.p, doc->out.len, &ev.json, NULL) == 0);
    CHECK(bedrock_message_open(&again, 0, NULL, NULL) == 0);
    CHECK(bedrock_message_add(again, &ev) == 0);
    for (int what = 0; what < 3; what++) {
        struct bedrock_writer a = {0}, b = {0};
        int code = 0;

        if (what == 0) {
            CHECK(bedrock_message_response(m, &a) == 0 && bedrock_message_response(again, &b) == 0);
        } else if (what == 1) {
            CHECK(bedrock_message_write(m, &a) == 0 && bedrock_message_write(again, &b) == 0);
        } else {
            struct bedrock_slice one = bedrock_message_kind(m, index);
            struct bedrock_slice two = bedrock_message_kind(again, index);

            if (one.len > 0) /* else the stream's indexes have gaps */
                CHECK(one.len == two.len && memcmp(one.p, two.p, one.len) == 0);
            code = bedrock_message_block(m, index, &a);
            CHECK(code == 0 || code == BEDROCK_ERR_USAGE);
            if (code == 0)
                CHECK(bedrock_message_block(again, index, &b) == 0);
        }
        CHECKF(code != 0 || (a.out.len == b.out.len && memcmp(a.out.p, b.out.p, a.out.len) == 0),
        "%.*s\n%.*s",
               (int)a.out.len, a.out.p, (int)b.out.len, b.out.p);
        bedrock_write_free(&a);
        bedrock_write_free(&b);
    }
    bedrock_message_close(again);
}

static void check_document(const struct bedrock_message *m, const struct script *s)
{
    struct bedrock_writer w = {0};
    char want[1200];

    if (s->want[0] == '!')
        snprintf(want, sizeof want, "%s", s->want + 1);
    else
        snprintf(want, sizeof want, "[%s]", s->want);
    CHECK(bedrock_message_response(m, &w) == 0 && bedrock_write_end(&w) == 0);
    if (s->want[0] == '!') {
        CHECK_TEXT(w.out.p, w.out.len, want);
    } else {
        struct bedrock_json v = {BEDROCK_JSON_OBJECT, w.out.p, w.out.len};

        v = bedrock_json_get(v, "output.message.content");
        CHECK_TEXT(v.p, v.len, want);
    }
    check_again(m, &w);
    bedrock_write_free(&w);
}

static void test_scripts(void)
{
    for (size_t i = 0; i < N_SCRIPTS; i++) {
        const struct script *s = &scripts[i];
        struct bedrock_writer w = {0};
        struct bedrock_message *m;
        struct t_heap heap = {0};
        int rc;

        t_case("stream: %s", s->name);
        CHECK(bedrock_message_open(&m, 0, t_heap_alloc, &heap) == 0);
        rc = feed_all(m, s);
        CHECKF(rc == s->code, "%d: %s", rc, bedrock_message_error(m)->message);
        CHECK(bedrock_message_error(m)->code == rc);
        if (rc == 0) {
            check_document(m, s);
        } else {
            CHECKF(strstr(bedrock_message_error(m)->message, s->want) != NULL, "%s",
                   bedrock_message_error(m)->message);
            CHECK(feed(m, "ping{}") == rc && bedrock_message_response(m, &w) == rc);
            CHECK(bedrock_message_write(m, &w) == rc && bedrock_message_block(m, 0, &w) == rc);
            CHECK(w.out.len == 0);
        }
        bedrock_message_close(m);
        CHECKF(heap.live == 0, "%zu blocks are left", heap.live);
    }
}

/* Allocation n fails, alone and from there on. */
static void test_no_memory(void)
{
    for (int onward = 0; onward < 2; onward++) {
        for (size_t i = 0; i < N_SCRIPTS; i++) {
            int rc = BEDROCK_ERR_NOMEM;

            t_case("no memory%s: %s", onward ? " from there on" : "", scripts[i].name);
            for (size_t n = 1; rc == BEDROCK_ERR_NOMEM && n < 200; n++) {
                struct bedrock_message *m;
                struct t_heap heap = {0};

                heap.fail_at = n;
                heap.onward = onward;
                rc = bedrock_message_open(&m, 0, t_heap_alloc, &heap);
                CHECK((rc == 0) == (m != NULL));
                if (rc == 0)
                    rc = feed_all(m, &scripts[i]);
                if (m && rc == BEDROCK_ERR_NOMEM)
                    CHECK(bedrock_message_error(m)->code == rc && feed(m, "ping{}") == rc);
                bedrock_message_close(m);
                CHECK(heap.live == 0);
            }
            CHECKF(rc == scripts[i].code, "%d", rc);
        }
    }
}

static void test_odd(void)
{
    struct bedrock_writer w = {0};
    struct bedrock_message *m;

    t_case("a tool's input that is no JSON is told of");
    CHECK(bedrock_message_open(&m, 0, NULL, NULL) == 0);
    CHECK(feed(m, "S5{\"toolUse\":{\"name\":\"f\"}}") == 0);
    CHECK(feed(m, "D5{\"toolUse\":{\"input\":\"{\\\"a\\\" 1}\"}}") == 0);
    CHECK_TEXT(bedrock_message_odd(m), strlen(bedrock_message_odd(m)), "");
    CHECK(feed(m, "E5") == 0);
    CHECK_TEXT(bedrock_message_odd(m), strlen(bedrock_message_odd(m)),
    "the tool's input in block 5 is not JSON and "
               "is kept as text: at byte 6, expected ':' after a member name");
    CHECK(bedrock_message_block(m, 5, &w) == 0 && bedrock_write_end(&w) == 0);
    CHECK_TEXT(w.out.p, w.out.len, "{\"toolUse\":{\"name\":\"f\",\"input\":\"{\\\"a\\\" 1}\"}}");
    CHECK(feed(m, "ping{}") == 0);
    CHECK_TEXT(bedrock_message_odd(m), strlen(bedrock_message_odd(m)), "");
    bedrock_write_free(&w);
    t_case("blocks that are not there");
    CHECK(bedrock_message_block(m, 4, &w) == BEDROCK_ERR_USAGE);
    CHECK(bedrock_message_block(m, -1, &w) == BEDROCK_ERR_USAGE);
    CHECK(w.out.len == 0 && bedrock_message_kind(m, 4).len == 0);
    bedrock_message_close(m);
    bedrock_message_close(NULL);
}

static int feed_response(struct bedrock_message *m, const char *text)
{
    struct bedrock_event ev = {0};

    ev.kind = BEDROCK_RESPONSE;
    CHECK(bedrock_json_parse(text, strlen(text), &ev.json, NULL) == 0);
    return bedrock_message_add(m, &ev);
}

static void test_one_shot(void)
{
    static const char whole[] = "{\"output\": {\"message\":{\"role\":\"assistant\",\"content\":["
                                "{\"text\":\"a\"},7,"
                                "{\"toolUse\":{\"input\":{}}}]}},\"stopReason\":\"x\"}";
    struct bedrock_writer w = {0};
    struct bedrock_message *m;

    t_case("a one-shot response is given back as it came");
    CHECK(bedrock_message_open(&m, 0, NULL, NULL) == 0);
    CHECK(feed_response(m, whole) == 0);
    CHECK(bedrock_message_response(m, &w) == 0);
    CHECK_TEXT(w.out.p, w.out.len, whole);
    bedrock_write_free(&w);
    CHECK(bedrock_message_block(m, 2, &w) == 0);
    CHECK_TEXT(w.out.p, w.out.len, "{\"toolUse\":{\"input\":{}}}");
    CHECK(bedrock_message_block(m, 3, &w) == BEDROCK_ERR_USAGE);
    CHECK_TEXT(bedrock_message_kind(m, 2).p, bedrock_message_kind(m, 2).len, "toolUse");
    CHECK(bedrock_message_kind(m, 1).len == 0 && bedrock_message_kind(m, 3).len == 0);
    bedrock_write_free(&w);
    t_case("nothing comes behind it");
    CHECK(feed(m, "ping{}") == BEDROCK_ERR_PROTOCOL);
    bedrock_message_close(m);
    t_case("nor does it come behind something");
    CHECK(bedrock_message_open(&m, 0, NULL, NULL) == 0);
    CHECK(feed(m, "messageStart{}") == 0 && feed_response(m, whole) == BEDROCK_ERR_PROTOCOL);
    bedrock_message_close(m);
    t_case("a response without a message");
    CHECK(bedrock_message_open(&m, 0, NULL, NULL) == 0);
    CHECK(feed_response(m, "{\"a\":1}") == 0 && bedrock_message_write(m, &w) == BEDROCK_ERR_USAGE);
    CHECK(bedrock_message_block(m, 0, &w) == BEDROCK_ERR_USAGE && w.out.len == 0);
    bedrock_message_close(m);
    t_case("a response that is no object");
    CHECK(bedrock_message_open(&m, 0, NULL, NULL) == 0);
    CHECK(feed_response(m, "[]") == BEDROCK_ERR_PROTOCOL);
    bedrock_message_close(m);
    t_case("a response above the ceiling");
    CHECK(bedrock_message_open(&m, sizeof whole - 2, NULL, NULL) == 0);
    CHECK(feed_response(m, whole) == BEDROCK_ERR_LIMIT);
    bedrock_message_close(m);
}

/* ---- Ceilings ---- */

static void test_empty_deltas(void)
{
    static const char text[] = "{\"contentBlockIndex\":0,\"delta\":{\"text\":\"\"}}";
    struct bedrock_event ev = {0};
    struct bedrock_message *m;
    struct t_heap heap = {0};
    int rc = 0;

    t_case("deltas without any text cost no memory");
    ev.kind = BEDROCK_TEXT;
    ev.type = bdk_slice("contentBlockDelta");
    CHECK(bedrock_json_parse(text, strlen(text), &ev.json, NULL) == 0);
    CHECK(bedrock_message_open(&m, 0, t_heap_alloc, &heap) == 0);
    for (long i = 0; rc == 0 && i < 1000000; i++)
        rc = bedrock_message_add(m, &ev);
    CHECK(rc == 0);
    CHECKF(heap.calls < 8 && heap.peak < 8192, "%zu allocations, %zu bytes", heap.calls, heap.peak);
    bedrock_message_close(m);
    CHECK(heap.live == 0);
}

static void test_ceiling(void)
{
    struct bedrock_writer w = {0};
    struct bedrock_message *m;
    struct t_heap heap = {0};
    int rc = 0, n = 0;

    t_case("text up to the ceiling, and then no more");
    CHECK(bedrock_message_open(&m, 65536, t_heap_alloc, &heap) == 0);
    for (; rc == 0; n++)
        rc = feed(m, "D0{\"text\":\"0123456789012345678901234567890123456789\"}");
    CHECKF(rc == BEDROCK_ERR_LIMIT && n > 65536 / 40 - 20 && n <= 65536 / 40 + 1, "%d after %d", rc, n);
    CHECKF(heap.peak <= 3 * 65536 + 4096, "%zu", heap.peak);
    CHECK(strstr(bedrock_message_error(m)->message, "65536") != NULL);
    bedrock_message_close(m);
    t_case("a text in turn with another that replaces itself");
    CHECK(bedrock_message_open(&m, 8192, NULL, NULL) == 0);
    for (n = 0, rc = 0; rc == 0 && n < 4000; n++)
        rc = feed(m, n % 2 ? "metadata{\"usage\":{\"inputTokens\":123456}}" : "metadata{\"usage\":{}}");
    CHECK(rc == 0);
    bedrock_message_close(m);
    t_case("blocks up to 4096");
    CHECK(bedrock_message_open(&m, 0, NULL, NULL) == 0);
    for (n = 0, rc = 0; rc == 0 && n < 5000; n++) {
        char line[64];

        snprintf(line, sizeof line, "S%d{}", (n * 7919 + 13) % 5003);
        rc = feed(m, line);
    }
    CHECKF(rc == BEDROCK_ERR_LIMIT && n == 4097, "%d after %d", rc, n);
    bedrock_message_close(m);
    t_case("blocks up to the ceiling of memory");
    CHECK(bedrock_message_open(&m, 500, NULL, NULL) == 0);
    for (n = 0, rc = 0; rc == 0 && n < 100; n++) {
        char line[64];

        snprintf(line, sizeof line, "S%d{}", n);
        rc = feed(m, line);
    }
    CHECKF(rc == BEDROCK_ERR_LIMIT && n < 20, "%d after %d", rc, n);
    bedrock_message_close(m);
    t_case("members up to 64, over many events");
    CHECK(bedrock_message_open(&m, 0, NULL, NULL) == 0);
    for (n = 0, rc = 0; rc == 0 && n < 100; n++) {
        char line[64];

        snprintf(line, sizeof line, "D0{\"new\":{\"m%d\":%d}}", n, n);
        rc = feed(m, line);
    }
    CHECKF(rc == BEDROCK_ERR_LIMIT && n == 65, "%d after %d", rc, n);
    bedrock_message_close(m);
    t_case("members up to 64, in one event");
    for (int members = 64; members <= 65; members++) {
        struct bedrock_buffer line = {0};

        bdk_buffer_text(&line, "D0{");
        for (n = 0; n < members; n++) {
            char text[32];

            snprintf(text, sizeof text, "%s\"m%d\":%d", n ? "," : "", n, n);
            bdk_buffer_text(&line, text);
        }
        bedrock_buffer_append(&line, "}", 2);
        CHECK(bedrock_message_open(&m, 0, NULL, NULL) == 0);
        CHECK(feed(m, line.p) == (members == 64 ? 0 : BEDROCK_ERR_LIMIT));
        bedrock_message_close(m);
        bedrock_buffer_free(&line);
    }
    bedrock_write_free(&w);
}

/* before, then a value of so many levels, then behind. */
static void nested(struct bedrock_buffer *b, const char *before, int levels, const char *behind)
{
    bdk_buffer_text(b, before);
    for (int i = 0; i < levels; i++)
        bdk_buffer_text(b, "[");
    for (int i = 0; i < levels; i++)
        bdk_buffer_text(b, "]");
    bedrock_buffer_append(b, behind, strlen(behind) + 1);
}

static void test_depth(void)
{
    static const struct {
        const char *before, *behind;
        int refused;
    } cases[] = {
        {"metadata{\"x\":", "}", 1},
        {"D0{\"citation\":", "}", 1},
        {"D0{\"toolResult\":[{\"json\":", "}]}", 1},
        {"D0{\"toolUse\":{\"x\":", "}}", 1},
        {"D0{\"new\":{\"x\":", "}}", 1},
        {"D0{\"toolUse\":{\"input\":\"", "\"}}", 0}, /* stays text */
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        for (int levels = 479; levels <= 481; levels++) {
            struct bedrock_buffer line = {0};
            struct bedrock_writer w = {0};
            struct bedrock_message *m;
            int rc;

            t_case("%s, %d levels deep", cases[i].before, levels);
            nested(&line, cases[i].before, levels, cases[i].behind);
            CHECK(bedrock_message_open(&m, 0, NULL, NULL) == 0);
            rc = feed(m, line.p);
            if (rc == 0)
                rc = feed(m, "messageStop{}");
            if (levels == 481)
                CHECKF(rc == (cases[i].refused ? BEDROCK_ERR_LIMIT : 0), "%d", rc);
            if (levels == 479)
                CHECK(rc == 0);
            CHECK((bedrock_message_odd(m)[0] != 0) == (!cases[i].refused && levels == 481));
            for (int outside = 0; outside < 20; outside++)
                bedrock_write_array(&w);
            CHECK(bedrock_message_response(m, &w) == rc);
            bedrock_write_free(&w);
            bedrock_message_close(m);
            bedrock_buffer_free(&line);
        }
    }
}

int main(void)
{
    test_scripts();
    test_no_memory();
    test_odd();
    test_one_shot();
    test_empty_deltas();
    test_ceiling();
    test_depth();
    return t_end("test_assemble");
}
