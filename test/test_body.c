/* test_body.c - request bodies: messages, attachments, names, limits, files that are none.
 * Amazon Bedrock API reference, Converse and DocumentBlock. Leaves out: what files are (test_media.c). */
#define _DEFAULT_SOURCE
#include "bedrock_int.h"
#include "t.h"
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PNG "\x89PNG\r\n\x1A\n"
#define PNG_IMAGE "{\"image\":{\"format\":\"png\",\"source\":{\"bytes\":\"iVBORw0KGgo=\"}}}"
#define PDF_DOCUMENT(name) \
    "{\"document\":{\"format\":\"pdf\",\"name\":\"" name "\",\"source\":{\"bytes\":\"JVBERi0=\"}}}"
#define USER(content) "{\"messages\":[{\"role\":\"user\",\"content\":[" content "]}]}"

static void text(struct bedrock_body *b, const char *s)
{
    bedrock_body_text(b, s, strlen(s));
}

static void raw(struct bedrock_body *b, const char *json)
{
    bedrock_body_raw(b, json, strlen(json));
}

static void member(struct bedrock_body *b, const char *name, const char *json)
{
    bedrock_body_member(b, name, json, strlen(json));
}

static void messages(struct bedrock_body *b, const char *json)
{
    bedrock_body_messages(b, json, strlen(json));
}

static struct bedrock_json parsed(const char *json)
{
    struct bedrock_json v;

    CHECKF(bedrock_json_parse(json, strlen(json), &v, NULL) == 0, "%s", json);
    return v;
}

/* End it and compare; then it is free. */
static void check_body(struct bedrock_body *b, const char *want)
{
    struct bedrock_json v;
    int rc = bedrock_body_end(b);

    if (CHECKF(rc == 0, "%d: %s", rc, b->error.message)) {
        CHECK_TEXT(b->w.out.p, b->w.out.len, want);
        CHECK(bedrock_json_parse(b->w.out.p, b->w.out.len, &v, NULL) == 0);
        CHECK(b->error.code == 0);
    }
    bedrock_body_free(b);
}

/* It has failed, for good, with these words in the message; then it is free. */
static void check_failed(struct bedrock_body *b, int code, const char *words)
{
    CHECKF(bedrock_body_message(b, "user") == code, "%d", b->w.out.error);
    CHECK(bedrock_body_text(b, "x", 1) == code);
    CHECKF(bedrock_body_end(b) == code && b->error.code == code, "%d", b->error.code);
    CHECKF(strstr(b->error.message, words) != NULL, "message: %s", b->error.message);
    bedrock_body_free(b);
}

/* ---- Messages and members ---- */

