/* test_keys.c - keys that providers bring: what is taken, what is refused, and that no value is shown.
 * Cases of our own. Leaves out: who asks for them (test_imds.c, test_container.c, test_process.c). */
#include "bedrock_int.h"
#include "t.h"
#include <stdlib.h>
#include <string.h>

#define SECRET "TopSecretValue+/="
#define PAIR "\"AccessKeyId\":\"AKID\",\"SecretAccessKey\":\"" SECRET "\""
#define TIME "\"Expiration\":\"2026-01-02T03:04:05Z\""

static char long_text[20000];

static struct bedrock_slice slice_n(size_t n)
{
    struct bedrock_slice s = {long_text, n};

    return s;
}

static void test_set(void)
{
    static const struct {
        const char *name, *id, *secret, *token, *account, *word;
    } cases[] = {
        {"all four", "AKID", SECRET, "tok==", "123456789012", NULL},
        {"a pair", "AKID", SECRET, "", "", NULL},
        {"no id", "", SECRET, "", "", "the access key id is empty"},
        {"no secret", "AKID", "", "", "", "the secret access key is empty"},
        {"a newline behind the id", "AKID\n", SECRET, "", "", "access key id holds"},
        {"a header in the token", "AKID", SECRET, "t" SECRET "\r\nX: y", "", "session token holds"},
        {"a space in the secret", "AKID", SECRET " ", "", "", "secret access key holds"},
        {"a DEL in the account", "AKID", SECRET, "", "1\x7F", "account id holds"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct bedrock_error e = {0};
        struct bdk_keys k = {0};
        int rc;

        t_case("keys: %s", cases[i].name);
        CHECK(bdk_keys_set(&k, bdk_slice("OLD"), bdk_slice("old"), bdk_slice("older"), bdk_slice(NULL), 7,
                           "here", &e) == 0);
        rc = bdk_keys_set(&k, bdk_slice(cases[i].id), bdk_slice(cases[i].secret), bdk_slice(cases[i].token),
                          bdk_slice(cases[i].account), 9, "the test's source", &e);
        if (!cases[i].word) {
            CHECKF(rc == 0, "%s", e.message);
            CHECK(strcmp(k.access_key_id, cases[i].id) == 0 &&
                  strcmp(k.secret_access_key, cases[i].secret) == 0 && k.expires_s == 9);
            CHECK(strcmp(k.session_token ? k.session_token : "", cases[i].token) == 0);
            CHECK(strcmp(k.account_id ? k.account_id : "", cases[i].account) == 0);
            CHECK((k.session_token == NULL) == (cases[i].token[0] == 0));
        } else {
            CHECK(rc == BEDROCK_ERR_CONFIG && strncmp(e.message, "the test's source: ", 19) == 0);
            CHECKF(strstr(e.message, cases[i].word) && !strstr(e.message, SECRET), "%s", e.message);
            CHECK(strcmp(k.access_key_id, "OLD") == 0 && strcmp(k.session_token, "older") == 0 &&
                  k.expires_s == 7);
        }
        bdk_keys_free(&k);
        CHECK(k.access_key_id == NULL && k.text.p == NULL);
    }
}

static void test_ceilings(void)
{
    static const size_t max[4] = {256, 1024, BDK_KEYS_MAX_TOKEN, 64};

    memset(long_text, 'a', sizeof long_text);
    for (size_t i = 0; i < 4; i++)
        for (size_t over = 0; over < 2; over++) {
            size_t n[4] = {1, 1, 1, 1};
            struct bedrock_error e = {0};
            struct bdk_keys k = {0};
            int rc;

            t_case("keys: part %zu with %zu bytes", i, max[i] + over);
            n[i] = max[i] + over;
            rc = bdk_keys_set(&k, slice_n(n[0]), slice_n(n[1]), slice_n(n[2]), slice_n(n[3]), 1, "here", &e);
            CHECKF(rc == (over ? BEDROCK_ERR_CONFIG : 0), "%d: %s", rc, e.message);
            CHECK(!over || strstr(e.message, "more than any"));
            bdk_keys_free(&k);
        }
    t_case("keys: every part as long as it may be");
    {
        struct bedrock_error e = {0};
        struct bdk_keys k = {0};

        CHECK(bdk_keys_set(&k, slice_n(max[0]), slice_n(max[1]), slice_n(max[2]), slice_n(max[3]), 1, "here",
                           &e) == 0);
        CHECK(strlen(k.session_token) == max[2] && strlen(k.account_id) == max[3]);
        bdk_keys_free(&k);
    }
}

static void test_copy(void)
{
    struct bedrock_error e = {0};
    struct bdk_keys a = {0}, b = {0};
    struct t_heap heap = {0};
    int rc;

    t_case("keys: a copy stands alone; with no memory it stays what it was");
    b.text.alloc = t_heap_alloc;
    b.text.alloc_ctx = &heap;
    CHECK(bdk_keys_set(&a, bdk_slice("AKID"), bdk_slice(SECRET), bdk_slice(NULL), bdk_slice("12"), INT64_MAX,
                       "here", &e) == 0);
    CHECK(bdk_keys_set(&b, bdk_slice("OLD"), bdk_slice("old"), bdk_slice("t"), bdk_slice(NULL), 1, "here",
                       &e) == 0);
    heap.fail_at = heap.calls + 1;
    CHECK(bdk_keys_copy(&b, &a) == BEDROCK_ERR_NOMEM && strcmp(b.access_key_id, "OLD") == 0);
    CHECK(bdk_keys_copy(&b, &a) == 0);
    bdk_keys_free(&a);
    CHECK(strcmp(b.access_key_id, "AKID") == 0 && strcmp(b.secret_access_key, SECRET) == 0);
    CHECK(b.session_token == NULL && strcmp(b.account_id, "12") == 0 && b.expires_s == INT64_MAX);
    heap.fail_at = heap.calls + 1;
    rc = bdk_keys_set(&b, bdk_slice("N"), bdk_slice("n"), bdk_slice(NULL), bdk_slice(NULL), 1, "here", &e);
    CHECK(rc == BEDROCK_ERR_NOMEM && strcmp(b.access_key_id, "AKID") == 0);
    bdk_keys_free(&b);
    CHECK(heap.live == 0);
}

static void test_age(void)
{
    static const struct {
        int64_t left;
        enum bdk_keys_age age;
        int expired;
    } cases[] = {
        {3600, BDK_KEYS_FRESH, 0}, {301, BDK_KEYS_FRESH, 0}, {300, BDK_KEYS_DUE, 0}, {60, BDK_KEYS_DUE, 0},
        {59, BDK_KEYS_SPENT, 0}, {0, BDK_KEYS_SPENT, 0}, {-1, BDK_KEYS_SPENT, 1}, {-99999, BDK_KEYS_SPENT, 1},
    };
    static const int64_t now_s = 1767323045; /* 2026-01-02T03:04:05Z */
    struct bdk_keys k = {0};

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct bedrock_error e = {0};
        int rc;

        t_case("keys: %d seconds left", (int)cases[i].left);
        k.expires_s = now_s;
        CHECK(bdk_keys_age(&k, now_s - cases[i].left) == cases[i].age);
        rc = bdk_keys_json(&k, BDK_KEYS_PROCESS, bdk_slice("{\"Version\":1," PAIR "," TIME "}"), NULL,
                           now_s - cases[i].left, "here", &e);
        CHECK((rc != 0) == cases[i].expired);
        CHECK(rc == 0 || strstr(e.message, "expired at 2026-01-02 03:04:05 UTC, and"));
    }
    t_case("keys: some never expire; old ones of an instance live on");
    bdk_keys_free(&k);
    k.expires_s = INT64_MAX;
    CHECK(bdk_keys_age(&k, now_s) == BDK_KEYS_FRESH);
    bdk_keys_extend(&k, now_s, 0);
    CHECK(k.expires_s == now_s + 300);
    bdk_keys_extend(&k, now_s, UINT32_MAX);
    CHECK(k.expires_s == now_s + 599);
}

