/* test_pool.c - connections to a host: kept, shared under a limit, opened before they are needed.
 * RFC 9112 9.3. Leaves out: sockets and TLS; a stale connection of a single call (test_call.c). */
#include "bedrock_int.h"
#include "service.h"
#include <string.h>

static const struct rule rules[] = {
    {"POST /model/", "200 OK", "{\"output\":{}}", 0},
    {"GET /foundation-models", "200 OK", "{\"modelSummaries\":[]}", 0},
    {NULL, NULL, NULL, 0},
};

static struct bedrock_call *start(struct bedrock *b, int max_connections, int deadline_ms)
{
    struct bedrock_request rq = {0};
    struct bedrock_call *c = NULL;

    rq.operation = BEDROCK_CONVERSE;
    rq.model = "m";
    rq.body = "{}";
    rq.body_len = 2;
    rq.max_connections = max_connections;
    rq.deadline_ms = deadline_ms;
    CHECK(bedrock_start(b, &rq, &c) == 0);
    return c;
}

static int finish(struct bedrock_call *c)
{
    struct bedrock_event ev;
    int rc;

    while ((rc = bedrock_next(c, &ev)) == BEDROCK_EVENT)
        continue;
    return rc;
}

/* n calls side by side, stepped round and round until all are over; returns how many were done. */
static int run_all(struct bedrock *b, int n, int max_connections)
{
    struct bedrock_call *calls[64];
    int done = 0, over = 0;

    for (int i = 0; i < n; i++)
        calls[i] = start(b, max_connections, 0);
    for (int round = 0; over < n && round < 100000; round++) {
        struct bedrock_call *c = calls[round % n];
        struct bedrock_event ev;
        int rc = c ? bedrock_step(c, &ev) : 1;

        if (rc > 0)
            continue;
        done += rc == BEDROCK_DONE;
        over++;
        bedrock_end(c);
        calls[round % n] = NULL;
    }
    return done;
}

static void test_limits(void)
{
    static const struct {
        int n, by_option, by_request, slow, most;
    } cases[] = {
        {20, 0, 0, 3, 20}, {20, 4, 0, 3, 4}, {20, 0, 4, 3, 4}, {20, 9, 2, 3, 2}, {20, 1, 0, 5, 1},
        {3, 4, 0, 3, 3}, {40, 4, 0, 0, 4},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct bedrock_options o;
        struct service s;
        struct bedrock *b;
        int64_t ms = 0;

        t_case("%d calls, at most %d or %d connections", cases[i].n, cases[i].by_option,
               cases[i].by_request);
        service_init(&s, rules);
        s.slow = cases[i].slow;
        service_options(&o, &s, NULL, &ms);
        o.max_connections = cases[i].by_option;
        CHECK(bedrock_open(&b, &o) == 0);
        CHECK(run_all(b, cases[i].n, cases[i].by_request) == cases[i].n);
        CHECKF(s.most_open <= cases[i].most, "%d at once", s.most_open);
        CHECKF(s.opens == s.most_open || cases[i].most > 8, "%d opened", s.opens);
        CHECKF(s.open <= 8, "%d kept", s.open);
        bedrock_close(b);
        CHECK(s.open == 0);
    }
}

/* Who waits for a connection is told so, and told when there is one. */
static void test_queue(void)
{
    struct bedrock_call *first, *second, *third, *set[2];
    struct bedrock_event ev;
    unsigned char ready[2];
    struct service s;
    struct bedrock *b;
    int64_t ms = 0;

    t_case("a call waits for the connection of another");
    service_init(&s, rules);
    s.slow = 2;
    CHECK(service_client(&b, &s, NULL, &ms) == 0);
    first = start(b, 1, 0);
    second = start(b, 1, 0);
    CHECK(bedrock_step(first, &ev) == BEDROCK_WANT_READ);
    CHECK(bedrock_step(second, &ev) == BEDROCK_WANT_TIME);
    CHECK(bedrock_fd(second) == -1 && bedrock_events(second) == 0);
    CHECKF(bedrock_timeout_ms(second) == -1, "%d", bedrock_timeout_ms(second));
    set[0] = second;
    set[1] = NULL;
    CHECKF(bedrock_wait(set, 2, ready, -1) == 0, "nothing can happen, so waiting must not hang");
    CHECKF(bedrock_next(second, &ev) == BEDROCK_ERR_LIMIT, "nobody else could free it");
    bedrock_end(second);

    t_case("it moves as soon as the other is over");
    second = start(b, 1, 0);
    CHECK(bedrock_step(second, &ev) == BEDROCK_WANT_TIME);
    CHECK(finish(first) == 0);
    set[0] = second;
    set[1] = first;
    CHECK(bedrock_timeout_ms(second) == 0);
    CHECK(bedrock_wait(set, 2, ready, -1) == 1 && ready[0] == 1 && ready[1] == 0);
    CHECK(finish(second) == 0 && s.opens == 1);
    bedrock_end(first);
    bedrock_end(second);

    t_case("or when the other is cancelled");
    first = start(b, 1, 0);
    second = start(b, 1, 0);
    CHECK(bedrock_step(first, &ev) > 0 && bedrock_step(second, &ev) == BEDROCK_WANT_TIME);
    bedrock_end(first);
    CHECK(finish(second) == 0);
    bedrock_end(second);

    t_case("waiting counts against the deadline, not as connecting");
    first = start(b, 1, 0);
    second = start(b, 1, 50000);
    third = start(b, 1, 0);
    CHECK(bedrock_step(first, &ev) > 0 && bedrock_step(second, &ev) == BEDROCK_WANT_TIME);
    CHECK(bedrock_step(third, &ev) == BEDROCK_WANT_TIME);
    ms += 20000;
    CHECK(bedrock_step(second, &ev) == BEDROCK_WANT_TIME && bedrock_step(third, &ev) == BEDROCK_WANT_TIME);
    ms += 40000;
    CHECK(bedrock_step(second, &ev) == BEDROCK_ERR_TIMEOUT);
    CHECK(strstr(bedrock_call_error(second)->message, "deadline") != NULL);
    CHECK(bedrock_step(third, &ev) == BEDROCK_WANT_TIME);
    bedrock_close(b);
    CHECK(s.open == 0);
}

