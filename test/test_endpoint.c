/* test_endpoint.c - URLs, Regions and the hosts of the services: what is made of them, what is refused.
 * Cases of our own. Leaves out: the public endpoint tests (vectors_endpoints.c). */
#define _DEFAULT_SOURCE
#include "bedrock_int.h"
#include "t.h"
#include <string.h>

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
        "https://a/\r\nX: y", "https://a\r\nX: y", "https://a/?key=u:p", "https://a#u:p", "ftp://a?u:p",
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

static void test_custom(void)
{
    static const struct {
        const char *region;
        unsigned flags;
        const char *signs, *word;
    } cases[] = {
        {"eu-west-1", 0, "eu-west-1", NULL},
        {"EU-West-1", BDK_STS_LEGACY, "eu-west-1", NULL},
        {"", 0, "", NULL},
        {NULL, 0, "", NULL},
        {"eu-west-1", BDK_FIPS, NULL, "FIPS and custom endpoint"},
        {NULL, BDK_FIPS, NULL, "FIPS and custom endpoint"},
        {"fips-eu-west-1", 0, NULL, "FIPS and custom endpoint"},
        {"eu-west-1", BDK_DUALSTACK, NULL, "Dualstack and custom endpoint"},
        {"eu-west-1", BDK_FIPS | BDK_DUALSTACK, NULL, "FIPS and custom endpoint"},
        {"a.b", 0, NULL, "'a.b' is not a Region"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct bedrock_error e = {0};
        struct bdk_endpoint ep;
        int rc;

        t_case("custom endpoint, Region %s, flags %u", cases[i].region ? cases[i].region : "none",
               cases[i].flags);
        rc = bdk_endpoint_custom(&ep, "https://example.com:8443/b", cases[i].region, cases[i].flags, &e);
        CHECKF(rc == (cases[i].word ? BEDROCK_ERR_CONFIG : 0), "%d: %s", rc, e.message);
        if (cases[i].word)
            CHECKF(strstr(e.message, cases[i].word) != NULL, "%s", e.message);
        else
            CHECK(strcmp(ep.authority, "example.com:8443") == 0 && strcmp(ep.base_path, "/b") == 0 &&
                  strcmp(ep.region, cases[i].signs) == 0 && !ep.aws);
    }
    t_case("a custom endpoint that is none");
    {
        struct bedrock_error e = {0};
        struct bdk_endpoint ep;

        CHECK(bdk_endpoint_custom(&ep, "https://u:p@example.com", "us-east-1", 0, &e) == BEDROCK_ERR_CONFIG);
        CHECK(strstr(e.message, "u:p") == NULL);
    }
}

static void test_regions(void)
{
    static const struct {
        const char *given, *region;
        int fips;
    } good[] = {
        {"us-east-1", "us-east-1", 0}, {"US-East-1", "us-east-1", 0}, {"b", "b", 0}, {"fips", "fips", 0},
        {"fips-us-east-1", "us-east-1", 1}, {"us-gov-west-1-fips", "us-gov-west-1", 1},
        {"FIPS-x", "x", 1}, {"fips-fips-x", "fips-x", 1}, {"x-fips-y", "x-fips-y", 0},
        {"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
         "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", 0},
        {"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa-fips",
         "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", 1},
    };
    static const char *const bad[] = {"", "us east", "a.b", "a/b", "-a", "a-", "x\r\ny", "\xC3\xA9", "a@b",
        "fips--a", "a--fips", "-fips", "fips-", "us-east-1:443", "a_b", "a%2eb",
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"};

    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        struct bedrock_error e = {0};
        unsigned flags = BDK_DUALSTACK;
        char region[64];

        t_case("Region %s", good[i].given);
        CHECK(bdk_region_check(good[i].given) == 0);
        CHECK(bdk_region_read(region, &flags, good[i].given, &e) == 0);
        CHECK_TEXT(region, strlen(region), good[i].region);
        CHECK(flags == (BDK_DUALSTACK | (good[i].fips ? BDK_FIPS : 0u)));
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct bedrock_error e = {0};
        struct bdk_endpoint ep;
        unsigned flags = 0;
        char region[64];

        t_case("no Region: %s", bad[i]);
        CHECK(bdk_region_read(region, &flags, bad[i], &e) == BEDROCK_ERR_CONFIG && !region[0]);
        CHECK(strstr(e.message, "is not a Region") && strstr(e.message, "us-east-1"));
        for (int s = 0; s < BDK_ALL_SERVICES; s++)
            CHECK(bdk_endpoint_of(&ep, (enum bdk_service)s, bad[i], 0, &e) == BEDROCK_ERR_CONFIG &&
                  !ep.host[0]);
    }
    CHECK(bdk_region_check("-a") == BEDROCK_ERR_CONFIG && bdk_region_check("a.b") == BEDROCK_ERR_CONFIG);
}

static void test_partitions(void)
{
    static const struct {
        const char *region, *id;
    } cases[] = {
        {"us-east-1", "aws"}, {"us-east-99", "aws"}, {"nowhere", "aws"}, {"", "aws"}, {"cn-", "aws"},
        {"cn-north", "aws"}, {"cn-north-", "aws"}, {"cn--1", "aws"}, {"cn-north-1a", "aws"},
        {"cn-north-west-1", "aws"}, {"xcn-north-1", "aws"}, {"cn-south-77", "aws-cn"},
        {"aws-cn-global", "aws-cn"}, {"aws-global", "aws"}, {"us-gov-east-1", "aws-us-gov"},
        {"us-iso-north-3", "aws-iso"}, {"us-isob-east-1", "aws-iso-b"}, {"us-isof-east-1", "aws-iso-f"},
        {"eu-isoe-west-1", "aws-iso-e"}, {"eusc-de-east-2", "aws-eusc"}, {"eusc-fr-east-1", "aws"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        t_case("partition of '%s'", cases[i].region);
        CHECK(strcmp(bdk_partition_of(cases[i].region)->id, cases[i].id) == 0);
    }
}

static void test_own_hosts(void)
{
#define BOTH (BDK_FIPS | BDK_DUALSTACK)
    static const struct {
        enum bdk_service service;
        const char *region;
        unsigned flags;
        const char *host, *signs;
        int aws;
    } cases[] = {
        {BDK_RUNTIME, "us-east-1", 0, "bedrock-runtime.us-east-1.amazonaws.com", "us-east-1", 1},
        {BDK_CONTROL, "us-east-1", 0, "bedrock.us-east-1.amazonaws.com", "us-east-1", 1},
        {BDK_RUNTIME, "us-gov-west-1", 0, "bedrock-runtime.us-gov-west-1.amazonaws.com", "us-gov-west-1", 1},
        {BDK_RUNTIME, "us-gov-west-1", BDK_FIPS, "bedrock-runtime-fips.us-gov-west-1.amazonaws.com",
         "us-gov-west-1", 1},
        {BDK_CONTROL, "cn-north-1", 0, "bedrock.cn-north-1.amazonaws.com.cn", "cn-north-1", 0},
        {BDK_RUNTIME, "eusc-de-east-1", 0, "bedrock-runtime.eusc-de-east-1.amazonaws.eu", "eusc-de-east-1",
         1},
        {BDK_CONTROL, "eusc-de-east-1", BOTH, "bedrock-fips.eusc-de-east-1.api.amazonwebservices.eu",
         "eusc-de-east-1", 1},
        {BDK_RUNTIME, "us-iso-east-1", BDK_DUALSTACK, "bedrock-runtime.us-iso-east-1.api.aws.ic.gov",
         "us-iso-east-1", 0},
        {BDK_CONTROL, "us-isob-east-1", 0, "bedrock.us-isob-east-1.sc2s.sgov.gov", "us-isob-east-1", 0},
        {BDK_RUNTIME, "FIPS-ca-central-1", 0, "bedrock-runtime-fips.ca-central-1.amazonaws.com",
         "ca-central-1", 1},
        {BDK_RUNTIME, "ca-central-1-fips", BDK_DUALSTACK, "bedrock-runtime-fips.ca-central-1.api.aws",
         "ca-central-1", 1},
        {BDK_RUNTIME, "us-east-1", BDK_STS_LEGACY, "bedrock-runtime.us-east-1.amazonaws.com", "us-east-1", 1},
        {BDK_STS, "eu-west-1", 0, "sts.eu-west-1.amazonaws.com", "eu-west-1", 1},
        {BDK_STS, "eu-west-1", BDK_STS_LEGACY, "sts.amazonaws.com", "us-east-1", 1},
        {BDK_STS, "eu-west-1", BDK_STS_LEGACY | BDK_FIPS, "sts-fips.eu-west-1.amazonaws.com", "eu-west-1", 1},
        {BDK_STS, "eu-south-1", BDK_STS_LEGACY, "sts.eu-south-1.amazonaws.com", "eu-south-1", 1},
        {BDK_STS, "cn-north-1", BDK_STS_LEGACY, "sts.cn-north-1.amazonaws.com.cn", "cn-north-1", 0},
        {BDK_STS, "aws-global", 0, "sts.amazonaws.com", "us-east-1", 1},
        {BDK_STS, "us-gov-west-1", BDK_FIPS, "sts.us-gov-west-1.amazonaws.com", "us-gov-west-1", 1},
        {BDK_STS, "us-gov-west-1", BOTH, "sts-fips.us-gov-west-1.api.aws", "us-gov-west-1", 1},
        {BDK_SSO, "eu-west-1", 0, "portal.sso.eu-west-1.amazonaws.com", "eu-west-1", 1},
        {BDK_OIDC, "eu-west-1", BDK_FIPS, "oidc-fips.eu-west-1.amazonaws.com", "eu-west-1", 1},
        {BDK_OIDC, "aws-cn-global", 0, "oidc.aws-cn-global.amazonaws.com.cn", "cn-northwest-1", 0},
        {BDK_SIGNIN, "eu-west-1", 0, "eu-west-1.signin.aws.amazon.com", "eu-west-1", 0},
        {BDK_SIGNIN, "eu-west-1", BDK_FIPS, "signin-fips.eu-west-1.amazonaws.com", "eu-west-1", 1},
        {BDK_SIGNIN, "eu-west-1", BOTH, "signin-fips.eu-west-1.api.aws", "eu-west-1", 1},
        {BDK_SIGNIN, "eusc-de-east-1", 0, "eusc-de-east-1.signin.amazonaws-eusc.eu", "eusc-de-east-1", 0},
        {BDK_SIGNIN, "us-gov-east-1", BOTH, "signin-fips.us-gov-east-1.api.aws", "us-gov-east-1", 1},
    };
#undef BOTH

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct bedrock_error e = {0};
        struct bdk_endpoint ep;

        t_case("host of %s in %s, flags %u", bdk_endpoint_env_names[cases[i].service].key, cases[i].region,
               cases[i].flags);
        CHECK(bdk_endpoint_of(&ep, cases[i].service, cases[i].region, cases[i].flags, &e) == 0);
        CHECK_TEXT(ep.host, strlen(ep.host), cases[i].host);
        CHECK_TEXT(ep.authority, strlen(ep.authority), cases[i].host);
        CHECK_TEXT(ep.region, strlen(ep.region), cases[i].signs);
        CHECK(ep.tls && ep.port == 443 && ep.aws == cases[i].aws && !ep.base_path[0]);
    }
}

/* Every service has a host for the longest Region, and none without one. */
static void test_edges(void)
{
    char region[64];

    memset(region, 'a', 63);
    region[63] = 0;
    for (int s = 0; s < BDK_ALL_SERVICES; s++)
        for (unsigned flags = 0; flags < 8; flags++) {
            struct bedrock_error e = {0};
            struct bdk_endpoint ep;

            t_case("the longest Region and none: %s, flags %u", bdk_endpoint_env_names[s].key, flags);
            CHECK(bdk_endpoint_of(&ep, (enum bdk_service)s, region, flags, &e) == 0);
            CHECK(strstr(ep.host, region) && strcmp(ep.region, region) == 0);
            CHECK(bdk_endpoint_of(&ep, (enum bdk_service)s, "", flags, &e) == BEDROCK_ERR_CONFIG);
            CHECK(strstr(e.message, "Missing Region") && !ep.host[0]);
            CHECK(bdk_endpoint_of(&ep, (enum bdk_service)s, NULL, flags, &e) == BEDROCK_ERR_CONFIG);
        }
}

/* A partition that supports less, as there were some and may be again. */
static void test_unsupported(void)
{
    static const struct {
        unsigned supports, flags;
        const char *word;
    } cases[] = {
        {0, 0, NULL},
        {0, BDK_STS_LEGACY, NULL},
        {BDK_FIPS, BDK_FIPS, NULL},
        {BDK_DUALSTACK, BDK_DUALSTACK, NULL},
        {BDK_DUALSTACK, BDK_FIPS, "FIPS is enabled but this partition does not support FIPS"},
        {BDK_FIPS, BDK_DUALSTACK, "DualStack is enabled but this partition does not support DualStack"},
        {BDK_FIPS, BDK_FIPS | BDK_DUALSTACK,
         "FIPS and DualStack are enabled, but this partition does not support one or both"},
        {0, BDK_FIPS | BDK_DUALSTACK,
         "FIPS and DualStack are enabled, but this partition does not support one or both"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct bdk_partition p = *bdk_partition_of("us-east-1");
        struct bedrock_error e = {0};
        struct bdk_endpoint ep;
        int rc;

        t_case("a partition that supports %u asked for %u", cases[i].supports, cases[i].flags);
        p.supports = cases[i].supports;
        rc = bdk_endpoint_in(&ep, &p, BDK_RUNTIME, "us-east-1", cases[i].flags, &e);
        CHECK(rc == (cases[i].word ? BEDROCK_ERR_CONFIG : 0));
        if (cases[i].word)
            CHECKF(strstr(e.message, cases[i].word) == e.message, "%s", e.message);
        else
            CHECK(!e.message[0]);
    }
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
    test_custom();
    test_regions();
    test_partitions();
    test_own_hosts();
    test_edges();
    test_unsupported();
    test_hosts();
    return t_end("test_endpoint");
}