static const struct {
    const char *name;
    enum bdk_keys_form form;
    const char *json, *word;    /* word NULL: taken */
    const char *token, *account;
    int64_t expires_s;
    int retryable;
} json_cases[] = {
    {"an endpoint", BDK_KEYS_ENDPOINT, "{" PAIR ",\"Token\":\"t/1\"," TIME "}", NULL, "t/1", "77", 1767323045,
     0},
    {"an instance", BDK_KEYS_ENDPOINT, "{\"Code\" : \"Success\",\"Type\":\"AWS-HMAC\","
     PAIR ",\"Token\":\"t\"," TIME
     ",\"LastUpdated\":\"x\"}", NULL, "t", "77", 1767323045, 0},
    {"an account", BDK_KEYS_ENDPOINT, "{" PAIR ",\"Token\":\"t\",\"AccountId\":\"12\"," TIME "}", NULL, "t",
     "12",
     1767323045, 0},
    {"other case", BDK_KEYS_ENDPOINT,
     "{\"accesskeyid\":\"AKID\",\"SECRETACCESSKEY\":\"" SECRET "\",\"token\":\"t\","
     "\"expiration\":\"2026-01-02T04:04:05.5+01:00\"}", NULL, "t", "77", 1767323045, 0},
    {"escapes", BDK_KEYS_ENDPOINT,
     "{\"AccessKeyId\":\"\\u0041KID\",\"SecretAccessKey\":\"TopSecretValue+\\/=\","
     "\"Token\":\"a\\u002fb\"," TIME "}", NULL, "a/b", "77", 1767323045, 0},
    {"the last of two", BDK_KEYS_PROCESS, "{\"Version\":1,\"AccessKeyId\":\"x\"," PAIR "}", NULL, "", "77",
     INT64_MAX, 0},
    {"a process", BDK_KEYS_PROCESS, " {\"Version\": 1,\n" PAIR "}\n", NULL, "", "77", INT64_MAX, 0},
    {"a process with everything", BDK_KEYS_PROCESS, "{\"Version\":1,"
     PAIR ",\"SessionToken\":\"s\",\"AccountId\":"
     "\"9\"," TIME "}", NULL, "s", "9", 1767323045, 0},
    {"a process with nulls", BDK_KEYS_PROCESS, "{\"Version\":1,"
     PAIR ",\"SessionToken\":null,\"Expiration\":null}",
     NULL, "", "77", INT64_MAX, 0},
    {"a process with empty ones", BDK_KEYS_PROCESS, "{\"Version\":1,"
     PAIR ",\"SessionToken\":\"\",\"Expiration\":"
     "\"\"}", NULL, "", "77", INT64_MAX, 0},

    {"nothing", BDK_KEYS_ENDPOINT, "", "the answer is empty", 0, 0, 0, 1},
    {"HTML", BDK_KEYS_ENDPOINT, "<html>" SECRET "</html>", "not a JSON object", 0, 0, 0, 1},
    {"an array", BDK_KEYS_ENDPOINT, "[1]", "not a JSON object", 0, 0, 0, 1},
    {"cut", BDK_KEYS_ENDPOINT, "{" PAIR ",\"Token\":\"t\"", "not a JSON object", 0, 0, 0, 1},
    {"no token", BDK_KEYS_ENDPOINT, "{" PAIR "," TIME "}", "no Token", 0, 0, 0, 1},
    {"the token of a process", BDK_KEYS_ENDPOINT, "{" PAIR ",\"SessionToken\":\"t\"," TIME "}", "no Token", 0,
     0, 0, 1},
    {"no expiry", BDK_KEYS_ENDPOINT, "{" PAIR ",\"Token\":\"t\"}", "no Expiration", 0, 0, 0, 1},
    {"a bad expiry", BDK_KEYS_ENDPOINT, "{" PAIR ",\"Token\":\"t\",\"Expiration\":\"tomorrow\"}",
     "is no time", 0, 0, 0, 1},
    {"a number as expiry", BDK_KEYS_PROCESS, "{\"Version\":1," PAIR ",\"Expiration\":1767323045}",
     "is no time", 0, 0, 0, 0},
    {"a number as an endpoint's expiry", BDK_KEYS_ENDPOINT,
     "{" PAIR ",\"Token\":\"t\",\"Expiration\":1767323045}", "is no time", 0, 0, 0, 1},
    {"a long expiry", BDK_KEYS_PROCESS, "{\"Version\":1," PAIR ",\"Expiration\":\"2026-01-02T03:04:05Z"
     "                                                             \"}", "is no time", 0, 0, 0, 0},
    {"no id", BDK_KEYS_ENDPOINT, "{\"SecretAccessKey\":\"" SECRET "\",\"Token\":\"t\"," TIME "}",
     "no AccessKeyId",
     0, 0, 0, 1},
    {"a number as id", BDK_KEYS_ENDPOINT,
     "{\"AccessKeyId\":5,\"SecretAccessKey\":\"" SECRET "\",\"Token\":\"t\"}",
     "no AccessKeyId", 0, 0, 0, 1},
    {"no secret", BDK_KEYS_PROCESS, "{\"Version\":1,\"AccessKeyId\":\"AKID\"}", "no SecretAccessKey", 0, 0, 0,
     0},
    {"a header", BDK_KEYS_ENDPOINT, "{" PAIR ",\"Token\":\"t\\r\\nX: " SECRET "\"," TIME "}",
     "session token holds",
     0, 0, 0, 0},
    {"a NUL", BDK_KEYS_ENDPOINT, "{" PAIR ",\"Token\":\"t\\u0000\"," TIME "}", "session token holds", 0, 0, 0,
     0},
    {"a wrong Code", BDK_KEYS_ENDPOINT,
     "{\"Code\":\"AssumeRoleUnauthorizedAccess\",\"Message\":\"EC2 cannot\\n"
     "assume it\"," PAIR ",\"Token\":\"t\"," TIME "}",
     "here: AssumeRoleUnauthorizedAccess: EC2 cannot assume it",
     0, 0, 0, 0},
    {"no version", BDK_KEYS_PROCESS, "{" PAIR "}", "has no \"Version\"", 0, 0, 0, 0},
    {"version 2", BDK_KEYS_PROCESS, "{\"Version\":2," PAIR "}", "not the number 1", 0, 0, 0, 0},
    {"version \"1\"", BDK_KEYS_PROCESS, "{\"Version\":\"1\"," PAIR "}", "not the number 1", 0, 0, 0, 0},
};

