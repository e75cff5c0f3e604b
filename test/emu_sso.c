/* emu_sso.c - the emulator as IAM Identity Center: the portal gives a role's keys, OIDC renews its token.
 * IAM Identity Center portal and OIDC API references. Leaves out: registering, signing in. */
#include "emu.h"
#include <string.h>

#define EMU_SSO_TOKEN "emulator-sso-token"
#define EMU_SSO_LASTS_S 28800

/* Of the portal, and of OIDC, which says it as OAuth does. */
static void emu_sso_error(struct emu_answer *a, int status, const char *name, const char *error,
                          const char *message)
{
    emu_creds_error(a, status, name, error, error ? "error_description" : "message", message);
}

/* A header's text as a JSON string: what it is made of needs no escapes. */
static int emu_sso_token_good(struct emu *e, struct bedrock_slice token)
{
    struct bedrock_buffer text = {0};
    struct bedrock_json v = {BEDROCK_JSON_STRING, NULL, 0};
    int good;

    emu_text(&text, "\"");
    bedrock_buffer_append(&text, token.p, token.len);
    emu_text(&text, "\"");
    v.p = text.p;
    v.len = text.len;
    good = text.error == 0 && emu_token_good(e, EMU_SSO_TOKEN, v, 0);
    bedrock_buffer_free(&text);
    return good;
}

static int emu_sso_query(const struct emu_request *rq, const char *want, char out[80])
{
    struct bedrock_slice query = rq->query, name;
    struct bedrock_buffer value = {0};

    out[0] = 0;
    while (!out[0] && emu_query_next(&query, &name, &value))
        if (emu_slice_is(name, want) && value.len > 0 && value.len < 80) {
            memcpy(out, value.p, value.len);
            out[value.len] = 0;
        }
    bedrock_buffer_free(&value);
    return out[0] != 0;
}

void emu_sso(const struct emu_request *rq, struct emu_answer *a)
{
    struct bedrock_slice token = emu_http_field(rq, "x-amz-sso_bearer_token");
    char role[80], account[80], arn[200];
    const struct emu_issued *k;

    if (!token.p || !emu_sso_token_good(a->e, token)) {
        emu_sso_error(a, 401, "UnauthorizedException", NULL, "Session token not found or invalid");
        return;
    }
    if (!emu_sso_query(rq, "role_name", role) || !emu_sso_query(rq, "account_id", account)) {
        emu_sso_error(a, 400, "InvalidRequestException", NULL, "role_name and account_id are needed");
        return;
    }
    if (strcmp(account, EMU_ACCOUNT) != 0 || strcmp(role, "denied") == 0) {
        emu_sso_error(a, 403, "ForbiddenException", NULL, "No access");
        return;
    }
    snprintf(arn, sizeof arn, "arn:aws:sts::" EMU_ACCOUNT ":assumed-role/SSO_%.64s/emulator", role);
    k = emu_issue(a->e, arn, EMU_SSO_LASTS_S);
    bedrock_write_object(&a->w);
    emu_put_object(&a->w, "roleCredentials");
    emu_put_text(&a->w, "accessKeyId", k->id);
    emu_put_text(&a->w, "secretAccessKey", k->secret);
    emu_put_text(&a->w, "sessionToken", k->token);
    emu_put_int(&a->w, "expiration", emu_told_expiry_s(a, EMU_SSO, k) * 1000);
    bedrock_write_object_end(&a->w);
    bedrock_write_object_end(&a->w);
    emu_service_answer(a);
}

/* ---- OIDC ---- */

static void emu_oidc_give(struct emu_answer *a, const char *refresh_prefix)
{
    struct emu *e = a->e;
    char token[64], refresh[64];

    emu_token_make(e, EMU_SSO_TOKEN, token);
    emu_token_make(e, refresh_prefix, refresh);
    bedrock_write_object(&a->w);
    emu_put_text(&a->w, "accessToken", token);
    emu_put_text(&a->w, "tokenType", "Bearer");
    emu_put_int(&a->w, "expiresIn", e->wallet.expire_in_s ? e->wallet.expire_in_s : EMU_SSO_LASTS_S);
    emu_put_text(&a->w, "refreshToken", refresh);
    bedrock_write_object_end(&a->w);
    emu_service_answer(a);
}

void emu_oidc(const struct emu_request *rq, struct emu_answer *a)
{
    struct bedrock_json root = {BEDROCK_JSON_NONE, NULL, 0}, refresh;

    if (bedrock_json_parse(rq->body.p, rq->body.len, &root, NULL) != 0 ||
        !emu_slice_is(emu_http_field(rq, "content-type"), "application/json")) {
        emu_sso_error(a, 400, "InvalidRequestException", "invalid_request", "no JSON came");
        return;
    }
    refresh = bedrock_json_get(root, "refreshToken");
    if (emu_http_field(rq, "authorization").p)
        emu_sso_error(a, 400, "InvalidRequestException", "invalid_request", "CreateToken is not signed");
    else if (!bedrock_json_equals(bedrock_json_get(root, "clientId"), "emulator-client") ||
             !bedrock_json_equals(bedrock_json_get(root, "clientSecret"), "emulator-client-secret"))
        emu_sso_error(a, 401, "InvalidClientException", "invalid_client", "Invalid client");
    else if (!bedrock_json_equals(bedrock_json_get(root, "grantType"), "refresh_token"))
        emu_sso_error(a, 400, "UnsupportedGrantTypeException", "unsupported_grant_type",
                      "Unsupported grant type");
    else if (emu_token_good(a->e, "emulator-refresh", refresh, 0))
        emu_oidc_give(a, "emulator-refresh");
    else if (emu_token_good(a->e, "emulator-refresh-once", refresh, 1))
        emu_oidc_give(a, "emulator-refresh-once");
    else
        emu_sso_error(a, 400, "InvalidGrantException", "invalid_grant", "Invalid refresh token provided");
}
