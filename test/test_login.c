/* test_login.c - the session of `aws login`: its cache, the proof that goes with its renewal, answers and
 * refusals. Cases of our own; proofs are verified by BearSSL. Leaves out: the file itself
 * (test_cachefile.c). */
#include "bedrock_int.h"
#include "files.h"
#include "t.h"
#include <bearssl.h>
#include <string.h>

#define NOW 1767323045 /* 2026-01-02T03:04:05Z */
#define ARN "arn:aws:iam::123456789012:user/me"
#define NAME "286187707741fc2ccb93cf9e56dbd0ee0a16208feed5fbc8ae1baa86d44c283f.json"
#define PATH "/home/me/.aws/login/cache/" NAME
#define REFRESH "SecretRefreshToken"
#define SECRET "SecretAccessKey+/="
#define KEY \
    "-----BEGIN EC PRIVATE KEY-----\\nMHcCAQEEIJvtfaFkkvIGzqeYaP8konAefsBASa1UwjxPKRKILyTsoAoGCCqGSM49\\n" \
            "AwEHoUQDQgAEv4PSn/rSjQhDQ8g551gV/iiEEeqXdfQQ26XhG277Y0puubNH/RHe\\n" \
            "NNxb60UZulwBz2o/y4nbeVvIgpgduqHgKg==\\n-----END EC PRIVATE KEY-----\\n"
#define X "v4PSn_rSjQhDQ8g551gV_iiEEeqXdfQQ26XhG277Y0o"
#define Y "brmzR_0R3jTcW-tFGbpcAc9qP8uJ23lbyIKYHbqh4Co"
#define CACHE(expires, key) \
    "{\"accessToken\":{\"accessKeyId\":\"ASIA1\",\"secretAccessKey\":\"" SECRET \
        "\",\"sessionToken\":\"t1\"," \
    "\"accountId\":\"123456789012\",\"expiresAt\":\"" expires \
        "\"},\"clientId\":\"arn:aws:signin:::devtools/same-device\"," \
    "\"refreshToken\":\"" REFRESH "\",\"idToken\":\"id\",\"dpopKey\":\"" key "\"}"
#define FULL CACHE("2026-01-02T03:06:05Z", KEY)

static const char *const home[] = {"HOME", "/home/me", NULL};
static const unsigned char chance[16] = {0, 1, 2, 3, 4, 5, 0xF6, 7, 0xF8, 9, 10, 11, 12, 13, 14, 15};
static const struct bdk_endpoint endpoint = {.host = "eu-west-1.signin.aws.amazon.com", .port = 443, .tls = 1,
                                             .authority = "eu-west-1.signin.aws.amazon.com"};

static int no_secret(const struct bedrock_error *e)
{
    return CHECKF(!strstr(e->message, REFRESH) && !strstr(e->message, SECRET) &&
                  !strstr(e->message, "MHcCAQ"), "%s", e->message);
}

static int start(struct bdk_cache *c, const char *text, bedrock_alloc_fn alloc, void *ctx,
                 struct bedrock_error *e)
{
    struct files_file list[] = {{PATH, text, 0, 0}, {NULL, NULL, 0, 0}};
    struct files disk = {home, list, ""};
    struct bdk_env env = files_env(&disk);
    int rc = bdk_login_open(c, &env, "dev", ARN, alloc, ctx, e);

    return rc == 0 ? bdk_cache_load(c, &env, e) : rc;
}

/* ---- The cache ---- */

static void test_open(void)
{
    static const char *const other[] = {"HOME", "/home/me", "AWS_LOGIN_CACHE_DIRECTORY", "/var/login", NULL};
    struct files disk = {home, NULL, ""};
    struct bdk_env env = files_env(&disk);
    struct bedrock_error e = {0};
    struct bdk_cache c;

    t_case("the cache's name");
    CHECK(bdk_login_open(&c, &env, "dev", ARN, NULL, NULL, &e) == 0);
    CHECK_TEXT(c.path, strlen(c.path), PATH);
    CHECK_TEXT(c.login, strlen(c.login), "aws login --profile dev");
    t_case("and in another folder");
    disk.env = other;
    CHECK(bdk_login_open(&c, &env, NULL, ARN, NULL, NULL, &e) == 0);
    CHECK_TEXT(c.path, strlen(c.path), "/var/login/" NAME);
    CHECK_TEXT(c.login, strlen(c.login), "aws login");
}

