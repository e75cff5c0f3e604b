/* test_imds.c - the instance metadata service: settings, each request, each answer.
 * Cases of our own. Leaves out: sockets (the emulator plays the service) and the public vectors. */
#include "bedrock_int.h"
#include "t.h"
#include <stdlib.h>
#include <string.h>

#define NOW_S 1767323045 /* 2026-01-02T03:04:05Z */
#define OK "HTTP/1.1 200 OK\r\n"
#define TTL "x-aws-ec2-metadata-token-ttl-seconds: "
#define KEYS OK "\r\n{\"Code\":\"Success\",\"AccessKeyId\":\"AKID\",\"SecretAccessKey\":\"s3cret!!\"," \
    "\"Token\":\"t\",\"Expiration\":\"2026-01-02T09:04:05Z\"}"

static void test_settings(void)
{
    static const struct {
        const char *name;
        struct bdk_imds_settings s;
        int rc;
        const char *host, *word;
        int timeout_ms, attempts, v1;
    } cases[] = {
        {"none", {0}, 0, "169.254.169.254", NULL, 1000, 0, 0},
        {"off", {"TRUE", "nonsense", NULL, NULL, NULL, NULL}, BDK_IMDS_OFF, NULL, NULL, 0, 0, 0},
        {"not off", {"false", NULL, NULL, NULL, NULL, NULL}, 0, "169.254.169.254", NULL, 1000, 0, 0},
        {"off in other words", {"1", NULL, NULL, NULL, NULL, NULL}, BEDROCK_ERR_CONFIG, NULL,
         "AWS_EC2_METADATA_DISABLED is '1'", 0, 0, 0},
        {"IPv6", {NULL, NULL, "ipv6", NULL, NULL, NULL}, 0, "[fd00:ec2::254]", NULL, 1000, 0, 0},
        {"another mode", {NULL, NULL, "IPv7", NULL, NULL, NULL}, BEDROCK_ERR_CONFIG, NULL, "is 'IPv7'", 0, 0,
         0},
        {"a URL goes first", {NULL, "http://override:456/x/", "IPv7", NULL, NULL, NULL}, 0, "override:456",
         NULL,
         1000, 0, 0},
        {"https", {NULL, "https://custom", NULL, NULL, NULL, NULL}, 0, "custom", NULL, 1000, 0, 0},
        {"no URL", {NULL, "not a uri", NULL, NULL, NULL, NULL}, BEDROCK_ERR_CONFIG, NULL,
         "ec2_metadata_service_endpoint: ", 0, 0, 0},
        {"a password", {NULL, "http://u:s3cret!!@h", NULL, NULL, NULL, NULL}, BEDROCK_ERR_CONFIG, NULL,
         "must not hold a user name", 0, 0, 0},
        {"version 1", {NULL, NULL, NULL, "false", "3", "5"}, 0, "169.254.169.254", NULL, 3000, 5, 1},
        {"no version 1", {NULL, NULL, NULL, "true", NULL, NULL}, 0, "169.254.169.254", NULL, 1000, 0, 0},
        {"version 1, perhaps", {NULL, NULL, NULL, "maybe", NULL, NULL}, BEDROCK_ERR_CONFIG, NULL,
         "AWS_EC2_METADATA_V1_DISABLED", 0, 0, 0},
        {"no time", {NULL, NULL, NULL, NULL, "0", NULL}, BEDROCK_ERR_CONFIG, NULL, "from 1 to 3600", 0, 0, 0},
        {"too much time", {NULL, NULL, NULL, NULL, "99999999999999999999", NULL}, BEDROCK_ERR_CONFIG, NULL,
         "metadata_service_timeout", 0, 0, 0},
        {"half a second", {NULL, NULL, NULL, NULL, "0.5", NULL}, BEDROCK_ERR_CONFIG, NULL, "whole number", 0,
         0, 0},
        {"attempts", {NULL, NULL, NULL, NULL, NULL, "101"}, BEDROCK_ERR_CONFIG, NULL, "from 1 to 100", 0, 0,
         0},
        {"attempts in words", {NULL, NULL, NULL, NULL, NULL, ""}, BEDROCK_ERR_CONFIG, NULL, "NUM_ATTEMPTS", 0,
         0, 0},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct bedrock_error e = {0};
        struct bdk_imds m;
        int rc;

        t_case("imds settings: %s", cases[i].name);
        rc = bdk_imds_init(&m, &cases[i].s, NULL, NULL, &e);
        CHECKF(rc == cases[i].rc, "%d: %s", rc, e.message);
        if (cases[i].host) {
            CHECK_TEXT(m.to.authority, strlen(m.to.authority), cases[i].host);
            CHECK(m.timeout_ms == cases[i].timeout_ms && m.attempts == cases[i].attempts &&
                  m.v1_allowed == cases[i].v1);
        }
        CHECKF(!cases[i].word || (strstr(e.message, cases[i].word) && !strstr(e.message, "s3cret")), "%s",
               e.message);
        bdk_imds_free(&m);
    }
}

