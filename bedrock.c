/* bedrock.c - the life of calls, and the connections that they share: start, step, wait, end.
 * bedrock.h is the contract. Leaves out: opening a client (open.c), what a step does (call.c), what Converse
 * says (message.c). */
#define _DEFAULT_SOURCE
#include "bedrock_int.h"
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define BEDROCK_POLL_SET 128    /* half as many calls are waited for without an allocation */
#define BEDROCK_GLANCE_MS 10    /* while a call waits for two descriptors and can name but one */

/* bedrock_warm() */
static const struct bdk_operation bedrock_warming[BDK_N_SERVICES] = {
    [BDK_RUNTIME] = {BDK_RUNTIME, NULL, "", "", 0, BDK_BODY_NONE, 0, 0},
    [BDK_CONTROL] = {BDK_CONTROL, NULL, "", "", 0, BDK_BODY_NONE, 0, 0},
};

static const struct bedrock_error bedrock_no_memory = {
    .code = BEDROCK_ERR_NOMEM, .message = "out of memory"
};

/* ---- Errors and traces of a client ---- */

void bdk_trace(const struct bedrock *b, const char *format, ...)
{
    char line[2048];
    va_list ap;

    if (!b->opt.trace)
        return;
    va_start(ap, format);
    vsnprintf(line, sizeof line, format, ap);
    va_end(ap);
    b->opt.trace(b->opt.trace_ctx, line);
}

int bdk_client_fail(struct bedrock *b, int code, const char *text)
{
    memset(&b->err, 0, sizeof b->err);
    return bdk_error_set(&b->err, code, "%s", text);
}

void bdk_client_take_error(struct bedrock *b, const struct bedrock_call *c)
{
    b->err = c->err;
}

void bdk_client_buffer(const struct bedrock *b, struct bedrock_buffer *buffer)
{
    buffer->alloc = b->opt.alloc;
    buffer->alloc_ctx = b->opt.alloc_ctx;
}

const struct bedrock_error *bedrock_error(const struct bedrock *b)
{
    return b ? &b->err : &bedrock_no_memory;
}

const char *bedrock_region(const struct bedrock *b)
{
    return b->cf.region;
}

/* ---- Connections to a host: kept, taken over, counted ---- */

static void bedrock_drop_kept(struct bedrock *b, struct bdk_kept *k)
{
    b->io.close(k->conn);
    k->conn = NULL;
}

/* The two services may share a host: a custom endpoint for both. */
static int bedrock_same_host(const struct bdk_endpoint *a, const struct bdk_endpoint *b)
{
    return a->port == b->port && a->tls == b->tls && strcmp(a->host, b->host) == 0;
}

/* Close what was idle for too long. */
static void bedrock_sweep(struct bedrock *b)
{
    int64_t now = b->opt.clock(b->opt.clock_ctx, 0);

    for (int i = 0; i < BDK_MAX_KEPT; i++)
        if (b->kept[i].conn && now - b->kept[i].since_ms > BDK_KEEP_MS)
            bedrock_drop_kept(b, &b->kept[i]);
}

void *bdk_client_take_kept(struct bedrock *b, const struct bdk_endpoint *to)
{
    bedrock_sweep(b);
    for (int i = 0; i < BDK_MAX_KEPT; i++) {
        struct bdk_kept *k = &b->kept[i];
        char byte;
        size_t n = 0;
        void *conn = k->conn;

        if (!conn || !bedrock_same_host(k->to, to))
            continue;
        /* an idle connection has nothing to say: anything but "not now" means it is over */
        if (b->io.read(conn, &byte, 1, &n) <= 0) {
            bedrock_drop_kept(b, k);
            continue;
        }
        k->conn = NULL;
        return conn;
    }
    return NULL;
}

