/* test_sources.c - sources of credentials one by one: what stays of a web identity token once it was sent on.
 * Leaves out: whole ways to credentials (test_provide.c, vectors_credentials). */
#define _DEFAULT_SOURCE
#include "bedrock_int.h"
#include "mock.h"
#include <errno.h>
#include <string.h>

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

int main(void)
{
    test_web_token();
    return t_end("test_sources");
}
