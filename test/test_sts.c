/* test_sts.c - requests to STS as they go out, and its answers as keys, callers and errors. Cases of our own.
 * Leaves out: signing (test_sigv4.c) and carrying (test_call.c). */
#include "bedrock_int.h"
#include "t.h"
#include <string.h>

#define ARN "arn:aws:iam::123456789012:role/reader"
#define HEAD "Action=AssumeRole&Version=2011-06-15&RoleArn=arn%3Aaws%3Aiam%3A%3A123456789012%3Arole%2Freader"
#define NOW 1767323045
#define X16 "xxxxxxxxxxxxxxxx"
#define X64 X16 X16 X16 X16
#define SECRET "TopSecretValue+/="

static const struct bdk_endpoint endpoint = {.host = "sts.eu-west-1.amazonaws.com", .region = "eu-west-1",
                                             .base_path = "/base", .port = 443, .tls = 1, .aws = 1};

/* body NULL: refused, with this word. */
static const struct {
    const char *name;
    struct bdk_sts_role role;
    const char *body, *word;
} role_cases[] = {
    {"a role", {.arn = ARN}, HEAD "&RoleSessionName=bedrock-session-1767323045", NULL},
    {"a session name", {.arn = ARN, .session_name = "a_b+=,.@-"},
     HEAD "&RoleSessionName=a_b%2B%3D%2C.%40-", NULL},
    {"everything", {.arn = ARN, .session_name = "me", .external_id = "x:/1", .duration_s = 900,
                    .mfa_serial = "arn:aws:iam::123456789012:mfa/me", .mfa_code = "012345"},
     HEAD "&RoleSessionName=me&DurationSeconds=900&ExternalId=x%3A%2F1"
     "&SerialNumber=arn%3Aaws%3Aiam%3A%3A123456789012%3Amfa%2Fme&TokenCode=012345", NULL},
    {"a web token", {.arn = ARN, .session_name = "me", .web_token = {"a.b-c_d", 7}},
     "Action=AssumeRoleWithWebIdentity&Version=2011-06-15"
     "&RoleArn=arn%3Aaws%3Aiam%3A%3A123456789012%3Arole%2Freader"
     "&RoleSessionName=me&WebIdentityToken=a.b-c_d", NULL},
    {"a web token with a duration", {.arn = ARN, .session_name = "me", .duration_s = 43200,
                                     .external_id = "unused", .web_token = {"a+/=", 4}},
     "Action=AssumeRoleWithWebIdentity&Version=2011-06-15"
     "&RoleArn=arn%3Aaws%3Aiam%3A%3A123456789012%3Arole%2Freader"
     "&RoleSessionName=me&WebIdentityToken=a%2B%2F%3D&DurationSeconds=43200", NULL},
    {"the longest session name", {.arn = ARN, .session_name = X64}, HEAD "&RoleSessionName=" X64, NULL},
    {"one longer", {.arn = ARN, .session_name = X64 "x"}, NULL, "role_session_name has 65 characters"},
    {"one character", {.arn = ARN, .session_name = "x"}, NULL, "role_session_name has 1 characters"},
    {"a blank in it", {.arn = ARN, .session_name = "a b"}, NULL, "role_session_name holds"},
    {"a slash in it", {.arn = ARN, .session_name = "a/b"}, NULL, "role_session_name holds"},
    {"UTF-8 in it", {.arn = ARN, .session_name = "\xC3\xA9\xC3\xA9"}, NULL, "role_session_name holds"},
    {"no ARN", {.arn = "reader-of-all-the-things"}, NULL, "role_arn is no ARN"},
    {"a short ARN", {.arn = "arn:aws:iam::1:role"}, NULL, "role_arn is no ARN"},
    {"a newline in an external id", {.arn = ARN, .external_id = "ab\nc"}, NULL, "external_id holds"},
    {"a short external id", {.arn = ARN, .external_id = "a"}, NULL, "external_id has 1"},
    {"14 minutes", {.arn = ARN, .duration_s = 899}, NULL, "duration_seconds is 899"},
    {"over 12 hours", {.arn = ARN, .duration_s = 43201}, NULL, "duration_seconds is 43201"},
    {"below zero", {.arn = ARN, .duration_s = -900}, NULL, "duration_seconds is -900"},
    {"MFA without a code", {.arn = ARN, .mfa_serial = "GAHT12345678"}, NULL,
     "the code that its MFA device shows"},
    {"a code without MFA", {.arn = ARN, .mfa_code = "123456"}, NULL, "mfa_serial"},
    {"five digits", {.arn = ARN, .mfa_serial = "GAHT12345678", .mfa_code = "12345"}, NULL, "six digits"},
    {"seven digits", {.arn = ARN, .mfa_serial = "GAHT12345678", .mfa_code = "1234567"}, NULL, "six digits"},
    {"letters", {.arn = ARN, .mfa_serial = "GAHT12345678", .mfa_code = "12345a"}, NULL, "six digits"},
};