static void test_messages(void)
{
    struct bedrock_body b = {0};

    t_case("nothing at all");
    check_body(&b, "{}");
    t_case("a text");
    bedrock_body_message(&b, "user");
    text(&b, "a \"b\"\n\xE2\x82\xAC");
    check_body(&b, USER("{\"text\":\"a \\\"b\\\"\\n\xE2\x82\xAC\"}"));
    t_case("several messages; one role goes on in one message");
    bedrock_body_message(&b, "user");
    text(&b, "a");
    bedrock_body_message(&b, "user");
    text(&b, "b");
    bedrock_body_message(&b, "assistant");
    text(&b, "c");
    bedrock_body_message(&b, "user");
    text(&b, "d");
    check_body(&b, "{\"messages\":[{\"role\":\"user\",\"content\":[{\"text\":\"a\"},{\"text\":\"b\"}]},"
                   "{\"role\":\"assistant\",\"content\":[{\"text\":\"c\"}]},"
                   "{\"role\":\"user\",\"content\":[{\"text\":\"d\"}]}]}");
    t_case("system prompt, members, cache points");
    member(&b, "serviceTier", "{ \"type\": \"flex\" }");
    bedrock_body_system(&b);
    text(&b, "s");
    bedrock_body_cache_point(&b, "1h");
    bedrock_body_system(&b);
    text(&b, "t");
    bedrock_body_message(&b, "user");
    text(&b, "q");
    bedrock_body_cache_point(&b, NULL);
    member(&b, "inferenceConfig", "{\"topP\":0.10}");
    check_body(&b, "{\"serviceTier\":{ \"type\": \"flex\" },\"system\":[{\"text\":\"s\"},{\"cachePoint\":"
                   "{\"type\":\"default\",\"ttl\":\"1h\"}},{\"text\":\"t\"}],\"messages\":[{"
                   "\"role\":\"user\",\"content\":[{\"text\":\"q\"},{\"cachePoint\":"
                   "{\"type\":\"default\"}}]}],\"inferenceConfig\":{\"topP\":0.10}}");
    t_case("raw blocks");
    bedrock_body_message(&b, "assistant");
    raw(&b, " {\"toolUse\":{\"toolUseId\":\"t\",\"name\":\"n\",\"input\":{\"n\":1.50}}} ");
    check_body(&b, "{\"messages\":[{\"role\":\"assistant\",\"content\":[{\"toolUse\":{\"toolUseId\":\"t\","
                   "\"name\":\"n\",\"input\":{\"n\":1.50}}}]}]}");
    t_case("inside of something else");
    bedrock_write_object(&b.w);
    bedrock_write_name(&b.w, "input");
    bedrock_write_array(&b.w);
    bedrock_body_message(&b, "user");
    text(&b, "q");
    CHECK(bedrock_body_end(&b) == 0);
    bedrock_write_array_end(&b.w);
    bedrock_write_object_end(&b.w);
    CHECK(bedrock_write_end(&b.w) == 0);
    CHECK_TEXT(b.w.out.p, b.w.out.len, "{\"input\":[" USER("{\"text\":\"q\"}") "]}");
    bedrock_body_free(&b);
    bedrock_body_free(NULL);
}

