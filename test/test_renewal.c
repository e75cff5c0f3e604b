/* test_renewal.c - who waits for credentials and how long they are good: several calls and one fetching,
 * calls that end meanwhile, renewal, and tokens that are written back. Leaves out: the sources themselves
 * (test_provide.c). */
#define _DEFAULT_SOURCE
#include "world.h"
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define MAX_CALLS 4

/* ---- Several calls and one fetching ---- */

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
    file[0].text = world_config;
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
            CHECK(world_start(&w[k % 2], 0, &c[k]) == 0);
        CHECK(run_all(c, 2 * MAX_CALLS) == 2 * MAX_CALLS);
        for (int k = 0; k < 2; k++) {
            world_check_list(&w[k]);
            CHECK(world_signed_by(&w[k], ways[i].id));
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
        CHECK(bedrock_open(&w.b, &w.o) == 0);
        CHECK(world_start(&w, 0, &c[0]) == 0 && world_start(&w, 0, &c[1]) == 0);
        step_some(c[1], 1);
        over = step_some(c[0], k);
        bedrock_end(c[0]);
        CHECKF(world_finish(&w, c[1]) == 0 && world_signed_by(&w, ways[i].id), "step %d: %s", k,
               w.err.message);
        world_check_list(&w);
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
        CHECK(bedrock_open(&w.b, &w.o) == 0 && world_start(&w, 0, &c) == 0);
        over = step_some(c, k);
        bedrock_end(c);
        CHECKF(!w.b->creds.pending && w.x.open <= 1, "step %d: %d connections", k, w.x.open);
        if (!w.b->creds.keys.access_key_id)
            w.x.at = 0;
        CHECKF(world_ask(&w) == 0 && world_signed_by(&w, ways[i].id), "step %d: %s", k,
               w.err.message);
        world_check_list(&w);
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
        CHECK(bedrock_open(&w.b, &w.o) == 0);
        CHECK(world_start(&w, 0, &c[0]) == 0 && world_start(&w, 0, &c[1]) == 0);
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
    static const struct files_file file[] = {{"/home/.aws/config", world_config, 0, 0}, {0}};
    struct bedrock_call *c = NULL;
    struct world w;

    for (int end_first = 0; end_first < 2; end_first++) {
        t_case("a process that hangs is ended with the %s", end_first ? "call" : "client");
        world_init(&w, env, file, NOBODY);
        w.o.profile = "hangs";
        CHECK(bedrock_open(&w.b, &w.o) == 0 && world_start(&w, 0, &c) == 0);
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
    static const struct files_file file[] = {{"/home/.aws/config", world_config, 0, 0}, {0}};
    struct bedrock_event ev;
    struct bedrock_call *c = NULL;
    struct world w;
    int rc, turns = 0;

    t_case("a process, in a loop of the program's own");
    world_init(&w, env, file, NOBODY);
    w.o.profile = "process";
    w.x.step_wants = 3;
    CHECK(bedrock_open(&w.b, &w.o) == 0 && world_start(&w, 0, &c) == 0);
    while ((rc = bedrock_step(c, &ev)) > 0 && turns++ < 1000) {
        struct pollfd p = {bedrock_fd(c), (short)bedrock_events(c), 0};

        if (rc != BEDROCK_EVENT)
            poll(&p, p.fd >= 0, bedrock_timeout_ms(c));
    }
    CHECKF(rc == 0 && world_signed_by(&w, "PROCESSKEY"), "%s", bedrock_call_error(c)->message);
    CHECKF(turns < 100, "%d turns", turns);
    bedrock_end(c);
    world_end(&w);
}

/* ---- A call that has no time ---- */

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
    CHECK(bedrock_open(&w.b, &w.o) == 0 && world_start(&w, 1000, &c) == 0);
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
    CHECK(w.ms > 0 && world_ask(&w) == BEDROCK_ERR_CONFIG); /* these have expired meanwhile */
    bedrock_end(c);
    world_end(&w);

    t_case("deadline: another call goes on waiting");
    world_init(&w, env, NULL, good);
    w.x.stutter = 1;
    w.x.piece = 8;
    CHECK(bedrock_open(&w.b, &w.o) == 0 && world_start(&w, 1000, &c) == 0 && world_start(&w, 0, &other) == 0);
    CHECK(step_some(c, 5) == 0 && step_some(other, 5) == 0);
    w.ms = 1000;
    CHECK(bedrock_step(c, &ev) == BEDROCK_ERR_TIMEOUT && w.b->creds.pending);
    CHECK(world_finish(&w, other) == 0);
    world_check_list(&w);
    bedrock_end(c);
    world_end(&w);

    t_case("a connection that fails while keys are fetched");
    world_init(&w, env, NULL, silent);
    w.x.step_wants = MAX_STEPS;
    w.tick = 100;
    w.o.connect_timeout_ms = 500;
    CHECK(bedrock_open(&w.b, &w.o) == 0 && world_start(&w, 0, &c) == 0);
    while ((rc = bedrock_step(c, &ev)) > 0)
        ;
    CHECKF(rc == BEDROCK_ERR_TIMEOUT, "%d: %s", rc, bedrock_call_error(c)->message);
    CHECKF(!w.b->creds.pending && w.x.open == 0, "%d connections", w.x.open);
    bedrock_end(c);
    world_end(&w);
}

/* ---- Renewal ---- */

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
    {"five minutes before the end", 0, 0, LATER,
     {{300, LIST(CONTAINER(200, JSON("NEWKEY", NEWER))), "NEWKEY"}, {-100, NULL, "NEWKEY"}}},
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
    {"an instance: keys of a role are STS's", 1, 1, LATER,
     {{-10, LIST({"GET", IMDS_KEYS, NULL, 404, NULL, ""}), NULL}}},
};

