/* emu_conn.c - one connection: a request is read, its answer sent as fast as the client takes it, and again.
 * RFC 9112 9. Leaves out: several answers under way at once; what is pipelined waits its turn. */
#define _DEFAULT_SOURCE
#include "emu.h"
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define EMU_AHEAD 65536u    /* input that is taken while an answer is under way */
#define EMU_BURST 262144    /* bytes one connection may write before the others have their turn */
#define EMU_MAX_READS 64    /* likewise for reading */
#define EMU_LINGER_MS 2000  /* how long a closed connection may still be read from */

enum emu_state { EMU_READING, EMU_ANSWERING, EMU_LINGERING };

/* What became of a connection when it was let run. */
enum emu_move { EMU_MOVED, EMU_WAITS, EMU_GONE };

struct emu_conn {
    int fd;
    unsigned number, n_requests;
    struct emu_tls *tls;        /* NULL: plain */
    enum emu_state state;
    struct bedrock_buffer in;
    size_t scanned;
    int told_to_continue;
    struct emu_answer a;        /* while answering */
    int64_t until_ms;           /* while lingering */
    int stirred;                /* the socket had something for it in this run */
    int64_t idle_ms;            /* since when it is idle */
    int64_t wake_ms;            /* when it wants to be run in any case */
    int blocked;                /* the socket takes no more until poll() says so */
};

/* ---- Bytes ---- */

static long emu_conn_read(struct emu_conn *c, void *buf, size_t cap)
{
    return c->tls ? emu_tls_read(c->tls, buf, cap) : emu_recv(c->fd, buf, cap);
}

static long emu_conn_write(struct emu_conn *c, const void *p, size_t n)
{
    return c->tls ? emu_tls_write(c->tls, p, n) : emu_send(c->fd, p, n);
}

static int emu_conn_flush(struct emu_conn *c)
{
    return c->tls ? emu_tls_flush(c->tls) : 0;
}

/* Take in what there is, a piece of it. As emu_recv(). */
static long emu_conn_take(struct emu_conn *c)
{
    char buf[16384];
    long n = emu_conn_read(c, buf, sizeof buf);

    if (n > 0 && bedrock_buffer_append(&c->in, buf, (size_t)n) != 0)
        return EMU_BROKEN;
    return n;
}

/* ---- Requests ---- */

static void emu_conn_log(const struct emu *e, const struct emu_conn *c, const struct emu_request *rq)
{
    size_t len = rq->target.len < 300 ? rq->target.len : 300;

    fprintf(stderr, "bedrock-emulator: +%lld ms #%u.%u %.*s %.*s %d%s%s\n",
            (long long)(emu_now_ms() - e->start_ms), c->number, c->n_requests,
            (int)(rq->method.len < 20 ? rq->method.len : 20), rq->method.p, (int)len, rq->target.p,
            c->a.status, c->a.why[0] ? " " : "", c->a.why);
}

/* The request is complete, or refused with a status of HTTP's own. */
static void emu_conn_begin(struct emu *e, struct emu_conn *c, struct emu_request *rq, int refused)
{
    static const char text[] = "This is not a request that can be answered.\n";

    emu_answer_init(&c->a, e, emu_now_ms());
    c->a.n_before = c->n_requests++;
    if (refused) {
        c->a.closes = 1;
        emu_http_answer(&c->a, refused, "text/plain", text, sizeof text - 1);
        rq->method.p = rq->target.p = "-"; /* how far they were read is not known */
        rq->method.len = rq->target.len = 1;
        rq->len = c->in.len;
    } else {
        emu_service(rq, &c->a);
    }
    if (c->a.end == EMU_KEEP && (c->a.closes || (e->max_requests && c->n_requests >= e->max_requests)))
        c->a.end = EMU_CLOSE;
    if (e->verbose)
        emu_conn_log(e, c, rq);
    c->in.len -= rq->len;
    memmove(c->in.p, c->in.p + rq->len, c->in.len);
    if (c->in.len == 0 && c->in.cap > EMU_BURST)
        bedrock_buffer_free(&c->in);
    c->scanned = 0;
    c->told_to_continue = 0;
    c->state = EMU_ANSWERING;
}

/* ---- Answers ---- */