/* The idle connections to a host, and the one that has been idle longest; to NULL: to any host. */
static int bedrock_idle(struct bedrock *b, const struct bdk_endpoint *to, struct bdk_kept **oldest)
{
    int n = 0;

    *oldest = NULL;
    for (int i = 0; i < BDK_MAX_KEPT; i++) {
        struct bdk_kept *k = &b->kept[i];

        if (!k->conn || (to && !bedrock_same_host(k->to, to)))
            continue;
        if (!*oldest || k->since_ms < (*oldest)->since_ms)
            *oldest = k;
        n++;
    }
    return n;
}

void bdk_client_keep(struct bedrock *b, void *conn, const struct bdk_endpoint *to)
{
    struct bdk_kept *oldest, *place = b->kept;

    if (b->opt.max_idle < 0) {
        b->io.close(conn);
        return;
    }
    bedrock_sweep(b);
    if (bedrock_idle(b, to, &oldest) >= b->opt.max_idle ||
        bedrock_idle(b, NULL, &oldest) == BDK_MAX_KEPT)
        bedrock_drop_kept(b, oldest);
    while (place->conn)
        place++; /* there is a free one: if all were taken, the oldest was just dropped */
    place->conn = conn;
    place->to = to;
    place->since_ms = b->opt.clock(b->opt.clock_ctx, 0);
}

static struct bedrock_call *bedrock_find_warm(const struct bedrock_call *c)
{
    for (struct bedrock_call *w = c->b->calls; w; w = w->next)
        if (w != c && !w->method[0] && w->conn && bedrock_same_host(w->to, c->to))
            return w;
    return NULL;
}

int bdk_client_take_warm(struct bedrock_call *c)
{
    struct bedrock_call *w = c->method[0] ? bedrock_find_warm(c) : NULL;

    if (!w)
        return 0;
    c->conn = w->conn;
    c->phase_ms = w->phase_ms;
    c->connected_ms = w->connected_ms;
    w->conn = NULL;
    w->phase = BDK_PHASE_DONE;
    return 1;
}

/* Connections to the call's host that other calls use or that are idle. */
static int bedrock_count_others(const struct bedrock_call *c, int *idle)
{
    struct bdk_kept *oldest;
    int n = *idle = bedrock_idle(c->b, c->to, &oldest);

    for (const struct bedrock_call *other = c->b->calls; other; other = other->next)
        n += other != c && !other->fetch && other->conn && bedrock_same_host(other->to, c->to);
    return n;
}

int bdk_client_has_room(const struct bedrock_call *c)
{
    int idle;

    return c->max_connections == 0 || bedrock_count_others(c, &idle) < c->max_connections || idle > 0 ||
           bedrock_find_warm(c) != NULL;
}

void bdk_client_make_room(struct bedrock_call *c)
{
    struct bdk_kept *oldest;
    int idle;

    if (c->max_connections == 0 || bedrock_count_others(c, &idle) < c->max_connections)
        return;
    if (bedrock_idle(c->b, c->to, &oldest) > 0)
        bedrock_drop_kept(c->b, oldest);
}

/* ---- Starting and ending calls ---- */

int bdk_client_is_open(struct bedrock *b)
{
    if (b->usable)
        return 0;
    return b->err.code ? b->err.code : bdk_client_fail(b, BEDROCK_ERR_USAGE, "bedrock_open() failed");
}

static void bedrock_give_buffers(struct bedrock_call *c)
{
    struct bedrock *b = c->b;

    bdk_client_buffer(b, &c->target);
    bdk_client_buffer(b, &c->headers);
    bdk_client_buffer(b, &c->out);
    bdk_client_buffer(b, &c->in);
    bdk_client_buffer(b, &c->payload);
    bdk_client_buffer(b, &c->text);
    c->in.max = (size_t)BDK_HTTP_MAX_HEAD * 2 + BDK_READ_SIZE;
    c->text.max = b->opt.max_event;
    bdk_es_init(&c->frames, b->opt.max_event, b->cpu, b->opt.alloc, b->opt.alloc_ctx);
}

