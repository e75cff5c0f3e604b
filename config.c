/* config.c - where settings come from: options, environment, profile; Region, endpoints, CA bundles.
 * AWS SDK reference guide, "AWS Region" and "Service-specific endpoints". Leaves out: the shared config files
 * themselves (profiles.c); proxies (proxy.c); what an endpoint is made of (endpoint.c). */
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

/* ---- One setting ---- */

/* The program's option, the environment, the profile: the first that says something. option and key may be
 * NULL. */
static const char *config_setting(const struct bedrock *b, const char *option, const char *env_name,
                                  const char *key, struct bdk_from *from)
{
    const struct bdk_env env = bdk_client_env(b);
    struct bdk_setting s = {NULL, NULL, 0};
    const char *v = option && option[0] ? option : NULL;

    from->what = v ? "option" : env_name;
    from->file = NULL;
    from->line = 0;
    if (!v)
        v = bdk_getenv(&env, env_name);
    if (v || !key)
        return v;
    s = bdk_profile_setting(&b->profiles, key);
    from->what = key;
    from->file = s.file;
    from->line = s.line;
    return s.value;
}

/* true and false in any case (AWS SDK reference guide, "Settings"): 1, 0, or told in e. */
static int config_boolean(const struct bedrock *b, const char *env_name, const char *key,
                          struct bedrock_error *e)
{
    struct bdk_from from;
    const char *v = config_setting(b, NULL, env_name, key, &from);

    if (!v || bdk_slice_is_nocase(bdk_slice(v), "false"))
        return 0;
    if (bdk_slice_is_nocase(bdk_slice(v), "true"))
        return 1;
    return bdk_error_set(e, BEDROCK_ERR_CONFIG, "%s%s%s: true or false, not '%.40s'", from.what,
                         from.file ? " in " : "", from.file ? from.file : "", v);
}

static int config_flags(struct bedrock *b, const struct bedrock_options *opt)
{
    const struct {
        unsigned flag;
        int option;
        const char *env, *key;
    } all[] = {{BDK_FIPS, opt->use_fips, "AWS_USE_FIPS_ENDPOINT", "use_fips_endpoint"},
               {BDK_DUALSTACK, opt->use_dualstack, "AWS_USE_DUALSTACK_ENDPOINT", "use_dualstack_endpoint"}};
    struct bdk_from from;
    const char *sts = config_setting(b, NULL, "AWS_STS_REGIONAL_ENDPOINTS", "sts_regional_endpoints", &from);

    if (sts && bdk_slice_is_nocase(bdk_slice(sts), "legacy"))
        b->cf.flags |= BDK_STS_LEGACY;
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        int on = all[i].option > 0;

        if (all[i].option == 0)
            on = config_boolean(b, all[i].env, all[i].key, &b->err);
        if (on < 0)
            return on;
        b->cf.flags |= on ? all[i].flag : 0;
    }
    return 0;
}

/* ---- Region ---- */

/* An instance knows its Region, and tells it when the first call asks. */
static int config_may_ask_instance(struct bedrock *b)
{
    struct bdk_imds imds;
    struct bedrock_error e = {0};
    int rc = bdk_imds_open(b, &imds, &e);

    bdk_imds_free(&imds);
    if (rc < 0)
        b->err = e;
    return rc < 0 ? rc : rc == 0;
}

static int config_no_region(struct bedrock *b)
{
    const char *file = b->profiles.file[BDK_FILE_CONFIG].path;

    return bdk_error_set(&b->err, BEDROCK_ERR_CONFIG,
                         "no Region: none was given, neither AWS_REGION nor AWS_DEFAULT_REGION is set, and "
                         "profile '%.100s'%s%s has no region", b->profiles.name, file[0] ? " in " : "", file);
}

static int config_find_region(struct bedrock *b, const char *option)
{
    const struct bdk_env env = bdk_client_env(b);
    const char *region = config_setting(b, option, "AWS_REGION", NULL, &b->cf.region_from);
    int rc;

    if (!region)
        region = config_setting(b, NULL, "AWS_DEFAULT_REGION", "region", &b->cf.region_from);
    if (!region) {
        /* the other file may have it, which is read only when somebody needs it */
        if (bdk_profiles_load_credentials(&b->profiles, &env, &b->err) != 0)
            return b->err.code;
        region = config_setting(b, NULL, "AWS_DEFAULT_REGION", "region", &b->cf.region_from);
    }
    if (region)
        return bdk_region_read(b->cf.region, &b->cf.flags, region, &b->err);
    rc = config_may_ask_instance(b);
    if (rc <= 0)
        return rc < 0 ? rc : config_no_region(b);
    b->cf.region_from.what = "instance metadata";
    b->cf.region_from.file = NULL;
    return 0;
}

/* ---- Endpoints ---- */

/* The URL in the [services] section that the profile names. 0, or told in e. */
static int config_section_url(const struct bedrock *b, enum bdk_service service, const char **url,
                              struct bdk_from *from, struct bedrock_error *e)
{
    struct bdk_setting name = bdk_profile_setting(&b->profiles, "services"), s;