/* All was sent: make events until there is enough again, or until the next one's time has not come. */
static int emu_conn_fill(struct emu_answer *a, int64_t now_ms)
{
    a->total += a->sent;
    a->out.len = a->sent = 0;
    while (a->step != EMU_STEP_WHOLE && a->step != EMU_STEP_DONE && a->due_ms <= now_ms &&
           a->out.len < EMU_LOW_WATER)
        a->more(a);
    return a->out.error || a->frame.error || a->w.out.error ? -1 : 0;
}

static enum emu_move emu_conn_blocked(struct emu_conn *c, long rc)
{
    c->blocked = 1;
    return rc == EMU_AGAIN ? EMU_WAITS : EMU_GONE;
}

/* No more will be written: see struct emu_answer. */
static enum emu_move emu_conn_leave(struct emu_conn *c, enum emu_end end)
{
    struct linger at_once = {1, 0};
    int rc = end == EMU_CLOSE && c->tls ? emu_tls_end(c->tls) : 0;

    if (rc == EMU_AGAIN)
        return emu_conn_blocked(c, rc);
    emu_answer_free(&c->a);
    if (end == EMU_RESET) {
        setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
        return EMU_GONE;
    }
    /* closing now would reset the connection if the client were still sending */
    shutdown(c->fd, SHUT_WR);
    c->until_ms = emu_now_ms() + EMU_LINGER_MS;
    c->state = EMU_LINGERING;
    return EMU_MOVED;
}

/* The answer is out, or as much of it as shall be. */
static enum emu_move emu_conn_finish(struct emu_conn *c)
{
    if (c->a.end == EMU_STALL)
        return EMU_WAITS;
    if (c->a.end != EMU_KEEP)
        return emu_conn_leave(c, c->a.end);
    emu_answer_free(&c->a);
    c->idle_ms = emu_now_ms();
    c->state = EMU_READING;
    return EMU_MOVED;
}

/* How many bytes the next write may have. */
static size_t emu_conn_portion(const struct emu_answer *a)
{
    uint64_t gone = a->total + a->sent, left = a->limit > gone ? a->limit - gone : 0;
    size_t n = a->out.len - a->sent;

    if (n > left)
        n = (size_t)left;
    return a->piece && n > a->piece ? a->piece : n;
}

static enum emu_move emu_conn_sending(struct emu_conn *c)
{
    struct emu_answer *a = &c->a;
    int64_t now = emu_now_ms();
    long budget = EMU_BURST, n;
    int rc;

    if (a->hold_ms > now) {
        c->wake_ms = a->hold_ms;
        return EMU_WAITS;
    }
    while (budget > 0) {
        size_t portion = emu_conn_portion(a);

        if (portion == 0 || a->piece) {
            rc = emu_conn_flush(c);
            if (rc != 0)
                return emu_conn_blocked(c, rc);
        }
        if (portion == 0) {
            if (a->total + a->sent >= a->limit)
                return emu_conn_finish(c);
            if (emu_conn_fill(a, now) != 0)
                return EMU_GONE;
            if (a->out.len > 0)
                continue;
            if (a->step == EMU_STEP_WHOLE || a->step == EMU_STEP_DONE)
                return emu_conn_finish(c);
            c->wake_ms = a->due_ms;
            return EMU_WAITS;
        }
        n = emu_conn_write(c, a->out.p + a->sent, portion);
        if (n < 0)
            return emu_conn_blocked(c, n);
        a->sent += (size_t)n;
        budget -= a->piece ? 256 : n;
    }
    c->wake_ms = 0;
    return EMU_WAITS;
}

/* ---- States ---- */

/* A client that ends the connection before it has its answer does not want it any more. */
static enum emu_move emu_conn_answering(struct emu_conn *c, int revents)
{
    long n = EMU_AGAIN;

    if (revents & (POLLERR | POLLHUP | POLLNVAL))
        return EMU_GONE;
    if ((revents & POLLIN) && c->in.len < EMU_AHEAD)
        n = emu_conn_take(c);
    if (n == 0 || n == EMU_BROKEN)
        return EMU_GONE;
    return emu_conn_sending(c);
}

/* Nothing has come: wait for it, or only so long. */
static enum emu_move emu_conn_idle(const struct emu *e, struct emu_conn *c)
{
    int64_t now = emu_now_ms();

