/* emulator.c - bedrock-emulator: a small Bedrock on this machine, for tests without a network or account.
 * Listening, the poll loop, and the command that is run against it. One thread.
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
#define EMU_FAILED 255

struct emu_server {
    struct emu e;
    int listener[4];            /* plain, TLS; the proxy's */
    int port[4];                /* likewise; the proxy's are 0 while there is none */
    struct emu_proxy *proxy;
    int signals;                /* read end of the pipe that signals are written to */
    unsigned n_accepted;
    size_t n_conns, max_conns;  /* as many as there are descriptors for */
    struct emu_conn *conns[EMU_MAX_CONNS];
    struct pollfd polls[EMU_MAX_CONNS + 5 + 2 * EMU_PROXY_MAX];
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

/* ---- Serving ---- */

static void emu_no_wait(int fd)
{
    fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
    fcntl(fd, F_SETFD, FD_CLOEXEC);
}

static void emu_accept_one(struct emu_server *s, int fd, int which)
{
    struct emu_conn *c;
    int yes = 1;

    emu_no_wait(fd);
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    if (which >= 2) {
        if (emu_proxy_take(s->proxy, fd, which == 3) != 0)
            close(fd);
        return;
    }
    c = emu_conn_open(fd, which, s->n_accepted + 1);
    if (!c) {
        close(fd);
        return;
    }
    s->n_accepted++;
    s->conns[s->n_conns++] = c;
    if (s->e.verbose)
        fprintf(stderr, "bedrock-emulator: +%lld ms #%u connected%s\n",
                (long long)(emu_now_ms() - s->e.start_ms), s->n_accepted, which ? ", TLS" : "");
}

