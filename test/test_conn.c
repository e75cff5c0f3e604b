/* test_conn.c - the built-in transport against a server in the same process: direct, through a plain proxy
 * and through one with TLS of its own, with buffers so small that everything must wait.
 * Leaves out: what peers do wrong (test/tls.sh, test/proxy.sh). */
#define _DEFAULT_SOURCE
#include "bedrock_int.h"
#include "t.h"
#include "emu.h"
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define BODY_LEN 300000u
#define ROUNDS 200000   /* far more than any run takes */

enum way { WAY_DIRECT, WAY_PROXY, WAY_TLS_PROXY, N_WAYS };

static const char *const way_names[N_WAYS] = {"direct", "through a proxy", "through a TLS proxy"};

/* ---- The other side: a proxy and, behind it, a server that gives back what it gets ---- */

struct side {
    int listener, port, fd;
    enum way way;
    struct emu_tls *proxy_tls;      /* of the proxy, over fd */
    int pair[2];                    /* between proxy and server; the server's own socket when direct */
    struct emu_tls *server_tls;
    struct bedrock_buffer head;     /* of the CONNECT request */
    int open;
    struct bedrock_buffer up, down; /* through the proxy */
    struct bedrock_buffer echo;     /* in the server */
    struct bedrock_probe *probe;    /* what our side is to tell; NULL: nothing */
};

static void no_wait(int fd)
{
    int small = 32768; /* with less TCP itself sleeps: silly windows */

    fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
    setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &small, sizeof small);
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
}

static int side_open(struct side *s, enum way way)
{
    struct sockaddr_in addr = {0};
    socklen_t len = sizeof addr;

    memset(s, 0, sizeof *s);
    s->way = way;
    s->fd = s->pair[0] = s->pair[1] = -1;
    s->listener = socket(AF_INET, SOCK_STREAM, 0);
    addr.sin_family = AF_INET;
    addr.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (s->listener < 0 || bind(s->listener, (struct sockaddr *)&addr, sizeof addr) != 0 ||
        listen(s->listener, 1) != 0 || getsockname(s->listener, (struct sockaddr *)&addr, &len) != 0)
        return -1;
    no_wait(s->listener);
    s->port = ntohs(addr.sin_port);
    return 0;
}

static void side_close(struct side *s)
{
    int *fds[] = {&s->listener, &s->fd, &s->pair[0], &s->pair[1]};

    for (size_t i = 0; i < sizeof fds / sizeof fds[0]; i++)
        if (*fds[i] >= 0)
            close(*fds[i]);
    emu_tls_free(s->proxy_tls);
    emu_tls_free(s->server_tls);
    bedrock_buffer_free(&s->head);
    bedrock_buffer_free(&s->up);
    bedrock_buffer_free(&s->down);
    bedrock_buffer_free(&s->echo);
}

static void side_accept(struct side *s)
{
    s->fd = accept(s->listener, NULL, NULL);
    if (s->fd < 0)
        return;
    no_wait(s->fd);
    if (s->way == WAY_DIRECT) {
        s->server_tls = emu_tls_open(s->fd);
        return;
    }
    if (s->way == WAY_TLS_PROXY)
        s->proxy_tls = emu_tls_open(s->fd);
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, s->pair) == 0) {
        no_wait(s->pair[0]);
        no_wait(s->pair[1]);
        s->server_tls = emu_tls_open(s->pair[1]);
    }
}

static void take(struct bedrock_buffer *b, long n)
{
    b->len -= (size_t)n;
    memmove(b->p, b->p + n, b->len);
}

/* The proxy reads CONNECT byte by byte, so that nothing behind it is taken, and answers. */
static void side_head(struct side *s)
{
    static const char yes[] = "HTTP/1.1 200 Yes\r\n\r\n";
    char c;

    while (!s->open && (s->proxy_tls ? emu_tls_read(s->proxy_tls, &c, 1) : emu_recv(s->fd, &c, 1)) == 1) {
        bedrock_buffer_append(&s->head, &c, 1);
        s->open = s->head.len > 4 && memcmp(s->head.p + s->head.len - 4, "\r\n\r\n", 4) == 0;
    }
    if (s->open)
        bedrock_buffer_append(&s->down, yes, sizeof yes - 1);
}

