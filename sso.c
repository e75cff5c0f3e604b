/* sso.c - IAM Identity Center: the cached token, its renewal (OIDC), and a role's keys for it.
 * AWS SDK reference guide, "IAM Identity Center credential provider"; RFC 6749. Leaves out: signing in, which
 * needs a browser and is the business of `aws sso login`. */
#include "bedrock_int.h"
#include <string.h>

#define SSO_OIDC "IAM Identity Center (OIDC)"
#define SSO_PORTAL "IAM Identity Center (GetRoleCredentials)"

/* ---- The cache -------------------------------------------------------------------------------- */

enum { SSO_EXPIRES, SSO_ACCESS, SSO_REFRESH, SSO_CLIENT, SSO_SECRET, SSO_REGISTERED, SSO_N_MEMBERS };

static const struct bdk_cache_path sso_members[SSO_N_MEMBERS] = {
    {"expiresAt", 1}, {"accessToken", 1}, {"refreshToken", 0}, {"clientId", 0}, {"clientSecret", 0},
    {"registrationExpiresAt", 0},
};
static const struct bdk_cache_form sso_form = {"SSO token file", sso_members, SSO_N_MEMBERS};

int bdk_sso_open(struct bdk_sso *s, const struct bdk_env *env, const char *profile, const char *session,
                 const char *start_url, bedrock_alloc_fn alloc, void *alloc_ctx, struct bedrock_error *e)
{
    const char *key = session ? session : start_url;
    unsigned char digest[BDK_SHA1_LEN];

    memset(s, 0, sizeof *s);
    s->is_session = session != NULL;
    bdk_cache_command(&s->c, "aws sso login", profile ? "--profile" : "--sso-session",
                      profile ? profile : session);
    bdk_sha1_of(key, strlen(key), digest);
    return bdk_cache_open(&s->c, &sso_form, env, "~/.aws/sso/cache", digest, sizeof digest, alloc,
                          alloc_ctx, e);
}

int bdk_sso_next(const struct bdk_sso *s, int64_t now_s, struct bedrock_error *e)
{
    const char *const *v = s->c.value;
    int64_t registered_until_s = 0;
    int renewable = s->is_session && v[SSO_REFRESH] && v[SSO_CLIENT] && v[SSO_SECRET] && v[SSO_REGISTERED] &&
                    bdk_cache_time(v[SSO_REGISTERED], &registered_until_s) == 0 && registered_until_s > now_s;

    return bdk_cache_next(&s->c, renewable, now_s, e);
}

/* ---- Renewal ---------------------------------------------------------------------------------- */

int bdk_sso_refresh(struct bdk_sso *s, struct bdk_fetch *f, const struct bdk_endpoint *to, int64_t now_s,
                    struct bedrock_error *e)
{
    struct bedrock_writer w = {0};

    s->c.tried_s = now_s;
    bdk_fetch_begin(f, to, "POST", "/token", SSO_OIDC);
    bdk_fetch_header(f, "Content-Type", bdk_slice("application/json"));
    f->attempts = 3;
    w.out = f->body;
    bedrock_write_object(&w);
    bdk_cache_pair(&w, "clientId", s->c.value[SSO_CLIENT]);
    bdk_cache_pair(&w, "clientSecret", s->c.value[SSO_SECRET]);
    bdk_cache_pair(&w, "grantType", "refresh_token");
    bdk_cache_pair(&w, "refreshToken", s->c.value[SSO_REFRESH]);
    bedrock_write_object_end(&w);
    bedrock_write_end(&w);
    f->body = w.out;
    return bdk_fetch_check(f, e);
}

/* RFC 6749 5.2 and the exceptions of CreateToken: what asking again does not mend, and signing in does. */
static int sso_is_over(const char *code, const char *name)
{
    static const char *const over[] = {
        "invalid_grant", "expired_token", "invalid_client", "unauthorized_client", "access_denied",
        "InvalidGrantException", "ExpiredTokenException", "InvalidClientException",
        "UnauthorizedClientException", "AccessDeniedException",
    };

    for (size_t i = 0; i < sizeof over / sizeof over[0]; i++)
        if (strcmp(code, over[i]) == 0 || strcmp(name, over[i]) == 0)
            return 1;
    return 0;
}

static int sso_refused(const struct bdk_sso *s, const struct bdk_fetch *f, const struct bdk_http_head *h,
                       struct bedrock_slice body, struct bedrock_error *e)
{
    char code[64], cause[sizeof e->message];
    int rc = bdk_cache_refused(f, h, body, code, e);

    bdk_error_hide(e->message, s->c.value[SSO_REFRESH]);
    bdk_error_hide(e->message, s->c.value[SSO_SECRET]);
    if (h->status != 401 && (h->status >= 500 || !sso_is_over(code, e->name)))
        return rc;
    memcpy(cause, e->message, sizeof cause);
    e->code = 0; /* name, status and request id stay */
    return bdk_error_set(e, BEDROCK_ERR_CONFIG, "%s; run %s", cause, s->c.login);
}

