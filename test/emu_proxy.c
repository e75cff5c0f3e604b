/* emu_proxy.c - a proxy for tests: CONNECT to what listens on this machine, with Basic and with faults.
 * RFC 9110 9.3.6, RFC 7617. Leaves out: requests in absolute form, and every target outside of loopback. */
#define _DEFAULT_SOURCE
#include "emu.h"
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define EMU_PROXY_AHEAD 65536u  /* bytes held for a side that takes none */
#define EMU_PROXY_TURNS 64      /* pieces one tunnel may move before the others have their turn */

enum emu_proxy_state {
    EMU_PROXY_HEAD,     /* the request comes in */
    EMU_PROXY_JOIN,     /* the target is being connected to */
    EMU_PROXY_OPEN,     /* bytes flow both ways, once the answer is out */
    EMU_PROXY_LAST,     /* the answer goes out, then the end */
    EMU_PROXY_DEAF      /* nothing more is said */
};

struct emu_tunnel {
    int client, target;             /* -1: none */
    struct emu_tls *tls;            /* with the client */
    enum emu_proxy_state state;
    struct bedrock_buffer up, down; /* bytes for the target, and for the client */
    int client_ends, target_ends;   /* it has said all it had to say, and that was passed on */
    int64_t hold_ms;                /* the answer does not go out before */
    char user[64];                  /* who the client says it is */
};

struct emu_proxy {
    const char *user;   /* "user:password"; "": anybody */
    int verbose;
    size_t n;
    struct emu_tunnel *tunnels[EMU_PROXY_MAX];
};

/* ---- The request ---- */

/* "Basic dXNlcjpwYXNzd29yZA==" gives "user:password". */
static void emu_proxy_basic(struct bedrock_slice value, char *out, size_t cap)
{
    int good = emu_slice_begins(value, "Basic ") &&
               emu_base64_decode(value.p + 6, value.len - 6, (unsigned char *)out, cap - 1) == 0;

    out[good ? cap - 1 : 0] = 0;
}

/* The value of Proxy-Authorization among the lines of a head. */
static struct bedrock_slice emu_proxy_field(const char *p, const char *end)
{
    static const char name[] = "proxy-authorization";
    struct bedrock_slice found = {NULL, 0};

    while (p < end) {
        const char *eol = memchr(p, '\r', (size_t)(end - p));
        struct bedrock_slice key = {p, sizeof name - 1};

        eol = eol ? eol : end;
        if ((size_t)(eol - p) > sizeof name && p[sizeof name - 1] == ':' && emu_slice_is_nocase(key, name)) {
            found.p = p + sizeof name;
            found.len = (size_t)(eol - found.p);
            while (found.len > 0 && emu_is_blank(found.p[0])) {
                found.p++;
                found.len--;
            }
            return found;
        }
        p = eol + 2;
    }
    return found;
}

/* The port of a target on this machine; 0: it is another's, -1: it is none. */
static int emu_proxy_port(struct bedrock_slice target)
{
    char text[300], *colon, *end;
    long port;

    if (target.len >= sizeof text)
        return -1;
    memcpy(text, target.p, target.len);
    text[target.len] = 0;
    colon = strrchr(text, ':');
    port = colon ? strtol(colon + 1, &end, 10) : 0;
    if (!colon || *end || port < 1 || port > 65535)
        return -1;
    *colon = 0;
    if (strcmp(text, "localhost") != 0 && strncmp(text, "127.", 4) != 0 && strcmp(text, "[::1]") != 0)
        return 0;
    return (int)port;
}

/* Non-blocking, and yet on loopback the answer is mostly there at once. */
static int emu_proxy_join(int port)
{
    struct sockaddr_in addr = {0};
    int yes = 1, fd = socket(AF_INET, SOCK_STREAM, 0);

    if (fd < 0)
        return -1;
    fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
    fcntl(fd, F_SETFD, FD_CLOEXEC);
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    addr.sin_family = AF_INET;
    addr.sin_port = htons((uint16_t)port);
    addr.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (connect(fd, (struct sockaddr *)&addr, sizeof addr) != 0 && errno != EINPROGRESS) {
        close(fd);
        return -1;
    }
    return fd;
}

