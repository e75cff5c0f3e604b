/* test_provide.c - credentials from every source, from the first request to the signature: roles, codes,
 * Regions, and everything that can go wrong on the way. Leaves out: several calls, and keys that end
 * (test_renewal.c); a program's own vault (test_creds.c); single requests and answers (test_imds.c ...). */
#include "world.h"
#include <string.h>

/* ---- Each source, well and ill ---- */

struct source_case {
    const char *name;
    const char *profile;            /* by its option; NULL: not named */
    const char *env[7];
    struct files_file file[3];      /* beside the config file */
    const struct exchange *list;
    const char *id, *word;          /* the key that signs; or what the error says */
    int64_t tick;
};

#define OFF "AWS_EC2_METADATA_DISABLED", "true"
#define FULL "AWS_CONTAINER_CREDENTIALS_FULL_URI"
#define WEB_ENV "AWS_WEB_IDENTITY_TOKEN_FILE", "/token", "AWS_ROLE_ARN", ARN "web"
#define WEB_FILE {{"/token", "web.identity.token\n", 0, 0}}

static const struct source_case source_cases[] = {
    {"nobody", NULL, {HOME, OFF}, {{0}}, NOBODY, NULL, "no credentials", 0},
    /* containers */
    {"a container", NULL, {HOME, AT_ECS}, {{0}}, LIST(CONTAINER(200, JSON("ECSKEY", LATER))), "ECSKEY", NULL,
     0},
    {"a container: it calls its answer an event stream", NULL, {HOME, AT_ECS}, {{0}},
     LIST({"GET", ECS, NULL, 200, "Content-Type: application/vnd.amazon.eventstream\r\n", 
      JSON("ECSKEY", LATER)}),
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
    out[0].text = world_config;
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
    rc = world_open_and_ask(&w);
    world_check_list(&w);
    if (s->id) {
        CHECKF(rc == 0 && world_signed_by(&w, s->id), "%d: %s", rc, w.err.message);
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
        if (source_cases[i].tick > 0 || (source_cases[i].profile &&
                                        strcmp(source_cases[i].profile, "hangs") == 0))
            continue;
        t_case("%s, a byte at a time", source_cases[i].name);
        run_source(&source_cases[i], 1, 0, 3);
        t_case("%s, and not now", source_cases[i].name);
        run_source(&source_cases[i], 7, 1, 1);
    }
}

/* ---- A code of an MFA device ---- */

static int mfa_code(void *ctx, const char *serial, char *code, size_t cap)
{
    struct world *w = ctx;

    w->asked++;
    CHECKF(strcmp(serial, "arn:aws:iam::123456789012:mfa/me") == 0, "asked for %s", serial);
    if (w->code)
        snprintf(code, cap, "%s", w->code);
    return w->code ? 0 : -1;
}

static void test_mfa(void)
{
    static const char *const env[] = {HOME, NULL};
    static const struct files_file file[] = {{"/home/.aws/config", world_config, 0, 0}, {0}};
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
        w.o.mfa = cases[i].hook ? mfa_code : NULL;
        w.o.mfa_ctx = &w;
        w.code = cases[i].code;
        rc = world_open_and_ask(&w);
        world_check_list(&w);
        CHECKF(w.asked == cases[i].hook, "asked %d times", w.asked);
        if (w.code) {
            CHECKF(rc == 0 && world_signed_by(&w, "ONEKEY"), "%s", w.err.message);
            CHECK(strstr(w.x.last.p,
                         "&SerialNumber=arn%3Aaws%3Aiam%3A%3A123456789012%3Amfa%2Fme&TokenCode=123321"));
            CHECK(world_ask(&w) == 0 && w.asked == 1);
        } else {
            CHECKF(rc == BEDROCK_ERR_CONFIG &&
                   strstr(w.err.message, "profile 'mfa' of /home/.aws/config: role " ARN "one of profile "
                          "'mfa' needs a code of the MFA device arn:aws:iam::123456789012:mfa/me, "
                          "and nobody"),
                   "%s", w.err.message);
        }
        world_end(&w);
    }
}

