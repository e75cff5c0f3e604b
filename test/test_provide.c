/* test_provide.c - credentials from every source, from the first request to the signature: roles, renewal,
    several
 * calls and one fetching, and everything that can go wrong on the way. Leaves out: a program's own vault
 * (test_creds.c), what single requests and answers look like (test_imds.c and its like). */
#define _DEFAULT_SOURCE
#include "bedrock_int.h"
#include "exchange.h"
#include "files.h"
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define NOW_S 1767323045            /* 2026-01-02T03:04:05Z */
#define SOON "2026-01-02T03:07:00Z" /* less than five minutes */
#define LATER "2026-01-02T04:04:05Z"
#define PAST "2026-01-02T03:00:00Z"
#define MAX_STEPS 100000
#define MAX_CALLS 4

/* ---- What services answer ------------------------------------------------------------------------------ */

#define IMDS "http://169.254.169.254/latest/"
#define IMDS_KEYS IMDS "meta-data/iam/security-credentials/"
#define ECS "http://169.254.170.2/creds"
#define STS "https://sts.us-east-1.amazonaws.com"
#define OIDC "https://oidc.eu-west-1.amazonaws.com/token"
#define PORTAL \
    "https://portal.sso.eu-west-1.amazonaws.com/federation/credentials?role_name=Reader" \
    "&account_id=123456789012"
#define SIGNIN "https://us-east-1.signin.aws.amazon.com/v1/token"
#define SECRET "fetched/secret+key"

#define JSON(id, until) \
    "{\"Code\":\"Success\",\"AccessKeyId\":\"" id "\",\"SecretAccessKey\":\"" SECRET \
    "\",\"Token\":\"fetched-token\",\"Expiration\":\"" until "\"}"
#define XML(action, id, until) \
    "<" action "Response xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\">" \
    "<" action "Result><Credentials>" \
    "<AccessKeyId>" id "</AccessKeyId><SecretAccessKey>" SECRET "</SecretAccessKey>" \
    "<SessionToken>fetched-token</SessionToken><Expiration>" until "</Expiration></Credentials>" \
    "</" action "Result></" action "Response>"
#define REFUSAL(code, text) \
    "<ErrorResponse><Error><Type>Sender</Type><Code>" code "</Code><Message>" text \
    "</Message></Error></ErrorResponse>"
#define PORTAL_JSON(id, until_ms) \
    "{\"roleCredentials\":{\"accessKeyId\":\"" id "\",\"secretAccessKey\":\"" SECRET \
    "\",\"sessionToken\":\"fetched-token\",\"expiration\":" until_ms "}}"
#define LATER_MS "1767326645000"

#define TOKEN {"PUT", IMDS "api/token", NULL, 200, "x-aws-ec2-metadata-token-ttl-seconds: 21600\r\n", \
    "imds-token"}
#define ROLE {"GET", IMDS_KEYS, NULL, 200, NULL, "emulator"}
#define ROLE_KEYS(id, until) {"GET", IMDS_KEYS "emulator", NULL, 200, NULL, JSON(id, until)}
#define PLACE(region) {"GET", IMDS "meta-data/placement/region", NULL, 200, NULL, region}
#define CONTAINER(status, reply) {"GET", ECS, NULL, status, NULL, reply}
#define ASSUME(role, status, reply) \
    {"POST", STS, \
     "Action=AssumeRole&Version=2011-06-15&RoleArn=arn%3Aaws%3Aiam%3A%3A123456789012%3Arole%2F" role "&", \
     status, NULL, reply}
#define WEB(status, reply) {"POST", STS, "Action=AssumeRoleWithWebIdentity&Version=2011-06-15&", status, \
    NULL, reply}
#define ASSUMED(role, id) ASSUME(role, 200, XML("AssumeRole", id, LATER))
#define END {NULL, NULL, NULL, 0, NULL, NULL}
#define LIST(...) ((const struct exchange[]){__VA_ARGS__, END})
#define NOBODY ((const struct exchange[]){END})

/* ---- What is on disk ----------------------------------------------------------------------------------- */

/* The names are SHA-1 of "corp" and of the start URL, and SHA-256 of the session's ARN. */
#define SSO_FILE "/.aws/sso/cache/ee0bfd2552fbd840c02cc48b6e823320543c450f.json"
#define OLD_SSO_FILE "/.aws/sso/cache/a51746d4aa793ae07b25e90c3a5db96fc7832bd7.json"
#define LOGIN_FILE "/.aws/login/cache/286187707741fc2ccb93cf9e56dbd0ee0a16208feed5fbc8ae1baa86d44c283f.json"
#define START_URL "https://corp.awsapps.com/start"

#define SSO_CACHE(until) \
    "{\"startUrl\":\"" START_URL "\",\"accessToken\":\"sso-access-token\",\"expiresAt\":\"" until "\"," \
    "\"refreshToken\":\"sso-refresh-token\",\"clientId\":\"sso-client\"," \
    "\"clientSecret\":\"sso-client-secret\"," \
    "\"registrationExpiresAt\":\"2026-03-01T00:00:00Z\",\"note\":\"stays\"}"
#define LOGIN_CACHE(until) \
    "{\"accessToken\":{\"accessKeyId\":\"LOGINKEY\",\"secretAccessKey\":\"" SECRET "\"," \
    "\"sessionToken\":\"fetched-token\",\"accountId\":\"123456789012\",\"expiresAt\":\"" until "\"}," \
    "\"clientId\":\"arn:aws:signin:::devtools/same-device\",\"refreshToken\":\"login-refresh-token\"," \
    "\"dpopKey\":\"-----BEGIN EC PRIVATE KEY-----\\n" \
    "MHcCAQEEIJvtfaFkkvIGzqeYaP8konAefsBASa1UwjxPKRKILyTsoAoGCCqGSM49\\n" \
    "AwEHoUQDQgAEv4PSn/rSjQhDQ8g551gV/iiEEeqXdfQQ26XhG277Y0puubNH/RHe\\n" \
    "NNxb60UZulwBz2o/y4nbeVvIgpgduqHgKg==\\n-----END EC PRIVATE KEY-----\\n\"}"

#define ARN "arn:aws:iam::123456789012:role/"
#define KEYS "aws_access_key_id = STATICKEY\naws_secret_access_key = static-secret-key\n"

static const char config[] =
    "[profile keys]\n" KEYS
    "[profile one]\nrole_arn = " ARN "one\nsource_profile = keys\n"
    "[profile two]\nrole_arn = " ARN
    "two\nsource_profile = one\nexternal_id = outside\nduration_seconds = 900\n"
    "[profile self]\nrole_arn = " ARN "one\nsource_profile = self\n" KEYS
    "[profile mfa]\nrole_arn = " ARN
    "one\nsource_profile = keys\nmfa_serial = arn:aws:iam::123456789012:mfa/me\n"
    "[profile env]\nrole_arn = " ARN "one\ncredential_source = Environment\n"
    "[profile ecs]\nrole_arn = " ARN "one\ncredential_source = EcsContainer\n"
    "[profile ec2]\nrole_arn = " ARN "one\ncredential_source = Ec2InstanceMetadata\n"
    "[profile loop]\nrole_arn = " ARN "one\nsource_profile = pool\n"
    "[profile pool]\nrole_arn = " ARN "one\nsource_profile = loop\n"
    "[profile web]\nrole_arn = " ARN "web\nweb_identity_token_file = ~/token\nrole_session_name = me\n"
    "[profile process]\ncredential_process = echo '{\"Version\":1,\"AccessKeyId\":\"PROCESSKEY\","
    "\"SecretAccessKey\":\"printed-secret\",\"Expiration\":\"" LATER "\"}'\n"
    "[profile garbage]\ncredential_process = echo printed-secret\n"
    "[profile nothing]\ncredential_process = :\n"
    "[profile endless]\ncredential_process = yes printed-secret\n"
    "[profile fails]\ncredential_process = echo printed-secret; echo nobody is logged in >&2; exit 3\n"
    "[profile hangs]\ncredential_process = exec sleep 600\n"
    "[profile sso]\nsso_session = corp\nsso_account_id = 123456789012\nsso_role_name = Reader\n"
    "[sso-session corp]\nsso_region = eu-west-1\nsso_start_url = " START_URL "\n"
    "[profile old]\nsso_region = eu-west-1\nsso_start_url = " START_URL "\n"
    "sso_account_id = 123456789012\nsso_role_name = Reader\n"
    "[profile login]\nlogin_session = arn:aws:iam::123456789012:user/me\n"
    "[profile fips]\nuse_fips_endpoint = true\nregion = cn-north-1\n"
    "[profile dual]\nuse_fips_endpoint = true\nuse_dualstack_endpoint = true\n";