static void emu_accept(struct emu_server *s, int which)
{
    while (s->n_conns < s->max_conns) {
        int fd = accept(s->listener[which], NULL, NULL);

        if (fd < 0)
            return;
        emu_accept_one(s, fd, which);
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
    int64_t first = s->proxy ? emu_proxy_wake_ms(s->proxy) : INT64_MAX, now = emu_now_ms();

    for (size_t i = 0; i < s->n_conns; i++)
        if (emu_conn_wake_ms(s->conns[i]) < first)
            first = emu_conn_wake_ms(s->conns[i]);
    if (first == INT64_MAX)
        return -1;
    return first <= now ? 0 : first - now > 60000 ? 60000 : (int)(first - now);
}

static void emu_round(struct emu_server *s)
{
    size_t n = s->n_conns, kept = 0, n_polls = 5 + n;
    int room = n < s->max_conns;
    struct pollfd *polls = s->polls + 5;
    int64_t now;

    s->polls[0].fd = s->signals;
    s->polls[0].events = POLLIN;
    for (int i = 0; i < 4; i++) {
        s->polls[1 + i].fd = room && (i < 2 || s->proxy) ? s->listener[i] : -1;
        s->polls[1 + i].events = POLLIN;
    }
    for (size_t i = 0; i < n; i++) {
        polls[i].fd = emu_conn_fd(s->conns[i]);
        polls[i].events = emu_conn_events(s->conns[i]);
    }
    if (s->proxy)
        n_polls += emu_proxy_polls(s->proxy, polls + n);
    if (poll(s->polls, (nfds_t)n_polls, emu_patience(s)) < 0)
        return; /* EINTR: the pipe tells */
    now = emu_now_ms();
    for (size_t i = 0; i < n; i++) {
        struct emu_conn *c = s->conns[i];

        if ((polls[i].revents || emu_conn_wake_ms(c) <= now) &&
            emu_conn_run(&s->e, c, polls[i].revents) != 0)
            emu_conn_free(c);
        else
            s->conns[kept++] = c;
    }
    s->n_conns = kept;
    for (int i = 0; i < 4; i++)
        if (s->polls[1 + i].revents)
            emu_accept(s, i);
    if (s->proxy)
        emu_proxy_run(s->proxy);
    if (s->polls[0].revents)
        emu_take_signals(s);
}

/* ---- Starting ---- */

static int emu_fail(const char *what)
{
    fprintf(stderr, "bedrock-emulator: %s: %s\n", what, strerror(errno));
    return EMU_FAILED;
}

static int emu_listen(struct emu_server *s, int which)
{
    struct sockaddr_in addr = {0};
    socklen_t len = sizeof addr;
    char what[64];
    int yes = 1, fd = socket(AF_INET, SOCK_STREAM, 0);

    s->listener[which] = fd;
    if (fd < 0)
        return emu_fail("socket");
    emu_no_wait(fd);
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    addr.sin_family = AF_INET;
    addr.sin_port = htons((uint16_t)s->port[which]);
    addr.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (bind(fd, (struct sockaddr *)&addr, sizeof addr) != 0 || listen(fd, SOMAXCONN) != 0 ||
        getsockname(fd, (struct sockaddr *)&addr, &len) != 0) {
        snprintf(what, sizeof what, "listen for %s on 127.0.0.1:%d", which % 2 ? "TLS" : "HTTP",
                 s->port[which]);
        return emu_fail(what);
    }
    s->port[which] = ntohs(addr.sin_port);
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

/* The CA for the clients; without a path one is made up. */
static int emu_write_ca(const char *path, char *made_up, size_t cap)
{
    const char *dir = getenv("TMPDIR");
    size_t len = strlen(emu_ca_pem);
    FILE *f = NULL;
    int fd, ok;

    if (path) {
        f = fopen(path, "w");
    } else {
        snprintf(made_up, cap, "%s/bedrock-emulator-XXXXXX", dir && dir[0] ? dir : "/tmp");
        path = made_up;
        fd = mkstemp(made_up);
        f = fd < 0 ? NULL : fdopen(fd, "w");
    }
    if (!f)
        return emu_fail(path);
    ok = fwrite(emu_ca_pem, 1, len, f) == len;
    return fclose(f) == 0 && ok ? 0 : emu_fail(path);
}

static const char *const emu_unset[] = {
    "AWS_SESSION_TOKEN", "AWS_BEARER_TOKEN_BEDROCK", "AWS_PROFILE", "AWS_ENDPOINT_URL_BEDROCK",
    "AWS_ENDPOINT_URL_BEDROCK_RUNTIME", "SSL_CERT_FILE", "BEDROCK_MODEL", "HTTPS_PROXY", "https_proxy",
    "http_proxy", "ALL_PROXY", "all_proxy", /* no proxy leads to this machine */
};

#define EMU_MAX_ENV 16

struct emu_env {
    const char *name[EMU_MAX_ENV], *value[EMU_MAX_ENV];
    size_t n;
    int no_keys;            /* they are to come from somewhere else */
    char http[64], https[64], proxy[64], tls_proxy[64], creds[80];
};

static void emu_env_add(struct emu_env *env, const char *name, const char *value)
{
    env->name[env->n] = name;
    env->value[env->n++] = value;
}

/* What --play asks for. No test may ask the real address of instances: nobody answers there, for a second. */
static void emu_env_creds(struct emu_env *env, const struct emu *e)
{
    unsigned plays = e->wallet.plays;

    snprintf(env->creds, sizeof env->creds, "%s" EMU_CONTAINER_PATH, env->http);
    env->no_keys = plays != 0;
    if (!env->no_keys) {
        emu_env_add(env, "AWS_ACCESS_KEY_ID", e->key_id);
        emu_env_add(env, "AWS_SECRET_ACCESS_KEY", e->secret);
    }
    if (plays & 1u << EMU_IMDS) {
        emu_env_add(env, "AWS_EC2_METADATA_SERVICE_ENDPOINT", env->http);
        emu_env_add(env, "AWS_EC2_METADATA_DISABLED", "false");
    } else if (!getenv("AWS_EC2_METADATA_DISABLED")) {
        emu_env_add(env, "AWS_EC2_METADATA_DISABLED", "true");
    }
    if (plays & 1u << EMU_CONTAINER) {
        emu_env_add(env, "AWS_CONTAINER_CREDENTIALS_FULL_URI", env->creds);
        emu_env_add(env, "AWS_CONTAINER_AUTHORIZATION_TOKEN", EMU_CONTAINER_TOKEN);
    }
    if (plays & 1u << EMU_STS)
        emu_env_add(env, "AWS_ROLE_ARN", EMU_ROLE_ARN);
}

static void emu_make_env(struct emu_env *env, const struct emu_server *s, int use_http, const char *ca)
{
    memset(env, 0, sizeof *env);
    snprintf(env->http, sizeof env->http, "http://127.0.0.1:%d", s->port[0]);
    snprintf(env->https, sizeof env->https, "https://localhost:%d", s->port[1]);
    emu_env_add(env, "AWS_REGION", s->e.region);
    emu_env_creds(env, &s->e);
    emu_env_add(env, "AWS_ENDPOINT_URL", use_http ? env->http : env->https);
    emu_env_add(env, "AWS_CA_BUNDLE", ca);
    /* what this machine is set up for has nothing to say here */
    emu_env_add(env, "AWS_CONFIG_FILE", "/dev/null");
    emu_env_add(env, "AWS_SHARED_CREDENTIALS_FILE", "/dev/null");
    emu_env_add(env, "BEDROCK_EMULATOR_HTTP", env->http);
    emu_env_add(env, "BEDROCK_EMULATOR_HTTPS", env->https);
    if (s->proxy) {
        snprintf(env->proxy, sizeof env->proxy, "http://127.0.0.1:%d", s->port[2]);
        snprintf(env->tls_proxy, sizeof env->tls_proxy, "https://localhost:%d", s->port[3]);
        emu_env_add(env, "BEDROCK_EMULATOR_PROXY", env->proxy);
        emu_env_add(env, "BEDROCK_EMULATOR_TLS_PROXY", env->tls_proxy);
    }
}

static void emu_print_env(const struct emu_env *env)
{
    if (env->no_keys)
        puts("unset AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY");
    for (size_t i = 0; i < env->n; i++) {
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
    if (env->no_keys) {
        unsetenv("AWS_ACCESS_KEY_ID");
        unsetenv("AWS_SECRET_ACCESS_KEY");
    }
    for (size_t i = 0; i < env->n; i++)
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
    rlim_t own = 32 + (s->proxy ? 2 * EMU_PROXY_MAX : 0), want = EMU_MAX_CONNS + own;

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

/* ---- From start to end ---- */

static int emu_set_up(struct emu_server *s, const struct emu_settings *o)
{
    int rc = 0;

    if (o->proxy)
        s->proxy = emu_proxy_open(o->proxy, s->e.verbose);
    if (o->proxy && !s->proxy)
        return emu_fail("proxy");
    for (int i = 0; rc == 0 && i < (s->proxy ? 4 : 2); i++)
        rc = emu_listen(s, i);
    if (rc == 0)
        rc = emu_catch_signals(s);
    if (rc == 0 && (emu_models_open(&s->e) != 0 || emu_profiles_open(&s->e) != 0))
        rc = emu_fail("models");
    emu_crc_init(&s->e);
    s->e.start_ms = emu_now_ms();
    s->e.random = (uint64_t)time(NULL) << 20 ^ (uint64_t)getpid() ^ 1;
    return rc;
}

static int emu_serve(struct emu_server *s, const struct emu_settings *o)
{
    struct rlimit files = emu_raise_files(s);
    struct emu_env env;
    char made_up[4096] = "";
    const char *ca = o->ca_file ? o->ca_file : made_up;
    int rc = emu_write_ca(o->ca_file, made_up, sizeof made_up);

    if (rc != 0)
        return rc;
    emu_make_env(&env, s, o->http, ca);
    if (o->command[0])
        rc = emu_start_command(s, &env, o->command, &files);
    else
        emu_print_env(&env);
    for (s->status = rc ? rc : -1; s->status < 0;)
        emu_round(s);
    while (s->n_conns > 0)
        emu_conn_free(s->conns[--s->n_conns]);
    if (!o->ca_file)
        unlink(ca);
    return s->status;
}

int main(int argc, char **argv)
{
    static struct emu_server server;
    struct emu_settings o = {0};
    int rc = argc > 0 ? emu_options(argv, &server.e, &o) : EMU_BAD_USAGE;

    if (rc >= 0)
        return rc;
    server.port[0] = o.port[0];
    server.port[1] = o.port[1];
    rc = emu_set_up(&server, &o);
    if (rc == 0)
        rc = emu_serve(&server, &o);
    emu_proxy_close(server.proxy);
    emu_profiles_close(&server.e);
    emu_models_close(&server.e);
    return rc;
}