static void test_tool_results(void)
{
    struct bedrock_body b = {0};
    static const struct {
        const char *status, *output, *block;
    } cases[] = {
        {NULL, " {\"a\": 1.0} ", "\"content\":[{\"json\":{\"a\": 1.0}}]"},
        {"success", "{}", "\"content\":[{\"json\":{}}],\"status\":\"success\""},
        {"error", "no such city", "\"content\":[{\"text\":\"no such city\"}],\"status\":\"error\""},
        {NULL, "[1]", "\"content\":[{\"text\":\"[1]\"}]"},
        {NULL, "{\"a\":}", "\"content\":[{\"text\":\"{\\\"a\\\":}\"}]"},
        {NULL, "", "\"content\":[{\"text\":\"\"}]"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char want[300];

        t_case("tool result: %s", cases[i].output);
        bedrock_body_message(&b, "user");
        bedrock_body_tool_result(&b, "t-1", cases[i].status, cases[i].output, strlen(cases[i].output));
        snprintf(want, sizeof want, USER("{\"toolResult\":{\"toolUseId\":\"t-1\",%s}}"), cases[i].block);
        check_body(&b, want);
    }
}

static void test_conversation(void)
{
    struct bedrock_body b = {0};

    t_case("a conversation, and a message that joins its last");
    messages(&b, "[{\"role\":\"assistant\",\"content\":[{\"text\":\"a\"}]},"
                 "{\"content\":[{\"text\":\"b\"}],\"new\":1,\"role\":\"us\\u0065r\"}]");
    bedrock_body_message(&b, "user");
    text(&b, "c");
    check_body(&b, "{\"messages\":[{\"role\":\"assistant\",\"content\":[{\"text\":\"a\"}]},{\"new\":1,"
                   "\"role\":\"us\\u0065r\",\"content\":[{\"text\":\"b\"},{\"text\":\"c\"}]}]}");
    t_case("a conversation, and a message behind it");
    messages(&b, "[{\"role\":\"user\",\"content\":[{\"text\":\"a\"}]}]");
    messages(&b, "[{\"role\":\"assistant\",\"content\":[{\"text\":\"b\"}]}]");
    bedrock_body_message(&b, "user");
    text(&b, "c");
    check_body(&b, "{\"messages\":[{\"role\":\"user\",\"content\":[{\"text\":\"a\"}]},"
                   "{\"role\":\"assistant\",\"content\":[{\"text\":\"b\"}]},"
                   "{\"role\":\"user\",\"content\":[{\"text\":\"c\"}]}]}");
    messages(&b, " [ {\"role\":\"assistant\",\"content\":[]} ] ");
    bedrock_body_message(&b, "user");
    text(&b, "c");
    check_body(&b, "{\"messages\":[{\"role\":\"assistant\",\"content\":[]},"
                   "{\"role\":\"user\",\"content\":[{\"text\":\"c\"}]}]}");
    t_case("a conversation that has not begun");
    messages(&b, "[]");
    bedrock_body_message(&b, "user");
    check_body(&b, USER(""));
    t_case("a document of a conversation keeps its name");
    messages(&b, "[{\"role\":\"user\",\"content\":[{\"text\":\"t\"},{\"document\":{\"name\":\"a\","
                 "\"source\":{\"text\":\"x\"}}}]}]");
    bedrock_body_message(&b, "user");
    bedrock_body_bytes(&b, "a.pdf", "%PDF-", 5);
    check_body(&b, USER("{\"text\":\"t\"},{\"document\":{\"name\":\"a\",\"source\":{\"text\":\"x\"}}},"
                        PDF_DOCUMENT("a (2)")));
}

static void test_merging(void)
{
    static const char *const none[] = {NULL}, *const some[] = {"b", "messages", NULL};
    struct bedrock_json base = parsed("{\"model\\u0049d\":\"m\",\"a\":[ 1 ],\"messages\":[],"
                                      "\"b\":{\"x\":1,\"y\":2.0}}");
    struct bedrock_body b = {0};

    t_case("a whole request");
    bedrock_body_request(&b, base, none);
    check_body(&b, "{\"a\":[ 1 ],\"messages\":[],\"b\":{\"x\":1,\"y\":2.0}}");
    bedrock_body_request(&b, base, NULL);
    check_body(&b, "{\"a\":[ 1 ],\"messages\":[],\"b\":{\"x\":1,\"y\":2.0}}");
    t_case("a request, members left out, one of them merged");
    bedrock_body_request(&b, base, some);
    bedrock_body_merged(&b, "b", bedrock_json_get(base, "b"), parsed("{\"x\":[3],\"z\":4}"));
    check_body(&b, "{\"a\":[ 1 ],\"b\":{\"y\":2.0,\"x\":[3],\"z\":4}}");
    t_case("merged with nothing, and with what is no object");
    bedrock_body_merged(&b, "b", bedrock_json_get(base, "none"), parsed("{\"x\":1}"));
    bedrock_body_merged(&b, "c", bedrock_json_get(base, "a"), parsed("{}"));
    check_body(&b, "{\"b\":{\"x\":1},\"c\":{}}");
    t_case("a request that is none");
    bedrock_body_request(&b, bedrock_json_get(base, "none"), none);
    bedrock_body_request(&b, bedrock_json_get(base, "a"), none);
    check_body(&b, "{}");
}

/* ---- Attachments ---- */

static void test_attachments(void)
{
    struct bedrock_body b = {0};

    t_case("an image from a file");
    bedrock_body_message(&b, "user");
    bedrock_body_file(&b, t_write_file("a.txt", PNG, 8));
    check_body(&b, USER(PNG_IMAGE));
    t_case("a document gets the text that it needs");
    bedrock_body_message(&b, "user");
    bedrock_body_file(&b, t_write_file("a b.pdf", "%PDF-", 5));
    check_body(&b, USER(PDF_DOCUMENT("a b") ",{\"text\":\"See the document.\"}"));
    t_case("a document beside a text, before or behind it");
    bedrock_body_message(&b, "user");
    text(&b, "t");
    bedrock_body_file(&b, t_path("a b.pdf"));
    check_body(&b, USER("{\"text\":\"t\"}," PDF_DOCUMENT("a b")));
    bedrock_body_message(&b, "user");
    raw(&b, "{\"document\":{\"name\":\"n\"}}");
    bedrock_body_message(&b, "assistant");
    text(&b, "t");
    check_body(&b, "{\"messages\":[{\"role\":\"user\",\"content\":[{\"document\":{\"name\":\"n\"}},"
                   "{\"text\":\"See the document.\"}]},{\"role\":\"assistant\","
                   "\"content\":[{\"text\":\"t\"}]}]}");
    t_case("a system prompt's text is none for a document");
    bedrock_body_system(&b);
    text(&b, "s");
    bedrock_body_message(&b, "user");
    bedrock_body_file(&b, t_path("a b.pdf"));
    check_body(&b, "{\"system\":[{\"text\":\"s\"}],\"messages\":[{\"role\":\"user\",\"content\":["
                   PDF_DOCUMENT("a b") ",{\"text\":\"See the document.\"}]}]}");
    t_case("objects in S3");
    bedrock_body_message(&b, "user");
    bedrock_body_s3(&b, "s3://bkt/dir.x/k.JPG");
    bedrock_body_s3(&b, "s3://bkt/film.3gp");
    bedrock_body_s3(&b, "s3://bkt/notes.md");
    text(&b, "t");
    check_body(&b, USER("{\"image\":{\"format\":\"jpeg\",\"source\":{\"s3Location\":{\"uri\":"
                        "\"s3://bkt/dir.x/k.JPG\"}}}},{\"video\":{\"format\":\"three_gp\",\"source\":{"
                        "\"s3Location\":{\"uri\":\"s3://bkt/film.3gp\"}}}},{\"document\":{\"format\":\"md\","
                        "\"name\":\"notes\",\"source\":{\"s3Location\":{\"uri\":\"s3://bkt/notes.md\"}}}},"
                        "{\"text\":\"t\"}"));
}

static void test_names(void)
{
    static const struct {
        const char *path, *name;
    } cases[] = {
        {"report.pdf", "report"}, {"/a/b.c/report", "report"}, {"v1.2.tar.gz", "v1 2 tar"},
        {"my_own-file (1) [x].pdf", "my-own-file (1) [x]"}, {"a  b\t\nc.pdf", "a b c"},
        {"r\xC3\xA9sum\xC3\xA9.pdf", "r sum"}, {"\xE3\x80\x80x.pdf", "x"},
        {"John's #1 & only.pdf", "John s 1 only"},
        {".pdf", "document"}, {"...", "document"}, {"dir/", "document"}, {"\xE8\xB3\x87.pdf", "document"},
        {" a .pdf", "a"}, {"a\xFF", "a"},
    };
    char path[300], want[600], name[201];

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct bedrock_body b = {0};

        t_case("name of %s", cases[i].path);
        bedrock_body_message(&b, "user");
        bedrock_body_bytes(&b, cases[i].path, "%PDF-", 5);
        bedrock_body_bytes(&b, cases[i].path, "%PDF-", 5);
        bedrock_body_bytes(&b, cases[i].path, "%PDF-", 5);
        text(&b, "t");
        snprintf(want, sizeof want, USER(PDF_DOCUMENT("%s") "," PDF_DOCUMENT("%s (2)") ","
                 PDF_DOCUMENT("%s (3)") ",{\"text\":\"t\"}"), cases[i].name, cases[i].name, cases[i].name);
        check_body(&b, want);
    }
    t_case("long names are cut, the number included");
    {
        struct bedrock_body b = {0};
        struct bedrock_json v;

        memset(path, 'x', sizeof path);
        path[195] = '_';
        path[299] = 0;
        bedrock_body_message(&b, "user");
        for (int i = 0; i < 12; i++)
            bedrock_body_bytes(&b, path, "%PDF-", 5);
        CHECK(bedrock_body_end(&b) == 0);
        v = parsed(bedrock_buffer_append(&b.w.out, "", 1) == 0 ? b.w.out.p : "");
        v = bedrock_json_get(v, "messages[0].content");
        CHECK(bedrock_json_unescape(bedrock_json_get(v, "[0].document.name"), name, 201) == 200);
        CHECK(memcmp(name + 195, "-xxxx", 5) == 0);
        CHECK(bedrock_json_unescape(bedrock_json_get(v, "[11].document.name"), name, 201) == 200);
        CHECK(memcmp(name + 194, "x (12)", 6) == 0);
        bedrock_body_free(&b);
        t_case("no two spaces where one is cut");
        path[195] = ' ';
        bedrock_body_message(&b, "user");
        bedrock_body_bytes(&b, path, "%PDF-", 5);
        bedrock_body_bytes(&b, path, "%PDF-", 5);
        CHECK(bedrock_body_end(&b) == 0 && bedrock_buffer_append(&b.w.out, "", 1) == 0);
        CHECK(b.w.out.p && strstr(b.w.out.p, "xx (2)\"") != NULL);
        bedrock_body_free(&b);
    }
}

