/* creds.c - which credentials sign a call: where they come from, found when a client is opened.
 * AWS SDK reference guide, "Standardized credential providers". Leaves out: fetching them from where they
 * are not at hand (provide.c). */
#include "bedrock_int.h"
#include <string.h>

static const char *creds_option(const char *text)
{
    return text && text[0] ? text : NULL;
}

/* ---- Bearer tokens ---- */

static int creds_copy(struct bedrock *b, char **out, const char *text)
{
    size_t n = strlen(text) + 1;

    *out = bdk_resize(b->opt.alloc, b->opt.alloc_ctx, NULL, 0, n);
    if (!*out)
        return bdk_error_set(&b->err, BEDROCK_ERR_NOMEM, "out of memory");
    memcpy(*out, text, n);
    return 0;
}

/* It becomes a header: what breaks one is a mistake to name, never to send. 1: taken. */
static int creds_bearer(struct bedrock *b, const char *token, const char *name)
{
    int rc;

    if (!token)
        return 0;
    for (const char *p = token; *p; p++)
        if ((unsigned char)*p <= ' ' || *p == 0x7F)
            return bdk_error_set(&b->err, BEDROCK_ERR_CONFIG,
                                 "%s holds white space or a control character, perhaps a pasted newline",
                                 name);
    rc = creds_copy(b, &b->creds.bearer_token, token);
    return rc == 0 ? 1 : rc;
}

/* ---- Keys that are at hand ---- */

/* Both, or a clear word about the half that is there. 1: taken. */
static int creds_pair(struct bedrock *b, const char *id, const char *secret, const char *token,
                      const char *account, const char *const names[2], const char *what)
{
    int rc;

    if (!id && !secret)
        return 0;
    if (!id || !secret)
        return bdk_error_set(&b->err, BEDROCK_ERR_CONFIG, "%s is set but %s is not: half a key pair",
                             names[id ? 0 : 1], names[id ? 1 : 0]);
    rc = bdk_keys_set(&b->creds.keys, bdk_slice(id), bdk_slice(secret), bdk_slice(token), bdk_slice(account),
                      INT64_MAX, what, &b->err);
    return rc == 0 ? 1 : rc;
}

static int creds_from_options(struct bedrock *b, const struct bedrock_options *opt)
{
    static const char *const names[2] = {"the access key id option", "the secret access key option"};
    int rc = creds_bearer(b, creds_option(opt->bearer_token), "the bearer token option");

    if (rc == 0)
        rc = creds_pair(b, creds_option(opt->access_key_id), creds_option(opt->secret_access_key),
                        creds_option(opt->session_token), NULL, names, "keys given as options");
    return rc;
}

static int creds_from_bearer(struct bedrock *b, const struct bdk_env *env)
{
    return creds_bearer(b, bdk_getenv(env, "AWS_BEARER_TOKEN_BEDROCK"), "AWS_BEARER_TOKEN_BEDROCK");
}

/* Whoever exports keys that end may say when. 1, or told in b->err. */
static int creds_env_expiry(struct bedrock *b, const struct bdk_env *env)
{
    const char *expiry = bdk_getenv(env, "AWS_CREDENTIAL_EXPIRATION");

    if (!expiry)
        return 1;
    if (bdk_date_iso(bdk_slice(expiry), &b->creds.keys.expires_s) != 0)
        return bdk_error_set(&b->err, BEDROCK_ERR_CONFIG,
                             "AWS_CREDENTIAL_EXPIRATION is no time in the form 2026-01-02T03:04:05Z");
    if (b->creds.keys.expires_s <= b->opt.clock(b->opt.clock_ctx, 1) / 1000)
        return bdk_error_set(&b->err, BEDROCK_ERR_CONFIG,
                             "the keys in the environment are past their time: AWS_CREDENTIAL_EXPIRATION is "
                             "%.40s", expiry);
    return 1;
}

