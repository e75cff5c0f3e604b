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
                                 "%s holds white space or a control character, perhaps a pasted newline", name);
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
    if (rc == 1)
        b->creds.source = BDK_FROM_OPTIONS;
    else if (rc == 0 && opt->credentials)
        b->creds.source = BDK_FROM_HOOK;
    return rc;
}

static int creds_from_env(struct bedrock *b, const struct bdk_env *env)
{
    static const char *const names[2] = {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"};
    const char *expiry = bdk_getenv(env, "AWS_CREDENTIAL_EXPIRATION");
    int64_t expires_s;
    int rc = creds_pair(b, bdk_getenv(env, names[0]), bdk_getenv(env, names[1]),
                        bdk_getenv(env, "AWS_SESSION_TOKEN"), bdk_getenv(env, "AWS_ACCOUNT_ID"), names,
                        "AWS_ACCESS_KEY_ID and its like");

    if (rc != 1)
        return rc;
    b->creds.source = BDK_FROM_ENVIRONMENT;
    if (expiry && bdk_date_iso(bdk_slice(expiry), &expires_s) == 0)
        b->creds.keys.expires_s = expires_s;
    return rc;
}

/* What the program gave goes before the environment; there a bearer token goes before keys. */
int bdk_creds_open(struct bedrock *b, const struct bedrock_options *opt, const struct bdk_env *env)
{
    int rc = creds_from_options(b, opt);

    if (rc == 0 && b->creds.source == BDK_FROM_NOWHERE)
        rc = creds_bearer(b, bdk_getenv(env, "AWS_BEARER_TOKEN_BEDROCK"), "AWS_BEARER_TOKEN_BEDROCK");
    if (rc == 0 && b->creds.source == BDK_FROM_NOWHERE)
        rc = creds_from_env(b, env);
    if (rc == 0 && b->creds.source == BDK_FROM_NOWHERE)
        return bdk_error_set(&b->err, BEDROCK_ERR_CONFIG,
                             "no credentials: none were given, and neither AWS_BEARER_TOKEN_BEDROCK "
                             "nor AWS_ACCESS_KEY_ID with AWS_SECRET_ACCESS_KEY is set");
    return rc < 0 ? rc : 0;
}

void bdk_creds_free(struct bedrock *b)
{
    char *bearer = b->creds.bearer_token;
    size_t n = bearer ? strlen(bearer) + 1 : 0;

    bdk_run_free(b);
    bdk_keys_free(&b->creds.keys);
    if (bearer)
        bdk_wipe(bearer, n);
    bdk_resize(b->opt.alloc, b->opt.alloc_ctx, bearer, n, 0);
    b->creds.bearer_token = NULL;
}