    if (c->stirred)
        c->idle_ms = now; /* a part of a handshake, or of a request */
    if (!e->idle_close_ms || c->in.len > 0)
        return EMU_WAITS;
    c->wake_ms = c->idle_ms + e->idle_close_ms;
    return c->wake_ms <= now ? emu_conn_leave(c, EMU_CLOSE) : EMU_WAITS;
}

static enum emu_move emu_conn_reading(struct emu *e, struct emu_conn *c)
{
    static const char go_on[] = "HTTP/1.1 100 Continue\r\n\r\n";
    struct emu_request rq;

    for (int reads = 0; reads < EMU_MAX_READS; reads++) {
        int rc = emu_http_read(c->in.p, c->in.len, &c->scanned, &rq);
        int early = rc == EMU_MORE && rq.len > 0 ? emu_fault_early(rq.path) : 0;
        long n;

        if (rc != EMU_MORE || early) {
            emu_conn_begin(e, c, &rq, early ? early : rc);
            return EMU_MOVED;
        }
        if (rq.len > 0 && rq.expects && !c->told_to_continue) {
            c->told_to_continue = 1;
            if (emu_conn_write(c, go_on, sizeof go_on - 1) < 0 || emu_conn_flush(c) != 0)
                return EMU_GONE; /* nothing was under way: the socket has room for this */
        }
        n = emu_conn_take(c);
        if (n == EMU_AGAIN)
            return emu_conn_idle(e, c);
        if (n <= 0)
            return EMU_GONE;
    }
    c->wake_ms = 0;
    return EMU_WAITS;
}

static enum emu_move emu_conn_lingering(struct emu_conn *c)
{
    char buf[16384];
    long n = emu_recv(c->fd, buf, sizeof buf);

    if (n == 0 || n == EMU_BROKEN || emu_now_ms() >= c->until_ms)
        return EMU_GONE;
    c->wake_ms = n > 0 ? 0 : c->until_ms;
    return EMU_WAITS;
}

/* ---- Its life ---- */

struct emu_conn *emu_conn_open(int fd, int tls, unsigned number)
{
    struct emu_conn *c = calloc(1, sizeof *c);

    if (!c)
        return NULL;
    c->fd = fd;
    c->number = number;
    c->in.max = EMU_MAX_OUT;
    c->idle_ms = emu_now_ms();
    c->wake_ms = 0; /* run it at once: then it knows what it waits for */
    if (tls)
        c->tls = emu_tls_open(fd);
    if (!tls || c->tls)
        return c;
    free(c);
    return NULL;
}

int emu_conn_run(struct emu *e, struct emu_conn *c, int revents)
{
    enum emu_move move = EMU_MOVED;

    c->blocked = 0;
    c->wake_ms = INT64_MAX;
    c->stirred = revents != 0;
    while (move == EMU_MOVED) {
        if (c->state == EMU_READING)
            move = emu_conn_reading(e, c);
        else if (c->state == EMU_ANSWERING)
            move = emu_conn_answering(c, revents);
        else
            move = emu_conn_lingering(c);
        revents = 0;
    }
    if (move == EMU_GONE && e->verbose && c->tls && emu_tls_error(c->tls))
        fprintf(stderr, "bedrock-emulator: #%u TLS failed, BearSSL's error %d\n", c->number,
                emu_tls_error(c->tls));
    return move == EMU_GONE ? -1 : 0;
}

void emu_conn_free(struct emu_conn *c)
{
    close(c->fd);
    emu_tls_free(c->tls);
    emu_answer_free(&c->a);
    bedrock_buffer_free(&c->in);
    free(c);
}

short emu_conn_events(const struct emu_conn *c)
{
    int full = c->state == EMU_ANSWERING && c->in.len >= EMU_AHEAD;
    int wanted = full ? POLLOUT : POLLIN | POLLOUT;

    if (c->state == EMU_LINGERING)
        return POLLIN;
    return (short)(wanted & (c->tls ? emu_tls_events(c->tls) : c->blocked ? POLLIN | POLLOUT : POLLIN));
}

int emu_conn_fd(const struct emu_conn *c)
{
    return c->fd;
}

int64_t emu_conn_wake_ms(const struct emu_conn *c)
{
    return c->wake_ms;
}
