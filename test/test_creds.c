/* test_creds.c - credentials from a program's own vault, and how calls wait for credentials.
 * Leaves out: the sources that AWS's tools know (test_provide.c),
 * what the environment gives (test_config.c). */
#define _DEFAULT_SOURCE
#include "bedrock_int.h"
#include "mock.h"
#include <poll.h>
#include <string.h>
#include <unistd.h>

#define NOW_S 1767323045 /* 2026-01-02T03:04:05Z, the mock's clock */

/* A vault: says "not yet" so many times, then gives keys or fails. */
struct vault {
    int later, code, asked;
    int pipe[2];
    int64_t expires_s;
    const char *id, *why;
};

static int vault_get(void *ctx, struct bedrock_credentials *out, struct bedrock_later *later)
{
    struct vault *v = ctx;

    v->asked++;
    later->fd = v->pipe[0];
    later->timeout_ms = v->pipe[0] < 0 ? 0 : -1;
    if (v->later > 0) {
        v->later--;
        return BEDROCK_WANT_READ;
    }
    if (v->why)
        snprintf(later->why, sizeof later->why, "%s", v->why);
    out->access_key_id = v->id;
    out->secret_access_key = "vaultsecret";
    out->session_token = "vaulttoken";
    out->expires_s = v->expires_s;
    return v->code;
}

static struct bedrock_request list(void)
{
    struct bedrock_request rq = {0};

    rq.operation = BEDROCK_LIST_FOUNDATION_MODELS;
    return rq;
}

static int open_client(struct bedrock **b, struct mock *m, struct vault *v, int64_t *more_ms)
{
    struct bedrock_options o;

    mock_options(&o, m, NULL);
    o.access_key_id = o.secret_access_key = o.session_token = NULL;
    o.credentials = vault_get;
    o.credentials_ctx = v;
    o.clock = mock_clock;
    o.clock_ctx = more_ms;
    return bedrock_open(b, &o);
}

/* Four answers of the kind. */
static void init(struct mock *m, const struct bedrock_buffer *reply)
{
    mock_init(m, reply->p, reply->len);
    for (int i = 0; i < 4; i++)
        m->reply[i] = m->reply[0];
    m->n_replies = 4;
}

static int ask(struct bedrock *b)
{
    struct bedrock_request rq = list();
    struct bedrock_call *c;
    struct bedrock_event ev;
    int rc = bedrock_start(b, &rq, &c);

    while (rc == 0 && (rc = bedrock_next(c, &ev)) == BEDROCK_EVENT)
        rc = 0;
    if (c && rc < 0)
        bdk_client_take_error(b, c);
    bedrock_end(c);
    return rc;
}

