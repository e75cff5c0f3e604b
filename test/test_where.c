/* test_where.c - where settings come from, as a program is told; credentials alone, who one is, the way to a
 * service, API keys. Leaves out: certificates and times (test_conn.c, test/cli_whoami.sh). */
#include "bedrock_int.h"
#include "emu.h"
#include "files.h"
#include "mock.h"
#include <string.h>

#define NOW_S 1767323045 /* 2026-01-02T03:04:05Z, the mock's clock */
#define SECRET "TopSecretValue/TopSecretValue"
#define TOKEN "TopTokenValue/TopTokenValue"

/* A client whose world is these variables and files, over the mock. */
static int open_in(struct bedrock **b, struct mock *m, struct files *f, const char *profile)
{
    struct bdk_env env = files_env(f);
    struct bedrock_options o;

    mock_options(&o, m, NULL);
    o.region = o.access_key_id = o.secret_access_key = NULL;
    o.getenv = env.fn;
    o.getenv_ctx = env.ctx;
    o.read_file = env.read_file;
    o.read_file_ctx = env.read_file_ctx;
    o.profile = profile;
    return bedrock_open(b, &o);
}

/* ---- Where things come from ---- */

#define CONFIG \
    "[default]\nregion = eu-west-1\nendpoint_url = https://one.example/base\n" \
    "[profile keys]\naws_access_key_id = AKIDPROFILE1\naws_secret_access_key = " SECRET "\n" \
    "[profile role]\nrole_arn = arn:aws:iam::123456789012:role/r\nsource_profile = keys\n" \
    "[profile sso]\nsso_session = s\nsso_account_id = 123456789012\nsso_role_name = R\n" \
    "[profile tokens]\nsso_session = s\n[sso-session s]\nsso_region = us-east-1\n" \
    "sso_start_url = https://x\n" \
    "[profile half]\nrole_arn = arn:aws:iam::123456789012:role/r\n" \
    "[profile run]\ncredential_process = get " SECRET "\n[profile none]\noutput = json\n"

#define WEST "AWS_REGION", "us-west-2"
#define WEST_WAY "https://bedrock.us-west-2.amazonaws.com", "Region"
#define FILES "AWS_CONFIG_FILE", "/config"
#define KEYS "AWS_ACCESS_KEY_ID", "AKIDENVIRON1", "AWS_SECRET_ACCESS_KEY", SECRET

