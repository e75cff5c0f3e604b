/* config.c - where settings come from: Region, endpoints, CA bundles.
 * AWS SDK reference guide, "AWS Region" and "Service-specific endpoints"; the service's endpoint rules.
 * Leaves out: profiles and the shared config files, FIPS and dual-stack endpoints, proxies. */
#define _DEFAULT_SOURCE
#include "bedrock_int.h"
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CONFIG_MAX_BUNDLE ((size_t)16 << 20)

const char *const bdk_ca_places[] = {
    "/etc/ssl/certs/ca-certificates.crt",                   /* Debian, Alpine, Arch */
    "/etc/pki/tls/certs/ca-bundle.crt",                     /* Fedora, Amazon Linux */
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",    /* Fedora without the old link */
    "/etc/ssl/ca-bundle.pem",                               /* openSUSE */
    "/etc/ssl/cert.pem",                                    /* BSD, macOS, Void */
    "/usr/local/share/certs/ca-root-nss.crt",               /* FreeBSD */
    NULL,
};

/* The first row whose prefix fits; AWS says which regions belong where by patterns that begin so. */
static const struct {
    const char *prefix, *suffix;
    int five_roots; /* design 6: held to Amazon's own roots */
} config_partitions[] = {
    {"cn-", "amazonaws.com.cn", 0},
    {"us-gov-", "amazonaws.com", 1},
    {"us-iso-", "c2s.ic.gov", 0},
    {"us-isob-", "sc2s.sgov.gov", 0},
    {"us-isof-", "csp.hci.ic.gov", 0},
    {"eu-isoe-", "cloud.adc-e.uk", 0},
    {"eusc-", "amazonaws.eu", 1},
    {"", "amazonaws.com", 1},
};

static const struct {
    const char *host_prefix, *env_name;
} config_services[BDK_N_SERVICES] = {
    {"bedrock-runtime", "AWS_ENDPOINT_URL_BEDROCK_RUNTIME"},
    {"bedrock", "AWS_ENDPOINT_URL_BEDROCK"},
};

const char *bdk_getenv(const struct bdk_env *env, const char *name)
{
    const char *v = env->fn ? env->fn(env->ctx, name) : getenv(name);

    return v && v[strspn(v, " \t\r\n")] ? v : NULL;
}

static int config_is_alnum(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

int bdk_region_check(const char *region)
{
    size_t n = strlen(region);

    if (n == 0 || n > 63 || region[0] == '-' || region[n - 1] == '-')
        return BEDROCK_ERR_CONFIG;
    for (size_t i = 0; i < n; i++)
        if (!config_is_alnum(region[i]) && region[i] != '-')
            return BEDROCK_ERR_CONFIG;
    return 0;
}

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

static int config_bad_url(struct bedrock_error *e, const char *url, const char *why)
{
    /* a password may stand before an '@' */
    return bdk_error_set(e, BEDROCK_ERR_CONFIG, "endpoint URL '%.200s': %s",
                         strchr(url, '@') ? "****" : url, why);
}

/* Copy the host between p and end, brackets off; 0 when it is one. */
static int config_host(struct bdk_endpoint *ep, const char *p, const char *end)
{
    size_t n = (size_t)(end - p);
    unsigned char ip[16];
    int bracketed = n > 1 && p[0] == '[' && p[n - 1] == ']';

    if (bracketed) {
        p++;
        n -= 2;
    }
    if (n == 0 || n >= sizeof ep->host)
        return -1;
    memcpy(ep->host, p, n);
    ep->host[n] = 0;
    if (bracketed)
        return bdk_host_ip(ep->host, ip) == 16 ? 0 : -1;
    for (size_t i = 0; i < n; i++) {
        if (!config_is_alnum(p[i]) && !strchr("-._", p[i]))
            return -1;
        /* Host and the signature are about the lower-case name */
        if (p[i] >= 'A' && p[i] <= 'Z')
            ep->host[i] = (char)(p[i] - 'A' + 'a');
    }
    return 0;
}

static int config_port(const char *p, const char *end)
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
static int config_path(struct bdk_endpoint *ep, const char *p)
{
    size_t n = strlen(p);

    while (n > 0 && p[n - 1] == '/')
        n--;
    if (n >= sizeof ep->base_path)
        return -1;
    for (size_t i = 0; i < n; i++)
        if (!config_is_alnum(p[i]) && !strchr("/-._~%!$&'()*+,;=:@", p[i]))
            return -1;
    memcpy(ep->base_path, p, n);
    ep->base_path[n] = 0;
    return 0;
}

static void config_authority(struct bdk_endpoint *ep)
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
        return config_bad_url(e, url, "must begin with https:// (or http:// for this machine itself)");
    p = url + (ep->tls ? 8 : 7);
    if (memchr(p, '@', strcspn(p, "/")))
        return bdk_error_set(e, BEDROCK_ERR_CONFIG,
                             "an endpoint URL must not hold a user name or password");
    end = p + strcspn(p, "/?#");
    if (end[strcspn(end, "?#")])
        return config_bad_url(e, url, "a query or fragment has no place there");
    host_end = end;
    ep->port = ep->tls ? 443 : 80;
    for (const char *c = end; c > p && c[-1] != ']'; c--)
        if (c[-1] == ':') {
            host_end = c - 1;
            ep->port = config_port(c, end);
            break;
        }
    if (ep->port < 0)
        return config_bad_url(e, url, "the port must be from 1 to 65535");
    if (config_host(ep, p, host_end) != 0)
        return config_bad_url(e, url, "no usable host name");
    if (config_path(ep, end) != 0)
        return config_bad_url(e, url, "the path is too long or has characters that must be encoded");
    config_authority(ep);
    return 0;
}