static const char *env_get(void *ctx, const char *name)
{
    (void)ctx;
    return strcmp(name, "AWS_EC2_METADATA_SERVICE_ENDPOINT") == 0 ? "http://env" :
           strcmp(name, "AWS_METADATA_SERVICE_NUM_ATTEMPTS") == 0 ? " " : NULL;
}

static void test_environment(void)
{
    struct bdk_imds_settings s = {NULL, "http://profile", "IPv6", NULL, NULL, "4"};
    struct bdk_env env = {env_get, NULL, NULL, NULL};

    t_case("imds settings: the environment goes before the profile, blank is unset");
    bdk_imds_env(&s, &env);
    CHECK(strcmp(s.endpoint, "http://env") == 0 && strcmp(s.mode, "IPv6") == 0 && strcmp(s.attempts,
          "4") == 0);
}

/* What goes over the wire, as "METHOD target|headers" and an answer in turn; "timeout" is none. */
struct conversation {
    const char *name;
    enum bdk_imds_goal goal;
    const char *v1_disabled;
    const char *steps[14];
    const char *want; /* keys: the id; Region: it; else a part of the message, behind '!' */
};

#define PUT "PUT /latest/api/token|" TTL "21600\r\n"
#define GET_ROLE "GET /latest/meta-data/iam/security-credentials/|"
#define GET_KEYS "GET /latest/meta-data/iam/security-credentials/my+role=,.@-_1|"
#define GET_PLACE "GET /latest/meta-data/placement/region|"
#define WITH(token) "x-aws-ec2-metadata-token: " token "\r\n"
#define TOKEN(token) OK TTL "21600\r\n\r\n" token
#define ROLE OK "\r\nmy+role=,.@-_1"

