/* test_wait.c - many calls in one thread: bedrock_wait() and what a host's own loop needs.
 * Each connection is one end of a socket pair whose other end the test plays. Leaves out: what comes
 * over it (test_call.c). */
#define _DEFAULT_SOURCE
#include "bedrock_int.h"
#include "mock.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#define BODY "{\"messages\":[]}"
#define MANY 100 /* more than bedrock_wait() keeps place for */

/* The server's ends, in the order of opening. */
struct pairs {
    int far_end[MANY], near_end[MANY];
    int n;
};

static int pair_open(void *ctx, const char *host, int port, int tls, void **conn)
{
    struct pairs *p = ctx;
    int fd[2];

    (void)host;
    (void)port;
    (void)tls;
    if (p->n == MANY || socketpair(AF_UNIX, SOCK_STREAM, 0, fd) != 0)
        return BEDROCK_ERR_CONNECT;
    fcntl(fd[0], F_SETFL, O_NONBLOCK);
    p->near_end[p->n] = fd[0];
    p->far_end[p->n] = fd[1];
    *conn = &p->near_end[p->n++];
    return 0;
}

static int pair_step(void *conn)
{
    (void)conn;
    return 0;
}

static int pair_read(void *conn, void *buf, size_t cap, size_t *n)
{
    ssize_t got = recv(*(int *)conn, buf, cap, 0);

    *n = got > 0 ? (size_t)got : 0;
    return got >= 0 ? 0 : errno == EAGAIN ? BEDROCK_WANT_READ : BEDROCK_ERR_IO;
}

static int pair_write(void *conn, const void *buf, size_t len, size_t *n)
{
    ssize_t put = send(*(int *)conn, buf, len, MSG_NOSIGNAL);

    *n = put > 0 ? (size_t)put : 0;
    return put > 0 ? 0 : errno == EAGAIN ? BEDROCK_WANT_WRITE : BEDROCK_ERR_IO;
}

static int pair_fd(void *conn)
{
    return *(int *)conn;
}

static int pair_events(void *conn)
{
    (void)conn;
    return 0;
}

static void pair_close(void *conn)
{
    close(*(int *)conn);
}

static int pair_client(struct bedrock **b, struct bedrock_io *io, struct pairs *p, int64_t *more)
{
    struct bedrock_options o;
    struct mock m;

    memset(p, 0, sizeof *p);
    memset(io, 0, sizeof *io);
    io->ctx = p;
    io->open = pair_open;
    io->step = pair_step;
    io->read = pair_read;
    io->write = pair_write;
    io->fd = pair_fd;
    io->events = pair_events;
    io->close = pair_close;
    mock_init(&m, "", 0);
    mock_options(&o, &m, NULL);
    o.io = io;
    o.clock_ctx = more;
    return bedrock_open(b, &o);
}

static struct bedrock_call *start(struct bedrock *b, int deadline_ms)
{
    struct bedrock_request rq = {0};
    struct bedrock_call *c = NULL;

    rq.operation = BEDROCK_CONVERSE;
    rq.model = "m";
    rq.body = BODY;
    rq.body_len = strlen(BODY);
    rq.deadline_ms = deadline_ms;
    CHECK(bedrock_start(b, &rq, &c) == 0);
    return c;
}

static void answer(int fd)
{
    static const char reply[] = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}";
    char request[4096];

    CHECK(read(fd, request, sizeof request) > 0);
    CHECK(write(fd, reply, strlen(reply)) == (ssize_t)strlen(reply));
}

/* n calls are answered in an order of the test's; each is found when and only when it can move. */
static void test_many(size_t n)
{
    struct bedrock_call *calls[MANY];
    unsigned char ready[MANY];
    struct bedrock_event ev;
    struct bedrock_io io;
    struct pairs p;
    struct bedrock *b;

    t_case("%zu calls side by side", n);
    CHECK(pair_client(&b, &io, &p, NULL) == 0);
    for (size_t i = 0; i < n; i++)
        calls[i] = start(b, 0);
    CHECKF(bedrock_wait(calls, n, ready, 1000) == (int)n, "a call that was never stepped can move");
    for (size_t i = 0; i < n; i++) {
        CHECK(ready[i] == 1);
        CHECK(bedrock_step(calls[i], &ev) == BEDROCK_WANT_READ);
        CHECK(bedrock_fd(calls[i]) == p.near_end[i] && bedrock_events(calls[i]) == POLLIN);
    }
    CHECK(bedrock_wait(calls, n, ready, 0) == 0);
    for (size_t k = 0; k < n; k++) {
        size_t i = (k * 37 + 11) % n; /* n is prime to 37 */

        answer(p.far_end[i]);
        CHECK(bedrock_wait(calls, n, ready, 1000) == 1);
        for (size_t j = 0; j < n; j++)
            CHECK(ready[j] == (j == i));
        CHECK(bedrock_step(calls[i], &ev) == BEDROCK_EVENT && ev.kind == BEDROCK_RESPONSE);
        CHECKF(bedrock_wait(calls, n, NULL, 0) == 1, "after an event there may be more");
        CHECK(bedrock_step(calls[i], &ev) == BEDROCK_DONE);
        CHECKF(bedrock_wait(calls, n, NULL, 0) == 0, "a finished call cannot move");
        if (k % 2) {
            bedrock_end(calls[i]);
            calls[i] = NULL;
        }
    }
    CHECKF(bedrock_wait(calls, n, ready, -1) == 0, "nothing is left to wait for");
    bedrock_close(b);
    for (int i = 0; i < p.n; i++)
        close(p.far_end[i]);
}