static void test_requests(void)
{
    for (size_t i = 0; i < sizeof role_cases / sizeof role_cases[0]; i++) {
        const struct bdk_sts_role *role = &role_cases[i].role;
        struct bedrock_error e = {0};
        struct bdk_fetch f;
        int rc;

        t_case("a request: %s", role_cases[i].name);
        bdk_fetch_init(&f, NULL, NULL);
        rc = bdk_sts_assume(&f, &endpoint, role, NOW, &e);
        if (!role_cases[i].body) {
            CHECKF(rc == BEDROCK_ERR_CONFIG && strstr(e.message, role_cases[i].word), "%s", e.message);
        } else if (CHECKF(rc == 0, "%s", e.message)) {
            CHECK_TEXT(f.body.p, f.body.len, role_cases[i].body);
            CHECK_TEXT(f.target.p, f.target.len, "/base/");
            CHECK_TEXT(f.headers.p, f.headers.len, "Content-Type: application/x-www-form-urlencoded\r\n");
            CHECK(strcmp(f.method, "POST") == 0 && strcmp(f.to.host, endpoint.host) == 0);
            if (role->web_token.p)
                CHECK(!f.sign_service);
            else
                CHECK(f.sign_service && strcmp(f.sign_service, "sts") == 0 &&
                      strcmp(f.sign_region, "eu-west-1") == 0);
        }
        bdk_fetch_free(&f);
    }
}

static void test_identity(void)
{
    struct bedrock_error e = {0};
    struct bdk_fetch f;

    t_case("a request: who one is");
    bdk_fetch_init(&f, NULL, NULL);
    CHECK(bdk_sts_identity(&f, &endpoint, &e) == 0);
    CHECK_TEXT(f.body.p, f.body.len, "Action=GetCallerIdentity&Version=2011-06-15");
    CHECK(f.sign_service && strcmp(f.sign_service, "sts") == 0);
    bdk_fetch_free(&f);
}

/* ---- Token files ---- */

