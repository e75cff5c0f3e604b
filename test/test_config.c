/* test_config.c - Region, endpoints, credentials and CA bundles: what is found, what is refused.
 * Cases of our own. Leaves out: the public endpoint tests (a later rung). */
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

static void test_endpoint_urls(void)
{
    static const struct {
        const char *url, *host, *authority, *base;
        int port, tls;
    } good[] = {
        {"https://example.com", "example.com", "example.com", "", 443, 1},
        {"https://example.com/", "example.com", "example.com", "", 443, 1},
        {"https://Example.COM:443/a/b/", "example.com", "example.com", "/a/b", 443, 1},
        {"https://example.com:8443", "example.com", "example.com:8443", "", 8443, 1},
        {"https://127.0.0.1:1/x%20y", "127.0.0.1", "127.0.0.1:1", "/x%20y", 1, 1},
        {"https://[::1]:8443/", "::1", "[::1]:8443", "", 8443, 1},
        {"https://[2001:db8::1]", "2001:db8::1", "[2001:db8::1]", "", 443, 1},
        {"http://localhost:9000", "localhost", "localhost:9000", "", 9000, 0},
        {"http://127.1.2.3", "127.1.2.3", "127.1.2.3", "", 80, 0},
        {"http://[::1]:80", "::1", "[::1]", "", 80, 0},
    };
    static const char *const bad[] = {
        "", "example.com", "ftp://example.com", "HTTPS//x", "HTTPS://u:p@host/", "https://", "https://:443",
        "https://a:0", "https://a:65536", "https://a:", "https://a:b", "https://a:123456",
        "https://u:p@example.com", "https://u@[::1]", "https://a b", "https://a/?q=1", "https://a/#f",
        "https://a?x", "https://[::1", "https://[]", "https://[1.2.3.4]", "https://::1",
        "https://a/b c", "https://a/\xC3\xA9", "https://a_b!c", "http://example.com",
        "http://10.0.0.1", "http://localhost.example.com", "http://128.0.0.1", "http://[::2]",
        "https://a/\r\nX: y", "https://a\r\nX: y",
    };

    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        struct bedrock_error e = {0};
        struct bdk_endpoint ep;

        t_case("endpoint %s", good[i].url);
        CHECKF(bdk_endpoint_parse(&ep, good[i].url, &e) == 0, "%s", e.message);
        CHECK_TEXT(ep.host, strlen(ep.host), good[i].host);
        CHECK_TEXT(ep.authority, strlen(ep.authority), good[i].authority);
        CHECK_TEXT(ep.base_path, strlen(ep.base_path), good[i].base);
        CHECK(ep.port == good[i].port && ep.tls == good[i].tls && !ep.aws);
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct bedrock_error e = {0};
        struct bdk_endpoint ep;

        t_case("no endpoint: %s", bad[i]);
        CHECK(bdk_endpoint_parse(&ep, bad[i], &e) == BEDROCK_ERR_CONFIG && e.message[0]);
        CHECKF(strstr(e.message, "u:p") == NULL, "a password is told: %s", e.message);
    }
}

static void test_long_hosts(void)
{
    static char url[700];
    struct bedrock_error e = {0};
    struct bdk_endpoint ep;

    t_case("a host of 255 bytes, and one of 256");
    memcpy(url, "https://", 8);
    memset(url + 8, 'a', 256);
    CHECK(bdk_endpoint_parse(&ep, url, &e) == BEDROCK_ERR_CONFIG);
    url[8 + 255] = 0;
    memset(&e, 0, sizeof e);
    CHECK(bdk_endpoint_parse(&ep, url, &e) == 0);
    t_case("a base path of 255 bytes, and one of 256");
    memset(url + 8, 'a', sizeof url - 8);
    url[12] = '/';
    url[12 + 256] = 0;
    CHECK(bdk_endpoint_parse(&ep, url, &e) == BEDROCK_ERR_CONFIG);
    url[12 + 255] = 0;
    memset(&e, 0, sizeof e);
    CHECK(bdk_endpoint_parse(&ep, url, &e) == 0);
}

