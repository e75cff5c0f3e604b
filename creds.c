/* creds.c - which credentials sign a call: options, environment keys, bearer token.
 * AWS SDK reference guide, "Standardized credential providers". Leaves out: profiles, SSO, containers
 * and instances; each will be one more source in the order of bdk_creds_load(). */
#include "bedrock_int.h"
#include <string.h>

static int creds_copy(char **out, const char *text, const struct bedrock_options *opt,
                      struct bedrock_error *e)
{
    size_t n = strlen(text) + 1;

    *out = bdk_resize(opt->alloc, opt->alloc_ctx, NULL, 0, n);
    if (!*out)
        return bdk_error_set(e, BEDROCK_ERR_NOMEM, "out of memory");
    memcpy(*out, text, n);
    return 0;
}

/* Keys and tokens become header values: a control character in one is a mistake to name, never to
 * send. Spaces inside are as wrong, and a pasted newline is what one sees most. */
static int creds_check(const char *text, const char *what, struct bedrock_error *e)
{
    for (; *text; text++)
        if ((unsigned char)*text <= ' ' || *text == 0x7F)
            return bdk_error_set(e, BEDROCK_ERR_CONFIG,
                                 "%s holds white space or a control character, perhaps a pasted "
                                 "newline", what);
    return 0;
}

/* One source of a key pair: both, or a clear word about the half that is there. 1: taken. */
static int creds_pair(struct bdk_creds *c, const struct bedrock_options *opt, const char *id,
                      const char *secret, const char *token, const char *const names[3],
                      struct bedrock_error *e)
{
    int rc = 0;

    if (!id && !secret)
        return 0;
    if (!id || !secret)
        return bdk_error_set(e, BEDROCK_ERR_CONFIG, "%s is set but %s is not: half a key pair",
                             names[id ? 0 : 1], names[id ? 1 : 0]);
    if (creds_check(id, names[0], e) != 0 || creds_check(secret, names[1], e) != 0 ||
        (token && creds_check(token, names[2], e) != 0))
        return e->code;
    rc = creds_copy(&c->access_key_id, id, opt, e);
    if (rc == 0)
        rc = creds_copy(&c->secret_access_key, secret, opt, e);
    if (rc == 0 && token)
        rc = creds_copy(&c->session_token, token, opt, e);
    return rc == 0 ? 1 : rc;
}

static int creds_bearer(struct bdk_creds *c, const struct bedrock_options *opt, const char *token,
                        const char *name, struct bedrock_error *e)
{
    int rc;

    if (!token)
        return 0;
    rc = creds_check(token, name, e);
    if (rc == 0)
        rc = creds_copy(&c->bearer_token, token, opt, e);
    return rc == 0 ? 1 : rc;
}

static const char *creds_option(const char *text)
{
    return text && text[0] ? text : NULL;
}

/* What the program gave goes before the environment; there a bearer token goes before keys. */
int bdk_creds_load(struct bdk_creds *c, const struct bedrock_options *opt, const struct bdk_env *env,
                   struct bedrock_error *e)
{
    static const char *const option_names[3] = {"the access key id option",
                                                "the secret access key option",
                                                "the session token option"};
    static const char *const env_names[3] = {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY",
                                             "AWS_SESSION_TOKEN"};
    int rc = creds_bearer(c, opt, creds_option(opt->bearer_token), "the bearer token option", e);

    if (rc == 0)
        rc = creds_pair(c, opt, creds_option(opt->access_key_id),
                        creds_option(opt->secret_access_key), creds_option(opt->session_token),
                        option_names, e);
    if (rc == 0)
        rc = creds_bearer(c, opt, bdk_getenv(env, "AWS_BEARER_TOKEN_BEDROCK"),
                          "AWS_BEARER_TOKEN_BEDROCK", e);
    if (rc == 0)
        rc = creds_pair(c, opt, bdk_getenv(env, env_names[0]), bdk_getenv(env, env_names[1]),
                        bdk_getenv(env, env_names[2]), env_names, e);
    if (rc == 0)
        return bdk_error_set(e, BEDROCK_ERR_CONFIG,
                             "no credentials: none were given, and neither AWS_BEARER_TOKEN_BEDROCK "
                             "nor AWS_ACCESS_KEY_ID with AWS_SECRET_ACCESS_KEY is set");
    return rc < 0 ? rc : 0;
}

static void creds_release(char **text, const struct bedrock_options *opt)
{
    size_t n = *text ? strlen(*text) + 1 : 0;

    if (*text)
        bdk_wipe(*text, n);
    bdk_resize(opt->alloc, opt->alloc_ctx, *text, n, 0);
    *text = NULL;
}

void bdk_creds_free(struct bdk_creds *c, const struct bedrock_options *opt)
{
    creds_release(&c->access_key_id, opt);
    creds_release(&c->secret_access_key, opt);
    creds_release(&c->session_token, opt);
    creds_release(&c->bearer_token, opt);
}
