/* emu_signin.c - the emulator as AWS Sign-In, which renews what `aws login` has left in its cache.
 * AWS Sign-In API, CreateOAuth2Token; RFC 9449. Leaves out: the first token, which a browser fetches. */
#include "emu.h"
#include <string.h>

#define EMU_LOGIN "emulator-login"
#define EMU_LOGIN_LASTS_S 900

static void emu_signin_give(struct emu_answer *a)
{
    int64_t lasts = a->e->wallet.expire_in_s;
    const struct emu_issued *k = emu_issue(a->e, "arn:aws:iam::" EMU_ACCOUNT ":user/emulator",
                                           EMU_LOGIN_LASTS_S);
    char refresh[64];

    emu_token_make(a->e, EMU_LOGIN, refresh);
    bedrock_write_object(&a->w);
    emu_put_object(&a->w, "accessToken");
    emu_put_text(&a->w, "accessKeyId", k->id);
    emu_put_text(&a->w, "secretAccessKey", k->secret);
    emu_put_text(&a->w, "sessionToken", k->token);
    bedrock_write_object_end(&a->w);
    emu_put_text(&a->w, "tokenType", "aws_sigv4");
    emu_put_int(&a->w, "expiresIn", lasts && lasts < EMU_LOGIN_LASTS_S ? lasts : EMU_LOGIN_LASTS_S);
    emu_put_text(&a->w, "refreshToken", refresh);
    bedrock_write_object_end(&a->w);
    emu_service_answer(a);
}

static void emu_signin_refresh(struct emu_answer *a, struct bedrock_json token)
{
    static const struct {
        const char *token, *error, *message;
    } refused[] = {
        {EMU_LOGIN "-expired", "TOKEN_EXPIRED", "The session has expired"},
        {EMU_LOGIN "-changed", "USER_CREDENTIALS_CHANGED", "The user's credentials have changed"},
        {EMU_LOGIN "-denied", "INSUFFICIENT_PERMISSIONS", "signin:CreateOAuth2Token is not allowed"},
    };

    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++)
        if (bedrock_json_equals(token, refused[i].token)) {
            emu_creds_error(a, 403, "AccessDeniedException", refused[i].error, "message", refused[i].message);
            return;
        }
    if (emu_token_good(a->e, EMU_LOGIN, token, 0))
        emu_signin_give(a);
    else
        emu_creds_error(a, 400, "ValidationException", "INVALID_REQUEST", "message",
                        "This is not a refresh token");
}

void emu_signin(const struct emu_request *rq, struct emu_answer *a)
{
    struct bedrock_json root = {BEDROCK_JSON_NONE, NULL, 0}, client;
    const char *why = NULL;

    if (bedrock_json_parse(rq->body.p, rq->body.len, &root, NULL) != 0)
        root.type = BEDROCK_JSON_NONE;
    client = bedrock_json_get(root, "clientId");
    if (root.type == BEDROCK_JSON_NONE)
        why = "no JSON came";
    else if (!bedrock_json_equals(client, "arn:aws:signin:::devtools/same-device") &&
             !bedrock_json_equals(client, "arn:aws:signin:::devtools/cross-device"))
        why = "this is not a client";
    else if (!bedrock_json_equals(bedrock_json_get(root, "grantType"), "refresh_token"))
        why = "the grant must be refresh_token";
    else if (emu_http_field(rq, "authorization").p)
        why = "CreateOAuth2Token is not signed";
    else
        why = emu_dpop_check(a->e, rq);
    if (why)
        emu_creds_error(a, 400, "ValidationException", "INVALID_REQUEST", "message", why);
    else
        emu_signin_refresh(a, bedrock_json_get(root, "refreshToken"));
}
