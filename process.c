/* process.c - credential_process: a command that prints keys as JSON.
 * AWS SDK reference guide, "Process credential provider"; POSIX fork(2), pipe(2), waitpid(2). Leaves out:
 * SIGCHLD and every other signal handler (the child is asked after), and what the command is. */
#define _DEFAULT_SOURCE
#include "bedrock_int.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#define PROCESS_TIMEOUT_MS 60000
#define PROCESS_MAX_WORDS 512u   /* of standard error, its end */
#define PROCESS_MAX_WHAT 400u
#define PROCESS_MAX_CLOSED 4096  /* descriptors above are the program's to mark close-on-exec */
#define PROCESS_SIGNALS 65       /* numbers on Linux and BSD are less */
/* One descriptor can be polled, and there are two pipes and an exit to see: while the command runs it is
 * looked after so often; once it has closed its output, its exit is near. */
#define PROCESS_LOOK_MS 50
#define PROCESS_REAP_MS 2

struct bdk_process {
    bedrock_alloc_fn alloc;
    void *alloc_ctx;
    bedrock_clock_fn clock;
    void *clock_ctx;
    int64_t until_ms;
    int timeout_ms;
    pid_t pid;          /* 0: there is none any more */
    int own_group;      /* what it starts can be ended with it */
    int status;         /* of waitpid(); -1: somebody else took it */
    int out, err;       /* pipes, -1 when they have ended */
    int error;          /* sticky */
    struct bedrock_buffer output;
    size_t n_words;
    char words[PROCESS_MAX_WORDS];
    char what[PROCESS_MAX_WHAT];
};

/* ---- The child ---- */

/* A copy that is none of 0, 1 and 2, which a program may have closed:
 * the child's dup2() would mix them up. */
static int process_above(int fd)
{
    int above = fcntl(fd, F_DUPFD_CLOEXEC, 3), err = errno;

    close(fd);
    errno = err;
    return above;
}

static int process_pipe(int ends[2])
{
    int fds[2];

    ends[0] = ends[1] = -1;
    if (pipe(fds) != 0)
        return -1;
    ends[0] = process_above(fds[0]);
    ends[1] = process_above(fds[1]);
    return ends[0] < 0 || ends[1] < 0 || fcntl(ends[0], F_SETFL, O_NONBLOCK) != 0 ? -1 : 0;
}

static void process_close_fd(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

/* In a terminal's foreground the command may have to ask for a password there, which a group of its own
 * could not: it would be stopped by SIGTTIN. */
static int process_shares_terminal(void)
{
    int tty = open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC);
    int shares = tty >= 0 && tcgetpgrp(tty) == getpgrp();

    process_close_fd(&tty);
    return shares;
}

static int process_last_fd(void)
{
    long n = sysconf(_SC_OPEN_MAX);

    return n < 0 || n > PROCESS_MAX_CLOSED ? PROCESS_MAX_CLOSED : (int)n;
}

/* A thread of the host may block every signal, and its process ignore some; exec() would hand both on, and a
 * command whose children or time-outs are never told of hangs. What was ignored for good reasons, as nohup
 * does it, stays so. The host's handlers go before the first signal is let in: none may run here. */