/* ---- A client of such a world -------------------------------------------------------------------------- */

struct world {
    struct files files;
    struct exchanges x;
    struct t_heap heap;
    int64_t ms, tick;           /* since NOW_S; what each look at the clock adds */
    struct bedrock_options o;
    struct bedrock *b;
    struct bedrock_error err;   /* of the last call */
    struct bedrock_buffer trace;
    const char *code;           /* what the MFA device shows; NULL: nobody is there */
    int asked;                  /* for such codes */
};

static int64_t world_clock(void *ctx, int wall)
{
    struct world *w = ctx;

    w->ms += w->tick;
    return wall ? NOW_S * INT64_C(1000) + w->ms : 1000000 + w->ms;
}

static void world_trace(void *ctx, const char *line)
{
    struct world *w = ctx;

    bedrock_buffer_append(&w->trace, line, strlen(line));
    bedrock_buffer_append(&w->trace, "\n", 1);
}

static int world_mfa(void *ctx, const char *serial, char *code, size_t cap)
{
    struct world *w = ctx;

    w->asked++;
    CHECKF(strcmp(serial, "arn:aws:iam::123456789012:mfa/me") == 0, "asked for %s", serial);
    if (w->code)
        snprintf(code, cap, "%s", w->code);
    return w->code ? 0 : -1;
}

static void world_init(struct world *w, const char *const *env, const struct files_file *file,
                       const struct exchange *list)
{
    struct bdk_env hooks;

    memset(w, 0, sizeof *w);
    w->files.env = env;
    w->files.file = file;
    exchanges_init(&w->x, list);
    hooks = files_env(&w->files);
    w->o.region = "us-east-1";
    w->o.getenv = hooks.fn;
    w->o.getenv_ctx = hooks.ctx;
    w->o.read_file = hooks.read_file;
    w->o.read_file_ctx = hooks.read_file_ctx;
    w->o.io = &w->x.io;
    w->o.clock = world_clock;
    w->o.clock_ctx = w;
    w->o.alloc = t_heap_alloc;
    w->o.alloc_ctx = &w->heap;
    w->heap.never = SECRET;
    w->o.trace = world_trace;
    w->o.trace_ctx = w;
}

/* Nothing may be left, nor any secret shown. */
static void world_end(struct world *w)
{
    static const char *const secrets[] = {"static-secret", "printed-secret", SECRET, "fetched-token",
        "imds-token",
                                          "container-token", "web.identity", "sso-access", "sso-refresh",
                                          "sso-client-secret", "login-refresh", "renewed-", "123321"};

    bedrock_close(w->b);
    w->b = NULL;
    CHECKF(w->x.open == 0, "%d connections left", w->x.open);
    CHECKF(w->heap.live == 0, "%zu blocks left", w->heap.live);
    bedrock_buffer_append(&w->trace, w->err.message, strlen(w->err.message) + 1);
    for (size_t i = 0; i < sizeof secrets / sizeof secrets[0]; i++)
        CHECKF(!strstr(w->trace.p, secrets[i]), "%s is shown: %s", secrets[i], w->trace.p);
    bedrock_buffer_free(&w->trace);
    exchanges_free(&w->x);
}

static int start(struct world *w, int deadline_ms, struct bedrock_call **c)
{
    struct bedrock_request rq = {0};
    int rc;

    rq.operation = BEDROCK_LIST_FOUNDATION_MODELS;
    rq.deadline_ms = deadline_ms;
    rc = bedrock_start(w->b, &rq, c);
    if (rc != 0)
        w->err = *bedrock_error(w->b);
    return rc;
}

/* To its end. */
static int finish(struct world *w, struct bedrock_call *c)
{
    struct bedrock_event ev;
    int rc = BEDROCK_EVENT, steps = 0;

    while (rc == BEDROCK_EVENT && steps++ < MAX_STEPS)
        rc = bedrock_next(c, &ev);
    w->err = *bedrock_call_error(c);
    bedrock_end(c);
    return rc;
}

static int ask(struct world *w)
{
    struct bedrock_call *c = NULL;
    int rc = start(w, 0, &c);

    return rc ? rc : finish(w, c);
}

static int open_and_ask(struct world *w)
{
    int rc = bedrock_open(&w->b, &w->o);

    if (rc == 0)
        return ask(w);
    if (w->b)
        w->err = *bedrock_error(w->b);
    return rc;
}

static int signed_by(const struct world *w, const char *id)
{
    char text[80];

    snprintf(text, sizeof text, "Credential=%s/", id);
    return w->x.bedrock.len > 0 && strstr(w->x.bedrock.p, text) != NULL;
}

/* All that was to be asked was, and nothing else. */
static void check_list(const struct world *w)
{
    CHECKF(!w->x.wrong[0], "asked %s", w->x.wrong);
    CHECKF(!w->x.list[w->x.at].method, "only %zu requests were made", w->x.at);
}

/* ---- Each source, well and ill ------------------------------------------------------------------------- */

struct source_case {
    const char *name;
    const char *profile;            /* by its option; NULL: not named */
    const char *env[7];
    struct files_file file[3];      /* beside the config file */
    const struct exchange *list;
    const char *id, *word;          /* the key that signs; or what the error says */
    int64_t tick;
};

#define HOME "HOME", "/home"
#define OFF "AWS_EC2_METADATA_DISABLED", "true"
#define AT_ECS "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "/creds"
#define FULL "AWS_CONTAINER_CREDENTIALS_FULL_URI"
#define WEB_ENV "AWS_WEB_IDENTITY_TOKEN_FILE", "/token", "AWS_ROLE_ARN", ARN "web"
#define WEB_FILE {{"/token", "web.identity.token\n", 0, 0}}
#define SSO_ON_DISK(text) {{"/home" SSO_FILE, text, 0, 0}}