/* Memory that every call needs, taken at once so that a stream takes none later. */
static int bedrock_prepare(struct bedrock_call *c, const struct bedrock_request *rq)
{
    bedrock_give_buffers(c);
    if (bdk_request_write(c, rq) != 0)
        return c->target.error ? c->target.error : c->headers.error;
    return bdk_buffer_reserve(&c->in, BDK_READ_SIZE);
}

struct bedrock_call *bdk_client_new_call(struct bedrock *b, const struct bdk_operation *op,
                                         enum bdk_service service)
{
    struct bedrock_call *c = bdk_resize(b->opt.alloc, b->opt.alloc_ctx, NULL, 0, sizeof *c);

    if (!c) {
        bdk_client_fail(b, BEDROCK_ERR_NOMEM, "out of memory");
        return NULL;
    }
    memset(c, 0, sizeof *c);
    c->b = b;
    c->op = op;
    c->service = service;
    c->to = &b->cf.endpoint[service];
    c->deadline_ms = INT64_MAX;
    c->max_connections = b->opt.max_connections;
    c->link = &b->calls;
    c->next = b->calls;
    if (c->next)
        c->next->link = &c->next;
    b->calls = c;
    return c;
}

int bedrock_start(struct bedrock *b, const struct bedrock_request *rq, struct bedrock_call **out)
{
    const struct bdk_operation *op;
    struct bedrock_call *c;
    int rc = bdk_client_is_open(b);

    *out = NULL;
    if (rc == 0)
        rc = bdk_request_check(b, rq);
    if (rc != 0)
        return rc;
    bedrock_sweep(b);
    op = bdk_operation_of(rq->operation);
    c = bdk_client_new_call(b, op,
                            rq->operation == BEDROCK_ANY ? (enum bdk_service)rq->service : op->service);
    if (!c)
        return BEDROCK_ERR_NOMEM;
    c->body.p = rq->body;
    c->body.len = rq->body_len;
    c->raw = rq->raw;
    if (rq->deadline_ms > 0)
        c->deadline_ms = b->opt.clock(b->opt.clock_ctx, 0) + rq->deadline_ms;
    if (rq->max_connections > 0)
        c->max_connections = rq->max_connections;
    rc = bedrock_prepare(c, rq);
    if (rc != 0) {
        bedrock_end(c);
        return bdk_client_fail(b, rc, bedrock_code_text(rc));
    }
    *out = c;
    return 0;
}

/* "Name: value\r\n" and so on as name and value in turn. */
static int bedrock_copy_lines(struct bedrock_call *c, const struct bedrock_buffer *lines)
{
    const char *p = lines->p, *end = p + lines->len;

    while (p < end) {
        const char *colon = memchr(p, ':', (size_t)(end - p)), *eol = memchr(p, '\r', (size_t)(end - p));

        bedrock_buffer_append(&c->headers, p, (size_t)(colon - p));
        bedrock_buffer_append(&c->headers, "", 1);
        bedrock_buffer_append(&c->headers, colon + 2, (size_t)(eol - colon - 2));
        bedrock_buffer_append(&c->headers, "", 1);
        p = eol + 2;
    }
    return c->headers.error;
}

int bdk_call_carry(struct bedrock_call *c, const struct bdk_fetch *f, const struct bdk_keys *keys)
{
    const char *query = memchr(f->target.p, '?', f->target.len);

    c->fetch = f;
    c->fetch_keys = keys;
    c->to = &f->to;
    c->max_connections = 0;
    bedrock_give_buffers(c);
    snprintf(c->method, sizeof c->method, "%s", f->method);
    c->body.p = f->body.p;
    c->body.len = f->body.len;
    c->path_len = query ? (size_t)(query - f->target.p) : f->target.len;
    if (bedrock_buffer_append(&c->target, f->target.p, f->target.len) != 0)
        return c->target.error;
    if (f->headers.len > 0 && bedrock_copy_lines(c, &f->headers) != 0)
        return c->headers.error;
    return bdk_buffer_reserve(&c->in, BDK_READ_SIZE);
}