/* ---- Answers ---- */

static void emu_proxy_say(struct emu_tunnel *t, const char *status, const char *extra,
                          enum emu_proxy_state next)
{
    emu_printf(&t->down, "HTTP/1.1 %s\r\n%s\r\n", status, extra);
    t->state = next;
}

static void emu_proxy_refuse(struct emu_tunnel *t, const char *status)
{
    emu_proxy_say(t, status, "Proxy-Authenticate: Basic realm=\"emulator\"\r\nContent-Length: 0\r\n"
                  "Connection: close\r\n", EMU_PROXY_LAST);
}

static void emu_proxy_big_head(struct emu_tunnel *t)
{
    emu_text(&t->down, "HTTP/1.1 200 OK\r\n");
    for (int i = 0; i < 2000; i++)
        emu_printf(&t->down, "X-Padding-%d: %060d\r\n", i, i);
    t->state = EMU_PROXY_DEAF;
}

/* The faults, by the name of the user; 0: this is none, so that the tunnel is made. */
static int emu_proxy_fault(struct emu_tunnel *t)
{
    const char *name = strncmp(t->user, "fault.", 6) == 0 ? t->user + 6 : "";
    int n = atoi(name + strcspn(name, "0123456789"));

    if (strncmp(name, "status-", 7) == 0) {
        char status[64];

        snprintf(status, sizeof status, "%d A Fault", n);
        emu_proxy_refuse(t, status);
    } else if (strcmp(name, "hang") == 0) {
        t->state = EMU_PROXY_DEAF;
    } else if (strcmp(name, "close") == 0) {
        t->state = EMU_PROXY_LAST;
    } else if (strcmp(name, "cut") == 0) {
        emu_proxy_say(t, "200 And That Is All", "", EMU_PROXY_LAST);
    } else if (strcmp(name, "garbage") == 0) {
        emu_text(&t->down, "220 mail.example ESMTP\r\n\r\n");
        t->state = EMU_PROXY_DEAF;
    } else if (strcmp(name, "big-head") == 0) {
        emu_proxy_big_head(t);
    } else if (strcmp(name, "body") == 0) {
        emu_proxy_say(t, "200 OK", "Content-Length: 6\r\n", EMU_PROXY_OPEN);
        emu_text(&t->down, "hello\n");
    } else {
        if (strncmp(name, "slow-", 5) == 0)
            t->hold_ms = emu_now_ms() + n;
        if (strcmp(name, "interim") == 0)
            emu_text(&t->down, "HTTP/1.1 103 Early Hints\r\nLink: </>\r\n\r\n");
        return 0;
    }
    return 1;
}

static void emu_proxy_decide(const struct emu_proxy *p, struct emu_tunnel *t, struct bedrock_slice line,
                             const char *end)
{
    struct bedrock_slice target = {line.p, 0};
    char given[300];
    int port, known;

    emu_proxy_basic(emu_proxy_field(line.p + line.len + 2, end), given, sizeof given);
    snprintf(t->user, sizeof t->user, "%.*s", (int)strcspn(given, ":"), given);
    known = !p->user[0] || strcmp(given, p->user) == 0;
    if (!emu_slice_begins(line, "CONNECT ")) {
        emu_proxy_refuse(t, "405 Only CONNECT");
        return;
    }
    target.p += 8;
    while (target.p + target.len < line.p + line.len && target.p[target.len] != ' ')
        target.len++;
    port = emu_proxy_port(target);
    if (emu_proxy_fault(t))
        return;
    if (!known && strncmp(t->user, "fault.", 6) != 0) {
        emu_proxy_refuse(t, "407 Proxy Authentication Required");
    } else if (port <= 0) {
        emu_proxy_refuse(t, port < 0 ? "400 Bad Request" : "403 Not On This Machine");
    } else {
        t->target = emu_proxy_join(port);
        t->state = EMU_PROXY_JOIN;
        if (t->target < 0)
            emu_proxy_refuse(t, "502 Bad Gateway");
    }
}

