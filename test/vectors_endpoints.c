/* vectors_endpoints.c - the public endpoint tests beside the folder argv[1]: each case of the services that
 * we call gives the host, the Region of the signature or the error that it names; partitions.json agrees
 * with our table. Leaves out: cases for operations that we do not call, skipped by name. */
#include "bedrock_int.h"
#include "vectors.h"
#include <stdlib.h>
#include <string.h>

/* A string into out, zero-terminated; "" for anything else. */
static const char *text_of(struct bedrock_json v, char out[256])
{
    size_t n = v.type == BEDROCK_JSON_STRING ? bedrock_json_unescape(v, out, 255) : 0;

    out[n < 255 ? n : 255] = 0;
    return out;
}

static int is_true(struct bedrock_json v)
{
    return v.type == BEDROCK_JSON_TRUE;
}

/* ---- Cases ---- */

static void check_endpoint(const struct bdk_endpoint *ep, struct bedrock_json expect)
{
    char url[600], want[256];

    snprintf(url, sizeof url, "%s://%s%s", ep->tls ? "https" : "http", ep->authority, ep->base_path);
    CHECK_TEXT(url, strlen(url), text_of(bedrock_json_get(expect, "url"), want));
    if (text_of(bedrock_json_get(expect, "properties.authSchemes[0].signingRegion"), want)[0])
        CHECK_TEXT(ep->region, strlen(ep->region), want);
}

/* The rules' sentence stands in ours, without the words that ours leaves away. */
static void check_error(const char *message, struct bedrock_json expect)
{
    static const char prefix[] = "Invalid Configuration: ";
    char want[256];
    const char *text = text_of(expect, want);

    if (strncmp(text, prefix, sizeof prefix - 1) == 0)
        text += sizeof prefix - 1;
    CHECKF(text[0] && strstr(message, text) != NULL, "%s", message);
}

static void test_case(const char *name, enum bdk_service service, struct bedrock_json vector)
{
    struct bedrock_json params = bedrock_json_get(vector, "params");
    struct bedrock_json expect = bedrock_json_get(vector, "expect");
    struct bedrock_error e = {0};
    struct bdk_endpoint ep;
    char region[256], url[256];
    unsigned flags = (is_true(bedrock_json_get(params, "UseFIPS")) ? BDK_FIPS : 0u) |
                     (is_true(bedrock_json_get(params, "UseDualStack")) ? BDK_DUALSTACK : 0u) |
                     (is_true(bedrock_json_get(params, "UseGlobalEndpoint")) ? BDK_STS_LEGACY : 0u);
    int oauth = is_true(bedrock_json_get(params, "IsOAuthEndpoint"));
    int control = is_true(bedrock_json_get(params, "IsControlPlane"));
    int rc;

    text_of(bedrock_json_get(params, "Region"), region);
    text_of(bedrock_json_get(params, "Endpoint"), url);
    t_case("%s: %s %s flags %u%s%s", name, region[0] ? region : "no Region", url, flags,
           oauth ? " IsOAuthEndpoint" : "", control ? " IsControlPlane" : "");
    if (oauth || control) {
        t_skip("no operation of ours has this parameter");
        return;
    }
    rc = url[0] ? bdk_endpoint_custom(&ep, url, region, flags, &e) :
                  bdk_endpoint_of(&ep, service, region, flags, &e);
    if (bedrock_json_get(expect, "error").type == BEDROCK_JSON_STRING) {
        CHECKF(rc == BEDROCK_ERR_CONFIG, "%d: %s", rc, ep.authority);
        check_error(e.message, bedrock_json_get(expect, "error"));
    } else if (CHECKF(rc == 0, "%d: %s", rc, e.message)) {
        check_endpoint(&ep, bedrock_json_get(expect, "endpoint"));
    }
}

static void test_cases(const char *name, enum bdk_service service, struct bedrock_json cases)
{
    struct bedrock_json_iter it = bedrock_json_iterate(cases);
    struct bedrock_json vector;
    size_t n = 0;

    for (; bedrock_json_next(&it, NULL, &vector); n++)
        test_case(name, service, vector);
    t_case("%s holds cases", name);
    CHECK(n > 0);
}

/* ---- Partitions ---- */