static void test_vault(struct bedrock_buffer *reply)
{
    static const struct {
        const char *name, *id, *why;
        int later, step_wants, code, want;
        const char *word;
    } cases[] = {
        {"at once", "VAULTKEY", NULL, 0, 0, 0, 0, NULL},
        {"later", "VAULTKEY", NULL, 3, 0, 0, 0, NULL},
        {"later than the connection", "VAULTKEY", NULL, 5, 2, 0, 0, NULL},
        {"sooner than the connection", "VAULTKEY", NULL, 1, 6, 0, 0, NULL},
        {"it fails", "VAULTKEY", "sealed\nshut", 0, 0, -1, BEDROCK_ERR_CONFIG, "hook failed: sealed shut"},
        {"it fails later", "VAULTKEY", NULL, 2, 0, -1, BEDROCK_ERR_CONFIG, "hook failed"},
        {"no id", NULL, NULL, 0, 0, 0, BEDROCK_ERR_CONFIG, "access key id is empty"},
        {"a newline in it", "VAULT\nKEY", NULL, 0, 0, 0, BEDROCK_ERR_CONFIG, "white space or a control"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct vault v = {cases[i].later, cases[i].code, 0, {-1, -1}, 0, cases[i].id, cases[i].why};
        struct bedrock *b;
        struct mock m;

        t_case("vault: %s", cases[i].name);
        init(&m, reply);
        m.step_wants = cases[i].step_wants;
        CHECK(open_client(&b, &m, &v, NULL) == 0);
        CHECK(v.asked == 0);
        CHECKF(ask(b) == cases[i].want, "%s", bedrock_error(b)->message);
        CHECKF(v.asked == cases[i].later + 1, "asked %d times", v.asked);
        if (cases[i].want == 0) {
            CHECK(t_holds(&m.sent, "Credential=VAULTKEY/") &&
                  t_holds(&m.sent, "X-Amz-Security-Token: vaulttoken"));
            CHECK(ask(b) == 0 && v.asked == cases[i].later + 1);
        } else {
            CHECKF(strstr(bedrock_error(b)->message, cases[i].word) != NULL, "%s", bedrock_error(b)->message);
            CHECK(m.sent.len == 0 && m.open == 0);
        }
        bedrock_close(b);
        mock_free(&m);
    }
}

/* A descriptor to be polled, in our loop and in one of the program's own. */
static void test_descriptor(struct bedrock_buffer *reply)
{
    struct vault v = {1, 0, 0, {-1, -1}, 0, "VAULTKEY", NULL};
    struct bedrock_request rq = list();
    struct bedrock_call *c[2];
    struct bedrock_event ev;
    struct bedrock *b;
    struct mock m;
    unsigned char ready[2];

    t_case("vault: a descriptor says when");
    init(&m, reply);
    CHECK(pipe(v.pipe) == 0);
    CHECK(open_client(&b, &m, &v, NULL) == 0);
    CHECK(bedrock_start(b, &rq, &c[0]) == 0 && bedrock_start(b, &rq, &c[1]) == 0);
    CHECK(bedrock_step(c[0], &ev) == BEDROCK_WANT_READ);
    CHECK(bedrock_fd(c[0]) == v.pipe[0] && bedrock_events(c[0]) == POLLIN && bedrock_timeout_ms(c[0]) == -1);
    CHECK(bedrock_wait(c, 1, ready, 0) == 0 && ready[0] == 0);
    CHECK(write(v.pipe[1], "x", 1) == 1);
    CHECK(bedrock_wait(c, 1, ready, 1000) == 1 && ready[0] == 1);
    CHECK(bedrock_step(c[0], &ev) == BEDROCK_EVENT && v.asked == 2);
    CHECK(bedrock_next(c[1], &ev) == BEDROCK_EVENT && v.asked == 2);
    bedrock_end(c[0]);
    bedrock_end(c[1]);
    bedrock_close(b);
    mock_free(&m);
    close(v.pipe[0]);
    close(v.pipe[1]);
}

/* One fetching serves all that wait for it, and one failure is told to all. */
static void test_one_flight(struct bedrock_buffer *reply)
{
    struct vault v = {2, -1, 0, {-1, -1}, 0, "VAULTKEY", NULL};
    struct bedrock_request rq = list();
    struct bedrock_call *c[5];
    struct bedrock_event ev;
    int64_t more_ms = 0;
    struct bedrock *b;
    struct mock m;

    t_case("vault: five calls and one failure");
    init(&m, reply);
    CHECK(open_client(&b, &m, &v, &more_ms) == 0);
    for (int i = 0; i < 5; i++)
        CHECK(bedrock_start(b, &rq, &c[i]) == 0);
    for (int i = 0; i < 5; i++)
        CHECK(bedrock_next(c[i], &ev) == BEDROCK_ERR_CONFIG);
    CHECKF(v.asked == 3, "asked %d times", v.asked);
    for (int i = 0; i < 5; i++)
        bedrock_end(c[i]);
    t_case("vault: and later it is asked again");
    more_ms = 6000;
    v.code = 0;
    CHECK(ask(b) == 0 && v.asked == 4);
    bedrock_close(b);
    mock_free(&m);
}

static void test_renewal(struct bedrock_buffer *reply)
{
    static const struct {
        const char *name;
        int64_t left_s;
        int code, want, asked;
    } cases[] = {
        {"an hour left", 3600, 0, 0, 0},
        {"five minutes and a second", 301, 0, 0, 0},
        {"five minutes", 300, 0, 0, 1},
        {"two minutes, and it fails", 120, -1, 0, 1},
        {"half a minute", 30, 0, 0, 1},
        {"half a minute, and it fails", 30, -1, BEDROCK_ERR_CONFIG, 1},
        {"past, and it fails", -30, -1, BEDROCK_ERR_CONFIG, 1},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct vault v = {0, 0, 0, {-1, -1}, NOW_S + 10000, "VAULTKEY", NULL};
        int64_t more_ms = 0;
        struct bedrock *b;
        struct mock m;

        t_case("renewal: %s", cases[i].name);
        init(&m, reply);
        CHECK(open_client(&b, &m, &v, &more_ms) == 0);
        CHECK(ask(b) == 0 && v.asked == 1);
        more_ms = (10000 - cases[i].left_s) * 1000;
        v.code = cases[i].code;
        v.expires_s = 0;
        CHECKF(ask(b) == cases[i].want, "%s", bedrock_error(b)->message);
        CHECKF(v.asked == 1 + cases[i].asked, "asked %d times", v.asked);
        /* not at every call, when it has just failed */
        ask(b);
        CHECK(v.asked == 1 + cases[i].asked);
        bedrock_close(b);
        mock_free(&m);
    }
}

int main(void)
{
    struct bedrock_buffer reply = {0};

    mock_reply(&reply, "200 OK", "application/json", "{}");
    test_vault(&reply);
    test_descriptor(&reply);
    test_one_flight(&reply);
    test_renewal(&reply);
    bedrock_buffer_free(&reply);
    return t_end("test_creds");
}