/* How many calls there are is somebody else's choice: once, each name was compared with all others, and
 * every number tried anew. */
static void test_many_names(void)
{
    struct bedrock_body b = {0};
    const char *first;

    t_case("twenty thousand documents of one name, and as many of others");
    bedrock_body_message(&b, "user");
    raw(&b, "{\"document\":{\"name\":\"a (77)\"}}");
    for (int i = 0; i < 20000; i++) {
        char path[32];

        snprintf(path, sizeof path, "b%d.txt", i);
        bedrock_body_bytes(&b, path, "x", 1);
        bedrock_body_bytes(&b, "a.txt", "x", 1);
    }
    CHECKF(bedrock_body_end(&b) == 0, "%s", b.error.message);
    CHECK(bedrock_buffer_append(&b.w.out, "", 1) == 0);
    CHECK(b.w.out.len > 300 && strstr(b.w.out.p + b.w.out.len - 300, "\"name\":\"a (20001)\"") != NULL);
    first = strstr(b.w.out.p, "\"a (77)\"");
    CHECK(first && !strstr(first + 1, "\"a (77)\""));
    bedrock_body_free(&b);
}

/* Each length around the size of a piece: nothing is lost where one ends. */
static void test_pieces(void)
{
    static const size_t sizes[] = {1, 2, 3, 6143, 6144, 6145, 12287, 12288, 12289, 12290, 30000};
    unsigned char bytes[30000];
    uint64_t seed = 5;

    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (unsigned char)t_rand(&seed);
    bytes[0] = 0; /* no text, so that the name counts */
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        struct bedrock_body b = {0}, same = {0};
        struct bedrock_buffer back = {0};
        struct bedrock_json v;

        t_case("a file of %zu bytes", sizes[i]);
        bedrock_body_message(&b, "user");
        bedrock_body_file(&b, t_write_file("x.pcm", (const char *)bytes, sizes[i]));
        bedrock_body_message(&same, "user");
        bedrock_body_bytes(&same, "x.pcm", bytes, sizes[i]);
        CHECKF(bedrock_body_end(&b) == 0 && bedrock_body_end(&same) == 0, "%s", b.error.message);
        CHECK(b.w.out.len == same.w.out.len && memcmp(b.w.out.p, same.w.out.p, b.w.out.len) == 0);
        CHECK(bedrock_json_parse(b.w.out.p, b.w.out.len, &v, NULL) == 0);
        v = bedrock_json_get(v, "messages[0].content[0].audio.source.bytes");
        CHECK(v.len > 2 && bdk_base64_decode(&back, v.p + 1, v.len - 2) == 0);
        CHECK(back.len == sizes[i] && memcmp(back.p, bytes, back.len) == 0);
        bedrock_buffer_free(&back);
        bedrock_body_free(&b);
        bedrock_body_free(&same);
    }
}

