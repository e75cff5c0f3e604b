/* sts.c - AWS STS: AssumeRole, AssumeRoleWithWebIdentity and GetCallerIdentity, and what they answer.
 * AWS STS API reference, version 2011-06-15 (query protocol). Leaves out: who assumes which role and when
 * (creds.c), session policies and tags, SAML. */
#include "bedrock_int.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define STS_MAX_WEB_TOKEN 20000u    /* API reference: clientTokenType */

/* ---- What a profile may say ---- */

/* The API's patterns: "\w", which is ASCII here, and some more characters. The value is not shown: an
 * external id is as good as a password to some. */
static int sts_check(const char *value, const char *name, size_t min, size_t max, const char *more,
                     struct bedrock_error *e)
{
    size_t n = strlen(value);

    if (n < min || n > max)
        return bdk_error_set(e, BEDROCK_ERR_CONFIG, "%s has %zu characters: STS takes %zu to %zu", name, n,
                             min, max);
    for (; *value; value++)
        if (!bdk_is_alnum(*value) && *value != '_' && !strchr(more, *value))
            return bdk_error_set(e, BEDROCK_ERR_CONFIG,
                                 "%s holds a character that STS does not take: letters, digits, _ and %s "
                                 "only", name, more);
    return 0;
}

static int sts_check_mfa(const struct bdk_sts_role *r, struct bedrock_error *e)
{
    if (!r->mfa_serial && !r->mfa_code)
        return 0;
    if (!r->mfa_serial || !r->mfa_code)
        return bdk_error_set(e, BEDROCK_ERR_CONFIG, "the role needs %s",
                             r->mfa_serial ? "the code that its MFA device shows"
                                           : "mfa_serial beside an MFA code");
    if (sts_check(r->mfa_serial, "mfa_serial", 9, 256, "+=/:,.@-", e) != 0)
        return e->code;
    if (strlen(r->mfa_code) != 6 || strspn(r->mfa_code, "0123456789") != 6)
        return bdk_error_set(e, BEDROCK_ERR_CONFIG, "an MFA code has six digits");
    return 0;
}

static int sts_check_role(const struct bdk_sts_role *r, struct bedrock_error *e)
{
    size_t n = strlen(r->arn);

    if (n < 20 || n > BDK_MAX_ARN || strncmp(r->arn, "arn:", 4) != 0)
        return bdk_error_set(e, BEDROCK_ERR_CONFIG,
                             "role_arn is no ARN like arn:aws:iam::123456789012:role/NAME");
    if (r->session_name && sts_check(r->session_name, "role_session_name", 2, 64, "+=,.@-", e) != 0)
        return e->code;
    if (r->external_id && sts_check(r->external_id, "external_id", 2, 1224, "+=,.@:/-", e) != 0)
        return e->code;
    if (r->duration_s != 0 && (r->duration_s < 900 || r->duration_s > 43200))
        return bdk_error_set(e, BEDROCK_ERR_CONFIG, "duration_seconds is %" PRId64 ": STS takes 900 to 43200",
                             r->duration_s);
    return sts_check_mfa(r, e);
}

int bdk_sts_web_token(struct bedrock_slice *token, const char *path, struct bedrock_error *e)
{
    if (token->len > 0 && token->p[token->len - 1] == '\n')
        token->len--;
    if (token->len > 0 && token->p[token->len - 1] == '\r')
        token->len--;
    if (token->len < 4 || token->len > STS_MAX_WEB_TOKEN)
        return bdk_error_set(e, BEDROCK_ERR_CONFIG, "web identity token file %s: %s", path,
                             token->len == 0   ? "it is empty"
                             : token->len < 4  ? "too short for a token"
                                               : "longer than the 20000 bytes that a token may have");
    for (size_t i = 0; i < token->len; i++)
        if ((unsigned char)token->p[i] <= ' ' || token->p[i] == 0x7F)
            return bdk_error_set(e, BEDROCK_ERR_CONFIG,
                                 "web identity token file %s: white space or a control character stands in "
                                 "it, where one token alone should", path);
    return 0;
}

/* ---- Requests ---- */

static void sts_begin(struct bdk_fetch *f, const struct bdk_endpoint *to, const char *action,
                      const char *what)
{
    bdk_fetch_begin(f, to, "POST", "/", what);
    bdk_fetch_header(f, "Content-Type", bdk_slice("application/x-www-form-urlencoded"));
    f->attempts = 3;
    bdk_buffer_text(&f->body, "Action=");
    bdk_buffer_text(&f->body, action);
    bdk_buffer_text(&f->body, "&Version=2011-06-15");
}