static void test_web_token(void)
{
    static const struct {
        const char *text, *want;
    } cases[] = {
        {"a.b.c", "a.b.c"}, {"a.b.c\n", "a.b.c"}, {"a.b.c\r\n", "a.b.c"}, {"a.b.c\r", "a.b.c"},
        {"a.b.c\n\n", NULL}, {"a.b\n.c", NULL}, {" a.b.c", NULL}, {"a.b.c \n", NULL}, {"a.b\x01", NULL},
        {"a.b\x7F", NULL}, {"", NULL}, {"\n", NULL}, {"a.b", NULL}, {"a.b\xC3\xA9", "a.b\xC3\xA9"},
    };
    static char text[20002];

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        size_t n = strlen(cases[i].text);
        char *copy = t_guard(cases[i].text, n);
        struct bedrock_slice token = {copy, n};
        struct bedrock_error e = {0};
        int rc = bdk_sts_web_token(&token, "/var/token", &e);

        t_case("a token file: %d", (int)i);
        CHECKF(rc == (cases[i].want ? 0 : BEDROCK_ERR_CONFIG), "%d: %s", rc, e.message);
        if (rc == 0)
            CHECK_TEXT(token.p, token.len, cases[i].want);
        else
            CHECKF(strstr(e.message, "/var/token") && !strstr(e.message, "a.b"), "%s", e.message);
        t_guard_free(copy, n);
    }
    t_case("a token file: 20000 bytes and no more");
    memset(text, 'a', sizeof text);
    for (size_t n = 20000; n <= 20001; n++) {
        struct bedrock_slice token = {text, n};
        struct bedrock_error e = {0};

        CHECK(bdk_sts_web_token(&token, "t", &e) == (n == 20000 ? 0 : BEDROCK_ERR_CONFIG));
    }
}

/* ---- Answers ---- */

#define KEYS \
             "<Credentials><SecretAccessKey>" SECRET "</SecretAccessKey>\n" \
             "<SessionToken>tok+/=</SessionToken>" \
             "<AccessKeyId>ASIA1</AccessKeyId><Expiration>2026-01-02T04:04:05Z</Expiration></Credentials>"
#define USER "<AssumedRoleUser><Arn>arn:aws:sts::123456789012:assumed-role/reader/me</Arn></AssumedRoleUser>"
#define ANSWER(inside) \
    "<AssumeRoleResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><AssumeRoleResult>\n" \
                       inside "</AssumeRoleResult></AssumeRoleResponse>"

static const struct {
    const char *name, *body, *word; /* word NULL: keys */
} answer_cases[] = {
    {"keys", ANSWER(KEYS USER), NULL},
    {"in another order", ANSWER("<PackedPolicySize>6</PackedPolicySize>" USER "\n " KEYS), NULL},
    {"for a web identity", "<?xml version=\"1.0\"?><AssumeRoleWithWebIdentityResponse>"
     "<AssumeRoleWithWebIdentityResult>"
     "<Provider>p</Provider>" KEYS USER "</AssumeRoleWithWebIdentityResult>"
     "</AssumeRoleWithWebIdentityResponse>", NULL},
    {"no user", ANSWER(KEYS), NULL},
    {"an empty user, as MinIO has it", ANSWER("<AssumedRoleUser><Arn></Arn></AssumedRoleUser>" KEYS), NULL},
    {"no keys", ANSWER(USER), "has no AccessKeyId"},
    {"an empty id", ANSWER("<Credentials><AccessKeyId/></Credentials>" USER), "has no AccessKeyId"},
    {"no time", ANSWER("<Credentials><AccessKeyId>A</AccessKeyId><SecretAccessKey>" SECRET
                       "</SecretAccessKey><SessionToken>t</SessionToken></Credentials>" USER),
     "has no Expiration"},
    {"a time that is none", ANSWER("<Credentials><AccessKeyId>A</AccessKeyId><SecretAccessKey>" SECRET
                                   "</SecretAccessKey><SessionToken>t</SessionToken>"
                                   "<Expiration>soon</Expiration>"
                                   "</Credentials>" USER), "Expiration is no time"},
    {"a line feed in the token", ANSWER("<Credentials><AccessKeyId>A</AccessKeyId><SecretAccessKey>" SECRET
                                        "</SecretAccessKey><SessionToken>t&#10;X: y</SessionToken>"
                                        "<Expiration>2026-01-02T04:04:05Z</Expiration></Credentials>" USER),
     "session token holds"},
    {"HTML", "<html><body>Log in to this network<br></body></html>", "not the XML"},
    {"JSON", "{\"AssumeRoleResponse\":{}}", "not the XML"},
    {"nothing", "", "not the XML"},
};

