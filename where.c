/* where.c - where a client's settings come from, told for people. No secret leaves here.
 * Leaves out: finding them (config.c, creds.c), fetching them (provide.c). */
#include "bedrock_int.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define WHERE_ROOTS "the built-in roots of Amazon Trust Services"
#define WHERE_TEXT 1400

/* Append to a text of that size, one safe line. */
#if defined(__GNUC__)
__attribute__((format(printf, 3, 4)))
#endif
static void where_add(char *out, size_t cap, const char *format, ...)
{
    char text[WHERE_TEXT];
    size_t n = strlen(out);
    va_list ap;

    va_start(ap, format);
    vsnprintf(text, sizeof text, format, ap);
    va_end(ap);
    bdk_error_text(out + n, cap - n, bdk_slice(text));
}

/* ---- Region, endpoints, files ---- */

static void where_from(char *out, size_t cap, const struct bdk_from *from)
{
    if (from->file)
        where_add(out, cap, "%.60s in %.250s:%u", from->what, from->file, from->line);
    else
        where_add(out, cap, "%s", from->what ? from->what : "Region");
}

static void where_trust(const struct bedrock *b, const struct bdk_endpoint *to, char *out, size_t cap)
{
    const char *source = b->ca_source ? b->ca_source : "";

    if (!to->tls)
        return;
    if (b->io.ctx != &b->transport)
        where_add(out, cap, "the program's own transport");
    else if (b->has_bundle)
        where_add(out, cap, "%s", source);
    else if (to->aws || !source[0])
        where_add(out, cap, WHERE_ROOTS);
    else
        where_add(out, cap, WHERE_ROOTS ", and %s", source);
}

static void where_way(const struct bedrock *b, int service, struct bedrock_way *way)
{
    const struct bdk_endpoint *to = &b->cf.endpoint[service];
    const struct bdk_proxy *proxy;

    if (!to->host[0])
        return;
    where_add(way->url, sizeof way->url, "%s://%s%s", to->tls ? "https" : "http", to->authority,
              to->base_path);
    where_from(way->from, sizeof way->from, &b->cf.endpoint_from[service]);
    proxy = bdk_proxy_for(b->transport.proxies, to->host, to->port, to->tls);
    if (proxy)
        where_add(way->proxy, sizeof way->proxy, "%s%s (%s)", proxy->tls ? "https://" : "", proxy->name,
                  proxy->from);
    if (b->reachable)
        where_trust(b, to, way->ca, sizeof way->ca);
}

static void where_file(const struct bdk_profile_file *f, struct bedrock_config_file *out)
{
    where_add(out->path, sizeof out->path, "%s", f->path);
    out->read = !f->loaded ? 0 : f->text.len > 0 ? 1 : -1;
}

/* ---- Sources ---- */

/* "FILE or FILE", of those that there could be. */
static void where_files(const struct bdk_profiles *p, char *out, size_t cap)
{
    const char *config = p->file[BDK_FILE_CONFIG].path, *other = p->file[BDK_FILE_CREDENTIALS].path;

    other = strcmp(config, other) == 0 ? "" : other;
    where_add(out, cap, "%.300s%s%.300s", config, config[0] && other[0] ? " or " : "", other);
}

static int where_has_profile(const struct bdk_profiles *p)
{
    return bdk_profile_find(p, BDK_SECTION_PROFILE, p->name, NULL, NULL).value != NULL;
}

static void where_no_profile(const struct bedrock *b, char *out, size_t cap)
{
    const struct bdk_profiles *p = &b->profiles;

    where_add(out, cap, "profile '%.100s': ", p->name);
    if (!where_has_profile(p)) {
        where_add(out, cap, "no such profile in ");
        where_files(p, out, cap);
    } else if (bdk_profile_value(p, p->name, "sso_session")) {
        where_add(out, cap, "its SSO session is for tokens alone: no sso_account_id and sso_role_name");
    } else {
        where_add(out, cap, "it says nothing of credentials in ");
        where_files(p, out, cap);
    }
}