static const struct source_case source_cases[] = {
    {"nobody", NULL, {HOME, OFF}, {{0}}, NOBODY, NULL, "no credentials", 0},
    /* containers */
    {"a container", NULL, {HOME, AT_ECS}, {{0}}, LIST(CONTAINER(200, JSON("ECSKEY", LATER))), "ECSKEY", NULL,
     0},
    {"a container: it calls its answer an event stream", NULL, {HOME, AT_ECS}, {{0}},
     LIST({"GET", ECS, NULL, 200, "Content-Type: application/vnd.amazon.eventstream\r\n", JSON("ECSKEY",
     LATER)}),
     "ECSKEY", NULL, 0},
    {"a container: no retry for 404", NULL, {HOME, AT_ECS}, {{0}},
     LIST(CONTAINER(404, "{\"code\":\"NoSuchTask\",\"message\":\"who are you\"}")), NULL,
     "the container credentials endpoint answered HTTP 404: NoSuchTask: who are you", 0},
    {"a container: it repeats the token", NULL, {HOME, FULL, "http://169.254.170.23/creds",
     "AWS_CONTAINER_AUTHORIZATION_TOKEN", "container-token"}, {{0}},
     LIST({"GET", "http://169.254.170.23/creds", NULL, 401, NULL,
     "{\"message\":\"what is container-token?\"}"}), NULL,
     "answered HTTP 401: what is ****?", 0},
    {"a container: 500, then keys", NULL, {HOME, AT_ECS}, {{0}},
     LIST(CONTAINER(500, ""), CONTAINER(503, ""), CONTAINER(200, JSON("ECSKEY", LATER))), "ECSKEY", NULL, 10},
    {"a container: it breaks, then keys", NULL, {HOME, AT_ECS}, {{0}},
     LIST(CONTAINER(0, NULL), CONTAINER(200, JSON("ECSKEY", LATER))), "ECSKEY", NULL, 10},
    {"a container: it breaks three times", NULL, {HOME, AT_ECS}, {{0}},
     LIST(CONTAINER(0, NULL), CONTAINER(0, NULL), CONTAINER(0, NULL)), NULL,
     "the container credentials endpoint: 169.254.170.2: the server closed the connection", 10},
    {"a container: HTML three times", NULL, {HOME, AT_ECS}, {{0}},
     LIST(CONTAINER(200, "<html>"), CONTAINER(200, "<html>"), CONTAINER(200, "<html>")), NULL,
     "the container credentials endpoint: ", 10},
    {"a container: expired", NULL, {HOME, AT_ECS}, {{0}}, LIST(CONTAINER(200, JSON("ECSKEY", PAST))), NULL,
     "the keys expired at", 0},
    {"a container: silent", NULL, {HOME, AT_ECS}, {{0}}, LIST(CONTAINER(-1, NULL)), NULL,
     "the container credentials endpoint: 169.254.170.2: silent for 5 s", 50},
    {"a container: its token", NULL, {HOME, FULL, "http://169.254.170.23/creds",
     "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", "/token"}, {{"/token", "container-token", 0, 0}},
     LIST({"GET", "http://169.254.170.23/creds", NULL, 200, NULL, JSON("EKSKEY", LATER)}), "EKSKEY", NULL, 0},
    {"a container: a token with CR", NULL, {HOME, FULL, "http://localhost/creds",
     "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", "/token"}, {{"/token", "container-token\r\nX: y", 0, 0}},
     NOBODY, NULL,
     "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE /token: the token holds a line break", 0},
    {"a container: no token file", NULL, {HOME, FULL, "http://localhost/creds",
     "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", "/token"}, {{0}}, NOBODY, NULL,
     "TOKEN_FILE /token: No such file", 0},
    {"a container: on another host", NULL, {HOME, FULL, "http://example.com/creds"}, {{0}}, NOBODY, NULL,
     "not for 'example.com'", 0},
    {"a container: with a user", NULL, {HOME, FULL, "https://me:static-secret@example.com/creds"}, {{0}},
     NOBODY, NULL,
     "must not hold a user name", 0},
    /* instances */
    {"an instance", NULL, {HOME}, {{0}}, LIST(TOKEN, ROLE, ROLE_KEYS("EC2KEY", LATER)), "EC2KEY", NULL, 0},
    {"an instance: 401, a new token, keys", NULL, {HOME}, {{0}},
     LIST(TOKEN, {"GET", IMDS_KEYS, NULL, 401, NULL, ""}, TOKEN, ROLE, ROLE_KEYS("EC2KEY", LATER)), "EC2KEY",
     NULL, 0},
    {"an instance: 401 twice", NULL, {HOME}, {{0}},
     LIST(TOKEN, {"GET", IMDS_KEYS, NULL, 401, NULL, ""}, TOKEN, {"GET", IMDS_KEYS, NULL, 401, NULL, ""}),
     NULL,
     "the instance metadata service answered HTTP 401", 0},
    {"an instance: switched off", NULL, {HOME}, {{0}}, LIST({"PUT", IMDS "api/token", NULL, 403, NULL, ""}),
     NULL,
     "the instance metadata service is switched off", 0},
    {"an instance: no role", NULL, {HOME}, {{0}}, LIST(TOKEN, {"GET", IMDS_KEYS, NULL, 404, NULL, "<html>"}),
     NULL,
     "has no role for this instance", 0},
    {"an instance: HTML", NULL, {HOME, "AWS_METADATA_SERVICE_NUM_ATTEMPTS", "1"}, {{0}},
     LIST({"PUT", IMDS "api/token", NULL, 200, NULL, "<html>who</html>"}), NULL, "no session token", 0},
    {"an instance: silent, and asked once", NULL, {HOME}, {{0}}, LIST({"PUT", IMDS "api/token", NULL, -1,
     NULL, NULL}),
     NULL, "the instance metadata service: 169.254.169.254: silent for 1 s", 50},
    {"an instance: silent, and version 1 serves", NULL, {HOME, "AWS_EC2_METADATA_V1_DISABLED", "false"},
     {{0}},
     LIST({"PUT", IMDS "api/token", NULL, -1, NULL, NULL}, ROLE, ROLE_KEYS("EC2KEY", LATER)), "EC2KEY", NULL,
     50},
    {"an instance: expired keys serve", NULL, {HOME}, {{0}}, LIST(TOKEN, ROLE, ROLE_KEYS("EC2KEY", PAST)),
     "EC2KEY",
     NULL, 0},
    /* web identity */
    {"web identity", NULL, {HOME, WEB_ENV}, WEB_FILE,
     LIST(WEB(200, XML("AssumeRoleWithWebIdentity", "WEBKEY", LATER))), "WEBKEY", NULL, 0},
    {"web identity: of a profile", "web", {HOME}, {{"/home/token", "web.identity.token", 0, 0}},
     LIST(WEB(200, XML("AssumeRoleWithWebIdentity", "WEBKEY", LATER))), "WEBKEY", NULL, 0},
    {"web identity: denied", NULL, {HOME, WEB_ENV}, WEB_FILE, LIST(WEB(403, REFUSAL("AccessDenied",
     "not you"))), NULL,
     "HTTP 403: AccessDenied: not you", 0},
    {"web identity: STS cannot ask", NULL, {HOME, WEB_ENV}, WEB_FILE,
     LIST(WEB(400, REFUSAL("IDPCommunicationError", "later")), WEB(200, XML("AssumeRoleWithWebIdentity",
     "WEBKEY",
     LATER))), "WEBKEY", NULL, 10},
    {"web identity: expired keys", NULL, {HOME, WEB_ENV}, WEB_FILE,
     LIST(WEB(200, XML("AssumeRoleWithWebIdentity", "WEBKEY", PAST))), NULL, "past their time", 0},
    {"web identity: no XML", NULL, {HOME, WEB_ENV}, WEB_FILE, LIST(WEB(200, "<html><body>")), NULL, "STS", 0},
    {"web identity: no file", NULL, {HOME, WEB_ENV}, {{0}}, NOBODY, NULL,
     "web identity token file /token: No such file", 0},
    {"web identity: two lines", NULL, {HOME, WEB_ENV}, {{"/token", "web.identity\nX: y\n", 0, 0}}, NOBODY,
     NULL,
     "/token", 0},
    {"web identity: no role", NULL, {HOME, "AWS_WEB_IDENTITY_TOKEN_FILE", "/token"}, WEB_FILE, NOBODY, NULL,
     "AWS_ROLE_ARN", 0},
    /* profiles, roles */
    {"keys of a profile", "keys", {HOME}, {{0}}, NOBODY, "STATICKEY", NULL, 0},
    {"a role", "one", {HOME}, {{0}}, LIST(ASSUMED("one", "ONEKEY")), "ONEKEY", NULL, 0},
    {"a role: STS is silent", "one", {HOME}, {{0}}, LIST(ASSUME("one", -1, NULL)), NULL,
     "AWS STS (AssumeRole): sts.us-east-1.amazonaws.com: silent for 10 s", 100},
    {"a role with the profile's own keys", "self", {HOME}, {{0}}, LIST(ASSUMED("one", "ONEKEY")), "ONEKEY",
     NULL, 0},
    {"two roles", "two", {HOME}, {{0}}, LIST(ASSUMED("one", "ONEKEY"), ASSUMED("two", "TWOKEY")), "TWOKEY",
     NULL, 0},
    {"two roles: the second is refused", "two", {HOME}, {{0}},
     LIST(ASSUMED("one", "ONEKEY"), ASSUME("two", 403, REFUSAL("AccessDenied", "not you"))), NULL,
     "profile 'two' of /home/.aws/config: AWS STS (AssumeRole) answered HTTP 403: AccessDenied: not you", 0},
    {"a role: source Environment", "env", {HOME, "AWS_ACCESS_KEY_ID", "ENVKEY", "AWS_SECRET_ACCESS_KEY",
     "env-secret"},
     {{0}}, LIST(ASSUMED("one", "ONEKEY")), "ONEKEY", NULL, 0},
    {"a role: source Environment, empty", "env", {HOME}, {{0}}, NOBODY, NULL,
     "profile 'env' of /home/.aws/config: credential_source Environment", 0},
    {"a role: source EcsContainer", "ecs", {HOME, AT_ECS}, {{0}},
     LIST(CONTAINER(200, JSON("ECSKEY", LATER)), ASSUMED("one", "ONEKEY")), "ONEKEY", NULL, 0},
    {"a role: source EcsContainer, none", "ecs", {HOME}, {{0}}, NOBODY, NULL, "there is no container to ask",
     0},
    {"a role: source Ec2InstanceMetadata", "ec2", {HOME}, {{0}},
     LIST(TOKEN, ROLE, ROLE_KEYS("EC2KEY", LATER), ASSUMED("one", "ONEKEY")), "ONEKEY", NULL, 0},
    {"a role: source Ec2InstanceMetadata, off", "ec2", {HOME, OFF}, {{0}}, NOBODY, NULL,
     "instance metadata is off", 0},
    {"a role: a loop", "loop", {HOME}, {{0}}, NOBODY, NULL, "/home/.aws/config:", 0},
    /* processes */
    {"a process", "process", {HOME}, {{0}}, NOBODY, "PROCESSKEY", NULL, 0},
    {"a process: garbage", "garbage", {HOME}, {{0}}, NOBODY, NULL,
     "profile 'garbage' of /home/.aws/config: credential_process of profile 'garbage': ", 0},
    {"a process: nothing", "nothing", {HOME}, {{0}}, NOBODY, NULL, "credential_process of profile 'nothing'",
     0},
    {"a process: no end", "endless", {HOME}, {{0}}, NOBODY, NULL, "printed more than 65536 bytes", 0},
    {"a process: it fails", "fails", {HOME}, {{0}}, NOBODY, NULL, "ended with status 3: nobody is logged in",
     0},
    {"a process: it hangs", "hangs", {HOME}, {{0}}, NOBODY, NULL, "did not end within 60 s", 10000},
    /* IAM Identity Center */
    {"SSO", "sso", {HOME}, SSO_ON_DISK(SSO_CACHE(LATER)),
     LIST({"GET", PORTAL, NULL, 200, NULL, PORTAL_JSON("SSOKEY", LATER_MS)}), "SSOKEY", NULL, 0},
    {"SSO: the old form", "old", {HOME}, {{"/home" OLD_SSO_FILE, SSO_CACHE(LATER), 0, 0}},
     LIST({"GET", PORTAL, NULL, 200, NULL, PORTAL_JSON("SSOKEY", LATER_MS)}), "SSOKEY", NULL, 0},
    {"SSO: the old form is not renewed", "old", {HOME}, {{"/home" OLD_SSO_FILE, SSO_CACHE(PAST), 0, 0}},
     NOBODY, NULL,
     OLD_SSO_FILE ": it expired at 2026-01-02 03:00:00 UTC; run aws sso login --profile old", 0},
    {"SSO: nobody signed in", "sso", {HOME}, {{0}}, NOBODY, NULL,
     "nobody has signed in; run aws sso login --profile sso", 0},
    {"SSO: half written", "sso", {HOME}, SSO_ON_DISK("{\"accessToken\":\"sso-access-token\",\"exp"), NOBODY,
     NULL,
     SSO_FILE ": it is no JSON object, perhaps half written; run aws sso login --profile sso", 0},
    {"SSO: 401", "sso", {HOME}, SSO_ON_DISK(SSO_CACHE(LATER)),
     LIST({"GET", PORTAL, NULL, 401, NULL, "{\"message\":\"sso-access-token is old\"}"}), NULL,
     "(HTTP 401); run aws sso login --profile sso", 0},
    {"SSO: the server fails once", "sso", {HOME}, SSO_ON_DISK(SSO_CACHE(LATER)),
     LIST({"GET", PORTAL, NULL, 502, NULL, "<html>"}, {"GET", PORTAL, NULL, 200, NULL,
     PORTAL_JSON("SSOKEY", LATER_MS)}), "SSOKEY", NULL, 10},
    {"SSO: a token that ends soon serves when it cannot be renewed", "sso", {HOME},
     SSO_ON_DISK(SSO_CACHE(SOON)),
     LIST({"POST", OIDC, NULL, 400, NULL, "{\"error\":\"invalid_request\"}"},
          {"GET", PORTAL, NULL, 200, NULL, PORTAL_JSON("SSOKEY", LATER_MS)}), "SSOKEY", NULL, 0},
    {"SSO: a token that is over and cannot be renewed", "sso", {HOME}, SSO_ON_DISK(SSO_CACHE(PAST)),
     LIST({"POST", OIDC, NULL, 400, NULL,
     "{\"error\":\"invalid_grant\",\"error_description\":\"sso-refresh-token?\"}"}),
     NULL, "could not be renewed: IAM Identity Center (OIDC) answered HTTP 400: invalid_grant: ", 10},
    {"SSO: keys that are over", "sso", {HOME}, SSO_ON_DISK(SSO_CACHE(LATER)),
     LIST({"GET", PORTAL, NULL, 200, NULL, PORTAL_JSON("SSOKEY", "1767322000000")}), NULL, "past their time",
     0},
    /* aws login */
    {"login", "login", {HOME}, {{"/home" LOGIN_FILE, LOGIN_CACHE(LATER), 0, 0}}, NOBODY, "LOGINKEY", NULL, 0},
    {"login: nobody did", "login", {HOME}, {{0}}, NOBODY, NULL, LOGIN_FILE ": there is no such file", 0},
    {"login: a session that is over", "login", {HOME}, {{"/home" LOGIN_FILE, LOGIN_CACHE(PAST), 0, 0}},
     LIST({"POST", SIGNIN, NULL, 403, NULL, "{\"error\":\"TOKEN_EXPIRED\"}"}), NULL,
     "; run aws login --profile login", 10},
    {"login: one that ends soon serves", "login", {HOME}, {{"/home" LOGIN_FILE, LOGIN_CACHE(SOON), 0, 0}},
     LIST({"POST", SIGNIN, NULL, 500, NULL, ""}), "LOGINKEY", NULL, 0},
};