static void side_relay(struct side *s)
{
    char buf[2000];
    long n;

    if (!s->open)
        side_head(s);
    if (!s->open)
        return;
    while (s->up.len < sizeof buf && (n = s->proxy_tls ? emu_tls_read(s->proxy_tls, buf, sizeof buf)
                                                       : emu_recv(s->fd, buf, sizeof buf)) > 0)
        bedrock_buffer_append(&s->up, buf, (size_t)n);
    if (s->up.len > 0 && (n = emu_send(s->pair[0], s->up.p, s->up.len)) > 0)
        take(&s->up, n);
    while (s->down.len < sizeof buf && (n = emu_recv(s->pair[0], buf, sizeof buf)) > 0)
        bedrock_buffer_append(&s->down, buf, (size_t)n);
    if (s->down.len > 0 && (n = s->proxy_tls ? emu_tls_write(s->proxy_tls, s->down.p, s->down.len)
                                             : emu_send(s->fd, s->down.p, s->down.len)) > 0)
        take(&s->down, n);
    if (s->proxy_tls)
        emu_tls_flush(s->proxy_tls);
}

static void side_serve(struct side *s)
{
    char buf[2000];
    long n;

    while (s->echo.len < 20000 && (n = emu_tls_read(s->server_tls, buf, sizeof buf)) > 0)
        bedrock_buffer_append(&s->echo, buf, (size_t)n);
    if (s->echo.len > 0 && (n = emu_tls_write(s->server_tls, s->echo.p, s->echo.len)) > 0)
        take(&s->echo, n);
    emu_tls_flush(s->server_tls);
}

static void side_run(struct side *s)
{
    if (s->fd < 0)
        side_accept(s);
    if (s->fd >= 0 && s->way != WAY_DIRECT)
        side_relay(s);
    if (s->server_tls)
        side_serve(s);
}

/* ---- Our side ---- */

struct client {
    struct bdk_transport tr;
    struct bedrock_io io;
    struct bedrock_options opt;
    struct bdk_trust *trust;
    struct bedrock_error e;
    void *conn;
    int blocked;    /* how often a write had to wait */
    int sleeps;     /* rounds in which poll() had nothing to tell though the other side had stopped */
};

static const char *no_env(void *ctx, const char *name)
{
    (void)ctx;
    (void)name;
    return NULL;
}

static int client_open(struct client *c, const struct side *s, struct t_heap *heap)
{
    struct bdk_env env = {no_env, NULL, NULL, NULL};
    char url[80];
    int rc;

    memset(c, 0, sizeof *c);
    c->opt.alloc = c->tr.alloc = t_heap_alloc;
    c->opt.alloc_ctx = c->tr.alloc_ctx = heap;
    c->tr.clock = bdk_clock_system;
    snprintf(url, sizeof url, "%s://user:pw@localhost:%d", s->way == WAY_TLS_PROXY ? "https" : "http",
             s->port);
    if (s->way != WAY_DIRECT)
        c->opt.proxy = url;
    rc = bdk_proxies_load(&c->tr.proxies, &c->opt, &env, &c->e);
    if (rc == 0)
        rc = bdk_trust_load(&c->trust, 0, emu_ca_pem, strlen(emu_ca_pem), "test", t_heap_alloc, heap, &c->e);
    c->tr.other_trust = c->trust;
    c->tr.probe = s->probe;
    bdk_transport_io(&c->io, &c->tr);
    return rc ? rc : c->io.open(c->io.ctx, "localhost", s->port, 1, &c->conn);
}

static void client_close(struct client *c)
{
    if (c->conn)
        c->io.close(c->conn);
    bdk_trust_free(c->trust);
    bdk_proxies_free(c->tr.proxies, &c->opt);
}

/* Let the other side do what it can; then poll() must have something for us, or our time-out is now. */
static void client_wait(struct client *c, struct side *s, int want)
{
    struct pollfd p = {c->io.fd(c->conn), 0, 0};
    int ms = c->io.timeout_ms(c->conn);

    p.events = (short)(c->io.events(c->conn) | (want == BEDROCK_WANT_READ ? POLLIN : POLLOUT));
    for (int i = 0; i < 40 && ms != 0; i++) {
        side_run(s);
        if (bdk_poll(&p, 1, i < 20 ? 0 : 50) > 0)
            return;
    }
    c->sleeps += ms != 0;
}

static int client_ready(struct client *c, struct side *s)
{
    int rc = BEDROCK_WANT_WRITE;

    for (int i = 0; rc > 0 && i < ROUNDS; i++) {
        rc = c->io.step(c->conn);
        if (rc > 0)
            client_wait(c, s, rc);
    }
    return rc;
}