static const struct conversation conversations[] = {
    {"keys", BDK_IMDS_KEYS, NULL, {PUT, TOKEN("tok=="), GET_ROLE WITH("tok=="), ROLE, GET_KEYS WITH("tok=="),
     KEYS},
     "AKID"},
    {"Region", BDK_IMDS_REGION, NULL, {PUT, TOKEN("tok=="), GET_PLACE WITH("tok=="), OK "\r\neu-west-1\n"},
     "eu-west-1"},
    {"lines and blanks", BDK_IMDS_KEYS, NULL, {PUT, TOKEN(" tok==\r\n"), GET_ROLE WITH("tok=="),
     OK "\r\n\n my+role=,.@-_1 \r\nsecond\n", GET_KEYS WITH("tok=="), KEYS}, "AKID"},
    {"a token that is no longer good", BDK_IMDS_KEYS, NULL, {PUT, TOKEN("a"), GET_ROLE WITH("a"),
     "HTTP/1.1 401 Unauthorized\r\n\r\n", PUT, TOKEN("b"), GET_ROLE WITH("b"), ROLE, GET_KEYS WITH("b"),
     KEYS}, "AKID"},
    {"a token that never is", BDK_IMDS_KEYS, NULL, {PUT, TOKEN("a"), GET_ROLE WITH("a"),
     "HTTP/1.1 401 Unauthorized\r\n\r\n", PUT, TOKEN("b"), GET_ROLE WITH("b"),
     "HTTP/1.1 401 Unauthorized\r\n\r\n"},
     "!answered HTTP 401"},
    {"no answer", BDK_IMDS_KEYS, NULL, {PUT, "timeout"}, "!no answer came"},
    {"no answer, and version 1 may be used", BDK_IMDS_KEYS, "false", {PUT, "timeout", GET_ROLE, ROLE,
     GET_KEYS, KEYS},
     "AKID"},
    {"no answer to anything", BDK_IMDS_KEYS, "false", {PUT, "timeout", GET_ROLE, "timeout"},
     "!no answer came"},
    {"404 for the token, version 1 may be used", BDK_IMDS_REGION, "false", {PUT,
     "HTTP/1.1 404 Not Found\r\n\r\n",
     GET_PLACE, OK "\r\nus-east-1"}, "us-east-1"},
    {"404 for the token", BDK_IMDS_KEYS, NULL, {PUT, "HTTP/1.1 404 Not Found\r\n\r\n<html>"},
     "!answered HTTP 404"},
    {"400 for the token", BDK_IMDS_KEYS, "false", {PUT, "HTTP/1.1 400 Bad Request\r\n\r\n"},
     "!answered HTTP 400"},
    {"403", BDK_IMDS_KEYS, NULL, {PUT, "HTTP/1.1 403 Forbidden\r\n\r\n"}, "!is switched off (HTTP 403)"},
    {"401 without a token", BDK_IMDS_KEYS, "false", {PUT, "HTTP/1.1 403 Forbidden\r\n\r\n", GET_ROLE,
     "HTTP/1.1 401 Unauthorized\r\n\r\n"}, "!answered HTTP 401"},
    {"an HTML token", BDK_IMDS_KEYS, NULL, {PUT, TOKEN("<html>")}, "!no session token"},
    {"an empty token", BDK_IMDS_KEYS, NULL, {PUT, TOKEN("\r\n")}, "!no session token"},
    {"a token of two words", BDK_IMDS_KEYS, NULL, {PUT, TOKEN("a b")}, "!no session token"},
    {"no role", BDK_IMDS_KEYS, NULL, {PUT, TOKEN("a"), GET_ROLE WITH("a"),
     "HTTP/1.1 404 Not Found\r\n\r\n<html>"},
     "!has no role for this instance (HTTP 404)"},
    {"an empty list of roles", BDK_IMDS_KEYS, NULL, {PUT, TOKEN("a"), GET_ROLE WITH("a"), OK "\r\n"},
     "!has no role"},
    {"HTML for a role", BDK_IMDS_KEYS, NULL, {PUT, TOKEN("a"), GET_ROLE WITH("a"), OK "\r\n<html>"},
     "!no name of a role"},
    {"a path for a role", BDK_IMDS_KEYS, NULL, {PUT, TOKEN("a"), GET_ROLE WITH("a"), OK "\r\na/../b"},
     "!no name of a role"},
    {"a role above", BDK_IMDS_KEYS, NULL, {PUT, TOKEN("a"), GET_ROLE WITH("a"), OK "\r\n.."},
     "!no name of a role"},
    {"a role of 65 letters", BDK_IMDS_KEYS, NULL, {PUT, TOKEN("a"), GET_ROLE WITH("a"), OK "\r\n"
     "aaaaaaaaaabbbbbbbbbbaaaaaaaaaabbbbbbbbbbaaaaaaaaaabbbbbbbbbbccccc"}, "!no name of a role"},
    {"keys that are not given", BDK_IMDS_KEYS, NULL, {PUT, TOKEN("a"), GET_ROLE WITH("a"), ROLE,
     GET_KEYS WITH("a"), OK
     "\r\n{\"Code\":\"AssumeRoleUnauthorizedAccess\",\"Message\":\"EC2 cannot assume the role\"}"},
     "!the instance metadata service: AssumeRoleUnauthorizedAccess: EC2 cannot assume the role"},
    {"HTML for keys", BDK_IMDS_KEYS, NULL, {PUT, TOKEN("a"), GET_ROLE WITH("a"), ROLE, GET_KEYS WITH("a"),
     OK "\r\n<html>s3cret!!"}, "!not a JSON object"},
    {"no keys", BDK_IMDS_KEYS, NULL, {PUT, TOKEN("a"), GET_ROLE WITH("a"), ROLE, GET_KEYS WITH("a"),
     OK "\r\n"},
     "!the answer is empty"},
    {"500 for keys", BDK_IMDS_KEYS, NULL, {PUT, TOKEN("a"), GET_ROLE WITH("a"), ROLE, GET_KEYS WITH("a"),
     "HTTP/1.1 500 Oh\r\n\r\n{\"message\":\"later\"}"}, "!answered HTTP 500: later"},
    {"no Region", BDK_IMDS_REGION, NULL, {PUT, TOKEN("a"), GET_PLACE WITH("a"), OK "\r\na.b"}, "!no Region"},
    {"an empty Region", BDK_IMDS_REGION, NULL, {PUT, TOKEN("a"), GET_PLACE WITH("a"), OK "\r\n"},
     "!no Region"},
};

