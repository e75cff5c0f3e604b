/* test_sso.c - IAM Identity Center: where the token is cached, when and how it is renewed, a role's keys, and
 * the very command that mends what is over. Cases of our own. Leaves out: the file itself
 * (test_cachefile.c). */
#include "bedrock_int.h"
#include "files.h"
#include "t.h"
#include <string.h>

#define NOW 1767323045 /* 2026-01-02T03:04:05Z */
#define FOLDER "/home/me/.aws/sso/cache/"
#define PATH FOLDER "e274eeff768c6396088ec6eb091f4bf4d47ab1e0.json" /* SHA-1 of "work" */
#define TOKEN "SecretAccessToken"
#define REFRESH "SecretRefreshToken"
#define SECRET "SecretClientSecret"
#define CACHE(expires, more) "{\"accessToken\":\"" TOKEN "\",\"expiresAt\":\"" expires "\"" more "}"
#define CLIENT(until) \
    ",\"refreshToken\":\"" REFRESH "\",\"clientId\":\"id\",\"clientSecret\":\"" SECRET "\"," \
                      "\"registrationExpiresAt\":\"" until "\",\"region\":\"eu-west-1\"," \
    "\"startUrl\":\"https://u/\""
#define FULL CACHE("2026-01-02T03:06:05Z", CLIENT("2026-03-01T00:00:00Z"))

static const char *const home[] = {"HOME", "/home/me", NULL};
static const struct bdk_endpoint endpoint = {.host = "h", .authority = "h", .port = 443, .tls = 1};

static int no_secret(const struct bedrock_error *e)
{
    return CHECKF(!strstr(e->message, TOKEN) && !strstr(e->message, REFRESH) && !strstr(e->message, SECRET),
                  "%s",
                  e->message);
}

/* A loaded token, of profile dev and session work. */
static int start(struct bdk_sso *s, const char *text, int is_session, bedrock_alloc_fn alloc, void *ctx,
                 struct bedrock_error *e)
{
    struct files_file list[] = {{PATH, text, 0, 0}, {NULL, NULL, 0, 0}};
    struct files disk = {home, list, ""};
    struct bdk_env env = files_env(&disk);
    int rc = bdk_sso_open(s, &env, "dev", is_session ? "work" : NULL, "work", alloc, ctx, e);

    return rc == 0 ? bdk_cache_load(&s->c, &env, e) : rc;
}

static void test_open(void)
{
    static const struct {
        const char *profile, *session, *url, *file, *login;
    } cases[] = {
        {"dev", "work", NULL, PATH, "aws sso login --profile dev"},
        {NULL, "work", "https://u/", PATH, "aws sso login --sso-session work"},
        {"dev", NULL, "https://my-sso.awsapps.com/start",
         FOLDER "a00fce5cb007c23a469c136160398db65edcb180.json",
         "aws sso login --profile dev"},
        {NULL, NULL, "work", PATH, "aws sso login"},
        {"my own; id", NULL, "work", PATH, "aws sso login --profile 'my own; id'"},
    };
    struct files disk = {home, NULL, ""};
    struct bdk_env env = files_env(&disk);

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct bedrock_error e = {0};
        struct bdk_sso s;

        t_case("the cache's name: %s", cases[i].file);
        CHECK(bdk_sso_open(&s, &env, cases[i].profile, cases[i].session, cases[i].url, NULL, NULL, &e) == 0);
        CHECK_TEXT(s.c.path, strlen(s.c.path), cases[i].file);
        CHECK_TEXT(s.c.login, strlen(s.c.login), cases[i].login);
    }
}