int bdk_client_fetch(struct bedrock *b, const struct bdk_fetch *f, const struct bdk_keys *keys,
                     struct bedrock_call **out)
{
    struct bedrock_call *c = bdk_client_new_call(b, bdk_operation_of(BEDROCK_ANY), BDK_RUNTIME);

    *out = NULL;
    if (!c)
        return BEDROCK_ERR_NOMEM;
    if (bdk_call_carry(c, f, keys) != 0) {
        bedrock_end(c);
        return BEDROCK_ERR_NOMEM;
    }
    *out = c;
    return 0;
}

int bedrock_warm(struct bedrock *b, enum bedrock_operation operation, struct bedrock_call **out)
{
    const struct bdk_operation *op = bdk_operation_of(operation);
    int rc = bdk_client_is_open(b);

    *out = NULL;
    if (rc != 0)
        return rc;
    if (!op)
        return bdk_client_fail(b, BEDROCK_ERR_USAGE, "no such operation");
    *out = bdk_client_new_call(b, &bedrock_warming[op->service], op->service);
    return *out ? 0 : BEDROCK_ERR_NOMEM;
}

void bdk_client_stop_fetching(struct bedrock_call *c)
{
    int wanted = c->wants_keys;

    c->wants_keys = 0;
    if (!wanted)
        return;
    for (const struct bedrock_call *other = c->b->calls; other; other = other->next)
        if (other->wants_keys && other->phase == BDK_PHASE_CONNECT)
            return;
    bdk_run_stop(c->b);
}

void bedrock_end(struct bedrock_call *c)
{
    struct bedrock *b;

    if (!c)
        return;
    b = c->b;
    /* read to its end and delivered: only the look at what follows is missing, and the connection is good */
    if (c->phase == BDK_PHASE_FINISH)
        bdk_call_step(c, NULL);
    bdk_call_release(c, 0);
    *c->link = c->next;
    if (c->next)
        c->next->link = c->link;
    bdk_client_stop_fetching(c);
    bedrock_buffer_free(&c->target);
    bedrock_buffer_free(&c->headers);
    bedrock_buffer_free(&c->out);
    c->in.len = c->in.cap; /* what an earlier piece of the body has left stands behind the last one's end */
    bedrock_buffer_free(&c->in);
    bedrock_buffer_free(&c->payload);
    bedrock_buffer_free(&c->text);
    bdk_es_free(&c->frames);
    bdk_errand_free(c);
    bdk_resize(b->opt.alloc, b->opt.alloc_ctx, c, sizeof *c, 0);
}

/* ---- Stepping and waiting ---- */

int bedrock_step(struct bedrock_call *c, struct bedrock_event *ev)
{
    return bdk_call_step(c, ev);
}

int bedrock_next(struct bedrock_call *c, struct bedrock_event *ev)
{
    int rc;

    while ((rc = bedrock_step(c, ev)) > BEDROCK_EVENT) {
        if (c->queued && !bdk_client_has_room(c))
            return bdk_call_fail(c, BEDROCK_ERR_LIMIT, "all connections that the host may have are in "
                                                       "use by other calls");
        if (bedrock_wait(&c, 1, NULL, -1) < 0)
            return bdk_call_fail(c, BEDROCK_ERR_IO, "poll failed");
    }
    return rc;
}

/* Both a connection and keys may be waited for; who has one descriptor for us gets the connection's first. */
static int bedrock_waits_for_keys(const struct bedrock_call *c)
{
    return c->phase == BDK_PHASE_CONNECT && c->wants_keys;
}

static int bedrock_keys_alone(const struct bedrock_call *c)
{
    return bedrock_waits_for_keys(c) && (!c->conn || !c->wants_conn);
}