static void where_nothing(const struct bedrock *b, enum bdk_source source, char *out, size_t cap)
{
    switch (source) {
    case BDK_FROM_BEARER:
        where_add(out, cap, "AWS_BEARER_TOKEN_BEDROCK is not set");
        break;
    case BDK_FROM_ENVIRONMENT:
        where_add(out, cap, "AWS_ACCESS_KEY_ID is not set");
        break;
    case BDK_FROM_WEB_IDENTITY:
        where_add(out, cap, "AWS_WEB_IDENTITY_TOKEN_FILE is not set");
        break;
    case BDK_FROM_PROFILE:
        where_no_profile(b, out, cap);
        break;
    case BDK_FROM_CONTAINER:
        where_add(out, cap, "neither AWS_CONTAINER_CREDENTIALS_RELATIVE_URI nor "
                  "AWS_CONTAINER_CREDENTIALS_FULL_URI is set");
        break;
    default:
        where_add(out, cap, "AWS_EC2_METADATA_DISABLED is true");
        break;
    }
}

/* It should have given keys and did not. */
static int where_failed(const struct bdk_creds *c)
{
    return c->err.code != 0 && !c->bearer_token && !c->keys.access_key_id;
}

int bedrock_source_next(const struct bedrock *b, size_t *at, struct bedrock_source *s)
{
    static const char *const names[] = {
        [BDK_FROM_NOBODY_YET] = "", [BDK_FROM_OPTIONS] = "options", [BDK_FROM_HOOK] = "hook",
        [BDK_FROM_BEARER] = "API key", [BDK_FROM_ENVIRONMENT] = "environment",
        [BDK_FROM_WEB_IDENTITY] = "web identity", [BDK_FROM_PROFILE] = "profile",
        [BDK_FROM_CONTAINER] = "container", [BDK_FROM_INSTANCE] = "instance",
    };
    const struct bdk_creds *c = b ? &b->creds : NULL;
    enum bdk_source source = (enum bdk_source)(*at + 1);

    memset(s, 0, sizeof *s);
    /* what only programs can give is worth a word where one does */
    while (c && source < BDK_FROM_BEARER && source != c->source)
        source++;
    if (!c || source > BDK_FROM_INSTANCE)
        return 0;
    *at = (size_t)source;
    s->name = names[source];
    if (source == c->source) {
        s->state = where_failed(c) ? BEDROCK_SOURCE_FAILED : BEDROCK_SOURCE_USED;
        where_add(s->why, sizeof s->why, "%s", where_failed(c) ? c->err.message : "");
    } else if (source < c->source) {
        s->state = BEDROCK_SOURCE_PASSED_OVER;
        if (bdk_creds_skips(b, source))
            where_add(s->why, sizeof s->why, BDK_PROFILE_OPTION " goes before it");
        else
            where_nothing(b, source, s->why, sizeof s->why);
    }
    return 1;
}

/* ---- The source that is used ---- */

static void where_base(const struct bedrock *b, char *out, size_t cap)
{
    static const char *const names[BDK_PLAN_BASES] = {
        [BDK_PLAN_NONE] = "", [BDK_PLAN_STATIC] = "keys", [BDK_PLAN_WEB_IDENTITY] = "web identity",
        [BDK_PLAN_SSO] = "IAM Identity Center", [BDK_PLAN_LOGIN] = "aws login",
        [BDK_PLAN_PROCESS] = "credential_process", [BDK_PLAN_ENVIRONMENT] = "keys in the environment",
        [BDK_PLAN_INSTANCE] = "instance metadata", [BDK_PLAN_CONTAINER] = "container",
    };
    const struct bdk_plan *plan = b->creds.plan;

    where_add(out, cap, "%s", names[plan->base]);
    if (plan->base == BDK_PLAN_SSO && plan->sso_session)
        where_add(out, cap, ", session '%.100s'", plan->sso_session);
    if (plan->base == BDK_PLAN_SSO && plan->sso_role_name)
        where_add(out, cap, ", role %.100s", plan->sso_role_name);
    if (plan->base == BDK_PLAN_WEB_IDENTITY && plan->web.role_arn)
        where_add(out, cap, ", role %.200s", plan->web.role_arn);
    if (plan->profile && strcmp(plan->profile, b->profiles.name) != 0)
        where_add(out, cap, " of profile '%.100s'", plan->profile);
    for (size_t i = 0; i < plan->n_roles; i++)
        where_add(out, cap, ", then role %.200s", plan->role[i].role_arn);
}

