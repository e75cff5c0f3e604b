/* test_config.c - Region, endpoints, credentials and CA bundles: what is found, what is refused.
 * Cases of our own. Leaves out: what endpoints are made of (test_endpoint.c). */
#define _DEFAULT_SOURCE
#include "bedrock_int.h"
#include "t.h"
#include "emu.h"
#include "files.h"
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
        {"keys that are past their time",
         "AWS_REGION=b\nAWS_CREDENTIAL_EXPIRATION=2020-01-02T03:04:05Z\n" KEYS, 0, 0, 0, 0,
         BEDROCK_ERR_CONFIG, 0, 0, 0, 0, 0, "AWS_CREDENTIAL_EXPIRATION is 2020-01-02T03:04:05Z"},
        {"a time that is none", "AWS_REGION=b\nAWS_CREDENTIAL_EXPIRATION=soon\n" KEYS, 0, 0, 0, 0,
         BEDROCK_ERR_CONFIG, 0, 0, 0, 0, 0, "AWS_CREDENTIAL_EXPIRATION is no time"},
        {"keys that end one day",
         "AWS_REGION=b\nAWS_CREDENTIAL_EXPIRATION=2120-01-02T03:04:05Z\n" KEYS, 0, 0, 0, 0, 0, "b",
         "bedrock-runtime.b.amazonaws.com", "AKENV", "", "", ""},
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

/* Where the profile has a say: endpoints, FIPS and dual stack, the Region, the CA bundle. */
static void test_profile_settings(void)
{
#define CONFIG "[default]\nregion = eu-west-1\n"
#define SERVICES "services = s\n[services s]\nbedrock_runtime =\n  endpoint_url = https://rt.example\n"
    static const struct {
        const char *name, *env[9], *config, *credentials;
        int fips, dualstack, code;
        const char *runtime, *control;      /* or a word of the message */
    } cases[] = {
        {"Region of the profile", {NULL}, CONFIG, NULL, 0, 0, 0, "bedrock-runtime.eu-west-1.amazonaws.com",
         "bedrock.eu-west-1.amazonaws.com"},
        {"Region of the credentials file", {NULL}, "[default]\n", "[default]\nregion = eu-west-2\n", 0, 0, 0,
         "bedrock-runtime.eu-west-2.amazonaws.com", "bedrock.eu-west-2.amazonaws.com"},
        {"the environment goes before it", {"AWS_DEFAULT_REGION", "us-east-2"}, CONFIG, NULL, 0, 0, 0,
         "bedrock-runtime.us-east-2.amazonaws.com", "bedrock.us-east-2.amazonaws.com"},
        {"a services section, for one of them", {NULL}, CONFIG SERVICES, NULL, 0, 0, 0, "rt.example",
         "bedrock.eu-west-1.amazonaws.com"},
        {"the profile's endpoint_url, for the other", {NULL}, CONFIG "endpoint_url = https://all.example\n"
         SERVICES, NULL, 0, 0, 0, "rt.example", "all.example"},
        {"AWS_ENDPOINT_URL goes before both", {"AWS_ENDPOINT_URL", "https://env.example"}, CONFIG SERVICES,
         NULL, 0, 0, 0, "env.example", "env.example"},
        {"configured endpoints ignored, by the environment",
         {"AWS_ENDPOINT_URL", "https://env.example", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "true"},
         CONFIG SERVICES, NULL, 0, 0, 0, "bedrock-runtime.eu-west-1.amazonaws.com",
         "bedrock.eu-west-1.amazonaws.com"},
        {"by the profile", {"AWS_ENDPOINT_URL", "https://env.example"},
         CONFIG "ignore_configured_endpoint_urls = TRUE\n", NULL, 0, 0, 0,
         "bedrock-runtime.eu-west-1.amazonaws.com", "bedrock.eu-west-1.amazonaws.com"},
        {"FIPS by the profile", {NULL}, CONFIG "use_fips_endpoint = true\n", NULL, 0, 0, 0,
         "bedrock-runtime-fips.eu-west-1.amazonaws.com", "bedrock-fips.eu-west-1.amazonaws.com"},
        {"not by the program", {NULL}, CONFIG "use_fips_endpoint = true\n", NULL, -1, 0, 0,
         "bedrock-runtime.eu-west-1.amazonaws.com", "bedrock.eu-west-1.amazonaws.com"},
        {"dual stack by the environment", {"AWS_USE_DUALSTACK_ENDPOINT", "True"}, CONFIG, NULL, 0, 0, 0,
         "bedrock-runtime.eu-west-1.api.aws", "bedrock.eu-west-1.api.aws"},
        {"both by the program", {NULL}, CONFIG, NULL, 1, 1, 0, "bedrock-runtime-fips.eu-west-1.api.aws",
         "bedrock-fips.eu-west-1.api.aws"},
        {"FIPS beside an endpoint", {"AWS_ENDPOINT_URL", "https://env.example"}, CONFIG, NULL, 1, 0,
         BEDROCK_ERR_CONFIG, "FIPS", NULL},
        {"a boolean that is none", {NULL}, CONFIG "use_fips_endpoint = yes\n", NULL, 0, 0, BEDROCK_ERR_CONFIG,
         "use_fips_endpoint in /c: true or false, not 'yes'", NULL},
        {"a services section that is not there", {NULL}, CONFIG "services = nope\n", NULL, 0, 0,
         BEDROCK_ERR_CONFIG, "/c:3: there is no section [services nope]", NULL},
        {"a CA bundle that is not there", {NULL}, CONFIG "ca_bundle = /ca\n", NULL, 0, 0, BEDROCK_ERR_CONFIG,
         "/ca (from ca_bundle in /c): No such file", NULL},
        {"a broken line", {NULL}, CONFIG "nonsense\n", NULL, 0, 0, BEDROCK_ERR_CONFIG, "/c:3: ", NULL},
    };
#undef CONFIG
#undef SERVICES

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *env[16] = {"AWS_CONFIG_FILE", "/c", "AWS_SHARED_CREDENTIALS_FILE", "/s"};
        const struct files_file file[] = {{"/c", cases[i].config, 0, 0},
                                          {cases[i].credentials ? "/s" : NULL, cases[i].credentials, 0, 0},
                                          {NULL, NULL, 0, 0}};
        struct files f = {env, file, ""};
        struct bdk_env e = files_env(&f);
        struct bedrock_options opt = {0};
        struct bedrock *b;
        int rc;

        t_case("profile: %s", cases[i].name);
        for (size_t k = 0; cases[i].env[k]; k++)
            env[4 + k] = cases[i].env[k];
        opt.access_key_id = "AK";
        opt.secret_access_key = "sk";
        opt.getenv = e.fn;
        opt.getenv_ctx = e.ctx;
        opt.read_file = e.read_file;
        opt.read_file_ctx = e.read_file_ctx;
        opt.use_fips = cases[i].fips;
        opt.use_dualstack = cases[i].dualstack;
        rc = bedrock_open(&b, &opt);
        CHECKF(rc == cases[i].code, "%d: %s", rc, bedrock_error(b)->message);
        if (cases[i].code == 0) {
            CHECK_TEXT(b->cf.endpoint[0].host, strlen(b->cf.endpoint[0].host), cases[i].runtime);
            CHECK_TEXT(b->cf.endpoint[1].host, strlen(b->cf.endpoint[1].host), cases[i].control);
        } else {
            CHECKF(strstr(bedrock_error(b)->message, cases[i].runtime) != NULL, "%s",
                   bedrock_error(b)->message);
        }
        bedrock_close(b);
    }
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
    test_profile_settings();
    test_ca_bundles();
    return t_end("test_config");
}