static void test_keys(void)
{
    static const char *const gone[] = {"accessKeyId", "secretAccessKey", "sessionToken", "accountId",
                                       "expiresAt", "clientId", "refreshToken", "dpopKey", "accessToken"};
    struct bedrock_error e = {0};
    struct bdk_keys k = {0};
    struct bdk_cache c;

    t_case("the keys in it");
    CHECKF(start(&c, CACHE("2026-01-02T04:04:05Z", KEY), NULL, NULL, &e) == 0, "%s", e.message);
    CHECK(bdk_cache_next(&c, 1, NOW, &e) == 0 && bdk_login_keys(&c, &k, &e) == 0 && !bdk_login_region(&c));
    CHECK(strcmp(k.access_key_id, "ASIA1") == 0 && strcmp(k.secret_access_key, SECRET) == 0);
    CHECK(strcmp(k.session_token, "t1") == 0 && strcmp(k.account_id, "123456789012") == 0);
    CHECK(k.expires_s == NOW + 3600);
    bdk_keys_free(&k);
    bdk_cache_free(&c);
    for (size_t i = 0; i < sizeof gone / sizeof gone[0]; i++) {
        char text[sizeof FULL], *at;

        t_case("without %s", gone[i]);
        memset(&e, 0, sizeof e);
        strcpy(text, FULL);
        at = strstr(text, gone[i]);
        if (CHECK(at != NULL))
            at[0] = 'X';
        CHECK(start(&c, text, NULL, NULL, &e) == BEDROCK_ERR_CONFIG);
        CHECKF(strstr(e.message, PATH ": it has no ") && strstr(e.message, "; run aws login --profile dev"),
               "%s",
               e.message);
        no_secret(&e);
        bdk_cache_free(&c);
    }
}

static void test_region(void)
{
    static const char text[] = "{\"signInRegion\":\"eu-north-1\",\"accessToken\":{\"accessKeyId\":\"A\","
                               "\"secretAccessKey\":\"s\",\"sessionToken\":\"t\",\"accountId\":\"1\","
                               "\"expiresAt\":\"2026-01-02T04:04:05Z\"},"
                               "\"clientId\":\"c\",\"refreshToken\":\"r\",\"dpopKey\":\"k\"}";
    struct bedrock_error e = {0};
    struct bdk_fetch f;
    struct bdk_cache c;

    t_case("the Region to sign in");
    CHECKF(start(&c, text, NULL, NULL, &e) == 0, "%s", e.message);
    CHECK(bdk_login_region(&c) && strcmp(bdk_login_region(&c), "eu-north-1") == 0);
    t_case("a key that is none");
    bdk_fetch_init(&f, NULL, NULL);
    CHECK(bdk_login_refresh(&c, &f, &endpoint, chance, NOW, &e) == BEDROCK_ERR_CONFIG);
    CHECKF(strstr(e.message, "its dpopKey is no P-256 private key; run aws login"), "%s", e.message);
    bdk_fetch_free(&f);
    bdk_cache_free(&c);
}

/* ---- The proof ---- */

static size_t decode(const char *p, size_t n, unsigned char *out, size_t cap)
{
    struct bedrock_buffer url = {0}, b = {0};
    size_t len;

    bedrock_buffer_append(&url, p, n);
    for (size_t i = 0; i < url.len; i++)
        url.p[i] = (char)(url.p[i] == '-' ? '+' : url.p[i] == '_' ? '/' : url.p[i]);
    CHECK(bdk_base64_decode(&b, url.p, url.len) == 0 && b.len < cap);
    len = b.len;
    memcpy(out, b.p, len);
    out[len] = 0;
    bedrock_buffer_free(&url);
    bedrock_buffer_free(&b);
    return len;
}

