/* wait.c - signals, and waiting for calls or for input while one may come.
 * POSIX signals over a pipe to oneself, so that none slips in between a check and poll(). Leaves out:
 * name resolution, which nothing can interrupt; a second SIGINT ends the program there. */
#define _DEFAULT_SOURCE
#include "cli.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define WAIT_UNPOLLED_MS 10 /* how often calls are looked at that poll() cannot take */

/* timeout(1) sends its signal to the child and then to the child's group: these two are one */
#define WAIT_SECOND_MS 250

static volatile sig_atomic_t wait_signal;
static int64_t wait_since_ms; /* the handler's alone */
static int wait_pipe[2] = {-1, -1};

/* ---- Signals ---- */

int64_t cli_now_ms(void)
{
    struct timespec now = {0, 0};

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* The first signal ends the calls and shows what is complete; a later one ends the program there and then. */
static void wait_on_signal(int number)
{
    int err = errno;

    if (!wait_signal) {
        wait_since_ms = cli_now_ms();
    } else if (cli_now_ms() - wait_since_ms > WAIT_SECOND_MS) {
        signal(number, SIG_DFL);
        raise(number); /* it comes when this handler returns */
    }
    wait_signal = number;
    if (write(wait_pipe[1], "", 1) < 0)
        wait_signal = number; /* the pipe is full: it wakes poll() as it is */
    errno = err;
}

static void wait_catch(int number)
{
    struct sigaction a;

    if (sigaction(number, NULL, &a) != 0 || a.sa_handler == SIG_IGN)
        return;
    memset(&a, 0, sizeof a);
    a.sa_handler = wait_on_signal;
    sigemptyset(&a.sa_mask);
    sigaddset(&a.sa_mask, SIGINT);
    sigaddset(&a.sa_mask, SIGTERM);
    sigaction(number, &a, NULL);
}

void cli_catch_signals(void)
{
    if (pipe(wait_pipe) != 0)
        return; /* signals keep their defaults: they end the program at once */
    for (int i = 0; i < 2; i++) {
        fcntl(wait_pipe[i], F_SETFD, FD_CLOEXEC);
        fcntl(wait_pipe[i], F_SETFL, O_NONBLOCK);
    }
    wait_catch(SIGINT);
    wait_catch(SIGTERM);
}

int cli_signal(void)
{
    return (int)wait_signal;
}

/* ---- Waiting ---- */

/* The shorter of two time-outs, of which -1 is none. */
static int wait_sooner(int a, int b)
{
    return a < 0 || (b >= 0 && b < a) ? b : a;
}

int cli_wait(struct bedrock_call *const calls[], size_t n, unsigned char ready[], int fd, int timeout_ms)
{
    struct pollfd set[2 + CLI_MAX_CALLS] = {{fd, POLLIN, 0}, {wait_pipe[0], POLLIN, 0}};
    int got = 0;

    for (size_t i = 0; i < n; i++) {
        set[2 + i].fd = calls[i] ? bedrock_fd(calls[i]) : -1;
        set[2 + i].events = calls[i] ? (short)bedrock_events(calls[i]) : 0;
        if (calls[i])
            timeout_ms = wait_sooner(timeout_ms, bedrock_timeout_ms(calls[i]));
    }
    while (!wait_signal && (got = poll(set, (nfds_t)(2 + n), timeout_ms)) < 0 && errno == EINTR)
        continue; /* a stop and a continue, or a changed window size */
    if (got < 0 && n > 0)
        poll(NULL, 0, WAIT_UNPOLLED_MS); /* more descriptors than this process may have */
    for (size_t i = 0; i < n; i++)
        ready[i] = calls[i] && (got < 0 || set[2 + i].revents || bedrock_timeout_ms(calls[i]) == 0);
    if (wait_signal)
        return -1;
    return got < 0 || set[0].revents != 0;
}

int cli_poll(struct pollfd *set, size_t n, int timeout_ms)
{
    int got = 0;

    set[n].fd = wait_pipe[0];
    set[n].events = POLLIN;
    while (!wait_signal && (got = poll(set, (nfds_t)n + 1, timeout_ms)) < 0 && errno == EINTR)
        continue;
    return wait_signal || got < 0 ? -1 : 0;
}

int cli_wait_input(struct cli *c, int fd, int timeout_ms)
{
    int64_t until = cli_now_ms() + timeout_ms;
    int rc, left = timeout_ms;
    struct bedrock_event ev;
    unsigned char ready;

    while ((rc = cli_wait(&c->warm, 1, &ready, fd, left)) == 0) {
        if (ready && bedrock_step(c->warm, &ev) <= BEDROCK_EVENT) {
            bedrock_end(c->warm); /* made and kept; or failed, which the first call will tell */
            c->warm = NULL;
        }
        left = timeout_ms < 0 ? -1 : (int)(until - cli_now_ms());
        if (timeout_ms >= 0 && left <= 0)
            break;
    }
    return rc;
}

int cli_next(struct bedrock_call *call, struct bedrock_event *ev)
{
    unsigned char ready;
    int rc = 0;

    while (!wait_signal && (rc = bedrock_step(call, ev)) > BEDROCK_EVENT)
        if (cli_wait(&call, 1, &ready, -1, -1) < 0)
            break;
    return wait_signal ? CLI_INTERRUPTED : rc;
}

int cli_next_access(struct bedrock_models *walk, struct bedrock_access *a)
{
    struct bedrock_call *calls[CLI_MAX_CALLS];
    unsigned char ready[CLI_MAX_CALLS];
    int rc = 0;

    while (!wait_signal && (rc = bedrock_models_step(walk, a)) > BEDROCK_EVENT) {
        size_t n = bedrock_models_calls(walk, calls, CLI_MAX_CALLS);

        if (cli_wait(calls, n, ready, -1, bedrock_models_timeout_ms(walk)) < 0)
            break;
    }
    return wait_signal ? CLI_INTERRUPTED : rc;
}