/* ---- A Region that an instance tells ---- */

#define ENV_KEYS "AWS_ACCESS_KEY_ID", "ENVKEY", "AWS_SECRET_ACCESS_KEY", "static-secret"

static const struct {
    const char *name, *env[9];
    const struct exchange *list;
    const char *runtime, *control;  /* the hosts */
    const char *id, *word;
} region_cases[] = {
    {"and keys of the environment", {HOME, ENV_KEYS}, (const struct exchange[]){TOKEN, 
     PLACE("eu-west-1"), END},
     "bedrock-runtime.eu-west-1.amazonaws.com", "bedrock.eu-west-1.amazonaws.com", "ENVKEY", NULL},
    {"and keys", {HOME}, (const struct exchange[]){TOKEN, PLACE("eu-west-1\n"), ROLE,
     ROLE_KEYS("EC2KEY", LATER), END},
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
    static const struct files_file file[] = {{"/home/.aws/config", world_config, 0, 0}, {0}};

    for (size_t i = 0; i < sizeof region_cases / sizeof region_cases[0]; i++) {
        struct world w;
        int rc;

        t_case("a Region %s", region_cases[i].name);
        world_init(&w, region_cases[i].env, file, region_cases[i].list);
        w.o.region = NULL;
        rc = world_open_and_ask(&w);
        world_check_list(&w);
        CHECK_TEXT(w.b->cf.endpoint[BDK_RUNTIME].host, strlen(w.b->cf.endpoint[BDK_RUNTIME].host),
                   region_cases[i].runtime);
        CHECK_TEXT(w.b->cf.endpoint[BDK_CONTROL].host, strlen(w.b->cf.endpoint[BDK_CONTROL].host),
                   region_cases[i].control);
        if (region_cases[i].id) {
            CHECKF(rc == 0 && world_signed_by(&w, region_cases[i].id), "%d: %s", rc, w.err.message);
            CHECK(strstr(w.x.bedrock.p, bedrock_region(w.b)) != NULL);
            CHECK(world_ask(&w) == 0);
        } else {
            CHECKF(rc == BEDROCK_ERR_CONFIG && strstr(w.err.message, region_cases[i].word), "%d: %s", rc,
                   w.err.message);
            /* and the same is told to the next call, which asks nobody */
            CHECK(world_ask(&w) == BEDROCK_ERR_CONFIG && bedrock_region(w.b)[0] == 0);
        }
        world_check_list(&w);
        world_end(&w);
    }
}

/* ---- Memory ---- */

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
    {"an instance", NULL, {HOME}, {{0}}, (const struct exchange[]){
     TOKEN, ROLE, ROLE_KEYS("EC2KEY", LATER), END}},
    {"two roles", "two", {HOME}, {{0}},
     (const struct exchange[]){ASSUMED("one", "ONEKEY"), ASSUMED("two", "TWOKEY"), END}},
    {"a container", NULL, {HOME, AT_ECS}, {{0}}, (const struct exchange[]){
     CONTAINER(200, JSON("ECSKEY", LATER)), END}},
    {"login, renewed", "login", {HOME}, {{"/home" LOGIN_FILE, LOGIN_CACHE(PAST), 0, 0}},
     (const struct exchange[]){
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
                struct files_file file[3] = {{"/home/.aws/config", world_config, 0, 0},
                                             memory_cases[i].file[0], {0}};
                struct world w;
                int rc;

                world_init(&w, memory_cases[i].env, file, memory_cases[i].list);
                w.o.profile = memory_cases[i].profile;
                w.heap.fail_at = ++n;
                w.heap.onward = onward;
                rc = world_open_and_ask(&w);
                CHECKF(rc == BEDROCK_ERR_NOMEM || (rc == 0 && (!onward || n > w.heap.calls)), "%zu: %d: %s",
                       n, rc, w.err.message);
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
    test_no_memory();
    return t_end("test_provide");
}