static void check_proof(const char *p, size_t n)
{
    unsigned char header[512], claims[512], signature[128], digest[BDK_SHA256_LEN], point[65 + 64] = {4};
    br_ec_public_key pub = {BR_EC_secp256r1, point, 65};
    const char *dot = memchr(p, '.', n), *last = dot ? memchr(dot + 1, '.', n - (size_t)(dot + 1 - p)) : NULL;

    if (!CHECK(dot && last) || !CHECK(memchr(p, '=', n) == NULL))
        return;
    decode(p, (size_t)(dot - p), header, sizeof header);
    decode(dot + 1, (size_t)(last - dot - 1), claims, sizeof claims);
    CHECK_TEXT((char *)header, strlen((char *)header),
               "{\"typ\":\"dpop+jwt\",\"alg\":\"ES256\",\"jwk\":{\"kty\":\"EC\","
               "\"crv\":\"P-256\",\"x\":\"" X "\",\"y\":\"" Y "\"}}");
    CHECK_TEXT((char *)claims, strlen((char *)claims),
               "{\"jti\":\"00010203-0405-4607-b809-0a0b0c0d0e0f\",\"htm\":\"POST\","
               "\"htu\":\"https://eu-west-1.signin.aws.amazon.com/v1/token\",\"iat\":1767323045}");
    CHECK(decode(last + 1, n - (size_t)(last + 1 - p), signature, sizeof signature) == 64);
    decode(X, strlen(X), point + 1, 64);
    decode(Y, strlen(Y), point + 33, 64);
    bdk_sha256_of(p, (size_t)(last - p), digest, 0);
    CHECK(br_ecdsa_vrfy_raw_get_default()(br_ec_get_default(), digest, sizeof digest, &pub, signature,
                                          64) == 1);
}

static void test_refresh(void)
{
    static const char front[] = "Content-Type: application/json\r\nDPoP: ";
    struct bedrock_error e = {0};
    struct bdk_fetch f;
    struct bdk_cache c;

    t_case("the request for new keys, and its proof");
    bdk_fetch_init(&f, NULL, NULL);
    CHECK(start(&c, FULL, NULL, NULL, &e) == 0 && bdk_cache_next(&c, 1, NOW, &e) == BDK_MORE);
    CHECKF(bdk_login_refresh(&c, &f, &endpoint, chance, NOW, &e) == 0, "%s", e.message);
    CHECK(strcmp(f.method, "POST") == 0 && !f.sign_service && f.attempts == 1);
    CHECK_TEXT(f.target.p, f.target.len, "/v1/token");
    CHECK_TEXT(f.body.p, f.body.len, "{\"clientId\":\"arn:aws:signin:::devtools/same-device\","
               "\"grantType\":\"refresh_token\",\"refreshToken\":\"" REFRESH "\"}");
    if (CHECK(f.headers.len > sizeof front + 2 && memcmp(f.headers.p, front, sizeof front - 1) == 0))
        check_proof(f.headers.p + sizeof front - 1, f.headers.len - (sizeof front - 1) - 2);
    bdk_fetch_free(&f);
    bdk_cache_free(&c);
}

/* ---- Answers ---- */

#define ANSWER \
    "{\"accessToken\":{\"accessKeyId\":\"ASIA2\",\"secretAccessKey\":\"s2\",\"sessionToken\":\"t2\"}," \
               "\"tokenType\":\"aws_sigv4\",\"expiresIn\":900,\"refreshToken\":\"r2\"}"

static const struct {
    const char *name;
    int status;
    const char *fields, *body, *word; /* word NULL: new keys */
    int retryable;
} answer_cases[] = {
    {"new keys", 200, "", ANSWER, NULL, 0},
    {"no secret", 200, "", "{\"accessToken\":{\"accessKeyId\":\"A\",\"sessionToken\":\"t\"},"
     "\"expiresIn\":900}",
     "the answer has no secretAccessKey", 0},
    {"an empty id", 200, "", "{\"accessToken\":{\"accessKeyId\":\"\"},\"expiresIn\":900}",
     "the answer has no accessKeyId", 0},
    {"a text for a token", 200, "", "{\"accessToken\":\"A\",\"expiresIn\":900}",
     "the answer has no accessKeyId", 0},
    {"no time", 200, "", "{\"accessToken\":{}}", "in how many seconds", 0},
    {"HTML", 200, "", "<html>", "not a JSON object", 0},
    {"the session has ended", 400, "x-amzn-ErrorType: AccessDeniedException\r\n",
     "{\"error\":\"TOKEN_EXPIRED\",\"message\":\"gone " REFRESH "\"}",
     PATH ": the session has ended (TOKEN_EXPIRED); run aws login --profile dev", 0},
    {"another password", 403, "", "{\"error\":\"USER_CREDENTIALS_CHANGED\",\"message\":\"m\"}",
     PATH ": the user's password has changed since (USER_CREDENTIALS_CHANGED); run aws login --profile dev",
     0},
    {"not allowed", 403, "", "{\"error\":\"INSUFFICIENT_PERMISSIONS\",\"message\":\"m\"}",
     "a policy must allow signin:CreateOAuth2Token", 0},
    {"a bad request", 400, "", "{\"error\":\"INVALID_REQUEST\",\"message\":\"no " REFRESH "\"}",
     "AWS sign-in (CreateOAuth2Token) answered HTTP 400: INVALID_REQUEST: no ****", 0},
    {"too many", 429, "", "{\"error\":\"SERVICE_QUOTA_EXCEEDED\",\"message\":\"slower\"}",
     "HTTP 429: SERVICE_QUOTA_EXCEEDED: slower", 1},
    {"a proxy's page", 502, "", "<html>" REFRESH, "answered HTTP 502", 1},
};

