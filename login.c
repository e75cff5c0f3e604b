/* login.c - the session of `aws login`: its cache, its renewal with a proof of possession (DPoP).
 * AWS SDK reference guide, "Login credentials provider"; RFC 9449 (DPoP), RFC 7515, 9562. Leaves out: signing
 * in, which needs a browser and is the business of `aws login`. */
#include "bedrock_int.h"
#include <string.h>

#define LOGIN_SIGNIN "AWS sign-in (CreateOAuth2Token)"
#define LOGIN_PATH "/v1/token"

/* ---- The cache -------------------------------------------------------------------------------- */

enum {
    LOGIN_EXPIRES, LOGIN_KEY_ID, LOGIN_SECRET, LOGIN_TOKEN, LOGIN_ACCOUNT, LOGIN_CLIENT, LOGIN_REFRESH,
    LOGIN_DPOP, LOGIN_REGION, LOGIN_N_MEMBERS
};

static const struct bdk_cache_path login_members[LOGIN_N_MEMBERS] = {
    {"accessToken.expiresAt", 1}, {"accessToken.accessKeyId", 1}, {"accessToken.secretAccessKey", 1},
    {"accessToken.sessionToken", 1}, {"accessToken.accountId", 1}, {"clientId", 1}, {"refreshToken", 1},
    {"dpopKey", 1}, {"signInRegion", 0},
};
static const struct bdk_cache_form login_form = {"aws login's session file", login_members, LOGIN_N_MEMBERS};

int bdk_login_open(struct bdk_cache *c, const struct bdk_env *env, const char *profile,
                   const char *login_session, bedrock_alloc_fn alloc, void *alloc_ctx,
                   struct bedrock_error *e)
{
    const char *folder = bdk_getenv(env, "AWS_LOGIN_CACHE_DIRECTORY");
    unsigned char digest[BDK_SHA256_LEN];

    memset(c, 0, sizeof *c);
    bdk_cache_command(c, "aws login", "--profile", profile);
    bdk_sha256_of(login_session, strlen(login_session), digest, 0);
    return bdk_cache_open(c, &login_form, env, folder ? folder : "~/.aws/login/cache", digest, sizeof digest,
                          alloc, alloc_ctx, e);
}

const char *bdk_login_region(const struct bdk_cache *c)
{
    return c->value[LOGIN_REGION];
}

int bdk_login_keys(const struct bdk_cache *c, struct bdk_keys *k, struct bedrock_error *e)
{
    return bdk_keys_set(k, bdk_slice(c->value[LOGIN_KEY_ID]), bdk_slice(c->value[LOGIN_SECRET]),
                        bdk_slice(c->value[LOGIN_TOKEN]), bdk_slice(c->value[LOGIN_ACCOUNT]), c->expires_s,
                        c->path, e);
}

/* ---- The proof -------------------------------------------------------------------------------- */

/* RFC 9562 5.4: version 4. */
static void login_uuid(const unsigned char random[16], char out[37])
{
    unsigned char b[16];
    char hex[32];
    size_t at = 0;

    memcpy(b, random, sizeof b);
    b[6] = (unsigned char)((b[6] & 0x0F) | 0x40);
    b[8] = (unsigned char)((b[8] & 0x3F) | 0x80);
    bdk_hex(hex, b, sizeof b);
    for (size_t i = 0; i < sizeof hex; i++) {
        if (i == 8 || i == 12 || i == 16 || i == 20)
            out[at++] = '-';
        out[at++] = hex[i];
    }
    out[at] = 0;
}