static int creds_from_env(struct bedrock *b, const struct bdk_env *env)
{
    static const char *const names[2] = {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"};
    int rc = creds_pair(b, bdk_getenv(env, names[0]), bdk_getenv(env, names[1]),
                        bdk_getenv(env, "AWS_SESSION_TOKEN"), bdk_getenv(env, "AWS_ACCOUNT_ID"), names,
                        "AWS_ACCESS_KEY_ID and its like");

    return rc == 1 ? creds_env_expiry(b, env) : rc;
}

/* ---- Keys that have to be fetched ---- */

static int creds_plan(struct bedrock *b, enum bdk_plan_base base)
{
    struct bdk_creds *c = &b->creds;

    if (!c->plan)
        c->plan = bdk_resize(b->opt.alloc, b->opt.alloc_ctx, NULL, 0, sizeof *c->plan);
    if (!c->plan)
        return bdk_error_set(&b->err, BEDROCK_ERR_NOMEM, "out of memory");
    memset(c->plan, 0, sizeof *c->plan);
    c->plan->base = base;
    return 1;
}

static int creds_from_web_identity(struct bedrock *b, const struct bdk_env *env)
{
    const char *file = bdk_getenv(env, "AWS_WEB_IDENTITY_TOKEN_FILE");
    const char *role = bdk_getenv(env, "AWS_ROLE_ARN");

    if (!file)
        return 0;
    if (!role)
        return bdk_error_set(&b->err, BEDROCK_ERR_CONFIG, "AWS_WEB_IDENTITY_TOKEN_FILE is set but "
                             "AWS_ROLE_ARN, which names the role for it, is not");
    return creds_plan(b, BDK_PLAN_WEB_IDENTITY);
}

/* The profile's own keys need no fetching. */
static int creds_from_profile(struct bedrock *b, const struct bdk_env *env)
{
    struct bdk_plan *plan;
    int rc = bdk_profiles_load_credentials(&b->profiles, env, &b->err);

    if (rc == 0)
        rc = creds_plan(b, BDK_PLAN_NONE);
    if (rc < 0)
        return rc;
    plan = b->creds.plan;
    rc = bdk_plan_make(plan, &b->profiles, b->profiles.name, &b->err);
    if (rc != 0)
        return rc;
    return plan->base != BDK_PLAN_NONE && (plan->base != BDK_PLAN_SSO || plan->sso_account_id);
}

static int creds_from_container(struct bedrock *b, const struct bdk_env *env)
{
    struct bdk_fetch f;
    int rc;

    bdk_fetch_init(&f, b->opt.alloc, b->opt.alloc_ctx);
    rc = bdk_container_request(&f, env, &b->err);
    bdk_fetch_free(&f);
    if (rc == BDK_CONTAINER_NONE)
        return 0;
    return rc < 0 ? rc : creds_plan(b, BDK_PLAN_CONTAINER);
}

static int creds_from_instance(struct bedrock *b, const struct bdk_env *env)
{
    struct bdk_imds imds;
    int rc = bdk_imds_open(b, &imds, &b->err);

    (void)env;
    bdk_imds_free(&imds);
    if (rc == BDK_IMDS_OFF)
        return 0;
    return rc < 0 ? rc : creds_plan(b, BDK_PLAN_INSTANCE);
}

static int creds_nowhere(struct bedrock *b)
{
    const char *file = b->profiles.file[BDK_FILE_CONFIG].path;

    return bdk_error_set(&b->err, BEDROCK_ERR_CONFIG,
                         "no credentials: none were given, neither AWS_BEARER_TOKEN_BEDROCK nor "
                         "AWS_ACCESS_KEY_ID with AWS_SECRET_ACCESS_KEY is set, and profile '%.100s'%s%s has "
                         "none; there is no container to ask, and instance metadata is off",
                         b->profiles.name, file[0] ? " in " : "", file);
}

/* The environment's and the profile's, in the order of enum bdk_source; 1: taken. */
static int (*const creds_chain[])(struct bedrock *b, const struct bdk_env *env) = {
    [BDK_FROM_BEARER] = creds_from_bearer,
    [BDK_FROM_ENVIRONMENT] = creds_from_env,
    [BDK_FROM_WEB_IDENTITY] = creds_from_web_identity,
    [BDK_FROM_PROFILE] = creds_from_profile,
    [BDK_FROM_CONTAINER] = creds_from_container,
    [BDK_FROM_INSTANCE] = creds_from_instance,
};

int bdk_creds_skips(const struct bedrock *b, enum bdk_source source)
{
    return (source == BDK_FROM_ENVIRONMENT || source == BDK_FROM_WEB_IDENTITY) && b->profiles.named_by &&
           strcmp(b->profiles.named_by, BDK_PROFILE_OPTION) == 0;
}

/* What the program gave goes before the environment; there a bearer token goes before keys. */
int bdk_creds_open(struct bedrock *b, const struct bedrock_options *opt)
{
    const struct bdk_env env = bdk_client_env(b);
    struct bdk_creds *c = &b->creds;
    int rc;

    c->source = BDK_FROM_OPTIONS;
    rc = creds_from_options(b, opt);
    if (rc == 0 && opt->credentials) {
        c->source = BDK_FROM_HOOK;
        return 0;
    }
    for (int s = BDK_FROM_BEARER; rc == 0 && s <= BDK_FROM_INSTANCE; s++) {
        c->source = (enum bdk_source)s;
        if (!bdk_creds_skips(b, c->source))
            rc = creds_chain[s](b, &env);
    }
    if (rc == 0) {
        c->source = BDK_FROM_NOWHERE;
        rc = creds_nowhere(b);
    }
    if (rc > 0)
        return 0;
    c->err = b->err;
    return rc;
}

void bdk_creds_free(struct bedrock *b)
{
    struct bdk_creds *c = &b->creds;
    size_t n = c->bearer_token ? strlen(c->bearer_token) + 1 : 0;

    bdk_run_free(b);
    bdk_keys_free(&c->keys);
    bdk_resize(b->opt.alloc, b->opt.alloc_ctx, c->plan, sizeof *c->plan, 0);
    c->plan = NULL;
    if (c->bearer_token)
        bdk_wipe(c->bearer_token, n);
    bdk_resize(b->opt.alloc, b->opt.alloc_ctx, c->bearer_token, n, 0);
    c->bearer_token = NULL;
}