static void sts_sign(struct bdk_fetch *f)
{
    f->sign_service = "sts";
    memcpy(f->sign_region, f->to.region, sizeof f->sign_region);
}

static void sts_pair(struct bdk_fetch *f, const char *name, struct bedrock_slice value)
{
    if (!value.p)
        return;
    bdk_buffer_text(&f->body, "&");
    bdk_buffer_text(&f->body, name);
    bdk_buffer_text(&f->body, "=");
    bdk_uri_encode(&f->body, value.p, value.len, 0);
}

/* As all SDKs do it: who, and since when, so that the trail of an account tells sessions apart. */
static struct bedrock_slice sts_session_name(char out[48], const struct bdk_sts_role *r, int64_t now_s)
{
    if (r->session_name)
        return bdk_slice(r->session_name);
    snprintf(out, 48, "bedrock-session-%" PRId64, now_s);
    return bdk_slice(out);
}

int bdk_sts_assume(struct bdk_fetch *f, const struct bdk_endpoint *to, const struct bdk_sts_role *r,
                   int64_t now_s, struct bedrock_error *e)
{
    char name[48], seconds[24];

    if (sts_check_role(r, e) != 0)
        return e->code;
    if (r->web_token.p)
        sts_begin(f, to, "AssumeRoleWithWebIdentity", "AWS STS (AssumeRoleWithWebIdentity)");
    else
        sts_begin(f, to, "AssumeRole", "AWS STS (AssumeRole)");
    sts_pair(f, "RoleArn", bdk_slice(r->arn));
    sts_pair(f, "RoleSessionName", sts_session_name(name, r, now_s));
    sts_pair(f, "WebIdentityToken", r->web_token);
    if (r->duration_s != 0) {
        snprintf(seconds, sizeof seconds, "%" PRId64, r->duration_s);
        sts_pair(f, "DurationSeconds", bdk_slice(seconds));
    }
    if (!r->web_token.p) {
        sts_pair(f, "ExternalId", bdk_slice(r->external_id));
        sts_pair(f, "SerialNumber", bdk_slice(r->mfa_serial));
        sts_pair(f, "TokenCode", bdk_slice(r->mfa_code));
        sts_sign(f);
    }
    return bdk_fetch_check(f, e);
}

int bdk_sts_identity(struct bdk_fetch *f, const struct bdk_endpoint *to, struct bedrock_error *e)
{
    sts_begin(f, to, "GetCallerIdentity", "AWS STS (GetCallerIdentity)");
    sts_sign(f);
    return bdk_fetch_check(f, e);
}

/* ---- Answers ---- */

static struct bedrock_buffer sts_scratch(bedrock_alloc_fn alloc, void *ctx)
{
    struct bedrock_buffer b = {.max = BDK_XML_MAX, .alloc = alloc, .alloc_ctx = ctx};

    return b;
}

/* An element of an error as one line; "" when there is none. */
static void sts_error_text(char *out, size_t cap, const struct bdk_fetch *f, struct bedrock_slice body,
                           const char *path)
{
    struct bedrock_buffer text = sts_scratch(f->body.alloc, f->body.alloc_ctx);
    struct bedrock_slice found = {NULL, 0};

    out[0] = 0;
    if (bdk_xml_text(body, path, &text) == 1) {
        found.p = text.p;
        found.len = text.len;
        bdk_error_text(out, cap, found);
    }
    bedrock_buffer_free(&text);
}

static int sts_refused(const struct bdk_fetch *f, const struct bdk_http_head *h, struct bedrock_slice body,
                       struct bedrock_error *e)
{
    char name[64], message[600];
    int rc;

    if (e->code != 0)
        return e->code;
    sts_error_text(name, sizeof name, f, body, "ErrorResponse/Error/Code");
    sts_error_text(message, sizeof message, f, body, "ErrorResponse/Error/Message");
    bdk_error_hide_token(message);
    rc = bdk_error_set(e, BEDROCK_ERR_CONFIG, "%s answered HTTP %d%s%s%s%s", f->what, h->status,
                       name[0] ? ": " : "", name, message[0] ? ": " : "", message);
    bdk_error_text(e->name, sizeof e->name, bdk_slice(name));
    e->http_status = h->status;
    sts_error_text(e->request_id, sizeof e->request_id, f, body, "ErrorResponse/RequestId");
    if (!e->request_id[0])
        bdk_error_text(e->request_id, sizeof e->request_id, bdk_http_field(h, "x-amzn-requestid"));
    /* AWS STS API reference: the identity provider could not be reached, try again */
    e->retryable = bdk_retryable(e) || strcmp(name, "IDPCommunicationError") == 0;
    return rc;
}