static const struct {
    const char *name, *profile;
    const char *env[12];
    int rc;
    const char *region_from, *url, *url_from, *source, *key_id;
    const char *states;     /* of the sources: not asked, passed over, failed, used */
    const char *why;        /* a part of the reason of the last that was passed over or failed */
} wheres[] = {
    {"nothing at all", NULL, {NULL}, BEDROCK_ERR_CONFIG, "", "", "", "", "", "------", NULL},
    {"a Region alone", NULL, {WEST}, BEDROCK_ERR_CONFIG, "AWS_REGION",
     WEST_WAY, "", "", "oooooo", "AWS_EC2_METADATA_DISABLED is true"},
    {"keys", NULL, {WEST, KEYS}, 0,
     "AWS_REGION", WEST_WAY, "environment (AWS_ACCESS_KEY_ID)", "RON1",
     "ou----", "AWS_BEARER_TOKEN_BEDROCK is not set"},
    {"a short id", NULL, {WEST, "AWS_ACCESS_KEY_ID", "AKIDENV", "AWS_SECRET_ACCESS_KEY", SECRET}, 0,
     "AWS_REGION", WEST_WAY, "environment (AWS_ACCESS_KEY_ID)", "",
     "ou----", NULL},
    {"half a pair", NULL, {WEST, "AWS_ACCESS_KEY_ID", "AKIDENVIRON1"}, BEDROCK_ERR_CONFIG,
     "AWS_REGION", WEST_WAY, "environment (AWS_ACCESS_KEY_ID)", "",
     "of----", "half a key pair"},
    {"a token", NULL, {WEST, "AWS_BEARER_TOKEN_BEDROCK", TOKEN}, 0, "AWS_REGION",
     WEST_WAY, "environment (AWS_BEARER_TOKEN_BEDROCK)", "", "u-----", NULL},
    {"a web identity", NULL, {WEST, "AWS_WEB_IDENTITY_TOKEN_FILE", "/token", "AWS_ROLE_ARN", "arn:r"},
     0, "AWS_REGION", WEST_WAY,
     "web identity (AWS_WEB_IDENTITY_TOKEN_FILE), role arn:r", "", "oou---", "AWS_ACCESS_KEY_ID is not set"},
    {"a container", NULL, {WEST, "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "/x"}, 0, "AWS_REGION",
     WEST_WAY, "container (AWS_CONTAINER_CREDENTIALS_RELATIVE_URI)", "",
     "oooou-", "profile 'default': no such profile in /home/.aws/config or /home/.aws/credentials"},
    {"an instance", NULL, {WEST, "AWS_EC2_METADATA_DISABLED", "false"}, 0, "AWS_REGION",
     WEST_WAY, "instance metadata", "", "ooooou",
     "neither AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"},
    {"a file", NULL, {FILES, KEYS},
     0, "region in /config:2", "https://one.example/base", "endpoint_url in /config:3",
     "environment (AWS_ACCESS_KEY_ID)", "RON1", "ou----", NULL},
    {"a URL for one service", NULL, {FILES, "AWS_ENDPOINT_URL_BEDROCK", "http://127.0.0.1:81",
      KEYS}, 0, "region in /config:2",
     "http://127.0.0.1:81", "AWS_ENDPOINT_URL_BEDROCK", "environment (AWS_ACCESS_KEY_ID)", "RON1", "ou----",
     NULL},
    {"a profile goes before keys", "keys", {FILES, WEST, KEYS}, 0, "AWS_REGION",
     WEST_WAY, "profile 'keys': keys", "", "ooou--",
     "the profile option goes before it"},
    {"a role", "role", {FILES, WEST}, 0, "AWS_REGION",
     WEST_WAY,
     "profile 'role': keys of profile 'keys', then role arn:aws:iam::123456789012:role/r", "", "ooou--",
     NULL},
    {"SSO", "sso", {FILES, WEST}, 0, "AWS_REGION",
     WEST_WAY, "profile 'sso': IAM Identity Center, session 's', role R", "",
     "ooou--", NULL},
    {"a program, whose command may hold anything", "run", {FILES, WEST}, 0,
     "AWS_REGION", WEST_WAY, "profile 'run': credential_process", "", "ooou--",
     NULL},
    {"SSO for tokens", "tokens", {FILES, WEST,
      "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "/x"}, 0, "AWS_REGION", WEST_WAY,
     "container (AWS_CONTAINER_CREDENTIALS_RELATIVE_URI)", "", "oooou-", "is for tokens alone"},
    {"a profile without any", "none", {FILES, WEST,
      "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "/x"}, 0, "AWS_REGION", WEST_WAY,
     "container (AWS_CONTAINER_CREDENTIALS_RELATIVE_URI)", "", "oooou-",
     "it says nothing of credentials in /config or /home/.aws/credentials"},
    {"a broken profile", "half", {FILES, WEST}, BEDROCK_ERR_CONFIG,
     "AWS_REGION", WEST_WAY, "profile 'half'", "", "ooof--", "source_profile"},
    {"no such profile", "lost", {FILES, WEST}, BEDROCK_ERR_CONFIG, "", "", "",
     "", "", "------", NULL},
};

static const struct files_file where_files[] = {{"/config", CONFIG, 0, 0}, {NULL, NULL, 0, 0}};

/* All variables, and those that hold for each case. */
static const char *const *where_env(const char *out[18], const char *const *own)
{
    size_t n = 0;
    int has_imds = 0;

    for (; own[n]; n++) {
        out[n] = own[n];
        has_imds |= strcmp(own[n], "AWS_EC2_METADATA_DISABLED") == 0;
    }
    out[n++] = "HOME";
    out[n++] = "/home";
    out[n] = has_imds ? NULL : "AWS_EC2_METADATA_DISABLED";
    out[n + 1] = "true";
    out[n + 2] = NULL;
    return out;
}

static int where_has_secret(const struct bedrock_where *w)
{
    const char *p = (const char *)w;

    for (size_t i = 0; i + 9 < sizeof *w; i++)
        if (memcmp(p + i, "TopSecret", 9) == 0 || memcmp(p + i, "TopToken", 8) == 0)
            return 1;
    return 0;
}

static void check_sources(const struct bedrock *b, const char *want, const char *why)
{
    static const char letters[] = "-ofu";
    char got[16] = "", last[1024] = "";
    struct bedrock_source s;
    size_t at = 0, n = 0;

    while (n < sizeof got - 1 && bedrock_source_next(b, &at, &s)) {
        got[n++] = letters[s.state];
        CHECK((s.why[0] != 0) == (s.state == BEDROCK_SOURCE_PASSED_OVER || s.state == BEDROCK_SOURCE_FAILED));
        if (s.why[0])
            memcpy(last, s.why, sizeof last);
        CHECK(!strstr(s.why, "TopSecret") && !strstr(s.why, "TopToken"));
    }
    got[n] = 0;
    CHECK_TEXT(got, n, want);
    CHECKF(!why || strstr(last, why), "%s", last);
}

static void test_where(void)
{
    for (size_t i = 0; i < sizeof wheres / sizeof wheres[0]; i++) {
        const char *env[18];
        struct files f = {.env = where_env(env, wheres[i].env), .file = where_files};
        const struct bedrock_way *way;
        struct bedrock_where w;
        struct bedrock *b;
        struct mock m;

        t_case("where: %s", wheres[i].name);
        mock_init(&m, "", 0);
        CHECKF(open_in(&b, &m, &f, wheres[i].profile) == wheres[i].rc, "%s", bedrock_error(b)->message);
        bedrock_where(b, &w);
        way = &w.way[BEDROCK_CONTROL];
        CHECK_TEXT(w.region_from, strlen(w.region_from), wheres[i].region_from);
        CHECK_TEXT(way->url, strlen(way->url), wheres[i].url);
        CHECK_TEXT(way->from, strlen(way->from), wheres[i].url_from);
        CHECK_TEXT(w.source, strlen(w.source), wheres[i].source);
        CHECK_TEXT(w.key_id, strlen(w.key_id), wheres[i].key_id);
        CHECK(w.bearer_token == (strcmp(wheres[i].states, "u-----") == 0));
        CHECK(!where_has_secret(&w));
        check_sources(b, wheres[i].states, wheres[i].why);
        CHECK(m.opens == 0);
        bedrock_close(b);
        mock_free(&m);
    }
}

static void test_nobody(void)
{
    struct bedrock_source s;
    struct bedrock_where w;
    size_t at = 0;

    t_case("where: no client");
    bedrock_where(NULL, &w);
    CHECK(w.region[0] == 0 && w.source[0] == 0 && bedrock_source_next(NULL, &at, &s) == 0);
}

static void test_options(void)
{
    struct bedrock_options o;
    struct bedrock_source s;
    struct bedrock_where w;
    struct bedrock *b;
    struct mock m;
    size_t at = 0;

    t_case("where: what the program gives");
    mock_init(&m, "", 0);
    mock_options(&o, &m, NULL);
    o.endpoint_url = "https://two.example:444";
    CHECK(bedrock_open(&b, &o) == 0);
    bedrock_where(b, &w);
    CHECK_TEXT(w.region_from, strlen(w.region_from), "option");
    CHECK_TEXT(w.way[0].url, strlen(w.way[0].url), "https://two.example:444");
    CHECK_TEXT(w.way[0].from, strlen(w.way[0].from), "option");
    CHECK_TEXT(w.way[0].ca, strlen(w.way[0].ca), "the program's own transport");
    CHECK_TEXT(w.source, strlen(w.source), "given by the program");
    CHECK_TEXT(w.key_id, strlen(w.key_id), "MPLE");
    CHECK(bedrock_source_next(b, &at, &s) == 1 && strcmp(s.name, "options") == 0);
    CHECK(s.state == BEDROCK_SOURCE_USED);
    bedrock_close(b);
    mock_free(&m);
}

/* ---- Trust and proxies, which the built-in transport has ---- */

static void test_ways(void)
{
    static const struct {
        const char *name;
        const char *env[8];
        const char *ca, *proxy;
    } cases[] = {
        {"AWS's own", {NULL}, "the built-in roots of Amazon Trust Services", ""},
        {"plain HTTP", {"AWS_ENDPOINT_URL", "http://127.0.0.1:81"}, "", ""},
        {"somebody's", {"AWS_ENDPOINT_URL", "https://one.example"},
         "the built-in roots of Amazon Trust Services, and /etc/ssl/cert.pem", ""},
        {"a bundle", {"AWS_CA_BUNDLE", "/bundle"}, "/bundle (from AWS_CA_BUNDLE)", ""},
        {"a proxy", {"HTTPS_PROXY", "http://me:TopSecretValue@p.example:3128"},
         "the built-in roots of Amazon Trust Services", "p.example:3128 (HTTPS_PROXY)"},
        {"a proxy with TLS, and not for all",
         {"https_proxy", "https://TopSecretUser@p.example", "NO_PROXY", ".example"},
         "the built-in roots of Amazon Trust Services", "https://p.example:443 (https_proxy)"},
        {"no proxy", {"HTTPS_PROXY", "http://p.example:3128", "NO_PROXY", "amazonaws.com"},
         "the built-in roots of Amazon Trust Services", ""},
    };
    const struct files_file files[] = {{"/bundle", emu_ca_pem, 0, 0}, {"/etc/ssl/cert.pem", emu_ca_pem, 0, 0},
                                       {NULL, NULL, 0, 0}};

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *env[18];
        struct files f = {.env = where_env(env, cases[i].env), .file = files};
        struct bdk_env world = files_env(&f);
        struct bedrock_options o = {.region = "us-east-1", .access_key_id = "AKIDEXAMPLE",
                                    .secret_access_key = SECRET, .getenv = world.fn, .getenv_ctx = world.ctx};
        struct bedrock_where w;
        struct bedrock *b;

        t_case("way: %s", cases[i].name);
        o.read_file = world.read_file;
        o.read_file_ctx = world.read_file_ctx;
        CHECKF(bedrock_open(&b, &o) == 0, "%s", bedrock_error(b)->message);
        bedrock_where(b, &w);
        CHECK_TEXT(w.way[0].ca, strlen(w.way[0].ca), cases[i].ca);
        CHECK_TEXT(w.way[0].proxy, strlen(w.way[0].proxy), cases[i].proxy);
        CHECK(!where_has_secret(&w));
        bedrock_close(b);
    }
}

/* ---- Credentials alone ---- */

static void test_find(void)
{
    struct bedrock_call *c;
    struct bedrock_event ev;
    struct bedrock *b;
    struct mock m;

    t_case("find: keys at hand");
    mock_init(&m, "", 0);
    CHECK(mock_client(&b, &m, NULL) == 0);
    CHECK(bedrock_find_credentials(b, &c) == 0);
    CHECK(bedrock_step(c, &ev) == BEDROCK_DONE && bedrock_step(c, &ev) == BEDROCK_DONE);
    CHECK(bedrock_probe_seen(c) == NULL && bedrock_fd(c) == -1);
    bedrock_end(c);
    bedrock_close(b);
    CHECK(m.opens == 0);
    t_case("find: a client that is not open");
    CHECK(bedrock_open(&b, &(struct bedrock_options){.getenv = mock_getenv, .io = &m.io, .region = "?"}) < 0);
    CHECK(bedrock_find_credentials(b, &c) == BEDROCK_ERR_CONFIG && c == NULL);
    CHECK(bedrock_identity(b, &c) == BEDROCK_ERR_CONFIG && c == NULL);
    CHECK(bedrock_probe(b, BEDROCK_RUNTIME, &c) == BEDROCK_ERR_CONFIG && c == NULL);
    bedrock_close(b);
    mock_free(&m);
}

/* An instance gives them: two hooks deep, then the keys are told. */
static int later_keys(void *ctx, struct bedrock_credentials *out, struct bedrock_later *later)
{
    int *left = ctx;

    later->fd = -1;
    later->timeout_ms = 0;
    if ((*left)-- > 0)
        return BEDROCK_WANT_READ;
    out->access_key_id = "VAULTKEY1234";
    out->secret_access_key = SECRET;
    out->account_id = "123456789012";
    out->expires_s = NOW_S + 1000;
    return *left < -5 ? -1 : 0;
}

static void test_later(int left)
{
    struct bedrock_options o;
    struct bedrock_source s;
    struct bedrock_where w;
    struct bedrock_call *c;
    struct bedrock_event ev;
    struct bedrock *b;
    struct mock m;
    size_t at = 0;
    int fails = left < 0;

    t_case("find: keys that come later, %d", left);
    mock_init(&m, "", 0);
    mock_options(&o, &m, NULL);
    o.access_key_id = o.secret_access_key = NULL;
    o.credentials = later_keys;
    o.credentials_ctx = &left;
    CHECK(bedrock_open(&b, &o) == 0);
    bedrock_where(b, &w);
    CHECK(w.key_id[0] == 0 && strcmp(w.source, "the program's credentials hook") == 0);
    CHECK(bedrock_find_credentials(b, &c) == 0);
    CHECK(bedrock_next(c, &ev) == (fails ? BEDROCK_ERR_CONFIG : BEDROCK_DONE));
    bedrock_where(b, &w);
    CHECK_TEXT(w.key_id, strlen(w.key_id), fails ? "" : "1234");
    CHECK_TEXT(w.account_id, strlen(w.account_id), fails ? "" : "123456789012");
    CHECK(w.expires_s == (fails ? 0 : NOW_S + 1000));
    CHECK(bedrock_source_next(b, &at, &s) == 1 && strcmp(s.name, "hook") == 0);
    CHECK(s.state == (fails ? BEDROCK_SOURCE_FAILED : BEDROCK_SOURCE_USED) && (s.why[0] != 0) == fails);
    bedrock_end(c);
    bedrock_close(b);
    CHECK(m.opens == 0);
    mock_free(&m);
}

/* ---- Who one is ---- */

#define CALLER \
    "<GetCallerIdentityResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\">" \
    "<GetCallerIdentityResult><Arn>arn:aws:iam::123456789012:user/me</Arn>" \
    "<UserId>AIDA\"1</UserId><Account>123456789012</Account>" \
    "</GetCallerIdentityResult></GetCallerIdentityResponse>"

static const struct {
    const char *name, *status, *body;
    int rc;
    const char *want;   /* the response, or a part of the message */
} callers[] = {
    {"told", "200 OK", CALLER, 0,
     "{\"UserId\":\"AIDA\\\"1\",\"Account\":\"123456789012\",\"Arn\":\"arn:aws:iam::123456789012:user/me\"}"},
    {"refused", "403 Forbidden", "<ErrorResponse><Error><Code>InvalidClientTokenId</Code><Message>no " SECRET
     "</Message></Error><RequestId>r-1</RequestId></ErrorResponse>", BEDROCK_ERR_SERVICE,
     "InvalidClientTokenId: no "},
    {"something else", "200 OK", "<html/>", BEDROCK_ERR_PROTOCOL, "the answer"},
    {"nothing", "500 Internal", "", BEDROCK_ERR_SERVICE, "answered HTTP 500"},
};

/* bedrock_identity(), from start to end. The response, or the message, goes into out. */
static int ask_who(struct bedrock *b, char out[1024])
{
    struct bedrock_call *c;
    struct bedrock_event ev;
    int rc = bedrock_identity(b, &c);

    out[0] = 0;
    if (rc != 0)
        return rc;
    rc = bedrock_next(c, &ev);
    if (rc == BEDROCK_EVENT) {
        CHECK(ev.kind == BEDROCK_RESPONSE);
        snprintf(out, 1024, "%.*s", (int)ev.json.len, ev.json.p);
        rc = bedrock_next(c, &ev);
    } else {
        snprintf(out, 1024, "%s", bedrock_call_error(c)->message);
    }
    bedrock_end(c);
    return rc;
}

static void test_identity(void)
{
    for (size_t i = 0; i < sizeof callers / sizeof callers[0]; i++) {
        struct bedrock_buffer reply = {0};
        struct bedrock_options o;
        struct bedrock *b;
        struct mock m;
        char out[1024];

        t_case("identity: %s", callers[i].name);
        mock_reply(&reply, callers[i].status, "text/xml", callers[i].body);
        mock_init(&m, reply.p, reply.len);
        mock_options(&o, &m, NULL);
        o.secret_access_key = SECRET;
        CHECK(bedrock_open(&b, &o) == 0);
        CHECKF(ask_who(b, out) == callers[i].rc, "%s", out);
        CHECKF(strstr(out, callers[i].want) != NULL && !strstr(out, "TopSecret"), "%s", out);
        CHECK_TEXT(m.host, strlen(m.host), "sts.us-east-1.amazonaws.com");
        CHECK(m.tls == 1 && m.opens == 1 && m.open == 0);
        CHECK(bedrock_buffer_append(&m.sent, "", 1) == 0 && strstr(m.sent.p, "/us-east-1/sts/aws4_request") &&
              strstr(m.sent.p, "Action=GetCallerIdentity&Version=2011-06-15"));
        bedrock_close(b);
        mock_free(&m);
        bedrock_buffer_free(&reply);
    }
}

/* One of those that need no answer but the mock's. */
static int ask_something(struct bedrock *b, int what)
{
    struct bedrock_buffer key = {.alloc = b->opt.alloc, .alloc_ctx = b->opt.alloc_ctx};
    struct bedrock_call *c = NULL;
    struct bedrock_event ev;
    char out[1024];
    int rc;

    if (what == 0)
        return ask_who(b, out);
    if (what == 1) {
        rc = bedrock_api_key(b, 0, &key, NULL);
        bedrock_buffer_free(&key);
        return rc;
    }
    rc = what == 2 ? bedrock_probe(b, BEDROCK_RUNTIME, &c) : bedrock_find_credentials(b, &c);
    if (rc == 0)
        rc = bedrock_next(c, &ev);
    bedrock_end(c);
    return rc;
}

static int ask_in(void *ctx, struct t_heap *heap)
{
    struct bedrock_buffer reply = {0};
    struct bedrock *b;
    struct mock m;
    int rc;

    mock_reply(&reply, "200 OK", "text/xml", CALLER);
    mock_init(&m, reply.p, reply.len);
    rc = mock_client(&b, &m, heap);
    if (rc == 0)
        rc = ask_something(b, *(int *)ctx);
    bedrock_close(b);
    CHECK(m.open == 0);
    mock_free(&m);
    bedrock_buffer_free(&reply);
    return rc;
}

static void test_memory(int what)
{
    static const char *const names[] = {"identity", "API key", "probe", "credentials"};

    t_case("%s: no memory, at any point", names[what]);
    t_no_memory(ask_in, &what);
}

/* ---- The way ---- */

static void test_probe(void)
{
    static const struct {
        const char *name, *reply;
        int open_code, rc, has_date, skew_s;
    } cases[] = {
        {"an answer", "HTTP/1.1 404 Not Found\r\nDate: Fri, 02 Jan 2026 03:14:05 GMT\r\n"
         "Content-Length: 2\r\n\r\n{}", 0, 0, 1, 600},
        {"no time in it", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", 0, 0, 0, 0},
        {"no HTTP", "SSH-2.0-x\r\n\r\n", 0, BEDROCK_ERR_PROTOCOL, 0, 0},
        {"nobody", "", BEDROCK_ERR_CONNECT, BEDROCK_ERR_CONNECT, 0, 0},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct bedrock_probe *seen;
        struct bedrock_call *c;
        struct bedrock_event ev;
        struct bedrock *b;
        struct mock m;

        t_case("probe: %s", cases[i].name);
        mock_init(&m, cases[i].reply, strlen(cases[i].reply));
        m.open_code = cases[i].open_code;
        CHECK(mock_client(&b, &m, NULL) == 0);
        CHECK(bedrock_probe(b, BEDROCK_CONTROL, &c) == 0);
        CHECKF(bedrock_next(c, &ev) == cases[i].rc, "%s", bedrock_call_error(c)->message);
        seen = bedrock_probe_seen(c);
        CHECK((seen->answer_ms >= 0) == (cases[i].rc == 0));
        CHECK(seen->has_date == cases[i].has_date && seen->clock_skew_s == cases[i].skew_s);
        CHECK(bedrock_buffer_append(&m.sent, "", 1) == 0 && !strstr(m.sent.p, "uthorization"));
        if (cases[i].open_code == 0)
            CHECK(strncmp(m.sent.p, "GET / HTTP/1.1\r\nHost: bedrock.us-east-1.amazonaws.com\r\n", 53) == 0);
        bedrock_end(c);
        CHECK(m.open == 0);
        bedrock_close(b);
        mock_free(&m);
    }
}

static void test_probe_alone(void)
{
    static const char reply[] = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
    static const char *const env[] = {"AWS_REGION", "us-west-2", "AWS_EC2_METADATA_DISABLED", "true", NULL};
    struct files f = {.env = env, .file = where_files + 1};
    struct bedrock_call *c;
    struct bedrock_event ev;
    struct bedrock *b;
    struct mock m;

    t_case("probe: without credentials");
    mock_init(&m, reply, strlen(reply));
    CHECK(open_in(&b, &m, &f, NULL) == BEDROCK_ERR_CONFIG);
    CHECK(bedrock_find_credentials(b, &c) == BEDROCK_ERR_CONFIG && c == NULL);
    CHECK(bedrock_probe(b, BEDROCK_RUNTIME, &c) == 0 && bedrock_next(c, &ev) == BEDROCK_DONE);
    CHECK_TEXT(m.host, strlen(m.host), "bedrock-runtime.us-west-2.amazonaws.com");
    bedrock_end(c);
    CHECK(strstr(bedrock_error(b)->message, "no credentials") != NULL);
    bedrock_close(b);
    mock_free(&m);
}

/* ---- API keys ---- */

static void test_key(void)
{
    static const struct {
        const char *name;
        int expires_s, has_token, past, rc;
        int64_t until_s;
    } cases[] = {
        {"twelve hours", 0, 0, 0, 0, NOW_S + 43200},
        {"a minute", 60, 0, 0, 0, NOW_S + 60},
        {"the keys end sooner", 2000, 0, 1000, 0, NOW_S + 1000},
        {"the keys end later", 900, 0, 1000, 0, NOW_S + 900},
        {"too long", 43201, 0, 0, BEDROCK_ERR_USAGE, 0},
        {"below zero", -1, 0, 0, BEDROCK_ERR_USAGE, 0},
        {"a token", 60, 1, 0, BEDROCK_ERR_CONFIG, 0},
        {"past", 60, 0, -5, BEDROCK_ERR_CONFIG, 0},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct bedrock_buffer key = {0};
        struct bedrock_options o;
        struct bedrock *b;
        struct mock m;
        int64_t until_s = 0;

        t_case("API key: %s", cases[i].name);
        mock_init(&m, "", 0);
        mock_options(&o, &m, NULL);
        o.secret_access_key = SECRET;
        o.bearer_token = cases[i].has_token ? TOKEN : NULL;
        CHECK(bedrock_open(&b, &o) == 0);
        if (cases[i].past)
            b->creds.keys.expires_s = NOW_S + cases[i].past;
        CHECK(bedrock_api_key(b, cases[i].expires_s, &key, &until_s) == cases[i].rc);
        CHECK(until_s == cases[i].until_s);
        CHECK((key.len > 0) == (cases[i].rc == 0) && m.opens == 0);
        CHECK(key.len == 0 || memcmp(key.p, "bedrock-api-key-", 16) == 0);
        CHECK((bedrock_error(b)->message[0] != 0) == (cases[i].rc != 0));
        CHECK(!strstr(bedrock_error(b)->message, "Top"));
        bedrock_buffer_free(&key);
        bedrock_close(b);
        mock_free(&m);
    }
}

int main(void)
{
    test_where();
    test_nobody();
    test_options();
    test_ways();
    test_find();
    test_later(0);
    test_later(3);
    test_later(-6);
    test_identity();
    for (int what = 0; what < 4; what++)
        test_memory(what);
    test_probe();
    test_probe_alone();
    test_key();
    return t_end("test_where");
}
