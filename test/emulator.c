/* emulator.c - bedrock-emulator: a small Bedrock on this machine, for tests without a network or account.
 * Options, listening, the poll loop, connections, and the command that is run against it. One thread.
 * Leaves out: HTTP/2, and everything outside of 127.0.0.1. */
#define _DEFAULT_SOURCE
#include "emu.h"
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define EMU_MAX_CONNS 1024
#define EMU_AHEAD 65536u    /* input that is taken while an answer is under way */
#define EMU_BURST 262144    /* bytes one connection may write before the others have their turn */
#define EMU_MAX_READS 64    /* likewise for reading */
#define EMU_LINGER_MS 2000  /* how long a closed connection may still be read from */
#define EMU_BAD_USAGE 252
#define EMU_FAILED 255

/* ---- Connections ---- */

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
    int64_t wake_ms;            /* when it wants to be run in any case */
    int blocked;                /* the socket takes no more for now */
};

struct emu_server {
    struct emu e;
    int listener[2];            /* plain, TLS */
    int port[2];
    int signals;                /* read end of the pipe that signals are written to */
    unsigned n_accepted;
    size_t n_conns, max_conns;  /* as many as there are descriptors for */
    struct emu_conn *conns[EMU_MAX_CONNS];
    struct pollfd polls[EMU_MAX_CONNS + 3];
    pid_t child;                /* 0: no command is run */
    int status;                 /* -1: serving; else how to exit */
};