static void renewal_turn(struct world *w, const struct turn *t)
{
    int rc;

    w->ms = (3600 - t->left_s) * INT64_C(1000);
    w->x.list = t->list ? t->list : NOBODY;
    w->x.at = 0;
    w->x.bedrock.len = 0;
    rc = world_ask(w);
    world_check_list(w);
    if (t->id)
        CHECKF(rc == 0 && world_signed_by(w, t->id), "%d s left: %d: %s", t->left_s, rc, w->err.message);
    else
        CHECKF(rc == BEDROCK_ERR_CONFIG, "%d s left: %d: %s", t->left_s, rc, w->err.message);
}

static void test_renewal(void)
{
    static const char *const env[2][5] = {{HOME, AT_ECS, NULL}, {HOME, NULL, NULL, NULL}};
    static const struct files_file file[] = {{"/home/.aws/config", world_config, 0, 0}, {0}};

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
        CHECKF(world_open_and_ask(&w) == 0, "%s", w.err.message);
        world_check_list(&w);
        for (size_t k = 0; k < 4 && renewals[i].turn[k].left_s; k++)
            renewal_turn(&w, &renewals[i].turn[k]);
        world_end(&w);
    }
}

/* ---- Tokens that are renewed and written back ---- */

static const char sso_folders[][24] = {".aws", ".aws/sso", ".aws/sso/cache", ".aws/login",
                                       ".aws/login/cache"};

/* A home in the test's own folder. */
static void home_make(char home[400], const char *file, const char *text)
{
    snprintf(home, 400, "%s", t_path("."));
    home[strlen(home) - 2] = 0;
    for (size_t i = 0; i < sizeof sso_folders / sizeof sso_folders[0]; i++)
        mkdir(t_path(sso_folders[i]), 0700);
    t_write_file(".aws/config", world_config, strlen(world_config));
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
        rc = world_open_and_ask(&w);
        world_check_list(&w);
        CHECKF(rc == 0 && world_signed_by(&w, cases[i].id), "%d: %s", rc, w.err.message);
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
    static const struct files_file file[] = {{"/home/.aws/config", world_config, 0, 0},
                                             {"/home" SSO_FILE, SSO_CACHE(PAST), 0, 0}, {0}};
    static const struct files_file other[] = {{"/home/.aws/config", world_config, 0, 0},
                                              {"/home" SSO_FILE, SSO_CACHE("2026-01-03T00:00:00Z"), 0, 0},
                                               {0}};
    static const struct files_file gone[] = {{"/home/.aws/config", world_config, 0, 0}, {0}};
    static const struct exchange again[] = {
        {"GET", PORTAL, NULL, 200, NULL, PORTAL_JSON("NEWKEY", "1767330245000")}, END};
    struct world w;

    t_case("SSO: a renewed token that could not be written serves on");
    world_init(&w, env, file,
               LIST({"POST", OIDC, NULL, 200, NULL,
               "{\"accessToken\":\"renewed-access\",\"expiresIn\":28800}"},
                    {"GET", PORTAL, NULL, 200, NULL, PORTAL_JSON("SSOKEY", LATER_MS)}));
    w.o.profile = "sso";
    CHECKF(world_open_and_ask(&w) == 0 && world_signed_by(&w, "SSOKEY"), "%s", w.err.message);
    world_check_list(&w);
    w.ms = 3590 * 1000;
    w.x.list = again;
    w.x.at = 0;
    CHECKF(world_ask(&w) == 0 && world_signed_by(&w, "NEWKEY"), "%s", w.err.message);
    world_check_list(&w);
    CHECK(strstr(w.x.last.p, "x-amz-sso_bearer_token: renewed-access") != NULL);
    t_case("SSO: until somebody signs in again");
    w.files.file = other;
    w.ms = 7190 * 1000;
    w.x.at = 0;
    w.x.list = LIST({"GET", PORTAL, NULL, 200, NULL, PORTAL_JSON("OTHERKEY", "1767340000000")});
    CHECKF(world_ask(&w) == 0 && world_signed_by(&w, "OTHERKEY"), "%s", w.err.message);
    world_check_list(&w);
    CHECK(strstr(w.x.last.p, "x-amz-sso_bearer_token: sso-access-token") != NULL);
    t_case("SSO: or out");
    w.files.file = gone;
    w.ms = 20000 * 1000;
    CHECKF(world_ask(&w) == BEDROCK_ERR_CONFIG && strstr(w.err.message, "nobody has signed in"), "%s",
        w.err.message);
    world_end(&w);
}

/* Another process was faster: our refresh token is no good any more, and its access token is. */
static void test_other_process(void)
{
    static const char *const env[] = {HOME, NULL};
    static const struct files_file before[] = {{"/home/.aws/config", world_config, 0, 0},
                                               {"/home" SSO_FILE, SSO_CACHE(PAST), 0, 0}, {0}};
    static const struct files_file after[] = {{"/home/.aws/config", world_config, 0, 0},
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
        CHECK(bedrock_open(&w.b, &w.o) == 0 && world_start(&w, 0, &c) == 0);
        while (w.x.at == 0 && step_some(c, 1) == 0)
            ;
        CHECK(!late || step_some(c, 20) == 0);
        w.ms += 30;
        CHECK(!late || (step_some(c, 2) == 0 && bedrock_timeout_ms(c) == 25));
        w.files.file = after;
        w.tick = 5;
        CHECKF(world_finish(&w, c) == 0 && world_signed_by(&w, "SSOKEY"), "%s", w.err.message);
        world_check_list(&w);
        world_end(&w);
    }
}

int main(void)
{
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
    return t_end("test_renewal");
}