/* Send the body and get it back, both at once: 0, or what went wrong. */
static int client_echo(struct client *c, struct side *s, const char *body, char *back)
{
    size_t sent = 0, got = 0;

    for (int i = 0; got < BODY_LEN && i < ROUNDS; i++) {
        size_t n = 0;
        int rc = sent < BODY_LEN ? c->io.write(c->conn, body + sent, BODY_LEN - sent, &n) : BEDROCK_WANT_READ;

        if (rc < 0)
            return rc;
        sent += rc == 0 ? n : 0;
        if (rc == 0)
            continue;
        c->blocked += sent < BODY_LEN;
        n = 0;
        rc = c->io.read(c->conn, back + got, BODY_LEN - got, &n);
        if (rc < 0 || (rc == 0 && n == 0))
            return rc ? rc : BEDROCK_ERR_TRUNCATED;
        got += rc == 0 ? n : 0;
        if (rc > 0)
            client_wait(c, s, sent < BODY_LEN ? BEDROCK_WANT_WRITE : rc);
    }
    return got == BODY_LEN ? 0 : BEDROCK_ERR_TIMEOUT;
}

/* ---- Tests ---- */

static void test_echo(enum way way)
{
    struct t_heap heap = {.never = "a secret that must not stay"};
    struct side s;
    struct client c;
    char *body = malloc(BODY_LEN), *back = malloc(BODY_LEN);
    uint64_t seed = 7;
    int rc;

    t_case("%zu bytes there and back, %s", (size_t)BODY_LEN, way_names[way]);
    if (!CHECK(body && back && side_open(&s, way) == 0))
        return;
    for (size_t i = 0; i < BODY_LEN; i++)
        body[i] = (char)t_rand(&seed);
    /* all over it, so that whatever is left of it anywhere shows */
    for (size_t i = 0; i + 100 < BODY_LEN; i += 100)
        memcpy(body + i, heap.never, strlen(heap.never));
    rc = client_open(&c, &s, &heap);
    if (rc == 0)
        rc = client_ready(&c, &s);
    if (rc == 0)
        no_wait(c.io.fd(c.conn));
    if (rc == 0)
        rc = client_echo(&c, &s, body, back);
    if (rc < 0)
        c.io.describe(c.io.ctx, c.conn, &c.e);
    CHECKF(rc == 0, "%d: %s", rc, c.e.message);
    CHECKF(c.sleeps == 0, "%d times nothing was there to wake us", c.sleeps);
    CHECKF(c.blocked > 3, "only %d writes had to wait", c.blocked);
    CHECK(rc != 0 || memcmp(body, back, BODY_LEN) == 0);
    client_close(&c);
    CHECKF(heap.live == 0, "%zu blocks leak", heap.live);
    side_close(&s);
    free(body);
    free(back);
}

static void test_memory(enum way way)
{
    int rc = BEDROCK_ERR_NOMEM;

    for (size_t n = 1; rc != 0 && n < 100; n++) {
        struct t_heap heap = {0};
        struct side s;
        struct client c;

        t_case("allocation %zu fails, %s", n, way_names[way]);
        heap.fail_at = n;
        if (!CHECK(side_open(&s, way) == 0))
            return;
        rc = client_open(&c, &s, &heap);
        if (rc == 0)
            rc = client_ready(&c, &s);
        if (rc < 0)
            c.io.describe(c.io.ctx, c.conn, &c.e);
        CHECKF(rc == 0 || (rc == BEDROCK_ERR_NOMEM && c.e.code == rc), "%d: %s", rc, c.e.message);
        client_close(&c);
        CHECKF(heap.live == 0, "%zu blocks leak", heap.live);
        side_close(&s);
    }
    CHECK(rc == 0);
}

