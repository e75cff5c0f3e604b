/* exchange.c - a transport that answers request after request from a list, whatever hosts they go to.
 * struct bedrock_io of bedrock.h. Leaves out: sockets, TLS, and everything that can go wrong on the way but a
 * broken connection and silence. */
#include "exchange.h"
#include "mock.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct exchange_conn {
    struct exchanges *x;
    char origin[300];               /* "https://host:port", the port where it is not the usual one */
    int waited, broken, held_read, held_write;
    struct bedrock_buffer in, out;
    size_t sent;
};

static int exchange_open(void *ctx, const char *host, int port, int tls, void **conn)
{
    struct exchanges *x = ctx;
    struct exchange_conn *c = calloc(1, sizeof *c);
    int v6 = strchr(host, ':') != NULL;
    int n;

    if (!c)
        return BEDROCK_ERR_NOMEM;
    n = snprintf(c->origin, sizeof c->origin, "%s://%s%s%s", tls ? "https" : "http", v6 ? "[" : "", host,
                 v6 ? "]" : "");
    if (port != (tls ? 443 : 80))
        snprintf(c->origin + n, sizeof c->origin - (size_t)n, ":%d", port);
    c->x = x;
    x->open++;
    x->opens++;
    *conn = c;
    return 0;
}

static int exchange_step(void *conn)
{
    struct exchange_conn *c = conn;

    return c->waited++ < c->x->step_wants ? BEDROCK_WANT_WRITE : 0;
}

/* The next parameter of a query. */
static struct bedrock_slice exchange_parameter(const char **p)
{
    struct bedrock_slice s = {*p, strcspn(*p, "& ")};

    *p += s.len + (s.p[s.len] == '&');
    return s;
}

/* The same parameters in any order. */
static int exchange_same_query(const char *a, const char *b)
{
    size_t n = strcspn(a, " ");

    if (n != strcspn(b, " "))
        return 0;
    while (*a && *a != ' ') {
        struct bedrock_slice want = exchange_parameter(&a);
        const char *p = b;
        int found = 0;

        while (*p && *p != ' ') {
            struct bedrock_slice got = exchange_parameter(&p);

            found |= got.len == want.len && memcmp(got.p, want.p, want.len) == 0;
        }
        if (!found)
            return 0;
    }
    return 1;
}

/* Is this request, zero-terminated, the one that the list has next? */
static int exchange_fits(const struct exchange *e, const char *origin, const char *request)
{
    size_t method = strlen(e->method), at = strlen(origin), path;
    const char *target = request + method + 1, *url, *body = strstr(request, "\r\n\r\n");

    if (strncmp(request, e->method, method) != 0 || request[method] != ' ' ||
        strncmp(e->url, origin, at) != 0)
        return 0;
    url = e->url[at] ? e->url + at : "/";
    path = strcspn(url, "?");
    if (strcspn(target, "? ") != path || strncmp(target, url, path) != 0)
        return 0;
    if (!exchange_same_query(url[path] ? url + path + 1 : "", target[path] == '?' ? target + path + 1 : ""))
        return 0;
    return !e->body || (body && strncmp(body + 4, e->body, strlen(e->body)) == 0);
}

static void exchange_reply(struct bedrock_buffer *out, int status, const char *headers, const char *reply)
{
    char head[200];

    snprintf(head, sizeof head, "HTTP/1.1 %d X\r\nContent-Length: %zu\r\n", status, strlen(reply));
    bedrock_buffer_append(out, head, strlen(head));
    bedrock_buffer_append(out, headers, strlen(headers));
    bedrock_buffer_append(out, "\r\n", 2);
    bedrock_buffer_append(out, reply, strlen(reply));
}

/* c->in holds a whole request, zero-terminated. */
static void exchange_answer(struct exchange_conn *c)
{
    struct exchanges *x = c->x;
    const struct exchange *e = &x->list[x->at];

    if (strstr(c->in.p, "/foundation-models HTTP/")) {
        x->bedrock.len = 0;
        bedrock_buffer_append(&x->bedrock, c->in.p, c->in.len + 1);
        exchange_reply(&c->out, 200, "Content-Type: application/json\r\n", "{}");
        return;
    }
    x->last.len = 0;
    bedrock_buffer_append(&x->last, c->in.p, c->in.len + 1);
    /* a server that fails, fails again */
    if (!e->method && x->at > 0 && e[-1].status >= 500 && exchange_fits(e - 1, c->origin, c->in.p))
        e = &x->list[--x->at];
    if (!e->method || !exchange_fits(e, c->origin, c->in.p)) {
        if (!x->wrong[0])
            snprintf(x->wrong, sizeof x->wrong, "%s: %.500s", c->origin, c->in.p);
        exchange_reply(&c->out, 418, "", "");
        return;
    }
    x->at++;
    c->broken = e->status == 0;
    if (e->status > 0)
        exchange_reply(&c->out, e->status, e->headers ? e->headers : "", e->reply ? e->reply : "");
}

/* "Not now", every other time. */
static int exchange_holds(const struct exchange_conn *c, int *held)
{
    return c->x->stutter && (*held = !*held);
}

static size_t exchange_piece(const struct exchange_conn *c, size_t n)
{
    return c->x->piece > 0 && n > c->x->piece ? c->x->piece : n;
}

static int exchange_write(void *conn, const void *buf, size_t len, size_t *n)
{
    struct exchange_conn *c = conn;
    const char *body, *length;

    if (exchange_holds(c, &c->held_write))
        return BEDROCK_WANT_WRITE;
    *n = len = exchange_piece(c, len);
    bedrock_buffer_append(&c->in, buf, len);
    bedrock_buffer_append(&c->in, "", 1);
    c->in.len--;
    body = strstr(c->in.p, "\r\n\r\n");
    length = strstr(c->in.p, "\r\nContent-Length: ");
    if (!body || (length && length < body && strlen(body + 4) < strtoul(length + 18, NULL, 10)))
        return 0;
    exchange_answer(c);
    c->in.len = 0;
    return 0;
}

static int exchange_read(void *conn, void *buf, size_t cap, size_t *n)
{
    struct exchange_conn *c = conn;
    size_t left = c->out.len - c->sent;

    if (exchange_holds(c, &c->held_read))
        return BEDROCK_WANT_READ;
    *n = exchange_piece(c, left < cap ? left : cap);
    if (left > 0)
        memcpy(buf, c->out.p + c->sent, *n);
    c->sent += *n;
    return *n > 0 || c->broken ? 0 : BEDROCK_WANT_READ;
}

static void exchange_close(void *conn)
{
    struct exchange_conn *c = conn;

    c->x->open--;
    bedrock_buffer_free(&c->in);
    bedrock_buffer_free(&c->out);
    free(c);
}

void exchanges_init(struct exchanges *x, const struct exchange *list)
{
    memset(x, 0, sizeof *x);
    x->list = list;
    x->io.ctx = x;
    x->io.open = exchange_open;
    x->io.step = exchange_step;
    x->io.read = exchange_read;
    x->io.write = exchange_write;
    x->io.close = exchange_close;
    mock_no_fd(&x->io);
}

void exchanges_free(struct exchanges *x)
{
    bedrock_buffer_free(&x->last);
    bedrock_buffer_free(&x->bedrock);
}