/* ---- What is wrong ---- */

static void check_file(const char *path, int code, const char *words)
{
    struct bedrock_body b = {0};

    bedrock_body_message(&b, "user");
    CHECKF(bedrock_body_file(&b, path) == code, "%s", b.error.message);
    CHECKF(strstr(b.error.message, path) != NULL, "the file is not named: %s", b.error.message);
    check_failed(&b, code, words);
}

static void test_bad_files(void)
{
    t_case("no file, a folder, a FIFO, an empty file");
    check_file(t_path("none.png"), BEDROCK_ERR_USAGE, "No such file");
    check_file(t_path("."), BEDROCK_ERR_USAGE, "irectory");
    mkfifo(t_path("fifo.png"), 0600);
    check_file(t_path("fifo.png"), BEDROCK_ERR_USAGE, "not a regular file");
    check_file(t_write_file("empty.png", "", 0), BEDROCK_ERR_USAGE, "is empty");
    t_case("a file that is nothing that the API takes");
    check_file(t_write_file("elf", "\x7F""ELF\2\1\1", 7), BEDROCK_ERR_USAGE, "no image, document, video");
    t_case("a file that may not be read");
    t_write_file("secret.txt", "x", 1);
    chmod(t_path("secret.txt"), 0);
    if (geteuid() == 0)
        t_skip("root may read everything");
    else
        check_file(t_path("secret.txt"), BEDROCK_ERR_USAGE, "Permission denied");
    t_case("a file that holds more than its size says");
    if (access("/proc/self/status", R_OK) == 0)
        check_file("/proc/self/status", BEDROCK_ERR_USAGE, "changed its size while it was read");
    else
        t_skip("there is no /proc");
    t_case("a file that holds less than its size says");
    if (access("/sys/kernel/mm/transparent_hugepage/enabled", R_OK) == 0)
        check_file("/sys/kernel/mm/transparent_hugepage/enabled", BEDROCK_ERR_USAGE,
                   "changed its size while it was read");
    else
        t_skip("there is no such file in /sys");
    t_case("a file of 50 MiB");
    CHECK(truncate(t_write_file("large.png", PNG, 8), 50l << 20) == 0);
    check_file(t_path("large.png"), BEDROCK_ERR_LIMIT,
               "its 52428800 bytes make the request larger than 33554432");
}

