/* endpoint.c - where a service is: URLs taken apart, and the host names of each partition.
 * RFC 3986; partitions.json and the services' endpoint rule sets as AWS publishes them. Leaves out: where a
 * setting comes from (config.c), and those hosts of the sign-in service that serve other calls than ours. */
#define _DEFAULT_SOURCE
#include "bedrock_int.h"
#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

const struct bdk_endpoint_names bdk_endpoint_env_names[BDK_ALL_SERVICES] = {
    [BDK_RUNTIME] = {"AWS_ENDPOINT_URL_BEDROCK_RUNTIME", "bedrock_runtime"},
    [BDK_CONTROL] = {"AWS_ENDPOINT_URL_BEDROCK", "bedrock"},
    [BDK_STS] = {"AWS_ENDPOINT_URL_STS", "sts"},
    [BDK_SSO] = {"AWS_ENDPOINT_URL_SSO", "sso"},
    [BDK_OIDC] = {"AWS_ENDPOINT_URL_SSO_OIDC", "sso_oidc"},
    [BDK_SIGNIN] = {"AWS_ENDPOINT_URL_SIGNIN", "signin"},
};

static const char *const endpoint_prefixes[BDK_ALL_SERVICES] = {
    [BDK_RUNTIME] = "bedrock-runtime", [BDK_CONTROL] = "bedrock", [BDK_STS] = "sts",
    [BDK_SSO] = "portal.sso", [BDK_OIDC] = "oidc", [BDK_SIGNIN] = "signin",
};

/* ---- Partitions ---- */

#define ENDPOINT_BOTH (BDK_FIPS | BDK_DUALSTACK)

/* The facts of partitions.json. The first row is also the one of every Region that fits none. */
static const struct bdk_partition endpoint_partitions[] = {
    {"aws", "", "aws-global", "us-east-1", "amazonaws.com", "api.aws",
     "signin.aws.amazon.com", ENDPOINT_BOTH, 1},
    {"aws-cn", "cn-", "aws-cn-global", "cn-northwest-1", "amazonaws.com.cn",
     "api.amazonwebservices.com.cn", "signin.amazonaws.cn", ENDPOINT_BOTH, 0},
    {"aws-eusc", "eusc-de-", "aws-eusc-global", "eusc-de-east-1", "amazonaws.eu",
     "api.amazonwebservices.eu", "signin.amazonaws-eusc.eu", ENDPOINT_BOTH, 1},
    {"aws-iso", "us-iso-", "aws-iso-global", "us-iso-east-1", "c2s.ic.gov", "api.aws.ic.gov",
     "signin.c2shome.ic.gov", ENDPOINT_BOTH, 0},
    {"aws-iso-b", "us-isob-", "aws-iso-b-global", "us-isob-east-1", "sc2s.sgov.gov", "api.aws.scloud",
     "signin.sc2shome.sgov.gov", ENDPOINT_BOTH, 0},
    {"aws-iso-e", "eu-isoe-", "aws-iso-e-global", "eu-isoe-west-1", "cloud.adc-e.uk",
     "api.cloud-aws.adc-e.uk", "signin.csphome.adc-e.uk", ENDPOINT_BOTH, 0},
    {"aws-iso-f", "us-isof-", "aws-iso-f-global", "us-isof-south-1", "csp.hci.ic.gov",
     "api.aws.hci.ic.gov", "signin.csphome.hci.ic.gov", ENDPOINT_BOTH, 0},
    {"aws-us-gov", "us-gov-", "aws-us-gov-global", "us-gov-west-1", "amazonaws.com", "api.aws",
     "signin.amazonaws-us-gov.com", ENDPOINT_BOTH, 1},
};

/* The patterns of partitions.json: prefix, \w+, '-', \d+. */
static int endpoint_region_fits(const char *region, const char *prefix)
{
    size_t n = strlen(prefix), word, digits;

    if (strncmp(region, prefix, n) != 0)
        return 0;
    word = strcspn(region + n, "-");
    if (word == 0 || region[n + word] != '-')
        return 0;
    region += n + word + 1;
    digits = strspn(region, "0123456789");
    return digits > 0 && !region[digits];
}