/* ---- Moving bytes: each answers 1 when it has moved something ---- */

static int emu_proxy_from_client(struct emu_tunnel *t)
{
    char buf[16384];
    long n;

    if (t->client_ends || t->up.len >= EMU_PROXY_AHEAD)
        return 0;
    n = t->tls ? emu_tls_read(t->tls, buf, sizeof buf) : emu_recv(t->client, buf, sizeof buf);
    if (n == EMU_AGAIN)
        return 0;
    if (n <= 0)
        t->client_ends = 1;
    else
        bedrock_buffer_append(&t->up, buf, (size_t)n);
    return 1;
}

static int emu_proxy_from_target(struct emu_tunnel *t)
{
    char buf[16384];
    long n;

    if (t->state != EMU_PROXY_OPEN || t->target < 0 || t->target_ends || t->down.len >= EMU_PROXY_AHEAD)
        return 0;
    n = emu_recv(t->target, buf, sizeof buf);
    if (n == EMU_AGAIN)
        return 0;
    if (n <= 0)
        t->target_ends = 1;
    else
        bedrock_buffer_append(&t->down, buf, (size_t)n);
    return 1;
}

static void emu_proxy_drop(struct bedrock_buffer *b, long n)
{
    b->len -= (size_t)n;
    memmove(b->p, b->p + n, b->len);
}

static int emu_proxy_to_target(struct emu_tunnel *t)
{
    long n;

    if (t->state != EMU_PROXY_OPEN || t->target < 0 || t->up.len == 0)
        return 0;
    n = emu_send(t->target, t->up.p, t->up.len);
    if (n == EMU_BROKEN)
        t->target_ends = 1;
    if (n <= 0)
        return 0;
    emu_proxy_drop(&t->up, n);
    return 1;
}

static int emu_proxy_to_client(struct emu_tunnel *t)
{
    long n;

    if (t->down.len == 0 || t->hold_ms > emu_now_ms())
        return 0;
    n = t->tls ? emu_tls_write(t->tls, t->down.p, t->down.len)
               : emu_send(t->client, t->down.p, t->down.len);
    if (n == EMU_BROKEN)
        t->client_ends = 1;
    if (n <= 0)
        return 0;
    if (t->tls)
        emu_tls_flush(t->tls);
    emu_proxy_drop(&t->down, n);
    return 1;
}

/* The target is connected, or is not. */
static int emu_proxy_joined(struct emu_tunnel *t)
{
    struct pollfd p = {t->target, POLLOUT, 0};
    int err = 0;
    socklen_t len = sizeof err;

    if (poll(&p, 1, 0) <= 0)
        return 0;
    getsockopt(t->target, SOL_SOCKET, SO_ERROR, &err, &len);
    if (err)
        emu_proxy_refuse(t, "502 Bad Gateway");
    else
        emu_proxy_say(t, "200 Connection established", "", EMU_PROXY_OPEN);
    return 1;
}

static int emu_proxy_head(const struct emu_proxy *p, struct emu_tunnel *t)
{
    size_t i = 0;
    struct bedrock_slice line = {t->up.p, 0};

    while (i + 4 <= t->up.len && memcmp(t->up.p + i, "\r\n\r\n", 4) != 0)
        i++;
    if (i + 4 > t->up.len) {
        if (t->up.len >= EMU_PROXY_AHEAD)
            emu_proxy_refuse(t, "431 Request Header Fields Too Large");
        return t->state != EMU_PROXY_HEAD;
    }
    line.len = (size_t)((const char *)memchr(line.p, '\r', i + 1) - line.p);
    emu_proxy_decide(p, t, line, t->up.p + i);
    if (p->verbose)
        fprintf(stderr, "bedrock-emulator: proxy: %.*s for %s\n",
                (int)(line.len < 300 ? line.len : 300), line.p, t->user[0] ? t->user : "nobody");
    emu_proxy_drop(&t->up, (long)i + 4);
    return 1;
}