static void process_default_signals(void)
{
    struct sigaction now;
    sigset_t none;

    for (int i = 1; i < PROCESS_SIGNALS; i++)
        if (sigaction(i, NULL, &now) == 0 &&
            (now.sa_handler != SIG_IGN || i == SIGCHLD || i == SIGPIPE || i == SIGALRM || i == SIGTERM))
            signal(i, SIG_DFL);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

/* Between fork() and exec() only what is safe in a signal handler may be called (POSIX, fork()). */
static void process_child(const char *command, int own_group, int keep_stdin, int last, int out, int err)
{
    static const char word[] = "/bin/sh cannot be run\n";
    ssize_t ignored;

    if (own_group)
        setpgid(0, 0);
    if (!keep_stdin) {
        close(0);
        open("/dev/null", O_RDONLY); /* the lowest number that is free: 0 */
    }
    if (dup2(out, 1) < 0 || dup2(err, 2) < 0)
        _exit(126);
    for (int fd = 3; fd < last; fd++)
        close(fd);
    process_default_signals();
    execl("/bin/sh", "sh", "-c", command, (char *)NULL);
    ignored = write(2, word, sizeof word - 1);
    (void)ignored;
    _exit(127);
}

/* ---- Looking after it ---- */

/* waitpid() for it alone. 1: it has ended, and perhaps somebody else was told how. */
static int process_reap(struct bdk_process *p, int options)
{
    pid_t got;

    if (p->pid == 0)
        return 1;
    do
        got = waitpid(p->pid, &p->status, options);
    while (got < 0 && errno == EINTR);
    if (got == 0)
        return 0;
    if (got < 0)
        p->status = -1;
    p->pid = 0;
    return 1;
}

/* Until it is reaped its number cannot become another's, nor its group's. */
static void process_kill(struct bdk_process *p)
{
    if (p->pid == 0)
        return;
    if (p->own_group)
        kill(-p->pid, SIGKILL);
    kill(p->pid, SIGKILL);
    process_reap(p, 0);
}

static int process_fail(struct bdk_process *p, int code)
{
    process_kill(p);
    process_close_fd(&p->out);
    process_close_fd(&p->err);
    bedrock_buffer_free(&p->output);
    p->error = code;
    return code;
}

/* Keep the end of what it says. */
static void process_hear(struct bdk_process *p, const char *text, size_t n)
{
    if (n >= sizeof p->words) {
        text += n - sizeof p->words;
        n = sizeof p->words;
    }
    if (p->n_words + n > sizeof p->words) {
        size_t drop = p->n_words + n - sizeof p->words;

        memmove(p->words, p->words + drop, p->n_words - drop);
        p->n_words -= drop;
    }
    memcpy(p->words + p->n_words, text, n);
    p->n_words += n;
}

/* One piece: > 0 bytes, 0 for nothing now; the end closes the descriptor. */
static size_t process_read(int *fd, char *to, size_t cap)
{
    ssize_t got;

    do
        got = *fd < 0 ? 0 : read(*fd, to, cap);
    while (got < 0 && errno == EINTR);
    if (got > 0)
        return (size_t)got;
    if (got == 0 || (errno != EAGAIN && errno != EWOULDBLOCK))
        process_close_fd(fd);
    return 0;
}

static int process_drain(struct bdk_process *p, struct bedrock_error *e)
{
    char piece[1024];
    size_t n;

    /* as much as a step may take of somebody who never stops talking */
    for (int i = 0; i < 64 && (n = process_read(&p->err, piece, sizeof piece)) > 0; i++)
        process_hear(p, piece, n);
    while (p->out >= 0) {
        size_t room = BDK_PROCESS_MAX_OUTPUT + 1 - p->output.len;

        if (bdk_buffer_reserve(&p->output, room < 4096 ? room : 4096) != 0)
            return bdk_error_set(e, BEDROCK_ERR_NOMEM, "%s: no memory for its output", p->what);
        n = process_read(&p->out, p->output.p + p->output.len, room < 4096 ? room : 4096);
        p->output.len += n;
        if (p->output.len > BDK_PROCESS_MAX_OUTPUT)
            return bdk_error_set(e, BEDROCK_ERR_CONFIG, "%s printed more than %u bytes", p->what,
                                 BDK_PROCESS_MAX_OUTPUT);
        if (n == 0)
            break;
    }
    return 0;
}

/* ---- How it ended ---- */

/* The last line of standard error that says something. */
static struct bedrock_slice process_last_line(const struct bdk_process *p)
{
    struct bedrock_slice line = {p->words, p->n_words};

    while (line.len > 0 && (unsigned char)line.p[line.len - 1] <= ' ')
        line.len--;
    for (size_t i = line.len; i-- > 0;)
        if (line.p[i] == '\n') {
            line.p += i + 1;
            line.len -= i + 1;
            break;
        }
    return line;
}

static int process_ended(struct bdk_process *p, struct bedrock_error *e)
{
    char words[300] = "";
    struct bedrock_slice line = process_last_line(p);

    if (p->status == -1 || (WIFEXITED(p->status) && WEXITSTATUS(p->status) == 0))
        return 0;
    bdk_error_text(words, sizeof words, line);
    if (WIFEXITED(p->status))
        return bdk_error_set(e, BEDROCK_ERR_CONFIG, "%s ended with status %d%s%s", p->what,
                             WEXITSTATUS(p->status), words[0] ? ": " : "", words);
    return bdk_error_set(e, BEDROCK_ERR_CONFIG, "%s was ended by signal %d%s%s", p->what,
                         WTERMSIG(p->status), words[0] ? ": " : "", words);
}

/* ---- In the order of a life ---- */

/* fork() with all signals blocked until the child has dropped the host's handlers. */
static pid_t process_fork(const char *command, int own_group, int out, int err)
{
    int last = process_last_fd();
    int keep_stdin = isatty(0); /* a file or pipe there is the program's: its prompt, say */
    sigset_t all, old;
    pid_t pid;

    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, &old);
    pid = fork();
    if (pid == 0)
        process_child(command, own_group, keep_stdin, last, out, err);
    sigprocmask(SIG_SETMASK, &old, NULL); /* leaves errno alone when it succeeds */
    return pid;
}

