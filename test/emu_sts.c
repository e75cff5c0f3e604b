/* emu_sts.c - the emulator as AWS STS: roles, with keys or a web identity, and who one is.
 * AWS STS API reference, query protocol. Leaves out: policies, tags, SAML. */
#include "emu.h"
#include <stdlib.h>
#include <string.h>

#define EMU_STS_NS "https://sts.amazonaws.com/doc/2011-06-15/"
#define EMU_STS_ROLE "arn:aws:iam::" EMU_ACCOUNT ":role/"
#define EMU_STS_USER "arn:aws:iam::" EMU_ACCOUNT ":user/emulator"
#define EMU_STS_MFA "arn:aws:iam::" EMU_ACCOUNT ":mfa/emulator"
#define EMU_STS_MAX 2100 /* bytes of a parameter that are kept; longer ones are refused */

/* ---- XML ---- */

static void emu_sts_element(struct bedrock_buffer *b, const char *name, const char *text)
{
    emu_printf(b, "<%s>", name);
    for (; *text; text++) {
        if (strchr("&<>\"'", *text))
            emu_printf(b, "&#%d;", *text);
        else
            bedrock_buffer_append(b, text, 1);
    }
    emu_printf(b, "</%s>", name);
}

static void emu_sts_send(struct emu_answer *a, int status, struct bedrock_buffer *xml)
{
    emu_http_answer(a, status, "text/xml", xml->p, xml->len);
    bedrock_buffer_free(xml);
}

static void emu_sts_error(struct emu_answer *a, int status, const char *code, const char *message)
{
    struct bedrock_buffer xml = {0};

    snprintf(a->why, sizeof a->why, "%s: %s", code, message);
    emu_text(&xml, "<ErrorResponse xmlns=\"" EMU_STS_NS "\">\n  <Error>\n    <Type>Sender</Type>\n    ");
    emu_sts_element(&xml, "Code", code);
    emu_text(&xml, "\n    ");
    emu_sts_element(&xml, "Message", message);
    emu_text(&xml, "\n  </Error>\n  <RequestId>c6104cbe-af31-11e0-8154-cbc7ccf896c7</RequestId>\n"
                   "</ErrorResponse>\n");
    emu_sts_send(a, status, &xml);
}

static void emu_sts_invalid(struct emu_answer *a, const char *what)
{
    char message[200];

    snprintf(message, sizeof message,
             "1 validation error detected: Value at '%s' failed to satisfy constraint", what);
    emu_sts_error(a, 400, "ValidationError", message);
}

/* ---- Parameters ---- */

/* 1: it is there; out is "" when not, or when it is too long. */
static int emu_sts_get(const struct emu_request *rq, const char *want, char out[EMU_STS_MAX])
{
    struct bedrock_slice form = rq->body, name;
    struct bedrock_buffer value = {0};
    int found = 0;

    out[0] = 0;
    while (!found && emu_query_next(&form, &name, &value))
        found = emu_slice_is(name, want);
    if (found && value.len > 0 && value.len < EMU_STS_MAX && !memchr(value.p, 0, value.len)) {
        memcpy(out, value.p, value.len);
        out[value.len] = 0;
    }
    bedrock_buffer_free(&value);
    return found;
}

static int emu_sts_is(const struct emu_request *rq, const char *name, const char *want)
{
    char text[EMU_STS_MAX];

    return emu_sts_get(rq, name, text) && strcmp(text, want) == 0;
}

/* [\w+=,.@-]{2,64} */
static int emu_sts_is_session(const char *text)
{
    size_t n = strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_+=,.@-");

    return n >= 2 && n <= 64 && text[n] == 0;
}

/* Seconds, the default when it is not there, or 0. */
static long emu_sts_duration(const struct emu_request *rq, long max)
{
    char text[EMU_STS_MAX], *end;
    long n;

    if (!emu_sts_get(rq, "DurationSeconds", text))
        return 3600;
    n = strtol(text, &end, 10);
    return text[0] >= '0' && text[0] <= '9' && !*end && n >= 900 && n <= max ? n : 0;
}

/* ---- Roles ---- */

static void emu_sts_denied(struct emu_answer *a, const char *who, const char *role)
{
    char message[700];

    snprintf(message, sizeof message,
             "User: %.250s is not authorized to perform: sts:AssumeRole on resource: %.250s", who, role);
    emu_sts_error(a, 403, "AccessDenied", message);
}