/* -1: it is over. */
static int emu_proxy_go(const struct emu_proxy *p, struct emu_tunnel *t)
{
    int moved = 1;

    for (int turns = 0; moved && turns < EMU_PROXY_TURNS; turns++) {
        moved = emu_proxy_from_client(t) | emu_proxy_from_target(t);
        if (t->state == EMU_PROXY_HEAD && t->up.len > 0)
            moved |= emu_proxy_head(p, t);
        if (t->state == EMU_PROXY_JOIN)
            moved |= emu_proxy_joined(t);
        moved |= emu_proxy_to_target(t) | emu_proxy_to_client(t);
        if (t->up.error || t->down.error)
            return -1;
    }
    if (t->client_ends && (t->state != EMU_PROXY_OPEN || t->up.len == 0 || t->target < 0))
        return -1;
    return (t->target_ends || t->state == EMU_PROXY_LAST) && t->down.len == 0 ? -1 : 0;
}

/* ---- All of them ---- */

struct emu_proxy *emu_proxy_open(const char *user, int verbose)
{
    struct emu_proxy *p = calloc(1, sizeof *p);

    if (p) {
        p->user = user;
        p->verbose = verbose;
    }
    return p;
}

static void emu_proxy_end(struct emu_tunnel *t)
{
    if (t->tls)
        emu_tls_end(t->tls);
    emu_tls_free(t->tls);
    shutdown(t->client, SHUT_WR);
    close(t->client);
    if (t->target >= 0)
        close(t->target);
    bedrock_buffer_free(&t->up);
    bedrock_buffer_free(&t->down);
    free(t);
}

void emu_proxy_close(struct emu_proxy *p)
{
    while (p && p->n > 0)
        emu_proxy_end(p->tunnels[--p->n]);
    free(p);
}

int emu_proxy_take(struct emu_proxy *p, int fd, int tls)
{
    struct emu_tunnel *t = p->n < EMU_PROXY_MAX ? calloc(1, sizeof *t) : NULL;

    if (t && tls)
        t->tls = emu_tls_open(fd);
    if (!t || (tls && !t->tls)) {
        free(t);
        return -1;
    }
    t->client = fd;
    t->target = -1;
    p->tunnels[p->n++] = t;
    return 0;
}

size_t emu_proxy_polls(const struct emu_proxy *p, struct pollfd *set)
{
    for (size_t i = 0; i < p->n; i++) {
        const struct emu_tunnel *t = p->tunnels[i];
        struct pollfd *client = set + 2 * i, *target = client + 1;
        int takes = !t->client_ends && t->up.len < EMU_PROXY_AHEAD;

        client->fd = t->client;
        client->events = takes ? POLLIN : 0;
        if (t->down.len > 0 && t->hold_ms <= emu_now_ms())
            client->events |= POLLOUT;
        if (t->tls)
            client->events = (short)(emu_tls_events(t->tls) & (takes ? POLLIN | POLLOUT : POLLOUT));
        target->fd = t->target;
        target->events = t->down.len < EMU_PROXY_AHEAD && t->state == EMU_PROXY_OPEN ? POLLIN : 0;
        if (t->up.len > 0 || t->state == EMU_PROXY_JOIN)
            target->events |= POLLOUT;
        client->revents = target->revents = 0;
    }
    return 2 * p->n;
}

void emu_proxy_run(struct emu_proxy *p)
{
    size_t kept = 0, n = p->n;

    for (size_t i = 0; i < n; i++) {
        struct emu_tunnel *t = p->tunnels[i];

        if (emu_proxy_go(p, t) != 0)
            emu_proxy_end(t);
        else
            p->tunnels[kept++] = t;
    }
    p->n = kept;
}

int64_t emu_proxy_wake_ms(const struct emu_proxy *p)
{
    int64_t first = INT64_MAX;

    for (size_t i = 0; i < p->n; i++) {
        const struct emu_tunnel *t = p->tunnels[i];

        if (t->down.len > 0 && t->hold_ms > emu_now_ms() && t->hold_ms < first)
            first = t->hold_ms;
    }
    return first;
}
