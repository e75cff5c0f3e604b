/* run.c - a tool's command: words in, a process run with the input on its standard input, what it wrote out.
 * POSIX fork(2), pipe(2), waitpid(2). Leaves out: every shell; the model's text is an argument or input. */
#define _DEFAULT_SOURCE
#include "cli.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#define RUN_MAX_OUTPUT ((size_t)1 << 20)
#define RUN_MAX_WORDS 4096u     /* of standard error, its end */
#define RUN_LOOK_MS 50          /* how often it is asked after, which may have left its outputs to others */
#define RUN_REAP_MS 5           /* once both of its outputs have ended, its own end is near */

enum run_pipe { RUN_IN, RUN_OUT, RUN_ERR, RUN_EXEC, RUN_N_PIPES };

struct run {
    struct cli *c;
    pid_t pid;
    int ended, status;          /* of waitpid() */
    int wants_terminal;         /* it is stopped for that: only a group in the foreground may read there */
    int fd[RUN_N_PIPES];        /* our ends; -1: closed */
    const char *input;
    size_t left;                /* of the input */
    int64_t until_ms;
    struct bedrock_buffer output;
    size_t n_words;
    char words[RUN_MAX_WORDS];
};

/* ---- The command ---- */

/* A word begins at *p, in place; quotes '...' and "..." keep blanks. 0: there is an open quote. */
static int run_word(char **p)
{
    char *to = *p, quote = 0;

    for (; **p && (quote || (**p != ' ' && **p != '\t' && **p != '\n')); ++*p)
        if (**p == quote)
            quote = 0;
        else if (!quote && (**p == '\'' || **p == '"'))
            quote = **p;
        else
            *to++ = **p;
    if (**p)
        ++*p;
    *to = 0;
    return quote == 0;
}

static int run_split(struct cli *c, struct cli_command_line *line)
{
    size_t n = 0;

    for (char *p = line->text + strspn(line->text, " \t\n"); *p; p += strspn(p, " \t\n")) {
        line->argv[n++] = p;
        if (!run_word(&p))
            return cli_fail(&c->err, BEDROCK_ERR_USAGE, "--run-tools: a quote in the command is left open");
    }
    line->n = n;
    if (n == 0 || !line->argv[0][0])
        return cli_fail(&c->err, BEDROCK_ERR_USAGE, "--run-tools: there is no command in it");
    return 0;
}

static int run_is_command(const char *path)
{
    struct stat st;

    return access(path, X_OK) == 0 && stat(path, &st) == 0 && !S_ISDIR(st.st_mode);
}

/* As execvp(3) will look for it, so that a slip is told before anything is sent. */
static int run_exists(const char *name)
{
    const char *path = getenv("PATH");
    struct bedrock_buffer b = {0};
    size_t len;
    int found = 0;

    if (strchr(name, '/') || !path)
        return !strchr(name, '/') || run_is_command(name);
    for (const char *p = path; !found; p += len + 1) {
        len = strcspn(p, ":");
        b.len = 0;
        bedrock_buffer_append(&b, len ? p : ".", len ? len : 1);
        bedrock_buffer_append(&b, "/", 1);
        found = bedrock_buffer_append(&b, name, strlen(name) + 1) != 0 || run_is_command(b.p);
        if (!p[len])
            break;
    }
    bedrock_buffer_free(&b);
    return found;
}

int cli_command_read(struct cli *c, const char *value, struct cli_command_line *line)
{
    size_t n = strlen(value);

    line->text = malloc(n + 1);
    line->argv = calloc(n + 3, sizeof *line->argv); /* a word for each byte, one more, and the end */
    if (!line->text || !line->argv)
        return cli_fail(&c->err, BEDROCK_ERR_NOMEM, "out of memory");
    memcpy(line->text, value, n + 1);
    if (run_split(c, line) != 0)
        return c->err.code;
    if (!run_exists(line->argv[0]))
        return cli_fail(&c->err, BEDROCK_ERR_USAGE, "--run-tools: there is no command %.200s", line->argv[0]);
    return 0;
}