/* The config file and the case's own. */
static void case_files(const struct source_case *s, struct files_file out[4])
{
    memset(out, 0, 4 * sizeof *out);
    out[0].path = "/home/.aws/config";
    out[0].text = config;
    for (int i = 0; i < 2 && s->file[i].path; i++)
        out[i + 1] = s->file[i];
}

static void run_source(const struct source_case *s, size_t piece, int stutter, int step_wants)
{
    struct files_file file[4];
    struct world w;
    int rc;

    case_files(s, file);
    world_init(&w, s->env, file, s->list);
    w.o.profile = s->profile;
    w.tick = s->tick;
    w.x.piece = piece;
    w.x.stutter = stutter;
    w.x.step_wants = step_wants;
    rc = open_and_ask(&w);
    check_list(&w);
    if (s->id) {
        CHECKF(rc == 0 && signed_by(&w, s->id), "%d: %s", rc, w.err.message);
    } else {
        CHECKF(rc == BEDROCK_ERR_CONFIG, "%d: %s", rc, w.err.message);
        CHECKF(strstr(w.err.message, s->word) != NULL, "%s", w.err.message);
        CHECKF(strlen(w.err.message) < sizeof w.err.message - 1, "%s", w.err.message);
        CHECK(w.x.bedrock.len == 0);
    }
    world_end(&w);
}

static void test_sources(void)
{
    for (size_t i = 0; i < sizeof source_cases / sizeof source_cases[0]; i++) {
        t_case("%s", source_cases[i].name);
        run_source(&source_cases[i], 0, 0, 0);
        if (source_cases[i].tick > 0 || (source_cases[i].profile && strcmp(source_cases[i].profile, "hangs")
            == 0))
            continue;
        t_case("%s, a byte at a time", source_cases[i].name);
        run_source(&source_cases[i], 1, 0, 3);
        t_case("%s, and not now", source_cases[i].name);
        run_source(&source_cases[i], 7, 1, 1);
    }
}

/* ---- A code of an MFA device --------------------------------------------------------------------------- */