/* What some roles want to see. 0: it is there. */
static int emu_sts_trusts(const struct emu_request *rq, struct emu_answer *a, const char *who,
                          const char *role)
{
    const char *name = role + sizeof EMU_STS_ROLE - 1;

    if (strcmp(name, "mfa") == 0 &&
        (!emu_sts_is(rq, "SerialNumber", EMU_STS_MFA) || !emu_sts_is(rq, "TokenCode", "123456"))) {
        char text[EMU_STS_MAX];

        if (emu_sts_get(rq, "TokenCode", text))
            emu_sts_error(a, 403, "AccessDenied",
                          "MultiFactorAuthentication failed with invalid MFA one time pass code.");
        else
            emu_sts_denied(a, who, role);
        return -1;
    }
    if (strcmp(name, "denied") == 0 ||
        (strcmp(name, "external") == 0 && !emu_sts_is(rq, "ExternalId", "emulator-external-id"))) {
        emu_sts_denied(a, who, role);
        return -1;
    }
    return 0;
}

/* Keys for a role, as the answer to this action. */
static void emu_sts_give(struct emu_answer *a, const char *action, const char *role, const char *session,
                         long duration, const char *extra)
{
    struct bedrock_buffer xml = {0};
    struct emu_issued *k;
    char arn[256], text[300];

    snprintf(arn, sizeof arn, "arn:aws:sts::" EMU_ACCOUNT ":assumed-role/%.120s/%.64s",
             role + sizeof EMU_STS_ROLE - 1, session);
    k = emu_issue(a->e, arn, duration);
    k->of_role = 1;
    emu_printf(&xml, "<%sResponse xmlns=\"" EMU_STS_NS "\">\n  <%sResult>\n    <AssumedRoleUser>\n      ",
               action, action);
    snprintf(text, sizeof text, "AROA123EXAMPLE123EXAM:%.64s", session);
    emu_sts_element(&xml, "AssumedRoleId", text);
    emu_sts_element(&xml, "Arn", arn);
    emu_text(&xml, "\n    </AssumedRoleUser>\n    <Credentials>\n      ");
    emu_sts_element(&xml, "AccessKeyId", k->id);
    emu_sts_element(&xml, "SecretAccessKey", k->secret);
    emu_sts_element(&xml, "SessionToken", k->token);
    emu_iso(emu_told_expiry_s(a, EMU_STS, k), text);
    emu_sts_element(&xml, "Expiration", text);
    emu_printf(&xml, "\n    </Credentials>%s\n  </%sResult>\n  <ResponseMetadata>\n    "
               "<RequestId>c6104cbe-af31-11e0-8154-cbc7ccf896c7</RequestId>\n  </ResponseMetadata>\n"
               "</%sResponse>\n", extra, action, action);
    emu_sts_send(a, 200, &xml);
}

/* RoleArn and RoleSessionName, as both actions have them. 0, or it is answered. */
static int emu_sts_role(const struct emu_request *rq, struct emu_answer *a, char role[EMU_STS_MAX],
                        char session[EMU_STS_MAX])
{
    struct bedrock_slice arn;

    emu_sts_get(rq, "RoleArn", role);
    emu_sts_get(rq, "RoleSessionName", session);
    arn.p = role;
    arn.len = strlen(role);
    if (!emu_slice_begins(arn, EMU_STS_ROLE) || arn.len == sizeof EMU_STS_ROLE - 1 || arn.len > 150) {
        emu_sts_invalid(a, "roleArn");
        return -1;
    }
    if (!emu_sts_is_session(session)) {
        emu_sts_invalid(a, "roleSessionName");
        return -1;
    }
    return 0;
}

static void emu_sts_assume(const struct emu_request *rq, struct emu_answer *a, const struct emu_issued *keys)
{
    char role[EMU_STS_MAX], session[EMU_STS_MAX];
    int chained = keys && keys->of_role;
    long duration = emu_sts_duration(rq, chained ? 3600 : 43200);

    if (emu_sts_role(rq, a, role, session) != 0 ||
        emu_sts_trusts(rq, a, keys ? keys->arn : EMU_STS_USER, role) != 0)
        return;
    if (duration == 0 && chained)
        emu_sts_error(a, 400, "ValidationError", "The requested DurationSeconds exceeds the 1 hour session "
                      "limit for roles assumed by role chaining.");
    else if (duration == 0)
        emu_sts_invalid(a, "durationSeconds");
    else
        emu_sts_give(a, "AssumeRole", role, session, duration, "");
}

