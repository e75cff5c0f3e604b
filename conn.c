/* conn.c - the built-in transport: a socket, a proxy's tunnel where there is one, TLS over it where asked,
 * as a struct bedrock_io. RFC 9110 9.3.6 for the tunnel. Leaves out: which proxy serves a target (proxy.c);
 * keeping idle connections, which bedrock.c does for any transport. */
#include "bedrock_int.h"
#include <poll.h>
#include <stdio.h>
#include <string.h>

#define CONN_READ_SIZE 1024u    /* least room for the proxy's answer */

/* The way through a proxy to an https:// target. */
struct conn_tunnel {
    struct bdk_tls *tls;        /* with the proxy, when it is an https:// one */
    struct bedrock_buffer out;  /* CONNECT, until it is sent; holds the password */
    size_t sent;
    struct bedrock_buffer in;   /* the answer and what came right behind it */
    size_t scanned, taken;      /* taken: bytes of in that were used up */
    int open;                   /* the proxy said yes */
    char target[280];           /* "host:port" */
};

struct conn {
    struct bdk_transport *tr;
    struct bdk_sock *sock;
    struct bdk_tls *tls;            /* what bytes go through in the end; NULL: the socket itself */
    const struct bdk_trust *trust;  /* for tls; NULL: no TLS */
    const struct bdk_proxy *via;    /* NULL: none. Without a tunnel it gets http:// requests whole */
    struct conn_tunnel *tunnel;
    const char *waits;              /* for what, while it is not ready: "TLS with" */
    int ready;                      /* bytes can flow */
    struct bedrock_error err;       /* why the last operation failed */
    char host[256];                 /* that tls is with */
    struct bedrock_probe *probe;    /* who wants to know what is seen; NULL: nobody */
    int64_t since_ms;               /* for it: when the stage at hand began */
};

/* ---- What TLS stands on ---- */

static int conn_sock_read(void *conn, void *buf, size_t cap, size_t *n, struct bedrock_error *e)
{
    const struct conn *c = conn;

    return bdk_sock_read(c->sock, buf, cap, n, e);
}

static int conn_sock_write(void *conn, const void *buf, size_t len, size_t *n, struct bedrock_error *e)
{
    const struct conn *c = conn;

    return bdk_sock_write(c->sock, buf, len, n, e);
}

static void conn_quickack(void *conn)
{
    const struct conn *c = conn;

    bdk_sock_quickack(c->sock);
}

static int conn_tunnel_read(void *conn, void *buf, size_t cap, size_t *n, struct bedrock_error *e)
{
    struct conn *c = conn;
    struct conn_tunnel *t = c->tunnel;
    size_t left = t->in.len - t->taken;

    if (left > 0) {
        *n = left < cap ? left : cap;
        memcpy(buf, t->in.p + t->taken, *n);
        t->taken += *n;
        return 0;
    }
    return t->tls ? bdk_tls_read(t->tls, buf, cap, n, e) : bdk_sock_read(c->sock, buf, cap, n, e);
}

static int conn_tunnel_write(void *conn, const void *buf, size_t len, size_t *n, struct bedrock_error *e)
{
    struct conn *c = conn;
    struct conn_tunnel *t = c->tunnel;
    int rc = t->tls ? bdk_tls_write(t->tls, buf, len, n, e) : bdk_sock_write(c->sock, buf, len, n, e);

    /* a record of the inner TLS goes out at once; what is stuck goes with the next read or write */
    if (rc == 0 && t->tls)
        rc = bdk_tls_flush(t->tls, e);
    return rc > 0 && *n > 0 ? 0 : rc;
}

static const struct bdk_lower conn_over_sock = {conn_sock_read, conn_sock_write, conn_quickack};
static const struct bdk_lower conn_over_tunnel = {conn_tunnel_read, conn_tunnel_write, conn_quickack};

/* ---- Opening and closing ---- */

static void conn_close(void *conn)
{
    struct conn *c = conn;
    struct bdk_transport *tr = c->tr;

    bdk_tls_close(c->tls);
    if (c->tunnel) {
        bdk_tls_close(c->tunnel->tls);
        bedrock_buffer_free(&c->tunnel->out);
        bedrock_buffer_free(&c->tunnel->in);
        bdk_resize(tr->alloc, tr->alloc_ctx, c->tunnel, sizeof *c->tunnel, 0);
    }
    bdk_sock_close(c->sock);
    bdk_resize(tr->alloc, tr->alloc_ctx, c, sizeof *c, 0);
}

static const struct bdk_trust *conn_trust(const struct bdk_transport *tr, const char *host)
{
    for (int i = 0; tr->aws_trust && i <= BDK_N_SERVICES; i++)
        if (tr->aws_host[i] && strcmp(tr->aws_host[i], host) == 0)
            return tr->aws_trust;
    return tr->other_trust;
}

static void conn_trace(const struct conn *c, const char *who, const char *what, const char *whom)
{
    char line[700];

    if (!c->tr->trace)
        return;
    snprintf(line, sizeof line, "* %s: %s%s", who, what, whom);
    c->tr->trace(c->tr->trace_ctx, line);
}