static void test_next(void)
{
    static const struct {
        const char *name, *text;
        int is_session, want;
    } cases[] = {
        {"an hour left", CACHE("2026-01-02T04:04:05Z", CLIENT("2026-03-01T00:00:00Z")), 1, 0},
        {"two minutes left", FULL, 1, BDK_MORE},
        {"expired", CACHE("2026-01-02T03:04:05Z", CLIENT("2026-03-01T00:00:00UTC")), 1, BDK_MORE},
        {"two minutes left, in the old form", FULL, 0, 0},
        {"expired, in the old form", CACHE("2026-01-02T03:04:05Z", CLIENT("2026-03-01T00:00:00Z")), 0, -3},
        {"two minutes left, nothing to renew it by", CACHE("2026-01-02T03:06:05Z", ""), 1, 0},
        {"expired, nothing to renew it by", CACHE("2026-01-01T03:06:05Z", ""), 1, -3},
        {"expired, and so has the registration",
         CACHE("2026-01-01T03:06:05Z", CLIENT("2026-01-02T03:04:05Z")), 1, -3},
        {"expired, and the registration has no time", CACHE("2026-01-01T03:06:05Z", CLIENT("never")), 1, -3},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct bedrock_error e = {0};
        struct bdk_sso s;

        t_case("renew it? %s", cases[i].name);
        CHECKF(start(&s, cases[i].text, cases[i].is_session, NULL, NULL, &e) == 0, "%s", e.message);
        CHECK(bdk_sso_next(&s, NOW, &e) == cases[i].want);
        if (cases[i].want < 0)
            CHECKF(strstr(e.message, "SSO token file " PATH ": it expired at 2026-01-0") &&
                   strstr(e.message, "; run aws sso login --profile dev"), "%s", e.message);
        no_secret(&e);
        bdk_cache_free(&s.c);
    }
}

/* ---- Renewal ---- */

static void test_refresh(void)
{
    struct bedrock_error e = {0};
    struct bdk_fetch f;
    struct bdk_sso s;

    t_case("the request for a new token");
    bdk_fetch_init(&f, NULL, NULL);
    CHECK(start(&s, FULL, 1, NULL, NULL, &e) == 0);
    CHECK(bdk_sso_refresh(&s, &f, &endpoint, NOW, &e) == 0);
    CHECK_TEXT(f.target.p, f.target.len, "/token");
    CHECK_TEXT(f.headers.p, f.headers.len, "Content-Type: application/json\r\n");
    CHECK_TEXT(f.body.p, f.body.len, "{\"clientId\":\"id\",\"clientSecret\":\"" SECRET
               "\",\"grantType\":\"refresh_token\",\"refreshToken\":\"" REFRESH "\"}");
    CHECK(strcmp(f.method, "POST") == 0 && !f.sign_service);
    t_case("it is not asked for again at once");
    CHECK(bdk_sso_next(&s, NOW + 29, &e) == 0 && bdk_sso_next(&s, NOW + 30, &e) == BDK_MORE);
    bdk_cache_free(&s.c);
    bdk_fetch_free(&f);
}

static const struct {
    const char *name;
    int status;
    const char *fields, *body, *word; /* word NULL: a new token; body is the file then */
    int retryable;
} answer_cases[] = {
    {"a new pair", 200, "", "{\"accessToken\":\"new\\n\",\"tokenType\":\"Bearer\",\"expiresIn\":3600,"
     "\"refreshToken\":\"r2\"}",
     NULL, 0},
    {"a token alone", 200, "", "{\"accessToken\":\"new\\n\",\"expiresIn\":3600}", NULL, 0},
    {"no token", 200, "", "{\"expiresIn\":3600}", "the answer has no accessToken", 0},
    {"an empty token", 200, "", "{\"accessToken\":\"\",\"expiresIn\":3600}", "the answer has no accessToken",
     0},
    {"no time", 200, "", "{\"accessToken\":\"new\"}", "in how many seconds", 0},
    {"a time below zero", 200, "", "{\"accessToken\":\"new\",\"expiresIn\":-1}", "in how many seconds", 0},
    {"a time out of range", 200, "", "{\"accessToken\":\"new\",\"expiresIn\":9223372036854775807}",
     "how many seconds", 0},
    {"HTML", 200, "", "<html>" TOKEN, "is not a JSON object", 0},
    {"nothing", 200, "", "", "is not a JSON object", 0},
    {"a grant that is over", 400, "x-amzn-ErrorType: InvalidGrantException:http://x/\r\n",
     "{\"error\":\"invalid_grant\",\"error_description\":\"Invalid refresh token " REFRESH "\"}",
     "IAM Identity Center (OIDC) answered HTTP 400: invalid_grant: Invalid refresh token ****; "
     "run aws sso login --profile dev", 0},
    {"an expired one", 400, "x-amzn-ErrorType: ExpiredTokenException\r\n", "{}",
     "answered HTTP 400: ExpiredTokenException; run aws sso login --profile dev", 0},
    {"another client", 401, "", "", "answered HTTP 401; run aws sso login --profile dev", 0},
    {"a bad request", 400, "", "{\"error\":\"invalid_request\"}", "answered HTTP 400: invalid_request", 0},
    {"a busy service", 500, "", "{\"error\":\"server_error\"}", "answered HTTP 500: server_error", 1},
};

