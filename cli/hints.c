/* hints.c - what a user can do about an error, where we can know it better than the service.
 * A table of symptoms; the first row that fits speaks. Leaves out: anything that needs another call
 * (lookup.c). */
#define _DEFAULT_SOURCE
#include "cli.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#define HINTS_SKEW_S 120    /* the service takes five minutes; less than two are no cause */

/* A row fits when everything it names does. */
struct hints_row {
    int code;               /* 0: any */
    const char *name;       /* the exception's, without the suffix "Exception"; NULL: any */
    const char *message;    /* a part of it, in any case, or two with * between; NULL: any */
    int skewed;             /* 1: only when the clocks differ */
    const char *hint;       /* {model} {profile} {region} {skew} {bundle} are filled in */
};

#define HINTS_NO_ON_DEMAND "on-demand throughput"
#define HINTS_PROXY_PASSWORD \
    "HTTPS_PROXY=http://USER:PASSWORD@HOST:PORT says who you are, special characters percent-encoded; " \
    "NO_PROXY=NAME,... names what needs no proxy"
#define HINTS_PROXY "the proxy comes from HTTPS_PROXY or ALL_PROXY; NO_PROXY=NAME,... names what needs none"
#define HINTS_FORM \
    "Anthropic wants its use-case form filled in once an account: AWS console, Amazon Bedrock, Model " \
    "catalog, any Anthropic model, or `aws bedrock put-use-case-for-model-access`"

