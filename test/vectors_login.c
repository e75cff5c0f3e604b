/* vectors_login.c - the public suite for the `aws login` provider, login-provider-test-cases.json of the
 * folder argv[1]: cache in, request out, answer in, keys and cache out. Leaves out: carrying the request. */
#include "bedrock_int.h"
#include "files.h"
#include "vectors.h"
#include <stdlib.h>
#include <string.h>

#define FOLDER "/home/me/.aws/login/cache/"
#define NOW INT64_C(1763510400) /* 2025-11-19T00:00:00Z: 900 s before what the suite expects */

static char *text_of(struct bedrock_json v)
{
    char *text = calloc(1, v.len + 1);

    if (!text)
        exit(2);
    bedrock_json_unescape(v, text, v.len);
    return text;
}

static void check_string(struct bedrock_json want, const char *got)
{
    char *text = text_of(want);

    CHECKF(got && strcmp(got, text) == 0, "got %s, want %s", got ? got : "nothing", text);
    free(text);
}

/* Every member of a is in b with the same value, objects by their members. */
static int holds(struct bedrock_json a, struct bedrock_json b)
{
    struct bedrock_json_iter it = bedrock_json_iterate(a);
    struct bedrock_json name, v;
    int same = a.type == b.type;

    if (a.type == BEDROCK_JSON_STRING && same) {
        char *text = text_of(a);

        same = bedrock_json_equals(b, text);
        free(text);
    } else if (a.type != BEDROCK_JSON_OBJECT) {
        same = same && a.len == b.len && memcmp(a.p, b.p, a.len) == 0;
    }
    while (same && a.type == BEDROCK_JSON_OBJECT && bedrock_json_next(&it, &name, &v)) {
        char *text = text_of(name);

        same = holds(v, bedrock_json_get(b, text));
        free(text);
    }
    return same;
}

static void check_same(const char *p, size_t len, struct bedrock_json want)
{
    struct bedrock_json got;

    if (CHECK(bedrock_json_parse(p, len, &got, NULL) == 0))
        CHECKF(holds(want, got) && holds(got, want), "got %.*s, want %.*s", (int)len, p, (int)want.len,
               want.p);
}

/* Send what the provider asks for through the suite's answer. */
static int refresh(struct bdk_cache *c, const struct bdk_env *env, struct bedrock_json call,
                   struct bedrock_error *e)
{
    static const struct bdk_endpoint to = {.host = "h", .authority = "h", .port = 443, .tls = 1};
    static const unsigned char random[16];
    struct bedrock_json output = bedrock_json_get(call, "response.tokenOutput");
    struct bedrock_slice body = {output.p, output.len};
    struct bdk_http_head h = {.status = 200};
    struct bdk_fetch f;
    int64_t status;
    int rc;

    if (bedrock_json_int(bedrock_json_get(call, "responseCode"), &status) == 0)
        h.status = (int)status;
    bdk_fetch_init(&f, NULL, NULL);
    rc = bdk_login_refresh(c, &f, &to, random, NOW, e);
    if (rc == 0)
        check_same(f.body.p, f.body.len, bedrock_json_get(call, "request.tokenInput"));
    if (rc == 0)
        rc = bdk_login_refreshed(c, &f, &h, body, NOW, e);
    if (rc != 0)
        rc = bdk_cache_failed(c, env, NOW, e);
    bdk_fetch_free(&f);
    return rc;
}

static void check_outcomes(struct bedrock_json test, const struct bdk_cache *c, int rc,
                           const struct bedrock_error *e)
{
    struct bedrock_json_iter it = bedrock_json_iterate(bedrock_json_get(test, "outcomes"));
    struct bdk_keys k = {0};
    struct bedrock_error none = {0};
    struct bedrock_json outcome, name, v;

    if (rc == 0)
        CHECK(bdk_login_keys(c, &k, &none) == 0);
    while (bedrock_json_next(&it, NULL, &outcome)) {
        struct bedrock_json result = bedrock_json_get(outcome, "result");
        struct bedrock_json_iter files = bedrock_json_iterate(outcome);
        char when[21];

        if (bedrock_json_equals(result, "error")) {
            CHECKF(rc == BEDROCK_ERR_CONFIG && e->message[0], "%d", rc);
        } else if (bedrock_json_equals(result, "credentials")) {
            CHECKF(rc == 0, "%s", e->message);
            check_string(bedrock_json_get(outcome, "accessKeyId"), k.access_key_id);
            check_string(bedrock_json_get(outcome, "secretAccessKey"), k.secret_access_key);
            check_string(bedrock_json_get(outcome, "sessionToken"), k.session_token);
            check_string(bedrock_json_get(outcome, "accountId"), k.account_id);
            bdk_date_rfc3339(k.expires_s, when);
            check_string(bedrock_json_get(outcome, "expiresAt"), when);
        } else if (CHECK(bedrock_json_equals(result, "cacheContents"))) {
            while (bedrock_json_next(&files, &name, &v))
                if (v.type == BEDROCK_JSON_OBJECT) {
                    check_string(name, strrchr(c->path, '/') + 1);
                    check_same(c->file.p, c->file.len, v);
                }
        }
    }
    bdk_keys_free(&k);
}

/* The suite's profile and its caches as files of a made-up home. */
static void run_case(struct bedrock_json test)
{
    static const char *const variables[] = {"HOME", "/home/me", "AWS_PROFILE", "signin", NULL};
    char *title = text_of(bedrock_json_get(test, "documentation")), *path = NULL;
    char *config = text_of(bedrock_json_get(test, "configContents"));
    struct files_file list[3] = {{"/home/me/.aws/config", config, 0, 0}, {NULL, NULL, 0, 0},
                                 {NULL, NULL, 0, 0}};
    struct files disk = {variables, list, ""};
    struct bdk_env env = files_env(&disk);
    struct bedrock_json_iter it = bedrock_json_iterate(bedrock_json_get(test, "cacheContents"));
    struct bedrock_json name, v;
    struct bedrock_error e = {0};
    struct bdk_profiles profiles;
    const char *session;
    struct bdk_cache c = {0};
    int rc;

    t_case("login: %s", title);
    if (bedrock_json_next(&it, &name, &v)) {
        path = calloc(1, name.len + sizeof FOLDER);
        if (!path)
            exit(2);
        strcpy(path, FOLDER);
        bedrock_json_unescape(name, path + strlen(FOLDER), name.len);
        list[1] = (struct files_file){path, v.p, v.len, 0};
    }
    CHECKF(bdk_profiles_load(&profiles, &env, NULL, 0, NULL, NULL, &e) == 0, "%s", e.message);
    session = bdk_profile_value(&profiles, "signin", "login_session");
    if (CHECK(session != NULL)) {
        rc = bdk_login_open(&c, &env, "signin", session, NULL, NULL, &e);
        if (rc == 0)
            rc = bdk_cache_load(&c, &env, &e);
        if (rc == 0)
            rc = bdk_cache_next(&c, 1, NOW, &e);
        if (rc == BDK_MORE)
            rc = refresh(&c, &env, bedrock_json_get(test, "mockApiCalls[0]"), &e);
        else
            CHECK(bedrock_json_get(test, "mockApiCalls").type == BEDROCK_JSON_NONE);
        check_outcomes(test, &c, rc, &e);
    }
    bdk_cache_free(&c);
    bdk_profiles_free(&profiles);
    free(title);
    free(config);
    free(path);
}

static void run(const char *folder)
{
    vectors_each(folder, "login-provider-test-cases.json", "", run_case);
}

int main(int argc, char **argv)
{
    return vectors_main("vectors_login", argc, argv, run);
}