static void login_header(struct bedrock_buffer *b, const struct bdk_p256 *key)
{
    bdk_buffer_text(b, "{\"typ\":\"dpop+jwt\",\"alg\":\"ES256\",");
    bdk_buffer_text(b, "\"jwk\":{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"");
    bdk_base64_url(b, key->point + 1, 32);
    bdk_buffer_text(b, "\",\"y\":\"");
    bdk_base64_url(b, key->point + 33, 32);
    bdk_buffer_text(b, "\"}}");
}

/* RFC 9449 4.2: which request, at which time, and a number used once. */
static void login_claims(struct bedrock_writer *w, const struct bdk_fetch *f, const unsigned char random[16],
                         int64_t now_s)
{
    struct bedrock_buffer url = {.alloc = w->out.alloc, .alloc_ctx = w->out.alloc_ctx};
    char jti[37];

    login_uuid(random, jti);
    bdk_buffer_text(&url, f->to.tls ? "https://" : "http://");
    bdk_buffer_text(&url, f->to.authority);
    bedrock_buffer_append(&url, f->target.p, f->target.len);
    bedrock_write_object(w);
    bedrock_write_name(w, "jti");
    bedrock_write_string(w, jti, strlen(jti));
    bedrock_write_name(w, "htm");
    bedrock_write_string(w, f->method, strlen(f->method));
    bedrock_write_name(w, "htu");
    bedrock_write_string(w, url.p, url.len);
    bedrock_write_name(w, "iat");
    bedrock_write_int(w, now_s);
    bedrock_write_object_end(w);
    if (url.error)
        bdk_buffer_fail(&w->out, url.error);
    bedrock_write_end(w);
    bedrock_buffer_free(&url);
}

int bdk_login_proof(struct bedrock_buffer *out, const struct bdk_fetch *f, const struct bdk_p256 *key,
                    const unsigned char random[16], int64_t now_s)
{
    struct bedrock_buffer header = {.alloc = out->alloc, .alloc_ctx = out->alloc_ctx};
    struct bedrock_writer claims = {.out = {.alloc = out->alloc, .alloc_ctx = out->alloc_ctx}};
    unsigned char digest[BDK_SHA256_LEN], signature[64];
    size_t from = out->len;

    login_header(&header, key);
    login_claims(&claims, f, random, now_s);
    if (header.error || claims.out.error)
        bdk_buffer_fail(out, header.error ? header.error : claims.out.error);
    bdk_base64_url(out, header.p, header.len);
    bdk_buffer_text(out, ".");
    bdk_base64_url(out, claims.out.p, claims.out.len);
    if (!out->error) {
        bdk_sha256_of(out->p + from, out->len - from, digest, 0);
        if (bdk_p256_sign(key, digest, signature) != 0)
            bdk_buffer_fail(out, BEDROCK_ERR_USAGE);
        bdk_buffer_text(out, ".");
        bdk_base64_url(out, signature, sizeof signature);
    }
    bedrock_buffer_free(&header);
    bedrock_write_free(&claims);
    return out->error;
}

/* ---- Renewal ---------------------------------------------------------------------------------- */

static void login_body(struct bdk_fetch *f, const struct bdk_cache *c)
{
    struct bedrock_writer w = {0};

    w.out = f->body;
    bedrock_write_object(&w);
    bdk_cache_pair(&w, "clientId", c->value[LOGIN_CLIENT]);
    bdk_cache_pair(&w, "grantType", "refresh_token");
    bdk_cache_pair(&w, "refreshToken", c->value[LOGIN_REFRESH]);
    bedrock_write_object_end(&w);
    bedrock_write_end(&w);
    f->body = w.out;
}

int bdk_login_refresh(struct bdk_cache *c, struct bdk_fetch *f, const struct bdk_endpoint *to,
                      const unsigned char random[16], int64_t now_s, struct bedrock_error *e)
{
    struct bedrock_buffer proof = {.alloc = f->body.alloc, .alloc_ctx = f->body.alloc_ctx};
    struct bdk_p256 key;

    c->tried_s = now_s;
    if (bdk_p256_read(&key, bdk_slice(c->value[LOGIN_DPOP])) != 0)
        return bdk_cache_bad(c, "its dpopKey is no P-256 private key", e);
    bdk_fetch_begin(f, to, "POST", LOGIN_PATH, LOGIN_SIGNIN);
    bdk_fetch_header(f, "Content-Type", bdk_slice("application/json"));
    if (bdk_login_proof(&proof, f, &key, random, now_s) == 0)
        bdk_fetch_header(f, "DPoP", (struct bedrock_slice){proof.p, proof.len});
    else
        bdk_buffer_fail(&f->headers, proof.error);
    bdk_wipe(&key, sizeof key);
    bedrock_buffer_free(&proof);
    login_body(f, c);
    f->attempts = 1; /* a proof and a refresh token are good for one request */
    return bdk_fetch_check(f, e);
}

static int login_refused(const struct bdk_cache *c, const struct bdk_fetch *f, const struct bdk_http_head *h,
                         struct bedrock_slice body, struct bedrock_error *e)
{
    char code[64];
    int rc = bdk_cache_refused(f, h, body, code, e), over = 1;

    bdk_error_hide(e->message, c->value[LOGIN_REFRESH]);
    if (strcmp(code, "TOKEN_EXPIRED") != 0 && strcmp(code, "USER_CREDENTIALS_CHANGED") != 0)
        over = 0;
    if (!over && strcmp(code, "INSUFFICIENT_PERMISSIONS") != 0)
        return rc;
    e->code = 0; /* name, status and request id stay */
    if (!over)
        return bdk_error_set(e, BEDROCK_ERR_CONFIG, "%s %s: the user may not renew the session "
                             "(INSUFFICIENT_PERMISSIONS): a policy must allow signin:CreateOAuth2Token",
                             c->form->what, c->path);
    return bdk_cache_bad(c, strcmp(code, "TOKEN_EXPIRED") == 0
                                ? "the session has ended (TOKEN_EXPIRED)"
                                : "the user's password has changed since (USER_CREDENTIALS_CHANGED)", e);
}

/* accessToken is an object of its own, of which the account stays. */
static int login_renew(struct bdk_cache *c, const struct bdk_cache_member *keys, size_t n,
                       struct bedrock_json answer, struct bedrock_error *e)
{
    struct bdk_cache_member members[] = {
        {"accessToken", {BEDROCK_JSON_OBJECT, NULL, 0}},
        {"refreshToken", bedrock_json_get(answer, "refreshToken")},
        {"idToken", bedrock_json_get(answer, "idToken")},
    };
    struct bedrock_buffer token;
    int rc = bdk_cache_object(&token, c, "accessToken", keys, n);

    members[0].value.p = token.p;
    members[0].value.len = token.len;
    if (rc == 0)
        rc = bdk_cache_renew(c, members, sizeof members / sizeof members[0], e);
    else
        bdk_error_set(e, rc, "%s %s: no room for what renews it", c->form->what, c->path);
    bedrock_buffer_free(&token);
    return rc;
}

int bdk_login_refreshed(struct bdk_cache *c, const struct bdk_fetch *f, const struct bdk_http_head *h,
                        struct bedrock_slice body, int64_t now_s, struct bedrock_error *e)
{
    struct bdk_cache_member keys[] = {
        {"accessKeyId", {BEDROCK_JSON_NONE, NULL, 0}}, {"secretAccessKey", {BEDROCK_JSON_NONE, NULL, 0}},
        {"sessionToken", {BEDROCK_JSON_NONE, NULL, 0}}, {"expiresAt", {BEDROCK_JSON_STRING, NULL, 0}},
    };
    struct bedrock_json answer, token;
    char expires[24];

    if (h->status != 200)
        return login_refused(c, f, h, body, e);
    if (bdk_cache_answer(f, body, &answer, now_s, expires, e) != 0)
        return e->code;
    token = bedrock_json_get(answer, "accessToken");
    for (size_t i = 0; i < 3; i++) {
        keys[i].value = bedrock_json_get(token, keys[i].name);
        if (keys[i].value.type != BEDROCK_JSON_STRING || keys[i].value.len <= 2)
            return bdk_error_set(e, BEDROCK_ERR_CONFIG, "%s: the answer has no %s", f->what, keys[i].name);
    }
    keys[3].value.p = expires;
    keys[3].value.len = strlen(expires);
    return login_renew(c, keys, sizeof keys / sizeof keys[0], answer, e);
}
