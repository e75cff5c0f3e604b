/* config.c - where settings come from: Region, endpoints, CA bundles.
 * AWS SDK reference guide, "AWS Region" and "Service-specific endpoints". Leaves out: profiles and the
 * shared config files; proxies (proxy.c); what an endpoint is made of (endpoint.c). */
#define _DEFAULT_SOURCE
#include "bedrock_int.h"
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

const char *bdk_getenv(const struct bdk_env *env, const char *name)
{
    const char *v = env->fn ? env->fn(env->ctx, name) : getenv(name);

    return v && v[strspn(v, " \t\r\n")] ? v : NULL;
}

static int config_find_region(struct bdk_config *cf, unsigned *flags, const struct bedrock_options *opt,
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
    return bdk_region_read(cf->region, flags, region, e);
}

int bdk_config_load(struct bdk_config *cf, const struct bedrock_options *opt,
                    const struct bdk_env *env, struct bedrock_error *e)
{
    unsigned flags = 0;
    int rc = config_find_region(cf, &flags, opt, env, e);

    for (int s = 0; s < BDK_N_SERVICES && rc == 0; s++) {
        const char *url = opt->endpoint_url && opt->endpoint_url[0] ? opt->endpoint_url : NULL;

        if (!url)
            url = bdk_getenv(env, bdk_endpoint_env_names[s].env);
        if (!url)
            url = bdk_getenv(env, "AWS_ENDPOINT_URL");
        if (url)
            rc = bdk_endpoint_custom(&cf->endpoint[s], url, cf->region, flags, e);
        else
            rc = bdk_endpoint_of(&cf->endpoint[s], (enum bdk_service)s, cf->region, flags, e);
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