const struct bdk_partition *bdk_partition_of(const char *region)
{
    size_t n = sizeof endpoint_partitions / sizeof endpoint_partitions[0];

    for (size_t i = 1; i < n; i++)
        if (strcmp(region, endpoint_partitions[i].global) == 0 ||
            endpoint_region_fits(region, endpoint_partitions[i].prefix))
            return &endpoint_partitions[i];
    return &endpoint_partitions[0];
}

/* ---- Regions ---- */

int bdk_region_check(const char *region)
{
    size_t n = strlen(region);

    if (n == 0 || n > 63 || region[0] == '-' || region[n - 1] == '-')
        return BEDROCK_ERR_CONFIG;
    for (size_t i = 0; i < n; i++)
        if (!bdk_is_alnum(region[i]) && region[i] != '-')
            return BEDROCK_ERR_CONFIG;
    return 0;
}

int bdk_region_read(char region[64], unsigned *flags, const char *given, struct bedrock_error *e)
{
    size_t n = strlen(given), from = 0;

    if (bdk_region_check(given) == 0) {
        /* it is signed and becomes part of Host: the service knows its Regions by their lower-case names */
        for (size_t i = 0; i <= n; i++)
            region[i] = bdk_lower(given[i]);
        if (strncmp(region, "fips-", 5) == 0)
            from = 5;
        else if (n > 5 && strcmp(region + n - 5, "-fips") == 0)
            region[n - 5] = 0;
        *flags |= strlen(region + from) < n ? BDK_FIPS : 0u;
        memmove(region, region + from, strlen(region + from) + 1);
        if (bdk_region_check(region) == 0)
            return 0;
    }
    region[0] = 0;
    return bdk_error_set(e, BEDROCK_ERR_CONFIG,
                         "'%.80s' is not a Region: letters, digits and '-', as in us-east-1", given);
}

/* ---- URLs ---- */

size_t bdk_host_ip(const char *host, unsigned char ip[16])
{
    if (inet_pton(AF_INET, host, ip) == 1)
        return 4;
    if (inet_pton(AF_INET6, host, ip) == 1)
        return 16;
    return 0;
}

int bdk_host_is_loopback(const char *host)
{
    static const unsigned char v6_loopback[16] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};
    unsigned char ip[16];
    size_t n = bdk_host_ip(host, ip);

    if (n == 4)
        return ip[0] == 127;
    if (n == 16)
        return memcmp(ip, v6_loopback, 16) == 0;
    /* RFC 6761 6.3, with or without the root's dot */
    return bdk_slice_is_nocase(bdk_slice(host), "localhost") ||
           bdk_slice_is_nocase(bdk_slice(host), "localhost.");
}

static int endpoint_bad_url(struct bedrock_error *e, const char *url, const char *why)
{
    int n = (int)strcspn(url, "?#"), shown = n < 200 ? n : 200;

    /* a password may stand before an '@', a key in a query */
    return bdk_error_set(e, BEDROCK_ERR_CONFIG, "endpoint URL '%.*s%s': %s", strchr(url, '@') ? 0 : shown,
                         url, strchr(url, '@') || url[n] ? "****" : "", why);
}

int bdk_host_copy(char host[256], const char *p, const char *end)
{
    size_t n = (size_t)(end - p);
    unsigned char ip[16];
    int bracketed = n > 1 && p[0] == '[' && p[n - 1] == ']';

    if (bracketed) {
        p++;
        n -= 2;
    }
    if (n == 0 || n > 255)
        return -1;
    memcpy(host, p, n);
    host[n] = 0;
    if (bracketed)
        return bdk_host_ip(host, ip) == 16 ? 0 : -1;
    for (size_t i = 0; i < n; i++) {
        if (!bdk_is_alnum(p[i]) && !strchr("-._", p[i]))
            return -1;
        /* Host and the signature are about the lower-case name */
        host[i] = bdk_lower(p[i]);
    }
    return 0;
}

int bdk_port_read(const char *p, const char *end)
{
    int port = 0;

    if (p == end || end - p > 5)
        return -1;
    for (; p < end; p++) {
        if (*p < '0' || *p > '9')
            return -1;
        port = port * 10 + (*p - '0');
    }
    return port >= 1 && port <= 65535 ? port : -1;
}