static void test_answers(void)
{
    for (size_t i = 0; i < sizeof answer_cases / sizeof answer_cases[0]; i++) {
        struct bdk_http_head h = {.status = answer_cases[i].status,
                                  .fields = bdk_slice(answer_cases[i].fields)};
        size_t n = strlen(answer_cases[i].body);
        char *copy = t_guard(answer_cases[i].body, n);
        struct bedrock_error e = {0};
        struct bdk_fetch f;
        struct bdk_sso s;
        int rc;

        t_case("an answer: %s", answer_cases[i].name);
        bdk_fetch_init(&f, NULL, NULL);
        CHECK(start(&s, FULL, 1, NULL, NULL, &e) == 0 && bdk_sso_refresh(&s, &f, &endpoint, NOW, &e) == 0);
        rc = bdk_sso_refreshed(&s, &f, &h, (struct bedrock_slice){copy, n}, NOW, &e);
        if (answer_cases[i].word) {
            CHECKF(rc == BEDROCK_ERR_CONFIG && strstr(e.message, answer_cases[i].word), "%d: %s", rc,
                   e.message);
            CHECK(e.retryable == answer_cases[i].retryable);
            CHECK(strcmp(s.c.value[1], TOKEN) == 0);
            CHECK_TEXT(s.c.file.p, s.c.file.len, FULL);
            no_secret(&e);
        } else if (CHECKF(rc == 0, "%s", e.message)) {
            CHECK_TEXT(s.c.value[1], strlen(s.c.value[1]), "new\n");
            CHECK_TEXT(s.c.value[2], strlen(s.c.value[2]), i == 0 ? "r2" : REFRESH);
            CHECK(s.c.expires_s == NOW + 3600 && bdk_sso_next(&s, NOW, &e) == 0);
        }
        bdk_cache_free(&s.c);
        bdk_fetch_free(&f);
        t_guard_free(copy, n);
    }
}

static void test_file(void)
{
    static const char body[] = "{\"accessToken\":\"new\",\"expiresIn\":60}";
    struct bdk_http_head h = {.status = 200};
    struct bedrock_error e = {0};
    struct bdk_fetch f;
    struct bdk_sso s;

    t_case("the new file has what the old one had");
    bdk_fetch_init(&f, NULL, NULL);
    CHECK(start(&s, FULL, 1, NULL, NULL, &e) == 0 && bdk_sso_refresh(&s, &f, &endpoint, NOW, &e) == 0);
    CHECK(bdk_sso_refreshed(&s, &f, &h, bdk_slice(body), NOW, &e) == 0);
    CHECK_TEXT(s.c.file.p, s.c.file.len, "{\"clientId\":\"id\",\"clientSecret\":\"" SECRET "\","
               "\"registrationExpiresAt\":\"2026-03-01T00:00:00Z\",\"region\":\"eu-west-1\","
               "\"startUrl\":\"https://u/\",\"accessToken\":\"new\","
               "\"expiresAt\":\"2026-01-02T03:05:05Z\",\"refreshToken\":\"" REFRESH "\"}");
    bdk_cache_free(&s.c);
    bdk_fetch_free(&f);
}

/* ---- Keys ---- */

#define KEYS(id, ms) "{\"roleCredentials\":{\"accessKeyId\":\"" id "\",\"secretAccessKey\":\"" SECRET "\"," \
                     "\"sessionToken\":\"t+/=\",\"expiration\":" ms "}}"

static const struct {
    const char *name;
    int status;
    const char *fields, *body, *word;
    int retryable;
} key_cases[] = {
    {"keys", 200, "", KEYS("ASIA1", "1767326645999"), NULL, 0},
    {"no id", 200, "", "{\"roleCredentials\":{\"secretAccessKey\":\"" SECRET "\"}}", "has no accessKeyId", 0},
    {"no keys", 200, "", "{}", "has no accessKeyId", 0},
    {"a newline in the id", 200, "", KEYS("A\\nB", "1767326645999"), "access key id holds", 0},
    {"a time with a fraction", 200, "", KEYS("ASIA1", "1.5"), "has no expiration", 0},
    {"HTML", 200, "", "<html>", "is not JSON", 0},
    {"no longer signed in", 401, "x-amzn-ErrorType: UnauthorizedException\r\n",
     "{\"message\":\"Session token not found " TOKEN "\"}",
     "SSO token file " PATH ": IAM Identity Center does not take its token any more (HTTP 401); "
     "run aws sso login --profile dev", 0},
    {"no such role", 403, "x-amzn-ErrorType: ForbiddenException\r\n", "{\"message\":\"No access " TOKEN "\"}",
     "(GetRoleCredentials) answered HTTP 403: ForbiddenException: No access ****", 0},
    {"too many", 429, "x-amzn-ErrorType: TooManyRequestsException\r\n", "",
     "HTTP 429: TooManyRequestsException", 1},
    {"a proxy's page", 502, "", "<html>" TOKEN "</html>", "answered HTTP 502", 1},
};