static void test_mfa(void)
{
    static const char *const env[] = {HOME, NULL};
    static const struct files_file file[] = {{"/home/.aws/config", config, 0, 0}, {0}};
    static const struct {
        const char *name, *code;
        int hook;
    } cases[] = {{"no hook", NULL, 0}, {"nobody is there", NULL, 1}, {"a code", "123321", 1}};

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct world w;
        int rc;

        t_case("MFA: %s", cases[i].name);
        world_init(&w, env, file, cases[i].code ? LIST(ASSUMED("one", "ONEKEY")) : NOBODY);
        w.o.profile = "mfa";
        w.o.mfa = cases[i].hook ? world_mfa : NULL;
        w.o.mfa_ctx = &w;
        w.code = cases[i].code;
        rc = open_and_ask(&w);
        check_list(&w);
        CHECKF(w.asked == cases[i].hook, "asked %d times", w.asked);
        if (w.code) {
            CHECKF(rc == 0 && signed_by(&w, "ONEKEY"), "%s", w.err.message);
            CHECK(strstr(w.x.last.p,
                "&SerialNumber=arn%3Aaws%3Aiam%3A%3A123456789012%3Amfa%2Fme&TokenCode=123321"));
            CHECK(ask(&w) == 0 && w.asked == 1);
        } else {
            CHECKF(rc == BEDROCK_ERR_CONFIG && strstr(w.err.message,
                "profile 'mfa' of /home/.aws/config: role " ARN
                   "one of profile 'mfa' needs a code of the MFA device arn:aws:iam::123456789012:mfa/me, "
                   "and nobody"),
                   "%s", w.err.message);
        }
        world_end(&w);
    }
}

/* ---- A Region that an instance tells ------------------------------------------------------------------- */

#define ENV_KEYS "AWS_ACCESS_KEY_ID", "ENVKEY", "AWS_SECRET_ACCESS_KEY", "static-secret"

static const struct {
    const char *name, *env[9];
    const struct exchange *list;
    const char *runtime, *control;  /* the hosts */
    const char *id, *word;
} region_cases[] = {
    {"and keys of the environment", {HOME, ENV_KEYS}, (const struct exchange[]){TOKEN, PLACE("eu-west-1"),
     END},
     "bedrock-runtime.eu-west-1.amazonaws.com", "bedrock.eu-west-1.amazonaws.com", "ENVKEY", NULL},
    {"and keys", {HOME}, (const struct exchange[]){TOKEN, PLACE("eu-west-1\n"), ROLE, ROLE_KEYS("EC2KEY",
     LATER), END},
     "bedrock-runtime.eu-west-1.amazonaws.com", "bedrock.eu-west-1.amazonaws.com", "EC2KEY", NULL},
    {"with FIPS and dual stack of the profile", {HOME, ENV_KEYS, "AWS_PROFILE", "dual"},
     (const struct exchange[]){TOKEN, PLACE("us-east-1"), END}, "bedrock-runtime-fips.us-east-1.api.aws",
     "bedrock-fips.us-east-1.api.aws", "ENVKEY", NULL},
    {"that means FIPS", {HOME, ENV_KEYS}, (const struct exchange[]){TOKEN, PLACE("fips-eu-west-1"), END},
     "bedrock-runtime-fips.eu-west-1.amazonaws.com", "bedrock-fips.eu-west-1.amazonaws.com", "ENVKEY", NULL},
    {"that is none", {HOME, ENV_KEYS, "AWS_METADATA_SERVICE_NUM_ATTEMPTS", "1"},
     (const struct exchange[]){TOKEN, PLACE("eu-west-1/../x"), END}, "", "", NULL,
     "no Region: none was given or set, profile 'default' of /home/.aws/config has none, "
     "and the instance metadata service answered"},
    {"that nobody tells", {HOME, ENV_KEYS},
     (const struct exchange[]){{"PUT", IMDS "api/token", NULL, 403, NULL, ""}, END}, "", "", NULL,
     "no Region: none was given or set, profile 'default' of /home/.aws/config has none, "
     "and the instance metadata service is switched"},
};

static void test_region(void)
{
    static const struct files_file file[] = {{"/home/.aws/config", config, 0, 0}, {0}};

    for (size_t i = 0; i < sizeof region_cases / sizeof region_cases[0]; i++) {
        struct world w;
        int rc;

        t_case("a Region %s", region_cases[i].name);
        world_init(&w, region_cases[i].env, file, region_cases[i].list);
        w.o.region = NULL;
        rc = open_and_ask(&w);
        check_list(&w);
        CHECK_TEXT(w.b->cf.endpoint[BDK_RUNTIME].host, strlen(w.b->cf.endpoint[BDK_RUNTIME].host),
            region_cases[i].runtime);
        CHECK_TEXT(w.b->cf.endpoint[BDK_CONTROL].host, strlen(w.b->cf.endpoint[BDK_CONTROL].host),
            region_cases[i].control);
        if (region_cases[i].id) {
            CHECKF(rc == 0 && signed_by(&w, region_cases[i].id), "%d: %s", rc, w.err.message);
            CHECK(strstr(w.x.bedrock.p, bedrock_region(w.b)) != NULL);
            CHECK(ask(&w) == 0);
        } else {
            CHECKF(rc == BEDROCK_ERR_CONFIG && strstr(w.err.message, region_cases[i].word), "%d: %s", rc,
                w.err.message);
            /* and the same is told to the next call, which asks nobody */
            CHECK(ask(&w) == BEDROCK_ERR_CONFIG && bedrock_region(w.b)[0] == 0);
        }
        check_list(&w);
        world_end(&w);
    }
}

/* ---- Several calls and one fetching -------------------------------------------------------------------- */

/* Ways to keys that begin anew when they were cut off. */
static const struct {
    const char *name, *profile, *env[5], *id;
    struct files_file file[2];
    const struct exchange *list;
} ways[] = {
    {"a container", NULL, {HOME, AT_ECS}, "ECSKEY", {{0}}, LIST(CONTAINER(200, JSON("ECSKEY", LATER)))},
    {"two roles", "two", {HOME}, "TWOKEY", {{0}}, LIST(ASSUMED("one", "ONEKEY"), ASSUMED("two", "TWOKEY"))},
    {"SSO", "sso", {HOME}, "SSOKEY", SSO_ON_DISK(SSO_CACHE(LATER)),
     LIST({"GET", PORTAL, NULL, 200, NULL, PORTAL_JSON("SSOKEY", LATER_MS)})},
};
#define N_WAYS (sizeof ways / sizeof ways[0])

static void way_init(struct world *w, size_t i, struct files_file file[3])
{
    memset(file, 0, 3 * sizeof *file);
    file[0].path = "/home/.aws/config";
    file[0].text = config;
    file[1] = ways[i].file[0];
    world_init(w, ways[i].env, file, ways[i].list);
    w->o.profile = ways[i].profile;
    w->x.stutter = 1;
    w->x.piece = 64;
    w->x.step_wants = 2;
}

/* Step in turn until all are over; how many were done well. */
static int run_all(struct bedrock_call **c, size_t n)
{
    unsigned char ready[2 * MAX_CALLS];
    int left = 1, done = 0;

    for (int turns = 0; left > 0 && turns < MAX_STEPS; turns++) {
        if (bedrock_wait(c, n, ready, -1) < 0)
            return -1;
        left = 0;
        for (size_t i = 0; i < n; i++) {
            struct bedrock_event ev;
            int rc = ready[i] ? bedrock_step(c[i], &ev) : 1;

            left += rc > 0;
            done += ready[i] && rc == 0;
            if (rc <= 0) {
                bedrock_end(c[i]);
                c[i] = NULL;
            }
        }
        /* the ones that are over make room */
        for (size_t i = 0; i < n;) {
            if (c[i])
                i++;
            else
                c[i] = c[--n];
        }
    }
    return done;
}

static void test_one_flight(void)
{
    struct files_file file[2][3];
    struct world w[2];
    struct bedrock_call *c[2 * MAX_CALLS];

    for (size_t i = 0; i < N_WAYS; i++) {
        t_case("%s: two clients, and four calls of each", ways[i].name);
        for (int k = 0; k < 2; k++) {
            way_init(&w[k], i, file[k]);
            CHECK(bedrock_open(&w[k].b, &w[k].o) == 0);
        }
        for (int k = 0; k < 2 * MAX_CALLS; k++)
            CHECK(start(&w[k % 2], 0, &c[k]) == 0);
        CHECK(run_all(c, 2 * MAX_CALLS) == 2 * MAX_CALLS);
        for (int k = 0; k < 2; k++) {
            check_list(&w[k]);
            CHECK(signed_by(&w[k], ways[i].id));
            world_end(&w[k]);
        }
    }
}

/* Up to n steps; 1 when there were no more. */
static int step_some(struct bedrock_call *c, int n)
{
    struct bedrock_event ev;
    int rc = 1;

    while (n-- > 0 && rc > 0)
        rc = bedrock_step(c, &ev);
    return rc <= 0;
}