static void test_json(void)
{
    for (size_t i = 0; i < sizeof json_cases / sizeof json_cases[0]; i++) {
        size_t n = strlen(json_cases[i].json);
        struct bedrock_slice json = {t_guard(json_cases[i].json, n), n};
        struct bedrock_error e = {0};
        struct bdk_keys k = {0};
        int rc;

        t_case("keys in JSON: %s", json_cases[i].name);
        rc = bdk_keys_json(&k, json_cases[i].form, json, "77", BDK_ALSO_EXPIRED, "here", &e);
        t_guard_free((char *)(uintptr_t)json.p, n);
        if (!json_cases[i].word) {
            CHECKF(rc == 0, "%s", e.message);
            CHECK(rc != 0 || (strcmp(k.access_key_id, "AKID") == 0 && strcmp(k.secret_access_key,
                  SECRET) == 0));
            CHECK(strcmp(k.session_token ? k.session_token : "", json_cases[i].token) == 0);
            CHECK(strcmp(k.account_id ? k.account_id : "", json_cases[i].account) == 0);
            CHECKF(k.expires_s == json_cases[i].expires_s, "expires %lld", (long long)k.expires_s);
        } else {
            CHECK(rc == BEDROCK_ERR_CONFIG && k.access_key_id == NULL);
            CHECKF(strstr(e.message, json_cases[i].word) && strncmp(e.message, "here: ", 6) == 0 &&
                   !strstr(e.message, SECRET) && !strchr(e.message, '\n'), "%s", e.message);
            CHECK(e.retryable == json_cases[i].retryable);
        }
        bdk_keys_free(&k);
    }
}