int bdk_sso_refreshed(struct bdk_sso *s, const struct bdk_fetch *f, const struct bdk_http_head *h,
                      struct bedrock_slice body, int64_t now_s, struct bedrock_error *e)
{
    struct bdk_cache_member members[3] = {
        {"accessToken", {BEDROCK_JSON_NONE, NULL, 0}}, {"expiresAt", {BEDROCK_JSON_STRING, NULL, 0}},
        {"refreshToken", {BEDROCK_JSON_NONE, NULL, 0}},
    };
    struct bedrock_json answer;
    char expires[24];

    if (h->status != 200)
        return sso_refused(s, f, h, body, e);
    if (bdk_cache_answer(f, body, &answer, now_s, expires, e) != 0)
        return e->code;
    members[0].value = bedrock_json_get(answer, "accessToken");
    if (members[0].value.type != BEDROCK_JSON_STRING || members[0].value.len <= 2)
        return bdk_error_set(e, BEDROCK_ERR_CONFIG, "%s: the answer has no accessToken", f->what);
    members[1].value.p = expires;
    members[1].value.len = strlen(expires);
    /* RFC 6749 6: where there is none the old one stays */
    members[2].value = bedrock_json_get(answer, "refreshToken");
    return bdk_cache_renew(&s->c, members, 3, e);
}

/* ---- Keys ------------------------------------------------------------------------------------- */

int bdk_sso_role(const struct bdk_sso *s, struct bdk_fetch *f, const struct bdk_endpoint *to,
                 const char *account, const char *role, struct bedrock_error *e)
{
    bdk_fetch_begin(f, to, "GET", "/federation/credentials?role_name=", SSO_PORTAL);
    bdk_uri_encode(&f->target, role, strlen(role), 0);
    bdk_buffer_text(&f->target, "&account_id=");
    bdk_uri_encode(&f->target, account, strlen(account), 0);
    bdk_fetch_header(f, "x-amz-sso_bearer_token", bdk_slice(s->c.value[SSO_ACCESS]));
    f->attempts = 3;
    return bdk_fetch_check(f, e);
}

static int sso_portal_refused(const struct bdk_sso *s, const struct bdk_fetch *f,
                              const struct bdk_http_head *h, struct bedrock_slice body,
                              struct bedrock_error *e)
{
    char code[64];
    int rc = bdk_cache_refused(f, h, body, code, e);

    bdk_error_hide(e->message, s->c.value[SSO_ACCESS]);
    if (h->status != 401)
        return rc;
    e->code = 0;
    return bdk_cache_bad(&s->c, "IAM Identity Center does not take its token any more (HTTP 401)", e);
}

/* scratch has room for every string of the answer. */
static int sso_read_keys(struct bdk_keys *k, const struct bdk_fetch *f, struct bedrock_json keys,
                         struct bedrock_buffer *scratch, const char *account, struct bedrock_error *e)
{
    static const char *const names[] = {"accessKeyId", "secretAccessKey", "sessionToken"};
    struct bedrock_slice part[3];
    int64_t expires_ms;

    for (size_t i = 0; i < 3; i++) {
        part[i] = bdk_slice(bdk_cache_text(scratch, keys, names[i]));
        if (part[i].len == 0)
            return bdk_error_set(e, BEDROCK_ERR_CONFIG, "%s: the answer has no %s", f->what, names[i]);
    }
    if (bedrock_json_int(bedrock_json_get(keys, "expiration"), &expires_ms) != 0)
        return bdk_error_set(e, BEDROCK_ERR_CONFIG, "%s: the answer has no expiration", f->what);
    return bdk_keys_set(k, part[0], part[1], part[2], bdk_slice(account), expires_ms / 1000, f->what, e);
}

int bdk_sso_keys(const struct bdk_sso *s, struct bdk_keys *k, const struct bdk_fetch *f,
                 const struct bdk_http_head *h, struct bedrock_slice body, const char *account,
                 struct bedrock_error *e)
{
    struct bedrock_buffer scratch = {.max = BDK_CACHE_MAX, .alloc = k->text.alloc,
                                     .alloc_ctx = k->text.alloc_ctx};
    struct bedrock_json root;
    int rc;

    if (h->status != 200)
        return sso_portal_refused(s, f, h, body, e);
    if (body.len == 0 || body.len > BDK_CACHE_MAX || bedrock_json_parse(body.p, body.len, &root, NULL) != 0)
        return bdk_error_set(e, BEDROCK_ERR_CONFIG, "%s: the answer is not JSON", f->what);
    if (bdk_buffer_reserve(&scratch, body.len) != 0)
        rc = bdk_error_set(e, scratch.error, "%s: out of memory", f->what);
    else
        rc = sso_read_keys(k, f, bedrock_json_get(root, "roleCredentials"), &scratch, account, e);
    bedrock_buffer_free(&scratch);
    return rc;
}