static void test_ceiling(void)
{
    size_t whole = strlen(USER(PNG_IMAGE));
    const char *path = t_write_file("a.png", PNG, 8);

    /* a few bytes are kept for the brackets at the end, so that it is the file that is named */
    for (size_t max = 40; max <= whole + 16; max++) {
        struct bedrock_body b = {0};
        int rc;

        t_case("a ceiling of %zu bytes", max);
        b.w.out.max = max;
        bedrock_body_message(&b, "user");
        bedrock_body_file(&b, path);
        rc = bedrock_body_end(&b);
        CHECKF(rc == (rc || max < whole ? BEDROCK_ERR_LIMIT : 0), "%d", rc);
        CHECKF(rc == 0 || max < whole + 16, "%s", b.error.message);
        CHECK(rc != 0 || b.w.out.len == whole);
        CHECK(rc == 0 || strstr(b.error.message, "larger than"));
        bedrock_body_free(&b);
        CHECK(b.w.out.max == max && b.w.out.error == 0 && b.error.code == 0);
    }
}

static void test_misuse(void)
{
    struct bedrock_body b = {0};

    t_case("blocks outside of a message");
    text(&b, "t");
    check_failed(&b, BEDROCK_ERR_USAGE, "in no message");
    raw(&b, "{}");
    check_failed(&b, BEDROCK_ERR_USAGE, "in no message");
    bedrock_body_bytes(&b, "x.png", PNG, 8);
    check_failed(&b, BEDROCK_ERR_USAGE, "in no message");
    bedrock_body_system(&b);
    bedrock_body_bytes(&b, "x.png", PNG, 8);
    check_failed(&b, BEDROCK_ERR_USAGE, "x.png: a system prompt takes no files");
    t_case("messages and system prompt twice, and after the end");
    bedrock_body_message(&b, "user");
    member(&b, "a", "1");
    bedrock_body_message(&b, "user");
    check_failed(&b, BEDROCK_ERR_USAGE, "in one go");
    bedrock_body_system(&b);
    member(&b, "a", "1");
    bedrock_body_system(&b);
    check_failed(&b, BEDROCK_ERR_USAGE, "in one go");
    CHECK(bedrock_body_end(&b) == 0);
    member(&b, "a", "1");
    check_failed(&b, BEDROCK_ERR_USAGE, "ended before");
    t_case("text, ids and names that are not UTF-8");
    bedrock_body_message(&b, "user");
    text(&b, "\xFF");
    check_failed(&b, BEDROCK_ERR_USAGE, "text is not UTF-8");
    bedrock_body_message(&b, "user");
    bedrock_body_tool_result(&b, "\xFF", NULL, "{}", 2);
    check_failed(&b, BEDROCK_ERR_USAGE, "toolUseId is not UTF-8");
    bedrock_body_message(&b, "\xC0");
    check_failed(&b, BEDROCK_ERR_USAGE, "role is not UTF-8");
    bedrock_body_message(&b, "user");
    bedrock_body_s3(&b, "s3://\xFF.png");
    check_failed(&b, BEDROCK_ERR_USAGE, "uri is not UTF-8");
    t_case("JSON that is none, or of another kind");
    member(&b, "toolConfig", "{\n \"tools\":}");
    check_failed(&b, BEDROCK_ERR_USAGE, "toolConfig:2:10: ");
    bedrock_body_message(&b, "user");
    raw(&b, "[]");
    check_failed(&b, BEDROCK_ERR_USAGE, "a JSON object");
    messages(&b, "{}");
    check_failed(&b, BEDROCK_ERR_USAGE, "a JSON array");
    messages(&b, "[{\"role\":\"user\",\"content\":[]},{\"role\":\"user\",\"content\":\"t\"}]");
    check_failed(&b, BEDROCK_ERR_USAGE, "message 2 ");
    messages(&b, "[7]");
    check_failed(&b, BEDROCK_ERR_USAGE, "message 1 ");
    messages(&b, "[{\"role\":\"a role that is too long\",\"content\":[]}]");
    check_failed(&b, BEDROCK_ERR_USAGE, "message 1 ");
    bedrock_body_merged(&b, "m", parsed("{}"), parsed("[]"));
    check_failed(&b, BEDROCK_ERR_USAGE, "m is a JSON object");
    t_case("roles and places that are none");
    bedrock_body_message(&b, "a role that is too long");
    check_failed(&b, BEDROCK_ERR_USAGE, "15 characters");
    bedrock_body_message(&b, "user");
    bedrock_body_s3(&b, "http://x/y.png");
    check_failed(&b, BEDROCK_ERR_USAGE, "http://x/y.png: does not begin with s3://");
    bedrock_body_message(&b, "user");
    bedrock_body_s3(&b, "s3://x/y");
    check_failed(&b, BEDROCK_ERR_USAGE, "s3://x/y: its extension is none");
    bedrock_body_message(&b, "user");
    bedrock_body_bytes(&b, "x.png", "", 0);
    check_failed(&b, BEDROCK_ERR_USAGE, "x.png: is empty");
}