static void check_request(const struct bdk_fetch *f, const char *want)
{
    char got[600];
    int n = snprintf(got, sizeof got, "%s %.*s|%.*s", f->method, (int)f->target.len, f->target.p,
                     (int)f->headers.len, f->headers.len ? f->headers.p : "");

    CHECK_TEXT(got, (size_t)n, want);
    CHECK(f->direct && !f->sign_service && f->body.len == 0 && f->connect_ms == 1000 && f->read_ms == 1000);
    CHECK(f->attempts == 3);
}

/* The answer ends at an unmapped page. */
static int give_answer(struct bdk_imds *m, const struct bdk_fetch *f, const char *text, struct bdk_keys *k,
                       struct bedrock_error *e)
{
    size_t n = strlen(text), scanned = 0;
    char *copy = t_guard(text, n);
    struct bdk_http_head h;
    struct bedrock_slice body;
    int rc = bdk_http_head_read(copy, n, &scanned, &h, NULL);

    CHECK(rc == 0);
    body.p = copy + h.len;
    body.len = n - h.len;
    rc = bdk_imds_answer(m, f, &h, body, NOW_S, k, e);
    t_guard_free(copy, n);
    return rc;
}

static int talk(struct bdk_imds *m, struct bdk_fetch *f, const struct conversation *c, struct bdk_keys *k,
                struct bedrock_error *e)
{
    int rc = BDK_MORE;

    bdk_imds_begin(m, c->goal, NOW_S);
    for (size_t i = 0; rc == BDK_MORE; i += 2) {
        if (!CHECKF(c->steps[i] != NULL, "one request too many, %d", (int)m->step))
            return -1;
        rc = bdk_imds_request(m, f, e);
        if (rc != 0)
            return rc;
        check_request(f, c->steps[i]);
        if (strcmp(c->steps[i + 1], "timeout") != 0) {
            rc = give_answer(m, f, c->steps[i + 1], k, e);
        } else {
            bdk_error_set(e, BEDROCK_ERR_TIMEOUT, "no answer came");
            rc = bdk_imds_no_answer(m, e);
        }
        CHECKF(rc == BDK_MORE || rc == BEDROCK_ERR_NOMEM || !c->steps[i + 2], "one request too few, %d: %s",
               rc, e->message);
    }
    return rc;
}

static void test_conversations(void)
{
    for (size_t i = 0; i < sizeof conversations / sizeof conversations[0]; i++) {
        const struct conversation *c = &conversations[i];
        struct bdk_imds_settings s = {NULL, NULL, NULL, c->v1_disabled, NULL, NULL};
        struct bedrock_error e = {0};
        struct bdk_keys k = {0};
        struct bdk_fetch f;
        struct bdk_imds m;
        int rc;

        t_case("imds: %s", c->name);
        CHECK(bdk_imds_init(&m, &s, NULL, NULL, &e) == 0);
        bdk_fetch_init(&f, NULL, NULL);
        rc = talk(&m, &f, c, &k, &e);
        if (c->want[0] == '!') {
            CHECKF(rc < 0 && rc == e.code && strstr(e.message, c->want + 1), "%d: %s", rc, e.message);
            CHECK(!strstr(e.message, "s3cret") && k.access_key_id == NULL && m.region[0] == 0);
        } else {
            CHECKF(rc == 0, "%s", e.message);
            CHECK(rc != 0 || strcmp(c->goal == BDK_IMDS_KEYS ? k.access_key_id : m.region, c->want) == 0);
            CHECK(c->goal != BDK_IMDS_KEYS || k.expires_s == NOW_S + 6 * 3600);
        }
        bdk_keys_free(&k);
        bdk_fetch_free(&f);
        bdk_imds_free(&m);
    }
}