static const struct hints_row hints_rows[] = {
    {BEDROCK_ERR_SERVICE, "Validation", HINTS_NO_ON_DEMAND, 0,
     "this model is called through an inference profile, e.g. -m {profile}"},
    {BEDROCK_ERR_SERVICE, NULL, "can be called with these credentials", 0,
     "`bedrock models --accessible` says of each model why not"},
    {BEDROCK_ERR_SERVICE, "Validation", "tool use in streaming", 0,
     "this model uses tools only when it does not stream; leave out --stream"},
    {BEDROCK_ERR_SERVICE, "Validation", "streaming", 0,
     "this model does not stream; leave out --stream"},
    {BEDROCK_ERR_SERVICE, "Validation", "support tool use", 0,
     "this model takes no tools: leave --tools (toolConfig) out, or ask another model"},
    {BEDROCK_ERR_SERVICE, "Validation", "toolChoice*not the name of a tool", 0,
     "name one of --tools (toolConfig.tools), or auto, or any"},
    {BEDROCK_ERR_SERVICE, "Validation", "toolConfig.toolChoice", 0,
     "this model takes tools, but no such choice among them: leave --tool-choice (toolChoice) out"},
    {BEDROCK_ERR_SERVICE, "Validation", "toolConfig field must be defined", 0,
     "messages that hold tool uses or their results need the tools again: --tools, or toolConfig"},
    {BEDROCK_ERR_SERVICE, "Validation", "system prompt", 0,
     "this model takes no system prompt; put the text into the prompt"},
    {BEDROCK_ERR_SERVICE, "Validation", "model identifier", 0,
     "`bedrock models` lists the ids of this Region ({region})"},
    {BEDROCK_ERR_SERVICE, "Validation", "supported text or chat model", 0,
     "`bedrock models --output text` lists the models that converse; `bedrock invoke` calls the others"},
    {BEDROCK_ERR_SERVICE, NULL, "guardrail identifier", 0,
     "`bedrock api /guardrails` lists those of this Region ({region})"},
    {BEDROCK_ERR_SERVICE, "ResourceNotFound", "inference profile", 0,
     "`bedrock models --profiles` lists those of this Region ({region})"},
    {BEDROCK_ERR_SERVICE, "ResourceNotFound", "use case", 0, HINTS_FORM},
    {BEDROCK_ERR_SERVICE, "FTUFormNotFilled", NULL, 0, HINTS_FORM},
    {BEDROCK_ERR_SERVICE, "ResourceNotFound", "end of its life", 0,
     "`bedrock models --active` lists the models that will stay"},
    {BEDROCK_ERR_SERVICE, "ResourceNotFound", "marked by provider as legacy", 0,
     "`bedrock models --active` lists the models that will stay"},
    {BEDROCK_ERR_SERVICE, NULL, "no model and no inference profile", 0,
     "`bedrock models` and `bedrock models --profiles` list what there is"},
    {BEDROCK_ERR_SERVICE, "ResourceNotFound", NULL, 0,
     "`bedrock models` lists the ids of this Region ({region})"},
    {BEDROCK_ERR_SERVICE, "AccessDenied", "not authorized to perform", 0,
     "the IAM policy of these credentials does not allow that action; an administrator can grant it"},
    {BEDROCK_ERR_SERVICE, "AccessDenied", "api key", 0,
     "check AWS_BEARER_TOKEN_BEDROCK; short-term keys end after twelve hours at most"},
    {BEDROCK_ERR_SERVICE, "AccessDenied", NULL, 0,
     "`bedrock access {model}` says what is missing and can ask for it; the IAM policy must allow "
     "bedrock:InvokeModel too"},
    {BEDROCK_ERR_SERVICE, "ExpiredToken", NULL, 0,
     "the temporary credentials are over; get new ones and set all three AWS_ variables again"},
    {BEDROCK_ERR_SERVICE, "UnrecognizedClient", "expired", 0,
     "the temporary credentials are over; get new ones and set all three AWS_ variables again"},
    {BEDROCK_ERR_SERVICE, "UnrecognizedClient", NULL, 0,
     "the service does not know this key: check AWS_ACCESS_KEY_ID, and AWS_SESSION_TOKEN, which keys that "
     "begin with ASIA need"},
    {BEDROCK_ERR_SERVICE, "InvalidClientTokenId", NULL, 0,
     "the service does not know this key: check AWS_ACCESS_KEY_ID, and AWS_SESSION_TOKEN, which keys that "
     "begin with ASIA need"},
    {0, "InvalidSignature", NULL, 1, "{skew}; set the clock right"},
    {0, "SignatureDoesNotMatch", NULL, 1, "{skew}; set the clock right"},
    {0, "RequestTimeTooSkewed", NULL, 1, "{skew}; set the clock right"},
    {0, "RequestExpired", NULL, 1, "{skew}; set the clock right"},
    {BEDROCK_ERR_SERVICE, "AccessDenied", "signature", 1, "{skew}; set the clock right"},
    {BEDROCK_ERR_SERVICE, NULL, "scoped to a valid region", 0,
     "the endpoint belongs to another Region than {region}: check --region and the endpoint URL"},
    {0, "InvalidSignature", NULL, 0,
     "the secret key does not belong to the key id: check AWS_SECRET_ACCESS_KEY"},
    {0, "SignatureDoesNotMatch", NULL, 0,
     "the secret key does not belong to the key id: check AWS_SECRET_ACCESS_KEY"},
    {BEDROCK_ERR_SERVICE, "IncompleteSignature", NULL, 0,
     "something on the way may have changed the headers; -v shows what was sent"},
    {BEDROCK_ERR_SERVICE, "MissingAuthenticationToken", NULL, 0,
     "something on the way may have dropped the Authorization header; -v shows what was sent"},
    {BEDROCK_ERR_SERVICE, "Throttling", NULL, 0,
     "the account's quota for this model is used up for the moment; wait, or raise it in Service Quotas"},
    {BEDROCK_ERR_SERVICE, "TooManyRequests", NULL, 0,
     "the account's quota for this model is used up for the moment; wait, or raise it in Service Quotas"},
    {BEDROCK_ERR_SERVICE, "ServiceQuotaExceeded", NULL, 0,
     "a quota of the account is used up; Service Quotas in the AWS console shows and raises it"},
    {BEDROCK_ERR_SERVICE, "ModelNotReady", NULL, 0,
     "the model is being loaded; try again in a minute"},
    {BEDROCK_ERR_SERVICE, "ModelTimeout", NULL, 0,
     "the model took too long; ask for less, e.g. with --max-tokens"},
    {BEDROCK_ERR_TLS, NULL, "not trusted", 0,
     "a proxy that looks into TLS needs its CA to be trusted: --ca-bundle {bundle}"},
    {BEDROCK_ERR_TLS, NULL, "1.3 only", 0,
     "let the server, or the proxy before it, offer TLS 1.2 too; AWS's own endpoints do"},
    {BEDROCK_ERR_TLS, NULL, "plain HTTP", 0,
     "something other than TLS listens there: check the endpoint's port; http:// is for loopback "
     "addresses only"},
    {BEDROCK_ERR_TLS, NULL, "clock of this machine", 0,
     "set the clock if that is wrong; else the server needs a new certificate"},
    {BEDROCK_ERR_CONNECT, NULL, "refused: 401", 0, HINTS_PROXY_PASSWORD},
    {BEDROCK_ERR_CONNECT, NULL, "refused: 403", 0, HINTS_PROXY_PASSWORD},
    {BEDROCK_ERR_CONNECT, NULL, "refused: 407", 0, HINTS_PROXY_PASSWORD},
    {BEDROCK_ERR_CONNECT, NULL, "proxy ", 0, HINTS_PROXY},
    {BEDROCK_ERR_RESOLVE, NULL, "proxy ", 0, HINTS_PROXY},
    {BEDROCK_ERR_TIMEOUT, NULL, " proxy ", 0, HINTS_PROXY},
    {BEDROCK_ERR_CONNECT, NULL, "refused", 0,
     "nobody listens there: is the endpoint URL right (`bedrock whoami` tells where it is from), and does "
     "its server run?"},
    {BEDROCK_ERR_RESOLVE, NULL, NULL, 0,
     "the name comes from the Region or the endpoint URL: are they right ({region}), and is there a "
     "network?"},
    {BEDROCK_ERR_TIMEOUT, NULL, "no connection within", 0,
     "is there a firewall, or a VPC without a way out? --connect-timeout S waits longer"},
    {BEDROCK_ERR_TIMEOUT, NULL, "silent for", 0, "--read-timeout S waits longer, 0 without limit"},
    {BEDROCK_ERR_CONFIG, NULL, "no Region", 0,
     "export AWS_REGION=us-east-1, give --region, or `aws configure set region us-east-1`"},
    {BEDROCK_ERR_CONFIG, NULL, "half a key pair", 0,
     "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY both, or unset both"},
    {BEDROCK_ERR_CONFIG, NULL, "metadata service: *silent for", 0,
     "in a container the answer has one hop more to go: `aws ec2 modify-instance-metadata-options "
     "--instance-id ID --http-put-response-hop-limit 2`"},
    {BEDROCK_ERR_CONFIG, NULL, "no credentials", 0,
     "export AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY (and AWS_SESSION_TOKEN for temporary keys), or "
     "AWS_BEARER_TOKEN_BEDROCK; or `aws configure`, `aws sso login`, `aws login`: what they set up is found; "
     "`bedrock whoami` shows who was asked"},
    {BEDROCK_ERR_CONFIG, NULL, "needs a code of the MFA device", 0,
     "run it on a terminal, or get keys with the AWS CLI first: eval \"$(aws configure export-credentials "
     "--profile NAME --format env)\""},
    {BEDROCK_ERR_CONFIG, "AccessDenied", "STS (AssumeRole", 0,
     "the role's trust policy must let these credentials assume it, and their own policy must allow "
     "sts:AssumeRole"},
    {BEDROCK_ERR_CONFIG, NULL, "CA bundle", 0,
     "name a PEM file with certificates: --ca-bundle FILE, AWS_CA_BUNDLE or SSL_CERT_FILE"},
};