int bedrock_fd(const struct bedrock_call *c)
{
    if (bedrock_keys_alone(c))
        return bdk_creds_fd(c->b);
    return c->conn ? c->b->io.fd(c->conn) : -1;
}

int bedrock_events(const struct bedrock_call *c)
{
    int bits;

    if (bedrock_keys_alone(c))
        return bdk_creds_events(c->b);
    if (!c->conn || !c->want || c->want == BEDROCK_WANT_TIME)
        return 0;
    bits = c->b->io.events(c->conn) | (c->want == BEDROCK_WANT_READ ? POLLIN : POLLOUT);
    /* an answer may come while the request is still going out */
    if (c->phase == BDK_PHASE_SEND)
        return bits | POLLIN;
    return bdk_call_sends(c) ? bits | POLLOUT : bits;
}

static int bedrock_is_over(const struct bedrock_call *c)
{
    return !c || c->phase == BDK_PHASE_DONE || c->phase == BDK_PHASE_FAILED;
}

/* The sooner of two time-outs, -1 being none. */
static int bedrock_sooner(int a, int b)
{
    return a < 0 || (b >= 0 && b < a) ? b : a;
}

/* What the connection, or the wait for one, asks for. */
static int bedrock_own_timeout_ms(const struct bedrock_call *c)
{
    const struct bedrock_options *o = &c->b->opt;
    int64_t left;
    int io_ms = -1;

    if (c->want && c->conn && c->b->io.timeout_ms)
        io_ms = c->b->io.timeout_ms(c->conn);
    if (!c->want || (c->want != BEDROCK_WANT_TIME && io_ms < 0 && bedrock_fd(c) < 0))
        return 0;
    if (c->queued && bdk_client_has_room(c))
        return 0;
    if (c->until_ms == INT64_MAX)
        return io_ms;
    left = c->until_ms - o->clock(o->clock_ctx, 0);
    left = left < 0 ? 0 : left > INT32_MAX ? INT32_MAX : left;
    return bedrock_sooner(io_ms, (int)left);
}

/* Without what a loop with one descriptor for the call needs. */
static int bedrock_poll_timeout_ms(const struct bedrock_call *c)
{
    int keys_ms = bedrock_waits_for_keys(c) ? bdk_creds_timeout_ms(c->b) : -1;

    if (!bedrock_keys_alone(c))
        return bedrock_sooner(bedrock_own_timeout_ms(c), keys_ms);
    if (c->deadline_ms != INT64_MAX)
        keys_ms = bedrock_sooner(keys_ms, bedrock_own_timeout_ms(c));
    return keys_ms;
}

int bedrock_timeout_ms(const struct bedrock_call *c)
{
    int ms;

    if (bedrock_is_over(c))
        return -1;
    ms = bedrock_poll_timeout_ms(c);
    /* two descriptors, of which one is told: look after the other now and then */
    return bedrock_waits_for_keys(c) && !bedrock_keys_alone(c) ? bedrock_sooner(ms, BEDROCK_GLANCE_MS) : ms;
}

/* What bedrock_wait() hands to poll(): the calls that are not over, since poll() refuses more entries than
 * there may be open files; and behind a call what its client's keys wait for, once for all of its calls. */
struct bedrock_poll {
    struct pollfd *set;
    size_t n;
    int soonest;    /* the time-out that the calls themselves ask for, or -1 */
    int n_fds;      /* entries with a descriptor */
};

static void bedrock_poll_add(struct bedrock_poll *p, int fd, int events)
{
    struct pollfd *entry = &p->set[p->n++];

    entry->fd = fd;
    entry->events = (short)events;
    entry->revents = 0;
    p->n_fds += fd >= 0;
}

/* Does this call wait for keys and for a connection, and is it the first of its client's that does? */
static int bedrock_adds_keys(const struct bedrock_call *c, const struct bedrock **last)
{
    if (!bedrock_waits_for_keys(c) || bedrock_keys_alone(c) || *last == c->b)
        return 0;
    *last = c->b;
    return 1;
}