int bdk_endpoint_parse(struct bdk_endpoint *ep, const char *url, struct bedrock_error *e)
{
    int rc = bdk_url_parse(ep, url, e);

    if (rc == 0 && !ep->tls && !bdk_host_is_loopback(ep->host))
        return config_bad_url(e, url, "http:// is only for loopback addresses; use https://");
    return rc;
}

void bdk_endpoint_of(struct bdk_endpoint *ep, enum bdk_service service, const char *region)
{
    size_t row = 0;

    while (strncmp(region, config_partitions[row].prefix, strlen(config_partitions[row].prefix)) != 0)
        row++;
    memset(ep, 0, sizeof *ep);
    snprintf(ep->host, sizeof ep->host, "%s.%s.%s", config_services[service].host_prefix, region,
             config_partitions[row].suffix);
    ep->port = 443;
    ep->tls = 1;
    ep->aws = config_partitions[row].five_roots;
    config_authority(ep);
}

static int config_find_region(struct bdk_config *cf, const struct bedrock_options *opt,
                              const struct bdk_env *env, struct bedrock_error *e)
{
    const char *region = opt->region && opt->region[0] ? opt->region : NULL;

    if (!region)
        region = bdk_getenv(env, "AWS_REGION");
    if (!region)
        region = bdk_getenv(env, "AWS_DEFAULT_REGION");
    if (!region)
        return bdk_error_set(e, BEDROCK_ERR_CONFIG,
                             "no Region: none was given, and neither AWS_REGION nor "
                             "AWS_DEFAULT_REGION is set");
    if (bdk_region_check(region) != 0)
        return bdk_error_set(e, BEDROCK_ERR_CONFIG,
                             "'%.80s' is not a Region: letters, digits and '-', as in us-east-1",
                             region);
    /* it is signed and becomes part of Host: the service knows its Regions by their lower-case names */
    for (size_t i = 0; region[i]; i++)
        cf->region[i] = (char)(region[i] >= 'A' && region[i] <= 'Z' ? region[i] - 'A' + 'a' : region[i]);
    return 0;
}

int bdk_config_load(struct bdk_config *cf, const struct bedrock_options *opt,
                    const struct bdk_env *env, struct bedrock_error *e)
{
    int rc = config_find_region(cf, opt, env, e);

    for (int s = 0; s < BDK_N_SERVICES && rc == 0; s++) {
        const char *url = opt->endpoint_url && opt->endpoint_url[0] ? opt->endpoint_url : NULL;

        if (!url)
            url = bdk_getenv(env, config_services[s].env_name);
        if (!url)
            url = bdk_getenv(env, "AWS_ENDPOINT_URL");
        if (url)
            rc = bdk_endpoint_parse(&cf->endpoint[s], url, e);
        else
            bdk_endpoint_of(&cf->endpoint[s], (enum bdk_service)s, cf->region);
    }
    return rc;
}

int bdk_ca_bundle(struct bedrock_buffer *pem, char source[512], const struct bedrock_options *opt,
                  const struct bdk_env *env, struct bedrock_error *e)
{
    static const char *const names[] = {"AWS_CA_BUNDLE", "SSL_CERT_FILE"};
    const char *path = opt->ca_file && opt->ca_file[0] ? opt->ca_file : NULL, *from = "";
    char why[128];
    int err;

    if (opt->ca_pem) {
        snprintf(source, 512, "the CA text given by the program");
        bedrock_buffer_append(pem, opt->ca_pem,
                              opt->ca_pem_len ? opt->ca_pem_len : strlen(opt->ca_pem));
        return pem->error ? bdk_error_set(e, pem->error, "no memory for the CA bundle") : 1;
    }
    for (size_t i = 0; !path && i < sizeof names / sizeof names[0]; i++) {
        path = bdk_getenv(env, names[i]);
        from = path ? names[i] : "";
    }
    if (!path)
        return 0;
    snprintf(source, 512, "%.400s%s%s%s", path, from[0] ? " (from " : "", from, from[0] ? ")" : "");
    pem->max = CONFIG_MAX_BUNDLE;
    err = bdk_read_file(env, path, pem);
    if (err == ENOMEM)
        return bdk_error_set(e, BEDROCK_ERR_NOMEM, "no memory for the CA bundle");
    if (err) {
        bdk_file_why(err, why);
        bdk_error_set(e, BEDROCK_ERR_CONFIG, "CA bundle %s: %s", source, why);
        e->sys_errno = err;
        return BEDROCK_ERR_CONFIG;
    }
    return 1;
}

int bdk_ca_system(struct bedrock_buffer *pem, char source[512], const struct bdk_env *env)
{
    pem->max = CONFIG_MAX_BUNDLE;
    for (size_t i = 0; bdk_ca_places[i]; i++) {
        int err = bdk_read_file(env, bdk_ca_places[i], pem);

        if (err == ENOMEM)
            return BEDROCK_ERR_NOMEM;
        if (err == 0 && pem->len > 0) {
            snprintf(source, 512, "%s", bdk_ca_places[i]);
            return 1;
        }
        bedrock_buffer_free(pem);
    }
    return 0;
}
