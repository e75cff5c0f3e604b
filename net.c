/* net.c - sockets: resolve, connect, read, write, poll, and the system's clocks and chance.
 * POSIX sockets and getrandom(2); RFC 8305 (several addresses, staggered). Leaves out: its own resolver;
 * getaddrinfo blocks, which bedrock.h says. */
#undef _GNU_SOURCE /* its strerror_r() is another */
#define _DEFAULT_SOURCE
#include "bedrock_int.h"
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define NET_MAX_ADDRESSES 8
#define NET_STAGGER_MS 250  /* RFC 8305 5: Connection Attempt Delay */
#define NET_RACE_MS 10      /* only the newest attempt is polled; the others are looked at this often */

struct net_attempt {
    union {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
    } to;
    socklen_t to_len;
    int fd; /* -1: not begun or failed */
};

struct bdk_sock {
    struct net_attempt at[NET_MAX_ADDRESSES];
    int n_addresses, n_begun, pending;
    int fd;             /* the connection once there is one, else the newest attempt, else -1 */
    int connected;
    int last_errno;
    int64_t begun_ms;   /* of the newest attempt */
    bedrock_alloc_fn alloc;
    void *alloc_ctx;
    bedrock_clock_fn clock;
    void *clock_ctx;
    char peer[280];     /* "host:port" for messages */
};

int64_t bdk_clock_system(void *ctx, int wall)
{
    struct timespec ts = {0, 0};

    (void)ctx;
    clock_gettime(wall ? CLOCK_REALTIME : CLOCK_MONOTONIC, &ts);
    return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

int bdk_random(void *p, size_t n)
{
    ssize_t got;

    do
        got = getrandom(p, n, 0);
    while (got < 0 && errno == EINTR);
    return got == (ssize_t)n ? 0 : BEDROCK_ERR_IO;
}

int bdk_poll(struct pollfd *fds, size_t n, int timeout_ms)
{
    int64_t until = bdk_clock_system(NULL, 0) + timeout_ms;
    int got;

    while ((got = poll(fds, (nfds_t)n, timeout_ms)) < 0 && errno == EINTR) {
        int64_t left = until - bdk_clock_system(NULL, 0);

        if (timeout_ms >= 0)
            timeout_ms = left > 0 ? (int)left : 0;
    }
    return got;
}

static int net_fail(struct bedrock_error *e, int code, const char *doing, const char *peer, int err)
{
    char text[128];

    if (strerror_r(err, text, sizeof text) != 0)
        snprintf(text, sizeof text, "error %d", err);
    bdk_error_set(e, code, "%s %s: %s", doing, peer, text);
    e->sys_errno = err;
    return code;
}

static void net_add_v4(struct bdk_sock *s, const void *ip, int port)
{
    struct net_attempt *a = &s->at[s->n_addresses++];

    a->to.v4.sin_family = AF_INET;
    a->to.v4.sin_port = htons((uint16_t)port);
    memcpy(&a->to.v4.sin_addr, ip, 4);
    a->to_len = sizeof a->to.v4;
}

static void net_add_v6(struct bdk_sock *s, const void *ip, int port)
{
    struct net_attempt *a = &s->at[s->n_addresses++];

    a->to.v6.sin6_family = AF_INET6;
    a->to.v6.sin6_port = htons((uint16_t)port);
    memcpy(&a->to.v6.sin6_addr, ip, 16);
    a->to_len = sizeof a->to.v6;
}

/* RFC 8305 4: alternate the families, the resolver's first choice first. */
static void net_add_list(struct bdk_sock *s, const struct addrinfo *list, int port)
{
    const struct addrinfo *next[2] = {list, list};
    int family[2], turn = 0, misses = 0;

    family[0] = list->ai_family;
    family[1] = list->ai_family == AF_INET6 ? AF_INET : AF_INET6;
    while (misses < 2 && s->n_addresses < NET_MAX_ADDRESSES) {
        const struct addrinfo *a = next[turn];

        while (a && a->ai_family != family[turn])
            a = a->ai_next;
        if (!a) {
            misses++;
        } else {
            misses = 0;
            if (a->ai_family == AF_INET)
                net_add_v4(s, (const char *)a->ai_addr + offsetof(struct sockaddr_in, sin_addr),
                           port);
            else
                net_add_v6(s, (const char *)a->ai_addr + offsetof(struct sockaddr_in6, sin6_addr),
                           port);
        }
        next[turn] = a ? a->ai_next : NULL;
        turn = !turn;
    }
}

static int net_resolve(struct bdk_sock *s, const char *host, int port, struct bedrock_error *e)
{
    static const unsigned char v4_loopback[4] = {127, 0, 0, 1};
    static const unsigned char v6_loopback[16] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};
    struct addrinfo hints, *list = NULL;
    unsigned char ip[16];
    size_t ip_len = bdk_host_ip(host, ip);
    int rc;

    if (ip_len == 4) {
        net_add_v4(s, ip, port);
        return 0;
    }
    if (ip_len == 16) {
        net_add_v6(s, ip, port);
        return 0;
    }
    if (bdk_host_is_loopback(host)) {
        net_add_v4(s, v4_loopback, port);
        net_add_v6(s, v6_loopback, port);
        return 0;
    }
    memset(&hints, 0, sizeof hints);
    hints.ai_family = AF_UNSPEC;
    hints.ai_socktype = SOCK_STREAM;
    rc = getaddrinfo(host, NULL, &hints, &list);
    if (rc == EAI_AGAIN) {
        /* musl says so when only the AAAA answer got lost */
        hints.ai_family = AF_INET;
        rc = getaddrinfo(host, NULL, &hints, &list);
    }
    if (rc == 0 && list)
        net_add_list(s, list, port);
    if (list)
        freeaddrinfo(list);
    if (rc == EAI_MEMORY)
        return bdk_error_set(e, BEDROCK_ERR_NOMEM, "out of memory");
    if (rc != 0)
        return bdk_error_set(e, BEDROCK_ERR_RESOLVE, "resolve %s: %s", host, gai_strerror(rc));
    if (s->n_addresses == 0)
        return bdk_error_set(e, BEDROCK_ERR_RESOLVE, "resolve %s: no address", host);
    return 0;
}