/* The connection ends wherever it may: an error that names the proxy, and no leak. */
static void test_cuts(enum way way)
{
    int rc = BEDROCK_ERR_IO;

    for (int rounds = 0; rc < 0 && rounds < 1000; rounds++) {
        struct t_heap heap = {0};
        struct side s;
        struct client c;

        t_case("closed after %d rounds, %s", rounds, way_names[way]);
        if (!CHECK(side_open(&s, way) == 0 && client_open(&c, &s, &heap) == 0))
            return;
        rc = BEDROCK_WANT_WRITE;
        for (int i = 0; rc > 0 && i < rounds; i++) {
            rc = c.io.step(c.conn);
            if (rc > 0)
                client_wait(&c, &s, rc);
        }
        if (rc > 0) {
            if (s.fd < 0)
                side_accept(&s);
            close(s.fd);
            s.fd = -1;
            close(s.listener);
            s.listener = -1;
            for (int i = 0; rc > 0 && i < ROUNDS; i++)
                rc = c.io.step(c.conn);
        }
        if (rc < 0) {
            c.io.describe(c.io.ctx, c.conn, &c.e);
            CHECKF(c.e.code == rc && (way == WAY_DIRECT || strstr(c.e.message, "proxy localhost:")),
                   "%d: %s", rc, c.e.message);
        }
        client_close(&c);
        CHECKF(heap.live == 0, "%zu blocks leak", heap.live);
        side_close(&s);
    }
    CHECK(rc == 0);
}

static void test_direct_flag(void)
{
    struct t_heap heap = {0};
    struct side s;
    struct client c;
    const char *proxy;

    t_case("who asks for no proxy gets none");
    if (!CHECK(side_open(&s, WAY_PROXY) == 0 && client_open(&c, &s, &heap) == 0))
        return;
    CHECK(bdk_conn_waits(&c.tr, c.conn, &proxy) && proxy);
    c.io.close(c.conn);
    c.tr.direct = 1;
    CHECK(c.io.open(c.io.ctx, "localhost", s.port, 1, &c.conn) == 0);
    CHECK(!bdk_conn_waits(&c.tr, c.conn, &proxy) && !proxy);
    client_close(&c);
    side_close(&s);
}

/* Without anchors there is no TLS, and what is meant for TLS must not go out without it. */
static void test_no_anchors(enum way way, int tls)
{
    struct t_heap heap = {0};
    struct side s;
    struct client c;

    t_case("no trust anchors, %s, https %d", way_names[way], tls);
    if (!CHECK(side_open(&s, way) == 0 && client_open(&c, &s, &heap) == 0))
        return;
    c.io.close(c.conn);
    c.conn = NULL;
    c.tr.other_trust = NULL;
    CHECK(c.io.open(c.io.ctx, "localhost", s.port, tls, &c.conn) == BEDROCK_ERR_CONFIG && !c.conn);
    c.io.describe(c.io.ctx, NULL, &c.e);
    CHECKF(strcmp(c.e.message, "TLS with localhost: no trust anchors were loaded") == 0, "%s", c.e.message);
    client_close(&c);
    CHECK(heap.live == 0);
    side_close(&s);
}

/* What is seen on the way is the server's, whatever a proxy on the way shows. */
static void test_probe(enum way way)
{
    struct bedrock_probe seen = {.resolve_ms = -1, .connect_ms = -1, .tls_ms = -1, .answer_ms = -1};
    struct t_heap heap = {0};
    struct side s;
    struct client c;

    t_case("what a probe sees, %s", way_names[way]);
    if (!CHECK(side_open(&s, way) == 0))
        return;
    s.probe = &seen;
    CHECK(client_open(&c, &s, &heap) == 0);
    CHECK(seen.resolve_ms >= 0 && seen.connect_ms == -1 && seen.tls_ms == -1 && seen.n_certificates == 0);
    CHECK(client_ready(&c, &s) == 0);
    CHECK(seen.connect_ms >= 0 && seen.tls_ms >= 0 && seen.answer_ms == -1);
    CHECK_TEXT(seen.address, strlen(seen.address), "127.0.0.1");
    CHECKF(strncmp(seen.tls, "TLS 1.2, ECDHE-", 15) == 0, "%s", seen.tls);
    CHECKF(seen.n_certificates == 1 && strcmp(seen.chain[0].subject, "localhost") == 0, "%d, %s",
           seen.n_certificates, seen.chain[0].subject);
    CHECK(seen.chain[0].expires_s == 4733510400); /* 2120-01-01, see emu_cert.c */
    client_close(&c);
    CHECK(heap.live == 0);
    side_close(&s);
}

int main(void)
{
    for (int way = 0; way < N_WAYS; way++) {
        test_probe((enum way)way);
        test_echo((enum way)way);
        test_memory((enum way)way);
        test_cuts((enum way)way);
    }
    test_direct_flag();
    for (int way = 0; way < N_WAYS; way++)
        test_no_anchors((enum way)way, 1);
    test_no_anchors(WAY_TLS_PROXY, 0);
    return t_end("test_conn");
}
