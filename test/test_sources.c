/* test_sources.c - sources of credentials one by one: what stays of a web identity token once it was sent on,
 * and where a renewed one is not written. Leaves out:
 * whole ways to credentials (test_provide.c, vectors_credentials). */
#define _DEFAULT_SOURCE
#include "bedrock_int.h"
#include "mock.h"
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SECRET "eyJhbGciOiJSUzI1NiJ9.first"

/* One token file; each reading finds what the test has put there. */
struct token {
    const char *text;
    size_t len;
};

static const char *env_get(void *ctx, const char *name)
{
    (void)ctx;
    if (strcmp(name, "AWS_WEB_IDENTITY_TOKEN_FILE") == 0)
        return "/token";
    return strcmp(name, "AWS_ROLE_ARN") == 0 ? "arn:aws:iam::123456789012:role/r" : NULL;
}

static int read_token(void *ctx, const char *path, struct bedrock_buffer *out)
{
    const struct token *t = ctx;

    if (strcmp(path, "/token") != 0)
        return ENOENT;
    return bedrock_buffer_append(out, t->text, t->len) == 0 ? 0 : EFBIG;
}

static int begin(struct bedrock *b, struct bdk_run *r, struct bedrock_error *e)
{
    memset(e, 0, sizeof *e);
    return bdk_sources[BDK_PLAN_WEB_IDENTITY].begin(b, r, e);
}

static void test_web_token(void)
{
    static char huge[70000];
    struct token token = {huge, sizeof huge};
    struct t_heap heap = {.never = SECRET};
    struct bedrock_error e;
    struct bedrock_options o;
    struct bdk_run r;
    struct bedrock *b;
    struct mock m;

    t_case("web identity: a token file that is too large once");
    mock_init(&m, "", 0);
    mock_options(&o, &m, &heap);
    o.access_key_id = o.secret_access_key = NULL;
    o.getenv = env_get;
    o.read_file = read_token;
    o.read_file_ctx = &token;
    memset(huge, 'x', sizeof huge);
    CHECK(bedrock_open(&b, &o) == 0 && b->creds.source == BDK_FROM_WEB_IDENTITY);
    memset(&r, 0, sizeof r);
    bdk_fetch_init(&r.fetch, t_heap_alloc, &heap);
    bdk_client_buffer(b, &r.file);
    CHECK(begin(b, &r, &e) == BEDROCK_ERR_CONFIG);
    CHECKF(strstr(e.message, "/token: too large") != NULL, "%s", e.message);
    token = (struct token){SECRET, strlen(SECRET)};
    CHECKF(begin(b, &r, &e) == BDK_RUN_FETCH, "%s", e.message);
    t_case("web identity: nothing of a token stays behind the next one, or once it is in the request");
    CHECK(r.fetch.body.len > strlen(SECRET) && r.file.p == NULL);
    token = (struct token){huge, 1000};
    CHECKF(begin(b, &r, &e) == BDK_RUN_FETCH, "%s", e.message);
    bdk_fetch_free(&r.fetch);
    bedrock_buffer_free(&r.file);
    bedrock_close(b);
    CHECK(heap.live == 0);
    mock_free(&m);
}

/* ---- SSO ---- */

static const char sso_config[] =
    "[profile p]\nsso_session = s\nsso_account_id = 123456789012\nsso_role_name = r\n"
    "[sso-session s]\nsso_region = us-east-1\nsso_start_url = https://x\n";
static const char sso_cache[] =
    "{\"accessToken\":\"old\",\"expiresAt\":\"2026-01-02T03:05:05Z\",\"refreshToken\":\"r\","
    "\"clientId\":\"i\",\"clientSecret\":\"c\",\"registrationExpiresAt\":\"2027-01-02T03:05:05Z\"}";

/* HOME is a folder that is there, and where the cache would be written. */
static const char *home_env(void *ctx, const char *name)
{
    (void)ctx;
    return strcmp(name, "HOME") == 0 ? t_path("home") : NULL;
}

static int read_home(void *ctx, const char *path, struct bedrock_buffer *out)
{
    size_t n = strlen(path);

    (void)ctx;
    if (n > 7 && strcmp(path + n - 7, "/config") == 0)
        return bdk_buffer_text(out, sso_config) == 0 ? 0 : ENOMEM;
    if (n > 5 && strcmp(path + n - 5, ".json") == 0)
        return bdk_buffer_text(out, sso_cache) == 0 ? 0 : ENOMEM;
    return ENOENT;
}

static void test_files_of_its_own(void)
{
    static const char body[] = "{\"accessToken\":\"renewed\",\"expiresIn\":3600}";
    static const char *const folders[] = {"home", "home/.aws", "home/.aws/sso", "home/.aws/sso/cache"};
    struct bdk_http_head h = {.status = 200};
    struct bedrock_options o;
    struct bedrock_error e = {0};
    struct bdk_run r;
    struct bedrock *b;
    struct mock m;

    t_case("SSO: a program with files of its own finds none of ours on its disk");
    for (size_t i = 0; i < 4; i++)
        CHECK(mkdir(t_path(folders[i]), 0700) == 0);
    mock_init(&m, "", 0);
    mock_options(&o, &m, NULL);
    o.access_key_id = o.secret_access_key = NULL;
    o.profile = "p";
    o.getenv = home_env;
    o.read_file = read_home;
    CHECK(bedrock_open(&b, &o) == 0 && b->creds.plan && b->creds.plan->base == BDK_PLAN_SSO);
    memset(&r, 0, sizeof r);
    bdk_fetch_init(&r.fetch, NULL, NULL);
    CHECKF(bdk_sources[BDK_PLAN_SSO].begin(b, &r, &e) == BDK_RUN_FETCH && r.renewing, "%s", e.message);
    CHECKF(bdk_sources[BDK_PLAN_SSO].answer(b, &r, &h, bdk_slice(body), &e) == BDK_RUN_FETCH, "%s",
           e.message);
    CHECK(strcmp(r.sso.c.value[1], "renewed") == 0 && access(r.sso.c.path, F_OK) != 0);
    for (size_t i = 4; i-- > 0;)
        CHECKF(rmdir(t_path(folders[i])) == 0, "%s", folders[i]); /* so they are empty */
    bdk_cache_free(&r.sso.c);
    bdk_fetch_free(&r.fetch);
    bedrock_close(b);
    mock_free(&m);
}

int main(void)
{
    test_web_token();
    test_files_of_its_own();
    return t_end("test_sources");
}