/* Tell the proxy's failures from those behind it. */
static int conn_blame(const struct conn *c, struct bedrock_error *e)
{
    struct bedrock_error told = *e;

    if (!c->via || e->code == 0 || e->code == BEDROCK_ERR_NOMEM || e->code == BEDROCK_ERR_CONFIG ||
        strncmp(e->message, "proxy ", 6) == 0)
        return e->code;
    e->code = 0;
    if (c->tunnel && c->tunnel->open)
        bdk_error_set(e, told.code, "%.900s (through proxy %s)", told.message, c->via->name);
    else
        bdk_error_set(e, told.code, "proxy %s: %s", c->via->name, told.message);
    e->retryable = told.retryable;
    return e->code;
}

/* A stage is over. */
static void conn_mark(struct conn *c, int64_t *ms)
{
    const struct bdk_transport *tr = c->tr;
    int64_t now = tr->clock(tr->clock_ctx, 0);

    if (*ms < 0)
        *ms = now - c->since_ms;
    c->since_ms = now;
}

static void conn_mark_connected(struct conn *c)
{
    if (!c->probe || c->probe->connect_ms >= 0)
        return;
    conn_mark(c, &c->probe->connect_ms);
    bdk_sock_address(c->sock, c->probe->address, sizeof c->probe->address);
}

static int conn_begin_tunnel(struct conn *c, const char *host, int port)
{
    struct bdk_transport *tr = c->tr;
    struct conn_tunnel *t = bdk_resize(tr->alloc, tr->alloc_ctx, NULL, 0, sizeof *t);

    c->tunnel = t;
    if (!t)
        return bdk_error_set(&tr->open_error, BEDROCK_ERR_NOMEM, "out of memory");
    memset(t, 0, sizeof *t);
    t->out.alloc = t->in.alloc = tr->alloc;
    t->out.alloc_ctx = t->in.alloc_ctx = tr->alloc_ctx;
    snprintf(t->target, sizeof t->target, strchr(host, ':') ? "[%s]:%d" : "%s:%d", host, port);
    return 0;
}

/* Find the proxy. Without a tunnel it is the one that TLS is with. */
static int conn_choose(struct conn *c, const char *host, int port, int tls)
{
    struct bdk_transport *tr = c->tr;
    int rc;

    c->trust = tls ? conn_trust(tr, host) : NULL;
    c->via = tr->direct ? NULL : bdk_proxy_for(tr->proxies, host, port, tls);
    snprintf(c->host, sizeof c->host, "%s", c->via && !tls ? c->via->host : host);
    rc = c->via ? bdk_proxy_check(c->via, &tr->open_error) : 0;
    if (rc == 0 && c->via && !tls)
        c->trust = c->via->tls ? tr->other_trust : NULL;
    /* no anchors means no TLS from here on, and that is for http:// alone */
    if (rc == 0 && !c->trust && (tls || (c->via && c->via->tls)))
        rc = bdk_error_set(&tr->open_error, BEDROCK_ERR_CONFIG, "TLS with %s: no trust anchors were loaded",
                           c->host);
    if (rc == 0 && c->via && tls)
        rc = conn_begin_tunnel(c, host, port);
    if (rc == 0 && c->via)
        conn_trace(c, c->via->from, "proxy ", c->via->name);
    return rc;
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
    c->waits = "connecting to";
    c->probe = tr->probe;
    c->since_ms = c->probe ? tr->clock(tr->clock_ctx, 0) : 0;
    rc = conn_choose(c, host, port, tls);
    if (rc == 0)
        rc = bdk_sock_open(&c->sock, c->via ? c->via->host : host, c->via ? c->via->port : port, tr->alloc,
                           tr->alloc_ctx, tr->clock, tr->clock_ctx, &tr->open_error);
    if (rc != 0) {
        conn_blame(c, &tr->open_error);
        conn_close(c);
        return rc;
    }
    if (c->probe)
        conn_mark(c, &c->probe->resolve_ms);
    *conn = c;
    return 0;
}

/* ---- Getting ready ---- */

static int conn_tls_step(struct conn *c, struct bdk_tls **tls, const struct bdk_lower *lower,
                         const char *host, const struct bdk_trust *trust)
{
    struct bdk_transport *tr = c->tr;
    char what[96];
    int rc = 0;

    if (!*tls)
        rc = bdk_tls_open(tls, lower, c, host, trust, tr->clock(tr->clock_ctx, 1), tr->alloc,
                          tr->alloc_ctx, &c->err);
    if (rc == 0 && c->probe && tls == &c->tls)
        bdk_tls_watch(*tls, c->probe);
    if (rc == 0)
        rc = bdk_tls_step(*tls, &c->err);
    if (rc == 0) {
        bdk_tls_describe(*tls, what, sizeof what);
        conn_trace(c, host, what, "");
    }
    return rc;
}