static int answer(struct bdk_keys *k, const char *body, struct bedrock_error *e, bedrock_alloc_fn alloc,
                  void *ctx)
{
    static const struct bdk_sts_role role = {.arn = ARN};
    struct bdk_http_head h = {.status = 200};
    size_t n = strlen(body);
    char *copy = t_guard(body, n);
    struct bdk_fetch f;
    int rc;

    bdk_fetch_init(&f, alloc, ctx);
    rc = bdk_sts_assume(&f, &endpoint, &role, NOW, e);
    if (rc == 0)
        rc = bdk_sts_keys(k, &f, &h, (struct bedrock_slice){copy, n}, e);
    bdk_fetch_free(&f);
    t_guard_free(copy, n);
    return rc;
}

static void test_answers(void)
{
    for (size_t i = 0; i < sizeof answer_cases / sizeof answer_cases[0]; i++) {
        struct bedrock_error e = {0};
        struct bdk_keys k = {0};
        int rc = answer(&k, answer_cases[i].body, &e, NULL, NULL);

        t_case("an answer: %s", answer_cases[i].name);
        if (answer_cases[i].word) {
            CHECKF(rc == BEDROCK_ERR_CONFIG && strstr(e.message, answer_cases[i].word), "%s", e.message);
            CHECK(strncmp(e.message, "AWS STS (AssumeRole): ", 22) == 0 && !strstr(e.message, SECRET));
            CHECK(!k.access_key_id);
        } else if (CHECKF(rc == 0, "%s", e.message)) {
            CHECK(strcmp(k.access_key_id, "ASIA1") == 0 && strcmp(k.secret_access_key, SECRET) == 0);
            CHECK(strcmp(k.session_token, "tok+/=") == 0);
            if (strstr(answer_cases[i].body, "arn:aws:sts"))
                CHECK(k.account_id && strcmp(k.account_id, "123456789012") == 0);
            else
                CHECK(!k.account_id);
            CHECK(k.expires_s == NOW + 3600);
        }
        bdk_keys_free(&k);
    }
}

static int answer_in(void *ctx, struct t_heap *heap)
{
    struct bdk_keys k = {.text = {.alloc = t_heap_alloc, .alloc_ctx = heap}};
    struct bedrock_error e = {0};
    int rc = answer(&k, ANSWER(KEYS USER), &e, t_heap_alloc, heap);

    (void)ctx;
    CHECK((rc == 0) == (k.access_key_id != NULL));
    bdk_keys_free(&k);
    return rc;
}

static void test_memory(void)
{
    t_case("no memory, at any point");
    t_no_memory(answer_in, NULL);
}

/* ---- Refusals ---- */

#define REFUSAL(code, message) \
    "<ErrorResponse xmlns=\"x\">\n  <Error><Type>Sender</Type><Code>" code "</Code><Message>" \
                               message "</Message></Error>\n  <RequestId>r-1</RequestId></ErrorResponse>\n"

static const struct {
    int status;
    const char *body, *name, *message, *request_id;
    int retryable;
} refusal_cases[] = {
    {403, REFUSAL("AccessDenied", "User: u is not authorized to perform: sts:AssumeRole on resource: " ARN),
     "AccessDenied", "AWS STS (AssumeRole) answered HTTP 403: AccessDenied: User: u is not authorized to "
     "perform: sts:AssumeRole on resource: " ARN, "r-1", 0},
    {400, REFUSAL("IDPCommunicationError", "try &amp; retry"), "IDPCommunicationError",
     "AWS STS (AssumeRole) answered HTTP 400: IDPCommunicationError: try & retry", "r-1", 1},
    {400, REFUSAL("ExpiredTokenException", ""), "ExpiredTokenException",
     "AWS STS (AssumeRole) answered HTTP 400: ExpiredTokenException", "r-1", 0},
    {400, REFUSAL("Throttling", "Rate exceeded"), "Throttling",
     "AWS STS (AssumeRole) answered HTTP 400: Throttling: Rate exceeded", "r-1", 1},
    {400, REFUSAL("a&#10;b", "two\nlines"), "a b", "AWS STS (AssumeRole) answered HTTP 400: a b: two lines",
     "r-1", 0},
    {403, REFUSAL("SignatureDoesNotMatch", "The Canonical String should have been 'POST / host:h "
                  "x-amz-security-token:IQoJb3Jp+/= content-type;host'"), "SignatureDoesNotMatch",
     "AWS STS (AssumeRole) answered HTTP 403: SignatureDoesNotMatch: The Canonical String should have been "
     "'POST / host:h x-amz-security-token:**** content-type;host'", "r-1", 0},
    {503, "<html>unavailable", "", "AWS STS (AssumeRole) answered HTTP 503", "h-1", 1},
    {500, "", "", "AWS STS (AssumeRole) answered HTTP 500", "h-1", 1},
    {302, "<a>moved</a>", "", "AWS STS (AssumeRole) answered HTTP 302", "h-1", 0},
};