static void where_source(const struct bedrock *b, char *out, size_t cap)
{
    const struct bdk_env env = bdk_client_env(b);
    const struct bdk_creds *c = &b->creds;

    switch (c->source) {
    case BDK_FROM_OPTIONS:
        where_add(out, cap, "given by the program");
        break;
    case BDK_FROM_HOOK:
        where_add(out, cap, "the program's credentials hook");
        break;
    case BDK_FROM_BEARER:
        where_add(out, cap, "environment (AWS_BEARER_TOKEN_BEDROCK)");
        break;
    case BDK_FROM_ENVIRONMENT:
        where_add(out, cap, "environment (AWS_ACCESS_KEY_ID)");
        break;
    case BDK_FROM_WEB_IDENTITY:
        where_add(out, cap, "web identity (AWS_WEB_IDENTITY_TOKEN_FILE), role %.200s",
                  bdk_getenv(&env, "AWS_ROLE_ARN") ? bdk_getenv(&env, "AWS_ROLE_ARN") : "not set");
        break;
    case BDK_FROM_PROFILE:
        where_add(out, cap, "profile '%.100s'", b->profiles.name);
        if (b->usable) {
            where_add(out, cap, ": ");
            where_base(b, out, cap);
        }
        break;
    case BDK_FROM_CONTAINER:
        where_add(out, cap, "container (%s)", bdk_getenv(&env, "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI")
                                                  ? "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"
                                                  : "AWS_CONTAINER_CREDENTIALS_FULL_URI");
        break;
    case BDK_FROM_INSTANCE:
        where_add(out, cap, "instance metadata");
        if (c->run_open && c->run->imds.role[0])
            where_add(out, cap, ", role %.70s", c->run->imds.role);
        break;
    default:
        break;
    }
}

/* The last four characters, of an id that has many more. */
static void where_key(const struct bdk_keys *k, struct bedrock_where *w)
{
    size_t n = k->access_key_id ? strlen(k->access_key_id) : 0;

    if (n >= 8)
        where_add(w->key_id, sizeof w->key_id, "%s", k->access_key_id + n - 4);
    if (n > 0 && k->account_id)
        where_add(w->account_id, sizeof w->account_id, "%s", k->account_id);
    if (n > 0 && k->expires_s != INT64_MAX)
        w->expires_s = k->expires_s;
}

void bedrock_where(const struct bedrock *b, struct bedrock_where *w)
{
    memset(w, 0, sizeof *w);
    if (!b)
        return;
    where_add(w->region, sizeof w->region, "%s", b->cf.region);
    if (b->cf.region[0])
        where_from(w->region_from, sizeof w->region_from, &b->cf.region_from);
    for (int i = 0; i < BDK_N_SERVICES; i++)
        where_way(b, i, &w->way[i]);
    where_add(w->profile, sizeof w->profile, "%s", b->profiles.name);
    if (b->profiles.named_by)
        where_add(w->profile_from, sizeof w->profile_from, "%s", b->profiles.named_by);
    w->profile_found = b->profiles.name[0] && where_has_profile(&b->profiles);
    where_file(&b->profiles.file[BDK_FILE_CONFIG], &w->config);
    where_file(&b->profiles.file[BDK_FILE_CREDENTIALS], &w->credentials);
    where_source(b, w->source, sizeof w->source);
    w->bearer_token = b->creds.bearer_token != NULL;
    where_key(&b->creds.keys, w);
}