/* The first of two who wait goes away at any time; the other one gets what it waits for. */
static void test_first_leaves(size_t i)
{
    struct files_file file[3];
    int over = 0;

    t_case("%s: the first call is ended at each step", ways[i].name);
    for (int k = 0; !over && k < 1000; k++) {
        struct bedrock_call *c[2];
        struct world w;

        way_init(&w, i, file);
        CHECK(bedrock_open(&w.b, &w.o) == 0 && start(&w, 0, &c[0]) == 0 && start(&w, 0, &c[1]) == 0);
        step_some(c[1], 1);
        over = step_some(c[0], k);
        bedrock_end(c[0]);
        CHECKF(finish(&w, c[1]) == 0 && signed_by(&w, ways[i].id), "step %d: %s", k, w.err.message);
        check_list(&w);
        world_end(&w);
    }
    CHECK(over);
}

/* The only one who waits goes away: nothing is left under way, and the next call begins anew. */
static void test_last_leaves(size_t i)
{
    struct files_file file[3];
    int over = 0;

    t_case("%s: the only call is ended at each step", ways[i].name);
    for (int k = 0; !over && k < 1000; k++) {
        struct bedrock_call *c = NULL;
        struct world w;

        way_init(&w, i, file);
        CHECK(bedrock_open(&w.b, &w.o) == 0 && start(&w, 0, &c) == 0);
        over = step_some(c, k);
        bedrock_end(c);
        CHECKF(!w.b->creds.pending && w.x.open <= 1, "step %d: %d connections", k, w.x.open);
        if (!w.b->creds.keys.access_key_id)
            w.x.at = 0;
        CHECKF(ask(&w) == 0 && signed_by(&w, ways[i].id), "step %d: %s", k, w.err.message);
        check_list(&w);
        world_end(&w);
    }
    CHECK(over);
}

static void test_close(size_t i)
{
    struct files_file file[3];
    int over = 0;

    t_case("%s: the client is closed at each step", ways[i].name);
    for (int k = 0; !over && k < 1000; k++) {
        struct bedrock_call *c[2];
        struct world w;

        way_init(&w, i, file);
        CHECK(bedrock_open(&w.b, &w.o) == 0 && start(&w, 0, &c[0]) == 0 && start(&w, 0, &c[1]) == 0);
        step_some(c[1], k / 2);
        over = step_some(c[0], k);
        world_end(&w);
    }
    CHECK(over);
}

/* Its program is a child of ours. */
static void test_close_process(void)
{
    static const char *const env[] = {HOME, NULL};
    static const struct files_file file[] = {{"/home/.aws/config", config, 0, 0}, {0}};
    struct bedrock_call *c = NULL;
    struct world w;

    for (int end_first = 0; end_first < 2; end_first++) {
        t_case("a process that hangs is ended with the %s", end_first ? "call" : "client");
        world_init(&w, env, file, NOBODY);
        w.o.profile = "hangs";
        CHECK(bedrock_open(&w.b, &w.o) == 0 && start(&w, 0, &c) == 0);
        CHECK(step_some(c, 3) == 0 && bedrock_fd(c) >= 0);
        CHECK(waitpid(-1, NULL, WNOHANG) == 0);
        if (end_first)
            bedrock_end(c);
        CHECK(end_first == (waitpid(-1, NULL, WNOHANG) == -1 && errno == ECHILD));
        world_end(&w);
        CHECK(waitpid(-1, NULL, WNOHANG) == -1 && errno == ECHILD);
    }
}

/* A program with a loop of its own sees one descriptor, its events and a time-out. */
static void test_own_loop(void)
{
    static const char *const env[] = {HOME, NULL};
    static const struct files_file file[] = {{"/home/.aws/config", config, 0, 0}, {0}};
    struct bedrock_event ev;
    struct bedrock_call *c = NULL;
    struct world w;
    int rc, turns = 0;

    t_case("a process, in a loop of the program's own");
    world_init(&w, env, file, NOBODY);
    w.o.profile = "process";
    w.x.step_wants = 3;
    CHECK(bedrock_open(&w.b, &w.o) == 0 && start(&w, 0, &c) == 0);
    while ((rc = bedrock_step(c, &ev)) > 0 && turns++ < 1000) {
        struct pollfd p = {bedrock_fd(c), (short)bedrock_events(c), 0};

        if (rc != BEDROCK_EVENT)
            poll(&p, p.fd >= 0, bedrock_timeout_ms(c));
    }
    CHECKF(rc == 0 && signed_by(&w, "PROCESSKEY"), "%s", bedrock_call_error(c)->message);
    CHECKF(turns < 100, "%d turns", turns);
    bedrock_end(c);
    world_end(&w);
}

/* ---- A call that has no time --------------------------------------------------------------------------- */

static void test_deadline(void)
{
    static const char *const env[] = {HOME, AT_ECS, NULL};
    static const struct exchange silent[] = {CONTAINER(-1, NULL), END};
    static const struct exchange good[] = {CONTAINER(200, JSON("ECSKEY", LATER)), END};
    struct bedrock_call *c = NULL, *other = NULL;
    struct bedrock_event ev;
    struct world w;
    int rc;

    t_case("deadline: it passes while keys are fetched");
    world_init(&w, env, NULL, silent);
    CHECK(bedrock_open(&w.b, &w.o) == 0 && start(&w, 1000, &c) == 0);
    w.tick = 50;
    while ((rc = bedrock_step(c, &ev)) > 0)
        ;
    CHECKF(rc == BEDROCK_ERR_TIMEOUT && strstr(bedrock_call_error(c)->message, "deadline"), "%d: %s", rc,
           bedrock_call_error(c)->message);
    CHECKF(!w.b->creds.pending && w.x.open == 0, "%d connections", w.x.open);
    t_case("deadline: and hours later another call, before that one is ended");
    w.x.list = good;
    w.x.at = 0;
    w.ms += 3 * 3600 * 1000;
    CHECK(w.ms > 0 && ask(&w) == BEDROCK_ERR_CONFIG); /* these have expired meanwhile */
    bedrock_end(c);
    world_end(&w);

    t_case("deadline: another call goes on waiting");
    world_init(&w, env, NULL, good);
    w.x.stutter = 1;
    w.x.piece = 8;
    CHECK(bedrock_open(&w.b, &w.o) == 0 && start(&w, 1000, &c) == 0 && start(&w, 0, &other) == 0);
    CHECK(step_some(c, 5) == 0 && step_some(other, 5) == 0);
    w.ms = 1000;
    CHECK(bedrock_step(c, &ev) == BEDROCK_ERR_TIMEOUT && w.b->creds.pending);
    CHECK(finish(&w, other) == 0);
    check_list(&w);
    bedrock_end(c);
    world_end(&w);

    t_case("a connection that fails while keys are fetched");
    world_init(&w, env, NULL, silent);
    w.x.step_wants = MAX_STEPS;
    w.tick = 100;
    w.o.connect_timeout_ms = 500;
    CHECK(bedrock_open(&w.b, &w.o) == 0 && start(&w, 0, &c) == 0);
    while ((rc = bedrock_step(c, &ev)) > 0)
        ;
    CHECKF(rc == BEDROCK_ERR_TIMEOUT, "%d: %s", rc, bedrock_call_error(c)->message);
    CHECKF(!w.b->creds.pending && w.x.open == 0, "%d connections", w.x.open);
    bedrock_end(c);
    world_end(&w);
}

/* ---- Renewal ------------------------------------------------------------------------------------------- */

/* What happens when, in seconds: how long the first keys, which are good for an hour, are good then. */
struct turn {
    int left_s;
    const struct exchange *list;    /* NULL: nobody is asked */
    const char *id;                 /* NULL: it fails */
};

#define NEWER "2026-01-02T06:04:05Z"
#define REFUSED CONTAINER(403, "")

