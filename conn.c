/* conn.c - the built-in transport: a socket, TLS over it where asked, as a struct bedrock_io.
 * bedrock.h, struct bedrock_io. Leaves out: proxies; keeping idle connections, which bedrock.c does
 * for any transport. */
#include "bedrock_int.h"
#include <poll.h>
#include <stdio.h>
#include <string.h>

struct conn {
    struct bdk_transport *tr;
    struct bdk_sock *sock;
    struct bdk_tls *tls;
    const struct bdk_trust *trust;  /* NULL: no TLS */
    int ready;                      /* bytes can flow */
    struct bedrock_error err;       /* why the last operation failed */
    char host[256];
};

static void conn_close(void *conn)
{
    struct conn *c = conn;

    bdk_tls_close(c->tls);
    bdk_sock_close(c->sock);
    bdk_resize(c->tr->alloc, c->tr->alloc_ctx, c, sizeof *c, 0);
}

static const struct bdk_trust *conn_trust(const struct bdk_transport *tr, const char *host)
{
    for (int i = 0; i < BDK_N_SERVICES; i++)
        if (tr->aws_host[i] && strcmp(tr->aws_host[i], host) == 0)
            return tr->aws_trust;
    return tr->other_trust;
}

static int conn_open(void *ctx, const char *host, int port, int tls, void **conn)
{
    struct bdk_transport *tr = ctx;
    struct conn *c = bdk_resize(tr->alloc, tr->alloc_ctx, NULL, 0, sizeof *c);
    int rc;

    memset(&tr->open_error, 0, sizeof tr->open_error);
    if (!c)
        return bdk_error_set(&tr->open_error, BEDROCK_ERR_NOMEM, "out of memory");
    memset(c, 0, sizeof *c);
    c->tr = tr;
    c->trust = tls ? conn_trust(tr, host) : NULL;
    snprintf(c->host, sizeof c->host, "%s", host);
    rc = bdk_sock_open(&c->sock, host, port, tr->alloc, tr->alloc_ctx, tr->clock, tr->clock_ctx,
                       &tr->open_error);
    if (rc != 0) {
        conn_close(c);
        return rc;
    }
    *conn = c;
    return 0;
}

static void conn_trace_tls(const struct conn *c)
{
    char what[96], line[400];

    if (!c->tr->trace)
        return;
    bdk_tls_describe(c->tls, what, sizeof what);
    snprintf(line, sizeof line, "* %s: %s", c->host, what);
    c->tr->trace(c->tr->trace_ctx, line);
}

static int conn_step(void *conn)
{
    struct conn *c = conn;
    struct bdk_transport *tr = c->tr;
    int rc;

    if (c->ready)
        return 0;
    rc = bdk_sock_step(c->sock, &c->err);
    if (rc != 0)
        return rc;
    c->ready = !c->trust;
    if (c->ready)
        return 0;
    if (!c->tls) {
        rc = bdk_tls_open(&c->tls, c->sock, c->host, c->trust, tr->clock(tr->clock_ctx, 1),
                          tr->alloc, tr->alloc_ctx, &c->err);
        if (rc != 0)
            return rc;
    }
    rc = bdk_tls_step(c->tls, &c->err);
    if (rc != 0)
        return rc;
    c->ready = 1;
    conn_trace_tls(c);
    return 0;
}

static int conn_read(void *conn, void *buf, size_t cap, size_t *n)
{
    struct conn *c = conn;

    return c->tls ? bdk_tls_read(c->tls, buf, cap, n, &c->err)
                  : bdk_sock_read(c->sock, buf, cap, n, &c->err);
}

static int conn_write(void *conn, const void *buf, size_t len, size_t *n)
{
    struct conn *c = conn;

    return c->tls ? bdk_tls_write(c->tls, buf, len, n, &c->err)
                  : bdk_sock_write(c->sock, buf, len, n, &c->err);
}

static int conn_fd(void *conn)
{
    const struct conn *c = conn;

    return bdk_sock_fd(c->sock);
}

/* A plain socket waits for what the last answer asked for; bedrock.c knows which that was. */
static int conn_events(void *conn)
{
    const struct conn *c = conn;

    return c->tls ? bdk_tls_events(c->tls) : 0;
}

static void conn_describe(void *ctx, void *conn, struct bedrock_error *e)
{
    const struct bdk_transport *tr = ctx;
    const struct conn *c = conn;
    const struct bedrock_error *from = c ? &c->err : &tr->open_error;

    if (from->code == 0)
        return;
    e->code = from->code;
    e->sys_errno = from->sys_errno;
    e->tls_code = from->tls_code;
    e->retryable = from->retryable;
    memcpy(e->message, from->message, sizeof e->message);
}

static int conn_timeout_ms(void *conn)
{
    const struct conn *c = conn;

    return bdk_sock_timeout_ms(c->sock);
}

void bdk_transport_io(struct bedrock_io *io, struct bdk_transport *t)
{
    io->ctx = t;
    io->open = conn_open;
    io->step = conn_step;
    io->read = conn_read;
    io->write = conn_write;
    io->fd = conn_fd;
    io->events = conn_events;
    io->close = conn_close;
    io->describe = conn_describe;
    io->timeout_ms = conn_timeout_ms;
}