int64_t emu_now_ms(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* xorshift64*, by Marsaglia and Vigna */
uint32_t emu_random(struct emu *e)
{
    e->random ^= e->random >> 12;
    e->random ^= e->random << 25;
    e->random ^= e->random >> 27;
    return (uint32_t)(e->random * 0x2545f4914f6cdd1du >> 32);
}

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

static void emu_conn_log(const struct emu_conn *c, const struct emu_request *rq)
{
    size_t len = rq->target.len < 300 ? rq->target.len : 300;

    fprintf(stderr, "bedrock-emulator: #%u.%u %.*s %.*s %d%s%s\n", c->number, c->n_requests,
            (int)(rq->method.len < 20 ? rq->method.len : 20), rq->method.p, (int)len, rq->target.p,
            c->a.status, c->a.why[0] ? " " : "", c->a.why);
}

/* The request is complete, or refused with a status of HTTP's own. */
static void emu_conn_begin(struct emu *e, struct emu_conn *c, struct emu_request *rq, int refused)
{
    static const char text[] = "This is not a request that can be answered.\n";

    emu_answer_init(&c->a, e, emu_now_ms());
    c->n_requests++;
    if (refused) {
        c->a.closes = 1;
        emu_http_answer(&c->a, refused, "text/plain", text, sizeof text - 1);
        rq->method.p = rq->target.p = "-"; /* how far they were read is not known */
        rq->method.len = rq->target.len = 1;
        rq->len = c->in.len;
    } else {
        emu_service(rq, &c->a);
    }
    if (c->a.closes && c->a.end == EMU_KEEP)
        c->a.end = EMU_CLOSE;
    if (e->verbose)
        emu_conn_log(c, rq);
    c->in.len -= rq->len;
    memmove(c->in.p, c->in.p + rq->len, c->in.len);
    if (c->in.len == 0 && c->in.cap > EMU_BURST)
        bedrock_buffer_free(&c->in);
    c->scanned = 0;
    c->told_to_continue = 0;
    c->state = EMU_ANSWERING;
}

static enum emu_move emu_conn_reading(struct emu *e, struct emu_conn *c)
{
    static const char go_on[] = "HTTP/1.1 100 Continue\r\n\r\n";
    struct emu_request rq;

    for (int reads = 0; reads < EMU_MAX_READS; reads++) {
        int rc = emu_http_read(c->in.p, c->in.len, &c->scanned, &rq);
        long n;

        if (rc != EMU_MORE) {
            emu_conn_begin(e, c, &rq, rc);
            return EMU_MOVED;
        }
        if (rq.len > 0 && rq.expects && !c->told_to_continue) {
            c->told_to_continue = 1;
            if (emu_conn_write(c, go_on, sizeof go_on - 1) < 0 || emu_conn_flush(c) != 0)
                return EMU_GONE; /* nothing was under way: the socket has room for this */
        }
        n = emu_conn_take(c);
        if (n <= 0)
            return n == EMU_AGAIN ? EMU_WAITS : EMU_GONE;
    }
    c->wake_ms = 0;
    return EMU_WAITS;
}

/* All was sent: make events until there is enough again, or until the next one's time has not come. */
static int emu_conn_fill(struct emu_answer *a, int64_t now_ms)
{
    a->total += a->sent;
    a->out.len = a->sent = 0;
    while (a->step != EMU_STEP_WHOLE && a->step != EMU_STEP_DONE && a->due_ms <= now_ms &&
           a->out.len < EMU_LOW_WATER)
        emu_service_more(a);
    return a->out.error || a->frame.error || a->w.out.error ? -1 : 0;
}

static enum emu_move emu_conn_blocked(struct emu_conn *c, long rc)
{
    c->blocked = 1;
    return rc == EMU_AGAIN ? EMU_WAITS : EMU_GONE;
}

/* The answer is out, or as much of it as shall be. */
static enum emu_move emu_conn_finish(struct emu_conn *c)
{
    struct linger at_once = {1, 0};
    enum emu_end end = c->a.end;
    int rc = 0;

    if (end == EMU_STALL)
        return EMU_WAITS;
    if (end == EMU_CLOSE && c->tls)
        rc = emu_tls_end(c->tls);
    if (rc == EMU_AGAIN)
        return emu_conn_blocked(c, rc);
    emu_answer_free(&c->a);
    if (end == EMU_KEEP) {
        c->state = EMU_READING;
        return EMU_MOVED;
    }
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

static enum emu_move emu_conn_lingering(struct emu_conn *c)
{
    char buf[16384];
    long n = emu_recv(c->fd, buf, sizeof buf);

    if (n == 0 || n == EMU_BROKEN || emu_now_ms() >= c->until_ms)
        return EMU_GONE;
    c->wake_ms = n > 0 ? 0 : c->until_ms;
    return EMU_WAITS;
}

/* 0: it goes on; -1: it is over. */
static int emu_conn_run(struct emu *e, struct emu_conn *c, int revents)
{
    enum emu_move move = EMU_MOVED;

    c->blocked = 0;
    c->wake_ms = INT64_MAX;
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

static void emu_conn_free(struct emu_conn *c)
{
    close(c->fd);
    emu_tls_free(c->tls);
    emu_answer_free(&c->a);
    bedrock_buffer_free(&c->in);
    free(c);
}

static short emu_conn_events(const struct emu_conn *c)
{
    int full = c->state == EMU_ANSWERING && c->in.len >= EMU_AHEAD;
    int wanted = full ? POLLOUT : POLLIN | POLLOUT;

    if (c->state == EMU_LINGERING)
        return POLLIN;
    return (short)(wanted & (c->tls ? emu_tls_events(c->tls) : c->blocked ? POLLIN | POLLOUT : POLLIN));
}

/* ---- Serving ---- */

static void emu_no_wait(int fd)
{
    fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
    fcntl(fd, F_SETFD, FD_CLOEXEC);
}

static void emu_accept_one(struct emu_server *s, int fd, int tls)
{
    struct emu_conn *c = calloc(1, sizeof *c);
    int yes = 1;

    emu_no_wait(fd);
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    if (c && tls)
        c->tls = emu_tls_open(fd);
    if (!c || (tls && !c->tls)) {
        close(fd);
        free(c);
        return;
    }
    c->fd = fd;
    c->number = ++s->n_accepted;
    c->in.max = EMU_MAX_OUT;
    c->wake_ms = INT64_MAX;
    s->conns[s->n_conns++] = c;
}

static void emu_accept(struct emu_server *s, int tls)
{
    while (s->n_conns < s->max_conns) {
        int fd = accept(s->listener[tls], NULL, NULL);

        if (fd < 0)
            return;
        emu_accept_one(s, fd, tls);
    }
}

/* A byte a signal; its highest bit: it was sent by a process, and not typed at a terminal. */
static volatile sig_atomic_t emu_signal_fd = -1;

static void emu_on_signal(int number, siginfo_t *info, void *context)
{
    unsigned char byte = (unsigned char)(number | (info->si_code <= 0 ? 0x80 : 0));
    int saved = errno;
    ssize_t n = write(emu_signal_fd, &byte, 1);

    (void)n;
    (void)context;
    errno = saved;
}

static void emu_take_signals(struct emu_server *s)
{
    unsigned char byte;
    int status;

    while (read(s->signals, &byte, 1) == 1) {
        int number = byte & 0x7f;

        if (number == SIGCHLD) {
            if (s->child && waitpid(s->child, &status, WNOHANG) == s->child)
                s->status = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
        } else if (!s->child) {
            s->status = 0;
        } else if (byte & 0x80) {
            kill(s->child, number); /* one from the terminal has reached the command by itself */
        }
    }
}

/* Milliseconds until the first connection wants to be run. */
static int emu_patience(const struct emu_server *s)
{
    int64_t first = INT64_MAX, now = emu_now_ms();

    for (size_t i = 0; i < s->n_conns; i++)
        if (s->conns[i]->wake_ms < first)
            first = s->conns[i]->wake_ms;
    if (first == INT64_MAX)
        return -1;
    return first <= now ? 0 : first - now > 60000 ? 60000 : (int)(first - now);
}

static void emu_round(struct emu_server *s)
{
    size_t n = s->n_conns, kept = 0;
    int room = n < s->max_conns;
    int64_t now;

    s->polls[0].fd = s->signals;
    s->polls[1].fd = room ? s->listener[0] : -1;
    s->polls[2].fd = room ? s->listener[1] : -1;
    s->polls[0].events = s->polls[1].events = s->polls[2].events = POLLIN;
    for (size_t i = 0; i < n; i++) {
        s->polls[3 + i].fd = s->conns[i]->fd;
        s->polls[3 + i].events = emu_conn_events(s->conns[i]);
    }
    if (poll(s->polls, (nfds_t)(n + 3), emu_patience(s)) < 0)
        return; /* EINTR: the pipe tells */
    now = emu_now_ms();
    for (size_t i = 0; i < n; i++) {
        struct emu_conn *c = s->conns[i];

        if ((s->polls[3 + i].revents || c->wake_ms <= now) &&
            emu_conn_run(&s->e, c, s->polls[3 + i].revents) != 0)
            emu_conn_free(c);
        else
            s->conns[kept++] = c;
    }
    s->n_conns = kept;
    if (s->polls[1].revents)
        emu_accept(s, 0);
    if (s->polls[2].revents)
        emu_accept(s, 1);
    if (s->polls[0].revents)
        emu_take_signals(s);
}

/* ---- Starting ---- */

static int emu_fail(const char *what)
{
    fprintf(stderr, "bedrock-emulator: %s: %s\n", what, strerror(errno));
    return EMU_FAILED;
}

static int emu_listen(struct emu_server *s, int tls)
{
    struct sockaddr_in addr = {0};
    socklen_t len = sizeof addr;
    int yes = 1, fd = socket(AF_INET, SOCK_STREAM, 0);

    s->listener[tls] = fd;
    if (fd < 0)
        return emu_fail("socket");
    emu_no_wait(fd);
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    addr.sin_family = AF_INET;
    addr.sin_port = htons((uint16_t)s->port[tls]);
    addr.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (bind(fd, (struct sockaddr *)&addr, sizeof addr) != 0 || listen(fd, SOMAXCONN) != 0 ||
        getsockname(fd, (struct sockaddr *)&addr, &len) != 0)
        return emu_fail(tls ? "listen for TLS" : "listen for HTTP");
    s->port[tls] = ntohs(addr.sin_port);
    return 0;
}

static int emu_catch_signals(struct emu_server *s)
{
    static const int numbers[] = {SIGINT, SIGTERM, SIGHUP, SIGCHLD};
    struct sigaction sa;
    int fds[2];

    if (pipe(fds) != 0)
        return emu_fail("pipe");
    emu_no_wait(fds[0]);
    emu_no_wait(fds[1]);
    s->signals = fds[0];
    emu_signal_fd = fds[1];
    memset(&sa, 0, sizeof sa);
    sa.sa_sigaction = emu_on_signal;
    sa.sa_flags = SA_SIGINFO | SA_NOCLDSTOP;
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
        sigaction(numbers[i], &sa, NULL);
    signal(SIGPIPE, SIG_IGN);
    return 0;
}

/* The CA for the clients; path is made up when it is empty. */
static int emu_write_ca(char *path, size_t cap)
{
    const char *dir = getenv("TMPDIR");
    size_t len = strlen(emu_ca_pem);
    FILE *f = NULL;
    int fd, ok;

    if (path[0]) {
        f = fopen(path, "w");
    } else {
        snprintf(path, cap, "%s/bedrock-emulator-XXXXXX", dir && dir[0] ? dir : "/tmp");
        fd = mkstemp(path);
        f = fd < 0 ? NULL : fdopen(fd, "w");
    }
    if (!f)
        return emu_fail(path);
    ok = fwrite(emu_ca_pem, 1, len, f) == len;
    return fclose(f) == 0 && ok ? 0 : emu_fail(path);
}

static const char *const emu_unset[] = {
    "AWS_SESSION_TOKEN", "AWS_BEARER_TOKEN_BEDROCK", "AWS_PROFILE", "AWS_ENDPOINT_URL_BEDROCK",
    "AWS_ENDPOINT_URL_BEDROCK_RUNTIME", "SSL_CERT_FILE", "BEDROCK_MODEL",
};

#define EMU_N_ENV 7

struct emu_env {
    const char *name[EMU_N_ENV], *value[EMU_N_ENV];
    char http[64], https[64];
};

static void emu_make_env(struct emu_env *env, const struct emu_server *s, int use_http, const char *ca)
{
    const char *pairs[EMU_N_ENV][2] = {
        {"AWS_REGION", s->e.region},
        {"AWS_ACCESS_KEY_ID", s->e.key_id},
        {"AWS_SECRET_ACCESS_KEY", s->e.secret},
        {"AWS_ENDPOINT_URL", use_http ? env->http : env->https},
        {"AWS_CA_BUNDLE", ca},
        {"BEDROCK_EMULATOR_HTTP", env->http},
        {"BEDROCK_EMULATOR_HTTPS", env->https},
    };

    snprintf(env->http, sizeof env->http, "http://127.0.0.1:%d", s->port[0]);
    snprintf(env->https, sizeof env->https, "https://localhost:%d", s->port[1]);
    for (int i = 0; i < EMU_N_ENV; i++) {
        env->name[i] = pairs[i][0];
        env->value[i] = pairs[i][1];
    }
}

static void emu_print_env(const struct emu_env *env)
{
    for (int i = 0; i < EMU_N_ENV; i++) {
        printf("export %s='", env->name[i]);
        for (const char *p = env->value[i]; *p; p++)
            *p == '\'' ? fputs("'\\''", stdout) : putchar(*p);
        puts("'");
    }
    fflush(stdout);
}

static int emu_start_command(struct emu_server *s, const struct emu_env *env, char **command,
                             const struct rlimit *files)
{
    int status;

    s->child = fork();
    if (s->child < 0)
        return emu_fail("fork");
    if (s->child > 0)
        return 0;
    for (int i = 0; i < EMU_N_ENV; i++)
        setenv(env->name[i], env->value[i], 1);
    for (size_t i = 0; i < sizeof emu_unset / sizeof emu_unset[0]; i++)
        unsetenv(emu_unset[i]);
    signal(SIGPIPE, SIG_DFL);
    setrlimit(RLIMIT_NOFILE, files);
    execvp(command[0], command);
    status = errno == ENOENT ? 127 : 126;   /* as shells say it */
    emu_fail(command[0]);
    _exit(status);
}

/* Make room for all connections; returns what the limit was, for the command. */
static struct rlimit emu_raise_files(struct emu_server *s)
{
    struct rlimit was = {RLIM_INFINITY, RLIM_INFINITY}, now;
    rlim_t own = 32, want = EMU_MAX_CONNS + own;

    getrlimit(RLIMIT_NOFILE, &was);
    now = was;
    if (now.rlim_cur != RLIM_INFINITY && now.rlim_cur < want) {
        now.rlim_cur = now.rlim_max != RLIM_INFINITY && now.rlim_max < want ? now.rlim_max : want;
        setrlimit(RLIMIT_NOFILE, &now);
    }
    s->max_conns = EMU_MAX_CONNS;
    if (now.rlim_cur != RLIM_INFINITY && now.rlim_cur < want)
        s->max_conns = now.rlim_cur > own ? (size_t)(now.rlim_cur - own) : 1;
    return was;
}

/* ---- Options ---- */

enum emu_option {
    EMU_OPT_PORT, EMU_OPT_TLS_PORT, EMU_OPT_REGION, EMU_OPT_KEY_ID, EMU_OPT_SECRET, EMU_OPT_BEARER,
    EMU_OPT_CA_FILE, EMU_N_VALUES,
    EMU_OPT_HTTP = EMU_N_VALUES, EMU_OPT_VERBOSE, EMU_OPT_HELP, EMU_OPT_VERSION, EMU_N_OPTIONS
};

static const struct {
    const char *name, *letter, *initial, *arg, *what;
} emu_options[EMU_N_OPTIONS] = {
    [EMU_OPT_PORT] = {"--port", NULL, "0", "N", "for plain HTTP; 0, the default: a free one"},
    [EMU_OPT_TLS_PORT] = {"--tls-port", NULL, "0", "N", "for HTTPS; likewise"},
    [EMU_OPT_REGION] = {"--region", NULL, "us-east-1", "R", "default us-east-1"},
    [EMU_OPT_KEY_ID] = {"--access-key-id", NULL, "AKIDEXAMPLE", "ID", "default AKIDEXAMPLE"},
    [EMU_OPT_SECRET] = {"--secret-access-key", NULL, "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "KEY",
                        "default wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"},
    [EMU_OPT_BEARER] = {"--bearer-token", NULL, "bedrock-api-key-emulator", "T",
                        "default bedrock-api-key-emulator"},
    [EMU_OPT_CA_FILE] = {"--ca-file", NULL, "", "FILE",
                         "where to write the CA's certificate; default: a file removed in the end"},
    [EMU_OPT_HTTP] = {"--http", NULL, NULL, "", "AWS_ENDPOINT_URL is the plain address"},
    [EMU_OPT_VERBOSE] = {"--verbose", "-v", NULL, "", "a line a request on standard error"},
    [EMU_OPT_HELP] = {"--help", "-h", NULL, "", "this text"},
    [EMU_OPT_VERSION] = {"--version", NULL, NULL, "", "print the version"},
};

static int emu_help(void)
{
    puts("usage: bedrock-emulator [OPTIONS] [-- COMMAND [ARG...]]\n"
         "\n"
         "Serves ListFoundationModels, Converse and ConverseStream on 127.0.0.1 and checks every\n"
         "signature. With COMMAND: runs it with the AWS_* variables set so that it finds the emulator,\n"
         "and exits as it does. Without: prints them as export lines and serves until SIGINT.\n");
    for (int i = 0; i < EMU_N_OPTIONS; i++) {
        char text[64];

        snprintf(text, sizeof text, "%s%s%s %s", emu_options[i].letter ? emu_options[i].letter : "",
                 emu_options[i].letter ? ", " : "", emu_options[i].name, emu_options[i].arg);
        printf("  %-26s %s\n", text, emu_options[i].what);
    }
    puts("\nFaults, by model id:\n");
    emu_models_help(stdout);
    return 0;
}

/* Which option arg is; *value is set for --name=value. EMU_N_OPTIONS: none. */
static int emu_which_option(const char *arg, const char **value)
{
    int i;

    *value = NULL;
    for (i = 0; i < EMU_N_OPTIONS; i++) {
        size_t n = strlen(emu_options[i].name);

        if (emu_options[i].letter && strcmp(arg, emu_options[i].letter) == 0)
            return i;
        if (strncmp(arg, emu_options[i].name, n) != 0)
            continue;
        if (arg[n] == 0)
            return i;
        if (arg[n] == '=' && i < EMU_N_VALUES) {
            *value = arg + n + 1;
            return i;
        }
    }
    return i;
}

struct emu_settings {
    const char *value[EMU_N_VALUES];
    int given[EMU_N_OPTIONS];
    char **command;     /* its first word is NULL: none */
};

static int emu_usage(const char *what, const char *arg)
{
    fprintf(stderr, "bedrock-emulator: %s: %s (bedrock-emulator --help lists the options)\n", what, arg);
    return EMU_BAD_USAGE;
}

static int emu_parse(struct emu_settings *o, char **argv)
{
    for (int i = 0; i < EMU_N_VALUES; i++)
        o->value[i] = emu_options[i].initial;
    for (argv++; *argv && (*argv)[0] == '-' && strcmp(*argv, "--") != 0; argv++) {
        const char *value;
        int i = emu_which_option(*argv, &value);

        if (i == EMU_N_OPTIONS)
            return emu_usage("unknown option", *argv);
        o->given[i] = 1;
        if (i >= EMU_N_VALUES)
            continue;
        if (!value && !argv[1])
            return emu_usage("a value is missing", *argv);
        o->value[i] = value ? value : *++argv;
    }
    o->command = *argv && strcmp(*argv, "--") == 0 ? argv + 1 : argv;
    return 0;
}

static int emu_port(const char *text, int *port)
{
    char *end;
    long n = strtol(text, &end, 10);

    if (text[0] < '0' || text[0] > '9' || *end || n > 65535)
        return emu_usage("not a port", text);
    *port = (int)n;
    return 0;
}

static int emu_set_up(struct emu_server *s, const struct emu_settings *o)
{
    int rc = emu_port(o->value[EMU_OPT_PORT], &s->port[0]);

    if (rc == 0)
        rc = emu_port(o->value[EMU_OPT_TLS_PORT], &s->port[1]);
    if (rc == 0)
        rc = emu_listen(s, 0);
    if (rc == 0)
        rc = emu_listen(s, 1);
    if (rc == 0)
        rc = emu_catch_signals(s);
    s->e.region = o->value[EMU_OPT_REGION];
    s->e.key_id = o->value[EMU_OPT_KEY_ID];
    s->e.secret = o->value[EMU_OPT_SECRET];
    s->e.bearer = o->value[EMU_OPT_BEARER];
    s->e.verbose = o->given[EMU_OPT_VERBOSE];
    emu_crc_init(&s->e);
    s->e.random = (uint64_t)time(NULL) << 20 ^ (uint64_t)getpid() ^ 1;
    return rc;
}

static int emu_serve(struct emu_server *s, const struct emu_settings *o)
{
    struct rlimit files = emu_raise_files(s);
    struct emu_env env;
    char ca[4096];
    int rc;

    if (strlen(o->value[EMU_OPT_CA_FILE]) >= sizeof ca)
        return emu_usage("too long", o->value[EMU_OPT_CA_FILE]);
    snprintf(ca, sizeof ca, "%s", o->value[EMU_OPT_CA_FILE]);
    rc = emu_write_ca(ca, sizeof ca);
    if (rc != 0)
        return rc;
    emu_make_env(&env, s, o->given[EMU_OPT_HTTP], ca);
    if (o->command[0])
        rc = emu_start_command(s, &env, o->command, &files);
    else
        emu_print_env(&env);
    for (s->status = rc ? rc : -1; s->status < 0;)
        emu_round(s);
    while (s->n_conns > 0)
        emu_conn_free(s->conns[--s->n_conns]);
    if (!o->given[EMU_OPT_CA_FILE])
        unlink(ca);
    return s->status;
}

int main(int argc, char **argv)
{
    static struct emu_server server;
    struct emu_settings o = {0};
    int rc = argc > 0 ? emu_parse(&o, argv) : EMU_BAD_USAGE;

    if (rc != 0)
        return rc;
    if (o.given[EMU_OPT_HELP])
        return emu_help();
    if (o.given[EMU_OPT_VERSION]) {
        puts("bedrock-emulator " BEDROCK_VERSION);
        return 0;
    }
    rc = emu_set_up(&server, &o);
    return rc ? rc : emu_serve(&server, &o);
}