static void bedrock_poll_fill(struct bedrock_poll *p, struct bedrock_call *const calls[], size_t n)
{
    const struct bedrock *last = NULL;

    p->soonest = -1;
    for (size_t i = 0; i < n; i++) {
        const struct bedrock_call *c = calls[i];

        if (bedrock_is_over(c))
            continue;
        bedrock_poll_add(p, bedrock_fd(c), bedrock_events(c));
        p->soonest = bedrock_sooner(p->soonest, bedrock_poll_timeout_ms(c));
        if (bedrock_adds_keys(c, &last))
            bedrock_poll_add(p, bdk_creds_fd(c->b), bdk_creds_events(c->b));
    }
}

/* slept: how long poll() waited in vain for what a call had asked for; a transport that wants to be looked
 * at every 10 ms asks for 10 again, so "0 left" alone would never come. */
static int bedrock_poll_result(struct bedrock_call *const calls[], size_t n, const struct pollfd *set,
                               int slept, unsigned char ready[])
{
    const struct bedrock *last = NULL;
    int count = 0;

    for (size_t i = 0; i < n; i++) {
        int over = bedrock_is_over(calls[i]), ms = over ? -1 : bedrock_poll_timeout_ms(calls[i]);
        int can = !over && ((set++)->revents != 0 || (ms >= 0 && ms <= slept));

        if (!over && bedrock_adds_keys(calls[i], &last))
            can |= (set++)->revents != 0;
        if (ready)
            ready[i] = (unsigned char)can;
        count += can;
    }
    return count;
}

static int bedrock_poll_run(struct bedrock_poll *p, struct bedrock_call *const calls[], size_t n,
                            unsigned char ready[], int timeout_ms)
{
    int asked, got = 0;

    bedrock_poll_fill(p, calls, n);
    asked = p->soonest >= 0 && (timeout_ms < 0 || p->soonest <= timeout_ms);
    /* when all wait for connections that calls outside of the set hold, nothing can happen here */
    if (asked || timeout_ms >= 0 || p->n_fds > 0)
        got = bdk_poll(p->set, p->n, asked ? p->soonest : timeout_ms);
    if (got < 0)
        return BEDROCK_ERR_IO;
    return bedrock_poll_result(calls, n, p->set, got == 0 && asked ? p->soonest : 0, ready);
}

int bedrock_wait(struct bedrock_call *const calls[], size_t n, unsigned char ready[], int timeout_ms)
{
    struct pollfd few[BEDROCK_POLL_SET];
    struct bedrock_poll p = {few, 0, -1, 0};
    const struct bedrock *b = NULL;
    size_t room = n * 2 * sizeof *p.set;
    int count;

    for (size_t i = 0; i < n && !b; i++)
        b = bedrock_is_over(calls[i]) ? NULL : calls[i]->b;
    if (!b)
        return bedrock_poll_result(calls, n, NULL, 0, ready);
    if (n > BEDROCK_POLL_SET / 2)
        p.set = bdk_resize(b->opt.alloc, b->opt.alloc_ctx, NULL, 0, room);
    if (!p.set)
        return BEDROCK_ERR_NOMEM;
    count = bedrock_poll_run(&p, calls, n, ready, timeout_ms);
    if (p.set != few)
        bdk_resize(b->opt.alloc, b->opt.alloc_ctx, p.set, room, 0);
    return count;
}

/* ---- Looking at a call ---- */

const struct bedrock_error *bedrock_call_error(const struct bedrock_call *c)
{
    return &c->err;
}

int bedrock_http_status(const struct bedrock_call *c)
{
    return c->head.status;
}

struct bedrock_slice bedrock_header(const struct bedrock_call *c, const char *name)
{
    struct bedrock_slice none = {NULL, 0};

    return c->head.status ? bdk_http_field(&c->head, name) : none;
}