/* RFC 3986 3.3: what may stand in a path; a base path is put on the request line as it is. */
static int endpoint_path(struct bdk_endpoint *ep, const char *p)
{
    size_t n = strlen(p);

    while (n > 0 && p[n - 1] == '/')
        n--;
    if (n >= sizeof ep->base_path)
        return -1;
    for (size_t i = 0; i < n; i++)
        if (!bdk_is_alnum(p[i]) && !strchr("/-._~%!$&'()*+,;=:@", p[i]))
            return -1;
    memcpy(ep->base_path, p, n);
    ep->base_path[n] = 0;
    return 0;
}

static void endpoint_authority(struct bdk_endpoint *ep)
{
    int is_v6 = strchr(ep->host, ':') != NULL;
    int n = snprintf(ep->authority, sizeof ep->authority, is_v6 ? "[%s]" : "%s", ep->host);

    if (ep->port != (ep->tls ? 443 : 80))
        snprintf(ep->authority + n, sizeof ep->authority - (size_t)n, ":%d", ep->port);
}

int bdk_url_parse(struct bdk_endpoint *ep, const char *url, struct bedrock_error *e)
{
    const char *p, *end, *host_end;

    memset(ep, 0, sizeof *ep);
    ep->tls = strncmp(url, "https://", 8) == 0;
    if (!ep->tls && strncmp(url, "http://", 7) != 0)
        return endpoint_bad_url(e, url, "must begin with https:// (or http:// for this machine itself)");
    p = url + (ep->tls ? 8 : 7);
    if (memchr(p, '@', strcspn(p, "/")))
        return bdk_error_set(e, BEDROCK_ERR_CONFIG,
                             "an endpoint URL must not hold a user name or password");
    end = p + strcspn(p, "/?#");
    if (end[strcspn(end, "?#")])
        return endpoint_bad_url(e, url, "a query or fragment has no place there");
    host_end = end;
    ep->port = ep->tls ? 443 : 80;
    for (const char *c = end; c > p && c[-1] != ']'; c--)
        if (c[-1] == ':') {
            host_end = c - 1;
            ep->port = bdk_port_read(c, end);
            break;
        }
    if (ep->port < 0)
        return endpoint_bad_url(e, url, "the port must be from 1 to 65535");
    if (bdk_host_copy(ep->host, p, host_end) != 0)
        return endpoint_bad_url(e, url, "no usable host name");
    if (endpoint_path(ep, end) != 0)
        return endpoint_bad_url(e, url, "the path is too long or has characters that must be encoded");
    endpoint_authority(ep);
    return 0;
}

int bdk_endpoint_parse(struct bdk_endpoint *ep, const char *url, struct bedrock_error *e)
{
    int rc = bdk_url_parse(ep, url, e);

    if (rc == 0 && !ep->tls && !bdk_host_is_loopback(ep->host))
        return endpoint_bad_url(e, url, "http:// is only for loopback addresses; use https://");
    return rc;
}

int bdk_endpoint_custom(struct bdk_endpoint *ep, const char *url, const char *region, unsigned flags,
                        struct bedrock_error *e)
{
    char own[64] = "";
    int rc = region && region[0] ? bdk_region_read(own, &flags, region, e) : 0;

    memset(ep, 0, sizeof *ep);
    if (rc == 0 && (flags & ENDPOINT_BOTH))
        rc = bdk_error_set(e, BEDROCK_ERR_CONFIG, "%s and custom endpoint are not supported; leave one of "
                           "them out", flags & BDK_FIPS ? "FIPS" : "Dualstack");
    if (rc == 0)
        rc = bdk_endpoint_parse(ep, url, e);
    if (rc == 0)
        memcpy(ep->region, own, sizeof own);
    return rc;
}

/* ---- The services' own hosts ---- */

/* What is meant by sts_regional_endpoints=legacy: these Regions, and no newer ones, still share a host. */
static int endpoint_sts_is_global(const char *region, unsigned flags)
{
    static const char *const legacy[] = {
        "ap-northeast-1", "ap-south-1", "ap-southeast-1", "ap-southeast-2", "ca-central-1", "eu-central-1",
        "eu-north-1", "eu-west-1", "eu-west-2", "eu-west-3", "sa-east-1", "us-east-1", "us-east-2",
        "us-west-1", "us-west-2",
    };

    if (flags & ENDPOINT_BOTH)
        return 0;
    if (strcmp(region, "aws-global") == 0)
        return 1;
    for (size_t i = 0; (flags & BDK_STS_LEGACY) && i < sizeof legacy / sizeof legacy[0]; i++)
        if (strcmp(region, legacy[i]) == 0)
            return 1;
    return 0;
}