static void test_idle(void)
{
    static const struct {
        const char *name;
        int max_idle, closes, drops, wait_ms, opens, kept;
    } cases[] = {
        {"kept", 0, 0, 0, 0, 1, 1}, {"kept for 59 s", 0, 0, 0, 59000, 1, 1},
        {"not kept for 61 s", 0, 0, 0, 61000, 2, 1}, {"none is to be kept", -1, 0, 0, 0, 2, 0},
        {"closed by the server while idle", 0, 1, 0, 0, 2, 1},
        {"closed by the server upon the request", 0, 0, 1, 0, 2, 1},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct bedrock_options o;
        struct service s;
        struct bedrock *b;
        struct bedrock_call *c;
        int64_t ms = 0;

        t_case("two calls, one after the other: %s", cases[i].name);
        service_init(&s, rules);
        s.closes_idle = cases[i].closes;
        s.drops_reused = cases[i].drops;
        service_options(&o, &s, NULL, &ms);
        o.max_idle = cases[i].max_idle;
        CHECK(bedrock_open(&b, &o) == 0);
        for (int k = 0; k < 2; k++) {
            c = start(b, 0, 0);
            CHECK(finish(c) == 0 && bedrock_call_error(c)->attempts == 1);
            bedrock_end(c);
            CHECKF(k == 0 || s.opens == cases[i].opens, "%d connections", s.opens);
            if (k == 0)
                ms += cases[i].wait_ms;
        }
        CHECKF(cases[i].closes || s.open == cases[i].kept, "%d kept", s.open);
        bedrock_close(b);
        CHECK(s.open == 0);
    }
    t_case("idle connections beyond the limit are closed, the oldest first");
    {
        struct bedrock_options o;
        struct service s;
        struct bedrock *b;
        int64_t ms = 0;

        service_init(&s, rules);
        s.slow = 3;
        service_options(&o, &s, NULL, &ms);
        o.max_idle = 3;
        CHECK(bedrock_open(&b, &o) == 0);
        CHECK(run_all(b, 12, 0) == 12);
        CHECKF(s.open == 3, "%d kept", s.open);
        ms += 61000;
        bedrock_end(start(b, 0, 0));
        CHECKF(s.open == 0, "%d kept for more than 60 s", s.open);
        bedrock_close(b);
    }
}

static void test_warm(void)
{
    static const char *const names[] = {"never stepped", "half made", "made", "made and ended",
                                        "half made and ended", "for another host"};

    for (int what = 0; what < 6; what++) {
        struct bedrock_call *w, *c;
        struct bedrock_event ev;
        struct service s;
        struct bedrock *b;
        struct t_heap heap = {0};
        int64_t ms = 0;

        t_case("a connection opened before: %s", names[what]);
        service_init(&s, rules);
        s.step_wants = 2;
        CHECK(service_client(&b, &s, &heap, &ms) == 0);
        CHECK(bedrock_warm(b, what == 5 ? BEDROCK_LIST_FOUNDATION_MODELS : BEDROCK_CONVERSE, &w) == 0);
        if (what == 1 || what == 4 || what == 5)
            CHECK(bedrock_step(w, &ev) == BEDROCK_WANT_TIME && s.opens == 1);
        if (what == 2 || what == 3) {
            CHECK(finish(w) == BEDROCK_DONE && bedrock_fd(w) == -1);
            CHECKF(s.requests == 0, "nothing is asked");
        }
        if (what == 3 || what == 4)
            bedrock_end(w);
        c = start(b, 0, 0);
        CHECK(finish(c) == 0);
        CHECKF(s.opens == (what >= 4 ? 2 : 1), "%d connections", s.opens);
        CHECK(s.requests == 1);
        if (what == 1)
            CHECKF(bedrock_step(w, &ev) == BEDROCK_DONE, "its connection was taken over: it is done");
        bedrock_end(c);
        bedrock_close(b);
        CHECKF(heap.live == 0 && s.open == 0, "%zu blocks, %d connections", heap.live, s.open);
    }
    t_case("no such operation to warm for");
    {
        struct bedrock_call *w;
        struct service s;
        struct bedrock *b;
        int64_t ms = 0;

        service_init(&s, rules);
        CHECK(service_client(&b, &s, NULL, &ms) == 0);
        CHECK(bedrock_warm(b, (enum bedrock_operation)99, &w) == BEDROCK_ERR_USAGE && !w);
        bedrock_close(b);
    }
}

int main(void)
{
    test_limits();
    test_queue();
    test_idle();
    test_warm();
    return t_end("test_pool");
}