static void test_warnings(void)
{
    struct bedrock_body b = {0};
    const char *warning;
    size_t at = 0;

    t_case("what the API reference says of numbers");
    bedrock_body_message(&b, "user");
    for (int i = 0; i < 20; i++)
        bedrock_body_bytes(&b, "x.png", PNG, 8);
    raw(&b, "{\"image\":{}}");
    for (int i = 0; i < 6; i++)
        bedrock_body_bytes(&b, "x.pdf", "%PDF-", 5);
    bedrock_body_message(&b, "assistant");
    CHECK(bedrock_body_end(&b) == 0);
    warning = bedrock_body_warning(&b, &at);
    CHECKF(warning && strstr(warning, "21 images in message 1;") && strstr(warning, "20 at most"), "%s",
           warning);
    warning = bedrock_body_warning(&b, &at);
    CHECKF(warning && strstr(warning, "6 documents in message 1;") && strstr(warning, "5 at most"), "%s",
           warning);
    CHECK(bedrock_body_warning(&b, &at) == NULL);
    bedrock_body_free(&b);
    t_case("what it says of sizes");
    at = 0;
    bedrock_body_message(&b, "user");
    CHECK(truncate(t_write_file("fits.png", PNG, 8), 3932160) == 0);
    bedrock_body_file(&b, t_path("fits.png"));
    CHECK(truncate(t_write_file("large.png", PNG, 8), 3932161) == 0);
    bedrock_body_file(&b, t_path("large.png"));
    CHECK(truncate(t_write_file("large.pdf", "%PDF-", 5), 4718593) == 0);
    bedrock_body_file(&b, t_path("large.pdf"));
    CHECK(bedrock_body_end(&b) == 0);
    warning = bedrock_body_warning(&b, &at);
    CHECKF(warning && strstr(warning, "large.png: 3932161 bytes"), "%s", warning);
    warning = bedrock_body_warning(&b, &at);
    CHECKF(warning && strstr(warning, "large.pdf: 4718593 bytes"), "%s", warning);
    CHECK(bedrock_body_warning(&b, &at) == NULL);
    bedrock_body_free(&b);
    t_case("a name that says something else");
    at = 0;
    bedrock_body_message(&b, "user");
    bedrock_body_bytes(&b, "x.png", "<html>not found", 15);
    bedrock_body_bytes(&b, "x.jpg", PNG, 8);
    CHECK(bedrock_body_end(&b) == 0);
    warning = bedrock_body_warning(&b, &at);
    CHECKF(warning && strcmp(warning, "x.png: is no image but a document (html)") == 0, "%s", warning);
    CHECK(bedrock_body_warning(&b, &at) == NULL);
    bedrock_body_free(&b);
}

