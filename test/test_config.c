/* test_config.c - Region, endpoints, credentials and CA bundles: what is found, what is refused.
 * Cases of our own. Leaves out: what endpoints are made of (test_endpoint.c). */
#define _DEFAULT_SOURCE
#include "bedrock_int.h"
#include "t.h"
#include "emu.h"
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* An environment as text: "NAME=value\n...". */
static const char *env_get(void *ctx, const char *name)
{
    static char value[64][300];
    static int turn;
    const char *p = ctx;
    size_t n = strlen(name);

    while (p && *p) {
        const char *eol = strchr(p, '\n');
        size_t len = eol ? (size_t)(eol - p) : strlen(p);

        if (len > n && memcmp(p, name, n) == 0 && p[n] == '=') {
            char *v = value[turn++ % 64];

            memcpy(v, p + n + 1, len - n - 1);
            v[len - n - 1] = 0;
            return v;
        }
        p = eol ? eol + 1 : NULL;
    }
    return NULL;
}

/* Where Region, endpoint and credentials are found, in which order; and the word when they are not. */
static void test_sources(void)
{
#define KEYS "AWS_ACCESS_KEY_ID=AKENV\nAWS_SECRET_ACCESS_KEY=skenv\n"
    static const struct {
        const char *name, *env, *opt_region, *opt_key, *opt_secret, *opt_bearer;
        int code;
        const char *region, *host, *key, *token, *bearer, *word;
    } cases[] = {
        {"environment", "AWS_REGION=eu-west-1\n" KEYS, 0, 0, 0, 0, 0, "eu-west-1",
         "bedrock-runtime.eu-west-1.amazonaws.com", "AKENV", "", "", ""},
        {"a Region in capitals", "AWS_REGION=CN-North-1\n" KEYS, 0, 0, 0, 0, 0, "cn-north-1",
         "bedrock-runtime.cn-north-1.amazonaws.com.cn", "AKENV", "", "", ""},
        {"a Region that says FIPS", "AWS_REGION=us-east-1-FIPS\n" KEYS, 0, 0, 0, 0, 0, "us-east-1",
         "bedrock-runtime-fips.us-east-1.amazonaws.com", "AKENV", "", "", ""},
        {"and a custom endpoint", "AWS_REGION=fips-us-east-1\nAWS_ENDPOINT_URL=https://x\n" KEYS, 0, 0, 0, 0,
         BEDROCK_ERR_CONFIG, 0, 0, 0, 0, 0, "FIPS and custom endpoint"},
        {"default Region", "AWS_DEFAULT_REGION=eu-west-2\n" KEYS "AWS_SESSION_TOKEN=tok\n", 0, 0, 0, 0,
         0, "eu-west-2", "bedrock-runtime.eu-west-2.amazonaws.com", "AKENV", "tok", "", ""},
        {"AWS_REGION goes first", "AWS_DEFAULT_REGION=a\nAWS_REGION=b\n" KEYS, 0, 0, 0, 0, 0, "b",
         "bedrock-runtime.b.amazonaws.com", "AKENV", "", "", ""},
        {"options go first", "AWS_REGION=b\n" KEYS "AWS_BEARER_TOKEN_BEDROCK=bt\n", "c", "AKOPT", "s",
         0, 0, "c", "bedrock-runtime.c.amazonaws.com", "AKOPT", "", "", ""},
        {"a bearer token goes before keys", "AWS_REGION=b\n" KEYS "AWS_BEARER_TOKEN_BEDROCK=bt\n", 0, 0,
         0, 0, 0, "b", "bedrock-runtime.b.amazonaws.com", "", "", "bt", ""},
        {"a bearer option", "AWS_REGION=b\n" KEYS, 0, 0, 0, "bo", 0, "b",
         "bedrock-runtime.b.amazonaws.com", "", "", "bo", ""},
        {"empty is unset", "AWS_REGION=\nAWS_DEFAULT_REGION=b\nAWS_BEARER_TOKEN_BEDROCK=\n" KEYS, 0, 0,
         0, 0, 0, "b", "bedrock-runtime.b.amazonaws.com", "AKENV", "", "", ""},
        {"blank is unset", "AWS_REGION=  \nAWS_DEFAULT_REGION=b\n" KEYS, 0, 0, 0, 0, 0, "b",
         "bedrock-runtime.b.amazonaws.com", "AKENV", "", "", ""},
        {"endpoint of the service", "AWS_REGION=b\nAWS_ENDPOINT_URL=https://x\n"
         "AWS_ENDPOINT_URL_BEDROCK_RUNTIME=https://y:1\n" KEYS, 0, 0, 0, 0, 0, "b", "y:1", "AKENV", "",
         "", ""},
        {"endpoint of all services", "AWS_REGION=b\nAWS_ENDPOINT_URL=https://x\n" KEYS, 0, 0, 0, 0, 0,
         "b", "x", "AKENV", "", "", ""},
        {"no Region", KEYS "AWS_EC2_METADATA_DISABLED=true\n", 0, 0, 0, 0, BEDROCK_ERR_CONFIG, 0, 0, 0, 0, 0,
         "AWS_DEFAULT_REGION"},
        {"bad Region", "AWS_REGION=a/b\n" KEYS, 0, 0, 0, 0, BEDROCK_ERR_CONFIG, 0, 0, 0, 0, 0, "'a/b'"},
        {"no credentials", "AWS_REGION=b\nAWS_EC2_METADATA_DISABLED=true\n", 0, 0, 0, 0, BEDROCK_ERR_CONFIG,
         0, 0, 0, 0, 0, "AWS_ACCESS_KEY_ID"},
        {"half a pair", "AWS_REGION=b\nAWS_ACCESS_KEY_ID=AK\n", 0, 0, 0, 0, BEDROCK_ERR_CONFIG, 0, 0, 0,
         0, 0, "AWS_SECRET_ACCESS_KEY is not"},
        {"the other half", "AWS_REGION=b\nAWS_SECRET_ACCESS_KEY=sk\n", 0, 0, 0, 0, BEDROCK_ERR_CONFIG, 0,
         0, 0, 0, 0, "AWS_ACCESS_KEY_ID is not"},
        {"half a pair of options", "AWS_REGION=b\n" KEYS, 0, "AKOPT", 0, 0, BEDROCK_ERR_CONFIG, 0, 0, 0,
         0, 0, "half a key pair"},
        {"a token with a newline", "AWS_REGION=b\n", 0, 0, 0, "a\r\nX: y", BEDROCK_ERR_CONFIG, 0, 0, 0, 0,
         0, "newline"},
        {"a key with a space", "AWS_REGION=b\nAWS_ACCESS_KEY_ID=A K\nAWS_SECRET_ACCESS_KEY=topsecret\n",
         0, 0, 0, 0, BEDROCK_ERR_CONFIG, 0, 0, 0, 0, 0,
         "AWS_ACCESS_KEY_ID and its like: the access key id holds"},
        {"bad endpoint", "AWS_REGION=b\nAWS_ENDPOINT_URL=http://example.com\n" KEYS, 0, 0, 0, 0,
         BEDROCK_ERR_CONFIG, 0, 0, 0, 0, 0, "loopback"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct bedrock_options opt = {0};
        struct bedrock *b;
        int rc;

        t_case("settings: %s", cases[i].name);
        opt.getenv = env_get;
        opt.getenv_ctx = (void *)(uintptr_t)cases[i].env;
        opt.region = cases[i].opt_region;
        opt.access_key_id = cases[i].opt_key;
        opt.secret_access_key = cases[i].opt_secret;
        opt.bearer_token = cases[i].opt_bearer;
        rc = bedrock_open(&b, &opt);
        CHECKF(rc == cases[i].code, "%d: %s", rc, bedrock_error(b)->message);
        if (rc == 0 && cases[i].code == 0) {
            const struct bdk_creds *c = &b->creds;

            CHECK(strcmp(bedrock_region(b), cases[i].region) == 0);
            CHECK(strcmp(b->cf.endpoint[0].region, cases[i].region) == 0);
            CHECK_TEXT(b->cf.endpoint[0].authority, strlen(b->cf.endpoint[0].authority), cases[i].host);
            CHECK(strcmp(c->keys.access_key_id ? c->keys.access_key_id : "", cases[i].key) == 0);
            CHECK(strcmp(c->keys.session_token ? c->keys.session_token : "", cases[i].token) == 0);
            CHECK(strcmp(c->bearer_token ? c->bearer_token : "", cases[i].bearer) == 0);
        } else if (cases[i].word) {
            CHECKF(strstr(bedrock_error(b)->message, cases[i].word) != NULL, "message: %s",
                   bedrock_error(b)->message);
            CHECK(strstr(bedrock_error(b)->message, "topsecret") == NULL);
        }
        bedrock_close(b);
    }
#undef KEYS
}

static void write_file(const char *path, const char *text, size_t n)
{
    FILE *f = fopen(path, "wb");

    CHECK(f != NULL);
    if (f && n > 0)
        CHECK(fwrite(text, 1, n, f) == n);
    if (f)
        fclose(f);
}

static void test_ca_bundles(void)
{
    static const struct {
        const char *name, *pem;
        int code;
        const char *word;
    } cases[] = {
        {"a certificate", emu_ca_pem, 0, ""},
        {"missing file", NULL, BEDROCK_ERR_CONFIG, "No such file"},
        {"a directory", "/", BEDROCK_ERR_CONFIG, "irectory"},
        {"empty file", "", BEDROCK_ERR_CONFIG, "no usable certificate"},
        {"no certificate in it", "hello\n", BEDROCK_ERR_CONFIG, "no usable certificate"},
        {"a damaged certificate", "-----BEGIN CERTIFICATE-----\n!!!\n-----END CERTIFICATE-----\n",
         BEDROCK_ERR_CONFIG, "damaged"},
    };
    char path[] = "test-ca-XXXXXX";
    int fd = mkstemp(path);

    CHECK(fd >= 0);
    close(fd);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct bedrock_options opt = {0};
        const char *file = cases[i].pem && cases[i].pem[0] == '/' ? "/" : path;
        struct t_heap heap = {0};
        struct bedrock *b;
        int rc;

        t_case("CA bundle: %s", cases[i].name);
        if (!cases[i].pem)
            unlink(path);
        else
            write_file(path, cases[i].pem, strlen(cases[i].pem));
        opt.region = "us-east-1";
        opt.bearer_token = "x";
        opt.getenv = env_get;
        opt.ca_file = file;
        opt.alloc = t_heap_alloc;
        opt.alloc_ctx = &heap;
        rc = bedrock_open(&b, &opt);
        CHECKF(rc == cases[i].code, "%d: %s", rc, bedrock_error(b)->message);
        CHECKF(strstr(bedrock_error(b)->message, cases[i].word) != NULL, "message: %s",
               bedrock_error(b)->message);
        CHECK(rc == 0 || strstr(bedrock_error(b)->message, file) != NULL);
        bedrock_close(b);
        CHECK(heap.live == 0);
    }
    unlink(path);
}

int main(void)
{
    test_sources();
    test_ca_bundles();
    return t_end("test_config");
}