/* Unsigned: what proves who one is, is the token. */
static void emu_sts_web_identity(const struct emu_request *rq, struct emu_answer *a)
{
    static const char extra[] = "\n    <SubjectFromWebIdentityToken>emulator</SubjectFromWebIdentityToken>"
                                "<Audience>sts.amazonaws.com</Audience><Provider>emulator.example</Provider>";
    char role[EMU_STS_MAX], session[EMU_STS_MAX];
    long duration = emu_sts_duration(rq, 43200);

    if (emu_http_field(rq, "authorization").p) {
        emu_sts_error(a, 400, "EmulatorRefuses",
                      "AssumeRoleWithWebIdentity is to be sent without a signature.");
        return;
    }
    if (a->e->wallet.givers[EMU_STS].ill == EMU_ILL_IDP && a->e->wallet.givers[EMU_STS].number > 0) {
        a->e->wallet.givers[EMU_STS].number--;
        emu_sts_error(a, 400, "IDPCommunicationError", "Error communicating with the identity provider");
        return;
    }
    if (emu_sts_role(rq, a, role, session) != 0)
        return;
    if (emu_sts_is(rq, "WebIdentityToken", "expired.web.identity"))
        emu_sts_error(a, 400, "ExpiredTokenException", "Token expired: current date/time must be before the "
                      "expiration date/time");
    else if (!emu_sts_is(rq, "WebIdentityToken", "emulator.web.identity"))
        emu_sts_error(a, 400, "InvalidIdentityToken", "The ID Token provided is not a valid JWT. (You may "
                      "see this error if you sent an Access Token)");
    else if (duration == 0)
        emu_sts_invalid(a, "durationSeconds");
    else
        emu_sts_give(a, "AssumeRoleWithWebIdentity", role, session, duration, extra);
}

static void emu_sts_whoami(struct emu_answer *a, const struct emu_issued *keys)
{
    struct bedrock_buffer xml = {0};

    emu_text(&xml, "<GetCallerIdentityResponse xmlns=\"" EMU_STS_NS "\">\n  <GetCallerIdentityResult>\n    ");
    emu_sts_element(&xml, "Arn", keys ? keys->arn : EMU_STS_USER);
    emu_sts_element(&xml, "UserId", keys ? "AROA123EXAMPLE123EXAM:emulator" : "AIDA123EXAMPLE123EXAM");
    emu_sts_element(&xml, "Account", EMU_ACCOUNT);
    emu_text(&xml, "\n  </GetCallerIdentityResult>\n  <ResponseMetadata>\n    "
             "<RequestId>01234567-89ab-cdef-0123-456789abcdef</RequestId>\n  </ResponseMetadata>\n"
             "</GetCallerIdentityResponse>\n");
    emu_sts_send(a, 200, &xml);
}

/* ---- Serving ---- */

/* The query protocol has names of its own for these. */
static void emu_sts_unsigned(struct emu_answer *a, const struct emu_verdict *v)
{
    static const struct {
        const char *ours, *theirs;
        int status;
    } names[] = {
        {"InvalidSignatureException", "SignatureDoesNotMatch", 403},
        {"UnrecognizedClientException", "InvalidClientTokenId", 403},
        {"ExpiredTokenException", "ExpiredToken", 403},
        {"MissingAuthenticationTokenException", "MissingAuthenticationToken", 403},
        {"IncompleteSignatureException", "IncompleteSignature", 400},
    };

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (strcmp(v->error, names[i].ours) == 0) {
            emu_sts_error(a, names[i].status, names[i].theirs, v->message);
            return;
        }
    emu_sts_error(a, 403, "AccessDenied", v->message);
}

void emu_sts(const struct emu_request *rq, struct emu_answer *a)
{
    struct bedrock_slice type = emu_http_field(rq, "content-type");
    struct emu_verdict v = {0};

    if (!emu_slice_begins(type, "application/x-www-form-urlencoded") ||
        !emu_sts_is(rq, "Version", "2011-06-15")) {
        emu_sts_error(a, 400, "InvalidAction", "Could not find operation for this version, or no form came");
    } else if (emu_sts_is(rq, "Action", "AssumeRoleWithWebIdentity")) {
        emu_sts_web_identity(rq, a);
    } else {
        emu_authenticate(a->e, "sts", rq, &v);
        if (v.error)
            emu_sts_unsigned(a, &v);
        else if (emu_sts_is(rq, "Action", "AssumeRole"))
            emu_sts_assume(rq, a, v.keys);
        else if (emu_sts_is(rq, "Action", "GetCallerIdentity"))
            emu_sts_whoami(a, v.keys);
        else
            emu_sts_error(a, 400, "InvalidAction", "Could not find operation");
    }
}