/* A text that was cut anywhere is never taken for the whole. */
static void test_json_cut(void)
{
    static const char json[] = "{\"Code\":\"Success\"," PAIR ",\"Token\":\"t\"," TIME "}";

    t_case("keys in JSON: cut at every byte");
    for (size_t n = 0; n < sizeof json - 1; n++) {
        struct bedrock_slice part = {t_guard(json, n), n};
        struct bedrock_error e = {0};
        struct bdk_keys k = {0};

        CHECKF(bdk_keys_json(&k, BDK_KEYS_ENDPOINT, part, NULL, 0, "here", &e) == BEDROCK_ERR_CONFIG, "%zu",
               n);
        t_guard_free((char *)(uintptr_t)part.p, n);
        bdk_keys_free(&k);
    }
}

static int json_in(void *ctx, struct t_heap *heap)
{
    struct bdk_keys k = {.text = {.alloc = t_heap_alloc, .alloc_ctx = heap}};
    struct bedrock_error e = {0};
    int rc = bdk_keys_json(&k, BDK_KEYS_ENDPOINT, bdk_slice(json_cases[0].json), NULL, 0, "here", &e);

    (void)ctx;
    bdk_keys_free(&k);
    return rc;
}

static void test_json_memory(void)
{
    t_case("keys in JSON: allocation n fails");
    t_no_memory(json_in, NULL);
}