static void test_times(void)
{
    struct bedrock_call *c;
    struct bedrock_event ev;
    struct bedrock_io io;
    struct pairs p;
    struct bedrock *b;
    int64_t more = 0, began;

    t_case("a call's own limit ends the wait");
    CHECK(pair_client(&b, &io, &p, &more) == 0);
    c = start(b, 500);
    CHECK(bedrock_timeout_ms(c) == 0);
    CHECK(bedrock_step(c, &ev) == BEDROCK_WANT_READ);
    CHECK(bedrock_timeout_ms(c) == 500);
    more = 480;
    CHECK(bedrock_timeout_ms(c) == 20);
    more = 501;
    CHECK(bedrock_timeout_ms(c) == 0);
    CHECK(bedrock_wait(&c, 1, NULL, -1) == 1);
    CHECK(bedrock_step(c, &ev) == BEDROCK_ERR_TIMEOUT);
    CHECK(bedrock_fd(c) == -1 && bedrock_events(c) == 0);
    CHECK(bedrock_wait(&c, 1, NULL, -1) == 0);
    bedrock_end(c);

    t_case("the caller's limit ends it, too");
    c = start(b, 0);
    CHECK(bedrock_step(c, &ev) == BEDROCK_WANT_READ);
    began = bdk_clock_system(NULL, 0);
    CHECK(bedrock_wait(&c, 1, NULL, 30) == 0);
    CHECK(bdk_clock_system(NULL, 0) - began >= 29);
    CHECK(bedrock_wait(NULL, 0, NULL, 1000) == 0);
    bedrock_close(b);
    for (int i = 0; i < p.n; i++)
        close(p.far_end[i]);
}

static int looks_every_10_ms(void *conn)
{
    (void)conn;
    return 10;
}

/* A transport that asks to be looked at every 10 ms is looked at, though it never says "now". */
static void test_constant_timeout(void)
{
    struct bedrock_call *c;
    struct bedrock_event ev;
    struct bedrock_io io;
    struct pairs p;
    struct bedrock *b;

    t_case("a transport's own time-out wakes the wait");
    CHECK(pair_client(&b, &io, &p, NULL) == 0);
    b->io.timeout_ms = looks_every_10_ms;
    c = start(b, 0);
    CHECK(bedrock_step(c, &ev) == BEDROCK_WANT_READ);
    CHECK(bedrock_wait(&c, 1, NULL, 5) == 0);
    CHECK(bedrock_wait(&c, 1, NULL, -1) == 1);
    bedrock_close(b);
    close(p.far_end[0]);
}

/* Finished calls and NULLs cost nothing, however many: a host need not compact its array. */
static void test_many_nulls(void)
{
    static struct bedrock_call *calls[20000];
    struct bedrock_event ev;
    struct bedrock_io io;
    struct pairs p;
    struct bedrock *b;

    t_case("one call among 20,000 places");
    CHECK(pair_client(&b, &io, &p, NULL) == 0);
    calls[19999] = start(b, 0);
    CHECK(bedrock_step(calls[19999], &ev) == BEDROCK_WANT_READ);
    answer(p.far_end[0]);
    CHECK(bedrock_wait(calls, 20000, NULL, 1000) == 1);
    bedrock_close(b);
    close(p.far_end[0]);
}

static void on_alarm(int signal_number)
{
    (void)signal_number;
}

static void test_signals(void)
{
    struct itimerval every = {{0, 3000}, {0, 3000}}, off = {{0, 0}, {0, 0}};
    struct sigaction action;
    struct bedrock_call *c;
    struct bedrock_event ev;
    struct bedrock_io io;
    struct pairs p;
    struct bedrock *b;
    int64_t began;

    t_case("a host's signals neither end a wait nor stretch it");
    CHECK(pair_client(&b, &io, &p, NULL) == 0);
    c = start(b, 0);
    CHECK(bedrock_step(c, &ev) == BEDROCK_WANT_READ);
    memset(&action, 0, sizeof action);
    action.sa_handler = on_alarm;
    sigaction(SIGALRM, &action, NULL);
    setitimer(ITIMER_REAL, &every, NULL);
    began = bdk_clock_system(NULL, 0);
    CHECK(bedrock_wait(&c, 1, NULL, 50) == 0);
    CHECK(bdk_clock_system(NULL, 0) - began >= 49);
    setitimer(ITIMER_REAL, &off, NULL);
    /* one that is still on its way would end us: seen under valgrind */
    action.sa_handler = SIG_IGN;
    sigaction(SIGALRM, &action, NULL);
    bedrock_close(b);
    close(p.far_end[0]);
}

int main(void)
{
    test_many(1);
    test_many(7);
    test_many(64);
    test_many(65);
    test_many(MANY - 1);
    test_times();
    test_constant_timeout();
    test_many_nulls();
    test_signals();
    return t_end("test_wait");
}