static const struct {
    const char *name;
    int instance, roles;
    const char *first_until;
    struct turn turn[4];
} renewals[] = {
    {"not too early", 0, 0, LATER, {{301, NULL, "ECSKEY"}}},
    {"five minutes before the end", 0, 0, LATER, {{300, LIST(CONTAINER(200, JSON("NEWKEY", NEWER))),
     "NEWKEY"},
     {-100, NULL, "NEWKEY"}}},
    {"a failure is none, and half a minute passes until it is tried again", 0, 0, LATER,
     {{290, LIST(REFUSED), "ECSKEY"}, {261, NULL, "ECSKEY"}, {260, LIST(REFUSED), "ECSKEY"},
      {200, LIST(CONTAINER(200, JSON("NEWKEY", NEWER))), "NEWKEY"}}},
    {"a minute before the end it is one", 0, 0, LATER, {{61, LIST(REFUSED), "ECSKEY"}, {59, NULL, NULL},
     {55, LIST(REFUSED), NULL}, {49, LIST(CONTAINER(200, JSON("NEWKEY", NEWER))), "NEWKEY"}}},
    {"old keys are none", 0, 0, LATER, {{-1, LIST(REFUSED), NULL}}},
    {"keys that are short from the first", 0, 0, SOON, {{3599, NULL, "ECSKEY"},
     {3569, LIST(CONTAINER(200, JSON("NEWKEY", NEWER))), "NEWKEY"}}},
    {"keys that are nearly over from the first", 0, 0, "2026-01-02T03:04:30Z", {{3599, NULL, "ECSKEY"},
     {3594, LIST(CONTAINER(200, JSON("NEWKEY", NEWER))), "NEWKEY"}}},
    {"an instance: new keys, with the token that it has", 1, 0, LATER,
     {{299, LIST(ROLE, ROLE_KEYS("NEWKEY", NEWER)), "NEWKEY"}}},
    {"an instance: old keys go on when it is down", 1, 0, LATER,
     {{-10, LIST({"GET", IMDS_KEYS, NULL, 404, NULL, ""}), "EC2KEY"}, {-20, NULL, "EC2KEY"}}},
    {"an instance: old keys go on when it gives old ones", 1, 0, LATER,
     {{-10, LIST(ROLE, ROLE_KEYS("OLDKEY", LATER)), "OLDKEY"}, {-20, NULL, "OLDKEY"}}},
    {"an instance: keys of a role are STS's", 1, 1, LATER, {{-10, LIST({"GET", IMDS_KEYS, NULL, 404, NULL,
     ""}), NULL}}},
};

static void renewal_turn(struct world *w, const struct turn *t)
{
    int rc;

    w->ms = (3600 - t->left_s) * INT64_C(1000);
    w->x.list = t->list ? t->list : NOBODY;
    w->x.at = 0;
    w->x.bedrock.len = 0;
    rc = ask(w);
    check_list(w);
    if (t->id)
        CHECKF(rc == 0 && signed_by(w, t->id), "%d s left: %d: %s", t->left_s, rc, w->err.message);
    else
        CHECKF(rc == BEDROCK_ERR_CONFIG, "%d s left: %d: %s", t->left_s, rc, w->err.message);
}

static void test_renewal(void)
{
    static const char *const env[2][5] = {{HOME, AT_ECS, NULL}, {HOME, NULL, NULL, NULL}};
    static const struct files_file file[] = {{"/home/.aws/config", config, 0, 0}, {0}};

    for (size_t i = 0; i < sizeof renewals / sizeof renewals[0]; i++) {
        const struct exchange *first = !renewals[i].instance
            ? (strcmp(renewals[i].first_until, LATER) == 0 ? LIST(CONTAINER(200, JSON("ECSKEY", LATER)))
               : strcmp(renewals[i].first_until, SOON) == 0 ? LIST(CONTAINER(200, JSON("ECSKEY", SOON)))
               : LIST(CONTAINER(200, JSON("ECSKEY", "2026-01-02T03:04:30Z"))))
            : renewals[i].roles ? LIST(TOKEN, ROLE, ROLE_KEYS("EC2KEY", LATER), ASSUMED("one", "EC2KEY"))
                                : LIST(TOKEN, ROLE, ROLE_KEYS("EC2KEY", LATER));
        struct world w;

        t_case("renewal: %s", renewals[i].name);
        world_init(&w, env[renewals[i].instance], file, first);
        w.o.profile = renewals[i].roles ? "ec2" : NULL;
        CHECKF(open_and_ask(&w) == 0, "%s", w.err.message);
        check_list(&w);
        for (size_t k = 0; k < 4 && renewals[i].turn[k].left_s; k++)
            renewal_turn(&w, &renewals[i].turn[k]);
        world_end(&w);
    }
}

/* ---- Tokens that are renewed and written back ---------------------------------------------------------- */

static const char sso_folders[][24] = {".aws", ".aws/sso", ".aws/sso/cache", ".aws/login",
    ".aws/login/cache"};

/* A home in the test's own folder. */
static void home_make(char home[400], const char *file, const char *text)
{
    snprintf(home, 400, "%s", t_path("."));
    home[strlen(home) - 2] = 0;
    for (size_t i = 0; i < sizeof sso_folders / sizeof sso_folders[0]; i++)
        mkdir(t_path(sso_folders[i]), 0700);
    t_write_file(".aws/config", config, strlen(config));
    chmod(t_write_file(file, text, strlen(text)), 0644);
}

static void home_remove(const char *file)
{
    unlink(t_path(file));
    unlink(t_path(".aws/config"));
    for (size_t i = sizeof sso_folders / sizeof sso_folders[0]; i-- > 0;)
        CHECKF(rmdir(t_path(sso_folders[i])) == 0, "%s is not empty", sso_folders[i]);
}

static void check_file(const char *file, const char *const words[])
{
    struct stat st;
    size_t len;
    char *text = t_read_file(t_path(file), &len);
    struct bedrock_json v;

    CHECK(text && bedrock_json_parse(text, len, &v, NULL) == 0);
    for (size_t i = 0; text && words[i]; i++)
        CHECKF(strstr(text, words[i]) != NULL, "no %s in %s", words[i], text);
    CHECK(stat(t_path(file), &st) == 0 && (st.st_mode & 0777) == 0600);
    free(text);
}

static void test_written_back(void)
{
    static const struct exchange sso[] = {
        {"POST", OIDC, "{\"clientId\":\"sso-client\",\"clientSecret\":\"sso-client-secret\","
         "\"grantType\":\"refresh_token\",\"refreshToken\":\"sso-refresh-token\"}", 200, NULL,
         "{\"accessToken\":\"renewed-access\",\"tokenType\":\"Bearer\",\"expiresIn\":28800,"
         "\"refreshToken\":\"renewed-refresh\"}"},
        {"GET", PORTAL, NULL, 200, NULL, PORTAL_JSON("SSOKEY", LATER_MS)}, END};
    static const struct exchange login[] = {
        {"POST", SIGNIN,
         "{\"clientId\":\"arn:aws:signin:::devtools/same-device\",\"grantType\":\"refresh_token\","
         "\"refreshToken\":\"login-refresh-token\"}", 200, NULL,
         "{\"accessToken\":{\"accessKeyId\":\"RENEWEDKEY\",\"secretAccessKey\":\"renewed-secret\","
         "\"sessionToken\":\"renewed-session\"},\"tokenType\":\"aws_sigv4\",\"expiresIn\":900,"
         "\"refreshToken\":\"renewed-login\"}"}, END};
    static const struct {
        const char *name, *profile, *file, *text, *id, *sent;
        const struct exchange *list;
        const char *words[6];
    } cases[] = {
        {"SSO, soon over", "sso", SSO_FILE, SSO_CACHE(SOON), "SSOKEY",
         "x-amz-sso_bearer_token: renewed-access", sso,
         {"renewed-access", "renewed-refresh", "\"note\":\"stays\"", "2026-01-02T11:04:05Z", NULL}},
        {"SSO, over", "sso", SSO_FILE, SSO_CACHE(PAST), "SSOKEY", "x-amz-sso_bearer_token: renewed-access",
         sso,
         {"renewed-access", "renewed-refresh", "\"note\":\"stays\"", "2026-01-02T11:04:05Z", NULL}},
        {"login", "login", LOGIN_FILE, LOGIN_CACHE(PAST), "RENEWEDKEY", "\r\nDPoP: eyJ", login,
         {"RENEWEDKEY", "renewed-secret", "renewed-session", "renewed-login", "2026-01-02T03:19:05Z", NULL}},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *env[] = {"HOME", NULL, NULL};
        char home[400];
        struct world w;
        int rc;

        t_case("written back: %s", cases[i].name);
        home_make(home, cases[i].file + 1, cases[i].text);
        env[1] = home;
        world_init(&w, env, NULL, cases[i].list);
        w.o.read_file = NULL;
        w.o.profile = cases[i].profile;
        rc = open_and_ask(&w);
        check_list(&w);
        CHECKF(rc == 0 && signed_by(&w, cases[i].id), "%d: %s", rc, w.err.message);
        CHECKF(strstr(w.x.last.p, cases[i].sent) != NULL, "sent %s", w.x.last.p);
        check_file(cases[i].file + 1, cases[i].words);
        world_end(&w);
        home_remove(cases[i].file + 1);
    }
}