static int net_set(int fd, int level, int option, int value)
{
    return setsockopt(fd, level, option, &value, sizeof value);
}

/* None of these can make the connection wrong, only slower, so their failure is not one. */
static void net_tune(int fd)
{
    net_set(fd, IPPROTO_TCP, TCP_NODELAY, 1);
    net_set(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
#ifdef TCP_KEEPIDLE
    /* NATs forget idle flows after about 350 s; a thinking model says nothing for longer */
    net_set(fd, IPPROTO_TCP, TCP_KEEPIDLE, 45);
    net_set(fd, IPPROTO_TCP, TCP_KEEPINTVL, 15);
    net_set(fd, IPPROTO_TCP, TCP_KEEPCNT, 4);
#endif
#ifdef SO_NOSIGPIPE
    net_set(fd, SOL_SOCKET, SO_NOSIGPIPE, 1);
#endif
}

static int net_socket(int family)
{
    int fd = socket(family, SOCK_STREAM, 0);

    if (fd >= 0 && (fcntl(fd, F_SETFD, FD_CLOEXEC) < 0 || fcntl(fd, F_SETFL, O_NONBLOCK) < 0)) {
        close(fd);
        return -1;
    }
    return fd;
}

/* Begin the next address. A failure at once counts as begun, with fd -1. */
static void net_begin(struct bdk_sock *s)
{
    struct net_attempt *a = &s->at[s->n_begun++];
    int rc;

    s->begun_ms = s->clock(s->clock_ctx, 0);
    a->fd = net_socket(a->to.any.sa_family);
    if (a->fd < 0) {
        s->last_errno = errno;
        return;
    }
    net_tune(a->fd);
    do
        rc = connect(a->fd, &a->to.any, a->to_len);
    while (rc < 0 && errno == EINTR);
    if (rc < 0 && errno != EINPROGRESS && errno != EALREADY && errno != EISCONN) {
        s->last_errno = errno;
        close(a->fd);
        a->fd = -1;
        return;
    }
    s->pending++;
    s->fd = a->fd;
}

static void net_win(struct bdk_sock *s, int winner)
{
    for (int i = 0; i < s->n_begun; i++) {
        if (i != winner && s->at[i].fd >= 0)
            close(s->at[i].fd);
        if (i != winner)
            s->at[i].fd = -1;
    }
    s->fd = s->at[winner].fd;
    s->connected = 1;
}

/* Look at the attempts under way; 1 when one of them has become the connection. */
static int net_check(struct bdk_sock *s)
{
    for (int i = 0; i < s->n_begun; i++) {
        struct net_attempt *a = &s->at[i];
        struct pollfd p = {a->fd, POLLOUT, 0};
        int err = 0;
        socklen_t len = sizeof err;

        if (a->fd < 0 || bdk_poll(&p, 1, 0) <= 0)
            continue;
        if (getsockopt(a->fd, SOL_SOCKET, SO_ERROR, &err, &len) < 0)
            err = errno;
        if (err == 0) {
            net_win(s, i);
            return 1;
        }
        s->last_errno = err;
        close(a->fd);
        a->fd = -1;
        s->pending--;
    }
    return 0;
}

int bdk_sock_open(struct bdk_sock **out, const char *host, int port, bedrock_alloc_fn alloc,
                  void *alloc_ctx, bedrock_clock_fn clock, void *clock_ctx, struct bedrock_error *e)
{
    struct bdk_sock *s = bdk_resize(alloc, alloc_ctx, NULL, 0, sizeof *s);
    int rc;

    *out = NULL;
    if (!s)
        return bdk_error_set(e, BEDROCK_ERR_NOMEM, "out of memory");
    memset(s, 0, sizeof *s);
    for (int i = 0; i < NET_MAX_ADDRESSES; i++)
        s->at[i].fd = -1;
    s->fd = -1;
    s->alloc = alloc;
    s->alloc_ctx = alloc_ctx;
    s->clock = clock;
    s->clock_ctx = clock_ctx;
    snprintf(s->peer, sizeof s->peer, strchr(host, ':') ? "[%s]:%d" : "%s:%d", host, port);
    rc = net_resolve(s, host, port, e);
    if (rc != 0) {
        bdk_sock_close(s);
        return rc;
    }
    *out = s;
    return 0;
}

int bdk_sock_step(struct bdk_sock *s, struct bedrock_error *e)
{
    if (s->connected || net_check(s))
        return 0;
    while (s->n_begun < s->n_addresses &&
           (s->pending == 0 || s->clock(s->clock_ctx, 0) - s->begun_ms >= NET_STAGGER_MS))
        net_begin(s);
    if (s->pending == 0)
        return net_fail(e, BEDROCK_ERR_CONNECT, "connect", s->peer, s->last_errno);
    for (int i = 0; i < s->n_begun; i++)
        if (s->at[i].fd >= 0)
            s->fd = s->at[i].fd;
    return BEDROCK_WANT_WRITE;
}

int bdk_sock_timeout_ms(const struct bdk_sock *s)
{
    int64_t left;

    if (s->connected)
        return -1;
    if (s->pending > 1)
        return NET_RACE_MS;
    if (s->n_begun == s->n_addresses)
        return -1;
    left = s->begun_ms + NET_STAGGER_MS - s->clock(s->clock_ctx, 0);
    return left > 0 ? (int)left : 0;
}

int bdk_sock_read(struct bdk_sock *s, void *buf, size_t cap, size_t *n, struct bedrock_error *e)
{
    ssize_t got;

    do
        got = recv(s->fd, buf, cap, 0);
    while (got < 0 && errno == EINTR);
    *n = got > 0 ? (size_t)got : 0;
    if (got >= 0)
        return 0;
    if (errno == EAGAIN || errno == EWOULDBLOCK)
        return BEDROCK_WANT_READ;
    return net_fail(e, BEDROCK_ERR_IO, "read from", s->peer, errno);
}

int bdk_sock_write(struct bdk_sock *s, const void *buf, size_t len, size_t *n,
                   struct bedrock_error *e)
{
    ssize_t put;

    do
        put = send(s->fd, buf, len,
#ifdef MSG_NOSIGNAL
                   MSG_NOSIGNAL
#else
                   0
#endif
        );
    while (put < 0 && errno == EINTR);
    *n = put > 0 ? (size_t)put : 0;
    if (put > 0)
        return 0;
    if (put == 0 || errno == EAGAIN || errno == EWOULDBLOCK)
        return BEDROCK_WANT_WRITE;
    return net_fail(e, BEDROCK_ERR_IO, "write to", s->peer, errno);
}

void bdk_sock_quickack(struct bdk_sock *s)
{
#ifdef TCP_QUICKACK
    net_set(s->fd, IPPROTO_TCP, TCP_QUICKACK, 1);
#else
    (void)s;
#endif
}

int bdk_sock_fd(const struct bdk_sock *s)
{
    return s->fd;
}

void bdk_sock_address(const struct bdk_sock *s, char *out, size_t cap)
{
    union {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
    } peer;
    socklen_t len = sizeof peer;

    out[0] = 0;
    if (getpeername(s->fd, &peer.any, &len) != 0)
        return;
    if (peer.any.sa_family == AF_INET)
        inet_ntop(AF_INET, &peer.v4.sin_addr, out, (socklen_t)cap);
    else if (peer.any.sa_family == AF_INET6)
        inet_ntop(AF_INET6, &peer.v6.sin6_addr, out, (socklen_t)cap);
}

void bdk_sock_close(struct bdk_sock *s)
{
    if (!s)
        return;
    for (int i = 0; i < NET_MAX_ADDRESSES; i++)
        if (s->at[i].fd >= 0)
            close(s->at[i].fd);
    bdk_resize(s->alloc, s->alloc_ctx, s, sizeof *s, 0);
}