void cli_command_free(struct cli_command_line *line)
{
    free(line->text);
    free(line->argv);
}

/* ---- Starting it ---- */

static int run_fail(struct run *r, const char *what, int err)
{
    cli_fail(&r->c->err, BEDROCK_ERR_IO, "%s: %s", what, strerror(err));
    r->c->err.sys_errno = err;
    return r->c->err.code;
}

static void run_close(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

/* Our ends in r->fd, the command's in theirs. */
static int run_pipes(struct run *r, int theirs[RUN_N_PIPES])
{
    for (int i = 0; i < RUN_N_PIPES; i++)
        r->fd[i] = theirs[i] = -1;
    for (int i = 0; i < RUN_N_PIPES; i++) {
        int ends[2], ours = i == RUN_IN;

        if (pipe(ends) != 0)
            return -1;
        r->fd[i] = ends[ours];
        theirs[i] = ends[!ours];
        fcntl(ends[0], F_SETFD, FD_CLOEXEC);
        fcntl(ends[1], F_SETFD, FD_CLOEXEC);
        if (i != RUN_EXEC && fcntl(r->fd[i], F_SETFL, O_NONBLOCK) != 0)
            return -1;
    }
    return 0;
}

/* A handler of ours that ran in the child would write to the parent's pipe. */
static void run_default_signals(const sigset_t *before)
{
    static const int numbers[] = {SIGINT, SIGTERM};
    struct sigaction a;

    for (size_t i = 0; i < 2; i++)
        if (sigaction(numbers[i], NULL, &a) == 0 && a.sa_handler != SIG_IGN)
            signal(numbers[i], SIG_DFL);
    signal(SIGPIPE, SIG_DFL); /* which this program ignores, and exec would keep */
    sigprocmask(SIG_SETMASK, before, NULL);
}

/* In a group of its own, so that what it starts can be ended with it. */
static void run_child(char **argv, const int theirs[RUN_N_PIPES], const sigset_t *before)
{
    ssize_t put;
    int err;

    setpgid(0, 0);
    run_default_signals(before);
    if (dup2(theirs[RUN_IN], 0) >= 0 && dup2(theirs[RUN_OUT], 1) >= 0 && dup2(theirs[RUN_ERR], 2) >= 0)
        execvp(argv[0], argv);
    err = errno;
    put = write(theirs[RUN_EXEC], &err, sizeof err);
    _exit(put == sizeof err ? 127 : 126);
}

/* The pipe closes when the command begins to run, or says why it does not. */
static int run_began(struct run *r, const char *command)
{
    ssize_t got;
    int err = 0;

    do
        got = read(r->fd[RUN_EXEC], &err, sizeof err);
    while (got < 0 && errno == EINTR);
    run_close(&r->fd[RUN_EXEC]);
    if (got != sizeof err)
        return 0;
    waitpid(r->pid, NULL, 0);
    r->pid = 0;
    return run_fail(r, command, err);
}

static int run_start(struct run *r, char **argv)
{
    int theirs[RUN_N_PIPES], err, rc = run_pipes(r, theirs);
    sigset_t all, before;

    err = errno;
    if (rc == 0) {
        sigfillset(&all);
        sigprocmask(SIG_SETMASK, &all, &before);
        r->pid = fork();
        err = errno;
        if (r->pid == 0)
            run_child(argv, theirs, &before);
        sigprocmask(SIG_SETMASK, &before, NULL);
    }
    for (int i = 0; i < RUN_N_PIPES; i++)
        run_close(&theirs[i]);
    if (rc != 0 || r->pid < 0) {
        r->pid = 0;
        return run_fail(r, "a tool cannot be started", err);
    }
    setpgid(r->pid, r->pid); /* whoever of the two comes first */
    return run_began(r, argv[0]);
}

/* ---- Looking after it ---- */

/* A tool need not read its input. */
static void run_write(struct run *r)
{
    ssize_t put = write(r->fd[RUN_IN], r->input, r->left);

    if (put > 0) {
        r->input += put;
        r->left -= (size_t)put;
    }
    if (r->left == 0 || (put < 0 && errno != EAGAIN && errno != EINTR))
        run_close(&r->fd[RUN_IN]);
}

/* Keep the end of what it says. */
static void run_hear(struct run *r, const char *p, size_t n)
{
    size_t drop;

    if (n > sizeof r->words) {
        p += n - sizeof r->words;
        n = sizeof r->words;
    }
    drop = r->n_words + n > sizeof r->words ? r->n_words + n - sizeof r->words : 0;
    memmove(r->words, r->words + drop, r->n_words - drop);
    r->n_words -= drop;
    memcpy(r->words + r->n_words, p, n);
    r->n_words += n;
}

/* 1: there was something. */
static int run_read(struct run *r, enum run_pipe which)
{
    char piece[16384];
    ssize_t got = read(r->fd[which], piece, sizeof piece);

    if (got > 0 && which == RUN_OUT)
        bedrock_buffer_append(&r->output, piece, (size_t)got);
    else if (got > 0)
        run_hear(r, piece, (size_t)got);
    else if (got == 0 || (errno != EAGAIN && errno != EINTR))
        run_close(&r->fd[which]);
    return got > 0;
}

static int run_has_ended(struct run *r)
{
    int status;

    if (!r->ended && waitpid(r->pid, &status, WNOHANG | WUNTRACED) > 0) {
        r->ended = !WIFSTOPPED(status);
        r->status = status;
        r->wants_terminal = WIFSTOPPED(status) &&
                            (WSTOPSIG(status) == SIGTTIN || WSTOPSIG(status) == SIGTTOU);
    }
    return r->ended;
}

static int run_left_ms(const struct run *r)
{
    int64_t left = r->until_ms - cli_now_ms();

    return r->until_ms == INT64_MAX ? -1 : left > 0 ? (int)left : 0;
}

/* Until it has ended or both of its outputs have, there is too much of them, or it is time. 0, or
 * CLI_INTERRUPTED. */
static int run_talk(struct run *r)
{
    int ended = 0, heard = 1;

    while (!r->wants_terminal && (heard || !ended) && (r->fd[RUN_OUT] >= 0 || r->fd[RUN_ERR] >= 0) &&
           r->output.error == 0 && run_left_ms(r) != 0) {
        struct pollfd set[RUN_EXEC + 1] = {{r->fd[RUN_IN], POLLOUT, 0}, {r->fd[RUN_OUT], POLLIN, 0},
                                           {r->fd[RUN_ERR], POLLIN, 0}, {-1, 0, 0}};
        int left = run_left_ms(r);

        ended = run_has_ended(r); /* asked before, so that what it wrote until then is read */
        heard = 0;
        if (cli_poll(set, RUN_EXEC, ended ? 0 : left < 0 || left > RUN_LOOK_MS ? RUN_LOOK_MS : left) < 0)
            return CLI_INTERRUPTED;
        if (set[RUN_IN].revents)
            run_write(r);
        for (int i = RUN_OUT; i <= RUN_ERR; i++)
            if (set[i].revents)
                heard |= run_read(r, (enum run_pipe)i);
    }
    return 0;
}

/* 1: it ended by itself; 0: it did not, and is ended now. */
static int run_end(struct run *r)
{
    struct pollfd none = {-1, 0, 0};
    int closed = r->fd[RUN_OUT] < 0 && r->fd[RUN_ERR] < 0;

    while (closed && !run_has_ended(r) && !r->wants_terminal && run_left_ms(r) != 0)
        if (cli_poll(&none, 0, RUN_REAP_MS) < 0)
            break;
    if (r->ended)
        return 1;
    kill(-r->pid, SIGKILL); /* until it is reaped the number is no other's */
    kill(r->pid, SIGKILL);  /* it may have gone to another group */
    waitpid(r->pid, &r->status, 0);
    return 0;
}

/* ---- What came of it ---- */

static void run_error(struct cli_tool_result *result, const char *format, ...) CLI_PRINTF(2, 3);
static void run_error(struct cli_tool_result *result, const char *format, ...)
{
    char text[200];
    va_list ap;

    va_start(ap, format);
    vsnprintf(text, sizeof text, format, ap);
    va_end(ap);
    result->failed = 1;
    snprintf(result->why, sizeof result->why, "%s", text);
    bedrock_buffer_free(&result->text);
    bedrock_buffer_append(&result->text, text, strlen(text));
}

/* One newline at the end is how commands write, not what they say. */
static void run_success(struct run *r, struct cli_tool_result *result)
{
    size_t len, n = r->output.len;

    n -= n > 0 && r->output.p[n - 1] == '\n';
    for (size_t i = 0; i < n; i += len)
        if ((len = cli_utf8_length(r->output.p + i, n - i)) == 0) {
            run_error(result, "the output is not UTF-8");
            return;
        }
    bedrock_buffer_append(&result->text, r->output.p, n);
}

/* How it failed, then what it said. */
static void run_failure(struct run *r, struct cli_tool_result *result)
{
    if (WIFSIGNALED(r->status))
        run_error(result, "killed by signal %d", WTERMSIG(r->status));
    else
        run_error(result, "exit status %d", WEXITSTATUS(r->status));
    if (r->n_words > 0) {
        bedrock_buffer_append(&result->text, ": ", 2);
        cli_escape(&result->text, r->words, r->n_words - (r->words[r->n_words - 1] == '\n'),
                   CLI_ESCAPE_BYTES);
    }
}

/* Its result. 0, or a code told in c->err. */
static int run_judge(struct run *r, int ended, long timeout_ms, struct cli_tool_result *result)
{
    if (r->output.error == BEDROCK_ERR_LIMIT)
        run_error(result, "the output is larger than 1 MiB");
    else if (r->wants_terminal)
        run_error(result, "it wants the terminal, which tools do not have");
    else if (!ended)
        run_error(result, "it took longer than %ld %s", timeout_ms % 1000 ? timeout_ms : timeout_ms / 1000,
                  timeout_ms % 1000 ? "ms" : "s");
    else if (r->status == 0)
        run_success(r, result);
    else
        run_failure(r, result);
    return (r->output.error && r->output.error != BEDROCK_ERR_LIMIT) || result->text.error
               ? cli_fail(&r->c->err, BEDROCK_ERR_NOMEM, "out of memory") : 0;
}

int cli_command_run(struct cli *c, struct cli_command_line *line, const char *name,
                    struct bedrock_slice input, long timeout_ms, struct cli_tool_result *result)
{
    struct run r = {0};
    int rc, ended;

    r.c = c;
    r.input = input.p;
    r.left = input.len;
    r.output.max = RUN_MAX_OUTPUT;
    r.until_ms = timeout_ms > 0 ? cli_now_ms() + timeout_ms : INT64_MAX;
    line->argv[line->n] = (char *)(uintptr_t)name; /* execvp() changes nothing */
    rc = run_start(&r, line->argv);
    if (rc == 0) {
        rc = run_talk(&r);
        ended = run_end(&r);
        if (cli_signal())
            rc = CLI_INTERRUPTED;
        if (rc == 0)
            rc = run_judge(&r, ended, timeout_ms, result);
    }
    for (int i = 0; i < RUN_N_PIPES; i++)
        run_close(&r.fd[i]);
    bedrock_buffer_free(&r.output);
    return rc;
}