/* Where systems keep their bundle; the library knows more places, an example needs but one. */
static const char *const hints_bundles[] = {
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
};

/* Which profiles serve a Region: AWS's names for the system-defined ones. */
static const struct {
    const char *region, *profile;
} hints_profiles[] = {
    {"us-gov-", "us-gov"}, {"us-", "us"},   {"ca-", "us"},
    {"eu-", "eu"},         {"ap-", "apac"}, {"", "global"},
};

static int hints_holds(const char *text, const char *part)
{
    size_t n = strcspn(part, "*");

    for (; *text; text++)
        if (strncasecmp(text, part, n) == 0)
            return !part[n] || hints_holds(text + n, part + n + 1);
    return 0;
}

/* Front ends differ in whether the name ends in "Exception". */
static int hints_is_name(const char *name, const char *want)
{
    size_t n = strlen(want);

    return strncmp(name, want, n) == 0 && (!name[n] || strcmp(name + n, "Exception") == 0);
}

static int hints_skewed(const struct bedrock_error *e)
{
    return e->clock_skew_s > HINTS_SKEW_S || e->clock_skew_s < -HINTS_SKEW_S;
}

static int hints_fits(const struct hints_row *r, const struct bedrock_error *e)
{
    return (r->code == 0 || r->code == e->code) && (!r->name || hints_is_name(e->name, r->name)) &&
           (!r->message || hints_holds(e->message, r->message)) && (!r->skewed || hints_skewed(e));
}

/* ---- Filling in ---- */