/* Send CONNECT: 0 all of it, WANT_*, below zero. */
static int conn_ask(struct conn *c)
{
    struct conn_tunnel *t = c->tunnel;
    size_t n;
    int rc = 0;

    if (t->sent == 0 && t->out.len == 0 && bdk_proxy_connect(&t->out, c->via, t->target) != 0)
        return bdk_error_set(&c->err, t->out.error, "CONNECT %s cannot be written", t->target);
    while (rc == 0 && t->sent < t->out.len) {
        rc = conn_tunnel_write(c, t->out.p + t->sent, t->out.len - t->sent, &n, &c->err);
        t->sent += rc == 0 ? n : 0;
    }
    if (rc == 0)
        bedrock_buffer_free(&t->out);
    return rc;
}

/* Read the proxy's answer: 0 it opened the tunnel, WANT_*, below zero. */
static int conn_hear(struct conn *c)
{
    struct conn_tunnel *t = c->tunnel;
    size_t n = 0, used = 0;
    int rc = BDK_MORE;

    while (rc == BDK_MORE) {
        if (bdk_buffer_reserve(&t->in, CONN_READ_SIZE) != 0)
            return bdk_error_set(&c->err, t->in.error, "out of memory");
        t->taken = t->in.len; /* nothing of it is the tunnel's yet */
        rc = conn_tunnel_read(c, t->in.p + t->in.len, t->in.cap - t->in.len, &n, &c->err);
        if (rc != 0)
            return rc;
        if (n == 0)
            return bdk_error_set(&c->err, BEDROCK_ERR_IO, "the connection was closed without an answer to "
                                 "CONNECT %s", t->target);
        t->in.len += n;
        rc = bdk_proxy_answer(c->via, t->target, t->in.p, t->in.len, &t->scanned, &used, &c->err);
    }
    t->taken = used;
    return rc;
}

static int conn_tunnel_step(struct conn *c)
{
    struct conn_tunnel *t = c->tunnel;
    int rc = 0;

    if (t->open)
        return 0;
    if (c->via->tls && t->sent == 0 && t->out.len == 0) {
        c->waits = "TLS with";
        rc = conn_tls_step(c, &t->tls, &conn_over_sock, c->via->host, c->tr->other_trust);
    }
    if (rc == 0 && (t->sent == 0 || t->out.len > 0)) {
        c->waits = "CONNECT by";
        rc = conn_ask(c);
    }
    if (rc == 0)
        rc = conn_hear(c);
    if (rc != 0)
        return rc;
    t->open = 1;
    c->waits = "TLS through";
    conn_trace(c, c->via->name, "the tunnel is open to ", t->target);
    return 0;
}

static int conn_step(void *conn)
{
    struct conn *c = conn;
    int rc;

    if (c->ready)
        return 0;
    rc = bdk_sock_step(c->sock, &c->err);
    if (rc == 0 && c->tunnel)
        rc = conn_tunnel_step(c);
    if (rc == 0)
        conn_mark_connected(c);
    if (rc == 0 && c->trust && !c->tunnel)
        c->waits = "TLS with";
    if (rc == 0 && c->trust)
        rc = conn_tls_step(c, &c->tls, c->tunnel ? &conn_over_tunnel : &conn_over_sock, c->host, c->trust);
    c->ready = rc == 0;
    if (c->ready && c->probe && c->tls) {
        conn_mark(c, &c->probe->tls_ms);
        bdk_tls_describe(c->tls, c->probe->tls, sizeof c->probe->tls);
    }
    return rc;
}

/* ---- Using it ---- */

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

/* The TLS next to the socket decides. A plain socket waits for what the last answer asked for; bedrock.c
 * knows which that was. */
static int conn_events(void *conn)
{
    const struct conn *c = conn;
    const struct bdk_tls *lowest = c->tunnel && c->tunnel->tls ? c->tunnel->tls : c->tls;

    return lowest ? bdk_tls_events(lowest) : 0;
}

static void conn_describe(void *ctx, void *conn, struct bedrock_error *e)
{
    struct bdk_transport *tr = ctx;
    struct conn *c = conn;
    const struct bedrock_error *from = c ? &c->err : &tr->open_error;

    if (from->code == 0)
        return;
    e->code = from->code;
    e->sys_errno = from->sys_errno;
    e->tls_code = from->tls_code;
    e->retryable = from->retryable;
    memcpy(e->message, from->message, sizeof e->message);
    if (c)
        conn_blame(c, e);
}

static int conn_timeout_ms(void *conn)
{
    const struct conn *c = conn;

    /* what TLS with the proxy has taken in does not wake poll() */
    if (c->tunnel && c->tunnel->tls && c->tls && bdk_tls_holds_data(c->tunnel->tls) &&
        (bdk_tls_events(c->tls) & POLLIN))
        return 0;
    return bdk_sock_timeout_ms(c->sock);
}

const struct bdk_proxy *bdk_conn_relay(const struct bdk_transport *t, const void *conn)
{
    const struct conn *c = conn;

    return t->proxies && !c->tunnel ? c->via : NULL;
}

const char *bdk_conn_waits(const struct bdk_transport *t, const void *conn, const char **proxy)
{
    const struct conn *c = conn;

    *proxy = t->proxies && c && c->via ? c->via->name : NULL;
    return *proxy ? c->waits : NULL;
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