/* ---- Memory ---- */

static int build(struct bedrock_body *b, const char *path)
{
    bedrock_body_system(b);
    text(b, "s");
    messages(b, "[{\"role\":\"user\",\"content\":[{\"document\":{\"name\":\"x\"}}]}]");
    bedrock_body_message(b, "user");
    bedrock_body_file(b, path);
    for (int i = 0; i < 21; i++)
        bedrock_body_bytes(b, "x.png", PNG, 8);
    member(b, "a", "{}");
    return bedrock_body_end(b);
}

static int build_in(void *ctx, struct t_heap *heap)
{
    struct bedrock_body b = {.w = {.out = {.alloc = t_heap_alloc, .alloc_ctx = heap}}};
    int rc = build(&b, t_path("memory.pdf"));

    (void)ctx;
    CHECK(rc == b.error.code);
    bedrock_body_free(&b);
    return rc;
}

static void test_memory(void)
{
    t_case("no memory, the first time, the second, ...");
    t_write_file("memory.pdf", "%PDF-", 5);
    CHECK(t_no_memory(build_in, NULL) >= 3);
}

/* A file of 20 MiB, with texts before and behind it, costs less than 2.5 times its base64 text. */
static void test_peak(void)
{
    const size_t size = (size_t)20 << 20, base64 = (size + 2) / 3 * 4;
    struct bedrock_body b = {0};
    struct t_heap heap = {0};
    char prompt[5000];

    t_case("peak memory of a file of 20 MiB");
    memset(prompt, 'p', sizeof prompt);
    CHECK(truncate(t_write_file("peak.pdf", "%PDF-", 5), (off_t)size) == 0);
    b.w.out.alloc = t_heap_alloc;
    b.w.out.alloc_ctx = &heap;
    bedrock_body_message(&b, "user");
    bedrock_body_text(&b, prompt, sizeof prompt);
    bedrock_body_file(&b, t_path("peak.pdf"));
    bedrock_body_text(&b, prompt, sizeof prompt);
    CHECKF(bedrock_body_end(&b) == 0, "%s", b.error.message);
    CHECKF(heap.peak < base64 / 2 * 5, "%zu bytes at the peak for %zu of base64", heap.peak, base64);
    bedrock_body_free(&b);
    CHECK(heap.live == 0);
}

int main(void)
{
    test_messages();
    test_tool_results();
    test_conversation();
    test_merging();
    test_attachments();
    test_names();
    test_many_names();
    test_pieces();
    test_bad_files();
    test_ceiling();
    test_misuse();
    test_warnings();
    test_memory();
    test_peak();
    return t_end("test_body");
}