void cli_span(char out[CLI_SPAN], int64_t s)
{
    const char *unit = s == 1 ? "second" : s < 300 ? "seconds" : s < 7200 ? "minutes"
                       : s < 172800 ? "hours" : "days";

    s = s < 300 ? s : s < 7200 ? s / 60 : s < 172800 ? s / 3600 : s / 86400;
    snprintf(out, CLI_SPAN, "%lld %s", (long long)s, unit);
}

static void hints_skew(char *out, size_t cap, int skew_s)
{
    char span[CLI_SPAN];

    cli_span(span, skew_s < 0 ? -(int64_t)skew_s : skew_s);
    snprintf(out, cap, "the clock of this machine is %s %s the service's", span,
             skew_s > 0 ? "behind" : "ahead of");
}

static void hints_profile(char *out, size_t cap, const char *model, const char *region)
{
    size_t row = 0;

    while (strncmp(region, hints_profiles[row].region, strlen(hints_profiles[row].region)) != 0)
        row++;
    /* an ARN has its own form, and what we do not know we do not make up */
    if (!model || !model[0] || strchr(model, '/'))
        snprintf(out, cap, "%s.PROVIDER.MODEL", hints_profiles[row].profile);
    else
        snprintf(out, cap, "%s.%.200s", hints_profiles[row].profile, model);
}

static const char *hints_bundle(void)
{
    for (size_t i = 0; i < sizeof hints_bundles / sizeof hints_bundles[0]; i++)
        if (access(hints_bundles[i], R_OK) == 0)
            return hints_bundles[i];
    return "FILE";
}

static void hints_value(char *out, size_t cap, const char *word, size_t len,
                        const struct bedrock_error *e, const char *model, const char *region)
{
    out[0] = 0;
    if (strncmp(word, "skew", len) == 0)
        hints_skew(out, cap, e->clock_skew_s);
    else if (strncmp(word, "model", len) == 0)
        snprintf(out, cap, "%.300s", model && model[0] ? model : "MODEL");
    else if (strncmp(word, "profile", len) == 0)
        hints_profile(out, cap, model, region);
    else if (strncmp(word, "bundle", len) == 0)
        snprintf(out, cap, "%s", hints_bundle());
    else if (strncmp(word, "region", len) == 0)
        snprintf(out, cap, "%s", region[0] ? region : "none yet");
}

static const char *hints_find(const struct bedrock_error *e)
{
    for (size_t i = 0; i < sizeof hints_rows / sizeof hints_rows[0]; i++)
        if (hints_fits(&hints_rows[i], e))
            return hints_rows[i].hint;
    return NULL;
}

/* The request was refused, and nothing came: a stream that broke began with a status of 200. */
static int hints_is_refusal(const struct bedrock_error *e)
{
    return e->code == BEDROCK_ERR_SERVICE && e->http_status >= 300 && hints_is_name(e->name, "Validation");
}

int cli_wants_one_shot(const struct bedrock_error *e)
{
    return hints_is_refusal(e) && hints_holds(e->message, "support") && hints_holds(e->message, "streaming");
}

int cli_wants_profile(const struct bedrock_error *e)
{
    return hints_is_refusal(e) && hints_holds(e->message, HINTS_NO_ON_DEMAND);
}

void cli_hint_profile(char *out, size_t cap, const char *profile, const char *region)
{
    if (profile)
        snprintf(out, cap, "this model is called through an inference profile: --auto-profile does that, "
                 "or use -m %.300s", profile);
    else
        snprintf(out, cap, "no inference profile in %.60s holds this model: another Region may have one, or "
                 "it needs provisioned throughput", region);
}

void cli_hint(char *out, size_t cap, const struct bedrock_error *e, const char *model,
              const char *region)
{
    struct bedrock_buffer b = {0};
    const char *p = hints_find(e);

    for (size_t plain; p && *p; p += plain) {
        char value[320];

        plain = strcspn(p, "{");
        bedrock_buffer_append(&b, p, plain);
        if (!p[plain])
            break;
        p += plain + 1;
        plain = strcspn(p, "}") + 1;
        hints_value(value, sizeof value, p, plain - 1, e, model, region);
        cli_escape(&b, value, strlen(value), 1); /* a model's name may be anything */
    }
    snprintf(out, cap, "%.*s", b.error ? 0 : (int)b.len, b.p ? b.p : "");
    bedrock_buffer_free(&b);
}