static void test_fetch(void)
{
    struct bdk_endpoint to;
    struct bedrock_error e = {0};
    struct t_heap heap = {0};
    struct bdk_fetch f;

    t_case("a request in parts");
    CHECK(bdk_url_parse(&to, "http://example.com:81/base", &e) == 0 && !to.tls);
    CHECK(bdk_endpoint_parse(&to, "http://example.com:81/base", &e) == BEDROCK_ERR_CONFIG);
    bdk_fetch_init(&f, t_heap_alloc, &heap);
    bdk_fetch_begin(&f, &to, "GET", "/x?y", "the thing");
    CHECK(bdk_fetch_header(&f, "A", bdk_slice("b c")) == 0 && bdk_fetch_header(&f, "D", bdk_slice("")) == 0);
    CHECK_TEXT(f.target.p, f.target.len, "/base/x?y");
    CHECK_TEXT(f.headers.p, f.headers.len, "A: b c\r\nD: \r\n");
    memset(&e, 0, sizeof e);
    CHECK(bdk_fetch_check(&f, &e) == 0 && f.to.port == 81 && f.attempts == 0);

    t_case("a request begun anew, and a value that would end its line");
    f.direct = 1;
    bdk_fetch_begin(&f, &to, "PUT", "/", "the other thing");
    CHECK(f.direct == 0 && f.headers.len == 0);
    CHECK_TEXT(f.target.p, f.target.len, "/base/");
    CHECK(bdk_fetch_header(&f, "A", bdk_slice("b\r\nX: " SECRET)) == BEDROCK_ERR_USAGE);
    CHECK(bdk_fetch_header(&f, "A", bdk_slice("good")) == BEDROCK_ERR_USAGE && f.headers.len == 0);
    CHECK(bdk_fetch_check(&f, &e) == BEDROCK_ERR_USAGE && !strstr(e.message, SECRET));
    CHECKF(strstr(e.message, "the other thing") != NULL, "%s", e.message);

    t_case("a request with no memory for it");
    memset(&e, 0, sizeof e);
    heap.fail_at = heap.calls + 1;
    heap.onward = 1;
    bdk_fetch_begin(&f, &to, "PUT", "/", "the other thing");
    CHECK(bdk_fetch_check(&f, &e) == BEDROCK_ERR_NOMEM);
    bdk_fetch_free(&f);
    CHECK(heap.live == 0);
}

static void test_refused(void)
{
    static const struct {
        int status;
        const char *body, *message;
        int retryable;
    } cases[] = {
        {404, "<html>\n<b>404</b></html>", "the thing answered HTTP 404", 0},
        {403, "", "the thing answered HTTP 403", 0},
        {400, "{\"code\":\"Bad\",\"message\":\"no \\u001b[1m\"}", "the thing answered HTTP 400: Bad: no  [1m",
         0},
        {500, "{\"Message\":\"later\"}", "the thing answered HTTP 500: later", 1},
        {429, "[1]", "the thing answered HTTP 429", 1},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct bdk_http_head h = {0};
        struct bedrock_error e = {0};
        struct bdk_fetch f = {0};

        t_case("refused with %d", cases[i].status);
        f.what = "the thing";
        h.status = cases[i].status;
        CHECK(bdk_fetch_refused(&f, &h, bdk_slice(cases[i].body), &e) == BEDROCK_ERR_CONFIG);
        CHECK_TEXT(e.message, strlen(e.message), cases[i].message);
        CHECK(e.http_status == cases[i].status && e.retryable == cases[i].retryable);
    }
}

int main(void)
{
    test_set();
    test_ceilings();
    test_copy();
    test_age();
    test_json();
    test_json_cut();
    test_json_memory();
    test_fetch();
    test_refused();
    return t_end("test_keys");
}