static int process_spawn(struct bdk_process *p, const char *command, struct bedrock_error *e)
{
    int out[2] = {-1, -1}, err[2] = {-1, -1};
    char why[128];

    p->own_group = !process_shares_terminal();
    p->pid = process_pipe(out) == 0 && process_pipe(err) == 0
                 ? process_fork(command, p->own_group, out[1], err[1]) : -1;
    if (p->pid < 0) {
        e->sys_errno = errno;
        p->pid = 0;
        bdk_file_why(e->sys_errno, why);
        bdk_error_set(e, BEDROCK_ERR_CONFIG, "%s cannot be started: %s", p->what, why);
    } else if (p->own_group) {
        setpgid(p->pid, p->pid); /* who of the two comes first does not matter */
    }
    p->out = out[0];
    p->err = err[0];
    process_close_fd(&out[1]);
    process_close_fd(&err[1]);
    return e->code;
}

int bdk_process_start(struct bdk_process **out, const char *command, int timeout_ms, const char *what,
                      bedrock_alloc_fn alloc, void *alloc_ctx, bedrock_clock_fn clock, void *clock_ctx,
                      struct bedrock_error *e)
{
    struct bdk_process *p = bdk_resize(alloc, alloc_ctx, NULL, 0, sizeof *p);

    *out = NULL;
    if (!p)
        return bdk_error_set(e, BEDROCK_ERR_NOMEM, "out of memory");
    memset(p, 0, sizeof *p);
    p->alloc = p->output.alloc = alloc;
    p->alloc_ctx = p->output.alloc_ctx = alloc_ctx;
    p->output.max = BDK_PROCESS_MAX_OUTPUT + 1;
    p->clock = clock ? clock : bdk_clock_system;
    p->clock_ctx = clock_ctx;
    p->timeout_ms = timeout_ms > 0 ? timeout_ms : PROCESS_TIMEOUT_MS;
    p->until_ms = p->clock(clock_ctx, 0) + p->timeout_ms;
    bdk_error_text(p->what, sizeof p->what, bdk_slice(what));
    if (process_spawn(p, command, e) != 0) {
        bdk_process_close(p);
        return e->code;
    }
    *out = p;
    return 0;
}

/* It is done when it has ended and its output was read to the end, or as far as there is any: somebody whom
 * it left running may hold the pipe for ever. */
int bdk_process_step(struct bdk_process *p, struct bedrock_error *e)
{
    int ended;

    if (p->error)
        return p->error;
    ended = process_reap(p, WNOHANG); /* asked first, so that nothing it said comes later */
    if (process_drain(p, e) != 0)
        return process_fail(p, e->code);
    if (ended) {
        process_close_fd(&p->out);
        process_close_fd(&p->err);
        return process_ended(p, e) == 0 ? 0 : process_fail(p, e->code);
    }
    if (p->clock(p->clock_ctx, 0) >= p->until_ms) {
        bdk_error_set(e, BEDROCK_ERR_CONFIG, "%s did not end within %d s", p->what,
                      (p->timeout_ms + 999) / 1000);
        return process_fail(p, e->code);
    }
    return p->out >= 0 ? BEDROCK_WANT_READ : BEDROCK_WANT_TIME;
}

int bdk_process_fd(const struct bdk_process *p)
{
    return p->out;
}

int bdk_process_timeout_ms(const struct bdk_process *p)
{
    int64_t left = p->until_ms - p->clock(p->clock_ctx, 0);
    int look = p->out >= 0 ? PROCESS_LOOK_MS : PROCESS_REAP_MS;

    return p->pid == 0 || left < 0 ? 0 : left < look ? (int)left : look;
}

int bdk_process_keys(const struct bdk_process *p, const char *account, int64_t now_s, struct bdk_keys *k,
                     struct bedrock_error *e)
{
    struct bedrock_slice json = {p->output.p, p->output.len};

    return bdk_keys_json(k, BDK_KEYS_PROCESS, json, account, now_s, p->what, e);
}

void bdk_process_close(struct bdk_process *p)
{
    if (!p)
        return;
    process_fail(p, BEDROCK_ERR_CANCELLED);
    bdk_wipe(p->words, sizeof p->words); /* who knows what it said there */
    bdk_resize(p->alloc, p->alloc_ctx, p, sizeof *p, 0);
}