static int ask(struct bdk_keys *k, size_t i, struct bedrock_error *e, bedrock_alloc_fn alloc, void *ctx)
{
    struct bdk_http_head h = {.status = key_cases[i].status, .fields = bdk_slice(key_cases[i].fields)};
    size_t n = strlen(key_cases[i].body);
    char *copy = t_guard(key_cases[i].body, n);
    struct bdk_fetch f;
    struct bdk_sso s;
    int rc = start(&s, FULL, 1, alloc, ctx, e);

    bdk_fetch_init(&f, alloc, ctx);
    if (rc == 0)
        rc = bdk_sso_role(&s, &f, &endpoint, "012345678901", "Some/Role+1", e);
    if (rc == 0) {
        CHECK_TEXT(f.target.p, f.target.len, "/federation/credentials?role_name=Some%2FRole%2B1&"
                   "account_id=012345678901");
        CHECK_TEXT(f.headers.p, f.headers.len, "x-amz-sso_bearer_token: " TOKEN "\r\n");
        CHECK(strcmp(f.method, "GET") == 0 && !f.sign_service && f.body.len == 0);
        rc = bdk_sso_keys(&s, k, &f, &h, (struct bedrock_slice){copy, n}, "012345678901", e);
    }
    bdk_cache_free(&s.c);
    bdk_fetch_free(&f);
    t_guard_free(copy, n);
    return rc;
}

static void test_keys(void)
{
    for (size_t i = 0; i < sizeof key_cases / sizeof key_cases[0]; i++) {
        struct bedrock_error e = {0};
        struct bdk_keys k = {0};
        int rc;

        t_case("a role's keys: %s", key_cases[i].name);
        rc = ask(&k, i, &e, NULL, NULL);
        if (key_cases[i].word) {
            CHECKF(rc == BEDROCK_ERR_CONFIG && strstr(e.message, key_cases[i].word), "%d: %s", rc, e.message);
            CHECK(e.retryable == key_cases[i].retryable && !k.access_key_id);
            CHECK(e.http_status == (key_cases[i].status == 200 ? 0 : key_cases[i].status));
            no_secret(&e);
        } else if (CHECKF(rc == 0, "%s", e.message)) {
            CHECK(strcmp(k.access_key_id, "ASIA1") == 0 && strcmp(k.secret_access_key, SECRET) == 0);
            CHECK(strcmp(k.session_token, "t+/=") == 0 && strcmp(k.account_id, "012345678901") == 0);
            CHECK(k.expires_s == NOW + 3600);
        }
        bdk_keys_free(&k);
    }
}

static void test_header(void)
{
    struct bedrock_error e = {0};
    struct bdk_fetch f;
    struct bdk_sso s;

    t_case("a token that would break a header is not sent");
    bdk_fetch_init(&f, NULL, NULL);
    CHECK(start(&s, "{\"accessToken\":\"" TOKEN "\\r\\nX: y\",\"expiresAt\":\"2026-01-02T04:04:05Z\"}", 1,
                NULL, NULL, &e)
          == 0);
    CHECK(bdk_sso_role(&s, &f, &endpoint, "1", "r", &e) == BEDROCK_ERR_USAGE);
    CHECKF(strstr(e.message, "control character"), "%s", e.message);
    no_secret(&e);
    bdk_cache_free(&s.c);
    bdk_fetch_free(&f);
}

static int ask_in(void *ctx, struct t_heap *heap)
{
    struct bdk_keys k = {.text = {.alloc = t_heap_alloc, .alloc_ctx = heap}};
    struct bedrock_error e = {0};
    int rc = ask(&k, 0, &e, t_heap_alloc, heap);

    (void)ctx;
    bdk_keys_free(&k);
    return rc;
}

static void test_memory(void)
{
    t_case("no memory, at any point");
    t_no_memory(ask_in, NULL);
}

int main(void)
{
    test_open();
    test_next();
    test_refresh();
    test_answers();
    test_file();
    test_keys();
    test_header();
    test_memory();
    return t_end("test_sso");
}