static void test_refusals(void)
{
    static const struct bdk_sts_role role = {.arn = ARN};

    for (size_t i = 0; i < sizeof refusal_cases / sizeof refusal_cases[0]; i++) {
        struct bdk_http_head h = {.status = refusal_cases[i].status,
                                  .fields = bdk_slice("x-amzn-RequestId: h-1\r\n")};
        struct bedrock_error e = {0};
        struct bdk_keys k = {0};
        struct bdk_fetch f;

        t_case("a refusal: HTTP %d %s", refusal_cases[i].status, refusal_cases[i].name);
        bdk_fetch_init(&f, NULL, NULL);
        CHECK(bdk_sts_assume(&f, &endpoint, &role, NOW, &e) == 0);
        CHECK(bdk_sts_keys(&k, &f, &h, bdk_slice(refusal_cases[i].body), &e) == BEDROCK_ERR_CONFIG);
        CHECK_TEXT(e.message, strlen(e.message), refusal_cases[i].message);
        CHECK_TEXT(e.name, strlen(e.name), refusal_cases[i].name);
        CHECK_TEXT(e.request_id, strlen(e.request_id), refusal_cases[i].request_id);
        CHECK(e.http_status == refusal_cases[i].status && e.retryable == refusal_cases[i].retryable);
        CHECK(!k.access_key_id);
        bdk_fetch_free(&f);
    }
}

static void test_caller(void)
{
    static const char body[] = "<GetCallerIdentityResponse xmlns=\"x\"><GetCallerIdentityResult><Arn>"
                               "arn:aws:iam::1:user/me</Arn><UserId>AIDA</UserId>"
                               "<Account>000000000001</Account></GetCallerIdentityResult>"
                               "</GetCallerIdentityResponse>";
    struct bdk_http_head h = {.status = 200};
    struct bedrock_error e = {0};
    struct bdk_sts_caller c = {0};
    struct bdk_fetch f;

    t_case("the caller");
    bdk_fetch_init(&f, NULL, NULL);
    CHECK(bdk_sts_identity(&f, &endpoint, &e) == 0);
    CHECK(bdk_sts_caller(&c, &f, &h, bdk_slice(body), &e) == 0);
    CHECK(strcmp(c.account, "000000000001") == 0 && strcmp(c.arn, "arn:aws:iam::1:user/me") == 0 &&
          strcmp(c.user_id, "AIDA") == 0);
    CHECK(bdk_sts_caller(&c, &f, &h, bdk_slice("<a/>"), &e) == BEDROCK_ERR_CONFIG);
    CHECK(strstr(e.message, "GetCallerIdentity") && strstr(e.message, "has no Account"));
    bdk_fetch_free(&f);
}

int main(void)
{
    test_requests();
    test_identity();
    test_web_token();
    test_answers();
    test_memory();
    test_refusals();
    test_caller();
    return t_end("test_sts");
}