static void check_output(const char *ours, struct bedrock_json outputs, const char *name)
{
    char text[256];

    CHECK_TEXT(ours, strlen(ours), text_of(bedrock_json_get(outputs, name), text));
}

static void check_partition(const struct bdk_partition *p, struct bedrock_json outputs)
{
    check_output(p->id, outputs, "name");
    check_output(p->suffix, outputs, "dnsSuffix");
    check_output(p->dual_suffix, outputs, "dualStackDnsSuffix");
    check_output(p->implicit, outputs, "implicitGlobalRegion");
    CHECK(is_true(bedrock_json_get(outputs, "supportsFIPS")) == ((p->supports & BDK_FIPS) != 0));
    CHECK(is_true(bedrock_json_get(outputs, "supportsDualStack")) == ((p->supports & BDK_DUALSTACK) != 0));
}

/* Our patterns are words before the same end, so the file's must read "^words\-\w+\-\d+$". */
static void check_pattern(const struct bdk_partition *p, struct bedrock_json pattern)
{
    static const char end[] = "\\w+\\-\\d+$";
    char text[256], want[256];
    size_t n = 0, len = strlen(text_of(pattern, text));

    CHECKF(len >= sizeof end - 1 && strcmp(text + len - (sizeof end - 1), end) == 0, "%s", text);
    for (const char *c = text; len >= sizeof end - 1 && c < text + len - (sizeof end - 1); c++)
        if (!strchr("^()\\", *c))
            want[n++] = *c;
    want[n] = 0;
    /* the first row needs none: it is where all others end */
    if (p != bdk_partition_of(""))
        CHECK_TEXT(p->prefix, strlen(p->prefix), want);
}

static void test_partition(struct bedrock_json partition)
{
    struct bedrock_json_iter it = bedrock_json_iterate(bedrock_json_get(partition, "regions"));
    struct bedrock_json key, value;
    char id[256], region[256];
    const struct bdk_partition *p = NULL;

    text_of(bedrock_json_get(partition, "id"), id);
    while (bedrock_json_next(&it, &key, &value)) {
        t_case("partitions.json: %s is in %s", text_of(key, region), id);
        p = bdk_partition_of(region);
        check_partition(p, bedrock_json_get(partition, "outputs"));
        CHECK(strcmp(p->id, id) == 0 && bdk_region_check(region) == 0);
    }
    t_case("partitions.json: the pattern of %s", id);
    if (CHECK(p != NULL))
        check_pattern(p, bedrock_json_get(partition, "regionRegex"));
}

static void test_partitions(struct bedrock_json partitions)
{
    struct bedrock_json_iter it = bedrock_json_iterate(partitions);
    struct bedrock_json partition;
    size_t n = 0;

    for (; bedrock_json_next(&it, NULL, &partition); n++)
        test_partition(partition);
    t_case("partitions.json holds partitions");
    CHECK(n > 0);
}

static void run(const char *folder)
{
    static const struct {
        const char *file, *path;
        enum bdk_service service;
    } suites[] = {
        {"../bedrock-runtime.endpoint-tests-1.json", "testCases", BDK_RUNTIME},
        {"../bedrock.endpoint-tests-1.json", "testCases", BDK_CONTROL},
        {"../auth-services.endpoint-tests.json", "sts.testCases", BDK_STS},
        {"../auth-services.endpoint-tests.json", "sso.testCases", BDK_SSO},
        {"../auth-services.endpoint-tests.json", "sso-oidc.testCases", BDK_OIDC},
        {"../auth-services.endpoint-tests.json", "signin.testCases", BDK_SIGNIN},
    };
    struct bedrock_json root;
    char *text;

    for (size_t i = 0; i < sizeof suites / sizeof suites[0]; i++) {
        text = vectors_load(folder, suites[i].file, &root);
        if (text)
            test_cases(bdk_endpoint_env_names[suites[i].service].key, suites[i].service,
                       bedrock_json_get(root, suites[i].path));
        free(text);
    }
    text = vectors_load(folder, "../partitions.json", &root);
    if (text)
        test_partitions(bedrock_json_get(root, "partitions"));
    free(text);
}

int main(int argc, char **argv)
{
    return vectors_main("vectors_endpoints", argc, argv, run);
}