/* Where nothing can be written, the token in memory is the newer one. */
static void test_not_written(void)
{
    static const char *const env[] = {HOME, NULL};
    static const struct files_file file[] = {{"/home/.aws/config", config, 0, 0},
                                             {"/home" SSO_FILE, SSO_CACHE(PAST), 0, 0}, {0}};
    static const struct files_file other[] = {{"/home/.aws/config", config, 0, 0},
                                              {"/home" SSO_FILE, SSO_CACHE("2026-01-03T00:00:00Z"), 0, 0},
                                               {0}};
    static const struct files_file gone[] = {{"/home/.aws/config", config, 0, 0}, {0}};
    static const struct exchange again[] = {
        {"GET", PORTAL, NULL, 200, NULL, PORTAL_JSON("NEWKEY", "1767330245000")}, END};
    struct world w;

    t_case("SSO: a renewed token that could not be written serves on");
    world_init(&w, env, file,
               LIST({"POST", OIDC, NULL, 200, NULL,
               "{\"accessToken\":\"renewed-access\",\"expiresIn\":28800}"},
                    {"GET", PORTAL, NULL, 200, NULL, PORTAL_JSON("SSOKEY", LATER_MS)}));
    w.o.profile = "sso";
    CHECKF(open_and_ask(&w) == 0 && signed_by(&w, "SSOKEY"), "%s", w.err.message);
    check_list(&w);
    w.ms = 3590 * 1000;
    w.x.list = again;
    w.x.at = 0;
    CHECKF(ask(&w) == 0 && signed_by(&w, "NEWKEY"), "%s", w.err.message);
    check_list(&w);
    CHECK(strstr(w.x.last.p, "x-amz-sso_bearer_token: renewed-access") != NULL);
    t_case("SSO: until somebody signs in again");
    w.files.file = other;
    w.ms = 7190 * 1000;
    w.x.at = 0;
    w.x.list = LIST({"GET", PORTAL, NULL, 200, NULL, PORTAL_JSON("OTHERKEY", "1767340000000")});
    CHECKF(ask(&w) == 0 && signed_by(&w, "OTHERKEY"), "%s", w.err.message);
    check_list(&w);
    CHECK(strstr(w.x.last.p, "x-amz-sso_bearer_token: sso-access-token") != NULL);
    t_case("SSO: or out");
    w.files.file = gone;
    w.ms = 20000 * 1000;
    CHECKF(ask(&w) == BEDROCK_ERR_CONFIG && strstr(w.err.message, "nobody has signed in"), "%s",
        w.err.message);
    world_end(&w);
}

/* Another process was faster: our refresh token is no good any more, and its access token is. */
static void test_other_process(void)
{
    static const char *const env[] = {HOME, NULL};
    static const struct files_file before[] = {{"/home/.aws/config", config, 0, 0},
                                               {"/home" SSO_FILE, SSO_CACHE(PAST), 0, 0}, {0}};
    static const struct files_file after[] = {{"/home/.aws/config", config, 0, 0},
                                              {"/home" SSO_FILE, SSO_CACHE(LATER), 0, 0}, {0}};
    struct bedrock_call *c = NULL;
    struct world w;

    for (int late = 0; late < 2; late++) {
        t_case("SSO: another process renews it at the same time%s", late ? ", and writes it later" : "");
        world_init(&w, env, before,
                   LIST({"POST", OIDC, NULL, 400, NULL, "{\"error\":\"invalid_grant\"}"},
                        {"GET", PORTAL, NULL, 200, NULL, PORTAL_JSON("SSOKEY", LATER_MS)}));
        w.o.profile = "sso";
        w.x.stutter = 1;
        CHECK(bedrock_open(&w.b, &w.o) == 0 && start(&w, 0, &c) == 0);
        while (w.x.at == 0 && step_some(c, 1) == 0)
            ;
        CHECK(!late || step_some(c, 20) == 0);
        w.ms += 30;
        CHECK(!late || (step_some(c, 2) == 0 && bedrock_timeout_ms(c) == 25));
        w.files.file = after;
        w.tick = 5;
        CHECKF(finish(&w, c) == 0 && signed_by(&w, "SSOKEY"), "%s", w.err.message);
        check_list(&w);
        world_end(&w);
    }
}

/* ---- Memory -------------------------------------------------------------------------------------------- */

static const struct {
    const char *name, *profile, *env[7];
    struct files_file file[2];
    const struct exchange *list;
} memory_cases[] = {
    {"web identity", NULL, {HOME, WEB_ENV}, WEB_FILE,
     (const struct exchange[]){WEB(200, XML("AssumeRoleWithWebIdentity", "WEBKEY", LATER)), END}},
    {"SSO, renewed", "sso", {HOME}, SSO_ON_DISK(SSO_CACHE(SOON)), (const struct exchange[]){
     {"POST", OIDC, NULL, 200, NULL, "{\"accessToken\":\"renewed-access\",\"expiresIn\":28800}"},
     {"GET", PORTAL, NULL, 200, NULL, PORTAL_JSON("SSOKEY", LATER_MS)}, END}},
    {"an instance", NULL, {HOME}, {{0}}, (const struct exchange[]){TOKEN, ROLE, ROLE_KEYS("EC2KEY", LATER),
     END}},
    {"two roles", "two", {HOME}, {{0}},
     (const struct exchange[]){ASSUMED("one", "ONEKEY"), ASSUMED("two", "TWOKEY"), END}},
    {"a container", NULL, {HOME, AT_ECS}, {{0}}, (const struct exchange[]){CONTAINER(200, JSON("ECSKEY",
     LATER)), END}},
    {"login, renewed", "login", {HOME}, {{"/home" LOGIN_FILE, LOGIN_CACHE(PAST), 0, 0}}, (const struct
     exchange[]){
     {"POST", SIGNIN, NULL, 200, NULL,
      "{\"accessToken\":{\"accessKeyId\":\"K\",\"secretAccessKey\":\"renewed-s\","
      "\"sessionToken\":\"renewed-t\"},\"expiresIn\":900}"}, END}},
};

static void test_no_memory(void)
{
    for (size_t i = 0; i < sizeof memory_cases / sizeof memory_cases[0]; i++)
        for (int onward = 0; onward < 2; onward++) {
            size_t n = 0, calls;

            t_case("%s: allocation n %sfails", memory_cases[i].name, onward ? "and all behind it " : "");
            do {
                struct files_file file[3] = {{"/home/.aws/config", config, 0, 0}, memory_cases[i].file[0],
                    {0}};
                struct world w;
                int rc;

                world_init(&w, memory_cases[i].env, file, memory_cases[i].list);
                w.o.profile = memory_cases[i].profile;
                w.heap.fail_at = ++n;
                w.heap.onward = onward;
                rc = open_and_ask(&w);
                CHECKF(rc == BEDROCK_ERR_NOMEM || (rc == 0 && (!onward || n > w.heap.calls)), "%zu: %d: %s",
                    n, rc,
                       w.err.message);
                CHECKF(!w.x.wrong[0], "asked %s", w.x.wrong);
                calls = w.heap.calls;
                world_end(&w);
            } while (n <= calls);
            CHECKF(n > 20, "only %zu allocations", n);
        }
}

int main(void)
{
    test_sources();
    test_mfa();
    test_region();
    test_one_flight();
    for (size_t i = 0; i < N_WAYS; i++) {
        test_first_leaves(i);
        test_last_leaves(i);
        test_close(i);
    }
    test_close_process();
    test_own_loop();
    test_deadline();
    test_renewal();
    test_written_back();
    test_not_written();
    test_other_process();
    test_no_memory();
    return t_end("test_provide");
}