static void test_regions(void)
{
    static const struct {
        const char *region, *runtime, *control;
        int aws;
    } cases[] = {
        {"us-east-1", "bedrock-runtime.us-east-1.amazonaws.com", "bedrock.us-east-1.amazonaws.com", 1},
        {"us-gov-west-1", "bedrock-runtime.us-gov-west-1.amazonaws.com",
         "bedrock.us-gov-west-1.amazonaws.com", 1},
        {"cn-north-1", "bedrock-runtime.cn-north-1.amazonaws.com.cn",
         "bedrock.cn-north-1.amazonaws.com.cn", 0},
        {"eusc-de-east-1", "bedrock-runtime.eusc-de-east-1.amazonaws.eu",
         "bedrock.eusc-de-east-1.amazonaws.eu", 1},
        {"us-iso-east-1", "bedrock-runtime.us-iso-east-1.c2s.ic.gov",
         "bedrock.us-iso-east-1.c2s.ic.gov", 0},
        {"us-isob-east-1", "bedrock-runtime.us-isob-east-1.sc2s.sgov.gov",
         "bedrock.us-isob-east-1.sc2s.sgov.gov", 0},
    };
    static const char *const bad[] = {"us east", "a.b", "a/b", "-a", "a-", "x\r\ny", "é",
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"};

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct bdk_endpoint a, b;

        t_case("Region %s", cases[i].region);
        bdk_endpoint_of(&a, BDK_RUNTIME, cases[i].region);
        bdk_endpoint_of(&b, BDK_CONTROL, cases[i].region);
        CHECK_TEXT(a.authority, strlen(a.authority), cases[i].runtime);
        CHECK_TEXT(b.authority, strlen(b.authority), cases[i].control);
        CHECK(a.aws == cases[i].aws && a.tls && a.port == 443);
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        t_case("no Region: %s", bad[i]);
        CHECK(bdk_region_check(bad[i]) == BEDROCK_ERR_CONFIG);
    }
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
        {"no Region", KEYS, 0, 0, 0, 0, BEDROCK_ERR_CONFIG, 0, 0, 0, 0, 0, "AWS_DEFAULT_REGION"},
        {"bad Region", "AWS_REGION=a/b\n" KEYS, 0, 0, 0, 0, BEDROCK_ERR_CONFIG, 0, 0, 0, 0, 0, "'a/b'"},
        {"no credentials", "AWS_REGION=b\n", 0, 0, 0, 0, BEDROCK_ERR_CONFIG, 0, 0, 0, 0, 0,
         "AWS_ACCESS_KEY_ID"},
        {"half a pair", "AWS_REGION=b\nAWS_ACCESS_KEY_ID=AK\n", 0, 0, 0, 0, BEDROCK_ERR_CONFIG, 0, 0, 0,
         0, 0, "AWS_SECRET_ACCESS_KEY is not"},
        {"the other half", "AWS_REGION=b\nAWS_SECRET_ACCESS_KEY=sk\n", 0, 0, 0, 0, BEDROCK_ERR_CONFIG, 0,
         0, 0, 0, 0, "AWS_ACCESS_KEY_ID is not"},
        {"half a pair of options", "AWS_REGION=b\n" KEYS, 0, "AKOPT", 0, 0, BEDROCK_ERR_CONFIG, 0, 0, 0,
         0, 0, "half a key pair"},
        {"a token with a newline", "AWS_REGION=b\n", 0, 0, 0, "a\r\nX: y", BEDROCK_ERR_CONFIG, 0, 0, 0, 0,
         0, "newline"},
        {"a key with a space", "AWS_REGION=b\nAWS_ACCESS_KEY_ID=A K\nAWS_SECRET_ACCESS_KEY=topsecret\n",
         0, 0, 0, 0, BEDROCK_ERR_CONFIG, 0, 0, 0, 0, 0, "AWS_ACCESS_KEY_ID holds"},
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
            CHECK_TEXT(b->cf.endpoint[0].authority, strlen(b->cf.endpoint[0].authority), cases[i].host);
            CHECK(strcmp(c->access_key_id ? c->access_key_id : "", cases[i].key) == 0);
            CHECK(strcmp(c->session_token ? c->session_token : "", cases[i].token) == 0);
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

static void test_hosts(void)
{
    static const struct {
        const char *host;
        size_t ip;
        int loopback;
    } cases[] = {
        {"localhost", 0, 1}, {"LOCALHOST", 0, 1}, {"127.0.0.1", 4, 1}, {"127.255.1.2", 4, 1},
        {"::1", 16, 1}, {"10.0.0.1", 4, 0}, {"::2", 16, 0}, {"localhost.", 0, 1}, {"1.2.3", 0, 0},
        {"0x7f.1", 0, 0}, {"example.com", 0, 0}, {"::ffff:127.0.0.1", 16, 0},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        unsigned char ip[16];

        t_case("host %s", cases[i].host);
        CHECK(bdk_host_ip(cases[i].host, ip) == cases[i].ip);
        CHECK(bdk_host_is_loopback(cases[i].host) == cases[i].loopback);
    }
}

int main(void)
{
    test_endpoint_urls();
    test_long_hosts();
    test_regions();
    test_sources();
    test_ca_bundles();
    test_hosts();
    return t_end("test_config");
}
