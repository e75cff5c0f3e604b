/* vectors_providers.c - ecs-tests.json and imds-endpoint-tests.json of the folder argv[1]: which URL is asked
 * under which settings. Leaves out: the profile grammar (one key of one profile is all these files hold). */
#include "bedrock_int.h"
#include "vectors.h"
#include <stdlib.h>
#include <string.h>

#define MAX_TEXTS 16

/* Decoded strings of one vector. */
static struct {
    char text[MAX_TEXTS][300];
    int n;
} vector_texts;

/* NULL for what is no string, or an empty one. */
static const char *text_of(struct bedrock_json v)
{
    char *text = vector_texts.text[vector_texts.n++ % MAX_TEXTS];
    size_t n = bedrock_json_unescape(v, text, sizeof vector_texts.text[0] - 1);

    CHECK(n < sizeof vector_texts.text[0] && vector_texts.n <= MAX_TEXTS);
    text[n < sizeof vector_texts.text[0] ? n : 0] = 0;
    return text[0] ? text : NULL;
}

static const char *env_get(void *ctx, const char *name)
{
    return text_of(bedrock_json_get(*(const struct bedrock_json *)ctx, name));
}

/* The value of a key in a profile's text. */
static const char *profile_get(const char *text, const char *key)
{
    static char value[100];
    char line[100];
    const char *at;

    snprintf(line, sizeof line, "\n%s = ", key);
    at = text ? strstr(text, line) : NULL;
    if (!at)
        return NULL;
    at += strlen(line);
    snprintf(value, sizeof value, "%.*s", (int)strcspn(at, "\n"), at);
    return value;
}

/* "Ok" is the URL; the words of another program's errors are not ours, but each of them has one here. */
static void check_result(struct bedrock_json vector, const struct bdk_fetch *f, int rc,
                         const struct bedrock_error *e)
{
    static const struct {
        const char *theirs, *ours;
    } words[] = {
        {"URI did not specify a host", "does not name a host"},
        {"`error` is not a valid endpoint mode", "is 'error': it must be IPv4 or IPv6"},
        {"`IPv7` is not a valid endpoint mode", "is 'IPv7': it must be IPv4 or IPv6"},
        {"invalid uri character", "'not a uri'"},
    };
    const char *want = text_of(bedrock_json_get(vector, "result.Ok"));
    const char *error = text_of(bedrock_json_get(vector, "result.Err")), *word = NULL;
    char url[600];

    if (want) {
        snprintf(url, sizeof url, "%s://%s%.*s", f->to.tls ? "https" : "http", f->to.authority,
                 (int)f->target.len, f->target.p ? f->target.p : "");
        CHECKF(rc == 0, "%d: %s", rc, e->message);
        CHECK_TEXT(url, strlen(url), want);
        return;
    }
    if (!error)
        error = text_of(bedrock_json_get(vector, "result.ErrorContains"));
    if (error && strcmp(error, "No environment variables were set to configure ECS provider") == 0) {
        CHECKF(rc == BDK_CONTAINER_NONE, "%d: %s", rc, e->message);
        return;
    }
    for (size_t i = 0; error && i < sizeof words / sizeof words[0]; i++)
        if (strcmp(error, words[i].theirs) == 0)
            word = words[i].ours;
    CHECKF(rc == BEDROCK_ERR_CONFIG && word && strstr(e->message, word), "%d: %s, not %s", rc, e->message,
           error ? error : "?");
}

static void begin(const char *what, struct bedrock_json vector)
{
    vector_texts.n = 0;
    t_case("%s: %s", what, text_of(bedrock_json_get(vector, "docs")));
}

static void test_ecs(struct bedrock_json vector)
{
    struct bedrock_json variables = bedrock_json_get(vector, "env");
    struct bdk_env env = {env_get, &variables, NULL, NULL};
    struct bedrock_error e = {0};
    struct bdk_fetch f;
    int rc;

    begin("container", vector);
    bdk_fetch_init(&f, NULL, NULL);
    rc = bdk_container_request(&f, &env, &e);
    check_result(vector, &f, rc, &e);
    bdk_fetch_free(&f);
}

static void test_imds(struct bedrock_json vector)
{
    struct bedrock_json variables = bedrock_json_get(vector, "env");
    struct bdk_env env = {env_get, &variables, NULL, NULL};
    const char *profile = text_of(bedrock_json_get(vector, "fs.config"));
    const char *endpoint = text_of(bedrock_json_get(vector, "endpoint_override"));
    const char *mode = text_of(bedrock_json_get(vector, "mode_override"));
    struct bdk_imds_settings s = {0};
    struct bedrock_error e = {0};
    struct bdk_fetch f;
    struct bdk_imds m;
    int rc;

    begin("instance", vector);
    s.endpoint = profile_get(profile, "ec2_metadata_service_endpoint");
    if (!s.endpoint)
        s.mode = profile_get(profile, "ec2_metadata_service_endpoint_mode");
    bdk_imds_env(&s, &env);
    s.endpoint = endpoint ? endpoint : s.endpoint;
    s.mode = mode ? mode : s.mode;
    bdk_fetch_init(&f, NULL, NULL);
    rc = bdk_imds_init(&m, &s, NULL, NULL, &e);
    if (rc == 0) {
        bdk_imds_begin(&m, BDK_IMDS_KEYS, 0);
        rc = bdk_imds_request(&m, &f, &e);
    }
    check_result(vector, &f, rc, &e);
    bdk_fetch_free(&f);
    bdk_imds_free(&m);
}

static void run(const char *folder)
{
    vectors_each(folder, "ecs-tests.json", "tests", test_ecs);
    vectors_each(folder, "imds-endpoint-tests.json", "tests", test_imds);
}

int main(int argc, char **argv)
{
    return vectors_main("vectors_providers", argc, argv, run);
}