    if (!name.value)
        return 0;
    if (!bdk_profile_find(&b->profiles, BDK_SECTION_SERVICES, name.value, NULL, NULL).value)
        return bdk_error_set(e, BEDROCK_ERR_CONFIG, "%s:%u: there is no section [services %.100s]", name.file,
                             name.line, name.value);
    s = bdk_profile_find(&b->profiles, BDK_SECTION_SERVICES, name.value, bdk_endpoint_env_names[service].key,
                         "endpoint_url");
    *url = s.value && s.value[0] ? s.value : NULL;
    from->what = "endpoint_url";
    from->file = s.file;
    from->line = s.line;
    return 0;
}

/* AWS SDK reference guide, "Service-specific endpoints". */
static int config_url(const struct bedrock *b, enum bdk_service service, const char **url,
                      struct bdk_from *from, struct bedrock_error *e)
{
    int off = config_boolean(b, "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "ignore_configured_endpoint_urls", e);

    *url = NULL;
    if (off != 0)
        return off < 0 ? off : 0;
    *url = config_setting(b, NULL, bdk_endpoint_env_names[service].env, NULL, from);
    if (!*url)
        *url = config_setting(b, NULL, "AWS_ENDPOINT_URL", NULL, from);
    if (!*url && config_section_url(b, service, url, from, e) != 0)
        return e->code;
    if (!*url)
        *url = config_setting(b, NULL, "AWS_ENDPOINT_URL", "endpoint_url", from);
    return 0;
}

int bdk_config_endpoint(const struct bedrock *b, enum bdk_service service, const char *region,
                        struct bdk_endpoint *ep, struct bedrock_error *e)
{
    struct bdk_from from;
    const char *url;
    int rc = config_url(b, service, &url, &from, e);

    if (rc != 0)
        return rc;
    return url ? bdk_endpoint_custom(ep, url, region, b->cf.flags, e)
               : bdk_endpoint_of(ep, service, region, b->cf.flags, e);
}

/* A custom endpoint is known before its Region; all others are made of it. */
static int config_endpoints(struct bedrock *b, const char *option)
{
    struct bdk_config *cf = &b->cf;

    for (int s = 0; s < BDK_N_SERVICES; s++) {
        const char *url = option && option[0] ? option : NULL;
        int rc = 0;

        cf->endpoint_from[s].what = url ? "option" : NULL;
        if (!url)
            rc = config_url(b, (enum bdk_service)s, &url, &cf->endpoint_from[s], &b->err);
        if (rc == 0 && url)
            rc = bdk_endpoint_custom(&cf->endpoint[s], url, cf->region, cf->flags, &b->err);
        if (rc != 0)
            return rc;
        if (!url)
            cf->endpoint_from[s].what = NULL;
    }
    return cf->region[0] ? bdk_config_use_region(b, &b->err) : 0;
}

int bdk_config_use_region(struct bedrock *b, struct bedrock_error *e)
{
    struct bdk_config *cf = &b->cf;

    for (int s = 0; s < BDK_N_SERVICES; s++) {
        struct bdk_endpoint *ep = &cf->endpoint[s];
        int rc = 0;

        if (ep->host[0])
            memcpy(ep->region, cf->region, sizeof ep->region);
        else
            rc = bdk_endpoint_of(ep, (enum bdk_service)s, cf->region, cf->flags, e);
        if (rc != 0)
            return rc;
    }
    return 0;
}

int bdk_config_load(struct bedrock *b, const struct bedrock_options *opt)
{
    const struct bdk_env env = bdk_client_env(b);
    int rc = bdk_profiles_load(&b->profiles, &env, opt->profile, 0, b->opt.alloc, b->opt.alloc_ctx, &b->err);

    if (rc == 0)
        rc = config_flags(b, opt);
    if (rc == 0)
        rc = config_find_region(b, opt->region);
    return rc ? rc : config_endpoints(b, opt->endpoint_url);
}

/* ---- CA bundles ---- */

int bdk_ca_bundle(struct bedrock *b, struct bedrock_buffer *pem, char source[512],
                  const struct bedrock_options *opt)
{
    const struct bdk_env env = bdk_client_env(b);
    struct bdk_from from;
    const char *path;
    char why[128];
    int err;

    if (opt->ca_pem) {
        snprintf(source, 512, "the CA text given by the program");
        bedrock_buffer_append(pem, opt->ca_pem,
                              opt->ca_pem_len ? opt->ca_pem_len : strlen(opt->ca_pem));
        return pem->error ? bdk_error_set(&b->err, pem->error, "no memory for the CA bundle") : 1;
    }
    path = config_setting(b, opt->ca_file, "AWS_CA_BUNDLE", "ca_bundle", &from);
    if (!path)
        path = config_setting(b, NULL, "SSL_CERT_FILE", NULL, &from);
    if (!path)
        return 0;
    if (strcmp(from.what, "option") == 0)
        snprintf(source, 512, "%.400s", path);
    else
        snprintf(source, 512, "%.300s (from %s%s%.150s)", path, from.what, from.file ? " in " : "",
                 from.file ? from.file : "");
    pem->max = CONFIG_MAX_BUNDLE;
    err = bdk_read_file(&env, path, pem);
    if (err == ENOMEM)
        return bdk_error_set(&b->err, BEDROCK_ERR_NOMEM, "no memory for the CA bundle");
    if (err) {
        bdk_file_why(err, why);
        bdk_error_set(&b->err, BEDROCK_ERR_CONFIG, "CA bundle %s: %s", source, why);
        b->err.sys_errno = err;
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