/* Sign-in has domains of its own, but for dual-stack hosts and for FIPS outside of GovCloud.
 * 1: host is set. */
static int endpoint_signin(char host[256], const struct bdk_partition *p, const char *region, int gov,
                           unsigned flags)
{
    if ((flags & BDK_DUALSTACK) || ((flags & BDK_FIPS) && !gov))
        return 0;
    if (!(flags & BDK_FIPS))
        snprintf(host, 256, "%s.%s", region, p->signin);
    else if (strcmp(region, "us-gov-west-1") == 0)
        snprintf(host, 256, "signin-fips.amazonaws-us-gov.com");
    else
        snprintf(host, 256, "%s.signin-fips.amazonaws-us-gov.com", region);
    return 1;
}

static void endpoint_own_host(struct bdk_endpoint *ep, enum bdk_service service,
                              const struct bdk_partition *p, unsigned flags)
{
    const char *fips = flags & BDK_FIPS ? "-fips" : "";
    int gov = strcmp(p->id, "aws-us-gov") == 0;
    int global = service == BDK_STS && endpoint_sts_is_global(ep->region, flags);

    /* the rules of these three: GovCloud's plain hosts are its FIPS ones */
    if (gov && !(flags & BDK_DUALSTACK) && (service == BDK_STS || service == BDK_SSO || service == BDK_OIDC))
        fips = "";
    ep->aws = p->five_roots;
    if (global)
        snprintf(ep->host, sizeof ep->host, "sts.%s", p->suffix);
    else if (service == BDK_SIGNIN && endpoint_signin(ep->host, p, ep->region, gov, flags))
        ep->aws = 0; /* a domain of its own, of which nobody promised that it ends at the five roots */
    else
        snprintf(ep->host, sizeof ep->host, "%s%s.%s.%s", endpoint_prefixes[service], fips, ep->region,
                 flags & BDK_DUALSTACK ? p->dual_suffix : p->suffix);
    if (global || strcmp(ep->region, p->global) == 0)
        snprintf(ep->region, sizeof ep->region, "%s", p->implicit);
}

static int endpoint_supported(const struct bdk_partition *p, unsigned flags, struct bedrock_error *e)
{
    const char *what = flags & BDK_FIPS ? "FIPS" : "DualStack";

    if ((flags & ENDPOINT_BOTH & ~p->supports) == 0)
        return 0;
    if ((flags & ENDPOINT_BOTH) == ENDPOINT_BOTH)
        return bdk_error_set(e, BEDROCK_ERR_CONFIG, "FIPS and DualStack are enabled, but this partition "
                             "does not support one or both (%s)", p->id);
    return bdk_error_set(e, BEDROCK_ERR_CONFIG, "%s is enabled but this partition does not support %s (%s)",
                         what, what, p->id);
}

int bdk_endpoint_in(struct bdk_endpoint *ep, const struct bdk_partition *p, enum bdk_service service,
                    const char *region, unsigned flags, struct bedrock_error *e)
{
    int rc = endpoint_supported(p, flags, e);

    memset(ep, 0, sizeof *ep);
    if (rc != 0)
        return rc;
    snprintf(ep->region, sizeof ep->region, "%s", region);
    endpoint_own_host(ep, service, p, flags);
    ep->port = 443;
    ep->tls = 1;
    endpoint_authority(ep);
    return 0;
}

int bdk_endpoint_of(struct bdk_endpoint *ep, enum bdk_service service, const char *region, unsigned flags,
                    struct bedrock_error *e)
{
    char name[64];
    int rc;

    memset(ep, 0, sizeof *ep);
    if (!region || !region[0])
        return bdk_error_set(e, BEDROCK_ERR_CONFIG, "Missing Region: there is no host of %s without one",
                             endpoint_prefixes[service]);
    rc = bdk_region_read(name, &flags, region, e);
    return rc != 0 ? rc : bdk_endpoint_in(ep, bdk_partition_of(name), service, name, flags, e);
}