/* Six hours less a minute are good; a service that does not say how long gives one for this time only. */
static void test_token_life(void)
{
    static const struct {
        const char *name, *answer;
        int64_t later_s;
        enum bdk_imds_step step;
    } cases[] = {
        {"at once", TOKEN("a"), 0, BDK_IMDS_ROLE},
        {"near its end", TOKEN("a"), 21539, BDK_IMDS_ROLE},
        {"at its end", TOKEN("a"), 21540, BDK_IMDS_TOKEN},
        {"without an end", OK "\r\na", 0, BDK_IMDS_TOKEN},
        {"with an end in words", OK TTL "soon\r\n\r\na", 0, BDK_IMDS_TOKEN},
        {"with an end far away", OK TTL "999999999\r\n\r\na", 21540, BDK_IMDS_TOKEN},
        {"with an end too far", OK TTL "99999999999999999999\r\n\r\na", 0, BDK_IMDS_TOKEN},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct bdk_imds_settings s = {0};
        struct bedrock_error e = {0};
        struct bdk_keys k = {0};
        struct bdk_fetch f;
        struct bdk_imds m;

        t_case("imds: a token %s", cases[i].name);
        bdk_fetch_init(&f, NULL, NULL);
        CHECK(bdk_imds_init(&m, &s, NULL, NULL, &e) == 0);
        bdk_imds_begin(&m, BDK_IMDS_KEYS, NOW_S);
        CHECK(m.step == BDK_IMDS_TOKEN && bdk_imds_request(&m, &f, &e) == 0);
        CHECK(give_answer(&m, &f, cases[i].answer, &k, &e) == BDK_MORE && m.step == BDK_IMDS_ROLE);
        bdk_imds_begin(&m, BDK_IMDS_KEYS, NOW_S + cases[i].later_s);
        CHECK(m.step == cases[i].step);
        bdk_fetch_free(&f);
        bdk_imds_free(&m);
    }
}

/* Expired keys are an instance's too, while its service cannot get others. */
static void test_expired(void)
{
    static const char keys[] = OK "\r\n{\"AccessKeyId\":\"AKID\",\"SecretAccessKey\":\"s\",\"Token\":\"t\","
                               "\"Expiration\":\"2026-01-02T03:04:04Z\"}";
    struct conversation c = {"", BDK_IMDS_KEYS, NULL, {PUT, TOKEN("a"), GET_ROLE WITH("a"), ROLE,
                             GET_KEYS WITH("a"), keys}, ""};
    struct bdk_imds_settings s = {0};
    struct bedrock_error e = {0};
    struct bdk_keys k = {0};
    struct bdk_fetch f;
    struct bdk_imds m;

    t_case("imds: expired keys are handed over");
    bdk_fetch_init(&f, NULL, NULL);
    CHECK(bdk_imds_init(&m, &s, NULL, NULL, &e) == 0);
    CHECK(talk(&m, &f, &c, &k, &e) == 0 && k.expires_s == NOW_S - 1);
    bdk_keys_free(&k);
    bdk_fetch_free(&f);
    bdk_imds_free(&m);
}

static int talk_in(void *ctx, struct t_heap *heap)
{
    struct bdk_keys k = {.text = {.alloc = t_heap_alloc, .alloc_ctx = heap}};
    struct bdk_imds_settings s = {0};
    struct bedrock_error e = {0};
    struct bdk_fetch f;
    struct bdk_imds m;
    int rc;

    (void)ctx;
    bdk_fetch_init(&f, t_heap_alloc, heap);
    CHECK(bdk_imds_init(&m, &s, t_heap_alloc, heap, &e) == 0);
    rc = talk(&m, &f, &conversations[0], &k, &e);
    bdk_keys_free(&k);
    bdk_fetch_free(&f);
    bdk_imds_free(&m);
    return rc;
}

static void test_memory(void)
{
    t_case("imds: allocation n fails");
    CHECK(t_no_memory(talk_in, NULL) >= 5);
}

int main(void)
{
    test_settings();
    test_environment();
    test_conversations();
    test_token_life();
    test_expired();
    test_memory();
    return t_end("test_imds");
}