static int ask(struct bdk_cache *c, size_t i, struct bedrock_error *e, bedrock_alloc_fn alloc, void *ctx)
{
    struct bdk_http_head h = {.status = answer_cases[i].status, .fields = bdk_slice(answer_cases[i].fields)};
    size_t n = strlen(answer_cases[i].body);
    char *copy = t_guard(answer_cases[i].body, n);
    struct bdk_fetch f;
    int rc = start(c, FULL, alloc, ctx, e);

    bdk_fetch_init(&f, alloc, ctx);
    if (rc == 0)
        rc = bdk_login_refresh(c, &f, &endpoint, chance, NOW, e);
    if (rc == 0)
        rc = bdk_login_refreshed(c, &f, &h, (struct bedrock_slice){copy, n}, NOW, e);
    bdk_fetch_free(&f);
    t_guard_free(copy, n);
    return rc;
}

static void test_answers(void)
{
    for (size_t i = 0; i < sizeof answer_cases / sizeof answer_cases[0]; i++) {
        struct bedrock_error e = {0};
        struct bdk_keys k = {0};
        struct bdk_cache c;
        int rc;

        t_case("an answer: %s", answer_cases[i].name);
        rc = ask(&c, i, &e, NULL, NULL);
        CHECK(bdk_login_keys(&c, &k, &e) == 0);
        if (answer_cases[i].word) {
            CHECKF(rc == BEDROCK_ERR_CONFIG && strstr(e.message, answer_cases[i].word), "%d: %s", rc,
                   e.message);
            CHECK(e.retryable == answer_cases[i].retryable && strcmp(k.access_key_id, "ASIA1") == 0);
            CHECK_TEXT(c.file.p, c.file.len, FULL);
            no_secret(&e);
        } else if (CHECKF(rc == 0, "%s", e.message)) {
            CHECK(strcmp(k.access_key_id, "ASIA2") == 0 && strcmp(k.secret_access_key, "s2") == 0);
            CHECK(strcmp(k.session_token, "t2") == 0 && strcmp(k.account_id, "123456789012") == 0);
            CHECK(k.expires_s == NOW + 900);
            CHECK_TEXT(c.file.p, c.file.len, "{\"clientId\":\"arn:aws:signin:::devtools/same-device\","
                       "\"dpopKey\":\"" KEY
                       "\",\"accessToken\":{\"accountId\":\"123456789012\",\"accessKeyId\":\"ASIA2\","
                       "\"secretAccessKey\":\"s2\",\"sessionToken\":\"t2\","
                       "\"expiresAt\":\"2026-01-02T03:19:05Z\"},\"refreshToken\":\"r2\","
                       "\"idToken\":\"id\"}");
        }
        bdk_keys_free(&k);
        bdk_cache_free(&c);
    }
}

static int ask_in(void *ctx, struct t_heap *heap)
{
    struct bedrock_error e = {0};
    struct bdk_cache c;
    int rc = ask(&c, 0, &e, t_heap_alloc, heap);

    (void)ctx;
    bdk_cache_free(&c);
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
    test_keys();
    test_region();
    test_refresh();
    test_answers();
    test_memory();
    return t_end("test_login");
}