/* Elements of an answer, of which the first `need` must be there, decoded one behind the other; `all` is
 * where they stand. */
static int sts_elements(struct bedrock_buffer *all, const char *const paths[], struct bedrock_slice out[],
                        size_t n, size_t need, const struct bdk_fetch *f, struct bedrock_slice body,
                        struct bedrock_error *e)
{
    size_t from = 0;

    /* decoded text is no longer than its source, so this is room for all of it, and nothing moves */
    if (bdk_buffer_reserve(all, body.len) != 0)
        return bdk_error_set(e, all->error, "%s: no room for the answer", f->what);
    for (size_t i = 0; i < n; i++, from = all->len) {
        int rc = bdk_xml_text(body, paths[i], all);

        if (rc < 0)
            return bdk_error_set(e, BEDROCK_ERR_CONFIG, "%s: the answer is not the XML that STS sends",
                                 f->what);
        if (all->len == from && i < need)
            return bdk_error_set(e, BEDROCK_ERR_CONFIG, "%s: the answer has no %s", f->what,
                                 strrchr(paths[i], '/') + 1);
        out[i].p = all->p + from;
        out[i].len = all->len - from;
    }
    return 0;
}

/* arn:aws:sts::123456789012:assumed-role/... */
static struct bedrock_slice sts_account(struct bedrock_slice arn)
{
    struct bedrock_slice part = {arn.p, 0};
    int n = 0;

    for (size_t i = 0; i < arn.len; i++) {
        if (arn.p[i] != ':')
            continue;
        if (++n == 4)
            part.p = arn.p + i + 1;
        if (n == 5)
            part.len = (size_t)(arn.p + i - part.p);
    }
    return part;
}

int bdk_sts_keys(struct bdk_keys *k, const struct bdk_fetch *f, const struct bdk_http_head *h,
                 struct bedrock_slice body, struct bedrock_error *e)
{
    static const char *const paths[] = {"*/*/Credentials/AccessKeyId", "*/*/Credentials/SecretAccessKey",
                                        "*/*/Credentials/SessionToken", "*/*/Credentials/Expiration",
                                        "*/*/AssumedRoleUser/Arn"};
    struct bedrock_buffer all = sts_scratch(k->text.alloc, k->text.alloc_ctx);
    struct bedrock_slice part[5];
    int64_t expires_s = 0;
    int rc;

    if (h->status != 200)
        return sts_refused(f, h, body, e);
    /* services that do as STS does may give no user: then the account is not known */
    rc = sts_elements(&all, paths, part, 5, 4, f, body, e);
    if (rc == 0 && bdk_date_iso(part[3], &expires_s) != 0)
        rc = bdk_error_set(e, BEDROCK_ERR_CONFIG,
                           "%s: Expiration is no time in the form 2026-01-02T03:04:05Z", f->what);
    if (rc == 0)
        rc = bdk_keys_set(k, part[0], part[1], part[2], sts_account(part[4]), expires_s, f->what, e);
    bedrock_buffer_free(&all);
    return rc;
}

int bdk_sts_caller(struct bdk_sts_caller *c, const struct bdk_fetch *f, const struct bdk_http_head *h,
                   struct bedrock_slice body, struct bedrock_error *e)
{
    static const char *const paths[] = {"*/GetCallerIdentityResult/Account", "*/GetCallerIdentityResult/Arn",
                                        "*/GetCallerIdentityResult/UserId"};
    struct bedrock_buffer all = sts_scratch(f->body.alloc, f->body.alloc_ctx);
    struct bedrock_slice part[3];
    int rc;

    if (h->status != 200)
        return sts_refused(f, h, body, e);
    rc = sts_elements(&all, paths, part, 3, 3, f, body, e);
    if (rc == 0) {
        bdk_error_text(c->account, sizeof c->account, part[0]);
        bdk_error_text(c->arn, sizeof c->arn, part[1]);
        bdk_error_text(c->user_id, sizeof c->user_id, part[2]);
    }
    bedrock_buffer_free(&all);
    return rc;
}
